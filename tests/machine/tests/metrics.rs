//! What we say of queues to programs, before tools that are not ours: a real Prometheus, its node
//! exporter and promtool, and parsers of OpenMetrics and JSON Schema.

use machine_tests::Machine;
use system_tests::{Run, expr, wait_until};

const TEXTFILES: &str = "/var/lib/prometheus/node-exporter";

/// A machine with a queue that was pushed, one whose destination is dead, and one beyond a limit.
fn machine() -> Machine {
    let machine = Machine::boot();
    let queue = |name: &str, destination: &str, more: &str| {
        format!(
            "[queues.{name}]\nqueue-dir = \"/var/lib/queues/{name}\"\ndestination = \"{destination}\"\n\
             metrics-file = \"{TEXTFILES}/nix-post-build-push-{name}.prom\"\n{more}\n"
        )
    };
    let config = [
        queue("main", "file:///srv/cache", "limits.max-pinned = \"1GiB\""),
        queue("dead", "http://127.0.0.1:1/x", "retry-delay = \"1h\""),
        queue("full", "file:///srv/cache", "limits.max-entries = 1"),
    ];
    machine.write("/etc/nix-post-build-push/config.toml", &config.concat());
    machine.sh(&format!(
        "mkdir -p {TEXTFILES} /var/lib/queues; ln -s {}/bin/* /usr/local/bin",
        machine.programs()
    ));
    let built = machine.build(&expr::independent(3));
    let paths: Vec<_> = built.iter().map(|path| path.as_str()).collect();
    let paths = paths.join(" ");
    machine.sh(&format!(
        "nix-post-build-push enqueue --queue main --queue dead {paths}"
    ));
    machine
        .try_sh(&format!("nix-post-build-push enqueue --queue full {paths}"))
        .exits(75);
    machine
        .try_sh("nix-post-build-push push --queue main --queue dead")
        .exits(69);
    machine
}

#[test]
fn promtool_finds_nothing_to_complain_of_in_what_a_push_writes() {
    let machine = machine();
    for queue in ["main", "dead"] {
        let file = format!("{TEXTFILES}/nix-post-build-push-{queue}.prom");
        machine
            .sh(&format!("promtool check metrics <{file}"))
            .is_silent();
    }
    // It would complain.
    machine
        .try_sh("echo 'nix_post_build_push_milliseconds 1' | promtool check metrics")
        .fails();
}

#[test]
fn the_parser_of_openmetrics_takes_what_status_prints() {
    let machine = machine();
    let parse = "import sys
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse
print(sorted({family.name for family in parse(sys.stdin.read())}))";
    machine.write("/root/parse.py", parse);
    machine
        .try_sh("nix-post-build-push status --openmetrics >/root/metrics")
        .exits(1);
    machine
        .sh("python3 /root/parse.py </root/metrics")
        .stdout_has("'nix_post_build_push_uploaded_entries'")
        .stdout_has("'nix_post_build_push_pinned_bytes'");
    // It is strict: this is the other format.
    machine
        .try_sh(&format!(
            "cat {TEXTFILES}/*main.prom | python3 /root/parse.py"
        ))
        .fails();
}

#[test]
fn a_validator_of_json_schema_takes_what_status_prints() {
    let machine = machine();
    let validate = "import json, jsonschema
schema, value = json.load(open('/root/schema')), json.load(open('/root/status'))
kind = jsonschema.Draft202012Validator
kind.check_schema(schema)
kind(schema, format_checker=kind.FORMAT_CHECKER).validate(value)
broken = value[0] | {'entries': 'many'}
assert not kind(schema).is_valid([broken])
print(len(value))";
    machine.write("/root/validate.py", validate);
    machine.sh("nix-post-build-push status --json-schema >/root/schema");
    machine
        .try_sh("nix-post-build-push status --json >/root/status")
        .exits(1);
    let output = machine.sh("python3 /root/validate.py");
    assert_eq!(output.stdout, "3\n");
}

#[test]
fn the_alerts_fire_when_they_should_and_the_dashboards_expressions_are_understood() {
    let machine = Machine::boot();
    machine.sh("promtool check rules /checkout/contrib/prometheus/nix-post-build-push.rules.yml");
    machine.sh("promtool test rules /checkout/contrib/prometheus/nix-post-build-push.test.yml");
    let rules = "import json
board = json.load(open('/checkout/contrib/grafana/nix-post-build-push.json'))
expressions = [target['expr'] for panel in board['panels'] for target in panel['targets']]
rules = [{'record': f'x:{n}', 'expr': expr} for n, expr in enumerate(expressions)]
json.dump({'groups': [{'name': 'x', 'rules': rules}]}, open('/root/rules.yml', 'w'))
print(len(rules))";
    let number = machine.python(rules);
    machine
        .sh("promtool check rules /root/rules.yml")
        .stdout_has(format!("SUCCESS: {} rules found", number.trim_end()));
}

#[test]
fn under_the_full_hardening_each_account_leaves_a_file_that_others_may_read() {
    let machine = Machine::boot();
    machine.configure(
        r#"{
          services.nix-post-build-push.queues = {
            own = {
              destination = "file:///srv/own";
              metricsFile = "/srv/metrics of pusher/own.prom";
              user = "pusher";
              group = "pusher";
              interval = "2s";
            };
            root = {
              destination = "file:///srv/root";
              metricsFile = "/srv/metrics/root.prom";
              interval = "2s";
            };
          };
        }"#,
    );
    machine.build(&expr::independent(2));
    for (queue, file, owner) in [
        ("own", "/srv/metrics of pusher/own.prom", "pusher"),
        ("root", "/srv/metrics/root.prom", "root"),
    ] {
        let counted = format!("nix_post_build_push_uploaded_entries_total{{queue=\"{queue}\"}} 2");
        wait_until(&format!("the metrics of {queue}"), || {
            let read = machine.try_as("alice", &["cat", file]);
            read.stdout.contains(&counted)
        });
        let stat = machine.sh(&format!("stat -c '%U %a' '{file}'"));
        assert_eq!(stat.stdout, format!("{owner} 644\n"));
    }
}

/// Serves what a command prints, as OpenMetrics.
const SERVER: &str = "import http.server, subprocess
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        run = subprocess.run(['nix-post-build-push', 'status', '--openmetrics'], stdout=subprocess.PIPE)
        self.send_response(200)
        self.send_header('Content-Type', 'application/openmetrics-text; version=1.0.0; charset=utf-8')
        self.end_headers()
        self.wfile.write(run.stdout)
http.server.HTTPServer(('127.0.0.1', 9101), Handler).serve_forever()
";

const PROMETHEUS: &str = "global: { scrape_interval: 1s, evaluation_interval: 1s }
rule_files: [ /checkout/contrib/prometheus/nix-post-build-push.rules.yml ]
scrape_configs:
  - job_name: node
    static_configs: [ { targets: [ '127.0.0.1:9100' ] } ]
  - job_name: status
    static_configs: [ { targets: [ '127.0.0.1:9101' ] } ]
";

/// The value of the one series that an expression gives; `None` if it gives none.
fn query(machine: &Machine, expression: &str) -> Option<String> {
    let script = format!(
        "import json, urllib.parse, urllib.request
query = urllib.parse.urlencode({{'query': '''{expression}'''}})
answer = json.load(urllib.request.urlopen('http://127.0.0.1:9090/api/v1/query?' + query))
print('\\n'.join(series['value'][1] for series in answer['data']['result']))"
    );
    let output = machine.command("python3").args(["-c", &script]).run();
    let value = output.stdout.trim_end();
    (!value.is_empty()).then(|| value.to_owned())
}

#[test]
fn a_prometheus_knows_what_its_node_exporter_read_of_pushes_and_what_status_said() {
    let machine = machine();
    machine.write("/root/server.py", SERVER);
    machine.write("/root/prometheus.yml", PROMETHEUS);
    machine.sh(&format!(
        "systemd-run --quiet --unit=exporter prometheus-node-exporter \
             --collector.disable-defaults --collector.textfile \
             --collector.textfile.directory={TEXTFILES} --web.listen-address=127.0.0.1:9100
         systemd-run --quiet --unit=server python3 /root/server.py
         systemd-run --quiet --unit=prom prometheus --config.file=/root/prometheus.yml \
             --storage.tsdb.path=/root/tsdb --web.listen-address=127.0.0.1:9090"
    ));
    machine.wait_for_port(9090);
    let becomes = |expression: &str, value: &str| {
        wait_until(&format!("{expression} = {value}"), || {
            query(&machine, expression).as_deref() == Some(value)
        });
    };
    becomes("up{job=\"node\"} + on() up{job=\"status\"}", "2");
    becomes("node_textfile_scrape_error", "0");
    for job in ["node", "status"] {
        let of = |name: &str, labels: &str| {
            format!("nix_post_build_push_{name}{{job=\"{job}\",{labels}}}")
        };
        becomes(&of("uploaded_entries_total", "queue=\"main\""), "3");
        becomes(&of("entries", "queue=\"dead\",state=\"ready\""), "3");
        becomes(
            &of("pushes_total", "queue=\"dead\",end=\"unavailable\""),
            "1",
        );
        becomes(&of("health", "queue=\"main\""), "0");
        let pinned = of("pinned_bytes", "queue=\"main\"");
        becomes(&pinned, "0");
    }
    becomes(
        "nix_post_build_push_refused_paths_total{job=\"status\",queue=\"full\"}",
        "2",
    );
    becomes(
        "nix_post_build_push_reason{job=\"status\",queue=\"full\",reason=\"refused\"}",
        "1",
    );
    // Another push shows within seconds.
    machine.sh("nix-post-build-push push --queue full");
    becomes(
        "nix_post_build_push_uploaded_entries_total{job=\"node\",queue=\"full\"}",
        "1",
    );
    let last_run = "time() - max(nix_post_build_push_last_run_timestamp_seconds) < bool 600";
    becomes(last_run, "1");
    // The kinds of OpenMetrics were understood.
    let metadata = "import json, urllib.request
answer = json.load(urllib.request.urlopen('http://127.0.0.1:9090/api/v1/targets/metadata?match_target={job=\"status\"}'))
print({one['metric']: [one['type'], one['unit']] for one in answer['data']})";
    let known = machine.python(metadata);
    for kind in [
        "'nix_post_build_push_pushes': ['counter', '']",
        "'nix_post_build_push_pinned_bytes': ['gauge', 'bytes']",
        "'nix_post_build_push': ['info', '']",
    ] {
        assert!(known.contains(kind), "{kind}: {known}");
    }
}

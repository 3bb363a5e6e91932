//! The timer pushes what users build.

use machine_tests::{Machine, page};
use system_tests::{expr, wait_until};

const MAIN: &str = "/var/lib/nix-post-build-push/main";
const CACHE: &str = "/var/lib/nix-post-build-push/cache";

#[test]
fn what_an_ordinary_user_builds_is_held_and_arrives_everywhere_by_the_timer() {
    let machine = Machine::boot();
    machine.accept_ssh("receiver", "/etc/secrets/key", &["cache.example.org"]);
    let configured = machine.configure(
        r#"{
          services.nix-post-build-push = {
            defaults.interval = "2s";
            queues.main = {
              destination = "ssh://receiver@cache.example.org?remote-store=/srv/remote";
              sshKeyFile = "/etc/secrets/key";
            };
            queues.cache.destination = "file:///srv/cache";
          };
        }"#,
    );
    assert_eq!(configured.warnings, [""; 0]);
    let timers = "nix-post-build-push-main.timer nix-post-build-push-cache.timer";
    machine.sh(&format!("systemctl stop {timers}"));
    machine.wait_for_rest();

    let top = machine.build(&expr::chain(3));
    let closure = machine.closure(&top);
    assert_eq!(closure.len(), 3);
    assert_eq!(machine.queued(MAIN), closure);
    assert_eq!(machine.queued(CACHE), closure);
    assert_eq!(machine.survivors(&closure), closure);

    machine.sh(&format!("systemctl start {timers}"));
    wait_until("both pushes", || {
        machine.queued(MAIN).is_empty() && machine.queued(CACHE).is_empty()
    });
    assert_eq!(machine.valid_in("/srv/remote", &closure), closure);
    assert_eq!(machine.valid_in("file:///srv/cache", &closure), closure);
    // What arrived is the collector's again.
    assert_eq!(machine.survivors(&closure), [].into());

    for (queue, destination) in [("main", "cache.example.org"), ("cache", "/srv/cache")] {
        let journal = machine.journal(&format!("nix-post-build-push-{queue}.service"));
        let told = |line: &str| {
            line.starts_with(&format!("{queue}: 3 copied to ")) && line.contains(destination)
        };
        assert!(journal.lines().any(told), "{journal}");
    }
}

#[test]
fn the_configuration_of_get_started_works_as_written() {
    let page = page("docs/get-started.md");
    let written = page
        .split_once("nix.enable = true;")
        .and_then(|(_, rest)| rest.split_once("\n          };\n"))
        .map(|(module, _)| {
            format!("{{ nix-post-build-push, ... }}: {{ nix.enable = true;{module} }}; }}")
        })
        .expect("the configuration in get-started.md");
    assert!(
        written.contains(r#"destination = "ssh://my.cache.server"; interval = "5 min";"#),
        "{written}"
    );

    let machine = Machine::boot();
    machine.accept_ssh("root", "/root/.ssh/id_ed25519", &["my.cache.server"]);
    // The cache server is this machine, whose store has everything: there, it shall be another.
    machine.force_ssh_command(
        "root",
        "exec nix-store --serve --write --store /srv/remote\n",
    );
    let module = format!(
        "{{ imports = [ ({written}) ]; _module.args.nix-post-build-push.overlays.nix-post-build-push = null; }}"
    );
    assert_eq!(machine.configure(&module).warnings, [""; 0]);

    let next = machine.sh("systemctl list-timers --output json nix-post-build-push-main.timer");
    let (now, next) = (
        machine.sh("date +%s").stdout,
        next.json()[0]["next"].clone(),
    );
    let wait =
        next.as_u64().expect("next") / 1_000_000 - now.trim_end().parse::<u64>().expect("now");
    assert!(wait <= 300, "the next push is due in {wait} s");

    let built = machine.build(&expr::chain(2));
    let derivers: Vec<String> = machine
        .sh(&format!(
            "nix-store -q --deriver {}",
            built.first().expect("one")
        ))
        .lines();
    machine.start_unit("nix-post-build-push-main.service");
    assert_eq!(machine.queued(MAIN), [].into());
    // The closure type "cache" is that of the derivation, and its outputs.
    let all = machine.closure_with_outputs(&derivers[0]);
    assert_eq!(all.len(), 4, "{all:?}");
    assert_eq!(machine.valid_in("/srv/remote", &all), all);
}

#[test]
fn the_other_configuration_of_get_started_gives_units_and_no_warning() {
    let page = page("docs/get-started.md");
    let blocks: Vec<&str> = page
        .split("```nix\n")
        .skip(1)
        .filter_map(|rest| rest.split("```").next())
        .collect();
    let [_, module] = blocks.as_slice() else {
        panic!("the page has {} blocks of Nix", blocks.len());
    };
    let rendered = Machine::boot().evaluate(module);
    assert_eq!(rendered["warnings"], serde_json::json!([]));
    for queue in ["ssh", "s3", "hidden"] {
        for kind in ["service", "timer", "path"] {
            let file = format!("/etc/systemd/system/nix-post-build-push-{queue}.{kind}");
            assert!(rendered["files"][&file].is_string(), "{file}");
        }
    }
}

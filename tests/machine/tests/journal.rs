//! What the journal can be asked for.

use std::collections::BTreeSet;

use camino::Utf8PathBuf;
use machine_tests::Machine;
use serde_json::Value;
use system_tests::expr;

const PUSH: &str = "nix-post-build-push-main.service";

/// Entries of the journal that fit, in order.
#[track_caller]
fn entries(machine: &Machine, matches: &str) -> Vec<Value> {
    let output = machine.sh(&format!(
        "journalctl --sync; journalctl --quiet --no-pager --all --output json {matches}"
    ));
    let lines = output.stdout.lines();
    lines
        .map(|line| serde_json::from_str(line).expect("journalctl prints JSON"))
        .collect()
}

fn field<'e>(entry: &'e Value, name: &str) -> &'e str {
    entry[name].as_str().unwrap_or_default()
}

/// A machine whose queue `main` goes to a directory; nobody pushes but by hand.
fn machine() -> Machine {
    let machine = Machine::boot();
    machine.configure(
        r#"{ services.nix-post-build-push.queues.main = { destination = "file:///srv/cache"; interval = "1h"; }; }"#,
    );
    machine.sh("systemctl stop nix-post-build-push-main.timer");
    machine
}

/// Builds something, and makes it a path that no `nix copy` can read to its end.
fn build_unreadable(machine: &Machine) -> Utf8PathBuf {
    let built: BTreeSet<_> = machine.build(&expr::file("greeting", "hello"));
    let path = built.into_iter().next().expect("one output");
    machine.sh(&format!("rm {path} && mkfifo {path}"));
    path
}

#[test]
fn a_path_that_cannot_be_copied_is_found_by_each_field() {
    let machine = machine();
    let path = build_unreadable(&machine);
    machine.try_sh(&format!("systemctl start {PUSH}"));
    let wanted = [
        ("NPBP_QUEUE", "main"),
        ("NPBP_STORE_PATH", path.as_str()),
        ("NPBP_DESTINATION", "file:///srv/cache"),
        ("NPBP_ATTEMPT", "1"),
        ("SYSLOG_IDENTIFIER", "nix-post-build-push"),
        ("PRIORITY", "4"),
    ];
    for (name, value) in wanted {
        let found = entries(&machine, &format!("-u {PUSH} {name}={value}"));
        let failed = found
            .iter()
            .find(|entry| field(entry, "MESSAGE").contains("failed to copy"));
        let failed = failed.unwrap_or_else(|| panic!("{name}={value}: {found:#?}"));
        assert!(!field(failed, "NPBP_ERROR_KIND").is_empty(), "{failed:#?}");
        // Whoever asks for no field has the whole story too.
        let message = field(failed, "MESSAGE");
        for told in [
            "main: failed to copy",
            "\n  caused by: ",
            "\nhint: attempt 1",
        ] {
            assert!(message.contains(told), "{told}: {message}");
        }
    }
    let others = entries(&machine, &format!("-u {PUSH} NPBP_QUEUE=other"));
    assert_eq!(others, [Value::Null; 0]);
}

#[test]
fn how_each_push_ended_is_one_entry_with_its_queue_and_its_numbers() {
    let machine = machine();
    machine.build(&expr::file("greeting", "hello"));
    machine.sh(&format!("systemctl start {PUSH}"));
    let found = entries(&machine, &format!("-u {PUSH} NPBP_QUEUE=main PRIORITY=6"));
    let ended = found
        .iter()
        .filter(|entry| field(entry, "MESSAGE") == "main: 1 copied to file:///srv/cache");
    let [ended] = ended.collect::<Vec<_>>()[..] else {
        panic!("{found:#?}");
    };
    for (name, value) in [
        ("NPBP_DESTINATION", "file:///srv/cache"),
        ("NPBP_OUTCOME", "finished"),
        ("NPBP_UPLOADED", "1"),
        ("NPBP_FAILED", "0"),
        ("NPBP_INVALID", "0"),
        ("NPBP_DROPPED", "0"),
        ("NPBP_BACKING_OFF", "0"),
        ("NPBP_PARKED", "0"),
        ("NPBP_LEFT", "0"),
    ] {
        assert_eq!(field(ended, name), value, "{name}: {ended:#?}");
    }
    // What it writes to standard output goes there too, and would say it again.
    let lines = entries(&machine, &format!("-u {PUSH} _TRANSPORT=stdout"));
    assert_eq!(lines, [Value::Null; 0]);
    machine.sh(&format!("systemctl start {PUSH}"));
    let found = entries(&machine, "NPBP_QUEUE=main NPBP_OUTCOME=finished");
    assert_eq!(field(&found[1], "MESSAGE"), "main: nothing is queued");
    // Where standard output goes elsewhere, it has the line as well.
    let output = machine.sh("nix-post-build-push --log-format journald push");
    assert_eq!(output.stdout, "main: nothing is queued\n");
}

#[test]
fn each_priority_is_that_of_the_manual() {
    let machine = Machine::boot();
    machine.configure(
        r#"{ services.nix-post-build-push.queues.main = {
            destination = "file:///srv/cache"; interval = "1h"; maxAttempts = 2;
        }; }"#,
    );
    machine.sh("systemctl stop nix-post-build-push-main.timer");
    build_unreadable(&machine);
    let push = |unit: &str, arguments: &str| {
        machine.try_sh(&format!(
            "systemd-run --quiet --wait --collect --unit={unit} -- nix-post-build-push push {arguments}"
        ));
    };
    push("kept", "");
    push("parked", "--force -v");
    push(
        "unable",
        "/nix/store/00000000000000000000000000000000-nowhere",
    );
    for (unit, priority, message) in [
        ("kept", "4", "failed to copy"),
        ("kept", "6", "1 failed"),
        ("parked", "3", "failed to copy"),
        ("parked", "3", "1 parked: they failed too often"),
        ("parked", "6", "1 parked"),
        ("parked", "7", "copying 1 path"),
        ("unable", "3", "00000000000000000000000000000000-nowhere"),
    ] {
        let found = entries(&machine, &format!("-u {unit} PRIORITY={priority}"));
        let is_there = found
            .iter()
            .any(|entry| field(entry, "MESSAGE").contains(message));
        assert!(is_there, "{unit} {priority} {message}: {found:#?}");
    }
    // What is tried again by itself calls nobody.
    let errors = entries(&machine, "-u kept -p err");
    assert_eq!(errors, [Value::Null; 0]);
}

#[test]
fn that_a_path_was_delivered_is_told_with_v() {
    let machine = machine();
    let built: BTreeSet<_> = machine.build(&expr::independent(2));
    let push = "systemd-run --quiet --wait --collect --unit=told -- nix-post-build-push push";
    machine.sh(&format!("{push} -v"));
    for path in &built {
        let found = entries(&machine, &format!("-u told NPBP_STORE_PATH={path}"));
        let [told] = found.as_slice() else {
            panic!("{path}: {found:#?}");
        };
        assert_eq!(
            (field(told, "MESSAGE"), field(told, "PRIORITY")),
            (format!("main: copied {path}").as_str(), "7")
        );
        machine.sh(&format!("nix-post-build-push enqueue {path}"));
    }
    // Of a hundred thousand it would be a flood.
    machine.sh(&push.replace("=told", "=silent"));
    let all = entries(&machine, "-u silent");
    let about_paths = all
        .iter()
        .filter(|entry| !field(entry, "NPBP_STORE_PATH").is_empty());
    assert!(!all.is_empty() && about_paths.count() == 0, "{all:#?}");
}

#[test]
fn what_a_push_says_that_ends_at_once_is_found_under_its_unit() {
    let machine = machine();
    // It fails before it has done anything, as fast as it can.
    // Also one that is not what systemd has started, but a child of it.
    let push = "nix-post-build-push push --queue nobody";
    const RUNS: usize = 30;
    for started in [push, &format!("sh -c '{push}; true'")].repeat(RUNS / 2) {
        machine.try_sh(&format!(
            "systemd-run --quiet --wait --collect --unit=hasty -- {started}"
        ));
    }
    let found = entries(&machine, "-u hasty PRIORITY=3 NPBP_ERROR_KIND=config");
    let all = entries(&machine, "PRIORITY=3 NPBP_ERROR_KIND=config");
    assert_eq!((found.len(), all.len()), (RUNS, RUNS));
}

#[test]
fn what_a_hook_cannot_queue_stands_in_the_journal_with_its_queue_and_its_path() {
    let machine = machine();
    // Somebody else may write there, so nothing is queued.
    machine.sh("mkdir -p /var/lib/nix-post-build-push && rm -rf /var/lib/nix-post-build-push/main");
    machine.sh("install -d -m 777 /var/lib/nix-post-build-push/main");
    let expression = expr::file("greeting", "hello");
    let output = machine.try_as("alice", &["nix-build", "--no-out-link", "-E", &expression]);
    assert_eq!(output.code, 0, "{output}");
    let found = entries(
        &machine,
        "-t nix-post-build-push-hook PRIORITY=3 NPBP_QUEUE=main",
    );
    let message = field(&found[0], "MESSAGE");
    assert!(message.contains("queue main: "), "{found:#?}");
    assert!(output.stderr.contains(message), "{output}");
}

#[test]
fn what_a_limit_refuses_is_found_by_its_kind_and_says_what_to_do() {
    let machine = Machine::boot();
    machine.configure(
        r#"{ services.nix-post-build-push.queues.main = {
            destination = "file:///srv/cache"; interval = "1h"; limits.maxEntries = 1;
        }; }"#,
    );
    machine.sh("systemctl stop nix-post-build-push-main.timer");
    for name in ["first", "second"] {
        let expression = expr::file(name, name);
        let output = machine.try_as("alice", &["nix-build", "--no-out-link", "-E", &expression]);
        assert_eq!(output.code, 0, "{output}");
    }
    let found = entries(
        &machine,
        "-t nix-post-build-push-hook PRIORITY=3 NPBP_QUEUE=main NPBP_ERROR_KIND=limit",
    );
    let [refused] = found.as_slice() else {
        panic!("{found:#?}");
    };
    assert!(
        field(refused, "NPBP_STORE_PATH").ends_with("-second"),
        "{refused:#?}"
    );
    let hint = field(refused, "NPBP_HINTS");
    assert!(hint.contains("raise the limit"), "{refused:#?}");
    // Nix shows whoever builds the same.
    assert!(field(refused, "MESSAGE").contains(hint), "{refused:#?}");
}

/// The commands of a block of shell that ask the journal.
fn questions(page: &str) -> Vec<String> {
    let page = machine_tests::page(page);
    let blocks = machine_tests::blocks(&page, "sh").concat();
    let lines = blocks
        .lines()
        .filter(|line| line.starts_with("journalctl "));
    lines.map(str::to_owned).collect()
}

#[test]
fn what_the_pages_ask_the_journal_is_answered() {
    let machine = machine();
    let path = build_unreadable(&machine);
    machine.try_sh(&format!("systemctl start {PUSH}"));
    // The timer tries again what failed there, but nobody will mend this.
    machine.try_sh("nix-post-build-push --log-format journald push --queue nobody");
    let all = [questions("CLI.md"), questions("docs/monitoring.md")].concat();
    assert!(all.len() > 8, "{all:?}");
    for question in all {
        // Each has something to say of what happened here, but for the kinds that did not happen.
        let question = question
            .replace("/nix/store/…-hello-2.12", path.as_str())
            .replace(" -f ", " ")
            .replace("journalctl ", "journalctl --no-pager --quiet ");
        let output = machine.sh(&format!("journalctl --sync; {question}"));
        let may_be_empty = ["KIND=unavailable", "-hook"].iter();
        let is_empty = may_be_empty
            .filter(|part| question.contains(**part))
            .count()
            == 1;
        assert_eq!(output.lines().is_empty(), is_empty, "{question}: {output}");
    }
}

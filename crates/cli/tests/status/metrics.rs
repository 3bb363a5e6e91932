//! `status --openmetrics` and `metrics-file`; tools that are not ours look at them in
//! `tests/machine/tests/metrics.rs`.

use std::collections::BTreeSet;

use super::common::World;
use super::states::{STATES, world_of};

/// The samples of a text, as `name{labels} value`.
fn samples(text: &str) -> BTreeSet<String> {
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    lines.map(str::to_owned).collect()
}

#[test]
fn every_family_has_a_head_and_the_text_its_end() {
    let names: Vec<_> = STATES.iter().map(|state| state.name).collect();
    let text = world_of(&names).run(&["status", "--openmetrics"]).stdout;
    assert!(text.ends_with("\n# EOF\n"));
    let mut family = String::new();
    let mut seen = BTreeSet::new();
    for line in text.lines().filter(|line| *line != "# EOF") {
        if let Some(head) = line.strip_prefix("# TYPE ") {
            family = head.split(' ').next().unwrap().to_owned();
            assert!(seen.insert(family.clone()), "{family} comes twice");
        }
        let name = line
            .trim_start_matches("# HELP ")
            .trim_start_matches("# UNIT ");
        let name = name.trim_start_matches("# TYPE ");
        assert!(name.starts_with(&family), "{line}");
    }
    assert!(seen.len() > 15);
}

#[test]
fn metrics_say_what_status_says() {
    let world = world_of(&["parked", "silent", "broken", "closed", "unreadable"]);
    let all = samples(&world.run(&["status", "--openmetrics"]).stdout);
    for sample in [
        "nix_post_build_push_health{queue=\"parked\"} 1",
        "nix_post_build_push_health{queue=\"closed\"} 2",
        "nix_post_build_push_health{queue=\"unreadable\"} 2",
        "nix_post_build_push_reason{queue=\"parked\",reason=\"parked\"} 1",
        "nix_post_build_push_reason{queue=\"parked\",reason=\"old\"} 0",
        "nix_post_build_push_entries{queue=\"parked\",state=\"parked\"} 1",
        "nix_post_build_push_entries{queue=\"silent\",state=\"ready\"} 1",
        "nix_post_build_push_closed{queue=\"closed\"} 1",
        "nix_post_build_push_pinned_bytes{queue=\"silent\"} 1000",
        "nix_post_build_push_last_push_duration_seconds{queue=\"broken\"} 1.500",
        "nix_post_build_push_pushes_total{queue=\"broken\",end=\"broken\"} 1",
        "nix_post_build_push_uploaded_entries_total{queue=\"broken\"} 7",
    ] {
        assert!(all.contains(sample), "{sample}: {all:#?}");
    }
    let since =
        "nix_post_build_push_destination_failing_since_timestamp_seconds{queue=\"silent\"} ";
    assert!(all.iter().any(|sample| sample.starts_with(since)));
}

#[test]
fn times_of_pushes_are_those_that_their_names_say() {
    let world = world_of(&["pushed"]);
    let row = world.run(&["status", "--json"]).json()[0].clone();
    let all = samples(&world.run(&["status", "--openmetrics"]).stdout);
    let seconds = |time: &serde_json::Value| {
        let time = humantime::parse_rfc3339(time.as_str().unwrap()).unwrap();
        time.duration_since(std::time::UNIX_EPOCH)
            .unwrap()
            .as_secs()
    };
    let times = [
        ("last_push", &row["last_push"]["ended"]),
        ("last_success", &row["last_success"]),
        ("next_try", &row["next_try"]),
        ("oldest_entry", &row["oldest"]),
    ];
    for (name, time) in times {
        let sample = format!(
            "nix_post_build_push_{name}_timestamp_seconds{{queue=\"pushed\"}} {}",
            seconds(time)
        );
        assert!(all.contains(&sample), "{sample}: {all:#?}");
    }
    let mut different: Vec<_> = times.map(|(_, time)| seconds(time)).to_vec();
    different.sort_unstable();
    different.dedup();
    assert_eq!(different.len(), 4, "{row}");
}

/// Every word in a text that is the name of a metric of ours.
fn names(text: &str) -> BTreeSet<String> {
    let words = text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_'));
    let ours = words.filter(|word| word.starts_with("nix_post_build_push_"));
    ours.map(str::to_owned).collect()
}

#[test]
fn alerts_and_dashboard_name_only_metrics_that_there_are() {
    let pushed = world_with_file();
    pushed.run(&["enqueue", &pushed.object("a")]).ok();
    pushed.run(&["push"]).ok();
    let states: Vec<_> = STATES.iter().map(|state| state.name).collect();
    let status = world_of(&states).run(&["status", "--openmetrics"]).stdout;
    let all = left(&pushed).into_iter().chain(samples(&status));
    let known: BTreeSet<_> = all.flat_map(|sample| names(&sample)).collect();
    for file in [
        "prometheus/nix-post-build-push.rules.yml",
        "grafana/nix-post-build-push.json",
    ] {
        let path = format!("{}/../../contrib/{file}", env!("CARGO_MANIFEST_DIR"));
        let named = names(&std::fs::read_to_string(path).unwrap());
        assert!(
            named.len() > 5 && named.is_subset(&known),
            "{file}: {:?}",
            &named - &known
        );
    }
    let board = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../contrib/grafana/nix-post-build-push.json"
    );
    let board = std::fs::read_to_string(board).unwrap();
    assert!(serde_json::from_str::<serde_json::Value>(&board).unwrap()["panels"].is_array());
}

/// A queue that is pushed to a directory, with a metrics file.
fn world_with_file() -> World {
    let mut world = World::with_obedient_nix();
    world.unset("NIX_POST_BUILD_PUSH_QUEUE_DIR");
    world.unset("NIX_POST_BUILD_PUSH_DESTINATION");
    let config = "[queues.main]\nqueue-dir = \"{}/queue\"\ndestination = \"file://{}/cache\"\n\
                  metrics-file = \"{}/metrics/main.prom\"\n";
    world.write("config.toml", config);
    world.set("NIX_POST_BUILD_PUSH_CONFIG_FILE", "{}/config.toml");
    std::fs::create_dir(world.root.join("metrics")).unwrap();
    world
}

/// What the last push left, and takes it away.
fn left(world: &World) -> BTreeSet<String> {
    let file = world.root.join("metrics/main.prom");
    let text = std::fs::read_to_string(&file).unwrap();
    std::fs::remove_file(file).unwrap();
    samples(&text)
}

const RUN: &str = "nix_post_build_push_last_run_timestamp_seconds{queue=\"main\"} ";

#[test]
fn each_push_writes_its_file_whatever_comes_of_it_and_starts_no_process_for_that() {
    let world = world_with_file();
    let has_run = |samples: &BTreeSet<String>| samples.iter().any(|line| line.starts_with(RUN));
    world.run(&["push"]).ok();
    let empty = left(&world);
    assert!(
        has_run(&empty) && empty.contains("nix_post_build_push_pinned_bytes{queue=\"main\"} 0")
    );
    assert_eq!(world.called(), "");

    world.run(&["enqueue", &world.object("a")]).ok();
    world.run(&["push"]).ok();
    assert!(left(&world).contains("nix_post_build_push_uploaded_entries_total{queue=\"main\"} 1"));
    assert_eq!(world.called().matches("copy").count(), 1);

    world.program(
        "nix",
        "echo 'error: cannot connect to h: Connection refused' >&2; exit 1",
    );
    world.run(&["enqueue", &world.object("b")]).ok();
    for _ in ["unavailable", "backs off"] {
        world.run(&["push"]).fails(69);
        let failed = left(&world);
        let ended = "nix_post_build_push_pushes_total{queue=\"main\",end=\"unavailable\"} 1";
        assert!(has_run(&failed) && failed.contains(ended), "{failed:#?}");
        // Nobody asked Nix how much it is.
        assert!(!failed.iter().any(|line| line.contains("pinned_bytes")));
    }

    let dry = world.run(&["push", "--dry-run"]);
    assert_eq!(dry.code, 0);
    assert!(!world.root.join("metrics/main.prom").exists());

    let late = world.run(&["push", "--until-empty", "--deadline", "1ms"]);
    assert_eq!(late.code, 69, "{}", late.stderr);
    assert!(has_run(&left(&world)));
}

#[test]
fn a_push_asks_how_much_its_queue_keeps_where_a_threshold_is_set_and_else_says_nothing_of_it() {
    let world = world_with_file();
    let config = std::fs::read_to_string(world.root.join("config.toml")).unwrap();
    world.program(
        "nix",
        "echo 'error: cannot connect to h: Connection refused' >&2; exit 1",
    );
    world.run(&["enqueue", &world.object("a")]).ok();
    world.run(&["push"]).fails(69);
    // From here on the destination backs off, and no push asks anything of its own.
    let size = r#"echo x >> {}/asked; echo '[{"path":"PATH","narSize":1000,"references":[]}]'"#;
    world.program("nix", &size.replace("PATH", &world.object("a")));
    let asked = || std::fs::exists(world.root.join("asked")).unwrap();
    let pinned = "nix_post_build_push_reason{queue=\"main\",reason=\"pinned\"} ";
    world.run(&["push"]).fails(69);
    let silent = left(&world);
    assert!(
        !silent.iter().any(|line| line.starts_with(pinned)),
        "{silent:#?}"
    );
    assert!(!asked());
    for (threshold, reason) in [("1B", 1), ("1000B", 0)] {
        world.write(
            "config.toml",
            &format!("{config}health.max-pinned = \"{threshold}\"\n"),
        );
        world.run(&["push"]).fails(69);
        let told = left(&world);
        assert!(told.contains(&format!("{pinned}{reason}")), "{told:#?}");
        let health = format!("nix_post_build_push_health{{queue=\"main\"}} {reason}");
        assert!(told.contains(&health), "{told:#?}");
        assert!(asked());
    }
}

#[test]
fn a_push_that_cannot_begin_leaves_a_file_that_says_so() {
    let world = world_with_file();
    world.write("queue", "no directory");
    world.run(&["push"]).fails(75);
    let left = left(&world);
    assert!(
        left.contains("nix_post_build_push_health{queue=\"main\"} 2"),
        "{left:#?}"
    );
    assert!(left.iter().any(|line| line.starts_with(RUN)));
}

#[test]
fn a_file_that_cannot_be_written_is_told_when_the_work_is_done() {
    let world = world_with_file();
    std::fs::remove_dir(world.root.join("metrics")).unwrap();
    world.run(&["enqueue", &world.object("a")]).ok();
    let told = world.run(&["push"]).fails(75);
    assert!(
        told.contains("error: main: its metrics are not up to date"),
        "{told}"
    );
    assert!(
        told.contains("ROOT/metrics/main.prom") && told.contains("make its directory"),
        "{told}"
    );
    assert_eq!(world.run(&["list"]).ok(), "");
}

#[test]
fn what_is_strange_about_a_queue_is_told_once() {
    let world = world_with_file();
    std::fs::create_dir(world.root.join("queue")).unwrap();
    world.write("queue/other", "");
    let ran = world.run(&["push"]);
    assert_eq!(
        ran.stderr.matches("`other` is not an entry").count(),
        1,
        "{}",
        ran.stderr
    );
    assert!(left(&world).contains("nix_post_build_push_foreign_files{queue=\"main\"} 1"));
}

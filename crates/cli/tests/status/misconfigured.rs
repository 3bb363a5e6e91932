//! Queues that cannot be pushed, or not even looked at, as they are configured.

use std::collections::BTreeSet;

use serde_json::Value;

use super::common::World;

/// Four queues, of which one can be pushed; each has a metrics file.
fn world() -> World {
    let mut world = World::with_obedient_nix();
    world.unset("NIX_POST_BUILD_PUSH_QUEUE_DIR");
    world.unset("NIX_POST_BUILD_PUSH_DESTINATION");
    world.set("NIX_POST_BUILD_PUSH_CONFIG_FILE", "{}/config.toml");
    let tables = [
        (
            "faulty",
            "destination = \"file://{}/cache\"\nbatch-size = 0\n",
        ),
        ("nowhere", ""),
        ("secret", "destination = { file = \"{}/secret\" }\n"),
        ("well", "destination = \"file://{}/cache\"\n"),
    ];
    let tables = tables.map(|(name, settings)| {
        format!(
            "[queues.{name}]\nqueue-dir = \"{{}}/queues/{name}\"\n\
             metrics-file = \"{{}}/metrics/{name}.prom\"\n{settings}"
        )
    });
    world.write("config.toml", &tables.concat());
    std::fs::create_dir(world.root.join("metrics")).unwrap();
    world
}

fn only(world: &World, queue: &str) -> Value {
    let ran = world.run(&["status", "--json", "--queue", queue]);
    serde_json::from_str::<Value>(&ran.stdout).unwrap()[0].clone()
}

#[test]
fn a_queue_that_no_push_can_empty_is_broken_for_the_reason_that_a_push_gives() {
    let world = world();
    let without_the_others = std::fs::read_to_string(world.root.join("config.toml")).unwrap();
    world.write(
        "config.toml",
        &without_the_others.replace("batch-size = 0\n", ""),
    );
    world.run(&["enqueue", &world.object("a")]).ok();
    for queue in ["nowhere", "secret"] {
        let told = world.run(&["push", "--queue", queue]).fails(78);
        let (why, hint) = told.trim_end().split_once("\nhint: ").unwrap();
        let why = why.strip_prefix("error: ").unwrap();
        let text = world.run(&["status", "--queue", queue]).needs_a_look();
        let expected = format!("{queue}: broken\n  ! no push can begin: {why}\n    hint: {hint}\n");
        assert!(text.starts_with(&expected), "{text}{told}");
        assert!(text.contains("none: no push can begin"), "{text}");
        let row = only(&world, queue);
        assert_eq!(row["health"], "broken");
        assert_eq!(row["reasons"][0]["kind"], "misconfigured");
        assert_eq!(row["entries"], 1);
    }
    assert_eq!(only(&world, "well")["health"], "ok");
    world.write("secret", "file:///cache");
    assert_eq!(only(&world, "secret")["health"], "ok");
}

#[test]
fn a_queue_that_is_not_looked_at_is_told_as_the_others_are() {
    let world = world();
    let ran = world.run(&["status"]);
    assert_eq!(ran.code, 78, "{}", ran.stdout);
    assert!(ran.stderr.starts_with("error: "), "{}", ran.stderr);
    assert!(
        ran.stdout
            .starts_with("4 queues: 3 broken, 1 ok\n\nfaulty: broken\n  ! no push can begin: "),
        "{}",
        ran.stdout
    );
    let ran = world.run(&["status", "--json"]);
    assert_eq!(ran.code, 78);
    let rows: Value = serde_json::from_str(&ran.stdout).unwrap();
    let rows = rows.as_array().unwrap();
    let healths: Vec<_> = rows
        .iter()
        .map(|row| format!("{} {}", row["queue"], row["health"]).replace('"', ""))
        .collect();
    let expected = [
        "faulty broken",
        "nowhere broken",
        "secret broken",
        "well ok",
    ];
    assert_eq!(healths, expected);
    assert_eq!(rows[0]["reasons"][0]["kind"], "misconfigured");
    assert!(
        rows[0]["reasons"][0]["text"]
            .as_str()
            .unwrap()
            .contains("batch-size")
    );
    assert_eq!(rows[0].as_object().unwrap().len(), 3);

    let text = world.run(&["status", "--openmetrics"]).stdout;
    for line in [
        "nix_post_build_push_health{queue=\"faulty\"} 2\n",
        "nix_post_build_push_reason{queue=\"faulty\",reason=\"misconfigured\"} 1\n",
        "nix_post_build_push_reason{queue=\"nowhere\",reason=\"misconfigured\"} 1\n",
        "nix_post_build_push_reason{queue=\"well\",reason=\"misconfigured\"} 0\n",
    ] {
        assert!(text.contains(line), "{line}{text}");
    }
}

#[test]
fn a_mistake_outside_of_the_queues_stands_at_each_of_them() {
    let world = world();
    let config = std::fs::read_to_string(world.root.join("config.toml")).unwrap();
    world.write("config.toml", &format!("[hook]\non-eror = 1\n{config}"));
    let row = only(&world, "well");
    assert_eq!(row["health"], "broken");
    assert!(
        row["reasons"][0]["text"]
            .as_str()
            .unwrap()
            .contains("on-eror")
    );
    // That is none of the queue's.
    let ran = world.run(&["status", "--json", "--queue", "well", "--queue", "other"]);
    assert_eq!((ran.code, ran.stdout.as_str()), (78, ""));
}

/// What is in the metrics files, by queue; takes them away.
fn left(world: &World) -> BTreeSet<String> {
    let mut left = BTreeSet::new();
    for file in std::fs::read_dir(world.root.join("metrics")).unwrap() {
        let file = file.unwrap().path();
        let text = std::fs::read_to_string(&file).unwrap();
        assert!(text.contains("nix_post_build_push_last_run_timestamp_seconds{"));
        let health = text
            .lines()
            .find(|line| line.starts_with("nix_post_build_push_health{"));
        left.insert(health.unwrap().to_owned());
        std::fs::remove_file(file).unwrap();
    }
    left
}

#[test]
fn a_push_that_cannot_begin_for_its_configuration_leaves_its_metrics_file_as_well() {
    let world = world();
    let health =
        |queue: &str, level| format!("nix_post_build_push_health{{queue=\"{queue}\"}} {level}");
    let broken = ["faulty", "nowhere", "secret"].map(|queue| health(queue, 2));
    let all: BTreeSet<_> = broken.into_iter().chain([health("well", 0)]).collect();
    assert_eq!(world.run(&["push"]).code, 78);
    assert_eq!(left(&world), all);
    assert_eq!(world.run(&["push", "--until-empty"]).code, 78);
    assert_eq!(left(&world), all);
    world.run(&["push", "--queue", "nowhere"]).fails(78);
    assert_eq!(left(&world), [health("nowhere", 2)].into());
    // No push of the queue was meant.
    for line in [
        &["push", "--dry-run"][..],
        &["push", &world.object("a")],
        &["push", "--queue", "well", "--queue", "other"],
    ] {
        assert_eq!(world.run(line).code, 78, "{line:?}");
        assert_eq!(left(&world), BTreeSet::new(), "{line:?}");
    }
}

#[test]
fn without_any_queue_nothing_is_well() {
    let world = world();
    world.write("config.toml", "");
    for (line, shown) in [
        (&["status"][..], ""),
        (&["status", "--json"], "[]\n"),
        (&["status", "--openmetrics"], "# EOF\n"),
        (&["status", "--watch"], ""),
    ] {
        let ran = world.run(line);
        assert_eq!((ran.code, ran.stdout.as_str()), (1, shown), "{line:?}");
        let told = "warning: no queue is configured in ROOT/config.toml\nhint: ";
        assert!(ran.stderr.starts_with(told), "{}", ran.stderr);
    }
}

#[test]
fn where_all_queues_are_disabled_it_says_so_and_somebody_has_to_look() {
    let world = world();
    world.write("config.toml", "[queues.main]\nenable = false\n");
    let ran = world.run(&["status"]);
    assert_eq!((ran.code, ran.stdout.as_str()), (1, ""));
    let told = "warning: no queue is enabled\nhint: set `enable = true` in the table of one\n";
    assert_eq!(ran.stderr, told);
}

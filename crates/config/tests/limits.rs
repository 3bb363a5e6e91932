//! The limits of a queue: what is resolved, and what is warned of.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod support;

use std::time::Duration;

use nix_post_build_push_config::{BeyondLimit, ByteSize, Need, Resolution};

use support::Case;

fn read(text: &str) -> Resolution {
    Case::new(text).resolve(Need::Enqueue)
}

#[test]
fn none_is_set_unless_the_file_says_so_and_refusing_is_the_default() {
    let resolution = read("[queues.main]\n");
    let limits = &resolution.config.queues[0].limits;
    assert_eq!(
        (&limits.max_entries, &limits.max_age, &limits.max_pinned),
        (&None, &None, &None)
    );
    let resolution = read("[queues.main.limits]\nmax-entries = 7\nmax-age = \"2h\"\n");
    assert_eq!(
        (&resolution.problems, &resolution.warnings),
        (&vec![], &vec![])
    );
    let limits = &resolution.config.queues[0].limits;
    assert_eq!(limits.max_entries.as_ref().unwrap().value, 7);
    let two_hours = Duration::from_secs(7200);
    assert_eq!(limits.max_age.as_ref().unwrap().value, two_hours);
    assert_eq!(limits.beyond_max_age.value, BeyondLimit::Refuse);
}

#[test]
fn what_is_said_of_one_queue_holds_for_no_other() {
    let text = "[queues.a]\nlimits.max-pinned = \"1kB\"\nlimits.beyond-max-pinned = \"drop-oldest\"\n[queues.b]\n";
    let queues = read(text).config.queues;
    let size = queues[0].limits.max_pinned.as_ref().unwrap();
    assert_eq!(size.value, ByteSize(1000));
    let beyond = queues[0].limits.beyond_max_pinned.value;
    assert_eq!(beyond, BeyondLimit::DropOldest);
    assert_eq!(queues[1].limits.max_pinned, None);
}

#[test]
fn a_limit_that_cannot_be_read_is_none_and_keeps_the_others() {
    let text = "[queues.main.limits]\nmax-entries = 0\nmax-age = \"1h\"\n";
    let resolution = read(text);
    assert_eq!(resolution.problems.len(), 1);
    let limits = &resolution.config.queues[0].limits;
    assert!(limits.max_entries.is_none() && limits.max_age.is_some());
}

#[test]
fn what_happens_beyond_no_limit_is_warned_of_with_its_place() {
    let text = "[queues.main.limits]\nbeyond-max-age = \"drop-oldest\"\n";
    let resolution = read(text);
    let [warning] = resolution.warnings.as_slice() else {
        panic!("{:?}", resolution.warnings);
    };
    let message = warning.to_string();
    assert!(
        message.ends_with(
            "config.toml:2:18: queue `main`: `beyond-max-age` has no effect without `max-age`"
        ),
        "{message}"
    );
}

#[test]
fn limits_are_shown_with_their_places_as_toml() {
    let rows = read("[queues.\"a.b\".limits]\nmax-pinned = 2_097_152\n")
        .config
        .rows();
    let shown: Vec<_> = rows
        .iter()
        .filter(|row| row.section.ends_with(".limits"))
        .map(|row| format!("{}.{} = {}", row.section, row.key, row.value))
        .collect();
    let table = "queues.\"a.b\".limits";
    let expected = [
        ("beyond-max-entries", "\"refuse\""),
        ("beyond-max-age", "\"refuse\""),
        ("max-pinned", "\"2MiB\""),
        ("beyond-max-pinned", "\"refuse\""),
    ];
    assert_eq!(
        shown,
        expected.map(|(key, value)| format!("{table}.{key} = {value}"))
    );
}

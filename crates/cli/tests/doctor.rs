//! `doctor`, where scripts stand in for versions of Nix that no distribution has any more.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod common;

use common::World;
use serde_json::Value;

/// What a doctor found.
struct Report(Vec<Value>);

impl Report {
    fn of(world: &World) -> Self {
        let ran = world.run(&["doctor", "--json"]);
        assert!([0, 1].contains(&ran.code), "{}", ran.stderr);
        Self(serde_json::from_str(&ran.stdout).unwrap())
    }

    #[track_caller]
    fn finds(&self, id: &str) -> &Value {
        let found = self.0.iter().find(|row| row["id"] == id);
        found.unwrap_or_else(|| panic!("no {id} in {:#?}", self.0))
    }
}

/// A machine with a Nix that says this of itself.
fn with_nix(version: &str) -> World {
    let mut world = World::new();
    world.set("NIX_POST_BUILD_PUSH_DESTINATION", "file://{}/cache");
    world.program("nix", &format!("echo '{version}'"));
    world
}

#[test]
fn a_nix_that_is_too_old_is_a_fault_and_one_that_nobody_tried_a_warning() {
    let report = Report::of(&with_nix("nix (Nix) 2.3.16"));
    assert_eq!(report.finds("nix-too-old")["verdict"], "fault");
    let report = Report::of(&with_nix("nix (Nix) 2.7.0"));
    assert_eq!(report.finds("nix-untried")["verdict"], "warning");
    report.finds("settings-unknown");
}

#[test]
fn the_report_for_people_has_a_line_for_each_finding_and_what_mends_it() {
    let ran = with_nix("nix (Nix) 2.3.16").run(&["doctor"]);
    assert_eq!(ran.code, 1);
    assert_eq!(ran.stderr, "");
    let begins = "nix\n  fault    nix            nix (Nix) 2.3.16 is too old\n";
    assert!(ran.stdout.starts_with(begins), "{}", ran.stdout);
    assert!(
        ran.stdout
            .contains("\n                          mend: install Nix 2.8 or later"),
        "{}",
        ran.stdout
    );
    let last = ran.stdout.lines().last().unwrap();
    assert!(last.starts_with("1 fault, "), "{last}");
}

#[test]
fn what_comes_from_outside_moves_no_cursor_and_shows_no_password() {
    let mut world = with_nix("nix (Nix) \u{1b}[2J 2.34.8");
    world.set(
        "NIX_POST_BUILD_PUSH_DESTINATION",
        "http://me:planted-secret@127.0.0.1:1",
    );
    let ran = world.run(&["doctor"]);
    assert!(!ran.stdout.contains('\u{1b}'), "{}", ran.stdout);
    assert!(
        ran.stdout.contains("http://***@127.0.0.1:1"),
        "{}",
        ran.stdout
    );
}

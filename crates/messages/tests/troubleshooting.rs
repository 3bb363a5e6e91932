//! The page of messages and the programs agree.

use std::sync::LazyLock;

use messages::check::{self, Rules};
use messages::page::{self, Entry};
use messages::rules::{FOREIGN, OTHER};
use messages::{Literal, literals, sources};

const RULES: Rules<'_> = Rules {
    other: OTHER,
    foreign: FOREIGN,
};

/// All that the programs say, read once.
static PRODUCT: LazyLock<Vec<Literal>> = LazyLock::new(|| {
    let sources = sources::product().unwrap_or_else(|error| panic!("{error}"));
    sources.iter().flat_map(literals).collect()
});

fn text() -> String {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/troubleshooting.md");
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn the_page() -> Vec<Entry> {
    page::entries(&text())
}

#[track_caller]
fn assert_none(what: &[String]) {
    assert!(
        what.is_empty(),
        "\n{}\n\n{} in all",
        what.join("\n\n"),
        what.len()
    );
}

#[test]
fn every_message_of_the_programs_is_on_the_page() {
    assert_none(&check::missing(&PRODUCT, &the_page(), RULES));
}

#[test]
fn nothing_is_on_the_page_that_no_program_says() {
    assert_none(&check::stale(&PRODUCT, &the_page(), RULES));
}

#[test]
fn no_rule_is_left_without_a_use() {
    assert_none(&check::idle(&PRODUCT, &the_page(), RULES));
}

#[test]
fn each_message_on_the_page_has_an_answer() {
    assert_eq!(
        page::unanswered(&text()),
        [0; 0],
        "lines of docs/troubleshooting.md"
    );
}

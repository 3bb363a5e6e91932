//! What is collected of a source, and what is told of it.

use messages::check::{self, Rules};
use messages::page::Entry;
use messages::rules::Other;
use messages::sources::{self, Source};
use messages::{Literal, Role, literals};

const NO_RULES: Rules<'_> = Rules {
    other: &[],
    foreign: &[],
};

fn source(text: &str) -> Source {
    Source::parse("cli/src/sample.rs", text).unwrap_or_else(|error| panic!("{error}"))
}

fn of(text: &str) -> Vec<Literal> {
    literals(&source(text))
}

fn page(lines: &[&str]) -> Vec<Entry> {
    let entry = |line: &&str| Entry {
        text: (*line).to_owned(),
        line: 7,
    };
    lines.iter().map(entry).collect()
}

fn missing(text: &str) -> usize {
    check::missing(&of(text), &[], NO_RULES).len()
}

#[test]
fn a_message_is_found_however_it_is_made() {
    for text in [
        r#"fn f() { Message::new("not done").error() }"#,
        r#"fn f() { Message::new("broken").error() }"#,
        r#"fn f() { Message::of_queue(name, format!("{x} not done")).error() }"#,
        r#"fn f() { let text = format!("{x}: not done"); Message::new(text).hint("a hint").error() }"#,
        r#"fn f() -> Message { Message { text: "not done".to_owned(), ..rest } }"#,
        r#"fn f() { tracing::warn!(path = %x, "{x}: not done") }"#,
        r#"fn f() { return Err(self.fail("do it well", name, error)) }"#,
        r#"fn f() { failed.map_err(|error| fail("do it well", error)) }"#,
        r#"fn f() { let prefix = "not done"; }"#,
        r#"const WHY: &str = "not done"; static OTHER: &[&str] = &["done"];"#,
        r#"fn f() -> &'static str { match x { "a b" => "not done", _ => "" } }"#,
        r#"impl Display for X { fn fmt(&self, f: &mut F) -> R { write!(f, "not done: {}", self.0) } }"#,
        r#"#[derive(thiserror::Error)] enum E { #[error("not done by {name}")] A { name: String } }"#,
        r#"choices!(Type, "not done", A = "a");"#,
        r#"macro_rules! m { ($x:ident) => { fn $x() { new("not done") } } }"#,
        r#"fn f() { builder.message(if x { "not done" } else { "" }) }"#,
        r#"fn f() { rule(Kind::Local, &["not", "done"], Some("a hint")) }"#,
        "fn f() { new(\"not \\\n   done\") }",
    ] {
        assert_eq!(missing(text), 1, "{text}");
    }
}

#[test]
fn what_can_be_no_message_is_left_out() {
    for text in [
        "/// Not done.\nfn f() {}",
        r#"#[arg(help = "not done")] struct A;"#,
        r#"fn f() { message.hint("not done").with_hint(format!("{x} not done")) }"#,
        r#"fn f() { let hint = match x { A => "not done", B => "done then" }; }"#,
        r#"fn hint_at_it() -> &'static str { "not done" }"#,
        r#"const ITS_HINT: &str = "not done";"#,
        r#"fn f() { Finding::ok(Check::Nix, "all done").fix("not done") }"#,
        r#"fn f() { text.contains("not done") || text == "done then" }"#,
        r#"fn f() { tracing::debug!("not done"); assert!(x, "not done"); y.expect("not done") }"#,
        r#"fn f() { Message::new(format!("{x} not done")).caused_by(error).debug() }"#,
        r#"#[cfg(test)] mod tests { const A: &str = "not done"; }"#,
        r#"#[cfg(any(test, feature = "testing"))] fn f() { Message::new("not done") }"#,
        r#"fn f() { word("done") }"#,
        r#"fn f() { format!("{a}: {b}") }"#,
    ] {
        assert_eq!(missing(text), 0, "{text}");
    }
}

#[test]
fn what_is_compiled_without_tests_is_no_test() {
    assert_eq!(
        missing(r#"#[cfg(not(test))] fn f() { Message::new("not done") }"#),
        1
    );
}

#[test]
fn a_planted_message_is_told_with_its_place_and_the_line_for_the_page() {
    let planted =
        of("fn f() {\n    Message::new(format!(\"{queue}: a planted `{word}`\")).error();\n}");
    let told = check::missing(&planted, &page(&["…: another"]), NO_RULES).concat();
    for words in [
        "crates/cli/src/sample.rs:2:",
        "\n- `` …: a planted `…` ``\n",
        "cli/src/sample.rs::f in OTHER",
    ] {
        assert!(told.contains(words), "{told}");
    }
    let complete = page(&["…: a planted `…`"]);
    assert!(check::missing(&planted, &complete, NO_RULES).is_empty());
    assert!(check::stale(&planted, &complete, NO_RULES).is_empty());
}

#[test]
fn a_listed_place_hides_its_texts_but_no_message() {
    let other = [Other {
        place: "cli/src/sample.rs::f",
        begins: "",
        why: "help",
    }];
    let rules = Rules {
        other: &other,
        foreign: &[],
    };
    let given = of(r#"fn f() { Message::new("not done") }"#);
    let text = of(r#"fn f() { "not done" }"#);
    assert_eq!(check::missing(&given, &[], rules).len(), 1);
    assert_eq!(check::missing(&text, &[], rules).len(), 0);
    assert_eq!(check::idle(&text, &[], rules).len(), 0);
    assert_eq!(check::idle(&given, &[], rules).len(), 1, "it hides nothing");
}

#[test]
fn a_place_that_is_listed_twice_is_told() {
    let once = Other {
        place: "cli/src/sample.rs",
        begins: "",
        why: "help",
    };
    let twice = Other {
        place: "cli/src/sample.rs::f",
        ..once
    };
    let rules = Rules {
        other: &[once, twice],
        foreign: &[],
    };
    let text = of(r#"fn f() { "not done" }"#);
    assert_eq!(
        check::idle(&text, &[], rules),
        ["OTHER: cli/src/sample.rs::f \"\""]
    );
}

#[test]
fn a_place_is_a_module_a_file_or_what_stands_in_it() {
    let text = of(r#"fn f() { "not done" }"#);
    for (place, is_there) in [
        ("cli/src/sample.rs::f", true),
        ("cli/src/sample.rs", true),
        ("cli/src/sample", true),
        ("cli/src", true),
        ("cli/src/sam", false),
        ("cli/src/sample.rs::ff", false),
    ] {
        let other = Other {
            place,
            begins: "not",
            why: "help",
        };
        assert_eq!(other.is(&text[0]), is_there, "{place}");
    }
}

#[test]
fn a_line_that_nothing_says_any_more_is_told() {
    let said = of(r#"fn f() { Message::new(format!("{x}: not done: {y}")) }"#);
    let told = check::stale(
        &said,
        &page(&["…: not done: …", "…: not done any more"]),
        NO_RULES,
    );
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(
        told[0].contains("troubleshooting.md:7: nothing says `any more`"),
        "{told:?}"
    );
    let foreign = Rules {
        other: &[],
        foreign: &[("any more", "nix")],
    };
    assert!(check::stale(&said, &page(&["…: not done any more"]), foreign).is_empty());
    assert_eq!(
        check::idle(&said, &page(&["…: not done"]), foreign),
        ["FOREIGN: any more"]
    );
}

#[test]
fn the_sources_are_those_of_the_programs_without_their_tests() {
    let sources = sources::product().unwrap_or_else(|error| panic!("{error}"));
    let names: Vec<&str> = sources.iter().map(|source| source.name.as_str()).collect();
    for (name, is_there) in [
        ("cli/src/bin/nix-post-build-push-hook.rs", true),
        ("config/src/problem.rs", true),
        ("nix-copy/src/classify.rs", true),
        ("nix-copy/src/classify/tests.rs", false),
        ("nix-copy/src/fake.rs", false),
        ("ownership/src/distrust.rs", true),
        ("queue-core/src/error.rs", true),
        ("queue-core/src/fuzz.rs", false),
        ("queue-core/src/testing/world.rs", false),
    ] {
        assert_eq!(names.contains(&name), is_there, "{name}");
    }
    for (role, at_least) in [(Role::Message, 100), (Role::Text, 300), (Role::OfNix, 40)] {
        let all = sources.iter().flat_map(literals);
        let found = all.filter(|literal| literal.role == role).count();
        assert!(found > at_least, "{found} of {role:?}");
    }
}

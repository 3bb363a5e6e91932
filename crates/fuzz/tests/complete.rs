//! The list of parsers and the tests agree.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use fuzz::PARSERS;

#[test]
fn each_parser_is_fuzzed_in_its_crate() {
    for parser in PARSERS {
        let file = format!(
            "{}/../{}/src/fuzz.rs",
            env!("CARGO_MANIFEST_DIR"),
            parser.home
        );
        let text = std::fs::read_to_string(&file).unwrap();
        let calls = text.matches(&format!("\"{}\"", parser.name)).count();
        assert_eq!(calls, 1, "{} in {file}", parser.name);
    }
}

#[test]
#[should_panic = "is not in PARSERS"]
fn a_parser_that_is_not_listed_is_refused() {
    fuzz::fuzz("nobody", fuzz::text(), |_| Ok(()));
}

#[test]
#[should_panic = "`Option::unwrap()` on a `None` value"]
fn a_panic_is_a_failure() {
    let samples = ["a,b"];
    fuzz::fuzz("duration", fuzz::text_like(&samples), |text| {
        text.split_once(',').unwrap();
        Ok(())
    });
}

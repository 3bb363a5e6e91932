//! The text of a `.drv` file, which is read where `OUT_PATHS` is empty.

use crate::case::{Case, NOTHING, run_all};
use crate::rows::derived;
use crate::stage::{DERIVATION, Stage};

/// A derivation whose output is not known before it is built.
const FLOATING: &[u8] = b"Derive([(\"out\",\"\",\"r:sha256\",\"\")],[";

fn file(stage: &mut Stage, text: impl AsRef<[u8]>) {
    stage.file(DERIVATION, text);
}

#[rustfmt::skip]
pub const CASES: &[Case] = &[
    derived("an empty file", |s| file(s, b""), "not a derivation: expected Derive([ at byte 0"),
    derived("binary garbage", |s| file(s, [0, 159, 146, 150, 255, 27, b'[']), "not a derivation: expected Derive(["),
    derived("a text that ends in the middle", |s| file(s, b"Derive([(\"out\",\"{a"), "expected the end of a string"),
    derived("no outputs", |s| file(s, b"Derive([],[]"), "OUT_PATHS is empty: failed to read its outputs from ROOT/store/v3ygr25lms4hdmxwa8h14sjv6km1l8cz-x.drv: not a derivation: expected ( at byte 8"),
    derived("an output elsewhere", |s| file(s, b"Derive([(\"out\",\"/etc/passwd\",\"\",\"\")],["), "is not in the store directory"),
    derived("an output behind a way out", |s| file(s, b"Derive([(\"out\",\"{}/store/../outside\",\"\",\"\")],["), "is a path inside a store path"),
    derived("an output with an escape sequence", |s| file(s, b"Derive([(\"out\",\"/\x1b[2J\",\"\",\"\")],["), "\\u{1b}[2J"),
    derived("an output that is no UTF-8", |s| file(s, b"Derive([(\"out\",\"/\xff\",\"\",\"\")],["), "expected a string in UTF-8"),
    derived("an output name full of escapes", |s| file(s, b"Derive([(\"\\\"\\\\\\n\x1b[2J\",\"{a}\",\"\",\"\")],["), NOTHING).queued(&["a"]),
    derived("a hundred thousand outputs that are one", |s| file(s, format!("Derive([{}],[", vec!["(\"o\",\"{a}\",\"\",\"\")"; 100_000].join(","))), NOTHING).queued(&["a"]),
    derived("an output name of ten megabytes", |s| file(s, format!("Derive([(\"{}\",\"{{a}}\",\"\",\"\")],[", "x".repeat(10_000_000))), NOTHING).queued(&["a"]),
    derived("a floating output, and no nix to ask", |s| file(s, FLOATING), "nix is not in"),
    derived("a floating output, and a nix that prints nonsense", |s| { file(s, FLOATING); s.program("nix", b"printf '/etc/passwd\\033[2J\\n'") }, "printed something that is not understood"),
    derived("a floating output, and a nix that names another store", |s| { file(s, FLOATING); s.program("nix", b"echo {}/outside/{#}-a") }, "is not in the store directory"),
];

#[test]
fn every_case_of_a_derivation() {
    run_all(".drv files", CASES);
}

//! The text of a `.drv` file, which is read where `OUT_PATHS` is empty.

use crate::case::{Case, run_all};
use crate::stage::Stage;

fn file(stage: &mut Stage, text: &[u8]) {
    stage.file("store/{#}-x.drv", text);
    stage.set("DRV_PATH", "{}/store/{#}-x.drv");
}

const fn hook(
    name: &'static str,
    prepare: fn(&mut Stage),
    says: &'static str,
    queued: &'static [&'static str],
) -> Case {
    Case {
        name,
        line: "hook",
        prepare,
        code: 0,
        says,
        queued,
    }
}

pub const CASES: &[Case] = &[
    hook(
        "an empty file",
        |s| file(s, b""),
        "not a derivation: expected Derive([ at byte 0",
        &[],
    ),
    hook(
        "binary garbage",
        |s| file(s, &[0, 159, 146, 150, 255, 27, b'[']),
        "not a derivation: expected Derive([",
        &[],
    ),
    hook(
        "a text that ends in the middle",
        |s| file(s, b"Derive([(\"out\",\"{a"),
        "expected the end of a string",
        &[],
    ),
    hook("no outputs", |s| file(s, b"Derive([],[]"), "", &[]),
    hook(
        "an output elsewhere",
        |s| file(s, b"Derive([(\"out\",\"/etc/passwd\",\"\",\"\")],["),
        "is not in the store directory",
        &[],
    ),
    hook(
        "an output behind a way out",
        |s| file(s, b"Derive([(\"out\",\"{}/store/../outside\",\"\",\"\")],["),
        "is a path inside a store path",
        &[],
    ),
    hook(
        "an output with an escape sequence",
        |s| file(s, b"Derive([(\"out\",\"/\x1b[2J\",\"\",\"\")],["),
        "\\u{1b}[2J",
        &[],
    ),
    hook(
        "an output that is no UTF-8",
        |s| file(s, b"Derive([(\"out\",\"/\xff\",\"\",\"\")],["),
        "expected a string in UTF-8",
        &[],
    ),
    hook(
        "an output name full of escapes",
        |s| file(s, b"Derive([(\"\\\"\\\\\\n\x1b[2J\",\"{a}\",\"\",\"\")],["),
        "",
        &["a"],
    ),
    hook(
        "a hundred thousand outputs that are one",
        |s| {
            file(
                s,
                format!(
                    "Derive([{}],[",
                    vec!["(\"o\",\"{a}\",\"\",\"\")"; 100_000].join(",")
                )
                .as_bytes(),
            )
        },
        "",
        &["a"],
    ),
    hook(
        "an output name of ten megabytes",
        |s| {
            file(
                s,
                format!(
                    "Derive([(\"{}\",\"{{a}}\",\"\",\"\")],[",
                    "x".repeat(10_000_000)
                )
                .as_bytes(),
            )
        },
        "",
        &["a"],
    ),
    hook(
        "a floating output, and no nix to ask",
        |s| file(s, b"Derive([(\"out\",\"\",\"r:sha256\",\"\")],["),
        "nix is not in",
        &[],
    ),
    hook(
        "a floating output, and a nix that prints nonsense",
        |s| {
            file(s, b"Derive([(\"out\",\"\",\"r:sha256\",\"\")],[");
            s.program("nix", b"printf '/etc/passwd\\033[2J\\n'");
        },
        "printed something that is not understood",
        &[],
    ),
    hook(
        "a floating output, and a nix that names another store",
        |s| {
            file(s, b"Derive([(\"out\",\"\",\"r:sha256\",\"\")],[");
            s.program("nix", b"echo {}/outside/{#}-a");
        },
        "is not in the store directory",
        &[],
    ),
];

#[test]
fn every_case_of_a_derivation() {
    run_all(".drv files", CASES);
}

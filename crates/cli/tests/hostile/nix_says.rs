//! What a program in the place of Nix prints, and how it ends.

use crate::case::{Case, run_all};
use crate::rows::{closure, kept};
use crate::stage::Stage;

/// Copies nothing; answers questions.
fn refuses(stage: &mut Stage, words: &str) {
    stage.nix(format!(
        "case \"$*\" in *path-info*) echo '{{}}'; exit 0;; esac\n{words}\nexit 1"
    ));
}

fn store(stage: &mut Stage, script: &str) {
    stage.program("nix-store", script);
}

#[rustfmt::skip]
pub const CASES: &[Case] = &[
    kept("nothing at all", |s| refuses(s, ""), 75, "nix failed without a word"),
    kept("an escape sequence", |s| refuses(s, "printf 'error: \\033[2J\\033]0;t\\007bad\\n' >&2"), 75, "caused by: bad"),
    kept("an escape of one character", |s| refuses(s, "printf 'error: \\302\\2332Jbad\\n' >&2"), 75, "2Jbad"),
    kept("letters that turn the direction", |s| refuses(s, "printf 'error: \\342\\200\\256bad\\n' >&2"), 75, "\\u{202e}bad"),
    kept("letters that turn the direction, in the lines after it", |s| refuses(s, "printf 'error: bad\\nand \\342\\200\\256worse\\n' >&2"), 75, "  | and \\u{202e}worse"),
    kept("bytes that are no UTF-8", |s| refuses(s, "printf 'error: \\377\\376bad\\n' >&2"), 75, "bad"),
    kept("NULs", |s| refuses(s, "printf 'error: a\\000b\\n' >&2"), 75, "caused by: a b"),
    kept("a message without a line end", |s| refuses(s, "printf 'error: cut off' >&2"), 75, "cut off"),
    kept("a line of two megabytes", |s| refuses(s, "printf 'error: long\\n' >&2; /usr/bin/head -c 2000000 /dev/zero | /usr/bin/tr '\\000' x >&2"), 75, "caused by: xxxxxxxx"),
    kept("ten thousand lines", |s| refuses(s, "i=0; while [ $i -lt 10000 ]; do echo \"error: number $i\"; i=$((i+1)); done >&2"), 75, "number 9999"),
    kept("JSON that is cut off", |s| refuses(s, "printf '@nix {\"action\":\"msg\",\"lev\\n' >&2"), 75, "@nix"),
    kept("JSON with an escape sequence", |s| refuses(s, "printf '@nix {\"action\":\"msg\",\"level\":0,\"msg\":\"\\\\u001b[2Jbad\\\\u009b2J\"}\\n' >&2"), 75, "bad"),
    kept("JSON with numbers that are too large", |s| refuses(s, "printf '@nix {\"action\":\"result\",\"id\":99999999999999999999,\"type\":1e999}\\n' >&2"), 75, "caused by: @nix {\"action\":\"result\",\"id\":99999999999999999999"),
    kept("ten thousand brackets", |s| refuses(s, "printf '@nix %s\\n' \"$(/usr/bin/head -c 10000 /dev/zero | /usr/bin/tr '\\000' '[')\" >&2"), 75, "caused by: @nix [[[[[[[["),
    kept("JSON of other types", |s| refuses(s, "printf '@nix {\"action\":[],\"msg\":{ }}\\n@nix null\\n@nix {\"action\":\"start\",\"id\":-1}\\n' >&2"), 75, "caused by: @nix {\"action\":[],\"msg\":{ }} @nix null @nix {\"action\":\"start\",\"id\":-1}"),
    kept("an answer full of escape sequences", |s| { s.nix("case \"$*\" in *path-info*) printf '\\033[2J[';; esac; exit 0"); s.argument("--verify") }, 75, "printed something that is not understood: \\u{1b}[2J["),
    kept("an answer about other paths", |s| { s.nix("case \"$*\" in *path-info*) echo '{\"/etc/passwd\":null}';; esac; exit 0"); s.argument("--verify") }, 75, "printed something that is not understood"),
    kept("an answer that nothing is there", |s| { s.nix("case \"$*\" in *path-info*) echo '{\"{a}\":null}';; esac; exit 0"); s.argument("--verify") }, 75, "the destination does not have it although the copy succeeded"),
    kept("an answer of seventy megabytes", |s| { s.nix("case \"$*\" in *path-info*) /usr/bin/head -c 70000000 /dev/zero;; esac; exit 0"); s.argument("--verify") }, 75, "too much of it"),
    kept("an answer without an end", |s| { s.nix("exec /usr/bin/yes error: on and on >&2"); s.arguments(["--timeout=1s", "--stall-timeout=1s"]) }, 69, "after the timeout of 1 s"),
    kept("a program that never ends", |s| { s.nix("exec /bin/sleep 1000"); s.argument("--stall-timeout=1s") }, 69, "file://ROOT/cache is unavailable"),
    kept("a program that is killed", |s| refuses(s, "kill -9 $$"), 75, "nix was killed by signal 9"),
    kept("a program that is no program", |s| std::fs::write(s.path("bin/nix"), b"\x7fELF garbage").unwrap(), 75, "failed to run nix"),
    kept("a directory in the place of the program", |s| { s.remove("bin/nix"); s.dir("bin/nix") }, 75, "nix is not in"),
    kept("a program that nobody may run", |s| { std::fs::write(s.path("bin/nix"), "").unwrap(); std::fs::set_permissions(s.path("bin/nix"), std::os::unix::fs::PermissionsExt::from_mode(0o644)).unwrap() }, 75, "nix is not in"),
    closure("a closure with a path elsewhere", |s| store(s, "echo /etc/passwd"), "\"/etc/passwd\" is not in the store directory"),
    closure("a closure with an escape sequence", |s| store(s, "printf '/\\033[2J\\n'"), "\\u{1b}[2J"),
    closure("a closure that is no UTF-8", |s| store(s, "printf '\\377\\n'"), "not understood: no UTF-8"),
    closure("an error about a closure with an escape of one character", |s| store(s, "printf 'error: \\302\\2332J\\n' >&2; exit 1"), "failed to ask Nix for the closure"),
];

#[test]
fn every_case_of_what_nix_prints() {
    run_all("what nix prints", CASES);
}

//! One hostile input, and what is checked of each.

use std::collections::BTreeMap;
use std::path::PathBuf;

use crate::run::{self, Ran};
use crate::stage::Stage;
use crate::tree::tree;

const HOOK: &str = env!("CARGO_BIN_EXE_nix-post-build-push-hook");
const PROGRAM: &str = env!("CARGO_BIN_EXE_nix-post-build-push");

/// What is said where there is nothing to say.
pub const NOTHING: &str = "";

/// A hostile input.
pub struct Case {
    /// What is hostile about it.
    pub name: &'static str,
    /// `hook`, or the arguments of the program that users run.
    pub line: &'static str,
    /// What is there in any case.
    pub world: fn(&mut Stage),
    /// Puts it in its place.
    pub prepare: fn(&mut Stage),
    /// How it ends.
    pub code: i32,
    /// What is said of it, or [`NOTHING`] at all; the root of the stage is `ROOT`.
    pub says: &'static str,
    /// The names of what is queued afterwards.
    pub queued: &'static [&'static str],
}

/// How a case is run. Whatever is said, it has to be harmless in each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mode {
    Pipes,
    /// Messages as JSON, and results where the command can.
    Json,
    Terminal,
}

impl Case {
    fn modes(&self) -> &'static [Mode] {
        match self.line {
            "hook" => &[Mode::Pipes],
            _ => &[Mode::Pipes, Mode::Json, Mode::Terminal],
        }
    }

    fn lists(&self) -> bool {
        let lists = ["list", "status", "push", "closure", "config show"];
        lists.iter().any(|word| self.line.starts_with(word))
    }

    fn run(&self, stage: &mut Stage, mode: Mode) -> Ran {
        if self.line == "hook" {
            return run::with_pipes(stage, HOOK, &[]);
        }
        let mut line: Vec<_> = self.line.split_whitespace().collect();
        if mode == Mode::Terminal {
            return run::on_a_terminal(stage, PROGRAM, &line);
        }
        if mode == Mode::Json {
            line.push("-v");
            line.extend(self.lists().then_some("--json"));
            stage.set_if_unset("NIX_POST_BUILD_PUSH_LOG_FORMAT", "json");
        }
        run::with_pipes(stage, PROGRAM, &line)
    }

    /// Everything that is wrong, in words, and what was printed.
    fn faults(&self, mode: Mode) -> Option<String> {
        let mut stage = Stage::new();
        (self.world)(&mut stage);
        (self.prepare)(&mut stage);
        let before = beside_the_queue(&stage);
        let ran = self.run(&mut stage, mode);
        let mut faults = harm(&ran, mode);
        if beside_the_queue(&stage) != before {
            faults.push("something beside the queue was written".to_owned());
        }
        if ran.code != Some(self.code) {
            faults.push(format!("ended with {:?}, not {}", ran.code, self.code));
        }
        if stage.queued() != self.queued {
            faults.push(format!(
                "queued are {:?}, not {:?}",
                stage.queued(),
                self.queued
            ));
        }
        let said = said(&stage, &ran);
        faults.extend((mode == Mode::Pipes).then(|| self.missing(&said)).flatten());
        if faults.is_empty() {
            return None;
        }
        let faults = faults.join("; ");
        let said = shortened(&said);
        Some(format!("{} ({mode:?}): {faults}\n{said}", self.name))
    }

    /// What is wrong about what was said.
    fn missing(&self, said: &str) -> Option<String> {
        let fine = match self.says {
            NOTHING => said.is_empty(),
            says => said.contains(says),
        };
        (!fine).then(|| match self.says {
            NOTHING => "it says something".to_owned(),
            says => format!("does not say `{says}`"),
        })
    }
}

fn beside_the_queue(stage: &Stage) -> BTreeMap<PathBuf, String> {
    let own = ["queue", "state/gcroots/auto"].map(|dir| stage.path(dir));
    tree(stage.root(), &own)
}

fn said(stage: &Stage, ran: &Ran) -> String {
    let all = [ran.stdout.as_slice(), &ran.stderr].concat();
    let root = stage.root().to_str().unwrap();
    String::from_utf8_lossy(&all).replace(root, "ROOT")
}

fn shortened(text: &str) -> String {
    let start: String = text.chars().take(1000).collect();
    start
        .lines()
        .map(|line| format!("    {line:?}\n"))
        .collect()
}

/// What no input may bring about.
fn harm(ran: &Ran, mode: Mode) -> Vec<String> {
    let mut faults = Vec::new();
    if ran.hung {
        faults.push("it hangs".to_owned());
    }
    for bytes in [&ran.stdout, &ran.stderr] {
        match std::str::from_utf8(bytes) {
            Err(_) => faults.push("what it prints is not UTF-8".to_owned()),
            Ok(text) => faults.extend(unescaped(text, mode)),
        }
        for word in [
            "planted-secret",
            "panicked",
            "has a fault",
            "fault of the program",
            "overflow",
        ] {
            if String::from_utf8_lossy(bytes).contains(word) {
                faults.push(format!("`{word}`"));
            }
        }
        if bytes.len() > 1024 * 1024 {
            faults.push(format!("it prints {} bytes", bytes.len()));
        }
    }
    faults.extend(not_json(ran, mode));
    if matches!(ran.code, Some(70 | 101)) {
        faults.push("the program has a fault".to_owned());
    }
    faults
}

/// Control characters, and those that turn the direction of writing. On a terminal colours are
/// fine: what is hostile here never uses them.
fn unescaped(text: &str, mode: Mode) -> Option<String> {
    let plain = match mode {
        Mode::Terminal => without_colours(&without_bars(text)).replace("\r\n", "\n"),
        _ => text.to_owned(),
    };
    let harmful = |c: &char| {
        // Bidi_Control in Unicode's PropList.txt, all of it.
        let turns = matches!(c, '\u{61c}' | '\u{200e}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
        turns || c.is_control() && !matches!(c, '\n' | '\t')
    };
    let found = plain.chars().find(harmful)?;
    Some(format!("{found:?} is printed as it is"))
}

/// How the bars of a push go away (`progress/screen.rs`), and what they are drawn between: what they say
/// stays, to be looked at as well.
fn without_bars(text: &str) -> String {
    const CLEAR: &str = "\r\x1b[K\x1b7\x1b[B\x1b[J\x1b8";
    let text = text.replace(CLEAR, "");
    let mut parts = text.split("\r\x1b[?7l");
    let mut plain = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (rows, behind) = part.split_once("\x1b[?7h").unwrap_or((part, ""));
        plain.push_str(&rows.replace("\x1b[K", "").replace("\x1b[J", ""));
        let back = behind
            .split_once('\r')
            .map(|(up, rest)| (up.trim_start_matches("\x1b["), rest));
        match back {
            Some((up, rest)) if up.trim_end_matches('A').chars().all(|c| c.is_ascii_digit()) => {
                plain.push_str(rest);
            }
            _ => plain.push_str(behind),
        }
    }
    plain
}

fn without_colours(text: &str) -> String {
    let mut parts = text.split("\x1b[");
    let mut plain = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let digits = part.trim_start_matches(|c: char| c.is_ascii_digit() || c == ';');
        match digits.strip_prefix('m') {
            Some(rest) => plain.push_str(rest),
            None => plain.extend(["\x1b[", part]),
        }
    }
    plain
}

fn not_json(ran: &Ran, mode: Mode) -> Option<String> {
    let is_json = |bytes: &[u8]| serde_json::from_slice::<serde_json::Value>(bytes).is_ok();
    let mut messages = ran.stderr.split(|byte| *byte == b'\n');
    let fine = match mode {
        Mode::Pipes | Mode::Terminal => true,
        // What is wrong with the command line itself is said before it is known.
        Mode::Json if ran.code == Some(2) => true,
        // Nor is known how messages are to be written, when just that cannot be read.
        Mode::Json if is_about_messages(&ran.stderr) => true,
        Mode::Json => messages.all(|line| line.is_empty() || is_json(line)),
    };
    (!fine).then(|| "what it prints is no JSON".to_owned())
}

fn is_about_messages(stderr: &[u8]) -> bool {
    stderr.starts_with(b"error: variable NIX_POST_BUILD_PUSH_LOG")
}

/// Runs each case in each way, and tells of all that fail at once.
#[track_caller]
pub fn run_all(door: &str, cases: &[Case]) {
    let mut faults = Vec::new();
    for case in cases {
        faults.extend(case.modes().iter().filter_map(|mode| case.faults(*mode)));
    }
    assert!(faults.is_empty(), "{door}:\n{}", faults.join("\n"));
    let what = format!("hostile input through {door}");
    figures::quoted(&what, cases.len(), "cases");
}

//! Any input for every parser of this crate.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;

use ::fuzz::{bytes_like, fuzz, text, text_like};
use nix_post_build_push_config::redact_uris;
use proptest::collection::vec;
use proptest::prelude::*;
use queue_core::{StoreDir, StorePath};

use crate::args::{OwnOptions, Split};
use crate::commands::{Line, read_paths};
use crate::completion::answer_to_anything;
use crate::logging::parse_filter;
use crate::patterns::Pattern;
use crate::terminal::{Escaped, escaped_json, has_harm};
use crate::{doctor, hook_variables};

const PATHS: &[u8] =
    b"/s/v3ygr25lms4hdmxwa8h14sjv6km1l8cz-a /s/v3ygr25lms4hdmxwa8h14sjv6km1l8cz-b.drv";

fn store() -> StoreDir {
    StoreDir::new("/s").unwrap()
}

#[test]
fn any_hook_variables() {
    let drv = &PATHS[PATHS.len() - 43..];
    let file: &[u8] = br#"Derive([("out","/s/v3ygr25lms4hdmxwa8h14sjv6km1l8cz-a","","")],["#;
    let input = (
        bytes_like(&[PATHS, b""]),
        bytes_like(&[drv]),
        bytes_like(&[file]),
    );
    fuzz("hook variables", input, |(out, drv, file)| {
        let (out, drv) = (OsStr::from_bytes(&out), OsStr::from_bytes(&drv));
        let built = hook_variables::read(Some(out), Some(drv), &store(), |_| Ok(file.to_vec()));
        for path in built.outputs.iter().chain(&built.derivation) {
            prop_assert!(!path.base_name().contains(['/', '\n', ' ']));
        }
        Ok(())
    });
}

#[test]
fn any_lines_of_standard_input() {
    let input = (
        bytes_like(&[b"/s/a\n\n/s/b\r\n/s/c", b"a\0b\0"]),
        prop_oneof![Just(0), Just(b'\n')],
    );
    fuzz("lines of standard input", input, |(input, end)| {
        let mut lines = Vec::new();
        read_paths(&*input, end, |line| lines.push(line)).unwrap();
        let wanted = input
            .split(|byte| *byte == end)
            .filter(|line| !line.is_empty());
        let wanted: Vec<_> = wanted.map(|line| Line::Path(line.to_vec())).collect();
        prop_assert_eq!(lines, wanted);
        Ok(())
    });
}

#[test]
fn any_pattern() {
    let path: StorePath = "v3ygr25lms4hdmxwa8h14sjv6km1l8cz-hello-2.12"
        .parse()
        .unwrap();
    let texts = prop_oneof![
        4 => text_like(&["*-hello-*", "/s/*{hello,bye}*", "*.1[23]", "v3yg?[!a-z]*"]),
        1 => text(),
        1 => (0..400usize).prop_map(|depth| "{".repeat(depth) + "a" + &"}".repeat(depth)),
    ];
    fuzz("pattern", texts, |text| {
        if let Ok(pattern) = Pattern::parse(&text, "/nowhere".into(), &store()) {
            let _ = pattern.fits(&path);
        }
        Ok(())
    });
}

#[test]
fn any_arguments() {
    let own = OwnOptions::of(&crate::cli::command());
    let argument = prop_oneof![
        text_like(&["--queue=a", "-vqn", "--option", "push", "--timeout", "-0"]),
        Just("--".to_owned()),
        text(),
    ];
    fuzz("arguments", vec(argument, 0..8), |arguments| {
        let split = Split::new(arguments.clone(), &own);
        let parts = [split.words, split.options, split.nix].concat();
        let behind = split.paths.iter().flatten().cloned();
        let dashes = split.paths.iter().map(|_| "--".to_owned());
        let mut after: Vec<_> = parts.into_iter().chain(dashes).chain(behind).collect();
        let mut before = arguments;
        before.sort();
        after.sort();
        prop_assert_eq!(before, after);
        Ok(())
    });
}

#[test]
fn any_printed_text() {
    fuzz("printed text", text(), |text| {
        prop_assert!(!has_harm(&Escaped(&text).to_string()));
        let json = escaped_json(&serde_json::to_string(&text).unwrap());
        prop_assert!(!has_harm(&json), "{json}");
        let shown = redact_uris(&text);
        prop_assert_eq!(serde_json::from_str::<String>(&json).unwrap(), shown);
        Ok(())
    });
}

#[test]
fn any_filter_of_messages() {
    let filters = prop_oneof![
        4 => text_like(&["debug", "nix_copy=trace,info", "queue_core[push{name=\"a\"}]=off"]),
        1 => text(),
        1 => (0..400usize).prop_map(|depth| "[{".repeat(depth)),
    ];
    fuzz("filter of messages", filters, |filter| {
        if let Err(error) = parse_filter(&filter) {
            prop_assert!(!error.to_string().is_empty());
        }
        Ok(())
    });
}

#[test]
fn any_line_to_complete() {
    let lines = prop_oneof![
        4 => text_like(&["x --queue=ma\nx\n--queue\n=\nma", "x\n'a b\n\"c", "x\ndrop\n"]),
        1 => text(),
    ];
    fuzz("line to complete", lines, |line| {
        answer_to_anything(&line);
        Ok(())
    });
}

#[test]
fn any_includes_of_nix_conf() {
    let sample = "include a.conf\n!include /b # c\ncores = 1\n";
    fuzz("includes of nix.conf", text_like(&[sample]), |text| {
        for file in doctor::includes(&text) {
            prop_assert!(!file.as_bytes().contains(&b'\n') && !file.is_empty());
        }
        Ok(())
    });
}

#[test]
fn any_words_of_a_script() {
    let sample = "#!/bin/sh\nset -e\n\"/a/b\"; exec /c \"$@\" # /d\n";
    fuzz("words of a script", text_like(&[sample]), |text| {
        for word in doctor::words(&text) {
            prop_assert!(!word.is_empty() && !word.contains([' ', '\n']));
        }
        Ok(())
    });
}

#[test]
fn any_answers_of_systemd() {
    let samples = [
        "User=a\nEnvironment=X=1 \"Y=2 3\"\n\nUser=\n",
        "{ path=/nix-post-build-push ; argv[]=/p --config-file /c push --queue=q ; ignore_errors=no }",
        "1d 2h 3min 4.005s",
        "-i /k -o IdentityFile=/l -F none",
    ];
    fuzz("answers of systemd", text_like(&samples), |text| {
        let names = doctor::blocks(&text).into_iter().flatten();
        prop_assert!(names.into_iter().all(|(name, _)| !name.contains('=')));
        if let Some(doctor::Started::Push { settings, .. }) = doctor::Started::of(&text) {
            prop_assert!(settings.iter().all(|setting| setting.starts_with("--")));
        }
        prop_assert!(
            doctor::settings(&text)
                .iter()
                .all(|name| !name.contains('='))
        );
        prop_assert!(
            doctor::of_ssh(&text)
                .iter()
                .all(|file| file.starts_with('/'))
        );
        let loaded = doctor::loaded(&text, "p@q.service");
        prop_assert!(loaded.iter().all(|one| !one.is_empty()));
        let _ = doctor::span(&text);
        Ok(())
    });
}

#[test]
fn any_findings_of_a_doctor() {
    let sample = r#"[{"group":"nix","check":"hook","queue":null,"verdict":"fault","id":"hook-not-set","text":"x","causes":[],"fix":null}]"#;
    fuzz("findings of a doctor", text_like(&[sample]), |text| {
        let rows: Vec<doctor::FindingJson> = serde_json::from_str(&text).unwrap_or_default();
        for finding in rows.into_iter().filter_map(doctor::FindingJson::finding) {
            let known = finding
                .kind
                .is_none_or(|kind| kind.verdict() == finding.verdict());
            prop_assert!(known);
        }
        Ok(())
    });
}

#[test]
fn any_line_of_the_user_database() {
    let sample = "alice:x:1000:1000::/home/alice:/bin/sh\n";
    fuzz("user database", text_like(&[sample]), |text| {
        let home = doctor::parse_account(&text).map(|account| account.home);
        prop_assert!(home.is_none_or(|home| text.contains(&home) && !home.contains(':')));
        Ok(())
    });
}

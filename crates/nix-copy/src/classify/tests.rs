use std::fs;
use std::path::PathBuf;

use super::*;

const VERSIONS: [&str; 3] = ["2.8.0", "2.26.3", "2.34.8"];

/// What each recorded failure means, the same for every version.
const CASES: &[(&str, UploadErrorKind)] = &[
    ("bad-option-value", Local),
    ("damaged-chroot", Paths),
    ("damaged-sshng", Paths),
    ("fifo", Paths),
    ("fifo-sshng", Paths),
    ("http-401", Unavailable),
    ("http-403", Unavailable),
    ("http-500", Unavailable),
    ("http-info403", Refused),
    // One narinfo cannot be read: perhaps only this one.
    ("http-info500", Unclear),
    ("http-put-cut", Refused),
    ("http-put403", Refused),
    ("http-put500", Refused),
    ("http-refused", Unavailable),
    ("http-unknown-ca", Unavailable),
    ("http-unknown-host", Unavailable),
    ("http-wrong-name", Unavailable),
    ("interrupted", Unclear),
    ("invalid-path", Paths),
    ("missing-on-disk", Paths),
    ("missing-on-disk-sshng", Paths),
    ("no-space", Refused),
    ("no-space-chroot", Refused),
    ("no-space-tmp", Refused),
    ("other-prefix", Unavailable),
    ("reference-missing", Paths),
    ("ssh-cut", Refused),
    ("ssh-old-refused", Unavailable),
    ("ssh-refused", Unavailable),
    ("ssh-unknown-host", Unavailable),
    ("unknown-flag", Local),
    ("unknown-scheme", Unavailable),
    ("unreadable-source", Paths),
    ("unsearchable-file", Unavailable),
    ("unsigned-chroot", Paths),
    ("unsigned-sshng", Paths),
    ("unwritable-chroot", Unavailable),
    ("unwritable-file", Unavailable),
];

fn samples(version: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("tests/samples")
        .join(version)
}

fn judge(text: &[u8], status: i32) -> Classified {
    let mut log = Log::default();
    log.feed(text, &mut |_| {});
    log.finish();
    let store = StoreDir::new("/nix/store").unwrap();
    classify("nix", &log, ExitStatus::from_raw(status), &store)
}

fn sample(version: &str, case: &str) -> Classified {
    let text = fs::read(samples(version).join(format!("{case}.txt"))).unwrap();
    judge(&text, 1 << 8)
}

#[test]
fn every_recorded_failure_is_blamed_on_the_right_one() {
    for version in VERSIONS {
        for &(case, kind) in CASES {
            // It hung, and said this when it was ended. What ended it counts, not what it said.
            if (version, case) == ("2.8.0", "http-put500") {
                continue;
            }
            let found = sample(version, case);
            assert_eq!(found.kind, kind, "{version} {case}: {}", found.message);
        }
    }
}

#[test]
fn every_recorded_failure_has_a_case_and_the_reverse() {
    for version in VERSIONS {
        let names = fs::read_dir(samples(version))
            .unwrap()
            .map(|entry| entry.unwrap().file_name());
        let mut found: Vec<String> = names
            .filter_map(|name| Some(name.to_str()?.strip_suffix(".txt")?.to_owned()))
            .filter(|name| !name.starts_with("verify-") && !name.starts_with("copy-"))
            .collect();
        found.sort();
        let known: Vec<&str> = CASES.iter().map(|(case, _)| *case).collect();
        assert_eq!(found, known, "{version}");
    }
}

#[test]
fn every_message_is_one_short_line() {
    for version in VERSIONS {
        for (case, _) in CASES {
            let message = sample(version, case).message;
            assert!(
                !message.contains(char::is_control),
                "{version} {case}: {message}"
            );
            assert!(
                (1..700).contains(&message.len()),
                "{version} {case}: {message}"
            );
            let own = message.replace("(curl error: ", "");
            assert!(!own.contains("error:"), "{version} {case}: {message}");
        }
    }
}

#[test]
fn messages_say_what_failed() {
    let message = |version, case| sample(version, case).message;
    assert_eq!(
        message("2.34.8", "http-put403"),
        "unable to upload 'http://cache.example.org/put403/nar/0h8qzczja4vykyqhgd2ind2ys0xrd33s24vkrvxrpwr5bgqffcra.nar.xz': HTTP error 403 response body: no"
    );
    assert_eq!(
        message("2.26.3", "ssh-refused"),
        "failed to start SSH connection to '127.0.0.1' (ssh: connect to host 127.0.0.1 port 22: Connection refused)"
    );
    assert_eq!(
        message("2.8.0", "ssh-unknown-host"),
        "cannot open connection to remote store 'ssh-ng://no-such-host.invalid': unexpected end-of-file (ssh: Could not resolve hostname no-such-host.invalid: Name or service not known)"
    );
    assert_eq!(
        message("2.26.3", "no-space"),
        "writing to file: No space left on device"
    );
    assert_eq!(
        message("2.8.0", "unknown-flag"),
        "unrecognised flag '--no-such-flag'"
    );
}

#[test]
fn a_missing_reference_has_a_hint() {
    for version in VERSIONS {
        assert_eq!(
            sample(version, "reference-missing").hint,
            Some(REFERENCES_HINT)
        );
    }
}

/// It is the server's answer that tells, not that it was about `nix-cache-info`.
#[test]
fn what_a_user_can_do_about_a_destination_is_said() {
    let hint = |version, case| sample(version, case).hint;
    for version in VERSIONS {
        assert_eq!(hint(version, "http-unknown-ca"), CERTIFICATE_HINT);
        assert_eq!(hint(version, "http-wrong-name"), CERTIFICATE_HINT);
        assert_eq!(hint(version, "http-put403"), CREDENTIALS_HINT);
        assert_eq!(hint(version, "http-put-cut"), BROKEN_OFF_HINT);
        assert_eq!(hint(version, "ssh-cut"), BROKEN_OFF_HINT);
        // 2.8.0 takes both for a cache that is not there.
        let expected = match version {
            "2.8.0" => NO_CACHE_INFO_HINT,
            _ => CREDENTIALS_HINT,
        };
        assert_eq!(hint(version, "http-401"), expected);
        assert_eq!(hint(version, "http-403"), expected);
    }
}

/// What 2.26.3 says when a session of ssh is killed while Nix waits for the other side.
#[test]
fn a_connection_that_breaks_off_is_refused_whoever_notices() {
    let said = r#"Connection to 127.0.0.1 closed by remote host.
@nix {"action":"msg","level":0,"msg":"error (ignored): error: writing to file: Broken pipe"}
@nix {"action":"msg","level":0,"msg":"error: Nix daemon disconnected unexpectedly (maybe it crashed?)","raw_msg":"Nix daemon disconnected unexpectedly (maybe it crashed?)"}
"#;
    let cut = judge(said.as_bytes(), 256);
    assert_eq!((cut.kind, cut.hint), (Refused, DISCONNECTED_HINT));
}

#[test]
fn a_nix_that_is_too_old_is_told_from_an_option_that_it_does_not_know() {
    // 2.3.7 of Debian bullseye: `nix` and `nix-store`.
    for words in ["unrecognised", "unknown"] {
        let said = format!("error: {words} flag '--log-format'\nTry 'nix --help'.\n");
        let old = judge(said.as_bytes(), 256);
        assert_eq!((old.kind, old.hint), (Local, TOO_OLD_HINT));
    }
    let other = judge(b"error: unrecognised flag '--no-such'\n", 256);
    assert_eq!(other.hint, OPTIONS_HINT);
}

#[test]
fn a_signal_is_some_paths_fault_or_that_of_all() {
    let killed = judge(b"error: path '/nix/store/x' is not valid\n", 9);
    assert_eq!((killed.kind, killed.hint), (Refused, Some(MEMORY_HINT)));
    assert_eq!(killed.message, "nix was killed by signal 9");
    assert_eq!(judge(b"", 15).hint, None);
}

#[test]
fn a_crash_is_called_one() {
    for (signal, name) in CRASHES {
        // With a core dump or without.
        for status in [*signal, *signal | 0x80] {
            let crash = judge(b"error: HTTP error 401\n", status);
            assert_eq!((crash.kind, crash.hint), (Refused, Some(CRASHED_HINT)));
            let message = format!("nix was killed by signal {signal} ({name})");
            assert_eq!(crash.message, message);
        }
    }
}

/// What 2.8.0 says without a home.
#[test]
fn an_exception_that_nobody_caught_is_told() {
    let said = b"terminate called after throwing an instance of 'nix::Error'\n  \
        what():  error: cannot determine user's home directory\n";
    let crash = judge(said, 6);
    assert_eq!((crash.kind, crash.hint), (Refused, None));
    assert_eq!(
        crash.message,
        "nix was killed by signal 6 (SIGABRT): error: cannot determine user's home directory"
    );
}

/// What 2.8.0 says (`NAR info file` all versions, `src/libstore/nar-info.cc`).
#[test]
fn what_a_server_answers_in_place_of_what_was_asked_for_has_a_hint() {
    let url = "http://cache.example.org";
    let nar = format!("{url}/nar/09kxyd68d2nylk7ims23pj3i09s4nnv9p3dv6iij1q9canv42w6d.nar.xz");
    for (said, kind, hint) in [
        (
            format!("unable to upload '{nar}': HTTP error 413 ('Request Entity Too Large')"),
            Paths,
            LARGE_HINT,
        ),
        (
            format!("unable to upload '{nar}': HTTP error 302 ('Found')"),
            Refused,
            REDIRECTED_HINT,
        ),
        (
            format!(
                "unable to download '{url}/nix-cache-info': HTTP error 302 ('Found') (curl error: Number of redirects hit maximum amount)"
            ),
            Unavailable,
            REDIRECTED_HINT,
        ),
        (
            "NAR info file 'xffz3dhdkilxmxdmbkfp1pzg0z09sb06.narinfo' is corrupt".to_owned(),
            Unclear,
            NO_NARINFO_HINT,
        ),
    ] {
        let line = format!(
            "@nix {}\n",
            serde_json::json!({"action": "msg", "level": 0, "msg": format!("error: {said}")})
        );
        let found = judge(line.as_bytes(), 1 << 8);
        assert_eq!((found.kind, found.hint), (kind, hint), "{said}");
    }
}

#[test]
fn silence_and_the_unknown_are_unclear() {
    assert_eq!(
        judge(b"", 1 << 8).message,
        "nix failed without a word (exit status: 1)"
    );
    assert_eq!(judge(b"error: something new", 1 << 8).kind, Unclear);
}

#[test]
fn a_file_of_the_store_is_not_one_of_the_destination() {
    let source = b"error: opening file '/nix/store/x-y/f': Permission denied\n";
    let chroot = b"error: opening file '/mnt/nix/store/x-y/f': Permission denied\n";
    assert_eq!(judge(source, 1 << 8).kind, Paths);
    assert_eq!(judge(chroot, 1 << 8).kind, Unavailable);
}

#[test]
fn words_of_a_server_are_not_words_of_nix() {
    let text = br#"@nix {"action":"msg","level":0,"msg":"error: unable to upload 'http://x': HTTP error 400\n\nresponse body:\n\nhash mismatch importing path 'x'"}"#;
    assert_eq!(judge(text, 1 << 8).kind, Refused);
}

#[test]
fn what_the_other_side_says_of_itself_is_not_about_this_machine() {
    let text = b"error: cannot connect to socket at '/nix/var/nix/daemon-socket/socket': Connection refused\n@nix {\"action\":\"msg\",\"level\":0,\"msg\":\"error: cannot open connection to remote store 'ssh-ng://h': error: unexpected end-of-file\"}\n";
    assert_eq!(judge(text, 1 << 8).kind, Unavailable);
}

#[test]
fn a_daemon_that_does_not_answer_is_this_machines_trouble() {
    let text = br#"@nix {"action":"msg","level":0,"msg":"error: cannot connect to socket at '/nix/var/nix/daemon-socket/socket': Connection refused"}"#;
    let found = judge(text, 1 << 8);
    assert_eq!((found.kind, found.hint), (Local, DAEMON_HINT));
}

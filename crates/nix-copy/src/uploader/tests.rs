use std::num::NonZeroUsize;

use super::*;
use crate::{Cancel, Destination, Exposure, fake};
use camino::{Utf8Path, Utf8PathBuf};

mod progress;
mod several;

const OUTPUT: &str = "00000000000000000000000000000001-output";
const SOURCE: &str = "00000000000000000000000000000002-source";
const FIRST: &str = "00000000000000000000000000000003-first.drv";
const LAST: &str = "00000000000000000000000000000004-last.drv";

/// Says of each path that the store lacks it.
const LACKS_ALL: &str = r#"for path; do
    case $path in /s/*) list="$list${list:+,}\"$path\":null" ;; esac
done
echo "{$list}""#;

fn temporary() -> (tempfile::TempDir, Utf8PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let path = Utf8PathBuf::from_path_buf(dir.path().to_owned()).unwrap();
    (dir, path)
}

fn uploader(nix: Nix, change: impl FnOnce(&mut UploadOptions)) -> NixUploader {
    let mut options = UploadOptions::new(Destination::new("https://cache"));
    change(&mut options);
    NixUploader::new(nix, options)
}

fn paths(names: &[&str]) -> Vec<StorePath> {
    names.iter().map(|name| name.parse().unwrap()).collect()
}

/// The calls that a script noted with `echo "$@" >> $0.calls`.
fn calls_of(dir: &Utf8Path, program: &str) -> Vec<String> {
    let noted = std::fs::read_to_string(dir.join(format!("{program}.calls"))).unwrap_or_default();
    noted.lines().map(str::to_owned).collect()
}

#[test]
fn no_two_probes_ask_for_the_same_path() {
    let (first, second) = (
        NixUploader::no_path().unwrap(),
        NixUploader::no_path().unwrap(),
    );
    assert_ne!(first, second);
}

#[test]
fn a_secret_is_exposed_where_it_cannot_go_to_the_environment_and_what_is_none_never_is() {
    let exposure = |uri: &str, nix_opts: &[&str]| {
        let destination = Destination::new(uri).with_redaction(|text| text.replace("pw", "***"));
        let mut options = UploadOptions::new(destination);
        options.nix_opts = nix_opts.iter().copied().map(str::to_owned).collect();
        options.exposure()
    };
    let store = ["--option", "store", "x"];
    assert_eq!(exposure("https://me:pw@h", &["--netrc-file", "/n"]), None);
    assert_eq!(exposure("https://me:p#pw@h", &[]), Some(Exposure::Comment));
    assert_eq!(exposure("https://me:pw@h", &store), Some(Exposure::Options));
    assert_eq!(
        exposure("https://me:#pw@h", &store),
        Some(Exposure::Options)
    );
    assert_eq!(exposure("https://h/#x", &store), None);
}

#[test]
fn an_answer_that_is_not_understood_is_an_answer() {
    let (_dir, dir) = temporary();
    let nix = fake::nix(&dir, &[("nix", r#"echo '{"a":{"new":"format"}}'"#)]);
    let uploader = uploader(nix, |_| {});
    assert_eq!(uploader.probe(), Ok(()));
    let error = uploader.missing(&paths(&[OUTPUT])).expect_err("unknown");
    assert_eq!(error.kind, UploadErrorKind::Local);
}

#[test]
fn what_is_no_text_is_the_fault_of_this_nix_alone() {
    let (_dir, dir) = temporary();
    let garbage = "printf '\\377\\n'";
    let nix = fake::nix(&dir, &[("nix", garbage), ("nix-store", garbage)]);
    for closure_type in [ClosureType::Binary, ClosureType::Source] {
        let uploader = uploader(nix.clone(), |options| options.closure_type = closure_type);
        let error = uploader.upload(&paths(&[OUTPUT])).expect_err("garbage");
        assert_eq!(error.kind, UploadErrorKind::Local, "{error}");
    }
}

#[test]
fn a_nix_that_crashes_says_nothing_about_the_destination() {
    let (_dir, dir) = temporary();
    for signal in ["ABRT", "SEGV", "BUS", "KILL"] {
        let crash = format!("kill -{signal} $$");
        let uploader = uploader(fake::nix(&dir, &[("nix", &crash)]), |_| {});
        let error = uploader.probe().expect_err("it died");
        assert_eq!(error.kind, UploadErrorKind::Local, "{error}");
        assert!(error.hint.is_some(), "{error}");
        // Of a copy it may be one path that does it.
        let error = uploader.upload(&paths(&[OUTPUT])).expect_err("it died");
        assert_eq!(error.kind, UploadErrorKind::Refused, "{error}");
    }
}

#[test]
fn a_nix_that_cannot_run_has_a_hint_about_where_it_comes_from() {
    let (_dir, dir) = temporary();
    let hint = |nix: Nix| uploader(nix, |_| {}).probe().expect_err("none").hint;
    let damaged = fake::nix(&dir, &[("nix", "exit 0")]);
    std::fs::write(dir.join("nix"), b"\x7fELF garbage").unwrap();
    assert!(
        hint(damaged)
            .unwrap()
            .contains("no program for this machine")
    );

    let store = || queue_core::StoreDir::new("/s").unwrap();
    let elsewhere = Nix::new(store(), Vec::new()).with_bin_dir("/nowhere");
    assert!(hint(elsewhere).unwrap().contains("`bin-dir`"));
    let nowhere = Nix::new(store(), vec![("PATH".into(), "/nowhere".into())]);
    assert!(hint(nowhere).unwrap().ends_with("in PATH?"));
}

/// What it says of a reference that the destination lacks.
const NO_REFERENCE: &str =
    "echo \"error: cannot add path '/s/x' because the reference '/s/y' is not valid\" >&2; exit 1";

#[test]
fn a_reference_that_is_not_there_has_a_hint_with_every_closure_type() {
    let (_dir, dir) = temporary();
    let nix = fake::nix(&dir, &[("nix", NO_REFERENCE)]);
    for (closure_type, expected) in [
        (ClosureType::Bare, REFERENCES_HINT),
        (ClosureType::Binary, LOST_REFERENCES_HINT),
    ] {
        let uploader = uploader(nix.clone(), |options| options.closure_type = closure_type);
        let error = uploader.upload(&paths(&[OUTPUT])).expect_err("lacking");
        assert_eq!(error.hint.as_deref(), Some(expected));
    }
}

/// Lets in only who brings a netrc file.
const NETRC: &str =
    "case \"$*\" in *' --netrc-file /n '*) ;; *) echo 'error: HTTP error 401' >&2; exit 1 ;; esac";

#[test]
fn a_question_is_let_in_like_a_copy() {
    let (_dir, dir) = temporary();
    let nix = fake::nix(&dir, &[("nix", &format!("{NETRC}\n{LACKS_ALL}"))]);
    let uploader = uploader(nix, |options| {
        options.nix_opts = ["--netrc-file", "/n"].map(str::to_owned).into();
    });
    assert_eq!(uploader.probe(), Ok(()));
    let both = paths(&[OUTPUT, FIRST]);
    assert_eq!(uploader.missing(&both), Ok(both));
}

#[test]
fn an_option_that_spoils_the_question_does_not_make_a_destination_dead() {
    let (_dir, dir) = temporary();
    let spoilt =
        "case \"$*\" in *nosuch*) echo 'error: getting status of /nosuch' >&2; exit 1 ;; esac";
    let nix = fake::nix(&dir, &[("nix", &format!("{spoilt}\n{LACKS_ALL}"))]);
    let uploader = uploader(nix, |options| {
        options.nix_opts = vec!["./nosuch".to_owned()];
    });
    assert_eq!(uploader.probe(), Ok(()));
}

#[test]
fn what_only_copying_knows_is_left_out_of_questions() {
    let (_dir, dir) = temporary();
    let refuse = r#"for word; do case $word in
    --no-recursive | --profile) echo "error: unrecognised flag '$word'" >&2; exit 1 ;;
esac; done"#;
    let script = format!("{refuse}\n{NETRC}\n{LACKS_ALL}");
    let nix = fake::nix(&dir, &[("nix", &script)]);
    let uploader = uploader(nix, |options| {
        let words = "--no-recursive --netrc-file /n --profile /p -v";
        options.nix_opts = words.split(' ').map(str::to_owned).collect();
    });
    assert_eq!(uploader.probe(), Ok(()));
    let both = paths(&[OUTPUT, FIRST]);
    assert_eq!(uploader.missing(&both), Ok(both));
}

#[test]
fn bare_references_go_first_whatever_their_kind() {
    let (_dir, dir) = temporary();
    // The output refers to one derivation, the other derivation to the source.
    let requisites = format!(
        "case \"$*\" in\n*{OUTPUT}*) printf '/s/%s\\n' {FIRST} {OUTPUT} {SOURCE} ;;\n\
         *) printf '/s/%s\\n' {FIRST} {SOURCE} {LAST} ;;\nesac"
    );
    let note = r#"for word; do case $word in /s/*) line="$line $word" ;; esac; done; echo "$line" >> $0.calls"#;
    let nix = fake::nix(&dir, &[("nix", note), ("nix-store", &requisites)]);
    let uploader = uploader(nix, |options| options.closure_type = ClosureType::Bare);
    let queued = paths(&[OUTPUT, LAST, SOURCE, FIRST]);
    assert_eq!(uploader.upload(&queued), Ok(Vec::new()));
    assert_eq!(
        calls_of(&dir, "nix"),
        [
            format!(" /s/{FIRST}"),
            format!(" /s/{OUTPUT} /s/{SOURCE}"),
            format!(" /s/{LAST}"),
        ]
    );
}

#[test]
fn closures_need_no_order_and_one_call_for_each_kind() {
    let (_dir, dir) = temporary();
    let nix = fake::nix(&dir, &[("nix", "echo >> $0.calls")]);
    let uploader = uploader(nix, |_| {});
    let queued = paths(&[OUTPUT, FIRST, SOURCE, LAST]);
    assert_eq!(uploader.upload(&queued), Ok(Vec::new()));
    assert_eq!(calls_of(&dir, "nix").len(), 2);
}

#[test]
fn options_do_not_show_their_secrets() {
    let mut options = UploadOptions::new(
        Destination::new("https://cache").with_redaction(|text| text.replace("t0ken", "***")),
    );
    options.nix_opts = ["--option", "access-tokens", "t0ken"]
        .map(str::to_owned)
        .into();
    assert!(!format!("{options:?}").contains("t0ken"));
}

/// Notes its arguments and its settings, and knows which store it works on.
const NOTES_SETTINGS: &str = r#"echo "$*" >> $0.calls; echo "$NIX_CONFIG" >> $0.settings
case "$*" in *show-config*) echo '{"store":{"value":"daemon"}}' ;; *path-info*) echo '{}' ;; esac"#;

#[test]
fn a_destination_with_a_secret_is_on_no_command_line() {
    let (_dir, dir) = temporary();
    let nix = fake::nix(&dir, &[("nix", NOTES_SETTINGS)]);
    let hidden = |options: &mut UploadOptions| {
        options.destination = Destination::new("https://me:hunter2@cache")
            .with_redaction(|text| text.replace("me:hunter2", "***"));
    };
    let uploader = uploader(nix.clone(), hidden);
    uploader.upload(&paths(&[OUTPUT])).unwrap();
    uploader.probe().unwrap();
    let calls = calls_of(&dir, "nix").join("\n");
    assert!(!calls.contains("hunter2") && !calls.contains("--to") && !calls.contains("--store"));
    assert!(calls.contains("--from daemon"), "{calls}");
    let settings = std::fs::read_to_string(dir.join("nix.settings")).unwrap();
    let uri = "store = https://me:hunter2@cache";
    assert_eq!(settings, format!("\n{uri}\n{uri}\n"));

    // An option wins over the environment: what is copied would go elsewhere.
    let with_store = |options: &mut UploadOptions| {
        hidden(options);
        options.nix_opts = ["--store", "/elsewhere"].map(str::to_owned).into();
    };
    self::uploader(nix, with_store)
        .upload(&paths(&[OUTPUT]))
        .unwrap();
    let last = calls_of(&dir, "nix").pop().unwrap();
    assert!(last.contains("--to https://me:hunter2@cache"), "{last}");
}

/// Copies without a word, and asked for a path it has none.
fn copies_to_nowhere(version: &str) -> String {
    format!(
        "case \"$*\" in\n\
         *--version*) echo version >> $0.calls; echo '{version}' ;;\n\
         *path-info*) echo question >> $0.calls\n{LACKS_ALL} ;;\n\
         *) echo copy >> $0.calls ;;\nesac"
    )
}

/// What became of a copy, and what was called.
fn copied(version: &str, destination: &str) -> (Result<(), UploadError>, Vec<String>) {
    let (_dir, dir) = temporary();
    let nix = fake::nix(&dir, &[("nix", &copies_to_nowhere(version))]);
    let uploader = uploader(nix, |options| {
        options.destination = Destination::new(destination);
    });
    let done = uploader.upload(&paths(&[OUTPUT, SOURCE])).map(drop);
    (done, calls_of(&dir, "nix"))
}

#[test]
fn a_nix_that_overlooks_the_end_of_a_connection_is_not_believed() {
    let (done, calls) = copied("nix (Nix) 2.8.0", "ssh-ng://host");
    let error = done.expect_err("it did not arrive");
    assert_eq!(error.kind, UploadErrorKind::Refused);
    assert_eq!(
        error.message,
        format!(
            "nix copy succeeded, but the destination lacks /s/{OUTPUT} and 1 more: \
             Nix before 2.25 may overlook that a connection ends"
        )
    );
    assert!(error.hint.unwrap().contains("broke off the connection"));
    assert_eq!(calls, ["copy", "version", "question"]);
}

#[test]
fn a_nix_that_notices_it_is_asked_for_its_version_alone() {
    let (done, calls) = copied("nix (Nix) 2.34.8", "ssh-ng://host");
    assert_eq!(done, Ok(()));
    assert_eq!(calls, ["copy", "version"]);
}

#[test]
fn a_copy_to_a_binary_cache_is_believed_without_a_question() {
    let (done, calls) = copied("nix (Nix) 2.8.0", "https://cache");
    assert_eq!((done, calls), (Ok(()), vec!["copy".to_owned()]));
}

use std::time::Duration;

use camino::{Utf8Path, Utf8PathBuf};

use super::*;
use crate::fake;

const A: &str = "00000000000000000000000000000001-a";
const B: &str = "00000000000000000000000000000002-b";
const C: &str = "00000000000000000000000000000003-c";
const LIB: &str = "00000000000000000000000000000000-lib";
const DRV: &str = "00000000000000000000000000000005-x.drv";

/// What Nix begins, so that something can come of it.
const BEGUN: &str = r#"echo '@nix {"action":"start","id":1,"text":"","type":106}' >&2"#;

/// As Nix does; files beside the script say what is modified, what unread.
const VERIFY: &str = r#"
echo "$@" >> $0.calls
echo '@nix {"action":"start","id":1,"text":"","type":106}' >&2
code=0
for path; do
    name=${path#/s/}
    if [ -e ${0%/*}/modified-$name ]; then
        echo "@nix {\"action\":\"result\",\"fields\":[\"$path\"],\"id\":1,\"type\":103}" >&2
        code=$((code | 1))
    elif [ -e ${0%/*}/unread-$name ]; then
        echo '@nix {"action":"msg","level":0,"msg":"error: file /f has an unsupported type"}' >&2
        code=$((code | 4))
    fi
done
exit $code"#;

/// All that was asked about is valid and refers to nothing.
const STORE: &str = r#"
echo "$@" >> $0.calls
case "$*" in
*--check-validity*) ;;
*) for path; do case $path in /s/*) echo $path ;; esac; done ;;
esac"#;

fn world() -> (tempfile::TempDir, Utf8PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let path = Utf8PathBuf::from_path_buf(dir.path().to_owned()).unwrap();
    (dir, path)
}

fn contents(dir: &Utf8Path, scope: ContentsScope, programs: &[(&str, &str)]) -> NixStoreContents {
    let timeouts = Timeouts::total(Duration::from_secs(60));
    NixStoreContents::new(
        fake::nix(dir, programs),
        ClosureType::Binary,
        scope,
        timeouts,
    )
}

fn standard(dir: &Utf8Path, scope: ContentsScope) -> NixStoreContents {
    contents(dir, scope, &[("nix", VERIFY), ("nix-store", STORE)])
}

fn paths(names: &[&str]) -> Vec<StorePath> {
    names.iter().map(|name| name.parse().unwrap()).collect()
}

fn mark(dir: &Utf8Path, what: &str, name: &str) {
    std::fs::write(dir.join(format!("{what}-{name}")), "").unwrap();
}

fn calls_of(dir: &Utf8Path, program: &str) -> Vec<String> {
    let noted = std::fs::read_to_string(dir.join(format!("{program}.calls"))).unwrap_or_default();
    noted.lines().map(str::to_owned).collect()
}

fn names(paths: &[StorePath]) -> Vec<String> {
    paths.iter().map(StorePath::to_string).collect()
}

fn entries(damaged: &[Damage]) -> Vec<String> {
    let entries: Vec<_> = damaged.iter().map(|damage| damage.entry.clone()).collect();
    names(&entries)
}

fn others(names: &[&str]) -> Others {
    paths(names).into_iter().collect()
}

#[test]
fn what_is_sound_costs_one_process() {
    let (_dir, dir) = world();
    let contents = standard(&dir, ContentsScope::Closure);
    assert_eq!(
        contents.damaged(&paths(&[A, B]), &Others::new()).unwrap(),
        []
    );
    let [call] = calls_of(&dir, "nix").try_into().unwrap();
    let wanted = format!("store verify --no-trust --recursive /s/{A} /s/{B}");
    assert!(call.ends_with(&wanted), "{call}");
    assert_eq!(calls_of(&dir, "nix-store"), [""; 0]);
}

#[test]
fn derivations_and_outputs_are_compared_by_calls_of_their_own() {
    let (_dir, dir) = world();
    let contents = standard(&dir, ContentsScope::Entries);
    mark(&dir, "modified", DRV);
    let damaged = contents.damaged(&paths(&[DRV, A]), &Others::new()).unwrap();
    assert_eq!(entries(&damaged), [DRV]);
    let calls = calls_of(&dir, "nix");
    assert!(calls[0].ends_with(&format!(" /s/{A}")), "{calls:?}");
    assert!(!calls[0].contains("--derivation") && calls[1].contains("--derivation"));
}

#[test]
fn a_modified_entry_is_named_with_the_way_to_repair_it() {
    let (_dir, dir) = world();
    let contents = standard(&dir, ContentsScope::Entries);
    mark(&dir, "modified", B);
    let damaged = contents
        .damaged(&paths(&[A, B, C]), &Others::new())
        .unwrap();
    assert_eq!(entries(&damaged), [B]);
    let error = &damaged[0].error;
    assert_eq!(error.kind, UploadErrorKind::Paths);
    assert_eq!(
        error.message,
        format!("/s/{B} differs from what was registered")
    );
    let repair = format!("`nix-store --repair-path /s/{B}`");
    assert!(error.hint.as_ref().unwrap().contains(&repair), "{error:?}");
}

#[test]
fn what_cannot_be_read_is_found_although_nix_does_not_say_which_it_is() {
    let (_dir, dir) = world();
    let contents = standard(&dir, ContentsScope::Entries);
    mark(&dir, "unread", C);
    mark(&dir, "modified", A);
    let damaged = contents
        .damaged(&paths(&[A, B, C]), &Others::new())
        .unwrap();
    assert_eq!(entries(&damaged), [A, C]);
    assert_eq!(
        damaged[1].error.message,
        format!("/s/{C} cannot be read: file /f has an unsupported type")
    );
}

#[test]
fn with_a_damaged_reference_every_entry_that_brings_it_along_is_named() {
    let (_dir, dir) = world();
    let modified = format!(
        "{BEGUN}; echo '@nix {{\"action\":\"result\",\"fields\":[\"/s/{LIB}\"],\"id\":1,\"type\":103}}' >&2; exit 1"
    );
    let referrers = format!("printf '/s/%s\\n' {LIB} {A} {C}");
    let programs = [("nix", &*modified), ("nix-store", &*referrers)];
    let contents = contents(&dir, ContentsScope::Closure, &programs);
    let damaged = contents
        .damaged(&paths(&[A, B, C]), &Others::new())
        .unwrap();
    assert_eq!(entries(&damaged), [A, C]);
    for damage in damaged {
        assert_eq!(names(&damage.objects), [LIB]);
        assert!(damage.error.message.starts_with(&format!("/s/{LIB} ")));
    }
}

#[test]
fn an_entry_that_is_damaged_takes_those_along_that_would_bring_it_whatever_was_compared() {
    let (_dir, dir) = world();
    let referrers = format!("printf '/s/%s\\n' {LIB} {A}");
    let programs = [("nix", VERIFY), ("nix-store", &*referrers)];
    let contents = contents(&dir, ContentsScope::Entries, &programs);
    mark(&dir, "modified", LIB);
    let damaged = contents
        .damaged(&paths(&[LIB, A, B]), &Others::new())
        .unwrap();
    assert_eq!(entries(&damaged), [LIB, A]);
    assert!(damaged.iter().all(|damage| names(&damage.objects) == [LIB]));
}

/// A store in which `A` refers to `LIB`, and nothing else to anything.
fn lib_and_a(dir: &Utf8Path, scope: ContentsScope) -> NixStoreContents {
    let store = format!(
        "echo \"$@\" >> $0.calls
        case \"$*\" in
        *--check-validity*) exit ;;
        *--referrers-closure*{LIB}) echo /s/{A} ;;
        *--requisites*{A}*) echo /s/{LIB} ;;
        esac
        for path; do case $path in /s/*) echo $path ;; esac; done"
    );
    contents(dir, scope, &[("nix", VERIFY), ("nix-store", &store)])
}

#[test]
fn what_is_known_as_damaged_holds_back_those_that_would_bring_it() {
    let (_dir, dir) = world();
    let contents = lib_and_a(&dir, ContentsScope::Entries);
    mark(&dir, "modified", LIB);
    let damaged = contents.damaged(&paths(&[A, B]), &others(&[LIB])).unwrap();
    assert_eq!(entries(&damaged), [A]);
    let told = &damaged[0].error.message;
    assert_eq!(*told, format!("/s/{LIB} differs from what was registered"));
    // It has to be known, else nobody looks.
    assert_eq!(
        contents.damaged(&paths(&[A, B]), &others(&[C])).unwrap(),
        []
    );
}

#[test]
fn with_sources_the_derivation_of_another_entry_is_compared_where_it_goes_along() {
    let (_dir, dir) = world();
    let top = "00000000000000000000000000000006-top.drv";
    // `A` was made by `DRV`, to which `top` refers.
    let store = format!(
        "case \"$*\" in
        *--check-validity*) for path; do case $path in *{C}) echo $path ;; esac; done; exit ;;
        *{C}*) echo 'error: not valid' >&2; exit 1 ;;
        *--deriver*) echo /s/{DRV} ;;
        *--referrers-closure*{DRV}) printf '/s/%s\\n' {DRV} {top} ;;
        *--requisites*{top}) printf '/s/%s\\n' {DRV} {top} ;;
        esac"
    );
    let contents = NixStoreContents {
        closure_type: ClosureType::Source,
        ..contents(
            &dir,
            ContentsScope::Entries,
            &[("nix", VERIFY), ("nix-store", &store)],
        )
    };
    assert_eq!(contents.damaged(&paths(&[top]), &others(&[A])).unwrap(), []);
    mark(&dir, "modified", DRV);
    // One that is not valid spoils no answer.
    for others in [others(&[A]), others(&[A, C])] {
        let damaged = contents.damaged(&paths(&[top]), &others).unwrap();
        assert_eq!(entries(&damaged), [top]);
        assert_eq!(names(&damaged[0].objects), [DRV]);
    }
}

#[test]
fn what_was_known_as_damaged_and_was_repaired_holds_back_nobody() {
    let (_dir, dir) = world();
    let contents = lib_and_a(&dir, ContentsScope::Entries);
    assert_eq!(
        contents.damaged(&paths(&[A, B]), &others(&[LIB])).unwrap(),
        []
    );
    let calls = calls_of(&dir, "nix");
    assert!(calls[0].contains(LIB), "it was compared anew: {calls:?}");
}

#[test]
fn what_is_known_as_damaged_and_goes_along_with_nobody_is_not_read_again() {
    let (_dir, dir) = world();
    let contents = lib_and_a(&dir, ContentsScope::Entries);
    mark(&dir, "unread", LIB);
    assert_eq!(contents.damaged(&paths(&[B]), &others(&[LIB])).unwrap(), []);
    let calls = calls_of(&dir, "nix");
    assert!(calls.len() == 1 && !calls[0].contains(LIB), "{calls:?}");
}

#[test]
fn whole_closures_are_compared_without_a_question_about_what_is_known() {
    let (_dir, dir) = world();
    let contents = lib_and_a(&dir, ContentsScope::Closure);
    assert_eq!(contents.damaged(&paths(&[A]), &others(&[LIB])).unwrap(), []);
    assert_eq!(calls_of(&dir, "nix-store"), [""; 0]);
}

#[test]
fn an_entry_that_is_damaged_itself_is_named_before_what_it_brings_along() {
    let (_dir, dir) = world();
    let contents = lib_and_a(&dir, ContentsScope::Entries);
    for name in [LIB, A] {
        mark(&dir, "modified", name);
    }
    let damaged = contents.damaged(&paths(&[LIB, A]), &Others::new()).unwrap();
    assert_eq!(names(&damaged[0].objects), [LIB]);
    assert_eq!(names(&damaged[1].objects), [A, LIB]);
}

#[test]
fn an_entry_that_is_not_valid_spoils_no_answer_and_is_no_damage() {
    let (_dir, dir) = world();
    let verify = format!(
        "case \"$*\" in *{B}*) echo '@nix {{\"action\":\"msg\",\"level\":0,\"msg\":\"error: not valid\"}}' >&2; exit 1;; esac\n{VERIFY}"
    );
    let store = format!("case \"$*\" in *--check-validity*) echo /s/{B}; exit ;; esac\n{STORE}");
    let programs = [("nix", &*verify), ("nix-store", &*store)];
    let contents = contents(&dir, ContentsScope::Closure, &programs);
    mark(&dir, "modified", C);
    let damaged = contents
        .damaged(&paths(&[A, B, C]), &Others::new())
        .unwrap();
    assert_eq!(entries(&damaged), [C]);
}

/// As 2.8.0 does where a derivation cannot be read.
const FAILS_WITH_DERIVATIONS: &str = r#"
case "$*" in *--derivation*)
    echo '@nix {"action":"msg","level":0,"msg":"error: error parsing derivation"}' >&2; exit 1 ;;
esac"#;

/// Objects of which something is known, as `nix-store --verify-path` tells it.
const VERIFY_PATH: &str = r#"
case "$*" in
*--verify-path*) code=0; for path; do
    [ -e ${0%/*}/modified-${path#/s/} ] && code=1 &&
        echo "@nix {\"action\":\"msg\",\"level\":0,\"msg\":\"path '$path' was modified! expected\"}" >&2
    [ -e ${0%/*}/unread-${path#/s/} ] && code=1 &&
        echo '@nix {"action":"msg","level":0,"msg":"error: no such file"}' >&2
    done; exit $code ;;
*--check-validity*) ;;
*) for path; do case $path in /s/*) echo $path ;; esac; done ;;
esac"#;

#[test]
fn a_derivation_that_makes_the_whole_call_fail_is_found_by_other_means() {
    let (_dir, dir) = world();
    let nix = format!("{FAILS_WITH_DERIVATIONS}\n{VERIFY}");
    let programs = [("nix", &*nix), ("nix-store", VERIFY_PATH)];
    let contents = contents(&dir, ContentsScope::Entries, &programs);
    let other = "00000000000000000000000000000006-y.drv";
    let all = paths(&[A, DRV, other, "00000000000000000000000000000007-z.drv"]);
    assert_eq!(contents.damaged(&all, &Others::new()).unwrap(), []);
    mark(&dir, "modified", DRV);
    mark(&dir, "unread", other);
    let damaged = contents.damaged(&all, &Others::new()).unwrap();
    let told: Vec<_> = damaged.iter().map(|damage| &damage.error.message).collect();
    assert_eq!(
        told,
        [
            &format!("/s/{DRV} differs from what was registered"),
            &format!("/s/{other} cannot be read: no such file")
        ]
    );
}

#[test]
fn a_comparison_that_fails_says_nothing_about_any_entry() {
    for (script, told) in [
        (
            "echo '@nix {\"action\":\"msg\",\"level\":0,\"msg\":\"error: no database\"}' >&2; exit 1",
            "no database",
        ),
        ("exit 1", "nix failed without a word"),
        ("kill -9 $$", "killed by signal 9"),
        (
            "echo '@nix {\"action\":\"msg\",\"level\":0,\"msg\":\"error: opening /f: Too many open files\"}' >&2; exit 4",
            "Too many open files",
        ),
    ] {
        let (_dir, dir) = world();
        let programs = [("nix", script), ("nix-store", STORE)];
        let contents = contents(&dir, ContentsScope::Closure, &programs);
        let answer = contents.damaged(&paths(&[A, B]), &Others::new());
        let error = answer.expect_err(script).chain();
        assert!(error.contains(told), "{script}: {error}");
    }
}

#[test]
fn a_comparison_has_the_time_of_its_timeouts() {
    let (_dir, dir) = world();
    let programs = [("nix", "exec sleep 60"), ("nix-store", STORE)];
    let timeouts = Timeouts::total(Duration::from_millis(100));
    let contents = NixStoreContents {
        timeouts,
        ..contents(&dir, ContentsScope::Entries, &programs)
    };
    let error = contents
        .damaged(&paths(&[A]), &Others::new())
        .expect_err("no time")
        .chain();
    assert!(error.contains("after the timeout of 0.1 s"), "{error}");
}

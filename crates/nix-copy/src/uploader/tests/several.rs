//! Several copies at once.

use super::*;

/// Eight paths that know nothing of each other, in copies of two.
fn eight() -> Vec<StorePath> {
    let path = |i| format!("{i:032}-x").parse().unwrap();
    (0..8).map(path).collect()
}

/// Knows the closure of what it is asked for, and copies as the script says: `$*` are the paths
/// among other words.
fn copies(dir: &Utf8Path, script: &str) -> Nix {
    copies_and_answers(dir, "", script)
}

/// The same, with what it does when a destination is asked for something.
fn copies_and_answers(dir: &Utf8Path, answer: &str, script: &str) -> Nix {
    let answer = format!("case \"$*\" in *--store*) true; {answer} ;; esac");
    let closure = r#"case "$*" in *path-info*) for path; do
    case $path in /s/*) list="$list${list:+,}{\"path\":\"$path\",\"narSize\":1,\"references\":[]}" ;; esac
done
echo "[$list]"; exit ;; esac"#;
    let script = format!("{answer}\n{closure}\necho copy >> $0.calls\n{script}");
    fake::nix(dir, &[("nix", &script)])
}

fn four_jobs(nix: Nix) -> NixUploader {
    uploader(nix, |options| {
        options.jobs = NonZeroUsize::new(4).unwrap();
        options.timeouts.grace = Duration::from_millis(100);
    })
}

#[test]
fn several_copies_share_the_paths() {
    let (_dir, dir) = temporary();
    let uploader = four_jobs(copies(&dir, ""));
    assert_eq!(uploader.upload(&eight()), Ok(Vec::new()));
    assert_eq!(calls_of(&dir, "nix"), ["copy"; 4]);
}

#[test]
fn a_copy_that_fails_ends_those_that_would_take_long() {
    let (_dir, dir) = temporary();
    let script = r#"case "$*" in
*00000-x*) echo "error: path '/s/00000000000000000000000000000000-x' is bad" >&2; exit 1 ;;
*) exec sleep 1000 ;;
esac"#;
    let error = four_jobs(copies(&dir, script)).upload(&eight());
    let error = error.expect_err("one is bad");
    assert!(error.message.contains("is bad"), "{error}");
    // One that was told to stop before it noted anything did not run at all; one more tried.
    assert!(calls_of(&dir, "nix").len() <= 5);
}

/// Says this, and no, where there is less than all.
fn all_or(error: &str) -> String {
    format!(
        "case \"$*\" in\n\
         *00000-x*00001-x*00002-x*00003-x*00004-x*00005-x*00006-x*00007-x*) ;;\n\
         *) echo \"{error}\" >&2; exit 1 ;;\nesac"
    )
}

/// How it goes with a destination that answers so, and how many copies that took.
fn to(uri: &str, answer: &str, script: &str) -> (Result<(), UploadErrorKind>, usize) {
    let (_dir, dir) = temporary();
    let mut uploader = four_jobs(copies_and_answers(&dir, answer, script));
    uploader.options.destination = Destination::new(uri);
    let uploaded = uploader.upload(&eight());
    let uploaded = uploaded.map(drop).map_err(|error| error.kind);
    (uploaded, calls_of(&dir, "nix").len())
}

#[test]
fn where_several_fail_one_tries_if_it_may_be_for_their_number() {
    const BUSY: &str = "error: the store is busy";
    const GONE: &str = "ssh: connect to host h port 22: Connection refused";
    const FULL: &str = "error: unable to upload 'x': HTTP error 502";
    const MANY: &str = "error: unable to download 'x': HTTP error 503";
    const DEAD: &str = "error: unable to download 'x': Could not connect to server";
    let cases = [
        ("ssh://h", BUSY, true),
        ("/chroot", BUSY, true),
        ("ssh://h", GONE, true),
        ("https://cache", FULL, true),
        ("https://cache", MANY, true),
        ("https://cache", DEAD, false),
        ("ssh://h", "error: path '/s/x' is not valid", false),
    ];
    for (uri, error, one_tries) in cases {
        let (uploaded, calls) = to(uri, "", &all_or(error));
        assert_eq!(uploaded.is_ok(), one_tries, "{uri} {error}: {uploaded:?}");
        assert!(calls <= 5, "{uri} {error}: {calls}");
    }
}

#[test]
fn what_was_found_out_about_their_number_is_kept() {
    let uploads = |script: &str| {
        let (_dir, dir) = temporary();
        let mut uploader = four_jobs(copies(&dir, script));
        uploader.options.timeouts.grace = Duration::ZERO;
        let first = uploader.upload(&eight()).is_ok();
        let before = calls_of(&dir, "nix").len();
        assert_eq!(uploader.upload(&eight()).is_ok(), first);
        (first, calls_of(&dir, "nix").len() - before)
    };
    // One goes alone from now on.
    assert_eq!(uploads(&all_or("error: busy")), (true, 1));
    // One is not tried again.
    let (uploaded, calls) = uploads("sleep 0.1; echo error: broken >&2; exit 1");
    assert!(!uploaded && calls <= 4, "{calls}");
}

#[test]
fn a_store_is_asked_for_one_path_before_several_copies_go_there() {
    let dead = "echo 'ssh: connect to host h port 22: no' >&2; exit 1";
    let unavailable = Err(UploadErrorKind::Unavailable);
    assert_eq!(to("ssh://h", dead, ""), (unavailable, 0));
    assert_eq!(to("https://cache", dead, ""), (Ok(()), 4));
    assert_eq!(to("ssh://h", "echo nonsense; exit", ""), (Ok(()), 1));
}

#[test]
fn a_store_that_has_taken_something_is_not_asked() {
    let (_dir, dir) = temporary();
    let mut uploader = four_jobs(copies_and_answers(&dir, "echo asked >> $0.calls", ""));
    uploader.options.destination = Destination::new("ssh://h");
    for paths in [&eight()[..1], &eight()] {
        assert_eq!(uploader.upload(paths), Ok(Vec::new()));
    }
    assert_eq!(calls_of(&dir, "nix"), ["copy"; 5]);
}

#[test]
fn a_store_is_asked_once() {
    let (_dir, dir) = temporary();
    let mut uploader = four_jobs(copies_and_answers(&dir, "echo asked >> $0.calls", ""));
    uploader.options.destination = Destination::new("ssh://h");
    for _ in 0..3 {
        assert_eq!(uploader.upload(&eight()), Ok(Vec::new()));
    }
    let calls = calls_of(&dir, "nix");
    let asked = calls.iter().filter(|call| *call == "asked").count();
    assert_eq!((asked, calls.len()), (1, 13));
}

#[test]
fn who_asks_to_stop_ends_all_copies() {
    let (_dir, dir) = temporary();
    let (read, write) = std::io::pipe().unwrap();
    let nix = copies(&dir, "exec sleep 1000").with_cancel(Cancel::when_readable(read.into()));
    let uploader = four_jobs(nix);
    let error = std::thread::scope(|scope| {
        let upload = scope.spawn(|| uploader.upload(&eight()));
        crate::wait::wait_for("four copies", || {
            (calls_of(&dir, "nix").len() == 4).then_some(())
        });
        drop(write);
        upload.join().unwrap()
    });
    let error = error.expect_err("it was to stop");
    assert_eq!(error.kind, UploadErrorKind::Cancelled);
}

#[test]
fn without_the_closure_it_is_one_copy() {
    let (_dir, dir) = temporary();
    let script = r#"case "$*" in *path-info*) exit 1 ;; esac; echo copy >> $0.calls"#;
    let nix = fake::nix(&dir, &[("nix", script), ("nix-store", "true")]);
    assert_eq!(four_jobs(nix).upload(&eight()), Ok(Vec::new()));
    assert_eq!(calls_of(&dir, "nix"), ["copy"]);
}

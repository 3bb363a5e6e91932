//! What is told of an upload while it runs.

use std::sync::{Arc, Mutex};

use super::*;
use crate::{UploadProgress, UploadSnapshot};

/// One path of 120 bytes, copied; with what Nix says before it begins.
fn copies(dir: &Utf8Path, says_first: &str) -> Nix {
    let script = format!(
        r#"case "$*" in
*path-info*) echo asked >> $0.calls
    echo '[{{"path":"/s/{OUTPUT}","narSize":120,"references":[]}}]' ;;
*) echo copy >> $0.calls
    cat >&2 <<END
@nix {{"action":"start","id":1,"text":"copying 1 paths","type":103}}
{says_first}
@nix {{"action":"start","fields":["/s/{OUTPUT}","local","x"],"id":2,"text":"copying path","type":100}}
@nix {{"action":"stop","id":2}}
@nix {{"action":"stop","id":1}}
END
esac"#
    );
    fake::nix(dir, &[("nix", &script)])
}

const BYTES: &str = r#"@nix {"action":"result","fields":[100,120],"id":1,"type":106}"#;

/// How far an upload was when it was over, and which calls it took.
fn uploaded(
    says_first: &str,
    with: impl FnOnce(NixUploader) -> NixUploader,
) -> (UploadSnapshot, Vec<String>) {
    let (_dir, dir) = temporary();
    let progress = Arc::new(Mutex::new(UploadProgress::default()));
    let noted = Arc::clone(&progress);
    let uploader = uploader(copies(&dir, says_first), |_| {})
        .with_progress(move |told| noted.lock().unwrap().note(told));
    with(uploader).upload(&paths(&[OUTPUT])).unwrap();
    let snapshot = progress.lock().unwrap().snapshot();
    assert_eq!((snapshot.paths.done, snapshot.paths.expected), (1, Some(1)));
    let mut calls = calls_of(&dir, "nix");
    calls.sort();
    (snapshot, calls)
}

#[test]
fn where_nix_tells_no_bytes_the_store_is_asked_for_sizes_once() {
    let (snapshot, calls) = uploaded("", NixUploader::with_sizes);
    assert_eq!(
        (snapshot.bytes.done, snapshot.bytes.expected),
        (120, Some(120))
    );
    assert_eq!(calls, ["asked", "copy"]);
}

#[test]
fn where_nix_tells_bytes_or_nobody_wants_sizes_no_process_is_started_for_it() {
    let (_, calls) = uploaded(BYTES, NixUploader::with_sizes);
    assert_eq!(calls, ["copy"]);
    let (snapshot, calls) = uploaded("", |uploader| uploader);
    assert_eq!((snapshot.bytes.done, snapshot.bytes.expected), (0, None));
    assert_eq!(calls, ["copy"]);
}

#[test]
fn an_upload_that_fails_before_it_copies_ends_as_well_where_sizes_are_wanted() {
    let (_dir, dir) = temporary();
    let uploader = uploader(fake::nix(&dir, &[("nix", "exit 1")]), |_| {})
        .with_progress(|_| {})
        .with_sizes();
    assert!(uploader.upload(&paths(&[OUTPUT])).is_err());
}

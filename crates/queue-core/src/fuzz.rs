//! Any input for every parser of this crate.

use std::os::unix::ffi::OsStringExt;

use ::fuzz::{bytes_like, fuzz, text_like};
use camino::Utf8PathBuf;
use proptest::prelude::*;

use crate::{
    FsQueueDirectory, Ledger, LimitState, QueueDirectory, StoreDir, StorePath, base32, derivation,
};

const BASE: &str = "v3ygr25lms4hdmxwa8h14sjv6km1l8cz-hello-2.12.drv";
const FULL: &str = "/s/v3ygr25lms4hdmxwa8h14sjv6km1l8cz-hello/bin/hello";

const LEDGER: &str = r#"format = 1
destination-name = "file:///cache"

[last-push]
ended = "2026-01-01T00:00:00Z"
uploaded = 3
failed = 1
error = "it was asked to stop"
last-success = "2026-01-01T00:00:00Z"

[destination]
attempts = 2
first-failure = "2026-01-01T00:00:00Z"
first-error = "no route"
last-failure = "2026-01-01T00:00:00Z"
last-error = "no route"
next-try = "2026-01-01T00:00:00Z"

[entries.v3ygr25lms4hdmxwa8h14sjv6km1l8cz-hello]
attempts = 10
first-failure = "2026-01-01T00:00:00Z"
first-error = "refused"
last-failure = "2026-01-01T00:00:00Z"
last-error = "refused"
next-try = "2026-01-01T00:00:00Z"
parked-since = "2026-01-01T00:00:00Z"
"#;

fn is_harmless(path: &StorePath) -> bool {
    let name = path.base_name();
    name.bytes()
        .all(|byte| byte.is_ascii_graphic() && byte != b'/')
        && !name.starts_with('.')
}

#[test]
fn any_store_path() {
    fuzz("store path", text_like(&[BASE, FULL]), |text| {
        if let Ok(path) = text.parse::<StorePath>() {
            prop_assert_eq!(path.to_string(), text);
            prop_assert!(is_harmless(&path));
        }
        Ok(())
    });
}

#[test]
fn any_store_directory() {
    let texts = (
        text_like(&["/nix/store", "/"]),
        text_like(&[FULL, "/nix/store/x"]),
    );
    fuzz("store directory", texts, |(dir, text)| {
        let Ok(store) = StoreDir::new(&dir) else {
            return Ok(());
        };
        prop_assert!(!dir.contains(char::is_control) && !dir.contains("/../"));
        for path in store.parse(&text).into_iter().chain(store.enclosing(&text)) {
            prop_assert!(is_harmless(&path));
            prop_assert!(text.starts_with(store.join(&path).as_str()));
        }
        Ok(())
    });
}

#[test]
fn any_derivation() {
    let samples: [&[u8]; 2] = [
        br#"Derive([("out","/s/v3ygr25lms4hdmxwa8h14sjv6km1l8cz-a","r:sha256",""),("dev","","","")],["#,
        br#"DrvWithVersion("xp-dyn-drv",[("out","/s/v3ygr25lms4hdmxwa8h14sjv6km1l8cz-a","","")],["#,
    ];
    let store = StoreDir::new("/s").unwrap();
    fuzz("derivation", bytes_like(&samples), |bytes| {
        match derivation::outputs(&bytes, &store) {
            Ok(outputs) => {
                let mut paths = outputs.iter().filter_map(|output| output.path.as_ref());
                prop_assert!(paths.all(is_harmless));
            }
            Err(error) => prop_assert!(!error.to_string().contains(char::is_control)),
        }
        Ok(())
    });
}

#[test]
fn any_ledger() {
    fuzz("ledger", text_like(&[LEDGER]), |text| {
        if let Ok(ledger) = Ledger::from_text(&text) {
            prop_assert_eq!(Ledger::from_text(&ledger.to_text()).unwrap(), ledger);
        }
        Ok(())
    });
}

#[test]
fn any_bytes_in_base_32() {
    fuzz("base 32", bytes_like(&[&[0; 20], &[255; 32]]), |bytes| {
        let digits = base32::encode(&std::array::from_fn(|i| bytes.get(i).copied().unwrap_or(0)));
        prop_assert_eq!(digits.len(), 32);
        prop_assert!(digits.bytes().all(base32::is_digit));
        Ok(())
    });
}

#[test]
fn any_link_in_place_of_an_entry() {
    let keep = tempfile::tempdir().unwrap();
    let root = Utf8PathBuf::from_path_buf(keep.path().canonicalize().unwrap()).unwrap();
    let store = StoreDir::new("/s").unwrap();
    let name = BASE.strip_suffix(".drv").unwrap();
    let full = format!("/s/{name}");
    let link = bytes_like(&[full.as_bytes(), b"../store/x"]);
    let queue_dir = root.join("queue");
    let queue = FsQueueDirectory::create(&queue_dir, &store, false).unwrap();
    fuzz("link of an entry", link, |link| {
        let file = queue_dir.join(name);
        let points_at = std::ffi::OsString::from_vec(link.to_vec());
        if std::os::unix::fs::symlink(points_at, &file).is_err() {
            return Ok(()); // no system has such a link: it is empty, or has a NUL in it
        }
        let listing = queue.list().unwrap();
        std::fs::remove_file(&file).unwrap();
        prop_assert_eq!(listing.entries.len() == 1, *link == *full.as_bytes());
        for foreign in listing.foreign {
            prop_assert!(
                !foreign.reason.contains(char::is_control),
                "{}",
                foreign.reason
            );
        }
        Ok(())
    });
}

#[test]
fn any_reason_why_a_queue_is_closed() {
    let keep = tempfile::tempdir().unwrap();
    let root = Utf8PathBuf::from_path_buf(keep.path().canonicalize().unwrap()).unwrap();
    let store = StoreDir::new("/s").unwrap();
    let queue = FsQueueDirectory::create(&root.join("queue"), &store, false).unwrap();
    queue.set_closed(Some("x")).unwrap();
    let file = root.join("queue/.push/closed");
    let reasons = bytes_like(&[
        b"its oldest entry is older than 30 days\n",
        b"",
        &[b'x'; 2000],
    ]);
    fuzz("reason why a queue is closed", reasons, |bytes| {
        std::fs::write(&file, &*bytes).unwrap();
        // Whatever it says, the queue is closed, for a reason of one line that is not too long.
        let reason = queue.closed().unwrap().unwrap();
        prop_assert!(!reason.contains('\n') && reason.len() <= 3000);
        Ok(())
    });
}

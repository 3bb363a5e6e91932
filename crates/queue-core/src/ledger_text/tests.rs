use super::*;
use crate::{UploadError, UploadErrorKind};
use proptest::prelude::*;
use std::time::Duration;

fn any_time() -> impl Strategy<Value = SystemTime> {
    (0u64..253_402_300_799).prop_map(|s| SystemTime::UNIX_EPOCH + Duration::from_secs(s))
}

fn any_path() -> impl Strategy<Value = StorePath> {
    "[0-9abcdfghijklmnpqrsvwxyz]{32}-[a-z][a-z.?=+-]{0,9}".prop_map(|text| text.parse().unwrap())
}

prop_compose! {
    fn any_failures()(
        (attempts, excused) in (1u32..).prop_flat_map(|n| (Just(n), 0..=n)), first_failure in any_time(), last_failure in any_time(),
        next_try in any_time(), parked_since in proptest::option::of(any_time()),
        first_error: String, last_error: String, hint: Option<String>,
    ) -> Failures {
        Failures { attempts, excused, first_failure, first_error, last_failure, last_error, hint, next_try, parked_since }
    }
}

prop_compose! {
    fn any_last_push()(
        ended in any_time(), uploaded in 0usize..1 << 40, failed in 0usize..1 << 40,
        error in proptest::option::of(any::<String>()),
        last_success in proptest::option::of(any_time()),
        took in proptest::option::of((0u64..).prop_map(Duration::from_millis)),
        end in proptest::option::of(proptest::sample::select(&PushEnd::ALL[..])),
    ) -> LastPush {
        LastPush { ended, took, end, uploaded, failed, error, last_success }
    }
}

prop_compose! {
    fn any_totals()(
        [finished, cancelled, unavailable, broken, uploaded, failed, invalid] in any::<[u64; 7]>(),
    ) -> Totals {
        Totals { finished, cancelled, unavailable, broken, uploaded, failed, invalid }
    }
}

fn any_damaged() -> impl Strategy<Value = BTreeMap<StorePath, Vec<StorePath>>> {
    let objects = proptest::collection::vec(any_path(), 1..3);
    proptest::collection::btree_map(any_path(), objects, 0..3)
}

prop_compose! {
    fn any_ledger()(
        entries in proptest::collection::btree_map(any_path(), any_failures(), 0..5),
        destination in proptest::option::of(any_failures()),
        destination_name in proptest::option::of(any::<String>()),
        last_push in proptest::option::of(any_last_push()),
        damaged in any_damaged(), failed in any_damaged(), totals in any_totals(),
    ) -> Ledger {
        // Some of entries that failed, some of others.
        let damaged = entries.keys().cloned().zip(failed.into_values()).chain(damaged).collect();
        Ledger { entries, damaged, destination, destination_name, last_push, totals }
    }
}

proptest! {
    #[test]
    fn what_is_written_reads_back_the_same(ledger in any_ledger()) {
        prop_assert_eq!(Ledger::from_text(&ledger.to_text()).unwrap(), ledger);
    }

    #[test]
    fn no_text_makes_the_reader_panic(text: String) {
        let _ = Ledger::from_text(&text);
    }

    #[test]
    fn a_cut_ledger_is_an_error_or_a_ledger_never_a_panic(ledger in any_ledger(), cut in 0usize..400) {
        let text = ledger.to_text();
        let end = (0..=cut.min(text.len())).rev().find(|&i| text.is_char_boundary(i)).unwrap_or(0);
        let _ = Ledger::from_text(&text[..end]);
    }
}

#[test]
fn the_emptiest_ledger_is_written_and_the_empty_text_is_none() {
    assert!(!Ledger::default().to_text().is_empty());
    assert!(matches!(
        Ledger::from_text(""),
        Err(LedgerError::Damaged(_))
    ));
}

#[test]
fn the_largest_numbers_are_written() {
    let last_push = Some(LastPush {
        ended: SystemTime::UNIX_EPOCH,
        took: Some(Duration::MAX),
        end: None,
        uploaded: usize::MAX,
        failed: usize::MAX,
        error: None,
        last_success: None,
    });
    let ledger = Ledger {
        last_push,
        ..Ledger::default()
    };
    assert!(ledger.to_text().contains("last-push"));
}

#[test]
fn a_ledger_of_an_older_version_is_read_and_what_a_newer_one_added_to_it_is_no_damage() {
    let older =
        "format = 1\n[last-push]\nended = \"2026-01-02T03:04:05Z\"\nuploaded = 3\nfailed = 1\n";
    let read = Ledger::from_text(older).unwrap();
    let last = read.last_push().unwrap();
    assert_eq!((last.uploaded, last.took, last.end), (3, None, None));
    assert_eq!(*read.totals(), Totals::default());
    let newer = format!("{older}end = \"exploded\"\nelse = 1\n[totals]\nuploaded = 7\nelse = 1\n");
    let read = Ledger::from_text(&newer).unwrap();
    assert_eq!(read.last_push().unwrap().end, None);
    assert_eq!(read.totals().uploaded, 7);
}

#[test]
fn a_newer_format_is_named_not_guessed_at() {
    let newer = "format = 7\nentries = \"something else\"\n";
    assert!(matches!(
        Ledger::from_text(newer),
        Err(LedgerError::Newer(7))
    ));
}

#[test]
fn an_error_is_one_short_line_however_long_the_text_is() {
    let long = "x".repeat(1 << 20);
    let texts = [
        "\0".repeat(1 << 20),
        format!("format = 1\n{long}"),
        format!("format = \"{long}\""),
        format!("format = 1\n[damaged]\n{long} = []\na = [\"{long}\"]"),
        format!("format = 1\nlast-push = {{ ended = \"{long}\", uploaded = 0, failed = 0 }}"),
    ];
    for text in texts {
        let error = Ledger::from_text(&text).expect_err("damaged");
        let told = crate::error::chain(&error);
        assert!(told.len() < 1000 && !told.contains('\n'), "{told}");
        assert!(format!("{error:?}").len() < 1000);
    }
}

#[test]
fn damage_is_told_with_its_place() {
    let error = Ledger::from_text("format = 1\n\u{e4} = =\n").expect_err("damaged");
    let told = crate::error::chain(&error);
    assert!(
        told.starts_with("the ledger is damaged: line 2, column "),
        "{told}"
    );
    assert!(!error.hint().is_empty());
}

#[test]
fn an_entry_that_is_no_store_path_is_damage() {
    let mut ledger = Ledger::default();
    let path: crate::StorePath = "v3ygr25lms4hdmxwa8h14sjv6km1l8cz-x".parse().unwrap();
    ledger.entry_failed(
        &path,
        &UploadError::new(UploadErrorKind::Local, "why"),
        SystemTime::UNIX_EPOCH,
        &crate::RetryPolicy::default(),
        0,
        crate::ledger::Parking::AfterMaxAttempts,
    );
    let text = ledger
        .to_text()
        .replace("v3ygr25lms4hdmxwa8h14sjv6km1l8cz-x", "../../etc");
    assert!(matches!(
        Ledger::from_text(&text),
        Err(LedgerError::Value(_) | LedgerError::Damaged(_))
    ));
}

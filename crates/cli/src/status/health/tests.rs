use std::time::SystemTime;

use queue_core::{Ledger, Tally};

use super::super::{Counts, Held, QueueStatus, Remembered};
use super::*;

const DAY: Duration = Duration::from_secs(86_400);
const HOUR: Duration = Duration::from_secs(3600);

fn now() -> SystemTime {
    SystemTime::UNIX_EPOCH + 100 * DAY
}

fn thresholds() -> Thresholds {
    Thresholds {
        max_parked: 0,
        max_age: DAY,
        max_unavailable: HOUR,
        max_pinned: None,
        remember_losses: DAY,
    }
}

/// A queue with one entry that waits since an hour ago.
fn well() -> QueueStatus {
    QueueStatus {
        name: "main".to_owned(),
        queue_dir: "/q".to_owned(),
        counts: Counts {
            entries: 1,
            ready: 1,
            oldest: Some(now() - HOUR),
            ..Counts::default()
        },
        ..QueueStatus::default()
    }
}

fn kinds(status: &QueueStatus, thresholds: &Thresholds) -> Vec<Kind> {
    let reasons = judge(status, thresholds, now());
    for reason in &reasons {
        assert!(!reason.text.is_empty() && !reason.hint.is_empty());
        assert!(!reason.text.contains('\n'), "{reason:?}");
    }
    reasons.into_iter().map(|reason| reason.kind).collect()
}

fn remembered(ledger: &str) -> Remembered {
    Remembered {
        ledger: Ledger::from_text(ledger).unwrap(),
        ..Remembered::default()
    }
}

/// A destination that has not answered for so long.
fn silent_for(time: Duration) -> Remembered {
    let at = |time: SystemTime| humantime::format_rfc3339_seconds(time).to_string();
    let (first, now) = (at(now() - time), at(now()));
    remembered(&format!(
        "format = 1\n[destination]\nattempts = 3\nfirst-failure = \"{first}\"\nfirst-error = \"no\"\n\
         last-failure = \"{now}\"\nlast-error = \"no answer\"\nnext-try = \"{now}\"\n"
    ))
}

#[test]
fn a_queue_in_which_something_waits_and_all_goes_its_way_is_well() {
    let mut status = well();
    status.counts.backing_off = 1;
    status.counts.unrooted = 1;
    status.held.error = Some("no nix".to_owned());
    status.remembered = silent_for(HOUR);
    assert_eq!(kinds(&status, &thresholds()), []);
    assert_eq!(status.level(), Level::Ok);
    assert_eq!(kinds(&QueueStatus::default(), &thresholds()), []);
}

#[test]
fn each_threshold_is_a_reason_beyond_it_and_none_at_it() {
    let second = Duration::from_secs(1);
    let with_age = |age: Duration| {
        let mut status = well();
        status.counts.oldest = Some(now() - age);
        status
    };
    let with_parked = |parked| {
        let mut status = well();
        status.counts.parked = parked;
        status
    };
    let with_silence = |time| QueueStatus {
        remembered: silent_for(time),
        ..well()
    };
    let with_held = |bytes| QueueStatus {
        held: Held {
            bytes: Some(bytes),
            file_system: Some(1000),
            error: None,
        },
        ..well()
    };
    let some = Thresholds {
        max_parked: 2,
        max_pinned: Some(500),
        ..thresholds()
    };
    for (at, beyond, thresholds, kind) in [
        (
            with_age(DAY),
            with_age(DAY + second),
            &thresholds(),
            Kind::Old,
        ),
        (with_parked(0), with_parked(1), &thresholds(), Kind::Parked),
        (with_parked(2), with_parked(3), &some, Kind::Parked),
        (
            with_silence(HOUR),
            with_silence(HOUR + second),
            &some,
            Kind::Unavailable,
        ),
        (with_held(100), with_held(101), &thresholds(), Kind::Pinned),
        (with_held(500), with_held(501), &some, Kind::Pinned),
    ] {
        assert_eq!(kinds(&at, thresholds), [], "{kind:?}");
        assert_eq!(kinds(&beyond, thresholds), [kind]);
    }
}

#[test]
fn what_a_limit_turned_away_counts_for_a_while_and_with_no_time_never() {
    let tally = |ago| Tally {
        number: 3,
        last: Some(now() - ago),
    };
    let lately = QueueStatus {
        refused: tally(HOUR),
        dropped: tally(HOUR),
        ..well()
    };
    let long_ago = QueueStatus {
        refused: tally(DAY),
        dropped: tally(DAY),
        ..well()
    };
    assert_eq!(
        kinds(&lately, &thresholds()),
        [Kind::Refused, Kind::Dropped]
    );
    assert_eq!(kinds(&long_ago, &thresholds()), []);
    let never = Thresholds {
        remember_losses: Duration::ZERO,
        ..thresholds()
    };
    let just_now = QueueStatus {
        dropped: tally(Duration::ZERO),
        ..well()
    };
    assert_eq!(kinds(&just_now, &never), []);
}

#[test]
fn what_takes_or_gives_nothing_is_broken_and_comes_first() {
    let broken = "format = 1\n[last-push]\nended = \"1970-01-02T00:00:00Z\"\nuploaded = 0\nfailed = 0\n\
                  end = \"broken\"\nerror = \"no nix\"\n";
    let mut status = QueueStatus {
        closed: Some("it is full".to_owned()),
        remembered: remembered(broken),
        ..well()
    };
    status.counts.parked = 1;
    let expected = [Kind::Closed, Kind::PushBroken, Kind::Parked];
    assert_eq!(kinds(&status, &thresholds()), expected);
    status.reasons = judge(&status, &thresholds(), now());
    assert_eq!(status.level(), Level::Broken);
    // Nobody tries again, and nothing waits for it.
    status.counts = Counts::default();
    assert_eq!(kinds(&status, &thresholds()), [Kind::Closed]);
}

#[test]
fn a_destination_that_nobody_asks_any_more_is_no_reason() {
    let mut status = QueueStatus {
        remembered: silent_for(DAY),
        ..well()
    };
    status.counts = Counts::default();
    assert_eq!(kinds(&status, &thresholds()), []);
}

#[test]
fn what_is_strange_about_a_queue_is_a_reason() {
    let mut status = well();
    status.counts.absent = 1;
    status.counts.foreign = 2;
    status.remembered.lost = Some("line 1: no".to_owned());
    status.unseen = vec!["not seen".to_owned()];
    let expected = [Kind::Absent, Kind::Foreign, Kind::LedgerLost, Kind::Unseen];
    assert_eq!(kinds(&status, &thresholds()), expected);
}

#[test]
fn a_size_that_nobody_can_tell_is_a_reason_only_for_whoever_set_one() {
    let status = QueueStatus {
        held: Held {
            error: Some("no nix".to_owned()),
            ..Held::default()
        },
        ..well()
    };
    assert_eq!(kinds(&status, &thresholds()), []);
    let some = Thresholds {
        max_pinned: Some(1),
        ..thresholds()
    };
    assert_eq!(kinds(&status, &some), [Kind::Unseen]);
}

#[test]
fn a_clock_that_was_set_back_makes_nothing_old() {
    let mut status = well();
    status.counts.oldest = Some(now() + 9 * DAY);
    assert_eq!(kinds(&status, &thresholds()), []);
}

#[test]
fn the_schema_knows_each_kind_and_level() {
    let kinds = Kind::ALL.map(Kind::as_str);
    for word in kinds.into_iter().chain(Level::ALL.map(Level::as_str)) {
        assert!(super::super::schema::SCHEMA.contains(word), "{word}");
    }
}

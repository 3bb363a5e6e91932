use super::*;
use crate::{FailedEntry, UploadError, UploadErrorKind};

fn at(seconds: u64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)
}

fn report(outcome: Outcome, next_try: Option<SystemTime>) -> PushReport {
    PushReport {
        next_try: next_try.into(),
        ..PushReport::new(outcome)
    }
}

fn error() -> UploadError {
    UploadError::new(UploadErrorKind::Unavailable, "no answer")
}

fn unavailable(until: SystemTime) -> PushReport {
    let error = error();
    report(Outcome::Unavailable { error, until }, Some(until))
}

fn path(name: &str) -> StorePath {
    format!("v3ygr25lms4hdmxwa8h14sjv6km1l8cz-{name}")
        .parse()
        .unwrap()
}

fn failed(name: &str, attempts: u32) -> FailedEntry {
    FailedEntry {
        path: path(name),
        error: error(),
        attempts,
        next_try: None,
    }
}

const SECOND: Duration = Duration::from_secs(1);

#[test]
fn a_destination_that_did_not_answer_is_unavailable_until_something_got_through() {
    let said = |text: &str| Some(text.to_owned());
    let after = |report: &PushReport| unavailable_after(report, said("before"));
    assert_eq!(after(&unavailable(at(1))), said("no answer"));
    assert_eq!(after(&report(Outcome::Cancelled, None)), said("before"));
    let mut last = report(Outcome::Cancelled, None);
    last.uploaded.push(path("a"));
    assert_eq!(after(&last), None);
    let last = PushReport {
        uploaded: vec![path("a")],
        ..unavailable(at(1))
    };
    assert_eq!(after(&last), said("no answer"));
}

#[test]
fn it_waits_exactly_as_long_as_nothing_is_due() {
    let last = unavailable(at(160));
    assert_eq!(next(&last, at(100), None), Next::PushAfter(60 * SECOND));
    let left = Some(60 * SECOND);
    assert_eq!(next(&last, at(100), left), Next::PushAfter(60 * SECOND));
}

#[test]
fn a_wait_that_does_not_fit_is_not_begun() {
    let last = unavailable(at(160));
    let end = Next::End(DrainEnd::NextTryTooLate);
    assert_eq!(next(&last, at(100), Some(59 * SECOND)), end);
    let over = Next::End(DrainEnd::OutOfTime);
    assert_eq!(next(&last, at(100), Some(Duration::ZERO)), over);
    assert_eq!(next(&last, at(170), Some(Duration::ZERO)), over);
}

#[test]
fn with_nothing_left_but_what_is_parked_it_ends() {
    let mut last = report(Outcome::Finished, None);
    last.parked = 7;
    assert_eq!(next(&last, at(1), None), Next::End(DrainEnd::Drained));
}

#[test]
fn where_it_is_not_known_what_is_left_nothing_is_called_drained() {
    let mut last = PushReport::new(Outcome::Finished);
    assert_eq!(next(&last, at(1), None), Next::End(DrainEnd::GivenUp));
    last.uploaded.push(path("a"));
    assert_eq!(next(&last, at(1), None), Next::PushAfter(Duration::ZERO));
}

#[test]
fn what_came_meanwhile_goes_at_once() {
    let mut last = report(Outcome::Finished, Some(at(1)));
    last.uploaded.push(path("a"));
    assert_eq!(next(&last, at(1), None), Next::PushAfter(Duration::ZERO));
}

#[test]
fn without_any_wait_between_failures_nothing_spins() {
    let mut last = report(Outcome::Finished, Some(at(1)));
    last.failed.push(failed("a", 1));
    assert_eq!(next(&last, at(1), None), Next::PushAfter(SHORTEST_WAIT));
    assert_eq!(
        next(&unavailable(at(1)), at(5), None),
        Next::PushAfter(SHORTEST_WAIT)
    );
}

#[test]
fn a_push_that_changes_nothing_is_not_repeated_without_end() {
    let last = report(Outcome::Finished, Some(at(1)));
    assert_eq!(next(&last, at(1), None), Next::End(DrainEnd::GivenUp));
    let last = report(Outcome::Broken(error()), Some(at(1)));
    assert_eq!(next(&last, at(1), None), Next::End(DrainEnd::GivenUp));
}

#[test]
fn an_upload_that_was_ended_tells_apart_who_ended_it() {
    let last = report(Outcome::Cancelled, Some(at(1)));
    assert_eq!(next(&last, at(1), None), Next::End(DrainEnd::Stopped));
    assert_eq!(
        next(&last, at(1), Some(SECOND)),
        Next::End(DrainEnd::Stopped)
    );
    let over = Some(Duration::ZERO);
    assert_eq!(next(&last, at(1), over), Next::End(DrainEnd::OutOfTime));
}

#[test]
fn the_lock_is_looked_at_again_until_the_time_is_over() {
    let last = report(Outcome::AlreadyRunning, None);
    assert_eq!(next(&last, at(1), None), Next::PushAfter(LOCK_INTERVAL));
    let left = Some(SECOND / 2);
    assert_eq!(next(&last, at(1), left), Next::PushAfter(SECOND));
    let over = Some(Duration::ZERO);
    assert_eq!(next(&last, at(1), over), Next::End(DrainEnd::OutOfTime));
}

#[test]
fn of_several_pushes_all_that_was_copied_counts_and_the_last_failure_of_each() {
    let mut earlier = report(Outcome::Finished, Some(at(1)));
    earlier.uploaded = vec![path("a")];
    earlier.failed = vec![failed("b", 1), failed("c", 1), failed("d", 1)];
    earlier.backing_off = 9;
    let mut later = unavailable(at(5));
    later.uploaded = vec![path("b")];
    later.failed = vec![failed("c", 2)];
    let both = together(earlier, later);
    assert_eq!(both.uploaded, [path("a"), path("b")]);
    let failures: Vec<_> = both
        .failed
        .iter()
        .map(|failed| (failed.path.name(), failed.attempts))
        .collect();
    assert_eq!(failures, [("d", 1), ("c", 2)]);
    assert_eq!((both.backing_off, both.next_try), (0, NextTry::At(at(5))));
    assert!(matches!(both.outcome, Outcome::Unavailable { .. }));
}

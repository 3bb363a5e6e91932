use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;
use crate::log::{Log, Said};

const BASE: u64 = 3_000_112;
const OTHER: u64 = 2_000_176;
const ALL: u64 = BASE + 3 * OTHER;

/// What a recorded copy told.
fn events(sample: &str) -> Vec<CopyEvent> {
    let mut events = Vec::new();
    Log::default().feed(sample.as_bytes(), &mut |said| {
        if let Said::Copy(event) = said {
            events.push(event);
        }
    });
    events
}

fn sizes(events: &[CopyEvent]) -> Vec<StoreObject> {
    let paths = events.iter().filter_map(|event| match event {
        CopyEvent::PathBegan { path, .. } => path.clone(),
        _ => None,
    });
    let object = |path: StorePath| StoreObject {
        nar_size: if path.name() == "base" { BASE } else { OTHER },
        path,
        references: Vec::new(),
    };
    paths.map(object).collect()
}

struct Upload(UploadProgress);

impl Upload {
    fn begins() -> Self {
        Self::begins_to(false)
    }

    /// To a binary cache by HTTP.
    fn begins_to_send() -> Self {
        Self::begins_to(true)
    }

    fn begins_to(sends: bool) -> Self {
        let mut upload = Self(UploadProgress::default());
        upload.0.note(&UploadEvent::Begins { sends });
        upload
    }

    fn sends(&mut self, id: u64, done: u64, expected: u64) {
        let event = CopyEvent::UploadMoved { id, done, expected };
        self.tell(0, event);
    }

    fn stage(&self) -> Stage {
        self.0.snapshot().stage
    }

    fn plan(&mut self, copy: u64, paths: u64, bytes: Option<u64>) {
        self.0.note(&UploadEvent::Planned { copy, paths, bytes });
    }

    fn tell(&mut self, copy: u64, event: CopyEvent) {
        self.0.note(&UploadEvent::Copy { copy, event });
    }

    fn path(&mut self, copy: u64, id: u64, done: u64, expected: u64) {
        self.tell(copy, CopyEvent::PathBegan { id, path: None });
        self.tell(copy, CopyEvent::PathMoved { id, done, expected });
    }

    fn ends_well(&mut self, copy: u64) {
        self.0.note(&UploadEvent::Ended { copy, well: true });
    }

    fn fails(&mut self, copy: u64) {
        self.0.note(&UploadEvent::Ended { copy, well: false });
    }

    /// Paths done and expected, bytes done and expected.
    fn snapshot(&self) -> (u64, Option<u64>, u64, Option<u64>) {
        let UploadSnapshot { paths, bytes, .. } = self.0.snapshot();
        (paths.done, paths.expected, bytes.done, bytes.expected)
    }
}

#[test]
fn a_copy_of_each_version_is_followed_to_its_end() {
    for (sample, tells_bytes) in [
        (
            include_str!("../../tests/samples/2.8.0/copy-file.txt"),
            false,
        ),
        (
            include_str!("../../tests/samples/2.26.3/copy-file.txt"),
            true,
        ),
        (
            include_str!("../../tests/samples/2.34.8/copy-file.txt"),
            true,
        ),
        (
            include_str!("../../tests/samples/2.34.8/copy-http.txt"),
            true,
        ),
    ] {
        let events = events(sample);
        let mut upload = Upload::begins();
        let mut seen = BTreeSet::new();
        for event in events.iter().cloned() {
            upload.tell(0, event);
            let snapshot = upload.0.snapshot();
            seen.extend(snapshot.path.map(|path| path.name().to_owned()));
            if tells_bytes && snapshot.paths.done > 0 {
                assert_eq!(snapshot.bytes.expected, Some(ALL));
            }
        }
        // The one that began first: not each of them is that at some time.
        assert!(seen.contains("base") && seen.len() > 1, "{seen:?}");
        let known = tells_bytes.then_some(ALL);
        assert_eq!(upload.snapshot(), (4, Some(4), known.unwrap_or(0), known));
        upload.0.note(&UploadEvent::Sizes(sizes(&events)));
        assert_eq!(upload.snapshot(), (4, Some(4), ALL, Some(ALL)));
        upload.ends_well(0);
        assert_eq!(upload.snapshot(), (4, Some(4), ALL, Some(ALL)));
        assert_eq!(upload.0.copied(), (4, ALL));
    }
}

#[test]
fn with_sizes_a_nix_that_tells_no_bytes_is_followed_path_by_path() {
    let events = events(include_str!("../../tests/samples/2.8.0/copy-file.txt"));
    let mut upload = Upload::begins();
    upload.0.note(&UploadEvent::Sizes(sizes(&events)));
    let mut bytes = BTreeSet::new();
    for event in events {
        upload.tell(0, event);
        bytes.insert(upload.snapshot().2);
    }
    let sizes = [0, BASE, BASE + OTHER, BASE + 2 * OTHER, ALL];
    assert_eq!(bytes, BTreeSet::from(sizes));
}

fn share(done: u64, expected: u64) -> Share {
    Share {
        done,
        expected: Some(expected),
    }
}

#[test]
fn what_is_sent_by_http_is_told_and_is_done_as_it_is_sent() {
    let events = events(include_str!("../../tests/samples/2.34.8/copy-http.txt"));
    let mut upload = Upload::begins_to_send();
    let (mut sending, mut before) = (BTreeSet::new(), 0);
    for event in events {
        upload.tell(0, event);
        let snapshot = upload.0.snapshot();
        if let Stage::Sends(Some(share)) = snapshot.stage {
            sending.extend(share.expected);
            assert!(snapshot.path.is_some(), "what is sent has a name");
        }
        // As it is not compressed.
        assert_eq!(snapshot.bytes.done, upload.0.sent());
        assert!(snapshot.bytes.done >= before);
        before = snapshot.bytes.done;
    }
    assert!(sending.contains(&BASE), "{sending:?}");
    assert_eq!(upload.stage(), Stage::Between);
    assert_eq!(upload.snapshot(), (4, Some(4), ALL, Some(ALL)));
}

#[test]
fn of_a_compressed_path_as_much_is_done_as_was_sent_of_its_file() {
    let mut upload = Upload::begins_to_send();
    upload.tell(0, CopyEvent::Paths(2));
    upload.tell(0, CopyEvent::Bytes(300));
    upload.tell(0, CopyEvent::PathsDone(0));
    upload.path(0, 1, 50, 200);
    assert_eq!(upload.stage(), Stage::Reads(share(50, 200)));
    assert_eq!(upload.0.snapshot().moved, Some(Moved::Read(50)));
    upload.path(0, 2, 100, 100);
    upload.tell(0, CopyEvent::PathEnded { id: 2 });
    assert_eq!(
        (upload.stage(), upload.snapshot().2),
        (Stage::Sends(None), 0)
    );
    upload.sends(3, 5, 20);
    assert_eq!(
        (upload.stage(), upload.snapshot().2),
        (Stage::Sends(Some(share(5, 20))), 25)
    );
    assert_eq!(upload.0.snapshot().moved, Some(Moved::Sent(5)));
    // The one that was sent first is done first.
    let rest = CopyEvent::PathMoved {
        id: 1,
        done: 200,
        expected: 200,
    };
    upload.tell(0, rest);
    upload.tell(0, CopyEvent::PathEnded { id: 1 });
    upload.sends(4, 30, 30);
    upload.tell(0, CopyEvent::UploadEnded { id: 4 });
    upload.tell(0, CopyEvent::PathsDone(1));
    assert_eq!(upload.snapshot(), (1, Some(2), 225, Some(300)));
    assert_eq!(upload.0.snapshot().moved, Some(Moved::Sent(35)));
}

#[test]
fn where_nix_does_not_tell_what_is_sent_that_is_not_taken_for_done_and_has_no_speed() {
    // 2.26.3, which tells a path's end when it was sent.
    let mut upload = Upload::begins_to_send();
    upload.tell(0, CopyEvent::Paths(1));
    upload.tell(0, CopyEvent::Bytes(100));
    upload.path(0, 1, 100, 100);
    // Of an answer to what was sent.
    upload.sends(3, 5, 5);
    assert_eq!(
        (upload.stage(), upload.snapshot().2),
        (Stage::Sends(None), 0)
    );
    assert_eq!(upload.0.snapshot().moved, None);
    upload.tell(0, CopyEvent::PathsDone(1));
    upload.tell(0, CopyEvent::PathEnded { id: 1 });
    assert_eq!(upload.snapshot(), (1, Some(1), 100, Some(100)));
    // 2.8.0
    let mut upload = Upload::begins_to_send();
    upload.tell(0, CopyEvent::Paths(1));
    upload.tell(0, CopyEvent::PathBegan { id: 1, path: None });
    assert_eq!(upload.stage(), Stage::ReadsAndSends);
    assert_eq!(upload.0.snapshot().moved, None);
}

#[test]
fn nothing_is_expected_before_a_copy_has_told_and_nothing_of_what_is_there() {
    let mut upload = Upload::begins();
    upload.plan(0, 10, Some(100));
    assert_eq!(upload.snapshot(), (0, None, 0, None));
    upload.tell(0, CopyEvent::Paths(0));
    assert_eq!(upload.snapshot(), (0, Some(0), 0, Some(0)));
}

#[test]
fn several_copies_add_up_and_one_that_has_not_begun_counts_as_planned() {
    let mut upload = Upload::begins();
    upload.plan(0, 2, Some(200));
    upload.plan(1, 3, Some(300));
    upload.tell(0, CopyEvent::Paths(5));
    upload.tell(0, CopyEvent::Bytes(500));
    upload.path(0, 7, 40, 100);
    assert_eq!(upload.snapshot(), (0, Some(8), 40, Some(800)));
    upload.tell(1, CopyEvent::Paths(1));
    upload.tell(1, CopyEvent::Bytes(100));
    // Numbers of activities are each copy's own.
    upload.path(1, 7, 100, 100);
    upload.tell(1, CopyEvent::PathEnded { id: 7 });
    assert_eq!(upload.snapshot(), (1, Some(6), 140, Some(600)));
    assert_eq!(upload.0.snapshot().under_way, 1);
}

#[test]
fn a_copy_that_failed_in_the_middle_counts_its_bytes_and_not_its_path() {
    let mut upload = Upload::begins();
    upload.tell(0, CopyEvent::Paths(2));
    upload.tell(0, CopyEvent::Bytes(200));
    upload.path(0, 1, 100, 100);
    upload.tell(0, CopyEvent::PathEnded { id: 1 });
    upload.path(0, 2, 60, 100);
    upload.tell(0, CopyEvent::PathEnded { id: 2 });
    upload.fails(0);
    assert_eq!(upload.snapshot(), (1, Some(1), 160, Some(160)));
    // The one that follows finds the first path there.
    upload.tell(1, CopyEvent::Paths(1));
    upload.tell(1, CopyEvent::Bytes(100));
    assert_eq!(upload.snapshot(), (1, Some(2), 160, Some(260)));
}

#[test]
fn a_copy_that_ended_well_has_done_all_though_it_did_not_tell_of_the_last_path() {
    // 2.26.3 and 2.34.8 over ssh-ng.
    let mut upload = Upload::begins();
    upload.tell(0, CopyEvent::Paths(2));
    upload.tell(0, CopyEvent::Bytes(200));
    for id in 0..2 {
        upload.tell(0, CopyEvent::PathsDone(id));
        upload.path(0, id, 100, 100);
        upload.tell(0, CopyEvent::PathEnded { id });
    }
    assert_eq!(upload.snapshot(), (1, Some(2), 200, Some(200)));
    upload.ends_well(0);
    assert_eq!(upload.snapshot(), (2, Some(2), 200, Some(200)));
    assert_eq!(upload.0.copied(), (2, 200));
}

#[test]
fn what_failed_is_not_done_though_nix_tells_only_that_it_ended() {
    let events = events(include_str!("../../tests/samples/2.8.0/fifo.txt"));
    let mut upload = Upload::begins();
    let sizes = UploadEvent::Sizes(sizes(&events));
    upload.0.note(&sizes);
    for event in events {
        upload.tell(0, event);
    }
    upload.fails(0);
    assert_eq!(upload.0.copied(), (0, 0));
    // What ended before another one began did not fail.
    upload.tell(1, CopyEvent::Paths(3));
    for id in 0..3 {
        upload.tell(1, CopyEvent::PathBegan { id, path: None });
        upload.tell(1, CopyEvent::PathEnded { id });
    }
    upload.fails(1);
    assert_eq!(upload.0.copied(), (2, 0));
}

#[test]
fn the_next_upload_begins_with_nothing_and_all_of_them_are_counted() {
    let mut upload = Upload::begins();
    upload.tell(0, CopyEvent::Paths(1));
    upload.path(0, 1, 100, 100);
    upload.tell(0, CopyEvent::PathEnded { id: 1 });
    upload.0.note(&UploadEvent::Begins { sends: false });
    assert_eq!(upload.snapshot(), (0, None, 0, None));
    upload.tell(1, CopyEvent::Paths(1));
    upload.path(1, 1, 50, 50);
    upload.tell(1, CopyEvent::PathEnded { id: 1 });
    assert_eq!(upload.0.copied(), (2, 150));
    upload.tell(1, CopyEvent::Paths(3));
    upload.tell(1, CopyEvent::Bytes(90));
    assert_eq!(upload.0.in_all(), (share(2, 4), share(150, 190)));
    assert_eq!(upload.0.snapshot().moved, Some(Moved::Read(150)));
}

#[test]
fn it_does_not_grow_with_what_is_told() {
    let mut upload = Upload::begins();
    for id in 0..20_000 {
        upload.path(0, id, 1, 2);
    }
    assert_eq!(upload.0.snapshot().under_way, 10_000);
    upload.tell(1, CopyEvent::PathsDone(0));
    for id in 0..20_000 {
        upload.path(1, id, 2, 2);
        upload.tell(1, CopyEvent::PathEnded { id });
    }
    assert_eq!(upload.0.snapshot().under_way, 20_000);
    upload.sends(40_000, 1, 2);
    assert_eq!(upload.0.snapshot().under_way, 20_000);
}

fn number() -> impl Strategy<Value = u64> {
    prop_oneof![0..10_u64, any::<u64>()]
}

fn event() -> impl Strategy<Value = CopyEvent> {
    let id = || 0..4_u64;
    prop_oneof![
        number().prop_map(CopyEvent::Paths),
        number().prop_map(CopyEvent::Bytes),
        number().prop_map(CopyEvent::PathsDone),
        id().prop_map(|id| CopyEvent::PathBegan { id, path: None }),
        (id(), number(), number()).prop_map(|(id, done, expected)| CopyEvent::PathMoved {
            id,
            done,
            expected
        }),
        id().prop_map(|id| CopyEvent::PathEnded { id }),
        (id(), number(), number()).prop_map(|(id, done, expected)| CopyEvent::UploadMoved {
            id,
            done,
            expected
        }),
        id().prop_map(|id| CopyEvent::UploadEnded { id }),
    ]
}

fn progress() -> impl Strategy<Value = UploadEvent> {
    let copy = || 0..3_u64;
    prop_oneof![
        1 => (copy(), number(), proptest::option::of(number()))
            .prop_map(|(copy, paths, bytes)| UploadEvent::Planned { copy: copy + 10, paths, bytes }),
        8 => (copy(), event()).prop_map(|(copy, event)| UploadEvent::Copy { copy, event }),
        1 => (copy(), any::<bool>()).prop_map(|(copy, well)| UploadEvent::Ended { copy, well }),
    ]
}

proptest! {
    #[test]
    fn whatever_is_told_what_is_done_grows_and_is_never_more_than_what_is_expected(
        sends in any::<bool>(), told in proptest::collection::vec(progress(), 0..60)
    ) {
        let mut progress = UploadProgress::default();
        progress.note(&UploadEvent::Begins { sends });
        let mut before = UploadSnapshot::default();
        for one in told {
            progress.note(&one);
            let snapshot = progress.snapshot();
            if matches!(one, UploadEvent::Ended { well: false, .. }) {
                before = UploadSnapshot::default();
            }
            let stage = match snapshot.stage {
                Stage::Reads(share) => Some(share),
                Stage::Sends(share) => share,
                _ => None,
            };
            for share in [snapshot.paths, snapshot.bytes].into_iter().chain(stage) {
                prop_assert!(share.expected.is_none_or(|expected| share.done <= expected));
            }
            prop_assert!(snapshot.paths.done >= before.paths.done);
            prop_assert!(snapshot.bytes.done >= before.bytes.done);
            before = snapshot;
        }
    }

    #[test]
    fn copies_at_once_are_as_far_as_each_of_them_together(
        copies in proptest::collection::vec(proptest::collection::vec(event(), 0..20), 1..4)
    ) {
        let mut together = Upload::begins();
        let mut sum = (0_u64, 0_u64);
        for (copy, events) in copies.into_iter().enumerate() {
            let mut alone = Upload::begins();
            for event in events {
                alone.tell(0, event.clone());
                together.tell(copy as u64, event);
            }
            let (paths, _, bytes, _) = alone.snapshot();
            sum = (sum.0.saturating_add(paths), sum.1.saturating_add(bytes));
        }
        let (paths, _, bytes, _) = together.snapshot();
        prop_assert_eq!((paths, bytes), sum);
    }
}

#[test]
fn of_a_copy_that_tells_nothing_before_a_path_is_there_nobody_knows_how_fast_it_is() {
    let mut progress = UploadProgress::default();
    progress.note(&UploadEvent::Begins { sends: false });
    let mut tell = |event| {
        progress.note(&UploadEvent::Copy { copy: 1, event });
        let UploadSnapshot { stage, moved, .. } = progress.snapshot();
        (stage, moved.is_some())
    };
    tell(CopyEvent::Paths(2));
    let began = CopyEvent::PathBegan { id: 1, path: None };
    assert_eq!(tell(began.clone()), (Stage::CopiesUnseen, false));
    // As 2.26.3 and 2.34.8 do.
    tell(CopyEvent::Bytes(100));
    assert_eq!(tell(began), (Stage::Copies, true));
}

use std::cell::Cell;
use std::time::Duration;

use nix_copy::CopyEvent;
use queue_core::{FailedEntry, StorePath, UploadError, UploadErrorKind};

use super::*;

struct Push {
    queue: QueueProgress,
    begin: Instant,
    seconds: Cell<u64>,
    copies: u64,
}

fn paths(number: usize) -> Vec<StorePath> {
    let path = |i| format!("{i:032}-x").parse().unwrap();
    (0..number).map(path).collect()
}

fn error() -> UploadError {
    UploadError::new(UploadErrorKind::Unavailable, "no route to host")
}

impl Push {
    fn begins() -> Self {
        let begin = Instant::now();
        Self {
            queue: QueueProgress::new("main", begin),
            begin,
            seconds: Cell::new(0),
            copies: 0,
        }
    }

    fn now(&self) -> Instant {
        self.begin + Duration::from_secs(self.seconds.get())
    }

    fn wait(&self, seconds: u64) {
        self.seconds.set(self.seconds.get() + seconds);
    }

    fn note(&mut self, event: &PushEvent<'_>) -> Option<Batch> {
        let now = self.now();
        self.queue.note(event, now)
    }

    fn tell(&mut self, event: CopyEvent) {
        let copy = self.copies;
        self.queue.upload(&UploadEvent::Copy { copy, event });
    }

    /// An upload of so many entries, which copies as many paths of a hundred bytes; up to the last of them.
    fn uploads(&mut self, entries: usize, until: u64) {
        self.note(&PushEvent::Started(&paths(entries)));
        self.copies += 1;
        self.queue.upload(&UploadEvent::Begins { sends: false });
        self.tell(CopyEvent::Paths(entries as u64));
        self.tell(CopyEvent::Bytes(entries as u64 * 100));
        for id in 0..until {
            self.tell(CopyEvent::PathBegan { id, path: None });
            self.tell(CopyEvent::PathMoved {
                id,
                done: 100,
                expected: 100,
            });
            self.tell(CopyEvent::PathEnded { id });
        }
    }

    fn copies(&mut self, entries: usize) {
        self.uploads(entries, entries as u64);
        self.note(&PushEvent::Uploaded(&paths(entries)));
    }

    fn fails(&mut self) {
        self.note(&PushEvent::Failed(&FailedEntry {
            path: paths(1).remove(0),
            error: error(),
            attempts: 1,
            next_try: None,
        }));
    }

    fn ends(&mut self) -> Option<Batch> {
        self.note(&PushEvent::BatchEnded)
    }

    fn waits(&mut self, why: &Outcome) {
        let time = Duration::from_secs(270);
        self.note(&PushEvent::Waiting { time, why });
    }

    fn view(&mut self) -> View {
        let now = self.now();
        self.queue.view(now, false)
    }

    fn state(&mut self) -> String {
        self.view().state.unwrap_or_default()
    }
}

#[test]
fn a_bar_is_as_far_as_the_entries_that_are_gone_and_the_bytes_of_those_that_go() {
    let mut push = Push::begins();
    push.note(&PushEvent::Ready(10));
    assert_eq!(push.view().thousandths, 0);
    push.copies(4);
    push.ends();
    assert_eq!(push.view().thousandths, 400);
    push.uploads(4, 2);
    let view = push.view();
    assert_eq!((view.thousandths, view.has_batches), (600, true));
    assert_eq!((view.entries.done, view.entries.expected), (4, Some(10)));
    // Of the batches so far, as the entries are.
    let (paths_done, bytes) = (view.upload.paths, view.upload.bytes);
    assert_eq!((paths_done.done, paths_done.expected), (6, Some(8)));
    assert_eq!((bytes.done, bytes.expected), (600, Some(800)));
    push.note(&PushEvent::Uploaded(&paths(4)));
    assert_eq!(push.view().thousandths, 800);
}

#[test]
fn each_batch_is_told_by_what_it_took_and_not_what_went_before() {
    let mut push = Push::begins();
    push.note(&PushEvent::Ready(5));
    push.copies(3);
    push.wait(2);
    let expected = Batch {
        delivered: 3,
        all: 5,
        failed: 0,
        paths: 3,
        bytes: 300,
        time: Duration::from_secs(2),
    };
    assert_eq!(push.ends(), Some(expected));
    push.copies(1);
    push.fails();
    push.wait(1);
    let expected = Batch {
        delivered: 4,
        failed: 1,
        paths: 1,
        bytes: 100,
        time: Duration::from_secs(1),
        ..expected
    };
    assert_eq!(push.ends(), Some(expected));
}

#[test]
fn a_batch_that_is_split_is_one_line_and_counts_nothing_twice() {
    let mut push = Push::begins();
    push.note(&PushEvent::Ready(4));
    push.uploads(4, 1);
    push.note(&PushEvent::Split(4, &error()));
    // What was split is not under way any more.
    assert_eq!(push.view().thousandths, 0);
    push.copies(2);
    push.copies(1);
    push.fails();
    let batch = push.ends().unwrap();
    // Three of them delivered, and one path before the first copy failed.
    assert_eq!((batch.delivered, batch.failed, batch.paths), (3, 1, 4));
    assert_eq!(push.view().thousandths, 1_000);
}

#[test]
fn a_batch_in_which_nothing_happened_is_not_told() {
    let mut push = Push::begins();
    push.note(&PushEvent::Ready(4));
    push.note(&PushEvent::Started(&paths(4)));
    push.queue.upload(&UploadEvent::Begins { sends: false });
    assert_eq!(push.ends(), None);
}

#[test]
fn what_a_drain_tries_again_is_not_counted_twice() {
    let mut push = Push::begins();
    push.note(&PushEvent::Ready(3));
    push.copies(2);
    push.fails();
    push.ends();
    push.waits(&Outcome::Finished);
    push.note(&PushEvent::Ready(1));
    let entries = push.view().entries;
    assert_eq!((entries.done, entries.expected), (2, Some(3)));
    push.copies(1);
    let batch = push.ends().unwrap();
    assert_eq!((batch.delivered, batch.all, batch.failed), (3, 3, 0));
}

#[test]
fn what_it_waits_for_stands_in_place_of_the_bar() {
    let mut push = Push::begins();
    assert_eq!(push.state(), "looks at what is queued");
    push.note(&PushEvent::Ready(1));
    push.note(&PushEvent::Started(&paths(1)));
    push.queue.upload(&UploadEvent::Begins { sends: false });
    assert_eq!(push.state(), "looks at what the destination lacks");
    push.tell(CopyEvent::Paths(1));
    assert_eq!(push.view().state, None);
    push.waits(&Outcome::AlreadyRunning);
    assert_eq!(push.state(), "waits 4m 30s: another push is at work");
    push.wait(30);
    let until = std::time::SystemTime::UNIX_EPOCH;
    assert_eq!(push.state(), "waits 4m: another push is at work");
    push.waits(&Outcome::Unavailable {
        error: error(),
        until,
    });
    assert_eq!(push.state(), "waits 4m 30s: no route to host");
    push.note(&PushEvent::Resting);
    assert_eq!(push.state(), "has nothing left, waits for the other queues");
    let now = push.now();
    assert!(
        push.queue
            .view(now, true)
            .state
            .unwrap()
            .starts_with("stops")
    );
}

#[test]
fn what_is_sent_untold_has_no_speed_and_its_time_is_told() {
    let mut push = Push::begins();
    push.note(&PushEvent::Ready(1));
    push.note(&PushEvent::Started(&paths(1)));
    push.queue.upload(&UploadEvent::Begins { sends: true });
    push.tell(CopyEvent::Paths(1));
    push.tell(CopyEvent::Bytes(100));
    push.tell(CopyEvent::PathBegan { id: 1, path: None });
    let moved = |done| CopyEvent::PathMoved {
        id: 1,
        done,
        expected: 100,
    };
    push.tell(moved(0));
    push.view();
    push.wait(1);
    push.tell(moved(90));
    let view = push.view();
    assert_eq!((view.speed, view.thousandths), (Some(90), 0));
    push.tell(moved(100));
    push.view();
    push.wait(30);
    let view = push.view();
    assert_eq!((view.upload.stage, view.speed), (Stage::Sends(None), None));
    assert_eq!((view.time.as_secs(), view.thousandths), (30, 0));
}

#[test]
fn the_speed_is_that_of_the_last_seconds() {
    let mut push = Push::begins();
    push.note(&PushEvent::Ready(1));
    push.uploads(1, 0);
    assert_eq!(push.view().speed, None);
    push.wait(1);
    assert_eq!(push.view().speed, None, "nothing has moved");
    push.uploads(1, 1);
    push.wait(1);
    assert_eq!(push.view().speed, Some(50));
}

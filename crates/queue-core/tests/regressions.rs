//! What the simulated world once brought to light, one test each.
//!
//! A seed of `histories.rs` would mean something else as soon as an act is added there; what such a
//! history did is written out here, or beside what it was about (`limits.rs`).

#![allow(clippy::unwrap_used)]

mod support;

use std::cell::Cell;

use queue_core::testing::{Decision, Health, Step, World};
use queue_core::*;
use support::path;

/// Fails every such step from that number on.
fn failing(action: &'static str, from: usize) -> impl Fn(&Step) -> Decision {
    move |step| match step.action == action && step.number >= from {
        true => Decision::Fail,
        false => Decision::GoOn,
    }
}

fn queued(paths: &[StorePath]) -> World {
    let world = World::default();
    paths.iter().for_each(|path| world.build(path, &[]));
    let hook = world.process();
    let report = enqueue(&[hook.queue(0).queue()], &hook, &hook, paths);
    assert_eq!(report.queues[0].added.len(), paths.len());
    drop(hook);
    world
}

fn push(world: &World, script: impl Fn(&Step) -> Decision) -> (PushReport, String) {
    let process = world.scripted(script);
    let mut said = String::new();
    let mut observer = |event: &PushEvent<'_>| said.push_str(&format!("{event:?}\n"));
    let pushed = process
        .queue(0)
        .push(&PushOptions::default(), &mut observer);
    (pushed.unwrap(), said)
}

#[test]
fn a_path_that_cannot_be_looked_at_after_a_collector_was_told_is_not_called_held() {
    let world = World::default();
    world.build(&path("a"), &[]);
    world.collector_scans();
    let hook = world.scripted(failing("look for the store path", 2));
    let report = enqueue(&[hook.queue(0).queue()], &hook, &hook, &[path("a")]);
    assert!(report.unprotected.is_some(), "{report:?}");
}

#[test]
fn a_second_question_that_fails_after_an_entry_was_removed_is_told_and_puts_it_back() {
    let world = queued(&[path("gone")]);
    world.delete(&path("gone"));
    let (report, said) = push(&world, failing("ask for valid paths", 10));
    assert!(
        report.invalid.is_empty() && !report.problems.is_empty(),
        "{said}"
    );
    assert_eq!(
        (world.queued(0), world.leaving(0)),
        (vec![path("gone")], vec![])
    );
}

#[test]
fn an_upload_that_failed_is_told_even_when_an_invalid_path_explains_it() {
    let world = queued(&[path("ghost"), path("good")]);
    world.leave_behind(&path("ghost"));
    let (report, said) = push(&world, |_| Decision::GoOn);
    assert_eq!(report.uploaded, [path("good")]);
    assert!(said.contains("Split(2, UploadError"), "{said}");
}

#[test]
fn a_verdict_that_cannot_be_looked_at_is_told_and_written_anew() {
    let world = queued(&[path("a")]);
    world.set_limits(
        0,
        Limits {
            max_pinned: Some(Limit {
                at_most: 1,
                beyond: Beyond::Refuse,
            }),
            ..Limits::default()
        },
    );
    world.destination(0, |there| there.health = Health::Down);
    let (report, said) = push(&world, failing("look for the verdict", 0));
    assert_eq!(report.problems.len(), 1, "{said}");
    assert!(report.closed.is_some() && world.closed(0) == report.closed);
}

/// Deleted, and built and enqueued anew after the store was asked.
fn comes_back(world: &World, then: impl Fn(&Step) -> Decision) {
    let asked = Cell::new(false);
    let process = world.scripted(|step| {
        if asked.replace(step.action == "ask for valid paths") && !world.is_valid(&path("a")) {
            world.build(&path("a"), &[]);
            let hook = world.process();
            let report = enqueue(&[hook.queue(0).queue()], &hook, &hook, &[path("a")]);
            assert_eq!(report.queues[0].already, [path("a")]);
        }
        then(step)
    });
    world.delete(&path("a"));
    let _ = process
        .queue(0)
        .push(&PushOptions::default(), &mut |_: &PushEvent<'_>| {});
}

#[test]
fn what_comes_back_while_its_entry_leaves_is_held_all_the_while() {
    let world = queued(&[path("a")]);
    comes_back(&world, |step| {
        if step.action == "ask for valid paths" {
            world.collect();
        }
        Decision::GoOn
    });
    assert!(world.is_valid(&path("a")) && world.queued(0) == [path("a")]);
}

#[test]
fn what_comes_back_is_queued_again_by_the_next_push_when_this_one_is_killed() {
    let world = queued(&[path("a")]);
    let removed = Cell::new(false);
    comes_back(&world, |step| {
        if removed.replace(step.action == "remove the entry") {
            return Decision::Stop;
        }
        Decision::GoOn
    });
    assert_eq!(
        (world.queued(0), world.leaving(0)),
        (vec![], vec![path("a")])
    );
    world.collect();
    let (report, said) = push(&world, |_| Decision::GoOn);
    assert_eq!(report.uploaded, [path("a")], "{said}");
    assert!(world.leaving(0).is_empty() && world.roots(0).is_empty());
}

/// What left the queue because somebody dropped `a`.
fn dropped(world: &World) -> Vec<StorePath> {
    let user = world.process();
    let ports = user.queue(0);
    let (state, leaving) = (&ports.state, ports.leaving());
    drop_entries(ports.queue(), Some(leaving), Some(state), &[path("a")]).removed
}

#[test]
fn what_is_dropped_after_a_killed_push_put_it_aside_does_not_come_back() {
    let world = queued(&[path("a")]);
    let rooted = Cell::new(0);
    comes_back(&world, |step| {
        rooted.set(rooted.get() + usize::from(step.action == "make the entry"));
        match rooted.get() > 0 && step.action == "flush the queue directory" {
            true => Decision::Stop,
            false => Decision::GoOn,
        }
    });
    assert_eq!(dropped(&world), [path("a")]);
    let (report, _) = push(&world, |_| Decision::GoOn);
    assert!(report.uploaded.is_empty() && world.queued(0).is_empty());
}

#[test]
fn what_is_no_longer_valid_and_cannot_leave_is_counted_as_left() {
    let world = queued(&[path("a"), path("gone")]);
    world.delete(&path("gone"));
    world.leave_behind(&path("gone"));
    let (report, said) = push(&world, failing("remove the entry", 0));
    assert_eq!(report.uploaded, [], "{said}");
    assert!(world.queued(0).contains(&path("gone")));
    assert_eq!((report.invalid.len(), report.left), (0, 1), "{said}");
}

/// Known not to hold: between the store's answer and the push that acts on it there is no lock that
/// a drop would wait for. It is copied once more, and that is all.
#[test]
fn a_drop_while_a_push_puts_the_entry_aside_and_is_killed_may_be_undone_once() {
    let world = queued(&[path("a")]);
    world.delete(&path("a"));
    let (asked, put) = (Cell::new(false), Cell::new(false));
    let process = world.scripted(|step| {
        if asked.replace(step.action == "ask for valid paths") {
            assert_eq!(dropped(&world), [path("a")]);
        }
        match put.get() && step.action == "flush the queue directory" {
            true => return Decision::Stop,
            false => put.set(put.get() || step.action == "make the entry"),
        }
        Decision::GoOn
    });
    let _ = process
        .queue(0)
        .push(&PushOptions::default(), &mut |_: &PushEvent<'_>| {});
    drop(process);
    assert_eq!(
        (world.queued(0), world.leaving(0)),
        (vec![], vec![path("a")])
    );
    world.build(&path("a"), &[]);
    let (report, said) = push(&world, |_| Decision::GoOn);
    assert_eq!(report.uploaded, [path("a")], "{said}");
    assert!(world.leaving(0).is_empty() && world.queued(0).is_empty());
    assert!(push(&world, |_| Decision::GoOn).0.uploaded.is_empty());
}

//! What a push does about damaged store objects.

#![allow(clippy::unwrap_used)]

mod support;

use std::time::Duration;

use queue_core::*;
use support::{Contents, World, names};

#[test]
fn what_is_damaged_is_parked_at_once_and_the_rest_goes_in_the_same_push() {
    let world = World::new();
    world.build_and_enqueue(&["a", "bad", "c"]);
    world.contents.damage("bad", "bad");
    let report = world.push();
    assert!(matches!(report.outcome, Outcome::Finished));
    assert_eq!(names(&report.uploaded), ["a", "c"]);
    assert_eq!(
        world.destination.uploads.get(),
        1,
        "no batch is split for it"
    );
    let [failed] = report.failed.as_slice() else {
        panic!("{report:?}");
    };
    assert_eq!(failed.error.message, "bad was modified");
    assert_eq!((failed.attempts, failed.next_try), (1, None));
    assert_eq!((report.parked, report.left), (1, 0));
    let ledger = world.ledger();
    let known = ledger.entry(&failed.path).unwrap();
    assert_eq!(
        known.hint.as_deref(),
        Some("repair bad"),
        "for who looks later"
    );
    assert_eq!(names(&world.queued()), ["bad"], "parked is still queued");
    assert!(!world.auto().is_empty(), "and still held");
}

#[test]
fn a_damaged_object_parks_every_entry_that_brings_it_along() {
    let world = World::new();
    world.build_and_enqueue(&["a", "b", "c"]);
    world.contents.damage("a", "lib");
    world.contents.damage("c", "lib");
    let report = world.push();
    assert_eq!(names(&report.uploaded), ["b"]);
    assert_eq!(report.failed.len(), 2);
    for failed in &report.failed {
        assert_eq!(failed.error.message, "lib was modified");
    }
}

#[test]
fn nothing_damaged_is_ever_given_to_the_uploader() {
    let mut world = World::new();
    world.options.force = true;
    let paths = world.build_and_enqueue(&["bad"]);
    world.contents.damage("bad", "bad");
    for _ in 0..3 {
        world.push();
        world.wait(Duration::from_secs(1_000_000));
    }
    // Somebody asks for it without having repaired it.
    let mut ledger = world.ledger();
    assert!(ledger.forget(&paths[0]));
    world.state.save_ledger(&ledger.to_text()).unwrap();
    assert_eq!(world.push().failed.len(), 1);
    assert_eq!(world.destination.uploads.get(), 0);
}

#[test]
fn a_repaired_entry_goes_once_somebody_asks_for_it() {
    let world = World::new();
    let paths = world.build_and_enqueue(&["bad"]);
    world.contents.damage("bad", "bad");
    world.push();
    world.contents.damaged.borrow_mut().clear();
    assert!(world.push().uploaded.is_empty(), "parked");
    let mut ledger = world.ledger();
    ledger.forget(&paths[0]);
    world.state.save_ledger(&ledger.to_text()).unwrap();
    assert_eq!(names(&world.push().uploaded), ["bad"]);
}

#[test]
fn a_comparison_that_cannot_be_made_copies_nothing_and_blames_nobody() {
    let world = World::new();
    world.build_and_enqueue(&["a", "b"]);
    world.contents.compared.set(true);
    world.contents.broken.set(true);
    let report = world.push();
    let Outcome::Broken(error) = &report.outcome else {
        panic!("{report:?}");
    };
    assert_eq!(error.message, "failed to read the store: no such program");
    assert_eq!(error.hint.as_deref(), Some("install it"));
    assert_eq!((report.failed.len(), report.left), (0, 2));
    assert_eq!(world.destination.uploads.get(), 0);
    assert!(world.ledger().entry(&support::path("a")).is_none());
    assert!(world.ledger().destination().is_none());
    world.contents.broken.set(false);
    assert_eq!(world.push().uploaded.len(), 2);
}

#[test]
fn an_entry_that_cannot_be_compared_fails_alone_and_holds_no_other_up() {
    let world = World::new();
    let names: Vec<String> = (0..64).map(|n| format!("p{n}")).collect();
    world.build_and_enqueue(&names.iter().map(String::as_str).collect::<Vec<_>>());
    world.contents.cannot_read("p20");
    let report = world.push();
    assert!(matches!(report.outcome, Outcome::Finished), "{report:?}");
    assert_eq!((report.uploaded.len(), report.left), (63, 0));
    let [failed] = report.failed.as_slice() else {
        panic!("{report:?}");
    };
    assert!(failed.error.message.ends_with("it takes for ever"));
    assert_eq!((failed.attempts, failed.next_try.is_some()), (1, true));
    let failures = world.ledger().entry(&failed.path).cloned().unwrap();
    assert!(!failures.hint.is_some_and(|hint| hint.contains("repair")));
    let questions = world.contents.questions.borrow().len();
    assert!(questions <= 1 + 1 + 2 * 6, "{questions}");
    assert!(world.saw("Split(64,"), "the first failure is told as well");
}

#[test]
fn many_that_cannot_be_compared_hold_up_nothing_behind_them() {
    let world = World::new();
    world.build_and_enqueue(&["a", "b", "c", "d", "e", "f", "g", "h"]);
    let queued = world.queued();
    for path in [&queued[0], &queued[2], &queued[4]] {
        world.contents.cannot_read(path.name());
    }
    for seed in 0..20 {
        if world.queued().len() > 3 {
            push_with_seed(&world, seed);
        }
    }
    assert_eq!(world.queued().len(), 3);
    assert_eq!(world.ledger().entry(&queued[1]), None, "nobody else failed");
}

fn push_with_seed(world: &World, seed: u64) -> PushReport {
    let options = PushOptions {
        seed: seed << 32,
        force: true,
        ..world.options.clone()
    };
    world.push_with(&options)
}

/// The one is taken for the machine's fault if the other is asked about next.
/// That is not always so.
#[test]
fn two_that_cannot_be_compared_hold_up_nothing_for_ever_wherever_they_stand() {
    for (first, second) in [(0, 3), (0, 1), (1, 2), (2, 3)] {
        let world = World::new();
        world.build_and_enqueue(&["a", "b", "c", "d"]);
        let queued = world.queued();
        world.contents.cannot_read(queued[first].name());
        world.contents.cannot_read(queued[second].name());
        let mut pushes = 0;
        while world.queued().len() > 2 && pushes < 20 {
            push_with_seed(&world, pushes);
            pushes += 1;
        }
        assert_eq!(
            world.queued(),
            [&queued[first], &queued[second]].map(Clone::clone)
        );
    }
}

#[test]
fn where_no_comparison_can_be_made_the_machine_is_assumed_and_few_questions_are_asked() {
    let world = World::new();
    let names: Vec<String> = (0..64).map(|n| format!("p{n}")).collect();
    world.build_and_enqueue(&names.iter().map(String::as_str).collect::<Vec<_>>());
    world.contents.compared.set(true);
    world.contents.broken.set(true);
    let report = world.push();
    assert!(matches!(report.outcome, Outcome::Broken(_)), "{report:?}");
    assert_eq!((report.failed.len(), report.left), (0, 64));
    let questions = world.contents.questions.borrow().len();
    assert_eq!(questions, 1 + 6 + 1);
    assert_eq!(world.destination.uploads.get(), 0);
}

#[test]
fn an_only_entry_that_cannot_be_compared_is_blamed_once_another_one_can() {
    let world = World::new();
    let paths = world.build_and_enqueue(&["huge"]);
    world.contents.cannot_read("huge");
    assert!(matches!(world.push().outcome, Outcome::Broken(_)));
    assert!(world.ledger().entry(&paths[0]).is_none());
    world.build_and_enqueue(&["good"]);
    let report = world.push();
    assert!(matches!(report.outcome, Outcome::Finished), "{report:?}");
    assert_eq!(names(&report.uploaded), ["good"]);
    assert_eq!(report.failed.len(), 1);
    // From now on it backs off, alone as it is.
    world.wait(Duration::from_secs(60));
    assert_eq!(world.push().failed[0].attempts, 2);
    let questions = world.contents.questions.borrow().len();
    assert!(world.push().failed.is_empty());
    assert_eq!(world.contents.questions.borrow().len(), questions);
}

#[test]
fn a_machine_that_breaks_after_the_first_batch_is_assumed_as_well() {
    let mut world = World::new();
    world.options.batch_size = 2.try_into().unwrap();
    world.build_and_enqueue(&["a", "b", "c", "d", "e", "f"]);
    world.contents.compared.set(true);
    let contents = std::rc::Rc::new(Contents::default());
    contents.compared.set(true);
    world.contents = contents.clone();
    *world.destination.before.borrow_mut() = Some(Box::new(move |_| contents.broken.set(true)));
    let report = world.push();
    assert!(matches!(report.outcome, Outcome::Broken(_)), "{report:?}");
    assert_eq!(
        (report.uploaded.len(), report.failed.len(), report.left),
        (2, 0, 4)
    );
}

#[test]
fn each_batch_is_compared_by_itself_just_before_it_goes() {
    let mut world = World::new();
    world.options.batch_size = 2.try_into().unwrap();
    world.build_and_enqueue(&["a", "b", "c"]);
    world.contents.compared.set(true);
    world.push();
    assert_eq!(*world.contents.questions.borrow(), [2, 1]);
    assert_eq!(world.push().uploaded.len(), 0);
    assert_eq!(world.contents.questions.borrow().len(), 2, "nothing to ask");
}

fn last_others(world: &World) -> Vec<String> {
    world.contents.others.borrow().last().unwrap().clone()
}

#[test]
fn each_question_comes_with_the_rest_of_the_queue_whosever_turn_it_is() {
    let mut world = World::new();
    world.contents.compared.set(true);
    world.build_and_enqueue(&["a"]);
    world.push();
    assert!(last_others(&world).is_empty(), "nothing else is queued");
    world.options.batch_size = 1.try_into().unwrap();
    world.options.retry.max_attempts = std::num::NonZeroU32::MIN;
    world.destination.cannot_take("parked");
    world.build_and_enqueue(&["parked"]);
    world.push();
    world.build_and_enqueue_one_by_one(&["b", "c", "d"]);
    world.destination.cannot_take("c");
    world.push();
    let others = world.contents.others.borrow();
    let told: Vec<_> = others[2..].iter().map(|names| names.join(" ")).collect();
    // What arrived is not asked about again; what failed is.
    assert_eq!(told, ["c d parked", "d parked", "c parked"]);
}

#[test]
fn what_is_known_as_damaged_is_told_with_each_later_question_as_long_as_its_entry_waits() {
    let mut world = World::new();
    world.options.batch_size = 2.try_into().unwrap();
    let paths = world.build_and_enqueue(&["bad", "a", "b"]);
    world.contents.damage("bad", "lib");
    world.push();
    assert_eq!(*world.contents.questions.borrow(), [2, 1]);
    assert_eq!(last_others(&world), ["bad", "lib"], "in the next batch");
    world.contents.damaged.borrow_mut().clear();
    world.build_and_enqueue(&["c"]);
    world.push();
    assert_eq!(last_others(&world), ["bad", "lib"], "in the next push");
    // Dropped by hand: the push that sees it gone forgets it.
    world.directory.remove(&paths[0]).unwrap();
    world.push();
    world.build_and_enqueue(&["d"]);
    world.push();
    assert!(last_others(&world).is_empty());
}

#[test]
fn somebody_who_retries_without_a_repair_does_not_make_it_forgotten() {
    let mut world = World::new();
    world.options.batch_size = 2.try_into().unwrap();
    let paths = world.build_and_enqueue(&["bad"]);
    world.contents.damage("bad", "lib");
    world.push();
    let report = retry_entries(&world.state, &paths).unwrap().unwrap();
    assert_eq!(report.forgotten, paths);
    let ledger = world.ledger();
    assert!(ledger.entry(&paths[0]).is_none(), "tried in the next push");
    world.build_and_enqueue(&["a"]);
    let report = world.push();
    for others in &world.contents.others.borrow()[1..] {
        assert!(others.contains(&"lib".to_owned()), "whatever is first");
    }
    assert_eq!(names(&report.uploaded), ["a"]);
    // A retry after the repair: the question that finds it sound is the last.
    world.contents.damaged.borrow_mut().clear();
    let _ = retry_entries(&world.state, &paths).unwrap().unwrap();
    assert_eq!(names(&world.push().uploaded), ["bad"]);
    world.build_and_enqueue(&["b"]);
    world.push();
    assert!(last_others(&world).is_empty());
}

#[test]
fn what_is_found_sound_is_forgotten_though_its_entry_cannot_be_copied() {
    let world = World::new();
    let paths = world.build_and_enqueue(&["bad"]);
    world.contents.damage("bad", "lib");
    world.push();
    world.contents.damaged.borrow_mut().clear();
    let _ = retry_entries(&world.state, &paths).unwrap().unwrap();
    world.destination.cannot_take("bad");
    assert_eq!(world.push().failed.len(), 1);
    world.build_and_enqueue(&["a"]);
    world.push();
    assert_eq!(last_others(&world), ["bad"], "queued still, and no more");
}

/// A copy may take hours, and what is copied next is what is on the disk then.
#[test]
fn what_is_damaged_while_a_copy_fails_does_not_go_with_its_halves() {
    let mut world = World::new();
    let contents = std::rc::Rc::new(Contents::default());
    contents.compared.set(true);
    world.contents = contents.clone();
    world.build_and_enqueue(&["a", "b", "c", "bad"]);
    world.destination.cannot_take("bad");
    *world.destination.before.borrow_mut() = Some(Box::new(move |_| {
        if contents.damaged.borrow().is_empty() {
            contents.damage("b", "b");
        }
    }));
    let report = world.push();
    assert_eq!(names(&report.uploaded), ["a", "c"]);
    let failed: Vec<_> = report
        .failed
        .iter()
        .map(|failed| failed.path.clone())
        .collect();
    assert_eq!(names(&failed), ["b", "bad"]);
    assert!(
        world
            .ledger()
            .entry(&support::path("b"))
            .unwrap()
            .parked_since
            .is_some()
    );
}

#[test]
fn each_part_of_a_batch_that_fails_is_compared_before_it_goes() {
    let world = World::new();
    world.contents.compared.set(true);
    world.build_and_enqueue(&["a", "b", "c", "bad"]);
    world.destination.cannot_take("bad");
    world.push();
    let questions = world.contents.questions.borrow().clone();
    assert_eq!(questions.len(), world.destination.uploads.get());
    assert_eq!(questions.iter().take(2).collect::<Vec<_>>(), [&4, &2]);
}

#[test]
fn a_push_that_is_asked_to_stop_compares_nothing() {
    let world = World::new();
    world.build_and_enqueue(&["a"]);
    world.contents.compared.set(true);
    world.cancelled.set(true);
    assert!(matches!(world.push().outcome, Outcome::Cancelled));
    assert!(world.contents.questions.borrow().is_empty());
}

#[test]
fn what_is_known_of_the_damage_survives_a_push_that_is_killed_while_it_copies() {
    let world = World::new();
    world.build_and_enqueue(&["a", "bad"]);
    world.contents.damage("bad", "bad");
    let known = std::rc::Rc::new(std::cell::RefCell::new(String::new()));
    let (ledger, seen) = (
        world.directory.path().join(".push/ledger.toml"),
        known.clone(),
    );
    *world.destination.before.borrow_mut() = Some(Box::new(move |_| {
        *seen.borrow_mut() = std::fs::read_to_string(&ledger).unwrap_or_default();
    }));
    world.push();
    assert!(
        known.borrow().contains("parked-since"),
        "{}",
        known.borrow()
    );
}

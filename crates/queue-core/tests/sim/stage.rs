//! A world, a witness, and the actors between them.

use std::num::{NonZeroU32, NonZeroUsize};
use std::sync::{Mutex, MutexGuard};
use std::time::Duration;

use queue_core::testing::{Decision, Process, Rooting, Step, World};
use queue_core::*;

use super::witness::{Key, Witness};

/// The store path with that name, and a hash made from it.
pub fn path(name: &str) -> StorePath {
    let digits = b"0123456789abcdfghijklmnpqrsvwxyz";
    let mut state = name.bytes().fold(7u64, |hash, byte| {
        hash.wrapping_mul(131).wrapping_add(byte.into())
    });
    let hash: String = (0..32)
        .map(|_| {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            char::from(digits[(state >> 59) as usize])
        })
        .collect();
    format!("{hash}-{name}").parse().unwrap()
}

pub fn paths(names: &[&str]) -> Vec<StorePath> {
    names.iter().map(|name| path(name)).collect()
}

#[derive(Debug)]
pub struct Stage {
    pub world: World,
    witness: Mutex<Witness>,
    pub options: PushOptions,
    /// What is good now may be parked rightly: it could not be taken before, or
    /// the machine had a fault.
    pub may_be_parked: bool,
}

impl Clone for Stage {
    fn clone(&self) -> Self {
        self.with_world(self.world.clone())
    }
}

impl Stage {
    pub fn new(queues: &[Rooting]) -> Self {
        let retry = RetryPolicy {
            delay: Duration::from_secs(60),
            max_delay: Duration::from_secs(3600),
            max_attempts: NonZeroU32::new(3).unwrap(),
        };
        let options = PushOptions {
            destination: "there".into(),
            batch_size: NonZeroUsize::new(1000).unwrap(),
            retry,
            seed: 1,
            ..PushOptions::default()
        };
        Self {
            world: World::new(queues),
            witness: Mutex::default(),
            options,
            may_be_parked: false,
        }
    }

    /// What was promised here, in another world.
    pub fn with_world(&self, world: World) -> Self {
        Self {
            world,
            witness: Mutex::new(self.witness().clone()),
            options: self.options.clone(),
            may_be_parked: self.may_be_parked,
        }
    }

    pub fn witness(&self) -> MutexGuard<'_, Witness> {
        self.witness.lock().unwrap()
    }

    pub fn queues(&self) -> usize {
        self.world.queues()
    }

    /// Builds it, with what it refers to.
    pub fn build(&self, name: &str, references: &[&str]) -> StorePath {
        let (path, references) = (path(name), paths(references));
        self.world.build(&path, &references);
        self.witness().built(&path, &references);
        path
    }

    /// Builds each of them, with a library that they share, unless they are there.
    pub fn build_all(&self, names: &[&str]) -> Vec<StorePath> {
        for name in ["lib"].iter().chain(names) {
            if !self.world.is_valid(&path(name)) {
                let references: &[&str] = if *name == "lib" { &[] } else { &["lib"] };
                self.build(name, references);
            }
        }
        paths(names)
    }

    /// Builds and enqueues them in peace, and makes all that durable.
    pub fn queue(&self, names: &[&str]) {
        let paths = self.build_all(names);
        self.enqueue(&self.process(), &[0], &paths);
        self.settle();
    }

    /// A quiet moment: all is durable, and what is queued is known.
    pub fn settle(&self) {
        self.world.settle();
        self.note_ledgers();
        let mut witness = self.witness();
        for queue in 0..self.queues() {
            let queued = self.world.queued(queue);
            witness
                .seen
                .extend(queued.into_iter().map(|path| (queue, path)));
        }
    }

    pub fn note_ledgers(&self) {
        let mut witness = self.witness();
        for queue in 0..self.queues() {
            witness.ledgers.insert((queue, self.world.ledger(queue)));
        }
    }

    /// A process that notes before each step what the ledgers say, and what
    /// limits allow when it is done.
    pub fn scripted<'s>(&'s self, script: impl Fn(&Step) -> Decision + 's) -> Process<'s> {
        self.world.scripted(move |step| {
            self.note_ledgers();
            let decision = script(step);
            self.witness().limits.tried |= step.action == Step::BEGIN_UPLOAD;
            self.observe();
            decision
        })
    }

    /// The same, with nothing in its way.
    pub fn process(&self) -> Process<'_> {
        self.scripted(|_| Decision::GoOn)
    }

    /// What a hook does, and what it complains about.
    pub fn enqueue(&self, hook: &Process<'_>, queues: &[usize], paths: &[StorePath]) -> String {
        let keys = queues.iter().flat_map(|queue| of(*queue, paths));
        let before: Vec<_> = keys.map(|key| self.witness().excuses(&key)).collect();
        let known: Vec<_> = queues.iter().map(|q| self.before(*q, paths)).collect();
        self.not_dropped(queues, paths);
        let ports: Vec<_> = queues.iter().map(|queue| hook.queue(*queue)).collect();
        let seen: Vec<_> = ports.iter().map(|ports| ports.queue()).collect();
        let report = enqueue(&seen, hook, hook, paths);
        self.not_dropped(queues, paths);
        for ((queue, report), before) in queues.iter().zip(&report.queues).zip(&known) {
            match hook.is_dead() {
                true => self.note_interrupted(*queue),
                false => self.note_limits_of_enqueue(*queue, report, before),
            }
        }
        if !hook.is_dead() && report.unprotected.is_none() {
            for (n, (queue, report)) in queues.iter().zip(&report.queues).enumerate() {
                let before = &before[n * paths.len()..][..paths.len()];
                self.note_accepted(*queue, report, paths, before);
            }
        }
        format!("{report:?}")
    }

    /// Somebody enqueues it: a drop before or meanwhile says nothing any more.
    fn not_dropped(&self, queues: &[usize], paths: &[StorePath]) {
        for key in queues.iter().flat_map(|queue| of(*queue, paths)) {
            self.witness().wanted_again(key);
        }
    }

    fn note_accepted(
        &self,
        queue: usize,
        report: &QueueReport,
        paths: &[StorePath],
        excuses: &[usize],
    ) {
        if report.not_durable.is_some() {
            return;
        }
        let added = report.added.iter().map(|path| (queue, path.clone()));
        self.witness().added.extend(added);
        for path in report.added.iter().chain(&report.already) {
            let n = paths.iter().position(|asked| asked == path).unwrap();
            self.witness().accept((queue, path.clone()), excuses[n]);
        }
    }

    /// What `drop` does, and what it complains about.
    pub fn drop(&self, process: &Process<'_>, queue: usize, paths: &[StorePath]) -> String {
        let queued = self.world.queued(queue);
        self.excuse(queue, paths);
        self.witness().added.clear();
        let before: Vec<_> = of(queue, paths)
            .map(|key| self.witness().wishes(&key))
            .collect();
        let ports = process.queue(queue);
        let (state, leaving) = (&ports.state, ports.leaving());
        let report = drop_entries(ports.queue(), Some(leaving), Some(state), paths);
        self.excuse_but_added_anew(queue, paths, &queued);
        let for_good = !report.beside_a_push && report.not_durable.is_empty();
        if !process.is_dead() && for_good && report.not_forgotten.is_none() {
            for (path, wishes) in paths
                .iter()
                .zip(before)
                .filter(|(path, _)| report.removed.contains(path))
            {
                self.witness().leave((queue, path.clone()), wishes);
            }
        }
        format!("{report:?}")
    }

    fn excuse(&self, queue: usize, paths: &[StorePath]) {
        of(queue, paths).for_each(|key| self.witness().excuse(&key));
    }

    /// A hook that found an old entry may have lost it to the drop; one that
    /// made a new entry where there had been an old one came after it.
    fn excuse_but_added_anew(&self, queue: usize, paths: &[StorePath], before: &[StorePath]) {
        for key in of(queue, paths) {
            let anew = before.contains(&key.1) && self.witness().added.contains(&key);
            if !anew {
                self.witness().excuse(&key);
            }
        }
    }

    /// What `retry` does, and what it complains about.
    pub fn retry(&self, process: &Process<'_>, queue: usize) -> String {
        let ports = process.queue(queue);
        format!(
            "{:?}",
            retry_entries(&ports.state, &self.world.queued(queue))
        )
    }

    /// Pushes; gives all that it said, and the report.
    pub fn push(&self, process: &Process<'_>, queue: usize) -> (String, Option<PushReport>) {
        let push = |observer: &mut dyn PushObserver| {
            let pushed = process.queue(queue).push(&self.options, observer);
            ((), pushed)
        };
        self.pushed(process, queue, push).1
    }

    /// Notes what came of a push, or of several.
    pub fn pushed<T>(
        &self,
        process: &Process<'_>,
        queue: usize,
        push: impl FnOnce(&mut dyn PushObserver) -> (T, Result<PushReport, PortError>),
    ) -> (T, (String, Option<PushReport>)) {
        let before = self.before(queue, &[]);
        let (mut said, mut dropped) = (String::new(), Vec::new());
        let mut observer = |event: &PushEvent<'_>| {
            said.push_str(&format!("{event:?}\n"));
            match event {
                PushEvent::Dropped(path, _) => dropped.push((*path).clone()),
                PushEvent::Closed(_) => self.note_closed(queue),
                _ => {}
            }
        };
        let (other, pushed) = push(&mut observer);
        said.push_str(&format!("{pushed:?}"));
        match &pushed {
            Ok(report) if !process.is_dead() => {
                self.note_limits_of_push(queue, report, &dropped, &before);
            }
            _ => self.note_interrupted(queue),
        }
        (other, (said, pushed.ok()))
    }

    /// Deletes the store object in spite of all roots.
    pub fn delete(&self, path: &StorePath) {
        for queue in 0..self.queues() {
            self.excuse(queue, std::slice::from_ref(path));
        }
        self.world.delete(path);
    }
}

pub fn of(queue: usize, paths: &[StorePath]) -> impl Iterator<Item = Key> {
    paths.iter().map(move |path| (queue, path.clone()))
}

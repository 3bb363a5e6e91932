//! The hook program: queues what Nix has just built.
//!
//! Nix waits for it, and a failing one stops the build. So it uses no argument
//! parser and no logger, starts no process unless it must, and takes whatever
//! can be enqueued in spite of whatever is wrong besides.

mod complaint;
mod report;
mod tell;

use std::ffi::OsString;
use std::time::Duration;

use nix_copy::Cancel;
use nix_post_build_push_config::{
    Environment, Inputs, Need, OnError, Overrides, QueueSettings, Resolution, resolve,
};
use queue_core::{Queue, StorePath, enqueue};

use crate::adapters::{Deadline, OpenQueue, Store};
use crate::hook_variables::{Built, HookVariables};
use crate::subject;

pub use complaint::Complaint;

/// How long a build may wait for others, all in all: for the calls of Nix that cannot be avoided,
/// until the last of them has ended or is killed, and for a garbage collector. What the disk takes
/// comes on top, and 20 milliseconds for each connection that may not end at once.
const TIME: Duration = Duration::from_secs(10);

/// What came of a run.
#[derive(Debug)]
pub struct Outcome {
    /// One line for each failure; empty when all is well.
    pub errors: Vec<Complaint>,
    /// One line for what others lose for it: nothing of this build, which it fails never.
    pub losses: Vec<Complaint>,
    /// One line for each thing that is worth a word and no failure.
    pub warnings: Vec<Complaint>,
    /// What a failure comes to.
    pub on_error: OnError,
}

/// Enqueues what `variables` (the environment that Nix gives its hook) name, in
/// every enabled queue. `uid` is the effective user.
#[must_use]
pub fn run(variables: Vec<(OsString, OsString)>, uid: u32) -> Outcome {
    run_until(variables, uid, Deadline::after(TIME))
}

fn run_until(variables: Vec<(OsString, OsString)>, uid: u32, deadline: Deadline) -> Outcome {
    let hook_variables = HookVariables::of(|name| value(&variables, name));
    let resolution = resolve_for_queueing(&variables, uid);
    let mut outcome = Outcome {
        errors: report::problems(&resolution),
        losses: Vec::new(),
        warnings: Vec::new(),
        on_error: resolution.config.hook.on_error.value,
    };
    match Store::open(&resolution.config, variables, Cancel::never()) {
        Ok(store) => {
            let store = store.until(deadline);
            let built = built(hook_variables, &store, &mut outcome);
            enqueue_everywhere(&store, &resolution, &built, &mut outcome);
        }
        Err(error) => outcome.errors.push(Complaint::from(&error)),
    }
    // The program is about to end: to give back piece by piece what it read would be for nothing.
    std::mem::forget(resolution);
    outcome
}

fn value(variables: &[(OsString, OsString)], name: &str) -> Option<OsString> {
    let found = variables.iter().find(|(known, _)| known == name);
    found.map(|(_, value)| value.clone())
}

fn resolve_for_queueing(variables: &[(OsString, OsString)], uid: u32) -> Resolution {
    // Before they are copied: NIX_CONFIG alone may be large.
    let concerning = variables
        .iter()
        .filter(|(name, _)| Environment::concerns(name));
    resolve(&Inputs {
        overrides: &Overrides::default(),
        environment: &Environment::new(concerning.cloned()),
        uid,
        need: Need::Enqueue,
    })
}

/// What Nix has built, as far as it can be found out.
fn built(variables: HookVariables, store: &Store, outcome: &mut Outcome) -> Built {
    let mut built = variables.read(store);
    if built.is_nothing() {
        outcome
            .errors
            .push(Complaint::new(subject::CONFIG, NOT_A_HOOK));
    }
    if let Err(error) = built.ask_nix(store) {
        let derivation = built.derivation.iter();
        let lost = derivation.map(|path| report::outputs_unknown(path, &error, &store.dir));
        outcome.errors.extend(lost);
    }
    let errors = std::mem::take(&mut built.errors).into_iter();
    let complaints = errors.map(|error| Complaint::new(subject::PATHS, error));
    outcome.errors.extend(complaints);
    built
}

const NOT_A_HOOK: &str = "neither OUT_PATHS nor DRV_PATH is set: this program is run by Nix, \
                          as its post-build-hook";

/// One group of queues wants the derivation too, so that it survives until it
/// is copied; the other does not.
fn enqueue_everywhere(
    store: &Store,
    resolution: &Resolution,
    built: &Built,
    outcome: &mut Outcome,
) {
    let (deriving, plain): (Vec<_>, Vec<_>) = resolution
        .config
        .enabled()
        .partition(|queue| queue.wants_derivation());
    enqueue_in(store, &plain, &built.outputs, outcome);
    let all: Vec<_> = built
        .outputs
        .iter()
        .chain(&built.derivation)
        .cloned()
        .collect();
    enqueue_in(store, &deriving, &all, outcome);
}

fn enqueue_in(
    store: &Store,
    settings: &[&QueueSettings],
    paths: &[StorePath],
    Outcome {
        errors,
        losses,
        warnings,
        ..
    }: &mut Outcome,
) {
    if settings.is_empty() || paths.is_empty() {
        return;
    }
    let mut queues = Vec::new();
    for settings in settings {
        match OpenQueue::create(store, settings) {
            Ok(queue) => queues.push(queue),
            Err(error) => errors.push(report::queue_error(&settings.name, &error)),
        }
    }
    let opened: Vec<Queue<'_>> = queues.iter().map(OpenQueue::queue).collect();
    let done = enqueue(&opened, &store.collector, &store.dir, paths);
    for (queue, report) in queues.iter().zip(&done.queues) {
        errors.extend(report::queue_report(queue.name(), report, &store.dir));
        losses.extend(report::dropped(queue.name(), report, &store.dir));
        let problems = report.problems.iter();
        warnings.extend(problems.map(|error| report::queue_error(queue.name(), error)));
    }
    errors.extend(done.unprotected.as_ref().map(Complaint::from));
}

#[cfg(test)]
mod tests;

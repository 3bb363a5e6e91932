//! The hook program: queues what Nix has just built.
//!
//! Nix waits for it, and a failing one stops the build. So it uses no argument
//! parser and no logger, starts no process unless it must, and takes whatever
//! can be enqueued in spite of whatever is wrong besides.

mod input;
mod report;

use std::ffi::OsString;
use std::fs;

use nix_copy::Cancel;
use nix_post_build_push_config::{
    ClosureType, Environment, Inputs, Need, OnError, Overrides, QueueSettings, Resolution, resolve,
};
use queue_core::{Queue, StorePath, enqueue};

use crate::adapters::{OpenQueue, Store};
use input::Input;

/// What came of a run.
#[derive(Debug)]
pub struct Outcome {
    /// One line for each failure; empty when all is well.
    pub errors: Vec<String>,
    /// What a failure comes to.
    pub on_error: OnError,
}

/// Enqueues what `variables` (the environment that Nix gives its hook) name, in
/// every enabled queue. `uid` is the effective user.
#[must_use]
pub fn run(variables: Vec<(OsString, OsString)>, uid: u32) -> Outcome {
    let raw = |name: &str| {
        variables
            .iter()
            .find(|(n, _)| n == name)
            .map(|(_, value)| value.clone())
    };
    let (out_paths, drv_path) = (raw("OUT_PATHS"), raw("DRV_PATH"));
    let environment = Environment::new(variables.iter().cloned());
    let overrides = Overrides::default();
    let resolution = resolve(&Inputs {
        overrides: &overrides,
        environment: &environment,
        uid,
        need: Need::Enqueue,
    });
    let mut outcome = Outcome {
        errors: report::problems(&resolution),
        on_error: resolution.config.hook.on_error.value,
    };
    let store = match Store::open(&resolution.config, variables, Cancel::never()) {
        Ok(store) => store,
        Err(error) => {
            outcome.errors.push(report::port_error(&error));
            return outcome;
        }
    };
    let read = |path: &StorePath| fs::read(store.dir.join(path));
    let mut input = input::read(out_paths.as_deref(), drv_path.as_deref(), &store.dir, read);
    ask_nix(&store, &mut input);
    outcome.errors.append(&mut input.errors);
    outcome
        .errors
        .extend(enqueue_everywhere(&store, &resolution, &input));
    outcome
}

/// The one case that takes a process: Nix named no outputs, and they are
/// floating content-addressed ones, so that the derivation does not either.
fn ask_nix(store: &Store, input: &mut Input) {
    let Some(derivation) = input.derivation.as_ref().filter(|_| input.ask_nix) else {
        return;
    };
    match store.database().outputs(derivation) {
        Ok(outputs) => input.outputs = outputs,
        Err(error) => input.errors.push(report::port_error(&error)),
    }
}

/// One group of queues wants the derivation too, so that it survives until it
/// is copied; the other does not.
fn enqueue_everywhere(store: &Store, resolution: &Resolution, input: &Input) -> Vec<String> {
    let wants_derivation = |queue: &&QueueSettings| {
        matches!(
            queue.closure_type.value,
            ClosureType::Source | ClosureType::Cache
        )
    };
    let (deriving, plain): (Vec<_>, Vec<_>) =
        resolution.config.enabled().partition(wants_derivation);
    let mut errors = enqueue_in(store, &plain, &input.outputs);
    let all: Vec<_> = input
        .outputs
        .iter()
        .chain(&input.derivation)
        .cloned()
        .collect();
    errors.extend(enqueue_in(store, &deriving, &all));
    errors
}

fn enqueue_in(store: &Store, settings: &[&QueueSettings], paths: &[StorePath]) -> Vec<String> {
    if settings.is_empty() || paths.is_empty() {
        return Vec::new();
    }
    let mut errors = Vec::new();
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
    }
    errors.extend(done.unprotected.as_ref().map(report::port_error));
    errors
}

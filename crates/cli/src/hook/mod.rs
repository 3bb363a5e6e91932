//! The hook program: queues what Nix has just built.
//!
//! Nix waits for it, and a failing one stops the build. So it uses no argument
//! parser and no logger, starts no process unless it must, and takes whatever
//! can be enqueued in spite of whatever is wrong besides.

mod report;

use std::ffi::OsString;
use std::time::Duration;

use nix_copy::Cancel;
use nix_post_build_push_config::{
    Environment, Inputs, Need, OnError, Overrides, QueueSettings, Resolution, resolve,
};
use queue_core::{Queue, StorePath, enqueue};

use crate::adapters::{OpenQueue, Store};
use crate::hook_variables::{Built, HookVariables};

/// How long a build may wait for the calls of Nix that cannot be avoided. It may be about twice
/// as long in the end: a call that is under way is given as much.
const STORE_TIME: Duration = Duration::from_secs(10);

/// What came of a run.
#[derive(Debug)]
pub struct Outcome {
    /// One line for each failure; empty when all is well.
    pub errors: Vec<String>,
    /// One line for each thing that is worth a word and no failure.
    pub warnings: Vec<String>,
    /// What a failure comes to.
    pub on_error: OnError,
}

/// Enqueues what `variables` (the environment that Nix gives its hook) name, in
/// every enabled queue. `uid` is the effective user.
#[must_use]
pub fn run(variables: Vec<(OsString, OsString)>, uid: u32) -> Outcome {
    run_within(variables, uid, STORE_TIME)
}

fn run_within(variables: Vec<(OsString, OsString)>, uid: u32, store_time: Duration) -> Outcome {
    let hook_variables = HookVariables::of(|name| value(&variables, name));
    let resolution = resolve_for_queueing(&variables, uid);
    let mut outcome = Outcome {
        errors: report::problems(&resolution),
        warnings: Vec::new(),
        on_error: resolution.config.hook.on_error.value,
    };
    match Store::open(&resolution.config, variables, Cancel::never()) {
        Ok(store) => {
            let store = store.within(store_time);
            let built = built(hook_variables, &store, &mut outcome);
            enqueue_everywhere(&store, &resolution, &built, &mut outcome);
        }
        Err(error) => outcome.errors.push(report::port_error(&error)),
    }
    outcome
}

fn value(variables: &[(OsString, OsString)], name: &str) -> Option<OsString> {
    let found = variables.iter().find(|(known, _)| known == name);
    found.map(|(_, value)| value.clone())
}

fn resolve_for_queueing(variables: &[(OsString, OsString)], uid: u32) -> Resolution {
    resolve(&Inputs {
        overrides: &Overrides::default(),
        environment: &Environment::new(variables.iter().cloned()),
        uid,
        need: Need::Enqueue,
    })
}

/// What Nix has built, as far as it can be found out.
fn built(variables: HookVariables, store: &Store, outcome: &mut Outcome) -> Built {
    let mut built = variables.read(store);
    if built.is_nothing() {
        outcome.errors.push(NOT_A_HOOK.to_owned());
    }
    if let Err(error) = built.ask_nix(store) {
        outcome.errors.push(report::port_error(&error));
    }
    outcome.errors.append(&mut built.errors);
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
        errors, warnings, ..
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
        warnings.extend(report::limits(queue.name(), report, &store.dir));
    }
    errors.extend(done.unprotected.as_ref().map(report::port_error));
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt;
    use std::time::Instant;

    use super::*;

    #[test]
    fn a_nix_that_does_not_answer_delays_a_build_for_a_limited_time_only() {
        let keep = tempfile::tempdir().unwrap();
        let root = keep.path().to_str().unwrap();
        for dir in ["store", "state/gcroots/auto", "bin"] {
            fs::create_dir_all(keep.path().join(dir)).unwrap();
        }
        let program = keep.path().join("bin/nix");
        fs::write(&program, "#!/bin/sh\nexec /bin/sleep 60\n").unwrap();
        fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
        // Only Nix knows the outputs of this one.
        let derivation = format!("{root}/store/v3ygr25lms4hdmxwa8h14sjv6km1l8cz-a.drv");
        let floating = r#"Derive([("out","","r:sha256","")],["#;
        fs::write(&derivation, floating).unwrap();
        let variables = [
            ("DRV_PATH", derivation),
            ("NIX_STORE_DIR", format!("{root}/store")),
            ("NIX_STATE_DIR", format!("{root}/state")),
            ("NIX_POST_BUILD_PUSH_QUEUE_DIR", format!("{root}/queue")),
            ("PATH", format!("{root}/bin")),
            ("HOME", format!("{root}/home")),
        ];
        let variables = variables.map(|(name, value)| (name.into(), value.into()));
        let begun = Instant::now();
        let outcome = run_within(variables.into(), 1000, Duration::from_millis(200));
        assert!(begun.elapsed() < Duration::from_secs(20));
        let [error] = outcome.errors.as_slice() else {
            panic!("{:?}", outcome.errors);
        };
        assert!(error.contains("after the timeout of 0.2 s"), "{error}");
    }
}

//! Uploading given paths at once, without a queue on disk.

use nix_post_build_push_config::QueueSettings;
use queue_core::{NoRoots, PushReport, Queue, StorePath};

use super::Work;
use super::memory::{MemoryQueue, NoCollector, NoState};
use super::observer::Narrator;
use super::ports::Pushed;
use super::summary::{self, Told};
use crate::adapters::push_options;
use crate::commands::queues;
use crate::error::CommandError;
use crate::exit_codes::Exit;
use crate::session::Session;

/// Uploads the paths to the destinations of all selected queues at the same time.
pub(super) fn all(paths: &[StorePath], work: &Work<'_>, session: &mut Session) -> Exit {
    let Work { config, store, .. } = *work;
    let mut told = Told::new(work.args.json.json);
    let upload = |settings| move || one(paths, work, settings);
    let exit = queues::each_at_once(config, work.exit, upload, |settings, report| {
        summary::report_direct_outcome(&report, settings);
        told.report(&report, settings, store, session);
        // Somebody asked for just these paths: one that is not valid is a failure here.
        let invalid = if report.invalid.is_empty() {
            Exit::Done
        } else {
            Exit::Failed
        };
        summary::exit(&report).max(invalid)
    });
    told.finish(config, session);
    exit
}

/// The same push as a queue's, with all its splitting and blaming, over a queue in memory.
fn one(
    paths: &[StorePath],
    work: &Work<'_>,
    settings: &QueueSettings,
) -> Result<PushReport, CommandError> {
    let (queue, leaving) = (MemoryQueue::new(paths), MemoryQueue::new(&[]));
    let pushed = Pushed {
        queue: in_memory(&queue),
        leaving: in_memory(&leaving),
        collector: &NoCollector,
        state: &NoState,
    };
    let options = push_options(settings, true, fastrand::u64(..));
    let (store, watched) = (work.store, work.watch.queue(&settings.name));
    let report = pushed.with_push(work, settings, &watched, |push| {
        let mut narrator = Narrator::without_queue(settings, &store.dir, &watched);
        push.run(&options, &mut narrator)
    })?;
    Ok(without_another_try(report))
}

/// There is no queue in which anything could be parked, or wait.
fn without_another_try(mut report: PushReport) -> PushReport {
    report.parked = 0;
    for failed in &mut report.failed {
        failed.next_try = None;
    }
    report
}

/// Nothing is to be registered: `nix copy` holds what it copies by itself.
fn in_memory(queue: &MemoryQueue) -> Queue<'_> {
    Queue {
        directory: queue,
        roots: &NoRoots,
        limits: None,
    }
}

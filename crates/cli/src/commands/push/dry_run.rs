//! What a push would do, without doing it.

use std::time::SystemTime;

use nix_post_build_push_config::QueueSettings;
use queue_core::{StoreFiles, StorePath};

use super::Work;
use crate::adapters::Store;
use crate::cli::PushArgs;
use crate::commands::queues;
use crate::exit_codes::Exit;
use crate::json::{DryRunJson, time};
use crate::session::{Session, destination, now};
use crate::view::{Look, QueueView};
use crate::words::count;

/// For the queues as they are.
pub(super) fn queues(work: &Work<'_>, session: &mut Session) -> Exit {
    let Work { args, store, .. } = *work;
    let mut rows = Vec::new();
    let now = now();
    let exit = queues::each(work.config, work.exit, |settings| {
        let queue = queues::open(store, settings)?;
        let view = QueueView::of(store, settings, queue.as_ref(), now, Look::Object)?;
        rows.push(planned(&view, settings, store, args.force, now));
        Ok(Exit::Done)
    });
    tell(&rows, args, session);
    exit
}

/// For given paths.
pub(super) fn paths(paths: &[StorePath], work: &Work<'_>, session: &mut Session) -> Exit {
    let store = work.store;
    let mut rows = Vec::new();
    let exit = queues::each(work.config, work.exit, |settings| {
        let mut row = nothing(settings);
        for path in paths {
            let present = store.dir.is_present(path)?;
            let list = if present {
                &mut row.ready
            } else {
                &mut row.absent
            };
            list.push(store.dir.join(path).into_string());
        }
        let absent = !row.absent.is_empty();
        rows.push(row);
        Ok(if absent { Exit::Failed } else { Exit::Done })
    });
    tell(&rows, work.args, session);
    exit
}

fn planned(
    view: &QueueView,
    settings: &QueueSettings,
    store: &Store,
    force: bool,
    now: SystemTime,
) -> DryRunJson {
    let full = |path: &StorePath| store.dir.join(path).into_string();
    let plan = view.plan(settings, now, force);
    let absent = view.entries.iter().filter(|entry| entry.seems_gone());
    DryRunJson {
        destination_until: plan.destination_until.map(time),
        ready: plan.ready.iter().chain(&plan.again).map(full).collect(),
        backing_off: plan.backing_off.iter().map(full).collect(),
        parked: plan.parked.iter().map(full).collect(),
        absent: absent.map(|view| full(&view.entry.path)).collect(),
        ..nothing(settings)
    }
}

fn nothing(settings: &QueueSettings) -> DryRunJson {
    DryRunJson {
        queue: settings.name.clone(),
        destination: destination(settings).unwrap_or_default(),
        closure_type: settings.closure_type.value.to_string(),
        destination_until: None,
        ready: Vec::new(),
        backing_off: Vec::new(),
        parked: Vec::new(),
        absent: Vec::new(),
    }
}

fn tell(rows: &[DryRunJson], args: &PushArgs, session: &mut Session) {
    if args.json.json {
        return session.out.json(&rows);
    }
    for row in rows {
        tell_one(row, session);
    }
}

fn tell_one(row: &DryRunJson, session: &mut Session) {
    let (queue, out) = (&row.queue, &mut session.out);
    let mut tell = |what: String, paths: &[String]| {
        out.line(what);
        paths
            .iter()
            .for_each(|path| out.line(format_args!("  {path}")));
    };
    tell(what_would_go(row), &row.ready);
    let others = [
        (&row.backing_off, "back off after a failure"),
        (&row.parked, "are parked after too many failures"),
        (
            &row.absent,
            "have no store object, and leave the queue if they are no longer valid",
        ),
    ];
    for (paths, what) in others.into_iter().filter(|(paths, _)| !paths.is_empty()) {
        tell(
            format!("{queue}: {} that {what}", count(paths.len(), "path")),
            paths,
        );
    }
}

fn what_would_go(row: &DryRunJson) -> String {
    let DryRunJson {
        queue,
        destination,
        closure_type,
        ready,
        ..
    } = row;
    match &row.destination_until {
        Some(until) => format!("{queue}: {destination} did not answer; not asked before {until}"),
        None if ready.is_empty() => format!("{queue}: nothing would be copied to {destination}"),
        None => format!(
            "{queue}: would copy {} to {destination} (closure type {closure_type})",
            count(ready.len(), "path")
        ),
    }
}

//! A queue as it is now, for commands that only look.

use std::time::SystemTime;

use nix_post_build_push_config::QueueSettings;
use queue_core::{Entry, EntryState, Foreign, Ledger, Plan, StoreFiles, StorePath, plan};

use crate::adapters::{OpenQueue, Store, retry_policy};
use crate::error::CommandError;
use crate::message::Message;
use crate::session::destination;
use crate::subject;

/// What is looked at for each entry, besides its place in the queue. Each takes a system call.
#[derive(Clone, Copy)]
pub(crate) enum Look {
    /// Nothing.
    Nothing,
    /// Its store object.
    Object,
    /// That, and its root.
    ObjectAndRoot,
}

impl Look {
    fn at_object(self) -> bool {
        matches!(self, Self::Object | Self::ObjectAndRoot)
    }

    fn at_root(self) -> bool {
        matches!(self, Self::ObjectAndRoot)
    }
}

/// A queue with what its pushes remember.
#[derive(Default)]
pub(crate) struct QueueView {
    /// Oldest first.
    pub entries: Vec<EntryView>,
    /// What else is in its directory.
    pub foreign: Vec<Foreign>,
    /// The memory of its pushes.
    pub ledger: Ledger,
    /// Why that is lost, if it is.
    pub ledger_lost: Option<String>,
}

/// An entry with all that is known of it.
pub(crate) struct EntryView {
    /// The entry.
    pub entry: Entry,
    /// Whether a push would take it now.
    pub state: EntryState,
    /// Whether the garbage collector will find it; `None` when that cannot be seen, or was not
    /// looked at.
    pub rooted: Option<bool>,
    /// Whether its store object is on disk; `None` when that cannot be seen, or was not looked at.
    pub present: Option<bool>,
}

impl QueueView {
    /// Looks at a queue; one that does not exist is empty. What is strange about it is
    /// reported as a warning.
    ///
    /// # Errors
    ///
    /// If its entries cannot be listed.
    pub(crate) fn of(
        store: &Store,
        settings: &QueueSettings,
        queue: Option<&OpenQueue>,
        now: SystemTime,
        look: Look,
    ) -> Result<Self, CommandError> {
        let Some(queue) = queue else {
            return Ok(Self::default());
        };
        let listing = queue.list()?;
        listing
            .foreign
            .iter()
            .for_each(|foreign| warn_of_foreign(&settings.name, foreign));
        let (mut ledger, ledger_lost) = ledger(queue);
        if let Some(destination) = destination(settings) {
            ledger.forget_other_destinations(&destination);
        }
        let policy = retry_policy(settings);
        let roots = queue.queue().roots;
        let view = |entry: Entry| {
            let path = &entry.path;
            let rooted = look.at_root().then(|| known(roots.is_registered(path)));
            let present = look.at_object().then(|| known(store.dir.is_present(path)));
            EntryView {
                state: ledger.state(path, now, &policy),
                rooted: rooted.flatten(),
                present: present.flatten(),
                entry,
            }
        };
        let entries = listing.entries.into_iter().map(view).collect();
        Ok(Self {
            entries,
            foreign: listing.foreign,
            ledger,
            ledger_lost,
        })
    }

    /// What is on disk, as far as that is known.
    pub(crate) fn present(&self) -> impl Iterator<Item = &StorePath> {
        let there = self.entries.iter().filter(|view| !view.is_absent());
        there.map(|view| &view.entry.path)
    }

    /// What a push would do now, but for what it lets go, as it seems.
    #[must_use]
    pub(crate) fn plan(&self, settings: &QueueSettings, now: SystemTime, force: bool) -> Plan {
        let there = self.entries.iter().filter(|view| !view.seems_gone());
        let entries = there.map(|view| &view.entry);
        plan(entries, &self.ledger, now, &retry_policy(settings), force)
    }
}

impl EntryView {
    /// Whether it is certain that its store object is not on disk.
    #[must_use]
    pub(crate) fn is_absent(&self) -> bool {
        self.present == Some(false)
    }

    /// Whether it seems to be no longer valid. A copy was tried of what is not on disk and failed: that is
    /// valid, whatever became of its files.
    #[must_use]
    pub(crate) fn seems_gone(&self) -> bool {
        self.is_absent() && matches!(self.state, EntryState::Ready)
    }
}

/// Reports something in a queue directory that is no entry, or cannot be seen to be one.
pub(crate) fn warn_of_foreign(queue: &str, foreign: &Foreign) {
    let Foreign {
        name, reason, hint, ..
    } = foreign;
    let what = match foreign.may_be_an_entry {
        true => format!("queue {queue}: `{name}` {reason}"),
        false => format!("queue {queue}: `{name}` is not an entry: it {reason}"),
    };
    Message::new(what).about_queue(queue).hint(hint).warning();
}

/// What a queue's pushes remember; nothing, with a warning, and why, if that is lost.
fn ledger(queue: &OpenQueue) -> (Ledger, Option<String>) {
    let lost = |message: Message| {
        message.warning();
        (Ledger::default(), Some(message.causes.join(": ")))
    };
    let about = || {
        Message::new(format!(
            "queue {}: its memory of failures is lost",
            queue.name()
        ))
        .about_queue(queue.name())
        .of_kind(subject::LOCAL)
    };
    match queue.ledger() {
        Ok(Ok(ledger)) => (ledger, None),
        Ok(Err(error)) => lost(about().caused_by(&error).hint(error.hint())),
        Err(error) => lost(about().caused_by_port(&error)),
    }
}

fn known<T>(answer: Result<T, queue_core::PortError>) -> Option<T> {
    answer
        .inspect_err(|error| Message::from(error).warning())
        .ok()
}

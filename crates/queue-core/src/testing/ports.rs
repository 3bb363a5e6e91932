//! The ports to one queue.

use super::limits::SimLimitState;
use super::world::{Rooting, State};
use super::{Process, Step};
use crate::{
    DrainReport, DrainTime, GcRoots, Insertion, InsideGcRoots, Limits, LimitsWithState, Listing,
    PortError, Push, PushLock, PushObserver, PushOptions, PushReport, PushState, Queue,
    QueueDirectory, Removal, StoreContents, StorePath,
};

/// The ports through which a process sees one queue and its destination.
#[derive(Debug)]
pub struct QueuePorts<'p> {
    process: &'p Process<'p>,
    /// The entries.
    pub directory: SimQueueDirectory<'p>,
    /// Their roots; what [`Rooting`] says.
    roots: Option<SimGcRoots<'p>>,
    limits: Limits,
    /// What is known about its limits.
    pub limit_state: SimLimitState<'p>,
    /// Whether its pushes compare contents.
    compares: bool,
    /// The same for what leaves.
    leaving: (SimQueueDirectory<'p>, Option<SimGcRoots<'p>>),
    /// The lock and the ledger.
    pub state: SimPushState<'p>,
    /// The way to the destination.
    pub uploader: SimUploader<'p>,
}

/// The entries of one queue.
#[derive(Debug, Clone, Copy)]
pub struct SimQueueDirectory<'p> {
    process: &'p Process<'p>,
    queue: usize,
}

/// The links in `gcroots/auto` of one queue.
#[derive(Debug, Clone, Copy)]
pub struct SimGcRoots<'p> {
    process: &'p Process<'p>,
    queue: usize,
    /// What [`Rooting::ClearedByCollector`] says.
    cleared_by_collector: bool,
}

/// The push's room of one queue: its lock and its ledger.
#[derive(Debug, Clone, Copy)]
pub struct SimPushState<'p> {
    process: &'p Process<'p>,
    queue: usize,
}

/// The uploader of one queue.
#[derive(Debug, Clone, Copy)]
pub struct SimUploader<'p> {
    pub(super) process: &'p Process<'p>,
    pub(super) queue: usize,
}

impl Process<'_> {
    /// The ports to the queue of that number.
    ///
    /// # Panics
    ///
    /// When the world has no such queue.
    #[must_use]
    pub fn queue(&self, queue: usize) -> QueuePorts<'_> {
        let process = self;
        let (rooting, limits, compares) = self.world.with(|state| {
            let queue = &state.queues[queue];
            (queue.rooting, queue.limits, queue.compares)
        });
        let cleared_by_collector = rooting == Rooting::ClearedByCollector;
        let room = |queue| {
            let roots = SimGcRoots {
                process,
                queue,
                cleared_by_collector,
            };
            let roots = (rooting != Rooting::Inside).then_some(roots);
            (SimQueueDirectory { process, queue }, roots)
        };
        let (directory, roots) = room(queue);
        QueuePorts {
            process,
            directory,
            roots,
            limits,
            limit_state: SimLimitState { process, queue },
            compares,
            leaving: room(queue + self.world.queues()),
            state: SimPushState { process, queue },
            uploader: SimUploader { process, queue },
        }
    }
}

impl QueuePorts<'_> {
    /// Entries, roots and limits.
    #[must_use]
    pub fn queue(&self) -> Queue<'_> {
        Queue {
            limits: (!self.limits.is_empty()).then_some(LimitsWithState {
                limits: &self.limits,
                state: &self.limit_state,
            }),
            ..together(&self.directory, self.roots.as_ref())
        }
    }

    /// Entries and roots of the room in which entries stand while they leave.
    #[must_use]
    pub fn leaving(&self) -> Queue<'_> {
        together(&self.leaving.0, self.leaving.1.as_ref())
    }

    /// Pushes the queue.
    ///
    /// # Errors
    ///
    /// As [`Push::run`].
    pub fn push(
        &self,
        options: &PushOptions,
        observer: &mut dyn PushObserver,
    ) -> Result<PushReport, PortError> {
        self.with_push(&|| self.process.is_dead(), |push| {
            push.run(options, observer)
        })
    }

    /// Pushes the queue until nothing is left that a push could copy, with as
    /// much `time` as there is ([`Process::drain_time`]).
    ///
    /// # Errors
    ///
    /// As [`Push::drain`].
    pub fn drain(
        &self,
        options: &PushOptions,
        time: &dyn DrainTime,
        observer: &mut dyn PushObserver,
    ) -> Result<DrainReport, PortError> {
        let is_over = || time.left().is_some_and(|left| left.is_zero());
        self.with_push(&|| self.process.is_dead() || is_over(), |push| {
            push.drain(options, time, observer)
        })
    }

    fn with_push<T>(&self, cancelled: &dyn Fn() -> bool, work: impl FnOnce(&Push<'_>) -> T) -> T {
        let contents: &dyn StoreContents = self.process;
        work(&Push {
            queue: self.queue(),
            leaving: self.leaving(),
            collector: self.process,
            files: self.process,
            database: self.process,
            sizes: Some(self.process),
            contents: self.compares.then_some(contents),
            uploader: &self.uploader,
            state: &self.state,
            clock: self.process,
            cancelled,
        })
    }
}

fn together<'q>(
    directory: &'q SimQueueDirectory<'_>,
    roots: Option<&'q SimGcRoots<'_>>,
) -> Queue<'q> {
    Queue {
        directory,
        roots: roots.map_or(&InsideGcRoots, |roots| roots),
        limits: None,
    }
}

impl QueueDirectory for SimQueueDirectory<'_> {
    fn insert(&self, path: &StorePath) -> Result<Insertion, PortError> {
        loop {
            let made = self.process.change("make the entry", |state| {
                let now = state.now;
                let entries = &mut state.queues[self.queue].entries;
                let free = !entries.has(path);
                if free {
                    entries.set(path.clone(), Some(now));
                }
                free
            })?;
            if made {
                return Ok(Insertion::Added);
            }
            // It may be gone again by now.
            if self.process.look("look at the entry", self.has(path))? {
                return Ok(Insertion::AlreadyThere);
            }
        }
    }

    fn remove(&self, path: &StorePath) -> Result<Removal, PortError> {
        if !self.process.look("look at the entry", self.has(path))? {
            return Ok(Removal::WasAbsent);
        }
        self.process.change("remove the entry", |state| {
            let entries = &mut state.queues[self.queue].entries;
            if !entries.has(path) {
                return Removal::WasAbsent;
            }
            entries.set(path.clone(), None);
            Removal::Removed
        })
    }

    fn list(&self) -> Result<Listing, PortError> {
        self.process.look("read the queue directory", |state| {
            let entries = state.queues[self.queue].listed();
            Listing {
                entries,
                foreign: Vec::new(),
            }
        })
    }

    fn flush(&self) -> Result<(), PortError> {
        self.process.change("flush the queue directory", |state| {
            state.queues[self.queue].entries.flush();
        })
    }
}

impl SimQueueDirectory<'_> {
    fn has(&self, path: &StorePath) -> impl FnOnce(&State) -> bool {
        move |state| state.queues[self.queue].entries.has(path)
    }
}

impl GcRoots for SimGcRoots<'_> {
    fn is_registered(&self, path: &StorePath) -> Result<bool, PortError> {
        let root = (self.queue, path.clone());
        self.process
            .look("look at the root", |state| state.roots.has(&root))
    }

    fn register(&self, path: &StorePath) -> Result<(), PortError> {
        let root = (self.queue, path.clone());
        loop {
            let made = self.process.change("make the root", |state| {
                let free = !state.roots.has(&root);
                if free {
                    state.roots.set(root.clone(), Some(()));
                }
                free
            })?;
            if made || self.is_registered(path)? {
                return Ok(());
            }
        }
    }

    fn unregister(&self, path: &StorePath) -> Result<(), PortError> {
        if self.cleared_by_collector {
            return Ok(());
        }
        let root = (self.queue, path.clone());
        self.process.change("remove the root", |state| {
            if state.roots.has(&root) {
                state.roots.set(root, None);
            }
        })
    }

    fn flush(&self) -> Result<(), PortError> {
        self.process
            .change("flush the directory of roots", |state| state.roots.flush())
    }
}

impl PushState for SimPushState<'_> {
    fn try_lock(&self) -> Result<Option<Box<dyn PushLock + '_>>, PortError> {
        // A lock that was taken by a call that failed is closed with its file.
        self.process.look("take the push lock", |_| ())?;
        let taken = self.process.world.with(|state| {
            let holder = &mut state.queues[self.queue].locked_by;
            holder.is_none() && holder.replace(self.process.id).is_none()
        });
        Ok(taken.then(|| Box::new(SimPushLock(*self)) as Box<dyn PushLock>))
    }

    fn load_ledger(&self) -> Result<Option<String>, PortError> {
        self.process.look(Step::READ_LEDGER, |state| {
            state.queues[self.queue].ledger.get(&()).cloned()
        })
    }

    /// A new file, durable before it takes the old one's place.
    fn save_ledger(&self, text: &str) -> Result<(), PortError> {
        self.process.change("write the new ledger", |_| ())?;
        self.process.change("replace the ledger", |state| {
            let ledger = &mut state.queues[self.queue].ledger;
            ledger.set((), Some(text.to_owned()));
        })?;
        self.process.change("flush the ledger", |state| {
            state.queues[self.queue].ledger.flush();
        })
    }
}

struct SimPushLock<'p>(SimPushState<'p>);

impl PushLock for SimPushLock<'_> {}

impl Drop for SimPushLock<'_> {
    fn drop(&mut self) {
        let SimPushState { process, queue } = self.0;
        process.world.with(|state| {
            let holder = &mut state.queues[queue].locked_by;
            if *holder == Some(process.id) {
                *holder = None;
            }
        });
    }
}

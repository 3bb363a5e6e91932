//! Enqueueing: entries and roots, safe against a running collector.

use crate::admission::{Admission, drop_beyond_max_entries};
use crate::{
    GarbageCollector, GcSection, Insertion, PortError, Protection, Queue, StoreFiles, StorePath,
};

/// What became of one call of [`enqueue`].
#[derive(Debug, Default)]
#[must_use = "what was not queued is only told here"]
pub struct EnqueueReport {
    /// One per queue, in the order they were given.
    pub queues: Vec<QueueReport>,
    /// Entries and roots were made, but it is not known whether a collector
    /// that ran meanwhile saw them, or was faster.
    pub unprotected: Option<PortError>,
}

/// What became of it in one queue.
#[derive(Debug, Default)]
pub struct QueueReport {
    /// Queued and held, by this call.
    pub added: Vec<StorePath>,
    /// Were queued before, and are held.
    pub already: Vec<StorePath>,
    /// No such store object is there. If a collector took it meanwhile, its
    /// entry stays for the next push to judge: another producer may rely on it.
    pub absent: Vec<StorePath>,
    /// Not queued, or queued and not held. A push tries again to hold them.
    pub failed: Vec<(StorePath, PortError)>,
    /// Not queued, since a limit of the queue forbids it.
    pub refused: Vec<StorePath>,
    /// Which limit, where any was refused: `it holds as many entries as it may, 100`.
    pub refused_because: Option<String>,
    /// A push closed the queue for that limit: whatever was changed meanwhile, only the next one,
    /// or [`drop_entries`](crate::drop_entries()), opens it again.
    pub closed: bool,
    /// Left the queue undelivered to make room, oldest first; some may have been
    /// added by this very call.
    pub dropped: Vec<StorePath>,
    /// What did not work about the limits of the queue. A limit that cannot be
    /// judged refuses and drops nothing.
    pub problems: Vec<PortError>,
    /// The medium did not confirm the call; a power cut may undo it.
    pub not_durable: Option<PortError>,
}

/// Adds `paths` to every one of `queues`.
///
/// When it returns, what a report lists as `added` or `already` is held against
/// the garbage collector unless [`unprotected`](EnqueueReport::unprotected) is
/// set, and durable unless [`not_durable`](QueueReport::not_durable) is. One path's failure keeps no other path
/// out, one queue's failure no other queue. What is queued already is never refused, whatever the
/// limits of the queue ([`Limits`](crate::Limits)).
///
/// The order is: entry, root, and only then a word to a collector that may be
/// running ([`GcSection::protect`]), so that whoever starts collecting later
/// finds the roots by itself; last, a look whether a collector was faster.
pub fn enqueue(
    queues: &[Queue<'_>],
    collector: &dyn GarbageCollector,
    files: &dyn StoreFiles,
    paths: &[StorePath],
) -> EnqueueReport {
    let (section, mut unprotected) = match collector.enter() {
        Ok(section) => (Some(section), None),
        Err(error) => (None, Some(error)),
    };
    let looked = look(files, paths);
    let mut reports: Vec<_> = queues.iter().map(|queue| link(*queue, &looked)).collect();
    if let Some(section) = section {
        let present: Vec<_> = looked.present.iter().map(|path| (*path).clone()).collect();
        match protect(section.as_ref(), files, &present) {
            Ok(gone) => reports.iter_mut().for_each(|report| report.withdraw(&gone)),
            Err(error) => unprotected = Some(error),
        }
    }
    for (queue, report) in queues.iter().zip(&mut reports) {
        report.not_durable = flush(*queue).err();
        drop_beyond_max_entries(*queue, report);
    }
    EnqueueReport {
        queues: reports,
        unprotected,
    }
}

/// The paths sorted by what is on disk.
#[derive(Default)]
struct Looked<'p> {
    present: Vec<&'p StorePath>,
    absent: Vec<&'p StorePath>,
    unclear: Vec<(&'p StorePath, PortError)>,
}

fn look<'p>(files: &dyn StoreFiles, paths: &'p [StorePath]) -> Looked<'p> {
    let mut looked = Looked::default();
    for path in paths {
        match files.is_present(path) {
            Ok(true) => looked.present.push(path),
            Ok(false) => looked.absent.push(path),
            Err(error) => looked.unclear.push((path, error)),
        }
    }
    looked
}

fn link(queue: Queue<'_>, looked: &Looked<'_>) -> QueueReport {
    let mut report = QueueReport::default();
    let mut admission = Admission::of(queue, &mut report.problems);
    for path in &looked.present {
        if !admission.lets_in(path) {
            report.refused.push((*path).clone());
            continue;
        }
        match insert(queue, path, &mut admission) {
            Ok(Insertion::Added) => report.added.push((*path).clone()),
            Ok(Insertion::AlreadyThere) => report.already.push((*path).clone()),
            Err(error) => report.failed.push(((*path).clone(), error)),
        }
    }
    admission.note_refusals(queue, &mut report);
    report.absent = looked.absent.iter().map(|path| (*path).clone()).collect();
    let unclear = looked.unclear.iter();
    report
        .failed
        .extend(unclear.map(|(path, error)| ((*path).clone(), not_looked_at(path, error))));
    report
}

/// For the report of each queue, since an error is not `Clone`.
fn not_looked_at(path: &StorePath, error: &PortError) -> PortError {
    let told = PortError::new("enqueue", path, error.chain());
    match error.hint() {
        Some(hint) => told.with_hint(hint),
        None => told,
    }
}

/// The entry first: the root points at it, and a collector unlinks a root that
/// points at nothing.
fn insert(
    queue: Queue<'_>,
    path: &StorePath,
    admission: &mut Admission,
) -> Result<Insertion, PortError> {
    let insertion = queue.directory.insert(path)?;
    if insertion == Insertion::Added {
        admission.entered(path);
    }
    queue.roots.register(path)?;
    Ok(insertion)
}

/// Those paths that a collector deleted before it was told. When one of them
/// cannot be looked at, none is known to be held.
pub(crate) fn protect(
    section: &dyn GcSection,
    files: &dyn StoreFiles,
    paths: &[StorePath],
) -> Result<Vec<StorePath>, PortError> {
    match section.protect(paths)? {
        Protection::NoCollector => Ok(Vec::new()),
        Protection::LookAgain => {
            let mut gone = Vec::new();
            for path in paths {
                if !files.is_present(path)? {
                    gone.push(path.clone());
                }
            }
            Ok(gone)
        }
    }
}

impl QueueReport {
    fn withdraw(&mut self, gone: &[StorePath]) {
        self.added.retain(|path| !gone.contains(path));
        self.already.retain(|path| !gone.contains(path));
        self.absent.extend_from_slice(gone);
    }

    /// A limit dropped these.
    pub(crate) fn note_dropped(&mut self, dropped: &[StorePath]) {
        self.added.retain(|path| !dropped.contains(path));
        self.already.retain(|path| !dropped.contains(path));
        self.dropped.extend_from_slice(dropped);
    }
}

/// Entries before roots: a root without an entry is cleared by the collector,
/// an entry without a root is rooted by the next push.
pub(crate) fn flush(queue: Queue<'_>) -> Result<(), PortError> {
    queue.directory.flush()?;
    queue.roots.flush()
}

//! Runs of our hook below `killing-hook`, and how they ended.

use std::fmt;
use std::fs::{self, OpenOptions};
use std::io::Write;

use camino::{Utf8Path, Utf8PathBuf};

/// A run of our hook below `killing-hook`, as that writes it down.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HookRun {
    /// Differs for each run.
    pub id: String,
    /// How it ended.
    pub end: HookRunEnd,
    /// The outputs it was run for.
    pub paths: Vec<Utf8PathBuf>,
}

/// How a run of our hook ended. Where it was killed, the disk tells how far it had come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum HookRunEnd {
    /// It was killed before it had made the first entry.
    BeforeTheEntry,
    /// It was killed with an entry made, and no root for it.
    BetweenEntryAndRoot,
    /// It was killed with an entry and a root for some of its paths, and nothing for others.
    BetweenTwoPaths,
    /// It was killed with entries and roots for all paths.
    AfterTheRoot,
    /// It was killed together with the Nix that ran it, if not seen to end.
    WithItsNix,
    /// It ended well, before it could be killed.
    AfterTheEnd,
    /// It ended well: exit code 0, and no message.
    Well,
    /// It ended with a message or another exit code.
    Complained,
    /// It was killed with a root made and no entry for it. That order is wrong.
    RootWithoutEntry,
}

use HookRunEnd::{
    AfterTheEnd, AfterTheRoot, BeforeTheEntry, BetweenEntryAndRoot, BetweenTwoPaths, Complained,
    RootWithoutEntry, Well, WithItsNix,
};

impl HookRunEnd {
    /// All of them.
    pub const ALL: [HookRunEnd; 9] = [
        BeforeTheEntry,
        BetweenEntryAndRoot,
        BetweenTwoPaths,
        AfterTheRoot,
        WithItsNix,
        AfterTheEnd,
        Well,
        Complained,
        RootWithoutEntry,
    ];

    /// How far a hook that was killed had come, from what is there for each of its paths: whether
    /// an entry, and whether a root.
    pub fn judged_by(found: &[(bool, bool)]) -> HookRunEnd {
        let has = |what: (bool, bool)| found.contains(&what);
        match () {
            () if has((false, true)) => RootWithoutEntry,
            () if has((true, false)) => BetweenEntryAndRoot,
            () if has((true, true)) && has((false, false)) => BetweenTwoPaths,
            () if has((true, true)) => AfterTheRoot,
            () => BeforeTheEntry,
        }
    }

    /// Whether it promised anything: what it was run for is queued and held.
    pub fn is_well(self) -> bool {
        matches!(self, Well | AfterTheEnd)
    }

    /// Whether it was ended by a signal.
    pub fn is_killed(self) -> bool {
        !self.is_well() && self != Complained
    }
}

impl fmt::Display for HookRunEnd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            BeforeTheEntry => "before the entry",
            BetweenEntryAndRoot => "between entry and root",
            BetweenTwoPaths => "between two paths",
            AfterTheRoot => "after the root",
            WithItsNix => "with its Nix",
            AfterTheEnd => "after the end",
            Well => "well",
            Complained => "complained",
            RootWithoutEntry => "root without entry",
        })
    }
}

impl HookRun {
    /// Notes in the file `log` that it has begun (which counts as killed with its Nix unless its
    /// end is noted as well), or how it ended.
    pub fn append_to(&self, log: &Utf8Path) {
        let paths: Vec<_> = self.paths.iter().map(|path| path.as_str()).collect();
        // One write, so that lines of parallel hooks stay whole.
        let line = format!("{}\t{}\t{}\n", self.id, self.end, paths.join(" "));
        let file = OpenOptions::new().append(true).create(true).open(log);
        let mut file = file.expect("the log of hook runs");
        file.write_all(line.as_bytes()).expect("write");
    }

    /// All runs that are noted in the file `log`, in the order in which they began.
    pub fn all_in(log: &Utf8Path) -> Vec<HookRun> {
        let mut runs: Vec<HookRun> = Vec::new();
        let text = fs::read_to_string(log).unwrap_or_default();
        for run in text.lines().map(HookRun::parse) {
            match runs.iter_mut().rfind(|begun| begun.id == run.id) {
                Some(begun) => *begun = run,
                None => runs.push(run),
            }
        }
        runs
    }

    fn parse(line: &str) -> HookRun {
        let mut fields = line.split('\t');
        let mut field = || fields.next().expect("a line of the log of hook runs");
        let (id, end, paths) = (field(), field(), field());
        let named = |known: &HookRunEnd| known.to_string() == end;
        HookRun {
            id: id.to_owned(),
            end: HookRunEnd::ALL.into_iter().find(named).expect("an end"),
            paths: paths.split(' ').map(Utf8PathBuf::from).collect(),
        }
    }
}

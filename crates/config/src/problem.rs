//! What is wrong with a configuration, and where.

use std::fmt;

use camino::Utf8PathBuf;

use crate::fault::Fault;

/// A place in a configuration file.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Location {
    /// The file, as it was named or found.
    pub file: Utf8PathBuf,
    /// The line, from 1.
    pub line: usize,
    /// The column in characters, from 1.
    pub column: usize,
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.file, self.line, self.column)
    }
}

/// One thing wrong, or worth a warning. Its `Display` leaves out the hint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Where in the file, unless the cause lies elsewhere.
    pub location: Option<Location>,
    /// The queues that it concerns; empty if it concerns them all, and all else.
    pub queues: Vec<String>,
    /// The cause: a lowercase fragment without a full stop.
    pub message: String,
    /// What to do about it.
    pub hint: Option<String>,
}

impl Problem {
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self {
            location: None,
            queues: Vec::new(),
            message: message.into(),
            hint: None,
        }
    }

    pub(crate) fn from_fault(subject: &str, fault: Fault) -> Self {
        let problem = Self::new(format!("{subject}: {}", fault.message));
        Self {
            hint: fault.hint,
            ..problem
        }
    }

    /// The queue that it concerns, if it is one alone.
    #[must_use]
    pub fn queue(&self) -> Option<&str> {
        match self.queues.as_slice() {
            [queue] => Some(queue),
            _ => None,
        }
    }

    pub(crate) fn at(self, location: Option<Location>) -> Self {
        Self { location, ..self }
    }

    /// Names the queues that it concerns; none means all of them.
    pub(crate) fn of_queues<'q>(self, queues: impl IntoIterator<Item = &'q str>) -> Self {
        Self {
            queues: queues.into_iter().map(str::to_owned).collect(),
            ..self
        }
    }

    /// The same problem was found for other queues as well.
    fn also_of(&mut self, queues: Vec<String>) {
        if self.queues.is_empty() || queues.is_empty() {
            return self.queues.clear();
        }
        let new = queues
            .into_iter()
            .filter(|queue| !self.queues.contains(queue))
            .collect::<Vec<_>>();
        self.queues.extend(new);
    }

    pub(crate) fn hint(self, hint: impl Into<String>) -> Self {
        Self {
            hint: Some(hint.into()),
            ..self
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(location) = &self.location {
            write!(f, "{location}: ")?;
        }
        f.write_str(&self.message)
    }
}

/// Every problem of a configuration. `Display` prints each on its line, its hint below it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigError {
    /// The problems, in the order of the file; never empty.
    pub problems: Vec<Problem>,
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, problem) in self.problems.iter().enumerate() {
            if number > 0 {
                writeln!(f)?;
            }
            write!(f, "{problem}")?;
            if let Some(hint) = &problem.hint {
                write!(f, "\n  hint: {hint}")?;
            }
        }
        Ok(())
    }
}

impl std::error::Error for ConfigError {}

/// Collects problems, each once: what comes from a variable would repeat for every queue.
#[derive(Debug, Default)]
pub(crate) struct Problems(Vec<Problem>);

impl Problems {
    pub(crate) fn push(&mut self, problem: Problem) {
        let same = |known: &Problem| {
            known.message == problem.message && known.location == problem.location
        };
        match self.0.iter_mut().find(|known| same(known)) {
            Some(known) => known.also_of(problem.queues),
            None => self.0.push(problem),
        }
    }

    /// In the order of the file; what has no place in it comes last.
    pub(crate) fn into_sorted(mut self) -> Vec<Problem> {
        self.0
            .sort_by_key(|problem| (problem.location.is_none(), problem.location.clone()));
        self.0
    }
}

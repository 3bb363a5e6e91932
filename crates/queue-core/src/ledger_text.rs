//! The ledger's file format: TOML, readable by a person who debugs.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

use serde::{Deserialize, Serialize};

use crate::{Failures, LastPush, Ledger, PushEnd, StorePath, Totals};

/// Raised when the meaning of the file changes; a newer one is not guessed at.
const FORMAT: u32 = 1;

/// A ledger that cannot be read. The push goes on without its memory.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LedgerError {
    /// It is not TOML of the expected shape.
    #[error("the ledger is damaged")]
    Damaged(#[source] LedgerFault),
    /// An entry's name or time in it makes no sense; its beginning.
    #[error("the ledger is damaged: {0:?} makes no sense in it")]
    Value(String),
    /// It was written by a newer version.
    #[error("the ledger has format {0}, newer than {FORMAT}")]
    Newer(u32),
}

impl LedgerError {
    /// What to do about it, or what comes of it.
    #[must_use]
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Newer(_) => {
                "a newer version wrote it: push with that one; a push of this one forgets the \
                 failures and writes the ledger anew"
            }
            _ => {
                "nothing but failures is forgotten: what waited or was parked is tried in the next \
                 push, which writes the ledger anew"
            }
        }
    }
}

/// Where a text is no ledger, and why. However long the text and its lines are,
/// this is one short line: the TOML parser's own error has a copy of them.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}, column {column}: {what}")]
pub struct LedgerFault {
    line: usize,
    column: usize,
    what: String,
}

impl LedgerFault {
    fn new(error: &toml::de::Error, text: &str) -> Self {
        let at = error.span().map_or(0, |span| span.start);
        let before = text.get(..at).unwrap_or_default();
        let line = before.rsplit('\n').next().unwrap_or_default();
        Self {
            line: before.matches('\n').count() + 1,
            column: line.chars().count() + 1,
            what: beginning(&error.message().replace('\n', ", ")),
        }
    }
}

/// So much of a text as a message may have of it.
fn beginning(text: &str) -> String {
    text.chars().take(200).collect()
}

#[derive(Serialize, Deserialize)]
struct FormatText {
    format: u32,
}

#[derive(Serialize, Deserialize)]
struct LedgerText {
    format: u32,
    #[serde(rename = "destination-name", skip_serializing_if = "Option::is_none")]
    destination_name: Option<String>,
    #[serde(rename = "last-push", skip_serializing_if = "Option::is_none")]
    last_push: Option<LastPushText>,
    /// Older versions do not know it, and leave it out of what they write.
    #[serde(default, skip_serializing_if = "Totals::is_empty")]
    totals: Totals,
    #[serde(skip_serializing_if = "Option::is_none")]
    destination: Option<FailuresText>,
    #[serde(default)]
    entries: BTreeMap<String, FailuresText>,
    /// Of entries whose failures are forgotten; the others have theirs.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    damaged: BTreeMap<String, Vec<String>>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
struct FailuresText {
    attempts: u32,
    #[serde(default, skip_serializing_if = "is_none")]
    excused: u32,
    first_failure: String,
    first_error: String,
    last_failure: String,
    last_error: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    hint: Option<String>,
    next_try: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    parked_since: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    damaged: Vec<String>,
}

#[allow(clippy::trivially_copy_pass_by_ref)]
fn is_none(number: &u32) -> bool {
    *number == 0
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
struct LastPushText {
    ended: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    took_ms: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    end: Option<String>,
    uploaded: usize,
    failed: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_success: Option<String>,
}

impl Ledger {
    /// Reads the text that [`to_text`](Self::to_text) wrote.
    ///
    /// # Errors
    ///
    /// When it is not such a text.
    pub fn from_text(text: &str) -> Result<Self, LedgerError> {
        // The format first: a newer file may differ in everything else.
        let head: FormatText = from_toml(text)?;
        if head.format > FORMAT {
            return Err(LedgerError::Newer(head.format));
        }
        let read: LedgerText = from_toml(text)?;
        let mut damaged = read.damaged;
        let mut entries = BTreeMap::new();
        for (name, mut failures) in read.entries {
            let objects = std::mem::take(&mut failures.damaged);
            damaged.entry(name.clone()).or_default().extend(objects);
            entries.insert(path(name)?, failures.read()?);
        }
        Ok(Self {
            entries,
            damaged: read_damaged(damaged)?,
            destination: read.destination.map(FailuresText::read).transpose()?,
            destination_name: read.destination_name,
            last_push: read.last_push.map(LastPushText::read).transpose()?,
            totals: read.totals,
        })
    }

    /// The text to keep, with times cut to seconds.
    #[must_use]
    pub fn to_text(&self) -> String {
        let text = LedgerText {
            format: FORMAT,
            last_push: self.last_push.as_ref().map(LastPushText::write),
            totals: self.totals,
            destination: self.destination.as_ref().map(FailuresText::write),
            destination_name: self.destination_name.clone(),
            entries: self
                .entries
                .iter()
                .map(|(path, failures)| (path.to_string(), self.write_entry(path, failures)))
                .collect(),
            damaged: self
                .damaged
                .iter()
                .filter(|(path, _)| !self.entries.contains_key(path))
                .map(|(path, objects)| (path.to_string(), write_paths(objects)))
                .collect(),
        };
        // Strings, numbers and tables always have a TOML form. Else it would be
        // the empty text, which is no ledger: the next push would tell.
        toml::to_string(&text).unwrap_or_default()
    }

    fn write_entry(&self, path: &StorePath, failures: &Failures) -> FailuresText {
        let damaged = self.damaged.get(path);
        FailuresText {
            damaged: damaged.map_or_else(Vec::new, |objects| write_paths(objects)),
            ..FailuresText::write(failures)
        }
    }
}

/// Who is held back for nothing is not.
fn read_damaged(
    damaged: BTreeMap<String, Vec<String>>,
) -> Result<BTreeMap<StorePath, Vec<StorePath>>, LedgerError> {
    let known = damaged
        .into_iter()
        .filter(|(_, objects)| !objects.is_empty());
    let read = known.map(|(name, objects)| {
        let objects: Result<_, LedgerError> = objects.into_iter().map(path).collect();
        Ok((path(name)?, objects?))
    });
    read.collect()
}

fn write_paths(paths: &[StorePath]) -> Vec<String> {
    paths.iter().map(StorePath::to_string).collect()
}

fn from_toml<T: serde::de::DeserializeOwned>(text: &str) -> Result<T, LedgerError> {
    toml::from_str(text).map_err(|error| LedgerError::Damaged(LedgerFault::new(&error, text)))
}

fn path(name: String) -> Result<StorePath, LedgerError> {
    name.parse()
        .map_err(|_| LedgerError::Value(beginning(&name)))
}

fn time(text: String) -> Result<SystemTime, LedgerError> {
    humantime::parse_rfc3339(&text).map_err(|_| LedgerError::Value(beginning(&text)))
}

/// RFC 3339 ends with the year 9999.
pub(crate) const LAST_SECOND: u64 = 253_402_300_799;

/// A clock beyond what can be written is cut to that.
pub(crate) fn time_text(time: SystemTime) -> String {
    let seconds = time
        .duration_since(SystemTime::UNIX_EPOCH)
        .map_or(0, |since| since.as_secs())
        .min(LAST_SECOND);
    let cut = SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(seconds);
    humantime::format_rfc3339_seconds(cut).to_string()
}

impl FailuresText {
    fn read(self) -> Result<Failures, LedgerError> {
        Ok(Failures {
            attempts: self.attempts.max(1),
            excused: self.excused.min(self.attempts),
            first_failure: time(self.first_failure)?,
            first_error: self.first_error,
            last_failure: time(self.last_failure)?,
            last_error: self.last_error,
            hint: self.hint,
            next_try: time(self.next_try)?,
            parked_since: self.parked_since.map(time).transpose()?,
        })
    }

    fn write(failures: &Failures) -> Self {
        Self {
            attempts: failures.attempts,
            excused: failures.excused,
            first_failure: time_text(failures.first_failure),
            first_error: failures.first_error.clone(),
            last_failure: time_text(failures.last_failure),
            last_error: failures.last_error.clone(),
            hint: failures.hint.clone(),
            next_try: time_text(failures.next_try),
            parked_since: failures.parked_since.map(time_text),
            damaged: Vec::new(),
        }
    }
}

impl LastPushText {
    fn read(self) -> Result<LastPush, LedgerError> {
        Ok(LastPush {
            ended: time(self.ended)?,
            took: self.took_ms.map(Duration::from_millis),
            // A word that a newer version writes is not guessed at.
            end: self.end.and_then(|word| end(&word)),
            uploaded: self.uploaded,
            failed: self.failed,
            error: self.error,
            last_success: self.last_success.map(time).transpose()?,
        })
    }

    fn write(last: &LastPush) -> Self {
        Self {
            ended: time_text(last.ended),
            took_ms: last.took.map(milliseconds),
            end: last.end.map(|end| end.as_str().to_owned()),
            uploaded: last.uploaded,
            failed: last.failed,
            error: last.error.clone(),
            last_success: last.last_success.map(time_text),
        }
    }
}

fn end(word: &str) -> Option<PushEnd> {
    PushEnd::ALL.into_iter().find(|end| end.as_str() == word)
}

fn milliseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests;

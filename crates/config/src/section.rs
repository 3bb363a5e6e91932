//! One table of a configuration file.

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::document::Document;
use crate::fault::Fault;
use crate::key::{HEALTH, HEALTH_KEYS, Key, LIMIT_KEYS, LIMITS};
use crate::origin::{Origin, Setting};
use crate::problem::{Location, Problem, Problems};
use crate::sources::Given;
use crate::suggest;
use crate::value::{Value, wrong_type};

/// A table and what messages call it.
pub(crate) struct Section<'d> {
    document: &'d Document<'d>,
    /// As the file has it, with brackets.
    title: String,
    /// The queue that it describes.
    queue: Option<String>,
    table: Option<&'d DeTable<'d>>,
    pub(crate) location: Option<Location>,
}

impl<'d> Section<'d> {
    pub(crate) fn new(
        document: &'d Document<'_>,
        title: String,
        queue: Option<String>,
        table: &'d DeTable<'_>,
        location: Option<Location>,
    ) -> Self {
        Self {
            document,
            title,
            queue,
            table: Some(table),
            location,
        }
    }

    pub(crate) fn empty(document: &'d Document<'_>, title: String) -> Self {
        Self {
            document,
            title,
            queue: None,
            table: None,
            location: None,
        }
    }

    /// The keys in alphabetical order.
    pub(crate) fn keys(&self) -> impl Iterator<Item = &'d str> {
        self.table
            .into_iter()
            .flat_map(|table| table.keys())
            .map(|key| &**key.get_ref())
    }

    fn entry(
        &self,
        name: &str,
    ) -> Option<(
        &'d Spanned<std::borrow::Cow<'d, str>>,
        &'d Spanned<DeValue<'d>>,
    )> {
        self.table?.iter().find(|(key, _)| key.get_ref() == name)
    }

    /// Whether something of this name is in it.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.entry(name).is_some()
    }

    /// A table within this one. What is no table is reported.
    pub(crate) fn table(
        &self,
        name: &str,
        title: String,
        queue: Option<&str>,
        problems: &mut Problems,
    ) -> Option<Section<'d>> {
        let (key, value) = self.entry(name)?;
        let location = Some(self.document.location(key.span().start));
        let queue = queue.map(str::to_owned);
        match value.get_ref() {
            DeValue::Table(table) => Some(Self::new(self.document, title, queue, table, location)),
            _ if self.document.is_damaged(value.span()) => None,
            other => {
                let fault = wrong_type("a table", other)
                    .hint(format!("write {title} as a line of its own"));
                let problem = Problem::from_fault(&format!("`{}`", name.escape_debug()), fault);
                problems.push(problem.at(location).of_queues(queue.as_deref()));
                None
            }
        }
    }

    /// What this table says of a setting. A bad value is reported.
    pub(crate) fn get<T: Value>(&self, key: &Key<T>, problems: &mut Problems) -> Given<T> {
        let Some((name, value)) = self.entry(key.name) else {
            return Given::Absent;
        };
        if self
            .document
            .is_damaged(name.span().start..value.span().end)
        {
            return Given::Broken;
        }
        let location = self.document.location(value.span().start);
        let parsed = T::from_toml(value.get_ref());
        match parsed.and_then(|value| (key.check)(&value).map(|()| value)) {
            Ok(value) => Given::Value(Setting::new(value, Origin::File(location))),
            Err(fault) => {
                let fault = fault.or_hint(|| key.hint_in_file());
                problems.push(self.problem(key.name, fault).at(Some(location)));
                Given::Broken
            }
        }
    }

    fn problem(&self, name: &str, fault: Fault) -> Problem {
        let subject = format!("`{name}` in {}", self.title);
        Problem::from_fault(&subject, fault).of_queues(self.queue.as_deref())
    }

    /// Reports the keys that are not among those known.
    pub(crate) fn check_keys(&self, known: &[&str], problems: &mut Problems) {
        for key in self.table.into_iter().flat_map(|table| table.keys()) {
            let name = key.get_ref();
            if known.contains(&&**name) || self.document.is_damaged(key.span()) {
                continue;
            }
            let message = format!("unknown key `{}` in {}", name.escape_debug(), self.title);
            let below = self.queue.as_ref().zip(table_of(name, known));
            let hint = match below {
                Some((queue, (table, what))) => {
                    let queue = queue.escape_debug();
                    format!("it is {what}: write it below [queues.{queue}.{table}]")
                }
                None => suggest::hint(name, known),
            };
            let problem = Problem::new(message).hint(hint);
            let location = self.document.location(key.span().start);
            problems.push(problem.at(Some(location)).of_queues(self.queue.as_deref()));
        }
    }

    /// Whether the file may have meant to set this key, in a way that could not be read: by a
    /// misspelt key, or in a line with a syntax error.
    pub(crate) fn may_have_meant(&self, name: &str, known: &[&str]) -> bool {
        let misspelt =
            |key: &str| !known.contains(&key) && suggest::nearest(key, known) == Some(name);
        let begin = self.location.as_ref().map_or(0, |location| location.line);
        self.document.hides(name, begin) || self.keys().any(misspelt)
    }
}

/// The table within this one, whose keys are `known`, that a key belongs to, and what it is there.
fn table_of(key: &str, known: &[&str]) -> Option<(&'static str, &'static str)> {
    let tables = [
        (LIMITS, LIMIT_KEYS, "a limit"),
        (HEALTH, HEALTH_KEYS, "a threshold of `status`"),
    ];
    let mut tables = tables.into_iter();
    let found = tables.find(|(table, keys, _)| known.contains(table) && keys.contains(&key));
    found.map(|(table, _, what)| (table, what))
}

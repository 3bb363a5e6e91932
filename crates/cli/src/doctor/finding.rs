//! What a check found.

use std::error::Error;

use queue_core::PortError;
use serde::{Deserialize, Serialize};

use super::kind::Kind;
use crate::message::{Message, chain};

/// How good or bad something is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Verdict {
    /// As it should be.
    Ok,
    /// It could not be seen.
    Unknown,
    /// It works, and may fail or surprise.
    Warning,
    /// Something does not work, or will not.
    Fault,
}

impl Verdict {
    /// The word for it.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Unknown => "unknown",
            Self::Warning => "warning",
            Self::Fault => "fault",
        }
    }
}

macro_rules! checks {
    ($($check:ident = $name:literal, $group:literal;)*) => {
        /// What is looked at.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) enum Check { $(#[doc = $name] $check,)* }

        impl Check {
            /// All there are, in the order in which they are told.
            pub(crate) const ALL: &'static [Self] = &[$(Self::$check,)*];

            /// Its name.
            pub(crate) const fn name(self) -> &'static str {
                match self { $(Self::$check => $name,)* }
            }

            /// What it belongs to.
            pub(crate) const fn group(self) -> &'static str {
                match self { $(Self::$check => $group,)* }
            }
        }
    };
}

checks! {
    Nix = "nix", "nix";
    Config = "configuration", "nix";
    Daemon = "daemon", "nix";
    Hook = "hook", "hook";
    Filled = "filled", "hook";
    Directory = "directory", "queue";
    FileSystem = "file system", "queue";
    Entries = "entries", "queue";
    Roots = "roots", "queue";
    Space = "space", "queue";
    Keeps = "kept", "queue";
    Destination = "reachable", "destination";
    Writable = "writable", "destination";
    Signatures = "signatures", "destination";
    Service = "service", "service";
    Timer = "timer", "service";
    Account = "account", "service";
    Credentials = "credentials", "service";
    Metrics = "metrics", "service";
}

/// One line of the report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Finding {
    /// What was looked at.
    pub check: Check,
    /// The queue that it is about; `None`: all of them.
    pub queue: Option<String>,
    /// What is not well, if anything.
    pub kind: Option<Kind>,
    /// What is so: a lowercase fragment.
    pub text: String,
    /// Why, from the outermost cause to the innermost.
    pub causes: Vec<String>,
    /// The command or the change that mends it.
    pub fix: Option<String>,
}

impl Finding {
    /// All is well.
    pub(crate) fn ok(check: Check, text: impl Into<String>) -> Self {
        Self {
            check,
            queue: None,
            kind: None,
            text: text.into(),
            causes: Vec::new(),
            fix: None,
        }
    }

    /// All is not well.
    pub(crate) fn of(kind: Kind, text: impl Into<String>) -> Self {
        Self {
            kind: Some(kind),
            ..Self::ok(kind.check(), text)
        }
    }

    /// Adds a cause.
    #[must_use]
    pub(crate) fn because(mut self, cause: impl Into<String>) -> Self {
        self.causes.push(cause.into());
        self
    }

    /// Adds an error and its causes.
    #[must_use]
    pub(crate) fn caused_by(mut self, error: &(dyn Error + 'static)) -> Self {
        self.causes.extend(chain(error));
        self
    }

    /// The same of an error that knows what to do.
    #[must_use]
    pub(crate) fn caused_by_port(self, error: &PortError) -> Self {
        let finding = self.caused_by(error);
        match error.hint() {
            Some(hint) => finding.fix(hint),
            None => finding,
        }
    }

    /// Adds what a message says.
    #[must_use]
    pub(crate) fn because_of(mut self, message: &Message) -> Self {
        self.causes.push(message.text.clone());
        self.causes.extend_from_slice(&message.causes);
        match message.hints.first() {
            Some(hint) => self.fix(hint),
            None => self,
        }
    }

    /// Says what mends it.
    #[must_use]
    pub(crate) fn fix(self, fix: impl Into<String>) -> Self {
        Self {
            fix: Some(fix.into()),
            ..self
        }
    }

    /// Says which queue it is about.
    #[must_use]
    pub(crate) fn in_queue(self, queue: &str) -> Self {
        Self {
            queue: Some(queue.to_owned()),
            ..self
        }
    }

    /// How good or bad it is.
    pub(crate) fn verdict(&self) -> Verdict {
        self.kind.map_or(Verdict::Ok, Kind::verdict)
    }
}

/// As `--json` prints it, and as one doctor tells another.
#[derive(Serialize, Deserialize)]
pub(crate) struct FindingJson {
    pub group: String,
    pub check: String,
    pub queue: Option<String>,
    pub verdict: String,
    pub id: Option<String>,
    pub text: String,
    pub causes: Vec<String>,
    pub fix: Option<String>,
}

impl From<&Finding> for FindingJson {
    fn from(finding: &Finding) -> Self {
        Self {
            group: finding.check.group().to_owned(),
            check: finding.check.name().to_owned(),
            queue: finding.queue.clone(),
            verdict: finding.verdict().word().to_owned(),
            id: finding.kind.map(|kind| kind.id().to_owned()),
            text: finding.text.clone(),
            causes: finding.causes.clone(),
            fix: finding.fix.clone(),
        }
    }
}

impl FindingJson {
    /// The finding that it stands for; `None` for one of another version's.
    pub(crate) fn finding(self) -> Option<Finding> {
        let check = Check::ALL.iter().find(|check| check.name() == self.check);
        let kind = match &self.id {
            None => None,
            Some(id) => Some(*Kind::ALL.iter().find(|kind| kind.id() == id)?),
        };
        Some(Finding {
            check: *check?,
            queue: self.queue,
            kind,
            text: self.text,
            causes: self.causes,
            fix: self.fix,
        })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_kind_has_a_name_of_its_own_and_is_told_from_one_doctor_to_another() {
        let names: BTreeSet<_> = Kind::ALL.iter().map(|kind| kind.id()).collect();
        assert_eq!(names.len(), Kind::ALL.len());
        for kind in Kind::ALL {
            let finding = Finding::of(*kind, "x").because("y").fix("z").in_queue("q");
            let json = serde_json::to_string(&FindingJson::from(&finding)).unwrap();
            let back: FindingJson = serde_json::from_str(&json).unwrap();
            assert_eq!(back.finding(), Some(finding));
            assert_ne!(kind.verdict(), Verdict::Ok);
        }
    }
}

//! The units that push a queue.

use std::collections::BTreeSet;
use std::path::Path;

use super::account;
use super::finding::{Check, Finding};
use super::kind::Kind;
use super::managed::Managed;
use super::started::{self, Started};
use super::systemd::{self, Properties};
use super::timer;

/// The units of a queue.
pub(super) struct Units {
    /// The name of the service.
    pub name: String,
    pub service: Properties,
    /// The names of what is set for it.
    pub settings: BTreeSet<String>,
    /// What systemd hands to it, as `LoadCredential=NAME:PATH`.
    pub credentials: Vec<String>,
    timer: Properties,
    path: Properties,
}

/// What systemd says of a queue.
pub(super) enum Service {
    /// It is not at work here.
    NoSystemd,
    /// It cannot be asked.
    Unseen(std::io::Error),
    /// No unit is for this queue.
    None,
    /// These are.
    Units(Box<Units>),
}

impl Service {
    /// Looks for the units of the NixOS module, and for those of `contrib/systemd`.
    pub(super) fn look(queue: &str) -> Self {
        if !systemd::is_here() {
            return Self::NoSystemd;
        }
        for name in ["nix-post-build-push-", "nix-post-build-push@"] {
            let name = format!("{name}{queue}");
            let units = ["service", "timer", "path"].map(|kind| format!("{name}.{kind}"));
            let found = systemd::show(&units.each_ref().map(String::as_str));
            let [service, timer, path] = match found.map(<[Properties; 3]>::try_from) {
                Ok(Ok(all)) => all,
                Ok(Err(_)) => return Self::Unseen(std::io::Error::other("not three answers")),
                Err(error) => return Self::Unseen(error),
            };
            if is(&service, "LoadState", "loaded") {
                let text = match systemd::text(&units[0]) {
                    Ok(text) => text,
                    Err(error) => return Self::Unseen(error),
                };
                return Self::Units(Box::new(Units {
                    credentials: systemd::loaded(&text, &units[0]),
                    name: units[0].clone(),
                    settings: systemd::settings(&text),
                    service,
                    timer,
                    path,
                }));
            }
        }
        Self::None
    }

    /// The units, if there are any.
    pub(super) fn units(&self) -> Option<&Units> {
        match self {
            Self::Units(units) => Some(units),
            _ => None,
        }
    }

    /// What there is to say of them.
    pub(super) fn check(&self, managed: Managed, queue: &str) -> Vec<Finding> {
        match self {
            Self::NoSystemd => vec![Finding::of(
                Kind::NoSystemd,
                "there is no systemd here: what pushes the queue is not known",
            )],
            Self::Unseen(error) => {
                vec![
                    Finding::of(Kind::NoSystemd, "systemd does not tell of its units")
                        .caused_by(error),
                ]
            }
            Self::None => vec![
                Finding::of(Kind::ServiceMissing, "no unit of systemd pushes this queue")
                    .fix(managed.add_units(queue)),
            ],
            Self::Units(units) => units.check(managed, queue),
        }
    }
}

impl Units {
    /// The account that pushes.
    pub(super) fn account(&self) -> &str {
        let user = self.service.get("User").map_or("", String::as_str);
        if user.is_empty() { "root" } else { user }
    }

    /// A service without a timer.
    #[cfg(test)]
    pub(super) fn of_service(name: &str, service: Properties, credentials: &[&str]) -> Self {
        Self {
            name: name.to_owned(),
            // Told by another name than it is set by.
            settings: service
                .keys()
                .filter(|name| *name != "EnvironmentFiles")
                .cloned()
                .collect(),
            service,
            credentials: credentials.iter().map(|&one| one.to_owned()).collect(),
            timer: Properties::new(),
            path: Properties::new(),
        }
    }

    fn check(&self, managed: Managed, queue: &str) -> Vec<Finding> {
        let timer = timer::check(managed, queue, &self.name, &self.timer, &self.path);
        let started = self.not_started().or_else(|| self.not_judged());
        let last_run = self.last_run().into_iter();
        last_run.chain(started).chain(timer).collect()
    }

    /// What the service starts.
    pub(super) fn started(&self) -> Option<Started> {
        Started::of(self.service.get("ExecStart")?)
    }

    /// What there is to say if what it starts pushes nothing.
    pub(super) fn not_started(&self) -> Option<Finding> {
        let name = &self.name;
        let program = match self.started()? {
            Started::Another { command } => {
                let text = format!("{name} runs `{command}`, which pushes nothing");
                return Some(Finding::of(Kind::ServiceUnable, text).fix(self.exec_start_hint()));
            }
            Started::Push { program, .. } | Started::Unknown { program } => program,
        };
        let searched = self.service.get("ExecSearchPath");
        if started::is_there(&program, searched.map_or("", String::as_str)) {
            return None;
        }
        let text = format!("{name} runs {program}, which is not there or not executable");
        Some(Finding::of(Kind::ServiceUnable, text).fix(self.exec_start_hint()))
    }

    fn not_judged(&self) -> Option<Finding> {
        let Some(Started::Unknown { program }) = self.started() else {
            return None;
        };
        let text = format!(
            "{} runs {program}: whether that pushes the queue cannot be judged",
            self.name
        );
        Some(Finding::of(Kind::ServiceNotJudged, text))
    }

    fn exec_start_hint(&self) -> String {
        format!("change ExecStart of {0}: systemctl cat {0}", self.name)
    }

    /// That it pushes; not said where that is not so.
    pub(super) fn pushes(&self) -> String {
        format!("{} pushes it as {}", self.name, self.account())
    }

    fn last_run(&self) -> Option<Finding> {
        let result = self.service.get("Result").map_or("", String::as_str);
        if matches!(result, "success" | "") {
            let is_push = matches!(self.started(), Some(Started::Push { .. }));
            let pushes = is_push && self.not_started().is_none();
            return pushes.then(|| Finding::ok(Check::Service, self.pushes()));
        }
        let code = self
            .service
            .get("ExecMainStatus")
            .map_or("", String::as_str);
        let text = format!(
            "the last run of {} failed: {result} (status {code})",
            self.name
        );
        let failed = Finding::of(Kind::ServiceFailed, text);
        Some(failed.fix(format!("journalctl -u {} -n 50 # says why", self.name)))
    }

    /// What there is to say of the files that systemd hands to the service: where one is not there,
    /// it does not start.
    pub(super) fn missing_credentials(&self, managed: Managed, queue: &str) -> Vec<Finding> {
        let all = self.credentials.iter();
        // What is no path is a credential of systemd's own.
        let files = all.filter_map(|one| {
            let (setting, named) = one.split_once('=')?;
            let named = named
                .split_once(':')
                .filter(|_| setting.starts_with("Load"));
            named.filter(|(_, file)| file.starts_with('/'))
        });
        let absent = files.filter(|(_, file)| matches!(Path::new(file).try_exists(), Ok(false)));
        absent
            .map(|(name, file)| {
                let text = format!("{file}, which {} gets as {name}, is not there", self.name);
                let fix = managed.put_credential(queue, &self.name, name, file);
                Finding::of(Kind::CredentialUnreadable, text).fix(fix)
            })
            .collect()
    }

    /// What there is to say if the account is none.
    pub(super) fn missing_account(&self, managed: Managed) -> Option<Finding> {
        let name = self.account();
        if name == "root" || is(&self.service, "DynamicUser", "yes") {
            return None;
        }
        match account::find(name) {
            Ok(Some(_)) => None,
            Ok(None) => Some(
                Finding::of(
                    Kind::AccountMissing,
                    format!("{} runs as {name}, whom nobody knows", self.name),
                )
                .fix(managed.add_account(name)),
            ),
            Err(error) => Some(
                Finding::of(
                    Kind::AccountNotTried,
                    format!("whether there is an account {name} is not known"),
                )
                .caused_by(&error),
            ),
        }
    }
}

pub(super) fn is(properties: &Properties, name: &str, value: &str) -> bool {
    properties.get(name).is_some_and(|known| known == value)
}

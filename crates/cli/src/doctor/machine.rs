//! What all checks have in common: this machine's Nix, asked once.

use std::ffi::OsString;
use std::time::{Duration, SystemTime};

use nix_copy::{Nix, NixInspector, NixSettings, Timeouts};
use nix_post_build_push_config::Config;
use queue_core::PortError;

use super::account;
use super::daemon::{Daemon, Running};
use super::finding::Finding;
use super::managed::Managed;
use super::nix_conf;
use crate::adapters::Store;
use crate::status::PATIENCE;

/// How long Nix may take to answer a question, and to end if it does not.
const TIMEOUTS: Timeouts = Timeouts {
    total: Some(PATIENCE),
    stall: None,
    grace: Duration::from_secs(2),
};

/// This machine.
pub(super) struct Machine<'a> {
    pub store: &'a Store,
    pub config: &'a Config,
    pub now: SystemTime,
    pub daemon: Daemon,
    /// Who writes its configuration.
    pub managed: Managed,
    /// What Nix calls itself.
    pub version: Result<String, PortError>,
    /// The settings of who builds: the daemon, or whoever calls Nix.
    pub builds: Result<NixSettings, PortError>,
    /// Those of a Nix that this account calls.
    pub own: Result<NixSettings, PortError>,
    /// Whether the daemon takes settings from this account; `None` where that cannot be seen, or
    /// there is none. Why it does not answer this account's Nix.
    pub is_trusted: Result<Option<bool>, PortError>,
}

impl<'a> Machine<'a> {
    /// Looks at it.
    pub(super) fn look(store: &'a Store, config: &'a Config, now: SystemTime) -> Self {
        let daemon = Daemon::look(&store.state_dir);
        let version = NixInspector::new(bounded(store.nix().clone())).version();
        let own = own_nix(store, config);
        let asked = |nix| NixInspector::new(nix).settings();
        let (builds, own) = match &daemon {
            Daemon::Answers(running) => (asked(daemon_nix(store, config, running)), asked(own)),
            Daemon::None | Daemon::Deaf(_) => (asked(own.clone()), asked(own)),
        };
        let is_trusted = match (&daemon, &version) {
            (Daemon::Answers(_), Ok(_)) => is_trusted(store, builds.as_ref().ok()),
            _ => Ok(None),
        };
        Self {
            store,
            config,
            now,
            managed: managed(store, &daemon),
            daemon,
            version,
            builds,
            own,
            is_trusted,
        }
    }

    /// Whether `allowed-users` keep this account out. The daemon tells only its own log (2.34.8: who
    /// is kept out sees a connection that ends).
    pub(super) fn is_kept_out(&self) -> bool {
        let (Ok(settings), Ok(user)) = (&self.builds, account::name()) else {
            return false;
        };
        let groups = account::groups().unwrap_or_default();
        let is = |name| matches(&settings.list(name), &user, &groups);
        !is("allowed-users") && !is("trusted-users")
    }

    /// Whether a daemon builds.
    pub(super) fn is_by_daemon(&self) -> bool {
        matches!(self.daemon, Daemon::Answers(_))
    }

    /// What there is to say of its daemon.
    pub(super) fn judge_daemon(&self) -> Finding {
        let asked = self.is_trusted.as_ref().err();
        let refused = asked.map(|error| (error, self.is_kept_out()));
        self.daemon.judge(self.managed, refused)
    }

    /// A Nix that does not keep us waiting.
    pub(super) fn nix(&self) -> Nix {
        bounded(self.store.nix().clone())
    }

    /// The same, asked about itself.
    pub(super) fn inspector(&self) -> NixInspector {
        NixInspector::new(self.nix())
    }

    /// The environment in which hooks run, as far as that is known: a daemon's own, or that of
    /// whoever calls Nix.
    pub(super) fn hook_environment(&self) -> Vec<(OsString, OsString)> {
        self.seen_hook_environment().unwrap_or_default()
    }

    /// The same, if it is ours to see.
    pub(super) fn seen_hook_environment(&self) -> Option<Vec<(OsString, OsString)>> {
        match &self.daemon {
            Daemon::Answers(running) => running.environment.clone(),
            Daemon::None | Daemon::Deaf(_) => Some(std::env::vars_os().collect()),
        }
    }
}

/// By the settings of who builds.
fn managed(store: &Store, daemon: &Daemon) -> Managed {
    let nix_conf = match daemon {
        Daemon::Answers(running) => nix_conf::main_file(|name| running.variable(name)),
        Daemon::None | Daemon::Deaf(_) => {
            nix_conf::main_file(|name| Some(std::env::var_os(name)?.into()))
        }
    };
    Managed::look(&nix_conf, store.dir.as_path().as_std_path())
}

fn bounded(nix: Nix) -> Nix {
    nix.with_query_timeouts(TIMEOUTS)
}

/// With the `NIX_CONFIG` that our other calls are spared.
fn own_nix(store: &Store, config: &Config) -> Nix {
    with_config(store, config, std::env::vars_os().collect())
}

/// As the daemon would read its settings, were it started now. Where its environment is not ours to
/// see, only files count that are everybody's.
fn daemon_nix(store: &Store, config: &Config, running: &Running) -> Nix {
    let path = std::env::var_os("PATH").unwrap_or_default();
    match &running.environment {
        Some(variables) => {
            let mut variables = variables.clone();
            variables.retain(|(name, _)| name != "PATH" && name != "NIX_REMOTE");
            variables.push(("PATH".into(), path));
            with_config(store, config, variables)
        }
        None => {
            let nix = store.nix_with(config, std::env::vars_os().collect());
            bounded(nix.with_variables([("NIX_USER_CONF_FILES", "/dev/null")]))
        }
    }
}

fn with_config(store: &Store, config: &Config, variables: Vec<(OsString, OsString)>) -> Nix {
    let settings = variables
        .iter()
        .find(|(name, _)| name == "NIX_CONFIG")
        .cloned();
    bounded(store.nix_with(config, variables).with_variables(settings))
}

/// As the daemon itself says, or else as it would decide (2.8.0, `nix-daemon.cc`, `matchUser`).
fn is_trusted(store: &Store, settings: Option<&NixSettings>) -> Result<Option<bool>, PortError> {
    let told = NixInspector::new(bounded(store.nix().clone())).is_trusted()?;
    let decided = || {
        let groups = account::groups().ok()?;
        let user = account::name().ok()?;
        Some(matches(&settings?.list("trusted-users"), &user, &groups))
    };
    Ok(told.or_else(decided))
}

fn matches(trusted: &[&str], user: &str, groups: &[String]) -> bool {
    trusted.iter().any(|word| match word.strip_prefix('@') {
        Some(group) => groups.iter().any(|own| own == group),
        None => *word == "*" || *word == user,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn users_are_trusted_by_name_by_group_or_all() {
        let groups = ["wheel".to_owned()];
        let is = |trusted: &[&str]| matches(trusted, "alice", &groups);
        assert!(is(&["root", "alice"]) && is(&["@wheel"]) && is(&["*"]));
        assert!(!is(&["root"]) && !is(&["@alice"]) && !is(&["wheel"]) && !is(&[]));
    }
}

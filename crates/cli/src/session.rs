//! What every command works with.

use std::time::SystemTime;

use camino::Utf8PathBuf;
use nix_copy::{Cancel, Exposure};
use nix_post_build_push_config::{
    Config, Environment, Inputs, Need, Overrides, Problem, QueueSettings, Resolution, resolve,
};

use crate::adapters::{Store, exposure};
use crate::cli::LogFormat;
use crate::error::CommandError;
use crate::exit_codes::Exit;
use crate::hook_variables::HookVariables;
use crate::message::Message;
use crate::output::Output;

/// One run of the program.
pub(crate) struct Session {
    /// The variables.
    pub environment: Environment,
    /// The variables that Nix sets for its hook.
    pub hook: HookVariables,
    /// The settings of the command line.
    pub overrides: Overrides,
    /// The working directory.
    pub cwd: Utf8PathBuf,
    /// The command's name, as it was given: an alias may mean something of its own.
    pub called: String,
    /// Whether results that only confirm are wanted.
    pub quiet: bool,
    /// How messages are written.
    pub log_format: LogFormat,
    /// Where results go.
    pub out: Output,
}

/// A configuration without the queues that have a problem.
pub(crate) struct Configured {
    /// The sound rest.
    pub config: Config,
    /// [`Exit::Config`] if there was a problem, which was reported.
    pub exit: Exit,
}

impl Session {
    /// Everything that is known of the configuration.
    #[must_use]
    pub(crate) fn resolve(&self, need: Need) -> Resolution {
        resolve(&Inputs {
            overrides: &self.overrides,
            environment: &self.environment,
            uid: rustix::process::geteuid().as_raw(),
            need,
        })
    }

    /// The configuration to work with. A queue with a problem is left out, so that it holds
    /// back no other; its problems and all warnings are reported here.
    ///
    /// # Errors
    ///
    /// If nothing of the configuration can be used.
    pub(crate) fn configure(&self, need: Need) -> Result<Configured, CommandError> {
        sound(self.resolve(need))
    }

    /// This machine's store, for a command that never has to be stopped in good order.
    ///
    /// # Errors
    ///
    /// If the store directory cannot be one.
    pub(crate) fn store(&self, config: &Config) -> Result<Store, CommandError> {
        self.stoppable_store(config, &Cancel::never())
    }

    /// This machine's store; `cancel` ends the calls of Nix.
    ///
    /// # Errors
    ///
    /// If the store directory cannot be one.
    pub(crate) fn stoppable_store(
        &self,
        config: &Config,
        cancel: &Cancel,
    ) -> Result<Store, CommandError> {
        let store = Store::open(config, std::env::vars_os().collect(), cancel.clone());
        store.map_err(|error| CommandError {
            exit: Exit::Config,
            ..error.into()
        })
    }

    /// Confirms something on standard output, unless that is not wanted.
    pub(crate) fn confirm(&mut self, line: impl std::fmt::Display) {
        if !self.quiet {
            self.out.line(line);
            self.out.flush();
        }
    }
}

/// What of a configuration can be worked with; the rest is reported.
///
/// # Errors
///
/// If nothing of it can be used.
pub(crate) fn sound(resolution: Resolution) -> Result<Configured, CommandError> {
    let (config, problems, warnings) = resolution.sound_queues()?;
    warn(&warnings);
    let exit = report(&problems);
    Ok(Configured { config, exit })
}

/// Reports the problems of a configuration, and gives the exit code that they come to.
pub(crate) fn report(problems: &[Problem]) -> Exit {
    problems
        .iter()
        .map(Message::from)
        .for_each(|message| message.error());
    match problems.is_empty() {
        true => Exit::Done,
        false => Exit::Config,
    }
}

/// Reports the warnings of a configuration.
pub(crate) fn warn(warnings: &[Problem]) {
    warnings
        .iter()
        .map(Message::from)
        .for_each(|message| message.warning());
}

/// Warns of each of these queues whose destination has a secret that others on this machine will
/// be able to read.
pub(crate) fn warn_of_exposure<'a>(queues: impl Iterator<Item = &'a QueueSettings>) {
    for queue in queues {
        let instead = match exposure(queue) {
            None => continue,
            Some(Exposure::Comment) => "write `%23` for each `#` in it",
            Some(Exposure::Options) => "leave the option that names a store out of `nix-opts`",
        };
        let text = format!(
            "queue `{}`: what is secret in its destination will stand on Nix's command line, \
             which everybody on this machine can read",
            queue.name
        );
        let hint = format!("{instead}; better than a secret there is a netrc file, or a key");
        Message::new(text).hint(hint).warning();
    }
}

/// A queue's destination as it may be shown.
#[must_use]
pub(crate) fn destination(settings: &QueueSettings) -> Option<String> {
    settings
        .destination
        .as_ref()
        .map(|destination| destination.value.to_string())
}

/// The moment at which a command looks at its queues.
#[must_use]
pub(crate) fn now() -> SystemTime {
    SystemTime::now()
}

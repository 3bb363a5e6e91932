//! Resolving a configuration from all its sources.

use std::cell::OnceCell;

use camino::{Utf8Path, Utf8PathBuf};

use crate::checks;
use crate::choice::OnError;
use crate::config::{Config, HookSettings, LostQueue, NixSettings};
use crate::document::Document;
use crate::environment::Environment;
use crate::key::{self, HOOK_KEYS, NIX_KEYS};
use crate::origin::{Origin, Setting};
use crate::overrides::Overrides;
use crate::path;
use crate::problem::{ConfigError, Problem, Problems};
use crate::queues;
use crate::search::{self, Found, SYSTEM_CONFIG_FILE};
use crate::sources::Sources;
use crate::variables;

/// What the settings are wanted for, and so which of them must be there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Need {
    /// To enqueue: no destination is needed.
    Enqueue,
    /// To push: enabled queues need a destination that can be read.
    Push,
    /// To tell what keeps others from pushing: as for a push, but for a file of a destination that
    /// may be there for whoever pushes, and is not for this account.
    Look,
    /// To check a file ahead of its use, perhaps on another machine: all must be there, and
    /// of the file system nothing is read but the file itself.
    Declared,
    /// To check everything here and now: as for a push, and some queue must be configured.
    Everything,
}

/// All that decides the settings.
#[derive(Clone, Copy, Debug)]
pub struct Inputs<'a> {
    /// The command line.
    pub overrides: &'a Overrides,
    /// The environment.
    pub environment: &'a Environment,
    /// The effective user: root's queues are elsewhere by default.
    pub uid: u32,
    /// What the settings are for.
    pub need: Need,
}

/// The settings as far as they could be resolved, and what is wrong with them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resolution {
    /// What could be resolved: a broken setting has its next best value, and a queue whose
    /// directory is not certain is left out.
    pub config: Config,
    /// What is wrong, in the order of the file.
    pub problems: Vec<Problem>,
    /// What is worth a word and no more.
    pub warnings: Vec<Problem>,
    /// The queues that would be enabled and are left out, by name.
    pub lost: Vec<LostQueue>,
}

impl Resolution {
    /// The configuration and its warnings, if nothing at all is wrong.
    ///
    /// # Errors
    /// If there is any problem.
    pub fn strict(self) -> Result<(Config, Vec<Problem>), ConfigError> {
        match self.problems.is_empty() {
            true => Ok((self.config, self.warnings)),
            false => Err(ConfigError {
                problems: self.problems,
            }),
        }
    }

    /// The configuration without the queues that have a problem, so that one broken queue
    /// holds back no other; then the problems of those, and the warnings.
    ///
    /// # Errors
    /// If a problem concerns more than the queues that it names, or no sound queue is left.
    pub fn sound_queues(mut self) -> Result<(Config, Vec<Problem>, Vec<Problem>), ConfigError> {
        let broken = |name: &str| {
            self.problems
                .iter()
                .any(|problem| problem.queues.iter().any(|queue| queue == name))
        };
        self.config.queues.retain(|queue| !broken(&queue.name));
        let nothing_left = self.config.enabled().next().is_none() && !self.problems.is_empty();
        match nothing_left
            || self
                .problems
                .iter()
                .any(|problem| problem.queues.is_empty())
        {
            true => Err(ConfigError {
                problems: self.problems,
            }),
            false => Ok((self.config, self.problems, self.warnings)),
        }
    }
}

/// Resolves every setting. Reads the configuration file, and what the need permits; never
/// fails, for what is wrong is part of the answer.
pub fn resolve(inputs: &Inputs<'_>) -> Resolution {
    let system = Utf8Path::new(SYSTEM_CONFIG_FILE);
    match search::find(inputs.overrides, inputs.environment, system) {
        Found::Nothing => resolve_with(inputs, None, None, Problems::default()),
        Found::Broken(path, problem) => {
            let mut problems = Problems::default();
            problems.push(problem);
            resolve_with(inputs, Some(path), None, problems)
        }
        Found::File(path, text) => {
            let spare = OnceCell::new();
            let document = Document::parse(path.clone(), &text, &spare);
            resolve_with(inputs, Some(path), Some(&document), Problems::default())
        }
    }
}

fn resolve_with(
    inputs: &Inputs<'_>,
    file: Option<Utf8PathBuf>,
    document: Option<&Document<'_>>,
    mut problems: Problems,
) -> Resolution {
    if let Some(document) = document {
        document.check(&mut problems);
    }
    variables::check_encoding(inputs.environment, &mut problems);
    let nix = nix(inputs, document, &mut problems);
    let hook = hook(inputs, document, &mut problems);
    let (mut queues, mut lost) = (Vec::new(), Vec::new());
    for queue in queues::resolve(inputs, document, file.is_some(), &mut problems) {
        match queue {
            Ok(queue) => queues.push(queue),
            Err(queue) => lost.push(queue),
        }
    }
    let config = Config {
        file,
        nix,
        hook,
        queues,
    };
    checks::check(&config, inputs.need, &mut problems);
    let mut warnings = variables::warnings(inputs.environment);
    warnings.extend(checks::warnings(&config, inputs.need));
    let mut resolution = Resolution {
        config,
        problems: problems.into_sorted(),
        warnings,
        lost,
    };
    resolution.mind_no_queue(inputs.need);
    resolution
}

impl Resolution {
    /// Says that there is no queue, where that is no consequence of anything else.
    fn mind_no_queue(&mut self, need: Need) {
        if !self.config.queues.is_empty() || !self.problems.is_empty() {
            return;
        }
        match need {
            Need::Declared | Need::Everything => self.problems.push(no_queue(&self.config)),
            Need::Push | Need::Look => self.warnings.push(no_queue(&self.config)),
            Need::Enqueue => {}
        }
    }
}

fn no_queue(config: &Config) -> Problem {
    let file = config.file.iter().map(|file| format!(" in {file}"));
    Problem::new(format!(
        "no queue is configured{}",
        file.collect::<String>()
    ))
    .hint("begin with a table such as [queues.main]")
}

fn hook(
    inputs: &Inputs<'_>,
    document: Option<&Document<'_>>,
    problems: &mut Problems,
) -> HookSettings {
    let section = document.map(|document| document.section("hook", problems));
    if let Some(section) = &section {
        section.check_keys(HOOK_KEYS, problems);
    }
    let mut sources = Sources::new(inputs, section.as_ref(), problems);
    HookSettings {
        on_error: sources.get_or(&key::ON_ERROR, OnError::Ignore),
        fsync: sources.get_or(&key::FSYNC, true),
    }
}

/// Where Nix lives: what the file says, else the variables that Nix reads, else where Nix
/// itself looks.
fn nix(
    inputs: &Inputs<'_>,
    document: Option<&Document<'_>>,
    problems: &mut Problems,
) -> NixSettings {
    let section = document.map(|document| document.section("nix", problems));
    if let Some(section) = &section {
        section.check_keys(NIX_KEYS, problems);
    }
    let mut sources = Sources::new(inputs, section.as_ref(), problems);
    let store_dir = sources.get(&key::STORE_DIR);
    let state_dir = sources.get(&key::STATE_DIR);
    let bin_dir = sources.get(&key::BIN_DIR);
    let mut variable = |name, below| directory(inputs.environment, name, below, problems);
    let store_dir = store_dir.or_else(|| variable(variables::STORE_DIR, ""));
    let state_dir = state_dir
        .or_else(|| variable(variables::STATE_DIR, ""))
        .or_else(|| variable(variables::LOCALSTATE_DIR, "nix"));
    NixSettings {
        store_dir: store_dir.unwrap_or(Setting::default("/nix/store".into())),
        state_dir: state_dir.unwrap_or(Setting::default("/nix/var/nix".into())),
        bin_dir,
    }
}

/// A directory from a variable, or one below it.
fn directory(
    environment: &Environment,
    name: &'static str,
    below: &str,
    problems: &mut Problems,
) -> Option<Setting<Utf8PathBuf>> {
    match path::parse(environment.get(name)?) {
        Ok(path) if below.is_empty() => Some(Setting::new(path, Origin::Environment(name))),
        Ok(path) => Some(Setting::new(path.join(below), Origin::Environment(name))),
        Err(fault) => {
            let fault = fault.or_hint(|| "it must be an absolute path".to_owned());
            problems.push(Problem::from_fault(&format!("variable {name}"), fault));
            None
        }
    }
}

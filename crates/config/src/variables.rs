//! The variables that have our prefix: which are known, and which are not.

use crate::environment::Environment;
use crate::problem::{Problem, Problems};
use crate::suggest;

pub(crate) const PREFIX: &str = "NIX_POST_BUILD_PUSH_";
pub(crate) const CONFIG_FILE: &str = "NIX_POST_BUILD_PUSH_CONFIG_FILE";
pub(crate) const QUEUE: &str = "NIX_POST_BUILD_PUSH_QUEUE";
const XARGS_BIN: &str = "NIX_POST_BUILD_PUSH_XARGS_BIN";

/// Known names without their prefix. The last four are read elsewhere.
const KNOWN: &[&str] = &[
    "BATCH_SIZE",
    "CHECK_CONTENTS",
    "CHECK_SIGS",
    "CLOSURE_TYPE",
    "CONFIG_FILE",
    "DESTINATION",
    "DESTINATION_FILE",
    "JOBS",
    "MAX_ATTEMPTS",
    "NIX_OPTS",
    "ON_ERROR",
    "QUEUE",
    "QUEUE_DIR",
    "RETRY_DELAY",
    "RETRY_MAX_DELAY",
    "STALL_TIMEOUT",
    "SUBSTITUTE_ON_DESTINATION",
    "TIMEOUT",
    "VERIFY",
    "XARGS_BIN",
    "INCLUDE_OUT_PATHS",
    "LOG",
    "LOG_FORMAT",
    "PROGRESS",
];

/// Variables of others that decide a setting.
pub(crate) const STORE_DIR: &str = "NIX_STORE_DIR";
pub(crate) const STATE_DIR: &str = "NIX_STATE_DIR";
pub(crate) const LOCALSTATE_DIR: &str = "NIX_LOCALSTATE_DIR";

/// Warns of variables with our prefix that nothing reads, set or empty.
pub(crate) fn warnings(environment: &Environment) -> Vec<Problem> {
    let ours = environment
        .names()
        .filter_map(|name| name.strip_prefix(PREFIX));
    let unknown = ours.filter(|name| !KNOWN.contains(name)).map(unknown);
    let unused = environment
        .get(XARGS_BIN)
        .map(|_| Problem::new(format!("variable {XARGS_BIN} has no effect any more")));
    unknown.chain(unused).collect()
}

fn unknown(name: &str) -> Problem {
    let problem = Problem::new(format!("unknown variable {PREFIX}{name}"));
    match suggest::nearest(name, KNOWN) {
        Some(known) => problem.hint(format!("did you mean `{PREFIX}{known}`?")),
        None => problem,
    }
}

/// Reports the variables of ours, and of Nix, whose values cannot be read.
pub(crate) fn check_encoding(environment: &Environment, problems: &mut Problems) {
    let matters = |name: &&str| {
        let ours = name
            .strip_prefix(PREFIX)
            .is_some_and(|name| KNOWN.contains(&name));
        ours || [STORE_DIR, STATE_DIR, LOCALSTATE_DIR].contains(name)
    };
    for name in environment.not_utf8().filter(matters) {
        let message = format!("variable {name}: the value is not UTF-8");
        problems.push(Problem::new(message).hint("set it anew, or unset it"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::key;

    #[test]
    fn the_variable_of_every_setting_is_known() {
        let named = [key::ON_ERROR.name]
            .into_iter()
            .chain(key::QUEUE_KEYS.iter().copied());
        let only_in_file = [
            key::ENABLE.name,
            key::LIMITS,
            key::HEALTH,
            key::METRICS_FILE.name,
        ];
        for name in named.filter(|name| !only_in_file.contains(name)) {
            let variable = name.to_uppercase().replace('-', "_");
            assert!(KNOWN.contains(&variable.as_str()), "{variable}");
        }
    }
}

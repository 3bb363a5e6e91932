//! Which Nix is called, and in which environment.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use camino::Utf8PathBuf;
use queue_core::StoreDir;
use rustix::fs::{Access, access};

use crate::Cancel;
use crate::call::{CallError, PATH};
use crate::supervise::Timeouts;

/// The Nix to call: where its programs are, its store directory, and the
/// environment they get. Every adapter has a clone of it.
///
/// A child gets the caller's environment but for what a hook's environment
/// would do to it:
/// - `NIX_CONFIG` holds every setting of the Nix that ran the hook, the hook
///   itself among them;
/// - `OUT_PATHS` and `DRV_PATH` hold store paths, and the collector takes the
///   paths in a living process's environment for roots (`/proc/*/environ`);
/// - `NIX_POST_BUILD_PUSH_*` are ours and may hold secrets.
///
/// `NIX_REMOTE`, `NIX_STORE_DIR`, `NIX_SSHOPTS`, credentials and proxies stay.
/// `LC_ALL` is `C.UTF-8`, standard input is `/dev/null`, the current directory `/`, and every call is
/// a process group of its own. `HOME` may be unset: Nix then takes the home
/// directory of the user database.
#[derive(Debug, Clone)]
pub struct Nix {
    store_dir: StoreDir,
    bin_dir: Option<Utf8PathBuf>,
    environment: Vec<(OsString, OsString)>,
    cancel: Cancel,
    query_timeouts: Timeouts,
}

impl Nix {
    /// `environment` is the caller's whole environment (`std::env::vars_os`).
    #[must_use]
    pub fn new(store_dir: StoreDir, environment: Vec<(OsString, OsString)>) -> Self {
        let environment = environment
            .into_iter()
            .filter(|(name, _)| is_kept(name))
            .collect();
        Self {
            store_dir,
            bin_dir: None,
            environment,
            cancel: Cancel::never(),
            query_timeouts: Timeouts::total(Duration::from_secs(600)),
        }
    }

    /// Takes the programs from this directory instead of from `PATH`.
    #[must_use]
    pub fn with_bin_dir(mut self, bin_dir: impl Into<Utf8PathBuf>) -> Self {
        self.bin_dir = Some(bin_dir.into());
        self
    }

    /// Sets variables for the children, whatever they are named.
    #[must_use]
    pub fn with_variables<N: Into<OsString>, V: Into<OsString>>(
        mut self,
        variables: impl IntoIterator<Item = (N, V)>,
    ) -> Self {
        for (name, value) in variables {
            let name = name.into();
            self.environment.retain(|(known, _)| *known != name);
            self.environment.push((name, value.into()));
        }
        self
    }

    /// Ends every call when this is cancelled.
    #[must_use]
    pub fn with_cancel(mut self, cancel: Cancel) -> Self {
        self.cancel = cancel;
        self
    }

    /// Timeouts for questions to the local store; 10 minutes in total otherwise.
    #[must_use]
    pub fn with_query_timeouts(mut self, timeouts: Timeouts) -> Self {
        self.query_timeouts = timeouts;
        self
    }

    /// Lets no question to the local store take longer than that; a shorter
    /// time that was set stays.
    #[must_use]
    pub fn with_queries_within(mut self, time: Duration) -> Self {
        let total = &mut self.query_timeouts.total;
        *total = Some(total.map_or(time, |total| total.min(time)));
        self
    }

    /// The store's directory.
    #[must_use]
    pub fn store_dir(&self) -> &StoreDir {
        &self.store_dir
    }

    pub(crate) fn cancel(&self) -> &Cancel {
        &self.cancel
    }

    pub(crate) fn query_timeouts(&self) -> &Timeouts {
        &self.query_timeouts
    }

    /// A command that is ready but for its arguments.
    pub(crate) fn command(&self, program: &'static str) -> Result<Command, CallError> {
        let found = self.find(program).ok_or_else(|| self.not_found(program))?;
        let mut command = Command::new(found);
        command
            .env_clear()
            .envs(self.environment.iter().map(|(name, value)| (name, value)))
            // The messages of Nix and ssh are read: they have to be English.
            .env("LC_ALL", "C.UTF-8")
            .current_dir("/")
            .stdin(Stdio::null())
            .process_group(0);
        Ok(command)
    }

    fn find(&self, program: &str) -> Option<PathBuf> {
        let candidates: Vec<PathBuf> = match &self.bin_dir {
            Some(dir) => vec![dir.as_std_path().join(program)],
            // A relative or empty component would depend on where we are.
            None => std::env::split_paths(self.variable("PATH")?)
                .filter(|dir| dir.is_absolute())
                .map(|dir| dir.join(program))
                .collect(),
        };
        candidates.into_iter().find(|path| is_executable(path))
    }

    fn not_found(&self, program: &'static str) -> CallError {
        let place = match &self.bin_dir {
            Some(dir) => dir.to_string(),
            None => PATH.to_owned(),
        };
        CallError::ProgramNotFound { program, place }
    }

    pub(crate) fn variable(&self, name: &str) -> Option<&OsStr> {
        let mut found = self.environment.iter().filter(|(known, _)| known == name);
        found.next().map(|(_, value)| value.as_os_str())
    }
}

fn is_kept(name: &OsStr) -> bool {
    !matches!(name.as_bytes(), b"NIX_CONFIG" | b"OUT_PATHS" | b"DRV_PATH")
        && !name.as_bytes().starts_with(b"NIX_POST_BUILD_PUSH_")
}

fn is_executable(path: &Path) -> bool {
    path.is_file() && access(path, Access::EXEC_OK).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    fn nix(variables: &[(&str, &str)]) -> Nix {
        let variables = variables
            .iter()
            .map(|(name, value)| (name.into(), value.into()));
        Nix::new(StoreDir::new("/nix/store").unwrap(), variables.collect())
    }

    fn program(dir: &Path, mode: u32) {
        std::fs::write(dir.join("nix"), "").unwrap();
        std::fs::set_permissions(dir.join("nix"), std::fs::Permissions::from_mode(mode)).unwrap();
    }

    #[test]
    fn a_child_gets_no_trace_of_a_hook_and_all_else() {
        let dir = tempfile::tempdir().unwrap();
        program(dir.path(), 0o755);
        let path = dir.path().to_str().unwrap();
        let nix = nix(&[
            ("PATH", path),
            ("NIX_CONFIG", "access-tokens = x"),
            ("OUT_PATHS", "/nix/store/a"),
            ("DRV_PATH", "/nix/store/b"),
            ("NIX_POST_BUILD_PUSH_DESTINATION", "s3://secret"),
            ("NIX_REMOTE", "daemon"),
        ]);
        let command = nix.command("nix").unwrap();
        let names: Vec<_> = command.get_envs().map(|(name, _)| name).collect();
        assert_eq!(names, ["LC_ALL", "NIX_REMOTE", "PATH"]);
    }

    #[test]
    fn the_first_executable_in_path_is_taken() {
        let (first, second) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        program(first.path(), 0o644);
        program(second.path(), 0o755);
        let path = std::env::join_paths([Path::new("."), first.path(), second.path()]).unwrap();
        let nix = nix(&[("PATH", path.to_str().unwrap())]);
        assert_eq!(nix.find("nix"), Some(second.path().join("nix")));
        assert_eq!(nix.find("nix-store"), None);
    }

    #[test]
    fn a_bin_dir_counts_instead_of_path() {
        let nix = nix(&[("PATH", "/bin")]).with_bin_dir("/nowhere");
        let error = nix.command("sh").expect_err("no such program");
        assert_eq!(error.to_string(), "sh is not in /nowhere");
    }

    #[test]
    fn a_question_takes_the_shorter_of_its_time_and_what_it_is_given() {
        let total = |nix: Nix| nix.query_timeouts().total.unwrap().as_secs();
        assert_eq!(total(nix(&[])), 600);
        let within = |seconds| nix(&[]).with_queries_within(Duration::from_secs(seconds));
        assert_eq!(total(within(4)), 4);
        assert_eq!(total(within(7200)), 600);
    }

    #[test]
    fn an_extra_variable_replaces_the_callers() {
        let nix = nix(&[("LANG", "de")]).with_variables([("LANG", "C"), ("NIX_CONFIG", "x")]);
        assert_eq!(nix.variable("LANG"), Some(OsStr::new("C")));
        assert_eq!(nix.variable("NIX_CONFIG"), Some(OsStr::new("x")));
    }
}

//! Directories that nobody named: the user's, and those of Nix.

use camino::{Utf8Path, Utf8PathBuf};

use crate::environment::Environment;
use crate::path;

const OURS: &str = "nix-post-build-push";
const ROOTS_STATE: &str = "/var/lib";

/// The user's own configuration file, if it is known where users keep theirs.
pub(crate) fn user_config(environment: &Environment) -> Option<Utf8PathBuf> {
    let base = xdg(environment, "XDG_CONFIG_HOME", ".config")?;
    Some(base.join(OURS).join("config.toml"))
}

/// The directory of a queue that names none. Root's does not depend on variables, so that a
/// hook run by the daemon, without `HOME`, and an interactive root agree.
///
/// No symlink is followed on the way to a queue. So that a home behind one will do all the same,
/// what there is of the way is resolved here; `look` is whether the file system may be looked at.
pub(crate) fn queue(
    environment: &Environment,
    uid: u32,
    name: &str,
    look: bool,
) -> Option<Utf8PathBuf> {
    let base = match uid {
        0 => ROOTS_STATE.into(),
        _ => xdg(environment, "XDG_STATE_HOME", ".local/state")?,
    };
    let base = if look { resolved(&base) } else { base };
    Some(base.join(OURS).join(name))
}

/// The directory of root's queue of this name, if the configuration names none.
#[must_use]
pub fn roots_queue_dir(name: &str) -> Utf8PathBuf {
    Utf8Path::new(ROOTS_STATE).join(OURS).join(name)
}

/// The path without symlinks, as far as it exists. What cannot be looked at stays as it is: who
/// opens the queue says why.
fn resolved(path: &Utf8Path) -> Utf8PathBuf {
    for there in path.ancestors() {
        if let (Ok(real), Ok(rest)) = (there.canonicalize_utf8(), path.strip_prefix(there)) {
            return real.join(rest).components().collect();
        }
    }
    path.to_owned()
}

fn xdg(environment: &Environment, variable: &str, below_home: &str) -> Option<Utf8PathBuf> {
    let usable = |path: &&Utf8Path| path::check(path).is_ok();
    let directory = |name| environment.get(name).map(Utf8Path::new).filter(usable);
    let home = || directory("HOME").map(|home| home.join(below_home));
    directory(variable).map(Utf8Path::to_owned).or_else(home)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn environment(variables: &[(&str, &str)]) -> Environment {
        Environment::new(
            variables
                .iter()
                .map(|(name, value)| (name.into(), value.into())),
        )
    }

    #[test]
    fn root_queues_in_var_lib_whatever_the_variables_say() {
        let environment = environment(&[("XDG_STATE_HOME", "/x"), ("HOME", "/root")]);
        assert_eq!(
            queue(&environment, 0, "a", false).unwrap(),
            "/var/lib/nix-post-build-push/a"
        );
    }

    #[test]
    fn users_queue_in_their_state_directory_if_it_is_known() {
        let at = |variables: &[_]| queue(&environment(variables), 1000, "a", true);
        let home = ("HOME", "/home/u");
        let below_home = "/home/u/.local/state/nix-post-build-push/a";
        assert_eq!(
            at(&[("XDG_STATE_HOME", "/x"), home]).unwrap(),
            "/x/nix-post-build-push/a"
        );
        assert_eq!(at(&[home]).unwrap(), below_home);
        assert_eq!(at(&[("XDG_STATE_HOME", ""), home]).unwrap(), below_home);
        assert_eq!(at(&[("XDG_STATE_HOME", "x"), home]).unwrap(), below_home);
        assert_eq!(at(&[("HOME", "")]), None);
        assert_eq!(at(&[]), None);
    }

    #[test]
    fn a_home_behind_a_symlink_is_resolved_as_far_as_it_exists_and_unless_nothing_may_be_read() {
        let directory = tempfile::tempdir().unwrap();
        let root = Utf8Path::from_path(directory.path()).unwrap();
        let root = root.canonicalize_utf8().unwrap();
        std::fs::create_dir_all(root.join("disk/u")).unwrap();
        std::os::unix::fs::symlink("disk", root.join("home")).unwrap();
        let home = root.join("home/u");
        let environment = environment(&[("HOME", home.as_str())]);
        let at = |look| queue(&environment, 1000, "a", look).unwrap();
        let below = ".local/state/nix-post-build-push/a";
        assert_eq!(at(true), root.join("disk/u").join(below));
        assert_eq!(at(false), home.join(below));
        std::fs::create_dir_all(home.join(".local/state")).unwrap();
        assert_eq!(at(true), root.join("disk/u").join(below));
    }
}

//! Roots for somebody who cannot wait.

use std::io;
use std::time::{Duration, Instant};

use queue_core::{GcRoots, PortError, StorePath};

/// A time that all the calls of Nix share.
#[derive(Debug, Clone, Copy)]
pub(super) struct SharedTime {
    begun: Instant,
    total: Duration,
}

impl SharedTime {
    /// From now on.
    pub(super) fn of(total: Duration) -> Self {
        Self {
            begun: Instant::now(),
            total,
        }
    }

    fn is_over(&self) -> bool {
        self.begun.elapsed() >= self.total
    }
}

/// Roots that cost a call of Nix each, of which none begins once the time is over: a Nix
/// that does not answer costs the time of one call, not of one for each path.
pub(super) struct TimedRoots<R> {
    roots: R,
    time: SharedTime,
}

impl<R: GcRoots> TimedRoots<R> {
    pub(super) fn new(roots: R, time: SharedTime) -> Self {
        Self { roots, time }
    }
}

impl<R: GcRoots> GcRoots for TimedRoots<R> {
    fn is_registered(&self, path: &StorePath) -> Result<bool, PortError> {
        self.roots.is_registered(path)
    }

    fn register(&self, path: &StorePath) -> Result<(), PortError> {
        let later = "it is queued; the next push registers its root";
        if self.time.is_over() {
            let seconds = self.time.total.as_secs_f64();
            let over = io::Error::other(format!("the {seconds} s for calls of Nix are over"));
            let error = PortError::new("register the root of", path, over);
            return Err(error.with_hint(later));
        }
        self.roots
            .register(path)
            .map_err(|error| match error.hint() {
                None if self.time.is_over() => error.with_hint(later),
                _ => error,
            })
    }

    fn unregister(&self, path: &StorePath) -> Result<(), PortError> {
        self.roots.unregister(path)
    }

    fn flush(&self) -> Result<(), PortError> {
        self.roots.flush()
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::{PermissionsExt, symlink};

    use camino::{Utf8Path, Utf8PathBuf};
    use nix_copy::Cancel;
    use nix_post_build_push_config::{Environment, Inputs, Need, Overrides, resolve};

    use super::*;
    use crate::adapters::Store;
    use crate::adapters::roots::by_nix_store;

    /// A store whose `nix-store` notes its calls and then does not answer.
    fn store(root: &Utf8Path) -> Store {
        for dir in ["state/gcroots/auto", "queue", "bin"] {
            fs::create_dir_all(root.join(dir)).unwrap();
        }
        let program = root.join("bin/nix-store");
        let script = format!("#!/bin/sh\necho called >> {root}/called\nexec /bin/sleep 60\n");
        fs::write(&program, script).unwrap();
        fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
        let file = root.join("config.toml");
        let text = format!("[nix]\nstate-dir = \"{root}/state\"\nbin-dir = \"{root}/bin\"\n");
        fs::write(&file, text).unwrap();
        let overrides = Overrides {
            config_file: Some(file),
            ..Overrides::default()
        };
        let resolution = resolve(&Inputs {
            overrides: &overrides,
            environment: &Environment::default(),
            uid: 0,
            need: Need::Enqueue,
        });
        Store::open(&resolution.config, Vec::new(), Cancel::never()).unwrap()
    }

    #[test]
    fn a_nix_that_does_not_answer_costs_the_time_of_one_call() {
        let keep = tempfile::tempdir().unwrap();
        let root = Utf8PathBuf::from_path_buf(keep.path().to_owned()).unwrap();
        let store = store(&root).within(Duration::from_secs(1));
        let roots = by_nix_store(&store, &root.join("queue"));
        let begun = Instant::now();
        let told: Vec<_> = (0..20)
            .map(|number| {
                let name = format!("v3ygr25lms4hdmxwa8h14sjv6km1l8cz-{number}");
                symlink("/s/x", root.join("queue").join(&name)).unwrap();
                let error = roots
                    .register(&name.parse().unwrap())
                    .expect_err("no answer");
                assert!(error.hint().unwrap().contains("next push"), "{error:?}");
                error.chain()
            })
            .collect();
        assert!(begun.elapsed() < Duration::from_secs(20));
        assert!(told[0].ends_with("after the timeout of 1 s"), "{}", told[0]);
        assert!(
            told[1].ends_with("the 1 s for calls of Nix are over"),
            "{}",
            told[1]
        );
        let called = fs::read_to_string(root.join("called")).unwrap();
        assert_eq!(called.lines().count(), 1);
    }
}

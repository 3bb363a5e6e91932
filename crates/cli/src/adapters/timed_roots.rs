//! Roots for somebody who cannot wait.

use nix_copy::{NixStoreRoots, Timeouts};
use queue_core::{GcRoots, PortError, StorePath};

use super::deadline::Deadline;

/// Roots of which a registration costs a call of Nix, that may be given a time.
pub(super) trait RegisterWithin: GcRoots {
    /// As [`register`](GcRoots::register), within these timeouts.
    fn register_within(&self, path: &StorePath, timeouts: Timeouts) -> Result<(), PortError>;
}

impl RegisterWithin for NixStoreRoots {
    fn register_within(&self, path: &StorePath, timeouts: Timeouts) -> Result<(), PortError> {
        self.within(timeouts).register(path)
    }
}

/// Each call is given what is left until the deadline, and none begins when that is nothing: a Nix
/// that does not answer costs the time of one call, not of one for each path.
pub(super) struct TimedRoots<R> {
    roots: R,
    deadline: Deadline,
}

const LATER: &str = "it is queued; the next push registers its root";

impl<R> TimedRoots<R> {
    pub(super) fn new(roots: R, deadline: Deadline) -> Self {
        Self { roots, deadline }
    }
}

impl<R: RegisterWithin> GcRoots for TimedRoots<R> {
    fn is_registered(&self, path: &StorePath) -> Result<bool, PortError> {
        self.roots.is_registered(path)
    }

    fn register(&self, path: &StorePath) -> Result<(), PortError> {
        let timeouts = self
            .deadline
            .of_a_call()
            .map_err(|over| PortError::new("register the root of", path, over).with_hint(LATER))?;
        self.roots
            .register_within(path, timeouts)
            .map_err(|error| match error.hint() {
                None if self.deadline.of_a_call().is_err() => error.with_hint(LATER),
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
    use std::cell::RefCell;
    use std::fs;
    use std::os::unix::fs::{PermissionsExt, symlink};
    use std::time::Duration;

    use camino::{Utf8Path, Utf8PathBuf};
    use nix_copy::Cancel;
    use nix_post_build_push_config::{Environment, Inputs, Need, Overrides, resolve};
    use queue_core::InsideGcRoots;

    use super::*;
    use crate::adapters::Store;
    use crate::adapters::roots::by_nix_store;

    fn path(number: usize) -> StorePath {
        let name = format!("v3ygr25lms4hdmxwa8h14sjv6km1l8cz-{number}");
        name.parse().unwrap()
    }

    /// Registers nothing, and keeps the times that it was given.
    #[derive(Default)]
    struct Given(RefCell<Vec<Timeouts>>);

    impl GcRoots for Given {
        fn is_registered(&self, path: &StorePath) -> Result<bool, PortError> {
            InsideGcRoots.is_registered(path)
        }
        fn register(&self, _: &StorePath) -> Result<(), PortError> {
            panic!("without a time")
        }
        fn unregister(&self, path: &StorePath) -> Result<(), PortError> {
            InsideGcRoots.unregister(path)
        }
        fn flush(&self) -> Result<(), PortError> {
            InsideGcRoots.flush()
        }
    }

    impl RegisterWithin for Given {
        fn register_within(&self, _: &StorePath, timeouts: Timeouts) -> Result<(), PortError> {
            self.0.borrow_mut().push(timeouts);
            Ok(())
        }
    }

    #[test]
    fn each_call_is_given_no_more_than_what_is_left() {
        let roots = TimedRoots::new(Given::default(), Deadline::after(Duration::from_secs(600)));
        (0..20).for_each(|number| roots.register(&path(number)).unwrap());
        let given = roots.roots.0.borrow();
        assert_eq!(given.len(), 20);
        assert!(given[0].total < Some(Duration::from_secs(600)));
        assert!(given.is_sorted_by(|one, next| one.total >= next.total));
    }

    #[test]
    fn no_call_begins_when_nothing_is_left() {
        let roots = TimedRoots::new(Given::default(), Deadline::after(Duration::ZERO));
        let error = roots.register(&path(0)).expect_err("no time");
        let why = "the time for calls of Nix is over";
        assert!(error.chain().ends_with(why), "{}", error.chain());
        assert!(error.hint().unwrap().contains("next push"), "{error:?}");
        assert!(roots.roots.0.borrow().is_empty());
    }

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
        let store = store(&root).until(Deadline::after(Duration::from_secs(5)));
        let roots = by_nix_store(&store, store.nix.clone(), &root.join("queue"));
        let told: Vec<_> = (0..20)
            .map(|number| {
                let path = path(number);
                symlink("/s/x", root.join("queue").join(path.base_name())).unwrap();
                let error = roots.register(&path).expect_err("no answer");
                assert!(error.hint().unwrap().contains("next push"), "{error:?}");
                error.chain()
            })
            .collect();
        let (_, given) = told[0].split_once("after the timeout of ").unwrap();
        let given: f64 = given.strip_suffix(" s").unwrap().parse().unwrap();
        assert!(given <= 2.0, "{}", told[0]);
        let over = "the time for calls of Nix is over";
        assert!(told[1..].iter().all(|why| why.ends_with(over)), "{told:?}");
        let called = fs::read_to_string(root.join("called")).unwrap();
        assert_eq!(called.lines().count(), 1);
    }
}

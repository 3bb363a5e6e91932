//! Roots registered by Nix, where only its daemon may.

use std::io;

use camino::{Utf8Path, Utf8PathBuf};
use queue_core::{GcRoots, PortError, StorePath, auto_root_name};
use rustix::fs::{
    AtFlags, CWD, Mode, OFlags, Timespec, Timestamps, fsync, lstat, open, readlink, utimensat,
};
use rustix::io::Errno;

use crate::call::{Call, CallError};
use crate::{Nix, Timeouts};

/// [`GcRoots`] through `nix-store --add-root`, for a user who may not write
/// `<state-dir>/gcroots/auto` but may talk to the daemon. A process for each
/// registration.
///
/// Nix replaces the entry by an equal one (by rename, over
/// `.<number>_<hash>-<name>` in the queue directory); its modification time,
/// which is the entry's age, is put back.
#[derive(Debug, Clone)]
pub struct NixStoreRoots {
    nix: Nix,
    auto_dir: Utf8PathBuf,
    queue_dir: Utf8PathBuf,
    fsync: bool,
}

/// Makes `nix-instantiate` register a `.drv` that exists already. `nix-store
/// --realise X.drv --add-root` would build it and register its outputs.
/// Nothing is built or read here: Nix takes `drvPath` for what the expression
/// was instantiated to. Seen on 2.8.0, 2.26.3 and 2.34.8 as an untrusted user
/// of a daemon.
const DERIVATION: &str = r#"{ drvPath }: { type = "derivation"; name = "queued"; outputName = "out"; inherit drvPath; outPath = drvPath; }"#;

impl NixStoreRoots {
    /// For the queue in `queue_dir`; `state_dir` is Nix's, usually
    /// `/nix/var/nix`.
    #[must_use]
    pub fn new(nix: Nix, state_dir: &Utf8Path, queue_dir: impl Into<Utf8PathBuf>) -> Self {
        let auto_dir = state_dir.join("gcroots/auto");
        Self {
            nix,
            auto_dir,
            queue_dir: queue_dir.into(),
            fsync: true,
        }
    }

    /// Whether [`flush`](GcRoots::flush) does anything; it does otherwise.
    #[must_use]
    pub fn with_fsync(mut self, fsync: bool) -> Self {
        self.fsync = fsync;
        self
    }

    /// The same roots; each call of Nix for them has these timeouts.
    #[must_use]
    pub fn within(&self, timeouts: Timeouts) -> Self {
        Self {
            nix: self.nix.clone().with_query_timeouts(timeouts),
            ..self.clone()
        }
    }

    fn link(&self, path: &StorePath) -> Utf8PathBuf {
        self.queue_dir.join(path.base_name())
    }

    fn add_root(&self, path: &StorePath, link: &Utf8Path) -> Result<(), CallError> {
        let full = self.nix.store_dir().join(path);
        let (program, arguments) = add_root(full.as_str(), link.as_str(), path.is_derivation());
        Call::query(&self.nix, program).run(&arguments).map(drop)
    }
}

/// The program and its arguments. An output is only looked up: it is valid, or
/// the call fails, since substitution is off.
fn add_root(path: &str, link: &str, is_derivation: bool) -> (&'static str, Vec<String>) {
    let (program, words) = if is_derivation {
        (
            "nix-instantiate",
            vec![
                "--add-root",
                link,
                "-E",
                DERIVATION,
                "--argstr",
                "drvPath",
                path,
            ],
        )
    } else {
        ("nix-store", vec!["--realise", path, "--add-root", link])
    };
    (program, words.into_iter().map(str::to_owned).collect())
}

impl GcRoots for NixStoreRoots {
    fn is_registered(&self, path: &StorePath) -> Result<bool, PortError> {
        let link = self.link(path);
        let auto = self.auto_dir.join(auto_root_name(&link));
        match readlink(auto.as_str(), Vec::new()) {
            Ok(found) => Ok(found.as_bytes() == link.as_str().as_bytes()),
            Err(Errno::NOENT) => Ok(false),
            Err(error) => Err(PortError::new(
                "read the root",
                auto,
                io::Error::from(error),
            )),
        }
    }

    /// Needs the entry: one that was removed meanwhile must not come back. If
    /// it is removed while Nix runs it does come back, and is uploaded once
    /// more.
    fn register(&self, path: &StorePath) -> Result<(), PortError> {
        let link = self.link(path);
        let age =
            modified(&link).map_err(|error| PortError::new("look at the entry", &link, error))?;
        let added = self.add_root(path, &link);
        // Also after a failure: Nix may have been ended when it had replaced the entry.
        let put_back = set_modified(&link, age);
        added.map_err(|error| error.into_port("register the root", &link))?;
        put_back.map_err(|error| PortError::new("put back the time of the entry", &link, error))
    }

    /// Nothing to do: the collector clears registrations of entries that are
    /// gone (2.26.3, `src/libstore/gc.cc`, `findRoots`).
    fn unregister(&self, _: &StorePath) -> Result<(), PortError> {
        Ok(())
    }

    /// Both directories, since Nix does not flush what it writes there.
    fn flush(&self) -> Result<(), PortError> {
        if !self.fsync {
            return Ok(());
        }
        for directory in [&self.auto_dir, &self.queue_dir] {
            flush(directory).map_err(|error| {
                PortError::new("flush the directory", directory, io::Error::from(error))
            })?;
        }
        Ok(())
    }
}

fn flush(directory: &Utf8Path) -> Result<(), Errno> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    fsync(open(directory.as_str(), flags, Mode::empty())?)
}

fn modified(link: &Utf8Path) -> io::Result<Timespec> {
    let stat = lstat(link.as_str())?;
    let nanoseconds = i64::try_from(stat.st_mtime_nsec).map_err(io::Error::other)?;
    Ok(Timespec {
        tv_sec: stat.st_mtime,
        tv_nsec: nanoseconds,
    })
}

fn set_modified(link: &Utf8Path, time: Timespec) -> io::Result<()> {
    let times = Timestamps {
        last_access: time,
        last_modification: time,
    };
    utimensat(CWD, link.as_str(), &times, AtFlags::SYMLINK_NOFOLLOW)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fake;
    use std::os::unix::fs::symlink;

    const BASE: &str = "v3ygr25lms4hdmxwa8h14sjv6km1l8cz-hello";

    /// A state, a queue, and a `nix-store` that does what the script says.
    fn roots(dir: &Utf8Path, script: &str) -> NixStoreRoots {
        for directory in ["gcroots/auto", "queue"] {
            std::fs::create_dir_all(dir.join(directory)).unwrap();
        }
        let nix = fake::nix(&dir.join("bin"), &[("nix-store", script)]);
        NixStoreRoots::new(nix, dir, dir.join("queue"))
    }

    fn temporary() -> (tempfile::TempDir, Utf8PathBuf) {
        let dir = tempfile::tempdir().unwrap();
        let path = Utf8PathBuf::from_path_buf(dir.path().to_owned()).unwrap();
        (dir, path)
    }

    #[test]
    fn an_output_is_looked_up_and_a_derivation_never_built() {
        let (program, arguments) = add_root("/s/x", "/q/x", false);
        assert_eq!(
            (program, arguments.join(" ").as_str()),
            ("nix-store", "--realise /s/x --add-root /q/x")
        );
        let (program, arguments) = add_root("/s/x.drv", "/q/x.drv", true);
        assert_eq!(program, "nix-instantiate");
        assert!(arguments.ends_with(&["--argstr".into(), "drvPath".into(), "/s/x.drv".into()]));
    }

    #[test]
    fn the_age_of_an_entry_outlives_its_registration_even_if_that_failed_half_way() {
        for (code, succeeds) in [(0, true), (1, false)] {
            let (_dir, dir) = temporary();
            let script = format!("for last; do :; done; ln -sfn new \"$last\"; exit {code}");
            let roots = roots(&dir, &script);
            let link = dir.join("queue").join(BASE);
            symlink("old", &link).unwrap();
            let age = Timespec {
                tv_sec: 1_000_000_000,
                tv_nsec: 5,
            };
            set_modified(&link, age).unwrap();
            let registered = roots.register(&BASE.parse().unwrap());
            assert_eq!(registered.is_ok(), succeeds, "{registered:?}");
            assert_eq!(link.read_link_utf8().unwrap(), "new");
            assert_eq!(modified(&link).unwrap(), age);
            roots.flush().unwrap();
        }
    }

    #[test]
    fn nothing_is_flushed_when_told_so() {
        let (_dir, dir) = temporary();
        let roots = roots(&dir, "exit 0");
        std::fs::remove_dir(dir.join("gcroots/auto")).unwrap();
        assert!(roots.flush().is_err());
        roots.with_fsync(false).flush().unwrap();
    }

    #[test]
    fn an_entry_that_is_gone_is_not_made_anew() {
        let (_dir, dir) = temporary();
        let roots = roots(&dir, "exit 0");
        assert!(roots.register(&BASE.parse().unwrap()).is_err());
    }

    #[test]
    fn a_refusal_is_an_error_with_what_nix_said() {
        let (_dir, dir) = temporary();
        let roots = roots(&dir, "echo 'error: no room' >&2; exit 1");
        symlink("/s/x", dir.join("queue").join(BASE)).unwrap();
        let error = roots.register(&BASE.parse().unwrap()).expect_err("refused");
        assert!(
            error.chain().ends_with("hello: no room"),
            "{}",
            error.chain()
        );
    }

    #[test]
    fn the_root_counts_only_if_it_is_this_entrys() {
        let (_dir, dir) = temporary();
        let roots = roots(&dir, "exit 0");
        let path: StorePath = BASE.parse().unwrap();
        let link = dir.join("queue").join(BASE);
        let auto = dir.join("gcroots/auto").join(auto_root_name(&link));
        assert!(!roots.is_registered(&path).unwrap());
        symlink("/elsewhere", &auto).unwrap();
        assert!(!roots.is_registered(&path).unwrap());
        std::fs::remove_file(&auto).unwrap();
        symlink(&link, &auto).unwrap();
        assert!(roots.is_registered(&path).unwrap());
    }
}

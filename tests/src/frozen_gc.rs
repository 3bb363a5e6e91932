//! A garbage collector that stands still where it matters.

use std::fs::{self, File, OpenOptions};
use std::os::unix::fs::OpenOptionsExt;

use rustix::fs::{CWD, FileType, Mode, OFlags, mknodat};
use rustix::process::Signal;

use crate::nix::Nix;
use crate::output::Output;
use crate::run::{Run, Running};
use crate::version::Version;
use crate::wait::wait_for;

/// A garbage collection stopped between its scan for roots and its deletions.
///
/// It holds `gc.lock` and answers on the GC socket, as any running collection does. Dropping it
/// kills it.
#[derive(Debug)]
pub struct FrozenGc {
    running: Running,
    hold: File,
}

impl Nix {
    /// Starts a garbage collection and stops it after its scan for roots.
    ///
    /// Nix reads a FIFO to its end there, for its own tests: `_NIX_TEST_GC_SYNC` (seen in 2.8.0),
    /// `_NIX_TEST_GC_SYNC_2` (seen in 2.26.3 and 2.34.8).
    #[track_caller]
    pub fn frozen_gc(&self) -> FrozenGc {
        let fifo = self.dir().join("gc-hold");
        let _ = fs::remove_file(&fifo);
        mknodat(
            CWD,
            fifo.as_str(),
            FileType::Fifo,
            Mode::RUSR | Mode::WUSR,
            0,
        )
        .expect("mkfifo");
        let variable = if self.version() < Version(2, 19, 0) {
            "_NIX_TEST_GC_SYNC"
        } else {
            "_NIX_TEST_GC_SYNC_2"
        };
        let mut command = self.command("nix-store");
        let mut running = command.arg("--gc").env(variable, &fifo).start();
        // A FIFO opens for writing without waiting once somebody reads it: then the GC is there.
        let hold = wait_for("the garbage collector to reach its deletions", || {
            assert!(
                running.is_running(),
                "the collection has ended unexpectedly"
            );
            let mut options = OpenOptions::new();
            let nonblock = OFlags::NONBLOCK.bits().cast_signed();
            options.write(true).custom_flags(nonblock).open(&fifo).ok()
        });
        FrozenGc { running, hold }
    }
}

impl FrozenGc {
    /// Stops the whole process, so that it does not answer any more either.
    #[track_caller]
    pub fn fall_silent(&self) {
        self.running.signal(Signal::STOP);
    }

    /// Lets the collection go on, and waits for its end.
    #[track_caller]
    pub fn release(self) -> Output {
        let FrozenGc { running, hold } = self;
        drop(hold);
        running.wait().success()
    }
}

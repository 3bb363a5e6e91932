//! What `make install` puts somewhere.

use std::collections::BTreeSet;
use std::process::Command;

use camino::{Utf8Path, Utf8PathBuf};

use crate::output::Output;
use crate::product::Product;
use crate::run::Run;

/// The files of `make install PREFIX=/usr`, below a directory. The programs are those under test.
#[derive(Debug)]
pub struct Installed {
    dir: Utf8PathBuf,
}

impl Installed {
    /// Installs them in `dir`, as `DESTDIR`.
    ///
    /// # Panics
    ///
    /// If that fails.
    #[track_caller]
    pub fn below(dir: impl Into<Utf8PathBuf>) -> Installed {
        let installed = Installed { dir: dir.into() };
        // What `make build` leaves, but for the building.
        let built = installed.built();
        std::fs::create_dir_all(&built).expect("mkdir");
        for program in [Product::program(), Product::hook_program()] {
            let to = built.join(program.file_name().expect("a name"));
            // By another process, as in `Nix::script`.
            let mut copy = Command::new("cp");
            copy.args([program.as_str(), to.as_str()]).run().success();
        }
        installed.make("share").success();
        installed.make("install").success();
        installed
    }

    /// Runs `make` for one of these.
    #[track_caller]
    pub fn make(&self, what: &str) -> Output {
        let checkout = concat!(env!("CARGO_MANIFEST_DIR"), "/..");
        let mut make = Command::new("make");
        make.args(["-C", checkout, "PREFIX=/usr", what]);
        make.arg(format!("DESTDIR={}", self.dir));
        make.arg(format!("BUILT={}", self.built()));
        // Whoever installs need not have any.
        make.arg("CARGO=false").run()
    }

    /// Where `make install` takes everything from.
    pub fn built(&self) -> Utf8PathBuf {
        self.dir.with_extension("built")
    }

    /// The directory of the programs.
    pub fn bin(&self) -> Utf8PathBuf {
        self.dir.join("usr/bin")
    }

    /// A directory of what is no program.
    pub fn share(&self, below: &str) -> Utf8PathBuf {
        self.dir.join("usr/share").join(below)
    }

    /// All files, with their rights, as `755 usr/bin/…`.
    #[track_caller]
    pub fn files(&self) -> BTreeSet<String> {
        let mut find = Command::new("find");
        find.args([self.dir.as_str(), "-type", "f", "-printf", "%m %P\n"]);
        find.run().success().lines().into_iter().collect()
    }
}

/// The `PATH` of this process behind a directory.
pub(crate) fn path_behind(dir: &Utf8Path) -> String {
    format!("{dir}:{}", std::env::var("PATH").expect("PATH"))
}

//! Our programs beside a Nix.

use std::fs;
use std::process::Command;

use camino::{Utf8Path, Utf8PathBuf};

use crate::nix::Nix;
use crate::output::Output;
use crate::planted;
use crate::run::Run;

/// The program that users run.
const PROGRAM: &str = "nix-post-build-push";
/// The program that Nix runs after a build.
const HOOK: &str = "nix-post-build-push-hook";
/// The variable that names the configuration file.
const CONFIG_VARIABLE: &str = "NIX_POST_BUILD_PUSH_CONFIG_FILE";

/// Our two programs, configured for a [`Nix`] of their own.
#[derive(Debug)]
pub struct Product {
    nix: Nix,
}

impl Product {
    /// Writes the configuration and makes our hook the post-build hook of `nix`. In `config` the
    /// text `@T@` stands for [`Nix::dir`]. A daemon has to be started afterwards.
    ///
    /// # Panics
    ///
    /// If the programs are not built.
    #[track_caller]
    pub fn install(mut nix: Nix, config: &str) -> Product {
        let file = nix.dir().join("config.toml");
        nix.set_env(CONFIG_VARIABLE, file.as_str());
        nix.set_hook(program(HOOK));
        let product = Product { nix };
        product.write_config(config);
        product
    }

    /// Installed with one queue, `main`, whose destination is [`Product::cache`].
    #[track_caller]
    pub fn with_file_cache(nix: Nix) -> Product {
        let config =
            "[queues.main]\ndestination = \"file://@T@/cache\"\nqueue-dir = \"@T@/queue\"\n";
        Product::install(nix, config)
    }

    /// Replaces the configuration; `@T@` stands for [`Nix::dir`].
    pub fn write_config(&self, config: &str) {
        let text = config.replace("@T@", self.nix.dir().as_str());
        fs::write(self.config_file(), text).expect("cannot write the configuration");
    }

    /// The Nix it is installed for.
    pub fn nix(&self) -> &Nix {
        &self.nix
    }

    /// The Nix it is installed for, to change it.
    pub fn nix_mut(&mut self) -> &mut Nix {
        &mut self.nix
    }

    /// The configuration file.
    pub fn config_file(&self) -> Utf8PathBuf {
        self.nix.dir().join("config.toml")
    }

    /// The queue directory of [`Product::with_file_cache`].
    pub fn queue_dir(&self) -> Utf8PathBuf {
        self.nix.dir().join("queue")
    }

    /// The destination of [`Product::with_file_cache`], as a store URI.
    pub fn cache(&self) -> String {
        format!("file://{}/cache", self.nix.dir())
    }

    /// The program that users run, with the configuration file on its command line.
    #[track_caller]
    pub fn command(&self) -> Command {
        let mut command = self.nix.command(program(PROGRAM));
        planted::plant(&mut command);
        command.env_remove(CONFIG_VARIABLE);
        command.args(["--config-file", self.config_file().as_str()]);
        command
    }

    /// Runs the program that users run.
    #[track_caller]
    pub fn run<S: AsRef<str>>(&self, arguments: &[S]) -> Output {
        let mut command = self.command();
        command.args(arguments.iter().map(AsRef::as_ref)).run()
    }

    /// The hook, as Nix starts it, with these variables.
    #[track_caller]
    pub fn hook_command(&self, out_paths: &str, drv_path: &str) -> Command {
        let mut command = self.nix.command(program(HOOK));
        planted::plant(&mut command);
        command.env("OUT_PATHS", out_paths);
        command.env("DRV_PATH", drv_path);
        command
    }

    /// The path of the program that users run.
    #[track_caller]
    pub fn program() -> Utf8PathBuf {
        program(PROGRAM)
    }

    /// The path of the hook.
    #[track_caller]
    pub fn hook_program() -> Utf8PathBuf {
        program(HOOK)
    }
}

/// A built program: in `NPBP_BIN_DIR`, else where cargo puts it beside the running test.
#[track_caller]
fn program(name: &str) -> Utf8PathBuf {
    let dir = match std::env::var("NPBP_BIN_DIR") {
        Ok(dir) => Utf8PathBuf::from(dir),
        Err(_) => {
            let test = std::env::current_exe().expect("current_exe");
            let test = Utf8PathBuf::from_path_buf(test).expect("UTF-8");
            test.ancestors()
                .nth(2)
                .map(Utf8Path::to_owned)
                .expect("deps")
        }
    };
    let program = dir.join(name);
    assert!(program.exists(), "{program} is not built: run tests/run");
    program
}

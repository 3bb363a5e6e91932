//! What our programs ask of Nix.

use std::fs;
use std::process::Command;

use camino::{Utf8Path, Utf8PathBuf};

use crate::nix::Nix;
use crate::run::Run;

/// The programs of Nix in a directory of their own, each wrapped in a script that writes its call
/// down. A configuration takes them with `bin-dir = "@T@/calls"`.
#[derive(Debug)]
pub struct CallLog {
    file: Utf8PathBuf,
}

impl Nix {
    /// Wraps the programs of Nix.
    #[track_caller]
    pub fn call_log(&self) -> CallLog {
        let dir = self.dir().join("calls");
        fs::create_dir(&dir).expect("mkdir");
        let file = self.dir().join("calls.log");
        fs::write(&file, "").expect("write");
        let which = Command::new("sh").args(["-c", "command -v nix"]).run();
        let nix = Utf8PathBuf::from(which.success().stdout.trim_end());
        let original = nix.parent().expect("an absolute path");
        for name in programs(original) {
            // One write for each line, so that lines of parallel calls stay whole.
            let body =
                format!("printf '%s\\n' \"{name} $*\" >>{file}\nexec {original}/{name} \"$@\"");
            self.script(&format!("calls/{name}"), &body);
        }
        CallLog { file }
    }
}

impl CallLog {
    /// The calls since the last look, in order, as `nix-store --gc`.
    #[track_caller]
    pub fn take(&self) -> Vec<String> {
        let text = fs::read_to_string(&self.file).expect("the log of calls");
        fs::write(&self.file, "").expect("write");
        text.lines().map(String::from).collect()
    }
}

fn programs(dir: &Utf8Path) -> Vec<String> {
    let entries = dir.read_dir_utf8().expect("readdir");
    let names = entries.map(|entry| entry.expect("readdir").file_name().to_owned());
    names
        .filter(|name| name == "nix" || name.starts_with("nix-"))
        // Our own programs may lie beside Nix's.
        .filter(|name| !name.starts_with("nix-post-build-push"))
        .collect()
}

//! Programs that stand in for Nix in tests.

use std::io::Write;
use std::process::{Command, Stdio};

use camino::Utf8Path;
use queue_core::StoreDir;

use crate::Nix;

/// A Nix with the store directory `/s`, whose programs in `dir` are these shell
/// scripts. Another process writes them: had this one the file open while
/// another thread forks, running it could fail with "text file busy".
pub(crate) fn nix(dir: &Utf8Path, programs: &[(&str, &str)]) -> Nix {
    for (name, script) in programs {
        let mut install = Command::new("install")
            .args(["-D", "-m", "755", "/dev/stdin", dir.join(name).as_str()])
            .stdin(Stdio::piped())
            .spawn()
            .unwrap();
        let mut input = install.stdin.take().unwrap();
        write!(input, "#!/bin/sh\n{script}\n").unwrap();
        drop(input);
        assert!(install.wait().unwrap().success());
    }
    let variables = vec![("PATH".into(), "/usr/bin:/bin".into())];
    Nix::new(StoreDir::new("/s").unwrap(), variables).with_bin_dir(dir)
}

//! Which processes are at work on a Nix of ours.

use std::fs;

use crate::nix::Nix;

impl Nix {
    /// The command lines of all processes that run in the environment of this Nix, its daemon
    /// included. Process groups do not matter: nobody gets away.
    pub fn processes(&self) -> Vec<String> {
        let mark = format!("={}/", self.dir());
        let processes = fs::read_dir("/proc").expect("/proc");
        let found = processes.filter_map(|entry| {
            let dir = entry.ok()?.path();
            // A process that ends meanwhile is not there any more.
            let environment = fs::read(dir.join("environ")).ok()?;
            let inside = contains(&environment, mark.as_bytes());
            let line = inside.then(|| fs::read(dir.join("cmdline")).ok())??;
            (!line.is_empty()).then(|| String::from_utf8_lossy(&line).replace('\0', " "))
        });
        found.collect()
    }
}

fn contains(haystack: &[u8], needle: &[u8]) -> bool {
    haystack
        .windows(needle.len())
        .any(|window| window == needle)
}

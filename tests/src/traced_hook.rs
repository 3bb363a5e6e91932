//! What the hook asks of the system.

use std::fs;

use crate::{Product, Run};

impl Product {
    /// The system calls of a hook that succeeds, one a line; `which` of them, as `strace -e` takes it.
    #[track_caller]
    pub fn trace_hook(&self, out_paths: &str, drv_path: &str, which: &str) -> Vec<String> {
        let trace = self.nix().dir().join("trace");
        let mut hook = self.nix().command("strace");
        hook.env("OUT_PATHS", out_paths).env("DRV_PATH", drv_path);
        hook.args(["-f", "-qq", "-e", which, "-o", trace.as_str()]);
        hook.arg(Product::hook_program())
            .run()
            .success()
            .is_silent();
        let text = fs::read_to_string(&trace).expect("the trace");
        text.lines().map(String::from).collect()
    }
}

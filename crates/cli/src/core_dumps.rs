//! No core dumps of ourselves.

use rustix::process::{DumpableBehavior, set_dumpable_behavior};

/// Forbids core dumps of this process; to be called before anything else.
///
/// Its environment and memory hold what Nix gives its hook (`NIX_CONFIG` with access tokens) and
/// destinations with their passwords. A limit would not do: it is handed down to Nix, and does not
/// count where a program takes the dumps (systemd-coredump). This ends with `execve`, so what we
/// start is as ever. It also keeps other processes of the same account from reading
/// `/proc/PID/environ` and `/proc/PID/mem`, and debuggers from attaching.
pub fn forbid() {
    // It fails nowhere but under a filter of system calls that knows no prctl. To do without our
    // work for that would lose more than a crash could tell.
    let _ = set_dumpable_behavior(DumpableBehavior::NotDumpable);
}

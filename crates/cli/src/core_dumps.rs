//! No core dumps of ourselves, nor of the Nix that we start.

use rustix::process::{DumpableBehavior, Resource, Rlimit, set_dumpable_behavior, setrlimit};

/// Forbids core dumps of this process and of those that it starts; to be called before anything
/// else.
///
/// Its environment and memory hold what Nix gives its hook (`NIX_CONFIG` with access tokens) and
/// destinations with their passwords, and those of the `nix` that it starts hold the latter.
/// Neither of the two means would do alone. Being not dumpable ends with `execve`; it counts
/// wherever a program takes the dumps, and keeps other processes of the same account from reading
/// `/proc/PID/environ` and `/proc/PID/mem`, and debuggers from attaching. The limit is handed down.
/// It counts where the kernel writes the files, and systemd-coredump heeds it; another program that
/// takes the dumps may not. Nothing is built below us that would miss it.
pub fn forbid() {
    // They fail nowhere but under a filter of system calls that does not know them. To do without
    // our work for that would lose more than a crash could tell.
    let _ = set_dumpable_behavior(DumpableBehavior::NotDumpable);
    let none = Rlimit {
        current: Some(0),
        maximum: Some(0),
    };
    let _ = setrlimit(Resource::Core, none);
}

//! Everything that may be wrong, by the name that `--json` gives it.

use super::finding::{Check, Verdict};

macro_rules! kinds {
    ($($(#[doc = $meaning:literal])* $kind:ident = $id:literal, $verdict:ident, $check:ident;)*) => {
        /// What a finding is about, if all is not well.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) enum Kind { $($(#[doc = $meaning])* $kind,)* }

        impl Kind {
            /// All there are.
            pub(crate) const ALL: &'static [Self] = &[$(Self::$kind,)*];

            /// The name, which stays.
            pub(crate) const fn id(self) -> &'static str {
                match self { $(Self::$kind => $id,)* }
            }

            /// How bad it is.
            pub(crate) const fn verdict(self) -> Verdict {
                match self { $(Self::$kind => Verdict::$verdict,)* }
            }

            /// What it is, in a sentence.
            const fn meaning(self) -> &'static str {
                match self { $(Self::$kind => concat!($($meaning),*),)* }
            }

            /// Which check finds it.
            pub(crate) const fn check(self) -> Check {
                match self { $(Self::$kind => Check::$check,)* }
            }
        }
    };
}

kinds! {
    /// There is no Nix, or it cannot run.
    NixMissing = "nix-missing", Fault, Nix;
    /// Nix is older than what can work.
    NixTooOld = "nix-too-old", Fault, Nix;
    /// Nix is older than what was tried.
    NixUntried = "nix-untried", Warning, Nix;
    /// Nix does not tell its settings.
    SettingsUnknown = "settings-unknown", Unknown, Nix;

    /// The configuration has a fault.
    ConfigBroken = "config-broken", Fault, Config;
    /// Something in the configuration is worth a word.
    ConfigWarned = "config-warned", Warning, Config;
    /// No queue is enabled.
    NoQueue = "no-queue", Fault, Config;

    /// This account may not connect to the daemon of Nix.
    DaemonForbidden = "daemon-forbidden", Fault, Daemon;
    /// The socket of the daemon is there, and nobody answers.
    DaemonSilent = "daemon-silent", Fault, Daemon;
    /// The daemon runs with settings that are older than its files.
    DaemonStale = "daemon-stale", Fault, Daemon;

    /// No hook is set.
    HookNotSet = "hook-not-set", Fault, Hook;
    /// The program that is set as the hook is not there.
    HookMissing = "hook-missing", Fault, Hook;
    /// The hook is not executable, or no file.
    HookNotExecutable = "hook-not-executable", Fault, Hook;
    /// The hook is another program, which does not call ours.
    HookOfAnother = "hook-of-another", Fault, Hook;
    /// The hook is ours, of another version.
    HookOtherVersion = "hook-other-version", Warning, Hook;
    /// This account sets a hook, and the daemon does not heed it (NixOS/nix#9790).
    HookIgnored = "hook-ignored", Warning, Hook;
    /// Builds of this account run another hook than those of everybody else.
    HookOverridden = "hook-overridden", Warning, Hook;
    /// Which hook runs cannot be seen.
    HookUnknown = "hook-unknown", Unknown, Hook;
    /// The hook reads another configuration, which has a fault.
    HookConfigBroken = "hook-config-broken", Fault, Hook;

    /// The hook does not fill the queue that is pushed.
    QueueNotFilled = "queue-not-filled", Fault, Filled;
    /// Whether the hook fills the queue is not this account's to see.
    FillingUnknown = "filling-unknown", Unknown, Filled;
    /// The directory is not safe to use, or cannot be opened.
    QueueRefused = "queue-refused", Fault, Directory;
    /// The directory is not there, and would not belong to the service's account if the hook made it.
    QueueNotMade = "queue-not-made", Warning, Directory;
    /// The queue is in memory, and lost when the machine restarts.
    QueueInMemory = "queue-in-memory", Warning, FileSystem;
    /// The queue is on a file system of another machine's.
    QueueOnNetwork = "queue-on-network", Warning, FileSystem;
    /// The file system of the queue cannot be written or looked at.
    QueueReadOnly = "queue-read-only", Fault, FileSystem;
    /// The file system of the queue does not answer: each build waits for it.
    QueueHangs = "queue-hangs", Fault, FileSystem;
    /// Nothing more fits on the file system of the queue.
    QueueFull = "queue-full", Fault, FileSystem;
    /// Something in the directory is no entry of the queue's.
    QueueForeign = "queue-foreign", Warning, Entries;
    /// A limit closed the queue: nothing new is taken.
    QueueClosed = "queue-closed", Fault, Entries;
    /// The last push could copy nothing from here.
    PushBroken = "push-broken", Fault, Entries;
    /// Entries were given up.
    EntriesParked = "entries-parked", Warning, Entries;
    /// The destination has not answered for too long.
    DestinationSilent = "destination-silent", Warning, Entries;
    /// The oldest entry waits for too long.
    EntriesOld = "entries-old", Warning, Entries;
    /// A limit kept something out lately.
    EntriesRefused = "entries-refused", Warning, Entries;
    /// A limit dropped something undelivered lately.
    EntriesDropped = "entries-dropped", Warning, Entries;
    /// The store has lost what is queued.
    EntriesAbsent = "entries-absent", Warning, Entries;
    /// What the pushes remember cannot be read.
    MemoryLost = "memory-lost", Warning, Entries;
    /// Something of the queue cannot be seen.
    QueueUnseen = "queue-unseen", Unknown, Entries;
    /// A push holds the queue for longer than a copy may take.
    PushLong = "push-long", Warning, Entries;
    /// Nix does not find what holds an entry.
    RootUnseen = "root-unseen", Fault, Roots;
    /// Nothing is queued, or Nix cannot be asked.
    RootsNotTried = "roots-not-tried", Unknown, Roots;
    /// The queue keeps too much of the store.
    SpaceMuch = "space-much", Warning, Space;
    /// Nix does not tell how much of the store the queue keeps, or what is free cannot be seen.
    SpaceUnknown = "space-unknown", Unknown, Space;
    /// The store's file system has little room left.
    StoreNearlyFull = "store-nearly-full", Warning, Space;
    /// The derivations of what is queued may be collected.
    DerivationsNotKept = "derivations-not-kept", Warning, Keeps;
    /// What builds needed may be collected before it is pushed.
    OutputsNotKept = "outputs-not-kept", Warning, Keeps;

    /// There is no destination, or it cannot be one.
    DestinationUnusable = "destination-unusable", Fault, Destination;
    /// The destination does not answer.
    DestinationDown = "destination-down", Fault, Destination;
    /// The destination was not asked.
    DestinationNotAsked = "destination-not-asked", Unknown, Destination;
    /// The destination does not take what is copied.
    DestinationNotWritable = "destination-not-writable", Fault, Writable;
    /// The destination has no room.
    DestinationFull = "destination-full", Fault, Writable;
    /// Only a copy would tell whether the destination takes one.
    WriteNotTried = "write-not-tried", Unknown, Writable;
    /// What is queued has no signature; who fetches it may want one.
    Unsigned = "unsigned", Warning, Signatures;
    /// What is queued has no signature, and the destination wants one.
    UnsignedRefused = "unsigned-refused", Fault, Signatures;
    /// The destination does not trust the key.
    KeyNotTrusted = "key-not-trusted", Fault, Signatures;
    /// The daemon at the destination checks signatures in spite of `check-sigs`: it does not trust this account.
    NotTrustedThere = "not-trusted-there", Fault, Signatures;
    /// Whether signatures will do cannot be seen.
    SignaturesNotTried = "signatures-not-tried", Unknown, Signatures;

    /// There is no systemd here, or it does not answer.
    NoSystemd = "no-systemd", Unknown, Service;
    /// No unit pushes the queue.
    ServiceMissing = "service-missing", Warning, Service;
    /// The last run of the service failed.
    ServiceFailed = "service-failed", Fault, Service;
    /// The service cannot push the queue: what it starts, its Nix or its configuration is in the way.
    ServiceUnable = "service-unable", Fault, Service;
    /// The service starts what cannot be judged.
    ServiceNotJudged = "service-not-judged", Unknown, Service;
    /// There is a service, and nothing starts it.
    TimerMissing = "timer-missing", Warning, Timer;
    /// The timer is not at work.
    TimerInactive = "timer-inactive", Fault, Timer;
    /// The timer will not be at work after a restart of the machine.
    TimerDisabled = "timer-disabled", Warning, Timer;
    /// The timer will not fire again.
    TimerNever = "timer-never", Fault, Timer;
    /// The service's account does not exist.
    AccountMissing = "account-missing", Fault, Account;
    /// What the service sees was not tried.
    AccountNotTried = "account-not-tried", Unknown, Account;
    /// The account that pushes cannot take entries out of the queue.
    QueueNotWritable = "queue-not-writable", Fault, Account;
    /// The account that pushes may not connect to the daemon of Nix.
    AccountWithoutDaemon = "account-without-daemon", Fault, Account;
    /// A file with credentials is not visible to who pushes.
    CredentialUnreadable = "credential-unreadable", Fault, Credentials;
    /// A file with a secret may be read or written by everybody.
    CredentialOpen = "credential-open", Warning, Credentials;
    /// The account cannot write the metrics file.
    MetricsNotWritable = "metrics-not-writable", Fault, Metrics;
    /// There is no home to look for credentials in.
    HomeMissing = "home-missing", Warning, Credentials;
}

/// Each name, with the verdict, the check and what it means: for the manual.
pub(crate) fn ids() -> impl Iterator<Item = [&'static str; 4]> {
    let row = |kind: &Kind| {
        let (verdict, check) = (kind.verdict().word(), kind.check().name());
        [kind.id(), verdict, check, kind.meaning().trim_start()]
    };
    Kind::ALL.iter().map(row)
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use super::*;

    /// Where a fault is made for real, and found.
    const TESTS: [&str; 8] = [
        "cli/tests/doctor.rs",
        "../tests/tests/doctor/destination.rs",
        "../tests/tests/doctor/hook.rs",
        "../tests/tests/doctor/nix.rs",
        "../tests/tests/doctor/queue.rs",
        "../tests/tests/doctor/status.rs",
        "../tests/machine/tests/doctor.rs",
        "../tests/machine/tests/doctor_units.rs",
    ];

    #[test]
    fn each_kind_is_made_for_real_by_a_test_that_finds_it() {
        let crates = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let read = |file: &&str| fs::read_to_string(crates.join(file)).unwrap();
        let text: String = TESTS.iter().map(read).collect();
        let is_found = |id: &str| {
            let calls = ["finds", "finds_only"].map(|call| format!("{call}(\"{id}\")"));
            calls.iter().any(|call| text.contains(call))
        };
        for kind in Kind::ALL {
            let id = kind.id();
            assert!(is_found(id), "{id}");
        }
    }

    #[test]
    fn each_kind_is_described_in_a_sentence() {
        for [id, _, _, meaning] in ids() {
            let begins = meaning.starts_with(|c: char| c.is_ascii_uppercase());
            assert!(begins && meaning.ends_with('.'), "{id}: {meaning}");
        }
    }
}

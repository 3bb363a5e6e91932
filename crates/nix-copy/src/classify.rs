//! Who is to blame for a failed call, from what it printed.
//!
//! When in doubt nobody is: the push then asks the destination. The texts are
//! those of 2.8.0, 2.26.3 and 2.34.8, recorded in `tests/samples`.
//!
//! What looks like an error of Nix is believed to be one. The other side of an
//! `ssh` could print it, and blame a path that way; it could as well send that
//! error by Nix's own protocol.

use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;

use queue_core::{StoreDir, UploadErrorKind};

use crate::log::Log;
use UploadErrorKind::{Local, Paths, Refused, Unavailable, Unclear};

/// The judgement on a failed call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Classified {
    pub(crate) kind: UploadErrorKind,
    pub(crate) message: String,
    pub(crate) hint: Option<&'static str>,
}

/// All of `needles` together mean `kind`.
struct Rule {
    needles: &'static [&'static str],
    kind: UploadErrorKind,
    hint: Option<&'static str>,
}

const fn rule(
    kind: UploadErrorKind,
    needles: &'static [&'static str],
    hint: Option<&'static str>,
) -> Rule {
    Rule {
        needles,
        kind,
        hint,
    }
}

const OPTIONS_HINT: Option<&str> = Some("look at nix-opts: this Nix does not accept one of them");
const TOO_OLD_HINT: Option<&str> =
    Some("this Nix is too old: 2.8 is the oldest that is known to work, and 2.3 does not");
const DAEMON_HINT: Option<&str> = Some("is nix-daemon running, and may this user connect to it?");
const CREDENTIALS_HINT: Option<&str> =
    Some("the destination refuses the credentials in use: see netrc-file, or the AWS variables");
const SPACE_HINT: Option<&str> =
    Some("make room at the destination, or in TMPDIR where Nix compresses");
const SIGNATURE_HINT: Option<&str> = Some(
    "sign it with `nix --extra-experimental-features nix-command store sign`, or set check-sigs = false \
     where the destination trusts this user",
);
const DAMAGED_HINT: Option<&str> = Some(
    "the store path is damaged: `nix-store --verify-path` tells, `nix-store --repair-path` repairs",
);
const SSH_HINT: Option<&str> =
    Some("try `ssh` as this user by hand: host name, host key and key must work without questions");
const CERTIFICATE_HINT: Option<&str> = Some(
    "the certificate of the destination does not fit: its name must be the one in the address, and \
     Nix must know who signed it, see ssl-cert-file and NIX_SSL_CERT_FILE",
);
pub(crate) const BROKEN_OFF_HINT: Option<&str> =
    Some("the other side broke off the connection: its own log may tell why");
const DISCONNECTED_HINT: Option<&str> = Some(
    "a Nix daemon, the destination's or this machine's, broke off the connection: its log may tell why",
);
const NO_CACHE_INFO_HINT: Option<&str> = Some(
    "there is no nix-cache-info, which Nix writes to a new binary cache: is that the right address, \
     and may this user write there, with the credentials in netrc-file or in the AWS variables?",
);
const SIGKILL: i32 = 9;
const MEMORY_HINT: &str = "if nobody ended it, the machine ran out of memory, or the service reached \
                      its MemoryMax=: see the kernel's log";
/// What ends a program for a fault of its own; the numbers are those of Linux.
const CRASHES: &[(i32, &str)] = &[
    (4, "SIGILL"),
    (5, "SIGTRAP"),
    (6, "SIGABRT"),
    (7, "SIGBUS"),
    (8, "SIGFPE"),
    (11, "SIGSEGV"),
    (31, "SIGSYS"),
];
const CRASHED_HINT: &str = "Nix itself crashed, on this machine: `coredumpctl` and the kernel's log may tell \
                       why; if its other commands crash as well, its installation or the disk is broken";
const PREFIX_HINT: Option<&str> =
    Some("the destination belongs to stores with another store directory");
const LARGE_HINT: Option<&str> = Some(
    "the server takes no file of that size: raise its limit (`client_max_body_size` of nginx, say), \
     or `drop` the entry",
);
const REDIRECTED_HINT: Option<&str> = Some(
    "the server sends Nix elsewhere: write the address that it leads to; where it is that of a login \
     page, log in to the network, or give the credentials",
);
const NO_NARINFO_HINT: Option<&str> = Some(
    "what the server sent is no narinfo: does a login page or a proxy answer in its place, and is the \
     address that of a binary cache? if it is only this file, remove it there",
);
pub(crate) const REFERENCES_HINT: &str =
    "with closure-type = \"binary\" the references are copied too";
/// Where they are copied, and first.
pub(crate) const LOST_REFERENCES_HINT: &str = "the destination does not have what the path refers to, though that goes first: did it lose it, \
     or does an option in nix-opts leave references out (`--no-recursive`)?";

/// The first match counts.
const RULES: &[Rule] = &[
    // The command line, which always begins with that option.
    rule(Local, &["unrecognised flag '--log-format'"], TOO_OLD_HINT),
    rule(Local, &["unknown flag '--log-format'"], TOO_OLD_HINT),
    rule(Local, &["unrecognised flag '"], OPTIONS_HINT),
    rule(
        Local,
        &["configuration setting '", "should be"],
        OPTIONS_HINT,
    ),
    rule(Local, &["experimental Nix feature '"], None),
    // The local daemon.
    rule(Local, &["daemon-socket/socket'"], DAEMON_HINT),
    // Paths by name.
    rule(
        Paths,
        &["is required, but there is no substituter that can build it"],
        None,
    ),
    rule(Paths, &["don't know how to build these paths"], None),
    rule(Paths, &["path '", "' is not a valid store path"], None),
    rule(Paths, &["error: path '", "' is not valid"], None),
    rule(
        Paths,
        &["because the reference '", "' is not valid"],
        Some(REFERENCES_HINT),
    ),
    rule(
        Paths,
        &["because it lacks a valid signature"],
        SIGNATURE_HINT,
    ),
    rule(
        Paths,
        &["because it lacks a signature by a trusted key"],
        SIGNATURE_HINT,
    ),
    rule(Paths, &["hash mismatch importing path '"], DAMAGED_HINT),
    rule(Paths, &["' has an unsupported type"], DAMAGED_HINT),
    rule(Paths, &["unable to upload '", "HTTP error 413"], LARGE_HINT),
    // Some paths or all: a rule of the server, a proxy's limits, too little room.
    rule(
        Refused,
        &["unable to upload '", "HTTP error 401"],
        CREDENTIALS_HINT,
    ),
    rule(
        Refused,
        &["unable to upload '", "HTTP error 403"],
        CREDENTIALS_HINT,
    ),
    rule(
        Refused,
        &["unable to upload '", "HTTP error 30"],
        REDIRECTED_HINT,
    ),
    rule(Refused, &["unable to upload '", "HTTP error 502"], None),
    rule(Refused, &["unable to upload '", "HTTP error 504"], None),
    rule(
        Refused,
        &["unable to upload '", "HTTP error 507"],
        SPACE_HINT,
    ),
    rule(Refused, &["AWS error", "AccessDenied"], CREDENTIALS_HINT),
    rule(Refused, &["No space left on device"], SPACE_HINT),
    rule(Refused, &["database or disk is full"], SPACE_HINT),
    rule(Refused, &["Disk quota exceeded"], SPACE_HINT),
    // The destination.
    rule(
        Unavailable,
        &["don't know how to open Nix store"],
        Some("check the destination's address"),
    ),
    rule(
        Unavailable,
        &["binary cache '", "is for Nix stores with prefix"],
        PREFIX_HINT,
    ),
    rule(
        Unavailable,
        &["does not appear to be a binary cache"],
        NO_CACHE_INFO_HINT,
    ),
    rule(
        Unavailable,
        &["failed to start SSH connection to '"],
        SSH_HINT,
    ),
    rule(
        Unavailable,
        &["cannot open connection to remote store '"],
        SSH_HINT,
    ),
    rule(Unavailable, &["ssh: connect to host"], SSH_HINT),
    rule(Unavailable, &["ssh: Could not resolve hostname"], SSH_HINT),
    rule(Unavailable, &["Host key verification failed"], SSH_HINT),
    rule(Unavailable, &["Permission denied (publickey"], SSH_HINT),
    rule(Unavailable, &["error: cannot connect to '"], SSH_HINT),
    rule(
        Unavailable,
        &["unable to ", "load '", "ould not connect to server"],
        None,
    ),
    rule(
        Unavailable,
        &["unable to ", "load '", "ouldn't connect to server"],
        None,
    ),
    rule(
        Unavailable,
        &["unable to ", "load '", "ould not resolve host"],
        None,
    ),
    rule(
        Unavailable,
        &["unable to ", "load '", "ouldn't resolve host"],
        None,
    ),
    rule(
        Unavailable,
        &["unable to ", "load '", "certificate"],
        CERTIFICATE_HINT,
    ),
    rule(Unavailable, &["unable to ", "load '", "SSL "], None),
    rule(
        Unavailable,
        &["unable to ", "load '", "HTTP error 401"],
        CREDENTIALS_HINT,
    ),
    rule(
        Unavailable,
        &["unable to ", "load '", "HTTP error 403"],
        CREDENTIALS_HINT,
    ),
    rule(
        Unavailable,
        &["unable to ", "load '", "HTTP error 407"],
        CREDENTIALS_HINT,
    ),
    rule(
        Unavailable,
        &["unable to ", "load '", "HTTP error 429"],
        None,
    ),
    rule(
        Unavailable,
        &["unable to ", "load '", "HTTP error 502"],
        None,
    ),
    rule(
        Unavailable,
        &["unable to ", "load '", "HTTP error 503"],
        None,
    ),
    rule(
        Unavailable,
        &["unable to ", "load '", "HTTP error 504"],
        None,
    ),
    rule(
        Unavailable,
        &["unable to ", "load '", "HTTP error 507"],
        SPACE_HINT,
    ),
    rule(
        Unavailable,
        &["unable to download '", "/nix-cache-info'", "HTTP error 30"],
        REDIRECTED_HINT,
    ),
    rule(
        Unavailable,
        &["unable to download '", "/nix-cache-info'"],
        None,
    ),
    // Of one path or of all: the destination is asked about another one.
    rule(
        Unclear,
        &["unable to download '", "HTTP error 30"],
        REDIRECTED_HINT,
    ),
    rule(
        Unclear,
        &["NAR info file '", "' is corrupt"],
        NO_NARINFO_HINT,
    ),
    // Whatever else a server does with an upload. It may do so with every one.
    rule(
        Refused,
        &["unable to upload '", "curl error: "],
        BROKEN_OFF_HINT,
    ),
    rule(Refused, &["unable to upload '"], None),
    rule(Refused, &["Broken pipe"], BROKEN_OFF_HINT),
    // The same end, where Nix was reading; it does not say which daemon's.
    rule(
        Refused,
        &["Nix daemon disconnected unexpectedly"],
        DISCONNECTED_HINT,
    ),
    rule(Unavailable, &["AWS error", "NoSuchBucket"], None),
    rule(
        Unavailable,
        &["AWS error", "InvalidAccessKeyId"],
        CREDENTIALS_HINT,
    ),
    rule(
        Unavailable,
        &["AWS error", "SignatureDoesNotMatch"],
        CREDENTIALS_HINT,
    ),
    rule(Unavailable, &["Read-only file system"], None),
    // A file of the store has been looked for before this table.
    rule(
        Unavailable,
        &["creating directory", "Permission denied"],
        None,
    ),
    rule(Unavailable, &["opening file", "Permission denied"], None),
    rule(
        Unavailable,
        &["creating directory", "Not a directory"],
        None,
    ),
    rule(
        Unavailable,
        &["creating directory", "No such file or directory"],
        None,
    ),
];

pub(crate) fn classify(
    program: &str,
    log: &Log,
    status: ExitStatus,
    store_dir: &StoreDir,
) -> Classified {
    if let Some(signal) = status.signal() {
        return killed(program, signal, log);
    }
    let (kind, hint) = blame(log, store_dir);
    let message = match log.last_error() {
        Some(error) => with_cause(error, log),
        None => format!("{program} failed without a word ({status})"),
    };
    Classified {
        kind,
        message,
        hint,
    }
}

/// Over some paths (a large one takes much memory) or over all.
fn killed(program: &str, signal: i32, log: &Log) -> Classified {
    let crash = CRASHES.iter().find(|(number, _)| *number == signal);
    let name = crash.map_or_else(String::new, |(_, name)| format!(" ({name})"));
    // What C++ says of an exception that nobody caught, as 2.8.0 without a home.
    let said = log
        .last_other()
        .and_then(|line| line.strip_prefix("what():"));
    let hint = match signal {
        SIGKILL => Some(MEMORY_HINT),
        _ if said.is_some() => None,
        _ => crash.and(Some(CRASHED_HINT)),
    };
    let said = said.map_or_else(String::new, |said| format!(": {}", said.trim()));
    Classified {
        kind: Refused,
        message: format!("{program} was killed by signal {signal}{name}{said}"),
        hint,
    }
}

/// The other side's own messages come through `ssh` and speak of its store and
/// its daemon: they tell about the destination only.
fn blame(log: &Log, store_dir: &StoreDir) -> (UploadErrorKind, Option<&'static str>) {
    let own = log.errors();
    if own.lines().any(|line| names_a_bad_file(line, store_dir)) {
        return (Paths, DAMAGED_HINT);
    }
    let all = format!("{own}\n{}", log.others());
    let matching = |rule: &&Rule| {
        let about_destination = matches!(rule.kind, Unavailable | Refused);
        let text = if about_destination { &all } else { &own };
        rule.needles.iter().all(|needle| text.contains(needle))
    };
    let found = RULES.iter().find(matching);
    found.map_or((Unclear, None), |rule| (rule.kind, rule.hint))
}

/// A file of the local store that cannot be read. At a chroot destination the
/// same store path has a directory in front of it.
fn names_a_bad_file(line: &str, store_dir: &StoreDir) -> bool {
    // 2.26.3 writes `path '//nix/store/…' does not exist`, 2.34.8 puts some
    // paths in double quotes.
    let mut quotes = ["'", "\"", "'/"].iter();
    let is_named = quotes.any(|quote| line.contains(&format!("{quote}{store_dir}/")));
    let has = |words: &[&str]| words.iter().any(|word| line.contains(word));
    let is_read = has(&[
        "opening file",
        "opening directory",
        "getting status of",
        "reading",
    ]);
    let is_refused = has(&["Permission denied", "No such file", "Input/output error"]);
    is_named && (is_read && is_refused || line.contains("' does not exist"))
}

/// Nix only says that the connection failed; `ssh` said why.
fn with_cause(error: String, log: &Log) -> String {
    let is_vague = [
        "SSH connection",
        "unexpected end-of-file",
        "cannot connect to '",
        "Broken pipe",
    ]
    .iter()
    .any(|vague| error.contains(vague));
    match log.last_other() {
        Some(cause) if is_vague && !error.contains(cause) => format!("{error} ({cause})"),
        _ => error,
    }
}

#[cfg(test)]
mod tests;

//! A doctor in the place of a service: as its account, with its environment, its credentials, and
//! what systemd lets it see of the file system.

use std::io;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use nix_post_build_push_config::QueueSettings;

use super::bounded;
use super::finding::{Finding, FindingJson};
use super::service::Units;
use super::started::Started;

/// How long all of it may take: the longest is a destination that does not answer.
const TIME: Duration = Duration::from_secs(90);

/// How the names of those settings begin that are about how a service is started, stopped, logged and
/// scheduled, and about what is made for it. All others decide what it can read, write and reach.
const OTHERS: [&str; 38] = [
    "Exec",
    "Type",
    "Restart",
    "Timeout",
    "Runtime",
    "Watchdog",
    "RemainAfterExit",
    "PIDFile",
    "BusName",
    "GuessMainPID",
    "SuccessExitStatus",
    "Standard",
    "Syslog",
    "Log",
    "TTY",
    "Sockets",
    "NotifyAccess",
    "Kill",
    "SendSIG",
    "FinalKillSignal",
    "WatchdogSignal",
    "State",
    "Cache",
    "Configuration",
    "OOM",
    "CPU",
    "IO",
    "BlockIO",
    "Nice",
    "NUMA",
    "Slice",
    "Delegate",
    "FileDescriptor",
    "OpenFile",
    "Load",
    "SetCredential",
    "ImportCredential",
    "Memory",
];

/// Those of [`OTHERS`] that do decide it.
const NONE_OF_THEM: [&str; 1] = ["MemoryDenyWriteExecute"];

/// Directories that systemd makes for a service, and lets it write to; where they are.
const MADE: [(&str, &str); 3] = [
    ("StateDirectory", "/var/lib"),
    ("CacheDirectory", "/var/cache"),
    ("LogsDirectory", "/var/log"),
];

/// Runs this program again in the place of a service, and returns what it finds there.
///
/// # Errors
///
/// If that cannot be done, or takes too long.
pub(super) fn look(units: &Units, queue: &QueueSettings, write: bool) -> io::Result<Vec<Finding>> {
    let program = std::env::current_exe()?;
    let unit = format!("nix-post-build-push-doctor-{}", std::process::id());
    let queue = (queue.name.as_str(), queue.queue_dir.value.as_str());
    let arguments = arguments(units, queue, &unit, &program, write);
    let output = bounded::run(Command::new("systemd-run").args(arguments), TIME)?;
    // Faults are no failure of the doctor's.
    let found: Result<Vec<FindingJson>, _> = serde_json::from_slice(&output.stdout);
    let found = found.map_err(|_| io::Error::other(bounded::said(&output)))?;
    let all: Option<Vec<_>> = found.into_iter().map(FindingJson::finding).collect();
    all.ok_or_else(|| io::Error::other("it answers in the words of another version"))
}

/// The command line of `systemd-run`.
fn arguments(
    units: &Units,
    (queue, directory): (&str, &str),
    unit: &str,
    program: &Path,
    write: bool,
) -> Vec<String> {
    let service = &units.name;
    let mut words: Vec<String> = [
        "--quiet",
        "--wait",
        "--pipe",
        "--collect",
        "--service-type=exec",
    ]
    .map(str::to_owned)
    .into();
    words.push(format!("--unit={unit}"));
    // Where systemd puts credentials: the service's own are there only while it runs.
    let (theirs, ours) = (
        format!("/run/credentials/{service}"),
        format!("/run/credentials/{unit}.service"),
    );
    let moved = |text: &str| text.replace(&theirs, &ours);
    let kept = kept(units).into_iter();
    words.extend(kept.map(|(name, value)| format!("--property={name}={}", moved(&value))));
    let files = units
        .service
        .get("EnvironmentFiles")
        .map_or("", String::as_str);
    words.extend(environment_files(files).map(|file| format!("--property=EnvironmentFile={file}")));
    let credentials = units.credentials.iter();
    words.extend(credentials.map(|one| format!("--property={one}")));
    words.push("--".to_owned());
    words.push(program.to_string_lossy().into_owned());
    match units.started() {
        Some(Started::Push { settings, .. }) => {
            words.extend(settings.iter().map(|setting| moved(setting)));
        }
        _ => words.push(format!("--queue={queue}")),
    }
    words.extend(["doctor", "--json", "--as-service"].map(str::to_owned));
    words.push(format!("{queue}:{directory}"));
    words.extend(write.then(|| "--write".to_owned()));
    words
}

/// The properties of a service that decide what it can read, write and reach, as it has them.
fn kept(units: &Units) -> Vec<(&str, String)> {
    let is_kept = |name: &str| {
        let is_other = OTHERS.iter().any(|other| name.starts_with(other));
        !is_other || NONE_OF_THEM.contains(&name)
    };
    let names = units.settings.iter().filter(|name| is_kept(name));
    let mut kept: Vec<_> = names
        .filter_map(|name| Some((name.as_str(), given(name, units.service.get(name)?)?)))
        .collect();
    for (name, above) in MADE {
        let made = units
            .service
            .get(name)
            .filter(|_| units.settings.contains(name));
        let made = made.map_or("", String::as_str).split_whitespace();
        // What stands behind a colon is a link to it.
        let directories = made.filter_map(|one| one.split(':').next());
        kept.extend(directories.map(|one| ("ReadWritePaths", format!("-{above}/{one}"))));
    }
    kept
}

/// A value as it is given, by what it is told as.
fn given(name: &str, value: &str) -> Option<String> {
    match (name, value) {
        (_, "[not set]") => None,
        // `none` is told as a list without a word, and can be given in no way: as good is one that
        // nobody uses.
        ("RestrictAddressFamilies", "") => Some("AF_APPLETALK".to_owned()),
        // That it may be missing is told by another sign than it is given by.
        ("WorkingDirectory", value) => Some(value.replacen('!', "-", 1)),
        _ => Some(value.to_owned()),
    }
}

/// `/path (ignore_errors=no)`, a line each, or in one line; with `yes` it is written with a dash.
fn environment_files(text: &str) -> impl Iterator<Item = String> {
    let words: Vec<&str> = text.split(" (ignore_errors=").collect();
    let mut found = Vec::new();
    for pair in words.windows(2) {
        let file = pair[0]
            .rsplit([')', '\n'])
            .next()
            .unwrap_or_default()
            .trim();
        let dash = if pair[1].starts_with("yes") { "-" } else { "" };
        found.push(format!("{dash}{file}"));
    }
    found.into_iter()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_doctor_gets_what_the_service_has_and_credentials_of_its_own() {
        let text = [
            ("User", "cache"),
            ("ProtectHome", "read-only"),
            ("RestrictAddressFamilies", "AF_UNIX"),
            ("MemoryDenyWriteExecute", "yes"),
            ("MemoryMax", "1"),
            ("StateDirectory", "a b:c"),
            ("LogNamespace", "x"),
            ("CapabilityBoundingSet", ""),
            ("SupplementaryGroups", ""),
            (
                "Environment",
                "\"NIX_SSHOPTS=-i /run/credentials/p.service/key -o X\"",
            ),
            (
                "EnvironmentFiles",
                "/etc/a (ignore_errors=no)\n/etc/b (ignore_errors=yes)",
            ),
            (
                "ExecStart",
                "{ path=/p/nix-post-build-push ; argv[]=/p --config-file /c push --queue=q --option x y --destination-file=/run/credentials/p.service/d ; ignore_errors=no }",
            ),
        ];
        let properties = text
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .into();
        let units = Units::of_service("p.service", properties, &["LoadCredential=key:/etc/key"]);
        let words = arguments(&units, ("q", "/queue"), "doc", Path::new("/bin/me"), true);
        let properties = [
            "CapabilityBoundingSet=",
            "Environment=\"NIX_SSHOPTS=-i /run/credentials/doc.service/key -o X\"",
            "MemoryDenyWriteExecute=yes",
            "ProtectHome=read-only",
            "RestrictAddressFamilies=AF_UNIX",
            "SupplementaryGroups=",
            "User=cache",
            "ReadWritePaths=-/var/lib/a",
            "ReadWritePaths=-/var/lib/b",
            "EnvironmentFile=/etc/a",
            "EnvironmentFile=-/etc/b",
            "LoadCredential=key:/etc/key",
        ];
        let properties = properties.map(|one| format!("--property={one}"));
        let command = [
            "--",
            "/bin/me",
            "--config-file=/c",
            "--queue=q",
            "--destination-file=/run/credentials/doc.service/d",
            "doctor",
            "--json",
            "--as-service",
            "q:/queue",
            "--write",
        ];
        assert_eq!(words[5], "--unit=doc");
        assert_eq!(words[6..18], properties);
        assert_eq!(words[18..], command);
    }
}

//! A doctor in the place of a service: as its account, with its environment, its credentials, and
//! what systemd lets it see of the file system.

use std::io;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use super::bounded;
use super::finding::{Finding, FindingJson};
use super::service::Units;

/// How long all of it may take: the longest is a destination that does not answer.
const TIME: Duration = Duration::from_secs(90);

/// What a service has that decides what it can read, write and reach.
const KEPT: [&str; 18] = [
    "User",
    "Group",
    "SupplementaryGroups",
    "DynamicUser",
    "ProtectHome",
    "ProtectSystem",
    "PrivateTmp",
    "PrivateNetwork",
    "PrivateUsers",
    "PrivateDevices",
    "ReadWritePaths",
    "ReadOnlyPaths",
    "InaccessiblePaths",
    "CapabilityBoundingSet",
    "NoNewPrivileges",
    "UMask",
    "Environment",
    "UnsetEnvironment",
];

/// Options of the service's own command line that decide what is pushed where.
const OPTIONS: [&str; 5] = [
    "--config-file",
    "--queue-dir",
    "--destination",
    "--destination-file",
    "--closure-type",
];

/// Runs this program again in the place of a service, and returns what it finds there.
///
/// # Errors
///
/// If that cannot be done, or takes too long.
pub(super) fn look(units: &Units, queue: &str, write: bool) -> io::Result<Vec<Finding>> {
    let program = std::env::current_exe()?;
    let unit = format!("nix-post-build-push-doctor-{}", std::process::id());
    let arguments = arguments(units, queue, &unit, &program, write);
    let output = bounded::run(Command::new("systemd-run").args(arguments), TIME)?;
    // Faults are no failure of the doctor's.
    let found: Result<Vec<FindingJson>, _> = serde_json::from_slice(&output.stdout);
    let found = found.map_err(|_| io::Error::other(bounded::said(&output)))?;
    let all: Option<Vec<_>> = found.into_iter().map(FindingJson::finding).collect();
    all.ok_or_else(|| io::Error::other("it answers in the words of another version"))
}

/// The command line of `systemd-run`.
fn arguments(units: &Units, queue: &str, unit: &str, program: &Path, write: bool) -> Vec<String> {
    let (service, properties) = (&units.name, &units.service);
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
    for name in KEPT {
        let Some(value) = properties.get(name) else {
            continue;
        };
        let is_set = !value.is_empty() || name == "CapabilityBoundingSet";
        if is_set && value != "[not set]" {
            words.push(format!("--property={name}={}", moved(value)));
        }
    }
    let files = properties
        .get("EnvironmentFiles")
        .map_or("", String::as_str);
    words.extend(environment_files(files).map(|file| format!("--property=EnvironmentFile={file}")));
    let credentials = units.credentials.iter();
    words.extend(credentials.map(|one| format!("--property=LoadCredential={one}")));
    words.push("--".to_owned());
    words.push(program.to_string_lossy().into_owned());
    let command = properties.get("ExecStart").map_or("", String::as_str);
    words.extend(options(command).into_iter().map(|word| moved(&word)));
    words.push(format!("--queue={queue}"));
    words.extend(["doctor", "--as-service", "--json"].map(str::to_owned));
    words.extend(write.then(|| "--write".to_owned()));
    words
}

/// `/path (ignore_errors=no)`; with `yes` it is written with a dash.
fn environment_files(text: &str) -> impl Iterator<Item = String> {
    let words: Vec<&str> = text.split(" (ignore_errors=").collect();
    let mut found = Vec::new();
    for pair in words.windows(2) {
        let file = pair[0].rsplit(") ").next().unwrap_or_default();
        let dash = if pair[1].starts_with("yes") { "-" } else { "" };
        found.push(format!("{dash}{file}"));
    }
    found.into_iter()
}

/// Those of [`OPTIONS`] among `{ path=… ; argv[]=PROGRAM ARGUMENT… ; ignore_errors=no ; … }`.
pub(crate) fn options(command: &str) -> Vec<String> {
    let (_, rest) = command.split_once("argv[]=").unwrap_or_default();
    let words: Vec<&str> = rest
        .split(" ; ")
        .next()
        .unwrap_or_default()
        .split_whitespace()
        .collect();
    let mut found = Vec::new();
    for (at, word) in words.iter().enumerate() {
        let (name, value) = word
            .split_once('=')
            .map_or((*word, None), |(name, value)| (name, Some(value)));
        if OPTIONS.contains(&name) {
            let value = value.or_else(|| words.get(at + 1).copied());
            found.extend(value.map(|value| format!("{name}={value}")));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_doctor_gets_what_the_service_has_and_credentials_of_its_own() {
        let text = [
            ("User", "cache"),
            ("ProtectHome", "read-only"),
            ("CapabilityBoundingSet", ""),
            ("SupplementaryGroups", ""),
            (
                "Environment",
                "\"NIX_SSHOPTS=-i /run/credentials/p.service/key -o X\"",
            ),
            (
                "EnvironmentFiles",
                "/etc/a (ignore_errors=no) /etc/b (ignore_errors=yes)",
            ),
            (
                "ExecStart",
                "{ path=/p ; argv[]=/p --config-file /c push --queue=q --option x y --destination-file=/run/credentials/p.service/d ; ignore_errors=no }",
            ),
        ];
        let properties = text
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .into();
        let units = Units::of_service("p.service", properties, &["key:/etc/key"]);
        let words = arguments(&units, "q", "doc", Path::new("/bin/me"), true);
        assert_eq!(
            words[5..],
            [
                "--unit=doc",
                "--property=User=cache",
                "--property=ProtectHome=read-only",
                "--property=CapabilityBoundingSet=",
                "--property=Environment=\"NIX_SSHOPTS=-i /run/credentials/doc.service/key -o X\"",
                "--property=EnvironmentFile=/etc/a",
                "--property=EnvironmentFile=-/etc/b",
                "--property=LoadCredential=key:/etc/key",
                "--",
                "/bin/me",
                "--config-file=/c",
                "--destination-file=/run/credentials/doc.service/d",
                "--queue=q",
                "doctor",
                "--as-service",
                "--json",
                "--write",
            ]
        );
    }
}

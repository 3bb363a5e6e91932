//! What systemd says of its units.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::bounded;

/// The properties of a unit, as `systemctl show` prints them.
pub(crate) type Properties = BTreeMap<String, String>;

/// Whether this machine is run by systemd (sd_booted(3)).
pub(super) fn is_here() -> bool {
    Path::new("/run/systemd/system").is_dir()
}

/// All properties of some units, in their order. Also a unit that does not exist has some.
///
/// # Errors
///
/// If systemd does not tell.
pub(super) fn show(units: &[&str]) -> std::io::Result<Vec<Properties>> {
    let arguments = [&["show", "--all"], units].concat();
    let found = blocks(&bounded::answer("systemctl", &arguments)?);
    match found.len() == units.len() {
        true => Ok(found),
        false => Err(std::io::Error::other("systemctl answered for other units")),
    }
}

/// `NAME=VALUE` a line, an empty line between units. What a unit has several of, such as commands, has
/// a line for each.
pub(crate) fn blocks(text: &str) -> Vec<Properties> {
    let blocks = text.split("\n\n").filter(|block| !block.trim().is_empty());
    let pairs = |block: &str| {
        let mut found = Properties::new();
        for (name, value) in block.lines().filter_map(|line| line.split_once('=')) {
            let known = found.entry(name.to_owned()).or_default();
            match known.is_empty() {
                true => value.clone_into(known),
                false => *known = format!("{known}\n{value}"),
            }
        }
        found
    };
    blocks.map(pairs).collect()
}

/// The text of a unit: its file and what is dropped into it.
///
/// # Errors
///
/// If systemd does not tell.
pub(super) fn text(unit: &str) -> std::io::Result<String> {
    bounded::answer("systemctl", &["cat", "--no-pager", unit])
}

/// The names of the settings of a service that stand in its text.
pub(crate) fn settings(text: &str) -> BTreeSet<String> {
    let mut section = "";
    let mut found = BTreeSet::new();
    for line in text.lines().map(str::trim) {
        if line.starts_with('[') {
            section = line;
        }
        let name = line.split_once('=').map(|(name, _)| name.trim_end());
        let is_name = |name: &&str| name.bytes().all(|byte| byte.is_ascii_alphanumeric());
        if let Some(name) = name.filter(is_name).filter(|_| section == "[Service]") {
            found.insert(name.to_owned());
        }
    }
    found
}

/// The settings by which systemd hands credentials to a service.
const CREDENTIALS: [&str; 5] = [
    "LoadCredential",
    "LoadCredentialEncrypted",
    "SetCredential",
    "SetCredentialEncrypted",
    "ImportCredential",
];

/// The credentials of a service, each with its setting: `LoadCredential=NAME:PATH`. `systemctl show`
/// does not print them (systemd 252 to 262). An empty line takes away what stands above it. Of what
/// systemd replaces, the names of the unit and of its instance are.
pub(crate) fn loaded(files: &str, unit: &str) -> Vec<String> {
    let instance = unit
        .split_once('@')
        .and_then(|(_, rest)| rest.rsplit_once('.'));
    let instance = instance.map_or("", |(instance, _)| instance);
    let mut found: Vec<String> = Vec::new();
    // A line may go on in the next.
    let files = files.replace("\\\n", " ");
    let settings = files.lines().filter_map(|line| line.trim().split_once('='));
    for (name, value) in settings.filter(|(name, _)| CREDENTIALS.contains(name)) {
        match value.trim() {
            "" => found.retain(|one| one.split_once('=').is_none_or(|(known, _)| known != name)),
            value => {
                let value = value.replace("%n", unit).replace("%i", instance);
                found.push(format!("{name}={value}"));
            }
        }
    }
    found
}

/// The main process of a service that runs.
pub(super) fn main_process(unit: &str) -> Option<i32> {
    let found = is_here().then(|| show(&[unit]).ok())??;
    let pid = found.first()?.get("MainPID")?.parse().ok()?;
    (pid > 0).then_some(pid)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_properties_of_each_unit_are_apart() {
        let found = blocks("User=a\nEnvironment=X=1 \"Y=2 3\"\n\nUser=\nEnvironment=\n");
        assert_eq!(found.len(), 2);
        assert_eq!(found[0]["Environment"], "X=1 \"Y=2 3\"");
        assert_eq!((&*found[0]["User"], &*found[1]["User"]), ("a", ""));
        assert_eq!(blocks("E=a\nE=b=c\n")[0]["E"], "a\nb=c");
    }

    #[test]
    fn the_settings_of_a_service_are_those_of_its_section_in_all_its_files() {
        let text = "# /a\n[Unit]\nAfter=x\n[Service]\nUser=a\n# /b\n[Service]\nUMask = 77\n[Install]\nAlias=c\n";
        let names: Vec<_> = settings(text).into_iter().collect();
        assert_eq!(names, ["UMask", "User"]);
    }

    #[test]
    fn the_credentials_of_a_unit_are_those_of_its_last_files() {
        let files = "# /a\n[Service]\nLoadCredential=x:/x\n# /b\nSetCredential=s:a\nLoadCredential=\nLoadCredential=y:/%i/%n\nSetCredentialEncrypted=z: \\\n  abc\n";
        let all = |y| ["SetCredential=s:a", y, "SetCredentialEncrypted=z:    abc"];
        assert_eq!(
            loaded(files, "p@q.service"),
            all("LoadCredential=y:/q/p@q.service")
        );
        assert_eq!(
            loaded(files, "p.service"),
            all("LoadCredential=y://p.service")
        );
    }
}

//! What systemd says of its units.

use std::collections::BTreeMap;
use std::path::Path;

use super::bounded;

/// The properties of a unit, as `systemctl show` prints them.
pub(crate) type Properties = BTreeMap<String, String>;

/// Whether this machine is run by systemd (sd_booted(3)).
pub(super) fn is_here() -> bool {
    Path::new("/run/systemd/system").is_dir()
}

/// Properties of some units, in their order. Also a unit that does not exist has some.
///
/// # Errors
///
/// If systemd does not tell.
pub(super) fn show(units: &[&str], properties: &str) -> std::io::Result<Vec<Properties>> {
    let property = format!("--property={properties}");
    let arguments = [&["show", property.as_str()], units].concat();
    let found = blocks(&bounded::answer("systemctl", &arguments)?);
    match found.len() == units.len() {
        true => Ok(found),
        false => Err(std::io::Error::other("systemctl answered for other units")),
    }
}

/// `NAME=VALUE` a line, an empty line between units.
pub(crate) fn blocks(text: &str) -> Vec<Properties> {
    let blocks = text.split("\n\n").filter(|block| !block.trim().is_empty());
    let pairs = |block: &str| {
        let lines = block.lines().filter_map(|line| line.split_once('='));
        lines
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect()
    };
    blocks.map(pairs).collect()
}

/// The files that systemd hands to a service, as `NAME:PATH`. `systemctl show` does not print them
/// (systemd 252 to 262), so they are read from its files, as `systemctl cat` prints them.
///
/// # Errors
///
/// If systemd does not tell.
pub(super) fn credentials(unit: &str) -> std::io::Result<Vec<String>> {
    Ok(loaded(
        &bounded::answer("systemctl", &["cat", "--no-pager", unit])?,
        unit,
    ))
}

/// An empty line takes away what stands above it. Of what systemd replaces, the names of the unit
/// and of its instance are.
pub(crate) fn loaded(files: &str, unit: &str) -> Vec<String> {
    let instance = unit
        .split_once('@')
        .and_then(|(_, rest)| rest.rsplit_once('.'));
    let instance = instance.map_or("", |(instance, _)| instance);
    let mut found: Vec<String> = Vec::new();
    for value in files
        .lines()
        .filter_map(|line| line.trim().strip_prefix("LoadCredential="))
    {
        match value.trim() {
            "" => found.clear(),
            value => found.push(value.replace("%n", unit).replace("%i", instance)),
        }
    }
    found
}

/// The main process of a service that runs.
pub(super) fn main_process(unit: &str) -> Option<i32> {
    let found = is_here().then(|| show(&[unit], "MainPID").ok())??;
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
    }

    #[test]
    fn the_credentials_of_a_unit_are_those_of_its_last_files() {
        let files = "# /a\n[Service]\nLoadCredential=x:/x\n# /b\nLoadCredential=\nLoadCredential=y:/%i/%n\n";
        assert_eq!(loaded(files, "p@q.service"), ["y:/q/p@q.service"]);
        assert_eq!(loaded(files, "p.service"), ["y://p.service"]);
    }
}

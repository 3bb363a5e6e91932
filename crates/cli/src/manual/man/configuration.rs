//! nix-post-build-push.toml(5): the configuration file.

use super::page::Page;
use super::{CONFIGURATION, HOOK};
use crate::cli::NAME;
use crate::error::CommandError;
use crate::manual::settings::{self, SettingDoc};
use crate::manual::texts;

/// Short: what each key is, stands above.
const EXAMPLE: &str = r#"[queues.main]
destination = "s3://my-cache?region=eu-west-1"
closure-type = "cache"

[queues.main.limits]
max-pinned = "50GiB"
beyond-max-pinned = "drop-oldest"

[queues.office]
destination = { file = "/run/secrets/cache-url" }
nix-opts = ["--option", "http-connections", "5"]
retry-max-delay = "1h"

[hook]
on-error = "fail"
"#;

pub(super) fn page() -> Result<String, CommandError> {
    let mut page = Page::new(
        CONFIGURATION,
        "5",
        "queues, destinations, and other settings",
    );
    page.section("DESCRIPTION");
    page.text(texts::CONFIG_FILE);
    page.text(texts::PRECEDENCE);
    for &(title, settings) in settings::TABLES {
        page.section(title);
        settings
            .iter()
            .for_each(|setting| page.entry(setting.key, &meaning(setting)));
    }
    page.section("FILES");
    let files = texts::FILES
        .iter()
        .filter(|(name, _)| name.contains("config.toml"));
    files.for_each(|(name, what)| page.entry(name, what));
    page.section("EXAMPLES");
    page.code(EXAMPLE.lines());
    page.see_also(&[
        (NAME, "1"),
        (HOOK, "1"),
        ("nix.conf", "5"),
        ("nix3-copy", "1"),
    ]);
    page.finish()
}

/// With all that says what its value is.
fn meaning(setting: &SettingDoc) -> String {
    let mut more = vec![format!("Default: {}.", setting.default)];
    if !setting.option.is_empty() {
        more.push(format!("Option: {}.", setting.option));
    }
    more.extend(setting.variable().map(|name| format!("Variable: {name}.")));
    format!("{}\n\n{}", setting.meaning, more.join(" "))
}

#[cfg(test)]
mod tests {
    use nix_post_build_push_config::{Environment, Inputs, Need, Overrides, resolve};

    #[test]
    fn the_example_has_no_mistake() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("config.toml");
        std::fs::write(&file, super::EXAMPLE).unwrap();
        let overrides = Overrides {
            config_file: Some(file.try_into().unwrap()),
            ..Overrides::default()
        };
        let inputs = Inputs {
            overrides: &overrides,
            environment: &Environment::new([]),
            uid: rustix::process::geteuid().as_raw(),
            need: Need::Declared,
        };
        let (config, warnings) = resolve(&inputs).strict().unwrap();
        assert_eq!((config.queues.len(), warnings), (2, vec![]));
    }
}

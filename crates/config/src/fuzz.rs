//! Any input for every parser of this crate.

use std::time::Duration;

use ::fuzz::{bytes_like, fuzz, text, text_like};
use camino::Utf8PathBuf;
use proptest::prelude::*;

use crate::value::Value;
use crate::{
    ByteSize, Environment, Inputs, Need, NixOptions, Overrides, Resolution, StoreUri,
    parse_duration, resolve,
};

const SECRET: &str = "hunter2";

const FILE: &str = r#"
[nix]
store-dir = "/nix/store"
state-dir = "/nix/var/nix"
[hook]
on-error = "fail"
fsync = true
[queues.main]
destination = "https://me:hunter2@cache.example.org?compression=zstd&token=hunter2"
queue-dir = "/var/lib/q"
closure-type = "binary"
check-sigs = true
nix-opts = ["--option", "access-tokens", "github.com=hunter2"]
timeout = "2h 30m"
batch-size = 1_000
jobs = 4
max-attempts = 0x10
check-contents = "closure"
[queues.main.limits]
max-entries = 1_000
max-age = "30days"
max-pinned = "50GiB"
beyond-max-age = "drop-oldest"
[queues."other.one"]
destination = { file = "/run/secrets/uri" }
queue-dir = "/var/lib/o"
"#;

/// Any part of the example, comments taken away.
fn example() -> String {
    crate::EXAMPLE.replace("\n# ", "\n")
}

fn resolved(file: Option<Utf8PathBuf>, variables: &[(&str, &str)]) -> Resolution {
    let overrides = Overrides {
        config_file: file,
        ..Overrides::default()
    };
    let pairs = variables
        .iter()
        .map(|(name, value)| ((*name).into(), (*value).into()));
    resolve(&Inputs {
        overrides: &overrides,
        environment: &Environment::new(pairs),
        uid: 1000,
        need: Need::Declared,
    })
}

/// What is true of every answer.
fn is_sound(resolution: &Resolution) -> Result<(), TestCaseError> {
    for problem in &resolution.problems {
        prop_assert!(problem.hint.is_some(), "no hint: {problem}");
        if let Some(location) = &problem.location {
            prop_assert!(location.line >= 1 && location.column >= 1);
        }
    }
    for queue in &resolution.config.queues {
        let dir = queue.queue_dir.value.as_str();
        prop_assert!(dir.starts_with('/') && !dir.contains("/../") && !dir.contains('\n'));
        prop_assert!(!queue.name.contains(['/', '\n', '\x1b']));
    }
    let _ = (format!("{resolution:?}"), resolution.config.rows());
    Ok(())
}

#[test]
fn any_configuration_file() {
    let keep = tempfile::tempdir().unwrap();
    let file = Utf8PathBuf::try_from(keep.path().join("x.toml")).unwrap();
    let example = example();
    let samples = [
        FILE.as_bytes(),
        example.as_bytes(),
        b"[queues.a]\n[queues.b]\nx = [[[",
    ];
    fuzz("configuration file", bytes_like(&samples), |bytes| {
        std::fs::write(&file, &*bytes).unwrap();
        is_sound(&resolved(Some(file.clone()), &[]))
    });
}

#[test]
fn any_variable() {
    let names = [
        "QUEUE_DIR",
        "TIMEOUT",
        "NIX_OPTS",
        "QUEUE",
        "BATCH_SIZE",
        "JOBS",
        "CHECK_SIGS",
        "CLOSURE_TYPE",
        "MAX_ATTEMPTS",
        "RETRY_DELAY",
        "DESTINATION",
        "DESTINATION_FILE",
        "ON_ERROR",
        "VERIFY",
    ];
    let names = names.map(|name| format!("NIX_POST_BUILD_PUSH_{name}"));
    let value = prop_oneof![
        text(),
        text_like(&["/var/lib/q", "2h 30m", "--option a 'b c'", "1000"])
    ];
    fuzz("variables", (0..names.len(), value), |(name, value)| {
        is_sound(&resolved(None, &[(names[name].as_str(), &value)]))
    });
}

#[test]
fn any_duration() {
    let texts = text_like(&[
        "2h 30m",
        "90s",
        "1day",
        "10years 3months",
        "18446744073709551615s",
    ]);
    fuzz("duration", texts, |text| {
        if let Ok(duration) = parse_duration(&text) {
            let shown = humantime::format_duration(duration).to_string();
            prop_assert_eq!(parse_duration(&shown), Ok(duration));
        }
        let _ = Duration::from_text(&text);
        Ok(())
    });
}

#[test]
fn any_store_uri() {
    let texts = text_like(&[
        "https://me:pw@cache.example.org/x?compression=zstd&token=abc#f",
        "ssh-ng://nix-ssh@host?remote-store=https%3a//u:pw%40host",
        "s3://bucket?endpoint=https://x&region=eu",
    ]);
    // Whatever stands around it, a password stays hidden.
    let uris = (texts, text_like(&["x", "/path?a=b"]));
    fuzz("store URI", uris, |(text, tail)| {
        let uri = StoreUri::new(text.clone());
        let _ = (uri.check(), uri.redact(&text), format!("{uri:?}"));
        let secret = StoreUri::new(format!("https://me:{SECRET}@{tail}"));
        let shown = format!("{secret} {secret:?} {}", secret.redact(secret.as_str()));
        prop_assert!(!shown.contains(SECRET), "{shown}");
        Ok(())
    });
}

#[test]
fn any_options_for_nix() {
    let texts = text_like(&[
        "--option access-tokens 'a b=c' -j4 \"x\\\"y\"",
        "--to x -vvf",
    ]);
    fuzz("options for nix", texts, |text| {
        let Ok(options) = NixOptions::from_text(&text) else {
            return Ok(());
        };
        prop_assert_eq!(options.shown().len(), options.len());
        if crate::copy_options::check(&options).is_ok() {
            prop_assert!(
                !options
                    .iter()
                    .take(1)
                    .any(|first| first == "--to" || first == "--")
            );
        }
        let secret =
            NixOptions::from_iter(["--option", "access-tokens", &format!("{text}{SECRET}")]);
        let shown = format!("{secret:?}");
        prop_assert!(!shown.contains(SECRET), "{shown}");
        Ok(())
    });
}

#[test]
fn any_byte_size() {
    let texts = text_like(&["50GiB", "1 kB", "18446744073709551615", "16777216TiB"]);
    fuzz("byte size", texts, |text| {
        if let Ok(size) = text.parse::<ByteSize>() {
            prop_assert_eq!(size.to_string().parse(), Ok(size));
        }
        Ok(())
    });
}

//! The resolved configuration as a list to show.

use std::time::Duration;

use camino::Utf8PathBuf;
use toml::Value;

use crate::byte_size::ByteSize;
use crate::config::{Config, HookSettings, NixSettings, QueueSettings};
use crate::destination::Destination;
use crate::health::HealthSettings;
use crate::limits::LimitSettings;
use crate::nix_options::NixOptions;
use crate::origin::{Origin, Setting};

/// One setting as it may be shown: no value here tells a secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// Its table, such as `nix` or `queues.main`, quoted where TOML wants it.
    pub section: String,
    /// Its key.
    pub key: &'static str,
    /// Its value as TOML.
    pub value: String,
    /// What decided it.
    pub origin: Origin,
}

impl Config {
    /// Every setting that has a value: those of Nix, of the hook, of each queue.
    pub fn rows(&self) -> Vec<Row> {
        let mut rows = nix(&self.nix);
        rows.extend(hook(&self.hook));
        rows.extend(self.queues.iter().flat_map(queue));
        rows
    }
}

fn nix(nix: &NixSettings) -> Vec<Row> {
    let mut rows = Rows::of("nix".to_owned());
    rows.add("store-dir", &nix.store_dir);
    rows.add("state-dir", &nix.state_dir);
    rows.add_some("bin-dir", nix.bin_dir.as_ref());
    rows.rows
}

fn hook(hook: &HookSettings) -> Vec<Row> {
    let mut rows = Rows::of("hook".to_owned());
    rows.add("on-error", &hook.on_error);
    rows.add("fsync", &hook.fsync);
    rows.rows
}

fn queue(queue: &QueueSettings) -> Vec<Row> {
    let mut rows = Rows::of(title(&queue.name));
    rows.add("enable", &queue.enable);
    rows.add_some("destination", queue.destination.as_ref());
    rows.add("queue-dir", &queue.queue_dir);
    rows.add("closure-type", &queue.closure_type);
    rows.add("check-contents", &queue.check_contents);
    rows.add("check-sigs", &queue.check_sigs);
    rows.add(
        "substitute-on-destination",
        &queue.substitute_on_destination,
    );
    rows.add("nix-opts", &queue.nix_opts);
    rows.add("timeout", &queue.timeout);
    rows.add("stall-timeout", &queue.stall_timeout);
    rows.add("batch-size", &queue.batch_size);
    rows.add_some("jobs", queue.jobs.as_ref());
    rows.add("verify", &queue.verify);
    rows.add("retry-delay", &queue.retry_delay);
    rows.add("retry-max-delay", &queue.retry_max_delay);
    rows.add("max-attempts", &queue.max_attempts);
    rows.add_some("metrics-file", queue.metrics_file.as_ref());
    rows.rows.extend(limits(&queue.name, &queue.limits));
    rows.rows.extend(health(&queue.name, &queue.health));
    rows.rows
}

fn health(queue: &str, health: &HealthSettings) -> Vec<Row> {
    let mut rows = Rows::of(format!("{}.health", title(queue)));
    rows.add("max-parked", &health.max_parked);
    rows.add("max-age", &health.max_age);
    rows.add("max-unavailable", &health.max_unavailable);
    rows.add_some("max-pinned", health.max_pinned.as_ref());
    rows.add("remember-losses", &health.remember_losses);
    rows.rows
}

fn limits(queue: &str, limits: &LimitSettings) -> Vec<Row> {
    let mut rows = Rows::of(format!("{}.limits", title(queue)));
    rows.add_some("max-entries", limits.max_entries.as_ref());
    rows.add("beyond-max-entries", &limits.beyond_max_entries);
    rows.add_some("max-age", limits.max_age.as_ref());
    rows.add("beyond-max-age", &limits.beyond_max_age);
    rows.add_some("max-pinned", limits.max_pinned.as_ref());
    rows.add("beyond-max-pinned", &limits.beyond_max_pinned);
    rows.rows
}

fn title(name: &str) -> String {
    match name.contains('.') {
        true => format!("queues.{}", text(name)),
        false => format!("queues.{name}"),
    }
}

struct Rows {
    section: String,
    rows: Vec<Row>,
}

impl Rows {
    fn of(section: String) -> Self {
        Self {
            section,
            rows: Vec::new(),
        }
    }

    fn add<T: Literal>(&mut self, key: &'static str, setting: &Setting<T>) {
        let (section, value) = (self.section.clone(), setting.value.literal());
        self.rows.push(Row {
            section,
            key,
            value,
            origin: setting.origin.clone(),
        });
    }

    fn add_some<T: Literal>(&mut self, key: &'static str, setting: Option<&Setting<T>>) {
        if let Some(setting) = setting {
            self.add(key, setting);
        }
    }
}

/// A value as TOML, without its secrets.
trait Literal {
    fn literal(&self) -> String;
}

fn text(text: &str) -> String {
    Value::from(text).to_string()
}

impl Literal for bool {
    fn literal(&self) -> String {
        self.to_string()
    }
}

impl Literal for u32 {
    fn literal(&self) -> String {
        self.to_string()
    }
}

impl Literal for Duration {
    fn literal(&self) -> String {
        text(&humantime::format_duration(*self).to_string())
    }
}

impl Literal for Utf8PathBuf {
    fn literal(&self) -> String {
        text(self.as_str())
    }
}

impl Literal for crate::ClosureType {
    fn literal(&self) -> String {
        text(self.as_str())
    }
}

impl Literal for ByteSize {
    fn literal(&self) -> String {
        text(&self.to_string())
    }
}

impl Literal for crate::BeyondLimit {
    fn literal(&self) -> String {
        text(self.as_str())
    }
}

impl Literal for crate::CheckContents {
    fn literal(&self) -> String {
        text(self.as_str())
    }
}

impl Literal for crate::OnError {
    fn literal(&self) -> String {
        text(self.as_str())
    }
}

impl Literal for NixOptions {
    fn literal(&self) -> String {
        Value::from(self.shown()).to_string()
    }
}

impl Literal for Destination {
    fn literal(&self) -> String {
        match self {
            Self::Uri(uri) => text(&uri.to_string()),
            Self::SecretFile(file) => format!("{{ file = {} }}", text(file.as_str())),
        }
    }
}

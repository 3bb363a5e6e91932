//! Options that decide settings, over variables and the configuration file.

use std::time::Duration;

use camino::{Utf8Path, Utf8PathBuf};
use clap::Args;
use nix_post_build_push_config::{
    CheckContents, ClosureType, Destination, NixOptions, Overrides, StoreUri, parse_duration,
};

const SETTINGS: &str = "Settings (they win over variables and the configuration file)";
const SOURCES: &str = "Which queues";

/// The settings of the command line.
#[derive(Args)]
pub(crate) struct SettingArgs {
    /// The configuration file
    #[arg(long, value_name = "FILE", global = true, help_heading = SOURCES)]
    pub config_file: Option<Utf8PathBuf>,
    /// Work on this queue; may be repeated [default: every enabled queue]
    #[arg(long, value_name = "NAME", global = true, help_heading = SOURCES)]
    pub queue: Vec<String>,

    /// Where to push: a store URI
    #[arg(long, value_name = "URI", global = true, help_heading = SETTINGS)]
    pub destination: Option<String>,
    /// The file that holds the store URI to push to, as its only line
    #[arg(long, value_name = "FILE", global = true, help_heading = SETTINGS, conflicts_with = "destination", hide_short_help = true)]
    pub destination_file: Option<Utf8PathBuf>,
    /// The directory of the queue
    #[arg(long, value_name = "DIR", global = true, help_heading = SETTINGS)]
    pub queue_dir: Option<Utf8PathBuf>,
    /// What to copy for an entry: it alone (bare), its closure (binary), the closure of its
    /// derivation (source), that and all its outputs (cache)
    #[arg(
        long,
        value_name = "TYPE",
        global = true,
        help_heading = SETTINGS,
        value_parser = closure_type()
    )]
    pub closure_type: Option<ClosureType>,
    /// What to compare with what the store registered before it is copied: nothing (off), the
    /// queued paths (entries), all that goes with them (closure)
    #[arg(
        long,
        value_name = "SCOPE",
        global = true,
        help_heading = SETTINGS,
        hide_short_help = true,
        value_parser = check_contents()
    )]
    pub check_contents: Option<CheckContents>,
    /// The destination checks signatures
    #[arg(long, global = true, help_heading = SETTINGS, overrides_with = "no_check_sigs", hide_short_help = true)]
    pub check_sigs: bool,
    /// The destination does not check signatures
    #[arg(long, global = true, help_heading = SETTINGS, overrides_with = "check_sigs", hide_short_help = true)]
    pub no_check_sigs: bool,
    /// The destination may fetch from its own substituters
    #[arg(long, global = true, help_heading = SETTINGS, overrides_with = "no_substitute_on_destination", hide_short_help = true)]
    pub substitute_on_destination: bool,
    /// The destination gets everything from here
    #[arg(long, global = true, help_heading = SETTINGS, overrides_with = "substitute_on_destination", hide_short_help = true)]
    pub no_substitute_on_destination: bool,
    /// How long one call of `nix copy` may take: "90s", "10m", "2h 30m"
    #[arg(long, value_name = "DURATION", global = true, help_heading = SETTINGS, hide_short_help = true, value_parser = parse_duration)]
    pub timeout: Option<Duration>,
    /// How long one call of `nix copy` may make no progress
    #[arg(long, value_name = "DURATION", global = true, help_heading = SETTINGS, hide_short_help = true, value_parser = parse_duration)]
    pub stall_timeout: Option<Duration>,
    /// How many paths one call of `nix copy` is given at most
    #[arg(long, value_name = "NUMBER", global = true, help_heading = SETTINGS, hide_short_help = true, value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub batch_size: Option<u32>,
    /// How many `nix copy` run at once for one batch
    #[arg(long, value_name = "NUMBER", global = true, help_heading = SETTINGS, hide_short_help = true, value_parser = clap::value_parser!(u32).range(1..=64))]
    pub jobs: Option<u32>,
    /// Ask the destination for every path before its entry goes
    #[arg(long, global = true, help_heading = SETTINGS, overrides_with = "no_verify", hide_short_help = true)]
    pub verify: bool,
    /// Believe a copy that reports success
    #[arg(long, global = true, help_heading = SETTINGS, overrides_with = "verify", hide_short_help = true)]
    pub no_verify: bool,
    /// The wait after a first failure; it doubles with each further one
    #[arg(long, value_name = "DURATION", global = true, help_heading = SETTINGS, hide_short_help = true, value_parser = parse_duration)]
    pub retry_delay: Option<Duration>,
    /// The longest wait
    #[arg(long, value_name = "DURATION", global = true, help_heading = SETTINGS, hide_short_help = true, value_parser = parse_duration)]
    pub retry_max_delay: Option<Duration>,
    /// After how many failures an entry is parked until somebody asks for it
    #[arg(long, value_name = "NUMBER", global = true, help_heading = SETTINGS, hide_short_help = true, value_parser = clap::value_parser!(u32).range(1..))]
    pub max_attempts: Option<u32>,
    /// Has no effect any more
    #[arg(long, value_name = "FILE", global = true, help_heading = SETTINGS, hide_short_help = true)]
    pub xargs_bin: Option<String>,
}

impl SettingArgs {
    /// As the configuration takes them. Relative paths are below `cwd`.
    #[must_use]
    pub(crate) fn overrides(&self, cwd: &Utf8Path, nix: &[String]) -> Overrides {
        let absolute = |path: &Utf8PathBuf| cwd.join(path).components().collect();
        Overrides {
            config_file: self.config_file.clone(),
            queues: self.queue.clone(),
            on_error: None,
            destination: match (&self.destination, &self.destination_file) {
                (Some(uri), _) => Some(Destination::Uri(StoreUri::new(uri.clone()))),
                (None, Some(file)) => Some(Destination::SecretFile(absolute(file))),
                (None, None) => None,
            },
            queue_dir: self.queue_dir.as_ref().map(absolute),
            closure_type: self.closure_type,
            check_contents: self.check_contents,
            check_sigs: switch(self.check_sigs, self.no_check_sigs),
            substitute_on_destination: switch(
                self.substitute_on_destination,
                self.no_substitute_on_destination,
            ),
            nix_opts: NixOptions::from(nix.to_vec()),
            timeout: self.timeout,
            stall_timeout: self.stall_timeout,
            batch_size: self.batch_size,
            jobs: self.jobs,
            verify: switch(self.verify, self.no_verify),
            retry_delay: self.retry_delay,
            retry_max_delay: self.retry_max_delay,
            max_attempts: self.max_attempts,
        }
    }
}

fn switch(on: bool, off: bool) -> Option<bool> {
    match (on, off) {
        (true, _) => Some(true),
        (_, true) => Some(false),
        _ => None,
    }
}

fn closure_type() -> impl clap::builder::TypedValueParser<Value = ClosureType> {
    use clap::builder::TypedValueParser;
    clap::builder::PossibleValuesParser::new(ClosureType::WORDS.iter().copied())
        .try_map(|word| word.parse::<ClosureType>())
}

fn check_contents() -> impl clap::builder::TypedValueParser<Value = CheckContents> {
    use clap::builder::TypedValueParser;
    clap::builder::PossibleValuesParser::new(CheckContents::WORDS.iter().copied())
        .try_map(|word| word.parse::<CheckContents>())
}

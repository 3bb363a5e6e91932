//! The command line as clap sees it.
//!
//! There was an earlier program of the same name, in Perl. Its commands, options and variables
//! stay valid: as aliases where they are called otherwise now, or, where they have lost their
//! meaning, without any effect. Wherever this crate speaks of the earlier program, that one is
//! meant.

mod output;
mod paths;
mod settings;

use std::time::Duration;

use clap::{Args, CommandFactory, Parser, Subcommand};
use nix_post_build_push_config::parse_duration;

pub(crate) use output::{LogFormat, OutputArgs};
pub(crate) use paths::{PathArgs, PickArgs};
pub(crate) use settings::SettingArgs;

use crate::manual::{ManPage, texts};
use crate::progress;

/// The name of the program.
pub(crate) const NAME: &str = "nix-post-build-push";

/// Everything a command line can say.
#[derive(Parser)]
#[command(
    name = NAME,
    version,
    about = texts::ABOUT,
    long_about = texts::LONG_ABOUT,
    override_usage = texts::USAGE,
    after_help = texts::AFTER_HELP,
    after_long_help = texts::after_long_help(),
    disable_help_subcommand = true,
    subcommand_required = true,
    arg_required_else_help = true,
    infer_long_args = false,
    max_term_width = 100
)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub settings: SettingArgs,
    #[command(flatten)]
    pub output: OutputArgs,
    #[command(subcommand)]
    pub command: Command,
}

/// What to do.
#[derive(Subcommand)]
pub(crate) enum Command {
    /// Queue store paths for the next push
    ///
    /// Takes store paths, out links, and paths inside store paths: from the command line, from
    /// standard input, and from the variable OUT_PATHS, as Nix sets it for its hooks. They are
    /// queued in every selected queue and held against the garbage collector from then on.
    /// Nothing is copied.
    #[command(visible_alias = "enqueue-paths", after_help = texts::ENQUEUE_EXAMPLES)]
    Enqueue(EnqueueArgs),

    /// Copy what is queued to its destination
    ///
    /// An entry leaves its queue once the destination has it. What fails is kept and tried again
    /// by a later push, after a growing wait. Several queues are pushed at the same time, so that
    /// none waits for another one's destination. With paths, copies those at once, without any
    /// queue. Options that are not listed here go to `nix copy`.
    ///
    /// With --until-empty a queue that is empty waits for the others, and takes what is enqueued
    /// meanwhile; all end together. The exit code tells what is left: 0 nothing, 69 something whose
    /// destination did not answer, 75 anything else: what is parked, or what there was no time for,
    /// also where a first copy hung until --deadline; and what left undelivered, dropped by a limit
    /// or no longer valid.
    ///
    /// On a terminal each queue has a bar on standard error while it is pushed: how far it is, entries,
    /// store paths and bytes done of all, the speed of the last seconds, and what is copied; or what it
    /// waits for. All of them are counted over the whole push; how many paths and bytes there are is known
    /// of the batches so far. Bytes are done as Nix reads them (2.8 tells of a path only when it is there).
    /// To `http(s)://` and `s3://` a path is read and compressed as a whole, and sent then: there its bytes
    /// are done as they are sent, or, where Nix does not tell that (before 2.34), when the path is there.
    /// What is read or sent of it at the moment stands beside, or for how long already, without a speed. A terminal that breaks its lines anew when its
    /// window gets narrower (tmux) may keep some of a bar in its history. Elsewhere a message tells of each
    /// batch when it is over. `--progress` says when; with -q or with --log-format json there are no bars
    /// unless it is `always`.
    ///
    /// SIGTERM, SIGINT, SIGHUP, --deadline and the timeouts end a copy that is under way: its
    /// `nix` is sent SIGTERM, and killed if it is still there 10 seconds later. A push may end
    /// that much later than it was asked to. What is not confirmed stays queued.
    #[command(
        visible_aliases = ["upload-queued-paths", "perform-upload"],
        override_usage = texts::PUSH_USAGE,
        after_help = texts::PUSH_EXAMPLES
    )]
    Push(PushArgs),

    /// List the queued paths
    ///
    /// One a line, in the order in which they were queued; a path in several queues stands there for
    /// each of them.
    #[command(visible_alias = "show-queued-paths", after_help = texts::LIST_EXAMPLES)]
    List(ListArgs),

    /// List all that a push would copy for the queued or the given paths
    ///
    /// Which paths those are, the closure type decides. What the destination has already is
    /// listed as well.
    #[command(visible_alias = "show-closure", after_help = texts::CLOSURE_EXAMPLES)]
    Closure(ClosureArgs),

    /// Tell how the queues are doing
    ///
    /// The last push and the last success are those of pushes that had something to do: a push
    /// that finds nothing whose turn it is, or whose destination is not asked yet, changes
    /// neither. How much of the store a queue keeps from being collected as garbage is asked of
    /// Nix.
    ///
    /// The most urgent queue comes first. Whether a queue needs a look is judged by the table
    /// `health` of its configuration; then the exit code is 1, so it serves as a check.
    #[command(after_help = texts::STATUS_EXAMPLES)]
    Status(StatusArgs),

    /// Look for what is wrong with the set-up, and say what mends it
    ///
    /// Looks at Nix and its settings, the hook, the queues, their destinations and what pushes
    /// them. Each line says ok, warning, fault or unknown (what could not be seen, and why); below it
    /// stand the causes, and what mends it. Where systemd pushes a queue, root looks at its
    /// destination and its credentials in the place of the service: as its account, with its
    /// environment and its credentials.
    ///
    /// Nothing is changed, and nothing is copied without --write. But Nix takes roots away that
    /// lead nowhere, whenever it lists them; and writes `nix-cache-info` to a binary cache at
    /// `http(s)://` or `s3://` that has none, whenever it opens it.
    #[command(after_help = texts::DOCTOR_EXAMPLES)]
    Doctor(DoctorArgs),

    /// Forget failures, so that the next push tries again
    ///
    /// Entries that were given up, or that wait for their next attempt, are tried in the next
    /// push. So is the destination, if it did not answer.
    #[command(override_usage = texts::RETRY_USAGE, after_help = texts::RETRY_EXAMPLES)]
    Retry(PickArgs),

    /// Take paths out of the queue without copying them
    ///
    /// Prints what it took out, and forgets its failures. A queue that its limits closed takes what
    /// is new again, until the next push judges it. The store paths themselves stay; the
    /// garbage collector may now take them.
    #[command(override_usage = texts::DROP_USAGE, after_help = texts::DROP_EXAMPLES)]
    Drop(PickArgs),

    /// Check or show the configuration
    #[command(subcommand, after_help = texts::CONFIG_EXAMPLES)]
    Config(ConfigCommand),

    /// Print the completions for a shell
    ///
    /// For bash, zsh and fish they offer the queues and their entries as well, as they are at that
    /// moment: they ask the `nix-post-build-push` that is in PATH.
    #[command(after_help = texts::COMPLETIONS_EXAMPLES)]
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },

    /// Show the manual
    ///
    /// On a terminal `man` shows it; anything else is given its source, in roff.
    #[command(visible_aliases = ["doc", "perldoc"], after_help = texts::MAN_EXAMPLES)]
    Man {
        /// The page
        #[arg(default_value = NAME)]
        page: ManPage,
    },

    /// Explain the program or one of its commands
    #[command(after_help = texts::HELP_EXAMPLES)]
    Help(HelpArgs),

    /// Print the version
    #[command(after_help = texts::VERSION_EXAMPLES)]
    Version,
}

/// `config …`
#[derive(Subcommand)]
pub(crate) enum ConfigCommand {
    /// Report everything that is wrong with the configuration
    #[command(after_help = texts::CONFIG_CHECK_EXAMPLES)]
    Check {
        /// Look at the file alone, not at what it names: as for another machine
        #[arg(long)]
        declared: bool,
    },
    /// Show every setting with its value and where it came from
    ///
    /// Secrets are not shown: of a destination in a file, the file; of a URI, what is harmless.
    #[command(after_help = texts::CONFIG_SHOW_EXAMPLES)]
    Show {
        #[command(flatten)]
        json: JsonArgs,
    },
}

/// `--json`, where something is listed.
#[derive(Args, Clone, Copy)]
pub(crate) struct JsonArgs {
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

/// `enqueue`
#[derive(Args)]
pub(crate) struct EnqueueArgs {
    #[command(flatten)]
    pub paths: PathArgs,
    /// Read further paths from standard input, one a line
    #[arg(long)]
    pub stdin: bool,
    /// With --stdin: paths end with a NUL instead of a line end
    #[arg(short = '0', long, requires = "stdin")]
    pub null: bool,
}

/// `push`
#[derive(Args)]
pub(crate) struct PushArgs {
    #[command(flatten)]
    pub paths: PathArgs,
    /// Say what would be copied where, and copy nothing
    #[arg(short = 'n', long)]
    pub dry_run: bool,
    /// Try what waits for its next attempt as well, a destination too; not what is parked
    #[arg(short, long)]
    pub force: bool,
    /// Push again and again until the queues are empty: wait for what failed, for destinations
    /// that do not answer, and for other pushes; not for what is parked
    #[arg(long)]
    pub until_empty: bool,
    /// With --until-empty: end after this long, even in the midst of a copy, which is given 10
    /// seconds to end [default: never]
    #[arg(long, value_name = "DURATION", requires = "until_empty", value_parser = parse_duration)]
    pub deadline: Option<Duration>,
    /// How to show how far it is, on standard error
    #[arg(
        long,
        value_name = "WHEN",
        default_value = "auto",
        hide_short_help = true
    )]
    pub progress: progress::Choice,
    #[command(flatten)]
    pub json: JsonArgs,
}

/// `status`
#[derive(Args)]
pub(crate) struct StatusArgs {
    #[command(flatten)]
    pub json: JsonArgs,
    /// Print the JSON schema of what --json prints, and look at nothing
    #[arg(long, conflicts_with_all = ["json", "openmetrics", "watch"])]
    pub json_schema: bool,
    /// Print OpenMetrics, for Prometheus
    #[arg(long, conflicts_with_all = ["json", "watch"])]
    pub openmetrics: bool,
    /// Look again every so many seconds (or 500ms, 2m), until a signal ends it: on a terminal in
    /// the same place; elsewhere one after the other, with --json an array a line [default: 2]
    #[arg(
        long,
        value_name = "SECONDS",
        num_args = 0..=1,
        default_missing_value = "2",
        value_parser = interval
    )]
    pub watch: Option<Duration>,
}

/// Seconds, or a duration with its unit.
fn interval(text: &str) -> Result<Duration, String> {
    let seconds = text.parse().map(Duration::from_secs).ok();
    let duration = seconds.or_else(|| parse_duration(text).ok());
    match duration {
        None => Err("neither a number of seconds nor a duration".to_owned()),
        Some(duration) if duration < SHORTEST_INTERVAL => Err(format!(
            "shorter than {}",
            humantime::format_duration(SHORTEST_INTERVAL)
        )),
        Some(duration) => Ok(duration),
    }
}

/// Below that, looking keeps a core busy.
const SHORTEST_INTERVAL: Duration = Duration::from_millis(100);

/// `list`
#[derive(Args)]
pub(crate) struct ListArgs {
    /// Say of each its queue, state, age, attempts and last error as well, in columns for people
    /// to read
    #[arg(short, long, conflicts_with = "json")]
    pub long: bool,
    #[command(flatten)]
    pub json: JsonArgs,
}

/// `doctor`
#[derive(Args)]
pub(crate) struct DoctorArgs {
    /// Copy one tiny path to each destination, to see whether it is taken. It stays there
    #[arg(long)]
    pub write: bool,
    /// Only what a service sees, for a doctor that was started in its place
    #[arg(long, hide = true, value_name = "QUEUE:DIR")]
    pub as_service: Option<String>,
    #[command(flatten)]
    pub json: JsonArgs,
}

/// `closure`
#[derive(Args)]
pub(crate) struct ClosureArgs {
    #[command(flatten)]
    pub paths: PathArgs,
    #[command(flatten)]
    pub json: JsonArgs,
}

/// `help`
#[derive(Args)]
pub(crate) struct HelpArgs {
    /// The command to explain
    pub command: Vec<String>,
    /// Print the whole manual in Markdown
    #[arg(long, conflicts_with = "command")]
    pub markdown: bool,
}

/// The command as clap knows it, complete with its generated parts.
#[must_use]
pub(crate) fn command() -> clap::Command {
    let mut command = unbuilt_command();
    command.build();
    command
}

/// The same without its generated parts. Clap makes those that a command line needs when it parses
/// it, in a quarter of the time that all take.
#[must_use]
pub(crate) fn unbuilt_command() -> clap::Command {
    Cli::command()
}

/// The same with this subcommand alone, which is all that clap has to know of a command line that
/// calls it; `None` if there is none of this name. Clap copies each global option into every
/// subcommand that it knows.
#[must_use]
pub(crate) fn with_one_subcommand(all: &clap::Command, name: &str) -> Option<clap::Command> {
    let called = all.find_subcommand(name)?.clone();
    let command = clap::Command::new(NAME)
        .args(all.get_arguments().cloned())
        .groups(all.get_groups().cloned())
        .disable_help_subcommand(true)
        .subcommand(called);
    Some(command)
}

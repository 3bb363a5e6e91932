//! The texts of the manual that are no option's.

use crate::exit_codes;

/// One line.
pub(crate) const ABOUT: &str = "Queue what Nix builds, and copy it to where it is wanted, later";

/// The first paragraphs of the long help.
pub(crate) const LONG_ABOUT: &str = "\
Queue what Nix builds, and copy it to where it is wanted, later

Nix's post-build-hook only adds the new store paths to a queue, which takes no time and \
cannot fail a build. What is queued is safe from the garbage collector. A push, run by hand or \
by a timer, copies it to a destination, and tries again what did not work.";

/// The grammar.
pub(crate) const USAGE: &str =
    "nix-post-build-push [OPTIONS] <COMMAND> [COMMAND OPTIONS] [NIX OPTIONS] [-- PATH...]";

/// The grammar of `push`.
pub(crate) const PUSH_USAGE: &str = "nix-post-build-push push [OPTIONS] [NIX OPTIONS] [-- PATH...]";

/// The grammar of `retry`.
pub(crate) const RETRY_USAGE: &str = "nix-post-build-push retry [OPTIONS] <ENTRY...|--all>";

/// The grammar of `drop`.
pub(crate) const DROP_USAGE: &str = "nix-post-build-push drop [OPTIONS] <ENTRY...|--all>";

/// Examples, at the end of the short help.
pub(crate) const AFTER_HELP: &str = "\
Examples:
  nix-post-build-push enqueue ./result
  nix-post-build-push push --destination ssh-ng://cache.example.org
  nix-post-build-push status

`nix-post-build-push help COMMAND` explains a command, `man` is the whole manual.";

/// Examples for `enqueue`.
pub(crate) const ENQUEUE_EXAMPLES: &str = "\
Examples:
  nix-post-build-push enqueue ./result
  nix-store -qR ./result | nix-post-build-push enqueue --stdin
  nix-post-build-push enqueue --queue main -- /nix/store/…-hello-2.12";

/// Examples for `push`.
pub(crate) const PUSH_EXAMPLES: &str = "\
Examples:
  nix-post-build-push push
  nix-post-build-push push --dry-run
  nix-post-build-push push --until-empty --deadline 10m
  nix-post-build-push push --queue main --option cores 3 --verify
  nix-post-build-push push --destination file:///srv/cache -- ./result";

/// Examples for `retry`.
pub(crate) const RETRY_EXAMPLES: &str = "\
Examples:
  nix-post-build-push retry --all
  nix-post-build-push retry '*-linux-*' /nix/store/…-hello-2.12";

/// Examples for `drop`.
pub(crate) const DROP_EXAMPLES: &str = "\
Examples:
  nix-post-build-push drop '*-nixos-system-*'
  nix-post-build-push drop --queue old --all";

/// Examples for `list`.
pub(crate) const LIST_EXAMPLES: &str = "\
Examples:
  nix-post-build-push list
  nix-post-build-push list --long
  nix-post-build-push list --queue main --json";

/// Examples for `closure`.
pub(crate) const CLOSURE_EXAMPLES: &str = "\
Examples:
  nix-post-build-push closure
  nix-post-build-push closure --closure-type source ./result";

/// Examples for `status`.
pub(crate) const STATUS_EXAMPLES: &str = "\
Examples:
  nix-post-build-push status
  nix-post-build-push status --watch
  nix-post-build-push status --queue main --json
  nix-post-build-push status --openmetrics";

/// Examples for `doctor`.
pub(crate) const DOCTOR_EXAMPLES: &str = "\
Examples:
  sudo nix-post-build-push doctor
  nix-post-build-push doctor --queue main --json
  sudo nix-post-build-push doctor --write";

/// Examples for `config`.
pub(crate) const CONFIG_EXAMPLES: &str = "\
Examples:
  nix-post-build-push config check
  nix-post-build-push config show";

/// Examples for `config check`.
pub(crate) const CONFIG_CHECK_EXAMPLES: &str = "\
Examples:
  nix-post-build-push config check
  nix-post-build-push config check --declared --config-file ./config.toml";

/// Examples for `config show`.
pub(crate) const CONFIG_SHOW_EXAMPLES: &str = "\
Examples:
  nix-post-build-push config show
  nix-post-build-push config show --queue main --json";

/// Examples for `completions`.
pub(crate) const COMPLETIONS_EXAMPLES: &str = "\
Examples:
  source <(nix-post-build-push completions bash)
  nix-post-build-push completions fish > ~/.config/fish/completions/nix-post-build-push.fish";

/// Examples for `man`.
pub(crate) const MAN_EXAMPLES: &str = "\
Examples:
  nix-post-build-push man
  nix-post-build-push man nix-post-build-push.toml
  nix-post-build-push man nix-post-build-push-hook > nix-post-build-push-hook.1";

/// Examples for `help`.
pub(crate) const HELP_EXAMPLES: &str = "\
Examples:
  nix-post-build-push help push
  nix-post-build-push help config check";

/// Examples for `version`.
pub(crate) const VERSION_EXAMPLES: &str = "\
Examples:
  nix-post-build-push version";

/// How arguments are told apart.
pub(crate) const GRAMMAR: &str = "\
Options of this program may stand anywhere before `--`. For `push`, the first option that is \
not one of its own and everything behind it, but for its own options, goes to `nix copy`: in \
`push --option cores 3 --verify -- ./result`, Nix gets `--option cores 3`. Words before that, \
and everything behind `--`, are paths.";

/// How a setting's value is found.
pub(crate) const PRECEDENCE: &str = "\
A setting comes from the command line, else from its variable, else from the configuration \
file, else it has its default. Only the options for Nix are put together from all of them.";

/// Which variables settings have.
pub(crate) const SETTING_VARIABLES: &str = "\
Every setting of a queue but `enable`, `metrics-file`, its limits and its thresholds, and \
`on-error`, has a variable: `NIX_POST_BUILD_PUSH_` and its key in capitals with `_` for `-`. Switches \
are `1`, `true`, `yes`, `on` or `0`, `false`, `no`, `off`. An empty \
variable counts as unset. The others are:";

/// Which exit code there is where several apply, and what a signal does.
pub(crate) const SEVERAL_EXIT_CODES: &str = "\
With several queues, the first of 70, 78, 69, 75, 1, 0 that applies. A signal ends `push`, \
`closure` and `status --watch` in good order, and then the process by that signal: a shell shows 143 \
for SIGTERM and 130 for SIGINT.";

/// Paragraphs on the configuration file.
pub(crate) const CONFIG_FILE: &str = "\
TOML. The first of these that is named or exists is read: `--config-file`, \
`NIX_POST_BUILD_PUSH_CONFIG_FILE`, `$XDG_CONFIG_HOME/nix-post-build-push/config.toml` (or below \
`$HOME/.config`), `/etc/nix-post-build-push/config.toml`. Without any there is one queue, \
`default`, made of options and variables. Unknown keys are errors. `config check` reports \
everything that is wrong at once, `config show` what each setting is and where it came from.";

/// Variables that are no setting's: name and meaning.
pub(crate) const VARIABLES: &[(&str, &str)] = &[
    ("NIX_POST_BUILD_PUSH_CONFIG_FILE", "The configuration file."),
    (
        "NIX_POST_BUILD_PUSH_QUEUE",
        "The queues to work on, separated by blanks.",
    ),
    (
        "NIX_POST_BUILD_PUSH_DESTINATION_FILE",
        "The file that holds the destination, unless NIX_POST_BUILD_PUSH_DESTINATION is set.",
    ),
    (
        "NIX_POST_BUILD_PUSH_INCLUDE_OUT_PATHS",
        "Whether to take the paths in OUT_PATHS: true or false.",
    ),
    (
        "NIX_POST_BUILD_PUSH_LOG",
        "Which messages to write, over -v and -q: `debug`, or `nix_copy=trace,info`. Errors are \
         written unless it says `off`.",
    ),
    (
        "NIX_POST_BUILD_PUSH_LOG_FORMAT",
        "How to write them: auto, text, json or journald.",
    ),
    ("NIX_POST_BUILD_PUSH_XARGS_BIN", "Has no effect any more."),
    (
        "OUT_PATHS, DRV_PATH",
        "What Nix tells its hook: what was built, and from what.",
    ),
    (
        "NIX_STORE_DIR, NIX_STATE_DIR, NIX_LOCALSTATE_DIR",
        "Where Nix lives, as for Nix itself.",
    ),
    (
        "XDG_CONFIG_HOME, XDG_STATE_HOME, HOME",
        "Where the user's files are.",
    ),
    ("NO_COLOR", "Set to anything: no colours on a terminal."),
    ("TERM", "Unset or `dumb`: no bars on a terminal."),
];

/// Files: path and meaning.
pub(crate) const FILES: &[(&str, &str)] = &[
    (
        "$XDG_CONFIG_HOME/nix-post-build-push/config.toml, ~/.config/nix-post-build-push/config.toml",
        "The user's configuration.",
    ),
    (
        "/etc/nix-post-build-push/config.toml",
        "The machine's configuration.",
    ),
    (
        "/var/lib/nix-post-build-push/NAME",
        "The directory of root's queue NAME, by default.",
    ),
    (
        "$XDG_STATE_HOME/nix-post-build-push/NAME, ~/.local/state/nix-post-build-push/NAME",
        "The directory of another user's queue NAME, by default.",
    ),
    (
        "QUEUE-DIR/HASH-NAME",
        "An entry: a symlink to the store path. Its age is the link's.",
    ),
    (
        "QUEUE-DIR/.push/lock",
        "Held by the one push at work. This and what follows is used only if it is ours, root's or \
         the queue's owner's, and nobody else may write it.",
    ),
    (
        "QUEUE-DIR/.push/ledger.toml",
        "What pushes remember of failures.",
    ),
    (
        "QUEUE-DIR/.push/closed",
        "Why a limit of the queue keeps out what is new; a push makes it, a push or `drop` removes it.",
    ),
    (
        "QUEUE-DIR/.limits/refused, QUEUE-DIR/.limits/dropped",
        "A byte for each path that a limit refused or dropped.",
    ),
    (
        "STATE-DIR/gcroots/auto/HASH",
        "The root that holds an entry.",
    ),
];

/// Sections at the end of the long help.
#[must_use]
pub(crate) fn after_long_help() -> String {
    let variables = VARIABLES.iter().map(|(name, meaning)| (*name, *meaning));
    let files = FILES.iter().map(|(name, meaning)| (*name, *meaning));
    let codes: Vec<_> = exit_codes::ALL
        .iter()
        .map(|(c, meaning)| (c.to_string(), *meaning))
        .collect();
    let codes = codes
        .iter()
        .map(|(code, meaning)| (code.as_str(), *meaning));
    [
        AFTER_HELP.to_owned(),
        format!("How arguments are told apart:\n  {GRAMMAR}"),
        format!("Which value a setting has:\n  {PRECEDENCE}"),
        section(
            "Variables (and NIX_POST_BUILD_PUSH_<NAME> for every setting)",
            variables,
        ),
        section("Files", files),
        section("Exit codes", codes),
    ]
    .join("\n\n")
}

fn section<'t>(title: &str, rows: impl Iterator<Item = (&'t str, &'t str)>) -> String {
    let rows = rows.map(|(name, meaning)| format!("\n  {name}\n          {meaning}"));
    format!("{title}:{}", rows.collect::<String>())
}

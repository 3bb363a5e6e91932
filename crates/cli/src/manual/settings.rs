//! Every setting with its option, its variable, its key and its default.

/// One setting.
pub(crate) struct SettingDoc {
    /// Its key in the file.
    pub key: &'static str,
    /// Its option, with what it takes; empty where there is none.
    pub option: &'static str,
    /// Whether a variable decides it too.
    pub has_variable: bool,
    /// Its default as TOML, or in words.
    pub default: &'static str,
    /// What it means.
    pub meaning: &'static str,
}

const fn setting(
    key: &'static str,
    option: &'static str,
    default: &'static str,
    meaning: &'static str,
) -> SettingDoc {
    SettingDoc {
        key,
        option,
        has_variable: true,
        default,
        meaning,
    }
}

impl SettingDoc {
    const fn without_variable(self) -> Self {
        Self {
            has_variable: false,
            ..self
        }
    }

    /// The variable that decides it.
    #[must_use]
    pub(crate) fn variable(&self) -> Option<String> {
        let name = || {
            format!(
                "NIX_POST_BUILD_PUSH_{}",
                self.key.to_uppercase().replace('-', "_")
            )
        };
        self.has_variable.then(name)
    }
}

/// Every table of the file with its keys.
pub(crate) const TABLES: &[(&str, &[SettingDoc])] = &[
    ("[queues.NAME]", QUEUE),
    ("[queues.NAME.limits]", LIMITS),
    ("[queues.NAME.health]", HEALTH),
    ("[hook]", HOOK),
    ("[nix]", NIX),
];

/// The keys of a `[queues.NAME]` table.
pub(crate) const QUEUE: &[SettingDoc] = &[
    setting(
        "enable",
        "",
        "true",
        "Whether to use the queue. `--queue` picks a disabled one too.",
    )
    .without_variable(),
    setting(
        "destination",
        "--destination URI",
        "none: needed to push",
        "Where to push: any store URI that Nix knows, or in the file `{ file = \"/path\" }`, a \
         file that has the URI as its only line. Its secrets are never shown, \
         and Nix gets such a URI in its environment, not on its command line (but for one with \
         `#` in it, or beside `nix-opts` that name a store). Where there is another way (a netrc \
         file, an ssh key, the files of AWS), take that. A push refuses `auto`, `daemon` and `local`, \
         the store that it copies from, unless `NIX_REMOTE` names another one.",
    ),
    setting(
        "queue-dir",
        "--queue-dir DIR",
        "see Files",
        "Where the entries are kept: an absolute path, another for every queue, writable by \
         its owner alone. Neither `/`, nor anything in the store directory, nor anything in Nix's \
         state directory, but for one of its own in `gcroots` there.",
    ),
    setting(
        "closure-type",
        "--closure-type TYPE",
        "\"binary\"",
        "What to copy for an entry. `bare`: it alone, which most destinations refuse unless they \
         have all its references. `binary`: its closure. `source`: the closure of its \
         derivation. `cache`: that, with all outputs that are valid.",
    ),
    setting(
        "check-contents",
        "--check-contents SCOPE",
        "\"off\"",
        "What to compare with what the store registered before it is copied: `off`, `entries` \
         (the queued paths; with the closure types `source` and `cache` their derivations), \
         `closure` (all that goes with them). A binary cache takes a store path that is damaged on \
         the disk without a word, and whoever fetches it fails; other destinations notice. What is \
         damaged, or brings along what was found damaged, is parked at once, with a hint how to \
         repair it, and all else goes. With `entries`, of what they bring along only what is queued \
         as well is looked at: a damaged path that is not queued goes along with those that refer \
         to it. Nix repairs an output by building it, and a derivation or a source only where a \
         substituter has it; else delete it (`drop`, `nix-store --delete`) and make it anew. A repair \
         mends nothing at a binary cache that got the damaged path before: Nix does \
         not replace what is there, and a push says that it was copied. There, remove its narinfo \
         (`HASH.narinfo`, by the first 32 characters of its name) and the NAR that this names; then \
         `enqueue` it and push again. It costs reading all that is compared once more.",
    ),
    setting(
        "check-sigs",
        "--[no-]check-sigs",
        "true",
        "Whether the destination shall refuse paths without a signature that it trusts. Binary \
         caches never look.",
    ),
    setting(
        "substitute-on-destination",
        "--[no-]substitute-on-destination",
        "false",
        "Whether the destination may fetch paths from its own substituters.",
    ),
    setting(
        "nix-opts",
        "any option that is not ours",
        "[]",
        "Further options for `nix copy`. Those of the file, of the variable (split into words \
         as a shell does) and of the command line are all passed, in this order. Refused are those \
         with which it would do something else than copy the entries to the destination, such \
         as `--to`, `--derivation`, `--help`.",
    ),
    setting(
        "timeout",
        "--timeout DURATION",
        "\"2h\"",
        "How long one call of `nix copy` may take: `90s`, `10m`, `2h 30m`. Then it is ended. A push \
         makes at least one call for each batch, so it may take longer. A question to the local store \
         (which paths are valid, what they refer to, how large they are) is ended after this time as \
         well, and after ten minutes at the latest.",
    ),
    setting(
        "stall-timeout",
        "--stall-timeout DURATION",
        "\"10m\"",
        "How long one call of `nix copy` may make no progress.",
    ),
    setting(
        "batch-size",
        "--batch-size NUMBER",
        "1000",
        "How many paths one call of `nix copy` is given at most, from 1 to 1000: a batch.",
    ),
    setting(
        "jobs",
        "--jobs NUMBER",
        "by destination",
        "How many `nix copy` run at once for one batch, from 1 to 64, each with parts of it that have \
         no path in common; fewer where the batch is small or hangs together. For `http(s)://` and \
         `s3://` the default is as many as make 16 uploads, as each does as many as there are cores, \
         but 8 at most; for `ssh://` it is 4, for `ssh-ng://` 4 for what is large (16 MB for each of \
         them), and for all others 1. With more than one the local store is asked once more for each \
         batch, and a destination that is a store once. With the closure type `bare` there is always one.",
    ),
    setting(
        "verify",
        "--[no-]verify",
        "false",
        "Whether to ask the destination for every path before its entry goes: the queued one, with \
         the closure type `source` its derivation, with `cache` both. What these refer to is not \
         asked for; Nix does that itself before it copies.",
    ),
    setting(
        "retry-delay",
        "--retry-delay DURATION",
        "\"1m\"",
        "The wait after a first failure. It doubles with each further one, of an entry up to \
         `retry-max-delay`, of a destination that does not answer up to 15 minutes.",
    ),
    setting(
        "retry-max-delay",
        "--retry-max-delay DURATION",
        "\"6h\"",
        "The longest wait, of an entry. A destination is asked again after 15 minutes at the \
         latest, or after this if it is less.",
    ),
    setting(
        "max-attempts",
        "--max-attempts NUMBER",
        "10",
        "After so many failures an entry is parked: kept, but not tried until `retry`.",
    ),
    setting(
        "metrics-file",
        "",
        "none",
        "A file that each push of the queue writes anew, for the textfile collector of Prometheus' node \
         exporter: `status --openmetrics`, and when the push ran. Its name ends with `.prom`, and each \
         queue has another. How much of the store the queue keeps is in it only with \
         `limits.max-pinned` or `health.max-pinned`. Its directory has to be there, and be writable for the account that pushes. A \
         push that cannot write it has failed, but has done its work.",
    )
    .without_variable(),
];

/// The keys of the `[queues.NAME.limits]` table.
pub(crate) const LIMITS: &[SettingDoc] = &[
    setting(
        "max-entries",
        "",
        "none",
        "How many entries the queue may have. Judged whenever something is enqueued: hooks at work \
         at the same moment may go beyond it by what they bring.",
    )
    .without_variable(),
    setting(
        "beyond-max-entries",
        "",
        "\"refuse\"",
        "What happens beyond it. `refuse`: of what is new, as much is taken as fits; the rest is a \
         failure. `drop-oldest`: all of it is taken, and the oldest entries leave the queue, \
         undelivered.",
    )
    .without_variable(),
    setting(
        "max-age",
        "",
        "none",
        "How long the oldest entry may wait: `12h`, `30days`. Judged by each push at its end, so \
         what can be delivered is delivered first. It goes by the clock of the machine.",
    )
    .without_variable(),
    setting(
        "beyond-max-age",
        "",
        "\"refuse\"",
        "What happens beyond it. `refuse`: nothing new is taken until a push or `drop` brings the \
         queue back within it. `drop-oldest`: what is older leaves the queue, undelivered. A push \
         that tries nothing, since all backs off, drops nothing but what is parked; one with \
         `--until-empty` drops only when it does not try again.",
    )
    .without_variable(),
    setting(
        "max-pinned",
        "",
        "none",
        "How much of the store the entries may keep from being collected as garbage: the NAR sizes \
         of all that they refer to, each path once. `50GiB`, `500MB`, or a number of bytes; units \
         are B, kB, MB, GB, TB (powers of 1000), KiB, MiB, GiB, TiB (of 1024). Judged by each push \
         at its end, which costs a call of `nix path-info`.",
    )
    .without_variable(),
    setting(
        "beyond-max-pinned",
        "",
        "\"refuse\"",
        "What happens beyond it. `refuse`: as for `max-age`. `drop-oldest`: the newest entries stay, \
         as many as fit; one that alone is too large leaves alone. A push that tries nothing drops \
         nothing, as for `max-age`.",
    )
    .without_variable(),
];

/// The keys of the `[queues.NAME.health]` table.
pub(crate) const HEALTH: &[SettingDoc] = &[
    setting(
        "max-parked",
        "",
        "0",
        "With more parked entries the queue needs a look.",
    )
    .without_variable(),
    setting(
        "max-age",
        "",
        "\"1day\"",
        "When its oldest entry has waited for longer, it needs a look.",
    )
    .without_variable(),
    setting(
        "max-unavailable",
        "",
        "\"1h\"",
        "When its destination has not answered for longer, and something is queued, it needs a look.",
    )
    .without_variable(),
    setting(
        "max-pinned",
        "",
        "as in `limits`, or a tenth of the store's file system",
        "When its entries keep more of the store from being collected as garbage, it needs a look.",
    )
    .without_variable(),
    setting(
        "remember-losses",
        "",
        "\"1day\"",
        "For so long after a limit refused or dropped something it needs a look; `0s`: never for that.",
    )
    .without_variable(),
];

/// The keys of the `[hook]` table.
pub(crate) const HOOK: &[SettingDoc] = &[
    setting(
        "on-error",
        "",
        "\"ignore\"",
        "What the hook does when a path cannot be enqueued: `ignore` reports it and lets the \
         build succeed, `fail` fails the build.",
    ),
    setting(
        "fsync",
        "",
        "true",
        "Whether an entry is on the disk before an enqueue returns.",
    )
    .without_variable(),
];

/// The keys of the `[nix]` table.
pub(crate) const NIX: &[SettingDoc] = &[
    setting(
        "store-dir",
        "",
        "$NIX_STORE_DIR, or \"/nix/store\"",
        "The store directory.",
    )
    .without_variable(),
    setting(
        "state-dir",
        "",
        "$NIX_STATE_DIR, or $NIX_LOCALSTATE_DIR/nix, or \"/nix/var/nix\"",
        "Nix's state directory, which has `gcroots` in it.",
    )
    .without_variable(),
    setting(
        "bin-dir",
        "",
        "wherever PATH finds them",
        "Where `nix` and `nix-store` are.",
    )
    .without_variable(),
];

#[cfg(test)]
mod tests {
    use nix_post_build_push_config::{Environment, Inputs, Need, Overrides, resolve};

    use super::*;

    #[test]
    fn every_setting_of_the_configuration_is_documented_with_its_default() {
        let variables = [("NIX_POST_BUILD_PUSH_DESTINATION", "file:///x")];
        let variables = variables.map(|(name, value)| (name.into(), value.into()));
        let inputs = Inputs {
            overrides: &Overrides::default(),
            environment: &Environment::new(variables),
            uid: 0,
            need: Need::Enqueue,
        };
        for row in resolve(&inputs).config.rows() {
            let mut tables = TABLES.iter().map(|(title, docs)| {
                let name = title.trim_matches(['[', ']']).replace("NAME", "default");
                (name, docs)
            });
            let table = tables.find(|(name, _)| *name == row.section);
            let (_, docs) = table.unwrap_or_else(|| panic!("{} has no table", row.section));
            let found = docs.iter().find(|doc| doc.key == row.key);
            let doc = found.unwrap_or_else(|| panic!("{} is not documented", row.key));
            let said_in_words = ["destination", "queue-dir", "store-dir", "state-dir"];
            if !said_in_words.contains(&row.key) {
                assert_eq!(doc.default, row.value, "{}", row.key);
            }
        }
    }

    #[test]
    fn every_setting_with_an_option_has_it() {
        let own = crate::args::OwnOptions::of(&crate::cli::command());
        for doc in QUEUE.iter().filter(|doc| doc.option.starts_with("--")) {
            for prefix in ["", "no-"]
                .iter()
                .filter(|p| p.is_empty() || doc.option.contains("[no-]"))
            {
                let line = ["list".to_owned(), format!("--{prefix}{}", doc.key)];
                let split = crate::args::Split::new(line, &own);
                assert!(split.nix.is_empty(), "--{prefix}{}", doc.key);
            }
        }
    }
}

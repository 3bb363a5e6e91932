//! A queue's destination.

use std::num::NonZeroUsize;
use std::time::Duration;

use nix_copy::{
    ClosureType, ContentsScope, Destination, Exposure, NixStoreContents, NixUploader, Timeouts,
    UploadOptions, is_this_machines,
};
use nix_post_build_push_config::{
    self as config, CheckContents, NixOptions, QueueSettings, StoreUri,
};
use queue_core::{PortError, StorePath, UploadError};

use super::Store;
use super::cores::cores;

/// How long a Nix that is asked to end may take for it.
const GRACE: Duration = Duration::from_secs(10);

/// A copy to it would be a success, and the entries would leave undelivered.
const SAME_STORE: &str = "name another one: nothing would be copied. If nix.conf sets `store`, so that \
                          it is another one, write `unix:///nix/var/nix/daemon-socket/socket` or \
                          `local?root=/`";

/// What stands for a secret.
const HIDDEN: &str = "***";

/// Secrets with fewer characters are not looked for on their own.
const SHORTEST: usize = 4;

/// Reads a queue's destination and prepares its uploads. Starts nothing yet.
///
/// # Errors
///
/// If there is no destination, or its file cannot be read.
pub fn uploader(store: &Store, settings: &QueueSettings) -> Result<NixUploader, PortError> {
    let failed = |error| PortError::new("open the destination of queue", &settings.name, error);
    let Some(destination) = &settings.destination else {
        let none: Box<dyn std::error::Error + Send + Sync> = "none is set".into();
        return Err(failed(none)
            .with_hint("set `destination`, --destination, or NIX_POST_BUILD_PUSH_DESTINATION"));
    };
    let uri = destination.value.read().map_err(|error| {
        let hint = error.hint();
        failed(error.into()).with_hint(hint)
    })?;
    if is_this_machines(uri.as_str()) && !store.is_elsewhere {
        let same: Box<dyn std::error::Error + Send + Sync> =
            format!("`{}` is the store that is copied from", uri.as_str()).into();
        return Err(failed(same).with_hint(SAME_STORE));
    }
    Ok(NixUploader::new(
        store.nix_of(settings),
        options(settings, shown_redacted(uri, &settings.nix_opts.value)),
    ))
}

/// Whether what is secret in a queue's destination will stand on Nix's command line, and why.
/// `None` as well where the destination cannot be read.
#[must_use]
pub fn exposure(settings: &QueueSettings) -> Option<Exposure> {
    let uri = settings.destination.as_ref()?.value.read().ok()?;
    let destination = shown_redacted(uri, &settings.nix_opts.value);
    options(settings, destination).exposure()
}

/// Hides the URI's secrets and those of the options in all that Nix is told and says.
fn shown_redacted(uri: StoreUri, nix_opts: &NixOptions) -> Destination {
    let (secrets, mut uris) = secrets(nix_opts);
    let text = uri.as_str().to_owned();
    uris.push(uri);
    Destination::new(text).with_redaction(move |text| {
        let pairs = secrets.iter();
        let text = pairs.fold(text.to_owned(), |text, (secret, shown)| {
            text.replace(secret, shown)
        });
        uris.iter().fold(text, |text, uri| uri.redact(&text))
    })
}

/// Texts to hide wherever they appear, each with what replaces it, the longest first; and
/// URIs, which know their own. Every option that is not shown as it stands is hidden as a whole,
/// and so is each secret in it: Nix or a server may repeat one of them alone.
fn secrets(nix_opts: &NixOptions) -> (Vec<(String, String)>, Vec<StoreUri>) {
    let mut secrets = Vec::new();
    let mut uris = Vec::new();
    let before = std::iter::once("").chain(nix_opts.iter().map(String::as_str));
    for ((before, raw), shown) in before.zip(nix_opts.iter()).zip(nix_opts.shown()) {
        if *raw == shown {
            continue;
        }
        // However short, it is hidden where it stands.
        secrets.push((format!("{before} {raw}"), format!("{before} {shown}")));
        hide(&mut secrets, raw, &shown);
        let open: Vec<&str> = shown.split_whitespace().collect();
        for word in raw.split_whitespace().filter(|word| !open.contains(word)) {
            if word.contains("://") {
                uris.push(StoreUri::new(word));
            } else {
                // `HOST=TOKEN`, or `HOST=KIND:TOKEN`
                let ends = word.match_indices(['=', ':']);
                ends.for_each(|(at, _)| hide(&mut secrets, &word[at + 1..], HIDDEN));
            }
        }
    }
    secrets.sort_by_key(|(secret, _)| std::cmp::Reverse(secret.len()));
    (secrets, uris)
}

/// Notes a secret, unless it is so short that it would be found in the middle of words.
fn hide(secrets: &mut Vec<(String, String)>, secret: &str, shown: &str) {
    if secret.chars().count() >= SHORTEST {
        secrets.push((secret.to_owned(), shown.to_owned()));
    }
}

fn options(settings: &QueueSettings, destination: Destination) -> UploadOptions {
    UploadOptions {
        jobs: jobs(settings, &destination),
        destination,
        closure_type: closure_type(settings.closure_type.value),
        check_sigs: settings.check_sigs.value,
        substitute_on_destination: settings.substitute_on_destination.value,
        nix_opts: settings.nix_opts.value.to_vec(),
        timeouts: timeouts(settings),
    }
}

/// How many copies run at once.
fn jobs(settings: &QueueSettings, destination: &Destination) -> NonZeroUsize {
    let asked = settings.jobs.as_ref().map(|jobs| jobs.value);
    asked
        .and_then(|jobs| NonZeroUsize::new(usize::try_from(jobs).ok()?))
        .unwrap_or_else(|| destination.default_jobs(cores()))
}

fn timeouts(settings: &QueueSettings) -> Timeouts {
    Timeouts {
        total: Some(settings.timeout.value),
        stall: Some(settings.stall_timeout.value),
        grace: GRACE,
    }
}

/// Compares what a push of this queue is about to copy; `None` when nothing is to be compared.
#[must_use]
pub fn contents(store: &Store, settings: &QueueSettings) -> Option<NixStoreContents> {
    let scope = match settings.check_contents.value {
        CheckContents::Off => return None,
        CheckContents::Entries => ContentsScope::Entries,
        CheckContents::Closure => ContentsScope::Closure,
    };
    let closure_type = closure_type(settings.closure_type.value);
    Some(NixStoreContents::new(
        store.nix_of(settings),
        closure_type,
        scope,
        timeouts(settings),
    ))
}

/// All that a push of `paths` from this queue would copy; no destination is needed for it.
///
/// # Errors
///
/// If Nix cannot be asked, or a path is not valid.
pub fn closure(
    store: &Store,
    settings: &QueueSettings,
    paths: &[StorePath],
) -> Result<Vec<StorePath>, UploadError> {
    let nowhere = Destination::new(String::new());
    NixUploader::new(store.nix_of(settings), options(settings, nowhere)).closure(paths)
}

fn closure_type(kind: config::ClosureType) -> ClosureType {
    match kind {
        config::ClosureType::Bare => ClosureType::Bare,
        config::ClosureType::Binary => ClosureType::Binary,
        config::ClosureType::Source => ClosureType::Source,
        config::ClosureType::Cache => ClosureType::Cache,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOKEN: &str = "ghp_planted";

    fn destination(options: &[&str]) -> Destination {
        let uri = StoreUri::new("https://user:planted-pw@cache.example.org");
        shown_redacted(uri, &options.iter().copied().collect())
    }

    #[track_caller]
    fn shows(options: &[&str], text: &str, expected: &str) {
        assert_eq!(destination(options).redact(text), expected);
    }

    #[test]
    fn a_token_among_the_options_is_hidden_in_the_command_and_in_what_nix_says() {
        let token = format!("github.com={TOKEN}");
        let options = ["--option", "access-tokens", &token, "--netrc-file", "/n"];
        shows(
            &options,
            &format!("copy {} --to x", options.join(" ")),
            "copy --option access-tokens *** --netrc-file /n --to x",
        );
        shows(
            &options,
            &format!("error: bad '{token}'"),
            "error: bad '***'",
        );
        shows(&options, &format!("header {TOKEN}"), "header ***");
    }

    #[test]
    fn each_of_several_tokens_is_hidden() {
        let tokens = format!("github.com={TOKEN} gitlab.com=PAT:other-planted");
        let options = ["--option", "extra-access-tokens", &tokens];
        shows(&options, "other-planted", "***");
        shows(&options, &format!("PAT:other-planted {TOKEN}"), "*** ***");
        shows(&options, "gitlab.com", "gitlab.com");
    }

    #[test]
    fn uris_among_the_options_hide_their_passwords() {
        let option = "https://open.example.org https://me:hidden-pw@closed.example.org";
        let options = ["--option", "substituters", option];
        shows(
            &options,
            option,
            "https://open.example.org https://***@closed.example.org",
        );
        shows(&options, "hidden-pw refused", "*** refused");
    }

    #[test]
    fn the_destination_is_redacted_as_well() {
        assert_eq!(destination(&[]).shown(), "https://***@cache.example.org");
        let token = format!("a={TOKEN}");
        shows(&["access-tokens", &token], "planted-pw", "***");
    }

    #[test]
    fn a_short_secret_is_hidden_where_it_stands_and_an_empty_one_harms_nothing() {
        let options = ["--option", "access-tokens", "e"];
        shows(&options, &options.join(" "), "--option access-tokens ***");
        shows(&options, "here", "here");
        shows(&["--option", "access-tokens", ""], "here", "here");
    }
}

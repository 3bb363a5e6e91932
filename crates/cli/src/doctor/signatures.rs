//! Whether what is queued is signed by whom the destination, or its clients, trust.

use std::fs::File;
use std::io::{BufRead, BufReader};

use nix_copy::{NixSettings, NixUploader, SignedPath, StoreKind, parameter};
use nix_post_build_push_config::{QueueSettings, StoreUri};
use queue_core::StorePath;

use super::finding::{Check, Finding};
use super::kind::Kind;
use super::machine::Machine;
use super::managed::Managed;
use super::signed_copy;

/// Of long queues as many are looked at.
const MOST: usize = 100;

/// What is known of signatures.
struct Facts<'a> {
    managed: Managed,
    by_daemon: bool,
    queue: &'a str,
    /// How many are queued.
    queued: usize,
    /// Of the first of what is queued, but for derivations.
    signed: &'a [SignedPath],
    /// With which key what is built from now on is signed.
    signs: Option<&'a str>,
    /// Whether the destination shall check them.
    check: bool,
    place: StoreKind<'a>,
    /// The names of the keys that a Nix of ours trusts.
    trusted: &'a [String],
    /// Whether the daemon at the destination trusts us.
    trusts_us: Option<bool>,
}

/// What there is to say of the signatures for a destination; `asked` is one that answers.
pub(super) fn check(
    machine: &Machine<'_>,
    settings: &QueueSettings,
    uri: &StoreUri,
    place: StoreKind<'_>,
    entries: &[StorePath],
    asked: Option<&NixUploader>,
    write: bool,
) -> Vec<Finding> {
    // The binary cache itself is told the key.
    if !place.checks_signatures() && parameter(uri.as_str(), "secret-key").is_some() {
        return vec![Finding::ok(
            Check::Signatures,
            "each copy signs with `secret-key` of the destination",
        )];
    }
    let untried = |text: &str| Finding::of(Kind::SignaturesNotTried, text.to_owned());
    let nix = match &machine.builds {
        Ok(nix) => nix,
        Err(_) => return vec![untried("Nix does not tell which keys it has")],
    };
    let some: Vec<_> = entries.iter().take(MOST).cloned().collect();
    let signed = match machine.inspector().signatures(&some) {
        Ok(signed) => signed,
        Err(error) => {
            return vec![
                untried("Nix does not tell who signed what is queued").caused_by_port(&error),
            ];
        }
    };
    let secret_keys = nix.list("secret-key-files");
    let ask = asked.filter(|_| place.is_behind_a_daemon() && !settings.check_sigs.value);
    let facts = Facts {
        managed: machine.managed,
        by_daemon: machine.is_by_daemon(),
        queue: &settings.name,
        signed: &signed,
        queued: entries.len(),
        signs: secret_keys.first().copied(),
        check: settings.check_sigs.value,
        place,
        trusted: &trusted(nix),
        trusts_us: ask.and_then(|uploader| uploader.is_trusted().ok().flatten()),
    };
    let judged = judge(&facts);
    let is_open = judged.kind == Some(Kind::SignaturesNotTried) && settings.check_sigs.value;
    let tried = asked.filter(|_| is_open && write);
    let tried = tried.and_then(|uploader| signed_copy::tried(machine.store, uploader, &signed));
    let missing_keys = missing_keys(machine.managed, nix);
    missing_keys
        .into_iter()
        .chain(std::iter::once(tried.unwrap_or(judged)))
        .collect()
}

/// A Nix trusts `trusted-public-keys`, and the keys that it signs with, as far as it can read them
/// (2.34.8, `libstore/keys.cc`, `getDefaultPublicKeys`; the same seen with 2.8.0 and 2.26.3).
fn trusted(nix: &NixSettings) -> Vec<String> {
    let public = nix.list("trusted-public-keys").into_iter();
    let named = public.filter_map(|key| Some(key.split_once(':')?.0.to_owned()));
    let own = nix
        .list("secret-key-files")
        .into_iter()
        .filter_map(key_name);
    named.chain(own).collect()
}

/// What stands before the secret.
fn key_name(file: &str) -> Option<String> {
    let mut name = Vec::new();
    BufReader::new(File::open(file).ok()?)
        .read_until(b':', &mut name)
        .ok()?;
    let name = name.strip_suffix(b":")?;
    String::from_utf8(name.to_vec()).ok()
}

/// A build whose output cannot be signed fails.
fn missing_keys(managed: Managed, nix: &NixSettings) -> Vec<Finding> {
    let files = nix.list("secret-key-files").into_iter();
    let missing = files.filter(|file| matches!(std::path::Path::new(file).try_exists(), Ok(false)));
    missing
        .map(|file| {
            let text = format!("the secret key {file} of secret-key-files is not there");
            Finding::of(Kind::UnsignedRefused, text).fix(managed.put_secret_key())
        })
        .collect()
}

fn judge(facts: &Facts<'_>) -> Finding {
    let matters =
        |path: &&SignedPath| !(facts.place.checks_signatures() && path.is_content_addressed);
    let paths: Vec<_> = facts.signed.iter().filter(matters).collect();
    let unsigned: Vec<_> = paths.iter().filter(|path| path.keys.is_empty()).collect();
    let lacks = match (unsigned.len(), paths.len(), facts.signs.is_some()) {
        (0, 0, false) => {
            Some("what is built here is not signed: secret-key-files is not set".to_owned())
        }
        (0, _, _) => None,
        (number, all, _) => {
            let all = match facts.queued > MOST {
                true => format!("the first {all} of {}", facts.queued),
                false => all.to_string(),
            };
            Some(format!("{number} of {all} queued paths have no signature"))
        }
    };
    match (facts.place.checks_signatures(), facts.check) {
        (true, true) => checked(facts, lacks, &paths),
        (true, false) => unchecked(facts),
        (false, _) => match lacks {
            Some(lacks) => Finding::of(Kind::Unsigned, lacks)
                .because("it is taken without one, but who fetches it may refuse it")
                .fix(facts.managed.sign(facts.signs, facts.by_daemon)),
            None => Finding::ok(Check::Signatures, "what is queued is signed"),
        },
    }
}

fn checked(facts: &Facts<'_>, lacks: Option<String>, paths: &[&SignedPath]) -> Finding {
    if let Some(lacks) = lacks {
        return Finding::of(Kind::UnsignedRefused, lacks)
            .because("the destination takes nothing unsigned")
            .fix(
                facts
                    .managed
                    .sign_or_trust(facts.signs, facts.queue, facts.by_daemon),
            );
    }
    let is_trusted = |path: &&&SignedPath| path.keys.iter().any(|key| facts.trusted.contains(key));
    let strange = paths.iter().find(|path| !is_trusted(path));
    match (facts.place, strange) {
        // Such a store is opened by a Nix of ours: it trusts whom this machine trusts.
        (StoreKind::Chroot(_), Some(path)) => {
            let text = format!("the store does not trust the key {}", path.keys.join(", "));
            Finding::of(Kind::KeyNotTrusted, text).fix(facts.managed.trust_key())
        }
        (StoreKind::Chroot(_), None) => {
            Finding::ok(Check::Signatures, "signed by a key that the store trusts")
        }
        _ => Finding::of(
            Kind::SignaturesNotTried,
            "what is queued is signed; whether the destination trusts the key shows in a copy",
        )
        .fix("nix-post-build-push doctor --write # copies one small path of the queue as well"),
    }
}

fn unchecked(facts: &Facts<'_>) -> Finding {
    match (facts.place.is_behind_a_daemon(), facts.trusts_us) {
        (true, Some(false)) => Finding::of(
            Kind::NotTrustedThere,
            "check-sigs = false has no effect: the daemon there does not trust this account",
        )
        .fix("there: add the account to trusted-users in its nix.conf (on NixOS: nix.settings.trusted-users); or sign what is built, with check-sigs = true"),
        (true, None) => Finding::of(
            Kind::SignaturesNotTried,
            "whether the daemon there trusts this account is not told",
        ),
        _ => Finding::ok(Check::Signatures, "the destination does not check them"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(keys: &[&str], is_content_addressed: bool) -> SignedPath {
        SignedPath {
            path: "00000000000000000000000000000001-x".parse().unwrap(),
            keys: keys.iter().map(|&key| key.to_owned()).collect(),
            is_content_addressed,
        }
    }

    fn kind(
        place: StoreKind<'_>,
        check: bool,
        signed: &[SignedPath],
        trusts_us: Option<bool>,
    ) -> Option<Kind> {
        let trusted = &["here-1".to_owned()];
        let facts = Facts {
            managed: Managed::ByHand,
            by_daemon: true,
            queue: "q",
            queued: signed.len(),
            signed,
            signs: Some("/etc/nix/secret-key"),
            check,
            place,
            trusted,
            trusts_us,
        };
        judge(&facts).kind
    }

    #[test]
    fn what_a_store_trusts_is_all_well_and_what_it_refuses_is_a_fault() {
        let chroot = StoreKind::Chroot("/c".into());
        let (ours, other) = (path(&["here-1"], false), path(&["there-1"], false));
        let (none, fixed) = (path(&[], false), path(&[], true));
        assert_eq!(kind(chroot, true, &[ours.clone(), fixed], None), None);
        assert_eq!(
            kind(chroot, true, &[ours.clone(), other], None),
            Some(Kind::KeyNotTrusted)
        );
        assert_eq!(
            kind(chroot, true, &[ours, none.clone()], None),
            Some(Kind::UnsignedRefused)
        );
        assert_eq!(kind(chroot, false, &[none], None), None);
    }

    #[test]
    fn of_a_long_queue_it_is_said_how_much_was_looked_at() {
        let unsigned = vec![path(&[], false); MOST];
        let facts = Facts {
            managed: Managed::ByHand,
            by_daemon: true,
            queue: "q",
            queued: 3000,
            signed: &unsigned,
            signs: Some("/etc/nix/secret-key"),
            check: true,
            place: StoreKind::Http,
            trusted: &[],
            trusts_us: None,
        };
        assert!(
            judge(&facts)
                .text
                .contains("100 of the first 100 of 3000 queued")
        );
    }

    #[test]
    fn a_daemon_that_does_not_trust_us_checks_whatever_we_say() {
        let trust = |trusted| kind(StoreKind::Daemon, false, &[], trusted);
        assert_eq!(trust(Some(true)), None);
        assert_eq!(trust(Some(false)), Some(Kind::NotTrustedThere));
        assert_eq!(trust(None), Some(Kind::SignaturesNotTried));
    }

    #[test]
    fn a_binary_cache_takes_all_and_its_clients_may_not() {
        for place in [
            StoreKind::Http,
            StoreKind::S3,
            StoreKind::Ssh,
            StoreKind::Directory("/c".into()),
        ] {
            assert_eq!(
                kind(place, true, &[path(&[], false)], None),
                Some(Kind::Unsigned)
            );
            assert_eq!(kind(place, true, &[path(&["here-1"], false)], None), None);
        }
    }
}

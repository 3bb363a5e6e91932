//! Whether a destination trusts who signed what is queued, as far as a copy shows it: one that was tried,
//! or one that is made since that was asked for.

use nix_copy::{NixUploader, SignedPath};
use queue_core::{StoreSizes, UploadError, Uploader};

use super::finding::{Check, Finding};
use super::kind::Kind;
use crate::adapters::Store;
use crate::status::{PATIENCE, QueueStatus};

/// What a copy of something queued may take. It would be pushed anyway, but not while somebody waits.
const LARGEST: u64 = 16 << 20;

/// Each takes a question, of how large it is.
const MOST: usize = 10;

/// How Nix says that it refuses a signature (2.8.0 to 2.34.8, `local-store.cc`, `addToStore`).
const REFUSED: [&str; 2] = [
    "lacks a valid signature",
    "lacks a signature by a trusted key",
];

/// What mends it.
const FIX: &str = "there: add the public key to trusted-public-keys in its nix.conf (on NixOS: \
                   nix.settings.trusted-public-keys); then `nix-post-build-push retry --all`";

/// Copies the smallest of these that has a signature; `None` if none is small enough to be tried.
pub(super) fn tried(
    store: &Store,
    uploader: &NixUploader,
    signed: &[SignedPath],
) -> Option<Finding> {
    let needs_one = |path: &&SignedPath| !path.is_content_addressed && !path.keys.is_empty();
    let database = store.database_within(PATIENCE);
    let some = signed.iter().filter(needs_one).take(MOST);
    let sized = some.filter_map(|path| {
        let closure = database.closure(std::slice::from_ref(&path.path));
        let size: u64 = closure.ok()?.iter().map(|object| object.nar_size).sum();
        (size <= LARGEST).then_some((size, path))
    });
    let (_, path) = sized.min_by_key(|(size, _)| *size)?;
    let shown = store.dir.join(&path.path);
    match uploader.upload(std::slice::from_ref(&path.path)) {
        Ok(_) => {
            let text = format!(
                "the destination took {shown}, which {} signed",
                path.keys.join(", ")
            );
            Some(Finding::ok(Check::Signatures, text))
        }
        Err(UploadError { message, .. }) => is_refusal(&message).then(|| not_trusted(&message)),
    }
}

/// The same as a push remembers it, if one failed for it.
pub(super) fn remembered(status: &QueueStatus) -> Option<Finding> {
    let failures = status.remembered.failures.iter();
    let mut errors = failures.map(|(_, failures)| &failures.last_error);
    let refused = errors.find(|error| is_refusal(error))?;
    Some(not_trusted(refused))
}

fn is_refusal(error: &str) -> bool {
    REFUSED.iter().any(|refused| error.contains(refused))
}

fn not_trusted(error: &str) -> Finding {
    let text = "the destination does not trust who signed what is queued";
    Finding::of(Kind::KeyNotTrusted, text)
        .because(error)
        .fix(FIX)
}

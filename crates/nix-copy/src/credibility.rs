//! Whether it can be believed that `nix copy` succeeded.
//!
//! Nix before 2.25 may exit 0, without a word, when the connection to a remote
//! store ends in mid-copy: an entry would leave the queue and be nowhere. There
//! a thread waits for the other side's errors; the end of the connection is
//! handed over to the next write (2.8.0, `serialise.hh`, `FramedSink::write`),
//! which forgets it while it throws it, as an `EndOfFile`; and
//! `Source::drainInto` (`serialise.cc`), which called that write, takes it for
//! the end of what is to be sent. Since 2.25.0 there is no such thread, and the
//! end is met once more (`ConnectionHandle::withFramedSink`). `ssh://` and
//! binary caches are sent to in another way.

use queue_core::{StoreDir, StorePath, UploadErrorKind};

use crate::call::CallError;
use crate::classify::BROKEN_OFF_HINT;

/// Whether the Nix that answers `--version` so is known not to. Lix counts from
/// Nix 2.18 on in numbers of its own.
pub(crate) fn notices_an_end(version: &str) -> bool {
    let is_nix = ["nix (Nix) ", "nix (Determinate Nix "]
        .iter()
        .any(|name| version.starts_with(name));
    let number = version.split_whitespace().last().unwrap_or_default();
    let mut parts = number.split('.').map(|part| {
        // `35pre20261101_abcdef0`
        let digits = part.find(|c: char| !c.is_ascii_digit());
        part[..digits.unwrap_or(part.len())].parse::<u32>()
    });
    let (Some(Ok(major)), Some(Ok(minor))) = (parts.next(), parts.next()) else {
        return false;
    };
    is_nix && (major, minor) >= (2, 25)
}

/// What is said of a copy that succeeded without these.
pub(crate) fn overlooked(absent: &[StorePath], store: &StoreDir) -> Result<(), CallError> {
    let Some(first) = absent.first() else {
        return Ok(());
    };
    let others = match absent.len() - 1 {
        0 => String::new(),
        n => format!(" and {n} more"),
    };
    Err(CallError::Failed {
        kind: UploadErrorKind::Refused,
        signal: None,
        message: format!(
            "nix copy succeeded, but the destination lacks {}{others}: \
             Nix before 2.25 may overlook that a connection ends",
            store.join(first)
        ),
        hint: BROKEN_OFF_HINT.map(str::to_owned),
        cut_short: None,
        details: String::new(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_nix_that_is_known_to_notice_is_believed() {
        for version in [
            "nix (Nix) 2.26.3",
            "nix (Nix) 2.34.8",
            "nix (Nix) 2.25.0\n",
            "nix (Nix) 2.35pre20261101_abcdef0",
            "nix (Nix) 3.0.0",
            "nix (Determinate Nix 3.8.5) 2.30.2",
        ] {
            assert!(notices_an_end(version), "{version}");
        }
        for version in [
            "nix (Nix) 2.8.0",
            "nix (Nix) 2.24.14",
            "nix (Lix, like Nix) 2.93.0",
            "nix (Nix)",
            "",
        ] {
            assert!(!notices_an_end(version), "{version}");
        }
    }
}

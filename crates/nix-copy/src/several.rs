//! Several copies at the same time.

use std::io::{self, PipeWriter};
use std::sync::mpsc;
use std::thread;

use queue_core::UploadErrorKind;

use crate::Nix;
use crate::call::CallError;

/// Does `copy` for each part, at the same time, a thread each. The Nix that it is
/// given is told to stop once one of them has failed: what they have copied by then
/// harms nothing, and the whole has failed in any case.
///
/// # Errors
///
/// Of all failures the one that tells most.
pub(crate) fn at_once<T: Sync>(
    nix: &Nix,
    parts: &[T],
    copy: impl Fn(&Nix, &T) -> Result<(), CallError> + Sync,
) -> Result<(), CallError> {
    if let [part] = parts {
        return copy(nix, part);
    }
    let (asked, ask) = io::pipe().map_err(failed_to_run)?;
    let cancel = nix.cancel().or_when_readable(asked.into());
    let nix = nix.clone().with_cancel(cancel.map_err(failed_to_run)?);
    thread::scope(|scope| {
        let (sender, ended) = mpsc::channel();
        for part in parts {
            let (own_sender, nix, copy) = (sender.clone(), &nix, &copy);
            let started = thread::Builder::new().spawn_scoped(scope, move || {
                // Somebody receives until the last one has sent.
                let _ = own_sender.send(copy(nix, part));
            });
            if let Err(error) = started {
                let _ = sender.send(Err(failed_to_run(error)));
                break;
            }
        }
        drop(sender);
        all(ended, ask)
    })
}

/// Waits for all; the first failure stops the others.
fn all(ended: mpsc::Receiver<Result<(), CallError>>, ask: PipeWriter) -> Result<(), CallError> {
    let mut ask = Some(ask);
    let mut failures = Vec::new();
    for failure in ended.into_iter().filter_map(Result::err) {
        // The end of the pipe counts.
        drop(ask.take());
        failures.push(failure);
    }
    failures.into_iter().min_by_key(rank).map_or(Ok(()), Err)
}

/// The less, the more it tells; of those that tell as much the first one counts.
fn rank(error: &CallError) -> u8 {
    match error.kind() {
        UploadErrorKind::Cancelled => 2,
        UploadErrorKind::Unclear => 1,
        _ => 0,
    }
}

/// No thread, or no pipe.
fn failed_to_run(source: io::Error) -> CallError {
    CallError::Run {
        program: "nix",
        source,
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Barrier;
    use std::time::Duration;

    use super::*;
    use crate::Cancel;

    fn nix() -> Nix {
        Nix::new(queue_core::StoreDir::new("/s").unwrap(), Vec::new())
    }

    fn failed(kind: UploadErrorKind, message: &str) -> CallError {
        CallError::Failed {
            kind,
            signal: None,
            message: message.to_owned(),
            hint: None,
            cut_short: None,
            details: String::new(),
        }
    }

    /// Until it is told to stop.
    fn cancelled(nix: &Nix) -> CallError {
        nix.cancel().wait(Duration::from_secs(600), None);
        CallError::Cancelled { program: "nix" }
    }

    #[test]
    fn all_are_at_work_at_the_same_time() {
        let together = Barrier::new(8);
        let done = at_once(&nix(), &[(); 8], |_, ()| {
            together.wait();
            Ok(())
        });
        assert!(done.is_ok());
    }

    #[test]
    fn one_part_needs_no_other_thread() {
        let here = thread::current().id();
        let done = at_once(&nix(), &[1], |_, _| {
            assert_eq!(thread::current().id(), here);
            Ok(())
        });
        assert!(done.is_ok());
    }

    #[test]
    fn the_first_failure_ends_the_others_and_is_told() {
        for culprit in 0..4 {
            let error = at_once(&nix(), &[0, 1, 2, 3], |nix, part| match *part == culprit {
                true => Err(failed(UploadErrorKind::Paths, "it is bad")),
                false => Err(cancelled(nix)),
            });
            assert_eq!(error.unwrap_err().to_string(), "it is bad");
        }
    }

    #[test]
    fn what_nobody_knows_the_reason_of_tells_less_than_what_has_one() {
        use UploadErrorKind::{Paths, Unavailable, Unclear};
        for telling in [Paths, Unavailable] {
            let together = Barrier::new(2);
            let error = at_once(&nix(), &[Unclear, telling], |_, kind| {
                together.wait();
                Err(failed(*kind, "no"))
            });
            assert_eq!(error.unwrap_err().kind(), telling);
        }
    }

    #[test]
    fn who_asks_to_stop_stops_all() {
        let (read, write) = io::pipe().unwrap();
        let nix = nix().with_cancel(Cancel::when_readable(read.into()));
        drop(write);
        let error = at_once(&nix, &[(); 4], |nix, ()| Err(cancelled(nix)));
        assert_eq!(error.unwrap_err().kind(), UploadErrorKind::Cancelled);
    }
}

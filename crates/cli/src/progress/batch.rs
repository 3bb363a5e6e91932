//! The line about a batch that is over: pure.

use std::time::Duration;

use queue_core::Bytes;

use super::speed::a_second;
use crate::words::{count, exactly};

/// From less time no speed is told.
const SHORTEST: Duration = Duration::from_millis(100);

/// What a batch came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Batch {
    /// Entries that were delivered so far in this push.
    pub(super) delivered: usize,
    /// Of so many that were ready so far.
    pub(super) all: usize,
    /// Entries of this batch that failed.
    pub(super) failed: usize,
    /// Store paths that were copied for it.
    pub(super) paths: u64,
    /// Bytes that were; 0 also where Nix does not tell.
    pub(super) bytes: u64,
    /// How long it took.
    pub(super) time: Duration,
}

impl Batch {
    /// `1000 of 2500 entries delivered: 1234 paths, 3.4 GiB in 2m 3s, 28.3 MiB/s`
    pub(super) fn line(&self) -> String {
        let Self { delivered, all, .. } = self;
        let entries = if *all == 1 { "entry" } else { "entries" };
        let failed = match self.failed {
            0 => String::new(),
            number => format!(", {number} failed"),
        };
        format!(
            "{delivered} of {all} {entries} delivered{failed}: {}",
            self.copied()
        )
    }

    fn copied(&self) -> String {
        let time = exactly(self.time);
        match (self.paths, self.bytes) {
            (0, 0) if self.failed > 0 => format!("nothing was copied, in {time}"),
            (0, 0) => format!("nothing was to be copied, in {time}"),
            (paths, 0) => format!("{} in {time}", count(paths, "path")),
            (paths, bytes) => {
                let speed = match self.time >= SHORTEST {
                    true => format!(", {}/s", Bytes(a_second(bytes, self.time))),
                    false => String::new(),
                };
                format!(
                    "{}, {} in {time}{speed}",
                    count(paths, "path"),
                    Bytes(bytes)
                )
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn says(batch: Batch, line: &str) {
        assert_eq!(batch.line(), line);
    }

    #[test]
    fn a_batch_is_told_in_one_line() {
        let batch = Batch {
            delivered: 1_000,
            all: 2_500,
            failed: 0,
            paths: 1_234,
            bytes: 3_660_000_000,
            time: Duration::from_millis(123_456),
        };
        says(
            batch,
            "1000 of 2500 entries delivered: 1234 paths, 3.4 GiB in 2m 3s, 28.2 MiB/s",
        );
        says(
            Batch {
                failed: 2,
                bytes: 0,
                ..batch
            },
            "1000 of 2500 entries delivered, 2 failed: 1234 paths in 2m 3s",
        );
    }

    #[test]
    fn what_took_no_time_has_no_speed_and_what_was_there_is_said_to_be() {
        let batch = Batch {
            delivered: 1,
            all: 1,
            failed: 0,
            paths: 1,
            bytes: 120,
            time: Duration::from_millis(99),
        };
        says(batch, "1 of 1 entry delivered: 1 path, 120 B in 0.0 s");
        says(
            Batch {
                paths: 0,
                bytes: 0,
                time: Duration::from_millis(2_345),
                ..batch
            },
            "1 of 1 entry delivered: nothing was to be copied, in 2.3 s",
        );
        says(
            Batch {
                delivered: 0,
                failed: 1,
                paths: 0,
                bytes: 0,
                ..batch
            },
            "0 of 1 entry delivered, 1 failed: nothing was copied, in 0.0 s",
        );
    }
}

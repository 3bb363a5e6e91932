//! What is in a queue after its drain, or while it rests.

use std::time::{Duration, SystemTime};

use nix_post_build_push_config::QueueSettings;
use queue_core::{Plan, plan};

use crate::adapters::{OpenQueue, Store, retry_policy};
use crate::commands::queues;
use crate::error::CommandError;
use crate::session::{destination, now};

/// What is in the queue now, which the last push need not have seen; and what the destination said
/// if it failed, and did not answer since, as far as that could be remembered.
pub(super) fn left(
    queue: &OpenQueue,
    settings: &QueueSettings,
) -> Result<(Plan, Option<String>), CommandError> {
    let entries = queue.list()?.entries;
    // If it is damaged, the push has said so.
    let mut ledger = queue.ledger()?.unwrap_or_default();
    if let Some(destination) = destination(settings) {
        ledger.forget_other_destinations(&destination);
    }
    let policy = retry_policy(settings);
    let left = plan(&entries, &ledger, now(), &policy, false);
    let failure = ledger.destination().map(|known| known.last_error.clone());
    Ok((left, failure))
}

/// Whether there is something in the queue that a push could try in time. What cannot be seen is
/// no reason to push: who looks at what is left says why.
pub(super) fn is_due(store: &Store, settings: &QueueSettings, time: Option<Duration>) -> bool {
    let Ok(Some(queue)) = queues::open(store, settings) else {
        return false;
    };
    left(&queue, settings).is_ok_and(|(left, _)| fits(left.next_try, now(), time))
}

/// Pure.
fn fits(next_try: Option<SystemTime>, now: SystemTime, time: Option<Duration>) -> bool {
    let wait = next_try.map(|at| at.duration_since(now).unwrap_or_default());
    wait.is_some_and(|wait| time.is_none_or(|time| wait <= time))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_tried_again_after_the_time_is_over_is_no_reason_to_go_on() {
        let (now, second) = (now(), Duration::from_secs(1));
        assert!(!fits(None, now, None), "nothing, or parked");
        assert!(fits(Some(now), now, None));
        assert!(fits(Some(now - second), now, Some(Duration::ZERO)));
        assert!(fits(Some(now + second), now, None));
        assert!(fits(Some(now + second), now, Some(second)));
        assert!(!fits(Some(now + 2 * second), now, Some(second)));
    }
}

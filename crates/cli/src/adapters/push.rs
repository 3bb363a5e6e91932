//! How a queue is pushed.

use std::num::{NonZeroU32, NonZeroUsize};

use nix_post_build_push_config::QueueSettings;
use queue_core::{PushOptions, RetryPolicy};

/// When a queue's failures are tried again.
#[must_use]
pub fn retry_policy(settings: &QueueSettings) -> RetryPolicy {
    RetryPolicy {
        delay: settings.retry_delay.value,
        max_delay: settings.retry_max_delay.value,
        max_attempts: NonZeroU32::new(settings.max_attempts.value).unwrap_or(NonZeroU32::MIN),
    }
}

/// How a queue is pushed.
#[must_use]
pub fn push_options(settings: &QueueSettings, force: bool, seed: u64) -> PushOptions {
    let batch_size = usize::try_from(settings.batch_size.value).unwrap_or(usize::MAX);
    let destination = settings
        .destination
        .as_ref()
        .map(|setting| setting.value.to_string());
    PushOptions {
        destination: destination.unwrap_or_default(),
        batch_size: NonZeroUsize::new(batch_size).unwrap_or(NonZeroUsize::MIN),
        retry: retry_policy(settings),
        verify: settings.verify.value,
        force,
        seed,
    }
}

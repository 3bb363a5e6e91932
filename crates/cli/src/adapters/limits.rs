//! The limits of a queue, as it takes them.

use nix_post_build_push_config::{BeyondLimit, QueueSettings, Setting};
use queue_core::{Beyond, Limit, Limits, QueueReport};

/// What opens a queue again that a push closed, in spite of whatever was changed since.
pub const OPENED_BY: &str = "`nix-post-build-push push` opens it again once it is within its limits, \
                             also after one was raised; `nix-post-build-push drop` opens it at once";

/// What to do about what a limit refused.
#[must_use]
pub fn refusal_hint(report: &QueueReport) -> &'static str {
    match report.closed {
        true => OPENED_BY,
        false => "push the queue, `drop` what is not wanted, or raise the limit",
    }
}

/// What the configuration says.
pub(super) fn limits(settings: &QueueSettings) -> Limits {
    let limits = &settings.limits;
    let entries = |number: &u32| usize::try_from(*number).unwrap_or(usize::MAX);
    Limits {
        max_entries: limit(&limits.max_entries, &limits.beyond_max_entries, entries),
        max_age: limit(&limits.max_age, &limits.beyond_max_age, |age| *age),
        max_pinned: limit(&limits.max_pinned, &limits.beyond_max_pinned, |size| size.0),
    }
}

fn limit<S, T>(
    at_most: &Option<Setting<S>>,
    beyond: &Setting<BeyondLimit>,
    value: impl Fn(&S) -> T,
) -> Option<Limit<T>> {
    let at_most = value(&at_most.as_ref()?.value);
    let beyond = match beyond.value {
        BeyondLimit::Refuse => Beyond::Refuse,
        BeyondLimit::DropOldest => Beyond::DropOldest,
    };
    Some(Limit { at_most, beyond })
}

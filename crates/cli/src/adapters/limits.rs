//! The limits of a queue, as it takes them.

use nix_post_build_push_config::{BeyondLimit, QueueSettings, Setting};
use queue_core::{Beyond, Limit, Limits};

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

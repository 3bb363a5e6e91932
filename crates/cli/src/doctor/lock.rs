//! A push that is at work for too long.

use std::time::{Duration, SystemTime};

use camino::Utf8Path;

use super::finding::Finding;
use super::kind::Kind;
use crate::lock::at_work;

/// Tells of a push that is at work for longer than one copy may take.
pub(super) fn check(queue_dir: &Utf8Path, longest: Duration, now: SystemTime) -> Option<Finding> {
    let push = at_work(queue_dir)?;
    let (pid, since) = (push.pid, now.duration_since(push.since?).ok()?);
    (since > longest).then(|| {
        let since = humantime::format_duration(Duration::from_secs(since.as_secs()));
        let text = format!("process {pid} holds the queue for {since}: no other push begins");
        Finding::of(Kind::PushLong, text).fix(format!(
            "ps -f {pid} # if it hangs: sudo kill {pid}; what is queued is kept"
        ))
    })
}

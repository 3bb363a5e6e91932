//! The queue that somebody means who asks for root's without being root.

use camino::{Utf8Path, Utf8PathBuf};
use nix_post_build_push_config::{Config, Origin, QueueSettings, roots_queue_dir};

use crate::message::Message;

/// Warns of each queue in which this account has never queued anything, while root has one of that
/// name: where a daemon builds, that is the one which has something in it.
pub(super) fn warn(config: &Config) {
    let uid = rustix::process::geteuid().as_raw();
    for settings in config.enabled() {
        let Some(roots) = meant(settings, uid, Utf8Path::exists) else {
            continue;
        };
        let text = format!(
            "this account has no queue, its directory would be {}; root's queue is {roots}",
            settings.queue_dir.value
        );
        Message::of_queue(&settings.name, text)
            .hint("use `sudo`: what Nix's daemon builds is in root's queue")
            .warning();
    }
}

/// Root's queue of that name, if it is there and this account's is not. Whoever named a directory
/// means that one.
fn meant(
    settings: &QueueSettings,
    uid: u32,
    exists: impl Fn(&Utf8Path) -> bool,
) -> Option<Utf8PathBuf> {
    let own = &settings.queue_dir;
    if uid == 0 || own.origin != Origin::Default || exists(&own.value) {
        return None;
    }
    Some(roots_queue_dir(&settings.name)).filter(|roots| exists(roots))
}

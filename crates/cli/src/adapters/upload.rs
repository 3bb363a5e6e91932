//! A queue's destination.

use std::time::Duration;

use nix_copy::{ClosureType, Destination, Limits, NixUploader, UploadOptions};
use nix_post_build_push_config::{self as config, QueueSettings, StoreUri};
use queue_core::{PortError, StorePath, UploadError};

use super::Store;

/// How long a Nix that is asked to end may take for it.
const GRACE: Duration = Duration::from_secs(10);

/// Reads a queue's destination and prepares its uploads. Starts nothing yet.
///
/// # Errors
///
/// If there is no destination, or its file cannot be read.
pub fn uploader(store: &Store, settings: &QueueSettings) -> Result<NixUploader, PortError> {
    let failed = |error| PortError::new("open the destination of queue", &settings.name, error);
    let Some(destination) = &settings.destination else {
        let none: Box<dyn std::error::Error + Send + Sync> = "none is set".into();
        return Err(failed(none)
            .with_hint("set `destination`, --destination, or NIX_POST_BUILD_PUSH_DESTINATION"));
    };
    let uri = destination
        .value
        .read()
        .map_err(|error| failed(error.into()))?;
    Ok(NixUploader::new(
        store.nix.clone(),
        options(settings, shown_redacted(uri)),
    ))
}

fn shown_redacted(uri: StoreUri) -> Destination {
    let text = uri.as_str().to_owned();
    Destination::new(text).with_redaction(move |text| uri.redact(text))
}

fn options(settings: &QueueSettings, destination: Destination) -> UploadOptions {
    UploadOptions {
        destination,
        closure_type: closure_type(settings.closure_type.value),
        check_sigs: settings.check_sigs.value,
        substitute_on_destination: settings.substitute_on_destination.value,
        nix_opts: settings.nix_opts.value.to_vec(),
        limits: Limits {
            total: Some(settings.timeout.value),
            stall: Some(settings.stall_timeout.value),
            grace: GRACE,
        },
    }
}

/// All that a push of `paths` from this queue would copy; no destination is needed for it.
///
/// # Errors
///
/// If Nix cannot be asked, or a path is not valid.
pub fn closure(
    store: &Store,
    settings: &QueueSettings,
    paths: &[StorePath],
) -> Result<Vec<StorePath>, UploadError> {
    let nowhere = Destination::new(String::new());
    NixUploader::new(store.nix.clone(), options(settings, nowhere)).closure(paths)
}

fn closure_type(kind: config::ClosureType) -> ClosureType {
    match kind {
        config::ClosureType::Bare => ClosureType::Bare,
        config::ClosureType::Binary => ClosureType::Binary,
        config::ClosureType::Source => ClosureType::Source,
        config::ClosureType::Cache => ClosureType::Cache,
    }
}

//! The contract of [`Uploader`].

use super::{done, path};
use crate::{StorePath, Uploader};

/// What every [`Uploader`] to a healthy destination does, with valid `paths` that
/// are not there yet.
pub fn uploader(uploader: &dyn Uploader, paths: &[StorePath]) {
    done("probe", uploader.probe());
    let nowhere = path("nowhere");
    let missing = done("missing", uploader.missing(std::slice::from_ref(&nowhere)));
    assert_eq!(missing, [nowhere]);
    for round in ["upload", "upload again"] {
        done(round, uploader.upload(paths));
        let missing = done("missing", uploader.missing(paths));
        assert!(missing.is_empty(), "{round}: confirmed, and not there");
    }
}

//! Every call of `nix`, `nix-store` and `nix-instantiate`: their arguments,
//! their environment, their supervision, and what their output means.
//!
//! This crate never decides what to do about a failure: it says whose fault it
//! is ([`queue_core::UploadErrorKind`]) and `queue-core` decides. It reads
//! neither the environment nor the wall clock; the caller hands in what it
//! takes from there.
//!
//! | type | `queue-core` port |
//! | --- | --- |
//! | [`NixUploader`] | [`Uploader`](queue_core::Uploader) |
//! | [`NixStoreContents`] | [`StoreContents`](queue_core::StoreContents) |
//! | [`NixStoreDatabase`] | [`StoreDatabase`](queue_core::StoreDatabase) |
//! | the same | [`StoreSizes`](queue_core::StoreSizes) |
//! | [`NixStoreRoots`] | [`GcRoots`](queue_core::GcRoots) |
//!
//! Facts about Nix in here were seen on 2.8.0, 2.26.3 and 2.34.8, as Debian
//! ships them, unless a version is named.

mod activities;
mod add;
mod brings;
mod call;
mod cancel;
mod chunks;
mod classify;
mod closure_type;
mod contents;
mod copy_args;
mod copy_event;
mod credibility;
mod database;
mod destination;
#[cfg(test)]
mod fake;
#[cfg(test)]
mod fuzz;
mod inspect;
mod internal_json;
mod log;
mod memory;
mod message;
mod movement;
mod named;
mod nix;
mod parts;
mod path_info;
mod queries;
mod response_body;
mod roots;
mod several;
mod sizes;
mod store_kind;
mod store_verify;
mod supervise;
mod upload_options;
mod upload_progress;
mod uploader;
#[cfg(test)]
mod wait;

pub use add::add_file;
pub use call::CallError;
pub use cancel::Cancel;
pub use closure_type::ClosureType;
pub use contents::{ContentsScope, NixStoreContents};
pub use copy_event::CopyEvent;
pub use database::NixStoreDatabase;
pub use destination::{Destination, Exposure};
pub use inspect::{NixInspector, NixSettings, SignedPath};
pub use nix::Nix;
pub use roots::NixStoreRoots;
pub use store_kind::{StoreKind, is_this_machines, parameter};
pub use supervise::Timeouts;
pub use upload_options::UploadOptions;
pub use upload_progress::{Moved, Share, Stage, UploadEvent, UploadProgress, UploadSnapshot};
pub use uploader::NixUploader;

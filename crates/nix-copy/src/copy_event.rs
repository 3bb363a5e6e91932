//! What a call of `nix copy` tells of how far it is.

use queue_core::StorePath;

/// Something that Nix told while it copied. Numbers are as it printed them, and whoever prints through
/// `ssh` may print the like: believe none of them for more than a look.
///
/// All versions tell how many paths there are, and when each begins and ends. Bytes are told by 2.26.3
/// and 2.34.8; of what is sent over HTTP by 2.34.8 alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CopyEvent {
    /// So many paths are to be copied: what the destination lacks.
    Paths(u64),
    /// So many bytes of NARs in all of them.
    Bytes(u64),
    /// So many paths are done, those included that turned out to be there.
    PathsDone(u64),
    /// A path is being copied.
    PathBegan {
        /// Until its end this is the path.
        id: u64,
        /// Which, where that can be told.
        path: Option<StorePath>,
    },
    /// So much of a path was read. Where it goes to a binary cache by HTTP it is compressed then, not
    /// sent.
    PathMoved {
        /// As it began.
        id: u64,
        /// Bytes of its NAR.
        done: u64,
        /// All of them.
        expected: u64,
    },
    /// A path is read no longer: it is done, or is sent from now on (to a cache by HTTP, 2.34.8), or the
    /// copy failed.
    PathEnded {
        /// As it began.
        id: u64,
    },
    /// So much of the file of a NAR was sent to a binary cache.
    UploadMoved {
        /// Until its end this is the file.
        id: u64,
        /// Bytes.
        done: u64,
        /// All of them.
        expected: u64,
    },
    /// A file is sent no longer.
    UploadEnded {
        /// As it was told of.
        id: u64,
    },
}

//! What kind of file system something is on, and whether more fits there.

use std::io;

use camino::Utf8Path;
use queue_core::Bytes;
use rustix::fs::{StatVfs, StatVfsMountFlags, statfs, statvfs};

use super::finding::{Check, Finding};
use super::kind::Kind;

/// Fewer bytes are too few: for the ledger, and for the directory to grow.
const LEAST_BYTES: u64 = 1024 * 1024;
/// A hook makes an inode for each path.
const LEAST_INODES: u64 = 64;

/// A kind of file system, by the number of its superblock (linux/magic.h).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Medium {
    Memory(&'static str),
    Network(&'static str),
    Disk,
}

const MEDIA: [(i64, Medium); 12] = [
    (0x0102_1994, Medium::Memory("tmpfs")),
    (0x8584_58f6, Medium::Memory("ramfs")),
    (0x6969, Medium::Network("NFS")),
    (0x517b, Medium::Network("SMB")),
    (0xfe53_4d42, Medium::Network("SMB 2")),
    (0xff53_4d42, Medium::Network("CIFS")),
    (0x00c3_6400, Medium::Network("Ceph")),
    (0x0102_1997, Medium::Network("9P")),
    (0x6573_5546, Medium::Network("FUSE")),
    (0x0bd0_0bd0, Medium::Network("Lustre")),
    (0x4750_4653, Medium::Network("GPFS")),
    (0x5346_414f, Medium::Network("AFS")),
];

/// What there is to say of the file system of a queue, whose directory is said by this key.
pub(super) fn check(path: &Utf8Path, key: &str) -> Vec<Finding> {
    let unseen = |error: rustix::io::Errno| {
        let finding = Finding::of(Kind::QueueReadOnly, "its file system cannot be looked at");
        vec![finding.caused_by(&io::Error::from(error))]
    };
    let (kind, space) = match (statfs(path.as_str()), statvfs(path.as_str())) {
        (Ok(kind), Ok(space)) => (kind, space),
        (Err(error), _) | (_, Err(error)) => return unseen(error),
    };
    let found = [lost(medium(kind.f_type), key), full(&space, key)];
    let findings: Vec<_> = found.into_iter().flatten().collect();
    match findings.is_empty() {
        false => findings,
        true => {
            let left = Bytes(available(&space));
            vec![Finding::ok(
                Check::FileSystem,
                format!("keeps what is written, {left} are free"),
            )]
        }
    }
}

fn medium(magic: impl Into<i64>) -> Medium {
    let magic = magic.into();
    let known = MEDIA.iter().find(|(number, _)| *number == magic);
    known.map_or(Medium::Disk, |(_, medium)| *medium)
}

fn lost(medium: Medium, key: &str) -> Option<Finding> {
    let fix = format!("set {key} to a directory on a disk of this machine");
    match medium {
        Medium::Disk => None,
        Medium::Memory(name) => Some(
            Finding::of(
                Kind::QueueInMemory,
                format!("it is in memory ({name}): what is queued is lost with the next restart"),
            )
            .fix(fix),
        ),
        Medium::Network(name) => Some(
            Finding::of(
                Kind::QueueOnNetwork,
                format!("it is on another machine ({name}): each build waits for that"),
            )
            .fix(fix),
        ),
    }
}

fn full(space: &StatVfs, key: &str) -> Option<Finding> {
    if space.f_flag.contains(StatVfsMountFlags::RDONLY) {
        let finding = Finding::of(
            Kind::QueueReadOnly,
            "it is mounted read-only: nothing can be queued",
        );
        return Some(finding.fix(format!(
            "mount it for writing, or set {key} to another directory"
        )));
    }
    let too_little = little(space)?;
    let finding = Finding::of(
        Kind::QueueFull,
        format!("{too_little}: nothing more can be queued"),
    );
    Some(finding.fix(format!("make room, or set {key} to a directory with some")))
}

/// What there is too little of.
pub(super) fn little(space: &StatVfs) -> Option<String> {
    let bytes = available(space);
    // Where inodes are made as they are needed (btrfs), none are counted.
    if space.f_files > 0 && space.f_favail < LEAST_INODES {
        return Some(format!("{} inodes are free", space.f_favail));
    }
    (bytes < LEAST_BYTES).then(|| format!("{} are free", Bytes(bytes)))
}

/// Bytes that everybody may use.
pub(super) fn available(space: &StatVfs) -> u64 {
    space.f_bavail.saturating_mul(space.f_frsize)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_in_memory_or_elsewhere_is_told_and_a_disk_is_not() {
        let kind = |magic: i64| lost(medium(magic), "x").and_then(|finding| finding.kind);
        assert_eq!(kind(0x0102_1994), Some(Kind::QueueInMemory));
        // A server of NFS is nothing to have in a test: queue-on-network.
        assert_eq!(kind(0x6969), Some(Kind::QueueOnNetwork));
        assert_eq!(kind(0xff53_4d42), Some(Kind::QueueOnNetwork));
        // ext4, btrfs, overlayfs
        for disk in [0xef53, 0x9123_683e, 0x794c_7630] {
            assert_eq!(kind(disk), None);
        }
    }
}

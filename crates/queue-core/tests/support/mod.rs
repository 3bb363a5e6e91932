//! A small world: a real queue directory, real roots and a real collector's
//! lock in a temporary directory; a destination and a database in memory.

#![allow(
    dead_code,
    unreachable_pub,
    unused_imports,
    missing_docs,
    clippy::unwrap_used
)]

mod destination;
mod store;
mod world;

pub use destination::Destination;
pub use store::{Contents, Database, Sizes};
pub use world::World;

use queue_core::StorePath;

/// The store path with that name, and a hash made from it.
pub fn path(name: &str) -> StorePath {
    let digits = "0123456789abcdfghijklmnpqrsvwxyz".as_bytes();
    let hash: String = (0..32u64)
        .map(|i| {
            let n = name
                .bytes()
                .fold(i + 7, |h, b| h.wrapping_mul(131).wrapping_add(b.into()));
            char::from(digits[(n >> 3) as usize % 32])
        })
        .collect();
    format!("{hash}-{name}").parse().unwrap()
}

pub fn names(paths: &[StorePath]) -> Vec<&str> {
    let mut names: Vec<_> = paths.iter().map(StorePath::name).collect();
    names.sort_unstable();
    names
}

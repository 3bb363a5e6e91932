//! Long lists of paths, cut so that each part fits on a command line.

use queue_core::StorePath;

use crate::Nix;
use crate::copy_args::Objects;
use crate::queries::full_paths;

/// Most arguments of one call. 1,000 paths as arguments work with every Nix.
const MAX_COUNT: usize = 1_000;
/// Most bytes of one call's paths. Linux allows a quarter of the stack limit
/// for arguments and environment together, and 128 KiB at the very least.
const MAX_BYTES: usize = 96 * 1024;

/// Parts of `list` that each fit; none of them is empty.
pub(crate) fn chunks<T: AsRef<str>>(list: &[T]) -> impl Iterator<Item = &[T]> {
    let mut rest = list;
    std::iter::from_fn(move || {
        let (chunk, others) = rest.split_at(fitting(rest));
        rest = others;
        (!chunk.is_empty()).then_some(chunk)
    })
}

/// At least one: a single path always fits.
fn fitting<T: AsRef<str>>(list: &[T]) -> usize {
    let mut bytes = 0;
    let count = list
        .iter()
        .take(MAX_COUNT)
        .take_while(|path| {
            bytes += path.as_ref().len() + 1;
            bytes <= MAX_BYTES
        })
        .count();
    count.max(1).min(list.len())
}

/// How `paths` are given to `nix copy` or `nix store verify`, in this order: each
/// call gets paths of one kind, and no more than fit.
pub(crate) fn calls(
    nix: &Nix,
    paths: &[StorePath],
) -> impl Iterator<Item = (Objects, Vec<String>)> {
    let runs = paths.chunk_by(|one, next| one.is_derivation() == next.is_derivation());
    runs.flat_map(|run| {
        let objects = match run[0].is_derivation() {
            true => Objects::Derivations,
            false => Objects::Outputs,
        };
        let paths = full_paths(nix, run);
        let parts: Vec<_> = chunks(&paths).map(<[String]>::to_vec).collect();
        parts.into_iter().map(move |part| (objects, part))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn nothing_is_lost_and_every_part_fits(
            lengths in proptest::collection::vec(1..300usize, 0..3_000),
        ) {
            let list: Vec<String> = lengths.iter().map(|&len| "x".repeat(len)).collect();
            let parts: Vec<_> = chunks(&list).collect();
            prop_assert_eq!(parts.concat(), &list[..]);
            for part in parts {
                prop_assert!((1..=MAX_COUNT).contains(&part.len()));
                prop_assert!(part.iter().map(|path| path.len() + 1).sum::<usize>() <= MAX_BYTES);
            }
        }
    }
}

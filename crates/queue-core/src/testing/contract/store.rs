//! The contracts of the ports to the store.

use std::collections::BTreeSet;

use super::done;
use crate::{Damage, StoreContents, StoreDatabase, StoreFiles, StorePath, StoreSizes};

/// What every [`StoreFiles`] does: `present` are on its disk, whatever they are (a file, a directory,
/// a symlink to nowhere) and whether or not they are valid, `absent` are not.
pub fn store_files(files: &dyn StoreFiles, present: &[StorePath], absent: &[StorePath]) {
    for _ in ["first", "again"] {
        for path in present {
            assert!(done("look", files.is_present(path)), "{path} is there");
        }
        for path in absent {
            assert!(!done("look", files.is_present(path)), "{path} is not there");
        }
    }
}

/// What every [`StoreDatabase`] does; there are at least two in `invalid`.
pub fn store_database(database: &dyn StoreDatabase, valid: &[StorePath], invalid: &[StorePath]) {
    let ask = |paths: &[StorePath]| done("ask", database.invalid(paths));
    assert!(ask(&[]).is_empty(), "nothing is asked, nothing is invalid");
    assert!(ask(valid).is_empty(), "these are valid: {valid:?}");
    let mut paths = invalid.to_vec();
    for _ in ["in one order", "in the other"] {
        paths.reverse();
        assert_eq!(ask(&paths), paths, "none of them is valid, in their order");
        let (first, rest) = paths.split_at(1);
        let among = [first, valid, rest].concat();
        assert_eq!(ask(&among), paths, "among others: {among:?}");
    }
}

/// What every [`StoreSizes`] does. `top` refers to `below` and to nothing else but, perhaps, itself,
/// `below` to nothing, and `invalid` is not valid.
pub fn store_sizes(
    sizes: &dyn StoreSizes,
    top: &StorePath,
    below: &StorePath,
    invalid: &StorePath,
) {
    let closure = |paths: &[&StorePath]| {
        let paths: Vec<_> = paths.iter().copied().cloned().collect();
        let mut objects = done("ask", sizes.closure(&paths));
        objects.sort_by(|a, b| a.path.cmp(&b.path));
        objects
    };
    assert!(closure(&[]).is_empty(), "nothing has no size");
    let alone = closure(&[below]);
    let paths: Vec<_> = alone.iter().map(|object| &object.path).collect();
    assert_eq!(paths, [below]);
    assert!(alone[0].nar_size > 0, "every NAR has a size");

    let both = closure(&[top]);
    let paths: BTreeSet<_> = both.iter().map(|object| &object.path).collect();
    assert_eq!(both.len(), 2, "what it refers to comes along: {both:?}");
    assert_eq!(paths, BTreeSet::from([top, below]));
    let of_top = both.iter().find(|object| object.path == *top);
    assert!(of_top.is_some_and(|object| object.references.contains(below)));
    assert_eq!(closure(&[below, top]), both, "each once");

    assert_eq!(
        closure(&[invalid, top]),
        both,
        "what is not valid is left out"
    );
    assert!(closure(&[invalid]).is_empty());
}

/// What a [`StoreContents`] is tried with.
#[derive(Debug, Clone, Copy)]
pub struct Contents<'a> {
    /// As the store registered it; it refers to nothing.
    pub sound: &'a StorePath,
    /// Differs from what the store registered; it refers to nothing.
    pub damaged: &'a StorePath,
    /// Sound itself. Refers to the damaged one and brings it along.
    pub above: &'a StorePath,
    /// No longer valid, nor on disk.
    pub invalid: &'a StorePath,
}

/// What every [`StoreContents`] does, for entries that bring along what they refer to.
pub fn store_contents(contents: &dyn StoreContents, with: &Contents<'_>) {
    let ask = |entries: &[&StorePath], others: &[&StorePath]| {
        let owned = |paths: &[&StorePath]| paths.iter().copied().cloned().collect::<Vec<_>>();
        let others = owned(others).into_iter().collect();
        done("compare", contents.damaged(&owned(entries), &others))
    };
    assert!(ask(&[], &[]).is_empty());
    assert!(ask(&[with.sound], &[]).is_empty(), "it is sound");

    let found = ask(&[with.sound, with.damaged], &[]);
    is_about(&found, with.damaged, with.damaged);

    // Whether or not it looks at more than the entries by itself.
    let found = ask(&[with.sound, with.above], &[with.damaged]);
    is_about(&found, with.above, with.damaged);
    let found = ask(&[with.sound], &[with.damaged]);
    assert!(found.is_empty(), "it brings nothing along: {found:?}");
    let found = ask(&[with.sound], &[with.sound]);
    assert!(found.is_empty(), "it is sound by now: {found:?}");
    let found = ask(&[with.sound, with.above], &[with.invalid, with.damaged]);
    is_about(&found, with.above, with.damaged);

    let found = ask(&[with.invalid, with.sound], &[]);
    assert!(found.is_empty(), "nothing is said of it: {found:?}");
    let found = ask(&[with.invalid, with.damaged], &[]);
    is_about(&found, with.damaged, with.damaged);
}

fn is_about(found: &[Damage], entry: &StorePath, object: &StorePath) {
    let [damage] = found else {
        panic!("one entry is damaged: {found:?}");
    };
    assert_eq!(damage.entry, *entry);
    assert_eq!(damage.objects, std::slice::from_ref(object));
    let told = &damage.error.message;
    assert!(told.contains(object.base_name()), "it is named: {told}");
}

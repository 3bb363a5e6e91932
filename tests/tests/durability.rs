//! What is flushed, when, and what need not be: a power cut cannot be made here, but the order of
//! the system calls that it would cut can be seen.

use std::fs;

use camino::{Utf8Path, Utf8PathBuf};
use queue_core::auto_root_name;
use system_tests::{Nix, Product, expr};

/// A queue some directories down, and a destination that nothing can be copied to.
const DEAD: &str = "[queues.main]\ndestination = \"file://@T@/config.toml/cache\"\n\
                    queue-dir = \"@T@/a/b/queue\"\n";

fn product(config: &str, paths: usize) -> (Product, Vec<Utf8PathBuf>) {
    let nix = Nix::new();
    let paths = nix.build(&expr::independent(paths));
    (Product::install(nix, config), paths)
}

fn auto(product: &Product) -> Utf8PathBuf {
    product.nix().state_dir().join("gcroots/auto")
}

/// An entry, its root, and what is above them, as [`Nix::changes`] calls them.
struct Names {
    queue: String,
    entry: String,
    auto: String,
    root: String,
}

fn names(product: &Product, path: &Utf8Path) -> Names {
    let dir = product.nix().dir();
    let below = |path: Utf8PathBuf| path.strip_prefix(dir).expect("below it").to_string();
    let queue = dir.join("a/b/queue");
    let entry = queue.join(path.file_name().expect("a name"));
    let root = auto(product).join(auto_root_name(&entry));
    Names {
        queue: below(queue),
        entry: below(entry),
        auto: below(auto(product)),
        root: below(root),
    }
}

/// What the hook does for these paths, but for the files that it only reads.
fn hook(product: &Product, paths: &[Utf8PathBuf]) -> Vec<String> {
    let paths: Vec<_> = paths.iter().map(|path| path.as_str()).collect();
    let changes = product
        .nix()
        .changes(&product.hook_command(&paths.join(" "), ""));
    let kinds = [
        "mkdir ", "symlink ", "rename ", "unlink ", "fsync ", "flock ",
    ];
    let is_ours = |change: &String| {
        let ends_lock = change.starts_with("close ") && change.ends_with("gc.lock");
        ends_lock || kinds.iter().any(|kind| change.starts_with(kind))
    };
    changes.into_iter().filter(is_ours).collect()
}

/// What a push, or another command, does to the queue and its roots. Reading and closing is left out.
fn command(product: &Product, arguments: &[&str]) -> Vec<String> {
    let mut command = product.command();
    command.args(arguments);
    let (queue, auto) = ("a/b/queue", names(product, "x".into()).auto);
    let is_ours = |change: &String| {
        let concerns = [queue, &auto].iter().any(|place| change.contains(place));
        concerns && !change.starts_with("close ") && !change.ends_with("/lock")
    };
    let changes = product.nix().changes(&command);
    changes.into_iter().filter(is_ours).collect()
}

/// From the first of them that is this one on.
#[track_caller]
fn since(changes: &[String], first: &str) -> Vec<String> {
    let at = changes.iter().position(|change| change == first);
    let at = at.unwrap_or_else(|| panic!("no `{first}` in {changes:#?}"));
    changes[at..].to_vec()
}

/// A file that is replaced as a whole: not seen by its name before all of it is on the medium.
fn replaced(file: &str) -> Vec<String> {
    let new = format!("{file}.new");
    vec![
        format!("create {new}"),
        format!("write {new}"),
        format!("fsync {new}"),
        format!("rename {new} {file}"),
    ]
}

#[test]
fn a_hook_flushes_each_directory_that_it_makes_into_the_one_above_before_it_queues_anything() {
    let (product, paths) = product(DEAD, 1);
    let _ = fs::remove_dir_all(auto(&product));
    let Names {
        queue,
        entry,
        auto,
        root,
    } = names(&product, &paths[0]);
    let above_auto = auto.strip_suffix("/auto").expect("gcroots");
    let made = hook(&product, &paths);
    let made: Vec<_> = made
        .iter()
        .filter(|change| !change.ends_with("gc.lock"))
        .collect();
    assert_eq!(
        made,
        [
            "mkdir a",
            "fsync ",
            "mkdir a/b",
            "fsync a",
            &format!("mkdir {queue}"),
            "fsync a/b",
            &format!("mkdir {auto}"),
            &format!("fsync {above_auto}"),
            &format!("symlink {entry}"),
            &format!("symlink {root}"),
            &format!("fsync {queue}"),
            &format!("fsync {auto}"),
        ]
    );
}

/// The lock keeps collectors from looking for roots between an entry and its root. What is linked
/// can be found by them, so it need not be held until it is on the medium.
#[test]
fn a_hook_links_entries_and_roots_under_the_collectors_lock_and_flushes_each_directory_once() {
    let (product, paths) = product(DEAD, 3);
    let (first, rest) = paths.split_at(1);
    hook(&product, first);
    let Names { queue, auto, .. } = names(&product, &paths[0]);
    let lock = auto.replace("gcroots/auto", "gc.lock");
    let mut expected = vec![format!("flock {lock}")];
    for path in rest {
        let Names { entry, root, .. } = names(&product, path);
        expected.extend([format!("symlink {entry}"), format!("symlink {root}")]);
    }
    expected.push(format!("close {lock}"));
    expected.extend([format!("fsync {queue}"), format!("fsync {auto}")]);
    assert_eq!(hook(&product, rest), expected);
}

#[test]
fn a_hook_flushes_the_directory_of_roots_once_for_all_queues() {
    let queues = ["a", "b", "c"].map(|name| {
        format!("[queues.{name}]\ndestination = \"daemon\"\nqueue-dir = \"@T@/{name}\"\n")
    });
    let (product, paths) = product(&queues.concat(), 1);
    let flushed: Vec<_> = hook(&product, &paths)
        .into_iter()
        .skip_while(|change| !change.starts_with("close "))
        .filter(|change| change.starts_with("fsync "))
        .collect();
    let auto = names(&product, &paths[0]).auto;
    let expected = ["a", &auto, "b", "c"].map(|directory| format!("fsync {directory}"));
    assert_eq!(flushed, expected);
}

/// Whoever queued it first may have been killed before he flushed.
#[test]
fn a_hook_flushes_what_is_queued_already() {
    let (product, paths) = product(DEAD, 1);
    hook(&product, &paths);
    let Names { queue, auto, .. } = names(&product, &paths[0]);
    let again = hook(&product, &paths);
    let again: Vec<_> = again
        .iter()
        .filter(|change| !change.ends_with("gc.lock"))
        .collect();
    assert_eq!(again, [&format!("fsync {queue}"), &format!("fsync {auto}")]);
}

#[test]
fn a_push_flushes_its_ledger_before_that_has_its_name_and_the_name_afterwards() {
    let (product, paths) = product(DEAD, 1);
    hook(&product, &paths);
    let Names { queue, .. } = names(&product, &paths[0]);
    let changes = command(&product, &["push"]);
    let room = format!("{queue}/.push");
    assert_eq!(
        changes[..2],
        [format!("mkdir {room}"), format!("fsync {queue}")]
    );
    let mut expected = replaced(&format!("{room}/ledger.toml"));
    expected.push(format!("fsync {room}"));
    assert_eq!(since(&changes, &expected[0]), expected);
}

/// Its name is not flushed: the next push judges anew, and until then what a lost verdict lets in is
/// only more than the limit. But half of one would be a reason that nobody wrote.
#[test]
fn a_push_that_closes_a_queue_flushes_the_verdict_before_that_has_its_name() {
    let limits = "[queues.main.limits]\nmax-pinned = 1\n";
    let (product, paths) = product(&format!("{DEAD}{limits}"), 1);
    hook(&product, &paths);
    let Names { queue, .. } = names(&product, &paths[0]);
    let changes = command(&product, &["push"]);
    let expected = replaced(&format!("{queue}/.push/closed"));
    assert_eq!(since(&changes, &expected[0])[..expected.len()], expected);
}

#[test]
fn a_push_that_makes_roots_anew_flushes_entries_and_roots_before_it_copies() {
    let (product, paths) = product(DEAD, 1);
    hook(&product, &paths);
    let Names {
        queue, auto, root, ..
    } = names(&product, &paths[0]);
    fs::remove_file(product.nix().dir().join(&root)).expect("unlink");
    let changes = command(&product, &["push"]);
    let expected = [
        format!("symlink {root}"),
        format!("fsync {queue}"),
        format!("fsync {auto}"),
    ];
    assert_eq!(since(&changes, &expected[0])[..3], expected);
}

/// The root goes first, so that nobody who queues the same path finds a root that is about to go;
/// and it is not flushed: should a power cut bring it back, it leads to no entry, and the next
/// collector clears it. An entry that came back would be copied, or reported, again.
#[test]
fn what_leaves_a_queue_is_flushed_out_of_it_and_its_root_need_not_be() {
    let cache = DEAD.replace("config.toml/", "");
    for arguments in [&["push"][..], &["drop", "--all"]] {
        let (product, paths) = product(&cache, 1);
        hook(&product, &paths);
        let Names {
            queue,
            entry,
            auto,
            root,
        } = names(&product, &paths[0]);
        let changes = command(&product, arguments);
        let expected = [
            format!("unlink {root}"),
            format!("unlink {entry}"),
            format!("fsync {queue}"),
        ];
        assert_eq!(since(&changes, &expected[0])[..3], expected);
        assert!(!changes.contains(&format!("fsync {auto}")), "{changes:#?}");
    }
}

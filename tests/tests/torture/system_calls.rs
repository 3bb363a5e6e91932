//! The random kills meet what takes long more often than what is over in microseconds. These meet
//! every moment there is.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use camino::Utf8PathBuf;
use system_tests::{Nix, Output, Product, Run, expr, figure};

/// A system call that the hook makes: its name, and which call of that name it is, from 1.
type SystemCall = (String, usize);

fn under_strace(product: &Product, option: &str, out_paths: &str) -> Output {
    let mut hook = product.nix().command("strace");
    hook.args(["-qq", "-o", "trace", option]);
    hook.arg(Product::hook_program());
    hook.env("OUT_PATHS", out_paths).run()
}

/// All that it makes when nobody kills it, but for the first, by which it is started.
fn system_calls(product: &Product, out_paths: &str) -> Vec<SystemCall> {
    under_strace(product, "--trace=all", out_paths).success();
    let trace = fs::read_to_string(product.nix().dir().join("trace")).expect("the trace");
    let mut times = BTreeMap::new();
    let names = trace.lines().filter_map(|line| line.split_once('('));
    let calls = names.map(|(name, _)| {
        let nth = times.entry(name.to_owned()).or_insert(0);
        *nth += 1;
        (name.to_owned(), *nth)
    });
    calls.skip(1).collect()
}

/// Runs the hook, killed as it enters this call.
fn killed_at((name, nth): &SystemCall, product: &Product, out_paths: &str) -> Output {
    let inject = format!("--inject={name}:signal=KILL:when={nth}");
    under_strace(product, &inject, out_paths)
}

fn entry(product: &Product, path: &Utf8PathBuf) -> Utf8PathBuf {
    product.queue_dir().join(path.file_name().expect("name"))
}

/// For each path whether it has an entry, and whether a root.
fn found(product: &Product, paths: &[Utf8PathBuf]) -> Vec<(bool, bool)> {
    let roots = product.nix().auto_links();
    let found = paths.iter().map(|path| {
        let entry = entry(product, path);
        (
            entry.is_symlink(),
            roots.values().any(|link| *link == entry),
        )
    });
    found.collect()
}

fn forget(product: &Product) {
    let _ = fs::remove_dir_all(product.queue_dir());
    for link in product.nix().auto_links().into_keys() {
        fs::remove_file(link).expect("unlink");
    }
}

#[test]
fn a_hook_killed_at_any_of_its_system_calls_is_no_obstacle_to_the_next() {
    let nix = Nix::new();
    let paths = nix.build(&expr::independent(2));
    let product = Product::with_file_cache(nix);
    let out_paths = format!("{} {}", paths[0], paths[1]);
    let all = BTreeSet::from_iter(paths.iter().cloned());
    let calls = system_calls(&product, &out_paths);
    figure("hooks killed, at each of their system calls", calls.len());
    let mut kills = Vec::new();
    for call in &calls {
        forget(&product);
        killed_at(call, &product, &out_paths).exits(137);
        kills.push(found(&product, &paths));
        let next = product.hook_command(&out_paths, "").run();
        next.success().is_silent();
        assert_eq!(product.queued(), all, "after a kill at {call:?}");
        let held = found(&product, &paths);
        assert_eq!(held, [(true, true); 2], "after a kill at {call:?}");
    }
    // Entry, root, entry, root: it comes further, and no step goes before the one it relies on.
    kills.dedup();
    let steps = [
        [(false, false), (false, false)],
        [(true, false), (false, false)],
        [(true, true), (false, false)],
        [(true, true), (true, false)],
        [(true, true), (true, true)],
    ];
    assert_eq!(kills, steps);
}

//! A garbage collection that is under way while paths are queued: nothing accepted is deleted.

use std::collections::BTreeSet;
use std::thread;

use camino::Utf8PathBuf;
use system_tests::{Nix, Product, Run, expr, figure, is_long};

/// Built before our hook was the hook: nothing holds it, and a collection would take it.
fn with_unrooted_path(nix: Nix) -> (Product, Utf8PathBuf) {
    let path = nix.build_one(&expr::file("late", "late"));
    (Product::with_file_cache(nix), path)
}

#[track_caller]
fn outlives(product: &Product, paths: &BTreeSet<Utf8PathBuf>) {
    assert!(!paths.is_empty());
    let lost: Vec<_> = paths.iter().filter(|path| !path.exists()).collect();
    assert!(lost.is_empty(), "the garbage collector took {lost:?}");
    product.nix().gc();
    assert!(paths.iter().all(|path| product.nix().is_valid(path)));
}

#[test]
fn what_the_hook_of_a_build_accepts_during_a_collection_stays() {
    let product = Product::with_file_cache(Nix::new());
    // Else a collection finds nothing to do, and is over before anybody comes.
    product.nix().instantiate(&expr::file("garbage", "garbage"));
    let gc = product.nix().frozen_gc();
    product
        .nix()
        .try_build(&expr::chain(3))
        .success()
        .hook_was_silent();
    let queued = product.queued();
    assert_eq!(queued.len(), 3);
    gc.release();
    outlives(&product, &queued);
    product.run(&["push"]).success().without_complaint();
}

/// These have no temporary root: only what the hook does holds them. Not with `nix-build`, which
/// roots what it built by itself, even without an out link.
#[test]
fn floating_content_addressed_outputs_of_a_build_during_a_collection_stay() {
    let product = Product::with_file_cache(Nix::with_ca_derivations());
    let drvs = product.nix().instantiate(&expr::content_addressed(2));
    let gc = product.nix().frozen_gc();
    let mut build = product.nix().command("nix-store");
    build
        .arg("--realise")
        .args(drvs)
        .run()
        .success()
        .hook_was_silent();
    let queued = product.queued();
    assert_eq!(queued.len(), 2);
    gc.release();
    outlives(&product, &queued);
}

#[test]
fn what_the_hook_program_accepts_during_a_collection_stays() {
    let (product, path) = with_unrooted_path(Nix::new());
    let drv = product.nix().deriver(&path).expect("deriver");
    let gc = product.nix().frozen_gc();
    product
        .hook_command(path.as_str(), drv.as_str())
        .run()
        .success()
        .is_silent();
    gc.release();
    outlives(&product, &[path].into());
}

#[test]
fn what_enqueue_accepts_during_a_collection_stays() {
    let (product, path) = with_unrooted_path(Nix::new());
    let gc = product.nix().frozen_gc();
    product
        .run(&["enqueue", path.as_str()])
        .success()
        .without_complaint();
    gc.release();
    outlives(&product, &[path].into());
}

#[test]
fn what_a_collection_took_before_is_not_accepted() {
    let (product, path) = with_unrooted_path(Nix::new());
    product.nix().gc();
    let output = product.run(&["enqueue", path.as_str()]).exits(75);
    output
        .stderr_has(path.as_str())
        .stderr_has("does not exist");
    assert_eq!(product.queued(), BTreeSet::new());
}

#[test]
fn an_unprivileged_user_enqueues_during_a_collection_and_it_stays() {
    let mut nix = Nix::new();
    nix.start_daemon();
    let (product, path) = with_unrooted_path(nix);
    product.write_config(
        "[queues.mine]\ndestination = \"file://@T@/user/cache\"\nqueue-dir = \"@T@/user/queue\"\n",
    );
    let gc = product.nix().frozen_gc();
    product
        .user_run(&["enqueue", path.as_str()])
        .success()
        .without_complaint();
    gc.release();
    assert_eq!(product.rooted_in("user/queue"), [path.clone()].into());
    outlives(&product, &[path].into());
}

#[test]
fn what_the_daemons_hook_accepts_during_a_collection_stays() {
    let mut product = Product::with_file_cache(Nix::with_ca_derivations());
    product.nix_mut().start_daemon();
    let mut drvs = product.nix().instantiate(&expr::chain(2));
    drvs.extend(product.nix().instantiate(&expr::content_addressed(2)));
    let gc = product.nix().frozen_gc();
    let mut build = product.nix().user_command("nix-store");
    build
        .arg("--realise")
        .args(drvs)
        .run()
        .success()
        .hook_was_silent();
    let queued = product.queued();
    assert_eq!(queued.len(), 4);
    gc.release();
    outlives(&product, &queued);
}

#[test]
fn a_push_goes_on_during_a_collection() {
    let product = Product::with_file_cache(Nix::new());
    let path = product.nix().build_one(&expr::chain(2));
    let closure: Vec<_> = product.nix().closure(&path).into_iter().collect();
    let gc = product.nix().frozen_gc();
    product.run(&["push"]).success().without_complaint();
    gc.release();
    assert_eq!(product.queued(), BTreeSet::new());
    assert_eq!(product.nix().valid_in(&product.cache(), &closure), closure);
}

/// A connection that ends at once may make a collector crash; `LocalGc` says how, and what it does
/// about it.
#[test]
fn a_collection_survives_the_connections_of_many_hooks() {
    let (product, path) = with_unrooted_path(Nix::new());
    let (clients, hooks) = (4, if is_long() { 5000 } else { 100 });
    let gc = product.nix().frozen_gc();
    thread::scope(|scope| {
        for _ in 0..clients {
            scope.spawn(|| {
                for _ in 0..hooks {
                    let mut hook = product.hook_command(path.as_str(), "");
                    hook.run().success().is_silent();
                }
            });
        }
    });
    gc.release();
    figure("hooks beside a collection that went on", clients * hooks);
    outlives(&product, &[path].into());
}

//! How long a build waits for the hook when nobody answers it: neither Nix nor a collector.

use std::fs;
use std::time::{Duration, Instant};

use camino::Utf8PathBuf;
use system_tests::{FrozenGc, Nix, Output, Product, Run, expr};

/// What ARCHITECTURE.md promises, and what a busy machine needs to start and end some processes.
const LIMIT: Duration = Duration::from_secs(10 + 8);

/// One queue of each kind, of a user whose roots only Nix registers.
const CONFIG: &str = r#"
[nix]
bin-dir = "@T@/bin"
[queues.plain]
destination = "file://@T@/user/cache"
queue-dir = "@T@/user/plain"
closure-type = "binary"
[queues.deriving]
destination = "file://@T@/user/cache"
queue-dir = "@T@/user/deriving"
closure-type = "cache"
"#;

/// Does not end when it is asked to.
const MUTE: &str = "trap '' TERM; while :; do sleep 60; done";

/// A product whose Nix is this script, and a collection that does not answer.
fn product(nix: Nix, script: &str) -> (Product, FrozenGc) {
    nix.user_home();
    let gc = nix.frozen_gc();
    gc.fall_silent();
    let product = Product::install(nix, CONFIG);
    fs::create_dir(product.nix().dir().join("bin")).expect("mkdir");
    for name in ["nix", "nix-store", "nix-instantiate"] {
        product.nix().script(&format!("bin/{name}"), script);
    }
    (product, gc)
}

/// The hook as the user runs it. It passes, in time, and says what is the matter.
#[track_caller]
fn passes_in_time(product: &Product, out_paths: &str, drv_path: &str) -> Output {
    let mut hook = product.nix().user_command(Product::hook_program());
    hook.env("OUT_PATHS", out_paths).env("DRV_PATH", drv_path);
    let begun = Instant::now();
    let output = hook.run().success();
    let took = begun.elapsed();
    assert!(took < LIMIT, "{took:?}\n{output}");
    output.stderr_has("gc-socket/socket: it did not answer")
}

#[test]
fn roots_that_nix_does_not_register_and_a_collector_that_does_not_answer() {
    let nix = Nix::new();
    let paths = nix.build(&expr::independent(3));
    let drv = nix.deriver(&paths[0]).expect("deriver");
    // The first call is slow and fails, all others hang.
    let script = format!(
        "mkdir {}/user/first 2>&- && sleep 6 && exit 1\n{MUTE}",
        nix.dir()
    );
    let (product, _gc) = product(nix, &script);
    let out_paths: Vec<_> = paths.iter().map(|path| path.as_str()).collect();
    let output = passes_in_time(&product, &out_paths.join(" "), drv.as_str());
    output.stderr_has("the time for calls of Nix is over");
    assert_eq!(
        product.queued_in("user/plain"),
        paths.iter().cloned().collect()
    );
    let all: Vec<Utf8PathBuf> = paths.into_iter().chain([drv]).collect();
    assert_eq!(
        product.queued_in("user/deriving"),
        all.into_iter().collect()
    );
}

#[test]
fn outputs_that_nix_does_not_name_and_a_collector_that_does_not_answer() {
    let nix = Nix::with_ca_derivations();
    let drv = nix.instantiate(&expr::content_addressed(1)).swap_remove(0);
    nix.realise(std::slice::from_ref(&drv));
    let (product, _gc) = product(nix, MUTE);
    let output = passes_in_time(&product, "", drv.as_str());
    let lost = format!("the outputs of {drv} are not queued: ");
    let mend = format!("`DRV_PATH={drv} nix-post-build-push enqueue` queues them");
    let output = output.stderr_has(lost).stderr_has(mend);
    output.stderr_has("nix did not answer within ");
    assert_eq!(product.queued_in("user/deriving"), [drv].into());
}

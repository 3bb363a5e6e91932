//! A Nix that is missing, too old, lies, runs out of memory, or leaves children behind. Each stands
//! before the real one, which comes back in the end.

use std::collections::BTreeSet;
use std::fs;
use std::process::Command;

use camino::Utf8PathBuf;
use rustix::process::Signal;
use system_tests::{Nix, Output, Product, Run, expr, hashes, wait_for};

fn config(more: &str) -> String {
    format!(
        "[nix]\nbin-dir = \"@T@/bin\"\n[queues.main]\ndestination = \"file://@T@/cache\"\n\
         queue-dir = \"@T@/queue\"\nretry-delay = \"0s\"\n{more}\n"
    )
}

/// A product whose `nix` is this script (`$real` is the real one), and what is queued.
fn product(
    more: &str,
    count: usize,
    script: impl Fn(&[Utf8PathBuf]) -> String,
) -> (Product, Vec<Utf8PathBuf>) {
    let nix = Nix::new();
    let paths = nix.build(&expr::independent(count));
    let product = Product::install(nix, &config(more));
    fs::create_dir(product.nix().dir().join("bin")).expect("mkdir");
    put_nix(&product, "exec $real \"$@\"");
    let enqueue: Vec<_> = ["enqueue"]
        .into_iter()
        .chain(paths.iter().map(|path| path.as_str()))
        .collect();
    product.run(&enqueue).success();
    put_nix(&product, &script(&paths));
    (product, paths)
}

fn put_nix(product: &Product, script: &str) {
    for name in ["nix", "nix-store"] {
        let which = Command::new("sh")
            .args(["-c", &format!("command -v {name}")])
            .run()
            .success();
        let body = if name == "nix" {
            script
        } else {
            "exec $real \"$@\""
        };
        let body = format!("real={}\n{body}", which.stdout.trim_end());
        product.nix().script(&format!("bin/{name}"), &body);
    }
}

#[track_caller]
fn all_queued(product: &Product, paths: &[Utf8PathBuf]) {
    assert_eq!(
        product.queued(),
        paths.iter().cloned().collect::<BTreeSet<_>>()
    );
    assert_eq!(product.rooted(), product.queued());
}

#[track_caller]
fn delivers_once_mended(product: &Product, paths: &[Utf8PathBuf]) {
    put_nix(product, "exec $real \"$@\"");
    product.run(&["push", "--force"]).success();
    assert_eq!(product.nix().cached("cache"), hashes(paths));
    assert!(product.queued().is_empty());
}

#[track_caller]
fn nobody_is_blamed(product: &Product) {
    let status = product.json_of_one(&["status", "--json"]);
    assert_eq!(status["parked"], 0, "{status:#}");
}

fn push(product: &Product) -> Output {
    product
        .run(&["push"])
        .stderr_lacks("panicked")
        .stderr_lacks("has a fault")
}

#[test]
fn a_missing_nix_is_said_with_the_place_that_was_looked_in() {
    let (product, paths) = product("", 2, |_| String::new());
    fs::remove_file(product.nix().dir().join("bin/nix")).expect("unlink");
    let output = push(&product).exits(75);
    output
        .stderr_has("nix is not in")
        .stderr_has("/bin")
        .stderr_has("hint: ");
    all_queued(&product, &paths);
    nobody_is_blamed(&product);
    delivers_once_mended(&product, &paths);
}

/// What 2.3.7 of Debian bullseye says to our first option.
const TOO_OLD: &str = "echo \"error: unrecognised flag '--log-format'\" >&2; exit 1";

#[test]
fn a_nix_that_is_too_old_is_refused_with_the_version_that_is_not() {
    let (product, paths) = product("max-attempts = 1", 2, |_| TOO_OLD.to_owned());
    let output = push(&product).exits(75);
    output
        .stderr_has("unrecognised flag '--log-format'")
        .stderr_has("this Nix is too old: 2.8 is the oldest that is known to work");
    all_queued(&product, &paths);
    nobody_is_blamed(&product);
    delivers_once_mended(&product, &paths);
}

#[test]
fn with_verify_a_nix_that_copies_nothing_is_not_believed() {
    let script = "case \"$*\" in *\" copy \"*) exit 0;; esac; exec $real \"$@\"";
    let (product, paths) = product("verify = true", 2, |_| script.to_owned());
    let output = push(&product).exits(75).stdout_has("0 copied");
    output.stderr_has("the destination does not have it although the copy succeeded");
    all_queued(&product, &paths);
    delivers_once_mended(&product, &paths);
}

#[test]
fn one_path_for_which_nix_is_killed_holds_back_no_other() {
    let script = |paths: &[Utf8PathBuf]| {
        let large = paths[1].file_name().expect("name");
        format!("case \"$*\" in *\" copy \"*{large}*) kill -9 $$;; esac; exec $real \"$@\"")
    };
    let (product, paths) = product("", 4, script);
    let output = push(&product).exits(75).stdout_has("3 copied");
    output
        .stderr_has("nix was killed by signal 9")
        .stderr_has("out of memory")
        .stderr_has(paths[1].as_str());
    all_queued(&product, &paths[1..2]);
    delivers_once_mended(&product, &paths);
}

#[test]
fn where_nix_is_always_killed_nobody_is_parked() {
    let script = "case \"$*\" in *\" copy \"*) kill -9 $$;; esac; exec $real \"$@\"";
    let (product, paths) = product("max-attempts = 1", 8, |_| script.to_owned());
    let output = push(&product).exits(69);
    output
        .stderr_has("nix was killed by signal 9")
        .stderr_has("out of memory");
    all_queued(&product, &paths);
    nobody_is_blamed(&product);
    delivers_once_mended(&product, &paths);
}

#[test]
fn a_real_limit_of_memory_loses_nothing() {
    let script = "case \"$*\" in *\" copy \"*) ulimit -v 40000;; esac; exec $real \"$@\"";
    let (product, paths) = product("max-attempts = 1", 3, |_| script.to_owned());
    let output = push(&product);
    assert!([69, 75].contains(&output.code), "{output}");
    assert!(output.stderr.contains("error: "), "{output}");
    all_queued(&product, &paths);
    put_nix(&product, "exec $real \"$@\"");
    product.run(&["retry", "--all"]).success();
    delivers_once_mended(&product, &paths);
}

#[test]
fn children_that_nix_leaves_behind_do_not_keep_a_push_from_its_end() {
    // It holds standard output and error of `nix`, and so ours, for as long as it lives.
    let script = "sleep 600 & echo $! >>@T@/left; exec $real \"$@\"";
    let (product, paths) = product("", 2, |_| String::new());
    put_nix(
        &product,
        &script.replace("@T@", product.nix().dir().as_str()),
    );
    let output = push(&product).success().stdout_has("2 copied");
    let left = fs::read_to_string(product.nix().dir().join("left")).expect("pids");
    for pid in left.lines() {
        // It is there still, and nobody's child that we could wait for.
        Command::new("sh")
            .args(["-c", &format!("kill {pid}")])
            .run()
            .success();
    }
    assert_eq!(product.nix().cached("cache"), hashes(&paths), "{output}");
}

/// The kernel hides a dead process from its parent for as long as somebody else traces it; here the
/// tracer is stopped, so that it looks to us as if SIGKILL did nothing.
#[test]
fn a_nix_that_not_even_sigkill_ends_holds_up_no_push() {
    let (product, paths) = product("", 2, |_| String::new());
    let file = product.nix().dir().join("tracer");
    let traced = format!(
        r#"while read -r key value; do [ "$key" != TracerPid: ] || tracer=$value; done </proc/$$/status
           echo $tracer >{file}; kill -STOP $tracer; exec sleep 600"#
    );
    let traced = product.nix().script("traced", &traced);
    put_nix(
        &product,
        &format!(
            "case \"$*\" in *\" copy \"*) exec strace -DDD -o /dev/null {traced};; esac; exec $real \"$@\""
        ),
    );
    let running = product.command().arg("push").start();
    let tracer = wait_for("a tracer that is stopped", || {
        let tracer = fs::read_to_string(&file).ok()?.trim().to_owned();
        let status = fs::read_to_string(format!("/proc/{tracer}/status")).ok()?;
        status.contains("State:\tT").then_some(tracer)
    });
    running.signal(Signal::TERM);
    let output = running.wait().exits(75).stderr_lacks("panicked");
    output
        .stderr_has("nix was killed and does not end: process ")
        .stderr_has("is in state ")
        .stderr_has("it hangs in the kernel");
    Command::new("kill")
        .args(["-KILL", &tracer])
        .run()
        .success();
    all_queued(&product, &paths);
    nobody_is_blamed(&product);
    delivers_once_mended(&product, &paths);
}

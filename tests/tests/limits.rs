//! The limits of a queue, beside a real store and a real collector.

use std::collections::BTreeSet;
use std::fs;
use std::net::TcpListener;
use std::process::Stdio;

use camino::Utf8PathBuf;
use system_tests::{Nix, Product, Run, expr, figure, hashes, names};

const MIB: u64 = 1 << 20;

fn config(destination: &str, queue: &str, limits: &str) -> String {
    format!(
        "[queues.main]\ndestination = \"{destination}\"\nqueue-dir = \"@T@/queue\"\n{queue}\n\
         [queues.main.limits]\n{limits}\n"
    )
}

/// A destination that refuses connections.
fn dead() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("bind");
    format!("http://{}", listener.local_addr().expect("address"))
}

/// What comes back once it is mended.
const CACHE: &str = "file://@T@/cache";

fn nar_sizes(nix: &Nix, paths: &BTreeSet<Utf8PathBuf>) -> u64 {
    let words: Vec<_> = std::iter::once("--size")
        .chain(paths.iter().map(|path| path.as_str()))
        .collect();
    let lines = nix.query(&words);
    lines
        .iter()
        .map(|line| line.parse::<u64>().expect("a size"))
        .sum()
}

/// Builds paths of that many bytes, one after the other, each a second younger
/// than the one before.
fn build_one_by_one(product: &Product, count: usize, bytes: u64) -> Vec<Utf8PathBuf> {
    let build = |number: usize| {
        let path = product
            .nix()
            .build_one(&expr::large(&format!("large-{number}"), bytes));
        let link = product.queue_dir().join(path.file_name().expect("name"));
        let age = format!("@{}", 1_700_000_000 + number);
        let mut touch = product.nix().command("touch");
        touch
            .args(["-h", "-d", &age, link.as_str()])
            .run()
            .success();
        path
    };
    (0..count).map(build).collect()
}

fn status(product: &Product) -> serde_json::Value {
    product.json_of_one(&["status", "--json"])
}

#[test]
fn status_tells_how_much_of_the_store_the_entries_keep() {
    let product = Product::install(Nix::new(), &config(&dead(), "closure-type = \"cache\"", ""));
    let nix = product.nix();
    let top = nix.build_one(&expr::diamond());
    nix.build(&expr::chain(3));
    let queued = product.queued();
    assert!(names(&queued).contains("top.drv"), "{queued:?}");
    let all: BTreeSet<_> = queued.iter().flat_map(|path| nix.closure(path)).collect();
    assert_eq!(status(&product)["pinned_bytes"], nar_sizes(nix, &all));
    // One that is no longer valid keeps nothing.
    product.run(&["drop", "*.drv", "*-link-*"]).success();
    nix.delete_ignoring_liveness(&top);
    fs::create_dir(&top).expect("what is on disk without being valid");
    let rest = ["base", "left", "right"];
    let rest: BTreeSet<_> = all
        .into_iter()
        .filter(|path| {
            rest.iter()
                .any(|name| path.as_str().ends_with(&format!("-{name}")))
        })
        .collect();
    assert_eq!(status(&product)["pinned_bytes"], nar_sizes(nix, &rest));
}

#[test]
fn the_oldest_leave_and_are_collected_and_the_rest_is_delivered() {
    let limits = "max-pinned = \"2500KiB\"\nbeyond-max-pinned = \"drop-oldest\"";
    let product = Product::install(Nix::new(), &config(&dead(), "", limits));
    let paths = build_one_by_one(&product, 4, MIB);
    let output = product.run(&["push"]).exits(69).stdout_has("2 dropped");
    let mut output = output.stderr_lacks(&paths[2]).stderr_lacks(&paths[3]);
    for path in &paths[..2] {
        output = output.stderr_has(format!("{path} was dropped undelivered"));
    }
    output.stderr_has("it keeps 4.0 MiB of the store alive, and may keep 2.4 MiB");
    assert_eq!(product.queued(), paths[2..].iter().cloned().collect());
    assert_eq!(product.rooted(), product.queued());
    assert_eq!(status(&product)["dropped"]["paths"], 2);
    product.nix().gc();
    let there: Vec<_> = paths.iter().map(|path| path.exists()).collect();
    assert_eq!(there, [false, false, true, true]);
    product.write_config(&config(CACHE, "", limits));
    product.run(&["push"]).success().without_complaint();
    assert_eq!(product.nix().cached("cache"), hashes(&paths[2..]));
}

#[test]
fn a_closed_queue_refuses_what_is_built_until_it_is_delivered() {
    let limits = "max-pinned = 1000";
    let dead = dead();
    let product = Product::install(Nix::new(), &config(&dead, "", limits));
    let first = product.nix().build_one(&expr::large("first", MIB));
    product
        .run(&["push"])
        .exits(69)
        .stderr_has("nothing new is queued from now on");
    // The build goes on, and says so.
    let output = product
        .nix()
        .try_build(&expr::file("second", "x"))
        .success();
    output
        .stderr_has("-second is not queued: it keeps 1.0 MiB of the store alive")
        .stderr_has("hint: `nix-post-build-push push` opens it again");
    assert_eq!(product.queued(), [first.clone()].into());
    let row = status(&product);
    assert_eq!(row["refused"]["paths"], 1);
    assert!(row["closed"].is_string(), "{row:#}");
    let on_error = format!("[hook]\non-error = \"fail\"\n{}", config(&dead, "", limits));
    product.write_config(&on_error);
    product.nix().try_build(&expr::file("third", "x")).fails();

    product.write_config(&config(CACHE, "", limits));
    product
        .run(&["push"])
        .success()
        .stderr_has("what is new is queued again");
    assert_eq!(product.nix().cached("cache"), hashes(&[first]));
    let fourth = product
        .nix()
        .try_build(&expr::file("fourth", "x"))
        .success();
    fourth.hook_was_silent();
    assert_eq!(names(&product.queued()), ["fourth".to_owned()].into());
}

#[test]
fn what_waits_too_long_is_dropped_only_if_it_cannot_be_delivered() {
    let limits = "max-age = \"1day\"\nbeyond-max-age = \"drop-oldest\"";
    for (destination, code, said) in [(CACHE, 0, "2 copied"), (&dead(), 69, "2 dropped")] {
        let product = Product::install(Nix::new(), &config(destination, "", limits));
        build_one_by_one(&product, 2, 10);
        product.run(&["push"]).exits(code).stdout_has(said);
        assert_eq!(product.queued(), BTreeSet::new());
    }
}

/// A store on a small file system of its own.
struct SmallStore(Utf8PathBuf);

impl SmallStore {
    fn of(nix: &Nix, megabytes: u32) -> SmallStore {
        let store = nix.store_dir();
        fs::create_dir(&store).expect("mkdir");
        let size = format!("size={megabytes}m,mode=755");
        let mut mount = nix.command("mount");
        mount.args(["-t", "tmpfs", "-o", &size, "tmpfs", store.as_str()]);
        mount.run().success();
        SmallStore(store)
    }
}

impl Drop for SmallStore {
    fn drop(&mut self) {
        let _ = std::process::Command::new("umount")
            .args(["-l", self.0.as_str()])
            .status();
    }
}

#[test]
fn a_queue_that_keeps_more_than_a_tenth_of_the_store_needs_a_look() {
    let product = Product::install(Nix::new(), &config(&dead(), "", ""));
    let _small = SmallStore::of(product.nix(), 20);
    product.nix().build(&expr::large("a", MIB));
    product.run(&["status"]).success().without_complaint();
    product.nix().build(&expr::large("b", MIB));
    let output = product.run(&["status"]).exits(1).without_complaint();
    output
        .stdout_has("main: needs a look\n  ! the queue keeps 2.0 MiB of the store alive")
        .stdout_has("more than a tenth of its file system (20.0 MiB)")
        .stdout_has("`drop` gives up what is not wanted; `max-pinned` in its tables")
        .stdout_has("keeps:        2.0 MiB of the store (10 % of its file system)");
    assert_eq!(status(&product)["store_bytes"], 20 * MIB);
    product.run(&["drop", "*-a"]).success();
    product.run(&["status"]).success().without_complaint();
}

#[test]
fn a_push_asks_how_large_things_are_only_for_a_limit_of_that_and_what_is_left() {
    let in_calls = "[nix]\nbin-dir = \"@T@/calls\"\n";
    let product = Product::install(Nix::new(), "");
    let calls = product.nix().call_log();
    let asked = |destination: &str, limits: &str| {
        let config = config(destination, "retry-delay = \"0s\"", limits);
        product.write_config(&format!("{in_calls}{config}"));
        let name = format!("{}-{}", destination.len(), limits.len());
        product.nix().build(&expr::file(&name, "x"));
        calls.take();
        product.run(&["push"]);
        let made = calls.take();
        let sizes = made.iter().filter(|call| call.contains("--recursive"));
        (made.len(), sizes.count())
    };
    let all = "max-entries = 9\nmax-age = \"1h\"\nmax-pinned = \"1GiB\"";
    assert_eq!(asked(CACHE, ""), (1, 0));
    assert_eq!(asked(CACHE, all), (1, 0));
    let dead = dead();
    assert_eq!(asked(&dead, "max-entries = 9\nmax-age = \"1h\"").1, 0);
    assert_eq!(asked(&dead, "max-pinned = \"1GiB\"").1, 1);
}

/// The calls that name a file or read a directory.
const ABOUT_FILES: &str = "trace=%file,getdents,getdents64";

#[test]
fn a_hook_looks_at_the_door_only_where_a_limit_is_set() {
    let product = Product::install(Nix::new(), "");
    let path = product.nix().build_one(&expr::file("a", "x"));
    product.write_config(&config(CACHE, "", ""));
    product.nix().build(&expr::independent(3));
    let calls_with = |limits: &str| {
        product.write_config(&config(CACHE, "", limits));
        product.run(&["drop", "*-a"]);
        product.trace_hook(path.as_str(), "", ABOUT_FILES)
    };
    calls_with("");
    let none = calls_with("");
    let about_limits = |calls: &[String]| {
        let words = [".limits", ".push", "getdents"];
        let about = |call: &&String| words.iter().any(|word| call.contains(word));
        calls.iter().filter(about).count()
    };
    assert_eq!(about_limits(&none), 0, "{none:#?}");
    let age = calls_with("max-age = \"1h\"");
    assert_eq!(
        (about_limits(&age), age.len()),
        (1, none.len() + 1),
        "{age:#?}"
    );
    let dropping = calls_with("max-pinned = 1\nbeyond-max-pinned = \"drop-oldest\"");
    assert_eq!(dropping.len(), none.len(), "{dropping:#?}");
    let entries = calls_with("max-entries = 5");
    assert!(about_limits(&entries) > 0);
    let looks = |call: &&String| call.contains("-path-");
    assert_eq!(entries.iter().filter(looks).count(), 0, "{entries:#?}");
}

#[test]
fn hooks_at_once_go_beyond_a_limit_by_at_most_their_number() {
    for beyond in ["refuse", "drop-oldest"] {
        let nix = Nix::new();
        let paths = nix.build(&expr::independent(16));
        let limits = format!("max-entries = 5\nbeyond-max-entries = \"{beyond}\"");
        let product = Product::install(nix, &config(CACHE, "", &limits));
        let start = |path: &Utf8PathBuf| {
            let mut hook = product.hook_command(path.as_str(), "");
            hook.stdout(Stdio::null()).stderr(Stdio::null());
            hook.spawn().expect("the hook")
        };
        let hooks: Vec<_> = paths.iter().map(start).collect();
        for mut hook in hooks {
            assert!(hook.wait().expect("its end").success());
        }
        let queued = product.queued();
        let row = status(&product);
        let key = if beyond == "refuse" {
            "refused"
        } else {
            "dropped"
        };
        let turned = row[key]["paths"].as_u64().expect("a number");
        assert_eq!(queued.len() as u64 + turned, 16, "{row:#}");
        figure(
            format_args!("entries after 16 hooks at once, max-entries = 5, {beyond}"),
            format_args!("{} entries", queued.len()),
        );
        match beyond {
            "refuse" => assert!((5..=16).contains(&queued.len()), "{queued:?}"),
            // Who comes last sees them all.
            _ => assert_eq!(queued.len(), 5),
        }
        assert_eq!(product.rooted(), queued);
    }
}

#[test]
fn a_user_of_a_daemon_has_limits_too() {
    let mut nix = Nix::new();
    nix.start_daemon();
    nix.user_home();
    let text = format!(
        "[queues.mine]\ndestination = \"{}\"\nqueue-dir = \"@T@/user/queue\"\n\
         [queues.mine.limits]\nmax-pinned = \"1MiB\"\nbeyond-max-pinned = \"drop-oldest\"\n\
         max-entries = 2\n",
        dead()
    );
    let product = Product::install(nix, &text);
    let build = |name: &str| {
        let mut build = product.nix().user_command("nix-build");
        build.args(["--no-out-link", "-E", &expr::large(name, MIB / 2)]);
        build.run().success().stdout.trim_end().to_owned()
    };
    let paths = ["a", "b", "c"].map(build);
    let words = ["enqueue", &paths[0], &paths[1], &paths[2]];
    product
        .user_run(&words)
        .exits(75)
        .stderr_has("-c was not enqueued");
    let held = product.user_run(&["status", "--json"]).exits(1).json();
    assert!(held[0]["pinned_bytes"].as_u64() > Some(MIB), "{held:#}");
    assert_eq!(held[0]["refused"]["paths"], 1);
    product
        .user_run(&["push"])
        .exits(69)
        .stdout_has("1 dropped");
    assert_eq!(product.queued_in("user/queue").len(), 1);
}

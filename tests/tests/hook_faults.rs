//! The hook when something is wrong with its queue or its configuration.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};

use camino::{Utf8Path, Utf8PathBuf};
use system_tests::{Nix, Output, Product, Run, expr, tree};

const PREFIX: &str = "error: nix-post-build-push-hook: ";

fn two_queues(hook: &str) -> String {
    format!(
        r#"
[hook]
{hook}
[queues.broken]
destination = "file://@T@/cache"
queue-dir = "@T@/broken"
[queues.main]
destination = "file://@T@/cache"
queue-dir = "@T@/queue"
"#
    )
}

fn build(product: &Product, name: &str) -> Output {
    product.nix().try_build(&expr::file(name, name))
}

/// A build inside a mount namespace, in which `mounts` have been made.
fn build_with_mounts(product: &Product, mounts: &str, name: &str) -> Output {
    let nix = product.nix();
    let script = format!("{mounts} && exec nix-build --no-out-link -E \"$EXPRESSION\"");
    let mut build = nix.command("unshare");
    build.env("EXPRESSION", expr::file(name, name));
    build
        .args(["--mount", "--propagation", "private", "sh", "-c", &script])
        .run()
}

/// What the hook says, each line once, in a build that passes; and what was built.
#[track_caller]
fn passes_and_says(output: Output) -> (Vec<String>, Utf8PathBuf) {
    let output = output.success();
    let lines = output
        .stderr
        .lines()
        .filter_map(|line| line.split_once(PREFIX));
    let lines = lines.map(|(_, line)| line.to_owned()).collect();
    let path = Utf8PathBuf::from(output.stdout.trim_end());
    assert!(path.exists(), "{output}");
    (lines, path)
}

/// The build passes with one line about the queue `broken`, and the other queue has the path.
#[track_caller]
fn one_queue_fails_alone(product: &Product, output: Output, reason: &str) {
    let (lines, path) = passes_and_says(output);
    assert_eq!(lines.len(), 1, "{lines:#?}");
    assert!(
        lines[0].contains("broken") && lines[0].contains(reason),
        "{lines:#?}"
    );
    assert_eq!(product.queued(), [path.clone()].into());
    assert_eq!(product.rooted(), [path].into());
}

#[test]
fn a_file_in_place_of_a_queue_fails_that_queue_alone() {
    let product = Product::install(Nix::new(), &two_queues(""));
    let broken = product.nix().dir().join("broken");
    fs::write(&broken, "a file").expect("write");
    one_queue_fails_alone(&product, build(&product, "file"), "ot a directory");
    assert_eq!(fs::read_to_string(&broken).expect("read"), "a file");
}

#[test]
fn a_symlink_in_place_of_a_queue_is_not_followed() {
    let product = Product::install(Nix::new(), &two_queues(""));
    let elsewhere = product.nix().dir().join("elsewhere");
    fs::create_dir(&elsewhere).expect("mkdir");
    symlink(&elsewhere, product.nix().dir().join("broken")).expect("symlink");
    one_queue_fails_alone(&product, build(&product, "link"), "symlink");
    assert!(tree(&elsewhere, &[]).is_empty());
}

#[test]
fn a_queue_that_others_may_write_is_refused() {
    let product = Product::install(Nix::new(), &two_queues(""));
    let broken = product.nix().dir().join("broken");
    fs::create_dir(&broken).expect("mkdir");
    fs::set_permissions(&broken, fs::Permissions::from_mode(0o777)).expect("chmod");
    one_queue_fails_alone(&product, build(&product, "open"), "chmod go-w");
    assert!(tree(&broken, &[]).is_empty());
}

#[test]
fn a_read_only_queue_fails_alone() {
    let product = Product::install(Nix::new(), &two_queues(""));
    let broken = product.nix().dir().join("broken");
    fs::create_dir(&broken).expect("mkdir");
    let mount = format!("mount -t tmpfs -o ro,mode=755 tmpfs {broken}");
    let output = build_with_mounts(&product, &mount, "read-only");
    one_queue_fails_alone(&product, output, "Read-only file system");
}

#[test]
fn a_full_disk_fails_the_queue_on_it_alone() {
    let product = Product::install(Nix::new(), &two_queues(""));
    let broken = product.nix().dir().join("broken");
    fs::create_dir(&broken).expect("mkdir");
    let mount = format!("mount -t tmpfs -o nr_inodes=1,mode=755 tmpfs {broken}");
    let output = build_with_mounts(&product, &mount, "full");
    one_queue_fails_alone(&product, output, "No space left");
}

#[test]
fn a_foreign_file_in_place_of_an_entry_is_left() {
    let product = Product::install(Nix::new(), &two_queues(""));
    let drv = product
        .nix()
        .instantiate(&expr::file("taken", "taken"))
        .swap_remove(0);
    let output = product
        .nix()
        .query(&["--outputs", drv.as_str()])
        .swap_remove(0);
    let entry = product
        .nix()
        .dir()
        .join("broken")
        .join(Utf8Path::new(&output).file_name().expect("name"));
    fs::create_dir(entry.parent().expect("parent")).expect("mkdir");
    fs::write(&entry, "not ours").expect("write");
    one_queue_fails_alone(&product, build(&product, "taken"), "not a symlink");
    assert_eq!(fs::read_to_string(&entry).expect("read"), "not ours");
}

#[test]
fn without_the_right_to_make_roots_the_hook_passes_and_the_next_push_roots() {
    let nix = Nix::new();
    let path = nix.build_one(&expr::file("rootless", "rootless"));
    let product = Product::install(nix, &two_queues(""));
    let auto = product.nix().state_dir().join("gcroots/auto");
    let mount = format!("mount -t tmpfs -o ro,mode=755 tmpfs {auto}");
    let script = format!("{mount} && exec {}", Product::hook_program());
    let mut hook = product.nix().command("unshare");
    hook.env("OUT_PATHS", &path);
    hook.args(["--mount", "--propagation", "private", "sh", "-c", &script]);
    let output = hook.run().success();
    for queue in ["broken", "main"] {
        let about = format!("{PREFIX}queue {queue}: ");
        let lines: Vec<_> = output
            .stderr
            .lines()
            .filter(|line| line.starts_with(&about))
            .collect();
        assert!(
            lines.len() == 1 && lines[0].contains("Read-only file system"),
            "{output}"
        );
    }
    assert_eq!(product.queued(), [path.clone()].into());
    assert!(product.rooted().is_empty());
    let config = two_queues("").replace("file://@T@/cache", "http://127.0.0.1:1");
    product.write_config(&config);
    product.run(&["push", "--queue", "main"]).exits(69);
    assert_eq!(product.rooted(), [path].into());
}

#[test]
fn a_missing_configuration_is_named_and_the_build_passes() {
    let mut product = Product::with_file_cache(Nix::new());
    let missing = product.nix().dir().join("missing.toml");
    product
        .nix_mut()
        .set_env("NIX_POST_BUILD_PUSH_CONFIG_FILE", missing.as_str());
    let (lines, _) = passes_and_says(build(&product, "missing"));
    assert!(
        lines.len() == 1 && lines[0].contains(missing.as_str()),
        "{lines:#?}"
    );
    assert!(product.queued().is_empty());
    assert!(!Utf8Path::new("/var/lib/nix-post-build-push/default").exists());
}

#[test]
fn a_mistake_elsewhere_in_the_configuration_does_not_keep_a_path_out() {
    for (mistake, word) in [
        ("retry-dealy = \"1s\"", "retry-delay"),
        ("stall-timeout = 7", "stall-timeout"),
        ("closure-type = \"binari\"", "binary"),
        ("timeout = \"soon\"", "timeout"),
        ("[queus.other]\ndestination = \"file:///x\"", "queues"),
    ] {
        let product = Product::with_file_cache(Nix::new());
        let mut config = fs::read_to_string(product.config_file()).expect("config");
        config.push_str(mistake);
        product.write_config(&config);
        let (lines, path) = passes_and_says(build(&product, "in-spite"));
        assert_eq!(lines.len(), 1, "{mistake}: {lines:#?}");
        assert!(
            lines[0].contains(word) && lines[0].contains("config.toml"),
            "{mistake}: {lines:#?}"
        );
        assert_eq!(product.queued(), [path.clone()].into(), "{mistake}");
        assert_eq!(product.rooted(), [path].into(), "{mistake}");
        product.run(&["config", "check"]).exits(78).stderr_has(word);
    }
}

#[test]
fn a_configuration_that_is_no_toml_is_named_with_its_line() {
    let product = Product::with_file_cache(Nix::new());
    product.write_config("[queues.main]\nqueue-dir = \"@T@/queue\"\ndestination = \"file:\n");
    let (lines, path) = passes_and_says(build(&product, "no-toml"));
    assert_eq!(lines.len(), 1, "{lines:#?}");
    assert!(lines[0].contains("config.toml:3:"), "{lines:#?}");
    // What can be read of it is enough here.
    assert_eq!(product.queued(), [path].into());
}

#[test]
fn a_disabled_queue_gets_nothing() {
    let config = two_queues("").replace("[queues.broken]", "[queues.broken]\nenable = false");
    let product = Product::install(Nix::new(), &config);
    let (lines, path) = passes_and_says(build(&product, "enabled"));
    assert!(lines.is_empty(), "{lines:#?}");
    assert!(!product.nix().dir().join("broken").exists());
    assert_eq!(product.queued(), [path].into());
}

#[test]
fn with_on_error_fail_a_failure_fails_the_build_and_the_path_is_queued_elsewhere() {
    let product = Product::install(Nix::new(), &two_queues("on-error = \"fail\""));
    fs::write(product.nix().dir().join("broken"), "a file").expect("write");
    let output = build(&product, "strict").fails();
    output
        .stderr_has(PREFIX)
        .stderr_has("broken")
        .stderr_has("failed with exit code 1");
    assert_eq!(product.queued().len(), 1);
    assert_eq!(product.rooted(), product.queued());
}

#[test]
fn with_on_error_fail_a_build_without_a_failure_passes() {
    let product = Product::install(Nix::new(), &two_queues("on-error = \"fail\""));
    let (lines, path) = passes_and_says(build(&product, "sound"));
    assert!(lines.is_empty(), "{lines:#?}");
    assert_eq!(product.queued(), [path].into());
}

#[test]
fn an_unprivileged_hook_without_the_right_to_the_queue_says_so() {
    let nix = Nix::new();
    let path = nix.build_one(&expr::file("not-yours", "not-yours"));
    nix.user_home();
    let product = Product::install(nix, &two_queues(""));
    std::fs::create_dir(product.nix().dir().join("broken")).expect("mkdir");
    let before = tree(product.nix().dir(), &[]);
    let mut hook = product.nix().user_command(Product::hook_program());
    let output = hook.env("OUT_PATHS", &path).run().success();
    for queue in ["broken", "main"] {
        let about = format!("{PREFIX}queue {queue}: ");
        let lines: Vec<_> = output
            .stderr
            .lines()
            .filter(|line| line.starts_with(&about))
            .collect();
        assert!(
            lines.len() == 1 && lines[0].contains("Permission denied"),
            "{output}"
        );
    }
    assert_eq!(output.stderr.lines().count(), 2, "{output}");
    assert_eq!(tree(product.nix().dir(), &[]), before);
}

#[test]
fn a_configuration_that_others_may_write_is_not_believed_in_anything() {
    let product = Product::with_file_cache(Nix::new());
    product.write_config(&two_queues("on-error = \"fail\""));
    let file = product.config_file();
    let writable = fs::Permissions::from_mode(0o646);
    fs::set_permissions(&file, writable).expect("chmod");
    let (lines, _) = passes_and_says(build(&product, "refused"));
    let expected = format!(
        "the configuration file {file} is refused: it may be written by others than its owner \
         (hint: chmod go-w {file})"
    );
    assert_eq!(lines, [expected]);
    assert!(!product.queue_dir().exists());
    let check = product.run(&["config", "check"]).exits(78);
    check.stderr_has(format!("chmod go-w {file}"));
    fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).expect("chmod");
    product.write_config(&two_queues(""));
    build(&product, "believed").success().hook_was_silent();
    assert_eq!(product.queued().len(), 1);
}

#[test]
fn a_fifo_as_configuration_does_not_hold_up_a_build() {
    let product = Product::with_file_cache(Nix::new());
    fs::remove_file(product.config_file()).expect("unlink");
    let fifo = product.config_file();
    Run::run(std::process::Command::new("mkfifo").arg(&fifo)).success();
    let (lines, _) = passes_and_says(build(&product, "fifo"));
    assert!(lines[0].contains("it is not a regular file"), "{lines:?}");
}

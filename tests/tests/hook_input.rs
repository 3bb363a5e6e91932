//! The hook and what Nix, or somebody else, tells it to queue.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::process::Command;

use camino::{Utf8Path, Utf8PathBuf};
use system_tests::{Nix, Output, Product, Run, expr, tree};

/// Two paths that no hook has seen.
fn product() -> (Product, Vec<Utf8PathBuf>) {
    let nix = Nix::new();
    let paths = nix.build(&expr::independent(2));
    (Product::with_file_cache(nix), paths)
}

/// Runs a hook that must not touch anything but the queue and its roots.
#[track_caller]
fn run_beside(product: &Product, hook: &mut Command) -> Output {
    let (queue, auto) = (
        product.queue_dir(),
        product.nix().state_dir().join("gcroots/auto"),
    );
    let look = || tree(product.nix().dir(), &[queue.as_path(), auto.as_path()]);
    let before = look();
    let output = hook.run();
    assert_eq!(look(), before, "\n{output}");
    output
}

/// One line on standard error, that begins as all ours do.
#[track_caller]
fn one_line(output: &Output) -> &str {
    let lines: Vec<_> = output.stderr.lines().collect();
    assert!(lines.len() == 1, "expected one line\n{output}");
    assert!(
        lines[0].starts_with("error: nix-post-build-push-hook: "),
        "{output}"
    );
    lines[0]
}

#[track_caller]
fn queued_and_rooted(product: &Product, paths: &[Utf8PathBuf]) {
    let expected: BTreeSet<_> = paths.iter().cloned().collect();
    assert_eq!(product.queued(), expected);
    assert_eq!(product.rooted(), expected);
}

#[test]
fn all_paths_of_out_paths_are_queued_without_a_word() {
    let (product, paths) = product();
    let out_paths = format!("{} {}", paths[0], paths[1]);
    let output = run_beside(&product, &mut product.hook_command(&out_paths, ""));
    output.success().is_silent();
    queued_and_rooted(&product, &paths);
}

#[test]
fn with_out_paths_empty_the_outputs_are_read_from_the_derivation() {
    for out_paths in [Some(""), Some("  "), None] {
        let nix = Nix::new();
        let outputs = nix.build(&expr::multiple_outputs());
        let drv = nix.deriver(&outputs[0]).expect("deriver");
        let product = Product::with_file_cache(nix);
        let mut hook = product.hook_command(out_paths.unwrap_or_default(), drv.as_str());
        if out_paths.is_none() {
            hook.env_remove("OUT_PATHS");
        }
        run_beside(&product, &mut hook).success().is_silent();
        queued_and_rooted(&product, &outputs);
    }
}

#[test]
fn with_out_paths_empty_floating_outputs_are_found() {
    let nix = Nix::with_ca_derivations();
    let drv = nix.instantiate(&expr::content_addressed(1)).swap_remove(0);
    let outputs = nix.realise(std::slice::from_ref(&drv));
    let product = Product::with_file_cache(nix);
    product
        .hook_command("", drv.as_str())
        .run()
        .success()
        .is_silent();
    queued_and_rooted(&product, &outputs);
}

#[test]
fn with_neither_variable_it_says_who_is_meant_to_run_it() {
    let (product, _) = product();
    let mut hook = product.hook_command("", "");
    let output = run_beside(
        &product,
        hook.env_remove("OUT_PATHS").env_remove("DRV_PATH"),
    );
    let output = output.success();
    assert!(one_line(&output).contains("post-build-hook"), "{output}");
    queued_and_rooted(&product, &[]);
}

#[test]
fn two_thousand_outputs_of_one_derivation_are_queued() {
    let mut product = Product::with_file_cache(Nix::new());
    let log = product.nix().dir().join("hook.log");
    let body = format!("exec {} >{log} 2>&1", Product::hook_program());
    let wrapper = product.nix().script("hook", &body);
    product.nix_mut().set_hook(wrapper);
    let expression = expr::with_drv(
        r#"let names = builtins.genList (k: "o${toString k}") 2000; in
(drvWith { outputs = names; } "m" ''for name in $outputs; do eval "echo $name > \$$name"; done'').o0"#,
    );
    product.nix().build(&expression);
    assert_eq!(fs::read_to_string(log).expect("the hook ran"), "");
    let queued = product.queued();
    assert_eq!(queued.len(), 2000);
    assert_eq!(product.rooted(), queued);
}

#[test]
fn duplicates_are_queued_once() {
    let (product, paths) = product();
    let out_paths = format!("{0} {1} {0}  {0}\n{1} ", paths[0], paths[1]);
    run_beside(&product, &mut product.hook_command(&out_paths, ""))
        .success()
        .is_silent();
    queued_and_rooted(&product, &paths);
}

#[test]
fn what_is_no_store_path_is_named_and_keeps_no_other_out() {
    let (product, paths) = product();
    let store = product.nix().store_dir();
    let inside = format!("{}/bin", paths[1]);
    let bad = [
        "relative",
        "./relative",
        "/etc/passwd",
        "/nix/store/v3ygr25lms4hdmxwa8h14sjv6km1l8cz-foreign",
        store.as_str(),
        &format!("{store}/../store/x"),
        &format!("{store}/.links"),
        &format!("{store}/short-name"),
        &inside,
    ];
    for word in bad {
        let out_paths = format!("{word} {}", paths[0]);
        let output = run_beside(&product, &mut product.hook_command(&out_paths, "")).success();
        assert!(one_line(&output).contains("OUT_PATHS"), "{word}: {output}");
        let name = word.rsplit('/').next().expect("a part");
        assert!(one_line(&output).contains(name), "{word}: {output}");
        queued_and_rooted(&product, &paths[..1]);
    }
}

#[test]
fn what_is_not_utf8_is_shown_escaped_and_keeps_no_other_out() {
    let (product, paths) = product();
    let value = [b"/\xff\xfe ", paths[0].as_str().as_bytes(), b" \x80"].concat();
    let mut hook = product.hook_command("", "");
    let output = run_beside(&product, hook.env("OUT_PATHS", OsStr::from_bytes(&value)));
    let output = output.success().stderr_has(r"\xff\xfe").stderr_has(r"\x80");
    assert!(output.stderr.is_ascii(), "{output}");
    queued_and_rooted(&product, &paths[..1]);
}

#[test]
fn a_path_that_does_not_exist_is_named_and_keeps_no_other_out() {
    let (product, paths) = product();
    product.nix().delete_ignoring_liveness(&paths[1]);
    let out_paths = format!("{} {}", paths[1], paths[0]);
    let output = run_beside(&product, &mut product.hook_command(&out_paths, "")).success();
    assert!(one_line(&output).contains(paths[1].as_str()), "{output}");
    queued_and_rooted(&product, &paths[..1]);
}

/// Nix leaves a variable alone that its own environment has: so it gets to the hook.
#[test]
fn a_build_passes_whatever_stands_in_out_paths() {
    for (value, word) in [
        ("relative", "relative"),
        ("/etc/passwd", "/etc/passwd"),
        (
            "/nix/store/v3ygr25lms4hdmxwa8h14sjv6km1l8cz-foreign",
            "foreign",
        ),
    ] {
        let product = Product::with_file_cache(Nix::new());
        let mut build = product.nix().command("nix-build");
        build.env("OUT_PATHS", value);
        build.args(["--no-out-link", "-E", &expr::file("built", "built")]);
        let output = build.run().success();
        let output = output.stderr_has("error: nix-post-build-push-hook: OUT_PATHS: ");
        let output = output.stderr_has(word);
        assert!(Utf8Path::new(output.stdout.trim_end()).exists(), "{output}");
        queued_and_rooted(&product, &[]);
    }
}

#[test]
fn source_and_cache_queues_get_the_derivation_as_well() {
    let config = r#"
[queues.main]
destination = "file://@T@/cache"
queue-dir = "@T@/queue"
[queues.source]
destination = "file://@T@/cache"
queue-dir = "@T@/source"
closure-type = "source"
"#;
    let product = Product::install(Nix::new(), config);
    let path = product.nix().build_one(&expr::file("both", "both"));
    let drv = product.nix().deriver(&path).expect("deriver");
    queued_and_rooted(&product, std::slice::from_ref(&path));
    assert_eq!(
        product.queued_in("source"),
        [path.clone(), drv.clone()].into()
    );
    assert_eq!(product.rooted_in("source"), [path, drv].into());
}

//! A throwaway Nix: its store, its collector, its hook, its daemon.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::{MetadataExt, symlink};

use camino::Utf8PathBuf;
use system_tests::{Nix, Run, User, Version, expr, names};

fn set<const N: usize>(names: [&str; N]) -> BTreeSet<String> {
    names.map(String::from).into()
}

#[test]
fn a_version_is_read_from_what_nix_prints_and_compares_by_number() {
    assert_eq!(
        Version::parse("nix (Nix) 2.26.3\n"),
        Some(Version(2, 26, 3))
    );
    assert_eq!(Version::parse("2.19pre20231010"), Some(Version(2, 19, 0)));
    assert_eq!(Version::parse("no version"), None);
    assert!(Version(2, 8, 0) < Version(2, 26, 3));
}

#[test]
fn a_throwaway_nix_has_its_own_store_and_leaves_nothing_behind() {
    let nix = Nix::new();
    let path = nix.build_one(&expr::file("hello", "hello"));
    assert!(path.starts_with(nix.store_dir()));
    assert_eq!(fs::read_to_string(&path).expect("built"), "hello\n");
    assert!(nix.is_valid(&path));
    let dir = nix.dir().to_owned();
    drop(nix);
    assert!(!dir.exists());
}

#[test]
fn commands_see_a_clean_environment() {
    let nix = Nix::new();
    // Without the secrets that the harness plants, and would find in the output.
    let names = ["-c", "env | grep -v planted-.ecret"];
    let output = nix.command("sh").args(names).run().success();
    assert!(output.stdout_has("NIX_STORE_DIR=/tmp/").lines().len() < 20);
    let forbidden = [
        "NIX_REMOTE",
        "NIX_PATH",
        "NIX_CONFIG",
        "OUT_PATHS",
        "DRV_PATH",
    ];
    let command = nix.command("env");
    let set: Vec<_> = command
        .get_envs()
        .map(|(name, _)| name.to_owned())
        .collect();
    assert!(forbidden.iter().all(|name| !set.contains(&(*name).into())));
}

#[test]
fn expressions_have_the_shape_their_names_say() {
    let nix = Nix::new();
    let chain = nix.build_one(&expr::chain(3));
    assert_eq!(
        names(&nix.closure(&chain)),
        set(["link-1", "link-2", "link-3"])
    );
    let diamond = nix.build_one(&expr::diamond());
    assert_eq!(
        names(&nix.closure(&diamond)),
        set(["base", "left", "right", "top"])
    );
    assert_eq!(nix.build(&expr::independent(20)).len(), 20);
    let outputs = nix.build(&expr::multiple_outputs());
    assert_eq!(names(&outputs), set(["many", "many-dev", "many-doc"]));
    assert_eq!(names(&nix.closure(&outputs[0])), set(["many", "many-dev"]));
    let large = nix.build_one(&expr::large("large", 100_000));
    assert_eq!(fs::metadata(large).expect("built").len(), 100_000);
    nix.try_build(&expr::failing())
        .fails()
        .stderr_has("failing");
}

#[test]
fn floating_content_addressed_derivations_build() {
    let nix = Nix::with_ca_derivations();
    let paths = nix.build(&expr::content_addressed(3));
    assert_eq!(names(&paths), set(["ca-1", "ca-2", "ca-3"]));
    assert_eq!(nix.closure(&paths[2]).len(), 3);
}

#[test]
fn the_store_answers_queries() {
    let nix = Nix::new();
    let drvs = nix.instantiate(&expr::independent(2));
    assert_eq!(drvs.len(), 2);
    let paths = nix.realise(&drvs);
    assert_eq!(nix.deriver(&paths[0]).as_ref(), Some(&drvs[0]));
    assert_eq!(
        nix.query(&["--outputs", drvs[1].as_str()]),
        [paths[1].as_str()]
    );
    let added = nix.dir().join("added");
    fs::write(&added, "added").expect("write");
    let output = nix
        .command("nix-store")
        .args(["--add", added.as_str()])
        .run();
    let added = Utf8PathBuf::from(output.success().stdout.trim_end());
    assert_eq!(nix.deriver(&added), None);
}

#[test]
fn the_garbage_collector_takes_what_has_no_root() {
    let nix = Nix::new();
    let paths = nix.build(&expr::independent(2));
    let link = nix.dir().join("root");
    let mut command = nix.command("nix-store");
    command.args(["-r", paths[0].as_str(), "--add-root", link.as_str()]);
    command.run().success();
    assert_eq!(nix.roots_of(&paths[0]), [link.as_str()]);
    assert!(nix.roots_of(&paths[1]).is_empty());
    nix.gc();
    assert!(nix.is_valid(&paths[0]));
    assert!(!nix.is_valid(&paths[1]));
    nix.delete_ignoring_liveness(&paths[0]);
    assert!(!paths[0].exists());
}

#[test]
fn a_frozen_collection_takes_what_got_a_plain_link_after_its_scan() {
    let nix = Nix::new();
    let path = nix.build_one(&expr::file("late", "late"));
    let gc = nix.frozen_gc();
    assert!(path.exists());
    let gcroots = nix.state_dir().join("gcroots");
    symlink(&path, gcroots.join("late")).expect("symlink");
    gc.release();
    assert!(!path.exists());
    assert!(!nix.is_valid(&path));
}

#[test]
fn a_frozen_collection_spares_what_is_rooted_through_nix() {
    let nix = Nix::new();
    let path = nix.build_one(&expr::file("late", "late"));
    let gc = nix.frozen_gc();
    let link = nix.dir().join("root");
    let mut command = nix.command("nix-store");
    command.args(["-r", path.as_str(), "--add-root", link.as_str()]);
    command.run().success();
    gc.release();
    assert!(nix.is_valid(&path));
}

#[test]
fn a_frozen_collection_can_be_abandoned() {
    let nix = Nix::new();
    let path = nix.build_one(&expr::file("kept", "kept"));
    drop(nix.frozen_gc());
    assert!(nix.is_valid(&path));
    nix.gc();
    assert!(!nix.is_valid(&path));
}

#[test]
fn the_hook_runs_with_the_variables_of_the_caller() {
    let mut nix = Nix::new();
    let hook = nix.script("hook", r#"echo "$GREETING $DRV_PATH" >> "${0%/*}/seen""#);
    nix.set_hook(hook);
    nix.set_env("GREETING", "hello");
    let path = nix.build_one(&expr::file("hooked", "hooked"));
    let seen = fs::read_to_string(nix.dir().join("seen")).expect("the hook ran");
    let deriver = nix.deriver(&path).expect("deriver");
    assert_eq!(seen, format!("hello {deriver}\n"));
}

#[test]
fn a_hook_that_fails_fails_the_build() {
    let mut nix = Nix::new();
    let hook = nix.script("hook", "exit 7");
    nix.set_hook(hook);
    let output = nix.try_build(&expr::file("refused", "refused")).fails();
    output.stderr_has("exit code 7");
}

#[test]
fn an_unprivileged_user_builds_through_the_daemon_which_runs_the_hook_as_root() {
    let mut nix = Nix::new();
    let hook = nix.script("hook", r#"id -u > "${0%/*}/hook-user""#);
    nix.set_hook(hook);
    nix.start_daemon();
    let mut build = nix.user_command("nix-build");
    build.args(["--no-out-link", "-E", &expr::file("mine", "mine")]);
    let path = Utf8PathBuf::from(build.run().success().stdout.trim_end());
    assert!(nix.is_valid(&path));
    let hook_user = fs::read_to_string(nix.dir().join("hook-user")).expect("the hook ran");
    assert_eq!(hook_user, "0\n");

    let output = nix.user_command("id").arg("-u").run().success();
    let user = User::unprivileged();
    assert_eq!(output.stdout, format!("{}\n", user.uid));
    assert_ne!(user.uid, 0);

    let link = nix.user_home().join("root");
    let mut command = nix.user_command("nix-store");
    command.args(["-r", path.as_str(), "--add-root", link.as_str()]);
    command.run().success();
    assert_eq!(fs::symlink_metadata(&link).expect("link").uid(), user.uid);
    assert_eq!(nix.roots_of(&path), [link.as_str()]);
}

#[test]
fn without_its_daemon_a_daemon_command_fails() {
    let mut nix = Nix::new();
    nix.start_daemon();
    let path = nix.build_one(&expr::file("asked", "asked"));
    let ask = |nix: &Nix| {
        let mut command = nix.daemon_command("nix-store");
        command.args(["--check-validity", path.as_str()]).run()
    };
    ask(&nix).success();
    nix.stop_daemon();
    ask(&nix).fails().stderr_has("cannot connect");
}

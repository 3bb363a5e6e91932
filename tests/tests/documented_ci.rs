//! The steps of docs/get-started.md for CI, as they stand there.

use std::fs;

use system_tests::{Nix, Product, Run, expr};

/// All blocks of shell below the heading, as one script.
fn steps() -> String {
    let page = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/get-started.md");
    let page = fs::read_to_string(page).expect("the page");
    let (_, section) = page.split_once("\n## CI\n").expect("the section");
    let blocks = section.split("```sh\n").skip(1);
    let blocks = blocks.filter_map(|block| block.split("```").next());
    blocks.collect()
}

#[test]
fn the_steps_for_ci_deliver_what_was_built_and_leave_nothing() {
    let nix = Nix::new();
    let script = steps().replace(
        "/usr/local/bin/nix-post-build-push-hook",
        Product::hook_program().as_str(),
    );
    assert!(script.contains("--until-empty"), "{script}");
    fs::write(nix.dir().join("default.nix"), expr::chain(3)).expect("write");
    let programs = Product::program();
    let path = format!("PATH={}:$PATH\n", programs.parent().expect("directory"));
    let mut sh = nix.command("sh");
    sh.args(["-euc", &(path + &script)]).current_dir(nix.dir());
    let output = sh.run().success();

    let mut lines = output.lines().into_iter();
    let built = lines.find(|line| line.starts_with(nix.store_dir().as_str()));
    let closure = nix.closure(built.expect("nix-build prints it").as_ref());
    let paths: Vec<_> = closure.into_iter().collect();
    assert_eq!(paths.len(), 3);
    assert_eq!(
        nix.valid_in(&format!("file://{}/cache", nix.dir()), &paths),
        paths
    );
}

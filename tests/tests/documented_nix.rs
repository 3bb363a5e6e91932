//! The pages' blocks of Nix.

use std::fs;

use camino::{Utf8Path, Utf8PathBuf};
use serde_json::Value;
use system_tests::{Nix, Run};

fn checkout() -> Utf8PathBuf {
    Utf8Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// All Markdown at the top of the checkout and below `docs`.
fn pages() -> Vec<Utf8PathBuf> {
    let places = [checkout(), checkout().join("docs")];
    let files = places
        .iter()
        .flat_map(|place| place.read_dir_utf8().expect("readdir"))
        .map(|entry| entry.expect("readdir").into_path());
    files
        .filter(|file| file.extension() == Some("md"))
        .collect()
}

/// What stands in the blocks of Nix of a page, as expressions.
fn expressions(page: &Utf8Path) -> Vec<String> {
    let text = fs::read_to_string(page).expect("the page");
    let blocks = text.split("```nix\n").skip(1);
    let blocks = blocks.filter_map(|rest| rest.split("```").next());
    blocks.map(expression).collect()
}

/// A block of definitions is what stands in a set.
fn expression(block: &str) -> String {
    match block.trim_end().strip_suffix(';') {
        Some(_) => format!("{{ {block} }}"),
        None => block.to_owned(),
    }
}

#[test]
fn each_block_can_be_parsed() {
    let nix = Nix::new();
    let mut tried = 0;
    for page in pages() {
        for expression in expressions(&page) {
            // With the names that a module has.
            let module = format!("{{ config, lib, pkgs, ... }}:\n{expression}");
            let parsed = nix
                .command("nix-instantiate")
                .args(["--parse", "-E", &module])
                .run();
            assert_eq!(parsed.code, 0, "{page}: {expression}\n{parsed}");
            tried += 1;
        }
    }
    assert!(tried > 10, "{tried}");
}

#[test]
fn the_line_of_the_first_page_is_all_that_a_queue_takes() {
    let nix = Nix::new();
    let [line] = expressions(&checkout().join("README.md"))
        .try_into()
        .expect("one block");
    let mut evaluate = nix.command("nix-instantiate");
    evaluate
        .args(["--eval", "--strict", "--json"])
        .arg(checkout().join("nixos/tests/render.nix"))
        .args(["--arg", "configuration", &line])
        .args(["--argstr", "package", "/opt/nix-post-build-push"]);
    let switched: Value = evaluate.run().success().json();
    let timer = "nix-post-build-push-main.timer";
    assert!(
        switched["enable"].to_string().contains(timer),
        "{switched:#}"
    );
    let unit = switched["files"][format!("/etc/systemd/system/{timer}")].as_str();
    assert!(unit.expect("the timer").contains("=10"), "{unit:?}");
    let hook = switched["nixConf"].to_string();
    assert!(hook.contains("nix-post-build-push-hook"), "{hook}");
}

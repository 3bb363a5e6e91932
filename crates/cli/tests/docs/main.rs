//! The pages that people read: what they show is right. (What they tell to do on a machine is done on
//! one in `tests/machine`, and each destination is pushed to.)

#![allow(clippy::unwrap_used, unreachable_pub)]

mod commands;
#[path = "../common/mod.rs"]
mod common;
mod links;
mod map;
mod pages;

use std::process::{Command, Stdio};

use common::World;
use pages::{Block, pages};

fn blocks(language: &str) -> Vec<Block> {
    let pages = pages();
    let blocks = pages.iter().flat_map(|page| page.blocks());
    let fitting: Vec<_> = blocks.filter(|block| block.language == language).collect();
    assert!(!fitting.is_empty(), "no block of {language}");
    fitting
}

/// A configuration of ours, and not of another program.
fn is_ours(toml: &str) -> bool {
    let tables = ["[queues.", "[hook]", "[nix]"];
    let mut lines = toml.lines();
    lines.any(|line| tables.iter().any(|table| line.starts_with(table)))
}

#[test]
fn each_configuration_is_one_that_the_program_takes_without_a_word() {
    for block in blocks("toml") {
        if !is_ours(&block.text) {
            let parsed = block.text.parse::<toml::Table>();
            assert!(parsed.is_ok(), "{}: {parsed:?}", block.place);
            continue;
        }
        let mut world = World::new();
        world.unset("NIX_POST_BUILD_PUSH_QUEUE_DIR");
        let file = world.write("config.toml", &block.text);
        let ran = world.run(&[
            "config",
            "check",
            "--declared",
            "--config-file",
            file.as_str(),
        ]);
        assert_eq!((ran.code, ran.stderr.as_str()), (0, ""), "{}", block.place);
    }
}

#[test]
fn each_block_of_shell_can_be_parsed_by_a_shell() {
    for block in blocks("sh") {
        let mut bash = Command::new("bash");
        let mut child = bash.arg("-n").stdin(Stdio::piped()).spawn().unwrap();
        let mut stdin = child.stdin.take().unwrap();
        std::io::Write::write_all(&mut stdin, block.text.as_bytes()).unwrap();
        drop(stdin);
        assert!(child.wait().unwrap().success(), "{}", block.place);
    }
}

#[test]
fn each_command_line_of_ours_is_one_that_the_program_understands() {
    let world = World::new();
    let mut tried = 0;
    for block in blocks("sh") {
        for mut line in commands::of("nix-post-build-push", &block.text) {
            // All of it is read before help is given, which does nothing else.
            let end = line.iter().position(|word| word == "--");
            line.insert(end.unwrap_or(line.len()), "--help".to_owned());
            let words: Vec<_> = line.iter().map(String::as_str).collect();
            let ran = world.run(&words);
            assert_eq!(ran.code, 0, "{}: {line:?}\n{}", block.place, ran.stderr);
            tried += 1;
        }
    }
    assert!(tried > 20, "{tried}");
}

#[test]
fn no_command_needs_a_nix_conf_that_switches_on_the_new_command_line() {
    for block in blocks("sh") {
        for line in commands::of("nix", &block.text) {
            let begin = line.join(" ");
            let switched = begin.starts_with("--extra-experimental-features nix-command ");
            assert!(switched, "{}: nix {begin}", block.place);
        }
    }
}

#[test]
fn what_is_added_to_a_nix_conf_begins_a_line_of_its_own() {
    for block in blocks("sh") {
        let adds = |line: &&str| line.contains("tee -a /etc/nix/nix.conf");
        for line in block.text.lines().filter(adds) {
            let begins = line.trim_start().starts_with(r"printf '\n");
            assert!(begins, "{}: {line}", block.place);
        }
    }
}

#[test]
fn each_make_target_is_one() {
    let makefile = pages::read("Makefile");
    for block in blocks("sh") {
        for line in commands::of("make", &block.text) {
            let targets = line.iter().filter(|word| !word.contains('='));
            for target in targets {
                let rule = format!("\n{target}: ");
                assert!(makefile.contains(&rule), "{}: make {target}", block.place);
            }
        }
    }
}

#[test]
fn each_link_leads_somewhere() {
    let mut tried = 0;
    for page in pages() {
        for link in links::of(&page.text) {
            if let Some(wrong) = links::wrong(&page.file, &link) {
                panic!("{}: {link}: {wrong}", page.file);
            }
            tried += 1;
        }
    }
    assert!(tried > 50, "{tried}");
}

#[test]
fn a_line_of_contents_has_every_section_of_its_page() {
    let mut tried = 0;
    for page in pages() {
        let is_one =
            |line: &&str| line.starts_with("[") && line.contains("](#") && line.contains(" · ");
        let Some(contents) = page.text.lines().find(is_one) else {
            continue;
        };
        for section in links::sections(&page.text) {
            let link = format!("](#{section})");
            assert!(contents.contains(&link), "{}: {section}", page.file);
        }
        tried += 1;
    }
    assert!(tried > 3, "{tried}");
}

#[test]
fn each_page_of_the_documentation_is_in_its_contents() {
    let contents = pages::read("docs/README.md");
    for page in pages() {
        if let Some(name) = page.file.strip_prefix("docs/")
            && name != "README.md"
        {
            assert!(contents.contains(&format!("]({name})")), "{name}");
        }
    }
}

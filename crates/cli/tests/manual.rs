//! CLI.md is what the program says of itself.

mod common;

use common::World;

#[test]
fn cli_md_is_what_the_program_prints() {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../../CLI.md");
    let committed = std::fs::read_to_string(file).unwrap_or_default();
    let printed = World::new().run(&["help", "--markdown"]).ok();
    assert!(
        committed == printed,
        "CLI.md is out of date; run `make cli-md`"
    );
}

#[test]
fn the_manual_covers_every_command_option_and_exit_code() {
    let manual = World::new().run(&["help", "--markdown"]).ok();
    for section in [
        "Name",
        "Synopsis",
        "Commands",
        "Options",
        "Environment",
        "Configuration file",
        "Exit codes",
        "Files",
        "JSON output",
    ] {
        assert!(manual.contains(&format!("\n## {section}\n")), "{section}");
    }
    for alias in [
        "enqueue-paths",
        "upload-queued-paths",
        "perform-upload",
        "show-queued-paths",
        "show-closure",
        "doc",
        "perldoc",
    ] {
        assert!(manual.contains(&format!("`{alias}`")), "{alias}");
    }
    for option in [
        "--xargs-bin",
        "--[no-]include-out-paths",
        "--log-format",
        "--queue",
    ] {
        let plain = option.replace("[no-]", "");
        assert!(
            manual.contains(option) || manual.contains(&plain),
            "{option}"
        );
    }
    for code in [0, 2, 69, 70, 75, 78] {
        assert!(manual.contains(&format!("| {code} |")), "{code}");
    }
}

#[test]
fn the_manual_is_a_manual_page() {
    let page = World::new().run(&["man"]).ok();
    for section in [
        "NAME",
        "SYNOPSIS",
        "COMMANDS",
        "OPTIONS",
        "ENVIRONMENT",
        "FILES",
    ] {
        assert!(page.contains(&format!(".SH {section}")), "{section}");
    }
    assert_eq!(World::new().run(&["perldoc"]).ok(), page);
}

#[test]
fn there_are_completions_for_the_usual_shells() {
    for shell in ["bash", "zsh", "fish"] {
        assert!(
            World::new()
                .run(&["completions", shell])
                .ok()
                .contains("upload-queued-paths")
        );
    }
}

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
    for code in [0, 1, 2, 69, 70, 75, 78] {
        assert!(manual.contains(&format!("| {code} |")), "{code}");
    }
}

#[test]
fn each_page_of_the_manual_has_what_such_a_page_has() {
    for (page, sections) in [
        (
            "nix-post-build-push",
            &["COMMANDS", "OPTIONS", "ENVIRONMENT", "FILES", "JSON OUTPUT"][..],
        ),
        ("nix-post-build-push-hook", &["ENVIRONMENT", "EXIT STATUS"]),
        (
            "nix-post-build-push.toml",
            &["[queues.NAME]", "[queues.NAME.limits]", "[hook]", "[nix]"],
        ),
    ] {
        let text = World::new().run(&["man", page]).ok();
        for section in sections.iter().chain(&["NAME", "DESCRIPTION", "SEE ALSO"]) {
            let plain = format!(".SH {section}\n");
            let quoted = format!(".SH \"{section}\"\n");
            assert!(
                text.contains(&plain) || text.contains(&quoted),
                "{page}: {section}"
            );
        }
    }
    let page = World::new().run(&["man"]).ok();
    assert_eq!(World::new().run(&["perldoc"]).ok(), page);
    World::new().run(&["man", "no-such-page"]).fails(2);
}

/// What the short help lists below `Commands:`.
fn commands() -> Vec<String> {
    let help = World::new().run(&["--help"]).ok();
    let listed = help.split("Commands:\n").nth(1).unwrap_or_default();
    let lines = listed.lines().take_while(|line| !line.trim().is_empty());
    let names = lines.filter_map(|line| line.strip_prefix("  "));
    let names = names.filter(|line| !line.starts_with(' '));
    names
        .filter_map(|line| line.split(' ').next())
        .map(str::to_owned)
        .collect()
}

#[test]
fn the_page_of_the_program_has_every_command() {
    let page = World::new().run(&["man"]).ok();
    assert!(commands().len() > 10);
    for name in commands() {
        let heading = |line: &str| {
            let title = line.strip_prefix(".SS ").unwrap_or_default();
            title.trim_matches('"').split(' ').next() == Some(&*name)
        };
        assert!(page.lines().any(heading), "{name}");
    }
}

#[test]
fn a_shell_for_which_there_is_no_script_of_our_own_gets_one_of_claps() {
    for shell in ["elvish", "powershell"] {
        let script = World::new().run(&["completions", shell]).ok();
        assert!(script.contains("until-empty"), "{shell}");
    }
}

//! What `make install` installs: the programs, the manual pages, the completions.

use std::collections::BTreeSet;
use std::fs;
use std::process::Command;

use camino::Utf8Path;
use system_tests::{Installed, Run};

const FILES: [&str; 8] = [
    "644 usr/share/bash-completion/completions/nix-post-build-push",
    "644 usr/share/fish/vendor_completions.d/nix-post-build-push.fish",
    "644 usr/share/man/man1/nix-post-build-push-hook.1",
    "644 usr/share/man/man1/nix-post-build-push.1",
    "644 usr/share/man/man5/nix-post-build-push.toml.5",
    "644 usr/share/zsh/site-functions/_nix-post-build-push",
    "755 usr/bin/nix-post-build-push",
    "755 usr/bin/nix-post-build-push-hook",
];

fn installed() -> (tempfile::TempDir, Installed) {
    let keep = tempfile::tempdir().expect("tempdir");
    // A blank in it: what is not quoted in the Makefile fails.
    let dir = Utf8Path::from_path(keep.path())
        .expect("UTF-8")
        .join("an image");
    (keep, Installed::below(dir))
}

fn pages(installed: &Installed) -> Vec<camino::Utf8PathBuf> {
    let all = FILES
        .iter()
        .filter_map(|file| file.strip_prefix("644 usr/share/man/"));
    all.map(|page| installed.share("man").join(page)).collect()
}

#[test]
fn make_install_puts_everything_in_its_place_and_make_uninstall_takes_it_away() {
    let (_keep, installed) = installed();
    assert_eq!(installed.files(), FILES.map(str::to_owned).into());
    installed.make("uninstall").success();
    assert_eq!(installed.files(), BTreeSet::new());
}

#[test]
fn make_install_says_where_something_was_not_built() {
    let (_keep, installed) = installed();
    installed.make("uninstall").success();
    fs::remove_dir_all(installed.built().join("share")).unwrap();
    let output = installed.make("install").success();
    output.stderr_has("no manual pages and no completions");
    let programs = FILES.iter().filter(|file| file.starts_with("755"));
    assert_eq!(
        installed.files(),
        programs.map(ToString::to_string).collect()
    );
    fs::remove_dir_all(installed.built()).unwrap();
    installed
        .make("install")
        .fails()
        .stderr_has("run `make build` first");
}

/// What mandoc and groff have to say against a page.
fn complaints(page: &Utf8Path) -> String {
    let mandoc = Command::new("mandoc")
        .args(["-T", "lint", "-W", "all", page.as_str()])
        .run();
    let mut man = Command::new("man");
    man.env("MANWIDTH", "80").env("LC_ALL", "C.UTF-8");
    let man = man
        .args(["--warnings=w", "-l", page.as_str()])
        .run()
        .success();
    mandoc.stdout + &mandoc.stderr + &man.stderr
}

#[test]
fn mandoc_and_man_find_nothing_wrong_with_the_pages() {
    let (_keep, installed) = installed();
    for page in pages(&installed) {
        assert_eq!(complaints(&page), "", "{page}");
    }
}

#[test]
fn a_mistake_in_a_page_would_be_found() {
    let (_keep, installed) = installed();
    for mistake in [
        ".XX unknown",
        ".SH FILES\n.PP",
        "a line with a blank at its end ",
        "\\(xx",
    ] {
        let page = installed.share("man/man1/nix-post-build-push.1");
        let sound = fs::read_to_string(&page).unwrap();
        fs::write(&page, format!("{sound}{mistake}\n")).unwrap();
        assert_ne!(complaints(&page), "", "{mistake}");
        fs::write(&page, sound).unwrap();
    }
}

#[test]
fn the_pages_read_well_on_a_terminal_of_80_columns() {
    let (_keep, installed) = installed();
    for page in pages(&installed) {
        let mut mandoc = Command::new("sh");
        mandoc.args([
            "-c",
            "mandoc -T utf8 -O width=78 \"$0\" | col -bx",
            page.as_str(),
        ]);
        let text = mandoc.run().success().stdout;
        let long = text.lines().find(|line| line.chars().count() > 80);
        assert_eq!(long, None, "{page}");
        // What is left of a markup, or was taken for one.
        for wrong in ["`", "\\f", "\\-", "’", "‐"] {
            let line = text.lines().find(|line| line.contains(wrong));
            assert_eq!(line, None, "{page}");
        }
        assert!(text.contains("SEE ALSO"), "{page}");
    }
}

#[test]
fn man_finds_each_page_and_a_terminal_is_shown_it() {
    let (_keep, installed) = installed();
    for (name, says) in [
        ("nix-post-build-push", "drop [ENTRY...]"),
        ("nix-post-build-push-hook", "OUT_PATHS"),
        ("nix-post-build-push.toml", "beyond-max-age"),
    ] {
        let mut man = Command::new("man");
        man.env("MANPATH", installed.share("man").as_str());
        man.env("LC_ALL", "C.UTF-8")
            .arg(name)
            .run()
            .success()
            .stdout_has(says);
        let program = installed.bin().join("nix-post-build-push");
        // A terminal of util-linux's.
        let line = format!("'{program}' man {name}");
        let mut terminal = Command::new("script");
        terminal.env("MANPAGER", "cat").env("LC_ALL", "C.UTF-8");
        let shown = terminal.args(["-qec", &line, "/dev/null"]).run().success();
        assert!(
            shown.stdout.contains(&name.to_uppercase()) && !shown.stdout.contains(".SH"),
            "{shown}"
        );
    }
}

#[test]
fn a_terminal_without_man_is_shown_the_source_and_told_what_that_is() {
    let (_keep, installed) = installed();
    let program = installed.bin().join("nix-post-build-push");
    let line = format!("NO_COLOR=1 PATH=/nowhere '{program}' man nix-post-build-push-hook");
    let mut terminal = Command::new("script");
    let shown = terminal.args(["-qec", &line, "/dev/null"]).run().success();
    let (source, told) = shown.stdout.split_once("warning: ").expect("a warning");
    assert!(source.contains(".SH DESCRIPTION"), "{source}");
    assert!(
        told.contains("`nix-post-build-push man nix-post-build-push-hook | mandoc -a`"),
        "{told}"
    );
}

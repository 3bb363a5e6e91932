//! Linux without NixOS: the units of contrib/systemd, installed as docs/get-started.md says.

use machine_tests::{Machine, between, blocks, page};
use system_tests::{expr, wait_until};

const QUEUE: &str = "/var/lib/nix-post-build-push/main";

/// The commands of a section of a file in the checkout: all its blocks marked `sh`.
fn commands(file: &str, from: &str, to: &str) -> String {
    blocks(between(&page(file), from, to), "sh").concat()
}

/// Does what the page says. The editor that it calls writes `destination`.
fn install(machine: &Machine, destination: &str) {
    let commands = commands(
        "docs/get-started.md",
        "## Debian, Ubuntu, Fedora, Arch",
        "## Did it work?",
    );
    assert!(
        commands.contains("systemctl enable --now nix-post-build-push@main.timer"),
        "{commands}"
    );
    machine.add_sudo();
    machine.add_editor(&format!(
        "sed -i 's|^destination = .*|destination = \"{destination}\"|' \"$1\""
    ));
    machine.add_cargo();
    // Not each nix.conf ends with a line's end.
    machine.sh(&format!(
        "truncate --size=-1 /etc/nix/nix.conf
         cd /checkout; export CARGO_TARGET_DIR=/root USER=alice\n{commands}"
    ));
}

#[test]
fn the_commands_of_get_started_make_a_timer_that_pushes() {
    let machine = Machine::boot();
    install(&machine, "file:///srv/cache");
    let built = machine.build(&expr::chain(2));
    let closure = machine.closure(&built);
    assert_eq!(machine.queued(QUEUE), closure);
    let often = "[Timer]\nOnActiveSec=1s\nRandomizedDelaySec=0\n";
    machine.write(
        "/etc/systemd/system/nix-post-build-push@main.timer.d/often.conf",
        often,
    );
    machine.sh("systemctl daemon-reload; systemctl restart nix-post-build-push@main.timer");
    wait_until("the push", || machine.queued(QUEUE).is_empty());
    assert_eq!(machine.valid_in("file:///srv/cache", &closure), closure);
    let journal = machine.journal("nix-post-build-push@main.service");
    assert!(
        journal.contains("main: 2 copied to file:///srv/cache"),
        "{journal}"
    );
}

#[test]
fn who_may_not_build_is_told_so_as_the_page_says_and_may_by_its_command() {
    let machine = Machine::boot();
    machine.sh("useradd --create-home bob");
    let page = page("docs/get-started.md");
    let said = between(&page, "`nix-build` ends with `", "`");
    let one = expr::file("one", "hello");
    let build = ["nix-build", "--no-out-link", "-E", &one];
    machine.try_as("bob", &build).fails().stderr_has(said);
    let lines = commands(
        "docs/get-started.md",
        "## Debian, Ubuntu, Fedora, Arch",
        "1. In the checkout",
    );
    machine.add_sudo();
    machine.sh(&format!("export USER=bob\n{lines}"));
    machine.try_as("bob", &build).success();
}

#[test]
fn what_tells_whether_it_worked_tells_so() {
    let machine = Machine::boot();
    install(&machine, "file:///srv/cache");
    let told = machine
        .sh(&commands("docs/get-started.md", "## Did it work?", "\n## "))
        .stdout;
    for words in ["1 entry", "1 copied to file:///srv/cache"] {
        assert!(told.contains(words), "{told}");
    }
    assert_eq!(machine.queued(QUEUE), [].into());
}

#[test]
fn nothing_of_it_is_left_when_it_is_taken_away() {
    let machine = Machine::boot();
    install(&machine, "file:///srv/cache");
    let readme = "contrib/systemd/README.md";
    let account = commands(readme, "## Another account", "\n## ");
    machine.sh(&format!("cd /checkout\n{account}"));
    machine.build(&expr::chain(2));
    machine.sh("sed -i /post-build-hook/d /etc/nix/nix.conf; systemctl restart nix-daemon");
    let page = page(readme) + "\n## ";
    let away = blocks(between(&page, "## Away with it", "\n## "), "sh").concat();
    machine.sh(&format!(
        "cd /checkout; export CARGO_TARGET_DIR=/root\n{away}"
    ));
    let left = "find /etc /usr/local/bin /usr/local/share /var/lib /var/cache /run/systemd -name '*nix-post-build-push*'";
    machine.sh(left).is_silent();
    machine
        .sh("find /nix/var/nix/gcroots/auto -lname '*nix-post-build-push*'")
        .is_silent();
}

#[test]
fn its_path_unit_pushes_without_the_timer() {
    let machine = Machine::boot();
    install(&machine, "file:///srv/cache");
    machine.sh("systemctl enable --now nix-post-build-push@main.path");
    let built = machine.build(&expr::independent(5));
    wait_until("the push", || machine.queued(QUEUE).is_empty());
    assert_eq!(machine.valid_in("file:///srv/cache", &built), built);
}

#[test]
fn another_account_pushes_with_a_key_that_root_keeps() {
    let machine = Machine::boot();
    let key = "/etc/nix-post-build-push/ssh-key";
    machine.accept_ssh("receiver", key, &["cache.example.org"]);
    install(
        &machine,
        "ssh://receiver@cache.example.org?remote-store=/srv/remote",
    );
    // Root's push fails, which has no key, and leaves files of its own behind.
    machine.build(&expr::file("earlier", "hello"));
    machine
        .try_sh("systemctl start nix-post-build-push@main.service")
        .fails();
    let account = commands("contrib/systemd/README.md", "## Another account", "\n## ");
    machine.sh(&format!(
        "cd /checkout\n{account}usermod -aG nix-users cache"
    ));
    let built = machine.build(&expr::chain(2));
    let closure = machine.closure(&built);
    machine.sh("nix-post-build-push retry --all");
    machine.start_unit("nix-post-build-push@main.service");
    assert_eq!(
        machine.property("nix-post-build-push@main.service", "User"),
        "cache"
    );
    assert_eq!(machine.queued(QUEUE), [].into());
    assert_eq!(machine.valid_in("/srv/remote", &closure), closure);
}

#[test]
fn no_unit_of_it_has_a_fault() {
    let machine = Machine::boot();
    install(&machine, "file:///srv/cache");
    machine
        .sh("systemd-analyze verify --man=no /etc/systemd/system/nix-post-build-push*@*")
        .is_silent();
}

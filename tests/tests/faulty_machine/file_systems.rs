//! Queue and state directories that are read-only, full, missing, or on a file system of their own.

use std::fs;
use std::process::Command;

use system_tests::Run;

use super::machine::{CONFIG, Machine, Mount};

#[test]
fn a_read_only_queue_is_named_by_every_command_and_keeps_what_it_has() {
    let machine = Machine::with_an_entry();
    let mount = Mount::read_only(&machine.product.queue_dir());
    let why = "Read-only file system (os error 30)";
    machine
        .hook(&["env"])
        .success()
        .stderr_has(why)
        .stderr_has("queue main: ");
    let enqueue = ["enqueue", machine.new.as_str()];
    for line in [
        &enqueue[..],
        &["push"],
        &["drop", "--all"],
        &["retry", "--all"],
    ] {
        machine
            .run(&["env"], line)
            .exits(75)
            .stderr_has(why)
            .stderr_has("/queue/");
    }
    for line in [["list"], ["status"]] {
        machine.run(&["env"], &line).success().without_complaint();
    }
    machine.kept();
    drop(mount);
    machine.delivers();
}

#[test]
fn a_queue_without_free_inodes_is_emptied_all_the_same() {
    let machine = Machine::new();
    // Itself, the push's directory, its lock, and one entry.
    let queue = machine.product.queue_dir();
    let _mount = Mount::tmpfs("nr_inodes=4,mode=755", &queue);
    machine.fill();
    let why = "No space left on device";
    machine
        .hook(&["env"])
        .success()
        .stderr_has(why)
        .stderr_has("queue main: ");
    let enqueue = ["enqueue", machine.new.as_str()];
    machine.run(&["env"], &enqueue).exits(75).stderr_has(why);
    machine.kept();
    machine.product.run(&["push"]).success();
    Command::new("mount")
        .args(["-o", "remount,nr_inodes=9", queue.as_str()])
        .run()
        .success();
    machine.delivers();
}

#[test]
fn without_free_space_a_push_does_its_work_and_says_that_it_cannot_remember() {
    let machine = Machine::new();
    let queue = machine.product.queue_dir();
    let _mount = Mount::tmpfs("size=64k,mode=755", &queue);
    machine.fill();
    // A failure to remember.
    machine
        .product
        .write_config(&CONFIG.replace("file://@T@/cache", "http://127.0.0.1:1"));
    let full = queue.join("full");
    fs::write(&full, vec![0; 1 << 20]).expect_err("it is full");
    let output = machine.run(&["env"], &["push"]).exits(69);
    output
        .stderr_has("failed to save the ledger")
        .stderr_has("No space left on device");
    machine.kept();
    machine.product.write_config(CONFIG);
    // It delivers, though it cannot note when.
    machine
        .run(&["env"], &["push"])
        .exits(75)
        .stdout_has("1 copied");
    fs::remove_file(full).expect("unlink");
    machine.delivers();
}

#[test]
fn a_queue_on_another_file_system_holds_its_entries_against_the_collector() {
    let machine = Machine::new();
    let _mount = Mount::tmpfs("mode=755", &machine.product.queue_dir());
    machine.fill();
    machine.hook(&["env"]).success().is_silent();
    machine.product.nix().gc();
    for path in [&machine.queued, &machine.new] {
        assert!(machine.product.nix().is_valid(path), "{path}");
    }
    machine.delivers();
}

#[test]
fn a_missing_state_directory_is_named_and_nothing_is_queued_unheld() {
    let machine = Machine::with_an_entry();
    let missing = format!("NIX_STATE_DIR={}/missing", machine.product.nix().dir());
    let output = machine.hook(&["env", &missing]).success();
    output
        .stderr_has("failed to open the directory of roots")
        .stderr_has("/missing/gcroots/auto")
        .stderr_has("is this Nix's state directory?");
    for line in [&["list"][..], &["status"], &["push"], &["drop", "--all"]] {
        machine
            .run(&["env", &missing], line)
            .exits(75)
            .stderr_has("/missing/gcroots/auto");
    }
    machine.kept();
    machine.delivers();
}

#[test]
fn a_read_only_state_directory_is_said_and_the_push_delivers() {
    let machine = Machine::with_an_entry();
    let auto = machine.product.nix().state_dir().join("gcroots/auto");
    let mount = Mount::read_only(&auto);
    machine
        .hook(&["env"])
        .success()
        .stderr_has("Read-only file system");
    drop(mount);
    machine.delivers();
}

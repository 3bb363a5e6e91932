//! Ledgers that do not fit the machine: its clock jumped since, or a newer version wrote them.

use std::fs;

use camino::Utf8Path;
use rustix::fs::{AtFlags, CWD, Timespec, Timestamps, utimensat};
use system_tests::Product;

use super::machine::{CONFIG, Machine, harmless};

fn set_age(entry: &Utf8Path, seconds: i64) {
    let time = Timespec {
        tv_sec: seconds,
        tv_nsec: 0,
    };
    let times = Timestamps {
        last_access: time,
        last_modification: time,
    };
    utimensat(CWD, entry.as_str(), &times, AtFlags::SYMLINK_NOFOLLOW).expect("utimensat");
}

/// The ledger as it would be, had the clock shown another year when it was written.
fn move_ledger(product: &Product, year: &str) {
    let file = product.queue_dir().join(".push/ledger.toml");
    let text = fs::read_to_string(&file).expect("ledger");
    let line = |line: &str| match line
        .strip_suffix("Z\"")
        .and_then(|_| line.split_once(" = \""))
    {
        Some((key, time)) => format!("{key} = \"{year}{}\n", &time[4..]),
        None => format!("{line}\n"),
    };
    let moved: String = text.lines().map(line).collect();
    assert_ne!(moved, text);
    fs::write(&file, moved).expect("write");
}

#[test]
fn a_clock_that_jumps_delays_nothing_for_longer_than_a_wait() {
    for (year, seconds) in [("2099", 4_000_000_000), ("1970", -1_000_000), ("2001", 1)] {
        let machine = Machine::with_an_entry();
        machine
            .product
            .write_config(&CONFIG.replace("file://@T@/cache", "http://127.0.0.1:1"));
        machine.product.run(&["push"]).exits(69);
        machine
            .product
            .write_config(&CONFIG.replace("file://@T@/cache", "http://127.0.0.1:1/"));
        machine.product.run(&["push"]).exits(69);
        move_ledger(&machine.product, year);
        let entry = machine
            .product
            .queue_dir()
            .join(machine.queued.file_name().expect("name"));
        set_age(&entry, seconds);
        // What is old needs a look.
        let seen = harmless(machine.product.run(&["status"]));
        assert!(matches!(seen.code, 0 | 1), "{seen}");
        harmless(machine.product.run(&["list", "--json"])).success();
        // Whatever the ledger says, it is this push's turn.
        let output = machine.run(&["env"], &["push"]).exits(69);
        output.stderr_lacks("is not asked before");
        machine.product.write_config(CONFIG);
        machine.product.run(&["push"]).success();
        machine.delivers();
    }
}

#[test]
fn a_ledger_of_a_newer_version_is_said_and_the_push_does_its_work() {
    let machine = Machine::with_an_entry();
    let file = machine.product.queue_dir().join(".push/ledger.toml");
    fs::write(file, "format = 99\nentries = 7\n").expect("write");
    let output = machine.product.run(&["push"]).success();
    output
        .stderr_has("the ledger has format 99, newer than 1")
        .stdout_has("1 copied");
    machine.delivers();
}

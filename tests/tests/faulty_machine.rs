//! A machine whose files cannot be written, whose tables are full, or whose clock jumps: every
//! program ends, says what is wrong where, loses nothing, and goes on once it is mended.

use std::fs;
use std::process::Command;

use camino::{Utf8Path, Utf8PathBuf};
use rustix::fs::{AtFlags, CWD, Timespec, Timestamps, utimensat};
use system_tests::{Nix, Output, Product, Run, expr, hashes};

/// A product with the first path queued, and a second one in the store only.
struct Machine {
    product: Product,
    queued: Utf8PathBuf,
    new: Utf8PathBuf,
}

const CONFIG: &str =
    "[queues.main]\ndestination = \"file://@T@/cache\"\nqueue-dir = \"@T@/queue\"\n";

impl Machine {
    fn new() -> Self {
        let nix = Nix::new();
        let paths = nix.build(&expr::independent(2));
        let [queued, new] = paths.try_into().expect("two paths");
        let product = Product::install(nix, CONFIG);
        Self {
            product,
            queued,
            new,
        }
    }

    /// With the first path queued, and the push's directory made.
    fn with_an_entry() -> Self {
        let machine = Self::new();
        machine.fill();
        machine
    }

    fn fill(&self) {
        let enqueue = ["enqueue", self.queued.as_str()];
        self.product.run(&enqueue).success();
        self.product.run(&["retry", "--all"]).success();
    }

    /// Runs a program behind another one that sets its limits or injects a fault.
    fn behind(&self, before: &[&str], program: &Utf8Path, line: &[&str]) -> Output {
        let mut command = self.product.nix().command(before[0]);
        command.args(&before[1..]).arg(program).args(line);
        command.env("OUT_PATHS", &self.new);
        harmless(command.run())
    }

    fn hook(&self, before: &[&str]) -> Output {
        self.behind(before, &Product::hook_program(), &[])
    }

    fn run(&self, before: &[&str], line: &[&str]) -> Output {
        self.behind(before, &Product::program(), line)
    }

    /// What was queued is queued still.
    #[track_caller]
    fn kept(&self) {
        assert_eq!(self.product.queued(), [self.queued.clone()].into());
    }

    /// Once all is well, both paths arrive.
    #[track_caller]
    fn delivers(&self) {
        self.hook(&["env"]).success().is_silent();
        self.product.run(&["push", "--force"]).success();
        let both = [self.queued.clone(), self.new.clone()];
        assert_eq!(self.product.nix().cached("cache"), hashes(&both));
        assert!(self.product.queued().is_empty());
    }
}

/// Neither a panic nor an end by a signal.
#[track_caller]
fn harmless(output: Output) -> Output {
    assert!(
        ![70, 101].contains(&output.code) && output.code < 128,
        "{output}"
    );
    output.stderr_lacks("panicked").stderr_lacks("has a fault")
}

/// A file system over a directory, until it is dropped.
struct Mount(Utf8PathBuf);

impl Mount {
    fn new(arguments: &[&str], directory: &Utf8Path) -> Self {
        fs::create_dir_all(directory).expect("mkdir");
        let mut mount = Command::new("mount");
        mount.args(arguments).arg(directory).run().success();
        Self(directory.to_owned())
    }

    fn tmpfs(options: &str, directory: &Utf8Path) -> Self {
        Self::new(&["-t", "tmpfs", "-o", options, "tmpfs"], directory)
    }

    fn read_only(directory: &Utf8Path) -> Self {
        let mount = Self::new(&["--bind", directory.as_str()], directory);
        Command::new("mount")
            .args(["-o", "remount,bind,ro", directory.as_str()])
            .run()
            .success();
        mount
    }
}

impl Drop for Mount {
    fn drop(&mut self) {
        let _ = Command::new("umount")
            .args(["--lazy", self.0.as_str()])
            .output();
    }
}

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

/// Faults that no mount here can bring about (the kernel's tmpfs has no quota everywhere), and
/// those of a dying disk: the system call that fails, how, and how the command ends.
const INJECTED: &[(&str, &str, &[&str], i32)] = &[
    ("symlinkat", "EDQUOT", &["enqueue"], 75),
    ("symlinkat", "EIO", &["enqueue"], 75),
    ("symlinkat", "ENOSPC", &["enqueue"], 75),
    ("fsync", "EIO", &["enqueue"], 75),
    ("fsync", "EDQUOT", &["enqueue"], 75),
    ("flock", "ENOLCK", &["enqueue"], 75),
    ("flock", "ENOLCK", &["push"], 75),
    ("getdents64", "EIO", &["push"], 75),
    ("getdents64", "EIO", &["list"], 75),
    ("getdents64", "EIO", &["status"], 75),
    ("getdents64", "EIO", &["drop", "--all"], 75),
    ("unlinkat", "EIO", &["drop", "--all"], 75),
    ("unlinkat", "EROFS", &["drop", "--all"], 75),
    ("pipe2", "EMFILE", &["push"], 75),
    ("clone3,clone,vfork", "EAGAIN", &["push"], 75),
];

#[test]
fn an_injected_fault_is_said_with_its_cause_and_nothing_is_lost() {
    for (call, error, line, code) in INJECTED {
        let machine = Machine::with_an_entry();
        let mut line = line.to_vec();
        if line == ["enqueue"] {
            line.push(machine.new.as_str());
        }
        let inject = format!("inject={call}:error={error}");
        let trace = format!("trace={call}");
        let strace = [
            "strace",
            "-qq",
            "-o",
            "/dev/null",
            "-f",
            "-e",
            &trace,
            "-e",
            &inject,
        ];
        let output = machine.run(&strace, &line);
        assert_eq!(output.code, *code, "{call} {error}: {output}");
        assert!(
            output.stderr.contains("error: "),
            "{call} {error}: {output}"
        );
        assert!(
            output.stderr.contains("caused by: "),
            "{call} {error}: {output}"
        );
        if ["EDQUOT", "EIO", "ENOSPC", "EROFS"].contains(error) {
            assert!(output.stderr.contains("hint: "), "{call} {error}: {output}");
        }
        let queued = machine.product.queued();
        assert!(queued.contains(&machine.queued), "{call} {error}: {output}");
        machine.delivers();
    }
    println!(
        "figure: faults injected into system calls: {} faults",
        INJECTED.len()
    );
}

#[test]
fn a_hook_with_an_injected_fault_passes_and_says_so() {
    for (call, error) in [
        ("symlinkat", "EDQUOT"),
        ("symlinkat", "EIO"),
        ("fsync", "EIO"),
        ("flock", "ENOLCK"),
    ] {
        let machine = Machine::with_an_entry();
        let inject = format!("inject={call}:error={error}");
        let trace = format!("trace={call}");
        let strace = [
            "strace",
            "-qq",
            "-o",
            "/dev/null",
            "-e",
            &trace,
            "-e",
            &inject,
        ];
        let output = machine.hook(&strace).success();
        assert!(!output.stderr.is_empty(), "{call} {error}");
        machine.delivers();
    }
}

#[test]
fn with_few_file_descriptors_every_command_ends_and_nothing_is_lost() {
    let machine = Machine::with_an_entry();
    for most in 3..16 {
        let limit = format!("--nofile={most}:{most}");
        let before = ["prlimit", &limit, "--"];
        machine.hook(&before);
        for line in [&["list"][..], &["status"], &["retry", "--all"], &["push"]] {
            let output = machine.run(&before, line);
            // Too few even to load the program: 127.
            let known = [0, 69, 75, 78, 127].contains(&output.code);
            assert!(known, "{most}: {output}");
            assert!(
                output.code == 0 || !output.stderr.is_empty(),
                "{most}: {output}"
            );
        }
    }
    machine.delivers();
}

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
        harmless(machine.product.run(&["status"])).success();
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

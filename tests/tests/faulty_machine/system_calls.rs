//! System calls that fail, and too few file descriptors.

use system_tests::figure;

use super::machine::Machine;

/// Faults that no mount here can bring about (`tests/kernel` has a real quota), and those of a dying
/// disk: the system call that fails, how, and how the command ends.
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

/// Runs what follows with every such system call failing.
fn failing(call: &str, error: &str) -> Vec<String> {
    let (trace, inject) = (
        format!("trace={call}"),
        format!("inject={call}:error={error}"),
    );
    let quiet = ["strace", "-qq", "-o", "/dev/null", "-f"].map(String::from);
    let options = ["-e".to_owned(), trace, "-e".to_owned(), inject];
    quiet.into_iter().chain(options).collect()
}

#[test]
fn an_injected_fault_is_said_with_its_cause_and_nothing_is_lost() {
    for (call, error, line, code) in INJECTED {
        let machine = Machine::with_an_entry();
        let mut line = line.to_vec();
        if line == ["enqueue"] {
            line.push(machine.new.as_str());
        }
        let output = machine.run(&failing(call, error), &line);
        let about = format!("{call} {error}: {output}");
        assert_eq!(output.code, *code, "{about}");
        assert!(output.stderr.contains("error: "), "{about}");
        assert!(output.stderr.contains("caused by: "), "{about}");
        if ["EDQUOT", "EIO", "ENOSPC", "EROFS"].contains(error) {
            assert!(output.stderr.contains("hint: "), "{about}");
        }
        let queued = machine.product.queued();
        assert!(queued.contains(&machine.queued), "{about}");
        machine.delivers();
    }
    figure(
        "faults injected into system calls",
        format_args!("{} faults", INJECTED.len()),
    );
}

#[test]
fn a_hook_with_an_injected_fault_passes_and_says_so() {
    for (call, error) in [
        ("symlinkat", "EDQUOT"),
        ("symlinkat", "EIO"),
        // A name is taken and is not there: the entry's, and its root's.
        ("symlinkat", "EEXIST"),
        ("symlinkat", "EEXIST:when=2+"),
        ("fsync", "EIO"),
        ("flock", "ENOLCK"),
    ] {
        let machine = Machine::with_an_entry();
        let output = machine.hook(&failing(call, error)).success();
        assert!(!output.stderr.is_empty(), "{call} {error}");
        machine.delivers();
    }
}

#[test]
fn with_too_few_open_files_the_hint_is_not_about_the_file() {
    let machine = Machine::with_an_entry();
    let secret = machine.product.nix().dir().join("destination");
    std::fs::write(&secret, machine.product.cache()).expect("write");
    let config = machine.product.config_file();
    for (file, line) in [
        (&config, &["config", "check"][..]),
        (
            &secret,
            &["--destination-file", secret.as_str(), "config", "check"],
        ),
    ] {
        let of_this_file = ["-P".to_owned(), file.to_string()];
        let before = [failing("open,openat", "EMFILE"), of_this_file.into()].concat();
        let output = machine.run(&before, line).exits(78);
        let why = format!("{file}: Too many open files (os error 24)\nhint: raise the limit");
        output.stderr_has(&why);
    }
}

#[test]
fn with_few_file_descriptors_every_command_ends_and_nothing_is_lost() {
    let machine = Machine::with_an_entry();
    for most in 3..16 {
        let limit = format!("--nofile={most}:{most}");
        let before = ["prlimit", &limit, "--"];
        machine.hook(&before);
        for line in [
            &["list"][..],
            &["status"],
            &["retry", "--all"],
            &["push", "--until-empty", "--deadline", "2s"],
            &["push"],
        ] {
            let output = machine.run(&before, line);
            // Too few even to load the program: 127.
            let known = [0, 1, 69, 75, 78, 127].contains(&output.code);
            assert!(known, "{most}: {output}");
            // What needs a look `status` says in its answer.
            assert!(
                matches!(output.code, 0 | 1) || !output.stderr.is_empty(),
                "{most}: {output}"
            );
        }
    }
    machine.delivers();
}

//! What a fault of the program leaves on a terminal on which bars are drawn.

use std::fs::File;
use std::io::Read;
use std::process::{Child, Command, ExitCode, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use nix_copy::Cancel;
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};

use super::telling_of_bugs;
use crate::exit_codes;
use crate::progress::{Shown, Watch, above, are_drawn};

/// Tells the child where to fail.
const FAULT: &str = "NPBP_TEST_FAULT";

/// Draws bars, and fails. Does nothing unless [`on_a_terminal`] started it.
#[test]
fn child_with_bars_and_a_fault() {
    let Ok(fault) = std::env::var(FAULT) else {
        return;
    };
    let code = telling_of_bugs(|| {
        let watch = Watch::begin(Shown::Bars, &Cancel::never());
        let _queue = watch.queue("main");
        wait_for_bars();
        match fault.as_str() {
            "beside" => panic!("planted fault"),
            _ => above(|| -> ExitCode { panic!("planted fault") }),
        }
    });
    assert_eq!(code, exit_codes::BUG.into());
}

fn wait_for_bars() {
    let begun = Instant::now();
    while !are_drawn() {
        assert!(begun.elapsed() < Duration::from_secs(60), "no bars");
        thread::sleep(Duration::from_millis(1));
    }
}

/// What is written to a terminal by the child.
fn on_a_terminal(fault: &str) -> String {
    let ours = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
    grantpt(&ours).unwrap();
    unlockpt(&ours).unwrap();
    let name = ptsname(&ours, Vec::new()).unwrap().into_string().unwrap();
    let theirs = File::options().write(true).open(name).unwrap();
    let mut child = start(fault, theirs);
    let mut written = Vec::new();
    match File::from(ours).read_to_end(&mut written) {
        Ok(_) => {}
        // Nobody has the other end any more.
        Err(error) => assert_eq!(error.raw_os_error(), Some(5), "{error}"),
    }
    let written = String::from_utf8(written).unwrap();
    assert!(child.wait().unwrap().success(), "{written}");
    written
}

fn start(fault: &str, stderr: File) -> Child {
    let mut child = Command::new(std::env::current_exe().unwrap());
    child
        .args(["--exact", "program::tests::child_with_bars_and_a_fault"])
        .env(FAULT, fault)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(stderr);
    child.spawn().unwrap()
}

#[test]
fn a_fault_removes_the_bars_and_is_told_once_on_a_terminal_that_is_as_it_was() {
    for fault in ["beside", "above"] {
        let written = on_a_terminal(fault);
        let (before, told) = written.split_once("error: ").unwrap();
        assert!(before.contains("main"), "{fault}: {written:?}");
        // To the end of the screen.
        assert!(before.ends_with("\x1b[J\x1b8"), "{fault}: {written:?}");
        assert!(told.contains("planted fault"), "{fault}: {written:?}");
        assert!(!told.contains("\x1b"), "{fault}: {written:?}");
        assert_eq!(told.matches("has a fault").count(), 1, "{fault}: {told}");
        // Lines go on in the next row, and the cursor is seen.
        assert_eq!(
            before.matches("\x1b[?7l").count(),
            before.matches("\x1b[?7h").count()
        );
        assert!(!written.contains("\x1b[?25l"), "{fault}: {written:?}");
    }
}

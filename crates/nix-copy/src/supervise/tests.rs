use super::*;
use crate::wait::wait_for;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::Stdio;

const LONG: Duration = Duration::from_secs(60);
/// No process has this number.
const NOBODY: u32 = i32::MAX as u32;

fn shell(script: &str) -> Command {
    let mut command = Command::new("/bin/sh");
    command
        .args(["-c", script])
        .stdin(Stdio::null())
        .process_group(0);
    command
}

fn timeouts(total: Option<Duration>, stall: Option<Duration>) -> Timeouts {
    Timeouts {
        total,
        stall,
        grace: LONG,
    }
}

fn run_shell(script: &str, timeouts: &Timeouts) -> Finished {
    run(&mut shell(script), timeouts, &Cancel::never(), &mut |_| {}).unwrap()
}

/// Runs a script that says when it is ready, and is asked to end then.
fn end_when_ready(script: &str, grace: Duration) -> Finished {
    const READY: &str = r#"echo '@nix {"action":"start","id":1,"text":"ready","type":100}' >&2"#;
    let (read, write) = io::pipe().unwrap();
    let mut write = Some(write);
    let timeouts = Timeouts {
        grace,
        ..timeouts(None, None)
    };
    let done = run(
        &mut shell(&script.replace("READY", READY)),
        &timeouts,
        &Cancel::when_readable(read.into()),
        &mut |_| drop(write.take()),
    )
    .unwrap();
    assert_eq!(done.stopped, Some(Stop::Cancelled));
    done
}

/// Until the process is gone whose number was printed.
fn wait_for_the_end_of(printed: &[u8]) {
    let pid = String::from_utf8(printed.to_vec()).unwrap();
    let status = format!("/proc/{}/stat", pid.trim());
    wait_for("the end of the whole group", || {
        let is_gone = std::fs::read_to_string(&status).map_or(true, |stat| stat.contains(") Z "));
        is_gone.then_some(())
    });
}

#[test]
fn output_and_status_come_back() {
    let done = run_shell("echo out; echo err >&2; exit 3", &timeouts(None, None));
    assert_eq!(done.stdout, b"out\n");
    assert_eq!(done.log.text(), "err");
    assert_eq!(done.status.code(), Some(3));
    assert_eq!(done.stopped, None);
}

#[test]
fn a_call_that_takes_too_long_is_ended() {
    let total = Duration::from_millis(100);
    let done = run_shell("exec sleep 1000", &timeouts(Some(total), None));
    assert_eq!(done.stopped, Some(Stop::TimedOut(total)));
    assert_eq!(done.status.signal(), Some(15));
}

#[test]
fn zero_is_no_time_at_all() {
    let zero = Some(Duration::ZERO);
    let done = run_shell("exec sleep 1000", &timeouts(zero, None));
    assert_eq!(done.stopped, Some(Stop::TimedOut(Duration::ZERO)));
    let done = run_shell("exec sleep 1000", &timeouts(None, zero));
    assert_eq!(done.stopped, Some(Stop::Stalled(Duration::ZERO)));
    let without_grace = Timeouts {
        grace: Duration::ZERO,
        ..timeouts(zero, None)
    };
    let done = run_shell("trap '' TERM; exec sleep 1000", &without_grace);
    assert!(matches!(done.status.signal(), Some(9 | 15)));
}

#[test]
fn a_call_that_repeats_itself_stalls() {
    let stall = Duration::from_millis(200);
    let script = r#"echo '@nix {"action":"start","id":1,"text":"","type":100}' >&2
        while :; do echo '@nix {"action":"result","fields":[0,0],"id":1,"type":105}' >&2; done"#;
    let done = run_shell(script, &timeouts(Some(LONG), Some(stall)));
    assert_eq!(done.stopped, Some(Stop::Stalled(stall)));
}

/// A call that stood still for its whole stall timeout.
fn still(timeouts: &Timeouts, pid: u32) -> CallTime<'_> {
    let mut time = CallTime::start(timeouts, pid);
    time.moved -= timeouts.stall.unwrap();
    time
}

#[test]
fn a_call_that_says_something_new_does_not_stall() {
    let timeouts = timeouts(None, Some(LONG));
    let mut time = still(&timeouts, NOBODY);
    time.note(false, 0);
    assert_eq!(time.verdict(), Some(Stop::Stalled(LONG)));
    time.note(true, 0);
    assert_eq!(time.verdict(), None);
}

#[test]
fn a_silent_call_that_reads_or_writes_does_not_stall() {
    let timeouts = timeouts(None, Some(LONG));
    // This process has read its own program at least.
    let mut time = still(&timeouts, std::process::id());
    time.note(false, 0);
    assert_eq!(time.verdict(), None);
}

#[test]
fn a_time_that_cannot_be_counted_is_for_ever() {
    let timeouts = Timeouts {
        grace: Duration::MAX,
        ..timeouts(Some(Duration::MAX), Some(Duration::MAX))
    };
    let done = run_shell("exit 3", &timeouts);
    assert_eq!((done.stopped, done.status.code()), (None, Some(3)));
    end_when_ready("READY; exec sleep 1000", Duration::MAX);
}

#[test]
fn the_whole_group_is_ended_though_it_ignores_being_asked() {
    // What ignores a signal hands that on to its children.
    let stubborn = "trap '' TERM; sleep 1000 & echo $!; READY; while :; do sleep 1000; done";
    let done = end_when_ready(stubborn, Duration::from_millis(50));
    assert_eq!(done.status.signal(), Some(9));
    wait_for_the_end_of(&done.stdout);
}

#[test]
fn what_is_left_of_the_group_goes_with_a_process_that_obeys() {
    let script = "trap '' TERM; sleep 1000 & trap - TERM; echo $!; READY; wait";
    let done = end_when_ready(script, LONG);
    assert_eq!(done.status.signal(), Some(15));
    wait_for_the_end_of(&done.stdout);
}

#[test]
fn a_process_left_behind_with_our_pipes_does_not_hold_us() {
    let done = run_shell("sleep 1000 & echo $!", &timeouts(Some(LONG), None));
    assert_eq!((done.stopped, done.status.code()), (None, Some(0)));
    let left: i32 = String::from_utf8(done.stdout)
        .unwrap()
        .trim()
        .parse()
        .unwrap();
    let left = rustix::process::Pid::from_raw(left).unwrap();
    rustix::process::kill_process(left, rustix::process::Signal::KILL).unwrap();
}

#[test]
fn a_call_that_was_cancelled_before_it_began_ends() {
    let (read, write) = io::pipe().unwrap();
    drop(write);
    let cancel = Cancel::when_readable(read.into());
    let done = run(
        &mut shell("exec sleep 1000"),
        &timeouts(None, None),
        &cancel,
        &mut |_| {},
    )
    .unwrap();
    assert_eq!(done.stopped, Some(Stop::Cancelled));
}

#[test]
fn cancelling_ends_a_call_at_once() {
    let done = end_when_ready("READY; exec sleep 1000", LONG);
    assert_eq!(done.status.signal(), Some(15));
}

#[test]
fn a_call_that_is_done_when_it_is_asked_to_end_is_done() {
    let script = "trap 'kill $!; exit 0' TERM; sleep 1000 & READY; wait";
    assert!(end_when_ready(script, LONG).status.success());
}

#[test]
fn huge_and_unreadable_output_is_taken() {
    let script = "head -c 20000000 /dev/zero; head -c 3000000 /dev/urandom >&2";
    let done = run_shell(script, &timeouts(Some(LONG), Some(LONG)));
    assert_eq!(done.stdout.len(), 20_000_000);
    assert!(!done.stdout_is_cut);
    assert!(done.log.text().len() < 1_000_000);
}

#[test]
fn a_program_that_cannot_run_is_an_error() {
    let mut command = Command::new("/nonexistent");
    let error = run(
        &mut command,
        &timeouts(None, None),
        &Cancel::never(),
        &mut |_| {},
    );
    assert!(
        matches!(&error, Err(RunError::System(e)) if e.kind() == io::ErrorKind::NotFound),
        "{error:?}"
    );
}

#[test]
fn what_is_written_little_by_little_is_not_read_line_by_line() {
    let script = "i=0; while [ $i -lt 300 ]; do echo $i >&2; sleep 0.001; i=$((i + 1)); done";
    let mut running = Running::start(&mut shell(script)).unwrap();
    let (begun, mut reads) = (Instant::now(), 0);
    while !running.has_exited().unwrap() {
        running.wait(Some(LONG), None, &mut |_| {}).unwrap();
        reads += 1;
    }
    // The first is at once, and the end is not waited for.
    let most = begun.elapsed().as_millis() / 5 + 2;
    assert!(reads <= most, "{reads} reads instead of {most}");
    let log = running.reap(None, &mut |_| {}).unwrap().log;
    assert_eq!(log.text().lines().count(), 300);
}

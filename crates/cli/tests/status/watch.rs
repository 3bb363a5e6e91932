//! `status --watch`

use std::io::{BufRead, BufReader, Read};
use std::os::fd::OwnedFd;
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, Command, Stdio};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use super::common::World;
use super::states::{enqueue, world_of};

fn end(mut child: Child) {
    let pid = Pid::from_child(&child);
    // Until it is waited for, its number is nobody else's.
    kill_process(pid, Signal::INT).unwrap();
    // As a shell expects it of a program that Ctrl-C ended.
    assert_eq!(child.wait().unwrap().signal(), Some(2));
}

#[test]
fn with_json_each_look_is_a_line_and_nix_is_asked_only_about_other_entries() {
    let world = world_of(&["ready"]);
    let mut child = world
        .command(&["status", "--watch", "100ms", "--json"])
        .spawn()
        .unwrap();
    let stdout = BufReader::new(child.stdout.take().unwrap());
    let mut lines = stdout.lines().map(|line| -> Value {
        let line = line.unwrap();
        serde_json::from_str::<Value>(&line).unwrap()[0].clone()
    });
    for _ in 0..3 {
        assert_eq!(lines.next().unwrap()["entries"], 1);
    }
    let asked = |world: &World| {
        let text = std::fs::read_to_string(world.root.join("called")).unwrap();
        text.lines().count()
    };
    assert_eq!(asked(&world), 1);
    let other = world.object("other");
    world.run(&["enqueue", "--queue", "ready", &other]).ok();
    let two = lines.find(|row| row["entries"] == 2).unwrap();
    assert_eq!(two["pinned_bytes"], 2000);
    assert_eq!(asked(&world), 2);
    end(child);
}

#[test]
fn a_pipe_gets_each_look_anew_behind_an_empty_line() {
    let world = world_of(&["empty"]);
    let mut child = world
        .command(&["status", "--watch", "100ms"])
        .spawn()
        .unwrap();
    let stdout = BufReader::new(child.stdout.take().unwrap());
    let mut heads = Vec::new();
    let mut before = String::new();
    for line in stdout.lines().map(Result::unwrap) {
        assert!(!line.contains('\x1b'), "{line}");
        if line.starts_with("every 100ms, at ") {
            heads.push(before);
        }
        before = line;
        if heads.len() == 3 {
            break;
        }
    }
    assert_eq!(heads, ["", "", ""]);
    end(child);
}

#[test]
fn it_ends_when_nobody_reads_any_more() {
    let world = world_of(&["empty"]);
    let mut child = world
        .command(&["status", "--watch", "100ms"])
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    assert_eq!(child.wait().unwrap().code(), Some(0));
}

#[test]
fn an_interval_of_nothing_and_one_that_is_none_are_refused() {
    let world = World::new();
    for interval in ["0", "1ms", "often"] {
        assert_eq!(
            world.run(&["status", "--watch", interval]).code,
            2,
            "{interval}"
        );
    }
    assert_eq!(world.run(&["status", "--watch", "--openmetrics"]).code, 2);
}

/// The two ends of a terminal of so many columns and rows.
fn terminal(columns: u16, rows: u16) -> (OwnedFd, OwnedFd) {
    use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
    let ours = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
    grantpt(&ours).unwrap();
    unlockpt(&ours).unwrap();
    let name = ptsname(&ours, Vec::new()).unwrap();
    let flags = rustix::fs::OFlags::RDWR | rustix::fs::OFlags::NOCTTY;
    let theirs = rustix::fs::open(name.as_c_str(), flags, rustix::fs::Mode::empty()).unwrap();
    let size = rustix::termios::Winsize {
        ws_row: rows,
        ws_col: columns,
        ws_xpixel: 0,
        ws_ypixel: 0,
    };
    rustix::termios::tcsetwinsize(&theirs, size).unwrap();
    (ours, theirs)
}

fn on_terminal(command: &mut Command, columns: u16) -> (Child, std::fs::File) {
    on_terminal_of(command, columns, 50)
}

fn on_terminal_of(command: &mut Command, columns: u16, rows: u16) -> (Child, std::fs::File) {
    let (ours, theirs) = terminal(columns, rows);
    let child = command.stdout(Stdio::from(theirs)).spawn().unwrap();
    (child, ours.into())
}

/// Reads until the text has that in it so often.
fn read_until(terminal: &mut std::fs::File, wanted: &str, times: usize) -> String {
    let mut text = String::new();
    let mut buffer = [0; 4096];
    while text.matches(wanted).count() < times {
        let length = terminal.read(&mut buffer).unwrap();
        text.push_str(&String::from_utf8_lossy(&buffer[..length]));
    }
    text
}

/// With which each look begins.
const FRAME: &str = "\x1b[H\x1b[2K";

#[test]
fn on_a_terminal_each_look_is_drawn_over_the_last_and_what_was_there_comes_back() {
    let world = world_of(&["parked"]);
    let mut command = world.command(&["status", "--watch", "100ms"]);
    let (child, mut terminal) = on_terminal(&mut command, 40);
    let mut text = read_until(&mut terminal, FRAME, 3);
    let pid = Pid::from_child(&child);
    kill_process(pid, Signal::INT).unwrap();
    text += &read_until(&mut terminal, "\x1b[?1049l", 1);
    end(child);
    assert!(text.starts_with("\x1b[?1049h\x1b[?25l\x1b[H"), "{text:?}");
    assert!(text.ends_with("\x1b[?25h\x1b[?1049l"), "{text:?}");
    // Never is there nothing.
    assert!(
        !text.contains("\x1b[2J") && !text.contains("\x1b[H\x1b[J"),
        "{text:?}"
    );
    let frame = text.split(FRAME).nth(1).unwrap();
    assert!(
        frame.contains("\x1b[1mparked\x1b[0m: \x1b[1;33mneeds a look\x1b[0m"),
        "{frame:?}"
    );
    let rows = frame
        .split("\r\n")
        .map(|row| row.trim_start_matches("\x1b[2K").trim_end_matches('\r'));
    for row in rows.filter(|row| !row.contains('\x1b')) {
        assert!(row.chars().count() <= 40, "{row:?}");
    }
}

#[test]
fn a_window_that_is_too_low_shows_what_is_most_urgent_and_what_is_strange_is_said_in_it_alone() {
    let world = world_of(&["ready", "empty", "closed", "foreign"]);
    let mut command = world.command(&["status", "--watch", "100ms"]);
    command.stderr(Stdio::piped());
    let (mut child, mut terminal) = on_terminal_of(&mut command, 100, 6);
    let text = read_until(&mut terminal, FRAME, 2);
    let frame = text.split(FRAME).nth(1).unwrap();
    assert_eq!(frame.matches("\r\n").count(), 5, "{frame:?}");
    assert!(frame.contains("\x1b[1mclosed\x1b[0m"), "{frame:?}");
    assert!(
        frame.contains("… more of this one and 3 more queues"),
        "{frame:?}"
    );
    let mut stderr = child.stderr.take().unwrap();
    end(child);
    let mut said = String::new();
    stderr.read_to_string(&mut said).unwrap();
    assert_eq!(said, "");
}

#[test]
fn a_terminal_that_only_prints_gets_what_a_pipe_gets() {
    let world = world_of(&["empty"]);
    let mut command = world.command(&["status", "--watch", "100ms"]);
    command.env("TERM", "dumb");
    let (child, mut terminal) = on_terminal(&mut command, 80);
    let text = read_until(&mut terminal, "every 100ms", 2);
    end(child);
    assert!(!text.contains('\x1b'), "{text:?}");
}

#[test]
fn colours_are_for_terminals_that_want_them() {
    let world = world_of(&["ready"]);
    let colours_with = |variable: Option<(&str, &str)>| {
        let mut command = world.command(&["status"]);
        command.envs(variable);
        let (mut child, mut terminal) = on_terminal(&mut command, 80);
        let text = read_until(&mut terminal, "next try:", 1);
        child.wait().unwrap();
        text.contains('\x1b')
    };
    let colours = |value: Option<&str>| colours_with(value.map(|value| ("NO_COLOR", value)));
    assert!(colours(None) && colours(Some("")));
    assert!(!colours(Some("1")));
    assert!(!colours_with(Some(("TERM", "dumb"))));
    assert!(colours_with(Some(("TERM", "xterm"))));
    let _ = enqueue(&world, "ready");
}

//! How far a push is, on a real terminal and elsewhere.

use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use system_tests::{Nix, Product, Request, Run, Server, Terminal, Version, expr, wait_until};

/// Of each of the paths that are pushed.
const SIZE: &str = "1.9 MiB";
/// Characters of which bars are made.
const BAR: [char; 3] = ['━', '╸', '─'];

/// Six paths of two megabytes each, `large-0` to `large-5`.
fn large_paths() -> String {
    expr::with_drv(
        r#"builtins.genList (i: drv "large-${toString i}" "/usr/bin/head -c 2000000 /dev/urandom > $out") 6"#,
    )
}

/// Holds back what comes, but for some, until it is told to go on.
#[derive(Clone, Default)]
struct Gate {
    is_open: Arc<AtomicBool>,
    passed: Arc<AtomicUsize>,
}

impl Gate {
    fn open(&self) {
        self.is_open.store(true, Ordering::SeqCst);
    }

    fn pass(&self, freely: usize) {
        let number = self.passed.fetch_add(1, Ordering::SeqCst);
        while number >= freely && !self.is_open.load(Ordering::SeqCst) {
            thread::sleep(Duration::from_millis(5));
        }
    }
}

/// However the test ends, nobody is held back any more.
impl Drop for Gate {
    fn drop(&mut self) {
        if Arc::strong_count(&self.is_open) <= 2 {
            self.open();
        }
    }
}

/// A binary cache that takes two of the paths at once, and the rest when the gate is open.
fn cache_with_a_gate() -> (Server, Gate) {
    let gate = Gate::default();
    let at_server = gate.clone();
    let is_nar = |request: &Request| request.method == "PUT" && request.path.starts_with("/nar/");
    let server = Server::binary_cache_except(move |request| {
        if is_nar(request) {
            at_server.pass(2);
        }
        None
    });
    (server, gate)
}

fn queue(name: &str, destination: &str) -> String {
    format!(
        "[queues.{name}]\ndestination = \"{destination}\"\nqueue-dir = \"@T@/{name}\"\njobs = 1\n"
    )
}

/// Six paths are queued for a cache with a gate.
fn product_with_a_gate() -> (Product, Server, Gate) {
    let (server, gate) = cache_with_a_gate();
    let url = format!("{}?compression=none", server.url());
    let product = Product::install(Nix::new(), &queue("main", &url));
    product.nix().build(&large_paths());
    (product, server, gate)
}

fn push(product: &Product, arguments: &[&str], columns: usize) -> Terminal {
    let mut command = product.command();
    command.arg("push").args(arguments);
    Terminal::run(product.nix(), &command, columns)
}

/// The one line of a queue, where nothing else begins or ends with parts of bars.
fn bar_of<'l>(queue: &str, lines: &'l [String]) -> Option<&'l str> {
    let start = format!("{queue}  ");
    let mut bars = lines.iter().filter(|line| line.starts_with(&start));
    let bar = bars.next()?;
    bars.next().is_none().then_some(bar.as_str())
}

/// Two paths are there and the others are held back.
fn is_held(lines: &[String]) -> bool {
    bar_of("main", lines).is_some_and(|bar| bar.contains("2/6 paths"))
}

fn has_bars(lines: &[String]) -> bool {
    lines
        .iter()
        .any(|line| line.contains(BAR) || line.contains('%'))
}

/// What a push that went well leaves on a terminal.
#[track_caller]
fn ends_well(terminal: &Terminal, product: &Product, summaries: &[&str]) {
    let (code, mut lines) = terminal.wait();
    lines.sort();
    assert_eq!(code, 0, "{lines:#?}");
    assert_eq!(lines.len(), summaries.len(), "{lines:#?}");
    for (line, summary) in lines.iter().zip(summaries) {
        assert!(line.starts_with(summary), "{lines:#?}");
    }
    assert!(!has_bars(&lines) && terminal.shows_its_cursor());
    assert!(product.queued_in("main").is_empty());
}

#[test]
fn a_bar_tells_paths_bytes_speed_and_what_is_copied_and_nothing_of_it_is_left() {
    let (product, _server, gate) = product_with_a_gate();
    let version = product.nix().version();
    let tells_what_is_sent = version >= Version(2, 34, 0);
    // What the cache has taken and not answered.
    let tells = if tells_what_is_sent {
        "  sends "
    } else if version >= Version(2, 26, 0) {
        "  sends, 1s  "
    } else {
        "  reads and sends, 1s  "
    };
    let terminal = push(&product, &[], 140);
    let lines = terminal.wait_until_it_shows("a bar that tells what is sent", |lines| {
        is_held(lines)
            && lines[0].contains(tells)
            && (!tells_what_is_sent || lines[0].contains("B/s  "))
    });
    let [bar] = lines.as_slice() else {
        panic!("{lines:#?}")
    };
    assert!(bar.contains(BAR) && bar.contains('%'), "{bar}");
    assert!(bar.contains("  0/6 entries  2/6 paths  "), "{bar}");
    assert!(bar.contains(" MiB/11.4 MiB  "), "{bar}");
    assert!(bar.contains("  large-"), "{bar}");
    assert_eq!(bar.contains("B/s  "), tells_what_is_sent, "{bar}");
    if !tells_what_is_sent {
        // What is not there is not done.
        assert!(bar.contains("  3.8 MiB/11.4 MiB  "), "{bar}");
        assert!(bar.contains(" 33%  "), "{bar}");
    }
    gate.open();
    ends_well(&terminal, &product, &["main: 6 copied to http://"]);
}

#[test]
fn entries_paths_and_bytes_are_counted_over_all_batches() {
    let (product, server, gate) = product_with_a_gate();
    let url = format!("{}?compression=none", server.url());
    product.write_config(&(queue("main", &url) + "batch-size = 2\n"));
    let terminal = push(&product, &[], 140);
    let lines = terminal.wait_until_it_shows("a second batch", |lines| {
        bar_of("main", lines).is_some_and(|bar| bar.contains(" MiB/7.6 MiB  "))
    });
    assert!(
        lines[0].contains("  2/6 entries  2/4 paths  "),
        "{lines:#?}"
    );
    gate.open();
    ends_well(&terminal, &product, &["main: 6 copied to http://"]);
}

#[test]
fn in_windows_of_all_widths_and_in_one_whose_width_changes_a_bar_is_one_line() {
    let (product, _server, gate) = product_with_a_gate();
    let terminal = push(&product, &[], 110);
    terminal.wait_until_it_shows("a bar", is_held);
    for width in [200, 80, 40, 20, 40, 12, 80, 20, 200] {
        terminal.resize(width);
        // Of the line that was there before nothing is seen.
        let fits = |lines: &[String]| {
            let [line] = lines else { return false };
            let columns = line.chars().count();
            // A wide one is filled but for what the bar cannot take.
            let is_filled = columns < width && columns > width.min(100) / 2;
            is_filled && line.starts_with("main  ") && (line.contains('%') || width < 12)
        };
        terminal.wait_until_it_shows(&format!("one line in {width} columns"), fits);
    }
    gate.open();
    ends_well(&terminal, &product, &["main: 6 copied to http://"]);
}

#[test]
fn of_several_bars_nothing_is_left_where_a_window_gets_narrower() {
    let (product, server, gate) = product_with_a_gate();
    let url = format!("{}?compression=none", server.url());
    product.write_config(&(queue("main", &url) + &queue("other", "file://@T@/cache")));
    product.nix().build(&expr::file("late", "late"));
    let terminal = push(&product, &["--until-empty"], 140);
    let are_bars = |lines: &[String]| {
        let main = bar_of("main", lines).is_some_and(|bar| bar.contains('%'));
        let other = bar_of("other", lines).is_some_and(|bar| bar.contains("  has"));
        main && other && lines.len() == 2
    };
    for width in [140, 60, 40, 100, 30, 120] {
        terminal.resize(width);
        terminal.wait_until_it_shows(&format!("two lines in {width} columns"), are_bars);
    }
    gate.open();
    let copied = ["main: 7 copied", "other: 1 copied"];
    ends_well(&terminal, &product, &copied);
}

#[test]
fn without_colours_there_are_none() {
    let (product, _server, _gate) = product_with_a_gate();
    let mut terminal = push(&product, &[], 110);
    terminal.wait_until_it_shows("a bar", is_held);
    assert!(
        terminal.coloured().contains("\x1b[36m"),
        "{}",
        terminal.coloured()
    );
    terminal.press("C-c");
    terminal.wait();

    let mut command = product.command();
    command.arg("push").env("NO_COLOR", "1");
    terminal = Terminal::run(product.nix(), &command, 110);
    terminal.wait_until_it_shows("a bar", has_bars);
    let shown = terminal.coloured();
    assert!(shown.contains('%') && !shown.contains('\x1b'), "{shown:?}");
}

#[test]
fn a_push_that_is_interrupted_leaves_its_terminal_clean() {
    let (product, _server, _gate) = product_with_a_gate();
    let terminal = push(&product, &[], 110);
    terminal.wait_until_it_shows("a bar", is_held);
    terminal.press("C-c");
    let (code, lines) = terminal.wait();
    assert_eq!(code, 130, "{lines:#?}");
    assert!(
        !has_bars(&lines) && terminal.shows_its_cursor(),
        "{lines:#?}"
    );
    assert!(
        lines.iter().any(|line| line.contains("asked to stop")),
        "{lines:#?}"
    );
    assert!(
        lines.iter().any(|line| line.contains("6 left")),
        "{lines:#?}"
    );
}

#[test]
fn messages_stand_above_the_bars_and_are_not_torn() {
    let (product, _server, gate) = product_with_a_gate();
    let terminal = push(&product, &["-vv"], 110);
    let lines = terminal.wait_until_it_shows("a bar", is_held);
    let bar = lines.iter().position(|line| line.starts_with("main  "));
    assert_eq!(bar, Some(lines.len() - 1), "{lines:#?}");
    gate.open();
    let (code, lines) = terminal.wait();
    assert_eq!(code, 0);
    assert!(!has_bars(&lines), "{lines:#?}");
    let begins = ["trace: ", "debug: ", "main: 6 copied"];
    let is_whole = |line: &&String| begins.iter().any(|word| line.starts_with(word));
    let torn: Vec<_> = lines.iter().filter(|line| !is_whole(line)).collect();
    assert!(torn.is_empty(), "{torn:#?}");
    assert!(lines.len() > 30, "{lines:#?}");
}

#[test]
fn each_queue_has_a_bar_until_it_is_done() {
    let (product, server, gate) = product_with_a_gate();
    let url = format!("{}?compression=none", server.url());
    let others = queue("other", "file://@T@/cache") + &queue("third", "file://@T@/third");
    product.write_config(&(queue("main", &url) + &others));
    product
        .nix()
        .build(&expr::with_drv(r#"drv "late" "echo > $out""#));
    let terminal = push(&product, &["--until-empty"], 80);
    // The small ones are done long before, and wait.
    let lines = terminal.wait_until_it_shows("three bars", |lines| {
        let waits = |queue| bar_of(queue, lines).is_some_and(|bar| bar.contains("waits for the"));
        waits("other")
            && waits("third")
            && bar_of("main", lines).is_some_and(|bar| bar.contains('%'))
    });
    assert_eq!(lines.len(), 3, "{lines:#?}");
    gate.open();
    let copied = ["main: 7 copied", "other: 1 copied", "third: 1 copied"];
    ends_well(&terminal, &product, &copied);
}

#[test]
fn results_that_come_by_way_of_another_process_stand_above_the_bars() {
    let (product, server, gate) = product_with_a_gate();
    let url = format!("{}?compression=none", server.url());
    product.write_config(&(queue("main", &url) + &queue("other", "file://@T@/cache")));
    product.nix().build(&expr::file("late", "late"));
    let push = product.command();
    let mut command = Command::new("/bin/sh");
    for (name, value) in push.get_envs() {
        command.env(name, value.unwrap_or_default());
    }
    command.args(["-c", "\"$0\" \"$@\" push | tee log"]);
    command.arg(push.get_program()).args(push.get_args());
    let terminal = Terminal::run(product.nix(), &command, 140);
    let stands_above = |lines: &[String]| {
        let [result, bar] = lines else { return false };
        let is_held = bar.starts_with("main  ") && bar.contains("2/7 paths");
        result.starts_with("other: 1 copied to file://") && is_held
    };
    let lines = terminal.wait_until_it_shows("a result above a bar", stands_above);
    assert!(!lines[0].contains(BAR), "{lines:#?}");
    gate.open();
    ends_well(
        &terminal,
        &product,
        &["main: 7 copied to http://", "other: 1 copied"],
    );
}

#[test]
fn what_is_waited_for_stands_in_place_of_the_bar() {
    let (product, _server, _gate) = product_with_a_gate();
    let first = push(&product, &[], 110);
    first.wait_until_it_shows("a bar", is_held);
    let second = push(&product, &["--until-empty"], 80);
    let waits = |lines: &[String]| {
        bar_of("main", lines).is_some_and(|bar| bar.contains(": another push is at work"))
    };
    let lines = second.wait_until_it_shows("that it waits", waits);
    assert_eq!(lines.len(), 2, "{lines:#?}");
    second.press("C-c");
    let (_, lines) = second.wait();
    assert!(
        !lines.iter().any(|line| line.starts_with("main  ")),
        "{lines:#?}"
    );
}

/// 2.8.0 tells no bytes to any destination, and no version tells of them before it compresses.
#[test]
fn bytes_are_told_also_where_nix_does_not_tell_them() {
    let product = Product::with_file_cache(Nix::new());
    product.nix().build(&large_paths());
    let terminal = push(&product, &[], 110);
    let is_at_work = |lines: &[String]| {
        bar_of("main", lines).is_some_and(|bar| bar.contains(&format!("{SIZE}/11.4 MiB")))
    };
    match product.nix().version() < Version(2, 26, 0) {
        // Each path as a whole.
        true => drop(terminal.wait_until_it_shows("the first path", is_at_work)),
        false => drop(terminal.wait_until_it_shows("a path", |lines| {
            bar_of("main", lines).is_some_and(|bar| bar.contains("/11.4 MiB"))
        })),
    }
    let (code, lines) = terminal.wait();
    assert_eq!((code, lines.len()), (0, 1), "{lines:#?}");
}

#[test]
fn without_a_terminal_there_is_a_line_for_each_batch_and_no_process_more() {
    let nix = Nix::new();
    let calls = nix.call_log();
    let config = "[nix]\nbin-dir = \"@T@/calls\"\n[queues.main]\nqueue-dir = \"@T@/main\"\n\
                  destination = \"file://@T@/cache?compression=none\"\nbatch-size = 4\n";
    let product = Product::install(nix, config);
    product.nix().build(&large_paths());
    calls.take();
    let output = product.run(&["push"]).success().without_complaint();
    assert!(!output.stderr.contains('\x1b') && !output.stdout.contains('\x1b'));
    let lines = output.progress();
    assert_eq!(lines.len(), 2, "{output}");
    assert!(
        lines[0].starts_with("info: main: 4 of 6 entries delivered: 4 paths"),
        "{output}"
    );
    assert!(
        lines[1].starts_with("info: main: 6 of 6 entries delivered: 2 paths"),
        "{output}"
    );
    let tells_bytes = product.nix().version() >= Version(2, 26, 0);
    assert_eq!(lines[0].contains(", 7.6 MiB in "), tells_bytes, "{output}");
    assert_eq!(lines[1].contains(", 3.8 MiB in "), tells_bytes, "{output}");
    assert_eq!(output.lines().len(), 1, "{output}");
    let calls = calls.take();
    assert_eq!(calls.len(), 2, "one for each batch: {calls:#?}");

    // What is there is not copied, and that is told.
    let paths: Vec<_> = product.nix().build(&large_paths());
    let mut enqueue = vec!["enqueue"];
    enqueue.extend(paths.iter().map(|path| path.as_str()));
    product.run(&enqueue).success();
    let output = product.run(&["push"]).success();
    assert!(
        output.progress()[0].contains("4 of 6 entries delivered: nothing was"),
        "{output}"
    );
}

#[test]
fn a_copy_over_ssh_ng_is_told_with_all_its_paths() {
    let config = queue("main", "ssh-ng://localhost?remote-store=@T@/remote");
    let product = Product::install(Nix::new(), &(config + "check-sigs = false\n"));
    product.nix().build(&large_paths());
    let output = product.run(&["push"]).success();
    let told = "info: main: 6 of 6 entries delivered: 6 paths";
    assert!(output.progress()[0].starts_with(told), "{output}");
}

#[test]
fn what_failed_is_not_among_what_was_copied() {
    let product = Product::with_file_cache(Nix::new());
    let path = product.nix().build_one(&expr::file("one", "one"));
    std::fs::remove_file(&path).expect("unlink");
    Run::run(std::process::Command::new("mkfifo").arg(&path)).success();
    let output = product.run(&["push"]);
    let [line] = output.progress()[..] else {
        panic!("{output}")
    };
    // Of it some bytes were read, where that is told.
    let told = ["nothing was copied", "0 paths, "]
        .map(|copied| format!("info: main: 0 of 1 entry delivered, 1 failed: {copied}"));
    assert!(told.iter().any(|told| line.starts_with(told)), "{output}");
}

#[test]
fn who_wants_no_progress_sees_none() {
    for (arguments, lines) in [
        (&["push"][..], 1),
        (&["push", "--progress", "always"], 1),
        (&["push", "--progress", "never"], 0),
        (&["push", "-q"], 0),
        (&["push", "-q", "--progress", "always"], 0),
    ] {
        let product = Product::with_file_cache(Nix::new());
        product.nix().build(&expr::file("one", "one"));
        let output = product.run(arguments).success().without_complaint();
        assert_eq!(output.progress().len(), lines, "{output}");
    }
    let (product, _server, gate) = product_with_a_gate();
    let terminal = push(&product, &["--progress", "never"], 80);
    wait_until("two paths", || gate.passed.load(Ordering::SeqCst) > 2);
    assert_eq!(terminal.lines(), Vec::<String>::new());
    gate.open();
    ends_well(&terminal, &product, &["main: 6 copied to http://"]);
}

#[test]
fn a_terminal_that_cannot_move_its_cursor_gets_lines() {
    let product = Product::with_file_cache(Nix::new());
    product.nix().build(&expr::file("one", "one"));
    let mut command = product.command();
    command.arg("push").env("TERM", "dumb");
    let terminal = Terminal::run(product.nix(), &command, 120);
    let (code, lines) = terminal.wait();
    assert_eq!((code, lines.len()), (0, 2), "{lines:#?}");
    assert!(
        lines[0].starts_with("info: main: 1 of 1 entry delivered: 1 path"),
        "{lines:#?}"
    );
}

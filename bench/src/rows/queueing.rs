//! Many at once: hooks beside a push, and paths from standard input.

use std::fs;
use std::process::Command;
use std::sync::Barrier;
use std::thread;
use std::time::Instant;

use camino::Utf8Path;
use rustix::process::Signal;
use system_tests::{Product, Run, Running, expr, wait_until};

use crate::Bench;
use crate::measure::alternate;
use crate::quantity::Quantity;
use crate::row::{Aim, Measured, Ratio, Reach, Row, median};
use crate::stage::{CONFIG, Stage};

/// The rows of this file, in the order of the table.
pub(crate) fn rows() -> [Row; 2] {
    [
        Row {
            name: "hooks-beside-push",
            work: "200 hooks at once beside a running push",
            compared_with: "beside the same `nix copy`",
            aims: &[
                Aim {
                    what: "",
                    reach: Reach::Times(1.2),
                },
                Aim {
                    what: "the slowest of them",
                    reach: Reach::Noted,
                },
                Aim {
                    what: "failed or outlasted the push",
                    reach: Reach::Count(0.0),
                },
            ],
            measure: beside_push,
        },
        Row {
            name: "enqueue-10000",
            work: "enqueue 10,000 from stdin",
            compared_with: "the same links in C",
            aims: &[Aim {
                what: "",
                reach: Reach::Times(2.0),
            }],
            measure: from_stdin,
        },
    ]
}

const HOOKS: usize = 200;
/// So much that `nix copy` compresses it for longer than the hooks are measured.
const LARGE: u64 = 150_000_000;

/// What a burst of hooks took.
struct Burst {
    seconds: f64,
    slowest: f64,
    failed: usize,
}

fn beside_push(bench: &Bench) -> Vec<Measured> {
    let stage = Stage::new();
    let paths = stage.existing(HOOKS);
    let large = stage.build_one(&expr::large("large", LARGE)).into_string();
    // Building it has run the hook.
    assert_eq!(stage.entries(), 1);
    let rounds = bench.rounds(8, 9);
    let ours = || {
        let mut push = stage.command(Product::program());
        bursts(&stage, push.arg("push").start(), &paths, rounds.runs)
    };
    let theirs = || {
        let copy = stage.copy(&stage.cache());
        let mut command = stage.command(&copy[0]);
        command.args(&copy[1..]).arg(&large);
        bursts(&stage, command.start(), &paths, rounds.runs)
    };
    let (mut ours_all, mut theirs_all) = (Vec::new(), Vec::new());
    for round in 0..rounds.rounds {
        if round % 2 == 0 {
            ours_all.push(ours());
            theirs_all.push(theirs());
        } else {
            theirs_all.push(theirs());
            ours_all.push(ours());
        }
    }
    let compared = |of: fn(&Burst) -> f64| {
        let medians = |all: &[Vec<Burst>]| -> Vec<f64> {
            let medians = all
                .iter()
                .map(|bursts| median(&bursts.iter().map(of).collect::<Vec<_>>()));
            medians.collect()
        };
        let (ours, theirs) = (medians(&ours_all), medians(&theirs_all));
        let ratios: Vec<f64> = ours
            .iter()
            .zip(&theirs)
            .map(|(ours, theirs)| ours / theirs)
            .collect();
        Measured {
            ours: Quantity::Seconds(median(&ours)),
            theirs: Some(Quantity::Seconds(median(&theirs))),
            ratio: Some(Ratio::of(&ratios)),
            cpu: None,
        }
    };
    let failed: usize = ours_all.iter().flatten().map(|burst| burst.failed).sum();
    vec![
        compared(|burst| burst.seconds),
        compared(|burst| burst.slowest),
        Measured::alone(Quantity::Count(failed as f64)),
    ]
}

/// Bursts of hooks while `copying` runs, which is ended then.
fn bursts(stage: &Stage, mut copying: Running, paths: &[String], runs: usize) -> Vec<Burst> {
    let before = stage.entries();
    wait_until("the copy to be at work", || {
        is_compressing(stage) || !copying.is_running()
    });
    let bursts = (0..runs).map(|_| {
        let burst = burst(stage, paths);
        assert!(copying.is_running(), "the copy ended too early");
        assert_eq!(stage.entries(), before + paths.len());
        forget(stage, paths);
        burst
    });
    let bursts = bursts.collect();
    copying.signal(Signal::TERM);
    copying.wait();
    bursts
}

/// Takes away the entries of paths and their roots; see [`Stage::taking_away`] for why they are not
/// removed.
fn forget(stage: &Stage, paths: &[String]) {
    let aside = stage.new_aside();
    let take = |link: &Utf8Path| {
        let name = link.file_name().expect("a name");
        fs::rename(link, aside.join(name)).expect("rename");
    };
    for path in paths {
        let name = Utf8Path::new(path).file_name().expect("a store path");
        take(&stage.queue().join(name));
    }
    for (root, entry) in stage.auto_links() {
        if entry.symlink_metadata().is_err() {
            take(&root);
        }
    }
}

/// Whether a `nix copy` of this stage has begun to compress: it has used a fifth of a second.
fn is_compressing(stage: &Stage) -> bool {
    let mark = format!("NIX_STORE_DIR={}\0", stage.store_dir());
    let processes = fs::read_dir("/proc").expect("/proc").flatten();
    processes.map(|process| process.path()).any(|process| {
        let file = |name: &str| {
            let bytes = fs::read(process.join(name)).unwrap_or_default();
            String::from_utf8_lossy(&bytes).into_owned()
        };
        let is_copy = file("cmdline").contains("\0copy\0") && file("environ").contains(&mark);
        is_copy && user_ticks(&file("stat")).is_some_and(|ticks| ticks >= 20)
    })
}

/// The user time of `/proc/PID/stat`, the twelfth field behind the name, in hundredths of a second.
fn user_ticks(stat: &str) -> Option<u64> {
    let (_, fields) = stat.rsplit_once(')')?;
    fields.split_whitespace().nth(11)?.parse().ok()
}

fn burst(stage: &Stage, paths: &[String]) -> Burst {
    let start_together = Barrier::new(paths.len() + 1);
    let hook = |path: &str| {
        let mut command = stage.command(Product::hook_program());
        command.env("OUT_PATHS", path);
        command
    };
    let time = |mut command: Command| {
        start_together.wait();
        let start = Instant::now();
        let output = command.output();
        let well = output.is_ok_and(|output| output.status.success() && output.stderr.is_empty());
        (start.elapsed().as_secs_f64(), well)
    };
    let time = &time;
    thread::scope(|scope| {
        let hooks: Vec<_> = paths
            .iter()
            .map(|path| hook(path))
            .map(|command| scope.spawn(move || time(command)))
            .collect();
        start_together.wait();
        let start = Instant::now();
        let ends: Vec<(f64, bool)> = hooks
            .into_iter()
            .map(|hook| hook.join().expect("a hook"))
            .collect();
        Burst {
            seconds: start.elapsed().as_secs_f64(),
            slowest: ends.iter().map(|(seconds, _)| *seconds).fold(0.0, f64::max),
            failed: ends.iter().filter(|(_, well)| !well).count(),
        }
    })
}

fn from_stdin(bench: &Bench) -> Vec<Measured> {
    let stage = Stage::in_memory(CONFIG);
    let (paths, emptying) = (stage.existing(10_000), stage.emptying());
    let input = Some(stage.listed("input", &paths));
    let mut ours = stage.ours(&["enqueue", "--stdin"]).prepared_by(&emptying);
    let mut theirs = stage.links(bench, &["--fsync"], &[]).prepared_by(&emptying);
    (ours.input, theirs.input) = (input.clone(), input);
    let times = alternate((&stage, &ours), (&stage, &theirs), bench.rounds(5, 3));
    assert_eq!(stage.entries(), paths.len());
    vec![times]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_user_time_of_a_process() {
        let stat = "7 (a (b) c) R 1 7 7 0 -1 4194304 100 0 0 0 42 13 0 0 20 0 1 0 5";
        assert_eq!(user_ticks(stat), Some(42));
    }
}

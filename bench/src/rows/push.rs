//! What a push costs beside the `nix copy` that one would type.

use std::fs;

use rustix::fs::{CWD, FileType, Mode, mknodat};
use system_tests::{Nix, Product, Run, Sshd};

use crate::Bench;
use crate::measure::{Timed, alternate, peak_alone, started};
use crate::quantity::Quantity;
use crate::row::{Aim, Measured, Reach, Row};
use crate::stage::{CONFIG, Stage};

/// The rows of this file, in the order of the table.
pub(crate) fn rows() -> [Row; 9] {
    [
        Row {
            name: "push-200",
            work: "push 200 small paths to `file://`",
            compared_with: "one `nix copy`",
            aims: &[Aim {
                what: "",
                reach: Reach::Times(1.08),
            }],
            measure: |bench| push(bench, 200, (8, 3)),
        },
        Row {
            name: "push-200-log",
            work: "push 200 small paths to `file://`, once more",
            compared_with: "one `nix copy --log-format internal-json`, as a push calls it",
            aims: &[Aim {
                what: "",
                reach: Reach::Noted,
            }],
            measure: beside_json,
        },
        Row {
            name: "push-200-removing",
            work: "push 200 small paths to `file://`, once more",
            compared_with: "the same, and then a C program that removes as many links and writes a small file, durably",
            aims: &[Aim {
                what: "",
                reach: Reach::Noted,
            }],
            measure: beside_json_and_removing,
        },
        Row {
            name: "push-2000",
            work: "push 2,000 small paths to `file://`",
            compared_with: "one `nix copy`",
            aims: &[Aim {
                what: "",
                reach: Reach::Times(1.05),
            }],
            measure: |bench| push(bench, 2000, (5, 1)),
        },
        Row {
            name: "push-all-there",
            work: "push 200 paths that are all there already",
            compared_with: "`nix copy` that finds nothing to do",
            aims: &[Aim {
                what: "",
                reach: Reach::Times(1.15),
            }],
            measure: all_there,
        },
        Row {
            name: "push-all-there-removing",
            work: "push 200 paths that are all there already, once more",
            compared_with: "the same `nix copy`, and then a C program that removes as many links and writes a small file, durably",
            aims: &[Aim {
                what: "",
                reach: Reach::Noted,
            }],
            measure: beside_removing,
        },
        Row {
            name: "push-ssh",
            work: "push 200 paths over `ssh-ng`",
            compared_with: "one `nix copy` a path, 4 at a time",
            aims: &[Aim {
                what: "",
                reach: Reach::OneIn(4),
            }],
            measure: over_ssh,
        },
        Row {
            name: "push-3-bad",
            work: "push 1,000 paths, 3 of them bad",
            compared_with: "none bad",
            aims: &[
                Aim {
                    what: "",
                    reach: Reach::Times(3.0),
                },
                Aim {
                    what: "calls of `nix copy`",
                    // 2 · 3 · log2(1000) = 59.8, of halving alone
                    reach: Reach::Count(59.0),
                },
            ],
            measure: three_bad,
        },
        Row {
            name: "push-nothing",
            work: "push with nothing queued",
            compared_with: "an empty Rust program",
            aims: &[
                Aim {
                    what: "",
                    reach: Reach::Times(3.0),
                },
                Aim {
                    what: "processes started",
                    reach: Reach::Count(0.0),
                },
                Aim {
                    what: "threads started",
                    reach: Reach::Noted,
                },
            ],
            measure: nothing,
        },
    ]
}

/// See [`rows`]: the last of the table.
pub(crate) fn memory() -> Row {
    Row {
        name: "push-memory",
        work: "push 2,000 paths: peak memory, `nix` left out",
        compared_with: "",
        aims: &[Aim {
            what: "",
            reach: Reach::Mebibytes(32),
        }],
        measure: peak_of_push,
    }
}

/// `nix copy` of paths by hand. Where they are more than a word of `hyperfine` holds, a script calls
/// it, which is lost in the seconds that it takes.
fn by_hand(stage: &Stage, destination: &str, paths: &[String]) -> Timed {
    let copy = stage.copy(destination);
    if paths.len() <= 1000 {
        return Timed::new(copy.into_iter().chain(paths.iter().cloned()));
    }
    let (copy, file) = (copy.join(" "), stage.listed("by-hand.paths", paths));
    Timed::new([stage.script("by-hand", &format!("exec {copy} $(cat {file})"))])
}

fn remove_cache(stage: &Stage) -> String {
    stage.taking_away(&format!("{}/cache", stage.dir()))
}

fn push(bench: &Bench, n: usize, (rounds, runs): (usize, usize)) -> Vec<Measured> {
    let stage = Stage::new();
    let paths = stage.valid(n);
    let renewing = stage.renewing(&remove_cache(&stage), &paths);
    let ours = stage.ours(&["push"]).prepared_by(&renewing);
    let theirs = by_hand(&stage, &stage.cache(), &paths).prepared_by(&renewing);
    let rounds = bench.rounds(rounds, runs);
    vec![alternate((&stage, &ours), (&stage, &theirs), rounds)]
}

/// Queued paths, what queues them again, and the same copy by hand; the destination is filled first,
/// or emptied each time.
fn two_hundred(stage: &Stage, all_there: bool) -> (Timed, Timed) {
    let paths = stage.valid(200);
    let also = match all_there {
        true => {
            stage.enqueue(&paths);
            let mut push = stage.command(Product::program());
            push.arg("push").run().success();
            String::new()
        }
        false => remove_cache(stage),
    };
    let renewing = stage.renewing(&also, &paths);
    let ours = stage.ours(&["push"]).prepared_by(&renewing);
    let theirs = by_hand(stage, &stage.cache(), &paths).prepared_by(&renewing);
    (ours, theirs)
}

/// What a push lets `nix copy` say.
fn with_json(stage: &Stage) -> (Timed, Timed) {
    let (ours, mut theirs) = two_hundred(stage, false);
    let json = ["--log-format", "internal-json"].map(str::to_owned);
    theirs.words.splice(2..2, json);
    (ours, theirs)
}

/// And then what is done with a queue once all is copied, in C.
fn and_removing(bench: &Bench, stage: &Stage, theirs: Timed) -> Timed {
    let (queue, auto) = (stage.queue(), stage.auto_dir());
    let (copy, remove) = (theirs.words.join(" "), bench.comparison("remove"));
    let script = format!("{copy} && exec {remove} {queue} {auto}");
    let words = vec![stage.script("copy-and-remove", &script).into_string()];
    Timed { words, ..theirs }
}

fn beside_json(bench: &Bench) -> Vec<Measured> {
    let stage = Stage::new();
    let (ours, theirs) = with_json(&stage);
    let rounds = bench.rounds(8, 3);
    vec![alternate((&stage, &ours), (&stage, &theirs), rounds)]
}

fn beside_json_and_removing(bench: &Bench) -> Vec<Measured> {
    let stage = Stage::new();
    let (ours, theirs) = with_json(&stage);
    let theirs = and_removing(bench, &stage, theirs);
    let rounds = bench.rounds(8, 3);
    vec![alternate((&stage, &ours), (&stage, &theirs), rounds)]
}

fn all_there(bench: &Bench) -> Vec<Measured> {
    let stage = Stage::new();
    let (ours, theirs) = two_hundred(&stage, true);
    let rounds = bench.rounds(15, 10);
    vec![alternate((&stage, &ours), (&stage, &theirs), rounds)]
}

fn beside_removing(bench: &Bench) -> Vec<Measured> {
    let stage = Stage::new();
    let (ours, theirs) = two_hundred(&stage, true);
    let theirs = and_removing(bench, &stage, theirs);
    let rounds = bench.rounds(15, 10);
    vec![alternate((&stage, &ours), (&stage, &theirs), rounds)]
}

fn over_ssh(bench: &Bench) -> Vec<Measured> {
    let mut nix = Nix::new();
    let sshd = Sshd::start(&nix);
    nix.set_env("NIX_SSHOPTS", sshd.options());
    let uri = format!("ssh-ng://root@127.0.0.1?remote-store={}/remote", nix.dir());
    let stage = Stage::around(nix, &CONFIG.replace("file://@T@/cache", &uri));
    let paths = stage.valid(201);
    // The destination is a store that is there, but for what is copied.
    let (first, paths) = paths.split_first().expect("paths");
    let copy = stage.copy(&uri);
    stage
        .command(&copy[0])
        .args(&copy[1..])
        .arg(first)
        .run()
        .success();
    let dir = stage.dir();
    stage
        .command("mv")
        .args([dir.join("remote"), dir.join("fresh")])
        .run()
        .success();
    let remote = format!("{dir}/remote");
    let fresh = format!("{}\ncp -a {dir}/fresh {remote}", stage.taking_away(&remote));
    let renewing = stage.renewing(&fresh, paths);
    let list = stage.listed("one-by-one.paths", paths);
    let script = format!("exec xargs -n 1 -P 4 {} <{list}", copy.join(" "));
    let theirs = Timed::new([stage.script("one-by-one", &script)]).prepared_by(&renewing);
    let ours = stage.ours(&["push"]).prepared_by(&renewing);
    let times = alternate((&stage, &ours), (&stage, &theirs), bench.rounds(2, 1));
    drop(sshd);
    vec![times]
}

fn three_bad(bench: &Bench) -> Vec<Measured> {
    let (good, bad) = (Stage::new(), Stage::new());
    let calls = bad.call_log();
    let stages = [&good, &bad].map(|stage| {
        let paths = stage.valid(1000);
        let renewing = stage.renewing(&remove_cache(stage), &paths);
        let push = stage.ours(&["push"]).prepared_by(&renewing);
        (paths, renewing, push)
    });
    let [(_, _, without), (paths, renewing, mut with)] = stages;
    for path in [&paths[123], &paths[456], &paths[789]] {
        // Valid still, but not to be read.
        fs::remove_file(path).expect("unlink");
        let mode = Mode::RUSR | Mode::WUSR;
        mknodat(CWD, path.as_str(), FileType::Fifo, mode, 0).expect("mkfifo");
    }
    with.exit_code = 75;
    let times = alternate((&bad, &with), (&good, &without), bench.rounds(3, 1));
    bad.configure(&format!("[nix]\nbin-dir = \"@T@/calls\"\n\n{CONFIG}"));
    bad.command(renewing).run().success();
    calls.take();
    bad.command(Product::program()).arg("push").run().exits(75);
    let copies = calls
        .take()
        .iter()
        .filter(|call| call.contains(" copy "))
        .count();
    assert_eq!(bad.entries(), 3);
    vec![times, Measured::alone(Quantity::Count(copies as f64))]
}

fn nothing(bench: &Bench) -> Vec<Measured> {
    let stage = Stage::new();
    let ours = stage.ours(&["push"]);
    let theirs = Timed::new([bench.comparison("empty")]);
    let times = alternate((&stage, &ours), (&stage, &theirs), bench.rounds(20, 40));
    let started = started(&stage, &ours.words[0], |command| {
        command.arg("push");
    });
    let counts = [started.processes.max(started.programs), started.threads];
    let counts = counts.map(|count| Measured::alone(Quantity::Count(count as f64)));
    [times].into_iter().chain(counts).collect()
}

fn peak_of_push(_: &Bench) -> Vec<Measured> {
    let stage = Stage::new();
    stage.enqueue(&stage.valid(2000));
    let mut push = stage.command(Product::program());
    push.arg("push");
    let peak = peak_alone(push);
    assert_eq!(stage.entries(), 0);
    vec![Measured::alone(Quantity::Bytes(peak))]
}

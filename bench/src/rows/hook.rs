//! What a build waits for.

use system_tests::Product;

use crate::Bench;
use crate::measure::{Rounds, Timed, alternate, instructions, system_calls};
use crate::quantity::Quantity;
use crate::row::{Aim, Measured, Reach, Row};
use crate::stage::{CONFIG, NO_FSYNC, Stage};

/// The rows of this file, in the order of the table.
pub(crate) fn rows() -> [Row; 8] {
    [
        Row {
            name: "hook-one-path",
            work: "hook, 1 path, 1 queue, fsync off",
            compared_with: "an empty static Rust program",
            aims: &[
                Aim {
                    what: "",
                    reach: Reach::Times(1.25),
                },
                Aim {
                    what: "instructions",
                    reach: Reach::Count(200_000.0),
                },
            ],
            measure: one_path,
        },
        Row {
            name: "hook-beside-placed",
            work: "hook, 1 path, 1 queue, fsync off, once more",
            compared_with: "an empty one that lies where it is linked to, as the hook does",
            aims: &[Aim {
                what: "",
                reach: Reach::Noted,
            }],
            measure: |bench| beside_empty(bench, "empty-placed"),
        },
        Row {
            name: "hook-beside-links",
            work: "hook, 1 path, 1 queue, fsync off, once more",
            compared_with: "a static C program that makes the links",
            aims: &[Aim {
                what: "",
                reach: Reach::Noted,
            }],
            measure: |bench| {
                let stage = without_fsync();
                let (paths, emptying) = (stage.existing(1), stage.emptying());
                let theirs = stage.links(bench, &[], &paths).prepared_by(&emptying);
                let ours = stage.hook(&paths).prepared_by(&emptying);
                vec![alternate(
                    (&stage, &ours),
                    (&stage, &theirs),
                    bench.rounds(25, 40),
                )]
            },
        },
        Row {
            name: "hook-durable",
            work: "hook, 1 path, default durability",
            compared_with: "the same links and two `fsync` in C",
            aims: &[Aim {
                what: "",
                reach: Reach::Times(1.3),
            }],
            measure: durable,
        },
        Row {
            name: "hook-1000-paths",
            work: "hook, 1,000 paths, fsync off",
            compared_with: "the same links in C",
            aims: &[
                Aim {
                    what: "in memory",
                    reach: Reach::Times(1.3),
                },
                Aim {
                    what: "on the disk",
                    reach: Reach::Times(1.3),
                },
                Aim {
                    what: "system calls a path",
                    reach: Reach::Count(4.0),
                },
            ],
            measure: thousand_paths,
        },
        Row {
            name: "hook-1000-looking",
            work: "hook, 1,000 paths, fsync off, in memory, once more",
            compared_with: "the same links in C, and a look whether each path is there",
            aims: &[Aim {
                what: "",
                reach: Reach::Noted,
            }],
            measure: |bench| {
                let stage = Stage::in_memory(&format!("{NO_FSYNC}{CONFIG}"));
                vec![beside_links(
                    bench,
                    &stage,
                    &["--look"],
                    bench.rounds(15, 10),
                )]
            },
        },
        Row {
            name: "hook-three-queues",
            work: "hook, 1 path, 3 queues",
            compared_with: "1 queue",
            aims: &[
                Aim {
                    what: "fsync off",
                    reach: Reach::Times(1.5),
                },
                Aim {
                    what: "default durability",
                    reach: Reach::Times(1.5),
                },
            ],
            measure: three_queues,
        },
        Row {
            name: "hook-add-root",
            work: "hook",
            compared_with: "`nix-store -r --add-root` for each",
            aims: &[
                Aim {
                    what: "1 path, fsync off, as Nix does it",
                    reach: Reach::OneIn(25),
                },
                Aim {
                    what: "6 paths, fsync off, as Nix does it",
                    reach: Reach::OneIn(100),
                },
                Aim {
                    what: "1 path, default durability",
                    reach: Reach::OneIn(25),
                },
                Aim {
                    what: "6 paths, default durability",
                    reach: Reach::OneIn(100),
                },
            ],
            measure: add_root,
        },
    ]
}

fn without_fsync() -> Stage {
    Stage::with(&format!("{NO_FSYNC}{CONFIG}"))
}

fn beside_empty(bench: &Bench, empty: &str) -> Vec<Measured> {
    let stage = without_fsync();
    let (paths, emptying) = (stage.existing(1), stage.emptying());
    let ours = stage.hook(&paths).prepared_by(&emptying);
    let theirs = Timed::new([bench.comparison(empty)]).prepared_by(&emptying);
    vec![alternate(
        (&stage, &ours),
        (&stage, &theirs),
        bench.rounds(25, 40),
    )]
}

fn one_path(bench: &Bench) -> Vec<Measured> {
    let mut measured = beside_empty(bench, "empty");
    let stage = without_fsync();
    let ours = hook_instructions(&stage, &stage.existing(1));
    assert_eq!(stage.entries(), 1);
    let theirs = instructions(bench.comparison("empty").as_str(), |_| {});
    let counted = [ours, theirs].map(|count| Quantity::Count(count as f64));
    measured.push(Measured::beside(counted[0], counted[1]));
    measured
}

/// The instructions of a hook.
pub(crate) fn hook_instructions(stage: &Stage, paths: &[String]) -> u64 {
    instructions(Product::hook_program().as_str(), |command| {
        stage.bare_hook(command, paths);
    })
}

/// The system calls of a hook.
pub(crate) fn hook_system_calls(stage: &Stage, paths: &[String]) -> u64 {
    system_calls(stage, Product::hook_program().as_str(), |command| {
        stage.bare_hook(command, paths);
    })
}

fn durable(bench: &Bench) -> Vec<Measured> {
    let stage = Stage::new();
    let (paths, emptying) = (stage.existing(1), stage.emptying());
    let ours = stage.hook(&paths).prepared_by(&emptying);
    let theirs = stage
        .links(bench, &["--fsync"], &paths)
        .prepared_by(&emptying);
    vec![alternate(
        (&stage, &ours),
        (&stage, &theirs),
        bench.rounds(25, 20),
    )]
}

/// A hook with a thousand paths beside the program `links`, with `more` on its command line.
fn beside_links(bench: &Bench, stage: &Stage, more: &[&str], rounds: Rounds) -> Measured {
    let (paths, emptying) = (stage.existing(1000), stage.emptying());
    let ours = stage.hook(&paths).prepared_by(&emptying);
    let theirs = stage.links(bench, more, &paths).prepared_by(&emptying);
    alternate((stage, &ours), (stage, &theirs), rounds)
}

fn thousand_paths(bench: &Bench) -> Vec<Measured> {
    let config = format!("{NO_FSYNC}{CONFIG}");
    let places = [
        (Stage::in_memory(&config), bench.rounds(15, 10)),
        (Stage::with(&config), bench.rounds(11, 3)),
    ];
    let times = places.map(|(stage, rounds)| beside_links(bench, &stage, &[], rounds));
    let stage = Stage::in_memory(&config);
    let paths = stage.existing(1000);
    let calls = hook_system_calls(&stage, &paths);
    assert_eq!(stage.entries(), paths.len());
    let calls = Measured::alone(Quantity::Count(calls as f64 / paths.len() as f64));
    times.into_iter().chain([calls]).collect()
}

fn three_queues(bench: &Bench) -> Vec<Measured> {
    let more = ["two", "three"]
        .map(|name| CONFIG.replace("main", name))
        .concat();
    let measured = ["", NO_FSYNC].map(|fsync| {
        let one = Stage::with(&format!("{fsync}{CONFIG}"));
        let three = Stage::with(&format!("{fsync}{CONFIG}{more}"));
        let [ours, theirs] = [&three, &one].map(|stage| {
            stage
                .hook(&stage.existing(1))
                .prepared_by(&stage.emptying())
        });
        // One entry in each, and its root.
        assert_eq!([&three, &one].map(|stage| stage.auto_links().len()), [3, 1]);
        let rounds = bench.rounds(20, 20);
        alternate((&three, &ours), (&one, &theirs), rounds)
    });
    let [durable, fast] = measured;
    vec![fast, durable]
}

/// Nix flushes nothing there (2.34.8, `makeIndirectRoot` in `gc.cc`), so what is alike is a hook that
/// does not either.
fn add_root(bench: &Bench) -> Vec<Measured> {
    let mut measured = Vec::new();
    for stage in [without_fsync(), Stage::new()] {
        let (all, emptying) = (stage.valid(6), stage.emptying());
        for n in [1, 6] {
            let paths = &all[..n];
            let ours = stage.hook(paths).prepared_by(&emptying);
            let theirs = add_roots(&stage, paths).prepared_by(&emptying);
            let rounds = bench.rounds(10, 10);
            measured.push(alternate((&stage, &ours), (&stage, &theirs), rounds));
        }
    }
    measured
}

/// Registers a root for each path: several by a script, whose shell is lost in the time that Nix
/// takes for them.
fn add_roots(stage: &Stage, paths: &[String]) -> Timed {
    let queue = stage.queue();
    let call = |path: &String| {
        let name = path.rsplit('/').next().unwrap_or_default();
        format!("nix-store -r --add-root {queue}/{name} --indirect {path}")
    };
    if let [path] = paths {
        return Timed::new(call(path).split(' ').map(str::to_owned));
    }
    let calls = paths.iter().map(|path| call(path) + " >/dev/null\n");
    let calls = calls.collect::<String>();
    Timed::new([stage.script("add-roots", &format!("set -e\n{calls}"))])
}

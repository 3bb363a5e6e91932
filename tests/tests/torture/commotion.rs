//! Builds, collections and pushes at the same time, and somebody who kills.

use std::fs;
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use fastrand::Rng;
use rustix::process::Signal;
use system_tests::{HookRun, Nix, Output, Product, Run, expr, figure};

/// Nix processes that build at the same time.
const CLIENTS: u64 = 4;

/// A Nix with our programs and `killing-hook` between them, and how to drive it.
pub(super) struct Commotion {
    pub(super) product: Product,
    /// Names it among the figures.
    pub(super) title: &'static str,
    seed: u64,
    /// So many hooks have to be killed.
    wanted: usize,
    has_daemon: bool,
}

/// What happened beside the hooks.
#[derive(Debug, Default)]
pub(super) struct Counts {
    pub(super) clients_killed: usize,
    pub(super) pushes: usize,
    pub(super) pushes_killed: usize,
    pub(super) collections: usize,
    pub(super) collections_failed: usize,
    pub(super) collected: usize,
}

impl Commotion {
    pub(super) fn prepare(title: &'static str, seed: u64, wanted: usize) -> Commotion {
        let config = "[queues.main]\ndestination = \"file://@T@/cache?compression=none\"\nqueue-dir = \"@T@/queue\"\nretry-delay = \"0s\"\nmax-attempts = 1000\n";
        let mut product = Product::install(Nix::new(), config);
        let span = hook_time(&product).as_micros() * 3 / 2;
        let variables = [
            ("PROGRAM", Product::hook_program().into_string()),
            ("LOG", product.nix().dir().join("hooks.log").into_string()),
            ("QUEUE", product.queue_dir().into_string()),
            ("AUTO", product.nix().auto_dir().into_string()),
            ("CACHE", product.nix().dir().join("cache").into_string()),
            ("SEED", seed.to_string()),
            ("SPAN", span.to_string()),
        ];
        let nix = product.nix_mut();
        for (name, value) in variables {
            nix.set_env(&format!("KILLING_HOOK_{name}"), value);
        }
        nix.set_hook(env!("CARGO_BIN_EXE_killing-hook"));
        figure(format_args!("torture {title}, seed"), seed);
        Commotion {
            product,
            title,
            seed,
            wanted,
            has_daemon: false,
        }
    }

    /// An ordinary user builds through it, and root pushes through it.
    pub(super) fn start_daemon(&mut self) {
        self.product.nix_mut().start_daemon();
        self.product.nix().user_home();
        self.has_daemon = true;
    }

    pub(super) fn hook_runs(&self) -> Vec<HookRun> {
        HookRun::all_in(&self.product.nix().dir().join("hooks.log"))
    }

    pub(super) fn push_command(&self) -> Command {
        let mut push = self.product.command();
        push.arg("push");
        if self.has_daemon {
            push.env("NIX_REMOTE", "daemon");
        }
        push
    }

    /// Until enough hooks were killed.
    pub(super) fn run(&self) -> Counts {
        thread::scope(|scope| {
            let builders: Vec<_> = (0..CLIENTS)
                .map(|client| scope.spawn(move || self.build_again_and_again(client)))
                .collect();
            let pusher = scope.spawn(|| self.push_again_and_again());
            let mut counts = self.collect_again_and_again();
            counts.clients_killed = builders.into_iter().map(join).sum();
            (counts.pushes, counts.pushes_killed) = join(pusher);
            counts
        })
    }

    fn is_over(&self) -> bool {
        let runs = self.hook_runs();
        runs.iter().filter(|run| run.end.is_killed()).count() >= self.wanted
    }

    /// How often the client was killed.
    fn build_again_and_again(&self, client: u64) -> usize {
        let mut rng = Rng::with_seed(self.seed + client);
        let mut killed = 0;
        for round in 0.. {
            if self.is_over() {
                break;
            }
            let expression = expression(&format!("c{client}-r{round}"), &mut rng);
            let patience = (rng.u8(..4) == 0).then_some(500);
            let (_, was_killed) =
                run_or_kill(&mut self.build_command(&expression), patience, &mut rng);
            killed += usize::from(was_killed);
        }
        killed
    }

    fn build_command(&self, expression: &str) -> Command {
        let nix = self.product.nix();
        let mut build = match self.has_daemon {
            true => nix.user_command("nix-build"),
            false => nix.command("nix-build"),
        };
        build.args(["--no-out-link", "--keep-going", "-E", expression]);
        build
    }

    /// How often, and how often it was killed.
    fn push_again_and_again(&self) -> (usize, usize) {
        let mut rng = Rng::with_seed(self.seed + CLIENTS);
        let (mut pushes, mut killed) = (0, 0);
        while !self.is_over() {
            // It goes on for as long as hooks queue more; then it is killed late.
            let patience = if rng.bool() { 500 } else { 5000 };
            let (output, was_killed) =
                run_or_kill(&mut self.push_command(), Some(patience), &mut rng);
            // Whatever else goes on: never a bug, never a wrong call.
            assert!([0, 69, 75, 137].contains(&output.code), "{output}");
            pushes += 1;
            killed += usize::from(was_killed);
        }
        (pushes, killed)
    }

    fn collect_again_and_again(&self) -> Counts {
        let mut counts = Counts::default();
        while !self.is_over() {
            let output = self.product.nix().command("nix-store").arg("--gc").run();
            counts.collections += 1;
            // A hook that is killed ends its connection at once, which may make one crash: see
            // `LocalGc`.
            counts.collections_failed += usize::from(output.code != 0);
            counts.collected += collected(&output);
        }
        counts
    }
}

fn join<T>(thread: thread::ScopedJoinHandle<'_, T>) -> T {
    thread
        .join()
        .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
}

/// Runs a command to its end, or kills it (but no child of it) at some moment within so many
/// milliseconds.
fn run_or_kill(command: &mut Command, within: Option<u64>, rng: &mut Rng) -> (Output, bool) {
    let mut running = command.start();
    let start = Instant::now();
    let moment = within.map(|within| Duration::from_millis(rng.u64(..within)));
    while moment.is_some_and(|moment| start.elapsed() < moment) && running.is_running() {
        thread::sleep(Duration::from_millis(1));
    }
    let kill = moment.is_some() && running.is_running();
    if kill {
        running.signal(Signal::KILL);
    }
    (running.wait(), kill)
}

/// Derivations that nobody has built yet: single ones, some with several outputs, some that refer
/// to the one before.
fn expression(name: &str, rng: &mut Rng) -> String {
    let mut list = String::new();
    for k in 0..rng.u32(3..8) {
        let drv = match rng.u8(..3) {
            0 => format!(r#"(drv "{name}-{k}" "echo {name}-{k} > $out")"#),
            1 => format!(
                r#"(drv "{name}-{k}" "echo {name}-{k} ${{drv "{name}-{k}-below" "echo {name}-{k} > $out"}} > $out")"#
            ),
            _ => several_outputs(&format!("{name}-{k}"), rng.u32(2..12)),
        };
        list.push_str(&drv);
    }
    expr::with_drv(&format!("[ {list} ]"))
}

fn several_outputs(name: &str, n: u32) -> String {
    let more = (1..n).map(|k| format!("o{k}"));
    let outputs: Vec<_> = std::iter::once("out".to_owned()).chain(more).collect();
    let quoted: String = outputs.iter().map(|name| format!("\"{name}\" ")).collect();
    let script: String = outputs
        .iter()
        .map(|output| format!("echo {name} {output} > ${output}; "))
        .collect();
    format!(r#"((drvWith {{ outputs = [ {quoted}]; }} "{name}" "{script}").all)"#)
}

/// How long a hook takes here, of several the middle one.
fn hook_time(product: &Product) -> Duration {
    let path = product.nix().build_one(&expr::file("measure", "measure"));
    let mut times: Vec<_> = (0..5)
        .map(|_| {
            let _ = fs::remove_dir_all(product.queue_dir());
            let start = Instant::now();
            product.hook_command(path.as_str(), "").run().success();
            start.elapsed()
        })
        .collect();
    times.sort();
    product.run(&["push"]).success();
    times[2]
}

/// Each is named as it goes.
fn collected(output: &Output) -> usize {
    let lines = output.stderr.lines();
    lines.filter(|line| line.starts_with("deleting '")).count()
}

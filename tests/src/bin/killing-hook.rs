//! Stands between Nix and our hook: runs it, kills it at a random moment or not, and writes down
//! what came of it. For `tests/torture.rs`, which sets the variables.

use std::collections::BTreeSet;
use std::fs;
use std::io::{Read, Write};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Child, Command, ExitCode, Stdio};
use std::time::{Duration, Instant, SystemTime};

use camino::{Utf8Path, Utf8PathBuf};
use fastrand::Rng;
use rustix::process::{Signal, getpid, set_parent_process_death_signal};
use system_tests::{HookRun, HookRunEnd};

/// When to kill the hook.
#[derive(Clone, Copy)]
enum Moment {
    Never,
    /// So long after it has begun.
    AfterStart(Duration),
    /// So long after its first entry has appeared. The steps that matter most take microseconds.
    AfterEntry(Duration),
}

fn main() -> ExitCode {
    if let Some(hook) = std::env::args_os().nth(1) {
        // Whoever kills this program means the hook.
        set_parent_process_death_signal(Some(Signal::KILL)).expect("prctl");
        panic!("{}", Command::new(hook).exec());
    }
    let paths = outputs();
    let mut rng = rng(&paths);
    let end = run_hook(&paths, moment(&mut rng));
    if end.is_well() {
        return ExitCode::SUCCESS;
    }
    match rng.u8(..3) {
        // As Nix sees a hook that is killed.
        0 => ExitCode::FAILURE,
        // The build goes on, and with it the test.
        1 => ExitCode::SUCCESS,
        _ if run_hook(&paths, Moment::Never).is_well() => ExitCode::SUCCESS,
        _ => ExitCode::FAILURE,
    }
}

fn variable(name: &str) -> String {
    std::env::var(format!("KILLING_HOOK_{name}")).expect(name)
}

/// The same for the same name and seed, in whatever order the builds come.
fn rng(paths: &[Utf8PathBuf]) -> Rng {
    let seed: u64 = variable("SEED").parse().expect("a number");
    let name = &paths[0].file_name().expect("name")[33..];
    let mix = |sum: u64, byte: u8| sum.wrapping_mul(31).wrapping_add(byte.into());
    Rng::with_seed(name.bytes().fold(seed, mix))
}

fn moment(rng: &mut Rng) -> Moment {
    let span: u64 = variable("SPAN").parse().expect("microseconds");
    match rng.u8(..4) {
        0 => Moment::Never,
        1 => Moment::AfterStart(Duration::from_micros(rng.u64(..span))),
        2 => Moment::AfterEntry(Duration::from_micros(rng.u64(..span / 4))),
        _ => Moment::AfterEntry(Duration::from_micros(rng.u64(..100))),
    }
}

fn run_hook(paths: &[Utf8PathBuf], moment: Moment) -> HookRunEnd {
    let now = SystemTime::UNIX_EPOCH.elapsed().expect("after 1970");
    let mut run = HookRun {
        id: format!("{}-{}", getpid(), now.as_nanos()),
        end: HookRunEnd::WithItsNix,
        paths: paths.to_vec(),
    };
    let log = Utf8PathBuf::from(variable("LOG"));
    run.append_to(&log);
    run.end = run_to_its_end(paths, moment);
    run.append_to(&log);
    run.end
}

fn run_to_its_end(paths: &[Utf8PathBuf], moment: Moment) -> HookRunEnd {
    let hook = variable("PROGRAM");
    let mut child = Command::new("/proc/self/exe")
        .arg(&hook)
        .stdin(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .expect("cannot start the hook");
    wait_for_exec(&mut child, &hook);
    kill_at(moment, &mut child, &entry(&paths[0]));
    let mut told = Vec::new();
    let mut stderr = child.stderr.take().expect("stderr is a pipe");
    stderr.read_to_end(&mut told).expect("read");
    let status = child.wait().expect("wait");
    let _ = std::io::stderr().write_all(&told);
    match (status.signal(), moment) {
        (Some(_), _) => how_far_it_came(paths),
        _ if !status.success() || !told.is_empty() => HookRunEnd::Complained,
        (None, Moment::Never) => HookRunEnd::Well,
        (None, _) => HookRunEnd::AfterTheEnd,
    }
}

/// Until then it is this program.
fn wait_for_exec(child: &mut Child, hook: &str) {
    let exe = format!("/proc/{}/exe", child.id());
    while fs::read_link(&exe).is_ok_and(|exe| exe.as_os_str() != hook) && is_running(child) {}
}

/// Spins: to sleep takes longer than the hook.
fn kill_at(moment: Moment, child: &mut Child, entry: &Utf8Path) {
    let delay = match moment {
        Moment::Never => return,
        Moment::AfterStart(delay) => delay,
        Moment::AfterEntry(delay) => {
            while !entry.is_symlink() && is_running(child) {}
            delay
        }
    };
    let start = Instant::now();
    while start.elapsed() < delay {
        std::hint::spin_loop();
    }
    child.kill().expect("kill");
}

fn is_running(child: &mut Child) -> bool {
    child.try_wait().expect("wait").is_none()
}

fn entry(path: &Utf8Path) -> Utf8PathBuf {
    Utf8PathBuf::from(variable("QUEUE")).join(path.file_name().expect("name"))
}

fn how_far_it_came(paths: &[Utf8PathBuf]) -> HookRunEnd {
    let entries: Vec<_> = paths.iter().map(|path| entry(path)).collect();
    let made: Vec<_> = entries.iter().map(|entry| entry.is_symlink()).collect();
    let roots = rooted_links();
    let mut found = Vec::new();
    for (entry, made) in entries.iter().zip(made) {
        // A push may have been here meanwhile.
        let has_gone = is_cached(entry);
        found.push((made || has_gone, roots.contains(entry) || has_gone));
    }
    HookRunEnd::judged_by(&found)
}

/// What the links in `gcroots/auto` point at.
fn rooted_links() -> BTreeSet<Utf8PathBuf> {
    let Ok(links) = Utf8PathBuf::from(variable("AUTO")).read_dir_utf8() else {
        return BTreeSet::new();
    };
    let link = |link: Utf8PathBuf| link.read_link_utf8().ok();
    links
        .flatten()
        .filter_map(|found| link(found.into_path()))
        .collect()
}

fn is_cached(entry: &Utf8Path) -> bool {
    let hash = &entry.file_name().expect("name")[..32];
    let cache = Utf8PathBuf::from(variable("CACHE"));
    cache.join(format!("{hash}.narinfo")).exists()
}

/// What was built. Nix 2.8.0 does not say; then the first list of the derivation does.
fn outputs() -> Vec<Utf8PathBuf> {
    let named = std::env::var("OUT_PATHS").unwrap_or_default();
    if !named.is_empty() {
        return named.split(' ').map(Utf8PathBuf::from).collect();
    }
    let drv = fs::read_to_string(std::env::var("DRV_PATH").expect("DRV_PATH")).expect("read");
    let (outputs, _) = drv.split_once("],[").expect("a derivation");
    let quoted = outputs.split('"').skip(1).step_by(2);
    quoted.skip(1).step_by(4).map(Utf8PathBuf::from).collect()
}

//! What the hook does not do: read, wait, start processes, connect, leave anything behind.

use std::fs;
use std::io::{Read, Write};
use std::process::Stdio;

use camino::Utf8PathBuf;
use system_tests::{Nix, Product, Run, expr, tree};

/// Calls by which a process starts another one, or speaks to one.
const COMPANY: &str = "trace=execve,execveat,fork,vfork,clone,clone3,socket,socketpair,connect";

/// Calls that wait for the disk.
const FLUSHES: &str = "trace=fsync,fdatasync,sync,syncfs";

fn product() -> (Product, Vec<Utf8PathBuf>) {
    let nix = Nix::new();
    let paths = nix.build(&expr::independent(3));
    (Product::with_file_cache(nix), paths)
}

fn joined(paths: &[Utf8PathBuf]) -> String {
    let paths: Vec<_> = paths.iter().map(|path| path.as_str()).collect();
    paths.join(" ")
}

#[test]
fn it_starts_no_process_and_connects_nowhere() {
    let (product, paths) = product();
    let drv = product.nix().deriver(&paths[0]).expect("deriver");
    let calls = product.trace_hook(&joined(&paths), drv.as_str(), COMPANY);
    // The one call is strace's own, that makes the hook.
    assert!(
        calls.len() == 1 && calls[0].contains("execve("),
        "{calls:#?}"
    );
    assert_eq!(product.queued().len(), 3);
    // As on Nix 2.8.0, and again when everything is queued already.
    let calls = product.trace_hook("", drv.as_str(), COMPANY);
    assert_eq!(calls.len(), 1, "{calls:#?}");
}

#[test]
fn it_flushes_each_directory_once_however_many_paths_there_are() {
    let (product, paths) = product();
    // The first path makes the queue directory, which has to be flushed into its parent.
    product.hook_command(paths[0].as_str(), "").run().success();
    let calls = product.trace_hook(&joined(&paths), "", FLUSHES);
    assert_eq!(calls.len(), 2, "{calls:#?}");
    assert_ne!(calls[0].split_once("fsync"), calls[1].split_once("fsync"));
    assert_eq!(product.rooted().len(), 3);
}

#[test]
fn it_flushes_nothing_when_told_so() {
    let (product, paths) = product();
    let config = fs::read_to_string(product.config_file()).expect("config");
    product.write_config(&format!("[hook]\nfsync = false\n{config}"));
    let calls = product.trace_hook(&joined(&paths), "", FLUSHES);
    assert!(calls.is_empty(), "{calls:#?}");
    assert_eq!(product.rooted().len(), 3);
}

#[test]
fn it_holds_the_collectors_lock_while_it_links() {
    let (product, paths) = product();
    let what = "trace=flock,symlink,symlinkat";
    let calls = product.trace_hook(paths[0].as_str(), "", what);
    let position = |word: &str| calls.iter().position(|call| call.contains(word));
    let lock = position("LOCK_SH").expect("a shared lock");
    let links = calls.iter().filter(|call| call.contains("symlink")).count();
    assert_eq!(links, 2, "{calls:#?}");
    assert!(position("symlink") > Some(lock), "{calls:#?}");
    assert!(
        !calls.iter().any(|call| call.contains("LOCK_UN")),
        "{calls:#?}"
    );
}

#[test]
fn it_needs_no_home_and_no_working_directory_of_its_own() {
    let (product, paths) = product();
    let mut hook = product.hook_command(&joined(&paths), "");
    for variable in [
        "HOME",
        "PATH",
        "TMPDIR",
        "XDG_CACHE_HOME",
        "XDG_CONFIG_HOME",
        "LC_ALL",
    ] {
        hook.env_remove(variable);
    }
    hook.current_dir("/").run().success().is_silent();
    assert_eq!(product.queued().len(), 3);
    assert_eq!(product.rooted(), product.queued());
}

#[test]
fn it_reads_nothing_from_its_standard_input() {
    let (product, paths) = product();
    let (mut reader, mut writer) = std::io::pipe().expect("pipe");
    writer
        .write_all(b"the protocol of a daemon")
        .expect("write");
    drop(writer);
    let stdin = reader.try_clone().expect("dup");
    let mut hook = product.hook_command(&joined(&paths), "");
    // Not by the harness, which brings its own standard input.
    let hook = hook
        .stdin(stdin)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let output = hook.output().expect("the hook");
    assert!(output.status.success());
    assert!(
        output.stdout.is_empty() && output.stderr.is_empty(),
        "{output:?}"
    );
    let mut rest = String::new();
    reader.read_to_string(&mut rest).expect("read");
    assert_eq!(rest, "the protocol of a daemon");
}

#[test]
fn it_works_with_its_standard_streams_closed() {
    let (product, paths) = product();
    let script = format!("exec {} <&- >&- 2>&-", Product::hook_program());
    let mut shell = product.nix().command("/bin/sh");
    shell.env("OUT_PATHS", joined(&paths)).args(["-c", &script]);
    shell.run().success();
    assert_eq!(product.queued().len(), 3);
    assert_eq!(product.rooted(), product.queued());
}

/// With a queue whose roots only Nix may make, it starts processes; none of them stays.
#[test]
fn it_leaves_no_child_behind() {
    let nix = Nix::with_ca_derivations();
    let drv = nix.instantiate(&expr::content_addressed(1)).swap_remove(0);
    nix.realise(std::slice::from_ref(&drv));
    let product = Product::with_file_cache(nix);
    product
        .hook_command("", drv.as_str())
        .run()
        .success()
        .is_silent();
    assert_eq!(product.queued().len(), 1);
    assert_eq!(product.nix().processes(), [""; 0]);
}

#[test]
fn it_touches_nothing_but_queue_and_roots() {
    let (product, paths) = product();
    let (queue, auto) = (
        product.queue_dir(),
        product.nix().state_dir().join("gcroots/auto"),
    );
    let before = tree(product.nix().dir(), &[&queue, &auto]);
    product
        .hook_command(&joined(&paths), "")
        .run()
        .success()
        .is_silent();
    assert_eq!(tree(product.nix().dir(), &[&queue, &auto]), before);
    let made: Vec<_> = tree(&queue, &[]).into_values().collect();
    assert!(
        made.len() == 3 && made.iter().all(|what| what.starts_with("link to ")),
        "{made:#?}"
    );
    let to_queue = format!("link to {queue}/");
    let roots = tree(&auto, &[]).into_values();
    assert_eq!(roots.filter(|what| what.starts_with(&to_queue)).count(), 3);
}

#[test]
fn arguments_are_refused_and_questions_answered() {
    let (product, _) = product();
    let hook = Product::hook_program();
    let mut version = product.nix().command(&hook);
    version
        .arg("--version")
        .run()
        .success()
        .stdout_has("nix-post-build-push-hook ");
    let mut help = product.nix().command(&hook);
    help.arg("--help")
        .run()
        .success()
        .stdout_has("post-build-hook");
    let mut other = product.nix().command(&hook);
    other
        .arg("--queue")
        .run()
        .exits(2)
        .stderr_has("takes no arguments");
}

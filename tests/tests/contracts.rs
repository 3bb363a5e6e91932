//! The adapters that need a Nix keep the contracts of their ports, as the simulated ones do.

use std::fs;
use std::num::NonZeroUsize;
use std::os::unix::fs::PermissionsExt;
use std::time::Duration;

use camino::Utf8PathBuf;
use nix_copy::{
    ClosureType, ContentsScope, Destination, NixStoreContents, NixStoreRoots, NixUploader,
    Timeouts, UploadOptions,
};
use queue_core::testing::contract;
use queue_core::{FsQueueDirectory, StoreDir, StorePath, Uploader};
use system_tests::{Nix, Server, expr};

fn store_dir(nix: &Nix) -> StoreDir {
    StoreDir::new(nix.store_dir()).expect("store directory")
}

/// The same Nix as our adapters call it.
fn called(nix: &Nix, more: &[(&str, &str)]) -> nix_copy::Nix {
    let command = nix.command("nix");
    let environment = command.get_envs().filter_map(|(name, value)| {
        let value = value?;
        Some((name.to_owned(), value.to_owned()))
    });
    nix_copy::Nix::new(store_dir(nix), environment.collect()).with_variables(more.iter().copied())
}

fn parsed(nix: &Nix, paths: &[Utf8PathBuf]) -> Vec<StorePath> {
    let store = store_dir(nix);
    let parse = |path: &Utf8PathBuf| store.parse(path.as_str()).expect("store path");
    paths.iter().map(parse).collect()
}

/// For an output and a derivation. In the end a collector clears what is left.
#[track_caller]
fn roots_keep_the_contract(nix: &Nix, variables: &[(&str, &str)]) {
    let queue = nix.dir().join("queue");
    let directory = FsQueueDirectory::create(&queue, &store_dir(nix), true).expect("queue");
    let open = || NixStoreRoots::new(called(nix, variables), &nix.state_dir(), &queue);
    let drvs = nix.instantiate(&expr::file("rooted", "rooted"));
    let outputs = nix.realise(&drvs);
    for path in parsed(nix, &[outputs, drvs].concat()) {
        contract::gc_roots(&directory, &open(), &open(), &path);
    }
    let ours = || {
        let links = nix.auto_links().into_values();
        links.filter(|link| link.starts_with(&queue)).count()
    };
    assert_eq!(ours(), 2);
    nix.gc();
    assert_eq!(ours(), 0);
}

#[test]
fn roots_that_nix_registers_itself() {
    roots_keep_the_contract(&Nix::new(), &[]);
}

#[test]
fn roots_that_the_daemon_registers() {
    let mut nix = Nix::new();
    nix.start_daemon();
    roots_keep_the_contract(&nix, &[("NIX_REMOTE", "daemon")]);
}

/// Three paths that refer to each other, and an uploader of a queue that has them.
fn uploader(destination: &str, closure_type: ClosureType) -> (Nix, NixUploader, Vec<StorePath>) {
    let nix = Nix::new();
    let last = nix.build_one(&expr::chain(3));
    let paths: Vec<_> = nix.closure(&last).into_iter().collect();
    assert_eq!(paths.len(), 3);
    let uri = destination.replace("@T@", nix.dir().as_str());
    let mut options = UploadOptions::new(Destination::new(uri));
    options.closure_type = closure_type;
    options.check_sigs = false;
    let uploader = NixUploader::new(called(&nix, &[]), options);
    let paths = parsed(&nix, &paths);
    (nix, uploader, paths)
}

const CLOSURES: [ClosureType; 2] = [ClosureType::Bare, ClosureType::Binary];

#[test]
fn uploads_to_each_kind_of_destination() {
    for destination in [
        "file://@T@/cache",
        "@T@/chroot",
        "ssh-ng://localhost?remote-store=@T@/remote",
    ] {
        for closure_type in CLOSURES {
            let (_nix, uploader, paths) = uploader(destination, closure_type);
            contract::uploader(&uploader, &paths);
        }
    }
}

#[test]
fn uploads_over_http() {
    for closure_type in CLOSURES {
        // It belongs to the store that first wrote to it.
        let server = Server::binary_cache();
        let (_nix, uploader, paths) = uploader(&server.url(), closure_type);
        contract::uploader(&uploader, &paths);
    }
}

#[test]
fn uploads_by_several_copies_at_once() {
    let nix = Nix::new();
    let paths = parsed(&nix, &nix.build(&expr::independent(8)));
    let server = Server::binary_cache();
    for uri in [server.url(), format!("file://{}/cache", nix.dir())] {
        let mut options = UploadOptions::new(Destination::new(uri));
        options.jobs = NonZeroUsize::new(4).expect("not zero");
        contract::uploader(&NixUploader::new(called(&nix, &[]), options), &paths);
    }
}

/// The contract also asks for a path that is valid nowhere. What goes with an entry here only the
/// store can tell, and it knows nothing of such a path; a push asks for what it uploaded.
#[test]
fn uploads_with_derivers_are_missing_before_and_there_afterwards() {
    for closure_type in [ClosureType::Source, ClosureType::Cache] {
        let (_nix, uploader, paths) = uploader("file://@T@/cache", closure_type);
        uploader.probe().expect("a destination that answers");
        assert_eq!(uploader.missing(&paths).expect("an answer"), paths);
        for _ in ["upload", "upload again"] {
            assert_eq!(
                uploader
                    .upload(&paths)
                    .expect("a destination that takes them"),
                []
            );
            assert_eq!(uploader.missing(&paths).expect("an answer"), []);
        }
    }
}

#[test]
fn contents_that_nix_compares() {
    for scope in [ContentsScope::Entries, ContentsScope::Closure] {
        let nix = Nix::new();
        let sound = nix.build_one(&expr::file("sound", "sound"));
        let above = nix.build_one(&expr::chain(2));
        let closure = nix.closure(&above);
        let damaged = closure.iter().find(|path| **path != above);
        let damaged = damaged.expect("a reference").clone();
        fs::set_permissions(&damaged, fs::Permissions::from_mode(0o644)).expect("chmod");
        fs::write(&damaged, "somebody else's\n").expect("write");
        let paths = parsed(&nix, &[sound, damaged, above]);
        let invalid = "00000000000000000000000000000001-invalid";
        let contents = NixStoreContents::new(
            called(&nix, &[]),
            ClosureType::Binary,
            scope,
            Timeouts::total(Duration::from_secs(600)),
        );
        let with = contract::Contents {
            sound: &paths[0],
            damaged: &paths[1],
            above: &paths[2],
            invalid: &invalid.parse().expect("store path"),
        };
        contract::store_contents(&contents, &with);
    }
}

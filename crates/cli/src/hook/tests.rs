//! What a build waits for. None looks at the clock: what is counted are calls, and what each was
//! given is in what is said of it.

use std::fs::{self, File};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixListener;

use camino::{Utf8Path, Utf8PathBuf};
use rustix::fs::{FlockOperation, flock};

use super::*;

const BASE: &str = "v3ygr25lms4hdmxwa8h14sjv6km1l8cz-a";

/// A store, and two queues: one wants derivations, the other does not.
struct World {
    _keep: tempfile::TempDir,
    root: Utf8PathBuf,
}

impl World {
    fn new() -> Self {
        let keep = tempfile::tempdir().unwrap();
        let root = Utf8Path::from_path(keep.path()).unwrap();
        let root = root.canonicalize_utf8().unwrap();
        for dir in ["store", "state/gcroots/auto", "state/gc-socket", "bin"] {
            fs::create_dir_all(root.join(dir)).unwrap();
        }
        let text = format!(
            "[queues.plain]\nqueue-dir = \"{root}/plain\"\nclosure-type = \"binary\"\n\
             [queues.deriving]\nqueue-dir = \"{root}/deriving\"\nclosure-type = \"cache\"\n"
        );
        fs::write(root.join("config.toml"), text).unwrap();
        Self { _keep: keep, root }
    }

    /// A program of Nix that notes its call, knows no newer words, as Nix 2.8.0, and does not
    /// answer to others.
    fn mute(&self, name: &str) {
        let root = &self.root;
        let program = root.join("bin").join(name);
        let script = format!(
            "#!/bin/sh\necho {name} >>{root}/called\ncase \"$*\" in *^*) exit 1; esac\n\
             exec /bin/sleep 60\n"
        );
        fs::write(&program, script).unwrap();
        fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
    }

    fn called(&self) -> usize {
        let called = fs::read_to_string(self.root.join("called"));
        called.unwrap_or_default().lines().count()
    }

    fn run(&self, variable: &str, value: &str, deadline: Deadline) -> Outcome {
        let root = &self.root;
        let variables = [
            (variable, value.to_owned()),
            ("NIX_STORE_DIR", format!("{root}/store")),
            ("NIX_STATE_DIR", format!("{root}/state")),
            (
                "NIX_POST_BUILD_PUSH_CONFIG_FILE",
                format!("{root}/config.toml"),
            ),
            ("PATH", format!("{root}/bin")),
        ];
        let variables = variables.map(|(name, value)| (name.into(), value.into()));
        run_until(variables.into(), 1000, deadline)
    }
}

#[test]
fn a_nix_that_does_not_answer_is_asked_once_and_given_what_is_left() {
    let world = World::new();
    for program in ["nix", "nix-store", "nix-instantiate"] {
        world.mute(program);
    }
    // Only Nix knows the outputs of this one.
    let derivation = format!("{}/store/{BASE}.drv", world.root);
    let floating = r#"Derive([("out","","r:sha256","")],["#;
    fs::write(&derivation, floating).unwrap();
    let soon = Deadline::after(Duration::from_secs(6));
    let outcome = world.run("DRV_PATH", &derivation, soon);
    let [error] = outcome.errors.as_slice() else {
        panic!("{:?}", outcome.errors);
    };
    let error = &error.to_string();
    let about = format!("the outputs of {derivation} are not queued: ");
    assert!(error.starts_with(&about), "{error}");
    assert!(error.contains("nix-post-build-push enqueue"), "{error}");
    let (_, given) = error.split_once("nix did not answer within ").unwrap();
    let given: f64 = given.split_once(" s").unwrap().0.parse().unwrap();
    assert!(given <= 3.0, "{error}");
    // In both ways: neither is tried again, nor is a root.
    assert_eq!(world.called(), 2);
    assert!(world.root.join(format!("deriving/{BASE}.drv")).is_symlink());
    let late = world.run("DRV_PATH", &derivation, Deadline::after(Duration::ZERO));
    let over = "the time for calls of Nix is over";
    assert!(late.errors[0].text.contains(over), "{:?}", late.errors);
    assert_eq!((late.errors.len(), world.called()), (1, 2));
}

#[test]
fn a_collector_that_does_not_answer_is_given_one_time_for_both_kinds_of_queues() {
    let world = World::new();
    let lock = File::create(world.root.join("state/gc.lock")).unwrap();
    flock(&lock, FlockOperation::LockExclusive).unwrap();
    let _frozen = UnixListener::bind(world.root.join("state/gc-socket/socket")).unwrap();
    let output = format!("{}/store/{BASE}", world.root);
    fs::write(&output, "").unwrap();
    let time = Duration::from_millis(500);
    let outcome = world.run("OUT_PATHS", &output, Deadline::after(time));
    let given = |error: &Complaint| {
        let (_, given) = error.text.rsplit_once("within ").unwrap();
        humantime::parse_duration(given).unwrap()
    };
    let given: Vec<_> = outcome.errors.iter().map(given).collect();
    assert_eq!(given.len(), 2, "{:?}", outcome.errors);
    assert!(
        given.iter().sum::<Duration>() <= time,
        "{:?}",
        outcome.errors
    );
    for queue in ["plain", "deriving"] {
        assert!(world.root.join(queue).join(BASE).is_symlink(), "{queue}");
    }
}

//! Queues in all sorts of states.

use std::fs;
use std::time::{Duration, SystemTime};

use super::common::World;

/// A queue, and how it comes to be so.
pub struct State {
    pub name: &'static str,
    /// What its table says besides.
    settings: &'static str,
    make: fn(&World, &str),
}

pub const STATES: &[State] = &[
    state("empty", "", |_, _| {}),
    state("ready", "", |world, queue| {
        enqueue(world, queue);
    }),
    state("backing-off", "", |world, queue| {
        let entry = enqueue(world, queue);
        ledger(
            world,
            queue,
            &failures(&format!("entries.{entry}"), 5, -60, ""),
        );
    }),
    state("parked", "", |world, queue| {
        let entry = enqueue(world, queue);
        let parked = format!("parked-since = \"{}\"\nhint = \"mend it\"\n", at(5));
        ledger(
            world,
            queue,
            &failures(&format!("entries.{entry}"), 5, 5, &parked),
        );
    }),
    state("old", "", |world, queue| {
        let entry = enqueue(world, queue);
        enqueued_at(world, queue, &entry, 1_000_000_000);
    }),
    state("silent", "", |world, queue| {
        enqueue(world, queue);
        ledger(world, queue, &failures("destination", 9000, -60, ""));
    }),
    state(
        "closed",
        "limits.max-age = \"1h\"\nlimits.max-entries = 9\n",
        |world, queue| {
            enqueue(world, queue);
            ledger(world, queue, "");
            world.write(&format!("queues/{queue}/.push/closed"), "it is full\n");
        },
    ),
    state("turned-away", "limits.max-entries = 1\n", |world, queue| {
        enqueue(world, queue);
        let refused = world.object("refused");
        let line = [
            "enqueue",
            "--config-file",
            "config.toml",
            "--queue",
            queue,
            &refused,
        ];
        assert_eq!(world.run(&line).code, 75);
    }),
    state("broken", "", |world, queue| {
        enqueue(world, queue);
        let last = format!(
            "[last-push]\nended = \"{}\"\ntook-ms = 1500\nend = \"broken\"\nuploaded = 0\nfailed = 0\n\
             error = \"no nix\"\n[totals]\nbroken = 1\nuploaded = 7\n",
            at(5)
        );
        ledger(world, queue, &last);
    }),
    state("pushed", "", |world, queue| {
        let entry = enqueue(world, queue);
        let failed = failures(&format!("entries.{entry}"), 5, -3600, "");
        let last = format!(
            "{failed}[last-push]\nended = \"{}\"\nend = \"finished\"\nuploaded = 0\nfailed = 1\n\
             last-success = \"{}\"\n",
            at(5),
            at(580)
        );
        ledger(world, queue, &last);
    }),
    state("early", "", |world, queue| {
        let entry = enqueue(world, queue);
        let tomorrow = SystemTime::now() + Duration::from_secs(24 * 3600);
        let seconds = tomorrow.duration_since(SystemTime::UNIX_EPOCH).unwrap();
        enqueued_at(world, queue, &entry, seconds.as_secs().cast_signed());
    }),
    state("two-failures", "", |world, queue| {
        let other = world.object("other");
        world.run(&["enqueue", "--queue", queue, &other]).ok();
        let other = other.rsplit('/').next().unwrap();
        let entry = enqueue(world, queue);
        let parked = format!("parked-since = \"{}\"\n", at(5));
        let tried = failures(&format!("entries.{other}"), 5, -60, "");
        let tried = tried.replace("attempts = 3", "attempts = 9");
        let parked = failures(&format!("entries.{entry}"), 5, 5, &parked);
        ledger(world, queue, &(tried + &parked));
    }),
    state("older-ledger", "", |world, queue| {
        enqueue(world, queue);
        let last = format!(
            "[last-push]\nended = \"{}\"\nuploaded = 3\nfailed = 1\n",
            at(5)
        );
        ledger(world, queue, &last);
    }),
    state("absent", "", |world, queue| {
        let entry = enqueue(world, queue);
        fs::remove_dir(world.root.join("store").join(entry)).unwrap();
    }),
    state("absent-and-failed", "", |world, queue| {
        let entry = enqueue(world, queue);
        fs::remove_dir(world.root.join("store").join(&entry)).unwrap();
        let failed = failures(&format!("entries.{entry}"), 5, -3600, "");
        ledger(world, queue, &failed);
    }),
    state("foreign", "", |world, queue| {
        enqueue(world, queue);
        world.write(&format!("queues/{queue}/other"), "");
    }),
    state("lost", "", |world, queue| {
        enqueue(world, queue);
        ledger(world, queue, "garbage");
    }),
    state("unreadable", "", |world, queue| {
        fs::create_dir_all(world.root.join("queues")).unwrap();
        world.write(&format!("queues/{queue}"), "no directory");
    }),
];

const fn state(name: &'static str, settings: &'static str, make: fn(&World, &str)) -> State {
    State {
        name,
        settings,
        make,
    }
}

/// A world with queues in these states, each named like its state.
pub fn world_of(names: &[&str]) -> World {
    let mut world = World::new();
    world.unset("NIX_POST_BUILD_PUSH_QUEUE_DIR");
    world.set("NIX_POST_BUILD_PUSH_CONFIG_FILE", "{}/config.toml");
    world.program("nix", SIZES);
    let states: Vec<_> = names
        .iter()
        .map(|name| STATES.iter().find(|state| state.name == *name).unwrap())
        .collect();
    let tables = states.iter().map(|State { name, settings, .. }| {
        format!(
            "[queues.{name}]\nqueue-dir = \"{{}}/queues/{name}\"\n\
             destination = \"https://me:planted-secret@h/{name}\"\n{settings}"
        )
    });
    world.write("config.toml", &tables.collect::<String>());
    for state in states {
        (state.make)(&world, state.name);
    }
    world
}

/// A Nix for which each path has a thousand bytes.
const SIZES: &str = r#"list=
for word; do case $word in {}/store/*)
    list="$list,{\"path\":\"$word\",\"narSize\":1000,\"references\":[]}";;
esac; done
echo x >> {}/called
echo "[${list#,}]""#;

/// Sets when it was enqueued, in seconds since 1970.
fn enqueued_at(world: &World, queue: &str, entry: &str, seconds: i64) {
    let path = world.root.join(format!("queues/{queue}/{entry}"));
    let time = rustix::fs::Timespec {
        tv_sec: seconds,
        tv_nsec: 0,
    };
    let times = rustix::fs::Timestamps {
        last_access: time,
        last_modification: time,
    };
    let flags = rustix::fs::AtFlags::SYMLINK_NOFOLLOW;
    rustix::fs::utimensat(rustix::fs::CWD, path.as_str(), &times, flags).unwrap();
}

/// Gives the entry's name.
pub fn enqueue(world: &World, queue: &str) -> String {
    let path = world.object(queue);
    world.run(&["enqueue", "--queue", queue, &path]).ok();
    path.rsplit('/').next().unwrap().to_owned()
}

fn ledger(world: &World, queue: &str, text: &str) {
    fs::create_dir_all(world.root.join(format!("queues/{queue}/.push"))).unwrap();
    let text = format!("format = 1\ndestination-name = \"https://***@h/{queue}\"\n{text}");
    world.write(&format!("queues/{queue}/.push/ledger.toml"), &text);
}

fn failures(table: &str, seconds_ago: i64, next: i64, more: &str) -> String {
    format!(
        "[{table}]\nattempts = 3\nfirst-failure = \"{}\"\nfirst-error = \"no\"\n\
         last-failure = \"{}\"\nlast-error = \"no answer\"\nnext-try = \"{}\"\n{more}",
        at(seconds_ago),
        at(5),
        at(next)
    )
}

/// That many seconds ago.
fn at(seconds_ago: i64) -> String {
    let distance = Duration::from_secs(seconds_ago.unsigned_abs());
    let now = SystemTime::now();
    let time = if seconds_ago < 0 {
        now + distance
    } else {
        now - distance
    };
    humantime::format_rfc3339_seconds(time).to_string()
}

//! What lies within a queue's directory besides its entries: used if it is nobody else's, else
//! refused with the command that mends it.

#![allow(clippy::unwrap_used, clippy::print_stdout)]

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown, symlink};
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};

use camino::{Utf8Path, Utf8PathBuf};
use figures::figure;
use queue_core::*;
use rustix::fs::{CWD, FileType, Mode, RenameFlags, inotify, mknodat, renameat_with};

/// What a shell would do to it unless it is quoted.
const NAME: &str = "it's \"my\" $(touch pasted) `touch pasted` queue; touch pasted & \u{e9}";

struct Scene {
    keep: tempfile::TempDir,
    queue: FsQueueDirectory,
}

impl Scene {
    fn new() -> Self {
        let keep = tempfile::tempdir().unwrap();
        let root = Utf8Path::from_path(keep.path()).unwrap();
        let store = StoreDir::new("/s").unwrap();
        let queue = FsQueueDirectory::create(&root.join(NAME), &store, false).unwrap();
        Self { keep, queue }
    }

    fn elsewhere(&self) -> Utf8PathBuf {
        let root = Utf8Path::from_path(self.keep.path()).unwrap();
        root.join("elsewhere")
    }

    /// As somebody who reads the hint does.
    fn paste(&self, command: &str) {
        let mut shell = Command::new("sh");
        let status = shell
            .args(["-ec", command])
            .current_dir(&self.keep)
            .status();
        assert!(status.unwrap().success(), "{command}");
        assert!(!self.keep.path().join("pasted").exists(), "{command}");
    }

    fn reopened(&self) -> FsQueueDirectory {
        let store = StoreDir::new("/s").unwrap();
        FsQueueDirectory::create(self.queue.path(), &store, false).unwrap()
    }
}

/// Something in a queue's directory, and how it is used.
struct Place {
    name: &'static str,
    uses: fn(&FsQueueDirectory) -> Result<(), PortError>,
}

fn state(queue: &FsQueueDirectory) -> Result<FsPushState, PortError> {
    FsPushState::create(queue)
}

const ROOMS: [Place; 3] = [
    Place {
        name: ".push",
        uses: |queue| {
            let opened = FsPushState::open(queue).map(drop);
            let created = state(queue).map(drop);
            assert_eq!(opened.is_ok(), created.is_ok());
            assert_eq!(queue.set_closed(None).is_ok(), created.is_ok());
            created
        },
    },
    Place {
        name: ".push/leaving",
        uses: |queue| {
            let leaving = state(queue)?.leaving(queue, |_| Ok(Box::new(NoRoots)))?;
            let leaving = leaving.queue().directory;
            let path = "v3ygr25lms4hdmxwa8h14sjv6km1l8cz-a".parse().unwrap();
            let listed = leaving.list().map(drop);
            let inserted = leaving.insert(&path).and_then(|_| leaving.remove(&path));
            assert_eq!(listed.is_ok(), inserted.is_ok());
            listed
        },
    },
    Place {
        name: ".limits",
        uses: |queue| {
            let tallied = queue.tally(LimitAction::Dropped).map(drop);
            let counted = queue.count(LimitAction::Dropped, 1);
            assert_eq!(tallied.is_ok(), counted.is_ok());
            counted
        },
    },
];

const FILES: [Place; 4] = [
    Place {
        name: ".push/lock",
        uses: |queue| state(queue)?.try_lock().map(|lock| assert!(lock.is_some())),
    },
    Place {
        name: ".push/ledger.toml",
        uses: |queue| state(queue)?.load_ledger().map(drop),
    },
    Place {
        name: ".push/closed",
        uses: |queue| queue.closed().map(drop),
    },
    Place {
        name: ".limits/refused",
        uses: |queue| {
            let tallied = queue.tally(LimitAction::Refused).map(drop);
            let counted = queue.count(LimitAction::Refused, 1);
            assert_eq!(tallied.is_ok(), counted.is_ok());
            counted
        },
    },
];

/// What is wrong with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fault {
    OwnedBy(u32),
    Mode(u32),
    Symlink,
    File,
    FullDirectory,
    Fifo,
    Device,
    SecondName,
}

const OF_ROOMS: [Fault; 7] = [
    Fault::OwnedBy(1235),
    Fault::Mode(0o775),
    Fault::Mode(0o757),
    Fault::Symlink,
    Fault::File,
    Fault::Fifo,
    Fault::Device,
];

const OF_FILES: [Fault; 8] = [
    Fault::OwnedBy(1235),
    Fault::Mode(0o664),
    Fault::Mode(0o646),
    Fault::Symlink,
    Fault::FullDirectory,
    Fault::Fifo,
    Fault::Device,
    Fault::SecondName,
];

impl Fault {
    fn reason(self, owner: u32) -> String {
        match self {
            Self::OwnedBy(uid) => format!("it belongs to uid {uid}, and the queue to uid {owner}"),
            Self::Mode(_) => "it may be written by others than its owner".into(),
            Self::Symlink => "it is a symlink".into(),
            Self::FullDirectory => "it is a directory".into(),
            Self::File => "it is not a directory".into(),
            Self::Fifo | Self::Device => "it is not a ".into(),
            Self::SecondName => "it has a second name".into(),
        }
    }

    /// Whether this account can bring it about.
    fn put(self, path: &Utf8Path, elsewhere: &Utf8Path) -> bool {
        let node = |kind, device| {
            remove(path);
            mknodat(CWD, path.as_str(), kind, Mode::RUSR | Mode::WUSR, device).is_ok()
        };
        match self {
            Self::OwnedBy(uid) => return chown(path, Some(uid), None).is_ok(),
            Self::Mode(mode) => fs::set_permissions(path, PermissionsExt::from_mode(mode)).unwrap(),
            Self::Symlink => {
                fs::rename(path, elsewhere).unwrap();
                symlink(elsewhere, path).unwrap();
            }
            Self::File => {
                remove(path);
                fs::write(path, "").unwrap();
            }
            Self::FullDirectory => {
                remove(path);
                fs::create_dir_all(path.join("full")).unwrap();
            }
            Self::Fifo => return node(FileType::Fifo, 0),
            // As /dev/zero is.
            Self::Device => return node(FileType::CharacterDevice, rustix::fs::makedev(1, 5)),
            Self::SecondName => fs::hard_link(path, elsewhere).unwrap(),
        }
        true
    }
}

fn remove(path: &Utf8Path) {
    let _ = fs::remove_dir_all(path);
    let _ = fs::remove_file(path);
}

/// Everything that a use could do to it.
fn look(path: &Utf8Path) -> Option<(u32, u32, u64, Vec<u8>)> {
    let data = fs::metadata(path).ok()?;
    let content = fs::read(path).unwrap_or_default();
    Some((data.uid(), data.mode(), data.nlink(), content))
}

/// Whether the fault could be brought about.
fn refused_and_mended(place: &Place, fault: Fault) -> bool {
    let scene = Scene::new();
    let path = scene.queue.path().join(place.name);
    drop(state(&scene.queue).unwrap());
    (place.uses)(&scene.queue).unwrap();
    if !path.exists() {
        fs::write(&path, "").unwrap();
        (place.uses)(&scene.queue).unwrap();
    }
    if !fault.put(&path, &scene.elsewhere()) {
        return false;
    }
    let before = look(&scene.elsewhere());
    let queue = scene.reopened();
    let error = (place.uses)(&queue).unwrap_err();
    let (told, at) = (error.chain(), format!("{} with {fault:?}", place.name));
    let owner = fs::metadata(queue.path()).unwrap().uid();
    assert!(told.contains(&format!("{path}: ")), "{at}: {told}");
    assert!(told.contains(&fault.reason(owner)), "{at}: {told}");
    scene.paste(
        error
            .hint()
            .unwrap_or_else(|| panic!("{at}: no hint: {told}")),
    );
    (place.uses)(&scene.reopened()).unwrap_or_else(|error| panic!("{at}: {}", error.chain()));
    let after = look(&scene.elsewhere()).map(|(uid, mode, _, content)| (uid, mode, content));
    let before = before.map(|(uid, mode, _, content)| (uid, mode, content));
    assert_eq!(after, before, "{at}");
    true
}

#[test]
fn what_others_own_or_may_write_or_is_something_else_is_refused_until_the_hint_is_pasted() {
    let rooms = ROOMS
        .iter()
        .flat_map(|place| OF_ROOMS.map(|fault| (place, fault)));
    let files = FILES
        .iter()
        .flat_map(|place| OF_FILES.map(|fault| (place, fault)));
    let (tried, left_out): (Vec<_>, Vec<_>) = rooms
        .chain(files)
        .partition(|(place, fault)| refused_and_mended(place, *fault));
    for (place, fault) in &left_out {
        println!("skipped: {} with {fault:?} needs root", place.name);
    }
    let number = tried.len();
    figure(
        "refusals within a queue's directory, each mended by its hint",
        number,
    );
    assert!(number >= 30, "{number}");
}

#[test]
fn what_belongs_to_root_or_to_the_owner_of_the_queue_is_used() {
    for owner in [0, 1234] {
        let scene = Scene::new();
        if chown(scene.queue.path(), Some(1234), None).is_err() {
            println!("skipped: needs root, to give files away");
            return;
        }
        for place in ROOMS.iter().chain(&FILES) {
            (place.uses)(&scene.queue).unwrap();
            let _ = chown(scene.queue.path().join(place.name), Some(owner), None);
        }
        for place in ROOMS.iter().chain(&FILES) {
            let used = (place.uses)(&scene.reopened());
            used.unwrap_or_else(|error| panic!("{}: {}", place.name, error.chain()));
        }
    }
}

#[test]
fn a_push_writes_over_whatever_lies_where_it_writes_unless_that_holds_something() {
    for fault in [
        Fault::Symlink,
        Fault::Fifo,
        Fault::Device,
        Fault::SecondName,
        Fault::Mode(0o666),
    ] {
        for name in ["closed", "closed.new", "ledger.toml", "ledger.toml.new"] {
            let scene = Scene::new();
            let room = scene.queue.path().join(".push");
            let state = state(&scene.queue).unwrap();
            fs::write(room.join(name), "theirs").unwrap();
            if !fault.put(&room.join(name), &scene.elsewhere()) {
                continue;
            }
            let before = look(&scene.elsewhere()).map(|(_, _, _, content)| content);
            scene.queue.set_closed(Some("full")).unwrap();
            state.save_ledger("mine").unwrap();
            let closed = scene.queue.closed().unwrap();
            assert_eq!(closed.as_deref(), Some("full"), "{name} with {fault:?}");
            let ledger = state.load_ledger().unwrap();
            assert_eq!(ledger.as_deref(), Some("mine"), "{name} with {fault:?}");
            let after = look(&scene.elsewhere()).map(|(_, _, _, content)| content);
            assert_eq!(after, before, "{name} with {fault:?}");
        }
    }
}

#[test]
fn an_empty_directory_makes_way_and_a_full_one_is_named_with_the_command_that_removes_it() {
    for name in ["closed", "closed.new"] {
        let scene = Scene::new();
        let room = scene.queue.path().join(".push");
        fs::create_dir_all(room.join(name)).unwrap();
        scene.queue.set_closed(Some("full")).unwrap();
        assert_eq!(scene.queue.closed().unwrap().as_deref(), Some("full"));

        remove(&room.join(name));
        fs::create_dir_all(room.join(name).join("full")).unwrap();
        let error = scene.queue.set_closed(Some("full")).unwrap_err();
        scene.paste(error.hint().unwrap());
        scene.queue.set_closed(Some("full")).unwrap();
        scene.queue.set_closed(None).unwrap();
        assert_eq!(scene.queue.closed().unwrap(), None);
    }
    let scene = Scene::new();
    fs::create_dir_all(scene.queue.path().join(".push/closed")).unwrap();
    scene.queue.set_closed(None).unwrap();
    assert_eq!(scene.queue.closed().unwrap(), None);
}

/// Whoever has it open may hold it for ever, whatever its mode is afterwards.
#[test]
fn the_push_lock_is_made_closed_to_others_and_not_closed_to_them_later() {
    let scene = Scene::new();
    let state = state(&scene.queue).unwrap();
    let watch = inotify::init(inotify::CreateFlags::NONBLOCK).unwrap();
    let room = scene.queue.path().join(".push");
    let attributes = inotify::WatchFlags::ATTRIB;
    inotify::add_watch(&watch, room.as_str(), attributes).unwrap();
    drop(state.try_lock().unwrap().unwrap());
    let lock = fs::metadata(room.join("lock")).unwrap();
    assert_eq!(lock.mode() & 0o777, 0o600);
    let mut buffer = [std::mem::MaybeUninit::uninit(); 4096];
    let told = inotify::Reader::new(&watch, &mut buffer).next().map(drop);
    assert_eq!(told, Err(rustix::io::Errno::AGAIN), "its mode was changed");
}

/// What fails is as good as what succeeds, as long as nothing is opened behind the symlink: it would
/// be read for what a push wrote, made unreadable to others, written to.
#[test]
fn a_file_that_is_exchanged_for_a_symlink_meanwhile_leads_to_no_other() {
    for place in &FILES {
        let scene = Scene::new();
        scene.queue.set_closed(Some("full")).unwrap();
        state(&scene.queue).unwrap().save_ledger("").unwrap();
        (place.uses)(&scene.queue).unwrap();
        let (file, link) = (
            scene.queue.path().join(place.name),
            scene.keep.path().join("link"),
        );
        let elsewhere = scene.elsewhere();
        fs::write(&elsewhere, "canary").unwrap();
        symlink(&elsewhere, &link).unwrap();
        let watch = inotify::init(inotify::CreateFlags::NONBLOCK).unwrap();
        inotify::add_watch(&watch, elsewhere.as_str(), inotify::WatchFlags::OPEN).unwrap();
        let outcomes = while_exchanged(&file, &link, || uses(place.name, &scene.queue));
        let mut buffer = [std::mem::MaybeUninit::uninit(); 4096];
        let told = inotify::Reader::new(&watch, &mut buffer).next().map(drop);
        assert_eq!(
            told,
            Err(rustix::io::Errno::AGAIN),
            "{} led elsewhere",
            place.name
        );
        figure(
            format_args!("uses of {} while it is exchanged for a symlink", place.name),
            format_args!("{} refused, {} fine", outcomes[0], outcomes[1]),
        );
    }
}

/// As [`Place::uses`], where two uses may differ.
fn uses(file: &str, queue: &FsQueueDirectory) -> Result<(), PortError> {
    match file {
        ".limits/refused" => queue.count(LimitAction::Refused, 1),
        ".push/lock" => state(queue)?.try_lock().map(drop),
        _ => (FILES.iter().find(|place| place.name == file).unwrap().uses)(queue),
    }
}

/// How often it failed, and how often it did not, until each was seen often.
fn while_exchanged(
    file: &Utf8Path,
    link: &std::path::Path,
    uses: impl Fn() -> Result<(), PortError>,
) -> [usize; 2] {
    let done = AtomicBool::new(false);
    let mut outcomes = [0, 0];
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !done.load(Ordering::Relaxed) {
                renameat_with(CWD, file.as_str(), CWD, link, RenameFlags::EXCHANGE).unwrap();
            }
        });
        for _ in 0..20_000 {
            outcomes[usize::from(uses().is_ok())] += 1;
            if outcomes.iter().all(|seen| *seen >= 500) {
                break;
            }
        }
        done.store(true, Ordering::Relaxed);
    });
    outcomes
}

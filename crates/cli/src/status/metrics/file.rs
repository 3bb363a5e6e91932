//! The file that each push leaves for the node exporter.

use std::io::{self, Write};
use std::time::SystemTime;

use camino::Utf8Path;
use queue_core::PortError;
use rustix::fs::{self, AtFlags, Mode, OFlags};
use rustix::io::Errno;

use super::super::Looked;
use super::families;
use super::write::{self, Format};

const ACTION: &str = "write the metrics file";

/// Writes what is known of a queue after a push at that time: in full or not at all.
///
/// Nothing is forced to the disk: the next push writes it anew. What stands at its place is
/// replaced, be it a symlink, and not written to; the directory is the one that the path leads to.
///
/// # Errors
///
/// If the old file stays.
pub(crate) fn write(file: &Utf8Path, queue: Looked, run: SystemTime) -> Result<(), PortError> {
    let text = write::text(&families::of(&[queue], Some(run)), Format::Prometheus);
    replace(file, &text).map_err(|error| {
        let hint = match error {
            Errno::NOENT => "make its directory, or change `metrics-file`",
            Errno::ISDIR | Errno::NOTEMPTY | Errno::EXIST => {
                "a directory is in its place: change `metrics-file`, or take that away"
            }
            Errno::NAMETOOLONG => "change `metrics-file`: no name can be that long",
            _ => {
                "its directory has to be writable for the account that pushes, and for its unit \
                  (ReadWritePaths=)"
            }
        };
        PortError::new(ACTION, file, io::Error::from(error)).with_hint(hint)
    })
}

fn replace(file: &Utf8Path, text: &str) -> Result<(), Errno> {
    let (directory, name) = (file.parent().ok_or(Errno::ISDIR)?, file.file_name());
    let name = name.ok_or(Errno::ISDIR)?;
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let directory = fs::open(directory.as_std_path(), flags, Mode::empty())?;
    // The collector does not read this name. The rest of a push that was killed may be there.
    let new = format!(".{name}.new");
    match fs::unlinkat(&directory, &new, AtFlags::empty()) {
        Ok(()) | Err(Errno::NOENT) => {}
        Err(error) => return Err(error),
    }
    let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let created = fs::openat(&directory, &new, flags, Mode::from_raw_mode(0o644))?;
    // The node exporter is another account, whatever umask we have.
    let written = fs::fchmod(&created, Mode::from_raw_mode(0o644)).and_then(|()| {
        let written = std::fs::File::from(created).write_all(text.as_bytes());
        written.map_err(|error| Errno::from_io_error(&error).unwrap_or(Errno::IO))
    });
    let renamed = written.and_then(|()| fs::renameat(&directory, &new, &directory, name));
    renamed.inspect_err(|_| {
        // Half a file helps nobody; the error is what counts.
        let _ = fs::unlinkat(&directory, &new, AtFlags::empty());
    })
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::super::super::QueueStatus;
    use super::*;

    fn queue() -> Looked {
        Looked::Seen(Box::new(QueueStatus {
            name: "main".to_owned(),
            ..QueueStatus::default()
        }))
    }

    #[test]
    fn it_is_replaced_in_full_readable_for_all_and_nothing_else_is_left() {
        let directory = tempfile::tempdir().unwrap();
        let directory = Utf8Path::from_path(directory.path()).unwrap();
        let file = directory.join("main.prom");
        let other = directory.join("other");
        std::fs::write(&other, "not ours").unwrap();
        symlink(&other, &file).unwrap();
        std::fs::write(directory.join(".main.prom.new"), "the rest of a push").unwrap();
        let run = SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(7);
        write(&file, queue(), run).unwrap();
        let text = std::fs::read_to_string(&file).unwrap();
        let line = "\nnix_post_build_push_last_run_timestamp_seconds{queue=\"main\"} 7\n";
        assert!(text.contains(line), "{text}");
        assert_eq!(std::fs::read_to_string(&other).unwrap(), "not ours");
        let mode = std::fs::symlink_metadata(&file).unwrap().permissions();
        assert_eq!(mode.mode(), 0o100_644);
        assert_eq!(std::fs::read_dir(directory).unwrap().count(), 2);
    }

    #[test]
    fn the_old_file_is_there_until_the_new_one_is() {
        use rustix::fs::inotify::{CreateFlags, ReadFlags, Reader, WatchFlags, add_watch, init};
        let directory = tempfile::tempdir().unwrap();
        let directory = Utf8Path::from_path(directory.path()).unwrap();
        let file = directory.join("main.prom");
        write(&file, queue(), SystemTime::now()).unwrap();
        let watch = init(CreateFlags::NONBLOCK).unwrap();
        let what = WatchFlags::DELETE | WatchFlags::MOVED_FROM | WatchFlags::MOVED_TO;
        add_watch(&watch, directory.as_str(), what).unwrap();
        write(&file, queue(), SystemTime::now()).unwrap();
        let mut buffer = [std::mem::MaybeUninit::uninit(); 4096];
        let mut reader = Reader::new(&watch, &mut buffer);
        let mut seen = Vec::new();
        while let Ok(event) = reader.next() {
            let name = event.file_name().unwrap().to_str().unwrap().to_owned();
            seen.push((event.events(), name));
        }
        let expected = [
            (ReadFlags::MOVED_FROM, ".main.prom.new".to_owned()),
            (ReadFlags::MOVED_TO, "main.prom".to_owned()),
        ];
        assert_eq!(seen, expected);
    }

    #[test]
    fn what_cannot_be_written_is_told_with_what_to_do() {
        let error = write("/nowhere/x.prom".into(), queue(), SystemTime::now()).unwrap_err();
        assert!(error.to_string().contains("/nowhere/x.prom"), "{error}");
        assert!(error.hint().unwrap().contains("make its directory"));
        let place = tempfile::tempdir().unwrap();
        let place = Utf8Path::from_path(place.path()).unwrap();
        std::fs::create_dir(place.join("x.prom")).unwrap();
        let long = place.join("x".repeat(250) + ".prom");
        for (file, hint) in [
            (place.join("x.prom"), "a directory is in its place"),
            (long, "that long"),
        ] {
            let error = write(&file, queue(), SystemTime::now()).unwrap_err();
            assert!(error.hint().unwrap().contains(hint), "{error:?}");
        }
        assert_eq!(std::fs::read_dir(place).unwrap().count(), 1);
    }
}

//! Whether a destination answers, and takes what is copied. Nothing is written to it, unless that
//! was asked for.

use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::time::{Duration, SystemTime};

use camino::{Utf8Path, Utf8PathBuf};
use nix_copy::{NixUploader, StoreKind, add_file};
use nix_post_build_push_config::{Destination, QueueSettings, StoreUri};
use queue_core::{StorePath, UploadError, Uploader};
use rustix::fs::statvfs;

use super::bounded;
use super::file_system::little;
use super::finding::{Check, Finding};
use super::kind::Kind;
use super::machine::Machine;
use super::queue::writable;
use super::signatures;
use crate::adapters::uploader;
use crate::session::destination;

/// How long a copy of one tiny path may take; a question takes half of that at most.
const LONGEST: Duration = Duration::from_secs(60);

/// What there is to say of the destination of a queue with these entries.
pub(super) fn check(
    machine: &Machine<'_>,
    settings: &QueueSettings,
    entries: &[StorePath],
    write: bool,
) -> Vec<Finding> {
    let bounded = within(settings);
    let uploader = match uploader(machine.store, &bounded) {
        Ok(uploader) => uploader,
        Err(error) => {
            let unusable = "it cannot be pushed to";
            return vec![Finding::of(Kind::DestinationUnusable, unusable).caused_by_port(&error)];
        }
    };
    let uri = settings
        .destination
        .as_ref()
        .and_then(|setting| setting.value.read().ok());
    let Some(uri) = uri else {
        return vec![Finding::of(
            Kind::DestinationUnusable,
            "it cannot be read any more",
        )];
    };
    let name = destination(settings).unwrap_or_default();
    let place = StoreKind::of(uri.as_str());
    let mut findings = reachable(machine, &bounded, &uri, &uploader);
    let answers = findings.iter().all(|finding| finding.kind.is_none());
    if answers {
        findings.extend(match write {
            true => vec![written(machine, &uploader, &name)],
            false => takes(&name, place, is_hidden(settings)),
        });
    }
    let asked = answers.then_some(&uploader);
    findings.extend(signatures::check(
        machine, settings, &uri, place, entries, asked, write,
    ));
    findings
}

/// Whoever looks does not wait for as long as a push may.
fn within(settings: &QueueSettings) -> QueueSettings {
    let mut settings = settings.clone();
    for time in [
        &mut settings.timeout.value,
        &mut settings.stall_timeout.value,
    ] {
        *time = LONGEST.min(*time);
    }
    settings
}

/// What a look at it would make is left to a push: an empty directory becomes a store when Nix
/// opens it.
fn reachable(
    machine: &Machine<'_>,
    settings: &QueueSettings,
    uri: &StoreUri,
    uploader: &NixUploader,
) -> Vec<Finding> {
    let name = &destination(settings).unwrap_or_default();
    let place = StoreKind::of(uri.as_str());
    if let Some(Err(error)) = place.directory().map(bounded::directory) {
        let text = format!("{name} does not answer");
        return vec![
            Finding::of(Kind::DestinationDown, text)
                .caused_by(&error)
                .fix(FIX),
        ];
    }
    let is_there = match place {
        StoreKind::Directory(path) => {
            return vec![refused(machine, settings, uri).unwrap_or_else(|| directory(name, path))];
        }
        StoreKind::Chroot(root) => root.join("nix/var/nix/db").exists(),
        _ => true,
    };
    if !is_there {
        return vec![Finding::ok(
            Check::Destination,
            format!("{name} is made by the first push"),
        )];
    }
    if machine.version.is_err() {
        return vec![Finding::of(
            Kind::DestinationNotAsked,
            format!("{name} cannot be asked without Nix"),
        )];
    }
    vec![match uploader.probe() {
        Ok(()) => Finding::ok(Check::Destination, format!("{name} answers")),
        Err(error) => failed(
            Kind::DestinationDown,
            format!("{name} does not answer"),
            &error,
        ),
    }]
}

/// Why Nix does not take what stands behind the path of a binary cache in a directory: it is asked to
/// open an empty one of the same kind. (A key to sign with is looked at with all other credentials.)
fn refused(machine: &Machine<'_>, settings: &QueueSettings, uri: &StoreUri) -> Option<Finding> {
    let (_, parameters) = uri.as_str().split_once('?')?;
    let parameters = parameters.split('&');
    let asked: Vec<_> = parameters
        .filter(|parameter| !parameter.starts_with("secret-key="))
        .collect();
    if asked.is_empty() || machine.version.is_err() {
        return None;
    }
    let empty = std::env::temp_dir().join(unique(machine));
    let mut settings = settings.clone();
    let like_it = format!("file://{}?{}", empty.to_str()?, asked.join("&"));
    settings.destination.as_mut()?.value = Destination::Uri(StoreUri::new(like_it));
    let error = uploader(machine.store, &settings).ok()?.probe().err();
    // It need not have been made.
    let _ = std::fs::remove_dir_all(&empty);
    let text = "Nix does not take a parameter of the destination";
    error.map(|error| {
        Finding::of(Kind::DestinationUnusable, text)
            .because(error.message)
            .fix("mend what stands behind the `?` of `destination`")
    })
}

/// A name that nothing else has.
fn unique(machine: &Machine<'_>) -> String {
    let since = machine.now.duration_since(SystemTime::UNIX_EPOCH);
    let number = since.unwrap_or_default().as_nanos();
    format!("nix-post-build-push-doctor-{}-{number}", std::process::id())
}

fn directory(name: &str, path: &Utf8Path) -> Finding {
    match std::fs::metadata(path) {
        Ok(metadata) if metadata.is_dir() => {
            Finding::ok(Check::Destination, format!("{name} is there"))
        }
        Ok(_) => Finding::of(Kind::DestinationDown, format!("{name} is no directory")),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Finding::ok(
            Check::Destination,
            format!("{name} is made by the first push"),
        ),
        Err(error) => Finding::of(Kind::DestinationDown, format!("{name} cannot be looked at"))
            .caused_by(&error),
    }
}

fn failed(kind: Kind, text: String, error: &UploadError) -> Finding {
    let finding = Finding::of(kind, text).because(&error.message);
    match &error.hint {
        Some(hint) => finding.fix(hint),
        None => finding.fix(FIX),
    }
}

/// Where nothing better is known.
const FIX: &str = "see whether it is up and can be reached from here, and whether `destination` names it; \
                   then `nix-post-build-push push --force`";

/// What can be known of writing there without doing it.
fn takes(name: &str, place: StoreKind<'_>, is_hidden: bool) -> Vec<Finding> {
    let path = match place {
        StoreKind::Directory(path) => path.to_owned(),
        // What Nix makes there belongs to whoever made it.
        StoreKind::Chroot(root) if root.join("nix/store").exists() => root.join("nix/store"),
        StoreKind::Chroot(root) => root.to_owned(),
        _ => {
            let text = format!("whether {name} takes what is copied was not tried");
            let untried = Finding::of(Kind::WriteNotTried, text);
            return vec![untried.fix(
                "nix-post-build-push doctor --write # copies one tiny path, which stays there",
            )];
        }
    };
    let directory = nearest(&path);
    let shown = if is_hidden { name } else { directory.as_str() };
    vec![takes_in(&directory, shown)]
}

/// What is not there yet is made where the next directory above it is.
fn nearest(path: &Utf8Path) -> Utf8PathBuf {
    let mut above = path.ancestors();
    above
        .find(|path| path.exists())
        .unwrap_or(Utf8Path::new("/"))
        .to_owned()
}

fn takes_in(directory: &Utf8Path, shown: &str) -> Finding {
    if let Err(error) = writable(directory) {
        let text = format!("{shown} cannot be written by who pushes");
        let finding = Finding::of(Kind::DestinationNotWritable, text).caused_by(&error);
        return finding
            .fix("give that directory to the account that pushes, or mount it for writing");
    }
    let space = statvfs(directory.as_str());
    match space.ok().and_then(|space| little(&space)) {
        Some(what) => {
            Finding::of(Kind::DestinationFull, format!("{what} in {shown}")).fix("make room there")
        }
        None => Finding::ok(
            Check::Writable,
            format!("{shown} can be written by who pushes"),
        ),
    }
}

/// Whether nothing of the destination is to be shown but where it is written.
pub(super) fn is_hidden(settings: &QueueSettings) -> bool {
    let destination = settings.destination.as_ref().map(|setting| &setting.value);
    matches!(destination, Some(Destination::SecretFile(_)))
}

/// Copies something new: what is there already would prove nothing.
fn written(machine: &Machine<'_>, uploader: &NixUploader, name: &str) -> Finding {
    let path = match something_new(machine) {
        Ok(path) => path,
        Err(finding) => return finding,
    };
    let shown = machine.store.dir.join(&path);
    match uploader.upload(std::slice::from_ref(&path)) {
        Ok(_) => Finding::ok(
            Check::Writable,
            format!("{name} took {shown}, which stays there"),
        ),
        Err(error) => failed(
            Kind::DestinationNotWritable,
            format!("{name} did not take {shown}"),
            &error,
        ),
    }
}

fn something_new(machine: &Machine<'_>) -> Result<StorePath, Finding> {
    let unique = unique(machine);
    let file = std::env::temp_dir().join(&unique);
    let untried = |text: &str| Finding::of(Kind::WriteNotTried, text.to_owned());
    let options = std::fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&file);
    let text = format!("written by `nix-post-build-push doctor --write`: {unique}\n");
    let made = options.and_then(|mut file| file.write_all(text.as_bytes()));
    let Some(name) = file.to_str() else {
        return Err(untried("TMPDIR has a name that is not UTF-8"));
    };
    let added = made
        .map_err(|error| untried("no file can be made to be copied").caused_by(&error))
        .and_then(|()| {
            let added = add_file(&machine.nix(), name);
            added.map_err(|error| {
                untried("nothing can be added to the store").caused_by_port(&error)
            })
        });
    match std::fs::remove_file(&file) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(untried(&format!("{name} cannot be removed")).caused_by(&error))
        }
        _ => added,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_there_is_judged_by_what_is_above_it() {
        let dir = tempfile::tempdir().unwrap();
        let dir = Utf8Path::from_path(dir.path()).unwrap();
        assert_eq!(nearest(&dir.join("a/b")), dir);
        assert_eq!(takes_in(&nearest(&dir.join("a/b")), "x").kind, None);
        assert_eq!(directory("x", &dir.join("a/b")).kind, None);
        let file = dir.join("file");
        std::fs::write(&file, "").unwrap();
        assert_eq!(directory("x", &file).kind, Some(Kind::DestinationDown));
    }
}

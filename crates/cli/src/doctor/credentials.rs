//! Whether who pushes can read what lets it in.

use std::io;
use std::os::unix::fs::PermissionsExt;

use camino::{Utf8Path, Utf8PathBuf};
use nix_copy::{NixSettings, StoreKind, parameter};
use nix_post_build_push_config::{Destination, QueueSettings};
use ownership::quoted;
use rustix::fs::{Access, AtFlags, CWD, accessat};

use super::account;
use super::destination::is_hidden;
use super::finding::{Check, Finding};
use super::kind::Kind;
use super::machine::Machine;
use super::managed::Managed;

/// Variables of the AWS libraries that name files.
const AWS: [&str; 3] = [
    "AWS_SHARED_CREDENTIALS_FILE",
    "AWS_CONFIG_FILE",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
];

/// What there is to say of credentials, as whom we are.
pub(super) fn check(machine: &Machine<'_>, settings: &QueueSettings) -> Vec<Finding> {
    let Some(uri) = settings
        .destination
        .as_ref()
        .and_then(|setting| setting.value.read().ok())
    else {
        return Vec::new();
    };
    let variable = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    let named = named(
        uri.as_str(),
        &settings.nix_opts.value,
        &variable,
        machine.own.as_ref().ok(),
    );
    let shown =
        |file: &Utf8PathBuf| match is_hidden(settings) && uri.as_str().contains(file.as_str()) {
            true => "a file that the destination names".to_owned(),
            false => file.to_string(),
        };
    let unreadable: Vec<_> = named
        .iter()
        .filter_map(|file| {
            Some(unreadable(
                machine.managed,
                &settings.name,
                &shown(file),
                &readable(file).err()?,
            ))
        })
        .collect();
    let own = settings.destination.as_ref().map(|setting| &setting.value);
    let own = match own {
        Some(Destination::SecretFile(file)) if uri.to_string() != uri.as_str() => Some(file),
        _ => None,
    };
    let secret = named.iter().filter(|file| is_secret(file, &variable));
    let open = secret.map(|file| (file, shown(file)));
    let open = open.chain(own.map(|file| (file, file.to_string())));
    let open = open.filter_map(|(file, shown)| open_to_all(file, &shown));
    let found: Vec<_> = unreadable.into_iter().chain(open).collect();
    if !found.is_empty() {
        return found;
    }
    if !named.is_empty() {
        let files: Vec<_> = named.iter().map(shown).collect();
        let text = format!("can be read: {}", files.join(", "));
        return vec![Finding::ok(Check::Credentials, text)];
    }
    match wants_home(uri.as_str(), &variable) {
        true => vec![home(
            variable("HOME").map(Utf8PathBuf::from),
            &machine.managed.name_credentials(&settings.name),
        )],
        false => vec![Finding::ok(
            Check::Credentials,
            "none is needed from a file",
        )],
    }
}

/// Whether a file has more than settings.
fn is_secret(file: &Utf8Path, variable: &dyn Fn(&str) -> Option<String>) -> bool {
    let options = variable("NIX_SSHOPTS").unwrap_or_default();
    let words: Vec<_> = options.split_whitespace().collect();
    let is_of_ssh = words.windows(2).any(|pair| pair == ["-F", file.as_str()]);
    !is_of_ssh && variable("AWS_CONFIG_FILE").is_none_or(|settings| settings != file.as_str())
}

/// What there is to say of a secret that everybody may read or write.
fn open_to_all(file: &Utf8Path, shown: &str) -> Option<Finding> {
    let mode = std::fs::metadata(file).ok()?.permissions().mode();
    (mode & 0o006 != 0).then(|| {
        let text = format!("{shown} may be read or written by everybody");
        let fix = match shown == file.as_str() {
            true => format!("sudo chmod o-rwx {}", quoted(shown)),
            // It is part of a secret.
            false => format!("sudo chmod o-rwx, of {shown}"),
        };
        Finding::of(Kind::CredentialOpen, text).fix(fix)
    })
}

/// The files that are named for a destination.
fn named(
    uri: &str,
    options: &[String],
    variable: &dyn Fn(&str) -> Option<String>,
    nix: Option<&NixSettings>,
) -> Vec<Utf8PathBuf> {
    let mut files: Vec<String> = Vec::new();
    let kind = StoreKind::of(uri);
    files.extend(
        ["ssh-key", "secret-key"]
            .into_iter()
            .filter_map(|name| parameter(uri, name))
            .map(str::to_owned),
    );
    if kind.is_behind_ssh() {
        let words = variable("NIX_SSHOPTS").unwrap_or_default();
        files.extend(of_ssh(&words).into_iter().map(str::to_owned));
    }
    if kind == StoreKind::S3 {
        files.extend(AWS.into_iter().filter_map(variable));
    }
    if kind == StoreKind::Http {
        let by_option = options
            .windows(2)
            .find(|pair| pair[0].trim_start_matches("--") == "netrc-file");
        let by_setting = nix.map(|nix| nix.text("netrc-file").to_owned());
        // Nix does without the file of its setting if it is not there.
        let by_setting = by_setting.filter(|file| Utf8Path::new(file).exists());
        files.extend(by_option.map(|pair| pair[1].clone()).or(by_setting));
    }
    files
        .into_iter()
        .map(Utf8PathBuf::from)
        .filter(|file| file.is_absolute())
        .collect()
}

/// The files among the options of an ssh.
pub(crate) fn of_ssh(options: &str) -> Vec<&str> {
    let words: Vec<&str> = options.split_whitespace().collect();
    let pairs = words.iter().zip(words.iter().skip(1));
    let separate = pairs.filter_map(|(option, value)| match *option {
        "-i" | "-F" => Some(*value),
        "-o" => value.strip_prefix("IdentityFile="),
        _ => None,
    });
    let joined = words.iter().filter_map(|word| {
        word.strip_prefix("-oIdentityFile=")
            .or_else(|| word.strip_prefix("-i").filter(|file| file.starts_with('/')))
    });
    // `-F none`, and files by the name of something that ssh knows, are none to look at.
    separate
        .chain(joined)
        .filter(|file| file.starts_with('/'))
        .collect()
}

fn readable(file: &Utf8Path) -> io::Result<()> {
    if file.is_dir() {
        return Err(io::ErrorKind::IsADirectory.into());
    }
    Ok(accessat(
        CWD,
        file.as_str(),
        Access::READ_OK,
        AtFlags::EACCESS,
    )?)
}

fn unreadable(managed: Managed, queue: &str, file: &str, error: &io::Error) -> Finding {
    let who = account::own_name();
    let finding = Finding::of(
        Kind::CredentialUnreadable,
        format!("{file} cannot be read by {who}"),
    );
    finding.caused_by(error).fix(match error.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::IsADirectory => {
            format!("put it there, or name another file than {file}")
        }
        _ => managed.hand_credential(queue, file),
    })
}

/// Whether what lets in is looked for in a home directory: no variable has it.
fn wants_home(uri: &str, variable: &dyn Fn(&str) -> Option<String>) -> bool {
    let kind = StoreKind::of(uri);
    let is_s3 = kind == StoreKind::S3 && variable("AWS_ACCESS_KEY_ID").is_none();
    (kind.is_behind_ssh() && variable("SSH_AUTH_SOCK").is_none()) || is_s3
}

/// Where `HOME` is not set, as with a service of systemd's, ssh, Nix and the AWS libraries take that
/// of the user database.
fn home(variable: Option<Utf8PathBuf>, fix: &str) -> Finding {
    let known = || {
        let name = account::name().ok()?;
        let account = account::find(&name).ok()??;
        Some(Utf8PathBuf::from(account.home))
    };
    let how = if variable.is_some() {
        "HOME"
    } else {
        "the user database, since HOME is not set"
    };
    let Some(home) = variable.or_else(known) else {
        let text = "HOME is not set, and the user database knows no home either";
        return Finding::of(Kind::HomeMissing, text).fix(fix);
    };
    let wanted = Access::READ_OK | Access::EXEC_OK;
    match accessat(CWD, home.as_str(), wanted, AtFlags::EACCESS) {
        Ok(()) => Finding::ok(Check::Credentials, format!("looked for in {home} ({how})")),
        Err(error) => Finding::of(
            Kind::HomeMissing,
            format!("nothing is found in the home {home} ({how})"),
        )
        .caused_by(&io::Error::from(error))
        .fix(fix),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_files_of_each_kind_of_destination_are_found() {
        let variable = |name: &str| match name {
            "NIX_SSHOPTS" => {
                Some("-i /k -o IdentityFile=/l -F none -oIdentityFile=/m -p 22".to_owned())
            }
            "AWS_CONFIG_FILE" => Some("/c".to_owned()),
            _ => None,
        };
        let options = ["--netrc-file".to_owned(), "/n".to_owned()];
        for (uri, files) in [
            ("ssh://h?ssh-key=/j", &["/j", "/k", "/l", "/m"][..]),
            ("s3://b?secret-key=/s", &["/s", "/c"]),
            ("https://h", &["/n"]),
            ("file:///c", &[]),
        ] {
            let mut found = named(uri, &options, &variable, None);
            found.sort();
            let mut files: Vec<_> = files.iter().map(Utf8PathBuf::from).collect();
            files.sort();
            assert_eq!(found, files, "{uri}");
        }
    }

    #[test]
    fn a_home_that_is_not_there_is_told() {
        assert_eq!(
            home(Some("/no/such/home".into()), "x").kind,
            Some(Kind::HomeMissing)
        );
        assert_eq!(home(Some("/".into()), "x").kind, None);
    }
}

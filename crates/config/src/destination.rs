//! Where a queue is pushed to.

use std::fmt;
use std::io;

use camino::{Utf8Path, Utf8PathBuf};

use crate::store_uri::{StoreUri, StoreUriError};
use crate::trusted_file::{self, ReadError, Untrusted, hint_at_the_machine};

/// No store URI is longer; a larger file is not the one that was meant.
const LONGEST: u64 = 64 * 1024;

const CONTENT: &str = "the file must hold a store URI as its only line";

/// A destination: a store URI, or the file that holds it.
#[derive(Clone, PartialEq, Eq)]
pub enum Destination {
    /// The store URI itself.
    Uri(StoreUri),
    /// A file with the store URI as its only line, read when it is needed.
    SecretFile(Utf8PathBuf),
}

/// Why a destination could not be read. It names the file and never says what is in it.
#[derive(Debug, thiserror::Error)]
pub enum SecretError {
    /// The file cannot be read.
    #[error("cannot read the destination from {file}")]
    Read {
        /// The file.
        file: Utf8PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The file is not believed: whoever may write it decides where everything goes.
    #[error("the file of the destination, {file}, is refused")]
    Untrusted {
        /// The file.
        file: Utf8PathBuf,
        /// Why.
        source: Untrusted,
    },
    /// The file does not hold a store URI.
    #[error("no destination in {file}")]
    Content {
        /// The file.
        file: Utf8PathBuf,
        /// What is wrong with what it holds.
        source: StoreUriError,
    },
    /// The URI that was given directly is none.
    #[error("not a destination")]
    Uri(#[source] StoreUriError),
}

/// Where systemd hands credentials to a service, as long as that runs.
const CREDENTIALS: &str = "/run/credentials";

impl SecretError {
    /// Whether another account, or a service, may well read what this one cannot.
    pub(crate) fn may_be_for_others(&self) -> bool {
        let Self::Read { file, source } = self else {
            return false;
        };
        match source.kind() {
            io::ErrorKind::PermissionDenied => true,
            io::ErrorKind::NotFound => file.starts_with(CREDENTIALS),
            _ => false,
        }
    }

    /// What to do about it.
    pub fn hint(&self) -> String {
        match self {
            Self::Untrusted { file, source } => source.hint(file),
            Self::Read { source, .. } => hint_at_the_machine(source).unwrap_or(CONTENT).to_owned(),
            Self::Content { .. } => CONTENT.to_owned(),
            Self::Uri(_) => {
                "it must be SCHEME://…, an absolute path, `auto`, `daemon` or `local`".to_owned()
            }
        }
    }
}

impl Destination {
    /// The store URI, read from its file if need be. Blanks and line ends around it do not
    /// count.
    ///
    /// # Errors
    /// If the file cannot be read, may have been written by others, is empty, has several lines, or anything else that no
    /// store URI has in it.
    pub fn read(&self) -> Result<StoreUri, SecretError> {
        match self {
            Self::Uri(uri) => uri.check().map(|()| uri.clone()).map_err(SecretError::Uri),
            Self::SecretFile(file) => read_secret(file),
        }
    }
}

fn read_secret(file: &Utf8Path) -> Result<StoreUri, SecretError> {
    let text = read_text(file).map_err(|error| match error {
        ReadError::Io(source) => SecretError::Read {
            file: file.to_owned(),
            source,
        },
        ReadError::Untrusted(source) => SecretError::Untrusted {
            file: file.to_owned(),
            source,
        },
    })?;
    let uri = StoreUri::new(text.trim());
    uri.check().map_err(|source| SecretError::Content {
        file: file.to_owned(),
        source,
    })?;
    Ok(uri)
}

fn read_text(file: &Utf8Path) -> Result<String, ReadError> {
    let bytes = trusted_file::read(file, LONGEST + 1)?;
    if bytes.len() as u64 > LONGEST {
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, "more than 64 KiB").into());
    }
    // What is wrong with the bytes would say something of what they are.
    String::from_utf8(bytes).map_err(|_| {
        io::Error::new(
            io::ErrorKind::InvalidData,
            "stream did not contain valid UTF-8",
        )
        .into()
    })
}

impl fmt::Display for Destination {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Uri(uri) => uri.fmt(f),
            Self::SecretFile(file) => write!(f, "the URI in {file}"),
        }
    }
}

impl fmt::Debug for Destination {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Uri(uri) => uri.fmt(f),
            Self::SecretFile(file) => write!(f, "SecretFile({file:?})"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(content: &[u8]) -> Result<StoreUri, SecretError> {
        let directory = tempfile::tempdir().unwrap();
        let file = Utf8PathBuf::try_from(directory.path().join("uri")).unwrap();
        std::fs::write(&file, content).unwrap();
        Destination::SecretFile(file).read()
    }

    #[test]
    fn line_ends_around_a_secret_do_not_count() {
        assert_eq!(read(b"s3://cache\r\n").unwrap().as_str(), "s3://cache");
    }

    #[test]
    fn a_file_that_holds_no_uri_is_refused_without_telling_what_it_holds() {
        for content in [
            &b""[..],
            b"\n\n",
            b"hunter2\nhunter2",
            b"hunter2 hunter2",
            b"\xff",
            &[b'a'; 70_000],
        ] {
            let error = read(content).unwrap_err();
            let text = format!(
                "{error} {error:?} {}",
                std::error::Error::source(&error).unwrap()
            );
            assert!(!text.contains("hunter2"), "{text}");
            assert!(text.contains("/uri"), "{text}");
        }
    }
}

//! Which Nix it is.

use std::fmt;
use std::process::Command;
use std::sync::OnceLock;

/// A version of Nix.
///
/// Versions compare as numbers: `Version(2, 8, 0) < Version(2, 26, 3)`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version(pub u32, pub u32, pub u32);

impl Version {
    /// Reads what `nix --version` prints, `nix (Nix) 2.26.3`, or a bare version.
    ///
    /// A missing patch level is 0; what follows the numbers (`pre20240101`) is ignored.
    pub fn parse(text: &str) -> Option<Version> {
        let mut numbers = text.split_whitespace().last()?.split('.').map(|part| {
            let end = part.find(|c: char| !c.is_ascii_digit());
            part[..end.unwrap_or(part.len())].parse().ok()
        });
        let (major, minor) = (numbers.next()??, numbers.next()??);
        Some(Version(major, minor, numbers.next().flatten().unwrap_or(0)))
    }

    /// The version of the Nix on `PATH`.
    ///
    /// # Panics
    ///
    /// If there is none, or it is not the one that `NIX_UNDER_TEST` names.
    pub fn under_test() -> Version {
        static FOUND: OnceLock<Version> = OnceLock::new();
        *FOUND.get_or_init(|| {
            let output = Command::new("nix")
                .arg("--version")
                .output()
                .expect("no nix here: run the system tests with tests/run");
            let text = String::from_utf8_lossy(&output.stdout);
            let found = Version::parse(&text)
                .unwrap_or_else(|| panic!("nix --version printed no version: {text:?}"));
            if let Ok(wanted) = std::env::var("NIX_UNDER_TEST") {
                assert_eq!(Some(found), Version::parse(&wanted), "NIX_UNDER_TEST");
            }
            found
        })
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.0, self.1, self.2)
    }
}

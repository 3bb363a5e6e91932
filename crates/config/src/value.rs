//! How values are read: from TOML, and from the text of a variable.

use std::time::Duration;

use camino::Utf8PathBuf;
use toml::de::{DeTable, DeValue};

use crate::byte_size::{ByteSize, ByteSizeError};
use crate::choice::{BeyondLimit, CheckContents, ClosureType, OnError, UnknownWord};
use crate::destination::Destination;
use crate::fault::{Fault, shown};
use crate::nix_options::NixOptions;
use crate::path;
use crate::store_uri::StoreUri;
use crate::suggest;

/// A type that settings have.
pub(crate) trait Value: Sized {
    /// What a TOML value of this type is, for "expected …".
    const WANTED: &'static str;

    fn from_text(text: &str) -> Result<Self, Fault>;

    fn from_toml(value: &DeValue<'_>) -> Result<Self, Fault> {
        match value {
            DeValue::String(text) => Self::from_text(text),
            other => Err(wrong_type(Self::WANTED, other)),
        }
    }
}

/// The complaint about a value of another type than wanted.
pub(crate) fn wrong_type(wanted: &str, found: &DeValue<'_>) -> Fault {
    let found = match found.type_str() {
        "boolean" => "true or false",
        "integer" => "an integer",
        "array" => "an array",
        "string" => "a string",
        "float" => "a number with a fraction",
        "datetime" => "a date or time",
        _ => "a table",
    };
    Fault::new(format!("expected {wanted}, found {found}"))
}

impl Value for bool {
    const WANTED: &'static str = "true or false";

    fn from_text(text: &str) -> Result<Self, Fault> {
        parse_switch(text).ok_or_else(|| {
            Fault::new(format!("{} is neither true nor false", shown(text)))
                .hint("allowed are 1, true, yes, on, 0, false, no, off")
        })
    }

    fn from_toml(value: &DeValue<'_>) -> Result<Self, Fault> {
        match value {
            DeValue::Boolean(switch) => Ok(*switch),
            other => Err(wrong_type(Self::WANTED, other)),
        }
    }
}

/// Reads a switch as variables have it: 1, true, yes, on; 0, false, no, off; in any case.
pub fn parse_switch(text: &str) -> Option<bool> {
    match text.to_ascii_lowercase().as_str() {
        "1" | "true" | "yes" | "on" => Some(true),
        "0" | "false" | "no" | "off" => Some(false),
        _ => None,
    }
}

impl Value for u32 {
    const WANTED: &'static str = "an integer";

    fn from_text(text: &str) -> Result<Self, Fault> {
        let number = text.trim().parse().map(saturate);
        number.map_err(|_| Fault::new(format!("{} is not an integer", shown(text))))
    }

    fn from_toml(value: &DeValue<'_>) -> Result<Self, Fault> {
        match value {
            DeValue::Integer(number) => i128::from_str_radix(number.as_str(), number.radix())
                .map(saturate)
                .map_err(|_| Fault::new("the number is too large")),
            other => Err(wrong_type(Self::WANTED, other)),
        }
    }
}

/// What does not fit becomes the nearest number that does: the check of the key's own range
/// then refuses it by naming that range.
fn saturate(number: i128) -> u32 {
    u32::try_from(number.max(0)).unwrap_or(u32::MAX)
}

/// A number of which each is a sensible one: there is no nearest that its key would refuse.
pub(crate) struct AnyNumber(pub(crate) u32);

impl AnyNumber {
    fn of(number: i128) -> Result<Self, Fault> {
        let number = u32::try_from(number).map(Self);
        number.map_err(|_| Fault::new(format!("must be from 0 to {}", u32::MAX)))
    }
}

impl Value for AnyNumber {
    const WANTED: &'static str = u32::WANTED;

    fn from_text(text: &str) -> Result<Self, Fault> {
        let number = text.trim().parse();
        number
            .map_err(|_| Fault::new(format!("{} is not an integer", shown(text))))
            .and_then(Self::of)
    }

    fn from_toml(value: &DeValue<'_>) -> Result<Self, Fault> {
        match value {
            DeValue::Integer(number) => i128::from_str_radix(number.as_str(), number.radix())
                .map_err(|_| Fault::new("the number is too large"))
                .and_then(Self::of),
            other => Err(wrong_type(Self::WANTED, other)),
        }
    }
}

impl Value for Duration {
    const WANTED: &'static str = "a duration in quotes, such as \"10m\"";

    fn from_text(text: &str) -> Result<Self, Fault> {
        parse_duration(text).map_err(|_| {
            Fault::new(format!("{} is not a duration", shown(text)))
                .hint("durations are written such as \"90s\", \"10m\", \"2h 30m\", \"1day\"")
        })
    }
}

/// Reads a duration such as `90s`, `10m`, `2h 30m` or `1day`.
///
/// # Errors
/// If the text is no duration.
pub fn parse_duration(text: &str) -> Result<Duration, humantime::DurationError> {
    humantime::parse_duration(text)
}

fn word<T>(text: &str, parsed: Result<T, UnknownWord>) -> Result<T, Fault> {
    parsed.map_err(|error| {
        Fault::new(format!("{} is not {}", shown(text), error.what))
            .hint(format!("allowed are {}", error.allowed.join(", ")))
    })
}

impl Value for ClosureType {
    const WANTED: &'static str = "a closure type in quotes";

    fn from_text(text: &str) -> Result<Self, Fault> {
        word(text, text.parse())
    }
}

impl Value for CheckContents {
    const WANTED: &'static str = "\"off\", \"entries\" or \"closure\"";

    fn from_text(text: &str) -> Result<Self, Fault> {
        word(text, text.parse())
    }
}

impl Value for OnError {
    const WANTED: &'static str = "\"ignore\" or \"fail\"";

    fn from_text(text: &str) -> Result<Self, Fault> {
        word(text, text.parse())
    }
}

impl Value for BeyondLimit {
    const WANTED: &'static str = "\"refuse\" or \"drop-oldest\"";

    fn from_text(text: &str) -> Result<Self, Fault> {
        word(text, text.parse())
    }
}

impl Value for ByteSize {
    const WANTED: &'static str = "a size in quotes, such as \"50GiB\", or a number of bytes";

    fn from_text(text: &str) -> Result<Self, Fault> {
        text.parse().map_err(|error| match error {
            ByteSizeError::Malformed => Fault::new(format!("{} is not a size", shown(text)))
                .hint("sizes are whole numbers such as \"50GiB\", \"500MB\", \"4096\"; units are B, kB, MB, GB, TB, KiB, MiB, GiB, TiB"),
            ByteSizeError::TooLarge => Fault::new("the size is too large"),
        })
    }

    fn from_toml(value: &DeValue<'_>) -> Result<Self, Fault> {
        match value {
            DeValue::String(text) => Self::from_text(text),
            DeValue::Integer(number) => i128::from_str_radix(number.as_str(), number.radix())
                .ok()
                .and_then(|number| u64::try_from(number.max(0)).ok())
                .map(Self)
                .ok_or_else(|| Fault::new("the number is too large")),
            other => Err(wrong_type(Self::WANTED, other)),
        }
    }
}

impl Value for Utf8PathBuf {
    const WANTED: &'static str = "a path in quotes";

    fn from_text(text: &str) -> Result<Self, Fault> {
        path::parse(text)
    }
}

impl Value for NixOptions {
    const WANTED: &'static str = "an array of strings";

    fn from_text(text: &str) -> Result<Self, Fault> {
        let words = shell_words::split(text);
        words.map(Self::from).map_err(|_| {
            Fault::new("a quote is not closed")
                .hint("the value is split into words as a shell does")
        })
    }

    fn from_toml(value: &DeValue<'_>) -> Result<Self, Fault> {
        let Some(elements) = value.as_array() else {
            return Err(wrong_type(Self::WANTED, value));
        };
        let text = |element: &DeValue<'_>| match element {
            DeValue::String(text) => Ok(text.clone().into_owned()),
            other => Err(wrong_type("only strings in the array", other)),
        };
        let options: Result<Vec<_>, _> = elements
            .iter()
            .map(|element| text(element.get_ref()))
            .collect();
        options.map(Self::from)
    }
}

impl Value for Destination {
    const WANTED: &'static str = "a store URI in quotes or { file = \"…\" }";

    fn from_text(text: &str) -> Result<Self, Fault> {
        Ok(Self::Uri(StoreUri::new(text)))
    }

    fn from_toml(value: &DeValue<'_>) -> Result<Self, Fault> {
        match value {
            DeValue::String(text) => Self::from_text(text),
            DeValue::Table(table) => secret_file(table).map(Self::SecretFile),
            other => Err(wrong_type(Self::WANTED, other)),
        }
    }
}

const SECRET_FILE: &str = "write { file = \"/path\" }";

fn secret_file(table: &DeTable<'_>) -> Result<Utf8PathBuf, Fault> {
    if let Some(key) = table
        .keys()
        .map(|key| key.get_ref())
        .find(|key| **key != "file")
    {
        return Err(
            Fault::new(format!("unknown key {}", shown(key))).hint(suggest::hint(key, &["file"]))
        );
    }
    match table.get("file") {
        Some(file) => Utf8PathBuf::from_toml(file.get_ref())
            .map_err(|fault| fault.or_hint(|| SECRET_FILE.to_owned())),
        None => Err(Fault::new("`file` is missing").hint(SECRET_FILE)),
    }
}

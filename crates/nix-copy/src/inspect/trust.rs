//! Whether a store trusts who asks it.

use queue_core::PortError;
use serde_json::Value;

use super::NixInspector;
use crate::call::{Call, CallError};
use crate::destination::Place;
use crate::path_info::Asked;

impl NixInspector {
    /// Whether the daemon trusts who asks; `None` where it does not tell, as 2.8.0.
    ///
    /// # Errors
    ///
    /// If it does not answer.
    pub fn is_trusted(&self) -> Result<Option<bool>, PortError> {
        let answer = trusted(&Asked {
            call: &Call::query(&self.nix, "nix"),
            store: Place::Argument("daemon"),
            nix_opts: &[],
        });
        answer.map_err(|error| error.into_port("ask", "the daemon of Nix"))
    }
}

/// Whether a store trusts who asks. `nix store ping` is `nix store info` since 2.19, which keeps
/// the name; `--json` came with 2.14, and `trusted` with it.
pub(crate) fn trusted(asked: &Asked<'_>) -> Result<Option<bool>, CallError> {
    match asked.ask("nix", &["store", "ping", "--json"], &[]) {
        Ok(text) => Ok(parse(&text)),
        // It has asked nobody yet.
        Err(CallError::Failed { message, .. }) if message.contains("--json") => {
            asked.ask("nix", &["store", "ping"], &[]).map(|_| None)
        }
        Err(error) => Err(error),
    }
}

/// `trusted` is a number up to 2.34, or null.
pub(crate) fn parse(text: &str) -> Option<bool> {
    let info: Value = serde_json::from_str(text).ok()?;
    match info.get("trusted")? {
        Value::Bool(trusted) => Some(*trusted),
        Value::Number(number) => Some(number.as_u64()? != 0),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trust_is_a_number_a_word_or_not_told() {
        for (text, told) in [
            (r#"{"trusted":1}"#, Some(true)),
            (r#"{"trusted":0}"#, Some(false)),
            (r#"{"trusted":false}"#, Some(false)),
            (r#"{"trusted":null}"#, None),
            (r#"{"url":"daemon"}"#, None),
            ("nonsense", None),
        ] {
            assert_eq!(parse(text), told, "{text}");
        }
    }
}

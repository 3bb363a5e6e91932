//! The manual: what the program's help, its manual pages and CLI.md say.

mod journal;
mod json;
mod man;
mod markdown;
pub(crate) mod settings;
pub(crate) mod texts;

pub(crate) use man::ManPage;
pub(crate) use markdown::markdown;

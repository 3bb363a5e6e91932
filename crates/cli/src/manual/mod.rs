//! The manual: what the program's help, its manual page and CLI.md say.

mod journal;
mod json;
mod man;
mod markdown;
pub(crate) mod settings;
pub(crate) mod texts;

pub(crate) use man::man_page;
pub(crate) use markdown::markdown;

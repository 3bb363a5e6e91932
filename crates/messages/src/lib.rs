//! For tests: what the programs can say, and whether `docs/troubleshooting.md` has it.
//!
//! Nobody has to list how messages are made. Each string literal of the product with two words or
//! more is taken for one, wherever it stands and whatever becomes of it, unless it stands where
//! none can be ([`collect`] has these positions: a hint, a comparison, `debug!`) or in a place that
//! [`rules::OTHER`] names with the reason. So a new kind of message cannot be missed.

pub mod check;
pub mod collect;
mod macros;
mod normal;
pub mod page;
pub mod rules;
pub mod sources;

pub use collect::{Literal, Role, literals};
pub use normal::Pattern;

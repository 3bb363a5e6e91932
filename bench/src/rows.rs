//! All rows, in the order of the table.

mod hook;

use crate::row::Row;

/// All of them.
pub(crate) fn all() -> Vec<Row> {
    hook::rows().into()
}

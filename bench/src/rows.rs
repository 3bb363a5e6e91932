//! All rows, in the order of the table.

mod growth;
pub(crate) mod hook;
mod listing;
mod push;
mod queueing;

use crate::row::Row;

/// All of them.
pub(crate) fn all() -> Vec<Row> {
    let queueing = hook::rows().into_iter().chain(queueing::rows());
    let pushing = [listing::row()].into_iter().chain(push::rows());
    let last = [growth::row(), push::memory()];
    queueing.chain(pushing).chain(last).collect()
}

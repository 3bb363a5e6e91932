//! Inputs that are nearly right, so that more than the first check of a parser is reached.

use std::fmt;
use std::ops::Deref;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};

/// Pieces that have broken parsers and terminals before.
const PIECES: &[&str] = &[
    "\0",
    "\n",
    "\r\n",
    "\t",
    "\x1b[2J",
    "\x1b]0;t\x07",
    "\u{9b}2J",
    "\u{202e}",
    "\u{feff}",
    "é",
    "\u{1f4a3}",
    "\"",
    "'",
    "\\",
    "/",
    "//",
    "/../",
    "..",
    ".",
    "-",
    "--",
    "=",
    "%",
    "%2f",
    "@",
    ":",
    "://",
    "?",
    "#",
    "&",
    "[",
    "]",
    "[[",
    "{",
    "}",
    "(",
    ")",
    ",",
    " ",
    "*",
    "0",
    "-1",
    "99999999999999999999",
    "1e999",
    "inf",
    "nan",
    "null",
    "true",
    "0x",
    "\\u001b",
    "\\",
    "$(x)",
    "`",
    "~",
    ";",
    "|",
    "e",
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
];

/// Any text: pieces that are known to be nasty, and what nobody thought of.
pub fn text() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        select(PIECES).prop_map(str::to_owned),
        "\\PC{0,6}",
        vec(any::<char>(), 0..6).prop_map(String::from_iter),
    ];
    vec(piece, 0..8).prop_map(|pieces| pieces.concat())
}

#[derive(Clone, Debug)]
enum Edit {
    Cut,
    Delete(Index),
    Repeat(Index),
    Insert(Vec<u8>),
    Overwrite(u8),
}

fn edit() -> impl Strategy<Value = Edit> {
    prop_oneof![
        1 => Just(Edit::Cut),
        2 => any::<Index>().prop_map(Edit::Delete),
        1 => any::<Index>().prop_map(Edit::Repeat),
        4 => select(PIECES).prop_map(|piece| Edit::Insert(piece.into())),
        2 => vec(any::<u8>(), 1..5).prop_map(Edit::Insert),
        2 => any::<u8>().prop_map(Edit::Overwrite),
    ]
}

fn apply(mut text: Vec<u8>, edits: &[(Index, Edit)]) -> Vec<u8> {
    for (place, edit) in edits {
        let at = place.index(text.len() + 1);
        let to = |end: &Index| at + end.index(text.len() - at + 1).min(40);
        match edit {
            Edit::Cut => text.truncate(at),
            Edit::Delete(end) => drop(text.drain(at..to(end))),
            Edit::Repeat(end) => {
                let part = text[at..to(end)].to_vec();
                text.splice(at..at, part);
            }
            Edit::Insert(bytes) => drop(text.splice(at..at, bytes.iter().copied())),
            Edit::Overwrite(byte) if at < text.len() => text[at] = *byte,
            Edit::Overwrite(byte) => text.push(*byte),
        }
    }
    text
}

/// Bytes that show themselves as a text in Rust.
#[derive(Clone)]
pub struct Bytes(Vec<u8>);

impl fmt::Debug for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "b\"{}\"", self.0.escape_ascii())
    }
}

impl Deref for Bytes {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.0
    }
}

/// What a few edits make of one of these samples; now and then it stays whole.
pub fn bytes_like(samples: &[&[u8]]) -> impl Strategy<Value = Bytes> + use<> {
    let samples: Vec<Vec<u8>> = samples.iter().map(|sample| sample.to_vec()).collect();
    (select(samples), vec((any::<Index>(), edit()), 0..6))
        .prop_map(|(sample, edits)| Bytes(apply(sample, &edits)))
}

/// The same as a text; what is no UTF-8 is replaced.
pub fn text_like(samples: &[&str]) -> impl Strategy<Value = String> + use<> {
    let samples: Vec<&[u8]> = samples.iter().map(|sample| sample.as_bytes()).collect();
    bytes_like(&samples).prop_map(|bytes| String::from_utf8_lossy(&bytes.0).into_owned())
}

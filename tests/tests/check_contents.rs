//! `check-contents`: what is damaged on the disk never reaches a destination.

#[path = "check_contents/closures.rs"]
mod closures;
#[path = "check_contents/entries.rs"]
mod entries;
#[path = "check_contents/setup.rs"]
mod setup;

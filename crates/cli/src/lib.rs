//! The programs `nix-post-build-push` and `nix-post-build-push-hook`: what they share, and
//! all of the former.
//!
//! It wires configuration, queue and Nix together and talks to people: arguments, messages,
//! exit codes, signals. What a queue is and what a failure means is decided elsewhere.

pub mod adapters;
mod args;
mod cli;
mod commands;
mod completion;
pub mod core_dumps;
mod doctor;
mod error;
pub mod exit_codes;
#[cfg(test)]
mod fuzz;
pub mod hook;
mod hook_variables;
mod json;
mod lines;
mod lock;
mod logging;
mod manual;
mod message;
mod output;
mod patterns;
mod process_time;
mod program;
mod progress;
mod session;
mod signals;
mod status;
mod store_argument;
mod subject;
pub mod terminal;
mod view;
mod words;

pub use program::main;

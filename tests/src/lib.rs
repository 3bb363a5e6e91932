//! A harness for whole-system tests on real Nix.
//!
//! [`Nix`] is a throwaway Nix in a directory of its own: store, state, configuration, and a daemon
//! where a test wants one. [`Product`] is our two programs beside such a Nix. [`Server`] is a
//! destination that does what a test says. [`Shell`] is a shell on a terminal, in which somebody types
//! who has what `make install` installs ([`Installed`]). [`expr`] writes derivations that need no nixpkgs.
//!
//! Every run of our programs has secrets in its environment and its settings. The harness panics where
//! one of them is in an output, or in what is left when a [`Nix`] is dropped.
//!
//! `tests/run` runs the tests once for each version of Nix; the harness insists that the Nix it
//! finds is the one named by `NIX_UNDER_TEST`. Where a test cannot go on, the harness panics with
//! the whole output of the command that went wrong.

mod calls;
mod changes;
mod daemon;
mod doctor_report;
pub mod expr;
mod frozen_gc;
mod hook_run;
mod installed;
mod nix;
mod output;
mod planted;
mod processes;
mod product;
mod queue;
mod run;
mod server;
mod shell;
mod sshd;
mod store;
mod terminal;
mod tls;
mod traced_hook;
mod tree;
mod version;
mod wait;

pub use calls::CallLog;
pub use daemon::User;
pub use doctor_report::DoctorReport;
pub use figures::{figure, is_long, quoted_in};
pub use frozen_gc::FrozenGc;
pub use hook_run::{HookRun, HookRunEnd};
pub use installed::Installed;
pub use nix::Nix;
pub use output::Output;
pub use planted::MARK;
pub use product::Product;
pub use queue::{hashes, names};
pub use run::{Run, Running};
pub use server::{Reply, Request, Server};
pub use shell::Shell;
pub use sshd::Sshd;
pub use store::Root;
pub use terminal::Terminal;
pub use tls::TlsServer;
pub use tree::tree;
pub use version::Version;
pub use wait::{wait_for, wait_until};

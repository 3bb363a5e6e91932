//! A harness for tests on whole machines: systemd, a Nix daemon and an SSH server in a container
//! with a network of its own.
//!
//! [`Machine`] boots in a second, from a root that `tests/roots/build machine` made once, and
//! keeps what it writes until the end of the test, through reboots and power cuts. Our programs are
//! in its Nix store. [`Machine::configure`] gives it a NixOS configuration, as `nixos-rebuild
//! switch` would; without, it is a Linux with Nix whose files a test writes. A [`Network`] connects
//! several.
//!
//! `tests/run` runs the tests, as root and on the host: they make containers themselves.

mod boot;
mod configure;
mod destinations;
mod http_cache;
mod inside;
mod machine;
mod network;
mod nix;
mod page;
mod planted;
mod s3;
mod units;

pub use configure::Configured;
pub use http_cache::{Request, narinfo_name};
pub use machine::Machine;
pub use network::{Network, address};
pub use nix::NIX;
pub use page::{between, blocks, page};

//! The harness itself, on each version of Nix.

#[path = "harness/commands.rs"]
mod commands;
#[path = "harness/destinations.rs"]
mod destinations;
#[path = "harness/nix.rs"]
mod nix;

//! The configuration: its TOML, its precedence, its problems, and the resolved view.
//!
//! [`resolve()`] takes everything that can decide a setting as values: the command line
//! ([`Overrides`]), the variables ([`Environment`]) and who asks. It reads the configuration
//! file itself, and what [`Need`] permits. It never stops at the first mistake: a
//! [`Resolution`] holds every problem found, with its line and column, beside all that could
//! be resolved in spite of them. The hook goes on with that rest; most commands leave out just
//! the queues that have a problem ([`Resolution::sound_queues`]), and who checks a configuration
//! wants it without any ([`Resolution::strict`]).
//!
//! ```
//! use nix_post_build_push_config::{Environment, Inputs, Need, Overrides, resolve};
//!
//! let variables = [("NIX_POST_BUILD_PUSH_QUEUE_DIR", "/srv/queue")];
//! let environment = Environment::new(variables.map(|(k, v)| (k.into(), v.into())));
//! let resolution = resolve(&Inputs {
//!     overrides: &Overrides::default(),
//!     environment: &environment,
//!     uid: 1000,
//!     need: Need::Enqueue,
//! });
//! let directory = &resolution.config.queues[0].queue_dir;
//! assert_eq!(directory.value, "/srv/queue");
//! assert_eq!(directory.origin.to_string(), "variable NIX_POST_BUILD_PUSH_QUEUE_DIR");
//! ```
//!
//! No secret leaves through `Debug` or `Display` of any type here: a destination shows
//! itself redacted (see [`StoreUri`]), and a problem repeats a bad value only if it looks like
//! a plain word.

mod byte_size;
mod checks;
mod choice;
mod config;
mod copy_options;
mod destination;
mod directories;
mod document;
mod environment;
mod fault;
#[cfg(test)]
mod fuzz;
mod health;
mod key;
mod limits;
mod lines;
mod nix_options;
mod origin;
mod overrides;
mod path;
mod picks;
mod problem;
mod queue;
mod queues;
mod redact;
mod resolve;
mod rows;
mod search;
mod section;
mod sources;
mod store_uri;
mod suggest;
mod trusted_file;
mod value;
mod variables;
mod way;

pub use byte_size::{ByteSize, ByteSizeError};
pub use choice::{BeyondLimit, CheckContents, ClosureType, OnError, UnknownWord};
pub use config::{Config, HookSettings, LostQueue, NixSettings, QueueSettings};
pub use destination::{Destination, SecretError};
pub use directories::roots_queue_dir;
pub use environment::Environment;
pub use health::HealthSettings;
pub use limits::LimitSettings;
pub use nix_options::NixOptions;
pub use origin::{Origin, Setting};
pub use overrides::Overrides;
pub use problem::{ConfigError, Location, Problem};
pub use redact::redact_uris;
pub use resolve::{Inputs, Need, Resolution, resolve};
pub use rows::Row;
pub use search::SYSTEM_CONFIG_FILE;
pub use store_uri::{StoreUri, StoreUriError};
pub use trusted_file::{Step, Untrusted};
pub use value::{parse_duration, parse_switch};

/// A commented configuration file that shows every key with its default.
pub const EXAMPLE: &str = include_str!("example.toml");

//! What Nix may collect of what is to be pushed.

use nix_post_build_push_config::{ClosureType, QueueSettings};

use super::finding::{Check, Finding};
use super::kind::Kind;
use super::machine::Machine;

/// What of the closures may be collected before it is pushed. A hook queues the derivation itself
/// for those closure types; what `keep-…` leaves to the collector is what hangs on that.
pub(super) fn check(machine: &Machine<'_>, settings: &QueueSettings) -> Vec<Finding> {
    let nix = machine.builds.as_ref().ok();
    let Some(nix) = nix.filter(|_| settings.wants_derivation()) else {
        return Vec::new();
    };
    let keeps = |name| nix.switch(name);
    let closure_type = settings.closure_type.value;
    let derivations = (keeps("keep-derivations") == Some(false)).then(|| {
        Finding::of(
            Kind::DerivationsNotKept,
            format!("closure type {closure_type}, and keep-derivations = false"),
        )
        .because("what is enqueued by hand may have lost the derivation that it was built from")
        .fix(
            machine
                .managed
                .switch_on("keep-derivations", machine.is_by_daemon()),
        )
    });
    let outputs = (closure_type == ClosureType::Cache && keeps("keep-outputs") == Some(false)).then(|| {
        Finding::of(
            Kind::OutputsNotKept,
            format!("closure type {closure_type}, and keep-outputs = false"),
        )
        .because("what the builds needed may be collected before it is pushed, and does not arrive then")
        .fix(machine.managed.switch_on("keep-outputs", machine.is_by_daemon()))
    });
    let found: Vec<_> = derivations.into_iter().chain(outputs).collect();
    match found.is_empty() {
        true => vec![Finding::ok(
            Check::Keeps,
            format!("all that {closure_type} is about"),
        )],
        false => found,
    }
}

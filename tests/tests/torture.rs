//! Hooks, Nix clients and pushes killed with SIGKILL while garbage is collected all the time:
//! what a hook accepted is never lost.

#[path = "torture/aftermath.rs"]
mod aftermath;
#[path = "torture/commotion.rs"]
mod commotion;
#[path = "torture/system_calls.rs"]
mod system_calls;

use commotion::Commotion;
use system_tests::is_long;

/// Seeds what is killed and when. What several processes make of it differs from run to run.
const SEED: u64 = 20_261_122;

/// How many hooks are to be killed; ten times as many in the long version.
fn wanted(hooks: usize) -> usize {
    hooks * if is_long() { 10 } else { 1 }
}

#[test]
fn with_the_store_of_root_nothing_that_a_hook_accepted_is_lost() {
    let commotion = Commotion::prepare("as root", SEED, wanted(60));
    let counts = commotion.run();
    aftermath::check(&commotion, &counts);
}

#[test]
fn through_a_daemon_nothing_that_a_hook_accepted_is_lost() {
    let mut commotion = Commotion::prepare("through a daemon", SEED + 1, wanted(30));
    commotion.start_daemon();
    let counts = commotion.run();
    aftermath::check(&commotion, &counts);
}

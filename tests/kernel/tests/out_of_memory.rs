//! A push whose nix the kernel kills, since it takes more memory than the push's service may.

use machine_tests::Machine;
use system_tests::{expr, wait_until};

const QUEUE: &str = "/var/lib/nix-post-build-push/main";
const CACHE: &str = "file:///srv/cache";
/// Systemd's catalog id of the message that a process of a unit was killed for want of memory.
const KILLED: &str = "MESSAGE_ID=fe6faa94e7774663a0da52717891d8ef";

/// A machine that pushes to a binary cache when it is told to. At this level xz takes several bytes
/// of memory for each byte of a large path, and little for a small one.
fn machine() -> Machine {
    let machine = Machine::boot();
    machine.configure(&format!(
        r#"{{
          services.nix-post-build-push.queues.main = {{
            destination = "{CACHE}?compression=xz&compression-level=9";
            interval = "1 day";
          }};
        }}"#
    ));
    machine
}

/// Nix does with much less, unless it compresses something large; our program takes a few of these.
fn limit_memory(machine: &Machine, unit: &str) {
    let limit = "[Service]\nMemoryMax=150M\nMemorySwapMax=0\n";
    machine.write(format!("/etc/systemd/system/{unit}.d/memory.conf"), limit);
    machine.sh("systemctl daemon-reload");
    let max = machine.property(unit, "EffectiveMemoryMax");
    assert_eq!(max, (150 << 20).to_string(), "no limit of memory");
}

/// Starts a push of a large path, over which nix is killed, and of a small one.
fn goes_on_without_the_large_path(machine: &Machine, unit: &str) {
    limit_memory(machine, unit);
    let large = machine.build(&expr::large("large", 24 << 20));
    let small = machine.build(&expr::file("small", "1"));
    assert_eq!(machine.queued(QUEUE), &large | &small);
    machine.try_sh(&format!("systemctl start {unit}"));

    let kills = format!("journalctl --sync; journalctl --quiet --output cat {KILLED} UNIT={unit}");
    wait_until("systemd's word of the kill", || {
        !machine.sh(&kills).stdout.is_empty()
    });
    // The push ended by itself, with the code for entries that are left.
    let journal = machine.journal(unit);
    assert_eq!(machine.property(unit, "Result"), "exit-code", "{journal}");
    assert_eq!(machine.property(unit, "ExecMainStatus"), "75", "{journal}");
    assert_eq!(machine.queued(QUEUE), large, "{journal}");
    assert_eq!(machine.valid_in(CACHE, &(&large | &small)), small);
    assert_eq!(machine.survivors(&large), large);

    let path = large.first().expect("one").as_str();
    let failure = "nix was killed by signal 9";
    for told in [path, failure, "ran out of memory", "MemoryMax="] {
        assert!(journal.contains(told), "{told}:\n{journal}");
    }
    machine
        .sh("nix-post-build-push list --json")
        .stdout_has(path)
        .stdout_has(failure);
}

/// With enough memory what was left arrives.
fn delivers_with_more_memory(machine: &Machine, unit: &str) {
    let large = machine.queued(QUEUE);
    machine.sh(&format!(
        "rm /etc/systemd/system/{unit}.d/memory.conf
         systemctl daemon-reload
         nix-post-build-push retry --all"
    ));
    machine.start_unit(unit);
    assert_eq!(machine.queued(QUEUE), [].into());
    assert_eq!(machine.valid_in(CACHE, &large), large);
}

#[test]
fn a_path_over_which_nix_runs_out_of_memory_holds_up_no_other() {
    let machine = machine();
    let unit = "nix-post-build-push-main.service";
    goes_on_without_the_large_path(&machine, unit);
    delivers_with_more_memory(&machine, unit);
}

#[test]
fn nor_does_it_with_the_units_for_other_systems() {
    let machine = machine();
    machine.sh("cp /checkout/contrib/systemd/nix-post-build-push@.service /etc/systemd/system");
    goes_on_without_the_large_path(&machine, "nix-post-build-push@main.service");
}

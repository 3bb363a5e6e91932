//! A queue directory that several builders share, which none should: why the page says so.

use machine_tests::Machine;

use crate::site::{PUSH, QUEUE};

/// An entry of another builder, as this one would see it.
const ENTRY: &str = "1b9p07z77phvv2hf6gm9f28syp39f1ag-built-elsewhere";

#[test]
fn an_entry_of_another_builder_is_taken_for_one_whose_path_was_deleted_and_that_is_told() {
    let machine = Machine::boot();
    machine.configure(
        r#"{
          services.nix-post-build-push.queues.cache = {
            destination = "file:///srv/cache";
            interval = "1 day";
          };
        }"#,
    );
    machine.sh(&format!("ln -s /nix/store/{ENTRY} {QUEUE}/{ENTRY}"));
    machine.start_unit(PUSH);
    assert_eq!(machine.queued(QUEUE), [].into());
    let told = format!("/nix/store/{ENTRY} is no longer valid; removed from the queue");
    let journal = machine.journal(PUSH);
    assert!(journal.contains(&told), "{journal}");
}

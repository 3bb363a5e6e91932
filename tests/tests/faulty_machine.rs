//! A machine whose files cannot be written, whose tables are full, or whose clock jumps: every
//! program ends, says what is wrong where, loses nothing, and goes on once it is mended.

#[path = "faulty_machine/file_systems.rs"]
mod file_systems;
#[path = "faulty_machine/ledger.rs"]
mod ledger;
#[path = "faulty_machine/machine.rs"]
mod machine;
#[path = "faulty_machine/system_calls.rs"]
mod system_calls;

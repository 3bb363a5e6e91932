//! Tests of what the kernel does to the programs, under a kernel of their own: limits of memory and
//! of the disk that not every host's kernel is set up for.
//!
//! `tests/run` runs them behind `tests/kernel/enter`, which boots User Mode Linux in a container
//! root. Both harnesses work there: a throwaway Nix ([`system_tests`]) and a whole machine
//! ([`machine_tests`]).

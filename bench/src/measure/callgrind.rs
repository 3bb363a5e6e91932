//! Instructions, by valgrind's callgrind: those of the program, not the kernel's for it.

use std::process::Command;

use crate::measure::run;

/// How many instructions a program executes that succeeds.
#[track_caller]
pub(crate) fn instructions(program: &str, configure: impl Fn(&mut Command)) -> u64 {
    let mut command = Command::new("/usr/bin/valgrind");
    command.env_clear();
    command.args([
        "--tool=callgrind",
        "--callgrind-out-file=/dev/null",
        program,
    ]);
    configure(&mut command);
    let said = run(&mut command).stderr;
    let said = String::from_utf8_lossy(&said);
    parse(&said).unwrap_or_else(|| panic!("callgrind told no count:\n{said}"))
}

fn parse(said: &str) -> Option<u64> {
    let counts = said
        .lines()
        .find_map(|line| line.split_once("Collected : "));
    counts?.1.split_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_count_of_what_was_collected() {
        let said = "==1== Events    : Ir\n==1== Collected : 106123\n==1== \n";
        assert_eq!(parse(said), Some(106_123));
        assert_eq!(parse("==1== Events    : Ir\n"), None);
    }
}

//! The scripts that `completions` prints.

use clap_complete::Shell;

use crate::cli::{self, NAME};

/// The script for a shell. Those of bash, zsh and fish ask this program on each Tab; those of the
/// others are clap's own and hold all commands and options, but no queue and no entry.
#[must_use]
pub(crate) fn script(shell: Shell) -> String {
    let own = match shell {
        Shell::Bash => include_str!("scripts/bash.sh"),
        Shell::Zsh => include_str!("scripts/zsh.sh"),
        Shell::Fish => include_str!("scripts/fish.fish"),
        _ => return static_script(shell),
    };
    own.to_owned()
}

fn static_script(shell: Shell) -> String {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut cli::command(), NAME, &mut script);
    String::from_utf8_lossy(&script).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_script_names_the_program_and_its_call() {
        for shell in [Shell::Bash, Shell::Zsh, Shell::Fish] {
            let script = script(shell);
            let call = format!("command {NAME} {} {shell}", super::super::CALL);
            assert!(script.contains(&call), "{shell}: {call}");
        }
    }
}

//! A shell on a terminal, with what `make install` gave it.

use std::fs;
use std::process::Command;

use camino::{Utf8Path, Utf8PathBuf};

use crate::installed::{Installed, path_behind};
use crate::nix::Nix;
use crate::output::Output;
use crate::run::Run;
use crate::wait::wait_for;

/// Its prompt, and all that stands on a line on which nothing was typed.
const PROMPT: &str = "%>";

/// A shell in tmux. Dropping it ends both.
#[derive(Debug)]
pub struct Shell {
    socket: Utf8PathBuf,
}

impl Shell {
    /// Starts a shell (`bash`, `zsh` or `fish`) that finds the completions as they are installed, with
    /// these variables besides those of `nix`.
    ///
    /// # Panics
    ///
    /// If it does not come up.
    #[track_caller]
    pub fn start(
        name: &str,
        nix: &Nix,
        installed: &Installed,
        variables: &[(&str, &str)],
    ) -> Shell {
        let dir = nix.dir().join(format!("shell-{name}"));
        fs::create_dir_all(&dir).expect("mkdir");
        let shell = Shell {
            socket: dir.join("tmux"),
        };
        let line = command_line(name, &dir, installed);
        let mut tmux = nix.command("tmux");
        tmux.envs(variables.iter().copied())
            .env("PATH", path_behind(&installed.bin()))
            .env(
                "XDG_DATA_DIRS",
                format!("{}:/usr/share", installed.share("")),
            )
            .env("LC_ALL", "C.UTF-8")
            .env("ZDOTDIR", &dir)
            .args(["-S", shell.socket.as_str(), "-f", "/dev/null"])
            .args(["new-session", "-d", "-x", "180", "-y", "50", &line]);
        tmux.run().success();
        shell.wait_for_line("");
        shell
    }

    /// Types something, presses Tab, and waits until the line is `expected`; then the line is empty
    /// again.
    #[track_caller]
    pub fn completes(&self, typed: &str, expected: &str) {
        self.type_and_tab(typed);
        self.wait_for_line(expected);
        self.clear();
    }

    /// Types something, presses Tab, and waits until all of these are offered. Gives the screen.
    #[track_caller]
    pub fn offers(&self, typed: &str, words: &[&str]) -> String {
        self.type_and_tab(typed);
        let what = format!("{words:?} to be offered for `{typed}`");
        let screen = wait_for(&what, || {
            let screen = self.screen();
            words
                .iter()
                .all(|word| screen.contains(word))
                .then_some(screen)
        });
        self.clear();
        screen
    }

    /// Types something, presses Tab, and waits until all of these are offered beside what was typed,
    /// which stays on the line.
    #[track_caller]
    pub fn keeps_and_offers(&self, typed: &str, words: &[&str]) {
        self.type_and_tab(typed);
        let what = format!("{words:?} to be offered beside `{typed}`");
        self.wait_for_screen(&what, |screen| {
            let offered = words.iter().all(|word| screen.contains(word));
            offered && screen.lines().any(|line| is_line(line, typed))
        });
    }

    /// Presses Tab once more, and waits until the line is one of these.
    #[track_caller]
    pub fn tab_inserts_one_of(&self, expected: &[String]) {
        self.keys(&["Tab"]);
        self.wait_for_screen(&format!("one of the lines {expected:?}"), |screen| {
            let mut lines = screen.lines();
            lines.any(|line| expected.iter().any(|expected| is_line(line, expected)))
        });
    }

    /// Types something, presses Tab and then types an `x`: waits until that stands on the line, with
    /// nothing in between and nothing else on the screen.
    #[track_caller]
    pub fn offers_nothing(&self, typed: &str) {
        self.type_and_tab(typed);
        self.keys(&["-l", "x"]);
        let expected = format!("{PROMPT} {typed}x");
        self.wait_for_screen(&format!("nothing but `{expected}`"), |screen| {
            screen.trim_end() == expected
        });
        self.clear();
    }

    /// Types something, presses Tab, waits until the line is `expected`, runs it, and waits until the
    /// screen shows what it printed.
    #[track_caller]
    pub fn runs_completed(&self, typed: &str, expected: &str, printed: &str) {
        self.type_and_tab(typed);
        self.wait_for_line(expected);
        self.keys(&["Enter"]);
        self.wait_for_screen(&format!("`{printed}`"), |screen| {
            screen.lines().any(|line| line == printed)
        });
        self.clear();
    }

    #[track_caller]
    fn type_and_tab(&self, typed: &str) {
        self.keys(&["-l", typed]);
        // Not before all of it is there: it may be that the shell is still busy with the last line.
        self.wait_for_line(typed);
        self.keys(&["Tab"]);
    }

    #[track_caller]
    fn wait_for_line(&self, expected: &str) {
        self.wait_for_screen(&format!("the line `{expected}`"), |screen| {
            screen.lines().any(|shown| is_line(shown, expected))
        });
    }

    /// Waits for it, and gives it.
    #[track_caller]
    #[expect(clippy::print_stdout, reason = "a test that fails shows it")]
    fn wait_for_screen(&self, what: &str, shows: impl Fn(&str) -> bool) -> String {
        let mut last = String::new();
        wait_for(what, || {
            let screen = self.screen();
            if screen != last {
                println!("waiting for {what}:\n{}\n", screen.trim_end());
                last.clone_from(&screen);
            }
            shows(&screen).then_some(screen)
        })
    }

    /// By keys that a shell reads when it is done with the Tab. The signal of a Ctrl-C would end only
    /// the completion.
    #[track_caller]
    fn clear(&self) {
        self.keys(&["C-u"]);
        self.keys(&["C-l"]);
        self.wait_for_screen("an empty line", |screen| screen.trim() == PROMPT);
    }

    #[track_caller]
    fn keys(&self, keys: &[&str]) {
        self.tmux(&[&["send-keys"], keys].concat());
    }

    #[track_caller]
    fn screen(&self) -> String {
        self.tmux(&["capture-pane", "-p", "-J"]).stdout
    }

    #[track_caller]
    fn tmux(&self, arguments: &[&str]) -> Output {
        let mut tmux = Command::new("tmux");
        tmux.env("LC_ALL", "C.UTF-8")
            .args(["-S", self.socket.as_str()]);
        tmux.args(arguments).run().success()
    }
}

impl Drop for Shell {
    fn drop(&mut self) {
        let mut tmux = Command::new("tmux");
        let _ = tmux
            .args(["-S", self.socket.as_str(), "kill-server"])
            .output();
    }
}

/// Whether a line of the screen is that on which this was typed. Backslashes do not count: which
/// characters need one is a matter of the shell and its version.
fn is_line(shown: &str, typed: &str) -> bool {
    let plain = |line: &str| line.trim_end().replace('\\', "");
    plain(shown) == plain(&format!("{PROMPT} {typed}"))
}

/// How it is started, with nothing of its own but the completions.
fn command_line(name: &str, dir: &Utf8Path, installed: &Installed) -> String {
    let write = |file: &str, text: &str| fs::write(dir.join(file), text).expect("write");
    match name {
        "bash" => {
            write(
                "bashrc",
                &format!(
                    "PS1='{PROMPT} '\nbind 'set show-all-if-ambiguous on'\n\
                     bind 'set bell-style none'\n. /usr/share/bash-completion/bash_completion\n"
                ),
            );
            format!("exec bash --noprofile --rcfile {dir}/bashrc -i")
        }
        "zsh" => {
            let functions = installed.share("zsh/site-functions");
            write(
                ".zshrc",
                &format!(
                    "PS1='%{PROMPT} '\nfpath=({functions} $fpath)\nsetopt no_beep\n\
                     autoload -Uz compinit\ncompinit -u -d {dir}/dump\n"
                ),
            );
            "exec zsh -o no_global_rcs -i".to_owned()
        }
        "fish" => {
            write(
                "init.fish",
                &format!(
                    "set -g fish_autosuggestion_enabled 0\nset -g fish_greeting\n\
                     function fish_prompt; echo -n '{PROMPT} '; end\n"
                ),
            );
            format!("exec fish --init-command 'source {dir}/init.fish' -i")
        }
        other => panic!("no shell that this knows: {other}"),
    }
}

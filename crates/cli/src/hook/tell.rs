//! Telling what went wrong: to whoever builds, and to the journal.

use std::fmt::Display;
use std::io::{self, Write};
use std::os::unix::net::UnixDatagram;

use super::{Complaint, Outcome};
use crate::logging::journal;
use crate::terminal::Escaped;

const NAME: &str = "nix-post-build-push-hook";

/// Nix shows all of it to whoever builds, and `OUT_PATHS` may hold any nonsense.
const MOST_LINES: usize = 50;
const LONGEST_LINE: usize = 4_000;

impl Outcome {
    /// Writes a line for each thing to `stderr`, which Nix shows to whoever builds, and to the journal,
    /// where one listens: who builds may be a machine that nobody watches. Nothing when all is well.
    pub fn tell(&self, stderr: &mut impl Write) {
        for (_, word, complaints) in self.by_priority() {
            for line in lines(complaints) {
                // Nothing can be done about a standard error that is closed.
                let _ = writeln!(stderr, "{word}: {NAME}: {line}");
            }
        }
        // Where there is no journal, or it does not read, standard error has it all.
        let _ = self.tell_journal();
    }

    /// As the manual has it: what is lost is an error.
    fn by_priority(&self) -> [(u8, &str, &[Complaint]); 3] {
        [
            (3, "error", &self.errors),
            (3, "error", &self.losses),
            (4, "warning", &self.warnings),
        ]
    }

    fn tell_journal(&self) -> io::Result<()> {
        let told = self.by_priority();
        if told.iter().all(|(.., complaints)| complaints.is_empty()) {
            return Ok(());
        }
        let socket = UnixDatagram::unbound()?;
        // A journal that hangs must not hang a build.
        socket.set_nonblocking(true)?;
        for (priority, _, complaints) in told {
            for complaint in complaints.iter().take(MOST_LINES) {
                socket.send_to(entry(priority, complaint).as_bytes(), journal::SOCKET)?;
            }
        }
        Ok(())
    }
}

/// An entry in the journal's own protocol (systemd.io/JOURNAL_NATIVE_PROTOCOL), where each field is a
/// line: no text of ours has a line end once it is shown.
fn entry(priority: u8, complaint: &Complaint) -> String {
    let (text, kind) = (shown(complaint), complaint.kind);
    let mut entry = format!(
        "PRIORITY={priority}\nSYSLOG_IDENTIFIER={NAME}\nMESSAGE={text}\nNPBP_ERROR_KIND={kind}\n"
    );
    let fields = [
        ("QUEUE", &complaint.queue),
        ("STORE_PATH", &complaint.store_path),
        ("HINTS", &complaint.hint),
    ];
    for (name, value) in fields {
        if let Some(value) = value {
            entry += &format!("NPBP_{name}={}\n", shown(value));
        }
    }
    entry
}

/// Whatever a path or a file may hold, each text stays on its line, and the whole is no flood.
fn lines(complaints: &[Complaint]) -> Vec<String> {
    let told = complaints.iter().take(MOST_LINES);
    let told = told.map(shown);
    let left = complaints.len().saturating_sub(MOST_LINES);
    let more = (left > 0).then(|| format!("and {left} more"));
    told.chain(more).collect()
}

fn shown(line: impl Display) -> String {
    shortened(&Escaped(line).to_string())
}

/// The reason is at the end.
fn shortened(line: &str) -> String {
    let count = line.chars().count();
    if count <= LONGEST_LINE {
        return line.to_owned();
    }
    let start: String = line.chars().take(LONGEST_LINE / 2).collect();
    let end: String = line.chars().skip(count - LONGEST_LINE / 2).collect();
    format!("{start} … {end}")
}

#[cfg(test)]
mod tests {
    use nix_post_build_push_config::OnError;

    use super::*;
    use crate::subject;

    #[test]
    fn each_thing_has_a_line_and_all_is_no_flood() {
        let many = (0..60).map(|number| Complaint::new(subject::LOCAL, format!("{number}\n")));
        let outcome = Outcome {
            errors: many.collect(),
            losses: Vec::new(),
            warnings: vec![Complaint::new(subject::LOCAL, "w".repeat(LONGEST_LINE + 1))],
            on_error: OnError::Ignore,
        };
        let mut told = Vec::new();
        outcome.tell(&mut told);
        let told = String::from_utf8(told).unwrap();
        let lines: Vec<_> = told.lines().collect();
        assert_eq!(lines.len(), MOST_LINES + 2);
        assert_eq!(lines[0], "error: nix-post-build-push-hook: 0\\n");
        assert_eq!(
            lines[MOST_LINES],
            "error: nix-post-build-push-hook: and 10 more"
        );
        assert!(lines[MOST_LINES + 1].starts_with("warning: nix-post-build-push-hook: www"));
        assert!(lines[MOST_LINES + 1].contains("www … www"));
    }

    #[test]
    fn an_entry_of_the_journal_has_a_line_for_each_field_whatever_stands_in_them() {
        let complaint = Complaint {
            text: "no\nPRIORITY=0".to_owned(),
            hint: Some("raise\nthe limit".to_owned()),
            kind: subject::LIMIT,
            queue: Some("main".to_owned()),
            store_path: Some("/s/a\nb".to_owned()),
        };
        assert_eq!(
            entry(3, &complaint),
            "PRIORITY=3\nSYSLOG_IDENTIFIER=nix-post-build-push-hook\n\
             MESSAGE=no\\nPRIORITY=0 (hint: raise\\nthe limit)\nNPBP_ERROR_KIND=limit\n\
             NPBP_QUEUE=main\nNPBP_STORE_PATH=/s/a\\nb\nNPBP_HINTS=raise\\nthe limit\n"
        );
    }
}

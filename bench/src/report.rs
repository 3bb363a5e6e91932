//! BENCHMARKS.md.

use std::fs;

use crate::row::Row;
use crate::table::{Line, table};

const FILE: &str = "BENCHMARKS.md";

const INTRODUCTION: &str = "\
<!-- Written by `make bench`; the notes are in bench/notes. -->

# Benchmarks

What the programs cost, beside what one would compare them with. Ratios are what counts: both sides \
are measured in the same run, on the same machine. The times are only noted.
";

const ABOUT_NOTES: &str = "\
A ratio is the median of those of single rounds, so it need not be the quotient of the two times. \
What the notes say is of runs of their own, whose times differ by some per cent.";

const METHOD: &str = "\
## How it is measured

- `make bench` measures all rows and writes this file, `make bench ROW=name` prints one. It builds the \
programs as they are shipped (`make build`) and measures in a container root of Debian, made once, \
with real Nix and public tools.
- Time is wall time, by hyperfine without a shell (for `hooks-beside-push` by threads that start \
together). The two sides take turns, a few runs each, and who \
begins changes with each turn. The ratio of a turn is that of its two medians; the table has the \
median of these ratios and, in parentheses, the least and the greatest. Beside it stands the ratio of \
what processors spent on both (user and system time, with all that was started): waiting for the disk \
is not in it, nor what else the machine did.
- Before each run, of either side, everything is made as it was: the queue, its roots, the destination \
and what Nix remembers of it.
- Instructions are counted by callgrind, system calls by strace, in an environment that holds only \
what the program looks at. Peak memory is GNU time's; where `nix` is left out it is the kernel's \
count for the process itself.
- Store and queues are on an ext4 of their own, in a file on the disk of the machine: on the file \
system of the machine, whoever makes a file pays for what others have just deleted. For the same \
reason nothing is deleted between two runs. The rows with 10,000 entries and more, and where it says \
so, are in memory (tmpfs), so that a journal does not hide what the programs do.
- `make counts` compares the counts that do not depend on the machine with `bench/counts.txt`.
";

/// Writes it, into the current directory.
///
/// # Panics
///
/// If it cannot be written.
pub(crate) fn write(rows: &[Row], lines: &[Line], machine: &[String]) {
    let notes: Vec<(&str, String)> = rows.iter().filter_map(note).collect();
    fs::write(FILE, text(lines, &notes, machine)).expect("cannot write BENCHMARKS.md");
}

/// What somebody has to say about a row: the file `bench/notes/ROW.md`, if it is there.
fn note(row: &Row) -> Option<(&'static str, String)> {
    let text = fs::read_to_string(format!("bench/notes/{}.md", row.name)).ok()?;
    Some((row.name, text))
}

fn text(lines: &[Line], notes: &[(&str, String)], machine: &[String]) -> String {
    let mut parts = vec![INTRODUCTION.to_owned(), format!("{}\n", table(lines))];
    let missed = lines.iter().filter(|line| !line.reached).count();
    let judged = lines.iter().filter(|line| line.judged).count();
    parts.push(match missed {
        0 => "All figures reach what they shall.\n".to_owned(),
        _ => format!("{missed} of {judged} figures do not reach what they shall.\n"),
    });
    if !notes.is_empty() {
        parts.push(format!("## Notes\n\n{ABOUT_NOTES}\n"));
    }
    for (name, note) in notes {
        parts.push(format!("### `{name}`\n\n{}\n", note.trim()));
    }
    parts.push("## Machine and versions\n".to_owned());
    let machine: Vec<String> = machine.iter().map(|line| format!("- {line}\n")).collect();
    parts.push(machine.concat());
    parts.push(METHOD.to_owned());
    parts.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn notes_are_kept_as_they_are_written() {
        let notes = [("growth", "It grows.\n".to_owned())];
        let text = text(&[], &notes, &["kernel: Linux".to_owned()]);
        assert!(
            text.contains("\n\n### `growth`\n\nIt grows.\n\n## Machine"),
            "{text}"
        );
        assert!(text.contains("\n- kernel: Linux\n\n## How"), "{text}");
    }
}

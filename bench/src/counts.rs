//! What does not depend on the machine, and must not grow: `make counts`.

use std::collections::BTreeMap;
use std::fs;

use system_tests::Product;

use crate::measure::started;
use crate::rows::hook::{hook_instructions, hook_system_calls};
use crate::stage::Stage;

/// Where the counts are kept, a line each: a name and a number.
const FILE: &str = "bench/counts.txt";

const HEAD: &str = "\
# What `make counts` compares with; `make counts UPDATE=1` writes it. The programs as they are shipped,
# by the stable Rust of the machine and the valgrind of the container root `bench`.
";

/// By which part a count may grow, or shrink before the file is out of date.
const TOLERANCE: f64 = 0.05;

/// What was counted, by name.
type Counts = BTreeMap<String, u64>;

/// Counts, and compares with [`FILE`], or writes it. What it tells, and whether none has grown.
///
/// # Panics
///
/// If the file cannot be written.
pub(crate) fn check(update: bool) -> (String, bool) {
    let new = count();
    if update {
        fs::write(FILE, format!("{HEAD}{}", text(&new))).expect("cannot write the counts");
        return (format!("written to {FILE}:\n{}", text(&new)), true);
    }
    let old = parse(&fs::read_to_string(FILE).unwrap_or_default());
    compare(&old, &new)
}

/// Everything in directories whose names have the same length each time.
fn count() -> Counts {
    let mut counts = Counts::new();
    let mut add = |name: &str, count: u64| {
        counts.insert(name.to_owned(), count);
    };
    let hook = |n: usize, of: fn(&Stage, &[String]) -> u64| {
        let stage = Stage::new();
        let paths = stage.existing(n);
        let count = of(&stage, &paths);
        assert_eq!(stage.entries(), n);
        count
    };
    for (what, of) in [
        (
            "system-calls",
            hook_system_calls as fn(&Stage, &[String]) -> u64,
        ),
        ("instructions", hook_instructions),
    ] {
        let (one, many) = (hook(1, of), hook(101, of));
        add(&format!("hook-{what}"), one);
        add(&format!("hook-{what}-of-100-more-paths"), many - one);
    }
    for n in [0, 1, 100] {
        let stage = Stage::new();
        stage.enqueue(&stage.valid(n));
        let started = started(&stage, Product::program().as_str(), |command| {
            command.arg("push");
        });
        assert_eq!(stage.entries(), 0);
        add(
            &format!("push-of-{n:03}-programs-started"),
            started.programs,
        );
        add(
            &format!("push-of-{n:03}-processes-started"),
            started.processes,
        );
    }
    counts
}

fn text(counts: &Counts) -> String {
    let lines = counts
        .iter()
        .map(|(name, count)| format!("{name} {count}\n"));
    lines.collect()
}

fn parse(text: &str) -> Counts {
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    let counts = lines.filter_map(|line| {
        let (name, count) = line.split_once(' ')?;
        Some((name.to_owned(), count.trim().parse().ok()?))
    });
    counts.collect()
}

/// A line for each count, old and new, and whether none has grown too much. One that is not in the
/// file counts as grown: somebody has to look at it once.
fn compare(old: &Counts, new: &Counts) -> (String, bool) {
    let width = new.keys().map(String::len).max().unwrap_or_default();
    let mut lines = vec![format!(
        "{:width$} {:>10} {:>10}  change",
        "count", "old", "new"
    )];
    let (mut fine, mut stale) = (true, false);
    for (name, &new) in new {
        let Some(&old) = old.get(name) else {
            fine = false;
            lines.push(format!(
                "{name:width$} {:>10} {new:>10}  not known yet",
                "-"
            ));
            continue;
        };
        let judged = Change::of(old, new);
        fine &= judged != Change::Grown;
        stale |= judged == Change::Shrunk;
        let percent = 100.0 * (new as f64 - old as f64) / (old as f64).max(1.0);
        lines.push(format!(
            "{name:width$} {old:>10} {new:>10}  {percent:+.1} %{}",
            judged.word()
        ));
    }
    let gone: Vec<&str> = old
        .keys()
        .filter(|name| !new.contains_key(*name))
        .map(String::as_str)
        .collect();
    if !gone.is_empty() {
        lines.push(format!("not counted any more: {}", gone.join(", ")));
    }
    fine &= gone.is_empty();
    if !fine {
        lines.push(format!(
            "not what {FILE} allows. If that has to be: make counts UPDATE=1"
        ));
    } else if stale {
        lines.push("less than before: keep it with make counts UPDATE=1".to_owned());
    }
    (lines.join("\n"), fine)
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Change {
    Grown,
    Shrunk,
    Same,
}

impl Change {
    fn of(old: u64, new: u64) -> Change {
        let (old, new) = (old as f64, new as f64);
        match () {
            () if new > old * (1.0 + TOLERANCE) => Change::Grown,
            () if new < old * (1.0 - TOLERANCE) => Change::Shrunk,
            () => Change::Same,
        }
    }

    fn word(self) -> &'static str {
        match self {
            Change::Grown => "  GROWN",
            Change::Shrunk => "  less",
            Change::Same => "",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(number: u64) -> Counts {
        [("calls".to_owned(), number)].into()
    }

    #[test]
    fn what_grows_by_more_than_a_twentieth_is_refused() {
        for (old, new, fine) in [
            (100, 105, true),
            (100, 106, false),
            (0, 1, false),
            (0, 0, true),
        ] {
            let (text, judged) = compare(&counts(old), &counts(new));
            assert_eq!(judged, fine, "{text}");
        }
    }

    #[test]
    fn what_shrinks_has_to_be_written_down() {
        assert!(compare(&counts(100), &counts(94)).0.contains("UPDATE=1"));
        assert!(!compare(&counts(100), &counts(95)).0.contains("UPDATE=1"));
    }

    #[test]
    fn what_is_new_or_gone_is_looked_at_by_somebody() {
        let (text, fine) = compare(&Counts::new(), &counts(1));
        assert!(!fine && text.contains("not known yet"), "{text}");
        let (text, fine) = compare(&counts(1), &Counts::new());
        assert!(
            !fine && text.contains("not counted any more: calls"),
            "{text}"
        );
    }

    #[test]
    fn the_file_is_read_as_it_is_written() {
        let written = format!("{HEAD}{}", text(&counts(7)));
        assert_eq!(parse(&written), counts(7));
    }
}

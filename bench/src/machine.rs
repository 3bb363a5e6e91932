//! What it was measured on, and with.

use std::fs;
use std::process::Command;

/// The machine and the versions, a line each, as `what: which`. `quick` says that there were fewer
/// runs than usual.
pub(crate) fn describe(quick: bool) -> Vec<String> {
    let cpu = proc_value("/proc/cpuinfo", "model name").unwrap_or_default();
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let memory = proc_value("/proc/meminfo", "MemTotal").unwrap_or_default();
    let variable = |name: &str| std::env::var(name).unwrap_or_default();
    let runs = if quick {
        "few: NPBP_BENCH_QUICK=1"
    } else {
        "all"
    };
    let lines = [
        ("runs", runs.to_owned()),
        ("load when it ended", load()),
        ("date", variable("NPBP_DATE")),
        ("commit", variable("NPBP_COMMIT")),
        ("processor", format!("{cpu}, {cores} cores")),
        ("memory", gibibytes(&memory)),
        ("kernel", first_line("uname", &["-sr"])),
        (
            "file system",
            first_line("stat", &["-f", "-c", "%T", &variable("NPBP_TEST_DIR")]),
        ),
        ("Nix", first_line("nix", &["--version"])),
        ("Rust", variable("NPBP_RUSTC")),
        ("hyperfine", first_line("hyperfine", &["--version"])),
        ("callgrind", first_line("valgrind", &["--version"])),
        ("strace", first_line("strace", &["--version"])),
        ("time", first_line("/usr/bin/time", &["--version"])),
    ];
    lines.map(|(what, which)| format!("{what}: {which}")).into()
}

/// How many processes wanted a processor in the last 1, 5 and 15 minutes; the benchmark itself is one
/// to two of them.
fn load() -> String {
    let text = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    text.split(' ').take(3).collect::<Vec<_>>().join(" ")
}

fn first_line(program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program).args(arguments).output();
    let text = output.map(|output| String::from_utf8_lossy(&output.stdout).into_owned());
    let text = text.unwrap_or_default();
    text.lines().next().unwrap_or("unknown").trim().to_owned()
}

fn proc_value(file: &str, key: &str) -> Option<String> {
    value(&fs::read_to_string(file).ok()?, key)
}

/// `key   : value`, in the first line that has this key.
fn value(text: &str, key: &str) -> Option<String> {
    let mut fields = text.lines().filter_map(|line| line.split_once(':'));
    let (_, value) = fields.find(|(name, _)| name.trim() == key)?;
    Some(value.trim().to_owned())
}

/// `8000000 kB` as `7.6 GiB`.
fn gibibytes(kibibytes: &str) -> String {
    let number = kibibytes
        .split(' ')
        .next()
        .and_then(|word| word.parse::<f64>().ok());
    number.map_or_else(String::new, |kibibytes| {
        format!("{:.1} GiB", kibibytes / f64::from(1 << 20))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kernels_tables_are_read() {
        let text = "processor\t: 0\nmodel name\t: A Processor @ 2 GHz\nmodel name\t: B\n";
        assert_eq!(
            value(text, "model name").as_deref(),
            Some("A Processor @ 2 GHz")
        );
        assert_eq!(value(text, "flags"), None);
        assert_eq!(gibibytes("8000000 kB"), "7.6 GiB");
        assert_eq!(gibibytes(""), "");
    }
}

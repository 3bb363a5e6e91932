//! The command lines in a piece of shell.

/// The arguments of each call of a program, wherever in a line it stands: behind `sudo`, in a pipe, in
/// an `if`.
pub fn of(program: &str, shell: &str) -> Vec<Vec<String>> {
    let joined = shell.replace("\\\n", " ");
    let lines = joined.lines().map(without_comment);
    lines.flat_map(|line| calls(program, &line)).collect()
}

/// A comment begins with a `#` behind a blank.
fn without_comment(line: &str) -> String {
    let trimmed = line.trim_start();
    match trimmed.starts_with('#') {
        true => String::new(),
        false => trimmed.split(" #").next().unwrap_or_default().to_owned(),
    }
}

fn calls(program: &str, line: &str) -> Vec<Vec<String>> {
    let words = shell_words::split(&line.replace(';', " ; ")).unwrap_or_default();
    let mut calls = Vec::new();
    let mut rest = words.as_slice();
    while let Some(at) = rest.iter().position(|word| word == program) {
        let is_called = rest[..at].last().is_none_or(|before| comes_before(before));
        rest = &rest[at + 1..];
        let end = rest.iter().position(|word| ends(word));
        let arguments = &rest[..end.unwrap_or(rest.len())];
        if is_called {
            calls.push(arguments.to_vec());
        }
    }
    calls
}

/// What stands before a program that is called, and not before a word that is called as a program is.
fn comes_before(word: &str) -> bool {
    matches!(
        word,
        "sudo" | "|" | "||" | "&&" | ";" | "if" | "!" | "then" | "exec" | "do"
    ) || word.contains('=')
}

fn ends(word: &str) -> bool {
    matches!(word, "|" | "||" | "&&" | ";" | "&") || word.starts_with(['>', '<'])
}

#[test]
fn calls_are_found_wherever_they_stand() {
    let shell = "a | sudo x push --queue main >b   # x no\n  # x no\nX=1 x list; echo x\nif x \\\n y; then\n";
    let calls = of("x", shell);
    let told: Vec<_> = calls.iter().map(|call| call.join(" ")).collect();
    assert_eq!(told, ["push --queue main", "list", "y"]);
}

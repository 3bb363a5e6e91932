//! Options with which `nix copy` would not copy the entries to the destination.

use crate::fault::Fault;

const DESTINATION: &str = "leave it out and set `destination`";
const PRINTS: &str = "leave it out: with it nix prints a text and copies nothing";
const NOTHING: &str = "leave it out: what is copied, and from where, is decided by the queue";
const SOURCE: &str = "leave it out and set closure-type = \"source\"";
const BARE: &str = "leave it out and set closure-type = \"bare\"";

/// Each with what to do instead. With any of them entries would leave the queue that were
/// not copied, or were copied elsewhere.
const REFUSED: &[(&str, &str)] = &[
    ("--help", PRINTS),
    ("-h", PRINTS),
    ("--version", PRINTS),
    ("--dry-run", "leave it out: with it nix copies nothing"),
    ("--to", DESTINATION),
    ("-t", DESTINATION),
    ("--store", DESTINATION),
    ("--from", NOTHING),
    ("--derivation", SOURCE),
    ("--no-recursive", BARE),
    ("--stdin", NOTHING),
    ("--all", NOTHING),
    ("--expr", NOTHING),
    ("--file", NOTHING),
    ("-f", NOTHING),
    ("--apply", NOTHING),
    (
        "--",
        "leave it out: what follows it would be taken for paths",
    ),
];

/// Options behind which two words stand that are no options, whatever they look like.
const WITH_TWO_WORDS: &[&str] = &[
    "--option",
    "--arg",
    "--argstr",
    "--arg-from-file",
    "--override-flake",
    "--override-input",
];

/// Refuses the options that would make `nix copy` do something else. Of the text only the
/// name of such an option is repeated.
pub(crate) fn check(options: &[String]) -> Result<(), Fault> {
    let mut words = options.iter();
    while let Some(word) = words.next() {
        if let Some((name, hint)) = refused(word) {
            let message = format!("`{name}` would make nix copy do something else");
            return Err(Fault::new(message).hint(*hint));
        }
        let Some(option) = WITH_TWO_WORDS.iter().find(|option| *option == word) else {
            continue;
        };
        // It would take for its own the words behind it, which come from another source.
        if words.next().and(words.next()).is_none() {
            let message = format!("`{option}` lacks the two words that belong to it");
            return Err(Fault::new(message).hint("write for example: --option http2 false"));
        }
    }
    Ok(())
}

fn refused(word: &str) -> Option<&'static (&'static str, &'static str)> {
    let name = word.split_once('=').map_or(word, |(name, _)| name);
    let whole = REFUSED.iter().find(|(refused, _)| *refused == name);
    whole.or_else(|| REFUSED.iter().find(|(refused, _)| is_among(refused, word)))
}

/// Nix takes `-vf` for `-v -f`, as far as there are letters.
fn is_among(refused: &str, word: &str) -> bool {
    let (Some(letter), Some(letters)) = (refused.strip_prefix('-'), word.strip_prefix('-')) else {
        return false;
    };
    let end = letters.find(|c: char| !c.is_ascii_alphabetic());
    letter.len() == 1 && letter != "-" && letters[..end.unwrap_or(letters.len())].contains(letter)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(line: &str) -> Option<Fault> {
        let words: Vec<_> = line.split(' ').map(str::to_owned).collect();
        check(&words).err()
    }

    #[test]
    fn each_is_refused_wherever_it_stands_and_in_each_form() {
        for (name, _) in REFUSED {
            for line in [
                name.to_string(),
                format!("{name}=x"),
                format!("--refresh {name} x"),
                format!("--option a b {name}"),
                format!("--option a b --option --to --to {name}"),
            ] {
                let fault = said(&line).unwrap();
                let expected = format!("`{name}` would make nix copy do something else");
                assert_eq!(fault.message, expected, "{line}");
                assert!(fault.hint.is_some());
            }
        }
        for line in ["-vh", "-vvf", "-Lt", "-f3"] {
            assert!(said(line).is_some(), "{line}");
        }
    }

    #[test]
    fn what_looks_alike_passes() {
        for line in [
            "--option --to --help",
            "--option a --",
            "--arg --from -f",
            "--argstr -h x --refresh",
            "--tofu",
            "--files x",
            "-v -j4 -L",
            "-vvv",
            "-j 4",
            "--store-path",
        ] {
            assert_eq!(said(line), None, "{line}");
        }
    }

    #[test]
    fn an_option_may_not_take_the_words_of_another_source() {
        for line in ["--option", "--option a", "--refresh --arg a"] {
            assert!(said(line).unwrap().message.contains("two words"), "{line}");
        }
    }
}

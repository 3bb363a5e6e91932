//! "Did you mean": the known word nearest to an unknown one.

/// The known word that `word` was probably meant to be. Case, `_`, `-` and camel case do not
/// count, and about one letter in three may be wrong.
pub(crate) fn nearest<'a>(word: &str, known: &[&'a str]) -> Option<&'a str> {
    let plain = plain(word);
    let allowed = (plain.chars().count() / 3).max(1);
    known
        .iter()
        .map(|candidate| {
            (
                strsim::osa_distance(&plain, &self::plain(candidate)),
                *candidate,
            )
        })
        .filter(|(distance, _)| *distance <= allowed)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// A hint that names the nearest known word, or else all of them.
pub(crate) fn hint(word: &str, known: &[&str]) -> String {
    match nearest(word, known) {
        Some(candidate) => format!("did you mean `{candidate}`?"),
        None => format!("known are {}", known.join(", ")),
    }
}

fn plain(word: &str) -> String {
    // A key may be as long as its file; the distance to a long word is of no interest.
    let letters = word.chars().take(64).filter(|c| !matches!(c, '-' | '_'));
    letters.flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_misspelt_word_finds_its_neighbour() {
        let known = ["destination", "queue-dir", "check-sigs"];
        assert_eq!(nearest("destinaton", &known), Some("destination"));
        assert_eq!(nearest("queueDir", &known), Some("queue-dir"));
        assert_eq!(nearest("CHECK_SIG", &known), Some("check-sigs"));
        assert_eq!(nearest("interval", &known), None);
    }
}

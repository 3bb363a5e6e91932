//! Which paths of a copy its failure is about, as far as Nix tells.
//!
//! Its errors name most of them: a store path that cannot be read or is not
//! taken, the narinfo of one. But 2.34.8 calls a file that it cannot read by its
//! place within the store path (`file '/f' has an unsupported type`); there the
//! copy that was cut short tells. Nothing tells whose NAR a server refused.

use queue_core::StorePath;

/// Those of `paths` whose hash is in the first of the texts that has any: the most
/// telling text goes first.
pub(crate) fn named(texts: &[&str], paths: &[StorePath]) -> Vec<StorePath> {
    let in_text = |text: &&str| -> Vec<StorePath> {
        let is_named = |path: &&StorePath| text.contains(path.hash());
        paths.iter().filter(is_named).cloned().collect()
    };
    let mut found = texts.iter().map(in_text);
    found.find(|named| !named.is_empty()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::log::Log;

    /// Every store path that a recorded run speaks of.
    fn mentioned(text: &str) -> Vec<StorePath> {
        let base_name = |rest: &str| {
            let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && !"+-._?=".contains(c));
            rest[..end.unwrap_or(rest.len())].parse().ok()
        };
        let names = text.split("/nix/store/").skip(1).filter_map(base_name);
        names.collect::<BTreeSet<_>>().into_iter().collect()
    }

    #[test]
    fn every_version_tells_which_path_cannot_be_copied() {
        let cases: &[(&str, &[&str])] = &[
            ("damaged-chroot", &["bad"]),
            ("damaged-sshng", &["bad"]),
            ("fifo", &["fifo"]),
            ("fifo-sshng", &["fifo"]),
            ("invalid-path", &["none"]),
            ("missing-on-disk", &["gone"]),
            ("reference-missing", &["dep", "main"]),
            ("unreadable-source", &["unread"]),
            ("unsigned-chroot", &["dep"]),
            ("unsigned-sshng", &["dep"]),
        ];
        for version in ["2.8.0", "2.26.3", "2.34.8"] {
            for (case, names) in cases {
                let samples = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/samples");
                let sample = std::fs::read_to_string(format!("{samples}/{version}/{case}.txt"));
                let sample = sample.unwrap();
                let mut log = Log::default();
                log.feed(sample.as_bytes(), &mut |_| {});
                let (message, cut_short) = (log.last_error().unwrap(), log.cut_short());
                let texts = [&message, cut_short.unwrap_or_default(), &log.text()];
                let found = named(&texts, &mentioned(&sample));
                let found: BTreeSet<&str> = found.iter().map(StorePath::name).collect();
                assert_eq!(found, names.iter().copied().collect(), "{version} {case}");
            }
        }
    }

    fn paths(names: &[&str]) -> Vec<StorePath> {
        let path = |name: &&str| {
            let digit = &name[..1];
            format!("{}-{name}", digit.repeat(32)).parse().unwrap()
        };
        names.iter().map(path).collect()
    }

    #[test]
    fn the_first_text_that_names_any_counts() {
        let all = paths(&["a", "b", "c"]);
        let [a, b, c] = &all[..] else { unreachable!() };
        let narinfo = format!("unable to upload 'https://h/{}.narinfo'", b.hash());
        assert_eq!(
            named(&["", &narinfo, a.hash()], &all),
            std::slice::from_ref(b)
        );
        let several = format!("'/s/{c}' because the reference '/s/{a}'");
        assert_eq!(named(&[&several], &all), [a.clone(), c.clone()]);
        assert_eq!(named(&["no", "one"], &all), []);
    }
}

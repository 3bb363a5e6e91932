//! What a Nix finds its store held by.

use queue_core::PortError;

use super::NixInspector;
use crate::call::Call;

impl NixInspector {
    /// The links by which the collector holds something, as Nix finds them.
    ///
    /// # Errors
    ///
    /// If it does not tell.
    pub fn roots(&self) -> Result<Vec<String>, PortError> {
        let question = ["--gc", "--print-roots"].map(str::to_owned);
        let answer = Call::query(&self.nix, "nix-store").run(&question);
        let text = answer.map_err(|error| error.into_port("ask for the roots of", "nix"))?;
        Ok(links(&text))
    }
}

/// `LINK -> PATH` a line. 2.34.8 puts the link in quotes.
pub(crate) fn links(text: &str) -> Vec<String> {
    let links = text.lines().filter_map(|line| line.split_once(" -> "));
    links
        .map(|(link, _)| link.trim_matches('"').to_owned())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_is_read_with_and_without_quotes() {
        let text = "/q/a -> /s/x\n\"/q/b\" -> \"/s/y\"\n{censored} -> /s/z\nnonsense\n";
        assert_eq!(links(text), ["/q/a", "/q/b", "{censored}"]);
    }
}

//! What a call printed on standard error, digested as it arrives.
//!
//! Nix and `ssh` share that stream, and so does whatever the other side prints
//! through `ssh`: nothing tells whose line it is. A line that looks like one of
//! Nix is taken for one, a result only where its activity was begun. What
//! another side can do with that is in RELIABILITY.md ("Who may do what"). What
//! is kept does not grow with what is printed.

use std::collections::VecDeque;

use crate::CopyEvent;
use crate::activities::Activities;
use crate::internal_json::{Line, parse};
use crate::message::one_line;
use crate::response_body;

/// Most text that is kept, in bytes: the end of it.
const MAX_TEXT: usize = 64 * 1024;

/// Most text of corrupted paths, in bytes: some 200,000 of them.
const MAX_CORRUPTED: usize = 16 * 1024 * 1024;

/// What is told while a call runs.
#[derive(Debug)]
pub(crate) enum Said<'a> {
    /// Nix begins something, in its words.
    Began(&'a str),
    /// How far it is.
    Copy(CopyEvent),
}

/// The messages of one call, and whether something moved. Bounded, however
/// much is printed.
#[derive(Debug, Default)]
pub(crate) struct Log {
    /// A line whose end has not come yet, cut at [`MAX_TEXT`].
    partial: Vec<u8>,
    kept: VecDeque<Kept>,
    kept_bytes: usize,
    activities: Activities,
    last_other: String,
    corrupted: Vec<String>,
    corrupted_bytes: usize,
    /// Whether a corrupted path came that is not among those.
    corrupted_is_cut: bool,
}

#[derive(Debug)]
struct Kept {
    /// `None` for what is not a message of Nix.
    level: Option<i64>,
    text: String,
}

impl Log {
    /// Takes what was read; `tell` is told how it goes. Whether
    /// any of it was news: a repeated state or another retry is not.
    pub(crate) fn feed(&mut self, bytes: &[u8], tell: &mut dyn FnMut(Said<'_>)) -> bool {
        let mut news = false;
        for piece in bytes.split_inclusive(|&byte| byte == b'\n') {
            let room = MAX_TEXT.saturating_sub(self.partial.len());
            self.partial
                .extend_from_slice(&piece[..piece.len().min(room)]);
            if piece.ends_with(b"\n") {
                news |= self.end_line(tell);
            }
        }
        news
    }

    /// Takes what is left without a newline at the end.
    pub(crate) fn finish(&mut self) {
        if !self.partial.is_empty() {
            self.end_line(&mut |_| {});
        }
    }

    fn end_line(&mut self, tell: &mut dyn FnMut(Said<'_>)) -> bool {
        let bytes = std::mem::take(&mut self.partial);
        let text = String::from_utf8_lossy(&bytes);
        self.take(parse(text.trim_end()), tell)
    }

    fn take(&mut self, line: Line, tell: &mut dyn FnMut(Said<'_>)) -> bool {
        match line {
            Line::Start { id, text, what } => {
                if !text.is_empty() {
                    tell(Said::Began(&text));
                }
                tell_of(self.activities.begin(id, what), tell);
                true
            }
            Line::Stop { id } => {
                tell_of(self.activities.end(id), tell);
                true
            }
            Line::Result { id, kind, state } => {
                let news = self.activities.note(id, kind, &state);
                if news {
                    tell_of(self.activities.moved(id, kind, &state), tell);
                }
                news
            }
            Line::Corrupted { id, path } => self.note_corrupted(id, path),
            Line::Message { level, text } => {
                let news = !text.contains("; retrying in ");
                self.keep(Some(level), text);
                news
            }
            Line::Other(text) => {
                let news = text != self.last_other;
                self.last_other.clone_from(&text);
                self.keep(None, text);
                news
            }
        }
    }

    fn note_corrupted(&mut self, id: u64, path: String) -> bool {
        let bytes = self.corrupted_bytes + weight(&path);
        let is_believed = self.activities.is_under_way(id) && bytes <= MAX_CORRUPTED;
        if is_believed {
            self.corrupted_bytes = bytes;
            self.corrupted.push(path);
        }
        self.corrupted_is_cut |= !is_believed;
        is_believed
    }

    fn keep(&mut self, level: Option<i64>, text: String) {
        if is_chatter(level, &text) {
            return;
        }
        self.kept_bytes += weight(&text);
        self.kept.push_back(Kept { level, text });
        // The last one stays, however long: with it all would be gone, as if nothing had been said.
        while self.kept_bytes > MAX_TEXT
            && self.kept.len() > 1
            && let Some(oldest) = self.kept.pop_front()
        {
            self.kept_bytes -= weight(&oldest.text);
        }
    }

    /// All of it, in lines.
    pub(crate) fn text(&self) -> String {
        let lines: Vec<&str> = self.kept.iter().map(|kept| kept.text.trim_end()).collect();
        lines.join("\n")
    }

    /// What Nix itself calls errors, without what a server sent; all that was
    /// printed if Nix called nothing an error.
    pub(crate) fn errors(&self) -> String {
        let errors = self.kept.iter().filter(|kept| kept.is_nix_error());
        let texts: Vec<&str> = errors
            // A server's words must not be taken for Nix's.
            .map(|kept| response_body::split(&kept.text).0)
            .collect();
        match texts.is_empty() {
            true => self.others(),
            false => texts.join("\n"),
        }
    }

    /// The last error in one line.
    pub(crate) fn last_error(&self) -> Option<String> {
        let nix = self.kept.iter().rfind(|kept| kept.is_nix_error());
        let line = match nix {
            Some(kept) => one_line(&kept.text),
            None => one_line(&self.others()),
        };
        (!line.is_empty()).then_some(line)
    }

    /// The last line that Nix did not print: `ssh` says there why it failed.
    pub(crate) fn last_other(&self) -> Option<&str> {
        let mut others = self.kept.iter().rev().filter(|kept| kept.level.is_none());
        others
            .find(|kept| !kept.text.trim().is_empty())
            .map(|kept| kept.text.trim())
    }

    /// The store paths that differ from what was registered, as Nix printed
    /// them. `None` when there were more than are kept, or some came of nothing
    /// that was begun: what is not among these may differ as well then.
    pub(crate) fn corrupted(&self) -> Option<&[String]> {
        (!self.corrupted_is_cut).then_some(&self.corrupted)
    }

    /// The first store path whose copy ended before all of it was copied.
    pub(crate) fn cut_short(&self) -> Option<&str> {
        self.activities.cut_short()
    }

    /// Whether Nix itself called anything an error.
    pub(crate) fn has_nix_error(&self) -> bool {
        self.kept.iter().any(Kept::is_nix_error)
    }

    /// What `ssh` printed, or the other side through it.
    pub(crate) fn others(&self) -> String {
        let others = self.kept.iter().filter(|kept| kept.level.is_none());
        others
            .map(|kept| kept.text.as_str())
            .collect::<Vec<_>>()
            .join("\n")
    }
}

fn tell_of(event: Option<CopyEvent>, tell: &mut dyn FnMut(Said<'_>)) {
    if let Some(event) = event {
        tell(Said::Copy(event));
    }
}

impl Kept {
    /// Not `error (ignored)`, which 2.8.0 says of the other end of a failure.
    fn is_nix_error(&self) -> bool {
        self.level == Some(0) && self.text.trim_start().starts_with("error:")
    }
}

/// Its bytes with the end of its line: empty ones take room as well.
fn weight(text: &str) -> usize {
    text.len() + 1
}

/// What is not worth keeping: progress in words, and what 2.26.3 and 2.34.8
/// say whenever an untrusted user of a daemon disables the hook.
fn is_chatter(level: Option<i64>, text: &str) -> bool {
    level.is_some_and(|level| level > 3)
        || text.contains("ignoring the client-specified setting 'post-build-hook'")
        || text.contains("'--json' without '--json-format' is deprecated")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn feed(log: &mut Log, text: &str) -> bool {
        log.feed(text.as_bytes(), &mut |_| {})
    }

    fn start(id: u64) -> String {
        format!("@nix {{\"action\":\"start\",\"id\":{id},\"text\":\"\",\"type\":100}}\n")
    }

    fn result(id: u64, kind: u64, field: &str) -> String {
        format!("@nix {{\"action\":\"result\",\"fields\":[{field}],\"id\":{id},\"type\":{kind}}}\n")
    }

    #[test]
    fn a_repeated_state_is_no_news() {
        let mut log = Log::default();
        let state = |n: u64| result(7, 105, &n.to_string());
        feed(&mut log, &start(7));
        assert!(feed(&mut log, &state(0)));
        assert!(!feed(&mut log, &state(0)));
        assert!(feed(&mut log, &state(1)));
        assert!(!feed(&mut log, &state(1)));
    }

    #[test]
    fn a_state_of_what_was_not_begun_or_has_ended_is_no_news() {
        let mut log = Log::default();
        assert!(!feed(&mut log, &result(7, 105, "0")));
        feed(&mut log, &start(7));
        feed(&mut log, "@nix {\"action\":\"stop\",\"id\":7}\n");
        assert!(!feed(&mut log, &result(7, 105, "1")));
    }

    #[test]
    fn corrupted_paths_are_all_kept_or_it_is_said_that_they_are_not() {
        let corrupted = |id: u64, path: &str| result(id, 103, &format!("\"{path}\""));
        let mut log = Log::default();
        feed(&mut log, &start(7));
        feed(&mut log, &corrupted(7, "/s/a"));
        assert_eq!(log.corrupted(), Some(&["/s/a".to_owned()][..]));
        feed(&mut log, &corrupted(8, "/s/b"));
        assert_eq!(log.corrupted(), None);

        let mut log = Log::default();
        feed(&mut log, &start(7));
        let long = "x".repeat(MAX_TEXT / 2);
        for _ in 0..=MAX_CORRUPTED / long.len() {
            feed(&mut log, &corrupted(7, &long));
        }
        assert!(log.corrupted_bytes <= MAX_CORRUPTED);
        assert_eq!(log.corrupted(), None);
    }

    #[test]
    fn another_retry_is_no_news() {
        let retry = "@nix {\"action\":\"msg\",\"level\":1,\"msg\":\"unable to upload 'x'; retrying in 300 ms\"}\n";
        assert!(!feed(&mut Log::default(), retry));
    }

    #[test]
    fn what_is_kept_is_bounded_and_is_the_end() {
        let mut log = Log::default();
        for number in 0..20_000 {
            feed(&mut log, &format!("line {number}\n"));
        }
        feed(&mut log, &"x".repeat(3 * MAX_TEXT));
        assert!(log.text().len() <= 2 * MAX_TEXT);
        assert!(log.text().ends_with("line 19999"));
        for _ in 0..2 * MAX_TEXT {
            feed(&mut log, "\n");
        }
        assert!(log.kept.len() <= MAX_TEXT);
        log.finish();
        assert!(log.text().len() <= 2 * MAX_TEXT);
    }

    #[test]
    fn the_last_line_is_kept_however_long_it_is() {
        let mut log = Log::default();
        feed(&mut log, "error: no\n");
        log.feed(&[b'x'; 3 * MAX_TEXT], &mut |_| {});
        log.finish();
        assert_eq!(log.text(), "x".repeat(MAX_TEXT));
        feed(&mut log, "error: no\n");
        assert_eq!(log.text(), "error: no");
    }

    #[test]
    fn a_line_may_come_in_pieces_and_need_not_be_utf_8() {
        let mut log = Log::default();
        assert!(!feed(&mut log, "ssh: conn"));
        assert!(log.feed(b"ect \xff\n", &mut |_| {}));
        assert_eq!(log.last_other(), Some("ssh: connect \u{fffd}"));
        assert_eq!(log.last_error().as_deref(), Some("ssh: connect \u{fffd}"));
    }

    #[test]
    fn what_a_server_sends_is_no_evidence() {
        let mut log = Log::default();
        feed(
            &mut log,
            "@nix {\"action\":\"msg\",\"level\":0,\"msg\":\"error: HTTP error 500\\n\\nresponse body:\\n\\nhash mismatch\"}\n",
        );
        assert_eq!(log.errors(), "error: HTTP error 500\n\n");
    }

    #[test]
    fn what_nix_begins_is_told() {
        let mut told = Vec::new();
        let line = "@nix {\"action\":\"start\",\"id\":1,\"level\":3,\"text\":\"copying path 'x'\",\"type\":100}\n";
        Log::default().feed(line.as_bytes(), &mut |said| {
            if let Said::Began(text) = said {
                told.push(text.to_owned());
            }
        });
        assert_eq!(told, ["copying path 'x'"]);
    }
}

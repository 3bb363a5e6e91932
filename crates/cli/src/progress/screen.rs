//! What stands on the lower lines of a terminal, and how it gets there: pure.
//!
//! The library that lays out the bars speaks to a terminal that goes on in the next row where one is full,
//! and leaves the cursor behind the last one. On a real one a row that is full to its last column becomes
//! several when the window gets narrower, and `^C` stands behind it. So the rows are kept here, and written
//! in such a way that
//!
//! - each ends with a line end of its own, before the last column (the width that is told is one less),
//! - the cursor rests at the beginning of the first one: whatever becomes of the rows when the window
//!   changes, all from there to the end of the screen is ours, and is cleared by the next drawing.

use super::columns::columns;

/// What does not fit into a row is cut from here on: a window that has just become narrower may not have
/// told yet (tmux tells up to a quarter of a second later), and the cursor would be in another row.
const CUT: &str = "\x1b[?7l";
/// It goes on in the next row again.
const GO_ON: &str = "\x1b[?7h";
/// Clears from the cursor to the end of the row.
const CLEAR_ROW: &str = "\x1b[K";
/// Clears from the cursor to the end of the screen.
const CLEAR_BELOW: &str = "\x1b[J";

/// What removes all rows, wherever they are: this one, and from the next one on what is below. To clear
/// the whole screen at once makes tmux keep what stood there in its history (3.5a).
pub(super) const CLEAR: &str = "\r\x1b[K\x1b7\x1b[B\x1b[J\x1b8";

/// The rows of the bars.
#[derive(Debug, Default)]
pub(super) struct Screen {
    rows: Vec<String>,
    row: usize,
    column: usize,
}

impl Screen {
    pub(super) fn up(&mut self, rows: usize) {
        self.row = self.row.saturating_sub(rows);
    }

    pub(super) fn down(&mut self, rows: usize) {
        self.row = self.row.saturating_add(rows);
    }

    pub(super) fn left(&mut self, columns: usize) {
        self.column = self.column.saturating_sub(columns);
    }

    pub(super) fn right(&mut self, columns: usize) {
        self.column = self.column.saturating_add(columns);
    }

    pub(super) fn clear_row(&mut self) {
        if let Some(row) = self.rows.get_mut(self.row) {
            row.clear();
        }
        self.column = 0;
    }

    /// Writes on, in the next row where this one is full.
    pub(super) fn write(&mut self, text: &str, width: usize) {
        if text == "\r" {
            self.column = 0;
            return;
        }
        if text.is_empty() {
            return;
        }
        if self.column >= width {
            self.end_row();
        }
        if self.rows.len() <= self.row {
            self.rows.resize_with(self.row + 1, String::new);
        }
        let row = &mut self.rows[self.row];
        if self.column == 0 {
            row.clear();
        }
        row.push_str(text);
        self.column += columns(text);
    }

    pub(super) fn end_row(&mut self) {
        self.row += 1;
        self.column = 0;
    }

    /// What to write to the terminal so that it shows this.
    pub(super) fn draw(&mut self) -> String {
        for row in &mut self.rows {
            row.truncate(row.trim_end().len());
        }
        while self.rows.last().is_some_and(String::is_empty) {
            self.rows.pop();
        }
        if self.rows.is_empty() {
            return CLEAR.to_owned();
        }
        let rows = self.rows.join(&format!("{CLEAR_ROW}\r\n"));
        let back = match self.rows.len() - 1 {
            0 => String::new(),
            up => format!("\x1b[{up}A"),
        };
        format!("\r{CUT}{rows}{CLEAR_ROW}{CLEAR_BELOW}{GO_ON}{back}\r")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WIDTH: usize = 10;

    /// As the library draws: each line, and blanks to the end of its row.
    fn draw(screen: &mut Screen, lines: &[&str], rows_before: usize) -> String {
        screen.up(rows_before.saturating_sub(1));
        for row in 0..rows_before {
            screen.clear_row();
            if row + 1 != rows_before {
                screen.down(1);
            }
        }
        screen.up(rows_before.saturating_sub(1));
        for line in lines {
            screen.write(line, WIDTH);
            screen.write(&" ".repeat(WIDTH - columns(line)), WIDTH);
        }
        screen.draw()
    }

    #[test]
    fn rows_end_by_themselves_and_the_cursor_rests_at_the_first() {
        let mut screen = Screen::default();
        let several = |rows: &str| format!("\r{CUT}{rows}\x1b[K\x1b[J{GO_ON}\x1b[1A\r");
        let one = |row: &str| format!("\r{CUT}{row}\x1b[K\x1b[J{GO_ON}\r");
        let drawn = draw(&mut screen, &["one", "full-width"], 0);
        assert_eq!(drawn, several("one\x1b[K\r\nfull-width"));
        let drawn = draw(&mut screen, &["1", "2"], 2);
        assert_eq!(drawn, several("1\x1b[K\r\n2"));
        // One is over.
        assert_eq!(draw(&mut screen, &["2"], 2), one("2"));
        assert_eq!(draw(&mut screen, &[], 1), CLEAR);
        assert_eq!(draw(&mut screen, &["new"], 0), one("new"));
    }

    #[test]
    fn colours_take_no_room_and_wide_characters_take_two_columns() {
        let mut screen = Screen::default();
        let drawn = draw(&mut screen, &["\x1b[36m漢字\x1b[0m", "next"], 0);
        let rows = "\x1b[36m漢字\x1b[0m\x1b[K\r\nnext\x1b[K";
        assert!(drawn.contains(rows), "{drawn:?}");
    }
}

//! The terminal that bars are drawn on: standard error.

use std::io::{self, StderrLock, Write};
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use indicatif::TermLike;
use rustix::termios::{Winsize, tcgetpgrp, tcgetwinsize};

use super::screen::{CLEAR, Screen};

/// Where the terminal does not tell.
const COLUMNS: u16 = 80;
const ROWS: u16 = 24;

/// Whether there is anything of bars on the terminal.
static IS_DRAWN: AtomicBool = AtomicBool::new(false);
/// Whether nothing more is drawn.
static IS_OVER: AtomicBool = AtomicBool::new(false);

/// How long others are given to write what was handed to them.
const PAUSE: Duration = Duration::from_millis(200);
/// Until when nothing is drawn.
static PAUSED_UNTIL: Mutex<Option<Instant>> = Mutex::new(None);

/// Rows at the lower end of the terminal. What cannot be written is not: nobody watches then, and
/// the push goes on.
#[derive(Debug, Default)]
pub(super) struct Canvas(Mutex<Screen>);

impl Canvas {
    fn screen(&self) -> MutexGuard<'_, Screen> {
        lock(&self.0)
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Removes what is drawn, and draws nothing for a moment.
pub(super) fn pause() {
    *lock(&PAUSED_UNTIL) = Some(Instant::now() + PAUSE);
    let mut stderr = io::stderr().lock();
    if !is_over() && is_in_foreground() && IS_DRAWN.swap(false, SeqCst) {
        write(&mut stderr, CLEAR);
    }
}

fn is_paused() -> bool {
    lock(&PAUSED_UNTIL).is_some_and(|until| Instant::now() < until)
}

/// Columns and rows.
fn size() -> (u16, u16) {
    let told = tcgetwinsize(io::stderr());
    let Winsize { ws_col, ws_row, .. } = told.unwrap_or(Winsize {
        ws_row: 0,
        ws_col: 0,
        ws_xpixel: 0,
        ws_ypixel: 0,
    });
    let or = |told: u16, else_: u16| if told == 0 { else_ } else { told };
    (or(ws_col, COLUMNS), or(ws_row, ROWS))
}

/// Whether the terminal is ours to draw on: not that of a shell from which we were sent to the
/// background. One that no shell has is.
fn is_in_foreground() -> bool {
    tcgetpgrp(io::stderr()).map_or(true, |group| group == rustix::process::getpgrp())
}

/// Whether nothing more is drawn.
pub(super) fn is_over() -> bool {
    IS_OVER.load(SeqCst)
}

/// Removes what is drawn, and draws nothing any more. Takes no lock but that of standard error, which
/// nobody holds for long: for a fault of the program, whoever holds which.
pub(super) fn give_up() {
    IS_OVER.store(true, SeqCst);
    let mut stderr = io::stderr().lock();
    if IS_DRAWN.swap(false, SeqCst) {
        write(&mut stderr, CLEAR);
    }
}

/// Whether there is anything of bars on the terminal.
#[cfg(test)]
pub(super) fn is_drawn() -> bool {
    IS_DRAWN.load(SeqCst)
}

fn write(stderr: &mut StderrLock<'_>, text: &str) {
    let _ = stderr
        .write_all(text.as_bytes())
        .and_then(|()| stderr.flush());
}

impl TermLike for Canvas {
    /// Without the last column, see [`Screen`].
    fn width(&self) -> u16 {
        size().0.saturating_sub(1).max(1)
    }

    fn height(&self) -> u16 {
        size().1
    }

    fn move_cursor_up(&self, rows: usize) -> io::Result<()> {
        self.screen().up(rows);
        Ok(())
    }

    fn move_cursor_down(&self, rows: usize) -> io::Result<()> {
        self.screen().down(rows);
        Ok(())
    }

    fn move_cursor_right(&self, columns: usize) -> io::Result<()> {
        self.screen().right(columns);
        Ok(())
    }

    fn move_cursor_left(&self, columns: usize) -> io::Result<()> {
        self.screen().left(columns);
        Ok(())
    }

    fn write_line(&self, text: &str) -> io::Result<()> {
        let width = usize::from(self.width());
        let mut screen = self.screen();
        screen.write(text, width);
        screen.end_row();
        Ok(())
    }

    fn write_str(&self, text: &str) -> io::Result<()> {
        self.screen().write(text, usize::from(self.width()));
        Ok(())
    }

    fn clear_line(&self) -> io::Result<()> {
        self.screen().clear_row();
        Ok(())
    }

    fn flush(&self) -> io::Result<()> {
        let drawn = self.screen().draw();
        // So nothing is drawn once somebody else has given up, or paused.
        let mut stderr = io::stderr().lock();
        if is_over() || is_paused() || !is_in_foreground() {
            return Ok(());
        }
        let is_something = drawn != CLEAR;
        if IS_DRAWN.swap(is_something, SeqCst) || is_something {
            write(&mut stderr, &drawn);
        }
        Ok(())
    }
}

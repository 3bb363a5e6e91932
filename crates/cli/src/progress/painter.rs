//! Draws the bars anew some times a second, however much is told meanwhile.

use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use indicatif::{MultiProgress, ProgressBar, ProgressStyle, TermLike};
use nix_copy::Cancel;

use super::bars;
use super::canvas::Canvas;
use super::columns::columns;
use super::line::{in_rows, line, name};
use super::queue::QueueProgress;
use crate::terminal::wants_colours;

/// Between two drawings.
const INTERVAL: Duration = Duration::from_millis(100);

/// A queue that is pushed; `None` once it is not any more.
pub(super) type Slot = Arc<Mutex<Option<QueueProgress>>>;

/// A thread that draws. It ends, and the bars are gone, when this is dropped.
pub(super) struct Painter {
    queues: Sender<Slot>,
    thread: Option<JoinHandle<()>>,
}

impl Painter {
    /// `None` where the system gives no thread: nothing is drawn then.
    pub(super) fn begin(stop: Cancel) -> Option<Self> {
        let (queues, added) = mpsc::channel::<Slot>();
        let paint = move || {
            let mut picture = Picture::new(stop);
            loop {
                match added.recv_timeout(INTERVAL) {
                    Ok(slot) => picture.queues.push(slot),
                    Err(RecvTimeoutError::Timeout) => picture.paint(),
                    Err(RecvTimeoutError::Disconnected) => return,
                }
            }
        };
        let thread = thread::Builder::new()
            .name("progress".to_owned())
            .spawn(paint);
        match thread {
            Ok(thread) => Some(Self {
                queues,
                thread: Some(thread),
            }),
            Err(error) => {
                tracing::debug!(%error, "no thread to show progress");
                None
            }
        }
    }

    pub(super) fn add(&self, slot: Slot) {
        // After a fault in it nothing is drawn.
        let _ = self.queues.send(slot);
    }
}

impl Drop for Painter {
    fn drop(&mut self) {
        // The other end sees that there will be no more.
        (self.queues, _) = mpsc::channel();
        let ended = self.thread.take().map(JoinHandle::join);
        if let Some(Err(_)) = ended {
            bars::forsake();
        }
        bars::end();
    }
}

struct Picture {
    bars: MultiProgress,
    stop: Cancel,
    colours: bool,
    queues: Vec<Slot>,
    rows: Vec<ProgressBar>,
}

impl Picture {
    fn new(stop: Cancel) -> Self {
        Self {
            bars: bars::begin(),
            stop,
            colours: wants_colours(&std::io::stderr()),
            queues: Vec::new(),
            rows: Vec::new(),
        }
    }

    fn paint(&mut self) {
        let now = Instant::now();
        let canvas = Canvas::default();
        let (width, height) = (usize::from(canvas.width()), usize::from(canvas.height()));
        let (stops, colours) = (self.stop.is_cancelled(), self.colours);
        let mut views = Vec::new();
        self.queues.retain(|slot| {
            let mut slot = slot.lock().unwrap_or_else(PoisonError::into_inner);
            views.extend(slot.as_mut().map(|queue| queue.view(now, stops)));
            slot.is_some()
        });
        let names = views.iter().map(|view| columns(&name(view, width)));
        let names = names.max().unwrap_or_default();
        let lines = views.iter().map(|view| line(view, names, width, colours));
        self.show(in_rows(lines.collect(), height));
    }

    fn show(&mut self, lines: Vec<String>) {
        while self.rows.len() < lines.len() {
            // The line is ours as it is.
            let style = ProgressStyle::with_template("{msg}");
            let style = style.unwrap_or_else(|_| ProgressStyle::default_spinner());
            let row = ProgressBar::no_length().with_style(style);
            self.rows.push(self.bars.add(row));
        }
        for row in self.rows.drain(lines.len()..) {
            row.finish_and_clear();
            self.bars.remove(&row);
        }
        for (row, line) in self.rows.iter().zip(lines) {
            row.set_message(line);
        }
    }
}

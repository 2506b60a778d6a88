//! How far long work has come.

use std::cell::Cell;
use std::fmt::Arguments;
use std::io::{IsTerminal as _, Write as _};
use std::time::{Duration, Instant};

/// A line on standard error that is written over again and again: on a terminal only, and not beside `--json`. Dropped, the
/// line ends.
#[derive(Debug)]
pub(super) struct Progress {
    shows: bool,
    last: Cell<Option<Instant>>,
}

/// How often it is written over, at most.
const PAUSE: Duration = Duration::from_millis(100);

impl Progress {
    pub(super) fn new(json: bool) -> Self {
        Self { shows: std::io::stderr().is_terminal() && !json, last: Cell::new(None) }
    }

    pub(super) fn show(&self, line: Arguments<'_>) {
        if self.shows && self.last.get().is_none_or(|last| last.elapsed() >= PAUSE) {
            self.last.set(Some(Instant::now()));
            // It only entertains.
            let _ = write!(std::io::stderr(), "\r{line}\x1b[K");
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if self.last.get().is_some() {
            let _ = writeln!(std::io::stderr());
        }
    }
}

//! How far long work has come.

use std::fmt::Arguments;
use std::io::{IsTerminal as _, Write as _};

/// A line on standard error that is written over again and again: on a terminal only, and not beside `--json`. Dropped, the
/// line ends.
#[derive(Debug)]
pub(super) struct Progress {
    shows: bool,
    has_shown: std::cell::Cell<bool>,
}

impl Progress {
    pub(super) fn new(json: bool) -> Self {
        Self { shows: std::io::stderr().is_terminal() && !json, has_shown: false.into() }
    }

    pub(super) fn show(&self, line: Arguments<'_>) {
        if self.shows {
            self.has_shown.set(true);
            // It only entertains.
            let _ = write!(std::io::stderr(), "\r{line}\x1b[K");
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if self.has_shown.get() {
            let _ = writeln!(std::io::stderr());
        }
    }
}

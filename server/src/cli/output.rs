//! Printing. Whoever reads may have gone, or the disk may be full: that is no reason to panic.

use std::fmt::Arguments;
use std::io::{self, Write as _};

use super::Failure;

/// Prints a line on standard output: what the command was called for.
macro_rules! out {
    ($($part:tt)*) => { $crate::cli::output::line(format_args!($($part)*)) };
}

/// Prints a line on standard output that nothing depends on.
macro_rules! show {
    ($($part:tt)*) => { $crate::cli::output::line(format_args!($($part)*)).unwrap_or_default() };
}

/// Prints a line on standard error, for people.
macro_rules! note {
    ($($part:tt)*) => { $crate::cli::output::error_line(format_args!($($part)*)) };
}

pub(super) use {note, out, show};

pub(in crate::cli) fn line(line: Arguments<'_>) -> Result<(), Failure> {
    let written = writeln!(anstream::stdout().lock(), "{line}");
    Ok(written.map_err(Unwritten)?)
}

/// What was to be printed was not.
#[derive(Debug, thiserror::Error)]
#[error("cannot write to standard output: {0}")]
pub(in crate::cli) struct Unwritten(io::Error);

impl Unwritten {
    /// Whether whoever read has closed the pipe, as `head` does.
    pub(in crate::cli) fn is_unread(&self) -> bool {
        self.0.kind() == io::ErrorKind::BrokenPipe
    }
}

pub(in crate::cli) fn error_line(line: Arguments<'_>) {
    // There is nowhere else to say it.
    let _ = writeln!(anstream::stderr().lock(), "{line}");
}

/// What another said, without what a terminal would obey.
pub(in crate::cli) fn plain(text: &str) -> String {
    text.chars().filter(|character| !character.is_control()).collect()
}

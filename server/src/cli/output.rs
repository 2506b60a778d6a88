//! Printing. Whoever reads may have gone, or the disk may be full: that is no reason to panic.

use std::fmt::Arguments;
use std::io::Write as _;

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
    written.map_err(|error| format!("cannot write to standard output: {error}").into())
}

pub(in crate::cli) fn error_line(line: Arguments<'_>) {
    // There is nowhere else to say it.
    let _ = writeln!(anstream::stderr().lock(), "{line}");
}

/// What another said, without what a terminal would obey.
pub(in crate::cli) fn plain(text: &str) -> String {
    text.chars().filter(|character| !character.is_control()).collect()
}

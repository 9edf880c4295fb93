//! The one place that writes to the terminal. Results go to standard output, what goes on to standard error, so that
//! `kexiang report day --format csv > day.csv` holds the report alone.

use std::io::Write;

/// Writes a line of the result. A reader that went away (`| head`) is no failure.
pub fn line(text: impl std::fmt::Display) {
    let mut out = std::io::stdout().lock();
    drop(writeln!(out, "{text}").and_then(|()| out.flush()));
}

/// Writes a line about what goes on.
pub fn note(text: impl std::fmt::Display) {
    drop(writeln!(std::io::stderr().lock(), "{text}"));
}

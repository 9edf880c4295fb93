//! A reader that knows on which line each byte stands, and that gives up on a record without end.
//!
//! The CSV reader counts lines too, but is one behind after CRLF and at blank lines. People look rows up by these
//! numbers.

use std::{
    collections::VecDeque,
    io::{Error, Read},
};

/// Largest record, in bytes.
const RECORD_LIMIT: u64 = 4 * 1024 * 1024;

/// Remembers the line ends between the record at hand and what was read ahead.
pub struct Lines<R> {
    inner: R,
    /// Bytes read.
    read: u64,
    /// Where the record at hand begins.
    record_begin: u64,
    /// Line ends at or after `record_begin`: position, and whether it is a line feed.
    ends: VecDeque<(u64, bool)>,
    /// The line on which the record at hand begins.
    line: u64,
}

impl<R> Lines<R> {
    /// Begins on line 1.
    pub const fn new(inner: R) -> Self {
        Self { inner, read: 0, record_begin: 0, ends: VecDeque::new(), line: 1 }
    }

    /// Goes on to the record that the CSV reader says begins at byte `begin`, and tells its line. Line ends that
    /// stand there still belong to the record before or to blank lines.
    pub fn advance(&mut self, begin: u64) -> u64 {
        self.record_begin = begin;
        while let Some((at, is_feed)) = self.ends.front().copied().filter(|(at, _)| *at <= self.record_begin)
        {
            self.ends.pop_front();
            self.record_begin = self.record_begin.max(at + u64::from(at == self.record_begin));
            self.line += u64::from(is_feed);
        }
        self.line
    }
}

impl<R: Read> Read for Lines<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        if self.read - self.record_begin > RECORD_LIMIT {
            return Err(Error::other(
                "the record that begins there is longer than 4 MiB; is a quote never closed?",
            ));
        }
        let count = self.inner.read(buffer)?;
        let ends =
            buffer.iter().take(count).zip(self.read..).filter(|(byte, _)| matches!(byte, b'\n' | b'\r'));
        self.ends.extend(ends.map(|(byte, at)| (at, *byte == b'\n')));
        self.read += count as u64;
        Ok(count)
    }
}

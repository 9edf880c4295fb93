//! Records of a CSV file, plain or gzip, one at a time in bounded memory.
//!
//! A record is known by the line it begins on, as an editor shows it, also after fields of several lines. A byte
//! order mark is skipped. Bytes that are no UTF-8 and records with too many or too few fields spoil that record
//! alone.

use std::{
    fs::File,
    io::{BufRead, BufReader, Read},
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use anyhow::{Context, bail};
use csv::{ByteRecord, StringRecord};
use flate2::bufread::MultiGzDecoder;

use super::lines::Lines;
use crate::profile::{Header, Refusal};

/// The first bytes of every gzip file.
const GZIP: [u8; 2] = [0x1f, 0x8b];

/// A file being read.
pub struct Source {
    reader: csv::Reader<Lines<Box<dyn Read + Send>>>,
    header: Header,
    names: Vec<String>,
    record: ByteRecord,
}

/// One record, or why it is none.
pub struct Line {
    /// Where it begins; the header stands on line 1.
    pub number: u64,
    /// The record.
    pub record: Result<StringRecord, Refusal>,
}

impl Source {
    /// Opens a file. `position` follows the bytes taken from it, packed as they are.
    ///
    /// # Errors
    /// When it can't be read or holds no header.
    pub fn open(path: &Path, position: Arc<AtomicU64>) -> anyhow::Result<Self> {
        let read = || Self::read(Counted { inner: File::open(path)?, position });
        read().with_context(|| format!("{} can't be read", path.display()))
    }

    fn read(file: impl Read + Send + 'static) -> anyhow::Result<Self> {
        let mut file = BufReader::new(file);
        let is_packed = file.fill_buf()?.starts_with(&GZIP);
        let plain: Box<dyn Read + Send> =
            if is_packed { Box::new(MultiGzDecoder::new(file)) } else { Box::new(file) };
        let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(Lines::new(plain));
        let names: Vec<_> = reader.headers().context("in the header")?.iter().map(str::to_owned).collect();
        if names.is_empty() {
            bail!("it is empty: the first line has to name the columns");
        }
        Ok(Self {
            reader,
            header: Header::new(names.iter().map(String::as_str)),
            names,
            record: ByteRecord::new(),
        })
    }

    /// Which column stands where.
    #[must_use]
    pub const fn header(&self) -> &Header {
        &self.header
    }

    /// The next record; nothing at the end.
    ///
    /// # Errors
    /// When the file can't be read on.
    pub fn next_line(&mut self) -> anyhow::Result<Option<Line>> {
        let read = self.reader.read_byte_record(&mut self.record);
        let begin = self.record.position().map_or(0, csv::Position::byte);
        let number = self.reader.get_mut().advance(begin);
        let is_there = read.with_context(|| format!("the file can't be read on from line {number}"))?;
        Ok(is_there.then(|| Line { number, record: self.text() }))
    }

    fn text(&self) -> Result<StringRecord, Refusal> {
        if self.record.len() != self.names.len() {
            let description =
                format!("the row has {} fields, the header {}", self.record.len(), self.names.len());
            return Err(Refusal::new("row", "FIELD_COUNT", &description));
        }
        StringRecord::from_byte_record(self.record.clone()).map_err(|error| {
            let column = self.names.get(error.utf8_error().field()).map(String::as_str).unwrap_or_default();
            Refusal::new("row", "INVALID_UTF8", &format!("column `{column}` is not UTF-8"))
        })
    }
}

/// Tells how many bytes went through.
struct Counted<R> {
    inner: R,
    position: Arc<AtomicU64>,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.position.fetch_add(read as u64, Ordering::Relaxed);
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    fn lines(file: &[u8]) -> Vec<(u64, Result<Vec<String>, String>)> {
        let mut source = Source::read(std::io::Cursor::new(file.to_vec())).unwrap();
        std::iter::from_fn(|| source.next_line().unwrap())
            .map(|line| {
                let record = line.record.map(|record| record.iter().map(str::to_owned).collect());
                (line.number, record.map_err(|refusal| refusal.reason))
            })
            .collect()
    }

    fn cells(cells: &[&str]) -> Result<Vec<String>, String> {
        Ok(cells.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn a_record_is_known_by_the_line_it_begins_on() {
        let expected = vec![(2, cells(&["1", "x\ny"])), (4, cells(&["2", "z"])), (6, cells(&["3", "w"]))];

        assert_eq!(lines(b"a,b\n1,\"x\ny\"\n2,z\n\n3,w"), expected);
    }

    #[test]
    fn line_ends_of_two_bytes_count_once() {
        let expected = vec![(2, cells(&["1", "x\r\ny"])), (4, cells(&["2", "z"])), (6, cells(&["3", "w"]))];

        assert_eq!(lines(b"a,b\r\n1,\"x\r\ny\"\r\n2,z\r\n\r\n3,w\r\n"), expected);
    }

    #[test]
    fn a_byte_order_mark_is_no_part_of_the_first_column() {
        let source = Source::read(std::io::Cursor::new(b"\xef\xbb\xbfa,b\n".to_vec())).unwrap();

        assert!(source.header().has("a"));
    }

    #[test]
    fn bad_bytes_and_wrong_field_counts_spoil_their_record_alone() {
        let expected = vec![
            (2, Err("INVALID_UTF8".to_owned())),
            (3, Err("FIELD_COUNT".to_owned())),
            (4, Err("FIELD_COUNT".to_owned())),
            (5, cells(&["2", "z"])),
        ];

        assert_eq!(lines(b"a,b\n1,\xff\n1\n1,2,3\n2,z\n"), expected);
    }

    #[test]
    fn gzip_is_known_by_its_first_bytes() {
        let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        packed.write_all(b"a,b\n1,x\n").unwrap();

        assert_eq!(lines(&packed.finish().unwrap()), vec![(2, cells(&["1", "x"]))]);
    }

    #[test]
    fn a_quote_that_is_never_closed_stops_the_reading_and_names_the_line() {
        let file = [b"a,b\n1,x\n2,\"".as_slice(), &vec![b'y'; 6 * 1024 * 1024]].concat();
        let mut source = Source::read(std::io::Cursor::new(file)).unwrap();
        assert_eq!(source.next_line().unwrap().unwrap().number, 2);

        let error = source.next_line().err().unwrap();

        assert!(format!("{error:#}").contains("from line 3"), "{error:#}");
        assert!(format!("{error:#}").contains("a quote never closed"), "{error:#}");
    }

    #[test]
    fn an_empty_file_is_refused() {
        assert!(Source::read(std::io::empty()).is_err());
    }
}

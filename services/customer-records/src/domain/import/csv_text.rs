//! CSV as it streams in. The sign between cells is the one of `,` `;` tab `|` that the first line has most of.

use csv_core::{ReadRecordResult, ReaderBuilder};
use encoding_rs::Encoding;

use super::{
    FileError, MAX_COLUMNS, MAX_FILE_BYTES, MAX_RECORD_BYTES, RawRow,
    columns::{Columns, Mapping},
    guard::unguarded,
    text::TextReader,
};

const DELIMITERS: [char; 4] = [',', ';', '\t', '|'];

/// Reads CSV.
pub struct CsvReader {
    text: TextReader,
    bytes: usize,
    /// Text before the sign between cells is known.
    head: String,
    core: Option<csv_core::Reader>,
    mapping: Mapping,
    columns: Option<Columns>,
    /// The cells of the record that is being read, one after the other.
    output: Vec<u8>,
    written: usize,
    /// Where each of them ends.
    ends: Vec<usize>,
    ended: usize,
    number: u64,
}

impl CsvReader {
    /// Begins a file.
    #[must_use]
    pub fn new(charset: &'static Encoding, mapping: Mapping) -> Self {
        Self {
            text: TextReader::new(charset),
            bytes: 0,
            head: String::new(),
            core: None,
            mapping,
            columns: None,
            output: vec![0; 4096],
            written: 0,
            ends: vec![0; MAX_COLUMNS + 1],
            ended: 0,
            number: 0,
        }
    }

    /// Takes the next bytes.
    ///
    /// # Errors
    /// [`FileError`].
    pub fn push(&mut self, bytes: &[u8], rows: &mut Vec<RawRow>) -> Result<(), FileError> {
        self.bytes += bytes.len();
        if self.bytes > MAX_FILE_BYTES {
            return Err(FileError::TooLarge(MAX_FILE_BYTES as u64));
        }
        let mut text = std::mem::take(&mut self.head);
        self.text.push(bytes, false, &mut text);
        if self.core.is_none() && !has_line(&text) && text.len() < MAX_RECORD_BYTES {
            self.head = text;
            return Ok(());
        }
        self.read(text.as_bytes(), rows)
    }

    /// Ends the file; tells the columns that mean nothing.
    ///
    /// # Errors
    /// [`FileError`].
    pub fn finish(mut self, rows: &mut Vec<RawRow>) -> Result<Vec<String>, FileError> {
        let mut text = std::mem::take(&mut self.head);
        self.text.push(&[], true, &mut text);
        self.read(text.as_bytes(), rows)?;
        // No input tells the core that there is no more.
        while self.record(&mut &[][..], rows)? {}
        match self.columns {
            Some(columns) => Ok(columns.ignored),
            None => Err(FileError::HeaderInvalid("the file is empty".to_owned())),
        }
    }

    fn read(&mut self, mut text: &[u8], rows: &mut Vec<RawRow>) -> Result<(), FileError> {
        if self.core.is_none() && !text.is_empty() {
            let delimiter = delimiter(&String::from_utf8_lossy(text));
            self.core = Some(ReaderBuilder::new().delimiter(delimiter).build());
        }
        while !text.is_empty() && self.record(&mut text, rows)? {}
        Ok(())
    }

    /// Reads up to one record; tells whether there may be more.
    fn record(&mut self, text: &mut &[u8], rows: &mut Vec<RawRow>) -> Result<bool, FileError> {
        let Some(core) = &mut self.core else { return Ok(false) };
        let (output, ends) = (&mut self.output[self.written..], &mut self.ends[self.ended..]);
        let (result, read, written, ended) = core.read_record(text, output, ends);
        *text = &text[read..];
        self.written += written;
        self.ended += ended;
        match result {
            ReadRecordResult::InputEmpty => Ok(false),
            ReadRecordResult::End => Ok(false),
            ReadRecordResult::OutputEndsFull => Err(FileError::TooManyColumns(self.number + 1)),
            ReadRecordResult::OutputFull if self.output.len() >= MAX_RECORD_BYTES => {
                Err(FileError::RecordTooLarge(self.number + 1))
            }
            ReadRecordResult::OutputFull => {
                self.output.resize(self.output.len() * 2, 0);
                Ok(true)
            }
            ReadRecordResult::Record => self.complete(rows).map(|()| true),
        }
    }

    fn complete(&mut self, rows: &mut Vec<RawRow>) -> Result<(), FileError> {
        self.number += 1;
        if self.ended > MAX_COLUMNS {
            return Err(FileError::TooManyColumns(self.number));
        }
        let ends = &self.ends[..self.ended];
        let starts = std::iter::once(0).chain(ends.iter().copied());
        let cells: Vec<_> =
            starts.zip(ends).map(|(start, end)| String::from_utf8_lossy(&self.output[start..*end])).collect();
        match &self.columns {
            Some(columns) => {
                let row = columns.row(self.number, cells.iter().map(|cell| unguarded(cell)));
                // A line of nothing but signs between cells.
                rows.extend((!row.cells.is_empty()).then_some(row));
            }
            None => {
                let header: Vec<&str> = cells.iter().map(AsRef::as_ref).collect();
                self.columns = Some(Columns::read(&header, &self.mapping)?);
            }
        }
        (self.written, self.ended) = (0, 0);
        Ok(())
    }
}

/// Whether a line ends outside of quotes.
fn has_line(text: &str) -> bool {
    first_line(text).len() < text.len()
}

fn first_line(text: &str) -> &str {
    let mut quoted = false;
    let end = text.char_indices().find(|(_, letter)| {
        quoted ^= *letter == '"';
        !quoted && matches!(letter, '\n' | '\r')
    });
    end.map_or(text, |(at, _)| &text[..at])
}

fn delimiter(text: &str) -> u8 {
    let mut quoted = false;
    let line: Vec<char> = first_line(text)
        .chars()
        .filter(|letter| {
            quoted ^= *letter == '"';
            !quoted
        })
        .collect();
    let count = |sign: &char| line.iter().filter(|letter| *letter == sign).count();
    // Of equals the last one wins, so the comma stands last.
    let most = DELIMITERS.into_iter().rev().max_by_key(count).unwrap_or(',');
    u8::try_from(most).unwrap_or(b',')
}

#[cfg(test)]
mod tests {
    use encoding_rs::{GB18030, UTF_8};
    use proptest::prelude::*;

    use super::*;
    use crate::domain::import::columns::Field;

    fn read(file: &[u8], piece: usize, charset: &'static Encoding) -> Result<Vec<RawRow>, FileError> {
        let (mut reader, mut rows) = (CsvReader::new(charset, Vec::new()), Vec::new());
        for bytes in file.chunks(piece) {
            reader.push(bytes, &mut rows)?;
        }
        reader.finish(&mut rows)?;
        Ok(rows)
    }

    #[test]
    fn rows_are_the_same_however_the_bytes_come() {
        let file =
            "\u{feff}编号;姓名;电话\r\n1;\"王;小明\n\";'+8613800138000\r\n\r\n;;\r\n2;李娜;13900139000"
                .as_bytes();
        let whole = read(file, file.len(), UTF_8).unwrap();

        for piece in 1..20 {
            assert!(read(file, piece, UTF_8).unwrap() == whole, "{piece}");
        }

        assert_eq!(whole.iter().map(|row| row.number).collect::<Vec<_>>(), [2, 4]);
        assert_eq!(whole[0].cells[1], (Field::DisplayName, "王;小明\n".to_owned()));
        assert_eq!(whole[0].cells[2], (Field::Phone, "+8613800138000".to_owned()));
    }

    #[test]
    fn chinese_character_sets_are_read() {
        let (file, ..) = GB18030.encode("编号,姓名\n1,王小明\n");

        let rows = read(&file, 3, GB18030).unwrap();

        assert_eq!(rows[0].cells[1].1, "王小明");
    }

    #[test]
    fn a_file_that_can_not_be_read_is_refused() {
        let open = format!("id,name\n1,\"{}", "a".repeat(MAX_RECORD_BYTES + 1));
        let wide = format!("id{}\n", ",x".repeat(MAX_COLUMNS));

        assert_eq!(read(open.as_bytes(), 9999, UTF_8).err(), Some(FileError::RecordTooLarge(2)));
        assert_eq!(read(wide.as_bytes(), 9999, UTF_8).err(), Some(FileError::TooManyColumns(1)));
        assert!(matches!(read(b"", 9, UTF_8), Err(FileError::HeaderInvalid(_))));
    }

    proptest! {
        #[test]
        fn nothing_makes_it_panic(file in proptest::collection::vec(any::<u8>(), 0..300), piece in 1usize..40) {
            let mut with_header = b"id,name,phone\n".to_vec();
            with_header.extend(file);
            let _ = read(&with_header, piece, UTF_8);
        }
    }
}

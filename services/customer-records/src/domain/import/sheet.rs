//! The first sheet of an Excel workbook. A workbook is a zip file whose table of contents stands at the end, so it has to be there
//! whole; how much it unpacks to is measured before anything is read of it.

use std::io::{self, Cursor, Read};

use calamine::{DataRef, Reader as _, Xlsx};
use zip::ZipArchive;

use super::{
    FileError, MAX_CELL, MAX_COLUMNS, MAX_SHEET_BYTES, MAX_UNPACKED_BYTES, RawRow,
    columns::{Columns, Mapping},
};

const UNREADABLE: FileError = FileError::Unreadable("spreadsheet (.xlsx)");
/// Unpacked at once.
const PIECE: usize = 64 << 10;

/// A workbook as it comes in.
pub struct Sheet {
    bytes: Vec<u8>,
    mapping: Mapping,
}

impl Sheet {
    /// Begins a file.
    #[must_use]
    pub const fn new(mapping: Mapping) -> Self {
        Self { bytes: Vec::new(), mapping }
    }

    /// Keeps the next bytes.
    ///
    /// # Errors
    /// [`FileError::TooLarge`].
    pub fn push(&mut self, bytes: &[u8]) -> Result<(), FileError> {
        if self.bytes.len() + bytes.len() > MAX_SHEET_BYTES {
            return Err(FileError::TooLarge(MAX_SHEET_BYTES as u64));
        }
        self.bytes.extend_from_slice(bytes);
        Ok(())
    }

    /// Reads all rows, as long as `take` wants more; tells the columns that mean nothing. Takes seconds for a large one.
    ///
    /// # Errors
    /// [`FileError`]; rows given before stand.
    pub fn read(self, mut take: impl FnMut(RawRow) -> bool) -> Result<Vec<String>, FileError> {
        measure(&self.bytes)?;
        let mut book: Xlsx<_> = Xlsx::new(Cursor::new(self.bytes)).map_err(|_| UNREADABLE)?;
        let first = book.sheet_names().first().cloned().ok_or(UNREADABLE)?;
        let mut cells = book.worksheet_cells_reader(&first).map_err(|_| UNREADABLE)?;
        let mut reading = Reading { mapping: &self.mapping, columns: None, row: Vec::new(), number: 1 };
        while let Some(cell) = cells.next_cell().map_err(|_| UNREADABLE)? {
            let (row, column) = cell.get_position();
            let number = u64::from(row) + 1;
            if number != reading.number {
                if !reading.complete(&mut take)? {
                    return Ok(Vec::new());
                }
                reading.number = number;
            }
            reading.put(column as usize, text(cell.get_value()))?;
        }
        reading.complete(&mut take)?;
        let empty = || FileError::HeaderInvalid("the first sheet is empty".to_owned());
        reading.columns.map(|columns| columns.ignored).ok_or_else(empty)
    }
}

/// The row that is being read.
struct Reading<'a> {
    mapping: &'a Mapping,
    columns: Option<Columns>,
    row: Vec<String>,
    number: u64,
}

impl Reading<'_> {
    fn put(&mut self, column: usize, text: String) -> Result<(), FileError> {
        if text.is_empty() {
            return Ok(());
        }
        if column >= MAX_COLUMNS {
            return Err(FileError::TooManyColumns(self.number));
        }
        if self.row.len() <= column {
            self.row.resize(column + 1, String::new());
        }
        self.row[column] = text;
        Ok(())
    }

    /// The first row with anything in it has the names.
    fn complete(&mut self, take: &mut impl FnMut(RawRow) -> bool) -> Result<bool, FileError> {
        let row = std::mem::take(&mut self.row);
        if row.iter().all(|cell| cell.trim().is_empty()) {
            return Ok(true);
        }
        let cells = row.iter().map(String::as_str);
        match &self.columns {
            Some(columns) => {
                let row = columns.row(self.number, cells);
                Ok(row.cells.is_empty() || take(row))
            }
            None => {
                self.columns = Some(Columns::read(&cells.collect::<Vec<_>>(), self.mapping)?);
                Ok(true)
            }
        }
    }
}

/// The text of a cell; a phone typed as a number has all its digits.
fn text(value: &DataRef<'_>) -> String {
    match value {
        DataRef::Int(number) => number.to_string(),
        DataRef::Float(number) => number.to_string(),
        DataRef::String(text) | DataRef::DateTimeIso(text) | DataRef::DurationIso(text) => cut(text),
        DataRef::SharedString(text) => cut(text),
        DataRef::Bool(truth) => truth.to_string(),
        DataRef::DateTime(time) => time.as_f64().to_string(),
        DataRef::Error(_) | DataRef::Empty => String::new(),
    }
}

fn cut(text: &str) -> String {
    text.chars().take(MAX_CELL + 1).collect()
}

/// Unpacks everything into nothing, and counts: the sizes that a zip file tells may lie.
fn measure(bytes: &[u8]) -> Result<(), FileError> {
    let mut archive = ZipArchive::new(Cursor::new(bytes)).map_err(|_| UNREADABLE)?;
    let mut left = MAX_UNPACKED_BYTES;
    let mut piece = vec![0; PIECE];
    for index in 0..archive.len() {
        let mut file = archive.by_index(index).map_err(|_| UNREADABLE)?;
        loop {
            let read = match file.read(&mut piece) {
                Ok(0) => break,
                Ok(read) => read as u64,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(_) => return Err(UNREADABLE),
            };
            left = left.checked_sub(read).ok_or(FileError::TooLarge(MAX_UNPACKED_BYTES))?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use zip::{ZipWriter, write::SimpleFileOptions};

    use super::*;

    #[test]
    fn what_unpacks_to_too_much_is_refused_unread() {
        let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
        zip.start_file("xl/sharedStrings.xml", SimpleFileOptions::default()).unwrap();
        let zeros = vec![0; 1 << 20];
        for _ in 0..=MAX_UNPACKED_BYTES >> 20 {
            zip.write_all(&zeros).unwrap();
        }
        let bytes = zip.finish().unwrap().into_inner();
        let mut sheet = Sheet::new(Vec::new());
        sheet.push(&bytes).unwrap();

        assert_eq!(sheet.read(|_| true), Err(FileError::TooLarge(MAX_UNPACKED_BYTES)));
    }

    #[test]
    fn what_is_no_workbook_is_refused() {
        let mut sheet = Sheet::new(Vec::new());
        sheet.push(b"id,name\n").unwrap();

        assert_eq!(sheet.read(|_| true), Err(UNREADABLE));
    }
}

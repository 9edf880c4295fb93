//! Customers from files (CU-9): CSV, spreadsheet, vCard; read row by row, decided batch by batch. Pure.
//!
//! | to see | read |
//! |---|---|
//! | bytes to rows | [`csv_text`], [`card`], [`sheet`], [`Reader`] |
//! | which column is what | [`columns`] |
//! | a row, and everything wrong with it | [`row`] |
//! | what becomes of a row | [`plan`] |
//!
//! Invariants:
//! - A row is known in its source by its id there, else by its first identifying contact point. What was taken in of it is
//!   remembered: the same again changes nothing, so a file can be taken in any number of times, also after it broke off.
//! - A row adds and renames; it takes nothing away and never changes what somebody is.
//! - A wrong row never fails its neighbours; a file that can't be read further ends the import, and what came before stays.

pub mod card;
pub mod columns;
pub mod csv_text;
pub mod guard;
pub mod plan;
pub mod row;
pub mod sheet;
pub mod text;

use encoding_rs::Encoding;

use columns::{Field, Mapping};

/// The most bytes of a CSV or vCard file.
pub const MAX_FILE_BYTES: usize = 256 << 20;
/// The most bytes of a spreadsheet: it has to be there whole before it can be read.
pub const MAX_SHEET_BYTES: usize = 32 << 20;
/// The most bytes that a spreadsheet unpacks to.
pub const MAX_UNPACKED_BYTES: u64 = 512 << 20;
/// The most rows or cards of a file.
pub const MAX_ROWS: u64 = 500_000;
/// The most columns.
pub const MAX_COLUMNS: usize = 100;
/// The most bytes of one row or card.
pub const MAX_RECORD_BYTES: usize = 1 << 20;
/// The longest cell, in characters.
pub const MAX_CELL: usize = 10_000;

/// What a file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileFormat {
    /// Comma, semicolon, tab or bar between cells.
    Csv,
    /// The first sheet of an Excel workbook.
    Xlsx,
    /// vCard; written in 4.0.
    VCard,
    /// vCard; written in 3.0.
    VCard3,
}

/// Why a file can't be read, or not further.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FileError {
    /// Over the bytes of its format.
    #[error("the file is larger than {0} bytes")]
    TooLarge(u64),
    /// Over [`MAX_ROWS`].
    #[error("the file has more than {MAX_ROWS} rows")]
    TooManyRows,
    /// Over [`MAX_COLUMNS`].
    #[error("row {0} has more than {MAX_COLUMNS} columns")]
    TooManyColumns(u64),
    /// Over [`MAX_RECORD_BYTES`]; often a quote that nobody closed.
    #[error("row {0} is larger than {MAX_RECORD_BYTES} bytes: a quote may be left open")]
    RecordTooLarge(u64),
    /// No row of column names that says enough.
    #[error("{0}")]
    HeaderInvalid(String),
    /// Not of the format that was said.
    #[error("the file is no {0}")]
    Unreadable(&'static str),
}

/// One thing that is wrong with a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// Path of the field, such as `phone[1]`.
    pub field: String,
    /// A constant for programs.
    pub reason: &'static str,
    /// What is wrong; says nothing of what is in the cell.
    pub text: String,
}

impl Fault {
    /// A fault.
    pub fn new(field: impl Into<String>, reason: &'static str, text: impl Into<String>) -> Self {
        Self { field: field.into(), reason, text: text.into() }
    }
}

/// A row as it stands in the file.
#[derive(Clone, PartialEq, Eq)]
pub struct RawRow {
    /// As a spreadsheet counts: the names of the columns are row 1. Cards count from 1.
    pub number: u64,
    /// The cells that mean something.
    pub cells: Vec<(Field, String)>,
    /// What is wrong with the row as a whole.
    pub fault: Option<Fault>,
}

/// Reads the rows of a file as its bytes come.
pub enum Reader {
    /// CSV.
    Csv(Box<csv_text::CsvReader>),
    /// Cards.
    VCard(Box<card::CardReader>),
    /// A spreadsheet, kept until it is whole.
    Xlsx(sheet::Sheet),
}

impl Reader {
    /// Begins a file.
    #[must_use]
    pub fn new(format: FileFormat, charset: &'static Encoding, mapping: Mapping) -> Self {
        match format {
            FileFormat::Csv => Self::Csv(Box::new(csv_text::CsvReader::new(charset, mapping))),
            FileFormat::Xlsx => Self::Xlsx(sheet::Sheet::new(mapping)),
            FileFormat::VCard | FileFormat::VCard3 => Self::VCard(Box::new(card::CardReader::new(charset))),
        }
    }

    /// Takes the next bytes and adds the rows that they complete.
    ///
    /// # Errors
    /// [`FileError`]; rows added before stand.
    pub fn push(&mut self, bytes: &[u8], rows: &mut Vec<RawRow>) -> Result<(), FileError> {
        match self {
            Self::Csv(reader) => reader.push(bytes, rows),
            Self::VCard(reader) => reader.push(bytes, rows),
            Self::Xlsx(sheet) => sheet.push(bytes),
        }
    }

    /// Ends a file that is read as it comes. A spreadsheet comes back, to be read where that may take its time.
    ///
    /// # Errors
    /// [`FileError`].
    pub fn finish(self, rows: &mut Vec<RawRow>) -> Result<Finished, FileError> {
        match self {
            Self::Csv(reader) => reader.finish(rows).map(Finished::Ignored),
            Self::VCard(reader) => reader.finish(rows).map(|()| Finished::Ignored(Vec::new())),
            Self::Xlsx(sheet) => Ok(Finished::Sheet(sheet)),
        }
    }
}

/// What is left at the end of the bytes.
pub enum Finished {
    /// Nothing; these columns meant nothing.
    Ignored(Vec<String>),
    /// A spreadsheet to read.
    Sheet(sheet::Sheet),
}

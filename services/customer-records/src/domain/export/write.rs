//! The formats. CSV and vCards are written as they go, a spreadsheet at the end.

use calcard::vcard::{VCard, VCardEntry, VCardProperty, VCardValue, VCardVersion};
use rust_xlsxwriter::{Workbook, Worksheet};

use super::{COLUMNS, ExportRow, MAX_SHEET_CUSTOMERS};
use crate::domain::{
    contact_point::ContactPointKind,
    import::{FileFormat, card, guard::guarded},
};

/// Why a file can't be written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unwritable {
    /// Over [`MAX_SHEET_CUSTOMERS`].
    #[error("a spreadsheet has at most {MAX_SHEET_CUSTOMERS} customers: use CSV")]
    TooManyCustomers,
    /// A defect.
    #[error("the file can't be written: {0}")]
    Failed(String),
}

fn failed(error: impl std::fmt::Display) -> Unwritable {
    Unwritable::Failed(error.to_string())
}

/// Writes a file of customers.
pub enum FileWriter {
    /// CSV in UTF-8 with a byte order mark, by which Excel knows it; whether the names of the columns are written.
    Csv(bool),
    /// Cards.
    VCard(VCardVersion),
    /// A sheet, and how many rows it has.
    Xlsx(Box<Worksheet>, u32),
}

impl FileWriter {
    /// Begins a file.
    #[must_use]
    pub fn new(format: FileFormat) -> Self {
        match format {
            FileFormat::Csv => Self::Csv(false),
            FileFormat::Xlsx => Self::Xlsx(Box::new(Worksheet::new()), 0),
            FileFormat::VCard => Self::VCard(VCardVersion::V4_0),
            FileFormat::VCard3 => Self::VCard(VCardVersion::V3_0),
        }
    }

    /// The bytes of the next rows; none for a spreadsheet.
    ///
    /// # Errors
    /// [`Unwritable`].
    pub fn push(&mut self, rows: &[ExportRow]) -> Result<Vec<u8>, Unwritable> {
        match self {
            Self::Csv(begun) => {
                let is_first = !std::mem::replace(begun, true);
                csv(rows, is_first)
            }
            Self::VCard(version) => cards(rows, *version),
            Self::Xlsx(sheet, written) => push_rows(sheet, written, rows).map(|()| Vec::new()),
        }
    }

    /// The bytes that are left.
    ///
    /// # Errors
    /// [`Unwritable`].
    pub fn finish(mut self) -> Result<Vec<u8>, Unwritable> {
        let rest = self.push(&[])?;
        match self {
            Self::Csv(_) | Self::VCard(_) => Ok(rest),
            Self::Xlsx(sheet, _) => {
                let mut book = Workbook::new();
                book.push_worksheet(*sheet);
                book.save_to_buffer().map_err(failed)
            }
        }
    }
}

fn csv(rows: &[ExportRow], with_names: bool) -> Result<Vec<u8>, Unwritable> {
    let start = if with_names { "\u{feff}" } else { "" };
    let mut writer =
        csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(start.as_bytes().to_vec());
    if with_names {
        writer.write_record(COLUMNS).map_err(failed)?;
    }
    for row in rows {
        writer.write_record(row.cells().map(|cell| guarded(&cell))).map_err(failed)?;
    }
    writer.into_inner().map_err(failed)
}

/// Cells are written as texts: none is a formula.
fn push_rows(sheet: &mut Worksheet, written: &mut u32, rows: &[ExportRow]) -> Result<(), Unwritable> {
    if *written == 0 {
        push_row(sheet, written, &COLUMNS.map(str::to_owned))?;
    }
    for row in rows {
        if *written as usize > MAX_SHEET_CUSTOMERS {
            return Err(Unwritable::TooManyCustomers);
        }
        push_row(sheet, written, &row.cells())?;
    }
    Ok(())
}

fn push_row(sheet: &mut Worksheet, written: &mut u32, cells: &[String]) -> Result<(), Unwritable> {
    for (column, cell) in (0..).zip(cells) {
        sheet.write_string(*written, column, cell).map_err(failed)?;
    }
    *written += 1;
    Ok(())
}

fn cards(rows: &[ExportRow], version: VCardVersion) -> Result<Vec<u8>, Unwritable> {
    let mut text = String::new();
    for row in rows {
        card_of(row).write_to(&mut text, version).map_err(failed)?;
    }
    Ok(text.into_bytes())
}

/// The whole address stands in the street: what was typed in one line is not taken apart.
fn card_of(row: &ExportRow) -> VCard {
    let entry =
        |property, text: &str| VCardEntry::new(property).with_value(VCardValue::Text(text.to_owned()));
    let mut entries = vec![
        entry(VCardProperty::Fn, &row.display_name),
        entry(VCardProperty::Other(card::X_CUSTOMER.to_owned()), &row.customer),
        entry(VCardProperty::Other(card::X_KIND.to_owned()), row.kind),
    ];
    let parts = |street: &str| {
        ["", "", street, "", "", "", ""].map(|part| VCardValue::Text(part.to_owned())).to_vec()
    };
    // 3.0 wants the parts of the name as well.
    entries.push(VCardEntry::new(VCardProperty::N).with_values(
        [row.display_name.as_str(), "", "", "", ""].map(|part| VCardValue::Text(part.to_owned())).to_vec(),
    ));
    for (kind, text) in &row.contact_points {
        entries.push(match kind {
            ContactPointKind::Phone => entry(VCardProperty::Tel, text),
            ContactPointKind::Email => entry(VCardProperty::Email, text),
            ContactPointKind::Messaging => entry(VCardProperty::Impp, text),
            ContactPointKind::Address => VCardEntry::new(VCardProperty::Adr).with_values(parts(text)),
        });
    }
    VCard { entries }
}

#[cfg(test)]
mod tests {
    use encoding_rs::UTF_8;

    use super::*;
    use crate::domain::import::{Finished, RawRow, Reader, row};

    fn rows() -> Vec<ExportRow> {
        let point = |kind, text: &str| (kind, text.to_owned());
        let points = vec![
            point(ContactPointKind::Phone, "+8613800138000"),
            point(ContactPointKind::Phone, "+861085296000"),
            point(ContactPointKind::Email, "li.na@example.com"),
            point(ContactPointKind::Address, "云南省 昆明市; 翠湖路, 5 号"),
        ];
        let customer = "customers/019aa1b2-0000-7000-8000-000000000001".to_owned();
        let name = "=cmd|'李\\娜, 10\"".to_owned();
        vec![ExportRow { customer, kind: "OUTLET", display_name: name, contact_points: points }; 3]
    }

    fn read_back(format: FileFormat, file: &[u8]) -> Vec<RawRow> {
        let (mut reader, mut rows) = (Reader::new(format, UTF_8, Vec::new()), Vec::new());
        reader.push(file, &mut rows).unwrap();
        if let Finished::Sheet(sheet) = reader.finish(&mut rows).unwrap() {
            let ignored = sheet.read(|row| {
                rows.push(row);
                true
            });
            ignored.unwrap();
        }
        rows
    }

    #[test]
    fn what_is_written_reads_back_in_all_formats() {
        for format in [FileFormat::Csv, FileFormat::Xlsx, FileFormat::VCard, FileFormat::VCard3] {
            let mut writer = FileWriter::new(format);
            let mut file = writer.push(&rows()[..1]).unwrap();
            file.extend(writer.push(&rows()[1..]).unwrap());
            file.extend(writer.finish().unwrap());

            let back = read_back(format, &file);

            assert_eq!(back.len(), 3, "{format:?}");
            for raw in back {
                let read = row::read(raw, "CN").ok().unwrap();
                let wanted = &rows()[0];
                assert_eq!(read.customer.unwrap().name(), wanted.customer, "{format:?}");
                assert_eq!(read.kind.unwrap().as_str(), wanted.kind);
                assert_eq!(read.display_name.as_deref(), Some(wanted.display_name.as_str()), "{format:?}");
                let points = read.contact_points.iter().map(|point| (point.kind(), point.value().to_owned()));
                assert_eq!(points.collect::<Vec<_>>(), wanted.contact_points, "{format:?}");
            }
        }
    }

    #[test]
    fn no_cell_of_csv_begins_a_formula() {
        let file = csv(&rows(), true).unwrap();

        let mut reader = csv::Reader::from_reader(&file[..]);
        let begins = |cell: &str| cell.starts_with(['=', '+', '-', '@']);
        assert!(reader.records().all(|record| !record.unwrap().iter().any(begins)));
    }
}

//! Customers to files (CU-9), as somebody with a given sight sees them (CU-14). What sees everything reads back as it was.

mod write;

use kexiang_core::CustomerExportId;
use serde::{Deserialize, Serialize};

pub use write::{FileWriter, Unwritable};

use super::{
    contact_point::ContactPointKind,
    customer::Customer,
    privacy::{PersonalField, mask, sight::Sight},
};

/// The most customers of a spreadsheet: it is written in memory.
pub const MAX_SHEET_CUSTOMERS: usize = 100_000;

/// Data of `customer_export.started`: that somebody took customers out, nothing of them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExportFacts {
    /// Which export.
    pub customer_export_id: CustomerExportId,
    /// How many customers were asked for by name; 0 for all.
    pub customers: usize,
    /// What is in clear in it.
    pub in_clear: Vec<PersonalField>,
}

/// A customer as they stand in a file.
#[derive(Clone, PartialEq, Eq)]
pub struct ExportRow {
    /// `customers/{customer}`.
    pub customer: String,
    /// The word.
    pub kind: &'static str,
    /// Masked unless seen.
    pub display_name: String,
    /// Masked unless seen, in the order of the customer.
    pub contact_points: Vec<(ContactPointKind, String)>,
}

impl ExportRow {
    /// The row of a customer.
    #[must_use]
    pub fn of(customer: &Customer, sight: &Sight) -> Self {
        let name = &customer.display_name;
        let points = customer.contact_points.iter().map(|point| {
            let in_clear = sight.sees(mask::field_of(point.kind()));
            (point.kind(), if in_clear { point.value().to_owned() } else { mask::contact_point(point) })
        });
        Self {
            customer: customer.customer_id.name(),
            kind: customer.kind.as_str(),
            display_name: if sight.sees(PersonalField::Name) { name.clone() } else { mask::name(name) },
            contact_points: points.collect(),
        }
    }

    /// All contact points of a kind, each on a line.
    fn lines(&self, kind: ContactPointKind) -> String {
        let of_kind = self.contact_points.iter().filter(|(of, _)| *of == kind);
        of_kind.map(|(_, text)| text.as_str()).collect::<Vec<_>>().join("\n")
    }

    /// The cells, in the order of [`COLUMNS`].
    fn cells(&self) -> [String; 6] {
        [
            self.customer.clone(),
            self.kind.to_owned(),
            self.display_name.clone(),
            self.lines(ContactPointKind::Phone),
            self.lines(ContactPointKind::Email),
            self.lines(ContactPointKind::Address),
        ]
    }
}

/// The columns of CSV and spreadsheet, by names that an import knows.
pub const COLUMNS: [&str; 6] = ["customer", "kind", "display_name", "phone", "email", "address"];

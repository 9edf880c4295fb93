//! A row of a file as a customer, and everything wrong with it at once.

use kexiang_core::{CustomerId, CustomerKind};

use super::{Fault, MAX_CELL, RawRow, columns::Field};
use crate::domain::{
    contact_point::{ContactPoint, ContactPointKind},
    customer::{MAX_CONTACT_POINTS, MAX_DISPLAY_NAME},
};

/// The longest id in a source, in characters.
pub const MAX_EXTERNAL_ID: usize = 200;
/// What masked fields of an export have and no field of ours has in clear.
const MASKED: &str = "**";

/// What a row says; `None` says nothing of it.
#[derive(Clone)]
pub struct CustomerRow {
    /// Where it stands in the file.
    pub number: u64,
    /// Which customer it is, by the name here.
    pub customer: Option<CustomerId>,
    /// Which customer it is, by the id in the source.
    pub external_id: Option<String>,
    /// What they are.
    pub kind: Option<CustomerKind>,
    /// Who they are.
    pub display_name: Option<String>,
    /// No two are the same.
    pub contact_points: Vec<ContactPoint>,
}

impl CustomerRow {
    /// What they are if they are new.
    #[must_use]
    pub fn kind_if_new(&self) -> CustomerKind {
        self.kind.unwrap_or(CustomerKind::Person)
    }

    /// By which text the row is known in its source.
    #[must_use]
    pub fn key(&self) -> Option<String> {
        if let Some(id) = &self.external_id {
            return Some(format!("external_id\0{id}"));
        }
        if let Some(id) = self.customer {
            return Some(format!("customer\0{}", id.uuid()));
        }
        let kind = self.kind_if_new();
        let point = self.contact_points.iter().find(|point| point.identifies(kind))?.key();
        Some(format!("{}\0{}", point.kind.as_str(), point.text))
    }

    /// Everything that the row says, as one text: equal texts say the same.
    #[must_use]
    pub fn content(&self) -> String {
        let customer = self.customer.map(|id| id.uuid().to_string()).unwrap_or_default();
        let kind = self.kind.map_or("", CustomerKind::as_str);
        let mut points: Vec<_> = self.contact_points.iter().map(ContactPoint::key).collect();
        points.sort();
        let points: Vec<_> =
            points.iter().map(|key| format!("{}\0{}", key.kind.as_str(), key.text)).collect();
        let name = self.display_name.as_deref().unwrap_or_default();
        format!("{customer}\u{1}{kind}\u{1}{name}\u{1}{}", points.join("\u{1}"))
    }
}

/// Reads a row; phones in local form are of `region`.
///
/// # Errors
/// Everything that is wrong with it.
pub fn read(raw: RawRow, region: &str) -> Result<CustomerRow, Vec<Fault>> {
    let mut reading =
        Reading { faults: raw.fault.into_iter().collect(), row: empty(raw.number), points: [0; 3] };
    if reading.faults.is_empty() {
        for (field, text) in &raw.cells {
            reading.cell(*field, text, region);
        }
        reading.check_whole();
    }
    if reading.faults.is_empty() { Ok(reading.row) } else { Err(reading.faults) }
}

const fn empty(number: u64) -> CustomerRow {
    CustomerRow {
        number,
        customer: None,
        external_id: None,
        kind: None,
        display_name: None,
        contact_points: Vec::new(),
    }
}

struct Reading {
    faults: Vec<Fault>,
    row: CustomerRow,
    /// Phones, e-mails and addresses so far.
    points: [usize; 3],
}

impl Reading {
    fn cell(&mut self, field: Field, text: &str, region: &str) {
        let text = text.trim();
        if let Some(fault) = unfit(field, text) {
            return self.faults.push(fault);
        }
        match field {
            Field::Customer => match text.parse::<CustomerIdText>() {
                Ok(CustomerIdText(id)) => self.row.customer = Some(id),
                Err(()) => self.fault(field, "INVALID_VALUE", "must be customers/{uuid}"),
            },
            Field::ExternalId => self.row.external_id = self.short(field, text, MAX_EXTERNAL_ID),
            Field::DisplayName => self.row.display_name = self.short(field, text, MAX_DISPLAY_NAME),
            Field::Kind => match kind(text) {
                Some(kind) => self.row.kind = Some(kind),
                None => {
                    self.fault(field, "INVALID_VALUE", "must be PERSON, HOUSEHOLD, ORGANISATION or OUTLET");
                }
            },
            Field::Phone => self.points(ContactPointKind::Phone, field, text, region),
            Field::Email => self.points(ContactPointKind::Email, field, text, region),
            Field::Address => self.points(ContactPointKind::Address, field, text, region),
        }
    }

    fn fault(&mut self, field: Field, reason: &'static str, text: &str) {
        self.faults.push(Fault::new(field.as_str(), reason, text));
    }

    fn short(&mut self, field: Field, text: &str, most: usize) -> Option<String> {
        if text.chars().count() > most {
            self.fault(field, "TOO_LONG", &format!("must have at most {most} characters"));
            return None;
        }
        Some(text.to_owned())
    }

    /// Several stand in one cell, each on a line; phones and e-mails also with `;`, `；`, `、`, `,` or `，` between.
    fn points(&mut self, kind: ContactPointKind, field: Field, text: &str, region: &str) {
        let between = |letter: char| {
            letter == '\n'
                || letter == '\r'
                || (kind != ContactPointKind::Address && ";；、,，".contains(letter))
        };
        for one in text.split(between).map(str::trim).filter(|one| !one.is_empty()) {
            let place = &mut self.points[kind as usize];
            let path = format!("{}[{place}]", field.as_str());
            *place += 1;
            match ContactPoint::parse(kind, one, region) {
                Ok(point) if self.row.contact_points.iter().any(|had| had.key() == point.key()) => {}
                Ok(point) => self.row.contact_points.push(point),
                Err(wrong) => self.faults.push(Fault::new(path, "INVALID_VALUE", wrong.to_string())),
            }
        }
    }

    fn check_whole(&mut self) {
        if self.row.contact_points.len() > MAX_CONTACT_POINTS {
            let most = format!("at most {MAX_CONTACT_POINTS} contact points");
            self.faults.push(Fault::new("contact_points", "TOO_MANY", most));
        }
        if self.faults.is_empty() && self.row.key().is_none() {
            let text =
                "nothing tells who it is: an id, a phone, an e-mail, or an address of others than persons";
            self.fault(Field::ExternalId, "REQUIRED", text);
        }
    }
}

/// What no field may hold.
fn unfit(field: Field, text: &str) -> Option<Fault> {
    let fault = |reason, said: &str| Some(Fault::new(field.as_str(), reason, said));
    if text.chars().count() > MAX_CELL {
        return fault("TOO_LONG", &format!("must have at most {MAX_CELL} characters"));
    }
    if text.contains('\u{fffd}') {
        return fault("INVALID_ENCODING", "is not of the character set that was said");
    }
    if text.contains('\0') {
        return fault("INVALID_VALUE", "must not have the character U+0000");
    }
    if !matches!(field, Field::ExternalId | Field::Customer) && text.contains(MASKED) {
        return fault("MASKED", "is masked: leave it out, or export with a role that sees it");
    }
    None
}

/// The customer of a resource name.
struct CustomerIdText(CustomerId);

impl std::str::FromStr for CustomerIdText {
    type Err = ();
    fn from_str(text: &str) -> Result<Self, ()> {
        let id = text.strip_prefix("customers/").ok_or(())?;
        id.parse().map(|uuid| Self(CustomerId::from_uuid(uuid))).map_err(|_| ())
    }
}

fn kind(text: &str) -> Option<CustomerKind> {
    let word = text.to_uppercase();
    match word.as_str() {
        "PERSON" | "INDIVIDUAL" | "个人" | "个人客户" => Some(CustomerKind::Person),
        "HOUSEHOLD" | "FAMILY" | "家庭" | "家庭客户" => Some(CustomerKind::Household),
        "ORGANISATION" | "ORGANIZATION" | "ORG" | "COMPANY" | "企业" | "企业客户" | "公司" | "单位"
        | "机构" | "组织" => Some(CustomerKind::Organisation),
        "OUTLET" | "SHOP" | "STORE" | "DEALER" | "FRANCHISE" | "门店" | "网点" | "店铺" | "经销商"
        | "加盟店" => Some(CustomerKind::Outlet),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn raw(cells: &[(Field, &str)]) -> RawRow {
        let cells = cells.iter().map(|(field, text)| (*field, (*text).to_owned())).collect();
        RawRow { number: 2, cells, fault: None }
    }

    #[test]
    fn everything_wrong_is_told_at_once_with_its_path() {
        let cells = [
            (Field::Customer, "li na"),
            (Field::Kind, "robot"),
            (Field::DisplayName, "王**"),
            (Field::Phone, "13800138000；12"),
            (Field::Email, "nobody"),
            (Field::Address, "\u{fffd}"),
        ];

        let faults = read(raw(&cells), "CN").err().unwrap();

        let told: Vec<_> = faults.iter().map(|fault| (fault.field.as_str(), fault.reason)).collect();
        let wanted = [
            ("customer", "INVALID_VALUE"),
            ("kind", "INVALID_VALUE"),
            ("display_name", "MASKED"),
            ("phone[1]", "INVALID_VALUE"),
            ("email[0]", "INVALID_VALUE"),
            ("address", "INVALID_ENCODING"),
        ];
        assert_eq!(told, wanted);
    }

    #[test]
    fn a_row_without_anything_to_know_it_by_is_refused() {
        let cells = [(Field::DisplayName, "Li Na"), (Field::Address, "5 Lake Road")];
        let shop = [(Field::Kind, "门店"), (Field::Address, "5 Lake Road")];

        assert_eq!(read(raw(&cells), "CN").err().unwrap()[0].reason, "REQUIRED");
        assert!(read(raw(&shop), "CN").is_ok());
    }

    #[test]
    fn the_same_said_in_another_way_has_the_same_content() {
        let one = read(raw(&[(Field::Phone, "138 0013 8000; 010 8529 6000")]), "CN").ok().unwrap();
        let other = read(raw(&[(Field::Phone, "+861085296000\n13800138000")]), "CN").ok().unwrap();

        assert_eq!(one.content(), other.content());
    }
}

//! vCards 2.1, 3.0 and 4.0 as they stream in: any number in one file. The cards themselves are read by `calcard`, which knows
//! folding, escapes, quoted-printable and the character set of a property.

use calcard::vcard::{VCard, VCardEntry, VCardKind, VCardProperty, VCardValue};
use encoding_rs::Encoding;

use super::{Fault, FileError, MAX_FILE_BYTES, MAX_RECORD_BYTES, RawRow, columns::Field, text::TextReader};

/// Says what a customer is where `KIND` can't: in 3.0.
pub const X_KIND: &str = "X-KEXIANG-KIND";
/// Says which customer it is.
pub const X_CUSTOMER: &str = "X-KEXIANG-CUSTOMER";

/// Reads cards.
pub struct CardReader {
    text: TextReader,
    bytes: usize,
    /// Text after the last whole line.
    rest: String,
    /// The lines of the card that is being read.
    card: String,
    within: bool,
    too_large: bool,
    number: u64,
}

impl CardReader {
    /// Begins a file.
    #[must_use]
    pub fn new(charset: &'static Encoding) -> Self {
        let (rest, card) = (String::new(), String::new());
        let text = TextReader::new(charset);
        Self { text, bytes: 0, rest, card, within: false, too_large: false, number: 0 }
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
        let mut text = std::mem::take(&mut self.rest);
        self.text.push(bytes, false, &mut text);
        let whole = text.rfind('\n').map_or(0, |at| at + 1);
        if text.len() - whole > MAX_RECORD_BYTES {
            return Err(FileError::RecordTooLarge(self.number + 1));
        }
        self.rest = text.split_off(whole);
        for line in text.lines() {
            self.line(line, rows);
        }
        Ok(())
    }

    /// Ends the file.
    ///
    /// # Errors
    /// [`FileError::Unreadable`] when there was no card in it.
    pub fn finish(mut self, rows: &mut Vec<RawRow>) -> Result<(), FileError> {
        let mut text = std::mem::take(&mut self.rest);
        self.text.push(&[], true, &mut text);
        for line in text.lines() {
            self.line(line, rows);
        }
        if self.within {
            // Broken off: what is there may be half of it.
            self.card.clear();
            self.complete(rows);
        }
        if self.number == 0 { Err(FileError::Unreadable("vCard")) } else { Ok(()) }
    }

    fn line(&mut self, line: &str, rows: &mut Vec<RawRow>) {
        let is = |word: &str| line.trim_end().eq_ignore_ascii_case(word);
        if !self.within {
            self.within = is("BEGIN:VCARD");
        }
        if !self.within {
            return;
        }
        if self.card.len() + line.len() > MAX_RECORD_BYTES {
            self.too_large = true;
        } else {
            self.card.push_str(line);
            self.card.push_str("\r\n");
        }
        if is("END:VCARD") {
            self.complete(rows);
        }
    }

    fn complete(&mut self, rows: &mut Vec<RawRow>) {
        self.number += 1;
        let text = std::mem::take(&mut self.card);
        let parsed = if self.too_large { None } else { VCard::parse(&text).ok() };
        let (cells, fault) = match parsed {
            Some(card) => (cells(&card), None),
            None if self.too_large => {
                let most = format!("must have at most {MAX_RECORD_BYTES} bytes");
                (Vec::new(), Some(Fault::new("card", "TOO_LONG", most)))
            }
            None => (Vec::new(), Some(Fault::new("card", "INVALID_VALUE", "is no whole vCard"))),
        };
        (self.within, self.too_large) = (false, false);
        rows.push(RawRow { number: self.number, cells, fault });
    }
}

fn cells(card: &VCard) -> Vec<(Field, String)> {
    let mut cells = Vec::new();
    let mut put = |field, text: Option<String>| {
        cells.extend(text.filter(|text| !text.trim().is_empty()).map(|text| (field, text)));
    };
    put(Field::Customer, card.property(&VCardProperty::Other(X_CUSTOMER.to_owned())).map(whole));
    put(Field::ExternalId, card.property(&VCardProperty::Uid).map(whole));
    put(Field::Kind, kind(card));
    put(Field::DisplayName, name(card));
    for entry in &card.entries {
        match entry.name {
            VCardProperty::Tel => {
                let text = whole(entry);
                let number = text.trim_start_matches("tel:").trim_start_matches("TEL:");
                put(Field::Phone, number.split(';').next().map(str::to_owned));
            }
            VCardProperty::Email => {
                put(Field::Email, Some(whole(entry).trim_start_matches("mailto:").to_owned()));
            }
            VCardProperty::Adr => put(Field::Address, Some(address(entry))),
            _ => {}
        }
    }
    cells
}

/// The texts of a property, part by part.
fn parts(entry: &VCardEntry) -> Vec<String> {
    let part = |value: &VCardValue| match value {
        VCardValue::Component(texts) => texts.join(" "),
        value => value.as_text().unwrap_or_default().to_owned(),
    };
    entry.values.iter().map(part).collect()
}

fn whole(entry: &VCardEntry) -> String {
    parts(entry).concat()
}

fn joined<'a>(parts: impl Iterator<Item = &'a String>, with: &str) -> String {
    parts.map(|part| part.trim()).filter(|part| !part.is_empty()).collect::<Vec<_>>().join(with)
}

/// `FN`, else `N` in the order of its script, else `ORG`.
fn name(card: &VCard) -> Option<String> {
    let said = |property| card.property(&property).map(whole).filter(|text| !text.trim().is_empty());
    let of_parts = || {
        let parts = parts(card.property(&VCardProperty::N)?);
        let name = if is_chinese(&parts) {
            joined(parts.iter().take(2), "")
        } else {
            joined(parts.iter().take(2).rev(), " ")
        };
        (!name.is_empty()).then_some(name)
    };
    said(VCardProperty::Fn).or_else(of_parts).or_else(|| said(VCardProperty::Org))
}

/// In the order of its script: Chinese addresses go from the country to the door.
fn address(entry: &VCardEntry) -> String {
    let parts = parts(entry);
    if is_chinese(&parts) { joined(parts.iter().rev(), " ") } else { joined(parts.iter(), " ") }
}

fn is_chinese(parts: &[String]) -> bool {
    parts.iter().any(|part| part.chars().any(|letter| matches!(letter, '\u{3400}'..='\u{9fff}')))
}

fn kind(card: &VCard) -> Option<String> {
    if let Some(entry) = card.property(&VCardProperty::Other(X_KIND.to_owned())) {
        return Some(whole(entry));
    }
    let named = || card.property(&VCardProperty::Fn).is_some() || card.property(&VCardProperty::N).is_some();
    match card.property(&VCardProperty::Kind).and_then(|entry| entry.values.first()) {
        Some(VCardValue::Kind(VCardKind::Org)) => Some("ORGANISATION".to_owned()),
        Some(VCardValue::Kind(VCardKind::Individual)) => Some("PERSON".to_owned()),
        Some(VCardValue::Kind(VCardKind::Group)) => Some("HOUSEHOLD".to_owned()),
        Some(VCardValue::Kind(VCardKind::Location)) => Some("OUTLET".to_owned()),
        Some(other) => other.as_text().map(str::to_owned),
        None if !named() && card.property(&VCardProperty::Org).is_some() => Some("ORGANISATION".to_owned()),
        None => None,
    }
}

#[cfg(test)]
mod tests {
    use encoding_rs::UTF_8;
    use proptest::prelude::*;

    use super::*;

    fn read(file: &str, piece: usize) -> Vec<RawRow> {
        let (mut reader, mut rows) = (CardReader::new(UTF_8), Vec::new());
        for bytes in file.as_bytes().chunks(piece) {
            reader.push(bytes, &mut rows).unwrap();
        }
        let _ = reader.finish(&mut rows);
        rows
    }

    const CARDS: &str = "BEGIN:VCARD\r\nVERSION:3.0\r\nUID:a-1\r\nN:王;小明;;;\r\nitem1.TEL;TYPE=CELL:138 0013\r\n  8000\r\n\
        ADR;TYPE=HOME:;;翠湖路 5 号;昆明市;云南省;650000;中国\r\nEND:VCARD\r\n\r\n\
        begin:vcard\nVERSION:4.0\nFN:Corner\\, shop\nKIND:org\nTEL;VALUE=uri:tel:+44-20-7946-0018;ext=5\nEMAIL:shop@example.com\nend:vcard\n\
        BEGIN:VCARD\nVERSION:2.1\nFN;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:=E6=9D=8E=E5=A8=9C\nTEL:13900139000\nEND:VCARD";

    #[test]
    fn cards_of_all_versions_are_read_however_the_bytes_come() {
        let whole = read(CARDS, CARDS.len());

        for piece in 1..30 {
            assert!(read(CARDS, piece) == whole, "{piece}");
        }

        let texts = |at: usize| {
            whole[at].cells.iter().map(|(field, text)| (field.as_str(), text.as_str())).collect::<Vec<_>>()
        };
        let wang = [
            ("external_id", "a-1"),
            ("display_name", "王小明"),
            ("phone", "138 0013 8000"),
            ("address", "中国 650000 云南省 昆明市 翠湖路 5 号"),
        ];
        assert_eq!(texts(0), wang);
        let shop = [
            ("kind", "ORGANISATION"),
            ("display_name", "Corner, shop"),
            ("phone", "+44-20-7946-0018"),
            ("email", "shop@example.com"),
        ];
        assert_eq!(texts(1), shop);
        assert_eq!(texts(2), [("display_name", "李娜"), ("phone", "13900139000")]);
    }

    #[test]
    fn a_card_that_is_broken_off_or_too_large_is_refused_alone() {
        let photo = "A".repeat(MAX_RECORD_BYTES);
        let file = format!(
            "BEGIN:VCARD\nNOTE:{photo}\nEND:VCARD\nBEGIN:VCARD\nFN:Li Na\nEND:VCARD\nBEGIN:VCARD\nFN:Half"
        );

        let rows = read(&file, 1 << 16);

        let reasons: Vec<_> = rows.iter().map(|row| row.fault.as_ref().map(|fault| fault.reason)).collect();
        assert_eq!(reasons, [Some("TOO_LONG"), None, Some("INVALID_VALUE")]);
    }

    proptest! {
        #[test]
        fn nothing_makes_it_panic(lines in "[A-Z:;=,\\\\\n\"王a.-]{0,200}") {
            read(&format!("BEGIN:VCARD\n{lines}\nEND:VCARD\n"), 7);
        }
    }
}

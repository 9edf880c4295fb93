//! Contact points: how a customer is reached, and found again (CU-2).
//!
//! Every contact point is normalised when it is read, so that two ways to write the same one are equal. Phones and e-mails
//! identify anybody; an address identifies households, organisations and outlets, but no person, because persons share it.

use std::{fmt, str::FromStr};

use kexiang_core::{CustomerKind, PhoneNumber, phone::InvalidPhone, vocabulary::UnknownWord};
use serde::{Deserialize, Serialize};

/// The longest e-mail or address, in characters.
pub const MAX_LENGTH: usize = 500;

/// What a contact point is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ContactPointKind {
    /// In E.164.
    Phone,
    /// Lower-cased.
    Email,
    /// With single spaces.
    Address,
}

impl ContactPointKind {
    const ALL: [Self; 3] = [Self::Phone, Self::Email, Self::Address];

    /// The word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Phone => "PHONE",
            Self::Email => "EMAIL",
            Self::Address => "ADDRESS",
        }
    }
}

impl FromStr for ContactPointKind {
    type Err = UnknownWord;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|word| word.as_str() == text).ok_or_else(|| UnknownWord(text.to_owned()))
    }
}

/// Why a text is no contact point. Says nothing of the text itself: it may be personal.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidContactPoint {
    /// No phone.
    #[error(transparent)]
    Phone(#[from] InvalidPhone),
    /// No e-mail address.
    #[error("not an e-mail address")]
    Email,
    /// Nothing but spaces, or with control characters.
    #[error("not an address: it is blank or holds control characters")]
    Address,
    /// Over [`MAX_LENGTH`].
    #[error("longer than {MAX_LENGTH} characters")]
    TooLong,
}

/// A normalised contact point.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ContactPoint {
    kind: ContactPointKind,
    value: String,
}

/// What is compared of a contact point; equal keys are the same phone, mailbox or place.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ContactPointKey {
    /// Of what kind.
    pub kind: ContactPointKind,
    /// The normalised text.
    pub text: String,
}

impl ContactPoint {
    /// Reads a contact point of `kind`; phones in local form are of `region` (ISO 3166-1 alpha-2).
    ///
    /// # Errors
    /// [`InvalidContactPoint`] says what is wrong.
    pub fn parse(kind: ContactPointKind, text: &str, region: &str) -> Result<Self, InvalidContactPoint> {
        match kind {
            ContactPointKind::Phone => Ok(Self::phone(&PhoneNumber::parse(text, region)?)),
            ContactPointKind::Email => Self::email(text),
            ContactPointKind::Address => Self::address(text),
        }
    }

    /// The contact point of a phone.
    #[must_use]
    pub fn phone(number: &PhoneNumber) -> Self {
        Self { kind: ContactPointKind::Phone, value: number.as_str().to_owned() }
    }

    /// Reads an e-mail address: one `@` with something on both sides, without spaces; lower-cased.
    ///
    /// # Errors
    /// [`InvalidContactPoint::Email`], [`InvalidContactPoint::TooLong`].
    pub fn email(text: &str) -> Result<Self, InvalidContactPoint> {
        let value = text.trim().to_lowercase();
        let whole = value
            .split_once('@')
            .is_some_and(|(local, domain)| !local.is_empty() && !domain.is_empty() && !domain.contains('@'));
        if !whole || value.contains(|c: char| c.is_whitespace() || c.is_control()) {
            return Err(InvalidContactPoint::Email);
        }
        Self::of_length(ContactPointKind::Email, value)
    }

    /// Reads an address: trimmed, every run of spaces folded to one.
    ///
    /// # Errors
    /// [`InvalidContactPoint::Address`], [`InvalidContactPoint::TooLong`].
    pub fn address(text: &str) -> Result<Self, InvalidContactPoint> {
        let value = text.split_whitespace().collect::<Vec<_>>().join(" ");
        if value.is_empty() || value.contains(char::is_control) {
            return Err(InvalidContactPoint::Address);
        }
        Self::of_length(ContactPointKind::Address, value)
    }

    fn of_length(kind: ContactPointKind, value: String) -> Result<Self, InvalidContactPoint> {
        if value.chars().count() > MAX_LENGTH {
            return Err(InvalidContactPoint::TooLong);
        }
        Ok(Self { kind, value })
    }

    /// Takes back a contact point that was stored.
    #[must_use]
    pub const fn from_stored(kind: ContactPointKind, value: String) -> Self {
        Self { kind, value }
    }

    /// What it is.
    #[must_use]
    pub const fn kind(&self) -> ContactPointKind {
        self.kind
    }

    /// As it is shown.
    #[must_use]
    pub fn value(&self) -> &str {
        &self.value
    }

    /// What is compared: addresses regardless of case.
    #[must_use]
    pub fn key(&self) -> ContactPointKey {
        let text = match self.kind {
            ContactPointKind::Phone | ContactPointKind::Email => self.value.clone(),
            ContactPointKind::Address => self.value.to_lowercase(),
        };
        ContactPointKey { kind: self.kind, text }
    }

    /// Whether it says who a customer of this kind is.
    #[must_use]
    pub const fn identifies(&self, customer: CustomerKind) -> bool {
        match self.kind {
            ContactPointKind::Phone | ContactPointKind::Email => true,
            ContactPointKind::Address => !matches!(customer, CustomerKind::Person),
        }
    }
}

// Personal data stays out of logs, also by way of a derived Debug.
impl fmt::Debug for ContactPoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}(…)", self.kind.as_str())
    }
}

impl fmt::Debug for ContactPointKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}(…)", self.kind.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ways_to_write_the_same_contact_point_have_one_key() {
        let same = [
            (ContactPointKind::Phone, "010 8529 6000", "+86-10-8529-6000"),
            (ContactPointKind::Email, " Li.Na@Example.com", "li.na@example.COM "),
            (ContactPointKind::Address, "12  Green Road\tFlat 3 ", "12 green road flat 3"),
            (ContactPointKind::Address, "昆明市　翠湖路 5 号", "昆明市 翠湖路 5 号"),
        ];

        for (kind, one, other) in same {
            let key = |text| ContactPoint::parse(kind, text, "CN").unwrap().key();
            assert!(key(one) == key(other), "{one} and {other}");
        }
    }

    #[test]
    fn what_is_no_contact_point_is_refused() {
        for text in ["", "a", "a@", "@b", "a@b@c", "a b@c", "a@b\0"] {
            assert_eq!(ContactPoint::email(text), Err(InvalidContactPoint::Email), "{text:?}");
        }
        assert_eq!(ContactPoint::address(" \t "), Err(InvalidContactPoint::Address));
        assert_eq!(ContactPoint::address(&"路".repeat(501)), Err(InvalidContactPoint::TooLong));
        assert!(ContactPoint::parse(ContactPointKind::Phone, "12", "CN").is_err());
    }

    #[test]
    fn an_address_identifies_all_but_persons() {
        let address = ContactPoint::address("5 Lake Road").unwrap();

        let kinds = CustomerKind::ALL.map(|kind| address.identifies(kind));

        assert_eq!(kinds, [false, true, true, true]);
    }

    #[test]
    fn nothing_personal_is_printed_by_debug() {
        let point = ContactPoint::email("li.na@example.com").unwrap();

        assert!(!format!("{point:?} {:?}", point.key()).contains("li.na"));
    }
}

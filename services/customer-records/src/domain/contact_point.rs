//! Contact points: how a customer is reached, and found again (CU-2).
//!
//! Every contact point is normalised when it is read, so that two ways to write the same one are equal. Phones and e-mails
//! identify anybody, and so do messaging ids, each of its provider; an address identifies households, organisations and outlets,
//! but no person, because persons share it. What does not identify (what sort of address, when to use it) stands beside.

use std::{fmt, str::FromStr};

use kexiang_core::{CustomerKind, PhoneNumber, phone::InvalidPhone, vocabulary::UnknownWord};
use serde::{Deserialize, Serialize};

use super::preferred_time::PreferredTime;

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
    /// Provider, colon, id.
    Messaging,
}

/// Providers whose messaging ids are found by the id alone; ids of others by `PROVIDER:id`.
pub const KNOWN_PROVIDERS: [&str; 8] =
    ["WECHAT", "WECOM", "QQ", "DINGTALK", "FEISHU", "ALIPAY", "WHATSAPP", "LINE"];

/// What sort of address it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum AddressKind {
    /// Where they live.
    Home,
    /// Where they work.
    Work,
    /// Where goods go.
    Delivery,
    /// Where invoices go.
    Billing,
    /// Another.
    Other,
}

impl AddressKind {
    const ALL: [Self; 5] = [Self::Home, Self::Work, Self::Delivery, Self::Billing, Self::Other];

    /// The word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Home => "HOME",
            Self::Work => "WORK",
            Self::Delivery => "DELIVERY",
            Self::Billing => "BILLING",
            Self::Other => "OTHER",
        }
    }
}

impl FromStr for AddressKind {
    type Err = UnknownWord;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|word| word.as_str() == text).ok_or_else(|| UnknownWord(text.to_owned()))
    }
}

/// What is said of a contact point beside itself.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(default)]
pub struct PointDetails {
    /// Of addresses alone.
    pub address_kind: Option<AddressKind>,
    /// When to be reached by it; empty for any time.
    pub preferred_times: Vec<PreferredTime>,
}

impl PointDetails {
    /// Whether nothing is said.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

impl ContactPointKind {
    const ALL: [Self; 4] = [Self::Phone, Self::Email, Self::Address, Self::Messaging];

    /// The word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Phone => "PHONE",
            Self::Email => "EMAIL",
            Self::Address => "ADDRESS",
            Self::Messaging => "MESSAGING",
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
    /// Not a code.
    #[error("not a provider: must be 1–40 of A–Z, 0–9 and underscore, starting with a letter")]
    Provider,
    /// Blank, or with spaces or control characters.
    #[error("not a messaging id: it is blank or holds spaces or control characters")]
    Messaging,
    /// Over [`MAX_LENGTH`].
    #[error("longer than {MAX_LENGTH} characters")]
    TooLong,
}

/// A normalised contact point.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ContactPoint {
    kind: ContactPointKind,
    value: String,
    #[serde(default, skip_serializing_if = "PointDetails::is_empty")]
    details: PointDetails,
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
            ContactPointKind::Messaging => {
                let (provider, id) = text.split_once(':').ok_or(InvalidContactPoint::Provider)?;
                Self::messaging(provider, id)
            }
        }
    }

    /// The contact point of a phone.
    #[must_use]
    pub fn phone(number: &PhoneNumber) -> Self {
        Self::from_stored(ContactPointKind::Phone, number.as_str().to_owned())
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

    /// Reads the id that a customer has with a messaging provider such as `WECHAT`; a provider in small letters is the same.
    ///
    /// # Errors
    /// [`InvalidContactPoint::Provider`], [`InvalidContactPoint::Messaging`], [`InvalidContactPoint::TooLong`].
    pub fn messaging(provider: &str, id: &str) -> Result<Self, InvalidContactPoint> {
        let provider = provider.trim().to_ascii_uppercase();
        let is_code = (1..=40).contains(&provider.len())
            && provider.starts_with(|c: char| c.is_ascii_uppercase())
            && provider.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_');
        if !is_code {
            return Err(InvalidContactPoint::Provider);
        }
        let id = id.trim();
        if id.is_empty() || id.contains(|c: char| c.is_whitespace() || c.is_control()) {
            return Err(InvalidContactPoint::Messaging);
        }
        Self::of_length(ContactPointKind::Messaging, format!("{provider}:{id}"))
    }

    fn of_length(kind: ContactPointKind, value: String) -> Result<Self, InvalidContactPoint> {
        if value.chars().count() > MAX_LENGTH {
            return Err(InvalidContactPoint::TooLong);
        }
        Ok(Self::from_stored(kind, value))
    }

    /// Takes back a contact point that was stored.
    #[must_use]
    pub const fn from_stored(kind: ContactPointKind, value: String) -> Self {
        let details = PointDetails { address_kind: None, preferred_times: Vec::new() };
        Self { kind, value, details }
    }

    /// The same with what is said of it.
    #[must_use]
    pub fn with_details(self, details: PointDetails) -> Self {
        Self { details, ..self }
    }

    /// What is said of it.
    #[must_use]
    pub const fn details(&self) -> &PointDetails {
        &self.details
    }

    /// The provider, empty for all but messaging ids, and what is written by people.
    #[must_use]
    pub fn provider_and_text(&self) -> (&str, &str) {
        match self.kind {
            ContactPointKind::Messaging => self.value.split_once(':').unwrap_or(("", &self.value)),
            ContactPointKind::Phone | ContactPointKind::Email | ContactPointKind::Address => {
                ("", &self.value)
            }
        }
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

    /// What is compared: addresses and messaging ids regardless of case.
    #[must_use]
    pub fn key(&self) -> ContactPointKey {
        let text = match self.kind {
            ContactPointKind::Phone | ContactPointKind::Email => self.value.clone(),
            ContactPointKind::Address | ContactPointKind::Messaging => self.value.to_lowercase(),
        };
        ContactPointKey { kind: self.kind, text }
    }

    /// Whether it says who a customer of this kind is.
    #[must_use]
    pub const fn identifies(&self, customer: CustomerKind) -> bool {
        match self.kind {
            ContactPointKind::Phone | ContactPointKind::Email | ContactPointKind::Messaging => true,
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
            (ContactPointKind::Messaging, "wechat:Li_Na ", "WECHAT:li_na"),
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
        assert_eq!(ContactPoint::messaging("we chat", "li_na"), Err(InvalidContactPoint::Provider));
        assert_eq!(ContactPoint::messaging("WECHAT", "li na"), Err(InvalidContactPoint::Messaging));
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

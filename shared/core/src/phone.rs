//! Phone numbers in E.164, read from international or local form (CU-2).

use std::fmt;

use rlibphonenumber::{PHONE_NUMBER_UTIL, PhoneNumberFormat, enums::Region};
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// The region of sites that name none.
pub const DEFAULT_REGION: &str = "CN";

/// A number in E.164, such as `+861085296000`. An extension is not kept.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PhoneNumber(String);

/// Why a text is no phone number.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum InvalidPhone {
    /// The region is none of ISO 3166-1.
    #[error("no such region: two letters of ISO 3166-1 are needed, such as CN")]
    Region,
    /// The text can't be dialled.
    #[error("not a phone number in international form or in the local form of {0}")]
    Number(String),
}

impl PhoneNumber {
    /// Reads a number in international form (`+86 10 …`) or in the local form of `region` (ISO 3166-1 alpha-2). A number
    /// is taken when its length is possible in its country: ranges too new for the tables must not stop acceptance.
    ///
    /// # Errors
    /// [`InvalidPhone`] says what is wrong.
    pub fn parse(text: &str, region: &str) -> Result<Self, InvalidPhone> {
        let code: Region = region.parse().map_err(|_| InvalidPhone::Region)?;
        let invalid = || InvalidPhone::Number(region.to_owned());
        if text.len() > 60 {
            return Err(invalid());
        }
        let number = PHONE_NUMBER_UTIL.parse(text, Some(code)).map_err(|_| invalid())?;
        if number.is_possible_with_reason().is_err() {
            return Err(invalid());
        }
        Ok(Self(number.format_as(PhoneNumberFormat::E164).into_owned()))
    }

    /// Takes back a number that was stored in E.164.
    #[must_use]
    pub fn from_stored(e164: String) -> Self {
        Self(e164)
    }

    /// In E.164.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for PhoneNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Whether `region` is one of ISO 3166-1 alpha-2 that has phone numbers.
#[must_use]
pub fn is_region(region: &str) -> bool {
    region.parse::<Region>().is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn local_and_international_forms_of_one_number_are_one() {
        let local = PhoneNumber::parse("010 8529 6000", "CN").unwrap();
        let international = PhoneNumber::parse("+86 10 8529-6000", "US").unwrap();

        assert_eq!(local.as_str(), "+861085296000");
        assert_eq!(local, international);
    }

    #[test]
    fn what_cannot_be_dialled_is_refused() {
        for text in ["", "abc", "12", "+", "+86", "010-8529-6000-010-8529-6000", "\u{0}"] {
            assert_eq!(PhoneNumber::parse(text, "CN"), Err(InvalidPhone::Number("CN".into())), "{text:?}");
        }
        assert_eq!(PhoneNumber::parse("10", "China"), Err(InvalidPhone::Region));
    }
}

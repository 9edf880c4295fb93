//! What a customer is like (CU-1). Everything personal is in [`Details`], kept as one piece, so that it is sealed as one; the
//! codes in [`Marks`] are not personal and are looked for.

use std::fmt;

use jiff::Timestamp;
use kexiang_core::{CustomerId, FieldSchemaId};
use serde::{Deserialize, Serialize};

use super::{field_schema::OwnFields, vault::BlindKey};

/// Characters of a text.
pub const LONGEST_TEXT: usize = 200;
/// Entries of a list.
pub const MOST_ENTRIES: usize = 50;

/// Personal.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Details {
    /// A word, or empty.
    pub sex: String,
    /// ISO date, or empty.
    pub birth_date: String,
    /// Code, or empty.
    pub income_band: String,
    /// Code, or empty.
    pub education: String,
    /// Text, or empty.
    pub job: String,
    /// Texts.
    pub hobbies: Vec<String>,
    /// Texts.
    pub needs: Vec<String>,
    /// Text, or empty.
    pub family: String,
    /// Texts.
    pub habits: Vec<String>,
    /// Texts.
    pub preferred_times: Vec<String>,
    /// Version that the own fields were checked by.
    pub field_schema: Option<FieldSchemaId>,
    /// Checked.
    pub own_fields: OwnFields,
}

// Personal data stays out of logs, also by way of a derived Debug.
impl fmt::Debug for Details {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Details(…)")
    }
}

/// Codes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Marks {
    /// Such as `vip`.
    pub tiers: Vec<String>,
    /// Tags.
    pub tags: Vec<String>,
    /// Risks.
    pub risk_flags: Vec<String>,
    /// Where they come from, or empty.
    pub source: String,
}

/// What a customer is like.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Profile {
    /// Whose.
    pub customer_id: CustomerId,
    /// Personal.
    pub details: Details,
    /// Codes.
    pub marks: Marks,
    /// `None` when never written.
    pub updated_at: Option<Timestamp>,
    /// 0 when never written, one more for every change.
    pub version: i64,
}

impl Profile {
    /// Of a customer of whom nothing is known.
    #[must_use]
    pub fn empty(customer_id: CustomerId) -> Self {
        let (details, marks) = (Details::default(), Marks::default());
        Self { customer_id, details, marks, updated_at: None, version: 0 }
    }

    /// What events tell of it.
    #[must_use]
    pub fn facts(&self) -> ProfileFacts {
        let Marks { tiers, risk_flags, .. } = self.marks.clone();
        ProfileFacts { customer_id: self.customer_id, tiers, risk_flags }
    }

    /// What its own fields are found by, sorted.
    #[must_use]
    pub fn own_field_tokens(&self, key: &BlindKey) -> Vec<i64> {
        let of = |(field, values): (&String, &Vec<String>)| {
            values.iter().map(|value| own_field_token(key, field, value)).collect::<Vec<_>>()
        };
        let mut tokens: Vec<i64> = self.details.own_fields.iter().flat_map(of).collect();
        tokens.sort_unstable();
        tokens.dedup();
        tokens
    }
}

/// What an own field with a value is found by.
#[must_use]
pub fn own_field_token(key: &BlindKey, field: &str, value: &str) -> i64 {
    key.token("profile.own_fields", &format!("{field}={value}"))
}

/// Data of `customer_profile.updated`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProfileFacts {
    /// Whose.
    pub customer_id: CustomerId,
    /// Codes.
    pub tiers: Vec<String>,
    /// Codes.
    pub risk_flags: Vec<String>,
}

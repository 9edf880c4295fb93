//! Special plans: items, discounts, payment and special terms, in exact decimals, never floats (CU-11).
//!
//! Amount of an item = quantity × unit price × (100 − discount) / 100; total = sum of the amounts × (100 − discount) / 100;
//! each rounded half away from zero to the decimals of the currency. The limits keep every product within the 28 digits of a
//! decimal, so that nothing is rounded before.

use kexiang_core::{Actor, Timestamp};
use rust_decimal::{Decimal, RoundingStrategy};
use serde::{Deserialize, Serialize};

use crate::domain::agreement::schedule::decimals;

/// Most items.
pub const MAX_PLAN_ITEMS: usize = 200;
/// Most of one item.
pub const MAX_QUANTITY: i32 = 100_000;
/// Longest payment terms, in characters.
pub const MAX_PAYMENT_TERMS: usize = 2_000;
/// Longest special terms, in characters.
pub const MAX_SPECIAL_TERMS: usize = 10_000;

/// What is to be had at a special price.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Item {
    /// Code, unique in the plan.
    pub code: String,
    /// Not blank.
    pub display_name: String,
    /// 1 to [`MAX_QUANTITY`].
    pub quantity: i32,
    /// Above 0, at most 4 decimals.
    pub unit_price: Decimal,
    /// 0 to 100, at most 2 decimals.
    pub discount_percent: Decimal,
}

/// What a plan says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Terms {
    /// ISO 4217.
    pub currency: String,
    /// At least one.
    pub items: Vec<Item>,
    /// 0 to 100, at most 2 decimals.
    pub discount_percent: Decimal,
    /// How it is paid; not blank.
    pub payment_terms: String,
    /// May be empty.
    pub special_terms: String,
}

impl Terms {
    /// What an item costs.
    #[must_use]
    pub fn amount(&self, item: &Item) -> Decimal {
        self.less(Decimal::from(item.quantity) * item.unit_price, item.discount_percent)
    }

    /// What all of it costs.
    #[must_use]
    pub fn total(&self) -> Decimal {
        self.less(self.items.iter().map(|item| self.amount(item)).sum(), self.discount_percent)
    }

    fn less(&self, amount: Decimal, percent: Decimal) -> Decimal {
        let part = (Decimal::ONE_HUNDRED - percent) * Decimal::new(1, 2);
        let decimals = decimals(&self.currency);
        let exact = amount.normalize() * part.normalize();
        let mut rounded = exact.round_dp_with_strategy(decimals, RoundingStrategy::MidpointAwayFromZero);
        rounded.rescale(decimals);
        rounded
    }
}

/// Where a plan stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum PlanState {
    /// Being written.
    Draft,
    /// Looked through by somebody else.
    InReview,
    /// Approved.
    Approved,
}

/// A special plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// From 1.
    pub edition: i32,
    /// Where it stands.
    pub state: PlanState,
    /// What it says.
    pub terms: Terms,
    /// Who wrote or submitted it.
    pub drafters: Vec<Actor>,
    /// Who approved it.
    pub reviewer: Option<Actor>,
    /// Why it was returned last.
    pub return_reason: Option<String>,
    /// When it was approved.
    pub approved_at: Option<Timestamp>,
}

/// The text is no percentage.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("must be a decimal from 0 to 100 with at most 2 decimals, such as 7.5")]
pub struct InvalidPercent;

/// Reads a percentage, exactly; empty for 0.
///
/// # Errors
/// [`InvalidPercent`].
pub fn percent(text: &str) -> Result<Decimal, InvalidPercent> {
    if text.is_empty() {
        return Ok(Decimal::ZERO);
    }
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let digits =
        |part: &str, most| (1..=most).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(whole, 3) || !digits(fraction, 2) {
        return Err(InvalidPercent);
    }
    let percent = Decimal::from_str_exact(text).map_err(|_| InvalidPercent)?;
    if percent > Decimal::ONE_HUNDRED { Err(InvalidPercent) } else { Ok(percent) }
}

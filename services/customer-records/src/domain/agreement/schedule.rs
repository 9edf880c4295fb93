//! What is to be paid, and the money that came and went (CU-12). Exact decimals in one currency, never floats.
//!
//! # Rules
//! - Money that comes covers installments in the order in which they are due; one payment may cover several, several may cover one.
//! - More than is outstanding is refused: an agreement keeps no credit.
//! - Money given back is taken from the installment due last backwards. What was given back is not due again.
//!
//! # Invariants
//! - Of each installment: 0 ≤ refunded ≤ received ≤ amount.
//! - Sum of received − sum of refunded = sum of payments that came − sum of those that went; each payment is the sum of its parts.

use iso_currency::Currency;
use kexiang_core::{Actor, Timestamp};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

/// Most installments.
pub const MAX_INSTALLMENTS: usize = 120;
/// Most payments.
pub const MAX_PAYMENTS: usize = 1_000;
/// Most digits before the point.
const MAX_DIGITS: usize = 12;

/// Which way money goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Direction {
    /// From the customer.
    Received,
    /// Back to the customer.
    Refunded,
}

impl Direction {
    /// Its word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Received => "RECEIVED",
            Self::Refunded => "REFUNDED",
        }
    }
}

/// No such direction.
#[derive(Debug, thiserror::Error)]
#[error("no such direction")]
pub struct UnknownDirection;

impl std::str::FromStr for Direction {
    type Err = UnknownDirection;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "RECEIVED" => Ok(Self::Received),
            "REFUNDED" => Ok(Self::Refunded),
            _ => Err(UnknownDirection),
        }
    }
}

/// Where an installment stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InstallmentState {
    /// Nothing came, and it is not yet time.
    Due,
    /// A part came, and it is not yet time for the rest.
    Partial,
    /// All came.
    Received,
    /// Something is missing after its time.
    Overdue,
    /// All that came was given back.
    Refunded,
}

/// What is to be paid at a time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Installment {
    /// From 1.
    pub number: i32,
    /// Above 0.
    pub amount: Decimal,
    /// Overdue from here.
    pub due_at: Timestamp,
    /// What came.
    pub received: Decimal,
    /// What of it was given back.
    pub refunded: Decimal,
    /// That it will be due was told.
    pub announced: bool,
    /// That it is overdue was told.
    pub missed: bool,
}

impl Installment {
    /// What is missing.
    #[must_use]
    pub fn outstanding(&self) -> Decimal {
        self.amount - self.received
    }

    /// Where it stands at a time.
    #[must_use]
    pub fn state(&self, now: Timestamp) -> InstallmentState {
        if !self.received.is_zero() && self.refunded == self.received {
            InstallmentState::Refunded
        } else if self.outstanding().is_zero() {
            InstallmentState::Received
        } else if now >= self.due_at {
            InstallmentState::Overdue
        } else if self.received.is_zero() {
            InstallmentState::Due
        } else {
            InstallmentState::Partial
        }
    }
}

/// Money that comes or goes, before it is recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Which way.
    pub direction: Direction,
    /// Above 0.
    pub amount: Decimal,
    /// When.
    pub paid_at: Timestamp,
    /// Of the receipt or the bank.
    pub reference: String,
}

/// Money that came or went.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Payment {
    /// From 1.
    pub number: i32,
    /// Which way.
    pub direction: Direction,
    /// Above 0.
    pub amount: Decimal,
    /// When.
    pub paid_at: Timestamp,
    /// Of the receipt or the bank.
    pub reference: String,
    /// Who recorded it.
    pub actor: Actor,
    /// Numbers of installments, and what falls to each.
    pub parts: Vec<(i32, Decimal)>,
}

/// Installments by due time, payments in the order recorded.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Schedule {
    /// By due time, then number.
    pub installments: Vec<Installment>,
    /// In the order recorded.
    pub payments: Vec<Payment>,
}

/// Why a payment or a schedule is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ScheduleError {
    /// More decimals than the currency has.
    #[error("{currency} has no more than {decimals} decimals")]
    Decimals {
        /// ISO 4217.
        currency: String,
        /// Of its smallest unit.
        decimals: u32,
        /// The place in the installments given; `None` for a payment.
        index: Option<usize>,
    },
    /// More than is outstanding.
    #[error("only {outstanding} is outstanding")]
    Overpayment {
        /// What may come.
        outstanding: Decimal,
    },
    /// More than came.
    #[error("only {refundable} can be given back")]
    RefundTooLarge {
        /// What may go.
        refundable: Decimal,
    },
    /// As many as are kept.
    #[error("has as many {what} as are kept: {limit}")]
    Limit {
        /// Of what.
        what: &'static str,
        /// How many.
        limit: usize,
    },
}

/// The text is no amount.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("must be a decimal above 0, such as 1200.50, with at most 12 digits before the point and 4 after it")]
pub struct InvalidAmount;

/// Reads an amount: digits, and a point with digits, exactly.
///
/// # Errors
/// [`InvalidAmount`].
pub fn amount(text: &str) -> Result<Decimal, InvalidAmount> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(whole) || !digits(fraction) || whole.len() > MAX_DIGITS || fraction.len() > 4 {
        return Err(InvalidAmount);
    }
    let amount = Decimal::from_str_exact(text).map_err(|_| InvalidAmount)?;
    if amount.is_zero() { Err(InvalidAmount) } else { Ok(amount) }
}

/// The text is no currency.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("must be a currency code of ISO 4217, such as CNY")]
pub struct InvalidCurrency;

/// Reads a currency code.
///
/// # Errors
/// [`InvalidCurrency`].
pub fn currency(text: &str) -> Result<String, InvalidCurrency> {
    Currency::from_code(text).map(|currency| currency.code().to_owned()).ok_or(InvalidCurrency)
}

/// Decimals of a currency's smallest unit.
#[must_use]
pub fn decimals(currency: &str) -> u32 {
    Currency::from_code(currency).and_then(Currency::exponent).map_or(2, u32::from)
}

fn in_currency(amount: Decimal, currency: &str, index: Option<usize>) -> Result<Decimal, ScheduleError> {
    let decimals = decimals(currency);
    let mut amount = amount.normalize();
    if amount.scale() > decimals {
        return Err(ScheduleError::Decimals { currency: currency.to_owned(), decimals, index });
    }
    amount.rescale(decimals);
    Ok(amount)
}

impl Schedule {
    /// What is missing.
    #[must_use]
    pub fn outstanding(&self) -> Decimal {
        self.installments.iter().map(Installment::outstanding).sum()
    }

    /// What came and was not given back.
    #[must_use]
    pub fn balance(&self) -> Decimal {
        self.installments.iter().map(|item| item.received - item.refunded).sum()
    }

    /// Puts these installments in place of those that nothing came for.
    ///
    /// # Errors
    /// [`ScheduleError::Limit`], [`ScheduleError::Decimals`].
    pub fn replace_unpaid(
        &mut self,
        installments: &[(Decimal, Timestamp)],
        currency: &str,
    ) -> Result<(), ScheduleError> {
        let last = self.installments.iter().map(|item| item.number).max().unwrap_or_default();
        let mut kept: Vec<_> =
            self.installments.iter().filter(|item| !item.received.is_zero()).cloned().collect();
        for (index, (number, (amount, due_at))) in (last + 1..).zip(installments).enumerate() {
            let zero = Decimal::ZERO;
            let amount = in_currency(*amount, currency, Some(index))?;
            let (due_at, received, refunded) = (*due_at, zero, zero);
            kept.push(Installment {
                number,
                amount,
                due_at,
                received,
                refunded,
                announced: false,
                missed: false,
            });
        }
        if kept.len() > MAX_INSTALLMENTS {
            return Err(ScheduleError::Limit { what: "installments", limit: MAX_INSTALLMENTS });
        }
        kept.sort_by_key(|item| (item.due_at, item.number));
        self.installments = kept;
        Ok(())
    }

    /// Records money that came or goes back.
    ///
    /// # Errors
    /// [`ScheduleError`]; then nothing has changed.
    pub fn pay(&mut self, entry: &Entry, actor: &Actor, currency: &str) -> Result<(), ScheduleError> {
        if self.payments.len() >= MAX_PAYMENTS {
            return Err(ScheduleError::Limit { what: "payments", limit: MAX_PAYMENTS });
        }
        let amount = in_currency(entry.amount, currency, None)?;
        let parts = match entry.direction {
            Direction::Received => self.receive(amount)?,
            Direction::Refunded => self.refund(amount)?,
        };
        let number = self.payments.last().map_or(1, |last| last.number + 1);
        let Entry { direction, paid_at, reference, .. } = entry.clone();
        let actor = actor.clone();
        self.payments.push(Payment { number, direction, amount, paid_at, reference, actor, parts });
        Ok(())
    }

    fn receive(&mut self, amount: Decimal) -> Result<Vec<(i32, Decimal)>, ScheduleError> {
        let outstanding = self.outstanding();
        if amount > outstanding {
            return Err(ScheduleError::Overpayment { outstanding });
        }
        let (mut rest, mut parts) = (amount, Vec::new());
        for item in &mut self.installments {
            let part = rest.min(item.outstanding());
            if !part.is_zero() {
                item.received += part;
                rest -= part;
                parts.push((item.number, part));
            }
        }
        Ok(parts)
    }

    fn refund(&mut self, amount: Decimal) -> Result<Vec<(i32, Decimal)>, ScheduleError> {
        let refundable = self.balance();
        if amount > refundable {
            return Err(ScheduleError::RefundTooLarge { refundable });
        }
        let (mut rest, mut parts) = (amount, Vec::new());
        for item in self.installments.iter_mut().rev() {
            let part = rest.min(item.received - item.refunded);
            if !part.is_zero() {
                item.refunded += part;
                rest -= part;
                parts.push((item.number, part));
            }
        }
        Ok(parts)
    }
}

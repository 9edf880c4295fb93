//! Two customers become one, and two again (CU-8); pure.
//!
//! | state | what | goes to |
//! |---|---|---|
//! | `MERGED` | the survivor answers for both | `UNMERGED`, when no later merge stands on it |
//! | `UNMERGED` | both are there again | nothing |
//!
//! # What an un-merge gives to whom
//! | what | survivor | loser |
//! |---|---|---|
//! | a field that is as the merge left it | as before the merge | as before the merge |
//! | a field of the survivor changed since | as it is now | as before the merge |
//! | contact points that the survivor had | those that are there still, in their order of now | – |
//! | contact points that the loser had | only what it had too (an address that persons share) | as before, in their order of then, also what was removed since; what identifies somebody else by now stays there |
//! | contact points added since by staff, or by a contact that the survivor's contact points found | yes | no |
//! | contact points added since by a contact that the loser's contact points found | no | yes, last |
//! | contacts, cases and other rows of before | the survivor's | the loser's |
//! | contacts since, with their cases | found by the survivor's contact points | found by the loser's |
//! | etag and update time | new | new |
//!
//! # Chains
//! A merged into B, then B into C: what was A's is remembered as A's; taking back B gives all of A and B to B, taking back A
//! then gives A its own. The last merge of a survivor is taken back first, and one into a customer who is merged itself after
//! that one: so every merge finds what it left.

use std::collections::HashSet;

use jiff::Timestamp;
use kexiang_core::{Actor, CustomerId, CustomerKind, MergeId, vocabulary::UnknownWord};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{
    contact_point::{ContactPoint, ContactPointKey},
    customer::{Customer, CustomerChange, MAX_CONTACT_POINTS},
};

/// What is no matter of choice. Everything else that a customer has is.
const FIXED: [&str; 6] =
    ["customer_id", "contact_points", "created_at", "updated_at", "erased_at", "version"];

/// Where a merge stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum MergeState {
    /// The survivor answers for both.
    Merged,
    /// Both are there again.
    Unmerged,
}

impl MergeState {
    /// The word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Merged => "MERGED",
            Self::Unmerged => "UNMERGED",
        }
    }
}

impl std::str::FromStr for MergeState {
    type Err = UnknownWord;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "MERGED" => Ok(Self::Merged),
            "UNMERGED" => Ok(Self::Unmerged),
            other => Err(UnknownWord(other.to_owned())),
        }
    }
}

/// Two customers that became one. Nothing personal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Merge {
    /// Which.
    pub merge_id: MergeId,
    /// Who stays.
    pub survivor: CustomerId,
    /// Who was merged into the survivor.
    pub loser: CustomerId,
    /// Where it stands.
    pub state: MergeState,
    /// Rows are still on their way.
    pub moving: bool,
    /// Merged.
    pub merged_at: Timestamp,
    /// By whom.
    pub merged_by: Actor,
    /// Un-merged.
    pub unmerged_at: Option<Timestamp>,
    /// By whom.
    pub unmerged_by: Option<Actor>,
    /// Starts at 1, one more for every change.
    pub version: i64,
}

/// Data of `customer.merged` and `customer.unmerged`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct MergeFacts {
    /// Which.
    pub merge_id: MergeId,
    /// Who stays.
    pub survivor: CustomerId,
    /// Who was merged into the survivor.
    pub loser: CustomerId,
}

impl Merge {
    /// What events tell of it.
    #[must_use]
    pub const fn facts(&self) -> MergeFacts {
        MergeFacts { merge_id: self.merge_id, survivor: self.survivor, loser: self.loser }
    }
}

/// Whose value a field of the survivor has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FieldSource {
    /// The survivor's.
    Survivor,
    /// The loser's.
    Loser,
    /// One given for this.
    Explicit,
}

/// One field of both.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldComparison {
    /// The field's name in the contract.
    pub field: String,
    /// They have different values.
    pub differs: bool,
    /// Where the result is from.
    pub source: FieldSource,
}

/// What a person chose; fields not named are the survivor's, or the loser's where the survivor has nothing.
#[derive(Clone, Default)]
pub struct Choices {
    /// Field by field, none twice.
    pub sources: Vec<(String, FieldSource)>,
    /// Values of the explicit ones.
    pub explicit: CustomerChange,
}

/// A customer, with whose each contact point was before merges: `None` is the customer's own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origins {
    /// Who.
    pub customer: Customer,
    /// As long as the customer's contact points.
    pub of_points: Vec<Option<CustomerId>>,
}

/// Why two customers can't be merged.
#[derive(Debug, thiserror::Error)]
pub enum Unmergeable {
    /// Over [`MAX_CONTACT_POINTS`].
    #[error("together they have more than {MAX_CONTACT_POINTS} contact points")]
    TooManyContactPoints,
    /// A customer that can't be taken apart into fields: a defect.
    #[error(transparent)]
    Json(#[from] serde_json::Error),
}

/// The fields that may be chosen.
///
/// # Errors
/// Never in practice: a customer is an object.
pub fn fields_of(customer: &Customer) -> Result<Vec<String>, serde_json::Error> {
    Ok(object(customer)?.into_iter().map(|(field, _)| field).filter(|field| is_chosen(field)).collect())
}

/// What the survivor becomes, and where each field is from.
///
/// # Errors
/// [`Unmergeable`].
pub fn merge(
    survivor: &Origins,
    loser: &Origins,
    choices: &Choices,
    now: Timestamp,
) -> Result<(Origins, Vec<FieldComparison>), Unmergeable> {
    let (mut fields, loser_fields) = (object(&survivor.customer)?, object(&loser.customer)?);
    let mut comparisons = Vec::new();
    for (field, theirs) in &loser_fields {
        let Some(ours) = fields.get_mut(field).filter(|_| is_chosen(field)) else { continue };
        let chosen = choices.sources.iter().find(|(name, _)| name == field).map(|(_, source)| *source);
        let source =
            chosen.unwrap_or(if is_empty(ours) { FieldSource::Loser } else { FieldSource::Survivor });
        comparisons.push(FieldComparison { field: field.clone(), differs: ours != theirs, source });
        if source == FieldSource::Loser {
            *ours = theirs.clone();
        }
    }
    let (points, of_points) = joined(survivor, loser);
    if points.len() > MAX_CONTACT_POINTS {
        return Err(Unmergeable::TooManyContactPoints);
    }
    let taken: Customer = serde_json::from_value(Value::Object(fields))?;
    let explicit = CustomerChange { contact_points: Some(points), ..choices.explicit.clone() };
    let customer = taken.changed(explicit, now).unwrap_or(taken);
    Ok((Origins { customer: touched(customer, &survivor.customer, now), of_points }, comparisons))
}

/// The survivor's contact points, then those of the loser that the survivor has not.
fn joined(survivor: &Origins, loser: &Origins) -> (Vec<ContactPoint>, Vec<Option<CustomerId>>) {
    let had: HashSet<ContactPointKey> =
        survivor.customer.contact_points.iter().map(ContactPoint::key).collect();
    let mut points = survivor.customer.contact_points.clone();
    let mut of_points = survivor.of_points.clone();
    for (point, origin) in loser.customer.contact_points.iter().zip(&loser.of_points) {
        if !had.contains(&point.key()) {
            points.push(point.clone());
            of_points.push(Some(origin.unwrap_or(loser.customer.customer_id)));
        }
    }
    (points, of_points)
}

/// What is remembered of a merge.
pub struct Before {
    /// The survivor as it was.
    pub survivor: Customer,
    /// The survivor as the merge left it.
    pub after: Customer,
    /// The loser as it was.
    pub loser: Origins,
}

/// Both as they are after the un-merge, survivor first. `group` is the loser and all who are merged into it, also by way of
/// others; `loser_version` is the loser's version of now.
///
/// # Errors
/// Never in practice: a customer is an object.
pub fn unmerge(
    now_survivor: &Origins,
    before: Before,
    group: &HashSet<CustomerId>,
    loser_version: i64,
    now: Timestamp,
) -> Result<(Origins, Origins), serde_json::Error> {
    let (mut fields, then, left) =
        (object(&now_survivor.customer)?, object(&before.survivor)?, object(&before.after)?);
    for (field, value) in &mut fields {
        if is_chosen(field) && left.get(field) == Some(value) {
            *value = then.get(field).cloned().unwrap_or_default();
        }
    }
    let mut survivor =
        Origins { customer: serde_json::from_value(Value::Object(fields))?, of_points: Vec::new() };
    let mut loser = before.loser;
    let mut known: HashSet<ContactPointKey> =
        loser.customer.contact_points.iter().map(ContactPoint::key).collect();
    survivor.customer.contact_points.clear();
    for (point, origin) in now_survivor.customer.contact_points.iter().zip(&now_survivor.of_points) {
        match origin {
            Some(origin) if group.contains(origin) => {
                if known.insert(point.key()) {
                    loser.customer.contact_points.push(point.clone());
                    loser.of_points.push((*origin != loser.customer.customer_id).then_some(*origin));
                }
            }
            kept => {
                survivor.customer.contact_points.push(point.clone());
                survivor.of_points.push(*kept);
            }
        }
    }
    survivor.customer = touched(survivor.customer, &now_survivor.customer, now);
    loser.customer.version = loser_version + 1;
    loser.customer.updated_at = now;
    Ok((survivor, loser))
}

fn touched(customer: Customer, before: &Customer, now: Timestamp) -> Customer {
    // Fields are chosen one by one: only an outlet keeps what sort of outlet it is.
    let outlet_kind = customer.outlet_kind.filter(|_| customer.kind == CustomerKind::Outlet);
    Customer { outlet_kind, updated_at: now, version: before.version + 1, ..customer }
}

fn object(customer: &Customer) -> Result<Map<String, Value>, serde_json::Error> {
    serde_json::from_value(serde_json::to_value(customer)?)
}

fn is_chosen(field: &str) -> bool {
    !FIXED.contains(&field)
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(fields) => fields.is_empty(),
        Value::Bool(_) | Value::Number(_) => false,
    }
}

#[cfg(test)]
mod tests;

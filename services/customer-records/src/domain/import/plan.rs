//! What becomes of the rows of a batch (CU-9): one pure decision.
//!
//! | the row | becomes |
//! |---|---|
//! | says what it said when it was last taken in | unchanged, whatever agents have changed since |
//! | names a customer, or was taken in before, or has a contact point of one with a like name | that customer gains what is new |
//! | is of nobody, has a name | a new customer |
//! | has a contact point of somebody else, or of somebody with another name | possible duplicate: nothing is written |
//! | is known like a row before it in the file, and says something else | refused |
//! | is of somebody erased | refused: they come back by themselves, not by a file |

use std::collections::{BTreeMap, HashMap, HashSet};

use jiff::Timestamp;
use kexiang_core::CustomerId;

use super::{Fault, row::CustomerRow};
use crate::domain::{
    contact_point::{ContactPoint, ContactPointKey},
    customer::{Customer, CustomerProfile, MAX_CONTACT_POINTS},
    likeness,
    vault::DIGEST_BYTES,
};

/// A keyed digest.
pub type Digest = [u8; DIGEST_BYTES];

/// A row with what knows it and what it says, as digests.
pub struct KeyedRow {
    /// The row.
    pub row: CustomerRow,
    /// What knows it in its source.
    pub key: Digest,
    /// What it says.
    pub fingerprint: Digest,
}

/// A row that was taken in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Remembered {
    /// Whose.
    pub customer_id: CustomerId,
    /// What it said.
    pub fingerprint: Digest,
}

/// A row of this file that was decided. Also one that was refused holds its key: were a later row taken in for it, the file again
/// would take the refused one for news.
#[derive(Debug, Clone, Copy)]
pub struct Seen {
    /// Where it stands.
    pub number: u64,
    /// Whose it is and what it says; `None` when it was not taken in.
    pub row: Option<Remembered>,
}

/// What is known of the customers that a batch may be about.
#[derive(Default)]
pub struct Known {
    /// Those who answer.
    pub customers: HashMap<CustomerId, Customer>,
    /// Whom contact points identify.
    pub holders: HashMap<ContactPointKey, CustomerId>,
    /// Rows of the source that were taken in.
    pub rows: HashMap<Digest, Remembered>,
    /// Who answers for those who are merged.
    pub survivors: HashMap<CustomerId, CustomerId>,
}

impl Known {
    /// Takes what a plan would have written for written: a trial has no database to keep it in.
    pub fn take(&mut self, plan: &Plan) {
        let updated = plan.updated.iter().map(|update| &update.after);
        for customer in plan.created.iter().chain(updated) {
            let points = customer.contact_points.iter().filter(|point| point.identifies(customer.kind));
            self.holders.extend(points.map(|point| (point.key(), customer.customer_id)));
            self.customers.insert(customer.customer_id, customer.clone());
        }
        self.rows.extend(plan.remembered.iter().copied());
    }
}

/// What became of a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// A new customer.
    Created(CustomerId),
    /// A known one who gained something.
    Updated(CustomerId),
    /// Nothing new.
    Unchanged(CustomerId),
    /// Nothing written: people decide whether it is one of these.
    PossibleDuplicate(Vec<CustomerId>),
    /// Nothing written.
    Refused(Vec<Fault>),
}

/// A known customer who gains something.
pub struct Update {
    /// As read.
    pub before: Customer,
    /// As they become: the name may be another, contact points are added at the end.
    pub after: Customer,
    /// Whose each added contact point is when not the customer's own.
    pub origins: Vec<Option<CustomerId>>,
}

/// What to write, and what to answer.
#[derive(Default)]
pub struct Plan {
    /// Row by row.
    pub outcomes: Vec<(u64, Outcome)>,
    /// New customers.
    pub created: Vec<Customer>,
    /// Known ones.
    pub updated: Vec<Update>,
    /// Rows to remember; none that is remembered just so.
    pub remembered: Vec<(Digest, Remembered)>,
    /// Rows that were decided.
    pub seen: HashMap<Digest, Seen>,
}

/// Decides what becomes of a batch. `earlier` are rows of the batches before; `trial` is what they would have written, if nothing is.
#[must_use]
pub fn plan(
    rows: &[KeyedRow],
    known: &Known,
    trial: &Known,
    earlier: &HashMap<Digest, Seen>,
    now: Timestamp,
) -> Plan {
    let mut desk = Desk {
        known,
        trial,
        earlier,
        now,
        files: BTreeMap::new(),
        holders: HashMap::new(),
        plan: Plan::default(),
    };
    for keyed in rows {
        let outcome = desk.place(keyed).unwrap_or_else(|refused| refused);
        desk.plan.outcomes.push((keyed.row.number, outcome));
    }
    desk.finish()
}

struct Desk<'a> {
    known: &'a Known,
    trial: &'a Known,
    earlier: &'a HashMap<Digest, Seen>,
    now: Timestamp,
    /// Customers that the batch makes or changes.
    files: BTreeMap<CustomerId, File>,
    /// Contact points that the batch brought.
    holders: HashMap<ContactPointKey, CustomerId>,
    plan: Plan,
}

struct File {
    /// `None` for a new one.
    before: Option<Customer>,
    after: Customer,
    origins: Vec<Option<CustomerId>>,
}

/// Whose a row is.
struct Target {
    customer_id: CustomerId,
    /// Who brought it, when they are merged into that one.
    origin: Option<CustomerId>,
}

impl Desk<'_> {
    fn place(&mut self, keyed: &KeyedRow) -> Result<Outcome, Outcome> {
        let KeyedRow { row, key, fingerprint } = keyed;
        if let Some(Seen { number, row: seen }) = self.plan.seen.get(key).or_else(|| self.earlier.get(key)) {
            if let Some(seen) = seen.filter(|seen| seen.fingerprint == *fingerprint) {
                return Ok(Outcome::Unchanged(seen.customer_id));
            }
            return Err(refused(
                "row",
                "DUPLICATE_ROW",
                format!("is known like row {number}, and says something else"),
            ));
        }
        self.plan.seen.insert(*key, Seen { number: row.number, row: None });
        let remembered = self.trial.rows.get(key).or_else(|| self.known.rows.get(key)).copied();
        let target = self.target(row, remembered)?;
        let outcome = match &target {
            Some(target) if remembered.is_some_and(|row| row.fingerprint == *fingerprint) => {
                Outcome::Unchanged(target.customer_id)
            }
            Some(target) => self.extend(row, target)?,
            None => self.create(row)?,
        };
        if let Outcome::Created(id) | Outcome::Updated(id) | Outcome::Unchanged(id) = outcome {
            // Of a merged customer the row stays theirs, for when they are un-merged.
            let customer_id = target.and_then(|target| target.origin).unwrap_or(id);
            let row = Remembered { customer_id, fingerprint: *fingerprint };
            if remembered != Some(row) {
                self.plan.remembered.push((*key, row));
            }
            let shown = Remembered { customer_id: id, ..row };
            self.plan.seen.insert(*key, Seen { number: keyed.row.number, row: Some(shown) });
        }
        Ok(outcome)
    }

    /// Whose the row is: by its name here, by what is remembered, by its contact points.
    fn target(&self, row: &CustomerRow, remembered: Option<Remembered>) -> Result<Option<Target>, Outcome> {
        let before = remembered.map(|row| row.customer_id);
        if let (Some(said), Some(before)) = (row.customer, before)
            && self.survivor(said) != self.survivor(before)
        {
            return Err(refused("customer", "INVALID_VALUE", "the id in the source is of another customer"));
        }
        let holders = self.holders_of(row);
        let Some(named) = before.or(row.customer) else { return self.found(row, &holders) };
        let customer_id = self.survivor(named);
        let Some(customer) = self.customer(customer_id) else {
            return Err(refused("customer", "NOT_FOUND", "there is no such customer"));
        };
        if customer.erased_at.is_some() {
            return Err(refused("customer", "CUSTOMER_ERASED", "nothing is known of them any more"));
        }
        let others: Vec<_> = holders.into_iter().filter(|holder| *holder != customer_id).collect();
        if !others.is_empty() {
            return Err(Outcome::PossibleDuplicate(others));
        }
        Ok(Some(Target { customer_id, origin: (named != customer_id).then_some(named) }))
    }

    /// Who has the contact points of a row that nothing else tells of.
    fn found(&self, row: &CustomerRow, holders: &[CustomerId]) -> Result<Option<Target>, Outcome> {
        match holders {
            [] => Ok(None),
            [holder] => {
                let known = self.customer(*holder);
                let alike =
                    known.is_none_or(|known| is_like(&known.display_name, row.display_name.as_deref()));
                if !alike {
                    return Err(Outcome::PossibleDuplicate(vec![*holder]));
                }
                Ok(Some(Target { customer_id: *holder, origin: None }))
            }
            several => Err(Outcome::PossibleDuplicate(several.to_vec())),
        }
    }

    fn create(&mut self, row: &CustomerRow) -> Result<Outcome, Outcome> {
        let Some(display_name) = row.display_name.clone() else {
            return Err(refused("display_name", "REQUIRED", "is required of a new customer"));
        };
        let profile = CustomerProfile {
            kind: row.kind_if_new(),
            outlet_kind: None,
            display_name,
            contact_points: row.contact_points.clone(),
        };
        let customer = Customer::new(profile, self.now);
        let id = customer.customer_id;
        self.note_holders(&customer);
        self.files.insert(id, File { before: None, after: customer, origins: Vec::new() });
        Ok(Outcome::Created(id))
    }

    fn extend(&mut self, row: &CustomerRow, target: &Target) -> Result<Outcome, Outcome> {
        let id = target.customer_id;
        let Some(known) = self.customer(id).cloned() else {
            return Err(refused("customer", "NOT_FOUND", "there is no such customer"));
        };
        if row.kind.is_some_and(|kind| kind != known.kind) {
            let text = format!("they are {}: a file never changes what somebody is", known.kind.as_str());
            return Err(refused("kind", "KIND_DIFFERS", text));
        }
        let has: HashSet<_> = known.contact_points.iter().map(ContactPoint::key).collect();
        let gained: Vec<_> =
            row.contact_points.iter().filter(|point| !has.contains(&point.key())).cloned().collect();
        if has.len() + gained.len() > MAX_CONTACT_POINTS {
            let text = format!("they would have more than {MAX_CONTACT_POINTS}");
            return Err(refused("contact_points", "TOO_MANY", text));
        }
        let name = row.display_name.as_ref().filter(|name| **name != known.display_name);
        if name.is_none() && gained.is_empty() {
            return Ok(Outcome::Unchanged(id));
        }
        let mut after = known.clone();
        after.display_name = name.cloned().unwrap_or(after.display_name);
        let origins = vec![target.origin; gained.len()];
        after.contact_points.extend(gained);
        self.note_holders(&after);
        let file = self.files.entry(id);
        let file =
            file.or_insert_with(|| File { before: Some(known), after: after.clone(), origins: Vec::new() });
        file.after = after;
        file.origins.extend(origins);
        Ok(Outcome::Updated(id))
    }

    /// Everybody whom an identifying contact point of the row is of.
    fn holders_of(&self, row: &CustomerRow) -> Vec<CustomerId> {
        let mut holders: Vec<CustomerId> = Vec::new();
        for point in row.contact_points.iter().filter(|point| point.identifies(row.kind_if_new())) {
            let key = point.key();
            let tables = [&self.holders, &self.trial.holders, &self.known.holders];
            if let Some(holder) = tables.iter().find_map(|holders| holders.get(&key))
                && !holders.contains(holder)
            {
                holders.push(*holder);
            }
        }
        holders
    }

    fn note_holders(&mut self, customer: &Customer) {
        let points = customer.contact_points.iter().filter(|point| point.identifies(customer.kind));
        self.holders.extend(points.map(|point| (point.key(), customer.customer_id)));
    }

    fn survivor(&self, id: CustomerId) -> CustomerId {
        self.known.survivors.get(&id).copied().unwrap_or(id)
    }

    fn customer(&self, id: CustomerId) -> Option<&Customer> {
        let here = self.files.get(&id).map(|file| &file.after);
        here.or_else(|| self.trial.customers.get(&id)).or_else(|| self.known.customers.get(&id))
    }

    fn finish(self) -> Plan {
        let mut plan = self.plan;
        for (_, File { before, mut after, origins }) in self.files {
            match before {
                None => plan.created.push(after),
                Some(before) => {
                    after.version = before.version + 1;
                    after.updated_at = self.now;
                    plan.updated.push(Update { before, after, origins });
                }
            }
        }
        plan
    }
}

fn refused(field: &str, reason: &'static str, text: impl Into<String>) -> Outcome {
    Outcome::Refused(vec![Fault::new(field, reason, text)])
}

/// Whether a row with this name may be of the customer with that one. Who called without a name is called like their contact.
fn is_like(known: &str, said: Option<&str>) -> bool {
    known.starts_with("contacts/") || said.is_none_or(|said| likeness::is_similar_name(known, said))
}

#[cfg(test)]
mod tests;

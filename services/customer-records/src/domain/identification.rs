//! How callers become customers (CU-1, CU-2): one pure decision over a whole batch.
//!
//! A caller is found by phone, else by e-mail, else, unless a person, by address; who is found by nothing becomes a new
//! customer, and so does everybody who gave no contact point: anonymous callers are never merged. What a found customer
//! has not had yet, and nobody else has, is added to them. The same caller twice in a batch is one customer.

use std::collections::{HashMap, HashSet};

use jiff::Timestamp;
use kexiang_core::{CaseId, ContactId, CustomerId, CustomerKind, EventId};

use super::{
    contact_point::{ContactPoint, ContactPointKey},
    customer::{Customer, CustomerProfile, MAX_CONTACT_POINTS},
};

/// A contact whose customer nobody knows yet.
#[derive(Clone)]
pub struct Arrival {
    /// Which contact.
    pub contact_id: ContactId,
    /// When it came in.
    pub contact_at: Timestamp,
    /// The case that it opened or joined.
    pub case_id: Option<CaseId>,
    /// Who they said they are; contact points by trust: phone, e-mail, address.
    pub caller: CustomerProfile,
    /// The event that told of the contact.
    pub cause: EventId,
    /// W3C trace context of the call that registered it.
    pub traceparent: Option<String>,
}

/// A customer that a contact point of the batch may find.
#[derive(Debug, Clone)]
pub struct Candidate {
    /// Who.
    pub customer_id: CustomerId,
    /// Decides whether an address identifies them.
    pub kind: CustomerKind,
    /// As read: whoever changes the customer meanwhile changes it.
    pub version: i64,
    /// How many contact points they have in all.
    pub had: usize,
    /// Those of the batch's contact points that they have, with whether each identifies them.
    pub contact_points: Vec<(ContactPointKey, bool)>,
}

/// Contact points that a known customer gains.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Enrichment {
    /// Who.
    pub customer_id: CustomerId,
    /// Of what kind.
    pub kind: CustomerKind,
    /// As read; the plan holds only while they are unchanged.
    pub version: i64,
    /// How many contact points they have already.
    pub had: usize,
    /// The new ones.
    pub gained: Vec<ContactPoint>,
    /// The arrival that brought the first of them, by place in the batch.
    pub arrival: usize,
}

/// What to do with a batch.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Plan {
    /// New customers, each with the arrival that made it, by place in the batch.
    pub created: Vec<(Customer, usize)>,
    /// Known customers that gain contact points.
    pub enriched: Vec<Enrichment>,
    /// The customer of every arrival, in the order of the batch.
    pub customers: Vec<CustomerId>,
}

/// Decides whose every arrival is.
#[must_use]
pub fn identify(arrivals: &[Arrival], candidates: Vec<Candidate>, now: Timestamp) -> Plan {
    let mut desk = Desk::new(candidates);
    for (place, arrival) in arrivals.iter().enumerate() {
        let customer_id = match desk.find(&arrival.caller) {
            Some(customer_id) => {
                desk.enrich(customer_id, &arrival.caller.contact_points, place);
                customer_id
            }
            None => desk.create(arrival.caller.clone(), place, now),
        };
        desk.plan.customers.push(customer_id);
    }
    desk.plan
}

/// What is known while a batch is decided.
struct Desk {
    files: HashMap<CustomerId, File>,
    identities: HashMap<ContactPointKey, CustomerId>,
    plan: Plan,
}

/// What is known of one customer.
struct File {
    kind: CustomerKind,
    version: i64,
    /// How many contact points they had before the batch.
    had: usize,
    /// How many they have, with what the batch brought.
    has: usize,
    keys: HashSet<ContactPointKey>,
    noted: Noted,
}

/// Where the plan has the customer.
enum Noted {
    Not,
    Created(usize),
    Enriched(usize),
}

impl Desk {
    fn new(candidates: Vec<Candidate>) -> Self {
        let mut desk = Self { files: HashMap::new(), identities: HashMap::new(), plan: Plan::default() };
        for candidate in candidates {
            for (key, identifying) in &candidate.contact_points {
                if *identifying {
                    desk.identities.insert(key.clone(), candidate.customer_id);
                }
            }
            let Candidate { customer_id, kind, version, had, contact_points } = candidate;
            let keys = contact_points.into_iter().map(|(key, _)| key).collect();
            desk.files.insert(customer_id, File { kind, version, had, has: had, keys, noted: Noted::Not });
        }
        desk
    }

    fn find(&self, caller: &CustomerProfile) -> Option<CustomerId> {
        caller
            .contact_points
            .iter()
            .filter(|point| point.identifies(caller.kind))
            .find_map(|point| self.identities.get(&point.key()).copied())
    }

    fn create(&mut self, caller: CustomerProfile, place: usize, now: Timestamp) -> CustomerId {
        let customer = Customer::new(caller, now);
        let customer_id = customer.customer_id;
        for point in customer.contact_points.iter().filter(|point| point.identifies(customer.kind)) {
            self.identities.insert(point.key(), customer_id);
        }
        let file = File {
            kind: customer.kind,
            version: customer.version,
            had: 0,
            has: customer.contact_points.len(),
            keys: customer.contact_points.iter().map(ContactPoint::key).collect(),
            noted: Noted::Created(self.plan.created.len()),
        };
        self.files.insert(customer_id, file);
        self.plan.created.push((customer, place));
        customer_id
    }

    fn enrich(&mut self, customer_id: CustomerId, points: &[ContactPoint], place: usize) {
        let Some(file) = self.files.get_mut(&customer_id) else { return };
        for point in points {
            let key = point.key();
            let identifying = point.identifies(file.kind);
            let taken = identifying && self.identities.contains_key(&key);
            if taken || file.has >= MAX_CONTACT_POINTS || file.keys.contains(&key) {
                continue;
            }
            file.note(&mut self.plan, customer_id, point.clone(), place);
            if identifying {
                self.identities.insert(key.clone(), customer_id);
            }
            file.keys.insert(key);
            file.has += 1;
        }
    }
}

impl File {
    fn note(&mut self, plan: &mut Plan, customer_id: CustomerId, point: ContactPoint, place: usize) {
        match self.noted {
            Noted::Created(index) => plan.created[index].0.contact_points.push(point),
            Noted::Enriched(index) => plan.enriched[index].gained.push(point),
            Noted::Not => {
                self.noted = Noted::Enriched(plan.enriched.len());
                plan.enriched.push(Enrichment {
                    customer_id,
                    kind: self.kind,
                    version: self.version,
                    had: self.had,
                    gained: vec![point],
                    arrival: place,
                });
            }
        }
    }
}

#[cfg(test)]
mod tests;

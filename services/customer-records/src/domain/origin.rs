//! Whose what arrives is (CU-8): a contact is of the customer whose contact point found it, also while that customer is merged
//! into another; what it brings is theirs too. An un-merge goes by that.

use std::collections::{BTreeSet, HashMap};

use kexiang_core::CustomerId;

use super::{
    contact_point::{ContactPoint, ContactPointKey},
    customer::Customer,
    identification::Arrival,
    merge::Origins,
};

/// Whom contact points identify, and whose they were before merges when they were another's.
pub type Holders = HashMap<ContactPointKey, (CustomerId, Option<CustomerId>)>;

/// What a batch of arrivals says.
#[derive(Debug, Default)]
pub struct Traces {
    /// Arrival by arrival; `None` when it is of the customer who answers.
    pub of_arrivals: Vec<Option<CustomerId>>,
    /// Contact points that were brought to a customer, by whoever brought them first.
    pub brought: HashMap<(CustomerId, ContactPointKey), Option<CustomerId>>,
    /// Pairs whose contact points one caller had.
    pub together: BTreeSet<(CustomerId, CustomerId)>,
}

/// Follows the arrivals, whose customers are decided; `holders` are of before the batch.
#[must_use]
pub fn trace(arrivals: &[Arrival], customers: &[CustomerId], mut holders: Holders) -> Traces {
    let mut traces = Traces::default();
    for (arrival, customer) in arrivals.iter().zip(customers) {
        let points = &arrival.caller.contact_points;
        let identifying: Vec<_> = points
            .iter()
            .filter(|point| point.identifies(arrival.caller.kind))
            .map(ContactPoint::key)
            .collect();
        let found = identifying.iter().find_map(|key| holders.get(key));
        let origin = found.filter(|(holder, _)| holder == customer).and_then(|(_, origin)| *origin);
        traces.of_arrivals.push(origin);
        for key in identifying {
            let (holder, _) = *holders.entry(key).or_insert((*customer, origin));
            if holder != *customer {
                traces.together.insert((holder.min(*customer), holder.max(*customer)));
            }
        }
        for point in points {
            traces.brought.entry((*customer, point.key())).or_insert(origin);
        }
    }
    traces
}

/// Whose the contact points of a customer are after a change: those that it had stay whose they were.
#[must_use]
pub fn carried(before: &Origins, after: &Customer) -> Vec<Option<CustomerId>> {
    let known: HashMap<_, _> =
        before.customer.contact_points.iter().map(ContactPoint::key).zip(&before.of_points).collect();
    after.contact_points.iter().map(|point| known.get(&point.key()).copied().copied().flatten()).collect()
}

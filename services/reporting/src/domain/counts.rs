//! How live counts follow the facts: by differences, so that their cost does not grow with history.
//!
//! Invariant: the counts equal a recount of the facts after every transaction, because both change in the same one.

use std::{
    collections::{BTreeMap, HashMap},
    hash::Hash,
};

use kexiang_core::SiteId;

use super::state::{CaseState, WorkOrderState};

/// What is counted live, in which state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Counted {
    /// A case.
    Case(CaseState),
    /// A work order.
    WorkOrder(WorkOrderState),
}

impl Counted {
    /// The word for what it is.
    #[must_use]
    pub const fn subject(self) -> &'static str {
        match self {
            Self::Case(_) => "CASE",
            Self::WorkOrder(_) => "WORK_ORDER",
        }
    }

    /// The word for its state.
    #[must_use]
    pub const fn state(self) -> &'static str {
        match self {
            Self::Case(state) => state.as_str(),
            Self::WorkOrder(state) => state.as_str(),
        }
    }
}

/// Where something is counted.
pub type Place = (SiteId, Counted);

/// What has to be added to which count; never 0.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CountChanges(BTreeMap<Place, i64>);

impl CountChanges {
    /// The changes that lead from where subjects were counted `before` to where they are counted `now`. Subjects that only
    /// `before` knows stay where they are.
    pub fn between<K: Eq + Hash>(
        before: &HashMap<K, Place>,
        now: impl IntoIterator<Item = (K, Place)>,
    ) -> Self {
        let mut changes = BTreeMap::<Place, i64>::new();
        for (subject, place) in now {
            if let Some(left) = before.get(&subject) {
                *changes.entry(left.clone()).or_default() -= 1;
            }
            *changes.entry(place).or_default() += 1;
        }
        changes.retain(|_, by| *by != 0);
        Self(changes)
    }

    /// They one by one.
    pub fn iter(&self) -> impl Iterator<Item = (&SiteId, Counted, i64)> {
        self.0.iter().map(|((site, counted), by)| (site, *counted, *by))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use CaseState::{Closed, Received, Resolved};

    fn place(state: CaseState) -> Place {
        (SiteId::parse("main").unwrap(), Counted::Case(state))
    }

    #[test]
    fn a_move_takes_from_one_count_and_gives_to_another() {
        let before = HashMap::from([(1, place(Received)), (2, place(Resolved)), (3, place(Received))]);

        let changes =
            CountChanges::between(&before, [(1, place(Resolved)), (2, place(Closed)), (4, place(Received))]);

        let found: Vec<_> = changes.iter().map(|(_, counted, by)| (counted, by)).collect();
        assert_eq!(found, [(Counted::Case(Closed), 1)], "RECEIVED and RESOLVED lost one and got one");
    }

    #[test]
    fn the_same_facts_again_change_no_count() {
        let before = HashMap::from([(1, place(Received))]);

        let changes = CountChanges::between(&before, [(1, place(Received))]);

        assert_eq!(changes.iter().count(), 0);
    }
}

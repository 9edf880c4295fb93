//! Who is one customer (CU-3): the connected components of what joins.
//!
//! Joining are spouses, parents and shareholders, except between two whom a supervisor keeps apart, and two whom a supervisor
//! joins. A group is named by its smallest id, its *representative*; a customer with nobody represents themselves.
//!
//! A change between two customers can only touch the groups of the two: these are computed anew from all that joins their
//! members, whether something came or went.

use std::collections::{BTreeMap, BTreeSet};

use kexiang_core::CustomerId;

use super::relationship::Pair;

/// Most customers who are one.
pub const MOST_MEMBERS: usize = 1_000;

/// Every member's representative.
pub type Groups = BTreeMap<CustomerId, CustomerId>;

/// Groups of `members` by what joins them; nothing that joins leads out of `members`.
#[must_use]
pub fn group(members: &BTreeSet<CustomerId>, joining: &[Pair]) -> Groups {
    let mut neighbours: BTreeMap<CustomerId, Vec<CustomerId>> = BTreeMap::new();
    for Pair(one, other) in joining {
        neighbours.entry(*one).or_default().push(*other);
        neighbours.entry(*other).or_default().push(*one);
    }
    let mut groups = Groups::new();
    // Ascending, so that the first of a group met is its smallest.
    for representative in members {
        if groups.contains_key(representative) {
            continue;
        }
        let mut reached = vec![*representative];
        while let Some(member) = reached.pop() {
            if groups.insert(member, *representative).is_none() {
                reached.extend(neighbours.get(&member).into_iter().flatten());
            }
        }
    }
    groups
}

/// Whether a group is larger than [`MOST_MEMBERS`].
#[must_use]
pub fn is_too_large(groups: &Groups) -> bool {
    let mut sizes: BTreeMap<CustomerId, usize> = BTreeMap::new();
    groups.values().for_each(|representative| *sizes.entry(*representative).or_default() += 1);
    sizes.values().any(|size| *size > MOST_MEMBERS)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn id(n: u8) -> CustomerId {
        CustomerId::from_uuid(uuid::Uuid::from_u128(u128::from(n)))
    }

    /// Plain union-find over all edges at once.
    fn model(edges: &BTreeSet<(u8, u8)>) -> Groups {
        let mut parent: Vec<u8> = (0..12).collect();
        fn find(parent: &[u8], mut n: u8) -> u8 {
            while parent[usize::from(n)] != n {
                n = parent[usize::from(n)];
            }
            n
        }
        for (one, other) in edges {
            let (one, other) = (find(&parent, *one), find(&parent, *other));
            parent[usize::from(one.max(other))] = one.min(other);
        }
        (0..12).map(|n| (id(n), id(find(&parent, n)))).collect()
    }

    proptest! {
        #[test]
        fn groups_kept_change_by_change_are_those_of_all_edges(changes in prop::collection::vec((0_u8..12, 0_u8..12), 0..60)) {
            let mut edges: BTreeSet<(u8, u8)> = BTreeSet::new();
            let mut kept: Groups = (0..12).map(|n| (id(n), id(n))).collect();
            for (one, other) in changes.into_iter().filter(|(one, other)| one != other) {
                let edge = (one.min(other), one.max(other));
                if !edges.remove(&edge) {
                    edges.insert(edge);
                }
                let touched = [kept[&id(one)], kept[&id(other)]];
                let members: BTreeSet<_> =
                    kept.iter().filter(|(_, of)| touched.contains(of)).map(|(member, _)| *member).collect();
                let joining: Vec<_> = edges
                    .iter()
                    .map(|(one, other)| Pair(id(*one), id(*other)))
                    .filter(|pair| members.contains(&pair.0))
                    .collect();
                kept.extend(group(&members, &joining));
                prop_assert_eq!(&kept, &model(&edges));
            }
        }
    }

    #[test]
    fn more_than_a_thousand_are_too_many() {
        let chain = |length: u128| {
            let id = |n| CustomerId::from_uuid(uuid::Uuid::from_u128(n));
            let members: BTreeSet<_> = (0..length).map(id).collect();
            let joining: Vec<_> = (1..length).map(|n| Pair(id(n - 1), id(n))).collect();
            group(&members, &joining)
        };

        assert!(!is_too_large(&chain(1_000)));
        assert!(is_too_large(&chain(1_001)));
    }
}

//! What the writer believes about registers, because it was the last to write to them.
//!
//! A wrong belief costs one refused statement. Replicas that serve one site are wrong again and again; so after a wrong one the
//! next batches are written without relying on it. That something in a batch came before is no wrong belief about registers: a
//! client that repeats a request costs its own batch one more statement, and the others nothing.

use std::collections::{BTreeMap, HashMap};

use kexiang_core::SiteId;

/// Batches that rely on nothing after a belief was wrong.
const DOUBT: u32 = 16;

/// The last number of each register, as this writer left it.
#[derive(Debug, Default)]
pub(super) struct Belief {
    last_numbers: HashMap<SiteId, i64>,
    doubt: u32,
}

impl Belief {
    /// Where the register of this site is believed to stand.
    pub(super) fn last_number(&self, site: &SiteId) -> Option<i64> {
        self.last_numbers.get(site).copied()
    }

    /// Where registers stand after a commit.
    pub(super) fn learn(&mut self, last_numbers: BTreeMap<SiteId, i64>) {
        self.last_numbers.extend(last_numbers);
    }

    /// It was wrong.
    pub(super) fn doubt(&mut self) {
        self.doubt = DOUBT;
    }

    /// Whether one more batch is to be written without it.
    pub(super) fn is_doubted(&mut self) -> bool {
        let doubted = self.doubt > 0;
        self.doubt = self.doubt.saturating_sub(1);
        doubted
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn after_a_wrong_belief_some_batches_go_without_and_then_it_is_tried_again() {
        let site = SiteId::parse("main").unwrap();
        let mut belief = Belief::default();
        belief.learn(BTreeMap::from([(site.clone(), 7)]));

        belief.doubt();

        assert_eq!((0..20).take_while(|_| belief.is_doubted()).count(), 16);
        assert_eq!(belief.last_number(&site), Some(7));
    }
}

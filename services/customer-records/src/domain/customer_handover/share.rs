//! Who gets a customer: the receiver with the least customers for the weight, those owned before included.
//!
//! Each customer goes where (customers + 1) / weight is least. Of two receivers, the one who got customers therefore never has more
//! than one customer for the weight above the other, whatever the loads before: see the property test.

use kexiang_core::AgentId;

/// What a receiver carries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Share {
    /// Who.
    pub agent: AgentId,
    /// Ability, at least 1.
    pub weight: i32,
    /// Customers owned before.
    pub load: i64,
    /// Customers of this handover, offered or confirmed.
    pub given: i64,
}

impl Share {
    fn customers(&self) -> i128 {
        i128::from(self.load) + i128::from(self.given)
    }
}

/// Gives one customer to somebody who has not declined it; nobody when all have. Of equals, the first.
pub fn place(shares: &mut [Share], declined_by: &[AgentId]) -> Option<AgentId> {
    let willing = shares.iter_mut().filter(|share| !declined_by.contains(&share.agent));
    let least = willing.reduce(|best, next| {
        // (next + 1) / weight < (best + 1) / weight, without division.
        let next_is_less = (next.customers() + 1) * i128::from(best.weight)
            < (best.customers() + 1) * i128::from(next.weight);
        if next_is_less { next } else { best }
    })?;
    least.given += 1;
    Some(least.agent.clone())
}

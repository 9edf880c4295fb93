//! That somebody saw prices of a key account (CU-11). Who may stands in the policy table.

use kexiang_core::{Actor, KeyAccountId, PriceSightId, Timestamp};

/// A sight of prices.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PriceSight {
    /// Which.
    pub price_sight_id: PriceSightId,
    /// Of what.
    pub key_account_id: KeyAccountId,
    /// Who.
    pub actor: Actor,
    /// By which method.
    pub method: String,
    /// When.
    pub seen_at: Timestamp,
}

//! Holds: a case waits for something, visible, for as long as it takes, and goes on where it stood (IN-18).
//!
//! A hold is orthogonal to the state. Only open cases are on hold; people can only resume or withdraw one, while what
//! dispatch tells still applies. A case that is withdrawn or closed meanwhile ends its hold with it.

use kexiang_core::{HoldReason, Timestamp};
use serde::{Deserialize, Serialize};

use super::Case;

/// A running hold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hold {
    /// What for.
    pub reason: HoldReason,
    /// In words.
    pub note: Option<String>,
    /// Since when.
    pub held_at: Timestamp,
    /// When it is expected to go on; nothing happens by itself then.
    pub expected_at: Option<Timestamp>,
}

impl Case {
    /// Ends the running hold, if there is one, and adds its time: never a negative one, whatever a corrected clock says.
    pub(super) fn end_hold(&mut self, now: Timestamp) {
        if let Some(hold) = self.hold.take() {
            self.held_seconds += now.duration_since(hold.held_at).as_secs_f64().max(0.0);
        }
    }
}

//! Duplicates (IN-15): when two cases look like one matter, and what people decided about it.
//!
//! | from | what happens | to |
//! |---|---|---|
//! | PROPOSED, DISMISSED | linked | LINKED |
//! | PROPOSED | dismissed, with a reason | DISMISSED |
//! | LINKED | unlinked, with a reason | DISMISSED |

use kexiang_core::{Actor, CaseId, CustomerId, DuplicateProposalId, SiteId, Timestamp};
use serde::{Deserialize, Serialize};
use thiserror::Error;
use unicode_normalization::UnicodeNormalization;

use super::Case;

/// Where a proposal stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ProposalState {
    /// Found.
    Proposed,
    /// One matter.
    Linked,
    /// Two matters.
    Dismissed,
}

impl ProposalState {
    const ALL: [Self; 3] = [Self::Proposed, Self::Linked, Self::Dismissed];

    /// The word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Proposed => "PROPOSED",
            Self::Linked => "LINKED",
            Self::Dismissed => "DISMISSED",
        }
    }
}

impl std::str::FromStr for ProposalState {
    type Err = kexiang_core::vocabulary::UnknownWord;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let unknown = || kexiang_core::vocabulary::UnknownWord(text.to_owned());
        Self::ALL.into_iter().find(|word| word.as_str() == text).ok_or_else(unknown)
    }
}

/// What two cases have in common.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Likeness {
    /// The customer of both.
    pub customer: CustomerId,
    /// Category code of both.
    pub category: String,
    /// District of both.
    pub district: Option<String>,
    /// Both have the same address.
    pub same_address: bool,
    /// Between their acceptances, rounded down.
    pub minutes_apart: i32,
}

/// A proposal that a case is a duplicate of an earlier one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DuplicateProposal {
    /// Its id.
    pub id: DuplicateProposalId,
    /// Where.
    pub site: SiteId,
    /// The later case.
    pub case: CaseId,
    /// The earlier one.
    pub earlier: CaseId,
    /// Why.
    pub likeness: Likeness,
    /// Where it stands.
    pub state: ProposalState,
    /// Why it was dismissed.
    pub reason: Option<String>,
    /// Who decided last.
    pub decider: Option<Actor>,
    /// Found.
    pub created_at: Timestamp,
    /// Last change.
    pub updated_at: Timestamp,
    /// Grows with every change; the etag.
    pub version: i64,
}

/// The proposal's state does not allow it.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("the proposal is {} and must be {needed}", .state.as_str())]
pub struct ProposalStateError {
    /// Where it stands.
    pub state: ProposalState,
    /// What is needed.
    pub needed: &'static str,
}

/// What people decide about a proposal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// One matter.
    Link,
    /// Two matters.
    Dismiss {
        /// Why.
        reason: String,
    },
    /// Two matters after all.
    Unlink {
        /// Why.
        reason: String,
    },
}

impl Decision {
    /// The event that tells it.
    #[must_use]
    pub const fn event_type(&self) -> &'static str {
        match self {
            Self::Link => "duplicate_proposal.linked",
            Self::Dismiss { .. } => "duplicate_proposal.dismissed",
            Self::Unlink { .. } => "duplicate_proposal.unlinked",
        }
    }
}

impl DuplicateProposal {
    /// Proposes it when two cases are of the same customer, category and place; which one is later, their acceptance says.
    #[must_use]
    pub fn of(one: &Case, other: &Case, now: Timestamp) -> Option<Self> {
        let order = (one.accepted_at, one.id) < (other.accepted_at, other.id);
        let (earlier, later) = if order { (one, other) } else { (other, one) };
        let customer = earlier.customer.filter(|customer| later.customer == Some(*customer))?;
        let alike =
            earlier.id != later.id && earlier.site == later.site && earlier.category == later.category;
        if !alike || !later.is_open_for_work() || later.belongs() || !is_same_place(earlier, later) {
            return None;
        }
        let minutes = later.accepted_at.duration_since(earlier.accepted_at).as_mins();
        Some(Self {
            id: DuplicateProposalId::at(now),
            site: later.site.clone(),
            case: later.id,
            earlier: earlier.id,
            likeness: Likeness {
                customer,
                category: later.category.clone(),
                district: later.district.clone(),
                same_address: later.address.is_some(),
                minutes_apart: i32::try_from(minutes).unwrap_or(i32::MAX),
            },
            state: ProposalState::Proposed,
            reason: None,
            decider: None,
            created_at: now,
            updated_at: now,
            version: 1,
        })
    }

    /// Does what was decided.
    ///
    /// # Errors
    /// [`ProposalStateError`]; the proposal is as it was.
    pub fn decide(
        &mut self,
        decision: &Decision,
        by: &Actor,
        now: Timestamp,
    ) -> Result<(), ProposalStateError> {
        let (allowed, needed) = match decision {
            Decision::Link => (self.state != ProposalState::Linked, "PROPOSED or DISMISSED"),
            Decision::Dismiss { .. } => (self.state == ProposalState::Proposed, "PROPOSED"),
            Decision::Unlink { .. } => (self.state == ProposalState::Linked, "LINKED"),
        };
        if !allowed {
            return Err(ProposalStateError { state: self.state, needed });
        }
        (self.state, self.reason) = match decision {
            Decision::Link => (ProposalState::Linked, None),
            Decision::Dismiss { reason } | Decision::Unlink { reason } => {
                (ProposalState::Dismissed, Some(reason.clone()))
            }
        };
        self.decider = Some(by.clone());
        self.updated_at = now;
        self.version += 1;
        Ok(())
    }
}

/// The same district and the same address as people read it; a case of no place at all is at no place of another.
fn is_same_place(one: &Case, other: &Case) -> bool {
    let place = |case: &Case| (folded(case.district.as_deref()), folded(case.address.as_deref()));
    place(one) == place(other) && place(one) != (String::new(), String::new())
}

/// Width and compatibility forms, letter case and all white space folded away.
fn folded(text: Option<&str>) -> String {
    let folded = text.unwrap_or_default().nfkc().filter(|letter| !letter.is_whitespace());
    folded.flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_the_same_in_any_width_case_and_spacing() {
        let plain = folded(Some("锦绣花园5栋2单元 Flat 1203A"));

        assert_eq!(folded(Some("锦绣花园５栋２单元　ＦＬＡＴ１２０３ａ ")), plain);
        assert_ne!(folded(Some("锦绣花园5栋2单元 Flat 1203B")), plain);
    }
}

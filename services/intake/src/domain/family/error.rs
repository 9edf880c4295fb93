//! Why cases can't come together or part.

use kexiang_core::{CaseId, IncidentId};
use thiserror::Error;

use crate::domain::{case::TransitionError, incident::IncidentStateError};

/// Why cases can't come together or part.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum FamilyError {
    /// There is no such case.
    #[error("there is no {0:?}")]
    NoCase(CaseId),
    /// There is no such incident.
    #[error("there is no {0:?}")]
    NoIncident(IncidentId),
    /// The case's state does not allow it.
    #[error("{case:?}: {source}")]
    Transition {
        /// Which.
        case: CaseId,
        /// Why.
        source: TransitionError,
    },
    /// The incident's state does not allow it.
    #[error("{incident:?}: {source}")]
    Incident {
        /// Which.
        incident: IncidentId,
        /// Why.
        source: IncidentStateError,
    },
    /// The earlier case follows another one.
    #[error("{0:?} follows another case itself")]
    FollowsAnother(CaseId),
    /// Others follow the case.
    #[error("others follow {0:?}")]
    LeadsOthers(CaseId),
    /// The case is of another site.
    #[error("{0:?} is of another site")]
    OtherSite(CaseId),
    /// The case is not part of the incident.
    #[error("{0:?} is not part of the incident")]
    NotInIncident(CaseId),
}

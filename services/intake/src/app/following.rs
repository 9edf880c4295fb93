//! What duplicates and mass faults share: cases locked together with all that a change of them concerns, saved and told together.
//!
//! Order of locks in every transaction: a proposal, the area of an incident, leads, their followers by id, incidents. Nobody
//! comes to follow a case whose row is locked, so followers are read after their lead is locked. Cases of a few ids at once are
//! locked by id; where two transactions meet the other way round PostgreSQL ends one of them, which is done again.

use kexiang_core::{Call, CaseId, DuplicateProposalId, IncidentId, Timestamp};
use kexiang_events::Draft;
use kexiang_pg::IdempotencyError;
use sqlx::PgConnection;
use thiserror::Error;

use super::{App, AppError};
use crate::{
    domain::{Family, FamilyError, IncidentFacts, Told, duplicate::ProposalStateError},
    store,
};

/// Why duplicates and incidents can't be changed like this.
#[derive(Debug, Error)]
pub enum FollowingError {
    /// As with any case.
    #[error(transparent)]
    App(#[from] AppError),
    /// The proposal's state does not allow it.
    #[error("{proposal:?}: {source}")]
    Proposal {
        /// Which.
        proposal: DuplicateProposalId,
        /// Why.
        source: ProposalStateError,
    },
    /// One is open there already.
    #[error("{incident:?} is open")]
    IncidentAlreadyOpen {
        /// Which.
        incident: IncidentId,
    },
    /// Some of its cases are not closed.
    #[error("{incident:?} has cases that are not closed")]
    HasOpenCases {
        /// Which.
        incident: IncidentId,
    },
    /// Another lead was appointed, or the incident ended, between reading and locking.
    #[error("{incident:?} changed in between")]
    Changed {
        /// Which.
        incident: IncidentId,
    },
}

impl From<sqlx::Error> for FollowingError {
    fn from(error: sqlx::Error) -> Self {
        Self::App(error.into())
    }
}

impl From<serde_json::Error> for FollowingError {
    fn from(error: serde_json::Error) -> Self {
        Self::App(error.into())
    }
}

impl From<IdempotencyError> for FollowingError {
    fn from(error: IdempotencyError) -> Self {
        Self::App(error.into())
    }
}

impl From<FamilyError> for FollowingError {
    fn from(error: FamilyError) -> Self {
        Self::App(error.into())
    }
}

impl App {
    /// These cases, locked; with everybody who follows them and the incidents that they lead, when those are concerned.
    pub(super) async fn lock_family(
        &self,
        connection: &mut PgConnection,
        ids: &[CaseId],
        with_followers: bool,
    ) -> Result<Family, AppError> {
        let mut cases = store::case::lock(connection, ids).await?;
        if !with_followers {
            return Ok(Family::new(cases, []));
        }
        cases.extend(store::following::lock_followers(connection, ids).await?);
        let incidents = store::incident::lock_led_by(connection, ids).await?;
        Ok(Family::new(cases, incidents))
    }

    /// What happened in a family since this was asked last, as events of `call`.
    pub(super) async fn drafts(
        &self,
        connection: &mut PgConnection,
        call: &Call,
        now: Timestamp,
        family: &mut Family,
    ) -> Result<Vec<Draft>, AppError> {
        let mut drafts = Vec::new();
        for told in family.take_told() {
            let draft = match told {
                Told::Case(event_type, case) => {
                    let site = self.sites.get_over(connection, &case.site).await?;
                    Draft::new(event_type, case.id.name(), now, &case.facts(&site.time_zone))?
                }
                Told::Incident(event_type, incident) => {
                    Draft::new(event_type, incident.id.name(), now, &IncidentFacts::from(&*incident))?
                }
            };
            drafts.push(draft.by(call));
        }
        Ok(drafts)
    }

    /// Saves what changed in a family, and tells it.
    pub(super) async fn save_family(
        &self,
        connection: &mut PgConnection,
        call: &Call,
        now: Timestamp,
        family: &Family,
        events: &[Draft],
    ) -> Result<(), AppError> {
        let (cases, incidents) = family.changed();
        store::case::update(connection, &cases).await?;
        store::incident::save(connection, &incidents).await?;
        Ok(self.log.append(connection, call, now, events).await?)
    }
}

//! Absences, the day's sign-ins and shifts (DI-2).
//!
//! A shift ends once: whoever locks it first ends it and, when the agent has no other shift then, signs them out, in one
//! transaction; killed before its commit, it is due again.

use jiff::Timestamp;
use kexiang_core::{AgentId, Call, ShiftId, UnitId};
use kexiang_pg::Claim;

use super::{
    After, App, AppError, IDEMPOTENCY, Left, Moment, SIGNERS, Target, agents::require_agent,
    changes::Changes, check_version, desk::Desk, staff_error::StaffError,
};
use crate::{
    domain::{
        facts::{AGENT_ABSENCE_ENDED, AGENT_ABSENCE_STARTED, AGENT_SIGNED_OUT},
        org::{Shift, ShiftState},
        unit::{Absence, Agent, Presence},
    },
    store,
};

impl App {
    /// An absence begins, or with none the agent receives again; what waits is assigned then.
    ///
    /// # Errors
    /// [`StaffError`]; [`StaffError::NotSignedIn`].
    #[tracing::instrument(name = "app.set_absence", skip_all, fields(agent.id = %id))]
    pub async fn set_absence(
        &self,
        call: &Call,
        id: &AgentId,
        absence: Option<Absence>,
    ) -> Result<Agent, StaffError> {
        if call.actor.agent() != Some(id) && !call.roles.any_of(SIGNERS) {
            return Err(AppError::NotYourself.into());
        }
        let now = self.clock.now();
        let moment = Moment { call, now };
        let mut tx = self.pool.begin().await?;
        if let Claim::Replay(agent) = IDEMPOTENCY.claim(&mut tx, call, now).await? {
            return Ok(agent);
        }
        let unit = require_agent(&mut tx, id).await?.unit;
        let mut desk = Desk::open(&mut tx, [&unit], now).await?;
        let mut changes = Changes::default();
        if let Some(roster) = desk.roster(&unit) {
            let signed_in = roster.agent(id).is_some_and(|agent| agent.presence == Presence::SignedIn);
            if absence.is_some() && !signed_in {
                return Err(StaffError::NotSignedIn { agent: id.name() });
            }
            if let Some(agent) = roster.set_absence(id, absence, now) {
                let told = if absence.is_some() { AGENT_ABSENCE_STARTED } else { AGENT_ABSENCE_ENDED };
                changes.tell_agent(moment, told, &agent)?;
            }
        }
        changes.save(&mut tx, &self.log, moment).await?;
        let left = desk.settle(&mut tx, &self.log, moment).await?;
        let agent = require_agent(&mut tx, id).await?;
        IDEMPOTENCY.save(&mut tx, call, &agent).await?;
        tx.commit().await?;
        self.committed(left);
        Ok(agent)
    }

    /// The first sign-in of each agent of a unit from `from` until `until`, in their order.
    ///
    /// # Errors
    /// [`StaffError`].
    pub async fn list_sign_ins(
        &self,
        unit: &UnitId,
        (from, until): (Timestamp, Timestamp),
    ) -> Result<Vec<(AgentId, Timestamp)>, StaffError> {
        Ok(store::presence::sign_ins(&mut *self.pool.acquire().await?, unit, from, until).await?)
    }

    /// Plans a shift.
    ///
    /// # Errors
    /// [`StaffError`]; [`StaffError::ShiftOverlaps`].
    #[tracing::instrument(name = "app.schedule_shift", skip_all, fields(agent.id = %agent))]
    pub async fn schedule_shift(
        &self,
        call: &Call,
        agent: AgentId,
        (starts_at, ends_at): (Timestamp, Timestamp),
    ) -> Result<Shift, StaffError> {
        let now = self.clock.now();
        let mut tx = self.pool.begin().await?;
        if let Claim::Replay(shift) = IDEMPOTENCY.claim(&mut tx, call, now).await? {
            return Ok(shift);
        }
        let unit = require_agent(&mut tx, &agent).await?.unit;
        store::units::lock(&mut tx, [&unit]).await?;
        if store::presence::overlaps(&mut tx, &agent, starts_at, ends_at).await? {
            return Err(StaffError::ShiftOverlaps { agent: agent.name() });
        }
        let (id, state) = (ShiftId::at(now), ShiftState::Planned);
        let shift = Shift { id, agent, starts_at, ends_at, state, version: 1 };
        store::presence::insert_shift(&mut tx, &shift).await?;
        IDEMPOTENCY.save(&mut tx, call, &shift).await?;
        tx.commit().await?;
        Ok(shift)
    }

    /// Takes a planned shift back.
    ///
    /// # Errors
    /// [`StaffError`]; [`StaffError::Ended`].
    #[tracing::instrument(name = "app.cancel_shift", skip_all, fields(shift.id = %target.id))]
    pub async fn cancel_shift(&self, call: &Call, target: Target<ShiftId>) -> Result<Shift, StaffError> {
        let now = self.clock.now();
        let mut tx = self.pool.begin().await?;
        if let Claim::Replay(shift) = IDEMPOTENCY.claim(&mut tx, call, now).await? {
            return Ok(shift);
        }
        let not_found = || AppError::NotFound { resource: ShiftId::TYPE, name: target.id.name() };
        let mut shift = store::presence::lock_shift(&mut tx, target.id).await?.ok_or_else(not_found)?;
        check_version(&target, shift.version, || target.id.name())?;
        if shift.state != ShiftState::Planned {
            return Err(StaffError::Ended { name: target.id.name(), why: "is over or taken back" });
        }
        shift.state = ShiftState::Cancelled;
        shift.version += 1;
        store::presence::set_shift_state(&mut tx, shift.id, shift.state, shift.version).await?;
        IDEMPOTENCY.save(&mut tx, call, &shift).await?;
        tx.commit().await?;
        Ok(shift)
    }

    /// The shifts of an agent by their start.
    ///
    /// # Errors
    /// [`StaffError`].
    pub async fn list_shifts(
        &self,
        agent: &AgentId,
        after: After<(Timestamp, ShiftId)>,
    ) -> Result<Vec<Shift>, StaffError> {
        Ok(store::presence::list_shifts(&mut *self.pool.acquire().await?, agent, after.key, after.limit)
            .await?)
    }

    /// Ends one shift that is over; who has no other one now is signed out and keeps what they have. Whether there was one.
    ///
    /// # Errors
    /// [`StaffError`].
    #[tracing::instrument(name = "app.end_shift", level = "debug", skip_all)]
    pub async fn end_shift(&self, call: &Call) -> Result<bool, StaffError> {
        let now = self.clock.now();
        let moment = Moment { call, now };
        let mut tx = self.pool.begin().await?;
        let Some(shift) = store::presence::lock_over(&mut tx, now).await? else { return Ok(false) };
        store::presence::set_shift_state(&mut tx, shift.id, ShiftState::Ended, shift.version + 1).await?;
        let unit = require_agent(&mut tx, &shift.agent).await?.unit;
        let mut desk = Desk::open(&mut tx, [&unit], now).await?;
        let mut changes = Changes::default();
        // From now until a moment later: a shift that follows at once goes on.
        let soon = now.checked_add(jiff::SignedDuration::from_secs(1)).unwrap_or(now);
        let goes_on = store::presence::overlaps(&mut tx, &shift.agent, now, soon).await?;
        // Who signed in after the end, without a shift, came of their own accord.
        let came_later = |agent: &Agent| agent.signed_in_at.is_some_and(|at| at >= shift.ends_at);
        if let Some(roster) = desk.roster(&unit).filter(|_| !goes_on)
            && !roster.agent(&shift.agent).is_some_and(came_later)
            && let Some(agent) = roster.set_presence(&shift.agent, Presence::SignedOut, now)
        {
            changes.tell_agent(moment, AGENT_SIGNED_OUT, &agent)?;
        }
        changes.save(&mut tx, &self.log, moment).await?;
        desk.settle(&mut tx, &self.log, moment).await?;
        tx.commit().await?;
        self.committed(Left::Nothing);
        Ok(true)
    }
}

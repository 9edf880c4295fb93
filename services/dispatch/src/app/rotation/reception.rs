//! Reception desks: customers wait, and turns are given (DI-4).
//!
//! Exactly one turn per arrival: arrival, turns and the state of the round are written in one transaction, known by its
//! request id. Killed before its commit, nobody had a turn.

use std::collections::BTreeSet;

use kexiang_core::{AgentId, ArrivalId, Call, SiteId, Timestamp, TurnId};
use kexiang_events::Draft;
use kexiang_pg::Claim;
use serde::{Deserialize, Serialize};
use sqlx::PgConnection;

use super::{line, lock};
use crate::{
    app::{
        After, App, AppError, IDEMPOTENCY, Moment, Target, check_version, org::require_agents,
        staff_error::StaffError,
    },
    domain::{
        facts::{ARRIVAL_JOINED, ARRIVAL_LEFT, ArrivalFacts, TURN_ENDED, TURN_SERVED, TurnFacts},
        rotation::{
            Bar, Rotation, Standing, TurnManner,
            reception::{Arrival, ArrivalState, Turn, Visitor},
            round::Standings,
        },
        unit::{Agent, Presence},
    },
    store,
};

/// Who is served, and by whom.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reception {
    /// Who is served.
    pub arrival: Arrival,
    /// One per agent, in order.
    pub turns: Vec<Turn>,
}

impl App {
    /// A customer at the desk is served at once.
    ///
    /// # Errors
    /// [`StaffError`]; [`StaffError::CustomersWait`], [`StaffError::NotEnoughAgents`].
    #[tracing::instrument(name = "app.take_turn", skip_all, fields(site.id = %site))]
    pub async fn take_turn(
        &self,
        call: &Call,
        site: &SiteId,
        visitor: Visitor,
    ) -> Result<Reception, StaffError> {
        let now = self.clock.now();
        let mut tx = self.pool.begin().await?;
        if let Claim::Replay(reception) = IDEMPOTENCY.claim(&mut tx, call, now).await? {
            return Ok(reception);
        }
        let rotation = lock(&mut tx, site).await?;
        let arrival = arrival(&mut tx, site, visitor, now).await?;
        store::receptions::insert_arrival(&mut tx, &arrival).await?;
        let moment = Moment { call, now };
        let waiting = store::receptions::count_waiting(&mut tx, site).await? - 1;
        let reception = self.serve(&mut tx, moment, rotation, arrival, waiting).await?;
        let by_owner = reception.turns.iter().any(|turn| turn.manner == TurnManner::Owner);
        if waiting > 0 && !by_owner {
            return Err(StaffError::CustomersWait { waiting });
        }
        IDEMPOTENCY.save(&mut tx, call, &reception).await?;
        tx.commit().await?;
        self.log.wake();
        Ok(reception)
    }

    /// A customer waits for their turn.
    ///
    /// # Errors
    /// [`StaffError`].
    #[tracing::instrument(name = "app.join_queue", skip_all, fields(site.id = %site))]
    pub async fn join_queue(
        &self,
        call: &Call,
        site: &SiteId,
        visitor: Visitor,
    ) -> Result<Arrival, StaffError> {
        let now = self.clock.now();
        let mut tx = self.pool.begin().await?;
        if let Claim::Replay(arrival) = IDEMPOTENCY.claim(&mut tx, call, now).await? {
            return Ok(arrival);
        }
        lock(&mut tx, site).await?;
        let arrival = arrival(&mut tx, site, visitor, now).await?;
        store::receptions::insert_arrival(&mut tx, &arrival).await?;
        self.tell_arrival(&mut tx, Moment { call, now }, ARRIVAL_JOINED, &arrival).await?;
        IDEMPOTENCY.save(&mut tx, call, &arrival).await?;
        tx.commit().await?;
        self.log.wake();
        Ok(arrival)
    }

    /// A waiting customer goes away.
    ///
    /// # Errors
    /// [`StaffError`]; [`StaffError::Ended`].
    #[tracing::instrument(name = "app.leave_queue", skip_all, fields(arrival.id = %target.id))]
    pub async fn leave_queue(&self, call: &Call, target: Target<ArrivalId>) -> Result<Arrival, StaffError> {
        let now = self.clock.now();
        let mut tx = self.pool.begin().await?;
        if let Claim::Replay(arrival) = IDEMPOTENCY.claim(&mut tx, call, now).await? {
            return Ok(arrival);
        }
        let not_found = || AppError::NotFound { resource: ArrivalId::TYPE, name: target.id.name() };
        let mut arrival = store::receptions::lock_arrival(&mut tx, target.id).await?.ok_or_else(not_found)?;
        check_version(&target, arrival.version, || target.id.name())?;
        if arrival.state != ArrivalState::Waiting {
            return Err(StaffError::Ended { name: target.id.name(), why: "does not wait any more" });
        }
        arrival.state = ArrivalState::Left;
        arrival.left_at = Some(now);
        arrival.version += 1;
        store::receptions::update_arrival(&mut tx, &arrival).await?;
        self.tell_arrival(&mut tx, Moment { call, now }, ARRIVAL_LEFT, &arrival).await?;
        IDEMPOTENCY.save(&mut tx, call, &arrival).await?;
        tx.commit().await?;
        self.log.wake();
        Ok(arrival)
    }

    /// Serves who has waited longest; at rush key customers first.
    ///
    /// # Errors
    /// [`StaffError`]; [`StaffError::NobodyWaits`], [`StaffError::NotEnoughAgents`].
    #[tracing::instrument(name = "app.serve_next", skip_all, fields(site.id = %site))]
    pub async fn serve_next(&self, call: &Call, site: &SiteId) -> Result<Reception, StaffError> {
        let now = self.clock.now();
        let mut tx = self.pool.begin().await?;
        if let Claim::Replay(reception) = IDEMPOTENCY.claim(&mut tx, call, now).await? {
            return Ok(reception);
        }
        let rotation = lock(&mut tx, site).await?;
        let waiting = store::receptions::count_waiting(&mut tx, site).await?;
        let next = store::receptions::lock_next(&mut tx, site, rotation.is_rush(waiting)).await?;
        let nobody = || StaffError::NobodyWaits { site: site.name() };
        let moment = Moment { call, now };
        let reception = self.serve(&mut tx, moment, rotation, next.ok_or_else(nobody)?, waiting).await?;
        IDEMPOTENCY.save(&mut tx, call, &reception).await?;
        tx.commit().await?;
        self.log.wake();
        Ok(reception)
    }

    /// The agent is done with the customer.
    ///
    /// # Errors
    /// [`StaffError`].
    #[tracing::instrument(name = "app.end_turn", skip_all, fields(turn.id = %id))]
    pub async fn end_turn(&self, call: &Call, id: TurnId) -> Result<Turn, StaffError> {
        let now = self.clock.now();
        let mut tx = self.pool.begin().await?;
        if let Claim::Replay(turn) = IDEMPOTENCY.claim(&mut tx, call, now).await? {
            return Ok(turn);
        }
        let not_found = || AppError::NotFound { resource: TurnId::TYPE, name: id.name() };
        let mut turn = store::receptions::lock_turn(&mut tx, id).await?.ok_or_else(not_found)?;
        if turn.ended_at.is_none() {
            turn.ended_at = Some(now);
            store::receptions::end_turn(&mut tx, id, now).await?;
            let draft = Draft::new(TURN_ENDED, id.name(), now, &TurnFacts::from(&turn))?.by(call);
            self.log.append(&mut tx, call, now, &[draft]).await?;
        }
        IDEMPOTENCY.save(&mut tx, call, &turn).await?;
        tx.commit().await?;
        self.log.wake();
        Ok(turn)
    }

    /// Turns of a site, newest first.
    ///
    /// # Errors
    /// [`StaffError`].
    pub async fn list_turns(
        &self,
        site: &SiteId,
        agent: Option<&AgentId>,
        after: After<i64>,
    ) -> Result<Vec<Turn>, StaffError> {
        let mut connection = self.pool.acquire().await?;
        Ok(store::receptions::list_turns(&mut connection, site, agent, after.key, after.limit).await?)
    }

    /// Who waits at a site, longest first.
    ///
    /// # Errors
    /// [`StaffError`].
    pub async fn list_waiting(
        &self,
        site: &SiteId,
        after: After<(Timestamp, ArrivalId)>,
    ) -> Result<Vec<Arrival>, StaffError> {
        let mut connection = self.pool.acquire().await?;
        Ok(store::receptions::list_waiting(&mut connection, site, after.key, after.limit).await?)
    }

    /// Gives `arrival` its turns; `waiting` customers wait.
    async fn serve(
        &self,
        connection: &mut PgConnection,
        Moment { call, now }: Moment<'_>,
        mut rotation: Rotation,
        mut arrival: Arrival,
        waiting: i64,
    ) -> Result<Reception, StaffError> {
        let agents = store::agents::of_units(connection, [&rotation.rules.unit]).await?;
        let line = line::load(connection, &rotation, &agents, now).await?;
        let serving: BTreeSet<AgentId> = if rotation.rules.one_at_a_time {
            store::receptions::serving(connection, &rotation.site).await?.into_iter().collect()
        } else {
            BTreeSet::new()
        };
        let standings = standings(&agents, &serving);
        let served = rotation.receive(&arrival.visitor, &line, &standings, waiting)?;
        let actor = call.actor.to_string();
        let record = |served| rotation.record(served, arrival.id, actor.clone(), now);
        let turns: Vec<Turn> = served.into_iter().map(record).collect();
        arrival.state = ArrivalState::Served;
        arrival.left_at = Some(now);
        arrival.version += 1;
        store::receptions::update_arrival(connection, &arrival).await?;
        let mut drafts = Vec::with_capacity(turns.len());
        for turn in &turns {
            store::receptions::insert_turn(connection, turn).await?;
            drafts.push(Draft::new(TURN_SERVED, turn.id.name(), now, &TurnFacts::from(turn))?.by(call));
        }
        store::rotations::save_round(connection, &rotation).await?;
        self.log.append(connection, call, now, &drafts).await?;
        Ok(Reception { arrival, turns })
    }

    async fn tell_arrival(
        &self,
        connection: &mut PgConnection,
        Moment { call, now }: Moment<'_>,
        event_type: &'static str,
        arrival: &Arrival,
    ) -> Result<(), StaffError> {
        let draft = Draft::new(event_type, arrival.id.name(), now, &ArrivalFacts::from(arrival))?.by(call);
        self.log.append(connection, call, now, &[draft]).await?;
        Ok(())
    }
}

/// A customer who came now and waits.
async fn arrival(
    connection: &mut PgConnection,
    site: &SiteId,
    visitor: Visitor,
    now: Timestamp,
) -> Result<Arrival, StaffError> {
    require_agents(connection, visitor.owner.as_slice()).await?;
    Ok(Arrival {
        id: ArrivalId::at(now),
        site: site.clone(),
        state: ArrivalState::Waiting,
        visitor,
        arrived_at: now,
        left_at: None,
        version: 1,
    })
}

/// How the agents of a unit stand at a reception desk.
fn standings(agents: &[Agent], serving: &BTreeSet<AgentId>) -> Standings {
    let standing = |agent: &Agent| {
        let bar = match (agent.presence, agent.absence) {
            (Presence::SignedOut, _) => Some(Bar::SignedOut),
            (Presence::SignedIn, Some((absence, _))) => Some(Bar::Absent(absence)),
            (Presence::SignedIn, None) => serving.contains(&agent.id).then_some(Bar::Serving),
        };
        (agent.id.clone(), Standing { bar, trainee: agent.trainee })
    };
    agents.iter().map(standing).collect()
}

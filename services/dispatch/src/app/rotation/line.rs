//! The line of a rotation as of now, read from the store: members, sign-ins, ranking.

use std::collections::BTreeSet;

use kexiang_core::{AgentId, Timestamp};
use sqlx::PgConnection;

use super::super::StoreError;
use crate::{
    domain::{
        rotation::{Line, Rotation, RotationPolicy, RotationRules},
        unit::{Agent, Presence},
    },
    store,
};

/// Brings the round to now, in memory; the line that it was brought to.
pub(in crate::app) async fn bring_to_now(
    connection: &mut PgConnection,
    rotation: &mut Rotation,
    now: Timestamp,
) -> Result<Line, StoreError> {
    let agents = store::agents::of_units(connection, [&rotation.rules.unit]).await?;
    let line = load(connection, rotation, &agents, now).await?;
    rotation.round.refresh(rotation.rules.policy, &line);
    Ok(line)
}

/// The line of `rotation`, whose unit has these `agents`.
pub(in crate::app) async fn load(
    connection: &mut PgConnection,
    rotation: &Rotation,
    agents: &[Agent],
    now: Timestamp,
) -> Result<Line, StoreError> {
    let rules = &rotation.rules;
    let day = rules.day(now);
    let members = members(rules, agents);
    let signed_in = match rules.policy {
        RotationPolicy::SignInOrder => signed_in(connection, rules, agents, now).await?,
        RotationPolicy::Numbered | RotationPolicy::LastMonth | RotationPolicy::Yesterday => Vec::new(),
    };
    let ranking = match rules.ranking_period(day) {
        Some(period) => store::rotations::ranking(connection, &rotation.site, &period).await?,
        None => None,
    };
    Ok(rules.line(day, &members, &signed_in, ranking.as_ref()))
}

/// Who takes turns, by number: those named, or all of the unit by id; trainees take none.
fn members(rules: &RotationRules, agents: &[Agent]) -> Vec<AgentId> {
    let takes_turns = |id: &AgentId| agents.iter().any(|agent| agent.id == *id && !agent.trainee);
    let named = rules.members.iter().filter(|id| takes_turns(id)).cloned();
    if rules.members.is_empty() {
        agents.iter().filter(|agent| !agent.trainee).map(|agent| agent.id.clone()).collect()
    } else {
        named.collect()
    }
}

/// Who signed in today, in that order; before them those who have been signed in since before.
async fn signed_in(
    connection: &mut PgConnection,
    rules: &RotationRules,
    agents: &[Agent],
    now: Timestamp,
) -> Result<Vec<AgentId>, StoreError> {
    let local = rules.local(now);
    let from = local.start_of_day().map_or(now, |start| start.timestamp());
    let until = local.tomorrow().and_then(|day| day.start_of_day()).map_or(now, |end| end.timestamp());
    let today = store::presence::sign_ins(connection, &rules.unit, from, until).await?;
    let came: BTreeSet<&AgentId> = today.iter().map(|(agent, _)| agent).collect();
    let mut before: Vec<&Agent> = agents
        .iter()
        .filter(|agent| agent.presence == Presence::SignedIn && !came.contains(&agent.id))
        .collect();
    before.sort_by_key(|agent| (agent.signed_in_at, agent.id.clone()));
    let before = before.into_iter().map(|agent| agent.id.clone());
    Ok(before.chain(today.iter().map(|(agent, _)| agent.clone())).collect())
}

//! What agents do, and how busy a desk is or was.

use std::collections::BTreeMap;

use kexiang_core::{AgentId, Call, SiteId, Timestamp};
use kexiang_events::Draft;
use kexiang_pg::Claim;

use super::{App, AppError, IDEMPOTENCY, calls::CallError};
use crate::{
    domain::{
        AgentState, AwayReason, DeskSpan, StateInterval,
        desk::{shown, timeline},
    },
    store::{self, desk_span::Whose},
};

/// What an agent says of themselves.
#[derive(Debug, Clone)]
pub struct Said {
    /// Where they work.
    pub site: SiteId,
    /// AVAILABLE, AWAY or SIGNED_OUT.
    pub state: AgentState,
    /// Why, when away.
    pub away_reason: Option<AwayReason>,
}

/// Whose intervals.
#[derive(Debug, Clone)]
pub enum Agents {
    /// One agent's.
    One(AgentId),
    /// All who said or did something at this site in that time.
    At(SiteId),
}

/// A desk at an instant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Load {
    /// Calls in the queue.
    pub waiting: usize,
    /// Agents by state.
    pub agents: BTreeMap<AgentState, usize>,
}

impl App {
    /// The calling agent says what they do from now on. What they said already goes on.
    ///
    /// # Errors
    /// [`CallError::AgentNeeded`], [`AppError::NotFound`] for the site.
    #[tracing::instrument(name = "app.set_agent_state", skip_all)]
    pub async fn set_agent_state(&self, call: &Call, said: Said) -> Result<StateInterval, AppError> {
        let agent = call.actor.agent().cloned().ok_or(CallError::AgentNeeded)?;
        let now = self.clock.now();
        let mut transaction = self.pool.begin().await?;
        if let Claim::Replay(interval) = IDEMPOTENCY.claim(&mut transaction, call, now).await? {
            return Ok(interval);
        }
        self.sites.get_over(&mut transaction, &said.site).await?;
        let before = store::desk_span::lock_said(&mut transaction, &agent).await?;
        let same = |span: &DeskSpan| {
            (&span.site, span.state, span.away_reason) == (&said.site, Some(said.state), said.away_reason)
        };
        let goes_on = before.as_ref().is_some_and(same);
        // Clocks of replicas differ: what is said later never begins earlier.
        let from = before.as_ref().map_or(now, |span| if goes_on { span.from } else { span.from.max(now) });
        let Said { site, state, away_reason } = said;
        let interval = StateInterval {
            agent: agent.clone(),
            site: Some(site.clone()),
            state,
            away_reason,
            call: None,
            from,
            until: None,
        };
        if !goes_on {
            let (agent, state) = (Some(agent), Some(state));
            let span = DeskSpan { site, agent, state, away_reason, call: None, from, until: None };
            store::desk_span::say(&mut transaction, &interval.agent, &span).await?;
            let event = Draft::new("agent_state.set", interval.agent.name(), from, &interval)?;
            self.log.append(&mut transaction, call, now, &[event]).await?;
        }
        IDEMPOTENCY.save(&mut transaction, call, &interval).await?;
        transaction.commit().await?;
        self.log.wake();
        Ok(interval)
    }

    /// The intervals of agents in `[from, until)`, cut at now: by agent, then by time.
    ///
    /// # Errors
    /// [`AppError::NotFound`] for the site.
    #[tracing::instrument(name = "app.list_agent_states", skip_all)]
    pub async fn list_agent_states(
        &self,
        agents: &Agents,
        from: Timestamp,
        until: Timestamp,
    ) -> Result<Vec<StateInterval>, AppError> {
        let until = until.min(self.clock.now());
        let mut by_agent: BTreeMap<AgentId, Vec<DeskSpan>> = BTreeMap::new();
        let whose = match agents {
            Agents::One(agent) => {
                by_agent.insert(agent.clone(), Vec::new());
                Whose::Agent(agent)
            }
            Agents::At(site) => {
                self.sites.get(site).await?;
                Whose::AgentsAt(site)
            }
        };
        if until <= from {
            return Ok(Vec::new());
        }
        let mut connection = self.pool.acquire().await?;
        for span in store::desk_span::during(&mut connection, from, until, whose).await? {
            if let Some(agent) = span.agent.clone() {
                by_agent.entry(agent).or_default().push(span);
            }
        }
        Ok(by_agent.iter().flat_map(|(agent, spans)| timeline(agent, spans, from, until)).collect())
    }

    /// How many calls waited at the site and what its agents did at this instant.
    ///
    /// # Errors
    /// [`AppError::NotFound`] for the site.
    #[tracing::instrument(name = "app.get_desk_load", skip_all)]
    pub async fn get_desk_load(&self, site: &SiteId, instant: Timestamp) -> Result<Load, AppError> {
        self.sites.get(site).await?;
        let mut connection = self.pool.acquire().await?;
        let after =
            Timestamp::from_microsecond(instant.as_microsecond().saturating_add(1)).unwrap_or(instant);
        let spans = store::desk_span::during(&mut connection, instant, after, Whose::All).await?;
        let mut by_agent: BTreeMap<&AgentId, Vec<&DeskSpan>> = BTreeMap::new();
        let mut waiting = 0;
        for span in &spans {
            match &span.agent {
                Some(agent) => by_agent.entry(agent).or_default().push(span),
                None if span.site == *site => waiting += 1,
                None => {}
            }
        }
        let mut agents = BTreeMap::new();
        for spans in by_agent.into_values() {
            if let Some(span) = shown(spans, instant).filter(|span| span.site == *site)
                && let Some(state) = span.state
            {
                *agents.entry(state).or_insert(0) += 1;
            }
        }
        Ok(Load { waiting, agents })
    }
}

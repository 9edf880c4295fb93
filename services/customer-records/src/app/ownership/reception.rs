//! Taking in intake's public register: whoever receives a customer whom nobody owns becomes the owner (CU-4).

use std::collections::{BTreeMap, BTreeSet, HashMap};

use jiff::Timestamp;
use kexiang_core::{AgentId, Call, ContactId, EventId, SiteId};
use sqlx::PgConnection;

use super::is_fresh;
use crate::{
    app::{App, AppError},
    domain::{
        follow_up::{Check, ConductRule},
        ownership::{Entry, Ownership, Reception, period, policy::Policy},
    },
    store::{conduct, ownerships, receptions},
};

/// What a batch of intake's events says about the register.
#[derive(Debug, Default)]
pub struct RegisterNews {
    /// IANA names of the zones of sites.
    pub zones: HashMap<SiteId, String>,
    /// Who answered which call, and when.
    pub answers: Vec<(ContactId, AgentId, Timestamp)>,
    /// Contacts of customers, each with the event that told it.
    pub receptions: Vec<(Reception, Cause)>,
}

/// The event that told a contact.
#[derive(Debug, Clone)]
pub struct Cause {
    /// Its id.
    pub event: EventId,
    /// Its trace.
    pub traceparent: Option<String>,
}

impl App {
    /// Takes in the register, after the contacts of the batch have got their customers, in the same transaction.
    ///
    /// # Errors
    /// Those of the database.
    #[tracing::instrument(name = "app.take_in_register", skip_all)]
    pub(in crate::app) async fn take_in_register(
        &self,
        conn: &mut PgConnection,
        call: &Call,
        news: RegisterNews,
    ) -> Result<(), AppError> {
        if !news.zones.is_empty() {
            receptions::upsert_zones(conn, &news.zones).await?;
        }
        if !news.answers.is_empty() {
            receptions::upsert_answers(conn, &news.answers).await?;
        }
        if news.receptions.is_empty() {
            return Ok(());
        }
        let told: Vec<_> = news.receptions.iter().map(|(reception, _)| reception.clone()).collect();
        let causes: HashMap<_, _> =
            news.receptions.into_iter().map(|(reception, cause)| (reception.contact_id, cause)).collect();
        let mut new = receptions::insert(conn, &told).await?;
        if new.is_empty() {
            return Ok(());
        }
        // First come, first served: in the order of the register.
        new.sort_by(|a, b| {
            (a.contact_at, &a.site, a.register_number).cmp(&(b.contact_at, &b.site, b.register_number))
        });
        let policy = self.policy(conn).await?;
        conduct::insert_checks(conn, &days_to_check(&new, &policy, self.clock.now())).await?;
        let (changed, entries) = self.received(conn, &new, &policy).await?;
        let origin = |entry: &Entry| {
            let cause = causes.get(&entry.source.contact?)?;
            Some(call.caused_by(cause.event, cause.traceparent.clone()))
        };
        self.record(conn, call, &changed, &entries, &policy, origin).await
    }

    /// What the contacts do to the ownerships of their customers, which are locked.
    async fn received(
        &self,
        conn: &mut PgConnection,
        new: &[Reception],
        policy: &Policy,
    ) -> Result<(Vec<Ownership>, Vec<Entry>), AppError> {
        let now = self.clock.now();
        let contacts: Vec<_> = new.iter().map(|reception| reception.contact_id).collect();
        let customers = receptions::customers_of(conn, &contacts).await?;
        let known = |reception: &Reception| customers.get(&reception.contact_id).copied();
        let missing: Vec<_> =
            new.iter().filter_map(|reception| Some((known(reception)?, Some(&reception.site)))).collect();
        ownerships::insert_missing(conn, &missing, now).await?;
        let ids: BTreeSet<_> = customers.values().copied().collect();
        let locked = ownerships::lock(conn, &ids).await?;
        let mut locked: BTreeMap<_, _> = locked.into_iter().map(|o| (o.customer_id, o)).collect();
        let mut entries = Vec::new();
        for reception in new {
            let Some(ownership) = known(reception).and_then(|id| locked.get_mut(&id)) else { continue };
            entries.extend(ownership.advance(now));
            entries.extend(ownership.receive(reception, policy, now));
        }
        let touched: BTreeSet<_> = entries.iter().map(|entry| entry.customer_id).collect();
        locked.retain(|id, _| touched.contains(id));
        Ok((locked.into_values().collect(), entries))
    }
}

/// Whoever received customers on a day is to write something on it (CU-7).
fn days_to_check(receptions: &[Reception], policy: &Policy, now: Timestamp) -> Vec<Check> {
    let checks = receptions.iter().filter(|reception| !reception.is_lead()).filter_map(|reception| {
        let agent = reception.agent.clone()?;
        let (starts_at, due_at) = period::day_of(reception.contact_at, policy.zone(Some(&reception.site)));
        is_fresh(due_at, now).then(|| Check {
            rule: ConductRule::NothingWritten,
            site: Some(reception.site.clone()),
            agent,
            lease: None,
            starts_at,
            due_at,
            wanted: 1,
        })
    });
    checks.collect()
}

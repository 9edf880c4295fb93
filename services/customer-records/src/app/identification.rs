//! Finding or making the customers of contacts (CU-1, CU-2), inside the transaction that takes the contacts in.
//!
//! The index on identifying contact points has the last word. When somebody else wrote one of the batch's contact points
//! in between, the whole decision is taken back to a savepoint and taken again, now seeing the winner.

use std::collections::BTreeSet;

use jiff::Timestamp;
use kexiang_core::{Call, ContactId};
use kexiang_events::Draft;
use sqlx::{Connection, PgConnection};

use super::{App, AppError};
use crate::{
    domain::{
        contact_point::{ContactPoint, ContactPointKey},
        customer::{CustomerFacts, IdentificationFacts},
        identification::{Arrival, Enrichment, Plan, identify},
        link::ContactLink,
    },
    store::{
        candidates,
        contact_points::{self, Gain},
        customers, links, name_tokens,
    },
};

/// How often a decision is taken again before the consumer starts over after a pause.
const ATTEMPTS: usize = 5;

impl App {
    /// Gives every contact its customer, found or made, and tells so. Contacts that have one already stay as they are.
    ///
    /// # Errors
    /// [`AppError::Conflict`] when others keep writing the same contact points.
    #[tracing::instrument(name = "app.identify_contacts", skip_all, fields(contacts = arrivals.len()))]
    pub(super) async fn identify_contacts(
        &self,
        conn: &mut PgConnection,
        call: &Call,
        mut arrivals: Vec<Arrival>,
    ) -> Result<(), AppError> {
        let contacts: Vec<ContactId> = arrivals.iter().map(|arrival| arrival.contact_id).collect();
        let mut known = links::find_known(conn, &contacts).await?;
        arrivals.retain(|arrival| known.insert(arrival.contact_id));
        if arrivals.is_empty() {
            return Ok(());
        }
        let now = self.clock.now();
        let plan = decide(conn, &arrivals, now).await?;
        let created: Vec<_> = plan.created.iter().map(|(customer, _)| customer).collect();
        name_tokens::save(conn, self.keys.blind(), &created).await?;
        links::upsert_contacts(conn, &links_of(&arrivals, &plan)).await?;
        Ok(self.log.append(conn, call, now, &drafts_of(&arrivals, &plan, call, now)?).await?)
    }
}

async fn decide(conn: &mut PgConnection, arrivals: &[Arrival], now: Timestamp) -> Result<Plan, AppError> {
    let points = arrivals.iter().flat_map(|arrival| &arrival.caller.contact_points);
    let keys: BTreeSet<ContactPointKey> = points.map(ContactPoint::key).collect();
    let keys: Vec<_> = keys.into_iter().collect();
    for _ in 0..ATTEMPTS {
        let mut attempt = conn.begin().await?;
        let found = candidates::find(&mut attempt, &keys).await?;
        let plan = identify(arrivals, found, now);
        if write(&mut attempt, &plan, now).await? {
            attempt.commit().await?;
            return Ok(plan);
        }
        attempt.rollback().await?;
    }
    Err(AppError::Conflict)
}

/// Writes new customers and new contact points; tells whether all was still as the plan assumes.
async fn write(conn: &mut PgConnection, plan: &Plan, now: Timestamp) -> sqlx::Result<bool> {
    let created: Vec<_> = plan.created.iter().map(|(customer, _)| customer).collect();
    let enriched: Vec<_> =
        plan.enriched.iter().map(|enrichment| (enrichment.customer_id, enrichment.version)).collect();
    // Customers before contact points, as UpdateCustomer locks them.
    if !customers::touch(conn, &enriched, now).await? {
        return Ok(false);
    }
    customers::insert(conn, &created).await?;
    let of_created = created.into_iter().map(|customer| Gain {
        customer_id: customer.customer_id,
        kind: customer.kind,
        had: 0,
        points: &customer.contact_points,
    });
    let of_enriched = plan.enriched.iter().map(|enrichment| Gain {
        customer_id: enrichment.customer_id,
        kind: enrichment.kind,
        had: enrichment.had,
        points: &enrichment.gained,
    });
    contact_points::insert(conn, &of_created.chain(of_enriched).collect::<Vec<_>>()).await
}

fn links_of(arrivals: &[Arrival], plan: &Plan) -> Vec<ContactLink> {
    let link = |(arrival, customer_id): (&Arrival, &_)| ContactLink {
        contact_id: arrival.contact_id,
        customer_id: *customer_id,
        contact_at: arrival.contact_at,
        case_id: arrival.case_id,
    };
    arrivals.iter().zip(&plan.customers).map(link).collect()
}

/// What there is to tell, in the order of the batch, each caused by the event of its contact. A customer is created or
/// updated by the arrival that brought the first news of them.
fn drafts_of(
    arrivals: &[Arrival],
    plan: &Plan,
    call: &Call,
    now: Timestamp,
) -> Result<Vec<Draft>, serde_json::Error> {
    let created = plan.created.iter().map(|(customer, place)| {
        // Of imported history, the customer is as old as the contact.
        let at = arrivals[*place].contact_at;
        Draft::new("customer.created", customer.customer_id.name(), at, &customer.facts())
            .map(|draft| (*place, draft))
    });
    let enriched = plan.enriched.iter().map(|Enrichment { customer_id, kind, arrival: place, .. }| {
        let facts = CustomerFacts { customer_id: *customer_id, kind: *kind };
        Draft::new("customer.updated", customer_id.name(), now, &facts).map(|draft| (*place, draft))
    });
    let identified =
        arrivals.iter().zip(&plan.customers).enumerate().map(|(place, (arrival, customer_id))| {
            let Arrival { contact_id, case_id, .. } = *arrival;
            let facts = IdentificationFacts { customer_id: *customer_id, contact_id, case_id };
            Draft::new("customer.identified", contact_id.name(), arrival.contact_at, &facts)
                .map(|draft| (place, draft))
        });
    let mut drafts: Vec<(usize, Draft)> =
        created.chain(enriched).chain(identified).collect::<Result<_, _>>()?;
    drafts.sort_by_key(|(place, _)| *place);
    let caused = drafts.into_iter().map(|(place, draft)| {
        let arrival = &arrivals[place];
        draft.by(&call.caused_by(arrival.cause, arrival.traceparent.clone()))
    });
    Ok(caused.collect())
}

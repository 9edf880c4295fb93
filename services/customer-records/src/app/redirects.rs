//! What intake tells of a customer who is merged goes to who answers for them, and intake is told so.
//!
//! The customers named are locked against merging first: whoever merges meanwhile waits, and then takes these rows along.

use std::collections::HashSet;

use kexiang_core::{Call, CustomerId};
use kexiang_events::Draft;
use sqlx::PgConnection;

use super::{App, AppError};
use crate::{
    domain::{
        customer::IdentificationFacts,
        link::{CaseLink, ContactLink},
    },
    store::{
        links, origins,
        references::{self, CONTACT_LINKS},
    },
};

impl App {
    /// Names the survivor in place of every merged customer.
    ///
    /// # Errors
    /// Those of the database.
    pub(super) async fn redirect(
        &self,
        conn: &mut PgConnection,
        call: &Call,
        contacts: &mut [ContactLink],
        cases: &mut [CaseLink],
    ) -> Result<(), AppError> {
        let of_contacts = contacts.iter().map(|link| link.customer_id);
        let named: Vec<CustomerId> =
            of_contacts.chain(cases.iter().filter_map(|link| link.customer_id)).collect();
        if named.is_empty() {
            return Ok(());
        }
        let survivors = origins::hold(conn, &named).await?;
        if survivors.is_empty() {
            return Ok(());
        }
        let ids: Vec<_> = contacts.iter().map(|link| link.contact_id).collect();
        let known: HashSet<_> = links::find_known(conn, &ids).await?;
        let (mut of_contacts, mut of_cases, mut told) = (Vec::new(), Vec::new(), Vec::new());
        let now = self.clock.now();
        for link in contacts.iter_mut().filter(|link| !known.contains(&link.contact_id)) {
            let Some(survivor) = survivors.get(&link.customer_id) else { continue };
            of_contacts.push((link.contact_id.uuid(), link.customer_id));
            link.customer_id = *survivor;
            let ContactLink { contact_id, customer_id, case_id, contact_at } = *link;
            let facts = IdentificationFacts { customer_id, contact_id, case_id };
            told.push(Draft::new("customer.identified", contact_id.name(), contact_at, &facts)?);
        }
        for link in cases {
            let Some((named, survivor)) = link.customer_id.and_then(|id| Some((id, *survivors.get(&id)?)))
            else {
                continue;
            };
            of_cases.push((link.case_id.uuid(), named));
            link.customer_id = Some(survivor);
        }
        references::note_origins(conn, CONTACT_LINKS, &of_contacts).await?;
        references::note_origins(conn, "case_links", &of_cases).await?;
        Ok(self.log.append(conn, call, now, &told).await?)
    }
}

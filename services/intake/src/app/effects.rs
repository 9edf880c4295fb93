//! What events of dispatch and customer records change here. A whole batch is loaded, decided and saved with a fixed number
//! of statements; what does not fit a case any more (it was withdrawn meanwhile) is left out and told in the log.

use std::collections::HashMap;

use kexiang_core::{Call, CaseId, ContactId, CustomerId, EventId, Satisfaction, Timestamp, UnitId};
use kexiang_events::Draft;
use sqlx::PgConnection;

use super::{App, AppError, notices, promises};
use crate::{
    domain::{Case, DuplicateProposalFacts, NewNotice, Transition},
    store,
};

/// Something that dispatch told about a case.
#[derive(Debug, Clone)]
pub struct DispatchEffect {
    /// The event that tells it.
    pub event: EventId,
    /// The trace to go on from.
    pub traceparent: Option<String>,
    /// Which case.
    pub case: CaseId,
    /// In which life of the case: 1 for the first, one more for each reopening. News of an earlier one change nothing.
    pub attempt: i32,
    /// What happened.
    pub news: DispatchNews,
}

/// What dispatch tells about a case.
#[derive(Debug, Clone)]
pub enum DispatchNews {
    /// A work order exists, or its unit is known now.
    Dispatched {
        /// The unit, once known.
        unit: Option<UnitId>,
    },
    /// The work order is completed.
    Completed {
        /// What was done.
        report: String,
        /// When.
        at: Timestamp,
    },
    /// The return visit is over.
    Visited {
        /// The answer; `None` when nobody could be reached.
        satisfaction: Option<Satisfaction>,
    },
}

/// A contact whose customer is known now.
#[derive(Debug, Clone)]
pub struct Identification {
    /// The event that tells it.
    pub event: EventId,
    /// The trace to go on from.
    pub traceparent: Option<String>,
    /// Which contact.
    pub contact: ContactId,
    /// Whose.
    pub customer: CustomerId,
}

impl App {
    /// Takes in what dispatch told, in the transaction of the cursor.
    ///
    /// # Errors
    /// Those of the database.
    #[tracing::instrument(name = "app.take_in_dispatch", skip_all, fields(effects = effects.len()))]
    pub async fn take_in_dispatch(
        &self,
        connection: &mut PgConnection,
        call: &Call,
        effects: &[DispatchEffect],
    ) -> Result<(), AppError> {
        let now = self.clock.now();
        let ids: Vec<_> = effects.iter().map(|effect| effect.case).collect();
        let is_concerned = |effect: &DispatchEffect| matches!(effect.news, DispatchNews::Completed { .. });
        let mut family = self.lock_family(connection, &ids, effects.iter().any(is_concerned)).await?;
        let promised = promises::waiting(connection, &ids).await?;
        let mut events = Vec::new();
        let mut notices = Vec::new();
        for effect in effects {
            let Some(case) = family.case(effect.case) else { continue };
            let by = call.caused_by(effect.event, effect.traceparent.clone());
            for transition in transitions(case, effect) {
                if let Err(error) = promised.allows(effect.case, &transition) {
                    tracing::info!(case.id = %effect.case, %error, "stays open after its return visit");
                    break;
                }
                if let Err(error) = family.apply(effect.case, &transition, now) {
                    tracing::info!(case.id = %effect.case, %error, event = transition.event_type(), "does not apply any more");
                    break;
                }
                events.extend(self.drafts(connection, &by, now, &mut family).await?);
                if let (Transition::Dispatch { .. }, Some(case)) = (&transition, family.case(effect.case)) {
                    notices.extend(NewNotice::of_dispatch(case).map(|notice| (notice, by.clone())));
                }
            }
        }
        self.save_family(connection, call, now, &family, &events).await?;
        store::hold::end(connection, &family.let_go(), &call.actor, None, now).await?;
        notices::send(connection, &self.log, now, &notices).await
    }

    /// Takes in whose contacts they are, in the transaction of the cursor.
    ///
    /// # Errors
    /// Those of the database.
    #[tracing::instrument(name = "app.take_in_identifications", skip_all)]
    pub async fn take_in_identifications(
        &self,
        connection: &mut PgConnection,
        call: &Call,
        identifications: &[Identification],
    ) -> Result<(), AppError> {
        let now = self.clock.now();
        let causes: HashMap<_, _> = identifications.iter().map(|known| (known.contact, known)).collect();
        let pairs: Vec<_> = causes.values().map(|known| (known.contact, known.customer)).collect();
        let contacts = store::contact::identify(connection, &pairs).await?;
        let opened: Vec<_> = contacts.iter().filter_map(|contact| contact.case).collect();
        let mut cases = store::case::lock(connection, &opened).await?;
        // A case is of the customer whose contact opened it; a contact that joined it changes nothing.
        cases.retain(|case| causes.contains_key(&case.contact));
        let mut events = Vec::new();
        for contact in &contacts {
            let by = cause(call, &causes, contact.id);
            events.push(Draft::new("contact.identified", contact.id.name(), now, &contact.facts())?.by(&by));
        }
        for case in &mut cases {
            case.identify(causes.get(&case.contact).map(|known| known.customer), now);
            let site = self.sites.get_over(connection, &case.site).await?;
            let by = cause(call, &causes, case.contact);
            events.push(
                Draft::new("case.identified", case.id.name(), now, &case.facts(&site.time_zone))?.by(&by),
            );
        }
        store::case::update(connection, &cases).await?;
        for proposal in self.propose_duplicates(connection, &cases, now).await? {
            let contact = cases.iter().find(|case| proposal.case == case.id || proposal.earlier == case.id);
            let by = contact.map_or_else(|| call.clone(), |case| cause(call, &causes, case.contact));
            let facts = DuplicateProposalFacts::from(&proposal);
            events.push(Draft::new("duplicate_proposal.created", proposal.id.name(), now, &facts)?.by(&by));
        }
        Ok(self.log.append(connection, call, now, &events).await?)
    }
}

fn cause(call: &Call, causes: &HashMap<ContactId, &Identification>, contact: ContactId) -> Call {
    causes
        .get(&contact)
        .map_or_else(|| call.clone(), |known| call.caused_by(known.event, known.traceparent.clone()))
}

/// What news mean for a case as it stands.
fn transitions(case: &Case, effect: &DispatchEffect) -> Vec<Transition> {
    if effect.attempt != case.reopen_count + 1 {
        return Vec::new();
    }
    match &effect.news {
        DispatchNews::Dispatched { unit } => vec![Transition::Dispatch { unit: unit.clone() }],
        DispatchNews::Completed { report, at } => {
            vec![Transition::Resolve { resolution: report.clone(), at: *at }]
        }
        DispatchNews::Visited { satisfaction } => {
            let visit = Transition::Visit { satisfaction: *satisfaction };
            if satisfaction.is_some_and(Satisfaction::is_dissatisfied) {
                vec![
                    visit,
                    Transition::Reopen { reason: "the customer is dissatisfied (return visit)".to_owned() },
                ]
            } else {
                vec![visit, Transition::Close]
            }
        }
    }
}

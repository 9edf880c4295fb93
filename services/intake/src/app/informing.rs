//! Telling the reporters of a resolved incident (IN-16): by messages that are really sent, or by somebody who told them.
//!
//! | channel | who is INFORMED | the others |
//! |---|---|---|
//! | MESSAGING | who left a phone: an SMS to it waits for an adapter | stay RESOLVED; somebody gets a notice to call back |
//! | EMAIL | who left an e-mail address: a mail to it waits | the same |
//! | any other | all: the caller says that they were told | |
//!
//! The message, the change of the case and its event commit together: killed before the commit nobody is told, and the repeated
//! request does it; killed after it, the repeated `request_id` finds the answer and nobody gets a second message. A message that
//! can't be delivered makes a notice too (`app/dialogue/messages.rs`).

use std::collections::{BTreeSet, HashMap};

use jiff::SignedDuration;
use kexiang_core::{Call, CaseId, Channel, ContactId, IncidentId, Timestamp, id::OutboundMessageId};
use kexiang_events::Draft;
use kexiang_pg::Claim;
use serde::{Deserialize, Serialize};
use sqlx::PgConnection;

use super::{App, AppError, FollowingError, IDEMPOTENCY, incidents::not_found, notices};
use crate::{
    domain::{
        Case, Contact, Family, FamilyError, IncidentState, NewNotice, Site, Transition,
        dialogue::{Line, Spoken},
        message::{About, MessageChannel, MessageState, OutboundMessage},
    },
    store,
};

/// Cases informed in one call at most.
const INFORMED_AT_ONCE: i64 = 1_000;
/// News of a case are of no use after that: somebody calls.
const FRESH: SignedDuration = SignedDuration::from_hours(24);

/// What became of an incident's cases when their customers were told.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Informed {
    /// Told now, by id.
    pub informed: Vec<CaseId>,
    /// No message reaches them: to be called back.
    #[serde(default)]
    pub unreachable: Vec<CaseId>,
    /// Not resolved any more, or not yet.
    pub others: Vec<CaseId>,
    /// More are to be told.
    pub has_more: bool,
}

/// How reporters are told.
#[derive(Debug, Clone)]
pub struct News {
    /// How.
    pub channel: Channel,
    /// What is said.
    pub note: Option<String>,
}

impl News {
    /// How messages go out; `None` where people tell it themselves.
    const fn message_channel(&self) -> Option<MessageChannel> {
        match self.channel {
            Channel::Messaging => Some(MessageChannel::Sms),
            Channel::Email => Some(MessageChannel::Email),
            _ => None,
        }
    }
}

impl App {
    /// Tells the reporters of a resolved incident, or keeps that they were told.
    ///
    /// # Errors
    /// [`FollowingError`].
    #[tracing::instrument(name = "app.inform_incident_reporters", skip_all, fields(incident.id = %id))]
    pub async fn inform_incident_reporters(
        &self,
        call: &Call,
        id: IncidentId,
        etag: Option<i64>,
        news: News,
    ) -> Result<Informed, FollowingError> {
        let now = self.clock.now();
        let mut transaction = self.pool.begin().await?;
        if let Claim::Replay(informed) = IDEMPOTENCY.claim(&mut transaction, call, now).await? {
            return Ok(informed);
        }
        let site = self.resolved_incident(&mut transaction, id, etag).await?;
        let by_message = news.message_channel();
        let mut untold =
            store::following::lock_untold(&mut transaction, id, by_message, INFORMED_AT_ONCE + 1).await?;
        let at_once = usize::try_from(INFORMED_AT_ONCE).unwrap_or(usize::MAX);
        let mut informed = Informed { has_more: untold.len() > at_once, ..Informed::default() };
        untold.truncate(at_once);
        informed.informed = untold.iter().map(|case| case.id).collect();
        if let Some(channel) = by_message {
            self.send(&mut transaction, call, &untold, &site, (channel, &news), now).await?;
        }
        let mut family = Family::new(untold, []);
        for case in &informed.informed {
            let told = Transition::Inform { channel: news.channel, note: news.note.clone() };
            family.apply(*case, &told, now)?;
        }
        let events = self.drafts(&mut transaction, call, now, &mut family).await?;
        self.save_family(&mut transaction, call, now, &family, &events).await?;
        self.cancel_handovers(&mut transaction, call, &informed.informed, now).await?;
        if !informed.has_more {
            self.look_at_the_others(&mut transaction, call, id, by_message, &mut informed).await?;
        }
        IDEMPOTENCY.save(&mut transaction, call, &informed).await?;
        transaction.commit().await?;
        self.log.wake();
        Ok(informed)
    }

    /// The site of an incident that is RESOLVED.
    async fn resolved_incident(
        &self,
        connection: &mut PgConnection,
        id: IncidentId,
        etag: Option<i64>,
    ) -> Result<std::sync::Arc<Site>, FollowingError> {
        let incident = store::incident::find(connection, id).await?.ok_or_else(|| not_found(id))?;
        if etag.is_some_and(|etag| etag != incident.version) {
            return Err(AppError::EtagMismatch { name: id.name() }.into());
        }
        let refused = |source| FamilyError::Incident { incident: id, source };
        incident.need(IncidentState::Resolved).map_err(refused)?;
        Ok(self.sites.get_over(connection, &incident.site).await?)
    }

    /// One message to each reporter, waiting for an adapter.
    async fn send(
        &self,
        connection: &mut PgConnection,
        call: &Call,
        cases: &[Case],
        site: &Site,
        (channel, news): (MessageChannel, &News),
        now: Timestamp,
    ) -> Result<(), AppError> {
        let contacts: Vec<_> = cases.iter().map(|case| case.contact).collect();
        let contacts = store::contact::find(connection, &contacts).await?;
        let contacts: HashMap<ContactId, Contact> =
            contacts.into_iter().map(|contact| (contact.id, contact)).collect();
        let messages: Vec<_> = cases
            .iter()
            .filter_map(|case| {
                let recipient = address(contacts.get(&case.contact)?, channel)?;
                Some(message(case, channel, recipient, body(case, site, news), now))
            })
            .collect();
        store::dialogue::message::insert(connection, &messages).await?;
        let told = |message: &OutboundMessage| {
            Draft::new(message.state.event_type(), message.id.name(), now, &message.facts())
        };
        let events: Vec<_> = messages.iter().map(told).collect::<Result<_, _>>()?;
        Ok(self.log.append(connection, call, now, &events).await?)
    }

    /// Whom no message reaches, with a notice for each to call back; and who is not to be told now.
    async fn look_at_the_others(
        &self,
        connection: &mut PgConnection,
        call: &Call,
        id: IncidentId,
        by_message: Option<MessageChannel>,
        informed: &mut Informed,
    ) -> Result<(), AppError> {
        // All who were reached are told by now: who is still RESOLVED, and not on hold, can't be reached.
        let unreached = match by_message {
            Some(_) => store::following::lock_untold(connection, id, None, i64::MAX).await?,
            None => Vec::new(),
        };
        let notices: Vec<_> =
            unreached.iter().map(|case| (NewNotice::of_callback(case), call.clone())).collect();
        notices::send(connection, &self.log, self.clock.now(), &notices).await?;
        informed.unreachable = unreached.iter().map(|case| case.id).collect();
        let named: BTreeSet<_> = informed.informed.iter().chain(&informed.unreachable).copied().collect();
        let members = store::following::members(connection, id, None, i64::MAX).await?;
        informed.others = members.into_iter().filter(|case| !named.contains(case)).collect();
        Ok(())
    }
}

/// Where a message reaches who reported.
fn address(contact: &Contact, channel: MessageChannel) -> Option<String> {
    match channel {
        MessageChannel::Sms => contact.caller.phone.as_ref().map(ToString::to_string),
        MessageChannel::Email => contact.caller.email.clone(),
    }
}

fn body(case: &Case, site: &Site, news: &News) -> String {
    let language = Spoken::of_region(&site.phone_region);
    let said = news.note.clone().unwrap_or_else(|| Line::ReportResolved.text(language, &[]));
    Line::ReportNews.text(language, &[case.number.clone(), said])
}

fn message(
    case: &Case,
    channel: MessageChannel,
    recipient: String,
    body: String,
    now: Timestamp,
) -> OutboundMessage {
    OutboundMessage {
        id: OutboundMessageId::at(now),
        channel,
        recipient,
        body: Some(body),
        state: MessageState::Pending,
        about: About::Case(case.id),
        lease: None,
        lease_expires_at: None,
        expires_at: now.checked_add(FRESH).unwrap_or(now),
        created_at: now,
    }
}

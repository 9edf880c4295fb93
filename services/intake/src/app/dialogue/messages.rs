//! Sending codes, and giving messages to the adapters that deliver them.

use kexiang_core::{Call, PhoneNumber, Timestamp, id::OutboundMessageId};
use kexiang_events::Draft;
use kexiang_pg::Claim;
use sqlx::PgConnection;
use uuid::Uuid;

use super::{DialogueError, Dialogues, dialogue_not_found};
use crate::{
    app::{AppError, IDEMPOTENCY, notices},
    domain::{
        NewNotice,
        dialogue::{
            Code, Dialogue, Finding, Line,
            proof::{CODES_OF_PHONE, PHONE_WINDOW},
        },
        message::{About, LEASE, MessageChannel, MessageState, OutboundMessage},
    },
    store::dialogue::{self as store, message::Lease},
};

/// Messages that expire in one transaction.
const AT_ONCE: i64 = 100;

/// Which messages an adapter takes.
#[derive(Debug, Clone, Copy)]
pub struct LeaseOf {
    /// How they go out.
    pub channel: MessageChannel,
    /// So many at most.
    pub limit: i64,
}

impl Dialogues {
    /// Sends a code, once per turn: its hash is kept in the dialogue in the transaction that writes the message.
    pub(super) async fn send_code(
        &self,
        call: &Call,
        dialogue: &Dialogue,
        phone: &PhoneNumber,
    ) -> Result<Finding, DialogueError> {
        let (id, turn, now) = (dialogue.id, dialogue.shown.turn, self.app.clock.now());
        let mut transaction = self.app.pool.begin().await?;
        let locked = store::lock(&mut transaction, id).await?;
        let mut kept = locked.ok_or_else(|| dialogue_not_found(id))?;
        if kept.memory.proof.was_sent_in(turn) || kept.shown.turn != turn {
            return Ok(Finding::CodeSent(kept.memory.proof));
        }
        let since = now.checked_sub(PHONE_WINDOW).unwrap_or(now);
        let sent = store::message::count_to(&mut transaction, phone, since).await?;
        if sent >= CODES_OF_PHONE || !kept.memory.proof.may_send() {
            return Ok(Finding::TooManyCodes);
        }
        let code = Code::from_random(rand::random());
        let expires_at = kept.memory.proof.send(&code, phone, turn, now);
        let message = code_message(dialogue, &code, phone, now, expires_at);
        store::message::insert(&mut transaction, std::slice::from_ref(&message)).await?;
        store::update(&mut transaction, &kept).await?;
        let event = told(&message, now)?;
        self.app.log.append(&mut transaction, call, now, &[event]).await?;
        transaction.commit().await?;
        self.app.log.wake();
        Ok(Finding::CodeSent(kept.memory.proof))
    }

    /// Takes messages for [`LEASE`]. What is kept of the answer is the lease, never a body.
    ///
    /// # Errors
    /// Those of the database.
    #[tracing::instrument(name = "app.lease_messages", skip_all)]
    pub async fn lease_messages(
        &self,
        call: &Call,
        wanted: LeaseOf,
    ) -> Result<Vec<OutboundMessage>, DialogueError> {
        let now = self.app.clock.now();
        let mut transaction = self.app.pool.begin().await?;
        let claimed: Claim<Uuid> = IDEMPOTENCY.claim(&mut transaction, call, now).await?;
        if let Claim::Replay(lease) = claimed {
            let mut messages = store::message::leased(&mut transaction, lease).await?;
            messages.retain(|message| message.lease_expires_at.is_some_and(|until| until > now));
            return Ok(messages);
        }
        let lease = Lease {
            id: OutboundMessageId::at(now).uuid(),
            until: now.checked_add(LEASE).unwrap_or(now),
            limit: wanted.limit,
        };
        let messages = store::message::lease(&mut transaction, wanted.channel, lease, now).await?;
        IDEMPOTENCY.save(&mut transaction, call, &lease.id).await?;
        transaction.commit().await?;
        Ok(messages)
    }

    /// Keeps what became of a message and wipes its body; `failure` says why it could not be sent.
    ///
    /// # Errors
    /// [`AppError::NotFound`], [`DialogueError::LeaseLost`].
    #[tracing::instrument(name = "app.report_message_delivery", skip_all)]
    pub async fn report_message_delivery(
        &self,
        call: &Call,
        id: OutboundMessageId,
        lease: Uuid,
        failure: Option<String>,
    ) -> Result<OutboundMessage, DialogueError> {
        let now = self.app.clock.now();
        let mut transaction = self.app.pool.begin().await?;
        let claimed: Claim<()> = IDEMPOTENCY.claim(&mut transaction, call, now).await?;
        let missing = || AppError::NotFound { resource: OutboundMessageId::TYPE, name: id.name() };
        let locked = store::message::lock(&mut transaction, id).await?;
        let mut message = locked.ok_or_else(missing)?;
        if claimed == Claim::Replay(()) {
            return Ok(message);
        }
        if message.state != MessageState::Leased || message.lease != Some(lease) || message.expires_at <= now
        {
            return Err(DialogueError::LeaseLost { message: id });
        }
        message.body = None;
        message.state = if failure.is_some() { MessageState::Failed } else { MessageState::Delivered };
        store::message::finish(&mut transaction, &message, failure.as_deref()).await?;
        let event = told(&message, now)?;
        self.app.log.append(&mut transaction, call, now, &[event]).await?;
        self.ask_to_call_back(&mut transaction, call, std::slice::from_ref(&message), now).await?;
        IDEMPOTENCY.save(&mut transaction, call, &()).await?;
        transaction.commit().await?;
        self.app.log.wake();
        Ok(message)
    }

    /// Wipes messages whose time is over, a bounded number of them; tells whether more may be left.
    ///
    /// # Errors
    /// Those of the database.
    #[tracing::instrument(name = "app.expire_messages", level = "debug", skip_all)]
    pub async fn expire_messages(&self, call: &Call) -> Result<bool, DialogueError> {
        let now = self.app.clock.now();
        let mut transaction = self.app.pool.begin().await?;
        let mut over = store::message::lock_over(&mut transaction, now, AT_ONCE).await?;
        let mut events = Vec::with_capacity(over.len());
        for message in &mut over {
            message.body = None;
            message.state = MessageState::Expired;
            store::message::finish(&mut transaction, message, None).await?;
            events.push(told(message, now)?);
        }
        if !events.is_empty() {
            self.app.log.append(&mut transaction, call, now, &events).await?;
            self.ask_to_call_back(&mut transaction, call, &over, now).await?;
        }
        transaction.commit().await?;
        self.app.log.wake();
        Ok(i64::try_from(events.len()).is_ok_and(|count| count == AT_ONCE))
    }

    /// Somebody has to call those whose message about their case never went out.
    async fn ask_to_call_back(
        &self,
        connection: &mut PgConnection,
        call: &Call,
        messages: &[OutboundMessage],
        now: Timestamp,
    ) -> Result<(), DialogueError> {
        let is_lost = |message: &&OutboundMessage| {
            matches!(message.state, MessageState::Failed | MessageState::Expired)
        };
        let ids: Vec<_> =
            messages.iter().filter(is_lost).filter_map(|message| message.about.case()).collect();
        if ids.is_empty() {
            return Ok(());
        }
        let cases = crate::store::case::find_all(connection, &ids).await?;
        let notices: Vec<_> = cases.iter().map(|case| (NewNotice::of_callback(case), call.clone())).collect();
        Ok(notices::send(connection, &self.app.log, now, &notices).await?)
    }
}

fn code_message(
    dialogue: &Dialogue,
    code: &Code,
    phone: &PhoneNumber,
    now: Timestamp,
    expires_at: Timestamp,
) -> OutboundMessage {
    OutboundMessage {
        id: OutboundMessageId::at(now),
        channel: MessageChannel::Sms,
        recipient: phone.to_string(),
        body: Some(Line::CodeMessage.text(dialogue.language, &[code.reveal().to_owned()])),
        state: MessageState::Pending,
        about: About::Dialogue(dialogue.id),
        lease: None,
        lease_expires_at: None,
        expires_at,
        created_at: now,
    }
}

fn told(message: &OutboundMessage, now: Timestamp) -> Result<Draft, serde_json::Error> {
    Draft::new(message.state.event_type(), message.id.name(), now, &message.facts())
}

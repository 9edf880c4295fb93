//! What people do with a handover: release it, answer, add a receiver, take it back.

use std::collections::HashSet;

use kexiang_core::{AgentId, Call, CustomerHandoverId, CustomerId};
use kexiang_pg::Claim;
use sqlx::{PgConnection, Postgres, Transaction};

use super::{HandoverRefusal, require_releaser};
use crate::{
    app::{App, IDEMPOTENCY, ownership::caller},
    domain::customer_handover::{
        AnswerToAll, DropReason, Handover, HandoverStep, Item, MOST_RECEIVERS, Overview,
    },
    store::{customer_handovers, handover_items, origins, ownerships},
};

/// What the old owner or a supervisor does.
#[derive(Debug, Clone)]
pub enum HandoverCommand {
    /// Releases the customers.
    Start,
    /// One more gets customers, with this weight.
    AddReceiver(AgentId, i32),
    /// Takes it back.
    Cancel,
}

/// What a receiver answers.
#[derive(Debug, Clone)]
pub enum ReceiverAnswer {
    /// Takes these.
    Confirm(Vec<CustomerId>),
    /// Takes all.
    ConfirmAll,
    /// Does not take these, for a reason.
    Decline(Vec<CustomerId>, String),
    /// Gets none any more, for a reason.
    DeclineAll(String),
}

impl App {
    /// Does what a command says with a handover. `etag` is the version that the caller saw, if given.
    ///
    /// # Errors
    /// [`HandoverRefusal`].
    #[tracing::instrument(name = "app.change_handover", skip_all)]
    pub async fn change_handover(
        &self,
        call: &Call,
        id: CustomerHandoverId,
        etag: Option<i64>,
        command: HandoverCommand,
    ) -> Result<Overview, HandoverRefusal> {
        let now = self.clock.now();
        let mut tx = self.pool.begin().await?;
        if let Claim::Replay(overview) = IDEMPOTENCY.claim(&mut tx, call, now).await? {
            return Ok(overview);
        }
        let by = caller(call)?.clone();
        let mut handover =
            customer_handovers::lock(&mut tx, id).await?.ok_or(HandoverRefusal::NotFound(id))?;
        require_releaser(call, &handover.agent)?;
        if etag.is_some_and(|version| version != handover.version) {
            return Err(HandoverRefusal::EtagMismatch(id));
        }
        let (step, told) = match &command {
            HandoverCommand::Start => (HandoverStep::Start, "customer_handover.started"),
            HandoverCommand::AddReceiver(..) => {
                (HandoverStep::AddReceiver, "customer_handover.receiver_added")
            }
            HandoverCommand::Cancel => (HandoverStep::Cancel, "customer_handover.cancelled"),
        };
        handover.step(step, now).map_err(|needed| HandoverRefusal::State(id, needed))?;
        let mut added = None;
        match command {
            HandoverCommand::Start => handover.starter = Some(by),
            HandoverCommand::AddReceiver(agent, weight) => {
                self.add_receiver(&mut tx, &handover, &agent, weight).await?;
                added = Some(agent);
            }
            HandoverCommand::Cancel => {}
        }
        customer_handovers::upsert(&mut tx, &handover).await?;
        self.tell_handover(&mut tx, call, told, &handover, added.as_ref(), 0).await?;
        self.finish_handover(tx, call, handover).await
    }

    async fn add_receiver(
        &self,
        conn: &mut PgConnection,
        handover: &Handover,
        agent: &AgentId,
        weight: i32,
    ) -> Result<(), HandoverRefusal> {
        let before = customer_handovers::overview(conn, handover.clone()).await?.receivers;
        if *agent == handover.agent || before.iter().any(|receiver| receiver.agent == *agent) {
            return Err(HandoverRefusal::AlreadyAReceiver(agent.clone()));
        }
        if before.len() >= MOST_RECEIVERS {
            return Err(HandoverRefusal::TooManyReceivers);
        }
        let new = [(agent.clone(), weight)];
        Ok(customer_handovers::add_receivers(conn, handover.handover_id, &new, self.clock.now()).await?)
    }

    /// Does what a receiver answers. `etag` is the version that the caller saw, if given.
    ///
    /// # Errors
    /// [`HandoverRefusal`].
    #[tracing::instrument(name = "app.answer_handover", skip_all)]
    pub async fn answer_handover(
        &self,
        call: &Call,
        id: CustomerHandoverId,
        etag: Option<i64>,
        answer: ReceiverAnswer,
    ) -> Result<Overview, HandoverRefusal> {
        let now = self.clock.now();
        let mut tx = self.pool.begin().await?;
        if let Claim::Replay(overview) = IDEMPOTENCY.claim(&mut tx, call, now).await? {
            return Ok(overview);
        }
        let by = caller(call)?.clone();
        let mut handover =
            customer_handovers::lock(&mut tx, id).await?.ok_or(HandoverRefusal::NotFound(id))?;
        let receivers = customer_handovers::overview(&mut tx, handover.clone()).await?.receivers;
        let receiver = receivers.into_iter().find(|receiver| receiver.agent == by);
        let mut receiver = receiver.ok_or(HandoverRefusal::NotAReceiver(by))?;
        if etag.is_some_and(|version| version != handover.version) {
            return Err(HandoverRefusal::EtagMismatch(id));
        }
        handover.step(HandoverStep::Answer, now).map_err(|needed| HandoverRefusal::State(id, needed))?;
        let (told, customers) = match answer {
            ReceiverAnswer::Confirm(customers) => {
                let confirmed =
                    self.confirm_items(&mut tx, call, &handover, &receiver.agent, &customers, true).await?;
                ("customer_handover.confirmed", confirmed)
            }
            ReceiverAnswer::Decline(customers, reason) => {
                decline_items(&mut tx, &handover, &receiver.agent, &customers, &reason).await?;
                ("customer_handover.declined", customers.len())
            }
            ReceiverAnswer::ConfirmAll => {
                (receiver.answer, receiver.answer_reason) = (Some(AnswerToAll::ConfirmedAll), None);
                customer_handovers::save_answer(&mut tx, id, &receiver).await?;
                ("customer_handover.confirmed", 0)
            }
            ReceiverAnswer::DeclineAll(reason) => {
                (receiver.answer, receiver.answer_reason) = (Some(AnswerToAll::DeclinedAll), Some(reason));
                customer_handovers::save_answer(&mut tx, id, &receiver).await?;
                ("customer_handover.declined", 0)
            }
        };
        customer_handovers::upsert(&mut tx, &handover).await?;
        self.tell_handover(&mut tx, call, told, &handover, Some(&receiver.agent), customers).await?;
        self.finish_handover(tx, call, handover).await
    }

    /// The leases pass to the receiver; who is no longer the old owner's is dropped. With `strict`, what is not offered to the receiver
    /// refuses all; otherwise it is left alone. How many passed.
    pub(super) async fn confirm_items(
        &self,
        conn: &mut PgConnection,
        call: &Call,
        handover: &Handover,
        receiver: &AgentId,
        customers: &[CustomerId],
        strict: bool,
    ) -> Result<usize, HandoverRefusal> {
        let now = self.clock.now();
        let merged = origins::hold(conn, customers).await?;
        let mut owned = ownerships::lock(conn, &customers.iter().copied().collect()).await?;
        let policy = self.policy(conn).await?;
        let mut items = handover_items::lock(conn, handover.handover_id, customers).await?;
        if strict {
            require_offered(&items, receiver, customers)?;
        }
        items.retain(|item| item.is_offered_to(receiver));
        let (mut entries, mut confirmed) = (Vec::new(), 0);
        for item in &mut items {
            let Some(ownership) = owned.iter_mut().find(|owned| owned.customer_id == item.customer_id) else {
                item.drop_for(DropReason::OwnershipEnded, now);
                continue;
            };
            entries.extend(ownership.advance(now));
            if merged.contains_key(&item.customer_id) {
                item.drop_for(DropReason::Merged, now);
            } else if ownership.owner() == Some(&handover.agent) {
                let reason = handover.handover_id.name();
                let passed = ownership.transfer(receiver.clone(), reason, &policy, now);
                let refused = |source| crate::app::ownership::OwnershipRefusal::Rule {
                    customer: item.customer_id,
                    source,
                };
                entries.extend(passed.map_err(refused)?);
                item.confirm(receiver, now);
                confirmed += 1;
            } else if ownership.lease().is_some() {
                item.drop_for(DropReason::OwnerChanged, now);
            } else {
                item.drop_for(DropReason::OwnershipEnded, now);
            }
        }
        // Settled before the change of owner is recorded, which drops whoever is still open.
        handover_items::update(conn, handover.handover_id, &items).await?;
        self.record(conn, call, &owned, &entries, &policy, |_| None).await?;
        Ok(confirmed)
    }
}

/// Back to be given to others.
async fn decline_items(
    tx: &mut Transaction<'_, Postgres>,
    handover: &Handover,
    receiver: &AgentId,
    customers: &[CustomerId],
    reason: &str,
) -> Result<(), HandoverRefusal> {
    let mut items = handover_items::lock(tx, handover.handover_id, customers).await?;
    require_offered(&items, receiver, customers)?;
    for item in &mut items {
        item.decline(receiver, Some(reason.to_owned()));
    }
    Ok(handover_items::update(tx, handover.handover_id, &items).await?)
}

fn require_offered(
    items: &[Item],
    receiver: &AgentId,
    customers: &[CustomerId],
) -> Result<(), HandoverRefusal> {
    let offered = items.iter().filter(|item| item.is_offered_to(receiver)).map(|item| item.customer_id);
    let offered: HashSet<_> = offered.collect();
    match customers.iter().find(|customer| !offered.contains(customer)) {
        Some(customer) => Err(HandoverRefusal::NotOffered(*customer)),
        None => Ok(()),
    }
}

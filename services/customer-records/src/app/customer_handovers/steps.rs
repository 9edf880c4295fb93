//! What the worker does with handovers, one short transaction after another.

use kexiang_core::{Actor, Call, CustomerId};
use sqlx::PgConnection;

use super::HandoverRefusal;
use crate::{
    app::App,
    domain::customer_handover::{
        AnswerToAll, DropReason, Handover, HandoverState, HandoverStep, ItemState, Receiver, share,
    },
    store::{
        customer_handovers,
        handover_items::{self, Work},
    },
};

/// Customers in one transaction at most.
const AT_ONCE: i64 = 500;

impl App {
    /// Takes one handover with something to do a step further. Whether there may be more.
    ///
    /// # Errors
    /// Those of the database.
    #[tracing::instrument(name = "app.advance_handovers", skip_all)]
    pub async fn advance_handovers(&self, call: &Call) -> Result<bool, HandoverRefusal> {
        let mut tx = self.pool.begin().await?;
        let Some(mut handover) = customer_handovers::lock_work(&mut tx).await? else { return Ok(false) };
        let state = handover.state;
        let worked = match state {
            HandoverState::Planning if handover.collecting => self.collect(&mut tx, &mut handover).await?,
            HandoverState::Planning => self.place(&mut tx, call, &handover).await?,
            HandoverState::Running => {
                self.settle_answered(&mut tx, call, &handover).await?
                    || self.place(&mut tx, call, &handover).await?
            }
            HandoverState::Cancelled => self.drop_all(&mut tx, &handover).await?,
            HandoverState::Planned | HandoverState::Done => false,
        };
        if !worked {
            self.nothing_left(&mut tx, call, &mut handover).await?;
        }
        customer_handovers::upsert(&mut tx, &handover).await?;
        tx.commit().await?;
        self.log.wake();
        // What others have locked is looked for again after a pause.
        Ok(worked || handover.state != state)
    }

    /// Takes in the next customers of the old owner.
    async fn collect(
        &self,
        conn: &mut PgConnection,
        handover: &mut Handover,
    ) -> Result<bool, HandoverRefusal> {
        let (now, after) = (self.clock.now(), handover.collected_through);
        let found = handover_items::owned_after(conn, &handover.agent, after, now, AT_ONCE).await?;
        match found.last() {
            Some(last) => handover.collected_through = *last,
            None => handover.collecting = false,
        }
        handover_items::insert_pending(conn, handover.handover_id, &found).await?;
        Ok(true)
    }

    /// Gives the next customers to receivers.
    async fn place(
        &self,
        conn: &mut PgConnection,
        call: &Call,
        handover: &Handover,
    ) -> Result<bool, HandoverRefusal> {
        let id = handover.handover_id;
        let mut items = handover_items::lock_work(conn, id, Work::ToPlace, AT_ONCE).await?;
        if items.is_empty() {
            return Ok(false);
        }
        let mut shares = customer_handovers::overview(conn, handover.clone()).await?.shares();
        for item in &mut items {
            let receiver = share::place(&mut shares, &item.declined_by);
            item.offer(receiver);
        }
        handover_items::update(conn, id, &items).await?;
        let unplaced = items.iter().filter(|item| item.state == ItemState::Unplaced).count();
        if unplaced > 0 {
            self.tell_handover(conn, call, "customer_handover.unplaced", handover, None, unplaced).await?;
        }
        Ok(true)
    }

    /// Settles the next customers of a receiver who answered to all, in the receiver's name.
    async fn settle_answered(
        &self,
        conn: &mut PgConnection,
        call: &Call,
        handover: &Handover,
    ) -> Result<bool, HandoverRefusal> {
        let overview = customer_handovers::overview(conn, handover.clone()).await?;
        let waits = |receiver: &&Receiver| {
            receiver.answer.is_some() && overview.count(ItemState::Offered, Some(&receiver.agent)) > 0
        };
        let Some(receiver) = overview.receivers.iter().find(waits) else { return Ok(false) };
        let (id, agent) = (handover.handover_id, Some(&receiver.agent));
        let offered = Some(ItemState::Offered);
        let items = handover_items::list(conn, id, (agent, offered), None, AT_ONCE).await?;
        let customers: Vec<CustomerId> = items.iter().map(|item| item.customer_id).collect();
        if receiver.answer == Some(AnswerToAll::ConfirmedAll) {
            let call = Call { actor: Actor::Agent(receiver.agent.clone()), ..call.clone() };
            self.confirm_items(conn, &call, handover, &receiver.agent, &customers, false).await?;
        } else {
            let mut items = handover_items::lock(conn, id, &customers).await?;
            items.retain_mut(|item| item.decline(&receiver.agent, receiver.answer_reason.clone()));
            handover_items::update(conn, id, &items).await?;
        }
        Ok(true)
    }

    /// Drops the next customers of a cancelled handover.
    async fn drop_all(&self, conn: &mut PgConnection, handover: &Handover) -> Result<bool, HandoverRefusal> {
        let (id, now) = (handover.handover_id, self.clock.now());
        let mut items = handover_items::lock_work(conn, id, Work::Open, AT_ONCE).await?;
        for item in &mut items {
            item.drop_for(DropReason::Cancelled, now);
        }
        handover_items::update(conn, id, &items).await?;
        Ok(!items.is_empty())
    }

    /// Everything is divided, or everybody settled; unless somebody else has something of it locked.
    async fn nothing_left(
        &self,
        conn: &mut PgConnection,
        call: &Call,
        handover: &mut Handover,
    ) -> Result<(), HandoverRefusal> {
        let now = self.clock.now();
        let overview = customer_handovers::overview(conn, handover.clone()).await?;
        let of = |state| overview.count(state, None);
        let open = of(ItemState::Pending) + of(ItemState::Offered) + of(ItemState::Unplaced);
        match handover.state {
            HandoverState::Planning if of(ItemState::Pending) == 0 => {
                let divided = handover.step(HandoverStep::Divided, now);
                divided.map_err(|needed| HandoverRefusal::State(handover.handover_id, needed))?;
            }
            HandoverState::Running if open == 0 => {
                let settled = handover.step(HandoverStep::Settled, now);
                settled.map_err(|needed| HandoverRefusal::State(handover.handover_id, needed))?;
                handover.active = false;
                self.tell_handover(conn, call, "customer_handover.done", handover, None, 0).await?;
            }
            HandoverState::Cancelled if open == 0 => handover.active = false,
            _ => {}
        }
        Ok(())
    }
}

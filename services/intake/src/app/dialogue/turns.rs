//! A turn: heard in one transaction, answered without any, settled in a second one.

use kexiang_core::{Call, id::DialogueId};
use kexiang_events::Draft;
use kexiang_pg::Claim;
use sqlx::PgConnection;

use super::{DialogueError, Dialogues, dialogue_not_found};
use crate::{
    app::{AppError, IDEMPOTENCY},
    domain::dialogue::{Dialogue, DialogueState, Moment, Move, Say, machine},
    store::dialogue::{self as store, turn::Heard},
};

/// What was said to a dialogue. It may be a code: there is no `Debug`.
#[derive(Clone)]
pub struct Said {
    /// Which.
    pub dialogue: DialogueId,
    /// In which turn; the current one when `None`.
    pub turn: Option<i32>,
    /// The version that the front end saw, if given.
    pub etag: Option<i64>,
    /// What; empty for nothing.
    pub input: String,
}

/// What came of hearing a turn.
enum Hearing {
    /// It is to be answered.
    Open(Box<Dialogue>),
    /// It was answered before.
    Answered(Box<Dialogue>),
}

impl Dialogues {
    /// Takes what was said in a turn, and gives the next step.
    ///
    /// # Errors
    /// [`AppError::NotFound`], [`AppError::EtagMismatch`], [`DialogueError::TurnPassed`], [`DialogueError::TurnAhead`],
    /// [`DialogueError::Over`].
    #[tracing::instrument(name = "app.continue_dialogue", skip_all, fields(dialogue.id = %said.dialogue))]
    pub async fn continue_dialogue(&self, call: &Call, said: Said) -> Result<Dialogue, DialogueError> {
        match self.hear(call, &said).await? {
            Hearing::Answered(dialogue) => Ok(*dialogue),
            Hearing::Open(dialogue) => self.answer(call, *dialogue, &said.input).await,
        }
    }

    async fn hear(&self, call: &Call, said: &Said) -> Result<Hearing, DialogueError> {
        let (id, now) = (said.dialogue, self.app.clock.now());
        let mut transaction = self.app.pool.begin().await?;
        let claimed = IDEMPOTENCY.claim(&mut transaction, call, now).await?;
        let locked = store::lock(&mut transaction, id).await?;
        let mut dialogue = locked.ok_or_else(|| dialogue_not_found(id))?;
        let current = dialogue.shown.turn;
        let turn = match claimed {
            Claim::Replay(turn) => turn,
            Claim::New => said.turn.unwrap_or(current),
        };
        if turn > current {
            return Err(DialogueError::TurnAhead { dialogue: id, turn });
        }
        let hash = dialogue.memory.proof.hash(&said.input);
        let kept = store::turn::get(&mut transaction, id, turn).await?;
        let repeated = kept.input_hash.as_deref().map(|kept| kept == hash);
        judge(&dialogue, said, turn, repeated)?;
        if turn < current {
            dialogue.shown = store::turn::get(&mut transaction, id, turn + 1).await?.turn.shown;
            return Ok(Hearing::Answered(Box::new(dialogue)));
        }
        if repeated.is_none() {
            let input = machine::kept(&dialogue.memory, &said.input);
            let heard = Heard { number: turn, input: &input, hash, at: now };
            store::turn::hear(&mut transaction, id, heard).await?;
        }
        dialogue.heard_at = now;
        store::update(&mut transaction, &dialogue).await?;
        IDEMPOTENCY.save(&mut transaction, call, &turn).await?;
        transaction.commit().await?;
        Ok(Hearing::Open(Box::new(dialogue)))
    }

    /// Answers the turn that was heard. Whatever it does is done once, however often it begins.
    pub(super) async fn answer(
        &self,
        call: &Call,
        mut dialogue: Dialogue,
        input: &str,
    ) -> Result<Dialogue, DialogueError> {
        let site = self.app.sites.get(&dialogue.site).await?;
        let (turn, was_proven) = (dialogue.shown.turn, dialogue.shown.proven);
        let moment = Moment { turn, region: &site.phone_region, now: self.app.clock.now() };
        let mut moved = machine::advance(&mut dialogue.memory, input, &moment);
        let says = loop {
            match moved {
                Move::Say(says) => break says,
                Move::Ask(ask) => {
                    let finding = self.find_out(call, &mut dialogue, ask).await?;
                    moved = machine::learn(&mut dialogue.memory, finding);
                }
            }
        };
        self.settle(call, dialogue, was_proven, &says).await
    }

    async fn settle(
        &self,
        call: &Call,
        mut dialogue: Dialogue,
        was_proven: bool,
        says: &[Say],
    ) -> Result<Dialogue, DialogueError> {
        let (id, now) = (dialogue.id, self.app.clock.now());
        let answered = dialogue.shown.turn;
        let mut transaction = self.app.pool.begin().await?;
        let locked = store::lock(&mut transaction, id).await?;
        let before = locked.ok_or_else(|| dialogue_not_found(id))?;
        if before.shown.turn != answered {
            // A twin was faster.
            dialogue.shown = store::turn::get(&mut transaction, id, answered + 1).await?.turn.shown;
            return Ok(dialogue);
        }
        dialogue.say(says, now);
        self.keep(&mut transaction, call, &dialogue, was_proven).await?;
        transaction.commit().await?;
        self.app.log.wake();
        Ok(dialogue)
    }

    /// Keeps a new step and tells what is new: proof, end.
    pub(super) async fn keep(
        &self,
        connection: &mut PgConnection,
        call: &Call,
        dialogue: &Dialogue,
        was_proven: bool,
    ) -> Result<(), DialogueError> {
        let (shown, now) = (&dialogue.shown, dialogue.shown.said_at);
        store::update(connection, dialogue).await?;
        store::turn::insert(connection, dialogue.id, shown).await?;
        let proven = (shown.proven && !was_proven).then_some("dialogue.proven");
        let over = (shown.state != DialogueState::Open).then(|| shown.state.event_type());
        let told = |event_type| Draft::new(event_type, dialogue.id.name(), now, &dialogue.facts());
        let events: Vec<_> = proven.into_iter().chain(over).map(told).collect::<Result<_, _>>()?;
        if !events.is_empty() {
            self.app.log.append(connection, call, now, &events).await?;
        }
        Ok(())
    }
}

/// Whether an input may be heard in this turn, or was; `repeated` says whether what was heard in it is the same.
fn judge(dialogue: &Dialogue, said: &Said, turn: i32, repeated: Option<bool>) -> Result<(), DialogueError> {
    let (id, current) = (dialogue.id, dialogue.shown.turn);
    match repeated {
        Some(true) => Ok(()),
        Some(false) => Err(DialogueError::TurnPassed { dialogue: id, turn }),
        // Nothing was heard in a turn that has passed: silence ended it.
        None if turn < current => Err(DialogueError::TurnPassed { dialogue: id, turn }),
        None if dialogue.shown.state != DialogueState::Open => Err(DialogueError::Over { dialogue: id }),
        None if said.etag.is_some_and(|etag| etag != i64::from(current)) => {
            Err(AppError::EtagMismatch { name: id.name() }.into())
        }
        None => Ok(()),
    }
}

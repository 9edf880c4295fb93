//! The use cases of automatic acceptance (IN-8). The states and what a kill leaves stand at [`crate::domain::dialogue`].
//!
//! | to see | read |
//! |---|---|
//! | hearing a turn, answering it, settling it | [`turns`] |
//! | finding what is asked for | `inquiry` |
//! | what becomes of a dialogue in register and case; silence | [`ending`] |
//! | messages, and the adapters that send them | [`messages`] |

pub mod ending;
mod error;
mod inquiry;
pub mod messages;
pub mod turns;

use kexiang_core::{Call, RequestKey, Role, Roles, id::DialogueId};
use kexiang_events::Draft;
use kexiang_pg::Claim;
use sha2::{Digest, Sha256};
use uuid::Uuid;

pub use self::{error::DialogueError, messages::LeaseOf};
use super::{App, AppError, IDEMPOTENCY};
use crate::{
    domain::dialogue::{Dialogue, Opening, Turn},
    peer::CustomerRecords,
    store::dialogue as store,
};

/// The use cases of dialogues. Cheap to clone.
#[derive(Clone)]
pub struct Dialogues {
    app: App,
    customer_records: CustomerRecords,
}

impl Dialogues {
    /// Over these use cases; what is personal is asked of customer records.
    #[must_use]
    pub fn new(app: App, customer_records: CustomerRecords) -> Self {
        Self { app, customer_records }
    }

    /// The other use cases.
    #[must_use]
    pub fn app(&self) -> &App {
        &self.app
    }

    /// Begins a dialogue.
    ///
    /// # Errors
    /// [`AppError::NotFound`] for the site.
    #[tracing::instrument(name = "app.start_dialogue", skip_all)]
    pub async fn start_dialogue(&self, call: &Call, opening: Opening) -> Result<Dialogue, DialogueError> {
        let now = self.app.clock.now();
        let mut transaction = self.app.pool.begin().await?;
        if let Claim::Replay(id) = IDEMPOTENCY.claim(&mut transaction, call, now).await? {
            let mut dialogue =
                store::find(&mut transaction, id).await?.ok_or_else(|| dialogue_not_found(id))?;
            dialogue.shown = store::turn::get(&mut transaction, id, 1).await?.turn.shown;
            return Ok(dialogue);
        }
        self.app.sites.get_over(&mut transaction, &opening.site).await?;
        let dialogue = Dialogue::open(DialogueId::at(now), opening, call.actor.clone(), rand::random(), now);
        store::insert(&mut transaction, &dialogue).await?;
        store::turn::insert(&mut transaction, dialogue.id, &dialogue.shown).await?;
        let event = Draft::new("dialogue.started", dialogue.id.name(), now, &dialogue.facts())?;
        self.app.log.append(&mut transaction, call, now, &[event]).await?;
        IDEMPOTENCY.save(&mut transaction, call, &dialogue.id).await?;
        transaction.commit().await?;
        self.app.log.wake();
        Ok(dialogue)
    }

    /// The dialogue with this id.
    ///
    /// # Errors
    /// [`AppError::NotFound`].
    #[tracing::instrument(name = "app.get_dialogue", skip_all)]
    pub async fn get_dialogue(&self, id: DialogueId) -> Result<Dialogue, DialogueError> {
        let mut connection = self.app.pool.acquire().await?;
        Ok(store::find(&mut connection, id).await?.ok_or_else(|| dialogue_not_found(id))?)
    }

    /// A page of what was said, oldest first.
    ///
    /// # Errors
    /// [`AppError::NotFound`].
    #[tracing::instrument(name = "app.list_dialogue_turns", skip_all)]
    pub async fn list_dialogue_turns(
        &self,
        id: DialogueId,
        after: Option<i32>,
        limit: i64,
    ) -> Result<Vec<Turn>, DialogueError> {
        let mut connection = self.app.pool.acquire().await?;
        let turns = store::turn::list(&mut connection, id, after.unwrap_or(0), limit).await?;
        if turns.is_empty() && after.is_none() {
            return Err(dialogue_not_found(id).into());
        }
        Ok(turns.into_iter().map(|kept| kept.turn).collect())
    }
}

fn dialogue_not_found(id: DialogueId) -> AppError {
    AppError::NotFound { resource: DialogueId::TYPE, name: id.name() }
}

/// A call that does `method` once for a dialogue and this turn of it, whoever repeats it: made in the name of the front end that began it.
fn once(dialogue: &Dialogue, method: &'static str, turn: i32, traceparent: Option<String>) -> Call {
    let hash = Sha256::new()
        .chain_update(dialogue.id.uuid())
        .chain_update(method)
        .chain_update(turn.to_be_bytes())
        .finalize();
    let request_hash: [u8; 32] = hash.into();
    let mut request_id = [0; 16];
    request_id.copy_from_slice(&request_hash[..16]);
    let request = RequestKey { method, request_id: Uuid::from_bytes(request_id), request_hash };
    Call {
        actor: dialogue.started_by.clone(),
        roles: Roles::of(&[Role::Service]),
        request: Some(request),
        cause: None,
        traceparent,
    }
}

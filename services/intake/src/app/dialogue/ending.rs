//! What becomes of a dialogue in register and case, and what becomes of it when nothing is heard any more.
//!
//! Silence is kept first (state and event, one transaction), then the contact is registered under a key of the dialogue, then its name is
//! kept. Any number of replicas may do each; killed between two of them, the next one goes on, and there is one contact.

use kexiang_core::Call;

use super::{DialogueError, Dialogues, dialogue_not_found, once};
use crate::{
    app::{
        Accepted, AppError,
        acceptance::{Acceptance, Matter},
    },
    domain::{
        NewCase,
        category::Standing,
        dialogue::{Dialogue, DialogueState, Ending, Finding, SILENCE, categories, outcome},
    },
    store::dialogue as store,
};

/// Dialogues that are ended in one transaction, or registered in one round.
const AT_ONCE: i64 = 50;
/// More turns than a dialogue has.
const ALL_TURNS: i64 = 1_000;

impl Dialogues {
    /// Registers the contact, and accepts its case if it has one: once per dialogue.
    pub(super) async fn end(
        &self,
        call: &Call,
        dialogue: &mut Dialogue,
        ending: Ending,
    ) -> Result<Finding, DialogueError> {
        let turns = {
            let mut connection = self.app.pool.acquire().await?;
            store::turn::list(&mut connection, dialogue.id, 0, ALL_TURNS).await?
        };
        let turns: Vec<_> = turns.into_iter().map(|kept| kept.turn).collect();
        let case = outcome::case(dialogue, &ending, &turns);
        let matter = match case {
            Some(case) => Matter::Opens(Box::new(self.categorise(dialogue, case).await?)),
            None => Matter::Nothing,
        };
        let number = self.register(call, dialogue, matter).await?;
        Ok(Finding::Ended { number, ending })
    }

    /// Gives a case the first of its category codes that its site takes, and the edition that it is in. Where the site's tree
    /// has none of them the case keeps its own code, without an edition: nobody who asks for help is refused for it (IN-7, IN-8).
    async fn categorise(&self, dialogue: &Dialogue, case: NewCase) -> Result<NewCase, DialogueError> {
        for code in categories(case.kind) {
            let edition = match self.app.category_standing(&dialogue.site, code, false).await? {
                Standing::Unbound => None,
                Standing::Active(edition) => Some(edition),
                Standing::Retired(_) | Standing::Unknown => continue,
            };
            return Ok(NewCase { category: code.to_owned(), category_edition: edition, ..case });
        }
        tracing::warn!(site.id = %dialogue.site, "the site's category tree has no code for self-service");
        Ok(case)
    }

    /// Gives the number of the case, if it opens one.
    async fn register(
        &self,
        call: &Call,
        dialogue: &mut Dialogue,
        matter: Matter,
    ) -> Result<Option<String>, DialogueError> {
        let contact = outcome::contact(dialogue);
        let call = once(dialogue, "EndDialogue", 0, call.traceparent.clone());
        let accepted = self.app.accept(Acceptance { call, contact, matter }).await?;
        Ok(match accepted {
            Accepted::Contact(contact) => {
                dialogue.shown.contact = Some(contact.id);
                None
            }
            Accepted::Case(case) | Accepted::AlreadyPresent(case) => {
                dialogue.shown.contact = Some(case.contact);
                dialogue.shown.case = Some(case.id);
                Some(case.number)
            }
        })
    }

    /// Ends dialogues in which nothing was heard for [`SILENCE`], a bounded number of them; tells whether more may be left.
    ///
    /// # Errors
    /// Those of the database.
    #[tracing::instrument(name = "app.abandon_dialogues", level = "debug", skip_all)]
    pub async fn abandon_dialogues(&self, call: &Call) -> Result<bool, DialogueError> {
        let silent = self.keep_silence(call).await?;
        let mut connection = self.app.pool.acquire().await?;
        let unregistered = store::unregistered(&mut connection, AT_ONCE).await?;
        drop(connection);
        let mut registered = 0;
        for dialogue in unregistered {
            let id = dialogue.id;
            match self.register_abandoned(call, dialogue).await {
                Ok(()) => registered += 1,
                // One that can't be registered now must not keep the others from it.
                Err(error) => {
                    tracing::warn!(%error, dialogue.id = %id, "an abandoned dialogue is no contact yet");
                }
            }
        }
        Ok(silent || registered == AT_ONCE)
    }

    async fn keep_silence(&self, call: &Call) -> Result<bool, DialogueError> {
        let now = self.app.clock.now();
        let Ok(before) = now.checked_sub(SILENCE) else { return Ok(false) };
        let mut transaction = self.app.pool.begin().await?;
        let silent = store::lock_silent(&mut transaction, before, AT_ONCE).await?;
        let mut heard = Vec::new();
        for mut dialogue in silent.iter().cloned() {
            let kept = store::turn::get(&mut transaction, dialogue.id, dialogue.shown.turn).await?;
            if let Some(input) = kept.turn.input {
                // It was heard and never answered: its service was killed. Whoever goes on has the silence to do so.
                dialogue.heard_at = now;
                store::update(&mut transaction, &dialogue).await?;
                heard.push((dialogue, input));
                continue;
            }
            let was_proven = dialogue.shown.proven;
            dialogue.abandon(now);
            self.keep(&mut transaction, call, &dialogue, was_proven).await?;
        }
        transaction.commit().await?;
        self.app.log.wake();
        for (dialogue, input) in heard {
            let id = dialogue.id;
            if let Err(error) = self.answer(call, dialogue, &input).await {
                tracing::warn!(%error, dialogue.id = %id, "a turn that was heard is not answered yet");
            }
        }
        Ok(i64::try_from(silent.len()).is_ok_and(|count| count == AT_ONCE))
    }

    async fn register_abandoned(&self, call: &Call, mut dialogue: Dialogue) -> Result<(), DialogueError> {
        self.register(call, &mut dialogue, Matter::Nothing).await?;
        let contact = dialogue.shown.contact;
        let mut transaction = self.app.pool.begin().await?;
        let locked = store::lock(&mut transaction, dialogue.id).await?;
        let mut kept = locked.ok_or_else(|| dialogue_not_found(dialogue.id))?;
        if kept.shown.state == DialogueState::Abandoned {
            kept.shown.contact = contact;
            store::update(&mut transaction, &kept).await?;
        }
        transaction.commit().await.map_err(AppError::from)?;
        Ok(())
    }
}

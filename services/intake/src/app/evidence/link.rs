//! Links that download without a token. The key that signs is made when it is needed, and replaced every month.

use std::time::Duration;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use bytes::Bytes;
use futures::Stream;
use jiff::SignedDuration;
use kexiang_core::{Call, EvidenceId, Timestamp};
use kexiang_pg::Claim;
use serde::{Deserialize, Serialize};
use sqlx::PgConnection;
use uuid::Uuid;

use super::{EvidenceDesk, EvidenceError, not_found};
use crate::{
    app::IDEMPOTENCY,
    domain::evidence::{
        Evidence, EvidenceState,
        link::{LinkKey, Ticket},
    },
    store::{
        self,
        evidence::{content, link_key},
        objects::content_key,
    },
};

/// A link to the bytes of evidence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Link {
    /// Where to get them.
    pub uri: String,
    /// Until when.
    pub expires_at: Timestamp,
}

impl EvidenceDesk {
    /// Makes a link that is good for `ttl`, in whole seconds.
    ///
    /// # Errors
    /// NOT_FOUND, [`EvidenceError::State`].
    #[tracing::instrument(name = "app.create_evidence_link", skip_all, fields(evidence.id = %id))]
    pub async fn create_link(
        &self,
        call: &Call,
        id: EvidenceId,
        ttl: SignedDuration,
    ) -> Result<Link, EvidenceError> {
        let now = self.clock.now();
        let mut connection = self.pool.acquire().await?;
        let found = store::evidence::find(&mut connection, id).await?.ok_or_else(|| not_found(id))?;
        let object = content::find(&mut connection, id).await?;
        drop(connection);
        let expires = now.as_second().saturating_add(ttl.as_secs());
        let of_the_store = Duration::from_secs(ttl.as_secs().unsigned_abs());
        let signed = match &object {
            Some(object) => self.objects.signed_url(&content_key(object), of_the_store).await?,
            None => None,
        };

        let mut transaction = self.pool.begin().await?;
        if let Claim::Replay(link) = IDEMPOTENCY.claim(&mut transaction, call, now).await? {
            return Ok(link);
        }
        found.expect(EvidenceState::Stored).map_err(|state| EvidenceError::State { id, state })?;
        let uri = match signed {
            Some(uri) => uri,
            None => self.uri(&signing_key(&mut transaction, now).await?.sign(id, expires)),
        };
        let link = Link { uri, expires_at: Timestamp::from_second(expires).unwrap_or(now) };
        IDEMPOTENCY.save(&mut transaction, call, &link).await?;
        transaction.commit().await?;
        Ok(link)
    }

    fn uri(&self, ticket: &Ticket) -> String {
        let Ticket { evidence, expires, key_id, signature } = ticket;
        let (base, name) = (&self.link_base, evidence.name());
        let signature = URL_SAFE_NO_PAD.encode(signature);
        format!("{base}/v1/{name}:download?expires={expires}&key={key_id}&signature={signature}")
    }

    /// The bytes for whoever has a link.
    ///
    /// # Errors
    /// [`EvidenceError::LinkInvalid`], [`EvidenceError::LinkExpired`], NOT_FOUND once it was deleted.
    #[tracing::instrument(name = "app.download_linked_evidence", skip_all, fields(evidence.id = %ticket.evidence))]
    pub async fn download_linked(
        &self,
        ticket: &Ticket,
    ) -> Result<
        (Evidence, impl Stream<Item = Result<Bytes, EvidenceError>> + Send + 'static + use<>),
        EvidenceError,
    > {
        let id = ticket.evidence;
        let mut connection = self.pool.acquire().await?;
        let key = link_key::find(&mut connection, &ticket.key_id).await?;
        drop(connection);
        if !key.is_some_and(|key| key.signed(ticket)) {
            return Err(EvidenceError::LinkInvalid { id });
        }
        if self.clock.now().as_second() >= ticket.expires {
            return Err(EvidenceError::LinkExpired { id });
        }
        // Whoever has a link alone is told nothing about states.
        self.download(id, 0).await.map_err(|error| match error {
            EvidenceError::State { .. } => not_found(id),
            error => error,
        })
    }
}

/// The key that signs now; an old one hands over to a new one.
async fn signing_key(connection: &mut PgConnection, now: Timestamp) -> Result<LinkKey, EvidenceError> {
    match link_key::signing(connection).await? {
        Some(key) if !key.is_old(now) => return Ok(key),
        Some(old) => link_key::retire(connection, &old.id, now).await?,
        None => {}
    }
    let id = Uuid::from_bytes(rand::random()).simple().to_string();
    let secret = rand::random::<[u8; 32]>().to_vec();
    link_key::insert(connection, &LinkKey { id, secret, created_at: now }).await?;
    // Perhaps another replica's, which was faster.
    Ok(link_key::signing(connection).await?.ok_or(sqlx::Error::RowNotFound)?)
}

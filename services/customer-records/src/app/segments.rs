//! Segments: saved filters, how many customers fit, and who (CU-15).
//!
//! A filter is read anew whenever it is asked, so what a later version does not know any more is refused, never guessed. What
//! is answered to a repeated request is read anew too: the memory of requests keeps no filter.
//!
//! Counts and members are of now: nothing is kept. A stream holds no transaction and no connection between its batches; who
//! joins meanwhile may be in it or not, nobody is in it twice.

use std::time::Duration;

use async_stream::try_stream;
use futures::Stream;
use kexiang_core::{Call, CustomerId, SegmentId, Timestamp};
use kexiang_events::Draft;
use kexiang_pg::{Claim, IdempotencyError};
use sqlx::PgConnection;

use super::{App, AppError, IDEMPOTENCY};
use crate::{
    domain::segment::{Filter, FilterProblem, Node, Purpose, Segment, SegmentFacts},
    store::{
        case_kinds,
        segments::{
            self,
            condition::{Ask, Form},
        },
    },
};

/// Longest time for a count, and for a batch of members.
const LONGEST_COUNT: Duration = Duration::from_secs(5);
const LONGEST_BATCH: Duration = Duration::from_secs(20);
/// Customers in one batch.
const AT_ONCE: i64 = 500;
/// PostgreSQL's code of a statement that was ended.
const ENDED: &str = "57014";

/// Why something with a segment is refused.
#[derive(Debug, thiserror::Error)]
pub enum SegmentError {
    /// No such segment.
    #[error("there is no {0:?}")]
    NotFound(SegmentId),
    /// The segment has changed since the caller read it.
    #[error("{0:?} has changed")]
    EtagMismatch(SegmentId),
    /// A saved filter that this version does not understand.
    #[error("the filter of {0:?} is not understood any more")]
    NotUnderstood(SegmentId, Vec<FilterProblem>),
    /// It takes longer than it may.
    #[error("the filter takes too long")]
    TooCostly,
    /// What any use case may be refused for.
    #[error(transparent)]
    App(#[from] AppError),
}

impl From<sqlx::Error> for SegmentError {
    fn from(error: sqlx::Error) -> Self {
        Self::App(error.into())
    }
}

impl From<serde_json::Error> for SegmentError {
    fn from(error: serde_json::Error) -> Self {
        Self::App(error.into())
    }
}

impl From<IdempotencyError> for SegmentError {
    fn from(error: IdempotencyError) -> Self {
        Self::App(error.into())
    }
}

/// A statement that the server ended took too long.
fn of_filter(error: sqlx::Error) -> SegmentError {
    let ended =
        matches!(&error, sqlx::Error::Database(error) if error.code().is_some_and(|code| code == ENDED));
    if ended { SegmentError::TooCostly } else { error.into() }
}

/// What to change.
#[derive(Debug, Default)]
pub struct SegmentChange {
    /// The title.
    pub title: Option<String>,
    /// The filter; checked.
    pub filter: Option<String>,
}

impl App {
    /// Saves a filter, which was checked for it.
    ///
    /// # Errors
    /// [`SegmentError::App`].
    #[tracing::instrument(name = "app.create_segment", skip_all)]
    pub async fn create_segment(
        &self,
        call: &Call,
        title: String,
        filter: String,
    ) -> Result<Segment, SegmentError> {
        let now = self.clock.now();
        let mut tx = self.pool.begin().await?;
        if let Claim::Replay(id) = IDEMPOTENCY.claim(&mut tx, call, now).await? {
            return self.known_segment(&mut tx, id).await;
        }
        let segment = Segment {
            segment_id: SegmentId::at(now),
            title,
            filter,
            created_by: call.actor.clone(),
            created_at: now,
            updated_at: now,
            version: 1,
        };
        segments::insert(&mut tx, &self.keys, &segment).await?;
        self.tell_segment(&mut tx, call, "segment.created", segment.segment_id, now).await?;
        IDEMPOTENCY.save(&mut tx, call, &segment.segment_id).await?;
        tx.commit().await?;
        self.log.wake();
        Ok(segment)
    }

    /// The segment of this id.
    ///
    /// # Errors
    /// [`SegmentError::NotFound`].
    #[tracing::instrument(name = "app.get_segment", skip_all)]
    pub async fn get_segment(&self, id: SegmentId) -> Result<Segment, SegmentError> {
        let mut conn = self.pool.acquire().await?;
        self.known_segment(&mut conn, id).await
    }

    /// Segments older than `after`, newest first.
    ///
    /// # Errors
    /// Those of the database.
    #[tracing::instrument(name = "app.list_segments", skip_all)]
    pub async fn list_segments(
        &self,
        after: Option<SegmentId>,
        limit: i64,
    ) -> Result<Vec<Segment>, SegmentError> {
        let mut conn = self.pool.acquire().await?;
        Ok(segments::list(&mut conn, &self.keys, after, limit).await?)
    }

    /// Changes a segment; a change that changes nothing writes nothing. `etag` is the version that the caller saw, if given.
    ///
    /// # Errors
    /// [`SegmentError::NotFound`], [`SegmentError::EtagMismatch`].
    #[tracing::instrument(name = "app.update_segment", skip_all)]
    pub async fn update_segment(
        &self,
        call: &Call,
        id: SegmentId,
        etag: Option<i64>,
        change: SegmentChange,
    ) -> Result<Segment, SegmentError> {
        let now = self.clock.now();
        let mut tx = self.pool.begin().await?;
        let claim: Claim<SegmentId> = IDEMPOTENCY.claim(&mut tx, call, now).await?;
        let before = segments::find_for_update(&mut tx, &self.keys, id).await?;
        let before = before.ok_or(SegmentError::NotFound(id))?;
        if matches!(claim, Claim::Replay(_)) {
            return Ok(before);
        }
        if etag.is_some_and(|version| version != before.version) {
            return Err(SegmentError::EtagMismatch(id));
        }
        let mut after = before.clone();
        after.title = change.title.unwrap_or(after.title);
        after.filter = change.filter.unwrap_or(after.filter);
        if after != before {
            after.updated_at = now;
            after.version += 1;
            segments::update(&mut tx, &self.keys, &after).await?;
            self.tell_segment(&mut tx, call, "segment.updated", id, now).await?;
        }
        IDEMPOTENCY.save(&mut tx, call, &id).await?;
        tx.commit().await?;
        self.log.wake();
        Ok(after)
    }

    /// Deletes a segment; what it was, without its filter.
    ///
    /// # Errors
    /// [`SegmentError::NotFound`], [`SegmentError::EtagMismatch`].
    #[tracing::instrument(name = "app.delete_segment", skip_all)]
    pub async fn delete_segment(
        &self,
        call: &Call,
        id: SegmentId,
        etag: Option<i64>,
    ) -> Result<Segment, SegmentError> {
        let now = self.clock.now();
        let mut tx = self.pool.begin().await?;
        if let Claim::Replay(segment) = IDEMPOTENCY.claim(&mut tx, call, now).await? {
            return Ok(segment);
        }
        let segment = segments::find_for_update(&mut tx, &self.keys, id).await?;
        let segment = Segment { filter: String::new(), ..segment.ok_or(SegmentError::NotFound(id))? };
        if etag.is_some_and(|version| version != segment.version) {
            return Err(SegmentError::EtagMismatch(id));
        }
        segments::delete(&mut tx, id, now).await?;
        self.tell_segment(&mut tx, call, "segment.deleted", id, now).await?;
        IDEMPOTENCY.save(&mut tx, call, &segment).await?;
        tx.commit().await?;
        self.log.wake();
        Ok(segment)
    }

    /// How many customers are in a segment, and of when that is.
    ///
    /// # Errors
    /// [`SegmentError::NotFound`], [`SegmentError::NotUnderstood`], [`SegmentError::TooCostly`].
    #[tracing::instrument(name = "app.count_segment", skip_all)]
    pub async fn count_segment(&self, id: SegmentId) -> Result<(i64, Timestamp), SegmentError> {
        let filter = self.filter_of(id).await?;
        self.count_members(&filter).await
    }

    /// How many customers fit, and of when that is.
    ///
    /// # Errors
    /// [`SegmentError::TooCostly`].
    #[tracing::instrument(name = "app.count_members", skip_all)]
    pub async fn count_members(&self, filter: &Filter) -> Result<(i64, Timestamp), SegmentError> {
        self.require_sealed().await?;
        let now = self.clock.now();
        let mut tx = self.pool.begin().await?;
        segments::limit_time(&mut tx, LONGEST_COUNT).await?;
        let count = segments::count(&mut tx, &self.keys, now, &filter.node).await.map_err(of_filter)?;
        tx.commit().await?;
        Ok((count, now))
    }

    /// The customers in a segment after this one, in the order of their ids, batch by batch. What is `ago` in the filter
    /// counts from the beginning of the stream.
    ///
    /// # Errors
    /// [`SegmentError::NotFound`], [`SegmentError::NotUnderstood`]; of the stream [`SegmentError::TooCostly`].
    #[tracing::instrument(name = "app.stream_segment_members", skip_all)]
    pub async fn stream_segment_members(
        &self,
        id: SegmentId,
        after: Option<CustomerId>,
    ) -> Result<impl Stream<Item = Result<Vec<CustomerId>, SegmentError>> + Send + use<>, SegmentError> {
        let node = self.filter_of(id).await?.node;
        let (app, now, mut after) = (self.clone(), self.clock.now(), after);
        Ok(try_stream! {
            loop {
                let batch = app.segment_batch(&node, now, after).await?;
                let Some(last) = batch.last().copied() else { break };
                let ended = i64::try_from(batch.len()).is_ok_and(|length| length < AT_ONCE);
                yield batch;
                if ended {
                    break;
                }
                after = Some(last);
            }
        })
    }

    #[tracing::instrument(name = "app.segment_batch", skip_all)]
    async fn segment_batch(
        &self,
        node: &Node,
        now: Timestamp,
        after: Option<CustomerId>,
    ) -> Result<Vec<CustomerId>, SegmentError> {
        let mut tx = self.pool.begin().await?;
        segments::limit_time(&mut tx, LONGEST_BATCH).await?;
        let ask = Ask { form: Form::ByCustomer, ring: &self.keys, now };
        let batch = segments::members(&mut tx, &ask, node, after, AT_ONCE).await.map_err(of_filter)?;
        tx.commit().await?;
        Ok(batch)
    }

    /// Takes in what cases are.
    ///
    /// # Errors
    /// Those of the database.
    #[tracing::instrument(name = "app.take_in_case_kinds", skip_all)]
    pub async fn take_in_case_kinds(
        &self,
        conn: &mut PgConnection,
        kinds: &[(kexiang_core::CaseId, String)],
    ) -> Result<(), AppError> {
        Ok(case_kinds::save(conn, kinds).await?)
    }

    async fn known_segment(&self, conn: &mut PgConnection, id: SegmentId) -> Result<Segment, SegmentError> {
        segments::find(conn, &self.keys, id).await?.ok_or(SegmentError::NotFound(id))
    }

    async fn filter_of(&self, id: SegmentId) -> Result<Filter, SegmentError> {
        let segment = self.get_segment(id).await?;
        Filter::parse(&segment.filter, Purpose::Saved)
            .map_err(|problems| SegmentError::NotUnderstood(id, problems))
    }

    async fn tell_segment(
        &self,
        conn: &mut PgConnection,
        call: &Call,
        event_type: &'static str,
        id: SegmentId,
        now: Timestamp,
    ) -> Result<(), SegmentError> {
        let told = Draft::new(event_type, id.name(), now, &SegmentFacts { segment_id: id })?;
        Ok(self.log.append(conn, call, now, &[told]).await.map_err(AppError::from)?)
    }
}

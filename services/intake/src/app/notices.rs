//! Telling the staff at once (IN-13): notices are written in the transaction of what they tell, and streamed after its
//! commit.
//!
//! A stream is woken by the commits of its own process and looks by itself for those of other replicas. Killed between any
//! two lines, a notice and its cause are both there or both not; whoever watches goes on from their last position.

use std::time::Duration;

use async_stream::try_stream;
use futures::Stream;
use kexiang_core::{Call, NoticeId, Timestamp};
use kexiang_events::{Draft, EventLog};
use kexiang_pg::{Claim, IdempotencyError};
use sqlx::PgConnection;
use thiserror::Error;
use tokio::{
    sync::watch,
    time::{sleep, timeout},
};
use tokio_util::sync::CancellationToken;

use super::{
    App, AppError, IDEMPOTENCY,
    acceptance::{Acceptance, Accepted, Matter},
};
pub use crate::store::notice::Place;
use crate::{
    domain::{NewNotice, Notice, Recipient},
    store,
};

/// Looks are at least this far apart, so that a rush of commits does not make every watcher look at each.
const SHORTEST_PAUSE: Duration = Duration::from_millis(50);
/// Looks are at most this far apart, with [`SHORTEST_PAUSE`] half a second: so the notices of other replicas are found.
const LONGEST_WAIT: Duration = Duration::from_millis(450);
/// Notices in one response of a stream at most.
const AT_ONCE: i64 = 500;

/// Why something with a notice is refused.
#[derive(Debug, Error)]
pub enum NoticeError {
    /// It is for somebody else.
    #[error("{subject} is for another agent, or for a role that the caller does not have")]
    NotRecipient {
        /// The notice or the recipient that was asked for.
        subject: String,
    },
    /// A position of another server, such as the one that this database was dumped from.
    #[error("position is not one that was given out")]
    UnknownPosition,
    /// What any use case may be refused for.
    #[error(transparent)]
    App(#[from] AppError),
}

impl From<sqlx::Error> for NoticeError {
    fn from(error: sqlx::Error) -> Self {
        Self::App(error.into())
    }
}

impl From<serde_json::Error> for NoticeError {
    fn from(error: serde_json::Error) -> Self {
        Self::App(error.into())
    }
}

impl From<IdempotencyError> for NoticeError {
    fn from(error: IdempotencyError) -> Self {
        Self::App(error.into())
    }
}

/// Writes notices, and tells of those that are new, each by the call that made it.
pub(super) async fn send(
    connection: &mut PgConnection,
    log: &EventLog,
    now: Timestamp,
    notices: &[(NewNotice, Call)],
) -> Result<(), AppError> {
    let Some((_, first)) = notices.first() else { return Ok(()) };
    let new: Vec<_> = notices.iter().map(|(notice, _)| notice).collect();
    let mut events = Vec::new();
    for notice in store::notice::insert(connection, &new, now).await? {
        let is_its =
            |(new, _): &&(NewNotice, Call)| new.case == notice.case && new.recipient == notice.recipient;
        let by = notices.iter().find(is_its).map_or(first, |(_, call)| call);
        events.push(Draft::new("notice.created", notice.id.name(), now, &notice.facts())?.by(by));
    }
    Ok(log.append(connection, first, now, &events).await?)
}

/// Tells of the complaints among what was just accepted, in the same transaction. What was brought over is history: nobody
/// is told. An answer given again makes no second notice.
pub(super) async fn tell_of_acceptances(
    connection: &mut PgConnection,
    log: &EventLog,
    now: Timestamp,
    acceptances: &[Acceptance],
    results: &[Result<Accepted, AppError>],
) -> Result<(), AppError> {
    let mut notices = Vec::new();
    for (acceptance, result) in acceptances.iter().zip(results) {
        if let (Matter::Opens(new), Ok(Accepted::Case(case))) = (&acceptance.matter, result)
            && new.history.is_none()
        {
            notices.extend(
                NewNotice::of_acceptance(case).into_iter().map(|notice| (notice, acceptance.call.clone())),
            );
        }
    }
    send(connection, log, now, &notices).await
}

/// Unread notices from a stream, and the place to go on from.
#[derive(Debug, Clone)]
pub struct News {
    /// Oldest first.
    pub notices: Vec<Notice>,
    /// Go on from here.
    pub place: Place,
}

impl App {
    /// A page of the notices for any of these recipients, newest first.
    ///
    /// # Errors
    /// Those of the database.
    #[tracing::instrument(name = "app.list_notices", skip_all)]
    pub async fn list_notices(
        &self,
        recipients: &[Recipient],
        unread_only: bool,
        after: Option<NoticeId>,
        limit: i64,
    ) -> Result<Vec<Notice>, AppError> {
        let mut connection = self.pool.acquire().await?;
        Ok(store::notice::list(&mut connection, recipients, unread_only, after, limit).await?)
    }

    /// Marks a notice as read. `etag` is the version that the caller saw.
    ///
    /// # Errors
    /// [`AppError::NotFound`], [`NoticeError::NotRecipient`], [`AppError::EtagMismatch`].
    #[tracing::instrument(name = "app.acknowledge_notice", skip_all, fields(notice.id = %id))]
    pub async fn acknowledge_notice(
        &self,
        call: &Call,
        id: NoticeId,
        etag: Option<i64>,
    ) -> Result<Notice, NoticeError> {
        let now = self.clock.now();
        let mut transaction = self.pool.begin().await?;
        if let Claim::Replay(notice) = IDEMPOTENCY.claim(&mut transaction, call, now).await? {
            return Ok(notice);
        }
        let found = store::notice::lock(&mut transaction, id).await?;
        let mut notice =
            found.ok_or_else(|| AppError::NotFound { resource: NoticeId::TYPE, name: id.name() })?;
        if !notice.recipient.admits(call) {
            return Err(NoticeError::NotRecipient { subject: id.name() });
        }
        if etag.is_some_and(|etag| etag != notice.version) {
            return Err(AppError::EtagMismatch { name: id.name() }.into());
        }
        if notice.acknowledge(&call.actor, now) {
            store::notice::update(&mut transaction, &notice).await?;
            let event = Draft::new("notice.acknowledged", id.name(), now, &notice.facts())?;
            self.log.append(&mut transaction, call, now, &[event]).await?;
        }
        IDEMPOTENCY.save(&mut transaction, call, &notice).await?;
        transaction.commit().await?;
        self.log.wake();
        Ok(notice)
    }

    /// Refuses a place that this server can't have given out: going on from it would wait in silence for ever.
    ///
    /// # Errors
    /// [`NoticeError::UnknownPosition`].
    pub async fn check_place(&self, place: Place) -> Result<(), NoticeError> {
        let known = store::notice::is_known(&mut *self.pool.acquire().await?, place).await?;
        if known { Ok(()) } else { Err(NoticeError::UnknownPosition) }
    }

    /// Unread notices after a place, then new ones as they are committed. The first answer comes at once, even when it is
    /// empty. Ends at `shutdown`, or with the first error.
    pub fn watch_notices(
        &self,
        recipients: Vec<Recipient>,
        mut place: Place,
        shutdown: CancellationToken,
    ) -> impl Stream<Item = Result<News, AppError>> + Send + 'static {
        let app = self.clone();
        let mut committed = self.log.watch();
        try_stream! {
            let mut is_first = true;
            loop {
                let news = app.read_on(&recipients, place).await?;
                place = news.place;
                let (is_full, is_empty) = (news.notices.len() as i64 == AT_ONCE, news.notices.is_empty());
                if is_first || !is_empty {
                    is_first = false;
                    yield news;
                }
                if !is_full && shutdown.run_until_cancelled(next_look(&mut committed)).await.is_none() {
                    break;
                }
            }
        }
    }

    async fn read_on(&self, recipients: &[Recipient], after: Place) -> Result<News, AppError> {
        let mut connection = self.pool.acquire().await?;
        let (notices, place) = store::notice::read_on(&mut connection, recipients, after, AT_ONCE).await?;
        Ok(News { notices, place })
    }
}

/// Waits until it is worth looking again. A commit during the pause is not missed: it ends the wait at once.
async fn next_look(committed: &mut watch::Receiver<()>) {
    sleep(SHORTEST_PAUSE).await;
    // Both ends are a reason to look: a commit, or the time since the last look.
    let _ = timeout(LONGEST_WAIT, committed.changed()).await;
}

//! The race that the protocol is made for: uploads, deletions and cleaners on the same few contents, all at once. The clock jumps
//! over the grace period with every round of cleaning, so that nothing is safe for being young.

use std::{path::PathBuf, sync::Arc};

use futures::{TryStreamExt, future::join_all};
use jiff::SignedDuration;
use kexiang_core::{Actor, AgentId, ManualClock, Roles, Timestamp, WorkOrderId};
use kexiang_testkit::TestDatabase;
use tokio_util::sync::CancellationToken;

use super::*;
use crate::{
    SCHEMA,
    domain::evidence::{Announced, FileName, GRACE, MediaType, NewEvidence, Parent},
};

const WORKERS: usize = 6;
const ROUNDS: usize = 25;
const CONTENTS: usize = 3;

struct Place {
    desk: EvidenceDesk,
    hand: ManualClock,
    folder: PathBuf,
    _database: TestDatabase,
}

impl Place {
    async fn open() -> Self {
        let database = TestDatabase::create(&[&SCHEMA]).await;
        let (clock, hand) = Clock::manual(Timestamp::from_second(1_795_334_400).unwrap());
        let pool = kexiang_pg::connect(&database.url(SCHEMA.role), "test", 12).unwrap();
        let name = format!("kexiang-evidence-{}", EvidenceId::at(clock.now()));
        let folder = std::env::temp_dir().join(name);
        let objects = Objects::at(&format!("file://{}", folder.display())).unwrap();
        let desk = EvidenceDesk::new(pool, clock, EventLog::new(SCHEMA.name), objects, 1 << 20, "");
        Self { desk, hand, folder, _database: database }
    }

    fn files(&self) -> usize {
        let (mut count, mut folders) = (0, vec![self.folder.clone()]);
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).into_iter().flatten().map_while(Result::ok) {
                match entry.file_type() {
                    Ok(kind) if kind.is_dir() => folders.push(entry.path()),
                    _ => count += 1,
                }
            }
        }
        count
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        drop(std::fs::remove_dir_all(&self.folder));
    }
}

fn call() -> kexiang_core::Call {
    kexiang_core::Call {
        actor: Actor::Agent(AgentId::parse("li.na").unwrap()),
        roles: Roles::of(&[]),
        request: None,
        cause: None,
        traceparent: None,
    }
}

fn new() -> NewEvidence {
    NewEvidence {
        parent: Parent::WorkOrder(WorkOrderId::at(Timestamp::UNIX_EPOCH)),
        file_name: FileName::parse("a.txt").unwrap(),
        media_type: MediaType::parse("text/plain").unwrap(),
        announced: Announced::default(),
    }
}

async fn upload(desk: &EvidenceDesk, content: &str) -> Result<Evidence, EvidenceError> {
    let Begun::Receiving(mut receiving) = desk.receive(&call(), new()).await? else { unreachable!() };
    receiving.push(content.as_bytes()).await?;
    receiving.finish(&call()).await
}

async fn download(desk: &EvidenceDesk, id: EvidenceId) -> Result<Vec<u8>, EvidenceError> {
    let (_, bytes) = desk.download(id, 0).await?;
    bytes
        .try_fold(Vec::new(), async |mut all, chunk| {
            all.extend_from_slice(&chunk);
            Ok(all)
        })
        .await
}

/// Uploads, reads and deletes; what is stored must be readable, whatever the others do.
async fn work(desk: EvidenceDesk, worker: usize) -> usize {
    let mut stored = 0;
    for round in 0..ROUNDS {
        let content = format!("the same words {}", (worker + round) % CONTENTS);
        let evidence = match upload(&desk, &content).await {
            Ok(evidence) => evidence,
            // The clock jumps hours while an upload is under way: it may be given up in the middle.
            Err(EvidenceError::App(AppError::NotFound { .. }) | EvidenceError::Objects(_)) => continue,
            Err(error) => panic!("{error:?}"),
        };
        stored += 1;
        assert_eq!(download(&desk, evidence.id).await.unwrap(), content.as_bytes(), "{worker} {round}");
        let deleted = desk.delete(&call(), evidence.id, None, "enough").await.unwrap();
        assert_eq!(deleted.state, crate::domain::evidence::EvidenceState::Deleted);
    }
    stored
}

async fn clean_until(desk: EvidenceDesk, hand: ManualClock, done: CancellationToken) {
    while !done.is_cancelled() {
        hand.advance(GRACE + SignedDuration::from_secs(1));
        desk.clean().await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn what_is_stored_is_there_whoever_deletes_and_cleans_at_the_same_time_and_in_the_end_nothing_is_left()
{
    let place = Arc::new(Place::open().await);
    let kept = upload(&place.desk, "the same words 0").await.unwrap();
    let done = CancellationToken::new();
    let cleaners: Vec<_> = (0..2)
        .map(|_| tokio::spawn(clean_until(place.desk.clone(), place.hand.clone(), done.clone())))
        .collect();

    let workers = (0..WORKERS).map(|worker| tokio::spawn(work(place.desk.clone(), worker)));
    let stored: usize = join_all(workers).await.into_iter().map(Result::unwrap).sum();
    done.cancel();
    for cleaner in join_all(cleaners).await {
        cleaner.unwrap();
    }

    assert!(stored > WORKERS, "{stored} of {} uploads were stored", WORKERS * ROUNDS);
    assert_eq!(download(&place.desk, kept.id).await.unwrap(), b"the same words 0");
    place.desk.delete(&call(), kept.id, None, "enough").await.unwrap();
    for _ in 0..30 {
        place.hand.advance(SignedDuration::from_hours(25));
        place.desk.clean().await.unwrap();
    }
    let rows = "select (select count(*) from intake.evidence_objects) + (select count(*) from intake.evidence_uploads)";
    let rows: i64 = sqlx::query_scalar(rows).fetch_one(&place.desk.pool).await.unwrap();
    assert_eq!((rows, place.files()), (0, 0), "neither rows nor files are left");
}

#[tokio::test]
async fn a_cleaner_that_was_asleep_between_condemning_and_removing_hurts_nobody() {
    let place = Place::open().await;
    let first = upload(&place.desk, "words").await.unwrap();
    place.desk.delete(&call(), first.id, None, "enough").await.unwrap();
    place.hand.advance(GRACE + SignedDuration::from_secs(1));
    let mut transaction = place.desk.pool.begin().await.unwrap();
    let now = place.desk.clock.now();
    let condemned = store::evidence::content::condemn(&mut transaction, now, now, 10).await.unwrap();
    transaction.commit().await.unwrap();

    let second = upload(&place.desk, "words").await.unwrap();
    place.desk.clean().await.unwrap();

    assert_eq!(condemned, 1);
    assert_eq!(second.sha256, first.sha256);
    assert_eq!(download(&place.desk, second.id).await.unwrap(), b"words");
    assert_eq!(place.files(), 1, "the condemned object is gone, the new one is there");
}

#[tokio::test]
async fn an_upload_that_was_killed_between_claim_and_row_is_finished_by_the_next_one_or_cleaned_up() {
    let place = Place::open().await;
    let begun = place.desk.begin_upload(&call(), new()).await.unwrap();
    place.desk.append_chunk(&call(), begun.id, 0, "words".into()).await.unwrap();
    let mut connection = place.desk.pool.acquire().await.unwrap();
    let hash = sha2::Digest::finalize(<sha2::Sha256 as sha2::Digest>::new_with_prefix("words")).into();
    let hash = crate::domain::evidence::ContentHash::new(hash);
    // Killed here: claimed, and nothing put there.
    let now = place.desk.clock.now();
    let claimed = store::evidence::content::claim(&mut connection, begun.id, &hash, 5, now).await.unwrap();
    drop(connection);

    let other = upload(&place.desk, "words").await.unwrap();
    let finished = place.desk.finish_upload(&call(), begun.id, None).await.unwrap();

    assert!(!claimed.is_placed);
    for id in [other.id, finished.id] {
        assert_eq!(download(&place.desk, id).await.unwrap(), b"words");
    }
    assert_eq!(place.files(), 1, "the same content is kept once");
}

//! Monthly hand-ins of customer files.

use jiff_sqlx::{Timestamp as SqlTimestamp, ToSqlx};
use kexiang_core::{AgentId, CustomerId, HandInId, Timestamp};
use sqlx::{AssertSqlSafe, FromRow, PgConnection};
use uuid::Uuid;

use super::inconsistent;
use crate::domain::hand_in::{
    CustomerFile, FileReceipt, FileState, HandIn, HandInHead, HandInSummary, Month,
};

/// Which hand-ins to list.
#[derive(Debug, Clone, Default)]
pub struct HandInFilter {
    /// Of this agent.
    pub agent: Option<AgentId>,
    /// For this month.
    pub month: Option<Month>,
    /// With missing files only.
    pub missing: bool,
}

const HEAD: &str = "hand_in_id, agent, month, due_at, created_at, updated_at, version";

#[derive(FromRow)]
struct HeadRow {
    hand_in_id: Uuid,
    agent: String,
    month: String,
    due_at: SqlTimestamp,
    created_at: SqlTimestamp,
    updated_at: SqlTimestamp,
    version: i64,
}

#[derive(FromRow)]
struct SummaryRow {
    #[sqlx(flatten)]
    head: HeadRow,
    handed_in: i32,
    outstanding: i32,
}

#[derive(FromRow)]
struct FileRow {
    customer_id: Uuid,
    handed_in_at: Option<SqlTimestamp>,
    receiver: Option<String>,
    file_number: Option<String>,
    missed: bool,
}

impl TryFrom<HeadRow> for HandInHead {
    type Error = sqlx::Error;
    fn try_from(row: HeadRow) -> sqlx::Result<Self> {
        Ok(Self {
            hand_in_id: row.hand_in_id.to_string().parse().map_err(inconsistent)?,
            agent: row.agent.parse().map_err(inconsistent)?,
            month: Month::parse(&row.month).map_err(inconsistent)?,
            due_at: row.due_at.to_jiff(),
            created_at: row.created_at.to_jiff(),
            updated_at: row.updated_at.to_jiff(),
            version: row.version,
        })
    }
}

impl TryFrom<SummaryRow> for HandInSummary {
    type Error = sqlx::Error;
    fn try_from(row: SummaryRow) -> sqlx::Result<Self> {
        let SummaryRow { head, handed_in, outstanding } = row;
        Ok(Self { head: head.try_into()?, handed_in, outstanding })
    }
}

impl TryFrom<FileRow> for CustomerFile {
    type Error = sqlx::Error;
    fn try_from(row: FileRow) -> sqlx::Result<Self> {
        let receipt = match (row.handed_in_at, row.receiver, row.file_number) {
            (Some(at), Some(receiver), Some(file_number)) => {
                let receiver = receiver.parse().map_err(inconsistent)?;
                Some(FileReceipt { handed_in_at: at.to_jiff(), receiver, file_number })
            }
            _ => None,
        };
        let customer_id = row.customer_id.to_string().parse().map_err(inconsistent)?;
        Ok(Self { customer_id, receipt, missed: row.missed })
    }
}

async fn with_files(conn: &mut PgConnection, head: HandInHead) -> sqlx::Result<HandIn> {
    let files: Vec<FileRow> = sqlx::query_as(
        "select customer_id, handed_in_at, receiver, file_number, missed
         from customer_records.hand_in_files where hand_in_id = $1 order by customer_id",
    )
    .bind(head.hand_in_id.uuid())
    .fetch_all(conn)
    .await?;
    let files = files.into_iter().map(CustomerFile::try_from).collect::<sqlx::Result<_>>()?;
    Ok(HandIn { head, files })
}

/// The hand-in with this id, locked until the transaction ends.
#[tracing::instrument(name = "db.hand_in.lock", skip_all)]
pub async fn lock(conn: &mut PgConnection, id: HandInId) -> sqlx::Result<Option<HandIn>> {
    let sql = format!("select {HEAD} from customer_records.hand_ins where hand_in_id = $1 for update");
    let row: Option<HeadRow> =
        sqlx::query_as(AssertSqlSafe(sql)).bind(id.uuid()).fetch_optional(&mut *conn).await?;
    match row {
        Some(row) => Ok(Some(with_files(conn, row.try_into()?).await?)),
        None => Ok(None),
    }
}

/// Hand-ins with missing files to tell, locked; those that somebody else has locked are left to them.
#[tracing::instrument(name = "db.hand_in.lock_due", skip_all)]
pub async fn lock_due(conn: &mut PgConnection, now: Timestamp, limit: i64) -> sqlx::Result<Vec<HandIn>> {
    let sql = format!(
        "select {HEAD} from customer_records.hand_ins where fires_at <= $1
         order by fires_at limit $2 for update skip locked"
    );
    let rows: Vec<HeadRow> =
        sqlx::query_as(AssertSqlSafe(sql)).bind(now.to_sqlx()).bind(limit).fetch_all(&mut *conn).await?;
    let mut due = Vec::new();
    for row in rows {
        due.push(with_files(conn, row.try_into()?).await?);
    }
    Ok(due)
}

/// The hand-in of an agent and month.
#[tracing::instrument(name = "db.hand_in.find_of", skip_all)]
pub async fn find_of(conn: &mut PgConnection, agent: &AgentId, month: &Month) -> sqlx::Result<HandInId> {
    let id: Uuid = sqlx::query_scalar(
        "select hand_in_id from customer_records.hand_ins where agent = $1 and month = $2",
    )
    .bind(agent.as_str())
    .bind(month.as_str())
    .fetch_one(conn)
    .await?;
    id.to_string().parse().map_err(inconsistent)
}

/// Writes a hand-in, new or locked by the caller. False when the agent has another one for the month.
#[tracing::instrument(name = "db.hand_in.save", skip_all)]
pub async fn save(conn: &mut PgConnection, hand_in: &HandIn) -> sqlx::Result<bool> {
    let head = &hand_in.head;
    let done = sqlx::query(
        "insert into customer_records.hand_ins as h
             (hand_in_id, agent, month, due_at, fires_at, created_at, updated_at, version)
         values ($1, $2, $3, $4, $5, $6, $7, $8)
         on conflict (agent, month) do update set fires_at = $5, updated_at = $7, version = $8
         where h.hand_in_id = $1",
    )
    .bind(head.hand_in_id.uuid())
    .bind(head.agent.as_str())
    .bind(head.month.as_str())
    .bind(head.due_at.to_sqlx())
    .bind(hand_in.fires_at().map(ToSqlx::to_sqlx))
    .bind(head.created_at.to_sqlx())
    .bind(head.updated_at.to_sqlx())
    .bind(head.version)
    .execute(&mut *conn)
    .await?;
    if done.rows_affected() == 0 {
        return Ok(false);
    }
    save_files(conn, head.hand_in_id, &hand_in.files).await?;
    Ok(true)
}

async fn save_files(conn: &mut PgConnection, id: HandInId, files: &[CustomerFile]) -> sqlx::Result<()> {
    let receipts = || files.iter().map(|file| file.receipt.as_ref());
    sqlx::query(
        "insert into customer_records.hand_in_files as f
             (hand_in_id, customer_id, handed_in_at, receiver, file_number, missed)
         select $1, new.* from unnest($2::uuid[], $3::timestamptz[], $4::text[], $5::text[], $6::boolean[]) as new
         on conflict (hand_in_id, customer_id) do update set
             handed_in_at = excluded.handed_in_at, receiver = excluded.receiver,
             file_number = excluded.file_number, missed = excluded.missed
         where (f.handed_in_at, f.missed) is distinct from (excluded.handed_in_at, excluded.missed)",
    )
    .bind(id.uuid())
    .bind(files.iter().map(|file| file.customer_id.uuid()).collect::<Vec<_>>())
    .bind(receipts().map(|receipt| receipt.map(|r| r.handed_in_at.to_sqlx())).collect::<Vec<_>>())
    .bind(receipts().map(|receipt| receipt.map(|r| r.receiver.to_string())).collect::<Vec<_>>())
    .bind(receipts().map(|receipt| receipt.map(|r| r.file_number.clone())).collect::<Vec<_>>())
    .bind(files.iter().map(|file| file.missed).collect::<Vec<_>>())
    .execute(conn)
    .await?;
    Ok(())
}

const FIGURES: &str = "cross join lateral (
    select count(f.handed_in_at)::integer as handed_in, (count(*) - count(f.handed_in_at))::integer as outstanding
    from customer_records.hand_in_files f where f.hand_in_id = h.hand_in_id) figures";

/// The hand-in with this id and its figures.
#[tracing::instrument(name = "db.hand_in.find", skip_all)]
pub async fn find(conn: &mut PgConnection, id: HandInId) -> sqlx::Result<Option<HandInSummary>> {
    let sql = format!(
        "select {HEAD}, handed_in, outstanding from customer_records.hand_ins h {FIGURES} where h.hand_in_id = $1"
    );
    let row: Option<SummaryRow> =
        sqlx::query_as(AssertSqlSafe(sql)).bind(id.uuid()).fetch_optional(conn).await?;
    row.map(HandInSummary::try_from).transpose()
}

/// A page of hand-ins older than `after`, newest first.
#[tracing::instrument(name = "db.hand_in.list", skip_all)]
pub async fn list(
    conn: &mut PgConnection,
    filter: &HandInFilter,
    now: Timestamp,
    after: Option<HandInId>,
    limit: i64,
) -> sqlx::Result<Vec<HandInSummary>> {
    let sql = format!(
        "select {HEAD}, handed_in, outstanding from customer_records.hand_ins h {FIGURES}
         where h.hand_in_id < $1 and ($2::text is null or agent = $2) and ($3::text is null or month = $3)
           and (not $4 or (due_at <= $5 and outstanding > 0))
         order by h.hand_in_id desc limit $6"
    );
    let rows: Vec<SummaryRow> = sqlx::query_as(AssertSqlSafe(sql))
        .bind(after.map_or(Uuid::max(), HandInId::uuid))
        .bind(filter.agent.as_ref().map(AgentId::as_str))
        .bind(filter.month.as_ref().map(Month::as_str))
        .bind(filter.missing)
        .bind(now.to_sqlx())
        .bind(limit)
        .fetch_all(conn)
        .await?;
    rows.into_iter().map(HandInSummary::try_from).collect()
}

/// A page of the files of a hand-in by customer, in one state if given.
#[tracing::instrument(name = "db.customer_file.list", skip_all)]
pub async fn list_files(
    conn: &mut PgConnection,
    (head, now): (&HandInHead, Timestamp),
    state: Option<FileState>,
    after: Option<CustomerId>,
    limit: i64,
) -> sqlx::Result<Vec<CustomerFile>> {
    // Files that are not in are all due, or all missing: one time counts for them all.
    let outstanding = if head.due_at <= now { FileState::Missing } else { FileState::Due };
    let handed_in = match state {
        None => None,
        Some(FileState::HandedIn) => Some(true),
        Some(state) if state == outstanding => Some(false),
        Some(FileState::Due | FileState::Missing) => return Ok(Vec::new()),
    };
    let rows: Vec<FileRow> = sqlx::query_as(
        "select customer_id, handed_in_at, receiver, file_number, missed from customer_records.hand_in_files
         where hand_in_id = $1 and customer_id > $2 and ($3::boolean is null or (handed_in_at is not null) = $3)
         order by customer_id limit $4",
    )
    .bind(head.hand_in_id.uuid())
    .bind(after.map_or(Uuid::nil(), CustomerId::uuid))
    .bind(handed_in)
    .bind(limit)
    .fetch_all(conn)
    .await?;
    rows.into_iter().map(CustomerFile::try_from).collect()
}

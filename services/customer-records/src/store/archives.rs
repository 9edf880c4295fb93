//! The archive: entries with their loans, quotes. Amounts travel as decimal text, so that none passes
//! through a float.

use std::str::FromStr;

use jiff_sqlx::{Timestamp as SqlTimestamp, ToSqlx};
use kexiang_core::{AgentId, ArchiveEntryId, ArchiveLoanId, CustomerId, SupplierQuoteId, Timestamp};
use rust_decimal::Decimal;
use sqlx::{AssertSqlSafe, FromRow, PgConnection, types::Json};
use uuid::Uuid;

use super::inconsistent;
use crate::domain::archive::{Entry, EntryState, Loan, Quote, level::Level};

/// Which entries to list.
#[derive(Debug, Clone, Default)]
pub struct EntryFilter {
    /// Of this kind.
    pub kind: Option<String>,
    /// In this state.
    pub state: Option<EntryState>,
    /// That point to this one.
    pub parent: Option<ArchiveEntryId>,
    /// Of exactly this level.
    pub level: Option<Level>,
}

/// Which loans to list.
#[derive(Debug, Clone, Default)]
pub struct LoanFilter {
    /// Of this entry.
    pub entry: Option<ArchiveEntryId>,
    /// To this borrower.
    pub borrower: Option<AgentId>,
    /// Only what is not back.
    pub open: bool,
    /// Only what was not back in time.
    pub overdue: bool,
}

#[derive(FromRow)]
struct LoanRow {
    loan_id: Uuid,
    entry_id: Uuid,
    borrower: String,
    lender: String,
    lent_at: SqlTimestamp,
    due_at: SqlTimestamp,
    returned_at: Option<SqlTimestamp>,
    overdue: bool,
}

#[derive(FromRow)]
struct QuoteRow {
    quote_id: Uuid,
    entry_id: Uuid,
    subject: String,
    amount: String,
    currency: String,
    reference: String,
    actor: String,
    quoted_at: SqlTimestamp,
}

fn id<T: FromStr>(uuid: Uuid) -> sqlx::Result<T>
where
    T::Err: std::error::Error + Send + Sync + 'static,
{
    uuid.to_string().parse().map_err(inconsistent)
}

impl TryFrom<LoanRow> for Loan {
    type Error = sqlx::Error;
    fn try_from(row: LoanRow) -> sqlx::Result<Self> {
        Ok(Self {
            loan_id: id(row.loan_id)?,
            entry_id: id(row.entry_id)?,
            borrower: row.borrower.parse().map_err(inconsistent)?,
            lender: row.lender.parse().map_err(inconsistent)?,
            lent_at: row.lent_at.to_jiff(),
            due_at: row.due_at.to_jiff(),
            returned_at: row.returned_at.map(SqlTimestamp::to_jiff),
            overdue: row.overdue,
        })
    }
}

impl TryFrom<QuoteRow> for Quote {
    type Error = sqlx::Error;
    fn try_from(row: QuoteRow) -> sqlx::Result<Self> {
        Ok(Self {
            quote_id: id(row.quote_id)?,
            supplier: id(row.entry_id)?,
            subject: row.subject,
            amount: Decimal::from_str(&row.amount).map_err(inconsistent)?,
            currency: row.currency,
            reference: row.reference,
            actor: row.actor.parse().map_err(inconsistent)?,
            quoted_at: row.quoted_at.to_jiff(),
        })
    }
}

/// Those of these customers that are not there, in their order.
#[tracing::instrument(name = "db.customer.missing", skip_all)]
pub async fn missing_customers(
    conn: &mut PgConnection,
    customers: &[CustomerId],
) -> sqlx::Result<Vec<CustomerId>> {
    let there: Vec<Uuid> =
        sqlx::query_scalar("select customer_id from customer_records.customers where customer_id = any($1)")
            .bind(customers.iter().map(|customer| customer.uuid()).collect::<Vec<_>>())
            .fetch_all(conn)
            .await?;
    Ok(customers.iter().filter(|customer| !there.contains(&customer.uuid())).copied().collect())
}

/// The entry with this id; with `lock`, locked until the transaction ends.
#[tracing::instrument(name = "db.archive_entry.find", skip_all)]
pub async fn find(conn: &mut PgConnection, id: ArchiveEntryId, lock: bool) -> sqlx::Result<Option<Entry>> {
    let lock = if lock { "for update" } else { "" };
    let sql = format!("select body from customer_records.archive_entries where entry_id = $1 {lock}");
    let entry: Option<Json<Entry>> =
        sqlx::query_scalar(AssertSqlSafe(sql)).bind(id.uuid()).fetch_optional(conn).await?;
    Ok(entry.map(|Json(entry)| entry))
}

fn bodies(entries: Vec<Json<Entry>>) -> Vec<Entry> {
    entries.into_iter().map(|Json(entry)| entry).collect()
}

/// Entries with an announcement to make, locked; those that somebody else has locked are left to them.
#[tracing::instrument(name = "db.archive_entry.lock_due", skip_all)]
pub async fn lock_due(conn: &mut PgConnection, now: Timestamp, limit: i64) -> sqlx::Result<Vec<Entry>> {
    let entries: Vec<Json<Entry>> = sqlx::query_scalar(
        "select body from customer_records.archive_entries where fires_at <= $1
         order by fires_at limit $2 for update skip locked",
    )
    .bind(now.to_sqlx())
    .bind(limit)
    .fetch_all(conn)
    .await?;
    Ok(bodies(entries))
}

/// A page of entries up to `seen`, older than `after`, newest first.
#[tracing::instrument(name = "db.archive_entry.list", skip_all)]
pub async fn list(
    conn: &mut PgConnection,
    filter: &EntryFilter,
    seen: Level,
    after: Option<ArchiveEntryId>,
    limit: i64,
) -> sqlx::Result<Vec<Entry>> {
    let entries: Vec<Json<Entry>> = sqlx::query_scalar(
        "select body from customer_records.archive_entries
         where entry_id < $1 and level <= $2 and ($3::text is null or kind = $3) and ($4::text is null or state = $4)
           and ($5::uuid is null or parent_id = $5) and ($6::smallint is null or level = $6)
         order by entry_id desc limit $7",
    )
    .bind(after.map_or(Uuid::max(), ArchiveEntryId::uuid))
    .bind(seen.rank())
    .bind(&filter.kind)
    .bind(filter.state.map(EntryState::as_str))
    .bind(filter.parent.map(ArchiveEntryId::uuid))
    .bind(filter.level.map(Level::rank))
    .bind(limit)
    .fetch_all(conn)
    .await?;
    Ok(bodies(entries))
}

/// A page of retired entries up to `seen` whose retention has ended, after the key `after`, the longest due first.
#[tracing::instrument(name = "db.archive_entry.list_due", skip_all)]
pub async fn list_due(
    conn: &mut PgConnection,
    now: Timestamp,
    seen: Level,
    after: Option<(Timestamp, ArchiveEntryId)>,
    limit: i64,
) -> sqlx::Result<Vec<Entry>> {
    let entries: Vec<Json<Entry>> = sqlx::query_scalar(
        "select body from customer_records.archive_entries
         where state = 'RETIRED' and retained_until <= $1 and level <= $2
           and ($3::timestamptz is null or (retained_until, entry_id) > ($3, $4))
         order by retained_until, entry_id limit $5",
    )
    .bind(now.to_sqlx())
    .bind(seen.rank())
    .bind(after.map(|(at, _)| at.to_sqlx()))
    .bind(after.map(|(_, id)| id.uuid()))
    .bind(limit)
    .fetch_all(conn)
    .await?;
    Ok(bodies(entries))
}

/// Writes an entry, new or locked by the caller, with its last loan; of what is destroyed the quotes go.
#[tracing::instrument(name = "db.archive_entry.save", skip_all)]
pub async fn save(conn: &mut PgConnection, entry: &Entry) -> sqlx::Result<()> {
    let retained_until = entry.retirement.as_ref().and_then(|retirement| retirement.retained_until);
    sqlx::query(
        "insert into customer_records.archive_entries
             (entry_id, kind, state, level, parent_id, retained_until, fires_at, updated_at, version, body)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
         on conflict (entry_id) do update set
             state = $3, level = $4, parent_id = $5, retained_until = $6, fires_at = $7, updated_at = $8,
             version = $9, body = $10",
    )
    .bind(entry.entry_id.uuid())
    .bind(&entry.kind)
    .bind(entry.state.as_str())
    .bind(entry.content.level.rank())
    .bind(entry.content.parent.map(ArchiveEntryId::uuid))
    .bind(retained_until.map(ToSqlx::to_sqlx))
    .bind(entry.fires_at().map(ToSqlx::to_sqlx))
    .bind(entry.updated_at.to_sqlx())
    .bind(entry.version)
    .bind(Json(entry))
    .execute(&mut *conn)
    .await?;
    if let Some(loan) = &entry.loan {
        save_loan(conn, loan).await?;
    }
    if entry.state == EntryState::Destroyed {
        sqlx::query("delete from customer_records.supplier_quotes where entry_id = $1")
            .bind(entry.entry_id.uuid())
            .execute(conn)
            .await?;
    }
    Ok(())
}

async fn save_loan(conn: &mut PgConnection, loan: &Loan) -> sqlx::Result<()> {
    sqlx::query(
        "insert into customer_records.archive_loans as l
             (loan_id, entry_id, borrower, lender, lent_at, due_at, returned_at, overdue)
         values ($1, $2, $3, $4, $5, $6, $7, $8)
         on conflict (loan_id) do update set returned_at = $7, overdue = $8
         where (l.returned_at, l.overdue) is distinct from ($7, $8)",
    )
    .bind(loan.loan_id.uuid())
    .bind(loan.entry_id.uuid())
    .bind(loan.borrower.as_str())
    .bind(loan.lender.to_string())
    .bind(loan.lent_at.to_sqlx())
    .bind(loan.due_at.to_sqlx())
    .bind(loan.returned_at.map(ToSqlx::to_sqlx))
    .bind(loan.overdue)
    .execute(conn)
    .await?;
    Ok(())
}

/// A page of loans of entries up to `seen`, older than `after`, newest first.
#[tracing::instrument(name = "db.archive_loan.list", skip_all)]
pub async fn list_loans(
    conn: &mut PgConnection,
    filter: &LoanFilter,
    seen: Level,
    after: Option<ArchiveLoanId>,
    limit: i64,
) -> sqlx::Result<Vec<Loan>> {
    let rows: Vec<LoanRow> = sqlx::query_as(
        "select loan_id, l.entry_id, borrower, lender, lent_at, due_at, returned_at, overdue
         from customer_records.archive_loans l join customer_records.archive_entries e using (entry_id)
         where loan_id < $1 and e.level <= $2 and ($3::uuid is null or l.entry_id = $3)
           and ($4::text is null or borrower = $4) and (not $5 or returned_at is null) and (not $6 or overdue)
         order by loan_id desc limit $7",
    )
    .bind(after.map_or(Uuid::max(), ArchiveLoanId::uuid))
    .bind(seen.rank())
    .bind(filter.entry.map(ArchiveEntryId::uuid))
    .bind(filter.borrower.as_ref().map(AgentId::as_str))
    .bind(filter.open)
    .bind(filter.overdue)
    .bind(limit)
    .fetch_all(conn)
    .await?;
    rows.into_iter().map(Loan::try_from).collect()
}

/// Writes a new quote.
#[tracing::instrument(name = "db.supplier_quote.insert", skip_all)]
pub async fn insert_quote(conn: &mut PgConnection, quote: &Quote) -> sqlx::Result<()> {
    sqlx::query(
        "insert into customer_records.supplier_quotes
             (quote_id, entry_id, subject, amount, currency, reference, actor, quoted_at)
         values ($1, $2, $3, $4::text::numeric, $5, $6, $7, $8)",
    )
    .bind(quote.quote_id.uuid())
    .bind(quote.supplier.uuid())
    .bind(&quote.subject)
    .bind(quote.amount.to_string())
    .bind(&quote.currency)
    .bind(&quote.reference)
    .bind(quote.actor.to_string())
    .bind(quote.quoted_at.to_sqlx())
    .execute(conn)
    .await?;
    Ok(())
}

/// A page of quotes of suppliers up to `seen`, older than `after`, newest first.
#[tracing::instrument(name = "db.supplier_quote.list", skip_all)]
pub async fn list_quotes(
    conn: &mut PgConnection,
    supplier: Option<ArchiveEntryId>,
    seen: Level,
    after: Option<SupplierQuoteId>,
    limit: i64,
) -> sqlx::Result<Vec<Quote>> {
    let rows: Vec<QuoteRow> = sqlx::query_as(
        "select quote_id, q.entry_id, subject, amount::text as amount, currency, reference, actor, quoted_at
         from customer_records.supplier_quotes q join customer_records.archive_entries e using (entry_id)
         where quote_id < $1 and e.level <= $2 and ($3::uuid is null or q.entry_id = $3)
         order by quote_id desc limit $4",
    )
    .bind(after.map_or(Uuid::max(), SupplierQuoteId::uuid))
    .bind(seen.rank())
    .bind(supplier.map(ArchiveEntryId::uuid))
    .bind(limit)
    .fetch_all(conn)
    .await?;
    rows.into_iter().map(Quote::try_from).collect()
}

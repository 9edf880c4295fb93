//! Agreements and their kinds. Amounts travel as decimal text, so that none passes through a float.

use std::{collections::HashMap, str::FromStr};

use jiff_sqlx::{Timestamp as SqlTimestamp, ToSqlx};
use kexiang_core::{AgreementId, CustomerId, Timestamp};
use rust_decimal::Decimal;
use sqlx::{AssertSqlSafe, FromRow, PgConnection, types::Json};
use uuid::Uuid;

use super::inconsistent;
use crate::domain::agreement::{
    Agreement, AgreementState, Head,
    kind::{AgreementKind, StoredKind},
    schedule::{Installment, Payment, Schedule},
};

/// Which agreements to list.
#[derive(Debug, Clone, Default)]
pub struct AgreementFilter {
    /// Of this customer.
    pub customer: Option<CustomerId>,
    /// Of this kind.
    pub kind: Option<String>,
    /// In this state.
    pub state: Option<AgreementState>,
    /// That expire before.
    pub expires_before: Option<Timestamp>,
}

#[derive(FromRow)]
struct InstallmentRow {
    agreement_id: Uuid,
    number: i32,
    amount: String,
    due_at: SqlTimestamp,
    received: String,
    refunded: String,
    announced: bool,
    missed: bool,
}

#[derive(FromRow)]
struct PaymentRow {
    agreement_id: Uuid,
    number: i32,
    direction: String,
    amount: String,
    paid_at: SqlTimestamp,
    reference: String,
    actor: String,
    part_numbers: Vec<i32>,
    part_amounts: Vec<String>,
}

#[derive(FromRow)]
struct KindRow {
    definition: Json<AgreementKind>,
    updated_at: SqlTimestamp,
    version: i64,
}

impl From<KindRow> for StoredKind {
    fn from(row: KindRow) -> Self {
        Self { kind: row.definition.0, updated_at: row.updated_at.to_jiff(), version: row.version }
    }
}

fn decimal(text: &str) -> sqlx::Result<Decimal> {
    Decimal::from_str(text).map_err(inconsistent)
}

impl TryFrom<InstallmentRow> for Installment {
    type Error = sqlx::Error;
    fn try_from(row: InstallmentRow) -> sqlx::Result<Self> {
        Ok(Self {
            number: row.number,
            amount: decimal(&row.amount)?,
            due_at: row.due_at.to_jiff(),
            received: decimal(&row.received)?,
            refunded: decimal(&row.refunded)?,
            announced: row.announced,
            missed: row.missed,
        })
    }
}

impl TryFrom<PaymentRow> for Payment {
    type Error = sqlx::Error;
    fn try_from(row: PaymentRow) -> sqlx::Result<Self> {
        let amounts = row.part_amounts.iter().map(|amount| decimal(amount));
        let amounts = amounts.collect::<sqlx::Result<Vec<_>>>()?;
        Ok(Self {
            number: row.number,
            direction: row.direction.parse().map_err(inconsistent)?,
            amount: decimal(&row.amount)?,
            paid_at: row.paid_at.to_jiff(),
            reference: row.reference,
            actor: row.actor.parse().map_err(inconsistent)?,
            parts: row.part_numbers.into_iter().zip(amounts).collect(),
        })
    }
}

/// The kind with this code; with `lock`, locked until the transaction ends.
#[tracing::instrument(name = "db.agreement_kind.find", skip_all)]
pub async fn find_kind(conn: &mut PgConnection, code: &str, lock: bool) -> sqlx::Result<Option<StoredKind>> {
    let lock = if lock { "for update" } else { "" };
    let sql = format!(
        "select definition, updated_at, version from customer_records.agreement_kinds where kind = $1 {lock}"
    );
    let row: Option<KindRow> = sqlx::query_as(AssertSqlSafe(sql)).bind(code).fetch_optional(conn).await?;
    Ok(row.map(StoredKind::from))
}

/// Writes a kind. False when somebody else made it meanwhile.
#[tracing::instrument(name = "db.agreement_kind.save", skip_all)]
pub async fn save_kind(conn: &mut PgConnection, stored: &StoredKind) -> sqlx::Result<bool> {
    let done = sqlx::query(
        "insert into customer_records.agreement_kinds as k (kind, definition, updated_at, version)
         values ($1, $2, $3, $4)
         on conflict (kind) do update set definition = $2, updated_at = $3, version = $4
         where k.version = $4 - 1",
    )
    .bind(&stored.kind.code)
    .bind(Json(&stored.kind))
    .bind(stored.updated_at.to_sqlx())
    .bind(stored.version)
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Kinds with codes after `after`.
#[tracing::instrument(name = "db.agreement_kind.list", skip_all)]
pub async fn list_kinds(
    conn: &mut PgConnection,
    after: Option<&str>,
    limit: i64,
) -> sqlx::Result<Vec<StoredKind>> {
    let rows: Vec<KindRow> = sqlx::query_as(
        "select definition, updated_at, version from customer_records.agreement_kinds
         where kind > $1 order by kind limit $2",
    )
    .bind(after.unwrap_or_default())
    .bind(limit)
    .fetch_all(conn)
    .await?;
    Ok(rows.into_iter().map(StoredKind::from).collect())
}

/// The agreement with this id; with `lock`, locked until the transaction ends.
#[tracing::instrument(name = "db.agreement.find", skip_all)]
pub async fn find(conn: &mut PgConnection, id: AgreementId, lock: bool) -> sqlx::Result<Option<Agreement>> {
    let lock = if lock { "for update" } else { "" };
    let sql = format!("select body from customer_records.agreements where agreement_id = $1 {lock}");
    let head: Option<Json<Head>> =
        sqlx::query_scalar(AssertSqlSafe(sql)).bind(id.uuid()).fetch_optional(&mut *conn).await?;
    Ok(with_schedules(conn, head.into_iter().collect()).await?.pop())
}

/// Agreements with an announcement to make, locked; those that somebody else has locked are left to them.
#[tracing::instrument(name = "db.agreement.lock_due", skip_all)]
pub async fn lock_due(conn: &mut PgConnection, now: Timestamp, limit: i64) -> sqlx::Result<Vec<Agreement>> {
    let heads: Vec<Json<Head>> = sqlx::query_scalar(
        "select body from customer_records.agreements where fires_at <= $1
         order by fires_at limit $2 for update skip locked",
    )
    .bind(now.to_sqlx())
    .bind(limit)
    .fetch_all(&mut *conn)
    .await?;
    with_schedules(conn, heads).await
}

/// A page of agreements older than `after`, newest first.
#[tracing::instrument(name = "db.agreement.list", skip_all)]
pub async fn list(
    conn: &mut PgConnection,
    filter: &AgreementFilter,
    after: Option<AgreementId>,
    limit: i64,
) -> sqlx::Result<Vec<Agreement>> {
    let heads: Vec<Json<Head>> = sqlx::query_scalar(
        "select body from customer_records.agreements
         where agreement_id < $1 and ($2::uuid is null or customer_id = $2) and ($3::text is null or kind = $3)
           and ($4::text is null or state = $4) and ($5::timestamptz is null or expires_at < $5)
         order by agreement_id desc limit $6",
    )
    .bind(after.map_or(Uuid::max(), AgreementId::uuid))
    .bind(filter.customer.map(CustomerId::uuid))
    .bind(&filter.kind)
    .bind(filter.state.map(AgreementState::as_str))
    .bind(filter.expires_before.map(ToSqlx::to_sqlx))
    .bind(limit)
    .fetch_all(&mut *conn)
    .await?;
    with_schedules(conn, heads).await
}

/// The newest agreements of a customer: a statement of its own, whose plan can't be another than its index.
#[tracing::instrument(name = "db.agreement.list_of_customer", skip_all)]
pub async fn list_of_customer(
    conn: &mut PgConnection,
    customer: CustomerId,
    limit: i64,
) -> sqlx::Result<Vec<Agreement>> {
    let heads: Vec<Json<Head>> = sqlx::query_scalar(
        "select body from customer_records.agreements where customer_id = $1 order by agreement_id desc limit $2",
    )
    .bind(customer.uuid())
    .bind(limit)
    .fetch_all(&mut *conn)
    .await?;
    with_schedules(conn, heads).await
}

/// Writes an agreement, new or locked by the caller. Payments are only ever added.
#[tracing::instrument(name = "db.agreement.save", skip_all)]
pub async fn save(conn: &mut PgConnection, agreement: &Agreement) -> sqlx::Result<()> {
    let head = &agreement.head;
    sqlx::query(
        "insert into customer_records.agreements
             (agreement_id, customer_id, kind, state, units, currency, expires_at, fires_at, updated_at, version, body)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
         on conflict (agreement_id) do update set
             state = $4, units = $5, expires_at = $7, fires_at = $8, updated_at = $9, version = $10, body = $11",
    )
    .bind(head.agreement_id.uuid())
    .bind(head.customer_id.uuid())
    .bind(&head.kind.code)
    .bind(head.state.as_str())
    .bind(head.content.units)
    .bind(&head.currency)
    .bind(head.content.expires_at.map(ToSqlx::to_sqlx))
    .bind(agreement.fires_at().map(ToSqlx::to_sqlx))
    .bind(head.updated_at.to_sqlx())
    .bind(head.version)
    .bind(Json(head))
    .execute(&mut *conn)
    .await?;
    save_installments(conn, head.agreement_id, &agreement.schedule.installments).await?;
    add_payments(conn, head.agreement_id, &agreement.schedule.payments).await
}

async fn save_installments(
    conn: &mut PgConnection,
    id: AgreementId,
    items: &[Installment],
) -> sqlx::Result<()> {
    sqlx::query(
        "delete from customer_records.agreement_installments where agreement_id = $1 and not number = any($2)",
    )
    .bind(id.uuid())
    .bind(items.iter().map(|item| item.number).collect::<Vec<_>>())
    .execute(&mut *conn)
    .await?;
    sqlx::query(
        "insert into customer_records.agreement_installments
             (agreement_id, number, amount, due_at, received, refunded, announced, missed)
         select $1, number, amount::numeric, due_at, received::numeric, refunded::numeric, announced, missed
         from unnest($2::integer[], $3::text[], $4::timestamptz[], $5::text[], $6::text[], $7::boolean[], $8::boolean[])
              as new (number, amount, due_at, received, refunded, announced, missed)
         on conflict (agreement_id, number) do update set
             received = excluded.received, refunded = excluded.refunded,
             announced = excluded.announced, missed = excluded.missed",
    )
    .bind(id.uuid())
    .bind(items.iter().map(|item| item.number).collect::<Vec<_>>())
    .bind(items.iter().map(|item| item.amount.to_string()).collect::<Vec<_>>())
    .bind(items.iter().map(|item| item.due_at.to_sqlx()).collect::<Vec<_>>())
    .bind(items.iter().map(|item| item.received.to_string()).collect::<Vec<_>>())
    .bind(items.iter().map(|item| item.refunded.to_string()).collect::<Vec<_>>())
    .bind(items.iter().map(|item| item.announced).collect::<Vec<_>>())
    .bind(items.iter().map(|item| item.missed).collect::<Vec<_>>())
    .execute(conn)
    .await?;
    Ok(())
}

/// Adds the last payment when it is new; a command records one at most.
async fn add_payments(conn: &mut PgConnection, id: AgreementId, payments: &[Payment]) -> sqlx::Result<()> {
    let Some(payment) = payments.last() else { return Ok(()) };
    sqlx::query(
        "insert into customer_records.agreement_payments
             (agreement_id, number, direction, amount, paid_at, reference, actor, part_numbers, part_amounts)
         values ($1, $2, $3, $4::text::numeric, $5, $6, $7, $8, $9::text[]::numeric[])
         on conflict (agreement_id, number) do nothing",
    )
    .bind(id.uuid())
    .bind(payment.number)
    .bind(payment.direction.as_str())
    .bind(payment.amount.to_string())
    .bind(payment.paid_at.to_sqlx())
    .bind(&payment.reference)
    .bind(payment.actor.to_string())
    .bind(payment.parts.iter().map(|(number, _)| *number).collect::<Vec<_>>())
    .bind(payment.parts.iter().map(|(_, amount)| amount.to_string()).collect::<Vec<_>>())
    .execute(conn)
    .await?;
    Ok(())
}

async fn with_schedules(conn: &mut PgConnection, heads: Vec<Json<Head>>) -> sqlx::Result<Vec<Agreement>> {
    if heads.is_empty() {
        return Ok(Vec::new());
    }
    let ids: Vec<Uuid> = heads.iter().map(|head| head.agreement_id.uuid()).collect();
    let installments: Vec<InstallmentRow> = sqlx::query_as(
        "select agreement_id, number, amount::text as amount, due_at, received::text as received,
                refunded::text as refunded, announced, missed
         from customer_records.agreement_installments where agreement_id = any($1) order by due_at, number",
    )
    .bind(&ids)
    .fetch_all(&mut *conn)
    .await?;
    let payments: Vec<PaymentRow> = sqlx::query_as(
        "select agreement_id, number, direction, amount::text as amount, paid_at, reference, actor, part_numbers,
                part_amounts::text[] as part_amounts
         from customer_records.agreement_payments where agreement_id = any($1) order by number",
    )
    .bind(&ids)
    .fetch_all(conn)
    .await?;
    let mut schedules: HashMap<Uuid, Schedule> = HashMap::new();
    for row in installments {
        let schedule = schedules.entry(row.agreement_id).or_default();
        schedule.installments.push(row.try_into()?);
    }
    for row in payments {
        let schedule = schedules.entry(row.agreement_id).or_default();
        schedule.payments.push(row.try_into()?);
    }
    let whole = |Json(head): Json<Head>| {
        let schedule = schedules.remove(&head.agreement_id.uuid()).unwrap_or_default();
        Agreement { head, schedule }
    };
    Ok(heads.into_iter().map(whole).collect())
}

//! Key accounts with their members, thresholds, and what is counted. Who decides which customers are in which key account holds their
//! locks ([`lock_customers`]); whoever takes several locks takes agreements first, then customers, then key accounts.

use std::collections::HashMap;

use jiff_sqlx::{Timestamp as SqlTimestamp, ToSqlx};
use kexiang_core::{CustomerId, KeyAccountId, KeyAccountMemberId};
use sqlx::{AssertSqlSafe, FromRow, PgConnection, types::Json};
use uuid::Uuid;

use crate::domain::key_account::{
    Head, KeyAccount, KeyAccountState,
    member::Member,
    threshold::{StoredThreshold, Threshold, UnitsByKind},
};

/// Which key accounts to list.
#[derive(Debug, Clone, Copy, Default)]
pub struct KeyAccountFilter {
    /// In this state.
    pub state: Option<KeyAccountState>,
    /// With this member.
    pub customer: Option<CustomerId>,
}

#[derive(FromRow)]
struct ThresholdRow {
    threshold: String,
    units: i32,
    group_units: i32,
    kinds: Vec<String>,
    inactive: bool,
    updated_at: SqlTimestamp,
    version: i64,
}

#[derive(FromRow)]
struct MemberRow {
    member_id: Uuid,
    key_account_id: Uuid,
    customer_id: Uuid,
    display_name: String,
    joined_at: SqlTimestamp,
}

impl From<ThresholdRow> for StoredThreshold {
    fn from(row: ThresholdRow) -> Self {
        let ThresholdRow { threshold: code, units, group_units, kinds, inactive, .. } = row;
        let threshold = Threshold { code, units, group_units, kinds, inactive };
        Self { threshold, updated_at: row.updated_at.to_jiff(), version: row.version }
    }
}

impl From<MemberRow> for Member {
    fn from(row: MemberRow) -> Self {
        Self {
            member_id: KeyAccountMemberId::from_uuid(row.member_id),
            customer_id: CustomerId::from_uuid(row.customer_id),
            display_name: row.display_name,
            joined_at: row.joined_at.to_jiff(),
            left_at: None,
        }
    }
}

const THRESHOLD: &str = "select threshold, units, group_units, kinds, inactive, updated_at, version
     from customer_records.key_account_thresholds";

/// Units of agreements that are neither renewed nor closed: as filed last.
const IN_FORCE: &str = "sum(case when state = 'FILED' then units
         else coalesce((body #>> '{previous_editions,-1,content,units}')::integer, 0) end)::bigint";

/// The threshold with this code; with `lock`, locked until the transaction ends.
#[tracing::instrument(name = "db.key_account_threshold.find", skip_all)]
pub async fn find_threshold(
    conn: &mut PgConnection,
    code: &str,
    lock: bool,
) -> sqlx::Result<Option<StoredThreshold>> {
    let sql = format!("{THRESHOLD} where threshold = $1 {}", if lock { "for update" } else { "" });
    let row: Option<ThresholdRow> =
        sqlx::query_as(AssertSqlSafe(sql)).bind(code).fetch_optional(conn).await?;
    Ok(row.map(StoredThreshold::from))
}

/// Thresholds with codes after `after`; all of them without a limit.
#[tracing::instrument(name = "db.key_account_threshold.list", skip_all)]
pub async fn list_thresholds(
    conn: &mut PgConnection,
    after: Option<&str>,
    limit: Option<i64>,
) -> sqlx::Result<Vec<StoredThreshold>> {
    let sql = format!("{THRESHOLD} where threshold > $1 order by threshold limit $2");
    let rows: Vec<ThresholdRow> = sqlx::query_as(AssertSqlSafe(sql))
        .bind(after.unwrap_or_default())
        .bind(limit)
        .fetch_all(conn)
        .await?;
    Ok(rows.into_iter().map(StoredThreshold::from).collect())
}

/// Writes a threshold. False when somebody else made it meanwhile.
#[tracing::instrument(name = "db.key_account_threshold.save", skip_all)]
pub async fn save_threshold(conn: &mut PgConnection, stored: &StoredThreshold) -> sqlx::Result<bool> {
    let threshold = &stored.threshold;
    let done = sqlx::query(
        "insert into customer_records.key_account_thresholds as t
             (threshold, units, group_units, kinds, inactive, updated_at, version)
         values ($1, $2, $3, $4, $5, $6, $7)
         on conflict (threshold) do update set
             units = $2, group_units = $3, kinds = $4, inactive = $5, updated_at = $6, version = $7
         where t.version = $7 - 1",
    )
    .bind(&threshold.code)
    .bind(threshold.units)
    .bind(threshold.group_units)
    .bind(&threshold.kinds)
    .bind(threshold.inactive)
    .bind(stored.updated_at.to_sqlx())
    .bind(stored.version)
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Has all customers looked at who have so many units or are members of an open key account.
#[tracing::instrument(name = "db.key_account_check.add", skip_all)]
pub async fn add_checks(conn: &mut PgConnection, units: i32) -> sqlx::Result<()> {
    let sql = format!(
        "insert into customer_records.key_account_checks (key_account_check_id, customer_id)
         select gen_random_uuid(), customer_id from (
             select customer_id from customer_records.agreements where state not in ('RENEWED', 'CLOSED')
             group by customer_id having {IN_FORCE} >= $1
             union
             select m.customer_id from customer_records.key_accounts k
             join customer_records.key_account_members m using (key_account_id)
             where k.state in ('CANDIDATE', 'PROPOSED', 'APPROVED', 'ACTIVE') and m.left_at is null) found"
    );
    sqlx::query(AssertSqlSafe(sql)).bind(units).execute(conn).await?;
    Ok(())
}

/// Takes a customer to look at; those that somebody else has taken are left to them.
#[tracing::instrument(name = "db.key_account_check.take", skip_all)]
pub async fn take_check(conn: &mut PgConnection) -> sqlx::Result<Option<CustomerId>> {
    let taken: Option<Uuid> = sqlx::query_scalar(
        "delete from customer_records.key_account_checks where key_account_check_id = (
             select key_account_check_id from customer_records.key_account_checks
             order by key_account_check_id limit 1 for update skip locked)
         returning customer_id",
    )
    .fetch_optional(conn)
    .await?;
    Ok(taken.map(CustomerId::from_uuid))
}

/// Makes everybody wait who decides about the key accounts of these customers, until the transaction ends.
#[tracing::instrument(name = "db.key_account.lock_customers", skip_all)]
pub async fn lock_customers(conn: &mut PgConnection, customers: &[CustomerId]) -> sqlx::Result<()> {
    let mut keys: Vec<_> = customers.iter().map(|id| format!("customer_records.key_account/{id}")).collect();
    keys.sort();
    keys.dedup();
    sqlx::query(
        "select pg_advisory_xact_lock(hashtextextended(key, 0)) from unnest($1::text[]) as locks (key)",
    )
    .bind(keys)
    .execute(conn)
    .await?;
    Ok(())
}

/// Units of the agreements in force of these customers, by kind. An agreement that is being changed counts as it was filed.
#[tracing::instrument(name = "db.key_account.count_units", skip_all)]
pub async fn count_units(conn: &mut PgConnection, customers: &[CustomerId]) -> sqlx::Result<UnitsByKind> {
    let sql = format!(
        "select kind, {IN_FORCE} from customer_records.agreements
         where customer_id = any($1) and state not in ('RENEWED', 'CLOSED') group by kind"
    );
    let rows: Vec<(String, i64)> = sqlx::query_as(AssertSqlSafe(sql))
        .bind(customers.iter().map(|id| id.uuid()).collect::<Vec<_>>())
        .fetch_all(conn)
        .await?;
    Ok(rows.into_iter().collect())
}

/// Most units at which this customer alone was dismissed as key account; `None` for never.
#[tracing::instrument(name = "db.key_account.dismissed_units", skip_all)]
pub async fn dismissed_units(conn: &mut PgConnection, customer: CustomerId) -> sqlx::Result<Option<i64>> {
    sqlx::query_scalar(
        "select max(k.units) from customer_records.key_account_members m
         join customer_records.key_accounts k using (key_account_id)
         where m.customer_id = $1 and m.left_at is null and k.state = 'DISMISSED' and k.member_count = 1",
    )
    .bind(customer.uuid())
    .fetch_one(conn)
    .await
}

/// Open key accounts that one of these customers is a member of: the customer and where.
#[tracing::instrument(name = "db.key_account.open_of", skip_all)]
pub async fn open_of(
    conn: &mut PgConnection,
    customers: &[CustomerId],
) -> sqlx::Result<Vec<(CustomerId, KeyAccountId)>> {
    let rows: Vec<(Uuid, Uuid)> = sqlx::query_as(
        "select m.customer_id, m.key_account_id from customer_records.key_account_members m
         join customer_records.key_accounts k using (key_account_id)
         where m.customer_id = any($1) and m.left_at is null and k.state not in ('DISMISSED', 'CLOSED')
         order by m.key_account_id, m.member_id",
    )
    .bind(customers.iter().map(|id| id.uuid()).collect::<Vec<_>>())
    .fetch_all(conn)
    .await?;
    Ok(rows.into_iter().map(|(of, at)| (CustomerId::from_uuid(of), KeyAccountId::from_uuid(at))).collect())
}

/// The key account with this id; with `lock`, locked until the transaction ends.
#[tracing::instrument(name = "db.key_account.find", skip_all)]
pub async fn find(conn: &mut PgConnection, id: KeyAccountId, lock: bool) -> sqlx::Result<Option<KeyAccount>> {
    let lock = if lock { "for update" } else { "" };
    let sql = format!("select body from customer_records.key_accounts where key_account_id = $1 {lock}");
    let head: Option<Json<Head>> =
        sqlx::query_scalar(AssertSqlSafe(sql)).bind(id.uuid()).fetch_optional(&mut *conn).await?;
    Ok(with_members(conn, head.into_iter().collect()).await?.pop())
}

/// A page of key accounts older than `after`, newest first.
#[tracing::instrument(name = "db.key_account.list", skip_all)]
pub async fn list(
    conn: &mut PgConnection,
    filter: KeyAccountFilter,
    after: Option<KeyAccountId>,
    limit: i64,
) -> sqlx::Result<Vec<KeyAccount>> {
    let heads: Vec<Json<Head>> = sqlx::query_scalar(
        "select body from customer_records.key_accounts k
         where key_account_id < $1 and ($2::text is null or state = $2)
           and ($3::uuid is null or key_account_id in (
               select m.key_account_id from customer_records.key_account_members m
               where m.customer_id = $3 and m.left_at is null))
         order by key_account_id desc limit $4",
    )
    .bind(after.map_or(Uuid::max(), KeyAccountId::uuid))
    .bind(filter.state.map(KeyAccountState::as_str))
    .bind(filter.customer.map(CustomerId::uuid))
    .bind(limit)
    .fetch_all(&mut *conn)
    .await?;
    with_members(conn, heads).await
}

/// Writes a key account, new or locked by the caller. Members are added or leave; nothing else of them changes.
#[tracing::instrument(name = "db.key_account.save", skip_all)]
pub async fn save(conn: &mut PgConnection, account: &KeyAccount) -> sqlx::Result<()> {
    let (head, members) = (&account.head, &account.members);
    sqlx::query(
        "insert into customer_records.key_accounts
             (key_account_id, state, units, member_count, updated_at, version, body)
         values ($1, $2, $3, $4, $5, $6, $7)
         on conflict (key_account_id) do update set
             state = $2, units = $3, member_count = $4, updated_at = $5, version = $6, body = $7",
    )
    .bind(head.key_account_id.uuid())
    .bind(head.state.as_str())
    .bind(head.units)
    .bind(i32::try_from(account.current().count()).unwrap_or(i32::MAX))
    .bind(head.updated_at.to_sqlx())
    .bind(head.version)
    .bind(Json(head))
    .execute(&mut *conn)
    .await?;
    sqlx::query(
        "insert into customer_records.key_account_members
             (member_id, key_account_id, customer_id, display_name, joined_at, left_at)
         select member_id, $1, customer_id, display_name, joined_at, left_at
         from unnest($2::uuid[], $3::uuid[], $4::text[], $5::timestamptz[], $6::timestamptz[])
              as new (member_id, customer_id, display_name, joined_at, left_at)
         on conflict (member_id) do update set left_at = excluded.left_at
         where key_account_members.left_at is distinct from excluded.left_at",
    )
    .bind(head.key_account_id.uuid())
    .bind(members.iter().map(|member| member.member_id.uuid()).collect::<Vec<_>>())
    .bind(members.iter().map(|member| member.customer_id.uuid()).collect::<Vec<_>>())
    .bind(members.iter().map(|member| member.display_name.as_str()).collect::<Vec<_>>())
    .bind(members.iter().map(|member| member.joined_at.to_sqlx()).collect::<Vec<_>>())
    .bind(members.iter().map(|member| member.left_at.map(ToSqlx::to_sqlx)).collect::<Vec<_>>())
    .execute(conn)
    .await?;
    Ok(())
}

async fn with_members(conn: &mut PgConnection, heads: Vec<Json<Head>>) -> sqlx::Result<Vec<KeyAccount>> {
    if heads.is_empty() {
        return Ok(Vec::new());
    }
    let rows: Vec<MemberRow> = sqlx::query_as(
        "select member_id, key_account_id, customer_id, display_name, joined_at
         from customer_records.key_account_members where key_account_id = any($1) and left_at is null
         order by joined_at, member_id",
    )
    .bind(heads.iter().map(|head| head.key_account_id.uuid()).collect::<Vec<_>>())
    .fetch_all(conn)
    .await?;
    let mut members: HashMap<Uuid, Vec<Member>> = HashMap::new();
    for row in rows {
        members.entry(row.key_account_id).or_default().push(row.into());
    }
    let whole = |Json(head): Json<Head>| {
        let members = members.remove(&head.key_account_id.uuid()).unwrap_or_default();
        KeyAccount { head, members }
    };
    Ok(heads.into_iter().map(whole).collect())
}

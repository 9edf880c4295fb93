//! Follow-ups: append-only, numbered by site.

use jiff_sqlx::{Timestamp, ToSqlx};
use kexiang_core::{AgentId, ContactId, CustomerId, FollowUpId, SiteId};
use sqlx::{AssertSqlSafe, FromRow, PgConnection};
use uuid::Uuid;

use super::inconsistent;
use crate::domain::{dispute::Written, follow_up::FollowUp};

const COLUMNS: &str = "follow_up_id, register_order, site_id, follow_up_number, customer_id, agent_id, way, followed_at, \
     content, next_step, next_step_at, contact_id, contact_number, recorded_at, ownership_until_at";

#[derive(FromRow)]
struct FollowUpRow {
    follow_up_id: Uuid,
    register_order: i64,
    site_id: String,
    follow_up_number: i64,
    customer_id: Uuid,
    agent_id: String,
    way: String,
    followed_at: Timestamp,
    content: Option<String>,
    next_step: Option<String>,
    next_step_at: Option<Timestamp>,
    contact_id: Option<Uuid>,
    contact_number: Option<i64>,
    recorded_at: Timestamp,
    ownership_until_at: Option<Timestamp>,
}

impl TryFrom<FollowUpRow> for (FollowUp, i64) {
    type Error = sqlx::Error;
    fn try_from(row: FollowUpRow) -> sqlx::Result<Self> {
        let follow_up = FollowUp {
            follow_up_id: FollowUpId::from_uuid(row.follow_up_id),
            site: row.site_id.parse().map_err(inconsistent)?,
            follow_up_number: row.follow_up_number,
            customer_id: CustomerId::from_uuid(row.customer_id),
            agent: row.agent_id.parse().map_err(inconsistent)?,
            way: row.way.parse().map_err(inconsistent)?,
            followed_at: row.followed_at.to_jiff(),
            content: row.content,
            next_step: row.next_step,
            next_step_at: row.next_step_at.map(Timestamp::to_jiff),
            contact: row.contact_id.map(ContactId::from_uuid).zip(row.contact_number),
            recorded_at: row.recorded_at.to_jiff(),
            ownership_until_at: row.ownership_until_at.map(Timestamp::to_jiff),
        };
        Ok((follow_up, row.register_order))
    }
}

/// The next number of a site's register, which is locked until the transaction ends: without gaps.
///
/// # Errors
/// Those of the database, as all of these.
#[tracing::instrument(name = "db.follow_up.next_number", skip_all)]
pub async fn next_number(conn: &mut PgConnection, site: &SiteId) -> sqlx::Result<i64> {
    sqlx::query_scalar(
        "insert into customer_records.follow_up_registers as kept (site_id, last_number) values ($1, 1)
         on conflict (site_id) do update set last_number = kept.last_number + 1
         returning last_number",
    )
    .bind(site.as_str())
    .fetch_one(conn)
    .await
}

/// Keeps a follow-up.
///
/// # Errors
/// As above.
#[tracing::instrument(name = "db.follow_up.insert", skip_all)]
pub async fn insert(conn: &mut PgConnection, follow_up: &FollowUp) -> sqlx::Result<()> {
    sqlx::query(
        "insert into customer_records.follow_ups
             (follow_up_id, site_id, follow_up_number, customer_id, agent_id, way, followed_at, content, next_step,
              next_step_at, contact_id, contact_number, recorded_at, ownership_until_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)",
    )
    .bind(follow_up.follow_up_id.uuid())
    .bind(follow_up.site.as_str())
    .bind(follow_up.follow_up_number)
    .bind(follow_up.customer_id.uuid())
    .bind(follow_up.agent.as_str())
    .bind(follow_up.way.as_str())
    .bind(follow_up.followed_at.to_sqlx())
    .bind(&follow_up.content)
    .bind(&follow_up.next_step)
    .bind(follow_up.next_step_at.map(ToSqlx::to_sqlx))
    .bind(follow_up.contact.map(|(contact, _)| contact.uuid()))
    .bind(follow_up.contact.map(|(_, number)| number))
    .bind(follow_up.recorded_at.to_sqlx())
    .bind(follow_up.ownership_until_at.map(ToSqlx::to_sqlx))
    .execute(conn)
    .await?;
    Ok(())
}

/// The follow-up with this id.
///
/// # Errors
/// As above.
#[tracing::instrument(name = "db.follow_up.find", skip_all)]
pub async fn find(conn: &mut PgConnection, id: FollowUpId) -> sqlx::Result<Option<FollowUp>> {
    let sql = format!("select {COLUMNS} from customer_records.follow_ups where follow_up_id = $1");
    let query = sqlx::query_as::<_, FollowUpRow>(AssertSqlSafe(sql)).bind(id.uuid());
    let row = query.fetch_optional(conn).await?.map(<(FollowUp, i64)>::try_from).transpose()?;
    Ok(row.map(|(follow_up, _)| follow_up))
}

/// A customer and who was merged into them: the register is never rewritten, so their follow-ups stay where they are.
const OF_GROUP: &str = "customer_id = any(array(
             with recursive members (member_id) as (
                 select $1::uuid
                 union
                 select c.customer_id from members join customer_records.customers c on c.merged_into = members.member_id)
             select member_id from members))";

/// Which follow-ups to list; at least one is given.
#[derive(Debug, Clone, Default)]
pub struct FollowUpFilter {
    /// Of this customer, and of who was merged into them.
    pub customer: Option<CustomerId>,
    /// The personal register of this agent.
    pub agent: Option<AgentId>,
    /// The public register of this site.
    pub site: Option<SiteId>,
}

/// Follow-ups recorded before the one at `after`, newest first, each with its place.
///
/// # Errors
/// As above.
#[tracing::instrument(name = "db.follow_up.list", skip_all)]
pub async fn list(
    conn: &mut PgConnection,
    filter: &FollowUpFilter,
    after: Option<i64>,
    limit: i64,
) -> sqlx::Result<Vec<(FollowUp, i64)>> {
    // Only what is asked stands in the text, so that every filter has its index.
    let mut conditions = String::new();
    for (given, condition) in [
        (filter.customer.is_some(), OF_GROUP),
        (filter.agent.is_some(), "agent_id = $2"),
        (filter.site.is_some(), "site_id = $3"),
    ] {
        if given {
            conditions.push_str(" and ");
            conditions.push_str(condition);
        }
    }
    let sql = format!(
        "select {COLUMNS} from customer_records.follow_ups
         where register_order < $4 {conditions}
           and ($1::uuid, $2::text, $3::text) is not distinct from ($1, $2, $3)
         order by register_order desc limit $5"
    );
    let rows = sqlx::query_as::<_, FollowUpRow>(AssertSqlSafe(sql))
        .bind(filter.customer.map(CustomerId::uuid))
        .bind(filter.agent.as_ref().map(AgentId::as_str))
        .bind(filter.site.as_ref().map(SiteId::as_str))
        .bind(after.unwrap_or(i64::MAX))
        .bind(limit)
        .fetch_all(conn)
        .await?;
    rows.into_iter().map(TryFrom::try_from).collect()
}

/// All follow-ups of a customer and of who was merged into them, as far as rulings need them, in the order of recording.
///
/// # Errors
/// As above.
#[tracing::instrument(name = "db.follow_up.written_of", skip_all)]
pub async fn written_of(conn: &mut PgConnection, customer: CustomerId) -> sqlx::Result<Vec<Written>> {
    let sql = format!(
        "select follow_up_id, site_id, follow_up_number, agent_id, followed_at, recorded_at
         from customer_records.follow_ups where {OF_GROUP} order by register_order"
    );
    let rows: Vec<(Uuid, String, i64, String, Timestamp, Timestamp)> =
        sqlx::query_as(AssertSqlSafe(sql)).bind(customer.uuid()).fetch_all(conn).await?;
    let read = |(id, site, follow_up_number, agent, followed_at, recorded_at): (
        _,
        String,
        _,
        String,
        Timestamp,
        Timestamp,
    )| {
        Ok(Written {
            follow_up_id: FollowUpId::from_uuid(id),
            site: site.parse().map_err(inconsistent)?,
            follow_up_number,
            agent: agent.parse().map_err(inconsistent)?,
            followed_at: followed_at.to_jiff(),
            recorded_at: recorded_at.to_jiff(),
        })
    };
    rows.into_iter().map(read).collect()
}

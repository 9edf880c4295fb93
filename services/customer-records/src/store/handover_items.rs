//! Customers of handovers. Whoever locks several locks them in the order of the customers, and never an ownership afterwards.

use jiff_sqlx::{Timestamp, ToSqlx};
use kexiang_core::{AgentId, CustomerHandoverId, CustomerId};
use sqlx::{AssertSqlSafe, FromRow, PgConnection};
use uuid::Uuid;

use super::inconsistent;
use crate::domain::customer_handover::{Baggage, DropReason, Item, ItemState, MOST_NAMED, OpenThings};

const COLUMNS: &str =
    "i.customer_id, i.state, i.receiver_id, i.declined_by, i.decline_reason, i.drop_reason, i.ended_at";

#[derive(FromRow)]
struct ItemRow {
    customer_id: Uuid,
    state: String,
    receiver_id: Option<String>,
    declined_by: Vec<String>,
    decline_reason: Option<String>,
    drop_reason: Option<String>,
    ended_at: Option<Timestamp>,
}

impl TryFrom<ItemRow> for Item {
    type Error = sqlx::Error;
    fn try_from(row: ItemRow) -> sqlx::Result<Self> {
        let agents = row.declined_by.iter().map(|agent| agent.parse().map_err(inconsistent));
        Ok(Self {
            customer_id: CustomerId::from_uuid(row.customer_id),
            state: row.state.parse().map_err(inconsistent)?,
            receiver: row.receiver_id.as_deref().map(str::parse).transpose().map_err(inconsistent)?,
            declined_by: agents.collect::<sqlx::Result<_>>()?,
            decline_reason: row.decline_reason,
            drop_reason: row.drop_reason.as_deref().map(str::parse).transpose().map_err(inconsistent)?,
            ended_at: row.ended_at.map(Timestamp::to_jiff),
        })
    }
}

/// Adds customers who wait to be given to a receiver; who is part of another handover stays there. Those that were added.
///
/// # Errors
/// Those of the database, as all of these.
#[tracing::instrument(name = "db.handover_item.insert", skip_all)]
pub async fn insert_pending(
    conn: &mut PgConnection,
    id: CustomerHandoverId,
    customers: &[CustomerId],
) -> sqlx::Result<Vec<CustomerId>> {
    let added: Vec<Uuid> = sqlx::query_scalar(
        "insert into customer_records.customer_handover_items (handover_id, customer_id, state)
         select $1, customer_id, 'PENDING' from unnest($2::uuid[]) as new (customer_id) order by customer_id
         on conflict do nothing returning customer_id",
    )
    .bind(id.uuid())
    .bind(customers.iter().map(|customer| customer.uuid()).collect::<Vec<_>>())
    .fetch_all(conn)
    .await?;
    Ok(added.into_iter().map(CustomerId::from_uuid).collect())
}

/// Adds customers who are no part of it from the start, and why.
///
/// # Errors
/// As above.
#[tracing::instrument(name = "db.handover_item.insert_dropped", skip_all)]
pub async fn insert_dropped(
    conn: &mut PgConnection,
    id: CustomerHandoverId,
    customers: &[(CustomerId, DropReason)],
    now: jiff::Timestamp,
) -> sqlx::Result<()> {
    sqlx::query(
        "insert into customer_records.customer_handover_items (handover_id, customer_id, state, drop_reason, ended_at)
         select $1, customer_id, 'DROPPED', reason, $4 from unnest($2::uuid[], $3::text[]) as new (customer_id, reason)
         on conflict do nothing",
    )
    .bind(id.uuid())
    .bind(customers.iter().map(|(customer, _)| customer.uuid()).collect::<Vec<_>>())
    .bind(customers.iter().map(|(_, reason)| reason.as_str()).collect::<Vec<_>>())
    .bind(now.to_sqlx())
    .execute(conn)
    .await?;
    Ok(())
}

/// Customers whom an agent owns at `now`, after this one, in the order of their ids; not who was merged. Their ownerships are
/// locked, so that none ends before the customer is written down.
///
/// # Errors
/// As above.
#[tracing::instrument(name = "db.handover_item.collect", skip_all)]
pub async fn owned_after(
    conn: &mut PgConnection,
    agent: &AgentId,
    after: CustomerId,
    now: jiff::Timestamp,
    limit: i64,
) -> sqlx::Result<Vec<CustomerId>> {
    let ids: Vec<Uuid> = sqlx::query_scalar(
        "select o.customer_id from customer_records.ownerships o
         where o.agent_id = $1 and o.state = 'OWNED' and o.customer_id > $2 and o.until_at > $3
           and not exists (select from customer_records.customers c
                           where c.customer_id = o.customer_id and c.merged_into is not null)
         order by o.customer_id limit $4 for share of o",
    )
    .bind(agent.as_str())
    .bind(after.uuid())
    .bind(now.to_sqlx())
    .bind(limit)
    .fetch_all(conn)
    .await?;
    Ok(ids.into_iter().map(CustomerId::from_uuid).collect())
}

/// Which customers the worker takes.
#[derive(Debug, Clone, Copy)]
pub enum Work {
    /// Those who can be given to somebody, or for whom that is not known yet.
    ToPlace,
    /// All that are open.
    Open,
}

/// Customers of a handover for the worker, locked; those that somebody else has locked are left to them.
///
/// # Errors
/// As above.
#[tracing::instrument(name = "db.handover_item.lock_work", skip_all)]
pub async fn lock_work(
    conn: &mut PgConnection,
    id: CustomerHandoverId,
    work: Work,
    limit: i64,
) -> sqlx::Result<Vec<Item>> {
    let condition = match work {
        Work::ToPlace => {
            "(i.state = 'PENDING' or i.state = 'UNPLACED' and exists (
                select from customer_records.customer_handover_receivers r
                where r.handover_id = i.handover_id and r.answer is distinct from 'DECLINED_ALL'
                  and not r.agent_id = any(i.declined_by)))"
        }
        Work::Open => "i.state in ('PENDING', 'OFFERED', 'UNPLACED')",
    };
    let sql = format!(
        "select {COLUMNS} from customer_records.customer_handover_items i
         where i.handover_id = $1 and {condition} order by i.customer_id limit $2 for update of i skip locked"
    );
    let rows = sqlx::query_as::<_, ItemRow>(AssertSqlSafe(sql)).bind(id.uuid()).bind(limit);
    rows.fetch_all(conn).await?.into_iter().map(TryFrom::try_from).collect()
}

/// These customers of a handover, locked.
///
/// # Errors
/// As above.
#[tracing::instrument(name = "db.handover_item.lock", skip_all)]
pub async fn lock(
    conn: &mut PgConnection,
    id: CustomerHandoverId,
    customers: &[CustomerId],
) -> sqlx::Result<Vec<Item>> {
    let sql = format!(
        "select {COLUMNS} from customer_records.customer_handover_items i
         where i.handover_id = $1 and i.customer_id = any($2) order by i.customer_id for update"
    );
    let ids: Vec<_> = customers.iter().map(|customer| customer.uuid()).collect();
    let rows = sqlx::query_as::<_, ItemRow>(AssertSqlSafe(sql)).bind(id.uuid()).bind(ids);
    rows.fetch_all(conn).await?.into_iter().map(TryFrom::try_from).collect()
}

/// Writes customers that are locked, all in one statement.
///
/// # Errors
/// As above.
#[tracing::instrument(name = "db.handover_item.update", skip_all, fields(items = items.len()))]
pub async fn update(conn: &mut PgConnection, id: CustomerHandoverId, items: &[Item]) -> sqlx::Result<()> {
    // Arrays of arrays have to be rectangles; ids of agents have no commas.
    let joined = |agents: &[AgentId]| agents.iter().map(AgentId::as_str).collect::<Vec<_>>().join(",");
    sqlx::query(
        "update customer_records.customer_handover_items i
         set state = n.state, receiver_id = n.receiver_id, declined_by = string_to_array(n.declined_by, ','),
             decline_reason = n.decline_reason, drop_reason = n.drop_reason, ended_at = n.ended_at
         from unnest($2::uuid[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::timestamptz[])
              as n (customer_id, state, receiver_id, declined_by, decline_reason, drop_reason, ended_at)
         where i.handover_id = $1 and i.customer_id = n.customer_id",
    )
    .bind(id.uuid())
    .bind(items.iter().map(|item| item.customer_id.uuid()).collect::<Vec<_>>())
    .bind(items.iter().map(|item| item.state.as_str()).collect::<Vec<_>>())
    .bind(items.iter().map(|item| item.receiver.as_ref().map(AgentId::as_str)).collect::<Vec<_>>())
    .bind(items.iter().map(|item| joined(&item.declined_by)).collect::<Vec<_>>())
    .bind(items.iter().map(|item| item.decline_reason.as_deref()).collect::<Vec<_>>())
    .bind(items.iter().map(|item| item.drop_reason.map(DropReason::as_str)).collect::<Vec<_>>())
    .bind(items.iter().map(|item| item.ended_at.map(ToSqlx::to_sqlx)).collect::<Vec<_>>())
    .execute(conn)
    .await?;
    Ok(())
}

/// Drops customers whose ownership ended or changed from whatever handover they are open in. Their ownerships are locked.
///
/// # Errors
/// As above.
#[tracing::instrument(name = "db.handover_item.drop_open", skip_all)]
pub async fn drop_open(
    conn: &mut PgConnection,
    customers: &[(CustomerId, DropReason)],
    now: jiff::Timestamp,
) -> sqlx::Result<()> {
    sqlx::query(
        "with gone as (
             select i.handover_id, i.customer_id, n.reason
             from unnest($1::uuid[], $2::text[]) as n (customer_id, reason)
             join customer_records.customer_handover_items i using (customer_id)
             where i.state in ('PENDING', 'OFFERED', 'UNPLACED')
             order by i.customer_id for update of i)
         update customer_records.customer_handover_items i
         set state = 'DROPPED', receiver_id = null, drop_reason = gone.reason, ended_at = $3
         from gone where i.handover_id = gone.handover_id and i.customer_id = gone.customer_id",
    )
    .bind(customers.iter().map(|(customer, _)| customer.uuid()).collect::<Vec<_>>())
    .bind(customers.iter().map(|(_, reason)| reason.as_str()).collect::<Vec<_>>())
    .bind(now.to_sqlx())
    .execute(conn)
    .await?;
    Ok(())
}

/// Customers of a handover after this one, in the order of their ids: of this receiver, in this state.
///
/// # Errors
/// As above.
#[tracing::instrument(name = "db.handover_item.list", skip_all)]
pub async fn list(
    conn: &mut PgConnection,
    id: CustomerHandoverId,
    (receiver, state): (Option<&AgentId>, Option<ItemState>),
    after: Option<CustomerId>,
    limit: i64,
) -> sqlx::Result<Vec<Item>> {
    let sql = format!(
        "select {COLUMNS} from customer_records.customer_handover_items i
         where i.handover_id = $1 and i.customer_id > $2 and ($3::text is null or i.receiver_id = $3)
           and ($4::text is null or i.state = $4)
         order by i.customer_id limit $5"
    );
    let rows = sqlx::query_as::<_, ItemRow>(AssertSqlSafe(sql))
        .bind(id.uuid())
        .bind(after.map_or(Uuid::nil(), CustomerId::uuid))
        .bind(receiver.map(AgentId::as_str))
        .bind(state.map(ItemState::as_str))
        .bind(limit);
    rows.fetch_all(conn).await?.into_iter().map(TryFrom::try_from).collect()
}

/// What is open with customers, in their order: all of one kind in one statement.
///
/// # Errors
/// As above.
#[tracing::instrument(name = "db.handover_item.baggage", skip_all)]
pub async fn baggage(conn: &mut PgConnection, customers: &[CustomerId]) -> sqlx::Result<Vec<Baggage>> {
    let promises = "select p.promise_id from customer_records.case_links l
                    join customer_records.viewed_promises p using (case_id)
                    where l.customer_id = asked.customer_id and p.state in ('OPEN', 'MISSED')";
    let cases = "select l.case_id from customer_records.case_links l where l.customer_id = asked.customer_id and l.open";
    let follow_ups = "select f.follow_up_id from customer_records.follow_ups f
                      where f.customer_id = asked.customer_id and f.next_step is not null
                        and not exists (
                            select from customer_records.follow_ups later
                            where later.customer_id = f.customer_id and later.register_order > f.register_order
                              and (f.next_step_at is null or later.followed_at >= f.next_step_at))";
    let agreements = "select a.agreement_id from customer_records.agreements a
                      where a.customer_id = asked.customer_id and a.state not in ('RENEWED', 'CLOSED')";
    let promises = open_things(conn, customers, promises).await?;
    let cases = open_things(conn, customers, cases).await?;
    let follow_ups = open_things(conn, customers, follow_ups).await?;
    let agreements = open_things(conn, customers, agreements).await?;
    let all = promises.into_iter().zip(cases).zip(follow_ups.into_iter().zip(agreements));
    let baggage = all.map(|((promises, cases), (follow_ups, agreements))| Baggage {
        promises,
        cases,
        follow_ups,
        agreements,
    });
    Ok(baggage.collect())
}

async fn open_things(
    conn: &mut PgConnection,
    customers: &[CustomerId],
    of_asked: &str,
) -> sqlx::Result<Vec<OpenThings>> {
    let sql = format!(
        "select coalesce(count(thing.id), 0),
                coalesce((array_agg(thing.id order by thing.id desc) filter (where thing.id is not null))[1:$2], '{{}}')
         from unnest($1::uuid[]) with ordinality as asked (customer_id, place)
         left join lateral ({of_asked}) as thing (id) on true
         group by asked.place order by asked.place"
    );
    let rows: Vec<(i64, Vec<Uuid>)> = sqlx::query_as(AssertSqlSafe(sql))
        .bind(customers.iter().map(|customer| customer.uuid()).collect::<Vec<_>>())
        .bind(MOST_NAMED)
        .fetch_all(conn)
        .await?;
    Ok(rows.into_iter().map(|(count, ids)| OpenThings { count, ids }).collect())
}

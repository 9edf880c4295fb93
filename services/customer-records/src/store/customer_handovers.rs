//! Handovers and their receivers. Whoever changes a handover, its receivers or what it offers locks the handover first.

use jiff_sqlx::{Timestamp, ToSqlx};
use kexiang_core::{AgentId, CustomerHandoverId, CustomerId};
use sqlx::{AssertSqlSafe, FromRow, PgConnection};
use uuid::Uuid;

use super::inconsistent;
use crate::domain::customer_handover::{Counts, Handover, HandoverState, Overview, Receiver};

const COLUMNS: &str = "h.handover_id, h.agent_id, h.reason, h.state, h.collecting, h.collected_through, h.planner, h.starter, \
     h.created_at, h.ended_at, h.active, h.version";

#[derive(FromRow)]
struct HandoverRow {
    handover_id: Uuid,
    agent_id: String,
    reason: String,
    state: String,
    collecting: bool,
    collected_through: Uuid,
    planner: String,
    starter: Option<String>,
    created_at: Timestamp,
    ended_at: Option<Timestamp>,
    active: bool,
    version: i64,
}

impl TryFrom<HandoverRow> for Handover {
    type Error = sqlx::Error;
    fn try_from(row: HandoverRow) -> sqlx::Result<Self> {
        Ok(Self {
            handover_id: CustomerHandoverId::from_uuid(row.handover_id),
            agent: row.agent_id.parse().map_err(inconsistent)?,
            reason: row.reason.parse().map_err(inconsistent)?,
            state: row.state.parse().map_err(inconsistent)?,
            collecting: row.collecting,
            collected_through: CustomerId::from_uuid(row.collected_through),
            planner: row.planner.parse().map_err(inconsistent)?,
            starter: row.starter.as_deref().map(str::parse).transpose().map_err(inconsistent)?,
            created_at: row.created_at.to_jiff(),
            ended_at: row.ended_at.map(Timestamp::to_jiff),
            active: row.active,
            version: row.version,
        })
    }
}

#[derive(FromRow)]
struct ReceiverRow {
    agent_id: String,
    weight: i32,
    load: i64,
    answer: Option<String>,
    answer_reason: Option<String>,
}

impl TryFrom<ReceiverRow> for Receiver {
    type Error = sqlx::Error;
    fn try_from(row: ReceiverRow) -> sqlx::Result<Self> {
        Ok(Self {
            agent: row.agent_id.parse().map_err(inconsistent)?,
            weight: row.weight,
            load: row.load,
            answer: row.answer.as_deref().map(str::parse).transpose().map_err(inconsistent)?,
            answer_reason: row.answer_reason,
        })
    }
}

/// Keeps a new handover or the changes of one that is locked.
///
/// # Errors
/// Those of the database, as all of these.
#[tracing::instrument(name = "db.customer_handover.upsert", skip_all)]
pub async fn upsert(conn: &mut PgConnection, handover: &Handover) -> sqlx::Result<()> {
    sqlx::query(
        "insert into customer_records.customer_handovers
             (handover_id, agent_id, reason, state, collecting, collected_through, planner, starter, created_at, ended_at,
              active, version)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
         on conflict (handover_id) do update
             set state = excluded.state, collecting = excluded.collecting, collected_through = excluded.collected_through,
                 starter = excluded.starter, ended_at = excluded.ended_at, active = excluded.active,
                 version = excluded.version",
    )
    .bind(handover.handover_id.uuid())
    .bind(handover.agent.as_str())
    .bind(handover.reason.as_str())
    .bind(handover.state.as_str())
    .bind(handover.collecting)
    .bind(handover.collected_through.uuid())
    .bind(handover.planner.as_str())
    .bind(handover.starter.as_ref().map(AgentId::as_str))
    .bind(handover.created_at.to_sqlx())
    .bind(handover.ended_at.map(ToSqlx::to_sqlx))
    .bind(handover.active)
    .bind(handover.version)
    .execute(conn)
    .await?;
    Ok(())
}

/// Adds receivers behind those there are, each with how many customers they own at `now`.
///
/// # Errors
/// As above.
#[tracing::instrument(name = "db.customer_handover.add_receivers", skip_all)]
pub async fn add_receivers(
    conn: &mut PgConnection,
    id: CustomerHandoverId,
    receivers: &[(AgentId, i32)],
    now: jiff::Timestamp,
) -> sqlx::Result<()> {
    sqlx::query(
        "insert into customer_records.customer_handover_receivers (handover_id, agent_id, place, weight, load)
         select $1, new.agent_id,
                new.place + (select count(*) from customer_records.customer_handover_receivers where handover_id = $1),
                new.weight,
                (select count(*) from customer_records.ownerships o
                 where o.agent_id = new.agent_id and o.state = 'OWNED' and o.until_at > $4
                   and not exists (select from customer_records.customers c
                                   where c.customer_id = o.customer_id and c.merged_into is not null))
         from unnest($2::text[], $3::integer[]) with ordinality as new (agent_id, weight, place)",
    )
    .bind(id.uuid())
    .bind(receivers.iter().map(|(agent, _)| agent.as_str()).collect::<Vec<_>>())
    .bind(receivers.iter().map(|(_, weight)| *weight).collect::<Vec<_>>())
    .bind(now.to_sqlx())
    .execute(conn)
    .await?;
    Ok(())
}

/// Keeps what a receiver answered to all.
///
/// # Errors
/// As above.
#[tracing::instrument(name = "db.customer_handover.answer", skip_all)]
pub async fn save_answer(
    conn: &mut PgConnection,
    id: CustomerHandoverId,
    receiver: &Receiver,
) -> sqlx::Result<()> {
    sqlx::query(
        "update customer_records.customer_handover_receivers set answer = $3, answer_reason = $4
         where handover_id = $1 and agent_id = $2",
    )
    .bind(id.uuid())
    .bind(receiver.agent.as_str())
    .bind(receiver.answer.map(crate::domain::customer_handover::AnswerToAll::as_str))
    .bind(&receiver.answer_reason)
    .execute(conn)
    .await?;
    Ok(())
}

/// The handover with this id.
///
/// # Errors
/// As above.
#[tracing::instrument(name = "db.customer_handover.find", skip_all)]
pub async fn find(conn: &mut PgConnection, id: CustomerHandoverId) -> sqlx::Result<Option<Handover>> {
    let sql = format!("select {COLUMNS} from customer_records.customer_handovers h where handover_id = $1");
    let row = sqlx::query_as::<_, HandoverRow>(AssertSqlSafe(sql)).bind(id.uuid());
    row.fetch_optional(conn).await?.map(TryFrom::try_from).transpose()
}

/// The same, locked until the transaction ends.
///
/// # Errors
/// As above.
#[tracing::instrument(name = "db.customer_handover.lock", skip_all)]
pub async fn lock(conn: &mut PgConnection, id: CustomerHandoverId) -> sqlx::Result<Option<Handover>> {
    let sql = format!(
        "select {COLUMNS} from customer_records.customer_handovers h where handover_id = $1 for update"
    );
    let row = sqlx::query_as::<_, HandoverRow>(AssertSqlSafe(sql)).bind(id.uuid());
    row.fetch_optional(conn).await?.map(TryFrom::try_from).transpose()
}

/// A handover with something to do for the worker, locked; those that somebody else has locked are left to them.
///
/// # Errors
/// As above.
#[tracing::instrument(name = "db.customer_handover.lock_work", skip_all)]
pub async fn lock_work(conn: &mut PgConnection) -> sqlx::Result<Option<Handover>> {
    let sql = format!(
        "select {COLUMNS} from customer_records.customer_handovers h
         where h.active and (
             h.state in ('PLANNING', 'CANCELLED')
             or h.state = 'RUNNING' and (
                 exists (select from customer_records.customer_handover_items i
                         where i.handover_id = h.handover_id and i.state = 'PENDING')
                 or exists (select from customer_records.customer_handover_receivers r
                            join customer_records.customer_handover_items i
                              on i.handover_id = r.handover_id and i.state = 'OFFERED' and i.receiver_id = r.agent_id
                            where r.handover_id = h.handover_id and r.answer is not null)
                 or exists (select from customer_records.customer_handover_items i
                            where i.handover_id = h.handover_id and i.state = 'UNPLACED'
                              and exists (select from customer_records.customer_handover_receivers r
                                          where r.handover_id = h.handover_id
                                            and r.answer is distinct from 'DECLINED_ALL'
                                            and not r.agent_id = any(i.declined_by)))
                 or not exists (select from customer_records.customer_handover_items i
                                where i.handover_id = h.handover_id
                                  and i.state in ('PENDING', 'OFFERED', 'UNPLACED'))))
         order by h.handover_id limit 1 for update of h skip locked"
    );
    let row = sqlx::query_as::<_, HandoverRow>(AssertSqlSafe(sql)).fetch_optional(conn).await?;
    row.map(TryFrom::try_from).transpose()
}

/// Handovers older than `after`, newest first: of this agent, with this receiver, in this state.
///
/// # Errors
/// As above.
#[tracing::instrument(name = "db.customer_handover.list", skip_all)]
pub async fn list(
    conn: &mut PgConnection,
    (agent, receiver, state): (Option<&AgentId>, Option<&AgentId>, Option<HandoverState>),
    after: Option<CustomerHandoverId>,
    limit: i64,
) -> sqlx::Result<Vec<Handover>> {
    let sql = format!(
        "select {COLUMNS} from customer_records.customer_handovers h
         where h.handover_id < $1 and ($2::text is null or h.agent_id = $2) and ($3::text is null or h.state = $3)
           and ($4::text is null or exists (
                select from customer_records.customer_handover_receivers r
                where r.handover_id = h.handover_id and r.agent_id = $4))
         order by h.handover_id desc limit $5"
    );
    let rows = sqlx::query_as::<_, HandoverRow>(AssertSqlSafe(sql))
        .bind(after.map_or(Uuid::max(), CustomerHandoverId::uuid))
        .bind(agent.map(AgentId::as_str))
        .bind(state.map(HandoverState::as_str))
        .bind(receiver.map(AgentId::as_str))
        .bind(limit)
        .fetch_all(conn)
        .await?;
    rows.into_iter().map(TryFrom::try_from).collect()
}

/// A handover with its receivers and how many customers stand where.
///
/// # Errors
/// As above.
#[tracing::instrument(name = "db.customer_handover.overview", skip_all)]
pub async fn overview(conn: &mut PgConnection, handover: Handover) -> sqlx::Result<Overview> {
    let id = handover.handover_id.uuid();
    let receivers: Vec<ReceiverRow> = sqlx::query_as(
        "select agent_id, weight, load, answer, answer_reason
         from customer_records.customer_handover_receivers where handover_id = $1 order by place",
    )
    .bind(id)
    .fetch_all(&mut *conn)
    .await?;
    let counts: Vec<(String, Option<String>, i64)> = sqlx::query_as(
        "select state, receiver_id, count(*) from customer_records.customer_handover_items
         where handover_id = $1 group by state, receiver_id",
    )
    .bind(id)
    .fetch_all(conn)
    .await?;
    let count = |(state, receiver, count): (String, Option<String>, i64)| {
        let receiver = receiver.as_deref().map(str::parse).transpose().map_err(inconsistent)?;
        Ok((state.parse().map_err(inconsistent)?, receiver, count))
    };
    let receivers = receivers.into_iter().map(Receiver::try_from).collect::<sqlx::Result<_>>()?;
    let counts = counts.into_iter().map(count).collect::<sqlx::Result<Counts>>()?;
    Ok(Overview { handover, receivers, counts })
}

//! `dispatch.arrivals` and `dispatch.turns` (DI-4). Written under the lock of the site's rotation.

use jiff_sqlx::{Date, Timestamp, ToSqlx};
use kexiang_core::{AgentId, ArrivalId, CustomerId, SiteId, TurnId};
use sqlx::{AssertSqlSafe, PgConnection, types::Json};
use uuid::Uuid;

use super::{StoreError, read, read_optional};
use crate::domain::rotation::{
    PassedOver,
    reception::{Arrival, Turn, Visitor},
};

const ARRIVALS: &str = "dispatch.arrivals";
const ARRIVAL_COLUMNS: &str =
    "arrival_id, site_id, state, customer_id, owner_id, is_key, group_size, arrived_at, left_at, version";
const TURNS: &str = "dispatch.turns";
const TURN_COLUMNS: &str = "turn_id, site_id, number, arrival_id, agent_id, manner, policy, policy_version, \
     ranking_version, day, round, passed_over, explanation, actor, served_at, ended_at";

#[derive(sqlx::FromRow)]
struct ArrivalRow {
    arrival_id: Uuid,
    site_id: String,
    state: String,
    customer_id: Option<Uuid>,
    owner_id: Option<String>,
    is_key: bool,
    group_size: i32,
    arrived_at: Timestamp,
    left_at: Option<Timestamp>,
    version: i64,
}

impl TryFrom<ArrivalRow> for Arrival {
    type Error = StoreError;
    fn try_from(row: ArrivalRow) -> Result<Self, StoreError> {
        Ok(Self {
            id: ArrivalId::from_uuid(row.arrival_id),
            site: read(ARRIVALS, "site_id", &row.site_id)?,
            state: read(ARRIVALS, "state", &row.state)?,
            visitor: Visitor {
                customer: row.customer_id.map(CustomerId::from_uuid),
                owner: read_optional(ARRIVALS, "owner_id", row.owner_id.as_deref())?,
                key: row.is_key,
                group_size: row.group_size,
            },
            arrived_at: row.arrived_at.to_jiff(),
            left_at: row.left_at.map(Timestamp::to_jiff),
            version: row.version,
        })
    }
}

#[derive(sqlx::FromRow)]
struct TurnRow {
    turn_id: Uuid,
    site_id: String,
    number: i64,
    arrival_id: Uuid,
    agent_id: String,
    manner: String,
    policy: String,
    policy_version: i32,
    ranking_version: Option<i32>,
    day: Date,
    round: i64,
    passed_over: Json<Vec<PassedOver>>,
    explanation: String,
    actor: String,
    served_at: Timestamp,
    ended_at: Option<Timestamp>,
}

impl TryFrom<TurnRow> for Turn {
    type Error = StoreError;
    fn try_from(row: TurnRow) -> Result<Self, StoreError> {
        Ok(Self {
            id: TurnId::from_uuid(row.turn_id),
            site: read(TURNS, "site_id", &row.site_id)?,
            number: row.number,
            arrival: ArrivalId::from_uuid(row.arrival_id),
            agent: read(TURNS, "agent_id", &row.agent_id)?,
            manner: read(TURNS, "manner", &row.manner)?,
            policy: read(TURNS, "policy", &row.policy)?,
            policy_version: row.policy_version,
            ranking_version: row.ranking_version,
            day: row.day.to_jiff(),
            round: row.round,
            passed_over: row.passed_over.0,
            explanation: row.explanation,
            actor: row.actor,
            served_at: row.served_at.to_jiff(),
            ended_at: row.ended_at.map(Timestamp::to_jiff),
        })
    }
}

/// Keeps an arrival.
///
/// # Errors
/// [`StoreError`].
#[tracing::instrument(name = "db.arrival.insert", skip_all)]
pub async fn insert_arrival(conn: &mut PgConnection, arrival: &Arrival) -> Result<(), StoreError> {
    let sql = AssertSqlSafe(format!(
        "insert into dispatch.arrivals ({ARRIVAL_COLUMNS}) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)"
    ));
    sqlx::query(sql)
        .bind(arrival.id.uuid())
        .bind(arrival.site.as_str())
        .bind(arrival.state.as_str())
        .bind(arrival.visitor.customer.map(CustomerId::uuid))
        .bind(arrival.visitor.owner.as_ref().map(AgentId::as_str))
        .bind(arrival.visitor.key)
        .bind(arrival.visitor.group_size)
        .bind(arrival.arrived_at.to_sqlx())
        .bind(arrival.left_at.map(ToSqlx::to_sqlx))
        .bind(arrival.version)
        .execute(conn)
        .await?;
    Ok(())
}

/// Writes where an arrival stands.
///
/// # Errors
/// [`StoreError`].
#[tracing::instrument(name = "db.arrival.update", skip_all)]
pub async fn update_arrival(conn: &mut PgConnection, arrival: &Arrival) -> Result<(), StoreError> {
    sqlx::query("update dispatch.arrivals set state = $2, left_at = $3, version = $4 where arrival_id = $1")
        .bind(arrival.id.uuid())
        .bind(arrival.state.as_str())
        .bind(arrival.left_at.map(ToSqlx::to_sqlx))
        .bind(arrival.version)
        .execute(conn)
        .await?;
    Ok(())
}

/// The arrival of this id, locked.
///
/// # Errors
/// [`StoreError`].
#[tracing::instrument(name = "db.arrival.lock", skip_all)]
pub async fn lock_arrival(conn: &mut PgConnection, id: ArrivalId) -> Result<Option<Arrival>, StoreError> {
    let sql = AssertSqlSafe(format!(
        "select {ARRIVAL_COLUMNS} from dispatch.arrivals where arrival_id = $1 for no key update"
    ));
    let row = sqlx::query_as::<_, ArrivalRow>(sql).bind(id.uuid()).fetch_optional(conn).await?;
    row.map(Arrival::try_from).transpose()
}

/// How many wait at a site.
///
/// # Errors
/// [`StoreError`].
#[tracing::instrument(name = "db.arrival.count_waiting", skip_all)]
pub async fn count_waiting(conn: &mut PgConnection, site: &SiteId) -> Result<i64, StoreError> {
    let count =
        sqlx::query_scalar("select count(*) from dispatch.arrivals where site_id = $1 and state = 'WAITING'");
    Ok(count.bind(site.as_str()).fetch_one(conn).await?)
}

/// Who is served next of those who wait, locked: who came first, or `key_first` a key customer who came first. Who is leaving
/// just now is skipped.
///
/// # Errors
/// [`StoreError`].
#[tracing::instrument(name = "db.arrival.lock_next", skip_all)]
pub async fn lock_next(
    conn: &mut PgConnection,
    site: &SiteId,
    key_first: bool,
) -> Result<Option<Arrival>, StoreError> {
    let sql = AssertSqlSafe(format!(
        "select {ARRIVAL_COLUMNS} from dispatch.arrivals where site_id = $1 and state = 'WAITING'
         order by ($2 and is_key) desc, arrived_at, arrival_id limit 1 for no key update skip locked"
    ));
    let query = sqlx::query_as::<_, ArrivalRow>(sql).bind(site.as_str()).bind(key_first);
    query.fetch_optional(conn).await?.map(Arrival::try_from).transpose()
}

/// Who waits at a site, longest first.
///
/// # Errors
/// [`StoreError`].
#[tracing::instrument(name = "db.arrival.list_waiting", skip_all)]
pub async fn list_waiting(
    conn: &mut PgConnection,
    site: &SiteId,
    after: Option<(jiff::Timestamp, ArrivalId)>,
    limit: i64,
) -> Result<Vec<Arrival>, StoreError> {
    let sql = AssertSqlSafe(format!(
        "select {ARRIVAL_COLUMNS} from dispatch.arrivals
         where site_id = $1 and state = 'WAITING'
           and ($2::timestamptz is null or (arrived_at, arrival_id) > ($2, $3))
         order by arrived_at, arrival_id limit $4"
    ));
    let rows = sqlx::query_as::<_, ArrivalRow>(sql)
        .bind(site.as_str())
        .bind(after.map(|(at, _)| at.to_sqlx()))
        .bind(after.map(|(_, id)| id.uuid()))
        .bind(limit)
        .fetch_all(conn)
        .await?;
    rows.into_iter().map(Arrival::try_from).collect()
}

/// Keeps a turn.
///
/// # Errors
/// [`StoreError`].
#[tracing::instrument(name = "db.turn.insert", skip_all)]
pub async fn insert_turn(conn: &mut PgConnection, turn: &Turn) -> Result<(), StoreError> {
    let sql = AssertSqlSafe(format!(
        "insert into dispatch.turns ({TURN_COLUMNS})
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)"
    ));
    sqlx::query(sql)
        .bind(turn.id.uuid())
        .bind(turn.site.as_str())
        .bind(turn.number)
        .bind(turn.arrival.uuid())
        .bind(turn.agent.as_str())
        .bind(turn.manner.as_str())
        .bind(turn.policy.as_str())
        .bind(turn.policy_version)
        .bind(turn.ranking_version)
        .bind(turn.day.to_sqlx())
        .bind(turn.round)
        .bind(Json(&turn.passed_over))
        .bind(&turn.explanation)
        .bind(&turn.actor)
        .bind(turn.served_at.to_sqlx())
        .bind(turn.ended_at.map(ToSqlx::to_sqlx))
        .execute(conn)
        .await?;
    Ok(())
}

/// The turn of this id, locked.
///
/// # Errors
/// [`StoreError`].
#[tracing::instrument(name = "db.turn.lock", skip_all)]
pub async fn lock_turn(conn: &mut PgConnection, id: TurnId) -> Result<Option<Turn>, StoreError> {
    let sql = AssertSqlSafe(format!(
        "select {TURN_COLUMNS} from dispatch.turns where turn_id = $1 for no key update"
    ));
    let row = sqlx::query_as::<_, TurnRow>(sql).bind(id.uuid()).fetch_optional(conn).await?;
    row.map(Turn::try_from).transpose()
}

/// The agent of a turn is done.
///
/// # Errors
/// [`StoreError`].
#[tracing::instrument(name = "db.turn.end", skip_all)]
pub async fn end_turn(conn: &mut PgConnection, id: TurnId, now: jiff::Timestamp) -> Result<(), StoreError> {
    sqlx::query("update dispatch.turns set ended_at = $2 where turn_id = $1")
        .bind(id.uuid())
        .bind(now.to_sqlx())
        .execute(conn)
        .await?;
    Ok(())
}

/// Who serves somebody at a site just now.
///
/// # Errors
/// [`StoreError`].
#[tracing::instrument(name = "db.turn.serving", skip_all)]
pub async fn serving(conn: &mut PgConnection, site: &SiteId) -> Result<Vec<AgentId>, StoreError> {
    let agents: Vec<String> = sqlx::query_scalar(
        "select distinct agent_id from dispatch.turns where site_id = $1 and ended_at is null",
    )
    .bind(site.as_str())
    .fetch_all(conn)
    .await?;
    super::read_all(TURNS, "agent_id", &agents)
}

/// Turns of a site, newest first, from after number `after` on.
///
/// # Errors
/// [`StoreError`].
#[tracing::instrument(name = "db.turn.list", skip_all)]
pub async fn list_turns(
    conn: &mut PgConnection,
    site: &SiteId,
    agent: Option<&AgentId>,
    after: Option<i64>,
    limit: i64,
) -> Result<Vec<Turn>, StoreError> {
    let sql = AssertSqlSafe(format!(
        "select {TURN_COLUMNS} from dispatch.turns
         where site_id = $1 and ($2::text is null or agent_id = $2) and ($3::bigint is null or number < $3)
         order by number desc limit $4"
    ));
    let rows = sqlx::query_as::<_, TurnRow>(sql)
        .bind(site.as_str())
        .bind(agent.map(AgentId::as_str))
        .bind(after)
        .bind(limit)
        .fetch_all(conn)
        .await?;
    rows.into_iter().map(Turn::try_from).collect()
}

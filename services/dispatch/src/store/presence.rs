//! `dispatch.sign_ins` and `dispatch.shifts` (DI-2).

use jiff_sqlx::{Timestamp, ToSqlx};
use kexiang_core::{AgentId, ShiftId, UnitId};
use sqlx::PgConnection;
use uuid::Uuid;

use super::{StoreError, read};
use crate::domain::{
    org::{Shift, ShiftState},
    unit::Agent,
};

const SHIFTS: &str = "dispatch.shifts";

/// Keeps a sign-in; under the lock of the unit, which makes its place in the day's order.
///
/// # Errors
/// [`StoreError`].
#[tracing::instrument(name = "db.sign_in.keep", skip_all)]
pub async fn keep_sign_in(
    conn: &mut PgConnection,
    agent: &Agent,
    now: jiff::Timestamp,
) -> Result<(), StoreError> {
    sqlx::query("insert into dispatch.sign_ins (unit_id, agent_id, signed_in_at) values ($1, $2, $3)")
        .bind(agent.unit.as_str())
        .bind(agent.id.as_str())
        .bind(now.to_sqlx())
        .execute(conn)
        .await?;
    Ok(())
}

/// The first sign-in of each agent of a unit from `from` until `until`, in their order.
///
/// # Errors
/// [`StoreError`].
#[tracing::instrument(name = "db.sign_in.of_day", skip_all)]
pub async fn sign_ins(
    conn: &mut PgConnection,
    unit: &UnitId,
    from: jiff::Timestamp,
    until: jiff::Timestamp,
) -> Result<Vec<(AgentId, jiff::Timestamp)>, StoreError> {
    let rows: Vec<(String, Timestamp)> = sqlx::query_as(
        "select agent_id, min(signed_in_at) from dispatch.sign_ins
         where unit_id = $1 and signed_in_at >= $2 and signed_in_at < $3
         group by agent_id order by min(sign_in_no)",
    )
    .bind(unit.as_str())
    .bind(from.to_sqlx())
    .bind(until.to_sqlx())
    .fetch_all(conn)
    .await?;
    rows.into_iter()
        .map(|(agent, at)| Ok((read("dispatch.sign_ins", "agent_id", &agent)?, at.to_jiff())))
        .collect()
}

type ShiftRow = (Uuid, String, Timestamp, Timestamp, String, i64);

fn shift((id, agent, starts_at, ends_at, state, version): ShiftRow) -> Result<Shift, StoreError> {
    Ok(Shift {
        id: ShiftId::from_uuid(id),
        agent: read(SHIFTS, "agent_id", &agent)?,
        starts_at: starts_at.to_jiff(),
        ends_at: ends_at.to_jiff(),
        state: read(SHIFTS, "state", &state)?,
        version,
    })
}

/// Whether an agent has a planned shift that overlaps; under the lock of their unit.
///
/// # Errors
/// [`StoreError`].
#[tracing::instrument(name = "db.shift.overlaps", skip_all)]
pub async fn overlaps(
    conn: &mut PgConnection,
    agent: &AgentId,
    from: jiff::Timestamp,
    until: jiff::Timestamp,
) -> Result<bool, StoreError> {
    let found = sqlx::query_scalar(
        "select exists (select from dispatch.shifts
                        where agent_id = $1 and state = 'PLANNED' and starts_at < $3 and ends_at > $2)",
    );
    let found = found.bind(agent.as_str()).bind(from.to_sqlx()).bind(until.to_sqlx());
    Ok(found.fetch_one(conn).await?)
}

/// Keeps a new shift.
///
/// # Errors
/// [`StoreError`].
#[tracing::instrument(name = "db.shift.insert", skip_all)]
pub async fn insert_shift(conn: &mut PgConnection, shift: &Shift) -> Result<(), StoreError> {
    sqlx::query(
        "insert into dispatch.shifts (shift_id, agent_id, starts_at, ends_at, state, version)
         values ($1, $2, $3, $4, $5, $6)",
    )
    .bind(shift.id.uuid())
    .bind(shift.agent.as_str())
    .bind(shift.starts_at.to_sqlx())
    .bind(shift.ends_at.to_sqlx())
    .bind(shift.state.as_str())
    .bind(shift.version)
    .execute(conn)
    .await?;
    Ok(())
}

/// The shift of this id, locked.
///
/// # Errors
/// [`StoreError`].
#[tracing::instrument(name = "db.shift.lock", skip_all)]
pub async fn lock_shift(conn: &mut PgConnection, id: ShiftId) -> Result<Option<Shift>, StoreError> {
    let row: Option<ShiftRow> = sqlx::query_as(
        "select shift_id, agent_id, starts_at, ends_at, state, version from dispatch.shifts
         where shift_id = $1 for no key update",
    )
    .bind(id.uuid())
    .fetch_optional(conn)
    .await?;
    row.map(shift).transpose()
}

/// A planned shift that is over, locked; none when there is none, or other replicas have them.
///
/// # Errors
/// [`StoreError`].
#[tracing::instrument(name = "db.shift.lock_over", skip_all)]
pub async fn lock_over(conn: &mut PgConnection, now: jiff::Timestamp) -> Result<Option<Shift>, StoreError> {
    let row: Option<ShiftRow> = sqlx::query_as(
        "select shift_id, agent_id, starts_at, ends_at, state, version from dispatch.shifts
         where state = 'PLANNED' and ends_at <= $1 order by ends_at limit 1 for no key update skip locked",
    )
    .bind(now.to_sqlx())
    .fetch_optional(conn)
    .await?;
    row.map(shift).transpose()
}

/// Writes where a shift stands.
///
/// # Errors
/// [`StoreError`].
#[tracing::instrument(name = "db.shift.set_state", skip_all)]
pub async fn set_shift_state(
    conn: &mut PgConnection,
    id: ShiftId,
    state: ShiftState,
    version: i64,
) -> Result<(), StoreError> {
    sqlx::query("update dispatch.shifts set state = $2, version = $3 where shift_id = $1")
        .bind(id.uuid())
        .bind(state.as_str())
        .bind(version)
        .execute(conn)
        .await?;
    Ok(())
}

/// The shifts of an agent by their start.
///
/// # Errors
/// [`StoreError`].
#[tracing::instrument(name = "db.shift.list", skip_all)]
pub async fn list_shifts(
    conn: &mut PgConnection,
    agent: &AgentId,
    after: Option<(jiff::Timestamp, ShiftId)>,
    limit: i64,
) -> Result<Vec<Shift>, StoreError> {
    let rows: Vec<ShiftRow> = sqlx::query_as(
        "select shift_id, agent_id, starts_at, ends_at, state, version from dispatch.shifts
         where agent_id = $1 and ($2::timestamptz is null or (starts_at, shift_id) > ($2, $3))
         order by starts_at, shift_id limit $4",
    )
    .bind(agent.as_str())
    .bind(after.map(|(at, _)| at.to_sqlx()))
    .bind(after.map(|(_, id)| id.uuid()))
    .bind(limit)
    .fetch_all(conn)
    .await?;
    rows.into_iter().map(shift).collect()
}

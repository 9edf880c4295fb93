//! `dispatch.unit_moves`, `dispatch.unit_roles`, `dispatch.agent_profiles` (DI-1).

use std::collections::BTreeMap;

use jiff_sqlx::{Timestamp, ToSqlx};
use kexiang_core::{AgentId, UnitId, UnitMoveId};
use sqlx::{PgConnection, types::Json};
use uuid::Uuid;

use super::{StoreError, read, read_all, read_optional, rotations::texts};
use crate::domain::{
    org::{Profile, UnitMove, UnitRole},
    unit::Unit,
};

/// Holds back all other moves until the end of the transaction.
///
/// # Errors
/// [`StoreError`].
#[tracing::instrument(name = "db.org.hold_tree", skip_all)]
pub async fn hold_tree(conn: &mut PgConnection) -> Result<(), StoreError> {
    sqlx::query("select 1 from dispatch.org_tree for update").execute(conn).await?;
    Ok(())
}

/// Whether `unit` is `top` or stands below it.
///
/// # Errors
/// [`StoreError`].
#[tracing::instrument(name = "db.org.is_within", skip_all)]
pub async fn is_within(conn: &mut PgConnection, unit: &UnitId, top: &UnitId) -> Result<bool, StoreError> {
    let found = sqlx::query_scalar(
        "with recursive above (unit_id, parent_id) as (
             select unit_id, parent_id from dispatch.units where unit_id = $1
             union
             select u.unit_id, u.parent_id from dispatch.units u join above a on u.unit_id = a.parent_id)
         select exists (select from above where unit_id = $2)",
    );
    Ok(found.bind(unit.as_str()).bind(top.as_str()).fetch_one(conn).await?)
}

/// Writes where a unit stands and keeps the move.
///
/// # Errors
/// [`StoreError`].
#[tracing::instrument(name = "db.org.keep_move", skip_all)]
pub async fn keep_move(conn: &mut PgConnection, unit: &Unit, step: &UnitMove) -> Result<(), StoreError> {
    sqlx::query("update dispatch.units set parent_id = $2, version = $3 where unit_id = $1")
        .bind(unit.id.as_str())
        .bind(unit.parent.as_ref().map(UnitId::as_str))
        .bind(unit.version)
        .execute(&mut *conn)
        .await?;
    sqlx::query(
        "insert into dispatch.unit_moves
             (move_id, unit_id, from_parent_id, to_parent_id, reason, actor, moved_at)
         values ($1, $2, $3, $4, $5, $6, $7)",
    )
    .bind(step.id.uuid())
    .bind(step.unit.as_str())
    .bind(step.from.as_ref().map(UnitId::as_str))
    .bind(step.to.as_ref().map(UnitId::as_str))
    .bind(&step.reason)
    .bind(&step.actor)
    .bind(step.moved_at.to_sqlx())
    .execute(conn)
    .await?;
    Ok(())
}

/// The moves of a unit, newest first.
///
/// # Errors
/// [`StoreError`].
#[tracing::instrument(name = "db.org.moves", skip_all)]
pub async fn moves(
    conn: &mut PgConnection,
    unit: &UnitId,
    after: Option<UnitMoveId>,
    limit: i64,
) -> Result<Vec<UnitMove>, StoreError> {
    type Row = (Uuid, Option<String>, Option<String>, String, String, Timestamp);
    const TABLE: &str = "dispatch.unit_moves";
    let rows: Vec<Row> = sqlx::query_as(
        "select move_id, from_parent_id, to_parent_id, reason, actor, moved_at from dispatch.unit_moves
         where unit_id = $1 and ($2::uuid is null or move_id < $2)
         order by move_id desc limit $3",
    )
    .bind(unit.as_str())
    .bind(after.map(UnitMoveId::uuid))
    .bind(limit)
    .fetch_all(conn)
    .await?;
    rows.into_iter()
        .map(|(id, from, to, reason, actor, at)| {
            let from = read_optional(TABLE, "from_parent_id", from.as_deref())?;
            let to = read_optional(TABLE, "to_parent_id", to.as_deref())?;
            let (id, unit) = (UnitMoveId::from_uuid(id), unit.clone());
            Ok(UnitMove { id, unit, from, to, reason, actor, moved_at: at.to_jiff() })
        })
        .collect()
}

/// The version of a role that its unit has, 0 for none; to be called under the lock of the unit.
///
/// # Errors
/// [`StoreError`].
#[tracing::instrument(name = "db.org.role_version", skip_all)]
pub async fn role_version(conn: &mut PgConnection, unit: &UnitId, role: &str) -> Result<i64, StoreError> {
    let version =
        sqlx::query_scalar("select version from dispatch.unit_roles where unit_id = $1 and role = $2");
    let version: Option<i64> = version.bind(unit.as_str()).bind(role).fetch_optional(conn).await?;
    Ok(version.unwrap_or_default())
}

/// Keeps who holds a role.
///
/// # Errors
/// [`StoreError`].
#[tracing::instrument(name = "db.org.save_role", skip_all)]
pub async fn save_role(conn: &mut PgConnection, role: &UnitRole) -> Result<(), StoreError> {
    sqlx::query(
        "insert into dispatch.unit_roles (unit_id, role, agent_id, deputies, version) values ($1, $2, $3, $4, $5)
         on conflict on constraint unit_roles_pkey do update set
             agent_id = excluded.agent_id, deputies = excluded.deputies, version = excluded.version",
    )
    .bind(role.unit.as_str())
    .bind(&role.role)
    .bind(role.agent.as_str())
    .bind(texts(&role.deputies))
    .bind(role.version)
    .execute(conn)
    .await?;
    Ok(())
}

/// The roles of a unit by code, with who acts in each: the first of holder and deputies who receives.
///
/// # Errors
/// [`StoreError`].
#[tracing::instrument(name = "db.org.roles", skip_all)]
pub async fn roles(
    conn: &mut PgConnection,
    unit: &UnitId,
    after: Option<&str>,
    limit: i64,
) -> Result<Vec<UnitRole>, StoreError> {
    type Row = (String, String, Vec<String>, i64, Option<String>);
    const TABLE: &str = "dispatch.unit_roles";
    let rows: Vec<Row> = sqlx::query_as(
        "select r.role, r.agent_id, r.deputies, r.version,
                (select a.agent_id from unnest(array[r.agent_id] || r.deputies) with ordinality as s (agent_id, place)
                 join dispatch.agents a using (agent_id)
                 where a.presence = 'SIGNED_IN' and a.absence is null
                 order by s.place limit 1)
         from dispatch.unit_roles r
         where r.unit_id = $1 and ($2::text is null or r.role > $2)
         order by r.role limit $3",
    )
    .bind(unit.as_str())
    .bind(after)
    .bind(limit)
    .fetch_all(conn)
    .await?;
    rows.into_iter()
        .map(|(role, agent, deputies, version, acting)| {
            let agent = read(TABLE, "agent_id", &agent)?;
            let deputies = read_all(TABLE, "deputies", &deputies)?;
            let acting = read_optional(TABLE, "agent_id", acting.as_deref())?;
            Ok(UnitRole { unit: unit.clone(), role, agent, deputies, acting, version })
        })
        .collect()
}

/// Those of `agents` who are not there.
///
/// # Errors
/// [`StoreError`].
#[tracing::instrument(name = "db.org.missing_agents", skip_all)]
pub async fn missing_agents(
    conn: &mut PgConnection,
    agents: &[AgentId],
) -> Result<Option<AgentId>, StoreError> {
    let missing: Option<String> = sqlx::query_scalar(
        "select id from unnest($1::text[]) id
         where not exists (select from dispatch.agents where agent_id = id) order by id limit 1",
    )
    .bind(texts(agents))
    .fetch_optional(conn)
    .await?;
    missing.map(|id| read("dispatch.agents", "agent_id", &id)).transpose()
}

/// What an agent can do; none when there is no such agent.
///
/// # Errors
/// [`StoreError`].
#[tracing::instrument(name = "db.org.profile", skip_all)]
pub async fn profile(conn: &mut PgConnection, agent: &AgentId) -> Result<Option<Profile>, StoreError> {
    type Row = (
        bool,
        i32,
        Option<Json<BTreeMap<String, i32>>>,
        Option<Vec<String>>,
        Option<Vec<String>>,
        Option<i64>,
    );
    let row: Option<Row> = sqlx::query_as(
        "select a.trainee, a.capacity, p.skills, p.languages, p.territory, p.version
         from dispatch.agents a left join dispatch.agent_profiles p using (agent_id) where agent_id = $1",
    )
    .bind(agent.as_str())
    .fetch_optional(conn)
    .await?;
    Ok(row.map(|(trainee, capacity, skills, languages, territory, version)| Profile {
        agent: agent.clone(),
        skills: skills.map(|skills| skills.0).unwrap_or_default(),
        languages: languages.unwrap_or_default(),
        territory: territory.unwrap_or_default(),
        trainee,
        capacity,
        version: version.unwrap_or_default(),
    }))
}

/// Keeps what an agent can do; under the lock of their unit.
///
/// # Errors
/// [`StoreError`].
#[tracing::instrument(name = "db.org.save_profile", skip_all)]
pub async fn save_profile(conn: &mut PgConnection, profile: &Profile) -> Result<(), StoreError> {
    sqlx::query("update dispatch.agents set trainee = $2, capacity = $3 where agent_id = $1")
        .bind(profile.agent.as_str())
        .bind(profile.trainee)
        .bind(profile.capacity)
        .execute(&mut *conn)
        .await?;
    sqlx::query(
        "insert into dispatch.agent_profiles (agent_id, skills, languages, territory, version)
         values ($1, $2, $3, $4, $5)
         on conflict on constraint agent_profiles_pkey do update set skills = excluded.skills,
             languages = excluded.languages, territory = excluded.territory, version = excluded.version",
    )
    .bind(profile.agent.as_str())
    .bind(Json(&profile.skills))
    .bind(&profile.languages)
    .bind(&profile.territory)
    .bind(profile.version)
    .execute(conn)
    .await?;
    Ok(())
}

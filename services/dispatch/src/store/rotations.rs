//! `dispatch.rotations`, `dispatch.rotation_reorders` and `dispatch.rankings` (DI-3, DI-4). A rotation's row is locked before
//! its unit.

use jiff_sqlx::{Timestamp, ToSqlx};
use kexiang_core::{AgentId, SiteId, UnitId};
use sqlx::{AssertSqlSafe, PgConnection, types::Json};

use super::{StoreError, read, read_all};
use crate::domain::rotation::{Ranking, Reorder, Rotation, RotationRules, Round};

const TABLE: &str = "dispatch.rotations";
const COLUMNS: &str = "site_id, unit_id, policy, time_zone, members, rush_threshold, trainees_help, one_at_a_time, \
     assigns_orders, round, turn_count, version";

#[derive(sqlx::FromRow)]
struct RotationRow {
    site_id: String,
    unit_id: String,
    policy: String,
    time_zone: String,
    members: Vec<String>,
    rush_threshold: i32,
    trainees_help: bool,
    one_at_a_time: bool,
    assigns_orders: bool,
    round: Json<Round>,
    turn_count: i64,
    version: i64,
}

impl TryFrom<RotationRow> for Rotation {
    type Error = StoreError;
    fn try_from(row: RotationRow) -> Result<Self, StoreError> {
        Ok(Self {
            site: read(TABLE, "site_id", &row.site_id)?,
            rules: RotationRules {
                unit: read(TABLE, "unit_id", &row.unit_id)?,
                policy: read(TABLE, "policy", &row.policy)?,
                time_zone: row.time_zone,
                members: read_all(TABLE, "members", &row.members)?,
                rush_threshold: row.rush_threshold,
                trainees_help: row.trainees_help,
                one_at_a_time: row.one_at_a_time,
                assigns_orders: row.assigns_orders,
            },
            round: row.round.0,
            turn_count: row.turn_count,
            version: row.version,
        })
    }
}

/// Ids as texts, for arrays.
pub(super) fn texts(agents: &[AgentId]) -> Vec<String> {
    agents.iter().map(AgentId::to_string).collect()
}

/// The rotation of a site.
///
/// # Errors
/// [`StoreError`].
#[tracing::instrument(name = "db.rotation.find", skip_all)]
pub async fn find(conn: &mut PgConnection, site: &SiteId) -> Result<Option<Rotation>, StoreError> {
    let sql = AssertSqlSafe(format!("select {COLUMNS} from dispatch.rotations where site_id = $1"));
    let row = sqlx::query_as::<_, RotationRow>(sql).bind(site.as_str()).fetch_optional(conn).await?;
    row.map(Rotation::try_from).transpose()
}

/// The same, locked until the end of the transaction.
///
/// # Errors
/// [`StoreError`].
#[tracing::instrument(name = "db.rotation.lock", skip_all)]
pub async fn lock(conn: &mut PgConnection, site: &SiteId) -> Result<Option<Rotation>, StoreError> {
    let sql = AssertSqlSafe(format!(
        "select {COLUMNS} from dispatch.rotations where site_id = $1 for no key update"
    ));
    let row = sqlx::query_as::<_, RotationRow>(sql).bind(site.as_str()).fetch_optional(conn).await?;
    row.map(Rotation::try_from).transpose()
}

/// The rotations that assign the orders of these units, locked in the order of their sites. To be called before the units are
/// locked.
///
/// # Errors
/// [`StoreError`].
#[tracing::instrument(name = "db.rotation.lock_of_units", skip_all)]
pub async fn lock_of_units<'a>(
    conn: &mut PgConnection,
    units: impl IntoIterator<Item = &'a UnitId>,
) -> Result<Vec<Rotation>, StoreError> {
    let units: Vec<&str> = units.into_iter().map(UnitId::as_str).collect();
    let sql = AssertSqlSafe(format!(
        "select {COLUMNS} from dispatch.rotations
         where unit_id = any($1) and assigns_orders order by site_id for no key update"
    ));
    let rows = sqlx::query_as::<_, RotationRow>(sql).bind(units).fetch_all(conn).await?;
    rows.into_iter().map(Rotation::try_from).collect()
}

/// The site whose rotation this unit has; none when it has none.
///
/// # Errors
/// [`StoreError`].
#[tracing::instrument(name = "db.rotation.site_of", skip_all)]
pub async fn site_of(conn: &mut PgConnection, unit: &UnitId) -> Result<Option<SiteId>, StoreError> {
    let site: Option<String> =
        sqlx::query_scalar("select site_id from dispatch.rotations where unit_id = $1")
            .bind(unit.as_str())
            .fetch_optional(conn)
            .await?;
    site.map(|site| read(TABLE, "site_id", &site)).transpose()
}

/// Keeps a rotation, new or locked.
///
/// # Errors
/// [`StoreError`].
#[tracing::instrument(name = "db.rotation.save", skip_all)]
pub async fn save(conn: &mut PgConnection, rotation: &Rotation) -> Result<(), StoreError> {
    let rules = &rotation.rules;
    let sql = AssertSqlSafe(format!(
        "insert into dispatch.rotations ({COLUMNS}) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
         on conflict on constraint rotations_pkey do update set
             unit_id = excluded.unit_id, policy = excluded.policy, time_zone = excluded.time_zone,
             members = excluded.members, rush_threshold = excluded.rush_threshold,
             trainees_help = excluded.trainees_help, one_at_a_time = excluded.one_at_a_time,
             assigns_orders = excluded.assigns_orders, round = excluded.round,
             turn_count = excluded.turn_count, version = excluded.version"
    ));
    sqlx::query(sql)
        .bind(rotation.site.as_str())
        .bind(rules.unit.as_str())
        .bind(rules.policy.as_str())
        .bind(&rules.time_zone)
        .bind(texts(&rules.members))
        .bind(rules.rush_threshold)
        .bind(rules.trainees_help)
        .bind(rules.one_at_a_time)
        .bind(rules.assigns_orders)
        .bind(Json(&rotation.round))
        .bind(rotation.turn_count)
        .bind(rotation.version)
        .execute(conn)
        .await?;
    Ok(())
}

/// Writes where the round of a locked rotation stands.
///
/// # Errors
/// [`StoreError`].
#[tracing::instrument(name = "db.rotation.save_round", skip_all)]
pub async fn save_round(conn: &mut PgConnection, rotation: &Rotation) -> Result<(), StoreError> {
    sqlx::query("update dispatch.rotations set round = $2, turn_count = $3, version = $4 where site_id = $1")
        .bind(rotation.site.as_str())
        .bind(Json(&rotation.round))
        .bind(rotation.turn_count)
        .bind(rotation.version)
        .execute(conn)
        .await?;
    Ok(())
}

/// Keeps a change of the order; its number is given by the store.
///
/// # Errors
/// [`StoreError`].
#[tracing::instrument(name = "db.rotation.keep_reorder", skip_all)]
pub async fn keep_reorder(
    conn: &mut PgConnection,
    site: &SiteId,
    reorder: &Reorder,
) -> Result<(), StoreError> {
    sqlx::query(
        "insert into dispatch.rotation_reorders (site_id, before, after, reason, actor, reordered_at)
         values ($1, $2, $3, $4, $5, $6)",
    )
    .bind(site.as_str())
    .bind(texts(&reorder.before))
    .bind(texts(&reorder.after))
    .bind(&reorder.reason)
    .bind(&reorder.actor)
    .bind(reorder.reordered_at.to_sqlx())
    .execute(conn)
    .await?;
    Ok(())
}

/// The changes of a site's order, newest first, from after number `after` on.
///
/// # Errors
/// [`StoreError`].
#[tracing::instrument(name = "db.rotation.reorders", skip_all)]
pub async fn reorders(
    conn: &mut PgConnection,
    site: &SiteId,
    after: Option<i64>,
    limit: i64,
) -> Result<Vec<Reorder>, StoreError> {
    type Row = (i64, Vec<String>, Vec<String>, String, String, Timestamp);
    let rows: Vec<Row> = sqlx::query_as(
        "select reorder_no, before, after, reason, actor, reordered_at from dispatch.rotation_reorders
         where site_id = $1 and ($2::bigint is null or reorder_no < $2)
         order by reorder_no desc limit $3",
    )
    .bind(site.as_str())
    .bind(after)
    .bind(limit)
    .fetch_all(conn)
    .await?;
    rows.into_iter()
        .map(|(number, before, after, reason, actor, at)| {
            let before = read_all("dispatch.rotation_reorders", "before", &before)?;
            let after = read_all("dispatch.rotation_reorders", "after", &after)?;
            Ok(Reorder { number, before, after, reason, actor, reordered_at: at.to_jiff() })
        })
        .collect()
}

/// The newest version of a ranking.
///
/// # Errors
/// [`StoreError`].
#[tracing::instrument(name = "db.ranking.find", skip_all)]
pub async fn ranking(
    conn: &mut PgConnection,
    site: &SiteId,
    period: &str,
) -> Result<Option<Ranking>, StoreError> {
    type Row = (i32, Vec<String>, String, String, Timestamp);
    let row: Option<Row> = sqlx::query_as(
        "select version, agents, basis, actor, created_at from dispatch.rankings
         where site_id = $1 and period = $2 order by version desc limit 1",
    )
    .bind(site.as_str())
    .bind(period)
    .fetch_optional(conn)
    .await?;
    row.map(|(version, agents, basis, actor, at)| {
        let agents = read_all("dispatch.rankings", "agents", &agents)?;
        let (site, period, created_at) = (site.clone(), period.to_owned(), at.to_jiff());
        Ok(Ranking { site, period, version, agents, basis, actor, created_at })
    })
    .transpose()
}

/// Keeps a ranking. Versions are drawn under the lock of the rotation.
///
/// # Errors
/// [`StoreError`].
#[tracing::instrument(name = "db.ranking.insert", skip_all)]
pub async fn insert_ranking(conn: &mut PgConnection, ranking: &Ranking) -> Result<(), StoreError> {
    sqlx::query(
        "insert into dispatch.rankings (site_id, period, version, agents, basis, actor, created_at)
         values ($1, $2, $3, $4, $5, $6, $7)",
    )
    .bind(ranking.site.as_str())
    .bind(&ranking.period)
    .bind(ranking.version)
    .bind(texts(&ranking.agents))
    .bind(&ranking.basis)
    .bind(&ranking.actor)
    .bind(ranking.created_at.to_sqlx())
    .execute(conn)
    .await?;
    Ok(())
}

//! Ownerships: one row for each customer. Whoever locks several locks them in the order of their ids.

use std::collections::BTreeSet;

use jiff_sqlx::{Timestamp, ToSqlx};
use kexiang_core::{AgentId, CustomerId, SiteId};
use sqlx::{AssertSqlSafe, FromRow, PgConnection};
use uuid::Uuid;

use super::inconsistent;
use crate::domain::ownership::{Holding, Lease, Ownership, Previous, transition::Load};

const COLUMNS: &str = "customer_id, state, site_id, tier, agent_id, basis, lease_number, started_at, renewed_at, until_at, \
     warns_at, warned, since_at, protected_until_at, previous_agent_id, ended_at, updated_at, version";

#[derive(FromRow)]
struct OwnershipRow {
    customer_id: Uuid,
    state: String,
    site_id: Option<String>,
    tier: String,
    agent_id: Option<String>,
    basis: Option<String>,
    lease_number: i32,
    started_at: Option<Timestamp>,
    renewed_at: Option<Timestamp>,
    until_at: Option<Timestamp>,
    warns_at: Option<Timestamp>,
    warned: bool,
    since_at: Timestamp,
    protected_until_at: Option<Timestamp>,
    previous_agent_id: Option<String>,
    ended_at: Option<Timestamp>,
    updated_at: Timestamp,
    version: i64,
}

impl OwnershipRow {
    fn holding(&self) -> sqlx::Result<Holding> {
        let since = self.since_at.to_jiff();
        match self.state.as_str() {
            "POOLED" => return Ok(Holding::Pooled(since)),
            "LEAD" => return Ok(Holding::Lead(since)),
            _ => {}
        }
        let missing = || inconsistent("an ownership without a lease");
        let time = |at: Option<Timestamp>| at.map(Timestamp::to_jiff).ok_or_else(missing);
        Ok(Holding::Owned(Lease {
            agent: self.agent_id.as_deref().ok_or_else(missing)?.parse().map_err(inconsistent)?,
            basis: self.basis.as_deref().ok_or_else(missing)?.parse().map_err(inconsistent)?,
            started_at: time(self.started_at)?,
            renewed_at: time(self.renewed_at)?,
            until_at: time(self.until_at)?,
            warns_at: time(self.warns_at)?,
            warned: self.warned,
        }))
    }
}

impl TryFrom<OwnershipRow> for Ownership {
    type Error = sqlx::Error;
    fn try_from(row: OwnershipRow) -> sqlx::Result<Self> {
        let previous = row.previous_agent_id.as_deref().zip(row.ended_at).map(|(agent, ended_at)| {
            let agent = agent.parse().map_err(inconsistent)?;
            Ok::<_, sqlx::Error>(Previous { agent, ended_at: ended_at.to_jiff() })
        });
        Ok(Self {
            customer_id: CustomerId::from_uuid(row.customer_id),
            holding: row.holding()?,
            site: row.site_id.as_deref().map(str::parse).transpose().map_err(inconsistent)?,
            tier: row.tier,
            lease_number: row.lease_number,
            protected_until_at: row.protected_until_at.map(Timestamp::to_jiff),
            previous: previous.transpose()?,
            updated_at: row.updated_at.to_jiff(),
            version: row.version,
        })
    }
}

/// Puts customers who have no ownership yet into the pool.
///
/// # Errors
/// Those of the database, as all of these.
#[tracing::instrument(name = "db.ownership.insert", skip_all)]
pub async fn insert_missing(
    conn: &mut PgConnection,
    customers: &[(CustomerId, Option<&SiteId>)],
    now: jiff::Timestamp,
) -> sqlx::Result<()> {
    sqlx::query(
        "insert into customer_records.ownerships (customer_id, state, site_id, since_at, updated_at)
         select distinct on (customer_id) customer_id, 'POOLED', site_id, $3, $3
         from unnest($1::uuid[], $2::text[]) as new (customer_id, site_id)
         order by customer_id
         on conflict (customer_id) do nothing",
    )
    .bind(customers.iter().map(|(id, _)| id.uuid()).collect::<Vec<_>>())
    .bind(customers.iter().map(|(_, site)| site.map(SiteId::as_str)).collect::<Vec<_>>())
    .bind(now.to_sqlx())
    .execute(conn)
    .await?;
    Ok(())
}

/// The ownership of a customer; `None` when there is none.
///
/// # Errors
/// As above.
#[tracing::instrument(name = "db.ownership.find", skip_all)]
pub async fn find(conn: &mut PgConnection, id: CustomerId) -> sqlx::Result<Option<Ownership>> {
    let sql = format!("select {COLUMNS} from customer_records.ownerships where customer_id = $1");
    let row = sqlx::query_as::<_, OwnershipRow>(AssertSqlSafe(sql)).bind(id.uuid());
    row.fetch_optional(conn).await?.map(Ownership::try_from).transpose()
}

/// Ownerships, locked until the transaction ends.
///
/// # Errors
/// As above.
#[tracing::instrument(name = "db.ownership.lock", skip_all)]
pub async fn lock(conn: &mut PgConnection, ids: &BTreeSet<CustomerId>) -> sqlx::Result<Vec<Ownership>> {
    let sql = format!(
        "select {COLUMNS} from customer_records.ownerships where customer_id = any($1)
         order by customer_id for update"
    );
    let ids: Vec<_> = ids.iter().map(|id| id.uuid()).collect();
    let rows = sqlx::query_as::<_, OwnershipRow>(AssertSqlSafe(sql)).bind(ids).fetch_all(conn).await?;
    rows.into_iter().map(TryFrom::try_from).collect()
}

/// Ownerships with something due by `now`, locked, what is due first at the beginning; those that somebody else has locked are
/// left to them.
///
/// # Errors
/// As above.
#[tracing::instrument(name = "db.ownership.lock_due", skip_all)]
pub async fn lock_due(
    conn: &mut PgConnection,
    now: jiff::Timestamp,
    limit: i64,
) -> sqlx::Result<Vec<Ownership>> {
    let sql = format!(
        "select {COLUMNS} from customer_records.ownerships where fires_at <= $1
         order by fires_at limit $2 for update skip locked"
    );
    let query = sqlx::query_as::<_, OwnershipRow>(AssertSqlSafe(sql)).bind(now.to_sqlx()).bind(limit);
    query.fetch_all(conn).await?.into_iter().map(TryFrom::try_from).collect()
}

/// Writes ownerships that are locked, all in one statement.
///
/// # Errors
/// As above.
#[tracing::instrument(name = "db.ownership.update", skip_all, fields(ownerships = ownerships.len()))]
pub async fn update(conn: &mut PgConnection, ownerships: &[Ownership]) -> sqlx::Result<()> {
    let lease = |of: fn(&Lease) -> jiff::Timestamp| -> Vec<Option<Timestamp>> {
        ownerships.iter().map(|ownership| ownership.lease().map(|lease| of(lease).to_sqlx())).collect()
    };
    sqlx::query(
        "update customer_records.ownerships o set
             state = n.state, site_id = n.site_id, tier = n.tier, agent_id = n.agent_id, basis = n.basis,
             lease_number = n.lease_number, started_at = n.started_at, renewed_at = n.renewed_at, until_at = n.until_at,
             warns_at = n.warns_at, warned = n.warned, fires_at = n.fires_at, since_at = coalesce(n.since_at, o.since_at),
             protected_until_at = n.protected_until_at, previous_agent_id = n.previous_agent_id, ended_at = n.ended_at,
             updated_at = n.updated_at, version = n.version
         from unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::integer[], $8::timestamptz[],
                     $9::timestamptz[], $10::timestamptz[], $11::timestamptz[], $12::boolean[], $13::timestamptz[],
                     $14::timestamptz[], $15::timestamptz[], $16::text[], $17::timestamptz[], $18::timestamptz[], $19::bigint[])
              as n (customer_id, state, site_id, tier, agent_id, basis, lease_number, started_at, renewed_at, until_at, warns_at,
                    warned, fires_at, since_at, protected_until_at, previous_agent_id, ended_at, updated_at, version)
         where o.customer_id = n.customer_id",
    )
    .bind(ownerships.iter().map(|o| o.customer_id.uuid()).collect::<Vec<_>>())
    .bind(ownerships.iter().map(|o| o.holding.state()).collect::<Vec<_>>())
    .bind(ownerships.iter().map(|o| o.site.as_ref().map(SiteId::as_str)).collect::<Vec<_>>())
    .bind(ownerships.iter().map(|o| o.tier.as_str()).collect::<Vec<_>>())
    .bind(ownerships.iter().map(|o| o.owner().map(AgentId::as_str)).collect::<Vec<_>>())
    .bind(ownerships.iter().map(|o| o.lease().map(|lease| lease.basis.as_str())).collect::<Vec<_>>())
    .bind(ownerships.iter().map(|o| o.lease_number).collect::<Vec<_>>())
    .bind(lease(|lease| lease.started_at))
    .bind(lease(|lease| lease.renewed_at))
    .bind(lease(|lease| lease.until_at))
    .bind(lease(|lease| lease.warns_at))
    .bind(ownerships.iter().map(|o| o.lease().is_some_and(|lease| lease.warned)).collect::<Vec<_>>())
    .bind(ownerships.iter().map(|o| o.fires_at().map(ToSqlx::to_sqlx)).collect::<Vec<_>>())
    .bind(ownerships.iter().map(since).collect::<Vec<_>>())
    .bind(ownerships.iter().map(|o| o.protected_until_at.map(ToSqlx::to_sqlx)).collect::<Vec<_>>())
    .bind(ownerships.iter().map(|o| o.previous.as_ref().map(|p| p.agent.as_str())).collect::<Vec<_>>())
    .bind(ownerships.iter().map(|o| o.previous.as_ref().map(|p| p.ended_at.to_sqlx())).collect::<Vec<_>>())
    .bind(ownerships.iter().map(|o| o.updated_at.to_sqlx()).collect::<Vec<_>>())
    .bind(ownerships.iter().map(|o| o.version).collect::<Vec<_>>())
    .execute(conn)
    .await?;
    Ok(())
}

fn since(ownership: &Ownership) -> Option<Timestamp> {
    match &ownership.holding {
        Holding::Owned(_) => None,
        Holding::Pooled(since) | Holding::Lead(since) => Some(since.to_sqlx()),
    }
}

/// Makes an agent's claims take turns until the transaction ends, so that no two count the same load.
///
/// # Errors
/// As above.
#[tracing::instrument(name = "db.ownership.take_turn", skip_all)]
pub async fn take_turn(conn: &mut PgConnection, agent: &AgentId) -> sqlx::Result<()> {
    sqlx::query("select pg_advisory_xact_lock(hashtextextended('customer_records.claim/' || $1, 0))")
        .bind(agent.as_str())
        .execute(conn)
        .await?;
    Ok(())
}

/// What an agent owns at `now`, and has claimed since `day`.
///
/// # Errors
/// As above.
#[tracing::instrument(name = "db.ownership.load", skip_all)]
pub async fn load_of(
    conn: &mut PgConnection,
    agent: &AgentId,
    day: jiff::Timestamp,
    now: jiff::Timestamp,
) -> sqlx::Result<Load> {
    let sql = format!(
        "select (select count(*) from customer_records.ownerships
                 where agent_id = $1 and state = 'OWNED' and until_at > $3 and {UNMERGED}),
                (select count(*) from customer_records.ownership_entries
                 where agent_id = $1 and kind = 'CLAIMED' and recorded_at >= $2)"
    );
    let (held, claimed_today) = sqlx::query_as(AssertSqlSafe(sql))
        .bind(agent.as_str())
        .bind(day.to_sqlx())
        .bind(now.to_sqlx())
        .fetch_one(conn)
        .await?;
    Ok(Load { held, claimed_today })
}

/// What was merged into another customer is nobody's to list, to claim or to count: the survivor's ownership counts.
const UNMERGED: &str = "not exists (select from customer_records.customers c
                     where c.customer_id = ownerships.customer_id and c.merged_into is not null)";

/// Which ownerships to list; each is read along one index.
#[derive(Debug, Clone)]
pub enum Which {
    /// An agent's, by their end.
    OwnedBy(AgentId, Option<jiff::Timestamp>),
    /// The pool, by age: whole, of a site, of a tier of a site.
    Pool(Option<(SiteId, Option<String>)>, Option<jiff::Timestamp>),
    /// Leads that wait, by age.
    Leads(Option<SiteId>),
}

/// A page of ownerships.
///
/// # Errors
/// As above.
#[tracing::instrument(name = "db.ownership.list", skip_all)]
pub async fn list(
    conn: &mut PgConnection,
    which: &Which,
    after: Option<(jiff::Timestamp, CustomerId)>,
    limit: i64,
) -> sqlx::Result<Vec<Ownership>> {
    let (site, tier, agent, before);
    let (key, conditions) = match which {
        Which::OwnedBy(owner, until) => {
            (site, tier, agent, before) = (None, None, Some(owner.as_str()), *until);
            ("until_at", "state = 'OWNED' and agent_id = $3")
        }
        Which::Pool(None, until) => {
            (site, tier, agent, before) = (None, None, None, *until);
            ("since_at", "state = 'POOLED'")
        }
        Which::Pool(Some((of, None)), until) => {
            (site, tier, agent, before) = (Some(of.as_str()), None, None, *until);
            ("since_at", "state = 'POOLED' and site_id = $1")
        }
        Which::Pool(Some((of, Some(code))), until) => {
            (site, tier, agent, before) = (Some(of.as_str()), Some(code.as_str()), None, *until);
            ("since_at", "state = 'POOLED' and site_id = $1 and tier = $2")
        }
        Which::Leads(of) => {
            (site, tier, agent, before) = (of.as_ref().map(SiteId::as_str), None, None, None);
            ("since_at", "state = 'LEAD' and ($1::text is null or site_id = $1)")
        }
    };
    let before_clause = if before.is_some() { format!("and {key} < $4") } else { String::new() };
    // Parameters that a list does not use are named where they cost nothing.
    let sql = format!(
        "select {COLUMNS} from customer_records.ownerships
         where {conditions} {before_clause} and {UNMERGED} and ({key}, customer_id) > (coalesce($5, '-infinity'::timestamptz), $6::uuid)
           and ($1::text, $2::text, $3::text, $4::timestamptz) is not distinct from ($1, $2, $3, $4)
         order by {key}, customer_id limit $7"
    );
    let rows = sqlx::query_as::<_, OwnershipRow>(AssertSqlSafe(sql))
        .bind(site)
        .bind(tier)
        .bind(agent)
        .bind(before.map(ToSqlx::to_sqlx))
        .bind(after.map(|(at, _)| at.to_sqlx()))
        .bind(after.map_or(Uuid::nil(), |(_, id)| id.uuid()))
        .bind(limit)
        .fetch_all(conn)
        .await?;
    rows.into_iter().map(TryFrom::try_from).collect()
}

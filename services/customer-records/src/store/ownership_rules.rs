//! Rules of ownership: few, read whole.

use jiff_sqlx::{Timestamp, ToSqlx};
use kexiang_core::{OwnershipRuleId, SiteId};
use sqlx::{AssertSqlSafe, FromRow, PgConnection};
use uuid::Uuid;

use super::inconsistent;
use crate::domain::ownership::policy::{Rule, Selector, Terms};

const COLUMNS: &str = "rule_id, site_id, tier, under_agreement, lease_days, warning_days, daily_claims, held_limit, \
     cool_off_days, new_customer_days, new_customer_follow_ups, updated_at, version";

#[derive(FromRow)]
struct RuleRow {
    rule_id: Uuid,
    site_id: Option<String>,
    tier: Option<String>,
    under_agreement: Option<bool>,
    lease_days: i32,
    warning_days: i32,
    daily_claims: i32,
    held_limit: i32,
    cool_off_days: i32,
    new_customer_days: i32,
    new_customer_follow_ups: i32,
    updated_at: Timestamp,
    version: i64,
}

impl TryFrom<RuleRow> for Rule {
    type Error = sqlx::Error;
    fn try_from(row: RuleRow) -> sqlx::Result<Self> {
        Ok(Self {
            rule_id: OwnershipRuleId::from_uuid(row.rule_id),
            selector: Selector {
                site: row.site_id.as_deref().map(str::parse).transpose().map_err(inconsistent)?,
                tier: row.tier,
                under_agreement: row.under_agreement,
            },
            terms: Terms {
                lease_days: row.lease_days,
                warning_days: row.warning_days,
                daily_claims: row.daily_claims,
                held_limit: row.held_limit,
                cool_off_days: row.cool_off_days,
                new_customer_days: row.new_customer_days,
                new_customer_follow_ups: row.new_customer_follow_ups,
            },
            updated_at: row.updated_at.to_jiff(),
            version: row.version,
        })
    }
}

/// Rules newer than `after`, oldest first.
///
/// # Errors
/// Those of the database, as all of these.
#[tracing::instrument(name = "db.ownership_rule.list", skip_all)]
pub async fn list(
    conn: &mut PgConnection,
    after: Option<OwnershipRuleId>,
    limit: i64,
) -> sqlx::Result<Vec<Rule>> {
    let sql = format!(
        "select {COLUMNS} from customer_records.ownership_rules where rule_id > $1 order by rule_id limit $2"
    );
    let after = after.map_or(Uuid::nil(), OwnershipRuleId::uuid);
    let rows =
        sqlx::query_as::<_, RuleRow>(AssertSqlSafe(sql)).bind(after).bind(limit).fetch_all(conn).await?;
    rows.into_iter().map(TryFrom::try_from).collect()
}

/// Makes the changes of rules take turns until the transaction ends.
///
/// # Errors
/// As above.
#[tracing::instrument(name = "db.ownership_rule.take_turn", skip_all)]
pub async fn take_turn(conn: &mut PgConnection) -> sqlx::Result<()> {
    // Readers are not held up.
    sqlx::query("lock table customer_records.ownership_rules in share row exclusive mode")
        .execute(conn)
        .await?;
    Ok(())
}

/// Writes a rule, new or changed.
///
/// # Errors
/// As above.
#[tracing::instrument(name = "db.ownership_rule.upsert", skip_all)]
pub async fn upsert(conn: &mut PgConnection, rule: &Rule) -> sqlx::Result<()> {
    let Rule { rule_id, selector, terms, updated_at, version } = rule;
    let sql = format!(
        "insert into customer_records.ownership_rules ({COLUMNS})
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
         on conflict (rule_id) do update set
             lease_days = excluded.lease_days, warning_days = excluded.warning_days, daily_claims = excluded.daily_claims,
             held_limit = excluded.held_limit, cool_off_days = excluded.cool_off_days,
             new_customer_days = excluded.new_customer_days, new_customer_follow_ups = excluded.new_customer_follow_ups,
             updated_at = excluded.updated_at, version = excluded.version"
    );
    sqlx::query(AssertSqlSafe(sql))
        .bind(rule_id.uuid())
        .bind(selector.site.as_ref().map(SiteId::as_str))
        .bind(selector.tier.as_deref())
        .bind(selector.under_agreement)
        .bind(terms.lease_days)
        .bind(terms.warning_days)
        .bind(terms.daily_claims)
        .bind(terms.held_limit)
        .bind(terms.cool_off_days)
        .bind(terms.new_customer_days)
        .bind(terms.new_customer_follow_ups)
        .bind(updated_at.to_sqlx())
        .bind(version)
        .execute(conn)
        .await?;
    Ok(())
}

/// Deletes a rule.
///
/// # Errors
/// As above.
#[tracing::instrument(name = "db.ownership_rule.delete", skip_all)]
pub async fn delete(conn: &mut PgConnection, id: OwnershipRuleId) -> sqlx::Result<()> {
    sqlx::query("delete from customer_records.ownership_rules where rule_id = $1")
        .bind(id.uuid())
        .execute(conn)
        .await?;
    Ok(())
}

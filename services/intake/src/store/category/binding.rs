//! Which site is bound to which tree, and under which edition cases were accepted.

use jiff_sqlx::{Timestamp as SqlTimestamp, ToSqlx};
use kexiang_core::{CaseId, CategoryTreeId, SiteId};
use kexiang_pg::Statement;
use sqlx::{FromRow, PgConnection};

use crate::{
    domain::category::{Binding, Edition},
    store::{optional_word, word},
};

/// The binding of a site; `None` when it was never bound.
#[tracing::instrument(name = "db.category_binding.find", skip_all)]
pub async fn find(connection: &mut PgConnection, site: &SiteId) -> sqlx::Result<Option<Binding>> {
    let row: Option<BindingRow> = sqlx::query_as(
        "select site_id, tree_id, revision, bound_at, bound_by from intake.site_category_trees where site_id = $1",
    )
    .bind(site.as_str())
    .fetch_optional(connection)
    .await?;
    row.map(Binding::try_from).transpose()
}

/// Saves a binding over the one before it; false when another one came in between.
#[tracing::instrument(name = "db.category_binding.save", skip_all)]
pub async fn save(connection: &mut PgConnection, binding: &Binding) -> sqlx::Result<bool> {
    let (at, by) = binding.bound.as_ref().map(|(at, by)| (at.to_sqlx(), by.as_str())).unzip();
    let saved = sqlx::query(
        "insert into intake.site_category_trees as b (site_id, tree_id, revision, bound_at, bound_by)
         values ($1, $2, $3, $4, $5)
         on conflict on constraint site_category_trees_pkey do update
             set tree_id = $2, revision = $3, bound_at = $4, bound_by = $5
             where b.revision = $3 - 1",
    )
    .bind(binding.site.as_str())
    .bind(binding.tree.as_ref().map(CategoryTreeId::as_str))
    .bind(binding.revision)
    .bind(at)
    .bind(by)
    .execute(connection)
    .await?;
    Ok(saved.rows_affected() == 1)
}

/// All bound sites with the editions in force.
#[tracing::instrument(name = "db.category_binding.list", skip_all)]
pub async fn list(connection: &mut PgConnection) -> sqlx::Result<Vec<(SiteId, Edition)>> {
    let rows: Vec<(String, String, i32)> = sqlx::query_as(
        "select b.site_id, t.tree_id, t.current_version
         from intake.site_category_trees as b join intake.category_trees as t using (tree_id)
         where t.current_version is not null",
    )
    .fetch_all(connection)
    .await?;
    rows.into_iter()
        .map(|(site, tree, version)| Ok((word("site_id", &site)?, edition(&tree, version)?)))
        .collect()
}

/// The sites that are bound to a tree, by id.
#[tracing::instrument(name = "db.category_binding.sites", skip_all)]
pub async fn sites(connection: &mut PgConnection, tree: &CategoryTreeId) -> sqlx::Result<Vec<SiteId>> {
    let rows: Vec<String> = sqlx::query_scalar(
        "select site_id from intake.site_category_trees where tree_id = $1 order by site_id",
    )
    .bind(tree.as_str())
    .fetch_all(connection)
    .await?;
    rows.iter().map(|site| word("site_id", site)).collect()
}

/// Adds the keeping of under which editions cases are accepted.
pub fn insert_editions(statement: &mut Statement, editions: &[(CaseId, Edition)]) {
    if editions.is_empty() {
        return;
    }
    statement
        .insert("intake.case_category_versions", editions)
        .column("case_id", "uuid", |(case, _)| case.uuid())
        .column("tree_id", "text", |(_, edition)| edition.tree.as_str())
        .column("version", "integer", |(_, edition)| edition.version)
        .add();
}

/// The edition under which a case was accepted.
#[tracing::instrument(name = "db.case_category.find", skip_all)]
pub async fn find_edition(connection: &mut PgConnection, case: CaseId) -> sqlx::Result<Option<Edition>> {
    let row: Option<(String, i32)> =
        sqlx::query_as("select tree_id, version from intake.case_category_versions where case_id = $1")
            .bind(case.uuid())
            .fetch_optional(connection)
            .await?;
    row.map(|(tree, version)| edition(&tree, version)).transpose()
}

fn edition(tree: &str, version: i32) -> sqlx::Result<Edition> {
    Ok(Edition { tree: word("tree_id", tree)?, version })
}

#[derive(FromRow)]
struct BindingRow {
    site_id: String,
    tree_id: Option<String>,
    revision: i64,
    bound_at: SqlTimestamp,
    bound_by: String,
}

impl TryFrom<BindingRow> for Binding {
    type Error = sqlx::Error;
    fn try_from(row: BindingRow) -> Result<Self, Self::Error> {
        Ok(Self {
            site: word("site_id", &row.site_id)?,
            tree: optional_word("tree_id", row.tree_id)?,
            revision: row.revision,
            bound: Some((row.bound_at.to_jiff(), row.bound_by)),
        })
    }
}

//! Trees, their versions, their categories.

use jiff_sqlx::{Timestamp as SqlTimestamp, ToSqlx};
use kexiang_core::{CategoryTreeId, Kind, Severity};
use sqlx::{AssertSqlSafe, FromRow, PgConnection};

use crate::{
    domain::category::{Category, CategoryTree, TreeVersion},
    store::{optional_word, word},
};

const TREE: &str = "tree_id, display_name, current_version, latest_version, revision, created_at, updated_at";
const VERSION: &str = "tree_id, version, note, category_count, retired_count, drafted_at, drafted_by, \
     published_at, published_by";
const CATEGORY: &str = "position, code, parent_code, path_codes, display_name_zh, display_name_en, kinds, \
     retired, default_severity";

/// Which categories of a version to list.
#[derive(Debug, Clone, Default)]
pub struct CategoryFilter {
    /// This one and those below it.
    pub subtree: Option<String>,
    /// Those for this kind.
    pub kind: Option<Kind>,
    /// Those with this text in a name.
    pub query: Option<String>,
    /// The retired ones too.
    pub show_retired: bool,
}

/// Inserts a tree; false when the id is taken.
#[tracing::instrument(name = "db.category_tree.insert", skip_all)]
pub async fn insert(connection: &mut PgConnection, tree: &CategoryTree) -> sqlx::Result<bool> {
    let inserted = sqlx::query(
        "insert into intake.category_trees
             (tree_id, display_name, current_version, latest_version, revision, created_at, updated_at)
         values ($1, $2, $3, $4, $5, $6, $7) on conflict on constraint category_trees_pkey do nothing",
    )
    .bind(tree.id.as_str())
    .bind(&tree.display_name)
    .bind(tree.current_version)
    .bind(tree.latest_version)
    .bind(tree.revision)
    .bind(tree.created_at.to_sqlx())
    .bind(tree.updated_at.to_sqlx())
    .execute(connection)
    .await?;
    Ok(inserted.rows_affected() == 1)
}

/// Saves what drafting and publishing change. The row is locked by [`lock`].
#[tracing::instrument(name = "db.category_tree.update", skip_all)]
pub async fn update(connection: &mut PgConnection, tree: &CategoryTree) -> sqlx::Result<()> {
    sqlx::query(
        "update intake.category_trees
         set current_version = $2, latest_version = $3, revision = $4, updated_at = $5 where tree_id = $1",
    )
    .bind(tree.id.as_str())
    .bind(tree.current_version)
    .bind(tree.latest_version)
    .bind(tree.revision)
    .bind(tree.updated_at.to_sqlx())
    .execute(connection)
    .await?;
    Ok(())
}

/// The tree with this id.
#[tracing::instrument(name = "db.category_tree.find", skip_all)]
pub async fn find(connection: &mut PgConnection, id: &CategoryTreeId) -> sqlx::Result<Option<CategoryTree>> {
    one(connection, id, "").await
}

/// The same, locked until the transaction ends.
#[tracing::instrument(name = "db.category_tree.lock", skip_all)]
pub async fn lock(connection: &mut PgConnection, id: &CategoryTreeId) -> sqlx::Result<Option<CategoryTree>> {
    one(connection, id, "for update").await
}

async fn one(
    connection: &mut PgConnection,
    id: &CategoryTreeId,
    locking: &str,
) -> sqlx::Result<Option<CategoryTree>> {
    let sql = format!("select {TREE} from intake.category_trees where tree_id = $1 {locking}");
    let row = sqlx::query_as::<_, TreeRow>(AssertSqlSafe(sql)).bind(id.as_str());
    row.fetch_optional(connection).await?.map(CategoryTree::try_from).transpose()
}

/// Inserts a draft with its categories, in their order.
#[tracing::instrument(name = "db.category_tree.insert_version", skip_all)]
pub async fn insert_version(
    connection: &mut PgConnection,
    version: &TreeVersion,
    categories: &[Category],
) -> sqlx::Result<()> {
    sqlx::query(
        "insert into intake.category_tree_versions
             (tree_id, version, state, note, category_count, retired_count, drafted_at, drafted_by)
         values ($1, $2, 'DRAFT', $3, $4, $5, $6, $7)",
    )
    .bind(version.tree.as_str())
    .bind(version.version)
    .bind(version.note.as_deref())
    .bind(version.category_count)
    .bind(version.retired_count)
    .bind(version.drafted_at.to_sqlx())
    .bind(&version.drafted_by)
    .execute(&mut *connection)
    .await?;
    insert_categories(connection, version, categories).await
}

/// Lists travel as text with a separator that codes can't have, for PostgreSQL unnests no ragged arrays.
async fn insert_categories(
    connection: &mut PgConnection,
    version: &TreeVersion,
    categories: &[Category],
) -> sqlx::Result<()> {
    const SEPARATOR: &str = "\u{1}";
    let kinds = |c: &Category| c.kinds.iter().map(|kind| kind.as_str()).collect::<Vec<_>>().join(SEPARATOR);
    sqlx::query(
        "insert into intake.categories
             (tree_id, version, position, code, parent_code, path_codes, display_name_zh, display_name_en, kinds,
              retired, default_severity)
         select $1, $2, c.nr - 1, c.code, c.parent_code, string_to_array(c.path_codes, e'\\x01'), c.zh, c.en,
                string_to_array(c.kinds, e'\\x01'), c.retired, c.default_severity
         from unnest($3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::boolean[], $10::text[])
             with ordinality as c (code, parent_code, path_codes, zh, en, kinds, retired, default_severity, nr)",
    )
    .bind(version.tree.as_str())
    .bind(version.version)
    .bind(categories.iter().map(|c| c.code.as_str()).collect::<Vec<_>>())
    .bind(categories.iter().map(|c| c.parent.as_deref()).collect::<Vec<_>>())
    .bind(categories.iter().map(|c| c.path.join(SEPARATOR)).collect::<Vec<_>>())
    .bind(categories.iter().map(|c| c.display_name_zh.as_deref()).collect::<Vec<_>>())
    .bind(categories.iter().map(|c| c.display_name_en.as_deref()).collect::<Vec<_>>())
    .bind(categories.iter().map(kinds).collect::<Vec<_>>())
    .bind(categories.iter().map(|c| c.retired).collect::<Vec<_>>())
    .bind(categories.iter().map(|c| c.default_severity.map(Severity::as_str)).collect::<Vec<_>>())
    .execute(connection)
    .await?;
    Ok(())
}

/// Keeps that a version was published.
#[tracing::instrument(name = "db.category_tree.publish", skip_all)]
pub async fn publish(connection: &mut PgConnection, version: &TreeVersion) -> sqlx::Result<()> {
    let (at, by) = version.published.as_ref().map(|(at, by)| (at.to_sqlx(), by.as_str())).unzip();
    sqlx::query(
        "update intake.category_tree_versions set state = 'PUBLISHED', published_at = $3, published_by = $4
         where tree_id = $1 and version = $2",
    )
    .bind(version.tree.as_str())
    .bind(version.version)
    .bind(at)
    .bind(by)
    .execute(connection)
    .await?;
    Ok(())
}

/// A version of a tree.
#[tracing::instrument(name = "db.category_tree.find_version", skip_all)]
pub async fn find_version(
    connection: &mut PgConnection,
    id: &CategoryTreeId,
    version: i32,
) -> sqlx::Result<Option<TreeVersion>> {
    let sql =
        format!("select {VERSION} from intake.category_tree_versions where tree_id = $1 and version = $2");
    let row = sqlx::query_as::<_, VersionRow>(AssertSqlSafe(sql)).bind(id.as_str()).bind(version);
    row.fetch_optional(connection).await?.map(TreeVersion::try_from).transpose()
}

/// Versions before `before`, newest first.
#[tracing::instrument(name = "db.category_tree.list_versions", skip_all)]
pub async fn list_versions(
    connection: &mut PgConnection,
    id: &CategoryTreeId,
    before: Option<i32>,
    limit: i64,
) -> sqlx::Result<Vec<TreeVersion>> {
    let sql = format!(
        "select {VERSION} from intake.category_tree_versions
         where tree_id = $1 and ($2::integer is null or version < $2) order by version desc limit $3"
    );
    let rows = sqlx::query_as::<_, VersionRow>(AssertSqlSafe(sql)).bind(id.as_str()).bind(before).bind(limit);
    rows.fetch_all(connection).await?.into_iter().map(TreeVersion::try_from).collect()
}

/// Codes of version `before` that version `after` lacks, in the order of the older one.
#[tracing::instrument(name = "db.category_tree.find_missing_codes", skip_all)]
pub async fn find_missing_codes(
    connection: &mut PgConnection,
    id: &CategoryTreeId,
    before: i32,
    after: i32,
) -> sqlx::Result<Vec<String>> {
    sqlx::query_scalar(
        "select old.code from intake.categories as old
         where old.tree_id = $1 and old.version = $2
           and not exists (select from intake.categories as new
                           where new.tree_id = $1 and new.version = $3 and new.code = old.code)
         order by old.position",
    )
    .bind(id.as_str())
    .bind(before)
    .bind(after)
    .fetch_all(connection)
    .await
}

/// Categories of a version after a position, in the order of the draft, with their positions.
#[tracing::instrument(name = "db.category.list", skip_all)]
pub async fn list_categories(
    connection: &mut PgConnection,
    id: &CategoryTreeId,
    version: i32,
    filter: &CategoryFilter,
    after: Option<i32>,
    limit: i64,
) -> sqlx::Result<Vec<(i32, Category)>> {
    let sql = format!(
        "select {CATEGORY} from intake.categories
         where tree_id = $1 and version = $2 and ($3::integer is null or position > $3)
           and ($4::text is null or $4 = any(path_codes))
           and ($5::text is null or kinds = '{{}}' or $5 = any(kinds))
           and ($6::text is null or strpos(lower(display_name_zh), lower($6)) > 0
                                 or strpos(lower(display_name_en), lower($6)) > 0)
           and ($7 or not retired)
         order by position limit $8"
    );
    let rows = sqlx::query_as::<_, CategoryRow>(AssertSqlSafe(sql))
        .bind(id.as_str())
        .bind(version)
        .bind(after)
        .bind(filter.subtree.as_deref())
        .bind(filter.kind.map(Kind::as_str))
        .bind(filter.query.as_deref())
        .bind(filter.show_retired)
        .bind(limit);
    let rows = rows.fetch_all(connection).await?;
    rows.into_iter().map(|row| Ok((row.position, Category::try_from(row)?))).collect()
}

/// The categories of a version with these codes, in no order.
#[tracing::instrument(name = "db.category.find", skip_all)]
pub async fn find_categories(
    connection: &mut PgConnection,
    id: &CategoryTreeId,
    version: i32,
    codes: &[&str],
) -> sqlx::Result<Vec<Category>> {
    let sql = format!(
        "select {CATEGORY} from intake.categories where tree_id = $1 and version = $2 and code = any($3)"
    );
    let rows =
        sqlx::query_as::<_, CategoryRow>(AssertSqlSafe(sql)).bind(id.as_str()).bind(version).bind(codes);
    rows.fetch_all(connection).await?.into_iter().map(Category::try_from).collect()
}

/// All codes of a version, and whether each is retired.
#[tracing::instrument(name = "db.category.codes", skip_all)]
pub async fn codes(
    connection: &mut PgConnection,
    id: &CategoryTreeId,
    version: i32,
) -> sqlx::Result<Vec<(String, bool)>> {
    sqlx::query_as("select code, retired from intake.categories where tree_id = $1 and version = $2")
        .bind(id.as_str())
        .bind(version)
        .fetch_all(connection)
        .await
}

#[derive(FromRow)]
struct TreeRow {
    tree_id: String,
    display_name: String,
    current_version: Option<i32>,
    latest_version: i32,
    revision: i64,
    created_at: SqlTimestamp,
    updated_at: SqlTimestamp,
}

impl TryFrom<TreeRow> for CategoryTree {
    type Error = sqlx::Error;
    fn try_from(row: TreeRow) -> Result<Self, Self::Error> {
        Ok(Self {
            id: word("tree_id", &row.tree_id)?,
            display_name: row.display_name,
            current_version: row.current_version,
            latest_version: row.latest_version,
            revision: row.revision,
            created_at: row.created_at.to_jiff(),
            updated_at: row.updated_at.to_jiff(),
        })
    }
}

#[derive(FromRow)]
struct VersionRow {
    tree_id: String,
    version: i32,
    note: Option<String>,
    category_count: i32,
    retired_count: i32,
    drafted_at: SqlTimestamp,
    drafted_by: String,
    published_at: Option<SqlTimestamp>,
    published_by: Option<String>,
}

impl TryFrom<VersionRow> for TreeVersion {
    type Error = sqlx::Error;
    fn try_from(row: VersionRow) -> Result<Self, Self::Error> {
        Ok(Self {
            tree: word("tree_id", &row.tree_id)?,
            version: row.version,
            note: row.note,
            category_count: row.category_count,
            retired_count: row.retired_count,
            drafted_at: row.drafted_at.to_jiff(),
            drafted_by: row.drafted_by,
            published: row.published_at.map(SqlTimestamp::to_jiff).zip(row.published_by),
        })
    }
}

#[derive(FromRow)]
struct CategoryRow {
    position: i32,
    code: String,
    parent_code: Option<String>,
    path_codes: Vec<String>,
    display_name_zh: Option<String>,
    display_name_en: Option<String>,
    kinds: Vec<String>,
    retired: bool,
    default_severity: Option<String>,
}

impl TryFrom<CategoryRow> for Category {
    type Error = sqlx::Error;
    fn try_from(row: CategoryRow) -> Result<Self, Self::Error> {
        Ok(Self {
            code: row.code,
            parent: row.parent_code,
            path: row.path_codes,
            display_name_zh: row.display_name_zh,
            display_name_en: row.display_name_en,
            kinds: row.kinds.iter().map(|kind| word("kinds", kind)).collect::<Result<_, _>>()?,
            retired: row.retired,
            default_severity: optional_word("default_severity", row.default_severity)?,
        })
    }
}

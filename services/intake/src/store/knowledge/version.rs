//! Versions of articles.

use jiff_sqlx::{Timestamp as SqlTimestamp, ToSqlx};
use kexiang_core::{Actor, SiteId, id::ArticleId};
use sqlx::{AssertSqlSafe, FromRow, PgConnection};
use uuid::Uuid;

use super::super::{optional_word, word};
use crate::domain::knowledge::{Content, Version, VersionId};

const COLUMNS: &str = "article_id, number, state, site_id, kind, category, language, title, body, keywords, \
     valid_from_at, valid_until_at, authors, reviewer, reject_reason, created_at, updated_at, submitted_at, published_at";

/// Writes a version, new or changed. The article is locked, or new.
#[tracing::instrument(name = "db.article_version.save", skip_all)]
pub async fn save(connection: &mut PgConnection, article: ArticleId, version: &Version) -> sqlx::Result<()> {
    let content = &version.content;
    let authors: Vec<_> = version.authors.iter().map(Actor::to_string).collect();
    sqlx::query(
        "insert into intake.article_versions
             (article_id, number, state, site_id, kind, category, language, title, body, keywords, valid_from_at,
              valid_until_at, authors, reviewer, reject_reason, created_at, updated_at, submitted_at, published_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19)
         on conflict (article_id, number) do update set
             state = excluded.state, site_id = excluded.site_id, kind = excluded.kind, category = excluded.category,
             language = excluded.language, title = excluded.title, body = excluded.body, keywords = excluded.keywords,
             valid_from_at = excluded.valid_from_at, valid_until_at = excluded.valid_until_at,
             authors = excluded.authors, reviewer = excluded.reviewer, reject_reason = excluded.reject_reason,
             updated_at = excluded.updated_at, submitted_at = excluded.submitted_at,
             published_at = excluded.published_at",
    )
    .bind(article.uuid())
    .bind(version.number)
    .bind(version.state.as_str())
    .bind(content.site.as_ref().map(SiteId::as_str))
    .bind(content.kind.as_str())
    .bind(&content.category)
    .bind(content.language.as_str())
    .bind(&content.title)
    .bind(&content.body)
    .bind(&content.keywords)
    .bind(content.valid_from_at.map(ToSqlx::to_sqlx))
    .bind(content.valid_until_at.map(ToSqlx::to_sqlx))
    .bind(authors)
    .bind(version.reviewer.as_ref().map(Actor::to_string))
    .bind(version.reject_reason.as_deref())
    .bind(version.created_at.to_sqlx())
    .bind(version.updated_at.to_sqlx())
    .bind(version.submitted_at.map(ToSqlx::to_sqlx))
    .bind(version.published_at.map(ToSqlx::to_sqlx))
    .execute(connection)
    .await?;
    Ok(())
}

/// These versions, in no order; unknown ones are left out.
#[tracing::instrument(name = "db.article_version.find", skip_all, fields(versions = ids.len()))]
pub async fn find(
    connection: &mut PgConnection,
    ids: &[VersionId],
) -> sqlx::Result<Vec<(VersionId, Version)>> {
    let sql = format!(
        "select {COLUMNS} from intake.article_versions
         where (article_id, number) in (select * from unnest($1::uuid[], $2::integer[]))"
    );
    let rows = sqlx::query_as::<_, VersionRow>(AssertSqlSafe(sql))
        .bind(ids.iter().map(|id| id.article.uuid()).collect::<Vec<_>>())
        .bind(ids.iter().map(|id| id.number).collect::<Vec<_>>())
        .fetch_all(connection)
        .await?;
    rows.into_iter().map(VersionRow::read).collect()
}

/// A page of the versions of an article, newest first.
#[tracing::instrument(name = "db.article_version.list", skip_all)]
pub async fn list(
    connection: &mut PgConnection,
    article: ArticleId,
    after: Option<i32>,
    limit: i64,
) -> sqlx::Result<Vec<Version>> {
    let sql = format!(
        "select {COLUMNS} from intake.article_versions
         where article_id = $1 and ($2::integer is null or number < $2) order by number desc limit $3"
    );
    let rows = sqlx::query_as::<_, VersionRow>(AssertSqlSafe(sql))
        .bind(article.uuid())
        .bind(after)
        .bind(limit)
        .fetch_all(connection)
        .await?;
    rows.into_iter().map(|row| row.read().map(|(_, version)| version)).collect()
}

#[derive(FromRow)]
struct VersionRow {
    article_id: Uuid,
    number: i32,
    state: String,
    site_id: Option<String>,
    kind: String,
    category: String,
    language: String,
    title: String,
    body: String,
    keywords: Vec<String>,
    valid_from_at: Option<SqlTimestamp>,
    valid_until_at: Option<SqlTimestamp>,
    authors: Vec<String>,
    reviewer: Option<String>,
    reject_reason: Option<String>,
    created_at: SqlTimestamp,
    updated_at: SqlTimestamp,
    submitted_at: Option<SqlTimestamp>,
    published_at: Option<SqlTimestamp>,
}

impl VersionRow {
    fn read(self) -> sqlx::Result<(VersionId, Version)> {
        let id = VersionId { article: ArticleId::from_uuid(self.article_id), number: self.number };
        let content = Content {
            site: optional_word("site_id", self.site_id)?,
            kind: word("kind", &self.kind)?,
            category: self.category,
            language: word("language", &self.language)?,
            title: self.title,
            body: self.body,
            keywords: self.keywords,
            valid_from_at: self.valid_from_at.map(SqlTimestamp::to_jiff),
            valid_until_at: self.valid_until_at.map(SqlTimestamp::to_jiff),
        };
        let authors = self.authors.iter().map(|author| word("authors", author)).collect::<Result<_, _>>()?;
        let version = Version {
            number: self.number,
            state: word("state", &self.state)?,
            content,
            authors,
            reviewer: optional_word("reviewer", self.reviewer)?,
            reject_reason: self.reject_reason,
            created_at: self.created_at.to_jiff(),
            updated_at: self.updated_at.to_jiff(),
            submitted_at: self.submitted_at.map(SqlTimestamp::to_jiff),
            published_at: self.published_at.map(SqlTimestamp::to_jiff),
        };
        Ok((id, version))
    }
}

//! Articles, with the versions that are served and drafted.

use std::collections::HashMap;

use jiff_sqlx::{Timestamp as SqlTimestamp, ToSqlx};
use kexiang_core::{Timestamp, id::ArticleId};
use sqlx::{AssertSqlSafe, FromRow, PgConnection};
use uuid::Uuid;

use super::{super::word, version};
use crate::domain::knowledge::{Article, ArticleKind, ArticleState, Language, Version, VersionId};

const COLUMNS: &str = "article_id, state, published_number, draft_number, last_number, helped, not_helped, \
     retire_reason, created_at, updated_at, version";

/// Which articles to list.
#[derive(Debug, Clone, Default)]
pub struct ArticleFilter {
    /// Of this kind.
    pub kind: Option<ArticleKind>,
    /// Of this category.
    pub category: Option<String>,
    /// In this language, or one of its family.
    pub language: Option<Language>,
    /// In this state now.
    pub state: Option<ArticleState>,
}

/// Writes an article, new or changed; its versions are written before or after. The row is locked, or new.
#[tracing::instrument(name = "db.article.save", skip_all)]
pub async fn save(connection: &mut PgConnection, article: &Article) -> sqlx::Result<()> {
    let number = |version: &Option<Version>| version.as_ref().map(|version| version.number);
    let shown = article.shown().map(|version| &version.content);
    let until = article.published.as_ref().and_then(|version| version.content.valid_until_at);
    sqlx::query(
        "insert into intake.articles
             (article_id, state, published_number, draft_number, last_number, kind, category, language, valid_until_at,
              helped, not_helped, retire_reason, created_at, updated_at, version)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)
         on conflict (article_id) do update set
             state = excluded.state, published_number = excluded.published_number,
             draft_number = excluded.draft_number, last_number = excluded.last_number, kind = excluded.kind,
             category = excluded.category, language = excluded.language, valid_until_at = excluded.valid_until_at,
             helped = excluded.helped, not_helped = excluded.not_helped, retire_reason = excluded.retire_reason,
             updated_at = excluded.updated_at, version = excluded.version",
    )
    .bind(article.id.uuid())
    .bind(article.state.as_str())
    .bind(number(&article.published))
    .bind(number(&article.draft))
    .bind(article.last_number)
    .bind(shown.map(|content| content.kind.as_str()))
    .bind(shown.map(|content| content.category.as_str()))
    .bind(shown.map(|content| content.language.as_str()))
    .bind(until.map(ToSqlx::to_sqlx))
    .bind(article.helped)
    .bind(article.not_helped)
    .bind(article.retire_reason.as_deref())
    .bind(article.created_at.to_sqlx())
    .bind(article.updated_at.to_sqlx())
    .bind(article.version)
    .execute(connection)
    .await?;
    Ok(())
}

/// The article with this id.
#[tracing::instrument(name = "db.article.find", skip_all)]
pub async fn find(connection: &mut PgConnection, id: ArticleId) -> sqlx::Result<Option<Article>> {
    let sql = format!("select {COLUMNS} from intake.articles where article_id = $1");
    one(connection, sql, id).await
}

/// The same, locked until the transaction ends.
#[tracing::instrument(name = "db.article.lock", skip_all)]
pub async fn lock(connection: &mut PgConnection, id: ArticleId) -> sqlx::Result<Option<Article>> {
    let sql = format!("select {COLUMNS} from intake.articles where article_id = $1 for update");
    one(connection, sql, id).await
}

async fn one(connection: &mut PgConnection, sql: String, id: ArticleId) -> sqlx::Result<Option<Article>> {
    let row = sqlx::query_as::<_, ArticleRow>(AssertSqlSafe(sql)).bind(id.uuid());
    let rows = row.fetch_optional(&mut *connection).await?.into_iter().collect();
    Ok(read(connection, rows).await?.pop())
}

/// Articles whose published version is over at `now` and which are not kept as expired yet, locked; those that
/// another replica has are left to it.
#[tracing::instrument(name = "db.article.lock_expiring", level = "debug", skip_all)]
pub async fn lock_expiring(
    connection: &mut PgConnection,
    now: Timestamp,
    limit: i64,
) -> sqlx::Result<Vec<Article>> {
    let sql = format!(
        "select {COLUMNS} from intake.articles
         where state = 'PUBLISHED' and valid_until_at is not null and valid_until_at <= $1
         order by valid_until_at limit $2 for update skip locked"
    );
    let rows = sqlx::query_as::<_, ArticleRow>(AssertSqlSafe(sql)).bind(now.to_sqlx()).bind(limit);
    let rows = rows.fetch_all(&mut *connection).await?;
    read(connection, rows).await
}

/// A page of articles, newest first; `filter.state` is as it is at `now`.
#[tracing::instrument(name = "db.article.list", skip_all)]
pub async fn list(
    connection: &mut PgConnection,
    filter: &ArticleFilter,
    now: Timestamp,
    after: Option<ArticleId>,
    limit: i64,
) -> sqlx::Result<Vec<Article>> {
    let sql = format!(
        "select {COLUMNS} from intake.articles
         where ($1::text is null or kind = $1) and ($2::text is null or category = $2)
           and ($3::text is null or language = $3 or language like $3 || '-%')
           and ($4::text is null
                or $4 = case when state = 'PUBLISHED' and valid_until_at <= $5 then 'EXPIRED' else state end)
           and ($6::uuid is null or article_id < $6)
         order by article_id desc limit $7"
    );
    let rows = sqlx::query_as::<_, ArticleRow>(AssertSqlSafe(sql))
        .bind(filter.kind.map(ArticleKind::as_str))
        .bind(filter.category.as_deref())
        .bind(filter.language.as_ref().map(Language::as_str))
        .bind(filter.state.map(ArticleState::as_str))
        .bind(now.to_sqlx())
        .bind(after.map(ArticleId::uuid))
        .bind(limit)
        .fetch_all(&mut *connection)
        .await?;
    read(connection, rows).await
}

/// Puts their versions to the rows, in the order of the rows.
async fn read(connection: &mut PgConnection, rows: Vec<ArticleRow>) -> sqlx::Result<Vec<Article>> {
    let ids: Vec<_> = rows.iter().flat_map(ArticleRow::versions).collect();
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let mut versions = version::find(connection, &ids).await?.into_iter().collect();
    rows.into_iter().map(|row| row.read(&mut versions)).collect()
}

#[derive(FromRow)]
struct ArticleRow {
    article_id: Uuid,
    state: String,
    published_number: Option<i32>,
    draft_number: Option<i32>,
    last_number: i32,
    helped: i64,
    not_helped: i64,
    retire_reason: Option<String>,
    created_at: SqlTimestamp,
    updated_at: SqlTimestamp,
    version: i64,
}

impl ArticleRow {
    fn versions(&self) -> Vec<VersionId> {
        let article = ArticleId::from_uuid(self.article_id);
        let numbers = self.published_number.into_iter().chain(self.draft_number);
        numbers.map(|number| VersionId { article, number }).collect()
    }

    fn read(self, versions: &mut HashMap<VersionId, Version>) -> sqlx::Result<Article> {
        let id = ArticleId::from_uuid(self.article_id);
        let mut take = |number: Option<i32>| {
            let Some(number) = number else { return Ok(None) };
            let version = versions.remove(&VersionId { article: id, number });
            version.map(Some).ok_or(sqlx::Error::RowNotFound)
        };
        Ok(Article {
            id,
            state: word("state", &self.state)?,
            published: take(self.published_number)?,
            draft: take(self.draft_number)?,
            last_number: self.last_number,
            helped: self.helped,
            not_helped: self.not_helped,
            retire_reason: self.retire_reason,
            created_at: self.created_at.to_jiff(),
            updated_at: self.updated_at.to_jiff(),
            version: self.version,
        })
    }
}

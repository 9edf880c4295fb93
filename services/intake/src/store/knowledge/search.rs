//! What is searched: one row per published article, and the statement that finds and ranks.
//!
//! The cost of a search is bounded: the indexes give the articles that match; of these the best by title and standing
//! are chosen without reading their lexemes; only the chosen ones are ranked. A sequential scan would read and match
//! the lexemes of all articles instead, and the planner can't know how dear that is, so it is ruled out here.

use jiff_sqlx::{Timestamp as SqlTimestamp, ToSqlx};
use kexiang_core::{SiteId, Timestamp, id::ArticleId};
use sqlx::{FromRow, PgConnection};
use uuid::Uuid;

use crate::domain::knowledge::{
    Article, ArticleKind, Language, Version, VersionId,
    index::Indexed,
    query::Term,
    ranking::{self, Evidence},
};

/// Which articles may be found.
#[derive(Debug, Clone, Default)]
pub struct SearchFilter {
    /// In this language, or one of its family.
    pub language: Option<Language>,
    /// Of these kinds; of all when empty.
    pub kinds: Vec<ArticleKind>,
    /// Of this category.
    pub category: Option<String>,
    /// Of this site, or of all sites.
    pub site: Option<SiteId>,
}

/// What is looked for, as texts of `tsquery`.
#[derive(Debug, Clone, Copy)]
pub struct Wanted<'a> {
    /// Which articles match.
    pub matching: &'a str,
    /// By which words they are ranked.
    pub ranking: &'a str,
    /// Whose coverage is measured; none when every match has all.
    pub terms: &'a [Term],
}

/// A match and what it is ranked by.
#[derive(Debug, Clone)]
pub struct Match {
    /// The version that is served.
    pub version: VersionId,
    /// What the score is made of.
    pub evidence: Evidence,
}

/// Puts the published version of an article where it is found, in place of the one before.
#[tracing::instrument(name = "db.article_search.put", skip_all)]
pub async fn put(
    connection: &mut PgConnection,
    article: &Article,
    version: &Version,
    indexed: &Indexed,
) -> sqlx::Result<()> {
    let content = &version.content;
    let published_at = version.published_at.unwrap_or(version.updated_at);
    sqlx::query(
        "insert into intake.article_search
             (article_id, number, site_id, kind, category, language, valid_from_at, valid_until_at, published_at,
              helped, not_helped, standing, title_words, words)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13::tsvector, $14::tsvector)
         on conflict (article_id) do update set
             number = excluded.number, site_id = excluded.site_id, kind = excluded.kind, category = excluded.category,
             language = excluded.language, valid_from_at = excluded.valid_from_at,
             valid_until_at = excluded.valid_until_at, published_at = excluded.published_at,
             helped = excluded.helped, not_helped = excluded.not_helped, standing = excluded.standing,
             title_words = excluded.title_words, words = excluded.words",
    )
    .bind(article.id.uuid())
    .bind(version.number)
    .bind(content.site.as_ref().map(SiteId::as_str))
    .bind(content.kind.as_str())
    .bind(&content.category)
    .bind(content.language.as_str())
    .bind(content.valid_from_at.unwrap_or(published_at).to_sqlx())
    .bind(content.valid_until_at.map(ToSqlx::to_sqlx))
    .bind(published_at.to_sqlx())
    .bind(article.helped)
    .bind(article.not_helped)
    .bind(ranking::standing(article.helped, article.not_helped, published_at))
    .bind(&indexed.title_words)
    .bind(&indexed.words)
    .execute(connection)
    .await?;
    Ok(())
}

/// Takes an article away from what is found.
#[tracing::instrument(name = "db.article_search.remove", skip_all)]
pub async fn remove(connection: &mut PgConnection, article: ArticleId) -> sqlx::Result<()> {
    let delete = "delete from intake.article_search where article_id = $1";
    sqlx::query(delete).bind(article.uuid()).execute(connection).await?;
    Ok(())
}

/// Keeps the feedback of an article where it is ranked, if it is found.
#[tracing::instrument(name = "db.article_search.count_feedback", skip_all)]
pub async fn count_feedback(connection: &mut PgConnection, article: &Article) -> sqlx::Result<()> {
    let published_at = article.served().and_then(|version| version.published_at);
    let Some(published_at) = published_at else { return Ok(()) };
    sqlx::query(
        "update intake.article_search set helped = $2, not_helped = $3, standing = $4 where article_id = $1",
    )
    .bind(article.id.uuid())
    .bind(article.helped)
    .bind(article.not_helped)
    .bind(ranking::standing(article.helped, article.not_helped, published_at))
    .execute(connection)
    .await?;
    Ok(())
}

/// For this transaction: no sequential scan (see above); no parallel workers and no compilation, which take longer to start than
/// the search; a plan for these very filters, since most are absent.
const SETTINGS: &str = "
    select set_config('enable_seqscan', 'off', true), set_config('max_parallel_workers_per_gather', '0', true),
           set_config('jit', 'off', true), set_config('plan_cache_mode', 'force_custom_plan', true)";

/// The statement that finds and ranks: first those whose title or keywords match, then the others, each by standing.
const SEARCH: &str = "
    with terms as materialized (
        select t.query::tsquery as query, t.rarity from unnest($8::text[], $9::float8[]) as t (query, rarity)
    ), by_title as materialized (
        select article_id, standing from intake.article_search
        where title_words @@ $1::tsquery
          and ($2::text is null or site_id is null or site_id = $2) and ($3::text[] is null or kind = any($3))
          and ($4::text is null or category = $4)
          and ($5::text is null or language = $5 or language like $5 || '-%')
          and valid_from_at <= $6 and (valid_until_at is null or valid_until_at > $6)
        order by standing desc, article_id limit $10
    ), by_words as materialized (
        select article_id, standing from intake.article_search
        where (select count(*) from by_title) < $10 and words @@ $1::tsquery
          and ($2::text is null or site_id is null or site_id = $2) and ($3::text[] is null or kind = any($3))
          and ($4::text is null or category = $4)
          and ($5::text is null or language = $5 or language like $5 || '-%')
          and valid_from_at <= $6 and (valid_until_at is null or valid_until_at > $6)
        order by standing desc, article_id limit $10
    ), candidates as materialized (
        select article_id, min(tier) as tier, standing
        from (select 1 as tier, * from by_title union all select 2, * from by_words) as found
        group by article_id, standing order by tier, standing desc, article_id limit $10
    )
    select s.article_id, s.number, s.helped, s.not_helped, s.published_at,
           ts_rank_cd('{0.1, 0.2, 0.5, 1.0}', w.words, $7::tsquery, 1 | 32)::float8 as text,
           case when cardinality($8::text[]) = 0 then 1.0::float8
                else (select coalesce(sum(t.rarity) filter (where w.words @@ t.query) / sum(t.rarity), 0) from terms as t)
           end as coverage
    from candidates
    join intake.article_search as s using (article_id)
    -- Read from disk once, for rank and coverage.
    cross join lateral (select s.words || ''::tsvector as words offset 0) as w
    order by candidates.tier, candidates.standing desc, article_id";

/// Articles that match and are valid at `now`, at most `limit` of them: those with a
/// matching title or keywords first, each group by standing.
#[tracing::instrument(name = "db.article_search.search", skip_all)]
pub async fn search(
    connection: &mut PgConnection,
    filter: &SearchFilter,
    wanted: Wanted<'_>,
    now: Timestamp,
    limit: i64,
) -> sqlx::Result<Vec<Match>> {
    sqlx::query(SETTINGS).execute(&mut *connection).await?;
    let kinds: Vec<_> = filter.kinds.iter().map(|kind| kind.as_str()).collect();
    let rows = sqlx::query_as::<_, MatchRow>(SEARCH)
        .bind(wanted.matching)
        .bind(filter.site.as_ref().map(SiteId::as_str))
        .bind((!kinds.is_empty()).then_some(kinds))
        .bind(filter.category.as_deref())
        .bind(filter.language.as_ref().map(Language::as_str))
        .bind(now.to_sqlx())
        .bind(wanted.ranking)
        .bind(wanted.terms.iter().map(|term| term.query.as_str()).collect::<Vec<_>>())
        .bind(wanted.terms.iter().map(|term| term.rarity).collect::<Vec<_>>())
        .bind(limit)
        .fetch_all(connection)
        .await?;
    Ok(rows.into_iter().map(MatchRow::read).collect())
}

#[derive(FromRow)]
struct MatchRow {
    article_id: Uuid,
    number: i32,
    helped: i64,
    not_helped: i64,
    published_at: SqlTimestamp,
    text: f64,
    coverage: f64,
}

impl MatchRow {
    fn read(self) -> Match {
        Match {
            version: VersionId { article: ArticleId::from_uuid(self.article_id), number: self.number },
            evidence: Evidence {
                text: self.text,
                coverage: self.coverage,
                helped: self.helped,
                not_helped: self.not_helped,
                published_at: self.published_at.to_jiff(),
            },
        }
    }
}

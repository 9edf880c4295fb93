//! The words of what is found, and in how many articles each is. The empty word counts all articles. Who counts holds
//! a lock of the whole table until the end of the transaction: publishing is rare, and articles share most of their
//! words anyway. Searches don't wait.

use std::collections::HashMap;

use kexiang_core::id::ArticleId;
use sqlx::PgConnection;

use crate::domain::knowledge::{
    index::Entry,
    query::Knowledge,
    typo::{self, Known, Probe},
};

/// Counts the words of an article in (`entries`) and those that it had before out; with no entries it has none any more.
#[tracing::instrument(name = "db.vocabulary.replace", skip_all, fields(words = entries.len()))]
pub async fn replace(
    connection: &mut PgConnection,
    article: ArticleId,
    entries: &[Entry],
) -> sqlx::Result<()> {
    let lock = "select pg_advisory_xact_lock('intake.article_words'::regclass::oid::bigint)";
    sqlx::query(lock).execute(&mut *connection).await?;
    let delete = "delete from intake.article_vocabularies where article_id = $1 returning words";
    let before: Option<Vec<String>> =
        sqlx::query_scalar(delete).bind(article.uuid()).fetch_optional(&mut *connection).await?;
    if let Some(words) = before {
        let count_out = "update intake.article_words set articles = articles - 1 where word = any($1)";
        sqlx::query(count_out).bind(words).execute(&mut *connection).await?;
    }
    if !entries.is_empty() {
        count_in(connection, article, entries).await?;
    }
    Ok(())
}

async fn count_in(connection: &mut PgConnection, article: ArticleId, entries: &[Entry]) -> sqlx::Result<()> {
    let all = Entry { word: String::new(), lexeme: String::new(), trigrams: None };
    let entries: Vec<_> = entries.iter().chain([&all]).collect();
    let trigrams = |entry: &&Entry| Some(entry.trigrams.as_ref()?.join(" "));
    sqlx::query(
        "with kept as (
             insert into intake.article_vocabularies (article_id, words) values ($1, $2)
         )
         insert into intake.article_words as known (word, lexeme, articles, trigrams)
         select word, lexeme, 1, string_to_array(trigrams, ' ')
         from unnest($2::text[], $3::text[], $4::text[]) as entries (word, lexeme, trigrams)
         on conflict (word) do update set articles = known.articles + 1",
    )
    .bind(article.uuid())
    .bind(entries.iter().map(|entry| entry.word.as_str()).collect::<Vec<_>>())
    .bind(entries.iter().map(|entry| entry.lexeme.as_str()).collect::<Vec<_>>())
    .bind(entries.iter().map(trigrams).collect::<Vec<_>>())
    .execute(connection)
    .await?;
    Ok(())
}

/// In how many articles each of these lexemes is, and how many there are; misspelt words are looked up by [`near`].
#[tracing::instrument(name = "db.vocabulary.know", skip_all)]
pub async fn know(connection: &mut PgConnection, lexemes: &[&str]) -> sqlx::Result<Knowledge> {
    let rows: Vec<(String, i64)> = sqlx::query_as(
        "select lexeme, sum(articles)::bigint from intake.article_words
         where lexeme = any($1) or lexeme = '' group by lexeme having sum(articles) > 0",
    )
    .bind(lexemes)
    .fetch_all(connection)
    .await?;
    let mut articles: HashMap<_, _> = rows.into_iter().collect();
    let all_articles = articles.remove("").unwrap_or_default();
    Ok(Knowledge { all_articles, articles, taken_for: HashMap::new() })
}

/// The words that may be at a distance of 1, with others; and none that is there is missing.
#[tracing::instrument(name = "db.vocabulary.near", skip_all)]
pub async fn near(connection: &mut PgConnection, word: &str) -> sqlx::Result<Vec<Known>> {
    let Probe { first, last } = typo::probe(word);
    let rows: Vec<KnownRow> = sqlx::query_as(
        "select word, lexeme, articles from intake.article_words
         where (trigrams @> $1 or trigrams @> $2) and articles > 0 and length(word) between $3 - 1 and $3 + 1",
    )
    .bind(first)
    .bind(last)
    .bind(length(word))
    .fetch_all(connection)
    .await?;
    Ok(rows.into_iter().map(known).collect())
}

/// The same for a distance of 2: words that share any trigram.
#[tracing::instrument(name = "db.vocabulary.alike", skip_all)]
pub async fn alike(connection: &mut PgConnection, word: &str) -> sqlx::Result<Vec<Known>> {
    let rows: Vec<KnownRow> = sqlx::query_as(
        "select word, lexeme, articles from intake.article_words
         where trigrams && $1 and articles > 0 and length(word) between $2 - 2 and $2 + 2",
    )
    .bind(typo::trigrams(word))
    .bind(length(word))
    .fetch_all(connection)
    .await?;
    Ok(rows.into_iter().map(known).collect())
}

type KnownRow = (String, String, i32);

fn known((word, lexeme, articles): KnownRow) -> Known {
    Known { word, lexeme, articles: i64::from(articles) }
}

fn length(word: &str) -> i32 {
    i32::try_from(word.len()).unwrap_or(i32::MAX / 2)
}

//! Finding articles: query → words → what they stand for → matches → ranked hits. Read only; what others of the
//! product may call to find an answer is [`App::search_articles`].

use std::collections::HashMap;

use kexiang_core::{SiteId, Timestamp};
use sqlx::PgConnection;

use super::{KnowledgeError, off_thread};
pub use crate::store::knowledge::search::SearchFilter;
use crate::{
    app::App,
    domain::knowledge::{
        ArticleKind, Content, Language, VersionId,
        query::{self, Knowledge, MOST_CANDIDATES, Plan},
        ranking::{self, Score},
        snippet::{self, Segment},
        typo::{self, MOST_CORRECTIONS},
        words::Word,
    },
    store::knowledge::{
        self as store,
        search::{Match, Wanted},
    },
};

/// What is looked for, and which page of it.
#[derive(Debug, Clone)]
pub struct ArticleSearch {
    /// In words, of either language.
    pub query: String,
    /// Among which articles.
    pub filter: SearchFilter,
    /// Hits to leave out at the beginning.
    pub offset: usize,
    /// Hits to give at most.
    pub limit: usize,
}

impl ArticleSearch {
    /// The best `limit` articles for a query, at a site and in a language if given, of these kinds or of all.
    #[must_use]
    pub fn best(
        query: String,
        language: Option<Language>,
        kinds: Vec<ArticleKind>,
        site: Option<SiteId>,
        limit: usize,
    ) -> Self {
        let filter = SearchFilter { language, kinds, category: None, site };
        Self { query, filter, offset: 0, limit }
    }
}

/// An article that was found.
#[derive(Debug, Clone)]
pub struct Hit {
    /// The version that is served: what to cite.
    pub version: VersionId,
    /// What it says.
    pub content: Content,
    /// The title in pieces.
    pub title: Vec<Segment>,
    /// A piece of the body in pieces.
    pub snippet: Vec<Segment>,
    /// Why it stands where it stands.
    pub score: Score,
}

/// What was found.
#[derive(Debug, Clone, Default)]
pub struct Found {
    /// Best first.
    pub hits: Vec<Hit>,
    /// Misspelt words and the known ones that were taken for them.
    pub corrections: Vec<(String, Vec<String>)>,
    /// Every hit has all words.
    pub matched_all: bool,
    /// More articles match than were ranked.
    pub cut: bool,
}

impl App {
    /// Finds published articles that are valid now, best first. A query without any word finds nothing.
    ///
    /// # Errors
    /// Those of the database.
    #[tracing::instrument(name = "app.search_articles", skip_all)]
    pub async fn search_articles(&self, search: ArticleSearch) -> Result<Found, KnowledgeError> {
        let now = self.clock.now();
        let ArticleSearch { query, filter, offset, limit } = search;
        let words = off_thread(move || query::ask(&query)).await?;
        // What is retired between two statements is found once more, as if the search had come a moment earlier.
        let mut transaction = self.pool.begin().await?;
        let knowledge = know(&mut transaction, &words).await?;
        let corrections = corrections(&words, &knowledge);
        let Some(plan) = query::plan(&words, &knowledge) else {
            return Ok(Found::default());
        };
        let (mut matches, matched_all) = find(&mut transaction, &filter, &plan, now).await?;
        let cut = matches.len() > MOST_CANDIDATES;
        matches.truncate(MOST_CANDIDATES);
        let page: Vec<_> = ranked(&matches, now).into_iter().skip(offset).take(limit).collect();
        let ids: Vec<_> = page.iter().map(|(version, _)| *version).collect();
        let versions = store::version::find(&mut transaction, &ids).await?;
        transaction.commit().await?;
        let hits = off_thread(move || {
            let lexemes = plan.lexemes();
            let mut versions: HashMap<_, _> = versions.into_iter().collect();
            let shown = |(version, score): (VersionId, Score)| {
                let content = versions.remove(&version)?.content;
                let title = snippet::whole(&content.title, &lexemes);
                let snippet = snippet::snippet(&content.body, &lexemes);
                Some(Hit { version, content, title, snippet, score })
            };
            page.into_iter().filter_map(shown).collect()
        });
        Ok(Found { hits: hits.await?, corrections, matched_all, cut })
    }
}

/// What the vocabulary knows of the words; misspelt ones are looked up when no article has them.
async fn know(connection: &mut PgConnection, words: &[Word]) -> Result<Knowledge, KnowledgeError> {
    let parts = |word: &'_ Word| word.parts.clone();
    let lexemes: Vec<_> =
        words.iter().map(|word| word.lexeme.clone()).chain(words.iter().flat_map(parts)).collect();
    let lexemes: Vec<_> = lexemes.iter().map(String::as_str).collect();
    let mut knowledge = store::vocabulary::know(connection, &lexemes).await?;
    let unknown = |word: &&Word| !knowledge.articles.contains_key(&word.lexeme);
    let misspelt =
        words.iter().filter(unknown).map(|word| &word.text).filter(|text| typo::may_be_misspelt(text));
    let misspelt: Vec<_> = misspelt.take(MOST_CORRECTIONS).collect();
    for word in misspelt {
        let mut near = typo::nearest(word, store::vocabulary::near(connection, word).await?);
        if near.is_empty() && typo::tolerance(word) > 1 {
            near = typo::nearest(word, store::vocabulary::alike(connection, word).await?);
        }
        knowledge.taken_for.insert(word.clone(), near);
    }
    Ok(knowledge)
}

fn corrections(words: &[Word], knowledge: &Knowledge) -> Vec<(String, Vec<String>)> {
    let taken = |word: &Word| {
        let near = knowledge.taken_for.get(&word.text).filter(|near| !near.is_empty())?;
        Some((word.text.clone(), near.iter().map(|known| known.word.clone()).collect()))
    };
    words.iter().filter_map(taken).collect()
}

/// Matches of all terms, or where there is none, of any; and which of the two.
async fn find(
    connection: &mut PgConnection,
    filter: &SearchFilter,
    plan: &Plan,
    now: Timestamp,
) -> Result<(Vec<Match>, bool), KnowledgeError> {
    // One more than is ranked tells that there are more.
    let limit = i64::try_from(MOST_CANDIDATES + 1).unwrap_or(i64::MAX);
    if let Some(all) = &plan.all {
        let wanted = Wanted { matching: all, ranking: all, terms: &[] };
        let matches = store::search::search(connection, filter, wanted, now, limit).await?;
        if !matches.is_empty() {
            return Ok((matches, true));
        }
    }
    let wanted = Wanted { matching: &plan.rarest, ranking: &plan.any, terms: &plan.terms };
    Ok((store::search::search(connection, filter, wanted, now, limit).await?, false))
}

fn ranked(matches: &[Match], now: Timestamp) -> Vec<(VersionId, Score)> {
    let scored = |found: &Match| (found.version, ranking::score(&found.evidence, now));
    let mut ranked: Vec<_> = matches.iter().map(scored).collect();
    ranked.sort_by(|(a, one), (b, two)| two.total.total_cmp(&one.total).then(b.article.cmp(&a.article)));
    ranked
}

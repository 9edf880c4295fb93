//! The knowledge base in the stories: who writes, who reviews, and what is found.

use kexiang_core::{Role, Timestamp, id::ArticleId};
use kexiang_intake::domain::knowledge::{Content, index, ranking};
use kexiang_proto::intake_v1::{
    ApproveArticleRequest, Article, ArticleContent, ArticleHit, ArticleKind, CreateArticleRequest,
    GetArticleRequest, RejectArticleRequest, RetireArticleRequest, SearchArticlesRequest,
    SearchArticlesResponse, Segment, SubmitArticleRequest, UpdateArticleRequest,
    knowledge_service_client::KnowledgeServiceClient,
};
use tonic::{Status, service::interceptor::InterceptedService, transport::Channel};

use crate::desk::{AGENT, Bearer, Desk, START};

/// Reviews what the agent of most stories writes.
pub const REVIEWER: &str = "chen.jie";

/// Articles that are written past the service in one statement.
const AT_ONCE: usize = 2_000;

pub type Shelf = KnowledgeServiceClient<InterceptedService<Channel, Bearer>>;

/// An answer with this title and body.
pub fn answer(title: &str, body: &str) -> ArticleContent {
    ArticleContent {
        kind: ArticleKind::Answer.into(),
        category: "line.dead".to_owned(),
        language: "zh".to_owned(),
        title: title.to_owned(),
        body: body.to_owned(),
        ..ArticleContent::default()
    }
}

/// The text of pieces, with marks around the words that were looked for.
pub fn marked(segments: &[Segment]) -> String {
    let piece =
        |piece: &Segment| if piece.matched { format!("[{}]", piece.text) } else { piece.text.clone() };
    segments.iter().map(piece).collect()
}

/// The title of a hit.
pub fn title(hit: &ArticleHit) -> String {
    hit.title.iter().map(|segment| segment.text.as_str()).collect()
}

impl Desk {
    /// Speaks to the knowledge base as somebody who may do everything there.
    pub fn shelf(&self, subject: &str) -> Shelf {
        KnowledgeServiceClient::with_interceptor(self.channel.clone(), self.bearer(subject))
    }

    /// The same with these roles alone.
    pub fn shelf_as(&self, subject: &str, roles: &[Role]) -> Shelf {
        KnowledgeServiceClient::with_interceptor(self.channel.clone(), self.bearer_with(subject, roles))
    }

    /// Begins an article, or tells why not.
    pub async fn try_write(&self, content: ArticleContent) -> Result<Article, Status> {
        let request = CreateArticleRequest { content: Some(content), ..Default::default() };
        self.shelf(AGENT).create_article(request).await.map(tonic::Response::into_inner)
    }

    /// Begins an article.
    pub async fn write(&self, content: ArticleContent) -> Article {
        self.try_write(content).await.unwrap()
    }

    /// Changes the populated fields of an article's draft.
    pub async fn edit(&self, name: &str, content: ArticleContent) -> Article {
        let (name, content) = (name.to_owned(), Some(content));
        let request = UpdateArticleRequest { name, content, ..Default::default() };
        self.shelf(AGENT).update_article(request).await.unwrap().into_inner()
    }

    /// Gives an article to review.
    pub async fn try_submit(&self, name: &str) -> Result<Article, Status> {
        let request = SubmitArticleRequest { name: name.to_owned(), ..Default::default() };
        self.shelf(AGENT).submit_article(request).await.map(tonic::Response::into_inner)
    }

    /// Approves an article as somebody.
    pub async fn try_approve(&self, name: &str, reviewer: &str, etag: &str) -> Result<Article, Status> {
        let (name, etag) = (name.to_owned(), etag.to_owned());
        let request = ApproveArticleRequest { name, etag, ..Default::default() };
        self.shelf(reviewer).approve_article(request).await.map(tonic::Response::into_inner)
    }

    /// Rejects an article as its reviewer.
    pub async fn try_reject(&self, name: &str, reason: &str) -> Result<Article, Status> {
        let (name, reason) = (name.to_owned(), reason.to_owned());
        let request = RejectArticleRequest { name, reason, ..Default::default() };
        self.shelf(REVIEWER).reject_article(request).await.map(tonic::Response::into_inner)
    }

    /// Retires an article as its reviewer.
    pub async fn try_retire(&self, name: &str) -> Result<Article, Status> {
        let (name, reason) = (name.to_owned(), "out of date".to_owned());
        let request = RetireArticleRequest { name, reason, ..Default::default() };
        self.shelf(REVIEWER).retire_article(request).await.map(tonic::Response::into_inner)
    }

    /// Submits and approves the draft of an article.
    pub async fn review(&self, name: &str) -> Article {
        self.try_submit(name).await.unwrap();
        self.try_approve(name, REVIEWER, "").await.unwrap()
    }

    /// Writes, submits and approves an article.
    pub async fn publish(&self, content: ArticleContent) -> Article {
        let name = self.write(content).await.name;
        self.review(&name).await
    }

    /// Gets an article.
    pub async fn article(&self, name: &str) -> Article {
        let request = GetArticleRequest { name: name.to_owned() };
        self.shelf(AGENT).get_article(request).await.unwrap().into_inner()
    }

    /// What is found, in full.
    pub async fn find(&self, request: SearchArticlesRequest) -> SearchArticlesResponse {
        self.shelf(AGENT).search_articles(request).await.unwrap().into_inner()
    }

    /// The titles of what is found, best first.
    pub async fn found(&self, query: &str) -> Vec<String> {
        let request = SearchArticlesRequest { query: query.to_owned(), ..Default::default() };
        self.find(request).await.hits.iter().map(title).collect()
    }

    /// Writes published articles past the service, each ten minutes older than the one before: a hundred thousand one
    /// by one would take an hour.
    pub async fn fill(&self, count: usize, mut content: impl FnMut(usize) -> Content) {
        let pool = self.pool();
        let mut words = std::collections::BTreeMap::<String, (String, i32, Option<String>)>::new();
        for batch in 0..count.div_ceil(AT_ONCE) {
            let (mut ids, mut titles, mut bodies, mut title_words, mut all_words, mut standings, mut times) =
                (vec![], vec![], vec![], vec![], vec![], vec![], vec![]);
            for nr in batch * AT_ONCE..count.min((batch + 1) * AT_ONCE) {
                let content = content(nr);
                let indexed = index::index(&content);
                let published_at = START - jiff::SignedDuration::from_mins(nr as i64 * 10);
                for entry in indexed.vocabulary {
                    let trigrams = entry.trigrams.map(|trigrams| trigrams.join(" "));
                    words.entry(entry.word).or_insert((entry.lexeme, 0, trigrams)).1 += 1;
                }
                ids.push(ArticleId::at(Timestamp::from_second(1_000_000_000).unwrap()).uuid());
                titles.push(content.title);
                bodies.push(content.body);
                title_words.push(indexed.title_words);
                all_words.push(indexed.words);
                standings.push(ranking::standing(0, 0, published_at));
                times.push(published_at.to_string());
            }
            sqlx::query(
            "with n as (select * from unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::float8[], $7::text[])
                 as n (id, title, body, title_words, words, standing, published_at)),
             a as (insert into intake.articles (article_id, state, published_number, last_number, kind, category, language, helped,
                       not_helped, created_at, updated_at, version)
                   select id, 'PUBLISHED', 1, 1, 'ANSWER', 'line.dead', 'zh', 0, 0, published_at::timestamptz,
                       published_at::timestamptz, 3 from n returning 1),
             s as (insert into intake.article_search (article_id, number, kind, category, language, valid_from_at, published_at,
                       helped, not_helped, standing, title_words, words)
                   select id, 1, 'ANSWER', 'line.dead', 'zh', published_at::timestamptz, published_at::timestamptz, 0, 0,
                       standing, title_words::tsvector, words::tsvector from n returning 1)
             insert into intake.article_versions (article_id, number, state, kind, category, language, title, body, keywords,
                 authors, created_at, updated_at, published_at)
             select id, 1, 'PUBLISHED', 'ANSWER', 'line.dead', 'zh', title, body, '{}', '{agents/li.na}',
                 published_at::timestamptz, published_at::timestamptz, published_at::timestamptz from n",
        )
        .bind(ids)
        .bind(titles)
        .bind(bodies)
        .bind(title_words)
        .bind(all_words)
        .bind(standings)
        .bind(times)
        .execute(pool)
        .await
        .unwrap();
        }
        words.insert(String::new(), (String::new(), count as i32, None));
        let rows: Vec<_> = words.into_iter().collect();
        for rows in rows.chunks(10_000) {
            sqlx::query(
            "insert into intake.article_words (word, lexeme, articles, trigrams)
             select word, lexeme, articles, string_to_array(trigrams, ' ')
             from unnest($1::text[], $2::text[], $3::integer[], $4::text[]) as n (word, lexeme, articles, trigrams)",
        )
        .bind(rows.iter().map(|(word, _)| word.as_str()).collect::<Vec<_>>())
        .bind(rows.iter().map(|(_, (lexeme, ..))| lexeme.as_str()).collect::<Vec<_>>())
        .bind(rows.iter().map(|(_, (_, articles, _))| *articles).collect::<Vec<_>>())
        .bind(rows.iter().map(|(.., (_, _, trigrams))| trigrams.as_deref()).collect::<Vec<_>>())
        .execute(pool)
        .await
        .unwrap();
        }
        sqlx::query("analyze intake.article_search").execute(pool).await.unwrap();
    }
}

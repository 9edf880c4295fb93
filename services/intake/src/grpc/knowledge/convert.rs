//! From the domain to the wire.

use kexiang_core::{
    Actor, SiteId, Timestamp,
    id::{ArticleId, TypedId},
};
use kexiang_proto::intake_v1 as pb;
use kexiang_rpc::time;

use crate::{
    app::knowledge::Hit,
    domain::knowledge::{
        Article, ArticleFacts, ArticleKind, ArticleState, Citation, Content, Feedback, Version, VersionId,
        VersionState, ranking::Score, snippet::Segment,
    },
    grpc::convert::optional_time,
};

/// An article as it is at `now`.
pub(super) fn article(article: Article, now: Timestamp) -> pb::Article {
    let (id, state) = (article.id, article.state_at(now));
    pb::Article {
        name: id.name(),
        state: article_state(state),
        published: article.published.map(|published| version(id, published)),
        draft: article.draft.map(|draft| version(id, draft)),
        helped_count: article.helped,
        not_helped_count: article.not_helped,
        retire_reason: article.retire_reason.unwrap_or_default(),
        create_time: Some(time::to_wire(article.created_at)),
        update_time: Some(time::to_wire(article.updated_at)),
        etag: article.version.to_string(),
    }
}

pub(super) fn version(article: ArticleId, version: Version) -> pb::ArticleVersion {
    pb::ArticleVersion {
        name: VersionId { article, number: version.number }.name(),
        state: version_state(version.state),
        content: Some(content(version.content)),
        authors: version.authors.iter().map(Actor::to_string).collect(),
        reviewer: version.reviewer.as_ref().map(Actor::to_string).unwrap_or_default(),
        reject_reason: version.reject_reason.unwrap_or_default(),
        create_time: Some(time::to_wire(version.created_at)),
        update_time: Some(time::to_wire(version.updated_at)),
        submit_time: optional_time(version.submitted_at),
        publish_time: optional_time(version.published_at),
    }
}

fn content(content: Content) -> pb::ArticleContent {
    pb::ArticleContent {
        site: content.site.as_ref().map(SiteId::name).unwrap_or_default(),
        kind: kind(content.kind),
        category: content.category,
        language: content.language.to_string(),
        title: content.title,
        body: content.body,
        keywords: content.keywords,
        valid_from_time: optional_time(content.valid_from_at),
        valid_until_time: optional_time(content.valid_until_at),
    }
}

pub(super) fn hit(hit: Hit) -> pb::ArticleHit {
    pb::ArticleHit {
        article_version: hit.version.name(),
        article: hit.version.article.name(),
        kind: kind(hit.content.kind),
        category: hit.content.category,
        language: hit.content.language.to_string(),
        site: hit.content.site.as_ref().map(SiteId::name).unwrap_or_default(),
        title: segments(hit.title),
        snippet: segments(hit.snippet),
        score: Some(score(hit.score)),
    }
}

fn segments(segments: Vec<Segment>) -> Vec<pb::Segment> {
    let segment = |Segment { text, matched }| pb::Segment { text, matched };
    segments.into_iter().map(segment).collect()
}

fn score(score: Score) -> pb::Score {
    let Score { total, text, coverage, usefulness, freshness } = score;
    pb::Score { total, text, coverage, usefulness, freshness }
}

pub(super) fn feedback(feedback: &Feedback) -> pb::ArticleFeedback {
    pb::ArticleFeedback {
        name: feedback.id.name(),
        article_version: feedback.version.name(),
        helped: feedback.helped,
        case: feedback.case.map(TypedId::name).unwrap_or_default(),
        contact: feedback.contact.map(TypedId::name).unwrap_or_default(),
        agent: feedback.recorded_by.to_string(),
        record_time: Some(time::to_wire(feedback.recorded_at)),
    }
}

pub(super) fn citation(citation: &Citation) -> pb::Citation {
    pb::Citation {
        name: citation.id.name(),
        article_version: citation.version.name(),
        case: citation.case.name(),
        agent: citation.cited_by.to_string(),
        cite_time: Some(time::to_wire(citation.cited_at)),
    }
}

/// What the events of an article tell.
pub(in crate::grpc) fn facts(facts: ArticleFacts) -> pb::ArticleFacts {
    pb::ArticleFacts {
        article: facts.article.name(),
        state: article_state(facts.state),
        article_version: VersionId { article: facts.article, number: facts.number }.name(),
        version_state: version_state(facts.version_state),
        site: facts.site.as_ref().map(SiteId::name).unwrap_or_default(),
        kind: kind(facts.kind),
        category: facts.category,
        language: facts.language.to_string(),
        valid_from_time: optional_time(facts.valid_from_at),
        valid_until_time: optional_time(facts.valid_until_at),
        helped_count: facts.helped,
        not_helped_count: facts.not_helped,
        case: facts.case.map(TypedId::name).unwrap_or_default(),
    }
}

fn kind(word: ArticleKind) -> i32 {
    pb::ArticleKind::from_str_name(&format!("ARTICLE_KIND_{}", word.as_str())).unwrap_or_default().into()
}

fn article_state(word: ArticleState) -> i32 {
    pb::ArticleState::from_str_name(&format!("ARTICLE_STATE_{}", word.as_str())).unwrap_or_default().into()
}

fn version_state(word: VersionState) -> i32 {
    let name = format!("ARTICLE_VERSION_STATE_{}", word.as_str());
    pb::ArticleVersionState::from_str_name(&name).unwrap_or_default().into()
}

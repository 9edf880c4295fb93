//! What a refused use case of the knowledge base is on the wire.

use kexiang_core::id::ArticleId;
use kexiang_proto::intake_v1::KnowledgeErrorReason;
use kexiang_rpc::{Refusal, Violations};
use tonic::{Code, Status};

use super::DOMAIN;
use crate::{
    app::knowledge::KnowledgeError,
    domain::knowledge::{MoveError, VersionId},
};

/// The refusal of a use case, on its way out.
pub(in crate::grpc) fn status(error: KnowledgeError) -> Status {
    match error {
        KnowledgeError::Move { article, source } => moved(article, &source).into(),
        KnowledgeError::ArticleNeverPublished { article } => {
            Refusal::state(DOMAIN, &article.name(), "a version that is or was published is needed").into()
        }
        KnowledgeError::VersionNeverPublished { version } => {
            Refusal::state(DOMAIN, &version.name(), "a version that is or was published is needed").into()
        }
        KnowledgeError::App(error) => super::status(error),
    }
}

fn moved(article: ArticleId, error: &MoveError) -> Refusal {
    let message = error.to_string();
    match error {
        MoveError::State { needed } => Refusal::state(DOMAIN, &article.name(), *needed),
        MoveError::ReviewerIsAuthor { number } => precondition(
            KnowledgeErrorReason::ReviewerIsAuthor,
            "REVIEWER",
            VersionId { article, number: *number },
            &message,
        ),
        MoveError::ValidityOver { number } => precondition(
            KnowledgeErrorReason::ValidityOver,
            "VALIDITY",
            VersionId { article, number: *number },
            &message,
        ),
        MoveError::Validity => {
            let mut violations = Violations::default();
            violations.add("content.valid_until_time", "BEFORE_START", message);
            Refusal::invalid(DOMAIN, violations)
        }
    }
}

fn precondition(reason: KnowledgeErrorReason, kind: &str, version: VersionId, needed: &str) -> Refusal {
    let name = reason.as_str_name();
    let name = name.strip_prefix("KNOWLEDGE_ERROR_REASON_").unwrap_or(name);
    Refusal::new(Code::FailedPrecondition, DOMAIN, name, needed)
        .about("article_version", &version.name())
        .with_precondition(kind, &version.name(), needed)
}

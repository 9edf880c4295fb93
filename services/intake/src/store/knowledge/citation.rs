//! Which answers lean on which versions.

use jiff_sqlx::{Timestamp as SqlTimestamp, ToSqlx};
use kexiang_core::{
    CaseId,
    id::{ArticleId, CitationId},
};
use sqlx::{FromRow, PgConnection};
use uuid::Uuid;

use super::super::word;
use crate::domain::knowledge::{Citation, VersionId};

/// Which citations to list.
#[derive(Debug, Clone, Default)]
pub struct CitationFilter {
    /// In answers to this case.
    pub case: Option<CaseId>,
    /// Of any version of this article.
    pub article: Option<ArticleId>,
}

/// Inserts a citation; gives the one that is kept already of this version and case. The article is locked.
#[tracing::instrument(name = "db.citation.insert", skip_all)]
pub async fn insert(connection: &mut PgConnection, citation: &Citation) -> sqlx::Result<Option<Citation>> {
    let kept = sqlx::query_as::<_, CitationRow>(
        "select citation_id, article_id, number, case_id, cited_by, cited_at from intake.citations
         where case_id = $1 and article_id = $2 and number = $3",
    )
    .bind(citation.case.uuid())
    .bind(citation.version.article.uuid())
    .bind(citation.version.number)
    .fetch_optional(&mut *connection)
    .await?;
    if let Some(kept) = kept {
        return kept.read().map(Some);
    }
    sqlx::query(
        "insert into intake.citations (citation_id, article_id, number, case_id, cited_by, cited_at)
         values ($1, $2, $3, $4, $5, $6)",
    )
    .bind(citation.id.uuid())
    .bind(citation.version.article.uuid())
    .bind(citation.version.number)
    .bind(citation.case.uuid())
    .bind(citation.cited_by.to_string())
    .bind(citation.cited_at.to_sqlx())
    .execute(connection)
    .await?;
    Ok(None)
}

/// A page of citations, newest first.
#[tracing::instrument(name = "db.citation.list", skip_all)]
pub async fn list(
    connection: &mut PgConnection,
    filter: &CitationFilter,
    after: Option<CitationId>,
    limit: i64,
) -> sqlx::Result<Vec<Citation>> {
    let rows = sqlx::query_as::<_, CitationRow>(
        "select citation_id, article_id, number, case_id, cited_by, cited_at from intake.citations
         where ($1::uuid is null or case_id = $1) and ($2::uuid is null or article_id = $2)
           and ($3::uuid is null or citation_id < $3)
         order by citation_id desc limit $4",
    )
    .bind(filter.case.map(CaseId::uuid))
    .bind(filter.article.map(ArticleId::uuid))
    .bind(after.map(CitationId::uuid))
    .bind(limit)
    .fetch_all(connection)
    .await?;
    rows.into_iter().map(CitationRow::read).collect()
}

#[derive(FromRow)]
struct CitationRow {
    citation_id: Uuid,
    article_id: Uuid,
    number: i32,
    case_id: Uuid,
    cited_by: String,
    cited_at: SqlTimestamp,
}

impl CitationRow {
    fn read(self) -> sqlx::Result<Citation> {
        Ok(Citation {
            id: CitationId::from_uuid(self.citation_id),
            version: VersionId { article: ArticleId::from_uuid(self.article_id), number: self.number },
            case: CaseId::from_uuid(self.case_id),
            cited_by: word("cited_by", &self.cited_by)?,
            cited_at: self.cited_at.to_jiff(),
        })
    }
}

//! What was said of articles.

use jiff_sqlx::ToSqlx;
use kexiang_core::{CaseId, ContactId};
use sqlx::PgConnection;

use crate::domain::knowledge::Feedback;

/// Inserts a feedback. The article is locked and counts it.
#[tracing::instrument(name = "db.article_feedback.insert", skip_all)]
pub async fn insert(connection: &mut PgConnection, feedback: &Feedback) -> sqlx::Result<()> {
    sqlx::query(
        "insert into intake.article_feedback
             (feedback_id, article_id, number, helped, case_id, contact_id, recorded_by, recorded_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8)",
    )
    .bind(feedback.id.uuid())
    .bind(feedback.version.article.uuid())
    .bind(feedback.version.number)
    .bind(feedback.helped)
    .bind(feedback.case.map(CaseId::uuid))
    .bind(feedback.contact.map(ContactId::uuid))
    .bind(feedback.recorded_by.to_string())
    .bind(feedback.recorded_at.to_sqlx())
    .execute(connection)
    .await?;
    Ok(())
}

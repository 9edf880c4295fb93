//! Saving an article with what is found of it. Both change in one transaction: what is found is what is published, always.

use sqlx::PgConnection;

use super::{KnowledgeError, off_thread};
use crate::{
    app::App,
    domain::knowledge::{Article, Version, index},
    store::knowledge as store,
};

impl App {
    /// Saves what changed of an article: its row, the versions that differ, the one that was replaced, and what is found.
    pub(super) async fn save_article(
        &self,
        connection: &mut PgConnection,
        before: &Article,
        after: &Article,
        replaced: Option<&Version>,
    ) -> Result<(), KnowledgeError> {
        if before == after {
            return Ok(());
        }
        let known = [&before.published, &before.draft];
        let versions = [after.published.as_ref(), after.draft.as_ref(), replaced];
        for version in versions.into_iter().flatten() {
            if !known.contains(&&Some(version.clone())) {
                store::version::save(connection, after.id, version).await?;
            }
        }
        store::article::save(connection, after).await?;
        match after.served() {
            Some(version) if before.served() != Some(version) => put(connection, after, version).await,
            Some(_) => Ok(()),
            None if before.served().is_some() => remove(connection, after).await,
            None => Ok(()),
        }
    }
}

async fn put(
    connection: &mut PgConnection,
    article: &Article,
    version: &Version,
) -> Result<(), KnowledgeError> {
    let content = version.content.clone();
    let indexed = off_thread(move || index::index(&content)).await?;
    store::search::put(connection, article, version, &indexed).await?;
    store::vocabulary::replace(connection, article.id, &indexed.vocabulary).await?;
    Ok(())
}

async fn remove(connection: &mut PgConnection, article: &Article) -> Result<(), KnowledgeError> {
    store::search::remove(connection, article.id).await?;
    store::vocabulary::replace(connection, article.id, &[]).await?;
    Ok(())
}

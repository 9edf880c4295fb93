//! Training models on closed cases: read in batches, counted and learnt off the async threads, kept in the database.
//!
//! # Failure cases
//! - No transaction is open while it reads and learns, which may take long: the feed of events waits for nobody here.
//! - Killed anywhere before the last commit: nothing is there; the caller repeats, a retraining is due again a day later.
//! - Two trainings of one scope, here or at two replicas: both models are good, the later one stays; with an etag one is refused.

use jiff::SignedDuration;
use kexiang_core::{Call, CaseId, SiteId, Timestamp};
use kexiang_events::Draft;
use kexiang_pg::Claim;
use serde::{Deserialize, Serialize};
use tracing::Instrument;

use super::{CategoryError, models::ModelCard};
use crate::{
    app::{App, AppError, IDEMPOTENCY},
    domain::category::{
        Scope,
        classifier::Classifier,
        facts::CategoryModelFacts,
        training::{Collection, Report},
    },
    store::category::model,
};

/// Cases read at once.
const BATCH: i64 = 1_000;
/// How often it is looked whether a model is to be trained again.
const RETRAIN_AFTER: SignedDuration = SignedDuration::from_hours(24);
/// New closed cases that a retraining needs at least …
const FEWEST_NEW: usize = 50;
/// … and as a part of those that the model learnt from: one in so many.
const NEW_ONE_IN: usize = 20;

/// The answer that is kept of a training.
#[derive(Serialize, Deserialize)]
struct Kept {
    scope: String,
    revision: i64,
    report: Report,
    trained_at: Timestamp,
    trained_by: String,
}

impl App {
    /// Trains the model of a scope. It goes on when its caller goes away or the deadline passes: repeated with the same request
    /// id, the call finds the answer.
    ///
    /// # Errors
    /// `NotFound`, [`CategoryError::TooFewCases`], [`AppError::EtagMismatch`]: `etag` is the revision to be replaced.
    #[tracing::instrument(name = "app.train_category_model", skip_all, fields(scope = scope.name()))]
    pub async fn train_category_model(
        &self,
        call: &Call,
        scope: &Scope,
        etag: Option<i64>,
    ) -> Result<ModelCard, CategoryError> {
        let (app, call, scope) = (self.clone(), call.clone(), scope.clone());
        let training = async move { app.train(&call, &scope, etag).await };
        tokio::spawn(training.in_current_span()).await?
    }

    async fn train(&self, call: &Call, scope: &Scope, etag: Option<i64>) -> Result<ModelCard, CategoryError> {
        // The semaphore is never closed.
        let _alone = self.models.training.acquire().await.map_err(|_| AppError::Stopping)?;
        let (sites, revision) = {
            let mut connection = self.pool.acquire().await?;
            self.tree_of(&mut connection, scope).await?;
            let revision = model::revision(&mut connection, scope).await?.unwrap_or(0);
            (self.sites_of(&mut connection, scope).await?, revision)
        };
        // Asked after the revision was read: a twin that was done in between at another replica is found, not taken for stale.
        if let Some(done) = self.trained_before(call).await? {
            return Ok(done);
        }
        if etag.is_some_and(|etag| etag != revision) {
            return Err(changed(scope).into());
        }
        let collection = self.collect(sites).await?;
        let trained = tokio::task::spawn_blocking(move || collection.train()).await?;
        let (classifier, report) =
            trained.map_err(|found| CategoryError::TooFewCases { scope: scope.clone(), found })?;
        self.keep_model(call, scope, etag, classifier, report).await
    }

    /// The answer of a request that was done before; its transaction is over before the training begins.
    async fn trained_before(&self, call: &Call) -> Result<Option<ModelCard>, CategoryError> {
        let mut transaction = self.pool.begin().await?;
        let claim = IDEMPOTENCY.claim::<Kept>(&mut transaction, call, self.clock.now()).await?;
        transaction.rollback().await?;
        match claim {
            Claim::New => Ok(None),
            Claim::Replay(kept) => Ok(Some(card(kept)?)),
        }
    }

    async fn collect(&self, sites: Vec<SiteId>) -> Result<Collection, CategoryError> {
        let mut collection = Collection::default();
        let mut before: Option<(Timestamp, CaseId)> = None;
        loop {
            let mut connection = self.pool.acquire().await?;
            let batch = model::list_closed(&mut connection, &sites, before, BATCH).await?;
            drop(connection);
            let Some(last) = batch.last() else { return Ok(collection) };
            before = Some((last.closed_at, last.id));
            let wanted;
            (collection, wanted) = tokio::task::spawn_blocking(move || {
                let wanted = collection.take(&batch);
                (collection, wanted)
            })
            .await?;
            if !wanted {
                return Ok(collection);
            }
        }
    }

    async fn keep_model(
        &self,
        call: &Call,
        scope: &Scope,
        etag: Option<i64>,
        classifier: Classifier,
        report: Report,
    ) -> Result<ModelCard, CategoryError> {
        let now = self.clock.now();
        let bytes = tokio::task::spawn_blocking(move || classifier.encode()).await??;
        let mut transaction = self.pool.begin().await?;
        if let Claim::Replay(kept) = IDEMPOTENCY.claim(&mut transaction, call, now).await? {
            return Ok(card(kept)?);
        }
        let mut trained = ModelCard {
            scope: scope.clone(),
            revision: 0,
            report,
            trained_at: now,
            trained_by: call.actor.to_string(),
        };
        let saved = model::save(&mut transaction, &trained, &bytes, etag).await?;
        trained.revision = saved.ok_or_else(|| changed(scope))?;
        let event = Draft::new("category_model.trained", scope.name(), now, &facts(&trained))?;
        self.log.append(&mut transaction, call, now, &[event]).await?;
        IDEMPOTENCY.save(&mut transaction, call, &kept(&trained)).await?;
        transaction.commit().await?;
        self.log.wake();
        Ok(trained)
    }

    /// Trains one model again that was not looked after for a day, if enough cases were closed since; false when none was due.
    ///
    /// # Errors
    /// Those of training.
    #[tracing::instrument(name = "app.retrain_category_model", skip_all)]
    pub async fn retrain_category_model(&self, call: &Call) -> Result<bool, CategoryError> {
        let now = self.clock.now();
        let before = now.checked_sub(RETRAIN_AFTER).unwrap_or(now);
        let mut connection = self.pool.acquire().await?;
        let Some(card) = model::claim_due(&mut connection, before, now).await? else { return Ok(false) };
        let sites = self.sites_of(&mut connection, &card.scope).await?;
        let enough = FEWEST_NEW.max(card.report.case_count / NEW_ONE_IN);
        let enough = i64::try_from(enough).unwrap_or(i64::MAX);
        let new = model::count_closed(&mut connection, &sites, card.trained_at, enough).await?;
        drop(connection);
        if new >= enough {
            self.train(call, &card.scope, Some(card.revision)).await?;
        }
        Ok(true)
    }
}

fn changed(scope: &Scope) -> AppError {
    AppError::EtagMismatch { name: format!("{}/categoryModel", scope.name()) }
}

fn kept(card: &ModelCard) -> Kept {
    Kept {
        scope: card.scope.name(),
        revision: card.revision,
        report: card.report.clone(),
        trained_at: card.trained_at,
        trained_by: card.trained_by.clone(),
    }
}

fn card(kept: Kept) -> Result<ModelCard, serde_json::Error> {
    Ok(ModelCard {
        scope: kept.scope.parse().map_err(serde::de::Error::custom)?,
        revision: kept.revision,
        report: kept.report,
        trained_at: kept.trained_at,
        trained_by: kept.trained_by,
    })
}

fn facts(card: &ModelCard) -> CategoryModelFacts {
    let count = |n: usize| i32::try_from(n).unwrap_or(i32::MAX);
    CategoryModelFacts {
        scope: card.scope.name(),
        case_count: count(card.report.case_count),
        category_count: count(card.report.category_count),
        held_out_count: count(card.report.held_out_count),
        top_one_accuracy: card.report.top_one_accuracy,
    }
}

//! Customers to files (CU-9), page by page, so that an export of any size takes no memory and holds no transaction.

use kexiang_core::{Call, CustomerExportId, CustomerId};
use kexiang_events::Draft;
use kexiang_pg::Claim;

use super::{App, AppError, IDEMPOTENCY};
use crate::{
    domain::{
        customer::Customer,
        export::{ExportFacts, Unwritable},
        privacy::{PersonalField, sight::Sight},
    },
    store::customers,
};

/// Customers read at once.
const PAGE: i64 = 500;

/// Why an export was refused.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// As with any customer.
    #[error(transparent)]
    App(#[from] AppError),
    /// The format can't take it.
    #[error(transparent)]
    Unwritable(#[from] Unwritable),
}

/// Whom an export has.
pub struct Exporting {
    app: App,
    /// Those asked for, not given yet; `None` for all.
    wanted: Option<Vec<CustomerId>>,
    after: Option<CustomerId>,
}

impl App {
    /// Begins an export of these customers, or of all when none are named, and tells that somebody did; once for the same request.
    ///
    /// # Errors
    /// [`AppError::CustomerNotFound`] for the first who is unknown.
    #[tracing::instrument(name = "app.begin_export", skip_all)]
    pub async fn begin_export(
        &self,
        call: &Call,
        wanted: Vec<CustomerId>,
        sight: &Sight,
    ) -> Result<Exporting, AppError> {
        self.require_sealed().await?;
        let now = self.clock.now();
        let mut tx = self.pool.begin().await?;
        for id in &wanted {
            super::customers::require_unmerged(&mut tx, *id).await?;
            if !customers::exists(&mut tx, *id).await? {
                return Err(AppError::CustomerNotFound(*id));
            }
        }
        if IDEMPOTENCY.claim::<()>(&mut tx, call, now).await? == Claim::New {
            let customer_export_id = CustomerExportId::at(now);
            let in_clear = PersonalField::ALL.into_iter().filter(|field| sight.sees(*field)).collect();
            let facts = ExportFacts { customer_export_id, customers: wanted.len(), in_clear };
            let told = Draft::new("customer_export.started", customer_export_id.name(), now, &facts)?;
            self.log.append(&mut tx, call, now, &[told]).await?;
            IDEMPOTENCY.save(&mut tx, call, &()).await?;
        }
        tx.commit().await?;
        self.log.wake();
        let wanted = (!wanted.is_empty()).then_some(wanted);
        Ok(Exporting { app: self.clone(), wanted, after: None })
    }
}

impl Exporting {
    /// The next customers, newest first or in the order asked; none at the end. Who is erased is left out.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn next(&mut self) -> Result<Vec<Customer>, AppError> {
        loop {
            let mut conn = self.app.pool.acquire().await?;
            let ids = match &mut self.wanted {
                Some(wanted) => wanted.drain(..wanted.len().min(PAGE as usize)).collect(),
                None => customers::list(&mut conn, self.after, PAGE).await?,
            };
            let Some(last) = ids.last() else { return Ok(Vec::new()) };
            self.after = Some(*last);
            let mut page = customers::load(&mut conn, &self.app.keys, &ids).await?;
            page.retain(|customer| customer.erased_at.is_none());
            if !page.is_empty() {
                return Ok(page);
            }
        }
    }
}

//! Figures of past days and the cases behind them (RE-2, RE-3).

use jiff::civil::Date;
use kexiang_core::SiteId;
use sqlx::PgConnection;

use super::{App, AppError, FROM_INTAKE};
use crate::{
    domain::{
        figures::{Breakdown, CountedBy, CountedCase, DayReport, Dimension, ListPlace},
        first_contact::{self, FirstContact},
        period::{Period, SiteZone},
    },
    store,
};

impl App {
    /// The report of one day of a site, in the site's own time.
    ///
    /// # Errors
    /// [`AppError::UnknownSite`], [`AppError::Sql`].
    #[tracing::instrument(name = "app.get_day_report", skip_all)]
    pub async fn get_day_report(&self, site: SiteId, date: Date) -> Result<DayReport, AppError> {
        let mut tx = self.snapshot().await?;
        let zone = known_zone(&mut tx, &site).await?;
        let mut breakdowns = Vec::with_capacity(Dimension::OF_DAY_REPORT.len());
        for dimension in Dimension::OF_DAY_REPORT {
            breakdowns.push(store::figures::break_down(&mut tx, &site, Period::day(date), dimension).await?);
        }
        let as_of = store::progress::complete_up_to(&mut tx, &[FROM_INTAKE]).await?;
        let total = breakdowns.first().map(|breakdown| breakdown.total).unwrap_or_default();
        let first_contact = self.first_contact(&mut tx, &site, date, &zone).await?;
        Ok(DayReport { site, date, zone, total, breakdowns, first_contact, as_of })
    }

    async fn first_contact(
        &self,
        conn: &mut PgConnection,
        site: &SiteId,
        date: Date,
        zone: &SiteZone,
    ) -> sqlx::Result<FirstContact> {
        let end = date.tomorrow().ok().and_then(|tomorrow| zone.start_of(tomorrow));
        // On days beyond the times that can be told nothing was ever resolved.
        let Some((start, end)) = zone.start_of(date).zip(end) else { return Ok(FirstContact::default()) };
        let counted = store::first_contact::read(conn, site, start, end).await?;
        Ok(FirstContact { is_provisional: first_contact::is_provisional(end, self.clock.now()), ..counted })
    }

    /// The figures of a period of days of a site, by one dimension.
    ///
    /// # Errors
    /// [`AppError::UnknownSite`], [`AppError::Sql`].
    #[tracing::instrument(name = "app.get_breakdown", skip_all)]
    pub async fn get_breakdown(
        &self,
        site: &SiteId,
        period: Period,
        dimension: Dimension,
    ) -> Result<Breakdown, AppError> {
        let mut tx = self.snapshot().await?;
        known_zone(&mut tx, site).await?;
        Ok(store::figures::break_down(&mut tx, site, period, dimension).await?)
    }

    /// At most `limit` of the cases that a figure counts, after a place in their list.
    ///
    /// # Errors
    /// [`AppError::UnknownSite`], [`AppError::Sql`].
    #[tracing::instrument(name = "app.list_counted_cases", skip_all)]
    pub async fn list_counted_cases(
        &self,
        by: &CountedBy,
        after: Option<ListPlace>,
        limit: i64,
    ) -> Result<Vec<CountedCase>, AppError> {
        let mut tx = self.snapshot().await?;
        known_zone(&mut tx, &by.site).await?;
        Ok(store::counted_cases::list(&mut tx, by, after, limit).await?)
    }
}

async fn known_zone(conn: &mut PgConnection, site: &SiteId) -> Result<SiteZone, AppError> {
    let zone = store::sites::find_zone(conn, site).await?;
    zone.ok_or_else(|| AppError::UnknownSite(site.clone()))
}

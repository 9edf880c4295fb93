//! `kexiang report`: the figures of a day or a period.

use anyhow::{Context, bail};
use clap::{Args, Subcommand, ValueEnum};
use jiff::{civil::Date, tz::TimeZone};
use kexiang_core::{Clock, SiteId};
use kexiang_proto::{
    intake_v1::{GetSiteRequest, ListSitesRequest, Site},
    reporting_v1::{Dimension, GetBreakdownRequest, GetDayReportRequest},
};

use crate::{
    client::{Client, ServerArgs},
    output,
    report::{Format, Report as Rendered},
};

/// Print reports.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  kexiang report day
  kexiang report day --site sf311 --date 2016-03-01 --format csv > day.csv
  kexiang report breakdown --site sf311 --by state
  kexiang report breakdown --site sf311 --by channel --from 2016-01-01 --to 2016-01-31 --format json")]
pub struct Report {
    #[command(subcommand)]
    what: What,
    /// How to print it
    #[arg(long, global = true, value_enum, default_value = "table")]
    format: Format,
    /// Site; may be left out when there is exactly one
    #[arg(long, global = true, value_name = "SITE")]
    site: Option<String>,
    #[command(flatten)]
    server: ServerArgs,
}

#[derive(Debug, Subcommand)]
enum What {
    /// The day of a site: received, resolved, median and 90th percentile of the resolve time, by channel, kind,
    /// category and unit
    Day {
        /// Day in the site's time zone, such as 2026-11-22; today by default
        #[arg(long)]
        date: Option<Date>,
    },
    /// The same figures of a period, by one dimension
    Breakdown {
        /// By what
        #[arg(long, value_enum)]
        by: By,
        /// First day; from the beginning by default
        #[arg(long, value_name = "DATE")]
        from: Option<Date>,
        /// Last day, included; no end by default
        #[arg(long, value_name = "DATE")]
        to: Option<Date>,
    },
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum By {
    Channel,
    Kind,
    Category,
    Unit,
    State,
}

impl Report {
    /// Asks for the figures and prints them.
    ///
    /// # Errors
    /// When there is no such site, or the service refuses.
    pub async fn run(&self, clock: &Clock) -> anyhow::Result<()> {
        let mut client = self.server.connect().await?;
        let site = find_site(&mut client, self.site.as_deref()).await?;
        let report = match &self.what {
            What::Day { date } => day(&mut client, site, *date, clock).await?,
            What::Breakdown { by, from, to } => breakdown(&mut client, site, *by, *from, *to).await?,
        };
        output::line(report.render(self.format)?);
        Ok(())
    }
}

async fn day(client: &mut Client, site: Site, date: Option<Date>, clock: &Clock) -> anyhow::Result<Rendered> {
    let date = match date {
        Some(date) => date,
        None => clock.now().to_zoned(TimeZone::get(&site.time_zone)?).date(),
    };
    let request = GetDayReportRequest { site: site.name, date: date.to_string() };
    let answer = client.reporting.get_day_report(request).await.context("the day report is refused")?;
    Ok(Rendered::of_day(answer.into_inner()))
}

async fn breakdown(
    client: &mut Client,
    site: Site,
    by: By,
    from: Option<Date>,
    to: Option<Date>,
) -> anyhow::Result<Rendered> {
    let text = |date: Option<Date>| date.map(|date| date.to_string()).unwrap_or_default();
    let (start_date, end_date) = (text(from), text(to));
    let request = GetBreakdownRequest {
        site: site.name.clone(),
        start_date: start_date.clone(),
        end_date: end_date.clone(),
        dimension: by.dimension().into(),
    };
    let answer = client.reporting.get_breakdown(request).await.context("the breakdown is refused")?;
    Ok(Rendered::of_breakdown(site.name, start_date, end_date, answer.into_inner()))
}

/// The named site, or the only one.
async fn find_site(client: &mut Client, id: Option<&str>) -> anyhow::Result<Site> {
    if let Some(id) = id {
        let name = SiteId::parse(id.strip_prefix("sites/").unwrap_or(id))?.name();
        let found = client.intake.get_site(GetSiteRequest { name }).await;
        return Ok(found.with_context(|| format!("site {id}"))?.into_inner());
    }
    let sites =
        client.intake.list_sites(ListSitesRequest { page_size: 1000, page_token: String::new() }).await?;
    let mut sites = sites.into_inner().sites;
    match (sites.pop(), sites.is_empty()) {
        (Some(site), true) => Ok(site),
        (None, _) => bail!("there is no site yet; `kexiang import` and `kexiang up --demo` make one"),
        (Some(last), false) => {
            let ids: Vec<_> =
                sites.iter().chain([&last]).map(|site| site.name.trim_start_matches("sites/")).collect();
            bail!("there are several sites; choose one with --site: {}", ids.join(", "))
        }
    }
}

impl By {
    const fn dimension(self) -> Dimension {
        match self {
            Self::Channel => Dimension::Channel,
            Self::Kind => Dimension::Kind,
            Self::Category => Dimension::Category,
            Self::Unit => Dimension::Unit,
            Self::State => Dimension::State,
        }
    }
}

//! Requests from the wire: every violation at once.

use jiff::civil::Date;
use kexiang_core::{
    Channel, Kind, SiteId,
    slug::{Slug, of},
};
use kexiang_proto::reporting_v1 as pb;
use kexiang_rpc::{
    PageRequest, Refusal, Violations,
    field::{optional, optional_word, slug_name, text, word},
};

use super::DOMAIN;
use crate::domain::{
    figures::{CountedBy, Dimension, ListPlace},
    period::{Period, parse_date},
    state::CaseState,
};

const LONGEST_CATEGORY: usize = 200;

/// The site of a wallboard; `None` for all.
pub(super) fn wallboard_site(site: &str) -> Result<Option<SiteId>, Refusal> {
    let mut violations = Violations::default();
    let site = violations.check("site", optional(site, slug_name));
    violations.into_result(DOMAIN, site)
}

pub(super) fn day_report(request: &pb::GetDayReportRequest) -> Result<(SiteId, Date), Refusal> {
    let mut violations = Violations::default();
    let site = violations.check("site", slug_name(&request.site));
    let date = violations.check("date", parse_date(&request.date));
    violations.into_result(DOMAIN, site.zip(date))
}

pub(super) fn breakdown(request: &pb::GetBreakdownRequest) -> Result<(SiteId, Period, Dimension), Refusal> {
    let mut violations = Violations::default();
    let site = violations.check("site", slug_name(&request.site));
    let period = period(&request.start_date, &request.end_date, &mut violations);
    let dimension =
        violations.check("dimension", word(request.dimension, "DIMENSION_", pb::Dimension::as_str_name));
    let fields = site.zip(period).zip(dimension).map(|((site, period), dimension)| (site, period, dimension));
    violations.into_result(DOMAIN, fields)
}

pub(super) fn counted_cases(
    request: &pb::ListCountedCasesRequest,
) -> Result<(CountedBy, PageRequest<ListPlace>), Refusal> {
    let mut violations = Violations::default();
    let site = violations.check("site", slug_name(&request.site));
    let period = period(&request.start_date, &request.end_date, &mut violations);
    let figure = violations.check("figure", word(request.figure, "FIGURE_", pb::Figure::as_str_name));
    let row = row(request, &mut violations);
    let filter = pb::ListCountedCasesRequest { page_size: 0, page_token: String::new(), ..request.clone() };
    let page = PageRequest::read(request.page_size, &request.page_token, &filter, &mut violations);
    let by = site.zip(period).zip(figure).zip(row);
    let by = by.map(|(((site, period), figure), row)| CountedBy { site, period, figure, row });
    violations.into_result(DOMAIN, by.zip(page))
}

fn period(first: &str, last: &str, violations: &mut Violations) -> Option<Period> {
    let first = violations.check("start_date", optional(first, parse_date));
    let last = violations.check("end_date", optional(last, parse_date));
    violations.check("end_date", Period::new(first?, last?))
}

/// The one row of a breakdown, if one is named; the outer `None` when it is not right.
fn row(
    request: &pb::ListCountedCasesRequest,
    violations: &mut Violations,
) -> Option<Option<(Dimension, String)>> {
    let dimension = optional_word(request.dimension, "DIMENSION_", pb::Dimension::as_str_name);
    match violations.check("dimension", dimension)? {
        Some(dimension) => Some(Some((dimension, key(dimension, &request.key, violations)?))),
        None if request.key.is_empty() => Some(None),
        None => {
            violations.add("dimension", "REQUIRED", "is required with a key");
            None
        }
    }
}

/// A row's key, as it stands in the database. Empty is a key only of the dimension UNIT, for no unit.
fn key(dimension: Dimension, key: &str, violations: &mut Violations) -> Option<String> {
    match dimension {
        Dimension::Channel => violations.check("key", key.parse::<Channel>()).map(|c| c.as_str().to_owned()),
        Dimension::Kind => violations.check("key", key.parse::<Kind>()).map(|k| k.as_str().to_owned()),
        Dimension::State => violations.check("key", key.parse::<CaseState>()).map(|s| s.as_str().to_owned()),
        Dimension::Category => violations.check("key", text(key, LONGEST_CATEGORY)),
        Dimension::Unit => {
            let unit = violations.check("key", optional(key, slug_name::<of::Unit>));
            unit.map(|unit| unit.as_ref().map(Slug::to_string).unwrap_or_default())
        }
    }
}

//! The routing table of a site (DI-7): which unit works on what.
//!
//! The most specific line that fits wins: one point each for kind, channel and district; then the longer category prefix;
//! then the older line. Two lines with equal conditions can't exist. The winner is told in words.

use std::cmp::Reverse;

use kexiang_core::{Channel, Kind, RouteId, SiteId, Timestamp, UnitId};
use serde::{Deserialize, Serialize};

use super::work_order::{Brief, Routing};

/// What a line asks of an order; an empty condition fits any.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Conditions {
    /// Exactly this kind.
    pub kind: Option<Kind>,
    /// Exactly this channel.
    pub channel: Option<Channel>,
    /// Categories that start so.
    pub category_prefix: String,
    /// Exactly this grid or district.
    pub district: String,
}

/// One line of the table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Route {
    /// Its id.
    pub id: RouteId,
    /// Whose table.
    pub site: SiteId,
    /// What it asks.
    pub conditions: Conditions,
    /// Who works on what fits.
    pub unit: UnitId,
    /// When it was made.
    pub created_at: Timestamp,
}

impl Conditions {
    /// Whether all of them hold for `brief`.
    #[must_use]
    pub fn fit(&self, brief: &Brief) -> bool {
        self.kind.is_none_or(|kind| kind == brief.kind)
            && self.channel.is_none_or(|channel| channel == brief.channel)
            && brief.category.starts_with(&self.category_prefix)
            && (self.district.is_empty() || self.district == brief.district)
    }

    /// Points for kind, channel and district; then characters of the category prefix.
    fn specificity(&self) -> (usize, usize) {
        let points = usize::from(self.kind.is_some())
            + usize::from(self.channel.is_some())
            + usize::from(!self.district.is_empty());
        (points, self.category_prefix.chars().count())
    }

    /// They in words, such as `kind is FAULT and category starts with "broadband"`.
    #[must_use]
    pub fn in_words(&self) -> String {
        let words: Vec<String> = [
            self.kind.map(|kind| format!("kind is {kind}")),
            self.channel.map(|channel| format!("channel is {channel}")),
            Some(&self.district).filter(|d| !d.is_empty()).map(|d| format!("district is \"{d}\"")),
            Some(&self.category_prefix)
                .filter(|p| !p.is_empty())
                .map(|p| format!("category starts with \"{p}\"")),
        ]
        .into_iter()
        .flatten()
        .collect();
        if words.is_empty() { "anything fits".to_owned() } else { words.join(" and ") }
    }
}

impl Route {
    /// This line as the choice for an order, being the most specific of `fitting` lines that fit.
    #[must_use]
    pub fn routing(&self, fitting: usize) -> Routing {
        let words = self.conditions.in_words();
        let explanation = match fitting {
            1 => format!("{words}; the only line that fits"),
            _ => format!("{words}; the most specific of {fitting} lines that fit"),
        };
        Routing { unit: self.unit.clone(), route: self.id, explanation }
    }
}

/// The lines of some sites, as one transaction sees them.
#[derive(Debug, Clone, Default)]
pub struct RoutingTable {
    lines: Vec<Route>,
}

impl RoutingTable {
    /// The table of these lines, in any order.
    #[must_use]
    pub const fn new(lines: Vec<Route>) -> Self {
        Self { lines }
    }

    /// Who has to do `brief`, or none when no line fits.
    #[must_use]
    pub fn route(&self, brief: &Brief) -> Option<Routing> {
        let fitting: Vec<&Route> =
            self.lines.iter().filter(|line| line.site == brief.site && line.conditions.fit(brief)).collect();
        let winner = fitting
            .iter()
            .max_by_key(|line| (line.conditions.specificity(), Reverse((line.created_at, line.id))))?;
        Some(winner.routing(fitting.len()))
    }
}

#[cfg(test)]
mod tests;

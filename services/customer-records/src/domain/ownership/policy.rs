//! Under which terms a customer is owned: rules by site, tier and running agreement (CU-5), and the zones that days are counted in.

use std::collections::HashMap;

use jiff::{Timestamp, tz::TimeZone};
use kexiang_core::{OwnershipRuleId, SiteId};
use serde::{Deserialize, Serialize};

use super::Ownership;

/// The terms of an ownership.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Terms {
    /// Days of a period.
    pub lease_days: i32,
    /// Days before the end at which it is announced.
    pub warning_days: i32,
    /// Claims of an agent on one day.
    pub daily_claims: i32,
    /// Customers that an agent may own to claim one more.
    pub held_limit: i32,
    /// Days for which the previous owner can't claim.
    pub cool_off_days: i32,
    /// Days within which a new customer wants follow-ups; 0 checks nothing.
    pub new_customer_days: i32,
    /// How many; 0 checks nothing.
    pub new_customer_follow_ups: i32,
}

/// Where no rule fits. 30 days and two follow-ups in 30 days are CU-5 and DI-20; the others are ours.
pub const DEFAULT: Terms = Terms {
    lease_days: 30,
    warning_days: 3,
    daily_claims: 10,
    held_limit: 200,
    cool_off_days: 7,
    new_customer_days: 30,
    new_customer_follow_ups: 2,
};

/// Which customers a rule is for; `None` for all.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Selector {
    /// Of this site.
    pub site: Option<SiteId>,
    /// Of this tier.
    pub tier: Option<String>,
    /// With a running agreement, or without.
    pub under_agreement: Option<bool>,
}

/// Terms for some customers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rule {
    /// Which.
    pub rule_id: OwnershipRuleId,
    /// For whom.
    pub selector: Selector,
    /// What.
    pub terms: Terms,
    /// Last changed.
    pub updated_at: Timestamp,
    /// Starts at 1, one more for every change.
    pub version: i64,
}

impl Selector {
    fn fits(&self, site: Option<&SiteId>, tier: &str, under_agreement: bool) -> bool {
        self.site.as_ref().is_none_or(|wanted| Some(wanted) == site)
            && self.tier.as_deref().is_none_or(|wanted| wanted == tier)
            && self.under_agreement.is_none_or(|wanted| wanted == under_agreement)
    }

    /// The tier goes before the agreement, and that before the site.
    const fn weight(&self) -> (bool, bool, bool) {
        (self.tier.is_some(), self.under_agreement.is_some(), self.site.is_some())
    }
}

/// All rules and zones.
#[derive(Debug, Clone)]
pub struct Policy {
    /// No two have the same selector.
    pub rules: Vec<Rule>,
    /// As intake told.
    pub zones: HashMap<SiteId, TimeZone>,
    /// Of what has no site, or one of which nothing was told yet.
    pub default_zone: TimeZone,
}

impl Policy {
    /// The terms of an ownership at `now`.
    #[must_use]
    pub fn terms(&self, ownership: &Ownership, now: Timestamp) -> Terms {
        let under_agreement = ownership.protected_until_at.is_some_and(|until| until > now);
        let fits =
            |rule: &&Rule| rule.selector.fits(ownership.site.as_ref(), &ownership.tier, under_agreement);
        let best = self.rules.iter().filter(fits).max_by_key(|rule| rule.selector.weight());
        best.map_or(DEFAULT, |rule| rule.terms)
    }

    /// The zone that the days of a site are counted in.
    #[must_use]
    pub fn zone(&self, site: Option<&SiteId>) -> &TimeZone {
        site.and_then(|site| self.zones.get(site)).unwrap_or(&self.default_zone)
    }
}

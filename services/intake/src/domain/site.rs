//! Sites: places with their own hotline numbers and register.

use jiff::tz::TimeZone;
use kexiang_core::{SiteId, Timestamp};
use serde::{Deserialize, Serialize};

/// A site 网点/案场/中心. Not changed after its creation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Site {
    /// Its id.
    pub id: SiteId,
    /// For people.
    pub display_name: String,
    /// IANA name: whose days the reports of this site count.
    pub time_zone: String,
    /// ISO 3166-1 alpha-2: how phones in local form are read.
    pub phone_region: String,
    /// When it was created.
    pub created_at: Timestamp,
    /// How long a call may ring to be answered in time (IN-5), in seconds.
    #[serde(default = "three_rings")]
    pub answer_limit_seconds: u32,
}

/// The limit of sites that say none: 3 rings, in seconds (IN-5).
pub const THREE_RINGS: u32 = 15;

const fn three_rings() -> u32 {
    THREE_RINGS
}

impl Site {
    /// The number that people say for a case (`C-20261122-000042`): the site's day of acceptance and the register number of
    /// the contact that opened it. Unique in the site, because the register number is.
    #[must_use]
    pub fn case_number(&self, accepted_at: Timestamp, register_number: i64) -> String {
        let zone = TimeZone::get(&self.time_zone).unwrap_or(TimeZone::UTC);
        let day = accepted_at.to_zoned(zone).strftime("%Y%m%d").to_string();
        format!("C-{day}-{register_number:06}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_case_number_has_the_day_of_the_site() {
        let site = Site {
            id: SiteId::parse("main").unwrap(),
            display_name: "Main".into(),
            time_zone: "Asia/Shanghai".into(),
            phone_region: "CN".into(),
            created_at: Timestamp::UNIX_EPOCH,
            answer_limit_seconds: THREE_RINGS,
        };

        let number = site.case_number("2026-11-21T17:30:00Z".parse().unwrap(), 42);

        assert_eq!(number, "C-20261122-000042");
    }
}

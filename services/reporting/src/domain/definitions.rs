//! What the figures mean (RE-2): printed beside every report, so that it can be checked against a recount.
//!
//! Whoever changes what a figure counts changes its text and its version here.

use super::figures::Dimension;

/// What a figure means, so that it can be checked. The version changes when the meaning does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Definition {
    /// The metric.
    pub metric: &'static str,
    /// Its version.
    pub version: i32,
    /// What is counted, whose time decides the period, what is left out.
    pub text: &'static str,
    /// `calendar` or `business`.
    pub clock: &'static str,
}

/// Of all figures.
const FIGURES: [Definition; 3] = [
    Definition {
        metric: "received",
        version: 1,
        text: "Cases accepted in the period, by the days of the site's own time zone; all kinds, channels and states, \
               withdrawn ones too. Left out: contacts that opened no case.",
        clock: "calendar",
    },
    Definition {
        metric: "resolved",
        version: 1,
        text: "Cases whose last resolution lies in the period, by the days of the site's own time zone, whenever they \
               were accepted. Left out: cases reopened and not resolved again.",
        clock: "calendar",
    },
    Definition {
        metric: "resolve_time",
        version: 1,
        text: "Seconds from acceptance to last resolution of the cases that `resolved` counts, with nights, holidays and \
               waiting; a reopening starts no new time. Median and 90th percentile by linear interpolation between \
               neighbours. Left out: cases not resolved.",
        clock: "calendar",
    },
];

/// Of the dimension that is not as of the period.
const STATE: Definition = Definition {
    metric: "state",
    version: 1,
    text: "The state in which a case is now, not the one it had in the period: `received` counts the cases accepted in \
           the period by it.",
    clock: "calendar",
};

/// Of what the desk resolved for good.
const FIRST_CONTACT_RESOLUTION: Definition = Definition {
    metric: "first_contact_resolution",
    version: 1,
    text: "Of the cases whose first resolution lies in the period, by the days of the site's own time zone: those that the \
           desk resolved without a work order, that were not reopened within 7 times 24 hours after it, and of whose \
           customer no contact came in within that time about the same case or another case of the same category, at \
           whichever site; divided by all of them, however they were resolved. A contact that joins the same case counts \
           whoever it is of. Provisional until the 7 days have passed since the end of the period. Left out: contacts that \
           opened and joined no case, for they have no category.",
    clock: "calendar",
};

/// What stands beside a day report.
#[must_use]
pub fn of_day_report() -> Vec<Definition> {
    FIGURES.into_iter().chain([FIRST_CONTACT_RESOLUTION]).collect()
}

/// What stands beside a breakdown by `dimension`.
#[must_use]
pub fn of_breakdown(dimension: Dimension) -> Vec<Definition> {
    let state = (dimension == Dimension::State).then_some(STATE);
    FIGURES.into_iter().chain(state).collect()
}

//! Answers to the wire.

use kexiang_core::{Channel, Kind, SiteId, UnitId};
use kexiang_proto::{intake_v1, reporting_v1 as pb, type_v1};
use kexiang_rpc::time::to_wire;

use crate::domain::{
    definitions::{self, Definition},
    figures::{Breakdown, CountedCase, DayReport, Dimension, Figures},
    first_contact::{FirstContact, WINDOW_DAYS},
    state::CaseState,
    wallboard::{HeldCases, Wallboard},
};

pub(super) fn wallboard(site: Option<&SiteId>, board: &Wallboard) -> pb::Wallboard {
    let cases = board.cases.iter();
    let work_orders = board.work_orders.iter();
    pb::Wallboard {
        site: site.map(SiteId::name).unwrap_or_default(),
        cases: cases
            .map(|(state, count)| pb::StateCount { state: case_state(*state).into(), count: *count })
            .collect(),
        work_orders: work_orders
            .map(|(state, count)| pb::OrderCount { state: state.as_str().to_owned(), count: *count })
            .collect(),
        agents_signed_in: board.agents_signed_in,
        return_visits_open: board.return_visits.open,
        return_visits_overdue: board.return_visits.overdue,
        as_of_time: board.as_of.map(to_wire),
        held_cases: board.held_cases.iter().map(held_cases).collect(),
    }
}

fn held_cases(held: &HeldCases) -> pb::HeldCases {
    let reason = intake_v1::HoldReason::from_str_name(&format!("HOLD_REASON_{}", held.reason.as_str()));
    pb::HeldCases {
        reason: reason.unwrap_or_default().into(),
        count: held.count,
        oldest_hold_time: Some(to_wire(held.oldest_held_at)),
    }
}

pub(super) fn day_report(report: DayReport) -> pb::DayReport {
    pb::DayReport {
        site: report.site.name(),
        date: report.date.to_string(),
        time_zone: report.zone.name().to_owned(),
        total: Some(figures(&report.total)),
        breakdowns: report.breakdowns.into_iter().map(breakdown).collect(),
        definitions: self::definitions(&definitions::of_day_report()),
        first_contact_resolution: Some(first_contact(&report.first_contact)),
        as_of_time: report.as_of.map(to_wire),
    }
}

fn first_contact(figure: &FirstContact) -> pb::FirstContactResolution {
    pb::FirstContactResolution {
        resolved: figure.resolved,
        resolved_at_desk: figure.resolved_at_desk,
        first_contact_resolved: figure.first_contact_resolved,
        rate: figure.rate(),
        provisional: figure.is_provisional,
        window_days: WINDOW_DAYS,
    }
}

pub(super) fn breakdown(breakdown: Breakdown) -> pb::Breakdown {
    let dimension = breakdown.dimension;
    let rows = breakdown.rows.into_iter();
    pb::Breakdown {
        dimension: wire_dimension(dimension).into(),
        rows: rows
            .map(|row| pb::Row { key: key(dimension, row.key), figures: Some(figures(&row.figures)) })
            .collect(),
    }
}

pub(super) fn figures(figures: &Figures) -> pb::Figures {
    pb::Figures {
        received: figures.received,
        resolved: figures.resolved,
        resolve_seconds_median: figures.resolve_time.map(|time| time.median),
        resolve_seconds_p90: figures.resolve_time.map(|time| time.p90),
    }
}

pub(super) fn definitions(definitions: &[Definition]) -> Vec<pb::Definition> {
    let definitions = definitions.iter();
    definitions
        .map(|definition| pb::Definition {
            metric: definition.metric.to_owned(),
            version: definition.version,
            text: definition.text.to_owned(),
            clock: definition.clock.to_owned(),
        })
        .collect()
}

pub(super) fn counted_case(case: &CountedCase) -> pb::CountedCase {
    pb::CountedCase {
        case: case.case.name(),
        number: case.number.clone(),
        channel: channel(case.channel).into(),
        kind: kind(case.kind).into(),
        category: case.category.clone(),
        unit: case.unit.as_ref().map(UnitId::name).unwrap_or_default(),
        state: case_state(case.state).into(),
        accept_time: Some(to_wire(case.accepted_at)),
        resolve_time: case.resolved_at.map(to_wire),
    }
}

/// A row's key: units by their resource name, all others as they stand in the database.
fn key(dimension: Dimension, key: String) -> String {
    match dimension {
        Dimension::Unit if !key.is_empty() => format!("{}/{key}", UnitId::COLLECTION),
        Dimension::Channel | Dimension::Kind | Dimension::Category | Dimension::Unit | Dimension::State => {
            key
        }
    }
}

const fn wire_dimension(dimension: Dimension) -> pb::Dimension {
    match dimension {
        Dimension::Channel => pb::Dimension::Channel,
        Dimension::Kind => pb::Dimension::Kind,
        Dimension::Category => pb::Dimension::Category,
        Dimension::Unit => pb::Dimension::Unit,
        Dimension::State => pb::Dimension::State,
    }
}

const fn case_state(state: CaseState) -> intake_v1::CaseState {
    match state {
        CaseState::Received => intake_v1::CaseState::Received,
        CaseState::Dispatched => intake_v1::CaseState::Dispatched,
        CaseState::Resolved => intake_v1::CaseState::Resolved,
        CaseState::Informed => intake_v1::CaseState::Informed,
        CaseState::Visited => intake_v1::CaseState::Visited,
        CaseState::Closed => intake_v1::CaseState::Closed,
        CaseState::Archived => intake_v1::CaseState::Archived,
        CaseState::Withdrawn => intake_v1::CaseState::Withdrawn,
    }
}

const fn channel(channel: Channel) -> type_v1::Channel {
    match channel {
        Channel::Hotline => type_v1::Channel::Hotline,
        Channel::GridPhone => type_v1::Channel::GridPhone,
        Channel::PhoneMenu => type_v1::Channel::PhoneMenu,
        Channel::Messaging => type_v1::Channel::Messaging,
        Channel::WebForm => type_v1::Channel::WebForm,
        Channel::Email => type_v1::Channel::Email,
        Channel::WalkIn => type_v1::Channel::WalkIn,
        Channel::FieldStaff => type_v1::Channel::FieldStaff,
        Channel::Lead => type_v1::Channel::Lead,
        Channel::Partner => type_v1::Channel::Partner,
    }
}

const fn kind(kind: Kind) -> type_v1::Kind {
    match kind {
        Kind::Consultation => type_v1::Kind::Consultation,
        Kind::Fault => type_v1::Kind::Fault,
        Kind::Complaint => type_v1::Kind::Complaint,
        Kind::ViolationReport => type_v1::Kind::ViolationReport,
        Kind::Suggestion => type_v1::Kind::Suggestion,
        Kind::ServiceOrder => type_v1::Kind::ServiceOrder,
        Kind::Business => type_v1::Kind::Business,
        Kind::Lead => type_v1::Kind::Lead,
        Kind::Other => type_v1::Kind::Other,
    }
}

//! Numbers and last times of histories, as aggregates over whose they are.

use sqlx::{Postgres, QueryBuilder};

use crate::domain::segment::{
    Scope,
    fields::{NumberField, TimeField},
};

/// A number or a time of a history.
pub struct Figure {
    /// The aggregate.
    pub what: &'static str,
    /// The column of whose it is.
    pub owner: &'static str,
    /// From, and the part of where that never changes.
    pub from: &'static str,
    /// The column of when it was, which days narrow.
    pub at: &'static str,
}

const CASES: &str = " from customer_records.case_links l where true";
const ORDERS: &str =
    " from customer_records.case_links l join customer_records.viewed_orders o using (case_id) where true";
const AGREEMENTS: &str = " from customer_records.agreements a where true";

/// `None` for the size of a group, which is no history.
pub const fn number_figure(field: NumberField) -> Option<Figure> {
    let (what, owner, from, at) = match field {
        NumberField::ContactCount => {
            ("count(*)", "l.customer_id", " from customer_records.contact_links l where true", "l.contact_at")
        }
        NumberField::CaseCount | NumberField::ComplaintCount | NumberField::OpenCases => {
            ("count(*)", "l.customer_id", CASES, "l.accepted_at")
        }
        NumberField::OrderCount => ("count(*)", "l.customer_id", ORDERS, "o.created_at"),
        NumberField::ReworkCount => {
            ("coalesce(sum(o.rework_count), 0)::bigint", "l.customer_id", ORDERS, "o.created_at")
        }
        NumberField::PromisesMissed => (
            "count(*)",
            "l.customer_id",
            " from customer_records.case_links l join customer_records.viewed_promises p using (case_id)
              where p.state in ('MISSED', 'KEPT_LATE')",
            "p.due_at",
        ),
        NumberField::FollowUpCount => {
            ("count(*)", "f.customer_id", " from customer_records.follow_ups f where true", "f.followed_at")
        }
        NumberField::AgreementCount => ("count(*)", "a.customer_id", AGREEMENTS, ""),
        NumberField::AgreementUnits => ("coalesce(sum(a.units), 0)::bigint", "a.customer_id", AGREEMENTS, ""),
        NumberField::GroupSize => return None,
    };
    Some(Figure { what, owner, from, at })
}

/// `None` for what is no history.
pub const fn time_figure(field: TimeField) -> Option<Figure> {
    match field {
        TimeField::LastContact => Some(Figure {
            what: "max(l.contact_at)",
            owner: "l.customer_id",
            from: " from customer_records.contact_links l where true",
            at: "l.contact_at",
        }),
        TimeField::LastFollowUp => Some(Figure {
            what: "max(f.followed_at)",
            owner: "f.customer_id",
            from: " from customer_records.follow_ups f where true",
            at: "f.followed_at",
        }),
        TimeField::Created
        | TimeField::OwnershipStart
        | TimeField::OwnershipUntil
        | TimeField::Pool
        | TimeField::NextAgreementExpire => None,
    }
}

/// What the arguments leave of a history, beside the days.
pub fn narrow(sql: &mut QueryBuilder<Postgres>, field: NumberField, scope: &Scope) {
    match field {
        NumberField::CaseCount | NumberField::ComplaintCount | NumberField::OpenCases => {
            if field == NumberField::OpenCases {
                sql.push(" and l.open");
            }
            if let Some(category) = &scope.category {
                sql.push(" and l.category = ").push_bind(category.clone());
            }
            let complaint = (field == NumberField::ComplaintCount).then(|| "COMPLAINT".to_owned());
            if let Some(kind) = complaint.or_else(|| scope.kind.clone()) {
                let of_kind = " and exists (select from customer_records.case_kinds k where k.case_id = l.case_id and k.kind = ";
                sql.push(of_kind).push_bind(kind).push(")");
            }
        }
        NumberField::AgreementCount | NumberField::AgreementUnits => {
            if let Some(kind) = &scope.kind {
                sql.push(" and a.kind = ").push_bind(kind.clone());
            }
            if let Some(state) = &scope.state {
                sql.push(" and a.state = ").push_bind(state.clone());
            }
        }
        NumberField::ContactCount
        | NumberField::OrderCount
        | NumberField::ReworkCount
        | NumberField::PromisesMissed
        | NumberField::FollowUpCount
        | NumberField::GroupSize => {}
    }
}

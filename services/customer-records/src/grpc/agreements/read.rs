//! Agreements from the wire, with every violation.

use kexiang_core::Timestamp;
use kexiang_proto::customers_v1 as pb;
use kexiang_rpc::{Violations, field, time};
use rust_decimal::Decimal;

use crate::{
    app::agreements::{AgreementFilter, Written},
    domain::agreement::{
        content::{Content, MAX_TERMS, MAX_UNITS},
        kind::{AgreementKind, MAX_ITEMS, MAX_NOTICE_DAYS, RequiredDocument},
        schedule::{MAX_INSTALLMENTS, amount},
    },
};

/// Characters of titles and display names.
const LONGEST_TITLE: usize = 200;
/// Characters of reasons.
pub const LONGEST_TEXT: usize = 1_000;
/// Characters of numbers and references.
pub const LONGEST_REFERENCE: usize = 100;
/// A time may be this far in the future: clocks differ.
const CLOCK_SKEW_SECONDS: i64 = 60;

/// The text is no code.
#[derive(Debug, thiserror::Error)]
#[error("must be 1–64 of letters, digits, `.`, `-` and `_`")]
pub struct InvalidCode;

/// Reads a code.
pub fn code(text: &str) -> Result<String, InvalidCode> {
    let fits = |c: char| c.is_alphanumeric() || matches!(c, '.' | '-' | '_');
    let length = text.chars().count();
    if (1..=64).contains(&length) && text.chars().all(fits) { Ok(text.to_owned()) } else { Err(InvalidCode) }
}

/// Reads `agreementKinds/{code}`.
pub fn kind_name(text: &str) -> Result<String, &'static str> {
    let read = text.strip_prefix("agreementKinds/").and_then(|text| code(text).ok());
    read.ok_or("must have the form agreementKinds/{code}")
}

/// Reads what is a SHA-256.
pub fn sha256(text: &str) -> Result<String, &'static str> {
    let fits = text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    if fits { Ok(text.to_ascii_lowercase()) } else { Err("must be 64 hexadecimal digits") }
}

/// Reads the time of something that happened.
pub fn past(
    field: &str,
    wire: Option<&prost_types::Timestamp>,
    now: Timestamp,
    violations: &mut Violations,
) -> Option<Timestamp> {
    let at = violations.required(field, wire)?;
    let at = violations.check(field, time::timestamp(at))?;
    if at.as_second() > now.as_second().saturating_add(CLOCK_SKEW_SECONDS) {
        violations.add(field, "IN_THE_FUTURE", "must not be in the future");
        return None;
    }
    Some(at)
}

/// Reads a number between 0 and a limit.
fn small(field: &str, value: i32, max: i32, violations: &mut Violations) -> Option<i32> {
    let read = if (0..=max).contains(&value) { Ok(value) } else { Err(format!("must be 0 to {max}")) };
    violations.check(field, read)
}

/// Reads a kind.
pub fn kind(request: &pb::DefineAgreementKindRequest, violations: &mut Violations) -> Option<AgreementKind> {
    let code = violations.check("code", code(&request.code));
    let wire = violations.required("agreement_kind", request.agreement_kind.as_ref())?;
    let display_name = field::text(&wire.display_name, LONGEST_TITLE);
    let display_name = violations.check("agreement_kind.display_name", display_name);
    let documents = documents(&wire.documents, violations);
    let stages = stages(&wire.stages, violations);
    let (path, days) = ("agreement_kind.expiry_notice_days", wire.expiry_notice_days);
    let expiry_notice_days = small(path, days, MAX_NOTICE_DAYS, violations);
    let (path, days) = ("agreement_kind.payment_notice_days", wire.payment_notice_days);
    let payment_notice_days = small(path, days, MAX_NOTICE_DAYS, violations);
    Some(AgreementKind {
        code: code?,
        display_name: display_name?,
        documents: documents?,
        stages: stages?,
        expiry_notice_days: expiry_notice_days?,
        payment_notice_days: payment_notice_days?,
    })
}

fn too_many(field: &str, limit: usize, violations: &mut Violations) {
    violations.add(field, "TOO_MANY", format!("must be at most {limit}"));
}

fn documents(wire: &[pb::RequiredDocument], violations: &mut Violations) -> Option<Vec<RequiredDocument>> {
    let path = "agreement_kind.documents";
    if wire.len() > MAX_ITEMS {
        too_many(path, MAX_ITEMS, violations);
        return None;
    }
    let mut documents: Vec<RequiredDocument> = Vec::new();
    for (index, document) in wire.iter().enumerate() {
        let path = format!("{path}[{index}]");
        let code = violations.check(&format!("{path}.code"), code(&document.code));
        let display_name = field::text(&document.display_name, LONGEST_TITLE);
        let display_name = violations.check(&format!("{path}.display_name"), display_name);
        let step = pb::DocumentStep::as_str_name;
        let step = field::word::<pb::DocumentStep, _>(document.needed_for, "DOCUMENT_STEP_", step);
        let step = violations.check(&format!("{path}.needed_for"), step);
        let (Some(code), Some(display_name), Some(needed_for)) = (code, display_name, step) else { continue };
        if documents.iter().any(|other| other.code == code) {
            violations.add(&format!("{path}.code"), "DUPLICATE", "comes twice");
        }
        documents.push(RequiredDocument { code, display_name, needed_for });
    }
    Some(documents)
}

fn stages(wire: &[String], violations: &mut Violations) -> Option<Vec<String>> {
    let path = "agreement_kind.stages";
    if wire.len() > MAX_ITEMS {
        too_many(path, MAX_ITEMS, violations);
        return None;
    }
    let mut stages: Vec<String> = Vec::new();
    for (index, stage) in wire.iter().enumerate() {
        let path = format!("{path}[{index}]");
        let Some(stage) = violations.check(&path, code(stage)) else { continue };
        if stages.contains(&stage) {
            violations.add(&path, "DUPLICATE", "comes twice");
        }
        stages.push(stage);
    }
    Some(stages)
}

/// Reads what is agreed on.
pub fn written(wire: Option<&pb::AgreementContent>, violations: &mut Violations) -> Option<Written> {
    let wire = violations.required("content", wire)?;
    let title = violations.check("content.title", field::text(&wire.title, LONGEST_TITLE));
    let terms = violations.check("content.terms", field::optional_text(&wire.terms, MAX_TERMS));
    let units = small("content.units", wire.units, MAX_UNITS, violations);
    let expires_at = time::optional_timestamp(wire.expire_time.as_ref());
    let expires_at = violations.check("content.expire_time", expires_at);
    let installments = installments(&wire.installments, violations);
    let terms = terms.map(Option::unwrap_or_default);
    let content = Content { title: title?, terms: terms?, units: units?, expires_at: expires_at? };
    Some(Written { content, installments: installments? })
}

fn installments(wire: &[pb::Installment], violations: &mut Violations) -> Option<Vec<(Decimal, Timestamp)>> {
    let path = "content.installments";
    if wire.len() > MAX_INSTALLMENTS {
        too_many(path, MAX_INSTALLMENTS, violations);
        return None;
    }
    let mut installments = Vec::new();
    for (index, item) in wire.iter().enumerate() {
        let path = format!("{path}[{index}]");
        let amount = violations.check(&format!("{path}.amount"), amount(&item.amount));
        let due_time = format!("{path}.due_time");
        let due_at = violations.required(&due_time, item.due_time.as_ref());
        let due_at = due_at.and_then(|wire| violations.check(&due_time, time::timestamp(wire)));
        installments.extend(amount.zip(due_at));
    }
    Some(installments)
}

/// Reads the filter of a list.
pub fn filter(request: &pb::ListAgreementsRequest, violations: &mut Violations) -> Option<AgreementFilter> {
    let customer = violations.check("customer", field::optional(&request.customer, field::name));
    let kind = violations.check("kind", field::optional(&request.kind, kind_name));
    let name = pb::AgreementState::as_str_name;
    let state = field::optional_word::<pb::AgreementState, _>(request.state, "AGREEMENT_STATE_", name);
    let state = violations.check("state", state);
    let before = time::optional_timestamp(request.expire_before_time.as_ref());
    let before = violations.check("expire_before_time", before);
    Some(AgreementFilter { customer: customer?, kind: kind?, state: state?, expires_before: before? })
}

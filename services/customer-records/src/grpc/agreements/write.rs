//! Agreements to the wire: resources and facts.

use kexiang_core::{AgreementId, Timestamp};
use kexiang_events::StoredEvent;
use kexiang_proto::customers_v1 as pb;
use kexiang_rpc::time::to_wire;
use prost_types::Any;

use crate::{
    domain::agreement::{
        Agreement, AgreementFacts, AgreementState, Document, Edition,
        kind::{RequiredDocument, Step, StoredKind},
        schedule::{Direction, Installment, InstallmentState, Payment},
    },
    grpc::feed::any,
};

/// Writes a kind.
pub fn kind(stored: &StoredKind) -> pb::AgreementKind {
    let StoredKind { kind, updated_at, version } = stored;
    pb::AgreementKind {
        name: format!("agreementKinds/{}", kind.code),
        display_name: kind.display_name.clone(),
        documents: kind.documents.iter().map(required).collect(),
        stages: kind.stages.clone(),
        expiry_notice_days: kind.expiry_notice_days,
        payment_notice_days: kind.payment_notice_days,
        update_time: Some(to_wire(*updated_at)),
        etag: version.to_string(),
    }
}

fn required(document: &RequiredDocument) -> pb::RequiredDocument {
    let needed_for = match document.needed_for {
        Step::Sign => pb::DocumentStep::Sign,
        Step::File => pb::DocumentStep::File,
    };
    pb::RequiredDocument {
        code: document.code.clone(),
        display_name: document.display_name.clone(),
        needed_for: needed_for.into(),
    }
}

/// Writes an agreement as it stands at a time.
pub fn agreement(agreement: &Agreement, now: Timestamp) -> pb::Agreement {
    let Agreement { head, schedule } = agreement;
    let stage = |stage: &crate::domain::agreement::Stage| pb::AgreementStage {
        code: stage.code.clone(),
        reach_time: stage.reached_at.map(to_wire),
    };
    pb::Agreement {
        name: head.agreement_id.name(),
        customer: head.customer_id.name(),
        kind: format!("agreementKinds/{}", head.kind.code),
        state: state(head.state).into(),
        title: head.content.title.clone(),
        terms: head.content.terms.clone(),
        units: head.content.units,
        currency_code: head.currency.clone(),
        expire_time: head.content.expires_at.map(to_wire),
        expired: head.expired,
        edition: head.edition,
        previous_editions: head.previous_editions.iter().map(edition).collect(),
        drafters: head.drafters.iter().map(ToString::to_string).collect(),
        reviewer: head.reviewer.as_ref().map(ToString::to_string).unwrap_or_default(),
        return_reason: head.return_reason.clone().unwrap_or_default(),
        checklist: head.kind.documents.iter().map(required).collect(),
        documents: head.documents.iter().map(document).collect(),
        missing_documents: agreement.missing(&[Step::Sign, Step::File]),
        stages: head.stages.iter().map(stage).collect(),
        installments: schedule.installments.iter().map(|item| installment(item, now)).collect(),
        payments: schedule.payments.iter().map(payment).collect(),
        renews: head.renews.map(AgreementId::name).unwrap_or_default(),
        renewed_by: head.renewed_by.map(AgreementId::name).unwrap_or_default(),
        sign_time: head.signed_at.map(to_wire),
        file_time: head.filed_at.map(to_wire),
        file_number: head.file_number.clone().unwrap_or_default(),
        close_reason: head.close_reason.clone().unwrap_or_default(),
        create_time: Some(to_wire(head.created_at)),
        update_time: Some(to_wire(head.updated_at)),
        etag: head.version.to_string(),
    }
}

const fn state(state: AgreementState) -> pb::AgreementState {
    match state {
        AgreementState::Draft => pb::AgreementState::Draft,
        AgreementState::InReview => pb::AgreementState::InReview,
        AgreementState::Approved => pb::AgreementState::Approved,
        AgreementState::Signed => pb::AgreementState::Signed,
        AgreementState::Filed => pb::AgreementState::Filed,
        AgreementState::Renewed => pb::AgreementState::Renewed,
        AgreementState::Closed => pb::AgreementState::Closed,
    }
}

fn document(document: &Document) -> pb::AgreementDocument {
    pb::AgreementDocument {
        code: document.code.clone(),
        evidence: document.evidence.name(),
        sha256: document.sha256.clone(),
        edition: document.edition,
        actor: document.actor.to_string(),
        attach_time: Some(to_wire(document.attached_at)),
    }
}

fn edition(edition: &Edition) -> pb::AgreementEdition {
    pb::AgreementEdition {
        edition: edition.edition,
        title: edition.content.title.clone(),
        terms: edition.content.terms.clone(),
        units: edition.content.units,
        expire_time: edition.content.expires_at.map(to_wire),
        file_time: edition.filed_at.map(to_wire),
        reviewer: edition.reviewer.as_ref().map(ToString::to_string).unwrap_or_default(),
        change_reason: edition.change_reason.clone(),
    }
}

fn installment(item: &Installment, now: Timestamp) -> pb::Installment {
    let state = match item.state(now) {
        InstallmentState::Due => pb::InstallmentState::Due,
        InstallmentState::Partial => pb::InstallmentState::Partial,
        InstallmentState::Received => pb::InstallmentState::Received,
        InstallmentState::Overdue => pb::InstallmentState::Overdue,
        InstallmentState::Refunded => pb::InstallmentState::Refunded,
    };
    pb::Installment {
        number: item.number,
        amount: item.amount.to_string(),
        due_time: Some(to_wire(item.due_at)),
        received: item.received.to_string(),
        refunded: item.refunded.to_string(),
        state: state.into(),
    }
}

fn payment(payment: &Payment) -> pb::Payment {
    let direction = match payment.direction {
        Direction::Received => pb::PaymentDirection::Received,
        Direction::Refunded => pb::PaymentDirection::Refunded,
    };
    let part = |(installment, amount): &(i32, rust_decimal::Decimal)| pb::PaymentPart {
        installment: *installment,
        amount: amount.to_string(),
    };
    pb::Payment {
        number: payment.number,
        direction: direction.into(),
        amount: payment.amount.to_string(),
        pay_time: Some(to_wire(payment.paid_at)),
        reference: payment.reference.clone(),
        actor: payment.actor.to_string(),
        parts: payment.parts.iter().map(part).collect(),
    }
}

/// The data of an event of an agreement.
///
/// # Errors
/// When the log holds what this service never wrote.
pub fn facts(event: &StoredEvent) -> Result<Any, serde_json::Error> {
    let facts: AgreementFacts = serde_json::from_value(event.data.clone())?;
    any(&pb::AgreementFacts {
        agreement: facts.agreement_id.name(),
        customer: facts.customer_id.name(),
        kind: format!("agreementKinds/{}", facts.kind),
        state: state(facts.state).into(),
        edition: facts.edition,
        units: facts.units,
        installment: facts.installment.unwrap_or_default(),
        late: facts.late,
    })
}

/// The data of `agreement_kind.defined`.
///
/// # Errors
/// When the log holds what this service never wrote.
pub fn kind_facts(event: &StoredEvent) -> Result<Any, serde_json::Error> {
    any(&pb::AgreementKindFacts { kind: event.subject.clone() })
}

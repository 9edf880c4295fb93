//! The archive to the wire: resources and facts.

use kexiang_core::{AgentId, ArchiveEntryId, ArchiveLoanId, SupplierQuoteId, Timestamp};
use kexiang_events::StoredEvent;
use kexiang_proto::customers_v1 as pb;
use kexiang_rpc::time::to_wire;
use prost_types::Any;
use serde::Deserialize;

use crate::{
    domain::archive::{
        Assessment, AssessmentResult, Entry, EntryFacts, EntryState, Loan, Quote, Receipt, Retirement,
        Version, VersionState,
        kind::{FieldSpec, FieldType, FieldValue, RetentionClass, StoredArchiveKind},
        level::Level,
    },
    grpc::feed::any,
};

/// Writes a kind.
pub fn kind(stored: &StoredArchiveKind) -> pb::ArchiveKind {
    let StoredArchiveKind { kind, updated_at, version } = stored;
    let parent_kind = kind.parent_kind.as_ref().map(|code| format!("archiveKinds/{code}"));
    pb::ArchiveKind {
        name: format!("archiveKinds/{}", kind.code),
        display_name: kind.display_name.clone(),
        fields: kind.fields.iter().map(spec).collect(),
        parent_kind: parent_kind.unwrap_or_default(),
        versioned: kind.versioned,
        assessed: kind.assessed,
        retention_class: format!("retentionClasses/{}", kind.retention_class),
        update_time: Some(to_wire(*updated_at)),
        etag: version.to_string(),
    }
}

fn spec(spec: &FieldSpec) -> pb::ArchiveField {
    let field_type = match spec.field_type {
        FieldType::Text => pb::ArchiveFieldType::Text,
        FieldType::Phone => pb::ArchiveFieldType::Phone,
        FieldType::Date => pb::ArchiveFieldType::Date,
        FieldType::Decimal => pb::ArchiveFieldType::Decimal,
        FieldType::Choice => pb::ArchiveFieldType::Choice,
        FieldType::Customer => pb::ArchiveFieldType::Customer,
    };
    pb::ArchiveField {
        code: spec.code.clone(),
        display_name: spec.display_name.clone(),
        r#type: field_type.into(),
        required: spec.required,
        repeated: spec.repeated,
        options: spec.options.clone(),
    }
}

/// Writes a retention class.
pub fn class(class: &RetentionClass) -> pb::RetentionClass {
    pb::RetentionClass {
        name: format!("retentionClasses/{}", class.code),
        display_name: class.display_name.clone(),
        period_days: class.period_days.unwrap_or_default(),
        update_time: Some(to_wire(class.updated_at)),
        etag: class.version.to_string(),
    }
}

/// Writes an entry as it stands at a time.
pub fn entry(entry: &Entry, now: Timestamp) -> pb::ArchiveEntry {
    let retirement = entry.retirement.as_ref();
    let last = entry.assessments.last();
    let may_quote = entry.state == EntryState::Active
        && last.is_some_and(|last| last.result == AssessmentResult::Passed && last.expires_at > now);
    pb::ArchiveEntry {
        name: entry.entry_id.name(),
        kind: format!("archiveKinds/{}", entry.kind),
        state: state(entry.state).into(),
        content: Some(content(entry)),
        versions: entry.versions.iter().map(version).collect(),
        current_version: entry.published().map(|version| version.number).unwrap_or_default(),
        loan: entry.loan.as_ref().map(loan),
        assessments: entry.assessments.iter().map(assessment).collect(),
        may_quote,
        retire_time: retirement.map(|retirement| to_wire(retirement.retired_at)),
        retire_reason: retirement.map(|retirement| retirement.reason.clone()).unwrap_or_default(),
        retention_end_time: retirement.and_then(|retirement| retirement.retained_until).map(to_wire),
        destruction_proposer: entry.proposer.as_ref().map(ToString::to_string).unwrap_or_default(),
        destruction_reason: entry.destruction_reason.clone().unwrap_or_default(),
        receipt: entry.receipt.as_ref().map(|found| receipt(found, retirement)),
        create_time: Some(to_wire(entry.created_at)),
        update_time: Some(to_wire(entry.updated_at)),
        etag: entry.version.to_string(),
    }
}

fn content(entry: &Entry) -> pb::ArchiveContent {
    let field =
        |field: &FieldValue| pb::ArchiveFieldValue { code: field.code.clone(), values: field.values.clone() };
    let content = &entry.content;
    pb::ArchiveContent {
        title: content.title.clone(),
        level: level(content.level).into(),
        location: content.location.clone().unwrap_or_default(),
        parent: content.parent.map(ArchiveEntryId::name).unwrap_or_default(),
        fields: content.fields.iter().map(field).collect(),
    }
}

const fn level(level: Level) -> pb::ConfidentialityLevel {
    match level {
        Level::Public => pb::ConfidentialityLevel::Public,
        Level::Internal => pb::ConfidentialityLevel::Internal,
        Level::Confidential => pb::ConfidentialityLevel::Confidential,
        Level::Secret => pb::ConfidentialityLevel::Secret,
    }
}

const fn state(state: EntryState) -> pb::ArchiveEntryState {
    match state {
        EntryState::Active => pb::ArchiveEntryState::Active,
        EntryState::Retired => pb::ArchiveEntryState::Retired,
        EntryState::DestructionProposed => pb::ArchiveEntryState::DestructionProposed,
        EntryState::Destroyed => pb::ArchiveEntryState::Destroyed,
    }
}

fn version(version: &Version) -> pb::ArchiveVersion {
    let state = match version.state {
        VersionState::Draft => pb::ArchiveVersionState::Draft,
        VersionState::Published => pb::ArchiveVersionState::Published,
        VersionState::Superseded => pb::ArchiveVersionState::Superseded,
    };
    pb::ArchiveVersion {
        number: version.number,
        state: state.into(),
        evidence: version.evidence.name(),
        sha256: version.sha256.clone(),
        note: version.note.clone().unwrap_or_default(),
        drafter: version.drafter.to_string(),
        draft_time: Some(to_wire(version.drafted_at)),
        publisher: version.publisher.as_ref().map(ToString::to_string).unwrap_or_default(),
        publish_time: version.published_at.map(to_wire),
        supersede_time: version.superseded_at.map(to_wire),
    }
}

/// Writes a loan.
pub fn loan(loan: &Loan) -> pb::ArchiveLoan {
    pb::ArchiveLoan {
        name: loan.loan_id.name(),
        entry: loan.entry_id.name(),
        borrower: loan.borrower.name(),
        lender: loan.lender.to_string(),
        lend_time: Some(to_wire(loan.lent_at)),
        due_time: Some(to_wire(loan.due_at)),
        return_time: loan.returned_at.map(to_wire),
        overdue: loan.overdue,
    }
}

fn assessment(assessment: &Assessment) -> pb::SupplierAssessment {
    let result = match assessment.result {
        AssessmentResult::Passed => pb::AssessmentResult::Passed,
        AssessmentResult::Failed => pb::AssessmentResult::Failed,
    };
    pb::SupplierAssessment {
        result: result.into(),
        assess_time: Some(to_wire(assessment.assessed_at)),
        expire_time: Some(to_wire(assessment.expires_at)),
        note: assessment.note.clone().unwrap_or_default(),
        actor: assessment.actor.to_string(),
    }
}

fn receipt(receipt: &Receipt, retirement: Option<&Retirement>) -> pb::DestructionReceipt {
    let class = retirement.map(|retirement| format!("retentionClasses/{}", retirement.class));
    pb::DestructionReceipt {
        proposer: receipt.proposer.to_string(),
        approver: receipt.approver.to_string(),
        retention_class: class.unwrap_or_default(),
        retention_end_time: retirement.and_then(|retirement| retirement.retained_until).map(to_wire),
        destroy_time: Some(to_wire(receipt.destroyed_at)),
        sha256: receipt.sha256.clone(),
    }
}

/// Writes a quote.
pub fn quote(quote: &Quote) -> pb::SupplierQuote {
    pb::SupplierQuote {
        name: quote.quote_id.name(),
        supplier: quote.supplier.name(),
        subject: quote.subject.clone(),
        amount: quote.amount.to_string(),
        currency_code: quote.currency.clone(),
        reference: quote.reference.clone(),
        actor: quote.actor.to_string(),
        create_time: Some(to_wire(quote.quoted_at)),
    }
}

/// The data of an event of an entry.
///
/// # Errors
/// When the log holds what this service never wrote.
pub fn facts(event: &StoredEvent) -> Result<Any, serde_json::Error> {
    let facts: EntryFacts = serde_json::from_value(event.data.clone())?;
    any(&pb::ArchiveEntryFacts {
        entry: facts.entry_id.name(),
        kind: format!("archiveKinds/{}", facts.kind),
        state: state(facts.state).into(),
        level: level(facts.level).into(),
        version: facts.version.unwrap_or_default(),
        superseded_version: facts.superseded_version.unwrap_or_default(),
        loan: facts.loan_id.map(ArchiveLoanId::name).unwrap_or_default(),
        borrower: facts.borrower.as_ref().map(AgentId::name).unwrap_or_default(),
        quote: facts.quote_id.map(SupplierQuoteId::name).unwrap_or_default(),
        late: facts.late,
    })
}

#[derive(Deserialize)]
struct SetupFacts {
    name: String,
}

/// The data of `archive_kind.defined` and `retention_class.defined`.
///
/// # Errors
/// When the log holds what this service never wrote.
pub fn setup_facts(event: &StoredEvent) -> Result<Any, serde_json::Error> {
    let facts: SetupFacts = serde_json::from_value(event.data.clone())?;
    any(&pb::ArchiveSetupFacts { name: facts.name })
}

//! What a refused use case of the archive is on the wire: the only place that knows their codes.

use kexiang_core::{ArchiveEntryId, CustomerId};
use kexiang_proto::customers_v1::ArchiveErrorReason as Reason;
use kexiang_rpc::{Refusal, Violations};
use tonic::{Code, Status};

use crate::{
    app::archives::ArchiveRefusal,
    domain::archive::ArchiveError,
    grpc::status::{self, DOMAIN},
};

/// The status of a refused use case.
pub fn status(error: ArchiveRefusal) -> Status {
    match error {
        ArchiveRefusal::NotFound(id) => Refusal::not_found(DOMAIN, ArchiveEntryId::TYPE, &id.name()),
        ArchiveRefusal::KindNotFound(code) => {
            Refusal::not_found(DOMAIN, "ArchiveKind", &format!("archiveKinds/{code}"))
        }
        ArchiveRefusal::ClassNotFound(code) => {
            Refusal::not_found(DOMAIN, "RetentionClass", &format!("retentionClasses/{code}"))
        }
        ArchiveRefusal::CustomerNotFound(id) => Refusal::not_found(DOMAIN, CustomerId::TYPE, &id.name()),
        ArchiveRefusal::EtagMismatch(name) => Refusal::etag_mismatch(DOMAIN, &name),
        ArchiveRefusal::Rule { entry, source } => {
            rule(&entry.map(ArchiveEntryId::name).unwrap_or_default(), source)
        }
        ArchiveRefusal::App(error) => return status::status(error),
    }
    .into()
}

fn rule(name: &str, error: ArchiveError) -> Refusal {
    let message = error.to_string();
    let failed = |reason: Reason| reasoned(Code::FailedPrecondition, reason, &message);
    match error {
        ArchiveError::State { .. } => Refusal::state(DOMAIN, name, message),
        ArchiveError::Fields(fields) => {
            let mut violations = Violations::default();
            for field in fields {
                violations.add(&field.path, field.reason, field.what);
            }
            Refusal::invalid(DOMAIN, violations)
        }
        ArchiveError::DueTime => {
            let mut violations = Violations::default();
            violations.add("due_time", "TOO_EARLY", message);
            Refusal::invalid(DOMAIN, violations)
        }
        ArchiveError::Level => reasoned(Code::PermissionDenied, Reason::LevelNotAllowed, &message),
        ArchiveError::KindHasNo(_) => failed(Reason::KindNotAllowed),
        ArchiveError::Lent { borrower, loan } => {
            failed(Reason::Lent).about("borrower", &borrower.name()).about("loan", &loan.name())
        }
        ArchiveError::NotLent => failed(Reason::NotLent),
        ArchiveError::Retained(until) => {
            let until = until.map(|until| until.to_string()).unwrap_or_default();
            failed(Reason::Retained).about("retained_until", &until)
        }
        ArchiveError::ApproverIsProposer => {
            reasoned(Code::PermissionDenied, Reason::ApproverIsProposer, &message)
        }
        ArchiveError::VersionNotDraft(_) => failed(Reason::VersionNotDraft),
        ArchiveError::NotAssessed => failed(Reason::SupplierNotAssessed),
        ArchiveError::FailedAssessment => failed(Reason::SupplierFailedAssessment),
        ArchiveError::AssessmentExpired(at) => {
            failed(Reason::AssessmentExpired).about("expired_at", &at.to_string())
        }
        ArchiveError::Limit { .. } => reasoned(Code::ResourceExhausted, Reason::LimitReached, &message),
    }
}

/// A refusal for a reason of the archive.
pub fn reasoned(code: Code, reason: Reason, message: &str) -> Refusal {
    Refusal::new(code, DOMAIN, reason.as_str_name().trim_start_matches("ARCHIVE_ERROR_REASON_"), message)
}

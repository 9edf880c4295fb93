//! What a refused use case of agreements is on the wire: the only place that knows their codes.

use kexiang_core::{AgreementId, CustomerId};
use kexiang_proto::customers_v1::AgreementErrorReason as Reason;
use kexiang_rpc::{Refusal, Violations};
use tonic::{Code, Status};

use crate::{
    app::agreements::AgreementRefusal,
    domain::agreement::{AgreementError, schedule::ScheduleError},
    grpc::status::{self, DOMAIN},
};

/// The status of a refused use case.
pub fn status(error: AgreementRefusal) -> Status {
    match error {
        AgreementRefusal::NotFound(id) => Refusal::not_found(DOMAIN, AgreementId::TYPE, &id.name()),
        AgreementRefusal::KindNotFound(code) => {
            Refusal::not_found(DOMAIN, "AgreementKind", &format!("agreementKinds/{code}"))
        }
        AgreementRefusal::CustomerNotFound(id) => Refusal::not_found(DOMAIN, CustomerId::TYPE, &id.name()),
        AgreementRefusal::EtagMismatch(name) => Refusal::etag_mismatch(DOMAIN, &name),
        AgreementRefusal::Rule { agreement, source } => {
            rule(&agreement.map(AgreementId::name).unwrap_or_default(), source)
        }
        AgreementRefusal::App(error) => return status::status(error),
    }
    .into()
}

fn rule(name: &str, error: AgreementError) -> Refusal {
    let message = error.to_string();
    let of = |code, reason: Reason| refusal(code, reason, &message);
    match error {
        AgreementError::State { .. } => Refusal::state(DOMAIN, name, message),
        AgreementError::ReviewerIsDrafter => of(Code::PermissionDenied, Reason::ReviewerIsDrafter),
        AgreementError::DocumentsMissing(codes) => {
            let codes: Vec<_> = codes.iter().map(String::as_str).collect();
            of(Code::FailedPrecondition, Reason::DocumentsMissing)
                .with_preconditions("DOCUMENT", &codes, &message)
        }
        AgreementError::StageOutOfOrder { next } => of(Code::FailedPrecondition, Reason::StageOutOfOrder)
            .about("next", next.as_deref().unwrap_or_default()),
        AgreementError::StageTime => invalid("reach_time", &message),
        AgreementError::RenewalUnderWay(other) => {
            of(Code::FailedPrecondition, Reason::RenewalUnderWay).about("agreement", &other.name())
        }
        AgreementError::Limit { .. } => of(Code::ResourceExhausted, Reason::LimitReached),
        AgreementError::Schedule(error) => match error {
            ScheduleError::Decimals { index: None, .. } => invalid("amount", &message),
            ScheduleError::Decimals { index: Some(index), .. } => {
                invalid(&format!("content.installments[{index}].amount"), &message)
            }
            ScheduleError::Overpayment { outstanding } => {
                of(Code::FailedPrecondition, Reason::Overpayment).about("available", &outstanding.to_string())
            }
            ScheduleError::RefundTooLarge { refundable } => {
                of(Code::FailedPrecondition, Reason::RefundTooLarge)
                    .about("available", &refundable.to_string())
            }
            ScheduleError::Limit { .. } => of(Code::ResourceExhausted, Reason::LimitReached),
        },
    }
}

/// A field that only the agreement as it stands shows to be wrong.
fn invalid(field: &str, message: &str) -> Refusal {
    let mut violations = Violations::default();
    violations.add(field, "INVALID_VALUE", message);
    Refusal::invalid(DOMAIN, violations)
}

fn refusal(code: Code, reason: Reason, message: &str) -> Refusal {
    Refusal::new(code, DOMAIN, reason.as_str_name().trim_start_matches("AGREEMENT_ERROR_REASON_"), message)
}

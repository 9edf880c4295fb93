//! Refusals of calls and desks.

use kexiang_proto::intake_v1::CallErrorReason;
use kexiang_rpc::Refusal;
use tonic::Code;

use super::super::DOMAIN;
use crate::app::CallError;

pub(super) fn refusal(error: CallError) -> Refusal {
    let message = error.to_string();
    match error {
        CallError::Completed { call } => {
            precondition(CallErrorReason::CallCompleted, "CALL", &call.name(), "a call that nobody completed")
        }
        CallError::AnotherSite { call } => {
            precondition(CallErrorReason::CallOfAnotherSite, "CALL", &call.name(), "a call of the same site")
        }
        CallError::AgentNeeded => {
            Refusal::new(Code::FailedPrecondition, DOMAIN, reason(CallErrorReason::AgentNeeded), message)
        }
        CallError::NumberDeleted { number } => Refusal::state(DOMAIN, &number, message),
        CallError::Contended => Refusal::conflict(DOMAIN),
    }
}

fn precondition(of: CallErrorReason, kind: &str, subject: &str, needed: &str) -> Refusal {
    Refusal::new(Code::FailedPrecondition, DOMAIN, reason(of), needed)
        .about("call", subject)
        .with_precondition(kind, subject, needed)
}

fn reason(of: CallErrorReason) -> &'static str {
    let name = of.as_str_name();
    name.strip_prefix("CALL_ERROR_REASON_").unwrap_or(name)
}

//! Statuses of segments.

use kexiang_core::SegmentId;
use kexiang_proto::customers_v1::SegmentErrorReason as Reason;
use kexiang_rpc::Refusal;
use tonic::{Code, Status};

use super::{DOMAIN, status};
use crate::app::segments::SegmentError;

/// The status of a refused use case of segments.
pub fn segment_status(error: SegmentError) -> Status {
    match error {
        SegmentError::NotFound(id) => Refusal::not_found(DOMAIN, SegmentId::TYPE, &id.name()).into(),
        SegmentError::EtagMismatch(id) => Refusal::etag_mismatch(DOMAIN, &id.name()).into(),
        SegmentError::NotUnderstood(id, problems) => {
            let message = "the saved filter is not understood any more: update it";
            let problem = problems.first().map(super::super::segments::describe).unwrap_or_default();
            let refusal = refusal(Code::FailedPrecondition, Reason::FilterNotUnderstood, message);
            refusal.about("problem", &problem).with_precondition("FILTER", &id.name(), message).into()
        }
        SegmentError::TooCostly => {
            let message = "the filter takes longer than it may: narrow it";
            refusal(Code::ResourceExhausted, Reason::FilterTooCostly, message).into()
        }
        SegmentError::App(error) => status(error),
    }
}

fn refusal(code: Code, reason: Reason, message: &str) -> Refusal {
    let reason = reason.as_str_name();
    Refusal::new(code, DOMAIN, reason.strip_prefix("SEGMENT_ERROR_REASON_").unwrap_or(reason), message)
}

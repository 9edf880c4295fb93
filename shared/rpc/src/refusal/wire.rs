//! A refusal as a [`Status`], and what a status says, read back.

use kexiang_proto::rpc::ErrorInfo;
use prost::{Message, Name};
use prost_types::Any;
use tonic::{Code, Status};

use super::{Content, Refusal};

impl From<Refusal> for Status {
    fn from(Refusal(content): Refusal) -> Self {
        let Content { code, message, info, details } = *content;
        let details = any(&info).into_iter().chain(details).collect();
        let status = kexiang_proto::rpc::Status { code: code as i32, message: message.clone(), details };
        Status::with_details(code, message, status.encode_to_vec().into())
    }
}

/// A detail under the type URL that clients of google.rpc expect.
pub(super) fn any<M: Message + Name>(detail: &M) -> Option<Any> {
    let mut any = Any::from_msg(detail).ok()?;
    any.type_url = format!("type.googleapis.com/{}", M::full_name());
    Some(any)
}

/// The details of a refused call, read back from its status.
#[must_use]
pub fn details(status: &Status) -> Vec<Any> {
    kexiang_proto::rpc::Status::decode(status.details()).map(|status| status.details).unwrap_or_default()
}

/// The detail of one type, if it is there.
#[must_use]
pub fn detail<M: Message + Name + Default>(status: &Status) -> Option<M> {
    details(status).iter().find_map(|any| any.to_msg::<M>().ok())
}

/// The reason of a refused call; empty when it carries none.
#[must_use]
pub fn reason(status: &Status) -> String {
    detail::<ErrorInfo>(status).map(|info| info.reason).unwrap_or_default()
}

/// The standard name of a code, as metrics, alerts and dashboards have it: `OK`, `INVALID_ARGUMENT`.
#[must_use]
pub const fn code_name(code: Code) -> &'static str {
    match code {
        Code::Ok => "OK",
        Code::Cancelled => "CANCELLED",
        Code::Unknown => "UNKNOWN",
        Code::InvalidArgument => "INVALID_ARGUMENT",
        Code::DeadlineExceeded => "DEADLINE_EXCEEDED",
        Code::NotFound => "NOT_FOUND",
        Code::AlreadyExists => "ALREADY_EXISTS",
        Code::PermissionDenied => "PERMISSION_DENIED",
        Code::ResourceExhausted => "RESOURCE_EXHAUSTED",
        Code::FailedPrecondition => "FAILED_PRECONDITION",
        Code::Aborted => "ABORTED",
        Code::OutOfRange => "OUT_OF_RANGE",
        Code::Unimplemented => "UNIMPLEMENTED",
        Code::Internal => "INTERNAL",
        Code::Unavailable => "UNAVAILABLE",
        Code::DataLoss => "DATA_LOSS",
        Code::Unauthenticated => "UNAUTHENTICATED",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The texts between `code=~"`, `code="` … and the quote after, one word of an alternative each.
    fn codes_in(text: &str) -> Vec<String> {
        let text = text.replace("\\\"", "\"");
        let after =
            |mark| text.split(mark).skip(1).filter_map(|rest| rest.split('"').next()).collect::<Vec<_>>();
        let of_all_marks = ["code=\"", "code!=\"", "code=~\"", "code!~\""].into_iter().flat_map(after);
        of_all_marks.flat_map(|codes| codes.split('|').map(str::to_owned).collect::<Vec<_>>()).collect()
    }

    #[test]
    fn alerts_and_dashboard_ask_for_codes_as_they_are_measured() {
        let measured: Vec<_> = (0..17).map(|code| code_name(Code::from_i32(code))).collect();

        for text in [
            include_str!("../../../../deploy/prometheus/alerts.yml"),
            include_str!("../../../../deploy/prometheus/alerts_test.yml"),
            include_str!("../../../../deploy/grafana/kexiang.json"),
        ] {
            let asked = codes_in(text);
            assert!(asked.len() >= 6, "{asked:?}");
            assert!(asked.iter().all(|code| measured.contains(&code.as_str())), "{asked:?}");
        }
    }
}

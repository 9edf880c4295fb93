//! Statuses that the framework makes by itself come without a reason. Here they get the one that fits, so that bad input is
//! never INTERNAL, at the head of a call as in the middle of a stream.

use std::error::Error;

use tonic::{Code, Status};

use super::Refusal;

/// How tonic says that it can't read what was sent: the decoder, the framing, a stream that ends within a message. Its
/// INTERNAL for what *we* send begins otherwise.
const UNREADABLE: [&str; 5] = [
    "failed to decode",
    "protocol error",
    "Missing request message",
    "Unexpected EOF",
    "Error decompressing",
];

/// A status with a reason: as it is when it has one, else what it means in `domain`. For what a client stream gives in place
/// of a message: `Err(broken) => Err(of_foreign(DOMAIN, broken))`.
#[must_use]
pub fn of_foreign(domain: &str, status: Status) -> Status {
    if status.details().is_empty() { translate(domain, &status).into() } else { status }
}

fn translate(domain: &str, status: &Status) -> Refusal {
    let message = status.message();
    match status.code() {
        // The connection broke, which is the caller's leaving.
        _ if status.source().is_some() => Refusal::cancelled(domain),
        Code::Internal if UNREADABLE.iter().any(|words| message.starts_with(words)) => {
            Refusal::malformed(domain)
        }
        Code::OutOfRange | Code::ResourceExhausted => Refusal::too_large(domain),
        Code::Unimplemented => Refusal::compression_unknown(domain),
        Code::DeadlineExceeded => Refusal::deadline_passed(domain),
        Code::Cancelled => Refusal::cancelled(domain),
        Code::Unavailable => Refusal::unavailable(domain),
        code => {
            tracing::error!(?code, message, "a call failed without a reason");
            Refusal::defect(domain)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::refusal::reason;

    #[test]
    fn what_cannot_be_read_is_the_callers_mistake_and_what_cannot_be_written_is_ours() {
        for (message, code, expected) in [
            ("failed to decode Protobuf message: invalid varint", Code::InvalidArgument, "MESSAGE_MALFORMED"),
            ("Unexpected EOF decoding stream.", Code::InvalidArgument, "MESSAGE_MALFORMED"),
            ("Missing request message.", Code::InvalidArgument, "MESSAGE_MALFORMED"),
            ("Error encoding", Code::Internal, "INTERNAL"),
        ] {
            let status = of_foreign("test.kexiang", Status::internal(message));
            assert_eq!((status.code(), reason(&status).as_str()), (code, expected), "{message}");
        }
    }

    #[test]
    fn a_status_with_a_reason_stays() {
        let status = of_foreign("test.kexiang", Refusal::overloaded("other.kexiang").into());

        assert_eq!((status.code(), reason(&status).as_str()), (Code::ResourceExhausted, "OVERLOADED"));
    }
}

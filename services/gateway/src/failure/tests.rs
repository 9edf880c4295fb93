use kexiang_proto::rpc::BadRequest;

use super::*;

fn info(failure: &Failure) -> (String, String) {
    let info = detail::<ErrorInfo>(&failure.status).unwrap();
    (info.reason, info.domain)
}

fn by_gateway(reason: &str) -> (String, String) {
    (reason.to_owned(), DOMAIN.to_owned())
}

fn from_service(code: Code, message: &str, reason: &str) -> Failure {
    Failure::from(Status::from(Refusal::new(code, "intake.kexiang", reason, message)))
}

#[test]
fn every_code_has_the_http_status_of_the_standard_table() {
    let table = [
        (Code::InvalidArgument, 400),
        (Code::FailedPrecondition, 400),
        (Code::OutOfRange, 400),
        (Code::Unauthenticated, 401),
        (Code::PermissionDenied, 403),
        (Code::NotFound, 404),
        (Code::AlreadyExists, 409),
        (Code::Aborted, 409),
        (Code::ResourceExhausted, 429),
        (Code::Cancelled, 499),
        (Code::Unknown, 500),
        (Code::Internal, 500),
        (Code::DataLoss, 500),
        (Code::Unimplemented, 501),
        (Code::Unavailable, 503),
        (Code::DeadlineExceeded, 504),
    ];

    for (code, http) in table {
        assert_eq!(from_service(code, "text", "REASON").http.as_u16(), http, "{code:?}");
    }
}

#[test]
fn what_a_service_says_arrives_as_it_was_said() {
    let failure = from_service(Code::Aborted, "the etag is not current", "ETAG_MISMATCH");

    assert_eq!(failure.status.message(), "the etag is not current");
    assert_eq!(info(&failure), ("ETAG_MISMATCH".to_owned(), "intake.kexiang".to_owned()));
}

#[test]
fn a_defect_never_carries_its_text() {
    let told = from_service(Code::Internal, "relation \"cases\" does not exist", "INTERNAL");
    let untold = Failure::from(Status::unknown("relation \"cases\" does not exist"));

    assert_eq!(told.status.message(), "internal error");
    assert_eq!(untold.status.message(), "internal error");
    assert_eq!(info(&untold), by_gateway("INTERNAL"));
}

#[test]
fn a_status_without_details_gets_the_reason_of_its_code() {
    let failure = Failure::from(Status::unimplemented("no"));

    assert_eq!(failure.http, StatusCode::NOT_IMPLEMENTED);
    assert_eq!(info(&failure), by_gateway("METHOD_UNKNOWN"));
}

#[test]
fn what_the_channel_says_becomes_unavailable_or_deadline() {
    let lost = Failure::from(Status::from_error(Box::new(tonic::ConnectError("refused".into()))));
    let late = Failure::from(Status::from_error(Box::new(TimeoutExpired(()))));

    assert_eq!((lost.http, lost.retry_after_seconds()), (StatusCode::SERVICE_UNAVAILABLE, Some(1)));
    assert_eq!(info(&lost), by_gateway("TEMPORARILY_UNAVAILABLE"));
    assert!(!lost.status.message().contains("refused"));
    assert_eq!(late.http, StatusCode::GATEWAY_TIMEOUT);
    assert_eq!(info(&late), by_gateway("DEADLINE_PASSED"));
}

#[test]
fn an_oversize_message_is_413_also_when_the_service_finds_it() {
    let failure = Failure::from(Refusal::too_large("intake.kexiang"));

    assert_eq!(failure.http, StatusCode::PAYLOAD_TOO_LARGE);
}

#[test]
fn all_violations_travel_together() {
    let violations =
        vec![violation("case.title", "UNKNOWN_FIELD", "no"), violation("site", "MALFORMED", "no")];

    let failure = Failure::invalid(violations.clone());

    assert_eq!(detail::<BadRequest>(&failure.status).unwrap().field_violations, violations);
    assert_eq!(info(&failure), by_gateway("INVALID_FIELDS"));
}

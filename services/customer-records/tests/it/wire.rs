//! What stories send and get, in few words.

use kexiang_core::{ContactId, Timestamp};
use kexiang_proto::{
    customers_v1::{ContactPoint, contact_point::Kind},
    intake_v1::{Caller, CaseFacts, CaseState, Contact, Purpose},
    rpc::BadRequest,
};
use kexiang_rpc::{refusal, time};
use tonic::{Code, Status};

/// A contact point on the wire.
pub fn point(kind: Kind, value: &str) -> ContactPoint {
    ContactPoint { kind: kind.into(), value: value.to_owned(), ..Default::default() }
}

/// A person with a phone.
pub fn caller(name: &str, phone: &str) -> Caller {
    Caller { display_name: name.to_owned(), phone: phone.to_owned(), ..Caller::default() }
}

/// A contact of a customer at `at`.
pub fn contact(caller: Caller, at: Timestamp) -> Contact {
    Contact {
        site: "sites/main".to_owned(),
        contact_time: Some(time::to_wire(at)),
        purpose: Purpose::Customer.into(),
        caller: Some(caller),
        ..Contact::default()
    }
}

/// The facts of a case just accepted.
pub fn case(name: &str, opener: ContactId, at: Timestamp) -> CaseFacts {
    CaseFacts {
        case: name.to_owned(),
        number: "C-20261122-000001".to_owned(),
        site: "sites/main".to_owned(),
        contact: opener.name(),
        category: "water".to_owned(),
        state: CaseState::Received.into(),
        accept_time: Some(time::to_wire(at)),
        ..CaseFacts::default()
    }
}

/// The paths of the fields that were refused.
pub fn violations(status: &Status) -> Vec<String> {
    let refused: BadRequest = refusal::detail(status).unwrap();
    refused.field_violations.into_iter().map(|violation| violation.field).collect()
}

/// The code and the reason of a refusal.
pub fn refused(status: &Status) -> (Code, String) {
    (status.code(), refusal::reason(status))
}

//! What stories send and get, in few words.

use kexiang_proto::{
    intake_v1::{AcceptCaseRequest, Caller, Case, Contact, ImportCasesRequest, RegisterContactRequest},
    rpc::{BadRequest, PreconditionFailure},
    type_v1::{Channel, Kind},
};
use kexiang_rpc::{refusal, time};
use tonic::{Code, Status};

use crate::desk::START;

/// The site that is always there.
pub const MAIN: &str = "sites/main";
/// The words of a caller, all personal.
pub const NAME: &str = "Zhao Lei";
pub const PHONE: &str = "138 0013 8000";
pub const PHONE_E164: &str = "+8613800138000";
pub const EMAIL: &str = "zhao.lei@example.cn";
pub const ADDRESS: &str = "5 Lake Road, flat 1203";
pub const NEED: &str = "My granddaughter can't attend her lessons";
pub const TITLE: &str = "No dial tone at the Zhao family";
pub const DESCRIPTION: &str = "Dead since last night, the neighbours' lines work";

/// A person with everything that a caller can say.
pub fn caller() -> Caller {
    Caller {
        display_name: NAME.to_owned(),
        phone: PHONE.to_owned(),
        email: EMAIL.to_owned(),
        address: ADDRESS.to_owned(),
        ..Caller::default()
    }
}

/// A call of that person at the hotline of the main site.
pub fn contact() -> Contact {
    Contact {
        site: MAIN.to_owned(),
        channel: Channel::Hotline.into(),
        caller: Some(caller()),
        need: NEED.to_owned(),
        ..Contact::default()
    }
}

/// The same at another site.
pub fn contact_at(site: &str) -> Contact {
    Contact { site: site.to_owned(), ..contact() }
}

/// A case of that kind, for dispatch.
pub fn case(kind: Kind) -> Case {
    Case {
        kind: kind.into(),
        category: "line.dead".to_owned(),
        title: TITLE.to_owned(),
        description: DESCRIPTION.to_owned(),
        address: ADDRESS.to_owned(),
        ..Case::default()
    }
}

/// A fault, reported by that person.
pub fn acceptance() -> AcceptCaseRequest {
    AcceptCaseRequest { contact: Some(contact()), case: Some(case(Kind::Fault)), ..Default::default() }
}

/// The same contact without a case.
pub fn registration() -> RegisterContactRequest {
    RegisterContactRequest { contact: Some(contact()), ..Default::default() }
}

/// A case of another system, open there, that came in a day before the stories begin.
pub fn item(item: i64, external_reference: &str) -> ImportCasesRequest {
    let yesterday = START - jiff::SignedDuration::from_hours(24);
    ImportCasesRequest {
        item,
        contact: Some(Contact { contact_time: Some(time::to_wire(yesterday)), ..contact() }),
        case: Some(Case { external_reference: external_reference.to_owned(), ..case(Kind::Fault) }),
        ..ImportCasesRequest::default()
    }
}

/// A fresh request id.
pub fn request_id() -> String {
    uuid::Uuid::new_v4().to_string()
}

/// The code and the reason of a refusal.
pub fn refused(status: &Status) -> (Code, String) {
    (status.code(), refusal::reason(status))
}

/// The paths of the fields that were refused, in order.
pub fn violations(status: &Status) -> Vec<String> {
    assert_eq!(refused(status), (Code::InvalidArgument, "INVALID_FIELDS".to_owned()));
    let refused: BadRequest = refusal::detail(status).unwrap();
    refused.field_violations.into_iter().map(|violation| violation.field).collect()
}

/// The unmet conditions of a refusal: type and subject.
pub fn preconditions(status: &Status) -> Vec<(String, String)> {
    let failure: PreconditionFailure = refusal::detail(status).unwrap();
    failure.violations.into_iter().map(|violation| (violation.r#type, violation.subject)).collect()
}

//! What a refused use case of key accounts is on the wire: the only place that knows their codes.

use kexiang_core::{AgreementId, CustomerId, KeyAccountId, MemberChangeId};
use kexiang_proto::customers_v1::KeyAccountErrorReason as Reason;
use kexiang_rpc::Refusal;
use tonic::{Code, Status};

use crate::{
    app::key_accounts::KeyAccountRefusal,
    domain::key_account::KeyAccountError,
    grpc::status::{self, DOMAIN},
};

/// The status of a refused use case.
pub fn status(error: KeyAccountRefusal) -> Status {
    match error {
        KeyAccountRefusal::NotFound(id) => Refusal::not_found(DOMAIN, KeyAccountId::TYPE, &id.name()),
        KeyAccountRefusal::MemberChangeNotFound(id) => {
            Refusal::not_found(DOMAIN, MemberChangeId::TYPE, &id.name())
        }
        KeyAccountRefusal::CodeNotFound(collection, code) => {
            let resource_type =
                if collection == "agreementKinds" { "AgreementKind" } else { "KeyAccountThreshold" };
            Refusal::not_found(DOMAIN, resource_type, &format!("{collection}/{code}"))
        }
        KeyAccountRefusal::CustomerNotFound(id) => Refusal::not_found(DOMAIN, CustomerId::TYPE, &id.name()),
        KeyAccountRefusal::AgreementNotFound(id) => Refusal::not_found(DOMAIN, AgreementId::TYPE, &id.name()),
        KeyAccountRefusal::EtagMismatch(name) => Refusal::etag_mismatch(DOMAIN, &name),
        KeyAccountRefusal::Rule { subject, source } => rule(&subject, &source),
        KeyAccountRefusal::App(error) => return status::status(error),
    }
    .into()
}

fn rule(subject: &str, error: &KeyAccountError) -> Refusal {
    let message = error.to_string();
    let of = |code, reason: Reason| {
        let reason = reason.as_str_name().trim_start_matches("KEY_ACCOUNT_ERROR_REASON_");
        Refusal::new(code, DOMAIN, reason, &message)
    };
    let unmet = |reason| of(Code::FailedPrecondition, reason);
    match error {
        KeyAccountError::State { .. } | KeyAccountError::Decided(_) => {
            Refusal::state(DOMAIN, subject, message)
        }
        KeyAccountError::PlanState(_) => unmet(Reason::PlanState),
        KeyAccountError::ApproverIsDrafter => of(Code::PermissionDenied, Reason::ApproverIsDrafter),
        KeyAccountError::NotQualified { units } => {
            unmet(Reason::NotQualified).about("units", &units.to_string())
        }
        KeyAccountError::MemberElsewhere { customer, key_account } => unmet(Reason::MemberElsewhere)
            .about("key_account", &key_account.name())
            .about("customer", &customer.name()),
        KeyAccountError::MemberLeft(id) => unmet(Reason::MemberLeft).about("member", &id.name()),
        KeyAccountError::LastMember => unmet(Reason::LastMember),
        KeyAccountError::ContractUnfit(_) => unmet(Reason::ContractUnfit),
        KeyAccountError::ChangePending(id) => unmet(Reason::ChangePending).about("member_change", &id.name()),
        KeyAccountError::Limit { .. } => of(Code::ResourceExhausted, Reason::LimitReached),
    }
}

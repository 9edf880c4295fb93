//! GW-3: every method of every service needs a token; one table says who may call what; deny by default.

use std::{collections::BTreeSet, time::Duration};

use kexiang_core::{Role, Roles};
use kexiang_proto::DESCRIPTOR_SET;
use kexiang_rpc::{policy, refusal::reason, token::Issuer};
use prost_reflect::DescriptorPool;
use tonic::Code;

use crate::{center::Center, raw};

/// The methods of the contract that need no token, each with its reason.
const PUBLIC: &[&str] = &[
    // What a signed link opens: the signature is the right, and the use case checks it (IN-19).
    "/kexiang.intake.v1.EvidenceService/DownloadLinkedEvidence",
];

/// Paths of all methods of the contract.
fn contract() -> BTreeSet<String> {
    let pool = DescriptorPool::decode(DESCRIPTOR_SET).unwrap();
    let methods = |service: prost_reflect::ServiceDescriptor| {
        let name = service.full_name().to_owned();
        service.methods().map(move |method| format!("/{name}/{}", method.name())).collect::<Vec<_>>()
    };
    pool.services().flat_map(methods).collect()
}

/// The addresses of the services that serve a method.
fn addresses<'a>(center: &'a Center, path: &str) -> Vec<&'a str> {
    let ends = center.endpoints();
    match path.split('.').nth(1) {
        Some("intake") => vec![&ends.intake],
        Some("dispatch") => vec![&ends.dispatch],
        Some("customers") => vec![&ends.customer_records],
        Some("reporting") => vec![&ends.reporting],
        _ => vec![&ends.intake, &ends.dispatch, &ends.customer_records],
    }
}

#[test]
fn every_method_of_the_contract_stands_in_the_table_and_nothing_else_does() {
    let own = |(path, _): &(&str, policy::Access)| path.starts_with("/kexiang.").then(|| (*path).to_owned());
    let table: Vec<_> = policy::TABLE.iter().filter_map(own).collect();

    assert_eq!(table.iter().cloned().collect::<BTreeSet<_>>(), contract());
    assert_eq!(table.len(), contract().len(), "no method stands twice");
}

#[test]
fn no_method_of_the_contract_is_public_but_those_with_a_reason() {
    let own = policy::TABLE.iter().filter(|(path, _)| path.starts_with("/kexiang."));
    let public: Vec<_> =
        own.filter(|(_, access)| *access == policy::Access::Public).map(|(path, _)| *path).collect();

    assert_eq!(public, PUBLIC);
}

#[tokio::test]
async fn every_method_lets_in_exactly_the_roles_of_the_table() {
    let center = Center::open().await;

    for path in contract() {
        for address in addresses(&center, &path) {
            for role in Role::ALL {
                let token = center.token("somebody", &[role]);
                let answer = raw::call(address, &path, Some(&token), &[]).await;
                let denied = matches!(&answer, Err(status) if reason(status) == "ROLE_NOT_ALLOWED");
                let allowed = policy::access(&path).is_some_and(|access| access.allows(Roles::of(&[role])));
                assert_eq!(denied, !allowed, "{path} for {role}: {answer:?}");
                let unauthenticated =
                    matches!(&answer, Err(status) if status.code() == Code::Unauthenticated);
                assert!(!unauthenticated, "{path} for {role}");
            }
        }
    }
    center.close().await;
}

#[tokio::test]
async fn every_method_is_closed_without_a_good_token() {
    let center = Center::open().await;
    let stranger = Issuer::from_pem(&Issuer::generate_pem()).unwrap();
    let all_roles = Role::ALL;
    let forged = stranger.issue("li.na", &all_roles, Duration::from_hours(1), center.clock.now()).unwrap();
    let old = center.clock.now() - jiff::SignedDuration::from_hours(3);
    let expired = center.issuer.issue("li.na", &all_roles, Duration::from_hours(1), old).unwrap();
    let good = center.token("li.na", &all_roles);
    // The same claims under "alg":"none" and without signature.
    let claims = good.split('.').nth(1).unwrap();
    let unsigned = format!("eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0.{claims}.");

    for path in contract().into_iter().filter(|path| !PUBLIC.contains(&path.as_str())) {
        for address in addresses(&center, &path) {
            for token in
                [None, Some(forged.as_str()), Some(expired.as_str()), Some(&unsigned), Some("nonsense")]
            {
                let refused = raw::call(address, &path, token, &[]).await.unwrap_err();
                let expected = if token.is_none() { "TOKEN_MISSING" } else { "TOKEN_INVALID" };
                assert_eq!(
                    (refused.code(), reason(&refused).as_str()),
                    (Code::Unauthenticated, expected),
                    "{path}"
                );
            }
        }
    }
    center.close().await;
}

#[tokio::test]
async fn roles_that_do_not_exist_count_for_nothing_and_customers_may_call_nothing() {
    let center = Center::open().await;
    let nobody = center.token("li.na", &[]);

    let refused = raw::call(
        &center.endpoints().intake,
        "/kexiang.intake.v1.IntakeService/ListSites",
        Some(&nobody),
        &[],
    );

    assert_eq!(reason(&refused.await.unwrap_err()), "ROLE_NOT_ALLOWED");
    for (path, access) in policy::TABLE.iter().filter(|(path, _)| path.starts_with("/kexiang.")) {
        if PUBLIC.contains(path) {
            continue;
        }
        assert!(!access.allows(Roles::of(&[Role::Customer])), "{path}");
    }
    center.close().await;
}

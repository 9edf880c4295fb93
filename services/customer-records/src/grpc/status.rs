//! The one place that makes a status of what a use case refused.

pub(super) mod handover;
pub mod merge;
pub(super) mod ownership;
pub mod relationship;
pub mod segment;

use kexiang_core::{CustomerId, FieldSchemaId};
use kexiang_rpc::{Refusal, Violations};
use tonic::Status;

use crate::app::AppError;

/// Domain of this service's refusals.
pub const DOMAIN: &str = "customer-records.kexiang";

/// The status of a refused use case.
pub fn status(error: AppError) -> Status {
    match error {
        AppError::CustomerNotFound(id) => Refusal::not_found(DOMAIN, CustomerId::TYPE, &id.name()),
        AppError::FieldSchemaNotFound(id) => Refusal::not_found(DOMAIN, FieldSchemaId::TYPE, &id.name()),
        AppError::ContactPointTaken(other) => {
            Refusal::already_exists(DOMAIN, CustomerId::TYPE, &other.name())
        }
        AppError::EtagMismatch(id) => Refusal::etag_mismatch(DOMAIN, &id.name()),
        AppError::NotAnOutlet(id) => Refusal::state(DOMAIN, &id.name(), "it is no outlet"),
        AppError::FieldSchemaEtag(id) => Refusal::etag_mismatch(DOMAIN, &id.name()),
        AppError::FieldSchemaPublished(id) => Refusal::state(DOMAIN, &id.name(), "it is published"),
        AppError::CustomerErased(id) => {
            Refusal::state(DOMAIN, &id.name(), "nothing is known of them any more")
        }
        AppError::Sealing => Refusal::unavailable(DOMAIN),
        AppError::CustomerMerged { customer, survivor } => merge::customer_merged(customer, survivor),
        AppError::RequestIdReused => Refusal::request_id_reused(DOMAIN),
        AppError::Conflict => Refusal::conflict(DOMAIN),
        AppError::Sql(error) => Refusal::database(DOMAIN, &error),
        AppError::Json(error) => Refusal::internal(DOMAIN, &error),
    }
    .into()
}

/// The status of a request with wrong fields, or what was read of it.
pub fn read<T>(violations: Violations, value: Option<T>) -> Result<T, Status> {
    violations.into_result(DOMAIN, value).map_err(Status::from)
}

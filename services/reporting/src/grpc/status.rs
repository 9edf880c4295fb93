//! The one place that knows which code an error has.

use kexiang_rpc::Refusal;
use tonic::Status;

use super::DOMAIN;
use crate::app::AppError;

/// The status of a question that is not answered.
pub(super) fn status(error: AppError) -> Status {
    let refusal = match error {
        AppError::UnknownSite(site) => Refusal::not_found(DOMAIN, "Site", &site.name()),
        AppError::Sql(error) => Refusal::database(DOMAIN, &error),
    };
    refusal.into()
}

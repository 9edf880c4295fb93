//! Refusals whose cause is ours: it is logged here, once, and never sent.

use kexiang_pg::{Fault, classify};
use kexiang_proto::type_v1::ErrorReason;
use tonic::Code;

use super::Refusal;

impl Refusal {
    /// What a failed statement means to the caller: UNAVAILABLE, ABORTED, or INTERNAL. The cause is logged here, once, and
    /// never sent.
    #[must_use]
    pub fn database(domain: &str, error: &sqlx::Error) -> Self {
        match classify(error) {
            Fault::Unavailable => {
                tracing::warn!(%error, domain, "the database is out of reach");
                Self::unavailable(domain)
            }
            Fault::Conflict => Self::conflict(domain),
            Fault::Other => Self::internal(domain, error),
        }
    }

    /// INTERNAL: a defect. The cause is logged here, once, and never sent.
    #[must_use]
    pub fn internal(domain: &str, cause: &(dyn std::error::Error + 'static)) -> Self {
        tracing::error!(error = cause, domain, "internal error");
        Self::defect(domain)
    }

    /// INTERNAL without a cause at hand; it was logged where it was caught.
    #[must_use]
    pub fn defect(domain: &str) -> Self {
        let trace_id = kexiang_telemetry::current_trace_id().unwrap_or_default();
        Self::common(Code::Internal, domain, ErrorReason::Internal, "internal error")
            .about("trace_id", &trace_id)
    }
}

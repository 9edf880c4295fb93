//! The one place that makes a status of a refused import or export.

use kexiang_proto::customers_v1::ImportErrorReason as Reason;
use kexiang_rpc::Refusal;
use tonic::{Code, Status};

use crate::{
    app::{ExportError, ImportError},
    domain::{export::Unwritable, import::FileError},
    grpc::status::{DOMAIN, status},
};

/// The status of an import that ended early.
pub fn of_import(error: ImportError) -> Status {
    match error {
        ImportError::App(error) => status(error),
        ImportError::File(error) => {
            let (code, reason) = match error {
                FileError::HeaderInvalid(_) | FileError::Unreadable(_) => {
                    (Code::InvalidArgument, Reason::FileUnreadable)
                }
                FileError::TooLarge(_)
                | FileError::TooManyRows
                | FileError::TooManyColumns(_)
                | FileError::RecordTooLarge(_) => (Code::OutOfRange, Reason::FileTooLarge),
            };
            new(code, reason, &error.to_string()).into()
        }
    }
}

/// The status of a refused export.
pub fn of_export(error: ExportError) -> Status {
    match error {
        ExportError::App(error) => status(error),
        ExportError::Unwritable(error) => match error {
            Unwritable::TooManyCustomers => {
                new(Code::FailedPrecondition, Reason::ExportTooLarge, &error.to_string()).into()
            }
            Unwritable::Failed(_) => Refusal::internal(DOMAIN, &error).into(),
        },
    }
}

fn new(code: Code, reason: Reason, message: &str) -> Refusal {
    let reason = reason.as_str_name().strip_prefix("IMPORT_ERROR_REASON_").unwrap_or_default();
    Refusal::new(code, DOMAIN, reason, message)
}

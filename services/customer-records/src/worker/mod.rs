//! Consumers of other services' events: reading the wire outside the transaction, handing the news to the app inside it.

mod batch;
mod caller;
pub mod dispatch_events;
mod entry;
pub mod intake_events;

use kexiang_events::HandlerError;

use crate::app::AppError;

fn failed(error: AppError) -> HandlerError {
    match error {
        AppError::Sql(error) => HandlerError::Sql(error),
        other => HandlerError::other(other),
    }
}

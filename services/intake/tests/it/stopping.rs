//! A service that stops finishes what it accepted, and waits for nobody else.

use kexiang_proto::intake_v1::import_cases_response::Outcome;
use tokio::sync::mpsc;
use tokio_stream::wrappers::UnboundedReceiverStream;
use tonic::Code;

use crate::{
    desk::Desk,
    wire::{acceptance, item, refused},
};

#[tokio::test]
async fn a_stopping_service_leaves_nothing_half_done() {
    let desk = Desk::open().await;
    desk.accept(acceptance()).await;

    desk.stop().await;
}

#[tokio::test]
async fn a_stopping_service_ends_an_open_import_after_the_results_of_what_it_took() {
    let desk = Desk::open().await;
    let (items, stream) = mpsc::unbounded_channel();
    items.send(item(1, "A-1")).unwrap();
    let mut results =
        desk.client().import_cases(UnboundedReceiverStream::new(stream)).await.unwrap().into_inner();
    let first = results.message().await.unwrap().unwrap();

    desk.stop().await;

    assert_eq!(first.outcome(), Outcome::Accepted);
    let end = results.message().await.unwrap_err();
    assert_eq!(refused(&end), (Code::Unavailable, "TEMPORARILY_UNAVAILABLE".to_owned()));
}

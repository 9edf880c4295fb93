//! What is accepted is written with one statement, and one client's repetition takes that from nobody else (IN-14).
//!
//! Numbers are taken under a lock of its own (`db.register.take`) only where a batch is written with every look-up; the trace
//! shows how often.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use kexiang_proto::intake_v1::AcceptCaseRequest;
use tracing::{
    Event, Metadata, Subscriber,
    span::{Attributes, Id, Record},
    subscriber::{DefaultGuard, set_default},
};

use crate::{
    desk::Desk,
    wire::{acceptance, item, request_id},
};

/// Counts the spans of this thread, which runs the whole story, that take register numbers with a look-up.
#[derive(Clone, Default)]
struct LookUps(Arc<AtomicUsize>);

impl LookUps {
    fn watch(&self) -> DefaultGuard {
        set_default(self.clone())
    }

    fn count(&self) -> usize {
        self.0.load(Ordering::SeqCst)
    }
}

impl Subscriber for LookUps {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.is_span() && metadata.name() == "db.register.take"
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        self.0.fetch_add(1, Ordering::SeqCst);
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}
    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn event(&self, _: &Event<'_>) {}
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}

#[tokio::test]
async fn a_repeated_request_and_a_repeated_import_cost_their_own_batch_alone() {
    let look_ups = LookUps::default();
    let _watched = look_ups.watch();
    let desk = Desk::open().await;
    let repeated = AcceptCaseRequest { request_id: request_id(), ..acceptance() };
    let first = desk.accept(repeated.clone()).await;
    let brought = desk.bring_over(vec![item(1, "A-1")]).await;
    desk.accept(acceptance()).await;
    let to_learn_the_register = look_ups.count();

    let again = desk.accept(repeated).await;
    let brought_again = desk.bring_over(vec![item(1, "A-1")]).await;
    for _ in 0..8 {
        desk.accept(acceptance()).await;
    }

    assert_eq!((again.name, &brought_again[0].case), (first.name, &brought[0].case));
    assert_eq!(to_learn_the_register, 1, "the first contact of a site is written with every look-up");
    assert_eq!(look_ups.count(), to_learn_the_register, "and nobody after it");
    assert_eq!(desk.numbers().await, (1..=11).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_register_that_another_replica_drew_from_is_looked_up() {
    let look_ups = LookUps::default();
    let _watched = look_ups.watch();
    let desk = Desk::open().await;
    let replica = desk.replica(4).await;
    desk.accept(acceptance()).await;
    replica.accept(acceptance()).await;
    let before = look_ups.count();

    desk.accept(acceptance()).await;
    desk.accept(acceptance()).await;

    assert_eq!(look_ups.count(), before + 2, "wrong once, it does not rely on its belief for a while");
    assert_eq!(desk.numbers().await, [1, 2, 3, 4]);
    replica.stop().await;
}

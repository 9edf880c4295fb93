//! No order of steps brings evidence anywhere but forward.

use kexiang_core::{AgentId, WorkOrderId};
use proptest::prelude::*;

use super::*;

fn begun() -> Evidence {
    let new = NewEvidence {
        parent: Parent::WorkOrder(WorkOrderId::at(Timestamp::UNIX_EPOCH)),
        file_name: FileName::parse("a.png").unwrap(),
        media_type: MediaType::parse("image/png").unwrap(),
        announced: Announced::default(),
    };
    new.begin(&Actor::Agent(AgentId::parse("li.na").unwrap()), Timestamp::UNIX_EPOCH)
}

proptest! {
    #[test]
    fn whatever_comes_in_whatever_order_it_is_stored_once_and_deleted_once(steps in prop::collection::vec(any::<bool>(), 0..12)) {
        let mut evidence = begun();
        let by = evidence.created_by.clone();
        let received = Received { size: 3, sha256: ContentHash::new([7; 32]), head: vec![] };
        let (mut stored, mut deleted) = (0, 0);

        for store in steps {
            let (before, version) = (evidence.clone(), evidence.version);
            let done = if store {
                evidence.store(&received, evidence.media_type, Timestamp::UNIX_EPOCH)
            } else {
                evidence.delete(&by, "a mistake", Timestamp::UNIX_EPOCH)
            };
            match done {
                Ok(()) if store => stored += 1,
                Ok(()) => deleted += 1,
                Err(state) => prop_assert_eq!((state, &evidence), (before.state, &before)),
            }
            prop_assert_eq!(evidence.version - version, i64::from(done.is_ok()));
        }

        prop_assert!(stored <= 1 && deleted <= stored);
        prop_assert_eq!(evidence.state == EvidenceState::Deleted, evidence.deletion.is_some());
        prop_assert_eq!(evidence.state == EvidenceState::Uploading, evidence.sha256.is_none());
    }
}

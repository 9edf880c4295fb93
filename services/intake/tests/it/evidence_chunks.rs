//! IN-19: evidence in several calls: breaks, restarts, repetitions, and two who do the same at once.

use futures::future::join_all;
use kexiang_proto::intake_v1::{
    AppendEvidenceChunkRequest, BeginEvidenceUploadRequest, EvidenceState, FinishEvidenceUploadRequest,
};
use kexiang_rpc::time::to_wire;
use tonic::Code;

use crate::{
    desk::{Desk, LARGEST_EVIDENCE, START},
    evidence::{described, fault, faults, photo, work_order},
    wire::{refused, request_id, violations},
};

#[tokio::test]
async fn an_upload_goes_on_after_a_break_and_a_restart_where_it_was() {
    let desk = Desk::open().await;
    let replica = desk.replica(4).await;
    let (parent, bytes) = (work_order(), photo(1_500_000, 0));
    let name = replica.begun(&parent).await;
    replica.append(&name, 0, &bytes[..600_000]).await.unwrap();
    replica.stop().await;

    let found = desk.particulars(&name).await.unwrap();
    let at = usize::try_from(found.received_bytes).unwrap();
    let appended = desk.append(&name, at, &bytes[at..]).await.unwrap();
    let stored = desk.finish(&name).await.unwrap();

    assert_eq!((found.state(), at), (EvidenceState::Uploading, 600_000));
    assert_eq!(found.expire_time, Some(to_wire(START + jiff::SignedDuration::from_hours(24))));
    assert_eq!(appended.received_bytes, 1_500_000);
    assert_eq!((stored.state(), stored.size_bytes), (EvidenceState::Stored, 1_500_000));
    assert_eq!(desk.download(&name, 0).await.unwrap(), bytes);
    assert_eq!(desk.evidence.files("staging"), Vec::<String>::new());
    assert_eq!(desk.evidence.files("sha256").len(), 1);
}

#[tokio::test]
async fn a_chunk_that_came_before_is_answered_and_one_that_does_not_fit_is_refused() {
    let desk = Desk::open().await;
    let (name, bytes) = (desk.begun(&work_order()).await, photo(300, 0));
    let first = desk.append(&name, 0, &bytes[..100]).await.unwrap();
    let second = desk.append(&name, 100, &bytes[100..200]).await.unwrap();

    let again = desk.append(&name, 0, &bytes[..100]).await.unwrap();
    let gap = desk.append(&name, 250, &bytes[250..]).await.unwrap_err();
    let other = desk.append(&name, 0, &photo(100, 9)).await.unwrap_err();
    let shorter = desk.append(&name, 0, &bytes[..50]).await.unwrap_err();

    assert_eq!((first.received_bytes, second.received_bytes), (100, 200));
    assert_eq!(again, second);
    for status in [gap, other, shorter] {
        assert_eq!(faults(&status), [fault("offset", "OFFSET_MISMATCH")]);
    }
    assert_eq!(desk.evidence.files("staging").len(), 2, "refused chunks are not kept");
}

#[tokio::test]
async fn all_that_is_wrong_with_a_chunk_is_told_at_once() {
    let desk = Desk::open().await;
    let wrong = AppendEvidenceChunkRequest {
        name: "cases/x".to_owned(),
        offset: -1,
        data: vec![0; (1 << 20) + 1],
        crc32: Some(7),
        request_id: "x".to_owned(),
    };
    let empty = AppendEvidenceChunkRequest { name: desk.begun(&work_order()).await, ..Default::default() };

    let wrong = desk.evidence_client().append_evidence_chunk(wrong).await.unwrap_err();
    let empty = desk.evidence_client().append_evidence_chunk(empty).await.unwrap_err();

    let expected = [
        fault("request_id", "INVALID_VALUE"),
        fault("name", "INVALID_VALUE"),
        fault("offset", "INVALID_VALUE"),
        fault("data", "TOO_LARGE"),
        fault("crc32", "CRC_MISMATCH"),
    ];
    assert_eq!(faults(&wrong), expected);
    assert_eq!(violations(&empty), ["data"]);
}

#[tokio::test]
async fn of_many_who_send_the_same_chunk_at_once_one_is_kept() {
    let desk = Desk::open().await;
    let (name, bytes) = (desk.begun(&work_order()).await, photo(50_000, 0));

    let all = join_all((0..8).map(|_| desk.append(&name, 0, &bytes))).await;
    let stored = desk.finish(&name).await.unwrap();

    assert!(all.into_iter().all(|answer| answer.unwrap().received_bytes == 50_000));
    assert_eq!(stored.size_bytes, 50_000);
    assert_eq!(desk.download(&name, 0).await.unwrap(), bytes);
}

#[tokio::test]
async fn of_many_who_finish_at_once_one_does_and_the_same_request_is_answered_the_same() {
    let desk = Desk::open().await;
    let parent = work_order();
    let name = desk.begun(&parent).await;
    desk.append(&name, 0, &photo(50_000, 0)).await.unwrap();
    let request =
        FinishEvidenceUploadRequest { name: name.clone(), request_id: request_id(), ..Default::default() };
    let finish = || async {
        desk.evidence_client().finish_evidence_upload(request.clone()).await.map(tonic::Response::into_inner)
    };

    let others = join_all((0..4).map(|_| desk.finish(&name))).await;
    let done = others.iter().filter(|answer| answer.is_ok()).count();
    let late = finish().await.unwrap_err();
    let second = desk.begun(&parent).await;
    desk.append(&second, 0, &photo(50_000, 1)).await.unwrap();
    let request = FinishEvidenceUploadRequest { name: second.clone(), ..request.clone() };
    let first = desk.evidence_client().finish_evidence_upload(request.clone()).await.unwrap().into_inner();
    let again = desk.evidence_client().finish_evidence_upload(request).await.unwrap().into_inner();

    assert_eq!(done, 1);
    for status in others.into_iter().filter_map(Result::err) {
        assert_eq!(refused(&status), (Code::FailedPrecondition, "STATE_NOT_ALLOWED".to_owned()));
    }
    assert_eq!(refused(&late), (Code::FailedPrecondition, "STATE_NOT_ALLOWED".to_owned()));
    assert_eq!(first, again);
    let more = desk.append(&second, 50_000, b"more").await.unwrap_err();
    assert_eq!(refused(&more), (Code::FailedPrecondition, "STATE_NOT_ALLOWED".to_owned()));
}

#[tokio::test]
async fn beginning_twice_with_the_same_request_begins_once() {
    let desk = Desk::open().await;
    let parent = work_order();
    let request = BeginEvidenceUploadRequest {
        evidence: Some(described(&parent)),
        request_id: request_id(),
        ..Default::default()
    };

    let first = desk.begin(request.clone()).await.unwrap();
    let again = desk.begin(request.clone()).await.unwrap();
    let reused = desk.begin(BeginEvidenceUploadRequest { size_bytes: 7, ..request }).await.unwrap_err();

    assert_eq!(first, again);
    assert_eq!(desk.attached(&parent, false).await, [first.name]);
    assert_eq!(refused(&reused), (Code::InvalidArgument, "REQUEST_ID_REUSED".to_owned()));
}

#[tokio::test]
async fn what_came_is_judged_at_the_end_and_a_chunk_too_many_at_once() {
    let desk = Desk::open().await;
    let announced = BeginEvidenceUploadRequest {
        evidence: Some(described(&work_order())),
        size_bytes: 11,
        sha256: "0".repeat(64),
        ..Default::default()
    };
    let name = desk.begin(announced).await.unwrap().name;
    desk.append(&name, 0, b"only words").await.unwrap();
    let empty = desk.begun(&work_order()).await;
    let stale = FinishEvidenceUploadRequest { name: empty.clone(), etag: "7".into(), ..Default::default() };
    let full = desk.begun(&work_order()).await;
    let chunk = vec![7; 1 << 20];
    for at in 0..3 {
        desk.append(&full, at << 20, &chunk).await.unwrap();
    }

    let judged = desk.finish(&name).await.unwrap_err();
    let nothing = desk.finish(&empty).await.unwrap_err();
    let stale = desk.evidence_client().finish_evidence_upload(stale).await.unwrap_err();
    let over = desk.append(&full, usize::try_from(LARGEST_EVIDENCE).unwrap(), b"x").await.unwrap_err();

    let expected = [
        fault("evidence.size_bytes", "SIZE_MISMATCH"),
        fault("sha256", "HASH_MISMATCH"),
        fault("evidence.media_type", "TYPE_MISMATCH"),
    ];
    assert_eq!(faults(&judged), expected);
    assert_eq!(faults(&nothing), [fault("evidence.size_bytes", "EMPTY")]);
    assert_eq!(refused(&stale), (Code::Aborted, "ETAG_MISMATCH".to_owned()));
    assert_eq!(faults(&over), [fault("evidence.size_bytes", "TOO_LARGE")]);
    let unread = desk.download(&name, 0).await.unwrap_err();
    assert_eq!(refused(&unread), (Code::FailedPrecondition, "STATE_NOT_ALLOWED".to_owned()));
}

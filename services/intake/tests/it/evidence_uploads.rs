//! IN-19: evidence in one call, lists, deletion, and what is told of it.

use futures::future::join_all;
use kexiang_proto::{
    event_v1::Event,
    intake_v1::{DeleteEvidenceRequest, Evidence, EvidenceFacts, EvidenceState, ListEvidenceRequest},
};
use kexiang_rpc::time::to_wire;
use tokio::sync::mpsc;
use tokio_stream::wrappers::UnboundedReceiverStream;
use tonic::Code;

use crate::{
    desk::{Desk, START},
    evidence::{described, hex, messages, photo, work_order},
    wire::{acceptance, refused, request_id, violations},
};

#[tokio::test]
async fn what_is_attached_comes_back_byte_by_byte() {
    let desk = Desk::open().await;
    let case = desk.some_case().await;
    let bytes = photo(2_500_000, 0);

    let evidence = desk.attach(&case, &bytes).await;

    let expected = Evidence {
        name: evidence.name.clone(),
        detected_media_type: "image/png".to_owned(),
        size_bytes: 2_500_000,
        sha256: hex(&bytes),
        state: EvidenceState::Stored.into(),
        creator: "agents/li.na".to_owned(),
        create_time: Some(to_wire(START)),
        store_time: Some(to_wire(START)),
        etag: "2".to_owned(),
        ..described(&case)
    };
    assert_eq!(evidence, expected);
    assert_eq!(desk.particulars(&evidence.name).await.unwrap(), evidence);
    assert_eq!(desk.download(&evidence.name, 0).await.unwrap(), bytes);
    assert_eq!(desk.download(&evidence.name, 2_000_001).await.unwrap(), bytes[2_000_001..]);
}

#[tokio::test]
async fn cases_contacts_and_steps_have_evidence_each_their_own() {
    let desk = Desk::open().await;
    let case = desk.accept(acceptance()).await;
    let (parents, bytes) = ([case.name, case.contact, work_order()], photo(100, 1));

    let attached = join_all(parents.iter().map(|parent| desk.attach(parent, &bytes))).await;

    for (parent, evidence) in parents.iter().zip(attached) {
        assert_eq!(desk.attached(parent, false).await, [evidence.name]);
    }
}

#[tokio::test]
async fn the_same_content_is_kept_once() {
    let desk = Desk::open().await;
    let bytes = photo(10_000, 0);

    let parents: Vec<_> = (0..6).map(|_| work_order()).collect();
    let same = join_all(parents.iter().map(|parent| desk.attach(parent, &bytes))).await;
    let other = desk.attach(&work_order(), &photo(10_000, 1)).await;

    assert!(same.iter().all(|evidence| evidence.sha256 == same[0].sha256));
    assert_eq!(desk.evidence.files("sha256").len(), 2);
    for evidence in &same {
        assert_eq!(desk.download(&evidence.name, 0).await.unwrap(), bytes);
    }
    assert_ne!(other.sha256, same[0].sha256);
}

#[tokio::test]
async fn the_same_request_twice_attaches_once_and_another_with_its_id_is_refused() {
    let desk = Desk::open().await;
    let parent = work_order();
    let mut request = messages(described(&parent), &photo(1_000, 0));
    request[0].request_id = request_id();
    let mut other = request.clone();
    other[0].evidence.as_mut().unwrap().file_name = "other.png".to_owned();

    let twins = join_all((0..4).map(|_| desk.send(request.clone()))).await;
    let again = desk.send(request).await.unwrap();
    let reused = desk.send(other).await.unwrap_err();

    for twin in twins {
        assert_eq!(twin.unwrap(), again);
    }
    assert_eq!(desk.attached(&parent, true).await, [again.name]);
    assert_eq!(refused(&reused), (Code::InvalidArgument, "REQUEST_ID_REUSED".to_owned()));
}

#[tokio::test]
async fn an_upload_whose_caller_goes_away_is_no_evidence_and_is_cleaned_up() {
    let desk = Desk::open().await;
    let parent = work_order();
    let (sender, stream) = mpsc::unbounded_channel();
    for message in messages(described(&parent), &photo(700_000, 0)) {
        sender.send(message).unwrap();
    }
    let mut client = desk.evidence_client();
    let upload =
        tokio::spawn(async move { client.upload_evidence(UnboundedReceiverStream::new(stream)).await });
    desk.until_files("staging", 1).await;

    upload.abort();
    desk.hand.advance(jiff::SignedDuration::from_hours(24));
    let start = std::time::Instant::now();
    while !desk.attached(&parent, true).await.is_empty() {
        assert!(start.elapsed() < crate::desk::PATIENCE);
    }
    desk.hand.advance(jiff::SignedDuration::from_mins(61));

    desk.until_files("", 0).await;
    drop(sender);
}

#[tokio::test]
async fn lists_page_and_hide_what_is_deleted() {
    let desk = Desk::open().await;
    let parent = work_order();
    let mut names = Vec::new();
    for seed in 0..3 {
        desk.hand.advance(jiff::SignedDuration::from_secs(1));
        names.push(desk.attach(&parent, &photo(100, seed)).await.name);
    }
    desk.delete(&names[1]).await.unwrap();
    let request = ListEvidenceRequest { parent: parent.clone(), page_size: 1, ..Default::default() };

    let first = desk.evidence_client().list_evidence(request.clone()).await.unwrap().into_inner();
    let next = ListEvidenceRequest { page_token: first.next_page_token, ..request };
    let second = desk.evidence_client().list_evidence(next).await.unwrap().into_inner();
    let bad = ListEvidenceRequest { parent: "x".to_owned(), page_size: -1, ..Default::default() };
    let bad = desk.evidence_client().list_evidence(bad).await.unwrap_err();

    let shown: Vec<_> = first.evidence.iter().chain(&second.evidence).map(|found| &found.name).collect();
    assert_eq!(shown, [&names[0], &names[2]]);
    assert_eq!(second.next_page_token, "");
    assert_eq!(desk.attached(&parent, true).await, names);
    assert_eq!(violations(&bad), ["page_size", "parent"]);
}

#[tokio::test]
async fn deleting_leaves_a_tombstone_with_its_reason() {
    let desk = Desk::open().await;
    let evidence = desk.attach(&work_order(), &photo(100, 0)).await;
    let delete = |etag: &str, reason: &str, request_id: &str| DeleteEvidenceRequest {
        name: evidence.name.clone(),
        reason: reason.to_owned(),
        etag: etag.to_owned(),
        request_id: request_id.to_owned(),
    };
    let mut client = desk.evidence_client();

    let blank = client.delete_evidence(delete("", " ", "")).await.unwrap_err();
    let stale = client.delete_evidence(delete("1", "a mistake", "")).await.unwrap_err();
    let id = request_id();
    let deleted = client.delete_evidence(delete("2", "a mistake", &id)).await.unwrap().into_inner();
    let again = client.delete_evidence(delete("2", "a mistake", &id)).await.unwrap().into_inner();
    let twice = desk.delete(&evidence.name).await.unwrap_err();
    let read = desk.download(&evidence.name, 0).await.unwrap_err();

    assert_eq!(violations(&blank), ["reason"]);
    assert_eq!(refused(&stale), (Code::Aborted, "ETAG_MISMATCH".to_owned()));
    let expected = Evidence {
        state: EvidenceState::Deleted.into(),
        delete_time: Some(to_wire(START)),
        deleter: "agents/li.na".to_owned(),
        delete_reason: "a mistake".to_owned(),
        etag: "3".to_owned(),
        ..evidence.clone()
    };
    assert_eq!((&deleted, &again), (&expected, &expected));
    assert_eq!(desk.particulars(&evidence.name).await.unwrap(), expected);
    for status in [twice, read] {
        assert_eq!(refused(&status), (Code::FailedPrecondition, "STATE_NOT_ALLOWED".to_owned()));
    }
}

#[tokio::test]
async fn of_two_who_delete_at_once_one_does() {
    let desk = Desk::open().await;
    let evidence = desk.attach(&work_order(), &photo(100, 0)).await;

    let both = join_all((0..4).map(|_| desk.delete(&evidence.name))).await;

    assert_eq!(both.iter().filter(|deleted| deleted.is_ok()).count(), 1);
}

#[tokio::test]
async fn what_happens_is_told_without_the_name_of_the_file() {
    let desk = Desk::open().await;
    let case = desk.some_case().await;
    let evidence = desk.attach(&case, &photo(100, 0)).await;
    desk.delete(&evidence.name).await.unwrap();

    let events = desk.told().await;
    let told: Vec<&Event> = events.iter().filter(|event| event.subject == evidence.name).collect();

    let types: Vec<_> = told.iter().map(|event| event.r#type.as_str()).collect();
    assert_eq!(types, ["evidence.stored", "evidence.deleted"]);
    let facts: EvidenceFacts = told[0].data.as_ref().unwrap().to_msg().unwrap();
    let expected = EvidenceFacts {
        evidence: evidence.name.clone(),
        parent: case,
        media_type: "image/png".to_owned(),
        detected_media_type: "image/png".to_owned(),
        size_bytes: 100,
        sha256: evidence.sha256.clone(),
        state: EvidenceState::Stored.into(),
        creator: "agents/li.na".to_owned(),
        create_time: evidence.create_time,
    };
    assert_eq!(facts, expected);
    assert!(!format!("{told:?}").contains("现场"));
}

//! IN-19: every way in which evidence is refused, and that nothing stays of it.

use kexiang_core::{ContactId, EvidenceId};
use kexiang_proto::intake_v1::{BeginEvidenceUploadRequest, Evidence, UploadEvidenceRequest};
use tonic::Code;

use crate::{
    desk::{Desk, LARGEST_EVIDENCE, START, unknown_case},
    evidence::{described, fault, faults, hex, messages, photo, work_order},
    wire::{refused, violations},
};

#[tokio::test]
async fn all_that_is_wrong_with_an_announcement_is_told_at_once() {
    let desk = Desk::open().await;
    let wrong = Evidence {
        parent: "sites/main".to_owned(),
        file_name: "../".to_owned(),
        media_type: "text/html".to_owned(),
        ..Evidence::default()
    };
    let first = UploadEvidenceRequest {
        evidence: Some(wrong.clone()),
        size_bytes: -1,
        sha256: "abc".to_owned(),
        chunk: vec![0; (1 << 20) + 1],
        request_id: "x".to_owned(),
    };
    let begin = BeginEvidenceUploadRequest {
        evidence: Some(wrong),
        size_bytes: -1,
        sha256: "abc".to_owned(),
        request_id: "x".to_owned(),
    };
    let expected = [
        fault("request_id", "INVALID_VALUE"),
        fault("sha256", "INVALID_VALUE"),
        fault("size_bytes", "INVALID_VALUE"),
        fault("evidence.parent", "INVALID_VALUE"),
        fault("evidence.file_name", "INVALID_VALUE"),
        fault("evidence.media_type", "TYPE_NOT_ALLOWED"),
    ];

    let streamed = desk.send(vec![first]).await.unwrap_err();
    let begun = desk.begin(begin).await.unwrap_err();
    let nothing = desk.send(vec![]).await.unwrap_err();

    assert_eq!(faults(&streamed), [&expected[..], &[fault("chunk", "TOO_LARGE")]].concat());
    assert_eq!(faults(&begun), expected);
    assert_eq!(violations(&nothing), ["evidence"]);
}

#[tokio::test]
async fn parents_of_this_service_have_to_be_there() {
    let desk = Desk::open().await;

    for parent in [unknown_case(), ContactId::at(START).name()] {
        let status = desk.send(messages(described(&parent), &photo(100, 0))).await.unwrap_err();
        assert_eq!(refused(&status), (Code::NotFound, "NOT_FOUND".to_owned()), "{parent}");
    }
}

/// What is wrong with these bytes; afterwards nothing of them is left.
async fn refused_content(desk: &Desk, messages: Vec<UploadEvidenceRequest>) -> Vec<(String, String)> {
    let parent = messages[0].evidence.clone().unwrap().parent;
    let status = desk.send(messages).await.unwrap_err();
    assert_eq!(desk.attached(&parent, true).await, Vec::<String>::new());
    assert_eq!(desk.evidence.files(""), Vec::<String>::new());
    faults(&status)
}

#[tokio::test]
async fn a_content_that_may_not_be_kept_is_refused_with_its_reasons_and_leaves_nothing() {
    let desk = Desk::open().await;
    let (parent, png) = (work_order(), photo(1_000, 0));
    let of_type = |media_type: &str| Evidence { media_type: media_type.to_owned(), ..described(&parent) };
    let largest = usize::try_from(LARGEST_EVIDENCE).unwrap();

    let mismatch = refused_content(&desk, messages(of_type("image/jpeg"), &png)).await;
    let program = refused_content(&desk, messages(of_type("image/png"), b"\x7fELF\x02\x01\x01\0")).await;
    let page = refused_content(&desk, messages(of_type("text/plain"), b"<svg onload='x()'>")).await;
    let empty = refused_content(&desk, messages(described(&parent), b"")).await;
    let large = refused_content(&desk, messages(described(&parent), &photo(largest + 1, 0))).await;
    let mut announced = messages(described(&parent), &png);
    announced[0].size_bytes = 999;
    announced[0].sha256 = hex(b"other bytes");
    let other = refused_content(&desk, announced).await;
    let mut foreseen = messages(described(&parent), &png);
    foreseen[0].size_bytes = LARGEST_EVIDENCE + 1;
    let foreseen = refused_content(&desk, foreseen).await;

    for found in [mismatch, program, page] {
        assert_eq!(found, [fault("evidence.media_type", "TYPE_MISMATCH")]);
    }
    assert_eq!(empty, [fault("evidence.size_bytes", "EMPTY")]);
    assert_eq!(large, [fault("evidence.size_bytes", "TOO_LARGE")]);
    let both = [fault("evidence.size_bytes", "SIZE_MISMATCH"), fault("sha256", "HASH_MISMATCH")];
    assert_eq!(other, both);
    assert_eq!(foreseen, [fault("size_bytes", "TOO_LARGE")]);
}

#[tokio::test]
async fn the_largest_file_is_taken() {
    let desk = Desk::open().await;
    let bytes = photo(usize::try_from(LARGEST_EVIDENCE).unwrap(), 0);

    let evidence = desk.attach(&work_order(), &bytes).await;

    assert_eq!(evidence.size_bytes, LARGEST_EVIDENCE);
}

#[tokio::test]
async fn cases_are_accepted_while_the_object_store_is_away() {
    let desk = Desk::open().await;
    // A file where the folder should be.
    std::fs::write(desk.evidence.path(), b"").unwrap();

    let case = desk.some_case().await;
    let status = desk.send(messages(described(&case), &photo(100, 0))).await.unwrap_err();
    std::fs::remove_file(desk.evidence.path()).unwrap();
    let evidence = desk.attach(&case, &photo(100, 0)).await;

    assert_eq!(refused(&status), (Code::Unavailable, "TEMPORARILY_UNAVAILABLE".to_owned()));
    assert_eq!(desk.attached(&case, true).await, [evidence.name]);
}

#[tokio::test]
async fn unknown_evidence_is_not_found_and_downloads_begin_inside() {
    let desk = Desk::open().await;
    let evidence = desk.attach(&work_order(), &photo(100, 0)).await;
    let unknown = EvidenceId::at(START).name();

    let missing = [
        desk.particulars(&unknown).await.unwrap_err(),
        desk.download(&unknown, 0).await.unwrap_err(),
        desk.delete(&unknown).await.unwrap_err(),
        desk.finish(&unknown).await.unwrap_err(),
        desk.append(&unknown, 0, b"x").await.unwrap_err(),
    ];
    let beyond = desk.download(&evidence.name, 100).await.unwrap_err();
    let negative = desk.download("evidence/x", -1).await.unwrap_err();

    for status in missing {
        assert_eq!(refused(&status), (Code::NotFound, "NOT_FOUND".to_owned()));
    }
    assert_eq!(faults(&beyond), [fault("offset", "OUT_OF_RANGE")]);
    assert_eq!(violations(&negative), ["name", "offset"]);
}

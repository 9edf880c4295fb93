//! IN-19: links that need no token, and are good for nothing but what they were made for.

use futures::StreamExt;
use jiff::SignedDuration;
use kexiang_core::EvidenceId;
use kexiang_proto::intake_v1::{
    CreateEvidenceLinkRequest, DownloadLinkedEvidenceRequest, EvidenceLink,
    evidence_service_client::EvidenceServiceClient,
};
use kexiang_rpc::time::to_wire;
use prost_types::Duration;
use tonic::{Code, Status};

use crate::{
    desk::{Desk, START},
    evidence::{photo, work_order},
    wire::{refused, request_id, violations},
};

impl Desk {
    async fn link(&self, name: &str, seconds: Option<i64>) -> Result<EvidenceLink, Status> {
        let ttl = seconds.map(|seconds| Duration { seconds, nanos: 0 });
        let request = CreateEvidenceLinkRequest { name: name.to_owned(), ttl, ..Default::default() };
        self.evidence_client().create_evidence_link(request).await.map(tonic::Response::into_inner)
    }

    /// Opens a link as somebody without a token; gives the type, the disposition and the bytes.
    async fn open_link(
        &self,
        request: DownloadLinkedEvidenceRequest,
    ) -> Result<(String, String, Vec<u8>), Status> {
        let mut client = EvidenceServiceClient::new(self.channel.clone());
        let answer = client.download_linked_evidence(request).await?;
        let disposition = answer.metadata().get("content-disposition").unwrap().to_str().unwrap().to_owned();
        let bodies: Vec<_> = answer.into_inner().collect().await;
        let bodies = bodies.into_iter().collect::<Result<Vec<_>, _>>()?;
        let content_type = bodies[0].content_type.clone();
        Ok((content_type, disposition, bodies.into_iter().flat_map(|body| body.data).collect()))
    }
}

/// What a link says.
fn read(link: &EvidenceLink) -> DownloadLinkedEvidenceRequest {
    let (path, query) = link.uri.split_once('?').unwrap();
    let name = path.strip_prefix("/v1/").unwrap().strip_suffix(":download").unwrap().to_owned();
    let value = |key: &str| {
        let pair = query.split('&').find_map(|pair| pair.strip_prefix(key)?.strip_prefix('='));
        pair.unwrap().to_owned()
    };
    let expires = value("expires").parse().unwrap();
    DownloadLinkedEvidenceRequest { name, expires, key: value("key"), signature: value("signature") }
}

#[tokio::test]
async fn a_link_gives_the_bytes_to_whoever_has_it_until_it_expires() {
    let desk = Desk::open().await;
    let bytes = photo(1_500_000, 0);
    let evidence = desk.attach(&work_order(), &bytes).await;

    let link = desk.link(&evidence.name, None).await.unwrap();
    let opened = desk.open_link(read(&link)).await.unwrap();
    desk.hand.advance(SignedDuration::from_secs(599));
    let last = desk.open_link(read(&link)).await;
    desk.hand.advance(SignedDuration::from_secs(1));
    let expired = desk.open_link(read(&link)).await.unwrap_err();

    assert_eq!(link.expire_time, Some(to_wire(START + SignedDuration::from_mins(10))));
    assert_eq!((opened.0.as_str(), opened.2), ("image/png", bytes));
    assert_eq!(opened.1, "attachment; filename*=UTF-8''%E7%8E%B0%E5%9C%BA.png");
    assert!(last.is_ok());
    assert_eq!(refused(&expired), (Code::PermissionDenied, "LINK_EXPIRED".to_owned()));
}

#[tokio::test]
async fn a_link_that_was_changed_in_any_way_is_refused() {
    let desk = Desk::open().await;
    let evidence = desk.attach(&work_order(), &photo(100, 0)).await;
    let other = desk.attach(&work_order(), &photo(100, 1)).await;
    let good = read(&desk.link(&evidence.name, Some(60)).await.unwrap());
    let longer = DownloadLinkedEvidenceRequest { expires: good.expires + 1, ..good.clone() };
    let elsewhere = DownloadLinkedEvidenceRequest { name: other.name, ..good.clone() };
    let nowhere = DownloadLinkedEvidenceRequest { name: EvidenceId::at(START).name(), ..good.clone() };
    let other_key = DownloadLinkedEvidenceRequest { key: "k".to_owned(), ..good.clone() };
    let shorter =
        DownloadLinkedEvidenceRequest { signature: good.signature[..40].to_owned(), ..good.clone() };

    for changed in [longer, elsewhere, nowhere, other_key, shorter] {
        let status = desk.open_link(changed.clone()).await.unwrap_err();
        assert_eq!(refused(&status), (Code::PermissionDenied, "LINK_INVALID".to_owned()), "{changed:?}");
    }
    let nonsense = DownloadLinkedEvidenceRequest { signature: "%%".to_owned(), ..Default::default() };
    let status = desk.open_link(nonsense).await.unwrap_err();
    assert_eq!(violations(&status), ["name", "expires", "key", "signature"]);
    assert!(desk.open_link(good).await.is_ok());
}

#[tokio::test]
async fn a_link_ends_with_its_evidence_and_unstored_evidence_has_none() {
    let desk = Desk::open().await;
    let evidence = desk.attach(&work_order(), &photo(100, 0)).await;
    let link = read(&desk.link(&evidence.name, None).await.unwrap());
    let uploading = desk.begun(&work_order()).await;

    desk.delete(&evidence.name).await.unwrap();
    let opened = desk.open_link(link).await.unwrap_err();
    let after = desk.link(&evidence.name, None).await.unwrap_err();
    let before = desk.link(&uploading, None).await.unwrap_err();

    assert_eq!(refused(&opened), (Code::NotFound, "NOT_FOUND".to_owned()));
    for status in [after, before] {
        assert_eq!(refused(&status), (Code::FailedPrecondition, "STATE_NOT_ALLOWED".to_owned()));
    }
}

#[tokio::test]
async fn a_link_is_good_for_a_second_to_a_day() {
    let desk = Desk::open().await;
    let evidence = desk.attach(&work_order(), &photo(100, 0)).await;

    for seconds in [0, -5, 24 * 3600 + 1] {
        let status = desk.link(&evidence.name, Some(seconds)).await.unwrap_err();
        assert_eq!(violations(&status), ["ttl"]);
    }
    for seconds in [1, 24 * 3600] {
        assert!(desk.link(&evidence.name, Some(seconds)).await.is_ok());
    }
}

#[tokio::test]
async fn the_same_request_gives_the_same_link() {
    let desk = Desk::open().await;
    let evidence = desk.attach(&work_order(), &photo(100, 0)).await;
    let request =
        CreateEvidenceLinkRequest { name: evidence.name, request_id: request_id(), ..Default::default() };

    let first = desk.evidence_client().create_evidence_link(request.clone()).await.unwrap().into_inner();
    desk.hand.advance(SignedDuration::from_secs(30));
    let again = desk.evidence_client().create_evidence_link(request).await.unwrap().into_inner();

    assert_eq!(first, again);
}

#[tokio::test]
async fn the_key_is_replaced_and_links_of_the_old_one_stay_good_to_their_end() {
    let desk = Desk::open().await;
    let replica = desk.replica(4).await;
    let evidence = desk.attach(&work_order(), &photo(100, 0)).await;
    let both = tokio::join!(desk.link(&evidence.name, None), replica.link(&evidence.name, None));
    let (first, second) = (read(&both.0.unwrap()), read(&both.1.unwrap()));
    // A month less an hour, told by the row: the tokens of this story are not good for so long.
    let older = "update intake.evidence_link_keys set created_at = created_at - interval '29 days 23 hours'";
    sqlx::query(older).execute(desk.pool()).await.unwrap();

    let before = read(&desk.link(&evidence.name, Some(24 * 3600)).await.unwrap());
    desk.hand.advance(SignedDuration::from_hours(1));
    let after = read(&desk.link(&evidence.name, Some(24 * 3600)).await.unwrap());

    assert_eq!((&first.key, &first.key), (&second.key, &before.key));
    assert_ne!(before.key, after.key);
    assert!(desk.open_link(before.clone()).await.is_ok());
    assert!(desk.open_link(after).await.is_ok());
    desk.hand.advance(SignedDuration::from_hours(26));
    let gone = desk.open_link(before).await.unwrap_err();
    assert_eq!(gone.code(), Code::PermissionDenied);
}

//! Everything about evidence but its bytes, on the wire.

use jiff::SignedDuration;
use kexiang_proto::intake_v1 as pb;
use kexiang_rpc::{PageRequest, Violations, call, field};
use tonic::{Request, Status};

use super::{convert, read, status::status};
use crate::{app::evidence::EvidenceDesk, grpc::DOMAIN};

pub(super) async fn get_evidence(
    desk: &EvidenceDesk,
    request: Request<pb::GetEvidenceRequest>,
) -> Result<pb::Evidence, Status> {
    let mut violations = Violations::default();
    let id = violations.check("name", field::name(&request.get_ref().name));
    let id = violations.into_result(DOMAIN, id)?;
    desk.get(id).await.map(convert::evidence).map_err(status)
}

pub(super) async fn list_evidence(
    desk: &EvidenceDesk,
    request: Request<pb::ListEvidenceRequest>,
) -> Result<pb::ListEvidenceResponse, Status> {
    let pb::ListEvidenceRequest { parent, show_deleted, page_size, page_token } = request.into_inner();
    let mut violations = Violations::default();
    let filter = pb::ListEvidenceRequest {
        parent: parent.clone(),
        show_deleted,
        ..pb::ListEvidenceRequest::default()
    };
    let page = PageRequest::read(page_size, &page_token, &filter, &mut violations);
    let parent = violations.check("parent", parent.parse());
    let (page, parent) = violations.into_result(DOMAIN, page.zip(parent))?;
    let found = desk.list(parent, show_deleted, page.after, page.limit + 1).await;
    let mut evidence = found.map_err(status)?;
    let next_page_token = page.cut(&mut evidence, |evidence| evidence.id);
    let evidence = evidence.into_iter().map(convert::evidence).collect();
    Ok(pb::ListEvidenceResponse { evidence, next_page_token })
}

pub(super) async fn create_evidence_link(
    desk: &EvidenceDesk,
    request: Request<pb::CreateEvidenceLinkRequest>,
) -> Result<pb::EvidenceLink, Status> {
    let mut violations = Violations::default();
    let call = call(&request, "CreateEvidenceLink", &request.get_ref().request_id, &mut violations)?;
    let id = violations.check("name", field::name(&request.get_ref().name));
    let ttl: Option<SignedDuration> = violations.check("ttl", read::ttl(request.get_ref().ttl.as_ref()));
    let read = || Some((call?, id?, ttl?));
    let (call, id, ttl) = violations.into_result(DOMAIN, read())?;
    desk.create_link(&call, id, ttl).await.map(convert::link).map_err(status)
}

pub(super) async fn delete_evidence(
    desk: &EvidenceDesk,
    request: Request<pb::DeleteEvidenceRequest>,
) -> Result<pb::Evidence, Status> {
    let mut violations = Violations::default();
    let call = call(&request, "DeleteEvidence", &request.get_ref().request_id, &mut violations)?;
    let id = violations.check("name", field::name(&request.get_ref().name));
    let etag = violations.check("etag", field::etag(&request.get_ref().etag));
    let reason = violations.check("reason", field::text(&request.get_ref().reason, 1_000));
    let read = || Some((call?, id?, etag?, reason?));
    let (call, id, etag, reason) = violations.into_result(DOMAIN, read())?;
    desk.delete(&call, id, etag, &reason).await.map(convert::evidence).map_err(status)
}

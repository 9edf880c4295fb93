//! Uploads on the wire: in one call, and in several.

use kexiang_core::Call;
use kexiang_proto::intake_v1 as pb;
use kexiang_rpc::{Violations, call, field, refusal};
use tonic::{Request, Status, Streaming};

use super::{convert, read, status::status};
use crate::{
    app::evidence::{Begun, EvidenceDesk, Receiving},
    domain::evidence::NewEvidence,
    grpc::DOMAIN,
};

pub(super) async fn upload_evidence(
    desk: &EvidenceDesk,
    request: Request<Streaming<pb::UploadEvidenceRequest>>,
) -> Result<pb::Evidence, Status> {
    let (metadata, extensions, mut messages) = request.into_parts();
    let broken = |error| refusal::of_foreign(DOMAIN, error);
    let mut first = messages.message().await.map_err(broken)?.unwrap_or_default();
    let chunk = std::mem::take(&mut first.chunk);
    let (call, new) = read_first(desk, &Request::from_parts(metadata, extensions, first), &chunk)?;
    let mut receiving = match desk.receive(&call, new).await.map_err(status)? {
        Begun::Answered(evidence) => return Ok(convert::evidence(*evidence)),
        Begun::Receiving(receiving) => receiving,
    };
    match receive(&mut receiving, &chunk, &mut messages).await {
        Ok(()) => receiving.finish(&call).await.map(convert::evidence).map_err(status),
        Err(refused) => {
            receiving.give_up().await;
            Err(refused)
        }
    }
}

fn read_first(
    desk: &EvidenceDesk,
    request: &Request<pb::UploadEvidenceRequest>,
    chunk: &[u8],
) -> Result<(Call, NewEvidence), Status> {
    let mut violations = Violations::default();
    let call = call(request, "UploadEvidence", &request.get_ref().request_id, &mut violations)?;
    let pb::UploadEvidenceRequest { evidence, size_bytes, sha256, .. } = request.get_ref();
    let new = read::new(evidence.as_ref(), *size_bytes, sha256, desk.largest(), &mut violations);
    read::chunk("chunk", chunk, &mut violations);
    Ok(violations.into_result(DOMAIN, call.zip(new))?)
}

async fn receive(
    receiving: &mut Receiving,
    first: &[u8],
    messages: &mut Streaming<pb::UploadEvidenceRequest>,
) -> Result<(), Status> {
    receiving.push(first).await.map_err(status)?;
    while let Some(message) = messages.message().await.map_err(|error| refusal::of_foreign(DOMAIN, error))? {
        let mut violations = Violations::default();
        read::chunk("chunk", &message.chunk, &mut violations);
        if message.evidence.is_some() {
            violations.add("evidence", "ONLY_FIRST", "belongs into the first message alone");
        }
        violations.into_result(DOMAIN, Some(()))?;
        receiving.push(&message.chunk).await.map_err(status)?;
    }
    Ok(())
}

pub(super) async fn begin_evidence_upload(
    desk: &EvidenceDesk,
    request: Request<pb::BeginEvidenceUploadRequest>,
) -> Result<pb::Evidence, Status> {
    let mut violations = Violations::default();
    let call = call(&request, "BeginEvidenceUpload", &request.get_ref().request_id, &mut violations)?;
    let pb::BeginEvidenceUploadRequest { evidence, size_bytes, sha256, .. } = request.get_ref();
    let new = read::new(evidence.as_ref(), *size_bytes, sha256, desk.largest(), &mut violations);
    let (call, new) = violations.into_result(DOMAIN, call.zip(new))?;
    desk.begin_upload(&call, new).await.map(convert::evidence).map_err(status)
}

pub(super) async fn append_evidence_chunk(
    desk: &EvidenceDesk,
    request: Request<pb::AppendEvidenceChunkRequest>,
) -> Result<pb::AppendEvidenceChunkResponse, Status> {
    let mut violations = Violations::default();
    let call = call(&request, "AppendEvidenceChunk", &request.get_ref().request_id, &mut violations)?;
    let pb::AppendEvidenceChunkRequest { name, offset, data, crc32, .. } = request.into_inner();
    let id = violations.check("name", field::name(&name));
    if offset < 0 {
        violations.add("offset", "INVALID_VALUE", "must not be negative");
    }
    if data.is_empty() {
        violations.add("data", "REQUIRED", "is required");
    }
    read::chunk("data", &data, &mut violations);
    read::crc32(crc32, &data, &mut violations);
    let (call, id) = violations.into_result(DOMAIN, call.zip(id))?;
    let progress = desk.append_chunk(&call, id, offset, data.into()).await.map_err(status)?;
    Ok(convert::appended(progress))
}

pub(super) async fn finish_evidence_upload(
    desk: &EvidenceDesk,
    request: Request<pb::FinishEvidenceUploadRequest>,
) -> Result<pb::Evidence, Status> {
    let mut violations = Violations::default();
    let call = call(&request, "FinishEvidenceUpload", &request.get_ref().request_id, &mut violations)?;
    let id = violations.check("name", field::name(&request.get_ref().name));
    let etag = violations.check("etag", field::etag(&request.get_ref().etag));
    let read = || Some((call?, id?, etag?));
    let (call, id, etag) = violations.into_result(DOMAIN, read())?;
    desk.finish_upload(&call, id, etag).await.map(convert::evidence).map_err(status)
}

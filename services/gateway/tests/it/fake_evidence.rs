//! The part of the fake that keeps evidence: downloads that go well, break off, or never begin.

use std::pin::Pin;

use kexiang_proto::{
    api::HttpBody,
    intake_v1::{self as intake, evidence_service_server::EvidenceService},
};
use kexiang_rpc::Refusal;
use tokio_stream::{Stream, iter};
use tonic::{Request, Response, Status, Streaming};

use crate::fake::Fake;

type Answer<T> = Result<Response<T>, Status>;
type BoxStream<T> = Pin<Box<dyn Stream<Item = Result<T, Status>> + Send>>;

/// The bytes of a download; no UTF-8.
pub const BYTES: &[u8] = b"\xff\xd8\xff\0 one \xfe two";

fn unused<T>() -> Answer<T> {
    Err(Status::unimplemented("the test needs it not"))
}

#[tonic::async_trait]
impl EvidenceService for Fake {
    type DownloadEvidenceStream = BoxStream<intake::DownloadEvidenceResponse>;
    type DownloadLinkedEvidenceStream = BoxStream<HttpBody>;

    /// `evidence/plain` has no type and no name; `evidence/broken` fails after its first half; `evidence/refused` never begins.
    async fn download_linked_evidence(
        &self,
        request: Request<intake::DownloadLinkedEvidenceRequest>,
    ) -> Answer<Self::DownloadLinkedEvidenceStream> {
        let name = request.into_inner().name;
        if name == "evidence/refused" {
            let code = tonic::Code::PermissionDenied;
            return Err(Refusal::new(code, "intake.kexiang", "LINK_EXPIRED", "over").into());
        }
        let (first, second) = BYTES.split_at(8);
        let content_type = if name == "evidence/plain" { "" } else { "image/jpeg" };
        let body = |content_type: &str, data: &[u8]| HttpBody {
            content_type: content_type.to_owned(),
            data: data.to_vec(),
            extensions: Vec::new(),
        };
        let rest = match name.as_str() {
            "evidence/broken" => Err(Refusal::unavailable("intake.kexiang").into()),
            _ => Ok(body("", second)),
        };
        let mut response =
            Response::new(Box::pin(iter([Ok(body(content_type, first)), rest])) as BoxStream<HttpBody>);
        let disposition = match name.as_str() {
            "evidence/plain" => "inline",
            _ => "attachment; filename*=UTF-8''a%20photo.jpg",
        };
        response.metadata_mut().insert("content-disposition", disposition.parse().unwrap());
        Ok(response)
    }

    async fn upload_evidence(
        &self,
        _: Request<Streaming<intake::UploadEvidenceRequest>>,
    ) -> Answer<intake::Evidence> {
        unused()
    }
    async fn begin_evidence_upload(
        &self,
        _: Request<intake::BeginEvidenceUploadRequest>,
    ) -> Answer<intake::Evidence> {
        unused()
    }
    async fn append_evidence_chunk(
        &self,
        _: Request<intake::AppendEvidenceChunkRequest>,
    ) -> Answer<intake::AppendEvidenceChunkResponse> {
        unused()
    }
    async fn finish_evidence_upload(
        &self,
        _: Request<intake::FinishEvidenceUploadRequest>,
    ) -> Answer<intake::Evidence> {
        unused()
    }
    async fn get_evidence(&self, _: Request<intake::GetEvidenceRequest>) -> Answer<intake::Evidence> {
        unused()
    }
    async fn list_evidence(
        &self,
        _: Request<intake::ListEvidenceRequest>,
    ) -> Answer<intake::ListEvidenceResponse> {
        unused()
    }
    async fn download_evidence(
        &self,
        _: Request<intake::DownloadEvidenceRequest>,
    ) -> Answer<Self::DownloadEvidenceStream> {
        unused()
    }
    async fn create_evidence_link(
        &self,
        _: Request<intake::CreateEvidenceLinkRequest>,
    ) -> Answer<intake::EvidenceLink> {
        unused()
    }
    async fn delete_evidence(&self, _: Request<intake::DeleteEvidenceRequest>) -> Answer<intake::Evidence> {
        unused()
    }
}

//! EvidenceService on the wire (IN-19): each method is one line here, and stands in [`upload`], [`particulars`] or [`download`].

mod convert;
mod download;
mod particulars;
mod read;
mod status;
mod upload;

use kexiang_proto::intake_v1::{self as pb, evidence_service_server::EvidenceService};
use tokio_util::sync::CancellationToken;
use tonic::{Request, Response, Status, Streaming};

pub(super) use self::convert::facts;
use crate::app::evidence::EvidenceDesk;

type Answer<T> = Result<Response<T>, Status>;

/// EvidenceService over the use cases.
#[derive(Clone)]
pub struct Evidence {
    desk: EvidenceDesk,
    shutdown: CancellationToken,
}

impl Evidence {
    /// Serves these use cases; its streams end with `shutdown`.
    #[must_use]
    pub const fn new(desk: EvidenceDesk, shutdown: CancellationToken) -> Self {
        Self { desk, shutdown }
    }
}

#[tonic::async_trait]
impl EvidenceService for Evidence {
    type DownloadEvidenceStream = download::Chunks;
    type DownloadLinkedEvidenceStream = download::Bodies;

    async fn upload_evidence(
        &self,
        request: Request<Streaming<pb::UploadEvidenceRequest>>,
    ) -> Answer<pb::Evidence> {
        upload::upload_evidence(&self.desk, request).await.map(Response::new)
    }

    async fn begin_evidence_upload(
        &self,
        request: Request<pb::BeginEvidenceUploadRequest>,
    ) -> Answer<pb::Evidence> {
        upload::begin_evidence_upload(&self.desk, request).await.map(Response::new)
    }

    async fn append_evidence_chunk(
        &self,
        request: Request<pb::AppendEvidenceChunkRequest>,
    ) -> Answer<pb::AppendEvidenceChunkResponse> {
        upload::append_evidence_chunk(&self.desk, request).await.map(Response::new)
    }

    async fn finish_evidence_upload(
        &self,
        request: Request<pb::FinishEvidenceUploadRequest>,
    ) -> Answer<pb::Evidence> {
        upload::finish_evidence_upload(&self.desk, request).await.map(Response::new)
    }

    async fn get_evidence(&self, request: Request<pb::GetEvidenceRequest>) -> Answer<pb::Evidence> {
        particulars::get_evidence(&self.desk, request).await.map(Response::new)
    }

    async fn list_evidence(
        &self,
        request: Request<pb::ListEvidenceRequest>,
    ) -> Answer<pb::ListEvidenceResponse> {
        particulars::list_evidence(&self.desk, request).await.map(Response::new)
    }

    async fn download_evidence(
        &self,
        request: Request<pb::DownloadEvidenceRequest>,
    ) -> Answer<Self::DownloadEvidenceStream> {
        download::download_evidence(&self.desk, &self.shutdown, request).await.map(Response::new)
    }

    async fn create_evidence_link(
        &self,
        request: Request<pb::CreateEvidenceLinkRequest>,
    ) -> Answer<pb::EvidenceLink> {
        particulars::create_evidence_link(&self.desk, request).await.map(Response::new)
    }

    async fn download_linked_evidence(
        &self,
        request: Request<pb::DownloadLinkedEvidenceRequest>,
    ) -> Answer<Self::DownloadLinkedEvidenceStream> {
        download::download_linked_evidence(&self.desk, &self.shutdown, request).await
    }

    async fn delete_evidence(&self, request: Request<pb::DeleteEvidenceRequest>) -> Answer<pb::Evidence> {
        particulars::delete_evidence(&self.desk, request).await.map(Response::new)
    }
}

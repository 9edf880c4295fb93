//! What stories of evidence send and get, in few words.

use std::time::Instant;

use bytes::Bytes;
use kexiang_core::WorkOrderId;
use kexiang_proto::intake_v1::{
    AppendEvidenceChunkRequest, AppendEvidenceChunkResponse, BeginEvidenceUploadRequest,
    DeleteEvidenceRequest, DownloadEvidenceRequest, Evidence, FinishEvidenceUploadRequest,
    GetEvidenceRequest, ListEvidenceRequest, UploadEvidenceRequest,
    evidence_service_client::EvidenceServiceClient,
};
use kexiang_rpc::refusal;
use sha2::{Digest, Sha256};
use tonic::{Status, service::interceptor::InterceptedService, transport::Channel};

use crate::{
    desk::{AGENT, Bearer, Desk, PATIENCE, START},
    wire::acceptance,
};

pub type EvidenceClient = EvidenceServiceClient<InterceptedService<Channel, Bearer>>;

/// A photo of so many bytes; the seed makes it another one.
pub fn photo(size: usize, seed: u8) -> Vec<u8> {
    let mut bytes = b"\x89PNG\r\n\x1a\n".to_vec();
    bytes.extend((bytes.len()..size).map(|at| u8::try_from(at % 251).unwrap() ^ seed));
    bytes
}

/// SHA-256 in hexadecimal.
pub fn hex(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A step of dispatch, which this service can't look up.
pub fn work_order() -> String {
    WorkOrderId::at(START).name()
}

/// A photo for this parent.
pub fn described(parent: &str) -> Evidence {
    Evidence {
        parent: parent.to_owned(),
        file_name: "现场.png".to_owned(),
        media_type: "image/png".to_owned(),
        ..Evidence::default()
    }
}

/// An upload in one call, in chunks of a third of a mebibyte.
pub fn messages(evidence: Evidence, bytes: &[u8]) -> Vec<UploadEvidenceRequest> {
    let mut messages = vec![UploadEvidenceRequest { evidence: Some(evidence), ..Default::default() }];
    let chunks = bytes.chunks(350_000);
    messages
        .extend(chunks.map(|chunk| UploadEvidenceRequest { chunk: chunk.to_vec(), ..Default::default() }));
    messages
}

/// Field and reason of all violations.
pub fn faults(status: &Status) -> Vec<(String, String)> {
    let bad: kexiang_proto::rpc::BadRequest = refusal::detail(status).unwrap_or_else(|| panic!("{status:?}"));
    bad.field_violations.into_iter().map(|violation| (violation.field, violation.reason)).collect()
}

/// One field and its reason.
pub fn fault(field: &str, reason: &str) -> (String, String) {
    (field.to_owned(), reason.to_owned())
}

impl Desk {
    pub fn evidence_client(&self) -> EvidenceClient {
        EvidenceServiceClient::with_interceptor(self.channel.clone(), self.bearer(AGENT))
            .max_decoding_message_size(4 << 20)
    }

    /// A case to attach to.
    pub async fn some_case(&self) -> String {
        self.accept(acceptance()).await.name
    }

    pub async fn send(&self, messages: Vec<UploadEvidenceRequest>) -> Result<Evidence, Status> {
        let answer = self.evidence_client().upload_evidence(futures::stream::iter(messages)).await;
        answer.map(tonic::Response::into_inner)
    }

    /// Attaches a photo.
    pub async fn attach(&self, parent: &str, bytes: &[u8]) -> Evidence {
        self.send(messages(described(parent), bytes)).await.unwrap()
    }

    pub async fn begin(&self, request: BeginEvidenceUploadRequest) -> Result<Evidence, Status> {
        self.evidence_client().begin_evidence_upload(request).await.map(tonic::Response::into_inner)
    }

    /// Begins an upload of a photo in several calls; gives its name.
    pub async fn begun(&self, parent: &str) -> String {
        let request = BeginEvidenceUploadRequest { evidence: Some(described(parent)), ..Default::default() };
        self.begin(request).await.unwrap().name
    }

    pub async fn append(
        &self,
        name: &str,
        offset: usize,
        data: &[u8],
    ) -> Result<AppendEvidenceChunkResponse, Status> {
        let request = AppendEvidenceChunkRequest {
            name: name.to_owned(),
            offset: i64::try_from(offset).unwrap(),
            data: data.to_vec(),
            crc32: Some(crc32fast::hash(data)),
            ..Default::default()
        };
        self.evidence_client().append_evidence_chunk(request).await.map(tonic::Response::into_inner)
    }

    pub async fn finish(&self, name: &str) -> Result<Evidence, Status> {
        let request = FinishEvidenceUploadRequest { name: name.to_owned(), ..Default::default() };
        self.evidence_client().finish_evidence_upload(request).await.map(tonic::Response::into_inner)
    }

    pub async fn particulars(&self, name: &str) -> Result<Evidence, Status> {
        let request = GetEvidenceRequest { name: name.to_owned() };
        self.evidence_client().get_evidence(request).await.map(tonic::Response::into_inner)
    }

    /// Names of the evidence of a parent.
    pub async fn attached(&self, parent: &str, show_deleted: bool) -> Vec<String> {
        let request = ListEvidenceRequest { parent: parent.to_owned(), show_deleted, ..Default::default() };
        let listed = self.evidence_client().list_evidence(request).await.unwrap().into_inner();
        listed.evidence.into_iter().map(|evidence| evidence.name).collect()
    }

    pub async fn download(&self, name: &str, offset: i64) -> Result<Bytes, Status> {
        let request = DownloadEvidenceRequest { name: name.to_owned(), offset };
        let mut chunks = self.evidence_client().download_evidence(request).await?.into_inner();
        let mut bytes = Vec::new();
        while let Some(chunk) = chunks.message().await? {
            assert_eq!(chunk.offset - offset, i64::try_from(bytes.len()).unwrap());
            assert!(chunk.data.len() <= 1 << 20);
            bytes.extend(chunk.data);
        }
        Ok(bytes.into())
    }

    pub async fn delete(&self, name: &str) -> Result<Evidence, Status> {
        let (name, reason) = (name.to_owned(), "attached to the wrong case".to_owned());
        let request = DeleteEvidenceRequest { name, reason, ..Default::default() };
        self.evidence_client().delete_evidence(request).await.map(tonic::Response::into_inner)
    }

    /// Waits until so many contents are in the store.
    pub async fn until_contents(&self, count: usize) {
        self.until_files("sha256", count).await;
    }

    /// Waits until so many files are under a folder of the store.
    pub async fn until_files(&self, under: &str, count: usize) {
        let start = Instant::now();
        while self.evidence.files(under).len() != count {
            assert!(start.elapsed() < PATIENCE, "{under}: {:?}", self.evidence.files(under));
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    }
}

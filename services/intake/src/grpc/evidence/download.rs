//! The bytes of evidence on the wire: to callers with a token, and to whoever has a link.

use std::pin::Pin;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use bytes::Bytes;
use futures::{Stream, StreamExt, stream};
use kexiang_proto::{api::HttpBody, intake_v1 as pb};
use kexiang_rpc::{Refusal, Violations, field};
use tokio_util::sync::CancellationToken;
use tonic::{Request, Response, Status, metadata::AsciiMetadataValue};

use super::{convert, status::status};
use crate::{
    app::evidence::{EvidenceDesk, EvidenceError},
    domain::evidence::link::Ticket,
    grpc::DOMAIN,
};

pub(super) type Chunks = Pin<Box<dyn Stream<Item = Result<pb::DownloadEvidenceResponse, Status>> + Send>>;
pub(super) type Bodies = Pin<Box<dyn Stream<Item = Result<HttpBody, Status>> + Send>>;

pub(super) async fn download_evidence(
    desk: &EvidenceDesk,
    shutdown: &CancellationToken,
    request: Request<pb::DownloadEvidenceRequest>,
) -> Result<Chunks, Status> {
    let pb::DownloadEvidenceRequest { name, offset } = request.into_inner();
    let mut violations = Violations::default();
    let id = violations.check("name", field::name(&name));
    if offset < 0 {
        violations.add("offset", "INVALID_VALUE", "must not be negative");
    }
    let id = violations.into_result(DOMAIN, id)?;
    let (_, bytes) = desk.download(id, offset).await.map_err(status)?;
    let mut at = offset;
    let chunks = until_stopped(bytes, shutdown).map(move |chunk| {
        let data = chunk?.to_vec();
        let offset = at;
        at += i64::try_from(data.len()).unwrap_or_default();
        Ok(pb::DownloadEvidenceResponse { offset, data })
    });
    Ok(Box::pin(chunks))
}

pub(super) async fn download_linked_evidence(
    desk: &EvidenceDesk,
    shutdown: &CancellationToken,
    request: Request<pb::DownloadLinkedEvidenceRequest>,
) -> Result<Response<Bodies>, Status> {
    let pb::DownloadLinkedEvidenceRequest { name, expires, key, signature } = request.into_inner();
    let mut violations = Violations::default();
    let evidence = violations.check("name", field::name(&name));
    if expires <= 0 {
        violations.add("expires", "REQUIRED", "is required");
    }
    let key_id = violations.check("key", field::text(&key, 100));
    let signature = violations.check("signature", read_signature(&signature));
    let ticket = || Some(Ticket { evidence: evidence?, expires, key_id: key_id?, signature: signature? });
    let ticket = violations.into_result(DOMAIN, ticket())?;
    let (evidence, bytes) = desk.download_linked(&ticket).await.map_err(status)?;
    let disposition = convert::disposition(&evidence);
    // The type of the first message counts.
    let mut content_type = evidence.media_type.as_str().to_owned();
    let bodies = until_stopped(bytes, shutdown).map(move |chunk| {
        let content_type = std::mem::take(&mut content_type);
        Ok(HttpBody { content_type, data: chunk?.to_vec(), extensions: Vec::new() })
    });
    let mut response = Response::new(Box::pin(bodies) as Bodies);
    if let Ok(disposition) = AsciiMetadataValue::try_from(disposition) {
        response.metadata_mut().insert("content-disposition", disposition);
    }
    Ok(response)
}

fn read_signature(text: &str) -> Result<Vec<u8>, &'static str> {
    let read = URL_SAFE_NO_PAD.decode(text).ok().filter(|bytes| !bytes.is_empty());
    read.ok_or("must be the signature of a link")
}

/// A service that stops breaks downloads off, and says so: half a file must not look whole.
fn until_stopped(
    bytes: impl Stream<Item = Result<Bytes, EvidenceError>> + Send + 'static,
    shutdown: &CancellationToken,
) -> impl Stream<Item = Result<Bytes, Status>> + Send + 'static {
    let stopped = shutdown.clone();
    let end = stream::once(async move { stopped.is_cancelled() });
    let end = end.filter_map(async |stopped| stopped.then(|| Err(Refusal::unavailable(DOMAIN).into())));
    bytes.map(|chunk| chunk.map_err(status)).take_until(shutdown.clone().cancelled_owned()).chain(end)
}

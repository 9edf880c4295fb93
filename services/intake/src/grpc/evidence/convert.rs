//! Evidence to the wire.

use kexiang_proto::intake_v1 as pb;
use kexiang_rpc::time;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::{
    app::evidence::Link,
    domain::evidence::{Evidence, EvidenceFacts, EvidenceState, MediaType, Progress},
    grpc::convert::optional_time,
};

/// What RFC 8187 leaves as it is, and is harmless everywhere.
const IN_FILE_NAMES: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.');

pub(super) fn evidence(evidence: Evidence) -> pb::Evidence {
    let progress = evidence.progress;
    let deletion = evidence.deletion;
    pb::Evidence {
        name: evidence.id.name(),
        parent: evidence.parent.to_string(),
        file_name: evidence.file_name.as_str().to_owned(),
        media_type: evidence.media_type.as_str().to_owned(),
        detected_media_type: detected(evidence.detected),
        size_bytes: evidence.size.unwrap_or_default(),
        sha256: evidence.sha256.map(|hash| hash.to_string()).unwrap_or_default(),
        state: state(evidence.state),
        creator: evidence.created_by.to_string(),
        create_time: Some(time::to_wire(evidence.created_at)),
        store_time: optional_time(evidence.stored_at),
        delete_time: optional_time(deletion.as_ref().map(|deletion| deletion.at)),
        deleter: deletion.as_ref().map(|deletion| deletion.by.to_string()).unwrap_or_default(),
        delete_reason: deletion.map(|deletion| deletion.reason).unwrap_or_default(),
        received_bytes: progress.map(|progress| progress.received).unwrap_or_default(),
        expire_time: optional_time(progress.map(|progress| progress.expires_at)),
        etag: evidence.version.to_string(),
    }
}

pub(super) fn appended(progress: Progress) -> pb::AppendEvidenceChunkResponse {
    let expire_time = Some(time::to_wire(progress.expires_at));
    pb::AppendEvidenceChunkResponse { received_bytes: progress.received, expire_time }
}

pub(super) fn link(link: Link) -> pb::EvidenceLink {
    pb::EvidenceLink { uri: link.uri, expire_time: Some(time::to_wire(link.expires_at)) }
}

/// The header that has browsers save the file under its name, and never show it.
pub(super) fn disposition(evidence: &Evidence) -> String {
    let name = utf8_percent_encode(evidence.file_name.as_str(), IN_FILE_NAMES);
    format!("attachment; filename*=UTF-8''{name}")
}

/// The facts of events.
pub(in crate::grpc) fn facts(facts: &EvidenceFacts) -> pb::EvidenceFacts {
    pb::EvidenceFacts {
        evidence: facts.evidence.name(),
        parent: facts.parent.to_string(),
        media_type: facts.media_type.as_str().to_owned(),
        detected_media_type: detected(facts.detected),
        size_bytes: facts.size.unwrap_or_default(),
        sha256: facts.sha256.map(|hash| hash.to_string()).unwrap_or_default(),
        state: state(facts.state),
        creator: facts.created_by.to_string(),
        create_time: Some(time::to_wire(facts.created_at)),
    }
}

fn detected(found: Option<MediaType>) -> String {
    found.map(|found| found.as_str().to_owned()).unwrap_or_default()
}

fn state(word: EvidenceState) -> i32 {
    let name = format!("EVIDENCE_STATE_{}", word.as_str());
    pb::EvidenceState::from_str_name(&name).unwrap_or_default().into()
}

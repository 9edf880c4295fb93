//! Evidence from the wire, with every violation.

use jiff::SignedDuration;
use kexiang_proto::intake_v1 as pb;
use kexiang_rpc::{Violations, field, time};

use crate::domain::evidence::{
    Announced, FileName, LARGEST_CHUNK, MediaType, NewEvidence, foresee,
    link::{DEFAULT_TTL, LONGEST_TTL},
};

pub(super) fn new(
    wire: Option<&pb::Evidence>,
    size: i64,
    sha256: &str,
    largest: i64,
    violations: &mut Violations,
) -> Option<NewEvidence> {
    let sha256 = violations.check("sha256", field::optional(sha256, str::parse));
    if size < 0 {
        violations.add("size_bytes", "INVALID_VALUE", "must not be negative");
    }
    let size = Some(size).filter(|size| *size > 0);
    let wire = violations.required("evidence", wire)?;
    let parent = violations.check("evidence.parent", wire.parent.parse());
    let file_name = violations.check("evidence.file_name", FileName::parse(&wire.file_name));
    let media_type = match MediaType::parse(&wire.media_type) {
        Ok(media_type) => media_type,
        Err(error) => {
            violations.add("evidence.media_type", "TYPE_NOT_ALLOWED", error.to_string());
            return None;
        }
    };
    let announced = Announced { size, sha256: sha256? };
    if let Some(fault) = foresee(&announced, media_type, largest) {
        violations.add("size_bytes", "TOO_LARGE", fault.to_string());
    }
    Some(NewEvidence { parent: parent?, file_name: file_name?, media_type, announced })
}

pub(super) fn chunk(field: &str, data: &[u8], violations: &mut Violations) {
    if data.len() > LARGEST_CHUNK {
        violations.add(field, "TOO_LARGE", format!("must have at most {LARGEST_CHUNK} bytes"));
    }
}

pub(super) fn crc32(said: Option<u32>, data: &[u8], violations: &mut Violations) {
    let computed = crc32fast::hash(data);
    if said.is_some_and(|said| said != computed) {
        violations.add("crc32", "CRC_MISMATCH", format!("the data that came has the CRC-32 {computed}"));
    }
}

pub(super) fn ttl(wire: Option<&prost_types::Duration>) -> Result<SignedDuration, String> {
    let Some(wire) = wire else { return Ok(DEFAULT_TTL) };
    let ttl = time::duration(wire).map_err(|error| error.to_string())?;
    let is_whole = ttl.subsec_nanos() == 0;
    if is_whole && ttl >= SignedDuration::from_secs(1) && ttl <= LONGEST_TTL {
        return Ok(ttl);
    }
    Err("must be 1 s to 24 h in whole seconds".to_owned())
}

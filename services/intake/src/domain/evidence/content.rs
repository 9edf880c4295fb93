//! Whether what came is what was announced, and whether it may be kept. All faults are told at once.

use super::{ContentHash, MediaType};

/// What was said of the bytes beforehand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Announced {
    /// How many.
    pub size: Option<i64>,
    /// Their hash.
    pub sha256: Option<ContentHash>,
}

/// What came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Received {
    /// How many bytes.
    pub size: i64,
    /// Their hash.
    pub sha256: ContentHash,
    /// The first of them, [`super::HEAD_BYTES`] at most.
    pub head: Vec<u8>,
}

/// What is wrong with a content.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ContentFault {
    /// No byte came.
    #[error("the file is empty")]
    Empty,
    /// More than is taken.
    #[error("must have at most {limit} bytes")]
    TooLarge {
        /// So many are taken.
        limit: i64,
    },
    /// Another number than announced.
    #[error("{announced} bytes were announced, {received} came")]
    SizeMismatch {
        /// Said.
        announced: i64,
        /// Counted.
        received: i64,
    },
    /// Other bytes than announced.
    #[error("the bytes that came have the SHA-256 {received}")]
    HashMismatch {
        /// Computed.
        received: ContentHash,
    },
    /// Something else than declared.
    #[error("is declared as {declared}, and begins as {found}")]
    TypeMismatch {
        /// Said.
        declared: &'static str,
        /// Found.
        found: &'static str,
    },
}

/// The largest file of this type, in bytes: what the center has set, or less for its kind.
#[must_use]
pub fn limit_of(media_type: MediaType, largest: i64) -> i64 {
    media_type.kind().limit().map_or(largest, |limit| limit.min(largest))
}

/// What may be refused of an announcement before a byte came.
#[must_use]
pub fn foresee(announced: &Announced, media_type: MediaType, largest: i64) -> Option<ContentFault> {
    let limit = limit_of(media_type, largest);
    announced.size.filter(|size| *size > limit).map(|_| ContentFault::TooLarge { limit })
}

/// The type that was found.
///
/// # Errors
/// All faults of the content.
pub fn judge(
    received: &Received,
    announced: &Announced,
    declared: MediaType,
    largest: i64,
) -> Result<MediaType, Vec<ContentFault>> {
    let mut faults = Vec::new();
    let limit = limit_of(declared, largest);
    if received.size > limit {
        faults.push(ContentFault::TooLarge { limit });
    }
    if let Some(announced) = announced.size.filter(|size| *size != received.size) {
        faults.push(ContentFault::SizeMismatch { announced, received: received.size });
    }
    if announced.sha256.is_some_and(|hash| hash != received.sha256) {
        faults.push(ContentFault::HashMismatch { received: received.sha256 });
    }
    let found = declared.inspect(&received.head);
    match found {
        _ if received.size == 0 => faults.push(ContentFault::Empty),
        Err(found) => faults.push(ContentFault::TypeMismatch { declared: declared.as_str(), found }),
        Ok(_) => {}
    }
    match found {
        Ok(found) if faults.is_empty() => Ok(found),
        _ => Err(faults),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HASH: ContentHash = ContentHash::new([1; 32]);

    #[test]
    fn all_faults_are_told_at_once() {
        let received = Received { size: 200, sha256: HASH, head: b"#!/bin/sh\n".to_vec() };
        let announced = Announced { size: Some(100), sha256: Some(ContentHash::new([2; 32])) };

        let faults = judge(&received, &announced, MediaType::parse("image/png").unwrap(), 150).unwrap_err();

        assert_eq!(
            faults,
            [
                ContentFault::TooLarge { limit: 150 },
                ContentFault::SizeMismatch { announced: 100, received: 200 },
                ContentFault::HashMismatch { received: HASH },
                ContentFault::TypeMismatch { declared: "image/png", found: "text/x-shellscript" },
            ]
        );
    }

    #[test]
    fn an_empty_file_is_empty_and_not_of_a_wrong_type() {
        let received = Received { size: 0, sha256: HASH, head: Vec::new() };

        let faults = judge(&received, &Announced::default(), MediaType::parse("image/png").unwrap(), 150);

        assert_eq!(faults, Err(vec![ContentFault::Empty]));
    }

    #[test]
    fn kinds_have_limits_of_their_own_below_that_of_the_center() {
        let (png, mp4) = (MediaType::parse("image/png").unwrap(), MediaType::parse("video/mp4").unwrap());

        assert_eq!(limit_of(png, 1 << 30), 25 << 20);
        assert_eq!(limit_of(png, 1000), 1000);
        assert_eq!(limit_of(mp4, 1 << 30), 1 << 30);
    }
}

//! Evidence (IN-19): files attached to contacts, cases and work orders. No IO.
//!
//! | state | from | by |
//! |---|---|---|
//! | UPLOADING | – | an upload that began |
//! | STORED | UPLOADING | its end, when the content passes all checks |
//! | DELETED | STORED | a supervisor or an administrator, with a reason; final |
//!
//! An upload that gets nothing for [`UPLOAD_PATIENCE`] is given up: its row goes, for nobody was ever told that it was stored.

mod content;
mod file_name;
mod hash;
pub mod link;
mod media;
mod parent;

use jiff::SignedDuration;
use kexiang_core::{Actor, EvidenceId, Timestamp};
use serde::{Deserialize, Serialize};

pub use content::{Announced, ContentFault, Received, foresee, judge, limit_of};
pub use file_name::{FileName, InvalidFileName};
pub use hash::ContentHash;
pub use media::{HEAD_BYTES, MediaKind, MediaType, NotAllowed};
pub use parent::{InvalidParent, Parent};

/// The largest chunk of an upload and of a download, in bytes.
pub const LARGEST_CHUNK: usize = 1024 * 1024;
/// An upload is given up when no chunk comes for so long.
pub const UPLOAD_PATIENCE: SignedDuration = SignedDuration::from_hours(24);
/// What nobody refers to any more is removed after so long: longer than any call can still be busy with it.
pub const GRACE: SignedDuration = SignedDuration::from_hours(1);

/// A file attached to something.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Evidence {
    /// Its id.
    pub id: EvidenceId,
    /// What it is attached to.
    pub parent: Parent,
    /// For people.
    pub file_name: FileName,
    /// What it is declared to be.
    pub media_type: MediaType,
    /// What it was found to be, once stored.
    pub detected: Option<MediaType>,
    /// Bytes, once stored.
    pub size: Option<i64>,
    /// Of its bytes, once stored.
    pub sha256: Option<ContentHash>,
    /// Where it stands.
    pub state: EvidenceState,
    /// Who attached it.
    pub created_by: Actor,
    /// When the upload began.
    pub created_at: Timestamp,
    /// When it was stored.
    pub stored_at: Option<Timestamp>,
    /// When, by whom and why it was deleted.
    pub deletion: Option<Deletion>,
    /// One more with every change.
    pub version: i64,
    /// While uploading: how far it is.
    pub progress: Option<Progress>,
}

/// That evidence was deleted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deletion {
    /// When.
    pub at: Timestamp,
    /// By whom.
    pub by: Actor,
    /// Why.
    pub reason: String,
}

/// How far an upload is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Progress {
    /// Bytes received: the offset of the next chunk.
    pub received: i64,
    /// When it is given up.
    pub expires_at: Timestamp,
}

/// What comes in.
#[derive(Debug, Clone)]
pub struct NewEvidence {
    /// What it is attached to.
    pub parent: Parent,
    /// For people.
    pub file_name: FileName,
    /// What it is declared to be.
    pub media_type: MediaType,
    /// What was said of its bytes beforehand.
    pub announced: Announced,
}

impl NewEvidence {
    /// As it is when its upload begins.
    #[must_use]
    pub fn begin(self, by: &Actor, now: Timestamp) -> Evidence {
        Evidence {
            id: EvidenceId::at(now),
            parent: self.parent,
            file_name: self.file_name,
            media_type: self.media_type,
            detected: None,
            size: None,
            sha256: None,
            state: EvidenceState::Uploading,
            created_by: by.clone(),
            created_at: now,
            stored_at: None,
            deletion: None,
            version: 1,
            progress: Some(Progress { received: 0, expires_at: give_up_at(now) }),
        }
    }
}

impl Evidence {
    /// UPLOADING → STORED.
    ///
    /// # Errors
    /// The state that it is in instead.
    pub fn store(
        &mut self,
        received: &Received,
        detected: MediaType,
        now: Timestamp,
    ) -> Result<(), EvidenceState> {
        self.expect(EvidenceState::Uploading)?;
        self.state = EvidenceState::Stored;
        self.detected = Some(detected);
        self.size = Some(received.size);
        self.sha256 = Some(received.sha256);
        self.stored_at = Some(now);
        self.progress = None;
        self.version += 1;
        Ok(())
    }

    /// STORED → DELETED.
    ///
    /// # Errors
    /// The state that it is in instead.
    pub fn delete(&mut self, by: &Actor, reason: &str, now: Timestamp) -> Result<(), EvidenceState> {
        self.expect(EvidenceState::Stored)?;
        self.state = EvidenceState::Deleted;
        self.deletion = Some(Deletion { at: now, by: by.clone(), reason: reason.to_owned() });
        self.version += 1;
        Ok(())
    }

    /// That it is in this state.
    ///
    /// # Errors
    /// The state that it is in instead.
    pub fn expect(&self, state: EvidenceState) -> Result<(), EvidenceState> {
        if self.state == state { Ok(()) } else { Err(self.state) }
    }

    /// What its events tell.
    #[must_use]
    pub fn facts(&self) -> EvidenceFacts {
        EvidenceFacts {
            evidence: self.id,
            parent: self.parent,
            media_type: self.media_type,
            detected: self.detected,
            size: self.size,
            sha256: self.sha256,
            state: self.state,
            created_by: self.created_by.clone(),
            created_at: self.created_at,
        }
    }
}

/// When an upload whose last sign of life was at `now` is given up.
#[must_use]
pub fn give_up_at(now: Timestamp) -> Timestamp {
    now.checked_add(UPLOAD_PATIENCE).unwrap_or(Timestamp::MAX)
}

/// Facts of evidence; no file name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EvidenceFacts {
    /// Which.
    pub evidence: EvidenceId,
    /// What it is attached to.
    pub parent: Parent,
    /// As declared.
    pub media_type: MediaType,
    /// As found.
    pub detected: Option<MediaType>,
    /// Bytes.
    pub size: Option<i64>,
    /// Of its bytes.
    pub sha256: Option<ContentHash>,
    /// Where it stands.
    pub state: EvidenceState,
    /// Who attached it.
    pub created_by: Actor,
    /// When the upload began.
    pub created_at: Timestamp,
}

/// Where evidence stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum EvidenceState {
    /// Its bytes are still coming.
    Uploading,
    /// Its bytes are kept.
    Stored,
    /// The row stays. Final.
    Deleted,
}

impl EvidenceState {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Uploading, Self::Stored, Self::Deleted];

    /// The word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Uploading => "UPLOADING",
            Self::Stored => "STORED",
            Self::Deleted => "DELETED",
        }
    }
}

impl std::str::FromStr for EvidenceState {
    type Err = kexiang_core::vocabulary::UnknownWord;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let unknown = || kexiang_core::vocabulary::UnknownWord(text.to_owned());
        Self::ALL.into_iter().find(|word| word.as_str() == text).ok_or_else(unknown)
    }
}

#[cfg(test)]
mod tests;

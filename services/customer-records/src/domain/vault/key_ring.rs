//! The keys outside the database: read from the key file, whose form is
//!
//! ```toml
//! current = "2"            # the key-encryption key that wraps from now on
//! index = "…"              # 32 random bytes in base64, of the blind index; never changes
//! [keys]                   # every key-encryption key that may still wrap something
//! 1 = "…"                  # 32 random bytes in base64, as `openssl rand -base64 32` prints them
//! 2 = "…"
//! ```
//!
//! To rotate: add a key and start every replica with it, then make it `current` and start them again. A worker wraps all
//! subject keys anew; when it has said so, the old key may go.

use std::{collections::BTreeMap, fmt, sync::Arc};

use base64::{Engine, engine::general_purpose::STANDARD};
use serde::Deserialize;
use uuid::Uuid;
use zeroize::Zeroizing;

use super::{BlindKey, KEY_BYTES, SubjectKey, VaultError, subject_key::random};

/// The longest id of a key-encryption key.
const MAX_ID: usize = 40;

/// All keys of the key file. Cheap to clone.
#[derive(Clone)]
pub struct KeyRing(Arc<Keys>);

struct Keys {
    current: String,
    keys: BTreeMap<String, SubjectKey>,
    blind: BlindKey,
}

/// A subject key as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WrappedKey {
    /// The key-encryption key that wraps it.
    pub kek_id: String,
    /// The subject key, sealed.
    pub wrapped: Vec<u8>,
}

/// What is wrong with a key file. Says nothing of the keys.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyFileError {
    /// Not TOML with `current`, `index` and the table `keys`.
    #[error("the key file must be TOML with `current`, `index` and the table `keys`")]
    Form,
    /// A key is not 32 bytes in base64.
    #[error("`{0}` must be 32 bytes in base64")]
    Key(String),
    /// `current` names no key, or an id is blank or longer than 40 characters.
    #[error("`current` must name one of `keys`, whose ids have 1 to 40 characters")]
    Current,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct KeyFile {
    current: String,
    index: String,
    keys: BTreeMap<String, String>,
}

impl KeyRing {
    /// Reads the text of a key file.
    ///
    /// # Errors
    /// [`KeyFileError`].
    pub fn parse(text: &str) -> Result<Self, KeyFileError> {
        // The library's message may show lines of the file: it is left out.
        let file: KeyFile = toml::from_str(text).map_err(|_| KeyFileError::Form)?;
        let index = Zeroizing::new(file.index);
        let keys = file
            .keys
            .into_iter()
            .map(|(id, text)| {
                let key = key(&id, &Zeroizing::new(text))?;
                Ok((id, SubjectKey::from_bytes(key)))
            })
            .collect::<Result<BTreeMap<_, _>, KeyFileError>>()?;
        let fits = |id: &String| !id.trim().is_empty() && id.chars().count() <= MAX_ID;
        if !keys.contains_key(&file.current) || !keys.keys().all(fits) {
            return Err(KeyFileError::Current);
        }
        let blind = BlindKey::new(&key("index", &index)?[..]);
        Ok(Self(Arc::new(Keys { current: file.current, keys, blind })))
    }

    /// The text of a new key file with one key-encryption key.
    ///
    /// # Errors
    /// [`VaultError::CannotSeal`] when the system gives no random bytes.
    pub fn new_file() -> Result<Zeroizing<String>, VaultError> {
        let (mut kek, mut index) = (Zeroizing::new([0; KEY_BYTES]), Zeroizing::new([0; KEY_BYTES]));
        random(&mut kek[..])?;
        random(&mut index[..])?;
        let (kek, index) =
            (Zeroizing::new(STANDARD.encode(&kek[..])), Zeroizing::new(STANDARD.encode(&index[..])));
        Ok(Zeroizing::new(format!(
            "# The keys of all personal data. Without this file nobody reads customers any more: keep a copy, apart from\n\
             # the backups of the database. See deploy/README.md for how keys are rotated.\n\
             current = \"1\"\nindex = \"{}\"\n\n[keys]\n1 = \"{}\"\n",
            *index, *kek
        )))
    }

    /// The key of the blind index.
    #[must_use]
    pub fn blind(&self) -> &BlindKey {
        &self.0.blind
    }

    /// Id of the key-encryption key that wraps from now on.
    #[must_use]
    pub fn current(&self) -> &str {
        &self.0.current
    }

    /// Wraps the key of `subject` (the id of a customer) by the current key-encryption key.
    ///
    /// # Errors
    /// [`VaultError::CannotSeal`].
    pub fn wrap(&self, subject: Uuid, key: &SubjectKey) -> Result<WrappedKey, VaultError> {
        let kek_id = self.0.current.clone();
        let wrapped = self.kek(&kek_id)?.seal(&place(subject), key.bytes())?;
        Ok(WrappedKey { kek_id, wrapped })
    }

    /// Unwraps the key of `subject`.
    ///
    /// # Errors
    /// [`VaultError::UnknownKey`], [`VaultError::DoesNotOpen`].
    pub fn unwrap(&self, subject: Uuid, stored: &WrappedKey) -> Result<SubjectKey, VaultError> {
        let plain = self.kek(&stored.kek_id)?.open(&place(subject), &stored.wrapped)?;
        let mut bytes = Zeroizing::new([0; KEY_BYTES]);
        if plain.len() != KEY_BYTES {
            return Err(VaultError::DoesNotOpen);
        }
        bytes.copy_from_slice(&plain);
        Ok(SubjectKey::from_bytes(bytes))
    }

    fn kek(&self, id: &str) -> Result<&SubjectKey, VaultError> {
        self.0.keys.get(id).ok_or_else(|| VaultError::UnknownKey(id.to_owned()))
    }
}

impl fmt::Debug for KeyRing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeyRing(current {}, {} keys)", self.0.current, self.0.keys.len())
    }
}

fn place(subject: Uuid) -> String {
    format!("subject_keys.{subject}")
}

fn key(id: &str, text: &str) -> Result<Zeroizing<[u8; KEY_BYTES]>, KeyFileError> {
    let wrong = || KeyFileError::Key(id.to_owned());
    let bytes = Zeroizing::new(STANDARD.decode(text.trim()).map_err(|_| wrong())?);
    let mut key = Zeroizing::new([0; KEY_BYTES]);
    if bytes.len() != KEY_BYTES {
        return Err(wrong());
    }
    key.copy_from_slice(&bytes);
    Ok(key)
}

//! The data key of one customer, and sealing by it: AES-256-GCM with a random nonce.
//!
//! Form of what is sealed: one byte for the form (1), 12 bytes nonce, the text enciphered, 16 bytes tag.

use std::fmt;

use ring::{
    aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey},
    rand::{SecureRandom, SystemRandom},
};
use zeroize::Zeroizing;

use super::{KEY_BYTES, VaultError};

const FORM: u8 = 1;

/// The key that seals all personal data of one customer. Wiped when dropped.
#[derive(Clone)]
pub struct SubjectKey(Zeroizing<[u8; KEY_BYTES]>);

impl SubjectKey {
    /// A new key.
    ///
    /// # Errors
    /// [`VaultError::CannotSeal`] when the system gives no random bytes.
    pub fn generate() -> Result<Self, VaultError> {
        let mut bytes = Zeroizing::new([0; KEY_BYTES]);
        random(&mut bytes[..])?;
        Ok(Self(bytes))
    }

    pub(super) fn from_bytes(bytes: Zeroizing<[u8; KEY_BYTES]>) -> Self {
        Self(bytes)
    }

    pub(super) fn bytes(&self) -> &[u8; KEY_BYTES] {
        &self.0
    }

    /// Seals `plain` for the place `aad`, such as `customers.display_name`.
    ///
    /// # Errors
    /// [`VaultError::CannotSeal`].
    pub fn seal(&self, aad: &str, plain: &[u8]) -> Result<Vec<u8>, VaultError> {
        let mut nonce = [0; NONCE_LEN];
        random(&mut nonce)?;
        let mut sealed = Vec::with_capacity(1 + NONCE_LEN + plain.len() + AES_256_GCM.tag_len());
        sealed.push(FORM);
        sealed.extend(nonce);
        sealed.extend(plain);
        let (_, text) = sealed.split_at_mut(1 + NONCE_LEN);
        let tag = self
            .cipher()?
            .seal_in_place_separate_tag(Nonce::assume_unique_for_key(nonce), Aad::from(aad.as_bytes()), text)
            .map_err(|_| VaultError::CannotSeal)?;
        sealed.extend(tag.as_ref());
        Ok(sealed)
    }

    /// Opens what [`seal`](Self::seal) made for the same place.
    ///
    /// # Errors
    /// [`VaultError::DoesNotOpen`].
    pub fn open(&self, aad: &str, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, VaultError> {
        let Some((&FORM, rest)) = sealed.split_first() else { return Err(VaultError::DoesNotOpen) };
        let (nonce, text) = rest.split_at_checked(NONCE_LEN).ok_or(VaultError::DoesNotOpen)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| VaultError::DoesNotOpen)?;
        let mut plain = Zeroizing::new(text.to_vec());
        let length = self
            .cipher()?
            .open_in_place(nonce, Aad::from(aad.as_bytes()), &mut plain)
            .map_err(|_| VaultError::DoesNotOpen)?
            .len();
        plain.truncate(length);
        Ok(plain)
    }

    /// The same of a text.
    ///
    /// # Errors
    /// [`VaultError::DoesNotOpen`], also when it is no text.
    pub fn open_text(&self, aad: &str, sealed: &[u8]) -> Result<String, VaultError> {
        let plain = self.open(aad, sealed)?;
        std::str::from_utf8(&plain).map(str::to_owned).map_err(|_| VaultError::DoesNotOpen)
    }

    fn cipher(&self) -> Result<LessSafeKey, VaultError> {
        UnboundKey::new(&AES_256_GCM, &self.0[..]).map(LessSafeKey::new).map_err(|_| VaultError::CannotSeal)
    }
}

impl fmt::Debug for SubjectKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SubjectKey(…)")
    }
}

pub(super) fn random(bytes: &mut [u8]) -> Result<(), VaultError> {
    SystemRandom::new().fill(bytes).map_err(|_| VaultError::CannotSeal)
}

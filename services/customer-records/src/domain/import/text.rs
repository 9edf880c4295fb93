//! Bytes of a file to text, piece by piece: UTF-8, GB18030, UTF-16 and whatever else browsers know.

use encoding_rs::{CoderResult, Decoder, Encoding};

/// Decodes a file as it comes. A byte order mark has the last word. What is no text becomes U+FFFD, by which its row is refused.
pub struct TextReader(Decoder);

impl TextReader {
    /// Begins a file in this character set.
    #[must_use]
    pub fn new(charset: &'static Encoding) -> Self {
        Self(charset.new_decoder())
    }

    /// Adds the next bytes as text; `last` tells that none come after.
    pub fn push(&mut self, mut bytes: &[u8], last: bool, text: &mut String) {
        loop {
            text.reserve(bytes.len() + 64);
            let (result, read, _) = self.0.decode_to_string(bytes, text, last);
            bytes = bytes.get(read..).unwrap_or_default();
            if result == CoderResult::InputEmpty {
                return;
            }
        }
    }
}

//! Which types are taken, and whether a file is what it is declared to be.
//!
//! The first bytes decide (crate `infer`), never the file name. Text has no such bytes: it is text when nothing in its first
//! 64 KiB is a control character or the beginning of a page or script. What no rule takes is not taken, so programs, HTML and SVG
//! are out by not being in the table.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// So many first bytes are looked at.
pub const HEAD_BYTES: usize = 64 * 1024;

const MIB: i64 = 1024 * 1024;

/// Kinds of types, which have limits of their own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum MediaKind {
    /// Photos and scans.
    Image,
    /// Recordings of calls.
    Audio,
    /// Films of the place.
    Video,
    /// Letters, invoices, forms.
    Document,
    /// Plain text and tables.
    Text,
}

impl MediaKind {
    /// The largest file of this kind in bytes; `None` leaves it to the center's own limit.
    #[must_use]
    pub const fn limit(self) -> Option<i64> {
        match self {
            Self::Image => Some(25 * MIB),
            Self::Document => Some(50 * MIB),
            Self::Text => Some(10 * MIB),
            Self::Audio | Self::Video => None,
        }
    }
}

use MediaKind::{Audio, Document, Image, Text, Video};

const DOC: &str = "application/msword";
const XLS: &str = "application/vnd.ms-excel";
const PPT: &str = "application/vnd.ms-powerpoint";
const DOCX: &str = "application/vnd.openxmlformats-officedocument.wordprocessingml.document";
const XLSX: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
const PPTX: &str = "application/vnd.openxmlformats-officedocument.presentationml.presentation";

/// The types that are taken, with other spellings of the same.
const TABLE: &[(&str, MediaKind, &[&str])] = &[
    ("image/jpeg", Image, &["image/jpg", "image/pjpeg"]),
    ("image/png", Image, &["image/x-png"]),
    ("image/gif", Image, &[]),
    ("image/webp", Image, &[]),
    ("image/heif", Image, &["image/heic"]),
    ("image/tiff", Image, &[]),
    ("image/bmp", Image, &["image/x-ms-bmp"]),
    ("audio/mpeg", Audio, &["audio/mp3"]),
    ("audio/mp4", Audio, &["audio/m4a", "audio/x-m4a"]),
    ("audio/ogg", Audio, &["audio/opus"]),
    ("audio/wav", Audio, &["audio/x-wav", "audio/wave", "audio/vnd.wave"]),
    ("audio/flac", Audio, &["audio/x-flac"]),
    ("audio/amr", Audio, &[]),
    ("audio/aac", Audio, &["audio/x-aac"]),
    ("audio/webm", Audio, &[]),
    ("video/mp4", Video, &["video/x-m4v"]),
    ("video/quicktime", Video, &[]),
    ("video/webm", Video, &[]),
    ("video/x-matroska", Video, &[]),
    ("video/x-msvideo", Video, &["video/avi"]),
    ("video/mpeg", Video, &[]),
    ("application/pdf", Document, &[]),
    (DOC, Document, &[]),
    (XLS, Document, &[]),
    (PPT, Document, &[]),
    (DOCX, Document, &[]),
    (XLSX, Document, &[]),
    (PPTX, Document, &[]),
    ("application/vnd.oasis.opendocument.text", Document, &[]),
    ("application/vnd.oasis.opendocument.spreadsheet", Document, &[]),
    ("application/vnd.oasis.opendocument.presentation", Document, &[]),
    ("text/plain", Text, &[]),
    ("text/csv", Text, &[]),
];

/// One container serves for both: a recording without pictures begins as a film does. (declared, found)
const SAME_CONTAINER: &[(&str, &str)] = &[
    ("audio/mp4", "video/mp4"),
    ("audio/webm", "video/webm"),
    ("video/mp4", "video/quicktime"),
    // The old forms of Office share their first bytes.
    (XLS, DOC),
    (PPT, DOC),
];

/// What a page or a drawing with scripts has somewhere.
const MARKUP: &[&[u8]] = &[b"<script", b"<html", b"<!doctype", b"<svg", b"<iframe", b"<body", b"<?xml"];

/// A type that is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MediaType {
    name: &'static str,
    kind: MediaKind,
}

/// The text names no type that is taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("is none of the types that are taken")]
pub struct NotAllowed;

impl MediaType {
    /// The type of this name, whatever its spelling; parameters such as `; charset=utf-8` say nothing here.
    ///
    /// # Errors
    /// [`NotAllowed`].
    pub fn parse(text: &str) -> Result<Self, NotAllowed> {
        let name = text.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        let is_it = |known: &&(&str, MediaKind, &[&str])| known.0 == name || known.2.contains(&name.as_str());
        let (name, kind, _) = TABLE.iter().find(is_it).ok_or(NotAllowed)?;
        Ok(Self { name, kind: *kind })
    }

    /// Its name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        self.name
    }

    /// Its kind.
    #[must_use]
    pub const fn kind(self) -> MediaKind {
        self.kind
    }

    /// What a file declared to be this is by its first bytes.
    ///
    /// # Errors
    /// The name of what it is instead.
    pub fn inspect(self, head: &[u8]) -> Result<Self, &'static str> {
        let found = infer::get(head).map(|found| found.mime_type());
        if self.kind == Text {
            return self.inspect_text(found, head);
        }
        let Some(found) = found else {
            return Err(if is_text(head) { "text/plain" } else { "application/octet-stream" });
        };
        // Office writes the parts of its files in more than one order.
        let is_office_zip = [DOCX, XLSX, PPTX].contains(&self.name)
            && found == "application/zip"
            && contains(head, b"[Content_Types].xml");
        match Self::parse(found) {
            Ok(known) if known == self || SAME_CONTAINER.contains(&(self.name, known.name)) => Ok(known),
            _ if is_office_zip => Ok(self),
            _ => Err(found),
        }
    }

    /// Two letters make a bitmap, and a text too: only there text beats the first bytes.
    fn inspect_text(self, found: Option<&'static str>, head: &[u8]) -> Result<Self, &'static str> {
        match found {
            Some(found) if found != "image/bmp" => Err(found),
            _ if !is_text(head) => Err(found.unwrap_or("application/octet-stream")),
            _ if MARKUP.iter().any(|markup| contains(head, markup)) => Err("text/html"),
            _ => Ok(self),
        }
    }
}

/// No control character but those of lines: UTF-8 and GB 18030 both pass.
fn is_text(head: &[u8]) -> bool {
    head.iter().all(|byte| !matches!(byte, 0..=8 | 11 | 14..=26 | 28..=31 | 127))
}

fn contains(head: &[u8], what: &[u8]) -> bool {
    head.windows(what.len()).any(|window| window.eq_ignore_ascii_case(what))
}

impl Serialize for MediaType {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name)
    }
}

impl<'de> Deserialize<'de> for MediaType {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(&String::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}

impl std::str::FromStr for MediaType {
    type Err = NotAllowed;
    fn from_str(text: &str) -> Result<Self, NotAllowed> {
        Self::parse(text)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn inspect(declared: &str, head: &[u8]) -> Result<&'static str, &'static str> {
        MediaType::parse(declared).unwrap().inspect(head).map(MediaType::as_str)
    }

    #[test]
    fn a_file_is_what_its_first_bytes_say() {
        assert_eq!(inspect("image/jpg", b"\xff\xd8\xff\xe0 and more"), Ok("image/jpeg"));
        assert_eq!(inspect("image/png", b"\xff\xd8\xff\xe0 and more"), Err("image/jpeg"));
        assert_eq!(inspect("application/pdf", b"%PDF-1.7\n"), Ok("application/pdf"));
        assert_eq!(inspect("image/png", b"MZ\x90\0"), Err("application/vnd.microsoft.portable-executable"));
        assert_eq!(inspect("image/png", b"just words"), Err("text/plain"));
        assert_eq!(inspect("audio/mp4", b"\0\0\0\x18ftypisom\0\0\0\0"), Ok("video/mp4"));
        assert_eq!(inspect(XLS, b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1 and more"), Ok(DOC));
    }

    #[test]
    fn text_is_text_and_neither_page_nor_script() {
        assert_eq!(inspect("text/plain; charset=utf-8", "BM 你好\r\n".as_bytes()), Ok("text/plain"));
        // GB 18030.
        assert_eq!(inspect("text/csv", b"\xc4\xe3,\xba\xc3\n"), Ok("text/csv"));
        assert_eq!(inspect("text/plain", b"#!/bin/sh\nrm"), Err("text/x-shellscript"));
        assert_eq!(inspect("text/plain", b"hello <SCRIPT src=x>"), Err("text/html"));
        assert_eq!(inspect("text/plain", b"  <svg onload=x>"), Err("text/html"));
        assert_eq!(inspect("text/csv", b"a,b\0c"), Err("application/octet-stream"));
        assert_eq!(inspect("text/plain", b"%PDF-1.7\n"), Err("application/pdf"));
    }

    #[test]
    fn nothing_that_runs_stands_in_the_table() {
        for name in [
            "text/html",
            "image/svg+xml",
            "application/xhtml+xml",
            "text/xml",
            "application/zip",
            "application/x-executable",
            "text/javascript",
            "application/octet-stream",
            "",
            "image/*",
        ] {
            assert_eq!(MediaType::parse(name), Err(NotAllowed), "{name}");
        }
    }

    proptest! {
        #[test]
        fn no_bytes_are_too_strange(head in prop::collection::vec(any::<u8>(), 0..600), at in 0..TABLE.len()) {
            let _any = inspect(TABLE[at].0, &head);
            for begin in [&b"PK\x03\x04"[..], b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"\0\0\0\x18ftyp", b"RIFF"] {
                let _any = inspect(TABLE[at].0, &[begin, &head].concat());
            }
        }
    }
}

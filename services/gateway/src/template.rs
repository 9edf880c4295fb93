//! Path templates of `google.api.http`, such as `/v1/{name=cases/*}:resolve`, and the paths that they match.
//!
//! Supported is what the contract uses: literals, `*`, variables over one or more of both, and a closing verb. `**` is
//! refused when the table is built, so a template that cannot be served never reaches a running gateway.
//!
//! A colon in the last segment always starts a verb; in an id it must be written `%3A`. No id of Kexiang has one.

use std::{fmt, ops::Range};

use percent_encoding::percent_decode_str;

/// A parsed template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Template {
    text: String,
    segments: Vec<Segment>,
    verb: Option<String>,
    variables: Vec<Variable>,
}

/// One segment of a template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Segment {
    /// Matches itself.
    Literal(String),
    /// `*`: matches any one segment that is not empty.
    Any,
}

/// A part of the path that is bound to a field of the request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Variable {
    /// The field's path in the request message, such as `customer.name`.
    pub field: String,
    /// The segments that make its value.
    pub segments: Range<usize>,
}

/// Why a template cannot be served.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum TemplateError {
    /// Neither a segment nor a verb.
    #[error("expected `/` or the end at `{0}`")]
    NotASegment(String),
    /// `{` without `}`.
    #[error("`{{{0}` is not closed")]
    NotClosed(String),
    /// An empty segment, a `**`, or a wildcard inside a literal.
    #[error("segment `{0}` is not supported")]
    UnsupportedSegment(String),
}

/// A value in the path that is not UTF-8 after percent-decoding.
#[derive(Debug, PartialEq, Eq)]
pub struct NotUtf8 {
    /// The field that it was meant for.
    pub field: String,
}

impl Template {
    /// Parses a template.
    ///
    /// # Errors
    /// [`TemplateError`] for what this gateway does not serve.
    pub fn parse(text: &str) -> Result<Self, TemplateError> {
        let (mut rest, verb) = split_verb(text, '}');
        let (mut segments, mut variables) = (Vec::new(), Vec::new());
        while !rest.is_empty() {
            let after = rest.strip_prefix('/').ok_or_else(|| TemplateError::NotASegment(rest.to_owned()))?;
            if let Some(inner) = after.strip_prefix('{') {
                let (variable, tail) =
                    inner.split_once('}').ok_or_else(|| TemplateError::NotClosed(inner.to_owned()))?;
                let (field, pattern) = variable.split_once('=').unwrap_or((variable, "*"));
                let start = segments.len();
                for segment in pattern.split('/') {
                    segments.push(Segment::parse(segment)?);
                }
                variables.push(Variable { field: field.to_owned(), segments: start..segments.len() });
                rest = tail;
            } else {
                let end = after.find('/').unwrap_or(after.len());
                segments.push(Segment::parse(&after[..end])?);
                rest = &after[end..];
            }
        }
        Ok(Self { text: text.to_owned(), segments, verb: verb.map(str::to_owned), variables })
    }

    /// All segments, those of variables included.
    #[must_use]
    pub fn segments(&self) -> &[Segment] {
        &self.segments
    }

    /// The verb after the closing colon.
    #[must_use]
    pub fn verb(&self) -> Option<&str> {
        self.verb.as_deref()
    }

    /// What the path binds.
    #[must_use]
    pub fn variables(&self) -> &[Variable] {
        &self.variables
    }

    /// Whether the path is one of this template.
    #[must_use]
    pub fn matches(&self, path: &RequestPath<'_>) -> bool {
        self.verb.as_deref() == path.verb
            && self.segments.len() == path.segments.len()
            && self.segments.iter().zip(&path.segments).all(|(segment, text)| segment.matches(text))
    }

    /// The bound values of a path that matches, percent-decoded, in template order.
    ///
    /// # Errors
    /// [`NotUtf8`] for the first value that is not.
    pub fn bind(&self, path: &RequestPath<'_>) -> Result<Vec<(&str, String)>, NotUtf8> {
        let value = |variable: &Variable| -> Option<String> {
            let segments = path.segments.get(variable.segments.clone())?;
            let decoded: Option<Vec<_>> =
                segments.iter().map(|segment| percent_decode_str(segment).decode_utf8().ok()).collect();
            Some(decoded?.join("/"))
        };
        self.variables
            .iter()
            .map(|variable| {
                let value = value(variable).ok_or_else(|| NotUtf8 { field: variable.field.clone() })?;
                Ok((variable.field.as_str(), value))
            })
            .collect()
    }

    /// Whether one path can match both: such templates must not share an HTTP method.
    #[must_use]
    pub fn overlaps(&self, other: &Self) -> bool {
        self.verb == other.verb
            && self.segments.len() == other.segments.len()
            && self.segments.iter().zip(&other.segments).all(|pair| match pair {
                (Segment::Literal(one), Segment::Literal(two)) => one == two,
                (Segment::Any, _) | (_, Segment::Any) => true,
            })
    }
}

impl fmt::Display for Template {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Segment {
    fn parse(text: &str) -> Result<Self, TemplateError> {
        match text {
            "*" => Ok(Self::Any),
            _ if text.is_empty() || text.contains(['*', '{', '}', ':']) => {
                Err(TemplateError::UnsupportedSegment(text.to_owned()))
            }
            _ => Ok(Self::Literal(text.to_owned())),
        }
    }

    fn matches(&self, text: &str) -> bool {
        match self {
            Self::Literal(literal) => literal == text,
            Self::Any => !text.is_empty(),
        }
    }
}

/// The path of an HTTP request, cut into segments; still percent-encoded.
#[derive(Debug, PartialEq, Eq)]
pub struct RequestPath<'a> {
    segments: Vec<&'a str>,
    verb: Option<&'a str>,
}

impl<'a> RequestPath<'a> {
    /// Cuts a path that starts with `/`.
    #[must_use]
    pub fn parse(path: &'a str) -> Self {
        let (path, verb) = split_verb(path, '/');
        Self { segments: path.strip_prefix('/').unwrap_or(path).split('/').collect(), verb }
    }
}

/// Cuts the verb off: what follows the last colon, when neither a `/` nor `barrier` follows it.
fn split_verb(text: &str, barrier: char) -> (&str, Option<&str>) {
    match text.rsplit_once(':') {
        Some((path, verb)) if !verb.contains(['/', barrier]) => (path, Some(verb)),
        _ => (text, None),
    }
}

#[cfg(test)]
mod tests;

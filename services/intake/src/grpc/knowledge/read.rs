//! From the wire to the domain: every violation is kept with its path, and all are reported at once.

use kexiang_core::Timestamp;
use kexiang_proto::intake_v1 as pb;
use kexiang_rpc::{
    Violations,
    field::{self, InvalidEnum},
    time,
};
use prost_types::FieldMask;

use crate::domain::knowledge::{ArticleKind, Content, ContentChange, VersionId};

/// All fields of the content, by their names in a mask.
const FIELDS: [&str; 9] = [
    "site",
    "kind",
    "category",
    "language",
    "title",
    "body",
    "keywords",
    "valid_from_time",
    "valid_until_time",
];
const MOST_KEYWORDS: usize = 50;

pub(super) fn content(wire: &pb::ArticleContent, violations: &mut Violations) -> Option<Content> {
    let change = selected(wire, &FIELDS, violations)?;
    Some(Content {
        site: change.site?,
        kind: change.kind?,
        category: change.category?,
        language: change.language?,
        title: change.title?,
        body: change.body?,
        keywords: change.keywords?,
        valid_from_at: change.valid_from_at?,
        valid_until_at: change.valid_until_at?,
    })
}

/// The fields of the mask (AIP-134): an unknown path is a violation, `*` stands for all; without a mask all populated
/// fields are taken. Fields outside the mask are not even looked at.
pub(super) fn content_change(
    wire: &pb::ArticleContent,
    mask: Option<&FieldMask>,
    violations: &mut Violations,
) -> Option<ContentChange> {
    let mask = mask.map(|mask| mask.paths.as_slice()).unwrap_or_default();
    if mask.is_empty() {
        return selected(wire, &populated(wire), violations);
    }
    let mut fields = Vec::new();
    for path in mask {
        match FIELDS.iter().find(|field| *field == path) {
            Some(field) => fields.push(*field),
            None if path == "*" => fields.extend(FIELDS),
            None => {
                violations.add("update_mask", "UNKNOWN_PATH", format!("a content has no field `{path}`"));
            }
        }
    }
    selected(wire, &fields, violations)
}

fn populated(wire: &pb::ArticleContent) -> Vec<&'static str> {
    let given = [
        !wire.site.is_empty(),
        wire.kind != 0,
        !wire.category.is_empty(),
        !wire.language.is_empty(),
        !wire.title.is_empty(),
        !wire.body.is_empty(),
        !wire.keywords.is_empty(),
        wire.valid_from_time.is_some(),
        wire.valid_until_time.is_some(),
    ];
    FIELDS.into_iter().zip(given).filter(|(_, given)| *given).map(|(field, _)| field).collect()
}

/// Reads these fields; `None` when one of them has a violation.
fn selected(
    wire: &pb::ArticleContent,
    fields: &[&str],
    violations: &mut Violations,
) -> Option<ContentChange> {
    let takes = |field: &str| fields.contains(&field);
    let mut change = ContentChange::default();
    let before = violations.iter().count();
    if takes("site") {
        change.site = violations.check("content.site", field::optional(&wire.site, field::slug_name));
    }
    if takes("kind") {
        change.kind = violations.check("content.kind", kind(wire.kind));
    }
    if takes("category") {
        change.category = violations.check("content.category", field::text(&wire.category, 200));
    }
    if takes("language") {
        change.language = violations.check("content.language", wire.language.parse());
    }
    if takes("title") {
        change.title = violations.check("content.title", field::text(&wire.title, 300));
    }
    if takes("body") {
        change.body = violations.check("content.body", field::text(&wire.body, 50_000));
    }
    if takes("keywords") {
        change.keywords = keywords(&wire.keywords, violations);
    }
    if takes("valid_from_time") {
        let from = time::optional_timestamp(wire.valid_from_time.as_ref());
        change.valid_from_at = violations.check("content.valid_from_time", from);
    }
    if takes("valid_until_time") {
        let until = time::optional_timestamp(wire.valid_until_time.as_ref());
        change.valid_until_at = violations.check("content.valid_until_time", until);
    }
    if let (Some(Some(from)), Some(Some(until))) = (change.valid_from_at, change.valid_until_at) {
        validity(from, until, violations);
    }
    (violations.iter().count() == before).then_some(change)
}

fn validity(from: Timestamp, until: Timestamp, violations: &mut Violations) {
    if until <= from {
        violations.add("content.valid_until_time", "BEFORE_START", "must be after valid_from_time");
    }
}

fn keywords(wire: &[String], violations: &mut Violations) -> Option<Vec<String>> {
    if wire.len() > MOST_KEYWORDS {
        violations.add("content.keywords", "TOO_MANY", format!("must be at most {MOST_KEYWORDS}"));
    }
    let read =
        wire.iter().take(MOST_KEYWORDS).enumerate().map(|(nr, keyword)| {
            violations.check(&format!("content.keywords[{nr}]"), field::text(keyword, 100))
        });
    read.collect::<Vec<_>>().into_iter().collect()
}

fn kind(number: i32) -> Result<ArticleKind, InvalidEnum> {
    field::word::<pb::ArticleKind, ArticleKind>(number, "ARTICLE_KIND_", pb::ArticleKind::as_str_name)
}

pub(super) fn optional_kind(number: i32) -> Result<Option<ArticleKind>, InvalidEnum> {
    field::optional_word::<pb::ArticleKind, ArticleKind>(
        number,
        "ARTICLE_KIND_",
        pb::ArticleKind::as_str_name,
    )
}

/// The kinds of a filter; a number that is none is named with its place.
pub(super) fn kinds(numbers: &[i32], violations: &mut Violations) -> Option<Vec<ArticleKind>> {
    let read = numbers.iter().enumerate();
    let read = read.map(|(nr, number)| violations.check(&format!("kinds[{nr}]"), kind(*number)));
    read.collect::<Vec<_>>().into_iter().collect()
}

/// Reads `articles/{article}/versions/{number}`.
pub(super) fn version_name(text: &str) -> Result<VersionId, &'static str> {
    const FORM: &str = "must have the form articles/{id}/versions/{number}, with a UUID";
    let (article, number) = text.split_once("/versions/").ok_or(FORM)?;
    let article = field::name(article).map_err(|_| FORM)?;
    let plain = number.bytes().all(|byte| byte.is_ascii_digit());
    let number = number.parse().ok().filter(|number| plain && *number > 0).ok_or(FORM)?;
    Ok(VersionId { article, number })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wire() -> pb::ArticleContent {
        pb::ArticleContent { title: "t".into(), ..Default::default() }
    }

    fn read(content: &pb::ArticleContent, paths: &[&str]) -> (Option<ContentChange>, Vec<String>) {
        let mut violations = Violations::default();
        let mask = FieldMask { paths: paths.iter().map(ToString::to_string).collect() };
        let change = content_change(content, Some(&mask), &mut violations);
        (change, violations.iter().map(|(field, ..)| field.to_owned()).collect())
    }

    #[test]
    fn without_a_mask_the_populated_fields_are_taken() {
        let change = read(&wire(), &[]).0.unwrap();

        assert_eq!(change, ContentChange { title: Some("t".into()), ..ContentChange::default() });
    }

    #[test]
    fn a_masked_field_that_is_empty_is_emptied_or_refused() {
        let (_, refused) = read(&wire(), &["body", "kind", "state"]);
        let emptied = read(&wire(), &["keywords", "valid_until_time", "site"]).0.unwrap();

        assert_eq!(refused, ["update_mask", "content.kind", "content.body"]);
        assert_eq!(
            (emptied.keywords, emptied.valid_until_at, emptied.site),
            (Some(vec![]), Some(None), Some(None))
        );
    }

    #[test]
    fn names_of_versions_have_one_form() {
        let name = "articles/01a20183-2fbc-7697-8c9b-5f1430678ae6/versions/3";

        assert_eq!(version_name(name).unwrap().name(), name);
        for wrong in
            ["articles/1/versions/1", &name.replace("/3", "/0"), &name.replace("/3", "/+3"), "versions/1"]
        {
            assert!(version_name(wrong).is_err(), "{wrong}");
        }
    }
}

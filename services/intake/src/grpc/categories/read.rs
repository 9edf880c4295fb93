//! From the wire: trees with every violation at its path.

use kexiang_core::{Kind, Severity};
use kexiang_proto::{intake_v1 as pb, type_v1 as words};
use kexiang_rpc::{Violations, field};

use crate::{
    app::categories::trees::NewVersion,
    domain::category::{
        Category,
        draft::{self, MOST_CATEGORIES},
    },
};

/// Violations of categories that are told at most: a refusal travels in the headers of the answer.
const TOLD_VIOLATIONS: usize = 50;

/// Why a code is not taken.
#[derive(Debug, thiserror::Error)]
pub(super) enum InvalidCode {
    #[error(transparent)]
    Text(#[from] field::InvalidText),
    #[error("must not have control characters")]
    Control,
}

/// A category code.
pub(super) fn code(text: &str) -> Result<String, InvalidCode> {
    let code = field::text(text, 200)?;
    if code.chars().any(char::is_control) { Err(InvalidCode::Control) } else { Ok(code) }
}

/// A version that a client gives: `None` for 0, where 0 means that in force.
pub(super) fn version(number: i32) -> Result<Option<i32>, &'static str> {
    match number {
        0 => Ok(None),
        1.. => Ok(Some(number)),
        _ => Err("must not be negative"),
    }
}

/// A drafted tree, with all that is wrong with its categories and with the whole.
pub(super) fn draft(wire: Option<pb::CategoryTreeDraft>, violations: &mut Violations) -> Option<NewVersion> {
    let wire = violations.required("tree", wire)?;
    let note = violations.check("tree.note", field::optional_text(&wire.note, 1_000));
    if wire.categories.is_empty() {
        violations.add("tree.categories", "REQUIRED", "must have at least one");
        return None;
    }
    if wire.categories.len() > MOST_CATEGORIES {
        violations.add("tree.categories", "TOO_MANY", format!("must have at most {MOST_CATEGORIES}"));
        return None;
    }
    let categories = whole(&wire.categories, violations);
    Some(NewVersion { categories: categories?, note: note? })
}

/// All categories, each read and then judged in the whole. `None` when anything is wrong.
fn whole(wire: &[pb::Category], violations: &mut Violations) -> Option<Vec<Category>> {
    let mut wrong = Violations::default();
    let mut categories: Vec<_> =
        wire.iter().enumerate().map(|(nr, wire)| category(nr, wire, &mut wrong)).collect();
    for (nr, flaw) in draft::check(&mut categories) {
        // A code that can't be read was told already; many of them are no duplicates.
        if !(flaw == draft::Flaw::Duplicate && categories[nr].code.is_empty()) {
            let path = format!("tree.categories[{nr}].{}", flaw.field());
            wrong.add(&path, flaw.reason(), flaw.to_string());
        }
    }
    for (field, description, reason) in wrong.iter().take(TOLD_VIOLATIONS) {
        violations.add(field, reason, description);
    }
    let more = wrong.iter().count().saturating_sub(TOLD_VIOLATIONS);
    if more > 0 {
        violations.add("tree.categories", "MORE", format!("has {more} more violations"));
    }
    wrong.is_empty().then_some(categories)
}

/// A category as far as it can be read, so that the tree is judged as a whole.
fn category(nr: usize, wire: &pb::Category, violations: &mut Violations) -> Category {
    let path = |field: &str| format!("tree.categories[{nr}].{field}");
    let read_code = violations.check(&path("code"), code(&wire.code));
    let parent = violations.check(&path("parent"), field::optional(&wire.parent, code));
    let zh = violations.check(&path("display_name_zh"), field::optional_text(&wire.display_name_zh, 200));
    let en = violations.check(&path("display_name_en"), field::optional_text(&wire.display_name_en, 200));
    if matches!((&zh, &en), (Some(None), Some(None))) {
        violations.add(&path("display_name_zh"), "REQUIRED", "is required, or display_name_en");
    }
    let read_kind = |(place, kind): (usize, &i32)| {
        let word = field::word::<words::Kind, Kind>(*kind, "KIND_", words::Kind::as_str_name);
        violations.check(&path(&format!("kinds[{place}]")), word)
    };
    let kinds: Vec<Option<Kind>> = wire.kinds.iter().enumerate().map(read_kind).collect();
    let severity = field::optional_word::<words::Severity, Severity>(
        wire.default_severity,
        "SEVERITY_",
        words::Severity::as_str_name,
    );
    let severity = violations.check(&path("default_severity"), severity);
    let mut kinds: Vec<Kind> = kinds.into_iter().flatten().collect();
    kinds.sort_unstable();
    kinds.dedup();
    Category {
        code: read_code.unwrap_or_default(),
        parent: parent.flatten(),
        path: Vec::new(),
        display_name_zh: zh.flatten(),
        display_name_en: en.flatten(),
        kinds,
        retired: wire.retired,
        default_severity: severity.flatten(),
    }
}

//! Categories, trees, models and their events to the wire.

use kexiang_core::{CategoryTreeId, id::TypedId};
use kexiang_proto::intake_v1 as pb;
use kexiang_rpc::time;

use crate::{
    app::categories::{
        bindings::CaseCategory,
        models::{ModelCard, Suggested},
        trees::ShownTree,
    },
    domain::category::{
        Binding, Category, CategoryTree, TreeVersion,
        classifier::Suggestion,
        facts::{BindingFacts, CategoryModelFacts, CategoryTreeFacts},
        training::Confusion,
    },
    grpc::convert::{kind, severity},
};

pub(super) fn category(category: Category) -> pb::Category {
    pb::Category {
        code: category.code,
        parent: category.parent.unwrap_or_default(),
        display_name_zh: category.display_name_zh.unwrap_or_default(),
        display_name_en: category.display_name_en.unwrap_or_default(),
        kinds: category.kinds.into_iter().map(kind).collect(),
        retired: category.retired,
        default_severity: category.default_severity.map(severity).unwrap_or_default(),
        path: category.path,
    }
}

/// Of a whole tree: eight codes with each of thousands of categories would not fit into a message.
fn without_path(of_tree: Category) -> pb::Category {
    category(Category { path: Vec::new(), ..of_tree })
}

pub(super) fn tree(tree: CategoryTree) -> pb::CategoryTree {
    pb::CategoryTree {
        name: tree.id.name(),
        display_name: tree.display_name,
        current_version: tree.current_version.unwrap_or_default(),
        latest_version: tree.latest_version,
        create_time: Some(time::to_wire(tree.created_at)),
        update_time: Some(time::to_wire(tree.updated_at)),
        etag: tree.revision.to_string(),
        shown_version: None,
        categories: Vec::new(),
    }
}

pub(super) fn shown_tree(shown: ShownTree) -> pb::CategoryTree {
    let (shown_version, categories) = shown.version.unzip();
    pb::CategoryTree {
        shown_version: shown_version.map(version),
        categories: categories.unwrap_or_default().into_iter().map(without_path).collect(),
        ..tree(shown.tree)
    }
}

pub(super) fn version(version: TreeVersion) -> pb::CategoryTreeVersion {
    let state = match version.published {
        None => pb::CategoryTreeVersionState::Draft,
        Some(_) => pb::CategoryTreeVersionState::Published,
    };
    let (published_at, published_by) = version.published.unzip();
    pb::CategoryTreeVersion {
        tree: version.tree.name(),
        version: version.version,
        state: state.into(),
        note: version.note.unwrap_or_default(),
        category_count: version.category_count,
        retired_count: version.retired_count,
        draft_time: Some(time::to_wire(version.drafted_at)),
        drafted_by: version.drafted_by,
        publish_time: published_at.map(time::to_wire),
        published_by: published_by.unwrap_or_default(),
    }
}

pub(super) fn binding(binding: Binding) -> pb::SiteCategoryTree {
    let (bound_at, bound_by) = binding.bound.unzip();
    pb::SiteCategoryTree {
        site: binding.site.name(),
        tree: tree_name(binding.tree.as_ref()),
        bind_time: bound_at.map(time::to_wire),
        bound_by: bound_by.unwrap_or_default(),
        etag: binding.revision.to_string(),
    }
}

pub(super) fn case_category(found: CaseCategory) -> pb::CaseCategory {
    let (tree, version) =
        found.edition.map(|edition| (edition.tree.name(), edition.version)).unwrap_or_default();
    pb::CaseCategory {
        case: TypedId::name(found.case),
        code: found.code,
        tree,
        version,
        accepted_category: found.accepted.map(category),
        current_category: found.current.map(category),
    }
}

pub(super) fn suggested(suggested: Suggested) -> pb::SuggestCategoriesResponse {
    let suggestion = |(suggestion, of_tree): (Suggestion, Option<Category>)| pb::CategorySuggestion {
        code: suggestion.category,
        confidence: suggestion.confidence,
        words: suggestion
            .words
            .into_iter()
            .map(|(word, weight)| pb::category_suggestion::Word { word, weight })
            .collect(),
        category: of_tree.map(category),
    };
    pb::SuggestCategoriesResponse {
        suggestions: suggested.suggestions.into_iter().map(suggestion).collect(),
        model_scope: suggested.scope.name(),
        model_etag: suggested.revision.to_string(),
    }
}

pub(super) fn model(card: ModelCard) -> pb::CategoryModel {
    let report = card.report;
    pb::CategoryModel {
        scope: card.scope.name(),
        train_time: Some(time::to_wire(card.trained_at)),
        trained_by: card.trained_by,
        case_count: count(report.case_count),
        rare_case_count: count(report.rare_case_count),
        capped: report.capped,
        category_count: count(report.category_count),
        word_count: count(report.word_count),
        held_out_count: count(report.held_out_count),
        top_one_accuracy: report.top_one_accuracy,
        top_three_accuracy: report.top_three_accuracy,
        mean_confidence: report.mean_confidence,
        confusions: report.confusions.into_iter().map(confusion).collect(),
        etag: card.revision.to_string(),
    }
}

fn confusion(confusion: Confusion) -> pb::CategoryConfusion {
    let mistake = |(category, cases): (String, usize)| pb::category_confusion::Mistake {
        category,
        case_count: count(cases),
    };
    pb::CategoryConfusion {
        category: confusion.category,
        case_count: count(confusion.case_count),
        right_count: count(confusion.right_count),
        mistakes: confusion.mistakes.into_iter().map(mistake).collect(),
    }
}

fn count(n: usize) -> i32 {
    i32::try_from(n).unwrap_or(i32::MAX)
}

fn tree_name(tree: Option<&CategoryTreeId>) -> String {
    tree.map(CategoryTreeId::name).unwrap_or_default()
}

pub(in crate::grpc) fn tree_facts(facts: CategoryTreeFacts) -> pb::CategoryTreeFacts {
    let CategoryTreeFacts { tree, version, category_count, retired_count } = facts;
    pb::CategoryTreeFacts { tree: tree.name(), version, category_count, retired_count }
}

pub(in crate::grpc) fn binding_facts(facts: &BindingFacts) -> pb::SiteCategoryTreeFacts {
    pb::SiteCategoryTreeFacts { site: facts.site.name(), tree: tree_name(facts.tree.as_ref()) }
}

pub(in crate::grpc) fn model_facts(facts: CategoryModelFacts) -> pb::CategoryModelFacts {
    let CategoryModelFacts { scope, case_count, category_count, held_out_count, top_one_accuracy } = facts;
    pb::CategoryModelFacts { scope, case_count, category_count, held_out_count, top_one_accuracy }
}

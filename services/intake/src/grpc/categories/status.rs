//! The one place that knows what a refused use case of categories is on the wire.

use kexiang_proto::intake_v1::CategoryErrorReason as Reason;
use kexiang_rpc::Refusal;
use tonic::{Code, Status};

use crate::{
    app::categories::CategoryError,
    grpc::{DOMAIN, status::refusal},
};

/// Missing codes that are named at most: a refusal travels in the headers of the answer, which take some kilobytes.
const NAMED_CODES: usize = 20;
/// Bytes of all named codes at most.
const NAMED_BYTES: usize = 4_000;

/// The refusal that an error is, on its way out.
pub(super) fn status(error: CategoryError) -> Status {
    match error {
        CategoryError::App(error) => refusal(error).into(),
        CategoryError::Publish { tree, source } => {
            Refusal::state(DOMAIN, &tree.name(), source.to_string()).into()
        }
        CategoryError::CodesMissing { tree, codes } => codes_missing(&tree.name(), &codes).into(),
        CategoryError::NotPublished { tree } => {
            let needed = "a published version is needed";
            precondition(Reason::TreeNotPublished, "PUBLISHED_VERSION", &tree.name(), needed).into()
        }
        CategoryError::ModelMissing { scope } => {
            let needed = "a trained model is needed: TrainCategoryModel";
            precondition(Reason::ModelMissing, "MODEL", &scope.name(), needed).into()
        }
        CategoryError::TooFewCases { scope, found } => {
            let needed = "at least 50 closed cases of two or more categories with 5 or more are needed";
            precondition(Reason::TooFewCases, "CLOSED_CASES", &scope.name(), needed)
                .about("cases", &found.cases.to_string())
                .about("categories", &found.categories.to_string())
                .into()
        }
        CategoryError::Training(error) if error.is_cancelled() => Refusal::unavailable(DOMAIN).into(),
        CategoryError::Training(error) => Refusal::internal(DOMAIN, &error).into(),
    }
}

fn codes_missing(tree: &str, codes: &[String]) -> Refusal {
    let needed = "a code once published stays: retire it instead";
    let refusal = Refusal::new(Code::FailedPrecondition, DOMAIN, name(Reason::CodesMissing), needed)
        .about("tree", tree)
        .about("missing", &codes.len().to_string());
    let mut bytes = 0;
    let fits = |code: &&str| {
        bytes += code.len();
        bytes <= NAMED_BYTES
    };
    let named: Vec<_> = codes.iter().map(String::as_str).take(NAMED_CODES).take_while(fits).collect();
    refusal.with_preconditions("PUBLISHED_CODE", &named, needed)
}

fn precondition(reason: Reason, kind: &str, subject: &str, needed: &str) -> Refusal {
    Refusal::new(Code::FailedPrecondition, DOMAIN, name(reason), needed)
        .about("subject", subject)
        .with_precondition(kind, subject, needed)
}

fn name(reason: Reason) -> &'static str {
    let name = reason.as_str_name();
    name.strip_prefix("CATEGORY_").unwrap_or(name)
}

//! What is a filter and what is not, and where (CU-15).

use proptest::prelude::*;

use super::{
    fields::{FIELDS, ListField, NumberField},
    problem::Reason,
    *,
};

fn wrong(filter: &str) -> Vec<(usize, usize, String, Reason)> {
    let problems = Filter::parse(filter, Purpose::Saved).err().unwrap_or_default();
    problems.into_iter().map(|p| (p.place.line, p.place.column, p.text, p.problem.reason())).collect()
}

#[test]
fn and_or_and_not_are_read_as_the_parentheses_say() {
    let filter = Filter::parse("tags:a AND (open_cases >= 2 OR NOT tiers:vip)", Purpose::Saved).unwrap();

    let tags = Node::Test(Test::List(ListField::Tags, vec!["a".into()]));
    let open = Node::Test(Test::Number(NumberField::OpenCases, Scope::default(), Order::GreaterOrEqual, 2));
    let vip = Node::Test(Test::List(ListField::Tiers, vec!["vip".into()]));
    let wanted = Node::All(vec![tags, Node::Any(vec![open, Node::Not(Box::new(vip))])]);
    assert!(filter.node == wanted);
    assert_eq!(filter.fields.into_iter().collect::<Vec<_>>(), ["open_cases", "tags", "tiers"]);
}

#[test]
fn a_bad_filter_is_refused_with_the_place() {
    let cases = [
        ("", (1, 1, "", Reason::Syntax)),
        ("tags:a tags:b", (1, 8, "tags", Reason::Syntax)),
        ("tags:a AND", (1, 11, "", Reason::Syntax)),
        ("tags:a AND tags:b OR tags:c", (1, 19, "OR", Reason::Syntax)),
        ("(tags:a", (1, 8, "", Reason::Syntax)),
        ("tags:a\n  AND 标签:b", (2, 7, "标签", Reason::UnknownField)),
        ("source = \"a", (1, 10, "\"a", Reason::Syntax)),
        ("source = \"\\x\"", (1, 11, "\\x", Reason::Syntax)),
        ("source = $1", (1, 10, "$", Reason::Syntax)),
        ("source = a; drop", (1, 11, ";", Reason::Syntax)),
        ("sorce = a", (1, 1, "sorce", Reason::UnknownField)),
        ("own.Meter = a", (1, 1, "own.Meter", Reason::UnknownField)),
        ("source < a", (1, 8, "<", Reason::OperatorNotAllowed)),
        ("tags = a", (1, 6, "=", Reason::OperatorNotAllowed)),
        ("open_cases", (1, 1, "open_cases", Reason::OperatorNotAllowed)),
        ("own.meter > 3", (1, 11, ">", Reason::OperatorNotAllowed)),
        ("kind = person", (1, 8, "person", Reason::ValueNotAllowed)),
        ("open_cases > many", (1, 14, "many", Reason::ValueNotAllowed)),
        ("create_time > 2026-01-01", (1, 15, "2026-01-01", Reason::ValueNotAllowed)),
        ("has_phone = 1", (1, 13, "1", Reason::ValueNotAllowed)),
        ("owner = li.ming", (1, 9, "li.ming", Reason::ValueNotAllowed)),
        ("contact_count(0) > 1", (1, 15, "0", Reason::ValueNotAllowed)),
        ("contact_count(weeks = 1) > 1", (1, 15, "weeks", Reason::ArgumentNotAllowed)),
        ("case_count(30, days = 30) > 1", (1, 16, "days", Reason::ArgumentNotAllowed)),
        ("tags(1):a", (1, 6, "1", Reason::ArgumentNotAllowed)),
        ("birth_date > 1990-01-01T00:00:00Z", (1, 1, "birth_date", Reason::SealedField)),
        ("phone = \"+8613800138000\"", (1, 1, "phone", Reason::SealedField)),
    ];
    for (filter, (line, column, text, reason)) in cases {
        assert_eq!(wrong(filter), [(line, column, text.to_owned(), reason)], "{filter}");
    }
}

#[test]
fn all_that_is_wrong_with_fields_and_values_is_told_at_once() {
    let found = wrong("kind = X AND (nobody:1 OR tags = a) AND open_cases(days = 1, kind = Y) < z");

    let columns: Vec<_> = found.iter().map(|(_, column, ..)| *column).collect();
    assert_eq!(columns, [8, 15, 32, 52, 69, 74]);
}

#[test]
fn what_is_too_long_too_deep_or_too_much_is_refused() {
    let tests = |count: usize| vec!["tags:a"; count].join(" OR ");
    let values = |count: usize| format!("tags IN ({})", vec!["a"; count].join(","));
    let deep = |depth: usize| format!("{}tags:a{}", "(".repeat(depth), ")".repeat(depth));
    let nots = |depth: usize| format!("{}tags:a", "NOT ".repeat(depth));
    let long = |length: usize| format!("tags:a{}", " ".repeat(length - 6));

    for fits in [tests(MOST_TESTS), values(MOST_VALUES), deep(DEEPEST), nots(DEEPEST), long(LONGEST_FILTER)] {
        assert!(wrong(&fits).is_empty(), "{fits}");
    }
    let over = [
        tests(MOST_TESTS + 1),
        values(MOST_VALUES + 1),
        deep(DEEPEST + 1),
        nots(DEEPEST + 1),
        long(LONGEST_FILTER + 1),
        deep(2_000),
    ];
    for over in over {
        assert_eq!(wrong(&over).first().map(|problem| problem.3), Some(Reason::LimitExceeded), "{over}");
    }
}

#[test]
fn names_of_fields_are_different_and_words() {
    let mut names: Vec<_> = FIELDS.iter().map(|field| field.name).collect();
    names.sort_unstable();
    let all = names.len();
    names.dedup();

    assert_eq!(names.len(), all);
    assert!(names.iter().all(|name| name.bytes().all(|b| b.is_ascii_lowercase() || b == b'_')));
}

proptest! {
    #[test]
    fn whatever_is_typed_is_a_filter_or_refused_within_its_text(text in "\\PC{0,80}") {
        for problem in Filter::parse(&text, Purpose::Unsaved).err().unwrap_or_default() {
            prop_assert!(problem.place.offset <= text.chars().count());
        }
    }

    #[test]
    fn whatever_is_made_of_its_words_is_a_filter_or_refused(
        words in prop::collection::vec(
            prop::sample::select(vec![
                "(", ")", ",", "*", ":", "=", "!=", "<", ">=", "AND", "OR", "NOT", "IN", "tags", "kind", "PERSON", "own.a",
                "contact_count", "days", "30", "ago", "\"x\"", "create_time", "-", "'",
            ]),
            0..30,
        )
    ) {
        drop(Filter::parse(&words.join(" "), Purpose::Unsaved));
    }

    #[test]
    fn a_quoted_text_comes_back_as_it_was(text in "[^\\x00]{1,60}") {
        let quoted = text.replace('\\', "\\\\").replace('"', "\\\"");
        let filter = Filter::parse(&format!("source = \"{quoted}\""), Purpose::Saved);

        let Ok(Filter { node: Node::Test(Test::Text(_, texts)), .. }) = filter else {
            return Err(TestCaseError::fail("not read"));
        };
        prop_assert_eq!(texts, [text]);
    }
}

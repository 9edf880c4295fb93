//! A tree becomes a filter: every field is known, every value is one of its own. All problems are found at once.

use std::collections::BTreeSet;

use jiff::SignedDuration;
use kexiang_core::{AgentId, SiteId};

use super::{
    MOST_PROBLEMS,
    fields::{
        AGREEMENT_STATES, CASE_KINDS, FIELDS, Field, FlagField, ListField, NumberField, OWN, Parameter,
        Shape, TextField, TimeField,
    },
    filter::{EARLIEST, Filter, Moment, Node, Order, Purpose, Scope, Test},
    lexer::Operator,
    problem::{FilterProblem, Problem},
    syntax::{At, Raw, RawTest, Tree, parse},
};
use crate::domain::{
    contact_point::{ContactPoint, ContactPointKind},
    field_schema::{LONGEST_TEXT, is_key},
};

/// Characters of a text that is compared with.
const LONGEST_VALUE: usize = 200;
/// Days that are counted back at most: a hundred years.
const MOST_DAYS: i64 = 36_600;
/// Phones are written with their country, so that a filter says the same everywhere.
const ANY_REGION: &str = "CN";

const EQUALITY: &str = "=, != and IN with a value";
const TEXTS: &str = "=, != and IN with a value, and :*";
const LISTS: &str = ":, IN and :*";
const NUMBERS: &str = "=, !=, <, <=, >, >= and IN with a number";
const TIMES: &str = "=, !=, <, <=, > and >= with a time, and :*";
const FLAGS: &str = "= and != with true or false, or stands alone";
const OWN_FIELDS: &str = "=, :, != and IN with a value: it lies sealed, and is found by equality alone";
const POINTS: &str = "=, != and IN with a value: it lies sealed, and is found by equality alone";

impl Filter {
    /// Reads a filter.
    ///
    /// # Errors
    /// What is wrong with it: the first problem of its syntax, or else all of its fields and values, at most [`MOST_PROBLEMS`].
    pub fn parse(source: &str, purpose: Purpose) -> Result<Self, Vec<FilterProblem>> {
        let tree = parse(source).map_err(|problem| vec![problem])?;
        let mut check = Check { source, purpose, problems: Vec::new(), fields: BTreeSet::new() };
        match check.node(&tree) {
            Some(node) if check.problems.is_empty() => Ok(Self { node, fields: check.fields }),
            _ => {
                check.problems.truncate(MOST_PROBLEMS);
                Err(check.problems)
            }
        }
    }
}

struct Check<'s> {
    source: &'s str,
    purpose: Purpose,
    problems: Vec<FilterProblem>,
    fields: BTreeSet<String>,
}

/// The test, the operator if there is one, and the values.
type Comparison<'t> = Option<(&'t At<Operator>, &'t [At<Raw>])>;

impl Check<'_> {
    fn node(&mut self, tree: &Tree) -> Option<Node> {
        match tree {
            // Not ended by the first `None`: every part is looked at.
            Tree::All(parts) => self.nodes(parts).map(Node::All),
            Tree::Any(parts) => self.nodes(parts).map(Node::Any),
            Tree::Not(part) => self.node(part).map(|node| Node::Not(Box::new(node))),
            Tree::Test(test) => self.test(test),
        }
    }

    fn nodes(&mut self, parts: &[Tree]) -> Option<Vec<Node>> {
        let nodes: Vec<_> = parts.iter().map(|part| self.node(part)).collect();
        nodes.into_iter().collect()
    }

    fn add<T, U>(&mut self, at: &At<T>, problem: Problem) -> Option<U> {
        self.problems.push(problem.at(self.source, &at.span));
        None
    }

    fn test(&mut self, test: &RawTest) -> Option<Node> {
        let name = test.field.it.as_str();
        self.fields.insert(name.to_owned());
        let comparison = test.comparison.as_ref().map(|(operator, values)| (operator, values.as_slice()));
        if let Some(key) = name.strip_prefix(OWN).filter(|key| is_key(key)) {
            self.scope(test, &[])?;
            return self.own(test, key, comparison);
        }
        let Some(field) = FIELDS.iter().find(|field| field.name == name) else {
            return self.add(&test.field, Problem::UnknownField(nearest(name)));
        };
        let scope = self.scope(test, field.parameters);
        let node = self.shaped(test, field, scope.clone().unwrap_or_default(), comparison);
        scope.and(node)
    }

    fn shaped(
        &mut self,
        test: &RawTest,
        field: &Field,
        scope: Scope,
        comparison: Comparison<'_>,
    ) -> Option<Node> {
        match field.shape {
            Shape::Sealed => self.add(&test.field, Problem::Sealed),
            Shape::Point(kind) => self.point(test, kind, comparison),
            Shape::Flag(flag) => self.flag(flag, comparison),
            Shape::Word(text, words) => {
                let wrong = format!("one of {}", words.join(", "));
                self.text(test, text, comparison, &wrong, |word| {
                    words.contains(&word).then(|| word.to_owned())
                })
            }
            Shape::Text(text) => {
                let wrong = format!("a text of 1 to {LONGEST_VALUE} characters");
                self.text(test, text, comparison, &wrong, code)
            }
            Shape::Name(text, collection) => {
                let wrong = format!("a name of the form {collection}/{{id}}");
                self.text(test, text, comparison, &wrong, |name| {
                    let id = name.strip_prefix(collection)?.strip_prefix('/')?;
                    let known = match collection {
                        "sites" => id.parse::<SiteId>().is_ok(),
                        _ => id.parse::<AgentId>().is_ok(),
                    };
                    known.then(|| id.to_owned())
                })
            }
            Shape::List(list) => self.list(test, list, comparison),
            Shape::Number(number) => self.number(test, number, &scope, comparison),
            Shape::Time(time) => self.time(test, time, scope, comparison),
        }
    }

    fn text(
        &mut self,
        test: &RawTest,
        field: TextField,
        comparison: Comparison<'_>,
        wrong: &str,
        read: impl Fn(&str) -> Option<String>,
    ) -> Option<Node> {
        // What everybody has is not asked for.
        let always = matches!(field, TextField::Kind | TextField::OwnershipState);
        match comparison {
            Some((At { it: Operator::Has, .. }, [At { it: Raw::Star, .. }])) if !always => {
                Some(Node::Test(Test::HasText(field)))
            }
            Some((operator, values)) if is_equality(operator.it) => {
                let texts = self.texts(values, wrong, read)?;
                Some(negated(operator.it, Test::Text(field, texts)))
            }
            _ => self.operator(test, comparison, if always { EQUALITY } else { TEXTS }),
        }
    }

    fn list(&mut self, test: &RawTest, field: ListField, comparison: Comparison<'_>) -> Option<Node> {
        match comparison {
            Some((At { it: Operator::Has, .. }, [At { it: Raw::Star, .. }])) => {
                Some(Node::Test(Test::HasList(field)))
            }
            Some((At { it: Operator::Has | Operator::In, .. }, values)) => {
                let codes =
                    self.texts(values, &format!("a code of 1 to {LONGEST_VALUE} characters"), code)?;
                Some(Node::Test(Test::List(field, codes)))
            }
            _ => self.operator(test, comparison, LISTS),
        }
    }

    fn own(&mut self, test: &RawTest, key: &str, comparison: Comparison<'_>) -> Option<Node> {
        match comparison {
            Some((operator, values)) if is_equality(operator.it) || operator.it == Operator::Has => {
                let wrong = format!("a text of 1 to {LONGEST_TEXT} characters");
                let texts = self.texts(values, &wrong, |text| {
                    (1..=LONGEST_TEXT).contains(&text.chars().count()).then(|| text.to_owned())
                })?;
                Some(negated(operator.it, Test::Own(key.to_owned(), texts)))
            }
            _ => self.operator(test, comparison, OWN_FIELDS),
        }
    }

    fn point(&mut self, test: &RawTest, kind: ContactPointKind, comparison: Comparison<'_>) -> Option<Node> {
        if self.purpose == Purpose::Saved {
            return self.add(&test.field, Problem::NamesSomebody);
        }
        let Some((operator, values)) = comparison.filter(|(operator, _)| is_equality(operator.it)) else {
            return self.operator(test, comparison, POINTS);
        };
        let read: Vec<Option<ContactPoint>> = values
            .iter()
            .map(|value| {
                let point = match &value.it {
                    Raw::Quoted(text) if kind != ContactPointKind::Phone || text.trim().starts_with('+') => {
                        ContactPoint::parse(kind, text, ANY_REGION).ok()
                    }
                    _ => None,
                };
                point.or_else(|| {
                    let wrong = match kind {
                        ContactPointKind::Phone => "a phone in E.164 in quotes, such as \"+8613800138000\"",
                        ContactPointKind::Messaging => {
                            "a messaging id in quotes, with its provider before a colon"
                        }
                        ContactPointKind::Email | ContactPointKind::Address => "an e-mail address in quotes",
                    };
                    self.add(value, Problem::Value(wrong.to_owned()))
                })
            })
            .collect();
        Some(negated(operator.it, Test::Point(read.into_iter().collect::<Option<_>>()?)))
    }

    fn flag(&mut self, field: FlagField, comparison: Comparison<'_>) -> Option<Node> {
        let Some((operator, values)) = comparison else { return Some(Node::Test(Test::Flag(field))) };
        if !matches!(operator.it, Operator::Equal | Operator::NotEqual) {
            return self.add(operator, Problem::Operator(FLAGS));
        }
        let value = values.first()?;
        let yes = match &value.it {
            Raw::Word(word) if word == "true" => true,
            Raw::Word(word) if word == "false" => false,
            _ => return self.add(value, Problem::Value("true or false".to_owned())),
        };
        let test = Node::Test(Test::Flag(field));
        let same = yes == (operator.it == Operator::Equal);
        Some(if same { test } else { Node::Not(Box::new(test)) })
    }

    fn number(
        &mut self,
        test: &RawTest,
        field: NumberField,
        scope: &Scope,
        comparison: Comparison<'_>,
    ) -> Option<Node> {
        let Some((operator, values)) = comparison else { return self.operator(test, comparison, NUMBERS) };
        let (order, negated) = match operator.it {
            Operator::NotEqual => (Order::Equal, true),
            Operator::In => (Order::Equal, false),
            other => match order(other) {
                Some(order) => (order, false),
                None => return self.operator(test, comparison, NUMBERS),
            },
        };
        let read: Vec<Option<Node>> = values
            .iter()
            .map(|value| match value.it {
                Raw::Number(number) => Some(Node::Test(Test::Number(field, scope.clone(), order, number))),
                _ => self.add(value, Problem::Value("an integer".to_owned())),
            })
            .collect();
        let mut nodes: Vec<Node> = read.into_iter().collect::<Option<_>>()?;
        let node = if nodes.len() == 1 { nodes.remove(0) } else { Node::Any(nodes) };
        Some(if negated { Node::Not(Box::new(node)) } else { node })
    }

    fn time(
        &mut self,
        test: &RawTest,
        field: TimeField,
        scope: Scope,
        comparison: Comparison<'_>,
    ) -> Option<Node> {
        let Some((operator, [value])) = comparison else { return self.operator(test, comparison, TIMES) };
        let (order, negated) = match operator.it {
            Operator::Has if value.it == Raw::Star => return Some(Node::Test(Test::HasTime(field, scope))),
            Operator::NotEqual => (Order::Equal, true),
            other => match order(other) {
                Some(order) => (order, false),
                None => return self.operator(test, comparison, TIMES),
            },
        };
        let moment = match &value.it {
            Raw::Quoted(text) | Raw::Literal(text) => {
                text.parse().ok().filter(|at| *at >= EARLIEST).map(Moment::At)
            }
            Raw::FromNow(minutes) => {
                Some(Moment::FromNow(SignedDuration::from_secs(minutes.saturating_mul(60))))
            }
            Raw::Word(_) | Raw::Number(_) | Raw::Star => None,
        };
        let Some(moment) = moment else {
            let wrong = "a time such as 2026-11-22T08:00:00+08:00, 30 days ago or 7 days ahead";
            return self.add(value, Problem::Value(wrong.to_owned()));
        };
        let node = Node::Test(Test::Time(field, scope, order, moment));
        Some(if negated { Node::Not(Box::new(node)) } else { node })
    }

    fn operator<T>(&mut self, test: &RawTest, comparison: Comparison<'_>, takes: &'static str) -> Option<T> {
        match comparison {
            Some((operator, _)) => self.add(operator, Problem::Operator(takes)),
            None => self.add(&test.field, Problem::Operator(takes)),
        }
    }

    /// A value as text; numbers can be codes too, as they were written.
    fn as_text(&self, value: &At<Raw>) -> Option<String> {
        match &value.it {
            Raw::Quoted(text) | Raw::Word(text) | Raw::Literal(text) => Some(text.clone()),
            Raw::Number(_) => self.source.get(value.span.clone()).map(ToOwned::to_owned),
            Raw::FromNow(_) | Raw::Star => None,
        }
    }

    fn texts(
        &mut self,
        values: &[At<Raw>],
        wrong: &str,
        read: impl Fn(&str) -> Option<String>,
    ) -> Option<Vec<String>> {
        let texts: Vec<Option<String>> = values
            .iter()
            .map(|value| {
                let text = self.as_text(value).and_then(|text| read(&text));
                text.or_else(|| self.add(value, Problem::Value(wrong.to_owned())))
            })
            .collect();
        texts.into_iter().collect()
    }

    fn scope(&mut self, test: &RawTest, parameters: &[Parameter]) -> Option<Scope> {
        let mut scope = Scope::default();
        let mut given: Vec<Parameter> = Vec::new();
        let before = self.problems.len();
        for (index, (name, value)) in test.arguments.iter().enumerate() {
            let found = match name {
                Some(name) => parameters.iter().find(|parameter| parameter.name() == name.it),
                None if index == 0 => parameters.first(),
                None => None,
            };
            let Some(parameter) = found.filter(|found| !given.contains(found)) else {
                let names: Vec<_> = parameters.iter().map(|parameter| parameter.name()).collect();
                let takes = if names.is_empty() {
                    "nothing in parentheses".to_owned()
                } else {
                    format!("each once: {}", names.join(", "))
                };
                let at = name.as_ref().map_or(&value.span, |name| &name.span).clone();
                self.add::<_, ()>(&At { it: (), span: at }, Problem::Argument(takes));
                continue;
            };
            given.push(*parameter);
            self.argument(*parameter, value, &mut scope);
        }
        (self.problems.len() == before).then_some(scope)
    }

    fn argument(&mut self, parameter: Parameter, value: &At<Raw>, scope: &mut Scope) {
        let text = self.as_text(value);
        let word = |words: &[&str]| text.clone().filter(|text| words.contains(&text.as_str()));
        let (place, read, wrong) = match parameter {
            Parameter::Days => {
                scope.days = match value.it {
                    Raw::Number(days @ 1..=MOST_DAYS) => Some(days),
                    _ => self.add(value, Problem::Value(format!("days from 1 to {MOST_DAYS}"))),
                };
                return;
            }
            Parameter::CaseKind => {
                (&mut scope.kind, word(CASE_KINDS), format!("one of {}", CASE_KINDS.join(", ")))
            }
            Parameter::AgreementState => {
                (&mut scope.state, word(AGREEMENT_STATES), format!("one of {}", AGREEMENT_STATES.join(", ")))
            }
            Parameter::Category => {
                (&mut scope.category, text.as_deref().and_then(code), "a category code".to_owned())
            }
            Parameter::AgreementKind => {
                (&mut scope.kind, text.as_deref().and_then(code), "a code of a kind of agreement".to_owned())
            }
        };
        *place = read;
        if place.is_none() {
            self.add::<_, ()>(value, Problem::Value(wrong));
        }
    }
}

fn code(text: &str) -> Option<String> {
    (1..=LONGEST_VALUE).contains(&text.chars().count()).then(|| text.to_owned())
}

const fn is_equality(operator: Operator) -> bool {
    matches!(operator, Operator::Equal | Operator::NotEqual | Operator::In)
}

const fn order(operator: Operator) -> Option<Order> {
    match operator {
        Operator::Equal => Some(Order::Equal),
        Operator::Less => Some(Order::Less),
        Operator::LessOrEqual => Some(Order::LessOrEqual),
        Operator::Greater => Some(Order::Greater),
        Operator::GreaterOrEqual => Some(Order::GreaterOrEqual),
        Operator::NotEqual | Operator::Has | Operator::In => None,
    }
}

fn negated(operator: Operator, test: Test) -> Node {
    let node = Node::Test(test);
    if operator == Operator::NotEqual { Node::Not(Box::new(node)) } else { node }
}

/// The field whose name is most like this one, if it is like it at all.
fn nearest(name: &str) -> Option<&'static str> {
    let scored =
        FIELDS.iter().map(|field| (strsim::normalized_damerau_levenshtein(name, field.name), field.name));
    scored
        .filter(|(score, _)| *score > 0.6)
        .max_by(|one, other| one.0.total_cmp(&other.0))
        .map(|(_, name)| name)
}

//! Tokens as a tree, before anything is known of fields. Recursion is bounded by [`DEEPEST`].

use std::ops::Range;

use super::{
    DEEPEST, LONGEST_FILTER, MOST_TESTS, MOST_VALUES,
    lexer::{Lexeme, Operator, Token, lex},
    problem::{FilterProblem, Problem},
};

/// What stands at some bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct At<T> {
    /// What.
    pub it: T,
    /// Where.
    pub span: Range<usize>,
}

/// A filter, not yet checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Tree {
    /// AND.
    All(Vec<Tree>),
    /// OR.
    Any(Vec<Tree>),
    /// NOT.
    Not(Box<Tree>),
    /// A test.
    Test(RawTest),
}

/// A test, not yet checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RawTest {
    /// Name of the field.
    pub field: At<String>,
    /// In its parentheses: name, if given, and value.
    pub arguments: Vec<Argument>,
    /// What it is compared with, if with anything; several values with `IN` alone.
    pub comparison: Option<Comparison>,
}

/// Name, if given, and value.
pub type Argument = (Option<At<String>>, At<Raw>);
/// Operator and values.
pub type Comparison = (At<Operator>, Vec<At<Raw>>);

/// A value as written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Raw {
    /// In quotes.
    Quoted(String),
    /// Without.
    Word(String),
    /// An integer.
    Number(i64),
    /// Begins like a number, and is none.
    Literal(String),
    /// Minutes from now; negative for `ago`.
    FromNow(i64),
    /// `*`
    Star,
}

/// Reads a filter.
///
/// # Errors
/// The first problem.
pub fn parse(source: &str) -> Result<Tree, FilterProblem> {
    if let Some((end, _)) = source.char_indices().nth(LONGEST_FILTER) {
        return Err(Problem::TooLong.at(source, &(end..end)));
    }
    let mut parser = Parser { source, lexemes: lex(source)?, at: 0, tests: 0 };
    let tree = parser.expression(0)?;
    if parser.peek().token != Token::End {
        return Err(parser.expected("AND, OR or the end"));
    }
    Ok(tree)
}

struct Parser<'s> {
    source: &'s str,
    /// `End` is the last one and never taken.
    lexemes: Vec<Lexeme>,
    at: usize,
    tests: usize,
}

impl Parser<'_> {
    fn peek(&self) -> &Lexeme {
        &self.lexemes[self.at.min(self.lexemes.len() - 1)]
    }

    fn take(&mut self) -> Lexeme {
        let lexeme = self.peek().clone();
        self.at += 1;
        lexeme
    }

    fn take_if(&mut self, token: &Token) -> bool {
        let fits = self.peek().token == *token;
        self.at += usize::from(fits);
        fits
    }

    fn is_word(&self, word: &str) -> bool {
        matches!(&self.peek().token, Token::Word(found) if found == word)
    }

    fn problem(&self, problem: Problem) -> FilterProblem {
        problem.at(self.source, &self.peek().span)
    }

    fn expected(&self, what: &'static str) -> FilterProblem {
        self.problem(Problem::Expected(what))
    }

    fn expression(&mut self, depth: usize) -> Result<Tree, FilterProblem> {
        let mut parts = vec![self.term(depth)?];
        let (word, other) = if self.is_word("OR") { ("OR", "AND") } else { ("AND", "OR") };
        while self.is_word(word) {
            self.at += 1;
            parts.push(self.term(depth)?);
        }
        if self.is_word(other) {
            return Err(self.problem(Problem::Mixed));
        }
        if parts.len() == 1 {
            return Ok(parts.remove(0));
        }
        Ok(if word == "OR" { Tree::Any(parts) } else { Tree::All(parts) })
    }

    fn term(&mut self, depth: usize) -> Result<Tree, FilterProblem> {
        let negated = self.is_word("NOT");
        if !negated && self.peek().token != Token::Open {
            return self.test().map(Tree::Test);
        }
        if depth == DEEPEST {
            return Err(self.problem(Problem::TooDeep));
        }
        self.at += 1;
        if negated {
            return Ok(Tree::Not(Box::new(self.term(depth + 1)?)));
        }
        let tree = self.expression(depth + 1)?;
        if self.take_if(&Token::Close) { Ok(tree) } else { Err(self.expected("AND, OR or `)`")) }
    }

    fn test(&mut self) -> Result<RawTest, FilterProblem> {
        let lexeme = self.peek().clone();
        let Token::Word(name) = lexeme.token else { return Err(self.expected("a field, NOT or `(`")) };
        if ["AND", "OR", "IN"].contains(&name.as_str()) {
            return Err(self.expected("a field, NOT or `(`"));
        }
        self.tests += 1;
        if self.tests > MOST_TESTS {
            return Err(self.problem(Problem::TooManyTests));
        }
        self.at += 1;
        let field = At { it: name, span: lexeme.span };
        let arguments = if self.take_if(&Token::Open) { self.arguments()? } else { Vec::new() };
        Ok(RawTest { field, arguments, comparison: self.comparison()? })
    }

    fn arguments(&mut self) -> Result<Vec<Argument>, FilterProblem> {
        let mut arguments = Vec::new();
        while !self.take_if(&Token::Close) {
            if !arguments.is_empty() && !self.take_if(&Token::Comma) {
                return Err(self.expected("`,` or `)`"));
            }
            if arguments.len() == MOST_VALUES {
                return Err(self.problem(Problem::TooManyValues));
            }
            let value = self.value()?;
            let named = self.peek().token == Token::Operator(Operator::Equal);
            arguments.push(match value {
                At { it: Raw::Word(name), span } if named => {
                    self.at += 1;
                    (Some(At { it: name, span }), self.value()?)
                }
                value => (None, value),
            });
        }
        Ok(arguments)
    }

    fn comparison(&mut self) -> Result<Option<Comparison>, FilterProblem> {
        if let Token::Operator(it) = self.peek().token {
            let span = self.take().span;
            return Ok(Some((At { it, span }, vec![self.value()?])));
        }
        if !self.is_word("IN") && !self.is_word("in") {
            return Ok(None);
        }
        let operator = At { it: Operator::In, span: self.take().span };
        if !self.take_if(&Token::Open) {
            return Err(self.expected("`(`"));
        }
        let mut values = vec![self.value()?];
        while !self.take_if(&Token::Close) {
            if !self.take_if(&Token::Comma) {
                return Err(self.expected("`,` or `)`"));
            }
            if values.len() == MOST_VALUES {
                return Err(self.problem(Problem::TooManyValues));
            }
            values.push(self.value()?);
        }
        Ok(Some((operator, values)))
    }

    fn value(&mut self) -> Result<At<Raw>, FilterProblem> {
        let it = match self.peek().token.clone() {
            Token::Quoted(text) => Raw::Quoted(text),
            Token::Word(word) => Raw::Word(word),
            Token::Star => Raw::Star,
            Token::Literal(text) => return self.number(&text),
            Token::Open | Token::Close | Token::Comma | Token::Operator(_) | Token::End => {
                return Err(self.expected("a value"));
            }
        };
        Ok(At { it, span: self.take().span })
    }

    fn number(&mut self, text: &str) -> Result<At<Raw>, FilterProblem> {
        let mut span = self.take().span;
        let Ok(number) = text.parse::<i64>() else {
            return Ok(At { it: Raw::Literal(text.to_owned()), span });
        };
        let minutes = match &self.peek().token {
            Token::Word(unit) => match unit.as_str() {
                "minute" | "minutes" => 1,
                "hour" | "hours" => 60,
                "day" | "days" => 24 * 60,
                _ => return Ok(At { it: Raw::Number(number), span }),
            },
            _ => return Ok(At { it: Raw::Number(number), span }),
        };
        self.at += 1;
        let sign = match (self.is_word("ago"), self.is_word("ahead")) {
            (true, _) => -1,
            (_, true) => 1,
            _ => return Err(self.expected("`ago` or `ahead`")),
        };
        span.end = self.take().span.end;
        // What is longer than time itself is as far away as can be.
        Ok(At { it: Raw::FromNow(number.saturating_mul(minutes).saturating_mul(sign)), span })
    }
}

//! A filter as tokens with their places.

use std::{iter::Peekable, ops::Range, str::CharIndices};

use super::problem::{FilterProblem, Problem};

/// How a field is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operator {
    /// `=`
    Equal,
    /// `!=`
    NotEqual,
    /// `<`
    Less,
    /// `<=`
    LessOrEqual,
    /// `>`
    Greater,
    /// `>=`
    GreaterOrEqual,
    /// `:`
    Has,
    /// `IN`
    In,
}

/// A token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Token {
    /// `(`
    Open,
    /// `)`
    Close,
    /// `,`
    Comma,
    /// `*`
    Star,
    /// All but `IN`, which is a word.
    Operator(Operator),
    /// Begins with a letter or `_`; goes on with those, digits and `. / @ -`.
    Word(String),
    /// Begins with a digit or a minus: number or time.
    Literal(String),
    /// In quotes; without them and without escapes.
    Quoted(String),
    /// After the last one.
    End,
}

/// A token and the bytes where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lexeme {
    /// What.
    pub token: Token,
    /// Where.
    pub span: Range<usize>,
}

/// All tokens, [`Token::End`] last.
///
/// # Errors
/// The first problem.
pub fn lex(source: &str) -> Result<Vec<Lexeme>, FilterProblem> {
    let mut lexemes = Vec::new();
    let mut chars = source.char_indices().peekable();
    while let Some((start, first)) = chars.next() {
        let token = match first {
            _ if first.is_whitespace() => continue,
            '(' => Token::Open,
            ')' => Token::Close,
            ',' => Token::Comma,
            '*' => Token::Star,
            ':' => Token::Operator(Operator::Has),
            '=' => Token::Operator(Operator::Equal),
            '<' if take(&mut chars, '=') => Token::Operator(Operator::LessOrEqual),
            '<' => Token::Operator(Operator::Less),
            '>' if take(&mut chars, '=') => Token::Operator(Operator::GreaterOrEqual),
            '>' => Token::Operator(Operator::Greater),
            '!' if take(&mut chars, '=') => Token::Operator(Operator::NotEqual),
            '"' | '\'' => Token::Quoted(quoted(source, &mut chars, start, first)?),
            '-' | '0'..='9' => Token::Literal(run(first, &mut chars, |c| {
                c.is_ascii_alphanumeric() || matches!(c, ':' | '.' | '+' | '-')
            })),
            _ if first.is_alphabetic() || first == '_' => Token::Word(run(first, &mut chars, |c| {
                c.is_alphanumeric() || matches!(c, '_' | '.' | '/' | '@' | '-')
            })),
            _ => return Err(Problem::Character.at(source, &(start..start + first.len_utf8()))),
        };
        let end = chars.peek().map_or(source.len(), |(at, _)| *at);
        lexemes.push(Lexeme { token, span: start..end });
    }
    lexemes.push(Lexeme { token: Token::End, span: source.len()..source.len() });
    Ok(lexemes)
}

fn take(chars: &mut Peekable<CharIndices<'_>>, wanted: char) -> bool {
    chars.next_if(|(_, c)| *c == wanted).is_some()
}

fn run(first: char, chars: &mut Peekable<CharIndices<'_>>, goes_on: impl Fn(char) -> bool) -> String {
    let mut text = String::from(first);
    while let Some((_, c)) = chars.next_if(|(_, c)| goes_on(*c)) {
        text.push(c);
    }
    text
}

fn quoted(
    source: &str,
    chars: &mut Peekable<CharIndices<'_>>,
    start: usize,
    quote: char,
) -> Result<String, FilterProblem> {
    let mut text = String::new();
    while let Some((at, c)) = chars.next() {
        match c {
            _ if c == quote => return Ok(text),
            '\\' => {
                let escaped = chars.next().map(|(_, c)| c);
                text.push(match escaped {
                    Some(c @ ('\\' | '"' | '\'')) => c,
                    Some('n') => '\n',
                    Some('t') => '\t',
                    other => {
                        let end = at + 1 + other.map_or(0, char::len_utf8);
                        return Err(Problem::Escape.at(source, &(at..end)));
                    }
                });
            }
            // PostgreSQL can't keep it, so nothing has it.
            '\0' => return Err(Problem::Character.at(source, &(at..at + 1))),
            _ => text.push(c),
        }
    }
    Err(Problem::Unterminated.at(source, &(start..source.len())))
}

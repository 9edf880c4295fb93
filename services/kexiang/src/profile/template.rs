//! Texts made of a row's cells: `"{category}: {descriptor}"`, or a list of such texts of which the first that can be
//! filled is taken. A text can be filled when none of its columns is blank in the row; `""` can always be filled.

use serde::Deserialize;

use super::row::Row;

/// One text, or several in order of preference.
#[derive(Debug, Clone, Deserialize)]
#[serde(try_from = "OneOrMany")]
pub struct Template(Vec<Vec<Part>>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Literal(String),
    Column(String),
}

#[derive(Deserialize)]
#[serde(untagged)]
enum OneOrMany {
    One(String),
    Many(Vec<String>),
}

impl TryFrom<OneOrMany> for Template {
    type Error = String;
    fn try_from(texts: OneOrMany) -> Result<Self, Self::Error> {
        let texts = match texts {
            OneOrMany::One(text) => vec![text],
            OneOrMany::Many(texts) => texts,
        };
        texts.iter().map(|text| parse(text)).collect::<Result<_, _>>().map(Self)
    }
}

impl Template {
    /// The first text that can be filled from `row`.
    #[must_use]
    pub fn fill(&self, row: &Row<'_>) -> Option<String> {
        self.0.iter().find_map(|parts| fill(parts, row))
    }

    /// The columns it reads.
    pub fn columns(&self) -> impl Iterator<Item = &str> {
        self.0.iter().flatten().filter_map(|part| match part {
            Part::Column(name) => Some(name.as_str()),
            Part::Literal(_) => None,
        })
    }
}

fn fill(parts: &[Part], row: &Row<'_>) -> Option<String> {
    let mut text = String::new();
    for part in parts {
        match part {
            Part::Literal(literal) => text.push_str(literal),
            Part::Column(name) => match row.cell(name) {
                "" => return None,
                cell => text.push_str(cell),
            },
        }
    }
    Some(text)
}

/// Reads `literal {column} literal`; there is no escape for braces, and no header we met needs one.
fn parse(text: &str) -> Result<Vec<Part>, String> {
    let mut parts = Vec::new();
    let mut rest = text;
    while let Some((literal, after)) = rest.split_once('{') {
        let (name, after) =
            after.split_once('}').ok_or_else(|| format!("`{text}` has a `{{` without its `}}`"))?;
        if !literal.is_empty() {
            parts.push(Part::Literal(literal.to_owned()));
        }
        parts.push(Part::Column(name.to_owned()));
        rest = after;
    }
    if !rest.is_empty() {
        parts.push(Part::Literal(rest.to_owned()));
    }
    Ok(parts)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::profile::row::{Blank, Header};

    fn filled(texts: &[&str], cells: &[&str]) -> Option<String> {
        let template =
            Template::try_from(OneOrMany::Many(texts.iter().map(ToString::to_string).collect())).unwrap();
        let header = Header::new(["a", "b"].into_iter());
        let record = csv::StringRecord::from(cells.to_vec());
        template.fill(&Row::new(&header, &Blank::default(), &record))
    }

    #[test]
    fn the_first_text_that_can_be_filled_is_taken() {
        assert_eq!(filled(&["{a}: {b}", "{a}"], &["x", "y"]).as_deref(), Some("x: y"));
        assert_eq!(filled(&["{a}: {b}", "{a}"], &["x", ""]).as_deref(), Some("x"));
        assert_eq!(filled(&["{a}: {b}", "{a}"], &["", "y"]), None);
        assert_eq!(filled(&["{a}", ""], &["", "y"]).as_deref(), Some(""));
    }

    #[test]
    fn an_open_brace_is_refused_with_the_text() {
        assert_eq!(parse("{a").unwrap_err(), "`{a` has a `{` without its `}`");
    }
}

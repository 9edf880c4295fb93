//! What of a text is shown of a hit: pieces, some of which are words that were looked for. All pieces joined are the text.

use std::{collections::HashSet, ops::Range};

use super::words::{self, Folded, Run};

/// Characters of the body that are shown.
pub const SNIPPET: usize = 160;
/// Of these, before the first match.
const BEFORE: usize = 30;

/// A piece of text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Segment {
    /// The piece.
    pub text: String,
    /// It is a word that was looked for.
    pub matched: bool,
}

/// The whole text in pieces.
#[must_use]
pub fn whole(text: &str, lexemes: &HashSet<String>) -> Vec<Segment> {
    let chars: Vec<char> = text.chars().collect();
    segments(&chars, &matches(text, lexemes), 0..chars.len())
}

/// At most [`SNIPPET`] characters around the first match, or the beginning.
#[must_use]
pub fn snippet(text: &str, lexemes: &HashSet<String>) -> Vec<Segment> {
    let chars: Vec<char> = text.chars().collect();
    let matches = matches(text, lexemes);
    let first = matches.first().map_or(0, |range| range.start);
    let latest = chars.len().saturating_sub(SNIPPET);
    let start = first.saturating_sub(BEFORE).min(latest);
    segments(&chars, &matches, start..chars.len().min(start + SNIPPET))
}

/// Where words that were looked for stand, in characters, in order and apart.
fn matches(text: &str, lexemes: &HashSet<String>) -> Vec<Range<usize>> {
    let folded = words::fold(text);
    let (sought, mut found) = (Sought::of(lexemes), Vec::new());
    for run in words::runs(&folded) {
        match run {
            Run::Letters(run) if lexemes.contains(&words::letters(&words::joined(run)).lexeme) => {
                found.extend(range(run));
            }
            Run::Letters(_) => {}
            Run::Han(run) => sought.all(run, &mut found),
        }
    }
    found
}

/// Words that are looked for in Han text, and what tells most places apart from them without looking.
struct Sought<'a> {
    lexemes: &'a HashSet<String>,
    firsts: HashSet<char>,
    longest: usize,
}

impl<'a> Sought<'a> {
    fn of(lexemes: &'a HashSet<String>) -> Self {
        let firsts = lexemes.iter().filter_map(|lexeme| lexeme.chars().next()).collect();
        let longest = lexemes.iter().map(|lexeme| lexeme.chars().count()).max().unwrap_or(0);
        Self { lexemes, firsts, longest }
    }

    /// The longest word at the beginning of `rest`.
    fn at<'b>(&self, rest: &'b [Folded]) -> Option<&'b [Folded]> {
        rest.first().filter(|first| self.firsts.contains(&first.char))?;
        let lengths = (1..=self.longest.min(rest.len())).rev();
        let mut words = lengths.filter_map(|length| rest.get(..length));
        words.find(|word| self.lexemes.contains(&words::joined(word)))
    }

    /// The words in a run, wherever they begin, apart from each other.
    fn all(&self, mut rest: &[Folded], found: &mut Vec<Range<usize>>) {
        while !rest.is_empty() {
            let word = self.at(rest);
            found.extend(word.and_then(range));
            rest = rest.get(word.map_or(1, <[Folded]>::len)..).unwrap_or_default();
        }
    }
}

fn range(run: &[Folded]) -> Option<Range<usize>> {
    Some(run.first()?.at..run.last()?.at + 1)
}

fn segments(chars: &[char], matches: &[Range<usize>], shown: Range<usize>) -> Vec<Segment> {
    let mut segments = Vec::new();
    let mut push = |range: Range<usize>, matched| {
        if range.start < range.end {
            segments.push(Segment { text: chars[range].iter().collect(), matched });
        }
    };
    let mut at = shown.start;
    for found in matches {
        let (start, end) = (found.start.max(at), found.end.min(shown.end));
        if start < end {
            push(at..start, false);
            push(start..end, true);
            at = end;
        }
    }
    push(at..shown.end, false);
    segments
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn lexemes(words: &[&str]) -> HashSet<String> {
        words.iter().map(ToString::to_string).collect()
    }

    fn marked(segments: &[Segment]) -> Vec<&str> {
        segments.iter().filter(|segment| segment.matched).map(|segment| segment.text.as_str()).collect()
    }

    #[test]
    fn words_of_both_languages_are_marked_as_they_are_written() {
        let segments = whole("您的宽带ＲＯＵＴＥＲＳ需要重启", &lexemes(&["宽带", "router"]));

        assert_eq!(marked(&segments), ["宽带", "ＲＯＵＴＥＲＳ"]);
    }

    #[test]
    fn a_snippet_begins_a_little_before_the_first_match() {
        let text = format!("{}needle{}", "x ".repeat(200), " y".repeat(200));

        let segments = snippet(&text, &lexemes(&["needl"]));

        assert_eq!(marked(&segments), ["needle"]);
        assert_eq!(segments[0].text.chars().count(), BEFORE);
        assert_eq!(segments.iter().map(|segment| segment.text.chars().count()).sum::<usize>(), SNIPPET);
    }

    #[test]
    fn without_a_match_the_beginning_is_shown() {
        assert_eq!(
            snippet("short", &lexemes(&["nothing"])),
            [Segment { text: "short".into(), matched: false }]
        );
        assert!(snippet("", &lexemes(&[])).is_empty());
    }

    proptest! {
        #[test]
        fn all_pieces_joined_are_the_text(text in "[a-c宽带网 'é㎡.]{0,40}", words in proptest::collection::hash_set("[a-c宽带]{1,2}", 0..6)) {
            let joined: String = whole(&text, &words).into_iter().map(|segment| segment.text).collect();

            prop_assert_eq!(joined, text);
        }
    }
}

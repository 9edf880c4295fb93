//! How a query becomes what PostgreSQL looks for: which of its words count, and what they stand for.
//!
//! A word that articles have stands for itself, or for all the shorter words within it. One that none has stands for
//! the known words within it, or, if it is English, for what it may be a misspelling of; else nothing is found with
//! all words. Of more than [`MOST_TERMS`] terms the rarest count. Where no article has them all, candidates are those
//! with any of the rarest: common words alone would bring half the knowledge base to be ranked, and say the least.

use std::collections::{HashMap, HashSet};

use super::{
    index::quoted,
    ranking,
    typo::Known,
    words::{self, Word},
};

/// Terms of one query that count.
pub const MOST_TERMS: usize = 32;
/// Articles that are ranked for one query.
pub const MOST_CANDIDATES: usize = 500;

/// What the vocabulary knows of a query's words.
#[derive(Debug, Clone, Default)]
pub struct Knowledge {
    /// Articles that are searched.
    pub all_articles: i64,
    /// Articles by lexeme; without an entry none has it.
    pub articles: HashMap<String, i64>,
    /// What a word that no article has may be a misspelling of, nearest first.
    pub taken_for: HashMap<String, Vec<Known>>,
}

/// Something that is looked for.
#[derive(Debug, Clone, PartialEq)]
pub struct Term {
    /// As a `tsquery`.
    pub query: String,
    /// Articles that have it, at most.
    pub articles: i64,
    /// Its weight in the coverage.
    pub rarity: f64,
    lexemes: Vec<String>,
}

/// What PostgreSQL looks for.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    /// Articles with all terms; `None` when one is known to be in none.
    pub all: Option<String>,
    /// Articles with any of the rarest terms.
    pub rarest: String,
    /// Articles with any term.
    pub any: String,
    /// The terms, rarest first.
    pub terms: Vec<Term>,
}

impl Plan {
    /// The lexemes that are looked for, for the marks in texts.
    #[must_use]
    pub fn lexemes(&self) -> HashSet<String> {
        self.terms.iter().flat_map(|term| term.lexemes.iter().cloned()).collect()
    }
}

/// The words of a query, each once.
#[must_use]
pub fn ask(query: &str) -> Vec<Word> {
    let mut seen = HashSet::new();
    words::cut(query).into_iter().filter(|word| seen.insert(word.lexeme.clone())).collect()
}

/// Makes the plan; `None` when no word is known.
#[must_use]
pub fn plan(words: &[Word], knowledge: &Knowledge) -> Option<Plan> {
    let mut terms: Vec<Term> = Vec::new();
    let mut all_known = true;
    for word in words {
        let (found, complete) = terms_of(word, knowledge);
        all_known &= complete;
        for term in found {
            if terms.iter().all(|known| known.query != term.query) {
                terms.push(term);
            }
        }
    }
    terms.sort_by_key(|term| term.articles);
    terms.truncate(MOST_TERMS);
    if terms.is_empty() {
        return None;
    }
    let join = |terms: &[Term], operator: &str| {
        terms.iter().map(|term| term.query.as_str()).collect::<Vec<_>>().join(operator)
    };
    Some(Plan {
        all: all_known.then(|| join(&terms, " & ")),
        rarest: join(rarest(&terms), " | "),
        any: join(&terms, " | "),
        terms,
    })
}

/// The first term, and more while they add no more candidates than are ranked.
fn rarest(terms: &[Term]) -> &[Term] {
    let most = i64::try_from(MOST_CANDIDATES).unwrap_or(i64::MAX);
    let mut sum = 0;
    let fits = |term: &&Term| {
        sum += term.articles;
        sum <= most
    };
    let count = terms.iter().take_while(fits).count().max(1);
    terms.get(..count).unwrap_or(terms)
}

/// The terms that a word stands for, and whether articles may have all of it.
fn terms_of(word: &Word, knowledge: &Knowledge) -> (Vec<Term>, bool) {
    let articles = |lexeme: &String| knowledge.articles.get(lexeme).copied().unwrap_or(0);
    let term = |query: String, articles: i64, lexemes: Vec<String>| {
        let rarity = ranking::rarity(knowledge.all_articles, articles);
        Term { query, articles, rarity, lexemes }
    };
    let known: Vec<_> = word.parts.iter().filter(|part| articles(part) > 0).collect();
    let all_parts = !known.is_empty() && known.len() == word.parts.len();
    let count = articles(&word.lexeme);
    if count > 0 {
        let mut lexemes = vec![word.lexeme.clone()];
        let mut query = quoted(&word.lexeme);
        if all_parts {
            let parts: Vec<_> = known.iter().map(|part| quoted(part)).collect();
            query = format!("({query} | ({}))", parts.join(" & "));
            lexemes.extend(word.parts.iter().cloned());
        }
        return (vec![term(query, count, lexemes)], true);
    }
    if !known.is_empty() {
        let terms = known.into_iter().map(|part| term(quoted(part), articles(part), vec![part.clone()]));
        return (terms.collect(), all_parts);
    }
    let Some(near) = knowledge.taken_for.get(&word.text).filter(|near| !near.is_empty()) else {
        return (vec![], false);
    };
    let lexemes: Vec<_> = near.iter().map(|known| known.lexeme.clone()).collect();
    let query = lexemes.iter().map(|lexeme| quoted(lexeme)).collect::<Vec<_>>().join(" | ");
    (vec![term(format!("({query})"), near.iter().map(|known| known.articles).sum(), lexemes)], true)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn knowledge(articles: &[(&str, i64)]) -> Knowledge {
        let articles = articles.iter().map(|(lexeme, count)| ((*lexeme).to_owned(), *count)).collect();
        Knowledge { all_articles: 10_000, articles, taken_for: HashMap::new() }
    }

    fn planned(query: &str, knowledge: &Knowledge) -> Plan {
        plan(&ask(query), knowledge).unwrap()
    }

    #[test]
    fn all_known_words_are_looked_for_rarest_first() {
        let plan = planned("宽带 routers", &knowledge(&[("宽带", 400), ("router", 7)]));

        assert_eq!(plan.all.as_deref(), Some("'router' & '宽带'"));
        assert_eq!(plan.any, "'router' | '宽带'");
        assert!(plan.terms[0].rarity > plan.terms[1].rarity);
    }

    #[test]
    fn a_long_word_is_also_the_words_within_it() {
        let parts = [("中国", 5), ("科学", 6), ("学院", 7), ("科学院", 4)];

        let known = planned("中国科学院", &knowledge(&[&parts[..], &[("中国科学院", 2)]].concat()));
        let unknown = planned("中国科学院", &knowledge(&parts));
        let in_part = planned("中国科学院", &knowledge(&parts[..1]));

        let within = "('中国科学院' | ('中国' & '科学' & '学院' & '科学院'))";
        assert_eq!(known.all.as_deref(), Some(within));
        assert_eq!(unknown.all.as_deref(), Some("'科学院' & '中国' & '科学' & '学院'"));
        assert_eq!((in_part.all, in_part.any.as_str()), (None, "'中国'"));
    }

    #[test]
    fn an_unknown_word_stands_for_what_it_may_be_a_misspelling_of() {
        let near = Known { word: "router".into(), lexeme: "router".into(), articles: 3 };
        let mut knowledge = knowledge(&[("slow", 9)]);
        knowledge.taken_for.insert("rouetr".into(), vec![near]);

        let corrected = planned("slow rouetr", &knowledge);

        assert_eq!(corrected.all.as_deref(), Some("('router') & 'slow'"));
        assert_eq!(planned("slow xyzzy", &knowledge).all, None);
        assert_eq!(plan(&ask("xyzzy"), &knowledge), None);
    }

    #[test]
    fn any_word_begins_at_the_rarest_and_stops_before_too_many() {
        let plan =
            planned("alpha beta gamma", &knowledge(&[("alpha", 300), ("beta", 100), ("gamma", 5_000)]));

        assert_eq!(plan.rarest, "'beta' | 'alpha'");
        let common = planned("gamma", &knowledge(&[("gamma", 5_000)]));
        assert_eq!(common.rarest, "'gamma'");
    }

    #[test]
    fn of_a_long_query_the_rarest_words_count() {
        let words: Vec<_> = (0..60).map(|nr| format!("w{nr}x")).collect();
        let known: Vec<_> =
            words.iter().enumerate().map(|(nr, word)| (word.as_str(), 100 - nr as i64)).collect();

        let plan = planned(&words.join(" "), &knowledge(&known));

        assert_eq!(plan.terms.len(), MOST_TERMS);
        assert_eq!(plan.terms[0].query, "'w59x'");
    }
}

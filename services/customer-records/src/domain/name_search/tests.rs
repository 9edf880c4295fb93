//! What finds what, and that whatever fits by rank is found by token.

use proptest::prelude::*;

use super::*;
use crate::domain::vault::KeyRing;

fn key() -> BlindKey {
    KeyRing::parse(&KeyRing::new_file().unwrap()).unwrap().blind().clone()
}

/// Whether the tokens of the query find the name.
fn finds(query: &NameQuery, name: &str, key: &BlindKey) -> bool {
    let kept = tokens(name, key);
    let has = |token: &i64| kept.contains(token);
    let fuzzy = query.fuzzy(key);
    has(&query.whole(key))
        || query.prefix(key).iter().all(has)
        || query.joined(key).is_some_and(|token| has(&token))
        || (!fuzzy.is_empty() && fuzzy.iter().all(|group| group.iter().any(has)))
}

#[test]
fn a_name_is_found_by_characters_reading_initials_and_words() {
    let key = key();
    let cases = [
        ("王小明", "王小明", Fit::Whole),
        ("王小明", "王小", Fit::Prefix),
        ("王小明", "王", Fit::Prefix),
        ("王小明", "wangxiaoming", Fit::Whole),
        ("王小明", "Wang Xiaoming", Fit::Whole),
        ("王小明", "wangxiao", Fit::Prefix),
        ("王小明", "wxm", Fit::Initials),
        ("王小明", "ＷＸＭ", Fit::Initials),
        ("单雄信", "shanxiongxin", Fit::Whole),
        ("单雄信", "sxx", Fit::Initials),
        ("单雄信", "danxiongxin", Fit::Whole),
        ("曾国藩", "zgf", Fit::Initials),
        ("尉迟恭", "yuchigong", Fit::Whole),
        ("吕布", "lvbu", Fit::Whole),
        ("John Smith", "john smith", Fit::Whole),
        ("John Smith", "smi", Fit::Prefix),
        ("John Smith", "smith john", Fit::Prefix),
        ("José Núñez", "jose nunez", Fit::Whole),
        ("John Smith", "Jhon Smiht", Fit::Fuzzy(std::cmp::Reverse(2))),
        ("王小明", "wangxaoming", Fit::Fuzzy(std::cmp::Reverse(1))),
        ("王小明", "王晓明", Fit::Fuzzy(std::cmp::Reverse(0))),
    ];

    for (name, typed, fit) in cases {
        let query = NameQuery::parse(typed).unwrap();
        assert_eq!(query.fit(name), Some(fit), "{typed} for {name}");
        assert!(finds(&query, name, &key), "{typed} for {name}");
    }
}

#[test]
fn what_is_too_short_or_another_name_finds_nobody() {
    for typed in ["", " ", "j", "-", "。"] {
        assert_eq!(NameQuery::parse(typed).err(), Some(QueryTooShort), "{typed:?}");
    }
    for (name, typed) in
        [("王小明", "李小明"), ("John Smith", "Joan Smythe"), ("Li Na", "Lo Na"), ("王小明", "wxh")]
    {
        assert_eq!(NameQuery::parse(typed).unwrap().fit(name), None, "{typed} for {name}");
    }
}

#[test]
fn a_better_fit_is_greater() {
    use std::cmp::Reverse;
    let worst_first =
        [Fit::Fuzzy(Reverse(2)), Fit::Fuzzy(Reverse(1)), Fit::Initials, Fit::Prefix, Fit::Whole];

    assert!(worst_first.is_sorted());
}

proptest! {
    #[test]
    fn one_typing_error_in_a_long_word_still_finds(word in "[a-z]{4,12}", place in 0_usize..12, kind in 0..4, letter in "[a-z]") {
        let mut letters: Vec<char> = word.chars().collect();
        let place = place % letters.len();
        let letter = letter.chars().next().unwrap();
        match kind {
            0 => letters[place] = letter,
            1 => letters.insert(place, letter),
            2 => { letters.remove(place); }
            _ => if place > 0 { letters.swap(place - 1, place) },
        }
        let typed: String = letters.into_iter().collect();
        prop_assume!(typed.len() >= FUZZY_FROM);
        let query = NameQuery::parse(&typed).unwrap();

        prop_assert!(query.fit(&word).is_some());
        prop_assert!(finds(&query, &word, &key()));
    }

    #[test]
    fn no_name_breaks_the_tokens(name in "\\PC{0,40}") {
        let all = tokens(&name, &key());
        prop_assert!(all.len() < 1_000);
    }
}

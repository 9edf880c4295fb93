//! What is wrong with a drafted tree as a whole: all of it, each with the place where it stands.

use std::collections::{HashMap, HashSet};

use super::Category;

/// Categories of a version at most.
pub const MOST_CATEGORIES: usize = 5_000;
/// Levels of a tree at most.
pub const MOST_LEVELS: usize = 8;

/// What is wrong with one category.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Flaw {
    /// Its code came before.
    #[error("came before in the tree")]
    Duplicate,
    /// There is no category of its parent's code.
    #[error("is no code of the tree")]
    ParentUnknown,
    /// It is above itself.
    #[error("leads back to the category itself")]
    Cycle,
    /// It stands too deep.
    #[error("stands deeper than {MOST_LEVELS} levels")]
    TooDeep,
}

impl Flaw {
    /// The field that it is about.
    #[must_use]
    pub const fn field(self) -> &'static str {
        match self {
            Self::Duplicate => "code",
            Self::ParentUnknown | Self::Cycle | Self::TooDeep => "parent",
        }
    }

    /// A constant for programs.
    #[must_use]
    pub const fn reason(self) -> &'static str {
        match self {
            Self::Duplicate => "DUPLICATE",
            Self::ParentUnknown => "PARENT_UNKNOWN",
            Self::Cycle => "CYCLE",
            Self::TooDeep => "TOO_DEEP",
        }
    }
}

/// All flaws with the index of their category, in order. Fills the paths of the categories; of a tree with flaws they mean
/// nothing.
pub fn check(categories: &mut [Category]) -> Vec<(usize, Flaw)> {
    let mut flaws = Vec::new();
    let mut seen = HashSet::new();
    for (nr, category) in categories.iter().enumerate() {
        if !seen.insert(category.code.as_str()) {
            flaws.push((nr, Flaw::Duplicate));
        }
    }
    let parents: HashMap<String, Option<String>> =
        categories.iter().rev().map(|c| (c.code.clone(), c.parent.clone())).collect();
    for (nr, category) in categories.iter_mut().enumerate() {
        match path(category, &parents) {
            Ok(path) => category.path = path,
            Err(flaw) => flaws.push((nr, flaw)),
        }
    }
    flaws.sort_by_key(|(nr, _)| *nr);
    flaws
}

/// The codes from the top down. A parent that is unknown is a flaw of its child alone, not of all below.
fn path(category: &Category, parents: &HashMap<String, Option<String>>) -> Result<Vec<String>, Flaw> {
    let mut path = vec![category.code.clone()];
    let mut above = category.parent.clone();
    let mut steps = 0;
    while let Some(code) = above {
        let Some(next) = parents.get(&code) else {
            return if steps == 0 { Err(Flaw::ParentUnknown) } else { Ok(path) };
        };
        if code == category.code {
            return Err(Flaw::Cycle);
        }
        steps += 1;
        // A walk longer than the tree goes round in a cycle above, which is the flaw of those in it.
        if steps > parents.len() {
            return Ok(path);
        }
        if path.len() <= MOST_LEVELS {
            path.insert(0, code);
        }
        above = next.clone();
    }
    if path.len() > MOST_LEVELS { Err(Flaw::TooDeep) } else { Ok(path) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn category(code: &str, parent: &str) -> Category {
        Category {
            code: code.into(),
            parent: (!parent.is_empty()).then(|| parent.into()),
            path: Vec::new(),
            display_name_zh: None,
            display_name_en: Some(code.into()),
            kinds: Vec::new(),
            retired: false,
            default_severity: None,
        }
    }

    #[test]
    fn every_flaw_is_told_at_its_place() {
        let mut tree = vec![
            category("a", ""),
            category("a", ""),
            category("b", "nowhere"),
            category("c", "d"),
            category("d", "c"),
            category("e", "e"),
            category("under-b", "b"),
            category("under-c", "c"),
        ];

        let flaws = check(&mut tree);

        let expected = [
            (1, Flaw::Duplicate),
            (2, Flaw::ParentUnknown),
            (3, Flaw::Cycle),
            (4, Flaw::Cycle),
            (5, Flaw::Cycle),
        ];
        assert_eq!(flaws, expected);
    }

    #[test]
    fn eight_levels_are_taken_and_the_ninth_refused() {
        let mut tree: Vec<_> = (0..9)
            .map(|nr: i32| {
                category(&format!("l{nr}"), &if nr == 0 { String::new() } else { format!("l{}", nr - 1) })
            })
            .collect();

        assert_eq!(check(&mut tree), [(8, Flaw::TooDeep)]);
        assert_eq!(tree[7].path.len(), 8);
        assert_eq!(tree[2].path, ["l0", "l1", "l2"]);
    }

    proptest! {
        /// Whatever parents are chosen: a tree without flaws has paths that end in itself and begin at a top.
        #[test]
        fn a_tree_without_flaws_has_true_paths(parents in proptest::collection::vec(0usize..12, 1..12)) {
            let mut tree: Vec<_> = parents.iter().enumerate().map(|(nr, parent)| {
                category(&format!("c{nr}"), &if *parent == nr { String::new() } else { format!("c{parent}") })
            }).collect();

            if check(&mut tree).is_empty() {
                for category in &tree {
                    prop_assert_eq!(category.path.last(), Some(&category.code));
                    let above: Vec<_> = category.path.iter().rev().nth(1).cloned().into_iter().collect();
                    prop_assert_eq!(category.parent.clone().into_iter().collect::<Vec<_>>(), above);
                    let top = tree.iter().find(|other| Some(&other.code) == category.path.first());
                    prop_assert_eq!(top.map(|top| top.parent.clone()), Some(None));
                }
            }
        }
    }
}

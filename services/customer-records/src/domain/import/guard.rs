//! Cells that a spreadsheet would take for a formula (CSV injection): written with an apostrophe before, read without.
//!
//! Exactly reversible: an apostrophe is put before every text that begins with a sign of a formula, or with apostrophes and
//! then one; and one is taken away from exactly these.

const SIGNS: &[char] = &['=', '+', '-', '@', '\t', '\r', '＝', '＋', '－', '＠'];

/// The text as it may stand in a CSV file.
#[must_use]
pub fn guarded(text: &str) -> String {
    if text.trim_start_matches('\'').starts_with(SIGNS) { format!("'{text}") } else { text.to_owned() }
}

/// The text of a cell.
#[must_use]
pub fn unguarded(cell: &str) -> &str {
    match cell.strip_prefix('\'') {
        Some(rest) if rest.trim_start_matches('\'').starts_with(SIGNS) => rest,
        _ => cell,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn no_cell_begins_a_formula_and_all_read_back(text in "['=+@a＝-]{0,6}") {
            let cell = guarded(&text);

            prop_assert!(!cell.starts_with(SIGNS));
            prop_assert_eq!(unguarded(&cell), text);
        }
    }
}

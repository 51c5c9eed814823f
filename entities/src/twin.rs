//! Names as people compare them: whether two are the same, or nearly; which of those that are there are, and which pairs
//! of them somebody has yet to tell apart.

mod index;
mod pairs;

pub use index::{Index, Known};
pub use pairs::{
    ProductTwinQuery, SupplierTwinQuery, ToldApart, Twin, TwinFilter, TwinReason, TwinSide, Twinned, TwinsFound, list,
    of_product, of_supplier, tell_apart,
};

/// Words at the end of a company's name that say what kind of company it is, as [`compared`] leaves them.
const LEGAL_FORMS: [&str; 16] = [
    "ltd",
    "limited",
    "plc",
    "llp",
    "lp",
    "cic",
    "cio",
    "inc",
    "incorporated",
    "llc",
    "corp",
    "corporation",
    "gmbh",
    "co",
    "company",
    "bv",
];

/// A name as people compare it: small letters, without marks, with `and` for `&`, without what says which kind of
/// company it is (`Ltd`, `Limited`, `plc`), a space between words. Never empty for a name that is not: one of nothing
/// but marks is compared as it stands.
#[must_use]
pub fn compared(name: &str) -> String {
    let mut plain = String::with_capacity(name.len());
    for letter in name.chars().flat_map(char::to_lowercase) {
        match letter {
            '&' | '+' => plain.push_str(" and "),
            // Inside a word: O'Neill, St. Mary's, A.B.C.
            '\'' | '\u{2019}' | '\u{2018}' | '`' | '.' => {}
            letter if letter.is_alphanumeric() => plain.push(letter),
            _ => plain.push(' '),
        }
    }
    let mut words: Vec<&str> = plain.split_whitespace().collect();
    if words.len() > 1 && words.first() == Some(&"the") {
        words.remove(0);
    }
    while words.len() > 1 && words.last().is_some_and(|word| LEGAL_FORMS.contains(word)) {
        words.pop();
    }
    if words.is_empty() { name.trim().to_lowercase() } else { words.join(" ") }
}

/// Words at the end of a name that say little, as [`compared`] leaves them.
const GENERAL: [&str; 12] = [
    "services",
    "service",
    "solutions",
    "group",
    "holdings",
    "uk",
    "gb",
    "europe",
    "international",
    "systems",
    "software",
    "technologies",
];

/// The words of a name without the general ones at its end.
fn core(name: &str) -> Vec<&str> {
    let mut words: Vec<&str> = name.split(' ').collect();
    while words.len() > 1 && words.last().is_some_and(|word| GENERAL.contains(word)) {
        words.pop();
    }
    words
}

/// From how many letters on two names are near that differ by one.
const NEAR_BY_ONE: usize = 8;
/// From how many letters on two names are near that differ by two.
const NEAR_BY_TWO: usize = 16;

/// Whether two names, both [`compared`] and not the same, are so near that somebody has to say whether they are one:
/// but for one letter in long names, the order of their words, a place where it is, or a general word at the end
/// (`Harbour Linen` and `Harbour Linen Services UK`).
#[must_use]
pub fn is_near(one: &str, other: &str) -> bool {
    if one == other {
        return false;
    }
    let (mut first, mut second) = (core(one), core(other));
    if first == second && (first.len() > 1 || first[0].chars().count() >= 6) {
        return true;
    }
    first.sort_unstable();
    second.sort_unstable();
    if first == second && first.len() > 1 {
        return true;
    }
    let (length, distance) = (one.chars().count().min(other.chars().count()), strsim::damerau_levenshtein(one, other));
    // In short names a letter is another company, and so is a number.
    let digits = |name: &str| name.chars().filter(char::is_ascii_digit).collect::<String>();
    digits(one) == digits(other) && (length >= NEAR_BY_ONE && distance == 1 || length >= NEAR_BY_TWO && distance == 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_compared_as_people_do() {
        for (name, expected) in [
            ("Harbour Linen Ltd", "harbour linen"),
            ("HARBOUR  LINEN LIMITED.", "harbour linen"),
            ("The Harbour Linen Company", "harbour linen"),
            ("Smith & Sons plc", "smith and sons"),
            ("Smith and Sons", "smith and sons"),
            ("St. Mary's", "st marys"),
            ("Ltd", "ltd"),
            ("The", "the"),
            ("!!!", "!!!"),
        ] {
            assert_eq!(compared(name), expected, "{name}");
        }
    }

    #[test]
    fn names_are_near_but_for_a_letter_an_order_or_a_general_word() {
        for (one, other) in [
            ("harbour linen", "harbour linen services uk"),
            ("harbour linen", "linen harbour"),
            ("harbour linen", "harbuor linen"),
            ("tidal care software", "tidal care sofware"),
            ("northumberland laundries", "northumberlnd laundies"),
        ] {
            assert!(is_near(one, other) && is_near(other, one), "{one} and {other}");
        }
        for (one, other) in [
            ("harbour linen", "harbour linen"),
            ("acme", "acne"),
            ("care home 1 leeds", "care home 2 leeds"),
            ("harbour linen", "harbour laundry"),
            ("bt", "bt group"),
        ] {
            assert!(!is_near(one, other) && !is_near(other, one), "{one} and {other}");
        }
    }
}

//! Names as people compare them: whether two are the same, or nearly; which of those that are there are, and which pairs
//! of them somebody has yet to tell apart.

mod index;
mod pairs;

pub use index::{Index, Known};
pub use pairs::{
    ProductTwinQuery, SupplierTwinQuery, ToldApart, Twin, TwinFilter, TwinReason, TwinSide, Twinned, TwinsFound, list,
    namesakes_of_product, namesakes_of_supplier, of_product, of_supplier, tell_apart,
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
    one != other && (slips(one, other).is_some() || is_of_the_same_words(one, other))
}

/// Whether two names are of the same words, in whatever order, but for general ones at the end.
fn is_of_the_same_words(one: &str, other: &str) -> bool {
    let (mut first, mut second) = (core(one), core(other));
    if first.len() == 1 {
        return first == second && first.iter().all(|word| word.chars().count() >= 6);
    }
    first.sort_unstable();
    second.sort_unstable();
    first == second
}

/// By how many letters two names differ that are near for it, one or two. In short names a letter is another company,
/// and so is a number in any: what costs least is asked first, as most names that are looked at are another.
fn slips(one: &str, other: &str) -> Option<usize> {
    // Two letters more are eight bytes at the most.
    if one.len().abs_diff(other.len()) > 8 || !digits(one).eq(digits(other)) {
        return None;
    }
    if one.is_ascii() && other.is_ascii() {
        return slips_of(one.as_bytes(), other.as_bytes());
    }
    let letters = |name: &str| name.chars().collect::<Vec<char>>();
    slips_of(&letters(one), &letters(other))
}

fn digits(name: &str) -> impl Iterator<Item = u8> + '_ {
    name.bytes().filter(u8::is_ascii_digit)
}

fn slips_of<T: PartialEq>(one: &[T], other: &[T]) -> Option<usize> {
    let most = match one.len().min(other.len()) {
        NEAR_BY_TWO.. => 2,
        NEAR_BY_ONE.. => 1,
        _ => return None,
    };
    (1..=most).find(|most| differ_at_most(one, other, *most))
}

/// Whether one becomes the other by at most so many letters added, left out, changed or swapped with their neighbour;
/// up to two, which takes hardly more than a look at each letter.
fn differ_at_most<T: PartialEq>(one: &[T], other: &[T], most: usize) -> bool {
    let alike = one.iter().zip(other).take_while(|(one, other)| one == other).count();
    let (one, other) = (&one[alike..], &other[alike..]);
    let alike = one.iter().rev().zip(other.iter().rev()).take_while(|(one, other)| one == other).count();
    let (one, other) = (&one[..one.len() - alike], &other[..other.len() - alike]);
    if one.is_empty() || other.is_empty() || most == 0 || one.len().abs_diff(other.len()) > most {
        return one.len().max(other.len()) <= most;
    }
    let less = most - 1;
    let is_swapped = |apart: usize, beside: usize| {
        one.get(apart).is_some_and(|letter| *letter == other[0]) && other.get(beside) == one.first()
    };
    differ_at_most(&one[1..], &other[1..], less)
        || differ_at_most(&one[1..], other, less)
        || differ_at_most(one, &other[1..], less)
        || is_swapped(1, 1) && differ_at_most(&one[2..], &other[2..], less)
        // Swapped, and a letter added or left out between them.
        || most >= 2 && is_swapped(1, 2) && differ_at_most(&one[2..], &other[3..], most - 2)
        || most >= 2 && is_swapped(2, 1) && differ_at_most(&one[3..], &other[2..], most - 2)
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

    #[test]
    fn letters_that_differ_are_counted_as_the_full_reckoning_counts_them() {
        let mut texts: Vec<String> = vec![String::new()];
        for length in 0..5_u32 {
            for number in 0..3_u32.pow(length) {
                texts.push((0..length).map(|at| ["a", "b", "c"][(number / 3_u32.pow(at) % 3) as usize]).collect());
            }
        }
        for one in &texts {
            for other in &texts {
                let distance = strsim::damerau_levenshtein(one, other);
                for most in 0..=2 {
                    let found = differ_at_most(one.as_bytes(), other.as_bytes(), most);
                    assert_eq!(found, distance <= most, "{one:?} and {other:?} by {most}");
                }
            }
        }
    }
}

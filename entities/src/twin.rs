//! Names as people compare them: whether two are the same, or nearly.

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

/// Whether two names, both [`compared`] and not the same, are so near that somebody has to say whether they are one:
/// but for one letter in long names, the order of their words, a place where it is, or a general word at the end
/// (`Harbour Linen` and `Harbour Linen Services UK`).
#[must_use]
pub fn is_near(one: &str, other: &str) -> bool {
    if one == other {
        return false;
    }
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
    let core = |name: &str| -> Vec<String> {
        let mut words: Vec<String> = name.split(' ').map(str::to_owned).collect();
        while words.len() > 1 && words.last().is_some_and(|word| GENERAL.contains(&word.as_str())) {
            words.pop();
        }
        words
    };
    let (mut first, mut second) = (core(one), core(other));
    if first == second && (first.len() > 1 || first[0].chars().count() >= 6) {
        return true;
    }
    first.sort();
    second.sort();
    if first == second && first.len() > 1 {
        return true;
    }
    let (length, distance) = (one.chars().count().min(other.chars().count()), strsim::damerau_levenshtein(one, other));
    // In short names a letter is another company, and so is a number.
    let digits = |name: &str| name.chars().filter(char::is_ascii_digit).collect::<String>();
    digits(one) == digits(other) && (length >= 8 && distance == 1 || length >= 16 && distance == 2)
}

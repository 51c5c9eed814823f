//! Countries as people write them: by name, by two letters or by three.

use std::{collections::HashMap, sync::LazyLock};

use super::words::fold;

/// Two letters, three letters and a name, one country a line. The names and the two letters are those of the public
/// domain's time zone database (`iso3166.tab`).
const TABLE: &str = include_str!("countries.txt");

/// What people write besides the names of the table, folded.
const ALSO: &[(&str, &str)] = &[
    ("uk", "GB"),
    ("gb", "GB"),
    ("united kingdom", "GB"),
    ("the united kingdom", "GB"),
    ("united kingdom of great britain and northern ireland", "GB"),
    ("great britain", "GB"),
    ("england", "GB"),
    ("scotland", "GB"),
    ("wales", "GB"),
    ("northern ireland", "GB"),
    ("england and wales", "GB"),
    ("england wales", "GB"),
    ("us", "US"),
    ("usa", "US"),
    ("america", "US"),
    ("united states of america", "US"),
    ("the united states", "US"),
    ("republic of ireland", "IE"),
    ("eire", "IE"),
    ("éire", "IE"),
    ("holland", "NL"),
    ("the netherlands", "NL"),
    ("czechia", "CZ"),
    ("türkiye", "TR"),
    ("turkiye", "TR"),
    ("uae", "AE"),
    ("emirates", "AE"),
    ("south korea", "KR"),
    ("korea", "KR"),
    ("republic of korea", "KR"),
    ("north korea", "KP"),
    ("russian federation", "RU"),
    ("ivory coast", "CI"),
    ("cote divoire", "CI"),
    ("viet nam", "VN"),
    ("swaziland", "SZ"),
    ("burma", "MM"),
    ("macedonia", "MK"),
    ("democratic republic of the congo", "CD"),
    ("republic of the congo", "CG"),
    ("hong kong sar", "HK"),
    ("slovak republic", "SK"),
    ("republic of china", "TW"),
    ("peoples republic of china", "CN"),
    ("prc", "CN"),
    ("the bahamas", "BS"),
];

/// A name without marks: `U.S.A.` and `usa` are the same, and `&` is `and`.
fn plain(name: &str) -> String {
    let name = name.replace('&', " and ");
    let kept: String = name
        .chars()
        .filter_map(|letter| match letter {
            '.' | '\'' | '\u{2019}' => None,
            letter if letter.is_alphanumeric() => Some(letter),
            _ => Some(' '),
        })
        .collect();
    fold(&kept)
}

static KNOWN: LazyLock<HashMap<String, &'static str>> = LazyLock::new(|| {
    let mut known = HashMap::new();
    let rows = TABLE.lines().filter_map(|line| {
        let (two, rest) = line.split_once(' ')?;
        let (three, name) = rest.split_once(' ')?;
        Some((two, three, name))
    });
    // `Korea (South)` is `South Korea` too, and `Myanmar (Burma)` each alone.
    let mut short: Vec<(String, &'static str)> = Vec::new();
    for (two, three, name) in rows {
        known.insert(plain(two), two);
        known.insert(plain(three), two);
        known.insert(plain(name), two);
        if let Some((outer, inner)) = name.split_once(" (") {
            known.insert(plain(&format!("{inner} {outer}")), two);
            short.push((plain(outer), two));
        }
    }
    for (index, (name, two)) in short.iter().enumerate() {
        let is_only = short.iter().enumerate().all(|(other, (known, _))| other == index || known != name);
        if is_only {
            known.entry(name.clone()).or_insert(two);
        }
    }
    known.extend(ALSO.iter().map(|(name, two)| ((*name).to_owned(), *two)));
    known
});

/// The two letters of a country, by whatever it is called.
pub(super) fn country(text: &str) -> Option<&'static str> {
    // Nothing as long is the name of a country.
    if text.len() > 100 {
        return None;
    }
    KNOWN.get(&plain(text)).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn countries_are_known_by_name_and_by_letters() {
        for (text, code) in [
            ("United Kingdom", "GB"),
            (" uk", "GB"),
            ("U.K.", "GB"),
            ("GBR", "GB"),
            ("Northern Ireland", "GB"),
            ("U.S.A.", "US"),
            ("United States", "US"),
            ("Ireland", "IE"),
            ("South Korea", "KR"),
            ("Bosnia and Herzegovina", "BA"),
            ("bosnia & herzegovina", "BA"),
            ("Myanmar", "MM"),
            ("DEU", "DE"),
            ("Germany", "DE"),
            ("fr", "FR"),
        ] {
            assert_eq!(country(text), Some(code), "{text}");
        }
        for text in ["Freedonia", "", "Congo", "EU", "N/A"] {
            assert_eq!(country(text), None, "{text}");
        }
    }

    #[test]
    fn every_line_of_the_table_is_a_country() {
        assert_eq!(TABLE.lines().count(), 249);
        for line in TABLE.lines() {
            let mut parts = line.splitn(3, ' ');
            let (two, three, name) = (parts.next(), parts.next(), parts.next());
            assert!(two.is_some() && two == three.and_then(country) && two == name.and_then(country), "{line}");
        }
    }
}

//! Countries, lists and sums as people write them.

use std::collections::BTreeSet;

/// The two letters of a country; of the one that most write out in full, by its names too.
pub(super) fn country(text: &str) -> String {
    const UNITED_KINGDOM: [&str; 7] =
        ["UK", "UNITED KINGDOM", "GREAT BRITAIN", "ENGLAND", "SCOTLAND", "WALES", "NORTHERN IRELAND"];
    let text = text.trim().to_uppercase();
    if UNITED_KINGDOM.contains(&text.as_str()) { "GB".into() } else { text }
}

/// Countries with commas, semicolons or spaces between; each once.
pub(super) fn countries(text: &str) -> impl Iterator<Item = String> {
    let whole = country(text);
    let all: Vec<String> = if whole == "GB" {
        vec![whole]
    } else if text.contains([',', ';']) {
        text.split([',', ';']).map(country).filter(|code| !code.is_empty()).collect()
    } else {
        split(text).map(country).collect()
    };
    let mut seen = BTreeSet::new();
    all.into_iter().filter(move |code| seen.insert(code.clone()))
}

/// Words with commas, semicolons or spaces between.
pub(super) fn split(text: &str) -> impl Iterator<Item = &str> {
    text.split([',', ' ', ';']).filter(|word| !word.is_empty())
}

/// A sum in its smallest unit, from how people write it: `12,345.50`.
pub(super) fn minor(text: &str) -> Option<i64> {
    let plain: String = text.trim_start_matches('£').chars().filter(|letter| ![',', ' '].contains(letter)).collect();
    let (whole, part) = plain.split_once('.').unwrap_or((plain.as_str(), ""));
    let is_number = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || !is_number(whole) || !is_number(part) || part.len() > 2 {
        return None;
    }
    whole.parse::<i64>().ok()?.checked_mul(100)?.checked_add(format!("{part:0<2}").parse().ok()?)
}

/// The same the other way: `12345.50`.
pub(super) fn amount(minor: i64) -> String {
    format!("{}.{:02}", minor / 100, minor % 100)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_united_kingdom_is_known_by_its_names_and_countries_however_they_are_parted() {
        let read = |text: &str| countries(text).collect::<Vec<_>>();
        assert_eq!(["United Kingdom", "uk", "gb"].map(read), [["GB"]; 3]);
        assert_eq!(["Scotland, ie", "uk;IE", "gb ie gb", "GB, Wales, IE"].map(read), [["GB", "IE"]; 4]);
        assert_eq!(read(" , "), Vec::<String>::new());
    }

    #[test]
    fn sums_are_read_as_people_write_them() {
        assert_eq!(
            ["12345.50", "£12,345.5", "12 345", "0.07"].map(minor),
            [Some(1_234_550), Some(1_234_550), Some(1_234_500), Some(7)]
        );
        assert_eq!(["", "-1", "1.234", "a", ".5", "99999999999999999999"].map(minor), [None; 6]);
        assert_eq!([amount(1_234_550), amount(7)], ["12345.50", "0.07"]);
    }
}

//! Numbers and sums of money as people write them.

/// A sum.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Sum {
    /// In hundredths.
    pub(super) hundredths: i128,
    /// Three letters; none where no currency is said.
    pub(super) currency: Option<String>,
}

/// Signs of currencies.
const SIGNS: &[(char, &str)] = &[('£', "GBP"), ('€', "EUR"), ('$', "USD")];
/// What stands behind a number that stands for thousands or more, the longest first, and how many noughts it is.
const LARGE: &[(&str, u32)] =
    &[("thousand", 3), ("million", 6), ("billion", 9), ("bn", 9), ("mn", 6), ("k", 3), ("m", 6), ("b", 9)];

/// A unit of time: how it is written, and how many of the unit that a field counts it is.
type Unit = (&'static [&'static str], i64);
/// Units in days.
pub(super) const IN_DAYS: &[Unit] = &[
    (&["days", "day", "d"], 1),
    (&["weeks", "week", "wks", "wk", "w"], 7),
    (&["months", "month", "mths", "mth", "m"], 30),
    (&["years", "year", "yrs", "yr", "y"], 365),
];
/// Units in months. No number of days is a number of months.
pub(super) const IN_MONTHS: &[Unit] =
    &[(&["months", "month", "mths", "mth", "m"], 1), (&["years", "year", "yrs", "yr", "y"], 12)];

/// A whole number: `1,200`.
pub(super) fn whole(text: &str) -> Option<i64> {
    times(text, 1)
}

/// A whole number of a unit of time, with or without a word for it, and whether it was said in another unit: `90`,
/// `90 days`, `3 months`.
pub(super) fn span(text: &str, units: &[Unit]) -> Option<(i64, bool)> {
    let text = text.trim().to_lowercase();
    let number = text.trim_end_matches(|letter: char| letter == '.' || letter.is_ascii_alphabetic());
    let word = text[number.len()..].trim_matches('.');
    let number = number.trim_end().trim_end_matches("calendar");
    if word.is_empty() {
        return Some((whole(&text)?, false));
    }
    let (_, factor) = units.iter().find(|(words, _)| words.contains(&word))?;
    Some((times(number, *factor)?, *factor != 1))
}

fn times(text: &str, factor: i64) -> Option<i64> {
    let (number, decimals) = number(text.trim(), false, false)?;
    let (number, one) = (number.checked_mul(factor.into())?, 10_i128.checked_pow(decimals)?);
    (number % one == 0).then(|| i64::try_from(number / one).ok())?
}

/// A sum of money: `£12,000`, `12.000,50 €`, `12k`, `£1.2m`, `GBP 510.00`, `(12.00)`.
pub(super) fn sum(text: &str) -> Option<Sum> {
    // No sum is written longer.
    if text.len() > 60 {
        return None;
    }
    let mut rest = text.trim().to_lowercase();
    let mut is_negative = false;
    if let Some(inner) = rest.strip_prefix('(').and_then(|rest| rest.strip_suffix(')')) {
        (rest, is_negative) = (inner.trim().to_owned(), true);
    }
    let mut currency = None;
    for (sign, code) in SIGNS {
        if rest.contains(*sign) {
            rest = rest.replacen(*sign, " ", 1);
            currency = Some((*code).to_owned());
        }
    }
    let codes: Vec<&str> =
        rest.split(|letter: char| !letter.is_ascii_alphabetic()).filter(|word| word.len() == 3).collect();
    if let [code] = codes.as_slice() {
        let code = (*code).to_owned();
        rest = rest.replacen(&code, " ", 1);
        currency = Some(code.to_uppercase());
    }
    let mut rest = rest.trim();
    if let Some(after) = rest.strip_prefix(['-', '\u{2212}']) {
        (rest, is_negative) = (after.trim(), true);
    }
    let mut noughts = 0;
    if let Some((before, count)) = LARGE.iter().find_map(|(word, count)| Some((rest.strip_suffix(word)?, *count))) {
        (rest, noughts) = (before.trim(), count);
    }
    let (number, decimals) = number(rest, currency.as_deref() == Some("EUR"), noughts > 0)?;
    let scaled = number.checked_mul(10_i128.checked_pow(noughts + 2)?)?;
    let one = 10_i128.checked_pow(decimals)?;
    let hundredths = (scaled + one / 2) / one;
    Some(Sum { hundredths: if is_negative { -hundredths } else { hundredths }, currency })
}

/// The digits of a number, and how many of them stand behind its decimal mark; none where that cannot be told. Of a
/// number in thousands or more a point parts the decimals, however many there are.
fn number(text: &str, is_continental: bool, is_large: bool) -> Option<(i128, u32)> {
    let text: String = text.chars().filter(|letter| !letter.is_whitespace() && *letter != '\'').collect();
    let is_grouped = |text: &str, mark: char| {
        let mut groups = text.split(mark);
        groups.next().is_some_and(|first| (1..=3).contains(&first.len())) && groups.all(|group| group.len() == 3)
    };
    let (whole, part) = match (text.rfind('.'), text.rfind(',')) {
        (Some(point), Some(comma)) => {
            let (mark, group) = if point > comma { ('.', ',') } else { (',', '.') };
            let (whole, part) = text.rsplit_once(mark)?;
            (is_grouped(whole, group).then(|| whole.replace(group, ""))?, part)
        }
        (None, Some(_)) if is_grouped(&text, ',') && !(is_continental && text.matches(',').count() == 1) => {
            (text.replace(',', ""), "")
        }
        (None, Some(_)) if text.matches(',').count() == 1 => {
            let (whole, part) = text.split_once(',')?;
            if part.len() > 2 {
                return None;
            }
            (whole.to_owned(), part)
        }
        (None, Some(_)) => return None,
        (Some(_), None) if text.matches('.').count() > 1 => {
            (is_grouped(&text, '.').then(|| text.replace('.', ""))?, "")
        }
        (Some(_), None) => {
            let (whole, part) = text.split_once('.')?;
            // Twelve, or twelve thousand?
            if !is_large && part.len() == 3 && whole != "0" && (1..=3).contains(&whole.len()) {
                return None;
            }
            (whole.to_owned(), part)
        }
        (None, None) => (text.clone(), ""),
    };
    let digits = format!("{whole}{part}");
    if digits.is_empty() || digits.len() > 20 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    Some((digits.parse().ok()?, u32::try_from(part.len()).ok()?))
}

/// Hundredths as people write a sum: `1,845.00`, and `3` where nothing stands behind the point.
pub(super) fn written(hundredths: i128) -> String {
    let (whole, part) = (hundredths.unsigned_abs() / 100, hundredths.unsigned_abs() % 100);
    let digits = whole.to_string();
    let mut grouped = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    let sign = if hundredths < 0 { "-" } else { "" };
    if part == 0 { format!("{sign}{grouped}") } else { format!("{sign}{grouped}.{part:02}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_are_read_as_people_write_them() {
        for (text, hundredths, currency) in [
            ("£12,000", 1_200_000, Some("GBP")),
            ("12.000,50 €", 1_200_050, Some("EUR")),
            ("12k", 1_200_000, None),
            ("£1.2m", 120_000_000, Some("GBP")),
            ("GBP 510.00", 51_000, Some("GBP")),
            ("1 234,5", 123_450, None),
            ("(12.00)", -1_200, None),
            ("-£3", -300, Some("GBP")),
            ("0.125", 13, None),
            ("£1.234m", 123_400_000, Some("GBP")),
            ("1234.125", 123_413, None),
            ("1,000,000", 100_000_000, None),
            ("$ 5 million", 500_000_000, Some("USD")),
        ] {
            assert_eq!(sum(text), Some(Sum { hundredths, currency: currency.map(str::to_owned) }), "{text}");
        }
        for text in ["", "£", "about 5", "1,00,0", "1.2.3", "€12.000", "£12.000", "12.000", "12,3456", "£1 to £2"]
        {
            assert_eq!(sum(text), None, "{text}");
        }
    }

    #[test]
    fn whole_numbers_are_whole() {
        for (text, number) in
            [("1,200", Some(1200)), ("90 days", None), ("3.0", Some(3)), ("3.5", None), ("many", None), ("", None)]
        {
            assert_eq!(whole(text), number, "{text}");
        }
    }

    #[test]
    fn spans_of_time_are_put_into_the_unit_that_is_counted() {
        for (text, days, months) in [
            ("90", Some((90, false)), Some((90, false))),
            ("90 days", Some((90, false)), None),
            ("3 months", Some((90, true)), Some((3, false))),
            ("3 calendar months", Some((90, true)), Some((3, false))),
            ("6 Weeks", Some((42, true)), None),
            ("1 year", Some((365, true)), Some((12, true))),
            ("1.5 yrs.", None, Some((18, true))),
            ("10 working days", None, None),
            ("soon", None, None),
            ("months", None, None),
        ] {
            assert_eq!((span(text, IN_DAYS), span(text, IN_MONTHS)), (days, months), "{text}");
        }
    }

    #[test]
    fn sums_are_written_with_commas() {
        for (hundredths, text) in [(184_500, "1,845"), (100, "1"), (-123_456_789, "-1,234,567.89"), (5, "0.05")] {
            assert_eq!(written(hundredths), text);
        }
    }
}

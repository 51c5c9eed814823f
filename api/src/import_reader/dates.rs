//! Days as other people write them, and which part of a date stands first in a column.
//!
//! A cell either says its day whatever the column is like (`2026-03-31`, `5 May 2026`, `20260331`, a number of days as
//! Excel counts them), or it has two numbers and a year, and then the whole column says which number is the day: where
//! one of its cells can be read in one way only, all of them are read so. Where none can, nobody knows, and it is asked.

use std::fmt;

use chrono::{Days, NaiveDate};
use diligence_entities::recipe::DateStyle;

/// A day as it was written; whether it exists is for the check to say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Written {
    year: i32,
    month: u32,
    day: u32,
}

impl fmt::Display for Written {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:04}-{:02}-{:02}", self.year, self.month, self.day)
    }
}

impl Written {
    fn new(year: i32, month: u32, day: u32) -> Option<Self> {
        ((1..=12).contains(&month) && (1..=31).contains(&day)).then_some(Self { year, month, day })
    }

    /// The day in words: `1 July 2026`.
    pub(super) fn in_words(self) -> String {
        let month = usize::try_from(self.month).ok().and_then(|month| MONTHS.get(month.checked_sub(1)?));
        let month = month.map(|name| format!("{}{}", name[..1].to_uppercase(), &name[1..])).unwrap_or_default();
        format!("{} {month} {}", self.day, self.year)
    }
}

/// What a cell says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Said {
    /// A day, whatever stands first elsewhere; and whether its year stands first, with hyphens.
    Sure(Written, bool),
    /// Three numbers, the last of which is a year or may be one.
    Numbers { first: u32, second: u32, third: u32, is_short: bool, is_padded: bool },
}

const MONTHS: [&str; 12] = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
];

/// The month of this name or of its first three letters, or `sept`; in small letters.
fn month_of(word: &str) -> Option<u32> {
    let is_it = |name: &&str| **name == *word || (word.len() >= 3 && word.len() <= 4 && name.starts_with(word));
    MONTHS.iter().position(is_it).and_then(|index| u32::try_from(index + 1).ok())
}

fn is_weekday(word: &str) -> bool {
    const DAYS: [&str; 7] = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];
    word.len() >= 3 && DAYS.iter().any(|day| day.starts_with(word))
}

/// A year of two digits is one of this century up to 69.
fn full(year: u32, is_short: bool) -> i32 {
    let year = i32::try_from(year).unwrap_or(i32::MAX);
    match (is_short, year) {
        (true, 0..70) => 2000 + year,
        (true, _) => 1900 + year,
        (false, _) => year,
    }
}

/// The text without a time of day behind it; none where something else stands there.
fn without_time(text: &str) -> Option<&str> {
    let Some(colon) = text.find(':') else { return Some(text) };
    let hours = text[..colon].bytes().rev().take_while(u8::is_ascii_digit).count();
    let (day, time) = text.split_at(colon - hours);
    let is_of_time = |letter: char| letter.is_ascii_digit() || " :.+-zamputcg".contains(letter);
    if !(1..=2).contains(&hours) || time.len() > 40 || !time.chars().all(is_of_time) {
        return None;
    }
    Some(day.trim_end_matches([' ', 't', '-', ',']))
}

/// A day that Excel counts so: only from October 1954 to January 2119, so that no other number is taken for a day.
pub(super) fn of_number(number: f64) -> Option<Written> {
    let number = number.floor();
    if !(20_000.0..=80_000.0).contains(&number) {
        return None;
    }
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is whole and within the bounds")]
    of_count(number as u64)
}

fn of_count(count: u64) -> Option<Written> {
    use chrono::Datelike as _;
    let day = NaiveDate::from_ymd_opt(1899, 12, 30)?.checked_add_days(Days::new(count))?;
    Written::new(day.year(), day.month(), day.day())
}

fn said(text: &str) -> Option<Said> {
    // No day is written longer.
    if text.len() > 80 {
        return None;
    }
    let text = text.trim().to_lowercase();
    if let Ok(number) = text.parse::<f64>()
        && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.')
        && text.split('.').next().is_some_and(|whole| whole.len() == 5)
    {
        return of_number(number).map(|day| Said::Sure(day, false));
    }
    let text = without_time(&text)?;
    let mut words: Vec<&str> = Vec::new();
    let mut rest = text;
    let mut has_hyphens = true;
    while let Some(letter) = rest.chars().next() {
        let is_digit = letter.is_ascii_digit();
        let is_part = |other: char| if is_digit { other.is_ascii_digit() } else { other.is_alphabetic() };
        if is_digit || letter.is_alphabetic() {
            let end = rest.find(|other: char| !is_part(other)).unwrap_or(rest.len());
            words.push(&rest[..end]);
            rest = &rest[end..];
        } else if "/-. ,\u{2013}\u{2010}\u{2011}".contains(letter) {
            has_hyphens &= letter == '-';
            rest = &rest[letter.len_utf8()..];
        } else {
            return None;
        }
    }
    if words.first().is_some_and(|word| is_weekday(word)) {
        words.remove(0);
    }
    // 31st, 2nd of
    let mut after_number = false;
    words.retain(|word| {
        let is_ending = after_number && matches!(*word, "st" | "nd" | "rd" | "th");
        after_number = word.bytes().all(|byte| byte.is_ascii_digit());
        !is_ending && *word != "of"
    });
    let number = |word: &str| word.parse::<u32>().ok().filter(|_| word.len() <= 4);
    let is_year = |word: &str| matches!(word.len(), 2 | 4);
    match words.as_slice() {
        [only] if only.len() == 8 && only.is_ascii() => {
            let (year, month, day) = (only[..4].parse().ok()?, only[4..6].parse().ok()?, only[6..].parse().ok()?);
            Written::new(year, month, day).filter(|_| (1900..3000).contains(&year)).map(|day| Said::Sure(day, false))
        }
        [first, second, third] => match (month_of(first), month_of(second)) {
            (Some(month), _) if is_year(third) => {
                Written::new(full(number(third)?, third.len() == 2), month, number(second)?)
                    .map(|day| Said::Sure(day, false))
            }
            (_, Some(month)) if first.len() == 4 => {
                Written::new(full(number(first)?, false), month, number(third)?).map(|day| Said::Sure(day, false))
            }
            (_, Some(month)) if is_year(third) => {
                Written::new(full(number(third)?, third.len() == 2), month, number(first)?)
                    .map(|day| Said::Sure(day, false))
            }
            (None, None) if first.len() == 4 => {
                let written = Written::new(full(number(first)?, false), number(second)?, number(third)?);
                written.map(|day| Said::Sure(day, has_hyphens && second.len() == 2 && third.len() == 2))
            }
            (None, None) if first.len() <= 2 && second.len() <= 2 && is_year(third) => Some(Said::Numbers {
                first: number(first)?,
                second: number(second)?,
                third: number(third)?,
                is_short: third.len() == 2,
                is_padded: [first, second, third].iter().all(|part| part.len() == 2),
            }),
            _ => None,
        },
        _ => None,
    }
}

/// The three numbers in one style.
fn ordered(first: u32, second: u32, third: u32, is_short: bool, style: DateStyle) -> Option<Written> {
    match style {
        DateStyle::Iso => None,
        DateStyle::Dmy => Written::new(full(third, is_short), second, first),
        DateStyle::Mdy => Written::new(full(third, is_short), first, second),
        DateStyle::Ymd if is_short => Written::new(full(first, true), second, third),
        DateStyle::Ymd => None,
    }
}

/// The day that a cell says in this style; none where it says none so.
pub(super) fn read(text: &str, style: DateStyle) -> Option<Written> {
    match said(text)? {
        Said::Sure(day, is_iso) => {
            let is_number = text.trim().bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
            (style != DateStyle::Iso || is_iso || is_number).then_some(day)
        }
        Said::Numbers { first, second, third, is_short, .. } => ordered(first, second, third, is_short, style),
    }
}

/// What the cells of a column say of the order of its dates.
#[derive(Clone, Debug, Default)]
pub(super) struct Evidence {
    /// For each set of the styles that a cell can be read in, the first cell that can be read in just these, and where
    /// it stands.
    cells: [Option<(String, String)>; 8],
    /// The first that says its day whatever the others are like, and how it is written.
    sure: Option<(String, DateStyle)>,
    /// How many can be read in several.
    pub(super) either_count: i64,
}

/// The styles that three numbers can be written in; each is a bit in a set of them.
const ORDERS: [DateStyle; 3] = [DateStyle::Dmy, DateStyle::Mdy, DateStyle::Ymd];

/// What follows from a column's cells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Finding {
    /// They are in this style, which follows from this cell.
    Style(DateStyle, Option<String>),
    /// These two contradict each other: each with where it stands.
    Both([(String, String); 2]),
    /// Nobody can tell.
    Unknown,
    /// There are no days in it.
    Nothing,
}

impl Evidence {
    /// Looks at a cell that is not empty.
    pub(super) fn note(&mut self, text: &str, place: impl Fn() -> String) {
        let Some(said) = said(text) else { return };
        match said {
            Said::Sure(_, is_iso) => {
                if self.sure.is_none() {
                    let digit_count = text.trim().bytes().take_while(u8::is_ascii_digit).count();
                    let style = match (is_iso, digit_count) {
                        // A number of days has no order at all.
                        (true, _) | (false, 5) => DateStyle::Iso,
                        (false, 4..) => DateStyle::Ymd,
                        (false, _) if text.trim().starts_with(|letter: char| letter.is_ascii_digit()) => DateStyle::Dmy,
                        (false, _) => DateStyle::Mdy,
                    };
                    self.sure = Some((text.trim().to_owned(), style));
                }
            }
            Said::Numbers { first, second, third, is_short, is_padded } => {
                let read = ORDERS.map(|style| {
                    // Whoever writes the year first and short writes two digits each time.
                    let may_be = style != DateStyle::Ymd || is_padded;
                    ordered(first, second, third, is_short, style).filter(|_| may_be)
                });
                let mut days = read.iter().flatten();
                let Some(day) = days.next() else { return };
                let is_several = days.clone().next().is_some();
                // The same day either way.
                if is_several && days.all(|other| other == day) {
                    return;
                }
                self.either_count += i64::from(is_several);
                let set = read.iter().enumerate().map(|(bit, day)| usize::from(day.is_some()) << bit).sum::<usize>();
                if let Some(slot) = self.cells.get_mut(set).filter(|slot| slot.is_none()) {
                    *slot = Some((text.trim().to_owned(), place()));
                }
            }
        }
    }

    /// The sets of styles that cells can be read in, those of fewest first, each with its cell.
    fn sets(&self) -> Vec<(usize, &(String, String))> {
        let mut sets: Vec<_> =
            self.cells.iter().enumerate().filter_map(|(set, cell)| Some((set, cell.as_ref()?))).collect();
        sets.sort_by_key(|(set, _)| set.count_ones());
        sets
    }

    /// Whether any cell says of the others how they are read.
    pub(super) fn has_numbers(&self) -> bool {
        self.cells.iter().any(Option::is_some)
    }

    /// The first cell that can be read in this style and not in the other.
    pub(super) fn only(&self, style: DateStyle, other: DateStyle) -> Option<&str> {
        let bit = |wanted: DateStyle| ORDERS.iter().position(|style| *style == wanted).map_or(0, |at| 1_usize << at);
        let (wanted, other) = (bit(style), bit(other));
        let mut sets = self.sets().into_iter();
        sets.find(|(set, _)| *set & wanted != 0 && *set & other == 0).map(|(_, (cell, _))| cell.as_str())
    }

    /// The first cell that can be read in several of the styles, and those that all cells can be read in.
    pub(super) fn either(&self) -> Option<(&str, Vec<DateStyle>)> {
        let sets = self.sets();
        let common = sets.iter().fold(7_usize, |common, (set, _)| common & *set);
        let (_, cell) = *sets.iter().find(|(set, _)| set.count_ones() > 1)?;
        let styles = ORDERS.into_iter().enumerate().filter(|(bit, _)| common & (1_usize << *bit) != 0);
        Some((cell.0.as_str(), styles.map(|(_, style)| style).collect()))
    }

    /// What follows.
    pub(super) fn finding(&self) -> Finding {
        let mut common = 7_usize;
        let mut before: Option<&(String, String)> = None;
        for (set, cell) in self.sets() {
            if let Some(before) = before.filter(|_| common & set == 0) {
                return Finding::Both([before.clone(), cell.clone()]);
            }
            // What narrows it down is what it follows from.
            if before.is_none() || common & set != common {
                before = Some(cell);
            }
            common &= set;
        }
        let style = ORDERS.into_iter().enumerate().find(|(bit, _)| common == 1_usize << *bit).map(|(_, style)| style);
        match (before, style, &self.sure) {
            (Some((cell, _)), Some(style), _) => Finding::Style(style, Some(cell.clone())),
            (Some(_), None, _) => Finding::Unknown,
            (None, _, Some((cell, style))) => Finding::Style(*style, Some(cell.clone())),
            (None, _, None) => Finding::Nothing,
        }
    }
}

#[cfg(test)]
mod tests {
    use chrono::Datelike as _;
    use proptest::prelude::*;

    use super::*;

    fn day(text: &str, style: DateStyle) -> Option<String> {
        read(text, style).map(|day| day.to_string())
    }

    #[test]
    fn days_are_read_in_every_style_people_write() {
        for (text, iso) in [
            ("2026-03-31", "2026-03-31"),
            ("31/03/2026", "2026-03-31"),
            ("31.03.2026", "2026-03-31"),
            ("31-3-26", "2026-03-31"),
            ("05-May-25", "2025-05-05"),
            ("5 May 2026", "2026-05-05"),
            ("May 5, 2026", "2026-05-05"),
            ("20260331", "2026-03-31"),
            ("09/Jan/2018 - 00:00", "2018-01-09"),
            ("2026-03-31 00:00:00", "2026-03-31"),
            ("2026-03-31T00:00:00Z", "2026-03-31"),
            ("2026-03-31T23:59:59.123+01:00", "2026-03-31"),
            ("31st March 2026", "2026-03-31"),
            ("1st of Sept 2026", "2026-09-01"),
            ("Tuesday, 31 March 2026", "2026-03-31"),
            ("46112", "2026-03-31"),
            ("46112.75", "2026-03-31"),
            ("31/12/69", "2069-12-31"),
            ("31/12/70", "1970-12-31"),
            ("2026/03/31", "2026-03-31"),
            ("31/03/2026 9:30 am", "2026-03-31"),
        ] {
            assert_eq!(day(text, DateStyle::Dmy).as_deref(), Some(iso), "{text}");
        }
        for text in
            ["", "soon", "31/31/2026", "8/15/2026", "March", "2026", "1/2", "12:30", "1/2/3/4", "7 %", "123456789"]
        {
            assert_eq!(day(text, DateStyle::Dmy), None, "{text}");
        }
        assert_eq!(day("8/15/2026", DateStyle::Mdy).as_deref(), Some("2026-08-15"));
        assert_eq!(day("26/03/31", DateStyle::Ymd).as_deref(), Some("2026-03-31"));
        assert_eq!(day("31/03/2026", DateStyle::Iso), None);
        assert_eq!(day("2026-03-31 00:00:00", DateStyle::Iso).as_deref(), Some("2026-03-31"));
    }

    fn finding(cells: &[&str]) -> Finding {
        let mut evidence = Evidence::default();
        for (index, cell) in cells.iter().enumerate() {
            evidence.note(cell, || format!("line {}", index + 2));
        }
        evidence.finding()
    }

    #[test]
    fn the_whole_column_says_what_stands_first() {
        let because = |style, cell: &str| Finding::Style(style, Some(cell.to_owned()));
        assert_eq!(finding(&["7/1/2026", "15/8/2026"]), because(DateStyle::Dmy, "15/8/2026"));
        assert_eq!(finding(&["7/1/2026", "8/15/2026"]), because(DateStyle::Mdy, "8/15/2026"));
        assert_eq!(finding(&["7/1/2026", "2026-01-07"]), Finding::Unknown);
        assert_eq!(finding(&["2026-01-07"]), because(DateStyle::Iso, "2026-01-07"));
        assert_eq!(finding(&["05-May-25"]), because(DateStyle::Dmy, "05-May-25"));
        assert_eq!(finding(&["7/7/2026", "soon"]), Finding::Nothing);
        assert_eq!(finding(&["27/03/31"]), Finding::Unknown);
        assert_eq!(finding(&["27/03/31", "3/4/2027"]), because(DateStyle::Dmy, "27/03/31"));
        assert_eq!(finding(&["27/03/31", "30/04/32"]), because(DateStyle::Dmy, "30/04/32"));
        assert_eq!(finding(&["27/03/31", "32/04/30"]), because(DateStyle::Ymd, "32/04/30"));
        assert_eq!(finding(&["27/3/31"]), because(DateStyle::Dmy, "27/3/31"));
        let cell = |text: &str, place: &str| (text.to_owned(), place.to_owned());
        assert_eq!(
            finding(&["15/8/2026", "8/15/2026"]),
            Finding::Both([cell("15/8/2026", "line 2"), cell("8/15/2026", "line 3")])
        );
    }

    proptest! {
        #[test]
        fn each_day_reads_back_however_it_is_written(count in 20_000_u64..62_000) {
            let date = NaiveDate::from_ymd_opt(1899, 12, 30).expect("a day") + Days::new(count);
            let iso = date.format("%Y-%m-%d").to_string();
            let both = ["%Y-%m-%d", "%Y%m%d", "%d %B %Y", "%B %d, %Y", "%d/%b/%Y - 00:00", "%Y/%m/%d", "%A, %d %B %Y", "%Y-%m-%dT%H:%M:%SZ"];
            let midnight = date.and_hms_opt(0, 0, 0).expect("a time");
            for form in both {
                for style in [DateStyle::Dmy, DateStyle::Mdy, DateStyle::Ymd] {
                    prop_assert_eq!(day(&midnight.format(form).to_string(), style), Some(iso.clone()), "{}", form);
                }
            }
            for (style, forms) in [(DateStyle::Dmy, ["%d/%m/%Y", "%-d.%-m.%Y", "%d-%m-%Y"]), (DateStyle::Mdy, ["%m/%d/%Y", "%-m.%-d.%Y", "%m-%d-%Y"])] {
                for form in forms {
                    prop_assert_eq!(day(&date.format(form).to_string(), style), Some(iso.clone()), "{}", form);
                }
            }
            prop_assert_eq!(day(&count.to_string(), DateStyle::Dmy), Some(iso.clone()));
            if (1970..2070).contains(&date.year()) {
                prop_assert_eq!(day(&date.format("%d/%m/%y").to_string(), DateStyle::Dmy), Some(iso.clone()));
                prop_assert_eq!(day(&date.format("%y-%m-%d").to_string(), DateStyle::Ymd), Some(iso));
            }
        }

        #[test]
        fn nothing_that_people_type_makes_it_stumble(text in "\\PC{0,40}") {
            for style in [DateStyle::Iso, DateStyle::Dmy, DateStyle::Mdy, DateStyle::Ymd] {
                let _ = read(&text, style);
            }
            let mut evidence = Evidence::default();
            evidence.note(&text, String::new);
        }

        #[test]
        fn what_was_found_is_never_contradicted_by_a_cell(days in proptest::collection::vec(36_000_u64..50_000, 1..20), month_first: bool) {
            let form = if month_first { "%m/%d/%Y" } else { "%d/%m/%Y" };
            let dates: Vec<NaiveDate> = days.iter().map(|count| NaiveDate::from_ymd_opt(1899, 12, 30).expect("a day") + Days::new(*count)).collect();
            let mut evidence = Evidence::default();
            dates.iter().for_each(|date| evidence.note(&date.format(form).to_string(), String::new));
            match evidence.finding() {
                Finding::Style(style, _) => for date in &dates {
                    prop_assert_eq!(day(&date.format(form).to_string(), style), Some(date.format("%Y-%m-%d").to_string()));
                },
                Finding::Unknown => prop_assert!(dates.iter().all(|date| date.day() <= 12)),
                Finding::Nothing => prop_assert!(dates.iter().all(|date| date.day() == date.month())),
                Finding::Both(_) => prop_assert!(false, "one style was written"),
            }
        }
    }
}

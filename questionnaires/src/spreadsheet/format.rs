//! How a number is shown, by the format of its cell.
//!
//! Formats are those of spreadsheets: `00000000`, `#,##0.00`, `0%`, `dd/mm/yyyy`, `[h]:mm`, each with up to four parts
//! for what is above, below and exactly zero, and for text. What shows a day is a day; whatever else shows hours is a
//! number that is shown as a time. A format that says less than the number (`0.00E+00`, `# ?/?`) shows the number.

use super::cell::{Cell, moment, shown_time};

/// The longest code of a format, in bytes.
const MAX_CODE_BYTES: usize = 1_000;

/// A format of cells.
#[derive(Debug, Clone, Default)]
pub(super) struct Format {
    /// Above zero, below zero, zero; fewer where they are alike. None: as the number is.
    parts: Vec<Part>,
}

/// One of the parts of a format.
#[derive(Debug, Clone, Default)]
struct Part {
    tokens: Vec<Token>,
    percents: i32,
    thousands: bool,
    /// How many times it is divided by a thousand.
    scaled: i32,
    has_day: bool,
    has_time: bool,
    is_general: bool,
}

#[derive(Debug, Clone, PartialEq)]
enum Token {
    Literal(char),
    /// `0`, `#` or `?`.
    Digit(char),
    Point,
    Percent,
    /// A letter of days and hours, and how often it stands there.
    Clock(char, usize),
    /// Hours, minutes or seconds that go on beyond a day, an hour or a minute.
    Elapsed(char),
    HalfDay,
}

impl Format {
    /// The format with this code.
    pub(super) fn of(code: &str) -> Self {
        if code.len() > MAX_CODE_BYTES {
            return Self::default();
        }
        let mut parts: Vec<Part> = sections(code).into_iter().take(3).map(Part::of).collect();
        if parts.iter().all(|part| part.is_general) {
            parts.clear();
        }
        Self { parts }
    }

    /// The format that files name by a number only.
    pub(super) fn built_in(number: u32) -> Self {
        Self::of(match number {
            1 => "0",
            2 => "0.00",
            3 | 37 | 38 => "#,##0",
            4 | 39 | 40 => "#,##0.00",
            9 => "0%",
            10 => "0.00%",
            14..=17 | 27..=31 | 34..=36 | 50..=58 => "yyyy-mm-dd",
            18 | 20 => "hh:mm",
            19 | 21 | 32 | 33 => "hh:mm:ss",
            22 => "yyyy-mm-dd hh:mm",
            45 | 47 => "mm:ss",
            46 => "[h]:mm:ss",
            _ => return Self::default(),
        })
    }

    /// The cell with this number; its days begin so many days later than usual.
    pub(super) fn cell(&self, value: f64, later: f64) -> Cell {
        let part = match (self.parts.as_slice(), value) {
            ([], _) => return plain(value),
            ([_, below, ..], value) if value < 0.0 => below,
            ([_, _, zero, ..], 0.0) => zero,
            ([first, ..], _) => first,
        };
        if part.has_day {
            return match moment(value + later) {
                Some((day, time)) => Cell::Moment { day, time: shown_time(time).filter(|_| part.has_time) },
                None => plain(value),
            };
        }
        if part.is_general {
            return plain(value);
        }
        let is_bare = value < 0.0 && self.parts.len() == 1;
        let shown = if part.has_time { part.clock(value) } else { part.digits(value.abs(), is_bare) };
        shown.map_or_else(|| plain(value), |shown| Cell::Number { value, shown: shown.trim().to_owned() })
    }
}

/// A number as it is: without what binary fractions add to it.
pub(super) fn plain(value: f64) -> Cell {
    Cell::Number { value, shown: general(value) }
}

/// A number in plain digits, rounded to the fifteen that spreadsheets keep.
pub(super) fn general(value: f64) -> String {
    let rounded = format!("{value:.14e}").parse::<f64>().unwrap_or(value);
    // Without a minus before nothing.
    if rounded == 0.0 { "0".to_owned() } else { rounded.to_string() }
}

/// The parts of a code between semicolons that are not written out.
fn sections(code: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let mut from = 0;
    let mut quoted = false;
    let mut bracketed = false;
    let mut is_escaped = false;
    for (at, character) in code.char_indices() {
        match character {
            _ if is_escaped => is_escaped = false,
            '\\' if !quoted => is_escaped = true,
            '"' => quoted = !quoted,
            '[' if !quoted => bracketed = true,
            ']' if !quoted => bracketed = false,
            ';' if !quoted && !bracketed => {
                found.push(&code[from..at]);
                from = at + 1;
            }
            _ => {}
        }
    }
    found.push(&code[from..]);
    found
}

impl Part {
    fn of(code: &str) -> Self {
        let mut part = Self::default();
        let mut characters = code.chars().peekable();
        let mut commas = 0;
        while let Some(character) = characters.next() {
            if character != ',' && commas > 0 {
                // Between digits commas group them; behind the last they divide.
                match character {
                    '0' | '#' | '?' => part.thousands = true,
                    _ => part.scaled += commas,
                }
                commas = 0;
            }
            match character {
                '"' => part.tokens.extend(characters.by_ref().take_while(|next| *next != '"').map(Token::Literal)),
                '\\' => part.tokens.extend(characters.next().map(Token::Literal)),
                '_' => {
                    characters.next();
                    part.tokens.push(Token::Literal(' '));
                }
                '*' => {
                    characters.next();
                }
                '[' => {
                    let inside: String = characters.by_ref().take_while(|next| *next != ']').collect();
                    part.bracket(&inside);
                }
                '0' | '#' | '?' => part.tokens.push(Token::Digit(character)),
                '.' if part.is_clock() => part.tokens.push(Token::Literal('.')),
                '.' => part.tokens.push(Token::Point),
                ',' if part.has_digits() => commas += 1,
                '%' => {
                    part.percents += 1;
                    part.tokens.push(Token::Percent);
                }
                'E' | 'e' if matches!(characters.peek(), Some('+' | '-')) => part.is_general = true,
                '/' if part.has_digits() => part.is_general = true,
                'G' | 'g' if characters.clone().take(6).collect::<String>().eq_ignore_ascii_case("eneral") => {
                    part.is_general = true;
                }
                '@' => part.is_general = true,
                'A' | 'a' if characters.clone().take(4).collect::<String>().eq_ignore_ascii_case("m/pm") => {
                    characters.by_ref().take(4).for_each(drop);
                    part.tokens.push(Token::HalfDay);
                }
                'd' | 'D' | 'm' | 'M' | 'y' | 'Y' | 'h' | 'H' | 's' | 'S' => {
                    let letter = character.to_ascii_lowercase();
                    let mut count = 1;
                    while characters.next_if(|next| next.eq_ignore_ascii_case(&letter)).is_some() {
                        count += 1;
                    }
                    part.tokens.push(Token::Clock(letter, count));
                }
                other => part.tokens.push(Token::Literal(other)),
            }
        }
        part.scaled += commas;
        part.settle();
        part
    }

    /// What stands in brackets: a currency, hours that go on, a colour, a condition.
    fn bracket(&mut self, inside: &str) {
        let first = inside.chars().next().unwrap_or_default().to_ascii_lowercase();
        if let Some(currency) = inside.strip_prefix('$') {
            self.tokens.extend(currency.chars().take_while(|next| *next != '-').map(Token::Literal));
        } else if "hms".contains(first) && inside.chars().all(|next| next.eq_ignore_ascii_case(&first)) {
            self.tokens.push(Token::Elapsed(first));
        } else if matches!(first, '<' | '>' | '=') {
            // Which numbers it is for would have to be worked out: the number itself is never wrong.
            self.is_general = true;
        }
    }

    fn has_digits(&self) -> bool {
        self.tokens.iter().any(|token| matches!(token, Token::Digit(_)))
    }

    fn is_clock(&self) -> bool {
        self.tokens.iter().any(|token| matches!(token, Token::Clock(..) | Token::Elapsed(_)))
    }

    /// Whether it shows days or hours: an `m` beside hours or seconds is minutes, else months.
    fn settle(&mut self) {
        let clocks: Vec<(usize, char)> = (0..)
            .zip(&self.tokens)
            .filter_map(|(at, token)| match token {
                Token::Clock(letter, _) | Token::Elapsed(letter) => Some((at, *letter)),
                _ => None,
            })
            .collect();
        for (order, (at, letter)) in clocks.iter().enumerate() {
            let before = order.checked_sub(1).and_then(|order| clocks.get(order)).map(|(_, letter)| *letter);
            let after = clocks.get(order + 1).map(|(_, letter)| *letter);
            if *letter == 'm'
                && (before == Some('h') || after == Some('s'))
                && let Some(Token::Clock(letter, _)) = self.tokens.get_mut(*at)
            {
                *letter = 'n';
            }
        }
        let is = |letters: &str| {
            self.tokens.iter().any(|token| match token {
                Token::Clock(letter, _) => letters.contains(*letter),
                Token::Elapsed(_) => letters.contains('h'),
                _ => false,
            })
        };
        let (has_day, has_time) = (is("dmy"), is("hns"));
        (self.has_day, self.has_time) = (has_day, has_time);
        // Words without a digit say nothing of the number, unless they are all that is to be seen of it.
        if self.tokens.iter().all(|token| matches!(token, Token::Literal(' '))) {
            self.is_general = true;
        }
    }

    /// A number shown as a time.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked to be in range")]
    fn clock(&self, days: f64) -> Option<String> {
        if !(0.0..1_000_000.0).contains(&days) {
            return None;
        }
        let seconds = (days * 86_400.0).round() as u64;
        let (hours, minutes) = (seconds / 3_600, seconds / 60 % 60);
        let halves = self.tokens.contains(&Token::HalfDay);
        let mut shown = String::new();
        for token in &self.tokens {
            let (number, width) = match token {
                Token::Clock('h', width) if halves => ((hours % 24 + 11) % 12 + 1, *width),
                Token::Clock('h', width) => (hours % 24, *width),
                Token::Clock('n', width) => (minutes, *width),
                Token::Clock('s', width) => (seconds % 60, *width),
                Token::Elapsed('h') => (hours, 1),
                Token::Elapsed('m') => (seconds / 60, 1),
                Token::Elapsed(_) => (seconds, 1),
                Token::HalfDay => {
                    shown.push_str(if hours % 24 < 12 { "AM" } else { "PM" });
                    continue;
                }
                Token::Literal('.') => continue,
                Token::Literal(character) => {
                    shown.push(*character);
                    continue;
                }
                _ => continue,
            };
            let width = width.min(2);
            shown.push_str(&format!("{number:0width$}"));
        }
        Some(shown)
    }

    /// A number shown in digits.
    fn digits(&self, value: f64, is_negative: bool) -> Option<String> {
        let mut value = value;
        for _ in 0..self.percents.min(3) {
            value *= 100.0;
        }
        for _ in 0..self.scaled.min(5) {
            value /= 1_000.0;
        }
        if value >= 1e21 {
            return None;
        }
        let point = self.tokens.iter().position(|token| *token == Token::Point).unwrap_or(self.tokens.len());
        let (before, behind) = self.tokens.split_at(point);
        let is_digit = |token: &&Token| matches!(token, Token::Digit(_));
        let decimals = behind.iter().filter(is_digit).count().min(30);
        // A little more, so that what is a half in decimals is rounded as one.
        let rounded = format!("{:.decimals$}", value * (1.0 + 2e-15));
        let (whole, fraction) = rounded.split_once('.').unwrap_or((&rounded, ""));
        let whole = whole.trim_start_matches('0');
        let mut shown = String::new();
        if is_negative && rounded.bytes().any(|byte| (b'1'..=b'9').contains(&byte)) {
            shown.push('-');
        }
        let places = before.iter().filter(is_digit).count();
        // The first place takes all digits that there are no places for.
        let mut left = whole.len().max(places);
        let mut is_first = true;
        let mut has_begun = false;
        for token in before {
            match token {
                Token::Digit(kind) => {
                    let mut take = if is_first { left + 1 - places.min(left) } else { 1 };
                    is_first = false;
                    while take > 0 && left > 0 {
                        let digit = whole.len().checked_sub(left).and_then(|at| whole.as_bytes().get(at)).copied();
                        let digit = digit.map(char::from).or_else(|| (*kind == '0' || has_begun).then_some('0'));
                        left -= 1;
                        take -= 1;
                        if let Some(digit) = digit {
                            has_begun = true;
                            shown.push(digit);
                            if self.thousands && left > 0 && left % 3 == 0 {
                                shown.push(',');
                            }
                        }
                    }
                }
                Token::Literal(character) => shown.push(*character),
                Token::Percent => shown.push('%'),
                _ => {}
            }
        }
        let mut digits = fraction.chars();
        let mut kept = String::new();
        let needed = (1..)
            .zip(behind.iter().filter(is_digit))
            .filter(|(_, token)| **token == Token::Digit('0'))
            .map(|(place, _)| place)
            .max()
            .unwrap_or(0);
        let significant = fraction.trim_end_matches('0').len().max(needed);
        let mut rest = String::new();
        for token in behind {
            match token {
                Token::Digit(_) => kept.extend(digits.next().filter(|_| kept.len() < significant)),
                Token::Literal(character) => rest.push(*character),
                Token::Percent => rest.push('%'),
                _ => {}
            }
        }
        if !kept.is_empty() {
            shown.push('.');
            shown.push_str(&kept);
        }
        shown.push_str(&rest);
        Some(shown)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(code: &str, value: f64) -> String {
        Format::of(code).cell(value, 0.0).shown().into_owned()
    }

    #[test]
    fn numbers_are_shown_as_their_cells_show_them() {
        for (code, value, expected) in [
            ("General", 0.1 + 0.2, "0.3"),
            ("General", 4_142_000.0, "4142000"),
            ("General", -12.5, "-12.5"),
            ("@", 12.0, "12"),
            ("00000000", 4_142_000.0, "04142000"),
            ("00\\-00\\-00", 123_456.0, "12-34-56"),
            ("00\\-00\\-00", 1_234.0, "00-12-34"),
            ("0%", 0.07 + 1e-17, "7%"),
            ("0%", 0.285, "29%"),
            ("0.00%", 0.95, "95.00%"),
            ("#,##0.00", 1_234.5, "1,234.50"),
            ("#,##0", 999.0, "999"),
            ("#,##0", 1_234_567.0, "1,234,567"),
            ("#,##0", -1_234.0, "-1,234"),
            ("0.0#", 1.5, "1.5"),
            ("0.00", 1.005, "1.01"),
            ("#.##", 0.5, ".5"),
            ("[$£-809]#,##0.00", 1_200.0, "£1,200.00"),
            ("_-£* #,##0.00_-;-£* #,##0.00_-;_-£* \"-\"??_-;_-@_-", 1_200.0, "£ 1,200.00"),
            ("#,##0_);(#,##0)", -5.0, "(5)"),
            ("0\" days\"", 12.0, "12 days"),
            ("0,", 12_000.0, "12"),
            ("0.00E+00", 1_234.0, "1234"),
            ("# ?/?", 0.5, "0.5"),
            ("h:mm", 0.354_166_666_666_667, "8:30"),
            ("hh:mm:ss AM/PM", 0.75, "06:00:00 PM"),
            ("[h]:mm", 1.5, "36:00"),
            ("mm:ss", 0.001, "01:26"),
        ] {
            let shown = shown(code, value);
            assert_eq!(shown.replace("£ ", "£"), expected.replace("£ ", "£"), "{code} {value}");
        }
    }

    #[test]
    fn what_shows_a_day_is_a_day_with_its_time_where_that_is_shown() {
        for (code, value, expected) in [
            ("dd/mm/yyyy", 46_112.75, "2026-03-31"),
            ("yyyy\\-mm\\-dd\\ hh:mm:ss", 46_112.354_166_666_7, "2026-03-31 08:30:00"),
            ("yyyy-mm-dd hh:mm", 46_112.0, "2026-03-31"),
            ("[$-809]d mmmm yyyy", 46_112.0, "2026-03-31"),
            ("mmm\\-yy", 46_112.0, "2026-03-31"),
            ("dd/mm/yyyy;@", 46_112.0, "2026-03-31"),
            // No day at all.
            ("dd/mm/yyyy", 5.0, "5"),
            ("0\\d", 5.0, "5d"),
            ("[Red]0", 5.0, "5"),
        ] {
            assert_eq!(shown(code, value), expected, "{code} {value}");
        }
        assert_eq!(Format::built_in(14).cell(46_112.0, 0.0).shown(), "2026-03-31");
        assert_eq!(Format::built_in(14).cell(44_650.0, 1_462.0).shown(), "2026-03-31");
        assert_eq!(Format::built_in(9).cell(0.29, 0.0).shown(), "29%");
        assert_eq!(Format::built_in(49).cell(5.0, 0.0).shown(), "5");
    }

    #[test]
    fn no_format_and_no_number_is_too_strange() {
        for code in
            ["", ";", ";;;", "[", "\"", "\\", "_", "*", "[$", "0.0.0", "%%%%%%%%%%", ",,,,,,", "h", "[h", "m/d/y;;;;"]
        {
            for value in [0.0, -0.0, 1.0, -1.0, f64::MAX, f64::MIN, f64::MIN_POSITIVE, 1e21, 2_958_465.999_999_999] {
                let _ = shown(code, value);
            }
        }
    }
}

//! Reviews as calendar programs read them: iCalendar, RFC 5545.

use std::fmt::Write as _;

use chrono::{DateTime, Utc};
use diligence_entities::{
    error::Error,
    id::SupplierId,
    register::{self, RegisterEntry},
    review::{self, Review, ReviewFilter},
    scope::Reader,
    subject::SubjectType,
};
use schemars::JsonSchema;
use serde::Deserialize;
use validator::Validate;

/// How many octets a line may have without its end; what is longer goes on in the next.
const MAXIMUM_LINE: usize = 75;
/// How many pages of reviews a calendar holds, the soonest first.
const PAGES: usize = 5;
/// How many reviews a page has.
const PAGE: u64 = 200;

/// What the calendar holds.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, Validate)]
#[serde(default, deny_unknown_fields)]
pub struct CalendarFilter {
    /// Only this supplier and its products.
    pub supplier_id: Option<SupplierId>,
}

/// The open reviews of an organisation as a calendar, the soonest thousand.
///
/// # Errors
/// [`Error::Database`] only.
pub async fn reviews(reader: &Reader, filter: &CalendarFilter) -> Result<String, Error> {
    let mut calendar = Calendar::default();
    let mut cursor = None;
    for _ in 0..PAGES {
        let asked = ReviewFilter {
            supplier_id: filter.supplier_id.clone(),
            limit: Some(PAGE),
            cursor: cursor.take(),
            ..ReviewFilter::default()
        };
        let page = review::list(reader, &asked).await?;
        let lines = register::lines(reader, page.items.iter().map(|review| review.subject_id.clone())).await?;
        for review in &page.items {
            calendar.add(review, lines.get(&review.subject_id));
        }
        cursor = page.next;
        if cursor.is_none() {
            break;
        }
    }
    Ok(calendar.done())
}

/// A calendar as it is written.
struct Calendar(String);

impl Default for Calendar {
    fn default() -> Self {
        let mut calendar = Self(String::new());
        for line in [
            "BEGIN:VCALENDAR",
            "VERSION:2.0",
            "PRODID:-//Diligence//Reviews//EN",
            "CALSCALE:GREGORIAN",
            "METHOD:PUBLISH",
            "X-WR-CALNAME:Reviews of suppliers",
            "REFRESH-INTERVAL;VALUE=DURATION:PT6H",
            "X-PUBLISHED-TTL:PT6H",
        ] {
            calendar.line(line);
        }
        calendar
    }
}

impl Calendar {
    /// A line, folded where it is long: never inside a letter.
    fn line(&mut self, text: &str) {
        let mut length = 0;
        for letter in text.chars() {
            if length + letter.len_utf8() > MAXIMUM_LINE {
                self.0.push_str("\r\n ");
                length = 1;
            }
            self.0.push(letter);
            length += letter.len_utf8();
        }
        self.0.push_str("\r\n");
    }

    /// A review, on the whole of its day. Nobody is busy because of it.
    fn add(&mut self, review: &Review, line: Option<&RegisterEntry>) {
        let name = line.map(|line| match line.subject_type {
            SubjectType::Supplier => line.name.clone(),
            SubjectType::Product => format!("{} ({})", line.name, line.supplier_name),
        });
        self.line("BEGIN:VEVENT");
        self.line(&format!("UID:{}@diligence", review.id));
        self.line(&format!("DTSTAMP:{}", stamp(review.updated_at.time())));
        self.line(&format!("SEQUENCE:{}", review.version));
        self.line(&format!("DTSTART;VALUE=DATE:{}", review.due_on.date().format("%Y%m%d")));
        self.line(&format!("SUMMARY:{}", escaped(&format!("Review: {}", name.unwrap_or_default()))));
        self.line(&format!("DESCRIPTION:{}", escaped(&review.reason_detail.replace('_', " "))));
        self.line("TRANSP:TRANSPARENT");
        self.line("END:VEVENT");
    }

    fn done(mut self) -> String {
        self.line("END:VCALENDAR");
        self.0
    }
}

fn stamp(time: DateTime<Utc>) -> String {
    time.format("%Y%m%dT%H%M%SZ").to_string()
}

/// A text with what means something in a calendar made plain; no other control characters are left in it.
fn escaped(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '\\' | ';' | ',' => {
                let _ = write!(plain, "\\{letter}");
            }
            '\n' => plain.push_str("\\n"),
            letter if letter.is_control() => {}
            letter => plain.push(letter),
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_lines_are_folded_between_letters() {
        let mut calendar = Calendar(String::new());
        let text = format!("SUMMARY:{}", "é".repeat(100));
        calendar.line(&text);
        assert!(calendar.0.ends_with("\r\n") && calendar.0.lines().count() > 2);
        assert!(calendar.0.split("\r\n").all(|line| line.len() <= MAXIMUM_LINE), "{}", calendar.0);
        assert_eq!(calendar.0.replace("\r\n ", "").trim_end(), text);
    }

    #[test]
    fn nothing_in_a_text_can_begin_a_line_of_its_own() {
        assert_eq!(escaped("a, b; c\\d\r\nEND:VEVENT\u{7}"), "a\\, b\\; c\\\\d\\nEND:VEVENT");
    }
}

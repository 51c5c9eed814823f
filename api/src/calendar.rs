//! What is due as calendar programs read it: iCalendar, RFC 5545.

use std::fmt::Write as _;

use chrono::{DateTime, Utc};
use diligence_entities::{
    due::{self, DueFilter, DueItem, DueKind},
    error::Error,
    id::SupplierId,
    scope::Reader,
};
use schemars::JsonSchema;
use serde::Deserialize;
use validator::Validate;

use crate::pages::{due_href, due_name};

/// How many octets a line may have without its end; what is longer goes on in the next.
const MAXIMUM_LINE: usize = 75;
/// How many pages of the list a calendar holds, the soonest first.
const PAGES: usize = 5;
/// How many items a page has.
const PAGE: u64 = 200;

/// What the calendar holds.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, Validate)]
#[serde(default, deny_unknown_fields)]
pub struct CalendarFilter {
    /// Only this supplier and its products.
    pub supplier_id: Option<SupplierId>,
}

/// What is due in an organisation as a calendar, the soonest thousand items; `link` makes addresses of paths here.
///
/// # Errors
/// [`Error::Database`] only.
pub async fn due(reader: &Reader, filter: &CalendarFilter, link: impl Fn(&str) -> String) -> Result<String, Error> {
    let mut calendar = Calendar::default();
    let mut cursor = None;
    for _ in 0..PAGES {
        let asked = DueFilter {
            supplier_id: filter.supplier_id.clone(),
            limit: Some(PAGE),
            cursor: cursor.take(),
            ..DueFilter::default()
        };
        let page = due::list(reader, &asked).await?;
        for item in &page.items {
            calendar.add(item, &link(&due_href(item)));
        }
        cursor = page.next;
        if cursor.is_none() {
            break;
        }
    }
    Ok(calendar.done())
}

/// What is to be done on that day, in a word or two.
pub(crate) fn title(kind: DueKind) -> &'static str {
    match kind {
        DueKind::RefusedInUse => "Refused, and in use",
        DueKind::DecisionStale => "Decide again",
        DueKind::DecisionLapse => "Approval lapses",
        DueKind::Condition => "Condition",
        DueKind::EvidenceExpiry => "Evidence expires",
        DueKind::ContractNotice => "Last day of notice",
        DueKind::ContractEnd => "Contract ends",
        DueKind::Review => "Review",
        DueKind::ProfileUnknown => "To be profiled",
        DueKind::AiUnknown => "Ask about AI",
        DueKind::NeverAssessed => "Never assessed",
        DueKind::SecurityCheck => "Security check of our own",
        DueKind::Exercise => "Exercise of our own",
        DueKind::EvidenceToCheck => "Evidence to accept",
        DueKind::AnswersToReview => "Answers to review",
        DueKind::Unanswered => "Not answered",
        DueKind::AcceptanceLapse => "Decide on a risk again",
        DueKind::Action => "Action on a risk",
        DueKind::KeyEnd => "Key ends",
        DueKind::ProviderSecretEnd => "Secret ends",
        DueKind::EditionOutdated => "Questionnaire outdated",
    }
}

/// A calendar as it is written.
struct Calendar(String);

impl Default for Calendar {
    fn default() -> Self {
        let mut calendar = Self(String::new());
        for line in [
            "BEGIN:VCALENDAR",
            "VERSION:2.0",
            "PRODID:-//Diligence//Due//EN",
            "CALSCALE:GREGORIAN",
            "METHOD:PUBLISH",
            "X-WR-CALNAME:What is due about suppliers",
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

    /// An item, on the whole of its day. Nobody is busy because of it.
    fn add(&mut self, item: &DueItem, address: &str) {
        // A review has been known by its own id since before the calendar had anything else.
        let uid = if item.kind == DueKind::Review { item.source_id.clone() } else { item.id.to_string() };
        let day = |days: i64| item.due_on.plus_days(days).date().format("%Y%m%d").to_string();
        self.line("BEGIN:VEVENT");
        self.line(&format!("UID:{uid}@diligence"));
        self.line(&format!("DTSTAMP:{}", stamp(item.updated_at.time())));
        self.line(&format!("SEQUENCE:{}", item.updated_at.seconds_since(item.created_at)));
        self.line(&format!("DTSTART;VALUE=DATE:{}", day(0)));
        self.line(&format!("DTEND;VALUE=DATE:{}", day(1)));
        self.line(&format!("SUMMARY:{}", escaped(&format!("{}: {}", title(item.kind), due_name(item)))));
        self.line(&format!("DESCRIPTION:{}", escaped(&item.why.replace('_', " "))));
        // Two of one name on one day are told apart by it.
        self.line(&format!("URL:{address}"));
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

//! Dates and words as UK public services write them.

use std::borrow::Borrow;

use diligence_entities::{
    assessment::{Assessment, AssessmentState},
    clock::{Day, Moment, days_between},
    decision::DecisionOutcome,
    evidence::EndsBecause,
    id::{SubjectId, SupplierId},
    product::AiFeatures,
    register::{RegisterEntry, RiskCounts},
    stored::word,
    subject::SubjectType,
    supplier::Money,
};
use serde::Serialize;

/// Within how many days a date is said by how far it is off.
const NEAR_DAYS: i64 = 60;

/// `3 March 2027`.
pub(super) fn day(day: impl Borrow<Day>) -> String {
    day.borrow().date().format("%-d %B %Y").to_string()
}

/// `3 March 2027 at 14:05 UTC`.
pub(super) fn moment(moment: impl Borrow<Moment>) -> String {
    moment.borrow().time().format("%-d %B %Y at %H:%M UTC").to_string()
}

/// `1 question`, `2 questions`.
pub(super) fn count(count: impl ToString, one: &str, many: &str) -> String {
    let count = count.to_string();
    if count == "1" { format!("1 {one}") } else { format!("{count} {many}") }
}

/// That a question does not apply, with the reason if one was given.
pub(super) fn does_not_apply(reason: &str) -> String {
    if reason.is_empty() { "Does not apply".to_owned() } else { format!("Does not apply: {reason}") }
}

/// A number with commas between its thousands.
pub(super) fn thousands(number: impl ToString) -> String {
    let digits = number.to_string();
    let groups: Vec<&str> =
        digits.as_bytes().rchunks(3).rev().filter_map(|group| std::str::from_utf8(group).ok()).collect();
    groups.join(",")
}

/// How large a file is, as people say it: `12 KB`, `1.4 MB`.
pub(super) fn size(bytes: impl Borrow<i64>) -> String {
    let bytes = *bytes.borrow();
    if bytes < 1024 * 1024 {
        format!("{} KB", (bytes + 1023) / 1024)
    } else {
        format!("{:.1} MB", bytes as f64 / 1_048_576.0)
    }
}

/// A language by its own name.
pub(super) fn language(code: &str) -> String {
    match code.split('-').next().unwrap_or_default() {
        "en" => "English".into(),
        "cy" => "Cymraeg".into(),
        "gd" => "Gàidhlig".into(),
        "ga" => "Gaeilge".into(),
        _ => code.to_owned(),
    }
}

/// What a word of the interface says to people: `ai_system` is *AI system*.
pub(super) fn label<T: Serialize>(value: &T) -> String {
    let word = word(value);
    let text: Vec<&str> = word
        .split('_')
        .map(|part| match part {
            "ai" => "AI",
            "ce" => "CE",
            "dpia" => "DPIA",
            "dspt" => "DSPT",
            "i" => "I",
            "iia" => "IIa",
            "iib" => "IIb",
            "iii" => "III",
            "mfa" => "MFA",
            other => other,
        })
        .collect();
    capital(text.join(" "))
}

/// A supplier, or a product and whose it is.
pub(super) fn subject(line: &RegisterEntry) -> String {
    match line.subject_type {
        SubjectType::Supplier => line.name.clone(),
        SubjectType::Product => format!("{} ({})", line.name, line.supplier_name),
    }
}

/// Where the page of a supplier is.
pub(super) fn supplier_href(id: &SupplierId) -> String {
    format!("/suppliers/{id}")
}

/// Where the page of a supplier or product is.
pub(super) fn subject_href(id: &SubjectId) -> String {
    match id {
        SubjectId::Supplier(id) => supplier_href(id),
        SubjectId::Product(id) => format!("/products/{id}"),
    }
}

/// A day beside today: `today`, `tomorrow`, `in 12 days`, `5 days ago`, and the date itself where it is far.
pub(super) fn relative_day(date: impl Borrow<Day>, today: impl Borrow<Day>) -> String {
    let date = *date.borrow();
    match days_between(*today.borrow(), date) {
        0 => "today".into(),
        1 => "tomorrow".into(),
        -1 => "yesterday".into(),
        days @ 2..=NEAR_DAYS => format!("in {days} days"),
        days if (-NEAR_DAYS..=-2).contains(&days) => format!("{} days ago", -days),
        days => format!("{}{}", if days < 0 { "since " } else { "on " }, day(date)),
    }
}

/// A day, and how far it is off if that is near: `3 March 2027 (in 4 days)`.
pub(super) fn day_with_distance(date: impl Borrow<Day>, today: impl Borrow<Day>) -> String {
    let (date, today) = (*date.borrow(), *today.borrow());
    if days_between(today, date).abs() <= NEAR_DAYS {
        format!("{} ({})", day(date), relative_day(date, today))
    } else {
        day(date)
    }
}

/// Until when a piece of evidence counts, and how that is known: `30 June 2027, worked out from its kind`.
pub(super) fn evidence_end(ends_on: Option<Day>, because: EndsBecause, today: Day) -> String {
    match (ends_on, because) {
        (Some(last), EndsBecause::Derived) => format!("{}, worked out from its kind", day_with_distance(last, today)),
        (Some(last), _) => day_with_distance(last, today),
        (None, EndsBecause::Undated) => "No day said: it counts for nothing".into(),
        (None, _) => "No end".into(),
    }
}

/// What the program itself says of its fields and words, as people write: `data_sensitivity is special_category`.
pub(super) fn without_underscores(text: &str) -> String {
    text.replace('_', " ")
}

/// How much AI is in something.
pub(super) fn ai(features: impl Borrow<AiFeatures>) -> &'static str {
    match features.borrow() {
        AiFeatures::None => "No AI",
        AiFeatures::Embedded => "AI inside",
        AiFeatures::Core => "AI at its core",
        AiFeatures::Unknown => "AI not known yet",
    }
}

/// The word of the interface itself: for styles and addresses.
pub(super) fn slug<T: Serialize>(value: &T) -> String {
    word(value)
}

/// A text with a capital letter.
pub(super) fn capital(text: impl AsRef<str>) -> String {
    let mut letters = text.as_ref().chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

/// `March 2027`.
pub(super) fn month(day: Day) -> String {
    day.date().format("%B %Y").to_string()
}

/// `£1,234.50`; other currencies by their letters.
pub(super) fn money(money: &Money) -> String {
    let (whole, part) = (money.amount_minor / 100, money.amount_minor % 100);
    let text = format!("{}{}", thousands(whole), if part == 0 { String::new() } else { format!(".{part:02}") });
    if money.currency == "GBP" { format!("£{text}") } else { format!("{} {text}", money.currency) }
}

/// Risks that count, the worst first: `1 extreme, 2 high`.
pub(super) fn risks(counts: &RiskCounts) -> String {
    let RiskCounts { low, moderate, high, extreme } = counts;
    let parts = [(extreme, "extreme"), (high, "high"), (moderate, "moderate"), (low, "low")];
    parts
        .into_iter()
        .filter(|(count, _)| **count > 0)
        .map(|(count, name)| format!("{count} {name}"))
        .collect::<Vec<_>>()
        .join(", ")
}

/// What was decided.
pub(super) fn outcome(outcome: impl Borrow<DecisionOutcome>) -> &'static str {
    match outcome.borrow() {
        DecisionOutcome::Approved => "Approved",
        DecisionOutcome::ApprovedWithConditions => "Approved with conditions",
        DecisionOutcome::Refused => "Refused",
    }
}

/// Where an assessment stands; its first word is the key of its tag.
pub(super) fn assessment_state(assessment: &Assessment) -> (&'static str, &'static str) {
    match assessment.state.0 {
        AssessmentState::Open if assessment.return_comment.is_some() => ("returned", "Returned for changes"),
        AssessmentState::Open => ("open", "Being answered"),
        AssessmentState::Submitted => ("submitted", "To be reviewed"),
        AssessmentState::Approved => ("approved", "Approved"),
        AssessmentState::Refused => ("refused", "Refused"),
        AssessmentState::Superseded => ("superseded", "Superseded by a newer one"),
    }
}

/// Who may do something about an assessment.
pub(super) fn who_is_next(assessment: &Assessment) -> &'static str {
    match assessment.state.0 {
        AssessmentState::Open => "Editors, or whoever at the supplier has a link",
        AssessmentState::Submitted => "Approvers",
        AssessmentState::Approved | AssessmentState::Refused | AssessmentState::Superseded => "Nobody: it is decided",
    }
}

/// A framework, as a heading.
pub(super) fn framework(key: &str) -> String {
    label(&key)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_and_counts_are_written_as_people_say_them() {
        assert_eq!(day("2027-03-03".parse::<Day>().expect("a day")), "3 March 2027");
        assert_eq!(moment("2027-03-03T14:05:09Z".parse::<Moment>().expect("a moment")), "3 March 2027 at 14:05 UTC");
        let today: Day = "2027-03-03".parse().expect("a day");
        let told = |days: i64| relative_day(today.plus_days(days), today);
        assert_eq!(
            [0, 1, -1, 2, -60, 61, -61].map(told),
            ["today", "tomorrow", "yesterday", "in 2 days", "60 days ago", "on 3 May 2027", "since 1 January 2027"]
        );
        assert_eq!(
            (label(&diligence_entities::product::ProductKind::AiSystem), framework("ethical_ai"), label(&"no_mfa")),
            ("AI system".into(), "Ethical AI".into(), "No MFA".into())
        );
        assert_eq!(
            (count(1, "question", "questions"), count(0, "question", "questions")),
            ("1 question".into(), "0 questions".into())
        );
    }
}

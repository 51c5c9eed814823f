//! How to answer a question, and when it is asked, in words.

use super::{may_be_not_applicable, shown_options};
use crate::condition::{Condition, Scalar, Test};
use crate::edition::{Choice, Edition, EvidenceNeed, MAX_CONDITION_DEPTH, Question, QuestionType, Section};
use crate::fault::shortened;

/// The most characters that list the choices, or say when a question is asked.
const MAX_WORDS_CHARS: usize = 1_000;
/// The most characters of one question inside a condition.
const MAX_NAME_CHARS: usize = 80;

fn quoted(text: &str) -> String {
    format!("\u{201c}{text}\u{201d}")
}

/// `“a”, “b” or “c”`.
pub(super) fn choices(question: &Question) -> String {
    let shown: Vec<String> = shown_options(question).iter().map(|text| quoted(text)).collect();
    let text = match shown.as_slice() {
        [first @ .., last] if !first.is_empty() => format!("{} or {last}", first.join(", ")),
        all => all.join(""),
    };
    shortened(&text, MAX_WORDS_CHARS)
}

/// What an answer to a question looks like.
pub(super) fn kind(question: &Question) -> String {
    match question.kind {
        QuestionType::YesNo | QuestionType::SingleChoice => choices(question),
        QuestionType::MultipleChoice => format!("{} in the rows of the options", quoted("yes")),
        QuestionType::Number => {
            let unit = question.unit.as_ref().map(|unit| format!(" ({unit})")).unwrap_or_default();
            let range = match (question.minimum, question.maximum) {
                (Some(minimum), Some(maximum)) => format!(", {minimum} to {maximum}"),
                (Some(minimum), None) => format!(", {minimum} or more"),
                (None, Some(maximum)) => format!(", {maximum} or less"),
                (None, None) => String::new(),
            };
            format!("a number{unit}{range}")
        }
        QuestionType::Date => "a date, such as 2026-03-31 or 31/03/2026".to_owned(),
        QuestionType::Text => "text".to_owned(),
        QuestionType::File => "the id of a piece of evidence".to_owned(),
    }
}

/// All that a respondent is told beside the question and its help.
pub(super) fn how(edition: &Edition, section: &Section, question: &Question, is_asked: bool) -> String {
    let mut said = vec![match question.kind {
        QuestionType::MultipleChoice => format!("Choose all that apply: write {} in the rows below.", quoted("yes")),
        QuestionType::YesNo | QuestionType::SingleChoice => format!("Choose {}.", kind(question)),
        QuestionType::Text => "Answer in your own words.".to_owned(),
        _ => format!("Write {}.", kind(question)),
    }];
    if question.required {
        said.push("Must be answered.".to_owned());
    }
    let why: Vec<String> = question.options.iter().zip(shown_options(question)).filter(|(choice, _)| choice.ask_why).map(|(_, shown)| quoted(&shown)).collect();
    if !why.is_empty() {
        said.push(format!("With {}, say more in the comment.", shortened(&why.join(" or "), MAX_WORDS_CHARS)));
    }
    if may_be_not_applicable(question) {
        said.push("If it does not apply to you, leave the answer empty and say why.".to_owned());
    }
    let kinds: Vec<String> =
        question.evidence.kinds.iter().filter_map(|kind| serde_json::to_value(kind).ok()).filter_map(|kind| Some(kind.as_str()?.replace('_', " "))).collect();
    let kinds = if kinds.is_empty() { String::new() } else { format!(": {}", kinds.join(", ")) };
    match question.evidence.need {
        EvidenceNeed::None => {}
        EvidenceNeed::Optional => said.push(format!("Evidence is welcome{kinds}.")),
        EvidenceNeed::Needed => said.push(format!("Evidence is needed{kinds}.")),
    }
    let conditions: Vec<String> = [&section.show_if, &question.show_if].into_iter().flatten().map(|condition| grouped(condition, edition, 1)).collect();
    if !conditions.is_empty() {
        said.push(format!("Asked only if {}.", shortened(&conditions.join(" and "), MAX_WORDS_CHARS)));
    }
    if !is_asked {
        said.push("Not asked as the answers stand.".to_owned());
    }
    said.join("\n")
}

/// How to answer on the row of an option.
pub(super) fn how_option(choice: &Choice) -> String {
    if choice.exclusive { format!("{} only if no other row has it, or leave it empty.", quoted("yes")) } else { format!("{}, or leave it empty.", quoted("yes")) }
}

/// The condition, in brackets where it would run together with others.
fn grouped(condition: &Condition, edition: &Edition, depth: usize) -> String {
    match condition {
        Condition::All(parts) | Condition::Any(parts) if parts.len() > 1 => format!("({})", in_words(condition, edition, depth)),
        _ => in_words(condition, edition, depth),
    }
}

pub(crate) fn in_words(condition: &Condition, edition: &Edition, depth: usize) -> String {
    if depth > MAX_CONDITION_DEPTH {
        return "\u{2026}".to_owned();
    }
    let all = |parts: &[Condition], between: &str| parts.iter().map(|part| grouped(part, edition, depth + 1)).collect::<Vec<_>>().join(between);
    match condition {
        Condition::All(parts) => all(parts, " and "),
        Condition::Any(parts) => all(parts, " or "),
        Condition::Not(part) => match part.as_ref() {
            Condition::Question { question, test } => leaf(question, test, edition, true),
            Condition::Subject { fact, is } => profile(fact, is, " not"),
            other => format!("not ({})", in_words(other, edition, depth + 1)),
        },
        Condition::Question { question, test } => leaf(question, test, edition, false),
        Condition::Subject { fact, is } => profile(fact, is, ""),
    }
}

fn profile(fact: &str, is: &str, not: &str) -> String {
    format!("{} is{not} {} in the profile", quoted(&fact.replace('_', " ")), quoted(&is.replace('_', " ")))
}

fn leaf(key: &str, test: &Test, edition: &Edition, negated: bool) -> String {
    let question = edition.question(key);
    let name = quoted(&question.map_or_else(|| key.to_owned(), |question| shortened(&question.text, MAX_NAME_CHARS)));
    let option = |value: &str| {
        let index = question.and_then(|question| question.options.iter().position(|choice| choice.value == value).map(|index| (question, index)));
        quoted(&index.and_then(|(question, index)| shown_options(question).into_iter().nth(index)).unwrap_or_else(|| value.to_owned()))
    };
    let not = if negated { " not" } else { "" };
    match test {
        Test::Is(Scalar::Text(value)) => format!("the answer to {name} is{not} {}", option(value)),
        Test::Is(Scalar::Number(number)) => format!("the answer to {name} is{not} {number}"),
        Test::Includes(value) => format!("the answer to {name} {} {}", if negated { "leaves out" } else { "includes" }, option(value)),
        Test::Answered(there) => format!("{name} is{} answered", if *there == negated { " not" } else { "" }),
        Test::AtLeast(number) => format!("the answer to {name} is{not} {number} or more"),
        Test::AtMost(number) => format!("the answer to {name} is{not} {number} or less"),
        Test::Before(date) => format!("the answer to {name} is{not} before {date}"),
        Test::After(date) => format!("the answer to {name} is{not} after {date}"),
    }
}

/// What somebody wrote, as a message repeats it.
pub(super) fn excerpt(text: &str) -> String {
    let cut = shortened(text, 60);
    quoted(&cut.replace(char::is_control, " "))
}

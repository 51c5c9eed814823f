//! How to answer a question, and when it is asked, in words.

use std::collections::BTreeMap;

use super::{NOT_APPLICABLE, WHY_NOT, shown_options};
use crate::condition::{Condition, Scalar, Test};
use crate::edition::{Choice, Edition, EvidenceNeed, MAX_CONDITION_DEPTH, NotApplicable, Question, QuestionType};
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
pub(super) fn how(words: &Words<'_>, section_asked_if: Option<&str>, question: &Question, is_asked: bool) -> String {
    let mut said = vec![match question.kind {
        QuestionType::MultipleChoice => format!("Choose all that apply: write {} in the rows below.", quoted("yes")),
        QuestionType::YesNo | QuestionType::SingleChoice => format!("Choose {}.", kind(question)),
        QuestionType::Text => "Answer in your own words.".to_owned(),
        _ => format!("Write {}.", kind(question)),
    }];
    if question.required {
        said.push("Must be answered.".to_owned());
    }
    let why: Vec<String> = question
        .options
        .iter()
        .zip(shown_options(question))
        .filter(|(choice, _)| choice.ask_why)
        .map(|(_, shown)| quoted(&shown))
        .collect();
    if !why.is_empty() {
        said.push(format!("With {}, say more in the comment.", shortened(&why.join(" or "), MAX_WORDS_CHARS)));
    }
    if question.may_be_not_applicable() {
        said.push(match question.not_applicable {
            NotApplicable::WithoutReason => format!(
                "If it does not apply to you, leave the answer empty and write \u{201c}{NOT_APPLICABLE}\u{201d} under \u{201c}{WHY_NOT}\u{201d}."
            ),
            _ => "If it does not apply to you, leave the answer empty and say why.".to_owned(),
        });
    }
    let kinds: Vec<String> = question
        .evidence
        .kinds
        .iter()
        .filter_map(|kind| serde_json::to_value(kind).ok())
        .filter_map(|kind| Some(kind.as_str()?.replace('_', " ")))
        .collect();
    let kinds = if kinds.is_empty() { String::new() } else { format!(": {}", kinds.join(", ")) };
    match question.evidence.need {
        EvidenceNeed::None => {}
        EvidenceNeed::Optional => said.push(format!("Evidence is welcome{kinds}.")),
        EvidenceNeed::Needed => said.push(format!("Evidence is needed{kinds}.")),
    }
    let own = question.show_if.as_ref().map(|condition| words.grouped(condition));
    let conditions: Vec<&str> = section_asked_if.into_iter().chain(own.as_deref()).collect();
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
    if choice.exclusive {
        format!("{} only if no other row has it, or leave it empty.", quoted("yes"))
    } else {
        format!("{}, or leave it empty.", quoted("yes"))
    }
}

/// The words of an edition's conditions: its questions by key, looked up once.
pub(crate) struct Words<'a>(BTreeMap<&'a str, &'a Question>);

impl<'a> Words<'a> {
    pub(crate) fn of(edition: &'a Edition) -> Self {
        // Of two questions by one key, the first is meant, as everywhere.
        let mut questions = BTreeMap::new();
        for question in edition.questions() {
            questions.entry(question.key.as_str()).or_insert(question);
        }
        Self(questions)
    }

    /// A condition as people read it after "asked if", up to [`MAX_WORDS_CHARS`].
    pub(crate) fn of_condition(&self, condition: &Condition) -> String {
        let mut text = String::new();
        self.say(condition, 1, &mut text);
        shortened(&text, MAX_WORDS_CHARS)
    }

    /// A condition as people read it, in brackets where it would run together with its neighbours, up to
    /// [`MAX_WORDS_CHARS`].
    pub(super) fn grouped(&self, condition: &Condition) -> String {
        let mut text = String::new();
        self.say_grouped(condition, 1, &mut text);
        shortened(&text, MAX_WORDS_CHARS)
    }

    fn say_grouped(&self, condition: &Condition, depth: usize, text: &mut String) {
        match condition {
            Condition::All(parts) | Condition::Any(parts) if parts.len() > 1 => {
                text.push('(');
                self.say(condition, depth, text);
                text.push(')');
            }
            _ => self.say(condition, depth, text),
        }
    }

    fn say(&self, condition: &Condition, depth: usize, text: &mut String) {
        // Nobody reads more than is kept of it. A character has four bytes at the most.
        if text.len() > MAX_WORDS_CHARS * 4 {
            return;
        }
        if depth > MAX_CONDITION_DEPTH {
            text.push('\u{2026}');
            return;
        }
        match condition {
            Condition::All(parts) | Condition::Any(parts) => {
                let between = if matches!(condition, Condition::All(_)) { " and " } else { " or " };
                for (index, part) in parts.iter().enumerate() {
                    if text.len() > MAX_WORDS_CHARS * 4 {
                        return;
                    }
                    if index > 0 {
                        text.push_str(between);
                    }
                    self.say_grouped(part, depth + 1, text);
                }
            }
            Condition::Not(part) => match part.as_ref() {
                Condition::Question { question, test } => text.push_str(&self.leaf(question, test, true)),
                Condition::Subject { fact, is } => text.push_str(&profile(fact, is, " not")),
                other => {
                    text.push_str("not (");
                    self.say(other, depth + 1, text);
                    text.push(')');
                }
            },
            Condition::Question { question, test } => text.push_str(&self.leaf(question, test, false)),
            Condition::Subject { fact, is } => text.push_str(&profile(fact, is, "")),
        }
    }

    fn leaf(&self, key: &str, test: &Test, negated: bool) -> String {
        let question = self.0.get(key).copied();
        let name =
            quoted(&question.map_or_else(|| key.to_owned(), |question| shortened(&question.text, MAX_NAME_CHARS)));
        let option = |value: &str| {
            let index = question.and_then(|question| {
                question.options.iter().position(|choice| choice.value == value).map(|index| (question, index))
            });
            quoted(
                &index
                    .and_then(|(question, index)| shown_options(question).into_iter().nth(index))
                    .unwrap_or_else(|| value.to_owned()),
            )
        };
        let not = if negated { " not" } else { "" };
        match test {
            Test::Is(Scalar::Text(value)) => format!("the answer to {name} is{not} {}", option(value)),
            Test::Is(Scalar::Number(number)) => format!("the answer to {name} is{not} {number}"),
            Test::Includes(value) => {
                format!("the answer to {name} {} {}", if negated { "leaves out" } else { "includes" }, option(value))
            }
            Test::Answered(there) => format!("{name} is{} answered", if *there == negated { " not" } else { "" }),
            Test::AtLeast(number) => format!("the answer to {name} is{not} {number} or more"),
            Test::AtMost(number) => format!("the answer to {name} is{not} {number} or less"),
            Test::Before(date) => format!("the answer to {name} is{not} before {date}"),
            Test::After(date) => format!("the answer to {name} is{not} after {date}"),
        }
    }
}

fn profile(fact: &str, is: &str, not: &str) -> String {
    format!("{} is{not} {} in the profile", quoted(&fact.replace('_', " ")), quoted(&is.replace('_', " ")))
}

/// What somebody wrote, as a message repeats it.
pub(super) fn excerpt(text: &str) -> String {
    let cut = shortened(text, 60);
    quoted(&cut.replace(char::is_control, " "))
}

//! Conditions with their names resolved to numbers, and the order in which they can be read.

use std::collections::BTreeMap;

use chrono::NaiveDate;

use super::{Held, Slot};
use crate::answer::{Subject, parse_date};
use crate::condition::{Condition, Scalar, Test};
use crate::edition::{Decimal, MAX_CONDITION_DEPTH, Question, QuestionType, Section};

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Node {
    Section(usize),
    Question(usize),
}

/// A condition with its names resolved.
#[derive(Debug, Clone)]
pub(super) enum Rule {
    Never,
    All(Vec<Rule>),
    Any(Vec<Rule>),
    Not(Box<Rule>),
    Option(usize, usize),
    Answered(usize, bool),
    Number(usize, Option<Decimal>, Option<Decimal>),
    Date(usize, Option<NaiveDate>, Option<NaiveDate>),
    Subject(String, String),
}

pub(super) struct Resolver<'a> {
    pub(super) numbers: &'a BTreeMap<&'a str, usize>,
    pub(super) questions: &'a [&'a Question],
}

impl Resolver<'_> {
    pub(super) fn rule(&self, condition: &Condition, depth: usize) -> Rule {
        if depth >= MAX_CONDITION_DEPTH {
            return Rule::Never;
        }
        let parts = |parts: &[Condition]| parts.iter().map(|part| self.rule(part, depth + 1)).collect();
        match condition {
            Condition::All(list) => Rule::All(parts(list)),
            Condition::Any(list) => Rule::Any(parts(list)),
            Condition::Not(part) => Rule::Not(Box::new(self.rule(part, depth + 1))),
            Condition::Subject { fact, is } => Rule::Subject(fact.clone(), is.clone()),
            Condition::Question { question, test } => match self.numbers.get(question.as_str()) {
                Some(number) => self.test(*number, test).unwrap_or(Rule::Never),
                None => Rule::Never,
            },
        }
    }

    fn test(&self, number: usize, test: &Test) -> Option<Rule> {
        let question = self.questions[number];
        Some(match test {
            Test::Is(Scalar::Number(value)) => Rule::Number(number, Some(*value), Some(*value)),
            Test::Is(Scalar::Text(value)) if question.kind == QuestionType::Date => {
                let date = parse_date(value)?;
                Rule::Date(number, Some(date), Some(date))
            }
            Test::Is(Scalar::Text(value)) | Test::Includes(value) => {
                Rule::Option(number, question.option_number(value)?)
            }
            Test::Answered(wanted) => Rule::Answered(number, *wanted),
            Test::AtLeast(value) => Rule::Number(number, Some(*value), None),
            Test::AtMost(value) => Rule::Number(number, None, Some(*value)),
            Test::Before(date) => Rule::Date(number, None, Some(date.pred_opt()?)),
            Test::After(date) => Rule::Date(number, Some(date.succ_opt()?), None),
        })
    }
}

pub(super) fn holds(rule: &Rule, slots: &[Slot<'_>], subject: &Subject) -> bool {
    let held = |number: usize| if slots[number].visible { slots[number].held } else { Held::Nothing };
    match rule {
        Rule::Never => false,
        Rule::All(parts) => parts.iter().all(|part| holds(part, slots, subject)),
        Rule::Any(parts) => parts.iter().any(|part| holds(part, slots, subject)),
        Rule::Not(part) => !holds(part, slots, subject),
        Rule::Option(number, option) => matches!(held(*number), Held::Options(chosen) if chosen.has(*option)),
        Rule::Answered(number, wanted) => (held(*number) != Held::Nothing) == *wanted,
        Rule::Number(number, least, most) => {
            matches!(held(*number), Held::Number(value) if least.is_none_or(|least| least <= value) && most.is_none_or(|most| value <= most))
        }
        Rule::Date(number, first, last) => {
            matches!(held(*number), Held::Date(date) if first.is_none_or(|first| first <= date) && last.is_none_or(|last| date <= last))
        }
        Rule::Subject(fact, value) => subject.is(fact, value),
    }
}

/// Sections and questions in an order in which whatever a condition reads comes first, and a section before its
/// questions. Those on a circle, or behind one, are left out.
pub(super) fn order(sections: &[Section], numbers: &BTreeMap<&str, usize>) -> Vec<Node> {
    // Node numbers: sections first, then questions.
    let question_count: usize = sections.iter().map(|section| section.questions.len()).sum();
    let mut waiting = vec![0_usize; sections.len() + question_count];
    let mut readers: Vec<Vec<usize>> = vec![Vec::new(); waiting.len()];
    let mut link = |reader: usize, condition: Option<&Condition>, section: Option<usize>| {
        let read = condition.map(Condition::questions).unwrap_or_default();
        let read = read.into_iter().filter_map(|key| numbers.get(key)).map(|number| sections.len() + number);
        for node in read.chain(section) {
            readers[node].push(reader);
            waiting[reader] += 1;
        }
    };
    let mut number = sections.len();
    for (section_number, section) in sections.iter().enumerate() {
        link(section_number, section.show_if.as_ref(), None);
        for question in &section.questions {
            link(number, question.show_if.as_ref(), Some(section_number));
            number += 1;
        }
    }
    let mut ready: Vec<usize> = (0..waiting.len()).rev().filter(|node| waiting[*node] == 0).collect();
    let mut order = Vec::with_capacity(waiting.len());
    while let Some(node) = ready.pop() {
        order.push(if node < sections.len() { Node::Section(node) } else { Node::Question(node - sections.len()) });
        for reader in &readers[node] {
            waiting[*reader] -= 1;
            if waiting[*reader] == 0 {
                ready.push(*reader);
            }
        }
    }
    order
}

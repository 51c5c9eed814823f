//! What can never be shown or raised, whatever is answered.

use chrono::NaiveDate;

use super::Checker;
use crate::answer::{fact, parse_date};
use crate::condition::{Condition, Scalar, Test};
use crate::edition::{AppliesTo, Decimal};

impl Checker<'_> {
    /// Reports what can never be shown or raised. Only for an edition without circles.
    pub(super) fn never(&mut self) {
        let reads = self.reads();
        let mut never = vec![false; reads.len()];
        let mut done = vec![false; reads.len()];
        let mut open: Vec<usize> = (0..reads.len()).rev().collect();
        while let Some(node) = open.pop() {
            if done[node] {
                continue;
            }
            let before: Vec<usize> = reads[node].iter().copied().filter(|read| !done[*read]).collect();
            if !before.is_empty() {
                open.push(node);
                open.extend(before);
                continue;
            }
            done[node] = true;
            let verdict = Verdict { checker: self, never: &never };
            never[node] = match self.questions.get(node) {
                Some(place) => {
                    let section = self.edition.sections[place.section].show_if.as_ref();
                    let parts: Vec<&Condition> = section.into_iter().chain(&place.question.show_if).collect();
                    verdict.all(&parts) == Some(false)
                }
                None => {
                    let section = self.edition.sections[node - self.questions.len()].show_if.as_ref();
                    section.is_some_and(|condition| verdict.of(condition) == Some(false))
                }
            };
        }
        let verdict = Verdict { checker: self, never: &never };
        let findings: Vec<usize> = (0..self.edition.findings.len())
            .filter(|index| verdict.of(&self.edition.findings[*index].when) == Some(false))
            .collect();
        for (node, _) in never.iter().enumerate().filter(|(_, never)| **never) {
            let section = match self.questions.get(node) {
                // The section says it for all its questions.
                Some(place) if never[self.questions.len() + place.section] => continue,
                Some(place) => {
                    let field = if place.question.show_if.is_some() { "/show_if" } else { "" };
                    let pointer = format!("{}{field}", place.pointer);
                    self.fault(
                        pointer,
                        "never_shown",
                        "nobody can ever be asked this: its conditions exclude one another".to_owned(),
                    );
                    continue;
                }
                None => node - self.questions.len(),
            };
            let message = "nobody can ever be asked this section: its conditions exclude one another".to_owned();
            self.fault(format!("/sections/{section}/show_if"), "never_shown", message);
        }
        for index in findings {
            let message = "this can never be raised: its conditions exclude one another".to_owned();
            self.fault(format!("/findings/{index}/when"), "never_raised", message);
        }
    }
}

/// What a condition is whatever is answered, where that is plain to see.
struct Verdict<'c, 'a> {
    checker: &'c Checker<'a>,
    /// The questions and sections that are never shown.
    never: &'c [bool],
}

/// The most conditions compared with one another: this looks for slips, it proves nothing.
const MAX_COMPARED: usize = 100;

impl Verdict<'_, '_> {
    fn of(&self, condition: &Condition) -> Option<bool> {
        match condition {
            Condition::All(parts) => self.all(&parts.iter().collect::<Vec<_>>()),
            Condition::Any(parts) => {
                let verdicts: Vec<Option<bool>> = parts.iter().map(|part| self.of(part)).collect();
                let excluded_middle = parts
                    .iter()
                    .take(MAX_COMPARED)
                    .any(|part| matches!(part, Condition::Not(inner) if parts.contains(inner)));
                if verdicts.contains(&Some(true)) || excluded_middle {
                    Some(true)
                } else {
                    verdicts.iter().all(|verdict| *verdict == Some(false)).then_some(false)
                }
            }
            Condition::Not(part) => self.of(part).map(|verdict| !verdict),
            Condition::Question { question, test } => {
                let number = *self.checker.numbers.get(question.as_str())?;
                if self.never[number] {
                    return Some(*test == Test::Answered(false));
                }
                let question = self.checker.questions[number].question;
                let range = Range::of(test)?;
                let possible = range.numbers(question.minimum, question.maximum);
                (!possible).then_some(false)
            }
            Condition::Subject { fact, is } if fact == "subject_type" => {
                let applies = &self.checker.edition.applies_to;
                let possible = applies.iter().any(|to| (*to == AppliesTo::Supplier) == (is == "supplier"));
                (!possible).then_some(false)
            }
            Condition::Subject { .. } => None,
        }
    }

    fn all(&self, parts: &[&Condition]) -> Option<bool> {
        let verdicts: Vec<Option<bool>> = parts.iter().map(|part| self.of(part)).collect();
        if verdicts.contains(&Some(false)) {
            return Some(false);
        }
        let mut leaves = Vec::new();
        parts.iter().for_each(|part| flatten(part, &mut leaves));
        leaves.truncate(MAX_COMPARED);
        let clash = leaves
            .iter()
            .enumerate()
            .any(|(index, left)| leaves[index + 1..].iter().any(|right| excludes(left, right)));
        if clash {
            return Some(false);
        }
        verdicts.iter().all(|verdict| *verdict == Some(true)).then_some(true)
    }
}

/// Everything that must hold for a condition to hold.
fn flatten<'c>(condition: &'c Condition, leaves: &mut Vec<&'c Condition>) {
    match condition {
        Condition::All(parts) => parts.iter().for_each(|part| flatten(part, leaves)),
        other => leaves.push(other),
    }
}

/// Whether two conditions can plainly not hold at once.
fn excludes(left: &Condition, right: &Condition) -> bool {
    match (left, right) {
        (Condition::Not(inner), other) | (other, Condition::Not(inner)) if **inner == *other => true,
        (Condition::Subject { fact: name, is }, Condition::Subject { fact: other, is: other_is }) => {
            name == other && is != other_is && !fact(name).is_some_and(|fact| fact.list)
        }
        (Condition::Question { question, test }, Condition::Question { question: other, test: other_test })
            if question == other =>
        {
            match (test, other_test) {
                (Test::Answered(left), Test::Answered(right)) => left != right,
                (Test::Answered(answered), _) | (_, Test::Answered(answered)) => !answered,
                (Test::Is(Scalar::Text(left)), Test::Is(Scalar::Text(right))) => left != right,
                (left, right) => match (Range::of(left), Range::of(right)) {
                    (Some(left), Some(right)) => !left.meets(&right),
                    _ => false,
                },
            }
        }
        _ => false,
    }
}

/// The numbers or dates that pass a test.
#[derive(Clone, Copy)]
enum Range {
    Numbers(Option<Decimal>, Option<Decimal>),
    Dates(Option<NaiveDate>, Option<NaiveDate>),
}

impl Range {
    fn of(test: &Test) -> Option<Self> {
        Some(match test {
            Test::Is(Scalar::Number(value)) => Self::Numbers(Some(*value), Some(*value)),
            Test::AtLeast(value) => Self::Numbers(Some(*value), None),
            Test::AtMost(value) => Self::Numbers(None, Some(*value)),
            Test::Is(Scalar::Text(text)) => {
                let date = parse_date(text)?;
                Self::Dates(Some(date), Some(date))
            }
            Test::Before(date) => Self::Dates(None, date.pred_opt()),
            Test::After(date) => Self::Dates(date.succ_opt(), None),
            Test::Includes(_) | Test::Answered(_) => return None,
        })
    }

    fn numbers(&self, minimum: Option<Decimal>, maximum: Option<Decimal>) -> bool {
        match self {
            Self::Numbers(..) => self.meets(&Self::Numbers(minimum, maximum)),
            Self::Dates(..) => true,
        }
    }

    fn meets(&self, other: &Self) -> bool {
        fn meet<T: Ord>(least: Option<T>, other_least: Option<T>, most: Option<T>, other_most: Option<T>) -> bool {
            let least = least.max(other_least);
            let most = match (most, other_most) {
                (Some(most), Some(other)) => Some(most.min(other)),
                (most, other) => most.or(other),
            };
            match (least, most) {
                (Some(least), Some(most)) => least <= most,
                _ => true,
            }
        }
        match (*self, *other) {
            (Self::Numbers(least, most), Self::Numbers(other_least, other_most)) => {
                meet(least, other_least, most, other_most)
            }
            (Self::Dates(first, last), Self::Dates(other_first, other_last)) => {
                meet(first, other_first, last, other_last)
            }
            _ => false,
        }
    }
}

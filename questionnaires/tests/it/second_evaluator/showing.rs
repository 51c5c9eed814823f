//! What is shown, and what a condition says.

use diligence_questionnaires::{Condition, Question, QuestionType, Scalar, Test};

use super::{Evaluator, Said};

impl<'a> Evaluator<'a> {
    pub(super) fn is_visible(&self, question: &Question) -> bool {
        let section = self
            .edition
            .sections
            .iter()
            .find(|section| section.questions.iter().any(|inside| inside.key == question.key))
            .unwrap();
        let section_shown = section.show_if.as_ref().is_none_or(|condition| self.holds(condition));
        let question_shown = question.show_if.as_ref().is_none_or(|condition| self.holds(condition));
        self.note_if(!section_shown, "a hidden section hides its questions");
        self.note_if(section_shown && !question_shown, "a question hides by its own condition");
        section_shown && question_shown
    }

    pub(super) fn holds(&self, condition: &Condition) -> bool {
        match condition {
            Condition::All(parts) => {
                self.note("all");
                parts.iter().all(|part| self.holds(part))
            }
            Condition::Any(parts) => {
                self.note("any");
                parts.iter().any(|part| self.holds(part))
            }
            Condition::Not(part) => {
                self.note("not");
                !self.holds(part)
            }
            Condition::Subject { fact, is } => {
                let values = self.input.subject.values(fact);
                self.note_if(values.is_empty(), "a fact that is not known equals nothing");
                self.note_if(values.len() > 1, "a fact with several values");
                values.contains(is)
            }
            Condition::Question { question, test } => self.passes(self.edition.question(question).unwrap(), test),
        }
    }

    fn passes(&self, question: &'a Question, test: &Test) -> bool {
        let Some(said) = self.answer(question) else {
            return *test == Test::Answered(false);
        };
        match (test, said) {
            (Test::Answered(wanted), _) => {
                self.note("answered");
                *wanted
            }
            (Test::Is(Scalar::Text(text)), Said::Chosen(chosen)) if question.kind != QuestionType::MultipleChoice => {
                self.note("is an option");
                chosen[0].value == *text
            }
            (Test::Is(Scalar::Text(text)), Said::Date(date)) => {
                self.note("is a date");
                date.to_string() == *text
            }
            (Test::Is(Scalar::Number(wanted)), Said::Number(number)) => {
                self.note("is a number");
                number == *wanted
            }
            (Test::Includes(option), Said::Chosen(chosen)) if question.kind == QuestionType::MultipleChoice => {
                self.note("includes");
                chosen.iter().any(|choice| choice.value == *option)
            }
            (Test::AtLeast(limit), Said::Number(number)) => {
                self.note_if(number == *limit, "at_least on its limit");
                number >= *limit
            }
            (Test::AtMost(limit), Said::Number(number)) => {
                self.note_if(number == *limit, "at_most on its limit");
                number <= *limit
            }
            (Test::Before(limit), Said::Date(date)) => {
                self.note_if(date == *limit, "before on its limit");
                date < *limit
            }
            (Test::After(limit), Said::Date(date)) => {
                self.note_if(date == *limit, "after on its limit");
                date > *limit
            }
            _ => false,
        }
    }
}

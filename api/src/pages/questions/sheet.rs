//! What is asked and how it is answered so far: to be read, and as a list of tasks.

use std::collections::BTreeSet;

use diligence_entities::{
    clock::Day,
    respondent::{RespondentQuestion, RespondentQuestions, RespondentSection},
};
use diligence_questionnaires::{Answer, QuestionType};
use serde_json::Value;

use super::{
    Paper,
    field::Field,
    mark,
    standing::{Earlier, Standing},
};
use crate::{
    pages::{form::Form, format, page::FieldError},
    problem::Problem,
};

/// A section as a task.
pub(in crate::pages) struct Task {
    pub(in crate::pages) key: String,
    pub(in crate::pages) href: String,
    pub(in crate::pages) title: String,
    answered: usize,
    asked: usize,
}

impl Task {
    pub(in crate::pages) fn is_done(&self) -> bool {
        self.answered == self.asked
    }

    pub(in crate::pages) fn state(&self) -> String {
        match (self.answered, self.asked) {
            (answered, asked) if answered == asked => "Answered".into(),
            (0, asked) => format::count(asked, "question", "questions"),
            (answered, asked) => format!("{answered} of {} answered", format::count(asked, "question", "questions")),
        }
    }
}

/// A question with what is answered, to be read.
pub(in crate::pages) struct Row {
    pub(in crate::pages) key: String,
    /// Where it is answered; empty where nobody can.
    pub(in crate::pages) href: String,
    pub(in crate::pages) text: String,
    pub(in crate::pages) answer: String,
    pub(in crate::pages) comment: Option<String>,
    pub(in crate::pages) evidence: Vec<String>,
    pub(in crate::pages) is_missing: bool,
    /// What it costs that there is no answer, or no evidence.
    pub(in crate::pages) note: Option<&'static str>,
}

/// What is asked, how it is answered so far, and what can be named as evidence.
pub(in crate::pages) struct Sheet {
    pub(in crate::pages) questions: RespondentQuestions,
    pub(in crate::pages) standing: Standing,
    pub(in crate::pages) papers: Vec<Paper>,
}

impl Sheet {
    /// The section with this key, if anything is asked in it.
    pub(in crate::pages) fn section(&self, key: &str) -> Result<&RespondentSection, Problem> {
        self.questions.sections.iter().find(|section| section.key == key).ok_or_else(Problem::not_found)
    }

    pub(super) fn is_visible(&self, question: &RespondentQuestion) -> bool {
        self.standing.visible.contains(&question.key)
    }

    pub(super) fn shown<'a>(&self, section: &'a RespondentSection) -> Vec<&'a RespondentQuestion> {
        section.questions.iter().filter(|question| self.is_visible(question)).collect()
    }

    /// The sections of which something is visible, each to be found at `place`.
    pub(in crate::pages) fn tasks(&self, place: impl Fn(&str) -> String) -> Vec<Task> {
        let visible: BTreeSet<&str> = self.standing.visible.iter().map(String::as_str).collect();
        let task = |section: &RespondentSection| {
            let asked: Vec<&str> = section
                .questions
                .iter()
                .map(|question| question.key.as_str())
                .filter(|key| visible.contains(key))
                .collect();
            let answered = asked.iter().filter(|key| self.standing.is_answered(key)).count();
            Task {
                href: place(&format!("/sections/{}", section.key)),
                key: section.key.clone(),
                title: section.title.clone(),
                answered,
                asked: asked.len(),
            }
        };
        self.questions.sections.iter().map(task).filter(|task| task.asked > 0).collect()
    }

    /// Where to go on after this section: to the next in which something is open, or else to the list.
    pub(in crate::pages) fn after(&self, key: &str, form: &Form, place: impl Fn(&str) -> String) -> String {
        let next =
            self.tasks(&place).into_iter().skip_while(|task| task.key != key).skip(1).find(|task| !task.is_done());
        match next {
            Some(task) if form.text("then") == "next" => task.href,
            _ => place(""),
        }
    }

    /// The questions of a section with what is answered.
    pub(in crate::pages) fn fields(&self, section: &RespondentSection) -> Vec<Field> {
        self.shown(section).into_iter().map(|question| self.field(question)).collect()
    }

    pub(super) fn field(&self, question: &RespondentQuestion) -> Field {
        let stored = self.standing.answers.get(&question.key);
        let earlier = self.standing.earlier.get(&question.key).filter(|_| !self.standing.is_answered(&question.key));
        Field {
            earlier: earlier.map(Earlier::told),
            needs_comment: self.standing.comments_needed.contains(&question.key),
            was: mark(stored),
            ..Field::new(question, earlier.map(|earlier| &earlier.answer).or(stored), &self.papers)
        }
    }

    /// Every visible question with its answer, by section.
    pub(in crate::pages) fn rows(&self, place: impl Fn(&str) -> String) -> Vec<(String, Vec<Row>)> {
        let row = |section: &RespondentSection, question: &RespondentQuestion| {
            let answer = self.standing.answers.get(&question.key);
            Row {
                key: question.key.clone(),
                href: if self.standing.is_open { place(&format!("/sections/{}", section.key)) } else { String::new() },
                text: question.text.clone(),
                answer: answer.map_or("No answer yet".into(), |answer| self.said(question, answer)),
                comment: answer.and_then(|answer| answer.comment.clone()),
                evidence: answer
                    .into_iter()
                    .flat_map(|answer| &answer.evidence_ids)
                    .filter_map(|id| self.paper(id))
                    .map(str::to_owned)
                    .collect(),
                is_missing: self.standing.unanswered_required.contains(&question.key)
                    || self.standing.comments_needed.contains(&question.key),
                note: self.standing.note(&question.key),
            }
        };
        let rows = |section: &RespondentSection| {
            (
                section.title.clone(),
                self.shown(section).into_iter().map(|question| row(section, question)).collect::<Vec<_>>(),
            )
        };
        self.questions.sections.iter().map(rows).filter(|(_, rows)| !rows.is_empty()).collect()
    }

    /// What is still missing before the answers can be submitted.
    pub(in crate::pages) fn missing(&self) -> Vec<FieldError> {
        let asked = self.questions.sections.iter().flat_map(|section| self.shown(section));
        asked
            .filter_map(|question| {
                let what = match () {
                    () if self.standing.comments_needed.contains(&question.key) => "this answer needs a comment",
                    () if self.standing.unanswered_required.contains(&question.key) => "this question must be answered",
                    () => return None,
                };
                Some(FieldError::new(question.key.clone(), format!("{what}: {}", question.text)))
            })
            .collect()
    }

    /// The answers that need evidence and have none attached: where to attach it, the question, and the answer.
    pub(in crate::pages) fn bare(&self, place: impl Fn(&str) -> String) -> Vec<(String, String, String)> {
        let rows = self.rows(place).into_iter().flat_map(|(_, rows)| rows);
        rows.filter(|row| self.standing.without_evidence.contains(&row.key))
            .map(|row| (format!("{}#{}", row.href, row.key), row.text, row.answer))
            .collect()
    }

    fn paper(&self, id: &str) -> Option<&str> {
        self.papers.iter().find(|paper| paper.id == id).map(|paper| paper.label.as_str())
    }

    /// The question with this key.
    pub(in crate::pages) fn question(&self, key: &str) -> Option<&RespondentQuestion> {
        self.questions.sections.iter().flat_map(|section| &section.questions).find(|question| question.key == key)
    }

    /// An answer as it reads.
    pub(in crate::pages) fn said(&self, question: &RespondentQuestion, answer: &Answer) -> String {
        if let Some(reason) = &answer.not_applicable {
            return format::does_not_apply(reason);
        }
        let label = |value: &str| {
            let option =
                question.options.iter().find(|option| option.value == value).map(|option| option.label.clone());
            option.or_else(|| self.paper(value).map(str::to_owned)).unwrap_or_else(|| match (question.kind, value) {
                (QuestionType::YesNo, "yes") => "Yes".into(),
                (QuestionType::YesNo, "no") => "No".into(),
                (QuestionType::Date, value) => value.parse::<Day>().map_or(value.to_owned(), format::day),
                _ => value.to_owned(),
            })
        };
        match serde_json::to_value(&answer.value).unwrap_or_default() {
            Value::String(text) => label(&text),
            Value::Array(items) => items.iter().filter_map(Value::as_str).map(label).collect::<Vec<_>>().join(", "),
            Value::Number(number) => {
                format!("{number} {}", question.unit.as_deref().unwrap_or_default()).trim().to_owned()
            }
            _ => "No answer yet".into(),
        }
    }
}

//! A question with what is answered, as a part of a form.

use diligence_entities::respondent::RespondentQuestion;
use diligence_questionnaires::{Answer, EvidenceNeed, QuestionType};
use serde_json::Value;

use super::{Choice, Paper, choices_of, evidence_kinds};
use crate::pages::{
    form::Form,
    page::{FieldError, at},
};

/// A question with what is answered, as a part of a form.
pub(in crate::pages) struct Field {
    pub(super) key: String,
    pub(super) text: String,
    pub(super) help: Option<String>,
    pub(super) kind: QuestionType,
    pub(super) may_not_apply: bool,
    pub(super) reason_needed: bool,
    pub(super) unit: Option<String>,
    pub(super) options: Vec<Choice>,
    /// What is typed: a text, a number, a date.
    pub(super) value: String,
    pub(super) comment: String,
    pub(super) does_not_apply: bool,
    /// Why it does not.
    pub(super) not_applicable: String,
    pub(super) wants_evidence: bool,
    pub(super) evidence_hint: String,
    pub(super) evidence: Vec<Choice>,
    /// What a file that is chosen beside the question can be.
    pub(super) file_kinds: Vec<Choice>,
    /// The days of that file, as they are typed.
    pub(super) file_issued_on: String,
    pub(super) file_expires_on: String,
    /// What is wrong with that file.
    pub(super) file_wrong: Option<String>,
    pub(super) needs_comment: bool,
    pub(super) wrong: Option<String>,
    /// What someone else saved meanwhile, where it is something else.
    pub(super) theirs: Option<String>,
    /// Said where the answer shown was given before and is not confirmed yet.
    pub(super) earlier: Option<String>,
    /// Stands for the answer that is stored while the form is open.
    pub(super) was: String,
}

impl Field {
    pub(super) fn new(question: &RespondentQuestion, answer: Option<&Answer>, papers: &[Paper]) -> Self {
        let value = answer.and_then(|answer| serde_json::to_value(&answer.value).ok()).unwrap_or_default();
        let chosen: Vec<&str> = match &value {
            Value::Array(items) => items.iter().filter_map(Value::as_str).collect(),
            Value::String(text) => vec![text],
            _ => Vec::new(),
        };
        let mut options: Vec<Choice> = question
            .options
            .iter()
            .map(|option| Choice {
                value: option.value.clone(),
                label: option.label.clone(),
                is_chosen: chosen.contains(&option.value.as_str()),
            })
            .collect();
        if question.kind == QuestionType::YesNo && options.is_empty() {
            options = [("yes", "Yes"), ("no", "No")]
                .map(|(value, label)| Choice {
                    value: value.into(),
                    label: label.into(),
                    is_chosen: chosen.contains(&value),
                })
                .into();
        }
        let choice =
            |paper: &Paper, is_chosen| Choice { value: paper.id.clone(), label: paper.label.clone(), is_chosen };
        if question.kind == QuestionType::File {
            options = papers
                .iter()
                .filter(|paper| paper.has_file)
                .map(|paper| choice(paper, chosen.contains(&paper.id.as_str())))
                .collect();
        }
        let given = answer.map(|answer| answer.evidence_ids.as_slice()).unwrap_or_default();
        let wants_evidence = question.evidence != EvidenceNeed::None && question.kind != QuestionType::File;
        let accepted: Vec<&str> = question.evidence_kinds.iter().map(|kind| kind.title()).collect();
        let needed = if question.evidence == EvidenceNeed::Needed { "This answer needs evidence. " } else { "" };
        Self {
            key: question.key.clone(),
            text: question.text.clone(),
            help: question.help.clone(),
            kind: question.kind,
            may_not_apply: question.may_not_apply,
            reason_needed: question.reason_needed,
            unit: question.unit.clone(),
            options,
            value: match &value {
                Value::String(text) => text.clone(),
                Value::Number(number) => number.to_string(),
                _ => String::new(),
            },
            comment: answer.and_then(|answer| answer.comment.clone()).unwrap_or_default(),
            does_not_apply: answer.is_some_and(|answer| answer.not_applicable.is_some()),
            not_applicable: answer.and_then(|answer| answer.not_applicable.clone()).unwrap_or_default(),
            wants_evidence: wants_evidence || !given.is_empty(),
            evidence_hint: if accepted.is_empty() {
                needed.trim().to_owned()
            } else {
                format!("{needed}Accepted here: {}.", accepted.join("; "))
            },
            evidence: papers.iter().map(|paper| choice(paper, given.contains(&paper.id))).collect(),
            file_kinds: file_kinds(question, ""),
            file_issued_on: String::new(),
            file_expires_on: String::new(),
            file_wrong: None,
            needs_comment: false,
            wrong: None,
            theirs: None,
            earlier: None,
            was: String::new(),
        }
    }

    pub(super) fn is_radios(&self) -> bool {
        matches!(self.kind, QuestionType::YesNo | QuestionType::SingleChoice | QuestionType::File)
    }

    pub(super) fn is_checkboxes(&self) -> bool {
        self.kind == QuestionType::MultipleChoice
    }

    pub(super) fn is_long(&self) -> bool {
        self.kind == QuestionType::Text
    }

    pub(super) fn is_date(&self) -> bool {
        self.kind == QuestionType::Date
    }

    pub(super) fn is_file(&self) -> bool {
        self.kind == QuestionType::File
    }

    /// Whether a file can be chosen beside it.
    pub(super) fn takes_file(&self) -> bool {
        self.wants_evidence || self.is_file()
    }

    /// The field with what was said of a file that could not be sent. The file itself must be chosen again.
    pub(in crate::pages) fn with_file(
        mut self,
        question: Option<&RespondentQuestion>,
        form: &Form,
        errors: &[FieldError],
    ) -> Self {
        let Some((question, wrong)) = question.zip(at(errors, &format!("{}-file", self.key))) else { return self };
        let text = |part: &str| form.text(&format!("{}.file_{part}", question.key));
        self.file_kinds = file_kinds(question, &text("kind"));
        (self.file_issued_on, self.file_expires_on) = (text("issued_on"), text("expires_on"));
        self.file_wrong = Some(wrong.to_owned());
        self
    }

    /// The key of its question.
    pub(in crate::pages) fn key(&self) -> &str {
        &self.key
    }

    pub(super) fn has_more(&self) -> bool {
        !self.comment.is_empty() || self.needs_comment
    }

    /// The fields that describe this one, for who cannot see it.
    pub(super) fn described_by(&self) -> String {
        let parts = [("hint", self.help.is_some()), ("wrong", self.wrong.is_some()), ("theirs", self.theirs.is_some())];
        parts
            .iter()
            .filter(|(_, is_there)| *is_there)
            .map(|(part, _)| format!("{}-{part}", self.key))
            .collect::<Vec<_>>()
            .join(" ")
    }

    /// The field with what was typed in a form.
    pub(super) fn retyped(
        self,
        question: &RespondentQuestion,
        form: &Form,
        mine: Option<&Answer>,
        papers: &[Paper],
    ) -> Self {
        let mut field = Self { needs_comment: self.needs_comment, was: self.was, ..Self::new(question, mine, papers) };
        let text = |part: &str| form.text(&format!("{}.{part}", question.key));
        if field.value.is_empty() && !field.is_radios() && !field.is_checkboxes() {
            field.value = text("value");
        }
        (field.comment, field.not_applicable) = (text("comment"), text("not_applicable"));
        field.does_not_apply = does_not_apply(form, &question.key);
        field
    }
}

/// Whether the box is ticked with which a question that asks for no reason is said not to apply.
pub(super) fn does_not_apply(form: &Form, key: &str) -> bool {
    form.some(&format!("{key}.does_not_apply")).is_some()
}

/// What a file beside this question can be: what the question accepts, or anything. This one is chosen.
fn file_kinds(question: &RespondentQuestion, chosen: &str) -> Vec<Choice> {
    if question.evidence_kinds.is_empty() {
        evidence_kinds(chosen)
    } else {
        choices_of(&question.evidence_kinds, chosen)
    }
}

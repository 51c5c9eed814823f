//! What a respondent sees of an edition: what is asked and what can be answered, and nothing of how it is judged.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::answer::EvidenceKind;
use crate::edition::{Choice, Decimal, Edition, EvidenceNeed, Question, QuestionType, Section};
use crate::workbook::words::Words;

/// An edition as a respondent sees it: no weights, points, knock-outs or findings.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Preview {
    /// The questionnaire's key.
    pub key: String,
    /// Its title.
    pub title: String,
    /// Which edition.
    pub edition: String,
    /// What it is for.
    pub summary: String,
    /// The language of the texts.
    pub language: String,
    /// The questions, in the order in which they are asked.
    pub sections: Vec<PreviewSection>,
}

/// A group of questions under one heading.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PreviewSection {
    /// Its key.
    pub key: String,
    /// Its heading.
    pub title: String,
    /// A paragraph before the questions.
    pub intro: Option<String>,
    /// When it is asked, in words; null for always.
    pub asked_if: Option<String>,
    /// Its questions, in order.
    pub questions: Vec<PreviewQuestion>,
}

/// One question.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PreviewQuestion {
    /// Its key.
    pub key: String,
    /// The question itself.
    pub text: String,
    /// Why it is asked and what counts.
    pub help: Option<String>,
    /// What kind of answer it takes.
    #[serde(rename = "type")]
    pub kind: QuestionType,
    /// Whether it must be answered.
    pub required: bool,
    /// Whether it may be marked not applicable.
    pub may_not_apply: bool,
    /// Whether a reason is asked for where it is marked so.
    pub reason_needed: bool,
    /// Whether evidence is asked for.
    pub evidence: EvidenceNeed,
    /// The kinds of evidence that are accepted; any when empty.
    pub evidence_kinds: Vec<EvidenceKind>,
    /// When it is asked, in words; null for always.
    pub asked_if: Option<String>,
    /// The choices, where there are any.
    pub options: Vec<PreviewOption>,
    /// What a number counts.
    pub unit: Option<String>,
    /// The smallest number accepted.
    pub minimum: Option<Decimal>,
    /// The largest number accepted.
    pub maximum: Option<Decimal>,
}

/// One option of a choice.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PreviewOption {
    /// What is stored.
    pub value: String,
    /// What the respondent reads.
    pub label: String,
    /// Whether choosing it asks for a comment.
    pub ask_why: bool,
    /// Whether it clears the others.
    pub exclusive: bool,
}

impl Preview {
    /// What a respondent sees of an edition.
    #[must_use]
    pub fn of(edition: &Edition) -> Self {
        let words = Words::of(edition);
        Self {
            key: edition.key.clone(),
            title: edition.title.clone(),
            edition: edition.edition.clone(),
            summary: edition.summary.clone(),
            language: edition.language.clone(),
            sections: edition.sections.iter().map(|section| preview_section(&words, section)).collect(),
        }
    }
}

impl Edition {
    /// When each of the findings over several answers is raised, in words, in their order.
    #[must_use]
    pub fn findings_in_words(&self) -> Vec<String> {
        let words = Words::of(self);
        self.findings.iter().map(|finding| words.of_condition(&finding.when)).collect()
    }
}

fn preview_section(words: &Words<'_>, section: &Section) -> PreviewSection {
    PreviewSection {
        key: section.key.clone(),
        title: section.title.clone(),
        intro: section.intro.clone(),
        asked_if: section.show_if.as_ref().map(|condition| words.of_condition(condition)),
        questions: section.questions.iter().map(|question| preview_question(words, question)).collect(),
    }
}

fn preview_question(words: &Words<'_>, question: &Question) -> PreviewQuestion {
    let option = |choice: &Choice| PreviewOption {
        value: choice.value.clone(),
        label: choice.label.clone(),
        ask_why: choice.ask_why,
        exclusive: choice.exclusive,
    };
    PreviewQuestion {
        key: question.key.clone(),
        text: question.text.clone(),
        help: question.help.clone(),
        kind: question.kind,
        required: question.required,
        may_not_apply: question.may_be_not_applicable(),
        reason_needed: question.needs_reason_not_to_apply(),
        evidence: question.evidence.need,
        evidence_kinds: question.evidence.kinds.clone(),
        asked_if: question.show_if.as_ref().map(|condition| words.of_condition(condition)),
        options: question.options.iter().map(option).collect(),
        unit: question.unit.clone(),
        minimum: question.minimum,
        maximum: question.maximum,
    }
}

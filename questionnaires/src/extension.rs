//! An organisation's own questions, added to an edition without copying it.
//!
//! An extension names its base questionnaire and what it adds. Applied to an edition of the base it gives an edition of
//! its own. To the next edition of the base it is carried over by [`Extension::merge`], which shows every
//! conflict.

use crate::text::LINES;
use std::collections::BTreeSet;
use std::sync::OnceLock;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::document::{Node, Tree, read_json, read_yaml};
use crate::edition::{
    EDITION_KEY_PATTERN, EDITION_NUMBER_PATTERN, Edition, EditionFinding, Framework, KEY_PATTERN, MAX_FINDINGS,
    MAX_FRAMEWORKS, MAX_PRINCIPLES, MAX_QUESTIONS, MAX_SECTIONS, MAX_TEXT_CHARS, MAX_TITLE_CHARS, Principle, Question,
    Section,
};
use crate::fault::{Fault, Faults, did_you_mean};
use crate::parse::{check, shaped};

/// What an organisation adds to a questionnaire.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Extension {
    /// The key of the questionnaire it is added to.
    #[schemars(regex(pattern = EDITION_KEY_PATTERN))]
    pub base: String,
    /// The edition of the base it was written for, and the only one it is then applied to; any, such as the latest,
    /// when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = EDITION_NUMBER_PATTERN))]
    pub base_edition: Option<String>,
    /// The key of the questionnaire that results; another than the base's.
    #[schemars(regex(pattern = EDITION_KEY_PATTERN))]
    pub key: String,
    /// The title of the questionnaire that results.
    #[schemars(length(min = 1, max = MAX_TITLE_CHARS))]
    pub title: String,
    /// The number of the edition that results.
    #[schemars(regex(pattern = EDITION_NUMBER_PATTERN))]
    pub edition: String,
    /// What the result is for; the base's summary when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = MAX_TEXT_CHARS), regex(pattern = LINES))]
    pub summary: Option<String>,
    /// Frameworks beside the base's.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = MAX_FRAMEWORKS))]
    pub frameworks: Vec<Framework>,
    /// Principles after the base's.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = MAX_PRINCIPLES))]
    pub principles: Vec<Principle>,
    /// Sections after the base's.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = MAX_SECTIONS))]
    pub sections: Vec<Section>,
    /// Questions inside the base's sections.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = MAX_QUESTIONS))]
    pub questions: Vec<AddedQuestion>,
    /// Findings after the base's.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = MAX_FINDINGS))]
    pub findings: Vec<EditionFinding>,
}

/// A question inside one of the base's sections.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AddedQuestion {
    /// The section of the base.
    #[schemars(regex(pattern = KEY_PATTERN))]
    pub section: String,
    /// The question it stands after; the end of the section when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = KEY_PATTERN))]
    pub after: Option<String>,
    /// The question.
    pub question: Question,
}

impl Extension {
    /// Reads a YAML document. References are checked when it is applied.
    ///
    /// # Errors
    /// Every problem found, each with its place and how to mend it.
    pub fn from_yaml(text: &str) -> Result<Self, Vec<Fault>> {
        let mut faults = Faults::default();
        let node = read_yaml(text, &mut faults);
        Self::from_node(node, faults)
    }

    /// Reads a JSON document. References are checked when it is applied.
    ///
    /// # Errors
    /// Every problem found, each with its place and how to mend it.
    pub fn from_json(text: &str) -> Result<Self, Vec<Fault>> {
        let mut faults = Faults::default();
        let node = read_json(text, &mut faults);
        Self::from_node(node, faults)
    }

    /// Whether a YAML document says at its top what it adds to, and so is an extension, right or wrong.
    #[must_use]
    pub fn is_in_yaml(text: &str) -> bool {
        let node = read_yaml(text, &mut Faults::default());
        matches!(node, Some(Node { value: Tree::Map(entries), .. }) if entries.iter().any(|(key, _)| key.name() == Some("base")))
    }

    fn from_node(node: Option<Node>, mut faults: Faults) -> Result<Self, Vec<Fault>> {
        let read = node.and_then(|node| shaped::<Self>(schema(), &node, &mut faults, |_, _, _| {}));
        match read {
            Some(extension) if faults.is_empty() => Ok(extension),
            _ => Err(faults.into_sorted()),
        }
    }

    /// The extension as JSON, to be edited; reading it back gives an equal extension.
    #[must_use]
    pub fn to_json(&self) -> String {
        serde_json::to_string_pretty(self).map(|text| text + "\n").unwrap_or_default()
    }

    /// The extension as YAML; reading it back gives an equal extension.
    #[must_use]
    pub fn to_yaml(&self) -> String {
        serde_saphyr::to_string(self).unwrap_or_default()
    }

    /// The JSON Schema (draft 2020-12) of the document.
    #[must_use]
    pub fn json_schema() -> Value {
        schema().clone()
    }

    /// The base with everything added, as an edition of its own.
    ///
    /// # Errors
    /// Every conflict. Those between extension and base (a key that the base has taken, a section it does not have)
    /// have pointers into the extension; what is wrong with the result as a whole has the code
    /// [`crate::parse::check`] gives it, a pointer into the result, and says so.
    pub fn apply(&self, base: &Edition) -> Result<Edition, Vec<Fault>> {
        let result = self.put_together(base)?;
        let mut faults = check(&result);
        for fault in &mut faults {
            fault.message = format!("in the edition that results: {}", fault.message);
        }
        if faults.is_empty() { Ok(result) } else { Err(faults) }
    }

    /// The base with everything added, whether or not the whole makes sense.
    pub(crate) fn put_together(&self, base: &Edition) -> Result<Edition, Vec<Fault>> {
        let mut faults = self.conflicts(base);
        let mut result = base.clone();
        result.key.clone_from(&self.key);
        result.title.clone_from(&self.title);
        result.edition.clone_from(&self.edition);
        if let Some(summary) = &self.summary {
            result.summary.clone_from(summary);
        }
        result.frameworks.extend(self.frameworks.iter().cloned());
        result.principles.extend(self.principles.iter().cloned());
        for (index, added) in self.questions.iter().enumerate() {
            let Some(section) = result.sections.iter_mut().find(|section| section.key == added.section) else {
                let hint = did_you_mean(&added.section, base.sections.iter().map(|section| section.key.as_str()));
                let message = format!("the base has no section `{}`{hint}", added.section);
                faults.push(Fault::new(format!("/questions/{index}/section"), "unknown_section", message));
                continue;
            };
            let place = match &added.after {
                None => section.questions.len(),
                Some(key) => match section.questions.iter().position(|question| question.key == *key) {
                    Some(place) => place + 1,
                    None => {
                        let hint = did_you_mean(key, section.questions.iter().map(|question| question.key.as_str()));
                        let message = format!("section `{}` has no question `{key}`{hint}", added.section);
                        faults.push(Fault::new(format!("/questions/{index}/after"), "unknown_question", message));
                        continue;
                    }
                },
            };
            section.questions.insert(place, added.question.clone());
        }
        result.sections.extend(self.sections.iter().cloned());
        result.findings.extend(self.findings.iter().cloned());
        if faults.is_empty() { Ok(result) } else { Err(faults) }
    }

    fn conflicts(&self, base: &Edition) -> Vec<Fault> {
        let mut faults = Vec::new();
        if base.key != self.base {
            faults.push(Fault::new(
                "/base",
                "wrong_base",
                format!("expected the questionnaire `{}`, found `{}`", self.base, base.key),
            ));
        }
        if let Some(number) = &self.base_edition
            && *number != base.edition
        {
            let message = format!(
                "this was written for edition {number} of `{}`, and this is edition {}: merge it into that one first",
                self.base, base.edition
            );
            faults.push(Fault::new("/base_edition", "wrong_base_edition", message));
        }
        if self.key == self.base {
            faults.push(Fault::new("/key", "base_key_taken", "expected a key of its own, not the base's".to_owned()));
        }
        let mut taken = |pointer: String, code: &str, key: &str| {
            faults.push(Fault::new(
                pointer,
                code,
                format!("the base has `{key}` already: give this one another key, or drop it"),
            ));
        };
        let frameworks: BTreeSet<&str> = base.frameworks.iter().map(|framework| framework.key.as_str()).collect();
        let principles: BTreeSet<&str> = base.principles.iter().map(|principle| principle.key.as_str()).collect();
        let sections: BTreeSet<&str> = base.sections.iter().map(|section| section.key.as_str()).collect();
        let questions: BTreeSet<&str> = base.questions().map(|question| question.key.as_str()).collect();
        let findings: BTreeSet<&str> = base.findings.iter().map(|finding| finding.key.as_str()).collect();
        for (index, framework) in self.frameworks.iter().enumerate() {
            if frameworks.contains(framework.key.as_str()) {
                taken(format!("/frameworks/{index}/key"), "duplicate_framework", &framework.key);
            }
        }
        for (index, principle) in self.principles.iter().enumerate() {
            if principles.contains(principle.key.as_str()) {
                taken(format!("/principles/{index}/key"), "duplicate_principle", &principle.key);
            }
        }
        for (index, section) in self.sections.iter().enumerate() {
            if sections.contains(section.key.as_str()) {
                taken(format!("/sections/{index}/key"), "duplicate_section", &section.key);
            }
            for (place, question) in section.questions.iter().enumerate() {
                if questions.contains(question.key.as_str()) {
                    taken(format!("/sections/{index}/questions/{place}/key"), "duplicate_question", &question.key);
                }
            }
        }
        for (index, added) in self.questions.iter().enumerate() {
            if questions.contains(added.question.key.as_str()) {
                taken(format!("/questions/{index}/question/key"), "duplicate_question", &added.question.key);
            }
        }
        for (index, finding) in self.findings.iter().enumerate() {
            if findings.contains(finding.key.as_str()) {
                taken(format!("/findings/{index}/key"), "duplicate_finding", &finding.key);
            }
        }
        faults
    }
}

fn schema() -> &'static Value {
    static SCHEMA: OnceLock<Value> = OnceLock::new();
    SCHEMA.get_or_init(|| schemars::schema_for!(Extension).to_value())
}

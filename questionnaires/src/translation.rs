//! An edition in another language: the same questions and the same scores, in other words.
//!
//! A translation is a document of its own beside the edition, which stays as it is, hash and all. It says which edition
//! it belongs to and gives every text of it again, by key; it has no place for anything that is scored, so whatever it
//! says, [`Edition::scoring_hash`] stays the same. What the edition is based on ([`Edition::source`]) keeps its own
//! titles.
//!
//! [`Translation::start`] gives a translator the edition's own words to overwrite, [`Translation::from_yaml_for`] reads
//! the result with every problem in its place, [`Translation::apply`] gives the edition in that language.

use crate::text::LINES;
use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::OnceLock;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::document::{Node, read_json, read_yaml};
use crate::edition::{
    EDITION_KEY_PATTERN, EDITION_NUMBER_PATTERN, Edition, EditionFinding, Finding, KEY_PATTERN, LANGUAGE_PATTERN,
    MAX_FINDINGS, MAX_FRAMEWORKS, MAX_OPTIONS, MAX_PRINCIPLES, MAX_QUESTIONS, MAX_SECTIONS, MAX_TEXT_CHARS,
    MAX_TITLE_CHARS, Question, VALUE_PATTERN,
};
use crate::fault::{Fault, Faults, escape};
use crate::parse::shaped;

/// The longest label of a band, in characters; see [`crate::edition::PointBand::label`].
pub const MAX_BAND_LABEL_CHARS: usize = 64;

/// Every text of one edition in another language.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(example = example())]
pub struct Translation {
    /// The key of the questionnaire.
    #[schemars(regex(pattern = EDITION_KEY_PATTERN))]
    pub questionnaire: String,
    /// The number of the edition. Write it in quotes.
    #[schemars(regex(pattern = EDITION_NUMBER_PATTERN))]
    pub edition: String,
    /// The language of these texts, e.g. `cy`; another than the edition's own.
    #[schemars(regex(pattern = LANGUAGE_PATTERN))]
    pub language: String,
    /// The questionnaire's title.
    #[schemars(length(min = 1, max = MAX_TITLE_CHARS))]
    pub title: String,
    /// What the questionnaire is for.
    #[schemars(length(min = 1, max = MAX_TEXT_CHARS), regex(pattern = LINES))]
    pub summary: String,
    /// The organisation's own frameworks, by key.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(extend("propertyNames" = { "type": "string", "pattern": KEY_PATTERN }, "maxProperties" = MAX_FRAMEWORKS))]
    pub frameworks: BTreeMap<String, TitleWords>,
    /// The principles, by key.
    #[schemars(extend("propertyNames" = { "type": "string", "pattern": KEY_PATTERN }, "maxProperties" = MAX_PRINCIPLES))]
    pub principles: BTreeMap<String, TitleWords>,
    /// The sections, by key.
    #[schemars(extend("propertyNames" = { "type": "string", "pattern": KEY_PATTERN }, "maxProperties" = MAX_SECTIONS))]
    pub sections: BTreeMap<String, SectionWords>,
    /// The questions, by key.
    #[schemars(extend("propertyNames" = { "type": "string", "pattern": KEY_PATTERN }, "maxProperties" = MAX_QUESTIONS))]
    pub questions: BTreeMap<String, QuestionWords>,
    /// The findings that several answers raise together, by key.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(extend("propertyNames" = { "type": "string", "pattern": KEY_PATTERN }, "maxProperties" = MAX_FINDINGS))]
    pub findings: BTreeMap<String, FindingWords>,
}

/// The Welsh words of the edition that stands as an example in [`Edition`].
fn example() -> Value {
    serde_json::json!({
        "questionnaire": "our-visitors", "edition": "2026.1", "language": "cy", "title": "Ymwelwyr", "summary": "Pwy sy'n dod i'n cartrefi.",
        "principles": { "visits": { "title": "Ymweliadau" } },
        "sections": { "staff": { "title": "Eich staff" } },
        "questions": { "badges": { "text": "A yw eich pobl yn gwisgo bathodyn?", "options": { "yes": { "label": "Ydyn" }, "no": { "label": "Nac ydyn" } } } },
    })
}

/// The words of a framework or of a principle.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TitleWords {
    /// Its title.
    #[schemars(length(min = 1, max = MAX_TITLE_CHARS))]
    pub title: String,
    /// What it is about; there where the edition has it, and only there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = MAX_TEXT_CHARS), regex(pattern = LINES))]
    pub summary: Option<String>,
}

/// The words of a section.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SectionWords {
    /// Its heading.
    #[schemars(length(min = 1, max = MAX_TITLE_CHARS))]
    pub title: String,
    /// The paragraph before its questions; there where the edition has one, and only there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = MAX_TEXT_CHARS), regex(pattern = LINES))]
    pub intro: Option<String>,
}

/// The words of a question.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct QuestionWords {
    /// The question itself.
    #[schemars(length(min = 1, max = MAX_TEXT_CHARS), regex(pattern = LINES))]
    pub text: String,
    /// Why it is asked and what counts; there where the edition has it, and only there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = MAX_TEXT_CHARS), regex(pattern = LINES))]
    pub help: Option<String>,
    /// What a number counts; there where the edition has it, and only there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = MAX_TITLE_CHARS))]
    pub unit: Option<String>,
    /// All its options, by value.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(extend("propertyNames" = { "type": "string", "pattern": VALUE_PATTERN }, "maxProperties" = MAX_OPTIONS))]
    pub options: BTreeMap<String, OptionWords>,
    /// Its bands by label ([`crate::edition::PointBand::label`]), such as `at_least_95`. A band that says nothing may
    /// be left out.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(extend("propertyNames" = { "type": "string", "maxLength": MAX_BAND_LABEL_CHARS }, "maxProperties" = MAX_OPTIONS))]
    pub bands: BTreeMap<String, BandWords>,
}

/// The words of an option.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OptionWords {
    /// What the respondent reads.
    #[schemars(length(min = 1, max = MAX_TITLE_CHARS))]
    pub label: String,
    /// Why choosing it caps the rating; there where the edition has it, and only there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = MAX_TEXT_CHARS), regex(pattern = LINES))]
    pub knock_out: Option<String>,
    /// What choosing it reveals; there where the edition has it, and only there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finding: Option<FindingWords>,
}

/// The words of a band.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BandWords {
    /// Why an answer in it caps the rating; there where the edition has it, and only there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = MAX_TEXT_CHARS), regex(pattern = LINES))]
    pub knock_out: Option<String>,
    /// What an answer in it reveals; there where the edition has it, and only there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finding: Option<FindingWords>,
}

/// The words of a finding.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FindingWords {
    /// What was found.
    #[schemars(length(min = 1, max = MAX_TITLE_CHARS))]
    pub title: String,
    /// What to do about it.
    #[schemars(length(min = 1, max = MAX_TEXT_CHARS), regex(pattern = LINES))]
    pub advice: String,
}

impl Translation {
    /// Reads a YAML document by itself. Whether it fits its edition, [`Translation::check`] says.
    ///
    /// # Errors
    /// Every problem found, each with its place and how to mend it.
    pub fn from_yaml(text: &str) -> Result<Self, Vec<Fault>> {
        let mut faults = Faults::default();
        let node = read_yaml(text, &mut faults);
        read(node, None, faults)
    }

    /// Reads a JSON document by itself. Whether it fits its edition, [`Translation::check`] says.
    ///
    /// # Errors
    /// Every problem found, each with its place and how to mend it.
    pub fn from_json(text: &str) -> Result<Self, Vec<Fault>> {
        let mut faults = Faults::default();
        let node = read_json(text, &mut faults);
        read(node, None, faults)
    }

    /// Reads a YAML document beside its edition, so that what does not fit the edition has a line and a column too.
    ///
    /// # Errors
    /// Every problem found, each with its place and how to mend it.
    pub fn from_yaml_for(text: &str, edition: &Edition) -> Result<Self, Vec<Fault>> {
        let mut faults = Faults::default();
        let node = read_yaml(text, &mut faults);
        read(node, Some(edition), faults)
    }

    /// Reads a JSON document beside its edition, so that what does not fit the edition has a line and a column too.
    ///
    /// # Errors
    /// Every problem found, each with its place and how to mend it.
    pub fn from_json_for(text: &str, edition: &Edition) -> Result<Self, Vec<Fault>> {
        let mut faults = Faults::default();
        let node = read_json(text, &mut faults);
        read(node, Some(edition), faults)
    }

    /// The edition's own words under another language, for a translator to overwrite.
    #[must_use]
    pub fn start(edition: &Edition, language: &str) -> Self {
        let titled =
            |title: &String, summary: &Option<String>| TitleWords { title: title.clone(), summary: summary.clone() };
        Self {
            questionnaire: edition.key.clone(),
            edition: edition.edition.clone(),
            language: language.to_owned(),
            title: edition.title.clone(),
            summary: edition.summary.clone(),
            frameworks: edition
                .frameworks
                .iter()
                .map(|framework| (framework.key.clone(), titled(&framework.title, &framework.summary)))
                .collect(),
            principles: edition
                .principles
                .iter()
                .map(|principle| (principle.key.clone(), titled(&principle.title, &principle.summary)))
                .collect(),
            sections: edition
                .sections
                .iter()
                .map(|section| {
                    (section.key.clone(), SectionWords { title: section.title.clone(), intro: section.intro.clone() })
                })
                .collect(),
            questions: edition
                .questions()
                .map(|question| (question.key.clone(), QuestionWords::of(question)))
                .collect(),
            findings: edition
                .findings
                .iter()
                .map(|finding| (finding.key.clone(), FindingWords::of_edition_finding(finding)))
                .collect(),
        }
    }

    /// Every problem of this translation with this edition; empty when it gives all its texts and no others. Faults
    /// carry no line.
    #[must_use]
    pub fn check(&self, edition: &Edition) -> Vec<Fault> {
        let mut faults = Faults::default();
        match serde_json::to_value(self) {
            Ok(value) => drop(judge(&Node::from(value), Some(edition), &mut faults)),
            Err(error) => faults.push(Fault::new("", "unreadable", format!("this cannot be written as JSON: {error}"))),
        }
        faults.into_sorted()
    }

    /// The edition in this language, all else alike: its hash is another, its scoring hash the same.
    ///
    /// # Errors
    /// What [`Translation::check`] finds.
    pub fn apply(&self, edition: &Edition) -> Result<Edition, Vec<Fault>> {
        let faults = self.check(edition);
        if !faults.is_empty() {
            return Err(faults);
        }
        let mut result = edition.clone();
        result.language.clone_from(&self.language);
        result.title.clone_from(&self.title);
        result.summary.clone_from(&self.summary);
        for framework in &mut result.frameworks {
            if let Some(words) = self.frameworks.get(&framework.key) {
                framework.title.clone_from(&words.title);
                put(&mut framework.summary, words.summary.as_ref());
            }
        }
        for principle in &mut result.principles {
            if let Some(words) = self.principles.get(&principle.key) {
                principle.title.clone_from(&words.title);
                put(&mut principle.summary, words.summary.as_ref());
            }
        }
        for section in &mut result.sections {
            if let Some(words) = self.sections.get(&section.key) {
                section.title.clone_from(&words.title);
                put(&mut section.intro, words.intro.as_ref());
            }
            for question in &mut section.questions {
                if let Some(words) = self.questions.get(&question.key) {
                    words.put_into(question);
                }
            }
        }
        for finding in &mut result.findings {
            if let Some(words) = self.findings.get(&finding.key) {
                finding.title.clone_from(&words.title);
                finding.advice.clone_from(&words.advice);
            }
        }
        Ok(result)
    }

    /// The translation as YAML; reading it back gives an equal translation.
    #[must_use]
    pub fn to_yaml(&self) -> String {
        serde_saphyr::to_string(self).unwrap_or_default()
    }

    /// The JSON Schema (draft 2020-12) of the document.
    #[must_use]
    pub fn json_schema() -> Value {
        schema().clone()
    }
}

/// Overwrites a text that is there. One that is not stays away, and a knock-out with it: presence is no word.
fn put(text: &mut Option<String>, words: Option<&String>) {
    if let (Some(text), Some(words)) = (text, words) {
        text.clone_from(words);
    }
}

impl QuestionWords {
    fn of(question: &Question) -> Self {
        let options = question.options.iter().map(|choice| {
            let finding = choice.finding.as_ref().map(FindingWords::of);
            (
                choice.value.clone(),
                OptionWords { label: choice.label.clone(), knock_out: choice.knock_out.clone(), finding },
            )
        });
        let says = question.bands.iter().filter(|band| band.knock_out.is_some() || band.finding.is_some());
        let bands = says.map(|band| {
            (
                band.label(),
                BandWords { knock_out: band.knock_out.clone(), finding: band.finding.as_ref().map(FindingWords::of) },
            )
        });
        Self {
            text: question.text.clone(),
            help: question.help.clone(),
            unit: question.unit.clone(),
            options: options.collect(),
            bands: bands.collect(),
        }
    }

    fn put_into(&self, question: &mut Question) {
        question.text.clone_from(&self.text);
        put(&mut question.help, self.help.as_ref());
        put(&mut question.unit, self.unit.as_ref());
        for choice in &mut question.options {
            if let Some(words) = self.options.get(&choice.value) {
                choice.label.clone_from(&words.label);
                put(&mut choice.knock_out, words.knock_out.as_ref());
                put_finding(&mut choice.finding, words.finding.as_ref());
            }
        }
        for band in &mut question.bands {
            if let Some(words) = self.bands.get(&band.label()) {
                put(&mut band.knock_out, words.knock_out.as_ref());
                put_finding(&mut band.finding, words.finding.as_ref());
            }
        }
    }
}

fn put_finding(finding: &mut Option<Finding>, words: Option<&FindingWords>) {
    if let (Some(finding), Some(words)) = (finding, words) {
        finding.title.clone_from(&words.title);
        finding.advice.clone_from(&words.advice);
    }
}

impl FindingWords {
    fn of(finding: &Finding) -> Self {
        Self { title: finding.title.clone(), advice: finding.advice.clone() }
    }

    fn of_edition_finding(finding: &EditionFinding) -> Self {
        Self { title: finding.title.clone(), advice: finding.advice.clone() }
    }
}

fn schema() -> &'static Value {
    static SCHEMA: OnceLock<Value> = OnceLock::new();
    SCHEMA.get_or_init(|| schemars::schema_for!(Translation).to_value())
}

fn read(node: Option<Node>, edition: Option<&Edition>, mut faults: Faults) -> Result<Translation, Vec<Fault>> {
    match node.and_then(|node| judge(&node, edition, &mut faults)) {
        Some(translation) if faults.is_empty() => Ok(translation),
        _ => Err(faults.into_sorted()),
    }
}

fn judge(node: &Node, edition: Option<&Edition>, faults: &mut Faults) -> Option<Translation> {
    shaped::<Translation>(schema(), node, faults, |translation, _, faults| {
        if let Some(edition) = edition {
            let wrong = faults.pointers();
            Checker { edition, node, wrong, faults }.translation(translation);
        }
    })
}

/// A translation beside its edition.
struct Checker<'a> {
    edition: &'a Edition,
    node: &'a Node,
    /// Where the shape was wrong already: nothing is blamed there a second time.
    wrong: HashSet<String>,
    faults: &'a mut Faults,
}

impl Checker<'_> {
    fn fault(&mut self, pointer: String, code: &str, message: String) {
        let around = pointer.char_indices().filter(|(_, character)| *character == '/').map(|(end, _)| &pointer[..end]);
        if around.chain([pointer.as_str()]).any(|place| self.wrong.contains(place)) {
            return;
        }
        let (line, column) = if self.faults.is_full() { (0, 0) } else { self.node.place_of(&pointer) };
        let mut fault = Fault::new(pointer, code, message);
        fault.line = (line > 0).then_some(line);
        fault.column = (line > 0).then_some(column);
        self.faults.push(fault);
    }

    fn translation(&mut self, translation: &Translation) {
        let edition = self.edition;
        if translation.language == edition.language {
            let message = format!("the edition itself is in `{}`: expected another language", edition.language);
            self.fault("/language".to_owned(), "same_language", message);
        }
        if translation.edition != edition.edition {
            let message = format!(
                "expected the edition {}, found {}: see what is new in it, then change the number here",
                edition.edition, translation.edition
            );
            self.fault("/edition".to_owned(), "wrong_edition", message);
        }
        if translation.questionnaire != edition.key {
            let message =
                format!("expected the questionnaire `{}`, found `{}`", edition.key, translation.questionnaire);
            self.fault("/questionnaire".to_owned(), "wrong_questionnaire", message);
            // Its keys are those of other questions: to blame each would help nobody.
            return;
        }
        let frameworks = edition.frameworks.iter().map(|framework| (framework.key.as_str(), framework));
        self.each(
            "/frameworks",
            ("framework", "unknown_framework"),
            frameworks,
            &translation.frameworks,
            |checker, at, framework, words| {
                checker.text(at, "summary", framework.summary.is_some(), words.summary.is_some());
            },
        );
        let principles = edition.principles.iter().map(|principle| (principle.key.as_str(), principle));
        self.each(
            "/principles",
            ("principle", "unknown_principle"),
            principles,
            &translation.principles,
            |checker, at, principle, words| {
                checker.text(at, "summary", principle.summary.is_some(), words.summary.is_some());
            },
        );
        let sections = edition.sections.iter().map(|section| (section.key.as_str(), section));
        self.each(
            "/sections",
            ("section", "unknown_section"),
            sections,
            &translation.sections,
            |checker, at, section, words| {
                checker.text(at, "intro", section.intro.is_some(), words.intro.is_some());
            },
        );
        let questions = edition.questions().map(|question| (question.key.as_str(), question));
        self.each("/questions", ("question", "unknown_question"), questions, &translation.questions, Self::question);
        let findings = edition.findings.iter().map(|finding| (finding.key.as_str(), finding));
        self.each("/findings", ("finding", "unknown_finding"), findings, &translation.findings, |_, _, _, _| {});
    }

    fn question(&mut self, at: &str, question: &Question, words: &QuestionWords) {
        self.text(at, "help", question.help.is_some(), words.help.is_some());
        self.text(at, "unit", question.unit.is_some(), words.unit.is_some());
        let options = question.options.iter().map(|choice| (choice.value.as_str(), choice));
        self.each(
            &format!("{at}/options"),
            ("option", "unknown_option"),
            options,
            &words.options,
            |checker, at, choice, words| {
                checker.text(at, "knock_out", choice.knock_out.is_some(), words.knock_out.is_some());
                checker.text(at, "finding", choice.finding.is_some(), words.finding.is_some());
            },
        );
        let labels: Vec<String> = question.bands.iter().map(crate::edition::PointBand::label).collect();
        let said = |(label, band): &(&str, &crate::edition::PointBand)| {
            band.knock_out.is_some() || band.finding.is_some() || words.bands.contains_key(*label)
        };
        let bands = labels.iter().map(String::as_str).zip(&question.bands).filter(said);
        self.each(&format!("{at}/bands"), ("band", "unknown_band"), bands, &words.bands, |checker, at, band, words| {
            checker.text(at, "knock_out", band.knock_out.is_some(), words.knock_out.is_some());
            checker.text(at, "finding", band.finding.is_some(), words.finding.is_some());
        });
    }

    /// Compares what the edition has with what is translated: neither may have what the other has not.
    fn each<'e, T: 'e, W>(
        &mut self,
        at: &str,
        (what, code): (&str, &str),
        there: impl Iterator<Item = (&'e str, &'e T)>,
        given: &BTreeMap<String, W>,
        inside: impl Fn(&mut Self, &str, &T, &W),
    ) {
        let mut known = BTreeSet::new();
        for (key, original) in there {
            if !known.insert(key) {
                continue;
            }
            let place = format!("{at}/{}", escape(key));
            match given.get(key) {
                Some(words) => inside(self, &place, original, words),
                None => self.fault(place, "missing_text", format!("expected the words of the {what} `{key}`")),
            }
        }
        for key in given.keys().filter(|key| !known.contains(key.as_str())) {
            let hint = self.faults.hint(key, known.iter().copied());
            self.fault(
                format!("{at}/{}", escape(key)),
                code,
                format!("the edition has no {what} `{key}` to translate{hint}"),
            );
        }
    }

    fn text(&mut self, at: &str, name: &str, there: bool, given: bool) {
        if there && !given {
            self.fault(
                format!("{at}/{name}"),
                "missing_text",
                format!("expected the key `{name}`: the edition has one here"),
            );
        } else if given && !there {
            self.fault(
                format!("{at}/{name}"),
                "unknown_text",
                format!("the edition has no `{name}` here: leave it out"),
            );
        }
    }
}

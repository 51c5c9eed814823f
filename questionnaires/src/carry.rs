//! Answer once: a new assessment's answers, proposed from the subject's earlier ones.
//!
//! Nothing here answers for anyone. Each carried answer is a proposal that says where it comes from and what about it
//! needs another look, for a person to confirm, change or drop.
//!
//! An answer is looked for in this order, and in each step the newest counts:
//!
//! 1. in the same questionnaire, under the same question key. What was said there decides: where it cannot be carried,
//!    nothing older and nothing from elsewhere stands in for it;
//! 2. in another questionnaire, under the same question key;
//! 3. in any questionnaire, under a `maps_to` id that one question alone has in either edition.
//!
//! In the second and third step the newest answer in a questionnaire speaks for that questionnaire; where it cannot be
//! carried, another questionnaire is asked.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::answer::{Answer, Answers, EvidenceFact, check_answer, normalise_answer};
use crate::changes::as_scored;
use crate::edition::{Edition, EvidenceNeed, NotApplicable, Question, QuestionType};
use crate::fault::{Fault, Faults};

/// An earlier assessment of the same subject.
#[derive(Debug, Clone, Copy)]
pub struct Earlier<'a> {
    /// Its id.
    pub assessment: &'a str,
    /// What was asked.
    pub edition: &'a Edition,
    /// What was answered.
    pub answers: &'a Answers,
    /// The keys of the questions that were visible when it was decided: an answer nobody saw is never carried.
    pub visible: &'a [String],
    /// The day of the answers.
    pub answered_on: NaiveDate,
}

/// What can be carried into a new assessment.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Carried {
    /// The proposed answers, by the key of the question they are proposed for.
    pub answers: BTreeMap<String, CarriedAnswer>,
    /// What the newest earlier assessment of the same questionnaire answered and nothing proposes, in the order in
    /// which it was asked.
    pub left: Vec<LeftAnswer>,
}

/// A proposed answer and where it comes from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CarriedAnswer {
    /// The answer, as it would be stored: it fits the question, and names known evidence only.
    pub answer: Answer,
    /// The id of the assessment it comes from.
    pub assessment: String,
    /// The key of the questionnaire that was asked there.
    pub questionnaire: String,
    /// The number of that questionnaire's edition.
    pub edition: String,
    /// The key of the question it answered there.
    pub question: String,
    /// The day it was answered.
    pub answered_on: NaiveDate,
    /// What makes it an answer to this question.
    pub because: CarriedBecause,
    /// Why it needs more than a plain confirmation; empty where the question is the same and its evidence stands.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub look: Vec<LookAgain>,
}

/// What makes an earlier answer an answer to another question.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum CarriedBecause {
    /// The questions have the same key.
    SameQuestion,
    /// The questions, and no others, map to the same place in an outside standard.
    SameMeaning,
}

/// Why a carried answer needs another look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum LookAgain {
    /// It was given to another questionnaire.
    OtherQuestionnaire,
    /// The question, its help, its unit or the label of an option reads differently.
    WordsChanged,
    /// There are more or fewer options, or others exclude one another.
    OptionsChanged,
    /// Answers to the question are worth something else: its weight, points, bands, knock-outs or findings.
    PointsChanged,
    /// The question needs evidence now, or evidence of other kinds.
    EvidenceRuleChanged,
    /// A piece of its evidence has expired.
    EvidenceExpired,
    /// A piece of its evidence is not valid yet.
    EvidenceNotYetValid,
    /// A piece of its evidence counts for nothing: it is not accepted, says no day, or was ended by a later one.
    EvidenceNotCounted,
    /// A piece of its evidence is no longer known, and is left out.
    EvidenceGone,
}

/// An answer that nothing proposes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LeftAnswer {
    /// The key of the question it answered.
    pub question: String,
    /// The id of the assessment it comes from.
    pub assessment: String,
    /// Why it is left.
    pub because: LeftBecause,
}

/// Why an answer cannot be carried.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum LeftBecause {
    /// The question is not asked any more.
    QuestionGone,
    /// The question takes another kind of answer.
    TypeChanged,
    /// The question has no such option any more, or the number is outside its limits.
    ValueNoLongerPossible,
    /// The question cannot be marked not applicable any more.
    NotApplicableNoLongerAllowed,
    /// The file it consists of is no longer known.
    EvidenceGone,
    /// It did not fit the question it was given to either.
    NeverFitted,
}

/// Proposes answers to the questions of `target` from the subject's earlier assessments, with the subject's pieces of
/// evidence as they are on the day.
///
/// The newest comes first; of those answered on the same day, the one given first. Total and deterministic: the order
/// of answers, visible questions and evidence is irrelevant.
#[must_use]
pub fn carry(target: &Edition, earlier: &[Earlier<'_>], evidence: &[EvidenceFact], on: NaiveDate) -> Carried {
    let mut earlier: Vec<Read<'_>> = earlier.iter().map(Read::new).collect();
    earlier.sort_by_key(|read| Reverse(read.from.answered_on));
    let (same, other): (Vec<&Read<'_>>, Vec<&Read<'_>>) =
        earlier.iter().partition(|read| read.from.edition.key == target.key);
    let into = Target { key: &target.key, meanings: meanings(target), evidence: standing(evidence, on) };
    let mut carried = Carried::default();
    let mut refused: BTreeMap<&str, LeftBecause> = BTreeMap::new();
    for (key, question) in by_key(target) {
        if let Some(said) = same.iter().find_map(|read| read.said(key)) {
            match into.fit(question, &said) {
                Ok(fitting) => {
                    drop(carried.answers.insert(key.to_owned(), said.proposed(fitting, CarriedBecause::SameQuestion)))
                }
                Err(because) => drop(refused.insert(key, because)),
            }
            continue;
        }
        let elsewhere =
            into.first_fitting(question, CarriedBecause::SameQuestion, other.iter().filter_map(|read| read.said(key)));
        let found = elsewhere.or_else(|| {
            let alike = earlier.iter().filter_map(|read| read.said(read.meant_by(question, &into.meanings)?));
            into.first_fitting(question, CarriedBecause::SameMeaning, alike)
        });
        carried.answers.extend(found.map(|found| (key.to_owned(), found)));
    }
    if let Some(newest) = same.first() {
        carried.left = newest.left(&carried, &refused);
    }
    carried
}

/// An earlier assessment, ready to be asked.
struct Read<'a> {
    from: &'a Earlier<'a>,
    questions: BTreeMap<&'a str, &'a Question>,
    visible: BTreeSet<&'a str>,
    meanings: BTreeMap<&'a str, Option<&'a Question>>,
}

/// What one earlier assessment says to one of its questions.
struct Said<'a> {
    from: &'a Earlier<'a>,
    question: &'a Question,
    answer: Answer,
}

impl<'a> Read<'a> {
    fn new(from: &'a Earlier<'a>) -> Self {
        let visible = from.visible.iter().map(String::as_str).collect();
        Self { from, questions: by_key(from.edition).collect(), visible, meanings: meanings(from.edition) }
    }

    /// The answer to a question; `None` where nobody saw the question or nothing was said.
    fn said(&self, key: &str) -> Option<Said<'a>> {
        let question = self.questions.get(key).copied().filter(|_| self.visible.contains(key))?;
        let answer = normalise_answer(question, self.from.answers.get(key)?.clone());
        (answer.value.is_some() || question.is_marked_not_applicable(&answer)).then_some(Said {
            from: self.from,
            question,
            answer,
        })
    }

    /// The key of the one question here that means what a question of the target means; `None` where its ids lead to
    /// none, or to several.
    fn meant_by(&self, question: &Question, target: &BTreeMap<&str, Option<&Question>>) -> Option<&'a str> {
        let alone = |id: &&String| target.get(id.as_str()).is_some_and(|only| only.is_some());
        let mut keys = question
            .maps_to
            .iter()
            .filter(alone)
            .filter_map(|id| *self.meanings.get(id.as_str())?)
            .map(|question| question.key.as_str());
        let key = keys.next()?;
        keys.all(|other| other == key).then_some(key)
    }

    /// Everything said here that is not proposed.
    fn left(&self, carried: &Carried, refused: &BTreeMap<&str, LeftBecause>) -> Vec<LeftAnswer> {
        let mine = |proposed: &&CarriedAnswer| {
            proposed.assessment == self.from.assessment && proposed.questionnaire == self.from.edition.key
        };
        let proposed: BTreeSet<&str> =
            carried.answers.values().filter(mine).map(|proposed| proposed.question.as_str()).collect();
        let asked = by_key(self.from.edition)
            .map(|(key, _)| key)
            .filter(|key| !proposed.contains(key) && self.said(key).is_some());
        asked
            .map(|key| LeftAnswer {
                question: key.to_owned(),
                assessment: self.from.assessment.to_owned(),
                because: refused.get(key).copied().unwrap_or(LeftBecause::QuestionGone),
            })
            .collect()
    }
}

impl Said<'_> {
    fn proposed(&self, fitting: Fitting, because: CarriedBecause) -> CarriedAnswer {
        CarriedAnswer {
            answer: fitting.answer,
            assessment: self.from.assessment.to_owned(),
            questionnaire: self.from.edition.key.clone(),
            edition: self.from.edition.edition.clone(),
            question: self.question.key.clone(),
            answered_on: self.from.answered_on,
            because,
            look: fitting.look.into_iter().collect(),
        }
    }
}

/// An answer in the form that fits another question, and what about it needs another look.
struct Fitting {
    answer: Answer,
    look: BTreeSet<LookAgain>,
}

/// What answers are carried into.
struct Target<'a> {
    key: &'a str,
    meanings: BTreeMap<&'a str, Option<&'a Question>>,
    /// What is wrong with each known piece of evidence, if anything.
    evidence: BTreeMap<&'a str, Option<LookAgain>>,
}

impl Target<'_> {
    /// The newest answer of a questionnaire that fits, of several questionnaires.
    fn first_fitting<'b>(
        &self,
        question: &Question,
        because: CarriedBecause,
        said: impl Iterator<Item = Said<'b>>,
    ) -> Option<CarriedAnswer> {
        let mut heard: BTreeSet<&str> = BTreeSet::new();
        for said in said {
            if heard.insert(&said.from.edition.key)
                && let Ok(fitting) = self.fit(question, &said)
            {
                return Some(said.proposed(fitting, because));
            }
        }
        None
    }

    fn fit(&self, question: &Question, said: &Said<'_>) -> Result<Fitting, LeftBecause> {
        if said.question.kind != question.kind {
            return Err(LeftBecause::TypeChanged);
        }
        if let Some(fault) = first_fault(said.question, &said.answer)
            && fault.code != "not_applicable_not_allowed"
        {
            return Err(LeftBecause::NeverFitted);
        }
        let mut answer = normalise_answer(question, said.answer.clone());
        if let Some(fault) = first_fault(question, &answer) {
            return Err(if fault.code == "not_applicable_not_allowed" {
                LeftBecause::NotApplicableNoLongerAllowed
            } else {
                LeftBecause::ValueNoLongerPossible
            });
        }
        let mut look = differs(said.question, question);
        if said.from.edition.key != self.key {
            look.insert(LookAgain::OtherQuestionnaire);
        }
        if question.kind == QuestionType::File
            && let Some(file) = answer.value.as_ref().and_then(Value::as_str)
        {
            look.extend(self.evidence.get(file).ok_or(LeftBecause::EvidenceGone)?);
        }
        answer.evidence_ids.retain(|id| {
            let known = self.evidence.get(id.as_str());
            match known {
                Some(standing) => look.extend(standing),
                None => drop(look.insert(LookAgain::EvidenceGone)),
            }
            known.is_some()
        });
        Ok(Fitting { answer, look })
    }
}

fn first_fault(question: &Question, answer: &Answer) -> Option<Fault> {
    let mut faults = Faults::default();
    check_answer(question, answer, &mut faults);
    faults.into_list().into_iter().next()
}

/// The questions of an edition by their keys, in order; where keys repeat, the first.
fn by_key(edition: &Edition) -> impl Iterator<Item = (&str, &Question)> {
    let mut seen = BTreeSet::new();
    edition.questions().map(|question| (question.key.as_str(), question)).filter(move |(key, _)| seen.insert(*key))
}

/// The one question that maps to each outside id; `None` where several do.
fn meanings(edition: &Edition) -> BTreeMap<&str, Option<&Question>> {
    let mut meanings: BTreeMap<&str, Option<&Question>> = BTreeMap::new();
    for (_, question) in by_key(edition) {
        for id in &question.maps_to {
            let only = meanings.entry(id).or_insert(Some(question));
            *only = only.filter(|only| only.key == question.key);
        }
    }
    meanings
}

/// What is wrong with each piece of evidence on a day; `None` for one that is valid.
fn standing(evidence: &[EvidenceFact], on: NaiveDate) -> BTreeMap<&str, Option<LookAgain>> {
    let mut standing: BTreeMap<&str, Option<LookAgain>> = BTreeMap::new();
    for fact in evidence {
        let wrong = match fact.issued_on {
            _ if fact.is_valid_on(on) => None,
            _ if fact.is_in_date(on) => Some(LookAgain::EvidenceNotCounted),
            Some(issued) if issued > on => Some(LookAgain::EvidenceNotYetValid),
            _ => Some(LookAgain::EvidenceExpired),
        };
        // Of several facts with one id the best counts, as in an evaluation.
        standing.entry(&fact.id).and_modify(|known| *known = (*known).min(wrong)).or_insert(wrong);
    }
    standing
}

/// What has changed from one question to the other, as far as it matters to an answer.
fn differs(before: &Question, after: &Question) -> BTreeSet<LookAgain> {
    let pairs = || {
        before.options.iter().filter_map(|old| Some((old, after.options.iter().find(|new| new.value == old.value)?)))
    };
    let values = |question: &Question| -> BTreeSet<(String, bool)> {
        question.options.iter().map(|choice| (choice.value.clone(), choice.exclusive)).collect()
    };
    let words = |question: &Question| {
        [Some(&question.text), question.help.as_ref(), question.unit.as_ref()].map(|text| text.cloned())
    };
    let mut look = BTreeSet::new();
    if words(before) != words(after) || pairs().any(|(old, new)| old.label != new.label) {
        look.insert(LookAgain::WordsChanged);
    }
    if values(before) != values(after) {
        look.insert(LookAgain::OptionsChanged);
    }
    let (seen_before, seen_after) = (as_scored(before), as_scored(after));
    if worth(seen_before.clone(), after) != worth(seen_after.clone(), before) {
        look.insert(LookAgain::PointsChanged);
    }
    if after.evidence.need == EvidenceNeed::Needed && seen_before.evidence != seen_after.evidence {
        look.insert(LookAgain::EvidenceRuleChanged);
    }
    look
}

/// What answers that are possible in both questions are worth and reveal, of a question [as scores see it](as_scored).
fn worth(mut seen: Question, other: &Question) -> Question {
    seen.options.retain(|choice| other.options.iter().any(|new| new.value == choice.value));
    seen.options.iter_mut().for_each(|choice| choice.exclusive = false);
    Question {
        key: String::new(),
        principle: String::new(),
        show_if: None,
        not_applicable: NotApplicable::No,
        evidence: Default::default(),
        minimum: None,
        maximum: None,
        ..seen
    }
}

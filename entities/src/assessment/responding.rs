//! An assessment as a respondent sees it: what is asked, what was answered, what is missing. Nothing of how it is
//! judged goes through here: no weights, points, knock-outs, findings, scores, ratings, and no word of who decided
//! what.

use std::collections::{BTreeMap, BTreeSet};

use diligence_questionnaires::{
    Answer, CarriedAnswer, Edition, EvidenceKind, EvidenceNeed, LookAgain, Outcome, Preview, PreviewOption,
    QuestionType, edition::Decimal, preview::PreviewQuestion,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use super::last_look::{UnansweredAs, UnansweredQuestion};
use super::{
    AnswerChange, Assessment, AssessmentState, Confirmation, Work, answering::NO_FILE, carrying, judging, last_look,
    offline::edition_in, read, unsent::is_answered,
};
use crate::{
    clock::{Day, Moment},
    error::Error,
    fault::Fault,
    id::AssessmentId,
    organisation,
    page::Versioned,
    scope::{Reader, Writer},
    translation,
};

/// Whether answers can be given.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum VisitState {
    /// They can.
    Open,
    /// They have been submitted; they can be read, and changed only if they are given back.
    Submitted,
}

impl From<AssessmentState> for VisitState {
    fn from(state: AssessmentState) -> Self {
        if state == AssessmentState::Open { Self::Open } else { Self::Submitted }
    }
}

/// What is asked.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct RespondentQuestions {
    /// The questionnaire's title.
    pub title: String,
    /// Which edition of it.
    pub edition: String,
    /// What it is for.
    pub summary: String,
    /// The language of the texts.
    pub language: String,
    /// The questions, in the order in which they are asked. Which of them are visible, the answers say.
    pub sections: Vec<RespondentSection>,
}

/// A group of questions under one heading.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct RespondentSection {
    /// Its key.
    pub key: String,
    /// Its heading.
    pub title: String,
    /// A paragraph before the questions.
    pub intro: Option<String>,
    /// Its questions, in order.
    pub questions: Vec<RespondentQuestion>,
}

/// One question.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct RespondentQuestion {
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
    /// Whether a reason is asked for where it is marked so. Where none is, `not_applicable` may be an empty text.
    pub reason_needed: bool,
    /// Whether evidence is asked for.
    pub evidence: EvidenceNeed,
    /// The kinds of evidence that are accepted; any when empty.
    pub evidence_kinds: Vec<EvidenceKind>,
    /// The choices, where there are any.
    pub options: Vec<PreviewOption>,
    /// What a number counts.
    pub unit: Option<String>,
    /// The smallest number accepted.
    pub minimum: Option<Decimal>,
    /// The largest number accepted.
    pub maximum: Option<Decimal>,
}

impl RespondentQuestions {
    fn of(edition: &Edition) -> Self {
        let Preview { title, edition, summary, language, sections, .. } = Preview::of(edition);
        let sections = sections.into_iter().map(|section| RespondentSection {
            key: section.key,
            title: section.title,
            intro: section.intro,
            questions: section.questions.into_iter().map(RespondentQuestion::of).collect(),
        });
        Self { title, edition, summary, language, sections: sections.collect() }
    }
}

impl RespondentQuestion {
    fn of(question: PreviewQuestion) -> Self {
        // When it is asked may hang on what the organisation thinks of the supplier, so that stays out.
        let PreviewQuestion {
            key,
            text,
            help,
            kind,
            required,
            may_not_apply,
            reason_needed,
            evidence,
            evidence_kinds,
            asked_if: _,
            options,
            unit,
            minimum,
            maximum,
        } = question;
        Self {
            key,
            text,
            help,
            kind,
            required,
            may_not_apply,
            reason_needed,
            evidence,
            evidence_kinds,
            options,
            unit,
            minimum,
            maximum,
        }
    }
}

/// An answer given before, to be confirmed or given anew.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct EarlierAnswer {
    /// The answer.
    pub answer: Answer,
    /// The day it was given.
    pub answered_on: Day,
    /// Why it needs more than a plain confirmation; empty where the question is the same and its evidence stands.
    pub look: Vec<EarlierLook>,
}

/// Why an earlier answer needs another look.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum EarlierLook {
    /// It was given to another questionnaire.
    OtherQuestionnaire,
    /// The question, its help, its unit or the label of an option reads differently.
    WordsChanged,
    /// There are more or fewer options, or others exclude one another.
    OptionsChanged,
    /// The question needs evidence now, or evidence of other kinds.
    EvidenceRuleChanged,
    /// A piece of its evidence has expired.
    EvidenceExpired,
    /// A piece of its evidence is not valid yet.
    EvidenceNotYetValid,
    /// A piece of its evidence is no longer known, and is left out.
    EvidenceGone,
}

impl EarlierAnswer {
    fn of(carried: CarriedAnswer, sent: &BTreeSet<String>) -> Self {
        let look = |look: LookAgain| match look {
            LookAgain::OtherQuestionnaire => Some(EarlierLook::OtherQuestionnaire),
            LookAgain::WordsChanged => Some(EarlierLook::WordsChanged),
            LookAgain::OptionsChanged => Some(EarlierLook::OptionsChanged),
            LookAgain::EvidenceRuleChanged => Some(EarlierLook::EvidenceRuleChanged),
            LookAgain::EvidenceExpired => Some(EarlierLook::EvidenceExpired),
            LookAgain::EvidenceNotYetValid => Some(EarlierLook::EvidenceNotYetValid),
            LookAgain::EvidenceGone => Some(EarlierLook::EvidenceGone),
            // What an answer is worth, and what we accepted, is nothing for those who give it.
            LookAgain::PointsChanged | LookAgain::EvidenceNotCounted => None,
        };
        Self {
            answer: seen(carried.answer, sent),
            answered_on: carried.answered_on.into(),
            look: carried.look.into_iter().filter_map(look).collect(),
        }
    }
}

/// The answers so far, what is visible now, and what is missing.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct RespondentProgress {
    /// The version of the answers, which another respondent's changes raise too.
    pub version: i64,
    /// Whether answers can be given.
    pub state: VisitState,
    /// Every answer, by question key; answers to questions that are hidden now are kept but count nowhere.
    pub answers: BTreeMap<String, Answer>,
    /// Answers that were given before about the same supplier or product, by question key. They count nowhere until
    /// they are confirmed, or given anew.
    pub earlier: BTreeMap<String, EarlierAnswer>,
    /// The questions that are visible now, in order.
    pub visible: Vec<String>,
    /// Required questions still to be answered.
    pub unanswered_required: Vec<String>,
    /// Answers that need a comment before submission.
    pub comments_needed: Vec<String>,
    /// How many of the visible questions are answered.
    pub answered_count: u64,
    /// How many questions are visible.
    pub question_count: u64,
    /// The visible questions that may stay unanswered and are, and what each counts as then.
    pub unanswered: Vec<UnansweredQuestion>,
    /// The visible questions whose answers count only with evidence and have none attached.
    pub without_evidence: Vec<String>,
}

impl Versioned for RespondentProgress {
    fn id(&self) -> &str {
        ""
    }
    fn version(&self) -> i64 {
        self.version
    }
}

/// An answer without the evidence that the organisation put beside it: that is its own.
fn seen(mut answer: Answer, sent: &BTreeSet<String>) -> Answer {
    answer.evidence_ids.retain(|id| sent.contains(id));
    answer
}

impl RespondentProgress {
    /// `work` is as whoever has the link sees it.
    fn of(work: Work, outcome: Outcome, sent: &BTreeSet<String>) -> Self {
        let answers = &work.sheet.answers;
        let answered_count = outcome.visible.iter().filter(|key| is_answered(answers.get(*key))).count() as u64;
        let question_count = outcome.visible.len() as u64;
        let (unanswered, without_evidence) = (
            last_look::unanswered(&work, &outcome),
            last_look::without_evidence(&work, &outcome, |id| sent.contains(id)),
        );
        let (assessment, sheet) = (work.before, work.sheet);
        let state = VisitState::from(assessment.state.0);
        let earlier = if state == VisitState::Open { sheet.carried.0.answers } else { BTreeMap::new() };
        Self {
            version: assessment.version,
            state,
            answers: sheet.answers.0.into_iter().map(|(key, answer)| (key, seen(answer, sent))).collect(),
            earlier: earlier.into_iter().map(|(key, carried)| (key, EarlierAnswer::of(carried, sent))).collect(),
            visible: outcome.visible,
            unanswered_required: outcome.unanswered_required,
            comments_needed: outcome.comments_needed,
            answered_count,
            question_count,
            unanswered,
            without_evidence,
        }
    }
}

/// What was submitted, to keep.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct RespondentReceipt {
    /// The version of the answers.
    pub version: i64,
    /// Who asked.
    pub organisation: String,
    /// About which supplier.
    pub supplier: String,
    /// About which of its products; null where it is about the supplier itself.
    pub product: Option<String>,
    /// The questionnaire's title.
    pub questionnaire: String,
    /// Which edition of it.
    pub edition: String,
    /// Who submitted the answers.
    pub submitted_by: String,
    /// When they were submitted.
    pub submitted_at: Moment,
    /// Every question that was visible, in order.
    pub answers: Vec<ReceiptAnswer>,
}

/// A question and what was answered.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct ReceiptAnswer {
    /// The heading it stands under.
    pub section: String,
    /// The question's key.
    pub question: String,
    /// The question itself.
    pub text: String,
    /// The answer; null where there is none.
    pub answer: Option<Answer>,
    /// The chosen options as they read; empty where there are none.
    pub labels: Vec<String>,
}

impl Versioned for RespondentReceipt {
    fn id(&self) -> &str {
        ""
    }
    fn version(&self) -> i64 {
        self.version
    }
}

/// What a visit begins with: who asks whom, about what.
#[derive(Clone, Debug)]
pub(crate) struct Heading {
    pub(crate) version: i64,
    pub(crate) state: VisitState,
    pub(crate) organisation: String,
    pub(crate) supplier: String,
    pub(crate) product: Option<String>,
    pub(crate) questionnaire: String,
    pub(crate) edition: String,
    pub(crate) summary: String,
    pub(crate) languages: Vec<String>,
    pub(crate) return_comment: Option<String>,
}

/// The assessment's part of a welcome.
pub(crate) async fn heading(reader: &Reader, id: &AssessmentId) -> Result<Heading, Error> {
    let work = Work::load(reader, read(reader, id).await?).await?;
    let own = work.edition.language.clone();
    let others = translation::languages(reader, &work.edition.key, &work.edition.edition).await?;
    let state = VisitState::from(work.before.state.0);
    Ok(Heading {
        version: work.before.version,
        state,
        organisation: organisation::read(reader).await?.name,
        supplier: work.subject.supplier.name.clone(),
        product: work.subject.product.as_ref().map(|product| product.name.clone()),
        questionnaire: work.edition.title.clone(),
        edition: work.edition.edition.clone(),
        summary: work.edition.summary.clone(),
        languages: std::iter::once(own).chain(others).collect(),
        return_comment: work.before.return_comment.clone().filter(|_| state == VisitState::Open),
    })
}

/// What is asked, in one of the edition's languages, as whoever answers sees it.
///
/// # Errors
/// [`Error::NotFound`], or [`Error::Invalid`] for a language that the edition does not have.
pub async fn questions(
    reader: &Reader,
    id: &AssessmentId,
    language: Option<&str>,
) -> Result<RespondentQuestions, Error> {
    let work = Work::load(reader, read(reader, id).await?).await?;
    Ok(RespondentQuestions::of(&*edition_in(reader, &work, language).await?))
}

/// The answers so far. `sent` is the evidence that respondents of this subject sent themselves.
pub(crate) async fn progress(
    reader: &Reader,
    id: &AssessmentId,
    sent: &BTreeSet<String>,
) -> Result<RespondentProgress, Error> {
    let work = Work::load(reader, read(reader, id).await?).await?.drafted_sheet();
    let outcome = work.outcome(reader.today());
    Ok(RespondentProgress::of(work, outcome, sent))
}

async fn expect_open(reader: &Reader, id: &AssessmentId) -> Result<Assessment, Error> {
    let assessment = read(reader, id).await?;
    match VisitState::from(assessment.state.0) {
        VisitState::Open => Ok(assessment),
        // What became of them since is not for the respondent.
        VisitState::Submitted => Err(Error::conflict(
            "submitted",
            "the answers have been submitted and cannot be changed unless they are returned",
        )),
    }
}

/// Makes sure that what was answered is still open to be changed, for changes beside the answers.
pub(crate) async fn expect_unsubmitted(reader: &Reader, id: &AssessmentId) -> Result<Assessment, Error> {
    expect_open(reader, id).await
}

/// Keeps answers until they are submitted. Evidence that the organisation put beside an answer stays there, unseen.
pub(crate) async fn answer(
    writer: &Writer,
    id: &AssessmentId,
    version: i64,
    mut change: AnswerChange,
    sent: &BTreeSet<String>,
) -> Result<RespondentProgress, Error> {
    expect_open(writer, id).await?;
    let work = Work::to_answer(writer, id, version).await?;
    let mut faults = match work.check(&change) {
        Ok(()) => Vec::new(),
        Err(Error::Invalid(faults)) => faults,
        Err(other) => return Err(other),
    };
    for (key, answer) in &mut change.0 {
        let Some(answer) = answer else { continue };
        let there = work.drafted_answer(key);
        let earlier = work.sheet.carried.answers.get(key).map(|carried| &carried.answer);
        let names = |known: &Answer, id: &str| {
            known.evidence_ids.iter().any(|other| other == id)
                || known.value.as_ref().and_then(|value| value.as_str()) == Some(id)
        };
        // An id that was not shown is refused like one of nothing, word for word.
        let known = |id: &str| {
            sent.contains(id)
                || there.is_some_and(|answer| names(answer, id))
                || earlier.is_some_and(|answer| names(answer, id))
        };
        for (index, evidence_id) in answer.evidence_ids.iter().enumerate() {
            let place = format!("/{key}/evidence_ids/{index}");
            if !known(evidence_id) && !faults.iter().any(|fault| fault.pointer == place) {
                faults.push(Fault::new(
                    place,
                    "unknown_id",
                    "there is no evidence by that id about this supplier or its products",
                ));
            }
        }
        let is_file = work.edition.question(key).is_some_and(|question| question.kind == QuestionType::File);
        let file = answer.value.as_ref().filter(|_| is_file).and_then(|value| value.as_str());
        let place = format!("/{key}/value");
        if file.is_some_and(|file| !known(file)) && !faults.iter().any(|fault| fault.pointer == place) {
            faults.push(Fault::new(place, "no_file", NO_FILE));
        }
        let unseen = there.into_iter().flat_map(|answer| &answer.evidence_ids).filter(|id| !sent.contains(*id));
        let missing: Vec<String> = unseen.filter(|id| !answer.evidence_ids.contains(id)).cloned().collect();
        answer.evidence_ids.extend(missing);
    }
    if !faults.is_empty() {
        return Err(Error::Invalid(faults));
    }
    kept(writer, work, change, sent).await
}

async fn kept(
    writer: &Writer,
    work: Work,
    change: AnswerChange,
    sent: &BTreeSet<String>,
) -> Result<RespondentProgress, Error> {
    let work = work.put_apart(writer, change).await?;
    let outcome = work.outcome(writer.today());
    Ok(RespondentProgress::of(work, outcome, sent))
}

/// Confirms answers that were given before.
pub(crate) async fn confirm(
    writer: &Writer,
    id: &AssessmentId,
    version: i64,
    confirmation: Confirmation,
    sent: &BTreeSet<String>,
) -> Result<RespondentProgress, Error> {
    expect_open(writer, id).await?;
    let work = Work::to_answer(writer, id, version).await?;
    let change = carrying::chosen(&work.carried_to_draft(), confirmation)?;
    kept(writer, work, change, sent).await
}

/// Submits the answers for decision.
pub(crate) async fn submit(
    writer: &Writer,
    id: &AssessmentId,
    version: i64,
    sent: &BTreeSet<String>,
) -> Result<RespondentReceipt, Error> {
    expect_open(writer, id).await?;
    judging::submit_through_link(writer, id, version).await?;
    receipt(writer, id, None, sent).await
}

/// What was submitted; nothing while it is open.
pub(crate) async fn receipt(
    reader: &Reader,
    id: &AssessmentId,
    language: Option<&str>,
    sent: &BTreeSet<String>,
) -> Result<RespondentReceipt, Error> {
    let work = Work::load(reader, read(reader, id).await?).await?;
    let (Some(submitted_by), Some(submitted_at), VisitState::Submitted) =
        (work.before.submitted_by.clone(), work.before.submitted_at, VisitState::from(work.before.state.0))
    else {
        return Err(Error::NotFound);
    };
    let edition = edition_in(reader, &work, language).await?;
    let visible: BTreeSet<String> = work.outcome(reader.today()).visible.into_iter().collect();
    let mut answers = Vec::new();
    for section in &edition.sections {
        for question in section.questions.iter().filter(|question| visible.contains(&question.key)) {
            let answer = work.sheet.answers.get(&question.key).map(|answer| seen(answer.clone(), sent));
            let chosen = answer.as_ref().and_then(|answer| answer.value.as_ref());
            let is_chosen = |value: &str| {
                chosen.is_some_and(|chosen| {
                    chosen.as_str() == Some(value)
                        || chosen.as_array().is_some_and(|list| list.iter().any(|item| item.as_str() == Some(value)))
                })
            };
            answers.push(ReceiptAnswer {
                section: section.title.clone(),
                question: question.key.clone(),
                text: question.text.clone(),
                labels: question
                    .options
                    .iter()
                    .filter(|option| is_chosen(&option.value))
                    .map(|option| option.label.clone())
                    .collect(),
                answer,
            });
        }
    }
    Ok(RespondentReceipt {
        version: work.before.version,
        organisation: organisation::read(reader).await?.name,
        supplier: work.subject.supplier.name.clone(),
        product: work.subject.product.as_ref().map(|product| product.name.clone()),
        questionnaire: edition.title.clone(),
        edition: edition.edition.clone(),
        submitted_by,
        submitted_at,
        answers,
    })
}

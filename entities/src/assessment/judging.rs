//! Judging an assessment: rating its answers, submitting, returning, deciding, and what it all came to.

use std::collections::{BTreeMap, BTreeSet};

use diligence_questionnaires::{
    Band, Basis, Decided, DecisionMade, EvidenceFact, Named, Outcome, PortableReceipt, Rating, Review, ReviewedPoints,
};
use schemars::JsonSchema;
use sea_orm::{ColumnTrait as _, QueryFilter as _, QueryOrder as _};
use serde::{Deserialize, Serialize};
use validator::Validate;

use super::{
    ActiveModel, Assessment, AssessmentState, Column, Entity, Model, Progress, Work, expect_state, read, sheet, sign,
};
use crate::{
    api_key, audit,
    clock::Day,
    decision::{self, NewDecision},
    error::Error,
    fault::{Fault, Faults},
    id::{AssessmentId, EvidenceId, SubjectId},
    policy::{self, SeparationOfDuties},
    review, risk,
    role::Role,
    scope::{Reader, Writer},
    stored::{Json, Word},
    subject::Subject,
};

/// A reviewer's points for one answer.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(deny_unknown_fields)]
pub struct NewPoints {
    /// 0 to 100.
    #[validate(range(min = 0, max = 100))]
    pub points: u8,
    /// Why; needed when an answer's own points are replaced.
    #[validate(length(min = 1, max = 5000))]
    #[serde(default)]
    #[schemars(regex(pattern = crate::text::LINES))]
    pub reason: Option<String>,
}

/// A reviewer's points to put in place, by question key. A question that is absent keeps what it has; `null` clears it.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(transparent)]
#[schemars(example = serde_json::json!({ "incident_lessons": { "points": 70, "reason": "clear, but no dates" } }))]
pub struct PointsChange(#[schemars(length(max = 2000))] pub BTreeMap<String, Option<NewPoints>>);

impl Validate for PointsChange {
    fn validate(&self) -> Result<(), validator::ValidationErrors> {
        Ok(())
    }
}

/// What returning an assessment needs.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(deny_unknown_fields)]
pub struct Return {
    /// What must be mended.
    #[validate(length(min = 1, max = 10_000))]
    #[schemars(regex(pattern = crate::text::LINES))]
    pub comment: String,
}

/// How an assessment scores.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct AssessmentResult {
    /// The assessment.
    pub assessment_id: AssessmentId,
    /// Its version.
    pub version: i64,
    /// Where it stands. Until it is approved, this is how it would score today.
    pub state: AssessmentState,
    /// The band of the evidenced score.
    pub band: Band,
    /// The residual rating under the subject's tier.
    pub rating: Rating,
    /// Everything the score is made of.
    pub outcome: Outcome,
}

impl crate::page::Versioned for AssessmentResult {
    fn id(&self) -> &str {
        self.assessment_id.as_str()
    }
    fn version(&self) -> i64 {
        self.version
    }
}

/// Puts a reviewer's points in place: rates text answers, replaces other answers' points with a reason.
///
/// # Errors
/// [`Error::NotFound`], [`Error::Stale`], [`Error::Invalid`] with every fault by question, or [`Error::Conflict`] when
/// it is not submitted.
pub async fn rate(writer: &Writer, id: &AssessmentId, version: i64, change: PointsChange) -> Result<Progress, Error> {
    let before = writer.get_at::<Entity>(id.as_str(), version).await?;
    expect_state(&before, AssessmentState::Submitted, "be rated")?;
    let mut work = Work::load(writer, before).await?;
    let mut faults = Faults::default();
    let questions: BTreeSet<&str> = work.edition.questions().map(|question| question.key.as_str()).collect();
    let mut given = Review::new();
    for (key, points) in &change.0 {
        let Some(NewPoints { points, reason }) = points else {
            faults.expect(
                questions.contains(key.as_str()),
                format!("/{key}"),
                "unknown_question",
                "expected the key of a question of this edition",
            );
            continue;
        };
        given.insert(key.clone(), ReviewedPoints { points: *points, reason: reason.clone(), reviewer: None });
        for fault in Faults::of_new(&NewPoints { points: *points, reason: reason.clone() }).into_vec() {
            faults.push(fault.within(&format!("/{key}")));
        }
        let answered = work.sheet.answers.get(key).is_some_and(|answer| answer.value.is_some());
        faults.expect(
            answered || !questions.contains(key.as_str()),
            format!("/{key}"),
            "unanswered",
            "expected a question that has an answer: points can only be given to answers",
        );
    }
    // What the engine would pass over is refused here, so that the receipt says what was decided on.
    diligence_questionnaires::check_review(&work.edition, &given)
        .into_iter()
        .for_each(|fault| faults.push(fault.into()));
    faults.done()?;
    let was = serde_json::to_value(&work.sheet.review).ok();
    let rates = !change.0.is_empty();
    for (key, points) in change.0 {
        match points {
            Some(NewPoints { points, reason }) => {
                let reviewer = Some(writer.scope().actor.name.clone());
                work.sheet.review.0.insert(key, ReviewedPoints { points, reason, reviewer });
            }
            None => {
                work.sheet.review.0.remove(&key);
            }
        }
    }
    work.keep_sheet(writer).await?;
    let outcome = work.evaluate(writer.today());
    let mut after = work.before.clone();
    after.settle(&outcome);
    if rates {
        sign(&mut after.reviewed_by, writer);
    }
    let after = writer.replace::<Entity, ActiveModel>("rate", &work.before, after).await?;
    let (was, is) = crate::audit::difference(was, serde_json::to_value(&work.sheet.review).ok());
    writer.note_about(crate::audit::About::of::<Entity>(&after), "rate", "answers", id.as_str(), Some(was), Some(is));
    Ok(work.progress(after, outcome, writer.today()))
}

/// Submits an assessment for decision. Its findings become risks, each once.
///
/// # Errors
/// [`Error::NotFound`], [`Error::Stale`], [`Error::Invalid`] naming every question that still needs an answer or a
/// comment, or [`Error::Conflict`] when it is not open, or when it was answered through a link that works and has not
/// been submitted there.
pub async fn submit(writer: &Writer, id: &AssessmentId, version: i64) -> Result<Assessment, Error> {
    let work = Work::to_submit(writer, id, version).await?;
    work.expect_nothing_unsent(writer).await?;
    work.submit(writer).await
}

/// Submits an assessment through a link, with what was answered there.
pub(super) async fn submit_through_link(writer: &Writer, id: &AssessmentId, version: i64) -> Result<Assessment, Error> {
    let mut work = Work::to_submit(writer, id, version).await?;
    if let Some((was, is)) = work.take_in() {
        work.keep_sheet(writer).await?;
        let about = audit::About::of::<Entity>(&work.before);
        writer.note_about(about, "answer", "answers", id.as_str(), Some(was), Some(is));
    }
    work.submit(writer).await
}

impl Work {
    async fn to_submit(writer: &Writer, id: &AssessmentId, version: i64) -> Result<Self, Error> {
        let before = writer.get_at::<Entity>(id.as_str(), version).await?;
        expect_state(&before, AssessmentState::Open, "be submitted")?;
        Self::load(writer, before).await
    }

    async fn submit(self, writer: &Writer) -> Result<Assessment, Error> {
        let outcome = self.evaluate(writer.today());
        let open = open(&outcome);
        if !open.is_empty() {
            return Err(Error::Invalid(open));
        }
        let mut after = self.before.clone();
        after.settle(&outcome);
        after.state = Word(AssessmentState::Submitted);
        after.submitted_by = Some(writer.scope().actor.name.clone());
        after.submitted_at = Some(writer.now());
        sign(&mut after.answered_by, writer);
        after.return_comment = None;
        let after = writer.replace::<Entity, ActiveModel>("submit", &self.before, after).await?;
        risk::raise(writer, &self.subject, &after, &outcome.findings).await?;
        Ok(after)
    }
}

/// What must be answered before submission, and still holds at approval.
fn open(outcome: &Outcome) -> Vec<Fault> {
    let unanswered = outcome
        .unanswered_required
        .iter()
        .map(|key| Fault::new(format!("/{key}"), "required", "expected an answer before submission"));
    let uncommented = outcome.comments_needed.iter();
    let uncommented = uncommented.map(|key| {
        Fault::new(format!("/{key}/comment"), "required", "expected a comment that says why, before submission")
    });
    unanswered.chain(uncommented).collect()
}

/// Why an assessment cannot be approved yet.
fn unready(outcome: &Outcome) -> Error {
    let mut errors = open(outcome);
    let (code, detail) = match errors.as_slice() {
        [] => ("awaiting_review", "text answers have no reviewer's points yet: give them first"),
        _ => (
            "unanswered",
            "questions have become visible since this was submitted and are unanswered: return it for changes",
        ),
    };
    errors.extend(
        outcome
            .awaiting_review
            .iter()
            .map(|key| Fault::new(format!("/{key}"), "awaiting_review", "expected a reviewer's points for this text")),
    );
    Error::Conflict { code, detail: detail.into(), errors }
}

/// Gives a submitted assessment back to be mended.
///
/// # Errors
/// [`Error::NotFound`], [`Error::Stale`], [`Error::Invalid`], or [`Error::Conflict`] when it is not submitted.
pub async fn give_back(writer: &Writer, id: &AssessmentId, version: i64, why: Return) -> Result<Assessment, Error> {
    let before = writer.get_at::<Entity>(id.as_str(), version).await?;
    expect_state(&before, AssessmentState::Submitted, "be returned")?;
    Faults::of_new(&why).done()?;
    let after = Model { state: Word(AssessmentState::Open), return_comment: Some(why.comment), ..before.clone() };
    writer.replace::<Entity, ActiveModel>("return", &before, after).await
}

/// Approves a submitted assessment: from now on its scores count in the register, with the decision beside them.
///
/// # Errors
/// [`Error::NotFound`], [`Error::Stale`], [`Error::Invalid`], [`Error::Conflict`] when it is not submitted, text
/// answers wait for a reviewer or something is asked now that was not answered, or [`Error::Forbidden`] when the
/// policy's separation of duties stands against it.
pub async fn approve(writer: &Writer, id: &AssessmentId, version: i64, new: NewDecision) -> Result<Assessment, Error> {
    decide(writer, id, version, false, new).await
}

/// Refuses the supplier or product on a submitted assessment. From now on its scores stand in the register, and those of
/// an earlier approval do not.
///
/// Nothing need be rated for that.
///
/// # Errors
/// [`Error::NotFound`], [`Error::Stale`], [`Error::Invalid`], or [`Error::Conflict`] when it is not submitted.
pub async fn refuse(writer: &Writer, id: &AssessmentId, version: i64, new: NewDecision) -> Result<Assessment, Error> {
    decide(writer, id, version, true, new).await
}

/// What whoever acts did to an assessment for which the policy's separation of duties keeps them from deciding on it,
/// in words that follow *you*; `None` where nothing stands against it.
///
/// # Errors
/// [`Error::Database`] only.
pub async fn other_duty(reader: &Reader, assessment: &Assessment) -> Result<Option<&'static str>, Error> {
    let duties = policy::read(reader).await?.separation_of_duties.0;
    if duties == SeparationOfDuties::Off {
        return Ok(None);
    }
    let hands = api_key::same_hand(reader, &reader.scope().actor.id).await?;
    let is_mine = |list: &[String]| list.iter().any(|actor| hands.contains(actor));
    Ok(if is_mine(&assessment.answered_by) {
        Some("answered or submitted")
    } else if duties == SeparationOfDuties::NotWhoAnsweredOrReviewed && is_mine(&assessment.reviewed_by) {
        Some("rated")
    } else {
        None
    })
}

/// Whether whoever acts may decide on an assessment under the policy's separation of duties; gives the reason for which
/// an admin decides though they may not.
async fn expect_no_other_duty(
    writer: &Writer,
    assessment: &Assessment,
    reason: Option<&str>,
) -> Result<Option<String>, Error> {
    match (other_duty(writer, assessment).await?, reason) {
        (None, None) => Ok(None),
        (None, Some(_)) => Err(Error::invalid(
            "/override_reason",
            "contradiction",
            "override_reason is only for decisions that separation of duties would refuse",
        )),
        (Some(_), Some(reason)) if writer.scope().role >= Role::Admin => Ok(Some(reason.to_owned())),
        (Some(did), _) => Err(Error::Forbidden(format!(
            "you {did} this assessment, and by the policy whoever did so does not decide on it: leave it to another approver, or to an admin, who may give an override_reason"
        ))),
    }
}

async fn decide(
    writer: &Writer,
    id: &AssessmentId,
    version: i64,
    refused: bool,
    new: NewDecision,
) -> Result<Assessment, Error> {
    let before = writer.get_at::<Entity>(id.as_str(), version).await?;
    expect_state(&before, AssessmentState::Submitted, if refused { "be refused" } else { "be approved" })?;
    let override_reason = expect_no_other_duty(writer, &before, new.override_reason.as_deref()).await?;
    let mut work = Work::load(writer, before).await?;
    let today = writer.today();
    let outcome = work.evaluate(today);
    // What is asked can have changed since submission: the profile is another, or a date has come.
    if !refused && !outcome.is_ready_to_approve() {
        return Err(unready(&outcome));
    }
    let mut after = work.before.clone();
    after.settle(&outcome);
    after.state = Word(if refused { AssessmentState::Refused } else { AssessmentState::Approved });
    after.decided_by = Some(writer.scope().actor.name.clone());
    after.decided_at = Some(writer.now());
    after.assessed_on = Some(today);
    after.override_reason = override_reason;
    let facts = work.subject.facts();
    let rests_on = work.counted_evidence(&outcome, today);
    let decided = decided(writer, &work, refused);
    let receipt = diligence_questionnaires::receipt::issue(&work.edition, &work.input(&facts, today), decided);
    let told = audit::Told::of(&receipt).and_then(|told| Some(("receipt", serde_json::to_value(told).ok()?)));
    work.sheet.receipt = Some(Json(receipt));
    work.sheet.basis = Some(Json(Basis { evidence: work.facts.clone(), subject: facts }));
    work.keep_sheet(writer).await?;
    let earlier = writer
        .all(
            writer
                .find::<Entity>()
                .filter(Column::SubjectId.eq(after.subject_id.as_str()))
                .filter(Column::Questionnaire.eq(after.questionnaire.as_str()))
                .filter(Column::State.eq(Word(AssessmentState::Approved))),
        )
        .await?;
    for old in earlier {
        let superseded = Model { state: Word(AssessmentState::Superseded), ..old.clone() };
        writer.replace::<Entity, ActiveModel>("supersede", &old, superseded).await?;
    }
    let action = if refused { "refuse" } else { "approve" };
    let after = writer.replace_and_tell::<Entity, ActiveModel>(action, &work.before, after, told).await?;
    decision::record(writer, &after, refused, rests_on, new).await?;
    review::looked_at(
        writer,
        &after.supplier_id,
        after.product_id.as_ref(),
        format!("assessed with {} {}: {}", after.questionnaire, after.edition, crate::stored::word(&after.state.0)),
    )
    .await?;
    Ok(after)
}

impl Work {
    /// The evidence that the answers to what is asked name, and that counts on a day.
    fn counted_evidence(&self, outcome: &Outcome, today: Day) -> Vec<EvidenceId> {
        let answers = outcome.visible.iter().filter_map(|key| self.sheet.answers.get(key));
        let named: BTreeSet<&str> = answers.flat_map(|answer| &answer.evidence_ids).map(String::as_str).collect();
        let counts = |fact: &&EvidenceFact| {
            named.contains(fact.id.as_str())
                && fact.not_counted.is_none()
                && fact.expires_on.is_none_or(|day| day >= today.date())
        };
        self.facts.iter().filter(counts).filter_map(|fact| fact.id.parse().ok()).collect()
    }
}

/// Whose the receipt of a decision is.
fn decided(writer: &Writer, work: &Work, refused: bool) -> Decided {
    let named = |id: &str, name: &str| Named { id: id.to_owned(), name: name.to_owned() };
    let Subject { supplier, product } = &work.subject;
    let actor = &writer.scope().actor;
    Decided {
        assessment_id: work.before.id.to_string(),
        supplier: named(supplier.id.as_str(), &supplier.name),
        product: product.as_ref().map(|product| named(product.id.as_str(), &product.name)),
        decision: if refused { DecisionMade::Refused } else { DecisionMade::Approved },
        by: named(&actor.id, &actor.name),
        at: writer.now().to_string(),
    }
}

/// How an assessment scores: as decided, or as it would today.
///
/// # Errors
/// [`Error::NotFound`].
pub async fn result(reader: &Reader, id: &AssessmentId) -> Result<AssessmentResult, Error> {
    let work = Work::load(reader, read(reader, id).await?).await?;
    let outcome = work.outcome(reader.today());
    let policy = policy::read(reader).await?;
    let knocked_out = !outcome.knock_outs.is_empty();
    Ok(AssessmentResult {
        assessment_id: work.before.id.clone(),
        version: work.before.version,
        state: work.before.state.0,
        band: diligence_questionnaires::band(&policy.rating, outcome.evidenced, outcome.coverage, knocked_out),
        rating: diligence_questionnaires::residual(
            &policy.rating,
            work.subject.supplier.tier.0,
            outcome.evidenced,
            outcome.coverage,
            knocked_out,
        ),
        outcome,
    })
}

/// The approved assessments of these suppliers and products, each with what it came to.
///
/// # Errors
/// [`Error::Database`] only.
pub async fn standing(reader: &Reader, subjects: &[SubjectId]) -> Result<Vec<(Assessment, Outcome)>, Error> {
    let subjects = subjects.iter().map(SubjectId::as_str);
    let approved = reader
        .find::<Entity>()
        .filter(Column::SubjectId.is_in(subjects))
        .filter(Column::State.eq(Word(AssessmentState::Approved)));
    let approved = reader.all(approved.order_by_asc(Column::Questionnaire).order_by_asc(Column::Id)).await?;
    let ids = approved.iter().map(|assessment| assessment.id.clone());
    let sheets = reader.all(reader.find::<sheet::Entity>().filter(sheet::Column::AssessmentId.is_in(ids))).await?;
    let mut outcomes: BTreeMap<AssessmentId, Outcome> =
        sheets.into_iter().filter_map(|sheet| Some((sheet.assessment_id, sheet.receipt?.0.outcome))).collect();
    Ok(approved
        .into_iter()
        .filter_map(|assessment| outcomes.remove(&assessment.id).map(|outcome| (assessment, outcome)))
        .collect())
}

/// A receipt with everything needed to compute it again.
pub type AssessmentReceipt = PortableReceipt;

/// The receipt of a decided assessment, as one portable file: edition, answers, review, evidence and subject as they
/// were.
///
/// # Errors
/// [`Error::NotFound`], also while it is not decided.
pub async fn receipt(reader: &Reader, id: &AssessmentId) -> Result<AssessmentReceipt, Error> {
    let work = Work::load(reader, read(reader, id).await?).await?;
    match (work.sheet.receipt, work.sheet.basis) {
        (Some(receipt), Some(basis)) => {
            let edition = work.edition.as_ref().clone();
            Ok(PortableReceipt {
                receipt: receipt.0,
                edition,
                answers: work.sheet.answers.0,
                review: work.sheet.review.0,
                basis: basis.0,
            })
        }
        _ => Err(Error::NotFound),
    }
}

//! Assessments: one edition put to one supplier or product. Answered partially and repeatedly, submitted, then approved,
//! refused or returned. Pinned to its edition for ever; only an approved one changes the register.

use std::{collections::BTreeMap, sync::Arc};

use diligence_questionnaires::{Answer, Answers, Band, Edition, EvidenceFact, Input, Outcome, Rating, Receipt, Review as Points, ReviewedPoints, Score};
use schemars::JsonSchema;
use sea_orm::{ColumnTrait as _, Condition, QueryFilter as _, entity::prelude::*};
use serde::{Deserialize, Serialize};
use validator::Validate;

use crate::{
    clock::{Day, Moment},
    decision::{self, NewDecision},
    error::Error,
    evidence,
    fault::{Fault, Faults},
    id::{AssessmentId, EditionId, EvidenceId, OrganisationId, ProductId, SubjectId, SupplierId},
    page::{Page, Sort},
    policy, questionnaire, review, risk,
    scope::{Reader, Writer, owned},
    stored::{Json, Word},
    subject::Subject,
};

/// Where an assessment stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum AssessmentState {
    /// It is being answered.
    #[default]
    Open,
    /// It waits for an approver.
    Submitted,
    /// It counts in the register.
    Approved,
    /// An approver refused the supplier or product on it.
    Refused,
    /// A newer approved one counts instead.
    Superseded,
}

/// The two scores of one framework.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FrameworkNumbers {
    /// The framework.
    pub framework: String,
    /// With every answer at face value; null when nothing can be scored.
    pub claimed: Option<Score>,
    /// With answers that lack valid evidence counting nothing; null when nothing can be scored.
    pub evidenced: Option<Score>,
}

/// An assessment as stored, without its answers.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Serialize, JsonSchema)]
#[sea_orm(table_name = "assessment")]
#[schemars(rename = "Assessment")]
pub struct Model {
    /// Its id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: AssessmentId,
    /// The organisation whose register it is in.
    #[serde(skip)]
    pub organisation_id: OrganisationId,
    /// Its version, from 1; each change adds one, answers too.
    pub version: i64,
    /// The supplier or product assessed.
    pub subject_id: SubjectId,
    /// That supplier, or that product's.
    pub supplier_id: SupplierId,
    /// That product, if it is one.
    pub product_id: Option<ProductId>,
    /// The key of the questionnaire.
    pub questionnaire: String,
    /// Which edition of it.
    pub edition: String,
    /// The edition's id here.
    pub edition_id: EditionId,
    /// Where it stands.
    #[schemars(with = "AssessmentState")]
    pub state: Word<AssessmentState>,
    /// The claimed score of the whole, so far or as approved; null when nothing can be scored.
    pub claimed: Option<Json<Score>>,
    /// The evidenced score of the whole, so far or as approved; null when nothing can be scored.
    pub evidenced: Option<Json<Score>>,
    /// Both scores by framework.
    #[schemars(with = "Vec<FrameworkNumbers>")]
    pub frameworks: Json<Vec<FrameworkNumbers>>,
    /// How much of what counts is answered, in percent.
    #[schemars(with = "Score")]
    pub coverage: Json<Score>,
    /// Why the rating is capped, one reason for each answer that does so.
    #[schemars(with = "Vec<String>")]
    pub knock_outs: Json<Vec<String>>,
    /// Who started it.
    pub started_by: String,
    /// Who submitted it last.
    pub submitted_by: Option<String>,
    /// When it was submitted last.
    pub submitted_at: Option<Moment>,
    /// What must be mended, if it was returned.
    pub return_comment: Option<String>,
    /// Who approved or refused on it.
    pub decided_by: Option<String>,
    /// When they did.
    pub decided_at: Option<Moment>,
    /// The day its evidence was judged on, once decided.
    pub assessed_on: Option<Day>,
    /// When it was started.
    pub created_at: Moment,
    /// When it was last changed.
    pub updated_at: Moment,
}

pub use Model as Assessment;

/// Rows are loaded by noun, never joined.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}
impl ActiveModelBehavior for ActiveModel {}
owned!("assessment", row => Some(&row.supplier_id));

impl Model {
    /// The residual rating it gives a subject of this tier.
    pub(crate) fn rating(&self, policy: &policy::Policy, tier: diligence_questionnaires::Tier) -> Rating {
        diligence_questionnaires::residual(&policy.rating, tier, self.evidenced.as_deref().copied(), self.coverage.0, !self.knock_outs.is_empty())
    }

    fn settle(&mut self, outcome: &Outcome) {
        self.claimed = outcome.claimed.map(Json);
        self.evidenced = outcome.evidenced.map(Json);
        self.frameworks = Json(
            outcome
                .frameworks
                .iter()
                .map(|framework| FrameworkNumbers { framework: framework.framework.clone(), claimed: framework.claimed, evidenced: framework.evidenced })
                .collect(),
        );
        self.coverage = Json(outcome.coverage);
        self.knock_outs = Json(outcome.knock_outs.iter().map(|knock_out| knock_out.reason.clone()).collect());
    }
}

/// What was answered, and how it was judged: one row beside each assessment.
#[expect(unreachable_pub, reason = "sea-orm derives a public entity from the row")]
pub(crate) mod sheet {
    use diligence_questionnaires::{Answers, Receipt, Review};
    use sea_orm::entity::prelude::*;

    use crate::{
        id::{AssessmentId, OrganisationId, SupplierId},
        stored::Json,
    };

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "answer_sheet")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub assessment_id: AssessmentId,
        pub organisation_id: OrganisationId,
        pub supplier_id: SupplierId,
        pub answers: Json<Answers>,
        pub review: Json<Review>,
        pub receipt: Option<Json<Receipt>>,
        pub basis: Option<Json<super::Basis>>,
    }
    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}
    impl ActiveModelBehavior for ActiveModel {}
    crate::scope::belongs!();
}

/// What starting an assessment needs.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(deny_unknown_fields)]
#[schemars(example = serde_json::json!({ "questionnaire": "supplier-security", "subject_id": "sup_0190c5d2e5f27c3c8a4b0d6f1e2a3b4c" }))]
pub struct NewAssessment {
    /// The key of the questionnaire.
    #[validate(length(min = 1, max = 64))]
    pub questionnaire: String,
    /// The supplier or product to assess.
    pub subject_id: SubjectId,
    /// Which edition; the latest if not said.
    #[validate(length(min = 1, max = 20))]
    #[serde(default)]
    pub edition: Option<String>,
}

/// Answers to put in place, by question key. A question that is absent keeps its answer; `null` clears it.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(transparent)]
#[schemars(example = serde_json::json!({ "mfa_remote": { "value": "yes", "comment": "hardware keys" } }))]
pub struct AnswerChange(#[schemars(length(max = 2000))] pub BTreeMap<String, Option<Answer>>);

impl Validate for AnswerChange {
    fn validate(&self) -> Result<(), validator::ValidationErrors> {
        Ok(())
    }
}

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
    pub comment: String,
}

/// An assessment with its answers, and how it stands.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Progress {
    /// The assessment.
    pub assessment: Assessment,
    /// Every answer, by question key; answers to questions that are hidden now are kept but count nowhere.
    pub answers: Answers,
    /// The questions that are visible now, in order.
    pub visible: Vec<String>,
    /// The reviewer's points, by question key.
    pub review: Points,
    /// Required questions still to be answered.
    pub unanswered_required: Vec<String>,
    /// Answers that need a comment before submission.
    pub comments_needed: Vec<String>,
    /// Text answers that wait for a reviewer.
    pub awaiting_review: Vec<String>,
    /// How much of what counts is answered, in percent.
    pub coverage: Score,
    /// The claimed score so far.
    pub claimed: Option<Score>,
    /// The evidenced score so far.
    pub evidenced: Option<Score>,
}

impl crate::page::Versioned for Progress {
    fn id(&self) -> &str {
        self.assessment.id.as_str()
    }
    fn version(&self) -> i64 {
        self.assessment.version
    }
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

/// How to order assessments.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum AssessmentSort {
    /// Oldest first.
    #[default]
    #[serde(rename = "created_at")]
    Created,
    /// Newest first.
    #[serde(rename = "-created_at")]
    CreatedDescending,
    /// Longest unchanged first.
    #[serde(rename = "updated_at")]
    Updated,
    /// Last changed first.
    #[serde(rename = "-updated_at")]
    UpdatedDescending,
}

/// Which assessments to list.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, Validate)]
#[serde(default, deny_unknown_fields)]
pub struct AssessmentFilter {
    /// The supplier or product assessed.
    pub subject_id: Option<SubjectId>,
    /// The supplier assessed, or whose products were.
    pub supplier_id: Option<SupplierId>,
    /// The key of the questionnaire.
    #[validate(length(min = 1, max = 64))]
    pub questionnaire: Option<String>,
    /// Where it stands.
    pub state: Option<AssessmentState>,
    /// Only what changed at or after this moment.
    pub updated_since: Option<Moment>,
    /// The order; `created_at` if not said.
    pub sort: Option<AssessmentSort>,
    /// How many to answer, 1 to 200; 50 if not said.
    #[validate(range(min = 1, max = 200))]
    pub limit: Option<u64>,
    /// The `next` of the page before.
    #[validate(length(max = 2000))]
    pub cursor: Option<String>,
}

/// An assessment with everything that judging it needs.
struct Work {
    before: Model,
    sheet: sheet::Model,
    edition: Arc<Edition>,
    subject: Subject,
    facts: Vec<EvidenceFact>,
}

impl Work {
    async fn load(reader: &Reader, before: Model) -> Result<Self, Error> {
        let sheet = reader.one(reader.find::<sheet::Entity>().filter(sheet::Column::AssessmentId.eq(before.id.clone()))).await?.ok_or(Error::NotFound)?;
        let edition = questionnaire::pinned(reader, &before.edition_id).await?;
        let subject = Subject::of(reader, &before.supplier_id, before.product_id.as_ref()).await?;
        let facts = evidence::of_suppliers(reader, std::slice::from_ref(&before.supplier_id)).await?.iter().map(evidence::Evidence::fact).collect();
        Ok(Self { before, sheet, edition, subject, facts })
    }

    fn evaluate(&self, on: Day) -> Outcome {
        let facts = self.subject.facts();
        diligence_questionnaires::evaluate(
            &self.edition,
            &Input { answers: &self.sheet.answers, review: &self.sheet.review, evidence: &self.facts, subject: &facts, on: on.date() },
        )
    }

    fn progress(self, assessment: Model, outcome: Outcome) -> Progress {
        Progress {
            assessment,
            answers: self.sheet.answers.0,
            visible: outcome.visible,
            review: self.sheet.review.0,
            unanswered_required: outcome.unanswered_required,
            comments_needed: outcome.comments_needed,
            awaiting_review: outcome.awaiting_review,
            coverage: outcome.coverage,
            claimed: outcome.claimed,
            evidenced: outcome.evidenced,
        }
    }

    async fn keep_sheet(&self, writer: &Writer) -> Result<(), Error> {
        writer.put_all::<sheet::Entity, sheet::ActiveModel>(vec![self.sheet.clone()], &[sheet::Column::AssessmentId]).await
    }
}

fn expect_state(row: &Model, wanted: AssessmentState, to: &str) -> Result<(), Error> {
    if row.state.0 == wanted {
        Ok(())
    } else {
        Err(Error::conflict("state", format!("this assessment is {}; to {to} it must be {}", crate::stored::word(&row.state.0), crate::stored::word(&wanted))))
    }
}

/// Starts an assessment.
///
/// # Errors
/// [`Error::Invalid`] for an unknown questionnaire or subject, or one that does not fit the other; [`Error::Conflict`] when one is under way.
pub async fn start(writer: &Writer, new: NewAssessment) -> Result<Assessment, Error> {
    Faults::of(&new).done()?;
    let subject = Subject::find(writer, &new.subject_id, "/subject_id").await?;
    let (row, edition) = questionnaire::for_use(writer, &new.questionnaire, new.edition.as_deref()).await?;
    if subject.is_archived() {
        return Err(Error::conflict("state", "this supplier or product is archived: restore it first"));
    }
    if !subject.fits(&edition.applies_to) {
        let wanted: Vec<String> = edition.applies_to.iter().map(crate::stored::word).collect();
        return Err(Error::invalid("/subject_id", "does_not_fit", format!("this questionnaire can be put to: {}", wanted.join(", "))));
    }
    let under_way = Condition::any().add(Column::State.eq(Word(AssessmentState::Open))).add(Column::State.eq(Word(AssessmentState::Submitted)));
    let same = writer.find::<Entity>().filter(Column::SubjectId.eq(new.subject_id.as_str())).filter(Column::Questionnaire.eq(new.questionnaire.as_str()));
    if let Some(other) = writer.one(same.filter(under_way)).await? {
        return Err(Error::conflict("under_way", format!("the assessment {} of the same is under way: finish or delete it first", other.id)));
    }
    let assessment = Model {
        id: writer.new_id(),
        organisation_id: writer.scope().organisation_id.clone(),
        version: 1,
        subject_id: new.subject_id,
        supplier_id: subject.supplier.id.clone(),
        product_id: subject.product_id(),
        questionnaire: row.key.clone(),
        edition: row.edition.clone(),
        edition_id: row.id.clone(),
        state: Word::default(),
        claimed: None,
        evidenced: None,
        frameworks: Json::default(),
        coverage: Json::default(),
        knock_outs: Json::default(),
        started_by: writer.scope().actor.name.clone(),
        submitted_by: None,
        submitted_at: None,
        return_comment: None,
        decided_by: None,
        decided_at: None,
        assessed_on: None,
        created_at: writer.now(),
        updated_at: writer.now(),
    };
    let sheet = sheet::Model {
        assessment_id: assessment.id.clone(),
        organisation_id: assessment.organisation_id.clone(),
        supplier_id: assessment.supplier_id.clone(),
        answers: Json::default(),
        review: Json::default(),
        receipt: None,
        basis: None,
    };
    let work = Work { before: assessment.clone(), sheet, edition, subject, facts: Vec::new() };
    let mut assessment = assessment;
    assessment.settle(&work.evaluate(writer.today()));
    let assessment = writer.insert::<Entity, ActiveModel>(assessment).await?;
    work.keep_sheet(writer).await?;
    Ok(assessment)
}

/// One assessment, without its answers.
///
/// # Errors
/// [`Error::NotFound`].
pub async fn read(reader: &Reader, id: &AssessmentId) -> Result<Assessment, Error> {
    reader.get::<Entity>(id.as_str()).await
}

/// A page of assessments.
///
/// # Errors
/// [`Error::Invalid`] for a cursor that is none.
pub async fn list(reader: &Reader, filter: &AssessmentFilter) -> Result<Page<Assessment>, Error> {
    let mut condition = Condition::all();
    if let Some(id) = &filter.subject_id {
        condition = condition.add(Column::SubjectId.eq(id.as_str()));
    }
    if let Some(id) = &filter.supplier_id {
        condition = condition.add(Column::SupplierId.eq(id.clone()));
    }
    if let Some(key) = &filter.questionnaire {
        condition = condition.add(Column::Questionnaire.eq(key.as_str()));
    }
    if let Some(state) = filter.state {
        condition = condition.add(Column::State.eq(Word(state)));
    }
    if let Some(since) = filter.updated_since {
        condition = condition.add(Column::UpdatedAt.gte(since));
    }
    let sort = match filter.sort.unwrap_or_default() {
        AssessmentSort::Created => Sort::up(Column::CreatedAt),
        AssessmentSort::CreatedDescending => Sort::down(Column::CreatedAt),
        AssessmentSort::Updated => Sort::up(Column::UpdatedAt),
        AssessmentSort::UpdatedDescending => Sort::down(Column::UpdatedAt),
    };
    reader.page(reader.find::<Entity>().filter(condition), sort, Column::Id, filter.limit, filter.cursor.as_deref()).await
}

/// An assessment's answers, and how it stands.
///
/// # Errors
/// [`Error::NotFound`].
pub async fn progress(reader: &Reader, id: &AssessmentId) -> Result<Progress, Error> {
    let work = Work::load(reader, read(reader, id).await?).await?;
    let (assessment, outcome) = (work.before.clone(), work.outcome(reader.today()));
    Ok(work.progress(assessment, outcome))
}

impl Work {
    /// As decided, once it is; until then as it would be on `today`.
    fn outcome(&self, today: Day) -> Outcome {
        match &self.sheet.receipt {
            Some(receipt) => receipt.outcome.clone(),
            None => self.evaluate(today),
        }
    }
}

/// Puts answers in place. They are kept even where their question is hidden now; such answers count nowhere.
///
/// # Errors
/// [`Error::NotFound`], [`Error::Stale`], [`Error::Invalid`] with every fault by question, or [`Error::Conflict`] when it is not open.
pub async fn answer(writer: &Writer, id: &AssessmentId, version: i64, change: AnswerChange) -> Result<Progress, Error> {
    let before = writer.get_at::<Entity>(id.as_str(), version).await?;
    expect_state(&before, AssessmentState::Open, "be answered")?;
    let mut work = Work::load(writer, before).await?;
    let mut faults = Faults::default();
    let given: Answers = change.0.iter().filter_map(|(key, answer)| Some((key.clone(), answer.clone()?))).collect();
    for fault in diligence_questionnaires::check_answers(&work.edition, &given) {
        faults.push(fault.into());
    }
    for (key, answer) in &change.0 {
        if answer.is_none() {
            faults.expect(work.edition.question(key).is_some(), format!("/{key}"), "unknown_question", "expected the key of a question of this edition");
        }
        for (index, evidence_id) in answer.iter().flat_map(|answer| answer.evidence_ids.iter().enumerate()) {
            let known = work.facts.iter().any(|fact| fact.id == *evidence_id);
            faults.expect(known, format!("/{key}/evidence_ids/{index}"), "unknown_id", "there is no evidence by that id about this supplier or its products");
        }
    }
    faults.done()?;
    let (mut was, mut is) = (serde_json::Map::new(), serde_json::Map::new());
    for (key, answer) in change.0 {
        let answer = answer.and_then(|answer| Some(diligence_questionnaires::normalise_answer(work.edition.question(&key)?, answer)));
        let old = match &answer {
            Some(answer) => work.sheet.answers.0.insert(key.clone(), answer.clone()),
            None => work.sheet.answers.0.remove(&key),
        };
        if old != answer {
            // What a reviewer said of another answer says nothing of this one.
            work.sheet.review.0.remove(&key);
            was.insert(key.clone(), serde_json::to_value(&old).unwrap_or_default());
            is.insert(key, serde_json::to_value(&answer).unwrap_or_default());
        }
    }
    work.keep_sheet(writer).await?;
    let outcome = work.evaluate(writer.today());
    let mut after = work.before.clone();
    after.settle(&outcome);
    let after = writer.replace::<Entity, ActiveModel>("answer", &work.before, after).await?;
    writer.note("answer", "answers", id.as_str(), Some(was.into()), Some(is.into()));
    Ok(work.progress(after, outcome))
}

/// Puts a reviewer's points in place: rates text answers, replaces other answers' points with a reason.
///
/// # Errors
/// [`Error::NotFound`], [`Error::Stale`], [`Error::Invalid`] with every fault by question, or [`Error::Conflict`] when it is not submitted.
pub async fn rate(writer: &Writer, id: &AssessmentId, version: i64, change: PointsChange) -> Result<Progress, Error> {
    use diligence_questionnaires::QuestionType;
    let before = writer.get_at::<Entity>(id.as_str(), version).await?;
    expect_state(&before, AssessmentState::Submitted, "be rated")?;
    let mut work = Work::load(writer, before).await?;
    let mut faults = Faults::default();
    for (key, points) in &change.0 {
        let Some(question) = work.edition.question(key) else {
            faults.push(Fault::new(format!("/{key}"), "unknown_question", "expected the key of a question of this edition"));
            continue;
        };
        let Some(points) = points else { continue };
        for fault in Faults::of(points).into_vec() {
            faults.push(fault.within(&format!("/{key}")));
        }
        let answered = work.sheet.answers.get(key).is_some_and(|answer| answer.value.is_some());
        faults.expect(answered, format!("/{key}"), "unanswered", "expected a question that is answered: silence is not rated");
        let judged = matches!(question.kind, QuestionType::Text | QuestionType::File);
        faults.expect(judged || points.reason.is_some(), format!("/{key}/reason"), "required", "expected a reason for replacing an answer's own points");
    }
    faults.done()?;
    let was = serde_json::to_value(&work.sheet.review).ok();
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
    let after = writer.replace::<Entity, ActiveModel>("rate", &work.before, after).await?;
    let (was, is) = crate::audit::difference(was, serde_json::to_value(&work.sheet.review).ok());
    writer.note("rate", "answers", id.as_str(), Some(was), Some(is));
    Ok(work.progress(after, outcome))
}

/// Submits an assessment for decision. Its findings become risks, each once.
///
/// # Errors
/// [`Error::NotFound`], [`Error::Stale`], [`Error::Invalid`] naming every question that still needs an answer or a comment, or [`Error::Conflict`] when it is not open.
pub async fn submit(writer: &Writer, id: &AssessmentId, version: i64) -> Result<Assessment, Error> {
    let before = writer.get_at::<Entity>(id.as_str(), version).await?;
    expect_state(&before, AssessmentState::Open, "be submitted")?;
    let work = Work::load(writer, before).await?;
    let outcome = work.evaluate(writer.today());
    let mut faults = Faults::default();
    for key in &outcome.unanswered_required {
        faults.push(Fault::new(format!("/{key}"), "required", "expected an answer before submission"));
    }
    for key in &outcome.comments_needed {
        faults.push(Fault::new(format!("/{key}/comment"), "required", "expected a comment that says why, before submission"));
    }
    faults.done()?;
    let mut after = work.before.clone();
    after.settle(&outcome);
    after.state = Word(AssessmentState::Submitted);
    after.submitted_by = Some(writer.scope().actor.name.clone());
    after.submitted_at = Some(writer.now());
    after.return_comment = None;
    let after = writer.replace::<Entity, ActiveModel>("submit", &work.before, after).await?;
    risk::raise(writer, &work.subject, &after, &outcome.findings).await?;
    Ok(after)
}

/// Gives a submitted assessment back to be mended.
///
/// # Errors
/// [`Error::NotFound`], [`Error::Stale`], [`Error::Invalid`], or [`Error::Conflict`] when it is not submitted.
pub async fn give_back(writer: &Writer, id: &AssessmentId, version: i64, why: Return) -> Result<Assessment, Error> {
    let before = writer.get_at::<Entity>(id.as_str(), version).await?;
    expect_state(&before, AssessmentState::Submitted, "be returned")?;
    Faults::of(&why).done()?;
    let after = Model { state: Word(AssessmentState::Open), return_comment: Some(why.comment), ..before.clone() };
    writer.replace::<Entity, ActiveModel>("return", &before, after).await
}

/// Approves a submitted assessment: from now on its scores count in the register, with the decision beside them.
///
/// # Errors
/// [`Error::NotFound`], [`Error::Stale`], [`Error::Invalid`], or [`Error::Conflict`] when it is not submitted or text answers wait for a reviewer.
pub async fn approve(writer: &Writer, id: &AssessmentId, version: i64, new: NewDecision) -> Result<Assessment, Error> {
    decide(writer, id, version, false, new).await
}

/// Refuses the supplier or product on a submitted assessment. The register's scores stay as they were; the decision stands beside them.
///
/// # Errors
/// As [`approve`].
pub async fn refuse(writer: &Writer, id: &AssessmentId, version: i64, new: NewDecision) -> Result<Assessment, Error> {
    decide(writer, id, version, true, new).await
}

async fn decide(writer: &Writer, id: &AssessmentId, version: i64, refused: bool, new: NewDecision) -> Result<Assessment, Error> {
    let before = writer.get_at::<Entity>(id.as_str(), version).await?;
    expect_state(&before, AssessmentState::Submitted, if refused { "be refused" } else { "be approved" })?;
    let mut work = Work::load(writer, before).await?;
    let today = writer.today();
    let outcome = work.evaluate(today);
    if !outcome.awaiting_review.is_empty() {
        let errors = outcome.awaiting_review.iter().map(|key| Fault::new(format!("/{key}"), "awaiting_review", "expected a reviewer's points for this text")).collect();
        return Err(Error::Conflict { code: "awaiting_review", detail: "text answers wait for a reviewer: rate them first".into(), errors });
    }
    let mut after = work.before.clone();
    after.settle(&outcome);
    after.state = Word(if refused { AssessmentState::Refused } else { AssessmentState::Approved });
    after.decided_by = Some(writer.scope().actor.name.clone());
    after.decided_at = Some(writer.now());
    after.assessed_on = Some(today);
    let facts = work.subject.facts();
    let receipt = diligence_questionnaires::receipt::issue(
        &work.edition,
        &Input { answers: &work.sheet.answers, review: &work.sheet.review, evidence: &work.facts, subject: &facts, on: today.date() },
    );
    work.sheet.receipt = Some(Json(receipt));
    work.sheet.basis = Some(Json(Basis { evidence: work.facts.clone(), subject: facts }));
    work.keep_sheet(writer).await?;
    if !refused {
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
    }
    let action = if refused { "refuse" } else { "approve" };
    let after = writer.replace::<Entity, ActiveModel>(action, &work.before, after).await?;
    decision::record(writer, &after, refused, new).await?;
    review::looked_at(
        writer,
        &after.supplier_id,
        after.product_id.as_ref(),
        format!("assessed with {} {}: {}", after.questionnaire, after.edition, crate::stored::word(&after.state.0)),
    )
    .await?;
    Ok(after)
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
        rating: diligence_questionnaires::residual(&policy.rating, work.subject.supplier.tier.0, outcome.evidenced, outcome.coverage, knocked_out),
        outcome,
    })
}

/// What an assessment was judged on besides its answers, as it was on the day.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Basis {
    /// The evidence there was.
    pub evidence: Vec<EvidenceFact>,
    /// What was known of the subject.
    pub subject: diligence_questionnaires::Subject,
}

/// A receipt with everything needed to compute it again, but for the edition, which is public to its holders.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct AssessmentReceipt {
    /// The receipt.
    pub receipt: Receipt,
    /// The answers it was computed from.
    pub answers: Answers,
    /// The reviewer's points it was computed from.
    pub review: Points,
    /// The evidence and the subject as they were.
    pub basis: Basis,
}

/// The receipt of a decided assessment.
///
/// # Errors
/// [`Error::NotFound`], also while it is not decided.
pub async fn receipt(reader: &Reader, id: &AssessmentId) -> Result<AssessmentReceipt, Error> {
    let row = reader.one(reader.find::<sheet::Entity>().filter(sheet::Column::AssessmentId.eq(id.clone()))).await?.ok_or(Error::NotFound)?;
    match (row.receipt, row.basis) {
        (Some(receipt), Some(basis)) => Ok(AssessmentReceipt { receipt: receipt.0, answers: row.answers.0, review: row.review.0, basis: basis.0 }),
        _ => Err(Error::NotFound),
    }
}

/// Takes away an assessment that was started by mistake; one that was submitted or decided stays.
///
/// # Errors
/// [`Error::NotFound`], [`Error::Stale`], or [`Error::Conflict`] when it was ever submitted.
pub async fn delete(writer: &Writer, id: &AssessmentId, version: i64) -> Result<(), Error> {
    let row = writer.get_at::<Entity>(id.as_str(), version).await?;
    if row.state.0 != AssessmentState::Open || row.submitted_at.is_some() {
        return Err(Error::conflict("state", "this assessment has been submitted: it stays, so that what followed can be understood"));
    }
    writer.clear::<sheet::Entity>(Condition::all().add(sheet::Column::AssessmentId.eq(id.clone()))).await?;
    writer.remove::<Entity>(&row).await
}

/// The assessments of these suppliers and their products that count or are under way.
pub(crate) async fn live(reader: &Reader, suppliers: &[SupplierId]) -> Result<Vec<Assessment>, Error> {
    let live = [AssessmentState::Open, AssessmentState::Submitted, AssessmentState::Approved].map(Word);
    reader.all(reader.find::<Entity>().filter(Column::SupplierId.is_in(suppliers.iter().cloned())).filter(Column::State.is_in(live))).await
}

/// Whether an answer about this supplier or its products names a piece of evidence.
pub(crate) async fn names_evidence(reader: &Reader, supplier_id: &SupplierId, id: &EvidenceId) -> Result<bool, Error> {
    let select =
        reader.find::<sheet::Entity>().filter(sheet::Column::SupplierId.eq(supplier_id.clone())).filter(crate::page::contains(sheet::Column::Answers, id.as_str()));
    reader.has(select).await
}

/// One answer in an export.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct AnswerRow {
    /// The assessment.
    pub assessment_id: AssessmentId,
    /// The supplier or product assessed.
    pub subject_id: SubjectId,
    /// The key of the questionnaire.
    pub questionnaire: String,
    /// Which edition of it.
    pub edition: String,
    /// Where the assessment stands.
    pub state: AssessmentState,
    /// The question's key.
    pub question: String,
    /// The question's text.
    pub text: String,
    /// Whether the question is visible; an answer to a hidden one counts nowhere.
    pub visible: bool,
    /// The answer.
    pub value: Option<serde_json::Value>,
    /// What was said beside it.
    pub comment: Option<String>,
    /// Why it does not apply, if so.
    pub not_applicable: Option<String>,
    /// The evidence it names.
    pub evidence_ids: Vec<String>,
    /// Its weight.
    pub weight: Option<u32>,
    /// Its points at face value, 0 to 100.
    pub points_claimed: Option<u8>,
    /// Its points with valid evidence, 0 to 100.
    pub points_evidenced: Option<u8>,
    /// A reviewer's reason, if their points stand in place of the answer's own.
    pub review_reason: Option<String>,
}

/// A page of assessments, as [`list`] gives them, with every stored answer of each.
///
/// # Errors
/// As [`list`].
pub async fn list_answers(reader: &Reader, filter: &AssessmentFilter) -> Result<Page<Vec<AnswerRow>>, Error> {
    let page = list(reader, filter).await?;
    let ids = page.items.iter().map(|assessment| assessment.id.clone());
    let sheets = reader.all(reader.find::<sheet::Entity>().filter(sheet::Column::AssessmentId.is_in(ids))).await?;
    let mut sheets: BTreeMap<AssessmentId, sheet::Model> = sheets.into_iter().map(|sheet| (sheet.assessment_id.clone(), sheet)).collect();
    let supplier_ids: std::collections::BTreeSet<String> = page.items.iter().map(|assessment| assessment.supplier_id.to_string()).collect();
    let product_ids: std::collections::BTreeSet<String> = page.items.iter().filter_map(|assessment| assessment.product_id.as_ref().map(ToString::to_string)).collect();
    let edition_ids: std::collections::BTreeSet<String> = page.items.iter().map(|assessment| assessment.edition_id.to_string()).collect();
    let suppliers: BTreeMap<String, _> = reader.get_many::<crate::supplier::Entity>(&supplier_ids).await?.into_iter().map(|row| (row.id.to_string(), row)).collect();
    let products: BTreeMap<String, _> = reader.get_many::<crate::product::Entity>(&product_ids).await?.into_iter().map(|row| (row.id.to_string(), row)).collect();
    let editions: BTreeMap<String, _> = reader.get_many::<questionnaire::Entity>(&edition_ids).await?.into_iter().map(|row| (row.id.to_string(), row)).collect();
    let supplier_list: Vec<SupplierId> = suppliers.values().map(|supplier| supplier.id.clone()).collect();
    let evidence = evidence::of_suppliers(reader, &supplier_list).await?;
    let mut lists = Vec::with_capacity(page.items.len());
    for assessment in page.items {
        let (Some(sheet), Some(supplier), Some(edition)) =
            (sheets.remove(&assessment.id), suppliers.get(assessment.supplier_id.as_str()), editions.get(assessment.edition_id.as_str()))
        else {
            continue;
        };
        let subject = Subject { supplier: supplier.clone(), product: assessment.product_id.as_ref().and_then(|id| products.get(id.as_str()).cloned()) };
        let facts = evidence.iter().filter(|piece| piece.supplier_id == assessment.supplier_id).map(evidence::Evidence::fact).collect();
        let work = Work { before: assessment, sheet, edition: edition.parsed(reader)?, subject, facts };
        lists.push(work.rows(reader.today()));
    }
    Ok(Page { items: lists, next: page.next })
}

impl Work {
    fn rows(&self, today: Day) -> Vec<AnswerRow> {
        let outcome = self.outcome(today);
        let row = |question: &diligence_questionnaires::Question| {
            let answer = self.sheet.answers.get(&question.key)?;
            let contribution = outcome.contributions.iter().find(|contribution| contribution.question == question.key);
            Some(AnswerRow {
                assessment_id: self.before.id.clone(),
                subject_id: self.before.subject_id.clone(),
                questionnaire: self.before.questionnaire.clone(),
                edition: self.before.edition.clone(),
                state: self.before.state.0,
                question: question.key.clone(),
                text: question.text.clone(),
                visible: outcome.visible.contains(&question.key),
                value: answer.value.clone(),
                comment: answer.comment.clone(),
                not_applicable: answer.not_applicable.clone(),
                evidence_ids: answer.evidence_ids.clone(),
                weight: contribution.map(|contribution| u32::from(contribution.weight)),
                points_claimed: contribution.and_then(|contribution| contribution.points_claimed),
                points_evidenced: contribution.and_then(|contribution| contribution.points_evidenced),
                review_reason: self.sheet.review.get(&question.key).and_then(|review| review.reason.clone()),
            })
        };
        self.edition.questions().filter_map(row).collect()
    }
}

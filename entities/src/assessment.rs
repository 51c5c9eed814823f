//! Assessments: one edition put to one supplier or product. Answered partially and repeatedly, submitted, then
//! approved, refused or returned. Pinned to its edition for ever; only an approved one changes the register.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use diligence_questionnaires::{
    Answers, CarriedAnswer, Edition, EvidenceFact, Input, LeftAnswer, Outcome, Rating, Review as Points, Score,
};
use schemars::JsonSchema;
use sea_orm::{ColumnTrait as _, Condition, QueryFilter as _, QuerySelect as _, entity::prelude::*};
use serde::{Deserialize, Serialize};
use validator::Validate;

use crate::{
    clock::{Day, Moment},
    error::Error,
    evidence,
    id::{AssessmentId, EditionId, EvidenceId, OrganisationId, ProductId, SubjectId, SupplierId},
    policy,
    questionnaire::{self, Questionnaire, QuestionnaireFilter},
    scope::{Reader, Writer, owned},
    stored::{Json, Word},
    subject::Subject,
};

mod answering;
mod bringing;
mod carrying;
mod explaining;
mod export;
mod filter;
mod judging;
mod last_look;
mod offline;
pub(crate) mod responding;
mod starting;
pub(crate) mod unsent;

pub use answering::{AnswerChange, answer};
pub(crate) use bringing::bring_in_decided;
pub use carrying::{Confirmation, confirm};
pub use explaining::{MovementFilter, earlier, improvements, movement};
pub use export::{AnswerRow, list_answers};
pub use filter::{AssessmentFilter, AssessmentSort, list};
pub use judging::{
    AssessmentReceipt, AssessmentResult, NewPoints, PointsChange, Return, approve, give_back, other_duty, rate,
    receipt, refuse, result, standing, submit,
};
pub(crate) use offline::seats_for_sheets;
pub use offline::{SheetFilter, SheetFormat, SheetReading, fill_in, read_sheet, sheet_to_fill_in};
pub use responding::questions;
pub use starting::start;
pub(crate) use starting::{Begun, begin_all, start_all};
pub use unsent::Unsubmitted;

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
    /// Whether its edition asks for information only: then it has no score and changes no rating.
    pub information_only: bool,
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
    /// The ids of the keys, people and links that answered it, confirmed answers or submitted it.
    #[schemars(with = "Vec<String>")]
    pub answered_by: Json<Vec<String>>,
    /// The ids of the keys and people that rated its answers.
    #[schemars(with = "Vec<String>")]
    pub reviewed_by: Json<Vec<String>>,
    /// Why an admin decided though the policy's separation of duties stood against it; null where nothing did.
    pub override_reason: Option<String>,
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
owned!("assessment", row => Some(&row.supplier_id), row.product_id.as_ref());

impl Model {
    /// The residual rating it gives a subject of this tier.
    pub(crate) fn rating(&self, policy: &policy::Policy, tier: diligence_questionnaires::Tier) -> Rating {
        diligence_questionnaires::residual(
            &policy.rating,
            tier,
            self.evidenced.as_deref().copied(),
            self.coverage.0,
            !self.knock_outs.is_empty(),
        )
    }

    /// Whether it has a say in the rating once approved.
    pub(crate) fn counts(&self) -> bool {
        counts(!self.information_only, !self.knock_outs.is_empty())
    }

    fn settle(&mut self, outcome: &Outcome) {
        self.claimed = outcome.claimed.map(Json);
        self.evidenced = outcome.evidenced.map(Json);
        self.frameworks = Json(
            outcome
                .frameworks
                .iter()
                .map(|framework| FrameworkNumbers {
                    framework: framework.framework.clone(),
                    claimed: framework.claimed,
                    evidenced: framework.evidenced,
                })
                .collect(),
        );
        self.coverage = Json(outcome.coverage);
        self.knock_outs = Json(outcome.knock_outs.iter().map(|knock_out| knock_out.reason.clone()).collect());
    }
}

/// Whether an assessment has a say in the rating once approved: it is scored, or an answer caps the rating all the
/// same.
pub(crate) fn counts(is_scored: bool, is_knocked_out: bool) -> bool {
    is_scored || is_knocked_out
}

/// What was answered, and how it was judged: one row beside each assessment.
#[expect(unreachable_pub, reason = "sea-orm derives a public entity from the row")]
pub(crate) mod sheet {
    use diligence_questionnaires::{Answers, Basis, Carried, Receipt, Review};
    use sea_orm::entity::prelude::*;

    use super::unsent::Unsent;
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
        /// What the organisation sees.
        pub answers: Json<Answers>,
        pub review: Json<Review>,
        pub receipt: Option<Json<Receipt>>,
        pub basis: Option<Json<Basis>>,
        pub carried: Json<Carried>,
        /// What was answered through links and is not submitted: see [`super::unsent`].
        pub unsent: Json<Unsent>,
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
    /// Whether answers that the subject gave before are carried over, to be confirmed; yes if not said.
    #[serde(default)]
    pub carry_over: Option<bool>,
}

/// An assessment with its answers, and how it stands.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Progress {
    /// The assessment.
    pub assessment: Assessment,
    /// Every answer, by question key; answers to questions that are hidden now are kept but count nowhere.
    pub answers: Answers,
    /// Answers carried over from earlier assessments, by question key. They count nowhere until someone confirms them,
    /// or answers anew.
    pub carried: BTreeMap<String, CarriedAnswer>,
    /// Earlier answers that could not be carried over, and why.
    pub left: Vec<LeftAnswer>,
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
    /// How far an answer through a link is that is not submitted yet, in numbers alone: what it says is in none of the
    /// other fields. Null where nothing waits to be submitted through a link.
    pub unsubmitted: Option<Unsubmitted>,
}

impl crate::page::Versioned for Progress {
    fn id(&self) -> &str {
        self.assessment.id.as_str()
    }
    fn version(&self) -> i64 {
        self.assessment.version
    }
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
        let sheet = reader
            .one(reader.find::<sheet::Entity>().filter(sheet::Column::AssessmentId.eq(before.id.clone())))
            .await?
            .ok_or(Error::NotFound)?;
        let edition = questionnaire::pinned(reader, &before.edition_id).await?;
        let subject = Subject::of(reader, &before.supplier_id, before.product_id.as_ref()).await?;
        let facts = evidence::facts(&evidence::of_suppliers(reader, std::slice::from_ref(&before.supplier_id)).await?);
        Ok(Self { before, sheet, edition, subject, facts })
    }

    /// What it is judged by on this day; `subject` is [`Subject::facts`].
    fn input<'a>(&'a self, subject: &'a diligence_questionnaires::Subject, on: Day) -> Input<'a> {
        Input {
            answers: &self.sheet.answers,
            review: &self.sheet.review,
            evidence: &self.facts,
            subject,
            on: on.date(),
        }
    }

    fn evaluate(&self, on: Day) -> Outcome {
        diligence_questionnaires::evaluate(&self.edition, &self.input(&self.subject.facts(), on))
    }

    fn progress(self, assessment: Model, outcome: Outcome, today: Day) -> Progress {
        Progress {
            unsubmitted: self.unsubmitted(assessment.state.0, today),
            assessment,
            answers: self.sheet.answers.0,
            carried: self.sheet.carried.0.answers,
            left: self.sheet.carried.0.left,
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
        writer
            .put_all::<sheet::Entity, sheet::ActiveModel>(vec![self.sheet.clone()], &[sheet::Column::AssessmentId])
            .await
    }
}

/// Puts whoever acts on a list of those who did, once.
fn sign(list: &mut Json<Vec<String>>, writer: &Writer) {
    let actor = &writer.scope().actor.id;
    if !list.contains(actor) {
        list.0.push(actor.clone());
    }
}

fn expect_state(row: &Model, wanted: AssessmentState, to: &str) -> Result<(), Error> {
    if row.state.0 == wanted {
        Ok(())
    } else {
        Err(Error::conflict(
            "state",
            format!(
                "this assessment is {}; to {to} it must be {}",
                crate::stored::word(&row.state.0),
                crate::stored::word(&wanted)
            ),
        ))
    }
}

/// The questionnaires that can be put to this supplier or product, by key.
///
/// # Errors
/// [`Error::Invalid`] for an unknown subject.
pub async fn askable(reader: &Reader, id: &SubjectId) -> Result<Vec<Questionnaire>, Error> {
    let subject = Subject::find(reader, id, "/subject_id").await?;
    let every =
        QuestionnaireFilter { limit: Some(questionnaire::MAXIMUM_EDITIONS as u64), ..QuestionnaireFilter::default() };
    let mut known = questionnaire::list(reader, &every).await?.items;
    known.retain(|questionnaire| subject.fits(&questionnaire.applies_to));
    Ok(known)
}

/// One assessment, without its answers.
///
/// # Errors
/// [`Error::NotFound`].
pub async fn read(reader: &Reader, id: &AssessmentId) -> Result<Assessment, Error> {
    reader.get::<Entity>(id.as_str()).await
}

/// An assessment's answers, and how it stands; of what is answered through a link and not submitted, numbers alone.
///
/// # Errors
/// [`Error::NotFound`].
pub async fn progress(reader: &Reader, id: &AssessmentId) -> Result<Progress, Error> {
    let work = Work::load(reader, read(reader, id).await?).await?;
    let (assessment, outcome, today) = (work.before.clone(), work.outcome(reader.today()), reader.today());
    Ok(work.progress(assessment, outcome, today))
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

/// Takes away an assessment that was started by mistake; one that was submitted or decided stays.
///
/// # Errors
/// [`Error::NotFound`], [`Error::Stale`], or [`Error::Conflict`] when it was ever submitted.
pub async fn delete(writer: &Writer, id: &AssessmentId, version: i64) -> Result<(), Error> {
    let row = writer.get_at::<Entity>(id.as_str(), version).await?;
    if row.state.0 != AssessmentState::Open || row.submitted_at.is_some() {
        return Err(Error::conflict(
            "state",
            "this assessment has been submitted and cannot be deleted: later records depend on it",
        ));
    }
    crate::respondent_link::forget(writer, id).await?;
    writer.clear::<sheet::Entity>(Condition::all().add(sheet::Column::AssessmentId.eq(id.clone()))).await?;
    writer.remove::<Entity>(&row).await
}

/// The assessments of these suppliers and their products that count or are under way.
pub(crate) async fn live(reader: &Reader, suppliers: &[SupplierId]) -> Result<Vec<Assessment>, Error> {
    let live = [AssessmentState::Open, AssessmentState::Submitted, AssessmentState::Approved, AssessmentState::Refused]
        .map(Word);
    reader
        .all(
            reader
                .find::<Entity>()
                .filter(Column::SupplierId.is_in(suppliers.iter().cloned()))
                .filter(Column::State.is_in(live)),
        )
        .await
}

/// Whether an answer about this supplier or its products names a piece of evidence, also one that is not submitted yet.
pub(crate) async fn names_evidence(reader: &Reader, supplier_id: &SupplierId, id: &EvidenceId) -> Result<bool, Error> {
    let select = reader.find::<sheet::Entity>().filter(sheet::Column::SupplierId.eq(supplier_id.clone())).filter(
        Condition::any()
            .add(crate::page::contains(sheet::Column::Answers, id.as_str()))
            .add(crate::page::contains(sheet::Column::Unsent, id.as_str())),
    );
    reader.has(select).await
}

/// Whether any assessment, whatever became of it, was put with this edition.
pub(crate) async fn uses_edition(reader: &Reader, id: &EditionId) -> Result<bool, Error> {
    reader.has(reader.find::<Entity>().filter(Column::EditionId.eq(id.clone()))).await
}

/// The editions that assessments rest on which count, or may come to.
pub(crate) async fn editions_in_use(reader: &Reader) -> Result<BTreeSet<EditionId>, Error> {
    let select = reader.find::<Entity>().filter(Column::State.ne(Word(AssessmentState::Superseded)));
    let select = select.select_only().column(Column::EditionId).group_by(Column::EditionId);
    let rows: Vec<(EditionId,)> = reader.tuples(select).await?;
    Ok(rows.into_iter().map(|(id,)| id).collect())
}

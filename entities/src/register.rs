//! The register view: one line for each supplier and product, with everything a reader asks for first.
//!
//! A line follows from suppliers, products, assessments, decisions, risks, reviews and evidence. It is stored, and made anew in
//! the same transaction as any change it follows from, so that lists, summaries and exports read one table. What depends on
//! today (overdue, expired, lapsed) is worked out when it is read.

use std::collections::{BTreeMap, BTreeSet};

use diligence_questionnaires::{EvidenceKind, Rating, Score, Severity, Tier, worst};
use schemars::JsonSchema;
use sea_orm::{
    ColumnTrait as _, Condition, QueryFilter as _, QueryOrder as _, QuerySelect as _, QueryTrait as _,
    entity::prelude::*,
    sea_query::{Expr, ExprTrait as _},
};
use serde::{Deserialize, Serialize};
use validator::Validate;

use crate::{
    assessment::{self, Assessment, AssessmentState, FrameworkNumbers},
    clock::{Day, END_OF_TIME, Moment},
    decision::{self, Decision, DecisionOutcome},
    error::Error,
    evidence::{self, Evidence},
    id::{AssessmentId, OrganisationId, ProductId, ReviewId, SubjectId, SupplierId},
    identifier::Identifier,
    page::{Page, Sort, contains},
    policy::{self, Policy},
    product::{self, AiFeatures, Product, ProductKind},
    profile::DataRole,
    review::{self, Review, Step, Wanted},
    risk::{self, Risk},
    scope::{PORTION, Reader, Writer, belongs},
    stored::{Json, Word, word},
    subject::SubjectType,
    supplier::{self, RelationshipStatus, Supplier},
};

/// A certificate in force or once in force, in short.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Certificate {
    /// What sort.
    pub kind: EvidenceKind,
    /// Its number or title.
    pub reference: Option<String>,
    /// What it says in a few words.
    pub statement: Option<String>,
    /// The last day it is valid; null for no end.
    pub expires_on: Option<Day>,
}

/// An assessment under way, in short: it does not count yet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct UnderWay {
    /// The assessment.
    pub assessment_id: AssessmentId,
    /// The key of its questionnaire.
    pub questionnaire: String,
    /// Where it stands.
    pub state: AssessmentState,
    /// Its evidenced score so far.
    pub evidenced: Option<Score>,
    /// How much is answered, in percent.
    pub coverage: Score,
}

/// A line of the register as stored.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "register_entry")]
pub struct Model {
    /// The supplier or product.
    #[sea_orm(primary_key, auto_increment = false)]
    pub subject_id: SubjectId,
    /// The organisation whose register it is in.
    pub organisation_id: OrganisationId,
    /// Which of the two.
    pub subject_type: Word<SubjectType>,
    /// The supplier, or the product's.
    pub supplier_id: SupplierId,
    /// The product.
    pub product_id: Option<ProductId>,
    /// The supplier's name.
    pub supplier_name: String,
    /// The supplier's or product's name.
    pub name: String,
    /// A supplier, then its products, by name.
    pub sort_key: String,
    /// Names and identifiers in lower case.
    pub search_text: String,
    /// The product's kind.
    pub kind: Option<Word<ProductKind>>,
    /// Where it stands with us; a product of an archived supplier is archived.
    pub status: Word<RelationshipStatus>,
    /// The supplier's identifiers.
    pub identifiers: Json<Vec<Identifier>>,
    /// The supplier's tier.
    pub tier: Word<Tier>,
    /// How much AI is in the product.
    pub ai_features: Option<Word<AiFeatures>>,
    /// The residual rating.
    pub rating: Word<Rating>,
    /// For order: the rating's rank, greatest worst.
    pub rating_rank: i32,
    /// Both scores by framework, of approved assessments.
    pub frameworks: Json<Vec<FrameworkNumbers>>,
    /// The lowest coverage of the approved assessments, in tenths of a percent.
    pub coverage: Option<Json<Score>>,
    /// Why the rating is capped.
    pub knock_outs: Json<Vec<String>>,
    /// The strictest decision in force.
    pub decision: Option<Word<DecisionOutcome>>,
    /// The day the first decision in force lapses.
    pub decision_lapses_on: Option<Day>,
    /// What changed since it was decided.
    pub stale_reasons: Json<Vec<String>>,
    /// The day on which the first piece of evidence that was valid when it was decided is valid no more.
    pub stale_from: Option<Day>,
    /// Days by which conditions not yet met must be.
    pub conditions_due_on: Json<Vec<Day>>,
    /// Risks that count, called low.
    pub open_risks_low: i64,
    /// Risks that count, called moderate.
    pub open_risks_moderate: i64,
    /// Risks that count, called high.
    pub open_risks_high: i64,
    /// Risks that count, called extreme.
    pub open_risks_extreme: i64,
    /// The day of the next review; far off if there is none.
    pub next_review_on: Option<Day>,
    /// For order: the same, or the end of time.
    pub review_key: String,
    /// That review.
    pub next_review_id: Option<ReviewId>,
    /// The certificates.
    pub certificates: Json<Vec<Certificate>>,
    /// Assessments under way.
    pub under_way: Json<Vec<UnderWay>>,
    /// When the line last changed.
    pub updated_at: Moment,
}

/// Rows are loaded by noun, never joined.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}
impl ActiveModelBehavior for ActiveModel {}
belongs!();

/// How many risks count, by what they are called now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct RiskCounts {
    /// Called low.
    pub low: i64,
    /// Called moderate.
    pub moderate: i64,
    /// Called high.
    pub high: i64,
    /// Called extreme.
    pub extreme: i64,
}

/// Claimed beside evidenced.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ScorePair {
    /// With every answer at face value; null when nothing is assessed.
    pub claimed: Option<Score>,
    /// With answers that lack valid evidence counting nothing; null when nothing is assessed.
    pub evidenced: Option<Score>,
}

/// A certificate as it stands today.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct CertificateToday {
    /// What sort.
    pub kind: EvidenceKind,
    /// Its number or title.
    pub reference: Option<String>,
    /// What it says in a few words.
    pub statement: Option<String>,
    /// The last day it is valid; null for no end.
    pub expires_on: Option<Day>,
    /// Whether that day has passed.
    pub expired: bool,
}

/// A line of the register as it stands today: a supplier, or one of its products.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct RegisterEntry {
    /// The supplier or product.
    pub subject_id: SubjectId,
    /// Which of the two.
    pub subject_type: SubjectType,
    /// The supplier, or the product's.
    pub supplier_id: SupplierId,
    /// The supplier's name.
    pub supplier_name: String,
    /// The supplier's or product's name.
    pub name: String,
    /// The product's kind; null for a supplier.
    pub kind: Option<ProductKind>,
    /// Where it stands with us; a product of an archived supplier is archived.
    pub status: RelationshipStatus,
    /// The supplier's identifiers.
    pub identifiers: Vec<Identifier>,
    /// The supplier's tier.
    pub tier: Tier,
    /// How much AI is in the product; null for a supplier.
    pub ai_features: Option<AiFeatures>,
    /// The residual rating; a supplier's is the worst of its own and its active products'.
    pub rating: Rating,
    /// The lowest security scores of its approved assessments.
    pub security: ScorePair,
    /// The lowest ethical AI scores of its approved assessments.
    pub ethical_ai: ScorePair,
    /// The lowest scores of its approved assessments in every framework, the organisation's own too.
    pub frameworks: Vec<FrameworkNumbers>,
    /// The lowest coverage of its approved assessments, in percent; null when nothing is assessed.
    pub coverage: Option<Score>,
    /// Why the rating is capped, one reason for each answer that does so.
    pub knock_outs: Vec<String>,
    /// The strictest decision in force; null when there is none or it has lapsed.
    pub decision: Option<DecisionOutcome>,
    /// The last day the decision holds; null for no end.
    pub decision_lapses_on: Option<Day>,
    /// Whether a decision has lapsed.
    pub decision_lapsed: bool,
    /// What changed since it was decided; empty while the decision is fresh.
    pub stale_reasons: Vec<String>,
    /// Conditions not yet met.
    pub open_condition_count: i64,
    /// Conditions not met though their day has passed.
    pub overdue_condition_count: i64,
    /// Risks that count, by what they are called now.
    pub open_risks: RiskCounts,
    /// The day of the next review; null for what is archived.
    pub next_review_on: Option<Day>,
    /// Whether that day has passed.
    pub review_overdue: bool,
    /// That review.
    pub next_review_id: Option<ReviewId>,
    /// Certificates and similar, each with its expiry.
    pub certificates: Vec<CertificateToday>,
    /// Assessments under way: they do not count yet.
    pub under_way: Vec<UnderWay>,
    /// When the line last changed.
    pub updated_at: Moment,
}

impl Model {
    fn on(self, today: Day) -> RegisterEntry {
        let pair = |framework: &str| {
            let numbers = self.frameworks.iter().find(|numbers| numbers.framework == framework);
            numbers.map(|numbers| ScorePair { claimed: numbers.claimed, evidenced: numbers.evidenced }).unwrap_or_default()
        };
        let (security, ethical_ai) = (pair("security"), pair("ethical_ai"));
        let lapsed = self.decision_lapses_on.is_some_and(|last| last < today);
        let mut stale_reasons = self.stale_reasons.0;
        if self.stale_from.is_some_and(|day| day <= today) {
            stale_reasons.push("evidence has expired".to_owned());
        }
        let count = |due: &dyn Fn(&Day) -> bool| i64::try_from(self.conditions_due_on.iter().filter(|day| due(day)).count()).unwrap_or(i64::MAX);
        RegisterEntry {
            security,
            ethical_ai,
            open_condition_count: count(&|_| true),
            overdue_condition_count: count(&|day| *day < today),
            subject_id: self.subject_id,
            subject_type: self.subject_type.0,
            supplier_id: self.supplier_id,
            supplier_name: self.supplier_name,
            name: self.name,
            kind: self.kind.map(|kind| kind.0),
            status: self.status.0,
            identifiers: self.identifiers.0,
            tier: self.tier.0,
            ai_features: self.ai_features.map(|features| features.0),
            rating: self.rating.0,
            frameworks: self.frameworks.0,
            coverage: self.coverage.map(|coverage| coverage.0),
            knock_outs: self.knock_outs.0,
            decision: self.decision.map(|decision| decision.0).filter(|_| !lapsed),
            decision_lapses_on: self.decision_lapses_on,
            decision_lapsed: lapsed,
            stale_reasons,
            open_risks: RiskCounts { low: self.open_risks_low, moderate: self.open_risks_moderate, high: self.open_risks_high, extreme: self.open_risks_extreme },
            next_review_on: self.next_review_on,
            review_overdue: self.next_review_on.is_some_and(|due| due < today),
            next_review_id: self.next_review_id,
            certificates: self
                .certificates
                .0
                .into_iter()
                .map(|Certificate { kind, reference, statement, expires_on }| CertificateToday {
                    kind,
                    reference,
                    statement,
                    expires_on,
                    expired: expires_on.is_some_and(|last| last < today),
                })
                .collect(),
            under_way: self.under_way.0,
            updated_at: self.updated_at,
        }
    }
}

/// How to order the register.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum RegisterSort {
    /// By supplier's name, each followed by its products.
    #[default]
    #[serde(rename = "name")]
    Name,
    /// The same from the end.
    #[serde(rename = "-name")]
    NameDescending,
    /// Worst rating first.
    #[serde(rename = "-rating")]
    RatingDescending,
    /// Best rating first; what is unassessed never counts as good.
    #[serde(rename = "rating")]
    Rating,
    /// Soonest review first.
    #[serde(rename = "next_review_on")]
    NextReview,
    /// Longest unchanged first.
    #[serde(rename = "updated_at")]
    Updated,
    /// Last changed first.
    #[serde(rename = "-updated_at")]
    UpdatedDescending,
}

/// Which lines of the register to list.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, Validate)]
#[serde(default, deny_unknown_fields)]
pub struct RegisterFilter {
    /// Text to find in names and identifiers, capitals or not.
    #[validate(length(min = 1, max = 200))]
    pub q: Option<String>,
    /// Only suppliers, or only products.
    pub subject_type: Option<SubjectType>,
    /// One supplier and its products.
    pub supplier_id: Option<SupplierId>,
    /// Where it stands with us; everything but what is archived if not said.
    pub status: Option<RelationshipStatus>,
    /// The supplier's tier.
    pub tier: Option<Tier>,
    /// The residual rating.
    pub rating: Option<Rating>,
    /// The product's kind.
    pub kind: Option<ProductKind>,
    /// How much AI is in the product.
    pub ai_features: Option<AiFeatures>,
    /// The supplier's part in handling personal data, as it is said of the supplier; for a product, its supplier's.
    pub data_role: Option<DataRole>,
    /// Only lines whose supplier handles personal data as `processor`, `joint_controller` or `controller` (`true`), or is said to
    /// handle `none` (`false`). Where it is not said the line is in neither: see `data_role_said`.
    pub handles_personal_data: Option<bool>,
    /// Only lines of whose supplier it is said what part it has in handling personal data (`true`), or not yet (`false`).
    pub data_role_said: Option<bool>,
    /// Only lines with a security certificate that is valid today (`true`), or without (`false`): evidence of the kind
    /// `cyber_essentials`, `cyber_essentials_plus` or `iso_27001`, or `dspt` if its statement says `Standards Met` or
    /// `Standards Exceeded`, about the supplier or, for a product, about its supplier or the product itself. Valid is what `valid_on`
    /// of the evidence takes for valid.
    pub has_certificate: Option<bool>,
    /// Only lines with a decision that went stale (`true`), or without (`false`).
    pub stale: Option<bool>,
    /// Only lines with something that caps the rating (`true`), or without (`false`).
    pub knocked_out: Option<bool>,
    /// Only lines whose next review is before this day.
    pub review_before: Option<Day>,
    /// Only what changed at or after this moment.
    pub updated_since: Option<Moment>,
    /// The order; `name` if not said.
    pub sort: Option<RegisterSort>,
    /// How many to answer, 1 to 200; 50 if not said.
    #[validate(range(min = 1, max = 200))]
    pub limit: Option<u64>,
    /// The `next` of the page before.
    #[validate(length(max = 4000))]
    pub cursor: Option<String>,
}

/// Lines whose decision went stale, by a change or because evidence has expired since.
fn stale(today: Day) -> Condition {
    let expired = Condition::all().add(Column::StaleFrom.is_not_null()).add(Column::StaleFrom.lte(today));
    Condition::any().add(Column::StaleReasons.ne("[]")).add(expired)
}

/// Lines whose supplier's part in handling personal data is like this.
fn whose_data_role(reader: &Reader, condition: Condition) -> Condition {
    let suppliers = reader.find::<supplier::Entity>().filter(condition).select_only().column(supplier::Column::Id).into_query();
    Condition::all().add(Column::SupplierId.in_subquery(suppliers))
}

/// Lines with a security certificate that is valid today, the supplier's or the product's own.
fn certified(reader: &Reader) -> Condition {
    use evidence::Column as Of;
    let about = |line: Column| Expr::col((evidence::Entity, Of::SubjectId)).equals((Entity, line));
    let certificates = reader
        .find::<evidence::Entity>()
        .filter(Expr::col((evidence::Entity, Of::SupplierId)).equals((Entity, Column::SupplierId)))
        .filter(Condition::any().add(about(Column::SupplierId)).add(about(Column::SubjectId)))
        .filter(evidence::is_security_certificate())
        .filter(evidence::valid_on(reader.today()));
    Condition::all().add(Expr::exists(certificates.select_only().column(Of::Id).into_query()))
}

/// A condition, or its opposite, as it was asked for.
fn either(wanted: bool, condition: Condition) -> Condition {
    if wanted { condition } else { condition.not() }
}

/// A page of the register.
///
/// # Errors
/// [`Error::Invalid`] for a cursor that is none.
pub async fn list(reader: &Reader, filter: &RegisterFilter) -> Result<Page<RegisterEntry>, Error> {
    let mut condition = Condition::all();
    if let Some(text) = &filter.q {
        condition = condition.add(contains(Column::SearchText, text));
    }
    if let Some(subject_type) = filter.subject_type {
        condition = condition.add(Column::SubjectType.eq(Word(subject_type)));
    }
    if let Some(id) = &filter.supplier_id {
        condition = condition.add(Column::SupplierId.eq(id.clone()));
    }
    condition = match filter.status {
        Some(status) => condition.add(Column::Status.eq(Word(status))),
        None => condition.add(Column::Status.ne(Word(RelationshipStatus::Archived))),
    };
    if let Some(tier) = filter.tier {
        condition = condition.add(Column::Tier.eq(Word(tier)));
    }
    if let Some(rating) = filter.rating {
        condition = condition.add(Column::Rating.eq(Word(rating)));
    }
    if let Some(kind) = filter.kind {
        condition = condition.add(Column::Kind.eq(Word(kind)));
    }
    if let Some(features) = filter.ai_features {
        condition = condition.add(Column::AiFeatures.eq(Word(features)));
    }
    if let Some(data_role) = filter.data_role {
        condition = condition.add(whose_data_role(reader, Condition::all().add(supplier::Column::DataRole.eq(Word(data_role)))));
    }
    if let Some(wanted) = filter.handles_personal_data {
        // What is not said is neither equal to `none` nor different from it.
        let none = supplier::Column::DataRole.eq(Word(DataRole::None));
        condition = condition.add(whose_data_role(reader, either(!wanted, Condition::all().add(none))));
    }
    if let Some(wanted) = filter.data_role_said {
        condition = condition.add(whose_data_role(reader, either(wanted, Condition::all().add(supplier::Column::DataRole.is_not_null()))));
    }
    if let Some(wanted) = filter.has_certificate {
        condition = condition.add(either(wanted, certified(reader)));
    }
    if let Some(wanted) = filter.stale {
        condition = condition.add(either(wanted, stale(reader.today())));
    }
    if let Some(wanted) = filter.knocked_out {
        condition = condition.add(either(wanted, Condition::all().add(Column::KnockOuts.ne("[]"))));
    }
    if let Some(day) = filter.review_before {
        condition = condition.add(Column::NextReviewOn.lt(day));
    }
    if let Some(since) = filter.updated_since {
        condition = condition.add(Column::UpdatedAt.gte(since));
    }
    let sort = match filter.sort.unwrap_or_default() {
        RegisterSort::Name => Sort::up(Column::SortKey),
        RegisterSort::NameDescending => Sort::down(Column::SortKey),
        RegisterSort::Rating => Sort::up(Column::RatingRank),
        RegisterSort::RatingDescending => Sort::down(Column::RatingRank),
        RegisterSort::NextReview => Sort::up(Column::ReviewKey),
        RegisterSort::Updated => Sort::up(Column::UpdatedAt),
        RegisterSort::UpdatedDescending => Sort::down(Column::UpdatedAt),
    };
    let today = reader.today();
    let page = reader.page(reader.find::<Entity>().filter(condition), sort, Column::SubjectId, filter.limit, filter.cursor.as_deref()).await?;
    Ok(page.map(|row| row.on(today)))
}

/// The lines of these suppliers and products, archived ones too; at most some hundreds.
///
/// # Errors
/// [`Error::Database`] only.
pub async fn lines(reader: &Reader, ids: impl IntoIterator<Item = SubjectId>) -> Result<BTreeMap<SubjectId, RegisterEntry>, Error> {
    let ids: BTreeSet<SubjectId> = ids.into_iter().collect();
    if ids.is_empty() {
        return Ok(BTreeMap::new());
    }
    let today = reader.today();
    let rows = reader.all(reader.find_among::<Entity, _>(Column::SubjectId, ids)).await?;
    Ok(rows.into_iter().map(|row| (row.subject_id.clone(), row.on(today))).collect())
}

/// Lines with a condition that is not met and must be before this day, the most pressing first.
///
/// # Errors
/// [`Error::Database`] only.
pub async fn with_conditions_due(reader: &Reader, before: Day, limit: u64) -> Result<Vec<RegisterEntry>, Error> {
    // The days stand in order, so a list is less than the text of another day where its first day is.
    let due = Condition::all().add(Column::ConditionsDueOn.ne("[]")).add(Column::ConditionsDueOn.lt(format!("[\"{before}")));
    let select = reader.find::<Entity>().filter(due).filter(Column::Status.ne(Word(RelationshipStatus::Archived)));
    let rows = reader.all(select.order_by_asc(Column::ConditionsDueOn).order_by_asc(Column::SubjectId).limit(limit)).await?;
    let today = reader.today();
    Ok(rows.into_iter().map(|row| row.on(today)).collect())
}

/// How many lines there are of each sort.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Summary {
    /// Suppliers that are not archived.
    pub supplier_count: i64,
    /// Products that are not archived.
    pub product_count: i64,
    /// Suppliers by rating.
    pub suppliers_by_rating: BTreeMap<String, i64>,
    /// Products by rating.
    pub products_by_rating: BTreeMap<String, i64>,
    /// Suppliers by tier.
    pub suppliers_by_tier: BTreeMap<String, i64>,
    /// Products by how much AI is in them.
    pub products_by_ai_features: BTreeMap<String, i64>,
    /// Reviews that are overdue.
    pub overdue_review_count: i64,
    /// Reviews that fall due within 30 days from today.
    pub coming_review_count: i64,
    /// Lines with something that caps the rating.
    pub knocked_out_count: i64,
    /// Lines whose decision went stale.
    pub stale_decision_count: i64,
    /// Open risks of what is not archived, by what they are called now.
    pub open_risks: RiskCounts,
    /// The heat map: how many of these there are for each current likelihood and impact, all 25 cells.
    pub heat_map: Vec<HeatCell>,
}

/// A cell of the heat map.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct HeatCell {
    /// 1 rare to 5 almost certain.
    pub likelihood: i32,
    /// 1 negligible to 5 catastrophic.
    pub impact: i32,
    /// What a risk here is called.
    pub band: Severity,
    /// How many open risks are here.
    pub count: i64,
}

/// Counts over the whole register, and the heat map.
///
/// # Errors
/// [`Error::Database`] only.
pub async fn summary(reader: &Reader) -> Result<Summary, Error> {
    let mut summary = Summary::default();
    let active = || reader.find::<Entity>().filter(Column::Status.ne(Word(RelationshipStatus::Archived)));
    let groups: Vec<(String, String, String, Option<String>, i64)> = reader
        .tuples(
            active()
                .select_only()
                .columns([Column::SubjectType, Column::Rating, Column::Tier, Column::AiFeatures])
                .expr_as(Column::SubjectId.count(), "line_count")
                .group_by(Column::SubjectType)
                .group_by(Column::Rating)
                .group_by(Column::Tier)
                .group_by(Column::AiFeatures),
        )
        .await?;
    for rating in [Rating::Low, Rating::Moderate, Rating::High, Rating::Extreme, Rating::Unassessed] {
        summary.suppliers_by_rating.insert(word(&rating), 0);
        summary.products_by_rating.insert(word(&rating), 0);
    }
    for tier in [Tier::Low, Tier::Medium, Tier::High, Tier::Critical] {
        summary.suppliers_by_tier.insert(word(&tier), 0);
    }
    for features in [AiFeatures::None, AiFeatures::Embedded, AiFeatures::Core, AiFeatures::Unknown] {
        summary.products_by_ai_features.insert(word(&features), 0);
    }
    for (subject_type, rating, tier, features, count) in groups {
        if subject_type == "supplier" {
            summary.supplier_count += count;
            *summary.suppliers_by_rating.entry(rating).or_default() += count;
            *summary.suppliers_by_tier.entry(tier).or_default() += count;
        } else {
            summary.product_count += count;
            *summary.products_by_rating.entry(rating).or_default() += count;
            *summary.products_by_ai_features.entry(features.unwrap_or_default()).or_default() += count;
        }
    }
    let today = reader.today();
    let how_many = async |condition: Condition| -> Result<i64, Error> {
        let rows: Vec<(i64,)> = reader.tuples(active().filter(condition).select_only().expr_as(Column::SubjectId.count(), "line_count")).await?;
        Ok(rows.first().map_or(0, |row| row.0))
    };
    summary.overdue_review_count = how_many(Condition::all().add(Column::NextReviewOn.lt(today))).await?;
    summary.coming_review_count = how_many(Condition::all().add(Column::NextReviewOn.gte(today)).add(Column::NextReviewOn.lte(today.plus_days(30)))).await?;
    summary.knocked_out_count = how_many(Condition::all().add(Column::KnockOuts.ne("[]"))).await?;
    summary.stale_decision_count = how_many(stale(today)).await?;
    let bands = policy::read(reader).await?.risk_bands.0;
    let counts: BTreeMap<(i32, i32), i64> = risk::heat(reader).await?.into_iter().map(|(likelihood, impact, count)| ((likelihood, impact), count)).collect();
    for likelihood in 1..=5 {
        for impact in 1..=5 {
            let count = counts.get(&(likelihood, impact)).copied().unwrap_or(0);
            let band = bands.band(likelihood, impact);
            *count_of(&mut summary.open_risks, band) += count;
            summary.heat_map.push(HeatCell { likelihood, impact, band, count });
        }
    }
    Ok(summary)
}

fn count_of(counts: &mut RiskCounts, band: Severity) -> &mut i64 {
    match band {
        Severity::Low => &mut counts.low,
        Severity::Moderate => &mut counts.moderate,
        Severity::High => &mut counts.high,
        Severity::Extreme => &mut counts.extreme,
    }
}

/// The suppliers and products that are not archived, for a statement to look up.
pub(crate) fn active_subjects(reader: &Reader) -> sea_orm::sea_query::SelectStatement {
    let select = reader.find::<Entity>().filter(Column::Status.ne(Word(RelationshipStatus::Archived)));
    select.select_only().column(Column::SubjectId).into_query()
}

/// Makes one supplier's lines anew at once, for an operation that answers with what follows.
pub(crate) async fn refresh_now(writer: &Writer, supplier_id: &SupplierId) -> Result<(), Error> {
    refresh(writer, BTreeSet::from([supplier_id.clone()])).await
}

/// What every line, rating and review of the register would be under another policy, as far as it differs.
pub(crate) async fn under(reader: &Reader, policy: &Policy) -> Result<Differences, Error> {
    let (mut all, mut after) = (Differences::default(), String::new());
    loop {
        let select = reader.find::<supplier::Entity>().filter(supplier::Column::Id.gt(after.as_str())).order_by_asc(supplier::Column::Id).limit(PORTION as u64);
        let rows: Vec<(SupplierId,)> = reader.tuples(select.select_only().column(supplier::Column::Id)).await?;
        let Some(last) = rows.last() else { return Ok(all) };
        last.0.as_str().clone_into(&mut after);
        let ids: Vec<SupplierId> = rows.into_iter().map(|(id,)| id).collect();
        let mut portion = Portion::load(reader, &ids).await?;
        for risk in &mut portion.risks {
            risk.call(policy.risk_bands.0);
        }
        all.add(portion.differences(reader, policy));
        // It is work: others need this thread.
        tokio::task::yield_now().await;
    }
}

/// Makes every line anew.
pub(crate) async fn refresh_all(writer: &Writer) -> Result<(), Error> {
    let policy = policy::read(writer).await?;
    under(writer, &policy).await?.carry_out_all(writer).await
}

/// Makes the lines of suppliers that this writer has entered, with all the evidence about them that it has.
pub(crate) async fn enter(writer: &Writer, suppliers: Vec<Supplier>, evidence: Vec<Evidence>) -> Result<(), Error> {
    if suppliers.is_empty() {
        return Ok(());
    }
    let policy = policy::read(writer).await?;
    let mut portion = Portion { suppliers, evidence, ..Portion::default() };
    let differences = portion.differences(writer, &policy);
    let ids: Vec<SupplierId> = std::mem::take(&mut portion.suppliers).into_iter().map(|row| row.id).collect();
    drop(portion);
    differences.carry_out(writer, &[]).await?;
    writer.leave_alone(&ids);
    Ok(())
}

/// Everything that the lines of some suppliers followed from, before a change to them and their products.
#[derive(Default)]
pub(crate) struct Known(Vec<Portion>);

impl Known {
    /// Of these suppliers.
    pub(crate) async fn load(reader: &Reader, suppliers: BTreeSet<SupplierId>) -> Result<Self, Error> {
        let ids: Vec<SupplierId> = suppliers.into_iter().collect();
        let mut portions = Vec::new();
        for ids in ids.chunks(PORTION) {
            portions.push(Portion::load(reader, ids).await?);
            tokio::task::yield_now().await;
        }
        Ok(Self(portions))
    }

    /// Makes the lines anew, now that these rows have come or have taken the place of others, and nothing else has changed.
    pub(crate) async fn follow(self, writer: &Writer, suppliers: Vec<Supplier>, products: Vec<Product>) -> Result<(), Error> {
        if self.0.is_empty() {
            return Ok(());
        }
        let policy = policy::read(writer).await?;
        let mut suppliers: BTreeMap<SupplierId, Supplier> = suppliers.into_iter().map(|row| (row.id.clone(), row)).collect();
        let mut products: BTreeMap<SupplierId, Vec<Product>> = products.into_iter().fold(BTreeMap::new(), |mut all, row| {
            all.entry(row.supplier_id.clone()).or_default().push(row);
            all
        });
        let (mut all, mut done) = (Differences::default(), Vec::new());
        for mut portion in self.0 {
            // A decision may have gone stale for it, which asks for a review: of these, more has changed.
            let decided: BTreeSet<SupplierId> = portion.decisions.iter().map(|decision| decision.supplier_id.clone()).collect();
            portion.suppliers.retain(|row| !decided.contains(&row.id));
            for row in &mut portion.suppliers {
                if let Some(new) = suppliers.remove(&row.id) {
                    *row = new;
                }
                let new = products.remove(&row.id).unwrap_or_default();
                portion.products.retain(|row| !new.iter().any(|new| new.id == row.id));
                portion.products.extend(new);
                done.push(row.id.clone());
            }
            all.add(portion.differences(writer, &policy));
        }
        all.carry_out_all(writer).await?;
        writer.leave_alone(&done);
        Ok(())
    }
}

/// Takes away the line of a supplier or product that is about to be taken away itself.
pub(crate) async fn forget(writer: &Writer, subject_id: &str) -> Result<(), Error> {
    writer.clear::<Entity>(Condition::all().add(Column::SubjectId.eq(subject_id))).await?;
    Ok(())
}

/// Makes the lines of these suppliers and their products anew, their reviews and ratings too.
pub(crate) async fn refresh(writer: &Writer, suppliers: BTreeSet<SupplierId>) -> Result<(), Error> {
    if suppliers.is_empty() {
        return Ok(());
    }
    let policy = policy::read(writer).await?;
    let ids: Vec<SupplierId> = suppliers.into_iter().collect();
    for portion in ids.chunks(PORTION) {
        Portion::load(writer, portion).await?.differences(writer, &policy).carry_out(writer, LINE).await?;
    }
    Ok(())
}

/// A supplier's rating: the worst of its own and its active products'.
pub(crate) fn with_products(own: Rating, products: impl IntoIterator<Item = (RelationshipStatus, Rating)>) -> Rating {
    worst(products.into_iter().filter(|(status, _)| *status == RelationshipStatus::Active).map(|(_, rating)| rating).chain([own]))
}

/// Everything that the lines of some suppliers follow from.
#[derive(Default)]
struct Portion {
    suppliers: Vec<Supplier>,
    products: Vec<Product>,
    assessments: Vec<Assessment>,
    decisions: Vec<Decision>,
    risks: Vec<Risk>,
    reviews: Vec<Review>,
    evidence: Vec<Evidence>,
    known: BTreeMap<SubjectId, Model>,
}

impl Portion {
    async fn load(reader: &Reader, ids: &[SupplierId]) -> Result<Self, Error> {
        let texts: BTreeSet<String> = ids.iter().map(ToString::to_string).collect();
        let products = reader.find::<product::Entity>().filter(product::Column::SupplierId.is_in(ids.iter().cloned())).order_by_asc(product::Column::Id);
        let known = reader.find::<Entity>().filter(Column::SupplierId.is_in(ids.iter().cloned()));
        Ok(Self {
            suppliers: reader.get_many::<supplier::Entity>(&texts).await?,
            products: reader.all(products).await?,
            assessments: assessment::live(reader, ids).await?,
            decisions: decision::current(reader, ids).await?,
            risks: risk::counting(reader, ids).await?,
            reviews: review::open_of_suppliers(reader, ids).await?,
            evidence: evidence::of_suppliers(reader, ids).await?,
            known: reader.all(known).await?.into_iter().map(|row| (row.subject_id.clone(), row)).collect(),
        })
    }

    /// What differs between what is stored and what follows under this policy.
    fn differences(&mut self, reader: &Reader, policy: &Policy) -> Differences {
        let mut found = Differences::default();
        let mut reviews: BTreeMap<SubjectId, Review> = std::mem::take(&mut self.reviews).into_iter().map(|review| (review.subject_id.clone(), review)).collect();
        let by_supplier = self.by_supplier();
        for supplier in &self.suppliers {
            let mine = by_supplier.get(&supplier.id).cloned().unwrap_or_default();
            let mut ratings = Vec::new();
            for product in &mine.products {
                let mut line = self.line(policy, supplier, Some(product), &mine);
                plan_review(reader, policy, &mut line, &mine, &mut reviews, &mut found.steps);
                ratings.push((product.status.0, line.rating.0));
                if product.rating != line.rating {
                    found.ratings.push((supplier.id.clone(), Some(product.id.clone()), line.rating.0));
                }
                found.lines.push(line);
            }
            let mut line = self.line(policy, supplier, None, &mine);
            plan_review(reader, policy, &mut line, &mine, &mut reviews, &mut found.steps);
            line.rating = Word(with_products(line.rating.0, ratings));
            line.rating_rank = rank(line.rating.0);
            if supplier.rating != line.rating {
                found.ratings.push((supplier.id.clone(), None, line.rating.0));
            }
            found.lines.push(line);
        }
        found.steps.retain(|step| !step.is_idle());
        // A line that says what it said keeps its time, so that `updated_since` gives only what changed.
        found.lines.retain_mut(|line| {
            let Some(before) = self.known.get(&line.subject_id) else { return true };
            line.updated_at = before.updated_at;
            *line != *before
        });
        found
    }

    fn by_supplier(&self) -> BTreeMap<SupplierId, Mine<'_>> {
        let mut all: BTreeMap<SupplierId, Mine<'_>> = BTreeMap::new();
        for product in &self.products {
            all.entry(product.supplier_id.clone()).or_default().products.push(product);
        }
        for assessment in &self.assessments {
            all.entry(assessment.supplier_id.clone()).or_default().assessments.push(assessment);
        }
        for decision in &self.decisions {
            all.entry(decision.supplier_id.clone()).or_default().decisions.push(decision);
        }
        for risk in &self.risks {
            all.entry(risk.supplier_id.clone()).or_default().risks.push(risk);
        }
        for evidence in &self.evidence {
            all.entry(evidence.supplier_id.clone()).or_default().evidence.push(evidence);
        }
        all
    }

    fn line(&self, policy: &Policy, supplier: &Supplier, product: Option<&Product>, mine: &Mine<'_>) -> Model {
        let subject_id = crate::subject::subject_id(&supplier.id, product.map(|product| &product.id));
        let assessments: Vec<&Assessment> = mine.assessments.iter().copied().filter(|assessment| assessment.subject_id == subject_id).collect();
        let approved: Vec<&Assessment> = assessments.iter().copied().filter(|assessment| assessment.state.0 == AssessmentState::Approved).collect();
        let decisions: Vec<&Decision> = mine.decisions.iter().copied().filter(|decision| decision.subject_id == subject_id).collect();
        let mut risks = RiskCounts::default();
        for risk in mine.risks.iter().filter(|risk| risk.subject_id == subject_id) {
            *count_of(&mut risks, risk.current_band.0) += 1;
        }
        let archived = supplier.status.0 == RelationshipStatus::Archived;
        // What asks for information only says nothing of how sure we are, unless an answer caps the rating.
        let counting: Vec<&Assessment> = approved.iter().copied().filter(|assessment| assessment.counts()).collect();
        let rating = worst(counting.iter().map(|assessment| assessment.rating(policy, supplier.tier.0)));
        let conditions =
            decisions.iter().flat_map(|decision| decision.conditions.iter()).filter(|condition| condition.met_on.is_none()).map(|condition| condition.due_on);
        let mut conditions: Vec<Day> = conditions.collect();
        conditions.sort();
        Model {
            organisation_id: supplier.organisation_id.clone(),
            subject_type: Word(if product.is_some() { SubjectType::Product } else { SubjectType::Supplier }),
            supplier_id: supplier.id.clone(),
            product_id: product.map(|product| product.id.clone()),
            supplier_name: supplier.name.clone(),
            name: product.map_or(&supplier.name, |product| &product.name).clone(),
            // A separator below every printable character keeps products right behind their supplier; the id keeps namesakes apart.
            sort_key: match product {
                Some(product) => format!("{}\u{1f}{}\u{1f}{}", supplier.sort_name, supplier.id, product.sort_name),
                None => format!("{}\u{1f}{}", supplier.sort_name, supplier.id),
            },
            search_text: match product {
                Some(product) => format!("{}\n{}", product.sort_name, supplier.search_text),
                None => supplier.search_text.clone(),
            },
            kind: product.map(|product| product.kind),
            status: if archived { supplier.status } else { product.map_or(supplier.status, |product| product.status) },
            identifiers: supplier.identifiers.clone(),
            tier: supplier.tier,
            ai_features: product.map(|product| product.ai_features),
            rating: Word(rating),
            rating_rank: rank(rating),
            frameworks: Json(lowest_by_framework(&approved)),
            coverage: counting.iter().map(|assessment| assessment.coverage.0).min().map(Json),
            knock_outs: Json(approved.iter().flat_map(|assessment| assessment.knock_outs.iter().cloned()).collect()),
            decision: decisions.iter().map(|decision| decision.outcome).max_by_key(|outcome| match outcome.0 {
                DecisionOutcome::Approved => 0,
                DecisionOutcome::ApprovedWithConditions => 1,
                DecisionOutcome::Refused => 2,
            }),
            decision_lapses_on: lapses_on(&decisions),
            stale_reasons: Json(decisions.iter().flat_map(|decision| decision.stale_reasons.iter().cloned()).collect::<BTreeSet<String>>().into_iter().collect()),
            stale_from: stale_from(&decisions, &mine.evidence, &subject_id),
            conditions_due_on: Json(conditions),
            open_risks_low: risks.low,
            open_risks_moderate: risks.moderate,
            open_risks_high: risks.high,
            open_risks_extreme: risks.extreme,
            next_review_on: None,
            review_key: String::new(),
            next_review_id: None,
            certificates: Json(certificates(&mine.evidence, &subject_id)),
            under_way: Json(
                assessments
                    .iter()
                    .filter(|assessment| assessment.state.0 != AssessmentState::Approved)
                    .map(|assessment| UnderWay {
                        assessment_id: assessment.id.clone(),
                        questionnaire: assessment.questionnaire.clone(),
                        state: assessment.state.0,
                        evidenced: assessment.evidenced.as_deref().copied(),
                        coverage: assessment.coverage.0,
                    })
                    .collect(),
            ),
            updated_at: supplier.updated_at,
            subject_id,
        }
    }
}

/// By what a line is known.
const LINE: &[Column] = &[Column::SubjectId];

/// What is stored of the register and does not follow any more: lines, reviews and ratings.
#[derive(Default)]
pub(crate) struct Differences {
    /// Lines as they are to be.
    lines: Vec<Model>,
    /// Reviews to be set, changed or taken away.
    steps: Vec<Step>,
    /// Ratings of suppliers, or of products of theirs.
    ratings: Vec<(SupplierId, Option<ProductId>, Rating)>,
}

impl Differences {
    fn add(&mut self, other: Self) {
        self.lines.extend(other.lines);
        self.steps.extend(other.steps);
        self.ratings.extend(other.ratings);
    }

    /// The same without what is about these suppliers and their products.
    pub(crate) fn without(mut self, suppliers: &BTreeSet<SupplierId>) -> Self {
        self.lines.retain(|line| !suppliers.contains(&line.supplier_id));
        self.steps.retain(|step| step.supplier_id().is_none_or(|id| !suppliers.contains(id)));
        self.ratings.retain(|(id, ..)| !suppliers.contains(id));
        self
    }

    /// Writes lines, reviews and ratings; a line takes the place of that with the same `key`, and where there is no key, of none.
    async fn carry_out(mut self, writer: &Writer, key: &[Column]) -> Result<(), Error> {
        let mut by_rating: BTreeMap<i32, (Rating, Vec<String>, Vec<String>)> = BTreeMap::new();
        for (supplier_id, product_id, rating) in self.ratings {
            let (_, suppliers, products) = by_rating.entry(rank(rating)).or_insert_with(|| (rating, Vec::new(), Vec::new()));
            match product_id {
                Some(id) => products.push(id.to_string()),
                None => suppliers.push(supplier_id.to_string()),
            }
        }
        for (rating, suppliers, products) in by_rating.into_values() {
            let (rating, now) = (Word(rating), writer.now());
            writer.set_derived_of_all::<supplier::Entity>(&suppliers, &[(supplier::Column::Rating, rating.into()), (supplier::Column::UpdatedAt, now.into())]).await?;
            writer.set_derived_of_all::<product::Entity>(&products, &[(product::Column::Rating, rating.into()), (product::Column::UpdatedAt, now.into())]).await?;
        }
        review::carry_out(writer, self.steps).await?;
        for line in &mut self.lines {
            line.updated_at = writer.now();
        }
        writer.put_all::<Entity, ActiveModel>(self.lines, key).await
    }

    /// The same of all lines at once, which are then as good as made anew.
    pub(crate) async fn carry_out_all(self, writer: &Writer) -> Result<(), Error> {
        let suppliers: BTreeSet<SupplierId> = self.lines.iter().map(|line| &line.supplier_id).chain(self.steps.iter().filter_map(Step::supplier_id)).cloned().collect();
        self.carry_out(writer, LINE).await?;
        writer.leave_alone(&suppliers);
        Ok(())
    }
}

/// One supplier's part of a portion.
#[derive(Clone, Default)]
struct Mine<'a> {
    products: Vec<&'a Product>,
    assessments: Vec<&'a Assessment>,
    decisions: Vec<&'a Decision>,
    risks: Vec<&'a Risk>,
    evidence: Vec<&'a Evidence>,
}

fn rank(rating: Rating) -> i32 {
    match rating {
        Rating::Low => 0,
        Rating::Moderate => 1,
        Rating::Unassessed => 2,
        Rating::High => 3,
        Rating::Extreme => 4,
    }
}

/// The lowest claimed and evidenced score in each framework: the strictest assessment wins.
fn lowest_by_framework(approved: &[&Assessment]) -> Vec<FrameworkNumbers> {
    let mut lowest: BTreeMap<String, FrameworkNumbers> = BTreeMap::new();
    for numbers in approved.iter().flat_map(|assessment| assessment.frameworks.iter()) {
        let least = |left: Option<Score>, right: Option<Score>| [left, right].into_iter().flatten().min();
        let entry = lowest.entry(numbers.framework.clone()).or_insert_with(|| numbers.clone());
        entry.claimed = least(entry.claimed, numbers.claimed);
        entry.evidenced = least(entry.evidenced, numbers.evidenced);
    }
    lowest.into_values().collect()
}

/// The day after the first expiry of evidence that was valid when the last decision in force was made, unless a later piece of its kind took its place.
fn stale_from(decisions: &[&Decision], evidence: &[&Evidence], subject_id: &SubjectId) -> Option<Day> {
    let decided_on = decisions.iter().map(|decision| decision.decided_at.day()).max()?;
    let expiries = certificates(evidence, subject_id).into_iter().filter_map(|certificate| certificate.expires_on);
    expiries.filter(|day| *day >= decided_on).min().map(|day| day.plus_days(1))
}

/// The last day that these decisions hold together: approvals until the first of them lapses, refusals until the last does.
fn lapses_on(decisions: &[&Decision]) -> Option<Day> {
    let refusals: Vec<Option<Day>> = decisions.iter().filter(|decision| decision.outcome.0 == DecisionOutcome::Refused).map(|decision| decision.lapses_on).collect();
    if refusals.is_empty() {
        return decisions.iter().filter_map(|decision| decision.lapses_on).min();
    }
    refusals.into_iter().collect::<Option<Vec<Day>>>()?.into_iter().max()
}

/// Of each kind of evidence about a subject, the piece that lasts longest.
fn certificates(evidence: &[&Evidence], subject_id: &SubjectId) -> Vec<Certificate> {
    let mut best: BTreeMap<EvidenceKind, &Evidence> = BTreeMap::new();
    let lasts = |piece: &Evidence| (piece.expires_on.map_or_else(|| END_OF_TIME.to_owned(), |day| day.to_string()), piece.id.clone());
    for piece in evidence.iter().filter(|piece| piece.subject_id == *subject_id) {
        let entry = best.entry(piece.kind.0).or_insert(piece);
        if lasts(piece) > lasts(entry) {
            *entry = piece;
        }
    }
    best.into_values()
        .map(|piece| Certificate { kind: piece.kind.0, reference: piece.reference.clone(), statement: piece.statement.clone(), expires_on: piece.expires_on })
        .collect()
}

fn plan_review(reader: &Reader, policy: &Policy, line: &mut Model, mine: &Mine<'_>, reviews: &mut BTreeMap<SubjectId, Review>, steps: &mut Vec<Step>) {
    let today = reader.today();
    let expiring = certificates(&mine.evidence, &line.subject_id)
        .into_iter()
        .filter_map(|certificate| Some((certificate.expires_on?, word(&certificate.kind))))
        .filter(|(day, _)| *day >= today)
        .min();
    let wanted = Wanted {
        supplier_id: &line.supplier_id,
        product_id: line.product_id.as_ref(),
        archived: line.status.0 == RelationshipStatus::Archived,
        cadence_months: policy.cadence_months.months(line.tier.0),
        tier: word(&line.tier),
        evidence_expiry: expiring,
    };
    let step = review::plan(reader, &wanted, reviews.remove(&line.subject_id));
    let review = step.after.as_ref();
    line.next_review_on = review.map(|review| review.due_on);
    line.next_review_id = review.map(|review| review.id.clone());
    line.review_key = line.next_review_on.map_or_else(|| END_OF_TIME.to_owned(), |day| day.to_string());
    steps.push(step);
}

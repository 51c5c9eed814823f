//! The register view: one line for each supplier and product, with everything a reader asks for first.
//!
//! A line follows from suppliers, products, assessments, decisions, risks, reviews and evidence. It is stored, and made
//! anew in the same transaction as any change it follows from, so that lists, summaries and exports read one table.
//! What depends on today (overdue, expired, lapsed) is worked out when it is read.

use std::collections::{BTreeMap, BTreeSet};

use diligence_questionnaires::{EvidenceKind, Rating, Score, Severity, Tier};
use schemars::JsonSchema;
use sea_orm::{ColumnTrait as _, QueryFilter as _, QuerySelect as _, QueryTrait as _, entity::prelude::*};
use serde::{Deserialize, Serialize};

use crate::{
    assessment::{AssessmentState, FrameworkNumbers},
    clock::{Day, Moment},
    decision::DecisionOutcome,
    due,
    error::Error,
    evidence::EndsBecause,
    id::{AssessmentId, OrganisationId, ProductId, ReviewId, SubjectId, SupplierId},
    identifier::Identifier,
    product::{AiFeatures, ProductKind},
    scope::{Reader, belongs},
    stored::{Json, Word},
    subject::SubjectType,
    supplier::RelationshipStatus,
};

#[expect(unreachable_pub, reason = "sea-orm derives a public entity from the row")]
pub(crate) mod counts;
mod filter;
mod line;
mod refresh;
mod summary;

pub(crate) use filter::subjects;
pub use filter::{RegisterFilter, RegisterSort, count, list};
pub(crate) use line::with_products;
pub use refresh::Drift;
pub(crate) use refresh::{Differences, Known, drift, enter, forget, refresh, refresh_all, refresh_now, under};
pub use summary::{HeatCell, Summary, summary};

/// A certificate in force or once in force, in short.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Certificate {
    /// What sort.
    pub kind: EvidenceKind,
    /// Its number or title.
    pub reference: Option<String>,
    /// What it says in a few words.
    pub statement: Option<String>,
    /// The last day on which it counts.
    pub expires_on: Option<Day>,
    /// How that is known.
    #[serde(default)]
    pub ends_because: EndsBecause,
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
    /// Risks that count, by current likelihood and impact.
    pub heat: Json<Vec<(i32, i32, i64)>>,
    /// The day of the next review; far off if there is none.
    pub next_review_on: Option<Day>,
    /// For order: `next_review_on` as text, or the end of time.
    pub review_key: String,
    /// That review.
    pub next_review_id: Option<ReviewId>,
    /// The certificates.
    pub certificates: Json<Vec<Certificate>>,
    /// Assessments under way.
    pub under_way: Json<Vec<UnderWay>>,
    /// Whether it is of our own house, which no list and no count of the register has.
    pub is_ourselves: bool,
    /// When the line last changed.
    pub updated_at: Moment,
}

/// Rows are loaded by noun, never joined.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}
impl ActiveModelBehavior for ActiveModel {}
belongs!(without IsOurselves);

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
    /// The last day on which it counts, given or derived; null where it has no end, or its end is not known.
    pub expires_on: Option<Day>,
    /// How that is known; what is `undated` counts for nothing.
    pub ends_because: EndsBecause,
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
    /// The first day by which something must be done about it, which may have passed; null where nothing is due.
    pub next_due_on: Option<Day>,
}

/// Lines as they stand today.
async fn on_today(reader: &Reader, rows: Vec<Model>) -> Result<Vec<RegisterEntry>, Error> {
    let days = due::first_days(reader, rows.iter().map(|row| row.subject_id.clone())).await?;
    let today = reader.today();
    let on = |row: Model| {
        let next_due_on = days.get(&row.subject_id).copied();
        row.on(today, next_due_on)
    };
    Ok(rows.into_iter().map(on).collect())
}

impl Model {
    fn on(self, today: Day, next_due_on: Option<Day>) -> RegisterEntry {
        let pair = |framework: &str| {
            let numbers = self.frameworks.iter().find(|numbers| numbers.framework == framework);
            numbers
                .map(|numbers| ScorePair { claimed: numbers.claimed, evidenced: numbers.evidenced })
                .unwrap_or_default()
        };
        let (security, ethical_ai) = (pair("security"), pair("ethical_ai"));
        let lapsed = self.decision_lapses_on.is_some_and(|last| last < today);
        let mut stale_reasons = self.stale_reasons.0;
        if self.stale_from.is_some_and(|day| day <= today) {
            stale_reasons.push("evidence has expired".to_owned());
        }
        let count = |due: &dyn Fn(&Day) -> bool| {
            i64::try_from(self.conditions_due_on.iter().filter(|day| due(day)).count()).unwrap_or(i64::MAX)
        };
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
            open_risks: RiskCounts {
                low: self.open_risks_low,
                moderate: self.open_risks_moderate,
                high: self.open_risks_high,
                extreme: self.open_risks_extreme,
            },
            next_review_on: self.next_review_on,
            review_overdue: self.next_review_on.is_some_and(|due| due < today),
            next_review_id: self.next_review_id,
            certificates: self
                .certificates
                .0
                .into_iter()
                .map(|Certificate { kind, reference, statement, expires_on, ends_because }| CertificateToday {
                    kind,
                    reference,
                    statement,
                    expires_on,
                    ends_because,
                    expired: expires_on.is_some_and(|last| last < today),
                })
                .collect(),
            under_way: self.under_way.0,
            updated_at: self.updated_at,
            next_due_on,
        }
    }
}

/// The lines of these suppliers and products, archived ones too; at most some hundreds.
///
/// # Errors
/// [`Error::Database`] only.
pub async fn lines(
    reader: &Reader,
    ids: impl IntoIterator<Item = SubjectId>,
) -> Result<BTreeMap<SubjectId, RegisterEntry>, Error> {
    let ids: BTreeSet<SubjectId> = ids.into_iter().collect();
    if ids.is_empty() {
        return Ok(BTreeMap::new());
    }
    let rows = reader.all(reader.find_among::<Entity, _>(Column::SubjectId, ids)).await?;
    Ok(on_today(reader, rows).await?.into_iter().map(|line| (line.subject_id.clone(), line)).collect())
}

fn count_of(counts: &mut RiskCounts, band: Severity) -> &mut i64 {
    match band {
        Severity::Low => &mut counts.low,
        Severity::Moderate => &mut counts.moderate,
        Severity::High => &mut counts.high,
        Severity::Extreme => &mut counts.extreme,
    }
}

/// The lines of these suppliers and their products as they are stored.
pub(crate) async fn stored(reader: &Reader, suppliers: &[SupplierId]) -> Result<BTreeMap<SubjectId, Model>, Error> {
    let of_these = Column::SupplierId.is_in(suppliers.iter().cloned());
    let rows = reader.all(reader.find_with_ourselves::<Entity>().filter(of_these)).await?;
    Ok(rows.into_iter().map(|row| (row.subject_id.clone(), row)).collect())
}

/// The suppliers and products that are not archived, for a statement to look up.
pub(crate) fn active_subjects(reader: &Reader) -> sea_orm::sea_query::SelectStatement {
    let select = reader.find::<Entity>().filter(Column::Status.ne(Word(RelationshipStatus::Archived)));
    select.select_only().column(Column::SubjectId).into_query()
}

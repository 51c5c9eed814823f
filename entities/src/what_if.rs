//! What if: what another policy, or another edition of a questionnaire, would do to every current score and rating.
//! Nothing is changed. It goes supplier by supplier, a portion in a view of its own, so that memory stays flat and
//! nothing is held while a slow caller takes its time.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::Arc,
};

use diligence_questionnaires::{
    Answers, Band, Basis, Edition, Input, MoveBecause, Prepared, QuestionPoints, Rating, RatingPolicy, Review, Score,
    ScoreChange, Side, Summary, Tier, band, residual, worst,
};
use schemars::JsonSchema;
use sea_orm::{ColumnTrait as _, QueryFilter as _, QueryOrder as _, QuerySelect as _};
use serde::Serialize;

use crate::{
    assessment::{self, Assessment, AssessmentState, sheet},
    clock::Day,
    error::Error,
    id::{AssessmentId, ProductId, SubjectId, SupplierId},
    patch::Change,
    policy::{self, NewPolicy, Policy},
    product, questionnaire,
    register::with_products,
    risk,
    scope::{PORTION, Reader, Scope, Store},
    stored::{Json, Word, word},
    supplier::{self, RelationshipStatus},
};

/// How many reasons are given for one move.
pub const MAXIMUM_REASONS: usize = 5;

/// The numbers of an assessment under one set of rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Standing {
    /// The claimed score; null when nothing can be scored.
    pub claimed: Option<Score>,
    /// The evidenced score; null when nothing can be scored.
    pub evidenced: Option<Score>,
    /// How much of what counts is answered, in percent.
    pub coverage: Score,
    /// Whether an answer caps the rating.
    pub knocked_out: bool,
    /// The band of the evidenced score.
    pub band: Band,
    /// The residual rating.
    pub rating: Rating,
}

/// One reason why an assessment would move.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct MoveReason {
    /// The rule of the policy, or the question, that makes the difference.
    pub what: String,
    /// What it is now, or how the question stands.
    pub before: Option<String>,
    /// What it would be.
    pub after: Option<String>,
    /// By how much the question moves the evidenced score; null for a rule of the policy.
    pub evidenced: Option<ScoreChange>,
}

/// An approved assessment that would stand elsewhere.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct AssessmentMove {
    /// The assessment.
    pub assessment_id: AssessmentId,
    /// The supplier or product assessed.
    pub subject_id: SubjectId,
    /// Its name.
    pub name: String,
    /// The key of the questionnaire.
    pub questionnaire: String,
    /// The edition it was put.
    pub edition: String,
    /// As it stands.
    pub before: Standing,
    /// As it would stand.
    pub after: Standing,
    /// Why, what matters most first.
    pub reasons: Vec<MoveReason>,
}

/// A line of the register whose rating would change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct RatingMove {
    /// The supplier or product.
    pub subject_id: SubjectId,
    /// Its name.
    pub name: String,
    /// Its rating.
    pub before: Rating,
    /// What it would be.
    pub after: Rating,
}

/// How far it has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct WhatIfProgress {
    /// Suppliers looked at.
    pub done: u64,
    /// Suppliers in all, as counted at the beginning.
    pub total: u64,
}

/// What it all comes to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct WhatIfSummary {
    /// Approved assessments looked at.
    pub assessment_count: u64,
    /// Those that would stand elsewhere.
    pub moved_assessment_count: u64,
    /// Suppliers and products whose rating would be better.
    pub better_count: u64,
    /// Suppliers and products whose rating would be worse.
    pub worse_count: u64,
    /// Risks that count and would be called something else.
    pub renamed_risk_count: u64,
    /// Suppliers and products by rating, as they stand.
    pub ratings_before: BTreeMap<String, u64>,
    /// Suppliers and products by rating, as they would stand.
    pub ratings_after: BTreeMap<String, u64>,
}

/// One line of what is told: how far it has come, who moves, and at the very end the summary.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum WhatIfLine {
    /// How far it has come.
    Progress(WhatIfProgress),
    /// An approved assessment that would stand elsewhere.
    Assessment(Box<AssessmentMove>),
    /// A line of the register whose rating would change.
    Rating(RatingMove),
    /// What it all comes to; the last line.
    Summary(WhatIfSummary),
}

/// A question that is being answered, portion by portion.
pub struct WhatIf {
    store: Store,
    scope: Scope,
    now: Policy,
    then: NewPolicy,
    edition: Option<Prepared<Arc<Edition>>>,
    /// Editions that current assessments stand with, prepared.
    known: HashMap<String, Prepared<Arc<Edition>>>,
    after: String,
    progress: WhatIfProgress,
    summary: WhatIfSummary,
    finished: bool,
}

/// One supplier as far as this needs it.
struct Line {
    id: SupplierId,
    name: String,
    tier: Tier,
}

impl WhatIf {
    /// What another policy would do.
    ///
    /// # Errors
    /// [`Error::Invalid`] for a policy that could not be set.
    pub async fn of_policy(store: Store, scope: Scope, change: Change<NewPolicy>) -> Result<Self, Error> {
        let reader = store.read(&scope).await?;
        let now = policy::read(&reader).await?;
        let then = policy::checked(change.over(&now)?)?;
        let mut this = Self::new(&reader, store.clone(), scope, now, then, None).await?;
        for (likelihood, impact, count) in risk::heat(&reader).await? {
            if this.now.risk_bands.0.band(likelihood, impact) != this.then.risk_bands.band(likelihood, impact) {
                this.summary.renamed_risk_count += count.unsigned_abs();
            }
        }
        Ok(this)
    }

    /// What this edition would do, were every current assessment with the same questionnaire put to it with the answers
    /// it has.
    ///
    /// # Errors
    /// [`Error::Database`] only.
    pub async fn of_edition(store: Store, scope: Scope, edition: Edition) -> Result<Self, Error> {
        let reader = store.read(&scope).await?;
        let now = policy::read(&reader).await?;
        let then = NewPolicy::from(&now);
        Self::new(&reader, store.clone(), scope, now, then, Some(Prepared::new(Arc::new(edition)))).await
    }

    async fn new(
        reader: &Reader,
        store: Store,
        scope: Scope,
        now: Policy,
        then: NewPolicy,
        edition: Option<Prepared<Arc<Edition>>>,
    ) -> Result<Self, Error> {
        let count = active(reader).select_only().expr_as(supplier::Column::Id.count(), "supplier_count");
        let total: Vec<(i64,)> = reader.tuples(count).await?;
        let progress = WhatIfProgress { done: 0, total: total.first().map_or(0, |(total,)| total.unsigned_abs()) };
        let summary = WhatIfSummary::default();
        Ok(Self {
            store,
            scope,
            now,
            then,
            edition,
            known: HashMap::new(),
            after: String::new(),
            progress,
            summary,
            finished: false,
        })
    }

    /// The next lines; `None` after the summary.
    ///
    /// # Errors
    /// [`Error::Busy`] or [`Error::Database`].
    pub async fn next(&mut self) -> Result<Option<Vec<WhatIfLine>>, Error> {
        if self.finished {
            return Ok(None);
        }
        let reader = self.store.read(&self.scope).await?;
        let columns = [supplier::Column::Id, supplier::Column::Name, supplier::Column::Tier];
        let select = active(&reader)
            .filter(supplier::Column::Id.gt(self.after.as_str()))
            .order_by_asc(supplier::Column::Id)
            .limit(PORTION as u64);
        let rows: Vec<(SupplierId, String, Word<Tier>)> = reader.tuples(select.select_only().columns(columns)).await?;
        let Some((last, _, _)) = rows.last() else {
            self.finished = true;
            return Ok(Some(vec![
                WhatIfLine::Progress(self.progress),
                WhatIfLine::Summary(std::mem::take(&mut self.summary)),
            ]));
        };
        last.as_str().clone_into(&mut self.after);
        let suppliers: Vec<Line> = rows.into_iter().map(|(id, name, tier)| Line { id, name, tier: tier.0 }).collect();
        let mut lines = self.portion(&reader, &suppliers).await?;
        self.progress.done += suppliers.len() as u64;
        lines.push(WhatIfLine::Progress(self.progress));
        Ok(Some(lines))
    }

    async fn portion(&mut self, reader: &Reader, suppliers: &[Line]) -> Result<Vec<WhatIfLine>, Error> {
        let ids = || suppliers.iter().map(|line| line.id.clone());
        let select = reader
            .find::<product::Entity>()
            .filter(product::Column::SupplierId.is_in(ids()))
            .filter(product::Column::Status.ne(Word(RelationshipStatus::Archived)));
        let columns =
            [product::Column::Id, product::Column::SupplierId, product::Column::Name, product::Column::Status];
        let products: Vec<(ProductId, SupplierId, String, Word<RelationshipStatus>)> =
            reader.tuples(select.select_only().columns(columns)).await?;
        let approved = reader
            .find::<assessment::Entity>()
            .filter(assessment::Column::SupplierId.is_in(ids()))
            .filter(assessment::Column::State.eq(Word(AssessmentState::Approved)));
        let approved = reader.all(approved).await?;
        let rescored = self.rescored(reader, &approved).await?;

        let mut by_subject: BTreeMap<&SubjectId, Vec<&Assessment>> = BTreeMap::new();
        for assessment in &approved {
            by_subject.entry(&assessment.subject_id).or_default().push(assessment);
        }
        let mut products_of: BTreeMap<&SupplierId, Vec<(&ProductId, &str, RelationshipStatus)>> = BTreeMap::new();
        for (id, supplier_id, name, status) in &products {
            products_of.entry(supplier_id).or_default().push((id, name, status.0));
        }
        let mut lines = Vec::new();
        for supplier in suppliers {
            let (mut before, mut after) = (Vec::new(), Vec::new());
            for (id, name, status) in products_of.remove(&supplier.id).unwrap_or_default() {
                let subject_id = SubjectId::Product(id.clone());
                let (was, is) =
                    self.subject(&subject_id, name, supplier.tier, by_subject.get(&subject_id), &rescored, &mut lines);
                self.rate(subject_id, name, was, is, &mut lines);
                before.push((status, was));
                after.push((status, is));
            }
            let subject_id = SubjectId::Supplier(supplier.id.clone());
            let (was, is) = self.subject(
                &subject_id,
                &supplier.name,
                supplier.tier,
                by_subject.get(&subject_id),
                &rescored,
                &mut lines,
            );
            self.rate(subject_id, &supplier.name, with_products(was, before), with_products(is, after), &mut lines);
        }
        Ok(lines)
    }

    /// The ratings of one subject's own assessments, with a line for each that moves.
    fn subject(
        &mut self,
        subject_id: &SubjectId,
        name: &str,
        tier: Tier,
        approved: Option<&Vec<&Assessment>>,
        rescored: &BTreeMap<AssessmentId, Rescored>,
        lines: &mut Vec<WhatIfLine>,
    ) -> (Rating, Rating) {
        let (mut before, mut after) = (Vec::new(), Vec::new());
        for assessment in approved.into_iter().flatten() {
            self.summary.assessment_count += 1;
            let now = Summary {
                claimed: assessment.claimed.as_deref().copied(),
                evidenced: assessment.evidenced.as_deref().copied(),
                coverage: assessment.coverage.0,
                knocked_out: !assessment.knock_outs.is_empty(),
                answered_count: 0,
                counting_count: 0,
                awaiting_review_count: 0,
            };
            let new = rescored.get(&assessment.id);
            let was = standing(&self.now.rating, tier, &now);
            let is = standing(&self.then.rating, tier, new.map_or(&now, |new| &new.summary));
            if assessment.counts() {
                before.push(was.rating);
            }
            let scores = self
                .edition
                .as_ref()
                .filter(|_| new.is_some())
                .map_or(!assessment.information_only, |prepared| prepared.edition().is_scored());
            if assessment::counts(scores, is.knocked_out) {
                after.push(is.rating);
            }
            if was != is {
                self.summary.moved_assessment_count += 1;
                lines.push(WhatIfLine::Assessment(Box::new(AssessmentMove {
                    assessment_id: assessment.id.clone(),
                    subject_id: subject_id.clone(),
                    name: name.to_owned(),
                    questionnaire: assessment.questionnaire.clone(),
                    edition: assessment.edition.clone(),
                    before: was,
                    after: is,
                    reasons: match new {
                        Some(new) => new.reasons.clone(),
                        None => rules(&self.now.rating, &self.then.rating, tier, &now, &was, &is),
                    },
                })));
            }
        }
        (worst(before), worst(after))
    }

    fn rate(&mut self, subject_id: SubjectId, name: &str, before: Rating, after: Rating, lines: &mut Vec<WhatIfLine>) {
        *self.summary.ratings_before.entry(word(&before)).or_default() += 1;
        *self.summary.ratings_after.entry(word(&after)).or_default() += 1;
        if before != after {
            if after > before {
                self.summary.worse_count += 1;
            } else {
                self.summary.better_count += 1;
            }
            lines.push(WhatIfLine::Rating(RatingMove { subject_id, name: name.to_owned(), before, after }));
        }
    }

    /// The assessments with the questionnaire in question, scored with its new edition on what they were decided on.
    async fn rescored(
        &mut self,
        reader: &Reader,
        approved: &[Assessment],
    ) -> Result<BTreeMap<AssessmentId, Rescored>, Error> {
        let mut all = BTreeMap::new();
        let Some(prepared) = &self.edition else { return Ok(all) };
        let same: Vec<&Assessment> =
            approved.iter().filter(|assessment| assessment.questionnaire == prepared.edition().key).collect();
        let unknown: BTreeSet<String> = same
            .iter()
            .filter(|assessment| !self.known.contains_key(&assessment.edition))
            .map(|assessment| assessment.edition_id.to_string())
            .collect();
        for row in reader.get_many::<questionnaire::Entity>(&unknown).await? {
            self.known.insert(row.edition.clone(), Prepared::new(row.parsed(reader)?));
        }
        let columns =
            [sheet::Column::AssessmentId, sheet::Column::Answers, sheet::Column::Review, sheet::Column::Basis];
        for portion in same.chunks(PORTION) {
            let ids = portion.iter().map(|assessment| assessment.id.clone());
            let select = reader.find::<sheet::Entity>().filter(sheet::Column::AssessmentId.is_in(ids));
            // Beside their suppliers, whose index SQLite would otherwise walk for the whole organisation, portion after
            // portion.
            let select = select.filter(
                sheet::Column::SupplierId.is_in(portion.iter().map(|assessment| assessment.supplier_id.clone())),
            );
            // Without the receipts, which are far larger than all the rest.
            let select = select.select_only().columns(columns);
            let sheets: Vec<Sheet> = reader.tuples(select).await?;
            let mut sheets: BTreeMap<AssessmentId, _> =
                sheets.into_iter().map(|(id, answers, review, basis)| (id, (answers, review, basis))).collect();
            for assessment in portion {
                let (Some((answers, review, Some(basis))), Some(on)) =
                    (sheets.remove(&assessment.id), assessment.assessed_on.map(Day::date))
                else {
                    continue;
                };
                let input = Input {
                    answers: &answers,
                    review: &review,
                    evidence: &basis.evidence,
                    subject: &basis.subject,
                    on,
                };
                let summary = prepared.summary(&input);
                let same = (summary.claimed, summary.evidenced)
                    == (assessment.claimed.as_deref().copied(), assessment.evidenced.as_deref().copied());
                let reasons = match self.known.get(&assessment.edition) {
                    Some(before) if !same => reasons(before, prepared, &input),
                    _ => Vec::new(),
                };
                all.insert(assessment.id.clone(), Rescored { summary, reasons });
            }
        }
        Ok(all)
    }
}

/// What an assessment was answered, how it was reviewed, and what it was judged on.
type Sheet = (AssessmentId, Json<Answers>, Json<Review>, Option<Json<Basis>>);

struct Rescored {
    summary: Summary,
    reasons: Vec<MoveReason>,
}

fn active(reader: &Reader) -> sea_orm::Select<supplier::Entity> {
    reader.find::<supplier::Entity>().filter(supplier::Column::Status.ne(Word(RelationshipStatus::Archived)))
}

fn standing(policy: &RatingPolicy, tier: Tier, summary: &Summary) -> Standing {
    let Summary { claimed, evidenced, coverage, knocked_out, .. } = *summary;
    Standing {
        claimed,
        evidenced,
        coverage,
        knocked_out,
        band: band(policy, evidenced, coverage, knocked_out),
        rating: residual(policy, tier, evidenced, coverage, knocked_out),
    }
}

/// The questions that move the score most between two editions on the same answers.
fn reasons(before: &Prepared<Arc<Edition>>, after: &Prepared<Arc<Edition>>, input: &Input<'_>) -> Vec<MoveReason> {
    let (was, is) = (before.evaluate(input), after.evaluate(input));
    let movement = diligence_questionnaires::movement(
        &Side { edition: before.edition(), outcome: &was, answers: input.answers },
        &Side { edition: after.edition(), outcome: &is, answers: input.answers },
    );
    let points = |points: Option<QuestionPoints>| points.map(|points| format!("{} points", points.evidenced));
    movement
        .questions
        .into_iter()
        .take(MAXIMUM_REASONS)
        .map(|question| {
            let because = |wanted| question.because.contains(&wanted);
            let state = |there: Option<String>, gone: bool| there.or_else(|| gone.then(|| "not asked".to_owned()));
            MoveReason {
                before: state(points(question.points_before), because(MoveBecause::Appeared)),
                after: state(points(question.points_after), because(MoveBecause::Disappeared)),
                evidenced: Some(question.evidenced),
                what: question.question,
            }
        })
        .collect()
}

/// The rules of the policy that move an assessment whose scores stay: each that does so alone, or else all that differ.
fn rules(
    now: &RatingPolicy,
    then: &RatingPolicy,
    tier: Tier,
    summary: &Summary,
    was: &Standing,
    is: &Standing,
) -> Vec<MoveReason> {
    let rule = |what: String, before: String, after: String| MoveReason {
        what,
        before: Some(before),
        after: Some(after),
        evidenced: None,
    };
    type Rule = (&'static str, fn(&RatingPolicy) -> u8, fn(&mut RatingPolicy, u8));
    let limits: [Rule; 4] = [
        ("rating/strong_from", |policy| policy.strong_from, |policy, value| policy.strong_from = value),
        ("rating/adequate_from", |policy| policy.adequate_from, |policy, value| policy.adequate_from = value),
        ("rating/weak_from", |policy| policy.weak_from, |policy, value| policy.weak_from = value),
        ("rating/minimum_coverage", |policy| policy.minimum_coverage, |policy, value| policy.minimum_coverage = value),
    ];
    let mut found = Vec::new();
    if was.band != is.band {
        let differing: Vec<&Rule> = limits.iter().filter(|(_, read, _)| read(now) != read(then)).collect();
        let alone = |(_, read, write): &&&Rule| {
            let mut only = *now;
            write(&mut only, read(then));
            band(&only, summary.evidenced, summary.coverage, summary.knocked_out) != was.band
        };
        let mut telling: Vec<&Rule> = differing.iter().filter(alone).copied().collect();
        if telling.is_empty() {
            telling = differing;
        }
        found.extend(
            telling
                .into_iter()
                .map(|(name, read, _)| rule((*name).to_owned(), read(now).to_string(), read(then).to_string())),
        );
    }
    let cell = |policy: &RatingPolicy| diligence_questionnaires::rating(policy, tier, is.band);
    if was.rating != is.rating && cell(now) != cell(then) {
        found.push(rule(
            format!("rating/matrix/{}/{}", word(&tier), word(&is.band)),
            word(&cell(now)),
            word(&cell(then)),
        ));
    }
    found.truncate(MAXIMUM_REASONS);
    found
}

//! Working out the register's lines from everything that they follow from, some suppliers at a time.

use std::collections::{BTreeMap, BTreeSet};

use diligence_questionnaires::{Rating, Score, Tier, worst};
use sea_orm::{ColumnTrait as _, QueryFilter as _, QueryOrder as _};

use super::{Certificate, Column, Entity, Model, RiskCounts, UnderWay, count_of, refresh::Differences};
use crate::{
    assessment::{self, Assessment, AssessmentState, FrameworkNumbers},
    clock::{Day, END_OF_TIME},
    decision::{self, Decision, DecisionOutcome},
    due::{
        self, About,
        settlement::{self, Settlement},
    },
    error::Error,
    evidence::{self, Evidence},
    id::{AssessmentId, ProductId, SubjectId, SupplierId},
    policy::Policy,
    product::{self, Product},
    respondent_link,
    review::{self, Ask, Looks, Review, ReviewState, Step, Trigger, TriggerKind, Wanted},
    risk::{self, Risk},
    scope::Reader,
    stored::{Json, Word, word},
    subject::SubjectType,
    supplier::{self, Contract, RelationshipStatus, Supplier},
};

/// Everything that the lines of some suppliers follow from.
#[derive(Default)]
pub(super) struct Portion {
    pub(super) suppliers: Vec<Supplier>,
    pub(super) products: Vec<Product>,
    pub(super) assessments: Vec<Assessment>,
    pub(super) decisions: Vec<Decision>,
    pub(super) risks: Vec<Risk>,
    pub(super) reviews: Vec<Review>,
    pub(super) evidence: Vec<Evidence>,
    pub(super) known: BTreeMap<SubjectId, Model>,
    /// Links under which somebody has yet to answer.
    pub(super) links: Vec<respondent_link::Model>,
    /// What is on the list of what is due.
    pub(super) due: Vec<due::Model>,
    /// What of that was let be.
    pub(super) settled: Vec<Settlement>,
    /// Of suppliers that are entered with it: when they were and will be looked at.
    pub(super) looks: BTreeMap<SupplierId, Looks>,
}

impl Portion {
    pub(super) async fn load(reader: &Reader, ids: &[SupplierId]) -> Result<Self, Error> {
        let texts: BTreeSet<String> = ids.iter().map(ToString::to_string).collect();
        let products = reader
            .find::<product::Entity>()
            .filter(product::Column::SupplierId.is_in(ids.iter().cloned()))
            .order_by_asc(product::Column::Id);
        let known = reader.find_with_ourselves::<Entity>().filter(Column::SupplierId.is_in(ids.iter().cloned()));
        let assessments = assessment::live(reader, ids).await?;
        let open = assessments.iter().filter(|assessment| assessment.state.0 == AssessmentState::Open);
        let open: Vec<AssessmentId> = open.map(|assessment| assessment.id.clone()).collect();
        Ok(Self {
            links: respondent_link::unanswered(reader, &open).await?,
            due: due::of_suppliers(reader, ids).await?,
            settled: settlement::of_suppliers(reader, ids).await?,
            suppliers: reader.get_many::<supplier::Entity>(&texts).await?,
            products: reader.all(products).await?,
            assessments,
            decisions: decision::current(reader, ids).await?,
            risks: risk::counting(reader, ids).await?,
            reviews: review::open_of_suppliers(reader, ids).await?,
            evidence: evidence::of_suppliers(reader, ids).await?,
            known: reader.all(known).await?.into_iter().map(|row| (row.subject_id.clone(), row)).collect(),
            looks: BTreeMap::new(),
        })
    }

    /// What differs between what is stored and what follows under this policy.
    pub(super) fn differences(&mut self, reader: &Reader, policy: &Policy) -> Differences {
        let mut found = Differences::default();
        let mut reviews: BTreeMap<SubjectId, Review> =
            std::mem::take(&mut self.reviews).into_iter().map(|review| (review.subject_id.clone(), review)).collect();
        let by_supplier = self.by_supplier();
        let is_new = |line: &Model| !self.known.contains_key(&line.subject_id);
        for supplier in &self.suppliers {
            let mine = by_supplier.get(&supplier.id).cloned().unwrap_or_default();
            let mut ratings = Vec::new();
            for product in &mine.products {
                let mut line = self.line(policy, supplier, Some(product), &mine);
                let review = reviews.remove(&line.subject_id);
                let entered = is_new(&line).then(Looks::default);
                found.steps.push(plan_review(reader, policy, supplier, entered, &mut line, &mine, review));
                ratings.push((product.status.0, line.rating.0));
                if product.rating != line.rating {
                    found.ratings.push((supplier.id.clone(), Some(product.id.clone()), line.rating.0));
                }
                found.lines.push(line);
            }
            let mut line = self.line(policy, supplier, None, &mine);
            let review = reviews.remove(&line.subject_id);
            let entered = is_new(&line).then(|| self.looks.get(&supplier.id).copied().unwrap_or_default());
            found.steps.push(plan_review(reader, policy, supplier, entered, &mut line, &mine, review));
            line.rating = Word(with_products(line.rating.0, ratings));
            line.rating_rank = rank(line.rating.0);
            if supplier.rating != line.rating {
                found.ratings.push((supplier.id.clone(), None, line.rating.0));
            }
            found.lines.push(line);
        }
        found.due =
            due::Changes::between(reader, std::mem::take(&mut self.due), self.due_items(reader, policy, &found));
        found.steps.retain(|step| !step.is_idle());
        // A line that says what it said keeps its time, so that `updated_since` gives only what changed.
        found.lines.retain_mut(|line| {
            let Some(before) = self.known.get(&line.subject_id) else { return true };
            line.updated_at = before.updated_at;
            *line != *before
        });
        let before = found.lines.iter().filter_map(|line| self.known.get(&line.subject_id));
        found.before = before.map(|line| (line.subject_id.clone(), line.clone())).collect();
        found
    }

    /// What is due about these suppliers and their products, by their lines and reviews as they are to be.
    fn due_items(&self, reader: &Reader, policy: &Policy, found: &Differences) -> Vec<due::Wanted> {
        let by_supplier = self.by_supplier();
        let products: BTreeMap<&ProductId, &Product> = self.products.iter().map(|row| (&row.id, row)).collect();
        let suppliers: BTreeMap<&SupplierId, &Supplier> = self.suppliers.iter().map(|row| (&row.id, row)).collect();
        let reviews: BTreeMap<&SubjectId, &Review> =
            found.steps.iter().filter_map(|step| step.after.as_ref()).map(|row| (&row.subject_id, row)).collect();
        let links: Vec<&respondent_link::Model> = self.links.iter().collect();
        let mut items = Vec::new();
        for line in &found.lines {
            let Some(supplier) = suppliers.get(&line.supplier_id) else { continue };
            let mine = by_supplier.get(&line.supplier_id).cloned().unwrap_or_default();
            let id = &line.subject_id;
            let assessments: Vec<&Assessment> =
                mine.assessments.iter().copied().filter(|row| row.subject_id == *id).collect();
            let decisions: Vec<&Decision> =
                mine.decisions.iter().copied().filter(|row| row.subject_id == *id).collect();
            let risks: Vec<&Risk> = mine.risks.iter().copied().filter(|row| row.subject_id == *id).collect();
            let unchecked: Vec<&Evidence> =
                mine.evidence.iter().copied().filter(|row| row.subject_id == *id && row.checked_at.is_none()).collect();
            let about = About {
                supplier,
                product: line.product_id.as_ref().and_then(|id| products.get(id)).copied(),
                subject_id: id,
                is_archived: line.status.0 == RelationshipStatus::Archived,
                in_force: &in_force(&assessments, &decisions),
                assessments: &assessments,
                decisions: &decisions,
                stale_reasons: &line.stale_reasons,
                stale_from: line.stale_from,
                risks: &risks,
                evidence: &evidence::said_last(&mine.evidence, id),
                unchecked: &unchecked,
                links: &links,
                review: reviews.get(id).copied(),
            };
            items.extend(due::wanted(&about, policy, reader.today()));
        }
        due::without_settled(items, &self.settled)
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
        let assessments: Vec<&Assessment> =
            mine.assessments.iter().copied().filter(|assessment| assessment.subject_id == subject_id).collect();
        let decisions: Vec<&Decision> =
            mine.decisions.iter().copied().filter(|decision| decision.subject_id == subject_id).collect();
        let decided = in_force(&assessments, &decisions);
        let mut risks = RiskCounts::default();
        let mut heat: BTreeMap<(i32, i32), i64> = BTreeMap::new();
        for risk in mine.risks.iter().filter(|risk| risk.subject_id == subject_id) {
            *count_of(&mut risks, risk.current_band.0) += 1;
            *heat.entry(risk.current()).or_default() += 1;
        }
        let archived = supplier.status.0 == RelationshipStatus::Archived;
        // What asks for information only says nothing of how sure we are, unless an answer caps the rating.
        let counting: Vec<&Assessment> = decided.iter().copied().filter(|assessment| assessment.counts()).collect();
        let rating = worst(counting.iter().map(|assessment| assessment.rating(policy, supplier.tier.0)));
        // A refusal leaves nothing green, however good the answers were on which it was made.
        let is_refused = decisions.iter().any(|decision| decision.outcome.0 == DecisionOutcome::Refused);
        let rating = if is_refused { worst([rating, Rating::Unassessed]) } else { rating };
        let conditions = decisions
            .iter()
            .flat_map(|decision| decision.conditions.iter())
            .filter(|condition| condition.met_on.is_none())
            .map(|condition| condition.due_on);
        let mut conditions: Vec<Day> = conditions.collect();
        conditions.sort();
        Model {
            organisation_id: supplier.organisation_id.clone(),
            subject_type: Word(if product.is_some() { SubjectType::Product } else { SubjectType::Supplier }),
            supplier_id: supplier.id.clone(),
            product_id: product.map(|product| product.id.clone()),
            supplier_name: supplier.name.clone(),
            name: product.map_or(&supplier.name, |product| &product.name).clone(),
            // A separator below every printable character keeps products right behind their supplier; the id keeps
            // namesakes apart.
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
            frameworks: Json(lowest_by_framework(&decided)),
            coverage: counting.iter().map(|assessment| assessment.coverage.0).min().map(Json),
            knock_outs: Json(decided.iter().flat_map(|assessment| assessment.knock_outs.iter().cloned()).collect()),
            decision: decisions.iter().map(|decision| decision.outcome).max_by_key(|outcome| match outcome.0 {
                DecisionOutcome::Approved => 0,
                DecisionOutcome::ApprovedWithConditions => 1,
                DecisionOutcome::Refused => 2,
            }),
            decision_lapses_on: lapses_on(&decisions),
            stale_reasons: Json(stale_reasons(&decisions, &assessments, policy, supplier.tier.0)),
            stale_from: stale_from(&decisions, &mine.evidence, &subject_id),
            conditions_due_on: Json(conditions),
            open_risks_low: risks.low,
            open_risks_moderate: risks.moderate,
            open_risks_high: risks.high,
            open_risks_extreme: risks.extreme,
            heat: Json(heat.into_iter().map(|((likelihood, impact), count)| (likelihood, impact, count)).collect()),
            next_review_on: None,
            review_key: String::new(),
            next_review_id: None,
            certificates: Json(certificates(&mine.evidence, &subject_id)),
            under_way: Json(
                assessments
                    .iter()
                    .filter(|assessment| {
                        matches!(assessment.state.0, AssessmentState::Open | AssessmentState::Submitted)
                    })
                    .map(|assessment| UnderWay {
                        assessment_id: assessment.id.clone(),
                        questionnaire: assessment.questionnaire.clone(),
                        state: assessment.state.0,
                        evidenced: assessment.evidenced.as_deref().copied(),
                        coverage: assessment.coverage.0,
                    })
                    .collect(),
            ),
            is_ourselves: supplier.is_ourselves,
            updated_at: supplier.updated_at,
            subject_id,
        }
    }
}

/// The assessments whose scores stand: of each questionnaire the approved one, or the refused one where a refusal is the
/// decision in force.
fn in_force<'a>(assessments: &[&'a Assessment], decisions: &[&Decision]) -> Vec<&'a Assessment> {
    let refused: Vec<&Decision> =
        decisions.iter().copied().filter(|decision| decision.outcome.0 == DecisionOutcome::Refused).collect();
    let stands = |assessment: &&&Assessment| match assessment.state.0 {
        AssessmentState::Approved => !refused.iter().any(|decision| decision.questionnaire == assessment.questionnaire),
        AssessmentState::Refused => refused.iter().any(|decision| decision.assessment_id == assessment.id),
        AssessmentState::Open | AssessmentState::Submitted | AssessmentState::Superseded => false,
    };
    assessments.iter().filter(stands).copied().collect()
}

/// What has changed since it was decided; that the same answers rate worse than on that day among it.
fn stale_reasons(decisions: &[&Decision], assessments: &[&Assessment], policy: &Policy, tier: Tier) -> Vec<String> {
    let mut reasons = BTreeSet::new();
    for decision in decisions {
        reasons.extend(decision.stale_reasons.iter().cloned());
        let assessment = assessments.iter().find(|assessment| assessment.id == decision.assessment_id);
        if let (Some(was), Some(assessment)) = (decision.rating, assessment) {
            let is = assessment.rating(policy, tier);
            if is > was.0 {
                reasons.insert(format!("rated {is}, and {} on the day of the decision", was.0));
            }
        }
    }
    reasons.into_iter().collect()
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

/// A supplier's rating: the worst of its own and its active products'.
pub(crate) fn with_products(own: Rating, products: impl IntoIterator<Item = (RelationshipStatus, Rating)>) -> Rating {
    worst(
        products
            .into_iter()
            .filter(|(status, _)| *status == RelationshipStatus::Active)
            .map(|(_, rating)| rating)
            .chain([own]),
    )
}

pub(super) fn rank(rating: Rating) -> i32 {
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

/// The first day on which evidence counts no more that an approval in force rests on: what its answers named, of whomever
/// it is, and what else was valid on its day; unless a later piece of its kind took its place.
fn stale_from(decisions: &[&Decision], evidence: &[&Evidence], subject_id: &SubjectId) -> Option<Day> {
    let approvals = decisions.iter().filter(|decision| decision.outcome.0 != DecisionOutcome::Refused);
    let over = |decision: &&Decision| {
        let decided_on = decision.decided_at.day();
        let expiries = certificates(evidence, subject_id).into_iter().filter_map(|certificate| certificate.expires_on);
        let beside = expiries.filter(|day| *day >= decided_on).map(|day| day.plus_days(1)).min();
        let named = decision.rests_on.iter().flat_map(|ids| ids.iter());
        let named = named.filter_map(|id| evidence::over_from(evidence, id, decided_on)).min();
        [beside, named].into_iter().flatten().min()
    };
    approvals.filter_map(over).min()
}

/// The last day that these decisions hold together: approvals until the first of them lapses, refusals until the last
/// does.
fn lapses_on(decisions: &[&Decision]) -> Option<Day> {
    let refusals: Vec<Option<Day>> = decisions
        .iter()
        .filter(|decision| decision.outcome.0 == DecisionOutcome::Refused)
        .map(|decision| decision.lapses_on)
        .collect();
    if refusals.is_empty() {
        return decisions.iter().filter_map(|decision| decision.lapses_on).min();
    }
    refusals.into_iter().collect::<Option<Vec<Day>>>()?.into_iter().max()
}

/// What was said last of each kind, in short.
fn certificates(evidence: &[&Evidence], subject_id: &SubjectId) -> Vec<Certificate> {
    let short = |piece: &Evidence| Certificate {
        kind: piece.kind.0,
        reference: piece.reference.clone(),
        statement: piece.statement.clone(),
        expires_on: piece.ends_on,
        ends_because: piece.ends_because.0,
    };
    evidence::said_last(evidence, subject_id).into_iter().map(short).collect()
}

/// What a contract asks for: a look by the last day on which one can say that one leaves, which without a notice is its
/// last day.
fn contract_ask(contract: &Contract, today: Day) -> Option<Ask> {
    let ends_on = contract.ends_on(today)?;
    let (due_on, detail) = match contract.notice_by(today) {
        Some(day) => (
            day,
            format!(
                "contract {}: the last day of notice before it ends on {}",
                contract.reference,
                ends_on.date().format("%-d %B %Y")
            ),
        ),
        None => (ends_on, format!("contract {} ends", contract.reference)),
    };
    Some(Ask {
        key: format!("contract {} {due_on}", contract.reference),
        trigger: Trigger { kind: TriggerKind::Contract, due_on, detail },
    })
}

fn plan_review(
    reader: &Reader,
    policy: &Policy,
    supplier: &Supplier,
    entered: Option<Looks>,
    line: &mut Model,
    mine: &Mine<'_>,
    review: Option<Review>,
) -> Step {
    let mut asks: Vec<Ask> = certificates(&mine.evidence, &line.subject_id)
        .into_iter()
        .filter_map(|certificate| {
            let (due_on, kind) = (certificate.expires_on?, certificate.kind);
            Some(Ask {
                key: format!("evidence {} {due_on}", word(&kind)),
                trigger: Trigger {
                    kind: TriggerKind::EvidenceExpiry,
                    due_on,
                    detail: format!("{} expires", kind.title()),
                },
            })
        })
        .collect();
    if line.product_id.is_none() {
        asks.extend(supplier.contracts.iter().filter_map(|contract| contract_ask(contract, reader.today())));
    }
    let wanted = Wanted {
        supplier_id: &line.supplier_id,
        product_id: line.product_id.as_ref(),
        archived: line.status.0 == RelationshipStatus::Archived,
        cadence_months: policy.cadence_months.months(line.tier.0),
        tier: line.tier.0,
        is_new: entered.is_some(),
        asks,
        looks: entered.unwrap_or_default(),
    };
    let step = review::plan(reader, &wanted, review);
    // What is archived is not looked at again until it is restored.
    let review = step.after.as_ref().filter(|review| review.state.0 == ReviewState::Open);
    line.next_review_on = review.map(|review| review.due_on);
    line.next_review_id = review.map(|review| review.id.clone());
    line.review_key = line.next_review_on.map_or_else(|| END_OF_TIME.to_owned(), |day| day.to_string());
    step
}

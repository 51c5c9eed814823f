//! What is due about one supplier or product, from everything that it follows from.

use std::collections::{BTreeMap, BTreeSet};

use super::{DueKind, Model, rank, settlement::Settlement};
use crate::{
    assessment::{Assessment, AssessmentState},
    clock::Day,
    decision::{Decision, DecisionOutcome},
    evidence::Evidence,
    id::{ProductId, SubjectId, SupplierId},
    policy::{NcscDue, Policy},
    product::{AiFeatures, Product},
    respondent_link,
    review::{Review, ReviewState},
    risk::Risk,
    scope::Reader,
    stored::{Word, word},
    supplier::{Contract, RelationshipStatus, Supplier},
};
use diligence_questionnaires::{EvidenceKind, Tier, library};

/// How many days there are to profile a supplier, or to say whether there is AI in a product.
const TO_BE_SAID: i64 = 30;
/// How many days a reviewer has for submitted answers.
const TO_REVIEW: i64 = 14;
/// How many days there are to accept what a respondent sent, or to delete it.
const TO_CHECK: i64 = 14;

/// Everything that is known about one supplier or product.
pub(crate) struct About<'a> {
    pub(crate) supplier: &'a Supplier,
    pub(crate) product: Option<&'a Product>,
    pub(crate) subject_id: &'a SubjectId,
    pub(crate) is_archived: bool,
    /// Those whose scores stand.
    pub(crate) in_force: &'a [&'a Assessment],
    /// All that are about it and live.
    pub(crate) assessments: &'a [&'a Assessment],
    /// Those in force.
    pub(crate) decisions: &'a [&'a Decision],
    /// What has changed since they were made, and from which day on it does.
    pub(crate) stale_reasons: &'a [String],
    pub(crate) stale_from: Option<Day>,
    pub(crate) risks: &'a [&'a Risk],
    /// Of each kind of evidence, what was said last.
    pub(crate) evidence: &'a [&'a Evidence],
    /// What a respondent sent and nobody has accepted.
    pub(crate) unchecked: &'a [&'a Evidence],
    pub(crate) links: &'a [&'a respondent_link::Model],
    pub(crate) review: Option<&'a Review>,
}

/// An item as it follows.
pub(crate) struct Wanted {
    pub(crate) key: String,
    kind: DueKind,
    subject_id: Option<SubjectId>,
    supplier_id: Option<SupplierId>,
    product_id: Option<ProductId>,
    called: Option<String>,
    source_id: String,
    /// The day; where it follows from no day, the one on which it came onto the list.
    due_on: Option<Day>,
    why: String,
    owner: Option<String>,
}

impl Wanted {
    /// The row that says this, in the place of the one there is.
    pub(super) fn into_row(self, reader: &Reader, before: Option<&Model>) -> Model {
        let Self { key, kind, subject_id, supplier_id, product_id, called, source_id, due_on, why, owner } = self;
        let mut after = Model {
            id: before.map_or_else(|| reader.new_id(), |row| row.id.clone()),
            organisation_id: reader.scope().organisation_id.clone(),
            item_key: key,
            kind: Word(kind),
            kind_rank: rank(kind),
            subject_id,
            supplier_id,
            product_id,
            called,
            source_id,
            due_on: due_on.or(before.map(|row| row.due_on)).unwrap_or_else(|| reader.today()),
            why,
            owner,
            created_at: before.map_or_else(|| reader.now(), |row| row.created_at),
            updated_at: before.map_or_else(|| reader.now(), |row| row.updated_at),
        };
        if before.is_some_and(|before| *before != after) {
            after.updated_at = reader.now();
        }
        after
    }

    /// Something that is due about our own house. It is the administrators'.
    pub(super) fn of_house(
        kind: DueKind,
        source_id: String,
        part: &str,
        called: String,
        due_on: Option<Day>,
        why: String,
    ) -> Self {
        Self {
            key: key(kind, &source_id, part),
            kind,
            subject_id: None,
            supplier_id: None,
            product_id: None,
            called: Some(called),
            source_id,
            due_on,
            why,
            owner: None,
        }
    }
}

/// By what an item is known: what it follows from, and which part of that.
pub(super) fn key(kind: DueKind, source_id: &str, part: &str) -> String {
    format!("{} {source_id} {part}", word(&kind)).trim_end().to_owned()
}

/// Which of several of what it follows from an item is about: the number at the end of its key.
pub(super) fn number(item: &Model) -> Option<u32> {
    item.item_key.rsplit(' ').next()?.parse().ok()
}

/// What is due, without what somebody has settled: whatever was settled comes back where its day is another.
pub(crate) fn without_settled(items: Vec<Wanted>, settled: &[Settlement]) -> Vec<Wanted> {
    let mut days: BTreeMap<&str, BTreeSet<Day>> = BTreeMap::new();
    for settlement in settled {
        days.entry(settlement.item_key.as_str()).or_default().insert(settlement.due_on);
    }
    let is_due = |item: &Wanted| {
        !days.get(item.key.as_str()).is_some_and(|days| item.due_on.is_none_or(|day| days.contains(&day)))
    };
    items.into_iter().filter(is_due).collect()
}

/// A contract that ends, or goes on by itself.
pub(super) struct Ending<'a> {
    /// Its place among the supplier's contracts.
    pub(super) place: usize,
    pub(super) contract: &'a Contract,
    /// The last day of the term that runs.
    pub(super) ends_on: Day,
    /// What its items' keys say of it.
    pub(super) part: String,
}

/// The contracts that end or go on by themselves. Those that are called alike and end on one day are told apart.
pub(super) fn endings(contracts: &[Contract], today: Day) -> Vec<Ending<'_>> {
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    let mut all = Vec::new();
    for (place, contract) in contracts.iter().enumerate() {
        let Some(ends_on) = contract.ends_on(today) else { continue };
        let part = format!("{} {ends_on}", contract.reference);
        let count = seen.entry(part.clone()).or_default();
        *count += 1;
        let part = if *count > 1 { format!("{part} {count}") } else { part };
        all.push(Ending { place, contract, ends_on, part });
    }
    all
}

/// What is due about a supplier or product; nothing about one that is archived.
pub(crate) fn wanted(about: &About<'_>, policy: &Policy, today: Day) -> Vec<Wanted> {
    if about.is_archived {
        return Vec::new();
    }
    let mut items = Items { about, items: Vec::new() };
    items.of_review();
    items.of_profile();
    items.of_contracts(today);
    items.of_ourselves(policy.ncsc_due.0);
    items.of_evidence(policy.ncsc_due.0);
    items.of_decisions();
    items.of_risks();
    items.of_assessments();
    items.items
}

/// A day as people write it: `3 March 2027`.
fn said(day: Day) -> String {
    day.date().format("%-d %B %Y").to_string()
}

/// What a questionnaire is called: a built-in one by its title, another by its key in words.
fn called(key: &str) -> String {
    library::edition(key, None).map_or_else(|| key.replace('-', " "), |edition| edition.title.clone())
}

struct Items<'a> {
    about: &'a About<'a>,
    items: Vec<Wanted>,
}

impl Items<'_> {
    fn add(&mut self, kind: DueKind, source_id: &str, part: &str, due_on: Option<Day>, why: String) {
        let owner = self.about.supplier.relationship_owner.clone();
        self.add_for(kind, source_id, part, due_on, why, owner);
    }

    fn add_for(
        &mut self,
        kind: DueKind,
        source_id: &str,
        part: &str,
        due_on: Option<Day>,
        why: String,
        owner: Option<String>,
    ) {
        let About { supplier, product, subject_id, .. } = self.about;
        self.items.push(Wanted {
            key: key(kind, source_id, part),
            kind,
            subject_id: Some((*subject_id).clone()),
            supplier_id: Some(supplier.id.clone()),
            product_id: product.map(|product| product.id.clone()),
            called: None,
            source_id: source_id.to_owned(),
            due_on,
            why,
            owner,
        });
    }

    fn of_review(&mut self) {
        if let Some(review) = self.about.review.filter(|review| review.state.0 == ReviewState::Open) {
            self.add(DueKind::Review, review.id.as_str(), "", Some(review.due_on), review.reason_detail.clone());
        }
    }

    /// What nobody has said yet.
    fn of_profile(&mut self) {
        let About { supplier, product, subject_id, .. } = self.about;
        let id = subject_id.as_str().to_owned();
        match product {
            None if supplier.tier.0 == Tier::Unknown => {
                let due_on = supplier.created_at.day().plus_days(TO_BE_SAID);
                let why = "nobody has said how much depends on it".to_owned();
                self.add(DueKind::ProfileUnknown, &id, "", Some(due_on), why);
            }
            Some(product) if product.ai_features.0 == AiFeatures::Unknown => {
                let due_on = product.created_at.day().plus_days(TO_BE_SAID);
                self.add(DueKind::AiUnknown, &id, "", Some(due_on), "nobody has said whether there is AI in it".into());
            }
            _ => {}
        }
        let (status, created_at) =
            product.map_or((supplier.status.0, supplier.created_at), |product| (product.status.0, product.created_at));
        let asks = match (supplier.tier.0, product) {
            // What is in a product without AI is asked of its supplier.
            (_, Some(product)) if matches!(product.ai_features.0, AiFeatures::None | AiFeatures::Unknown) => None,
            (Tier::Critical, _) => Some(30),
            (Tier::High, _) => Some(60),
            (Tier::Medium, _) => Some(90),
            (Tier::Unknown | Tier::Low, _) => None,
        };
        if let Some(days) = asks
            && self.about.in_force.is_empty()
            && matches!(status, RelationshipStatus::Active | RelationshipStatus::Prospective)
        {
            let why = format!("its tier is {}, and it was never assessed", supplier.tier.0);
            self.add(DueKind::NeverAssessed, &id, "", Some(created_at.day().plus_days(days)), why);
        }
    }

    fn of_contracts(&mut self, today: Day) {
        let About { supplier, product, .. } = self.about;
        if product.is_some() {
            return;
        }
        for Ending { contract, ends_on, part, .. } in endings(&supplier.contracts, today) {
            let renews = contract.renews_for_months;
            if let Some(notice_by) =
                contract.notice_by(today).filter(|_| supplier.status.0 != RelationshipStatus::Exiting)
            {
                let then = match renews {
                    Some(months) => format!("it goes on for {months} months from {}", said(ends_on)),
                    None => format!("it ends on {}", said(ends_on)),
                };
                let why = format!("contract {}: the last day of notice; {then}", contract.reference);
                self.add(DueKind::ContractNotice, supplier.id.as_str(), &part, Some(notice_by), why);
            }
            let why = match renews {
                Some(months) => format!("contract {} goes on for {months} months", contract.reference),
                None => format!("contract {} ends", contract.reference),
            };
            self.add(DueKind::ContractEnd, supplier.id.as_str(), &part, Some(ends_on), why);
        }
    }

    /// What the policy asks of our own house: a check, and an exercise, every so many months.
    fn of_ourselves(&mut self, asked: NcscDue) {
        let About { supplier, evidence, .. } = self.about;
        if !supplier.is_ourselves {
            return;
        }
        let kinds = [
            (DueKind::SecurityCheck, EvidenceKind::SecurityCheck, asked.security_check_months, "checked"),
            (DueKind::Exercise, EvidenceKind::IncidentExercise, asked.exercise_months, "practised"),
        ];
        for (kind, shown_by, months, done) in kinds {
            let Some(months) = months else { continue };
            let last = evidence.iter().find(|piece| piece.kind.0 == shown_by).and_then(|piece| piece.issued_on);
            let (due_on, why) = match last {
                Some(day) => {
                    (day.plus_months(months), format!("last {done} on {}: again within {months} months", said(day)))
                }
                None => (supplier.created_at.day().plus_days(TO_BE_SAID), format!("never {done} yet")),
            };
            self.add(kind, supplier.id.as_str(), "", Some(due_on), why);
        }
    }

    fn of_evidence(&mut self, asked: NcscDue) {
        for piece in self.about.evidence {
            // Of our own house that is asked for as such.
            let is_asked = asked.security_check_months.is_some() && piece.kind.0 == EvidenceKind::SecurityCheck;
            if self.about.supplier.is_ourselves && is_asked {
                continue;
            }
            let (id, title) = (piece.id.as_str(), piece.kind.title());
            if let Some(day) = piece.ends_on {
                let why = if piece.is_unmet() {
                    format!("{title}: {}", piece.statement.as_deref().unwrap_or_default())
                } else {
                    format!("{title} expires")
                };
                self.add(DueKind::EvidenceExpiry, id, "", Some(day), why);
            } else if piece.is_undated() {
                let why = format!("{title} says no day, and counts for nothing until it does");
                self.add(DueKind::EvidenceExpiry, id, "undated", None, why);
            }
        }
        for piece in self.about.unchecked {
            let due_on = piece.created_at.day().plus_days(TO_CHECK);
            let why = format!("{} was sent, and counts for nothing until it is accepted", piece.kind.title());
            self.add(DueKind::EvidenceToCheck, piece.id.as_str(), "", Some(due_on), why);
        }
    }

    fn of_decisions(&mut self) {
        let About { supplier, product, decisions, stale_reasons, stale_from, .. } = self.about;
        let status = product.map_or(supplier.status.0, |product| product.status.0);
        for decision in *decisions {
            let id = decision.id.as_str();
            if decision.outcome.0 == DecisionOutcome::Refused {
                if status == RelationshipStatus::Active && supplier.status.0 != RelationshipStatus::Exiting {
                    let why = "it was refused and is in use".to_owned();
                    self.add(DueKind::RefusedInUse, id, "", Some(decision.decided_at.day()), why);
                }
                continue;
            }
            if let Some(day) = decision.lapses_on {
                self.add(DueKind::DecisionLapse, id, "", Some(day), "the approval lapses".into());
            }
            for condition in decision.conditions.iter().filter(|condition| condition.met_on.is_none()) {
                let (part, owner) = (condition.number.to_string(), Some(condition.owner.clone()));
                let why = format!("condition: {}", condition.text);
                self.add_for(DueKind::Condition, id, &part, Some(condition.due_on), why, owner);
            }
        }
        let approvals = decisions.iter().filter(|decision| decision.outcome.0 != DecisionOutcome::Refused);
        let Some(last) = approvals.max_by_key(|decision| decision.decided_at) else { return };
        if !stale_reasons.is_empty() {
            let since = decisions.iter().filter_map(|decision| decision.stale_since).min().map(|at| at.day());
            self.add(DueKind::DecisionStale, last.id.as_str(), "", since, stale_reasons.join("; "));
        } else if let Some(day) = stale_from {
            let why = "evidence that it rests on no longer counts".to_owned();
            self.add(DueKind::DecisionStale, last.id.as_str(), "evidence", Some(*day), why);
        }
    }

    fn of_risks(&mut self) {
        for risk in self.about.risks {
            let id = risk.id.as_str();
            let owner = risk.owner.clone().or_else(|| self.about.supplier.relationship_owner.clone());
            if let Some(day) = risk.acceptance_expires_on {
                let why = format!("the agreement to live with it ends: {}", risk.title);
                self.add_for(DueKind::AcceptanceLapse, id, "", Some(day), why, owner.clone());
            }
            for (number, action) in (1..).zip(risk.actions.iter()).filter(|(_, action)| action.done_on.is_none()) {
                if let Some(day) = action.due_on {
                    let owner = action.owner.clone().or_else(|| owner.clone());
                    let why = format!("{} (risk: {})", action.title, risk.title);
                    self.add_for(DueKind::Action, id, &number.to_string(), Some(day), why, owner);
                }
            }
        }
    }

    fn of_assessments(&mut self) {
        for assessment in self.about.assessments {
            let id = assessment.id.as_str();
            match (assessment.state.0, assessment.submitted_at) {
                (AssessmentState::Submitted, Some(at)) => {
                    let why = format!("answers to {} wait for a reviewer", called(&assessment.questionnaire));
                    self.add(DueKind::AnswersToReview, id, "", Some(at.day().plus_days(TO_REVIEW)), why);
                }
                (AssessmentState::Open, _) => {
                    let links = self.about.links.iter().filter(|link| link.assessment_id == assessment.id);
                    let asked = links.map(|link| (link.due_on.unwrap_or(link.expires_on), link.contact_name.clone()));
                    if let Some((day, contact)) = asked.min() {
                        let why =
                            format!("{contact} was asked {} and has not answered", called(&assessment.questionnaire));
                        self.add(DueKind::Unanswered, id, "", Some(day), why);
                    }
                }
                _ => {}
            }
        }
    }
}

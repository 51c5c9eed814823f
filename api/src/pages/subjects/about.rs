//! A supplier, and a product: everything that is known of one, on one page.

use std::collections::BTreeMap;

use diligence_entities::{
    assessment::{self, Assessment, AssessmentFilter},
    clock::Day,
    decision::{self, Decision, DecisionFilter, DecisionOutcome},
    dependency::{self, Dependency, DependencyFilter},
    due::{
        self, DueFilter, DueItem, DueState,
        settlement::{self, Settlement, SettlementFilter},
    },
    error::Error,
    evidence::{self, Evidence, EvidenceFilter},
    id::SubjectId,
    incident::{self, Incident, IncidentFilter},
    questionnaire,
    register::{self, RegisterEntry},
    review::{self, Review, ReviewFilter},
    risk::{self, Risk, RiskFilter, RiskSort},
    scope::Reader,
};
use diligence_questionnaires::Score;
use poem::Request;

use super::trend::{self, Trend};
use crate::pages::{due_href, due_task, form::parameter, format, labels::Labelled as _, page::Refusal};

/// How many of each sort are shown; there are rarely more, and the CSV has all.
const SHOWN: u64 = 100;

/// How many records of what was settled are shown.
const SHOWN_SETTLED: u64 = 10;

/// What hangs on a supplier or product.
pub(in crate::pages) struct About {
    pub(in crate::pages) today: Day,
    pub(in crate::pages) line: RegisterEntry,
    pub(in crate::pages) due: Vec<DueItem>,
    pub(in crate::pages) settled: Vec<Settlement>,
    pub(in crate::pages) assessments: Vec<Assessment>,
    pub(in crate::pages) decisions: Vec<Decision>,
    pub(in crate::pages) evidence: Vec<Evidence>,
    pub(in crate::pages) risks: Vec<Risk>,
    pub(in crate::pages) reviews: Vec<Review>,
    pub(in crate::pages) incidents: Vec<Incident>,
    pub(in crate::pages) rests_on: Vec<Dependency>,
    pub(in crate::pages) carries: Vec<Dependency>,
    pub(in crate::pages) names: BTreeMap<SubjectId, String>,
    pub(in crate::pages) titles: BTreeMap<String, String>,
    /// The products in use that a supplier's rating follows from.
    pub(in crate::pages) rated_by: Vec<RegisterEntry>,
    /// Whether nobody has said how much depends on it.
    pub(in crate::pages) is_unprofiled: bool,
    /// Whether it is our own house, of which no products and dependencies are kept.
    pub(in crate::pages) is_ourselves: bool,
    /// What has just been done; may be empty.
    pub(in crate::pages) notice: &'static str,
}

/// What is said of something that was entered a moment ago.
pub(in crate::pages) const NEW: &str = "is in the register.";

impl About {
    pub(in crate::pages) async fn read(request: &Request, reader: &Reader, id: &SubjectId) -> Result<Self, Refusal> {
        let (subject_id, limit) = (Some(id.clone()), Some(SHOWN));
        let mut lines = register::lines(reader, [id.clone()]).await?;
        let line = lines.remove(id).ok_or(Error::NotFound)?;
        let rests_on = dependency::list(
            reader,
            &DependencyFilter { subject_id: subject_id.clone(), limit, ..DependencyFilter::default() },
        )
        .await?
        .items;
        let carries = dependency::list(
            reader,
            &DependencyFilter { rests_on_id: subject_id.clone(), limit, ..DependencyFilter::default() },
        )
        .await?
        .items;
        let others = rests_on
            .iter()
            .map(|dependency| dependency.rests_on_id.clone())
            .chain(carries.iter().map(|dependency| dependency.subject_id.clone()));
        let names =
            register::lines(reader, others).await?.into_iter().map(|(id, line)| (id, format::subject(&line))).collect();
        let assessments = assessment::list(
            reader,
            &AssessmentFilter { subject_id: subject_id.clone(), limit, ..AssessmentFilter::default() },
        )
        .await?
        .items;
        let current = DecisionFilter {
            subject_id: subject_id.clone(),
            superseded: Some(false),
            limit,
            ..DecisionFilter::default()
        };
        let decisions = decision::list(reader, &current).await?.items;
        let asked = assessments
            .iter()
            .map(|assessment| assessment.questionnaire.clone())
            .chain(decisions.iter().map(|decision| decision.questionnaire.clone()));
        let listed = DueFilter { subject_id: subject_id.clone(), limit, ..DueFilter::default() };
        let settled = SettlementFilter {
            subject_id: subject_id.clone(),
            limit: Some(SHOWN_SETTLED),
            ..SettlementFilter::default()
        };
        Ok(Self {
            today: reader.today(),
            line,
            due: due::list(reader, &listed).await?.items,
            settled: settlement::list(reader, &settled).await?.items,
            titles: questionnaire::titles(reader, asked).await?,
            assessments,
            decisions,
            evidence: evidence::list(
                reader,
                &EvidenceFilter { subject_id: subject_id.clone(), limit, ..EvidenceFilter::default() },
            )
            .await?
            .items,
            risks: risk::list(
                reader,
                &RiskFilter {
                    subject_id: subject_id.clone(),
                    sort: Some(RiskSort::CurrentDescending),
                    limit,
                    ..RiskFilter::default()
                },
            )
            .await?
            .items,
            reviews: review::list(
                reader,
                &ReviewFilter { subject_id: subject_id.clone(), limit, ..ReviewFilter::default() },
            )
            .await?
            .items,
            incidents: incident::list(reader, &IncidentFilter { subject_id, limit, ..IncidentFilter::default() })
                .await?
                .items,
            rests_on,
            carries,
            names,
            rated_by: Vec::new(),
            is_unprofiled: false,
            is_ourselves: false,
            notice: match parameter(request, "notice").as_str() {
                "entered" => NEW,
                "changed" => "is changed.",
                _ => "",
            },
        })
    }

    /// Whether it was entered a moment ago.
    pub(in crate::pages) fn is_new(&self) -> bool {
        self.notice == NEW
    }

    /// Whether an assessment was approved with conditions.
    pub(in crate::pages) fn has_conditions(&self, assessment: &Assessment) -> bool {
        self.decisions.iter().any(|decision| {
            decision.assessment_id == assessment.id && decision.outcome.0 == DecisionOutcome::ApprovedWithConditions
        })
    }

    pub(in crate::pages) fn name(&self, id: &SubjectId) -> &str {
        self.names.get(id).map_or("", String::as_str)
    }

    pub(in crate::pages) fn title<'a>(&'a self, questionnaire: &'a str) -> &'a str {
        self.titles.get(questionnaire).map_or(questionnaire, String::as_str)
    }

    /// Until when a piece of evidence counts.
    pub(in crate::pages) fn end(&self, piece: &Evidence) -> String {
        format::evidence_end(piece.ends_on, piece.ends_because.0, self.today)
    }

    /// Whether it does not count any more.
    pub(in crate::pages) fn is_over(&self, piece: &Evidence) -> bool {
        piece.ends_on.is_some_and(|last| last < self.today)
    }

    /// Where something that is due is dealt with.
    pub(in crate::pages) fn due_href(&self, item: &DueItem) -> String {
        due_href(item)
    }

    /// What sort of thing is due.
    pub(in crate::pages) fn due_kind(&self, item: &DueItem) -> &'static str {
        due_task(item)
    }

    pub(in crate::pages) fn is_late(&self, item: &DueItem) -> bool {
        item.state == DueState::Overdue
    }

    /// What was done about something that was due.
    pub(in crate::pages) fn settled_how(&self, settlement: &Settlement) -> &'static str {
        settlement.choice.0.label()
    }

    pub(in crate::pages) fn has_passed(&self, day: &Day) -> bool {
        *day < self.today
    }

    /// Whether one of its conditions is not met.
    pub(in crate::pages) fn has_open(&self, decision: &Decision) -> bool {
        self.line.open_condition_count > 0 && decision.conditions.iter().any(|condition| condition.met_on.is_none())
    }

    /// How its scores went, by questionnaire.
    pub(in crate::pages) fn trends(&self) -> Vec<Trend> {
        trend::trends(&self.assessments, &self.titles)
    }

    pub(in crate::pages) fn claimed(&self, assessment: &Assessment) -> Option<Score> {
        assessment.claimed.as_deref().copied()
    }

    pub(in crate::pages) fn evidenced(&self, assessment: &Assessment) -> Option<Score> {
        assessment.evidenced.as_deref().copied()
    }
}

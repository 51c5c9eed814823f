//! Where one lands: what needs someone today, and then the picture.

use askama::Template;
use diligence_entities::{
    assessment::{self, AssessmentFilter, AssessmentState},
    decision::{self, Decision, DecisionFilter},
    evidence::{self, EvidenceFilter},
    id::SubjectId,
    questionnaire,
    register::{self, RegisterEntry, RegisterFilter, RiskCounts, Summary},
    review::{self, ReviewFilter},
    risk::{self, RiskFilter},
    role::Role,
    sample,
    session::Method,
    sign_in_policy::MfaRule,
    user,
};
use poem::http::StatusCode;

use super::{
    account,
    form::Form,
    format,
    page::{Frame, PageResult, html, request_id},
    routes::Routes,
    sign_in::SignedIn,
    signed_in::{Page, Proven},
};
use crate::auth::{Viewer, store_of};

/// The routes of these pages.
pub(super) fn routes(routes: Routes) -> Routes {
    routes.get("/", show).post("/sample", look_around)
}

/// How many lines of each sort are shown; the list itself has the rest.
const SHOWN: u64 = 6;
/// How far ahead one looks, in days.
const AHEAD: i64 = 30;

/// Something that waits for someone.
struct Task {
    href: String,
    name: String,
    why: String,
    is_late: bool,
}

/// Tasks of one sort.
struct Tasks {
    title: &'static str,
    /// Where all of them are; empty where no list has just them.
    all: String,
    has_more: bool,
    tasks: Vec<Task>,
}

#[derive(Template)]
#[template(path = "home/show.html")]
struct HomePage<'a> {
    frame: Frame,
    here: &'a SignedIn,
    is_mfa_recommended: bool,
    groups: Vec<Tasks>,
    summary: Summary,
    heat: Vec<HeatRow>,
}

/// A row of the heat map: a likelihood, and its cells by impact.
pub(super) struct HeatRow {
    pub(super) name: &'static str,
    pub(super) cells: Vec<register::HeatCell>,
}

/// How likely something is, in words; and how bad.
pub(super) const LIKELIHOODS: [&str; 5] = ["Rare", "Unlikely", "Possible", "Likely", "Almost certain"];
pub(super) const IMPACTS: [&str; 5] = ["Negligible", "Minor", "Moderate", "Major", "Catastrophic"];

/// The heat map, the likeliest at the top.
pub(super) fn heat_rows(cells: &[register::HeatCell]) -> Vec<HeatRow> {
    let row = |(index, name): (usize, &'static str)| {
        let likelihood = i32::try_from(index + 1).unwrap_or_default();
        HeatRow { name, cells: cells.iter().filter(|cell| cell.likelihood == likelihood).copied().collect() }
    };
    LIKELIHOODS.into_iter().enumerate().map(row).rev().collect()
}

/// Everything that one's role lets one do something about, the most pressing first.
pub(super) async fn show(who: Page<Viewer>) -> PageResult {
    let (request, here) = who.parts();
    let reader = here.read(request).await?;
    let today = reader.today();
    let soon = today.plus_days(AHEAD);
    let limit = Some(SHOWN + 1);

    let reviews =
        review::list(&reader, &ReviewFilter { due_before: Some(soon.plus_days(1)), limit, ..ReviewFilter::default() })
            .await?
            .items;
    let submitted = assessment::list(
        &reader,
        &AssessmentFilter { state: Some(AssessmentState::Submitted), limit, ..AssessmentFilter::default() },
    )
    .await?
    .items;
    let lapsing = decision::list(
        &reader,
        &DecisionFilter {
            superseded: Some(false),
            lapses_before: Some(soon.plus_days(1)),
            limit,
            ..DecisionFilter::default()
        },
    )
    .await?
    .items;
    let stale =
        register::list(&reader, &RegisterFilter { stale: Some(true), limit, ..RegisterFilter::default() }).await?.items;
    let accepted = risk::list(
        &reader,
        &RiskFilter { acceptance_expires_before: Some(soon.plus_days(1)), limit, ..RiskFilter::default() },
    )
    .await?
    .items;
    let expiring = EvidenceFilter {
        valid_on: Some(today),
        expires_before: Some(soon.plus_days(1)),
        limit: Some(200),
        ..EvidenceFilter::default()
    };
    let mut expiring = evidence::list(&reader, &expiring).await?.items;
    expiring.sort_by_key(|evidence| evidence.expires_on);
    let conditions = register::with_conditions_due(&reader, soon.plus_days(1), SHOWN + 1).await?;
    let decided =
        decision::in_force(&reader, stale.iter().chain(&conditions).map(|line| line.subject_id.clone())).await?;
    let summary = register::summary(&reader).await?;

    let ids = reviews
        .iter()
        .map(|review| &review.subject_id)
        .chain(submitted.iter().map(|assessment| &assessment.subject_id));
    let ids = ids
        .chain(lapsing.iter().map(|decision| &decision.subject_id))
        .chain(accepted.iter().map(|risk| &risk.subject_id));
    let ids: Vec<SubjectId> = ids.chain(expiring.iter().map(|evidence| &evidence.subject_id)).cloned().collect();
    let titles =
        questionnaire::titles(&reader, submitted.iter().map(|assessment| assessment.questionnaire.clone())).await?;
    let lines = register::lines(&reader, ids).await?;
    let name = |id: &SubjectId| {
        lines
            .get(id)
            .or_else(|| stale.iter().chain(&conditions).find(|line| line.subject_id == *id))
            .map(format::subject)
            .unwrap_or_default()
    };
    let on = |day| format::relative_day(day, today);

    let mut groups = Vec::new();
    let mut group = |title, all: &str, mut tasks: Vec<Task>| {
        let has_more = tasks.len() as u64 > SHOWN;
        tasks.truncate(usize::try_from(SHOWN).unwrap_or(usize::MAX));
        if !tasks.is_empty() {
            groups.push(Tasks { title, all: all.to_owned(), has_more, tasks });
        }
    };
    let at = |href: String, id: &SubjectId, why: String, is_late: bool| Task { href, name: name(id), why, is_late };
    let task = |id: &SubjectId, why: String, is_late: bool| at(format::subject_href(id), id, why, is_late);
    let decision_href = |decision: &Decision| format!("/decisions/{}", decision.id);
    group(
        "Reviews that are due",
        "/reviews",
        reviews
            .iter()
            .map(|review| {
                task(
                    &review.subject_id,
                    format!("{}: {}", on(review.due_on), format::without_underscores(&review.reason_detail)),
                    review.due_on < today,
                )
            })
            .collect(),
    );
    group(
        "Answers to review",
        "/assessments?state=submitted",
        submitted
            .iter()
            .map(|assessment| {
                let by = assessment.submitted_by.as_deref().unwrap_or("someone");
                let when = assessment.submitted_at.map(|at| on(at.day())).unwrap_or_default();
                let title = titles.get(&assessment.questionnaire).unwrap_or(&assessment.questionnaire);
                at(
                    format!("/assessments/{}/review", assessment.id),
                    &assessment.subject_id,
                    format!("{title}, submitted {when} by {by}"),
                    false,
                )
            })
            .collect(),
    );
    // The decision that says why; where evidence has expired since, any that is in force.
    let stale_href = |line: &RegisterEntry| {
        let mut of_it = decided.iter().filter(|decision| decision.subject_id == line.subject_id);
        of_it
            .clone()
            .find(|decision| decision.stale_since.is_some())
            .or_else(|| of_it.next())
            .map_or_else(|| format::subject_href(&line.subject_id), decision_href)
    };
    group(
        "Decisions to make again",
        "/register?stale=true",
        stale.iter().map(|line| at(stale_href(line), &line.subject_id, line.stale_reasons.join("; "), true)).collect(),
    );
    let mut due: Vec<_> = decided
        .iter()
        .flat_map(|decision| decision.conditions.iter().map(move |condition| (decision, condition)))
        .collect();
    due.retain(|(_, condition)| condition.met_on.is_none() && condition.due_on <= soon);
    due.sort_by_key(|(_, condition)| condition.due_on);
    group(
        "Conditions to be met",
        "/decisions?superseded=false&outcome=approved_with_conditions",
        due.iter()
            .map(|(decision, condition)| {
                let why = format!("{} ({}), {}", condition.text, condition.owner, on(condition.due_on));
                at(decision_href(decision), &decision.subject_id, why, condition.due_on < today)
            })
            .collect(),
    );
    let lapse_all = format!("/decisions?superseded=false&lapses_before={}", soon.plus_days(1));
    group(
        "Decisions about to lapse",
        &lapse_all,
        lapsing
            .iter()
            .filter_map(|decision| decision.lapses_on.map(|day| (decision, day)))
            .map(|(decision, day)| {
                at(
                    decision_href(decision),
                    &decision.subject_id,
                    format!("{} until {}", format::outcome(decision.outcome.0), format::day(day)),
                    day < today,
                )
            })
            .collect(),
    );
    group(
        "Risks to decide on again",
        "/risks?state=accepted",
        accepted
            .iter()
            .filter_map(|risk| risk.acceptance_expires_on.map(|day| (risk, day)))
            .map(|(risk, day)| Task {
                href: format!("/risks/{}", risk.id),
                name: risk.title.clone(),
                why: format!("{}, accepted until {}", name(&risk.subject_id), format::day(day)),
                is_late: day < today,
            })
            .collect(),
    );
    group(
        "Evidence about to expire",
        "/evidence",
        expiring
            .iter()
            .map(|evidence| {
                task(
                    &evidence.subject_id,
                    format!("{}, {}", evidence.kind.title(), evidence.expires_on.map(on).unwrap_or_default()),
                    false,
                )
            })
            .collect(),
    );
    let is_mfa_recommended = here.current.mfa_rule == MfaRule::Recommended && !here.current.has_mfa;
    let frame = here.frame("Home").at("/");
    Ok(html(
        StatusCode::OK,
        &HomePage { frame, here, is_mfa_recommended, groups, heat: heat_rows(&summary.heat_map), summary },
    )?)
}

/// Goes to one's sample register, which is made if there is none yet.
pub(super) async fn look_around(who: Page<Viewer>, _: Proven<Form>) -> PageResult {
    let (request, here) = who.parts();
    let store = store_of(request)?;
    let own =
        user::me(store, &here.person).await?.organisations.into_iter().find(|organisation| organisation.is_sample);
    let there = match own {
        Some(own) => own.id,
        None => sample::create_own(store, &here.person, request_id(request)).await?.organisation_id,
    };
    account::go_to(request, here, there).await
}

impl HomePage<'_> {
    /// Whether there is nothing in the register yet.
    fn is_empty(&self) -> bool {
        self.summary.supplier_count == 0
    }

    /// Whether a sample register can be had from here.
    fn may_look_around(&self) -> bool {
        !self.here.current.organisation.is_sample && self.here.current.method == Method::Password
    }

    fn may_enter(&self) -> bool {
        self.here.is_at_least(Role::Editor)
    }

    /// The counts of ratings, worst first: key, word, suppliers, products.
    fn ratings(&self) -> Vec<(&'static str, &'static str, i64, i64)> {
        let count = |counts: &std::collections::BTreeMap<String, i64>, key: &str| counts.get(key).copied().unwrap_or(0);
        [
            ("extreme", "Extreme"),
            ("high", "High"),
            ("unassessed", "Unassessed"),
            ("moderate", "Moderate"),
            ("low", "Low"),
        ]
        .into_iter()
        .map(|(key, name)| {
            (key, name, count(&self.summary.suppliers_by_rating, key), count(&self.summary.products_by_rating, key))
        })
        .collect()
    }

    fn tiers(&self) -> Vec<(&'static str, &'static str, i64)> {
        [("critical", "Critical"), ("high", "High"), ("medium", "Medium"), ("low", "Low")]
            .into_iter()
            .map(|(key, name)| (key, name, self.summary.suppliers_by_tier.get(key).copied().unwrap_or(0)))
            .collect()
    }

    fn ai(&self) -> Vec<(&'static str, &'static str, i64)> {
        use diligence_entities::product::AiFeatures;
        [
            ("core", AiFeatures::Core),
            ("embedded", AiFeatures::Embedded),
            ("unknown", AiFeatures::Unknown),
            ("none", AiFeatures::None),
        ]
        .into_iter()
        .map(|(key, features)| {
            (key, format::ai(features), self.summary.products_by_ai_features.get(key).copied().unwrap_or(0))
        })
        .collect()
    }

    fn open_risks(&self) -> i64 {
        let RiskCounts { low, moderate, high, extreme } = self.summary.open_risks;
        low + moderate + high + extreme
    }
}

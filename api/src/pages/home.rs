//! Where one lands: what needs someone today, and then the picture.

use askama::Template;
use diligence_entities::{
    clock::Day,
    due::{self, DueCount, DueFilter, DueItem, DueState},
    ourselves::{self, Ourselves},
    register::{self, RiskCounts, Summary},
    role::Role,
    sample,
    session::Method,
    sign_in_policy::MfaRule,
    user,
};
use poem::http::StatusCode;

use super::{
    account,
    due::{href, name},
    form::Form,
    format,
    labels::Labelled as _,
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
/// What is due of one kind: how many, and the first of them.
struct Tasks {
    counts: DueCount,
    items: Vec<DueItem>,
}

impl Tasks {
    fn count(&self) -> i64 {
        self.counts.overdue + self.counts.due
    }
}

#[derive(Template)]
#[template(path = "home/show.html")]
struct HomePage<'a> {
    frame: Frame,
    here: &'a SignedIn,
    today: Day,
    is_mfa_recommended: bool,
    groups: Vec<Tasks>,
    summary: Summary,
    heat: Vec<HeatRow>,
    ourselves: Ourselves,
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
    let (_, here) = who.parts();
    let reader = who.reader().await?;
    let today = reader.today();
    let mut groups = Vec::new();
    for counts in due::counts(&reader).await?.kinds.into_iter().filter(|counts| counts.overdue + counts.due > 0) {
        let filter = DueFilter {
            kind: Some(counts.kind),
            due_before: Some(today.plus_days(due::HORIZON_DAYS + 1)),
            limit: Some(SHOWN),
            ..DueFilter::default()
        };
        groups.push(Tasks { counts, items: due::list(&reader, &filter).await?.items });
    }
    let summary = register::summary(&reader).await?;
    let ourselves = ourselves::read(&reader).await?;
    let is_mfa_recommended = here.current.mfa_rule == MfaRule::Recommended && !here.current.has_mfa;
    let frame = here.frame("Home").at("/");
    Ok(html(
        StatusCode::OK,
        &HomePage {
            frame,
            here,
            today,
            is_mfa_recommended,
            groups,
            heat: heat_rows(&summary.heat_map),
            summary,
            ourselves,
        },
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

    /// How many things are past their day.
    fn overdue_count(&self) -> i64 {
        self.groups.iter().map(|group| group.counts.overdue).sum()
    }

    /// How many are due within 30 days.
    fn soon_count(&self) -> i64 {
        self.groups.iter().map(|group| group.counts.due).sum()
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
        [("critical", "Critical"), ("high", "High"), ("medium", "Medium"), ("unknown", "Not known yet"), ("low", "Low")]
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
        sum(self.summary.open_risks)
    }

    /// The risks of our own house, which are in no other count.
    fn own_risks(&self) -> i64 {
        sum(self.ourselves.open_risks)
    }
}

fn sum(counts: RiskCounts) -> i64 {
    let RiskCounts { low, moderate, high, extreme } = counts;
    low + moderate + high + extreme
}

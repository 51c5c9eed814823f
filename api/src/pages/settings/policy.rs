//! The policy: from score to rating, what a risk is called, how often to look again, who may decide, how long keys live.

use std::collections::BTreeMap;

use askama::Template;
use diligence_entities::{
    error::Error,
    patch::Change,
    policy::{self, NewPolicy, Policy},
    role::Role,
    stored::word,
    what_if::{AssessmentMove, MoveReason, RatingMove, WhatIf, WhatIfLine, WhatIfSummary},
};
use diligence_questionnaires::Severity;
use poem::{Request, RequestBody, http::StatusCode};
use serde_json::Value;

use super::{Facts, HERE, duties};
use crate::{
    auth::store_of,
    pages::{
        Frame, Refusal, Shown, Wrong, at, faults,
        fields::{Asking, Choices, Field, Filled, Kind, Part, compare, fields, json, misread, placed, sent, stored, typed},
        home::{IMPACTS, LIKELIHOODS},
        html, request_id, see,
        sign_in::Here,
        words,
    },
};

const POLICY: &str = "/settings/policy";
/// How many moves are shown one by one; all are counted.
const SHOWN: usize = 200;

const CELL: Kind = Kind::Must(&[("low", "Low"), ("moderate", "Moderate"), ("high", "High"), ("extreme", "Extreme")]);
const DUTIES: Choices = &[
    ("off", "Nobody is kept from deciding: the same person may answer and decide"),
    ("not_who_answered", "Whoever answered or submitted an assessment does not decide on it"),
    ("not_who_answered_or_reviewed", "Nor does whoever rated its answers"),
];

/// The part that is shown as a table.
const MATRIX: &str = "From band to rating";

const FIELDS: &[Part] = &[
    Part {
        title: "From score to band",
        fields: &[
            Asking("rating.strong_from", "Strong from", "The lowest evidenced score, out of 100, that is strong.", Kind::MustWhole),
            Asking("rating.adequate_from", "Adequate from", "", Kind::MustWhole),
            Asking("rating.weak_from", "Weak from", "Below it, or with a knock-out, a score is poor.", Kind::MustWhole),
            Asking("rating.minimum_coverage", "Least coverage", "With less than this percentage answered, an assessment stays unassessed.", Kind::MustWhole),
        ],
    },
    Part {
        title: MATRIX,
        fields: &[
            Asking("rating.matrix.low.strong", "Low tier, strong", "", CELL),
            Asking("rating.matrix.low.adequate", "Low tier, adequate", "", CELL),
            Asking("rating.matrix.low.weak", "Low tier, weak", "", CELL),
            Asking("rating.matrix.low.poor", "Low tier, poor", "", CELL),
            Asking("rating.matrix.medium.strong", "Medium tier, strong", "", CELL),
            Asking("rating.matrix.medium.adequate", "Medium tier, adequate", "", CELL),
            Asking("rating.matrix.medium.weak", "Medium tier, weak", "", CELL),
            Asking("rating.matrix.medium.poor", "Medium tier, poor", "", CELL),
            Asking("rating.matrix.high.strong", "High tier, strong", "", CELL),
            Asking("rating.matrix.high.adequate", "High tier, adequate", "", CELL),
            Asking("rating.matrix.high.weak", "High tier, weak", "", CELL),
            Asking("rating.matrix.high.poor", "High tier, poor", "", CELL),
            Asking("rating.matrix.critical.strong", "Critical tier, strong", "", CELL),
            Asking("rating.matrix.critical.adequate", "Critical tier, adequate", "", CELL),
            Asking("rating.matrix.critical.weak", "Critical tier, weak", "", CELL),
            Asking("rating.matrix.critical.poor", "Critical tier, poor", "", CELL),
        ],
    },
    Part {
        title: "What a risk is called",
        fields: &[
            Asking("risk_bands.moderate_from", "Moderate from", "Likelihood (1 to 5) times impact (1 to 5): 2 to 25. Below this number a risk is low.", Kind::MustWhole),
            Asking("risk_bands.high_from", "High from", "", Kind::MustWhole),
            Asking("risk_bands.extreme_from", "Extreme from", "", Kind::MustWhole),
        ],
    },
    Part {
        title: "How often to look again, in months",
        fields: &[
            Asking("cadence_months.critical", "Critical tier", "1 to 120 months. What matters more is looked at no less often.", Kind::MustWhole),
            Asking("cadence_months.high", "High tier", "", Kind::MustWhole),
            Asking("cadence_months.medium", "Medium tier", "", Kind::MustWhole),
            Asking("cadence_months.low", "Low tier", "", Kind::MustWhole),
        ],
    },
    Part {
        title: "Who may decide, and how long keys live",
        fields: &[
            Asking(
                "separation_of_duties",
                "Who may not decide on an assessment",
                "An administrator may set it aside for one decision, with a reason that is kept and shown.",
                Kind::Must(DUTIES),
            ),
            Asking(
                "maximum_key_days",
                "How many days a key may live at the most",
                "1 to 3650, or empty for no limit. Keys that are there already stay as they are.",
                Kind::Whole,
            ),
        ],
    },
];

/// One row of the picture of risks: how likely, and what each impact makes of it.
struct BandRow {
    name: &'static str,
    cells: Vec<(i32, Severity)>,
}

fn bands(policy: &Policy) -> Vec<BandRow> {
    let row = |(name, likelihood): (&'static str, i32)| BandRow {
        name,
        cells: (1..=5).map(|impact| (likelihood * impact, policy.risk_bands.0.band(likelihood, impact))).collect(),
    };
    LIKELIHOODS.into_iter().zip([1, 2, 3, 4, 5]).map(row).rev().collect()
}

#[derive(Template)]
#[template(path = "settings_policy.html")]
struct PolicyPage {
    frame: Frame,
    scores: Facts,
    matrix: Vec<(String, Vec<Value>)>,
    bands: Vec<BandRow>,
    others: Facts,
    is_admin: bool,
}

/// The policy as it is.
pub(in crate::pages) async fn show(request: Request, _: RequestBody) -> Shown {
    let here = Here::of(&request).await?;
    let policy = policy::read(&here.read(&request).await?).await?;
    let (rating, months) = (policy.rating.0, policy.cadence_months.0);
    let scores = vec![
        ("Strong", format!("{} to 100", rating.strong_from)),
        ("Adequate", format!("From {}", rating.adequate_from)),
        ("Weak", format!("From {}", rating.weak_from)),
        ("Poor", "Below that, or with a knock-out".into()),
        ("Unassessed", format!("With less than {} % answered", rating.minimum_coverage)),
    ];
    let every = |months: u32| format!("Every {}", words::count(months, "month", "months"));
    let others = vec![
        ("Reviews of critical tier", every(months.critical)),
        ("Reviews of high tier", every(months.high)),
        ("Reviews of medium tier", every(months.medium)),
        ("Reviews of low tier", every(months.low)),
        ("Who may decide", duties(policy.separation_of_duties.0).into()),
        ("Keys live at the most", policy.maximum_key_days.map_or_else(|| "As long as whoever makes them says".into(), |days| words::count(days, "day", "days"))),
    ];
    let present = json(&policy)?;
    let row =
        |tier: &str| (words::plain(&tier), ["strong", "adequate", "weak", "poor"].into_iter().map(|band| present["rating"]["matrix"][tier][band].clone()).collect());
    let matrix = ["critical", "high", "medium", "low"].into_iter().map(row).collect();
    let is_admin = here.is_at_least(Role::Admin);
    Ok(html(StatusCode::OK, &PolicyPage { frame: here.frame("Policy").at(HERE), scores, matrix, bands: bands(&policy), others, is_admin })?)
}

/// What a policy would do.
struct Outcome {
    summary: WhatIfSummary,
    ratings: Vec<RatingMove>,
    assessments: Vec<AssessmentMove>,
}

impl Outcome {
    async fn of(request: &Request, here: &Here, change: Change<NewPolicy>) -> Result<Self, Error> {
        let store = store_of(request).map_err(|_| Error::Busy)?;
        let mut asked = WhatIf::of_policy(store.clone(), here.person.scope(request_id(request)), change).await?;
        let mut outcome = Self { summary: WhatIfSummary::default(), ratings: Vec::new(), assessments: Vec::new() };
        while let Some(lines) = asked.next().await? {
            for line in lines {
                match line {
                    WhatIfLine::Rating(moved) if outcome.ratings.len() < SHOWN => outcome.ratings.push(moved),
                    WhatIfLine::Assessment(moved) if outcome.assessments.len() < SHOWN => outcome.assessments.push(*moved),
                    WhatIfLine::Summary(summary) => outcome.summary = summary,
                    _ => {}
                }
            }
        }
        Ok(outcome)
    }

    /// How many moves are counted and not shown.
    fn ratings_left(&self) -> u64 {
        (self.summary.better_count + self.summary.worse_count).saturating_sub(self.ratings.len() as u64)
    }

    fn assessments_left(&self) -> u64 {
        self.summary.moved_assessment_count.saturating_sub(self.assessments.len() as u64)
    }

    fn is_still(&self) -> bool {
        self.summary.better_count + self.summary.worse_count + self.summary.moved_assessment_count + self.summary.renamed_risk_count == 0
    }

    /// Suppliers and products by rating: how many have it, and how many would.
    fn counts(&self) -> Vec<(&'static str, u64, u64)> {
        let of = |counts: &BTreeMap<String, u64>, rating: &str| counts.get(rating).copied().unwrap_or_default();
        ["extreme", "high", "unassessed", "moderate", "low"]
            .map(|rating| (rating, of(&self.summary.ratings_before, rating), of(&self.summary.ratings_after, rating)))
            .into()
    }

    /// The whole of it in one sentence.
    fn sentence(&self) -> String {
        let WhatIfSummary { better_count, worse_count, moved_assessment_count, renamed_risk_count, assessment_count, .. } = self.summary;
        format!(
            "{} would be rated worse, and {} better. {} of {} would stand elsewhere, and {} would be called something else.",
            words::count(worse_count, "supplier or product", "suppliers and products"),
            better_count,
            moved_assessment_count,
            words::count(assessment_count, "approved assessment", "approved assessments"),
            words::count(renamed_risk_count, "risk", "risks")
        )
    }
}

/// Which rule moves an assessment: `Strong from: 90 in place of 80`.
fn because(reason: &MoveReason) -> String {
    let name = reason.what.replace('/', ".");
    let label = FIELDS
        .iter()
        .flat_map(|part| part.fields)
        .find(|Asking(known, ..)| *known == name)
        .map_or_else(|| words::spoken(&reason.what), |Asking(_, label, ..)| (*label).to_owned());
    format!("{label}: {} in place of {}", reason.after.as_deref().unwrap_or("nothing"), reason.before.as_deref().unwrap_or("nothing"))
}

#[derive(Template)]
#[template(path = "settings_policy_change.html")]
struct ChangePage<'a> {
    frame: Frame,
    csrf: &'a str,
    version: i64,
    wrongs: Vec<Wrong>,
    parts: Vec<Filled>,
    is_stale: bool,
    outcome: Option<Outcome>,
    is_admin: bool,
}

impl ChangePage<'_> {
    fn is_matrix(part: &Filled) -> bool {
        part.title == MATRIX
    }

    /// The rows of the table of ratings: a tier, and its four cells.
    fn rows(&self) -> Vec<(&'static str, &[Field])> {
        let cells = self.parts.iter().find(|part| Self::is_matrix(part)).map_or(&[][..], |part| part.fields.as_slice());
        ["Low", "Medium", "High", "Critical"].into_iter().zip(cells.chunks(4)).rev().collect()
    }
}

/// The form as it is shown.
struct Changing<'a> {
    here: &'a Here,
    version: i64,
}

impl Changing<'_> {
    fn show(self, status: StatusCode, parts: Vec<Filled>, wrongs: Vec<Wrong>, outcome: Option<Outcome>) -> Shown {
        let is_admin = self.here.is_at_least(Role::Admin);
        let is_stale = status == StatusCode::CONFLICT;
        let frame = self.here.frame(if is_admin { "Change the policy" } else { "Try another policy" }).at(HERE);
        Ok(html(status, &ChangePage { frame, csrf: self.here.csrf(), version: self.version, wrongs, parts, is_stale, outcome, is_admin })?)
    }

    fn again(self, parts: Vec<Filled>, error: Error) -> Shown {
        let wrong = wrong(&parts, error)?;
        self.show(StatusCode::UNPROCESSABLE_ENTITY, parts, wrong, None)
    }
}

/// What is wrong with a policy, in the words of this page.
fn wrong(parts: &[Filled], error: Error) -> Result<Vec<Wrong>, Refusal> {
    let plain = |pointer: &str, detail: &str| match pointer {
        "/risk_bands" => "each number must be larger than the one before: moderate, then high, then extreme".to_owned(),
        "/cadence_months" => "what matters more is looked at no less often: critical, high, medium and low in rising order".to_owned(),
        _ => words::spoken(&detail.replace('`', "")),
    };
    let found = faults(error)?;
    Ok(found.iter().map(|fault| Wrong::new(placed(parts, fault).field, plain(&fault.pointer, &fault.detail))).collect())
}

/// What is wrong with a number that is too large or too small to be one of its kind at all.
fn beyond(field: &Field) -> Option<Wrong> {
    let most = if field.key.starts_with("rating.") || field.key.starts_with("risk_bands.") { 100 } else { 3650 };
    let is_beyond = field.value().parse::<i32>().is_ok_and(|number| !(0..=most).contains(&number));
    is_beyond.then(|| Wrong::new(field.id(), format!("expected a number from 0 to {most}")))
}

/// The form for the policy; who may not change it may ask what another would do.
pub(in crate::pages) async fn show_change(request: Request, _: RequestBody) -> Shown {
    let here = Here::of(&request).await?;
    let policy = policy::read(&here.read(&request).await?).await?;
    let present = json(&policy)?;
    Changing { here: &here, version: policy.version }.show(StatusCode::OK, stored(FIELDS, &present), Vec::new(), None)
}

/// Says what another policy would do, or sets it.
pub(in crate::pages) async fn change(request: Request, body: RequestBody) -> Shown {
    let (form, here) = sent(&request, body).await?;
    let mut parts = typed(FIELDS, &form);
    let form_page = Changing { here: &here, version: form.version()? };
    let mut wrong = misread(&parts);
    wrong.extend(parts.iter().flat_map(|part| &part.fields).filter_map(beyond));
    if !wrong.is_empty() {
        return form_page.show(StatusCode::UNPROCESSABLE_ENTITY, parts, wrong, None);
    }
    let change = Change::<NewPolicy>::new(fields(&parts));
    if form.text("step") != "save" {
        return match Outcome::of(&request, &here, change).await {
            Ok(outcome) => form_page.show(StatusCode::OK, parts, Vec::new(), Some(outcome)),
            Err(error) => form_page.again(parts, error),
        };
    }
    let writer = here.write(&request, Role::Admin).await?;
    match policy::change(&writer, form_page.version, change).await {
        Ok(_) => {
            writer.save().await?;
            Ok(see(POLICY))
        }
        Err(Error::Stale { .. }) => {
            drop(writer);
            let present = policy::read(&here.read(&request).await?).await?;
            compare(&mut parts, &json(&present)?);
            Changing { here: &here, version: present.version }.show(StatusCode::CONFLICT, parts, Vec::new(), None)
        }
        Err(error) => form_page.again(parts, error),
    }
}

/// The word of a rating in the matrix, for its style.
fn cell(value: &Value) -> String {
    word(value)
}

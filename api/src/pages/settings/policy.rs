//! The policy: from score to rating, what a risk is called, how often to look again, who may decide, how long keys
//! live.

use askama::Template;
use diligence_entities::{
    error::Error,
    patch::Change,
    policy::{self, NewPolicy, Policy, PolicyChange, SeparationOfDuties},
    role::Role,
    stored::word,
    what_if::{MoveReason, WhatIf, WhatIfSummary},
};
use diligence_questionnaires::{Severity, Tier};
use poem::http::StatusCode;
use serde_json::Value;

use super::{Facts, HERE, duties};
use crate::{
    auth::{Admin, Viewer, store_of},
    pages::{
        fields::{
            Field, FilledSection, FormSection, Input, compare, field, fields, json, misread, placed, stored, typed,
        },
        form::Form,
        format,
        home::{IMPACTS, LIKELIHOODS},
        labels::Labelled as _,
        page::{FieldError, Frame, PageResult, Refusal, at, faults, html, redirect, request_id},
        sign_in::SignedIn,
        signed_in::{Page, Proven},
        what_if::{Found, PLACE, stream_page},
    },
};

const POLICY: &str = "/settings/policy";

const CELL: Input = Input::Select(Severity::CHOICES);
/// The part that is shown as a table.
const MATRIX: &str = "From band to rating";

const FIELDS: &[FormSection] = &[
    FormSection {
        title: "From score to band",
        fields: &[
            field(
                "rating.strong_from",
                "Strong from",
                "The lowest evidenced score, out of 100, that is strong.",
                Input::RequiredInteger,
            ),
            field("rating.adequate_from", "Adequate from", "", Input::RequiredInteger),
            field(
                "rating.weak_from",
                "Weak from",
                "Below it, or with a knock-out, a score is poor.",
                Input::RequiredInteger,
            ),
            field(
                "rating.minimum_coverage",
                "Least coverage",
                "With less than this percentage answered, an assessment stays unassessed.",
                Input::RequiredInteger,
            ),
        ],
    },
    FormSection {
        title: MATRIX,
        fields: &[
            field("rating.matrix.low.strong", "Low tier, strong", "", CELL),
            field("rating.matrix.low.adequate", "Low tier, adequate", "", CELL),
            field("rating.matrix.low.weak", "Low tier, weak", "", CELL),
            field("rating.matrix.low.poor", "Low tier, poor", "", CELL),
            field("rating.matrix.medium.strong", "Medium tier, strong", "", CELL),
            field("rating.matrix.medium.adequate", "Medium tier, adequate", "", CELL),
            field("rating.matrix.medium.weak", "Medium tier, weak", "", CELL),
            field("rating.matrix.medium.poor", "Medium tier, poor", "", CELL),
            field("rating.matrix.high.strong", "High tier, strong", "", CELL),
            field("rating.matrix.high.adequate", "High tier, adequate", "", CELL),
            field("rating.matrix.high.weak", "High tier, weak", "", CELL),
            field("rating.matrix.high.poor", "High tier, poor", "", CELL),
            field("rating.matrix.critical.strong", "Critical tier, strong", "", CELL),
            field("rating.matrix.critical.adequate", "Critical tier, adequate", "", CELL),
            field("rating.matrix.critical.weak", "Critical tier, weak", "", CELL),
            field("rating.matrix.critical.poor", "Critical tier, poor", "", CELL),
        ],
    },
    FormSection {
        title: "What a risk is called",
        fields: &[
            field(
                "risk_bands.moderate_from",
                "Moderate from",
                "Likelihood (1 to 5) times impact (1 to 5): 2 to 25. Below this number a risk is low.",
                Input::RequiredInteger,
            ),
            field("risk_bands.high_from", "High from", "", Input::RequiredInteger),
            field("risk_bands.extreme_from", "Extreme from", "", Input::RequiredInteger),
        ],
    },
    FormSection {
        title: "How often to look again, in months",
        fields: &[
            field(
                "cadence_months.critical",
                "Critical tier",
                "1 to 120 months. What matters more is looked at no less often.",
                Input::RequiredInteger,
            ),
            field("cadence_months.high", "High tier", "", Input::RequiredInteger),
            field("cadence_months.medium", "Medium tier", "", Input::RequiredInteger),
            field("cadence_months.low", "Low tier", "", Input::RequiredInteger),
            field(
                "cadence_months.unknown",
                "Tier not known yet",
                "Never looked at less often than the medium tier.",
                Input::RequiredInteger,
            ),
        ],
    },
    FormSection {
        title: "How long evidence counts that does not say until when, in months",
        fields: &[
            field(
                "evidence_validity.cyber_essentials",
                "Cyber Essentials",
                "1 to 120 months from its issue.",
                Input::RequiredInteger,
            ),
            field("evidence_validity.cyber_essentials_plus", "Cyber Essentials Plus", "", Input::RequiredInteger),
            field("evidence_validity.iso_27001", "ISO 27001", "", Input::RequiredInteger),
            field("evidence_validity.penetration_test", "Penetration test", "", Input::RequiredInteger),
            field("evidence_validity.security_check", "Check your cyber security", "", Input::RequiredInteger),
            field(
                "evidence_validity.dspt",
                "Toolkit (DSPT) status",
                "Months after 30 June of the year that it was published for.",
                Input::RequiredInteger,
            ),
        ],
    },
    FormSection {
        title: "How often your own house is looked at with the NCSC’s two tools, in months",
        fields: &[
            field(
                "ncsc_due.security_check_months",
                "Check your cyber security",
                "1 to 120, such as 12. Empty if it is not asked for.",
                Input::Integer,
            ),
            field("ncsc_due.exercise_months", "An exercise, such as from Exercise in a Box", "", Input::Integer),
        ],
    },
    FormSection {
        title: "Who may decide, and how long keys live",
        fields: &[
            field(
                "separation_of_duties",
                "Who may not decide on an assessment",
                "An administrator may set it aside for one decision, with a reason that is kept and shown.",
                Input::Select(SeparationOfDuties::CHOICES),
            ),
            field(
                "maximum_key_days",
                "How many days a key may live at the most",
                "1 to 3650, or empty for no limit. Keys that are there already stay as they are.",
                Input::Integer,
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
#[template(path = "settings/policy/show.html")]
struct PolicyPage {
    frame: Frame,
    scores: Facts,
    matrix: Vec<(String, Vec<Value>)>,
    bands: Vec<BandRow>,
    others: Facts,
    is_admin: bool,
}

/// The policy as it is.
pub(in crate::pages) async fn show(who: Page<Viewer>) -> PageResult {
    let (request, here) = who.parts();
    let policy = policy::read(&here.read(request).await?).await?;
    let (rating, months) = (policy.rating.0, policy.cadence_months.0);
    let scores = vec![
        ("Strong", format!("{} to 100", rating.strong_from)),
        ("Adequate", format!("From {}", rating.adequate_from)),
        ("Weak", format!("From {}", rating.weak_from)),
        ("Poor", "Below that, or with a knock-out".into()),
        ("Unassessed", format!("With less than {} % answered", rating.minimum_coverage)),
    ];
    let every = |months: u32| format!("Every {}", format::count(months, "month", "months"));
    let validity = policy.evidence_validity.0;
    let from_issue = |months: u32| format!("{} from its issue", format::count(months, "month", "months"));
    let asked = |months: Option<u32>| months.map_or_else(|| "Not asked for".to_owned(), every);
    let others = vec![
        ("Reviews of critical tier", every(months.critical)),
        ("Reviews of high tier", every(months.high)),
        ("Reviews of medium tier", every(months.medium)),
        ("Reviews of low tier", every(months.low)),
        ("Reviews where the tier is not known yet", every(months.months(Tier::Unknown))),
        ("Cyber Essentials counts", from_issue(validity.cyber_essentials)),
        ("Cyber Essentials Plus counts", from_issue(validity.cyber_essentials_plus)),
        ("ISO 27001 counts", from_issue(validity.iso_27001)),
        ("A penetration test counts", from_issue(validity.penetration_test)),
        ("A result of Check your cyber security counts", from_issue(validity.security_check)),
        (
            "A toolkit (DSPT) status counts",
            format!("{} after the 30 June of its year", format::count(validity.dspt, "month", "months")),
        ),
        ("Your own house is checked", asked(policy.ncsc_due.0.security_check_months)),
        ("Your own house holds an exercise", asked(policy.ncsc_due.0.exercise_months)),
        ("Who may decide", duties(policy.separation_of_duties.0).into()),
        (
            "Keys live at the most",
            policy
                .maximum_key_days
                .map_or_else(|| "As long as whoever makes them says".into(), |days| format::count(days, "day", "days")),
        ),
    ];
    let present = json(&policy)?;
    let row = |tier: &str| {
        (
            format::label(&tier),
            ["strong", "adequate", "weak", "poor"]
                .into_iter()
                .map(|band| present["rating"]["matrix"][tier][band].clone())
                .collect(),
        )
    };
    let matrix = ["critical", "high", "medium", "low"].into_iter().map(row).collect();
    let is_admin = here.is_at_least(Role::Admin);
    Ok(html(
        StatusCode::OK,
        &PolicyPage { frame: here.frame("Policy").at(HERE), scores, matrix, bands: bands(&policy), others, is_admin },
    )?)
}

/// What a policy would do.
#[derive(Template)]
#[template(path = "settings/policy/outcome.html")]
struct Outcome {
    found: Found,
    is_admin: bool,
}

impl Outcome {
    fn is_still(&self) -> bool {
        let WhatIfSummary { better_count, worse_count, moved_assessment_count, renamed_risk_count, .. } =
            self.found.summary;
        better_count + worse_count + moved_assessment_count + renamed_risk_count == 0
    }

    /// The whole of it in one sentence.
    fn sentence(&self) -> String {
        let WhatIfSummary {
            better_count,
            worse_count,
            moved_assessment_count,
            renamed_risk_count,
            assessment_count,
            ..
        } = self.found.summary;
        format!(
            "{} would be rated worse, and {} better. {} of {} would stand elsewhere, and {} would be called something else.",
            format::count(worse_count, "supplier or product", "suppliers and products"),
            better_count,
            moved_assessment_count,
            format::count(assessment_count, "approved assessment", "approved assessments"),
            format::count(renamed_risk_count, "risk", "risks")
        )
    }
}

/// Which rule moves an assessment: `Strong from: 90 in place of 80`.
fn because(reason: &MoveReason) -> String {
    let name = reason.what.replace('/', ".");
    let label = FIELDS
        .iter()
        .flat_map(|part| part.fields)
        .find(|spec| spec.key == name)
        .map_or_else(|| format::without_underscores(&reason.what), |spec| spec.label.to_owned());
    format!(
        "{label}: {} in place of {}",
        reason.after.as_deref().unwrap_or("nothing"),
        reason.before.as_deref().unwrap_or("nothing")
    )
}

#[derive(Template)]
#[template(path = "settings/policy/change.html")]
struct ChangePage<'a> {
    frame: Frame,
    csrf: &'a str,
    version: i64,
    errors: Vec<FieldError>,
    parts: Vec<FilledSection>,
    is_stale: bool,
    /// Where it says what the policy would do, if that was asked.
    place: Option<&'static str>,
}

impl ChangePage<'_> {
    fn is_matrix(part: &FilledSection) -> bool {
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
    here: &'a SignedIn,
    version: i64,
}

impl<'a> Changing<'a> {
    fn page(self, parts: Vec<FilledSection>) -> ChangePage<'a> {
        let is_admin = self.here.is_at_least(Role::Admin);
        let frame = self.here.frame(if is_admin { "Change the policy" } else { "Try another policy" }).at(HERE);
        ChangePage {
            frame,
            csrf: self.here.csrf(),
            version: self.version,
            errors: Vec::new(),
            parts,
            is_stale: false,
            place: None,
        }
    }

    fn wrong(self, parts: Vec<FilledSection>, errors: Vec<FieldError>) -> PageResult {
        Ok(html(StatusCode::UNPROCESSABLE_ENTITY, &ChangePage { errors, ..self.page(parts) })?)
    }

    fn again(self, parts: Vec<FilledSection>, error: Error) -> PageResult {
        let wrong = wrong(&parts, error)?;
        self.wrong(parts, wrong)
    }
}

/// What is wrong with a policy, in the words of this page.
fn wrong(parts: &[FilledSection], error: Error) -> Result<Vec<FieldError>, Refusal> {
    let plain = |pointer: &str, detail: &str| match pointer {
        "/risk_bands" => "each number must be larger than the one before: moderate, then high, then extreme".to_owned(),
        "/cadence_months" => {
            "what matters more is looked at no less often: critical, high, medium and low in rising order".to_owned()
        }
        _ => format::without_underscores(&detail.replace('`', "")),
    };
    let found = faults(error)?;
    Ok(found
        .iter()
        .map(|fault| FieldError::new(placed(parts, fault).field, plain(&fault.pointer, &fault.detail)))
        .collect())
}

/// What is wrong with a number that is too large or too small to be one of its kind at all.
fn beyond(field: &Field) -> Option<FieldError> {
    let most = if field.key.starts_with("rating.") || field.key.starts_with("risk_bands.") { 100 } else { 3650 };
    let is_beyond = field.value().parse::<i32>().is_ok_and(|number| !(0..=most).contains(&number));
    is_beyond.then(|| FieldError::new(field.id(), format!("expected a number from 0 to {most}")))
}

/// The form for the policy; who may not change it may ask what another would do.
pub(in crate::pages) async fn show_change(who: Page<Viewer>) -> PageResult {
    let (request, here) = who.parts();
    let policy = policy::read(&here.read(request).await?).await?;
    let present = json(&policy)?;
    Ok(html(StatusCode::OK, &Changing { here, version: policy.version }.page(stored(FIELDS, &present)))?)
}

/// Says what another policy would do, or sets it.
pub(in crate::pages) async fn change(who: Page<Viewer>, form: Proven<Form>) -> PageResult {
    let (request, here) = who.parts();
    let mut parts = typed(FIELDS, &form);
    let form_page = Changing { here, version: form.version()? };
    let mut wrong = misread(&parts);
    wrong.extend(parts.iter().flat_map(|part| &part.fields).filter_map(beyond));
    if !wrong.is_empty() {
        return form_page.wrong(parts, wrong);
    }
    let change = Change::<NewPolicy>::new(fields(&parts));
    if form.text("step") != "save" {
        let is_admin = here.is_at_least(Role::Admin);
        return match WhatIf::of_policy(store_of(request)?.clone(), here.person.scope(request_id(request)), change).await
        {
            Ok(what_if) => {
                stream_page(&ChangePage { place: Some(PLACE), ..form_page.page(parts) }, what_if, move |found| {
                    Outcome { found, is_admin }.render()
                })
                .await
            }
            Err(error) => form_page.again(parts, error),
        };
    }
    let change = PolicyChange { version: form_page.version, change };
    let who = who.having::<Admin>().await?;
    let (_, here) = who.parts();
    match policy::change(who.store(), &who.scope(), &change).await {
        Ok(_) => Ok(redirect(POLICY)),
        Err(Error::Stale { .. }) => {
            let present = policy::read(&who.reader().await?).await?;
            compare(&mut parts, &json(&present)?);
            let form_page = Changing { here, version: present.version };
            Ok(html(StatusCode::CONFLICT, &ChangePage { is_stale: true, ..form_page.page(parts) })?)
        }
        Err(error) => Changing { here, version: change.version }.again(parts, error),
    }
}

/// The word of a rating in the matrix, for its style.
fn cell(value: &Value) -> String {
    word(value)
}

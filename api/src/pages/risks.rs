//! Risks: the heat map and the list; one risk, and what is done about it.

use std::collections::BTreeMap;

use askama::Template;
use diligence_entities::{
    audit::{self, HistoryFilter},
    clock::Day,
    error::Error,
    id::{RiskId, SubjectId},
    patch::Change,
    policy, questionnaire,
    register::{self, RegisterEntry},
    risk::{self, NewAcceptance, NewRisk, Reason, Risk, RiskFilter, RiskSort, RiskState, Treatment},
    role::Role,
};
use diligence_questionnaires::Severity;
use poem::{Request, http::StatusCode};

use super::{
    events::Event,
    fields::{FieldSpec, FormPage, FormSection, Input, empty, field, fields, json, misread, read, said, stored, typed},
    form::Form,
    format,
    home::{HeatRow, IMPACTS, LIKELIHOODS, heat_rows},
    labels::{Choices, Labelled as _},
    list_query::ListQuery,
    page::{FieldError, Frame, PageResult, at, faults, html, path_id, redirect},
    routes::Routes,
    sign_in::SignedIn,
    signed_in::{Page, Proven},
    subject_picker::{SubjectPicker, back_to, chosen, line},
};
use crate::auth::{Approver, Editor, Viewer};

/// The routes of these pages.
pub(super) fn routes(routes: Routes) -> Routes {
    routes
        .get("/risks", show)
        .get("/risks/new", show_new)
        .post("/risks/new", enter)
        .get("/risks/:id", show_one)
        .get("/risks/:id/change", show_change)
        .post("/risks/:id/change", change)
        .post("/risks/:id/accept", accept)
        .post("/risks/:id/close", close)
        .post("/risks/:id/reopen", reopen)
        .post("/risks/:id/delete", delete)
}

/// The part of the menu that these pages belong to.
const PART: &str = "/risks";
/// How many events of a risk's history are shown.
const EVENTS: u64 = 50;
/// How many months ahead an acceptance may hold.
const ACCEPTED_MONTHS: u32 = 24;

const LIKELIHOOD: Choices = &[
    ("1", "1 – Rare"),
    ("2", "2 – Unlikely"),
    ("3", "3 – Possible"),
    ("4", "4 – Likely"),
    ("5", "5 – Almost certain"),
];
const IMPACT: Choices = &[
    ("1", "1 – Negligible"),
    ("2", "2 – Minor"),
    ("3", "3 – Moderate"),
    ("4", "4 – Major"),
    ("5", "5 – Catastrophic"),
];

const ACTION: &[FieldSpec] = &[
    field("title", "What is to be done", "", Input::RequiredText("text")),
    field("owner", "Who does it", "", Input::Text("text")),
    field("due_on", "By when", "", Input::Date),
    field("done_on", "Done on", "Empty while it is not done.", Input::Date),
];

const RISK: &[FormSection] = &[
    FormSection {
        title: "",
        fields: &[
            field(
                "title",
                "What may go wrong, in a line",
                "Such as: Backups have never been restored",
                Input::RequiredText("text"),
            ),
            field(
                "description",
                "What may go wrong",
                "How it could come about, and whom it would hurt.",
                Input::TextArea,
            ),
            field("owner", "Who of you answers for it", "", Input::Text("text")),
        ],
    },
    FormSection {
        title: "If you did nothing",
        fields: &[
            field("likelihood", "How likely would it be?", "", Input::RequiredSelect(LIKELIHOOD)),
            field("impact", "How bad would it be?", "", Input::RequiredSelect(IMPACT)),
        ],
    },
    FormSection {
        title: "With what you do about it",
        fields: &[
            field(
                "treatment",
                "What do you do?",
                "Living with a risk needs an approver’s agreement, which they give on the risk’s own page.",
                Input::OptionalSelect(Treatment::CHOICES),
            ),
            field(
                "residual_likelihood",
                "How likely is it then?",
                "Leave both empty until you can tell.",
                Input::OptionalSelect(LIKELIHOOD),
            ),
            field("residual_impact", "How bad would it be then?", "", Input::OptionalSelect(IMPACT)),
            field("actions", "Actions", "Rows that you leave empty are not kept.", Input::Rows("Action", ACTION)),
        ],
    },
];

#[derive(Template)]
#[template(path = "risks/list.html")]
struct RisksPage {
    frame: Frame,
    asked: ListQuery<RiskFilter>,
    heat: Vec<HeatRow>,
    risks: Vec<Risk>,
    names: BTreeMap<SubjectId, String>,
    today: Day,
    next: Option<String>,
    may_change: bool,
}

impl RisksPage {
    fn name(&self, risk: &Risk) -> &str {
        self.names.get(&risk.subject_id).map_or("", String::as_str)
    }

    /// Where a risk stands on the map now, and where it stood with nothing done.
    fn place(risk: &Risk) -> String {
        let (now, before) = (risk.current(), (risk.likelihood, risk.impact));
        if now == before {
            place(now)
        } else {
            format!("{} (with nothing done: {})", place(now), place(before).to_lowercase())
        }
    }
}

/// `Likely, major`.
fn place((likelihood, impact): (i32, i32)) -> String {
    let of = |words: &[&'static str; 5], number: i32| {
        usize::try_from(number - 1).ok().and_then(|index| words.get(index).copied()).unwrap_or_default()
    };
    format!("{}, {}", of(&LIKELIHOODS, likelihood), of(&IMPACTS, impact).to_lowercase())
}

/// The map and the list.
pub(super) async fn show(who: Page<Viewer>) -> PageResult {
    let (request, here) = who.parts();
    let reader = here.read(request).await?;
    let mut asked = ListQuery::<RiskFilter>::of(request, PART)?;
    asked.filter.sort.get_or_insert(RiskSort::CurrentDescending);
    let page = risk::list(&reader, &asked.filter).await?;
    let heat = heat_rows(&register::summary(&reader).await?.heat_map);
    let names = register::lines(&reader, page.items.iter().map(|risk| risk.subject_id.clone())).await?;
    let names = names.into_iter().map(|(id, line)| (id, format::subject(&line))).collect();
    let status = if asked.errors.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let next = asked.next(page.next.as_ref());
    let may_change = here.is_at_least(Role::Editor);
    Ok(html(
        status,
        &RisksPage {
            frame: here.frame("Risks").at(PART),
            asked,
            heat,
            risks: page.items,
            names,
            today: reader.today(),
            next,
            may_change,
        },
    )?)
}

/// A square of the small map: where it is drawn, and what a risk there is called.
struct Square {
    x: i32,
    y: i32,
    band: Severity,
}

/// How wide and high a square is drawn, and where the first one begins.
const SQUARE: (i32, i32) = (56, 44);
const ORIGIN: (i32, i32) = (40, 8);

/// The corner of the square of this likelihood and impact.
fn corner(likelihood: i32, impact: i32) -> (i32, i32) {
    (ORIGIN.0 + (impact - 1) * SQUARE.0, ORIGIN.1 + (5 - likelihood) * SQUARE.1)
}

/// The middle of it.
fn middle((likelihood, impact): (i32, i32)) -> (i32, i32) {
    let (x, y) = corner(likelihood, impact);
    (x + SQUARE.0 / 2, y + SQUARE.1 / 2)
}

#[derive(Template)]
#[template(path = "risks/show.html")]
struct RiskPage<'a> {
    frame: Frame,
    here: &'a SignedIn,
    risk: Risk,
    line: RegisterEntry,
    /// What the questionnaire is called whose finding raised it.
    origin: String,
    today: Day,
    squares: Vec<Square>,
    events: Vec<Event>,
    errors: Vec<FieldError>,
    /// The form that was sent and is not right.
    tried: &'a str,
    form: &'a Form,
    is_stale: bool,
}

impl RiskPage<'_> {
    fn may_change(&self) -> bool {
        self.here.is_at_least(Role::Editor)
    }

    fn href(&self) -> String {
        format!("/risks/{}", self.risk.id)
    }

    fn may_accept(&self) -> bool {
        self.here.is_at_least(Role::Approver)
    }

    fn is(&self, state: &str) -> bool {
        format::slug(&self.risk.state) == state
    }

    fn before(&self) -> (i32, i32) {
        middle((self.risk.likelihood, self.risk.impact))
    }

    fn now(&self) -> (i32, i32) {
        middle(self.risk.current())
    }

    /// Whether anybody has judged what is left of it.
    fn is_judged(&self) -> bool {
        self.risk.residual_likelihood.is_some()
    }

    fn place_before(&self) -> String {
        place((self.risk.likelihood, self.risk.impact))
    }

    fn place_now(&self) -> String {
        place(self.risk.current())
    }

    fn is_past(&self, day: &Day) -> bool {
        *day < self.today
    }

    fn last_acceptance(&self) -> Day {
        self.today.plus_months(ACCEPTED_MONTHS)
    }

    /// What was typed into this form, if it is the one that was sent.
    fn typed(&self, form: &str, field: &str) -> String {
        if self.tried == form { self.form.text(field) } else { String::new() }
    }
}

/// One risk.
pub(super) async fn show_one(who: Page<Viewer>) -> PageResult {
    let (request, here) = who.parts();
    one(request, here, &path_id(request)?, StatusCode::OK, ("", &Form::default()), Vec::new()).await
}

async fn one(
    request: &Request,
    here: &SignedIn,
    id: &RiskId,
    status: StatusCode,
    (tried, form): (&str, &Form),
    errors: Vec<FieldError>,
) -> PageResult {
    let reader = here.read(request).await?;
    let risk = risk::read(&reader, id).await?;
    let bands = policy::read(&reader).await?.risk_bands.0;
    let line = line(&reader, &risk.subject_id).await?;
    let asked = risk
        .origin_finding
        .as_deref()
        .and_then(|finding| finding.split_once('/'))
        .map(|(questionnaire, _)| questionnaire.to_owned());
    let origin = questionnaire::titles(&reader, asked).await?.into_values().next().unwrap_or_default();
    let history =
        audit::item_history(&reader, id.as_str(), &HistoryFilter { limit: Some(EVENTS), ..HistoryFilter::default() })
            .await?;
    let squares =
        (1..=5).flat_map(|likelihood| (1..=5).map(move |impact| (likelihood, impact))).map(|(likelihood, impact)| {
            let (x, y) = corner(likelihood, impact);
            Square { x, y, band: bands.band(likelihood, impact) }
        });
    let (frame, today, is_stale) = (here.frame(&risk.title).at(PART), reader.today(), status == StatusCode::CONFLICT);
    let events = Event::all(&reader, history.items, None).await?;
    Ok(html(
        status,
        &RiskPage {
            frame,
            here,
            risk,
            line,
            origin,
            today,
            squares: squares.collect(),
            events,
            errors,
            tried,
            form,
            is_stale,
        },
    )?)
}

fn new_risk<'a>(here: &'a SignedIn, line: &RegisterEntry) -> FormPage<'a> {
    let lead = format!("Something that may go wrong with {}.", format::subject(line));
    FormPage {
        here,
        part: PART,
        title: "Enter a risk".into(),
        lead,
        back: back_to(line),
        action: format!("/risks/new?subject_id={}", line.subject_id),
        version: 0,
    }
}

/// The form for a new risk, once it is known what it is about.
pub(super) async fn show_new(who: Page<Editor>) -> PageResult {
    let (request, here) = who.parts();
    let line = chosen(request, &here.read(request).await?, "subject_id").await?;
    match line {
        Some(line) => new_risk(here, &line).show(StatusCode::OK, empty(RISK, |_| None), Vec::new()),
        None => {
            let back = (PART.to_owned(), "Risks".to_owned());
            let lead = "Choose the supplier or product that it is about.";
            SubjectPicker {
                title: "Enter a risk",
                lead,
                part: PART,
                back,
                path: "/risks/new",
                name: "subject_id",
                kept: Vec::new(),
                without: None,
            }
            .show(request, here)
            .await
        }
    }
}

/// Enters a risk.
pub(super) async fn enter(who: Page<Editor>, form: Proven<Form>) -> PageResult {
    let (request, here) = who.parts();
    let line = chosen(request, &here.read(request).await?, "subject_id").await?.ok_or(Error::NotFound)?;
    let parts = typed(RISK, &form);
    let errors = misread(&parts);
    if !errors.is_empty() {
        return new_risk(here, &line).wrong(parts, errors);
    }
    let mut said = said(&parts);
    said.insert("subject_id".into(), json(&line.subject_id)?);
    let new: NewRisk = read(said)?;
    match who.change(async |writer| risk::create(writer, new).await).await {
        Ok(made) => Ok(redirect(&format!("/risks/{}", made.id))),
        Err(error) => new_risk(here, &line).again(parts, error),
    }
}

fn change_of<'a>(here: &'a SignedIn, risk: &Risk) -> FormPage<'a> {
    let (back, title) = (format!("/risks/{}", risk.id), format!("Change: {}", risk.title));
    let lead = if risk.state.0 == RiskState::Accepted {
        "This risk is accepted. If it gets worse or is treated in another way, the agreement to live with it ends."
    } else {
        ""
    };
    FormPage {
        here,
        part: PART,
        title,
        lead: lead.into(),
        action: format!("{back}/change"),
        back: (back, "The risk".into()),
        version: risk.version,
    }
}

/// The form for what is said of a risk.
pub(super) async fn show_change(who: Page<Editor>) -> PageResult {
    let (request, here) = who.parts();
    let risk = risk::read(&here.read(request).await?, &path_id(request)?).await?;
    change_of(here, &risk).show(StatusCode::OK, stored(RISK, &json(&risk)?), Vec::new())
}

/// Changes what is said of a risk.
pub(super) async fn change(who: Page<Editor>, form: Proven<Form>) -> PageResult {
    let (request, here) = who.parts();
    let id: RiskId = path_id(request)?;
    let (parts, version) = (typed(RISK, &form), form.version()?);
    let errors = misread(&parts);
    if !errors.is_empty() {
        let present = risk::read(&here.read(request).await?, &id).await?;
        return FormPage { version, ..change_of(here, &present) }.wrong(parts, errors);
    }
    match who
        .change(async |writer| risk::change(writer, &id, version, Change::<NewRisk>::new(fields(&parts))).await)
        .await
    {
        Ok(_) => Ok(redirect(&format!("/risks/{id}"))),
        Err(error) => {
            let present = risk::read(&here.read(request).await?, &id).await?;
            change_of(here, &present).refused(parts, error, version, &present)
        }
    }
}

/// The page again after something was not done.
async fn again(request: &Request, here: &SignedIn, id: &RiskId, tried: (&str, &Form), error: Error) -> PageResult {
    if matches!(error, Error::Stale { .. }) {
        return one(request, here, id, StatusCode::CONFLICT, tried, Vec::new()).await;
    }
    let field = |pointer: &str| match pointer {
        "/expires_on" => "expires_on".to_owned(),
        "/reason" => format!("{}-reason", tried.0),
        _ => tried.0.to_owned(),
    };
    let errors = faults(error)?.iter().map(|fault| FieldError::new(field(&fault.pointer), &fault.detail)).collect();
    one(request, here, id, StatusCode::UNPROCESSABLE_ENTITY, tried, errors).await
}

/// Agrees to live with one.
pub(super) async fn accept(who: Page<Approver>, form: Proven<Form>) -> PageResult {
    let (request, here) = who.parts();
    let (id, tried): (RiskId, _) = (path_id(request)?, ("accept", &*form));
    let (reason, expires_on) = (form.text("reason"), form.text("expires_on").parse::<Day>());
    let mut errors = Vec::new();
    if reason.is_empty() {
        errors.push(FieldError::new("accept-reason", "say why we can live with it"));
    }
    if expires_on.is_err() {
        errors.push(FieldError::new("expires_on", "enter the last day on which the agreement holds"));
    }
    let (Ok(expires_on), true) = (expires_on, errors.is_empty()) else {
        return one(request, here, &id, StatusCode::UNPROCESSABLE_ENTITY, tried, errors).await;
    };
    let version = form.version()?;
    match who
        .change(async |writer| risk::accept(writer, &id, version, NewAcceptance { reason, expires_on }).await)
        .await
    {
        Ok(_) => Ok(redirect(&format!("/risks/{id}"))),
        Err(error) => again(request, here, &id, tried, error).await,
    }
}

/// Closes one that is over.
pub(super) async fn close(who: Page<Editor>, form: Proven<Form>) -> PageResult {
    let (request, here) = who.parts();
    let (id, tried): (RiskId, _) = (path_id(request)?, ("close", &*form));
    let reason = form.text("reason");
    if reason.is_empty() {
        let errors = vec![FieldError::new("close-reason", "say why it is over")];
        return one(request, here, &id, StatusCode::UNPROCESSABLE_ENTITY, tried, errors).await;
    }
    let version = form.version()?;
    match who.change(async |writer| risk::close(writer, &id, version, Reason { reason }).await).await {
        Ok(_) => Ok(redirect(&format!("/risks/{id}"))),
        Err(error) => again(request, here, &id, tried, error).await,
    }
}

/// Opens one again.
pub(super) async fn reopen(who: Page<Editor>, form: Proven<Form>) -> PageResult {
    let (request, here) = who.parts();
    let id: RiskId = path_id(request)?;
    let version = form.version()?;
    match who.change(async |writer| risk::reopen(writer, &id, version).await).await {
        Ok(_) => Ok(redirect(&format!("/risks/{id}"))),
        Err(error) => again(request, here, &id, ("reopen", &*form), error).await,
    }
}

/// Takes one away that was entered by mistake.
pub(super) async fn delete(who: Page<Editor>, form: Proven<Form>) -> PageResult {
    let (request, here) = who.parts();
    let (id, tried): (RiskId, _) = (path_id(request)?, ("typed", &*form));
    let present = risk::read(&here.read(request).await?, &id).await?;
    if !form.names_it(&present.title) {
        let errors = vec![FieldError::new("typed", "type the title as it stands here, to delete the risk")];
        return one(request, here, &id, StatusCode::UNPROCESSABLE_ENTITY, tried, errors).await;
    }
    let version = form.version()?;
    match who.change(async |writer| risk::delete(writer, &id, version).await).await {
        Ok(()) => Ok(redirect(&format::subject_href(&present.subject_id))),
        Err(error) => again(request, here, &id, tried, error).await,
    }
}

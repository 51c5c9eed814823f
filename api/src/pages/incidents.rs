//! Incidents: what happened at suppliers, and what was learnt.

use std::collections::BTreeMap;

use askama::Template;
use diligence_entities::{
    clock::Day,
    error::Error,
    id::{IncidentId, SubjectId},
    incident::{self, Incident, IncidentFilter, NewIncident},
    patch::Change,
    register::{self, RegisterEntry},
    role::Role,
};
use diligence_questionnaires::Severity;
use poem::{Request, http::StatusCode};
use serde_json::Map;

use super::{
    fields::{FormPage, FormSection, Input, empty, field, fields, json, misread, read, said, stored, typed},
    form::Form,
    format,
    labels::Labelled as _,
    list_query::ListQuery,
    page::{FieldError, Frame, PageResult, at, faults, html, path_id, redirect},
    routes::Routes,
    sign_in::SignedIn,
    signed_in::{Page, Proven},
    subject_picker::{SubjectPicker, back_to, chosen, line},
};
use crate::auth::{Editor, Viewer};

/// The routes of these pages.
pub(super) fn routes(routes: Routes) -> Routes {
    routes
        .get("/incidents", show)
        .get("/incidents/new", show_new)
        .post("/incidents/new", enter)
        .get("/incidents/:id", show_one)
        .get("/incidents/:id/change", show_change)
        .post("/incidents/:id/change", change)
        .post("/incidents/:id/resolve", resolve)
        .post("/incidents/:id/delete", delete)
}

/// The part of the menu that these pages belong to.
const PART: &str = "/register";

const INCIDENT: &[FormSection] = &[
    FormSection {
        title: "",
        fields: &[
            field("title", "What happened, in a line", "Such as: No rotas for a morning", Input::RequiredText("text")),
            field("description", "What happened", "", Input::TextArea),
            field("severity", "How bad it is", "", Input::RequiredSelect(Severity::CHOICES)),
            field(
                "personal_data_involved",
                "Was personal data involved?",
                "If it was, the Information Commissioner may have to know within 72 hours.",
                Input::Boolean(&[("false", "No"), ("true", "Yes")]),
            ),
            field("occurred_on", "The day it happened", "", Input::RequiredDate),
            field("told_on", "The day the supplier told us", "Empty if it did not.", Input::Date),
        ],
    },
    FormSection {
        title: "When it is over",
        fields: &[
            field("resolved_on", "The day it was over", "Empty while it is not.", Input::Date),
            field("lessons", "What was learnt", "", Input::TextArea),
        ],
    },
];

#[derive(Template)]
#[template(path = "incidents/list.html")]
struct IncidentsPage {
    frame: Frame,
    asked: ListQuery<IncidentFilter>,
    incidents: Vec<Incident>,
    names: BTreeMap<SubjectId, String>,
    next: Option<String>,
    may_change: bool,
}

impl IncidentsPage {
    fn name(&self, incident: &Incident) -> &str {
        self.names.get(&incident.subject_id).map_or("", String::as_str)
    }
}

/// The list, the last to happen first.
pub(super) async fn show(who: Page<Viewer>) -> PageResult {
    let (request, here) = who.parts();
    let reader = here.read(request).await?;
    let asked = ListQuery::<IncidentFilter>::of(request, "/incidents")?;
    let page = incident::list(&reader, &asked.filter).await?;
    let names = register::lines(&reader, page.items.iter().map(|incident| incident.subject_id.clone())).await?;
    let names = names.into_iter().map(|(id, line)| (id, format::subject(&line))).collect();
    let status = if asked.errors.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let next = asked.next(page.next.as_ref());
    let (frame, may_change) = (here.frame("Incidents").at(PART), here.is_at_least(Role::Editor));
    Ok(html(status, &IncidentsPage { frame, asked, incidents: page.items, names, next, may_change })?)
}

#[derive(Template)]
#[template(path = "incidents/show.html")]
struct IncidentPage<'a> {
    frame: Frame,
    here: &'a SignedIn,
    incident: Incident,
    line: RegisterEntry,
    today: Day,
    errors: Vec<FieldError>,
    /// What was sent to end it and is not right.
    form: Option<&'a Form>,
    is_stale: bool,
}

impl IncidentPage<'_> {
    fn may_change(&self) -> bool {
        self.here.is_at_least(Role::Editor)
    }

    fn href(&self) -> String {
        format!("/incidents/{}", self.incident.id)
    }

    /// What stands in the form that ends it: what was typed, or else what is known.
    fn resolved_on(&self) -> String {
        self.form.map_or_else(|| self.today.to_string(), |form| form.text("resolved_on"))
    }

    fn lessons(&self) -> String {
        self.form.map_or_else(|| self.incident.lessons.clone().unwrap_or_default(), |form| form.text("lessons"))
    }
}

/// One incident.
pub(super) async fn show_one(who: Page<Viewer>) -> PageResult {
    let (request, here) = who.parts();
    one(request, here, &path_id(request)?, StatusCode::OK, None, Vec::new()).await
}

async fn one(
    request: &Request,
    here: &SignedIn,
    id: &IncidentId,
    status: StatusCode,
    form: Option<&Form>,
    errors: Vec<FieldError>,
) -> PageResult {
    let reader = here.read(request).await?;
    let incident = incident::read(&reader, id).await?;
    let line = line(&reader, &incident.subject_id).await?;
    let frame = here.frame(&incident.title).at(PART);
    Ok(html(
        status,
        &IncidentPage {
            frame,
            here,
            incident,
            line,
            today: reader.today(),
            errors,
            form,
            is_stale: status == StatusCode::CONFLICT,
        },
    )?)
}

fn new_incident<'a>(here: &'a SignedIn, line: &RegisterEntry) -> FormPage<'a> {
    let lead = format!(
        "What happened at {}. Its next review is brought forward to today, and what was decided about it is to be decided again.",
        format::subject(line)
    );
    FormPage {
        here,
        part: PART,
        title: "Enter an incident".into(),
        lead,
        back: back_to(line),
        action: format!("/incidents/new?subject_id={}", line.subject_id),
        version: 0,
    }
}

/// The form for a new one, once it is known where it happened.
pub(super) async fn show_new(who: Page<Editor>) -> PageResult {
    let (request, here) = who.parts();
    let line = chosen(request, &here.read(request).await?, "subject_id").await?;
    match line {
        Some(line) => new_incident(here, &line).show(StatusCode::OK, empty(INCIDENT, |_| None), Vec::new()),
        None => {
            let back = ("/incidents".to_owned(), "Incidents".to_owned());
            let lead = "Choose the supplier or product that it happened at.";
            let (title, path) = ("Enter an incident", "/incidents/new");
            SubjectPicker { title, lead, part: PART, back, path, name: "subject_id", kept: Vec::new(), without: None }
                .show(request, here)
                .await
        }
    }
}

/// Enters one.
pub(super) async fn enter(who: Page<Editor>, form: Proven<Form>) -> PageResult {
    let (request, here) = who.parts();
    let line = chosen(request, &here.read(request).await?, "subject_id").await?.ok_or(Error::NotFound)?;
    let parts = typed(INCIDENT, &form);
    let errors = misread(&parts);
    if !errors.is_empty() {
        return new_incident(here, &line).wrong(parts, errors);
    }
    let mut said = said(&parts);
    said.insert("subject_id".into(), json(&line.subject_id)?);
    let new: NewIncident = read(said)?;
    match who.change(async |writer| incident::create(writer, new).await).await {
        Ok(made) => Ok(redirect(&format!("/incidents/{}", made.id))),
        Err(error) => new_incident(here, &line).again(parts, error),
    }
}

fn change_of<'a>(here: &'a SignedIn, incident: &Incident) -> FormPage<'a> {
    let (back, title) = (format!("/incidents/{}", incident.id), format!("Change: {}", incident.title));
    FormPage {
        here,
        part: PART,
        title,
        lead: String::new(),
        action: format!("{back}/change"),
        back: (back, "The incident".into()),
        version: incident.version,
    }
}

/// The form for what is said of one.
pub(super) async fn show_change(who: Page<Editor>) -> PageResult {
    let (request, here) = who.parts();
    let incident = incident::read(&here.read(request).await?, &path_id(request)?).await?;
    change_of(here, &incident).show(StatusCode::OK, stored(INCIDENT, &json(&incident)?), Vec::new())
}

/// Changes what is said of one.
pub(super) async fn change(who: Page<Editor>, form: Proven<Form>) -> PageResult {
    let (request, here) = who.parts();
    let id: IncidentId = path_id(request)?;
    let (parts, version) = (typed(INCIDENT, &form), form.version()?);
    let errors = misread(&parts);
    if !errors.is_empty() {
        let present = incident::read(&here.read(request).await?, &id).await?;
        return FormPage { version, ..change_of(here, &present) }.wrong(parts, errors);
    }
    match who
        .change(async |writer| incident::change(writer, &id, version, Change::<NewIncident>::new(fields(&parts))).await)
        .await
    {
        Ok(_) => Ok(redirect(&format!("/incidents/{id}"))),
        Err(error) => {
            let present = incident::read(&here.read(request).await?, &id).await?;
            change_of(here, &present).refused(parts, error, version, &present)
        }
    }
}

/// The page again after something was not done.
async fn again(request: &Request, here: &SignedIn, id: &IncidentId, form: Option<&Form>, error: Error) -> PageResult {
    if matches!(error, Error::Stale { .. }) {
        return one(request, here, id, StatusCode::CONFLICT, form, Vec::new()).await;
    }
    let errors = super::page::field_errors(&faults(error)?, &["resolved_on", "lessons"], "typed");
    one(request, here, id, StatusCode::UNPROCESSABLE_ENTITY, form, errors).await
}

/// Says that one is over.
pub(super) async fn resolve(who: Page<Editor>, form: Proven<Form>) -> PageResult {
    let (request, here) = who.parts();
    let id: IncidentId = path_id(request)?;
    let Ok(resolved_on) = form.text("resolved_on").parse::<Day>() else {
        let errors = vec![FieldError::new("resolved_on", "enter the day it was over")];
        return one(request, here, &id, StatusCode::UNPROCESSABLE_ENTITY, Some(&form), errors).await;
    };
    let mut said = Map::from_iter([("resolved_on".to_owned(), json(&resolved_on)?)]);
    said.insert("lessons".into(), json(&form.some("lessons"))?);
    let version = form.version()?;
    match who
        .change(async |writer| incident::change(writer, &id, version, Change::<NewIncident>::new(said)).await)
        .await
    {
        Ok(_) => Ok(redirect(&format!("/incidents/{id}"))),
        Err(error) => again(request, here, &id, Some(&form), error).await,
    }
}

/// Takes one away that was entered by mistake.
pub(super) async fn delete(who: Page<Editor>, form: Proven<Form>) -> PageResult {
    let (request, here) = who.parts();
    let id: IncidentId = path_id(request)?;
    let present = incident::read(&here.read(request).await?, &id).await?;
    if !form.names_it(&present.title) {
        let errors = vec![FieldError::new("typed", "type the title as it stands here, to delete the incident")];
        return one(request, here, &id, StatusCode::UNPROCESSABLE_ENTITY, None, errors).await;
    }
    let version = form.version()?;
    match who.change(async |writer| incident::delete(writer, &id, version).await).await {
        Ok(()) => Ok(redirect(&format::subject_href(&present.subject_id))),
        Err(error) => again(request, here, &id, None, error).await,
    }
}

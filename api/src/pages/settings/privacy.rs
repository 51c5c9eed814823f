//! Privacy: what is kept of a person, erasing it, and how long things are kept.

use std::collections::BTreeMap;

use askama::Template;
use diligence_entities::{
    error::Error,
    id::SubjectId,
    patch::Change,
    person::{self, Erasure, Person, PersonRecord, PersonalPlace},
    register,
    retention::{self, NewRetention, RetentionItem, RetentionReport},
    role::Role,
};
use poem::{
    Request, Response,
    http::{StatusCode, header},
};
use serde_json::{Value, json};

use super::{Facts, HERE, unconfirmed};
use crate::{
    auth::{Admin, Viewer},
    pages::{
        fields::{FormPage, FormSection, Input, field, fields, json as json_of, misread, read, stored, typed},
        form::{Form, parameter},
        format,
        page::{FieldError, Frame, PageResult, Refusal, at, faults, field_errors, html, redirect},
        sign_in::SignedIn,
        signed_in::{Page, Proven},
    },
    problem::Problem,
};

const PRIVACY: &str = "/settings/privacy";

#[derive(Template)]
#[template(path = "settings/privacy/show.html")]
struct PrivacyPage {
    frame: Frame,
    csrf: String,
    facts: Facts,
    is_admin: bool,
    errors: Vec<FieldError>,
    email: String,
    name: String,
    notice: &'static str,
}

/// How long things are kept, and where to look for a person.
pub(in crate::pages) async fn show(who: Page<Viewer>) -> PageResult {
    let (request, here) = who.parts();
    let notice = match parameter(request, "notice").as_str() {
        "erased" => "Erased. The audit trail says that it was done, and why, without naming them.",
        "applied" => "Done: everything past its retention period is deleted.",
        _ => "",
    };
    overview(request, here, DataSubject::default(), Vec::new(), notice).await
}

/// Who is meant, as it was typed.
#[derive(Clone, Default)]
struct DataSubject {
    email: String,
    name: String,
}

impl DataSubject {
    fn of(form: &Form) -> Self {
        Self { email: form.text("email"), name: form.text("name") }
    }

    fn json(&self) -> serde_json::Map<String, Value> {
        [("email", &self.email), ("name", &self.name)]
            .into_iter()
            .filter(|(_, text)| !text.is_empty())
            .map(|(name, text)| (name.to_owned(), json!(text)))
            .collect()
    }

    /// What is typed to go on.
    fn either(&self) -> String {
        [&self.email, &self.name]
            .into_iter()
            .filter(|text| !text.is_empty())
            .map(String::as_str)
            .collect::<Vec<_>>()
            .join(" or ")
    }

    /// How they are spoken of.
    fn spoken(&self) -> String {
        [&self.name, &self.email]
            .into_iter()
            .filter(|text| !text.is_empty())
            .map(String::as_str)
            .collect::<Vec<_>>()
            .join(", ")
    }
}

async fn overview(
    request: &Request,
    here: &SignedIn,
    who: DataSubject,
    errors: Vec<FieldError>,
    notice: &'static str,
) -> PageResult {
    let periods = retention::read(&here.read(request).await?).await?;
    let kept = |days: Option<i32>, of: &str| {
        days.map_or_else(|| "For ever".into(), |days| format!("{} {of}", format::count(days, "day", "days")))
    };
    let facts = vec![
        ("Contacts of archived suppliers", kept(periods.archived_contact_days, "after the supplier was last changed")),
        (
            "Files behind expired evidence",
            kept(periods.expired_file_days, "after it expired; a file that answers refer to is kept"),
        ),
    ];
    let status = if errors.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let (frame, csrf, is_admin) =
        (here.frame("Privacy").at(HERE), here.csrf().to_owned(), here.is_at_least(Role::Admin));
    Ok(html(status, &PrivacyPage { frame, csrf, facts, is_admin, errors, email: who.email, name: who.name, notice })?)
}

#[derive(Template)]
#[template(path = "settings/privacy/found.html")]
struct FoundPage {
    frame: Frame,
    csrf: String,
    who: DataSubject,
    record: PersonRecord,
    errors: Vec<FieldError>,
    reason: String,
    confirm: String,
}

impl FoundPage {
    fn is_nowhere(&self) -> bool {
        self.record.places.is_empty() && self.record.audit_records.is_empty()
    }
}

/// The page of the item that names someone, where it has one.
fn href(place: &PersonalPlace) -> Option<String> {
    match place.noun.as_str() {
        "user" => Some(format!("/settings/people/{}", place.item_id)),
        "invitation" => Some("/settings/people/invitations".into()),
        _ => place.item_id.parse::<SubjectId>().ok().map(|id| format::subject_href(&id)),
    }
}

/// What stands of someone in a place.
fn value(place: &PersonalPlace) -> String {
    match &place.value {
        None | Some(Value::Null) => "–".into(),
        Some(Value::String(text)) => text.clone(),
        Some(Value::Object(fields)) => {
            let said = fields
                .iter()
                .filter_map(|(name, value)| value.as_str().map(|text| format!("{}: {text}", format::label(name))));
            said.collect::<Vec<_>>().join("; ")
        }
        Some(other) => other.to_string(),
    }
}

/// What is kept of someone; that it was looked for is kept, and not of whom.
async fn record(request: &Request, here: &SignedIn, who: &DataSubject) -> Result<PersonRecord, Error> {
    let person: Person = read(who.json()).map_err(|_| Error::NotFound)?;
    let reader = here.read(request).await.map_err(|_| Error::Busy)?;
    person::find(&reader, person).await
}

async fn told(request: &Request, here: &SignedIn, record: &PersonRecord) -> Result<(), Refusal> {
    let detail = json!({ "place_count": record.places.len(), "audit_record_count": record.audit_records.len() });
    here.exports(request, "person", "person", Some(detail)).await
}

/// Finds what is kept of someone.
pub(in crate::pages) async fn find(who: Page<Admin>, form: Proven<Form>) -> PageResult {
    let (request, here) = who.parts();
    let who = DataSubject::of(&form);
    match record(request, here, &who).await {
        Ok(record) => {
            told(request, here, &record).await?;
            found(here, who, record, Vec::new(), &form)
        }
        Err(error) => {
            let wrong = faults(error)?;
            overview(request, here, who, field_errors(&wrong, &["email", "name"], "email"), "").await
        }
    }
}

fn found(here: &SignedIn, who: DataSubject, record: PersonRecord, errors: Vec<FieldError>, form: &Form) -> PageResult {
    let status = if errors.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let (frame, csrf) = (here.frame("What is kept of them").at(HERE), here.csrf().to_owned());
    Ok(html(
        status,
        &FoundPage { frame, csrf, who, record, errors, reason: form.text("reason"), confirm: form.text("confirm") },
    )?)
}

/// Exports what is kept of a person as a file, to give to them.
pub(in crate::pages) async fn export(who: Page<Admin>, form: Proven<Form>) -> PageResult {
    let (request, here) = who.parts();
    let record = record(request, here, &DataSubject::of(&form)).await?;
    told(request, here, &record).await?;
    let text = serde_json::to_string_pretty(&record).map_err(Problem::internal)?;
    Ok(Response::builder()
        .header(header::CONTENT_TYPE, "application/json; charset=utf-8")
        .header(header::CONTENT_DISPOSITION, "attachment; filename=\"person.json\"")
        .header(header::CACHE_CONTROL, "no-store")
        .body(text))
}

/// Erases someone.
pub(in crate::pages) async fn erase(who: Page<Admin>, form: Proven<Form>) -> PageResult {
    let (request, here) = who.parts();
    let meant = DataSubject::of(&form);
    let mut wrong: Vec<FieldError> = unconfirmed(&form, &[&meant.email, &meant.name]).into_iter().collect();
    if form.text("reason").is_empty() {
        wrong.insert(0, FieldError::new("reason", "enter why, without naming anyone"));
    }
    if wrong.is_empty() {
        let mut said = meant.json();
        said.insert("reason".into(), json!(form.text("reason")));
        let erasure: Erasure = read(said)?;
        match who.change(async |writer| person::erase(writer, erasure).await).await {
            Ok(_) => {
                return Ok(redirect(&format!("{PRIVACY}?notice=erased")));
            }
            Err(error) => {
                wrong = field_errors(&faults(error)?, &["reason"], "confirm");
            }
        }
    }
    let record = record(request, here, &meant).await?;
    found(here, meant, record, wrong, &form)
}

// ---------------------------------------------------------------- how long things are kept

const PERIODS: &[FormSection] = &[FormSection {
    title: "",
    fields: &[
        field(
            "archived_contact_days",
            "Days that an archived supplier keeps its contacts",
            "Counted from its last change. 1 to 36500, or empty to keep them for ever.",
            Input::Integer,
        ),
        field(
            "expired_file_days",
            "Days that a file is kept after its evidence expired",
            "1 to 36500, or empty to keep it for ever. A file that answers of an assessment refer to is kept.",
            Input::Integer,
        ),
    ],
}];

fn open(here: &SignedIn, version: i64) -> FormPage<'_> {
    FormPage {
        here,
        part: HERE,
        lead: String::new(),
        title: "Change how long data is kept".into(),
        back: (PRIVACY.into(), "Privacy".into()),
        action: format!("{PRIVACY}/retention"),
        version,
    }
}

/// The form for the periods.
pub(in crate::pages) async fn show_retention(who: Page<Admin>) -> PageResult {
    let (request, here) = who.parts();
    let periods = retention::read(&here.read(request).await?).await?;
    open(here, periods.version).show(StatusCode::OK, stored(PERIODS, &json_of(&periods)?), Vec::new())
}

/// Changes the periods. Nothing goes by that alone.
pub(in crate::pages) async fn change_retention(who: Page<Admin>, form: Proven<Form>) -> PageResult {
    let (request, here) = who.parts();
    let parts = typed(PERIODS, &form);
    let version = form.version()?;
    let wrong = misread(&parts);
    if !wrong.is_empty() {
        return open(here, version).wrong(parts, wrong);
    }
    match who
        .change(async |writer| retention::change(writer, version, Change::<NewRetention>::new(fields(&parts))).await)
        .await
    {
        Ok(_) => Ok(redirect(PRIVACY)),
        Err(error) => {
            let present = retention::read(&here.read(request).await?).await?;
            open(here, version).refused(parts, error, version, &present)
        }
    }
}

#[derive(Template)]
#[template(path = "settings/privacy/apply.html")]
struct ApplyPage {
    frame: Frame,
    csrf: String,
    report: RetentionReport,
    names: BTreeMap<SubjectId, String>,
    organisation: String,
    errors: Vec<FieldError>,
    confirm: String,
}

impl ApplyPage {
    /// Of what something goes or stays.
    fn name(&self, item: &RetentionItem) -> String {
        let known = item.item_id.parse::<SubjectId>().ok().and_then(|id| self.names.get(&id).cloned());
        known.unwrap_or_else(|| format!("{} {}", format::label(&item.noun), item.item_id))
    }
}

/// What applying the periods would take away.
pub(in crate::pages) async fn show_apply(who: Page<Admin>) -> PageResult {
    would_go(&who, String::new(), Vec::new()).await
}

async fn would_go(who: &Page<Admin>, confirm: String, errors: Vec<FieldError>) -> PageResult {
    let (_, here) = who.parts();
    // Nothing is saved: it only says what would go.
    let writer = who.writer().await?;
    let report = retention::apply(&writer, true).await?;
    let ids = report.items.iter().chain(&report.kept).filter_map(|item| item.item_id.parse::<SubjectId>().ok());
    let names =
        register::lines(&writer, ids).await?.into_iter().map(|(id, line)| (id, format::subject(&line))).collect();
    let status = if errors.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let (frame, csrf, organisation) = (
        here.frame("Delete what is past its retention period").at(HERE),
        here.csrf().to_owned(),
        here.current.organisation.name.clone(),
    );
    Ok(html(status, &ApplyPage { frame, csrf, report, names, organisation, errors, confirm })?)
}

/// Applies the periods.
pub(in crate::pages) async fn apply(who: Page<Admin>, form: Proven<Form>) -> PageResult {
    let (_, here) = who.parts();
    if let Some(wrong) = unconfirmed(&form, &[&here.current.organisation.name]) {
        return would_go(&who, form.text("confirm"), vec![wrong]).await;
    }
    let report = who.change(async |writer| retention::apply(writer, false).await).await?;
    Ok(redirect(&if report.more { format!("{PRIVACY}/apply") } else { format!("{PRIVACY}?notice=applied") }))
}

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
        fields::{Asking, Kind, Open, Part, fields, json as json_of, misread, read, stored, typed},
        form::{Form, parameter},
        page::{Frame, Refusal, Shown, Wrong, at, faults, html, see, wrongs},
        sign_in::Here,
        signed_in::{Page, Proven},
        words,
    },
    problem::Problem,
};

const PRIVACY: &str = "/settings/privacy";

#[derive(Template)]
#[template(path = "settings_privacy.html")]
struct PrivacyPage {
    frame: Frame,
    csrf: String,
    facts: Facts,
    is_admin: bool,
    wrongs: Vec<Wrong>,
    email: String,
    name: String,
    notice: &'static str,
}

/// How long things are kept, and where to look for a person.
pub(in crate::pages) async fn show(who: Page<Viewer>) -> Shown {
    let (request, here) = who.parts();
    let notice = match parameter(request, "notice").as_str() {
        "erased" => "Erased. The audit trail says that it was done, and why, without naming them.",
        "applied" => "Done: what was older than it is kept is gone.",
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
        [("email", &self.email), ("name", &self.name)].into_iter().filter(|(_, text)| !text.is_empty()).map(|(name, text)| (name.to_owned(), json!(text))).collect()
    }

    /// What is typed to go on.
    fn either(&self) -> String {
        [&self.email, &self.name].into_iter().filter(|text| !text.is_empty()).map(String::as_str).collect::<Vec<_>>().join(" or ")
    }

    /// How they are spoken of.
    fn spoken(&self) -> String {
        [&self.name, &self.email].into_iter().filter(|text| !text.is_empty()).map(String::as_str).collect::<Vec<_>>().join(", ")
    }
}

async fn overview(request: &Request, here: &Here, who: DataSubject, wrongs: Vec<Wrong>, notice: &'static str) -> Shown {
    let periods = retention::read(&here.read(request).await?).await?;
    let kept = |days: Option<i32>, of: &str| days.map_or_else(|| "For ever".into(), |days| format!("{} {of}", words::count(days, "day", "days")));
    let facts = vec![
        ("Contacts of archived suppliers", kept(periods.archived_contact_days, "after the supplier was last changed")),
        ("Files behind expired evidence", kept(periods.expired_file_days, "after it expired; a file that answers rest on stays")),
    ];
    let status = if wrongs.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let (frame, csrf, is_admin) = (here.frame("Privacy").at(HERE), here.csrf().to_owned(), here.is_at_least(Role::Admin));
    Ok(html(status, &PrivacyPage { frame, csrf, facts, is_admin, wrongs, email: who.email, name: who.name, notice })?)
}

#[derive(Template)]
#[template(path = "settings_found.html")]
struct FoundPage {
    frame: Frame,
    csrf: String,
    who: DataSubject,
    record: PersonRecord,
    wrongs: Vec<Wrong>,
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
        _ => place.item_id.parse::<SubjectId>().ok().map(|id| words::subject_href(&id)),
    }
}

/// What stands of someone in a place.
fn value(place: &PersonalPlace) -> String {
    match &place.value {
        None | Some(Value::Null) => "–".into(),
        Some(Value::String(text)) => text.clone(),
        Some(Value::Object(fields)) => {
            let said = fields.iter().filter_map(|(name, value)| value.as_str().map(|text| format!("{}: {text}", words::plain(name))));
            said.collect::<Vec<_>>().join("; ")
        }
        Some(other) => other.to_string(),
    }
}

/// What is kept of someone; that it was looked for is kept, and not of whom.
async fn record(request: &Request, here: &Here, who: &DataSubject) -> Result<PersonRecord, Error> {
    let person: Person = read(who.json()).map_err(|_| Error::NotFound)?;
    let reader = here.read(request).await.map_err(|_| Error::Busy)?;
    person::find(&reader, person).await
}

async fn told(request: &Request, here: &Here, record: &PersonRecord) -> Result<(), Refusal> {
    let detail = json!({ "place_count": record.places.len(), "audit_record_count": record.audit_records.len() });
    here.exports(request, "person", "person", Some(detail)).await
}

/// Finds what is kept of someone.
pub(in crate::pages) async fn find(who: Page<Admin>, form: Proven<Form>) -> Shown {
    let (request, here) = who.parts();
    let who = DataSubject::of(&form);
    match record(request, here, &who).await {
        Ok(record) => {
            told(request, here, &record).await?;
            found(here, who, record, Vec::new(), &form)
        }
        Err(error) => {
            let wrong = faults(error)?;
            overview(request, here, who, wrongs(&wrong, &["email", "name"], "email"), "").await
        }
    }
}

fn found(here: &Here, who: DataSubject, record: PersonRecord, wrongs: Vec<Wrong>, form: &Form) -> Shown {
    let status = if wrongs.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let (frame, csrf) = (here.frame("What is kept of them").at(HERE), here.csrf().to_owned());
    Ok(html(status, &FoundPage { frame, csrf, who, record, wrongs, reason: form.text("reason"), confirm: form.text("confirm") })?)
}

/// The same as a file, to be given to them.
pub(in crate::pages) async fn export(who: Page<Admin>, form: Proven<Form>) -> Shown {
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
pub(in crate::pages) async fn erase(who: Page<Admin>, form: Proven<Form>) -> Shown {
    let (request, here) = who.parts();
    let meant = DataSubject::of(&form);
    let mut wrong: Vec<Wrong> = unconfirmed(&form, &[&meant.email, &meant.name]).into_iter().collect();
    if form.text("reason").is_empty() {
        wrong.insert(0, Wrong::new("reason", "enter why, without naming anyone"));
    }
    if wrong.is_empty() {
        let mut said = meant.json();
        said.insert("reason".into(), json!(form.text("reason")));
        let erasure: Erasure = read(said)?;
        match who.change(async |writer| person::erase(writer, erasure).await).await {
            Ok(_) => {
                return Ok(see(&format!("{PRIVACY}?notice=erased")));
            }
            Err(error) => {
                wrong = wrongs(&faults(error)?, &["reason"], "confirm");
            }
        }
    }
    let record = record(request, here, &meant).await?;
    found(here, meant, record, wrong, &form)
}

// ---------------------------------------------------------------- how long things are kept

const PERIODS: &[Part] = &[Part {
    title: "",
    fields: &[
        Asking(
            "archived_contact_days",
            "Days that an archived supplier keeps its contacts",
            "Counted from its last change. 1 to 36500, or empty to keep them for ever.",
            Kind::Whole,
        ),
        Asking(
            "expired_file_days",
            "Days that a file is kept after its evidence expired",
            "1 to 36500, or empty to keep it for ever. A file that answers of an assessment rest on stays.",
            Kind::Whole,
        ),
    ],
}];

fn open(here: &Here, version: i64) -> Open<'_> {
    Open {
        here,
        part: HERE,
        lead: String::new(),
        title: "Change how long things are kept".into(),
        back: (PRIVACY.into(), "Privacy".into()),
        action: format!("{PRIVACY}/retention"),
        version,
    }
}

/// The form for the periods.
pub(in crate::pages) async fn show_retention(who: Page<Admin>) -> Shown {
    let (request, here) = who.parts();
    let periods = retention::read(&here.read(request).await?).await?;
    open(here, periods.version).show(StatusCode::OK, stored(PERIODS, &json_of(&periods)?), Vec::new())
}

/// Changes the periods. Nothing goes by that alone.
pub(in crate::pages) async fn change_retention(who: Page<Admin>, form: Proven<Form>) -> Shown {
    let (request, here) = who.parts();
    let parts = typed(PERIODS, &form);
    let version = form.version()?;
    let wrong = misread(&parts);
    if !wrong.is_empty() {
        return open(here, version).wrong(parts, wrong);
    }
    match who.change(async |writer| retention::change(writer, version, Change::<NewRetention>::new(fields(&parts))).await).await {
        Ok(_) => Ok(see(PRIVACY)),
        Err(error) => {
            let present = retention::read(&here.read(request).await?).await?;
            open(here, version).refused(parts, error, version, &present)
        }
    }
}

#[derive(Template)]
#[template(path = "settings_apply.html")]
struct ApplyPage {
    frame: Frame,
    csrf: String,
    report: RetentionReport,
    names: BTreeMap<SubjectId, String>,
    organisation: String,
    wrongs: Vec<Wrong>,
    confirm: String,
}

impl ApplyPage {
    /// Of what something goes or stays.
    fn name(&self, item: &RetentionItem) -> String {
        let known = item.item_id.parse::<SubjectId>().ok().and_then(|id| self.names.get(&id).cloned());
        known.unwrap_or_else(|| format!("{} {}", words::plain(&item.noun), item.item_id))
    }
}

/// What applying the periods would take away.
pub(in crate::pages) async fn show_apply(who: Page<Admin>) -> Shown {
    would_go(&who, String::new(), Vec::new()).await
}

async fn would_go(who: &Page<Admin>, confirm: String, wrongs: Vec<Wrong>) -> Shown {
    let (_, here) = who.parts();
    // Nothing is saved: it only says what would go.
    let writer = who.writer().await?;
    let report = retention::apply(&writer, true).await?;
    let ids = report.items.iter().chain(&report.kept).filter_map(|item| item.item_id.parse::<SubjectId>().ok());
    let names = register::lines(&writer, ids).await?.into_iter().map(|(id, line)| (id, words::subject(&line))).collect();
    let status = if wrongs.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let (frame, csrf, organisation) = (here.frame("Take away what is older than it is kept").at(HERE), here.csrf().to_owned(), here.current.organisation.name.clone());
    Ok(html(status, &ApplyPage { frame, csrf, report, names, organisation, wrongs, confirm })?)
}

/// Applies the periods.
pub(in crate::pages) async fn apply(who: Page<Admin>, form: Proven<Form>) -> Shown {
    let (_, here) = who.parts();
    if let Some(wrong) = unconfirmed(&form, &[&here.current.organisation.name]) {
        return would_go(&who, form.text("confirm"), vec![wrong]).await;
    }
    let report = who.change(async |writer| retention::apply(writer, false).await).await?;
    Ok(see(&if report.more { format!("{PRIVACY}/apply") } else { format!("{PRIVACY}?notice=applied") }))
}

//! Many at once: what is ticked in the register, or all that it shows, what shall be done to it, what would come of
//! that, and doing it.

use std::{collections::BTreeSet, sync::Arc};

use askama::Template;
use diligence_entities::{
    ahead::{self, Opened},
    bulk::{
        Bulk, BulkAction, BulkArchive, BulkAsk, BulkItem, BulkReport, BulkSelection, BulkSettings, BulkUpdate,
        BulkVerdict,
    },
    clock::Day,
    error::Error,
    fault::Fault,
    id::SubjectId,
    idempotency::{self, Recall, StoredAnswer},
    profile::{DataRole, DataSensitivity, PeopleAffected, PersonalData, ServiceCriticality, SystemAccess},
    questionnaire::{self, MAXIMUM_EDITIONS, Questionnaire, QuestionnaireFilter},
    register::{self, RegisterFilter},
    respondent_link::Mailing,
    review::Rescheduling,
    scope::Reader,
    stored::{from_word, hex},
    supplier::RelationshipStatus,
};
use diligence_questionnaires::cells;
use poem::{
    Body, Request, Response,
    http::{StatusCode, header},
};
use serde::de::DeserializeOwned;
use sha2::{Digest as _, Sha256};

use super::{
    fields,
    form::{Form, parameter},
    format,
    labels::{Choices, Labelled as _},
    page::{FieldError, Frame, PageResult, at, faults, html, redirect},
    products,
    routes::Routes,
    signed_in::{Page, Proven},
    suppliers,
};
use crate::{
    auth::Editor,
    bulk::addressed,
    config::Config,
    mail::Mailer,
    problem::Problem,
    query,
    tables::{self, Register},
};

/// The routes of these pages.
pub(super) fn routes(routes: Routes) -> Routes {
    routes.get("/bulk", show).post("/bulk", send)
}

/// How many verdicts a page shows.
const SHOWN: usize = 200;
/// How many lines of the register are read at once.
const BATCH: usize = 200;
/// The fields of the register's address that say nothing of what it shows.
const NOT_NARROWING: [&str; 5] = ["sort", "limit", "cursor", "which", "id"];

/// To which something is done: the ticked ones, or all that the register shows under an address.
#[derive(Clone, Default)]
struct Chosen {
    ids: Vec<String>,
    /// The register's address behind the question mark; none where some are ticked.
    query: Option<String>,
}

impl Chosen {
    /// As the register's page asks for it.
    fn asked(request: &Request) -> Self {
        let query = request.uri().query().unwrap_or_default();
        let pairs: Vec<(String, String)> = form_urlencoded::parse(query.as_bytes()).into_owned().collect();
        if parameter(request, "which") == "all" {
            let narrowing = pairs
                .iter()
                .filter(|(name, value)| !value.trim().is_empty() && !NOT_NARROWING.contains(&name.as_str()))
                .map(|(name, value)| format!("{}={}", query::encode(name), query::encode(value.trim())));
            return Self { ids: Vec::new(), query: Some(narrowing.collect::<Vec<_>>().join("&")) };
        }
        Self { ids: pairs.into_iter().filter(|(name, _)| name == "id").map(|(_, id)| id).collect(), query: None }
    }

    /// As a form carries it on.
    fn carried(form: &Form) -> Self {
        let query = (form.text("which") == "all").then(|| form.text("query"));
        Self { ids: form.every("id").into_iter().map(str::to_owned).collect(), query }
    }

    fn filter(&self) -> Result<Option<RegisterFilter>, Problem> {
        let Some(text) = &self.query else { return Ok(None) };
        let pairs: Vec<(String, String)> = form_urlencoded::parse(text.as_bytes()).into_owned().collect();
        Ok(Some(query::accept(&pairs)?))
    }

    fn selection(&self) -> Result<BulkSelection, Problem> {
        let filter = self.filter()?;
        let ids = self.ids.iter().filter_map(|id| id.parse().ok()).collect();
        Ok(BulkSelection { ids: filter.is_none().then_some(ids), filter })
    }

    async fn count(&self, reader: &Reader) -> Result<i64, Problem> {
        match self.filter()? {
            Some(filter) => Ok(register::count(reader, &filter).await?),
            None => Ok(i64::try_from(self.ids.len()).unwrap_or(i64::MAX)),
        }
    }

    fn which(&self) -> &'static str {
        if self.query.is_some() { "all" } else { "ticked" }
    }

    /// Where one came from.
    fn back(&self) -> String {
        match self.query.as_deref() {
            None | Some("") => "/register".to_owned(),
            Some(query) => format!("/register?{query}"),
        }
    }
}

#[derive(Template)]
#[template(path = "bulk/choose.html")]
struct ChoosePage {
    frame: Frame,
    errors: Vec<FieldError>,
    csrf: String,
    chosen: Chosen,
    count: i64,
    form: Form,
    questionnaires: Vec<Questionnaire>,
    sends_mail: bool,
}

impl ChoosePage {
    fn profile() -> [(&'static str, &'static str, Choices); 5] {
        [
            ("data_role", "What is its part in personal data?", DataRole::CHOICES),
            ("data_sensitivity", "What is the most sensitive data of yours that it holds?", DataSensitivity::CHOICES),
            ("system_access", "How far does it get into your systems?", SystemAccess::CHOICES),
            ("service_criticality", "What happens to care when it stops?", ServiceCriticality::CHOICES),
            ("people_affected", "How many of the people you support or employ does it touch?", PeopleAffected::CHOICES),
        ]
    }

    fn statuses() -> Choices {
        RelationshipStatus::CHOICES
    }

    fn personal_data() -> Choices {
        PersonalData::CHOICES
    }

    fn is(&self, name: &str, value: &str) -> bool {
        self.form.every(name).contains(&value)
    }
}

async fn choose(who: &Page<Editor>, chosen: Chosen, form: Form, errors: Vec<FieldError>) -> PageResult {
    let (request, here) = who.parts();
    let reader = who.reader().await?;
    let every = QuestionnaireFilter { limit: Some(MAXIMUM_EDITIONS as u64), ..QuestionnaireFilter::default() };
    let count = chosen.count(&reader).await?;
    let page = ChoosePage {
        frame: here.frame("Do something with many").at("/register"),
        csrf: here.csrf().to_owned(),
        count,
        questionnaires: questionnaire::list(&reader, &every).await?.items,
        sends_mail: mailer(request)?.mailing() == Mailing::Possible,
        chosen,
        form,
        errors,
    };
    let status = if page.errors.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    Ok(html(status, &page)?)
}

#[derive(Template)]
#[template(path = "bulk/done.html")]
struct DonePage {
    frame: Frame,
    csrf: String,
    count: String,
    /// What was made and is shown only here.
    links: Vec<(String, String, String, String)>,
    csv: String,
    opens_here_only: bool,
}

/// Where it is said what shall be done, or that it was.
pub(super) async fn show(who: Page<Editor>) -> PageResult {
    let (request, here) = who.parts();
    if let Ok(count) = parameter(request, "done").parse::<u32>() {
        let page = DonePage {
            frame: here.frame("Done").at("/register"),
            csrf: here.csrf().to_owned(),
            count: count.to_string(),
            links: Vec::new(),
            csv: String::new(),
            opens_here_only: false,
        };
        return Ok(html(StatusCode::OK, &page)?);
    }
    let chosen = Chosen::asked(request);
    choose(&who, chosen, Form::default(), Vec::new()).await
}

fn mailer(request: &Request) -> Result<&Mailer, Problem> {
    request.data::<Mailer>().ok_or_else(|| Problem::internal("the app has no mailer"))
}

fn config(request: &Request) -> Result<&Config, Problem> {
    let config = request.data::<Arc<Config>>();
    config.map(Arc::as_ref).ok_or_else(|| Problem::internal("the app has no configuration"))
}

/// A choice of a form that leaves things as they are where nothing is chosen.
fn chosen_word<T: DeserializeOwned>(form: &Form, name: &str) -> Option<Option<T>> {
    from_word(&form.some(name)?).map(Some)
}

/// What a form says shall be done.
fn action(form: &Form, errors: &mut Vec<FieldError>) -> Option<BulkAction> {
    let nothing = BulkAction::default();
    let done = match form.text("what").as_str() {
        "ask" => {
            let with_links = form.text("with_links") == "yes";
            if form.text("questionnaire").is_empty() {
                errors.push(FieldError::new("questionnaire", "choose a questionnaire"));
            }
            let ask = BulkAsk {
                questionnaire: form.text("questionnaire"),
                with_links,
                message: form.some("message").filter(|_| with_links),
                due_on: form.day("due_on", errors).filter(|_| with_links),
                ..BulkAsk::default()
            };
            BulkAction { ask: Some(ask), ..nothing }
        }
        "owner" => {
            let owner = Some(form.some("relationship_owner"));
            BulkAction { set: Some(BulkSettings { relationship_owner: owner, ..BulkSettings::default() }), ..nothing }
        }
        "status" => {
            let status = from_word(&form.text("status"));
            if status.is_none() {
                errors.push(FieldError::new("status", "choose where they stand with us"));
            }
            BulkAction { set: Some(BulkSettings { status, ..BulkSettings::default() }), ..nothing }
        }
        "profile" => {
            let personal_data: Vec<PersonalData> =
                form.every("personal_data").into_iter().filter_map(from_word).collect();
            let set = BulkSettings {
                data_role: chosen_word(form, "data_role"),
                personal_data: Some(personal_data).filter(|categories| !categories.is_empty()),
                data_sensitivity: chosen_word(form, "data_sensitivity"),
                system_access: chosen_word(form, "system_access"),
                service_criticality: chosen_word(form, "service_criticality"),
                people_affected: chosen_word(form, "people_affected"),
                ..BulkSettings::default()
            };
            BulkAction { set: Some(set), ..nothing }
        }
        "reschedule" => {
            if form.text("review_on").is_empty() {
                errors.push(FieldError::new("review_on", "enter the day of the review"));
            }
            let day = form.day("review_on", errors)?;
            BulkAction { reschedule: Some(Rescheduling { due_on: day, reason: form.text("reason") }), ..nothing }
        }
        "archive" => BulkAction { archive: Some(BulkArchive {}), ..nothing },
        _ => {
            errors.push(FieldError::new("what", "choose what shall be done"));
            return None;
        }
    };
    Some(done)
}

/// Faults of what shall be done, each at its field of the form.
fn at_fields(faults: &[Fault], form: &Form) -> Vec<FieldError> {
    let is_moved = form.text("what") == "reschedule";
    let field = |fault: &Fault| match fault.pointer.rsplit('/').next().unwrap_or_default() {
        "due_on" if is_moved => "review_on".to_owned(),
        name @ ("questionnaire" | "due_on" | "message" | "with_links" | "reason" | "relationship_owner") => {
            name.to_owned()
        }
        "set" => "data_role".to_owned(),
        _ => "what".to_owned(),
    };
    faults.iter().map(|fault| FieldError::new(field(fault), &fault.detail)).collect()
}

#[derive(Template)]
#[template(path = "bulk/checked.html")]
struct CheckedPage {
    frame: Frame,
    csrf: String,
    /// What the form says, to be sent again.
    fields: Vec<(String, String)>,
    once: String,
    back: String,
    report: BulkReport,
    is_changed_meanwhile: bool,
}

impl CheckedPage {
    fn may_apply(&self) -> bool {
        self.report.refused_count == 0 && self.report.change_count > 0
    }

    fn may_leave_out(&self) -> bool {
        self.report.refused_count > 0 && self.report.change_count > 0
    }

    /// What is shown: what is refused first.
    fn items(&self) -> Vec<&BulkItem> {
        let mut items: Vec<&BulkItem> = self.report.items.iter().collect();
        items.sort_by_key(|item| match item.verdict {
            BulkVerdict::Refused => 0,
            BulkVerdict::Change => 1,
            BulkVerdict::Unchanged => 2,
        });
        items.truncate(SHOWN);
        items
    }

    fn hidden_count(&self) -> usize {
        self.report.items.len().saturating_sub(SHOWN)
    }

    fn verdict(item: &BulkItem) -> (&'static str, &'static str) {
        match item.verdict {
            BulkVerdict::Refused => ("extreme", "Refused"),
            BulkVerdict::Change => ("low", "Will be done"),
            BulkVerdict::Unchanged => ("unassessed", "Nothing to do"),
        }
    }

    /// What the forms call a field of suppliers or products.
    fn asked(field: &str) -> String {
        let asked = fields::label(suppliers::PARTS, field).or_else(|| fields::label(products::PARTS, field));
        asked.map_or_else(|| format::label(&field), str::to_owned)
    }

    /// What a field says, in the words of the forms.
    fn says(field: &str, text: &Option<String>) -> String {
        let Some(text) = text else { return "nothing".into() };
        let choices = fields::choices(suppliers::PARTS, field);
        let choices = if choices.is_empty() { fields::choices(products::PARTS, field) } else { choices };
        if choices.is_empty() {
            return text.parse::<Day>().map_or_else(|_| text.clone(), format::day);
        }
        let word = |word: &str| {
            choices
                .iter()
                .find(|(known, _)| *known == word)
                .map_or_else(|| word.to_owned(), |(_, label)| (*label).to_owned())
        };
        text.split("; ").map(word).collect::<Vec<_>>().join("; ")
    }
}

/// Looks at what would come of it, leaves out what is refused, or does it.
pub(super) async fn send(who: Page<Editor>, form: Proven<Form>) -> PageResult {
    let (_, here) = who.parts();
    let mut form = form.into_inner();
    let then = form.text("then");
    if then == "links" {
        return Ok(attachment("links.csv", form.exact("csv")));
    }
    let chosen = Chosen::carried(&form);
    if then == "export" {
        return export(&who, &chosen).await;
    }
    let mut errors = Vec::new();
    let (Some(action), true) = (action(&form, &mut errors), errors.is_empty()) else {
        return choose(&who, chosen, form, errors).await;
    };
    let update = |form: &Form, dry_run: bool| -> Result<BulkUpdate, Problem> {
        let except = form.every("except").into_iter().filter_map(|id| id.parse().ok()).collect();
        Ok(BulkUpdate { select: chosen.selection()?, except, r#do: action.clone(), dry_run })
    };
    let today = who.store().clock().now().day();
    let mut report = None;
    if then == "leave_out" {
        let bulk = match Bulk::new(update(&form, true)?, None, today) {
            Ok(bulk) => bulk,
            Err(error) => {
                let errors = at_fields(&faults(error)?, &form);
                return choose(&who, chosen, form, errors).await;
            }
        };
        for item in look(&who, &bulk).await?.items {
            if item.verdict == BulkVerdict::Refused {
                form.add("except", item.id.to_string());
            }
        }
    }
    if then != "apply" {
        let looked = match Bulk::new(update(&form, true)?, None, today) {
            Ok(bulk) => look(&who, &bulk).await,
            Err(error) => Err(error),
        };
        match looked {
            Ok(looked) => report = Some(looked),
            Err(error) => {
                let errors = at_fields(&faults(error)?, &form);
                return choose(&who, chosen, form, errors).await;
            }
        }
    }
    let report = match report {
        Some(report) => report,
        None => match apply(&who, &form, Bulk::new(update(&form, false)?, None, today)?).await? {
            Applied::Done(response) => return Ok(response),
            Applied::Refused(report) => *report,
        },
    };
    let is_applied = then == "apply";
    let next = who.store().clock().now().to_string();
    let sent_on = |name: &str| !["csrf", "then", "once"].contains(&name);
    let page = CheckedPage {
        frame: here.frame("Check what would be done").at("/register"),
        csrf: here.csrf().to_owned(),
        fields: form
            .all()
            .filter(|(name, value)| sent_on(name) && !value.is_empty())
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect(),
        once: format!("bulk-{next}"),
        back: chosen.back(),
        report,
        is_changed_meanwhile: is_applied,
    };
    Ok(html(if is_applied { StatusCode::CONFLICT } else { StatusCode::OK }, &page)?)
}

/// What would come of it.
async fn look(who: &Page<Editor>, bulk: &Bulk) -> Result<BulkReport, Error> {
    let Opened { plan, writer, .. } = ahead::open(who.store(), &who.scope(), bulk).await?;
    Ok(plan.carry_out(writer.as_ref(), Mailing::Impossible).await?.report)
}

/// What became of doing it.
enum Applied {
    /// It is done.
    Done(Response),
    /// Something is refused now, and nothing is done.
    Refused(Box<BulkReport>),
}

async fn apply(who: &Page<Editor>, form: &Form, bulk: Bulk) -> Result<Applied, super::page::Refusal> {
    let (request, here) = who.parts();
    let (once, said) = (form.text("once"), form.all().filter(|(name, _)| !["csrf", "once"].contains(name)));
    let said: Vec<String> = said.map(|(name, value)| format!("{name}={value}")).collect();
    let fingerprint = hex(&Sha256::digest(said.join("\n")));
    let Opened { plan, writer, .. } = ahead::open(who.store(), &who.scope(), &bulk).await?;
    let kept = match &writer {
        Some(writer) => idempotency::recall(writer, &once, &fingerprint).await?,
        // Sent again, there is nothing left to do for what came of it the first time.
        None => idempotency::recall(&who.reader().await?, &once, &fingerprint).await?,
    };
    if let Recall::Same(answer) = kept {
        return Ok(Applied::Done(redirect(answer.location.as_deref().unwrap_or("/register"))));
    }
    let (mailer, config) = (mailer(request)?, config(request)?);
    let carried = plan.carry_out(writer.as_ref(), mailer.mailing()).await?;
    let (report, letters) = addressed(config, carried);
    if !report.applied {
        return Ok(Applied::Refused(Box::new(report)));
    }
    let place = format!("/bulk?done={}", report.change_count);
    if let Some(writer) = writer {
        if !once.is_empty() {
            let answer = StoredAnswer {
                status: StatusCode::SEE_OTHER.as_u16(),
                location: Some(place.clone()),
                etag: None,
                body: String::new(),
            };
            idempotency::remember(&writer, &once, &fingerprint, &answer).await?;
        }
        writer.save().await?;
    }
    mailer.post_all(who.store().clone(), who.scope(), letters);
    let links = links(&report);
    if links.is_empty() {
        return Ok(Applied::Done(redirect(&place)));
    }
    let mut file = cells::Writer::default();
    file.write(["name", "contact", "email", "link"]);
    links.iter().for_each(|(name, contact, email, url)| file.write([name, contact, email, url]));
    let page = DonePage {
        frame: here.frame("Done").at("/register"),
        csrf: here.csrf().to_owned(),
        count: report.change_count.to_string(),
        links,
        csv: file.into_text(),
        opens_here_only: config.links_open_here_only(),
    };
    Ok(Applied::Done(html(StatusCode::OK, &page)?))
}

/// The links that were made: for which supplier or product, for whom, their e-mail address, and the link's.
fn links(report: &BulkReport) -> Vec<(String, String, String, String)> {
    let link = |item: &BulkItem| {
        let link = item.link.as_ref()?;
        let email = link.email.clone().unwrap_or_default();
        Some((item.name.clone().unwrap_or_default(), link.contact_name.clone(), email, link.url.clone()?))
    };
    report.items.iter().filter_map(link).collect()
}

fn attachment(name: &str, text: String) -> Response {
    Response::builder()
        .header(header::CONTENT_TYPE, "text/csv; charset=utf-8")
        .header(header::CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\""))
        .header(header::CACHE_CONTROL, "no-store")
        .body(Body::from_string(format!("{}{text}", cells::BYTE_ORDER_MARK)))
}

/// The ticked lines of the register as a file; all that it shows is saved there.
async fn export(who: &Page<Editor>, chosen: &Chosen) -> PageResult {
    let (request, here) = who.parts();
    if let Some(query) = &chosen.query {
        return Ok(redirect(&format!("{}/register.csv?{query}&bom=true", crate::address::ROOT)));
    }
    let ids: BTreeSet<SubjectId> = chosen.ids.iter().filter_map(|id| id.parse().ok()).collect();
    let ids: Vec<SubjectId> = ids.into_iter().collect();
    let mut lines = Vec::with_capacity(ids.len());
    {
        let reader = who.reader().await?;
        for portion in ids.chunks(BATCH) {
            lines.extend(register::lines(&reader, portion.iter().cloned()).await?.into_values());
        }
    }
    lines.sort_by(|left, right| (&left.supplier_name, &left.name).cmp(&(&right.supplier_name, &right.name)));
    here.exports(request, "register", "register.csv", Some(serde_json::json!({ "ids": ids }))).await?;
    Ok(attachment("register.csv", tables::table_of::<Register>(&lines)))
}

//! What is due: the one list, where each of its items is dealt with, and settling what can be settled here.

use askama::Template;
use diligence_entities::{
    clock::Day,
    due::{
        self, DueCount, DueFilter, DueItem, DueKind, DueState,
        settlement::{self, DueChoice, NewSettlement},
    },
    error::Error,
    fault::Fault,
    id::DueItemId,
    scope::Reader,
    stored::from_word,
};
use poem::{Request, http::StatusCode};

use super::{
    form::{Form, parameter},
    format,
    labels::Labelled as _,
    list_query::ListQuery,
    page::{FieldError, Frame, PageResult, Refusal, at, faults, html, path_id, redirect},
    routes::Routes,
    sign_in::SignedIn,
    signed_in::{Page, Proven},
};
use crate::{
    auth::{Editor, Viewer},
    calendar,
    link::local_path,
};

/// The routes of these pages.
pub(super) fn routes(routes: Routes) -> Routes {
    routes.get("/due", show).post("/due/:id/settle", settle)
}

/// The field of the address that says that something has just been settled.
const DONE: &str = "done";

/// What was typed into the form of one item.
#[derive(Default)]
struct Typed {
    choice: String,
    reason: String,
    ends_on: String,
    renews_for_months: String,
}

#[derive(Template)]
#[template(path = "due/list.html")]
struct DuePage<'a> {
    frame: Frame,
    here: &'a SignedIn,
    asked: ListQuery<DueFilter>,
    /// How many there are of each kind, over the whole list; none where it is narrowed.
    counts: Vec<DueCount>,
    items: Vec<DueItem>,
    next: Option<String>,
    today: Day,
    errors: Vec<FieldError>,
    /// The item whose form was sent and is not right.
    wrong_id: String,
    typed: Typed,
    /// Where whoever settles something goes on.
    then: String,
    /// Whether something has just been settled.
    is_done: bool,
}

impl DuePage<'_> {
    /// What whoever looks can do about an item here.
    fn choices(&self, item: &DueItem) -> Vec<DueChoice> {
        let may = |choice: &DueChoice| self.here.is_at_least(choice.least(item.kind));
        item.choices.iter().copied().filter(may).collect()
    }

    /// What was typed into a field of an item's form.
    fn typed<'a>(&'a self, item: &DueItem, field: &str) -> &'a str {
        match field {
            _ if self.wrong_id != item.id.as_str() => "",
            "choice" => &self.typed.choice,
            "ends_on" => &self.typed.ends_on,
            "renews_for_months" => &self.typed.renews_for_months,
            _ => &self.typed.reason,
        }
    }

    /// Whether a contract can be renewed.
    fn may_renew(&self, choices: &[DueChoice]) -> bool {
        choices.contains(&DueChoice::Renew)
    }

    fn is_wrong(&self, item: &DueItem) -> bool {
        self.wrong_id == item.id.as_str()
    }
}

/// What is due.
pub(super) async fn show(who: Page<Viewer>) -> PageResult {
    let (request, here) = who.parts();
    let reader = who.reader().await?;
    let mut asked = ListQuery::<DueFilter>::of(request, "/due")?;
    let page = due::list(&reader, &asked.filter).await?;
    let next = asked.next(page.next.as_ref());
    let (errors, is_done) = (std::mem::take(&mut asked.errors), !parameter(request, DONE).is_empty());
    let then = asked.first();
    list(here, &reader, asked, (page.items, next), errors, (String::new(), Typed::default()), then, is_done).await
}

#[expect(clippy::too_many_arguments, reason = "each is something that the page shows")]
async fn list(
    here: &SignedIn,
    reader: &Reader,
    asked: ListQuery<DueFilter>,
    (items, next): (Vec<DueItem>, Option<String>),
    errors: Vec<FieldError>,
    (wrong_id, typed): (String, Typed),
    then: String,
    is_done: bool,
) -> PageResult {
    let status = if errors.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let (frame, today) = (here.frame("What is due").at("/due"), reader.today());
    let mut counts = if asked.is_narrowed() { Vec::new() } else { due::counts(reader).await?.kinds };
    counts.retain(|count| count.overdue + count.due + count.coming > 0);
    Ok(html(
        status,
        &DuePage { frame, here, asked, counts, items, next, today, errors, wrong_id, typed, then, is_done },
    )?)
}

/// Settles something, and goes on where it was asked from.
pub(super) async fn settle(who: Page<Editor>, form: Proven<Form>) -> PageResult {
    let (request, here) = who.parts();
    let id: DueItemId = path_id(request)?;
    let typed = Typed {
        choice: form.text("choice"),
        reason: form.text("reason"),
        ends_on: form.text("ends_on"),
        renews_for_months: form.text("renews_for_months"),
    };
    let then = local_path(&form.text("then")).unwrap_or("/due").to_owned();
    let new = match read(&id, &typed) {
        Ok(new) => new,
        Err(wrong) => return again(request, here, &id, typed, then, wrong).await,
    };
    match who.change(async |writer| settlement::create(writer, new).await).await {
        Ok(_) => Ok(redirect(&format!("{then}{}{DONE}=yes", if then.contains('?') { '&' } else { '?' }))),
        Err(error) => {
            let wrong = told(&id, error)?;
            again(request, here, &id, typed, then, wrong).await
        }
    }
}

/// What a form asks for. Fields of another choice say nothing.
fn read(id: &DueItemId, typed: &Typed) -> Result<NewSettlement, Vec<FieldError>> {
    let mut wrong = Vec::new();
    let choice: Option<DueChoice> = from_word(&typed.choice);
    let is_renewal = choice == Some(DueChoice::Renew);
    if choice.is_none() {
        wrong.push(FieldError::new(format!("choice-{id}"), "choose what is done about it"));
    }
    if typed.reason.is_empty() {
        wrong.push(FieldError::new(format!("reason-{id}"), "enter why, or what came of it"));
    }
    let ends_on = (is_renewal && !typed.ends_on.is_empty()).then(|| typed.ends_on.parse::<Day>());
    if ends_on.as_ref().is_some_and(Result::is_err) {
        wrong.push(FieldError::new(format!("ends_on-{id}"), "expected a date such as 2027-03-31"));
    }
    let months = (is_renewal && !typed.renews_for_months.is_empty()).then(|| typed.renews_for_months.parse::<u32>());
    if months.as_ref().is_some_and(Result::is_err) {
        wrong.push(FieldError::new(format!("renews_for_months-{id}"), "expected a number of months, such as 12"));
    }
    match choice.filter(|_| wrong.is_empty()) {
        Some(choice) => Ok(NewSettlement {
            item_id: id.clone(),
            choice,
            reason: typed.reason.clone(),
            ends_on: ends_on.and_then(Result::ok),
            renews_for_months: months.and_then(Result::ok),
        }),
        None => Err(wrong),
    }
}

/// What is wrong, each at its field; any other refusal goes on.
fn told(id: &DueItemId, error: Error) -> Result<Vec<FieldError>, Refusal> {
    let at_field = |fault: &Fault| {
        let field = fault.pointer.trim_start_matches('/');
        let is_field = ["choice", "reason", "ends_on", "renews_for_months"].contains(&field);
        FieldError::new(if is_field { format!("{field}-{id}") } else { id.to_string() }, &fault.detail)
    };
    let faults = faults(error)?;
    // Of the address, not of the form.
    if faults.iter().any(|fault| fault.pointer == "/item_id") {
        return Err(Error::NotFound.into());
    }
    Ok(faults.iter().map(at_field).collect())
}

/// The form of one item, as it was sent, with what is wrong.
async fn again(
    request: &Request,
    here: &SignedIn,
    id: &DueItemId,
    typed: Typed,
    then: String,
    wrong: Vec<FieldError>,
) -> PageResult {
    let reader = here.read(request).await?;
    // One that somebody else has settled meanwhile is there no more: what is wrong says so.
    let items = match due::read(&reader, id).await {
        Ok(item) => vec![item],
        Err(Error::NotFound) => Vec::new(),
        Err(error) => return Err(error.into()),
    };
    let asked = ListQuery::<DueFilter>::of(request, "/due")?;
    list(here, &reader, asked, (items, None), wrong, (id.to_string(), typed), then, false).await
}

/// Where an item is dealt with.
pub(crate) fn href(item: &DueItem) -> String {
    let source = &item.source_id;
    let subject = item.subject_id.as_ref().map_or_else(|| "/due".to_owned(), format::subject_href);
    match item.kind {
        DueKind::RefusedInUse | DueKind::DecisionStale | DueKind::DecisionLapse | DueKind::Condition => {
            format!("/decisions/{source}")
        }
        DueKind::EvidenceExpiry | DueKind::EvidenceToCheck => format!("/evidence/{source}"),
        DueKind::ContractNotice | DueKind::ContractEnd => format!("{subject}/change#contracts"),
        DueKind::Review => format!("/reviews#{source}"),
        DueKind::ProfileUnknown => format!("{subject}/change#data_sensitivity"),
        DueKind::AiUnknown => format!("{subject}/change#ai_features"),
        DueKind::NeverAssessed => {
            format!("/assessments/new?subject_id={}", item.subject_id.as_ref().map_or("", |id| id.as_str()))
        }
        DueKind::SecurityCheck => format!("/security-checks/new?subject_id={source}"),
        DueKind::Exercise => format!("/exercises/new?subject_id={source}"),
        DueKind::AnswersToReview => format!("/assessments/{source}/review"),
        DueKind::Unanswered => format!("/assessments/{source}/links"),
        DueKind::AcceptanceLapse | DueKind::Action => format!("/risks/{source}"),
        DueKind::KeyEnd => format!("/settings/keys/{source}"),
        DueKind::ProviderSecretEnd => format!("/settings/sign-in/providers/{source}/change"),
        DueKind::EditionOutdated => format!("/questionnaires/{source}"),
    }
}

/// What is to be done about one item, in a word or two.
pub(crate) fn task(item: &DueItem) -> &'static str {
    calendar::title(item.kind)
}

/// What a supplier or product is called, with whose it is for a product; what else an item is about, by its own name.
pub(crate) fn name(item: &DueItem) -> String {
    match &item.supplier_name {
        Some(supplier) if *supplier != item.name => format!("{} ({supplier})", item.name),
        _ => item.name.clone(),
    }
}

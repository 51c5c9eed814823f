//! Decisions: what was decided, when and by whom, and whether its conditions are met.

use std::collections::BTreeMap;

use askama::Template;
use diligence_entities::{
    clock::Day,
    decision::{self, AgreedCondition, ConditionMet, Decision, DecisionFilter},
    error::Error,
    id::{DecisionId, SubjectId},
    questionnaire, register,
    role::Role,
};
use poem::{Request, http::StatusCode};

use super::{
    form::Form,
    format,
    list_query::ListQuery,
    page::{FieldError, Frame, PageResult, at, faults, html, path_id, redirect},
    routes::Routes,
    sign_in::SignedIn,
    signed_in::{Page, Proven},
};
use crate::auth::{Approver, Viewer};

/// The routes of these pages.
pub(super) fn routes(routes: Routes) -> Routes {
    routes.get("/decisions", list).get("/decisions/:id", show).post("/decisions/:id/meet-condition", meet_condition)
}

#[derive(Template)]
#[template(path = "decisions/list.html")]
struct DecisionsPage {
    frame: Frame,
    asked: ListQuery<DecisionFilter>,
    decisions: Vec<Decision>,
    names: BTreeMap<SubjectId, String>,
    titles: BTreeMap<String, String>,
    today: Day,
    next: Option<String>,
}

impl DecisionsPage {
    fn name(&self, id: &SubjectId) -> &str {
        self.names.get(id).map_or("", String::as_str)
    }

    fn title<'a>(&'a self, questionnaire: &'a str) -> &'a str {
        self.titles.get(questionnaire).map_or(questionnaire, String::as_str)
    }

    /// Its conditions in short: how many are open, and whether one is overdue.
    fn conditions(&self, decision: &Decision) -> Option<(String, bool)> {
        let open: Vec<&AgreedCondition> =
            decision.conditions.iter().filter(|condition| condition.met_on.is_none()).collect();
        let is_late = open.iter().any(|condition| condition.due_on < self.today);
        match (decision.conditions.is_empty(), open.len()) {
            (true, _) => None,
            (false, 0) => Some(("All conditions are met".into(), false)),
            (false, count) => Some((
                format!(
                    "{} open{}",
                    format::count(count, "condition", "conditions"),
                    if is_late { ", overdue" } else { "" }
                ),
                is_late,
            )),
        }
    }

    fn has_passed(&self, day: &Day) -> bool {
        *day < self.today
    }
}

/// The list, newest first.
pub(super) async fn list(who: Page<Viewer>) -> PageResult {
    let (request, here) = who.parts();
    let reader = here.read(request).await?;
    let asked = ListQuery::<DecisionFilter>::of(request, "/decisions")?;
    let page = decision::list(&reader, &asked.filter).await?;
    let subjects = page.items.iter().map(|decision| decision.subject_id.clone()).chain(asked.filter.subject_id.clone());
    let names: BTreeMap<SubjectId, String> =
        register::lines(&reader, subjects).await?.into_iter().map(|(id, line)| (id, format::subject(&line))).collect();
    let titles =
        questionnaire::titles(&reader, page.items.iter().map(|decision| decision.questionnaire.clone())).await?;
    let title = asked
        .filter
        .subject_id
        .as_ref()
        .and_then(|id| names.get(id))
        .map_or_else(|| "Decisions".to_owned(), |name| format!("Decisions on {name}"));
    let status = if asked.errors.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let (frame, next) = (here.frame(&title).at("/register"), asked.next(page.next.as_ref()));
    Ok(html(
        status,
        &DecisionsPage { frame, asked, decisions: page.items, names, titles, today: reader.today(), next },
    )?)
}

#[derive(Template)]
#[template(path = "decisions/show.html")]
struct DecisionPage {
    frame: Frame,
    csrf: String,
    decision: Decision,
    name: String,
    title: String,
    today: Day,
    may_meet: bool,
    errors: Vec<FieldError>,
    /// The condition whose form was sent and could not be followed, and what was typed into it.
    number: u32,
    note: String,
    is_stale: bool,
}

impl DecisionPage {
    fn has_passed(&self, day: &Day) -> bool {
        *day < self.today
    }

    /// Whether a condition is not met.
    fn has_open(&self) -> bool {
        self.decision.conditions.iter().any(|condition| condition.met_on.is_none())
    }

    fn typed(&self, number: &u32) -> &str {
        if *number == self.number { &self.note } else { "" }
    }

    /// The condition that someone else noted as met while a note on it was written.
    fn met_meanwhile(&self) -> bool {
        self.decision.conditions.iter().any(|condition| condition.number == self.number && condition.met_on.is_some())
    }
}

/// What was sent and could not be done.
#[derive(Default)]
struct Again {
    errors: Vec<FieldError>,
    number: u32,
    note: String,
    is_stale: bool,
}

/// One decision.
pub(super) async fn show(who: Page<Viewer>) -> PageResult {
    let (request, here) = who.parts();
    page(request, here, &path_id(request)?, Again::default()).await
}

async fn page(request: &Request, here: &SignedIn, id: &DecisionId, again: Again) -> PageResult {
    let reader = here.read(request).await?;
    let decision = decision::read(&reader, id).await?;
    let line = register::lines(&reader, [decision.subject_id.clone()])
        .await?
        .remove(&decision.subject_id)
        .ok_or(Error::NotFound)?;
    let titles = questionnaire::titles(&reader, [decision.questionnaire.clone()]).await?;
    let Again { errors, number, note, is_stale } = again;
    let status = match (is_stale, errors.is_empty()) {
        (true, _) => StatusCode::CONFLICT,
        (false, true) => StatusCode::OK,
        (false, false) => StatusCode::UNPROCESSABLE_ENTITY,
    };
    let name = format::subject(&line);
    let page = DecisionPage {
        frame: here.frame(&format!("Decision on {name}")).at("/register"),
        csrf: here.csrf().to_owned(),
        title: titles.get(&decision.questionnaire).cloned().unwrap_or_else(|| decision.questionnaire.clone()),
        decision,
        name,
        today: reader.today(),
        may_meet: here.is_at_least(Role::Approver),
        errors,
        number,
        note,
        is_stale,
    };
    Ok(html(status, &page)?)
}

/// Notes that a condition is met.
pub(super) async fn meet_condition(who: Page<Approver>, form: Proven<Form>) -> PageResult {
    let (request, here) = who.parts();
    let id: DecisionId = path_id(request)?;
    let version = form.version()?;
    let number = form.text("number").parse().unwrap_or_default();
    let again = Again { number, note: form.text("note"), ..Again::default() };
    let met = ConditionMet { number, note: form.some("note") };
    match who.change(async |writer| decision::meet_condition(writer, &id, version, met).await).await {
        Ok(_) => Ok(redirect(&format!("/decisions/{id}"))),
        Err(Error::Stale { .. }) => page(request, here, &id, Again { is_stale: true, ..again }).await,
        Err(error) => {
            let field =
                |pointer: &str| if pointer == "/note" { format!("note-{number}") } else { "conditions".to_owned() };
            let errors =
                faults(error)?.iter().map(|fault| FieldError::new(field(&fault.pointer), &fault.detail)).collect();
            page(request, here, &id, Again { errors, ..again }).await
        }
    }
}

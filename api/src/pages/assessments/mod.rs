//! Assessments: the list, and starting one.

mod answers;
mod judged;
mod links;
mod review;
mod score;
mod sent;
mod sheet;

use std::collections::BTreeMap;

use askama::Template;
use diligence_entities::{
    assessment::{self, Assessment, AssessmentFilter, AssessmentSort, AssessmentState, NewAssessment},
    error::Error,
    id::SubjectId,
    questionnaire::{self, Questionnaire, QuestionnaireFilter},
    register::{self, RegisterEntry, RegisterFilter},
    role::Role,
    scope::Reader,
};
use poem::http::StatusCode;

use super::{
    form::{Form, parameter},
    format,
    list_query::ListQuery,
    page::{FieldError, Frame, PageResult, at, faults, html, redirect},
    routes::Routes,
    sign_in::SignedIn,
    signed_in::{Page, Proven},
};
use crate::{
    auth::{Editor, Viewer},
    problem::Problem,
};

/// The routes of these pages.
pub(super) fn routes(routes: Routes) -> Routes {
    routes
        .get("/assessments", show)
        .get("/assessments/new", show_new)
        .post("/assessments/new", start)
        .get("/assessments/:id", answers::show)
        .post("/assessments/:id/confirm", answers::confirm)
        .get("/assessments/:id/sections/:key", answers::show_section)
        .post("/assessments/:id/sections/:key", answers::save_section)
        .get("/assessments/:id/evidence", answers::show_evidence)
        .post("/assessments/:id/evidence", answers::add_evidence)
        .get("/assessments/:id/check", answers::check)
        .post("/assessments/:id/check", answers::submit)
        .get("/assessments/:id/delete", answers::show_delete)
        .post("/assessments/:id/delete", answers::delete)
        .get("/assessments/:id/links", links::show)
        .post("/assessments/:id/links", links::create)
        .post("/assessments/:id/links/resend", links::resend)
        .post("/assessments/:id/links/revoke", links::revoke)
        .get("/assessments/:id/sheet", sheet::show)
        .post("/assessments/:id/sheet", sheet::fill_in)
        .get("/assessments/:id/review", review::show)
        .post("/assessments/:id/review", review::rate)
        .post("/assessments/:id/return", review::give_back)
        .post("/assessments/:id/decide", review::decide)
        .get("/assessments/:id/score", score::show)
}

/// How many suppliers and products are offered to choose from.
const OFFERED: u64 = 20;

#[derive(Template)]
#[template(path = "assessments/list.html")]
struct AssessmentsPage {
    frame: Frame,
    asked: ListQuery<AssessmentFilter>,
    assessments: Vec<Assessment>,
    names: BTreeMap<SubjectId, String>,
    titles: BTreeMap<String, String>,
    /// The questionnaires there are, to narrow the list by.
    questionnaires: Vec<(String, String)>,
    /// The supplier or product that the list is narrowed to.
    only: Option<String>,
    next: Option<String>,
    may_start: bool,
}

impl AssessmentsPage {
    fn name(&self, assessment: &Assessment) -> &str {
        self.names.get(&assessment.subject_id).map_or("", String::as_str)
    }

    fn title<'a>(&'a self, assessment: &'a Assessment) -> &'a str {
        self.titles.get(&assessment.questionnaire).map_or(&assessment.questionnaire, String::as_str)
    }
}

/// The list, the last changed first.
pub(super) async fn show(who: Page<Viewer>) -> PageResult {
    let (request, here) = who.parts();
    let reader = here.read(request).await?;
    let mut asked = ListQuery::<AssessmentFilter>::of(request, "/assessments")?;
    asked.filter.sort = asked.filter.sort.or(Some(AssessmentSort::UpdatedDescending));
    let page = assessment::list(&reader, &asked.filter).await?;
    let only = asked.filter.subject_id.clone().or_else(|| asked.filter.supplier_id.clone().map(SubjectId::Supplier));
    let ids = page.items.iter().map(|assessment| assessment.subject_id.clone()).chain(only.clone());
    let names: BTreeMap<SubjectId, String> =
        register::lines(&reader, ids).await?.into_iter().map(|(id, line)| (id, format::subject(&line))).collect();
    let known = questionnaire::list(
        &reader,
        &QuestionnaireFilter { limit: Some(questionnaire::MAXIMUM_EDITIONS as u64), ..QuestionnaireFilter::default() },
    )
    .await?;
    let mut questionnaires: Vec<(String, String)> =
        known.items.into_iter().map(|questionnaire| (questionnaire.key, questionnaire.title)).collect();
    questionnaires.sort_by(|left, right| left.1.cmp(&right.1));
    let status = if asked.errors.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let page = AssessmentsPage {
        frame: here.frame("Assessments").at("/assessments"),
        titles: questionnaire::titles(&reader, page.items.iter().map(|assessment| assessment.questionnaire.clone()))
            .await?,
        next: asked.next(page.next.as_ref()),
        only: only.map(|id| names.get(&id).cloned().unwrap_or_else(|| id.to_string())),
        assessments: page.items,
        asked,
        names,
        questionnaires,
        may_start: here.is_at_least(Role::Editor),
    };
    Ok(html(status, &page)?)
}

// ---------------------------------------------------------------- starting one

#[derive(Template)]
#[template(path = "assessments/subject.html")]
struct ChooseSubjectPage {
    frame: Frame,
    text: String,
    lines: Vec<RegisterEntry>,
    has_more: bool,
}

/// A questionnaire that can be put to the supplier or product.
struct Offer {
    questionnaire: Questionnaire,
    /// The assessment of it that is under way.
    under_way: Option<Assessment>,
}

impl Offer {
    /// The first sentence of what it is about.
    fn sentence(&self) -> &str {
        let summary = &self.questionnaire.summary;
        summary.split_inclusive(". ").next().unwrap_or(summary).trim()
    }
}

#[derive(Template)]
#[template(path = "assessments/new.html")]
struct NewPage {
    frame: Frame,
    csrf: String,
    subject_id: SubjectId,
    subject: String,
    is_archived: bool,
    offers: Vec<Offer>,
    chosen: String,
    carries_over: bool,
    errors: Vec<FieldError>,
}

/// The form that starts an assessment, or, where nothing says of what, the suppliers and products to choose from.
pub(super) async fn show_new(who: Page<Editor>) -> PageResult {
    let (request, here) = who.parts();
    let reader = here.read(request).await?;
    let subject_id = parameter(request, "subject_id");
    if !subject_id.is_empty() {
        let id = subject_id.parse().map_err(|_| Problem::not_found())?;
        return new_page(here, &reader, id, StatusCode::OK, &parameter(request, "questionnaire"), true, Vec::new())
            .await;
    }
    let text: String = parameter(request, "q").trim().chars().take(200).collect();
    let filter = RegisterFilter {
        q: Some(text.clone()).filter(|text| !text.is_empty()),
        limit: Some(OFFERED),
        ..RegisterFilter::default()
    };
    let page = register::list(&reader, &filter).await?;
    let frame = here.frame("Send a questionnaire").at("/assessments");
    Ok(html(StatusCode::OK, &ChooseSubjectPage { frame, text, lines: page.items, has_more: page.next.is_some() })?)
}

async fn new_page(
    here: &SignedIn,
    reader: &Reader,
    subject_id: SubjectId,
    status: StatusCode,
    chosen: &str,
    carries_over: bool,
    errors: Vec<FieldError>,
) -> PageResult {
    let lines = register::lines(reader, [subject_id.clone()]).await?;
    let line = lines.get(&subject_id).ok_or(Error::NotFound)?;
    let mut under_way = Vec::new();
    for state in [AssessmentState::Open, AssessmentState::Submitted] {
        let filter = AssessmentFilter {
            subject_id: Some(subject_id.clone()),
            state: Some(state),
            limit: Some(200),
            ..AssessmentFilter::default()
        };
        under_way.extend(assessment::list(reader, &filter).await?.items);
    }
    let offer = |questionnaire: Questionnaire| Offer {
        under_way: under_way.iter().find(|other| other.questionnaire == questionnaire.key).cloned(),
        questionnaire,
    };
    let page = NewPage {
        frame: here.frame("Send a questionnaire").at("/assessments"),
        csrf: here.csrf().to_owned(),
        subject: format::subject(line),
        is_archived: format::slug(&line.status) == "archived",
        offers: assessment::askable(reader, &subject_id).await?.into_iter().map(offer).collect(),
        chosen: chosen.to_owned(),
        carries_over,
        errors,
        subject_id,
    };
    Ok(html(status, &page)?)
}

/// Starts an assessment.
pub(super) async fn start(who: Page<Editor>, form: Proven<Form>) -> PageResult {
    let (request, here) = who.parts();
    let subject_id: SubjectId = form.text("subject_id").parse().map_err(|_| Problem::not_found())?;
    let (questionnaire, carries_over) = (form.text("questionnaire"), form.text("carry_over") == "yes");
    if questionnaire.is_empty() {
        let wrong = vec![FieldError::new("questionnaire", "choose a questionnaire")];
        return new_page(
            here,
            &here.read(request).await?,
            subject_id,
            StatusCode::UNPROCESSABLE_ENTITY,
            "",
            carries_over,
            wrong,
        )
        .await;
    }
    let new = NewAssessment {
        questionnaire: questionnaire.clone(),
        subject_id: subject_id.clone(),
        edition: None,
        carry_over: Some(carries_over),
    };
    match who.change(async |writer| assessment::start(writer, new).await).await {
        Ok(made) => Ok(redirect(&format!("/assessments/{}?notice=started", made.id))),
        Err(error) => {
            let errors = crate::pages::page::field_errors(&faults(error)?, &[], "questionnaire");
            new_page(
                here,
                &here.read(request).await?,
                subject_id,
                StatusCode::UNPROCESSABLE_ENTITY,
                &questionnaire,
                carries_over,
                errors,
            )
            .await
        }
    }
}

//! A draft as a respondent would see it, and what answers to it come to. Nothing is kept.

use askama::Template;
use diligence_entities::{
    draft::{self, Attempt, AttemptResult, Draft, RatingByTier},
    fault::Fault,
    id::DraftId,
};
use diligence_questionnaires::{
    Answer, Condition, Edition, EvidenceFact, EvidenceKind, EvidenceNeed, Preview, PreviewQuestion, QuestionType,
    Rating, ReviewedPoints, Subject,
    answer::{FACTS, Fact},
};
use poem::http::StatusCode;
use serde_json::{Value, json};

use super::{MAXIMUM_FORM, readable};
use crate::{
    auth::Viewer,
    pages::{
        form::Form,
        format,
        page::{FieldError, Frame, PageResult, faults, html, path_id},
        questionnaires::kind,
        sign_in::SignedIn,
        signed_in::{Page, Proven, Within},
    },
};

/// A fact about the supplier or product that the draft's conditions ask for.
struct AskedFact {
    fact: &'static Fact,
    chosen: String,
}

/// A question with what was tried.
struct Tried {
    question: PreviewQuestion,
    values: Vec<String>,
    does_not_apply: bool,
    has_evidence: bool,
    points: String,
    wrong: Option<String>,
}

impl Tried {
    fn has(&self, value: &str) -> bool {
        self.values.iter().any(|chosen| chosen == value)
    }

    fn key(&self) -> &str {
        &self.question.key
    }

    fn value(&self) -> &str {
        self.values.first().map_or("", String::as_str)
    }

    fn is_rated(&self) -> bool {
        matches!(self.question.kind, QuestionType::Text | QuestionType::File)
    }

    fn wants_evidence(&self) -> bool {
        self.question.evidence != EvidenceNeed::None
    }
}

struct TriedSection {
    title: String,
    intro: Option<String>,
    asked_if: Option<String>,
    questions: Vec<Tried>,
}

#[derive(Template)]
#[template(path = "questionnaires/drafts/try.html")]
struct TryPage {
    frame: Frame,
    errors: Vec<FieldError>,
    draft: Draft,
    edition: Edition,
    facts: Vec<AskedFact>,
    sections: Vec<TriedSection>,
    result: Option<AttemptResult>,
    csrf: String,
}

impl TryPage {
    /// The rating that a result would give, by the tier of the supplier.
    fn ratings(result: &AttemptResult) -> Vec<(&'static str, Rating)> {
        let RatingByTier { low, medium, high, critical } = result.ratings;
        vec![("low", low), ("medium", medium), ("high", high), ("critical", critical)]
    }

    fn text(&self, key: &str) -> String {
        self.edition.question(key).map_or_else(|| key.to_owned(), |question| question.text.clone())
    }
}

/// The facts that conditions read, in the order in which they are known.
fn facts_read(edition: &Edition) -> Vec<&'static Fact> {
    let sections = edition.sections.iter().filter_map(|section| section.show_if.as_ref());
    let questions = edition.questions().filter_map(|question| question.show_if.as_ref());
    let mut open: Vec<&Condition> =
        sections.chain(questions).chain(edition.findings.iter().map(|finding| &finding.when)).collect();
    let mut read: Vec<&str> = Vec::new();
    while let Some(condition) = open.pop() {
        match condition {
            Condition::All(parts) | Condition::Any(parts) => open.extend(parts),
            Condition::Not(part) => open.push(part),
            Condition::Subject { fact, .. } => read.push(fact),
            Condition::Question { .. } => {}
        }
    }
    FACTS.iter().filter(|fact| read.contains(&fact.name)).collect()
}

/// A draft as a respondent would see it, with fields to try answers in.
pub(in crate::pages::questionnaires) async fn show_try(who: Page<Viewer>) -> PageResult {
    let (request, here) = who.parts();
    let (draft, edition) = readable(&here.read(request).await?, &path_id(request)?).await?;
    try_page(here, draft, edition, &Form::default(), &[], None)
}

fn try_page(
    here: &SignedIn,
    draft: Draft,
    edition: Edition,
    form: &Form,
    faults: &[Fault],
    result: Option<AttemptResult>,
) -> PageResult {
    let wrong_at = |key: &str| {
        let is_of = |fault: &&Fault| fault.pointer.split('/').nth(2) == Some(key);
        faults.iter().find(is_of).map(|fault| crate::pages::page::sentence(&fault.detail))
    };
    let tried = |question: PreviewQuestion| Tried {
        values: form.every(&format!("{}.value", question.key)).into_iter().map(str::to_owned).collect(),
        does_not_apply: form.some(&format!("{}.not_applicable", question.key)).is_some(),
        has_evidence: form.some(&format!("{}.evidence", question.key)).is_some(),
        points: form.text(&format!("{}.points", question.key)),
        wrong: wrong_at(&question.key),
        question,
    };
    let sections = Preview::of(&edition).sections.into_iter().map(|section| TriedSection {
        title: section.title,
        intro: section.intro,
        asked_if: section.asked_if,
        questions: section.questions.into_iter().map(tried).collect(),
    });
    let field = |fault: &Fault| {
        let key = fault.pointer.split('/').nth(2).filter(|key| edition.question(key).is_some());
        key.map_or_else(|| "answers".to_owned(), |key| format!("q-{key}"))
    };
    let errors: Vec<FieldError> = faults.iter().map(|fault| FieldError::new(field(fault), &fault.detail)).collect();
    let status = if errors.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let page = TryPage {
        frame: here.frame("Preview and try answers").at("/questionnaires"),
        facts: facts_read(&edition)
            .into_iter()
            .map(|fact| AskedFact { fact, chosen: form.text(&format!("fact.{}", fact.name)) })
            .collect(),
        sections: sections.collect(),
        errors,
        draft,
        edition,
        result,
        csrf: here.csrf().to_owned(),
    };
    Ok(html(status, &page)?)
}

/// The answer that was typed; `None` where there is none.
fn answer(question: &diligence_questionnaires::Question, form: &Form) -> Option<Answer> {
    let name = |part: &str| format!("{}.{part}", question.key);
    let evidence_ids = if form.some(&name("evidence")).is_some() { vec![question.key.clone()] } else { Vec::new() };
    if form.some(&name("not_applicable")).is_some() {
        return Some(Answer { not_applicable: Some("Tried out.".into()), evidence_ids, ..Answer::default() });
    }
    let text = form.some(&name("value"));
    let value = match question.kind {
        QuestionType::MultipleChoice => Some(json!(form.every(&name("value"))))
            .filter(|chosen| chosen.as_array().is_some_and(|chosen| !chosen.is_empty())),
        // What is no number is told by the check of answers.
        QuestionType::Number => text.map(|text| {
            serde_json::from_str::<serde_json::Number>(&text.replace(',', ""))
                .map_or_else(|_| json!(text), Value::Number)
        }),
        QuestionType::File => text.map(|_| json!(question.key)),
        _ => text.map(Value::String),
    };
    value.map(|value| Answer { value: Some(value), evidence_ids, ..Answer::default() })
}

/// What answers to a draft come to. Nothing is kept.
pub(in crate::pages::questionnaires) async fn attempt(
    who: Page<Viewer>,
    form: Proven<Within<MAXIMUM_FORM>>,
) -> PageResult {
    let (request, here) = who.parts();
    let id: DraftId = path_id(request)?;
    let reader = here.read(request).await?;
    let (draft, edition) = readable(&reader, &id).await?;
    let mut attempt = Attempt::default();
    let mut wrong = Vec::new();
    for question in edition.questions() {
        let Some(answer) = answer(question, &form) else { continue };
        if !answer.evidence_ids.is_empty() || question.kind == QuestionType::File {
            let kind = question.evidence.kinds.first().copied().unwrap_or(EvidenceKind::Other);
            attempt.evidence.push(EvidenceFact {
                id: question.key.clone(),
                kind,
                issued_on: None,
                expires_on: None,
                file_sha256: None,
                not_counted: None,
            });
        }
        attempt.answers.insert(question.key.clone(), answer);
        if let Some(points) = form.some(&format!("{}.points", question.key)) {
            match points.parse() {
                Ok(points) => drop(
                    attempt
                        .review
                        .insert(question.key.clone(), ReviewedPoints { points, reason: None, reviewer: None }),
                ),
                Err(_) => wrong.push(Fault::new(
                    format!("/review/{}", question.key),
                    "points",
                    "expected a number of points from 0 to 100",
                )),
            }
        }
    }
    let facts = facts_read(&edition)
        .into_iter()
        .filter_map(|fact| Some((fact.name, [form.some(&format!("fact.{}", fact.name))?])));
    attempt.subject = facts.collect::<Subject>();
    if !wrong.is_empty() {
        return try_page(here, draft, edition, &form, &wrong, None);
    }
    match draft::attempt(&reader, &id, attempt).await {
        Ok(result) => try_page(here, draft, edition, &form, &[], Some(result)),
        Err(error) => try_page(here, draft, edition, &form, &faults(error)?, None),
    }
}

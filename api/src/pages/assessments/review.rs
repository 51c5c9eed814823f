//! Reviewing an assessment: claimed beside evidenced, question by question; rating answers, returning them, deciding.

use std::collections::BTreeMap;

use askama::Template;
use diligence_entities::{
    assessment::{self, AssessmentState, NewPoints, PointsChange, Return},
    audit,
    clock::Day,
    decision::{self, Decision, NewCondition, NewDecision},
    error::Error,
    fault::Fault,
    id::AssessmentId,
    role::Role,
};
use diligence_questionnaires::{Contribution, Points, QuestionType, RaisedFinding, Severity};
use poem::{Request, http::StatusCode};

use super::{
    judged::{self, Judged, Moved},
    sent::{Piece, Sent},
};
use crate::{
    auth::{Approver, Viewer, store_of},
    pages::{
        form::{Form, parameter},
        format,
        page::{FieldError, Frame, PageResult, at, faults, html, path_id, redirect, request_id},
        sign_in::SignedIn,
        signed_in::{Page, Proven},
    },
};

/// How many empty rows stand under conditions and under notes at first.
const ROWS: usize = 3;
/// How many there can be: as many conditions as a decision takes.
const MAXIMUM_ROWS: usize = 50;

/// A finding in plain sentences.
struct Finding {
    severity: Severity,
    title: String,
    advice: String,
}

/// A visible question with what was answered and how it is judged.
struct Item {
    key: String,
    text: String,
    principle: String,
    weight: u16,
    answer: String,
    comment: Option<String>,
    evidence: Vec<Piece>,
    lacking: &'static str,
    points: String,
    /// The answer's own points, where a reviewer put others in their place.
    own_points: Option<Points>,
    /// The points that a reviewer gave, and who and why.
    given: Option<(u8, String)>,
    knock_out: Option<String>,
    findings: Vec<Finding>,
    /// What moved here since the last assessment.
    moved: Option<String>,
    /// Whether a reviewer can give it points: it counts and is answered.
    takes_points: bool,
    /// Whether it has no points until a reviewer gives some.
    is_unrated_kind: bool,
    /// What is typed as its points, and why.
    typed: Rated,
    /// What someone else gave meanwhile.
    theirs: Option<String>,
}

/// The visible questions of a section.
struct Part {
    title: String,
    items: Vec<Item>,
}

impl Part {
    fn takes_points(&self) -> bool {
        self.items.iter().any(|item| item.takes_points)
    }
}

/// Points and the reason for them as they are typed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Rated {
    points: String,
    reason: String,
}

/// A row that can be left empty: a condition, or a note at a question.
#[derive(Clone, Debug, Default)]
struct Row {
    text: String,
    owner: String,
    due_on: String,
}

/// What stands in the forms.
#[derive(Default)]
struct Typed {
    /// By question key; what is not there is as it is kept.
    rated: BTreeMap<String, Rated>,
    verdict: String,
    comment: String,
    lapses_on: String,
    override_reason: String,
    conditions: Vec<Row>,
    mend: String,
    /// What needs to change, and at which question (the row's owner).
    notes: Vec<Row>,
    /// Which row was just added.
    added: String,
}

/// What someone else did while a form was open.
struct Meanwhile {
    /// The scores that the page showed, and those it shows now, where they differ.
    scores: Option<(String, String)>,
    /// What was typed and has no field any more.
    kept: Vec<String>,
}

#[derive(Template)]
#[template(path = "assessments/review.html")]
struct ReviewPage<'a> {
    frame: Frame,
    here: &'a SignedIn,
    judged: Judged,
    parts: Vec<Part>,
    /// Findings over several answers.
    findings: Vec<Finding>,
    moved: Option<Moved>,
    /// What was sent through a link, in an answer or not.
    sent: Vec<Sent>,
    may_accept: bool,
    decision: Option<Decision>,
    may_rate: bool,
    /// Why this person cannot decide; empty where they can.
    no_decision: String,
    /// What an admin must give a reason for.
    duty: Option<&'static str>,
    may_decide: bool,
    /// Why nothing can be approved yet: what to do, and the question it is about.
    before_approval: Vec<(String, String)>,
    typed: Typed,
    errors: Vec<FieldError>,
    meanwhile: Option<Meanwhile>,
    notice: &'static str,
}

impl ReviewPage<'_> {
    fn is_wrong(&self, field: &str) -> bool {
        at(&self.errors, field).is_some()
    }

    fn is_state(&self, state: &str) -> bool {
        format::slug(&self.judged.assessment.state) == state
    }

    /// The scores as this page shows them: sent along, so that a later answer can say what changed.
    fn seen(&self) -> String {
        seen(&self.judged)
    }

    fn questions(&self) -> impl Iterator<Item = &Item> {
        self.parts.iter().flat_map(|part| &part.items)
    }

    /// Whether nothing stands out.
    fn is_clean(&self) -> bool {
        let outcome = &self.judged.result.outcome;
        outcome.knock_outs.is_empty() && outcome.findings.is_empty() && self.before_approval.is_empty()
    }

    /// Whether the notes at single questions are open.
    fn has_notes(&self) -> bool {
        self.typed.notes.iter().any(|row| !row.text.is_empty() || !row.owner.is_empty())
            || self.typed.added.starts_with("about")
    }

    fn waiting_count(&self) -> usize {
        self.judged.result.outcome.awaiting_review.len()
    }
}

fn seen(judged: &Judged) -> String {
    let text = |score: Option<diligence_questionnaires::Score>| {
        score.map_or_else(|| "no score".to_owned(), |score| score.to_string())
    };
    format!("claimed {}, shown {}", text(judged.result.outcome.claimed), text(judged.result.outcome.evidenced))
}

/// What was sent and cannot be done as it is.
#[derive(Default)]
struct Again {
    typed: Typed,
    errors: Vec<FieldError>,
    is_stale: bool,
    /// The scores that the page showed.
    seen: String,
    /// Whether only a row more was asked for.
    is_fine: bool,
}

/// The page.
pub(super) async fn show(who: Page<Viewer>) -> PageResult {
    let (request, here) = who.parts();
    page(request, here, &path_id(request)?, Again { is_fine: true, ..Again::default() }).await
}

async fn page(request: &Request, here: &SignedIn, id: &AssessmentId, again: Again) -> PageResult {
    let reader = here.read(request).await?;
    let judged = Judged::read(&reader, id).await?;
    let is_submitted = judged.assessment.state.0 == AssessmentState::Submitted;
    let before = assessment::earlier(&reader, &judged.assessment).await?;
    let moved = match &before {
        Some(before) => Some(Moved::since(&reader, &judged, before).await?),
        None => None,
    };
    let sent = Sent::with(&reader, &judged).await?;
    let decision = decision::on(&reader, id).await?;
    let duty = if is_submitted { assessment::other_duty(&reader, &judged.assessment).await? } else { None };
    let (is_approver, is_admin) = (here.is_at_least(Role::Approver), here.is_at_least(Role::Admin));
    let no_decision = match (is_submitted, is_approver, duty) {
        (false, ..) | (true, true, None) => String::new(),
        (true, false, _) => {
            "An approver of your organisation rates the answers and decides. You can read everything here.".into()
        }
        (true, true, Some(_)) if is_admin => String::new(),
        (true, true, Some(did)) => format!(
            "You {did} this assessment. Your organisation's policy says that whoever did so does not decide on it: leave it to another approver. An admin can decide all the same, with a reason that is kept."
        ),
    };
    let Again { mut typed, errors, is_stale, seen: showed, is_fine } = again;
    let parts = parts(&judged, moved.as_ref(), &typed, is_stale);
    let meanwhile = is_stale.then(|| {
        let now = seen(&judged);
        let kept = if is_submitted { Vec::new() } else { kept(&judged, &typed) };
        Meanwhile { scores: (!showed.is_empty() && showed != now).then_some((showed, now)), kept }
    });
    typed.conditions.resize(typed.conditions.len().max(ROWS), Row::default());
    typed.notes.resize(typed.notes.len().max(ROWS), Row::default());
    let frame = here.frame(&format!("Review: {}", judged.title)).at("/assessments");
    let status = match (is_stale, is_fine) {
        (true, _) => StatusCode::CONFLICT,
        (false, true) => StatusCode::OK,
        (false, false) => StatusCode::UNPROCESSABLE_ENTITY,
    };
    let notice = match parameter(request, "notice").as_str() {
        "rated" => "Your points are saved, and the scores below follow from them.",
        "accepted" => "It is accepted, and counts from now on.",
        "returned" => "It is returned for changes. Whoever answers sees what you wrote.",
        "decided" => "Your decision is made. It stands below, with the receipt.",
        _ => "",
    };
    let page = ReviewPage {
        frame,
        here,
        may_rate: is_submitted && is_approver,
        may_decide: is_submitted && is_approver && no_decision.is_empty(),
        before_approval: before_approval(&judged),
        findings: judged.result.outcome.findings.iter().filter(|found| found.question.is_none()).map(finding).collect(),
        judged,
        parts,
        moved,
        sent,
        may_accept: here.is_at_least(Role::Editor),
        decision,
        no_decision,
        duty,
        typed,
        errors,
        meanwhile,
        notice,
    };
    Ok(html(status, &page)?)
}

fn finding(found: &RaisedFinding) -> Finding {
    Finding { severity: found.severity, title: found.title.clone(), advice: found.advice.clone() }
}

/// What stands before an approval, with the question at which it does.
fn before_approval(judged: &Judged) -> Vec<(String, String)> {
    let outcome = &judged.result.outcome;
    let text = |key: &String| judged.edition.question(key).map_or(key.clone(), |question| question.text.clone());
    let rate = outcome.awaiting_review.iter().map(|key| (format!("Rate this: {}", text(key)), key.clone()));
    let answer = outcome
        .unanswered_required
        .iter()
        .map(|key| (format!("Return it, as this must be answered now: {}", text(key)), key.clone()));
    let comment = outcome
        .comments_needed
        .iter()
        .map(|key| (format!("Return it, as this needs a comment that says why: {}", text(key)), key.clone()));
    rate.chain(answer).chain(comment).collect()
}

/// What was typed and has no field any more, to be read and copied.
fn kept(judged: &Judged, typed: &Typed) -> Vec<String> {
    let mut kept = Vec::new();
    for (key, rated) in &typed.rated {
        if *rated != stored(judged, key) {
            let text = judged.edition.question(key).map_or(key.as_str(), |question| question.text.as_str());
            kept.push(format!("{text} {} points. {}", rated.points, rated.reason));
        }
    }
    let texts = [&typed.comment, &typed.lapses_on, &typed.override_reason, &typed.mend];
    kept.extend(texts.into_iter().filter(|text| !text.is_empty()).cloned());
    let rows = typed
        .conditions
        .iter()
        .chain(&typed.notes)
        .map(|row| [&row.text, &row.owner, &row.due_on].map(String::as_str).join(" ").trim().to_owned());
    kept.extend(rows.filter(|row| !row.is_empty()));
    kept
}

/// A reviewer's points as they are kept.
fn stored(judged: &Judged, key: &str) -> Rated {
    let given = judged.progress.review.get(key);
    given
        .map(|given| Rated { points: given.points.to_string(), reason: given.reason.clone().unwrap_or_default() })
        .unwrap_or_default()
}

fn parts(judged: &Judged, moved: Option<&Moved>, typed: &Typed, is_stale: bool) -> Vec<Part> {
    let contributions: BTreeMap<&str, &Contribution> =
        judged.result.outcome.contributions.iter().map(|one| (one.question.as_str(), one)).collect();
    let on = judged.judged_on();
    let item = |question: &diligence_questionnaires::Question| {
        let contribution = contributions.get(question.key.as_str())?;
        let answer = judged.progress.answers.get(&question.key);
        let is_answered = answer.is_some_and(|answer| answer.value.is_some());
        let of_here = |other: &str| other == question.key;
        let stored = stored(judged, &question.key);
        let filled = typed.rated.get(&question.key).cloned().unwrap_or_else(|| stored.clone());
        let theirs = (is_stale && typed.rated.contains_key(&question.key) && filled != stored).then(|| {
            match (stored.points.as_str(), stored.reason.as_str()) {
                ("", _) => "no points of a reviewer".to_owned(),
                (points, "") => format!("{points} points"),
                (points, reason) => format!("{points} points: {reason}"),
            }
        });
        let row = moved.and_then(|moved| moved.rows.iter().find(|row| row.key == question.key));
        let moved = row.map(|row| {
            format!("{}. Before: {}. Claimed {}, shown {}.", row.because, row.before, row.claimed, row.shown)
        });
        let given = judged.progress.review.get(&question.key).map(|given| {
            let by = given.reviewer.as_ref().map(|name| format!(" by {name}")).unwrap_or_default();
            (
                given.points,
                format!("{by}{}", given.reason.as_ref().map(|reason| format!(": {reason}")).unwrap_or_default()),
            )
        });
        Some(Item {
            key: question.key.clone(),
            text: question.text.clone(),
            principle: judged
                .edition
                .principle(&question.principle)
                .map(|principle| principle.title.clone())
                .unwrap_or_default(),
            weight: question.weight,
            answer: judged.answer(&question.key),
            comment: answer.and_then(|answer| answer.comment.clone()),
            evidence: answer
                .iter()
                .flat_map(|answer| &answer.evidence_ids)
                .filter_map(|id| judged.evidence.get(id))
                .map(|evidence| Piece::new(evidence, on))
                .collect(),
            lacking: judged::lacking(contribution.evidence),
            points: judged::points(contribution),
            own_points: contribution.replaced.as_ref().map(|replaced| replaced.from),
            given,
            knock_out: judged
                .result
                .outcome
                .knock_outs
                .iter()
                .find(|one| of_here(&one.question))
                .map(|one| one.reason.clone()),
            findings: judged
                .result
                .outcome
                .findings
                .iter()
                .filter(|one| one.question.as_deref().is_some_and(of_here))
                .map(finding)
                .collect(),
            moved,
            takes_points: is_answered && question.weight > 0,
            is_unrated_kind: matches!(question.kind, QuestionType::Text | QuestionType::File),
            typed: filled,
            theirs,
        })
    };
    let part = |section: &diligence_questionnaires::Section| Part {
        title: section.title.clone(),
        items: section.questions.iter().filter_map(item).collect(),
    };
    judged.edition.sections.iter().map(part).filter(|part| !part.items.is_empty()).collect()
}

/// Rates answers: those whose points or reason are not what is kept.
pub(super) async fn rate(who: Page<Approver>, form: Proven<Form>) -> PageResult {
    let (request, here) = who.parts();
    let id: AssessmentId = path_id(request)?;
    let version = form.version()?;
    let judged = Judged::read(&who.reader().await?, &id).await?;
    let (mut typed, mut errors, mut change) = (Typed::default(), Vec::new(), BTreeMap::new());
    for question in
        judged.edition.questions().filter(|question| !form.every(&format!("points.{}", question.key)).is_empty())
    {
        let key = &question.key;
        let rated = Rated { points: form.text(&format!("points.{key}")), reason: form.text(&format!("reason.{key}")) };
        typed.rated.insert(key.clone(), rated.clone());
        if rated == stored(&judged, key) {
            continue;
        }
        match (rated.points.as_str(), rated.points.parse::<u8>()) {
            ("", _) if rated.reason.is_empty() || !stored(&judged, key).points.is_empty() => {
                change.insert(key.clone(), None);
            }
            (_, Ok(points)) => {
                change.insert(
                    key.clone(),
                    Some(NewPoints { points, reason: Some(rated.reason).filter(|reason| !reason.is_empty()) }),
                );
            }
            _ => {
                errors.push(FieldError::new(format!("points-{key}"), "enter the points, a whole number from 0 to 100"))
            }
        }
    }
    let again = Again { typed, seen: form.text("seen"), ..Again::default() };
    if !errors.is_empty() && version == judged.assessment.version {
        return page(request, here, &id, Again { errors, ..again }).await;
    }
    if change.is_empty() && version == judged.assessment.version {
        return Ok(redirect(&format!("/assessments/{id}/review")));
    }
    match who.change(async |writer| assessment::rate(writer, &id, version, PointsChange(change)).await).await {
        Ok(_) => Ok(redirect(&format!("/assessments/{id}/review?notice=rated"))),
        Err(error) => {
            let field = |fault: &Fault| {
                let (key, part) = fault
                    .pointer
                    .trim_start_matches('/')
                    .split_once('/')
                    .unwrap_or((fault.pointer.trim_start_matches('/'), "points"));
                if key.is_empty() {
                    "questions".to_owned()
                } else {
                    format!("{}-{key}", if part == "reason" { "reason" } else { "points" })
                }
            };
            refused(request, here, &id, again, error, field).await
        }
    }
}

/// The page again: with what is wrong, or with what someone else did meanwhile.
async fn refused(
    request: &Request,
    here: &SignedIn,
    id: &AssessmentId,
    again: Again,
    error: Error,
    field: impl Fn(&Fault) -> String,
) -> PageResult {
    if matches!(error, Error::Stale { .. }) {
        return page(request, here, id, Again { is_stale: true, ..again }).await;
    }
    let errors = faults(error)?.iter().map(|fault| FieldError::new(field(fault), &fault.detail)).collect();
    page(request, here, id, Again { errors, ..again }).await
}

/// The rows of a form, up to the last one that was sent.
fn rows(form: &Form, [text, owner, due_on]: [&str; 3]) -> Vec<Row> {
    let row = |number: usize| {
        let part = |name: &str| if name.is_empty() { String::new() } else { form.text(&format!("{name}-{number}")) };
        Row { text: part(text), owner: part(owner), due_on: part(due_on) }
    };
    (1..=MAXIMUM_ROWS).take_while(|number| !form.every(&format!("{text}-{number}")).is_empty()).map(row).collect()
}

/// Returns it for changes.
pub(super) async fn give_back(who: Page<Approver>, form: Proven<Form>) -> PageResult {
    let (request, here) = who.parts();
    let id: AssessmentId = path_id(request)?;
    let mut typed = Typed { mend: form.text("mend"), notes: rows(&form, ["note", "about", ""]), ..Typed::default() };
    if form.text("more") == "note" {
        typed.notes.push(Row::default());
        typed.added = format!("about-{}", typed.notes.len());
        return page(request, here, &id, Again { typed, is_fine: true, ..Again::default() }).await;
    }
    let version = form.version()?;
    let judged = Judged::read(&who.reader().await?, &id).await?;
    let mut errors = Vec::new();
    let mut said: Vec<String> = Some(typed.mend.clone()).into_iter().filter(|text| !text.is_empty()).collect();
    for (number, row) in (1..).zip(&typed.notes) {
        match (judged.edition.question(&row.owner), row.text.as_str()) {
            (None, "") => {}
            (None, _) => {
                errors.push(FieldError::new(format!("about-{number}"), "choose the question that this is about"))
            }
            (Some(_), "") => {
                errors.push(FieldError::new(format!("note-{number}"), "say what needs to change at this question"))
            }
            (Some(question), note) => said.push(format!("{}\n{note}", question.text)),
        }
    }
    if said.is_empty() && errors.is_empty() {
        errors.push(FieldError::new("mend", "say what needs to change"));
    }
    let again = Again { typed, seen: form.text("seen"), ..Again::default() };
    if !errors.is_empty() && version == judged.assessment.version {
        return page(request, here, &id, Again { errors, ..again }).await;
    }
    let comment = Return { comment: said.join("\n\n") };
    match who.change(async |writer| assessment::give_back(writer, &id, version, comment).await).await {
        Ok(_) => Ok(redirect(&format!("/assessments/{id}/review?notice=returned"))),
        Err(error) => refused(request, here, &id, again, error, |_| "mend".into()).await,
    }
}

/// Approves, approves with conditions, or refuses.
pub(super) async fn decide(who: Page<Approver>, form: Proven<Form>) -> PageResult {
    let (request, here) = who.parts();
    let id: AssessmentId = path_id(request)?;
    let mut typed = Typed {
        verdict: form.text("verdict"),
        comment: form.text("comment"),
        lapses_on: form.text("lapses_on"),
        override_reason: form.text("override_reason"),
        conditions: rows(&form, ["text", "owner", "due_on"]),
        ..Typed::default()
    };
    if form.text("more") == "condition" {
        typed.conditions.push(Row::default());
        typed.added = format!("text-{}", typed.conditions.len());
        return page(request, here, &id, Again { typed, is_fine: true, ..Again::default() }).await;
    }
    let version = form.version()?;
    let reader = who.reader().await?;
    let present = assessment::read(&reader, &id).await?;
    let (new, places, mut errors) = read(&typed);
    if new.override_reason.is_none()
        && here.is_at_least(Role::Admin)
        && assessment::other_duty(&reader, &present).await?.is_some()
    {
        errors.push(FieldError::new("override_reason", "say why you decide all the same"));
    }
    drop(reader);
    let refuses = typed.verdict == "refuse";
    let again = Again { typed, seen: form.text("seen"), ..Again::default() };
    if !errors.is_empty() && version == present.version {
        return page(request, here, &id, Again { errors, ..again }).await;
    }
    let decided = who.change(async |writer| match refuses {
        true => assessment::refuse(writer, &id, version, new).await,
        false => assessment::approve(writer, &id, version, new).await,
    });
    match decided.await {
        Ok(_) => Ok(redirect(&format!("/assessments/{id}/review?notice=decided"))),
        Err(Error::Forbidden(detail)) => {
            // That someone tried what their duties forbid is kept, as where a program tries it.
            let scope = here.person.scope(request_id(request));
            audit::record(
                store_of(request)?,
                &scope,
                "forbid",
                "assessment",
                id.as_str(),
                Some(serde_json::json!({ "detail": detail })),
            )
            .await?;
            Err(Error::Forbidden(detail).into())
        }
        Err(error) => {
            let field = |fault: &Fault| {
                let parts: Vec<&str> = fault.pointer.trim_start_matches('/').split('/').collect();
                match parts[..] {
                    [name @ ("comment" | "lapses_on" | "override_reason")] => name.to_owned(),
                    ["conditions", index, name] => format!(
                        "{name}-{}",
                        index.parse::<usize>().ok().and_then(|index| places.get(index).copied()).unwrap_or(1)
                    ),
                    _ => "verdict-approve".into(),
                }
            };
            refused(request, here, &id, again, error, field).await
        }
    }
}

/// A decision as it was typed, the number of the row of each of its conditions, and what is wrong with it.
fn read(typed: &Typed) -> (NewDecision, Vec<usize>, Vec<FieldError>) {
    let some = |text: &String| Some(text.clone()).filter(|text| !text.is_empty());
    let (mut errors, mut places, mut conditions) = (Vec::new(), Vec::new(), Vec::new());
    for (number, row) in (1..).zip(&typed.conditions) {
        if [&row.text, &row.owner, &row.due_on].into_iter().all(String::is_empty) {
            continue;
        }
        places.push(number);
        let wanted = [(&row.text, "text", "say what must be done"), (&row.owner, "owner", "say who does it")];
        let missing = wanted.into_iter().filter(|(value, ..)| value.is_empty());
        errors.extend(missing.map(|(_, field, detail)| FieldError::new(format!("{field}-{number}"), detail)));
        match row.due_on.parse::<Day>() {
            Ok(due_on) => conditions.push(NewCondition { text: row.text.clone(), owner: row.owner.clone(), due_on }),
            Err(_) => {
                errors.push(FieldError::new(format!("due_on-{number}"), "enter the day by which it must be done"))
            }
        }
    }
    match (typed.verdict.as_str(), places.is_empty()) {
        ("approve", true) | ("conditions", false) | ("refuse", true) => {}
        ("approve", false) => errors
            .push(FieldError::new("verdict-approve", "choose to approve with conditions, or empty the conditions")),
        ("conditions", true) => errors.push(FieldError::new("text-1", "enter at least one condition")),
        ("refuse", false) => errors.push(FieldError::new(
            "verdict-approve",
            "a refusal has no conditions: empty them, or choose to approve with conditions",
        )),
        _ => errors.push(FieldError::new("verdict-approve", "choose what you decide")),
    }
    let lapses_on = match typed.lapses_on.as_str() {
        "" => None,
        text => text
            .parse::<Day>()
            .map_err(|_| errors.push(FieldError::new("lapses_on", "enter a day, or leave it empty")))
            .ok(),
    };
    (
        NewDecision {
            comment: some(&typed.comment),
            conditions,
            lapses_on,
            override_reason: some(&typed.override_reason),
        },
        places,
        errors,
    )
}

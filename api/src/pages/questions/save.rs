//! What a form says of a section, and keeping it: an answer that someone else gave meanwhile is not overwritten.

use std::collections::{BTreeMap, BTreeSet};

use diligence_entities::{assessment::AnswerChange, error::Error, fault::Fault, respondent::RespondentQuestion};
use diligence_questionnaires::{Answer, QuestionType};
use poem::http::StatusCode;
use serde_json::{Map, Value, json};

use super::{
    field::{Field, does_not_apply},
    mark,
    sheet::Sheet,
    standing::Standing,
};
use crate::{
    pages::{
        form::Form,
        page::{FieldError, Refusal, faults, sentence},
    },
    problem::{Problem, Type},
};

/// What became of a form with answers.
pub(in crate::pages) struct Saved {
    /// As the answers stand now.
    pub(in crate::pages) sheet: Sheet,
    pub(in crate::pages) status: StatusCode,
    pub(in crate::pages) fields: Vec<Field>,
    pub(in crate::pages) errors: Vec<FieldError>,
    pub(in crate::pages) is_stale: bool,
    pub(in crate::pages) has_more: bool,
    /// Whether it was sent by the page itself while someone was typing, and not by a button.
    pub(in crate::pages) is_automatic: bool,
}

impl Saved {
    /// Whether everything is kept and someone waits for the next page.
    pub(in crate::pages) fn goes_on(&self) -> bool {
        self.status == StatusCode::OK && !self.is_automatic
    }
}

/// Where answers are kept.
pub(in crate::pages) trait Door {
    /// Puts answers in place. The inner error is one that the form can be shown with again.
    async fn put(&self, version: i64, change: AnswerChange) -> Result<Result<Standing, Error>, Refusal>;
}

/// What a form says of the questions that stood in it.
struct Typed {
    answers: BTreeMap<String, Value>,
    /// The questions that someone else answered otherwise meanwhile.
    conflicts: BTreeSet<String>,
}

impl Typed {
    fn read(form: &Form, asked: &[&RespondentQuestion], standing: &Standing) -> Result<Self, Problem> {
        let has_moved = form.version()? != standing.version;
        let marks: BTreeMap<&str, &str> = form.every("was").into_iter().filter_map(|was| was.split_once(':')).collect();
        let (mut answers, mut conflicts) = (BTreeMap::new(), BTreeSet::new());
        for question in asked {
            let typed = answer_of(form, question);
            let stored = mark(standing.answers.get(&question.key));
            let was = marks.get(question.key.as_str()).copied();
            let mine = mark(answer(&typed).as_ref());
            let is_theirs_new = was.map_or(has_moved, |was| was != stored) && mine != stored;
            if is_theirs_new && was == Some(mine.as_str()) {
                // I left it as it was, so what someone else answered stands.
                continue;
            }
            if is_theirs_new {
                conflicts.insert(question.key.clone());
            }
            answers.insert(question.key.clone(), typed);
        }
        Ok(Self { answers, conflicts })
    }

    fn change(&self) -> Result<AnswerChange, Problem> {
        serde_json::from_value(json!(self.answers)).map_err(|_| {
            Problem::new(Type::Malformed, "the form says something that none of its fields could: open the page again")
        })
    }

    /// Sets the answers aside that are not right; whether any of the others is left.
    fn sets_aside(&mut self, found: &[Fault]) -> bool {
        let count = self.answers.len();
        self.answers.retain(|key, _| !found.iter().any(|fault| key_of(fault) == key));
        self.answers.len() < count && !self.answers.is_empty()
    }
}

/// Keeps what a form says of a section. An answer that someone else gave meanwhile is not overwritten: both are shown.
pub(in crate::pages) async fn save(
    door: &impl Door,
    mut sheet: Sheet,
    key: &str,
    form: &Form,
) -> Result<Saved, Refusal> {
    let section = sheet.section(key)?.clone();
    let before = sheet.standing.visible.clone();
    // Only what stood in the form: a question that came up meanwhile was not asked there.
    let stood = form.every("asked");
    let asked: Vec<&RespondentQuestion> =
        sheet.shown(&section).into_iter().filter(|question| stood.contains(&question.key.as_str())).collect();
    let mut typed = Typed::read(form, &asked, &sheet.standing)?;
    let theirs: BTreeMap<String, String> =
        typed.conflicts.iter().filter_map(|key| Some((key.clone(), theirs(&sheet, sheet.question(key)?)))).collect();
    let is_automatic = form.text("then") == "autosave";
    let (mut found, mut is_stale) = (Vec::new(), !typed.conflicts.is_empty());
    while !is_stale {
        match door.put(sheet.standing.version, typed.change()?).await? {
            Ok(after) => {
                sheet.standing = after;
                break;
            }
            Err(Error::Stale { .. }) => is_stale = true,
            Err(error) => {
                found.extend(faults(error)?);
                // What is kept while someone types does not wait until all of it is right.
                if !(is_automatic && typed.sets_aside(&found)) {
                    break;
                }
            }
        }
    }
    let place = |fault: &Fault| asked.iter().position(|question| question.key == key_of(fault));
    found.sort_by_key(|fault| place(fault).unwrap_or(usize::MAX));
    let wrong_of = |key: &str| found.iter().find(|fault| key_of(fault) == key).map(|fault| sentence(&fault.detail));
    let status = match () {
        () if is_stale => StatusCode::CONFLICT,
        () if !found.is_empty() => StatusCode::UNPROCESSABLE_ENTITY,
        () => StatusCode::OK,
    };
    let is_again = status != StatusCode::OK && !is_automatic;
    let shown = if is_again { asked.clone() } else { sheet.shown(&section) };
    let field = |question: &RespondentQuestion| {
        let (wrong, theirs) = (wrong_of(&question.key), theirs.get(&question.key).cloned());
        let field = sheet.field(question);
        let is_typed = wrong.is_some() || theirs.is_some() || is_again && typed.answers.contains_key(&question.key);
        let field = if is_typed {
            field.retyped(question, form, answer(&answer_of(form, question)).as_ref(), &sheet.papers)
        } else {
            field
        };
        Field { wrong, theirs, ..field }
    };
    let fields = shown.into_iter().map(field).collect();
    let field_of = |fault: &Fault| place(fault).map_or("form".to_owned(), |_| key_of(fault).to_owned());
    let mut errors: Vec<FieldError> =
        found.iter().map(|fault| FieldError::new(field_of(fault), &fault.detail)).collect();
    errors.dedup_by(|left, right| left.field == right.field && left.field != "form");
    if is_stale {
        errors.push(FieldError::new("form", "someone else saved answers here while you were answering: nothing of yours is lost. Compare below, then save again"));
        errors.extend(
            asked
                .iter()
                .filter(|question| typed.conflicts.contains(&question.key))
                .map(|question| FieldError::new(question.key.clone(), &question.text)),
        );
    }
    let is_new = |question: &RespondentQuestion| {
        sheet.is_visible(question) && !before.contains(&question.key) && !sheet.standing.is_answered(&question.key)
    };
    let has_more = section.questions.iter().any(is_new);
    Ok(Saved { status, fields, errors, is_stale, has_more, is_automatic, sheet })
}

/// What someone else answered.
fn theirs(sheet: &Sheet, question: &RespondentQuestion) -> String {
    sheet.standing.answers.get(&question.key).map_or("no answer".into(), |answer| {
        let comment = answer.comment.as_ref().map(|comment| format!(" ({comment})")).unwrap_or_default();
        format!("{}{comment}", sheet.said(question, answer))
    })
}

/// The question that a fault is at: the first that its pointer names.
fn key_of(fault: &Fault) -> &str {
    fault.pointer.split('/').nth(1).unwrap_or_default()
}

fn answer(typed: &Value) -> Option<Answer> {
    serde_json::from_value::<Option<Answer>>(typed.clone()).ok().flatten()
}

/// What a form says of a question; null where it says nothing.
fn answer_of(form: &Form, question: &RespondentQuestion) -> Value {
    let name = |part: &str| format!("{}.{part}", question.key);
    let mut answer = Map::new();
    let value = match question.kind {
        QuestionType::MultipleChoice => {
            let chosen: Vec<&str> = form.every(&name("value"));
            (!chosen.is_empty()).then(|| json!(chosen))
        }
        // What is no number is left as it is, for the rule to say what it expected.
        QuestionType::Number => form
            .some(&name("value"))
            .map(|text| text.replace(',', "").parse::<serde_json::Number>().map_or(Value::String(text), Value::Number)),
        _ => form.some(&name("value")).map(Value::String),
    };
    if let Some(value) = value {
        answer.insert("value".into(), value);
    }
    let given = |part: &str| form.some(&name(part));
    // Where no reason is asked for, a box is ticked; a reason that was given all the same stays beside it.
    let not_applicable = if question.may_not_apply && !question.reason_needed {
        does_not_apply(form, &question.key).then(|| given("not_applicable").unwrap_or_default())
    } else {
        given("not_applicable")
    };
    for (part, text) in [("comment", given("comment")), ("not_applicable", not_applicable)] {
        if let Some(text) = text {
            answer.insert(part.into(), text.into());
        }
    }
    let evidence: Vec<&str> = form.every(&name("evidence"));
    if !evidence.is_empty() {
        answer.insert("evidence_ids".into(), json!(evidence));
    }
    if answer.is_empty() { Value::Null } else { answer.into() }
}

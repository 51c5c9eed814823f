//! Questions to answer: how they are shown, read from a form and kept. The same for the organisation and for its respondents.

use std::collections::{BTreeMap, BTreeSet};

use askama::Template;
use diligence_entities::{
    assessment::{AnswerChange, AssessmentState, Progress},
    clock::Day,
    error::Error,
    evidence::Evidence,
    evidence_file::StoredFile,
    fault::Fault,
    respondent::{RespondentEvidence, RespondentProgress, RespondentQuestion, RespondentQuestions, RespondentSection, VisitState},
    stored::{from_word, word},
};
use diligence_questionnaires::{Answer, EvidenceKind, EvidenceNeed, LookAgain, QuestionType};
use poem::http::StatusCode;
use serde_json::{Map, Value, json};
use sha2::{Digest as _, Sha256};

use super::{
    form::Form,
    format,
    page::{FieldError, Refusal, faults, sentence},
};
use crate::problem::{Problem, Type};

/// How the answers stand.
pub(super) struct Standing {
    pub(super) version: i64,
    /// Whether answers can be given.
    pub(super) is_open: bool,
    pub(super) answers: BTreeMap<String, Answer>,
    /// Answers that were given before, to be confirmed or given anew.
    pub(super) earlier: BTreeMap<String, Earlier>,
    /// The questions that are asked now, in order.
    pub(super) visible: Vec<String>,
    pub(super) unanswered_required: Vec<String>,
    pub(super) comments_needed: Vec<String>,
}

/// An answer that was given before and counts nowhere yet.
pub(super) struct Earlier {
    pub(super) answer: Answer,
    pub(super) answered_on: Day,
    /// Why it needs another look.
    pub(super) look: Vec<LookAgain>,
}

impl From<Progress> for Standing {
    fn from(progress: Progress) -> Self {
        let earlier = progress.carried.into_iter();
        let is_open = progress.assessment.state.0 == AssessmentState::Open;
        let earlier = earlier.map(|(key, carried)| (key, Earlier { answer: carried.answer, answered_on: carried.answered_on.into(), look: carried.look }));
        Self {
            version: progress.assessment.version,
            is_open,
            answers: progress.answers,
            earlier: if is_open { earlier.collect() } else { BTreeMap::new() },
            visible: progress.visible,
            unanswered_required: progress.unanswered_required,
            comments_needed: progress.comments_needed,
        }
    }
}

impl From<RespondentProgress> for Standing {
    fn from(progress: RespondentProgress) -> Self {
        // The words are the same; those that a respondent is not told are left out before.
        let look = |look: Vec<_>| look.iter().filter_map(|look| from_word(&word(look))).collect();
        let earlier = progress.earlier.into_iter();
        Self {
            version: progress.version,
            is_open: progress.state == VisitState::Open,
            answers: progress.answers,
            earlier: earlier.map(|(key, earlier)| (key, Earlier { answer: earlier.answer, answered_on: earlier.answered_on, look: look(earlier.look) })).collect(),
            visible: progress.visible,
            unanswered_required: progress.unanswered_required,
            comments_needed: progress.comments_needed,
        }
    }
}

impl Standing {
    /// Whether this question has an answer.
    pub(super) fn is_answered(&self, key: &str) -> bool {
        self.answers.get(key).is_some_and(|answer| answer.value.is_some() || answer.not_applicable.is_some())
    }

    /// How many of the visible questions are answered: `3 of 12 questions`.
    pub(super) fn answered(&self) -> String {
        let answered = self.visible.iter().filter(|key| self.is_answered(key)).count();
        format!("{answered} of {}", format::count(self.visible.len(), "question", "questions"))
    }
}

impl Earlier {
    /// When it was given, and what makes another look worth while.
    fn told(&self) -> String {
        let look: Vec<&str> = self.look.iter().map(|look| look_again(*look)).collect();
        format!("Answered before, on {}, and not confirmed yet. {} Save to give this answer now.", format::day(self.answered_on), look.join(" "))
    }
}

/// Why an earlier answer needs more than a plain confirmation.
pub(super) fn look_again(look: LookAgain) -> &'static str {
    match look {
        LookAgain::OtherQuestionnaire => "It was given to another questionnaire.",
        LookAgain::WordsChanged => "The question reads differently now.",
        LookAgain::OptionsChanged => "There are other choices now.",
        LookAgain::PointsChanged => "An answer counts differently now.",
        LookAgain::EvidenceRuleChanged => "It asks for other evidence now.",
        LookAgain::EvidenceExpired => "Its evidence has expired.",
        LookAgain::EvidenceNotYetValid => "Its evidence is not valid yet.",
        LookAgain::EvidenceGone => "Its evidence is no longer here.",
    }
}

/// A piece of evidence that an answer can name.
pub(super) struct Paper {
    id: String,
    label: String,
    has_file: bool,
}

impl Paper {
    fn new(id: &str, kind: Option<EvidenceKind>, reference: Option<&String>, expires_on: Option<Day>, file: Option<&StoredFile>) -> Self {
        let parts = [kind.map(|kind| kind.title().to_owned()), file.map(|file| file.name.clone())].into_iter().flatten().collect::<Vec<_>>().join(", ");
        let named = match reference {
            Some(reference) if parts.is_empty() => reference.clone(),
            Some(reference) => format!("{parts}: {reference}"),
            None => parts,
        };
        let until = expires_on.map(|day| format!(", valid until {}", format::day(day))).unwrap_or_default();
        Self { id: id.to_owned(), label: format!("{named}{until}"), has_file: file.is_some() }
    }
}

impl From<&RespondentEvidence> for Paper {
    fn from(sent: &RespondentEvidence) -> Self {
        Self::new(sent.id.as_str(), None, sent.reference.as_ref(), None, sent.file.as_ref())
    }
}

impl From<&Evidence> for Paper {
    fn from(evidence: &Evidence) -> Self {
        Self::new(evidence.id.as_str(), Some(evidence.kind.0), evidence.reference.as_ref(), evidence.expires_on, evidence.file.as_deref())
    }
}

/// One of several that can be chosen.
pub(super) struct Choice {
    pub(super) value: String,
    pub(super) label: String,
    pub(super) is_chosen: bool,
}

/// The kinds of evidence; this one is chosen, or else that there is no kind for it.
pub(super) fn evidence_kinds(chosen: &str) -> Vec<Choice> {
    let chosen = if chosen.is_empty() { "other" } else { chosen };
    EvidenceKind::ALL.into_iter().map(|kind| Choice { is_chosen: word(&kind) == chosen, value: word(&kind), label: kind.title().into() }).collect()
}

/// A section as a task.
pub(super) struct Task {
    pub(super) key: String,
    pub(super) href: String,
    pub(super) title: String,
    answered: usize,
    asked: usize,
}

impl Task {
    pub(super) fn is_done(&self) -> bool {
        self.answered == self.asked
    }

    pub(super) fn state(&self) -> String {
        match (self.answered, self.asked) {
            (answered, asked) if answered == asked => "Answered".into(),
            (0, asked) => format::count(asked, "question", "questions"),
            (answered, asked) => format!("{answered} of {} answered", format::count(asked, "question", "questions")),
        }
    }
}

/// A question with what is answered, to be read.
pub(super) struct Row {
    pub(super) key: String,
    /// Where it is answered; empty where nobody can.
    pub(super) href: String,
    pub(super) text: String,
    pub(super) answer: String,
    pub(super) comment: Option<String>,
    pub(super) evidence: Vec<String>,
    pub(super) is_missing: bool,
}

/// What is asked, how it is answered so far, and what can be named as evidence.
pub(super) struct Sheet {
    pub(super) questions: RespondentQuestions,
    pub(super) standing: Standing,
    pub(super) papers: Vec<Paper>,
}

impl Sheet {
    /// The section with this key, if anything is asked in it.
    pub(super) fn section(&self, key: &str) -> Result<&RespondentSection, Problem> {
        self.questions.sections.iter().find(|section| section.key == key).ok_or_else(Problem::not_found)
    }

    fn is_visible(&self, question: &RespondentQuestion) -> bool {
        self.standing.visible.contains(&question.key)
    }

    fn shown<'a>(&self, section: &'a RespondentSection) -> Vec<&'a RespondentQuestion> {
        section.questions.iter().filter(|question| self.is_visible(question)).collect()
    }

    /// The sections of which something is visible, each to be found at `place`.
    pub(super) fn tasks(&self, place: impl Fn(&str) -> String) -> Vec<Task> {
        let visible: BTreeSet<&str> = self.standing.visible.iter().map(String::as_str).collect();
        let task = |section: &RespondentSection| {
            let asked: Vec<&str> = section.questions.iter().map(|question| question.key.as_str()).filter(|key| visible.contains(key)).collect();
            let answered = asked.iter().filter(|key| self.standing.is_answered(key)).count();
            Task { href: place(&format!("/sections/{}", section.key)), key: section.key.clone(), title: section.title.clone(), answered, asked: asked.len() }
        };
        self.questions.sections.iter().map(task).filter(|task| task.asked > 0).collect()
    }

    /// Where to go on after this section: to the next in which something is open, or else to the list.
    pub(super) fn after(&self, key: &str, form: &Form, place: impl Fn(&str) -> String) -> String {
        let next = self.tasks(&place).into_iter().skip_while(|task| task.key != key).skip(1).find(|task| !task.is_done());
        match next {
            Some(task) if form.text("then") == "next" => task.href,
            _ => place(""),
        }
    }

    /// The questions of a section with what is answered.
    pub(super) fn fields(&self, section: &RespondentSection) -> Vec<Field> {
        self.shown(section).into_iter().map(|question| self.field(question)).collect()
    }

    fn field(&self, question: &RespondentQuestion) -> Field {
        let stored = self.standing.answers.get(&question.key);
        let earlier = self.standing.earlier.get(&question.key).filter(|_| !self.standing.is_answered(&question.key));
        Field {
            earlier: earlier.map(Earlier::told),
            needs_comment: self.standing.comments_needed.contains(&question.key),
            was: mark(stored),
            ..Field::new(question, earlier.map(|earlier| &earlier.answer).or(stored), &self.papers)
        }
    }

    /// Every visible question with its answer, by section.
    pub(super) fn rows(&self, place: impl Fn(&str) -> String) -> Vec<(String, Vec<Row>)> {
        let row = |section: &RespondentSection, question: &RespondentQuestion| {
            let answer = self.standing.answers.get(&question.key);
            Row {
                key: question.key.clone(),
                href: if self.standing.is_open { place(&format!("/sections/{}", section.key)) } else { String::new() },
                text: question.text.clone(),
                answer: answer.map_or("No answer yet".into(), |answer| self.said(question, answer)),
                comment: answer.and_then(|answer| answer.comment.clone()),
                evidence: answer.into_iter().flat_map(|answer| &answer.evidence_ids).filter_map(|id| self.paper(id)).map(str::to_owned).collect(),
                is_missing: self.standing.unanswered_required.contains(&question.key) || self.standing.comments_needed.contains(&question.key),
            }
        };
        let rows = |section: &RespondentSection| (section.title.clone(), self.shown(section).into_iter().map(|question| row(section, question)).collect::<Vec<_>>());
        self.questions.sections.iter().map(rows).filter(|(_, rows)| !rows.is_empty()).collect()
    }

    /// What is still missing before the answers can be submitted.
    pub(super) fn missing(&self) -> Vec<FieldError> {
        let asked = self.questions.sections.iter().flat_map(|section| self.shown(section));
        asked
            .filter_map(|question| {
                let what = match () {
                    () if self.standing.comments_needed.contains(&question.key) => "this answer needs a comment",
                    () if self.standing.unanswered_required.contains(&question.key) => "this question must be answered",
                    () => return None,
                };
                Some(FieldError::new(question.key.clone(), format!("{what}: {}", question.text)))
            })
            .collect()
    }

    fn paper(&self, id: &str) -> Option<&str> {
        self.papers.iter().find(|paper| paper.id == id).map(|paper| paper.label.as_str())
    }

    /// The question with this key.
    pub(super) fn question(&self, key: &str) -> Option<&RespondentQuestion> {
        self.questions.sections.iter().flat_map(|section| &section.questions).find(|question| question.key == key)
    }

    /// An answer as it reads.
    pub(super) fn said(&self, question: &RespondentQuestion, answer: &Answer) -> String {
        if let Some(reason) = &answer.not_applicable {
            return format!("Does not apply: {reason}");
        }
        let label = |value: &str| {
            let option = question.options.iter().find(|option| option.value == value).map(|option| option.label.clone());
            option.or_else(|| self.paper(value).map(str::to_owned)).unwrap_or_else(|| match (question.kind, value) {
                (QuestionType::YesNo, "yes") => "Yes".into(),
                (QuestionType::YesNo, "no") => "No".into(),
                (QuestionType::Date, value) => value.parse::<Day>().map_or(value.to_owned(), format::day),
                _ => value.to_owned(),
            })
        };
        match serde_json::to_value(&answer.value).unwrap_or_default() {
            Value::String(text) => label(&text),
            Value::Array(items) => items.iter().filter_map(Value::as_str).map(label).collect::<Vec<_>>().join(", "),
            Value::Number(number) => format!("{number} {}", question.unit.as_deref().unwrap_or_default()).trim().to_owned(),
            _ => "No answer yet".into(),
        }
    }
}

/// A question with what is answered, as a part of a form.
pub(super) struct Field {
    key: String,
    text: String,
    help: Option<String>,
    kind: QuestionType,
    required: bool,
    may_not_apply: bool,
    unit: Option<String>,
    options: Vec<Choice>,
    /// What is typed: a text, a number, a date.
    value: String,
    comment: String,
    not_applicable: String,
    wants_evidence: bool,
    evidence_hint: String,
    evidence: Vec<Choice>,
    needs_comment: bool,
    wrong: Option<String>,
    /// What someone else saved meanwhile, where it is something else.
    theirs: Option<String>,
    /// Said where the answer shown was given before and is not confirmed yet.
    earlier: Option<String>,
    /// Stands for the answer that is stored while the form is open.
    was: String,
}

impl Field {
    fn new(question: &RespondentQuestion, answer: Option<&Answer>, papers: &[Paper]) -> Self {
        let value = answer.and_then(|answer| serde_json::to_value(&answer.value).ok()).unwrap_or_default();
        let chosen: Vec<&str> = match &value {
            Value::Array(items) => items.iter().filter_map(Value::as_str).collect(),
            Value::String(text) => vec![text],
            _ => Vec::new(),
        };
        let mut options: Vec<Choice> = question
            .options
            .iter()
            .map(|option| Choice { value: option.value.clone(), label: option.label.clone(), is_chosen: chosen.contains(&option.value.as_str()) })
            .collect();
        if question.kind == QuestionType::YesNo && options.is_empty() {
            options = [("yes", "Yes"), ("no", "No")].map(|(value, label)| Choice { value: value.into(), label: label.into(), is_chosen: chosen.contains(&value) }).into();
        }
        let choice = |paper: &Paper, is_chosen| Choice { value: paper.id.clone(), label: paper.label.clone(), is_chosen };
        if question.kind == QuestionType::File {
            options = papers.iter().filter(|paper| paper.has_file).map(|paper| choice(paper, chosen.contains(&paper.id.as_str()))).collect();
        }
        let given = answer.map(|answer| answer.evidence_ids.as_slice()).unwrap_or_default();
        let wants_evidence = question.evidence != EvidenceNeed::None && question.kind != QuestionType::File;
        let accepted: Vec<&str> = question.evidence_kinds.iter().map(|kind| kind.title()).collect();
        let needed = if question.evidence == EvidenceNeed::Needed { "This answer needs evidence. " } else { "" };
        Self {
            key: question.key.clone(),
            text: question.text.clone(),
            help: question.help.clone(),
            kind: question.kind,
            required: question.required,
            may_not_apply: question.may_not_apply,
            unit: question.unit.clone(),
            options,
            value: match &value {
                Value::String(text) => text.clone(),
                Value::Number(number) => number.to_string(),
                _ => String::new(),
            },
            comment: answer.and_then(|answer| answer.comment.clone()).unwrap_or_default(),
            not_applicable: answer.and_then(|answer| answer.not_applicable.clone()).unwrap_or_default(),
            wants_evidence: wants_evidence || !given.is_empty(),
            evidence_hint: if accepted.is_empty() { needed.trim().to_owned() } else { format!("{needed}Accepted here: {}.", accepted.join("; ")) },
            evidence: papers.iter().map(|paper| choice(paper, given.contains(&paper.id))).collect(),
            needs_comment: false,
            wrong: None,
            theirs: None,
            earlier: None,
            was: String::new(),
        }
    }

    fn is_radios(&self) -> bool {
        matches!(self.kind, QuestionType::YesNo | QuestionType::SingleChoice | QuestionType::File)
    }

    fn is_checkboxes(&self) -> bool {
        self.kind == QuestionType::MultipleChoice
    }

    fn is_long(&self) -> bool {
        self.kind == QuestionType::Text
    }

    fn is_date(&self) -> bool {
        self.kind == QuestionType::Date
    }

    fn is_file(&self) -> bool {
        self.kind == QuestionType::File
    }

    fn has_more(&self) -> bool {
        !self.comment.is_empty() || self.needs_comment
    }

    /// The fields that describe this one, for who cannot see it.
    fn described_by(&self) -> String {
        let parts = [("hint", self.help.is_some()), ("wrong", self.wrong.is_some()), ("theirs", self.theirs.is_some())];
        parts.iter().filter(|(_, is_there)| *is_there).map(|(part, _)| format!("{}-{part}", self.key)).collect::<Vec<_>>().join(" ")
    }

    /// The field with what was typed in a form.
    fn retyped(self, question: &RespondentQuestion, form: &Form, mine: Option<&Answer>, papers: &[Paper]) -> Self {
        let mut field = Self { needs_comment: self.needs_comment, was: self.was, ..Self::new(question, mine, papers) };
        let text = |part: &str| form.text(&format!("{}.{part}", question.key));
        if field.value.is_empty() && !field.is_radios() && !field.is_checkboxes() {
            field.value = text("value");
        }
        (field.comment, field.not_applicable) = (text("comment"), text("not_applicable"));
        field
    }
}

/// A section as a form.
#[derive(Template)]
#[template(path = "questions/form.html")]
pub(super) struct SectionForm {
    pub(super) action: String,
    pub(super) csrf: String,
    pub(super) intro: Option<String>,
    pub(super) fields: Vec<Field>,
    pub(super) version: i64,
    pub(super) errors: Vec<FieldError>,
    /// Whether someone else gave other answers meanwhile.
    pub(super) is_stale: bool,
    /// Whether what was saved brought up more questions.
    pub(super) has_more: bool,
    /// Where evidence is added.
    pub(super) evidence: String,
    /// What adding it is called.
    pub(super) add_evidence: &'static str,
    /// Where one comes in again after one's session has ended.
    pub(super) way_in: String,
}

/// What became of a form with answers.
pub(super) struct Saved {
    /// As the answers stand now.
    pub(super) sheet: Sheet,
    pub(super) status: StatusCode,
    pub(super) fields: Vec<Field>,
    pub(super) errors: Vec<FieldError>,
    pub(super) is_stale: bool,
    pub(super) has_more: bool,
    /// Whether it was sent by the page itself while someone was typing, and not by a button.
    pub(super) is_automatic: bool,
}

impl Saved {
    /// Whether everything is kept and someone waits for the next page.
    pub(super) fn goes_on(&self) -> bool {
        self.status == StatusCode::OK && !self.is_automatic
    }
}

/// Where answers are kept.
pub(super) trait Door {
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
        serde_json::from_value(json!(self.answers))
            .map_err(|_| Problem::new(Type::Malformed, "the form says something that none of its fields could: open the page again"))
    }

    /// Sets the answers aside that are not right; whether any of the others is left.
    fn sets_aside(&mut self, found: &[Fault]) -> bool {
        let count = self.answers.len();
        self.answers.retain(|key, _| !found.iter().any(|fault| key_of(fault) == key));
        self.answers.len() < count && !self.answers.is_empty()
    }
}

/// Keeps what a form says of a section. An answer that someone else gave meanwhile is not overwritten: both are shown.
pub(super) async fn save(door: &impl Door, mut sheet: Sheet, key: &str, form: &Form) -> Result<Saved, Refusal> {
    let section = sheet.section(key)?.clone();
    let before = sheet.standing.visible.clone();
    // Only what stood in the form: a question that came up meanwhile was not asked there.
    let stood = form.every("asked");
    let asked: Vec<&RespondentQuestion> = sheet.shown(&section).into_iter().filter(|question| stood.contains(&question.key.as_str())).collect();
    let mut typed = Typed::read(form, &asked, &sheet.standing)?;
    let theirs: BTreeMap<String, String> = typed.conflicts.iter().filter_map(|key| Some((key.clone(), theirs(&sheet, sheet.question(key)?)))).collect();
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
        let field = if is_typed { field.retyped(question, form, answer(&answer_of(form, question)).as_ref(), &sheet.papers) } else { field };
        Field { wrong, theirs, ..field }
    };
    let fields = shown.into_iter().map(field).collect();
    let field_of = |fault: &Fault| place(fault).map_or("form".to_owned(), |_| key_of(fault).to_owned());
    let mut errors: Vec<FieldError> = found.iter().map(|fault| FieldError::new(field_of(fault), &fault.detail)).collect();
    errors.dedup_by(|left, right| left.field == right.field && left.field != "form");
    if is_stale {
        errors.push(FieldError::new("form", "someone else saved answers here while you were answering: nothing of yours is lost. Compare below, then save again"));
        errors.extend(asked.iter().filter(|question| typed.conflicts.contains(&question.key)).map(|question| FieldError::new(question.key.clone(), &question.text)));
    }
    let is_new = |question: &RespondentQuestion| sheet.is_visible(question) && !before.contains(&question.key) && !sheet.standing.is_answered(&question.key);
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

/// Stands for an answer in a form, so that it is seen when another one is stored meanwhile.
fn mark(answer: Option<&Answer>) -> String {
    let Some(mut answer) = answer.filter(|answer| **answer != Answer::default()).cloned() else { return "none".into() };
    answer.evidence_ids.sort();
    if let Some(Value::Array(chosen)) = &mut answer.value {
        chosen.sort_by_key(Value::to_string);
    }
    let text = serde_json::to_string(&answer).unwrap_or_default();
    Sha256::digest(text.as_bytes()).iter().take(8).map(|byte| format!("{byte:02x}")).collect()
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
        QuestionType::Number => form.some(&name("value")).map(|text| text.replace(',', "").parse::<serde_json::Number>().map_or(Value::String(text), Value::Number)),
        _ => form.some(&name("value")).map(Value::String),
    };
    if let Some(value) = value {
        answer.insert("value".into(), value);
    }
    for part in ["comment", "not_applicable"] {
        if let Some(text) = form.some(&name(part)) {
            answer.insert(part.into(), text.into());
        }
    }
    let evidence: Vec<&str> = form.every(&name("evidence"));
    if !evidence.is_empty() {
        answer.insert("evidence_ids".into(), json!(evidence));
    }
    if answer.is_empty() { Value::Null } else { answer.into() }
}

/// A key as it may stand in an address; nothing where it could be none.
pub(super) fn key(text: String) -> String {
    let fits = text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_' || byte == b'-');
    if fits { text } else { String::new() }
}

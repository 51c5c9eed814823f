//! What the two tools of the National Cyber Security Centre gave: entering a check and an exercise with what comes of
//! each finding, and closing what came of findings that are gone.

use diligence_entities::{
    error::Error,
    evidence::{self, Evidence, ExerciseForm, FindingOutcome, NewExercise, NewSecurityCheck, TargetKind},
    id::{EvidenceId, SubjectId},
    ourselves,
    register::RegisterEntry,
    risk::Reason,
    scope::Reader,
};
use diligence_questionnaires::Severity;
use poem::{Request, http::StatusCode};
use serde::de::DeserializeOwned;

use super::{
    evidence::again,
    fields::{
        FieldSpec, FilledSection, FormPage, FormSection, Input, empty, field, json, misread, placed, read, said, typed,
    },
    form::Form,
    format,
    labels::{Choices, Labelled as _},
    page::{FieldError, PageResult, Refusal, faults, path_id, redirect},
    routes::Routes,
    sign_in::SignedIn,
    signed_in::{Page, Proven},
    subject_picker::{back_to, chosen, line},
};
use crate::auth::Editor;

/// The routes of these pages.
pub(super) fn routes(routes: Routes) -> Routes {
    routes
        .get("/security-checks/new", show_new_check)
        .post("/security-checks/new", enter_check)
        .get("/exercises/new", show_new_exercise)
        .post("/exercises/new", enter_exercise)
        .post("/evidence/:id/close-findings", close)
}

/// The part of the menu that these pages belong to.
const PART: &str = "/register";

const TARGET: &[FieldSpec] = &[
    field("kind", "What it is", "", Input::RequiredSelect(TargetKind::CHOICES)),
    field("name", "Its name or number", "Such as example.org or 203.0.113.7", Input::RequiredText("text")),
];

const FINDING: &[FieldSpec] = &[
    field(
        "text",
        "What was found, in a line",
        "As the tool says it, so that the next check knows it again.",
        Input::RequiredText("text"),
    ),
    field(
        "target",
        "What it is about",
        "The name from above. Empty if only one thing was checked.",
        Input::Text("text"),
    ),
    field("severity", "How bad is it?", "", Input::RequiredSelect(Severity::CHOICES)),
    field("advice", "What the tool advises", "", Input::TextArea),
    field("outcome", "What comes of it?", "", Input::RequiredSelect(FindingOutcome::CHOICES)),
    field("action", "What is to be done", "If empty: what the tool advises, or else the finding.", Input::Text("text")),
    field("owner", "Who does it", "For an action and a risk.", Input::Text("text")),
    field("due_on", "By when", "For an action and a risk.", Input::Date),
    field("reason", "Why nothing comes of it", "Only where nothing does.", Input::TextArea),
];

/// What can come of what an exercise found: it has no check before it.
const OUTCOMES: Choices = match FindingOutcome::CHOICES.split_last() {
    Some((_as_before, others)) => others,
    None => &[],
};

const EXERCISE_FINDING: &[FieldSpec] = &[
    field("text", "What came out of it, in a line", "", Input::RequiredText("text")),
    field("severity", "How bad is it?", "", Input::RequiredSelect(Severity::CHOICES)),
    field("advice", "What the exercise advises", "", Input::TextArea),
    field("outcome", "What comes of it?", "", Input::RequiredSelect(OUTCOMES)),
    field(
        "action",
        "What is to be done",
        "If empty: what the exercise advises, or else the finding.",
        Input::Text("text"),
    ),
    field("owner", "Who does it", "For an action and a risk.", Input::Text("text")),
    field("due_on", "By when", "For an action and a risk.", Input::Date),
    field("reason", "Why nothing comes of it", "Only where nothing does.", Input::TextArea),
];

const PARTICIPANT: &[FieldSpec] = &[
    field("name", "Name", "", Input::RequiredText("text")),
    field("role", "What they do here", "Such as registered manager.", Input::Text("text")),
];

const CHECK: &[FormSection] = &[
    FormSection {
        title: "",
        fields: &[
            field("checked_on", "Day of the check", "", Input::RequiredDate),
            field(
                "targets",
                "What was checked",
                "E-mail domains, websites, public addresses, browsers.",
                Input::Rows("Thing checked", TARGET),
            ),
        ],
    },
    FormSection {
        title: "What was found",
        fields: &[
            field(
                "findings",
                "Findings",
                "Of each, say what comes of it: it is on the list of what is due from then on. Rows that you leave empty are not kept.",
                Input::Rows("Finding", FINDING),
            ),
            field("notes", "Anything else worth knowing", "", Input::TextArea),
        ],
    },
];

const EXERCISE: &[FormSection] = &[
    FormSection {
        title: "",
        fields: &[
            field("title", "Which exercise", "Such as: Ransomware by a forged e-mail", Input::RequiredText("text")),
            field("form", "How it was held", "", Input::RequiredSelect(ExerciseForm::CHOICES)),
            field("held_on", "Day on which it was held", "", Input::RequiredDate),
            field(
                "participants",
                "Who took part",
                "Names, or roles where names say nothing.",
                Input::Rows("Participant", PARTICIPANT),
            ),
        ],
    },
    FormSection {
        title: "What came out of it",
        fields: &[
            field(
                "findings",
                "Findings",
                "Of each, say what comes of it: it is on the list of what is due from then on. Rows that you leave empty are not kept.",
                Input::Rows("Finding", EXERCISE_FINDING),
            ),
            field("next_steps", "What will be done, as a whole", "", Input::TextArea),
            field("notes", "Anything else worth knowing", "", Input::TextArea),
        ],
    },
];

/// One of the two forms.
struct Kind {
    title: &'static str,
    /// What the form is for, of whatever it is about.
    lead: &'static str,
    path: &'static str,
    parts: &'static [FormSection],
}

const OF_CHECK: Kind = Kind {
    title: "Enter a security check",
    lead: "A result of ‘Check your cyber security’, a free tool of the National Cyber Security Centre, about",
    path: "/security-checks/new",
    parts: CHECK,
};

const OF_EXERCISE: Kind = Kind {
    title: "Enter an exercise",
    lead: "An exercise that was held, such as one from ‘Exercise in a Box’, a free tool of the National Cyber Security Centre, at",
    path: "/exercises/new",
    parts: EXERCISE,
};

/// What a form is about: what its address says, or else our own house. Where there is none yet, one begins there.
async fn subject(request: &Request, reader: &Reader) -> Result<RegisterEntry, Refusal> {
    if let Some(line) = chosen(request, reader, "subject_id").await? {
        return Ok(line);
    }
    match ourselves::read(reader).await?.id {
        Some(id) => Ok(line(reader, &SubjectId::Supplier(id)).await?),
        None => Err(Refusal::Elsewhere("/ourselves".into())),
    }
}

impl Kind {
    fn page<'a>(&self, here: &'a SignedIn, line: &RegisterEntry) -> FormPage<'a> {
        FormPage {
            here,
            part: PART,
            title: self.title.into(),
            lead: format!("{} {}.", self.lead, format::subject(line)),
            back: back_to(line),
            action: format!("{}?subject_id={}", self.path, line.subject_id),
            version: 0,
        }
    }

    async fn show(&self, who: &Page<Editor>) -> PageResult {
        let (request, here) = who.parts();
        let line = subject(request, &here.read(request).await?).await?;
        self.page(here, &line).show_many(StatusCode::OK, empty(self.parts, |_| None), Vec::new())
    }

    /// What a form says, or the form again: with more rows where that was asked for, or with what is wrong.
    async fn said<T: DeserializeOwned>(
        &self,
        who: &Page<Editor>,
        form: &Form,
    ) -> Result<(RegisterEntry, Vec<FilledSection>, T), Refusal> {
        let (request, here) = who.parts();
        let line = subject(request, &here.read(request).await?).await?;
        let parts = typed(self.parts, form);
        if !form.text("more").is_empty() {
            let page = self.page(here, &line).show_many(StatusCode::OK, parts, Vec::new())?;
            return Err(Refusal::Instead(Box::new(page)));
        }
        let errors = misread(&parts);
        if !errors.is_empty() {
            return Err(Refusal::Instead(Box::new(self.wrong(here, &line, parts, errors)?)));
        }
        let mut said = said(&parts);
        said.insert("subject_id".into(), json(&line.subject_id)?);
        Ok((line, parts, read(said)?))
    }

    /// Where whoever has entered it goes on, or the form again with what is wrong.
    fn entered(
        &self,
        here: &SignedIn,
        line: &RegisterEntry,
        parts: Vec<FilledSection>,
        made: Result<Evidence, Error>,
    ) -> PageResult {
        match made {
            Ok(made) => Ok(redirect(&format!("/evidence/{}", made.id))),
            Err(error) => {
                let errors = faults(error)?.iter().map(|fault| placed(&parts, fault)).collect();
                self.wrong(here, line, parts, errors)
            }
        }
    }

    fn wrong(
        &self,
        here: &SignedIn,
        line: &RegisterEntry,
        parts: Vec<FilledSection>,
        errors: Vec<FieldError>,
    ) -> PageResult {
        self.page(here, line).show_many(StatusCode::UNPROCESSABLE_ENTITY, parts, errors)
    }
}

/// The form for a check.
pub(super) async fn show_new_check(who: Page<Editor>) -> PageResult {
    OF_CHECK.show(&who).await
}

/// Enters a check.
pub(super) async fn enter_check(who: Page<Editor>, form: Proven<Form>) -> PageResult {
    let (line, parts, new) = OF_CHECK.said::<NewSecurityCheck>(&who, &form).await?;
    let made = who.change(async |writer| evidence::create_security_check(writer, new).await).await;
    OF_CHECK.entered(who.parts().1, &line, parts, made)
}

/// The form for an exercise.
pub(super) async fn show_new_exercise(who: Page<Editor>) -> PageResult {
    OF_EXERCISE.show(&who).await
}

/// Enters an exercise.
pub(super) async fn enter_exercise(who: Page<Editor>, form: Proven<Form>) -> PageResult {
    let (line, parts, new) = OF_EXERCISE.said::<NewExercise>(&who, &form).await?;
    let made = who.change(async |writer| evidence::create_exercise(writer, new).await).await;
    OF_EXERCISE.entered(who.parts().1, &line, parts, made)
}

/// Closes what came of findings that are gone.
pub(super) async fn close(who: Page<Editor>, form: Proven<Form>) -> PageResult {
    let (request, here) = who.parts();
    let id: EvidenceId = path_id(request)?;
    let (version, reason) = (form.version()?, Reason { reason: form.text("reason") });
    match who.change(async |writer| evidence::close_findings(writer, &id, version, reason).await).await {
        Ok(_) => Ok(redirect(&format!("/evidence/{id}#findings"))),
        Err(error) => again(request, here, &id, "reason", error).await,
    }
}

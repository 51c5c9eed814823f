//! Dependencies: what a supplier or product rests on, entered and changed from its own page.

use diligence_entities::{
    dependency::{self, Dependency, DependencyKind, NewDependency},
    error::Error,
    id::DependencyId,
    patch::Change,
    register,
    scope::Reader,
};
use poem::http::StatusCode;

use super::{
    confirm_delete::ConfirmDelete,
    fields::{FormPage, FormSection, Input, empty, field, fields, json, misread, read, said, stored, typed},
    form::Form,
    format,
    labels::Labelled as _,
    page::{PageResult, Refusal, path_id, redirect},
    routes::Routes,
    sign_in::SignedIn,
    signed_in::{Page, Proven},
    subject_picker::{SubjectPicker, back_to, chosen},
};
use crate::auth::Editor;

/// The routes of these pages.
pub(super) fn routes(routes: Routes) -> Routes {
    routes
        .get("/dependencies/new", show_new)
        .post("/dependencies/new", enter)
        .get("/dependencies/:id/change", show_change)
        .post("/dependencies/:id/change", change)
        .get("/dependencies/:id/delete", show_delete)
        .post("/dependencies/:id/delete", delete)
}

/// The part of the menu that these pages belong to.
const PART: &str = "/register";

const DEPENDENCY: &[FormSection] = &[FormSection {
    title: "",
    fields: &[
        field("kind", "In what way", "", Input::RequiredSelect(DependencyKind::CHOICES)),
        field("description", "Anything worth knowing about it", "Such as: in two places in Leeds", Input::TextArea),
    ],
}];

/// The form for a new one, once both sides are chosen.
pub(super) async fn show_new(who: Page<Editor>) -> PageResult {
    let (request, here) = who.parts();
    let reader = here.read(request).await?;
    let (subject, base) =
        (chosen(request, &reader, "subject_id").await?, chosen(request, &reader, "rests_on_id").await?);
    match (subject, base) {
        (Some(subject), Some(base)) => {
            new(here, &subject, &base).show(StatusCode::OK, empty(DEPENDENCY, |_| None), Vec::new())
        }
        (subject, _) => {
            drop(reader);
            let title = subject.as_ref().map_or_else(
                || "Enter a dependency".to_owned(),
                |subject| format!("What does {} depend on?", subject.name),
            );
            let choosing = SubjectPicker {
                title: &title,
                lead: if subject.is_some() {
                    "Choose its host, model provider, sub-processor or whatever else would take it down."
                } else {
                    "Choose the supplier or product that depends on another one."
                },
                part: PART,
                back: subject.as_ref().map_or_else(|| ("/concentration".into(), "Dependencies".into()), back_to),
                path: "/dependencies/new",
                name: if subject.is_some() { "rests_on_id" } else { "subject_id" },
                kept: subject.iter().map(|subject| ("subject_id", format::slug(&subject.subject_id))).collect(),
                without: subject.as_ref().map(|subject| subject.subject_id.clone()),
            };
            choosing.show(request, here).await
        }
    }
}

fn new<'a>(here: &'a SignedIn, subject: &register::RegisterEntry, base: &register::RegisterEntry) -> FormPage<'a> {
    let action = format!("/dependencies/new?subject_id={}&rests_on_id={}", subject.subject_id, base.subject_id);
    let lead = "Earlier decisions about it must be made again, as it now depends on another.".into();
    FormPage {
        here,
        part: PART,
        title: format!("{} depends on {}", format::subject(subject), format::subject(base)),
        lead,
        back: back_to(subject),
        action,
        version: 0,
    }
}

/// Enters one.
pub(super) async fn enter(who: Page<Editor>, form: Proven<Form>) -> PageResult {
    let (request, here) = who.parts();
    let reader = here.read(request).await?;
    let (subject, base) =
        (chosen(request, &reader, "subject_id").await?, chosen(request, &reader, "rests_on_id").await?);
    let (subject, base) = (subject.ok_or(Error::NotFound)?, base.ok_or(Error::NotFound)?);
    drop(reader);
    let parts = typed(DEPENDENCY, &form);
    let errors = misread(&parts);
    if !errors.is_empty() {
        return new(here, &subject, &base).wrong(parts, errors);
    }
    let mut said = said(&parts);
    said.insert("subject_id".into(), json(&subject.subject_id)?);
    said.insert("rests_on_id".into(), json(&base.subject_id)?);
    let made: NewDependency = read(said)?;
    match who.change(async |writer| dependency::create(writer, made).await).await {
        Ok(_) => Ok(redirect(&format!("{}#rests", format::subject_href(&subject.subject_id)))),
        Err(error) => new(here, &subject, &base).again(parts, error),
    }
}

/// One, with both its sides as people know them.
struct Known {
    dependency: Dependency,
    subject: register::RegisterEntry,
    base: register::RegisterEntry,
}

impl Known {
    async fn read(reader: &Reader, id: &DependencyId) -> Result<Self, Refusal> {
        let dependency = dependency::read(reader, id).await?;
        let mut lines =
            register::lines(reader, [dependency.subject_id.clone(), dependency.rests_on_id.clone()]).await?;
        let subject = lines.remove(&dependency.subject_id).ok_or(Error::NotFound)?;
        let base = lines.remove(&dependency.rests_on_id).ok_or(Error::NotFound)?;
        Ok(Self { dependency, subject, base })
    }

    fn title(&self) -> String {
        format!("{} depends on {}", format::subject(&self.subject), format::subject(&self.base))
    }

    fn change<'a>(&self, here: &'a SignedIn) -> FormPage<'a> {
        let action = format!("/dependencies/{}/change", self.dependency.id);
        FormPage {
            here,
            part: PART,
            title: self.title(),
            lead: String::new(),
            back: back_to(&self.subject),
            action,
            version: self.dependency.version,
        }
    }

    fn erasing(&self) -> ConfirmDelete<'static> {
        ConfirmDelete {
            title: format!("{} no longer depends on {}", format::subject(&self.subject), format::subject(&self.base)),
            lead: "Do this when it was entered by mistake, or when it is over. Both stay in the register.",
            name: self.base.name.clone(),
            part: PART,
            back: back_to(&self.subject),
            place: format!("/dependencies/{}", self.dependency.id),
            version: self.dependency.version,
        }
    }
}

/// The form for what is said of one.
pub(super) async fn show_change(who: Page<Editor>) -> PageResult {
    let (request, here) = who.parts();
    let known = Known::read(&here.read(request).await?, &path_id(request)?).await?;
    known.change(here).show(StatusCode::OK, stored(DEPENDENCY, &json(&known.dependency)?), Vec::new())
}

/// Changes what is said of one.
pub(super) async fn change(who: Page<Editor>, form: Proven<Form>) -> PageResult {
    let (request, here) = who.parts();
    let id: DependencyId = path_id(request)?;
    let (parts, version) = (typed(DEPENDENCY, &form), form.version()?);
    let errors = misread(&parts);
    if !errors.is_empty() {
        let known = Known::read(&here.read(request).await?, &id).await?;
        return FormPage { version, ..known.change(here) }.wrong(parts, errors);
    }
    match who
        .change(async |writer| {
            dependency::change(writer, &id, version, Change::<NewDependency>::new(fields(&parts))).await
        })
        .await
    {
        Ok(changed) => Ok(redirect(&format!("{}#rests", format::subject_href(&changed.subject_id)))),
        Err(error) => {
            let known = Known::read(&here.read(request).await?, &id).await?;
            known.change(here).refused(parts, error, version, &known.dependency)
        }
    }
}

/// Asks before one is taken away.
pub(super) async fn show_delete(who: Page<Editor>) -> PageResult {
    let (request, here) = who.parts();
    Known::read(&here.read(request).await?, &path_id(request)?).await?.erasing().show(here, StatusCode::OK, Vec::new())
}

/// Takes one away.
pub(super) async fn delete(who: Page<Editor>, form: Proven<Form>) -> PageResult {
    let (request, here) = who.parts();
    let id: DependencyId = path_id(request)?;
    let known = Known::read(&here.read(request).await?, &id).await?;
    if !form.names_it(&known.base.name) {
        return known.erasing().unnamed(here);
    }
    let version = form.version()?;
    match who.change(async |writer| dependency::delete(writer, &id, version).await).await {
        Ok(()) => Ok(redirect(&format!("{}#rests", format::subject_href(&known.subject.subject_id)))),
        Err(Error::Stale { .. }) => {
            Known::read(&here.read(request).await?, &id).await?.erasing().show(here, StatusCode::CONFLICT, Vec::new())
        }
        Err(error) => Err(error.into()),
    }
}

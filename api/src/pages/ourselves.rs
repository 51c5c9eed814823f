//! Our own house: its page, and what is said of it.

use askama::Template;
use diligence_entities::{
    id::SubjectId,
    ourselves::{self, NewOurselves, Ourselves},
    patch::Change,
    role::Role,
};
use poem::http::StatusCode;

use super::{
    fields::{FormPage, FormSection, Input, field, fields, json, stored, typed},
    form::Form,
    format,
    page::{Frame, PageResult, html, redirect},
    routes::Routes,
    sign_in::SignedIn,
    signed_in::{Page, Proven},
    subjects::{about::About, trend},
};
use crate::auth::{Editor, Viewer};

/// The routes of these pages.
pub(super) fn routes(routes: Routes) -> Routes {
    routes.get(HERE, show).get("/ourselves/change", show_change).post("/ourselves/change", change)
}

const HERE: &str = "/ourselves";

const FIELDS: &[FormSection] = &[FormSection {
    title: "",
    fields: &[
        field("name", "What it is called", "Your organisation’s name, if you leave it empty.", Input::Text("text")),
        field("owner", "Who of you looks after it", "What is due about it is theirs.", Input::Text("text")),
        field("notes", "Anything else worth knowing", "", Input::TextArea),
    ],
}];

#[derive(Template)]
#[template(path = "ourselves/show.html")]
struct OurselvesPage {
    frame: Frame,
    ourselves: Ourselves,
    about: About,
    may_change: bool,
}

#[derive(Template)]
#[template(path = "ourselves/begin.html")]
struct BeginPage {
    frame: Frame,
    csrf: String,
    version: i64,
    may_change: bool,
}

/// Our own house, or how to begin with it.
pub(super) async fn show(who: Page<Viewer>) -> PageResult {
    let (request, here) = who.parts();
    let reader = here.read(request).await?;
    let ourselves = ourselves::read(&reader).await?;
    let (frame, may_change) = (here.frame("Our own house").at("/register"), here.is_at_least(Role::Editor));
    let Some(id) = ourselves.id.clone() else {
        let (csrf, version) = (here.csrf().to_owned(), ourselves.version);
        return Ok(html(StatusCode::OK, &BeginPage { frame, csrf, version, may_change })?);
    };
    let mut about = About::read(request, &reader, &SubjectId::Supplier(id)).await?;
    about.is_ourselves = true;
    Ok(html(StatusCode::OK, &OurselvesPage { frame, ourselves, about, may_change })?)
}

fn open(here: &SignedIn, version: i64) -> FormPage<'_> {
    FormPage {
        here,
        part: "/register",
        lead: String::new(),
        title: "Our own house: change details".into(),
        back: (HERE.into(), "Our own house".into()),
        action: format!("{HERE}/change"),
        version,
    }
}

/// The form for what is said of it.
pub(super) async fn show_change(who: Page<Editor>) -> PageResult {
    let (request, here) = who.parts();
    let present = ourselves::read(&here.read(request).await?).await?;
    open(here, present.version).show(StatusCode::OK, stored(FIELDS, &json(&present)?), Vec::new())
}

/// Changes what is said of it; the first change makes it.
pub(super) async fn change(who: Page<Editor>, form: Proven<Form>) -> PageResult {
    let (request, here) = who.parts();
    let (parts, version) = (typed(FIELDS, &form), form.version()?);
    let said = Change::<NewOurselves>::new(fields(&parts));
    match who.change(async |writer| ourselves::change(writer, version, said).await).await {
        Ok(_) => Ok(redirect(HERE)),
        Err(error) => {
            let present = ourselves::read(&here.read(request).await?).await?;
            open(here, version).refused(parts, error, version, &present)
        }
    }
}

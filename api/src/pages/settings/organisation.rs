//! What the organisation is called.

use askama::Template;
use diligence_entities::{
    organisation::{self, NewOrganisation, Organisation},
    patch::Change,
    role::Role,
};
use poem::http::StatusCode;

use super::HERE;
use crate::{
    auth::{Admin, Viewer},
    pages::{
        fields::{FormPage, FormSection, Input, field, fields, json, stored, typed},
        form::Form,
        format,
        page::{Frame, PageResult, html, redirect},
        sign_in::SignedIn,
        signed_in::{Page, Proven},
    },
};

const ORGANISATION: &str = "/settings/organisation";

#[derive(Template)]
#[template(path = "settings/organisation/show.html")]
struct OrganisationPage {
    frame: Frame,
    organisation: Organisation,
    may_change: bool,
}

/// The organisation.
pub(in crate::pages) async fn show(who: Page<Viewer>) -> PageResult {
    let (request, here) = who.parts();
    let organisation = organisation::read(&here.read(request).await?).await?;
    Ok(html(
        StatusCode::OK,
        &OrganisationPage {
            frame: here.frame("Organisation").at(HERE),
            organisation,
            may_change: here.is_at_least(Role::Admin),
        },
    )?)
}

const FIELDS: &[FormSection] = &[FormSection {
    title: "",
    fields: &[field(
        "name",
        "What it is called",
        "Suppliers read it when you ask them something, and people when you invite them.",
        Input::RequiredText("text"),
    )],
}];

fn open(here: &SignedIn, version: i64) -> FormPage<'_> {
    FormPage {
        here,
        part: HERE,
        lead: String::new(),
        title: "Change what the organisation is called".into(),
        back: (ORGANISATION.into(), "Organisation".into()),
        action: format!("{ORGANISATION}/change"),
        version,
    }
}

/// The form for its name.
pub(in crate::pages) async fn show_change(who: Page<Admin>) -> PageResult {
    let (request, here) = who.parts();
    let present = organisation::read(&here.read(request).await?).await?;
    open(here, present.version).show(StatusCode::OK, stored(FIELDS, &json(&present)?), Vec::new())
}

/// Changes its name.
pub(in crate::pages) async fn change(who: Page<Admin>, form: Proven<Form>) -> PageResult {
    let (request, here) = who.parts();
    let parts = typed(FIELDS, &form);
    let version = form.version()?;
    match who
        .change(async |writer| {
            organisation::change(writer, version, Change::<NewOrganisation>::new(fields(&parts))).await
        })
        .await
    {
        Ok(_) => Ok(redirect(ORGANISATION)),
        Err(error) => {
            let present = organisation::read(&here.read(request).await?).await?;
            open(here, version).refused(parts, error, version, &present)
        }
    }
}

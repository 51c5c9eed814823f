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
        fields::{Asking, Kind, Open, Part, fields, json, stored, typed},
        form::Form,
        page::{Frame, Shown, html, see},
        sign_in::Here,
        signed_in::{Page, Proven},
        words,
    },
};

const ORGANISATION: &str = "/settings/organisation";

#[derive(Template)]
#[template(path = "settings_organisation.html")]
struct OrganisationPage {
    frame: Frame,
    organisation: Organisation,
    may_change: bool,
}

/// The organisation.
pub(in crate::pages) async fn show(who: Page<Viewer>) -> Shown {
    let (request, here) = who.parts();
    let organisation = organisation::read(&here.read(request).await?).await?;
    Ok(html(StatusCode::OK, &OrganisationPage { frame: here.frame("Organisation").at(HERE), organisation, may_change: here.is_at_least(Role::Admin) })?)
}

const FIELDS: &[Part] = &[Part {
    title: "",
    fields: &[Asking("name", "What it is called", "Suppliers read it when you ask them something, and people when you invite them.", Kind::Needed("text"))],
}];

fn open(here: &Here, version: i64) -> Open<'_> {
    Open {
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
pub(in crate::pages) async fn show_change(who: Page<Admin>) -> Shown {
    let (request, here) = who.parts();
    let present = organisation::read(&here.read(request).await?).await?;
    open(here, present.version).show(StatusCode::OK, stored(FIELDS, &json(&present)?), Vec::new())
}

/// Changes its name.
pub(in crate::pages) async fn change(who: Page<Admin>, form: Proven<Form>) -> Shown {
    let (request, here) = who.parts();
    let parts = typed(FIELDS, &form);
    let version = form.version()?;
    match who.change(async |writer| organisation::change(writer, version, Change::<NewOrganisation>::new(fields(&parts))).await).await {
        Ok(_) => Ok(see(ORGANISATION)),
        Err(error) => {
            let present = organisation::read(&here.read(request).await?).await?;
            open(here, version).refused(parts, error, version, &present)
        }
    }
}

//! Identity providers: through whom people sign in with the account they have at work.

use askama::Template;
use diligence_entities::{
    error::Error,
    id::IdentityProviderId,
    identity_provider::{self, IdentityProvider, NewIdentityProvider},
    patch::Change,
    role::Role,
};
use poem::{Request, http::StatusCode};
use serde_json::{Map, Value};

use super::{Facts, HERE, role, unconfirmed};
use crate::{
    auth::Admin,
    pages::{
        fields::{
            self, FilledSection, FormPage, FormSection, Input, empty, field, fields, json, read, said, stored, typed,
        },
        form::Form,
        format,
        labels::Labelled as _,
        page::{FieldError, Frame, PageResult, at, faults, field_errors, html, path_id, redirect},
        sign_in::SignedIn,
        signed_in::{Page, Proven},
    },
    single_sign_on,
};

const SIGN_IN: &str = "/settings/sign-in";

const FIELDS: &[FormSection] = &[
    FormSection {
        title: "",
        fields: &[
            field(
                "name",
                "What people call it",
                "They read it on the sign-in page: Our accounts.",
                Input::RequiredText("text"),
            ),
            field(
                "issuer",
                "Its address (issuer)",
                "As it calls itself: https://login.example.org. Below it, it has /.well-known/openid-configuration.",
                Input::RequiredText("url"),
            ),
            field("client_id", "What it calls this register (client id)", "", Input::RequiredText("text")),
            field(
                "client_secret",
                "The client secret",
                "It is never shown again. When you change the provider, leave this empty to keep the secret there is.",
                Input::Secret,
            ),
            field(
                "secret_expires_on",
                "The last day of that secret",
                "As the provider says. It is on the list of what is due until you enter the next secret and its day.",
                Input::Date,
            ),
            field(
                "is_enabled",
                "Can people sign in through it?",
                "",
                Input::Boolean(&[("true", "Yes"), ("false", "Not now")]),
            ),
        ],
    },
    FormSection {
        title: "Who is let in",
        fields: &[
            field(
                "email_domains",
                "Domains of e-mail addresses by which it may say who someone is",
                "Such as example.org, with commas between. Without one, only people whom it has signed in before are let in.",
                Input::WordList,
            ),
            field(
                "admits_new_people",
                "May people come without an invitation?",
                "",
                Input::Boolean(&[
                    ("false", "No: only whoever belongs here or was invited"),
                    ("true", "Yes: anyone whom it signs in, of those domains"),
                ]),
            ),
        ],
    },
    FormSection {
        title: "Roles",
        fields: &[
            field(
                "role_claim",
                "The claim that says someone's role",
                "Such as groups. Empty if roles are given here.",
                Input::Text("text"),
            ),
            field(
                "roles",
                "Which value stands for which role",
                "One on each line: care-managers = editor. The roles are viewer, editor, approver and admin; the highest counts, at each sign-in.",
                Input::KeyValues,
            ),
            field(
                "default_role",
                "The role of everyone else",
                "Not said lets none of them in.",
                Input::OptionalSelect(Role::CHOICES),
            ),
        ],
    },
];

#[derive(Template)]
#[template(path = "settings/providers/show.html")]
struct ProviderPage {
    frame: Frame,
    csrf: String,
    provider: IdentityProvider,
    facts: Facts,
    callback: String,
    errors: Vec<FieldError>,
    confirm: String,
}

fn facts(provider: &IdentityProvider) -> Facts {
    let or = |text: String, otherwise: &str| if text.is_empty() { otherwise.to_owned() } else { text };
    let roles =
        provider.roles.0.iter().map(|(value, of)| format!("{value}: {}", role(*of))).collect::<Vec<_>>().join("\n");
    vec![
        ("People can sign in through it", if provider.is_enabled { "Yes" } else { "Not now" }.into()),
        ("Its address (issuer)", provider.issuer.clone()),
        ("What it calls this register (client id)", provider.client_id.clone()),
        ("The client secret", if provider.client_secret.is_some() { "Kept, never shown" } else { "None" }.into()),
        ("The last day of that secret", provider.secret_expires_on.map_or_else(|| "Not said".into(), format::day)),
        (
            "Domains of e-mail addresses",
            or(provider.email_domains.0.join(", "), "None: only people whom it has signed in before"),
        ),
        ("People come without an invitation", if provider.admits_new_people { "Yes" } else { "No" }.into()),
        (
            "The claim that says someone's role",
            provider.role_claim.clone().unwrap_or_else(|| "None: roles are given here".into()),
        ),
        ("Which value stands for which role", or(roles, "None")),
        (
            "The role of everyone else",
            provider.default_role.map_or("None: they are not let in", |of| role(of.0)).into(),
        ),
    ]
}

/// One provider.
pub(in crate::pages) async fn show(who: Page<Admin>) -> PageResult {
    let (request, here) = who.parts();
    one(request, here, String::new(), Vec::new()).await
}

async fn one(request: &Request, here: &SignedIn, confirm: String, errors: Vec<FieldError>) -> PageResult {
    let provider = identity_provider::read(&here.read(request).await?, &path_id(request)?).await?;
    let callback = single_sign_on::callback(request, &provider.id);
    let status = if errors.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let (frame, csrf, facts) = (here.frame(&provider.name).at(HERE), here.csrf().to_owned(), facts(&provider));
    Ok(html(status, &ProviderPage { frame, csrf, provider, facts, callback, errors, confirm })?)
}

fn place(id: &IdentityProviderId) -> String {
    format!("{SIGN_IN}/providers/{id}")
}

fn new_provider(here: &SignedIn) -> FormPage<'_> {
    FormPage {
        here,
        part: HERE,
        lead: String::new(),
        title: "Add an identity provider".into(),
        back: (SIGN_IN.into(), "Sign-in".into()),
        action: format!("{SIGN_IN}/providers/new"),
        version: 0,
    }
}

/// The form for a new provider.
pub(in crate::pages) async fn show_new(who: Page<Admin>) -> PageResult {
    let (_, here) = who.parts();
    new_provider(here).show(StatusCode::OK, empty(FIELDS, |_| None), Vec::new())
}

/// What is wrong with what was typed before anything is asked of it: numbers, lines, and words that are no roles.
fn misread(parts: &[FilledSection]) -> Vec<FieldError> {
    let mut wrong = fields::misread(parts);
    let said = fields(parts);
    let values = said.get("roles").and_then(Value::as_object);
    if values
        .is_some_and(|roles| roles.values().any(|word| word.as_str().is_none_or(|word| word.parse::<Role>().is_err())))
    {
        wrong.push(FieldError::new("roles", "the role behind the equals sign is viewer, editor, approver or admin"));
    }
    wrong
}

/// Enters a provider.
pub(in crate::pages) async fn enter(who: Page<Admin>, form: Proven<Form>) -> PageResult {
    let (_, here) = who.parts();
    let parts = typed(FIELDS, &form);
    let wrong = misread(&parts);
    if !wrong.is_empty() {
        return new_provider(here).wrong(parts, wrong);
    }
    let new: NewIdentityProvider = read(said(&parts))?;
    match who.change(async |writer| identity_provider::create(writer, new).await).await {
        Ok(made) => Ok(redirect(&place(&made.id))),
        Err(error) => new_provider(here).again(parts, error),
    }
}

fn change_of<'a>(here: &'a SignedIn, provider: &IdentityProvider, version: i64) -> FormPage<'a> {
    let back = place(&provider.id);
    FormPage {
        here,
        part: HERE,
        lead: String::new(),
        title: format!("Change {}", provider.name),
        action: format!("{back}/change"),
        back: (back, provider.name.clone()),
        version,
    }
}

/// The form for a provider.
pub(in crate::pages) async fn show_change(who: Page<Admin>) -> PageResult {
    let (request, here) = who.parts();
    let provider = identity_provider::read(&here.read(request).await?, &path_id(request)?).await?;
    change_of(here, &provider, provider.version).show(StatusCode::OK, stored(FIELDS, &json(&provider)?), Vec::new())
}

/// Changes a provider.
pub(in crate::pages) async fn change(who: Page<Admin>, form: Proven<Form>) -> PageResult {
    let (request, here) = who.parts();
    let id: IdentityProviderId = path_id(request)?;
    let parts = typed(FIELDS, &form);
    let version = form.version()?;
    let present = identity_provider::read(&who.reader().await?, &id).await?;
    let wrong = misread(&parts);
    if !wrong.is_empty() {
        return change_of(here, &present, version).wrong(parts, wrong);
    }
    let mut said = fields(&parts);
    leave_out(&mut said, &present);
    match who
        .change(async |writer| {
            identity_provider::change(writer, &id, version, Change::<NewIdentityProvider>::new(said)).await
        })
        .await
    {
        Ok(_) => Ok(redirect(&place(&id))),
        Err(Error::Conflict { code: code @ "no_other_way", detail, .. }) => {
            change_of(here, &present, version).again(parts, Error::invalid("/is_enabled", code, detail))
        }
        Err(error) => change_of(here, &present, version).refused(parts, error, version, &present),
    }
}

/// A change leaves what it does not name: the values that are there and were not typed go by name.
fn leave_out(said: &mut Map<String, Value>, present: &IdentityProvider) {
    if let Some(Value::Object(roles)) = said.get_mut("roles") {
        for value in present.roles.0.keys() {
            roles.entry(value.as_str()).or_insert(Value::Null);
        }
    }
}

/// Takes a provider away.
pub(in crate::pages) async fn delete(who: Page<Admin>, form: Proven<Form>) -> PageResult {
    let (request, here) = who.parts();
    let id: IdentityProviderId = path_id(request)?;
    let provider = identity_provider::read(&who.reader().await?, &id).await?;
    if let Some(wrong) = unconfirmed(&form, &[&provider.name]) {
        return one(request, here, form.text("confirm"), vec![wrong]).await;
    }
    let version = form.version()?;
    match who.change(async |writer| identity_provider::remove(writer, &id, version).await).await {
        Ok(()) => Ok(redirect(SIGN_IN)),
        Err(error) => {
            let found = faults(error)?;
            one(request, here, form.text("confirm"), field_errors(&found, &[], "confirm")).await
        }
    }
}

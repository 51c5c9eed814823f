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
    discovery::{Discovered, Discovery},
    pages::{
        fields::{
            self, FilledSection, FormPage, FormSection, Input, empty, field, fields, json, read, said, stored, typed,
        },
        form::{Form, parameter},
        format,
        labels::Labelled as _,
        page::{FieldError, Frame, PageResult, at, faults, field_errors, html, path_id, redirect},
        sign_in::SignedIn,
        signed_in::{Page, Proven},
    },
    query::encode,
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
        title: "What it is asked for",
        fields: &[
            field(
                "scopes",
                "Scopes besides openid",
                "Such as email profile groups, with spaces or commas between. Empty asks for email, and for profile and the scope named like the role claim where the provider lists them.",
                Input::WordList,
            ),
            field(
                "pkce",
                "Bind each sign-in to the browser that began it (PKCE)?",
                "Leave it on unless the provider refuses it.",
                Input::Boolean(&[("true", "Yes"), ("false", "No: the provider refuses it")]),
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
                "believed_domains",
                "Domains in which it is believed though it does not say that an address is verified",
                "Such as example.org, with commas between. Only for a provider that says nothing of it (no email_verified) and whose addresses are all given out by you. What it says is not verified never is believed.",
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
                "Such as groups, or realm_access.roles for what is inside. Empty if roles are given here.",
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
    notice: &'static str,
    errors: Vec<FieldError>,
    confirm: String,
}

#[derive(Template)]
#[template(path = "settings/providers/asked.html")]
struct AskedPage {
    frame: Frame,
    provider: IdentityProvider,
    asked: Discovery,
    facts: Facts,
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
            "Scopes besides openid",
            or(provider.scopes.0.join(", "), "The usual: email, and profile and the role claim's where it lists them"),
        ),
        ("Sign-ins are bound to their browser (PKCE)", if provider.pkce { "Yes" } else { "No" }.into()),
        (
            "Domains of e-mail addresses",
            or(provider.email_domains.0.join(", "), "None: only people whom it has signed in before"),
        ),
        (
            "Domains in which it is believed though it does not say that an address is verified",
            or(provider.believed_domains.0.join(", "), "None"),
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

/// What a provider says of itself when it is asked now.
pub(in crate::pages) async fn show_asked(who: Page<Admin>) -> PageResult {
    let (request, here) = who.parts();
    let id: IdentityProviderId = who.id()?;
    let reader = who.reader().await?;
    let provider = identity_provider::read(&reader, &id).await?;
    let (entered, _) = identity_provider::plan(&reader, &id, provider.version, Change::new(Map::new())).await?;
    drop(reader);
    let said = Discovered::of_request(request)?.look(&provider.issuer).await;
    let typed = Some(parameter(request, "typed")).filter(|typed| !typed.is_empty());
    let asked = Discovery::of(said, &entered, typed.as_deref().unwrap_or(&provider.issuer));
    let lists =
        |list: &Option<Vec<String>>| list.as_ref().map_or_else(|| "It does not say".into(), |list| list.join(", "));
    let facts = vec![
        ("It calls itself (issuer)", asked.calls_itself.clone().unwrap_or_else(|| "Not known".into())),
        ("The scopes that it lists", lists(&asked.scopes_supported)),
        ("The claims that it lists", lists(&asked.claims_supported)),
        ("The methods of PKCE that it lists", lists(&asked.pkce_methods)),
    ];
    Ok(html(StatusCode::OK, &AskedPage { frame: here.frame(&provider.name).at(HERE), provider, asked, facts })?)
}

async fn one(request: &Request, here: &SignedIn, confirm: String, errors: Vec<FieldError>) -> PageResult {
    let provider = identity_provider::read(&here.read(request).await?, &path_id(request)?).await?;
    let callback = single_sign_on::callback(request, &provider.id);
    let status = if errors.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let (frame, csrf, facts) = (here.frame(&provider.name).at(HERE), here.csrf().to_owned(), facts(&provider));
    let notice = match parameter(request, "notice").as_str() {
        "unreached" => {
            "It is entered, and could not be reached, or did not answer as an identity provider does: what it calls itself is not known. Try it before people depend on it."
        }
        _ => "",
    };
    Ok(html(status, &ProviderPage { frame, csrf, provider, facts, callback, notice, errors, confirm })?)
}

/// A provider's page.
pub(super) fn place(id: &IdentityProviderId) -> String {
    format!("{SIGN_IN}/providers/{id}")
}

/// Where whoever has entered a provider under this issuer is told what it says of itself.
fn told_at(id: &IdentityProviderId, typed: &str, asked: &Discovery) -> String {
    if asked.reached {
        format!("{}/asked?typed={}", place(id), encode(typed))
    } else {
        format!("{}?notice=unreached", place(id))
    }
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
    let (request, here) = who.parts();
    let parts = typed(FIELDS, &form);
    let wrong = misread(&parts);
    if !wrong.is_empty() {
        return new_provider(here).wrong(parts, wrong);
    }
    let mut new: NewIdentityProvider = read(said(&parts))?;
    let typed = new.issuer.clone();
    let discovered = Discovered::of_request(request)?;
    let entered = async {
        identity_provider::check(&new)?;
        let asked = discovered.meet(&mut new).await?;
        let made = who.change(async |writer| identity_provider::create(writer, new).await).await?;
        Ok::<_, Error>(told_at(&made.id, &typed, &asked))
    };
    match entered.await {
        Ok(place) => Ok(redirect(&place)),
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
    let typed = said.get("issuer").and_then(Value::as_str).unwrap_or_default().to_owned();
    let (discovered, reader) = (Discovered::of_request(request)?, who.reader().await?);
    let changed = async {
        let (change, asked) = discovered.meet_changed(reader, &id, version, Change::new(said)).await?;
        who.change(async |writer| identity_provider::change(writer, &id, version, change).await).await?;
        Ok::<_, Error>(asked.map_or_else(|| place(&id), |asked| told_at(&id, &typed, &asked)))
    };
    match changed.await {
        Ok(place) => Ok(redirect(&place)),
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

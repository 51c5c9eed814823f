//! Keys for programs.

use std::borrow::Borrow;

use askama::Template;
use diligence_entities::{
    api_key::{self, ApiKey, ApiKeyFilter, KeyScope, KeyState, NewApiKey, Rotation, SOON_DAYS},
    clock::Day,
    id::ApiKeyId,
    role::Role,
    secret::Token,
};
use poem::{Request, http::StatusCode};

use super::{HERE, OncePage, role, unconfirmed};
use crate::{
    auth::Admin,
    pages::{
        fields::{FormPage, FormSection, Input, empty, field, misread, read, said, typed},
        form::{Form, parameter},
        format,
        labels::Labelled as _,
        list_query::ListQuery,
        page::{FieldError, Frame, PageResult, at, faults, field_errors, html, link, path_id, redirect},
        sign_in::SignedIn,
        signed_in::{Page, Proven},
    },
};

const KEYS: &str = "/settings/keys";

/// What a key opens, in a few words.
fn scope(scope: impl Borrow<KeyScope>) -> &'static str {
    match scope.borrow() {
        KeyScope::Everything => "everything its role allows",
        KeyScope::ReadOnly => "reading only",
        KeyScope::RegisterOnly => "reading the register only",
        KeyScope::ImportOnly => "importing only",
        KeyScope::CalendarOnly => "fetching the calendar of reviews only",
    }
}

/// How a key stands.
fn standing(key: &ApiKey) -> String {
    let last = key.key.expires_on.map(format::day);
    match (key.state, last) {
        (KeyState::Revoked, _) => {
            key.key.revoked_at.map_or_else(|| "revoked".into(), |at| format!("revoked on {}", format::day(at.day())))
        }
        (KeyState::Expired, Some(last)) => format!("ended after {last}"),
        (KeyState::Expired, None) => "ended".into(),
        (KeyState::Replaced, Some(last)) => format!("replaced; still works until the end of {last}"),
        (KeyState::Replaced, None) => "replaced; still works".into(),
        (KeyState::Good, Some(last)) => format!("works until the end of {last}"),
        (KeyState::Good, None) => "works without an end".into(),
    }
}

/// Whether a key still opens something.
fn opens(key: &ApiKey) -> bool {
    matches!(key.state, KeyState::Good | KeyState::Replaced)
}

/// What to be told of a key that ends soon and that nothing replaces yet.
fn warning(key: &ApiKey) -> Option<String> {
    let days = key.days_left.filter(|days| *days <= SOON_DAYS && key.state == KeyState::Good)?;
    Some(match days {
        0 => "Today is its last day: rotate it".into(),
        1 => "Tomorrow is its last day: rotate it".into(),
        days => format!("{days} days left: rotate it"),
    })
}

#[derive(Template)]
#[template(path = "settings/keys/list.html")]
struct KeysPage {
    frame: Frame,
    asked: ListQuery<ApiKeyFilter>,
    keys: Vec<ApiKey>,
    next: Option<String>,
}

/// Every key.
pub(in crate::pages) async fn show(who: Page<Admin>) -> PageResult {
    let (request, here) = who.parts();
    let asked = ListQuery::<ApiKeyFilter>::of(request, KEYS)?;
    let page = api_key::list(&here.read(request).await?, &asked.filter).await?;
    let status = if asked.errors.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let next = asked.next(page.next.as_ref());
    Ok(html(status, &KeysPage { frame: here.frame("Keys for programs").at(HERE), asked, keys: page.items, next })?)
}

const KEY: &[FormSection] = &[FormSection {
    title: "",
    fields: &[
        field(
            "name",
            "What it is for",
            "Such as: Power BI, nightly. One key for each program, so that one can be revoked without the others.",
            Input::RequiredText("text"),
        ),
        field("role", "What it may do", "The least that the program needs.", Input::Select(Role::CHOICES)),
        field("scope", "Which part of that it opens", "", Input::Select(KeyScope::CHOICES)),
        field(
            "expires_on",
            "Its last day",
            "Empty for no end, unless your policy sets one. You can replace a key before it ends, without a gap.",
            Input::Date,
        ),
    ],
}];

fn new_key(here: &SignedIn) -> FormPage<'_> {
    FormPage {
        here,
        part: HERE,
        lead: String::new(),
        title: "Make a key".into(),
        back: (KEYS.into(), "Keys for programs".into()),
        action: "/settings/keys/new".into(),
        version: 0,
    }
}

/// The form for a new key.
pub(in crate::pages) async fn show_new(who: Page<Admin>) -> PageResult {
    let (request, here) = who.parts();
    // Whoever comes from where a key is needed finds its scope chosen.
    let wanted = parameter(request, "scope");
    let scope = KeyScope::CHOICES.iter().map(|(scope, _)| *scope).find(|scope| *scope == wanted).unwrap_or("read_only");
    new_key(here).show(StatusCode::OK, empty(KEY, |key| (key == "scope").then(|| scope.into())), Vec::new())
}

/// Makes a key, and shows its text.
pub(in crate::pages) async fn make(who: Page<Admin>, form: Proven<Form>) -> PageResult {
    let (request, here) = who.parts();
    let parts = typed(KEY, &form);
    let wrong = misread(&parts);
    if !wrong.is_empty() {
        return new_key(here).wrong(parts, wrong);
    }
    let new: NewApiKey = read(said(&parts))?;
    match who.change(async |writer| api_key::create(writer, new).await).await {
        Ok((key, secret)) => handed_over(request, here, "The key is ready", &key, &secret),
        Err(error) => new_key(here).again(parts, error),
    }
}

/// The text of a key, once.
fn handed_over(request: &Request, here: &SignedIn, title: &str, key: &ApiKey, secret: &Token) -> PageResult {
    let (with, path) = match key.key.scope.0 {
        KeyScope::Everything | KeyScope::ReadOnly | KeyScope::RegisterOnly => {
            ("-H \"Authorization: Bearer $KEY\"", "register")
        }
        KeyScope::ImportOnly => (
            "-H \"Authorization: Bearer $KEY\" --json '{\"rows\": [{\"name\": \"Harbour\"}]}'",
            "suppliers/import?dry_run=true",
        ),
        KeyScope::CalendarOnly => ("-u \"calendar:$KEY\"", "reviews.ics"),
    };
    let example = format!("curl {with} '{}'", link(request, &format!("{}/{path}", crate::address::ROOT))?);
    let next = vec![
        "It is shown this once and kept nowhere. Copy it now into the program, or into a password manager.".into(),
        "The program sends it with each request, as Authorization: Bearer and the key. One that asks for a name and a password, such as a calendar, takes any name, and the key as the password.".into(),
        "Whoever has it can do what it allows. If someone else may have seen it, rotate it with no overlap, or revoke it.".into(),
    ];
    let lead = format!(
        "{}: {}, {}; it {}.",
        key.key.name,
        role(key.key.role.0).to_lowercase(),
        scope(key.key.scope.0),
        standing(key)
    );
    let (frame, back_name) = (here.frame(title).at(HERE), "Keys for programs");
    OncePage {
        frame,
        back: KEYS.into(),
        back_name,
        lead,
        label: "The key",
        secret: secret.reveal().to_owned(),
        next,
        example,
    }
    .shown()
}

/// What was typed into the forms of a key.
struct Typed {
    overlap_days: String,
    expires_on: String,
    confirm: String,
}

impl Default for Typed {
    fn default() -> Self {
        Self { overlap_days: "7".into(), expires_on: String::new(), confirm: String::new() }
    }
}

#[derive(Template)]
#[template(path = "settings/keys/show.html")]
struct KeyPage {
    frame: Frame,
    csrf: String,
    key: ApiKey,
    typed: Typed,
    errors: Vec<FieldError>,
}

/// One key.
pub(in crate::pages) async fn show_key(who: Page<Admin>) -> PageResult {
    let (request, here) = who.parts();
    one(request, here, Typed::default(), Vec::new()).await
}

async fn one(request: &Request, here: &SignedIn, typed: Typed, errors: Vec<FieldError>) -> PageResult {
    let key = api_key::read(&here.read(request).await?, &path_id(request)?).await?;
    let status = if errors.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let (frame, csrf) = (here.frame(&key.key.name).at(HERE), here.csrf().to_owned());
    Ok(html(status, &KeyPage { frame, csrf, key, typed, errors })?)
}

fn rotation(form: &Form) -> Result<Rotation, Vec<FieldError>> {
    let mut wrong = Vec::new();
    let overlap_days = form.text("overlap_days").parse::<i64>();
    if overlap_days.is_err() {
        wrong.push(FieldError::new("overlap_days", "enter for how many days both work, 0 to 30"));
    }
    let expires_on = form.some("expires_on").map(|text| text.parse::<Day>()).transpose();
    if expires_on.is_err() {
        wrong.push(FieldError::new("expires_on", "enter a day, or leave it empty"));
    }
    match (overlap_days, expires_on) {
        (Ok(overlap_days), Ok(expires_on)) => Ok(Rotation { overlap_days, expires_on }),
        _ => Err(wrong),
    }
}

/// Puts another key in the place of one, and shows its text.
pub(in crate::pages) async fn rotate(who: Page<Admin>, form: Proven<Form>) -> PageResult {
    let (request, here) = who.parts();
    let id: ApiKeyId = path_id(request)?;
    let typed =
        Typed { overlap_days: form.text("overlap_days"), expires_on: form.text("expires_on"), ..Typed::default() };
    let rotation = match rotation(&form) {
        Ok(rotation) => rotation,
        Err(wrong) => {
            return one(request, here, typed, wrong).await;
        }
    };
    let version = form.version()?;
    match who.change(async |writer| api_key::rotate(writer, &id, version, rotation).await).await {
        Ok((key, secret)) => handed_over(request, here, "The new key is ready", &key, &secret),
        Err(error) => {
            let found = faults(error)?;
            one(request, here, typed, field_errors(&found, &["overlap_days", "expires_on"], "overlap_days")).await
        }
    }
}

/// Ends a key.
pub(in crate::pages) async fn revoke(who: Page<Admin>, form: Proven<Form>) -> PageResult {
    let (request, here) = who.parts();
    let id: ApiKeyId = path_id(request)?;
    let typed = Typed { confirm: form.text("confirm"), ..Typed::default() };
    let key = api_key::read(&who.reader().await?, &id).await?;
    if let Some(wrong) = unconfirmed(&form, &[&key.key.name]) {
        return one(request, here, typed, vec![wrong]).await;
    }
    let version = form.version()?;
    match who.change(async |writer| api_key::revoke(writer, &id, version).await).await {
        Ok(_) => Ok(redirect(KEYS)),
        Err(error) => {
            let found = faults(error)?;
            one(request, here, typed, field_errors(&found, &[], "confirm")).await
        }
    }
}

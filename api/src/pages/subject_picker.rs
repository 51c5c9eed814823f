//! Choosing a supplier or product: by its name, and without a script.

use askama::Template;
use diligence_entities::{
    error::Error,
    id::SubjectId,
    register::{self, RegisterEntry, RegisterFilter},
    scope::Reader,
};
use poem::{Request, http::StatusCode};

use super::{
    form::parameter,
    format,
    page::{Frame, PageResult, Refusal, html},
    sign_in::SignedIn,
};
use crate::{problem::Problem, query::encode};

/// How many are shown to choose from.
const SHOWN: u64 = 50;

/// What is to be chosen, and for what.
pub(super) struct SubjectPicker<'a> {
    pub(super) title: &'a str,
    pub(super) lead: &'a str,
    /// The part of the register that it belongs to.
    pub(super) part: &'static str,
    /// Where one comes from, and what that is called.
    pub(super) back: (String, String),
    /// Where whoever has chosen goes.
    pub(super) path: &'a str,
    /// What the chosen one is called there.
    pub(super) name: &'a str,
    /// What is known there already.
    pub(super) kept: Vec<(&'a str, String)>,
    /// What cannot be chosen.
    pub(super) without: Option<SubjectId>,
}

#[derive(Template)]
#[template(path = "subject_picker.html")]
struct SubjectPickerPage<'a> {
    frame: Frame,
    choosing: &'a SubjectPicker<'a>,
    text: String,
    lines: Vec<RegisterEntry>,
    has_more: bool,
}

impl SubjectPickerPage<'_> {
    fn href(&self, line: &RegisterEntry) -> String {
        let kept =
            self.choosing.kept.iter().map(|(name, value)| format!("{name}={}&", encode(value))).collect::<String>();
        format!("{}?{kept}{}={}", self.choosing.path, self.choosing.name, line.subject_id)
    }
}

impl SubjectPicker<'_> {
    /// The page on which one chooses.
    pub(super) async fn show(&self, request: &Request, here: &SignedIn) -> PageResult {
        let text: String = parameter(request, "q").trim().chars().take(200).collect();
        let q = Some(text.clone()).filter(|text| !text.is_empty());
        let page = register::list(
            &here.read(request).await?,
            &RegisterFilter { q, limit: Some(SHOWN), ..RegisterFilter::default() },
        )
        .await?;
        let lines = page.items.into_iter().filter(|line| self.without.as_ref() != Some(&line.subject_id)).collect();
        let frame = here.frame(self.title).at(self.part);
        Ok(html(
            StatusCode::OK,
            &SubjectPickerPage { frame, choosing: self, text, lines, has_more: page.next.is_some() },
        )?)
    }
}

/// The supplier or product that a parameter of the address names, with its line in the register; none where it names
/// nothing.
pub(super) async fn chosen(request: &Request, reader: &Reader, name: &str) -> Result<Option<RegisterEntry>, Refusal> {
    let text = parameter(request, name);
    if text.is_empty() {
        return Ok(None);
    }
    let id: SubjectId = text.parse().map_err(|_| Problem::not_found())?;
    Ok(Some(line(reader, &id).await?))
}

/// The line of this supplier or product.
pub(super) async fn line(reader: &Reader, id: &SubjectId) -> Result<RegisterEntry, Error> {
    register::lines(reader, [id.clone()]).await?.remove(id).ok_or(Error::NotFound)
}

/// Where the page of a line is, and what it is called: for the way back.
pub(super) fn back_to(line: &RegisterEntry) -> (String, String) {
    (format::subject_href(&line.subject_id), format::subject(line))
}

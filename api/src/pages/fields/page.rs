//! A form made of fields, as a page that someone has open.

use askama::Template;
use diligence_entities::error::Error;
use poem::http::StatusCode;
use serde_json::Value;

use super::{Field, FilledSection, compare, json, placed};
use crate::pages::{
    page::{FieldError, Frame, PageResult, at, faults, html},
    sign_in::SignedIn,
};

/// How many empty rows are shown below those that are filled in.
const EMPTY_ROWS: usize = 1;
/// How many of a form that is filled in at once, and not bit by bit.
const MANY_EMPTY_ROWS: usize = 5;

/// The ids of everything in a form, from its beginning to its end.
fn ids(parts: &[FilledSection]) -> Vec<String> {
    let mut ids = Vec::new();
    for field in parts.iter().flat_map(|part| &part.fields) {
        ids.push(field.id());
        for (index, row) in field.rows.iter().enumerate() {
            ids.push(field.row_id(index));
            ids.extend(row.iter().map(Field::id));
        }
    }
    ids
}

#[derive(Template)]
#[template(path = "form.html")]
struct FormPageTemplate {
    frame: Frame,
    errors: Vec<FieldError>,
    back: String,
    back_name: String,
    action: String,
    csrf: String,
    version: i64,
    lead: String,
    parts: Vec<FilledSection>,
    is_stale: bool,
    /// Whether more empty rows can be asked for.
    can_grow: bool,
    /// What is there already and may be the same: where, and what it is called.
    twins: Vec<(String, String)>,
    /// What this was called when it was asked whether it is one of them.
    asked_of: String,
}

/// A form that someone has open.
pub(in crate::pages) struct FormPage<'a> {
    pub(in crate::pages) here: &'a SignedIn,
    /// The part of the register that it belongs to.
    pub(in crate::pages) part: &'static str,
    pub(in crate::pages) title: String,
    /// What helps before one begins; may be empty.
    pub(in crate::pages) lead: String,
    /// Where one comes from, and what that is called.
    pub(in crate::pages) back: (String, String),
    pub(in crate::pages) action: String,
    pub(in crate::pages) version: i64,
}

impl FormPage<'_> {
    pub(in crate::pages) fn show(
        self,
        status: StatusCode,
        parts: Vec<FilledSection>,
        errors: Vec<FieldError>,
    ) -> PageResult {
        self.with_rows(status, parts, errors, EMPTY_ROWS, false, (Vec::new(), String::new()))
    }

    /// A form of many rows, which can be asked for more of them with the field `more`.
    pub(in crate::pages) fn show_many(
        self,
        status: StatusCode,
        parts: Vec<FilledSection>,
        errors: Vec<FieldError>,
    ) -> PageResult {
        self.with_rows(status, parts, errors, MANY_EMPTY_ROWS, true, (Vec::new(), String::new()))
    }

    /// The same form again, as what is called `name` may be one of these, which are there already. Sent again, the field
    /// `is_another` says that it is not.
    pub(in crate::pages) fn asking(
        self,
        parts: Vec<FilledSection>,
        twins: Vec<(String, String)>,
        name: String,
    ) -> PageResult {
        self.with_rows(StatusCode::CONFLICT, parts, Vec::new(), EMPTY_ROWS, false, (twins, name))
    }

    fn with_rows(
        self,
        status: StatusCode,
        mut parts: Vec<FilledSection>,
        errors: Vec<FieldError>,
        empty_rows: usize,
        can_grow: bool,
        (twins, asked_of): (Vec<(String, String)>, String),
    ) -> PageResult {
        let is_stale = parts.iter().flat_map(|part| &part.fields).any(|field| field.theirs.is_some());
        for field in parts.iter_mut().flat_map(|part| &mut part.fields).filter(|field| field.one().is_some()) {
            for _ in 0..empty_rows {
                let row = field.empty_row();
                field.rows.push(row);
            }
        }
        let (back, back_name) = self.back;
        let frame = self.here.frame(&self.title).at(self.part);
        let csrf = self.here.csrf().to_owned();
        Ok(html(
            status,
            &FormPageTemplate {
                frame,
                errors,
                back,
                back_name,
                action: self.action,
                csrf,
                version: self.version,
                lead: self.lead,
                parts,
                is_stale,
                can_grow,
                twins,
                asked_of,
            },
        )?)
    }

    /// The same form again, with what was typed and what is wrong with it.
    pub(in crate::pages) fn wrong(self, parts: Vec<FilledSection>, errors: Vec<FieldError>) -> PageResult {
        self.show(StatusCode::UNPROCESSABLE_ENTITY, parts, errors)
    }

    /// The same form again, with what was typed and why it was refused.
    pub(in crate::pages) fn again(self, parts: Vec<FilledSection>, error: Error) -> PageResult {
        let mut errors: Vec<FieldError> = faults(error)?.iter().map(|fault| placed(&parts, fault)).collect();
        let places = ids(&parts);
        errors.sort_by_key(|wrong| places.iter().position(|id| *id == wrong.field));
        self.wrong(parts, errors)
    }

    /// The same for a change that was refused: where someone else was faster, with both versions.
    pub(in crate::pages) fn refused(
        self,
        parts: Vec<FilledSection>,
        error: Error,
        version: i64,
        present: &impl serde::Serialize,
    ) -> PageResult {
        if matches!(error, Error::Stale { .. }) {
            self.beside(parts, &json(present)?)
        } else {
            Self { version, ..self }.again(parts, error)
        }
    }

    /// The same form with both: what was typed, and what someone else saved meanwhile.
    fn beside(mut self, mut parts: Vec<FilledSection>, present: &Value) -> PageResult {
        self.version = present.get("version").and_then(Value::as_i64).unwrap_or_default();
        compare(&mut parts, present);
        self.show(StatusCode::CONFLICT, parts, Vec::new())
    }
}

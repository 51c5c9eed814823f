//! The page that asks before something is deleted: its name is to be typed.

use askama::Template;
use poem::http::StatusCode;

use super::{
    page::{FieldError, Frame, PageResult, at, html},
    sign_in::SignedIn,
};

/// What is about to be deleted.
pub(super) struct ConfirmDelete<'a> {
    pub(super) title: String,
    /// What becomes of what hangs on it.
    pub(super) lead: &'a str,
    /// What is to be typed.
    pub(super) name: String,
    /// The part of the register that it belongs to.
    pub(super) part: &'static str,
    /// Where one comes from, and what that is called.
    pub(super) back: (String, String),
    /// Where it is.
    pub(super) place: String,
    pub(super) version: i64,
}

#[derive(Template)]
#[template(path = "confirm_delete.html")]
struct ConfirmDeletePage<'a> {
    frame: Frame,
    here: &'a SignedIn,
    erasing: &'a ConfirmDelete<'a>,
    errors: Vec<FieldError>,
    is_stale: bool,
}

impl ConfirmDelete<'_> {
    pub(super) fn show(&self, here: &SignedIn, status: StatusCode, errors: Vec<FieldError>) -> PageResult {
        let frame = here.frame(&self.title).at(self.part);
        Ok(html(
            status,
            &ConfirmDeletePage { frame, here, erasing: self, errors, is_stale: status == StatusCode::CONFLICT },
        )?)
    }

    /// Shows the page again when the name that was typed does not match.
    pub(super) fn unnamed(&self, here: &SignedIn) -> PageResult {
        self.show(
            here,
            StatusCode::UNPROCESSABLE_ENTITY,
            vec![FieldError::new("typed", "type it as it stands here, to delete it")],
        )
    }
}

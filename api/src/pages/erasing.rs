//! The page that asks before something is deleted: its name is to be typed.

use askama::Template;
use poem::http::StatusCode;

use super::{
    page::{Frame, Shown, Wrong, at, html},
    sign_in::Here,
};

/// What is about to be deleted.
pub(super) struct Erasing<'a> {
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
#[template(path = "erasing.html")]
struct ErasingPage<'a> {
    frame: Frame,
    here: &'a Here,
    erasing: &'a Erasing<'a>,
    wrongs: Vec<Wrong>,
    is_stale: bool,
}

impl Erasing<'_> {
    pub(super) fn show(&self, here: &Here, status: StatusCode, wrongs: Vec<Wrong>) -> Shown {
        let frame = here.frame(&self.title).at(self.part);
        Ok(html(status, &ErasingPage { frame, here, erasing: self, wrongs, is_stale: status == StatusCode::CONFLICT })?)
    }

    /// The same page where what was typed is not the name.
    pub(super) fn unnamed(&self, here: &Here) -> Shown {
        self.show(here, StatusCode::UNPROCESSABLE_ENTITY, vec![Wrong::new("typed", "type it as it stands here, to delete it")])
    }
}

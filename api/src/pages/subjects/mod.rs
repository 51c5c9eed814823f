//! What the pages of suppliers and products have in common.

pub(super) mod about;
pub(super) mod end;
pub(super) mod history;
pub(super) mod trend;

use super::fields::{self, Choices, FilledSection, FormSection, json};
use crate::problem::Problem;

/// The part of the menu that these forms belong to.
pub(super) const PART: &str = "/register";

pub(super) const STATUS: Choices = &[("active", "Active: we use it"), ("prospective", "Prospective: we think about it"), ("exiting", "Exiting: we are leaving")];

/// What stands in the fields of a form for something that is stored. What is archived comes back another way than by a change.
pub(super) fn stored(parts: &'static [FormSection], item: &impl serde::Serialize) -> Result<Vec<FilledSection>, Problem> {
    let item = json(item)?;
    let mut filled = fields::stored(parts, &item);
    if item["status"] == "archived" {
        filled.iter_mut().for_each(|part| part.fields.retain(|field| field.key != "status"));
    }
    Ok(filled)
}

/// The word of a choice, as the form has it.
pub(super) fn label(choices: Choices, key: &str) -> String {
    choices.iter().find(|(known, _)| *known == key).map_or_else(|| key.to_owned(), |(_, label)| (*label).to_owned())
}

//! What the pages of suppliers and products have in common.

pub(super) mod about;
pub(super) mod end;
pub(super) mod history;
pub(super) mod trend;
pub(super) mod twins;

use diligence_entities::supplier::RelationshipStatus;

use super::fields::{self, FilledSection, FormSection, json};
use crate::{
    pages::labels::{Choices, Labelled as _},
    problem::Problem,
};

/// The part of the menu that these forms belong to.
pub(super) const PART: &str = "/register";

/// Where a supplier or product can be said to stand: what is archived comes back another way than by a change.
pub(super) const STATUS: Choices = match RelationshipStatus::CHOICES.split_last() {
    Some((_archived, others)) => others,
    None => &[],
};

/// What stands in the fields of a form for something that is stored. What is archived comes back another way than by a
/// change.
pub(super) fn stored(
    parts: &'static [FormSection],
    item: &impl serde::Serialize,
) -> Result<Vec<FilledSection>, Problem> {
    let item = json(item)?;
    let mut filled = fields::stored(parts, &item);
    if item["status"] == "archived" {
        filled.iter_mut().for_each(|part| part.fields.retain(|field| field.key != "status"));
    }
    Ok(filled)
}

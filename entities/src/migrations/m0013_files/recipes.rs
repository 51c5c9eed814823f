//! Recipes that are kept.

pub(super) const STATEMENTS: &str = "";

//! Which fields of an AI profile are the maker's word.

pub(super) const STATEMENTS: &str = "
ALTER TABLE product ADD COLUMN profile_sources $text;
";

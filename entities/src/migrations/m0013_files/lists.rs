//! Published lists, and what they say of our suppliers.

pub(super) const STATEMENTS: &str = "";

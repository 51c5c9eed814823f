//! Imports, the files they came in, and what each did.

pub(super) const STATEMENTS: &str = "";

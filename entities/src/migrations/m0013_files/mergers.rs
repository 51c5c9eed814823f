//! Two suppliers or products that are one now.

pub(super) const STATEMENTS: &str = "";

//! An organisation's own questions, added to an edition without copying it.
/// Placeholder
pub struct Extension;

//! Bills of materials as files: JSON alone is read.

use diligence_entities::fault::Fault;
use serde_json::Value;

use crate::{payload, problem::Problem};

const XML: &str = "this is XML, and a bill of materials is read as JSON here: ask for the document as CycloneDX JSON, or convert it, with the program cyclonedx-cli for one";

/// A file as JSON.
///
/// # Errors
/// [`crate::problem::Type::Malformed`] with the place; [`crate::problem::Type::Invalid`] for XML.
pub(crate) fn parse(bytes: &[u8]) -> Result<Value, Problem> {
    let text = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes).trim_ascii_start();
    if text.starts_with(b"<") {
        return Err(Problem::invalid(vec![Fault::new("", "format", XML)]));
    }
    payload::parse(text)
}

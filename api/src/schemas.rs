//! The JSON Schemas of the documents that people write and keep, for editors: at `/schemas/edition.json` and so on, and
//! by `diligence questionnaire schema` and `diligence recipe schema`. They come from the types that read the documents.

use diligence_entities::recipe;
use diligence_questionnaires::{Edition, Extension, PortableReceipt, Translation};
use poem::{IntoResponse as _, Response, handler, web::Path};
use serde_json::Value;

use crate::problem::Problem;

/// The documents that have a schema, by name.
pub const NAMES: [&str; 5] = ["edition", "extension", "translation", "receipt", "recipe"];

/// The schema of the document by this name, pretty and with a newline at the end.
#[must_use]
pub fn text(name: &str) -> Option<String> {
    let schema: Value = match name {
        "edition" => Edition::json_schema(),
        "extension" => Extension::json_schema(),
        "translation" => Translation::json_schema(),
        "receipt" => PortableReceipt::json_schema(),
        "recipe" => recipe::json_schema(),
        _ => return None,
    };
    Some(format!("{schema:#}\n"))
}

#[handler]
pub(crate) fn serve(Path(file): Path<String>) -> Response {
    match file.strip_suffix(".json").and_then(text) {
        Some(text) => text.with_content_type("application/schema+json; charset=utf-8").into_response(),
        None => Problem::not_found().response(),
    }
}

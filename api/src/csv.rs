//! CSV at the doors: what a cell holds, and what is no text at all. The files themselves are written and read by
//! [`cells`], which also keeps formulas text.
//!
//! **Cells** are the text of what the API's JSON has: null is empty; a list of scalars is joined ([`cells::join`]);
//! identifiers are `SCHEME:ID`, joined the same way; other lists and objects are compact JSON.

use diligence_questionnaires::cells;
use serde_json::Value;

/// Why a file cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Malformed {
    /// A stable word: `encoding`, `character` or `csv`.
    pub code: &'static str,
    /// The line, and what is wrong there.
    pub detail: String,
}

impl From<cells::Malformed> for Malformed {
    fn from(malformed: cells::Malformed) -> Self {
        Self { code: "csv", detail: format!("line {}: {}", malformed.line, malformed.message) }
    }
}

/// The cell for a value.
#[must_use]
pub fn cell(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Bool(_) | Value::Number(_) | Value::Object(_) => value.to_string(),
        Value::Array(items) => match items.iter().map(item).collect::<Option<Vec<String>>>() {
            Some(items) => cells::join(&items),
            None => value.to_string(),
        },
    }
}

/// A scalar, or an identifier, in a list.
fn item(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Bool(_) | Value::Number(_) => Some(value.to_string()),
        Value::Object(fields) if fields.len() == 2 => {
            Some(format!("{}:{}", fields.get("scheme")?.as_str()?, fields.get("id")?.as_str()?))
        }
        _ => None,
    }
}

/// The text of a file.
///
/// # Errors
/// [`Malformed`] for what is not UTF-8 or has the character U+0000.
pub fn text(bytes: &[u8]) -> Result<&str, Malformed> {
    let malformed = |code, before: &[u8], what: String| {
        let line = before
            .iter()
            .enumerate()
            .filter(|(at, byte)| **byte == b'\n' || (**byte == b'\r' && before.get(at + 1) != Some(&b'\n')))
            .count()
            + 1;
        Malformed { code, detail: format!("line {line}: {what}") }
    };
    if bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]) {
        return Err(malformed("encoding", &[], "expected UTF-8, not UTF-16: save it as \"CSV UTF-8\"".into()));
    }
    let text = std::str::from_utf8(bytes).map_err(|error| {
        let before = bytes.get(..error.valid_up_to()).unwrap_or_default();
        malformed(
            "encoding",
            before,
            format!("byte {} of the file is not UTF-8: save it as \"CSV UTF-8\"", error.valid_up_to() + 1),
        )
    })?;
    match text.find('\0') {
        Some(at) => Err(malformed("character", &bytes[..at], "the character U+0000 cannot be stored".into())),
        None => Ok(text),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_no_text_is_refused_with_its_line() {
        let told =
            |bytes: &[u8]| text(bytes).map_err(|malformed| (malformed.code, malformed.detail)).expect_err("refused");
        assert_eq!(told(b"a\r\nb\r\n\xe9").1, "line 3: byte 7 of the file is not UTF-8: save it as \"CSV UTF-8\"");
        assert_eq!(told(b"a\rb\0"), ("character", "line 2: the character U+0000 cannot be stored".into()));
        assert_eq!(told(b"\xff\xfea\0").0, "encoding");
    }

    #[test]
    fn cells_are_what_the_interface_says() {
        for (value, text) in [
            (json!(null), ""),
            (json!(true), "true"),
            (json!(78.5), "78.5"),
            (json!("=1+1"), "=1+1"),
            (json!([]), ""),
            (json!(["a;b", "c\\d"]), "a\\;b;c\\\\d"),
            (
                json!([{ "scheme": "GB-NHS", "id": "8K417" }, { "scheme": "GB-COH", "id": "04142000" }]),
                "GB-NHS:8K417;GB-COH:04142000",
            ),
            (json!([{ "name": "Ann", "role": null }]), "[{\"name\":\"Ann\",\"role\":null}]"),
            (json!({ "a": 1 }), "{\"a\":1}"),
        ] {
            assert_eq!(cell(&value), text);
        }
    }
}

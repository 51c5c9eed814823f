//! Canonical JSON and hashes: the same meaning gives the same bytes on every machine.

use serde::Serialize;
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

/// Canonical JSON: keys sorted by their bytes, no white space, whole numbers without a decimal point.
#[must_use]
pub fn json<T: Serialize + ?Sized>(value: &T) -> String {
    serde_json::to_value(value).map(|value| sorted(value).to_string()).unwrap_or_default()
}

/// SHA-256 of the canonical JSON, in lower-case hexadecimal.
#[must_use]
pub fn sha256<T: Serialize + ?Sized>(value: &T) -> String {
    use std::fmt::Write as _;
    let digest = Sha256::digest(json(value).as_bytes());
    let mut hex = String::with_capacity(64);
    for byte in digest {
        let _ = write!(hex, "{byte:02x}");
    }
    hex
}

#[expect(clippy::cast_possible_truncation, reason = "checked to be whole and below 2^53")]
fn sorted(value: Value) -> Value {
    match value {
        Value::Array(items) => Value::Array(items.into_iter().map(sorted).collect()),
        Value::Object(entries) => {
            let mut entries: Vec<(String, Value)> = entries.into_iter().collect();
            entries.sort_by(|left, right| left.0.cmp(&right.0));
            Value::Object(entries.into_iter().map(|(key, value)| (key, sorted(value))).collect::<Map<_, _>>())
        }
        Value::Number(number) => match number.as_f64() {
            // A database may hand 95.0 back as 95; both are the same answer and must hash alike.
            Some(float) if number.is_f64() && float.fract() == 0.0 && float.abs() < 9_007_199_254_740_992.0 => {
                (float as i64).into()
            }
            _ => Value::Number(number),
        },
        other => other,
    }
}

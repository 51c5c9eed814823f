//! Canonical JSON and hashes: the same meaning gives the same bytes on every machine.
//!
//! Two forms: [`json`], which everything is hashed of that was ever hashed, and [`jcs`], the published one (RFC 8785,
//! the JSON Canonicalization Scheme), which receipts from version 2 on are hashed of. They give the same bytes for
//! every edition and for every answer that fits its question. They differ for keys beyond U+FFFF and for numbers of
//! 10²¹ and more, of more than 2⁵³ that are whole, or below 0.000001.

use serde::Serialize;
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

/// JSON by RFC 8785: keys sorted by UTF-16 code units, no white space, numbers as ECMAScript writes them.
///
/// Every number is taken for the double that is nearest to it, as the RFC says.
#[must_use]
pub fn jcs<T: Serialize + ?Sized>(value: &T) -> String {
    let mut text = String::new();
    put(&serde_json::to_value(value).unwrap_or_default(), &mut text);
    text
}

/// SHA-256 of [`jcs`], in lower-case hexadecimal.
#[must_use]
pub fn jcs_sha256<T: Serialize + ?Sized>(value: &T) -> String {
    hex_sha256(&jcs(value))
}

fn put(value: &Value, text: &mut String) {
    match value {
        // Strings have one form in serde_json, and it is the RFC's.
        Value::Null | Value::Bool(_) | Value::String(_) => text.push_str(&value.to_string()),
        Value::Number(number) => {
            // A JSON number is finite.
            text.push_str(ryu_js::Buffer::new().format(number.as_f64().unwrap_or_default()));
        }
        Value::Array(items) => {
            text.push('[');
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    text.push(',');
                }
                put(item, text);
            }
            text.push(']');
        }
        Value::Object(members) => {
            let mut members: Vec<(&String, &Value)> = members.iter().collect();
            members.sort_by(|(left, _), (right, _)| left.encode_utf16().cmp(right.encode_utf16()));
            text.push('{');
            for (index, (name, member)) in members.into_iter().enumerate() {
                if index > 0 {
                    text.push(',');
                }
                text.push_str(&Value::from(name.as_str()).to_string());
                text.push(':');
                put(member, text);
            }
            text.push('}');
        }
    }
}

/// Canonical JSON: keys sorted by their bytes, no white space, whole numbers without a decimal point.
#[must_use]
pub fn json<T: Serialize + ?Sized>(value: &T) -> String {
    serde_json::to_value(value).map(|value| sorted(value).to_string()).unwrap_or_default()
}

/// SHA-256 of the canonical JSON, in lower-case hexadecimal.
#[must_use]
pub fn sha256<T: Serialize + ?Sized>(value: &T) -> String {
    hex_sha256(&json(value))
}

fn hex_sha256(text: &str) -> String {
    use std::fmt::Write as _;
    let digest = Sha256::digest(text.as_bytes());
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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn numbers_are_written_as_rfc_8785_publishes_them() {
        // Its appendix B: the bits of a double, and its text.
        let published = [
            (0x0000_0000_0000_0000, "0"),
            (0x8000_0000_0000_0000, "0"),
            (0x0000_0000_0000_0001, "5e-324"),
            (0x8000_0000_0000_0001, "-5e-324"),
            (0x7fef_ffff_ffff_ffff, "1.7976931348623157e+308"),
            (0xffef_ffff_ffff_ffff, "-1.7976931348623157e+308"),
            (0x4340_0000_0000_0000, "9007199254740992"),
            (0xc340_0000_0000_0000, "-9007199254740992"),
            (0x4430_0000_0000_0000, "295147905179352830000"),
            (0x44b5_2d02_c7e1_4af5, "9.999999999999997e+22"),
            (0x44b5_2d02_c7e1_4af6, "1e+23"),
            (0x44b5_2d02_c7e1_4af7, "1.0000000000000001e+23"),
            (0x444b_1ae4_d6e2_ef4e, "999999999999999700000"),
            (0x444b_1ae4_d6e2_ef4f, "999999999999999900000"),
            (0x444b_1ae4_d6e2_ef50, "1e+21"),
            (0x3eb0_c6f7_a0b5_ed8c, "9.999999999999997e-7"),
            (0x3eb0_c6f7_a0b5_ed8d, "0.000001"),
            (0x41b3_de43_5555_5553, "333333333.3333332"),
            (0x41b3_de43_5555_5554, "333333333.33333325"),
            (0x41b3_de43_5555_5555, "333333333.3333333"),
            (0x41b3_de43_5555_5556, "333333333.3333334"),
            (0x41b3_de43_5555_5557, "333333333.33333343"),
            (0xbecb_f647_612f_3696, "-0.0000033333333333333333"),
            (0x4314_3ff3_c1cb_0959, "1424953923781206.2"),
        ];
        for (bits, text) in published {
            assert_eq!(jcs(&f64::from_bits(bits)), text, "{bits:016x}");
        }
    }

    #[test]
    fn texts_and_keys_are_written_as_rfc_8785_publishes_them() {
        let sample = json!({
            "numbers": [333_333_333.333_333_3_f64, 1e30_f64, 4.50, 2e-3, 1e-27],
            "string": "\u{20ac}$\u{f}\u{a}A'\u{42}\u{22}\u{5c}\\\"/",
            "literals": [null, true, false],
        });
        let written = concat!(
            r#"{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],"#,
            r#""string":"€$\u000f\nA'B\"\\\\\"/"}"#
        );
        assert_eq!(jcs(&sample), written);

        let keys = json!({
            "\u{20ac}": "Euro Sign", "\r": "Carriage Return", "\u{fb33}": "Hebrew Letter Dalet With Dagesh",
            "1": "One", "\u{1f600}": "Emoji: Grinning Face", "\u{80}": "Control",
            "\u{f6}": "Latin Small Letter O With Diaeresis",
        });
        let read: Value = serde_json::from_str(&jcs(&keys)).unwrap_or_default();
        let order: Vec<&Value> = read.as_object().map(|members| members.values().collect()).unwrap_or_default();
        let published = [
            "Carriage Return",
            "One",
            "Control",
            "Latin Small Letter O With Diaeresis",
            "Euro Sign",
            "Emoji: Grinning Face",
            "Hebrew Letter Dalet With Dagesh",
        ];
        assert_eq!(order, published);
    }

    #[test]
    fn every_built_in_edition_has_the_same_bytes_in_both_forms() {
        for edition in crate::library::editions() {
            assert_eq!(jcs(edition), json(edition), "{}", edition.key);
        }
    }
}

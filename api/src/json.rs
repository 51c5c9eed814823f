//! Strict JSON: every name once in an object, nothing after the value.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

/// Why a text is no JSON that we take: a sentence with the place.
#[derive(Debug, PartialEq, Eq)]
pub struct Malformed {
    /// A stable word: `json` or `duplicate_field`.
    pub code: &'static str,
    /// Line, column and what is wrong there.
    pub detail: String,
}

const TWICE: &str = "the field is given twice: ";

/// Reads `bytes` as one JSON value.
///
/// # Errors
/// [`Malformed`] for anything that is no JSON in UTF-8, is nested more than 127 deep, or names a field twice in one
/// object.
pub fn parse(bytes: &[u8]) -> Result<Value, Malformed> {
    if bytes.iter().all(u8::is_ascii_whitespace) {
        return Err(Malformed { code: "json", detail: "the body is empty: expected JSON".into() });
    }
    let mut deserializer = serde_json::Deserializer::from_slice(bytes);
    let value = Strict.deserialize(&mut deserializer).and_then(|value| deserializer.end().map(|()| value));
    value.map_err(|error| {
        let place = format!(" at line {} column {}", error.line(), error.column());
        let text = error.to_string();
        let what = text.strip_suffix(&place).unwrap_or(&text);
        let code = if what.starts_with(TWICE) { "duplicate_field" } else { "json" };
        Malformed { code, detail: format!("line {}, column {}: {what}", error.line(), error.column()) }
    })
}

struct Strict;

impl<'de> DeserializeSeed<'de> for Strict {
    type Value = Value;
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict {
    type Value = Value;
    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a JSON value")
    }
    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }
    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }
    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }
    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }
    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(value.into())
    }
    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }
    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(value.into())
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element_seed(Self)? {
            list.push(item);
        }
        Ok(Value::Array(list))
    }
    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Value, A::Error> {
        let mut object = Map::new();
        while let Some(name) = fields.next_key::<String>()? {
            if object.contains_key(&name) {
                let name: String = name.chars().take(100).collect();
                return Err(A::Error::custom(format!("{TWICE}{name:?}")));
            }
            let value = fields.next_value_seed(Self)?;
            object.insert(name, value);
        }
        Ok(Value::Object(object))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_json_is_read_and_keeps_its_order() {
        let text = r#"{"b":1,"a":[true,null,-2.5,"x\u00e9",18446744073709551615]}"#;
        assert_eq!(
            parse(text.as_bytes()).map(|value| value.to_string()),
            Ok(r#"{"b":1,"a":[true,null,-2.5,"xé",18446744073709551615]}"#.to_owned())
        );
    }

    #[test]
    fn what_is_not_json_is_refused_with_its_place() {
        let place = |bytes: &[u8]| parse(bytes).map_err(|error| error.detail).expect_err("refused");
        assert_eq!(place(b"{\n  \"a\": 1,\n}"), "line 3, column 1: trailing comma");
        assert_eq!(place(b"  "), "the body is empty: expected JSON");
        assert!(place(b"[1] 2").starts_with("line 1, column 5: trailing characters"));
        assert!(place(b"\"\xff\"").contains("invalid unicode"));
        assert!(place("[".repeat(200).as_bytes()).contains("recursion limit"));
    }

    #[test]
    fn a_field_given_twice_is_refused_by_name_at_any_depth() {
        let error = parse(b"{\"a\": [{\"name\": 1, \"name\": 2}]}").expect_err("refused");
        assert_eq!((error.code, error.detail.contains("\"name\"")), ("duplicate_field", true));
    }
}

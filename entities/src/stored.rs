//! How values sit in columns: as text, alike on both databases.

use std::ops::Deref;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use sea_orm::{
    ColIdx, QueryResult, TryGetError, TryGetable,
    sea_query::{ArrayType, ColumnType, Nullable, Value, ValueType, ValueTypeErr},
};
use serde::{Deserialize, Serialize, de::DeserializeOwned};

/// Implements what a text column needs for a type with `Display` and `FromStr`.
macro_rules! column_from_text {
    ([$($generic:tt)*] $type:ty) => {
        impl $($generic)* From<$type> for sea_orm::Value {
            fn from(value: $type) -> Self {
                Self::String(Some(value.to_string()))
            }
        }
        impl $($generic)* sea_orm::TryGetable for $type {
            fn try_get_by<I: sea_orm::ColIdx>(row: &sea_orm::QueryResult, index: I) -> Result<Self, sea_orm::TryGetError> {
                let text = <String as sea_orm::TryGetable>::try_get_by(row, index)?;
                text.parse().map_err(|_| sea_orm::TryGetError::DbErr(sea_orm::DbErr::Type(format!("not a {}", std::any::type_name::<Self>()))))
            }
        }
        impl $($generic)* sea_orm::sea_query::ValueType for $type {
            fn try_from(value: sea_orm::Value) -> Result<Self, sea_orm::sea_query::ValueTypeErr> {
                <String as sea_orm::sea_query::ValueType>::try_from(value)?.parse().map_err(|_| sea_orm::sea_query::ValueTypeErr)
            }
            fn type_name() -> String {
                std::any::type_name::<Self>().to_owned()
            }
            fn array_type() -> sea_orm::sea_query::ArrayType {
                sea_orm::sea_query::ArrayType::String
            }
            fn column_type() -> sea_orm::sea_query::ColumnType {
                sea_orm::sea_query::ColumnType::Text
            }
        }
        impl $($generic)* sea_orm::sea_query::Nullable for $type {
            fn null() -> sea_orm::Value {
                sea_orm::Value::String(None)
            }
        }
        impl $($generic)* sea_orm::IntoActiveValue<$type> for $type {
            fn into_active_value(self) -> sea_orm::ActiveValue<$type> {
                sea_orm::ActiveValue::Set(self)
            }
        }
    };
}
pub(crate) use column_from_text;

/// A word out of a fixed list (a fieldless enum), kept as its bare text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Word<T>(pub T);

impl<T> sea_orm::TryFromU64 for Word<T> {
    fn try_from_u64(_: u64) -> Result<Self, sea_orm::DbErr> {
        Err(sea_orm::DbErr::ConvertFromU64("a word is text"))
    }
}

/// Anything serde can write, kept as JSON text.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Json<T>(pub T);

/// The text of a word, as serde and the columns write it.
///
/// Meant for fieldless enums; anything else gives its JSON.
pub fn word<T: Serialize>(value: &T) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(text)) => text,
        Ok(other) => other.to_string(),
        Err(_) => String::new(),
    }
}

/// The value a word's text stands for, if it is in the list.
pub fn from_word<T: DeserializeOwned>(text: &str) -> Option<T> {
    T::deserialize(serde::de::value::StrDeserializer::<serde::de::value::Error>::new(text)).ok()
}

macro_rules! wrapper {
    ($wrapper:ident, $write:expr, $read:expr) => {
        impl<T> Deref for $wrapper<T> {
            type Target = T;
            fn deref(&self) -> &T {
                &self.0
            }
        }
        impl<T> From<T> for $wrapper<T> {
            fn from(value: T) -> Self {
                Self(value)
            }
        }
        impl<T: JsonSchema> JsonSchema for $wrapper<T> {
            fn inline_schema() -> bool {
                T::inline_schema()
            }
            fn schema_name() -> std::borrow::Cow<'static, str> {
                T::schema_name()
            }
            fn schema_id() -> std::borrow::Cow<'static, str> {
                T::schema_id()
            }
            fn json_schema(generator: &mut SchemaGenerator) -> Schema {
                T::json_schema(generator)
            }
        }
        impl<T: Serialize> From<$wrapper<T>> for Value {
            fn from(value: $wrapper<T>) -> Self {
                let write: fn(&T) -> String = $write;
                Self::String(Some(write(&value.0)))
            }
        }
        impl<T: Serialize + DeserializeOwned> TryGetable for $wrapper<T> {
            fn try_get_by<I: ColIdx>(row: &QueryResult, index: I) -> Result<Self, TryGetError> {
                let text = String::try_get_by(row, index)?;
                let read: fn(&str) -> Option<T> = $read;
                read(&text).map(Self).ok_or_else(|| {
                    TryGetError::DbErr(sea_orm::DbErr::Type(format!("not a {}", std::any::type_name::<T>())))
                })
            }
        }
        impl<T: Serialize + DeserializeOwned> ValueType for $wrapper<T> {
            fn try_from(value: Value) -> Result<Self, ValueTypeErr> {
                let read: fn(&str) -> Option<T> = $read;
                read(&<String as ValueType>::try_from(value)?).map(Self).ok_or(ValueTypeErr)
            }
            fn type_name() -> String {
                std::any::type_name::<T>().to_owned()
            }
            fn array_type() -> ArrayType {
                ArrayType::String
            }
            fn column_type() -> ColumnType {
                ColumnType::Text
            }
        }
        impl<T> Nullable for $wrapper<T> {
            fn null() -> Value {
                Value::String(None)
            }
        }
        impl<T: Serialize> sea_orm::IntoActiveValue<$wrapper<T>> for $wrapper<T> {
            fn into_active_value(self) -> sea_orm::ActiveValue<$wrapper<T>> {
                sea_orm::ActiveValue::Set(self)
            }
        }
    };
}
wrapper!(Word, |value| word(value), |text| from_word(text));
wrapper!(Json, |value| serde_json::to_string(value).unwrap_or_else(|_| "null".into()), |text| serde_json::from_str(
    text
)
.ok());

/// Bytes as lower-case hexadecimal text.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// The SHA-256 of `content`, as lower-case hexadecimal text.
#[must_use]
pub fn sha256(content: impl AsRef<[u8]>) -> String {
    use sha2::Digest as _;
    hex(&sha2::Sha256::digest(content))
}

/// The bytes that hexadecimal `text` stands for, if it is that.
#[must_use]
pub fn from_hex(text: &str) -> Option<Vec<u8>> {
    if !text.is_ascii() || !text.len().is_multiple_of(2) {
        return None;
    }
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).ok()).collect()
}

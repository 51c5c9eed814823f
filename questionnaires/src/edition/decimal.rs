//! Numbers that are exact: in limits of answers and of bands, and in answers themselves.

use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// An exact decimal number with at most three places, smaller than 10¹² either way.
///
/// Fifteen digits is what a JSON number carries without loss, so a `Decimal` reads back as it was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Decimal(i64);

impl Decimal {
    /// The largest number of thousandths, either way.
    pub const MAX_THOUSANDTHS: i64 = 999_999_999_999_999;

    /// The number with so many thousandths; `None` when it is too large.
    #[must_use]
    pub fn from_thousandths(thousandths: i64) -> Option<Self> {
        (-Self::MAX_THOUSANDTHS..=Self::MAX_THOUSANDTHS).contains(&thousandths).then_some(Self(thousandths))
    }

    /// How many thousandths it has.
    #[must_use]
    pub fn thousandths(self) -> i64 {
        self.0
    }

    /// A JSON number as a decimal; `None` when it is too large or has more than three decimal places.
    #[must_use]
    pub fn from_json(number: &serde_json::Number) -> Option<Self> {
        if let Some(whole) = number.as_i64() {
            return Self::from_thousandths(whole.checked_mul(1_000)?);
        }
        Self::from_float(number.as_f64()?)
    }

    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_precision_loss,
        reason = "below 10^15 every thousandth is a whole f64"
    )]
    pub(crate) fn from_float(float: f64) -> Option<Self> {
        let scaled = (float * 1_000.0).round();
        if !scaled.is_finite() || scaled.abs() > Self::MAX_THOUSANDTHS as f64 {
            return None;
        }
        // Readers of decimal text may be one unit in the last place off; a fourth decimal place is far more.
        let close = (scaled / 1_000.0 - float).abs() <= float.abs() * (f64::EPSILON * 2.0);
        close.then_some(Self(scaled as i64))
    }

    /// As a JSON number: whole numbers without a decimal point.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "at most fifteen digits")]
    pub fn to_json(self) -> serde_json::Number {
        if self.0 % 1_000 == 0 {
            return (self.0 / 1_000).into();
        }
        serde_json::Number::from_f64(self.0 as f64 / 1_000.0).unwrap_or_else(|| 0.into())
    }
}

impl fmt::Display for Decimal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}", self.to_json())
    }
}

impl Serialize for Decimal {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.to_json().serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Decimal {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let number = serde_json::Number::deserialize(deserializer)?;
        Self::from_json(&number).ok_or_else(|| {
            de::Error::custom("expected a number below 1,000,000,000,000 with at most three decimal places")
        })
    }
}

impl JsonSchema for Decimal {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Decimal".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "number",
            "description": "A number with at most three decimal places.",
            "exclusiveMinimum": -1_000_000_000_000_i64,
            "exclusiveMaximum": 1_000_000_000_000_i64,
            "multipleOf": 0.001
        })
    }
}

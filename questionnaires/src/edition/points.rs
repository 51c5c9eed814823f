//! Points that are exact: whole numbers, decimals and fractions.

use std::cmp::Ordering;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use serde_json::Value;

use super::Decimal;

/// Pattern of points that are written as a fraction: `160/3`, or a whole number and a fraction, `33 1/3`.
pub const POINTS_PATTERN: &str = "^-?([0-9]{1,3} )?[0-9]{1,9}/[1-9][0-9]{0,6}$";

/// What an answer is worth, exactly: a fraction in lowest terms.
///
/// As JSON and YAML a whole number (`50`), a decimal with at most three places (`53.33`), or a fraction as text
/// (`"160/3"`, `"33 1/3"`). Equal points are always written alike: as a number where one says them exactly, and as text
/// otherwise, with the whole number in front (`"53 1/3"`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Points {
    numerator: i32,
    denominator: u32,
}

/// Why a value is no points.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PointsError {
    /// Neither a number nor text with the line of a fraction.
    Type,
    /// Text that is no fraction.
    Form,
    /// A fraction with 0 below its line.
    ZeroDenominator,
    /// A whole number and a fraction of 1 or more.
    TopHeavy,
    /// More than three decimal places, or a number that no points can be.
    Number,
    /// A denominator above [`Points::MAX_DENOMINATOR`] in lowest terms.
    Denominator,
    /// Further from 0 than 100, either way.
    Range,
}

impl PointsError {
    pub(crate) fn code(self) -> &'static str {
        match self {
            Self::Type => "wrong_type",
            Self::Form | Self::TopHeavy => "bad_points",
            Self::ZeroDenominator => "zero_denominator",
            Self::Number => "bad_number",
            Self::Denominator => "denominator_too_large",
            Self::Range => "out_of_range",
        }
    }
}

impl fmt::Display for PointsError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Type => formatter
                .write_str("expected points: a number without quotes, or a fraction as text such as \"33 1/3\""),
            Self::Form => formatter.write_str("expected a fraction such as \"33 1/3\" or \"160/3\""),
            Self::ZeroDenominator => {
                formatter.write_str("a fraction cannot have 0 below its line: expected one such as \"33 1/3\"")
            }
            Self::TopHeavy => formatter.write_str(
                "expected a fraction below 1 after the whole number, such as \"33 1/3\", or a fraction alone",
            ),
            Self::Number => formatter.write_str(
                "expected at most three decimal places; write what has more as a fraction, such as \"33 1/3\"",
            ),
            Self::Denominator => {
                write!(formatter, "expected at most {} below the line of a fraction", Points::MAX_DENOMINATOR)
            }
            Self::Range => formatter.write_str("expected points from -100 to 100"),
        }
    }
}

impl Points {
    /// No points.
    pub const ZERO: Self = Self::whole(0);
    /// Full points: 100.
    pub const FULL: Self = Self::whole(100);
    /// The largest denominator in lowest terms.
    pub const MAX_DENOMINATOR: u32 = 1_000_000;

    /// A whole number of points. Above 100 no edition has any; this does not check it.
    #[must_use]
    pub const fn whole(points: u8) -> Self {
        Self { numerator: points as i32, denominator: 1 }
    }

    /// `numerator / denominator`; `None` where the denominator is 0 or, in lowest terms, above
    /// [`Points::MAX_DENOMINATOR`], or the points are further from 0 than 100.
    #[must_use]
    pub fn fraction(numerator: i64, denominator: u64) -> Option<Self> {
        Self::reduced(i128::from(numerator), u128::from(denominator)).ok()
    }

    /// What stands above the line, in lowest terms.
    #[must_use]
    pub fn numerator(self) -> i32 {
        self.numerator
    }

    /// What stands below the line, in lowest terms: 1 or more.
    #[must_use]
    pub fn denominator(self) -> u32 {
        self.denominator
    }

    /// The sum, held within 0 and 100; `None` where the terms have no common denominator of at most
    /// [`Points::MAX_DENOMINATOR`].
    pub(crate) fn held_sum(terms: impl Iterator<Item = Self> + Clone) -> Option<Self> {
        let common = common_denominator(terms.clone())?;
        let sum = terms.fold(0_i64, |sum, term| {
            sum.saturating_add(i64::from(term.numerator) * i64::from(common / term.denominator))
        });
        Self::fraction(sum.clamp(0, i64::from(common) * 100), u64::from(common))
    }

    fn reduced(numerator: i128, denominator: u128) -> Result<Self, PointsError> {
        if denominator == 0 {
            return Err(PointsError::ZeroDenominator);
        }
        if numerator.unsigned_abs() > denominator.saturating_mul(100) {
            return Err(PointsError::Range);
        }
        let common = greatest_common_divisor(numerator.unsigned_abs(), denominator).max(1);
        let below = u32::try_from(denominator / common).ok().filter(|below| *below <= Self::MAX_DENOMINATOR);
        let above = i128::try_from(common).ok().and_then(|common| i32::try_from(numerator / common).ok());
        match (above, below) {
            (Some(numerator), Some(denominator)) => Ok(Self { numerator, denominator }),
            _ => Err(PointsError::Denominator),
        }
    }

    /// Points as JSON writes them.
    pub(crate) fn from_json(value: &Value) -> Result<Self, PointsError> {
        match value {
            Value::Number(number) => {
                let decimal = Decimal::from_json(number).ok_or(PointsError::Number)?;
                Self::reduced(i128::from(decimal.thousandths()), 1_000)
            }
            Value::String(text) => Self::from_fraction(text),
            _ => Err(PointsError::Type),
        }
    }

    /// Points as people type them: `50`, `53.33`, `160/3` or `33 1/3`, spaces around them left out.
    ///
    /// # Errors
    /// What was expected, as a sentence.
    pub fn from_typed(text: &str) -> Result<Self, String> {
        let text = text.trim();
        let number = || serde_json::from_str::<serde_json::Number>(text).map_err(|_| PointsError::Form);
        let read = match Self::from_fraction(text) {
            Err(PointsError::Type) => number().and_then(|number| Self::from_json(&Value::Number(number))),
            read => read,
        };
        read.map_err(|error| error.to_string())
    }

    /// `160/3` or `33 1/3`.
    fn from_fraction(text: &str) -> Result<Self, PointsError> {
        let digits = |digits: &str, most: usize| {
            let fits = (1..=most).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit());
            fits.then(|| digits.parse::<u128>().ok()).flatten().ok_or(PointsError::Form)
        };
        let (is_negative, text) = text.strip_prefix('-').map_or((false, text), |rest| (true, rest));
        let (above, below) = text.split_once('/').ok_or(PointsError::Type)?;
        let (whole, above) = match above.split_once(' ') {
            Some((whole, above)) => (Some(digits(whole, 3)?), above),
            None => (None, above),
        };
        let (above, below) = (digits(above, 9)?, digits(below, 7)?);
        if below == 0 {
            return Err(PointsError::ZeroDenominator);
        }
        if whole.is_some() && above >= below {
            return Err(PointsError::TopHeavy);
        }
        let above = i128::try_from(whole.unwrap_or(0) * below + above).map_err(|_| PointsError::Range)?;
        Self::reduced(if is_negative { -above } else { above }, below)
    }

    /// How many thousandths it is, where that is a whole number.
    fn thousandths(self) -> Option<i64> {
        let thousandths = i64::from(self.numerator) * 1_000;
        let denominator = i64::from(self.denominator);
        (thousandths % denominator == 0).then(|| thousandths / denominator)
    }
}

/// The least number that every term's denominator divides; `None` above [`Points::MAX_DENOMINATOR`].
pub(crate) fn common_denominator(mut terms: impl Iterator<Item = Points>) -> Option<u32> {
    terms.try_fold(1_u32, |common, term| {
        let shared = greatest_common_divisor(common.into(), term.denominator.into());
        let least = u128::from(common) / shared.max(1) * u128::from(term.denominator);
        u32::try_from(least).ok().filter(|least| *least <= Points::MAX_DENOMINATOR)
    })
}

fn greatest_common_divisor(mut left: u128, mut right: u128) -> u128 {
    while right != 0 {
        (left, right) = (right, left % right);
    }
    left
}

impl Default for Points {
    fn default() -> Self {
        Self::ZERO
    }
}

impl From<u8> for Points {
    fn from(points: u8) -> Self {
        Self::whole(points)
    }
}

impl PartialEq<u8> for Points {
    fn eq(&self, other: &u8) -> bool {
        *self == Self::whole(*other)
    }
}

impl Ord for Points {
    fn cmp(&self, other: &Self) -> Ordering {
        let left = i64::from(self.numerator) * i64::from(other.denominator);
        left.cmp(&(i64::from(other.numerator) * i64::from(self.denominator)))
    }
}

impl PartialOrd for Points {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl fmt::Display for Points {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(decimal) = self.thousandths().and_then(Decimal::from_thousandths) {
            return formatter.pad(&decimal.to_string());
        }
        let sign = if self.numerator < 0 { "-" } else { "" };
        let (above, below) = (self.numerator.unsigned_abs(), self.denominator);
        match above / below {
            0 => formatter.pad(&format!("{sign}{above}/{below}")),
            whole => formatter.pad(&format!("{sign}{whole} {}/{below}", above % below)),
        }
    }
}

impl Serialize for Points {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.thousandths().and_then(Decimal::from_thousandths) {
            Some(decimal) => decimal.serialize(serializer),
            None => serializer.collect_str(self),
        }
    }
}

impl<'de> Deserialize<'de> for Points {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::from_json(&Value::deserialize(deserializer)?).map_err(de::Error::custom)
    }
}

impl JsonSchema for Points {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Points".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "A number with at most three decimal places, or a fraction as text: \"160/3\", \"33 1/3\".",
            "anyOf": [
                { "type": "number", "minimum": -100, "maximum": 100 },
                { "type": "string", "pattern": POINTS_PATTERN }
            ]
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn points_are_read_exactly_and_equal_ones_are_written_alike() {
        let cases = [
            ("0", "0"),
            ("100.0", "100"),
            ("53.33", "53.33"),
            ("\"5333/100\"", "53.33"),
            ("\"160/3\"", "\"53 1/3\""),
            ("\"53 2/6\"", "\"53 1/3\""),
            ("\"0 1/3\"", "\"1/3\""),
            ("\"-33 1/3\"", "\"-33 1/3\""),
            ("\"-1/3\"", "\"-1/3\""),
            ("-12.5", "-12.5"),
            ("\"200/2\"", "100"),
        ];
        for (text, written) in cases {
            let points: Points = serde_json::from_str(text).unwrap();
            assert_eq!(serde_json::to_string(&points).unwrap(), written, "{text}");
        }
    }

    #[test]
    fn what_is_no_points_says_why() {
        let cases = [
            ("\"33 1/0\"", PointsError::ZeroDenominator),
            ("\"0/0\"", PointsError::ZeroDenominator),
            ("\"33 4/3\"", PointsError::TopHeavy),
            ("\"50\"", PointsError::Type),
            ("\"1 / 3\"", PointsError::Form),
            ("\"1/-3\"", PointsError::Form),
            ("\"53\u{2153}\"", PointsError::Type),
            ("53.3333", PointsError::Number),
            ("1e300", PointsError::Number),
            ("\"1/1000001\"", PointsError::Denominator),
            ("\"301/3\"", PointsError::Range),
            ("-100.001", PointsError::Range),
            ("true", PointsError::Type),
            ("null", PointsError::Type),
        ];
        for (text, error) in cases {
            assert_eq!(Points::from_json(&serde_json::from_str(text).unwrap()), Err(error), "{text}");
        }
    }

    #[test]
    fn a_sum_is_exact_and_held_within_0_and_100() {
        let points = |text: &str| Points::from_typed(text).unwrap();
        let sum = |terms: &[&str]| Points::held_sum(terms.iter().map(|text| points(text)));
        assert_eq!(sum(&["33 1/3", "33 1/3", "33 1/3"]), Some(Points::FULL));
        assert_eq!(sum(&["100", "-33 1/3"]), Some(points("66 2/3")));
        assert_eq!(sum(&["20", "-50"]), Some(Points::ZERO));
        assert_eq!(sum(&["100", "0.5"]), Some(Points::FULL));
        assert_eq!(sum(&["1/999983", "1/999979"]), None, "no denominator within the limit serves both");
    }

    proptest! {
        #[test]
        fn every_fraction_comes_back_as_it_was(above in -100_000_000_i64..=100_000_000, below in 1_u64..=1_000_000) {
            if let Some(points) = Points::fraction(above, below) {
                let written = serde_json::to_string(&points).unwrap();
                prop_assert_eq!(serde_json::from_str::<Points>(&written).unwrap(), points);
                prop_assert_eq!(Points::from_typed(&points.to_string()), Ok(points));
            }
        }

        #[test]
        fn no_text_makes_the_reader_panic(text in "[-0-9 /.]{0,20}") {
            let _ = Points::from_typed(&text);
            let _ = Points::from_json(&Value::from(text));
        }
    }
}

//! Time is passed in, never read from the surroundings, and cut to microseconds so that both databases keep the same.

use std::{
    fmt,
    str::FromStr,
    sync::{Arc, Mutex, PoisonError},
};

use chrono::{DateTime, Datelike as _, Months, NaiveDate, SecondsFormat, SubsecRound as _, Utc};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Where the program's time comes from.
#[derive(Clone, Debug)]
pub enum Clock {
    /// The machine's clock, in UTC.
    System,
    /// A clock that stands where it was put, for tests.
    Fixed(Arc<Mutex<DateTime<Utc>>>),
}

impl Clock {
    /// A clock that stands at `moment` until it is set.
    #[must_use]
    pub fn fixed(moment: DateTime<Utc>) -> Self {
        Self::Fixed(Arc::new(Mutex::new(moment)))
    }

    /// Puts a fixed clock to `moment`; the system's clock stays as it is.
    pub fn set(&self, moment: DateTime<Utc>) {
        if let Self::Fixed(hand) = self {
            *hand.lock().unwrap_or_else(PoisonError::into_inner) = moment;
        }
    }

    /// Now, in UTC.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the machine's clock")]
    pub fn now(&self) -> Moment {
        Moment::new(match self {
            Self::System => Utc::now(),
            Self::Fixed(hand) => *hand.lock().unwrap_or_else(PoisonError::into_inner),
        })
    }
}

/// A moment in UTC, to the microsecond; written `2027-03-03T09:30:00.000000Z`, so that text order is time order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Moment(DateTime<Utc>);

impl Moment {
    /// `time`, cut to microseconds.
    #[must_use]
    pub fn new(time: DateTime<Utc>) -> Self {
        Self(time.trunc_subsecs(6))
    }

    /// The moment as a chrono time.
    #[must_use]
    pub fn time(self) -> DateTime<Utc> {
        self.0
    }

    /// The day it falls on, in UTC.
    #[must_use]
    pub fn day(self) -> Day {
        Day(self.0.date_naive())
    }

    /// So many seconds later (or earlier).
    #[must_use]
    pub fn plus_seconds(self, seconds: i64) -> Self {
        Self(self.0 + chrono::TimeDelta::seconds(seconds))
    }

    /// How many seconds this is after `earlier`; negative where it is before.
    #[must_use]
    pub fn seconds_since(self, earlier: Self) -> i64 {
        (self.0 - earlier.0).num_seconds()
    }

    /// So many hours later.
    #[must_use]
    pub fn plus_hours(self, hours: i64) -> Self {
        Self(self.0 + chrono::TimeDelta::hours(hours))
    }
}

impl fmt::Display for Moment {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0.to_rfc3339_opts(SecondsFormat::Micros, true))
    }
}

impl FromStr for Moment {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match DateTime::parse_from_rfc3339(text) {
            Ok(time) if (1900..=2999).contains(&time.year()) => Ok(Self::new(time.to_utc())),
            _ => Err("expected a time such as 2027-03-03T09:30:00Z".into()),
        }
    }
}

impl JsonSchema for Moment {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Moment".into()
    }
    fn inline_schema() -> bool {
        true
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "format": "date-time" })
    }
}

/// A calendar day between 1900 and 2999, written `2027-03-03`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Day(NaiveDate);

/// The first day there is.
const FIRST: NaiveDate = day(1900, 1, 1, NaiveDate::MIN);
/// A day that sorts behind every one there is: what has no end.
pub(crate) const END_OF_TIME: &str = "9999-12-31";

/// The last day there is.
const LAST: NaiveDate = day(2999, 12, 31, NaiveDate::MAX);

const fn day(year: i32, month: u32, day: u32, otherwise: NaiveDate) -> NaiveDate {
    match NaiveDate::from_ymd_opt(year, month, day) {
        Some(date) => date,
        None => otherwise,
    }
}

/// How many days it is from the one to the other; less than none where the other is before it.
#[must_use]
pub fn days_between(first: Day, last: Day) -> i64 {
    (last.date() - first.date()).num_days()
}

impl Day {
    /// The day as a chrono date.
    #[must_use]
    pub fn date(self) -> NaiveDate {
        self.0
    }

    /// The day so many months later; the last of the month where the day does not exist. 2999-12-31 at the latest.
    #[must_use]
    pub fn plus_months(self, months: u32) -> Self {
        Self(self.0.checked_add_months(Months::new(months)).map_or(LAST, |date| date.min(LAST)))
    }

    /// The day so many days later (or earlier), between 1900-01-01 and 2999-12-31.
    #[must_use]
    pub fn plus_days(self, days: i64) -> Self {
        let end = if days < 0 { FIRST } else { LAST };
        Self(
            chrono::TimeDelta::try_days(days)
                .and_then(|days| self.0.checked_add_signed(days))
                .map_or(end, |date| date.clamp(FIRST, LAST)),
        )
    }
}

impl From<NaiveDate> for Day {
    fn from(date: NaiveDate) -> Self {
        Self(date)
    }
}

impl fmt::Display for Day {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}", self.0.format("%Y-%m-%d"))
    }
}

impl FromStr for Day {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let expected =
            || "expected a date that exists, between 1900-01-01 and 2999-12-31, such as 2027-03-03".to_owned();
        let date = Self(NaiveDate::parse_from_str(text, "%Y-%m-%d").map_err(|_| expected())?);
        // The parser lets through spaces, signs and single digits; each day is written in one way only.
        if (1900..=2999).contains(&date.0.year()) && date.to_string() == text { Ok(date) } else { Err(expected()) }
    }
}

impl JsonSchema for Day {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Day".into()
    }
    fn inline_schema() -> bool {
        true
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "format": "date" })
    }
}

macro_rules! as_text {
    ($($type:ty),*) => {$(
        impl Serialize for $type {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }
        impl<'de> Deserialize<'de> for $type {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
            }
        }
        crate::stored::column_from_text!([] $type);
    )*};
}
as_text!(Moment, Day);

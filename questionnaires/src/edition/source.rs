//! What an edition is based on, and whether that still stands.
//!
//! A source that was never looked at is not a source that is fine: it is said as often as one that was replaced.

use chrono::{Months, NaiveDate};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{ADDRESS_PATTERN, Edition, MAX_TEXT_CHARS, MAX_TITLE_CHARS, SOURCE_DATE_PATTERN};
use crate::answer::parse_date;

/// For how long a look at a source counts, in calendar months; its last day still does.
pub const LOOK_MONTHS: u32 = 12;

/// Something a questionnaire is based on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Source {
    /// Its title.
    #[schemars(length(min = 1, max = MAX_TITLE_CHARS))]
    pub title: String,
    /// Its version, as its publisher writes it.
    #[schemars(length(min = 1, max = MAX_TITLE_CHARS))]
    pub version: String,
    /// When it was published: a day, a month (`2025-03`) or a year (`"2025"`, in quotes).
    #[schemars(regex(pattern = SOURCE_DATE_PATTERN))]
    pub date: String,
    /// Where to read it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = ADDRESS_PATTERN), length(max = MAX_TEXT_CHARS))]
    pub address: Option<String>,
    /// The day on which somebody last looked whether it still says what the questionnaire asks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub looked_at: Option<NaiveDate>,
    /// What took its place, if something did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = MAX_TITLE_CHARS))]
    pub replaced_by: Option<String>,
}

impl Source {
    /// The first day that its date may mean: of a year or a month alone, the first. `None` for a date that does not
    /// exist.
    #[must_use]
    pub fn first_day(&self) -> Option<NaiveDate> {
        match self.date.len() {
            4 => parse_date(&format!("{}-01-01", self.date)),
            7 => parse_date(&format!("{}-01", self.date)),
            _ => parse_date(&self.date),
        }
    }

    /// Why an edition that rests on it is outdated on a day; `None` where it is not.
    pub(crate) fn outdated_on(&self, day: NaiveDate) -> Option<Outdated> {
        let counts =
            |looked: NaiveDate| looked.checked_add_months(Months::new(LOOK_MONTHS)).is_none_or(|end| day <= end);
        let because = match (&self.replaced_by, self.looked_at) {
            (Some(_), _) => OutdatedBecause::Replaced,
            (None, None) => OutdatedBecause::NeverLookedAt,
            (None, Some(looked)) if counts(looked) => return None,
            (None, Some(_)) => OutdatedBecause::NotLookedAt,
        };
        Some(Outdated {
            source: self.title.clone(),
            because,
            replaced_by: self.replaced_by.clone(),
            looked_at: self.looked_at,
        })
    }
}

/// A source on which an edition can no longer be said to rest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Outdated {
    /// The source's title.
    pub source: String,
    /// What is wrong with it.
    pub because: OutdatedBecause,
    /// What took its place; absent unless something did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replaced_by: Option<String>,
    /// The day on which it was last looked at; absent when it never was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub looked_at: Option<NaiveDate>,
}

/// Why an edition can no longer be said to rest on a source.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum OutdatedBecause {
    /// Something else took its place.
    Replaced,
    /// More than a year has gone by since somebody looked at it.
    NotLookedAt,
    /// The edition does not say that anybody ever looked at it.
    NeverLookedAt,
}

impl Edition {
    /// The sources that were replaced, or that nobody has looked at for more than a year, as the edition itself says;
    /// in its order, each once.
    ///
    /// [`crate::library::outdated_on`] also knows what was published after the edition.
    #[must_use]
    pub fn outdated_on(&self, day: NaiveDate) -> Vec<Outdated> {
        self.source.iter().filter_map(|source| source.outdated_on(day)).collect()
    }
}

//! When a piece of evidence ends: on the day that it says itself, or on one that follows from what it is. And where it
//! stands among what was said of the same.

use chrono::{Datelike as _, NaiveDate};
use diligence_questionnaires::EvidenceKind;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use validator::Validate;

use super::is_unmet;
use crate::clock::{Day, END_OF_TIME, Moment};

/// How long evidence of a kind that ends counts where it does not say itself until when, in months.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema, Validate)]
#[serde(default, deny_unknown_fields)]
pub struct EvidenceValidity {
    /// Months from its issue that a Cyber Essentials certificate counts.
    #[validate(range(min = 1, max = 120))]
    pub cyber_essentials: u32,
    /// Months from its issue that a Cyber Essentials Plus certificate counts.
    #[validate(range(min = 1, max = 120))]
    pub cyber_essentials_plus: u32,
    /// Months from its issue that an ISO 27001 certificate counts.
    #[validate(range(min = 1, max = 120))]
    pub iso_27001: u32,
    /// Months from its issue that the report of a penetration test counts.
    #[validate(range(min = 1, max = 120))]
    pub penetration_test: u32,
    /// Months from its day that a result of *Check your cyber security* counts.
    #[validate(range(min = 1, max = 120))]
    pub security_check: u32,
    /// Months that a status in the Data Security and Protection Toolkit counts after 30 June of the year that it was
    /// published for. The year is the one that its statement names, such as `22/23`, else the one in which it was
    /// issued: from 1 July to 30 June.
    #[validate(range(min = 1, max = 120))]
    pub dspt: u32,
}

impl Default for EvidenceValidity {
    fn default() -> Self {
        Self {
            cyber_essentials: 12,
            cyber_essentials_plus: 12,
            iso_27001: 36,
            penetration_test: 12,
            security_check: 12,
            dspt: 12,
        }
    }
}

/// How it is known on which day a piece of evidence ends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum EndsBecause {
    /// It says so itself.
    Given,
    /// It follows from its kind and from when it was issued, by the policy.
    Derived,
    /// It is not known: it is of a kind that ends, and says no day. It counts for nothing.
    Undated,
    /// It is of a kind that has no end.
    #[default]
    None,
}

/// What the end of a piece of evidence follows from, and where it stands.
pub(crate) struct Said<'a> {
    pub(crate) id: &'a str,
    pub(crate) kind: EvidenceKind,
    pub(crate) statement: Option<&'a str>,
    pub(crate) issued_on: Option<Day>,
    pub(crate) expires_on: Option<Day>,
    pub(crate) created_at: Moment,
}

/// What follows for a piece of evidence from what it says.
pub(crate) struct Ending {
    /// The last day on which it counts.
    pub(crate) ends_on: Option<Day>,
    pub(crate) because: EndsBecause,
    /// For order: `ends_on` as text, or the end of time.
    pub(crate) expiry_key: String,
    /// For order: what was said later of the same comes later.
    pub(crate) said_key: String,
}

impl Said<'_> {
    /// What follows under this policy.
    pub(crate) fn ending(&self, validity: &EvidenceValidity) -> Ending {
        let (ends_on, because) = self.end(validity);
        let said_on = self.said_on(ends_on, because).map(|day| day.to_string()).unwrap_or_default();
        Ending {
            ends_on,
            because,
            expiry_key: ends_on.map_or_else(|| END_OF_TIME.to_owned(), |day| day.to_string()),
            said_key: format!("{said_on} {} {}", self.created_at, self.id),
        }
    }

    fn end(&self, validity: &EvidenceValidity) -> (Option<Day>, EndsBecause) {
        // That standards are not met counts for nothing, from the day on which it is said.
        if is_unmet(self.kind, self.statement) {
            return (self.issued_on.or(Some(self.created_at.day())), EndsBecause::Derived);
        }
        if self.expires_on.is_some() {
            return (self.expires_on, EndsBecause::Given);
        }
        let from_issue = |months: u32| self.issued_on.map(|day| day.plus_months(months));
        let derived = match self.kind {
            EvidenceKind::CyberEssentials => from_issue(validity.cyber_essentials),
            EvidenceKind::CyberEssentialsPlus => from_issue(validity.cyber_essentials_plus),
            EvidenceKind::Iso27001 => from_issue(validity.iso_27001),
            EvidenceKind::PenetrationTest => from_issue(validity.penetration_test),
            EvidenceKind::SecurityCheck => from_issue(validity.security_check),
            EvidenceKind::Dspt => self.toolkit_year().map(|day| day.plus_months(validity.dspt)),
            _ => return (None, EndsBecause::None),
        };
        (derived, if derived.is_some() { EndsBecause::Derived } else { EndsBecause::Undated })
    }

    /// The last day of the year that a toolkit status was published for: a 30 June.
    fn toolkit_year(&self) -> Option<Day> {
        let issued_in = || {
            let date = self.issued_on?.date();
            Some(date.year() + i32::from(date.month() > 6))
        };
        let year = self.statement.and_then(year_said).or_else(issued_in)?;
        NaiveDate::from_ymd_opt(year, 6, 30).map(Day::from)
    }

    /// The day on which it was said: that of its issue, else that of its entry, but never one after its own end. What
    /// says no day of which one is asked says nothing, and comes first; that standards are not met, it says all the
    /// same.
    fn said_on(&self, ends_on: Option<Day>, because: EndsBecause) -> Option<Day> {
        if self.issued_on.is_some() {
            return self.issued_on;
        }
        if because == EndsBecause::Undated && !is_unmet(self.kind, self.statement) {
            return None;
        }
        let entered_on = self.created_at.day();
        Some(ends_on.map_or(entered_on, |last| last.min(entered_on)))
    }
}

/// The year that a toolkit status names, by the calendar year in which it ends: 2023 of `22/23 Standards Met`,
/// `2022-23` or `2022/2023`.
fn year_said(statement: &str) -> Option<i32> {
    const BETWEEN: [char; 3] = ['/', '-', '–'];
    let year = |part: &str| {
        let is_year = matches!(part.len(), 2 | 4) && part.bytes().all(|byte| byte.is_ascii_digit());
        let number = part.parse::<i32>().ok().filter(|_| is_year)?;
        Some(if part.len() == 2 { 2000 + number } else { number })
    };
    statement.split(|letter: char| !letter.is_ascii_digit() && !BETWEEN.contains(&letter)).find_map(|word| {
        let (first, last) = word.split_once(BETWEEN)?;
        let (first, last) = (year(first)?, year(last)?);
        (last == first + 1 && (2000..2100).contains(&first)).then_some(last)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evidence::is_met;

    fn said(kind: EvidenceKind, statement: Option<&str>, issued_on: Option<&str>) -> (Option<String>, EndsBecause) {
        let said = Said {
            id: "evd",
            kind,
            statement,
            issued_on: issued_on.map(|day| day.parse().unwrap()),
            expires_on: None,
            created_at: "2027-03-01T09:00:00Z".parse().unwrap(),
        };
        let Ending { ends_on, because, .. } = said.ending(&EvidenceValidity::default());
        (ends_on.map(|day| day.to_string()), because)
    }

    #[test]
    fn a_toolkit_status_counts_to_the_end_of_the_year_after_the_one_it_was_published_for() {
        for (statement, issued_on, end) in [
            (Some("Standards Met"), Some("2019-03-31"), "2020-06-30"),
            (Some("Standards Met"), Some("2026-06-30"), "2027-06-30"),
            (Some("Standards Met"), Some("2026-07-01"), "2028-06-30"),
            (None, Some("2026-01-01"), "2027-06-30"),
            // The year that it names is the one it was published for, however late.
            (Some("22/23 Standards Met"), Some("2023-09-01"), "2024-06-30"),
            (Some("STANDARDS EXCEEDED (19-20)"), None, "2021-06-30"),
            (Some("Standards Met 2024/25"), None, "2026-06-30"),
            (Some("2024/2025 Standards Met"), None, "2026-06-30"),
            (Some("24–25 Standards Met"), None, "2026-06-30"),
        ] {
            let found = said(EvidenceKind::Dspt, statement, issued_on);
            assert_eq!(found, (Some(end.to_owned()), EndsBecause::Derived), "{statement:?} {issued_on:?}");
        }
    }

    #[test]
    fn numbers_that_are_no_year_are_none() {
        for statement in
            ["Standards Met", "22/24", "ODS 8K417-22", "05/06/2026", "2026-06-30", "1922/23", "222/223", "/", ""]
        {
            assert_eq!(year_said(statement), None, "{statement}");
        }
    }

    #[test]
    fn what_has_no_end_is_not_undated() {
        assert_eq!(said(EvidenceKind::Policy, None, None), (None, EndsBecause::None));
        assert_eq!(said(EvidenceKind::Iso27001, None, None), (None, EndsBecause::Undated));
        assert!(is_met(EvidenceKind::Dspt, Some("22/23 standards met")));
        assert!(is_unmet(EvidenceKind::Dspt, Some("Not Published")));
        assert!(!is_unmet(EvidenceKind::Dspt, None) && !is_unmet(EvidenceKind::Policy, Some("Not Published")));
    }
}

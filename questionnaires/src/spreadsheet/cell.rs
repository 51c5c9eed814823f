//! What stands in a cell.

use std::borrow::Cow;

use chrono::{Days, NaiveDate, NaiveTime};

/// What stands in a cell.
#[derive(Debug, Default, Clone, PartialEq)]
pub enum Cell {
    /// Nothing.
    #[default]
    Empty,
    /// A text.
    Text(String),
    /// A number.
    Number {
        /// What it is.
        value: f64,
        /// What people see, by the format of the cell: `04142000`, `7%`, `08:30`, `£1,200.00`.
        shown: String,
    },
    /// A number shown as a day.
    Moment {
        /// The day.
        day: NaiveDate,
        /// The time, where the cell shows one and it is not midnight.
        time: Option<NaiveTime>,
    },
    /// True or false.
    Truth(bool),
    /// An error in place of a result, such as `#N/A`.
    Wrong(String),
    /// A formula whose result is not in the file.
    Unsaved,
}

impl Cell {
    /// As people see it; nothing for an empty cell and for a formula without a result.
    #[must_use]
    pub fn shown(&self) -> Cow<'_, str> {
        match self {
            Self::Empty | Self::Unsaved => "".into(),
            Self::Text(text) => text.as_str().into(),
            Self::Number { shown, .. } => shown.as_str().into(),
            Self::Moment { day, time: None } => day.to_string().into(),
            Self::Moment { day, time: Some(time) } => format!("{day} {}", time.format("%H:%M:%S")).into(),
            Self::Truth(true) => "true".into(),
            Self::Truth(false) => "false".into(),
            Self::Wrong(error) => error.as_str().into(),
        }
    }

    /// Whether nothing is to be seen in it. A formula without a result may hold anything.
    #[must_use]
    pub fn is_blank(&self) -> bool {
        match self {
            Self::Empty => true,
            Self::Text(text) => text.trim().is_empty(),
            _ => false,
        }
    }
}

/// Writes a text over what stands in a cell, in the room of a text that stood there.
pub(super) fn put(cells: &mut Vec<Cell>, at: usize, text: &str) {
    match cells.get_mut(at) {
        Some(Cell::Text(there)) if !text.is_empty() => {
            there.clear();
            there.push_str(text);
        }
        Some(there) => *there = of_text(text),
        None => cells.push(of_text(text)),
    }
}

fn of_text(text: &str) -> Cell {
    if text.is_empty() { Cell::Empty } else { Cell::Text(text.to_owned()) }
}

/// The day and the time that so many days since 30 December 1899 are. Before March 1900 spreadsheets disagree about
/// them.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked to be in range")]
pub(super) fn moment(days: f64) -> Option<(NaiveDate, NaiveTime)> {
    if !(61.0..2_958_466.0).contains(&days) {
        return None;
    }
    let mut whole = days as u64;
    // To the second: fractions of days are never exact.
    let mut seconds = ((days - days.floor()) * 86_400.0).round() as u32;
    if seconds == 86_400 {
        (whole, seconds) = (whole + 1, 0);
    }
    let day = NaiveDate::from_ymd_opt(1899, 12, 30)?.checked_add_days(Days::new(whole))?;
    Some((day, NaiveTime::from_num_seconds_from_midnight_opt(seconds, 0)?))
}

/// The time that is shown beside a day: midnight is none.
pub(super) fn shown_time(time: NaiveTime) -> Option<NaiveTime> {
    (time != NaiveTime::MIN).then_some(time)
}

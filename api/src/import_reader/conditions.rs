//! Which rows of a file are taken.

use diligence_entities::recipe::{Condition, DateStyle};
use diligence_questionnaires::spreadsheet::{Cell as Said, Record};

use super::{dates, words::fold};

/// What has to be so of a row.
#[derive(Clone, Debug)]
pub(super) struct Test {
    pub(super) index: usize,
    is: Option<String>,
    is_not: Option<String>,
    one_of: Vec<String>,
    contains: Option<String>,
    starts_with: Option<String>,
    is_empty: Option<bool>,
    before: Option<String>,
    after: Option<String>,
}

impl Test {
    pub(super) fn new(index: usize, condition: &Condition) -> Self {
        let folded = |text: &Option<String>| text.as_deref().map(fold);
        Self {
            index,
            is: folded(&condition.is),
            is_not: folded(&condition.is_not),
            one_of: condition.one_of.iter().map(|text| fold(text)).collect(),
            contains: folded(&condition.contains),
            starts_with: folded(&condition.starts_with),
            is_empty: condition.is_empty,
            before: condition.before.map(|day| day.to_string()),
            after: condition.after.map(|day| day.to_string()),
        }
    }

    /// Whether it asks for a day.
    pub(super) fn is_about_days(&self) -> bool {
        self.before.is_some() || self.after.is_some()
    }

    /// Whether the row is one of those, its days left out of account.
    pub(super) fn holds_but_for_days(&self, record: &Record) -> bool {
        let shown = record.cells.get(self.index).map(Said::shown).unwrap_or_default();
        let text = fold(&shown);
        self.is.as_ref().is_none_or(|wanted| text == *wanted)
            && self.is_not.as_ref().is_none_or(|other| text != *other)
            && (self.one_of.is_empty() || self.one_of.contains(&text))
            && self.contains.as_ref().is_none_or(|part| text.contains(part.as_str()))
            && self.starts_with.as_ref().is_none_or(|start| text.starts_with(start.as_str()))
            && self.is_empty.is_none_or(|is_empty| text.is_empty() == is_empty)
    }

    /// Whether the row is one of those; a day that cannot be told is taken for one, and a cell without one is not.
    pub(super) fn holds(&self, record: &Record, style: Option<DateStyle>) -> bool {
        if !self.holds_but_for_days(record) {
            return false;
        }
        let (true, Some(style)) = (self.is_about_days(), style) else { return true };
        let text = record.cells.get(self.index).map(Said::shown).unwrap_or_default();
        let Some(day) = dates::read(&text, style).map(|day| day.to_string()) else { return false };
        self.before.as_ref().is_none_or(|last| day < *last) && self.after.as_ref().is_none_or(|first| day > *first)
    }
}

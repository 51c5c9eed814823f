//! Another table below the first: where it begins, and whether it is one.

use super::{Going, is_blank_or_wordy};
use crate::spreadsheet::{Cell, Record, grouped};

/// What speaks for another table in the row that may be its header.
#[derive(Clone, Copy)]
pub(super) struct Sign {
    /// It has more cells than the first table has columns.
    pub(super) is_wider: bool,
    /// It has a word where the first table has numbers.
    pub(super) is_unlike: bool,
}

/// A row that may be the header of another table, and what stands below it.
pub(super) struct Second {
    sign: Sign,
    /// What was known before it.
    pub(super) before: Going,
    line: u32,
    width: usize,
    /// How many rows stand below it, and how many of them have a cell in its last column.
    count: u32,
    whole: u32,
    /// Whether none of them is wider.
    fits: bool,
    last_row: u32,
    /// Whether a third table may begin below it: what stands there says nothing of this one.
    is_over: bool,
    /// How many of the cells below each of its own are filled, and how many of these are numbers or days.
    below: Vec<(u32, u32)>,
}

impl Second {
    pub(super) fn new(sign: Sign, before: Going, record: &Record) -> Self {
        let width = record.cells.iter().take_while(|cell| !cell.is_blank()).count();
        let below = vec![(0, 0); width];
        let (line, last_row) = (record.line, record.row);
        Self { sign, before, line, last_row, width, count: 0, whole: 0, fits: true, is_over: false, below }
    }

    /// What stands from here on is none of its rows.
    pub(super) fn ends(&mut self) {
        self.is_over = true;
    }

    /// A row below it.
    pub(super) fn row(&mut self, record: &Record) {
        let Some(last) = record.cells.iter().rposition(|cell| !cell.is_blank()) else { return };
        let is_apart = record.row.saturating_sub(std::mem::replace(&mut self.last_row, record.row)) > 1;
        let begins_third = is_apart && last + 1 != self.width && record.cells.iter().all(is_blank_or_wordy);
        self.is_over |= begins_third && self.is_one();
        if self.is_over {
            return;
        }
        self.count = self.count.saturating_add(1);
        self.whole = self.whole.saturating_add(u32::from(last + 1 == self.width));
        self.fits &= last < self.width;
        for (cell, (filled, numbers)) in record.cells.iter().zip(&mut self.below) {
            *filled = filled.saturating_add(u32::from(!Cell::is_blank(cell)));
            *numbers = numbers.saturating_add(u32::from(!is_blank_or_wordy(cell)));
        }
    }

    /// Whether it is one: its rows are as wide as it is, and something tells its header from a row of the first table.
    pub(super) fn is_one(&self) -> bool {
        let names_figures = self.below.iter().any(|(filled, numbers)| *filled == self.count && numbers == filled);
        self.count > 0
            && self.fits
            && self.whole.saturating_mul(2) >= self.count
            && (self.sign.is_wider || self.sign.is_unlike || names_figures)
    }

    pub(super) fn sentence(&self, place: &str) -> String {
        let line = grouped(self.line.into());
        format!(
            "Another table begins on {place} {line}, behind a blank {place}, and was not read: to read it, say that its header is there (`header`)."
        )
    }
}

//! The columns of a file of our own, named as the export names them, and a row read by them.

use std::borrow::Cow;

use diligence_entities::{
    fault::Fault,
    import::Row,
    recipe::{DateStyle, ImportNoun},
};
use diligence_questionnaires::{
    cells,
    spreadsheet::{Cell as Said, Found, Record},
};
use serde_json::{Map, Value};

use super::{
    MAXIMUM_CELL, fill,
    source::Place,
    targets::{self, Target},
};

/// The columns of a file of our own.
#[derive(Debug)]
pub(super) struct Columns {
    noun: ImportNoun,
    all: Vec<(String, String, Target)>,
    dates: DateStyle,
}

impl Columns {
    /// Those of these names.
    pub(super) fn new(noun: ImportNoun, found: &Found, dates: DateStyle) -> Result<Self, Vec<Fault>> {
        let line = found.header_row.map(|row| format!("line {row}: ")).unwrap_or_default();
        let (mut all, mut faults) = (Vec::with_capacity(found.columns.len()), Vec::new());
        // What has no name is called by its number. Behind the last name no column is: a row that has cells there is told.
        let is_number = |index: usize, name: &str| name == (index + 1).to_string();
        let named = match found.header_row {
            Some(_) => found.columns.iter().enumerate().rposition(|(index, name)| !is_number(index, name)),
            None => found.columns.len().checked_sub(1),
        };
        for (index, name) in found.columns.iter().enumerate().take(named.map_or(0, |last| last + 1)) {
            match targets::target(noun, name) {
                Err(_) if found.header_row.is_some() && is_number(index, name) => {
                    faults.push(Fault::new("", "header", format!("{line}column {name} has no name")));
                }
                Err(detail) => faults.push(Fault::new("", "unknown_column", format!("{line}{detail}"))),
                Ok((pointer, target)) => {
                    if !pointer.is_empty() && all.iter().any(|(_, known, _): &(_, String, _)| *known == pointer) {
                        faults.push(Fault::new("", "header", format!("{line}there are two columns called {name:?}")));
                    }
                    all.push((name.clone(), pointer, target));
                }
            }
        }
        let unknown_count = faults.iter().filter(|fault| fault.code == "unknown_column").count();
        if unknown_count > 1 && unknown_count == found.columns.len() {
            faults.push(Fault::new(
                "?map",
                "unknown_column",
                "none of the columns is known: if this is not a Diligence export, use `map` to name its columns",
            ));
        }
        if faults.is_empty() { Ok(Self { noun, all, dates }) } else { Err(faults) }
    }

    /// Where each stands, for what is told of rows.
    pub(super) fn places(&self) -> Vec<Place> {
        let place = |(index, (name, pointer, _)): (usize, &(String, String, Target))| Place {
            name: name.clone(),
            pointer: pointer.clone(),
            cells: vec![index],
        };
        self.all.iter().enumerate().map(place).collect()
    }

    /// What a record says.
    pub(super) fn row(&self, record: &Record) -> Row {
        let mut row = Row::default();
        // Programs write separators for columns in which nothing stands.
        let filled = record.cells.iter().rposition(|cell| !cell.is_blank()).map_or(0, |last| last + 1);
        let count = if filled > self.all.len() { filled } else { record.cell_count.min(self.all.len()) };
        if count != self.all.len() {
            let detail = format!("expected {} cells, as many as the header has, not {count}", self.all.len());
            row.faults.push(Fault::new("", "ragged", detail));
            return row;
        }
        let (mut contact, mut contract) = (Map::new(), Map::new());
        for ((_, pointer, target), said) in self.all.iter().zip(&record.cells) {
            let shown = match said {
                _ if matches!(target, Target::Nothing) => continue,
                Said::Unsaved => {
                    row.faults.push(fill::unsaved(pointer));
                    continue;
                }
                Said::Moment { day, .. } => Cow::Owned(day.to_string()),
                other => other.shown(),
            };
            if shown.len() > MAXIMUM_CELL {
                row.faults.push(fill::too_long(pointer, shown.len()));
                continue;
            }
            let text = cells::unprotect(&shown);
            let Some(cell) = target.cell() else {
                match target {
                    Target::Held(schemes) => fill::hold(&mut row, pointer, schemes, text),
                    Target::LastReview | Target::NextReview if text.trim().is_empty() => {}
                    Target::LastReview => row.last_review_on = fill::day(&mut row.faults, pointer, text, self.dates),
                    Target::NextReview => row.next_review_on = fill::day(&mut row.faults, pointer, text, self.dates),
                    _ => {}
                }
                continue;
            };
            let value = match cell.read(text, self.dates) {
                Ok(value) => value,
                Err(wrong) => {
                    row.faults.extend(wrong.into_iter().map(|fault| fault.within(pointer)));
                    // A part that is to blame is still a part of its group.
                    fill::group(&mut row, target);
                    continue;
                }
            };
            match target {
                Target::Contact { name, .. } => drop(contact.insert(name.clone(), value)),
                Target::Contract { name, .. } => drop(contract.insert(name.clone(), value)),
                _ => fill::put(&mut row, target, value),
            }
        }
        let says_something = |fields: &Map<String, Value>| fields.values().any(|value| !value.is_null());
        row.contacts.extend(Some(contact).filter(says_something));
        row.contracts.extend(Some(contract).filter(says_something));
        fill::check(self.noun, &mut row);
        row
    }
}

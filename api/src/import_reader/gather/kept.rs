//! What is kept of rows that were put together.

use diligence_entities::{
    fault::Fault,
    recipe::{DateStyle, Take},
    twin,
};
use diligence_questionnaires::cells;

use crate::import_reader::{
    amounts,
    cell::{self, Cell, CellKind},
    mapped::{Filled, Mapped, Text},
    source::{Elsewhere, Found, short},
    targets::Target,
    words::fold,
};

/// How many contacts or contracts of one thing are kept before they are checked: no supplier has more than half of it.
const MAXIMUM_LISTED: usize = 100;
/// How many things a cell that gathers everything keeps.
const MAXIMUM_GATHERED: usize = 100;

/// A row of the file and its line.
pub(super) type At = (i64, i64);

/// What the rows so far say in a field.
#[derive(Debug)]
pub(super) enum Kept {
    Cleared,
    /// And which row says so, if it is not the first.
    Text(String, Option<At>),
    Sum {
        hundredths: i128,
        currency: Option<String>,
    },
    Count(i64),
    Day(String),
    All(Vec<String>),
}

/// A contact or a contract.
#[derive(Debug)]
pub(super) struct Listed {
    key: Option<String>,
    pub(super) kept: Vec<Option<Kept>>,
}

impl Kept {
    /// Where it stands, if not in the first row.
    pub(super) fn elsewhere(&self, pointer: &str, filled: &Filled) -> Option<Elsewhere> {
        let Self::Text(text, Some((row, line))) = self else { return None };
        let found = Found { column: filled.name.clone(), value: Some(short(text)), row: *row, line: Some(*line) };
        Some(Elsewhere { pointer: pointer.to_owned(), found })
    }

    /// What is said, as a cell would say it; none where it is cleared.
    pub(super) fn text(self, filled: &Filled) -> Option<String> {
        match self {
            Self::Cleared => None,
            Self::Text(text, _) | Self::Day(text) => Some(text),
            Self::Count(count) => Some(count.to_string()),
            Self::Sum { hundredths, currency } => {
                let sum = amounts::written(hundredths);
                match currency.filter(|_| filled.target.cell().is_some_and(|cell| cell.kind == CellKind::Money)) {
                    Some(currency) => Some(format!("{currency} {sum}")),
                    None => Some(sum),
                }
            }
            Self::All(all) => {
                let is_list = filled.target.cell().is_some_and(Cell::is_list);
                Some(match filled.split() {
                    Some(mark) if is_list => all.join(mark),
                    _ if is_list => cells::join(&all),
                    _ => all.join(", "),
                })
            }
        }
    }
}

/// The row whose word stays, where nobody said which is taken and a later one says another.
pub(super) fn differs(kept: Option<&Kept>, text: &Text, filled: &Filled) -> Option<Option<At>> {
    let (Some(Kept::Text(known, from)), Text::Said(text)) = (kept, text) else { return None };
    let is_name = matches!(&filled.target, Target::Field { name, .. } if name == "name");
    let is_same =
        known == text || fold(known) == fold(text) || is_name && twin::compared(known) == twin::compared(text);
    (filled.is_of_file() && filled.take.is_none() && !is_same).then_some(*from)
}

/// Takes what a row says of a field to what is kept of it; `from` is the row, where it is not the first.
pub(super) fn note(
    kept: &mut Option<Kept>,
    text: &Text,
    filled: &Filled,
    styles: &[Option<DateStyle>],
    from: Option<At>,
) -> Result<(), Fault> {
    let Text::Said(text) = text else {
        if filled.clears && kept.is_none() {
            *kept = Some(Kept::Cleared);
        }
        return Ok(());
    };
    let before = kept.take().filter(|before| !matches!(before, Kept::Cleared));
    let take = filled.take.unwrap_or(Take::First);
    *kept = Some(match (take, before) {
        (Take::First, Some(before)) => before,
        (Take::First | Take::Last, _) => Kept::Text(text.clone(), from),
        (Take::Count, Some(Kept::Count(count))) => Kept::Count(count + 1),
        (Take::Count, _) => Kept::Count(1),
        (Take::Sum, before) => {
            let Some(sum) = amounts::sum(text) else {
                *kept = before;
                return Err(Fault::new(&filled.pointer, "amount", "expected a number to add up, such as 1,200.50"));
            };
            let (sofar, known) = match before {
                Some(Kept::Sum { hundredths, currency }) => (hundredths, currency),
                _ => (0, sum.currency.clone()),
            };
            if let (Some(one), Some(other)) = (&known, &sum.currency)
                && one != other
            {
                let detail = format!("expected sums in one currency to add up, not {one} and {other}");
                *kept = Some(Kept::Sum { hundredths: sofar, currency: known });
                return Err(Fault::new(&filled.pointer, "currency", detail));
            }
            Kept::Sum { hundredths: sofar.saturating_add(sum.hundredths), currency: known.or(sum.currency) }
        }
        (Take::Earliest | Take::Latest, before) => {
            let style = filled.dates.and_then(|dates| styles.get(dates).copied()).flatten();
            // Where that is a question, it is not read at all.
            let Some(style) = style else {
                *kept = before;
                return Ok(());
            };
            let day = match cell::existing(text, style) {
                Ok(day) => day.to_string(),
                Err(wrong) => {
                    *kept = before;
                    let detail = wrong.into_iter().next().map_or_else(String::new, |fault| fault.detail);
                    return Err(Fault::new(&filled.pointer, "date", detail));
                }
            };
            match before {
                Some(Kept::Day(known)) if (take == Take::Earliest) == (known < day) => Kept::Day(known),
                _ => Kept::Day(day),
            }
        }
        (Take::All, Some(Kept::All(mut all))) => {
            gather(&mut all, text, filled);
            Kept::All(all)
        }
        (Take::All, _) => {
            let mut all = Vec::new();
            gather(&mut all, text, filled);
            Kept::All(all)
        }
    });
    Ok(())
}

/// Each thing that a cell says, once.
fn gather(all: &mut Vec<String>, text: &str, filled: &Filled) {
    let items: Vec<&str> = match filled.split() {
        Some(mark) => text.split(mark).map(str::trim).collect(),
        None => vec![text],
    };
    for item in items.into_iter().filter(|item| !item.is_empty()) {
        let folded = fold(item);
        if all.len() < MAXIMUM_GATHERED && !all.iter().any(|known| fold(known) == folded) {
            all.push(item.to_owned());
        }
    }
}

/// What a row says of contacts or contracts.
pub(super) struct OfList<'a> {
    pub(super) mapped: &'a Mapped,
    pub(super) texts: &'a [Text],
    pub(super) styles: &'a [Option<DateStyle>],
    pub(super) from: Option<At>,
}

impl OfList<'_> {
    /// Takes what a row says of one to those that are kept.
    pub(super) fn take(
        &self,
        list: &mut Vec<Listed>,
        marks: &[usize],
        faults: &mut Vec<(usize, Fault)>,
        differing: &mut Vec<(usize, Option<At>)>,
    ) {
        let Self { mapped, texts, styles, from } = *self;
        let says = |at: &usize| matches!(texts.get(*at), Some(Text::Said(_)));
        if !marks.iter().any(says) {
            return;
        }
        let by = |name: &str| {
            marks.iter().find_map(|at| match (mapped.filled.get(*at)?.target.field(), texts.get(*at)?) {
                (field, Text::Said(text)) if field == name => Some(fold(text)),
                _ => None,
            })
        };
        let key = by("email").or_else(|| by("name")).or_else(|| by("reference"));
        let at = match list.iter().position(|listed| listed.key == key) {
            Some(at) => at,
            None if list.len() >= MAXIMUM_LISTED => return,
            None => {
                list.push(Listed { key, kept: std::iter::repeat_with(|| None).take(marks.len()).collect() });
                list.len() - 1
            }
        };
        let Some(listed) = list.get_mut(at) else { return };
        for (at, kept) in marks.iter().zip(&mut listed.kept) {
            let (Some(filled), Some(text)) = (mapped.filled.get(*at), texts.get(*at)) else { continue };
            differing.extend(differs(kept.as_ref(), text, filled).map(|before| (*at, before)));
            note(kept, text, filled, styles, from).unwrap_or_else(|fault| faults.push((*at, fault)));
        }
    }
}

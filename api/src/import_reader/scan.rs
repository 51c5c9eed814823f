//! The first look through somebody else's file: which part of a date stands first in each column, and which of their
//! words nobody knows. What can be told is told once; what cannot is asked once, not once for each row.

use std::collections::{BTreeMap, HashSet};

use diligence_entities::{fault::Fault, recipe::DateStyle, stored::word};
use diligence_questionnaires::spreadsheet::Record;

use super::{
    cell::CellKind,
    dates::{self, Evidence, Finding},
    mapped::{Mapped, NOTHING, Text},
    report::{ImportChoice, ImportQuestion, RecognisedDates},
    source::short,
    words::{self, fold},
};

/// How many different words of one column are asked about.
const MAXIMUM_WORDS: usize = 200;
/// How many different cells of a column are remembered as understood.
const REMEMBERED: usize = 2000;

/// A word of theirs that nobody knows.
#[derive(Debug)]
struct Unknown {
    text: String,
    row: i64,
    count: i64,
}

/// What was seen so far.
#[derive(Debug)]
pub(super) struct Scan<'a> {
    mapped: &'a Mapped,
    evidence: Vec<Evidence>,
    /// By the place of the field among those that are filled, and the word, folded.
    unknown: BTreeMap<(usize, String), Unknown>,
    understood: Vec<HashSet<String>>,
    is_full: Vec<bool>,
    unknown_counts: Vec<usize>,
}

/// What follows from it.
#[derive(Debug, Default)]
pub(super) struct Scanned {
    /// How dates are written, for each column of dates; none where that is a question.
    pub(super) styles: Vec<Option<DateStyle>>,
    /// What is added where a cell is no date as the others are.
    pub(super) hints: Vec<Option<String>>,
    pub(super) dates: Vec<RecognisedDates>,
    pub(super) questions: Vec<ImportQuestion>,
    pub(super) sentences: Vec<String>,
    pub(super) faults: Vec<Fault>,
}

impl<'a> Scan<'a> {
    pub(super) fn new(mapped: &'a Mapped) -> Self {
        let count = mapped.filled.len();
        Self {
            mapped,
            evidence: vec![Evidence::default(); mapped.dates.len()],
            unknown: BTreeMap::new(),
            understood: vec![HashSet::new(); count],
            is_full: vec![false; count],
            unknown_counts: vec![0; count],
        }
    }

    /// Whether there is anything to look for.
    pub(super) fn is_needed(&self) -> bool {
        let asks = |cell: &super::cell::Cell| cell.asks_for_words();
        !self.mapped.dates.is_empty()
            || self.mapped.filled.iter().any(|filled| filled.is_of_file() && filled.target.cell().is_some_and(asks))
    }

    /// Looks at a row.
    pub(super) fn look(&mut self, record: &Record, row: i64, place: impl Fn() -> String) {
        let mapped = self.mapped;
        if !mapped.tests.iter().all(|(test, _)| test.holds_but_for_days(record)) {
            return;
        }
        for (test, dates) in &mapped.tests {
            let evidence = dates.and_then(|dates| self.evidence.get_mut(dates));
            if let (Some(evidence), Some(cell)) = (evidence, record.cells.get(test.index)) {
                evidence.note(&cell.shown(), &place);
            }
        }
        for (at, filled) in mapped.filled.iter().enumerate().filter(|(_, filled)| filled.is_of_file()) {
            let cell = filled.target.cell().filter(|cell| cell.asks_for_words());
            let evidence = filled.dates.and_then(|dates| self.evidence.get_mut(dates));
            if cell.is_none() && evidence.is_none() {
                continue;
            }
            // What is wrong with a cell is told when its row is read.
            let Ok(Text::Said(text)) = mapped.text(filled, record) else { continue };
            if let Some(evidence) = evidence {
                evidence.note(&text, &place);
            }
            let Some(cell) = cell else { continue };
            let Some(understood) = self.understood.get_mut(at) else { continue };
            if understood.contains(&text) {
                continue;
            }
            let Ok(theirs) = cell.read_theirs(&text, mapped.habits(filled, &[])) else { continue };
            if theirs.unknown.is_empty() {
                if understood.len() < REMEMBERED {
                    understood.insert(text);
                }
                continue;
            }
            for word in theirs.unknown {
                let key = (at, fold(&word));
                if let Some(unknown) = self.unknown.get_mut(&key) {
                    unknown.count += 1;
                    continue;
                }
                let Some(count) = self.unknown_counts.get_mut(at) else { continue };
                *count += 1;
                if *count > MAXIMUM_WORDS {
                    self.is_full.get_mut(at).into_iter().for_each(|is_full| *is_full = true);
                    continue;
                }
                self.unknown.insert(key, Unknown { text: short(&word), row, count: 1 });
            }
        }
    }

    /// What follows.
    pub(super) fn finish(self) -> Scanned {
        let mut scanned = Scanned::default();
        for (column, evidence) in self.mapped.dates.iter().zip(&self.evidence) {
            scanned.dates_of(&column.name, column.said, evidence);
        }
        // What the other columns say is no answer, but helps to give one.
        let found: Vec<String> = scanned
            .dates
            .iter()
            .filter(|column| column.because.is_some())
            .filter_map(|column| Some(format!("in {:?} {}", column.column, in_words(column.style?)?)))
            .collect();
        if !found.is_empty() {
            for question in &mut scanned.questions {
                question.question = format!("{} ({})", question.question, found.join(", "));
            }
        }
        for (at, filled) in self.mapped.filled.iter().enumerate() {
            if self.is_full.get(at) == Some(&true) {
                let detail = format!(
                    "column {:?} has more than {MAXIMUM_WORDS} different words that are none of {}: is it the right column?",
                    filled.name,
                    filled.pointer.trim_start_matches('/').replace('/', ".")
                );
                scanned.faults.push(Fault::new("/columns", "choice", detail));
            }
        }
        for ((at, word), unknown) in self.unknown {
            let Some(filled) = self.mapped.filled.get(at).filter(|_| self.is_full.get(at) != Some(&true)) else {
                continue;
            };
            let Some(cell) = filled.target.cell() else { continue };
            let key = format!("value:{}:{word}", filled.name);
            // Two fields may be filled from one column.
            if scanned.questions.iter().any(|question| question.key == key) {
                continue;
            }
            let field = filled.pointer.trim_start_matches('/').replace('/', ".");
            scanned.questions.push(ImportQuestion {
                question: format!("In {:?}, what does {:?} mean for {field}?", filled.name, unknown.text),
                key,
                column: Some(filled.name.clone()),
                row: Some(unknown.row),
                row_count: unknown.count,
                choices: choices(cell, filled.target.field(), &word),
            });
        }
        scanned
    }
}

/// What can be answered, what is probably meant first.
fn choices(cell: &super::cell::Cell, field: &str, word: &str) -> Vec<ImportChoice> {
    let all: Vec<String> = match cell.kind {
        CellKind::Boolean => vec!["true".into(), "false".into()],
        _ => cell.choices.clone(),
    };
    // A country can be any: an answer of its two letters.
    if all.is_empty() {
        return Vec::new();
    }
    let suggested = words::suggestion(field, word, &all);
    let mut choices: Vec<ImportChoice> = all
        .iter()
        .map(|answer| {
            let meaning = words::label_of(answer, &all).map_or_else(|| answer.replace('_', " "), str::to_owned);
            let is_suggested = suggested.as_ref() == Some(answer);
            let meaning = if is_suggested { format!("{meaning} (probably)") } else { meaning };
            ImportChoice { answer: answer.clone(), meaning }
        })
        .collect();
    choices.sort_by_key(|choice| suggested.as_ref() != Some(&choice.answer));
    choices.push(ImportChoice { answer: NOTHING.into(), meaning: "Nothing: leave the field as it is".into() });
    choices
}

fn in_words(style: DateStyle) -> Option<&'static str> {
    match style {
        DateStyle::Dmy => Some("the day stands first"),
        DateStyle::Mdy => Some("the month stands first"),
        DateStyle::Ymd => Some("the year stands first"),
        DateStyle::Iso => None,
    }
}

impl Scanned {
    fn dates_of(&mut self, name: &str, said: Option<DateStyle>, evidence: &Evidence) {
        let finding = evidence.finding();
        let recognised = |style, because: Option<String>| RecognisedDates { column: name.to_owned(), style, because };
        if let Some(style) = said {
            self.styles.push(Some(style));
            self.hints.push(hint(style, evidence));
            self.dates.push(recognised(Some(style), None));
            return;
        }
        match finding {
            Finding::Style(style, because) => {
                if let (Some(words), Some(cell)) = (in_words(style), &because) {
                    self.sentences.push(if evidence.has_numbers() {
                        format!("Dates in {name:?}: {words}, since {cell} can only be read so.")
                    } else {
                        format!("Dates in {name:?} are written like {cell}.")
                    });
                }
                // Where every cell says its day by itself, any order reads them.
                self.styles.push(Some(if style == DateStyle::Iso { DateStyle::Dmy } else { style }));
                self.hints.push(None);
                self.dates.push(recognised(Some(style), because));
            }
            Finding::Both([(one, here), (other, there)]) => {
                let detail = format!(
                    "column {name:?} has dates of two kinds: {one} ({here}) and {other} ({there}) cannot be read one way: mend one of them"
                );
                self.faults.push(Fault::new("", "date", detail));
                self.styles.push(None);
                self.hints.push(None);
                self.dates.push(recognised(None, None));
            }
            Finding::Unknown => {
                self.styles.push(None);
                self.hints.push(None);
                self.dates.push(recognised(None, None));
                self.questions.push(question(name, evidence));
            }
            Finding::Nothing => {
                self.styles.push(Some(DateStyle::Dmy));
                self.hints.push(None);
            }
        }
    }
}

/// What to say where a cell is no date as was said: what the others would be.
fn hint(style: DateStyle, evidence: &Evidence) -> Option<String> {
    let (other, cell) = match style {
        DateStyle::Mdy => (DateStyle::Dmy, evidence.only(DateStyle::Dmy, DateStyle::Mdy)?),
        _ => (DateStyle::Mdy, evidence.only(DateStyle::Mdy, DateStyle::Dmy)?),
    };
    let words = in_words(other)?.trim_end_matches(" stands first");
    let also = evidence.either().and_then(|(either, _)| {
        Some(format!(", and then {either} would be {}", dates::read(either, other)?.in_words()))
    });
    Some(format!(
        "the file looks as if {words} stood first everywhere, as in {}{}: say so with `dates`",
        cell,
        also.unwrap_or_default()
    ))
}

fn question(name: &str, evidence: &Evidence) -> ImportQuestion {
    let (cell, styles) = evidence.either().unwrap_or_default();
    let read = |style| dates::read(cell, style).map(|day| day.in_words());
    let days: Vec<String> = styles.iter().filter_map(|style| read(*style)).collect();
    let choice = |style: &DateStyle| {
        let stands_first = capital(in_words(*style)?);
        Some(ImportChoice { answer: word(style), meaning: format!("{stands_first}: {cell} is {}", read(*style)?) })
    };
    let parts = if styles.contains(&DateStyle::Ymd) { "what" } else { "whether the day or the month" };
    ImportQuestion {
        key: format!("dates:{name}"),
        column: Some(name.to_owned()),
        row: None,
        row_count: evidence.either_count,
        question: format!("In {name:?} no date says {parts} stands first: is {cell} {}?", days.join(" or ")),
        choices: styles.iter().filter_map(choice).collect(),
    }
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

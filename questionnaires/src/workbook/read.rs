//! Cells → answers, or every cell that does not fit.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use serde_json::Value;

use super::package::{Book, Row};
use super::words::{excerpt, kind};
use super::{
    ANSWER, ASSESSMENT, COMMENT, EVIDENCE, Filled, GUIDE_SHEET, MAX_SHEET_ROWS, MAX_WORKBOOK_BYTES, NOT_APPLICABLE,
    WHY_NOT, folded, shown_options, stamp,
};
use crate::answer::{
    Answer, Answers, MAX_ANSWER_CHARS, MAX_COMMENT_CHARS, MAX_EVIDENCE_ID_CHARS, MAX_EVIDENCE_IDS, check_answers,
    normalise_answer, parse_date,
};
use crate::cells::{self, letters, split};
use crate::edition::{Choice, Decimal, Edition, MAX_TITLE_CHARS, NotApplicable, Question, QuestionType};
use crate::fault::{Fault, Faults, escape};
use crate::spreadsheet::Cell;

/// No key of a row is longer: a question's key, a slash and an option's value.
const MAX_KEY_BYTES: usize = 200;
/// No id of an assessment is longer.
const MAX_ID_BYTES: usize = 64;
/// What is said of a cell that may hold an answer which nobody can see.
const UNSAVED: &str = "found a formula whose result is not in the file: open the file in a spreadsheet, save it there, and send what it saved";

/// The rows of a CSV file in which anything stands.
pub(super) fn csv_rows(text: &str) -> Result<Vec<Row>, Fault> {
    if text.len() > MAX_WORKBOOK_BYTES {
        return Err(Fault::new(
            "",
            "too_large",
            format!("expected at most {MAX_WORKBOOK_BYTES} bytes, found {}", text.len()),
        ));
    }
    let mut rows = Vec::new();
    for record in cells::read(text) {
        let record = record
            .map_err(|malformed| Fault { line: Some(malformed.line), ..Fault::new("", "syntax", malformed.message) })?
            .unprotected();
        if record.is_blank() {
            continue;
        }
        if record.row > MAX_SHEET_ROWS {
            return Err(Fault {
                line: Some(record.line),
                ..Fault::new("", "too_large", format!("expected at most {MAX_SHEET_ROWS} rows"))
            });
        }
        let filled = (1..).zip(record.cells).filter(|(_, cell)| !cell.trim().is_empty());
        rows.push(Row {
            row: record.row,
            line: record.line,
            cells: filled.map(|(column, cell)| (column, Cell::Text(cell.into_owned()))).collect(),
        });
    }
    Ok(rows)
}

/// Where an answer or a part of it stands.
#[derive(Clone, Copy)]
struct Place {
    row: u32,
    line: u32,
    column: u32,
}

/// The columns that are read, by number.
struct Columns {
    answer: u32,
    comment: u32,
    why_not: u32,
    evidence: u32,
}

/// The form that these rows are; and the workbook and the sheet that they are in, if they are in one.
pub(super) fn form(rows: Vec<Row>, book: Option<(&Book<'_>, String)>, edition: &Edition) -> Filled {
    // The guide of a form says whose it is too; in forms of earlier builds nothing else does.
    let guide = || book.as_ref().and_then(|(book, _)| in_guide(book));
    let assessment = rows.first().and_then(in_first_cell).or_else(guide);
    Filled { assessment, answers: answers(rows, book.map(|(_, sheet)| sheet), edition) }
}

/// Whether a cell says that a form begins with it.
pub(super) fn is_stamp(cell: &Cell) -> bool {
    within(cell, MAX_KEY_BYTES).is_some_and(|text| stamped(&text).is_some())
}

/// The questionnaire and the edition that the first cell of a form names, and what stands behind them.
fn stamped(text: &str) -> Option<(String, Option<&str>)> {
    let words: Vec<&str> = text.split_whitespace().take(4).collect();
    let (key, number, assessment) = match *words.as_slice() {
        [key, number] => (key, number, None),
        [key, number, assessment] if is_id(assessment) => (key, number, Some(assessment)),
        _ => return None,
    };
    number.contains('.').then(|| (format!("{key} {number}"), assessment))
}

fn is_id(text: &str) -> bool {
    let is_part = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    !text.is_empty() && text.len() <= MAX_ID_BYTES && text.bytes().all(is_part)
}

fn in_first_cell(header: &Row) -> Option<String> {
    let (_, cell) = header.cells.iter().find(|(column, _)| *column == 1)?;
    Some(stamped(&within(cell, MAX_KEY_BYTES)?)?.1?.to_owned())
}

fn in_guide(book: &Book<'_>) -> Option<String> {
    let rows = book.rows(GUIDE_SHEET).ok()?;
    rows.iter().find_map(|row| {
        let at = |column: u32| row.cells.iter().find(|(known, _)| *known == column).map(|(_, cell)| cell);
        let label = within(at(1)?, MAX_KEY_BYTES)?;
        let id = within(at(2)?, MAX_ID_BYTES)?;
        (label.trim() == ASSESSMENT && is_id(id.trim())).then(|| id.trim().to_owned())
    })
}

/// The answers in the rows of a form.
fn answers(rows: Vec<Row>, sheet: Option<String>, edition: &Edition) -> Result<Answers, Vec<Fault>> {
    let questions = edition.questions().map(|question| (question.key.as_str(), question)).collect();
    let mut reader = Reader {
        edition,
        sheet,
        questions,
        faults: Faults::default(),
        seen: BTreeSet::new(),
        places: BTreeMap::new(),
        answers: Answers::new(),
    };
    let mut rows = rows.into_iter();
    let header = rows.next().unwrap_or(Row { row: 1, line: 1, cells: Vec::new() });
    if let Some(columns) = reader.columns(&header) {
        for row in rows {
            reader.row(&row, &columns);
            if reader.faults.is_full() {
                break;
            }
        }
    }
    reader.finish()
}

struct Reader<'a> {
    edition: &'a Edition,
    sheet: Option<String>,
    questions: BTreeMap<&'a str, &'a Question>,
    faults: Faults,
    seen: BTreeSet<String>,
    /// Pointer of an answer's field → where it stands.
    places: BTreeMap<String, Place>,
    answers: Answers,
}

impl<'a> Reader<'a> {
    /// Reports a cell.
    fn fault(&mut self, pointer: String, place: Place, code: &str, message: &str) {
        let sheet = self.sheet.as_ref().map(|sheet| format!("{sheet}!")).unwrap_or_default();
        let key = pointer.split('/').nth(1).and_then(|key| self.questions.get(key));
        let question =
            key.map(|question| format!(", {} ({})", excerpt(&question.text), question.key)).unwrap_or_default();
        let message = format!("{sheet}{}{}{question}: {message}", letters(place.column), place.row);
        self.faults.push(Fault {
            line: Some(place.line),
            column: Some(place.column),
            ..Fault::new(pointer, code, message)
        });
    }

    /// The columns, where the form is one of this edition.
    fn columns(&mut self, header: &Row) -> Option<Columns> {
        let place = |column| Place { row: header.row, line: header.line, column };
        let expected = stamp(self.edition);
        let found =
            header.cells.iter().find(|(column, _)| *column == 1).map(|(_, cell)| in_text(cell)).unwrap_or_default();
        let stamp = stamped(&found).map(|(stamp, _)| stamp);
        if stamp.as_ref() != Some(&expected) {
            let (code, message) = match stamp {
                Some(stamp) => (
                    "another_questionnaire",
                    format!("this form is for {}: expected one for {}", excerpt(&stamp), excerpt(&expected)),
                ),
                None => (
                    "no_form",
                    format!("expected a form as it was sent out, whose first cell is {}", excerpt(&expected)),
                ),
            };
            self.fault(String::new(), place(1), code, &message);
            return None;
        }
        let mut column = |name: &str| {
            let mut found = header.cells.iter().filter(|(_, cell)| matches!(cell, Cell::Text(text) if text.len() < MAX_KEY_BYTES && folded(text) == folded(name)));
            let first = found.next().map(|(column, _)| *column);
            if first.is_none() {
                self.fault(
                    String::new(),
                    place(1),
                    "missing_column",
                    &format!("expected the column {} in this row, as in the form that was sent out", excerpt(name)),
                );
            } else if let Some((second, _)) = found.next() {
                self.fault(
                    String::new(),
                    place(*second),
                    "duplicate_column",
                    "this column stands here a second time: keep one",
                );
            }
            first
        };
        let (answer, comment, why_not, evidence) = (column(ANSWER), column(COMMENT), column(WHY_NOT), column(EVIDENCE));
        Some(Columns { answer: answer?, comment: comment?, why_not: why_not?, evidence: evidence? })
    }

    fn row(&mut self, row: &Row, columns: &Columns) {
        let stands = |column: u32| row.cells.iter().find(|(known, _)| *known == column).map(|(_, cell)| cell);
        let is_unsaved = |column: u32| stands(column).is_some_and(|cell| *cell == Cell::Unsaved);
        let at = |column: u32| stands(column).filter(|cell| **cell != Cell::Unsaved);
        let place = |column| Place { row: row.row, line: row.line, column };
        let Columns { answer, comment, why_not, evidence } = *columns;
        if is_unsaved(1) {
            self.fault(String::new(), place(1), "formula_without_result", UNSAVED);
            return;
        }
        let Some(key) = at(1).map(in_text) else {
            let filled = [answer, comment, why_not, evidence].into_iter().find(|column| stands(*column).is_some());
            if let Some(column) = filled {
                self.fault(
                    String::new(),
                    place(column),
                    "row_without_key",
                    "the first column of this row is empty, so nothing says which question it answers",
                );
            }
            return;
        };
        let key = if key.len() > MAX_KEY_BYTES { "" } else { key.trim() };
        let (name, option) = key.split_once('/').map_or((key, None), |(name, option)| (name, Some(option)));
        let Some(question) = self.questions.get(name).copied() else {
            let hint = self.faults.hint(name, self.questions.keys().copied());
            self.fault(
                String::new(),
                place(1),
                "unknown_question",
                &format!("this edition has no question {}{hint}", excerpt(name)),
            );
            return;
        };
        let pointer = |field: &str| format!("/{}{field}", escape(&question.key));
        if !self.seen.insert(key.to_owned()) {
            self.fault(pointer(""), place(1), "duplicate_row", "this row stands here a second time: keep one");
            return;
        }
        let parts =
            [(answer, "/value"), (comment, "/comment"), (why_not, "/not_applicable"), (evidence, "/evidence_ids")];
        for (column, field) in parts.into_iter().filter(|(column, _)| is_unsaved(*column)) {
            self.fault(pointer(field), place(column), "formula_without_result", UNSAVED);
        }
        if let Some(option) = option {
            for column in [comment, why_not, evidence].into_iter().filter(|column| at(*column).is_some()) {
                self.fault(
                    pointer(""),
                    place(column),
                    "cell_not_for_row",
                    "expected this in the row of the question, not of an option",
                );
            }
            let choice = question
                .options
                .iter()
                .find(|choice| choice.value == option && question.kind == QuestionType::MultipleChoice);
            match choice {
                Some(choice) => self.option(question, choice, at(answer), place(answer)),
                None => self.fault(
                    pointer(""),
                    place(1),
                    "unknown_option",
                    &format!("this question has no option {}", excerpt(option)),
                ),
            }
            return;
        }
        let mut given = self.answers.remove(&question.key).unwrap_or_default();
        if let Some(cell) = at(answer) {
            match value(question, cell) {
                Ok(value) => given.value = value,
                Err((code, expected)) => {
                    self.fault(pointer("/value"), place(answer), code, &format!("found {}: {expected}", shown(cell)))
                }
            }
            self.places.insert(pointer("/value"), place(answer));
        }
        let mut text = |column: u32, field: &str, most: usize| {
            let cell = at(column)?;
            self.places.insert(pointer(field), place(column));
            if matches!(cell, Cell::Wrong(_)) {
                let message = format!("found {}: expected words", shown(cell));
                self.fault(pointer(field), place(column), "wrong_type", &message);
                return None;
            }
            match within(cell, most) {
                Some(text) => Some(text.into_owned()),
                None => {
                    self.fault(pointer(field), place(column), "too_long", &expected_at_most(most));
                    None
                }
            }
        };
        given.comment = text(comment, "/comment", MAX_COMMENT_CHARS);
        given.not_applicable = text(why_not, "/not_applicable", MAX_COMMENT_CHARS);
        if question.not_applicable == NotApplicable::WithoutReason
            && let Some(reason) = &mut given.not_applicable
            && reason.trim().eq_ignore_ascii_case(NOT_APPLICABLE)
        {
            reason.clear();
        }
        let ids = text(evidence, "/evidence_ids", MAX_EVIDENCE_IDS * (MAX_EVIDENCE_ID_CHARS + 2));
        given.evidence_ids =
            ids.map(|ids| split(&ids).into_iter().map(|id| id.trim().to_owned()).collect()).unwrap_or_default();
        self.keep(question, given);
    }

    fn option(&mut self, question: &Question, choice: &Choice, cell: Option<&Cell>, place: Place) {
        let Some(cell) = cell else { return };
        let pointer = format!("/{}/value", escape(&question.key));
        match truth(cell) {
            Some(true) => {
                let mut given = self.answers.remove(&question.key).unwrap_or_default();
                match &mut given.value {
                    Some(Value::Array(chosen)) => chosen.push(choice.value.clone().into()),
                    value => *value = Some(vec![choice.value.clone()].into()),
                }
                self.keep(question, given);
                self.places.entry(pointer).or_insert(place);
            }
            Some(false) => {}
            None => {
                let message = format!(
                    "found {}: expected \u{201c}yes\u{201d} for the option {}, or nothing",
                    shown(cell),
                    excerpt(&choice.label)
                );
                self.fault(pointer, place, "wrong_type", &message);
            }
        }
    }

    fn keep(&mut self, question: &Question, given: Answer) {
        if given != Answer::default() {
            self.answers.insert(question.key.clone(), given);
        }
    }

    /// The answers in the form in which they are kept, where every one fits.
    fn finish(mut self) -> Result<Answers, Vec<Fault>> {
        let answers: Answers = std::mem::take(&mut self.answers)
            .into_iter()
            .filter_map(|(key, answer)| {
                let question = self.questions.get(key.as_str())?;
                Some((key, normalise_answer(question, answer)))
            })
            .collect();
        for fault in check_answers(self.edition, &answers) {
            // `/question/field`, whatever stands inside it.
            let field: Vec<&str> = fault.pointer.splitn(4, '/').take(3).collect();
            let place = self.places.get(&field.join("/")).copied().unwrap_or(Place { row: 1, line: 1, column: 1 });
            let found = match (field.get(2), fault.code.as_str()) {
                (Some(&"value"), "out_of_range") => {
                    let value = field.get(1).and_then(|key| answers.get(*key)).and_then(|answer| answer.value.as_ref());
                    value.map(|value| format!("found {value}: ")).unwrap_or_default()
                }
                _ => String::new(),
            };
            self.fault(fault.pointer, place, &fault.code, &format!("{found}{}", fault.message));
        }
        if self.faults.is_empty() { Ok(answers) } else { Err(self.faults.into_sorted()) }
    }
}

fn expected_at_most(most: usize) -> String {
    format!("expected at most {most} characters")
}

/// What stands in a cell, as a message repeats it.
fn shown(cell: &Cell) -> String {
    match cell {
        Cell::Wrong(_) => "an error in place of a result".to_owned(),
        cell => excerpt(&in_text(cell)),
    }
}

/// A cell as text, as people see it: dates as `YYYY-MM-DD`.
fn in_text(cell: &Cell) -> Cow<'_, str> {
    match cell {
        Cell::Wrong(_) => "".into(),
        cell => cell.shown(),
    }
}

/// A cell as text, where it is not too long.
fn within(cell: &Cell, most: usize) -> Option<Cow<'_, str>> {
    let text = in_text(cell);
    let fits = text.len() <= most || (text.len() <= most * 4 && text.chars().count() <= most);
    fits.then_some(text)
}

fn truth(cell: &Cell) -> Option<bool> {
    let text = within(cell, 10)?;
    match folded(&text).as_str() {
        "yes" | "y" | "x" | "true" | "1" => Some(true),
        "no" | "n" | "false" | "0" => Some(false),
        _ => None,
    }
}

type Unfit = (&'static str, String);

/// The value that a cell gives; none where the cell is blank.
fn value(question: &Question, cell: &Cell) -> Result<Option<Value>, Unfit> {
    let unfit = |code, more: &str| Err((code, format!("expected {}{more}", kind(question))));
    if matches!(cell, Cell::Wrong(_)) {
        return unfit("wrong_type", "");
    }
    let value = match question.kind {
        QuestionType::MultipleChoice => return unfit("wrong_type", ", not here"),
        QuestionType::YesNo | QuestionType::SingleChoice => match option(question, cell) {
            Found::One(choice) => choice.value.clone().into(),
            Found::Several => return unfit("ambiguous_option", ": several options are called so"),
            Found::None => return unfit("unknown_option", ""),
        },
        QuestionType::Number => match number(question, cell) {
            Ok(number) => Value::Number(number.to_json()),
            Err(more) => return unfit("wrong_type", more),
        },
        QuestionType::Date => match date(cell) {
            Some(date) => date.to_string().into(),
            None => return unfit("bad_date", ""),
        },
        QuestionType::Text => match within(cell, MAX_ANSWER_CHARS) {
            Some(text) => text.into_owned().into(),
            None => return Err(("too_long", expected_at_most(MAX_ANSWER_CHARS))),
        },
        QuestionType::File => match within(cell, MAX_EVIDENCE_ID_CHARS) {
            Some(text) => text.trim().to_owned().into(),
            None => return Err(("too_long", expected_at_most(MAX_EVIDENCE_ID_CHARS))),
        },
    };
    Ok(Some(value))
}

enum Found<'a> {
    One(&'a Choice),
    Several,
    None,
}

/// The option a cell names: as it is shown, by its label, or by its value.
fn option<'a>(question: &'a Question, cell: &Cell) -> Found<'a> {
    let Some(text) = within(cell, MAX_TITLE_CHARS + MAX_KEY_BYTES).map(|text| folded(&text)) else {
        return Found::None;
    };
    if let Some(index) = shown_options(question).iter().position(|shown| folded(shown) == text) {
        return question.options.get(index).map_or(Found::None, Found::One);
    }
    let mut labelled = question.options.iter().filter(|choice| folded(&choice.label) == text);
    match (labelled.next(), labelled.next()) {
        (Some(choice), None) => return Found::One(choice),
        (Some(_), Some(_)) => return Found::Several,
        (None, _) => {}
    }
    let is_yes_no = question.kind == QuestionType::YesNo;
    let value = match (cell, text.as_str()) {
        (Cell::Truth(yes), _) if is_yes_no => {
            if *yes {
                "yes"
            } else {
                "no"
            }
        }
        (_, "true") if is_yes_no => "yes",
        (_, "false") if is_yes_no => "no",
        (_, text) => text,
    };
    question.options.iter().find(|choice| choice.value == value).map_or(Found::None, Found::One)
}

/// The number in a cell, or what more is to be said.
fn number(question: &Question, cell: &Cell) -> Result<Decimal, &'static str> {
    const TOO_FINE: &str = ", below 1,000,000,000,000 and with at most three decimal places";
    // Where the unit is %, 95 % can mean nothing else than 95.
    let is_share = question.unit.as_deref().is_some_and(|unit| unit.trim() == "%");
    let number = match cell {
        // Without what binary fractions add to hundredths.
        Cell::Number { value, shown } if shown.ends_with('%') && is_share => (value * 1e11).round() / 1e9,
        Cell::Number { shown, .. } if shown.ends_with('%') => {
            return Err(", not a percentage: set the format of the cell to a number, and write 95 for 95 %");
        }
        Cell::Number { shown, .. } if shown.contains(':') => {
            return Err(", not a time: set the format of the cell to a number");
        }
        Cell::Number { value, .. } => *value,
        Cell::Moment { .. } => return Err(", not a date: set the format of the cell to a number"),
        cell => {
            let Some(text) = within(cell, 40) else { return Err("") };
            let text = text.trim();
            let text = text.strip_suffix('%').filter(|_| is_share).map_or(text, str::trim_end);
            let is_digit = |byte: &u8| byte.is_ascii_digit();
            let is_number = text.bytes().any(|byte| is_digit(&byte))
                && text.bytes().all(|byte| is_digit(&byte) || b"+-.".contains(&byte));
            if !is_number {
                let has_separators = text.bytes().any(|byte| is_digit(&byte))
                    && text.chars().all(|character| {
                        character.is_ascii_digit() || "+-.,'_ \u{a0}\u{202f}\u{2009}\u{2019}".contains(character)
                    });
                return Err(if has_separators {
                    ", without thousands separators and with a full stop before decimals: 1234.5"
                } else {
                    ", and nothing else in the cell"
                });
            }
            text.parse().map_err(|_| "")?
        }
    };
    Decimal::from_float(number).ok_or(TOO_FINE)
}

/// The date in a cell: one by its format, or `YYYY-MM-DD` or `DD/MM/YYYY`, with or without a time behind it.
fn date(cell: &Cell) -> Option<NaiveDate> {
    if let Cell::Moment { day, .. } = cell {
        return Some(*day);
    }
    let text = within(cell, 40)?;
    let text = text.trim();
    let is_time =
        |text: &str| text.chars().all(|character| character.is_ascii_digit() || ":.,+- Z".contains(character));
    let text = match text.split_once(['T', ' ']) {
        Some((date, time)) if is_time(time) => date,
        _ => text,
    };
    let turned = |text: &str| {
        let [day, month, year] = <[&str; 3]>::try_from(text.split('/').collect::<Vec<_>>()).ok()?;
        parse_date(&format!("{year}-{month}-{day}"))
    };
    parse_date(text).or_else(|| turned(text))
}

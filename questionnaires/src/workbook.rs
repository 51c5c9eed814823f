//! A questionnaire to fill in offline: written as a workbook (XLSX) or as CSV, and its answers read back, from whatever
//! kind of workbook somebody saved it as (XLSX, XLSB, XLS, ODS) too.
//!
//! | File | What is in it |
//! |---|---|
//! | `workbook.rs` | what stands where in a form, and the CSV of it |
//! | `workbook/words.rs` | how to answer, and when a question is asked, in words |
//! | `workbook/write.rs` | the workbook: drop-down lists, locked cells, checked input |
//! | `workbook/plain.rs` | rows of text as a workbook, which is no form |
//! | `workbook/package.rs` | bytes → the cells of a sheet, whatever the bytes are, through narrow limits |
//! | `workbook/read.rs` | cells → answers, or every cell that does not fit |
//!
//! A form shows what a respondent sees: no weights, points, knock-outs or findings. It has a row for each question, and
//! below a `multiple_choice` question a row for each option. The first row says what the columns are; its first cell
//! says which questionnaire and which edition the form is for, and behind them which assessment if it is one's; below it
//! stand the keys: the question's, or for an option `question/option`. In a workbook that column is hidden, and whatever
//! is no answer is locked, without a password. A sheet cannot hide rows as answers are given, so each row says in words
//! when it is asked.
//!
//! **Reading** takes the label or the value of an option, in capitals or not; dates as dates, as `YYYY-MM-DD` or as
//! `DD/MM/YYYY`, with or without a time; numbers without thousands separators, and `95%` where the unit is %; `yes` on the
//! row of an option. A number in an answer in words is what people see: `04142000`, `7%`. Rows may be moved and left out. A
//! question with nothing filled in is absent from the answers, and an empty cell is an absent field: reading a form
//! never says that something is to be cleared. A formula counts as its result, which a spreadsheet keeps in the file; a
//! program that writes formulas without results has written no answers, and each such cell is named.

use crate::answer::{Answer, Answers, parse_date};
use crate::cells;
use crate::edition::{Choice, Decimal, Edition, Question, QuestionType, Section};
use crate::fault::Fault;
use crate::spreadsheet::Kind;
use chrono::NaiveDate;
use serde_json::Value;

mod package;
mod plain;
mod read;
pub(crate) mod words;
mod write;

pub use plain::write_plain;

/// The largest workbook, and the largest CSV file, read as a form, in bytes (5 MiB).
pub const MAX_WORKBOOK_BYTES: usize = 5 * 1024 * 1024;
/// The most that a workbook may hold once it is unpacked, in bytes (32 MiB).
pub const MAX_UNPACKED_BYTES: usize = 32 * 1024 * 1024;
/// The most files in the zip file that a workbook is.
pub const MAX_WORKBOOK_PARTS: usize = 200;
/// The last row of a sheet, or of a CSV file, that may hold anything.
pub const MAX_SHEET_ROWS: u32 = 100_000;
/// The last column of a sheet that may hold anything.
pub const MAX_SHEET_COLUMNS: u32 = 64;
/// The most cells of a sheet that hold anything.
pub const MAX_SHEET_CELLS: usize = 500_000;

/// What a workbook of Excel 97 to 2003 begins with, and any with a password.
const COMPOUND_FILE: [u8; 4] = [0xd0, 0xcf, 0x11, 0xe0];

/// The name of the sheet that holds the questions.
pub const QUESTIONS_SHEET: &str = "Questions";

/// What a form is written from.
#[derive(Debug, Clone, Copy)]
pub struct Form<'a> {
    /// What is asked.
    pub edition: &'a Edition,
    /// What has been answered already, and stands in the form.
    pub answers: &'a Answers,
    /// The keys of the questions that are asked as the answers stand, e.g. [`crate::Outcome::visible`]. The others are
    /// greyed and say so, but can be answered: an answer in the form may bring them back. All are asked when absent.
    pub visible: Option<&'a [String]>,
    /// What else the first sheet says, e.g. `("Supplier", "Example Ltd")`: labels and texts, in order.
    pub facts: &'a [(String, String)],
    /// The id of the assessment whose form it is: letters, digits and `_`, at most 64. The form says so in its first
    /// cell, and [`Filled`] when it comes back.
    pub assessment: Option<&'a str>,
}

/// A form that came back.
#[derive(Debug, Clone, PartialEq)]
pub struct Filled {
    /// The assessment whose form it says it is; none where it does not say.
    pub assessment: Option<String>,
    /// What was filled in, or every cell that does not fit.
    pub answers: Result<Answers, Vec<Fault>>,
}

impl Filled {
    fn refused(fault: Fault) -> Self {
        Self { assessment: None, answers: Err(vec![fault]) }
    }
}

/// The form as a workbook. The same form gives the same bytes.
///
/// # Errors
/// A text that no cell can hold: more than 32,767 characters. No answer that fits its question is so long.
pub fn write_xlsx(form: &Form<'_>) -> Result<Vec<u8>, Fault> {
    write::workbook(form)
}

/// The form as CSV: UTF-8 without a byte-order mark, the columns of the workbook's sheet of questions.
#[must_use]
pub fn write_csv(form: &Form<'_>) -> String {
    let mut file = cells::Writer::default();
    file.write(headers(form));
    for line in lines(form) {
        let answer = match line.answer() {
            Given::Nothing => String::new(),
            Given::Text(text) => text,
            Given::Number(number) => number.to_string(),
            Given::Date(date) => date.to_string(),
        };
        let Line { key, section, text, help, how, .. } = &line;
        let more = [line.comment(), line.not_applicable(), &line.evidence()].map(ToOwned::to_owned);
        let all = [key.clone(), section.title.clone(), text.clone(), (*help).to_owned(), how.clone(), answer]
            .into_iter()
            .chain(more);
        file.write(all);
    }
    file.into_text()
}

/// A form that [`write_xlsx`] or [`write_csv`] wrote and somebody filled in, saved as a workbook of any kind (XLSX, XLSB,
/// XLS, ODS) or as CSV: which of them, its bytes say. Its answers are refused as by [`read_xlsx`] and [`read_csv`], and
/// for what is neither a workbook nor text in UTF-8.
#[must_use]
pub fn read(bytes: &[u8], edition: &Edition) -> Filled {
    // A workbook is a ZIP archive or a compound file, and no CSV begins as one does.
    if bytes.starts_with(b"PK") || bytes.starts_with(&COMPOUND_FILE) {
        return filled_book(bytes, None, edition);
    }
    match std::str::from_utf8(bytes) {
        Ok(text) => filled_csv(text, edition),
        Err(_) => Filled::refused(Fault::new("", "encoding", "expected an Excel workbook, or a CSV table in UTF-8")),
    }
}

/// The answers in a workbook that [`write_xlsx`] wrote and somebody filled in.
///
/// # Errors
/// What is no workbook, or one of another questionnaire or edition; or else every cell that does not fit, with the
/// sheet, the cell, the question, what was found and what was expected. The line of a fault is the row, its column the
/// number of the column; its pointer begins with the question's key, as those of [`crate::check_answers`] do.
pub fn read_xlsx(bytes: &[u8], edition: &Edition) -> Result<Answers, Vec<Fault>> {
    filled_book(bytes, Some(Kind::Xlsx), edition).answers
}

/// The form in a workbook of this kind, or of the kind that its bytes say.
fn filled_book(bytes: &[u8], kind: Option<Kind>, edition: &Edition) -> Filled {
    let opened = package::Book::open(bytes, kind);
    match opened.and_then(|book| Ok((book.questions(read::is_stamp)?, book))) {
        Ok(((sheet, rows), book)) => read::form(rows, Some((&book, sheet)), edition),
        Err(fault) => Filled::refused(fault),
    }
}

/// The answers in a CSV file that [`write_csv`] wrote and somebody filled in; semicolons between the cells and a
/// byte-order mark are fine.
///
/// # Errors
/// As [`read_xlsx`], except that the line of a fault is the line of the file.
pub fn read_csv(text: &str, edition: &Edition) -> Result<Answers, Vec<Fault>> {
    filled_csv(text, edition).answers
}

fn filled_csv(text: &str, edition: &Edition) -> Filled {
    read::csv_rows(text).map_or_else(Filled::refused, |rows| read::form(rows, None, edition))
}

/// The columns of a form: the first has the keys, and its heading is the [`stamp`].
const HEADERS: [&str; 9] = ["", "Section", "Question", "Help", "How to answer", ANSWER, COMMENT, WHY_NOT, EVIDENCE];
const ANSWER: &str = "Answer";
const COMMENT: &str = "Comment";
const WHY_NOT: &str = "Not applicable: why";
/// What stands in the place of a reason where a question that asks for none does not apply: an empty cell says nothing.
pub const NOT_APPLICABLE: &str = "Does not apply";
const EVIDENCE: &str = "Evidence";

/// What is written on the row of an option that is chosen.
const CHOSEN: &str = "Yes";

/// The name of the sheet that says how to fill the form in.
const GUIDE_SHEET: &str = "How to fill this in";
/// What stands there beside the id of the assessment whose form it is.
const ASSESSMENT: &str = "Assessment";

/// Which questionnaire and which edition a form is for. One text, because alone a spreadsheet would take `2026.10` for
/// a number.
fn stamp(edition: &Edition) -> String {
    format!("{} {}", edition.key, edition.edition)
}

fn headers(form: &Form<'_>) -> [String; 9] {
    let mut headers = HEADERS.map(ToOwned::to_owned);
    headers[0] = match form.assessment {
        Some(assessment) => format!("{} {assessment}", stamp(form.edition)),
        None => stamp(form.edition),
    };
    headers
}

/// One row of a form.
struct Line<'a> {
    /// The question's key, or `question/option`.
    key: String,
    section: &'a Section,
    question: &'a Question,
    /// The option it is about; the question itself when absent.
    choice: Option<&'a Choice>,
    text: String,
    help: &'a str,
    how: String,
    is_asked: bool,
    given: Option<&'a Answer>,
}

/// What stands in a cell for an answer.
enum Given {
    Nothing,
    Text(String),
    Number(Decimal),
    Date(NaiveDate),
}

impl Line<'_> {
    fn answer(&self) -> Given {
        let Some(value) = self.given.and_then(|answer| answer.value.as_ref()) else { return Given::Nothing };
        if let Some(choice) = self.choice {
            let is_chosen =
                value.as_array().is_some_and(|chosen| chosen.iter().any(|one| one.as_str() == Some(&choice.value)));
            return if is_chosen { Given::Text(CHOSEN.to_owned()) } else { Given::Nothing };
        }
        match (self.question.kind, value) {
            (QuestionType::MultipleChoice, _) | (_, Value::Null) => Given::Nothing,
            (QuestionType::YesNo | QuestionType::SingleChoice, value) => {
                let value = match value {
                    Value::Bool(yes) => if *yes { "yes" } else { "no" }.to_owned(),
                    value => plain(value),
                };
                let shown = self.question.options.iter().position(|choice| choice.value == value);
                Given::Text(
                    shown.and_then(|index| shown_options(self.question).into_iter().nth(index)).unwrap_or(value),
                )
            }
            (QuestionType::Number, Value::Number(number)) => {
                Decimal::from_json(number).map_or_else(|| Given::Text(number.to_string()), Given::Number)
            }
            (QuestionType::Date, Value::String(text)) => {
                parse_date(text).map_or_else(|| Given::Text(text.clone()), Given::Date)
            }
            (_, value) => Given::Text(plain(value)),
        }
    }

    fn whole(&self) -> Option<&Answer> {
        self.given.filter(|_| self.choice.is_none())
    }

    fn comment(&self) -> &str {
        self.whole().and_then(|answer| answer.comment.as_deref()).unwrap_or_default()
    }

    fn not_applicable(&self) -> &str {
        match self.whole().and_then(|answer| answer.not_applicable.as_deref()) {
            // An empty cell says nothing: a mark without a reason needs a word.
            Some("") => NOT_APPLICABLE,
            reason => reason.unwrap_or_default(),
        }
    }

    fn evidence(&self) -> String {
        self.whole().map(|answer| cells::join(&answer.evidence_ids)).unwrap_or_default()
    }

    /// Whether the row itself takes an answer.
    fn takes_answer(&self) -> bool {
        self.choice.is_some() || self.question.kind != QuestionType::MultipleChoice
    }
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), ToOwned::to_owned)
}

/// Every row of a form, in the order of the questions.
fn lines<'a>(form: &Form<'a>) -> impl Iterator<Item = Line<'a>> {
    let Form { edition, answers, visible, .. } = *form;
    let visible: Option<std::collections::BTreeSet<&str>> =
        visible.map(|keys| keys.iter().map(String::as_str).collect());
    let words = words::Words::of(edition);
    // When a section is asked is said with each of its questions, and worked out once.
    let asked_if: Vec<Option<String>> = edition
        .sections
        .iter()
        .map(|section| section.show_if.as_ref().map(|condition| words.grouped(condition)))
        .collect();
    let asked = edition
        .sections
        .iter()
        .enumerate()
        .flat_map(|(number, section)| section.questions.iter().map(move |question| (number, section, question)));
    asked.flat_map(move |(number, section, question)| {
        let is_asked = visible.as_ref().is_none_or(|keys| keys.contains(question.key.as_str()));
        let line = |key: String, choice, text: String, help, how| Line {
            key,
            section,
            question,
            choice,
            text,
            help,
            how,
            is_asked,
            given: answers.get(&question.key),
        };
        let help = question.help.as_deref().unwrap_or_default();
        let mut all = vec![line(
            question.key.clone(),
            None,
            question.text.clone(),
            help,
            words::how(&words, asked_if[number].as_deref(), question, is_asked),
        )];
        if question.kind == QuestionType::MultipleChoice {
            all.extend(question.options.iter().map(|choice| {
                let key = format!("{}/{}", question.key, choice.value);
                line(key, Some(choice), format!("\u{2013} {}", choice.label), "", words::how_option(choice))
            }));
        }
        all
    })
}

/// Text as it is compared: capitals and the number of spaces say nothing.
fn folded(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase()
}

/// The options of a question as they are shown, each unlike the others when [`folded`]: labels, or where two labels are
/// alike the values too.
fn shown_options(question: &Question) -> Vec<String> {
    let is_unique = |shown: &[String]| {
        let mut seen = std::collections::BTreeSet::new();
        shown.iter().all(|text| seen.insert(folded(text)))
    };
    let labels: Vec<String> = question.options.iter().map(|choice| choice.label.clone()).collect();
    if is_unique(&labels) {
        return labels;
    }
    let with_values: Vec<String> =
        question.options.iter().map(|choice| format!("{} ({})", choice.label, choice.value)).collect();
    if is_unique(&with_values) {
        with_values
    } else {
        question.options.iter().map(|choice| choice.value.clone()).collect()
    }
}

//! The workbook: drop-down lists, locked cells, checked input.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use rust_xlsxwriter::{
    Color, DataValidation, DataValidationErrorStyle, DataValidationRule, DocProperties, ExcelDateTime, Format,
    FormatAlign, FormatBorder, Formula, ProtectionOptions, Workbook, Worksheet, XlsxError,
};

use super::{
    ASSESSMENT, CHOSEN, Form, GUIDE_SHEET, Given, Line, QUESTIONS_SHEET, headers, lines, shown_options, words,
};
use crate::cells::letters;
use crate::edition::{Decimal, QuestionType};
use crate::fault::{Fault, shortened};

/// The name of the hidden sheet that holds what the drop-down lists offer.
const CHOICES_SHEET: &str = "Choices";
/// The longest message a spreadsheet shows beside a cell, in characters.
const MAX_HINT_CHARS: usize = 250;
/// Every whole number of days between these is a date that all spreadsheets agree on.
const FIRST_DAY: (u16, u8, u8) = (1900, 3, 1);
const LAST_DAY: (u16, u8, u8) = (9999, 12, 31);

const KEY: u16 = 0;
const SECTION: u16 = 1;
const TEXT: u16 = 2;
const HELP: u16 = 3;
const HOW: u16 = 4;
const ANSWER: u16 = 5;
const COMMENT: u16 = 6;
const WHY_NOT: u16 = 7;
const EVIDENCE: u16 = 8;

/// How wide each column is, in characters.
const WIDTHS: [f64; 9] = [4.0, 20.0, 50.0, 50.0, 40.0, 32.0, 36.0, 28.0, 28.0];

const GUIDE: &[&str] = &[
    "Answer on the sheet \u{201c}Questions\u{201d}, in the yellow cells. Everything else is locked, without a password.",
    "Many answers have a list: click the cell, then the arrow beside it.",
    "Where several options may apply, each has a row of its own: choose \u{201c}Yes\u{201d} in the rows that do, and leave the others empty.",
    "Some questions are asked only in some cases. The column \u{201c}How to answer\u{201d} says when; leave the others empty.",
    "An empty cell says nothing: what has been answered before stays as it is.",
    "Where a question does not apply to you and a yellow cell offers it, leave the answer empty and say why.",
    "Several pieces of evidence stand in one cell with ; between them.",
    "Do not add columns or change the first row: they say where your answers belong. Rows may be moved, and left out.",
    "Save the file as a workbook (XLSX), without a password, and send it back.",
];

pub(super) fn workbook(form: &Form<'_>) -> Result<Vec<u8>, Fault> {
    write(form)
        .map_err(|error| Fault::new("", "unwritable", format!("this form cannot be written as a workbook: {error}")))
}

fn write(form: &Form<'_>) -> Result<Vec<u8>, XlsxError> {
    let mut workbook = Workbook::new();
    // A workbook says when it was made; this one depends on nothing but the form.
    let properties = DocProperties::new()
        .set_title(shortened(&form.edition.title, 200))
        .set_creation_datetime(&ExcelDateTime::from_ymd(2000, 1, 1)?);
    workbook.set_properties(&properties);
    let styles = Styles::new();
    let mut choices = Choices::default();
    guide(workbook.add_worksheet(), form, &styles)?;
    questions(workbook.add_worksheet(), form, &styles, &mut choices)?;
    choices.write(workbook.add_worksheet())?;
    workbook.save_to_buffer()
}

struct Styles {
    title: Format,
    header: Format,
    label: Format,
    fixed: Format,
    /// As [`Styles::fixed`], for a question that is not asked as the answers stand.
    greyed: Format,
    bold: Format,
    /// Cells to fill in.
    open: Format,
    open_text: Format,
    open_date: Format,
}

impl Styles {
    fn new() -> Self {
        let border = |format: Format| {
            format
                .set_border(FormatBorder::Thin)
                .set_border_color(Color::RGB(0x00BF_BFBF))
                .set_text_wrap()
                .set_align(FormatAlign::Top)
        };
        let fixed = border(Format::new());
        let open = fixed.clone().set_background_color(Color::RGB(0x00FF_FBE6)).set_unlocked();
        Self {
            title: Format::new().set_bold().set_font_size(16).set_text_wrap(),
            header: border(Format::new()).set_bold().set_background_color(Color::RGB(0x00DD_E6EE)),
            label: Format::new().set_bold().set_align(FormatAlign::Top),
            bold: fixed.clone().set_bold(),
            greyed: fixed.clone().set_font_color(Color::RGB(0x007F_7F7F)).set_background_color(Color::RGB(0x00F2_F2F2)),
            open_text: open.clone().set_num_format("@"),
            open_date: open.clone().set_num_format("yyyy-mm-dd"),
            open,
            fixed,
        }
    }
}

fn protect(sheet: &mut Worksheet) {
    // Columns and rows may be made larger, to read what is in them.
    sheet.protect_with_options(&ProtectionOptions {
        format_columns: true,
        format_rows: true,
        ..ProtectionOptions::new()
    });
}

fn guide(sheet: &mut Worksheet, form: &Form<'_>, styles: &Styles) -> Result<(), XlsxError> {
    sheet.set_name(GUIDE_SHEET)?;
    sheet.set_column_width(0, 24)?.set_column_width(1, 100)?;
    let wrapped = Format::new().set_text_wrap().set_align(FormatAlign::Top);
    sheet.write_string_with_format(0, 1, &form.edition.title, &styles.title)?;
    sheet.write_string_with_format(1, 1, &form.edition.summary, &wrapped)?;
    let mut row = 3;
    let assessment = form.assessment.map(|assessment| (ASSESSMENT.to_owned(), assessment.to_owned()));
    let edition = ("Edition".to_owned(), super::stamp(form.edition));
    for (label, text) in form.facts.iter().chain(&assessment).chain([&edition]) {
        sheet
            .write_string_with_format(row, 0, label, &styles.label)?
            .write_string_with_format(row, 1, text, &wrapped)?;
        row += 1;
    }
    row += 1;
    for (number, text) in (1_u8..).zip(GUIDE) {
        let label = if number == 1 { GUIDE_SHEET } else { "" };
        sheet.write_string_with_format(row, 0, label, &styles.label)?.write_string_with_format(
            row,
            1,
            format!("{number}. {text}"),
            &wrapped,
        )?;
        row += 1;
    }
    protect(sheet);
    Ok(())
}

fn questions(sheet: &mut Worksheet, form: &Form<'_>, styles: &Styles, choices: &mut Choices) -> Result<(), XlsxError> {
    sheet.set_name(QUESTIONS_SHEET)?;
    for (column, width) in (0..).zip(WIDTHS) {
        sheet.set_column_width(column, width)?;
    }
    sheet.set_column_hidden(KEY)?;
    for (column, header) in (0..).zip(headers(form)) {
        sheet.write_string_with_format(0, column, header, &styles.header)?;
    }
    sheet.set_freeze_panes(1, 0)?;
    for (row, line) in (1..).zip(lines(form)) {
        write_line(sheet, row, &line, styles, choices)?;
    }
    sheet.set_landscape().set_print_fit_to_pages(1, 0).set_repeat_rows(0, 0)?;
    protect(sheet);
    Ok(())
}

fn write_line(
    sheet: &mut Worksheet,
    row: u32,
    line: &Line<'_>,
    styles: &Styles,
    choices: &mut Choices,
) -> Result<(), XlsxError> {
    let Line { key, section, question, choice, text, help, how, is_asked, .. } = line;
    let fixed = if *is_asked { &styles.fixed } else { &styles.greyed };
    let title = if *is_asked && choice.is_none() { &styles.bold } else { fixed };
    sheet.write_string_with_format(row, KEY, key, fixed)?;
    sheet.write_string_with_format(row, SECTION, &section.title, fixed)?;
    sheet.write_string_with_format(row, TEXT, text, title)?;
    sheet.write_string_with_format(row, HELP, *help, fixed)?;
    sheet.write_string_with_format(row, HOW, how, fixed)?;
    let answer = if !line.takes_answer() {
        fixed
    } else if question.kind == QuestionType::Date {
        &styles.open_date
    } else if question.kind == QuestionType::Number {
        &styles.open
    } else {
        &styles.open_text
    };
    match line.answer() {
        Given::Nothing => sheet.write_blank(row, ANSWER, answer)?,
        Given::Text(text) => sheet.write_string_with_format(row, ANSWER, text, answer)?,
        Given::Number(number) => sheet.write_number_with_format(row, ANSWER, float(number), answer)?,
        Given::Date(date) => match days(date) {
            Some(days) => sheet.write_number_with_format(row, ANSWER, days, answer)?,
            None => sheet.write_string_with_format(row, ANSWER, date.to_string(), &styles.open_text)?,
        },
    };
    if line.takes_answer()
        && let Some(check) = check(line, choices)?
    {
        sheet.add_data_validation(row, ANSWER, row, ANSWER, &check)?;
    }
    // What belongs to the question as a whole stands in its own row.
    let (whole, why_not) = match (choice, question.may_be_not_applicable()) {
        (Some(_), _) => (fixed, fixed),
        (None, true) => (&styles.open_text, &styles.open_text),
        (None, false) => (&styles.open_text, fixed),
    };
    for (column, text, format) in [
        (COMMENT, line.comment(), whole),
        (WHY_NOT, line.not_applicable(), why_not),
        (EVIDENCE, &line.evidence(), whole),
    ] {
        if text.is_empty() {
            sheet.write_blank(row, column, format)?;
        } else {
            sheet.write_string_with_format(row, column, text, format)?;
        }
    }
    Ok(())
}

/// What a spreadsheet lets somebody enter as an answer.
fn check(line: &Line<'_>, choices: &mut Choices) -> Result<Option<DataValidation>, XlsxError> {
    let question = line.question;
    let check = DataValidation::new();
    let check = match question.kind {
        QuestionType::MultipleChoice => check.allow_list_formula(choices.list(vec![CHOSEN.to_owned()])),
        QuestionType::YesNo | QuestionType::SingleChoice if question.options.is_empty() => return Ok(None),
        QuestionType::YesNo | QuestionType::SingleChoice => {
            check.allow_list_formula(choices.list(shown_options(question)))
        }
        QuestionType::Number => {
            let most = Decimal::from_thousandths(Decimal::MAX_THOUSANDTHS).map_or(0.0, float);
            let (minimum, maximum) = (question.minimum.map_or(-most, float), question.maximum.map_or(most, float));
            check.allow_decimal_number(DataValidationRule::Between(minimum, maximum))
        }
        QuestionType::Date => {
            let day = |(year, month, day)| ExcelDateTime::from_ymd(year, month, day);
            check.allow_date(DataValidationRule::Between(day(FIRST_DAY)?, day(LAST_DAY)?))
        }
        QuestionType::Text | QuestionType::File => return Ok(None),
    };
    let expected = if line.choice.is_some() {
        "Choose \u{201c}Yes\u{201d}, or leave the cell empty.".to_owned()
    } else {
        format!("Expected: {}.", words::kind(question))
    };
    let check =
        check.set_error_title("Another answer is expected")?.set_error_message(shortened(&expected, MAX_HINT_CHARS))?;
    Ok(Some(check.set_error_style(DataValidationErrorStyle::Stop)))
}

#[expect(clippy::cast_precision_loss, reason = "at most fifteen digits")]
fn float(number: Decimal) -> f64 {
    number.thousandths() as f64 / 1_000.0
}

/// A date as spreadsheets keep it, where they agree on it.
fn days(date: NaiveDate) -> Option<f64> {
    let of = |(year, month, day): (u16, u8, u8)| NaiveDate::from_ymd_opt(year.into(), month.into(), day.into());
    let days = (date - NaiveDate::from_ymd_opt(1899, 12, 30)?).num_days();
    (of(FIRST_DAY)? <= date && date <= of(LAST_DAY)?).then(|| i32::try_from(days).ok().map(f64::from)).flatten()
}

/// What the drop-down lists offer, each list once, in a column of its own.
#[derive(Default)]
struct Choices {
    columns: BTreeMap<Vec<String>, u16>,
}

impl Choices {
    /// Where a list stands.
    fn list(&mut self, items: Vec<String>) -> Formula {
        let count = items.len();
        let next = u16::try_from(self.columns.len()).unwrap_or(u16::MAX);
        let column = letters(u32::from(*self.columns.entry(items).or_insert(next)) + 1);
        Formula::new(format!("={CHOICES_SHEET}!${column}$1:${column}${count}"))
    }

    fn write(&self, sheet: &mut Worksheet) -> Result<(), XlsxError> {
        sheet.set_name(CHOICES_SHEET)?.set_hidden(true);
        for (items, column) in &self.columns {
            for (row, item) in (0..).zip(items) {
                sheet.write_string(row, *column, item)?;
            }
        }
        protect(sheet);
        Ok(())
    }
}

//! Forms to fill in offline, out and back.

use std::io::{Cursor, Read, Write};

use diligence_questionnaires::workbook::{
    Form, MAX_SHEET_ROWS, MAX_WORKBOOK_BYTES, QUESTIONS_SHEET, read_csv, read_xlsx, write_csv, write_xlsx,
};
use diligence_questionnaires::{
    Answers, Edition, Fault, Preview, Question, QuestionType, canonical, check_answers, library, normalise_answer,
};
use proptest::prelude::*;
use rust_xlsxwriter::{Format, Workbook, Worksheet};
use serde_json::{Value, json};
use zip::write::SimpleFileOptions;
use zip::{ZipArchive, ZipWriter};

use crate::harness::*;
use crate::properties::{Dice, FULL, PLAIN, random_case, random_edition};

mod damage;
mod results;
mod whose;

fn form<'a>(edition: &'a Edition, answers: &'a Answers) -> Form<'a> {
    Form { edition, answers, visible: None, facts: &[], assessment: None }
}

/// Every kind of question.
pub fn every_kind() -> Edition {
    let ask = |key: &str, kind: &str, more: Value| {
        with(json!({"key": key, "principle": "p", "text": "What about it?", "type": kind, "weight": 0}), more)
    };
    let option =
        |value: &str, label: &str| json!({"value": value, "label": label, "points": 0, "ask_why": value == "b"});
    edition(&questions(json!([
        yes_no(
            "yes_or_no",
            json!({"not_applicable": "with_reason", "required": true, "evidence": {"need": "needed", "kinds": ["cyber_essentials"]}})
        ),
        ask("single", "single_choice", json!({"options": [option("a", "The first"), option("b", "The second")]})),
        ask(
            "several",
            "multiple_choice",
            json!({"options": [option("a", "One"), option("b", "Two"), with(option("none", "None"), json!({"exclusive": true}))]})
        ),
        ask("number", "number", json!({"minimum": -5, "maximum": 2000, "unit": "%"})),
        ask("date", "date", json!({})),
        ask(
            "text",
            "text",
            json!({"show_if": {"all": [{"question": "yes_or_no", "is": "no"}, {"not": {"question": "single", "answered": true}}, {"subject": "data_role", "is": "none"}]}})
        ),
        ask("file", "file", json!({})),
    ])))
}

const HEADERS: [&str; 9] = [
    "example 2026.1",
    "Section",
    "Question",
    "Help",
    "How to answer",
    "Answer",
    "Comment",
    "Not applicable: why",
    "Evidence",
];

/// A workbook with a sheet that somebody filled in.
fn book(fill: impl FnOnce(&mut Worksheet)) -> Vec<u8> {
    let mut workbook = Workbook::new();
    let sheet = workbook.add_worksheet();
    sheet.set_name(QUESTIONS_SHEET).unwrap();
    sheet.write_row(0, 0, HEADERS).unwrap();
    fill(sheet);
    workbook.save_to_buffer().unwrap()
}

/// A workbook with one answer in it, as text.
fn answered(key: &str, answer: &str) -> Vec<u8> {
    book(|sheet| {
        sheet.write_string(13, 0, key).unwrap().write_string(13, 5, answer).unwrap();
    })
}

fn csv(rows: &[[&str; 5]]) -> String {
    let mut file = HEADERS.join(",");
    for [key, answer, comment, why_not, evidence] in rows {
        file += &format!("\r\n{key},,,,,{answer},{comment},{why_not},{evidence}");
    }
    file
}

pub fn found(result: Result<Answers, Vec<Fault>>) -> Value {
    serde_json::to_value(result.unwrap_or_else(|faults| panic!("{faults:#?}"))).unwrap()
}

fn codes(result: Result<Answers, Vec<Fault>>) -> Vec<String> {
    result.err().unwrap_or_default().into_iter().map(|fault| format!("{} {}", fault.pointer, fault.code)).collect()
}

fn refused(bytes: &[u8]) -> String {
    let faults = read_xlsx(bytes, &every_kind()).unwrap_err();
    assert_eq!(faults.len(), 1);
    faults[0].code.clone()
}

/// The parts of a zip file, changed and packed again.
fn repacked(bytes: &[u8], change: impl Fn(&str, &mut Vec<u8>)) -> Vec<u8> {
    let mut archive = ZipArchive::new(Cursor::new(bytes)).unwrap();
    let mut packed = ZipWriter::new(Cursor::new(Vec::new()));
    for index in 0..archive.len() {
        let mut entry = archive.by_index(index).unwrap();
        let name = entry.name().unwrap().into_owned();
        let mut content = Vec::new();
        entry.read_to_end(&mut content).unwrap();
        change(&name, &mut content);
        packed.start_file(name, SimpleFileOptions::default()).unwrap();
        packed.write_all(&content).unwrap();
    }
    packed.finish().unwrap().into_inner()
}

fn with_sheet(xml: &str) -> Vec<u8> {
    repacked(&answered("text", "here"), |name, content| {
        if name == "xl/worksheets/sheet1.xml" {
            *content = xml.as_bytes().to_vec();
        }
    })
}

/// All that a workbook says, one part after the other.
fn said(bytes: &[u8]) -> String {
    let all = std::cell::RefCell::new(String::new());
    repacked(bytes, |name, content| *all.borrow_mut() += &format!("\n{name}\n{}", String::from_utf8_lossy(content)));
    all.into_inner()
}

fn normalised(edition: &Edition, answers: &Answers) -> Answers {
    let normal = |key: &String, answer: &diligence_questionnaires::Answer| {
        (key.clone(), normalise_answer(edition.question(key).unwrap(), answer.clone()))
    };
    answers.iter().map(|(key, answer)| normal(key, answer)).collect()
}

#[test]
fn an_empty_form_has_no_answers_and_a_filled_one_gives_them_back() {
    for edition in library::editions() {
        let none = Answers::new();
        assert_eq!(read_xlsx(&write_xlsx(&form(edition, &none)).unwrap(), edition), Ok(Answers::new()));
        assert_eq!(read_csv(&write_csv(&form(edition, &none)), edition), Ok(Answers::new()));
        let best = |question: &Question| match question.kind {
            QuestionType::YesNo | QuestionType::SingleChoice => json!(question.options[0].value),
            QuestionType::MultipleChoice => json!([question.options[0].value]),
            QuestionType::Number => json!(95.5),
            QuestionType::Date => json!("2025-12-31"),
            QuestionType::Text | QuestionType::File => json!("Words"),
        };
        let all: Answers = edition.questions().map(|question| (question.key.clone(), value(best(question)))).collect();
        assert_eq!(read_xlsx(&write_xlsx(&form(edition, &all)).unwrap(), edition), Ok(all.clone()));
        assert_eq!(read_csv(&write_csv(&form(edition, &all)), edition), Ok(all));
    }
}

#[test]
fn the_same_form_gives_the_same_bytes() {
    let (edition, answers) = (&library::editions()[0], Answers::new());
    let book = write_xlsx(&form(edition, &answers)).unwrap();
    assert_eq!(write_xlsx(&form(edition, &answers)), Ok(book.clone()));
    // Two forms of one second would be alike even if they said when they were made.
    let core = said(&book).split("\ndocProps/core.xml\n").nth(1).unwrap().to_owned();
    assert_eq!((core.matches("T00:00:00Z</dcterms:").count(), core.matches(">2000-01-01T").count()), (2, 2), "{core}");
    let mut archive = ZipArchive::new(Cursor::new(&book)).unwrap();
    let years: Vec<u16> = (0..archive.len())
        .filter_map(|index| archive.by_index(index).unwrap().last_modified().map(|time| time.year()))
        .collect();
    assert!(years.iter().all(|year| *year == 1980), "{years:?}");
}

#[test]
fn a_form_says_nothing_of_points_knock_outs_and_findings() {
    for edition in library::editions() {
        let answers = Answers::new();
        let form = form(edition, &answers);
        for said in [said(&write_xlsx(&form).unwrap()), write_csv(&form)] {
            for question in edition.questions() {
                let secrets = question.options.iter().flat_map(|choice| {
                    [choice.knock_out.as_deref(), choice.finding.as_ref().map(|finding| finding.title.as_str())]
                });
                // One or the other says what a label says.
                let labels = |secret: &&str| {
                    edition
                        .questions()
                        .any(|question| question.options.iter().any(|choice| choice.label.contains(secret)))
                };
                for secret in secrets.flatten().filter(|secret| !labels(secret)) {
                    assert!(!said.contains(secret), "{secret}");
                }
            }
            // A questionnaire's own words may speak of points and doors.
            let own = serde_json::to_string(&diligence_questionnaires::Preview::of(edition)).unwrap();
            for word in ["knock", "points"] {
                assert!(own.contains(word) || !said.to_lowercase().contains(word), "{word} in {}", edition.key);
            }
        }
    }
}

#[test]
fn only_what_is_to_be_filled_in_can_be_changed() {
    let (edition, answers) = (every_kind(), Answers::new());
    let visible = ["yes_or_no".to_owned()];
    let facts = [("Supplier".to_owned(), "Example & Sons".to_owned())];
    let said = said(
        &write_xlsx(&Form {
            edition: &edition,
            answers: &answers,
            visible: Some(&visible),
            facts: &facts,
            assessment: None,
        })
        .unwrap(),
    );
    assert_eq!(said.matches("<sheetProtection ").count(), 3);
    assert!(!said.contains("password=") && !said.contains("hashValue"));
    assert!(said.contains("<protection locked=\"0\"/>"));
    assert!(said.contains("ySplit=\"1\"") && said.contains("state=\"frozen\""));
    assert!(said.contains("name=\"Choices\" sheetId=\"3\" state=\"hidden\""));
    assert!(said.contains("<col min=\"1\" max=\"1\" ") && said.contains("hidden=\"1\""));
    // A list for each of two choices and each row of an option; a number and a date.
    assert_eq!(
        (
            said.matches("type=\"list\"").count(),
            said.matches("type=\"decimal\"").count(),
            said.matches("type=\"date\"").count()
        ),
        (5, 1, 1)
    );
    assert!(said.contains("Example &amp; Sons"));
    assert_eq!(said.matches("Not asked as the answers stand.").count(), 6);
}

#[test]
fn a_form_says_in_words_how_to_answer_and_when() {
    let (edition, answers) = (every_kind(), Answers::new());
    let file = write_csv(&form(&edition, &answers));
    for words in [
        "Choose “Yes” or “No”.\nMust be answered.\nIf it does not apply to you, leave the answer empty and say why.\nEvidence is needed: cyber essentials.",
        "Choose “The first” or “The second”.\nWith “The second”, say more in the comment.",
        "Write a number (%), -5 to 2000.",
        "“yes” only if no other row has it, or leave it empty.",
        "Asked only if (the answer to “Is it?” is “No” and “What about it?” is not answered and “data role” is “none” in the profile).",
    ] {
        assert!(file.contains(words), "{words}\n{file}");
    }
}

#[test]
fn a_text_that_no_database_keeps_alike_is_refused_in_a_form_too() {
    assert_eq!(codes(read_xlsx(&answered("text", "a\0b"), &every_kind())), ["/text/value character"]);
    let answers = answers([("text", value("a\0b"))]);
    assert_eq!(codes(read_csv(&write_csv(&form(&every_kind(), &answers)), &every_kind())), ["/text/value character"]);
}

#[test]
fn a_long_condition_is_said_in_words_once_and_not_to_its_end() {
    // Ten thousand tests of a section's thousandfold condition: whoever says it anew for each question says it for
    // minutes.
    let part = |from: usize| {
        Value::from(
            (from..from + 100)
                .map(|number| json!({"question": format!("q{}", number % 500), "is": "yes"}))
                .collect::<Vec<_>>(),
        )
    };
    let long: Value = (0..100).map(|part_number| json!({"any": part(part_number * 100)})).collect::<Vec<_>>().into();
    let list = |from: usize| {
        Value::from((from..from + 500).map(|number| yes_no(&format!("q{number}"), json!({}))).collect::<Vec<_>>())
    };
    let sections = json!([{"key": "s", "title": "S", "questions": list(0)}, {"key": "t", "title": "T", "show_if": {"all": long}, "questions": list(500)}]);
    let edition = edition(&document(json!([{"key": "p", "title": "P"}]), sections));
    let file = write_csv(&form(&edition, &Answers::new()));
    assert_eq!(file.matches("Asked only if ((the answer to “Is it?” is “Yes” or the answer to").count(), 500);
    assert!(file.len() < 1_000_000, "{}", file.len());
    let preview = Preview::of(&edition);
    let asked_if = preview.sections[1].asked_if.as_deref().unwrap();
    assert!(
        asked_if.starts_with("(the answer to") && asked_if.chars().count() <= 1_001 && asked_if.ends_with('…'),
        "{asked_if}"
    );
}

#[test]
fn answers_are_read_as_people_write_them() {
    let edition = every_kind();
    let one = |key: &str, answer: &str| {
        let read = found(read_xlsx(&answered(key, answer), &edition));
        assert_eq!(found(read_csv(&csv(&[[key, answer, "", "", ""]]), &edition)), read);
        read.pointer(&format!("/{}/value", key.split('/').next().unwrap())).cloned().unwrap_or_default()
    };
    for (key, answer, expected) in [
        ("yes_or_no", "Yes", json!("yes")),
        ("yes_or_no", " NO ", json!("no")),
        ("yes_or_no", "true", json!("yes")),
        ("single", "the  SECOND", json!("b")),
        ("single", "a", json!("a")),
        ("several/b", "yes", json!(["b"])),
        ("several/b", "X", json!(["b"])),
        ("several/b", "no", json!(null)),
        ("number", "1234.5", json!(1234.5)),
        ("number", " -5 ", json!(-5)),
        ("date", "2026-03-31", json!("2026-03-31")),
        ("date", "31/03/2026", json!("2026-03-31")),
        ("date", "2026-03-31T00:00:00", json!("2026-03-31")),
        ("date", "2026-03-31 00:00:00", json!("2026-03-31")),
        ("date", "31/03/2026 08:30", json!("2026-03-31")),
        ("text", "  As I said.", json!("  As I said.")),
        ("text", "   ", json!(null)),
        ("file", " e1 ", json!("e1")),
    ] {
        assert_eq!(one(key, answer), expected, "{key} {answer}");
    }
}

#[test]
fn cells_are_read_by_what_they_are() {
    let edition = every_kind();
    let (date, percentage) = (Format::new().set_num_format("dd/mm/yyyy"), Format::new().set_num_format("0%"));
    let read = read_xlsx(
        &book(|sheet| {
            sheet.write_string(1, 0, "yes_or_no").unwrap().write_boolean(1, 5, true).unwrap();
            sheet.write_string(2, 0, "number").unwrap().write_number(2, 5, 0.1 + 0.2).unwrap();
            sheet.write_string(3, 0, "date").unwrap().write_number_with_format(3, 5, 46_112.75, &date).unwrap();
            sheet
                .write_string(4, 0, "text")
                .unwrap()
                .write_number(4, 5, 2024.0)
                .unwrap()
                .write_string(4, 6, "Really")
                .unwrap();
            sheet.write_string(5, 0, "file").unwrap().write_string(5, 8, "e1; e2;e1").unwrap();
            sheet.write_string(6, 0, "several/b").unwrap().write_boolean(6, 5, true).unwrap();
            sheet.write_string(7, 0, "several/a").unwrap().write_number(7, 5, 1.0).unwrap();
        }),
        &edition,
    );
    assert_eq!(
        found(read),
        json!({
            "yes_or_no": {"value": "yes"}, "number": {"value": 0.3}, "date": {"value": "2026-03-31"}, "text": {"value": "2024", "comment": "Really"},
            "file": {"evidence_ids": ["e1", "e2"]}, "several": {"value": ["a", "b"]}
        })
    );
    let time = Format::new().set_num_format("hh:mm");
    let faults = read_xlsx(
        &book(|sheet| {
            sheet.write_string(1, 0, "number").unwrap().write_number_with_format(1, 5, 0.354_167, &time).unwrap();
            sheet.write_string(2, 0, "date").unwrap().write_number(2, 5, 46_112.0).unwrap();
        }),
        &edition,
    )
    .unwrap_err();
    let told: Vec<&str> = faults.iter().map(|fault| fault.message.as_str()).collect();
    assert_eq!(
        told,
        [
            "Questions!F2, “What about it?” (number): found “08:30”: expected a number (%), -5 to 2000, not a time: set the format of the cell to a number",
            "Questions!F3, “What about it?” (date): found “46112”: expected a date, such as 2026-03-31 or 31/03/2026"
        ]
    );
    // 95 % is 95 where the unit is %, as a number and as a text, and nothing where it is not.
    let shares = |edition: &Edition| {
        let as_number = book(|sheet| {
            sheet.write_string(1, 0, "number").unwrap().write_number_with_format(1, 5, 0.07, &percentage).unwrap();
        });
        [read_xlsx(&as_number, edition), read_csv(&csv(&[["number", "7 %", "", "", ""]]), edition)]
    };
    for read in shares(&edition) {
        assert_eq!(found(read), json!({"number": {"value": 7}}));
    }
    let mut hours = edition;
    for question in hours.sections.iter_mut().flat_map(|section| &mut section.questions) {
        question.unit = question.unit.as_ref().map(|_| "hours".to_owned());
    }
    for read in shares(&hours) {
        assert_eq!(codes(read), ["/number/value wrong_type"]);
    }
}

#[test]
fn a_number_in_an_answer_in_words_is_what_people_see() {
    let shown = |number: f64, format: &str| {
        let format = Format::new().set_num_format(format);
        let book = book(|sheet| {
            sheet.write_string(1, 0, "text").unwrap().write_number_with_format(1, 5, number, &format).unwrap();
        });
        found(read_xlsx(&book, &every_kind()))["text"]["value"].clone()
    };
    for (number, format, expected) in [
        (4_142_000.0, "00000000", "04142000"),
        (0.07, "0%", "7%"),
        (0.29, "0%", "29%"),
        (0.354_166_666_666_667, "hh:mm", "08:30"),
        (46_112.0, "dd/mm/yyyy", "2026-03-31"),
        (46_112.354_166_666_7, "dd/mm/yyyy hh:mm", "2026-03-31 08:30:00"),
        (1_200.0, "#,##0.00", "1,200.00"),
        (0.1 + 0.2, "General", "0.3"),
    ] {
        assert_eq!(shown(number, format), json!(expected), "{number} {format}");
    }
}

#[test]
fn a_form_is_found_by_its_first_cell_whatever_its_sheet_is_called() {
    let renamed = |name: &str| {
        repacked(&answered("text", "here"), |part, content| {
            if part == "xl/workbook.xml" {
                *content = String::from_utf8(content.clone()).unwrap().replace("Questions", name).into_bytes();
            }
        })
    };
    assert_eq!(found(read_xlsx(&renamed("sheet (2)"), &every_kind())), json!({"text": {"value": "here"}}));
    let wrong = repacked(&renamed("forms"), |part, content| {
        if part == "xl/sharedStrings.xml" {
            *content = String::from_utf8(content.clone()).unwrap().replace("example 2026.1", "a list").into_bytes();
        }
    });
    assert_eq!(codes(read_xlsx(&wrong, &every_kind())), [" missing_sheet"]);
}

#[test]
fn every_cell_that_does_not_fit_is_named() {
    let edition = every_kind();
    let one = |key: &str, answer: &str| {
        let faults = read_xlsx(&answered(key, answer), &edition).unwrap_err();
        assert_eq!(faults.len(), 1, "{faults:#?}");
        let fault = faults[0].clone();
        assert_eq!(fault.line, Some(14));
        (fault.column.unwrap(), fault.pointer, fault.code, fault.message)
    };
    let long = "x".repeat(10_001);
    for (key, answer, column, pointer, code, message) in [
        (
            "yes_or_no",
            "perhaps",
            6,
            "/yes_or_no/value",
            "unknown_option",
            "Questions!F14, “Is it?” (yes_or_no): found “perhaps”: expected “Yes” or “No”",
        ),
        (
            "several/a",
            "perhaps",
            6,
            "/several/value",
            "wrong_type",
            "Questions!F14, “What about it?” (several): found “perhaps”: expected “yes” for the option “One”, or nothing",
        ),
        (
            "several",
            "One",
            6,
            "/several/value",
            "wrong_type",
            "Questions!F14, “What about it?” (several): found “One”: expected “yes” in the rows of the options, not here",
        ),
        (
            "number",
            "\"1,234\"",
            6,
            "/number/value",
            "wrong_type",
            "Questions!F14, “What about it?” (number): found “\"1,234\"”: expected a number (%), -5 to 2000, and nothing else in the cell",
        ),
        (
            "number",
            "1,234",
            6,
            "/number/value",
            "wrong_type",
            "Questions!F14, “What about it?” (number): found “1,234”: expected a number (%), -5 to 2000, without thousands separators and with a full stop before decimals: 1234.5",
        ),
        (
            "number",
            "2001",
            6,
            "/number/value",
            "out_of_range",
            "Questions!F14, “What about it?” (number): found 2001: expected 2000 or less",
        ),
        (
            "number",
            "0.0001",
            6,
            "/number/value",
            "wrong_type",
            "Questions!F14, “What about it?” (number): found “0.0001”: expected a number (%), -5 to 2000, below 1,000,000,000,000 and with at most three decimal places",
        ),
        (
            "date",
            "3/31/2026",
            6,
            "/date/value",
            "bad_date",
            "Questions!F14, “What about it?” (date): found “3/31/2026”: expected a date, such as 2026-03-31 or 31/03/2026",
        ),
        (
            "date",
            "29/02/2026",
            6,
            "/date/value",
            "bad_date",
            "Questions!F14, “What about it?” (date): found “29/02/2026”: expected a date, such as 2026-03-31 or 31/03/2026",
        ),
        ("text", &long, 6, "/text/value", "too_long", ""),
        (
            "txet",
            "x",
            1,
            "",
            "unknown_question",
            "Questions!A14: this edition has no question “txet”; did you mean `text`?",
        ),
        (
            "several/c",
            "yes",
            1,
            "/several",
            "unknown_option",
            "Questions!A14, “What about it?” (several): this question has no option “c”",
        ),
        (
            "single/a",
            "yes",
            1,
            "/single",
            "unknown_option",
            "Questions!A14, “What about it?” (single): this question has no option “a”",
        ),
        (
            "",
            "yes",
            6,
            "",
            "row_without_key",
            "Questions!F14: the first column of this row is empty, so nothing says which question it answers",
        ),
    ] {
        let (at, to, what, told) = one(key, answer);
        assert_eq!((at, to.as_str(), what.as_str()), (column, pointer, code), "{key} {answer}");
        assert!(message.is_empty() || told == message, "{told}");
    }
}

#[test]
fn all_faults_are_told_at_once_and_csv_has_its_lines() {
    let edition = every_kind();
    let rows = [
        ["yes_or_no", "", "", "  ", ""],
        ["single", "a", "", "Because", ""],
        ["several/a", "yes", "", "", ""],
        ["several/none", "yes", "Why", "", ""],
        ["number", "9", "", "", ""],
        ["number", "9", "", "", ""],
        ["date", "soon", "", "", ""],
    ];
    let faults = read_csv(&csv(&rows), &edition).unwrap_err();
    let told: Vec<(u32, u32, &str, &str)> = faults
        .iter()
        .map(|fault| (fault.line.unwrap(), fault.column.unwrap(), fault.pointer.as_str(), fault.code.as_str()))
        .collect();
    assert_eq!(
        told,
        [
            (3, 8, "/single/not_applicable", "not_applicable_not_allowed"),
            (3, 8, "/single/not_applicable", "value_and_not_applicable"),
            (4, 6, "/several/value", "exclusive_with_others"),
            (5, 7, "/several", "cell_not_for_row"),
            (7, 1, "/number", "duplicate_row"),
            (8, 6, "/date/value", "bad_date"),
        ]
    );
    assert!(faults[5].message.starts_with("F8, “What about it?” (date): found “soon”"), "{}", faults[5].message);
}

#[test]
fn a_form_of_another_questionnaire_or_edition_is_refused() {
    let (edition, answers) = (every_kind(), Answers::new());
    let (book, file) = (write_xlsx(&form(&edition, &answers)).unwrap(), write_csv(&form(&edition, &answers)));
    for (key, number) in [("example", "2026.2"), ("other", "2026.1")] {
        let mut other = edition.clone();
        (other.key, other.edition) = (key.to_owned(), number.to_owned());
        assert_eq!(codes(read_xlsx(&book, &other)), [" another_questionnaire"]);
        let faults = read_csv(&file, &other).unwrap_err();
        assert_eq!(
            faults[0].message,
            format!("A1: this form is for “example 2026.1”: expected one for “{key} {number}”")
        );
    }
    assert_eq!(codes(read_csv("What,ever\r\n", &edition)), [" no_form"]);
    assert_eq!(codes(read_csv("", &edition)), [" no_form"]);
    assert_eq!(codes(read_csv(&csv(&[]).replace("Evidence", "Proof"), &edition)), [" missing_column"]);
    assert_eq!(
        codes(read_csv(&csv(&[]).replace("Evidence", "answer"), &edition)),
        [" missing_column", " duplicate_column"]
    );
    assert_eq!(codes(read_csv("\"", &edition)), [" syntax"]);
    assert_eq!(codes(read_csv(&" ".repeat(MAX_WORKBOOK_BYTES + 1), &edition)), [" too_large"]);
    let rows = usize::try_from(MAX_SHEET_ROWS).unwrap();
    assert_eq!(codes(read_csv(&format!("{}{}x", csv(&[]), "\n".repeat(rows)), &edition)), [" too_large"]);
    assert_eq!(codes(read_csv(&format!("{}{}x", csv(&[]), "\n".repeat(rows - 1)), &edition)), [" unknown_question"]);
}

#[test]
fn labels_that_are_alike_are_told_apart() {
    let option = |value: &str, label: &str, points: u8| json!({"value": value, "label": label, "points": points});
    let single = json!({"key": "q", "principle": "p", "text": "?", "type": "single_choice", "options": [option("a", "Same", 100), option("b", "same", 0), option("c", "a", 0)]});
    let edition = edition(&questions(json!([single])));
    for value_of in ["a", "b", "c"] {
        let answers = answers([("q", value(value_of))]);
        assert_eq!(read_csv(&write_csv(&form(&edition, &answers)), &edition), Ok(answers));
    }
    assert_eq!(codes(read_csv(&csv(&[["q", "SAME", "", "", ""]]), &edition)), ["/q/value ambiguous_option"]);
    assert_eq!(found(read_csv(&csv(&[["q", "same (B)", "", "", ""]]), &edition)), json!({"q": {"value": "b"}}));
}

#[test]
fn answers_that_look_like_formulas_stay_text() {
    let edition = every_kind();
    let answers = answers([("text", value("=HYPERLINK(\"http://example.org\")")), ("file", value("@e1"))]);
    let file = write_csv(&form(&edition, &answers));
    assert!(file.contains(",\"'=HYPERLINK") && file.contains(",'@e1,"), "{file}");
    assert_eq!(read_csv(&file, &edition), Ok(answers.clone()));
    let book = write_xlsx(&form(&edition, &answers)).unwrap();
    assert!(!said(&book).contains("<f>"));
    assert_eq!(read_xlsx(&book, &edition), Ok(answers));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn answers_go_through_a_form_unchanged(seed: u64, texts in prop::collection::vec("([-'=+@;,\"\r\n\t\\\\ é_\u{1}]|_x000D_){0,6}[a-z=;,\"]", 3)) {
        let dice = &mut Dice(seed);
        let edition = random_edition(dice, if seed % 2 == 0 { FULL } else { PLAIN });
        let mut answers = random_case(dice, &edition).answers;
        for answer in answers.values_mut() {
            if answer.value == Some(json!("Words")) {
                answer.value = Some(json!(texts[0]));
            }
            if answer.not_applicable.is_some() {
                answer.not_applicable = Some(texts[1].clone());
            }
            answer.comment = dice.one_in(2).then(|| texts[2].clone());
        }
        let answers = normalised(&edition, &answers);
        prop_assume!(check_answers(&edition, &answers).is_empty());
        // 5 and 5.0 are the same answer.
        let written = canonical::json(&answers);
        prop_assert_eq!(read_csv(&write_csv(&form(&edition, &answers)), &edition).map(|read| canonical::json(&read)), Ok(written.clone()));
        prop_assert_eq!(read_xlsx(&write_xlsx(&form(&edition, &answers)).unwrap(), &edition).map(|read| canonical::json(&read)), Ok(written));
    }
}

//! Formulas: their results are answers, and one without a result is named.

use diligence_questionnaires::workbook::read_xlsx;
use serde_json::json;

use super::{HEADERS, codes, every_kind, found, with_sheet};

/// A sheet of questions with these rows, as XML, below the header.
fn sheet(rows: &str) -> Vec<u8> {
    let header = HEADERS.map(|header| format!("<c t=\"inlineStr\"><is><t>{header}</t></is></c>")).concat();
    with_sheet(&format!("<worksheet><sheetData><row r=\"1\">{header}</row>{rows}</sheetData></worksheet>"))
}

/// A row of a question, with these cells as XML.
fn row(number: u32, key: &str, cells: &str) -> String {
    format!("<row r=\"{number}\"><c r=\"A{number}\" t=\"inlineStr\"><is><t>{key}</t></is></c>{cells}</row>")
}

#[test]
fn a_formula_counts_as_its_result_whatever_kind_it_is() {
    let rows = [
        row(2, "yes_or_no", "<c r=\"F2\" t=\"str\"><f>IF(1,\"Yes\",\"No\")</f><v>Yes</v></c>"),
        row(3, "number", "<c r=\"F3\"><f>12*2</f><v>24</v></c>"),
        row(4, "text", "<c r=\"F4\" t=\"str\"><f t=\"shared\" ref=\"F4:F5\" si=\"0\">A4</f><v>one</v></c>"),
        // A formula that says nothing: its result is in the file, and is an empty text.
        row(5, "single", "<c r=\"F5\" t=\"str\"><f>IF(1,\"\",\"The first\")</f><v></v></c>"),
        row(6, "date", "<c r=\"F6\" t=\"str\"><f>X1</f><v/></c>"),
    ];
    assert_eq!(
        found(read_xlsx(&sheet(&rows.concat()), &every_kind())),
        json!({"yes_or_no": {"value": "yes"}, "number": {"value": 24}, "text": {"value": "one"}})
    );
}

#[test]
fn every_formula_without_a_result_is_named_by_its_cell() {
    let rows = [
        row(2, "yes_or_no", "<c r=\"F2\" s=\"1\"><f>IF(1,\"Yes\",\"No\")</f><v /></c>"),
        row(3, "number", "<c r=\"F3\"><f>12*2</f></c>"),
        row(4, "text", "<c r=\"F4\" t=\"str\"><f>A4</f></c><c r=\"G4\"><f>A1</f><v></v></c>"),
        row(5, "several", ""),
        row(6, "several/a", "<c r=\"F6\"><f t=\"shared\" ref=\"F6:F7\" si=\"0\">Z1</f></c>"),
        row(7, "several/b", "<c r=\"F7\"><f t=\"shared\" si=\"0\"/></c>"),
        row(8, "single", "<c r=\"F8\" t=\"b\"><f>TRUE()</f><v/></c><c r=\"H8\"><f>A1</f></c><c r=\"I8\"><f>A1</f></c>"),
        "<row r=\"9\"><c r=\"A9\"><f>A8</f></c><c r=\"F9\"><v>1</v></c></row>".to_owned(),
        "<row r=\"10\"><c r=\"F10\"><f>A8</f></c></row>".to_owned(),
    ];
    let faults = read_xlsx(&sheet(&rows.concat()), &every_kind()).unwrap_err();
    let told = |code: &str| -> Vec<String> {
        let cell = |message: &str| message.split([',', ':']).next().unwrap_or_default().to_owned();
        faults.iter().filter(|fault| fault.code == code).map(|fault| cell(&fault.message)).collect()
    };
    let cells = ["F2", "F3", "F4", "G4", "F6", "F7", "F8", "H8", "I8", "A9"].map(|cell| format!("Questions!{cell}"));
    assert_eq!(told("formula_without_result"), cells);
    assert_eq!(told("row_without_key"), ["Questions!F10"]);
    assert_eq!(faults.len(), cells.len() + 1, "{faults:#?}");
    assert!(faults[0].message.contains("a formula whose result is not in the file"), "{}", faults[0].message);
    assert_eq!((faults[0].pointer.as_str(), faults[0].line, faults[0].column), ("/yes_or_no/value", Some(2), Some(6)));
}

#[test]
fn a_formula_in_a_column_that_is_not_read_is_nobodys_answer() {
    let rows =
        row(2, "text", "<c r=\"D2\"><f>A1</f></c><c r=\"F2\" t=\"str\"><v>here</v></c><c r=\"K2\"><f>A1</f></c>");
    assert_eq!(found(read_xlsx(&sheet(&rows), &every_kind())), json!({"text": {"value": "here"}}));
}

#[test]
fn one_formula_that_fills_several_cells_is_missed_in_each() {
    let array = |first: &str, others: &str| {
        let rows = [
            row(2, "yes_or_no", first),
            row(3, "text", others),
            row(4, "number", "<c r=\"F4\"><v>5</v></c>"),
            row(5, "single", "<c r=\"F5\" t=\"str\"><v></v></c>"),
        ];
        sheet(&rows.concat())
    };
    let formula = "<f t=\"array\" ref=\"F2:F5\">Z1:Z4</f>";
    // Nothing is in the file for the first two; the others have their results, one of them an empty text.
    let book = array(&format!("<c r=\"F2\">{formula}</c>"), "");
    let missed = ["/yes_or_no/value formula_without_result", "/text/value formula_without_result"];
    assert_eq!(codes(read_xlsx(&book, &every_kind())), missed);
    // Only the first has one.
    let book = array(&format!("<c r=\"F2\" t=\"str\">{formula}<v>Yes</v></c>"), "<c r=\"F3\" s=\"1\"/>");
    assert_eq!(codes(read_xlsx(&book, &every_kind())), missed[1..]);
    let book =
        array(&format!("<c r=\"F2\" t=\"str\">{formula}<v>Yes</v></c>"), "<c r=\"F3\" t=\"str\"><v>here</v></c>");
    assert_eq!(
        found(read_xlsx(&book, &every_kind())),
        json!({"yes_or_no": {"value": "yes"}, "text": {"value": "here"}, "number": {"value": 5}})
    );
    // One that says it fills a whole sheet costs no more than the rows there are.
    let all = "<c r=\"F2\"><f t=\"array\" ref=\"A1:XFD1048576\">Z1</f></c>";
    assert!(read_xlsx(&array(all, ""), &every_kind()).is_err());
    let many = format!("<c r=\"F2\">{}</c>", formula.repeat(1_001));
    assert_eq!(codes(read_xlsx(&array(&many, ""), &every_kind())), [" too_large"]);
}

#[test]
fn an_error_in_a_cell_is_never_taken_for_nothing() {
    let error = |column: char| format!("<c r=\"{column}2\" t=\"e\"><f>1/0</f><v>#DIV/0!</v></c>");
    for (column, field) in [('F', "value"), ('G', "comment"), ('H', "not_applicable"), ('I', "evidence_ids")] {
        let read = read_xlsx(&sheet(&row(2, "yes_or_no", &error(column))), &every_kind());
        assert_eq!(codes(read), [format!("/yes_or_no/{field} wrong_type")]);
    }
    let read = read_xlsx(&sheet(&row(2, "several/a", &error('F'))), &every_kind());
    assert_eq!(codes(read), ["/several/value wrong_type"]);
}

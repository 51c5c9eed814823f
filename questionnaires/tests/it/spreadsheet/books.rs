//! Workbooks: XLSX as written by a library, ODS as written by hand. What LibreOffice writes is tested with the program.

use std::io::{Cursor, Write};

use diligence_questionnaires::spreadsheet::{Cell, Kind, Options, open};
use rust_xlsxwriter::{Format, Formula, Workbook};
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use super::{found, refused, rows, said, table};

fn zipped(parts: &[(&str, String)]) -> Vec<u8> {
    let mut packed = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in parts {
        packed.start_file(*name, SimpleFileOptions::default()).unwrap();
        packed.write_all(content.as_bytes()).unwrap();
    }
    packed.finish().unwrap().into_inner()
}

/// A workbook with this XML as its one sheet.
fn sheet(xml: &str) -> Vec<u8> {
    zipped(&[
        ("xl/workbook.xml", "<workbook><sheets><sheet name=\"One\" id=\"r1\"/></sheets></workbook>".to_owned()),
        (
            "xl/_rels/workbook.xml.rels",
            "<Relationships><Relationship Id=\"r1\" Type=\"x/worksheet\" Target=\"worksheets/sheet1.xml\"/></Relationships>".to_owned(),
        ),
        ("xl/worksheets/sheet1.xml", xml.to_owned()),
    ])
}

/// A spreadsheet with this XML as its tables.
fn ods(tables: &str) -> Vec<u8> {
    let mime = "application/vnd.oasis.opendocument.spreadsheet".to_owned();
    let content = format!(
        "<office:document-content><office:automatic-styles><style:style style:name=\"ta2\"><style:table-properties table:display=\"false\"/></style:style></office:automatic-styles>\
        <office:body><office:spreadsheet>{tables}</office:spreadsheet></office:body></office:document-content>"
    );
    zipped(&[("mimetype", mime), ("content.xml", content), ("META-INF/manifest.xml", "<manifest/>".to_owned())])
}

fn ods_text(text: &str) -> String {
    format!("<table:table-cell office:value-type=\"string\"><text:p>{text}</text:p></table:table-cell>")
}

#[test]
fn numbers_of_a_workbook_are_as_people_see_them_and_as_they_are() {
    let mut workbook = Workbook::new();
    let sheet = workbook.add_worksheet();
    sheet.write_row(0, 0, ["Name", "Number", "Share", "Day", "When", "Time", "Truth", "Wrong"]).unwrap();
    sheet.write_string(1, 0, "Alder").unwrap();
    let formats = [
        (1, 4_142_000.0, "00000000"),
        (2, 0.07, "0%"),
        (3, 46_112.0, "dd/mm/yyyy"),
        (4, 46_112.354_166_666_7, "d mmm yyyy hh:mm"),
        (5, 0.354_166_666_666_667, "hh:mm"),
    ];
    for (column, number, format) in formats {
        sheet.write_number_with_format(1, column, number, &Format::new().set_num_format(format)).unwrap();
    }
    sheet.write_boolean(1, 6, true).unwrap();
    sheet.write_formula(1, 7, Formula::new("=1/0").set_result("#DIV/0!")).unwrap();
    let file = workbook.save_to_buffer().unwrap();
    assert_eq!(found(&file).kind, Kind::Xlsx);
    let records: Vec<_> = table(&file, &Options::default()).records(&file).unwrap().map(Result::unwrap).collect();
    let shown: Vec<_> = records[0].cells.iter().map(Cell::shown).collect();
    assert_eq!(shown[..7], ["Alder", "04142000", "7%", "2026-03-31", "2026-03-31 08:30:00", "08:30", "true"]);
    assert_eq!(records[0].cells[1], Cell::Number { value: 4_142_000.0, shown: "04142000".to_owned() });
    assert_eq!(records[0].row, 2);
}

#[test]
fn hidden_sheets_are_not_chosen_and_the_one_with_the_columns_is() {
    let mut workbook = Workbook::new();
    let secret = workbook.add_worksheet().set_name("Secret").unwrap();
    secret.write_row(0, 0, ["Supplier", "Owner"]).unwrap().write_row(1, 0, ["Hidden Ltd", "Jo"]).unwrap();
    secret.set_hidden(true);
    let notes = workbook.add_worksheet().set_name("Notes").unwrap();
    notes.write_row(0, 0, ["Read", "me"]).unwrap().write_row(1, 0, ["first", "please"]).unwrap();
    notes.set_active(true);
    let list = workbook.add_worksheet().set_name("List").unwrap();
    list.write_row(0, 0, ["Supplier", "Owner"]).unwrap().write_row(1, 0, ["Alder", "Sam"]).unwrap();
    list.write_row(2, 0, ["Birch", "Sam"]).unwrap();
    list.set_row_hidden(2).unwrap().set_column_hidden(1).unwrap();
    list.merge_range(4, 0, 4, 1, "Note for all of them", &Format::new()).unwrap();
    let file = workbook.save_to_buffer().unwrap();
    assert_eq!(found(&file).sheet.as_deref(), Some("Notes"));
    let wanted = Options { wanted: vec!["owner".to_owned()], ..Options::default() };
    let found = table(&file, &wanted).found;
    assert_eq!((found.sheet.as_deref(), found.sheets.len(), found.row_count), (Some("List"), 3, 2));
    let said = found.sentences.join("\n");
    for part in [
        "Read is the sheet “List”; not read: “Notes”; hidden and not read: “Secret”",
        "1 row is hidden",
        "1 column is hidden",
        "1 group of cells is merged",
    ] {
        assert!(said.contains(part), "{part}: {said}");
    }
    let named = Options { sheet: Some("secret".to_owned()), ..Options::default() };
    assert_eq!(rows(&file, &named), [["Hidden Ltd", "Jo"]]);
    let other = Options { sheet: Some("Other".to_owned()), ..Options::default() };
    assert_eq!(open(&file, &other).map(|table| table.found).unwrap_err()[0].code, "missing_sheet");
}

#[test]
fn a_formula_without_a_result_and_an_error_are_cells_of_their_own() {
    let text = |text: &str| format!("<c t=\"inlineStr\"><is><t>{text}</t></is></c>");
    let file = sheet(&format!(
        "<worksheet><sheetData><row>{}{}{}</row><row>{}<c><f>1+1</f></c><c t=\"e\"><v>#N/A</v></c></row></sheetData></worksheet>",
        text("Name"),
        text("Two"),
        text("Three"),
        text("Alder")
    ));
    let records: Vec<_> = table(&file, &Options::default()).records(&file).unwrap().map(Result::unwrap).collect();
    assert_eq!(records[0].cells[1..], [Cell::Unsaved, Cell::Wrong("#N/A".to_owned())]);
}

#[test]
fn what_a_workbook_claims_and_how_far_its_cells_are_costs_nothing() {
    let far = |place: &str| {
        sheet(&format!(
            "<worksheet><dimension ref=\"A1:XFD1048576\"/><sheetData><row><c r=\"A1\" t=\"inlineStr\"><is><t>Name</t></is></c></row><row><c r=\"{place}\"><v>1</v></c></row></sheetData></worksheet>"
        ))
    };
    assert_eq!(rows(&far("A1048576"), &Options::default()), [["1"]]);
    assert_eq!(refused(&far("XFD2")).code, "too_large");
    assert_eq!(refused(&far("A1048577")).code, "too_large");
    // Much of nothing, packed small: one text that has no end.
    let bomb = sheet(&format!("<worksheet><sheetData>{}</sheetData></worksheet>", " ".repeat(64 * 1024 * 1024 + 1)));
    assert!(bomb.len() < 200_000);
    let fault = refused(&bomb);
    assert!(fault.code == "too_large" && fault.message.contains("200 times its size"), "{fault:?}");
    let bomb = sheet(&format!("<worksheet><sheetData>{}</sheetData></worksheet>", " ".repeat(8 * 1024 * 1024)));
    assert!(refused(&bomb).message.contains("in one text or tag"));
    // Rows of nothing, one after the other.
    let rows_of_nothing =
        sheet(&format!("<worksheet><sheetData>{}</sheetData></worksheet>", "<row/>".repeat(1_048_577)));
    let fault = refused(&rows_of_nothing);
    assert!(fault.code == "too_large" && fault.message.contains("1,048,576 rows"), "{fault:?}");
    let row = |repeated: u64, cells: &str| {
        format!("<table:table-row table:number-rows-repeated=\"{repeated}\">{cells}</table:table-row>")
    };
    let one = |rows: &str| ods(&format!("<table:table table:name=\"One\">{rows}</table:table>"));
    let name = row(1, &ods_text("Name"));
    let blank = row(999_999_999, "<table:table-cell table:number-columns-repeated=\"16384\"/>");
    assert_eq!(found(&one(&format!("{name}{blank}"))).row_count, 0);
    assert_eq!(refused(&one(&format!("{name}{}", row(1_000_000_000, &ods_text("x"))))).code, "too_large");
    let wide =
        ods_text("x").replace("<table:table-cell ", "<table:table-cell table:number-columns-repeated=\"1000000000\" ");
    assert_eq!(refused(&one(&format!("{name}{}", row(1, &wide)))).code, "too_large");
    // A long text in many columns, and a row of some size very often.
    let long = ods_text(&"x".repeat(100_000))
        .replace("<table:table-cell ", "<table:table-cell table:number-columns-repeated=\"1000\" ");
    let fault = refused(&one(&format!("{name}{}", row(1, &long))));
    assert!(fault.code == "too_large" && fault.message.contains("in a row of a sheet"), "{fault:?}");
    let some = ods_text("x").replace("<table:table-cell ", "<table:table-cell table:number-columns-repeated=\"1000\" ");
    let fault = refused(&one(&format!("{name}{}", row(1_000_000, &some))));
    assert!(fault.code == "too_large" && fault.message.contains("what is repeated included"), "{fault:?}");
}

#[test]
fn rows_above_the_header_are_none_of_the_table_whatever_number_they_give_themselves() {
    let text = |text: &str| format!("<c t=\"inlineStr\"><is><t>{text}</t></is></c>");
    let row = |number: u32, texts: &[&str]| {
        format!("<row r=\"{number}\">{}</row>", texts.iter().map(|words| text(words)).collect::<String>())
    };
    let file = sheet(&format!(
        "<worksheet><sheetData>{}{}{}{}</sheetData></worksheet>",
        row(127, &["Register of suppliers"]),
        row(3, &["Name", "Town"]),
        row(2, &["Alder", "Leeds"]),
        row(1, &["Birch", "York"]),
    ));
    assert_eq!(found(&file).header_row, Some(3));
    assert_eq!(rows(&file, &Options::default()), [["Alder", "Leeds"], ["Birch", "York"]]);
}

#[test]
fn a_spreadsheet_in_the_opendocument_format_is_read_as_it_is_seen() {
    let number = "<table:table-cell office:value-type=\"float\" office:value=\"4142000\"><text:p>04142000</text:p></table:table-cell>";
    let share = "<table:table-cell office:value-type=\"percentage\" office:value=\"0.07\"><text:p>7%</text:p></table:table-cell>";
    let when = "<table:table-cell office:value-type=\"date\" office:date-value=\"2026-03-31T08:30:00\"><text:p>31/03/26</text:p></table:table-cell>";
    let unsaved = "<table:table-cell table:formula=\"of:=[.A1]\"/>";
    let header: String = ["Name", "Number", "Share", "When", "Formula"].map(ods_text).concat();
    let note = "<table:table-cell office:value-type=\"string\"><office:annotation><text:p>a note</text:p></office:annotation><text:p>Two<text:s text:c=\"2\"/>lines &amp;</text:p><text:p>more</text:p></table:table-cell>";
    let file = ods(&format!(
        "<table:table table:name=\"Hidden\" table:style-name=\"ta2\"><table:table-row>{header}</table:table-row></table:table>\
        <table:table table:name=\"Shown\"><table:table-row>{header}</table:table-row>\
        <table:table-row table:number-rows-repeated=\"2\" table:visibility=\"collapse\">{note}{number}{share}{when}{unsaved}</table:table-row></table:table>"
    ));
    let found = found(&file);
    assert_eq!(
        (found.kind, found.sheet.as_deref(), found.sheets),
        (Kind::Ods, Some("Shown"), vec!["Hidden".to_owned(), "Shown".to_owned()])
    );
    let row = ["Two  lines &\nmore", "04142000", "7%", "2026-03-31 08:30:00", ""];
    assert_eq!(rows(&file, &Options::default()), [row, row]);
    assert!(said(&file).contains("2 rows are hidden"), "{}", said(&file));
    let records: Vec<_> = table(&file, &Options::default()).records(&file).unwrap().map(Result::unwrap).collect();
    assert_eq!((records[1].row, records[1].cells[4].clone()), (3, Cell::Unsaved));
}

#[test]
fn a_workbook_with_a_password_and_other_archives_are_called_what_they_are() {
    let mime = ("mimetype", "application/vnd.oasis.opendocument.spreadsheet".to_owned());
    let manifest = ("META-INF/manifest.xml", "<m><manifest:encryption-data/></m>".to_owned());
    for (file, code, word) in [
        (zipped(&[mime, ("content.xml", "secret".to_owned()), manifest]), "password", "without one"),
        (
            zipped(&[("[Content_Types].xml", String::new()), ("word/document.xml", String::new())]),
            "not_a_table",
            "Word",
        ),
        (zipped(&[("suppliers.csv", "a,b".to_owned())]), "not_a_table", "unpack it"),
        (zipped(&[("Index/Document.iwa", String::new())]), "not_a_table", "Numbers"),
        ([&[0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1][..], &[0; 600]].concat(), "unreadable_workbook", "damaged"),
    ] {
        let fault = refused(&file);
        assert!(fault.code == code && fault.message.contains(word), "{fault:?}");
    }
}

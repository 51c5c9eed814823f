//! JSON and JSON lines as tables.

use diligence_questionnaires::spreadsheet::{Cell, Kind, MAX_RECORD_BYTES, Options, open};

use super::{found, refused, rows, said, table};

#[test]
fn an_array_of_objects_is_a_table_whose_columns_are_all_their_names() {
    let file = br#"[
        {"name": "Alder", "identifier": {"scheme": "GB-COH", "id": "04142000"}, "tags": ["a", "b", 3, null]},
        {"name": "Birch", "amount": 12.50, "active": true, "notes": null, "sites": [{"town": "Leeds"}]}
    ]"#;
    let found = found(file);
    assert_eq!((found.kind, found.header_row), (Kind::Json, None));
    assert_eq!(
        found.columns,
        ["name", "identifier.scheme", "identifier.id", "tags", "amount", "active", "notes", "sites"]
    );
    assert_eq!(
        rows(file, &Options::default()),
        [
            ["Alder", "GB-COH", "04142000", "a; b; 3", "", "", "", ""],
            ["Birch", "", "", "", "12.5", "true", "", "[{\"town\":\"Leeds\"}]"]
        ]
    );
    let records: Vec<_> =
        table(file, &Options::default()).records(&file.as_slice()).unwrap().map(Result::unwrap).collect();
    assert_eq!((records[1].row, records[1].line, records[1].cells[5].clone()), (2, 3, Cell::Truth(true)));
}

#[test]
fn the_rows_are_found_wherever_they_stand_or_are_told() {
    let file = br#"{"help": {"links": [{"a": 1}]}, "result": {"total": 3, "suppliers": [{"n": 1}, {"n": 2}, {"n": 3}], "empty": []}}"#;
    assert_eq!(rows(file, &Options::default()), [["1"], ["2"], ["3"]]);
    let said = said(file);
    assert!(said.contains("`/result/suppliers`: 3 objects are there; 1 other array is left alone"), "{said}");
    let told = |pointer: &str| Options { rows: Some(pointer.to_owned()), ..Options::default() };
    assert_eq!(rows(file, &told("/help/links")), [["1"]]);
    assert_eq!(open(&file.as_slice(), &told("/help/no")).map(|table| table.found).unwrap_err()[0].code, "no_table");
    assert_eq!(refused(b"{\"a\": [1, 2]}").code, "no_table");
}

#[test]
fn objects_one_after_the_other_are_a_table_too() {
    let file = b"{\"a\": 1}\n{\"a\": 2, \"b\": \"x\"}\n\n{\"b\": \"y\"}\n";
    assert_eq!(found(file).kind, Kind::JsonLines);
    assert_eq!(rows(file, &Options::default()), [["1", ""], ["2", "x"], ["", "y"]]);
}

#[test]
fn what_is_no_json_is_told_with_its_line() {
    let line = |text: &str| (refused(text.as_bytes()).code, refused(text.as_bytes()).line);
    assert_eq!(line("[{\"a\": 1},\n{\"a\": 2\n"), ("json".to_owned(), Some(2)));
    assert_eq!(line("[{\"a\": 1},\n{\"a\": tru}]"), ("json".to_owned(), Some(2)));
    assert_eq!(line("[{\"a\": 1},\n5]"), ("json".to_owned(), Some(2)));
    assert_eq!(line("[{\"a\": 1}]\nx"), ("json".to_owned(), Some(2)));
    let deep = format!("[{{\"a\": {}", "[".repeat(10_000));
    assert_eq!(refused(deep.as_bytes()).code, "json");
    let long = format!("[{{\"a\": \"{}\"}}]", "x".repeat(MAX_RECORD_BYTES));
    assert_eq!(refused(long.as_bytes()).code, "too_large");
    let names: Vec<String> = (0..1_001).map(|number| format!("\"n{number}\": 1")).collect();
    assert_eq!(refused(format!("[{{{}}}]", names.join(",")).as_bytes()).code, "too_large");
}

#[test]
fn releases_on_lines_of_their_own_are_read_as_those_of_a_package_are() {
    let release = |number: u32| {
        format!(
            r#"{{"ocid": "ocds-{number}", "id": "{number}", "awards": [{{"id": "a", "suppliers": [{{"name": "Supplier {number}"}}]}}]}}"#
        )
    };
    let options = Options { kind: Some(Kind::Ocds), ..Options::default() };
    let lines = format!("{}\n{}\n", release(1), release(2));
    let package = format!(r#"{{"releases": [{}, {}]}}"#, release(1), release(2));
    let read = rows(lines.as_bytes(), &options);
    assert_eq!((read.len(), &read), (2, &rows(package.as_bytes(), &options)));
    let broken = format!("{}\n{{\"ocid\": tru}}\n", release(1));
    let fault = open(&broken.as_bytes(), &options).map(|table| table.found).unwrap_err().remove(0);
    assert_eq!((fault.code.as_str(), fault.line), ("json", Some(2)));
}

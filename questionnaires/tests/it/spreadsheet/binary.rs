//! A binary workbook (XLSB), made record by record: no program at hand writes one.

use std::io::{Cursor, Write};

use diligence_questionnaires::spreadsheet::{Cell, Kind, Options};
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use super::{found, refused, rows, table};

/// A record: its kind, its length, and what is in it.
fn record(kind: u16, data: &[u8]) -> Vec<u8> {
    let low = u8::try_from(kind & 0x7f).unwrap();
    let mut bytes = if kind < 0x80 { vec![low] } else { vec![low | 0x80, u8::try_from(kind >> 7).unwrap()] };
    assert!(data.len() < 128);
    bytes.push(u8::try_from(data.len()).unwrap());
    bytes.extend_from_slice(data);
    bytes
}

fn text(text: &str) -> Vec<u8> {
    let units: Vec<u16> = text.encode_utf16().collect();
    let mut bytes = u32::try_from(units.len()).unwrap().to_le_bytes().to_vec();
    bytes.extend(units.into_iter().flat_map(u16::to_le_bytes));
    bytes
}

/// A cell in a column and with a format.
fn cell(kind: u16, column: u32, format: u32, value: &[u8]) -> Vec<u8> {
    record(kind, &[&column.to_le_bytes()[..], &format.to_le_bytes(), value].concat())
}

fn row(number: u32, is_hidden: bool) -> Vec<u8> {
    let mut data = [0; 17];
    data[..4].copy_from_slice(&number.to_le_bytes());
    data[11] = if is_hidden { 0x10 } else { 0 };
    record(0, &data)
}

fn book(sheet: &[Vec<u8>]) -> Vec<u8> {
    let sheets = record(0x009c, &[&[0; 8][..], &text("rId1"), &text("List")].concat());
    let texts = ["Name", "Number", "Alder"].map(|words| record(0x0013, &[&[0][..], &text(words)].concat())).concat();
    let xf = |format: u16| record(0x002f, &[&[0, 0][..], &format.to_le_bytes(), &[0; 12]].concat());
    let code = record(0x002c, &[&164_u16.to_le_bytes()[..], &text("00000000")].concat());
    let styles = [code, record(0x0269, &[0; 4]), xf(0), xf(164), xf(9), xf(14), record(0x026a, &[])].concat();
    let relations = "<Relationships><Relationship Id=\"rId1\" Type=\"x/worksheet\" Target=\"worksheets/sheet1.bin\"/></Relationships>";
    let mut packed = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in [
        ("xl/workbook.bin", sheets),
        ("xl/_rels/workbook.bin.rels", relations.as_bytes().to_vec()),
        ("xl/sharedStrings.bin", texts),
        ("xl/styles.bin", styles),
        ("xl/worksheets/sheet1.bin", sheet.concat()),
    ] {
        packed.start_file(name, SimpleFileOptions::default()).unwrap();
        packed.write_all(&content).unwrap();
    }
    packed.finish().unwrap().into_inner()
}

#[test]
fn a_binary_workbook_is_read_as_it_is_seen() {
    let shared = |column: u32, at: u32| cell(7, column, 0, &at.to_le_bytes());
    // A whole number, times four, with the mark of one.
    let short = |column, format, number: i32| cell(2, column, format, &((number << 2) | 2).to_le_bytes());
    let file = book(&[
        record(0x0091, &[]),
        row(0, false),
        shared(0, 0),
        shared(1, 1),
        cell(6, 2, 0, &text("Share")),
        cell(6, 3, 0, &text("Day")),
        row(1, true),
        shared(0, 2),
        short(1, 1, 4_142_000),
        cell(5, 2, 2, &0.07_f64.to_le_bytes()),
        short(3, 3, 46_112),
        row(2, false),
        cell(6, 0, 0, &text("Birch")),
        cell(4, 1, 0, &[1]),
        cell(3, 2, 0, &[0x2a]),
        record(0x0092, &[]),
        record(0x00b0, &[0; 16]),
    ]);
    let found = found(&file);
    assert_eq!((found.kind, found.sheet.as_deref(), found.row_count), (Kind::Xlsb, Some("List"), 2));
    assert_eq!(
        rows(&file, &Options::default()),
        [["Alder", "04142000", "7%", "2026-03-31"], ["Birch", "true", "#N/A", ""]]
    );
    let records: Vec<_> = table(&file, &Options::default()).records(&file).unwrap().map(Result::unwrap).collect();
    assert_eq!(records[1].cells[1..3], [Cell::Truth(true), Cell::Wrong("#N/A".to_owned())]);
    let said = found.sentences.join("\n");
    assert!(said.contains("1 row is hidden") && said.contains("1 group of cells is merged"), "{said}");
}

#[test]
fn a_damaged_binary_workbook_is_refused() {
    assert_eq!(refused(&book(&[row(0, false), cell(7, 0, 0, &99_u32.to_le_bytes())])).code, "unreadable_workbook");
    assert_eq!(refused(&book(&[row(0, false), vec![7, 100, 0]])).code, "unreadable_workbook");
    assert_eq!(refused(&book(&[row(9_999_999, false), cell(4, 0, 0, &[1])])).code, "too_large");
    assert_eq!(refused(&book(&[row(0, false), cell(4, 5_000, 0, &[1])])).code, "too_large");
}

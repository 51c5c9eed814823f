//! Files that no form was ever written as: strange, damaged, or made to do harm.

use std::cell::RefCell;
use std::io::{Cursor, Write};

use diligence_questionnaires::check_answers;
use diligence_questionnaires::workbook::{
    MAX_SHEET_ROWS, MAX_UNPACKED_BYTES, MAX_WORKBOOK_BYTES, MAX_WORKBOOK_PARTS, read_csv, read_xlsx,
};
use proptest::prelude::*;
use serde_json::json;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use super::{HEADERS, answered, codes, every_kind, found, refused, repacked, with_sheet};
use crate::properties::Dice;

#[test]
fn what_is_no_workbook_is_refused_before_it_is_unpacked() {
    let zipped = |parts: usize, size: usize| {
        let mut packed = ZipWriter::new(Cursor::new(Vec::new()));
        for number in 0..parts {
            packed.start_file(format!("xl/{number}.xml"), SimpleFileOptions::default()).unwrap();
            packed.write_all(&vec![b' '; size]).unwrap();
        }
        packed.finish().unwrap().into_inner()
    };
    assert_eq!(refused(b""), "unreadable_workbook");
    assert_eq!(refused(b"row,key\r\n"), "unreadable_workbook");
    assert_eq!(refused(b"PK\x03\x04"), "unreadable_workbook");
    assert_eq!(refused(&[0xd0, 0xcf, 0x11, 0xe0, 0, 0]), "unreadable_workbook");
    assert_eq!(refused(&vec![b'P'; MAX_WORKBOOK_BYTES + 1]), "too_large");
    assert_eq!(refused(&zipped(1, 10)), "unreadable_workbook");
    assert_eq!(refused(&zipped(MAX_WORKBOOK_PARTS + 1, 1)), "too_large");
    let bomb = zipped(4, MAX_UNPACKED_BYTES / 4 + 1);
    assert!(bomb.len() < 100_000);
    assert_eq!(refused(&bomb), "too_large");
    assert_eq!(refused(&zipped(1, MAX_UNPACKED_BYTES + 1)), "too_large");
}

#[test]
fn what_a_workbook_claims_costs_nothing() {
    let good = answered("text", "here");
    // So many texts would fill any memory.
    let claims = repacked(&good, |name, content| {
        if name == "xl/sharedStrings.xml" {
            *content = String::from_utf8(content.clone())
                .unwrap()
                .replace("uniqueCount=\"", "uniqueCount=\"99999999999")
                .into_bytes();
        }
    });
    assert_eq!(read_xlsx(&claims, &every_kind()), read_xlsx(&good, &every_kind()));
    let cell = |place: &str| {
        with_sheet(&format!(
            "<worksheet><dimension ref=\"A1:XFD1048576\"/><sheetData><row><c r=\"{place}\"><v>1</v></c></row></sheetData></worksheet>"
        ))
    };
    assert_eq!(refused(&cell(&format!("A{}", MAX_SHEET_ROWS + 1))), "too_large");
    assert_eq!(refused(&cell("XFD1048576")), "too_large");
    assert_eq!(refused(&cell("ZZZZZZZZZZZZ9")), "unreadable_workbook");
    assert_eq!(refused(&cell("A99999999999999")), "unreadable_workbook");
    // One long text, which many cells share.
    let row = format!("<row>{}</row>", "<c t=\"s\"><v>0</v></c>".repeat(60));
    let shared = repacked(&good, |name, content| match name {
        "xl/sharedStrings.xml" => *content = format!("<sst><si><t>{}</t></si></sst>", "x".repeat(100_000)).into_bytes(),
        "xl/worksheets/sheet1.xml" => {
            *content = format!("<worksheet><sheetData>{}</sheetData></worksheet>", row.repeat(6)).into_bytes();
        }
        _ => {}
    });
    assert_eq!(refused(&shared), "too_large");
    // Formats without anything in the cell are no content.
    assert_eq!(
        refused(&with_sheet("<worksheet><sheetData><row><c r=\"XFD1048576\" s=\"1\"/></row></sheetData></worksheet>")),
        "no_form"
    );
    // Repeated names are not looked for: among very many that would take their number squared.
    assert_eq!(
        refused(&with_sheet(
            "<worksheet><sheetData><row><c r=\"A1\" t=\"b\" t=\"b\" s=\"0\"><v>1</v></c></row></sheetData></worksheet>"
        )),
        "no_form"
    );
    let laughs = "<!DOCTYPE a [<!ENTITY a \"ha\"><!ENTITY b \"&a;&a;&a;\">]><worksheet><sheetData><row><c t=\"str\"><v>&b;</v></c></row></sheetData></worksheet>";
    assert_eq!(refused(&with_sheet(laughs)), "unreadable_workbook");
    let many = format!(
        "<worksheet><sheetData><row>{}</row></sheetData></worksheet>",
        "<c r=\"A1\"><v>1</v></c>".repeat(600_000)
    );
    assert_eq!(refused(&with_sheet(&many)), "too_large");
    let long = format!(
        "<worksheet><sheetData><row><c t=\"str\"><v>{}</v></c></row></sheetData></worksheet>",
        "x".repeat(140_000)
    );
    assert_eq!(refused(&with_sheet(&long)), "too_large");
}

#[test]
fn another_writers_xml_is_read_too() {
    let sheet = format!(
        "\u{feff}<?xml version=\"1.0\"?><x:worksheet xmlns:x=\"urn:x\"><x:sheetData><x:row>{}</x:row><x:row r=\"3\"><x:c t=\"inlineStr\"><x:is><x:r><x:t>te</x:t></x:r><x:rPh><x:t>no</x:t></x:rPh><x:r><x:t>xt</x:t></x:r></x:is></x:c>\
        <x:c r=\"F3\" t=\"str\"><x:f>CONCAT(A1)</x:f><x:v>a &amp; <![CDATA[<b>]]>_x000D_</x:v></x:c></x:row></x:sheetData></x:worksheet>",
        HEADERS.map(|header| format!("<x:c t=\"inlineStr\"><x:is><x:t>{header}</x:t></x:is></x:c>")).concat()
    );
    assert_eq!(found(read_xlsx(&with_sheet(&sheet), &every_kind())), json!({"text": {"value": "a & <b>\r"}}));
    let error = sheet.replace("t=\"str\"", "t=\"e\"");
    assert_eq!(codes(read_xlsx(&with_sheet(&error), &every_kind())), ["/text/value wrong_type"]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn no_damage_to_a_workbook_makes_the_reader_panic(seed: u64) {
        let dice = &mut Dice(seed);
        let edition = every_kind();
        let mut bytes = answered("text", "here");
        for _ in 0..=dice.below(6) {
            let at = usize::try_from(dice.below(bytes.len() as u64)).unwrap();
            match dice.below(4) {
                0 => bytes.truncate(at.max(4)),
                1 => bytes.insert(at, u8::try_from(dice.below(256)).unwrap()),
                _ => bytes[at] = u8::try_from(dice.below(256)).unwrap(),
            }
        }
        let _ = read_xlsx(&bytes, &edition);
    }

    #[test]
    fn no_damage_to_the_xml_of_a_workbook_makes_the_reader_panic(seed: u64) {
        let edition = every_kind();
        let dice = RefCell::new(Dice(seed));
        let bytes = repacked(&answered("text", "here"), |_, content| {
            let dice = &mut *dice.borrow_mut();
            for _ in 0..dice.below(3) {
                let at = usize::try_from(dice.below(content.len() as u64)).unwrap();
                match dice.below(3) {
                    0 => { content.remove(at); }
                    1 => content.insert(at, *dice.pick(b"<>/\"&;=9 Zc")),
                    _ => content[at] = *dice.pick(b"<>/\"&;=9 Zc\xff"),
                }
                if content.is_empty() {
                    content.push(b'<');
                }
            }
        });
        if let Ok(answers) = read_xlsx(&bytes, &edition) {
            prop_assert_eq!(check_answers(&edition, &answers), []);
        }
    }

    #[test]
    fn no_text_makes_the_reader_of_forms_panic(rows in prop::collection::vec("(text|several/a|number|date|,|\"|\n|\\PC){0,20}", 0..5)) {
        let edition = every_kind();
        if let Ok(answers) = read_csv(&format!("{}\r\n{}", HEADERS.join(","), rows.join("\r\n")), &edition) {
            prop_assert_eq!(check_answers(&edition, &answers), []);
        }
    }
}

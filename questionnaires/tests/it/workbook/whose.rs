//! A form says whose it is, and what it says comes back with it.

use diligence_questionnaires::workbook::{Filled, Form, read, write_csv, write_xlsx};

use super::{HEADERS, codes, every_kind, form, repacked};
use crate::harness::*;

const ID: &str = "asm_01a2282581c8765d899d73ea7d7a74db";

#[test]
fn a_form_of_an_assessment_comes_back_with_its_id_as_a_workbook_and_as_csv() {
    let edition = every_kind();
    let given = answers([("text", value("here"))]);
    let theirs = Form { assessment: Some(ID), ..form(&edition, &given) };
    let filled = Filled { assessment: Some(ID.to_owned()), answers: Ok(given.clone()) };
    assert_eq!(read(&write_xlsx(&theirs).unwrap(), &edition), filled);
    let file = write_csv(&theirs);
    assert!(file.starts_with(&format!("example 2026.1 {ID},Section,")), "{file}");
    assert_eq!(read(file.as_bytes(), &edition), filled);
    // Where the comma is the decimal sign, and with what marks UTF-8.
    let semicolons = format!("\u{feff}example 2026.1 {ID};{}\r\ntext;;;;;here;;;", HEADERS[1..].join(";"));
    assert_eq!(read(semicolons.as_bytes(), &edition), filled);
    let nobodys = Filled { assessment: None, ..filled };
    assert_eq!(read(&write_xlsx(&form(&edition, &given)).unwrap(), &edition), nobodys);
    assert_eq!(read(write_csv(&form(&edition, &given)).as_bytes(), &edition), nobodys);
}

#[test]
fn a_workbook_of_an_earlier_build_says_on_its_guide_whose_it_is() {
    let edition = every_kind();
    let given = answers([("text", value("here"))]);
    let book = write_xlsx(&Form { assessment: Some(ID), ..form(&edition, &given) }).unwrap();
    let earlier = repacked(&book, |name, content| {
        if name == "xl/sharedStrings.xml" {
            let text = String::from_utf8(content.clone()).unwrap();
            let plain = text.replace(&format!("example 2026.1 {ID}"), "example 2026.1");
            assert!(plain != text && plain.contains(ID));
            *content = plain.into_bytes();
        }
    });
    assert_eq!(read(&earlier, &edition), Filled { assessment: Some(ID.to_owned()), answers: Ok(given) });
}

#[test]
fn whose_it_is_is_told_though_nothing_else_fits() {
    let (edition, nothing) = (every_kind(), answers([]));
    let wrong = Form { assessment: Some(ID), ..form(&edition, &nothing) };
    let file = write_csv(&wrong).replace("example 2026.1", "other 2026.2");
    let filled = read(file.as_bytes(), &edition);
    assert_eq!(filled.assessment.as_deref(), Some(ID));
    let faults = filled.answers.unwrap_err();
    assert_eq!(faults[0].message, "A1: this form is for “other 2026.2”: expected one for “example 2026.1”");
    for first in ["example 2026.1 asm 1", "example 2026.1 <b>", "example 2026.1 é", "example"] {
        let read = read(write_csv(&wrong).replace(&format!("example 2026.1 {ID}"), first).as_bytes(), &edition);
        assert_eq!((read.assessment, codes(read.answers)), (None, vec![" no_form".to_owned()]), "{first}");
    }
    assert_eq!(codes(read(b"\xff\xfe", &edition).answers), [" encoding"]);
    assert_eq!(codes(read(b"PK\x03\x04", &edition).answers), [" unreadable_workbook"]);
}

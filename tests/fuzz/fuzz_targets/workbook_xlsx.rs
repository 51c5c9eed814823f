//! Any bytes as a workbook, and any XML as the parts of one.
//!
//! Bytes that begin as a zip file does are read as they are. Others are taken as the sheet, the texts and the formats
//! of a workbook, with a zero byte between them, and packed: changes to a packed file rarely get past its checksums.
#![no_main]

use std::io::{Cursor, Read, Write};
use std::sync::LazyLock;

use diligence_fuzz::{every_kind, must_fit, seeds, some_answers};
use diligence_questionnaires::workbook::{Form, read_xlsx, write_xlsx};
use diligence_questionnaires::{Answers, Edition};
use libfuzzer_sys::fuzz_target;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipArchive, ZipWriter};

static EDITION: LazyLock<Edition> = LazyLock::new(every_kind);

const PARTS: [&str; 3] = ["xl/worksheets/sheet1.xml", "xl/sharedStrings.xml", "xl/styles.xml"];
const RELATIONS: &str = "<Relationships><Relationship Id=\"a\" Type=\"/worksheet\" Target=\"worksheets/sheet1.xml\"/><Relationship Id=\"b\" Type=\"/sharedStrings\" \
    Target=\"sharedStrings.xml\"/><Relationship Id=\"c\" Type=\"/styles\" Target=\"styles.xml\"/></Relationships>";
const SHEETS: &str = "<workbook><sheets><sheet name=\"Questions\" r:id=\"a\"/></sheets></workbook>";

fn pack(data: &[u8]) -> Option<Vec<u8>> {
    let mut packed = ZipWriter::new(Cursor::new(Vec::new()));
    let stored = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
    let fixed = [("xl/workbook.xml", SHEETS.as_bytes()), ("xl/_rels/workbook.xml.rels", RELATIONS.as_bytes())];
    for (name, content) in fixed.into_iter().chain(PARTS.into_iter().zip(data.splitn(3, |byte| *byte == 0))) {
        packed.start_file(name, stored).ok()?;
        packed.write_all(content).ok()?;
    }
    Some(packed.finish().ok()?.into_inner())
}

fn forms() -> Vec<Vec<u8>> {
    let mut all = Vec::new();
    for answers in [Answers::new(), some_answers(&EDITION)] {
        let book =
            write_xlsx(&Form { edition: &EDITION, answers: &answers, visible: None, facts: &[], assessment: None })
                .unwrap_or_default();
        if let Ok(mut archive) = ZipArchive::new(Cursor::new(&book)) {
            let mut parts = Vec::new();
            // The questions are the second sheet of a form.
            for name in ["xl/worksheets/sheet2.xml", PARTS[1], PARTS[2]] {
                let mut content = Vec::new();
                if let Ok(mut part) = archive.by_name(name) {
                    let _ = part.read_to_end(&mut content);
                }
                parts.push(content);
            }
            all.push(parts.join(&0));
        }
        all.push(book);
    }
    all
}

fuzz_target!(
    init: seeds(forms),
    |data: &[u8]| {
        let packed = if data.starts_with(b"PK") { None } else { pack(data) };
        if let Ok(answers) = read_xlsx(packed.as_deref().unwrap_or(data), &EDITION) {
            must_fit(&EDITION, &answers);
        }
    }
);

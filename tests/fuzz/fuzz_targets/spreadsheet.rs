//! Any bytes as somebody's file: whatever kind it is taken for, its rows are as many as are said, and the same twice.
//!
//! The first byte may say that what follows are the parts of a workbook, with a zero byte between them: changes to a
//! packed file rarely get past its checksums.
#![no_main]

use std::io::{Cursor, Write};

use diligence_fuzz::seeds;
use diligence_questionnaires::spreadsheet::{Options, Record, open};
use libfuzzer_sys::fuzz_target;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

/// The parts of each kind of workbook: those that are always alike, and those that change.
const KINDS: [(&[(&str, &str)], &[&str]); 3] = [
    (
        &[
            ("xl/workbook.xml", "<workbook><sheets><sheet name=\"One\" r:id=\"a\"/></sheets></workbook>"),
            (
                "xl/_rels/workbook.xml.rels",
                "<Relationships><Relationship Id=\"a\" Type=\"/worksheet\" Target=\"worksheets/sheet1.xml\"/><Relationship Id=\"b\" Type=\"/sharedStrings\" Target=\"sharedStrings.xml\"/><Relationship Id=\"c\" Type=\"/styles\" Target=\"styles.xml\"/></Relationships>",
            ),
        ],
        &["xl/worksheets/sheet1.xml", "xl/sharedStrings.xml", "xl/styles.xml"],
    ),
    (&[("mimetype", "application/vnd.oasis.opendocument.spreadsheet")], &["content.xml"]),
    (
        &[(
            "xl/_rels/workbook.bin.rels",
            "<Relationships><Relationship Id=\"a\" Type=\"/worksheet\" Target=\"worksheets/sheet1.bin\"/></Relationships>",
        )],
        &["xl/workbook.bin", "xl/worksheets/sheet1.bin", "xl/styles.bin", "xl/sharedStrings.bin"],
    ),
];

fn pack(kind: usize, data: &[u8]) -> Option<Vec<u8>> {
    let (same, changing) = KINDS.get(kind)?;
    let mut packed = ZipWriter::new(Cursor::new(Vec::new()));
    let stored = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
    // Binary parts hold zero bytes themselves: they are cut apart by four of another kind.
    let mark: &[u8] = if kind == 2 { b"\xfe\xed\xfe\xed" } else { b"\0" };
    let mut parts = Vec::new();
    let mut rest = data;
    while parts.len() + 1 < changing.len()
        && let Some(at) = rest.windows(mark.len()).position(|window| window == mark)
    {
        parts.push(&rest[..at]);
        rest = &rest[at + mark.len()..];
    }
    parts.push(rest);
    let fixed = same.iter().map(|(name, content)| (*name, content.as_bytes()));
    for (name, content) in fixed.chain(changing.iter().copied().zip(parts)) {
        packed.start_file(name, stored).ok()?;
        packed.write_all(content).ok()?;
    }
    Some(packed.finish().ok()?.into_inner())
}

fn files() -> Vec<Vec<u8>> {
    let register: [&[u8]; 3] = [
        include_bytes!("../../../questionnaires/tests/files/register.xlsx"),
        include_bytes!("../../../questionnaires/tests/files/register.xls"),
        include_bytes!("../../../questionnaires/tests/files/register.ods"),
    ];
    let texts: [&[u8]; 8] = [
        b"Directory,\n,\nName,Amount\nAlder,1\n\"B\n\"\"irch\",2\n\nTotal,3\n",
        b"sep=;\r\nName;Day\r\nCaf\xe9;31/03/2026\r\n",
        b"\xff\xfeN\0a\0m\0e\0\n\0x\0",
        b"{\"result\": {\"rows\": [{\"a\": 1, \"b\": {\"c\": [1, 2]}}, {\"a\": \"\\u00e9\"}]}}",
        b"{\"a\": 1}\n{\"a\": 2}\n",
        b"\0<worksheet><cols><col min=\"1\" max=\"2\" hidden=\"1\"/></cols><sheetData><row r=\"1\"><c r=\"A1\" t=\"s\"><v>0</v></c></row><row hidden=\"1\"><c s=\"1\"><f>1</f><v>0.07</v></c></row></sheetData><mergeCells><mergeCell/></mergeCells></worksheet>\0<sst><si><t>Name</t></si></sst>\0<styleSheet><numFmts><numFmt numFmtId=\"164\" formatCode=\"[h]:mm;0.0%\"/></numFmts><cellXfs><xf numFmtId=\"0\"/><xf numFmtId=\"164\"/></cellXfs></styleSheet>",
        b"\x01<office:document-content><office:spreadsheet><table:table table:name=\"A\"><table:table-row><table:table-cell office:value-type=\"string\"><text:p>Name</text:p></table:table-cell></table:table-row><table:table-row table:number-rows-repeated=\"3\"><table:table-cell office:value-type=\"date\" office:date-value=\"2026-03-31\"/></table:table-row></table:table></office:spreadsheet></office:document-content>",
        b"\x02\x9c\x01\x1a\0\0\0\0\0\0\0\0\x01\0\0\0a\0\x04\0\0\0L\0i\0s\0t\0\xfe\xed\xfe\xed\0\x11\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x02\x0c\0\0\0\0\0\0\0\0\x06\0\0\0",
    ];
    register.into_iter().chain(texts).map(<[u8]>::to_vec).collect()
}

fuzz_target!(
    init: seeds(files),
    |data: &[u8]| {
        let packed = data.split_first().and_then(|(kind, rest)| pack(usize::from(*kind), rest));
        let file = packed.unwrap_or_else(|| data.to_vec());
        if let Ok(table) = open(&file, &Options::default()) {
            let read = || -> Vec<Record> {
                let records = table.records(&file).expect("what was opened can be opened again").take(1_000);
                records.map(|record| record.expect("what was read once can be read again")).collect()
            };
            let records = read();
            assert_eq!(records.len(), (table.found.row_count as usize).min(1_000), "as many rows as are said");
            assert!(records.iter().all(|record| record.cells.len() == table.found.columns.len()), "a cell for each column");
            assert_eq!(format!("{:?}", read()), format!("{records:?}"), "the same twice");
        }
    }
);

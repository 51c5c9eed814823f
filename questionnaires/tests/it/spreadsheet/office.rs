//! Files as LibreOffice 7.4 writes them: `register.fods`, and a form saved as CSV, opened there and saved as each kind.

use diligence_questionnaires::spreadsheet::{Cell, Kind, Options, Record};
use diligence_questionnaires::workbook::read;
use serde_json::json;

use super::table;
use crate::workbook::{every_kind, found as answers};

const REGISTERS: [(Kind, &[u8]); 3] = [
    (Kind::Xlsx, include_bytes!("../../files/register.xlsx")),
    (Kind::Xls, include_bytes!("../../files/register.xls")),
    (Kind::Ods, include_bytes!("../../files/register.ods")),
];

#[test]
fn every_kind_of_workbook_holds_the_same_cells() {
    for (kind, file) in REGISTERS {
        let table = table(file, &Options::default());
        let found = &table.found;
        assert_eq!((found.kind, found.sheet.as_deref(), found.header_row), (kind, Some("Suppliers"), Some(3)));
        assert_eq!(found.columns, ["Name", "Number", "Share", "Day", "When", "Time", "Amount", "Active", "Formula"]);
        let said = found.sentences.join("\n");
        for part in [
            "on row 3; what stands above is passed over: “Register of suppliers”",
            "hidden and not read: “Secret”",
            "1 row is hidden",
            "1 group of cells is merged",
        ] {
            assert!(said.contains(part), "{kind:?} {part}: {said}");
        }
        let records: Vec<Record> = table.records(&file).unwrap().map(Result::unwrap).collect();
        let shown =
            |record: &Record| -> Vec<String> { record.cells.iter().map(|cell| cell.shown().to_lowercase()).collect() };
        let first = [
            "café łódź ltd",
            "04142000",
            "7%",
            "2026-03-31",
            "2026-03-31 08:30:00",
            "08:30",
            "1,200.00",
            "true",
            "café łódź ltd!",
        ];
        assert_eq!(shown(&records[0]), first, "{kind:?}");
        let second = ["birch\nand sons", "00000123", "29%", "2024-02-29", "", "", "-0.50", "false", "#div/0!"];
        assert_eq!(shown(&records[1]), second, "{kind:?}");
        assert_eq!(records[1].cells[8], Cell::Wrong("#DIV/0!".to_owned()), "{kind:?}");
        assert!(matches!(records[0].cells[1], Cell::Number { value: 4_142_000.0, .. }), "{kind:?}");
        assert_eq!((records[0].row, records[1].row, records.len()), (4, 5, 2));
    }
}

#[test]
fn answers_come_back_from_every_kind_of_workbook() {
    for file in [include_bytes!("../../files/form.xls").as_slice(), include_bytes!("../../files/form.ods")] {
        assert_eq!(
            answers(read(file, &every_kind()).answers),
            json!({
                "yes_or_no": {"value": "yes", "comment": "Really"}, "number": {"value": 24},
                "date": {"value": "2026-03-31"}, "text": {"value": "Words & more"}, "several": {"value": ["a"]}
            })
        );
    }
}

#[test]
fn a_file_that_is_cut_off_or_damaged_is_refused_and_never_makes_the_reader_panic() {
    for (_, file) in REGISTERS {
        for end in (0..file.len()).step_by(499) {
            let _ = diligence_questionnaires::spreadsheet::open(&&file[..end], &Options::default());
        }
        for (at, byte) in (0..file.len()).step_by(67).zip([0, 0x7f, 0xff].into_iter().cycle()) {
            let mut damaged = file.to_vec();
            damaged[at] = byte;
            if let Ok(table) = diligence_questionnaires::spreadsheet::open(&damaged, &Options::default()) {
                let count = table.records(&damaged).unwrap().filter(Result::is_ok).count();
                assert_eq!(count, usize::try_from(table.found.row_count).unwrap(), "{byte:#x} at {at}");
            }
        }
    }
}

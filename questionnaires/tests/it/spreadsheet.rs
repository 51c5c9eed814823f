//! Other people's files, read row by row.

use diligence_questionnaires::Fault;
use diligence_questionnaires::spreadsheet::{
    Cell, Found, HeaderAt, Kind, MAX_CELL_BYTES, Options, Record, Table, open,
};
use proptest::prelude::*;

mod binary;
mod books;
mod encodings;
mod json;
mod office;

/// The table in a file.
pub fn table(bytes: &[u8], options: &Options) -> Table {
    open(&bytes, options).unwrap_or_else(|faults| panic!("{faults:#?}"))
}

/// Its rows, as people see them; read twice, to see that both times are alike.
pub fn rows(bytes: &[u8], options: &Options) -> Vec<Vec<String>> {
    let table = table(bytes, options);
    let read = || -> Vec<Record> {
        table.records(&bytes).unwrap().map(|record| record.unwrap_or_else(|fault| panic!("{fault:#?}"))).collect()
    };
    let records = read();
    assert_eq!(read(), records);
    assert_eq!(records.len(), usize::try_from(table.found.row_count).unwrap());
    records.iter().map(|record| record.cells.iter().map(|cell| cell.shown().into_owned()).collect()).collect()
}

pub fn found(bytes: &[u8]) -> Found {
    table(bytes, &Options::default()).found
}

/// What is said of a file.
pub fn said(bytes: &[u8]) -> String {
    found(bytes).sentences.join("\n")
}

/// The one thing that is wrong with a file.
pub fn refused(bytes: &[u8]) -> Fault {
    let faults = open(&bytes, &Options::default()).map(|table| table.found).unwrap_err();
    assert_eq!(faults.len(), 1, "{faults:#?}");
    faults[0].clone()
}

fn wanting(names: &[&str]) -> Options {
    Options { wanted: names.iter().map(ToString::to_string).collect(), ..Options::default() }
}

#[test]
fn cells_are_told_apart_by_whatever_stands_between_them() {
    for separator in [",", ";", "\t", "|"] {
        for end in ["\n", "\r\n", "\r"] {
            let text = ["Name,Town", "\"Alder, Birch; | Co\",Leeds", "\"say \"\"hi\"\"\",\"1\n2\"", ",x"];
            let text = text.map(|line| line.replacen("\",L", &format!("\"{separator}L"), 1));
            let text = text.map(|line| line.replace("Name,", &format!("Name{separator}")));
            let text = text.map(|line| {
                line.replace("\"\"\",", &format!("\"\"\"{separator}")).replace(",x", &format!("{separator}x"))
            });
            let file = text.join(end);
            let found = found(file.as_bytes());
            assert_eq!(found.separator.map(String::from).as_deref(), Some(separator), "{file:?}");
            assert_eq!((found.columns, found.header_row), (vec!["Name".into(), "Town".into()], Some(1)));
            assert_eq!(
                rows(file.as_bytes(), &Options::default()),
                [["Alder, Birch; | Co", "Leeds"], ["say \"hi\"", "1\n2"], ["", "x"]]
            );
        }
    }
}

#[test]
fn a_first_line_may_say_what_separates_the_cells_and_so_may_somebody() {
    for begin in ["sep=;\r\n", "SEP=;\n", "\"sep=;\"\r\n"] {
        let file = format!("{begin}a,b;c\r\n1,5;2\r\n");
        assert_eq!(rows(file.as_bytes(), &Options::default()), [["1,5", "2"]], "{begin:?}");
        assert_eq!(found(file.as_bytes()).columns, ["a,b", "c"]);
    }
    let caret = Options { separator: Some('^'), ..Options::default() };
    assert_eq!(rows(b"a^b\nx^y\n", &caret), [["x", "y"]]);
    let two = Options { separator: Some('\u{2020}'), ..Options::default() };
    assert_eq!(open(&b"a\nb\n".as_slice(), &two).map(|table| table.found).unwrap_err()[0].code, "separator");
}

#[test]
fn the_header_is_found_below_a_title_and_what_stands_above_is_said() {
    let file = b"Directory of services,,,\n,,,\nMade on 1 October 2026,,,\n,,,\nName,Provider,Provider ID,Postcode\nAlder House,Alder Care Limited,1-101000001,AB1 2CD\nCedar,Cedar Limited,1-101000002,AB1 2CF\n";
    let found = found(file);
    assert_eq!(found.header_row, Some(5));
    assert_eq!(found.columns, ["Name", "Provider", "Provider ID", "Postcode"]);
    assert_eq!(found.row_count, 2);
    let said = found.sentences.join("\n");
    assert!(
        said.contains("on line 5") && said.contains("“Directory of services” and “Made on 1 October 2026”"),
        "{said}"
    );
}

#[test]
fn the_columns_that_are_asked_for_decide_where_the_header_is() {
    // Headings with space around them, as Companies House has them, below a line that is as wide.
    let file = b"Report,of,companies\n CompanyName, CompanyNumber,Status\nAlder Ltd,04142000,Active\n";
    let found = table(file, &wanting(&["companynumber"])).found;
    assert_eq!(
        (found.header_row, found.columns),
        (Some(2), vec!["CompanyName".into(), "CompanyNumber".into(), "Status".into()])
    );
    let told = Options { header: Some(HeaderAt::Row(3)), ..Options::default() };
    assert_eq!(table(file, &told).found.columns, ["Alder Ltd", "04142000", "Active"]);
    let none = Options { header: Some(HeaderAt::None), ..Options::default() };
    assert_eq!(
        (table(file, &none).found.columns, rows(file, &none).len()),
        (vec!["1".into(), "2".into(), "3".into()], 3)
    );
    let far = Options { header: Some(HeaderAt::Row(9)), ..Options::default() };
    assert_eq!(open(&file.as_slice(), &far).map(|table| table.found).unwrap_err()[0].code, "no_header");
}

#[test]
fn a_file_without_a_header_is_told_from_one_with_years_for_names() {
    let file = b"\"A81001\",\"THE SURGERY\",\"Y54\",\"19740401\"\n\"A81002\",\"QUEENS PARK\",\"Y54\",\"19740401\"\n";
    assert_eq!((found(file).header_row, rows(file, &Options::default()).len()), (None, 2));
    assert!(said(file).contains("No line looks like the names of columns"));
    assert_eq!(found(b"Supplier,2024,2025\nAlder,12,13\n").header_row, Some(1));
}

#[test]
fn what_repeats_the_header_and_what_stands_below_the_table_is_no_row_and_is_said() {
    let file = b"Name,Amount\nAlder,1\nBirch,2\nName,Amount\nCedar,3\n\nTotal:,\n\nPrinted by finance,\n";
    assert_eq!(rows(file, &Options::default()), [["Alder", "1"], ["Birch", "2"], ["Cedar", "3"]]);
    let said = said(file);
    for part in ["stand again on line 4", "“Printed by finance” (line 9)", "“Total:” (line 7)", "2 blank lines"]
    {
        assert!(said.contains(part), "{part}: {said}");
    }
    // Straight below the rows; a supplier who is called like a sum and has a town stays.
    for (file, part) in [
        ("Name,Amount\nAlder,1\nBirch,2\nTotal,3\n", "“Total” (line 4)"),
        ("Name,Amount\nAlder,1\nBirch,2\nGRAND TOTAL:,\"£1,234.50\"\n", "“GRAND TOTAL:” (line 4)"),
        ("Name,Amount\nAlder,1\nBirch,2\n*** End of report ***\n", "“*** End of report ***” (4)"),
        ("Name,Amount\nAlder,1\nPage 1 of 2\nName,Amount\nBirch,2\nPage 2 of 2,\n", "2 lines that number pages"),
    ] {
        let read = rows(file.as_bytes(), &Options::default());
        assert_eq!(read, [["Alder", "1"], ["Birch", "2"]], "{file:?}");
        assert!(self::said(file.as_bytes()).contains(part), "{part}: {}", self::said(file.as_bytes()));
    }
    for last in ["Total,Leeds", "Totally Care,3", "Page Ltd,4", "End of the Road Care,"] {
        let file = format!("Name,Amount\nAlder,1\nBirch,2\n{last}\n");
        assert_eq!(rows(file.as_bytes(), &Options::default()).len(), 3, "{last}");
    }
    assert_eq!(rows(b"Name\nAlder\nPage 1 of 2\n", &Options::default()).len(), 2, "one column may hold anything");
    // A sum that has its own figures, and a supplier who is called so in the middle.
    let file = b"Name,Town,Amount\nTotal,Leeds,1\nBirch,York,2\nTotal,,3\n";
    assert_eq!(rows(file, &Options::default()).len(), 2);
    let told = Options { footer: 1, ..Options::default() };
    assert_eq!(rows(b"Name,Town\nAlder,Leeds\nBirch,York\n", &told), [["Alder", "Leeds"]]);
}

#[test]
fn columns_of_one_name_are_kept_apart_and_those_without_one_are_called_by_their_number() {
    let file = b"Name,Amount,Amount,,amount\nAlder,1,2,3,4,5\n";
    assert_eq!(found(file).columns, ["Name", "Amount", "Amount (2)", "4", "amount (3)", "6"]);
    assert!(said(file).contains("1 line has more cells than there are names"), "{}", said(file));
    assert!(!said(file).contains("Several columns"));
    let asked = table(file, &wanting(&["Amount"])).found.sentences.join("\n");
    assert!(asked.contains("Several columns are called “Amount”: the second is called “Amount (2)”"), "{asked}");
}

#[test]
fn a_second_table_is_said() {
    let below = b"Name,Amount\nAlder,1\nBirch,2\nCedar,3\n\nTown,Country\nLeeds,England\nYork,England\n";
    assert!(said(below).contains("Another table may begin on line 6"), "{}", said(below));
    let beside = b"Name,Town,,Code,Meaning\nAlder,Leeds,,a,one\nBirch,York,,b,two\n";
    assert!(said(beside).contains("Column C is empty from top to bottom"), "{}", said(beside));
}

#[test]
fn another_table_below_ends_the_first_and_is_said() {
    for (first, second) in [
        // More columns; fewer, where the first has numbers; fewer, with numbers below a name.
        ("Name,Town\nAlder,Leeds\nBirch,York", "Town,Country,Region\nLeeds,England,North\nYork,England,North"),
        ("Name,Amount,Town\nAlder,1,Leeds\nBirch,2,York", "Town,Country\nLeeds,England"),
        ("Name,Owner,Town\nAlder,Jo,Leeds\nBirch,Sam,York", "Town,People\nLeeds,800000\nYork,200000"),
    ] {
        let file = format!("{first}\n\n{second}\n\nA,Third,Table\na,b,c\n");
        let read = rows(file.as_bytes(), &Options::default());
        assert_eq!(read.iter().map(|row| row[0].as_str()).collect::<Vec<_>>(), ["Alder", "Birch"], "{file}");
        let said = said(file.as_bytes());
        assert!(said.contains("Another table begins on line 5"), "{said}");
        let below = Options { header: Some(HeaderAt::Row(5)), ..Options::default() };
        assert_eq!(rows(file.as_bytes(), &below)[0][0], "Leeds", "it is read where that is said");
    }
    // Rows that leave cells out, or say more than there are names, are rows.
    for (file, count) in [
        ("Name,Town,Owner\nAlder,Leeds,Jo\n\nBirch,York\nCedar,Hull\n", 3),
        ("Name,Amount,Town\nAlder,1,Leeds\nBirch,2,York\n\nCedar,unknown\nDogwood,3,Hull\n", 4),
        ("Name,Town\nAlder,Leeds\n\nBirch,York,see note\nCedar,Hull\nDogwood,Bath\n", 4),
        ("Name,Town,Owner\nAlder,Leeds,Jo\n\nBirch,York\n", 2),
    ] {
        assert_eq!(rows(file.as_bytes(), &Options::default()).len(), count, "{file}");
    }
}

#[test]
fn a_header_of_two_lines_is_said_where_a_column_that_is_asked_for_stands_in_the_second() {
    let file = b"Name,Contract,,Owner\n,Start,End,\nAlder,2026-01-01,2027-01-01,Jo\n";
    let said = |wanted: &[&str]| table(file, &wanting(wanted)).found.sentences.join("\n");
    for wanted in [["Name", "Owner", "End"], ["Name", "Owner", "contract end"]] {
        assert!(said(&wanted).contains("may stand on two lines: “End” stands on line 2"), "{}", said(&wanted));
    }
    assert!(!said(&["Name", "Owner"]).contains("two lines"));
}

#[test]
fn a_quote_that_is_never_closed_is_told_by_the_line_it_began_on() {
    let line = |text: &str| (refused(text.as_bytes()).line, refused(text.as_bytes()).code);
    assert_eq!(line("a,b\n1,\"2\n3,4\n"), (Some(2), "syntax".into()));
    // Closed by the next opening quote, two lines on.
    assert_eq!(line("a,b\n1,\"2\n3,4\n5,\"6\"\n"), (Some(2), "syntax".into()));
    assert_eq!(line("a,b\n1,\"2\"3\n"), (Some(2), "syntax".into()));
    // Space behind a closing quote is nothing.
    assert_eq!(rows(b"a,b\n\"1\" ,\"2\" \n", &Options::default()), [["1", "2"]]);
    // The rest of a large file is no cell.
    let long = format!("a,b\n1,2\n3,\"{}", "x,y\n".repeat(MAX_CELL_BYTES));
    assert_eq!(line(&long), (Some(3), "too_large".into()));
    let long = format!("a,b\n1,2\n3,{}\n", "x".repeat(MAX_CELL_BYTES + 1));
    assert_eq!(line(&long), (Some(3), "too_large".into()));
    assert_eq!(line(&format!("a\n{}\n", ",".repeat(1_000))), (Some(2), "too_large".into()));
    // A cell that is only long is read, and so many of them are not.
    let long = format!("a,b\n1,{}\n", "x".repeat(MAX_CELL_BYTES));
    assert_eq!(rows(long.as_bytes(), &Options::default())[0][1].len(), MAX_CELL_BYTES);
    let many = format!("a\n1{}\n", format!(",{}", "x".repeat(MAX_CELL_BYTES)).repeat(5));
    assert_eq!(line(&many), (Some(2), "too_large".into()));
}

#[test]
fn what_is_no_table_is_called_by_its_name() {
    let cases: [(&[u8], &str, &str); 10] = [
        (b"", "no_table", "empty"),
        (b"\n\n  \n", "no_table", "nothing"),
        (b"%PDF-1.7\n", "not_a_table", "PDF"),
        (b"\x89PNG\r\n\x1a\n", "not_a_table", "picture"),
        (b"\x1f\x8b\x08\0", "not_a_table", "gzip"),
        (b"<!DOCTYPE html><table><tr><td>Name", "not_a_table", "HTML"),
        (b"\xef\xbb\xbf<table border=1><tr><td>Name", "not_a_table", "save it as XLSX"),
        (
            b"<?xml version=\"1.0\"?><Workbook xmlns=\"urn:schemas-microsoft-com:office:spreadsheet\">",
            "not_a_table",
            "Excel 2003",
        ),
        (b"\x01\x02\x03\x04\x05\x06\0\0\x07\x08", "not_a_table", "no kind of table"),
        (b"Name,Town\nA\0lder,x\n", "encoding", "zero byte"),
    ];
    for (bytes, code, word) in cases {
        let fault = refused(bytes);
        assert!(fault.code == code && fault.message.contains(word), "{fault:?}");
    }
    let told = Options { kind: Some(Kind::Xlsx), ..Options::default() };
    assert_eq!(open(&b"a,b\n1,2\n".as_slice(), &told).map(|table| table.found).unwrap_err()[0].code, "another_kind");
}

#[test]
fn rows_are_read_over_and_over_in_the_same_room() {
    let file = b"a,b,c\n1,2,3\n4\n,,5\n".as_slice();
    let table = table(file, &Options::default());
    let mut rows = table.rows(&file).unwrap();
    let mut record = Record::default();
    let mut seen = Vec::new();
    while rows.next_row(&mut record).unwrap() {
        assert_eq!(record.cells.len(), 3);
        seen.push((record.row, record.line, record.cells.iter().map(Cell::shown).collect::<Vec<_>>().join("|")));
    }
    assert_eq!(seen, [(2, 2, "1|2|3".to_owned()), (3, 3, "4||".to_owned()), (4, 4, "||5".to_owned())]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn no_bytes_make_the_reader_panic(bytes in prop::collection::vec(any::<u8>(), 0..400), begin in 0_usize..6) {
        let begins: [&[u8]; 6] = [b"", b"PK\x03\x04", &[0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1], b"\xff\xfe", b"[{\"", b"a,b\n"];
        let file = [begins[begin], &bytes].concat();
        if let Ok(table) = open(&file, &Options::default()) {
            let count = table.records(&file).unwrap().filter(Result::is_ok).count();
            prop_assert_eq!(count, usize::try_from(table.found.row_count).unwrap());
        }
    }
}

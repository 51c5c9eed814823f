//! Texts in every encoding that people's programs write.

use std::fmt::Write;

use diligence_questionnaires::spreadsheet::{Options, open};
use proptest::prelude::*;

use super::{found, refused, rows, said};

fn utf_16(text: &str, is_little: bool) -> Vec<u8> {
    text.encode_utf16().flat_map(|unit| if is_little { unit.to_le_bytes() } else { unit.to_be_bytes() }).collect()
}

/// A text whose letters have one byte each in Windows-1252, where that is the one of Unicode.
fn latin(text: &str) -> Vec<u8> {
    text.chars().map(|letter| u8::try_from(u32::from(letter)).unwrap()).collect()
}

#[test]
fn a_file_as_excel_on_windows_saves_it_is_read_and_said() {
    let file = b"Supplier,Owner\r\nCoast Women\x92s Aid,Jo Bell\r\nCaf\xe9 Fernway,Sam Okafor\r\n";
    assert_eq!(rows(file, &Options::default()), [["Coast Women’s Aid", "Jo Bell"], ["Café Fernway", "Sam Okafor"]]);
    assert_eq!(found(file).encoding.as_deref(), Some("windows-1252"));
    let said = said(file);
    assert!(
        said.contains("The text is read as Windows-1252, as Excel on Windows saves CSV: 2 bytes are no UTF-8, the first on line 2."),
        "{said}"
    );
}

#[test]
fn a_file_in_two_encodings_is_read_line_by_line() {
    let mut file = "Name,Town\nCafé,Leeds\nŁódź,York\n".as_bytes().to_vec();
    file.extend_from_slice(b"Caf\xe9 Two,Hull\n");
    file.extend_from_slice("Zoë,Bath\n".as_bytes());
    let names = ["Café", "Łódź", "Café Two", "Zoë"];
    assert_eq!(rows(&file, &Options::default()).into_iter().map(|row| row[0].clone()).collect::<Vec<_>>(), names);
    let said = said(&file);
    assert!(said.contains("in two encodings: 1 byte is no UTF-8. Line 4 is read as Windows-1252"), "{said}");
    // What was found can be said, and gives the same.
    let told = Options { encoding: found(&file).encoding, ..Options::default() };
    assert_eq!(rows(&file, &told).len(), 4);
}

#[test]
fn what_somebody_says_of_the_encoding_counts() {
    let file = b"Name,Town\nCaf\xe9,x\n".as_slice();
    let told = |encoding: &str| Options { encoding: Some(encoding.to_owned()), ..Options::default() };
    let fault = |encoding: &str| {
        let fault = open(&file, &told(encoding)).map(|table| table.found).unwrap_err().remove(0);
        (fault.code, fault.line)
    };
    assert_eq!(rows(file, &told("latin1")), [["Café", "x"]]);
    assert_eq!(rows(file, &told("windows-1251")), [["Cafй", "x"]]);
    assert_eq!(fault("utf-8"), ("encoding".to_owned(), Some(2)));
    assert_eq!(fault("klingon"), ("unknown_encoding".to_owned(), None));
}

#[test]
fn central_european_letters_are_told_by_what_they_spell() {
    let names = "Zażółć gęślą jaźń;Łódź i Świnoujście, którą już więc będzie przecież można\n".repeat(8);
    let (bytes, _) = to_1250(&format!("Nazwa;Uwagi\n{names}"));
    assert_eq!(found(&bytes).encoding.as_deref(), Some("windows-1250"));
    assert_eq!(rows(&bytes, &Options::default())[0][0], "Zażółć gęślą jaźń");
}

#[test]
fn letters_that_look_wrong_are_said_with_what_else_the_text_may_be() {
    // Few letters, but where Windows-1252 has signs: in the middle of words.
    let (bytes, count) = to_1250("Nazwa,Miasto\nZażółć Sp. z o.o.,Białystok\n");
    assert!(count < 10);
    let found = found(&bytes);
    let said = found.sentences.join("\n");
    assert!(
        found.encoding.as_deref() == Some("windows-1250") || said.contains("its encoding is windows-1250"),
        "{said}"
    );
    // As an old program for DOS wrote them.
    let said = super::said(b"Name,Town\nCaf\x82 Fernway,Orl\x82ans\n");
    assert!(said.contains("first on line 2") && said.contains("code page 850 or 852"), "{said}");
    // As they are.
    for file in
        [b"Name,Town\nCaf\xe9 Fernway,\xa35 Road\n".as_slice(), b"Name,Town\nWomen\x92s Aid \x96 North,5 m\xb3\n"]
    {
        assert!(!super::said(file).contains("DOS"), "{}", super::said(file));
    }
}

/// The few letters of Polish in Windows-1250.
fn to_1250(text: &str) -> (Vec<u8>, usize) {
    let byte = |letter: char| match letter {
        'ą' => 0xb9,
        'ć' => 0xe6,
        'ę' => 0xea,
        'ł' => 0xb3,
        'Ł' => 0xa3,
        'ń' => 0xf1,
        'ó' => 0xf3,
        'ś' => 0x9c,
        'Ś' => 0x8c,
        'ź' => 0x9f,
        'ż' => 0xbf,
        letter => u8::try_from(u32::from(letter)).unwrap(),
    };
    let bytes: Vec<u8> = text.chars().map(byte).collect();
    let count = bytes.iter().filter(|byte| !byte.is_ascii()).count();
    (bytes, count)
}

#[test]
fn a_byte_that_no_text_has_is_told_with_its_line() {
    let mut file = "a,b\n".repeat(50_000).into_bytes();
    file.extend_from_slice(b"x,\0\n");
    let fault = refused(&file);
    assert_eq!((fault.code.as_str(), fault.line), ("encoding", Some(50_001)));
}

#[test]
fn a_letter_that_is_cut_in_two_by_a_block_is_whole() {
    // Longer than a block, with a letter of two bytes at every place about its end.
    for shift in 0..2 {
        let mut file = String::from("Name,Town\n");
        file.push_str(&"x".repeat(shift));
        for row in 0..20_000 {
            writeln!(file, "é{row}ß,ŵynŵ").unwrap();
        }
        let read = rows(file.as_bytes(), &Options::default());
        assert_eq!((read.len(), read[19_999][0].as_str()), (20_000, "é19999ß"));
        let wide = utf_16(&file, true);
        assert_eq!(rows(&wide, &Options { encoding: Some("utf-16le".into()), ..Options::default() }), read);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn a_table_reads_back_the_same_in_every_encoding_and_with_every_separator(
        cells in prop::collection::vec(prop::collection::vec("[ -~é£ÿ\n\",;|]{0,8}", 3), 1..6),
        separator in prop::sample::select(vec![',', ';', '\t', '|']),
        end in prop::sample::select(vec!["\n", "\r\n"]),
    ) {
        let line = |cells: &[String]| {
            let quoted: Vec<String> = cells.iter().map(|cell| format!("\"{}\"", cell.replace('"', "\"\""))).collect();
            quoted.join(&separator.to_string()) + end
        };
        let header = ["Alpha", "Beta", "Gamma"].map(ToOwned::to_owned);
        let text = line(&header) + &cells.iter().map(|cells| line(cells)).collect::<String>();
        let options = |encoding: Option<&str>| Options {
            separator: Some(separator),
            encoding: encoding.map(ToOwned::to_owned),
            header: Some(diligence_questionnaires::spreadsheet::HeaderAt::Row(1)),
            ..Options::default()
        };
        let expected = rows(text.as_bytes(), &options(None));
        let plain: Vec<Vec<String>> = cells.iter().filter(|cells| cells.iter().any(|cell| !cell.trim().is_empty())).cloned().collect();
        // Sums and notes at the end are none of the table; of what is left nothing is changed.
        prop_assert!(plain.starts_with(&expected), "{plain:?} {expected:?}");
        let marked = |mark: &[u8], bytes: Vec<u8>| [mark, &bytes].concat();
        for file in [
            marked(b"\xef\xbb\xbf", text.clone().into_bytes()),
            marked(b"\xff\xfe", utf_16(&text, true)),
            marked(b"\xfe\xff", utf_16(&text, false)),
            utf_16(&text, true),
            utf_16(&text, false),
        ] {
            prop_assert_eq!(&rows(&file, &options(None)), &expected);
        }
        prop_assert_eq!(&rows(&latin(&text), &options(Some("windows-1252"))), &expected);
    }
}

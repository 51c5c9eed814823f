//! Editions as tables, in and out.

use diligence_questionnaires::table::{MAX_TABLE_LINES, columns};
use diligence_questionnaires::{Edition, Fault, library};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::harness::*;
use crate::properties::{Dice, FULL, random_document};

const SMALL: &str = "row,key,title,edition,summary,framework,applies_to,principle,text,type,show_if,value,label,points\r\n\
    questionnaire,example,An example,2026.1,For tests.,security,supplier; product,,,,,,,\r\n\
    principle,p,P,,,,,,,,,,,\r\n\
    section,s,S,,,,,,,,,,,\r\n\
    question,a,,,,,,p,Is it?,yes_no,,,,\r\n\
    option,,,,,,,,,,,yes,Yes,100\r\n\
    option,,,,,,,,,,,no,No,0\r\n\
    question,b,,,,,,p,\"And, is\nthat?\",text,\"{question: a, is: \"\"yes\"\"}\",,,\r\n";

fn read(text: &str) -> Edition {
    Edition::from_csv(text).unwrap_or_else(|faults| panic!("{faults:#?}\n{text}"))
}

/// `line:column code` of every fault.
fn found(text: &str) -> Vec<String> {
    let faults = Edition::from_csv(text).err().unwrap_or_default();
    faults
        .iter()
        .map(|fault| format!("{}:{} {}", fault.line.unwrap_or(0), fault.column.unwrap_or(0), fault.code))
        .collect()
}

fn first(text: &str) -> Fault {
    Edition::from_csv(text).unwrap_err().remove(0)
}

#[test]
fn the_library_goes_through_a_table_without_loss() {
    for edition in library::editions() {
        let table = edition.to_csv();
        assert_eq!(read(&table), *edition);
        assert_eq!(read(&table).hash(), edition.hash());
        assert_eq!(read(&table).to_csv(), table);
    }
}

#[test]
fn tables_are_read_as_spreadsheets_save_them() {
    let edition = read(SMALL);
    assert_eq!(edition.question("b").unwrap().text, "And, is\nthat?");
    assert_eq!(edition.applies_to.len(), 2);
    assert_eq!(read(&format!("\u{feff}{SMALL}")), edition);
    assert_eq!(read(&SMALL.replace("\r\n", "\n")), edition);
    assert_eq!(read(&SMALL.replace("\r\n", ",,\r\n,,,\r\n\r\n")), edition);
    let semicolons = SMALL
        .replace("; product", "")
        .replace("\"And, is", "\"And# is")
        .replace("a, is:", "a# is:")
        .replace(',', ";")
        .replace('#', ",");
    let mut only_supplier = edition.clone();
    only_supplier.applies_to.truncate(1);
    assert_eq!(read(&semicolons), only_supplier);
    let json = SMALL.replace("{question: a, is: \"\"yes\"\"}", "{\"\"question\"\":\"\"a\"\",\"\"is\"\":\"\"yes\"\"}");
    assert_eq!(read(&json), edition);
}

#[test]
fn truths_are_read_in_capitals_too() {
    let more = SMALL
        .replace(",points\r\n", ",points,ask_why\r\n")
        .replace("yes,Yes,100", "yes,Yes,100,TRUE")
        .replace("no,No,0", "no,No,0,False");
    let question = read(&more).question("a").unwrap().clone();
    assert_eq!(question.options.iter().map(|choice| choice.ask_why).collect::<Vec<_>>(), [true, false]);
}

#[test]
fn no_cell_of_a_table_is_run_by_a_spreadsheet() {
    let mut document = questions(json!([yes_no("a", json!({"text": "=1+1", "help": "'=1", "maps_to": ["dspt/1.1"]}))]));
    document["title"] = json!("@home");
    let edition = edition(&document);
    let table = edition.to_csv();
    assert!(table.contains(",'=1+1,''=1,") && table.contains(",'@home,"), "{table}");
    assert_eq!(read(&table), edition);
}

#[test]
fn every_fault_has_the_line_and_the_cell() {
    assert_eq!(found(SMALL), [""; 0]);
    let with = |from: &str, to: &str| {
        assert!(SMALL.contains(from), "{from}");
        found(&SMALL.replacen(from, to, 1))
    };
    assert_eq!(with("Yes,100", "Yes,101"), ["6:14 out_of_range"]);
    assert_eq!(with("Yes,100", "Yes,many"), ["6:14 wrong_type"]);
    assert_eq!(with("question,a,,,,,,p", "question,a,,,,,,q"), ["5:8 unknown_principle"]);
    assert_eq!(with("question,a,", "question,,"), ["5:1 missing_key"]);
    assert_eq!(with("yes_no", "yesno"), ["5:10 unknown_value"]);
    assert_eq!(with("is: \"\"yes\"\"", "is: \"\"maybe\"\""), ["8:11 unknown_option"]);
    assert_eq!(with("{question: a, is: \"\"yes\"\"}", "{question: a"), ["8:11 syntax"]);
    assert_eq!(with("{question: a,", "{question: a, question: a,"), ["8:11 duplicate_key"]);
    assert_eq!(with("supplier; product", "supplier;supplier"), ["2:7 duplicate_value"]);
    assert_eq!(
        with("row,key", "row,kay"),
        [
            "1:2 unknown_column",
            "2:1 missing_key",
            "3:1 missing_key",
            "4:1 missing_key",
            "5:1 missing_key",
            "8:1 missing_key"
        ]
    );
    assert_eq!(with("row,key", "kind,key"), ["1:1 missing_column", "1:1 unknown_column"]);
    assert_eq!(
        with("label,points", "points,points"),
        ["1:14 duplicate_column", "6:1 missing_key", "6:13 wrong_type", "7:1 missing_key", "7:13 wrong_type"]
    );
    assert_eq!(with("section,s", "sektion,s"), ["2:1 missing_key", "4:1 unknown_row"]);
    assert_eq!(with("section,s,S,", "section,s,S,2026.1"), ["4:4 cell_not_for_row"]);
    assert_eq!(with("section,s,S,,,,,,,,,,,", "section,s,S,,,,,,,,,,,,x"), ["4:15 cell_without_column"]);
    assert_eq!(with("principle,p,P", "questionnaire,p,P"), ["2:1 missing_key", "3:1 duplicate_row"]);
    assert_eq!(with("that?\"", "that?"), ["9:0 syntax"]);
    assert_eq!(found(""), ["1:1 missing_column"]);
    assert_eq!(found("key,row\r\n"), ["1:1 missing_row"]);
    assert_eq!(found("row\r\nsection\r\n"), ["2:1 row_out_of_place"]);
    assert_eq!(
        found(&format!("row\r\nquestionnaire\r\n{}", "source\r\n".repeat(MAX_TABLE_LINES))),
        [format!("{}:1 too_many_lines", MAX_TABLE_LINES + 2)]
    );
    assert_eq!(found(&"x".repeat(2 * 1024 * 1024 + 1)), ["0:0 too_large"]);
}

#[test]
fn a_fault_names_the_cell_as_a_spreadsheet_does() {
    let below_a_line_break = format!("{SMALL}question,c,,,,,,p,,text,,,,\r\n");
    let fault = first(&below_a_line_break);
    assert_eq!((fault.line, fault.column, fault.pointer.as_str()), (Some(10), Some(1), "/sections/0/questions/2/text"));
    assert_eq!(fault.message, "expected the key `text` (cell A9, column `row`)");
    assert!(first(&SMALL.replacen("Yes,100", "Yes,101", 1)).message.ends_with("(cell N6, column `points`)"));
}

#[test]
fn an_option_hangs_on_a_question_of_its_own_section() {
    let moved = SMALL.replace("option,,,,,,,,,,,no,No,0\r\n", "section,t,T,,,,,,,,,,,\r\noption,,,,,,,,,,,no,No,0\r\n");
    assert!(found(&moved).contains(&"8:1 row_out_of_place".to_owned()));
}

#[test]
fn columns_are_named_once_each() {
    let mut names: Vec<&str> = columns().collect();
    assert_eq!(names[0], "row");
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), columns().count());
}

/// Every text of a document that may say anything, replaced.
fn with_texts(value: &mut Value, texts: &mut dyn Iterator<Item = String>) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(|item| with_texts(item, texts)),
        Value::Object(members) => {
            for (name, member) in members {
                match member {
                    Value::String(text)
                        if ["title", "summary", "text", "label", "advice", "knock_out"].contains(&name.as_str()) =>
                    {
                        *text = texts.next().unwrap()
                    }
                    member => with_texts(member, texts),
                }
            }
        }
        _ => {}
    }
}

fn codes(result: Result<Edition, Vec<Fault>>) -> Result<Edition, Vec<(String, String)>> {
    result.map_err(|faults| {
        let mut list: Vec<(String, String)> = faults.into_iter().map(|fault| (fault.pointer, fault.code)).collect();
        list.sort();
        list
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn a_table_says_what_the_document_says(seed: u64, texts in prop::collection::vec("[-'=+@;,\"\r\n\t\\\\ é]{0,6}[a-z=;,\"]", 1..20)) {
        let mut document = random_document(&mut Dice(seed), FULL);
        with_texts(&mut document, &mut texts.iter().cycle().cloned());
        // Not every random edition makes sense; then the table is to say the same about it.
        let unchecked: Edition = serde_json::from_value(document.clone()).unwrap();
        prop_assert_eq!(codes(Edition::from_csv(&unchecked.to_csv())), codes(Edition::from_json(&document.to_string())));
    }

    #[test]
    fn no_text_makes_the_reader_panic(text in "(row|[a-z_]{1,8}|questionnaire|section|question|option|[\";,\r\n'=]|\\PC){0,60}") {
        let _ = Edition::from_csv(&text);
    }

    #[test]
    fn no_damage_makes_the_reader_panic(seed: u64) {
        let mut dice = Dice(seed);
        let mut characters: Vec<char> = SMALL.chars().collect();
        for _ in 0..=dice.below(5) {
            let at = usize::try_from(dice.below(characters.len().max(1) as u64)).unwrap();
            match dice.below(3) {
                0 => drop(characters.splice(at..characters.len().min(at + 1), [])),
                1 => characters.insert(at, *dice.pick(&[',', '"', '\n', ';', '{', 'x', '\'', '=', '1'])),
                _ => characters.truncate(at.max(1)),
            }
        }
        let text: String = characters.into_iter().collect();
        if let Ok(edition) = Edition::from_csv(&text) {
            prop_assert_eq!(Edition::from_csv(&edition.to_csv()).unwrap(), edition);
        }
    }
}

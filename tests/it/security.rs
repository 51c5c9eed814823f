//! The page `tests/security.md` has every requirement, and names only what exists.

use std::{collections::BTreeSet, fs, path::Path};

const PAGE: &str = include_str!("../security.md");

/// The requirements of levels 1 and 2 of ASVS 5.0.0, but for those on WebRTC: section, and the numbers in it.
const REQUIREMENTS: &[(&str, &[u32])] = &[
    ("1.1", &[1, 2]),
    ("1.2", &[1, 2, 3, 4, 5, 6, 7, 8, 9]),
    ("1.3", &[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]),
    ("1.4", &[1, 2, 3]),
    ("1.5", &[1, 2]),
    ("2.1", &[1, 2, 3]),
    ("2.2", &[1, 2, 3]),
    ("2.3", &[1, 2, 3, 4]),
    ("2.4", &[1]),
    ("3.2", &[1, 2]),
    ("3.3", &[1, 2, 3, 4]),
    ("3.4", &[1, 2, 3, 4, 5, 6]),
    ("3.5", &[1, 2, 3, 4, 5]),
    ("3.7", &[1, 2]),
    ("4.1", &[1, 2, 3]),
    ("4.2", &[1]),
    ("4.3", &[1, 2]),
    ("4.4", &[1, 2, 3, 4]),
    ("5.1", &[1]),
    ("5.2", &[1, 2, 3]),
    ("5.3", &[1, 2]),
    ("5.4", &[1, 2, 3]),
    ("6.1", &[1, 2, 3]),
    ("6.2", &[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]),
    ("6.3", &[1, 2, 3, 4]),
    ("6.4", &[1, 2, 3, 4]),
    ("6.5", &[1, 2, 3, 4, 5]),
    ("6.6", &[1, 2, 3]),
    ("6.8", &[1, 2, 3, 4]),
    ("7.1", &[1, 2, 3]),
    ("7.2", &[1, 2, 3, 4]),
    ("7.3", &[1, 2]),
    ("7.4", &[1, 2, 3, 4, 5]),
    ("7.5", &[1, 2]),
    ("7.6", &[1, 2]),
    ("8.1", &[1, 2]),
    ("8.2", &[1, 2, 3]),
    ("8.3", &[1]),
    ("8.4", &[1]),
    ("9.1", &[1, 2, 3]),
    ("9.2", &[1, 2, 3, 4]),
    ("10.1", &[1, 2]),
    ("10.2", &[1, 2]),
    ("10.3", &[1, 2, 3, 4]),
    ("10.4", &[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]),
    ("10.5", &[1, 2, 3, 4, 5]),
    ("10.6", &[1, 2]),
    ("10.7", &[1, 2, 3]),
    ("11.1", &[1, 2]),
    ("11.2", &[1, 2, 3]),
    ("11.3", &[1, 2, 3]),
    ("11.4", &[1, 2, 3, 4]),
    ("11.5", &[1]),
    ("11.6", &[1]),
    ("12.1", &[1, 2, 3]),
    ("12.2", &[1, 2]),
    ("12.3", &[1, 2, 3, 4]),
    ("13.1", &[1]),
    ("13.2", &[1, 2, 3, 4, 5]),
    ("13.3", &[1, 2]),
    ("13.4", &[1, 2, 3, 4, 5]),
    ("14.1", &[1, 2]),
    ("14.2", &[1, 2, 3, 4]),
    ("14.3", &[1, 2, 3]),
    ("15.1", &[1, 2, 3]),
    ("15.2", &[1, 2, 3]),
    ("15.3", &[1, 2, 3, 4, 5, 6, 7]),
    ("16.1", &[1]),
    ("16.2", &[1, 2, 3, 4, 5]),
    ("16.3", &[1, 2, 3, 4]),
    ("16.4", &[1, 2, 3]),
    ("16.5", &[1, 2, 3]),
];

/// The page's rows: number and where it is shown.
fn rows() -> Vec<(String, &'static str)> {
    let cells = PAGE
        .lines()
        .filter(|line| line.starts_with("| "))
        .map(|line| line.trim_matches('|').split('|').map(str::trim).collect::<Vec<_>>());
    cells
        .filter(|cells| cells[0].starts_with(|first: char| first.is_ascii_digit()))
        .map(|cells| (cells[0].to_owned(), *cells.last().expect("a cell")))
        .collect()
}

/// What stands between backticks.
fn quoted(text: &str) -> impl Iterator<Item = &str> {
    text.split('`').skip(1).step_by(2)
}

/// The file that a reference names, and the test in it, if it is a reference.
fn named(quoted: &str) -> Option<(String, Option<&str>)> {
    let (place, test) = quoted.split_once("::").map_or((quoted, None), |(place, test)| (place, Some(test)));
    let is_file = [".rs", ".md", ".json", ".toml", ".lock", ".html", ".js"].iter().any(|end| place.ends_with(end));
    if is_file {
        return Some((place.to_owned(), test));
    }
    test.map(|test| (format!("tests/it/{place}.rs"), Some(test)))
}

/// Everything that is wrong with the references in `text`.
fn wrong(text: &str) -> Vec<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace");
    let mut wrong = Vec::new();
    for (file, test) in quoted(text).filter_map(named) {
        match (fs::read_to_string(root.join(&file)), test) {
            (Err(_), _) => wrong.push(format!("there is no {file}")),
            (Ok(source), Some(test)) if !source.contains(&format!("fn {test}(")) => {
                wrong.push(format!("{file} has no {test}"))
            }
            _ => {}
        }
    }
    wrong
}

#[test]
fn every_requirement_has_its_row_and_what_has_no_proof_has_a_reason() {
    let rows = rows();
    let numbers: BTreeSet<&str> = rows.iter().map(|(number, _)| number.as_str()).collect();
    assert_eq!(numbers.len(), rows.len(), "a number stands twice");
    let missing: Vec<String> = REQUIREMENTS
        .iter()
        .flat_map(|(section, numbers)| numbers.iter().map(move |number| format!("{section}.{number}")))
        .filter(|number| !numbers.contains(number.as_str()))
        .collect();
    assert_eq!(missing, Vec::<String>::new());
    for (number, shown) in &rows {
        let has_reason = [
            "Does not apply",
            "Not met",
            "left to whoever runs it",
            "rustls",
            "AEAD",
            "the table above",
            "this page",
            "there is none",
            "Rust",
        ]
        .iter()
        .any(|start| shown.starts_with(start));
        assert!(
            has_reason || quoted(shown).filter_map(named).next().is_some(),
            "{number} names no proof and gives no reason: {shown}"
        );
    }
    // What is not met is said at the top.
    let told = PAGE
        .split_once("Not met, together:")
        .and_then(|(_, rest)| rest.split_once("\n\n"))
        .map(|(told, _)| told)
        .expect("a summary");
    for (number, _) in rows.iter().filter(|(_, shown)| shown.starts_with("Not met")) {
        assert!(told.contains(number.as_str()), "{number} is not met, which the summary does not say");
    }
}

#[test]
fn every_test_and_file_that_the_page_names_exists() {
    assert_eq!(wrong(PAGE), Vec::<String>::new());
}

#[test]
fn a_name_of_nothing_is_noticed() {
    assert_eq!(
        wrong("`web::no_such_test`, `api/src/nothing.rs`, `Cargo.toml`, `sandbox`"),
        ["tests/it/web.rs has no no_such_test", "there is no api/src/nothing.rs"]
    );
}

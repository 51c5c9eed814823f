//! What is wrong with a recipe beyond its shape: what says two things at once, or nothing.

use std::collections::{BTreeMap, BTreeSet};

use super::{Condition, FileKind, Header, Recipe, RecipeColumn};
use crate::fault::{Fault, Faults};

/// How long the name of a field of ours, or a word of theirs, may be, in characters.
const MAXIMUM_WORD: usize = 1000;
/// How many columns may be named in one place.
const MAXIMUM_NAMES: usize = 50;
/// How many fields a column may fill.
const MAXIMUM_FIELDS: usize = 20;
/// The last line a header may stand on.
const LAST_HEADER: u32 = 100_000;

impl Recipe {
    /// Everything that is wrong with it, whatever file it is for. Whether the fields are fields of its noun is not
    /// asked here.
    ///
    /// # Errors
    /// Every fault, with its place in the document.
    pub fn check(&self) -> Result<(), Vec<Fault>> {
        let faults = Faults::of_new(self).into_vec();
        if !faults.is_empty() {
            return Err(faults);
        }
        let mut faults = Faults::default();
        self.check_file(&mut faults);
        for (index, condition) in self.conditions.iter().enumerate() {
            self.check_condition(condition, &format!("/where/{index}"), &mut faults);
        }
        for (field, value) in &self.every {
            let place = format!("/every/{}", step(field));
            faults.expect(is_word(field), &place, "length", "expected the name of a field before the colon");
            faults.expect(value.chars().count() <= 10_000, &place, "length", "expected at most 10000 characters");
        }
        for (index, word) in self.nothing.iter().enumerate() {
            faults.expect(
                is_word(word),
                format!("/nothing/{index}"),
                "length",
                "expected a word of 1 to 1000 characters",
            );
        }
        for (index, column) in self.columns.iter().enumerate() {
            self.check_column(column, &format!("/columns/{index}"), &mut faults);
        }
        self.check_filled(&mut faults);
        self.check_read(&mut faults);
        let faults = faults.into_vec();
        if faults.is_empty() { Ok(()) } else { Err(faults) }
    }

    fn check_file(&self, faults: &mut Faults) {
        let file = &self.file;
        if let Some(Header::Row(line)) = file.header {
            let detail = format!("expected the number of a line, 1 to {LAST_HEADER}, or `none`");
            faults.expect((1..=LAST_HEADER).contains(&line), "/file/header", "range", detail);
        }
        if let Some(separator) = &file.separator {
            let is_one = separator.chars().count() == 1 && !separator.contains(['"', '\n', '\r']);
            faults.expect(is_one, "/file/separator", "length", "expected one character, such as `;` or a tab");
        }
        if let Some(rows) = &file.rows {
            let detail = "expected a JSON pointer that begins with /, such as /records";
            faults.expect(rows.is_empty() || rows.starts_with('/'), "/file/rows", "format", detail);
        }
        let Some(kind) = file.kind else { return };
        let is_book = matches!(kind, FileKind::Xlsx | FileKind::Xlsb | FileKind::Xls | FileKind::Ods);
        let is_json = matches!(kind, FileKind::Json | FileKind::JsonLines | FileKind::Ocds);
        for (name, is_said, fits, of) in [
            ("sheet", file.sheet.is_some(), is_book, "a workbook"),
            ("separator", file.separator.is_some(), kind == FileKind::Csv, "a text file (`csv`)"),
            ("encoding", file.encoding.is_some(), !is_book, "a text file"),
            ("rows", file.rows.is_some(), is_json, "JSON"),
            ("header", file.header.is_some(), !is_json, "a text file or a workbook"),
        ] {
            let detail = format!("expected only for {of}: leave it out, or say another `kind`");
            faults.expect(!is_said || fits, format!("/file/{name}"), "contradiction", detail);
        }
    }

    /// A column by its number is one, where columns have no names.
    fn check_name(&self, name: &str, place: String, faults: &mut Faults) {
        let is_numbered = matches!(self.file.header, Some(Header::None(_)));
        let is_number = name.trim().parse::<u32>().is_ok_and(|number| number > 0);
        let detail = "expected the number of a column, from 1, as there is no header";
        faults.expect(!is_numbered || is_number, place.clone(), "format", detail);
        let detail = "expected the name of a column, up to 1000 characters";
        faults.expect(is_word(name), place, "length", detail);
    }

    fn check_names(&self, names: &[String], place: &str, faults: &mut Faults) {
        for (index, name) in names.iter().take(MAXIMUM_NAMES).enumerate() {
            let place = format!("{place}/{index}");
            let twice = names.iter().take(index).any(|other| fold(other) == fold(name));
            faults.expect(!twice, place.clone(), "duplicate", format!("expected {name:?} once"));
            self.check_name(name, place, faults);
        }
    }

    fn check_condition(&self, condition: &Condition, place: &str, faults: &mut Faults) {
        Faults::of(condition).into_vec().into_iter().for_each(|fault| faults.push(fault.within(place)));
        let detail = "expected one of `column` and `any_of`";
        faults.expect(condition.column.is_empty() != condition.any_of.is_empty(), place, "required", detail);
        if !condition.column.is_empty() {
            self.check_name(&condition.column, format!("{place}/column"), faults);
        }
        self.check_names(&condition.any_of, &format!("{place}/any_of"), faults);
        let Condition { column: _, any_of: _, is, is_not, one_of, contains, starts_with, is_empty, before, after } =
            condition;
        let texts = [is, is_not, contains, starts_with].into_iter().any(Option::is_some) || !one_of.is_empty();
        let days = before.is_some() || after.is_some();
        let detail = "expected what is asked of the column: \
            is, is_not, one_of, contains, starts_with, is_empty, before or after";
        faults.expect(texts || days || is_empty.is_some(), place, "required", detail);
        let detail = "expected nothing else to be asked of a column that is empty: no row is both";
        let wants_something = is.is_some() || !one_of.is_empty() || contains.is_some() || starts_with.is_some() || days;
        faults.expect(*is_empty != Some(true) || !wants_something, place, "contradiction", detail);
        if let (Some(before), Some(after)) = (before, after) {
            let detail = "expected a later day than `after`: no row is both";
            faults.expect(before > after, format!("{place}/before"), "contradiction", detail);
        }
    }

    fn check_column(&self, column: &RecipeColumn, place: &str, faults: &mut Faults) {
        let ways = [column.column.is_some(), !column.columns.is_empty(), !column.any_of.is_empty()];
        let detail = "expected one of `column`, `columns` and `any_of`";
        faults.expect(ways.into_iter().filter(|way| *way).count() == 1, place, "required", detail);
        if let Some(name) = &column.column {
            self.check_name(name, format!("{place}/column"), faults);
        }
        self.check_names(&column.columns, &format!("{place}/columns"), faults);
        self.check_names(&column.any_of, &format!("{place}/any_of"), faults);
        let joins = column.join.is_none() || !column.columns.is_empty();
        faults.expect(joins, format!("{place}/join"), "contradiction", "expected only beside `columns`");
        let splits = column.split.as_deref() != Some("");
        faults.expect(splits, format!("{place}/split"), "length", "expected what stands between the items");
        let fills: Vec<&str> = column.fills.iter().take(MAXIMUM_FIELDS + 1).collect();
        faults.expect(!fills.is_empty(), format!("{place}/fills"), "required", "expected a field of ours, or several");
        for (index, field) in fills.iter().enumerate() {
            faults.expect(is_word(field), format!("{place}/fills"), "length", "expected the name of a field of ours");
            let twice = fills.iter().take(index).any(|other| other == field);
            faults.expect(!twice, format!("{place}/fills"), "duplicate", format!("expected {field:?} once"));
        }
        let detail = format!("expected at most {MAXIMUM_FIELDS} fields");
        faults.expect(fills.len() <= MAXIMUM_FIELDS, format!("{place}/fills"), "length", detail);
        check_values(&column.values, &format!("{place}/values"), faults);
    }

    /// Whether each field is filled once.
    fn check_filled(&self, faults: &mut Faults) {
        let mut filled: BTreeMap<&str, bool> = BTreeMap::new();
        for (index, column) in self.columns.iter().enumerate() {
            let place = format!("/columns/{index}/fills");
            for field in column.fills.iter().collect::<BTreeSet<&str>>() {
                let is_lead = column.lead.is_some();
                if let Some(other) = filled.insert(field, is_lead) {
                    let detail = format!(
                        "{field:?} is filled twice: join the columns with `columns`, or give each a `lead` if it is a \
                         text of several lines"
                    );
                    faults.expect(is_lead && other, &place, "duplicate", detail);
                }
            }
        }
        for field in self.every.keys() {
            let detail = format!("{field:?} is filled by a column too: expected one of the two");
            let place = format!("/every/{}", step(field));
            faults.expect(!filled.contains_key(field.as_str()), place, "contradiction", detail);
        }
    }

    /// Whether each column is read once in each manner.
    fn check_read(&self, faults: &mut Faults) {
        let mut read: BTreeSet<String> = BTreeSet::new();
        for (index, column) in self.columns.iter().enumerate() {
            let manner = RecipeColumn { fills: super::Fills::Several(Vec::new()), ..column.clone() };
            let manner = serde_json::to_string(&manner).unwrap_or_default();
            let detail =
                "this column is read in the same way twice: name both fields in `fills`, or say what to `take`";
            faults.expect(read.insert(manner), format!("/columns/{index}"), "duplicate", detail);
        }
    }
}

/// As words are compared: without the space around them, capitals and small letters alike.
fn fold(word: &str) -> String {
    word.trim().to_lowercase()
}

fn is_word(word: &str) -> bool {
    !word.trim().is_empty() && word.chars().count() <= MAXIMUM_WORD
}

/// One step of a JSON pointer, escaped.
fn step(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

fn check_values(values: &BTreeMap<String, String>, place: &str, faults: &mut Faults) {
    let mut ours: BTreeMap<String, (&str, String)> = BTreeMap::new();
    for (their, our) in values {
        let place = format!("{place}/{}", step(their));
        faults.expect(is_word(their), &place, "length", "expected a word of theirs before the colon");
        faults.expect(our.chars().count() <= MAXIMUM_WORD, &place, "length", "expected at most 1000 characters");
        if let Some((other, known)) = ours.insert(fold(their), (their, fold(our))) {
            let detail = format!("{other:?} and {their:?} are one word, and mean two things");
            faults.expect(known == fold(our), &place, "duplicate", detail);
        }
    }
    for word in circles(&ours) {
        let detail = format!("the words lead in a circle, from {word:?} back to it: expected our words on the right");
        faults.push(Fault::new(place, "circle", detail));
    }
}

/// A word of each circle in which words of theirs lead to one another. A word is looked up once, so that of one that
/// leads back to itself over others nobody knows whether it is theirs or ours.
fn circles(ours: &BTreeMap<String, (&str, String)>) -> Vec<String> {
    let mut seen: BTreeSet<&str> = BTreeSet::new();
    let mut found = Vec::new();
    for start in ours.keys() {
        let mut path: BTreeSet<&str> = BTreeSet::new();
        let mut at = start.as_str();
        while let Some((_, next)) = ours.get(at) {
            if !seen.insert(at) {
                if path.contains(at) {
                    found.push(at.to_owned());
                }
                break;
            }
            path.insert(at);
            if next == at {
                break;
            }
            at = next;
        }
    }
    found
}

//! An edition as one table, to be written and read in a spreadsheet: CSV in and out, without loss.
//!
//! The first column, `row`, says what a line is; a line belongs to the last line above of the kind it hangs on:
//!
//! | `row` | What it is | Hangs on |
//! |---|---|---|
//! | `questionnaire` | the questionnaire itself, once | |
//! | `source` | something it is based on | the questionnaire |
//! | `framework` | a framework of one's own | the questionnaire |
//! | `principle` | what is scored | the questionnaire |
//! | `section` | a heading | the questionnaire |
//! | `question` | a question | the section above |
//! | `option` | an option of a choice | the question above |
//! | `band` | a step from a number or a date to points | the question above |
//! | `finding` | a finding over several answers | the questionnaire |
//!
//! The other columns are called as the fields of the document ([`crate::edition`]) are. What is nested there has a
//! column for each part: `evidence` and `evidence_kinds`; `finding_severity`, `finding_title`, `finding_advice`,
//! `finding_likelihood` and `finding_impact` (also on `finding` lines). Lists stand in one cell with `;` between the
//! items, conditions as JSON or as YAML in one line, e.g. `{question: mfa, is: "yes"}`. An empty cell is an absent
//! field; columns may be left out and may stand in any order. How cells and lines are written: see `cells.rs`.
//!
//! The table goes through the same checks as YAML and JSON. The line of a fault is the line of the file, its column the
//! number of the cell in the line, and its message ends with the cell as a spreadsheet names it and the column by name.
//!
//! **Quirks.** Spreadsheets change what they think they recognise: `2026.10` becomes `2026.1`, and `2025-03` a day in
//! March. Such columns are to be opened as text. Points below 1 are written with a 0 in front (`0 1/3`), because `1/3`
//! would become a day in March. A `'` before a formula sign is taken off; see above.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

use serde_json::{Number, Value};

use crate::cells::{self, MAX_CELLS, Record};
use crate::document::{Node, Tree, read_json, read_yaml};
use crate::edition::{Edition, MAX_DOCUMENT_BYTES};
use crate::fault::{Fault, Faults};
use crate::parse::edition_from;

/// The most lines of a table that are not blank.
pub const MAX_TABLE_LINES: usize = 50_000;

/// A kind of line: its name, the list in which its entries stand, on which kind it hangs, and which column has which
/// field (`/` for what is nested).
struct Kind {
    name: &'static str,
    list: &'static str,
    of: &'static str,
    fields: &'static [(&'static str, &'static str)],
}

const ROOT: &str = "questionnaire";

/// Every kind of line, in the order in which they are written.
const KINDS: &[Kind] = &[
    Kind {
        name: ROOT,
        list: "",
        of: "",
        fields: &[
            ("key", "key"),
            ("title", "title"),
            ("edition", "edition"),
            ("summary", "summary"),
            ("framework", "framework"),
            ("applies_to", "applies_to"),
            ("language", "language"),
        ],
    },
    Kind {
        name: "source",
        list: "source",
        of: ROOT,
        fields: &[
            ("title", "title"),
            ("version", "version"),
            ("date", "date"),
            ("address", "address"),
            ("looked_at", "looked_at"),
            ("replaced_by", "replaced_by"),
        ],
    },
    Kind {
        name: "framework",
        list: "frameworks",
        of: ROOT,
        fields: &[("key", "key"), ("title", "title"), ("summary", "summary")],
    },
    Kind {
        name: "principle",
        list: "principles",
        of: ROOT,
        fields: &[
            ("key", "key"),
            ("title", "title"),
            ("summary", "summary"),
            ("framework", "framework"),
            ("weight", "weight"),
        ],
    },
    Kind {
        name: "section",
        list: "sections",
        of: ROOT,
        fields: &[("key", "key"), ("title", "title"), ("intro", "intro"), ("show_if", "show_if")],
    },
    Kind {
        name: "question",
        list: "questions",
        of: "section",
        fields: &[
            ("key", "key"),
            ("principle", "principle"),
            ("text", "text"),
            ("help", "help"),
            ("type", "type"),
            ("weight", "weight"),
            ("required", "required"),
            ("not_applicable", "not_applicable"),
            ("evidence", "evidence/need"),
            ("evidence_kinds", "evidence/kinds"),
            ("show_if", "show_if"),
            ("maps_to", "maps_to"),
            ("unit", "unit"),
            ("minimum", "minimum"),
            ("maximum", "maximum"),
        ],
    },
    Kind {
        name: "option",
        list: "options",
        of: "question",
        fields: &[
            ("value", "value"),
            ("label", "label"),
            ("points", "points"),
            ("knock_out", "knock_out"),
            ("ask_why", "ask_why"),
            ("exclusive", "exclusive"),
            ("finding_severity", "finding/severity"),
            ("finding_title", "finding/title"),
            ("finding_advice", "finding/advice"),
            ("finding_likelihood", "finding/risk/likelihood"),
            ("finding_impact", "finding/risk/impact"),
        ],
    },
    Kind {
        name: "band",
        list: "bands",
        of: "question",
        fields: &[
            ("at_least", "at_least"),
            ("within_months", "within_months"),
            ("on_or_after", "on_or_after"),
            ("otherwise", "otherwise"),
            ("points", "points"),
            ("knock_out", "knock_out"),
            ("ask_why", "ask_why"),
            ("finding_severity", "finding/severity"),
            ("finding_title", "finding/title"),
            ("finding_advice", "finding/advice"),
            ("finding_likelihood", "finding/risk/likelihood"),
            ("finding_impact", "finding/risk/impact"),
        ],
    },
    Kind {
        name: "finding",
        list: "findings",
        of: ROOT,
        fields: &[
            ("key", "key"),
            ("when", "when"),
            ("finding_severity", "severity"),
            ("finding_title", "title"),
            ("finding_advice", "advice"),
            ("finding_likelihood", "risk/likelihood"),
            ("finding_impact", "risk/impact"),
        ],
    },
];

/// How the cells of a column are read.
#[derive(Clone, Copy, PartialEq)]
enum Form {
    /// Text, exactly as it stands.
    Prose,
    /// A key, a word or a date: spaces around it are the spreadsheet's.
    Word,
    Number,
    /// A number, or a fraction as text.
    Points,
    Truth,
    List,
    Condition,
}

const ROW: &str = "row";

/// Every column, in the order in which they are written.
const COLUMNS: &[(&str, Form)] = &[
    (ROW, Form::Word),
    ("key", Form::Word),
    ("title", Form::Prose),
    ("edition", Form::Word),
    ("summary", Form::Prose),
    ("framework", Form::Word),
    ("applies_to", Form::List),
    ("language", Form::Word),
    ("version", Form::Prose),
    ("date", Form::Word),
    ("address", Form::Word),
    ("looked_at", Form::Word),
    ("replaced_by", Form::Prose),
    ("intro", Form::Prose),
    ("principle", Form::Word),
    ("text", Form::Prose),
    ("help", Form::Prose),
    ("type", Form::Word),
    ("weight", Form::Number),
    ("required", Form::Truth),
    ("not_applicable", Form::Word),
    ("evidence", Form::Word),
    ("evidence_kinds", Form::List),
    ("show_if", Form::Condition),
    ("maps_to", Form::List),
    ("unit", Form::Prose),
    ("minimum", Form::Number),
    ("maximum", Form::Number),
    ("value", Form::Word),
    ("label", Form::Prose),
    ("at_least", Form::Number),
    ("within_months", Form::Number),
    ("on_or_after", Form::Word),
    ("otherwise", Form::Truth),
    ("points", Form::Points),
    ("knock_out", Form::Prose),
    ("ask_why", Form::Truth),
    ("exclusive", Form::Truth),
    ("when", Form::Condition),
    ("finding_severity", Form::Word),
    ("finding_title", Form::Prose),
    ("finding_advice", Form::Prose),
    ("finding_likelihood", Form::Number),
    ("finding_impact", Form::Number),
];

/// The names of all columns, in the order in which they are written.
pub fn columns() -> impl Iterator<Item = &'static str> {
    COLUMNS.iter().map(|(name, _)| *name)
}

impl Edition {
    /// The edition as a table ([`crate::table`]); reading it back gives an equal edition.
    ///
    /// UTF-8 without a byte-order mark. A table has the size limit of a document, 2 MiB, and is often larger than the
    /// same edition as YAML: one that passes it is not read back.
    #[must_use]
    pub fn to_csv(&self) -> String {
        let mut file = cells::Writer::default();
        file.write(columns());
        let value = serde_json::to_value(self).unwrap_or_default();
        if let Some(root) = KINDS.first() {
            write_lines(root, &value, &mut file);
        }
        file.into_text()
    }

    /// Reads and checks a table ([`crate::table`]).
    ///
    /// # Errors
    /// Every problem found, each with its line, cell and column, and how to mend it.
    pub fn from_csv(text: &str) -> Result<Self, Vec<Fault>> {
        let mut faults = Faults::default();
        let mut reader = Reader { header: Vec::new(), rows: HashMap::new() };
        let node = reader.read(text, &mut faults);
        edition_from(node, faults).map_err(|faults| faults.into_iter().map(|fault| reader.with_cell(fault)).collect())
    }
}

fn write_lines(kind: &Kind, value: &Value, file: &mut cells::Writer) {
    let cells = COLUMNS.iter().map(|(column, form)| {
        if *column == ROW {
            return Cow::Borrowed(kind.name);
        }
        let Some((_, path)) = kind.fields.iter().find(|(name, _)| name == column) else { return "".into() };
        value.pointer(&format!("/{path}")).map_or("".into(), |field| cell(field, *form))
    });
    file.write(cells);
    for below in KINDS.iter().filter(|below| below.of == kind.name) {
        for entry in value.get(below.list).and_then(Value::as_array).into_iter().flatten() {
            write_lines(below, entry, file);
        }
    }
}

fn cell(field: &Value, form: Form) -> Cow<'_, str> {
    match (field, form) {
        // A spreadsheet takes `1/3` for a day in March, and `0 1/3` for what it is.
        (Value::String(text), Form::Points) if !text.contains(' ') => match text.strip_prefix('-') {
            Some(positive) => format!("-0 {positive}").into(),
            None => format!("0 {text}").into(),
        },
        (Value::String(text), _) => text.into(),
        (Value::Array(items), Form::List) => {
            cells::join(&items.iter().filter_map(Value::as_str).collect::<Vec<_>>()).into()
        }
        (other, _) => other.to_string().into(),
    }
}

/// An entry whose line has been read, and those below that have been finished.
struct Open {
    kind: &'static Kind,
    entry: Node,
}

struct Reader {
    /// Which column each cell of a line belongs to; none where the header has no name.
    header: Vec<Option<(&'static str, Form)>>,
    /// Line → row as a spreadsheet counts.
    rows: HashMap<u32, u32>,
}

impl Reader {
    /// The document the table is; `None` where it could not be read at all, and then there is at least one fault.
    fn read(&mut self, text: &str, faults: &mut Faults) -> Option<Node> {
        if text.len() > MAX_DOCUMENT_BYTES {
            faults.push(Fault::new(
                "",
                "too_large",
                format!("expected at most {MAX_DOCUMENT_BYTES} bytes, found {}", text.len()),
            ));
            return None;
        }
        let mut root: Option<Node> = None;
        let mut open: Vec<Open> = Vec::new();
        let mut lines = 0_usize;
        // Whether a line of no known kind may be the one that others hang on.
        let mut doubtful = false;
        for record in cells::read(text) {
            let record = match record {
                Ok(record) => record.unprotected(),
                Err(malformed) => {
                    faults.push(Fault { line: Some(malformed.line), ..Fault::new("", "syntax", malformed.message) });
                    return None;
                }
            };
            if record.is_blank() {
                continue;
            }
            self.rows.insert(record.line, record.row);
            if self.header.is_empty() {
                if !self.read_header(&record, faults) {
                    return None;
                }
                continue;
            }
            lines += 1;
            if lines > MAX_TABLE_LINES {
                faults.push(fault(
                    (record.line, 1),
                    "too_many_lines",
                    format!("expected at most {MAX_TABLE_LINES} lines"),
                ));
                return None;
            }
            let Some((kind, entry)) = self.entry(&record, faults) else {
                doubtful = true;
                continue;
            };
            let place = (entry.line, entry.column);
            if kind.name == ROOT && root.is_none() {
                root = Some(entry);
            } else if kind.name == ROOT {
                faults.push(fault(
                    place,
                    "duplicate_row",
                    format!("a `{ROOT}` line stands here a second time: keep one"),
                ));
            } else if root.is_none() {
                // Without it nothing has anywhere to hang.
                faults.push(fault(place, "row_out_of_place", format!("expected the `{ROOT}` line before all others")));
                return None;
            } else if let Some(above) = open.iter().position(|above| above.kind.name == kind.of) {
                close(&mut open, above + 1, &mut root);
                open.push(Open { kind, entry });
            } else if kind.of == ROOT {
                close(&mut open, 0, &mut root);
                open.push(Open { kind, entry });
            } else if !doubtful {
                faults.push(fault(
                    place,
                    "row_out_of_place",
                    format!("expected a `{}` line above this `{}` line", kind.of, kind.name),
                ));
            }
        }
        close(&mut open, 0, &mut root);
        if self.header.is_empty() {
            faults.push(fault((1, 1), "missing_column", no_row()));
        } else if root.is_none() {
            faults.push(fault((1, 1), "missing_row", format!("expected a `{ROOT}` line")));
        }
        root
    }

    fn read_header(&mut self, record: &Record<'_>, faults: &mut Faults) -> bool {
        let mut seen = HashSet::new();
        for (index, cell) in record.cells.iter().enumerate() {
            let (name, place) = (cell.trim(), (record.line, column_number(index)));
            let column = COLUMNS.iter().find(|(known, _)| *known == name);
            if column.is_none() && !name.is_empty() {
                let hint = faults.hint(name, columns());
                let shown: String = name.chars().take(64).collect();
                faults.push(fault(place, "unknown_column", format!("unknown column `{shown}`{hint}")));
            }
            let is_first = column.is_some() && seen.insert(name);
            if column.is_some() && !is_first {
                faults.push(fault(
                    place,
                    "duplicate_column",
                    format!("the column `{name}` stands here a second time: keep one"),
                ));
            }
            self.header.push(column.copied().filter(|_| is_first));
        }
        let has_row = seen.contains(ROW);
        if !has_row {
            faults.push(fault((record.line, 1), "missing_column", no_row()));
        }
        has_row
    }

    /// What stands in a line, as an entry of its kind.
    fn entry(&self, record: &Record<'_>, faults: &mut Faults) -> Option<(&'static Kind, Node)> {
        let row = self.header.iter().position(|column| column.is_some_and(|(name, _)| name == ROW))?;
        let place = |index: usize| (record.line, column_number(index));
        let name = record.cells.get(row).map_or("", |cell| cell.trim());
        let Some(kind) = KINDS.iter().find(|kind| kind.name == name) else {
            let names = || KINDS.iter().map(|kind| kind.name);
            let hint = faults.hint(name, names());
            let all = names().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
            faults.push(fault(place(row), "unknown_row", format!("expected one of {all}{hint}")));
            return None;
        };
        let mut fields = Vec::new();
        for (index, cell) in record.cells.iter().enumerate().filter(|(index, cell)| *index != row && !cell.is_empty()) {
            let Some((column, form)) = self.header.get(index).copied().flatten() else {
                // An unknown column has been reported in the header.
                if self.header.get(index).is_none() && !cell.trim().is_empty() {
                    faults.push(fault(
                        place(index),
                        "cell_without_column",
                        "the header has no column for this cell".to_owned(),
                    ));
                }
                continue;
            };
            if form != Form::Prose && cell.trim().is_empty() {
                continue;
            }
            match kind.fields.iter().find(|(name, _)| *name == column) {
                Some((_, path)) => put(&mut fields, path, value(cell, form, place(index), faults), place(index)),
                None => faults.push(fault(
                    place(index),
                    "cell_not_for_row",
                    format!("a `{}` line has no `{column}`: leave the cell empty", kind.name),
                )),
            }
        }
        Some((kind, at(place(row), Tree::Map(fields))))
    }

    /// The fault with its cell as a spreadsheet names it, and its column by name.
    fn with_cell(&self, mut fault: Fault) -> Fault {
        if let (Some(line), Some(column)) = (fault.line, fault.column)
            && let Some(row) = self.rows.get(&line)
        {
            let name = usize::try_from(column)
                .ok()
                .and_then(|column| self.header.get(column.checked_sub(1)?))
                .copied()
                .flatten();
            let name = name.map(|(name, _)| format!(", column `{name}`")).unwrap_or_default();
            fault.message = format!("{} (cell {}{row}{name})", fault.message, cells::letters(column));
        }
        fault
    }
}

fn no_row() -> String {
    format!("expected a header with the column `{ROW}`, which says what each line is")
}

fn column_number(index: usize) -> u32 {
    u32::try_from(index.min(MAX_CELLS)).unwrap_or(0) + 1
}

fn fault((line, column): (u32, u32), code: &str, message: String) -> Fault {
    Fault { line: Some(line), column: Some(column), ..Fault::new("", code, message) }
}

fn at((line, column): (u32, u32), value: Tree) -> Node {
    Node { line, column, value }
}

/// Hangs every open entry from number `first` on where it belongs.
fn close(open: &mut Vec<Open>, first: usize, root: &mut Option<Node>) {
    while open.len() > first {
        let Some(Open { kind, entry }) = open.pop() else { return };
        let Some(Node { value: Tree::Map(fields), .. }) =
            open.last_mut().map(|above| &mut above.entry).or(root.as_mut())
        else {
            return;
        };
        let place = (entry.line, entry.column);
        match fields.iter_mut().find(|(key, _)| key.name() == Some(kind.list)) {
            Some((_, Node { value: Tree::List(entries), .. })) => entries.push(entry),
            _ => fields.push((at(place, Tree::Text(kind.list.to_owned())), at(place, Tree::List(vec![entry])))),
        }
    }
}

/// Puts a field where its path leads.
fn put(fields: &mut Vec<(Node, Node)>, path: &str, value: Node, place: (u32, u32)) {
    let key = |name: &str| at(place, Tree::Text(name.to_owned()));
    let Some((outer, inner)) = path.split_once('/') else {
        fields.push((key(path), value));
        return;
    };
    if !fields.iter().any(|(key, _)| key.name() == Some(outer)) {
        fields.push((key(outer), at(place, Tree::Map(Vec::new()))));
    }
    if let Some((_, Node { value: Tree::Map(nested), .. })) =
        fields.iter_mut().find(|(key, _)| key.name() == Some(outer))
    {
        put(nested, inner, value, place);
    }
}

fn value(cell: &str, form: Form, place: (u32, u32), faults: &mut Faults) -> Node {
    let word = cell.trim();
    let tree = match form {
        Form::Prose => Tree::Text(cell.to_owned()),
        Form::Word => Tree::Text(word.to_owned()),
        Form::Number | Form::Points => number(word).map_or_else(|| Tree::Text(word.to_owned()), Tree::Number),
        Form::Truth if word.eq_ignore_ascii_case("true") => Tree::Bool(true),
        Form::Truth if word.eq_ignore_ascii_case("false") => Tree::Bool(false),
        Form::Truth => Tree::Text(word.to_owned()),
        Form::List => Tree::List(
            cells::split(word).into_iter().map(|item| at(place, Tree::Text(item.trim().to_owned()))).collect(),
        ),
        Form::Condition => return condition(word, place, faults),
    };
    at(place, tree)
}

fn number(word: &str) -> Option<Number> {
    let is_number = word.bytes().all(|byte| byte.is_ascii_digit() || b"+-.eE".contains(&byte))
        && word.bytes().any(|byte| byte.is_ascii_digit());
    match word.parse::<i64>() {
        Ok(whole) => Some(whole.into()),
        Err(_) if is_number => word.parse::<f64>().ok().and_then(Number::from_f64),
        Err(_) => None,
    }
}

/// JSON, or else YAML; all of it stands in one cell.
fn condition(text: &str, place: (u32, u32), faults: &mut Faults) -> Node {
    let mut found = Faults::default();
    let mut node = read_json(text, &mut found);
    if node.is_none() {
        found = Faults::default();
        node = read_yaml(text, &mut found);
    }
    for inner in found.into_sorted() {
        faults.push(fault(place, &inner.code, inner.message));
    }
    // What cannot be read has been reported, and what stands in for it asks for nothing.
    let mut node = node.unwrap_or_else(|| serde_json::json!({ "subject": "tier", "is": "low" }).into());
    move_to(&mut node, place);
    node
}

fn move_to(node: &mut Node, place: (u32, u32)) {
    (node.line, node.column) = place;
    match &mut node.value {
        Tree::List(items) => items.iter_mut().for_each(|item| move_to(item, place)),
        Tree::Map(entries) => {
            for (key, value) in entries {
                move_to(key, place);
                move_to(value, place);
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every field of a shape that is no list of shapes, with `/` for what is nested.
    fn fields(schema: &Value, shape: &Value, before: &str, found: &mut Vec<String>) {
        let resolve = |value: &Value| -> Option<Value> {
            let reference = value.get("$ref").or_else(|| value.pointer("/anyOf/0/$ref"))?.as_str()?;
            schema.pointer(reference.strip_prefix('#')?).cloned()
        };
        for (name, field) in shape["properties"].as_object().into_iter().flatten() {
            let path = format!("{before}{name}");
            let is_list =
                field.pointer("/items").and_then(resolve).is_some_and(|items| items.get("properties").is_some());
            match resolve(field) {
                Some(inner) if inner.get("properties").is_some() && inner.get("oneOf").is_none() => {
                    fields(schema, &inner, &format!("{path}/"), found)
                }
                _ if is_list => assert!(KINDS.iter().any(|kind| kind.list == name), "no kind of line for `{name}`"),
                _ => found.push(path),
            }
        }
    }

    #[test]
    fn every_field_of_an_edition_has_a_column_and_every_column_a_field() {
        let schema = Edition::json_schema();
        let shapes =
            ["Source", "Framework", "Principle", "Section", "Question", "Choice", "PointBand", "EditionFinding"]
                .map(|name| &schema["$defs"][name]);
        for (kind, shape) in KINDS.iter().zip([&schema].into_iter().chain(shapes)) {
            let mut expected = Vec::new();
            fields(&schema, shape, "", &mut expected);
            let mut paths: Vec<String> = kind.fields.iter().map(|(_, path)| (*path).to_owned()).collect();
            expected.sort_unstable();
            paths.sort_unstable();
            assert_eq!(paths, expected, "{}", kind.name);
            assert!(kind.fields.iter().all(|(column, _)| columns().any(|known| known == *column)), "{}", kind.name);
        }
        assert!(
            columns()
                .skip(1)
                .all(|column| KINDS.iter().any(|kind| kind.fields.iter().any(|(name, _)| *name == column)))
        );
    }
}

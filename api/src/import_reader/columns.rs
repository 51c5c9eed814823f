//! The columns of a file: what each fills, and a row read by them.

use std::{borrow::Cow, sync::Arc};

use diligence_entities::{
    evidence::NewEvidence,
    fault::{Fault, nearest},
    identifier::{Identifier, Scheme},
    import::{Row, ToHold},
    product::NewProduct,
    stored::from_word,
    supplier::NewSupplier,
};
use diligence_questionnaires::{EvidenceKind, cells};
use serde_json::{Map, Value};

use super::{
    DateStyle, ImportQuery, Noun,
    cell::{Cell, CellKind, properties, property},
};
use crate::{
    check,
    schema::{self, Shape, Side},
    tables::{Products, Suppliers, Table},
};

/// How many bytes a cell may have at the most: 100 KiB.
pub const MAXIMUM_CELL: usize = 100 << 10;

/// A column of a file.
#[derive(Clone, Debug)]
pub(super) struct Column {
    pub(super) name: String,
    /// The place it fills; empty for one that is left out.
    pub(super) pointer: String,
    target: Target,
}

/// What a column fills.
#[derive(Clone, Debug)]
enum Target {
    /// Nothing.
    Nothing,
    /// A field.
    Field { name: String, cell: Cell },
    /// A field inside the AI profile.
    Part { group: String, name: String, cell: Cell },
    /// An identifier under the first of these schemes that knows it.
    Held(Vec<Scheme>),
    /// A field of a piece of evidence.
    Evidence { kind: EvidenceKind, name: String, cell: Cell },
}

/// The columns of a file.
pub(super) struct Columns {
    pub(super) all: Arc<[Column]>,
    noun: Noun,
    /// Index and text of what chooses rows.
    only: Vec<(usize, String)>,
    is_mapped: bool,
    /// How many parts of the AI profile there are: a row that clears all of them clears the profile.
    part_count: usize,
}

impl Noun {
    /// What its rows are merged into, whatever is stored.
    fn shape(self) -> Arc<Shape> {
        match self {
            Self::Suppliers => schema::of::<NewSupplier>(Side::Change),
            Self::Products => schema::of::<NewProduct>(Side::Change),
        }
    }

    fn exported(self) -> &'static [&'static str] {
        match self {
            Self::Suppliers => Suppliers::COLUMNS,
            Self::Products => Products::COLUMNS,
        }
    }

    /// What names a thing besides its fields.
    fn names(self) -> &'static [&'static str] {
        match self {
            Self::Suppliers => &["id"],
            Self::Products => &["id", "supplier_identifier", "supplier_name"],
        }
    }

    /// Every column that means something here.
    pub(crate) fn known(self) -> Vec<String> {
        let mut known: Vec<String> = self.exported().iter().chain(self.names()).map(ToString::to_string).collect();
        if self == Self::Suppliers {
            known.extend(["identifiers:SCHEME", "evidence.KIND.FIELD"].map(str::to_owned));
        }
        known
    }

    /// What the column of this name fills.
    fn target(self, name: &str) -> Result<(String, Target), String> {
        if self == Self::Suppliers
            && let Some(schemes) = name.strip_prefix("identifiers:")
        {
            let read = schemes.split('|').map(|scheme| from_word::<Scheme>(scheme.trim()));
            let schemes = read.collect::<Option<Vec<Scheme>>>().ok_or_else(|| format!("there is no identifier scheme {schemes:?}: expected one or more of GB-COH, GB-PPON, GB-NHS, GB-CHC, GB-SC, GB-NIC, GB-CQC, GB-ICO, GB-VAT, LEI, LOCAL with | between"))?;
            return Ok((format!("/{name}"), Target::Held(schemes)));
        }
        let parts: Vec<&str> = name.split('.').collect();
        if self == Self::Suppliers
            && let ["evidence", kind, field] = parts.as_slice()
        {
            let shape = schema::of::<NewEvidence>(Side::Change);
            let kind_read =
                from_word::<EvidenceKind>(kind).ok_or_else(|| format!("there is no kind of evidence {kind:?}"))?;
            let property = property(&shape, &shape.schema, field).filter(|_| !matches!(*field, "subject_id" | "kind"));
            let (cell, name) = (property.map(|property| Cell::of(&shape, property)), (*field).to_owned());
            let cell = cell.ok_or_else(|| format!("evidence has no field {field:?}"))?;
            return Ok((format!("/evidence/{kind}/{field}"), Target::Evidence { kind: kind_read, name, cell }));
        }
        let shape = self.shape();
        let found = match parts.as_slice() {
            [name] if self.names().contains(name) => Some(Target::Field {
                name: (*name).to_owned(),
                cell: Cell {
                    kind: if *name == "supplier_name" { CellKind::Text } else { CellKind::Word },
                    may_be_empty: true,
                },
            }),
            // Who provides it may be named in other columns.
            ["supplier_id"] => Some(Target::Field {
                name: "supplier_id".into(),
                cell: Cell { kind: CellKind::Word, may_be_empty: true },
            }),
            [name] => {
                let is_whole = |property: &&Value| properties(&shape, property).is_none();
                property(&shape, &shape.schema, name)
                    .filter(is_whole)
                    .map(|property| Target::Field { name: (*name).to_owned(), cell: Cell::of(&shape, property) })
            }
            [group, name] => property(&shape, &shape.schema, group)
                .and_then(|inner| property(&shape, inner, name))
                .map(|property| Target::Part {
                    group: (*group).to_owned(),
                    name: (*name).to_owned(),
                    cell: Cell::of(&shape, property),
                }),
            _ => None,
        };
        match found {
            Some(target) => Ok((format!("/{}", parts.join("/")), target)),
            // What follows from other columns.
            None if self.exported().contains(&name) => Ok((String::new(), Target::Nothing)),
            None => {
                let known = self.known();
                let hint = nearest(name, known.iter().map(String::as_str))
                    .map(|near| format!("; did you mean {near:?}?"))
                    .unwrap_or_default();
                Err(format!("there is no column {name:?} here{hint}"))
            }
        }
    }
}

/// `a=b,c=d` as pairs; a backslash before a comma, an equals sign or a backslash makes it part of a name.
fn pairs(text: &str) -> Result<Vec<(String, String)>, String> {
    let mut pairs = vec![(String::new(), None::<String>)];
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        let Some((left, right)) = pairs.last_mut() else { break };
        match character {
            ',' => pairs.push((String::new(), None)),
            '=' if right.is_none() => *right = Some(String::new()),
            '\\' => right.as_mut().unwrap_or(left).extend(characters.next()),
            other => right.as_mut().unwrap_or(left).push(other),
        }
    }
    let read = |(left, right): (String, Option<String>)| match right {
        Some(right) if !left.trim().is_empty() => Ok((left.trim().to_owned(), right.trim().to_owned())),
        _ => Err(format!("expected COLUMN=VALUE with commas between, not {left:?}")),
    };
    pairs.into_iter().filter(|(left, right)| !left.trim().is_empty() || right.is_some()).map(read).collect()
}

impl Columns {
    pub(super) fn new(noun: Noun, names: &[String], line: u32, query: &ImportQuery) -> Result<Self, Vec<Fault>> {
        let mut faults = Vec::new();
        if let [only] = names
            && let Some(separator) = ['\t', '|'].into_iter().find(|separator| only.contains(*separator))
        {
            let detail = format!(
                "line {line}: expected commas or semicolons between columns, not {separator:?}: save it as CSV"
            );
            return Err(vec![Fault::new("", "separator", detail)]);
        }
        let map = Self::pairs_of("?map", query.map.as_deref(), names, &mut faults);
        let only = Self::pairs_of("?where", query.r#where.as_deref(), names, &mut faults);
        let place = |name: &str| names.iter().position(|known| known == name);
        for (index, name) in names.iter().enumerate() {
            // A column without a name does no harm where only mapped columns count.
            if name.is_empty() && query.map.is_none() {
                faults.push(Fault::new("", "header", format!("line {line}: column {} has no name", index + 1)));
            } else if !name.is_empty() && place(name) != Some(index) {
                faults.push(Fault::new("", "header", format!("line {line}: there are two columns called {name:?}")));
            }
        }
        let is_mapped = query.map.is_some();
        let mut all: Vec<Column> = names
            .iter()
            .map(|name| Column { name: name.clone(), pointer: String::new(), target: Target::Nothing })
            .collect();
        if is_mapped {
            for (from, to) in &map {
                match noun.target(to) {
                    Err(detail) => faults.push(Fault::new("?map", "unknown_column", detail)),
                    Ok((_, Target::Nothing)) => faults.push(Fault::new(
                        "?map",
                        "derived_column",
                        format!("{to:?} is derived from other columns and cannot be set"),
                    )),
                    Ok((pointer, target)) => {
                        let Some(column) = place(from).and_then(|index| all.get_mut(index)) else { continue };
                        if column.pointer.is_empty() {
                            (column.pointer, column.target) = (pointer, target);
                        } else {
                            faults.push(Fault::new(
                                "?map",
                                "duplicate",
                                format!("the column {from:?} is mapped twice"),
                            ));
                        }
                    }
                }
            }
        } else {
            for (column, name) in all.iter_mut().zip(names).filter(|(_, name)| !name.is_empty()) {
                match noun.target(name) {
                    Err(detail) => faults.push(Fault::new("", "unknown_column", format!("line {line}: {detail}"))),
                    Ok((pointer, target)) => (column.pointer, column.target) = (pointer, target),
                }
            }
            if faults.len() > 1 && faults.iter().filter(|fault| fault.code == "unknown_column").count() == names.len() {
                faults.push(Fault::new(
                    "?map",
                    "unknown_column",
                    "none of the columns is known: if this is not a Diligence export, use `map` to name its columns",
                ));
            }
        }
        for (index, column) in all.iter().enumerate() {
            if is_mapped
                && !column.pointer.is_empty()
                && all[..index].iter().any(|other| other.pointer == column.pointer)
            {
                faults.push(Fault::new(
                    "?map",
                    "duplicate",
                    format!("column {:?} is mapped to a field that another column already fills", column.name),
                ));
            }
        }
        let shape = noun.shape();
        let part_count = property(&shape, &shape.schema, "ai_profile")
            .and_then(|profile| properties(&shape, profile))
            .map_or(0, Map::len);
        let only = only.into_iter().filter_map(|(name, text)| Some((place(&name)?, text))).collect();
        if faults.is_empty() { Ok(Self { all: all.into(), noun, only, is_mapped, part_count }) } else { Err(faults) }
    }

    fn pairs_of(pointer: &str, text: Option<&str>, names: &[String], faults: &mut Vec<Fault>) -> Vec<(String, String)> {
        let read = match pairs(text.unwrap_or_default()) {
            Ok(read) => read,
            Err(detail) => {
                faults.push(Fault::new(pointer, "format", detail));
                return Vec::new();
            }
        };
        for (name, _) in read.iter().filter(|(name, _)| !names.contains(name)) {
            let hint = nearest(name, names.iter().map(String::as_str))
                .map(|near| format!("; did you mean {near:?}?"))
                .unwrap_or_default();
            faults.push(Fault::new(pointer, "unknown_column", format!("the file has no column {name:?}{hint}")));
        }
        read
    }

    /// Whether the row is one of those that were asked for.
    pub(super) fn chooses(&self, cells: &[Cow<'_, str>]) -> bool {
        self.only.iter().all(|(index, text)| cells.get(*index).is_some_and(|cell| cell.trim() == text))
    }

    pub(super) fn row(&self, cells: &[Cow<'_, str>], dates: DateStyle) -> Row {
        let mut row = Row::default();
        if cells.len() != self.all.len() {
            let detail = format!("expected {} cells, as many as the header has, not {}", self.all.len(), cells.len());
            row.faults.push(Fault::new("", "ragged", detail));
            return row;
        }
        for (column, cell) in self.all.iter().zip(cells) {
            if cell.len() > MAXIMUM_CELL {
                row.faults.push(Fault::new(
                    &column.pointer,
                    "length",
                    format!("expected at most {MAXIMUM_CELL} bytes in a cell, not {}", cell.len()),
                ));
                continue;
            }
            // What others wrote has no protection to take off, but may look like it.
            let text = if self.is_mapped { cell.trim() } else { cells::unprotect(cell) };
            match &column.target {
                Target::Nothing => {}
                Target::Held(schemes) => Self::hold(&mut row, column, schemes, text),
                Target::Field { name, cell } => {
                    if let Some(value) = Self::value(&mut row.faults, column, cell, text, dates) {
                        row.fields.insert(name.clone(), value);
                    }
                }
                Target::Part { group, name, cell } => {
                    let value = Self::value(&mut row.faults, column, cell, text, dates);
                    let parts = row.fields.entry(group.clone()).or_insert_with(|| Value::Object(Map::new()));
                    parts
                        .as_object_mut()
                        .into_iter()
                        .for_each(|parts| parts.extend(value.clone().map(|value| (name.clone(), value))));
                }
                Target::Evidence { kind, name, cell } => {
                    let value = Self::value(&mut row.faults, column, cell, text, dates);
                    if !row.evidence.iter().any(|(known, _)| known == kind) {
                        row.evidence.push((*kind, Map::new()));
                    }
                    let parts = row.evidence.iter_mut().find(|(known, _)| known == kind);
                    parts
                        .into_iter()
                        .for_each(|(_, parts)| parts.extend(value.clone().map(|value| (name.clone(), value))));
                }
            }
        }
        // A profile that says nothing at all is none.
        let all_clear = |value: &Value| {
            value.as_object().is_some_and(|parts| parts.len() == self.part_count && parts.values().all(Value::is_null))
        };
        row.fields.values_mut().filter(|value| all_clear(value)).for_each(|value| *value = Value::Null);
        // Nor is evidence that states nothing.
        row.evidence.retain(|(_, parts)| match parts.get("statement") {
            Some(statement) => !statement.is_null(),
            None => parts.values().any(|value| !value.is_null()),
        });
        self.check(&mut row);
        row
    }

    fn value(faults: &mut Vec<Fault>, column: &Column, cell: &Cell, text: &str, dates: DateStyle) -> Option<Value> {
        cell.read(text, dates)
            .map_err(|wrong| faults.extend(wrong.into_iter().map(|fault| fault.within(&column.pointer))))
            .ok()
    }

    fn hold(row: &mut Row, column: &Column, schemes: &[Scheme], text: &str) {
        let id = text.trim();
        if id.is_empty() {
            return;
        }
        let mut wrong = None;
        for scheme in schemes {
            match (Identifier { scheme: *scheme, id: id.to_owned() }).canonical() {
                Ok(identifier) => {
                    row.identifiers.push(ToHold { pointer: column.pointer.clone(), identifier });
                    return;
                }
                Err(fault) => wrong = wrong.or(Some(fault)),
            }
        }
        row.faults.extend(wrong.map(|fault| Fault { pointer: column.pointer.clone(), ..fault }));
    }

    /// What the schemas say of the row.
    fn check(&self, row: &mut Row) {
        let names = self.noun.names();
        let mut fields = row.fields.clone();
        fields.retain(|name, value| !names.contains(&name.as_str()) && (name != "supplier_id" || !value.is_null()));
        let mut more = check::check(&self.noun.shape(), &Value::Object(fields));
        for (kind, parts) in &row.evidence {
            let prefix = format!("/evidence/{}", diligence_entities::stored::word(kind));
            more.extend(
                check::check(&schema::of::<NewEvidence>(Side::Change), &Value::Object(parts.clone()))
                    .into_iter()
                    .map(|fault| fault.within(&prefix)),
            );
        }
        check::merge(&mut row.faults, more);
        row.leave_out_faulty();
        row.faults.truncate(check::MAXIMUM_FAULTS);
    }
}

//! What a column can fill: the fields of a noun, by the schema of its `New…`, and what a row says besides them.

use std::sync::Arc;

use diligence_entities::{
    dependency::NewDependency,
    evidence::NewEvidence,
    fault::nearest,
    identifier::Scheme,
    import::{self, NewPastDecision, NewPastReview},
    incident::NewIncident,
    product::NewProduct,
    recipe::ImportNoun,
    risk::NewRisk,
    stored::from_word,
    supplier::{Contact, Contract, NewSupplier},
};
use diligence_questionnaires::EvidenceKind;
use serde_json::Value;

use super::cell::{Cell, CellKind, items, properties, property};
use crate::{
    schema::{self, Shape, Side},
    tables::{
        Contacts, Contracts, Decisions, Dependencies, EvidenceTable, Incidents, Products, Reviews, Risks, Suppliers,
        Table,
    },
};

/// The column that says why a row was refused the time before: it is passed over.
pub(crate) const WHY: &str = "Why it was not imported";

/// What a column fills.
#[derive(Clone, Debug)]
pub(super) enum Target {
    /// Nothing.
    Nothing,
    /// A field.
    Field { name: String, cell: Cell },
    /// A field inside a group, such as the AI profile.
    Part { group: String, name: String, cell: Cell },
    /// An identifier under the first of these schemes that knows it.
    Held(Vec<Scheme>),
    /// A field of a piece of evidence.
    Evidence { kind: EvidenceKind, name: String, cell: Cell },
    /// A field of a contact.
    Contact { name: String, cell: Cell },
    /// A field of a contract.
    Contract { name: String, cell: Cell },
    /// When it was last looked at.
    LastReview,
    /// When it is to be looked at next.
    NextReview,
}

impl Target {
    /// How its cells are read; none for identifiers, and where they are not.
    pub(super) fn cell(&self) -> Option<&Cell> {
        match self {
            Self::Nothing | Self::Held(_) | Self::LastReview | Self::NextReview => None,
            Self::Field { cell, .. }
            | Self::Part { cell, .. }
            | Self::Evidence { cell, .. }
            | Self::Contact { cell, .. }
            | Self::Contract { cell, .. } => Some(cell),
        }
    }

    /// The name of the field alone.
    pub(super) fn field(&self) -> &str {
        match self {
            Self::Nothing | Self::Held(_) => "",
            Self::LastReview => "last_review_on",
            Self::NextReview => "next_review_on",
            Self::Field { name, .. }
            | Self::Part { name, .. }
            | Self::Evidence { name, .. }
            | Self::Contact { name, .. }
            | Self::Contract { name, .. } => name,
        }
    }

    /// Whether it holds a day.
    pub(super) fn is_day(&self) -> bool {
        match self {
            Self::LastReview | Self::NextReview => true,
            other => other.cell().is_some_and(|cell| cell.kind == CellKind::Day),
        }
    }
}

/// The shape of what the rows of a noun are merged into, whatever is stored.
pub(super) fn shape(noun: ImportNoun) -> Arc<Shape> {
    match noun {
        ImportNoun::Suppliers => schema::of::<NewSupplier>(Side::Change),
        ImportNoun::Products => schema::of::<NewProduct>(Side::Change),
        ImportNoun::Dependencies => schema::of::<NewDependency>(Side::Change),
        ImportNoun::Contacts => schema::of::<Contact>(Side::Change),
        ImportNoun::Contracts => schema::of::<Contract>(Side::Change),
        ImportNoun::Evidence => schema::of::<NewEvidence>(Side::Change),
        ImportNoun::Incidents => schema::of::<NewIncident>(Side::Change),
        ImportNoun::Risks => schema::of::<NewRisk>(Side::Change),
        ImportNoun::Decisions => schema::of::<NewPastDecision>(Side::Change),
        ImportNoun::Reviews => schema::of::<NewPastReview>(Side::Change),
    }
}

/// The columns of the noun's export.
fn exported(noun: ImportNoun) -> &'static [&'static str] {
    match noun {
        ImportNoun::Suppliers => Suppliers::COLUMNS,
        ImportNoun::Products => Products::COLUMNS,
        ImportNoun::Dependencies => Dependencies::COLUMNS,
        ImportNoun::Contacts => Contacts::COLUMNS,
        ImportNoun::Contracts => Contracts::COLUMNS,
        ImportNoun::Evidence => EvidenceTable::COLUMNS,
        ImportNoun::Incidents => Incidents::COLUMNS,
        ImportNoun::Risks => Risks::COLUMNS,
        ImportNoun::Decisions => Decisions::COLUMNS,
        ImportNoun::Reviews => Reviews::COLUMNS,
    }
}

/// What names a thing, or whom it is about, besides its fields.
pub(super) fn names(noun: ImportNoun) -> &'static [&'static str] {
    import::names_of(noun)
}

/// The inner fields of the lists of a supplier that a column can fill one by one.
fn listed(field: &str) -> Vec<String> {
    let shape = schema::of::<NewSupplier>(Side::Change);
    property(&shape, &shape.schema, field)
        .and_then(|list| items(&shape, list))
        .and_then(|item| properties(&shape, item))
        .map(|fields| fields.keys().cloned().collect())
        .unwrap_or_default()
}

/// Every column that means something in a file of our own.
pub(crate) fn known(noun: ImportNoun) -> Vec<String> {
    let mut known: Vec<String> = exported(noun).iter().chain(names(noun)).map(ToString::to_string).collect();
    if noun == ImportNoun::Suppliers {
        known.extend(
            ["identifiers:SCHEME", "evidence.KIND.FIELD", "last_review_on", "next_review_on"].map(str::to_owned),
        );
        for list in ["contacts", "contracts"] {
            known.extend(listed(list).into_iter().map(|field| format!("{list}.{field}")));
        }
    }
    known
}

/// What people call a field that is called otherwise here.
fn by_our_name(noun: ImportNoun, name: &str) -> &str {
    match (noun, name) {
        (ImportNoun::Suppliers, "owner") => "relationship_owner",
        (ImportNoun::Suppliers, "contacts.phone" | "contacts.tel") => "contacts.telephone",
        (ImportNoun::Suppliers, "contacts.e-mail") => "contacts.email",
        _ => name,
    }
}

/// What the column of this name fills, and its place in a row.
///
/// # Errors
/// What is wrong with the name, in a sentence.
pub(super) fn target(noun: ImportNoun, given: &str) -> Result<(String, Target), String> {
    let name = by_our_name(noun, given.trim());
    let place = format!("/{}", name.replace('.', "/"));
    if noun == ImportNoun::Suppliers
        && let Some(found) = of_supplier(name)?
    {
        return Ok((if matches!(found, Target::Held(_)) { format!("/{name}") } else { place }, found));
    }
    let shape = shape(noun);
    let parts: Vec<&str> = name.split('.').collect();
    let plain = |kind| Target::Field { name: name.to_owned(), cell: Cell::plain(kind) };
    let found = match parts.as_slice() {
        [of] if of.ends_with("_name") && names(noun).contains(&name) => Some(plain(CellKind::Text)),
        [_] if names(noun).contains(&name) => Some(plain(CellKind::Word)),
        // Who provides it may be named in other columns.
        ["supplier_id"] if noun == ImportNoun::Products => Some(plain(CellKind::Word)),
        [_] => {
            let is_whole = |property: &&Value| properties(&shape, property).is_none();
            property(&shape, &shape.schema, name)
                .filter(is_whole)
                .map(|property| Target::Field { name: name.to_owned(), cell: Cell::of(&shape, name, property) })
        }
        [group, field] => property(&shape, &shape.schema, group)
            .and_then(|whole| Some((whole, property(&shape, whole, field)?)))
            .map(|(whole, property)| Target::Part {
                group: (*group).to_owned(),
                name: (*field).to_owned(),
                cell: Cell::of(&shape, field, property).within(&shape, whole),
            }),
        _ => None,
    };
    match found {
        Some(target) => Ok((place, target)),
        // What follows from other columns.
        None if exported(noun).contains(&name) || given.trim() == WHY => Ok((String::new(), Target::Nothing)),
        None => {
            let known = known(noun);
            let hint = nearest(name, known.iter().map(String::as_str))
                .map(|near| format!("; did you mean {near:?}?"))
                .unwrap_or_default();
            Err(format!("there is no column {given:?} here{hint}"))
        }
    }
}

/// What is said of a supplier besides its own fields.
fn of_supplier(name: &str) -> Result<Option<Target>, String> {
    if let Some(schemes) = name.strip_prefix("identifiers:") {
        let read = schemes.split('|').map(|scheme| from_word::<Scheme>(scheme.trim()));
        let schemes = read.collect::<Option<Vec<Scheme>>>().ok_or_else(|| {
            format!(
                "there is no identifier scheme {schemes:?}: expected one or more of GB-COH, GB-PPON, GB-NHS, GB-CHC, GB-SC, GB-NIC, GB-CQC, GB-ICO, GB-VAT, LEI, LOCAL with | between"
            )
        })?;
        return Ok(Some(Target::Held(schemes)));
    }
    let parts: Vec<&str> = name.split('.').collect();
    match parts.as_slice() {
        ["last_review_on"] => Ok(Some(Target::LastReview)),
        ["next_review_on"] => Ok(Some(Target::NextReview)),
        ["evidence", kind, field] => {
            let shape = schema::of::<NewEvidence>(Side::Change);
            let kind_read =
                from_word::<EvidenceKind>(kind).ok_or_else(|| format!("there is no kind of evidence {kind:?}"))?;
            let found = property(&shape, &shape.schema, field).filter(|_| !matches!(*field, "subject_id" | "kind"));
            let cell = found.map(|property| Cell::of(&shape, field, property));
            let cell = cell.ok_or_else(|| format!("evidence has no field {field:?}"))?;
            Ok(Some(Target::Evidence { kind: kind_read, name: (*field).to_owned(), cell }))
        }
        [list @ ("contacts" | "contracts"), field] => {
            let shape = schema::of::<NewSupplier>(Side::Change);
            let found = property(&shape, &shape.schema, list)
                .and_then(|list| items(&shape, list))
                .and_then(|item| property(&shape, item, field));
            let Some(cell) = found.map(|property| Cell::of(&shape, field, property)) else {
                let fields = listed(list);
                let hint = nearest(field, fields.iter().map(String::as_str)).map_or_else(
                    || format!(": expected one of {}", fields.join(", ")),
                    |near| format!("; did you mean \"{list}.{near}\"?"),
                );
                return Err(format!("there is no column {name:?} here{hint}"));
            };
            let name = (*field).to_owned();
            Ok(Some(if *list == "contacts" { Target::Contact { name, cell } } else { Target::Contract { name, cell } }))
        }
        _ => Ok(None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_column_fills_is_found_by_its_name() {
        for (name, place) in [
            ("name", "/name"),
            ("owner", "/relationship_owner"),
            ("identifiers:GB-NHS|LOCAL", "/identifiers:GB-NHS|LOCAL"),
            ("contacts.phone", "/contacts/telephone"),
            ("contracts.ends_on", "/contracts/ends_on"),
            ("contracts.value", "/contracts/value"),
            ("evidence.dspt.issued_on", "/evidence/dspt/issued_on"),
            ("next_review_on", "/next_review_on"),
            ("tier", ""),
        ] {
            assert_eq!(target(ImportNoun::Suppliers, name).map(|(place, _)| place).as_deref(), Ok(place), "{name}");
        }
        for name in
            ["nmae", "contracts.color", "evidence.dspt.kind", "evidence.x.notes", "identifiers:XX", "contacts.x.y"]
        {
            assert!(target(ImportNoun::Suppliers, name).is_err(), "{name}");
        }
        let profile =
            target(ImportNoun::Products, "ai_profile.runs_in").map(|(_, target)| target.cell().map(|cell| cell.kind));
        assert_eq!(profile, Ok(Some(CellKind::Countries)));
        let value =
            target(ImportNoun::Suppliers, "contracts.value").map(|(_, target)| target.cell().map(|cell| cell.kind));
        assert_eq!(value, Ok(Some(CellKind::Money)));
    }

    #[test]
    fn every_column_of_an_export_is_taken() {
        for noun in [ImportNoun::Suppliers, ImportNoun::Products] {
            for name in exported(noun) {
                assert!(target(noun, name).is_ok(), "{name}");
            }
        }
    }
}

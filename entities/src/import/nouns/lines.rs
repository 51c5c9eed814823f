//! Rows about the contacts of suppliers, and about contracts with them: each a line of its supplier's.

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Map, Value, json};
use validator::Validate;

use super::{Work, outcome, plain, planned};
use crate::{
    error::Error,
    fault::{Fault, Faults},
    id::SupplierId,
    import::{
        ImportPlan, Outcome, Row, Verdict, blame,
        ends::{Draft, Ends},
        expect_few,
        fields::{Fields, absorb},
    },
    patch::Change,
    scope::Reader,
    supplier::{self, Contact, Contract, NewSupplier, Supplier},
};

/// Works out what bringing in contacts comes to: of the supplier that a row names, the contact of the same e-mail
/// address, else of the same name, else a new one.
///
/// # Errors
/// [`Error::Invalid`] for more than [`super::super::MAXIMUM_ROWS`]; what is wrong with a row is in its outcome.
pub async fn contacts(reader: &Reader, rows: &[Row], dry_run: bool) -> Result<ImportPlan, Error> {
    let same = |said: &Map<String, Value>, known: &Map<String, Value>| {
        let email = plain(said, "email");
        if email.is_empty() || plain(known, "email").is_empty() {
            plain(said, "name") == plain(known, "name")
        } else {
            email == plain(known, "email")
        }
    };
    lines::<Contact>(reader, rows, dry_run, "contacts", json!({ "name": "-" }), same).await
}

/// Works out what bringing in contracts comes to: with the supplier that a row names, the contract of the same
/// reference, else a new one.
///
/// # Errors
/// As [`contacts`].
pub async fn contracts(reader: &Reader, rows: &[Row], dry_run: bool) -> Result<ImportPlan, Error> {
    let same =
        |said: &Map<String, Value>, known: &Map<String, Value>| plain(said, "reference") == plain(known, "reference");
    lines::<Contract>(reader, rows, dry_run, "contracts", json!({ "reference": "-" }), same).await
}

/// Lines of the list `list` of suppliers.
async fn lines<Line>(
    reader: &Reader,
    rows: &[Row],
    dry_run: bool,
    list: &'static str,
    stand_in: Value,
    same: impl Fn(&Map<String, Value>, &Map<String, Value>) -> bool + Send,
) -> Result<ImportPlan, Error>
where
    Line: DeserializeOwned + Serialize + JsonSchema + Validate + Send + 'static,
{
    expect_few(rows)?;
    let fields = Fields::of::<Line>();
    let drafts: Vec<Draft> = rows.iter().cloned().map(|row| Draft::new(row, false)).collect();
    let ends = Ends::load(reader, &drafts.iter().flat_map(Draft::named).collect::<Vec<_>>()).await?;
    let (mut found, mut faults_of) = (Vec::new(), Vec::new());
    for draft in &drafts {
        let mut faults = draft.faults.clone();
        let supplier_id = ends.supplier(&draft.subject, &mut faults);
        if supplier_id.is_none() && draft.subject.is_silent() {
            let detail = "expected supplier_id, supplier_identifier or supplier_name";
            blame(&mut faults, Fault::new("/supplier_id", "missing", detail));
        }
        found.push(supplier_id);
        faults_of.push(faults);
    }
    let ids: BTreeSet<String> = found.iter().flatten().map(ToString::to_string).collect();
    let suppliers: BTreeMap<SupplierId, Supplier> =
        suppliers_of(reader, &ids).await?.into_iter().map(|row| (row.id.clone(), row)).collect();
    // What each supplier's list becomes, row by row.
    let mut lists: BTreeMap<SupplierId, Vec<Map<String, Value>>> = BTreeMap::new();
    for (id, row) in &suppliers {
        let stored = serde_json::to_value(row).ok().and_then(|mut whole| whole.get_mut(list).map(Value::take));
        let lines = stored.and_then(|stored| serde_json::from_value(stored).ok()).unwrap_or_default();
        lists.insert(id.clone(), lines);
    }
    let mut outcomes = Vec::new();
    for ((draft, supplier_id), mut faults) in drafts.into_iter().zip(&found).zip(faults_of) {
        let id = supplier_id.as_ref().map(ToString::to_string);
        let Some(lines) = supplier_id.as_ref().and_then(|id| lists.get_mut(id)) else {
            if faults.is_empty() {
                let detail = "expected a supplier: our own house has neither contacts nor contracts here";
                blame(&mut faults, Fault::new("/supplier_id", "ourselves", detail));
            }
            outcomes.push(outcome(Verdict::Refused, id, faults));
            continue;
        };
        let at = lines.iter().position(|known| same(&draft.fields, known));
        let before = at.and_then(|at| lines.get(at).cloned());
        let whole = fields.merge(before.clone().unwrap_or_default(), draft.fields);
        let line = fields.read::<Line>(whole, stand_in.clone(), &mut faults);
        if let Some(line) = &line {
            Faults::of_new(line).done().unwrap_or_else(|error| absorb(&mut faults, "", error));
        }
        let verdict = match (&line, &before) {
            (Some(_), None) if faults.is_empty() => Verdict::Create,
            (Some(line), Some(before)) if faults.is_empty() => {
                if fields.moves(Some(before), line).is_empty() {
                    Verdict::Unchanged
                } else {
                    Verdict::Change
                }
            }
            _ => Verdict::Refused,
        };
        let changes = match (&line, &before, verdict) {
            (Some(line), Some(before), Verdict::Change) => fields.moves(Some(before), line),
            _ => Vec::new(),
        };
        if let (Some(Ok(Value::Object(line))), Verdict::Create | Verdict::Change) =
            (line.as_ref().map(serde_json::to_value), verdict)
        {
            match at.and_then(|at| lines.get_mut(at)) {
                Some(place) => *place = line,
                None => lines.push(line),
            }
        }
        outcomes.push(Outcome { changes, ..outcome(verdict, id, faults) });
    }
    let mut changes = Vec::new();
    for (id, row) in suppliers {
        let lines =
            Value::from(lists.remove(&id).unwrap_or_default().into_iter().map(Value::Object).collect::<Vec<_>>());
        let patch = Map::from_iter([(list.to_owned(), lines)]);
        match Change::<NewSupplier>::new(patch).over(&row).and_then(NewSupplier::check) {
            Ok(new) if supplier::differs(&row, &new) => changes.push((row, new)),
            Ok(_) => {}
            // What is wrong with the supplier as a whole, such as more lines than it may have, is its rows' fault.
            Err(error) => {
                let mut about = outcomes.iter_mut().zip(&found);
                if let Some((outcome, _)) = about.find(|(_, found)| found.as_ref() == Some(&id)) {
                    outcome.verdict = Verdict::Refused;
                    absorb(&mut outcome.faults, "", error);
                }
            }
        }
    }
    let about = found.into_iter().flatten().collect();
    planned(reader, outcomes, about, dry_run, || Work::Suppliers(changes)).await
}

/// The suppliers with these ids; our own house is none.
async fn suppliers_of(reader: &Reader, ids: &BTreeSet<String>) -> Result<Vec<Supplier>, Error> {
    let rows = reader.get_many::<supplier::Entity>(ids).await?;
    Ok(rows.into_iter().filter(|row| !row.is_ourselves).collect())
}

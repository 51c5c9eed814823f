//! Releases of the Open Contracting Data Standard as rows: one for each award to each supplier.
//!
//! Read are release packages (`releases`), record packages (`records`, each by its `compiledRelease`, or by its
//! releases), a single release, a list of any of these, and any of these on each line; as version 1.1 has them, with everybody in `parties`, and as
//! 1.0 had them, with the whole of a supplier in the award.
//!
//! | Column | What |
//! |---|---|
//! | `ocid`, `release.id`, `release.date`, `release.tag` | the process, and the release that says it |
//! | `buyer.name`, `buyer.id` | who buys |
//! | `tender.id`, `tender.title`, `tender.description`, `tender.status`, `tender.procurementMethod`, `tender.mainProcurementCategory`, `tender.classification.id`, `tender.classification.description` | what was asked for |
//! | `award.id`, `award.title`, `award.description`, `award.status`, `award.date`, `award.value`, `award.value.amount`, `award.value.currency`, `award.supplier_count` | what was awarded, and to how many together |
//! | `contract.reference` | `ocid/award`, with `/contract` where an award has several: the same in every release |
//! | `contract.id`, `contract.title`, `contract.status`, `contract.dateSigned` | the contract, where there is one |
//! | `contract.period.startDate`, `contract.period.endDate` | the contract's period, else the award's, else the tender's |
//! | `contract.value`, `contract.value.amount`, `contract.value.currency` | the contract's value, else the award's, first both together (`38769.84 GBP`); empty where several suppliers share it, for it is nobody's alone |
//! | `supplier.name`, `supplier.id`, `supplier.identifier.scheme`, `supplier.identifier.id`, `supplier.identifier.legalName`, `supplier.identifier.uri` | the supplier as the release has it |
//! | `supplier.identifiers.SCHEME` | its number under GB-COH, GB-PPON, GB-NHS, GB-CHC, GB-SC, GB-NIC, GB-VAT or LEI, wherever it stands |
//! | `supplier.identifiers.other` | `SCHEME:ID`, the first under a scheme that is none of these, or that is no number of its scheme, up to 40 characters |
//! | `supplier.address.streetAddress`, `supplier.address.locality`, `supplier.address.postalCode`, `supplier.address.countryName`, `supplier.address.country` | where it is |
//! | `supplier.contactPoint.name`, `supplier.contactPoint.email`, `supplier.contactPoint.telephone`, `supplier.details.url`, `supplier.details.scale` | how to reach it, and how large it is |
//!
//! Days are those that the file writes, without their times. An id of a party is unique in its release only, and so is
//! no identifier. Where releases say the same twice, the one of the latest date counts.

use std::collections::HashMap;

use serde_json::{Map, Value};

use super::{refused, refused_at, text::Text};
use crate::fault::Fault;

/// How many rows there are at the most.
pub const MAX_ROWS: usize = 200_000;
/// How many bytes of text all rows together have at the most: what a release says stands in each of its rows.
const MAX_BYTES: usize = 256 << 20;

/// How large a file of releases may be, in bytes: it is read as a whole.
const MAX_FILE_BYTES: u64 = 64 << 20;

/// The schemes whose numbers have a column, and how else they are written.
const SCHEMES: [(&str, &[&str]); 8] = [
    ("GB-COH", &[]),
    ("GB-PPON", &[]),
    ("GB-NHS", &["GB-ODS"]),
    ("GB-CHC", &[]),
    ("GB-SC", &[]),
    ("GB-NIC", &[]),
    ("GB-VAT", &[]),
    ("LEI", &["XI-LEI"]),
];

/// What was asked for: each column, and where it stands in a release.
const ASKED: [(&str, &[&str]); 8] = [
    ("tender.id", &["tender", "id"]),
    ("tender.title", &["tender", "title"]),
    ("tender.description", &["tender", "description"]),
    ("tender.status", &["tender", "status"]),
    ("tender.procurementMethod", &["tender", "procurementMethod"]),
    ("tender.mainProcurementCategory", &["tender", "mainProcurementCategory"]),
    ("tender.classification.id", &["tender", "classification", "id"]),
    ("tender.classification.description", &["tender", "classification", "description"]),
];

/// What was awarded: each column, and where it stands in an award.
const AWARDED: [(&str, &[&str]); 6] = [
    ("award.id", &["id"]),
    ("award.title", &["title"]),
    ("award.description", &["description"]),
    ("award.status", &["status"]),
    ("award.value.amount", &["value", "amount"]),
    ("award.value.currency", &["value", "currency"]),
];

/// A supplier: each column, and where it stands in a party or in an award.
const SUPPLIER: [(&str, &[&str]); 16] = [
    ("supplier.id", &["id"]),
    ("supplier.name", &["name"]),
    ("supplier.identifier.scheme", &["identifier", "scheme"]),
    ("supplier.identifier.id", &["identifier", "id"]),
    ("supplier.identifier.legalName", &["identifier", "legalName"]),
    ("supplier.identifier.uri", &["identifier", "uri"]),
    ("supplier.address.streetAddress", &["address", "streetAddress"]),
    ("supplier.address.locality", &["address", "locality"]),
    ("supplier.address.postalCode", &["address", "postalCode"]),
    ("supplier.address.countryName", &["address", "countryName"]),
    ("supplier.address.country", &["address", "country"]),
    ("supplier.contactPoint.name", &["contactPoint", "name"]),
    ("supplier.contactPoint.email", &["contactPoint", "email"]),
    ("supplier.contactPoint.telephone", &["contactPoint", "telephone"]),
    ("supplier.details.url", &["details", "url"]),
    ("supplier.details.scale", &["details", "scale"]),
];

/// The rows of a text, as JSON lines.
///
/// # Errors
/// What is no JSON, larger than 64 MiB, or has no releases in it.
pub(super) fn lines(mut text: Text<'_>, length: u64) -> Result<Vec<u8>, Fault> {
    if length > MAX_FILE_BYTES {
        return Err(refused(
            "too_large",
            format!("expected at most {} MiB of releases in one file: import them in parts", MAX_FILE_BYTES >> 20),
        ));
    }
    let mut bytes = Vec::new();
    loop {
        let more = text.fill()?;
        if more.is_empty() {
            break;
        }
        bytes.extend_from_slice(more);
        let count = more.len();
        text.consume(count);
    }
    let mut documents = Vec::new();
    for document in serde_json::Deserializer::from_slice(&bytes).into_iter::<Value>() {
        documents.push(document.map_err(|error| {
            let line = u32::try_from(error.line()).unwrap_or(u32::MAX);
            refused_at(line, "json", format!("the JSON cannot be read: {error}"))
        })?);
    }
    let document = match documents.len() {
        1 => documents.swap_remove(0),
        0 => return Err(refused("no_table", "expected releases, found nothing in the file")),
        _ => Value::Array(documents),
    };
    let mut lines = Vec::new();
    for row in rows(&document)? {
        lines.extend_from_slice(Value::Object(row).to_string().as_bytes());
        lines.push(b'\n');
    }
    Ok(lines)
}

/// Every award to every supplier, in the order in which they stand. Each row has all columns that are filled, and none
/// that are not.
///
/// # Errors
/// A document that has no releases, or more than [`MAX_ROWS`] rows or 256 MiB of text in them.
pub fn rows(document: &Value) -> Result<Vec<Map<String, Value>>, Fault> {
    let mut releases = Vec::new();
    gather(document, "", &mut releases);
    if releases.is_empty() && !is_package(document) {
        return Err(Fault::new(
            "",
            "ocds",
            "expected releases of the Open Contracting Data Standard: `releases`, `records`, or a release with an `ocid`",
        ));
    }
    let mut rows = Rows::default();
    for (place, release) in releases {
        of_release(release, &mut rows);
        if rows.is_full {
            let most = format!("expected at most {MAX_ROWS} awards to suppliers, and {} MiB of text", MAX_BYTES >> 20);
            return Err(Fault::new(place, "too_many", most));
        }
    }
    Ok(rows.all.into_iter().map(|(_, row)| row).collect())
}

/// Whether it is a package, with anything in it or without.
fn is_package(document: &Value) -> bool {
    ["releases", "records"].iter().any(|name| document.get(name).is_some_and(Value::is_array))
}

/// The releases in a document, each with its place.
fn gather<'a>(document: &'a Value, place: &str, found: &mut Vec<(String, &'a Value)>) {
    let inside = |name: &'static str| {
        let items = document.get(name).and_then(Value::as_array).into_iter().flatten().enumerate();
        items.map(move |(index, item)| (format!("{place}/{name}/{index}"), item))
    };
    match document {
        // A list of packages or of releases; lists in lists are neither.
        Value::Array(items) if place.is_empty() => {
            for (index, item) in items.iter().enumerate().filter(|(_, item)| item.is_object()) {
                gather(item, &format!("/{index}"), found);
            }
        }
        Value::Object(_) if is_package(document) => {
            found.extend(inside("releases").filter(|(_, release)| release.is_object()));
            for (place, record) in inside("records") {
                match record.get("compiledRelease").filter(|compiled| compiled.is_object()) {
                    Some(compiled) => found.push((format!("{place}/compiledRelease"), compiled)),
                    None => {
                        let releases = record.get("releases").and_then(Value::as_array).into_iter().flatten();
                        let whole = releases.enumerate().filter(|(_, release)| release.is_object());
                        found.extend(whole.map(|(index, release)| (format!("{place}/releases/{index}"), release)));
                    }
                }
            }
        }
        Value::Object(fields) if fields.contains_key("ocid") => found.push((place.to_owned(), document)),
        _ => {}
    }
}

/// What tells rows about the same apart from others: process, award, contract and supplier.
type Key = [String; 4];

/// The rows so far, each with the date of its release.
#[derive(Default)]
struct Rows {
    all: Vec<(String, Map<String, Value>)>,
    places: HashMap<Key, usize>,
    bytes: usize,
    is_full: bool,
}

impl Rows {
    fn put(&mut self, key: Key, date: &str, row: Map<String, Value>) {
        self.bytes += row.values().filter_map(Value::as_str).map(str::len).sum::<usize>();
        self.is_full |= self.bytes > MAX_BYTES || self.all.len() >= MAX_ROWS;
        if self.is_full {
            return;
        }
        match self.places.get(&key).and_then(|place| self.all.get_mut(*place)) {
            Some((known, kept)) => {
                if date > known.as_str() {
                    (*known, *kept) = (date.to_owned(), row);
                }
            }
            None => {
                self.places.insert(key, self.all.len());
                self.all.push((date.to_owned(), row));
            }
        }
    }
}

fn of_release(release: &Value, rows: &mut Rows) {
    let parties = items(release, "parties");
    let shared = what_was_asked(release, parties);
    let awards = items(release, "awards");
    let named: Vec<&Value> = parties.iter().filter(|party| has_role(party, "supplier")).collect();
    let mut said = Said { shared, date: text(release, &["date"]).unwrap_or_default(), parties: HashMap::new() };
    for party in parties {
        if let Some(id) = text(party, &["id"]) {
            said.parties.entry(id).or_insert(party);
        }
    }
    if awards.is_empty() {
        for supplier in named {
            said.put(rows, None, &[], supplier);
        }
        return;
    }
    // A contract that does not say of which award it is, is of the only one.
    let mut contracts: HashMap<Option<String>, Vec<&Value>> = HashMap::new();
    for contract in items(release, "contracts") {
        contracts.entry(text(contract, &["awardID"])).or_default().push(contract);
    }
    for award in awards {
        let own: Vec<&Value> = items(award, "suppliers").iter().collect();
        // Of a single award that names nobody, whoever is called a supplier is its supplier.
        let suppliers = if own.is_empty() && awards.len() == 1 { named.clone() } else { own };
        let mut signed = contracts.get(&text(award, &["id"])).cloned().unwrap_or_default();
        if awards.len() == 1 && text(award, &["id"]).is_some() {
            signed.extend(contracts.get(&None).into_iter().flatten());
        }
        for supplier in &suppliers {
            if rows.is_full {
                return;
            }
            said.put(rows, Some((award, suppliers.len())), &signed, supplier);
        }
    }
}

/// The columns that all rows of a release share.
fn what_was_asked(release: &Value, parties: &[Value]) -> Map<String, Value> {
    let mut row = Map::new();
    copy(&mut row, "ocid", release, &["ocid"]);
    copy(&mut row, "release.id", release, &["id"]);
    day(&mut row, "release.date", release, &["date"]);
    let tags: Vec<&str> = items(release, "tag").iter().filter_map(Value::as_str).collect();
    if !tags.is_empty() {
        row.insert("release.tag".into(), tags.join("; ").into());
    }
    let buyer = release.get("buyer").filter(|buyer| buyer.is_object());
    let buyer = buyer.or_else(|| parties.iter().find(|party| has_role(party, "buyer")));
    if let Some(buyer) = buyer {
        copy(&mut row, "buyer.name", buyer, &["name"]);
        copy(&mut row, "buyer.id", buyer, &["id"]);
    }
    for (column, path) in ASKED {
        copy(&mut row, column, release, path);
    }
    day(&mut row, "contract.period.startDate", release, &["tender", "contractPeriod", "startDate"]);
    day(&mut row, "contract.period.endDate", release, &["tender", "contractPeriod", "endDate"]);
    row
}

/// What a release says of all its awards.
struct Said<'a> {
    /// The columns that all its rows share.
    shared: Map<String, Value>,
    date: String,
    /// Everybody, by their ids.
    parties: HashMap<String, &'a Value>,
}

impl Said<'_> {
    /// The rows of an award, and of how many suppliers it is, to one of them: one for each contract.
    fn put(&self, rows: &mut Rows, award: Option<(&Value, usize)>, contracts: &[&Value], supplier: &Value) {
        let mut row = self.shared.clone();
        let party_id = text(supplier, &["id"]);
        let party = party_id.as_ref().and_then(|id| self.parties.get(id).copied());
        of_supplier(&mut row, supplier, party);
        let ocid = text_of(&row, "ocid");
        let who = party_id.unwrap_or_else(|| text_of(&row, "supplier.name"));
        let Some((award, supplier_count)) = award else {
            rows.put([ocid, String::new(), String::new(), who], &self.date, row);
            return;
        };
        of_award(&mut row, award, supplier_count);
        let award_id = text_of(&row, "award.id");
        let reference = if award_id.starts_with(&ocid) { award_id.clone() } else { format!("{ocid}/{award_id}") };
        row.insert("contract.reference".into(), reference.clone().into());
        if contracts.is_empty() {
            rows.put([ocid, award_id, String::new(), who], &self.date, row);
            return;
        }
        for contract in contracts {
            let mut row = row.clone();
            of_contract(&mut row, contract, supplier_count);
            let contract_id = text_of(&row, "contract.id");
            if contracts.len() > 1 {
                row.insert("contract.reference".into(), format!("{reference}/{contract_id}").into());
            }
            rows.put([ocid.clone(), award_id.clone(), contract_id, who.clone()], &self.date, row);
        }
    }
}

fn of_award(row: &mut Map<String, Value>, award: &Value, supplier_count: usize) {
    for (column, path) in AWARDED {
        copy(row, column, award, path);
    }
    together(row, "award.value");
    day(row, "award.date", award, &["date"]);
    row.insert("award.supplier_count".into(), supplier_count.into());
    period(row, award, "contractPeriod");
    worth(row, award, supplier_count);
}

fn of_contract(row: &mut Map<String, Value>, contract: &Value, supplier_count: usize) {
    copy(row, "contract.id", contract, &["id"]);
    copy(row, "contract.title", contract, &["title"]);
    copy(row, "contract.status", contract, &["status"]);
    day(row, "contract.dateSigned", contract, &["dateSigned"]);
    period(row, contract, "period");
    worth(row, contract, supplier_count);
}

/// The period, whole, where it says anything: its beginning never stands beside another one's end.
fn period(row: &mut Map<String, Value>, item: &Value, name: &str) {
    let Some(period) = item.get(name).filter(|period| period.is_object()) else { return };
    if text(period, &["startDate"]).is_none() && text(period, &["endDate"]).is_none() {
        return;
    }
    row.remove("contract.period.startDate");
    row.remove("contract.period.endDate");
    day(row, "contract.period.startDate", period, &["startDate"]);
    day(row, "contract.period.endDate", period, &["endDate"]);
}

fn worth(row: &mut Map<String, Value>, item: &Value, supplier_count: usize) {
    if supplier_count == 1 && text(item, &["value", "amount"]).is_some() {
        row.remove("contract.value.currency");
        copy(row, "contract.value.amount", item, &["value", "amount"]);
        copy(row, "contract.value.currency", item, &["value", "currency"]);
        together(row, "contract.value");
    }
}

/// Amount and currency of a value as one text.
fn together(row: &mut Map<String, Value>, column: &str) {
    let (amount, currency) = (text_of(row, &format!("{column}.amount")), text_of(row, &format!("{column}.currency")));
    if !amount.is_empty() {
        row.insert(column.to_owned(), format!("{amount} {currency}").trim_end().into());
    }
}

/// The supplier as the award has it, and what its party says besides.
fn of_supplier(row: &mut Map<String, Value>, supplier: &Value, party: Option<&Value>) {
    for said in [party, Some(supplier)].into_iter().flatten() {
        for (column, path) in SUPPLIER {
            copy(row, column, said, path);
        }
    }
    if !row.contains_key("supplier.name") {
        copy_within(row, "supplier.identifier.legalName", "supplier.name");
    }
    for said in [Some(supplier), party].into_iter().flatten() {
        let more = items(said, "additionalIdentifiers").iter();
        for identifier in said.get("identifier").into_iter().chain(more) {
            if let (Some(scheme), Some(id)) = (text(identifier, &["scheme"]), text(identifier, &["id"])) {
                hold(row, &scheme, &id);
            }
        }
    }
    // An id that is made of scheme and number, as the standard proposes, says the same as an identifier would.
    let party_id = text_of(row, "supplier.id");
    for (scheme, _) in SCHEMES {
        if let Some(id) = party_id.strip_prefix(scheme).and_then(|rest| rest.strip_prefix('-')) {
            hold(row, scheme, id);
        }
    }
}

/// How long a number of a scheme without a column may be, with its scheme, in characters.
const MAX_OTHER: usize = 40;

/// Puts a number under its scheme, the first that is said. One that is no number of its scheme stands among the others,
/// and what has no digit but zeros says nothing.
fn hold(row: &mut Map<String, Value>, scheme: &str, id: &str) {
    if !id.chars().any(|letter| letter.is_ascii_digit() && letter != '0') {
        return;
    }
    let known = SCHEMES.iter().find(|(known, also)| {
        known.eq_ignore_ascii_case(scheme) || also.iter().any(|other| other.eq_ignore_ascii_case(scheme))
    });
    let (column, value) = match known {
        Some((known, _)) if is_number_of(known, id) => (format!("supplier.identifiers.{known}"), id.to_owned()),
        _ => ("supplier.identifiers.other".to_owned(), format!("{scheme}:{id}")),
    };
    if value.chars().count() <= MAX_OTHER {
        row.entry(column).or_insert_with(|| value.into());
    }
}

/// Whether an id may be one of the scheme, as far as people mistype these.
fn is_number_of(scheme: &str, id: &str) -> bool {
    let id: String = id.chars().filter(|letter| !letter.is_whitespace()).collect();
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    match scheme {
        "GB-COH" => {
            let lettered = id.len() == 8 && id.is_ascii() && id.bytes().take(2).all(|byte| byte.is_ascii_alphabetic());
            (id.len() <= 8 && digits(&id)) || (lettered && id.get(2..).is_some_and(digits))
        }
        "GB-CHC" => (6..=7).contains(&id.len()) && digits(&id),
        "GB-SC" => id.len() == 8 && id.get(2..).is_some_and(digits),
        "GB-NIC" => id.len() == 6 && digits(&id),
        "GB-NHS" => (1..=9).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_alphanumeric()),
        _ => true,
    }
}

fn has_role(party: &Value, role: &str) -> bool {
    items(party, "roles").iter().any(|known| known.as_str() == Some(role))
}

/// The list of this name; empty where there is none.
fn items<'a>(value: &'a Value, name: &str) -> &'a [Value] {
    value.get(name).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

/// What stands at a path, if it is something.
fn at<'a>(value: &'a Value, path: &[&str]) -> Option<&'a Value> {
    let found = path.iter().try_fold(value, |value, step| value.get(step))?;
    match found {
        Value::String(text) if text.trim().is_empty() => None,
        Value::String(_) | Value::Number(_) | Value::Bool(_) => Some(found),
        _ => None,
    }
}

/// What stands at a path, as text.
fn text(value: &Value, path: &[&str]) -> Option<String> {
    match at(value, path)? {
        Value::String(text) => Some(text.trim().to_owned()),
        other => Some(other.to_string()),
    }
}

fn text_of(row: &Map<String, Value>, column: &str) -> String {
    match row.get(column) {
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
        None => String::new(),
    }
}

fn copy(row: &mut Map<String, Value>, column: &str, value: &Value, path: &[&str]) {
    if let Some(found) = at(value, path) {
        let found = found.as_str().map_or_else(|| found.clone(), |text| text.trim().into());
        row.insert(column.to_owned(), found);
    }
}

fn copy_within(row: &mut Map<String, Value>, from: &str, to: &str) {
    if let Some(value) = row.get(from).cloned() {
        row.insert(to.to_owned(), value);
    }
}

/// The day of a moment, as it is written.
fn day(row: &mut Map<String, Value>, column: &str, value: &Value, path: &[&str]) {
    if let Some(moment) = text(value, path) {
        let day = moment.split(['T', ' ']).next().unwrap_or_default();
        row.insert(column.to_owned(), day.into());
    }
}

#[cfg(test)]
mod tests;

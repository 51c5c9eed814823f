//! A list's file, row by row: only what may be about one of our suppliers is kept of it, however large it is.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use chrono::NaiveDate;
use diligence_questionnaires::spreadsheet::{self, Cell, Options, Source};
use serde::{Deserialize, Serialize};

use super::{PublishedList, matching, standing::NOT_SAID};
use crate::{clock::Day, error::Error, fault::Fault, identifier::Identifier, scope::Reader, twin::compared};

/// How many entries are kept of a list at the most.
const MAXIMUM_ENTRIES: usize = 20_000;
/// How much of what was noticed is told at the most.
const MAXIMUM_TOLD: usize = 100;
/// How long a name, a key or a status may be, in characters: what is longer is cut.
const LONGEST: usize = 300;

/// What of a list can be about one of our suppliers: keys in capitals, and names as people compare them.
#[derive(Clone, Debug, Default)]
pub struct Sought {
    pub(super) keys: HashSet<String>,
    pub(super) names: HashSet<String>,
}

/// What is sought on a list: the identifiers and names of our suppliers, and what was found of them before.
///
/// # Errors
/// [`Error::Database`] only.
pub async fn sought(reader: &Reader, list: PublishedList) -> Result<Sought, Error> {
    let known = matching::known(reader, list).await?;
    let mut sought = Sought { keys: known.into_iter().map(|row| row.entry_key).collect(), ..Sought::default() };
    for ours in matching::ours(reader, list).await? {
        sought.keys.extend(ours.keys);
        sought.names.insert(ours.compared);
    }
    Ok(sought)
}

/// What a list's file says that may be about our suppliers.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ListFile {
    /// How many rows it has.
    pub row_count: i64,
    /// The entries, each once.
    pub entries: Vec<Entry>,
    /// What was noticed on the way, in sentences.
    #[serde(default)]
    pub sentences: Vec<String>,
}

/// An entry of a list's file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// By what the list knows it, in capitals: the first is its own, the others those of whom it belongs to.
    pub keys: Vec<String>,
    /// What it is called there, and what whom it belongs to is called.
    pub names: Vec<String>,
    /// What the list says.
    pub status: String,
    /// The day of what it says.
    pub issued_on: Option<Day>,
}

impl Entry {
    /// Its own key.
    pub(super) fn key(&self) -> &str {
        self.keys.first().map(String::as_str).unwrap_or_default()
    }

    /// What it is called.
    pub(super) fn name(&self) -> &str {
        self.names.first().map(String::as_str).unwrap_or_default()
    }
}

/// The columns of a list: of each sort the names that it has had, of which the first that is there is taken.
struct Shape {
    keys: &'static [&'static [&'static str]],
    names: &'static [&'static [&'static str]],
    status: &'static [&'static str],
    issued_on: &'static [&'static str],
    /// Only rows whose column says this, where there is the column.
    only: &'static [(&'static str, &'static str)],
}

/// Column names are compared by their letters and digits alone, small.
fn shape(list: PublishedList) -> Shape {
    match list {
        PublishedList::Dspt => Shape {
            keys: &[&["ODS Code", "Code", "Organisation Code"]],
            names: &[&["Organisation Name", "Name"]],
            status: &["Publication Status", "Status", "Latest Status"],
            issued_on: &["Date Of Publication", "Publication Date"],
            only: &[],
        },
        PublishedList::Cqc => Shape {
            keys: &[
                &["CQC Location ID (for office use only)", "CQC Location ID", "Location ID"],
                &["CQC Provider ID (for office use only)", "CQC Provider ID", "Provider ID"],
            ],
            names: &[&["Name", "Location Name"], &["Provider name"]],
            status: &["Latest Rating", "Overall Rating", "Registration Status"],
            issued_on: &["Publication Date", "Date of latest check"],
            only: &[("Domain", "Overall"), ("Service / Population Group", "Overall")],
        },
        PublishedList::CompaniesHouse => Shape {
            keys: &[&["CompanyNumber", "Company Number"]],
            names: &[&["CompanyName", "Company Name"]],
            status: &["CompanyStatus", "Company Status"],
            issued_on: &["DissolutionDate"],
            only: &[],
        },
        PublishedList::Atrs => Shape {
            keys: &[&["url", "link", "address"]],
            names: &[&["publishing_body", "organisation", "Publishing organisation"]],
            status: &["title", "tool_name", "name"],
            issued_on: &["published", "publication_date", "date"],
            only: &[],
        },
    }
}

fn folded(name: &str) -> String {
    name.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_lowercase()
}

/// Where the columns of a list stand in a file.
struct Places {
    keys: Vec<usize>,
    names: Vec<usize>,
    status: Option<usize>,
    issued_on: Option<usize>,
    only: Vec<(usize, &'static str)>,
}

impl Places {
    fn find(list: PublishedList, columns: &[String]) -> Result<Self, Vec<Fault>> {
        let shape = shape(list);
        let folded_columns: Vec<String> = columns.iter().map(|name| folded(name)).collect();
        let place = |names: &[&str]| {
            names.iter().find_map(|name| folded_columns.iter().position(|known| *known == folded(name)))
        };
        let mut faults = Vec::new();
        let mut expect = |names: &[&str], found: Option<usize>| {
            if found.is_none() {
                let wanted: Vec<String> = names.iter().map(|name| format!("{name:?}")).collect();
                let detail =
                    format!("expected a column {}: is this the list of the {}?", wanted.join(" or "), list.title());
                faults.push(Fault::new("", "unknown_column", detail));
            }
        };
        let keys: Vec<usize> = shape.keys.iter().filter_map(|&names| place(names)).collect();
        let names: Vec<usize> = shape.names.iter().filter_map(|&names| place(names)).collect();
        let status = place(shape.status);
        expect(shape.keys[0], keys.first().copied());
        expect(shape.names[0], names.first().copied());
        // The directory of care services has no ratings: whoever is in it is registered.
        if list != PublishedList::Cqc {
            expect(shape.status, status);
        }
        if !faults.is_empty() {
            return Err(faults);
        }
        let only = shape.only.iter().filter_map(|(name, wanted)| Some((place(&[*name])?, *wanted))).collect();
        Ok(Self { keys, names, status, issued_on: place(shape.issued_on), only })
    }
}

/// What a cell says; nothing where it says so in a word.
fn said(cells: &[Cell], place: usize) -> String {
    let text = match cells.get(place) {
        None | Some(Cell::Empty | Cell::Wrong(_) | Cell::Unsaved) => return String::new(),
        Some(cell) => cell.shown().trim().to_owned(),
    };
    if matches!(text.as_str(), "#N/A" | "N/A" | "n/a" | "-") {
        String::new()
    } else {
        text.chars().take(LONGEST).collect()
    }
}

/// The day in a cell. These lists are British: the day comes first.
fn day(cells: &[Cell], place: usize) -> Option<Day> {
    if let Some(Cell::Moment { day, .. }) = cells.get(place) {
        return day.to_string().parse().ok();
    }
    let text = said(cells, place);
    // `09/Jan/2018 - 00:00`, `2025-06-26T07:39:09Z`.
    let date = text.split([' ', 'T']).next().unwrap_or_default();
    ["%Y-%m-%d", "%d/%m/%Y", "%d/%b/%Y", "%d-%b-%Y", "%d.%m.%Y"]
        .iter()
        .find_map(|form| NaiveDate::parse_from_str(date, form).ok())
        .and_then(|date| date.to_string().parse().ok())
}

/// An identifier as its scheme writes it, or as it stands where it is none; in capitals.
pub(super) fn key(list: PublishedList, text: &str) -> String {
    let canonical = list.schemes().first().and_then(|scheme| {
        Identifier { scheme: *scheme, id: text.to_owned() }.canonical().ok().map(|identifier| identifier.id)
    });
    let plain = canonical.unwrap_or_else(|| text.trim().to_owned());
    // An address is one by its letters.
    if list == PublishedList::Atrs { plain } else { plain.to_uppercase() }
}

/// A name without the code that some lists put behind it: `Langdale House Ltd (VM8L1)`.
fn without_code(name: String, keys: &[String]) -> String {
    let bare = name.strip_suffix(')').and_then(|rest| rest.rsplit_once('('));
    match bare {
        Some((bare, code))
            if keys.iter().any(|key| key.eq_ignore_ascii_case(code.trim())) && !bare.trim().is_empty() =>
        {
            bare.trim().to_owned()
        }
        _ => name,
    }
}

fn entry(list: PublishedList, places: &Places, cells: &[Cell]) -> Option<Entry> {
    if places.only.iter().any(|(place, wanted)| !said(cells, *place).eq_ignore_ascii_case(wanted)) {
        return None;
    }
    let keys: Vec<String> = places
        .keys
        .iter()
        .map(|place| said(cells, *place))
        .filter(|text| !text.is_empty())
        .map(|text| key(list, &text))
        .collect();
    let names: Vec<String> = places
        .names
        .iter()
        .map(|place| without_code(said(cells, *place), &keys))
        .filter(|name| !name.is_empty())
        .collect();
    if keys.is_empty() || names.is_empty() {
        return None;
    }
    let text = places.status.map(|place| said(cells, place)).unwrap_or_default();
    let status = match list {
        PublishedList::Atrs => format!("Published: {text}"),
        PublishedList::Dspt if text.is_empty() => "Not Published".to_owned(),
        PublishedList::Cqc if text.is_empty() => "Registered".to_owned(),
        _ if text.is_empty() => NOT_SAID.to_owned(),
        _ => text,
    };
    Some(Entry { keys, names, status, issued_on: places.issued_on.and_then(|place| day(cells, place)) })
}

/// Reads a list's file. It may be large: this is work for a thread where nobody waits.
///
/// # Errors
/// [`Error::Invalid`] for a file that cannot be read, or is not that list.
pub fn read(list: PublishedList, source: &dyn Source, sought: &Sought) -> Result<ListFile, Error> {
    let refused = |fault: diligence_questionnaires::Fault| Error::Invalid(vec![fault.into()]);
    let shape = shape(list);
    let wanted = shape.keys.iter().chain(shape.names).copied().chain([shape.status]).flatten();
    let options = Options { wanted: wanted.map(|name| (*name).to_owned()).collect(), ..Options::default() };
    let table = spreadsheet::open(source, &options)
        .map_err(|faults| Error::Invalid(faults.into_iter().map(Into::into).collect()))?;
    let places = Places::find(list, &table.found.columns).map_err(Error::Invalid)?;
    let (mut row_count, mut kept, mut seen) = (0, Vec::<Entry>::new(), HashMap::<String, usize>::new());
    let (mut sentences, mut faults) = (Vec::new(), Vec::new());
    for record in table.records(source).map_err(refused)? {
        let record = record.map_err(refused)?;
        row_count += 1;
        let Some(entry) = entry(list, &places, &record.cells) else { continue };
        let is_sought = entry.keys.iter().any(|key| sought.keys.contains(key))
            || entry.names.iter().any(|name| sought.names.contains(&compared(name)));
        if !is_sought {
            continue;
        }
        if let Some(first) = seen.get(entry.key()).and_then(|place| kept.get_mut(*place)) {
            match later(first, entry) {
                Ok(Some(told)) if sentences.len() < MAXIMUM_TOLD => sentences.push(told),
                Err(detail) if faults.len() < MAXIMUM_TOLD => faults.push(Fault::new("", "duplicate", detail)),
                _ => {}
            }
            continue;
        }
        seen.insert(entry.key().to_owned(), kept.len());
        if kept.len() == MAXIMUM_ENTRIES {
            let detail =
                format!("more than {MAXIMUM_ENTRIES} of its entries may be about suppliers: bring it in parts");
            return Err(Error::invalid("", "length", detail));
        }
        kept.push(entry);
    }
    if faults.is_empty() { Ok(ListFile { row_count, entries: kept, sentences }) } else { Err(Error::Invalid(faults)) }
}

/// Puts an entry that a list has a second time in the place of the first where it is of a later day, and says so.
///
/// # Errors
/// A sentence where it says something else and nothing tells which of them is the later.
fn later(first: &mut Entry, entry: Entry) -> Result<Option<String>, String> {
    if first.status == entry.status {
        return Ok(None);
    }
    let (key, said, other) = (entry.key().to_owned(), first.status.clone(), entry.status.clone());
    let (Some(day), Some(other_day)) = (first.issued_on, entry.issued_on) else {
        return Err(twice(&key, &said, &other));
    };
    if day == other_day {
        return Err(twice(&key, &said, &other));
    }
    if other_day > day {
        *first = entry;
    }
    let last = &first.status;
    Ok(Some(format!(
        "{key} is in the list twice, with {said:?} of {day} and {other:?} of {other_day}: {last:?} is taken"
    )))
}

fn twice(key: &str, one: &str, other: &str) -> String {
    format!("{key} is in the list twice, with {one:?} and {other:?}, and nothing says which is the later: take one out")
}

impl ListFile {
    /// How many entries are called so, by the name as people compare it.
    pub(super) fn by_name(&self) -> BTreeMap<String, BTreeSet<&str>> {
        let mut by_name: BTreeMap<String, BTreeSet<&str>> = BTreeMap::new();
        for entry in &self.entries {
            for name in &entry.names {
                by_name.entry(compared(name)).or_default().insert(entry.key());
            }
        }
        by_name
    }
}

//! Rows of somebody else's file, put together where they are about the same. What is kept grows with the things that the
//! rows are about, not with the rows.

use std::{
    borrow::Cow,
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use diligence_entities::{
    fault::Fault,
    identifier::{Identifier, Scheme},
    import::{Row, SameAs},
    recipe::{DateStyle, ImportNoun, Take},
    twin,
};
use diligence_questionnaires::{cells, spreadsheet::Record};
use serde_json::{Map, Value};

use super::{
    amounts,
    cell::{CellKind, Remark},
    dates, fill,
    mapped::{Filled, Mapped, Text},
    source::{Place, Said, Source},
    targets::Target,
    words::fold,
};

/// How many contacts or contracts of one thing are kept before they are checked: no supplier has more than half of it.
const MAXIMUM_LISTED: usize = 100;
/// How many things a cell that gathers everything keeps.
const MAXIMUM_GATHERED: usize = 100;
/// How many faults of further rows about the same are kept, and how many places of these rows.
const MAXIMUM_KEPT: usize = 20;

/// What was read otherwise than it stands: how often in each column, and the first such cell.
#[derive(Debug, Default)]
pub(super) struct Notes(pub(super) BTreeMap<(String, Remark), (i64, String)>);

impl Notes {
    fn add(&mut self, column: &str, remark: Remark, text: &str) {
        let key = (column.to_owned(), remark);
        self.0.entry(key).or_insert_with(|| (0, super::source::short(text))).0 += 1;
    }
}

/// What the rows so far say in a field.
#[derive(Debug)]
enum Kept {
    Cleared,
    Text(String),
    Sum { hundredths: i128, currency: Option<String> },
    Count(i64),
    Day(String),
    All(Vec<String>),
}

/// A contact or a contract.
#[derive(Debug)]
struct Listed {
    key: Option<String>,
    kept: Vec<Option<Kept>>,
}

/// Something that rows are about.
#[derive(Debug)]
struct Thing {
    source: Source,
    place: String,
    also: Vec<String>,
    kept: Vec<Option<Kept>>,
    contacts: Vec<Listed>,
    contracts: Vec<Listed>,
    identifiers: Vec<Identifier>,
    id: Option<String>,
    /// What its name is as it is compared.
    compared: Option<String>,
    faults: Vec<Fault>,
}

/// Where things stand in a row that say what it is about.
#[derive(Debug, Default)]
struct Marks {
    id: Option<usize>,
    name: Option<usize>,
    supplier: Vec<usize>,
    held: Vec<usize>,
    identifiers: Option<usize>,
    contacts: Vec<usize>,
    contracts: Vec<usize>,
}

/// What a row is about.
#[derive(Debug, Default)]
struct About {
    id: Option<String>,
    identifiers: Vec<Identifier>,
    compared: Option<String>,
    /// The name among those of whom it may be.
    key: Option<String>,
}

/// Rows being put together.
#[derive(Debug)]
pub(super) struct Gathering<'a> {
    mapped: &'a Mapped,
    styles: &'a [Option<DateStyle>],
    hints: &'a [Option<String>],
    same: HashMap<String, String>,
    places: Arc<[Place]>,
    marks: Marks,
    things: Vec<Thing>,
    by_key: HashMap<String, usize>,
    by_name: HashMap<String, Vec<usize>>,
    pub(super) notes: Notes,
    pub(super) merged_count: i64,
}

impl Marks {
    fn of(mapped: &Mapped) -> Self {
        let mut marks = Self::default();
        for (index, filled) in mapped.filled.iter().enumerate() {
            match &filled.target {
                Target::Held(_) => marks.held.push(index),
                Target::Contact { .. } => marks.contacts.push(index),
                Target::Contract { .. } => marks.contracts.push(index),
                Target::Field { name, .. } => match name.as_str() {
                    "id" => marks.id = Some(index),
                    "name" => marks.name = Some(index),
                    "identifiers" => marks.identifiers = Some(index),
                    "supplier_id" | "supplier_identifier" | "supplier_name" => marks.supplier.push(index),
                    _ => {}
                },
                _ => {}
            }
        }
        marks
    }
}

impl<'a> Gathering<'a> {
    pub(super) fn new(
        mapped: &'a Mapped,
        styles: &'a [Option<DateStyle>],
        hints: &'a [Option<String>],
        answers: &BTreeMap<String, String>,
    ) -> Self {
        let same = answers
            .iter()
            .filter_map(|(key, answer)| Some((fold(key).strip_prefix("same:")?.to_owned(), answer.trim().to_owned())))
            .collect();
        Self {
            mapped,
            styles,
            hints,
            same,
            places: mapped.places().into(),
            marks: Marks::of(mapped),
            things: Vec::new(),
            by_key: HashMap::new(),
            by_name: HashMap::new(),
            notes: Notes::default(),
            merged_count: 0,
        }
    }

    /// How many things there are so far.
    pub(super) fn count(&self) -> usize {
        self.things.len()
    }

    /// Takes a row in.
    pub(super) fn add(&mut self, record: &Record, row: i64, line: i64, place: impl Fn() -> String) {
        let mapped = self.mapped;
        let mut faults = Vec::new();
        let texts: Vec<Text> = mapped
            .filled
            .iter()
            .map(|filled| {
                let text = mapped.text(filled, record).unwrap_or_else(|fault| {
                    faults.push(fault);
                    Text::Nothing
                });
                if let Text::WordForNothing { is_no_end } = &text
                    && filled.is_of_file()
                {
                    let remark = if *is_no_end { Remark::NoEnd } else { Remark::Nothing };
                    let cell = self.places.iter().find(|place| place.pointer == filled.pointer);
                    let cell = cell.and_then(|place| record.cells.get(*place.cells.first()?));
                    self.notes.add(&filled.name, remark, &cell.map(|cell| cell.shown()).unwrap_or_default());
                }
                text
            })
            .collect();
        let about = self.about(&texts);
        let found = self.find(&about);
        let index = match found {
            Some(index) => index,
            None => {
                let cells = record.cells.iter().map(|cell| cell.shown().into_owned()).collect();
                self.things.push(Thing {
                    source: Source { row, line: Some(line), said: Said::Cells(Arc::clone(&self.places), cells) },
                    place: place(),
                    also: Vec::new(),
                    kept: std::iter::repeat_with(|| None).take(mapped.filled.len()).collect(),
                    contacts: Vec::new(),
                    contracts: Vec::new(),
                    identifiers: Vec::new(),
                    id: None,
                    compared: about.compared.clone(),
                    faults: Vec::new(),
                });
                self.things.len() - 1
            }
        };
        self.register(index, about);
        let Some(thing) = self.things.get_mut(index) else { return };
        if found.is_some() {
            self.merged_count += 1;
            if thing.also.len() < MAXIMUM_KEPT {
                thing.also.push(place());
            }
        }
        let styles = self.styles;
        for (at, (filled, text)) in mapped.filled.iter().zip(&texts).enumerate() {
            let Some(kept) = thing.kept.get_mut(at) else { continue };
            if matches!(filled.target, Target::Contact { .. } | Target::Contract { .. }) {
                continue;
            }
            note(kept, text, filled, styles).unwrap_or_else(|fault| faults.push(fault));
        }
        for (list, marks) in
            [(&mut thing.contacts, &self.marks.contacts), (&mut thing.contracts, &self.marks.contracts)]
        {
            list_one(list, marks, mapped, &texts, styles, &mut faults);
        }
        for fault in faults {
            let is_known = thing.faults.iter().any(|known| known.pointer == fault.pointer);
            if !is_known && thing.faults.len() < MAXIMUM_KEPT {
                let detail =
                    if found.is_some() { format!("{}: {}", place(), fault.detail) } else { fault.detail.clone() };
                thing.faults.push(Fault { detail, ..fault });
            }
        }
    }

    fn about(&self, texts: &[Text]) -> About {
        let said = |index: Option<usize>| match index.and_then(|index| texts.get(index)) {
            Some(Text::Said(text)) => Some(text.trim()),
            _ => None,
        };
        let mut about = About { id: said(self.marks.id).map(str::to_owned), ..About::default() };
        for index in &self.marks.held {
            if let (Some(text), Some(filled)) = (said(Some(*index)), self.mapped.filled.get(*index))
                && let Target::Held(schemes) = &filled.target
            {
                about.identifiers.extend(fill::identifier(schemes, text).ok());
            }
        }
        if let Some(list) = said(self.marks.identifiers) {
            let read = cells::split(list).into_iter().filter_map(|item| item.trim().parse::<Identifier>().ok());
            about.identifiers.extend(read.filter_map(|identifier| identifier.canonical().ok()));
        }
        let compared = said(self.marks.name).map(twin::compared);
        // What was answered to be another row of this file is.
        let compared = compared.map(|name| match self.same.get(&name).and_then(|answer| answer.strip_prefix("as:")) {
            Some(other) => other.to_owned(),
            None => name,
        });
        about.key = match (self.mapped.noun, &compared) {
            (ImportNoun::Suppliers, Some(name)) => Some(name.clone()),
            (ImportNoun::Products, Some(name)) => {
                let whose: Vec<String> =
                    self.marks.supplier.iter().filter_map(|index| said(Some(*index))).map(twin::compared).collect();
                Some(format!("{}\n{name}", whose.join("\n")))
            }
            _ => None,
        };
        about.compared = compared;
        about
    }

    /// The thing that a row is about, where an earlier row is about the same.
    fn find(&self, about: &About) -> Option<usize> {
        if let Some(id) = &about.id
            && let Some(index) = self.by_key.get(&format!("id {id}"))
        {
            return Some(*index);
        }
        let held = about.identifiers.iter().find_map(|identifier| self.by_key.get(&identifier.to_string()));
        if let Some(index) = held {
            return Some(*index);
        }
        let named = self.by_name.get(about.key.as_ref()?)?;
        named.iter().copied().find(|index| self.things.get(*index).is_some_and(|thing| !thing.differs_from(about)))
    }

    fn register(&mut self, index: usize, about: About) {
        let About { id, identifiers, key, .. } = about;
        if let Some(key) = key {
            let named = self.by_name.entry(key).or_default();
            if !named.contains(&index) {
                named.push(index);
            }
        }
        let Some(thing) = self.things.get_mut(index) else { return };
        // Only suppliers hold identifiers: a product's are those of its supplier.
        for identifier in identifiers {
            if !thing.identifiers.contains(&identifier) {
                self.by_key.entry(identifier.to_string()).or_insert(index);
                thing.identifiers.push(identifier);
            }
        }
        if let (Some(id), None) = (id, &thing.id) {
            self.by_key.entry(format!("id {id}")).or_insert(index);
            thing.id = Some(id);
        }
    }

    /// The rows, where each came from, and what was noticed.
    pub(super) fn finish(mut self) -> (Vec<Row>, Vec<Source>, Notes) {
        let things = std::mem::take(&mut self.things);
        let (mut rows, mut sources) = (Vec::with_capacity(things.len()), Vec::with_capacity(things.len()));
        for thing in things {
            let (row, source) = self.row(thing);
            rows.push(row);
            sources.push(source);
        }
        (rows, sources, self.notes)
    }

    fn row(&mut self, thing: Thing) -> (Row, Source) {
        let Thing { source, place, also, kept, contacts, contracts, compared, faults, .. } = thing;
        let same_as = compared.and_then(|name| self.same.get(&name)).and_then(|answer| match answer.as_str() {
            "new" => Some(SameAs::New),
            other if other.starts_with("as:") || other.is_empty() => None,
            id => Some(SameAs::Known(id.to_owned())),
        });
        let mut row = Row { place, also, same_as, faults, ..Row::default() };
        let mapped = self.mapped;
        for (filled, kept) in mapped.filled.iter().zip(kept) {
            let Some(kept) = kept else { continue };
            let Some(text) = kept.text(filled) else {
                if filled.target.cell().is_some_and(|cell| cell.may_be_empty || cell.is_list()) {
                    fill::put(&mut row, &filled.target, Value::Null);
                }
                continue;
            };
            match &filled.target {
                Target::Held(schemes) => fill::hold(&mut row, &filled.pointer, schemes, &text),
                Target::LastReview => row.last_review_on = self.day(&mut row.faults, filled, &text),
                Target::NextReview => row.next_review_on = self.day(&mut row.faults, filled, &text),
                target => {
                    if let Some(value) = self.value(&mut row.faults, &filled.pointer, filled, &text) {
                        // Lines behind leads stand among those that people wrote.
                        row.leads.extend(filled.lead.clone().filter(|lead| is_line(lead, target)));
                        fill::put(&mut row, target, value);
                    }
                }
            }
        }
        for (list, marks, name) in [
            (contacts, self.marks.contacts.clone(), "contacts"),
            (contracts, self.marks.contracts.clone(), "contracts"),
        ] {
            for (place, listed) in list.into_iter().enumerate() {
                let fields = self.listed(&mut row.faults, &format!("/{name}/{place}"), &marks, listed);
                if fields.values().any(|value| !value.is_null()) {
                    let known = if name == "contacts" { &mut row.contacts } else { &mut row.contracts };
                    known.push(fields);
                }
            }
        }
        fill::check(mapped.noun, &mut row);
        (row, source)
    }

    fn listed(
        &mut self,
        faults: &mut Vec<Fault>,
        pointer: &str,
        marks: &[usize],
        listed: Listed,
    ) -> Map<String, Value> {
        let mut fields = Map::new();
        let mapped = self.mapped;
        for (at, kept) in marks.iter().zip(listed.kept) {
            let (Some(filled), Some(kept)) = (mapped.filled.get(*at), kept) else { continue };
            let name = filled.target.field().to_owned();
            let value = match kept.text(filled) {
                Some(text) => self.value(faults, &format!("{pointer}/{name}"), filled, &text),
                None => Some(Value::Null),
            };
            fields.extend(value.map(|value| (name, value)));
        }
        fields
    }

    fn hint(&self, filled: &Filled, mut fault: Fault) -> Fault {
        if fault.code == "date"
            && let Some(hint) = filled.dates.and_then(|dates| self.hints.get(dates)?.as_deref())
        {
            fault.detail = format!("{}; {hint}", fault.detail);
        }
        fault
    }

    fn day(&self, faults: &mut Vec<Fault>, filled: &Filled, text: &str) -> Option<diligence_entities::clock::Day> {
        let style = filled.dates.and_then(|dates| self.styles.get(dates).copied()).flatten()?;
        let mut wrong = Vec::new();
        let day = fill::day(&mut wrong, &filled.pointer, text, style);
        faults.extend(wrong.into_iter().map(|fault| self.hint(filled, fault)));
        day
    }

    /// What a field is filled with; nothing where that is a question.
    fn value(&mut self, faults: &mut Vec<Fault>, pointer: &str, filled: &Filled, text: &str) -> Option<Value> {
        let cell = filled.target.cell()?;
        // In a text a list reads as people write one.
        let text = match filled.split() {
            Some(mark) if cell.kind == CellKind::Text => {
                let items: Vec<&str> = text.split(mark).map(str::trim).filter(|item| !item.is_empty()).collect();
                Cow::Owned(items.join(", "))
            }
            _ => Cow::Borrowed(text),
        };
        match cell.read_theirs(&text, self.mapped.habits(filled, self.styles)) {
            Ok(theirs) => {
                if let Some(remark) = theirs.remark.filter(|_| filled.is_of_file()) {
                    self.notes.add(&filled.name, remark, &text);
                }
                match (theirs.value, &filled.lead) {
                    (Some(Value::String(text)), Some(lead)) => {
                        let lines: Vec<&str> = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
                        Some(Value::String(format!("{lead}{}", lines.join(" "))))
                    }
                    (value, _) => value,
                }
            }
            Err(wrong) => {
                faults.extend(wrong.into_iter().map(|fault| self.hint(filled, fault.within(pointer))));
                None
            }
        }
    }
}

/// Whether what stands behind a lead is a line of notes, which is known by its lead.
fn is_line(lead: &str, target: &Target) -> bool {
    matches!(target, Target::Field { .. })
        && target.field() == "notes"
        && !lead.trim().is_empty()
        && !lead.contains('\n')
}

impl Thing {
    /// Whether ids or identifiers say that it is not what a row of the same name is about.
    fn differs_from(&self, about: &About) -> bool {
        if let (Some(one), Some(other)) = (&self.id, &about.id)
            && one != other
        {
            return true;
        }
        let of = |scheme: Scheme, list: &[Identifier]| list.iter().any(|known| known.scheme == scheme);
        about.identifiers.iter().any(|given| of(given.scheme, &self.identifiers) && !self.identifiers.contains(given))
    }
}

impl Kept {
    /// What is said, as a cell would say it; none where it is cleared.
    fn text(self, filled: &Filled) -> Option<String> {
        match self {
            Self::Cleared => None,
            Self::Text(text) | Self::Day(text) => Some(text),
            Self::Count(count) => Some(count.to_string()),
            Self::Sum { hundredths, currency } => {
                let sum = amounts::written(hundredths);
                match currency.filter(|_| filled.target.cell().is_some_and(|cell| cell.kind == CellKind::Money)) {
                    Some(currency) => Some(format!("{currency} {sum}")),
                    None => Some(sum),
                }
            }
            Self::All(all) => {
                let is_list = filled.target.cell().is_some_and(super::cell::Cell::is_list);
                Some(match filled.split() {
                    Some(mark) if is_list => all.join(mark),
                    _ if is_list => cells::join(&all),
                    _ => all.join(", "),
                })
            }
        }
    }
}

/// Takes what a row says of a field to what is kept of it.
fn note(kept: &mut Option<Kept>, text: &Text, filled: &Filled, styles: &[Option<DateStyle>]) -> Result<(), Fault> {
    let Text::Said(text) = text else {
        if filled.clears && kept.is_none() {
            *kept = Some(Kept::Cleared);
        }
        return Ok(());
    };
    let before = kept.take().filter(|before| !matches!(before, Kept::Cleared));
    let take = filled.take.unwrap_or(Take::First);
    *kept = Some(match (take, before) {
        (Take::First, Some(before)) => before,
        (Take::First | Take::Last, _) => Kept::Text(text.clone()),
        (Take::Count, Some(Kept::Count(count))) => Kept::Count(count + 1),
        (Take::Count, _) => Kept::Count(1),
        (Take::Sum, before) => {
            let Some(sum) = amounts::sum(text) else {
                *kept = before;
                return Err(Fault::new(&filled.pointer, "amount", "expected a number to add up, such as 1,200.50"));
            };
            let (sofar, known) = match before {
                Some(Kept::Sum { hundredths, currency }) => (hundredths, currency),
                _ => (0, sum.currency.clone()),
            };
            if let (Some(one), Some(other)) = (&known, &sum.currency)
                && one != other
            {
                let detail = format!("expected sums in one currency to add up, not {one} and {other}");
                *kept = Some(Kept::Sum { hundredths: sofar, currency: known });
                return Err(Fault::new(&filled.pointer, "currency", detail));
            }
            Kept::Sum { hundredths: sofar.saturating_add(sum.hundredths), currency: known.or(sum.currency) }
        }
        (Take::Earliest | Take::Latest, before) => {
            let style = filled.dates.and_then(|dates| styles.get(dates).copied()).flatten();
            // Where that is a question, it is not read at all.
            let Some(style) = style else {
                *kept = before;
                return Ok(());
            };
            let Some(day) = dates::read(text, style).map(|day| day.to_string()) else {
                *kept = before;
                return super::cell::day(text, style).map(drop).map_err(|wrong| {
                    let detail = wrong.into_iter().next().map_or_else(String::new, |fault| fault.detail);
                    Fault::new(&filled.pointer, "date", detail)
                });
            };
            match before {
                Some(Kept::Day(known)) if (take == Take::Earliest) == (known < day) => Kept::Day(known),
                _ => Kept::Day(day),
            }
        }
        (Take::All, Some(Kept::All(mut all))) => {
            gather(&mut all, text, filled);
            Kept::All(all)
        }
        (Take::All, _) => {
            let mut all = Vec::new();
            gather(&mut all, text, filled);
            Kept::All(all)
        }
    });
    Ok(())
}

/// Each thing that a cell says, once.
fn gather(all: &mut Vec<String>, text: &str, filled: &Filled) {
    let items: Vec<&str> = match filled.split() {
        Some(mark) => text.split(mark).map(str::trim).collect(),
        None => vec![text],
    };
    for item in items.into_iter().filter(|item| !item.is_empty()) {
        let folded = fold(item);
        if all.len() < MAXIMUM_GATHERED && !all.iter().any(|known| fold(known) == folded) {
            all.push(item.to_owned());
        }
    }
}

/// Takes what a row says of a contact or a contract to those that are kept.
fn list_one(
    list: &mut Vec<Listed>,
    marks: &[usize],
    mapped: &Mapped,
    texts: &[Text],
    styles: &[Option<DateStyle>],
    faults: &mut Vec<Fault>,
) {
    let says = |at: &usize| matches!(texts.get(*at), Some(Text::Said(_)));
    if !marks.iter().any(says) {
        return;
    }
    let by = |name: &str| {
        marks.iter().find_map(|at| match (mapped.filled.get(*at)?.target.field(), texts.get(*at)?) {
            (field, Text::Said(text)) if field == name => Some(fold(text)),
            _ => None,
        })
    };
    let key = by("email").or_else(|| by("name")).or_else(|| by("reference"));
    let at = match list.iter().position(|listed| listed.key == key) {
        Some(at) => at,
        None if list.len() >= MAXIMUM_LISTED => return,
        None => {
            list.push(Listed { key, kept: std::iter::repeat_with(|| None).take(marks.len()).collect() });
            list.len() - 1
        }
    };
    let Some(listed) = list.get_mut(at) else { return };
    for (at, kept) in marks.iter().zip(&mut listed.kept) {
        let (Some(filled), Some(text)) = (mapped.filled.get(*at), texts.get(*at)) else { continue };
        note(kept, text, filled, styles).unwrap_or_else(|fault| faults.push(fault));
    }
}

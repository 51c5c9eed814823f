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
    recipe::{DateStyle, ImportNoun},
    twin,
};
use diligence_questionnaires::{cells, spreadsheet::Record};
use serde_json::{Map, Value};

use self::kept::{Kept, Listed, OfList, differs, note};
use super::{
    cell::{CellKind, Remark},
    fill,
    mapped::{self, Filled, Mapped, Text},
    source::{Elsewhere, Found, Further, Place, Said, Source, short},
    targets::Target,
    words::{self, fold},
};

mod kept;

/// How many faults of further rows about the same are kept, and how many places of these rows.
const MAXIMUM_KEPT: usize = 20;
/// How many bytes of further rows about the same are kept altogether, to be written down should they be refused.
const MAXIMUM_FURTHER: usize = 32 << 20;

/// What was noticed of the cells.
#[derive(Debug, Default)]
pub(super) struct Notes {
    /// What was read otherwise than it stands: how often in each column, and the first such cell.
    pub(super) read: BTreeMap<(String, Remark), (i64, String)>,
    /// In which columns rows about the same say different things: of how many of these, and where first.
    pub(super) differing: BTreeMap<String, (i64, String)>,
}

impl Notes {
    fn add(&mut self, column: &str, remark: Remark, text: &str) {
        let key = (column.to_owned(), remark);
        self.read.entry(key).or_insert_with(|| (0, short(text))).0 += 1;
    }
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
    /// Of which fields its rows say different things.
    differing: Vec<usize>,
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
    /// How many bytes of further rows are kept.
    further_size: usize,
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
            further_size: 0,
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
            .enumerate()
            .map(|(at, filled)| {
                let text = mapped.text(filled, record).unwrap_or_else(|fault| {
                    faults.push((at, fault));
                    Text::Nothing
                });
                self.remark(filled, &text, record);
                text
            })
            .collect();
        let about = self.about(&texts);
        let found = self.find(&about).unwrap_or_else(|other| {
            faults.extend(self.called_otherwise(&about, other));
            None
        });
        let index = match found {
            Some(index) => index,
            None => {
                let said = Said::Cells(Arc::clone(&self.places), shown(record));
                self.things.push(Thing {
                    source: Source::new(row, Some(line), said),
                    place: place(),
                    also: Vec::new(),
                    kept: std::iter::repeat_with(|| None).take(mapped.filled.len()).collect(),
                    contacts: Vec::new(),
                    contracts: Vec::new(),
                    identifiers: Vec::new(),
                    id: None,
                    compared: about.compared.clone(),
                    faults: Vec::new(),
                    differing: Vec::new(),
                });
                self.things.len() - 1
            }
        };
        self.register(index, about);
        let Some(thing) = self.things.get_mut(index) else { return };
        if found.is_some() {
            self.merged_count += 1;
            thing.source.note_merged(line);
            if thing.also.len() < MAXIMUM_KEPT {
                thing.also.push(place());
            }
            let size: usize = record.cells.iter().map(|cell| cell.shown().len() + size_of::<String>()).sum();
            if self.further_size + size > MAXIMUM_FURTHER {
                thing.source.left_count += 1;
            } else {
                self.further_size += size;
                thing.source.further.push(Further { row, cells: shown(record) });
            }
        }
        let from = found.map(|_| (row, line));
        let mut differing = Vec::new();
        for (at, (filled, text)) in mapped.filled.iter().zip(&texts).enumerate() {
            let Some(kept) = thing.kept.get_mut(at) else { continue };
            if matches!(filled.target, Target::Contact { .. } | Target::Contract { .. }) {
                continue;
            }
            differing.extend(differs(kept.as_ref(), text, filled).map(|before| (at, before)));
            note(kept, text, filled, self.styles, from).unwrap_or_else(|fault| faults.push((at, fault)));
        }
        for (list, marks) in
            [(&mut thing.contacts, &self.marks.contacts), (&mut thing.contracts, &self.marks.contracts)]
        {
            let of_list = OfList { mapped, texts: &texts, styles: self.styles, from };
            of_list.take(list, marks, &mut faults, &mut differing);
        }
        for (at, before) in differing {
            let Some(filled) = mapped.filled.get(at).filter(|_| !thing.differing.contains(&at)) else { continue };
            thing.differing.push(at);
            let places = || match before {
                Some((_, line)) => {
                    format!("{} {line} and {}", thing.place.split(' ').next().unwrap_or_default(), place())
                }
                None => format!("{} and {}", thing.place, place()),
            };
            self.notes.differing.entry(filled.name.clone()).or_insert_with(|| (0, places())).0 += 1;
        }
        for (at, fault) in faults {
            let is_known = thing.faults.iter().any(|known| known.pointer == fault.pointer);
            let Some(filled) = mapped.filled.get(at).filter(|_| !is_known && thing.faults.len() < MAXIMUM_KEPT) else {
                continue;
            };
            let value = filled.said(record);
            let found = Found { column: filled.name.clone(), value, row, line: Some(line) };
            thing.source.elsewhere.push(Elsewhere { pointer: fault.pointer.clone(), found });
            thing.faults.push(fault);
        }
    }

    /// Notes what of a field's cells is read otherwise than it stands.
    fn remark(&mut self, filled: &Filled, text: &Text, record: &Record) {
        if !filled.is_of_file() {
            return;
        }
        let said = || filled.said(record).unwrap_or_default();
        if let Text::WordForNothing { is_no_end } = text {
            let remark = if *is_no_end { Remark::NoEnd } else { Remark::Nothing };
            self.notes.add(&filled.name, remark, &said());
        }
        let is_guarded =
            |index: &usize| record.cells.get(*index).is_some_and(|cell| mapped::is_guarded(cell.shown().trim_start()));
        if !self.mapped.is_to_mend && filled.cells().iter().any(is_guarded) {
            self.notes.add(&filled.name, Remark::Guard, &said());
        }
    }

    /// What is wrong with a row that has an identifier of another one's, whose name is another.
    fn called_otherwise(&self, about: &About, (other, identifier): (usize, Identifier)) -> Option<(usize, Fault)> {
        let thing = self.things.get(other)?;
        let holds = |index: &&usize| {
            let filled = self.mapped.filled.get(**index);
            filled.is_some_and(
                |filled| matches!(&filled.target, Target::Held(schemes) if schemes.contains(&identifier.scheme)),
            )
        };
        let index = self.marks.held.iter().find(holds).copied().or(self.marks.identifiers)?;
        let filled = self.mapped.filled.get(index)?;
        let name = thing.source.name().unwrap_or_default();
        let (one, another) = (about.compared.as_deref()?, thing.compared.as_deref()?);
        let detail = format!(
            "expected one name for {identifier}: {} calls it {name:?}; mend one of them, or answer \"same:{one}\" with \"as:{another}\" if they are the same",
            thing.place
        );
        Some((index, Fault::new(&filled.pointer, "duplicate", detail)))
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

    /// The thing that a row is about, where an earlier row is about the same; or one that has an identifier of it and a
    /// wholly different name, and which identifier.
    fn find(&self, about: &About) -> Result<Option<usize>, (usize, Identifier)> {
        if let Some(id) = &about.id
            && let Some(index) = self.by_key.get(&format!("id {id}"))
        {
            return Ok(Some(*index));
        }
        let holder = |identifier: &Identifier| Some((*self.by_key.get(&identifier.to_string())?, identifier.clone()));
        let held = about.identifiers.iter().find_map(holder);
        if let Some((index, _)) = &held
            && self.things.get(*index).is_some_and(|thing| thing.may_be_called(about))
        {
            return Ok(Some(*index));
        }
        let named = about.key.as_ref().and_then(|key| self.by_name.get(key));
        let is_it = |index: &&usize| self.things.get(**index).is_some_and(|thing| !thing.differs_from(about));
        let named = named.and_then(|named| named.iter().find(is_it).copied());
        match (named, held) {
            (None, Some(held)) => Err(held),
            (named, _) => Ok(named),
        }
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
        let Thing { mut source, place, also, kept, contacts, contracts, compared, faults, .. } = thing;
        let same_as = compared.and_then(|name| self.same.get(&name)).and_then(|answer| match answer.as_str() {
            "new" => Some(SameAs::New),
            other if other.starts_with("as:") || other.is_empty() => None,
            id => Some(SameAs::Known(id.to_owned())),
        });
        let mut row = Row { place, also, same_as, faults, ..Row::default() };
        let mapped = self.mapped;
        let mut denied = Vec::new();
        for (filled, kept) in mapped.filled.iter().zip(kept) {
            let Some(kept) = kept else { continue };
            source.elsewhere.extend(kept.elsewhere(&filled.pointer, filled));
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
                target if filled.is_statement() && !filled.has_meaning(&text) && words::denies(&fold(&text)) => {
                    self.notes.add(&filled.name, Remark::Denied, &text);
                    denied.push(target);
                }
                target => {
                    if filled.is_statement() && !filled.has_meaning(&text) && words::is_expired(&fold(&text)) {
                        self.notes.add(&filled.name, Remark::Expired, &text);
                    }
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
                let pointer = format!("/{name}/{place}");
                for (at, kept) in marks.iter().zip(&listed.kept) {
                    let (Some(filled), Some(kept)) = (mapped.filled.get(*at), kept) else { continue };
                    source.elsewhere.extend(kept.elsewhere(&format!("{pointer}/{}", filled.target.field()), filled));
                }
                let fields = self.listed(&mut row.faults, &pointer, &marks, listed);
                if fields.values().any(|value| !value.is_null()) {
                    let known = if name == "contacts" { &mut row.contacts } else { &mut row.contracts };
                    known.push(fields);
                }
            }
        }
        // Where it is said that there is none, a day in another column makes none.
        for target in denied {
            fill::put(&mut row, target, Value::Null);
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
    /// Whether the name of a row of the same identifier is the same, or may be: near it, or with all of its words.
    fn may_be_called(&self, about: &About) -> bool {
        let (Some(one), Some(other)) = (&self.compared, &about.compared) else { return true };
        let (short, long) = if one.len() < other.len() { (one, other) } else { (other, one) };
        let words: Vec<&str> = long.split(' ').collect();
        one == other || twin::is_near(one, other) || short.split(' ').all(|word| words.contains(&word))
    }

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

fn shown(record: &Record) -> Vec<String> {
    record.cells.iter().map(|cell| cell.shown().into_owned()).collect()
}

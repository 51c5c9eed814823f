//! A recipe laid over the columns of a file: what each fills, and what a cell of it says.

use std::{
    borrow::Cow,
    collections::{BTreeMap, HashMap},
};

use diligence_entities::{
    fault::{Fault, nearest},
    recipe::{DateStyle, ImportNoun, Recipe, RecipeColumn, Take},
};
use diligence_questionnaires::{
    cells,
    spreadsheet::{Cell as Said, Record},
};

use super::{
    MAXIMUM_CELL,
    cell::{CellKind, Habits, Meaning},
    conditions::Test,
    dates, fill,
    source::{Place, short},
    targets::{self, Target, WHY},
    words::{self, fold},
};

/// The answer to a question about a word of theirs that says that it means nothing.
pub(super) const NOTHING: &str = "nothing";

/// Where what a field is filled with comes from.
#[derive(Clone, Debug)]
enum Origin {
    Columns { cells: Vec<usize>, join: String },
    Every(String),
}

/// A field, and what fills it.
#[derive(Clone, Debug)]
pub(super) struct Filled {
    /// The column, or several with `+` between, as the file calls them.
    pub(super) name: String,
    /// The place it fills.
    pub(super) pointer: String,
    pub(super) target: Target,
    pub(super) lead: Option<String>,
    pub(super) take: Option<Take>,
    pub(super) clears: bool,
    /// Which of the columns of dates it is.
    pub(super) dates: Option<usize>,
    origin: Origin,
    split: Option<String>,
    meanings: HashMap<String, Meaning>,
}

/// A column of dates: several fields and conditions may rest on one.
#[derive(Clone, Debug)]
pub(super) struct DateColumn {
    pub(super) name: String,
    /// How they are written, where that was said.
    pub(super) said: Option<DateStyle>,
}

/// A recipe laid over the columns of a file.
#[derive(Clone, Debug)]
pub(super) struct Mapped {
    pub(super) noun: ImportNoun,
    pub(super) filled: Vec<Filled>,
    pub(super) tests: Vec<(Test, Option<usize>)>,
    pub(super) dates: Vec<DateColumn>,
    pub(super) nothing: Vec<String>,
    /// Whether it is a file of rows to mend, as it is written here: what a spreadsheet might run has a `'` before it.
    pub(super) is_to_mend: bool,
}

/// What a cell says, before anyone asks what it means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Text {
    Nothing,
    /// A word for nothing, or for no end.
    WordForNothing {
        is_no_end: bool,
    },
    Said(String),
}

/// The columns of a file by their names, which are compared without the space around them, capitals and small letters
/// alike.
struct Names<'a> {
    all: &'a [String],
    folded: HashMap<String, Vec<usize>>,
}

impl<'a> Names<'a> {
    fn of(all: &'a [String]) -> Self {
        let mut folded: HashMap<String, Vec<usize>> = HashMap::new();
        for (index, name) in all.iter().enumerate() {
            folded.entry(fold(name)).or_default().push(index);
        }
        Self { all, folded }
    }

    fn find(&self, name: &str) -> Option<usize> {
        let found = self.folded.get(&fold(name))?;
        let exact = found.iter().find(|index| self.all.get(**index).is_some_and(|known| known.trim() == name.trim()));
        exact.or_else(|| found.first()).copied()
    }

    fn expect(&self, name: &str, pointer: String, faults: &mut Vec<Fault>) -> Option<usize> {
        let found = self.find(name);
        if found.is_none() {
            let folded = fold(name);
            let near = nearest(&folded, self.folded.keys().map(String::as_str).filter(|_| folded.len() <= 100));
            let near = near.and_then(|near| self.folded.get(near)?.first()).and_then(|index| self.all.get(*index));
            let hint = match near {
                Some(near) => format!("; did you mean {:?}?", near.trim()),
                None => format!("; its columns are {}", told(self.all)),
            };
            faults.push(Fault::new(pointer, "unknown_column", format!("the file has no column {name:?}{hint}")));
        }
        found
    }
}

impl Mapped {
    /// Lays a recipe over the columns of these names. Where it fills nothing, only its conditions count.
    ///
    /// # Errors
    /// Everything that does not fit, at once.
    pub(super) fn new(
        noun: ImportNoun,
        recipe: &Recipe,
        columns: &[String],
        answers: &BTreeMap<String, String>,
    ) -> Result<Self, Vec<Fault>> {
        let names = Names::of(columns);
        let mut faults = Vec::new();
        let mut mapped = Self {
            noun,
            filled: Vec::new(),
            tests: Vec::new(),
            dates: Vec::new(),
            nothing: recipe.nothing.iter().map(|word| fold(word)).collect(),
            is_to_mend: names.find(WHY).is_some(),
        };
        let found: Vec<Option<Vec<usize>>> = recipe
            .columns
            .iter()
            .enumerate()
            .map(|(index, column)| cells_of(&names, column, index, &mut faults))
            .collect();
        for (index, condition) in recipe.conditions.iter().enumerate() {
            let at = if condition.any_of.is_empty() {
                names.expect(&condition.column, format!("/where/{index}/column"), &mut faults)
            } else {
                condition.any_of.iter().find_map(|name| names.find(name))
            };
            if let Some(at) = at {
                let name = columns.get(at).map_or("", |name| name.trim());
                let test = Test::new(at, condition);
                let dates = test.is_about_days().then(|| mapped.dates_of(name, recipe.dates, answers, &mut faults));
                mapped.tests.push((test, dates));
            }
        }
        for (index, (column, cells)) in recipe.columns.iter().zip(found).enumerate() {
            for (place, fills) in column.fills.iter().enumerate() {
                let pointer =
                    format!("/columns/{index}/fills{}", if place == 0 { String::new() } else { format!("/{place}") });
                let Some((field, target)) = target_of(noun, fills, &pointer, &mut faults) else { continue };
                let Some(cells) = cells.clone().filter(|cells| !cells.is_empty()) else { continue };
                let name: Vec<&str> = cells.iter().filter_map(|at| columns.get(*at)).map(|name| name.trim()).collect();
                let name = name.join(" + ");
                let is_days = target.is_day() || matches!(column.take, Some(Take::Earliest | Take::Latest));
                let said = column.dates.or(recipe.dates);
                let dates = is_days.then(|| mapped.dates_of(&name, said, answers, &mut faults));
                let mut filled = Filled {
                    name,
                    pointer: field,
                    target,
                    lead: column.lead.clone(),
                    take: column.take,
                    clears: column.clears,
                    dates,
                    origin: Origin::Columns { cells, join: column.join.clone().unwrap_or_else(|| " ".into()) },
                    split: column.split.clone(),
                    meanings: HashMap::new(),
                };
                filled.learn(column, index, answers, &mut faults);
                mapped.filled.push(filled);
            }
        }
        for (fills, text) in &recipe.every {
            let pointer = format!("/every/{}", fills.replace('~', "~0").replace('/', "~1"));
            let Some((field, target)) = target_of(noun, fills, &pointer, &mut faults) else { continue };
            let is_days = target.is_day();
            // A constant has no column that could say what stands first.
            let said = recipe.dates.or(Some(DateStyle::Iso));
            let dates = is_days.then(|| mapped.dates_of(fills, said, answers, &mut faults));
            let wrong = match target.cell() {
                Some(cell) if cell.asks_for_words() && !cell.is_list() && cell.ours(text).is_none() => {
                    Some(expected(&cell.choices))
                }
                _ => None,
            };
            faults.extend(wrong.map(|detail| Fault::new(pointer, "choice", detail)));
            mapped.filled.push(Filled {
                name: fills.clone(),
                pointer: field,
                target,
                lead: None,
                take: None,
                clears: false,
                dates,
                origin: Origin::Every(text.trim().to_owned()),
                split: None,
                meanings: HashMap::new(),
            });
        }
        mapped.expect_each_once(&mut faults);
        let of_file: Vec<&str> =
            mapped.filled.iter().filter(|filled| filled.is_of_file()).map(|filled| filled.name.as_str()).collect();
        let dates: Vec<&str> = mapped.dates.iter().map(|column| column.name.as_str()).collect();
        // Where a column is not there, its answers are of no question either.
        if faults.is_empty() {
            faults.extend(unknown_answers(answers, &dates, &of_file));
        }
        if faults.is_empty() { Ok(mapped) } else { Err(faults) }
    }

    /// The column of dates of this name.
    fn dates_of(
        &mut self,
        name: &str,
        said: Option<DateStyle>,
        answers: &BTreeMap<String, String>,
        faults: &mut Vec<Fault>,
    ) -> usize {
        if let Some(index) = self.dates.iter().position(|known| known.name == name) {
            return index;
        }
        let key = fold(&format!("dates:{name}"));
        let answer = answers.iter().find(|(known, _)| fold(known) == key).map(|(_, answer)| answer.as_str());
        let answered = answer.and_then(|answer| diligence_entities::stored::from_word::<DateStyle>(&fold(answer)));
        if let (Some(answer), None) = (answer, answered) {
            let detail = format!("expected dmy, mdy, ymd or iso as the answer to \"dates:{name}\", not {answer:?}");
            faults.push(Fault::new("?answers", "choice", detail));
        }
        self.dates.push(DateColumn { name: name.to_owned(), said: answered.or(said) });
        self.dates.len() - 1
    }

    /// Each field is filled once; only texts may be put one below the other, where each says what it is.
    fn expect_each_once(&self, faults: &mut Vec<Fault>) {
        for (index, filled) in self.filled.iter().enumerate() {
            let is_same = |other: &&Filled| !filled.pointer.is_empty() && other.pointer == filled.pointer;
            let other = self.filled.iter().take(index).find(is_same);
            let is_text = filled.target.cell().is_some_and(|cell| cell.kind == CellKind::Text);
            if let Some(other) = other
                && !(is_text && filled.lead.is_some() && other.lead.is_some())
            {
                let detail = format!(
                    "{:?} and {:?} both fill {}: join them in one column, or give each a `lead` if it is a text",
                    other.name,
                    filled.name,
                    filled.pointer.trim_start_matches('/').replace('/', ".")
                );
                faults.push(Fault::new("/columns", "duplicate", detail));
            }
        }
    }

    /// Where each column stands, for what is told of rows.
    pub(super) fn places(&self) -> Vec<Place> {
        let place = |filled: &Filled| Place {
            name: filled.name.clone(),
            pointer: filled.pointer.clone(),
            cells: filled.cells().to_vec(),
        };
        self.filled.iter().map(place).collect()
    }

    /// Whether the row is one of those that were asked for.
    pub(super) fn takes(&self, record: &Record, styles: &[Option<DateStyle>]) -> bool {
        self.tests
            .iter()
            .all(|(test, dates)| test.holds(record, dates.and_then(|dates| styles.get(dates).copied()).flatten()))
    }

    /// What a field's cells say.
    pub(super) fn text(&self, filled: &Filled, record: &Record) -> Result<Text, Fault> {
        let said = match &filled.origin {
            Origin::Every(text) => Cow::Borrowed(text.as_str()),
            Origin::Columns { cells, join } => {
                let mut said: Cow<'_, str> = Cow::Borrowed("");
                for index in cells {
                    let Some(cell) = record.cells.get(*index) else { continue };
                    let part = trimmed(self.without_guard(filled.shown(cell)?));
                    let is_none = part.is_empty()
                        || cells.len() > 1 && part.len() <= 40 && words::is_nothing(&fold(&part), &self.nothing);
                    match (is_none, said.is_empty()) {
                        (true, _) => {}
                        (false, true) => said = part,
                        (false, false) => said = Cow::Owned(format!("{said}{join}{part}")),
                    }
                }
                said
            }
        };
        if said.is_empty() {
            return Ok(Text::Nothing);
        }
        if said.len() > MAXIMUM_CELL {
            return Err(fill::too_long(&filled.pointer, said.len()));
        }
        // No word for nothing is longer; most cells are no such word, and need not be looked at further.
        if said.len() <= 40 || !filled.meanings.is_empty() {
            let folded = fold(&said);
            match filled.meanings.get(&folded) {
                Some(Meaning::Nothing) => return Ok(Text::Nothing),
                Some(Meaning::Word(_)) => return Ok(Text::Said(said.into_owned())),
                None => {}
            }
            // Who says that there is none says something.
            if filled.is_statement() && words::denies(&folded) {
                return Ok(Text::Said(said.into_owned()));
            }
            let is_ours = || filled.target.cell().is_some_and(|cell| words::choice(&folded, &cell.choices).is_some());
            if words::is_nothing(&folded, &self.nothing) && !is_ours() {
                return Ok(Text::WordForNothing { is_no_end: false });
            }
            if filled.dates.is_some() && words::is_no_day(&folded) {
                return Ok(Text::WordForNothing { is_no_end: words::is_no_end(&folded) });
            }
        }
        Ok(Text::Said(said.into_owned()))
    }

    /// What a cell says without what was put before it so that no spreadsheet runs it.
    fn without_guard<'a>(&self, text: Cow<'a, str>) -> Cow<'a, str> {
        let inner = if self.is_to_mend { cells::unprotect(&text) } else { &*text };
        let inner = if is_guarded(inner) { &inner[1..] } else { inner };
        let begin = text.len() - inner.len();
        match text {
            Cow::Borrowed(text) => Cow::Borrowed(&text[begin..]),
            Cow::Owned(text) => Cow::Owned(text[begin..].to_owned()),
        }
    }

    /// How the cells of a field are read.
    pub(super) fn habits<'a>(&'a self, filled: &'a Filled, styles: &[Option<DateStyle>]) -> Habits<'a> {
        Habits {
            dates: filled.dates.and_then(|dates| styles.get(dates).copied()).flatten(),
            split: filled.split.as_deref(),
            meanings: &filled.meanings,
            nothing: &self.nothing,
        }
    }
}

impl Filled {
    /// Whether it comes from the file, and is not the same in every row.
    pub(super) fn is_of_file(&self) -> bool {
        matches!(self.origin, Origin::Columns { .. })
    }

    /// The places of its columns among those of the file.
    pub(super) fn cells(&self) -> &[usize] {
        match &self.origin {
            Origin::Columns { cells, .. } => cells,
            Origin::Every(_) => &[],
        }
    }

    /// What its columns say in a row, as it stands there.
    pub(super) fn said(&self, record: &Record) -> Option<String> {
        let cells = self.cells().iter().filter_map(|index| record.cells.get(*index));
        let said: Vec<Cow<'_, str>> = cells.map(Said::shown).filter(|cell| !cell.is_empty()).collect();
        (!said.is_empty()).then(|| said.join(" "))
    }

    /// Whether it is what a piece of evidence states.
    pub(super) fn is_statement(&self) -> bool {
        self.is_of_file() && matches!(&self.target, Target::Evidence { name, .. } if name == "statement")
    }

    /// Whether it was said what this means.
    pub(super) fn has_meaning(&self, text: &str) -> bool {
        self.meanings.contains_key(&fold(text))
    }

    /// What stands between the items of a list, where that was said.
    pub(super) fn split(&self) -> Option<&str> {
        self.split.as_deref()
    }

    /// What a cell shows.
    fn shown<'a>(&self, said: &'a Said) -> Result<Cow<'a, str>, Fault> {
        Ok(match said {
            Said::Unsaved => return Err(fill::unsaved(&self.pointer)),
            Said::Wrong(error) if error.eq_ignore_ascii_case("#N/A") => Cow::Borrowed(""),
            Said::Wrong(error) => {
                let detail = format!("the cell has the error {error} instead of a result: mend it in the file");
                return Err(Fault::new(&self.pointer, "cell_error", detail));
            }
            Said::Moment { day, .. } if self.dates.is_some() => Cow::Owned(day.to_string()),
            Said::Number { value, .. } if self.dates.is_some() => match dates::of_number(*value) {
                Some(day) => Cow::Owned(day.to_string()),
                None => said.shown(),
            },
            other if matches!(self.target, Target::Held(_)) => without_decimals(other.shown()),
            other => other.shown(),
        })
    }

    /// Notes what their words mean: as the recipe says, and as was answered.
    fn learn(
        &mut self,
        column: &RecipeColumn,
        index: usize,
        answers: &BTreeMap<String, String>,
        faults: &mut Vec<Fault>,
    ) {
        let asks = self.target.cell().filter(|cell| cell.asks_for_words());
        let meaning = |ours: &str| match ours.trim() {
            "" => Some(Meaning::Nothing),
            ours => match asks {
                Some(cell) => match cell.ours(ours) {
                    Some(word) => Some(Meaning::Word(word)),
                    None => (fold(ours) == NOTHING).then_some(Meaning::Nothing),
                },
                None => Some(Meaning::Word(ours.to_owned())),
            },
        };
        let choices = asks.map(|cell| cell.choices.as_slice()).unwrap_or_default();
        let mut learned = HashMap::new();
        for (theirs, ours) in &column.values {
            match meaning(ours) {
                Some(meaning) => drop(learned.insert(fold(theirs), meaning)),
                None => {
                    let pointer = format!("/columns/{index}/values");
                    let detail = format!("{theirs:?} cannot mean {ours:?}: {}", expected(choices));
                    faults.push(Fault::new(pointer, "choice", detail));
                }
            }
        }
        let prefix = format!("value:{}:", fold(&self.name));
        for (key, ours) in answers {
            let key = fold(key);
            let Some(theirs) = key.strip_prefix(&prefix).filter(|_| asks.is_some()) else { continue };
            match meaning(ours) {
                Some(meaning) => drop(learned.insert(fold(theirs), meaning)),
                None => {
                    let detail = format!("{theirs:?} cannot mean {ours:?}: {}", expected(choices));
                    faults.push(Fault::new("?answers", "choice", detail));
                }
            }
        }
        self.meanings = learned;
    }
}

/// The first names of columns, in quotes.
fn told(names: &[String]) -> String {
    let mut told: Vec<String> = names.iter().take(20).map(|name| format!("{:?}", short(name.trim()))).collect();
    if names.len() > told.len() {
        told.push(format!("and {} more", names.len() - told.len()));
    }
    told.join(", ")
}

/// Answers to what is no question of a file with these columns of dates, and these others.
pub(super) fn unknown_answers(answers: &BTreeMap<String, String>, dates: &[&str], columns: &[&str]) -> Vec<Fault> {
    let dates: Vec<String> = dates.iter().map(|name| fold(&format!("dates:{name}"))).collect();
    let values: Vec<String> = columns.iter().map(|name| format!("value:{}:", fold(name))).collect();
    let unknown = |key: &String| {
        let folded = fold(key);
        let is_value = |prefix: &String| folded.starts_with(prefix.as_str());
        if folded.starts_with("same:") || dates.contains(&folded) || values.iter().any(is_value) {
            return None;
        }
        let of_word = |prefix: &String| format!("{prefix}{}", folded.rsplit(':').next().unwrap_or_default());
        let known: Vec<String> = dates.iter().cloned().chain(values.iter().map(of_word)).collect();
        let near = nearest(&folded, known.iter().map(String::as_str).filter(|_| folded.len() <= 200));
        let hint = near.map(|near| format!("; did you mean {near:?}?")).unwrap_or_default();
        Some(Fault::new("?answers", "unknown_answer", format!("there is no question {:?} here{hint}", short(key))))
    };
    answers.keys().filter_map(unknown).take(20).collect()
}

/// Which words are expected.
fn expected(choices: &[String]) -> String {
    match choices {
        [] => "expected a country by its two letters, or true or false".into(),
        [rest @ .., last] if !rest.is_empty() => format!("expected {} or {last}", rest.join(", ")),
        [only] => format!("expected {only}"),
        _ => "expected a word".into(),
    }
}

/// Whether a spreadsheet put a `'` before this, since it might have been run.
pub(super) fn is_guarded(text: &str) -> bool {
    text.strip_prefix('\'').is_some_and(|rest| rest.starts_with(['=', '+', '-', '@']))
}

/// `4142000.0`, as numbers of registers become where a program took them for amounts, is `4142000`.
fn without_decimals(text: Cow<'_, str>) -> Cow<'_, str> {
    let text = trimmed(text);
    let is_whole = |digits: &&str| !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    let end = text.strip_suffix(".0").or_else(|| text.strip_suffix(".00")).filter(is_whole).map(str::len);
    match (end, text) {
        (None, text) => text,
        (Some(end), Cow::Borrowed(text)) => Cow::Borrowed(&text[..end]),
        (Some(end), Cow::Owned(text)) => Cow::Owned(text[..end].to_owned()),
    }
}

fn trimmed(text: Cow<'_, str>) -> Cow<'_, str> {
    match text {
        Cow::Borrowed(text) => Cow::Borrowed(text.trim()),
        Cow::Owned(text) => Cow::Owned(text.trim().to_owned()),
    }
}

/// The cells that a column of a recipe is about; none where the file does not have them, which is told.
fn cells_of(names: &Names<'_>, column: &RecipeColumn, index: usize, faults: &mut Vec<Fault>) -> Option<Vec<usize>> {
    let given = [column.column.is_some(), !column.columns.is_empty(), !column.any_of.is_empty()];
    if given.into_iter().filter(|given| *given).count() != 1 {
        let detail = "expected just one of `column`, `columns` and `any_of`";
        faults.push(Fault::new(format!("/columns/{index}"), "column", detail));
        return None;
    }
    if !column.any_of.is_empty() {
        // For files that come with other headings each time.
        return Some(column.any_of.iter().find_map(|name| names.find(name)).into_iter().collect());
    }
    if let Some(name) = &column.column {
        return names.expect(name, format!("/columns/{index}/column"), faults).map(|at| vec![at]);
    }
    let found = column
        .columns
        .iter()
        .enumerate()
        .map(|(place, name)| names.expect(name, format!("/columns/{index}/columns/{place}"), faults));
    found.collect::<Vec<_>>().into_iter().collect()
}

fn target_of(noun: ImportNoun, fills: &str, pointer: &str, faults: &mut Vec<Fault>) -> Option<(String, Target)> {
    match targets::target(noun, fills) {
        Err(detail) => {
            faults.push(Fault::new(pointer, "unknown_column", detail));
            None
        }
        Ok((_, Target::Nothing)) => {
            let detail = format!("{fills:?} is derived from other columns and cannot be set");
            faults.push(Fault::new(pointer, "derived_column", detail));
            None
        }
        Ok(found) => Some(found),
    }
}

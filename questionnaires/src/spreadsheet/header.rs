//! Which row names the columns, what stands around the table, and what is said of it.
//!
//! The header is the first row that holds the most of the columns that are asked for; else the first that is as wide as
//! the table, all words, hardly any of them twice. What stands above it, what repeats it further down, the numbers of
//! pages, sums and notes below the table, and another table behind blank rows are no rows of it: each is counted and
//! named.

use std::collections::{BTreeSet, VecDeque};

use super::{Cell, HeaderAt, Marks, Options, Record, Rows, counted, excerpt, folded, grouped, listed, refused};
use crate::cells::letters;
use crate::fault::Fault;

mod second;

use second::Second;

/// How many rows are looked at to find the header.
const HEAD: usize = 200;
/// The last row that may be said to be the header.
const MAX_HEADER_ROW: u32 = 10_000;
/// How many rows at the end are looked at for sums and notes.
const TAIL: usize = 8;
/// The most rows at the end that may be said to be none of the table.
const MAX_FOOTER: u32 = 1_000;
/// What stands before a sum.
const SUMS: [&str; 7] = ["total", "totals", "grand total", "sub total", "subtotal", "sum", "overall total"];
/// The longest name of a column, in characters.
const MAX_NAME_CHARS: usize = 300;

/// What the rows of a file are.
pub(super) struct Survey {
    pub(super) header_row: Option<u32>,
    pub(super) columns: Vec<String>,
    /// The header, folded; empty where there is none.
    pub(super) header: Vec<String>,
    /// How many rows of the file stand above the first of the table.
    pub(super) above: u64,
    /// Which rows of the file, from 0, are none of the table.
    pub(super) footers: BTreeSet<u64>,
    /// Where another table begins.
    pub(super) end: Option<u64>,
    pub(super) row_count: u32,
}

/// One of the last rows.
#[derive(Clone)]
struct Last {
    at: u64,
    line: u32,
    filled: usize,
    /// Whether all that stands behind its first cell are numbers.
    has_numbers: bool,
    first: String,
    /// Whether nothing stands in the row before it.
    is_apart: bool,
}

impl Survey {
    /// Rows whose columns have names already.
    pub(super) fn named(columns: &[String], row_count: u32) -> Self {
        Self {
            header_row: None,
            columns: columns.to_vec(),
            header: Vec::new(),
            above: 0,
            footers: BTreeSet::new(),
            end: None,
            row_count,
        }
    }

    /// Goes through all rows. Their place is called a `line` or a `row`.
    pub(super) fn of(
        rows: &mut dyn Rows,
        options: &Options,
        place: &str,
        sentences: &mut Vec<String>,
    ) -> Result<Self, Fault> {
        let until = match options.header {
            Some(HeaderAt::Row(row)) if row == 0 || row > MAX_HEADER_ROW => {
                let most = grouped(MAX_HEADER_ROW.into());
                return Err(refused("no_header", format!("expected the header in one of the rows 1 to {most}")));
            }
            Some(HeaderAt::Row(row)) => row,
            _ => 0,
        };
        if options.footer > MAX_FOOTER {
            let most = grouped(MAX_FOOTER.into());
            return Err(refused("footer", format!("expected at most {most} rows below the table")));
        }
        let mut head: Vec<Record> = Vec::new();
        while head.len() < HEAD || head.last().is_some_and(|last| last.row < until) {
            let mut record = Record::default();
            if !rows.next_row(&mut record)? {
                break;
            }
            head.push(record);
        }
        if head.iter().all(Record::is_blank) {
            return Err(refused("no_table", "expected a table, found nothing in the file"));
        }
        let wanted: Vec<String> = options.wanted.iter().map(|name| folded(name)).collect();
        let at = match options.header {
            Some(HeaderAt::None) => None,
            Some(HeaderAt::Row(row)) => {
                let at = head.iter().position(|record| record.row == row && !record.is_blank());
                let what =
                    || refused("no_header", format!("expected the names of the columns in row {row}, found nothing"));
                Some(at.ok_or_else(what)?)
            }
            None => guess(&head, &wanted),
        };
        let above = at.map_or(0, |at| at + 1);
        let mut going = Going::new(at.and_then(|at| head.get(at)), above as u64, options);
        going.above(at, &head, options, place, sentences);
        going.misses(&wanted, head.get(above), place, sentences);
        let mut second: Option<Second> = None;
        let mut take = |going: &mut Going, record: &Record| {
            match (going.begins_another(record), &mut second) {
                (Some(_), Some(known)) if known.is_one() => known.ends(),
                (Some(sign), _) => second = Some(Second::new(sign, going.clone(), record)),
                (None, Some(known)) => known.row(record),
                (None, None) => {}
            }
            going.row(record);
        };
        for record in head.iter().skip(above) {
            take(&mut going, record);
        }
        let mut record = Record::default();
        while rows.next_row(&mut record)? {
            take(&mut going, &record);
        }
        let end = second.filter(Second::is_one).map(|second| {
            sentences.push(second.sentence(place));
            going = second.before;
            going.at
        });
        let survey = going.end(&wanted, place, &rows.marks(), sentences);
        Ok(Self { end, ..survey })
    }
}

/// What is known of the rows while they go by.
#[derive(Clone)]
struct Going {
    /// How many rows of the file have gone by.
    at: u64,
    /// How many stand above the first of the table.
    begin: u64,
    header_row: Option<u32>,
    names: Vec<String>,
    header: Vec<String>,
    /// Whether a column holds anything.
    seen: Vec<bool>,
    /// How many of the first cells of a column hold anything, and how many of these a number or a day.
    counts: Vec<(u32, u32)>,
    row_count: u32,
    last_row: u32,
    blank: u64,
    again: Vec<String>,
    again_count: u64,
    wide: Vec<String>,
    wide_count: u64,
    second: Option<u32>,
    /// Rows that number pages or end a report.
    marks: Vec<String>,
    mark_count: u64,
    last: VecDeque<Last>,
    footer: usize,
}

/// Remembers the first few places, and counts all.
fn note(places: &mut Vec<String>, count: &mut u64, line: u32) {
    *count += 1;
    if places.len() < 5 {
        places.push(grouped(line.into()));
    }
}

impl Going {
    fn new(header: Option<&Record>, begin: u64, options: &Options) -> Self {
        let names: Vec<String> = header.map(|record| record.cells.iter().map(name).collect()).unwrap_or_default();
        let names = names[..names.iter().rposition(|name| !name.is_empty()).map_or(0, |last| last + 1)].to_vec();
        Self {
            at: begin,
            begin,
            header_row: header.map(|record| record.row),
            header: names.iter().map(|name| folded(name)).collect(),
            counts: Vec::new(),
            names,
            seen: Vec::new(),
            row_count: 0,
            last_row: header.map_or(0, |record| record.row),
            blank: 0,
            again: Vec::new(),
            again_count: 0,
            wide: Vec::new(),
            wide_count: 0,
            second: None,
            marks: Vec::new(),
            mark_count: 0,
            last: VecDeque::new(),
            footer: options.footer as usize,
        }
    }

    /// Says where the header is, and what stands above it.
    fn above(&self, at: Option<usize>, head: &[Record], options: &Options, place: &str, sentences: &mut Vec<String>) {
        let Some(record) = at.and_then(|at| head.get(at)) else {
            if options.header.is_none() {
                sentences
                    .push(format!("No {place} looks like the names of columns: they are called 1, 2, 3 and so on."));
            }
            return;
        };
        let above: Vec<String> = head
            .iter()
            .take(at.unwrap_or(0))
            .filter(|record| !record.is_blank())
            .map(|record| {
                let words: Vec<_> =
                    record.cells.iter().map(Cell::shown).filter(|text| !text.trim().is_empty()).collect();
                excerpt(&words.join(" "))
            })
            .collect();
        let line = grouped(record.line.into());
        let count = above.len() as u64;
        sentences.push(match count {
            0 => format!("The names of the columns are on {place} {line}."),
            1 => format!(
                "The names of the columns are on {place} {line}; what stands above is passed over: {}.",
                above[0]
            ),
            _ => format!(
                "The names of the columns are on {place} {line}; {count} {place}s above are passed over: {}.",
                listed(&above, count)
            ),
        });
    }

    /// Says which of the columns that are asked for stand one row below the header: it may have two lines.
    fn misses(&self, wanted: &[String], next: Option<&Record>, place: &str, sentences: &mut Vec<String>) {
        let (Some(next), Some(_)) = (next, self.header_row) else { return };
        let is_missed = |name: &String| wanted.contains(name) && !self.header.contains(name);
        // Of cells that are merged the first alone holds the name.
        let mut above = "";
        let mut missed = Vec::new();
        for (at, cell) in next.cells.iter().enumerate() {
            above = self.header.get(at).map(String::as_str).filter(|name| !name.is_empty()).unwrap_or(above);
            let own = folded(&cell.shown());
            if is_wordy(cell) && (is_missed(&own) || is_missed(&format!("{above} {own}"))) {
                missed.push(excerpt(&cell.shown()));
            }
        }
        if !missed.is_empty() && next.cells.iter().all(is_blank_or_wordy) {
            sentences.push(format!(
                "The names of the columns may stand on two {place}s: {} stands on {place} {}, below them. Make one {place} of both, or say that the header is there (`header`).",
                listed(&missed, missed.len() as u64),
                grouped(next.line.into())
            ));
        }
    }

    /// Whether a row may be the header of another table: words, side by side from the first column on, in another
    /// number than this table has columns, behind a blank row.
    fn begins_another(&self, record: &Record) -> Option<second::Sign> {
        let is_apart = record.row.saturating_sub(self.last_row) > 1 && self.row_count > 0;
        if !is_apart || self.header_row.is_none() {
            return None;
        }
        let width = record.cells.iter().take_while(|cell| is_wordy(cell)).count();
        if width < 2
            || width == self.names.len()
            || !record.cells.iter().skip(width).all(Cell::is_blank)
            || is_again(&self.header, record)
        {
            return None;
        }
        let has_figures = |(filled, numbers): &(u32, u32)| *filled >= 2 && numbers * 5 >= filled * 4;
        Some(second::Sign {
            is_wider: width > self.names.len(),
            is_unlike: self.counts.iter().take(width).any(has_figures),
        })
    }

    fn row(&mut self, record: &Record) {
        let at = self.at;
        self.at += 1;
        if record.is_blank() {
            return;
        }
        let between = record.row.saturating_sub(self.last_row).saturating_sub(1);
        let is_apart = between > 0 && self.last_row > 0;
        self.blank += u64::from(between);
        self.last_row = record.row;
        if is_again(&self.header, record) {
            note(&mut self.again, &mut self.again_count, record.line);
            return;
        }
        if let Some(text) = mark(&self.header, record) {
            self.mark_count += 1;
            if self.marks.len() < 5 {
                self.marks.push(format!("{} ({})", excerpt(text), grouped(record.line.into())));
            }
            return;
        }
        self.row_count = self.row_count.saturating_add(1);
        let (mut filled, mut width, mut words) = (0, 0, 0);
        for (at, cell) in record.cells.iter().enumerate() {
            if cell.is_blank() {
                continue;
            }
            (filled, width) = (filled + 1, at + 1);
            words += usize::from(is_wordy(cell));
            if self.seen.len() <= at {
                self.seen.resize(at + 1, false);
            }
            self.seen[at] = true;
        }
        if self.header_row.is_some() && width > self.names.len() {
            note(&mut self.wide, &mut self.wide_count, record.line);
        }
        if is_apart && self.second.is_none() && filled > 1 {
            let is_word = |(cell, (filled, numbers)): (&Cell, &(u32, u32))| {
                *filled >= 3 && numbers * 5 >= filled * 4 && is_wordy(cell)
            };
            if record.cells.iter().zip(&self.counts).any(is_word) && record.cells.iter().all(is_blank_or_wordy) {
                self.second = Some(record.line);
            }
        }
        if self.row_count as usize <= HEAD {
            self.count(record);
        }
        if self.last.len() > TAIL.max(self.footer) {
            self.last.pop_front();
        }
        let first = record.cells.iter().find(|cell| !cell.is_blank()).map(Cell::shown).unwrap_or_default();
        let first = crate::fault::shortened(&first, 80);
        let has_numbers = filled > 1 && words == 1;
        self.last.push_back(Last { at, line: record.line, filled, has_numbers, first, is_apart });
    }

    /// Counts which columns hold numbers and days.
    fn count(&mut self, record: &Record) {
        self.counts.resize(self.counts.len().max(record.cells.len()), (0, 0));
        for (cell, (filled, numbers)) in record.cells.iter().zip(&mut self.counts) {
            *filled += u32::from(!cell.is_blank());
            *numbers += u32::from(!is_blank_or_wordy(cell));
        }
    }

    fn end(self, wanted: &[String], place: &str, marks: &Marks, sentences: &mut Vec<String>) -> Survey {
        let columns = self.columns(wanted, sentences);
        let footers = self.footers(columns.len(), place, sentences);
        if self.again_count > 0 {
            let many = if self.again_count == 1 { place.to_owned() } else { format!("{place}s") };
            let places = listed(&self.again, self.again_count);
            sentences.push(format!("The names of the columns stand again on {many} {places}: passed over."));
        }
        if self.blank > 0 {
            let blank = counted(self.blank, &format!("blank {place} is"), &format!("blank {place}s are"));
            sentences.push(format!("{blank} passed over."));
        }
        if self.mark_count > 0 {
            let one = format!("{place} that numbers a page or ends a report");
            let many = format!("{place}s that number pages or end a report");
            let marks = listed(&self.marks, self.mark_count);
            sentences.push(format!("Passed over: {}: {marks}.", counted(self.mark_count, &one, &many)));
        }
        if self.wide_count > 0 {
            let wide = counted(self.wide_count, &format!("{place} has"), &format!("{place}s have"));
            let places = listed(&self.wide, self.wide_count);
            sentences.push(format!("{wide} more cells than there are names of columns ({places}): what stands there is in columns called by their number."));
        }
        if let Some(line) = self.second {
            let line = grouped(line.into());
            sentences.push(format!(
                "Another table may begin on {place} {line}, behind a blank {place}: it is read as a part of the first."
            ));
        }
        let empty = (0..self.names.len()).find(|at| {
            self.names[*at].is_empty() && !self.seen.get(*at).copied().unwrap_or(false) && self.row_count > 0
        });
        if let Some(column) = empty.and_then(|at| u32::try_from(at + 1).ok()).filter(|column| *column > 1) {
            sentences.push(format!("Column {} is empty from top to bottom: there may be two tables beside each other, and they are read as one.", letters(column)));
        }
        say(marks, sentences);
        let count = u32::try_from(footers.len()).unwrap_or(u32::MAX);
        Survey {
            header_row: self.header_row,
            columns,
            header: self.header,
            above: self.begin,
            footers,
            end: None,
            row_count: self.row_count.saturating_sub(count),
        }
    }

    /// The names of the columns, each unlike the others.
    fn columns(&self, wanted: &[String], sentences: &mut Vec<String>) -> Vec<String> {
        let mut columns: Vec<String> = Vec::new();
        let mut taken = BTreeSet::new();
        let mut said = BTreeSet::new();
        for at in 0..self.names.len().max(self.seen.len()) {
            let name =
                self.names.get(at).filter(|name| !name.is_empty()).cloned().unwrap_or_else(|| (at + 1).to_string());
            let mut unlike = name.clone();
            let mut count = 1;
            while !taken.insert(folded(&unlike)) {
                count += 1;
                unlike = format!("{name} ({count})");
            }
            if count == 2 && wanted.contains(&folded(&name)) && said.insert(name.clone()) {
                sentences.push(format!(
                    "Several columns are called {}: the second is called {}.",
                    excerpt(&name),
                    excerpt(&unlike)
                ));
            }
            columns.push(unlike);
        }
        columns
    }

    /// Which of the last rows are none of the table.
    fn footers(&self, width: usize, place: &str, sentences: &mut Vec<String>) -> BTreeSet<u64> {
        if self.footer > 0 {
            let rows: Vec<&Last> = self.last.iter().rev().take(self.footer).collect();
            let count = counted(
                rows.len() as u64,
                &format!("{place} below the table is"),
                &format!("{place}s below the table are"),
            );
            sentences.push(format!("{count} passed over, as said."));
            return rows.into_iter().map(|last| last.at).collect();
        }
        let mut footers = BTreeSet::new();
        if width < 2 || self.row_count < 2 {
            return footers;
        }
        let mut told = Vec::new();
        // Notes: lone cells behind a blank row.
        let notes = self.last.iter().rev().take(TAIL).take_while(|last| last.filled == 1).count();
        let begin = self.last.len() - notes;
        let from = self.last.iter().enumerate().skip(begin).find(|(_, last)| last.is_apart).map(|(at, _)| at);
        let mut end = self.last.len();
        if let Some(from) = from.filter(|_| notes < self.last.len()) {
            for last in self.last.iter().skip(from) {
                told.push(format!("{} ({place} {})", excerpt(&last.first), grouped(last.line.into())));
                footers.insert(last.at);
            }
            end = from;
        }
        // Sums: the last rows, with numbers only behind the word, or fewer cells in them than there are columns.
        for last in self.last.iter().take(end).rev().take(2) {
            let first = folded(last.first.trim_end_matches([':', ' ']));
            if (last.filled < width || last.has_numbers) && SUMS.contains(&first.as_str()) {
                told.push(format!("{} ({place} {})", excerpt(&last.first), grouped(last.line.into())));
                footers.insert(last.at);
            } else {
                break;
            }
        }
        if !told.is_empty() {
            let count = told.len() as u64;
            sentences
                .push(format!("Below the table stand sums or notes, which are passed over: {}.", listed(&told, count)));
        }
        footers
    }
}

/// Says what a sheet holds beside its cells.
fn say(marks: &Marks, sentences: &mut Vec<String>) {
    if marks.hidden_rows > 0 {
        let count = counted(marks.hidden_rows.into(), "row is hidden and is", "rows are hidden and are");
        sentences.push(format!("{count} read like the others."));
    }
    if marks.hidden_columns > 0 {
        let count = counted(marks.hidden_columns.into(), "column is hidden and is", "columns are hidden and are");
        sentences.push(format!("{count} read like the others."));
    }
    if marks.merged > 0 {
        let count = counted(marks.merged.into(), "group of cells is", "groups of cells are");
        sentences.push(format!("{count} merged: what stands there belongs to the first cell of each."));
    }
}

/// The name of a column as its cell has it.
fn name(cell: &Cell) -> String {
    let text = cell.shown();
    let words: Vec<&str> = text.split_whitespace().collect();
    crate::fault::shortened(&words.join(" "), MAX_NAME_CHARS)
}

/// Whether a row is the header again.
pub(super) fn is_again(header: &[String], record: &Record) -> bool {
    let mut names = header.iter().enumerate().filter(|(_, name)| !name.is_empty());
    let is_name = |(at, name): (usize, &String)| {
        record.cells.get(at).is_some_and(|cell| {
            // Hardly any row is: most are told apart by a letter.
            let text = cell.shown();
            let begins = text.trim_start().chars().next().into_iter().flat_map(char::to_lowercase).next();
            begins == name.chars().next() && folded(&text) == *name
        })
    };
    !header.is_empty() && names.all(is_name)
}

/// What a row says that has but one cell, and numbers a page or ends a report; nothing where there is but one column.
pub(super) fn mark<'a>(header: &[String], record: &'a Record) -> Option<&'a str> {
    let mut filled = record.cells.iter().filter(|cell| !cell.is_blank());
    let (Some(Cell::Text(text)), None) = (filled.next(), filled.next()) else { return None };
    (header.len() > 1 && is_mark(text)).then_some(text.as_str())
}

/// Whether a text is such as `Page 1 of 2` and `*** End of report ***`.
fn is_mark(text: &str) -> bool {
    if text.len() > MAX_NAME_CHARS {
        return false;
    }
    let text = folded(text);
    let bare = text.trim_matches(|sign: char| sign.is_whitespace() || "*-=_#~.".contains(sign));
    let is_number = |word: &str| word.bytes().all(|byte| byte.is_ascii_digit());
    match bare.split(' ').collect::<Vec<_>>().as_slice() {
        ["page", one, "of", all] => is_number(one) && is_number(all),
        ["page", pages] => pages.split('/').all(|page| !page.is_empty() && is_number(page)),
        ["end", "of", what] => ["report", "file", "list", "data", "extract", "export", "table"].contains(what),
        ["end", "of", _, "report" | "extract" | "export"] => text.starts_with("***") && text.ends_with("***"),
        _ => false,
    }
}

/// Whether words stand in a cell, and not a number or a day.
fn is_wordy(cell: &Cell) -> bool {
    let Cell::Text(text) = cell else { return false };
    let text = text.trim();
    let has_digit = text.bytes().any(|byte| byte.is_ascii_digit());
    let is_sign = |character: char| character.is_ascii_digit() || " .,-+/:%()'£$€\u{a0}".contains(character);
    !(text.is_empty() || has_digit && text.chars().all(is_sign))
}

fn is_blank_or_wordy(cell: &Cell) -> bool {
    cell.is_blank() || is_wordy(cell)
}

/// Whether a cell may be a year, as columns are called too.
fn is_year(cell: &Cell) -> bool {
    let text = cell.shown();
    text.trim().len() == 4 && text.trim().parse::<u32>().is_ok_and(|year| (1_900..2_200).contains(&year))
}

/// Which of the first rows is the header.
fn guess(head: &[Record], wanted: &[String]) -> Option<usize> {
    let names = |record: &Record| {
        record.cells.iter().filter(|cell| !cell.is_blank() && wanted.contains(&folded(&cell.shown()))).count()
    };
    let filled = |record: &Record| record.cells.iter().filter(|cell| !cell.is_blank()).count();
    let unaided = looks_like_header(head, &filled);
    let most = head.iter().map(names).max().filter(|most| *most > 0);
    // A title above the table is no column of it, even if it is asked for.
    let is_title = |at: &usize| filled(&head[*at]) == 1 && unaided.is_some_and(|at| filled(&head[at]) > 1);
    let named = most.and_then(|most| head.iter().position(|record| names(record) == most));
    named.filter(|at| !is_title(at)).or(unaided)
}

/// Which of the first rows looks like the header, whatever is asked for.
fn looks_like_header(head: &[Record], filled: &impl Fn(&Record) -> usize) -> Option<usize> {
    let mut widths: Vec<usize> = head.iter().map(filled).filter(|filled| *filled > 0).collect();
    widths.sort_unstable();
    let usual = *widths.get((widths.len() * 3 / 4).min(widths.len().saturating_sub(1)))?;
    let needed = (usual * 6).div_ceil(10).max(1);
    head.iter().position(|record| filled(record) >= needed && is_header(record, usual))
}

/// Whether the cells of a row look like names of columns.
fn is_header(record: &Record, usual: usize) -> bool {
    let filled: Vec<&Cell> = record.cells.iter().filter(|cell| !cell.is_blank()).collect();
    let words = filled.iter().filter(|cell| is_wordy(cell)).count();
    let unlike: BTreeSet<String> = filled.iter().map(|cell| folded(&cell.shown())).collect();
    words > 0
        && (usual == 1 || filled.len() > 1)
        && filled.iter().all(|cell| is_wordy(cell) || is_year(cell))
        && filled.iter().all(|cell| cell.shown().len() <= MAX_NAME_CHARS)
        && unlike.len() * 2 >= filled.len().min(4)
}

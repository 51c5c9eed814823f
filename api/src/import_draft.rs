//! Drafts of imports at work: their file out of the database, what stands in it, what would come of its rows, and the
//! rows themselves with why they were refused.
//!
//! The file of a draft is kept in the database in pieces. To be read it is written to a temporary file without a name,
//! so that no request holds all of it in memory. Reading is work, and is done where it keeps no other request waiting.

use std::{
    collections::{BTreeMap, BTreeSet},
    io::{self, Read as _, Write as _},
    sync::Arc,
};

use diligence_entities::{
    ahead::{self, Opened},
    error::Error,
    fault::Fault,
    id::ImportId,
    import::record::{self, Import, NewImport},
    recipe::Recipe,
    scope::{Reader, Scope, Store},
};
use diligence_questionnaires::{
    cells,
    spreadsheet::{self, Found, HeaderAt, OfFile, Options, Record, Source},
    workbook,
};

use crate::{
    import_reader::{self, FileRows, ImportReport, Intake, Recognised},
    problem::{Problem, Type},
};

/// How many rows are looked at for what a column says.
const LOOKED_AT: usize = 500;
/// How many different things of each column are shown.
const SAMPLES: usize = 3;
/// How much of a cell is shown, in characters.
const SHOWN: usize = 60;
/// How many rows at the beginning are shown, and how many of their cells.
const FIRST: (usize, usize) = (8, 12);
/// How many different words of a column can be given a meaning.
pub(crate) const MAXIMUM_WORDS: usize = 100;

/// A file in pieces, as it is kept; fewer where it cannot be read to its end.
///
/// # Errors
/// Where it cannot be read at all.
pub(crate) fn pieces_of(source: &dyn Source) -> io::Result<impl Iterator<Item = Vec<u8>> + Send> {
    let mut reader = source.open()?;
    Ok(std::iter::from_fn(move || {
        let mut piece = Vec::with_capacity(record::PIECE);
        let read = (&mut reader).take(record::PIECE as u64).read_to_end(&mut piece);
        read.ok().filter(|length| *length > 0).map(|_| piece)
    }))
}

/// Bytes in pieces, as a file is kept.
pub(crate) fn pieces(bytes: &[u8]) -> impl Iterator<Item = Vec<u8>> {
    bytes.chunks(record::PIECE).map(<[u8]>::to_vec)
}

/// Does `work` where it keeps nobody waiting.
async fn aside<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, Problem> {
    tokio::task::spawn_blocking(work).await.map_err(Problem::internal)
}

/// The file of a draft.
///
/// # Errors
/// What reading it says; [`Type::Overloaded`] where there is no room for it on disk.
pub(crate) async fn file(reader: &Reader, id: &ImportId) -> Result<Arc<OfFile>, Problem> {
    let no_room = |cause: io::Error| {
        tracing::warn!(%cause, "the file of an import could not be written to a temporary file");
        Problem::new(Type::Overloaded, "the server has no room to read the file now: try again in a moment")
    };
    let mut file = aside(tempfile::tempfile).await?.map_err(no_room)?;
    for number in 0.. {
        let piece = record::parts(reader, id, number).await?;
        if piece.is_empty() {
            break;
        }
        file = aside(move || file.write_all(&piece).map(|()| file)).await?.map_err(no_room)?;
    }
    Ok(Arc::new(OfFile::new(file).map_err(no_room)?))
}

/// The recipe of a draft.
pub(crate) fn recipe(draft: &Import) -> Recipe {
    draft.recipe.as_ref().map_or_else(|| import_reader::blank(draft.noun.0), |recipe| recipe.0.clone())
}

/// What is wrong with a file. It came with an earlier request: there is nothing wrong with this one.
fn malformed(faults: Vec<diligence_questionnaires::Fault>) -> Problem {
    Problem::invalid(faults.into_iter().map(Fault::from).collect())
}

fn of_earlier(problem: Problem) -> Problem {
    match problem.kind {
        Type::Malformed if problem.errors.is_empty() => {
            Problem::invalid(vec![Fault::new("", "unreadable", problem.detail.into_owned())])
        }
        Type::Malformed => Problem::invalid(problem.errors),
        _ => problem,
    }
}

/// What stands in a file.
#[derive(Debug)]
pub(crate) struct Looked {
    /// What was found about it.
    pub(crate) found: Found,
    /// Each column: what it is called, and the first different things it says.
    pub(crate) columns: Vec<(String, Vec<String>)>,
    /// Its first rows as they stand, each with its number; none where it has no rows before they are read.
    pub(crate) first: Vec<(u32, Vec<String>)>,
}

fn cut(text: &str) -> String {
    let text = text.trim();
    if text.chars().count() <= SHOWN { text.to_owned() } else { text.chars().take(SHOWN).chain(['…']).collect() }
}

fn shown(record: &Record, count: usize) -> Vec<String> {
    record.cells.iter().take(count).map(|cell| cut(&cell.shown())).collect()
}

/// Looks at a file: what it is, and what its columns say.
///
/// # Errors
/// [`Type::Invalid`] with everything that keeps it from being read.
pub(crate) async fn look(file: Arc<OfFile>, recipe: Recipe) -> Result<Looked, Problem> {
    aside(move || {
        let options = import_reader::options(Some(&recipe));
        let table = spreadsheet::open(&*file, &options).map_err(malformed)?;
        let mut samples = vec![Vec::<String>::new(); table.found.columns.len()];
        let records = table.records(&*file).map_err(|fault| malformed(vec![fault]))?;
        for record in records.take(LOOKED_AT).map_while(Result::ok) {
            for (said, cell) in samples.iter_mut().zip(shown(&record, usize::MAX)) {
                if said.len() < SAMPLES && !cell.is_empty() && !said.contains(&cell) {
                    said.push(cell);
                }
            }
        }
        let columns = table.found.columns.iter().cloned().zip(samples).collect();
        let first = first_rows(&file, &options);
        Ok(Looked { found: table.found, columns, first })
    })
    .await?
}

/// The first rows of a text or a sheet, whatever they are.
fn first_rows(file: &OfFile, options: &Options) -> Vec<(u32, Vec<String>)> {
    let options = Options { header: Some(HeaderAt::None), footer: 0, ..options.clone() };
    let Ok(table) = spreadsheet::open(file, &options) else { return Vec::new() };
    let Ok(records) = table.records(file) else { return Vec::new() };
    records.take(FIRST.0).map_while(Result::ok).map(|record| (record.row, shown(&record, FIRST.1))).collect()
}

/// The first rows of a file that cannot be read as a table yet, to say where its columns are named.
pub(crate) async fn first(file: Arc<OfFile>, recipe: Recipe) -> Result<Vec<(u32, Vec<String>)>, Problem> {
    aside(move || first_rows(&file, &import_reader::options(Some(&recipe)))).await
}

/// The different words of a column, and how often each stands there; the column by its name, and what stands between
/// the items of a list in it.
pub(crate) type Words = Vec<(String, usize)>;

/// The different words of these columns, the most frequent first, at most [`MAXIMUM_WORDS`] of each. Capitals and small
/// letters are alike, and so is the space around.
///
/// # Errors
/// [`Type::Invalid`] with everything that keeps the file from being read.
pub(crate) async fn words(
    file: Arc<OfFile>,
    recipe: Recipe,
    wanted: Vec<(String, Option<String>)>,
) -> Result<Vec<Words>, Problem> {
    aside(move || {
        let table = spreadsheet::open(&*file, &import_reader::options(Some(&recipe))).map_err(malformed)?;
        let place = |name: &String| table.found.columns.iter().position(|column| column == name);
        let places: Vec<Option<usize>> = wanted.iter().map(|(name, _)| place(name)).collect();
        let mut found: Vec<BTreeMap<String, (String, usize)>> = vec![BTreeMap::new(); wanted.len()];
        for record in table.records(&*file).map_err(|fault| malformed(vec![fault]))? {
            let record = record.map_err(|fault| malformed(vec![fault]))?;
            for (((_, split), at), said) in wanted.iter().zip(&places).zip(&mut found) {
                let Some(cell) = at.and_then(|at| record.cells.get(at)) else { continue };
                let cell = cell.shown();
                let items: Vec<&str> = split.as_ref().map_or_else(|| vec![&*cell], |mark| cell.split(mark).collect());
                for item in items.into_iter().map(str::trim).filter(|item| !item.is_empty()) {
                    let key = item.to_lowercase();
                    if said.len() < MAXIMUM_WORDS || said.contains_key(&key) {
                        said.entry(key).or_insert_with(|| (item.to_owned(), 0)).1 += 1;
                    }
                }
            }
        }
        let ordered = |said: BTreeMap<String, (String, usize)>| {
            let mut words: Words = said.into_values().collect();
            words.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
            words
        };
        Ok(found.into_iter().map(ordered).collect())
    })
    .await?
}

/// What was found in a file, before anyone asks what its columns mean.
///
/// # Errors
/// [`Type::Invalid`] with everything that keeps it from being read.
pub(crate) async fn recognised(file: Arc<OfFile>, recipe: Recipe) -> Result<Recognised, Problem> {
    aside(move || {
        let table = spreadsheet::open(&*file, &import_reader::options(Some(&recipe))).map_err(malformed)?;
        let Found { kind, separator, encoding, sheet, sheets, header_row, columns, sentences, .. } = table.found;
        Ok(Recognised {
            kind: import_reader::kind_told(kind),
            separator: separator.map(String::from),
            encoding,
            sheet,
            sheets,
            header_row: header_row.map(i64::from),
            columns,
            dates: Vec::new(),
            sentences,
        })
    })
    .await?
}

/// The rows of a draft, read by its recipe, without those of these numbers. Once they have come in, the draft is an
/// import that was applied.
///
/// # Errors
/// [`Type::Invalid`] with everything that keeps the file from being read; [`Type::Conflict`] where all rows are left out.
pub(crate) async fn intake(
    reader: &Reader,
    draft: &Import,
    dry_run: bool,
    without: BTreeSet<i64>,
) -> Result<Intake, Problem> {
    let file = file(reader, &draft.id).await?;
    let draft = draft.clone();
    aside(move || {
        let recipe = draft.recipe.as_ref().map(|recipe| &recipe.0);
        let read = Intake::of_file(draft.noun.0, &*file, recipe, &draft.answers.0, dry_run);
        let mut intake = read.map_err(of_earlier)?.of_draft(draft);
        intake.leave_out(&without);
        if intake.is_empty() && !without.is_empty() {
            let detail = "no row of this file is good as it is: mend them, or answer what is asked of them";
            return Err(Error::conflict("no_good_row", detail).into());
        }
        Ok(intake)
    })
    .await?
}

/// What would come of a draft, and its rows as they stand in the file.
///
/// # Errors
/// As [`intake`]; what the database says.
pub(crate) async fn trial(store: &Store, scope: &Scope, draft: &Import) -> Result<(ImportReport, FileRows), Problem> {
    let intake = intake(&store.read(scope).await?, draft, true, BTreeSet::new()).await?;
    let rows = intake.file_rows();
    let Opened { plan, writer, .. } = ahead::open(store, scope, &intake).await?;
    Ok((intake.run(plan, writer.as_ref()).await?, rows))
}

/// What would come of a draft.
///
/// # Errors
/// As [`trial`].
pub(crate) async fn report(store: &Store, scope: &Scope, draft: &Import) -> Result<ImportReport, Problem> {
    Ok(trial(store, scope, draft).await?.0)
}

/// The rows of a draft that do not come in, as a workbook: each with all of its own cells, and why in the last.
///
/// # Errors
/// Where a workbook cannot hold them.
pub(crate) fn rest(report: &ImportReport, rows: &FileRows) -> Result<Vec<u8>, Problem> {
    let text = rows.refused(report);
    let records = cells::read(&text).map_while(Result::ok);
    let rows: Vec<Vec<String>> = records
        .map(|record| record.unprotected().cells.into_iter().map(std::borrow::Cow::into_owned).collect())
        .collect();
    workbook::write_plain("Rows to mend", &rows).map_err(|fault| Problem::invalid(vec![fault.into()]))
}

/// What an import is called whose rows are the rest of another.
pub(crate) fn rest_of(draft: &Import) -> NewImport {
    let stem = draft.file_name.rsplit_once('.').map_or(draft.file_name.as_str(), |(stem, _)| stem);
    let stem: String = stem.chars().take(150).collect();
    NewImport { file_name: format!("{stem} - rows to mend.xlsx"), noun: draft.noun.0 }
}

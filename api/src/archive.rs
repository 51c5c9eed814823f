//! The whole register in one file: written from one view of it, read only after all of it has been measured.
//!
//! | Part | What it is |
//! |---|---|
//! | `*.csv` | each noun as the lists export it: for people, and for other programs |
//! | `register/*.jsonl` | the rows as they are stored, an object on each line: what is brought in again |
//! | `files/ID` | the documents behind evidence |
//! | `manifest.json` | what this is, of which moment, and each part with its size and its hash; the last part |

use std::{
    collections::BTreeMap,
    io::{self, BufRead, BufReader, Read, Seek, SeekFrom, Write},
    sync::{Arc, Mutex, PoisonError},
};

use diligence_entities::{
    archive::{self, Brought, FORMAT, Parts, Table as Rows},
    clock::Moment,
    error::Error,
    fault::Fault,
    organisation,
    review::ReviewFilter,
    scope::{Reader, Writer as Change},
    stored::hex,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use sha2::{Digest as _, Sha256};
use zip::{CompressionMethod, ZipArchive, ZipWriter, write::SimpleFileOptions};

use crate::tables::{
    self, Answers, Assessments, Contacts, Contracts, Decisions, Dependencies, EvidenceTable, Incidents, Products,
    Register, Reviews, Risks, Suppliers, Table,
};

const MANIFEST: &str = "manifest.json";
/// How large the manifest may be, in bytes.
const MAXIMUM_MANIFEST: u64 = 16 << 20;
/// How many parts an archive may have.
const MAXIMUM_PARTS: usize = 100_100;
/// How large an archive may be once it is unpacked, in bytes: 4 GiB.
const MAXIMUM_UNPACKED: u64 = 4 << 30;
/// How many times its size an archive may be once it is unpacked, beside what any may be.
const MAXIMUM_RATIO: u64 = 200;
/// What any archive may be once it is unpacked, in bytes: 64 MiB.
const FREE_UNPACKED: u64 = 64 << 20;

/// What an archive says of itself.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Manifest {
    /// Which form it has.
    format: i64,
    /// Which version of the program made it.
    program: String,
    /// What the organisation is called.
    organisation: String,
    /// The moment as of which it is.
    made_at: Moment,
    /// Every other part.
    parts: Vec<PartLine>,
}

/// What a manifest says of a part.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct PartLine {
    name: String,
    /// How many rows it has; null for what has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    row_count: Option<u64>,
    byte_count: u64,
    /// The SHA-256 of its bytes, in lower-case hexadecimal.
    sha256: String,
}

/// Why an archive was not written.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Unwritten {
    /// The register could not be read.
    #[error(transparent)]
    Register(#[from] Error),
    /// The file could not be written.
    #[error("the archive cannot be written: {0}")]
    File(#[from] io::Error),
    /// The same.
    #[error("the archive cannot be written: {0}")]
    Zip(#[from] zip::result::ZipError),
}

/// An archive under way.
struct Packing<W: Write + Seek> {
    zip: ZipWriter<W>,
    parts: Vec<PartLine>,
    hash: Sha256,
}

impl<W: Write + Seek> Packing<W> {
    fn begin(&mut self, name: &str, row_count: Option<u64>) -> Result<(), Unwritten> {
        let options = SimpleFileOptions::default().compression_method(CompressionMethod::Deflated).large_file(true);
        self.zip.start_file(name, options)?;
        self.hash = Sha256::new();
        self.parts.push(PartLine { name: name.to_owned(), row_count, byte_count: 0, sha256: String::new() });
        Ok(())
    }

    fn put(&mut self, bytes: &[u8], row_count: usize) -> Result<(), Unwritten> {
        self.zip.write_all(bytes)?;
        self.hash.update(bytes);
        if let Some(part) = self.parts.last_mut() {
            part.byte_count += bytes.len() as u64;
            part.row_count = part.row_count.map(|count| count + row_count as u64);
        }
        Ok(())
    }

    fn end(&mut self) {
        let hash = std::mem::take(&mut self.hash).finalize();
        if let Some(part) = self.parts.last_mut() {
            part.sha256 = hex(&hash);
        }
    }

    async fn table<T: Table>(&mut self, reader: &Reader, filter: T::Filter) -> Result<(), Unwritten> {
        self.begin(T::FILE, Some(0))?;
        let mut cursor = None;
        loop {
            let part = tables::part::<T>(reader, filter.clone(), cursor).await?;
            self.put(part.text.as_bytes(), part.row_count)?;
            cursor = part.next;
            tokio::task::yield_now().await;
            if cursor.is_none() {
                break;
            }
        }
        self.end();
        Ok(())
    }

    /// The rows of a table as they are stored; gives the evidence that has files.
    async fn rows(
        &mut self,
        reader: &Reader,
        table: Rows,
    ) -> Result<Vec<diligence_entities::id::EvidenceId>, Unwritten> {
        self.begin(table.part(), Some(0))?;
        let (mut after, mut with_file) = (String::new(), Vec::new());
        loop {
            let portion = archive::rows(reader, table, &after).await?;
            for row in &portion.rows {
                let mut line = Value::Object(row.clone()).to_string();
                line.push('\n');
                self.put(line.as_bytes(), 1)?;
            }
            with_file.extend(portion.with_file);
            tokio::task::yield_now().await;
            match portion.next {
                Some(next) => after = next,
                None => break,
            }
        }
        self.end();
        Ok(with_file)
    }
}

/// Writes everything into `file`, as of the moment of this view.
///
/// # Errors
/// [`Unwritten`]; then the file holds nothing of worth.
pub(crate) async fn write<W: Write + Seek>(reader: &Reader, file: W) -> Result<W, Unwritten> {
    let mut packing = Packing { zip: ZipWriter::new(file), parts: Vec::new(), hash: Sha256::new() };
    packing.table::<Register>(reader, Default::default()).await?;
    packing.table::<Suppliers>(reader, Default::default()).await?;
    packing.table::<Contacts>(reader, Default::default()).await?;
    packing.table::<Contracts>(reader, Default::default()).await?;
    packing.table::<Products>(reader, Default::default()).await?;
    packing.table::<Dependencies>(reader, Default::default()).await?;
    packing.table::<EvidenceTable>(reader, Default::default()).await?;
    packing.table::<Assessments>(reader, Default::default()).await?;
    packing.table::<Answers>(reader, Default::default()).await?;
    packing.table::<Decisions>(reader, Default::default()).await?;
    packing.table::<Risks>(reader, Default::default()).await?;
    packing.table::<Incidents>(reader, Default::default()).await?;
    let every = ReviewFilter { any_state: Some(true), ..ReviewFilter::default() };
    packing.table::<Reviews>(reader, every).await?;
    for table in Rows::ALL.iter().copied() {
        let with_file = packing.rows(reader, table).await?;
        for id in with_file {
            let content = archive::file(reader, &id).await?;
            packing.begin(&archive::file_part(&id), None)?;
            packing.put(&content, 0)?;
            packing.end();
        }
    }
    let manifest = Manifest {
        format: FORMAT,
        program: env!("CARGO_PKG_VERSION").to_owned(),
        organisation: organisation::read(reader).await?.name,
        made_at: reader.now(),
        parts: std::mem::take(&mut packing.parts),
    };
    packing.begin(MANIFEST, None)?;
    let text = serde_json::to_string_pretty(&manifest).map_err(io::Error::other)?;
    packing.put(text.as_bytes(), 0)?;
    Ok(packing.zip.finish()?)
}

/// An archive that has been measured and unpacked, into a file without a name.
#[derive(Debug)]
pub(crate) struct Unpacked {
    file: Arc<Mutex<std::fs::File>>,
    /// Where each part stands in it.
    places: BTreeMap<String, (u64, u64)>,
    manifest: Manifest,
}

/// One fault of the archive as a whole.
fn wrong(pointer: &str, code: &str, detail: impl Into<String>) -> Vec<Fault> {
    vec![Fault::new(pointer, code, detail)]
}

/// Measures an archive and unpacks it: what it holds has to be what its manifest says, to the last byte.
///
/// # Errors
/// Everything that is wrong with it.
pub(crate) fn unpack<R: Read + Seek>(mut archive: R) -> Result<Unpacked, Vec<Fault>> {
    let unreadable = |error: io::Error| wrong("", "unreadable", format!("the archive cannot be read: {error}"));
    let size = archive.seek(SeekFrom::End(0)).map_err(unreadable)?;
    archive.rewind().map_err(unreadable)?;
    let damaged =
        |what: String| wrong("", "archive", format!("expected a ZIP archive as this program makes it: {what}"));
    let mut zip = ZipArchive::new(archive).map_err(|error| damaged(error.to_string()))?;
    if zip.len() > MAXIMUM_PARTS {
        return Err(wrong("", "too_many", format!("expected at most {MAXIMUM_PARTS} parts, found {}", zip.len())));
    }
    let manifest = manifest(&mut zip)?;
    let told: BTreeMap<&str, &PartLine> = manifest.parts.iter().map(|part| (part.name.as_str(), part)).collect();
    let mut most = MAXIMUM_UNPACKED.min(size.saturating_mul(MAXIMUM_RATIO).max(FREE_UNPACKED));
    let mut file = tempfile::tempfile().map_err(unreadable)?;
    let (mut places, mut faults, mut at) = (BTreeMap::new(), Vec::new(), 0_u64);
    for index in 0..zip.len() {
        let mut entry = zip.by_index(index).map_err(|error| damaged(error.to_string()))?;
        let name = entry.name().map_err(|error| damaged(error.to_string()))?.into_owned();
        if name == MANIFEST {
            continue;
        }
        let shown: String = name.chars().take(200).collect();
        let here = format!("/{shown}");
        if !is_plain(&name) || !entry.is_file() {
            faults.push(Fault::new(
                here,
                "name",
                "expected the name of a part as this program gives it, without a path",
            ));
            continue;
        }
        if !matches!(entry.compression(), CompressionMethod::Stored | CompressionMethod::Deflated) {
            faults.push(Fault::new(here, "archive", "expected it packed in the usual way (deflate), or not at all"));
            continue;
        }
        let Some(line) = told.get(name.as_str()) else {
            faults.push(Fault::new(here, "unknown", "expected no part of which the manifest does not tell"));
            continue;
        };
        // What it says of its own size is not believed: no more is read than there may be.
        let mut hash = Sha256::new();
        let mut length = 0_u64;
        let mut piece = vec![0; 64 << 10];
        loop {
            let count = entry.read(&mut piece).map_err(|error| damaged(format!("{shown}: {error}")))?;
            if count == 0 {
                break;
            }
            length += count as u64;
            if length > most {
                let detail = "expected an archive that is no larger unpacked: it may have been made to fill up a disk";
                return Err(wrong(&here, "too_large", detail));
            }
            hash.update(&piece[..count]);
            file.write_all(&piece[..count]).map_err(unreadable)?;
        }
        most -= length;
        if length != line.byte_count || hex(&hash.finalize()) != line.sha256 {
            let detail = format!(
                "expected {} bytes with the hash that the manifest says: this part was changed",
                line.byte_count
            );
            faults.push(Fault::new(here, "hash", detail));
        }
        if places.insert(name, (at, length)).is_some() {
            faults.push(Fault::new(format!("/{shown}"), "duplicate", "expected one part of this name"));
        }
        at += length;
    }
    for name in told.keys().filter(|name| !places.contains_key(**name)) {
        faults.push(Fault::new(format!("/{name}"), "missing", "expected this part: the manifest tells of it"));
    }
    faults.truncate(100);
    if faults.is_empty() { Ok(Unpacked { file: Arc::new(Mutex::new(file)), places, manifest }) } else { Err(faults) }
}

/// Whether a part may be called so: a file of the archive itself or of one of its two folders.
fn is_plain(name: &str) -> bool {
    let file = name.strip_prefix("register/").or_else(|| name.strip_prefix("files/")).unwrap_or(name);
    let is_plain = |letter: char| letter.is_ascii_alphanumeric() || ['.', '_', '-'].contains(&letter);
    !file.is_empty() && !file.starts_with('.') && file.len() <= 100 && file.chars().all(is_plain)
}

/// The manifest of an archive of a form that is known.
fn manifest<R: Read + Seek>(zip: &mut ZipArchive<R>) -> Result<Manifest, Vec<Fault>> {
    let here = format!("/{MANIFEST}");
    let Ok(entry) = zip.by_name(MANIFEST) else {
        return Err(wrong(&here, "missing", "expected a part manifest.json: this is no archive of a register"));
    };
    let mut text = Vec::new();
    let read = entry.take(MAXIMUM_MANIFEST + 1).read_to_end(&mut text);
    read.map_err(|error| wrong(&here, "unreadable", format!("it cannot be read: {error}")))?;
    if text.len() as u64 > MAXIMUM_MANIFEST {
        return Err(wrong(&here, "too_large", format!("expected at most {MAXIMUM_MANIFEST} bytes")));
    }
    let shape = |error: serde_json::Error| wrong(&here, "shape", format!("expected what this archive is: {error}"));
    // Which form it has is asked first: what else a later one says may be said otherwise.
    let value: Value = serde_json::from_slice(&text).map_err(shape)?;
    if let Some(format) = value.get("format").and_then(Value::as_i64).filter(|format| *format > FORMAT) {
        let detail = format!(
            "expected the form {FORMAT} or an earlier one, found {format}: a newer version of this program made it, use that version"
        );
        return Err(wrong(&format!("{here}/format"), "newer", detail));
    }
    serde_json::from_value(value).map_err(shape)
}

/// A stretch of a file, read from where it stands whatever else reads the file.
struct Stretch {
    file: Arc<Mutex<std::fs::File>>,
    at: u64,
    end: u64,
}

impl Read for Stretch {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let left = usize::try_from(self.end - self.at).unwrap_or(usize::MAX);
        let wanted = buffer.len().min(left);
        if wanted == 0 {
            return Ok(0);
        }
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        file.seek(SeekFrom::Start(self.at))?;
        let count = file.read(&mut buffer[..wanted])?;
        self.at += count as u64;
        Ok(count)
    }
}

impl Parts for Unpacked {
    fn open(&self, name: &str) -> io::Result<Option<Box<dyn BufRead + Send + '_>>> {
        let stretch = |(at, length): &(u64, u64)| {
            let stretch = Stretch { file: Arc::clone(&self.file), at: *at, end: at + length };
            Box::new(BufReader::new(stretch)) as Box<dyn BufRead + Send>
        };
        Ok(self.places.get(name).map(stretch))
    }
}

/// What became, or would become, of a whole register that is brought in.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct EverythingReport {
    /// Whether this only says what would happen.
    pub dry_run: bool,
    /// What the organisation is called from which it comes.
    pub organisation_name: String,
    /// The moment as of which it was taken there.
    pub made_at: Moment,
    /// How many rows of each table, by the part of the archive that they stand in.
    pub row_counts: BTreeMap<String, i64>,
    /// How many documents behind evidence.
    pub file_count: i64,
}

/// Brings all of it in.
///
/// # Errors
/// As [`archive::bring_in`].
pub(crate) async fn bring_in(writer: &Change, unpacked: &Unpacked, dry_run: bool) -> Result<EverythingReport, Error> {
    let Manifest { program, organisation, made_at, parts, .. } = &unpacked.manifest;
    let hashes: Map<String, Value> = parts
        .iter()
        .filter(|part| part.name.starts_with("register/"))
        .map(|part| (part.name.clone(), part.sha256.clone().into()))
        .collect();
    let Value::Object(told) =
        json!({ "organisation_name": organisation, "made_at": made_at, "program": program, "hashes": hashes })
    else {
        return Err(Error::invalid("", "shape", "expected an archive"));
    };
    let Brought { row_counts, file_count } = archive::bring_in(writer, unpacked, told).await?;
    Ok(EverythingReport { dry_run, organisation_name: organisation.clone(), made_at: *made_at, row_counts, file_count })
}

//! The zip file that most workbooks are.
//!
//! Its list of parts is read first; a part is unpacked as it is read, never as a whole, and through limits: so much of
//! it in all, and so much for one piece of its XML. A small file that unpacks to a large one so costs the time to see
//! that, and no memory.

use std::collections::BTreeMap;
use std::io::{self, Read, SeekFrom};

use flate2::Crc;
use flate2::read::DeflateDecoder;
use zip::{CompressionMethod, ZipArchive};

use super::book::Limits;
use super::xml::{too_large, unreadable};
use super::{ReadSeek, Source, grouped, unread};
use crate::fault::Fault;

/// The most bytes of one piece of XML: a tag, a text.
const MAX_PIECE_BYTES: u64 = 4 * 1024 * 1024;
/// How many bytes a byte of a large part may unpack to. What people write unpacks to ten or thirty; nothing at all, over
/// and over, to a thousand.
const MAX_GROWTH: u64 = 200;
/// From how many bytes on a part is large.
const LARGE: u64 = 64 * 1024 * 1024;

/// Where a part stands in its file.
#[derive(Debug, Clone, Copy)]
struct Entry {
    start: u64,
    packed: u64,
    /// How many bytes it unpacks to, as the list of parts says.
    size: u64,
    is_deflated: bool,
    checksum: u32,
}

/// The parts of a zip file, by name in lower case.
#[derive(Debug)]
pub(super) struct Package {
    entries: BTreeMap<String, Entry>,
    /// The most bytes of a part, unpacked.
    unpacked: u64,
}

impl Package {
    pub(super) fn open(source: &dyn Source, limits: &Limits) -> Result<Self, Fault> {
        let file = source.open().map_err(|error| unread(&error))?;
        let mut archive =
            ZipArchive::new(io::BufReader::new(file)).map_err(|_| unreadable("its list of parts is damaged"))?;
        if archive.len() > limits.parts {
            return Err(too_large(format!(
                "expected at most {} parts in a workbook, found {}",
                grouped(limits.parts as u64),
                grouped(archive.len() as u64)
            )));
        }
        let mut entries = BTreeMap::new();
        let (mut claimed, mut packed_in_all) = (0_u64, 0_u64);
        for index in 0..archive.len() {
            let entry = archive.by_index_raw(index).map_err(|_| unreadable("a part of it cannot be unpacked"))?;
            let name = entry
                .name()
                .map_err(|_| unreadable("a part of it has no readable name"))?
                .trim_start_matches('/')
                .replace('\\', "/")
                .to_ascii_lowercase();
            if entry.is_dir() {
                continue;
            }
            let is_deflated = match entry.compression() {
                CompressionMethod::Stored => false,
                CompressionMethod::Deflated => true,
                _ => return Err(unreadable("a part of it is packed in an unusual way")),
            };
            if entry.encrypted() {
                return Err(super::kind::locked());
            }
            // Pictures and the like are never unpacked.
            if [".xml", ".rels", ".bin"].iter().any(|end| name.ends_with(end)) {
                claimed = claimed.saturating_add(entry.size());
                packed_in_all = packed_in_all.saturating_add(entry.compressed_size());
            }
            let start = entry.data_start().ok_or_else(|| unreadable("a part of it is not where it should be"))?;
            let (packed, size, checksum) = (entry.compressed_size(), entry.size(), entry.crc32());
            entries.insert(name, Entry { start, packed, size, is_deflated, checksum });
        }
        if claimed > limits.unpacked {
            return Err(unpacks_to_too_much(limits.unpacked));
        }
        if limits.is_to_read() && claimed > may_unpack_to(packed_in_all) {
            return Err(too_large(grows_too_much()));
        }
        Ok(Self { entries, unpacked: limits.unpacked })
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.entries.contains_key(name)
    }

    /// Whether any part's name begins so.
    pub(super) fn has_below(&self, folder: &str) -> bool {
        self.entries.range(folder.to_owned()..).next().is_some_and(|(name, _)| name.starts_with(folder))
    }

    /// Begins to unpack a part; none where there is no such part.
    pub(super) fn part<'a>(&self, source: &'a dyn Source, name: &str) -> Result<Option<Part<'a>>, Fault> {
        let Some(entry) = self.entries.get(name).copied() else { return Ok(None) };
        let mut file = source.open().map_err(|error| unread(&error))?;
        file.seek(SeekFrom::Start(entry.start)).map_err(|error| unread(&error))?;
        let packed = file.take(entry.packed);
        let content = if entry.is_deflated {
            Content::Deflated(Box::new(DeflateDecoder::new(packed)))
        } else {
            Content::Stored(packed)
        };
        Ok(Some(Part {
            content,
            left: self.unpacked,
            most: self.unpacked,
            grown: may_unpack_to(entry.packed),
            size: entry.size,
            piece: MAX_PIECE_BYTES,
            checksum: Crc::new(),
            expected: entry.checksum,
        }))
    }

    /// A small part as a whole.
    pub(super) fn whole(&self, source: &dyn Source, name: &str, most: u64) -> Result<Option<Vec<u8>>, Fault> {
        let Some(part) = self.part(source, name)? else { return Ok(None) };
        let mut content = Vec::new();
        part.take(most).read_to_end(&mut content).map_err(|error| broken_part(&error))?;
        Ok(Some(content))
    }
}

/// To how many bytes so many packed ones may unpack.
fn may_unpack_to(packed: u64) -> u64 {
    packed.saturating_mul(MAX_GROWTH).max(LARGE)
}

fn grows_too_much() -> String {
    format!(
        "expected a workbook that unpacks to at most {MAX_GROWTH} times its size: this one holds the same or nothing over and over; open it in a spreadsheet, delete the empty rows, and save it"
    )
}

fn unpacks_to_too_much(most: u64) -> Fault {
    too_large(format!("expected a workbook that unpacks to at most {} bytes", grouped(most)))
}

/// What is said where a part cannot be unpacked to its end.
pub(super) fn broken_part(error: &io::Error) -> Fault {
    match error.kind() {
        io::ErrorKind::FileTooLarge => too_large(error.to_string()),
        _ => unreadable("a part of it is damaged"),
    }
}

enum Content<'a> {
    Stored(io::Take<Box<dyn ReadSeek + Send + 'a>>),
    Deflated(Box<DeflateDecoder<io::Take<Box<dyn ReadSeek + Send + 'a>>>>),
}

/// A part of a workbook while it is unpacked.
pub(super) struct Part<'a> {
    content: Content<'a>,
    left: u64,
    most: u64,
    /// How many more bytes a part of its packed size may have, and how many the list of parts says that it has.
    grown: u64,
    size: u64,
    piece: u64,
    checksum: Crc,
    expected: u32,
}

impl Part<'_> {
    /// From here on a piece may be as long as one may be.
    pub(super) fn begin_piece(&mut self) {
        self.piece = MAX_PIECE_BYTES;
    }
}

impl Read for Part<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let read = match &mut self.content {
            Content::Stored(content) => content.read(into)?,
            Content::Deflated(content) => content.read(into)?,
        };
        if read == 0 {
            if !into.is_empty() && self.checksum.sum() != self.expected {
                return Err(io::Error::new(io::ErrorKind::InvalidData, "its checksum is another"));
            }
            return Ok(0);
        }
        self.checksum.update(&into[..read]);
        let too_much = |what: String| io::Error::new(io::ErrorKind::FileTooLarge, what);
        self.left = self.left.checked_sub(read as u64).ok_or_else(|| {
            too_much(format!("expected a workbook that unpacks to at most {} bytes", grouped(self.most)))
        })?;
        self.grown = self.grown.checked_sub(read as u64).ok_or_else(|| too_much(grows_too_much()))?;
        let larger = || io::Error::new(io::ErrorKind::InvalidData, "it is larger than its list of parts says");
        self.size = self.size.checked_sub(read as u64).ok_or_else(larger)?;
        self.piece = self.piece.checked_sub(read as u64).ok_or_else(|| {
            too_much(format!("expected at most {} bytes in one text or tag of a workbook", grouped(MAX_PIECE_BYTES)))
        })?;
        Ok(read)
    }
}

//! The container in which programs of the nineties keep their files, and which holds a workbook with a password too:
//! streams with names, cut into sectors that are chained to each other.

use std::io::Read;

use super::xml::{too_large, unreadable};
use super::{Source, grouped, unread};
use crate::fault::Fault;

/// The largest file of this kind, which is read as a whole (64 MiB).
const MAX_BYTES: u64 = 64 * 1024 * 1024;
/// Numbers from here on are no sectors.
const NO_SECTOR: u32 = 0xffff_fffa;
/// The size of a small sector.
const SMALL: usize = 64;

/// Such a container.
#[derive(Debug)]
pub(super) struct Compound {
    bytes: Vec<u8>,
    sector: usize,
    chains: Vec<u32>,
    small_chains: Vec<u32>,
    /// Streams of less bytes than this stand in small sectors.
    small_below: u64,
    entries: Vec<Entry>,
}

#[derive(Debug)]
struct Entry {
    name: String,
    kind: u8,
    start: u32,
    size: u64,
}

pub(super) fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_le_bytes(bytes.get(at..at.checked_add(2)?)?.try_into().ok()?))
}

pub(super) fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(bytes.get(at..at.checked_add(4)?)?.try_into().ok()?))
}

pub(super) fn f64_at(bytes: &[u8], at: usize) -> Option<f64> {
    Some(f64::from_le_bytes(bytes.get(at..at.checked_add(8)?)?.try_into().ok()?))
}

/// Text in UTF-16.
pub(super) fn wide(bytes: &[u8]) -> String {
    let units = bytes.chunks_exact(2).map(|pair| u16::from_le_bytes([pair[0], pair[1]]));
    char::decode_utf16(units).map(|letter| letter.unwrap_or(char::REPLACEMENT_CHARACTER)).collect()
}

fn numbers(bytes: &[u8]) -> impl Iterator<Item = u32> + '_ {
    bytes.chunks_exact(4).map(|four| u32::from_le_bytes([four[0], four[1], four[2], four[3]]))
}

impl Compound {
    pub(super) fn open(source: &dyn Source) -> Result<Self, Fault> {
        if source.len() > MAX_BYTES {
            let most = grouped(MAX_BYTES);
            return Err(too_large(format!("expected an XLS workbook of at most {most} bytes: save it as XLSX")));
        }
        let mut bytes = Vec::new();
        source.open().and_then(|file| file.take(MAX_BYTES).read_to_end(&mut bytes)).map_err(|error| unread(&error))?;
        Self::of(bytes).ok_or_else(|| unreadable("its container is damaged"))
    }

    fn of(bytes: Vec<u8>) -> Option<Self> {
        let sector = match u16_at(&bytes, 30)? {
            9 => 512,
            12 => 4_096,
            _ => return None,
        };
        let mut found =
            Self { bytes, sector, chains: Vec::new(), small_chains: Vec::new(), small_below: 0, entries: Vec::new() };
        let head = |at| u32_at(&found.bytes, at);
        let (directory, small_below) = (head(48)?, head(56)?);
        let (small_start, mut more) = (head(60)?, head(68)?);
        let mut lists: Vec<u32> = numbers(found.bytes.get(76..512)?).filter(|sector| *sector < NO_SECTOR).collect();
        let most = found.bytes.len() / sector + 1;
        // The list of lists goes on in sectors of its own, the last number of each being the next.
        let mut seen = 0;
        while more < NO_SECTOR {
            seen += 1;
            if seen > most {
                return None;
            }
            let content: Vec<u32> = numbers(found.at(more)?).collect();
            let (next, these) = content.split_last()?;
            lists.extend(these.iter().filter(|sector| **sector < NO_SECTOR));
            more = *next;
        }
        if lists.len() > most {
            return None;
        }
        let mut chains = Vec::new();
        for list in lists {
            chains.extend(numbers(found.at(list)?));
        }
        found.chains = chains;
        found.small_below = small_below.into();
        if small_start < NO_SECTOR {
            found.small_chains = numbers(&found.chain(small_start, u64::MAX)?).collect();
        }
        found.entries = found.chain(directory, u64::MAX)?.chunks_exact(128).filter_map(Entry::of).collect();
        Some(found)
    }

    /// A sector; the last of a file may be cut off.
    fn at(&self, sector: u32) -> Option<&[u8]> {
        let begin = (sector as usize).checked_add(1)?.checked_mul(self.sector)?;
        let end = begin.checked_add(self.sector)?.min(self.bytes.len());
        self.bytes.get(begin..end)
    }

    /// The bytes of a chain of sectors.
    fn chain(&self, start: u32, size: u64) -> Option<Vec<u8>> {
        let mut content = Vec::new();
        let mut sector = start;
        while sector < NO_SECTOR && (content.len() as u64) < size {
            // No chain is longer than the file, unless it goes round in circles.
            if content.len() > self.bytes.len() {
                return None;
            }
            content.extend_from_slice(self.at(sector)?);
            sector = *self.chains.get(sector as usize)?;
        }
        content.truncate(usize::try_from(size).unwrap_or(usize::MAX));
        Some(content)
    }

    fn entry(&self, name: &str) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.kind == 2 && entry.name.eq_ignore_ascii_case(name))
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.entry(name).is_some()
    }

    /// The bytes of a stream.
    pub(super) fn stream(&self, name: &str) -> Option<Vec<u8>> {
        let entry = self.entry(name)?;
        if entry.size >= self.small_below {
            return self.chain(entry.start, entry.size);
        }
        // Small ones stand in the stream of the root.
        let root = self.entries.iter().find(|entry| entry.kind == 5)?;
        let small = self.chain(root.start, root.size)?;
        let mut content = Vec::new();
        let mut sector = entry.start;
        while sector < NO_SECTOR && (content.len() as u64) < entry.size {
            let begin = (sector as usize).checked_mul(SMALL)?;
            content.extend_from_slice(small.get(begin..begin.checked_add(SMALL)?.min(small.len()))?);
            sector = *self.small_chains.get(sector as usize)?;
            if content.len() > self.bytes.len() {
                return None;
            }
        }
        content.truncate(usize::try_from(entry.size).unwrap_or(usize::MAX));
        Some(content)
    }
}

impl Entry {
    fn of(bytes: &[u8]) -> Option<Self> {
        let length = usize::from(u16_at(bytes, 64)?).saturating_sub(2).min(62);
        Some(Self {
            name: wide(bytes.get(..length)?),
            kind: *bytes.get(66)?,
            start: u32_at(bytes, 116)?,
            // The upper half is undefined in files with small sectors.
            size: u32_at(bytes, 120)?.into(),
        })
    }
}

//! Where the bytes of a file come from, as often as they are wanted.

use std::fs::File;
use std::io::{self, Cursor, Read, Seek, SeekFrom};
use std::os::unix::fs::FileExt;
use std::sync::Arc;

/// What can be read from any place on.
pub trait ReadSeek: Read + Seek {}

impl<T: Read + Seek> ReadSeek for T {}

/// A file that can be read several times, also at the same time.
pub trait Source: Send + Sync {
    /// Begins to read it.
    ///
    /// # Errors
    /// Where it is gone.
    fn open(&self) -> io::Result<Box<dyn ReadSeek + Send + '_>>;

    /// Its length in bytes.
    fn len(&self) -> u64;

    /// Whether nothing is in it.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl Source for Vec<u8> {
    fn open(&self) -> io::Result<Box<dyn ReadSeek + Send + '_>> {
        Ok(Box::new(Cursor::new(self.as_slice())))
    }

    fn len(&self) -> u64 {
        self.as_slice().len() as u64
    }
}

impl Source for &[u8] {
    fn open(&self) -> io::Result<Box<dyn ReadSeek + Send + '_>> {
        Ok(Box::new(Cursor::new(*self)))
    }

    fn len(&self) -> u64 {
        <[u8]>::len(self) as u64
    }
}

impl Source for Arc<[u8]> {
    fn open(&self) -> io::Result<Box<dyn ReadSeek + Send + '_>> {
        Ok(Box::new(Cursor::new(&**self)))
    }

    fn len(&self) -> u64 {
        <[u8]>::len(self) as u64
    }
}

/// A file of the operating system. It is read by place, so that readers do not disturb each other.
#[derive(Debug)]
pub struct OfFile {
    file: File,
    len: u64,
}

impl OfFile {
    /// The file as it is now: what is written behind its end later is not read.
    ///
    /// # Errors
    /// Where its length cannot be asked for.
    pub fn new(file: File) -> io::Result<Self> {
        let len = file.metadata()?.len();
        Ok(Self { file, len })
    }
}

impl Source for OfFile {
    fn open(&self) -> io::Result<Box<dyn ReadSeek + Send + '_>> {
        Ok(Box::new(Positioned { file: &self.file, at: 0, len: self.len }))
    }

    fn len(&self) -> u64 {
        self.len
    }
}

/// A place in a file.
struct Positioned<'a> {
    file: &'a File,
    at: u64,
    len: u64,
}

impl Read for Positioned<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let left = usize::try_from(self.len.saturating_sub(self.at)).unwrap_or(usize::MAX);
        let most = into.len().min(left);
        let read = self.file.read_at(&mut into[..most], self.at)?;
        self.at += read as u64;
        Ok(read)
    }
}

impl Seek for Positioned<'_> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let at = match to {
            SeekFrom::Start(at) => Some(at),
            SeekFrom::End(by) => self.len.checked_add_signed(by),
            SeekFrom::Current(by) => self.at.checked_add_signed(by),
        };
        self.at = at.ok_or_else(|| io::Error::new(io::ErrorKind::InvalidInput, "before the beginning of the file"))?;
        Ok(self.at)
    }
}

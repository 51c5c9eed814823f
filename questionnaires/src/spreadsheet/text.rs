//! In which encoding a text is, and its bytes as UTF-8.
//!
//! A byte-order mark decides; else zero bytes show UTF-16; else what is valid UTF-8 from its first byte to its last is
//! that. Anything else was saved by an older program: Windows-1252 in Western Europe, or what a detector says where
//! that is Central European. A file put together of two such files is decoded line by line. The whole file is looked
//! at, in one pass, before any of it is read.

use std::io::{self, BufRead, BufReader, Read};

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::{CoderResult, Decoder, Encoding, ISO_8859_2, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1250, WINDOWS_1252};

use super::{Source, counted, listed, refused, refused_at, unread};
use crate::fault::Fault;

/// How much is read at a time.
const CHUNK: usize = 256 * 1024;
/// How much a detector is given.
const MOST_DETECTED: usize = 1024 * 1024;
/// So many bytes that are no UTF-8 are enough for a detector to be believed.
const ENOUGH_TO_DETECT: u64 = 20;
/// The longest line that is decoded as one.
const LONGEST_LINE: u64 = 1024 * 1024;

/// How a text is decoded.
#[derive(Debug, Clone)]
pub(super) struct Reading {
    coding: Coding,
    /// How many bytes of a byte-order mark stand before it.
    mark: u64,
}

#[derive(Debug, Clone)]
enum Coding {
    Utf8,
    Other(&'static Encoding),
    /// Each line in UTF-8 where it is that, else in Windows-1252.
    ByLine,
}

/// How [`Coding::ByLine`] is called.
const BY_LINE: &str = "UTF-8 and windows-1252";

impl Reading {
    /// UTF-8 that nobody has looked at.
    pub(super) fn unseen() -> Self {
        Self { coding: Coding::Utf8, mark: 0 }
    }

    /// How a file is decoded: as somebody says, or as it looks.
    pub(super) fn of(source: &dyn Source, label: Option<&str>, sentences: &mut Vec<String>) -> Result<Self, Fault> {
        let mut head = Vec::new();
        source.open().and_then(|file| file.take(4_096).read_to_end(&mut head)).map_err(|error| unread(&error))?;
        let (marked, mark) = match Encoding::for_bom(&head) {
            Some((encoding, mark)) => (Some(encoding), mark as u64),
            None => (None, 0),
        };
        if let Some(label) = label {
            return Self::told(source, label, marked, mark);
        }
        if let Some(encoding) = marked.or_else(|| without_mark(&head)).filter(|encoding| *encoding != UTF_8) {
            sentences.push(format!("The text is read as {}.", encoding.name()));
            return Ok(Self { coding: Coding::Other(encoding), mark });
        }
        let seen = Seen::of(source, mark)?;
        if let Some(line) = seen.zero {
            return Err(refused_at(line, "encoding", "expected a text, found a zero byte on this line"));
        }
        if seen.wrong == 0 {
            return Ok(Self { coding: Coding::Utf8, mark });
        }
        let wrong = counted(seen.wrong, "byte is", "bytes are");
        if seen.letters > 0 || marked.is_some() {
            let are = if seen.wrong_lines == 1 { "Line" } else { "Lines" };
            let is = if seen.wrong_lines == 1 { "is" } else { "are" };
            sentences.push(format!(
                "The file is in two encodings: {wrong} no UTF-8. {are} {} {is} read as Windows-1252, all others as UTF-8.",
                listed(&seen.lines, seen.wrong_lines)
            ));
            return Ok(Self { coding: Coding::ByLine, mark });
        }
        let encoding = seen.guess();
        let why = if encoding == WINDOWS_1252 { ", as Excel on Windows saves CSV" } else { "" };
        let place = if seen.wrong == 1 { "it stands on line" } else { "the first on line" };
        let first = seen.lines.first().map_or("1", String::as_str);
        let name = encoding.name().replacen("windows", "Windows", 1);
        sentences.push(format!("The text is read as {name}{why}: {wrong} no UTF-8, {place} {first}."));
        sentences.extend(seen.doubt(encoding));
        Ok(Self { coding: Coding::Other(encoding), mark })
    }

    /// As somebody says it is.
    fn told(source: &dyn Source, label: &str, marked: Option<&'static Encoding>, mark: u64) -> Result<Self, Fault> {
        if label == BY_LINE {
            return Ok(Self { coding: Coding::ByLine, mark });
        }
        let encoding = Encoding::for_label_no_replacement(label.trim().as_bytes()).ok_or_else(|| {
            let label = super::excerpt(label);
            refused(
                "unknown_encoding",
                format!("expected an encoding such as utf-8, utf-16le or windows-1252, found {label}"),
            )
        })?;
        let mark = if marked == Some(encoding) { mark } else { 0 };
        if encoding != UTF_8 {
            return Ok(Self { coding: Coding::Other(encoding), mark });
        }
        let seen = Seen::of(source, mark)?;
        let line = seen.lines.first().and_then(|line| line.parse().ok());
        match (seen.zero, line) {
            (Some(line), _) => Err(refused_at(line, "encoding", "expected a text, found a zero byte on this line")),
            (None, Some(line)) => Err(refused_at(
                line,
                "encoding",
                "expected UTF-8, found bytes on this line that are none: what Excel saves as CSV is windows-1252",
            )),
            (None, None) => Ok(Self { coding: Coding::Utf8, mark }),
        }
    }

    /// The name of the encoding.
    pub(super) fn name(&self) -> String {
        match self.coding {
            Coding::Utf8 => UTF_8.name().to_owned(),
            Coding::Other(encoding) => encoding.name().to_owned(),
            Coding::ByLine => BY_LINE.to_owned(),
        }
    }

    /// Begins to read the text as UTF-8.
    pub(super) fn open<'a>(&self, source: &'a dyn Source) -> Result<Text<'a>, Fault> {
        let mut file = source.open().map_err(|error| unread(&error))?;
        file.seek(io::SeekFrom::Start(self.mark)).map_err(|error| unread(&error))?;
        let input = BufReader::with_capacity(CHUNK, file);
        Ok(Text(match self.coding {
            Coding::Utf8 => Inner::Plain(Box::new(input)),
            Coding::Other(encoding) => Inner::Decoded(Box::new(Decoded {
                input: Box::new(input),
                decoder: encoding.new_decoder_without_bom_handling(),
                text: vec![0; CHUNK],
                at: 0,
                end: 0,
                is_over: false,
            })),
            Coding::ByLine => {
                Inner::Lines(Box::new(Lines { input: Box::new(input), line: Vec::new(), text: Vec::new(), at: 0 }))
            }
        }))
    }
}

/// UTF-16 without a mark: most of every other byte is zero.
pub(super) fn without_mark(head: &[u8]) -> Option<&'static Encoding> {
    let pairs = head.len() / 2;
    let zeros = |from: usize| head.iter().skip(from).step_by(2).filter(|byte| **byte == 0).count();
    let (even, odd) = (zeros(0), zeros(1));
    if pairs < 2 {
        None
    } else if odd * 2 > pairs && even * 10 < pairs {
        Some(UTF_16LE)
    } else if even * 2 > pairs && odd * 10 < pairs {
        Some(UTF_16BE)
    } else {
        None
    }
}

/// What the bytes of a text look like.
struct Seen {
    /// How many bytes are no UTF-8, and on which lines: the first few, and how many.
    wrong: u64,
    lines: Vec<String>,
    wrong_lines: u64,
    last_line: u32,
    /// How many letters take several bytes of UTF-8.
    letters: u64,
    /// The line of the first zero byte.
    zero: Option<u32>,
    line_feeds: u32,
    returns: u32,
    detector: EncodingDetector,
    detected: usize,
    /// The last byte that was looked at.
    last: u8,
    /// How many signs stand in words that only Windows-1250 has letters for, and the first such word's line.
    central: u64,
    central_line: u32,
    /// How many signs stand behind letters where code pages of DOS have letters, and the first such line.
    dos: u64,
    dos_line: u32,
}

/// Signs of Windows-1252 that never stand in a word and are letters in Windows-1250: £ ¥ ¯ ³ ¹ ¼ ¾ ¿.
const CENTRAL: [u8; 8] = [0xa3, 0xa5, 0xaf, 0xb3, 0xb9, 0xbc, 0xbe, 0xbf];
/// Signs of Windows-1252, or nothing there, that never stand in a word and are letters in code pages 850 and 852.
const DOS: [u8; 12] = [0x81, 0x82, 0x83, 0x84, 0x87, 0x88, 0x89, 0x8b, 0x8d, 0x8f, 0x90, 0xa2];

impl Seen {
    fn of(source: &dyn Source, mark: u64) -> Result<Self, Fault> {
        let mut seen = Self {
            wrong: 0,
            lines: Vec::new(),
            wrong_lines: 0,
            last_line: 0,
            letters: 0,
            zero: None,
            line_feeds: 0,
            returns: 0,
            detector: EncodingDetector::new(Iso2022JpDetection::Deny),
            detected: 0,
            last: 0,
            central: 0,
            central_line: 0,
            dos: 0,
            dos_line: 0,
        };
        seen.all(source, mark).map_err(|error| unread(&error))?;
        Ok(seen)
    }

    fn all(&mut self, source: &dyn Source, mark: u64) -> io::Result<()> {
        let mut file = source.open()?;
        file.seek(io::SeekFrom::Start(mark))?;
        let mut chunk = vec![0; CHUNK];
        let mut kept = 0;
        loop {
            let read = file.read(&mut chunk[kept..])?;
            let end = kept + read;
            let left = self.chunk(&chunk[..end], read == 0);
            if read == 0 {
                return Ok(());
            }
            chunk.copy_within(end - left..end, 0);
            kept = left;
        }
    }

    /// Looks at some bytes; how many of the last it did not, because a letter is not at its end yet.
    fn chunk(&mut self, bytes: &[u8], is_last: bool) -> usize {
        let mut rest = bytes;
        let wrong = self.wrong;
        let left = loop {
            match std::str::from_utf8(rest) {
                Ok(_) => {
                    self.good(rest);
                    break 0;
                }
                Err(error) => {
                    let (good, bad) = rest.split_at(error.valid_up_to());
                    self.good(good);
                    match error.error_len() {
                        None if !is_last => break bad.len(),
                        len => {
                            let (bad, more) = bad.split_at(len.unwrap_or(bad.len()).min(bad.len()));
                            self.bad(bad);
                            self.within_a_word(bad, more.first().copied());
                            rest = more;
                        }
                    }
                }
            }
        };
        if self.wrong > wrong && self.detected < MOST_DETECTED {
            self.detector.feed(bytes, false);
            self.detected += bytes.len();
        }
        left
    }

    /// The line, from 1. Lines end in line feeds, or where there are none in carriage returns.
    fn line(&self) -> u32 {
        (if self.line_feeds > 0 { self.line_feeds } else { self.returns }).saturating_add(1)
    }

    fn good(&mut self, bytes: &[u8]) {
        self.last = bytes.last().copied().unwrap_or(self.last);
        if self.zero.is_none()
            && let Some(at) = memchr::memchr(0, bytes)
        {
            self.ends(&bytes[..at]);
            self.zero = Some(self.line());
            self.ends(&bytes[at..]);
        } else {
            self.ends(bytes);
        }
        if !bytes.is_ascii() {
            self.letters += bytes.iter().filter(|byte| **byte >= 0xc0).count() as u64;
        }
    }

    fn ends(&mut self, bytes: &[u8]) {
        let count = |byte| u32::try_from(memchr::memchr_iter(byte, bytes).count()).unwrap_or(u32::MAX);
        self.line_feeds = self.line_feeds.saturating_add(count(b'\n'));
        self.returns = self.returns.saturating_add(count(b'\r'));
    }

    fn bad(&mut self, bytes: &[u8]) {
        self.wrong += bytes.len() as u64;
        let line = self.line();
        if line != self.last_line {
            self.last_line = line;
            self.wrong_lines += 1;
            if self.lines.len() < 5 {
                self.lines.push(line.to_string());
            }
        }
    }

    /// Counts signs of Windows-1252 that stand where only a letter of another encoding would.
    fn within_a_word(&mut self, bad: &[u8], next: Option<u8>) {
        let is_letter = |byte: u8| byte.is_ascii_alphabetic() || byte >= 0xc0;
        for (at, byte) in bad.iter().enumerate() {
            let next = bad.get(at + 1).copied().or(next);
            let line = self.line();
            if is_letter(self.last) && CENTRAL.contains(byte) && next.is_some_and(is_letter) {
                self.central += 1;
                self.central_line = if self.central == 1 { line } else { self.central_line };
            }
            if self.last.is_ascii_alphabetic() && DOS.contains(byte) {
                self.dos += 1;
                self.dos_line = if self.dos == 1 { line } else { self.dos_line };
            }
            self.last = *byte;
        }
    }

    /// The encoding of Central Europe that a detector takes it for.
    fn detected(&self) -> Option<&'static Encoding> {
        let guess = self.detector.guess(None, Utf8Detection::Deny);
        Some(guess).filter(|guess| *guess == WINDOWS_1250 || *guess == ISO_8859_2)
    }

    /// The encoding of an older program that this looks like.
    fn guess(&self) -> &'static Encoding {
        let is_sure = self.wrong >= ENOUGH_TO_DETECT || self.central > 0;
        self.detected().filter(|_| is_sure).unwrap_or(WINDOWS_1252)
    }

    /// What speaks against the encoding in which it is read, and what to do then.
    fn doubt(&self, encoding: &'static Encoding) -> Option<String> {
        if self.dos > self.central {
            let line = self.dos_line;
            return Some(format!(
                "Letters may be wrong, first on line {line}: the text looks like one of DOS (code page 850 or 852), which is not read. Open it in a spreadsheet that knows it, and save it as CSV UTF-8."
            ));
        }
        if encoding != WINDOWS_1252 {
            return Some(format!(
                "If letters are wrong, say another encoding (`encoding`), such as {}.",
                WINDOWS_1252.name()
            ));
        }
        let line = match (self.central, self.detected()) {
            (0, None) => return None,
            (0, Some(_)) => self.lines.first().cloned().unwrap_or_default(),
            _ => self.central_line.to_string(),
        };
        Some(format!(
            "Letters may be wrong, first on line {line}: the text may be Central European. If names look odd, say that its encoding is {} (`encoding`).",
            WINDOWS_1250.name()
        ))
    }
}

/// A text as UTF-8, while it is read.
pub(super) struct Text<'a>(Inner<'a>);

enum Inner<'a> {
    Plain(Box<dyn BufRead + 'a>),
    Decoded(Box<Decoded<'a>>),
    Lines(Box<Lines<'a>>),
}

impl<'a> Text<'a> {
    /// A text in memory.
    pub(super) fn here(bytes: &'a [u8]) -> Self {
        Self(Inner::Plain(Box::new(bytes)))
    }

    /// What comes next; nothing at its end.
    pub(super) fn fill(&mut self) -> Result<&[u8], Fault> {
        match &mut self.0 {
            Inner::Plain(input) => input.fill_buf(),
            Inner::Decoded(decoded) => decoded.fill(),
            Inner::Lines(lines) => lines.fill(),
        }
        .map_err(|error| unread(&error))
    }

    /// So many bytes of what came are done with.
    pub(super) fn consume(&mut self, count: usize) {
        match &mut self.0 {
            Inner::Plain(input) => input.consume(count),
            Inner::Decoded(decoded) => decoded.at += count,
            Inner::Lines(lines) => lines.at += count,
        }
    }
}

struct Decoded<'a> {
    input: Box<dyn BufRead + 'a>,
    decoder: Decoder,
    text: Vec<u8>,
    at: usize,
    end: usize,
    /// A decoder that is at its end must not be asked again.
    is_over: bool,
}

impl Decoded<'_> {
    fn fill(&mut self) -> io::Result<&[u8]> {
        while self.at >= self.end && !self.is_over {
            let bytes = self.input.fill_buf()?;
            let is_last = bytes.is_empty();
            let (result, read, written, _) = self.decoder.decode_to_utf8(bytes, &mut self.text, is_last);
            self.input.consume(read);
            (self.at, self.end) = (0, written);
            self.is_over = is_last && result == CoderResult::InputEmpty;
        }
        Ok(&self.text[self.at..self.end])
    }
}

struct Lines<'a> {
    input: Box<dyn BufRead + 'a>,
    line: Vec<u8>,
    text: Vec<u8>,
    at: usize,
}

impl Lines<'_> {
    fn fill(&mut self) -> io::Result<&[u8]> {
        if self.at >= self.text.len() {
            self.text.clear();
            self.at = 0;
            while self.text.len() < CHUNK {
                self.line.clear();
                if Read::take(&mut *self.input, LONGEST_LINE).read_until(b'\n', &mut self.line)? == 0 {
                    break;
                }
                if std::str::from_utf8(&self.line).is_ok() {
                    self.text.extend_from_slice(&self.line);
                } else {
                    let (text, _) = WINDOWS_1252.decode_without_bom_handling(&self.line);
                    self.text.extend_from_slice(text.as_bytes());
                }
            }
        }
        Ok(&self.text[self.at..])
    }
}

//! Which kind of file it is; what is no table at all, and what to do then.

use std::io::Read;

use super::book::Limits;
use super::compound::Compound;
use super::package::Package;
use super::{Kind, Options, Source, json, refused, text, unread};
use crate::fault::Fault;

/// How many bytes say what a file is.
const HEAD: u64 = 64 * 1024;
/// What workbooks of 1997 to 2003 begin with, and whatever else is kept in the same container.
const COMPOUND: [u8; 8] = [0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1];
/// Files that are no tables: how they begin, and what they are.
const OTHERS: [(&[u8], &str); 15] = [
    (b"%PDF", "a PDF: ask for the table it was made of"),
    (b"\x89PNG", "a picture: a table must be typed in or asked for"),
    (b"\xff\xd8\xff", "a picture: a table must be typed in or asked for"),
    (b"GIF8", "a picture: a table must be typed in or asked for"),
    (b"II*\0", "a picture: a table must be typed in or asked for"),
    (b"MM\0*", "a picture: a table must be typed in or asked for"),
    (b"\x1f\x8b", "packed with gzip: unpack it and send what is in it"),
    (b"Rar!", "a RAR archive: unpack it and send what is in it"),
    (b"7z\xbc\xaf", "a 7z archive: unpack it and send what is in it"),
    (b"\x28\xb5\x2f\xfd", "packed with zstd: unpack it and send what is in it"),
    (b"BZh", "packed with bzip2: unpack it and send what is in it"),
    (b"{\\rtf", "a document (RTF): save its table as CSV or as a workbook"),
    (b"SQLite format 3", "a database: export its table as CSV"),
    (b"PAR1", "a Parquet file: export it as CSV"),
    (b"\x09\x08", "a workbook older than Excel 97: open it in a spreadsheet and save it as XLSX"),
];

/// What is said of a workbook with a password.
pub(super) fn locked() -> Fault {
    refused("password", "the workbook has a password: open it, save it without one, and send what was saved")
}

fn other(what: &str) -> Fault {
    refused("not_a_table", format!("this is {what}"))
}

/// What a file is: as somebody says where that can be, else as it looks.
pub(super) fn of(source: &dyn Source, options: &Options) -> Result<Kind, Fault> {
    if source.is_empty() {
        return Err(refused("no_table", "expected a table, found an empty file"));
    }
    let found = found(source)?;
    match options.kind {
        None => Ok(found),
        Some(told) if told == found => Ok(told),
        Some(told) if told.is_workbook() || found.is_workbook() => Err(refused(
            "another_kind",
            format!("expected a file of the kind {}, found one of the kind {}", told.name(), found.name()),
        )),
        Some(told) => Ok(told),
    }
}

/// What a file looks like.
pub(crate) fn found(source: &dyn Source) -> Result<Kind, Fault> {
    let mut head = Vec::new();
    source.open().and_then(|file| file.take(HEAD).read_to_end(&mut head)).map_err(|error| unread(&error))?;
    if head.starts_with(b"PK\x03\x04") || head.starts_with(b"PK\x05\x06") {
        return packed(source);
    }
    if head.starts_with(&COMPOUND) {
        return compound(source);
    }
    if let Some((_, what)) = OTHERS.iter().find(|(begin, _)| head.starts_with(begin)) {
        return Err(other(what));
    }
    let is_marked = head.starts_with(b"\xff\xfe") || head.starts_with(b"\xfe\xff");
    let is_wide = is_marked || text::without_mark(&head[..head.len().min(4_096)]).is_some();
    let text: Vec<u8> = if is_wide {
        head.iter().skip(if is_marked { 2 } else { 0 }).copied().filter(|byte| *byte != 0).collect()
    } else {
        head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&head).to_vec()
    };
    let text = text.trim_ascii_start();
    markup(text)?;
    let behind = text.get(1..).unwrap_or_default().trim_ascii_start().first().copied();
    match (text.first(), behind) {
        (Some(b'{'), Some(b'"' | b'}')) => {
            Ok(if !is_wide && json::is_lines(source) { Kind::JsonLines } else { Kind::Json })
        }
        (Some(b'['), Some(b'{' | b'[' | b']')) => Ok(Kind::Json),
        _ if is_binary(&head, is_wide) => {
            Err(other("no kind of table that is known here: expected CSV, JSON, or a workbook (XLSX, XLSB, XLS, ODS)"))
        }
        _ => Ok(Kind::Csv),
    }
}

/// HTML and XML, which are often called `.xls`.
fn markup(text: &[u8]) -> Result<(), Fault> {
    let begin = String::from_utf8_lossy(&text[..text.len().min(4_096)]).to_ascii_lowercase();
    if !begin.starts_with('<') {
        return Ok(());
    }
    let resave = "open it in a spreadsheet and save it as XLSX";
    if begin.contains("urn:schemas-microsoft-com:office:spreadsheet") {
        return Err(other(&format!("a spreadsheet in XML of Excel 2003, whatever it is called: {resave}")));
    }
    if ["<html", "<!doctype html", "<table", "<head", "<body", "<meta"].iter().any(|tag| begin.contains(tag)) {
        return Err(other(&format!("a web page (HTML), whatever it is called: {resave}")));
    }
    if begin.starts_with("<?xml") {
        return Err(other(&format!("XML: {resave}, or ask for CSV")));
    }
    Ok(())
}

/// Whether bytes are no text: signs that no text has, other than those of UTF-16.
fn is_binary(head: &[u8], is_wide: bool) -> bool {
    let head = &head[..head.len().min(4_096)];
    let strange = head.iter().filter(|byte| matches!(**byte, 1..=8 | 14..=26 | 28..=31)).count();
    let zeros = head.iter().filter(|byte| **byte == 0).count();
    !is_wide && (strange * 20 > head.len() || (zeros > 0 && zeros * 4 < head.len() && strange > 0))
}

/// What a zip file holds.
fn packed(source: &dyn Source) -> Result<Kind, Fault> {
    let package = Package::open(source, &Limits::LOOK)?;
    let mime = package.whole(source, "mimetype", 200)?.unwrap_or_default();
    let mime = String::from_utf8_lossy(&mime).trim().to_owned();
    if mime.starts_with("application/vnd.oasis.opendocument.spreadsheet") {
        Ok(Kind::Ods)
    } else if package.has("xl/workbook.bin") {
        Ok(Kind::Xlsb)
    } else if package.has("xl/workbook.xml") || package.has_below("xl/") {
        Ok(Kind::Xlsx)
    } else if mime.starts_with("application/vnd.oasis.opendocument.text") || package.has_below("word/") {
        Err(other("a document (Word): save its table as CSV or as a workbook"))
    } else if package.has_below("ppt/") || mime.contains("presentation") {
        Err(other("a presentation: save its table as CSV or as a workbook"))
    } else if package.has_below("index/") {
        Err(other("a file of Apple Numbers: export it as Excel (XLSX) or CSV"))
    } else if package.has("[content_types].xml") {
        Ok(Kind::Xlsx)
    } else {
        Err(other("a zip archive and no workbook: unpack it and send the file that is in it"))
    }
}

/// What the container of 1997 holds.
fn compound(source: &dyn Source) -> Result<Kind, Fault> {
    let compound = Compound::open(source)?;
    if compound.has("EncryptedPackage") || compound.has("EncryptionInfo") {
        Err(locked())
    } else if compound.has("Workbook") || compound.has("Book") {
        Ok(Kind::Xls)
    } else if compound.has("WordDocument") {
        Err(other("a document (Word): save its table as CSV or as a workbook"))
    } else if compound.has("PowerPoint Document") {
        Err(other("a presentation: save its table as CSV or as a workbook"))
    } else {
        Err(other(
            "no workbook, though it is kept like one: open it in the program it is from and save its table as CSV",
        ))
    }
}

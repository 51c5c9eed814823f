//! XML read piece by piece, in bounded memory.

use std::io::BufReader;

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

use super::package::{Part, broken_part};
use crate::fault::Fault;

/// XML in a part of a workbook.
pub(super) struct Xml<'a> {
    reader: Reader<BufReader<Part<'a>>>,
    buffer: Vec<u8>,
}

impl std::fmt::Debug for Xml<'_> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Xml").finish_non_exhaustive()
    }
}

impl<'a> Xml<'a> {
    pub(super) fn new(part: Part<'a>) -> Self {
        Self { reader: Reader::from_reader(BufReader::with_capacity(64 * 1024, part)), buffer: Vec::new() }
    }

    /// The next piece.
    pub(super) fn next(&mut self) -> Result<Event<'_>, Fault> {
        self.buffer.clear();
        self.reader.get_mut().get_mut().begin_piece();
        self.reader.read_event_into(&mut self.buffer).map_err(broken)
    }
}

/// What is said of XML that is none.
pub(super) fn broken(error: quick_xml::Error) -> Fault {
    match error {
        quick_xml::Error::Io(error) => broken_part(&error),
        error => unreadable(error),
    }
}

/// What is said of a workbook that cannot be read.
pub(super) fn unreadable(what: impl std::fmt::Display) -> Fault {
    let what: String = what.to_string().chars().take(200).collect();
    super::refused("unreadable_workbook", format!("this is not a readable workbook: {what}"))
}

/// What is said of a workbook that holds too much.
pub(super) fn too_large(what: impl Into<String>) -> Fault {
    super::refused("too_large", what.into())
}

pub(super) fn at_most(most: usize, found: usize, what: &str) -> Result<(), Fault> {
    if found > most {
        Err(too_large(format!("expected at most {} {what} in a workbook", super::grouped(most as u64))))
    } else {
        Ok(())
    }
}

/// The value of an attribute, whatever its prefix.
pub(super) fn attribute(element: &BytesStart<'_>, name: &str) -> Result<Option<String>, Fault> {
    // Looking for repeated names would take their number squared, and repeated names harm nobody.
    for attribute in element.attributes().with_checks(false) {
        let attribute = attribute.map_err(|error| broken(error.into()))?;
        if attribute.key.local_name().as_ref() == name.as_bytes() {
            return attribute.unescape_value().map(|value| Some(value.into_owned())).map_err(broken);
        }
    }
    Ok(None)
}

/// Whether an attribute says yes.
pub(super) fn says_yes(element: &BytesStart<'_>, name: &str) -> Result<bool, Fault> {
    Ok(attribute(element, name)?.is_some_and(|value| value == "1" || value == "true" || value == "on"))
}

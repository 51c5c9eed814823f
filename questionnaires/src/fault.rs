//! One problem in a document or in answers: where it is, what was expected, how to mend it.

use std::collections::HashSet;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// One problem.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Fault {
    /// Where, as a JSON pointer (RFC 6901); empty for the whole document.
    pub pointer: String,
    /// The line in the text, from 1; absent where no text was read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<u32>,
    /// The column in the line, in characters, from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub column: Option<u32>,
    /// What kind of problem, in `snake_case`; codes never change their meaning.
    pub code: String,
    /// What was expected and how to mend it.
    pub message: String,
}

impl Fault {
    /// A problem at a pointer, with no line.
    #[must_use]
    pub fn new(pointer: impl Into<String>, code: &str, message: impl Into<String>) -> Self {
        Self { pointer: pointer.into(), line: None, column: None, code: code.to_owned(), message: message.into() }
    }
}

/// Escapes one step of a JSON pointer.
pub(crate) fn escape(step: &str) -> String {
    step.replace('~', "~0").replace('/', "~1")
}

/// `; did you mean …?` for the nearest known name, or nothing when none is near.
pub(crate) fn did_you_mean<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    // The distance costs length × length, and nothing as long as this is a slip of the finger.
    if name.len() > 64 {
        return String::new();
    }
    let near = |candidate: &&str| candidate.len().abs_diff(name.len()) <= 1 + candidate.len().max(name.len()) / 4;
    known
        .into_iter()
        .filter(near)
        .map(|candidate| (strsim::damerau_levenshtein(name, candidate), candidate))
        .filter(|(distance, candidate)| *distance <= 1 + candidate.chars().count().max(name.chars().count()) / 4)
        .min()
        .map(|(_, candidate)| format!("; did you mean `{candidate}`?"))
        .unwrap_or_default()
}

/// The most faults reported at once; a document with more is reported with the first of them.
pub const MAX_FAULTS: usize = 500;
/// How many faults say which known name is nearest. Looking it up costs, and a document with more than so many
/// unknown names was not meant for us.
const MAX_HINTS: usize = 25;

/// The longest step of a pointer, in characters: longer than any key that means something. What stands below a key of a
/// million characters would say them again with every fault.
const MAX_STEP_CHARS: usize = 100;

/// A text, cut where it is longer than so many characters.
pub(crate) fn shortened(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        Some((end, _)) => format!("{}\u{2026}", text[..end].trim_end()),
        None => text.to_owned(),
    }
}

/// A place in a document, while walking it.
pub(crate) enum Path<'a> {
    Root,
    Key(&'a Path<'a>, &'a str),
    Index(&'a Path<'a>, usize),
}

impl Path<'_> {
    pub(crate) fn pointer(&self) -> String {
        match self {
            Self::Root => String::new(),
            Self::Key(parent, key) => format!("{}/{}", parent.pointer(), escape(&shortened(key, MAX_STEP_CHARS))),
            Self::Index(parent, index) => format!("{}/{index}", parent.pointer()),
        }
    }
}

/// The faults found so far, up to [`MAX_FAULTS`].
#[derive(Debug, Default)]
pub(crate) struct Faults {
    list: Vec<Fault>,
    more: bool,
    hints: usize,
}

impl Faults {
    pub(crate) fn push(&mut self, fault: Fault) {
        if self.list.len() < MAX_FAULTS {
            self.list.push(fault);
        } else {
            self.more = true;
        }
    }

    pub(crate) fn push_at(&mut self, path: &Path<'_>, (line, column): (u32, u32), code: &str, message: String) {
        if self.is_full() {
            self.more = true;
            return;
        }
        let mut fault = Fault::new(path.pointer(), code, message);
        fault.line = (line > 0).then_some(line);
        fault.column = (line > 0).then_some(column);
        self.push(fault);
    }

    pub(crate) fn is_full(&self) -> bool {
        self.list.len() >= MAX_FAULTS
    }

    /// Whether more were found than are told.
    pub(crate) fn is_cut(&self) -> bool {
        self.more
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// Where they are.
    pub(crate) fn pointers(&self) -> HashSet<String> {
        self.list.iter().map(|fault| fault.pointer.clone()).collect()
    }

    /// As [`did_you_mean`], for the first few.
    pub(crate) fn hint<'a>(&mut self, name: &str, known: impl IntoIterator<Item = &'a str>) -> String {
        self.hints += 1;
        if self.hints > MAX_HINTS { String::new() } else { did_you_mean(name, known) }
    }

    /// All of them in the order of their places.
    pub(crate) fn into_sorted(mut self) -> Vec<Fault> {
        self.list.sort_by(|left, right| {
            (left.line, left.column, &left.pointer, &left.code).cmp(&(
                right.line,
                right.column,
                &right.pointer,
                &right.code,
            ))
        });
        self.into_list()
    }

    /// All of them in the order in which they were found.
    pub(crate) fn into_list(mut self) -> Vec<Fault> {
        if self.more {
            self.list.push(Fault::new(
                "",
                "too_many_faults",
                format!("there are more than {MAX_FAULTS} problems; these are the first found"),
            ));
        }
        self.list
    }
}

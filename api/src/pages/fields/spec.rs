//! Fields as a form defines them: what each asks and how it is filled in, and which belong together.

use crate::pages::labels::Choices;

/// How a field is filled in.
#[derive(Clone, Copy)]
pub(in crate::pages) enum Input {
    /// A line of text, with the kind of input that browsers know it by.
    Text(&'static str),
    /// A line that must say something.
    RequiredText(&'static str),
    /// A text of several lines.
    TextArea,
    /// One of these, or nothing; what consists of digits is a number.
    OptionalSelect(Choices),
    /// One of these, the first if nobody chooses.
    Select(Choices),
    /// One of these, and nobody chooses in someone's place.
    RequiredSelect(Choices),
    /// A kind of evidence, which nobody chooses in someone's place.
    EvidenceKind,
    /// Any of these.
    Checkboxes(Choices),
    /// Countries by their two letters, with commas or spaces between.
    Countries,
    /// A day.
    Date,
    /// A day that must be there.
    RequiredDate,
    /// A whole number.
    Integer,
    /// A whole number that must be there.
    RequiredInteger,
    /// A sum of money, in pounds and pence.
    Amount,
    /// The currency of the sum beside it; pounds if not said.
    Currency,
    /// Yes or no, by the words `true` and `false`.
    Boolean(Choices),
    /// A secret, which is never shown; nothing leaves the one there is.
    Secret,
    /// Words with commas or spaces between.
    WordList,
    /// Lines of a text, an equals sign and a word.
    KeyValues,
    /// As many of these as there are: what one is called, and its fields.
    Rows(&'static str, &'static [FieldSpec]),
}

/// A field as a form defines it: its place in the item, what it asks, and what helps to answer.
pub(in crate::pages) struct FieldSpec {
    pub(in crate::pages) key: &'static str,
    pub(in crate::pages) label: &'static str,
    pub(in crate::pages) hint: &'static str,
    pub(in crate::pages) input: Input,
}

/// A field at `key` of the item, with its label, a hint that may be empty, and how it is filled in.
pub(in crate::pages) const fn field(
    key: &'static str,
    label: &'static str,
    hint: &'static str,
    input: Input,
) -> FieldSpec {
    FieldSpec { key, label, hint, input }
}

/// Fields that belong together.
pub(in crate::pages) struct FormSection {
    pub(in crate::pages) title: &'static str,
    pub(in crate::pages) fields: &'static [FieldSpec],
}

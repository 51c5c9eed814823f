//! What is wrong with an input: the place, a stable word for the kind, and a sentence that says what was expected.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use validator::{Validate, ValidationErrors, ValidationErrorsKind};

use crate::{error::Error, text};

/// One thing that is wrong with an input.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Fault {
    /// The place: a JSON pointer into the body (`/contacts/0/email`), or `?name` for a query parameter. Empty means the
    /// whole.
    pub pointer: String,
    /// A stable word for the kind of fault, for programs.
    pub code: String,
    /// What was expected, for people.
    pub detail: String,
}

impl Fault {
    /// A fault at `pointer`.
    pub fn new(pointer: impl Into<String>, code: impl Into<String>, detail: impl Into<String>) -> Self {
        Self { pointer: pointer.into(), code: code.into(), detail: detail.into() }
    }

    /// Puts `prefix` before the pointer, so that it starts one level further out.
    #[must_use]
    pub fn within(mut self, prefix: &str) -> Self {
        self.pointer.insert_str(0, prefix);
        self
    }
}

impl From<diligence_questionnaires::Fault> for Fault {
    fn from(fault: diligence_questionnaires::Fault) -> Self {
        let place = match (fault.line, fault.column) {
            (Some(line), Some(column)) => format!("line {line}, column {column}: "),
            (Some(line), None) => format!("line {line}: "),
            (None, _) => String::new(),
        };
        Self { pointer: fault.pointer, code: fault.code, detail: format!("{place}{}", fault.message) }
    }
}

/// Collects faults, so that all are told at once.
#[derive(Debug, Default)]
pub struct Faults(Vec<Fault>);

impl Faults {
    /// What the `validator` rules beside the fields say of `value`.
    pub fn of(value: &impl Validate) -> Self {
        let mut faults = Self::default();
        if let Err(errors) = value.validate() {
            flatten(&errors, "", &mut faults.0);
            faults.0.sort_by(|left, right| left.pointer.cmp(&right.pointer));
        }
        faults
    }

    /// Validates something new, and checks its texts for characters that they may not hold.
    pub fn of_new<T: Validate + Serialize + JsonSchema + 'static>(new: &T) -> Self {
        let mut faults = Self(text::faults::<T>(&serde_json::to_value(new).unwrap_or_default(), None));
        for fault in Self::of(new).0 {
            if !faults.0.iter().any(|known| known.pointer == fault.pointer) {
                faults.push(fault);
            }
        }
        faults
    }

    /// Adds a fault unless `good`.
    pub fn expect(&mut self, good: bool, pointer: impl Into<String>, code: &str, detail: impl Into<String>) {
        if !good {
            self.push(Fault::new(pointer, code, detail));
        }
    }

    /// Adds a fault.
    pub fn push(&mut self, fault: Fault) {
        self.0.push(fault);
    }

    /// Nothing wrong, or all of it.
    ///
    /// # Errors
    /// [`Error::Invalid`] with every fault.
    pub fn done(self) -> Result<(), Error> {
        if self.0.is_empty() { Ok(()) } else { Err(Error::Invalid(self.0)) }
    }

    /// The faults themselves.
    #[must_use]
    pub fn into_vec(self) -> Vec<Fault> {
        self.0
    }
}

fn flatten(errors: &ValidationErrors, prefix: &str, faults: &mut Vec<Fault>) {
    for (field, kind) in errors.errors() {
        let pointer = if *field == "__all__" { prefix.to_owned() } else { format!("{prefix}/{field}") };
        match kind {
            ValidationErrorsKind::Struct(inner) => flatten(inner, &pointer, faults),
            ValidationErrorsKind::List(items) => {
                for (index, inner) in items {
                    flatten(inner, &format!("{pointer}/{index}"), faults);
                }
            }
            ValidationErrorsKind::Field(list) => {
                for error in list {
                    let bound = |name: &str| error.params.get(name).map(ToString::to_string);
                    let detail = match (&error.message, error.code.as_ref(), bound("min"), bound("max")) {
                        (Some(message), ..) => message.to_string(),
                        (None, "length", Some(low), Some(high)) => {
                            format!("expected between {low} and {high} characters or items")
                        }
                        (None, "length", _, Some(high)) => format!("expected at most {high} characters or items"),
                        (None, "length", Some(low), _) => format!("expected at least {low} characters or items"),
                        (None, "range", Some(low), Some(high)) => format!("expected a number from {low} to {high}"),
                        (None, "range", Some(low), _) => format!("expected {low} or more"),
                        (None, "range", _, Some(high)) => format!("expected {high} or less"),
                        (None, "email", ..) => "expected an e-mail address such as name@example.org".to_owned(),
                        (None, "url", ..) => "expected a web address such as https://example.org".to_owned(),
                        (None, code, ..) => format!("not accepted here ({code})"),
                    };
                    faults.push(Fault::new(&pointer, error.code.as_ref(), detail));
                }
            }
        }
    }
}

/// The name in `known` nearest to `name`, where one is near enough to be meant.
pub fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    known
        .into_iter()
        .map(|candidate| (strsim::damerau_levenshtein(name, candidate), candidate))
        .filter(|(distance, candidate)| *distance <= 1 + candidate.len() / 4)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_in_a_text_names_the_line_whether_or_not_the_column_is_known() {
        let mut fault = diligence_questionnaires::Fault::new("", "syntax", "a quote is never closed");
        assert_eq!(Fault::from(fault.clone()).detail, "a quote is never closed");
        fault.line = Some(12);
        assert_eq!(Fault::from(fault.clone()).detail, "line 12: a quote is never closed");
        fault.column = Some(3);
        assert_eq!(Fault::from(fault).detail, "line 12, column 3: a quote is never closed");
    }
}

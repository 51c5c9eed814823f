//! What lists have in common: what was asked for, the next page, the same as CSV.

use poem::Request;
use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use validator::Validate;

use super::page::{FieldError, Refusal, field_errors};
use crate::{
    problem::Type,
    query::{self, encode},
};

/// Fields of an address that say what has just been done, not what is asked for.
const SAID: [&str; 2] = ["done", "moved"];

/// What someone asked a list for: the same filter that the API takes, from a form whose empty fields say nothing.
pub(super) struct ListQuery<F> {
    pub(super) filter: F,
    /// What was wrong with it: then the filter is as if nothing were asked.
    pub(super) errors: Vec<FieldError>,
    path: &'static str,
    pairs: Vec<(String, String)>,
}

impl<F: DeserializeOwned + JsonSchema + Validate + Default + 'static> ListQuery<F> {
    /// Reads it from the address of a page at `path`.
    pub(super) fn of(request: &Request, path: &'static str) -> Result<Self, Refusal> {
        Self::of_changed(request, path, |_, value| value)
    }

    /// Reads it from the address, and has `change` turn the values of a form into those that the list takes.
    pub(super) fn of_changed(
        request: &Request,
        path: &'static str,
        change: impl Fn(&str, String) -> String,
    ) -> Result<Self, Refusal> {
        let query = request.uri().query().unwrap_or_default();
        let pairs = form_urlencoded::parse(query.as_bytes())
            .map(|(name, value)| (name.into_owned(), value.trim().to_owned()))
            .filter(|(name, value)| !value.is_empty() && !SAID.contains(&name.as_str()));
        let pairs: Vec<(String, String)> = pairs.map(|(name, value)| (name.clone(), change(&name, value))).collect();
        match query::accept::<F>(&pairs) {
            Ok(filter) => Ok(Self { filter, errors: Vec::new(), path, pairs }),
            Err(problem) if problem.kind == Type::Invalid => {
                let names: Vec<&str> = pairs.iter().map(|(name, _)| name.as_str()).collect();
                let mut faults = problem.errors.clone();
                faults.iter_mut().for_each(|fault| fault.pointer = fault.pointer.replace('?', "/"));
                Ok(Self { errors: field_errors(&faults, &names, "filter"), filter: F::default(), path, pairs })
            }
            Err(other) => Err(other.into()),
        }
    }

    /// What this field was given.
    pub(super) fn text(&self, name: &str) -> &str {
        self.pairs.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value)
    }

    /// Whether this field was given this value.
    pub(super) fn is(&self, name: &str, value: &str) -> bool {
        self.text(name) == value
    }

    /// Whether anything but the order was asked for.
    pub(super) fn is_narrowed(&self) -> bool {
        self.pairs.iter().any(|(name, _)| !["sort", "cursor", "limit"].contains(&name.as_str()))
    }

    /// What was asked for but the order and the page.
    pub(super) fn narrowing(&self) -> Vec<(&str, &str)> {
        let own = self.pairs.iter().filter(|(name, _)| !["sort", "cursor", "limit"].contains(&name.as_str()));
        own.map(|(name, value)| (name.as_str(), value.as_str())).collect()
    }

    /// Whether this is a page after the first.
    pub(super) fn is_later(&self) -> bool {
        !self.text("cursor").is_empty()
    }

    fn address(&self, path: &str, without: &[&str], more: &[(&str, &str)]) -> String {
        let own = self
            .pairs
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .filter(|(name, _)| !without.contains(name));
        let pairs: Vec<String> = own
            .chain(more.iter().copied())
            .map(|(name, value)| format!("{}={}", encode(name), encode(value)))
            .collect();
        if pairs.is_empty() { path.to_owned() } else { format!("{path}?{}", pairs.join("&")) }
    }

    /// The first page of the same.
    pub(super) fn first(&self) -> String {
        self.address(self.path, &["cursor"], &[])
    }

    /// The page behind this one.
    pub(super) fn next(&self, cursor: Option<&String>) -> Option<String> {
        cursor.map(|cursor| self.address(self.path, &["cursor"], &[("cursor", cursor)]))
    }

    /// The whole of it as CSV, from an operation of the API.
    pub(super) fn csv(&self, operation: &str) -> String {
        self.address(&format!("{}{operation}", crate::address::ROOT), &["cursor", "limit", "sort"], &[("bom", "true")])
    }
}

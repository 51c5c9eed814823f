//! Whether a row that gives no id is about something that is there, or that an earlier row makes, by its name.

use std::collections::HashMap;

use super::Near;
use crate::{
    identifier::Identifier,
    twin::{Index, Known},
};

/// How many a question names at the most.
const MAXIMUM_NEAR: usize = 5;

/// What a name comes to.
#[derive(Debug)]
pub(super) enum ByName {
    /// Nothing has it, or nearly.
    New,
    /// What is there by this id.
    Is(String),
    /// The same as an earlier row, which stands here.
    Again(String),
    /// Somebody has to say.
    Question(Vec<Near>),
}

/// Whether identifiers say that two are not the same: of one scheme, and none of it alike.
pub(super) fn contradict(one: &[Identifier], other: &[Identifier]) -> bool {
    one.iter().any(|held| {
        let mut of_scheme = other.iter().filter(|given| given.scheme == held.scheme).peekable();
        let is_alike = |given: &Identifier| one.contains(given);
        of_scheme.peek().is_some() && !of_scheme.any(is_alike)
    })
}

/// A name, with the identifiers that come with it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Called<'a> {
    /// The name as people compare it.
    pub(super) compared: &'a str,
    pub(super) identifiers: &'a [Identifier],
}

/// The names of rows before, of which each makes something.
#[derive(Debug, Default)]
pub(super) struct Earlier {
    index: Index,
    rows: Vec<(String, Vec<Identifier>)>,
}

impl Earlier {
    /// Notes what a row at this place makes.
    pub(super) fn note(&mut self, called: Called<'_>, name: &str, place: &str) {
        let known = Known { id: self.rows.len().to_string(), name: name.to_owned() };
        self.index.insert(called.compared, known);
        self.rows.push((place.to_owned(), called.identifiers.to_vec()));
    }

    fn row(&self, known: &Known) -> Option<&(String, Vec<Identifier>)> {
        self.rows.get(known.id.parse::<usize>().ok()?)
    }

    /// The place of the first row of the same name that nothing tells apart from this one.
    pub(super) fn same(&self, called: Called<'_>) -> Option<&str> {
        let rows = self.index.exact(called.compared).iter().filter_map(|known| self.row(known));
        let mut alike = rows.filter(|(_, identifiers)| !contradict(identifiers, called.identifiers));
        alike.next().map(|(place, _)| place.as_str())
    }

    fn near(&self, called: Called<'_>) -> Vec<Near> {
        let near = self.index.near(called.compared).into_iter();
        near.filter_map(|known| {
            let (place, identifiers) = self.row(&known)?;
            let may_be = !contradict(identifiers, called.identifiers);
            may_be.then(|| Near { id: None, name: known.name.clone(), place: Some(place.clone()) })
        })
        .take(MAXIMUM_NEAR)
        .collect()
    }
}

/// What is there of a name, and of names near it.
#[derive(Clone, Debug, Default)]
pub(super) struct There {
    pub(super) exact: Vec<Known>,
    pub(super) near: Vec<Known>,
}

impl There {
    /// Those of the index; of names near it only where nothing is called just so.
    pub(super) fn find(index: &Index, compared: &str) -> Self {
        let exact = index.exact(compared).to_vec();
        let near = if exact.is_empty() { index.near(compared) } else { Vec::new() };
        Self { exact, near }
    }

    /// All of them.
    pub(super) fn ids(&self) -> impl Iterator<Item = &str> {
        self.exact.iter().chain(&self.near).map(|known| known.id.as_str())
    }

    /// What the name comes to, `held` being the identifiers of what is there, by id; what is not in it counts not.
    pub(super) fn decide(&self, called: Called<'_>, held: &HashMap<&str, &[Identifier]>, earlier: &Earlier) -> ByName {
        let counts = |known: &&Known| held.contains_key(known.id.as_str());
        let contradicts = |known: &Known| {
            held.get(known.id.as_str()).is_some_and(|identifiers| contradict(identifiers, called.identifiers))
        };
        let asked = |known: &Known| Near { id: Some(known.id.clone()), name: known.name.clone(), place: None };
        let exact: Vec<&Known> = self.exact.iter().filter(counts).collect();
        if let [only] = exact.as_slice()
            && !contradicts(only)
        {
            return ByName::Is(only.id.clone());
        }
        if let Some(place) = earlier.same(called) {
            return ByName::Again(place.to_owned());
        }
        if !exact.is_empty() {
            return ByName::Question(exact.into_iter().map(asked).take(MAXIMUM_NEAR).collect());
        }
        let there = self.near.iter().filter(counts).filter(|known| !contradicts(known)).map(asked);
        let near: Vec<Near> = there.chain(earlier.near(called)).take(MAXIMUM_NEAR).collect();
        if near.is_empty() { ByName::New } else { ByName::Question(near) }
    }
}

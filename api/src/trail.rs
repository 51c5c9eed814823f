//! What a request leaves behind for the log.

use std::sync::{Arc, OnceLock};

use diligence_entities::{clock::Day, respondent::RespondentScope, scope::Scope};
use poem::http::Uri;

/// What a request leaves behind for the log. Shared between the middleware, outside, and what finds out who asks,
/// inside.
#[derive(Clone, Debug)]
pub(crate) struct Trail {
    /// The request's id.
    pub(crate) request_id: String,
    /// The address as it came in: what is nested below sees only the rest of it.
    pub(crate) address: Uri,
    who: Arc<OnceLock<(String, String)>>,
    key_ends_on: Arc<OnceLock<Day>>,
}

impl Trail {
    /// Of a request with this id, at this address.
    pub(crate) fn new(request_id: String, address: Uri) -> Self {
        Self { request_id, address, who: Arc::default(), key_ends_on: Arc::default() }
    }

    /// Whose organisation's rows are asked for, and who asks.
    pub(crate) fn who(&self) -> Option<(&str, &str)> {
        self.who.get().map(|(organisation, actor)| (organisation.as_str(), actor.as_str()))
    }

    /// On which day the caller's key ends, where that is near.
    pub(crate) fn end_of_key(&self) -> Option<Day> {
        self.key_ends_on.get().copied()
    }

    /// Whether it was noted who is asking.
    pub(crate) fn is_known(&self) -> bool {
        self.who.get().is_some()
    }

    /// Notes who is asking.
    pub(crate) fn note(&self, scope: &Scope) {
        let _ = self.who.set((scope.organisation_id.to_string(), scope.actor.id.clone()));
    }

    /// Notes which respondent is asking.
    pub(crate) fn note_respondent(&self, visit: &RespondentScope) {
        let _ = self.who.set((visit.organisation_id().to_string(), visit.actor().id.clone()));
    }

    /// Notes that the caller's key is about to end.
    pub(crate) fn note_end_of_key(&self, day: Day) {
        let _ = self.key_ends_on.set(day);
    }
}

//! What someone's role did not allow them: kept as an event, but a flood of it only as a number.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use super::record;
use crate::{
    clock::Moment,
    error::Error,
    id::OrganisationId,
    role::Role,
    scope::{Scope, Store},
};

/// How many actors and operations are remembered at once; beyond that, those whose hour is over go.
const MAXIMUM: usize = 10_000;

/// Who was refused what in the hour that runs, as far as this replica knows.
#[derive(Debug, Default)]
pub(crate) struct Refusals(Mutex<HashMap<(OrganisationId, String, &'static str), Hour>>);

#[derive(Clone, Copy, Debug)]
struct Hour {
    since: Moment,
    /// Refusals in it after the first, which has its event.
    more: u64,
}

impl Refusals {
    /// Counts a refusal. The first in an hour is to be recorded, with how many came after the event before it; or else
    /// none is.
    fn count(&self, scope: &Scope, operation: &'static str, now: Moment) -> Option<u64> {
        let mut hours = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let key = (scope.organisation_id.clone(), scope.actor.id.clone(), operation);
        if let Some(hour) = hours.get_mut(&key)
            && now < hour.since.plus_hours(1)
        {
            hour.more = hour.more.saturating_add(1);
            return None;
        }
        if hours.len() >= MAXIMUM {
            hours.retain(|_, hour| now < hour.since.plus_hours(1));
        }
        if hours.len() >= MAXIMUM {
            return None;
        }
        Some(hours.insert(key, Hour { since: now, more: 0 }).map_or(0, |hour| hour.more))
    }

    fn forget(&self, scope: &Scope, operation: &'static str) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&(
            scope.organisation_id.clone(),
            scope.actor.id.clone(),
            operation,
        ));
    }
}

/// Keeps an event of an operation that the caller's role does not allow: one an hour for each caller and operation,
/// which says how many more there were since the event before it.
///
/// # Errors
/// [`Error::Busy`] or [`Error::Database`]; then the next refusal tries again.
pub async fn refused(store: &Store, scope: &Scope, operation: &'static str, needs: Role) -> Result<(), Error> {
    let Some(more) = store.refusals.count(scope, operation, store.clock().now()) else { return Ok(()) };
    let detail = serde_json::json!({ "needs": needs, "has": scope.role, "unrecorded_before_count": more });
    let kept = record(store, scope, "forbid", "operation", operation, Some(detail)).await;
    if kept.is_err() {
        store.refusals.forget(scope, operation);
    }
    kept
}

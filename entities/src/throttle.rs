//! Tries at secrets that people choose or type: after a few failures each further try must wait, longer each time, and
//! never for ever. Kept in the database, so that every replica counts the same.
//!
//! A try counts before it is made, so that many at once gain nothing. A device from which someone has signed in before
//! is counted by itself: a stranger's failures do not keep that person out.

use sea_orm::entity::prelude::*;

use crate::{clock::Moment, error::Error, scope::Store, stored::sha256};

/// How many tries are free.
const FREE: i64 = 5;
/// How long the first wait is, in seconds; each further failure doubles it.
const FIRST_WAIT: i64 = 15;
/// How long a wait is at the most, in seconds.
pub const LONGEST_WAIT: i64 = 900;
/// After how many hours without a failure all is forgotten.
const FORGOTTEN_HOURS: i64 = 24;

/// How often something was tried in vain.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "sign_in_throttle")]
pub struct Model {
    /// A hash of what is tried at.
    #[sea_orm(primary_key, auto_increment = false)]
    pub bucket: String,
    /// How often.
    pub failure_count: i64,
    /// When last.
    pub failed_at: Moment,
}

/// Tries hang on nothing.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}
impl ActiveModelBehavior for ActiveModel {}

/// What is tried at, e.g. the password of an e-mail address from a device; the text itself is not kept.
#[derive(Clone, Debug)]
pub(crate) struct Bucket(pub(crate) String);

impl Bucket {
    pub(crate) fn of(kind: &str, whose: &str, device: Option<&str>) -> Self {
        Self(sha256(format!("diligence {kind}\n{whose}\n{}", device.unwrap_or_default())))
    }

    /// Counts a try that is about to be made.
    ///
    /// # Errors
    /// [`Error::TooMany`] when it must wait; then it was not counted.
    pub(crate) async fn count(&self, store: &Store) -> Result<(), Error> {
        let now = store.clock().now();
        let known = store.failures(&self.0).await?.filter(|known| known.failed_at.plus_hours(FORGOTTEN_HOURS) > now);
        let count = known.as_ref().map_or(0, |known| known.failure_count);
        if let Some(known) = &known {
            let left = wait(count) - now.seconds_since(known.failed_at);
            if left > 0 {
                return Err(Error::TooMany { after_seconds: left.unsigned_abs() });
            }
        }
        // Where two are tried at once, one of them is not counted and waits.
        if store.count_failure(&self.0, count, now).await? { Ok(()) } else { Err(Error::TooMany { after_seconds: 1 }) }
    }

    /// Forgets the failures, since it succeeded.
    pub(crate) async fn clear(&self, store: &Store) -> Result<(), Error> {
        store.forget_failures(&self.0).await
    }
}

/// How long to wait after so many failures, in seconds.
fn wait(failures: i64) -> i64 {
    match failures - FREE {
        over if over < 0 => 0,
        over if over > 10 => LONGEST_WAIT,
        over => (FIRST_WAIT << over).min(LONGEST_WAIT),
    }
}

/// Forgets what is long past.
pub(crate) async fn tidy(store: &Store) -> Result<(), Error> {
    store.forget_failures_before(store.clock().now().plus_hours(-FORGOTTEN_HOURS)).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_and_end() {
        let waits: Vec<i64> = [0, 4, 5, 6, 7, 10, 11, 12, 1000].into_iter().map(wait).collect();
        assert_eq!(waits, [0, 0, 15, 30, 60, 480, 900, 900, 900]);
    }
}

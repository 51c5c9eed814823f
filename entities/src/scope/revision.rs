//! Whether anything has changed in an organisation since an answer was made: what an answer may be kept by.
//!
//! The end of the audit chain changes in the transaction of every change ([`super::Writer::save`]), so two looks at it
//! that find the same one have found the same rows. It is the database that is asked, at every use, so that another
//! process is seen; one question answers everybody who asked before it was sent.
//!
//! Of changes that this process has saved itself it is known which rows they wrote, so that an answer which follows
//! from one row outlives a change of another. Of any other change it is taken that it wrote everything.

use std::{
    collections::{BTreeSet, HashMap, VecDeque},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use sea_orm::{ConnectionTrait as _, DbErr, Statement};

use super::connection::Pool;
use crate::{audit::head, error::Error, id::OrganisationId};

/// How many changes are remembered that nobody has asked after yet.
const ANNOUNCED: usize = 256;
/// Of how many rows it is remembered when they last changed; with more, all count as changed.
const CHANGED: usize = 10_000;
/// How many organisations are told apart at the most; past that, all begin anew.
const ORGANISATIONS: usize = 10_000;

/// The rows that a change has written.
#[derive(Debug, Default)]
pub(super) struct Written {
    /// Whether it has written anything.
    pub(super) any: bool,
    /// Whether it may have written more than these.
    pub(super) everything: bool,
    /// The ids of the rows.
    pub(super) ids: BTreeSet<String>,
}

/// A change that this process saves.
#[derive(Debug)]
struct Announced {
    before: head::Model,
    after: head::Model,
    written: Written,
}

/// What is known of one organisation.
#[derive(Debug, Default)]
struct Known {
    head: Option<head::Model>,
    /// Another, and a greater one, whenever another end of the chain is found.
    number: u64,
    /// What was made before this number may have changed, whatever it is.
    floor: u64,
    /// When rows were last changed since then, by their ids.
    changed: HashMap<String, u64>,
    announced: VecDeque<Announced>,
}

impl Known {
    /// Takes in the end of the chain as it was found; gives its number, `next` where it is another one.
    fn find(&mut self, found: head::Model, next: impl FnOnce() -> u64) -> u64 {
        if self.head.as_ref() == Some(&found) {
            return self.number;
        }
        self.number = next();
        if !self.follow(&found) || self.changed.len() > CHANGED {
            self.floor = self.number;
            self.changed.clear();
        }
        self.head = Some(found);
        self.number
    }

    /// Whether changes of our own, and no others, lead from what was known to what was found; if so, notes what they
    /// wrote.
    fn follow(&mut self, found: &head::Model) -> bool {
        let (Some(known), mut at) = (&self.head, found) else { return false };
        let mut steps = BTreeSet::new();
        while at != known {
            let step =
                self.announced.iter().enumerate().find(|(place, step)| !steps.contains(place) && &step.after == at);
            let Some((place, step)) = step else { return false };
            steps.insert(place);
            at = &step.before;
        }
        let mut is_known = true;
        let mut kept = VecDeque::new();
        for (place, step) in self.announced.drain(..).enumerate() {
            if steps.contains(&place) {
                is_known &= !step.written.everything;
                self.changed.extend(step.written.ids.into_iter().map(|id| (id, self.number)));
            } else {
                kept.push_back(step);
            }
        }
        self.announced = kept;
        is_known
    }
}

/// The last question and its answer.
#[derive(Debug)]
struct Asked {
    /// Up to which of those who came it was sent after.
    covers: u64,
    found: Result<u64, DbErr>,
}

#[derive(Debug)]
struct Watched {
    /// How many have come to ask.
    arrived: AtomicU64,
    asked: tokio::sync::Mutex<Asked>,
    known: Mutex<Known>,
}

impl Default for Watched {
    fn default() -> Self {
        let asked = Asked { covers: 0, found: Ok(0) };
        Self { arrived: AtomicU64::new(0), asked: tokio::sync::Mutex::new(asked), known: Mutex::default() }
    }
}

impl Watched {
    fn known(&self) -> std::sync::MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// How the organisations stand, as far as anybody has asked.
#[derive(Debug)]
pub(super) struct Revisions {
    /// Connections of its own, so that the question waits for nobody who reads for long.
    pool: Pool,
    /// The last number that was given: to no two ends of chains the same, so that whoever is forgotten and asked about
    /// again is not taken for what they were.
    last: AtomicU64,
    organisations: Mutex<HashMap<OrganisationId, Arc<Watched>>>,
}

impl Revisions {
    pub(super) fn new(pool: Pool) -> Self {
        Self { pool, last: AtomicU64::new(0), organisations: Mutex::default() }
    }

    fn watched(&self, organisation_id: &OrganisationId) -> Arc<Watched> {
        let mut organisations = self.organisations.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(watched) = organisations.get(organisation_id) {
            return Arc::clone(watched);
        }
        if organisations.len() >= ORGANISATIONS {
            organisations.clear();
        }
        Arc::clone(organisations.entry(organisation_id.clone()).or_default())
    }

    /// How the organisation stands: not before this was called.
    pub(super) async fn find(&self, organisation_id: &OrganisationId) -> Result<Revision, Error> {
        let watched = self.watched(organisation_id);
        let own = watched.arrived.fetch_add(1, Ordering::SeqCst) + 1;
        let mut asked = watched.asked.lock().await;
        if asked.covers < own {
            let covers = watched.arrived.load(Ordering::SeqCst);
            let next = || self.last.fetch_add(1, Ordering::Relaxed) + 1;
            let found = self.ask(organisation_id).await.map(|head| watched.known().find(head, next));
            *asked = Asked { covers, found };
        }
        let number = asked.found.clone()?;
        drop(asked);
        Ok(Revision { number, watched })
    }

    async fn ask(&self, organisation_id: &OrganisationId) -> Result<head::Model, DbErr> {
        let statement = Statement::from_sql_and_values(
            self.pool.backend(),
            "SELECT sequence, revision, hash FROM audit_head WHERE organisation_id = $1",
            [organisation_id.as_str().into()],
        );
        let Some(row) = self.pool.query_one_raw(statement).await? else {
            return Ok(head::Model::start(organisation_id));
        };
        Ok(head::Model {
            organisation_id: organisation_id.clone(),
            sequence: row.try_get_by_index(0)?,
            revision: row.try_get_by_index(1)?,
            hash: row.try_get_by_index(2)?,
        })
    }

    /// Says what is about to be saved, before it is: once it is, anybody may find it.
    pub(super) fn announce(&self, before: head::Model, after: head::Model, written: Written) {
        let organisations = self.organisations.lock().unwrap_or_else(PoisonError::into_inner);
        let watched = organisations.get(&before.organisation_id).map(Arc::clone);
        drop(organisations);
        let Some(watched) = watched else { return };
        let mut known = watched.known();
        if known.announced.len() >= ANNOUNCED {
            known.announced.pop_front();
        }
        known.announced.push_back(Announced { before, after, written });
    }

    pub(super) async fn close(&self) {
        self.pool.close().await;
    }
}

/// How an organisation's rows stood at one moment.
#[derive(Clone, Debug)]
pub struct Revision {
    number: u64,
    watched: Arc<Watched>,
}

impl Revision {
    /// Which of those that were found this is. What is made after asking for it is at least as new.
    #[must_use]
    pub fn number(&self) -> u64 {
        self.number
    }

    /// Whether what was made at the revision of this number is still right: of the row by this id alone, or of
    /// whatever the organisation has.
    #[must_use]
    pub fn holds(&self, number: u64, item_id: Option<&str>) -> bool {
        if number == self.number {
            return true;
        }
        let Some(id) = item_id else { return false };
        let known = self.watched.known();
        number >= known.floor && known.changed.get(id).is_none_or(|changed| number >= *changed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head(sequence: i64, revision: i64) -> head::Model {
        let start = head::Model::start(&"org_00000000000000000000000000000001".parse().expect("an id"));
        head::Model { sequence, revision, hash: format!("{sequence:064}"), ..start }
    }

    fn announced(before: i64, after: i64, ids: &[&str]) -> Announced {
        let ids = ids.iter().map(|id| (*id).to_owned()).collect();
        Announced {
            before: head(before, 0),
            after: head(after, 0),
            written: Written { any: true, everything: false, ids },
        }
    }

    fn watched(known: Known) -> Arc<Watched> {
        Arc::new(Watched { known: Mutex::new(known), ..Watched::default() })
    }

    #[test]
    fn what_follows_from_a_row_outlives_changes_of_others_and_nothing_outlives_a_change_of_someone_else() {
        let mut known = Known::default();
        assert_eq!((known.find(head(1, 0), || 1), known.find(head(1, 0), || 2)), (1, 1));
        known.announced.extend([announced(2, 4, &["b"]), announced(1, 2, &["a"]), announced(1, 3, &["c"])]);
        assert_eq!(known.find(head(4, 0), || 2), 2, "two of our own, in whatever order they were announced");
        let at = |number, known| Revision { number, watched: watched(known) };
        let now = at(2, known);
        let holds = |item: &str| now.holds(1, Some(item));
        assert_eq!(
            [holds("a"), holds("b"), holds("c"), now.holds(1, None), now.holds(2, None)],
            [false, false, true, false, true]
        );

        let mut known = std::mem::take(&mut *now.watched.known());
        assert_eq!(known.announced.len(), 1, "the one that was not saved");
        assert_eq!(known.find(head(4, 1), || 3), 3, "a change without an event, by someone else");
        let now = at(3, known);
        assert!(!now.holds(2, Some("c")) && now.holds(3, Some("c")));
    }

    #[test]
    fn a_change_of_more_than_is_known_leaves_nothing_standing() {
        let mut known = Known::default();
        known.find(head(1, 0), || 1);
        let mut step = announced(1, 2, &["a"]);
        step.written.everything = true;
        known.announced.push_back(step);
        known.find(head(2, 0), || 2);
        assert!(!Revision { number: 2, watched: watched(known) }.holds(1, Some("z")));
    }

    #[test]
    fn who_was_forgotten_and_is_asked_about_again_is_not_taken_for_what_they_were() {
        let mut known = Known::default();
        // Others have been asked about meanwhile.
        known.find(head(1, 0), || 7);
        let now = Revision { number: 7, watched: watched(known) };
        assert!(![1, 6].into_iter().any(|made| now.holds(made, Some("a")) || now.holds(made, None)));
    }
}

//! Editions that no longer stand: what they rest on was replaced, or nobody has looked at it for a year.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use diligence_questionnaires::{Edition, Outdated, OutdatedBecause, Source, edition::LOOK_MONTHS, library};
use schemars::JsonSchema;
use sea_orm::QuerySelect as _;
use serde::Serialize;

use super::{Column, Entity, Model};
use crate::{
    clock::{Day, Moment},
    error::Error,
    id::EditionId,
    scope::{PORTION, Reader},
    stored::Json,
};

/// Why an edition no longer stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct OutdatedEdition {
    /// Since when, as far as is known: the day on which the first of its sources was last seen to be replaced, or the
    /// day after the year of the last look; null where nobody ever looked.
    pub since: Option<Day>,
    /// The sources that no longer stand, and why.
    pub sources: Vec<Outdated>,
}

impl OutdatedEdition {
    /// What of an edition no longer stands on a day; none where all of it does.
    #[must_use]
    pub fn of(edition: &Edition, day: Day) -> Option<Self> {
        Self::by(&edition.key, &edition.source, day)
    }

    /// The same, of an edition of which only its questionnaire's key and its sources are at hand.
    pub(super) fn by(key: &str, sources: &[Source], day: Day) -> Option<Self> {
        let sources = library::outdated_sources(key, sources, day.date());
        if sources.is_empty() {
            return None;
        }
        let since = |source: &Outdated| {
            let looked = Day::from(source.looked_at?);
            Some(match source.because {
                OutdatedBecause::NotLookedAt => looked.plus_months(LOOK_MONTHS).plus_days(1),
                OutdatedBecause::Replaced | OutdatedBecause::NeverLookedAt => looked,
            })
        };
        Some(Self { since: sources.iter().filter_map(since).min(), sources })
    }
}

impl fmt::Display for OutdatedEdition {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, source) in self.sources.iter().enumerate() {
            if index > 0 {
                formatter.write_str("; ")?;
            }
            match (&source.replaced_by, source.looked_at) {
                (Some(by), _) => write!(formatter, "{} was replaced by {by}", source.source)?,
                (None, Some(day)) => write!(formatter, "nobody has looked at {} since {day}", source.source)?,
                (None, None) => write!(formatter, "nobody has ever looked at {}", source.source)?,
            }
        }
        Ok(())
    }
}

/// An edition that assessments rest on.
pub(crate) struct EditionInUse {
    pub(crate) key: String,
    pub(crate) edition: String,
    pub(crate) title: String,
}

/// Those of these editions that no longer stand today, and why. Whoever published one has looked at what it is based on:
/// what nobody has looked at since is not held against it for a year.
pub(crate) async fn outdated(
    reader: &Reader,
    ids: &BTreeSet<EditionId>,
) -> Result<Vec<(EditionInUse, OutdatedEdition)>, Error> {
    type Row = (EditionId, String, String, String, Moment, Option<Json<Vec<Source>>>);
    let columns = [Column::Id, Column::Key, Column::Edition, Column::Title, Column::CreatedAt, Column::BasedOn];
    let today = reader.today();
    let mut found = Vec::new();
    let ids: Vec<&EditionId> = ids.iter().collect();
    for portion in ids.chunks(PORTION) {
        let select = reader.find_among::<Entity, _>(Column::Id, portion.iter().map(|id| id.as_str()));
        let rows: Vec<Row> = reader.tuples(select.select_only().columns(columns)).await?;
        let unknown = rows.iter().filter(|(.., based_on)| based_on.is_none());
        let unknown: BTreeSet<String> = unknown.map(|(id, ..)| id.to_string()).collect();
        let mut sources = sources_of(reader, &unknown).await?;
        for (id, key, edition, title, created_at, based_on) in rows {
            let based_on = based_on.map(|known| known.0).or_else(|| sources.remove(id.as_str())).unwrap_or_default();
            let Some(mut outdated) = OutdatedEdition::by(&key, &based_on, today) else { continue };
            let first = created_at.day().plus_months(LOOK_MONTHS).plus_days(1);
            let is_unseen = |source: &Outdated| source.because == OutdatedBecause::NeverLookedAt;
            if today < first {
                outdated.sources.retain(|source| !is_unseen(source));
            } else if outdated.sources.iter().all(is_unseen) {
                outdated.since = Some(first);
            }
            if !outdated.sources.is_empty() {
                found.push((EditionInUse { key, edition, title }, outdated));
            }
        }
    }
    Ok(found)
}

/// What editions are based on that were kept by earlier programs, by their ids: as their documents say.
pub(super) async fn sources_of(
    reader: &Reader,
    ids: &BTreeSet<String>,
) -> Result<BTreeMap<String, Vec<Source>>, Error> {
    let rows: Vec<Model> = reader.get_many::<Entity>(ids).await?;
    let read = |row: &Model| Ok::<_, Error>((row.id.to_string(), row.parsed(reader)?.source.clone()));
    rows.iter().map(read).collect()
}

//! Which questionnaires to list, and the list itself: the library's and the organisation's own, each with its editions.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::OnceLock,
};

use diligence_questionnaires::{
    AppliesTo, Edition, Source,
    library::{self, order},
};
use schemars::JsonSchema;
use sea_orm::QuerySelect as _;
use serde::{Deserialize, Serialize};
use validator::Validate;

use super::{Column, Entity, Origin, OutdatedEdition, outdated::sources_of};
use crate::{
    error::Error,
    page::{self, Page},
    scope::Reader,
    stored::{Json, Word, from_hex, hex},
};

/// One edition in a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct EditionEntry {
    /// Which edition.
    pub edition: String,
    /// SHA-256 of its canonical JSON.
    pub hash: String,
    /// Why it is outdated today, and since when; null where everything that it is based on still stands.
    pub outdated: Option<OutdatedEdition>,
}

/// A questionnaire in a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Questionnaire {
    /// Its key.
    pub key: String,
    /// Its title.
    pub title: String,
    /// What it is about, in a paragraph.
    pub summary: String,
    /// The framework it mostly scores.
    pub framework: String,
    /// What it can be put to.
    pub applies_to: Vec<AppliesTo>,
    /// Who wrote it.
    pub origin: Origin,
    /// The latest edition.
    pub latest_edition: String,
    /// Every edition, latest first.
    pub editions: Vec<EditionEntry>,
    /// How many questions the latest edition has.
    pub question_count: u32,
}

impl Questionnaire {
    /// Why its latest edition is outdated today; none where it is not.
    #[must_use]
    pub fn outdated(&self) -> Option<&OutdatedEdition> {
        self.editions.first()?.outdated.as_ref()
    }
}

/// Which questionnaires to list.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, Validate)]
#[serde(default, deny_unknown_fields)]
pub struct QuestionnaireFilter {
    /// Who wrote it.
    pub origin: Option<Origin>,
    /// The framework it mostly scores.
    #[validate(length(min = 1, max = 64))]
    pub framework: Option<String>,
    /// How many to answer, 1 to 200; 50 if not said.
    #[validate(range(min = 1, max = 200))]
    pub limit: Option<u64>,
    /// The `next` of the page before.
    #[validate(length(max = 2000))]
    pub cursor: Option<String>,
}

/// A page of questionnaires by key: the library's and the organisation's own.
///
/// # Errors
/// [`Error::Invalid`] for a cursor that is none.
pub async fn list(reader: &Reader, filter: &QuestionnaireFilter) -> Result<Page<Questionnaire>, Error> {
    let mut known: BTreeMap<String, Vec<Listed>> = BTreeMap::new();
    let columns = [Column::Key, Column::Edition, Column::Hash, Column::Id, Column::Origin, Column::Framework];
    type Kept = (String, String, String, String, Word<Origin>, String, Option<Json<Vec<Source>>>);
    let rows: Vec<Kept> =
        reader.tuples(reader.find::<Entity>().select_only().columns(columns).column(Column::BasedOn)).await?;
    for (key, edition, hash, id, origin, framework, based_on) in rows {
        let (origin, based_on) = (origin.0, based_on.map(|known| known.0));
        known.entry(key).or_default().push(Listed { edition, hash, framework, origin, id: Some(id), based_on });
    }
    for (edition, hash) in built_in() {
        let same = known.entry(edition.key.clone()).or_default();
        if !same.iter().any(|other| other.edition == edition.edition) {
            same.push(Listed {
                edition: edition.edition.clone(),
                hash: hash.clone(),
                framework: edition.framework.clone(),
                origin: Origin::Library,
                id: None,
                based_on: Some(edition.source.clone()),
            });
        }
    }
    let after = match &filter.cursor {
        Some(cursor) => from_hex(cursor)
            .and_then(|bytes| String::from_utf8(bytes).ok())
            .ok_or_else(|| Error::invalid("?cursor", "cursor", "expected the `next` of a page of this list"))?,
        None => String::new(),
    };
    let limit = usize::try_from(filter.limit.unwrap_or(page::DEFAULT_LIMIT)).unwrap_or(usize::MAX);
    let mut chosen = Vec::new();
    for (key, mut editions) in known.into_iter().filter(|(key, _)| *key > after) {
        editions.sort_by_key(|listed| std::cmp::Reverse(order(&listed.edition)));
        let fits = editions.first().is_some_and(|latest| {
            filter.origin.is_none_or(|wanted| wanted == latest.origin)
                && filter.framework.as_ref().is_none_or(|wanted| *wanted == latest.framework)
        });
        if fits {
            chosen.push((key, editions));
        }
        if chosen.len() > limit {
            break;
        }
    }
    let mut next = None;
    if chosen.len() > limit {
        chosen.truncate(limit);
        next = chosen.last().map(|(key, _)| hex(key.as_bytes()));
    }
    // Of those that were kept by earlier programs, the document alone says what they are based on.
    let unsaid = chosen.iter().flat_map(|(_, editions)| editions).filter(|listed| listed.based_on.is_none());
    let unsaid: BTreeSet<String> = unsaid.filter_map(|listed| listed.id.clone()).collect();
    let said = sources_of(reader, &unsaid).await?;
    let today = reader.today();
    let outdated = |key: &str, listed: &Listed| {
        let of_document = || said.get(listed.id.as_deref().unwrap_or_default());
        OutdatedEdition::by(key, listed.based_on.as_ref().or_else(of_document)?, today)
    };
    // Of those on the page that are kept here, the latest edition says what the questionnaire is about.
    let latest: Vec<&str> = chosen.iter().filter_map(|(_, editions)| editions.first()?.id.as_deref()).collect();
    let columns = [Column::Key, Column::Title, Column::Summary, Column::AppliesTo, Column::QuestionCount];
    type Row = (String, String, String, Json<Vec<AppliesTo>>, i64);
    let rows: Vec<Row> =
        reader.tuples(reader.find_among::<Entity, _>(Column::Id, latest).select_only().columns(columns)).await?;
    let mut about: BTreeMap<String, (String, String, Vec<AppliesTo>, i64)> = rows
        .into_iter()
        .map(|(key, title, summary, applies_to, count)| (key, (title, summary, applies_to.0, count)))
        .collect();
    let items = chosen.into_iter().filter_map(|(key, editions)| {
        let first = editions.first()?;
        let (title, summary, applies_to, question_count) = match about.remove(&key) {
            Some(about) => about,
            None => {
                let edition = library::edition(&key, Some(&first.edition))?;
                let question_count = i64::try_from(edition.questions().count()).unwrap_or(i64::MAX);
                (edition.title.clone(), edition.summary.clone(), edition.applies_to.clone(), question_count)
            }
        };
        Some(Questionnaire {
            editions: editions
                .iter()
                .map(|listed| EditionEntry {
                    edition: listed.edition.clone(),
                    hash: listed.hash.clone(),
                    outdated: outdated(&key, listed),
                })
                .collect(),
            key,
            title,
            summary,
            framework: first.framework.clone(),
            applies_to,
            origin: first.origin,
            latest_edition: first.edition.clone(),
            question_count: u32::try_from(question_count).unwrap_or(u32::MAX),
        })
    });
    Ok(Page { items: items.collect(), next })
}

/// An edition as far as a list needs it.
struct Listed {
    edition: String,
    hash: String,
    framework: String,
    origin: Origin,
    /// Its row, if it is kept here.
    id: Option<String>,
    /// What it is based on; none where only its document says.
    based_on: Option<Vec<Source>>,
}

/// The library's editions with their hashes, worked out once.
fn built_in() -> &'static [(&'static Edition, String)] {
    static EDITIONS: OnceLock<Vec<(&'static Edition, String)>> = OnceLock::new();
    EDITIONS.get_or_init(|| library::editions().iter().map(|edition| (edition, edition.hash())).collect())
}

//! What is due about our own house: keys and secrets that end, and questionnaires in use whose sources no longer stand.
//! Nobody in particular looks after these, so they are the administrators'.

use sea_orm::{ColumnTrait as _, QueryFilter as _};

use super::{Changes, Column, DueKind, Entity, Wanted, settlement, without_settled};
use crate::{
    api_key, assessment,
    error::Error,
    identity_provider,
    questionnaire::{self, OutdatedEdition},
    scope::{Reader, Writer},
    stored::Word,
};

/// The kinds, each with the noun whose change it follows from.
const KINDS: [(DueKind, &str); 3] = [
    (DueKind::KeyEnd, "api_key"),
    (DueKind::ProviderSecretEnd, "identity_provider"),
    (DueKind::EditionOutdated, "questionnaire"),
];

/// All of them.
const ALL: [DueKind; 3] = [DueKind::KeyEnd, DueKind::ProviderSecretEnd, DueKind::EditionOutdated];

/// Makes those items anew that follow from these nouns, which have changed.
pub(crate) async fn follow(writer: &Writer, nouns: &[&'static str]) -> Result<(), Error> {
    let of = |(kind, noun): &(DueKind, &str)| nouns.contains(noun).then_some(*kind);
    refresh(writer, &KINDS.iter().filter_map(of).collect::<Vec<_>>()).await
}

/// Makes the items of these kinds anew.
pub(super) async fn refresh(writer: &Writer, kinds: &[DueKind]) -> Result<(), Error> {
    let changes = differences(writer, kinds).await?;
    if changes.is_empty() { Ok(()) } else { changes.carry_out(writer).await }
}

/// Makes all of them anew.
pub(crate) async fn refresh_all(writer: &Writer) -> Result<(), Error> {
    refresh(writer, &ALL).await
}

/// Whether any of them is not as it is to be today.
pub(super) async fn has_moved(reader: &Reader) -> Result<bool, Error> {
    Ok(!differences(reader, &ALL).await?.is_empty())
}

async fn differences(reader: &Reader, kinds: &[DueKind]) -> Result<Changes, Error> {
    let mut changes = Changes::default();
    if kinds.is_empty() {
        return Ok(changes);
    }
    let settled = settlement::of_house(reader).await?;
    for kind in kinds {
        let known = reader.all(reader.find::<Entity>().filter(Column::Kind.eq(Word(*kind)))).await?;
        let wanted = match kind {
            DueKind::KeyEnd => keys(reader).await?,
            DueKind::ProviderSecretEnd => provider_secrets(reader).await?,
            DueKind::EditionOutdated => editions(reader).await?,
            _ => continue,
        };
        changes.add(Changes::between(reader, known, without_settled(wanted, &settled)));
    }
    Ok(changes)
}

/// Keys that end and that nobody has replaced.
async fn keys(reader: &Reader) -> Result<Vec<Wanted>, Error> {
    let item = |key: api_key::Model| {
        let why = "the key opens nothing after this day: whatever uses it stops then".to_owned();
        Wanted::of_house(DueKind::KeyEnd, key.id.to_string(), "", key.name, key.expires_on, why)
    };
    Ok(api_key::ending(reader).await?.into_iter().map(item).collect())
}

/// Secrets of which somebody has said when they end.
async fn provider_secrets(reader: &Reader) -> Result<Vec<Wanted>, Error> {
    let item = |provider: identity_provider::Model| {
        let why = "its client secret ends: nobody can sign in through it after this day".to_owned();
        let (id, day) = (provider.id.to_string(), provider.secret_expires_on);
        Wanted::of_house(DueKind::ProviderSecretEnd, id, "", provider.name, day, why)
    };
    Ok(identity_provider::with_secret_that_ends(reader).await?.into_iter().map(item).collect())
}

/// Editions that assessments rest on and that no longer stand. One that somebody has let go comes back when another of
/// its sources falls.
async fn editions(reader: &Reader) -> Result<Vec<Wanted>, Error> {
    let used = assessment::editions_in_use(reader).await?;
    let item = |(edition, outdated): (questionnaire::EditionInUse, OutdatedEdition)| {
        let source_id = format!("{}/editions/{}", edition.key, edition.edition);
        let (part, why) = (outdated.sources.len().to_string(), outdated.to_string());
        let called = format!("{}, edition {}", edition.title, edition.edition);
        Wanted::of_house(DueKind::EditionOutdated, source_id, &part, called, outdated.since, why)
    };
    Ok(questionnaire::outdated(reader, &used).await?.into_iter().map(item).collect())
}

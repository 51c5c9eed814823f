//! The built-in questionnaires, in every edition that was published.
//!
//! | Ask for | And get |
//! |---|---|
//! | [`editions`] | all of them: an assessment may rest on any |
//! | [`newest`] | the one of each questionnaire that is offered |
//! | [`edition`] | one by its key and number, or the newest by its key |
//! | [`outdated_on`] | which sources of an edition no longer stand, its own word and later editions heard |

use std::sync::OnceLock;

use chrono::NaiveDate;

use crate::edition::{Edition, Outdated, Source};

/// The documents, as they stand in `library/`: every edition that was published, each questionnaire's oldest first.
///
/// A published edition never changes: what is new is a further document beside it, `key-number.yaml`.
const DOCUMENTS: &[&str] = &[
    include_str!("../library/ai-disclosure.yaml"),
    include_str!("../library/ai-disclosure-2026.2.yaml"),
    include_str!("../library/ai-product-security.yaml"),
    include_str!("../library/ai-product-security-2026.2.yaml"),
    include_str!("../library/clinical-and-digital-readiness.yaml"),
    include_str!("../library/clinical-and-digital-readiness-2026.2.yaml"),
    include_str!("../library/cyber-essentials-controls.yaml"),
    include_str!("../library/cyber-essentials-controls-2026.2.yaml"),
    include_str!("../library/data-processor-check.yaml"),
    include_str!("../library/data-processor-check-2026.2.yaml"),
    include_str!("../library/ethical-ai-in-care.yaml"),
    include_str!("../library/ethical-ai-in-care-2026.2.yaml"),
    include_str!("../library/nhs-cyber-charter.yaml"),
    include_str!("../library/nhs-cyber-charter-2026.2.yaml"),
    include_str!("../library/supplier-security.yaml"),
    include_str!("../library/supplier-security-2026.2.yaml"),
    include_str!("../library/where-is-ai.yaml"),
    include_str!("../library/where-is-ai-2026.2.yaml"),
];

/// An edition to begin with, as YAML with a comment beside what needs one. It passes the check for any `key` and
/// `title` that may stand in an edition, and a year of four digits.
#[must_use]
pub fn starter(key: &str, title: &str, year: &str) -> String {
    include_str!("../starters/edition.yaml")
        .replace("$year", year)
        .replace("$key", key)
        .replace("$title", &quoted(title))
}

/// An extension of `base` to begin with, as [`starter`].
#[must_use]
pub fn extension_starter(base: &Edition, key: &str, title: &str, year: &str) -> String {
    let section = base.sections.first();
    let principle =
        section.and_then(|section| section.questions.first()).map_or("", |question| question.principle.as_str());
    include_str!("../starters/extension.yaml")
        .replace("$base_edition", &base.edition)
        .replace("$base", &base.key)
        .replace("$section", section.map_or("", |section| section.key.as_str()))
        .replace("$principle", principle)
        .replace("$year", year)
        .replace("$key", key)
        .replace("$title", &quoted(title))
}

/// A text as YAML reads it whatever is in it: JSON's strings are YAML's.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// The built-in editions, parsed once. A document that cannot be read is left out; a test proves that none is.
#[must_use]
pub fn editions() -> &'static [Edition] {
    static EDITIONS: OnceLock<Vec<Edition>> = OnceLock::new();
    EDITIONS.get_or_init(|| DOCUMENTS.iter().filter_map(|document| Edition::from_yaml(document).ok()).collect())
}

/// The newest edition of each built-in questionnaire.
pub fn newest() -> impl Iterator<Item = &'static Edition> {
    editions().iter().filter(|edition| {
        editions().iter().all(|other| other.key != edition.key || order(&other.edition) <= order(&edition.edition))
    })
}

/// The built-in edition with this key: the one with this number, or the newest when none is asked for.
#[must_use]
pub fn edition(key: &str, number: Option<&str>) -> Option<&'static Edition> {
    editions()
        .iter()
        .filter(|edition| edition.key == key && number.is_none_or(|number| edition.edition == number))
        .max_by_key(|edition| order(&edition.edition))
}

/// The place of an edition's number among others: `2026.10` is newer than `2026.9`.
#[must_use]
pub fn order(number: &str) -> (u32, u32) {
    let (year, count) = number.split_once('.').unwrap_or((number, "0"));
    (year.parse().unwrap_or(0), count.parse().unwrap_or(0))
}

/// The sources of an edition that were replaced, or that nobody has looked at for more than a year, by all that the
/// library knows: what the edition itself says, and what the newest built-in editions say of the same sources.
///
/// It is for every edition, an old built-in one, an extension of one or an organisation's own. A source counts as
/// looked at when a newest edition names it too, in the same version; and as replaced when one names it in a later
/// version, or something of a later date at its address.
#[must_use]
pub fn outdated_on(edition: &Edition, day: NaiveDate) -> Vec<Outdated> {
    outdated_sources(&edition.key, &edition.source, day)
}

/// As [`outdated_on`], of an edition of which only its questionnaire's key and its sources are at hand.
#[must_use]
pub fn outdated_sources(key: &str, sources: &[Source], day: NaiveDate) -> Vec<Outdated> {
    sources.iter().filter_map(|source| heard(source, key).outdated_on(day)).collect()
}

/// A source with what the newest editions say of it, that of the questionnaire with this key first.
fn heard(source: &Source, key: &str) -> Source {
    let (own, others): (Vec<&Edition>, Vec<&Edition>) = newest().partition(|edition| edition.key == key);
    let known: Vec<&Source> = own.iter().chain(&others).flat_map(|edition| &edition.source).collect();
    let same = |other: &&&Source| other.title == source.title && other.version == source.version;
    let mut heard = source.clone();
    if known.iter().any(|other| same(&other)) {
        heard.looked_at = known.iter().filter(same).map(|other| other.looked_at).max().flatten().max(source.looked_at);
        heard.replaced_by =
            heard.replaced_by.or_else(|| known.iter().filter(same).find_map(|other| other.replaced_by.clone()));
        return heard;
    }
    let later = |other: &&&Source| other.first_day() > source.first_day();
    let titled = known.iter().filter(later).find(|other| other.title == source.title);
    let placed = known.iter().filter(later).find(|other| other.address.is_some() && other.address == source.address);
    heard.replaced_by =
        heard.replaced_by.or_else(|| titled.or(placed).map(|other| format!("{}: {}", other.title, other.version)));
    heard
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_document_of_the_library_parses() {
        for document in DOCUMENTS {
            let faults = Edition::from_yaml(document).err().unwrap_or_default();
            let lines: Vec<String> = faults
                .iter()
                .map(|fault| {
                    format!(
                        "{}:{} {} {} {}",
                        fault.line.unwrap_or(0),
                        fault.column.unwrap_or(0),
                        fault.pointer,
                        fault.code,
                        fault.message
                    )
                })
                .collect();
            assert!(lines.is_empty(), "{}\n{}", document.lines().next().unwrap_or_default(), lines.join("\n"));
        }
        assert_eq!(editions().len(), DOCUMENTS.len());
    }

    #[test]
    fn the_newest_edition_is_found_when_no_number_is_asked_for() {
        assert!(order("2026.10") > order("2026.9"));
        assert!(order("2027.1") > order("2026.10"));
        assert!(edition("no-such-questionnaire", None).is_none());
    }
}

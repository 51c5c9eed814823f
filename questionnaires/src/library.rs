//! The built-in questionnaires.

use std::sync::OnceLock;

use crate::edition::Edition;

/// The documents, as they stand in `library/`.
const DOCUMENTS: &[&str] = &[
    include_str!("../library/ai-disclosure.yaml"),
    include_str!("../library/ai-product-security.yaml"),
    include_str!("../library/clinical-and-digital-readiness.yaml"),
    include_str!("../library/cyber-essentials-controls.yaml"),
    include_str!("../library/data-processor-check.yaml"),
    include_str!("../library/ethical-ai-in-care.yaml"),
    include_str!("../library/nhs-cyber-charter.yaml"),
    include_str!("../library/supplier-security.yaml"),
    include_str!("../library/where-is-ai.yaml"),
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

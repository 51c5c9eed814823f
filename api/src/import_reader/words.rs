//! Words as other people write them: for nothing, for yes and no, and for what our fields let one choose.

use diligence_entities::fault::nearest;

use crate::pages::labels;

/// A text as words are compared: without the space around it, one space between words, in small letters.
pub(super) fn fold(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    for word in text.split_whitespace() {
        if !folded.is_empty() {
            folded.push(' ');
        }
        folded.extend(word.chars().flat_map(char::to_lowercase));
    }
    folded
}

/// Words for nothing, folded.
const NOTHING: &[&str] = &[
    "n/a",
    "n.a.",
    "n.a",
    "na",
    "#n/a",
    "n/k",
    "nk",
    "tbc",
    "t.b.c.",
    "tba",
    "tbd",
    "-",
    "--",
    "---",
    "–",
    "—",
    "?",
    "??",
    "???",
    ".",
    "..",
    "none",
    "nil",
    "null",
    "(blank)",
    "(none)",
    "unknown",
    "not known",
    "unspecified",
    "not specified",
    "not stated",
    "not provided",
    "not applicable",
    "to be confirmed",
    "to be advised",
    "to be decided",
    "none known",
    "#null!",
];

/// Words for no end, folded: nothing where a day is expected.
const NO_END: [&str; 9] =
    ["ongoing", "on-going", "rolling", "no end date", "no end", "no expiry", "open ended", "open-ended", "evergreen"];

/// No day at all, as databases write it.
const NO_DAY: &[&str] = &["0", "00/00/0000", "0000-00-00", "00.00.0000", "00-00-0000"];

/// Whether a text, folded, says nothing.
pub(super) fn is_nothing(folded: &str, more: &[String]) -> bool {
    folded.is_empty() || NOTHING.contains(&folded) || more.iter().any(|word| word == folded)
}

/// Whether a text, folded, says that there is no day.
pub(super) fn is_no_day(folded: &str) -> bool {
    NO_DAY.contains(&folded) || is_no_end(folded)
}

/// Whether a text, folded, says that something has no end.
pub(super) fn is_no_end(folded: &str) -> bool {
    NO_END.contains(&folded)
}

/// Words, folded, that say of evidence that there is none.
const DENIALS: &[&str] = &[
    "no",
    "n",
    "false",
    "f",
    "0",
    "none",
    "nil",
    "not held",
    "not in place",
    "not yet",
    "not started",
    "not certified",
    "not registered",
    "not submitted",
    "not received",
    "no certificate",
    "no evidence",
    "uncertified",
    "in progress",
    "in process",
    "underway",
    "applied",
    "applied for",
    "pending",
    "awaited",
    "awaiting",
    "planned",
    "requested",
    "outstanding",
    "working towards",
    "withdrawn",
    "revoked",
    "failed",
    "refused",
];
/// Words, folded, that say of evidence that it has run out.
const EXPIRED: &[&str] = &["expired", "lapsed", "out of date", "has expired", "run out"];

/// Whether a text, folded, is one of these words, whatever is said of it behind.
fn begins_with(folded: &str, words: &[&str]) -> bool {
    words.iter().any(|word| {
        folded.strip_prefix(*word).is_some_and(|rest| {
            let mark = rest.trim_start();
            // “No issues found” says something else than “No (see notes)”.
            rest.is_empty()
                || mark.starts_with([',', ';', ':', '(', '-', '\u{2013}', '\u{2014}'])
                || rest.starts_with(' ') && word.len() >= 5
                || rest == "."
        })
    })
}

/// Whether a statement of evidence, folded, says that there is none.
pub(super) fn denies(folded: &str) -> bool {
    begins_with(folded, DENIALS)
}

/// Whether a statement of evidence, folded, says that it has run out.
pub(super) fn is_expired(folded: &str) -> bool {
    begins_with(folded, EXPIRED)
}

/// Yes or no, in one of its forms.
pub(super) fn truth(folded: &str) -> Option<bool> {
    match folded {
        "yes" | "y" | "true" | "t" | "1" | "x" | "✓" | "✔" => Some(true),
        "no" | "n" | "false" | "f" | "0" => Some(false),
        _ => None,
    }
}

/// Which of our words is meant, where that is plain: the word itself with any capitals, spaces or hyphens, what our
/// forms call it, or yes and no where those are words of ours.
pub(super) fn choice(folded: &str, choices: &[String]) -> Option<String> {
    let plain = |text: &str| text.replace(['-', ' ', '\u{2010}', '\u{2011}'], "_");
    let wanted = plain(folded);
    if let Some(word) = choices.iter().find(|word| plain(&word.to_lowercase()) == wanted) {
        return Some(word.clone());
    }
    let label = |word: &&String| {
        label_of(word, choices).is_some_and(|label| {
            let label = fold(label);
            label == folded || label.split(':').next().is_some_and(|head| head == folded)
        })
    };
    let mut labelled = choices.iter().filter(label);
    if let (Some(word), None) = (labelled.next(), labelled.next()) {
        return Some(word.clone());
    }
    let word = if truth(folded)? { "yes" } else { "no" };
    choices.iter().find(|known| *known == word).cloned()
}

/// What our forms call a word.
pub(super) fn label_of(word: &str, choices: &[String]) -> Option<&'static str> {
    labels::of_words(choices)?.iter().find(|(known, _)| *known == word).map(|(_, label)| *label)
}

/// Which of our words is probably meant by one of theirs: only to be put first among the answers.
pub(super) fn suggestion(field: &str, folded: &str, choices: &[String]) -> Option<String> {
    let level = match folded {
        "none" | "no" | "n" => 0,
        "low" | "minor" | "small" | "l" | "1" | "green" => 1,
        "medium" | "moderate" | "med" | "m" | "2" | "amber" => 2,
        "high" | "major" | "significant" | "h" | "3" | "red" => 3,
        "critical" | "very high" | "essential" | "vital" | "extreme" | "4" | "yes" | "y" => 4,
        _ => 5,
    };
    let by_level = |words: [&'static str; 5]| words.get(level).copied();
    let word = match field {
        "data_role" => match truth(folded) {
            Some(true) => Some("processor"),
            Some(false) => Some("none"),
            None => None,
        },
        "service_criticality" => by_level(["minor", "minor", "important", "essential", "vital"]),
        "people_affected" => by_level(["none", "few", "many", "many", "all"]),
        "data_sensitivity" => by_level(["none", "business", "personal", "special_category", "special_category"]),
        "system_access" => by_level(["none", "limited", "standing", "privileged", "privileged"]),
        "status" => match folded {
            "current" | "live" | "open" | "approved" | "yes" | "y" | "in use" => Some("active"),
            "inactive" | "closed" | "ended" | "expired" | "former" | "no" | "n" | "left" => Some("archived"),
            "proposed" | "pending" | "new" | "potential" => Some("prospective"),
            "leaving" | "terminating" | "notice given" => Some("exiting"),
            _ => None,
        },
        _ => None,
    };
    // Nothing as long is a slip of the finger, and the distance costs its length.
    let near = || nearest(folded, choices.iter().map(String::as_str).filter(|_| folded.len() <= 64));
    word.map(str::to_owned).filter(|word| choices.contains(word)).or_else(|| near().map(str::to_owned))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(words: &[&str]) -> Vec<String> {
        words.iter().map(|word| (*word).to_owned()).collect()
    }

    #[test]
    fn our_words_are_understood_however_they_are_written() {
        let roles = words(&["none", "processor", "joint_controller", "controller"]);
        for (text, word) in [
            (" Joint  controller", Some("joint_controller")),
            ("joint-controller", Some("joint_controller")),
            ("PROCESSOR", Some("processor")),
            ("None", Some("none")),
            ("It handles none for us", Some("none")),
            ("Yes", None),
            ("", None),
        ] {
            assert_eq!(choice(&fold(text), &roles).as_deref(), word, "{text}");
        }
        assert_eq!(choice("y", &words(&["unknown", "no", "yes"])).as_deref(), Some("yes"));
    }

    #[test]
    fn what_is_suggested_is_a_word_of_ours() {
        let criticality = words(&["minor", "important", "essential", "vital"]);
        assert_eq!(suggestion("service_criticality", "high", &criticality).as_deref(), Some("essential"));
        assert_eq!(suggestion("data_role", "yes", &words(&["none", "processor"])).as_deref(), Some("processor"));
        assert_eq!(suggestion("service_criticality", "platinum", &criticality), None);
    }

    #[test]
    fn what_says_that_there_is_no_evidence_is_told_from_what_is_evidence() {
        for text in
            ["No", "n", "None", "In progress", "applied for 3/2026", "No - see notes", "Not held", "Pending renewal"]
        {
            assert!(denies(&fold(text)) && !is_expired(&fold(text)), "{text}");
        }
        for text in ["Expired", "expired 2023", "Lapsed (2024)"] {
            assert!(is_expired(&fold(text)) && !denies(&fold(text)), "{text}");
        }
        for text in
            ["Yes", "Y", "Standards met", "No critical findings", "No. 12345", "NHS", "Northern Assurance", "Certified"]
        {
            assert!(!denies(&fold(text)) && !is_expired(&fold(text)), "{text}");
        }
    }

    #[test]
    fn words_for_nothing_are_nothing_and_others_are_not() {
        for text in ["", " ", "N/A", "tbc", "—", "Not  known", "#N/A"] {
            assert!(is_nothing(&fold(text), &[]), "{text}");
        }
        for text in ["Nimbus", "0", "no", "Harbour"] {
            assert!(!is_nothing(&fold(text), &[]), "{text}");
        }
        assert!(is_nothing("pending", &["pending".to_owned()]));
        assert!(is_no_day("ongoing") && is_no_day("00/00/0000") && !is_no_day("31/03/2026"));
    }
}

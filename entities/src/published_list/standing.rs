//! What a list's words mean for whoever relies on the supplier.

use super::PublishedList;
use crate::evidence;

/// What Companies House says of a company that will not be there much longer, in small letters.
const ENDING: [&str; 6] =
    ["dissolved", "liquidation", "administration", "receivership", "strike off", "converted/closed"];
/// What the Care Quality Commission says of a service that one should look at, in small letters.
const WANTING: [&str; 3] = ["inadequate", "requires improvement", "deregistered"];

/// What the toolkit says of an organisation, in small letters.
const TOOLKIT: [&str; 8] = [
    "standards met",
    "standards exceeded",
    "standards not",
    "approaching standards",
    "entry level",
    "not published",
    "plan agreed",
    "baseline",
];
/// What Companies House says of a company, beside what says that it is ending, in small letters.
const STANDING: [&str; 8] =
    ["active", "open", "registered", "removed", "closed", "arrangement", "insolvency", "receiver"];
/// What the Care Quality Commission says of a service, beside what is wanting, in small letters.
const RATINGS: [&str; 6] = ["outstanding", "good", "registered", "rated", "rating", "insufficient evidence"];
/// What is taken for what a list says where it says nothing.
pub(super) const NOT_SAID: &str = "Not said";

/// Whether what a list says is among the words that it is known to use.
pub(super) fn is_known(list: PublishedList, status: &str) -> bool {
    let said = status.to_lowercase();
    let has = |words: &[&str]| words.iter().any(|word| said.contains(word));
    status == NOT_SAID
        || match list {
            PublishedList::Dspt => has(&TOOLKIT),
            PublishedList::Cqc => has(&RATINGS) || has(&WANTING),
            PublishedList::CompaniesHouse => has(&STANDING) || has(&ENDING),
            // Its records are called as their bodies like.
            PublishedList::Atrs => true,
        }
}

/// Whether a list says of somebody what asks for a look. A word that it is not known to use says nothing.
fn is_bad(list: PublishedList, status: &str) -> bool {
    let said = status.to_lowercase();
    match list {
        PublishedList::Dspt => is_known(list, status) && !evidence::is_dspt_met(status),
        PublishedList::Cqc => WANTING.iter().any(|word| said.contains(word)),
        PublishedList::CompaniesHouse => ENDING.iter().any(|word| said.contains(word)),
        PublishedList::Atrs => false,
    }
}

/// Whether a list says worse than before; `before` is none where it was never looked up.
pub(super) fn is_worse(list: PublishedList, before: Option<&str>, after: &str) -> bool {
    match (list, before) {
        // Who never met the standards has not fallen below them.
        (PublishedList::Dspt, None) => false,
        (_, before) => is_bad(list, after) && !before.is_some_and(|before| is_bad(list, before)),
    }
}

/// Whether it is worse for somebody to be on a list no more, where it said this last.
pub(super) fn is_worse_to_leave(list: PublishedList, before: &str) -> bool {
    list != PublishedList::Atrs && !is_bad(list, before)
}

/// What is said where somebody has left a list.
pub(super) const LEFT: &str = "no longer on the list";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_has_become_worse_asks_for_a_look() {
        use PublishedList::{Atrs, CompaniesHouse, Cqc, Dspt};
        for (list, before, after, expected) in [
            (Dspt, Some("22/23 Standards Met"), "22/23 Approaching Standards", true),
            (Dspt, Some("Standards Exceeded"), "Not Published", true),
            (Dspt, Some("Entry Level"), "Not Published", false),
            (Dspt, Some("Entry Level"), "Standards Met", false),
            (Dspt, None, "Standards Not Met", false),
            (Dspt, Some("Standards Met"), "Bananas", false),
            (CompaniesHouse, Some("Active"), "Active - Proposal to Strike off", true),
            (CompaniesHouse, None, "Liquidation", true),
            (CompaniesHouse, Some("Liquidation"), "Dissolved", false),
            (CompaniesHouse, None, "Active", false),
            (CompaniesHouse, Some("Active"), "In Administration/Administrative Receiver", true),
            (Cqc, Some("Good"), "Requires improvement", true),
            (Cqc, Some("Good"), "Outstanding", false),
            (Cqc, Some("Inadequate"), "Requires improvement", false),
            (Atrs, Some("Published: one"), "Published: two", false),
        ] {
            assert_eq!(is_worse(list, before, after), expected, "{list:?} {before:?} {after}");
            assert_eq!(is_known(list, after), after != "Bananas", "{list:?} {after}");
        }
    }

    #[test]
    fn the_words_of_a_list_are_known_and_no_others() {
        use PublishedList::{CompaniesHouse, Cqc, Dspt};
        for (list, status, expected) in [
            (Dspt, "22/23 Standards Met", true),
            (Dspt, "Standards not fully met (plan agreed)", true),
            (Dspt, "Entry Level (19-20)", true),
            (Dspt, "Care Home", false),
            (Cqc, "Good", true),
            (Cqc, "No published rating", true),
            (Cqc, "Bananas", false),
            (CompaniesHouse, "Voluntary Arrangement", true),
            (CompaniesHouse, "Private Limited Company", false),
            (CompaniesHouse, NOT_SAID, true),
        ] {
            assert_eq!(is_known(list, status), expected, "{list:?} {status}");
        }
    }
}

//! The built-in questionnaires over time: what was published stays, what is offered is current, answers come along.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use diligence_questionnaires::{
    Answer, Answers, ChangeKind, Earlier, Edition, EditionChanges, LookAgain, OutdatedBecause, Points, Question,
    QuestionType, Severity, carry, changes, library,
};
use serde_json::{Value, json};

use crate::harness::*;

/// The day on which the sources of the newest editions were looked at.
const LOOKED: &str = "2026-11-30";

fn on(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

/// The first and the newest edition of every questionnaire.
fn pairs() -> Vec<(&'static Edition, &'static Edition)> {
    library::newest().map(|new| (library::edition(&new.key, Some("2026.1")).unwrap(), new)).collect()
}

#[test]
fn a_published_edition_of_the_library_never_changes() {
    let published = [
        ("ai-disclosure", "2b9be2bd1ebea8486e589e17e00bc46211c52ebc017e32c7e8e7085423185b33"),
        ("ai-product-security", "db31cb8f8bdc5312bbb93ad600c4b7ed1c40375ff79ae88134ae7aeaf4da80cb"),
        ("clinical-and-digital-readiness", "6dbe5d1bc1c34af21249c689649b0e06cafc471d5d3e71bb34e77cc6584ace07"),
        ("cyber-essentials-controls", "440bf54bf3622d817adbe70bd6027af6d078cecfae3a44713c9b6cf26eea3b3d"),
        ("data-processor-check", "c9a41f48a4106d59b59c4ee6d992232c6cc841a776383336326d161cadecad49"),
        ("ethical-ai-in-care", "7a795bddd515d54b942923fe262abc3addb5562905f27c00e33e61278cdc1aee"),
        ("nhs-cyber-charter", "7e937da43713d25ce9cd6560da948dc032bfaa24396b42fd08555d860f3a69e8"),
        ("supplier-security", "52a7227264967db4c5e6e9b79ff594da6d94c680ab067fa94f8466a20230516a"),
        ("where-is-ai", "0b9359c83372a432243b310fde70cd929b51c62005efad36195d1c5c1a516562"),
    ];
    let first = library::editions().iter().filter(|edition| edition.edition == "2026.1");
    let found: Vec<(&str, String)> = first.map(|edition| (edition.key.as_str(), edition.hash())).collect();
    assert_eq!(found, published.map(|(key, hash)| (key, hash.to_owned())));
}

#[test]
fn the_newest_edition_is_offered_and_older_ones_stay_readable() {
    let keys: BTreeSet<&str> = library::editions().iter().map(|edition| edition.key.as_str()).collect();
    let newest: Vec<(&str, &str)> =
        library::newest().map(|edition| (edition.key.as_str(), edition.edition.as_str())).collect();
    assert_eq!(newest, keys.iter().map(|key| (*key, "2026.2")).collect::<Vec<_>>());
    let numbers: BTreeSet<(&str, &str)> =
        library::editions().iter().map(|edition| (edition.key.as_str(), edition.edition.as_str())).collect();
    assert_eq!(numbers.len(), library::editions().len());
    for (old, new) in pairs() {
        assert_eq!(library::edition(&old.key, None), Some(new));
        assert_eq!((old.edition.as_str(), old.key.as_str()), ("2026.1", new.key.as_str()));
    }
}

#[test]
fn every_source_of_the_newest_editions_was_looked_at_and_none_was_replaced() {
    for edition in library::newest() {
        for source in &edition.source {
            assert_eq!(source.looked_at, Some(on(LOOKED)), "{}: {}", edition.key, source.title);
            assert_eq!(source.replaced_by, None, "{}: {}", edition.key, source.title);
        }
    }
}

/// The questions that differ, the new ones behind a `+`.
fn questions(found: &EditionChanges) -> Vec<String> {
    let name = |kind, key: &str| match kind {
        ChangeKind::Added => format!("+{key}"),
        ChangeKind::Removed => format!("-{key}"),
        ChangeKind::Changed => key.to_owned(),
    };
    found.questions.iter().map(|part| name(part.change, &part.key)).collect()
}

#[test]
fn the_list_of_changes_names_what_changed_in_the_library() {
    let expected: BTreeMap<&str, &[&str]> = BTreeMap::from([
        ("ai-disclosure", &[][..]),
        ("ai-product-security", &["human_override"]),
        ("clinical-and-digital-readiness", &["dspt_status", "data_reach"]),
        ("cyber-essentials-controls", &[]),
        ("data-processor-check", &["data_reach", "+transfer_test", "+complaints_passed_on", "+automated_safeguards"]),
        ("ethical-ai-in-care", &["explanation", "human_override", "contest", "decision_log"]),
        ("nhs-cyber-charter", &["dspt_status"]),
        ("supplier-security", &["data_reach", "dspt_status"]),
        ("where-is-ai", &[]),
    ]);
    for (old, new) in pairs() {
        let found = changes(old, new);
        assert_eq!(questions(&found), expected[new.key.as_str()], "{}", new.key);
        assert_eq!(found.same_scoring, new.key != "data-processor-check", "{}", new.key);
        assert_eq!(old.scoring_hash() == new.scoring_hash(), found.same_scoring, "{}", new.key);
        assert!(
            found.header.iter().all(|field| ["/source", "/summary"].iter().any(|part| field.pointer.starts_with(part)))
        );
        assert!(found.header.iter().any(|field| field.pointer.ends_with("/looked_at")), "{}", new.key);
    }
    let check = library::edition("data-processor-check", Some("2026.1")).unwrap();
    let found = changes(check, library::edition("data-processor-check", None).unwrap());
    let toolkit = "/source/Data Security and Protection Toolkit, with results published yearly by 30 June/version";
    let year = found.header.iter().find(|field| field.pointer == toolkit).unwrap();
    assert_eq!((&year.before, &year.after), (&Some(json!("2025-26")), &Some(json!("2026-27"))));
    let law = |title: &str| found.header.iter().any(|field| field.pointer == format!("/source/{title}"));
    assert!(law("UK General Data Protection Regulation, Articles 44A to 45C and 46 on data sent abroad"));
    assert!(law("UK General Data Protection Regulation, Articles 22A to 22D on automated decisions"));
    assert!(law("Data Protection Act 2018, section 164A on complaints made to the organisation itself"));
}

fn some_answer(question: &Question) -> Answer {
    let first = || question.options[0].value.clone();
    let value = match question.kind {
        QuestionType::YesNo | QuestionType::SingleChoice => json!(first()),
        QuestionType::MultipleChoice => json!([first()]),
        QuestionType::Number => json!(1),
        QuestionType::Date => json!("2026-01-01"),
        QuestionType::Text | QuestionType::File => json!("something"),
    };
    Answer { value: Some(value), ..Answer::default() }
}

#[test]
fn answers_to_an_older_edition_of_the_library_are_carried_over_to_the_newest() {
    for (old, new) in pairs() {
        let asked = old.questions().filter(|question| question.kind != QuestionType::File);
        let answers: Answers = asked.map(|question| (question.key.clone(), some_answer(question))).collect();
        let visible: Vec<String> = answers.keys().cloned().collect();
        let earlier = Earlier {
            assessment: "a1",
            edition: old,
            answers: &answers,
            visible: &visible,
            answered_on: on("2026-10-01"),
        };
        let found = carry(new, &[earlier], &[], on(LOOKED));
        assert_eq!(found.left, [], "{}", new.key);
        assert_eq!(found.answers.keys().collect::<Vec<_>>(), answers.keys().collect::<Vec<_>>(), "{}", new.key);
        for (key, carried) in &found.answers {
            let (before, after) = (old.question(key).unwrap(), new.question(key).unwrap());
            let look: &[LookAgain] = if before.help == after.help { &[] } else { &[LookAgain::WordsChanged] };
            assert_eq!(carried.look, look, "{} {key}", new.key);
            assert_eq!(carried.answer, answers[key]);
        }
    }
}

/// The answer worth most, or least, by the points of its options and bands.
fn extreme_answer(question: &Question, best: bool) -> Answer {
    let millionths = |points: Points| i64::from(points.numerator()) * 1_000_000 / i64::from(points.denominator());
    let worth = |points: Points| if best { millionths(points) } else { -millionths(points) };
    let option = question.options.iter().max_by_key(|choice| worth(choice.points));
    let value = match question.kind {
        QuestionType::YesNo | QuestionType::SingleChoice => json!(option.unwrap().value),
        QuestionType::MultipleChoice => {
            let all = question.options.iter().filter(|choice| !choice.exclusive);
            let whole = all.clone().map(|choice| millionths(choice.points)).sum::<i64>() == 100_000_000;
            match option {
                Some(option) if !best || !whole => json!([option.value]),
                _ => json!(all.map(|choice| choice.value.as_str()).collect::<Vec<_>>()),
            }
        }
        QuestionType::Number => {
            let band = question.bands.iter().max_by_key(|band| worth(band.points));
            json!(band.and_then(|band| band.at_least).map_or(0, |limit| limit.thousandths() / 1_000))
        }
        QuestionType::Date if best => {
            let band = question.bands.iter().max_by_key(|band| band.points);
            json!(band.and_then(|band| band.on_or_after).map_or(ON.to_owned(), |day| day.to_string()))
        }
        QuestionType::Date => json!("1990-01-01"),
        QuestionType::Text | QuestionType::File => json!("something"),
    };
    Answer { value: Some(value), ..Answer::default() }
}

#[test]
fn every_edition_of_the_library_spans_from_best_to_worst() {
    for edition in library::editions().iter().filter(|edition| edition.is_scored()) {
        let outcome = |best: bool| {
            let given = edition.questions().map(|question| (question.key.clone(), extreme_answer(question, best)));
            Case::of(given.collect()).outcome(edition)
        };
        let (best, worst) = (outcome(true), outcome(false));
        let name = format!("{} {}", edition.key, edition.edition);
        assert_eq!(best.claimed.map(|score| score.to_string()).as_deref(), Some("100.0"), "{name}");
        assert_eq!(worst.claimed.map(|score| score.to_string()).as_deref(), Some("0.0"), "{name}");
        assert!(best.knock_outs.is_empty(), "{name}");
        // A finding may be good news: that little stands between a supplier and a certificate.
        assert!(best.findings.iter().all(|finding| finding.severity == Severity::Low), "{name}: {:?}", best.findings);
        assert!(!worst.findings.is_empty(), "{name}");
    }
}

/// `title because` of each.
fn said(found: &[diligence_questionnaires::Outdated]) -> Vec<(&str, OutdatedBecause)> {
    found.iter().map(|one| (one.source.as_str(), one.because)).collect()
}

#[test]
fn an_old_edition_of_the_library_says_which_of_its_sources_were_replaced() {
    let old = |key| library::edition(key, Some("2026.1")).unwrap();
    let toolkit = "Data Security and Protection Toolkit, with results published yearly by 30 June";
    let found = library::outdated_on(old("data-processor-check"), on(LOOKED));
    let law = "UK General Data Protection Regulation, Article 28 on processors, with Articles 26, 32 to 36 and 44";
    assert_eq!(said(&found), [(law, OutdatedBecause::Replaced), (toolkit, OutdatedBecause::Replaced)]);
    assert_eq!(
        found[0].replaced_by.as_deref(),
        Some(
            "UK General Data Protection Regulation, Article 28 on processors, with Articles 26 and 32 to 36: \
             As amended by the Data (Use and Access) Act 2025, most of it in force since 5 February 2026"
        )
    );
    assert_eq!(found[1].replaced_by, Some(format!("{toolkit}: 2026-27")));
    let counts = |day: &str| -> Vec<(&str, usize)> {
        pairs().iter().map(|(old, _)| (old.key.as_str(), library::outdated_on(old, on(day)).len())).collect()
    };
    let replaced = [
        ("ai-disclosure", 0),
        ("ai-product-security", 0),
        ("clinical-and-digital-readiness", 2),
        ("cyber-essentials-controls", 0),
        ("data-processor-check", 2),
        ("ethical-ai-in-care", 1),
        ("nhs-cyber-charter", 1),
        ("supplier-security", 2),
        ("where-is-ai", 1),
    ];
    // What was not replaced was looked at with the newest edition, for a year.
    assert_eq!(counts(LOOKED), replaced);
    assert_eq!(counts("2027-11-30"), replaced);
    assert_eq!(
        counts("2027-12-01"),
        pairs().iter().map(|(old, _)| (old.key.as_str(), old.source.len())).collect::<Vec<_>>()
    );
    // By itself it says only that nobody ever looked.
    let alone = old("cyber-essentials-controls").outdated_on(on(LOOKED));
    assert_eq!(alone.iter().map(|one| one.because).collect::<Vec<_>>(), [OutdatedBecause::NeverLookedAt]);
}

#[test]
fn a_newest_edition_of_the_library_is_current_for_a_year() {
    for edition in library::newest() {
        for day in ["2026-01-01", LOOKED, "2027-11-30"] {
            assert_eq!((edition.outdated_on(on(day)), library::outdated_on(edition, on(day))), (vec![], vec![]));
        }
        let late = edition.outdated_on(on("2027-12-01"));
        assert_eq!(late.len(), edition.source.len());
        assert!(
            late.iter().all(|one| one.because == OutdatedBecause::NotLookedAt && one.looked_at == Some(on(LOOKED)))
        );
        assert_eq!(library::outdated_on(edition, on("2027-12-01")), late);
    }
}

/// An edition of one's own with these sources.
fn own(sources: Value) -> Edition {
    let mut document = crate::harness::questions(json!([yes_no("a", json!({}))]));
    document["source"] = sources;
    edition(&document)
}

#[test]
fn a_source_says_when_it_was_looked_at_and_what_took_its_place() {
    let source = |more: Value| with(json!({"title": "A standard", "version": "1", "date": "2025-03"}), more);
    let plain = own(json!([source(json!({}))]));
    let looked = own(json!([source(json!({"looked_at": "2025-03-01"}))]));
    let replaced = own(json!([source(json!({"looked_at": "2026-11-30", "replaced_by": "Another; \"2\", with more"}))]));
    assert!(!plain.to_json().contains("looked_at") && !plain.to_json().contains("replaced_by"));
    assert_ne!(plain.hash(), looked.hash());
    for edition in [&plain, &looked, &replaced] {
        assert_eq!(&Edition::from_yaml(&edition.to_yaml()).unwrap(), edition);
        assert_eq!(&Edition::from_json(&edition.to_json()).unwrap(), edition);
        assert_eq!(&Edition::from_csv(&edition.to_csv()).unwrap(), edition);
        assert_eq!((edition.scoring_hash(), changes(&plain, edition).same_scoring), (plain.scoring_hash(), true));
    }
    let because = |edition: &Edition, day: &str| -> Vec<OutdatedBecause> {
        edition.outdated_on(on(day)).iter().map(|one| one.because).collect()
    };
    assert_eq!(because(&plain, "2025-03-01"), [OutdatedBecause::NeverLookedAt]);
    assert_eq!((because(&looked, "2025-03-01"), because(&looked, "2026-03-01")), (vec![], vec![]));
    assert_eq!(because(&looked, "2026-03-02"), [OutdatedBecause::NotLookedAt]);
    assert_eq!(because(&replaced, "2026-11-30"), [OutdatedBecause::Replaced]);
    let leap = own(json!([with(source(json!({})), json!({"looked_at": "2028-02-29"}))]));
    assert_eq!(
        (because(&leap, "2029-02-28"), because(&leap, "2029-03-01")),
        (vec![], vec![OutdatedBecause::NotLookedAt])
    );
    assert_eq!(own(json!([])).outdated_on(on("2030-01-01")), []);
}

#[test]
fn an_edition_of_ones_own_hears_what_the_library_says_of_its_sources() {
    let toolkit = "Data Security and Protection Toolkit, with results published yearly by 30 June";
    let law = "https://www.legislation.gov.uk/eur/2016/679/article/28";
    let ours = own(json!([
        {"title": toolkit, "version": "2026-27", "date": "2026-07-01"},
        {"title": toolkit, "version": "2025-26", "date": "2025-09-01", "looked_at": "2026-11-01"},
        {"title": "The law on processors", "version": "Ours", "date": "2020", "address": law},
        {"title": "The law on processors", "version": "2", "date": "2027", "address": law, "looked_at": "2027-01-05"},
        {"title": "Our own rules", "version": "1", "date": "2024"},
    ]));
    let found = library::outdated_on(&ours, on("2027-02-01"));
    let because: Vec<OutdatedBecause> = found.iter().map(|one| one.because).collect();
    assert_eq!(because, [OutdatedBecause::Replaced, OutdatedBecause::Replaced, OutdatedBecause::NeverLookedAt]);
    assert_eq!((found[0].looked_at, found[2].source.as_str()), (Some(on("2026-11-01")), "Our own rules"));
}

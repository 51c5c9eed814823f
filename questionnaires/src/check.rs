//! Whether an edition makes sense: what no schema can say.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use crate::answer::{FACTS, fact, parse_date};
use crate::condition::{Condition, Scalar, Test};
use crate::document::Node;
use crate::edition::{
    BUILT_IN_FRAMEWORKS, Edition, EvidenceNeed, MAX_CONDITION_DEPTH, MAX_QUESTIONS, NotApplicable, PointBand, Points,
    Question, QuestionType, common_denominator,
};
use crate::fault::{Fault, Faults};
use crate::shape::part_of;

mod circles;
mod never;

/// Adds every problem to `faults`. Parts in `damaged` are not judged: their shape was wrong already.
pub(crate) fn check(edition: &Edition, damaged: &HashSet<String>, node: Option<&Node>, faults: &mut Faults) {
    let count: usize = edition.sections.iter().map(|section| section.questions.len()).sum();
    let mut checker =
        Checker { edition, damaged, node, faults, questions: Vec::with_capacity(count), numbers: BTreeMap::new() };
    if count > MAX_QUESTIONS {
        checker.fault(
            "/sections".to_owned(),
            "too_many_questions",
            format!("expected at most {MAX_QUESTIONS} questions in one edition, found {count}"),
        );
        return;
    }
    for (section_number, section) in edition.sections.iter().enumerate() {
        for (place, question) in section.questions.iter().enumerate() {
            let pointer = format!("/sections/{section_number}/questions/{place}");
            let number = checker.questions.len();
            checker.numbers.entry(&question.key).or_insert(number);
            checker.questions.push(Place { question, section: section_number, pointer });
        }
    }
    checker.header();
    checker.frameworks();
    checker.principles();
    checker.sections();
    checker.findings();
    let circles = checker.circles();
    if circles == 0 && damaged.is_empty() {
        checker.never();
    }
}

struct Place<'a> {
    question: &'a Question,
    section: usize,
    pointer: String,
}

struct Checker<'a> {
    edition: &'a Edition,
    damaged: &'a HashSet<String>,
    node: Option<&'a Node>,
    faults: &'a mut Faults,
    questions: Vec<Place<'a>>,
    numbers: BTreeMap<&'a str, usize>,
}

impl<'a> Checker<'a> {
    fn fault(&mut self, pointer: String, code: &str, message: String) {
        if self.damaged.contains(&part_of(&pointer)) || self.faults.is_full() {
            return;
        }
        let (line, column) = self.node.map_or((0, 0), |node| node.place_of(&pointer));
        let mut fault = Fault::new(pointer, code, message);
        fault.line = (line > 0).then_some(line);
        fault.column = (line > 0).then_some(column);
        self.faults.push(fault);
    }

    /// Reports every key that stands a second time.
    fn unique<K: Ord + std::fmt::Display>(
        &mut self,
        keys: impl IntoIterator<Item = (String, K)>,
        code: &str,
        what: &str,
    ) {
        let mut seen = BTreeSet::new();
        for (pointer, key) in keys {
            let message = format!("`{key}` is the {what} of another one too: give each its own");
            if !seen.insert(key) {
                self.fault(pointer, code, message);
            }
        }
    }

    fn header(&mut self) {
        let edition = self.edition;
        let applies =
            edition.applies_to.iter().enumerate().map(|(index, value)| (format!("/applies_to/{index}"), *value));
        self.repeated(applies);
        for (index, source) in edition.source.iter().enumerate() {
            // A year and a month alone are dates too: the first of them must exist.
            let Some(first) = source.first_day() else {
                self.fault(format!("/source/{index}/date"), "bad_date", "expected a date that exists".to_owned());
                continue;
            };
            if source.looked_at.is_some_and(|looked| looked < first) {
                let message = format!("expected the day of the source's date or a later one, so not before {first}");
                self.fault(format!("/source/{index}/looked_at"), "looked_at_too_early", message);
            }
        }
    }

    fn repeated<V: Ord>(&mut self, values: impl IntoIterator<Item = (String, V)>) {
        let mut seen = BTreeSet::new();
        for (pointer, value) in values {
            if !seen.insert(value) {
                self.fault(pointer, "duplicate_value", "this stands in the list already: leave one out".to_owned());
            }
        }
    }

    /// Every framework that is used is declared, and every one that is declared is used.
    fn frameworks(&mut self) {
        let edition = self.edition;
        let keys = edition
            .frameworks
            .iter()
            .enumerate()
            .map(|(index, framework)| (format!("/frameworks/{index}/key"), framework.key.as_str()));
        self.unique(keys, "duplicate_framework", "key");
        let named = edition.principles.iter().enumerate().filter_map(|(index, principle)| {
            Some((format!("/principles/{index}/framework"), principle.framework.as_deref()?))
        });
        let used: Vec<(String, &str)> =
            std::iter::once(("/framework".to_owned(), edition.framework.as_str())).chain(named).collect();
        let doubtful = self.damaged.iter().any(|part| part.starts_with("/principles") || part == "/framework");
        let in_use: BTreeSet<&str> = used.iter().map(|(_, key)| *key).collect();
        for (index, framework) in edition.frameworks.iter().enumerate() {
            let at = format!("/frameworks/{index}/key");
            if BUILT_IN_FRAMEWORKS.contains(&framework.key.as_str()) {
                let message = format!(
                    "`{}` is built in and keeps its meaning: give your own framework another key",
                    framework.key
                );
                self.fault(at, "built_in_framework", message);
            } else if !doubtful && !in_use.contains(framework.key.as_str()) {
                let message = format!(
                    "nothing counts for the framework `{}`: name it as the `framework` of a principle, or leave it out",
                    framework.key
                );
                self.fault(at, "unused_framework", message);
            }
        }
        // A damaged declaration may be the one that is meant.
        if self.damaged.contains("/frameworks") {
            return;
        }
        let known: BTreeSet<&str> = BUILT_IN_FRAMEWORKS
            .into_iter()
            .chain(edition.frameworks.iter().map(|framework| framework.key.as_str()))
            .collect();
        for (pointer, key) in used {
            if !known.contains(key) {
                let hint = self.faults.hint(key, known.iter().copied());
                let message =
                    format!("the framework `{key}` is not built in, and `frameworks` does not declare it{hint}");
                self.fault(pointer, "unknown_framework", message);
            }
        }
    }

    fn principles(&mut self) {
        let edition = self.edition;
        let keys = edition
            .principles
            .iter()
            .enumerate()
            .map(|(index, principle)| (format!("/principles/{index}/key"), principle.key.as_str()));
        self.unique(keys, "duplicate_principle", "key");
    }

    fn sections(&mut self) {
        let edition = self.edition;
        let keys = edition
            .sections
            .iter()
            .enumerate()
            .map(|(index, section)| (format!("/sections/{index}/key"), section.key.as_str()));
        self.unique(keys, "duplicate_section", "key");
        let keys: Vec<(String, &str)> = self
            .questions
            .iter()
            .map(|place| (format!("{}/key", place.pointer), place.question.key.as_str()))
            .collect();
        self.unique(keys, "duplicate_question", "key");
        for (index, section) in edition.sections.iter().enumerate() {
            if let Some(condition) = &section.show_if {
                self.condition(condition, &format!("/sections/{index}/show_if"), 1);
            }
        }
        let principles: BTreeSet<&str> = edition.principles.iter().map(|principle| principle.key.as_str()).collect();
        let doubtful = self.damaged.iter().any(|part| part.starts_with("/principles"));
        for number in 0..self.questions.len() {
            let Place { question, ref pointer, .. } = self.questions[number];
            let pointer = pointer.clone();
            if !doubtful && !principles.contains(question.principle.as_str()) {
                let hint = self.faults.hint(&question.principle, principles.iter().copied());
                self.fault(
                    format!("{pointer}/principle"),
                    "unknown_principle",
                    format!("this edition has no principle `{}`{hint}", question.principle),
                );
            }
            self.question(question, &pointer);
            if let Some(condition) = &question.show_if {
                self.condition(condition, &format!("{pointer}/show_if"), 1);
            }
        }
    }

    fn findings(&mut self) {
        let edition = self.edition;
        let keys = edition
            .findings
            .iter()
            .enumerate()
            .map(|(index, finding)| (format!("/findings/{index}/key"), finding.key.as_str()));
        self.unique(keys, "duplicate_finding", "key");
        for (index, finding) in edition.findings.iter().enumerate() {
            self.condition(&finding.when, &format!("/findings/{index}/when"), 1);
        }
    }

    fn question(&mut self, question: &'a Question, pointer: &str) {
        let at = |field: &str| format!("{pointer}/{field}");
        let is_choice =
            matches!(question.kind, QuestionType::YesNo | QuestionType::SingleChoice | QuestionType::MultipleChoice);
        let is_scale = matches!(question.kind, QuestionType::Number | QuestionType::Date);
        let kind = type_name(question.kind);
        if !is_choice && !question.options.is_empty() {
            self.fault(
                at("options"),
                "options_not_allowed",
                format!("a `{kind}` question has no options: leave them out"),
            );
        }
        if !is_scale && !question.bands.is_empty() {
            self.fault(at("bands"), "bands_not_allowed", format!("a `{kind}` question has no bands: leave them out"));
        }
        if question.kind != QuestionType::Number {
            let only_numbers = [
                ("unit", question.unit.is_some()),
                ("minimum", question.minimum.is_some()),
                ("maximum", question.maximum.is_some()),
            ];
            for (field, _) in only_numbers.into_iter().filter(|(_, there)| *there) {
                self.fault(at(field), "key_not_allowed", format!("only a `number` question has `{field}`"));
            }
        }
        if is_choice {
            self.options(question, pointer);
        } else if is_scale {
            self.bands(question, pointer);
        }
        if question.required && question.not_applicable != NotApplicable::No && question.can_knock_out() {
            let message =
                "a required question with a knock-out cannot be marked not applicable: expected `not_applicable: no`"
                    .to_owned();
            self.fault(at("not_applicable"), "knock_out_not_applicable", message);
        }
        if question.evidence.need == EvidenceNeed::None && !question.evidence.kinds.is_empty() {
            let message =
                "kinds of evidence are named, but none is asked for: expected `need: optional` or `need: needed`"
                    .to_owned();
            self.fault(at("evidence"), "evidence_not_asked", message);
        }
        self.repeated(
            question
                .evidence
                .kinds
                .iter()
                .enumerate()
                .map(|(index, kind)| (at(&format!("evidence/kinds/{index}")), *kind)),
        );
        self.repeated(question.maps_to.iter().enumerate().map(|(index, id)| (at(&format!("maps_to/{index}")), id)));
    }

    fn options(&mut self, question: &'a Question, pointer: &str) {
        let at = |rest: &str| format!("{pointer}/options{rest}");
        let least = if question.kind == QuestionType::SingleChoice { 2 } else { 1 };
        let values = question
            .options
            .iter()
            .enumerate()
            .map(|(index, choice)| (at(&format!("/{index}/value")), choice.value.as_str()));
        self.unique(values, "duplicate_option", "value");
        if question.kind == QuestionType::YesNo {
            let values: BTreeSet<&str> = question.options.iter().map(|choice| choice.value.as_str()).collect();
            if values != BTreeSet::from(["yes", "no"]) {
                self.fault(at(""), "yes_no_options", "expected exactly the options \"yes\" and \"no\"".to_owned());
                return;
            }
        } else if question.options.len() < least {
            self.fault(at(""), "options_missing", format!("expected at least {least} options"));
            return;
        }
        for (index, choice) in question.options.iter().enumerate() {
            if choice.exclusive && question.kind != QuestionType::MultipleChoice {
                let message = "only an option of a `multiple_choice` question can be exclusive".to_owned();
                self.fault(at(&format!("/{index}/exclusive")), "exclusive_not_allowed", message);
            }
            if choice.points < Points::ZERO && (choice.exclusive || question.kind != QuestionType::MultipleChoice) {
                let message = format!(
                    "only an option that is chosen with others (`multiple_choice`, not exclusive) can cost points: expected 0 to 100, found {}",
                    choice.points
                );
                self.fault(at(&format!("/{index}/points")), "out_of_range", message);
            }
        }
        let all = || question.options.iter().map(|choice| choice.points);
        let best = all().max().unwrap_or_default();
        let worst = all().min().unwrap_or_default();
        if question.kind == QuestionType::MultipleChoice {
            // What costs points never makes an answer better, so only what brings some is added up.
            let added = question.options.iter().filter(|choice| !choice.exclusive && choice.points > Points::ZERO);
            let Some(common) = common_denominator(all()) else {
                let message = format!(
                    "the fractions of the options have no common denominator of at most {}: expected simpler fractions",
                    Points::MAX_DENOMINATOR
                );
                self.fault(at(""), "denominator_too_large", message);
                return;
            };
            let (below, full) = (i64::from(common), i64::from(common) * 100);
            let sum: i64 = added
                .map(|choice| i64::from(choice.points.numerator()) * below / i64::from(choice.points.denominator()))
                .sum();
            if sum > full {
                self.fault(
                    at(""),
                    "points_over_100",
                    format!(
                        "the options that are not exclusive add up to {} points: expected at most 100",
                        mixed(sum, below)
                    ),
                );
            } else if question.weight > 0 && sum != full && best != 100 {
                let sum = Points::fraction(sum, u64::from(common)).unwrap_or_default();
                self.fault(
                    at(""),
                    "no_full_marks",
                    format!("the best answer is worth {} points: expected 100", sum.max(best)),
                );
            }
        } else if question.weight > 0 {
            if best != 100 {
                self.fault(at(""), "no_full_marks", format!("the best option is worth {best} points: expected 100"));
            }
            if worst > Points::ZERO {
                self.fault(at(""), "no_zero_points", format!("the worst option is worth {worst} points: expected 0"));
            }
        }
    }

    fn bands(&mut self, question: &'a Question, pointer: &str) {
        let at = |rest: &str| format!("{pointer}/bands{rest}");
        if let (Some(minimum), Some(maximum)) = (question.minimum, question.maximum)
            && minimum > maximum
        {
            self.fault(
                format!("{pointer}/minimum"),
                "minimum_above_maximum",
                format!("expected at most the maximum, {maximum}"),
            );
        }
        let bands = &question.bands;
        if bands.is_empty() {
            if question.weight > 0 {
                self.fault(
                    format!("{pointer}/bands"),
                    "bands_missing",
                    "expected bands from answers to points, or `weight: 0`".to_owned(),
                );
            }
            return;
        }
        let mut limits_fine = true;
        for (index, band) in bands.iter().enumerate() {
            let limits =
                [band.at_least.is_some(), band.within_months.is_some(), band.on_or_after.is_some(), band.otherwise];
            if limits.iter().filter(|there| **there).count() != 1 {
                limits_fine = false;
                let message =
                    "expected exactly one of `at_least`, `within_months`, `on_or_after` and `otherwise: true`"
                        .to_owned();
                self.fault(at(&format!("/{index}")), "band_limit", message);
            } else if !band.otherwise && band.at_least.is_some() != (question.kind == QuestionType::Number) {
                limits_fine = false;
                let message = match question.kind {
                    QuestionType::Number => "the band of a number has `at_least`, or is `otherwise: true`",
                    _ => "the band of a date has `within_months` or `on_or_after`, or is `otherwise: true`",
                };
                self.fault(at(&format!("/{index}")), "band_kind", message.to_owned());
            }
            if limits_fine && band.otherwise && index + 1 < bands.len() {
                self.fault(
                    at(&format!("/{index}")),
                    "otherwise_not_last",
                    "the `otherwise` band stands last, once".to_owned(),
                );
            }
        }
        if !limits_fine {
            return;
        }
        if bands.iter().any(|band| band.within_months.is_some()) && bands.iter().any(|band| band.on_or_after.is_some())
        {
            self.fault(
                at(""),
                "mixed_bands",
                "expected either ages (`within_months`) or dates (`on_or_after`), not both".to_owned(),
            );
            return;
        }
        for (index, pair) in bands.windows(2).enumerate() {
            if !pair[0].otherwise && !pair[1].otherwise && !in_order(&pair[0], &pair[1]) {
                let message = "expected limits in order, each wider than the one before: `at_least` falling, `within_months` rising, `on_or_after` going back";
                self.fault(at(&format!("/{}", index + 1)), "band_order", message.to_owned());
            }
        }
        for (index, band) in bands.iter().enumerate() {
            if let (Some(limit), Some(maximum)) = (band.at_least, question.maximum)
                && limit > maximum
            {
                let message = format!("no answer is in this band: the maximum is {maximum}");
                self.fault(at(&format!("/{index}/at_least")), "unreachable_band", message);
            }
        }
        if question.weight > 0 {
            let best = bands.iter().map(|band| band.points).max().unwrap_or_default();
            if best != 100 {
                self.fault(at(""), "no_full_marks", format!("the best band is worth {best} points: expected 100"));
            }
            let worst = bands.iter().map(|band| band.points).min().unwrap_or_default();
            if bands.last().is_some_and(|band| band.otherwise) && worst != 0 {
                self.fault(at(""), "no_zero_points", format!("the worst band is worth {worst} points: expected 0"));
            }
        }
    }

    fn condition(&mut self, condition: &'a Condition, pointer: &str, depth: usize) {
        if depth > MAX_CONDITION_DEPTH {
            let message = format!("expected at most {MAX_CONDITION_DEPTH} conditions inside one another");
            self.fault(pointer.to_owned(), "condition_too_deep", message);
            return;
        }
        match condition {
            Condition::All(parts) | Condition::Any(parts) => {
                let name = if matches!(condition, Condition::All(_)) { "all" } else { "any" };
                for (index, part) in parts.iter().enumerate() {
                    self.condition(part, &format!("{pointer}/{name}/{index}"), depth + 1);
                }
            }
            Condition::Not(part) => self.condition(part, &format!("{pointer}/not"), depth + 1),
            Condition::Subject { fact: name, is } => {
                let Some(fact) = fact(name) else {
                    let hint = self.faults.hint(name, FACTS.iter().map(|fact| fact.name));
                    self.fault(
                        format!("{pointer}/subject"),
                        "unknown_fact",
                        format!("`{name}` is no fact about a subject{hint}"),
                    );
                    return;
                };
                if !fact.values.contains(&is.as_str()) {
                    let hint = self.faults.hint(is, fact.values.iter().copied());
                    let message = format!("`{name}` is one of {}{hint}", fact.values.join(", "));
                    self.fault(format!("{pointer}/is"), "impossible_fact", message);
                }
            }
            Condition::Question { question: key, test } => self.test(key, test, pointer),
        }
    }

    fn test(&mut self, key: &str, test: &Test, pointer: &str) {
        let Some(number) = self.numbers.get(key).copied() else {
            // A damaged question may be the one that is meant.
            if !self.damaged.iter().any(|part| part.contains("/questions/")) {
                let known: Vec<&str> = self.numbers.keys().copied().collect();
                let hint = self.faults.hint(key, known);
                self.fault(
                    format!("{pointer}/question"),
                    "unknown_question",
                    format!("this edition has no question `{key}`{hint}"),
                );
            }
            return;
        };
        let Place { question, pointer: ref place, .. } = self.questions[number];
        if self.damaged.contains(place) {
            return;
        }
        if let Some((code, message)) =
            misfit(question, test, |value, values| self.faults.hint(value, values.iter().copied()))
        {
            self.fault(format!("{pointer}/{}", test.operator()), code, message);
        }
    }
}

/// Why no answer to a question can be put to a test, as code and message. `hint` finds the nearest of the values there
/// are.
pub(crate) fn misfit(
    question: &Question,
    test: &Test,
    hint: impl FnOnce(&str, &[&str]) -> String,
) -> Option<(&'static str, String)> {
    let key = &question.key;
    let allowed: &[&str] = match question.kind {
        QuestionType::YesNo | QuestionType::SingleChoice => &["is", "answered"],
        QuestionType::MultipleChoice => &["includes", "answered"],
        QuestionType::Number => &["is", "at_least", "at_most", "answered"],
        QuestionType::Date => &["is", "before", "after", "answered"],
        QuestionType::Text | QuestionType::File => &["answered"],
    };
    if !allowed.contains(&test.operator()) {
        return Some((
            "wrong_operator",
            format!("`{key}` is a `{}` question: expected {}", type_name(question.kind), allowed.join(", ")),
        ));
    }
    match (test, question.kind) {
        (Test::Is(Scalar::Number(_)), QuestionType::Number) => None,
        (Test::Is(Scalar::Text(text)), QuestionType::Date) if parse_date(text).is_some() => None,
        (Test::Is(_), QuestionType::Number) => Some(("wrong_type", "expected a number".to_owned())),
        (Test::Is(_), QuestionType::Date) => {
            Some(("bad_date", "expected a date that exists, as YYYY-MM-DD".to_owned()))
        }
        (Test::Is(Scalar::Number(value)), _) => {
            Some(("wrong_type", format!("expected the value of an option, as text: put {value} in quotes")))
        }
        (Test::Is(Scalar::Text(value)) | Test::Includes(value), _) => {
            let values: Vec<&str> = question.options.iter().map(|choice| choice.value.as_str()).collect();
            (!values.contains(&value.as_str()))
                .then(|| ("unknown_option", format!("`{key}` has no option `{value}`{}", hint(value, &values))))
        }
        _ => None,
    }
}

/// A sum of points above 100, which is no points any more, with its whole number in front.
fn mixed(above: i64, below: i64) -> String {
    let rest = Points::fraction(above % below, below.unsigned_abs()).unwrap_or_default();
    let whole = above / below;
    if rest == 0 { whole.to_string() } else { format!("{whole} {}/{}", rest.numerator(), rest.denominator()) }
}

pub(crate) fn type_name(kind: QuestionType) -> &'static str {
    match kind {
        QuestionType::YesNo => "yes_no",
        QuestionType::SingleChoice => "single_choice",
        QuestionType::MultipleChoice => "multiple_choice",
        QuestionType::Number => "number",
        QuestionType::Date => "date",
        QuestionType::Text => "text",
        QuestionType::File => "file",
    }
}

fn in_order(before: &PointBand, after: &PointBand) -> bool {
    match (before, after) {
        (PointBand { at_least: Some(before), .. }, PointBand { at_least: Some(after), .. }) => before > after,
        (PointBand { within_months: Some(before), .. }, PointBand { within_months: Some(after), .. }) => before < after,
        (PointBand { on_or_after: Some(before), .. }, PointBand { on_or_after: Some(after), .. }) => before > after,
        _ => true,
    }
}

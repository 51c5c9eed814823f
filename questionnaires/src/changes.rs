//! What differs between two editions: part by part, and whether it is words or scores.
//!
//! Parts (principles, sections, questions, findings) are matched by their keys, options by their values, bands by their
//! [labels](PointBand::label). What is written and what is left to its default are the same, so that only what means
//! something else is a change.
//!
//! | It changes scores or findings | It does not |
//! |---|---|
//! | principle (with its framework), type, weight, points, bands, limits of a number | title, text, help, intro, label, summary, advice, unit |
//! | whether there is a knock-out or a finding, a finding's severity and risk | how a knock-out or a finding is worded |
//! | when something is asked or found | order |
//! | evidence that is needed, and of which kinds | evidence that is only welcome |
//! | whether *not applicable* is allowed | what must be answered, and explained, before submitting |
//! | | sources, language, `applies_to`, `maps_to` |

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::condition::Condition;
use crate::difference::{Differing, Reading, differences};
use crate::edition::{
    Edition, EditionFinding, EvidenceNeed, Finding, MAX_WEIGHT, NotApplicable, PointBand, Points, Principle, Question,
    Section,
};

/// What differs between two editions.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EditionChanges {
    /// The number of the edition before, e.g. `2025.1`.
    pub before: String,
    /// The number of the edition after.
    pub after: String,
    /// Whether equal answers come to equal scores, knock-outs and findings in both, but for their words: no part
    /// affects scores.
    pub same_scoring: bool,
    /// What differs at the head of the edition: key, title, summary, framework, `applies_to`, sources, language.
    pub header: Vec<FieldChange>,
    /// The principles that differ.
    pub principles: Vec<PartChange>,
    /// The sections that differ, each without its questions.
    pub sections: Vec<PartChange>,
    /// The questions that differ.
    pub questions: Vec<PartChange>,
    /// The findings over several answers that differ.
    pub findings: Vec<PartChange>,
}

/// A principle, section, question or finding that differs. Those of the edition after come first, in its order; then
/// what was removed, in the order of the edition before.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PartChange {
    /// Its key.
    pub key: String,
    /// Whether it is new, gone, or another than before.
    pub change: ChangeKind,
    /// Whether it is in another section, or at another place among the parts that both editions have there. Of parts
    /// that changed places, as few as possible count as moved.
    pub moved: bool,
    /// Whether the change can alter the scores, knock-outs or findings of equal answers. A section or principle that
    /// was added or removed counts by what its questions say.
    pub affects_scores: bool,
    /// What differs inside; one change of the whole for a part that is new or gone, none for one that only moved.
    pub fields: Vec<FieldChange>,
}

/// How a part differs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ChangeKind {
    /// Only the edition after has it.
    Added,
    /// Only the edition before has it.
    Removed,
    /// Both have it, and it is not the same.
    Changed,
}

/// One thing inside a part that differs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FieldChange {
    /// Where inside the part, as a JSON pointer; empty for the whole part. Options, bands, sources and texts in lists
    /// have their name as their step instead of a number, e.g. `/options/yes/points`, because their numbers may differ.
    /// A list in another order is a change of the list, with the names in their order.
    pub pointer: String,
    /// What it was; absent when there was nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<Value>,
    /// What it is; absent when there is nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<Value>,
}

/// What differs between two editions, of the same questionnaire or of two.
///
/// Total. What is said of scores holds for editions that pass [`Edition::check`]; in others keys may repeat, and parts
/// with the same key are then matched in their order.
#[must_use]
pub fn changes(before: &Edition, after: &Edition) -> EditionChanges {
    let read: BTreeSet<&str> = questions_read(before).chain(questions_read(after)).collect();
    let principles = compare_parts(&counted(before), &counted(after));
    let sections =
        compare_parts(&before.sections.iter().collect::<Vec<_>>(), &after.sections.iter().collect::<Vec<_>>());
    let questions = compare_parts(&asked(before, &read), &asked(after, &read));
    let findings =
        compare_parts(&before.findings.iter().collect::<Vec<_>>(), &after.findings.iter().collect::<Vec<_>>());
    let affects_scores =
        [&principles, &sections, &questions, &findings].into_iter().flatten().any(|part| part.affects_scores);
    EditionChanges {
        before: before.edition.clone(),
        after: after.edition.clone(),
        same_scoring: !affects_scores,
        header: fields(&header(before), &header(after)),
        principles,
        sections,
        questions,
        findings,
    }
}

/// A part of an edition, as it is compared.
trait Part: Copy {
    fn key(&self) -> &str;

    /// The key of what it is a part of, where that is not the edition itself.
    fn within(&self) -> &str {
        ""
    }

    /// Everything it says, defaults included.
    fn value(&self) -> Value;

    /// Whether scores or findings can tell the one from the other.
    fn affects_scores(before: Option<Self>, after: Option<Self>) -> bool;
}

fn compare_parts<P: Part>(before: &[P], after: &[P]) -> Vec<PartChange> {
    let matched = matched(before, after);
    let moved = moved(before, after, &matched);
    let mut kept = vec![false; before.len()];
    let mut found = Vec::new();
    for ((part, matched), moved) in after.iter().zip(matched).zip(moved) {
        let old = matched.map(|number| {
            kept[number] = true;
            before[number]
        });
        let (change, fields) = match old {
            Some(old) => (ChangeKind::Changed, fields(&old.value(), &part.value())),
            None => (
                ChangeKind::Added,
                vec![FieldChange { pointer: String::new(), before: None, after: Some(part.value()) }],
            ),
        };
        if moved || !fields.is_empty() {
            found.push(PartChange {
                key: part.key().to_owned(),
                change,
                moved,
                affects_scores: P::affects_scores(old, Some(*part)),
                fields,
            });
        }
    }
    for (part, _) in before.iter().zip(kept).filter(|(_, kept)| !kept) {
        found.push(PartChange {
            key: part.key().to_owned(),
            change: ChangeKind::Removed,
            moved: false,
            affects_scores: P::affects_scores(Some(*part), None),
            fields: vec![FieldChange { pointer: String::new(), before: Some(part.value()), after: None }],
        });
    }
    found
}

/// For each part after, the number of the part before that has its key.
fn matched<P: Part>(before: &[P], after: &[P]) -> Vec<Option<usize>> {
    let mut numbers: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (number, part) in before.iter().enumerate().rev() {
        numbers.entry(part.key()).or_default().push(number);
    }
    after.iter().map(|part| numbers.get_mut(part.key()).and_then(Vec::pop)).collect()
}

/// Which of the parts after stand elsewhere than before.
fn moved<P: Part>(before: &[P], after: &[P], matched: &[Option<usize>]) -> Vec<bool> {
    let mut moved = vec![false; after.len()];
    let mut stayed: BTreeMap<&str, Vec<(usize, usize)>> = BTreeMap::new();
    for (number, part) in after.iter().enumerate() {
        if let Some(old) = matched[number] {
            moved[number] = before[old].within() != part.within();
            if !moved[number] {
                stayed.entry(part.within()).or_default().push((number, old));
            }
        }
    }
    for together in stayed.into_values() {
        let places: Vec<usize> = together.iter().map(|(_, old)| *old).collect();
        for ((number, _), stands) in together.into_iter().zip(longest_rise(&places)) {
            moved[number] = !stands;
        }
    }
    moved
}

/// Which of some different numbers make up their longest rising sequence; the fewest others are then out of order.
fn longest_rise(numbers: &[usize]) -> Vec<bool> {
    // For every length so far, where the rising sequence of that length with the smallest end has its end.
    let mut ends: Vec<usize> = Vec::new();
    let mut previous: Vec<Option<usize>> = Vec::with_capacity(numbers.len());
    for (place, number) in numbers.iter().enumerate() {
        let length = ends.partition_point(|end| numbers[*end] < *number);
        previous.push(length.checked_sub(1).map(|shorter| ends[shorter]));
        match ends.get_mut(length) {
            Some(end) => *end = place,
            None => ends.push(place),
        }
    }
    let mut rises = vec![false; numbers.len()];
    let mut next = ends.last().copied();
    while let Some(place) = next {
        rises[place] = true;
        next = previous[place];
    }
    rises
}

/// How an edition's parts are taken apart: a condition is one thing, and lists go by what names their items.
const READING: Reading = Reading { whole: &["show_if", "when"], name };

fn name(list: &str, item: &Value) -> Option<String> {
    match list {
        "options" => item.get("value")?.as_str().map(str::to_owned),
        "bands" => PointBand::deserialize(item).ok().map(|band| band.label()),
        "source" => item.get("title")?.as_str().map(str::to_owned),
        "maps_to" | "applies_to" | "kinds" => item.as_str().map(str::to_owned),
        _ => None,
    }
}

fn fields(before: &Value, after: &Value) -> Vec<FieldChange> {
    let differing = differences(before, after, READING);
    differing.into_iter().map(|Differing { pointer, before, after }| FieldChange { pointer, before, after }).collect()
}

/// What a part says, with these members written out whether or not they are the default.
fn spelled_out<T: Serialize>(part: &T, members: Value) -> Value {
    let mut value = serde_json::to_value(part).unwrap_or_default();
    if let (Value::Object(value), Value::Object(members)) = (&mut value, members) {
        value.extend(members);
    }
    value
}

/// The head of an edition. Its number is left out: it always differs, and is said beside.
fn header(edition: &Edition) -> Value {
    let Edition {
        key,
        title,
        edition: _,
        summary,
        framework,
        applies_to,
        source,
        language,
        frameworks,
        principles: _,
        sections: _,
        findings: _,
    } = edition;
    json!({
        "key": key, "title": title, "summary": summary, "framework": framework, "applies_to": applies_to, "source": source, "language": language,
        "frameworks": frameworks,
    })
}

/// The keys of the questions that any condition of an edition reads.
fn questions_read(edition: &Edition) -> impl Iterator<Item = &str> {
    let sections = edition.sections.iter().filter_map(|section| section.show_if.as_ref());
    let questions = edition.questions().filter_map(|question| question.show_if.as_ref());
    let findings = edition.findings.iter().map(|finding| &finding.when);
    sections.chain(questions).chain(findings).flat_map(Condition::questions)
}

/// A principle, and whether questions count for it.
#[derive(Clone, Copy)]
struct Counted<'a> {
    principle: &'a Principle,
    framework: &'a str,
    counts: bool,
}

fn counted(edition: &Edition) -> Vec<Counted<'_>> {
    let used: BTreeSet<&str> = edition
        .questions()
        .filter(|question| question.weight > 0)
        .map(|question| question.principle.as_str())
        .collect();
    let of = |principle| Counted {
        principle,
        framework: edition.framework_of(principle),
        counts: used.contains(principle.key.as_str()),
    };
    edition.principles.iter().map(of).collect()
}

impl Part for Counted<'_> {
    fn key(&self) -> &str {
        &self.principle.key
    }

    fn value(&self) -> Value {
        spelled_out(self.principle, json!({ "framework": self.framework, "weight": self.principle.weight }))
    }

    fn affects_scores(before: Option<Self>, after: Option<Self>) -> bool {
        let seen = |part: Option<Self>| {
            part.filter(|part| part.counts)
                .map(|part| (part.framework.to_owned(), part.principle.weight.min(MAX_WEIGHT)))
        };
        seen(before) != seen(after)
    }
}

impl Part for &Section {
    fn key(&self) -> &str {
        &self.key
    }

    fn value(&self) -> Value {
        let Section { key, title, intro, show_if, questions: _ } = *self;
        let mut value = json!({ "key": key, "title": title });
        if let Some(intro) = intro {
            value["intro"] = json!(intro);
        }
        if let Some(condition) = show_if {
            value["show_if"] = json!(condition);
        }
        value
    }

    fn affects_scores(before: Option<Self>, after: Option<Self>) -> bool {
        before.zip(after).is_some_and(|(before, after)| before.show_if != after.show_if)
    }
}

/// A question where it stands.
#[derive(Clone, Copy)]
struct Asked<'a> {
    section: &'a Section,
    question: &'a Question,
    /// Whether a condition of either edition reads its answer.
    is_read: bool,
}

fn asked<'a>(edition: &'a Edition, read: &BTreeSet<&str>) -> Vec<Asked<'a>> {
    let inside = |section: &'a Section| section.questions.iter().map(move |question| (section, question));
    let of = |(section, question): (&'a Section, &'a Question)| Asked {
        section,
        question,
        is_read: read.contains(question.key.as_str()),
    };
    edition.sections.iter().flat_map(inside).map(of).collect()
}

impl Asked<'_> {
    /// The question as scores see it; `None` where no answer to it can tell in a score, a finding or a condition.
    fn as_scored(&self) -> Option<Question> {
        let Question { options, bands, weight, .. } = self.question;
        let reveals =
            options.iter().any(|choice| choice.finding.is_some()) || bands.iter().any(|band| band.finding.is_some());
        (*weight > 0 || reveals || self.is_read || self.question.can_knock_out()).then(|| as_scored(self.question))
    }
}

impl Part for Asked<'_> {
    fn key(&self) -> &str {
        &self.question.key
    }

    fn within(&self) -> &str {
        &self.section.key
    }

    fn value(&self) -> Value {
        let Question { weight, required, not_applicable, evidence, maps_to, .. } = self.question;
        let members = json!({ "weight": weight, "required": required, "not_applicable": not_applicable, "evidence": evidence, "maps_to": maps_to });
        spelled_out(self.question, members)
    }

    fn affects_scores(before: Option<Self>, after: Option<Self>) -> bool {
        let scored = |part: &Option<Self>| part.as_ref().and_then(Self::as_scored);
        let (seen_before, seen_after) = (scored(&before), scored(&after));
        // In a section that both editions have, the section itself says when its condition is another.
        let elsewhere = before.zip(after).is_some_and(|(before, after)| {
            before.within() != after.within() && before.section.show_if != after.section.show_if
        });
        seen_before != seen_after || (elsewhere && seen_after.is_some())
    }
}

/// A question without its words and without whatever else no score, knock-out or finding depends on. Two questions that
/// are equal so treat every answer alike. Members that are not named here count as scoring.
pub(crate) fn as_scored(question: &Question) -> Question {
    let mut seen = question.clone();
    seen.text.clear();
    seen.help = None;
    seen.unit = None;
    seen.maps_to.clear();
    if !question.may_be_not_applicable() {
        seen.not_applicable = NotApplicable::No;
    }
    seen.required = false;
    seen.evidence.kinds.sort_unstable();
    seen.evidence.kinds.dedup();
    if seen.evidence.need != EvidenceNeed::Needed {
        seen.evidence = Default::default();
    }
    seen.weight = seen.weight.min(MAX_WEIGHT);
    for choice in &mut seen.options {
        choice.label.clear();
        choice.ask_why = false;
        choice.knock_out = choice.knock_out.as_ref().map(|_| String::new());
        choice.finding = choice.finding.as_ref().map(without_words);
    }
    seen.options.sort_by(|left, right| left.value.cmp(&right.value));
    for band in &mut seen.bands {
        band.ask_why = false;
        band.knock_out = band.knock_out.as_ref().map(|_| String::new());
        band.finding = band.finding.as_ref().map(without_words);
    }
    if seen.weight == 0 {
        seen.principle.clear();
        seen.evidence = Default::default();
        seen.not_applicable = NotApplicable::No;
        seen.options.iter_mut().for_each(|choice| choice.points = Points::ZERO);
        seen.bands.iter_mut().for_each(|band| band.points = Points::ZERO);
    }
    seen
}

fn without_words(finding: &Finding) -> Finding {
    Finding { title: String::new(), advice: String::new(), ..finding.clone() }
}

impl Part for &EditionFinding {
    fn key(&self) -> &str {
        &self.key
    }

    fn value(&self) -> Value {
        spelled_out(self, json!({}))
    }

    fn affects_scores(before: Option<Self>, after: Option<Self>) -> bool {
        let seen = |finding: Option<Self>| {
            finding.map(|EditionFinding { key: _, when, severity, title: _, advice: _, risk }| (when, severity, risk))
        };
        seen(before) != seen(after)
    }
}

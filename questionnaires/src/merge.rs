//! What an organisation added, carried over to a new edition of the base.
//!
//! Whatever can be carried over without a doubt is; whatever cannot is shown, with what to do about it, and stops the
//! merge. Nothing is decided in silence: what was resolved by itself, and what only changed its meaning a little,
//! stands in the list as a notice.

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::check::misfit;
use crate::condition::{Condition, Test};
use crate::edition::{BUILT_IN_FRAMEWORKS, Choice, Edition, Question, Section};
use crate::extension::Extension;
use crate::fault::MAX_FAULTS;
use crate::parse::check;
use crate::rules;

/// What came of carrying an extension over to a new edition of its base.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Merge {
    /// The extension, moved to the new edition of the base as far as that could be done. What is in conflict is in it
    /// as it was.
    pub extension: Extension,
    /// The new base with everything added; absent while a conflict is open.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub result: Option<Edition>,
    /// What did not fit any more: first what has to be decided, then what is good to know.
    #[schemars(length(max = MAX_FAULTS + 1))]
    pub conflicts: Vec<Conflict>,
}

/// One thing in an extension that a new edition of the base touches.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Conflict {
    /// Where, as a JSON pointer (RFC 6901) into the extension that was merged; empty for the whole of it.
    pub pointer: String,
    /// Whether somebody has to decide.
    pub severity: ConflictSeverity,
    /// What kind, in `snake_case`; codes never change their meaning, and those of faults mean the same here.
    pub code: String,
    /// What happened.
    pub message: String,
    /// What was done about it, or, for a conflict, what can be done.
    pub resolution: String,
}

/// Whether somebody has to decide.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ConflictSeverity {
    /// There is no result until this is resolved in the extension.
    Conflict,
    /// It was resolved, or may stay as it is.
    Notice,
}

impl Extension {
    /// Carries the extension over from the edition of the base it was written for to a new one. `edition` is the number
    /// of the edition that results.
    ///
    /// A question that stood after one that is gone goes to the end of its section, and an addition that the new base
    /// makes word for word is left out; both are shown as notices, and so is every question of the base that a
    /// condition here reads and that is asked or scored otherwise than before. Anything else that no longer fits is a
    /// conflict. Where there is a result, applying [`Merge::extension`] to `new_base` gives the same.
    #[must_use]
    pub fn merge(&self, old_base: &Edition, new_base: &Edition, edition: &str) -> Merge {
        let mut merging = Merging::new(self, old_base, new_base);
        let mut extension = self.clone();
        edition.clone_into(&mut extension.edition);
        let mut result = None;
        // Between two other questionnaires nothing fits, and to say so of each part would help nobody.
        if merging.header() {
            extension.base_edition = Some(new_base.edition.clone());
            let kept = merging.keys();
            extension.frameworks = picked(&self.frameworks, &kept.frameworks);
            extension.principles = picked(&self.principles, &kept.principles);
            extension.sections = picked(&self.sections, &kept.sections);
            extension.questions = picked(&self.questions, &kept.questions);
            extension.findings = picked(&self.findings, &kept.findings);
            merging.places(&mut extension, &kept);
            merging.principles(&kept);
            merging.conditions(&kept);
            result = merging.result(&extension, &kept);
        }
        Merge { extension, result, conflicts: merging.told() }
    }
}

/// The places in the extension of what is carried over.
struct Kept {
    frameworks: Vec<usize>,
    principles: Vec<usize>,
    sections: Vec<usize>,
    questions: Vec<usize>,
    findings: Vec<usize>,
}

fn picked<T: Clone>(list: &[T], kept: &[usize]) -> Vec<T> {
    kept.iter().filter_map(|index| list.get(*index).cloned()).collect()
}

struct Merging<'a> {
    own: &'a Extension,
    old: &'a Edition,
    new: &'a Edition,
    old_questions: BTreeMap<&'a str, &'a Question>,
    new_questions: BTreeMap<&'a str, &'a Question>,
    /// The section of the new base in which a question of it stands.
    stands_in: BTreeMap<&'a str, &'a str>,
    conflicts: Vec<Conflict>,
}

impl<'a> Merging<'a> {
    fn new(own: &'a Extension, old: &'a Edition, new: &'a Edition) -> Self {
        let by_key =
            |edition: &'a Edition| edition.questions().map(|question| (question.key.as_str(), question)).collect();
        let stands_in = new
            .sections
            .iter()
            .flat_map(|section| section.questions.iter().map(|question| (question.key.as_str(), section.key.as_str())));
        Self {
            own,
            old,
            new,
            old_questions: by_key(old),
            new_questions: by_key(new),
            stands_in: stands_in.collect(),
            conflicts: Vec::new(),
        }
    }

    fn tell(&mut self, severity: ConflictSeverity, pointer: String, code: &str, message: String, resolution: String) {
        self.conflicts.push(Conflict { pointer, severity, code: code.to_owned(), message, resolution });
    }

    fn conflict(&mut self, pointer: impl Into<String>, code: &str, message: String, resolution: impl Into<String>) {
        self.tell(ConflictSeverity::Conflict, pointer.into(), code, message, resolution.into());
    }

    fn notice(&mut self, pointer: impl Into<String>, code: &str, message: String, resolution: impl Into<String>) {
        self.tell(ConflictSeverity::Notice, pointer.into(), code, message, resolution.into());
    }

    /// All of it, what blocks first, and no more than anyone reads.
    fn told(mut self) -> Vec<Conflict> {
        self.conflicts.sort_by_key(|conflict| conflict.severity);
        if let Some(severity) = self.conflicts.get(MAX_FAULTS).map(|conflict| conflict.severity) {
            self.conflicts.truncate(MAX_FAULTS);
            let message = format!("there are more than {MAX_FAULTS} conflicts and notices; these are the first found");
            self.tell(
                severity,
                String::new(),
                "too_many_faults",
                message,
                "resolve these, then merge again".to_owned(),
            );
        }
        self.conflicts
    }

    /// Whether the two editions and the extension belong together at all.
    fn header(&mut self) -> bool {
        let own = self.own;
        for edition in [self.old, self.new] {
            if edition.key != own.base {
                let message =
                    format!("this was written for the questionnaire `{}`, and `{}` is another", own.base, edition.key);
                self.conflict("/base", "wrong_base", message, "merge it between two editions of its own base");
                return false;
            }
        }
        if let Some(number) = own.base_edition.as_ref().filter(|number| **number != self.old.edition) {
            let message =
                format!("this was written for edition {number} of the base, not for edition {}", self.old.edition);
            self.conflict("/base_edition", "wrong_base_edition", message, format!("merge it from edition {number}"));
        }
        if own.key == own.base {
            let message = format!("`{}` is the key of the base", own.key);
            self.conflict("/key", "base_key_taken", message, "give the questionnaire that results a key of its own");
        }
        true
    }

    /// Compares every key with those of the new base.
    fn keys(&mut self) -> Kept {
        let (own, new) = (self.own, self.new);
        Kept {
            frameworks: self.free(
                "frameworks",
                "/key",
                "duplicate_framework",
                &own.frameworks,
                &new.frameworks,
                |one| &one.key,
            ),
            principles: self.free(
                "principles",
                "/key",
                "duplicate_principle",
                &own.principles,
                &new.principles,
                |one| &one.key,
            ),
            sections: self.sections(),
            questions: self.questions(),
            findings: self.free("findings", "/key", "duplicate_finding", &own.findings, &new.findings, |one| &one.key),
        }
    }

    /// What is not in the base word for word; reports every key that is.
    fn free<T: PartialEq>(
        &mut self,
        list: &str,
        field: &str,
        code: &str,
        own: &[T],
        base: &[T],
        key: fn(&T) -> &String,
    ) -> Vec<usize> {
        let taken: BTreeMap<&str, &T> = base.iter().map(|one| (key(one).as_str(), one)).collect();
        let mut kept = Vec::new();
        for (index, one) in own.iter().enumerate() {
            let pointer = format!("/{list}/{index}{field}");
            if self.is_carried(pointer, code, key(one), taken.get(key(one).as_str()).map(|base| *base == one)) {
                kept.push(index);
            }
        }
        kept
    }

    /// Whether an addition stays in the extension, given whether what has its key in the base is equal to it.
    fn is_carried(&mut self, pointer: String, code: &str, key: &str, equal: Option<bool>) -> bool {
        let number = &self.new.edition;
        match equal {
            None => true,
            Some(true) => {
                let message = format!("edition {number} of the base has `{key}` too, word for word");
                self.notice(pointer, code, message, "it was left out of the extension: the base's stands");
                false
            }
            Some(false) => {
                let message = format!("edition {number} of the base has `{key}` too, and another one");
                self.conflict(pointer, code, message, "give this one another key, or drop it");
                true
            }
        }
    }

    fn sections(&mut self) -> Vec<usize> {
        let own = self.own;
        let base: BTreeMap<&str, &Section> =
            self.new.sections.iter().map(|section| (section.key.as_str(), section)).collect();
        let mut kept = Vec::new();
        for (index, section) in own.sections.iter().enumerate() {
            let equal = base.get(section.key.as_str()).map(|base| *base == section);
            if !self.is_carried(format!("/sections/{index}/key"), "duplicate_section", &section.key, equal) {
                continue;
            }
            kept.push(index);
            for (place, question) in section
                .questions
                .iter()
                .enumerate()
                .filter(|(_, question)| self.new_questions.contains_key(question.key.as_str()))
                .collect::<Vec<_>>()
            {
                let message = format!("edition {} of the base has `{}` too", self.new.edition, question.key);
                self.conflict(
                    format!("/sections/{index}/questions/{place}/key"),
                    "duplicate_question",
                    message,
                    "give this one another key, or drop it",
                );
            }
        }
        kept
    }

    fn questions(&mut self) -> Vec<usize> {
        let own = self.own;
        let mut kept = Vec::new();
        for (index, added) in own.questions.iter().enumerate() {
            let equal = self.new_questions.get(added.question.key.as_str()).map(|base| **base == added.question);
            if self.is_carried(
                format!("/questions/{index}/question/key"),
                "duplicate_question",
                &added.question.key,
                equal,
            ) {
                kept.push(index);
            }
        }
        kept
    }

    /// Finds each added question a place in the new base.
    fn places(&mut self, extension: &mut Extension, kept: &Kept) {
        let new = self.new;
        let mut there: BTreeMap<&str, BTreeSet<String>> = new
            .sections
            .iter()
            .map(|section| {
                (section.key.as_str(), section.questions.iter().map(|question| question.key.clone()).collect())
            })
            .collect();
        for (added, index) in extension.questions.iter_mut().zip(&kept.questions) {
            let Some(questions) = there.get_mut(added.section.as_str()) else {
                let message = format!("edition {} of the base has no section `{}`", new.edition, added.section);
                let resolution = self.other_section(&added.section, added.after.as_deref());
                self.conflict(format!("/questions/{index}/section"), "unknown_section", message, resolution);
                continue;
            };
            if let Some(after) = added.after.take_if(|after| !questions.contains(after)) {
                let gone = match self.stands_in.get(after.as_str()) {
                    Some(section) => {
                        format!("`{after}` stands in the section `{section}` of edition {} of the base", new.edition)
                    }
                    None => format!("edition {} of the base has no question `{after}`", new.edition),
                };
                let resolution =
                    format!("`{}` was put at the end of the section `{}`", added.question.key, added.section);
                self.notice(format!("/questions/{index}/after"), "unknown_question", gone, resolution);
            }
            questions.insert(added.question.key.clone());
        }
    }

    /// Where to put a question whose section is gone.
    fn other_section(&self, section: &str, after: Option<&str>) -> String {
        if let Some((after, section)) = after.and_then(|after| Some((after, self.stands_in.get(after)?))) {
            return format!("put it in the section `{section}`, where `{after}` stands now");
        }
        let old = self.old.sections.iter().filter(|old| old.key == section).flat_map(|old| &old.questions);
        let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
        old.filter_map(|question| self.stands_in.get(question.key.as_str()))
            .for_each(|section| *counts.entry(section).or_default() += 1);
        let most = counts.values().max().copied().unwrap_or_default();
        match counts.into_iter().find(|(_, count)| *count == most) {
            Some((other, _)) => format!("put it in the section `{other}`, where questions of `{section}` stand now"),
            None => "put it in a section that the base has, or in one of your own".to_owned(),
        }
    }

    /// Every question that is carried over, and where it stands in the extension.
    fn added(&self, kept: &Kept) -> Vec<(String, &'a Question)> {
        let own = self.own;
        let placed = kept
            .questions
            .iter()
            .map(|index| (format!("/questions/{index}/question"), &own.questions[*index].question));
        let sections = kept.sections.iter().flat_map(|index| {
            let questions = own.sections[*index].questions.iter().enumerate();
            questions.map(move |(place, question)| (format!("/sections/{index}/questions/{place}"), question))
        });
        placed.chain(sections).collect()
    }

    /// What the additions count for.
    fn principles(&mut self, kept: &Kept) {
        let (own, new) = (self.own, self.new);
        let number = &new.edition;
        let frameworks = new.frameworks.iter().chain(&own.frameworks).map(|framework| framework.key.as_str());
        let frameworks: BTreeSet<&str> = BUILT_IN_FRAMEWORKS.into_iter().chain(frameworks).collect();
        for (index, principle) in kept.principles.iter().map(|index| (index, &own.principles[*index])) {
            match &principle.framework {
                Some(framework) if !frameworks.contains(framework.as_str()) => {
                    let message = format!("edition {number} of the base has no framework `{framework}`");
                    self.conflict(
                        format!("/principles/{index}/framework"),
                        "unknown_framework",
                        message,
                        "declare it among the extension's own `frameworks`, or name another",
                    );
                }
                None if self.old.framework != new.framework => {
                    let message = format!(
                        "`{}` names no framework, and the base's was `{}` and is `{}`",
                        principle.key, self.old.framework, new.framework
                    );
                    self.notice(
                        format!("/principles/{index}"),
                        "framework_changed",
                        message,
                        format!("it counts for `{}`", new.framework),
                    );
                }
                _ => {}
            }
        }
        let principles: BTreeSet<&str> =
            new.principles.iter().chain(&own.principles).map(|principle| principle.key.as_str()).collect();
        for (pointer, question) in self.added(kept) {
            if !principles.contains(question.principle.as_str()) {
                let message = format!("edition {number} of the base has no principle `{}`", question.principle);
                self.conflict(
                    format!("{pointer}/principle"),
                    "unknown_principle",
                    message,
                    "count it for another principle, or add this one to the extension's own",
                );
            }
        }
    }

    /// What the additions read.
    fn conditions(&mut self, kept: &Kept) {
        let own = self.own;
        let added = self.added(kept);
        let keys: BTreeSet<&str> = added.iter().map(|(_, question)| question.key.as_str()).collect();
        let shown = added.iter().map(|(pointer, question)| (format!("{pointer}/show_if"), question.show_if.as_ref()));
        let sections = kept
            .sections
            .iter()
            .map(|index| (format!("/sections/{index}/show_if"), own.sections[*index].show_if.as_ref()));
        let findings =
            kept.findings.iter().map(|index| (format!("/findings/{index}/when"), Some(&own.findings[*index].when)));
        for (pointer, condition) in shown.chain(sections).chain(findings) {
            for (leaf, key, test) in condition.map(|condition| leaves(condition, pointer)).unwrap_or_default() {
                if !keys.contains(key) {
                    self.reads(&leaf, key, test);
                }
            }
        }
    }

    fn reads(&mut self, leaf: &str, key: &str, test: &Test) {
        let number = &self.new.edition;
        let Some(now) = self.new_questions.get(key).copied() else {
            let message = match self.old_questions.contains_key(key) {
                true => format!("edition {number} of the base asks `{key}` no more"),
                false => format!("neither the base nor the extension asks `{key}`"),
            };
            self.conflict(
                format!("{leaf}/question"),
                "unknown_question",
                message,
                "let the condition read another question, or drop it",
            );
            return;
        };
        if let Some((code, message)) = misfit(now, test, |_, _| String::new()) {
            let message = format!("in edition {number} of the base, {message}");
            self.conflict(
                format!("{leaf}/{}", test.operator()),
                code,
                message,
                "let the condition ask for something that can be answered, or drop it",
            );
            return;
        }
        let changed = self.old_questions.get(key).map(|then| differences(then, now)).unwrap_or_default();
        if !changed.is_empty() {
            let message = format!(
                "`{key}` is not quite the same in edition {number} of the base: {} changed",
                changed.join(", ")
            );
            self.notice(
                format!("{leaf}/question"),
                "question_changed",
                message,
                "the condition stays as it is: see that it still means what it should",
            );
        }
    }

    /// The new base with everything added, where nothing stands against it.
    fn result(&mut self, extension: &Extension, kept: &Kept) -> Option<Edition> {
        if self.conflicts.iter().any(|conflict| conflict.severity == ConflictSeverity::Conflict) {
            return None;
        }
        let again = "change the extension, then merge again";
        match extension.put_together(self.new) {
            Ok(result) => {
                let faults = check(&result);
                for fault in &faults {
                    let pointer = self.origin(&fault.pointer, &result, extension, kept);
                    self.conflict(
                        pointer,
                        &fault.code,
                        format!("in the edition that results, at `{}`: {}", fault.pointer, fault.message),
                        again,
                    );
                }
                faults.is_empty().then_some(result)
            }
            // Everything that is said here has been looked for above, part by part.
            Err(faults) => {
                faults.into_iter().for_each(|fault| self.conflict("", &fault.code, fault.message, again));
                None
            }
        }
    }

    /// Where in the extension something in the result comes from; empty for what is the base's.
    fn origin(&self, pointer: &str, result: &Edition, extension: &Extension, kept: &Kept) -> String {
        let steps: Vec<&str> = pointer.split('/').skip(1).collect();
        let number = |step: &str| step.parse::<usize>().ok();
        let after = |index: usize, base: usize, kept: &[usize]| {
            index.checked_sub(base).and_then(|index| kept.get(index)).copied()
        };
        let from = |list: &str, index: Option<usize>, rest: &[&str]| {
            let rest: String = rest.iter().map(|step| format!("/{step}")).collect();
            index.map(|index| format!("/{list}/{index}{rest}"))
        };
        let new = self.new;
        let found = match steps.as_slice() {
            ["key" | "title" | "edition"] => Some(pointer.to_owned()),
            ["summary"] if self.own.summary.is_some() => Some(pointer.to_owned()),
            ["frameworks", index, rest @ ..] => from(
                "frameworks",
                number(index).and_then(|index| after(index, new.frameworks.len(), &kept.frameworks)),
                rest,
            ),
            ["principles", index, rest @ ..] => from(
                "principles",
                number(index).and_then(|index| after(index, new.principles.len(), &kept.principles)),
                rest,
            ),
            ["findings", index, rest @ ..] => {
                from("findings", number(index).and_then(|index| after(index, new.findings.len(), &kept.findings)), rest)
            }
            ["sections", section, rest @ ..] => match number(section) {
                Some(section) if section >= new.sections.len() => {
                    from("sections", after(section, new.sections.len(), &kept.sections), rest)
                }
                Some(section) => match rest {
                    ["questions", place, rest @ ..] => {
                        let question =
                            number(place).and_then(|place| result.sections.get(section)?.questions.get(place));
                        let added = question.and_then(|question| {
                            extension.questions.iter().position(|added| added.question.key == question.key)
                        });
                        let rest: Vec<&str> = std::iter::once("question").chain(rest.iter().copied()).collect();
                        from("questions", added.and_then(|added| kept.questions.get(added)).copied(), &rest)
                    }
                    _ => None,
                },
                None => None,
            },
            _ => None,
        };
        found.unwrap_or_default()
    }
}

/// Every test of an answer in a condition, and where it stands.
fn leaves(condition: &Condition, pointer: String) -> Vec<(String, &str, &Test)> {
    let mut found = Vec::new();
    // A stack of its own, because a condition built by hand may be deeper than the parser allows.
    let mut open = vec![(pointer, condition)];
    while let Some((pointer, condition)) = open.pop() {
        match condition {
            Condition::All(parts) => open
                .extend(parts.iter().enumerate().rev().map(|(index, part)| (format!("{pointer}/all/{index}"), part))),
            Condition::Any(parts) => open
                .extend(parts.iter().enumerate().rev().map(|(index, part)| (format!("{pointer}/any/{index}"), part))),
            Condition::Not(part) => open.push((format!("{pointer}/not"), part)),
            Condition::Question { question, test } => found.push((pointer, question.as_str(), test)),
            Condition::Subject { .. } => {}
        }
    }
    found
}

/// What about a question is asked or scored otherwise, as people say it; words are not compared.
fn differences(then: &Question, now: &Question) -> Vec<&'static str> {
    let (then, now) = (rules::of_question(then), rules::of_question(now));
    let values =
        |question: &Question| question.options.iter().map(|choice| choice.value.clone()).collect::<BTreeSet<_>>();
    let worth = |question: &Question| -> BTreeMap<String, Choice> {
        question.options.iter().map(|choice| (choice.value.clone(), choice.clone())).collect()
    };
    let same_options = values(&then) == values(&now);
    let parts = [
        ("its type", then.kind != now.kind),
        ("its principle", then.principle != now.principle),
        ("its weight", then.weight != now.weight),
        ("its options", !same_options),
        ("what its options are worth or reveal", same_options && worth(&then) != worth(&now)),
        ("its bands", then.bands != now.bands),
        ("its limits", (then.minimum, then.maximum) != (now.minimum, now.maximum)),
        ("when it is asked", then.show_if != now.show_if),
        ("whether it must be answered", (then.required, then.not_applicable) != (now.required, now.not_applicable)),
        ("its evidence", then.evidence != now.evidence),
    ];
    parts.into_iter().filter(|(_, changed)| *changed).map(|(name, _)| name).collect()
}

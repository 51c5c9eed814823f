//! What a column of somebody else's can fill, in the words of our forms.

use std::collections::BTreeSet;

use diligence_entities::{identifier::Scheme, recipe::ImportNoun, stored::word};
use diligence_questionnaires::EvidenceKind;

use crate::{
    import_reader,
    pages::{
        fields::{FieldSpec, FormSection, Input},
        format,
        labels::{Choices, Labelled as _},
        products, suppliers,
    },
};

/// Fields of ours that belong together.
pub(super) struct TargetGroup {
    pub(super) title: &'static str,
    pub(super) targets: Vec<Target>,
}

/// A field of ours that a column can fill.
#[derive(Clone)]
pub(super) struct Target {
    /// What a recipe calls it: `contacts.email`.
    pub(super) key: String,
    /// What people read for it.
    pub(super) label: String,
    /// What it can say, where that can be chosen.
    pub(super) choices: Choices,
    /// Whether it can say several of them.
    pub(super) is_list: bool,
}

impl Target {
    fn new(key: impl Into<String>, label: impl Into<String>) -> Self {
        Self { key: key.into(), label: label.into(), choices: &[], is_list: false }
    }

    fn of(spec: &FieldSpec, prefix: &str, before: &str) -> Self {
        let choices = match spec.input {
            Input::Select(choices)
            | Input::OptionalSelect(choices)
            | Input::RequiredSelect(choices)
            | Input::Checkboxes(choices)
            | Input::Boolean(choices) => choices,
            _ => &[],
        };
        Self {
            key: format!("{prefix}{}", spec.key),
            label: format!("{before}{}", spec.label),
            choices,
            is_list: matches!(spec.input, Input::Checkboxes(_)),
        }
    }
}

/// Everything that a column can fill, in the order of the forms.
pub(super) fn groups(noun: ImportNoun) -> Vec<TargetGroup> {
    match noun {
        ImportNoun::Suppliers => {
            let mut groups = of_form(suppliers::PARTS, "The supplier");
            groups.extend([identifiers(), contact(), contract(), evidence(), reviews()]);
            groups
        }
        ImportNoun::Products => {
            let mut groups = of_form(products::PARTS, "The product");
            let whose = vec![
                Target::new("supplier_name", "Its supplier, by the name"),
                Target::new("supplier_identifier", "Its supplier, by an identifier such as GB-NHS:8K417"),
            ];
            groups.insert(1, TargetGroup { title: "Whose it is", targets: whose });
            groups
        }
        other => vec![TargetGroup { title: "What it says", targets: of_export(other) }],
    }
}

/// The columns of our own export, for what has no form of such rows.
fn of_export(noun: ImportNoun) -> Vec<Target> {
    let keys: BTreeSet<String> = import_reader::known(noun).into_iter().collect();
    keys.into_iter().map(|key| Target::new(key.clone(), format::label(&key))).collect()
}

/// The fields of a form, without its rows.
fn of_form(parts: &'static [FormSection], first: &'static str) -> Vec<TargetGroup> {
    let is_single = |spec: &&FieldSpec| !matches!(spec.input, Input::Rows(..));
    parts
        .iter()
        .map(|part| TargetGroup {
            title: if part.title.is_empty() { first } else { part.title },
            targets: part.fields.iter().filter(is_single).map(|spec| Target::of(spec, "", "")).collect(),
        })
        .filter(|group| !group.targets.is_empty())
        .collect()
}

fn identifiers() -> TargetGroup {
    let target = |(scheme, label): &(&str, &str)| {
        Target::new(format!("identifiers:{scheme}"), format!("Number or code: {label}"))
    };
    TargetGroup { title: "Its identifiers", targets: Scheme::CHOICES.iter().map(target).collect() }
}

fn contact() -> TargetGroup {
    let targets = suppliers::CONTACT.iter().map(|spec| Target::of(spec, "contacts.", "Contact: ")).collect();
    TargetGroup { title: "Whom to reach there", targets }
}

fn contract() -> TargetGroup {
    // A cell says an amount with its currency.
    let of = |spec: &FieldSpec| match spec.key {
        "value.currency" => None,
        "value.amount_minor" => Some(Target::new("contracts.value", format!("Contract: {}", spec.label))),
        _ => Some(Target::of(spec, "contracts.", "Contract: ")),
    };
    TargetGroup { title: "Your contract with it", targets: suppliers::CONTRACT.iter().filter_map(of).collect() }
}

fn evidence() -> TargetGroup {
    let of_kind = |kind: EvidenceKind| {
        [
            ("statement", "what it says, such as its status"),
            ("reference", "its number"),
            ("issued_on", "the day it was issued"),
            ("expires_on", "its last day"),
        ]
        .map(|(field, said)| {
            Target::new(format!("evidence.{}.{field}", word(&kind)), format!("{}: {said}", kind.title()))
        })
    };
    TargetGroup { title: "Its evidence", targets: EvidenceKind::ALL.into_iter().flat_map(of_kind).collect() }
}

fn reviews() -> TargetGroup {
    let targets = vec![
        Target::new("last_review_on", "When you last looked at it"),
        Target::new("next_review_on", "When you look at it next"),
    ];
    TargetGroup { title: "Reviews", targets }
}

/// The field of this key.
pub(super) fn find(noun: ImportNoun, key: &str) -> Option<Target> {
    groups(noun).into_iter().flat_map(|group| group.targets).find(|target| target.key == key)
}

/// What people read for this field, whether the page offers it or a recipe alone does.
pub(super) fn label(noun: ImportNoun, key: &str) -> String {
    find(noun, key).map_or_else(|| format::capital(format::without_underscores(key)), |target| target.label)
}

/// What is in a file, as people say it.
pub(super) const NOUNS: [(ImportNoun, &str, &str); 10] = [
    (ImportNoun::Suppliers, "suppliers", "Suppliers, with what the list knows of each"),
    (ImportNoun::Products, "products", "Products, of suppliers that are in the register"),
    (ImportNoun::Contacts, "contacts", "Contacts of suppliers"),
    (ImportNoun::Contracts, "contracts", "Contracts with suppliers"),
    (ImportNoun::Dependencies, "dependencies", "Which supplier depends on which"),
    (ImportNoun::Evidence, "evidence", "Evidence"),
    (ImportNoun::Incidents, "incidents", "Incidents"),
    (ImportNoun::Risks, "risks", "Risks"),
    (ImportNoun::Decisions, "decisions", "Decisions"),
    (ImportNoun::Reviews, "reviews", "Reviews that were done, or are planned"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_field_can_be_told_from_the_others_by_its_key_and_by_its_words() {
        for noun in [ImportNoun::Suppliers, ImportNoun::Products] {
            let all: Vec<Target> = groups(noun).into_iter().flat_map(|group| group.targets).collect();
            let keys: BTreeSet<&String> = all.iter().map(|target| &target.key).collect();
            let labels: BTreeSet<&String> = all.iter().map(|target| &target.label).collect();
            assert_eq!((keys.len(), labels.len()), (all.len(), all.len()));
        }
    }
}

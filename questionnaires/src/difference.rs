//! Where two values differ.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::fault::escape;

/// One place in which two values differ.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Differing {
    /// Where, as a JSON pointer; an item that is matched by its name has the name as its step.
    pub(crate) pointer: String,
    /// What stands there before; absent when nothing does.
    pub(crate) before: Option<Value>,
    /// What stands there after; absent when nothing does.
    pub(crate) after: Option<Value>,
}

/// How lists and members are taken apart.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Reading {
    /// The members that are one thing: whatever differs inside, the whole differs.
    pub(crate) whole: &'static [&'static str],
    /// The name of an item of a list, given the member that holds the list. Items are matched by name where each has
    /// one of its own, and by their place otherwise.
    pub(crate) name: fn(list: &str, item: &Value) -> Option<String>,
}

/// Everything is taken apart, and lists item by item.
pub(crate) const BY_PLACE: Reading = Reading { whole: &[], name: |_, _| None };

/// Every place in which two values differ, in the order in which it stands in the value before, then in the one after.
pub(crate) fn differences(before: &Value, after: &Value, reading: Reading) -> Vec<Differing> {
    let mut found = Vec::new();
    reading.compare(&Place { pointer: "", member: "" }, Some(before), Some(after), &mut found);
    found
}

/// Where a comparison has come to: the way there, and the member that is looked at (empty for an item of a list).
struct Place<'a> {
    pointer: &'a str,
    member: &'a str,
}

impl Reading {
    fn compare(self, place: &Place<'_>, before: Option<&Value>, after: Option<&Value>, found: &mut Vec<Differing>) {
        let Place { pointer, member } = *place;
        let whole = self.whole.contains(&member);
        match (before, after) {
            (Some(Value::Object(before)), Some(Value::Object(after))) if !whole => {
                let more = after.keys().filter(|key| !before.contains_key(*key));
                for key in before.keys().chain(more) {
                    let pointer = format!("{pointer}/{}", escape(key));
                    self.compare(&Place { pointer: &pointer, member: key }, before.get(key), after.get(key), found);
                }
            }
            (Some(Value::Array(before)), Some(Value::Array(after))) if !whole => {
                match (self.names(member, before), self.names(member, after)) {
                    (Some(before_names), Some(after_names)) => {
                        self.compare_named(pointer, (&before_names, before), (&after_names, after), found)
                    }
                    _ => {
                        for index in 0..before.len().max(after.len()) {
                            let pointer = format!("{pointer}/{index}");
                            self.compare(
                                &Place { pointer: &pointer, member: "" },
                                before.get(index),
                                after.get(index),
                                found,
                            );
                        }
                    }
                }
            }
            _ if before == after => {}
            _ => found.push(Differing { pointer: pointer.to_owned(), before: before.cloned(), after: after.cloned() }),
        }
    }

    /// The names of a list's items; `None` unless each has one of its own.
    fn names(self, list: &str, items: &[Value]) -> Option<Vec<String>> {
        let names: Vec<String> = items.iter().map(|item| (self.name)(list, item)).collect::<Option<_>>()?;
        let different: BTreeSet<&String> = names.iter().collect();
        (different.len() == names.len()).then_some(names)
    }

    /// Compares two lists by name. Where what they have in common stands in another order, the list itself differs
    /// besides, by the names alone.
    fn compare_named(
        self,
        pointer: &str,
        before: (&[String], &[Value]),
        after: (&[String], &[Value]),
        found: &mut Vec<Differing>,
    ) {
        let (before_by_name, after_by_name) = (by_name(before), by_name(after));
        let kept = before.0.iter().filter(|name| after_by_name.contains_key(*name));
        if kept.ne(after.0.iter().filter(|name| before_by_name.contains_key(*name))) {
            found.push(Differing {
                pointer: pointer.to_owned(),
                before: Some(before.0.into()),
                after: Some(after.0.into()),
            });
        }
        let more = after.0.iter().filter(|name| !before_by_name.contains_key(*name));
        for name in before.0.iter().chain(more) {
            let pointer = format!("{pointer}/{}", escape(name));
            self.compare(
                &Place { pointer: &pointer, member: "" },
                before_by_name.get(name).copied(),
                after_by_name.get(name).copied(),
                found,
            );
        }
    }
}

fn by_name<'a>((names, items): (&'a [String], &'a [Value])) -> BTreeMap<&'a String, &'a Value> {
    names.iter().zip(items).collect()
}

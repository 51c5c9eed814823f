//! Which entry of a list is about which of our suppliers: by identifier, by what was said before, or by name once
//! somebody says so.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use sea_orm::{ColumnTrait as _, QueryFilter as _};

use super::{Column, Entity, Entry, ListChoice, ListEntry, ListFile, ListQuestion, PublishedList, reading};
use crate::{
    error::Error,
    fault::Fault,
    id::SupplierId,
    scope::{PORTION, Reader},
    stored::Word,
    supplier::{self, RelationshipStatus},
    twin::compared,
};

/// One of our suppliers, as far as it can be on a list.
pub(super) struct Ours {
    pub(super) id: SupplierId,
    pub(super) name: String,
    pub(super) compared: String,
    /// Its identifiers of the list's schemes, in capitals.
    pub(super) keys: BTreeSet<String>,
    /// Whether one of them is of the list's own scheme: then it is no other entry.
    has_own_key: bool,
}

/// Our suppliers but for archived ones, which count nowhere.
pub(super) async fn ours(reader: &Reader, list: PublishedList) -> Result<Vec<Ours>, Error> {
    let (mut all, mut after) = (Vec::new(), String::new());
    loop {
        let rows = supplier::from_after(reader, &after, PORTION as u64).await?;
        let Some(last) = rows.last() else { return Ok(all) };
        last.id.as_str().clone_into(&mut after);
        let is_listed = |row: &supplier::Supplier| !row.is_ourselves && row.status.0 != RelationshipStatus::Archived;
        for row in rows.into_iter().filter(is_listed) {
            let of_list = row.identifiers.iter().filter(|identifier| list.schemes().contains(&identifier.scheme));
            all.push(Ours {
                keys: of_list.map(|identifier| reading::key(list, &identifier.id)).collect(),
                has_own_key: row
                    .identifiers
                    .iter()
                    .any(|identifier| list.schemes().first() == Some(&identifier.scheme)),
                compared: compared(&row.name),
                name: row.name,
                id: row.id,
            });
        }
    }
}

/// What was found on a list before.
pub(super) async fn known(reader: &Reader, list: PublishedList) -> Result<Vec<ListEntry>, Error> {
    reader.all(reader.find::<Entity>().filter(Column::List.eq(Word(list)))).await
}

/// Which entries are about whom.
#[derive(Default)]
pub(super) struct Matches {
    /// An entry, by its place in the file, and one of ours, by its place among them.
    pub(super) pairs: Vec<(usize, usize)>,
    /// Likewise, where somebody says that only the names are the same.
    pub(super) others: Vec<(usize, usize)>,
    /// What nobody has said yet.
    pub(super) questions: Vec<ListQuestion>,
}

/// What an answer to a question says.
const NEW: &str = "new";

/// Finds out which entries are about whom.
///
/// # Errors
/// A fault for each answer that is none.
pub(super) fn find(
    list: PublishedList,
    file: &ListFile,
    ours: &[Ours],
    known: &[ListEntry],
    answers: &BTreeMap<String, String>,
) -> Result<Matches, Vec<Fault>> {
    let by_id: HashMap<&str, usize> = ours.iter().enumerate().map(|(place, one)| (one.id.as_str(), place)).collect();
    let mut by_key: HashMap<&str, usize> = HashMap::new();
    let mut by_name: HashMap<&str, Vec<usize>> = HashMap::new();
    for (place, one) in ours.iter().enumerate() {
        by_key.extend(one.keys.iter().map(|key| (key.as_str(), place)));
        if !one.has_own_key {
            by_name.entry(&one.compared).or_default().push(place);
        }
    }
    let mut said: HashMap<&str, Vec<(usize, bool)>> = HashMap::new();
    for row in known {
        if let Some(place) = by_id.get(row.supplier_id.as_str()) {
            said.entry(&row.entry_key).or_default().push((*place, row.is_same));
        }
    }
    let mut matches = Matches::default();
    let mut taken: BTreeSet<usize> = BTreeSet::new();
    let mut open: Vec<usize> = Vec::new();
    for (index, entry) in file.entries.iter().enumerate() {
        let before = said.get(entry.key()).map(Vec::as_slice).unwrap_or_default();
        let kept = before.iter().find(|(_, is_same)| *is_same).map(|(place, _)| *place);
        match entry.keys.iter().find_map(|key| by_key.get(key.as_str()).copied()).or(kept) {
            Some(place) => {
                taken.insert(place);
                matches.pairs.push((index, place));
            }
            None => open.push(index),
        }
    }
    let uses = file.by_name();
    let (mut faults, mut asked) = (Vec::new(), BTreeSet::new());
    for index in open {
        let Some(entry) = file.entries.get(index) else { continue };
        let before = said.get(entry.key()).map(Vec::as_slice).unwrap_or_default();
        let may_be = |place: &usize| {
            !(before.iter().any(|(known, _)| known == place) || list.is_one_each() && taken.contains(place))
        };
        for name in entry.names.iter().map(|name| compared(name)).collect::<BTreeSet<String>>() {
            let candidates: Vec<usize> =
                by_name.get(name.as_str()).into_iter().flatten().copied().filter(|place| may_be(place)).collect();
            if candidates.is_empty() {
                continue;
            }
            // Several entries of one name are told apart by their keys; records of one body are not told apart.
            let is_shared = list.is_one_each() && uses.get(&name).is_some_and(|keys| keys.len() > 1);
            let key = if is_shared { format!("same:{name} {}", entry.key()) } else { format!("same:{name}") };
            match answers.get(&key).map(String::as_str) {
                Some(NEW) => matches.others.extend(candidates.iter().map(|place| (index, *place))),
                Some(answer) => match candidates.iter().find(|place| ours[**place].id.as_str() == answer) {
                    Some(place) => matches.pairs.push((index, *place)),
                    None => faults.push(Fault::new(
                        "?answers",
                        "answer",
                        format!("{key}: expected {NEW}, or the id of a supplier of this name, not {answer:?}"),
                    )),
                },
                None if asked.insert(key.clone()) => {
                    matches.questions.push(question(list, key, entry, &candidates, ours));
                }
                None => {}
            }
        }
    }
    if faults.is_empty() { Ok(matches) } else { Err(faults) }
}

fn question(list: PublishedList, key: String, entry: &Entry, candidates: &[usize], ours: &[Ours]) -> ListQuestion {
    let one = |place: &usize| ListChoice {
        answer: ours[*place].id.to_string(),
        meaning: format!("it is about {}", ours[*place].name),
    };
    let neither = ListChoice { answer: NEW.into(), meaning: "only the names are the same".into() };
    ListQuestion {
        key,
        question: format!(
            "Is {} ({}) in the list of the {} a supplier of ours?",
            entry.name(),
            entry.key(),
            list.title()
        ),
        choices: candidates.iter().map(one).chain([neither]).collect(),
    }
}

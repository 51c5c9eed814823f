//! A published list's file, from any door, as a look at the list.

use std::{collections::BTreeMap, sync::Arc};

use diligence_entities::{
    clock::Day,
    fault::Fault,
    published_list::{self, ListFile, PublishedList},
    scope::Reader,
};
use diligence_questionnaires::spreadsheet::Source;
use schemars::JsonSchema;
use serde::Deserialize;
use validator::Validate;

use crate::problem::Problem;

/// How large a list may be that is sent, in bytes: 64 MiB. At the console it may be as large as it is.
pub const LIST_LIMIT: usize = 64 << 20;

/// How a list is looked at.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, Validate)]
#[serde(default, deny_unknown_fields)]
pub struct RefreshQuery {
    /// The day of the list; today if not said.
    pub list_day: Option<Day>,
    /// Whether to say only what would happen; `false` if not said.
    pub dry_run: Option<bool>,
    /// Answers to questions, with commas between, e.g. `same:harbour linen=new`; a comma, an equals sign or a backslash
    /// in a key has a backslash before it.
    #[validate(length(min = 1, max = 100_000))]
    pub answers: Option<String>,
}

/// What `source` says of our suppliers, as far as it may be about them.
///
/// # Errors
/// A problem for what cannot be read, or is not that list.
pub(crate) async fn read(reader: Reader, list: PublishedList, source: Arc<dyn Source>) -> Result<ListFile, Problem> {
    let sought = published_list::sought(&reader, list).await?;
    drop(reader);
    // Reading a large file is work: other requests need this thread.
    let reading = move || published_list::read_file(list, source.as_ref(), &sought);
    Ok(tokio::task::spawn_blocking(reading).await.map_err(Problem::internal)??)
}

/// Answers as they are written: `KEY=ANSWER` with commas between. A backslash makes what follows part of a key or an
/// answer.
///
/// # Errors
/// A fault for what has no answer.
pub(crate) fn answers(text: &str) -> Result<BTreeMap<String, String>, Fault> {
    let mut pairs = vec![(String::new(), None::<String>)];
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        let Some((key, answer)) = pairs.last_mut() else { break };
        match character {
            ',' => pairs.push((String::new(), None)),
            '=' if answer.is_none() => *answer = Some(String::new()),
            '\\' => answer.as_mut().unwrap_or(key).extend(characters.next()),
            other => answer.as_mut().unwrap_or(key).push(other),
        }
    }
    let mut all = BTreeMap::new();
    for (key, answer) in pairs {
        match answer {
            Some(answer) if !key.trim().is_empty() => {
                all.insert(key.trim().to_owned(), answer.trim().to_owned());
            }
            None if key.trim().is_empty() => {}
            _ => {
                let detail = format!("expected KEY=ANSWER with commas between, not {key:?}");
                return Err(Fault::new("?answers", "answer", detail));
            }
        }
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_pairs_whose_keys_may_hold_anything() {
        let read = |text: &str| answers(text).map(|all| all.into_iter().collect::<Vec<_>>());
        let pair = |key: &str, answer: &str| (key.to_owned(), answer.to_owned());
        assert_eq!(
            read("same:a=new, same:b\\,c\\=d = sup_1"),
            Ok(vec![pair("same:a", "new"), pair("same:b,c=d", "sup_1")])
        );
        assert_eq!(read(""), Ok(Vec::new()));
        assert_eq!(read("same:a").map_err(|fault| fault.code), Err("answer".to_owned()));
    }
}

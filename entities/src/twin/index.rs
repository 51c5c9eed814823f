//! Which of many names are near a name, without a look at each of them.
//!
//! Names that differ by the order of their words, or by general words at their end, share the sorted words that are left.
//! Names that differ by at most two letters share a part: each letter that was added, left out, changed or swapped with
//! its neighbour touches at most two parts that lie side by side, so that of five parts one is whole, at most two places
//! from where it was; of three, where one letter differs. What shares something is looked at with [`is_near`].

use std::{
    collections::{BTreeSet, HashMap},
    hash::{DefaultHasher, Hash as _, Hasher as _},
};

use sea_orm::{ColumnTrait as _, QueryFilter as _, QueryOrder as _, QuerySelect as _};

use super::{NEAR_BY_ONE, NEAR_BY_TWO, core, is_near};
use crate::{error::Error, product, scope::Reader, subject::SubjectType, supplier};

/// How many names are loaded at once.
const LOADED: u64 = 2000;

/// Something that is there, and what it is called.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Known {
    /// Its id.
    pub id: String,
    /// What it is called.
    pub name: String,
}

/// All of one name.
#[derive(Clone, Debug)]
struct Entry {
    /// The name as people compare it.
    key: String,
    /// How often each letter is in it, at most 255 times; letters share places.
    letters: [u8; 32],
    known: Vec<Known>,
}

/// Names as people compare them, to find those that are the same or near.
#[derive(Clone, Debug, Default)]
pub struct Index {
    entries: Vec<Entry>,
    by_key: HashMap<String, usize>,
    /// Entries by what they share with those near them, as a number that stands for it.
    by_share: HashMap<u64, Vec<u32>>,
}

impl Index {
    /// The names of all suppliers, or of all products, of an organisation; archived ones too.
    ///
    /// # Errors
    /// [`Error::Database`] only.
    pub async fn load(reader: &Reader, noun: SubjectType) -> Result<Self, Error> {
        let mut index = Self::default();
        for (known, key) in match noun {
            SubjectType::Supplier => suppliers(reader).await?,
            SubjectType::Product => products(reader).await?.into_iter().map(|(_, known, key)| (known, key)).collect(),
        } {
            index.insert(&key, known);
        }
        Ok(index)
    }

    /// Adds something by its name, which is compared already.
    pub fn insert(&mut self, compared: &str, known: Known) {
        if let Some(entry) = self.by_key.get(compared).and_then(|place| self.entries.get_mut(*place)) {
            entry.known.push(known);
            return;
        }
        let Ok(place) = u32::try_from(self.entries.len()) else { return };
        for share in shares(compared) {
            self.by_share.entry(share).or_default().push(place);
        }
        self.by_key.insert(compared.to_owned(), self.entries.len());
        self.entries.push(Entry { key: compared.to_owned(), letters: letters(compared), known: vec![known] });
    }

    /// Those of just this name, which is compared already, in the order they came.
    #[must_use]
    pub fn exact(&self, compared: &str) -> &[Known] {
        self.by_key.get(compared).and_then(|place| self.entries.get(*place)).map_or(&[], |entry| &entry.known)
    }

    /// Those of a name near this one, which is compared already, the likeliest first.
    #[must_use]
    pub fn near(&self, compared: &str) -> Vec<Known> {
        let mut found: Vec<&Entry> =
            self.near_places(compared).into_iter().filter_map(|place| self.entries.get(place)).collect();
        found.sort_by_cached_key(|entry| (strsim::damerau_levenshtein(&entry.key, compared), entry.key.clone()));
        found.into_iter().flat_map(|entry| entry.known.iter().cloned()).collect()
    }

    /// The names that are there, as they are compared, in the order they came, each with those of it.
    pub(super) fn names(&self) -> impl Iterator<Item = (&str, &[Known])> {
        self.entries.iter().map(|entry| (entry.key.as_str(), entry.known.as_slice()))
    }

    /// Those of the name at this place.
    pub(super) fn at(&self, place: usize) -> &[Known] {
        self.entries.get(place).map_or(&[], |entry| &entry.known)
    }

    /// The places of the names near this one, in the order they came.
    pub(super) fn near_places(&self, compared: &str) -> BTreeSet<usize> {
        let mut candidates: BTreeSet<usize> = BTreeSet::new();
        let mut look = |share: u64| {
            candidates.extend(self.by_share.get(&share).into_iter().flatten().map(|place| *place as usize));
        };
        look(of_words(compared));
        let text: Vec<char> = compared.chars().collect();
        for length in text.len().saturating_sub(2)..=text.len() + 2 {
            let distance = if length >= NEAR_BY_TWO { 2 } else { 1 };
            if length < NEAR_BY_ONE || length.abs_diff(text.len()) > distance {
                continue;
            }
            for (number, (start, end)) in parts(length).enumerate() {
                for from in start.saturating_sub(distance)..=start + distance {
                    if let Some(part) = text.get(from..from + (end - start)) {
                        look(of_part(length, number, part));
                    }
                }
            }
        }
        let own = letters(compared);
        candidates.retain(|place| {
            self.entries.get(*place).is_some_and(|entry| {
                (have_much_in_common(&entry.letters, &own) || of_words(&entry.key) == of_words(compared))
                    && is_near(&entry.key, compared)
            })
        });
        candidates
    }
}

/// Whether as many letters are the same as in names that differ by two.
fn have_much_in_common(one: &[u8; 32], other: &[u8; 32]) -> bool {
    let (mut more, mut less) = (0_u32, 0_u32);
    for (one, other) in one.iter().zip(other) {
        more += u32::from(one.saturating_sub(*other));
        less += u32::from(other.saturating_sub(*one));
    }
    more.max(less) <= 2
}

fn letters(name: &str) -> [u8; 32] {
    let mut letters = [0_u8; 32];
    for letter in name.chars() {
        if let Some(count) = letters.get_mut(u32::from(letter) as usize % 32) {
            *count = count.saturating_add(1);
        }
    }
    letters
}

/// Where the parts of a name of this many letters begin and end: five, or three where it is short.
fn parts(length: usize) -> impl Iterator<Item = (usize, usize)> {
    let count = if length >= NEAR_BY_TWO { 5 } else { 3 };
    (0..count).map(move |number| (length * number / count, length * (number + 1) / count))
}

/// What a name is found by.
fn shares(compared: &str) -> BTreeSet<u64> {
    let mut shares = BTreeSet::from([of_words(compared)]);
    let text: Vec<char> = compared.chars().collect();
    if text.len() >= NEAR_BY_ONE {
        let parts = parts(text.len()).enumerate();
        shares.extend(
            parts.filter_map(|(number, (start, end))| Some(of_part(text.len(), number, text.get(start..end)?))),
        );
    }
    shares
}

fn of_words(compared: &str) -> u64 {
    let mut words = core(compared);
    words.sort_unstable();
    let mut hasher = DefaultHasher::new();
    words.hash(&mut hasher);
    hasher.finish()
}

fn of_part(length: usize, number: usize, part: &[char]) -> u64 {
    let mut hasher = DefaultHasher::new();
    (length, number, part).hash(&mut hasher);
    hasher.finish()
}

/// All suppliers by id, each with its name as people compare names.
async fn suppliers(reader: &Reader) -> Result<Vec<(Known, String)>, Error> {
    use supplier::{Column, Entity};
    let mut all = Vec::new();
    let mut after = String::new();
    loop {
        let select = reader.find::<Entity>().filter(Column::Id.gt(after.as_str())).order_by_asc(Column::Id);
        let select = select.limit(LOADED).select_only().columns([Column::Id, Column::Name, Column::NameKey]);
        let rows: Vec<(String, String, String)> = reader.tuples(select).await?;
        let Some(last) = rows.last() else { return Ok(all) };
        last.0.clone_into(&mut after);
        all.extend(rows.into_iter().map(|(id, name, key)| (Known { id, name }, key)));
        // It is work: others need this thread.
        tokio::task::yield_now().await;
    }
}

/// All products by id, each with its supplier and its name as people compare names.
pub(super) async fn products(reader: &Reader) -> Result<Vec<(String, Known, String)>, Error> {
    use product::{Column, Entity};
    let mut all = Vec::new();
    let mut after = String::new();
    loop {
        let select = reader.find::<Entity>().filter(Column::Id.gt(after.as_str())).order_by_asc(Column::Id);
        let columns = [Column::Id, Column::SupplierId, Column::Name, Column::NameKey];
        let rows: Vec<(String, String, String, String)> =
            reader.tuples(select.limit(LOADED).select_only().columns(columns)).await?;
        let Some(last) = rows.last() else { return Ok(all) };
        last.0.clone_into(&mut after);
        all.extend(rows.into_iter().map(|(id, supplier_id, name, key)| (supplier_id, Known { id, name }, key)));
        tokio::task::yield_now().await;
    }
}

#[cfg(test)]
mod tests {
    use super::{super::compared, *};

    /// Numbers that look like chance, the same in each run.
    struct Chance(u64);

    impl Chance {
        fn below(&mut self, end: usize) -> usize {
            self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            usize::try_from(self.0 >> 33).expect("a number of 31 bits") % end
        }
    }

    const WORDS: [&str; 14] = [
        "harbour", "linen", "care", "tidal", "software", "services", "uk", "group", "north", "laundry", "meds", "7",
        "11", "and",
    ];

    fn a_name(chance: &mut Chance) -> String {
        let words: Vec<&str> = (0..=chance.below(4)).map(|_| WORDS[chance.below(WORDS.len())]).collect();
        words.join(" ")
    }

    /// A name with up to three letters added, left out, changed or swapped.
    fn mistyped(chance: &mut Chance, name: &str) -> String {
        let mut letters: Vec<char> = name.chars().collect();
        for _ in 0..=chance.below(3) {
            let at = chance.below(letters.len() + 1);
            let letter = char::from(b'a' + u8::try_from(chance.below(26)).expect("a letter"));
            match chance.below(4) {
                0 => letters.insert(at, letter),
                1 if at < letters.len() && letters.len() > 1 => drop(letters.remove(at)),
                2 if at < letters.len() => letters[at] = letter,
                _ if at + 1 < letters.len() => letters.swap(at, at + 1),
                _ => {}
            }
        }
        letters.into_iter().collect()
    }

    #[test]
    fn the_index_finds_what_a_look_at_each_finds() {
        let mut chance = Chance(7);
        let mut found = 0;
        for _ in 0..200 {
            let mut names: BTreeSet<String> = (0..12).map(|_| compared(&a_name(&mut chance))).collect();
            for name in names.clone() {
                names.insert(compared(&mistyped(&mut chance, &name)));
            }
            let mut index = Index::default();
            for name in &names {
                index.insert(name, Known { id: name.clone(), name: name.clone() });
            }
            for name in names.iter().cloned().chain((0..5).map(|_| compared(&a_name(&mut chance)))) {
                let expected: BTreeSet<&String> = names.iter().filter(|other| is_near(&name, other)).collect();
                let near = index.near(&name);
                assert_eq!(near.iter().map(|known| &known.id).collect::<BTreeSet<_>>(), expected, "near {name:?}");
                found += expected.len();
            }
        }
        assert!(found > 1000, "there was something to find: {found}");
    }

    #[test]
    fn the_same_name_is_found_whatever_it_is_written_like() {
        let mut index = Index::default();
        for (id, name) in [("1", "Harbour Linen Ltd"), ("2", "HARBOUR LINEN"), ("3", "Harbour Linnen")] {
            index.insert(&compared(name), Known { id: id.into(), name: name.into() });
        }
        let ids = |known: &[Known]| known.iter().map(|known| known.id.clone()).collect::<Vec<_>>();
        assert_eq!(ids(index.exact(&compared("harbour-linen plc"))), ["1", "2"]);
        assert_eq!(ids(&index.near("harbour linen")), ["3"]);
        assert!(index.exact("tidal care").is_empty() && index.near("tidal care").is_empty());
    }
}

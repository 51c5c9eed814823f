//! Which of many names are near a name, without a look at each of them.
//!
//! Names that differ by the order of their words, or by general words at their end, share the sorted words that are left.
//! Names that differ by at most two letters share a part: each letter that was added, left out, changed or swapped with
//! its neighbour touches at most two parts that lie side by side, so that of five parts one is whole, at most two places
//! from where it was; of three, where one letter differs. A name with another number is another name, so that its digits
//! belong to each of its parts.
//!
//! What shares something is looked at, those first that share what few have, and so many at the most: where thousands of
//! names are alike but for two letters, some of them are found, and the look-up stays short.

use std::{
    collections::{BTreeSet, HashMap},
    hash::{DefaultHasher, Hash as _, Hasher as _},
    iter::once,
};

use sea_orm::{ColumnTrait as _, QueryFilter as _, QueryOrder as _, QuerySelect as _};

use super::{NEAR_BY_ONE, NEAR_BY_TWO, core, digits, is_near, slips};
use crate::{error::Error, product, scope::Reader, subject::SubjectType, supplier};

/// How many names are loaded at once.
const LOADED: u64 = 2000;
/// How many names of the same words are looked at for one name.
const MOST_OF_WORDS: usize = 200;
/// How many names that share a part are looked at for one name.
const MOST_OF_PARTS: usize = 500;
/// How many bits of [`sign`] differ at the most in names that differ by two letters.
const MOST_BITS: u32 = 4;

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
    /// Which letters are in it: [`sign`].
    sign: u64,
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
        self.entries.push(Entry { key: compared.to_owned(), sign: sign(compared), known: vec![known] });
    }

    /// Those of just this name, which is compared already, in the order they came.
    #[must_use]
    pub fn exact(&self, compared: &str) -> &[Known] {
        self.by_key.get(compared).and_then(|place| self.entries.get(*place)).map_or(&[], |entry| &entry.known)
    }

    /// Those of a name near this one, which is compared already, the likeliest first.
    #[must_use]
    pub fn near(&self, compared: &str) -> Vec<Known> {
        let entries = self.near_places(compared).into_iter().filter_map(|place| self.entries.get(place));
        let mut found: Vec<(usize, usize, &Entry)> = entries
            .map(|entry| {
                let slips = slips(&entry.key, compared).unwrap_or(usize::MAX);
                (slips, entry.key.len().abs_diff(compared.len()), entry)
            })
            .collect();
        found.sort_by(|one, other| (one.0, one.1, &one.2.key).cmp(&(other.0, other.1, &other.2.key)));
        found.into_iter().flat_map(|(_, _, entry)| entry.known.iter().cloned()).collect()
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
        let block = |share: u64| self.by_share.get(&share).map(Vec::as_slice).unwrap_or_default();
        let key = |place: &u32| self.entries.get(*place as usize).map(|entry| (entry.key.as_str(), entry.sign));
        let of_words = block(of_words(compared)).iter().take(MOST_OF_WORDS);
        let near = of_words.filter(|place| key(place).is_some_and(|(key, _)| is_near(key, compared)));
        let mut found: BTreeSet<usize> = near.map(|place| *place as usize).collect();
        let mut blocks: Vec<&[u32]> = Runs::of(compared).near_parts().map(block).collect();
        blocks.retain(|block| !block.is_empty());
        blocks.sort_unstable_by_key(|block| block.len());
        let own = sign(compared);
        for place in blocks.into_iter().flatten().take(MOST_OF_PARTS) {
            let is_near = |(key, sign): (&str, u64)| {
                (sign ^ own).count_ones() <= MOST_BITS && key != compared && slips(key, compared).is_some()
            };
            if key(place).is_some_and(is_near) {
                found.insert(*place as usize);
            }
        }
        found
    }
}

/// For each letter two bits: whether it is in a name, and whether more than once; letters share bits. Adding a letter
/// or leaving one out changes one bit at the most.
fn sign(name: &str) -> u64 {
    name.chars().fold(0, |sign, letter| {
        let first = 1_u64 << (u32::from(letter) % 32 * 2);
        sign | if sign & first == 0 { first } else { first << 1 }
    })
}

/// Where the parts of a name of this many letters begin and end: five, or three where it is short.
fn parts(length: usize) -> impl Iterator<Item = (usize, usize)> {
    let count = if length >= NEAR_BY_TWO { 5 } else { 3 };
    (0..count).map(move |number| (length * number / count, length * (number + 1) / count))
}

/// What a name is found by.
fn shares(compared: &str) -> BTreeSet<u64> {
    let runs = Runs::of(compared);
    let parts = if runs.length() >= NEAR_BY_ONE { Some(parts(runs.length())) } else { None };
    let parts = parts.into_iter().flatten().enumerate();
    let parts = parts.filter_map(|(number, (start, end))| runs.of_part(runs.length(), number, start, end));
    once(of_words(compared)).chain(parts).collect()
}

fn of_words(compared: &str) -> u64 {
    let mut words = core(compared);
    words.sort_unstable();
    let mut hasher = DefaultHasher::new();
    words.hash(&mut hasher);
    hasher.finish()
}

/// Odd, and without a pattern in its bits.
const FACTOR: u64 = 0x9e37_79b9_7f4a_7c15;

/// The letters of a name, added up so that a number for any run of them is found in one step.
struct Runs {
    /// The number of each beginning of the name, from that of nothing on.
    sums: Vec<u64>,
    /// What the number of a beginning is multiplied by when so many letters follow.
    powers: Vec<u64>,
    /// A number for its digits.
    digits: u64,
}

impl Runs {
    fn of(name: &str) -> Self {
        let grown = |sum: u64, next: u64| sum.wrapping_mul(FACTOR).wrapping_add(next);
        let (mut sums, mut powers) = (vec![0], vec![1]);
        let (mut sum, mut power) = (0, 1_u64);
        for letter in name.chars() {
            sum = grown(sum, u64::from(u32::from(letter)) + 1);
            power = power.wrapping_mul(FACTOR);
            sums.push(sum);
            powers.push(power);
        }
        Self { sums, powers, digits: digits(name).fold(1, |sum, digit| grown(sum, digit.into())) }
    }

    fn length(&self) -> usize {
        self.sums.len() - 1
    }

    /// What a name of this many letters is found by whose part of this number is what stands here.
    fn of_part(&self, length: usize, number: usize, start: usize, end: usize) -> Option<u64> {
        let before = self.sums.get(start)?.wrapping_mul(*self.powers.get(end.checked_sub(start)?)?);
        let run = self.sums.get(end)?.wrapping_sub(before);
        Some(mixed(run ^ mixed(self.digits ^ mixed(((length as u64) << 8) | number as u64))))
    }

    /// What names near this one are found by: for each length they may have each of their parts, wherever it may stand
    /// here. What was added or left out before it moves it, and what was behind it makes up for the rest of the length.
    fn near_parts(&self) -> impl Iterator<Item = u64> + '_ {
        let own = self.length();
        let lengths = own.saturating_sub(2).max(NEAR_BY_ONE)..=own + 2;
        lengths.flat_map(move |length| {
            let slips = if length >= NEAR_BY_TWO { 2 } else { 1 };
            parts(length).enumerate().flat_map(move |(number, (start, end))| {
                (0..=2 * slips).filter_map(move |moved| {
                    // The part stands at `from` here, and the letters behind it make up the rest.
                    let from = (start + moved).checked_sub(slips)?;
                    let behind = own.checked_sub(from + (end - start))?;
                    let changes = from.abs_diff(start) + behind.abs_diff(length - end);
                    if changes > slips { None } else { self.of_part(length, number, from, from + (end - start)) }
                })
            })
        })
    }
}

/// A number whose every bit depends on all bits of this one.
fn mixed(number: u64) -> u64 {
    let number = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let number = (number ^ (number >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    number ^ (number >> 31)
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
    fn so_many_names_are_looked_at_for_one_and_no_more() {
        let mut index = Index::default();
        let mut insert = |name: &str| index.insert(name, Known { id: name.into(), name: name.into() });
        let numbered = |number: usize| format!("firm {number:05} of the north");
        (0..3_000).for_each(|number| insert(&numbered(number)));
        let lettered = |number: usize| {
            let letter = |each: usize| char::from(b'a' + u8::try_from(number / each % 26).expect("a letter"));
            format!("firm {}{}{} of the north", letter(676), letter(26), letter(1))
        };
        (0..3_000).for_each(|number| insert(&lettered(number)));
        for number in [0, 1_500, 2_999] {
            assert!(index.near(&numbered(number)).is_empty(), "another number is another firm");
            let near = index.near(&lettered(number)).len();
            assert!((1..=MOST_OF_WORDS + MOST_OF_PARTS).contains(&near), "{near}");
        }
        // What few share is found among however many others.
        let known = Known { id: "1".into(), name: "Frim".into() };
        index.insert("frim zzz of the south", known.clone());
        assert_eq!(index.near("firm zzz of the south"), [known]);
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

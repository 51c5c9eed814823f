//! Which options of one question are chosen.

use crate::edition::MAX_OPTIONS;

const WORDS: usize = MAX_OPTIONS.div_ceil(64);

/// The chosen options of one question, by their numbers. An option past the limit exists only in an edition built by
/// hand; it is never chosen.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Chosen([u64; WORDS]);

impl Chosen {
    /// Adds an option; false where it is past the limit.
    pub(super) fn insert(&mut self, option: usize) -> bool {
        let word = self.0.get_mut(option / 64).filter(|_| option < MAX_OPTIONS);
        word.map(|word| *word |= 1 << (option % 64)).is_some()
    }

    pub(super) fn has(&self, option: usize) -> bool {
        self.0.get(option / 64).is_some_and(|word| word & (1 << (option % 64)) != 0)
    }

    pub(super) fn count(&self) -> u32 {
        self.0.iter().map(|word| word.count_ones()).sum()
    }
}

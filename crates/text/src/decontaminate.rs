//! Decontamination: does a text hold a piece of an evaluation set?
//!
//! A text overlaps when it shares a run of 13 words with an item of the set (Brown et al., [Language models are few-shot
//! learners](https://arxiv.org/abs/2005.14165), appendix C); words are those of [`crate::shingle`], so case, blanks and
//! punctuation do not count. An item of fewer words is looked for as a whole; below five words it would be found in
//! texts that have nothing to do with it, so it counts only where it is the whole text.
//!
//! ```
//! use mandat_text::decontaminate::{Lengths, Set};
//!
//! let set = Set::build(["Which planet is the largest in the solar system?"], Lengths::default());
//! assert!(set.asker().overlap("quiz time: which planet is the largest in the Solar System? 1...").is_some());
//! assert!(set.asker().overlap("Which planet is the nicest?").is_none());
//! ```

use crate::hash;
use crate::normal::normalise;
use crate::shingle::{roll, split};

/// How long what is looked for is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lengths {
    /// Words of a run.
    pub run: usize,
    /// Fewest words of an item that is looked for inside texts.
    pub least: usize,
}

impl Default for Lengths {
    fn default() -> Self {
        Self { run: 13, least: 5 }
    }
}

/// How much of a text is in the set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Overlap {
    /// Runs of the text that are in the set.
    pub runs: u32,
    /// Words of the text.
    pub words: u32,
}

/// The runs of evaluation sets, as hashes: 16 bytes each, at most twice that.
#[derive(Debug, Clone)]
pub struct Set {
    lengths: Lengths,
    /// Open addressing; 0 is an empty slot.
    slots: Vec<u64>,
    runs: usize,
    /// Lengths of items that are shorter than a run, ascending.
    short: Vec<usize>,
}

impl Set {
    /// Takes the items of evaluation sets, in any order.
    pub fn build<T: AsRef<str>>(items: impl IntoIterator<Item = T>, lengths: Lengths) -> Self {
        let mut hashes = Vec::new();
        let mut short = Vec::new();
        let (mut normal, mut words) = (String::new(), Vec::new());
        for item in items {
            read(item.as_ref(), &mut normal, &mut words);
            if words.len() >= lengths.run {
                roll(&words, lengths.run, lengths.run as u64, |run| hashes.push(run.max(1)));
            } else if words.len() >= lengths.least {
                short.push(words.len());
                hashes.push(roll_first(&words, lengths.least));
                roll(&words, words.len(), words.len() as u64, |run| hashes.push(run.max(1)));
            } else if !normal.is_empty() {
                hashes.push(whole(&normal));
            }
        }
        hashes.sort_unstable();
        hashes.dedup();
        short.sort_unstable();
        short.dedup();
        let mut slots = vec![0; (hashes.len() * 2).next_power_of_two().max(8)];
        let mask = slots.len() - 1;
        for hash in &hashes {
            let mut at = *hash as usize & mask;
            while slots[at] != 0 {
                at = (at + 1) & mask;
            }
            slots[at] = *hash;
        }
        Self { lengths, slots, runs: hashes.len(), short }
    }

    /// The number of different hashes in the set: runs, and the first words of short items.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.runs
    }

    /// Whether it is empty.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.runs == 0
    }

    /// What asks the set about texts; keeps its buffers, so each thread has its own.
    #[must_use]
    pub const fn asker(&self) -> Asker<'_> {
        Asker { set: self, normal: String::new(), words: Vec::new() }
    }

    fn has(&self, hash: u64) -> bool {
        let mask = self.slots.len() - 1;
        let mut at = hash as usize & mask;
        while self.slots[at] != 0 {
            if self.slots[at] == hash {
                return true;
            }
            at = (at + 1) & mask;
        }
        false
    }
}

/// Asks a set about texts.
#[derive(Debug, Clone)]
pub struct Asker<'a> {
    set: &'a Set,
    normal: String,
    words: Vec<u64>,
}

impl Asker<'_> {
    /// What a text shares with the set, if anything.
    pub fn overlap(&mut self, text: &str) -> Option<Overlap> {
        if self.set.is_empty() {
            return None;
        }
        read(text, &mut self.normal, &mut self.words);
        let mut runs = u32::from(self.words.len() < self.set.lengths.least && self.set.has(whole(&self.normal)));
        let mut begins = false;
        if !self.set.short.is_empty() {
            let least = self.set.lengths.least;
            roll(&self.words, least.min(self.words.len()).max(1), HEAD, |run| begins |= self.set.has(run.max(1)));
        }
        // Short items are looked for length by length only where one may begin.
        let short = if begins { self.set.short.as_slice() } else { &[] };
        for length in short.iter().chain(Some(&self.set.lengths.run)).filter(|l| **l <= self.words.len()) {
            roll(&self.words, *length, *length as u64, |run| runs += u32::from(self.set.has(run.max(1))));
        }
        (runs > 0).then(|| Overlap { runs, words: u32::try_from(self.words.len()).unwrap_or(u32::MAX) })
    }
}

fn read(text: &str, normal: &mut String, words: &mut Vec<u64>) {
    normalise(text, normal);
    words.clear();
    split(normal, |word| words.push(hash::bytes(0, word)));
}

/// Sets the first words of short items apart from whole items.
const HEAD: u64 = 0x6865_6164;

/// The hash of the first words of a short item.
fn roll_first(words: &[u64], least: usize) -> u64 {
    let mut first = 0;
    roll(&words[..least.max(1)], least.max(1), HEAD, |run| first = run.max(1));
    first
}

/// The hash of an item that is too short to be looked for inside texts.
fn whole(normal: &str) -> u64 {
    hash::bytes(1, normal.as_bytes()).max(1)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn count(n: usize) -> String {
        (0..n).map(|n| format!("wort{n} ")).collect()
    }

    #[test]
    fn runs_of_the_length_are_found_and_shorter_ones_are_not() {
        let set = Set::build([count(20)], Lengths::default());
        let mut asker = set.asker();
        assert_eq!(set.len(), 8);
        assert_eq!(asker.overlap(&format!("vorher {}! nachher", count(13))), Some(Overlap { runs: 1, words: 15 }));
        assert_eq!(asker.overlap(&count(12)), None);
        assert_eq!(asker.overlap(""), None);
    }

    #[test]
    fn short_items_are_found_whole() {
        let set = Set::build([count(6), "Ja, gern!".to_owned()], Lengths::default());
        let mut asker = set.asker();
        assert!(asker.overlap(&format!("nun {} eben", count(6))).is_some());
        assert_eq!(asker.overlap(&count(5)), None);
        assert!(asker.overlap("ja,  GERN!").is_some());
        assert_eq!(asker.overlap("ja, gern! und mehr"), None);
    }

    proptest! {
        #[test]
        fn every_item_is_found_in_a_text_around_it(items in prop::collection::vec("[a-c]{1,3}( [a-c]{1,3}){4,30}", 1..5), before in "[a-z ]{0,30}", after in "\\PC{0,30}") {
            let set = Set::build(&items, Lengths::default());
            for item in &items {
                let text = format!("{before} {item} {after}");
                prop_assert!(set.asker().overlap(&text).is_some());
            }
        }

        #[test]
        fn order_of_items_does_not_count(mut items in prop::collection::vec("[ab]{1,2}( [ab]{1,2}){0,20}", 0..6), text in any::<String>()) {
            let one = Set::build(&items, Lengths::default()).asker().overlap(&text);
            items.reverse();
            prop_assert_eq!(one, Set::build(&items, Lengths::default()).asker().overlap(&text));
        }
    }
}

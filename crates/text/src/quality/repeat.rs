//! How much of a text repeats itself: runs of words, lines, paragraphs.

use crate::hash;

/// A set of hashes that is emptied between uses and keeps its memory.
#[derive(Debug, Clone, Default)]
struct Counts {
    slots: Vec<(u64, u32)>,
}

impl Counts {
    fn clear(&mut self, items: usize) {
        self.slots.clear();
        self.slots.resize((items * 2).next_power_of_two().max(8), (0, 0));
    }

    /// Counts a hash; says how often it was there before.
    ///
    /// A table at most half full has no long chains unless somebody made the words for it: those count as new.
    fn add(&mut self, hash: u64) -> u32 {
        let mask = self.slots.len() - 1;
        let mut at = hash as usize & mask;
        for _ in 0..LONGEST_CHAIN {
            let slot = &mut self.slots[at];
            if slot.1 == 0 || slot.0 == hash {
                *slot = (hash, slot.1 + 1);
                return slot.1 - 1;
            }
            at = (at + 1) & mask;
        }
        0
    }
}

/// Slots looked at for one hash.
const LONGEST_CHAIN: usize = 64;

/// One word: its hash, and where it stands in the text.
#[derive(Debug, Clone, Copy)]
pub(super) struct Word {
    pub(super) hash: u64,
    pub(super) start: u32,
    pub(super) end: u32,
}

/// Finds repetition; keeps its memory from text to text.
#[derive(Debug, Clone, Default)]
pub(super) struct Repeats {
    counts: Counts,
}

/// Shares of lines, or paragraphs, that occurred before: of their number and of their bytes.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(super) struct Twice {
    pub(super) number: f64,
    pub(super) bytes: f64,
}

impl Repeats {
    /// The share of different words.
    pub(super) fn distinct(&mut self, words: &[Word]) -> f64 {
        self.counts.clear(words.len());
        let new = words.iter().filter(|w| self.counts.add(w.hash) == 0).count();
        new as f64 / words.len().max(1) as f64
    }

    /// Bytes of all occurrences of the most frequent run of `n` words; 0 if none occurs twice.
    pub(super) fn top(&mut self, words: &[Word], n: usize) -> u32 {
        self.counts.clear(words.len());
        let (mut most, mut bytes) = (1, 0);
        for run in words.windows(n) {
            let times = self.counts.add(joined(run)) + 1;
            if times > most {
                (most, bytes) = (times, times * length(run));
            }
        }
        bytes
    }

    /// Bytes of runs of `n` words that occurred before; overlaps count once.
    pub(super) fn again(&mut self, words: &[Word], n: usize) -> u32 {
        self.counts.clear(words.len());
        let (mut at, mut bytes) = (0, 0);
        while at + n <= words.len() {
            let run = &words[at..at + n];
            if self.counts.add(joined(run)) > 0 {
                bytes += length(run);
                at += n;
            } else {
                at += 1;
            }
        }
        bytes
    }

    /// Repetition among pieces of a text; empty pieces do not count.
    pub(super) fn twice<'a>(&mut self, pieces: impl Iterator<Item = &'a str> + Clone, total: usize) -> Twice {
        let pieces = pieces.map(str::trim).filter(|p| !p.is_empty());
        let count = pieces.clone().count();
        if count < 2 {
            return Twice::default();
        }
        self.counts.clear(count);
        let (mut number, mut bytes) = (0usize, 0usize);
        for piece in pieces {
            if self.counts.add(hash::bytes(0, piece.as_bytes())) > 0 {
                number += 1;
                bytes += piece.len();
            }
        }
        Twice { number: number as f64 / count as f64, bytes: bytes as f64 / total.max(1) as f64 }
    }
}

/// The hash of a run: words weigh by their place, so that another order is another run.
fn joined(run: &[Word]) -> u64 {
    let sum = run.iter().fold(0u64, |state, word| state.rotate_left(7).wrapping_add(word.hash));
    hash::scramble(sum)
}

/// Bytes from the first word of a run to its last.
fn length(run: &[Word]) -> u32 {
    run.last().map_or(0, |w| w.end) - run.first().map_or(0, |w| w.start)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<Word> {
        let start = |w: &str| w.as_ptr() as usize - text.as_ptr() as usize;
        let word = |w: &str| Word {
            hash: hash::bytes(0, w.as_bytes()),
            start: start(w) as u32,
            end: (start(w) + w.len()) as u32,
        };
        text.split(' ').map(word).collect()
    }

    #[test]
    fn runs_of_words() {
        let mut repeats = Repeats::default();
        let text = words("a b a b a b c");
        assert_eq!(repeats.top(&text, 2), 9);
        assert_eq!(repeats.top(&words("a b c d"), 2), 0);
        assert_eq!(repeats.again(&text, 2), 6, "the second and third `a b`");
        assert_eq!(repeats.again(&text, 3), 5, "`a b a` once more, overlapping the first");
        assert_eq!(repeats.again(&text, 9), 0);
        assert!((repeats.distinct(&text) - 3.0 / 7.0).abs() < 1e-9);
    }

    #[test]
    fn lines() {
        let text = "one\ntwo\n\none\n";
        let twice = Repeats::default().twice(text.split('\n'), text.len());
        assert!((twice.number - 1.0 / 3.0).abs() < 1e-9 && (twice.bytes - 3.0 / 13.0).abs() < 1e-9);
    }
}

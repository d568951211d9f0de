//! Texts of people who said no, as fingerprints: does somebody else's text repeat one?
//!
//! The texts themselves are not needed and need not exist any more, so similarity is estimated from the sketches and
//! not verified. The threshold is therefore below 0.8: at a true similarity of 0.8 an estimate falls under
//! [`ESTIMATE`] about once in fifty times, and at 0.5 it practically never reaches it.

use crate::fingerprint::Fingerprint;
use crate::near::band_hashes;

/// Texts with fewer words are nobody's own: neither do they deny nor are they denied.
pub const WORDS: u32 = 50;
/// Estimated similarity from which a text counts as a repetition.
pub const ESTIMATE: f64 = 0.72;

/// Fingerprints of denied texts, ready to be asked.
#[derive(Debug, Clone, Default)]
pub struct Denied {
    prints: Vec<Fingerprint>,
    index: Vec<(u64, u32)>,
}

impl Denied {
    /// Takes fingerprints in any order; texts under [`WORDS`] words are left out, equal ones kept once.
    ///
    /// # Panics
    /// If there are more than 2³² of them.
    #[must_use]
    pub fn new(prints: impl IntoIterator<Item = Fingerprint>) -> Self {
        let mut prints: Vec<_> = prints.into_iter().filter(|p| p.words >= WORDS).collect();
        prints.sort_unstable_by_key(|p| (p.exact, p.sketch));
        prints.dedup();
        let mut index = Vec::new();
        for (n, print) in prints.iter().enumerate() {
            let n = u32::try_from(n).expect("denied texts are counted in 32 bits");
            index.extend(band_hashes(print).map(|hash| (hash, n)));
        }
        index.sort_unstable();
        Self { prints, index }
    }

    /// The number of different denied texts that are long enough.
    #[must_use]
    pub fn len(&self) -> usize {
        self.prints.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.prints.is_empty()
    }

    /// The estimated similarity to the first denied text that this one repeats, if there is one.
    #[must_use]
    pub fn repeated(&self, print: &Fingerprint) -> Option<f64> {
        if print.words < WORDS || self.is_empty() {
            return None;
        }
        band_hashes(print).find_map(|hash| {
            let start = self.index.partition_point(|(h, _)| *h < hash);
            let bucket = self.index[start..].iter().take_while(|(h, _)| *h == hash);
            bucket.map(|(_, n)| self.prints[*n as usize].estimate(print)).find(|e| *e >= ESTIMATE)
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::fingerprint::Fingerprinter;

    fn text(from: usize, to: usize) -> String {
        (from..to).map(|n| format!("wort{n} ")).collect()
    }

    #[test]
    fn repetitions_of_long_texts_are_found() {
        let mut maker = Fingerprinter::new(4);
        let denied = Denied::new([maker.fingerprint(&text(0, 100)), maker.fingerprint(&text(500, 520))]);
        assert_eq!(denied.len(), 1, "short texts deny nothing");
        assert_eq!(denied.repeated(&maker.fingerprint(&text(0, 100).to_uppercase())), Some(1.0));
        assert!(denied.repeated(&maker.fingerprint(&text(4, 104))).is_some(), "similarity 0.92");
        assert_eq!(denied.repeated(&maker.fingerprint(&text(40, 140))), None, "similarity 0.4");
        assert_eq!(denied.repeated(&maker.fingerprint(&text(500, 520))), None);
        assert_eq!(Denied::default().repeated(&maker.fingerprint(&text(0, 100))), None);
    }

    proptest! {
        #[test]
        fn answers_do_not_depend_on_order(mut cuts in prop::collection::vec(0usize..400, 1..12), ask in 0usize..400) {
            let mut maker = Fingerprinter::new(4);
            let ask = maker.fingerprint(&text(ask, ask + 80));
            let mut set = |cuts: &[usize]| Denied::new(cuts.iter().map(|c| maker.fingerprint(&text(*c, c + 80))).collect::<Vec<_>>());
            let one = set(&cuts).repeated(&ask);
            cuts.reverse();
            prop_assert_eq!(one, set(&cuts).repeated(&ask));
        }
    }
}

//! Fingerprints: what is left of a text to find its copies, and holds none of its words.
//!
//! A fingerprint has two parts. `exact` is a hash of the [normal form](crate::normal): equal texts, whatever their case
//! and blanks. `sketch` is a MinHash signature (Broder, [On the resemblance and containment of
//! documents](https://doi.org/10.1109/SEQUEN.1997.666900), 1997) of the [shingles](crate::shingle): the share of equal
//! places in two sketches estimates the Jaccard similarity of the two sets of shingles. One byte of each minimum is kept
//! (Li and König, [b-bit minwise hashing](https://arxiv.org/abs/0910.3349), 2010).
//!
//! All hashes depend on a key. Whoever has the key can ask whether a fingerprint belongs to a text they have; they
//! cannot read a text from it. Fingerprints under different keys have nothing in common.

use fearless_simd::{Level, Simd, dispatch};

use crate::hash;
use crate::normal::normalise;
use crate::shingle::{Shape, shingles};

/// Changes when the same text under the same key has another fingerprint.
pub const VERSION: u32 = 1;
/// Places of a sketch.
pub const PLACES: usize = 128;
/// Bytes of a fingerprint.
pub const BYTES: usize = 16 + 4 + PLACES;

/// What is left of one text.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Fingerprint {
    /// Hash of the normal form.
    pub exact: u128,
    /// Number of words.
    pub words: u32,
    /// One byte of each minimum; meaningless for a text without shingles, which is an empty one.
    pub sketch: [u8; PLACES],
}

impl std::fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Fingerprint({:032x}, {} words)", self.exact, self.words)
    }
}

impl Fingerprint {
    /// The byte form: `exact`, `words` (both little endian), `sketch`.
    #[must_use]
    pub fn to_bytes(&self) -> [u8; BYTES] {
        let mut bytes = [0; BYTES];
        bytes[..16].copy_from_slice(&self.exact.to_le_bytes());
        bytes[16..20].copy_from_slice(&self.words.to_le_bytes());
        bytes[20..].copy_from_slice(&self.sketch);
        bytes
    }

    /// Reads the byte form back.
    #[must_use]
    pub fn from_bytes(bytes: &[u8; BYTES]) -> Self {
        let (exact, rest) = bytes.split_first_chunk::<16>().expect("long enough");
        let (words, sketch) = rest.split_first_chunk::<4>().expect("long enough");
        Self {
            exact: u128::from_le_bytes(*exact),
            words: u32::from_le_bytes(*words),
            sketch: sketch.try_into().expect("the rest is the sketch"),
        }
    }

    /// Estimated Jaccard similarity, 0 to 1; the standard error is at most 0.045.
    #[must_use]
    pub fn estimate(&self, other: &Self) -> f64 {
        let equal = self.sketch.iter().zip(&other.sketch).filter(|(a, b)| a == b).count();
        // Bytes of different minima are equal once in 256 times.
        ((equal as f64 / PLACES as f64 - 1.0 / 256.0) / (255.0 / 256.0)).max(0.0)
    }
}

/// Makes fingerprints; keeps its buffers from text to text.
#[derive(Debug, Clone)]
pub struct Fingerprinter {
    key: u64,
    shape: Shape,
    level: Level,
    normal: String,
    words: Vec<u64>,
    pieces: Vec<u32>,
}

impl Fingerprinter {
    /// Fingerprints under a key, of shingles of the usual length.
    #[must_use]
    pub fn new(key: u64) -> Self {
        Self::with(key, Shape::default())
    }

    /// Fingerprints of shingles of another length; they compare only with their like.
    #[must_use]
    pub fn with(key: u64, shape: Shape) -> Self {
        let key = hash::scramble(key ^ (shape.words as u64) << 8 ^ shape.chars as u64);
        Self { key, shape, level: Level::new(), normal: String::new(), words: Vec::new(), pieces: Vec::new() }
    }

    /// The fingerprint of a text.
    pub fn fingerprint(&mut self, text: &str) -> Fingerprint {
        normalise(text, &mut self.normal);
        self.pieces.clear();
        let words = shingles(&self.normal, self.shape, self.key, &mut self.words, &mut self.pieces);
        let normal = self.normal.as_bytes();
        let exact =
            u128::from(hash::bytes(self.key, normal)) << 64 | u128::from(hash::bytes(hash::scramble(self.key), normal));
        let words = u32::try_from(words).unwrap_or(u32::MAX);
        let pieces = self.pieces.as_slice();
        let sketch = dispatch!(self.level, simd => sketch(simd, pieces));
        Fingerprint { exact, words, sketch }
    }

    /// The fingerprint of a text and its shingles, sorted and without repeats: what [`jaccard`] compares.
    pub fn read(&mut self, text: &str) -> (Fingerprint, &[u32]) {
        let fingerprint = self.fingerprint(text);
        self.pieces.sort_unstable();
        self.pieces.dedup();
        (fingerprint, &self.pieces)
    }
}

/// Jaccard similarity of two sorted sets of shingles; two empty sets are equal.
///
/// Exact up to collisions of 32-bit hashes, which are one in 4 billion for a pair of shingles.
#[must_use]
pub fn jaccard(a: &[u32], b: &[u32]) -> f64 {
    let (mut i, mut j, mut common) = (0, 0, 0usize);
    while i < a.len() && j < b.len() {
        common += usize::from(a[i] == b[j]);
        let step = a[i] <= b[j];
        j += usize::from(b[j] <= a[i]);
        i += usize::from(step);
    }
    let all = a.len() + b.len() - common;
    if all == 0 { 1.0 } else { common as f64 / all as f64 }
}

/// Whether the similarity of two sorted sets is at least `least`; sizes that differ too much are not compared.
#[must_use]
pub fn similar(a: &[u32], b: &[u32], least: f64) -> bool {
    let (short, long) = (a.len().min(b.len()), a.len().max(b.len()));
    short as f64 >= least * long as f64 && jaccard(a, b) >= least
}

/// Multipliers (odd) and addends of the permutations.
const MULTIPLY: [u32; PLACES] = constants(0x9e37_79b9, 1);
const ADD: [u32; PLACES] = constants(0x85eb_ca6b, 0);

const fn constants(seed: u32, odd: u32) -> [u32; PLACES] {
    let mut values = [0; PLACES];
    let mut i = 0;
    while i < PLACES {
        // The finaliser of MurmurHash3 over a counter.
        let mut h = seed.wrapping_mul(i as u32 + 1);
        h = (h ^ h >> 16).wrapping_mul(0x85eb_ca6b);
        h = (h ^ h >> 13).wrapping_mul(0xc2b2_ae35);
        values[i] = (h ^ h >> 16) | odd;
        i += 1;
    }
    values
}

/// Permutations worked on at once: what fits into the registers of a machine without wide vectors.
const LANES: usize = 16;

/// The sketch of some pieces; compiled once for each kind of vector unit, with equal results.
#[inline(always)]
fn sketch<S: Simd>(_: S, pieces: &[u32]) -> [u8; PLACES] {
    let mut out = [0; PLACES];
    for (at, out) in out.chunks_exact_mut(LANES).enumerate() {
        let multiply: &[u32; LANES] = MULTIPLY[at * LANES..][..LANES].try_into().expect("a chunk");
        let add: &[u32; LANES] = ADD[at * LANES..][..LANES].try_into().expect("a chunk");
        let mut least = [i32::MAX; LANES];
        for piece in pieces {
            for lane in 0..LANES {
                let value = piece.wrapping_mul(multiply[lane]).wrapping_add(add[lane]) as i32;
                least[lane] = least[lane].min(value);
            }
        }
        for (byte, least) in out.iter_mut().zip(least) {
            *byte = ((least as u32).wrapping_mul(0x9e37_79b1) >> 24) as u8;
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn values_are_a_format() {
        let print = Fingerprinter::new(1).fingerprint("The quick brown fox jumps over the lazy dog");
        assert_eq!(print.exact, 0xa46b_8f72_03d1_4af5_9e08_6923_630c_1497);
        assert_eq!((print.words, &print.sketch[..4]), (9, &[148, 55, 11, 175][..]));
    }

    #[test]
    fn keys_and_shapes_have_nothing_in_common() {
        let text = "eins zwei drei vier fünf sechs sieben acht neun zehn elf zwölf";
        let one = Fingerprinter::new(1).fingerprint(text);
        let two = Fingerprinter::new(2).fingerprint(text);
        let three = Fingerprinter::with(1, Shape { words: 3, chars: 5 }).fingerprint(text);
        for other in [two, three] {
            assert!(one.exact != other.exact && one.estimate(&other) < 0.1);
        }
    }

    #[test]
    fn jaccard_of_small_sets() {
        for (a, b, expected) in
            [(&[][..], &[][..], 1.0), (&[1], &[], 0.0), (&[1, 2, 3], &[2, 3, 4], 0.5), (&[1, 2], &[1, 2], 1.0)]
        {
            assert_eq!(jaccard(a, b).to_bits(), f64::to_bits(expected), "{a:?} {b:?}");
        }
        assert!(similar(&[1, 2, 3, 4], &[1, 2, 3, 4, 5], 0.8) && !similar(&[1, 2, 3], &[1, 2, 3, 4], 0.8));
    }

    proptest! {
        #[test]
        fn bytes_come_back(text in "\\PC{0,80}") {
            let print = Fingerprinter::new(3).fingerprint(&text);
            prop_assert_eq!(Fingerprint::from_bytes(&print.to_bytes()), print);
        }

        #[test]
        fn similarity_is_symmetric_and_buffers_leave_no_trace(a in "[a-d ]{0,60}|\\PC{0,20}", b in "[a-d ]{0,60}") {
            let mut maker = Fingerprinter::new(9);
            let (first, left) = maker.read(&a);
            let left = left.to_vec();
            let (second, right) = maker.read(&b);
            prop_assert_eq!(jaccard(&left, right).to_bits(), jaccard(right, &left).to_bits());
            prop_assert_eq!(first.estimate(&second).to_bits(), second.estimate(&first).to_bits());
            prop_assert_eq!(similar(&left, right, 0.8), jaccard(&left, right) >= 0.8);
            prop_assert_eq!(maker.fingerprint(&a), first);
            prop_assert_eq!(Fingerprinter::new(9).fingerprint(&a), first);
        }

        /// Estimates stay within five standard errors.
        #[test]
        fn estimates_are_near_the_truth(a in prop::collection::vec("[a-z]{3}", 30..200), cut in 1usize..30) {
            let mut maker = Fingerprinter::new(5);
            let (first, left) = maker.read(&a.join(" "));
            let left = left.to_vec();
            let (second, right) = maker.read(&a[cut..].join(" "));
            let truth = jaccard(&left, right);
            prop_assert!((first.estimate(&second) - truth).abs() < 0.23, "{} {truth}", first.estimate(&second));
        }
    }
}

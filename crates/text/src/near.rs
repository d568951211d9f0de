//! Near duplicates: which records go because a better one that says the same stays.
//!
//! The rule (it makes forgetting exact): records have a total order of priority; a record is dropped if and only if a
//! *kept* record of higher priority among its candidates is verified similar. Candidates are records that share a hash
//! of some band of their sketches (locality-sensitive hashing: Leskovec, Rajaraman and Ullman, [Mining of Massive
//! Datasets](http://www.mmds.org), chapter 3). Records are named by their place in the order, 0 the best, so that
//! nothing depends on when they arrived.
//!
//! The work goes in four steps, each a pass over sorted values that may lie in files:
//! 1. [`Copies`] over (exact, record): equal texts; the best of each stays for the next steps.
//! 2. [`Window`] over [`Band`]s sorted by (hash, record): candidates, a bounded number per record and band.
//! 3. Verification of candidates, in any order and anywhere: [`crate::fingerprint::similar`].
//! 4. [`Greedy`] over pairs sorted by (lower, higher): who goes, with one bit per record in memory.
//!
//! [`duplicates`] does all four in memory.

use std::collections::VecDeque;

use crate::fingerprint::Fingerprint;
use crate::hash;

/// Bands of a sketch.
pub const BANDS: usize = 18;
/// Places of a band: two texts of similarity 0.8 share a band with probability 0.986, of 0.5 with 0.13, of 0.2 never.
pub const ROWS: usize = 7;
/// The similarity from which texts are near duplicates.
pub const LEAST: f64 = 0.8;

/// One band of one record; sorts by hash, then by priority.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Band {
    /// Hash of the band's number and places.
    pub hash: u64,
    /// Place of the record in the order of priority.
    pub record: u32,
}

/// The bands of a record; of an empty text, none.
pub fn bands(print: &Fingerprint, record: u32) -> impl Iterator<Item = Band> {
    band_hashes(print).map(move |hash| Band { hash, record })
}

/// The hashes of the bands of a fingerprint.
pub fn band_hashes(print: &Fingerprint) -> impl Iterator<Item = u64> {
    print.sketch.chunks_exact(ROWS).take(BANDS).enumerate().map(|(n, rows)| hash::bytes(n as u64, rows))
}

/// A record and one of higher priority that it may be a copy of; sorts by the record that may go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Pair {
    /// The record that goes if they are similar and the other one stays.
    pub lower: u32,
    /// The record of higher priority: the smaller number.
    pub higher: u32,
}

/// Equal texts, from (exact hash, record) in sorted order.
#[derive(Debug, Clone, Default)]
pub struct Copies {
    best: Option<(u128, u32)>,
}

impl Copies {
    /// The record that this one is an exact copy of, if it is not the best of its kind.
    ///
    /// # Panics
    /// If the values do not come in ascending order.
    pub fn push(&mut self, exact: u128, record: u32) -> Option<u32> {
        match self.best {
            Some((hash, best)) if hash == exact => {
                assert!(best < record, "bug: copies are not sorted");
                Some(best)
            }
            before => {
                assert!(before.is_none_or(|(hash, _)| hash < exact), "bug: copies are not sorted");
                self.best = Some((exact, record));
                None
            }
        }
    }
}

/// How many of a bucket's records one record is compared with, so that a bucket of millions costs no more each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cap {
    /// Records of the highest priority: they are the likeliest to stay.
    pub first: usize,
    /// Records just before it in priority.
    pub recent: usize,
}

impl Default for Cap {
    fn default() -> Self {
        Self { first: 24, recent: 8 }
    }
}

/// Candidates, from bands in sorted order, bucket after bucket.
#[derive(Debug, Clone)]
pub struct Window {
    cap: Cap,
    hash: Option<u64>,
    first: Vec<u32>,
    recent: VecDeque<u32>,
}

impl Window {
    /// A window at the start of the bands.
    #[must_use]
    pub fn new(cap: Cap) -> Self {
        Self { cap, hash: None, first: Vec::new(), recent: VecDeque::new() }
    }

    /// Takes the next band and calls back with the candidates for its record.
    ///
    /// # Panics
    /// If the bands do not come in ascending order.
    pub fn push(&mut self, band: Band, mut pair: impl FnMut(Pair)) {
        if self.hash != Some(band.hash) {
            assert!(self.hash.is_none_or(|hash| hash < band.hash), "bug: bands are not sorted");
            self.hash = Some(band.hash);
            self.first.clear();
            self.recent.clear();
        }
        for higher in self.first.iter().chain(&self.recent) {
            assert!(*higher < band.record, "bug: records of a bucket are not sorted");
            pair(Pair { lower: band.record, higher: *higher });
        }
        if self.first.len() < self.cap.first {
            self.first.push(band.record);
        } else if self.cap.recent > 0 {
            if self.recent.len() == self.cap.recent {
                self.recent.pop_front();
            }
            self.recent.push_back(band.record);
        }
    }
}

/// Who goes: one bit per record, from pairs sorted by [`Pair::lower`].
#[derive(Debug, Clone, Default)]
pub struct Greedy {
    dropped: Vec<u64>,
    at: u32,
}

impl Greedy {
    /// Nobody dropped yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Marks an exact copy as dropped; all before the first [`offer`](Self::offer).
    pub fn drop_copy(&mut self, record: u32) {
        self.set(record);
    }

    /// Takes the next pair; drops its lower record if that still stays, the higher one stays, and they are similar,
    /// which is asked only then. Says whether it did.
    ///
    /// # Panics
    /// If a pair comes after one of a later record.
    pub fn offer(&mut self, pair: Pair, similar: impl FnOnce() -> bool) -> bool {
        assert!(pair.lower >= self.at && pair.higher < pair.lower, "bug: pairs are not sorted");
        self.at = pair.lower;
        let drops = !self.is_dropped(pair.lower) && !self.is_dropped(pair.higher) && similar();
        if drops {
            self.set(pair.lower);
        }
        drops
    }

    /// Whether a record goes.
    #[must_use]
    pub fn is_dropped(&self, record: u32) -> bool {
        self.dropped.get(record as usize / 64).is_some_and(|word| word >> (record % 64) & 1 == 1)
    }

    fn set(&mut self, record: u32) {
        let at = record as usize / 64;
        if self.dropped.len() <= at {
            self.dropped.resize(at + 1, 0);
        }
        self.dropped[at] |= 1 << (record % 64);
    }
}

/// For each record, in order of priority, the kept one that it goes for: the whole work in memory.
///
/// `similar` verifies a pair, by [`crate::fingerprint::similar`]; it is asked for candidates only, at most once each.
///
/// # Panics
/// If there are more than 2³² records.
pub fn duplicates(prints: &[Fingerprint], cap: Cap, mut similar: impl FnMut(Pair) -> bool) -> Vec<Option<u32>> {
    let count = u32::try_from(prints.len()).expect("records are counted in 32 bits");
    let mut kept_for = vec![None; prints.len()];
    let mut greedy = Greedy::new();
    let mut exact: Vec<_> = (0..count).map(|n| (prints[n as usize].exact, n)).collect();
    exact.sort_unstable();
    let mut copies = Copies::default();
    for (hash, record) in exact {
        kept_for[record as usize] = copies.push(hash, record);
    }
    for record in (0..count).filter(|n| kept_for[*n as usize].is_some()) {
        greedy.drop_copy(record);
    }
    let mut pairs = candidates(prints, &kept_for, cap);
    pairs.sort_unstable();
    pairs.dedup();
    for pair in pairs {
        if greedy.offer(pair, || similar(pair)) {
            kept_for[pair.lower as usize] = Some(pair.higher);
        }
    }
    // The best of equal texts may itself have gone for another.
    for record in 0..prints.len() {
        if let Some(best) = kept_for[record]
            && let Some(other) = kept_for[best as usize]
        {
            kept_for[record] = Some(other);
        }
    }
    kept_for
}

/// Candidates of all records that are not copies, band by band to keep what is sorted small.
fn candidates(prints: &[Fingerprint], kept_for: &[Option<u32>], cap: Cap) -> Vec<Pair> {
    let mut pairs = Vec::new();
    let mut hashes = Vec::with_capacity(prints.len());
    let mut seen = Seen::new(prints.len());
    let mut sorted: Vec<Band> = Vec::new();
    for n in 0..BANDS {
        hashes.clear();
        hashes.extend(prints.iter().map(|print| hash::bytes(n as u64, &print.sketch[n * ROWS..][..ROWS])));
        seen.clear();
        hashes.iter().for_each(|hash| seen.add(*hash));
        sorted.clear();
        for (record, hash) in hashes.iter().enumerate() {
            if seen.twice(*hash) && kept_for[record].is_none() {
                sorted.push(Band { hash: *hash, record: record as u32 });
            }
        }
        sorted.sort_unstable();
        let mut window = Window::new(cap);
        sorted.iter().for_each(|band| window.push(*band, |pair| pairs.push(pair)));
    }
    pairs
}

/// Tells most hashes that occur once, which have no candidates, from those that may occur twice.
///
/// Takes a byte per hash; may be used before sorting band files as well.
#[derive(Debug, Clone)]
pub struct Seen {
    once: Vec<u64>,
    twice: Vec<u64>,
}

impl Seen {
    /// Room for a number of hashes.
    #[must_use]
    pub fn new(hashes: usize) -> Self {
        let words = (hashes / 16).next_power_of_two();
        Self { once: vec![0; words], twice: vec![0; words] }
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        self.once.fill(0);
        self.twice.fill(0);
    }

    /// Notes a hash.
    pub fn add(&mut self, hash: u64) {
        let (at, bit) = self.place(hash);
        self.twice[at] |= self.once[at] & bit;
        self.once[at] |= bit;
    }

    /// Whether a hash may have been noted twice; never false for one that was.
    #[must_use]
    pub fn twice(&self, hash: u64) -> bool {
        let (at, bit) = self.place(hash);
        self.twice[at] & bit != 0
    }

    fn place(&self, hash: u64) -> (usize, u64) {
        ((hash >> 6) as usize & (self.once.len() - 1), 1 << (hash & 63))
    }
}

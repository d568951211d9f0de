//! Near duplicates over all shards: candidates from bands, verified on the texts, settled in order.
//!
//! What is compared, and when two texts are alike, is [`mandat_text::near`]'s; here is what carries
//! it: bands through the exchange, candidates in chunks that fit into memory, texts read shard by shard.

use std::collections::BTreeMap;

use arrow_array::cast::AsArray;
use mandat_text::fingerprint::{Fingerprinter, similar};
use mandat_text::near::{BANDS, Band, Cap, Greedy, LEAST, Pair, Window, band_hashes};
use rayon::prelude::*;

use super::pass::{KEY, print_of};
use super::settle::{Drop, Place, Settle, place};
use super::spill::Spilled;
use super::why::Why;
use crate::build::BuildError;

/// Bytes of a band on its way: hash, place of the record in the order of all.
const BAND: usize = 12;
/// Bytes that the shingles of a text take while pairs are verified, about.
const SHINGLES: u64 = 512;

/// The records that take part, in their order: which place a number means, and back.
struct Ranks {
    places: Vec<Place>,
    by_shard: BTreeMap<u32, Vec<(u32, u32)>>,
}

impl Ranks {
    fn new(mut orders: Vec<[u8; 16]>) -> Self {
        orders.par_sort_unstable();
        let places: Vec<Place> = orders.iter().map(|o| place(o)).collect();
        let mut by_shard = BTreeMap::<u32, Vec<(u32, u32)>>::new();
        for (rank, place) in (0..).zip(&places) {
            by_shard.entry(place.shard).or_default().push((place.row, rank));
        }
        by_shard.values_mut().for_each(|rows| rows.sort_unstable());
        Self { places, by_shard }
    }

    fn of(&self, place: Place) -> Option<u32> {
        let rows = self.by_shard.get(&place.shard)?;
        let at = rows.binary_search_by_key(&place.row, |(row, _)| *row).ok()?;
        Some(rows[at].1)
    }
}

/// Drops every record that is verified similar to one that comes before it and stays.
///
/// `orders` are time and place of the records that no other step dropped.
///
/// # Errors
/// When a file cannot be read or written.
pub(super) fn near(settle: &Settle, orders: Vec<[u8; 16]>) -> Result<Vec<Drop>, BuildError> {
    let ranks = Ranks::new(orders);
    let pairs = candidates(settle, &ranks)?;
    let mut greedy = Greedy::new();
    let mut drops = Vec::new();
    let chunk = usize::try_from(settle.memory / SHINGLES / 2).unwrap_or(usize::MAX).max(1024);
    for pairs in pairs.chunks(chunk) {
        // Of what is dropped already, nothing needs to be read.
        let open: Vec<Pair> =
            pairs.iter().filter(|p| !greedy.is_dropped(p.lower) && !greedy.is_dropped(p.higher)).copied().collect();
        let alike = verify(settle.shards, &ranks, &open)?;
        for (pair, alike) in open.iter().zip(alike) {
            if greedy.offer(*pair, || alike) {
                drops.push(Drop { place: ranks.places[pair.lower as usize], why: Why::DUPLICATE_NEAR });
            }
        }
    }
    Ok(drops)
}

/// Pairs that share a band, each once, by the record that may go.
fn candidates(settle: &Settle, ranks: &Ranks) -> Result<Vec<Pair>, BuildError> {
    let entries = ranks.places.len() as u64 * BANDS as u64;
    let shuffle = settle.shuffle::<BAND>("curate-bands", entries)?;
    settle.shards.par_iter().try_for_each(|shard| {
        let mut bands = Vec::new();
        for entry in settle.prints(shard)? {
            let (place, print) = print_of(shard.shard, &entry);
            let Some(rank) = ranks.of(place) else { continue };
            for hash in band_hashes(&print) {
                let mut band = [0; BAND];
                band[..8].copy_from_slice(&hash.to_be_bytes());
                band[8..].copy_from_slice(&rank.to_be_bytes());
                bands.push(band);
            }
        }
        settle.done(shuffle.add(bands))
    })?;
    let found = settle.done(shuffle.each(pairs_of))?;
    let mut pairs = found.concat();
    pairs.par_sort_unstable();
    pairs.dedup();
    Ok(pairs)
}

/// Candidates among the bands of one partition.
fn pairs_of(bands: &[[u8; BAND]]) -> Vec<Pair> {
    let mut window = Window::new(Cap::default());
    let mut pairs = Vec::new();
    for band in bands {
        let (hash, record) = band.split_first_chunk::<8>().expect("twelve bytes");
        let record = u32::from_be_bytes(record.try_into().expect("four bytes of twelve"));
        window.push(Band { hash: u64::from_be_bytes(*hash), record }, |pair| pairs.push(pair));
    }
    pairs.sort_unstable();
    pairs.dedup();
    pairs
}

/// Whether the texts of each pair are as alike as they must be.
fn verify(shards: &[&Spilled], ranks: &Ranks, pairs: &[Pair]) -> Result<Vec<bool>, BuildError> {
    let mut wanted: Vec<u32> = pairs.iter().flat_map(|p| [p.lower, p.higher]).collect();
    wanted.par_sort_unstable();
    wanted.dedup();
    let mut by_shard = BTreeMap::<u32, Vec<(u32, u32)>>::new();
    for rank in &wanted {
        let place = ranks.places[*rank as usize];
        by_shard.entry(place.shard).or_default().push((place.row, *rank));
    }
    let read = shards.par_iter().filter_map(|shard| Some((shard, by_shard.get(&shard.shard)?)));
    let read: Vec<Vec<(u32, Vec<u32>)>> =
        read.map(|(shard, rows)| shingles(shard, rows)).collect::<Result<_, BuildError>>()?;
    let mut shingles: Vec<(u32, Vec<u32>)> = read.into_iter().flatten().collect();
    shingles.par_sort_unstable_by_key(|(rank, _)| *rank);
    let of = |rank: u32| {
        let at = shingles.binary_search_by_key(&rank, |(r, _)| *r);
        &shingles[at.expect("the text of every candidate was read")].1[..]
    };
    Ok(pairs.par_iter().map(|p| similar(of(p.lower), of(p.higher), LEAST)).collect())
}

/// The shingles of some rows of a shard, by rank.
fn shingles(shard: &Spilled, rows: &[(u32, u32)]) -> Result<Vec<(u32, Vec<u32>)>, BuildError> {
    let batch = shard.rows()?;
    let text = batch.column_by_name("text").and_then(|c| c.as_string_opt::<i32>()).ok_or(BuildError::Layout("text"))?;
    let mut maker = Fingerprinter::new(KEY);
    Ok(rows.iter().map(|(row, rank)| (*rank, maker.read(text.value(*row as usize)).1.to_vec())).collect())
}

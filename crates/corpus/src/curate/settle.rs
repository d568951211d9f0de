//! Settling copies: which of several records with the same text stays.
//!
//! Records have a total order, the earlier created first, then by person key, then by id; nothing
//! else can change it. A record is dropped if and only if a record that comes before it, and that
//! itself stays, has the same text: so what stays depends on the admitted records alone, and a build
//! after a deletion ends where a build from nothing ends (DESIGN 8.13).

use std::collections::BTreeMap;
use std::io;
use std::path::Path;

use rayon::prelude::*;

use super::denied::Denied;
use super::near::near;
use super::pass::{PRINT, print_of};
use super::shuffle::{Shuffle, read_entries};
use super::spec::{Curation, Duplicates};
use super::spill::Spilled;
use super::why::Why;
use crate::build::BuildError;

/// Where an admitted record lies. Shards and the rows in them are in the order of person key, time
/// and id, so places compare as those do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Place {
    /// Number of the shard.
    pub(crate) shard: u32,
    /// Row among all admitted rows of the shard.
    pub(crate) row: u32,
}

/// A record that gives way to another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Drop {
    /// Which.
    pub(crate) place: Place,
    /// To a text that is the same, or nearly so.
    pub(crate) why: Why,
}

/// Bytes of an entry: head of the text's digest, creation time, place.
pub(crate) const EXACT: usize = 32;

/// The entry by which equal texts meet, the record with precedence first.
pub(super) fn exact_entry(digest: u128, created: i64, place: Place) -> [u8; EXACT] {
    let mut entry = [0; EXACT];
    entry[..16].copy_from_slice(&digest.to_be_bytes());
    entry[16..].copy_from_slice(&order(created, place));
    entry
}

/// Time and place as bytes that sort as the precedence of records does.
pub(super) fn order(created: i64, place: Place) -> [u8; 16] {
    let mut bytes = [0; 16];
    // The sign bit turned over sorts negative times first.
    bytes[..8].copy_from_slice(&(created.cast_unsigned() ^ (1 << 63)).to_be_bytes());
    bytes[8..12].copy_from_slice(&place.shard.to_be_bytes());
    bytes[12..].copy_from_slice(&place.row.to_be_bytes());
    bytes
}

/// The place in bytes of [`order`].
pub(super) fn place(order: &[u8]) -> Place {
    let word = |at: usize| u32::from_be_bytes(order[at..at + 4].try_into().expect("four bytes of sixteen"));
    Place { shard: word(8), row: word(12) }
}

/// Everything that settling needs.
pub(super) struct Settle<'a> {
    /// What the recipe asks for.
    pub(super) spec: &'a Curation,
    /// Where the exchange puts its files.
    pub(super) dir: &'a Path,
    /// The passed shards, in order.
    pub(super) shards: &'a [&'a Spilled],
    /// Fingerprints of denied texts.
    pub(super) denied: &'a [&'a Path],
    /// Memory that the exchange may take.
    pub(super) memory: u64,
}

impl Settle<'_> {
    /// Which records give way, sorted by place; each once.
    ///
    /// Denied copies go first and near duplicates last, since a record may only give way to one that stays.
    ///
    /// # Errors
    /// When a file cannot be read or written.
    pub(super) fn run(&self) -> Result<Vec<Drop>, BuildError> {
        let mut drops = Vec::new();
        if self.spec.denied_copies && !self.denied.is_empty() {
            drops.extend(self.denied_copies()?);
            drops.sort_unstable();
        }
        if self.spec.duplicates >= Duplicates::Exact {
            let exact = self.exact(&drops)?;
            drops.extend(exact);
            drops.sort_unstable();
        }
        if self.spec.duplicates >= Duplicates::Near {
            let near = near(self, self.orders(&drops)?)?;
            drops.extend(near);
            drops.sort_unstable();
        }
        Ok(drops)
    }

    fn denied_copies(&self) -> Result<Vec<Drop>, BuildError> {
        let texts = self.denied.iter().map(|path| self.done(read_entries(path))).collect::<Result<Vec<_>, _>>()?;
        let denied = Denied::new(texts.concat());
        let of_shard = |shard: &&Spilled| {
            let mut created = BTreeMap::new();
            for (place, at, person) in shard.authors()? {
                created.insert(place, (at, person));
            }
            let mut drops = Vec::new();
            for entry in self.prints(shard)? {
                let (place, print) = print_of(shard.shard, &entry);
                let (at, person) = created[&place.row];
                if denied.repeated(&print, at, person) {
                    drops.push(Drop { place, why: Why::COPY_OF_DENIED });
                }
            }
            Ok(drops)
        };
        let drops = self.shards.par_iter().map(of_shard).collect::<Result<Vec<_>, BuildError>>()?;
        Ok(drops.concat())
    }

    /// The fingerprints of a shard's texts.
    pub(super) fn prints(&self, shard: &Spilled) -> Result<Vec<[u8; PRINT]>, BuildError> {
        self.done(read_entries(shard.prints()))
    }

    /// An exchange of so many entries.
    pub(super) fn shuffle<const W: usize>(&self, name: &str, entries: u64) -> Result<Shuffle<W>, BuildError> {
        self.done(Shuffle::new(self.dir, name, entries, self.memory, rayon::current_num_threads()))
    }

    /// What a file did, as an error of the build.
    pub(super) fn done<T>(&self, result: io::Result<T>) -> Result<T, BuildError> {
        result.map_err(|source| BuildError::io("compare the texts in", self.dir, source))
    }

    /// Entries of [`exact_entry`] of a shard that nobody dropped yet.
    fn standing(&self, shard: &Spilled, drops: &[Drop]) -> Result<Vec<[u8; EXACT]>, BuildError> {
        let mut entries = self.done(read_entries::<EXACT>(shard.exact()))?;
        let gone = of_shard(drops, shard.shard);
        if !gone.is_empty() {
            entries.retain(|e| gone.binary_search_by_key(&place(&e[16..]), |d| d.place).is_err());
        }
        Ok(entries)
    }

    /// Drops every record whose text an earlier record has.
    fn exact(&self, drops: &[Drop]) -> Result<Vec<Drop>, BuildError> {
        let mut entries = 0;
        for shard in self.shards {
            entries += self.done(std::fs::metadata(shard.exact()))?.len() / EXACT as u64;
        }
        let shuffle = self.shuffle::<EXACT>("curate-exact", entries)?;
        self.shards.par_iter().try_for_each(|shard| self.done(shuffle.add(self.standing(shard, drops)?)))?;
        let later = |same: &[[u8; EXACT]]| same[1..].iter().map(|e| place(&e[16..])).collect::<Vec<_>>();
        let later = |entries: &[[u8; EXACT]]| -> Vec<Place> {
            entries.chunk_by(|a, b| a[..16] == b[..16]).flat_map(later).collect()
        };
        let places = self.done(shuffle.each(later))?.concat();
        Ok(places.into_iter().map(|place| Drop { place, why: Why::DUPLICATE_EXACT }).collect())
    }

    /// Time and place of every record that nobody dropped yet.
    fn orders(&self, drops: &[Drop]) -> Result<Vec<[u8; 16]>, BuildError> {
        let of_shard = |shard: &&Spilled| {
            let entries = self.standing(shard, drops)?;
            Ok(entries.iter().map(|e| e[16..].try_into().expect("the second half of an entry")).collect())
        };
        let orders = self.shards.par_iter().map(of_shard).collect::<Result<Vec<Vec<[u8; 16]>>, BuildError>>()?;
        Ok(orders.concat())
    }
}

/// The drops among the rows of a shard; `all` is sorted by place.
pub(super) fn of_shard(all: &[Drop], shard: u32) -> &[Drop] {
    let from = all.partition_point(|d| d.place.shard < shard);
    let to = all.partition_point(|d| d.place.shard <= shard);
    &all[from..to]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_sort_as_time_then_place() {
        let at = |shard, row| Place { shard, row };
        let orders = [(-3, at(4, 0)), (-3, at(4, 1)), (-3, at(5, 0)), (0, at(0, 0)), (50, at(0, 0))];
        let bytes: Vec<[u8; 16]> = orders.iter().map(|(t, p)| order(*t, *p)).collect();
        assert!(bytes.is_sorted());
        assert!(bytes.iter().zip(orders).all(|(b, (_, p))| place(b) == p));
        assert_eq!(place(&exact_entry(7, -3, at(4, 1))[16..]), at(4, 1));
        let drop = |shard, row| Drop { place: at(shard, row), why: Why::EMPTY };
        let all = [drop(1, 0), drop(2, 1), drop(2, 7), drop(4, 0)];
        assert_eq!(of_shard(&all, 2), &all[1..3]);
        assert_eq!(of_shard(&all, 3), &[]);
    }
}

//! Settling copies: which of several records with the same text stays.
//!
//! Records have a total order, the earlier created first, then by person key, then by id; nothing
//! else can change it. A record is dropped if and only if a record that comes before it, and that
//! itself stays, has the same text: so what stays depends on the admitted records alone, and a build
//! after a deletion ends where a build from nothing ends (DESIGN 8.13).

use std::io;
use std::path::Path;

use super::shuffle::{Shuffle, read_entries};
use super::why::Why;

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

/// Drops every record whose text an earlier record has; sorted by place.
///
/// # Errors
/// When a file cannot be read or written.
pub(super) fn exact(dir: &Path, signals: &[&Path], memory: u64) -> io::Result<Vec<Drop>> {
    let mut entries = 0;
    for path in signals {
        entries += std::fs::metadata(path)?.len() / EXACT as u64;
    }
    let shuffle = Shuffle::<EXACT>::new(dir, "curate-exact", entries, memory, rayon::current_num_threads())?;
    for path in signals {
        shuffle.add(read_entries(path)?)?;
    }
    let later = |same: &[[u8; EXACT]]| same[1..].iter().map(|e| place(&e[16..])).collect::<Vec<_>>();
    let places = shuffle.each(|entries| entries.chunk_by(|a, b| a[..16] == b[..16]).flat_map(later).collect())?;
    let places: Vec<Vec<Place>> = places;
    let mut drops: Vec<Drop> =
        places.into_iter().flatten().map(|place| Drop { place, why: Why::DUPLICATE_EXACT }).collect();
    drops.sort_unstable();
    Ok(drops)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_earliest_stays_and_places_break_ties() {
        let dir = tempfile::tempdir().unwrap();
        let at = |shard, row| Place { shard, row };
        let entries = [
            exact_entry(7, 50, at(0, 0)),
            exact_entry(7, -3, at(4, 1)),
            exact_entry(7, -3, at(4, 0)),
            exact_entry(8, 1, at(2, 2)),
        ];
        let path = dir.path().join("signals");
        super::super::shuffle::write_entries(&path, &entries).unwrap();
        let drops = exact(dir.path(), &[&path], 1 << 20).unwrap();
        assert_eq!(drops.iter().map(|d| d.place).collect::<Vec<_>>(), [at(0, 0), at(4, 1)]);
    }
}

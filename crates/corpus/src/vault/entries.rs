//! Entries of the sorted index files, and their bytes.
//!
//! All numbers are big-endian, signed ones with the sign bit flipped, so that byte order is order.

use mandat_core::proof::{PersonKey, RecordKey};

use super::format::VERSION_BYTES;
use crate::ingest::row::VersionOrder;

/// Bytes of a [`Version`].
pub const VERSION: usize = 16 + 16 + 1 + 8 + 8 + VERSION_BYTES + 4;
/// Bytes of a [`Reference`].
pub const REFERENCE: usize = 16 + 4 + 4 + 4 + 1 + 1;
/// Bytes of a [`Hold`].
pub const HOLD: usize = 16 + 8 + 8;
/// Bytes of a [`HandleUse`].
pub const HANDLE: usize = 16 + 4 + 4;
/// Bytes of a [`Posting`].
pub const POSTING: usize = 16 + 8 + 4 + 4;
/// Bytes of a [`Delta`].
pub const DELTA: usize = 4 + 4 + 1 + 4 + 16 + 4 + 1 + 1;

/// One version of a record in a unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Version {
    /// Key of platform and id.
    pub record: RecordKey,
    /// The author.
    pub person: PersonKey,
    /// Whether everybody could see it.
    pub public: bool,
    /// Its place among the versions.
    pub order: VersionOrder,
    /// Row in the run of the author's bucket.
    pub row: u32,
}

impl Version {
    /// Its entry.
    #[must_use]
    pub fn to_bytes(self) -> [u8; VERSION] {
        let flags = u8::from(self.order.deleted) | u8::from(self.public) << 1;
        Bytes::new()
            .put(&self.record.to_bytes())
            .put(&self.person.to_bytes())
            .put(&[flags])
            .put(&ordered(self.order.changed_at))
            .put(&ordered(self.order.collected_at))
            .put(&self.order.version)
            .put(&self.row.to_be_bytes())
            .done()
    }

    /// When it was changed and collected.
    #[must_use]
    pub const fn since(&self) -> Since {
        (self.order.changed_at, self.order.collected_at)
    }

    /// From its entry.
    #[must_use]
    pub fn from_bytes(bytes: &[u8; VERSION]) -> Self {
        let mut rest = bytes.as_slice();
        let (record, person) = (RecordKey::from_bytes(take(&mut rest)), PersonKey::from_bytes(take(&mut rest)));
        let [flags] = take(&mut rest);
        let order = VersionOrder {
            deleted: flags & 1 == 1,
            changed_at: unordered(take(&mut rest)),
            collected_at: unordered(take(&mut rest)),
            version: take(&mut rest),
        };
        Self { record, person, public: flags >> 1 & 1 == 1, order, row: u32::from_be_bytes(take(&mut rest)) }
    }
}

/// A record that names another by its id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reference {
    /// The record named.
    pub parent: RecordKey,
    /// Bucket of the naming row.
    pub bucket: u32,
    /// The naming row.
    pub row: u32,
    /// The row of `others` that holds the name.
    pub other_row: u32,
    /// A repost or quote: it counts as naming an unknown person until this is resolved.
    pub binding: bool,
    /// Row of `others` with the row's other binding reference: 0 none, 1 the next one, 2 the one before.
    pub sibling: u8,
}

impl Reference {
    /// Its entry.
    #[must_use]
    pub fn to_bytes(self) -> [u8; REFERENCE] {
        Bytes::new()
            .put(&self.parent.to_bytes())
            .put(&self.bucket.to_be_bytes())
            .put(&self.row.to_be_bytes())
            .put(&self.other_row.to_be_bytes())
            .put(&[u8::from(self.binding), self.sibling])
            .done()
    }

    /// From its entry.
    #[must_use]
    pub fn from_bytes(bytes: &[u8; REFERENCE]) -> Self {
        let mut rest = bytes.as_slice();
        let parent = RecordKey::from_bytes(take(&mut rest));
        let [bucket, row, other_row] = [0; 3].map(|_| u32::from_be_bytes(take(&mut rest)));
        let [binding, sibling] = take(&mut rest);
        Self { parent, bucket, row, other_row, binding: binding == 1, sibling }
    }

    /// The row of `others` with the row's other binding reference.
    #[must_use]
    pub const fn sibling_row(other_row: u32, sibling: u8) -> Option<u32> {
        match sibling {
            1 => other_row.checked_add(1),
            2 => other_row.checked_sub(1),
            _ => None,
        }
    }
}

/// When a version was changed, and when it was collected, in microseconds.
pub type Since = (i64, i64);

/// A rejected line whose record could be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hold {
    /// The record it is about.
    pub record: RecordKey,
    /// Only a version of that time or later lifts it; [`Hold::ANY`] if the line's times could not be read.
    pub since: Since,
}

impl Hold {
    /// Before all versions.
    pub const ANY: Since = (i64::MIN, i64::MIN);

    /// Its entry.
    #[must_use]
    pub fn to_bytes(self) -> [u8; HOLD] {
        Bytes::new().put(&self.record.to_bytes()).put(&ordered(self.since.0)).put(&ordered(self.since.1)).done()
    }

    /// From its entry.
    #[must_use]
    pub fn from_bytes(bytes: &[u8; HOLD]) -> Self {
        let mut rest = bytes.as_slice();
        let record = RecordKey::from_bytes(take(&mut rest));
        Self { record, since: (unordered(take(&mut rest)), unordered(take(&mut rest))) }
    }
}

/// A handle named in the text of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HandleUse {
    /// Tag of platform and handle.
    pub tag: u128,
    /// Bucket of the row.
    pub bucket: u32,
    /// The row.
    pub row: u32,
}

impl HandleUse {
    /// Its entry.
    #[must_use]
    pub fn to_bytes(self) -> [u8; HANDLE] {
        let (bucket, row) = (self.bucket.to_be_bytes(), self.row.to_be_bytes());
        Bytes::new().put(&self.tag.to_be_bytes()).put(&bucket).put(&row).done()
    }

    /// From its entry.
    #[must_use]
    pub fn from_bytes(bytes: &[u8; HANDLE]) -> Self {
        let mut rest = bytes.as_slice();
        let tag = u128::from_be_bytes(take(&mut rest));
        Self { tag, bucket: u32::from_be_bytes(take(&mut rest)), row: u32::from_be_bytes(take(&mut rest)) }
    }
}

/// A row that names a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Posting {
    /// The person named.
    pub person: PersonKey,
    /// Unit of the row.
    pub unit: u64,
    /// Bucket of the row.
    pub bucket: u32,
    /// The row.
    pub row: u32,
}

impl Posting {
    /// Its entry.
    #[must_use]
    pub fn to_bytes(self) -> [u8; POSTING] {
        Bytes::new()
            .put(&self.person.to_bytes())
            .put(&self.unit.to_be_bytes())
            .put(&self.bucket.to_be_bytes())
            .put(&self.row.to_be_bytes())
            .done()
    }

    /// From its entry.
    #[must_use]
    pub fn from_bytes(bytes: &[u8; POSTING]) -> Self {
        let mut rest = bytes.as_slice();
        let (person, unit) = (PersonKey::from_bytes(take(&mut rest)), u64::from_be_bytes(take(&mut rest)));
        Self { person, unit, bucket: u32::from_be_bytes(take(&mut rest)), row: u32::from_be_bytes(take(&mut rest)) }
    }
}

/// What an ingest changes about one row of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Delta {
    /// Position of the unit in the list being settled.
    pub unit: u32,
    /// Bucket of the run.
    pub bucket: u32,
    /// What changes.
    pub change: Change,
}

/// Kinds of [`Delta`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// The whole state of a row among the versions of its record.
    State {
        /// The row.
        row: u32,
        /// Whether it is not the current version.
        superseded: bool,
        /// Marks to set.
        set: u64,
    },
    /// Whom a row of `others` names.
    Named {
        /// The row of `others`.
        other_row: u32,
        /// The person, if there is exactly one.
        person: Option<PersonKey>,
        /// The row it belongs to.
        row: u32,
        /// As in [`Reference`].
        binding: bool,
        /// As in [`Reference`].
        sibling: u8,
    },
}

impl Delta {
    /// Its entry.
    #[must_use]
    pub fn to_bytes(self) -> [u8; DELTA] {
        let head = Bytes::new().put(&self.unit.to_be_bytes()).put(&self.bucket.to_be_bytes());
        match self.change {
            Change::State { row, superseded, set } => {
                let payload = (u128::from(set) << 1) | u128::from(superseded);
                head.put(&[1]).put(&row.to_be_bytes()).put(&payload.to_be_bytes()).put(&[0; 6]).done()
            }
            Change::Named { other_row, person, row, binding, sibling } => head
                .put(&[0])
                .put(&other_row.to_be_bytes())
                .put(&person.map_or(0, |p| p.0).to_be_bytes())
                .put(&row.to_be_bytes())
                .put(&[u8::from(binding) | u8::from(person.is_some()) << 1, sibling])
                .done(),
        }
    }

    /// From its entry.
    #[must_use]
    pub fn from_bytes(bytes: &[u8; DELTA]) -> Self {
        let mut rest = bytes.as_slice();
        let (unit, bucket) = (u32::from_be_bytes(take(&mut rest)), u32::from_be_bytes(take(&mut rest)));
        let [kind] = take(&mut rest);
        let at = u32::from_be_bytes(take(&mut rest));
        let payload = u128::from_be_bytes(take(&mut rest));
        let row = u32::from_be_bytes(take(&mut rest));
        let [flags, sibling] = take(&mut rest);
        let change = if kind == 1 {
            let set = u64::try_from(payload >> 1).expect("bug: marks are 64 bits");
            Change::State { row: at, superseded: payload & 1 == 1, set }
        } else {
            let person = (flags & 2 != 0).then_some(PersonKey(payload));
            Change::Named { other_row: at, person, row, binding: flags & 1 == 1, sibling }
        };
        Self { unit, bucket, change }
    }
}

fn ordered(value: i64) -> [u8; 8] {
    (value.cast_unsigned() ^ (1 << 63)).to_be_bytes()
}

fn unordered(bytes: [u8; 8]) -> i64 {
    (u64::from_be_bytes(bytes) ^ (1 << 63)).cast_signed()
}

fn take<const N: usize>(rest: &mut &[u8]) -> [u8; N] {
    let (head, tail) = rest.split_first_chunk().expect("bug: an entry has its width");
    *rest = tail;
    *head
}

/// Fills an entry from left to right.
struct Bytes<const W: usize> {
    bytes: [u8; W],
    at: usize,
}

impl<const W: usize> Bytes<W> {
    const fn new() -> Self {
        Self { bytes: [0; W], at: 0 }
    }

    fn put(mut self, part: &[u8]) -> Self {
        self.bytes[self.at..self.at + part.len()].copy_from_slice(part);
        self.at += part.len();
        self
    }

    fn done(self) -> [u8; W] {
        assert_eq!(self.at, W, "bug: an entry was not filled");
        self.bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_read_back() {
        let order = VersionOrder { deleted: true, changed_at: -5, collected_at: 9, version: [3; VERSION_BYTES] };
        let version = Version { record: RecordKey(1), person: PersonKey(2), public: true, order, row: 77 };
        assert_eq!(Version::from_bytes(&version.to_bytes()), version);
        let reference = Reference { parent: RecordKey(5), bucket: 1, row: 2, other_row: 3, binding: true, sibling: 2 };
        assert_eq!(Reference::from_bytes(&reference.to_bytes()), reference);
        for change in [
            Change::State { row: 4, superseded: true, set: 1 << 63 | 1 },
            Change::Named { other_row: 4, person: Some(PersonKey(0)), row: 8, binding: true, sibling: 1 },
            Change::Named { other_row: 4, person: None, row: 8, binding: false, sibling: 0 },
        ] {
            let delta = Delta { unit: 3, bucket: 9, change };
            assert_eq!(Delta::from_bytes(&delta.to_bytes()), delta);
        }
        for since in [Hold::ANY, (-1, 7)] {
            let hold = Hold { record: RecordKey(9), since };
            assert_eq!(Hold::from_bytes(&hold.to_bytes()), hold);
        }
        let handle = HandleUse { tag: 1 << 100, bucket: 4, row: 5 };
        assert_eq!(HandleUse::from_bytes(&handle.to_bytes()), handle);
        let posting = Posting { person: PersonKey(8), unit: 3, bucket: 1, row: 0 };
        assert_eq!(Posting::from_bytes(&posting.to_bytes()), posting);
    }
}

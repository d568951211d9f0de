//! Overlay: what later arrivals say about the rows of a run that is already written.
//!
//! A run's files never change. Which of its rows a newer version replaced, which are on hold, and
//! whom its references turned out to name is published beside it, once per ingest.

use mandat_core::proof::{KEY_BYTES, PersonKey};
use mandat_core::traits::Traits;

/// Marks to set and to clear in the traits of one row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Patch {
    /// Row in the run.
    pub row: u32,
    /// Bits to set.
    pub set: u64,
    /// Bits to clear.
    pub clear: u64,
}

impl Patch {
    /// The traits that hold for the row.
    #[must_use]
    pub const fn apply(self, stored: Traits) -> Traits {
        Traits((stored.0 | self.set) & !self.clear)
    }
}

/// Everything that differs from a run's files; all lists ascend by row.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Overlay {
    /// Rows that are not the current version of their record: readers skip them.
    pub superseded: Vec<u32>,
    /// Changed traits.
    pub patches: Vec<Patch>,
    /// Rows of `others` whose record reference was resolved, and to whom.
    pub others: Vec<(u32, PersonKey)>,
}

impl Overlay {
    /// Whether nothing differs.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.superseded.is_empty() && self.patches.is_empty() && self.others.is_empty()
    }

    /// The patch of a row; one that changes nothing if it has none.
    #[must_use]
    pub fn patch(&self, row: u32) -> Patch {
        self.patches.binary_search_by_key(&row, |p| p.row).map_or(Patch { row, set: 0, clear: 0 }, |i| self.patches[i])
    }

    /// Whether a row was replaced.
    #[must_use]
    pub fn is_superseded(&self, row: u32) -> bool {
        self.superseded.binary_search(&row).is_ok()
    }

    /// Whom a row of `others` names by its reference, if that is known.
    #[must_use]
    pub fn other(&self, other_row: u32) -> Option<PersonKey> {
        self.others.binary_search_by_key(&other_row, |o| o.0).ok().map(|i| self.others[i].1)
    }

    /// Bytes: three counts, then the lists, little-endian.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out =
            Vec::with_capacity(12 + 4 * self.superseded.len() + 20 * (self.patches.len() + self.others.len()));
        for count in [self.superseded.len(), self.patches.len(), self.others.len()] {
            out.extend(u32::try_from(count).expect("a run has at most u32 rows").to_le_bytes());
        }
        for row in &self.superseded {
            out.extend(row.to_le_bytes());
        }
        for patch in &self.patches {
            out.extend(patch.row.to_le_bytes());
            out.extend(patch.set.to_le_bytes());
            out.extend(patch.clear.to_le_bytes());
        }
        for (row, person) in &self.others {
            out.extend(row.to_le_bytes());
            out.extend(person.to_bytes());
        }
        out
    }

    /// Reads what [`Self::to_bytes`] wrote; `None` if the length does not fit.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (head, mut rest) = bytes.split_at_checked(12)?;
        let count = |i: usize| u32::from_le_bytes(head[4 * i..4 * i + 4].try_into().expect("four bytes")) as usize;
        let superseded = take::<4>(&mut rest, count(0))?.map(u32_at).collect();
        let patches = take::<20>(&mut rest, count(1))?;
        let patches = patches.map(|b| Patch { row: u32_at(&b[..4]), set: u64_at(&b[4..12]), clear: u64_at(&b[12..]) });
        let patches = patches.collect();
        let others = take::<20>(&mut rest, count(2))?;
        let others = others.map(|b| (u32_at(&b[..4]), PersonKey::from_bytes(key_at(&b[4..])))).collect();
        rest.is_empty().then_some(Self { superseded, patches, others })
    }
}

fn take<'a, const W: usize>(rest: &mut &'a [u8], count: usize) -> Option<impl Iterator<Item = &'a [u8]> + use<'a, W>> {
    let (here, after) = rest.split_at_checked(count.checked_mul(W)?)?;
    *rest = after;
    Some(here.chunks_exact(W))
}

fn u32_at(bytes: &[u8]) -> u32 {
    u32::from_le_bytes(bytes.try_into().expect("four bytes"))
}

fn u64_at(bytes: &[u8]) -> u64 {
    u64::from_le_bytes(bytes.try_into().expect("eight bytes"))
}

fn key_at(bytes: &[u8]) -> [u8; KEY_BYTES] {
    bytes.try_into().expect("sixteen bytes")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_read_back_and_a_cut_off_one_is_refused() {
        let overlay = Overlay {
            superseded: vec![1, 5],
            patches: vec![Patch { row: 2, set: 1 << 36, clear: 1 << 31 }],
            others: vec![(0, PersonKey(7))],
        };
        let bytes = overlay.to_bytes();
        assert_eq!(Overlay::from_bytes(&bytes), Some(overlay));
        for cut in 0..bytes.len() {
            assert_eq!(Overlay::from_bytes(&bytes[..cut]), None);
        }
    }
}

//! Compiled people as bytes: what a question needs of a bucket, folded to one row a person.
//!
//! Layout, little-endian: magic, then each column behind its length: person keys, offsets, marks,
//! places, segments, segments of a stranger, named records,
//! who names them, rows (interned fact ids by category), fact words.
//! Ids in it are those of the evaluator it was written with, which is part of the file.

use super::{Admission, Evaluator, Naming, PLACE_NONE, Row, SLOTS, Segment};
use crate::place::Place;
use crate::proof::PersonKey;
use crate::table::Facts;

const MAGIC: &[u8; 8] = b"mdtadm02";

/// Writes a compiled bucket together with the rows it refers to.
#[must_use]
pub fn to_bytes(admission: &Admission, evaluator: &Evaluator) -> Vec<u8> {
    let mut out = Vec::with_capacity(64 * admission.keys.len() + 4096);
    out.extend_from_slice(MAGIC);
    column(&mut out, &admission.keys, |o, k| o.extend_from_slice(&k.0.to_le_bytes()));
    column(&mut out, &admission.starts, |o, s| o.extend_from_slice(&s.to_le_bytes()));
    column(&mut out, &admission.marks, |o, m| o.push(*m));
    column(&mut out, &admission.places, |o, p| o.extend_from_slice(&p.map_or(PLACE_NONE, Place::to_u64).to_le_bytes()));
    for segments in [&admission.segments, &admission.stranger] {
        column(&mut out, segments, |o, s| {
            o.extend_from_slice(&s.from.to_le_bytes());
            o.extend_from_slice(&s.row.to_le_bytes());
        });
    }
    column(&mut out, &admission.named, |o, n| o.extend_from_slice(&n.to_le_bytes()));
    column(&mut out, &admission.naming, |o, n| {
        o.extend_from_slice(&n.person.to_le_bytes());
        o.extend_from_slice(&n.first.to_le_bytes());
    });
    column(&mut out, &evaluator.rows, |o, row| row.iter().for_each(|id| o.extend_from_slice(&id.to_le_bytes())));
    column(&mut out, &evaluator.facts, |o, f| o.extend_from_slice(&f.0.to_le_bytes()));
    out
}

/// Reads what [`to_bytes`] wrote, into an evaluator that has compiled nobody yet.
///
/// `None` if the bytes are cut off, of another version, or refer to rows they do not hold.
#[must_use]
pub fn from_bytes(mut bytes: &[u8], evaluator: &mut Evaluator) -> Option<Admission> {
    let bytes = &mut bytes;
    if take(bytes, 8)? != MAGIC {
        return None;
    }
    let keys = read::<16, _>(bytes, |b| PersonKey(u128::from_le_bytes(*b)))?;
    let starts = read::<4, _>(bytes, |b| u32::from_le_bytes(*b))?;
    let marks = read::<1, _>(bytes, |b| b[0])?;
    let places = read::<8, _>(bytes, |b| Place::from_u64(u64::from_le_bytes(*b)))?;
    let segments = read::<12, _>(bytes, segment)?;
    let stranger = read::<12, _>(bytes, segment)?;
    let named = read::<16, _>(bytes, |b| u128::from_le_bytes(*b))?;
    let naming = read::<8, _>(bytes, naming)?;
    evaluator.rows = read::<{ 4 * SLOTS }, _>(bytes, row)?;
    evaluator.facts = read::<16, _>(bytes, |b| Facts(u128::from_le_bytes(*b)))?;
    let rows = evaluator.rows.len();
    let facts = evaluator.facts.len();
    let sound = bytes.is_empty()
        && starts.len() == keys.len() + 1
        && marks.len() == keys.len()
        && places.len() == keys.len()
        && !stranger.is_empty()
        && naming.windows(2).all(|w| w[0].first <= w[1].first)
        && naming.iter().all(|n| n.first as usize <= named.len())
        && starts.windows(2).all(|w| w[0] < w[1])
        && starts.last().is_some_and(|last| *last as usize == segments.len())
        && segments.iter().chain(&stranger).all(|s| (s.row as usize) < rows)
        && evaluator.rows.iter().flatten().all(|id| (*id as usize) < facts);
    sound.then_some(Admission { keys, starts, marks, places, segments, stranger, named, naming })
}

fn column<T>(out: &mut Vec<u8>, values: &[T], write: impl Fn(&mut Vec<u8>, &T)) {
    out.extend_from_slice(&(values.len() as u64).to_le_bytes());
    values.iter().for_each(|v| write(out, v));
}

fn read<const W: usize, T>(bytes: &mut &[u8], value: impl Fn(&[u8; W]) -> T) -> Option<Vec<T>> {
    let count = u64::from_le_bytes(take(bytes, 8)?.try_into().ok()?);
    let length = usize::try_from(count).ok()?.checked_mul(W)?;
    let (chunks, _) = take(bytes, length)?.as_chunks::<W>();
    Some(chunks.iter().map(value).collect())
}

fn take<'a>(bytes: &mut &'a [u8], length: usize) -> Option<&'a [u8]> {
    let (head, rest) = bytes.split_at_checked(length)?;
    *bytes = rest;
    Some(head)
}

fn segment(bytes: &[u8; 12]) -> Segment {
    let (from, row) = (bytes[..8].try_into(), bytes[8..].try_into());
    Segment { from: from.map_or(0, i64::from_le_bytes), row: row.map_or(u32::MAX, u32::from_le_bytes) }
}

fn naming(bytes: &[u8; 8]) -> Naming {
    let (numbers, _) = bytes.as_chunks::<4>();
    Naming { person: u32::from_le_bytes(numbers[0]), first: u32::from_le_bytes(numbers[1]) }
}

fn row(bytes: &[u8; 4 * SLOTS]) -> Row {
    let (ids, _) = bytes.as_chunks::<4>();
    std::array::from_fn(|i| u32::from_le_bytes(ids[i]))
}

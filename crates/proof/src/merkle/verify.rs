//! Checking Merkle proofs: RFC 9162, sections 2.1.3.2 and 2.1.4.2 (the trees are those of RFC 6962).

use crate::digest::Digest;
use crate::merkle::{MAX_TREE_SIZE, MerkleError, empty_root, node_hash};

/// Hashes in the inclusion proof of an entry: at most 63.
///
/// # Errors
/// [`MerkleError::Outside`] when the tree has no such entry.
pub fn inclusion_length(index: u64, size: u64) -> Result<usize, MerkleError> {
    if index >= size || size > MAX_TREE_SIZE {
        return Err(MerkleError::Outside { index, size });
    }
    let inner = inner_length(index, size);
    Ok(inner + (index >> inner).count_ones() as usize)
}

/// Levels on which the way up still has a sibling on either side.
const fn inner_length(index: u64, size: u64) -> usize {
    (u64::BITS - (index ^ (size - 1)).leading_zeros()) as usize
}

/// The root that an inclusion proof leads to.
///
/// # Errors
/// When the index is outside the tree or the proof has the wrong length.
pub fn inclusion_root(leaf: &Digest, index: u64, size: u64, path: &[Digest]) -> Result<Digest, MerkleError> {
    let expected = inclusion_length(index, size)?;
    if path.len() != expected {
        return Err(MerkleError::Length { expected, found: path.len() });
    }
    let (inner, border) = path.split_at(inner_length(index, size));
    let hash = inner.iter().enumerate().fold(*leaf, |hash, (level, sibling)| {
        if index >> level & 1 == 0 { node_hash(&hash, sibling) } else { node_hash(sibling, &hash) }
    });
    Ok(border.iter().fold(hash, |hash, left| node_hash(left, &hash)))
}

/// Holds an inclusion proof against a root that is trusted.
///
/// # Errors
/// When the proof does not show that the entry with this leaf hash is the one at `index` of the tree.
pub fn verify_inclusion(
    leaf: &Digest,
    index: u64,
    size: u64,
    path: &[Digest],
    root: &Digest,
) -> Result<(), MerkleError> {
    if inclusion_root(leaf, index, size, path)? == *root { Ok(()) } else { Err(MerkleError::Root) }
}

/// Holds a consistency proof against two roots: the earlier tree is a prefix of the later one.
///
/// # Errors
/// When the proof does not show it. From the empty tree, and between equal sizes, the proof is empty.
pub fn verify_consistency(
    old: u64,
    new: u64,
    path: &[Digest],
    old_root: &Digest,
    new_root: &Digest,
) -> Result<(), MerkleError> {
    if old > new || new > MAX_TREE_SIZE {
        return Err(MerkleError::Shrinks { old, new });
    }
    if old == 0 || old == new {
        let same = if old == new { old_root == new_root } else { true };
        let empty = old > 0 || *old_root == empty_root();
        return match path.len() {
            0 if same && empty => Ok(()),
            0 => Err(MerkleError::Root),
            found => Err(MerkleError::Length { expected: 0, found }),
        };
    }
    grown(old, new, path, old_root, new_root)
}

/// The general case: 0 < old < new.
fn grown(old: u64, new: u64, path: &[Digest], old_root: &Digest, new_root: &Digest) -> Result<(), MerkleError> {
    let whole = old.trailing_zeros();
    let (mut left, mut last) = ((old - 1) >> whole, (new - 1) >> whole);
    let expected = consistency_length(old, new);
    if path.len() != expected {
        return Err(MerkleError::Length { expected, found: path.len() });
    }
    // A complete earlier tree is itself the first node.
    let (seed, rest) = match path.split_first() {
        Some((first, rest)) if !old.is_power_of_two() => (first, rest),
        _ => (old_root, path),
    };
    let (mut older, mut newer) = (*seed, *seed);
    for hash in rest {
        if left & 1 == 1 || left == last {
            older = node_hash(hash, &older);
            newer = node_hash(hash, &newer);
            while left & 1 == 0 && left != 0 {
                left >>= 1;
                last >>= 1;
            }
        } else {
            newer = node_hash(&newer, hash);
        }
        left >>= 1;
        last >>= 1;
    }
    if older == *old_root && newer == *new_root { Ok(()) } else { Err(MerkleError::Root) }
}

/// Hashes in a consistency proof for 0 < old < new.
const fn consistency_length(old: u64, new: u64) -> usize {
    let whole = old.trailing_zeros();
    let left = (old - 1) >> whole;
    let inner = inner_length(left, ((new - 1) >> whole) + 1);
    let seed = if old.is_power_of_two() { 0 } else { 1 };
    inner + (left >> inner).count_ones() as usize + seed
}

//! Making Merkle proofs from the hashes of complete subtrees, wherever they are stored.

use crate::digest::Digest;
use crate::merkle::{MAX_TREE_SIZE, MerkleError, empty_root, node_hash};

/// Why a stored hash could not be had. What is absent and what cannot be read are different things: taking
/// one for the other is how logs came to overwrite themselves.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ReadError {
    /// The store answered that there is no such thing.
    #[error("`{what}` does not exist; the log is not complete, run fsck")]
    Absent {
        /// What was asked for.
        what: String,
    },
    /// The store did not answer.
    #[error("cannot read `{what}`: {why}; try again")]
    Failed {
        /// What was asked for.
        what: String,
        /// What the store said.
        why: String,
    },
    /// The store answered with something else.
    #[error("`{what}` is damaged: {why}; restore it from a copy")]
    Damaged {
        /// What was asked for.
        what: String,
        /// What is wrong with it.
        why: String,
    },
    /// What was asked for is outside the tree.
    #[error(transparent)]
    Merkle(#[from] MerkleError),
}

/// Where the hash of a complete subtree comes from: its level (entries are level 0) and its index on that level.
type Nodes<'a> = &'a mut dyn FnMut(u32, u64) -> Result<Digest, ReadError>;

/// Root of a tree of `size` entries.
///
/// # Errors
/// When a hash cannot be read.
pub fn root_of(size: u64, nodes: Nodes<'_>) -> Result<Digest, ReadError> {
    if size == 0 { Ok(empty_root()) } else { range_root(0, size, nodes) }
}

/// The inclusion proof of entry `index` in the tree of `size` entries, from the leaf up.
///
/// # Errors
/// When there is no such entry or a hash cannot be read.
pub fn prove_inclusion(index: u64, size: u64, nodes: Nodes<'_>) -> Result<Vec<Digest>, ReadError> {
    if index >= size || size > MAX_TREE_SIZE {
        return Err(MerkleError::Outside { index, size }.into());
    }
    let (mut low, mut high) = (0, size);
    let mut path = Vec::new();
    while high - low > 1 {
        let middle = low + split(high - low);
        if index < middle {
            path.push(range_root(middle, high, nodes)?);
            high = middle;
        } else {
            path.push(range_root(low, middle, nodes)?);
            low = middle;
        }
    }
    path.reverse();
    Ok(path)
}

/// The proof that the tree of `old` entries is a prefix of the tree of `new` entries.
///
/// # Errors
/// When `old` is larger or a hash cannot be read.
pub fn prove_consistency(old: u64, new: u64, nodes: Nodes<'_>) -> Result<Vec<Digest>, ReadError> {
    if old > new || new > MAX_TREE_SIZE {
        return Err(MerkleError::Shrinks { old, new }.into());
    }
    if old == 0 || old == new {
        return Ok(Vec::new());
    }
    let (mut low, mut high) = (0, new);
    let mut path = Vec::new();
    // Down to the subtree in which the old tree ends.
    while high != old {
        let middle = low + split(high - low);
        if old <= middle {
            path.push(range_root(middle, high, nodes)?);
            high = middle;
        } else {
            path.push(range_root(low, middle, nodes)?);
            low = middle;
        }
    }
    // Where it is the whole old tree, the verifier has that root already.
    if low > 0 {
        path.push(range_root(low, high, nodes)?);
    }
    path.reverse();
    Ok(path)
}

/// Entries in the left subtree: the largest power of two below `entries`.
const fn split(entries: u64) -> u64 {
    1 << (u64::BITS - 1 - (entries - 1).leading_zeros())
}

/// Root over the entries from `low` up to `high`; `low` is where a subtree of that size may begin.
fn range_root(mut low: u64, high: u64, nodes: Nodes<'_>) -> Result<Digest, ReadError> {
    let mut parts = Vec::new();
    while low < high {
        let level = (high - low).ilog2();
        parts.push(nodes(level, low >> level)?);
        low += 1 << level;
    }
    let mut from_right = parts.iter().rev();
    let last = from_right.next().expect("bug: a range holds an entry");
    Ok(from_right.fold(*last, |right, left| node_hash(left, &right)))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::merkle::tests::{leaves, reference_root};
    use crate::merkle::{leaf_hash, verify_consistency, verify_inclusion};

    fn nodes(all: &[Digest]) -> impl FnMut(u32, u64) -> Result<Digest, ReadError> + '_ {
        |level, index| {
            let (from, to) = ((index << level) as usize, ((index + 1) << level) as usize);
            let range = all.get(from..to).ok_or(MerkleError::Outside { index, size: all.len() as u64 })?;
            Ok(reference_root(range))
        }
    }

    #[test]
    fn every_proof_of_every_small_tree_verifies_and_no_other_does() {
        let all = leaves(33);
        for size in 1..=33 {
            let root = reference_root(&all[..size as usize]);
            assert_eq!(root_of(size, &mut nodes(&all)).unwrap(), root);
            for index in 0..size {
                let path = prove_inclusion(index, size, &mut nodes(&all)).unwrap();
                let leaf = all[index as usize];
                assert_eq!(verify_inclusion(&leaf, index, size, &path, &root), Ok(()));
                for other in 0..size + 2 {
                    let shown = verify_inclusion(&leaf, other, size, &path, &root);
                    assert_eq!(shown.is_ok(), other == index, "{index} as {other} of {size}");
                }
            }
            for old in 0..=size {
                let old_root = reference_root(&all[..old as usize]);
                let path = prove_consistency(old, size, &mut nodes(&all)).unwrap();
                assert_eq!(verify_consistency(old, size, &path, &old_root, &root), Ok(()), "{old} to {size}");
                for other in (1..=size).filter(|o| *o != old) {
                    let other_root = reference_root(&all[..other as usize]);
                    assert!(verify_consistency(old, size, &path, &other_root, &root).is_err());
                    assert!(verify_consistency(other, size, &path, &old_root, &root).is_err());
                }
            }
        }
    }

    #[test]
    fn refuses_what_is_outside_and_what_shrinks() {
        let all = leaves(4);
        let root = reference_root(&all);
        assert!(prove_inclusion(4, 4, &mut nodes(&all)).is_err());
        assert!(prove_inclusion(0, 0, &mut nodes(&all)).is_err());
        assert!(prove_consistency(4, 3, &mut nodes(&all)).is_err());
        assert!(verify_inclusion(&all[0], 0, 0, &[], &root).is_err());
        assert!(verify_inclusion(&all[0], 0, u64::MAX, &[root; 64], &root).is_err());
        assert!(verify_consistency(5, 4, &[], &root, &root).is_err());
        assert!(verify_consistency(4, 4, &[], &all[0], &root).is_err());
        assert!(verify_consistency(4, 4, &[root], &root, &root).is_err());
        assert!(verify_consistency(0, 4, &[], &root, &root).is_err());
        assert!(verify_consistency(1, u64::MAX, &[root; 64], &root, &root).is_err());
    }

    #[test]
    fn a_node_is_no_entry_and_an_odd_entry_is_not_doubled() {
        let all = leaves(3);
        let doubled = [all[0], all[1], all[2], all[2]];
        assert_ne!(reference_root(&all), reference_root(&doubled));
        let inner = [&[0][..], &all[0].0, &all[1].0].concat();
        assert_ne!(leaf_hash(&inner[1..]), node_hash(&all[0], &all[1]));
    }

    proptest! {
        #[test]
        fn a_proof_verifies_if_and_only_if_it_is_untouched(
            size in 1_u64..2000, index in 0_u64..2000, bit in 0_usize..256, at in 0_usize..16, old in 1_u64..2000,
        ) {
            let index = index % size;
            let all = leaves(size);
            let root = reference_root(&all);
            let leaf = all[index as usize];
            let path = prove_inclusion(index, size, &mut nodes(&all)).unwrap();
            prop_assert_eq!(verify_inclusion(&leaf, index, size, &path, &root), Ok(()));
            let flip = |mut hash: Digest| { hash.0[bit / 8] ^= 1 << (bit % 8); hash };
            prop_assert!(verify_inclusion(&flip(leaf), index, size, &path, &root).is_err());
            prop_assert!(verify_inclusion(&leaf, index, size, &path, &flip(root)).is_err());
            if !path.is_empty() {
                let mut bad = path.clone();
                let at = at % bad.len();
                bad[at] = flip(bad[at]);
                prop_assert!(verify_inclusion(&leaf, index, size, &bad, &root).is_err());
                prop_assert!(verify_inclusion(&leaf, index, size, &path[1..], &root).is_err());
            }
            let mut long = path;
            long.push(root);
            prop_assert!(verify_inclusion(&leaf, index, size, &long, &root).is_err());

            let old = old % size + 1;
            let old_root = reference_root(&all[..old as usize]);
            let path = prove_consistency(old, size, &mut nodes(&all)).unwrap();
            prop_assert_eq!(verify_consistency(old, size, &path, &old_root, &root), Ok(()));
            prop_assert!(verify_consistency(old, size, &path, &flip(old_root), &root).is_err());
            prop_assert!(verify_consistency(old, size, &path, &old_root, &flip(root)).is_err());
            if !path.is_empty() {
                let mut bad = path.clone();
                let at = at % bad.len();
                bad[at] = flip(bad[at]);
                prop_assert!(verify_consistency(old, size, &bad, &old_root, &root).is_err());
                prop_assert!(verify_consistency(old, size, &path[1..], &old_root, &root).is_err());
            }
        }
    }
}

//! The Merkle tree of RFC 6962, section 2.1: hashes, a growing root, and both kinds of proof.

mod frontier;
mod prove;
mod verify;

pub use frontier::Frontier;
pub use prove::{ReadError, prove_consistency, prove_inclusion, root_of};
pub use verify::{inclusion_length, inclusion_root, verify_consistency, verify_inclusion};

use crate::digest::Digest;
use crate::short::{Short, TWO_BLOCKS};

/// Largest number of entries a tree may have; what a signed 64-bit number holds, as in other implementations.
pub const MAX_TREE_SIZE: u64 = i64::MAX as u64;

/// Why a Merkle proof was refused, or could not be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MerkleError {
    /// The index is not in a tree of that size.
    #[error("entry {index} is not in a tree of {size} entries")]
    Outside {
        /// The entry asked for.
        index: u64,
        /// Entries in the tree.
        size: u64,
    },
    /// A tree does not shrink, and none is larger than [`MAX_TREE_SIZE`].
    #[error("a tree of {old} entries does not come before one of {new}")]
    Shrinks {
        /// Size of the earlier tree.
        old: u64,
        /// Size of the later tree.
        new: u64,
    },
    /// A proof has exactly one length for given positions.
    #[error("the proof has {found} hashes where {expected} belong")]
    Length {
        /// Hashes that belong there.
        expected: usize,
        /// Hashes that were given.
        found: usize,
    },
    /// The hashes lead to another root: something was changed.
    #[error("the proof leads to another root; the entry, the proof or the checkpoint was changed")]
    Root,
}

/// Hash of an entry: SHA-256(0x00 ‖ entry).
#[must_use]
pub fn leaf_hash(entry: &[u8]) -> Digest {
    if entry.len() < TWO_BLOCKS {
        return Digest(Short::of(&[&[0], entry]).sha256());
    }
    let mut hasher = crate::digest::Hasher::new();
    hasher.update(&[0]);
    hasher.update(entry);
    hasher.finish()
}

/// Hash of an inner node: SHA-256(0x01 ‖ left ‖ right).
#[must_use]
pub fn node_hash(left: &Digest, right: &Digest) -> Digest {
    Digest(Short::of(&[&[1], &left.0, &right.0]).sha256())
}

/// Root of a tree without entries: SHA-256 of nothing.
#[must_use]
pub fn empty_root() -> Digest {
    crate::digest::sha256(b"")
}

/// Root of a complete subtree, hashed in place; `hashes` holds a power of two of them.
pub(crate) fn complete_root(hashes: &mut [Digest]) -> Digest {
    debug_assert!(hashes.len().is_power_of_two(), "bug: a complete subtree has a power of two of hashes");
    let mut width = hashes.len();
    while width > 1 {
        width /= 2;
        for i in 0..width {
            hashes[i] = node_hash(&hashes[2 * i], &hashes[2 * i + 1]);
        }
    }
    hashes[0]
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::digest::sha256;

    /// The definition of RFC 6962, section 2.1, word for word: what everything else is held against.
    pub(crate) fn reference_root(leaves: &[Digest]) -> Digest {
        match leaves {
            [] => empty_root(),
            [one] => *one,
            many => {
                let k = many.len().next_power_of_two() / 2;
                node_hash(&reference_root(&many[..k]), &reference_root(&many[k..]))
            }
        }
    }

    pub(crate) fn leaves(n: u64) -> Vec<Digest> {
        (0..n).map(|i| leaf_hash(&i.to_be_bytes())).collect()
    }

    #[test]
    fn hashes_are_plain_sha_256_at_every_length() {
        for length in 0..300 {
            let entry: Vec<u8> = (0..length).map(|i| (i % 251) as u8).collect();
            assert_eq!(leaf_hash(&entry), sha256(&[&[0], entry.as_slice()].concat()), "{length}");
        }
        let (a, b) = (sha256(b"a"), sha256(b"b"));
        assert_eq!(node_hash(&a, &b), sha256(&[&[1], &a.0[..], &b.0[..]].concat()));
        assert_ne!(node_hash(&a, &b), node_hash(&b, &a));
    }

    #[test]
    fn known_answers_of_certificate_transparency() {
        assert_eq!(empty_root().to_string(), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
        assert_eq!(leaf_hash(b"").to_string(), "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d");
    }
}

//! A tree that only grows, remembered by the roots of its complete subtrees.

use crate::digest::Digest;
use crate::merkle::{MAX_TREE_SIZE, MerkleError, empty_root, node_hash};

/// What must be kept of a tree to append to it: one hash for each bit that is set in its size.
///
/// A tree of 10⁹ entries takes at most 30 hashes. Bytes, as a ledger stores them beside its head: the hashes,
/// the largest subtree first; the size stands apart.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Frontier {
    size: u64,
    hashes: Vec<Digest>,
}

impl Frontier {
    /// The tree without entries.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// From a size and the hashes that [`Self::hashes`] gave.
    ///
    /// # Errors
    /// [`MerkleError::Length`] when the number of hashes is not that of the size.
    pub fn from_parts(size: u64, hashes: Vec<Digest>) -> Result<Self, MerkleError> {
        if size > MAX_TREE_SIZE {
            return Err(MerkleError::Shrinks { old: size, new: MAX_TREE_SIZE });
        }
        let expected = size.count_ones() as usize;
        if hashes.len() != expected {
            return Err(MerkleError::Length { expected, found: hashes.len() });
        }
        Ok(Self { size, hashes })
    }

    /// Entries in the tree.
    #[must_use]
    pub const fn size(&self) -> u64 {
        self.size
    }

    /// Roots of the complete subtrees, the largest first.
    #[must_use]
    pub fn hashes(&self) -> &[Digest] {
        &self.hashes
    }

    /// Appends one entry by its leaf hash.
    pub fn push(&mut self, leaf: Digest) {
        self.push_at(0, leaf);
    }

    /// Appends a complete subtree of 2^`level` entries by its root.
    ///
    /// # Errors
    /// [`MerkleError::Outside`] when the tree does not end where such a subtree may begin.
    pub fn push_subtree(&mut self, level: u32, root: Digest) -> Result<(), MerkleError> {
        if level > 62 || !self.size.is_multiple_of(1 << level) || MAX_TREE_SIZE - self.size < 1 << level {
            return Err(MerkleError::Outside { index: self.size, size: self.size });
        }
        self.push_at(level, root);
        Ok(())
    }

    fn push_at(&mut self, level: u32, mut hash: Digest) {
        assert!(MAX_TREE_SIZE - self.size >= 1 << level, "bug: the tree is full");
        let mut carry = self.size >> level;
        while carry & 1 == 1 {
            let left = self.hashes.pop().expect("a hash for each bit of the size");
            hash = node_hash(&left, &hash);
            carry >>= 1;
        }
        self.hashes.push(hash);
        self.size += 1 << level;
    }

    /// Root of the tree.
    #[must_use]
    pub fn root(&self) -> Digest {
        let mut from_right = self.hashes.iter().rev();
        let Some(last) = from_right.next() else { return empty_root() };
        from_right.fold(*last, |right, left| node_hash(left, &right))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::merkle::complete_root;
    use crate::merkle::tests::{leaves, reference_root};

    #[test]
    fn the_root_is_that_of_the_definition_at_every_size() {
        let all = leaves(300);
        let mut tree = Frontier::new();
        for n in 0..all.len() {
            assert_eq!(tree.root(), reference_root(&all[..n]), "{n}");
            assert_eq!(Frontier::from_parts(tree.size(), tree.hashes().to_vec()).unwrap(), tree);
            tree.push(all[n]);
        }
    }

    #[test]
    fn subtrees_can_be_hashed_apart_and_appended_in_order() {
        let all = leaves(77);
        let mut tree = Frontier::new();
        for chunk in all.chunks(16) {
            if chunk.len() == 16 {
                tree.push_subtree(4, complete_root(&mut chunk.to_vec())).unwrap();
            } else {
                chunk.iter().for_each(|leaf| tree.push(*leaf));
            }
        }
        assert_eq!(tree.root(), reference_root(&all));
    }

    #[test]
    fn refuses_parts_that_do_not_fit() {
        let all = leaves(8);
        assert!(Frontier::from_parts(3, all[..1].to_vec()).is_err());
        assert!(Frontier::from_parts(0, all[..1].to_vec()).is_err());
        assert!(Frontier::from_parts(u64::MAX, all.repeat(8)).is_err());
        let mut tree = Frontier::new();
        tree.push(all[0]);
        assert!(tree.push_subtree(1, all[1]).is_err());
        assert!(tree.push_subtree(64, all[1]).is_err());
        assert_eq!(tree.size(), 1);
    }
}

//! Many acts in one entry: a bulk import of 10⁸ notice deliveries is one leaf of the log over the root of their
//! commitments, and each person's proof has two steps.

use crate::digest::Digest;
use crate::entry::{Entry, EntryError, EntryKind, LogSecret};
use crate::merkle::{MerkleError, leaf_hash, verify_inclusion};

/// One act in a batch: what would be in its entry if it had one of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BatchItem {
    /// What it is about.
    pub kind: EntryKind,
    /// What the person can find it by.
    pub mark: Digest,
    /// What it commits to.
    pub commitment: Digest,
}

impl BatchItem {
    /// Act `n` of a person.
    ///
    /// # Errors
    /// [`EntryError`] for a kind that concerns no person.
    pub fn new(kind: EntryKind, secret: &LogSecret, n: u64, content: &[u8]) -> Result<Self, EntryError> {
        let entry = Entry::personal(kind, secret, n, content, 0)?;
        Ok(Self { kind, mark: *entry.mark(), commitment: *entry.commitment() })
    }

    /// Its leaf in the tree of the batch: of `mandat/batch/v1` ‖ kind ‖ mark ‖ commitment.
    #[must_use]
    pub fn leaf(&self) -> Digest {
        leaf_hash(&[b"mandat/batch/v1", &[self.kind as u8][..], &self.mark.0, &self.commitment.0].concat())
    }
}

/// The step from an act to its batch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BatchStep {
    /// What the act is about.
    pub kind: EntryKind,
    /// What the person can find it by.
    pub mark: Digest,
    /// Its place in the batch.
    pub index: u64,
    /// Its inclusion proof in the tree of the batch.
    pub path: Vec<Digest>,
}

impl BatchStep {
    /// Holds an act with this commitment against the entry of its batch.
    ///
    /// # Errors
    /// [`MerkleError`] when the entry is no batch, or the act is not in it.
    pub fn verify(&self, commitment: Digest, batch: &Entry) -> Result<(), MerkleError> {
        let count = batch.count().filter(|_| self.kind.is_personal());
        let count = count.ok_or(MerkleError::Outside { index: self.index, size: 0 })?;
        let item = BatchItem { kind: self.kind, mark: self.mark, commitment };
        verify_inclusion(&item.leaf(), self.index, count, &self.path, batch.commitment())
    }
}

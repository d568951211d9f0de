//! Secrets of persons, as a build asks for them: what the tokens of a revision's members are derived from.

use crate::proof::{Digest, PersonKey, SubjectSecret, sha256};

/// What stands for a record in the token of one person's record: SHA-256 of the platform's id.
///
/// The secret is that of one account, so that the id alone names the record; its owner knows it.
#[must_use]
pub fn record_digest(id: &str) -> Digest {
    sha256(id.as_bytes())
}

/// Whoever keeps the secrets of persons: the ledger, handed to a build by the binary.
///
/// A destroyed secret is not there any more, and with it goes what the tokens of earlier revisions meant.
pub trait Secrets {
    /// The secret of each of these persons, who come in the order of their keys; `None` for one who has none or whose
    /// secret was destroyed.
    ///
    /// # Errors
    /// What stands in the way, in words, when they cannot be read.
    fn secrets(&self, persons: &[PersonKey]) -> Result<Vec<Option<SubjectSecret>>, String>;
}

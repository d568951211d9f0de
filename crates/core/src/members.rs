//! Secrets of persons, as a build asks for them: what the tokens of a revision's members are derived from.

use crate::proof::{PersonKey, SubjectSecret};

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

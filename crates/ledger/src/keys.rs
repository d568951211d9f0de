//! The two secrets of a home, as the ledger uses them.

use std::fmt;

use mandat_proof::{Keyer, PersonKey, SubjectSecret, hex, sha256};

/// Keys passed in by whoever opens a ledger; this crate never reads a file or the environment for them.
#[derive(Clone)]
pub struct Keys {
    keyer: Keyer,
    wrapping: SubjectSecret,
    shared: SubjectSecret,
    fingerprints: Fingerprints,
}

/// Public tags of the two secrets, stored in the ledger to notice a wrong key at open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fingerprints {
    /// Of the person-key secret.
    pub person: u128,
    /// Of the wrapping secret.
    pub wrapping: u128,
}

impl Keys {
    /// Keys from the person-key secret (pseudonyms) and the wrapping secret (seals the secrets of persons).
    #[must_use]
    pub fn new(person_secret: &[u8; 32], wrapping_secret: &[u8; 32]) -> Self {
        let keyer = Keyer::new(person_secret);
        let wrapper = Keyer::new(wrapping_secret);
        let fingerprints = Fingerprints {
            person: keyer.derive(b"mandat/key-fingerprint/v1", "person", ""),
            wrapping: wrapper.derive(b"mandat/key-fingerprint/v1", "wrapping", ""),
        };
        Self { wrapping: expand(&wrapper, "wrapping"), shared: expand(&wrapper, "shared"), keyer, fingerprints }
    }

    /// Derives person and record keys.
    #[must_use]
    pub const fn keyer(&self) -> &Keyer {
        &self.keyer
    }

    /// Public tags of both secrets.
    #[must_use]
    pub const fn fingerprints(&self) -> Fingerprints {
        self.fingerprints
    }

    /// Seals the secrets of persons.
    pub(crate) const fn wrapping(&self) -> &SubjectSecret {
        &self.wrapping
    }

    /// Seals events that concern no single person.
    pub(crate) const fn shared(&self) -> &SubjectSecret {
        &self.shared
    }

    /// The idempotency tag of an event that names its id.
    pub(crate) fn tag_of_id(&self, id: &str) -> u128 {
        self.keyer.derive(b"mandat/event-id/v1", "", id)
    }

    /// The idempotency tag of an event without an id: of its canonical bytes.
    pub(crate) fn tag_of_content(&self, canonical: &[u8]) -> u128 {
        self.keyer.derive(b"mandat/event-content/v1", "", &hex(&sha256(canonical).0))
    }

    /// The pseudonym under which acts that name only a handle are kept.
    pub(crate) fn handle(&self, platform: &str, handle: &str) -> PersonKey {
        let name = handle.trim().trim_start_matches('@').to_lowercase();
        PersonKey(self.keyer.derive(b"mandat/handle/v1", platform, &name))
    }
}

/// A 256-bit secret for one use.
fn expand(root: &Keyer, label: &str) -> SubjectSecret {
    let mut bytes = [0; 32];
    bytes[..16].copy_from_slice(&root.derive(b"mandat/expand/v1", label, "0").to_be_bytes());
    bytes[16..].copy_from_slice(&root.derive(b"mandat/expand/v1", label, "1").to_be_bytes());
    SubjectSecret(bytes)
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Keys").field("fingerprints", &self.fingerprints).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_secret_of_a_home_has_its_own_use() {
        let keys = Keys::new(&[1; 32], &[1; 32]);
        assert_ne!(keys.fingerprints().person, keys.fingerprints().wrapping);
        assert!(keys.wrapping() != keys.shared());
        assert!(*keys.wrapping() != SubjectSecret([1; 32]));
    }

    #[test]
    fn handles_differ_by_platform_and_not_by_spelling() {
        let keys = Keys::new(&[1; 32], &[2; 32]);
        assert_eq!(keys.handle("x", "@Anna"), keys.handle("x", "anna "));
        assert_ne!(keys.handle("x", "anna"), keys.handle("bluesky", "anna"));
        assert_ne!(keys.handle("x", "anna"), keys.keyer().person("x", "anna"));
    }
}

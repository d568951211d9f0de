//! Entries of the log: 70 bytes that say that something happened, and to nobody whom it concerns.
//!
//! version (1) ‖ kind ‖ mark (32 bytes) ‖ commitment (32 bytes) ‖ hours since 1970 (u32, big-endian).
//!
//! For what concerns one person, mark and commitment are HMACs under keys that come from that person's secret:
//!
//! - log secret = HKDF-SHA-256 (RFC 5869) of the person's secret, without salt, info `mandat/log/v1` ‖ origin;
//! - mark of act n = HMAC(log secret, `mandat/mark/v1` ‖ n as a big-endian u64);
//! - opening of act n = HMAC(log secret, `mandat/open/v1` ‖ n);
//! - commitment = HMAC(opening, `mandat/commit/v1` ‖ kind ‖ content).
//!
//! Two entries of one person have nothing in common that anybody else could see. Whoever is handed an opening can
//! check one entry; whoever is handed the log secret, all of them. When the person's secret is destroyed, what stays is
//! random to everybody but a person who kept their receipt.

use std::fmt;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::digest::{Digest, hex};
use crate::seal::SubjectSecret;

/// Bytes of an entry.
pub const ENTRY_BYTES: usize = 70;
const VERSION: u8 = 1;

/// Bytes that are no entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an entry of this log; expected 70 bytes of version 1")]
pub struct EntryError;

/// What an entry is about; the numbers are a format.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum EntryKind {
    /// A person's act: consent, refusal, objection and the like.
    Choice = 1,
    /// A notice reached a person.
    Delivery = 2,
    /// A person's secret was destroyed.
    Tombstone = 3,
    /// Many of the above at once: the root over their commitments.
    Batch = 16,
    /// The text of a notice.
    Notice = 32,
    /// An instruction by a regulator or a court.
    Order = 33,
    /// A revision of a corpus.
    Revision = 34,
    /// People that loaders must leave out of an earlier revision.
    Exclusion = 35,
    /// Rule packs that are in force.
    Packs = 36,
    /// Root over all marks up to a size of the log.
    Marks = 37,
    /// A note by the operator.
    Note = 38,
}

impl EntryKind {
    /// All kinds, in the order of their numbers.
    pub const ALL: [Self; 11] = [
        Self::Choice,
        Self::Delivery,
        Self::Tombstone,
        Self::Batch,
        Self::Notice,
        Self::Order,
        Self::Revision,
        Self::Exclusion,
        Self::Packs,
        Self::Marks,
        Self::Note,
    ];

    /// The kind of a number.
    #[must_use]
    pub fn from_byte(byte: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| *kind as u8 == byte)
    }

    /// Whether it concerns one person.
    #[must_use]
    pub const fn is_personal(self) -> bool {
        matches!(self, Self::Choice | Self::Delivery | Self::Tombstone)
    }
}

/// One entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entry {
    kind: EntryKind,
    mark: Digest,
    commitment: Digest,
    hour: u32,
}

impl Entry {
    /// Act `n` of a person.
    ///
    /// # Errors
    /// [`EntryError`] for a kind that concerns no person.
    pub fn personal(
        kind: EntryKind,
        secret: &LogSecret,
        n: u64,
        content: &[u8],
        hour: u32,
    ) -> Result<Self, EntryError> {
        if !kind.is_personal() {
            return Err(EntryError);
        }
        Ok(Self { kind, mark: secret.mark(n), commitment: secret.opening(n).commit(kind, content), hour })
    }

    /// Something that concerns no person: anyone who has the content can check it.
    ///
    /// # Errors
    /// [`EntryError`] for a kind that concerns a person, and for a batch.
    pub fn public(kind: EntryKind, content: &[u8], hour: u32) -> Result<Self, EntryError> {
        if kind.is_personal() || kind == EntryKind::Batch {
            return Err(EntryError);
        }
        Ok(Self { kind, mark: Digest([0; 32]), commitment: Opening::PUBLIC.commit(kind, content), hour })
    }

    /// Many at once: how many, and the root over them.
    ///
    /// # Errors
    /// [`EntryError`] for none.
    pub fn batch(count: u64, root: Digest, hour: u32) -> Result<Self, EntryError> {
        let mut mark = [0; 32];
        mark[24..].copy_from_slice(&count.to_be_bytes());
        if count == 0 {
            Err(EntryError)
        } else {
            Ok(Self { kind: EntryKind::Batch, mark: Digest(mark), commitment: root, hour })
        }
    }

    /// What it is about.
    #[must_use]
    pub const fn kind(&self) -> EntryKind {
        self.kind
    }

    /// What a person can find their own entry by.
    #[must_use]
    pub const fn mark(&self) -> &Digest {
        &self.mark
    }

    /// What it commits to.
    #[must_use]
    pub const fn commitment(&self) -> &Digest {
        &self.commitment
    }

    /// When, in hours since 1970: no finer, as a moment is nearly a name.
    #[must_use]
    pub const fn hour(&self) -> u32 {
        self.hour
    }

    /// How many a batch holds; `None` for what is no batch.
    #[must_use]
    pub fn count(&self) -> Option<u64> {
        let (zeros, count) = self.mark.0.split_last_chunk::<8>().expect("a mark has 32 bytes");
        let count = u64::from_be_bytes(*count);
        let holds = self.kind == EntryKind::Batch && count > 0 && zeros.iter().all(|b| *b == 0);
        holds.then_some(count)
    }

    /// The bytes that are logged.
    #[must_use]
    pub fn to_bytes(&self) -> [u8; ENTRY_BYTES] {
        let mut out = [0; ENTRY_BYTES];
        out[0] = VERSION;
        out[1] = self.kind as u8;
        out[2..34].copy_from_slice(&self.mark.0);
        out[34..66].copy_from_slice(&self.commitment.0);
        out[66..].copy_from_slice(&self.hour.to_be_bytes());
        out
    }

    /// Reads an entry.
    ///
    /// # Errors
    /// [`EntryError`] when the bytes are none.
    pub fn parse(bytes: &[u8]) -> Result<Self, EntryError> {
        let bytes: &[u8; ENTRY_BYTES] = bytes.try_into().map_err(|_| EntryError)?;
        let field = |at: usize| Digest(bytes[at..at + 32].try_into().expect("32 of 70 bytes"));
        let kind = EntryKind::from_byte(bytes[1]).filter(|_| bytes[0] == VERSION).ok_or(EntryError)?;
        let hour = u32::from_be_bytes(bytes[66..].try_into().expect("the last four bytes"));
        let entry = Self { kind, mark: field(2), commitment: field(34), hour };
        let fits = match kind {
            EntryKind::Batch => entry.count().is_some(),
            kind => kind.is_personal() || entry.mark.0 == [0; 32],
        };
        if fits { Ok(entry) } else { Err(EntryError) }
    }
}

/// What all of one person's entries in one log are derived from.
#[derive(Clone, PartialEq, Eq)]
pub struct LogSecret(pub [u8; 32]);

impl LogSecret {
    /// Of a person, for the log of that origin.
    #[must_use]
    pub fn new(secret: &SubjectSecret, origin: &str) -> Self {
        Self(hkdf(&secret.0, &[b"mandat/log/v1", origin.as_bytes()]))
    }

    /// What act `n` stands under in the log; each n once, counted from 0 for each person.
    #[must_use]
    pub fn mark(&self, n: u64) -> Digest {
        Digest(hmac(&self.0, &[b"mandat/mark/v1", &n.to_be_bytes()]))
    }

    /// What opens the commitment of act `n`, and of no other.
    #[must_use]
    pub fn opening(&self, n: u64) -> Opening {
        Opening(hmac(&self.0, &[b"mandat/open/v1", &n.to_be_bytes()]))
    }
}

/// The key of one commitment.
#[derive(Clone, PartialEq, Eq)]
pub struct Opening(pub [u8; 32]);

impl Opening {
    /// For what concerns no person: zeros.
    pub const PUBLIC: Self = Self([0; 32]);

    /// The commitment to a content.
    #[must_use]
    pub fn commit(&self, kind: EntryKind, content: &[u8]) -> Digest {
        Digest(hmac(&self.0, &[b"mandat/commit/v1", &[kind as u8], content]))
    }
}

impl fmt::Debug for LogSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LogSecret")
    }
}

impl fmt::Debug for Opening {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if *self == Self::PUBLIC { f.write_str("Opening(public)") } else { f.write_str("Opening") }
    }
}

fn hmac(key: &[u8; 32], parts: &[&[u8]]) -> [u8; 32] {
    let mut mac = <Hmac<Sha256> as KeyInit>::new_from_slice(key).expect("HMAC takes a key of any length");
    parts.iter().for_each(|part| mac.update(part));
    mac.finalize().into_bytes().into()
}

/// HKDF-SHA-256 without salt, 32 bytes: extract, then the first block of expand.
fn hkdf(secret: &[u8], info: &[&[u8]]) -> [u8; 32] {
    let extracted = hmac(&[0; 32], &[secret]);
    hmac(&extracted, &[info, &[&[1]]].concat())
}

impl fmt::Display for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&hex(&self.to_bytes()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::digest::unhex;

    fn secret(byte: u8) -> LogSecret {
        LogSecret::new(&SubjectSecret([byte; 32]), "log.example/a")
    }

    fn choice(n: u64, content: &[u8]) -> Entry {
        Entry::personal(EntryKind::Choice, &secret(7), n, content, 495_000).unwrap()
    }

    #[test]
    fn hkdf_is_that_of_rfc_5869() {
        // Test case 3: no salt, no info.
        let okm = hkdf(&[0x0b; 22], &[]);
        assert_eq!(Some(okm), unhex("8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d"));
    }

    #[test]
    fn known_answers_of_the_derivations() {
        // Computed with Python's hmac and hashlib.
        assert_eq!(hex(&secret(7).0), "f4e61efd00e107a6a57682be56a77d1c3e12b48c30d7ef62830b9cb413889d61");
        assert_eq!(
            choice(3, b"object").to_string(),
            "0101026947657aec4d0b4c0fe6d7d92f47f7f61af9c48e5ea8cd3d8d7e145f556b7202\
             ab7d52e3c1958faaa5f84b598c66161c93edc7ca67e2e8f1ddeb9c2905974600078d98"
        );
    }

    #[test]
    fn entries_of_one_person_have_nothing_in_common() {
        let entries = [choice(0, b"object"), choice(1, b"object")];
        let [a, b] = entries.map(|entry| entry.to_bytes());
        assert!(a[2..66].chunks(4).all(|word| !b[2..66].chunks(4).any(|other| other == word)));
        assert_ne!(secret(7).mark(0), LogSecret::new(&SubjectSecret([7; 32]), "log.example/b").mark(0));
        assert_ne!(secret(7).mark(0), secret(8).mark(0));
    }

    #[test]
    fn a_commitment_opens_to_one_kind_and_content_only() {
        let entry = choice(3, b"object");
        let opening = secret(7).opening(3);
        assert_eq!(opening.commit(EntryKind::Choice, b"object"), *entry.commitment());
        for other in [
            opening.commit(EntryKind::Delivery, b"object"),
            opening.commit(EntryKind::Choice, b"objecu"),
            opening.commit(EntryKind::Choice, b"object\0"),
            secret(7).opening(4).commit(EntryKind::Choice, b"object"),
            Opening::PUBLIC.commit(EntryKind::Choice, b"object"),
        ] {
            assert_ne!(other, *entry.commitment());
        }
    }

    #[test]
    fn entries_come_back_and_other_bytes_are_refused() {
        let notice = Entry::public(EntryKind::Notice, b"text", 1).unwrap();
        let batch = Entry::batch(1 << 40, Digest([9; 32]), 1).unwrap();
        assert_eq!((batch.count(), notice.count()), (Some(1 << 40), None));
        for entry in [choice(0, b""), notice, batch] {
            assert_eq!(Entry::parse(&entry.to_bytes()), Ok(entry));
        }
        let bytes = notice.to_bytes();
        assert!(Entry::parse(&bytes[..69]).is_err());
        assert!(Entry::parse(&[&bytes[..], &[0]].concat()).is_err());
        for (at, value) in [(0, 0), (0, 2), (1, 0), (1, 4), (1, 255), (2, 1), (33, 1)] {
            let mut wrong = bytes;
            wrong[at] = value;
            assert!(Entry::parse(&wrong).is_err(), "byte {at} = {value}");
        }
        let mut wrong = batch.to_bytes();
        wrong[2] = 1;
        assert!(Entry::parse(&wrong).is_err());
        wrong[2..34].fill(0);
        assert!(Entry::parse(&wrong).is_err());
        assert!(Entry::batch(0, Digest([9; 32]), 1).is_err());
        assert!(Entry::public(EntryKind::Choice, b"", 1).is_err());
        assert!(Entry::public(EntryKind::Batch, b"", 1).is_err());
        assert!(Entry::personal(EntryKind::Notice, &secret(7), 0, b"", 1).is_err());
    }

    #[test]
    fn secrets_do_not_show() {
        assert_eq!(format!("{:?} {:?}", secret(7), secret(7).opening(1)), "LogSecret Opening");
    }
}

//! Who is in a revision, and who is not, shown without showing anybody else.
//!
//! Each person, or record, of a revision has a token under a secret of that person and for that revision alone.
//! The tokens are sorted, and each leaf of an RFC 6962 tree commits to a token *and the next one*, so that one path
//! shows presence (the token is the leaf's) or absence (it lies between the leaf's and the next): 1,032 bytes at
//! 10⁹ members, either way.
//!
//! - secret for a revision = HMAC-SHA-256(person's secret, label ‖ revision \[‖ record\]), where the label is
//!   `mandat/member-person/v1` or `mandat/member-record/v1`;
//! - token = SHA-256(`mandat/token/v1` ‖ that secret);
//! - value = number ⊕ the first four bytes of SHA-256(`mandat/mask/v1` ‖ that secret): how many records of a person,
//!   readable to who holds the secret. Neighbours' values that an absence proof shows say nothing;
//! - leaf = SHA-256(0x00 ‖ `mandat/member/v1` ‖ token ‖ next token ‖ value, big-endian u32). Leaf 0 belongs to nobody:
//!   token 0, value 0. The last leaf's next token is 2²⁵⁶ − 1.
//!
//! No structure shows that the operator did not file somebody's data under another's token. Against that stand
//! record tokens, the auditor's walk over all leaves, and random checks with the data itself.

mod build;
mod proof;
mod prover;

use std::fmt;

pub use build::{MemberBlock, MembersBuilder, build_members};
pub use proof::{MemberProof, Membership};
pub use prover::{MemberTree, ReadRows};

use crate::digest::{Digest, Hasher, hex};
use crate::seal::SubjectSecret;
use crate::short::Short;

/// Bytes of a stored row: token and value.
pub const ROW_BYTES: usize = 36;

/// Why members were refused, or a proof of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MembersError {
    /// Tokens must rise strictly; two of one token would be two answers to one question.
    #[error("member {0} does not rise above the one before it; sort by token and remove doubles")]
    Order(u64),
    /// A block that does not begin where the one before it ends, or is not whole.
    #[error("a block of members does not begin where the last one ended; hash them in order")]
    Block,
    /// Not the bytes of a proof in a tree of that size.
    #[error("not a proof of membership or absence; ask for it again")]
    Form,
    /// The proof is about somebody else.
    #[error("the proof is not about this person or record; ask for it again")]
    NotAbout,
    /// The hashes lead elsewhere.
    #[error(transparent)]
    Merkle(#[from] crate::merkle::MerkleError),
}

/// A member's place in the order; the first and the last belong to nobody.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Token(pub [u8; 32]);

impl Token {
    /// Below every member.
    pub const LOW: Self = Self([0; 32]);
    /// Above every member.
    pub const HIGH: Self = Self([0xff; 32]);
}

/// The order of the bytes, told by comparing two numbers: sorting spends its time here.
impl Ord for Token {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        let halves = |token: &Self| {
            let (high, low) = token.0.split_at(16);
            let number = |half: &[u8]| u128::from_be_bytes(half.try_into().expect("half of 32 bytes"));
            (number(high), number(low))
        };
        halves(self).cmp(&halves(other))
    }
}

impl PartialOrd for Token {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Token({})", hex(&self.0))
    }
}

/// One row: a token, and a number that only the token's owner can read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Member {
    /// The token.
    pub token: Token,
    /// The masked number.
    pub value: u32,
}

impl Member {
    /// What stands before all members.
    pub const SENTINEL: Self = Self { token: Token::LOW, value: 0 };

    /// The bytes of the stored row.
    #[must_use]
    pub fn to_bytes(self) -> [u8; ROW_BYTES] {
        let mut out = [0; ROW_BYTES];
        out[..32].copy_from_slice(&self.token.0);
        out[32..].copy_from_slice(&self.value.to_be_bytes());
        out
    }

    /// The row of those bytes.
    #[must_use]
    pub fn from_bytes(bytes: &[u8; ROW_BYTES]) -> Self {
        let (token, value) = bytes.split_first_chunk().expect("a row is longer than a token");
        let value = u32::from_be_bytes(value.try_into().expect("a row is a token and four bytes"));
        Self { token: Token(*token), value }
    }

    /// Hash of the leaf that says: this member, and nobody before `next`.
    pub(crate) fn leaf(&self, next: &Token) -> Digest {
        let value = self.value.to_be_bytes();
        Digest(Short::of(&[&[0], b"mandat/member/v1", &self.token.0, &next.0, &value]).sha256())
    }
}

/// Whose tokens a tree holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum MemberKind {
    /// One token a person; the number is how many of their records.
    Person,
    /// One token a record; the number is 1 for a record as it is, 2 for a redacted one.
    Record,
}

/// A person's secret for one revision: gives away this revision and no other.
#[derive(Clone, PartialEq, Eq)]
pub struct MemberSecret(pub [u8; 32]);

impl MemberSecret {
    /// For a person, in a revision.
    ///
    /// `revision` names the revision's inputs, not its content: the content holds the root of this tree.
    #[must_use]
    pub fn of_person(secret: &SubjectSecret, revision: &Digest) -> Self {
        Self(Short::of(&[b"mandat/member-person/v1", &revision.0]).hmac(&secret.0))
    }

    /// For one record of a person, by the digest of its canonical bytes.
    #[must_use]
    pub fn of_record(secret: &SubjectSecret, revision: &Digest, record: &Digest) -> Self {
        Self(Short::of(&[b"mandat/member-record/v1", &revision.0, &record.0]).hmac(&secret.0))
    }

    /// The token: what the tree is sorted by.
    #[must_use]
    pub fn token(&self) -> Token {
        Token(Short::of(&[b"mandat/token/v1", &self.0]).sha256())
    }

    /// The row that commits to a number.
    #[must_use]
    pub fn member(&self, number: u32) -> Member {
        Member { token: self.token(), value: number ^ self.mask() }
    }

    pub(crate) fn mask(&self) -> u32 {
        let [a, b, c, d, ..] = Short::of(&[b"mandat/mask/v1", &self.0]).sha256();
        u32::from_be_bytes([a, b, c, d])
    }
}

impl fmt::Debug for MemberSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MemberSecret")
    }
}

/// What a revision commits to: how many members, and the root over them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MembersRoot {
    /// Members, not counting what stands before them.
    pub members: u64,
    /// Root over one leaf more.
    pub root: Digest,
}

impl MembersRoot {
    /// Leaves of the tree.
    #[must_use]
    pub const fn leaves(&self) -> u64 {
        self.members.saturating_add(1)
    }

    /// One digest for the kind, the revision, the count and the root; every part has a fixed length.
    #[must_use]
    pub fn commitment(&self, kind: MemberKind, revision: &Digest) -> Digest {
        let mut hasher = Hasher::new();
        hasher.update(match kind {
            MemberKind::Person => b"mandat/members-person/v1",
            MemberKind::Record => b"mandat/members-record/v1",
        });
        hasher.update(&revision.0);
        hasher.update(&self.members.to_be_bytes());
        hasher.update(&self.root.0);
        hasher.finish()
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::digest::sha256;
    use crate::merkle::leaf_hash;

    pub(crate) fn secret(n: u64) -> SubjectSecret {
        SubjectSecret(sha256(&n.to_be_bytes()).0)
    }

    pub(crate) fn revision() -> Digest {
        sha256(b"revision 1")
    }

    /// `n` members, sorted; member i of the input has i records.
    pub(crate) fn sorted(n: u64) -> Vec<Member> {
        let member = |i: u64| MemberSecret::of_person(&secret(i), &revision()).member(u32::try_from(i).unwrap());
        let mut members: Vec<_> = (0..n).map(member).collect();
        members.sort_unstable();
        members
    }

    #[test]
    fn known_answers_of_the_derivations() {
        let person = MemberSecret::of_person(&SubjectSecret([7; 32]), &Digest([9; 32]));
        // Computed with Python's hmac and hashlib.
        assert_eq!(hex(&person.0), "ba60ae58f54ec621011fadd8c36719234d44db9d7cb313d904cee1b001cc77df");
        assert_eq!(hex(&person.token().0), "b51f87a2279eb8a08b56fe8f1133947c3ba4a52ab21ba558926d31349df5b13e");
        assert_eq!(person.member(5).value, 5 ^ 0xa738_93ec);
        let member = Member { token: Token([1; 32]), value: 0x0102_0304 };
        let plain = [&b"mandat/member/v1"[..], &[1; 32], &[2; 32], &[1, 2, 3, 4]].concat();
        assert_eq!(member.leaf(&Token([2; 32])), leaf_hash(&plain));
        assert_eq!(Member::from_bytes(&member.to_bytes()), member);
    }

    #[test]
    fn tokens_are_ordered_by_their_bytes() {
        let tokens: Vec<_> = (0..200_u64).map(|i| Token(sha256(&i.to_be_bytes()).0)).collect();
        for pair in tokens.windows(2) {
            assert_eq!(pair[0].cmp(&pair[1]), pair[0].0.cmp(&pair[1].0));
            let mut near = pair[0];
            near.0[31] ^= 1;
            assert_eq!(pair[0].cmp(&near), pair[0].0.cmp(&near.0));
        }
    }

    #[test]
    fn tokens_of_one_person_share_nothing_between_revisions_and_records() {
        let of = |r: &[u8]| MemberSecret::of_person(&secret(1), &sha256(r)).token();
        assert_ne!(of(b"1"), of(b"2"));
        let record = |r: &[u8]| MemberSecret::of_record(&secret(1), &revision(), &sha256(r)).token();
        assert_ne!(record(b"1"), record(b"2"));
        assert_ne!(record(b"1"), MemberSecret::of_person(&secret(1), &revision()).token());
        assert_ne!(record(b"1"), MemberSecret::of_record(&secret(2), &revision(), &sha256(b"1")).token());
        assert_eq!(format!("{:?}", MemberSecret([1; 32])), "MemberSecret");
    }

    #[test]
    fn a_root_is_committed_with_its_kind_revision_and_count() {
        let root = MembersRoot { members: 3, root: sha256(b"root") };
        let own = root.commitment(MemberKind::Person, &revision());
        assert_ne!(own, root.commitment(MemberKind::Record, &revision()));
        assert_ne!(own, root.commitment(MemberKind::Person, &sha256(b"2")));
        assert_ne!(own, MembersRoot { members: 4, ..root }.commitment(MemberKind::Person, &revision()));
        assert_ne!(own, MembersRoot { root: sha256(b"toor"), ..root }.commitment(MemberKind::Person, &revision()));
    }
}

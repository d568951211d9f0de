//! One path that shows that a token is in the tree, or that it is not.

use crate::digest::Digest;
use crate::members::{Member, MemberSecret, MembersError, MembersRoot, ROW_BYTES, Token};
use crate::merkle::{inclusion_length, verify_inclusion};

/// A leaf and its inclusion proof.
///
/// Bytes, for a tree of n leaves: index as a big-endian number of as many bytes as n − 1 needs; token; next token;
/// value as a big-endian u32; the path from the leaf up. There is no other spelling, and n comes from the root that is
/// trusted. At 10⁹ members: 4 + 32 + 32 + 4 + 30 · 32 = 1,032 bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MemberProof {
    /// Place of the leaf.
    pub index: u64,
    /// What it holds.
    pub member: Member,
    /// The next token after it.
    pub next: Token,
    /// The way to the root.
    pub path: Vec<Digest>,
}

/// What a proof shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub enum Membership {
    /// It is in the revision, with this number.
    Present(u32),
    /// It is not in the revision.
    Absent,
}

impl MemberProof {
    /// Holds the proof against a root that is trusted, for the owner of a secret or whoever they gave it to.
    ///
    /// # Errors
    /// [`MembersError`] when it shows neither presence nor absence of this secret's token.
    pub fn verify(&self, secret: &MemberSecret, root: &MembersRoot) -> Result<Membership, MembersError> {
        let shown = self.verify_token(&secret.token(), root)?;
        Ok(shown.map_or(Membership::Absent, |value| Membership::Present(value ^ secret.mask())))
    }

    /// The same for a bare token: its masked value, or `None` if it is absent.
    ///
    /// # Errors
    /// [`MembersError`] when the proof shows neither.
    pub fn verify_token(&self, token: &Token, root: &MembersRoot) -> Result<Option<u32>, MembersError> {
        let Member { token: own, value } = self.member;
        let first = self.index == 0;
        let last = self.index.checked_add(1) == Some(root.leaves());
        // What every leaf of a well-formed tree holds to: it costs nothing to insist.
        let well_formed = own < self.next && first == (own == Token::LOW) && last == (self.next == Token::HIGH);
        if !well_formed {
            return Err(MembersError::Form);
        }
        verify_inclusion(&self.member.leaf(&self.next), self.index, root.leaves(), &self.path, &root.root)?;
        match () {
            () if *token == Token::LOW || *token == Token::HIGH => Err(MembersError::NotAbout),
            () if *token == own => Ok(Some(value)),
            () if own < *token && *token < self.next => Ok(None),
            () => Err(MembersError::NotAbout),
        }
    }

    /// The bytes of the proof in the tree of `root`.
    #[must_use]
    pub fn to_bytes(&self, root: &MembersRoot) -> Vec<u8> {
        let skip = 8 - index_bytes(root.leaves());
        let mut out = self.index.to_be_bytes()[skip..].to_vec();
        out.extend(self.member.token.0);
        out.extend(self.next.0);
        out.extend(self.member.value.to_be_bytes());
        self.path.iter().for_each(|hash| out.extend(hash.0));
        out
    }

    /// Reads a proof in the tree of `root`.
    ///
    /// # Errors
    /// [`MembersError::Form`] when the bytes are none, [`MembersError::Merkle`] when the index is outside the tree.
    pub fn parse(bytes: &[u8], root: &MembersRoot) -> Result<Self, MembersError> {
        let form = MembersError::Form;
        let (index, rest) = bytes.split_at_checked(index_bytes(root.leaves())).ok_or(form)?;
        let index = index.iter().fold(0, |index, byte| index << 8 | u64::from(*byte));
        let (token, rest) = rest.split_first_chunk::<32>().ok_or(form)?;
        let (next, rest) = rest.split_first_chunk::<32>().ok_or(form)?;
        let (value, rest) = rest.split_first_chunk::<{ ROW_BYTES - 32 }>().ok_or(form)?;
        let (path, odd) = rest.as_chunks::<32>();
        if !odd.is_empty() || path.len() != inclusion_length(index, root.leaves())? {
            return Err(form);
        }
        let member = Member { token: Token(*token), value: u32::from_be_bytes(*value) };
        Ok(Self { index, member, next: Token(*next), path: path.iter().copied().map(Digest).collect() })
    }
}

/// Bytes that the largest index of a tree needs.
const fn index_bytes(leaves: u64) -> usize {
    (u64::BITS - (leaves - 1).leading_zeros()).div_ceil(8) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_proof_takes_1_032_bytes_at_a_thousand_million() {
        let root = MembersRoot { members: 999_999_999, root: Digest([0; 32]) };
        for index in [0, 500_000_000, 536_870_911] {
            let path = vec![Digest([0; 32]); inclusion_length(index, root.leaves()).unwrap()];
            let proof = MemberProof { index, member: Member::SENTINEL, next: Token::HIGH, path };
            assert_eq!(proof.to_bytes(&root).len(), 1032);
            assert_eq!(MemberProof::parse(&proof.to_bytes(&root), &root).unwrap(), proof);
        }
        let longest = (0..1000).map(|i| inclusion_length(i * 1_000_000 + 999_999, 1_000_000_001).unwrap()).max();
        assert_eq!(longest, Some(30), "no path is longer");
    }
}

//! Making proofs from stored rows and the tiles above them.

use crate::digest::Digest;
use crate::members::{Member, MemberProof, MembersRoot, ROW_BYTES, Token};
use crate::merkle::{ReadError, prove_inclusion, verify_inclusion};
use crate::tiles::{ReadTile, Shelf, StoredTree, Tile};

/// How rows are read: the bytes of `count` rows from the first on, or why not, in words.
///
/// The rows of a tree begin with the sentinel.
pub type ReadRows<'a> = &'a mut dyn FnMut(u64, u64) -> Result<Vec<u8>, String>;

/// A tree of members whose root is trusted, and whose rows and tiles are stored somewhere.
pub struct MemberTree<'a> {
    root: MembersRoot,
    rows: ReadRows<'a>,
    tiles: ReadTile<'a>,
}

impl std::fmt::Debug for MemberTree<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("MemberTree").field("root", &self.root).finish_non_exhaustive()
    }
}

impl<'a> MemberTree<'a> {
    /// A stored tree. Leaf hashes are made from rows; only tiles above them are asked for.
    #[must_use]
    pub fn new(root: MembersRoot, rows: ReadRows<'a>, tiles: ReadTile<'a>) -> Self {
        Self { root, rows, tiles }
    }

    /// Proves that a token is in the tree, or that it is not: the same bytes either way.
    ///
    /// Hand it only to who shows the secret of the token: an answer says whether somebody is a member.
    ///
    /// # Errors
    /// [`ReadError`] when rows or tiles cannot be read or do not lead to the root.
    pub fn prove(&mut self, token: &Token) -> Result<MemberProof, ReadError> {
        let leaves = self.root.leaves();
        let index = self.find(token)?;
        let (member, next) = self.row_and_next(index)?;
        let (rows, tiles) = (&mut *self.rows, &mut *self.tiles);
        let mut read = |tile: &Tile| match tile.shelf() {
            Shelf::Hashes(0) => leaf_tile(rows, tile, leaves).map(Some),
            _ => tiles(tile),
        };
        let mut tree = StoredTree::new(leaves, self.root.root, &mut read);
        let path = prove_inclusion(index, leaves, &mut |level, at| tree.node(level, at))?;
        let leaf = member.leaf(&next);
        verify_inclusion(&leaf, index, leaves, &path, &self.root.root)
            .map_err(|err| ReadError::Damaged { what: "members".to_owned(), why: err.to_string() })?;
        Ok(MemberProof { index, member, next, path })
    }

    /// The last row whose token is not above this one. Tokens are uniform, so that a guess by proportion is close;
    /// every second step halves, so that rows that are not cannot make it slow.
    fn find(&mut self, token: &Token) -> Result<u64, ReadError> {
        let (mut low, mut high) = (0, self.root.leaves());
        let (mut below, mut above) = (0, u64::MAX);
        let mut halve = false;
        while high - low > 1 {
            let middle = low + (high - low) / 2;
            let part = u128::from(head(token).saturating_sub(below)) * u128::from(high - low);
            let guess = low + u64::try_from(part / u128::from((above - below).max(1))).unwrap_or(u64::MAX - low);
            let at = if halve { middle } else { guess.clamp(low + 1, high - 1) };
            let found = self.row_and_next(at)?.0.token;
            if found <= *token {
                (low, below) = (at, head(&found));
            } else {
                (high, above) = (at, head(&found));
            }
            halve = !halve;
        }
        Ok(low)
    }

    fn row_and_next(&mut self, index: u64) -> Result<(Member, Token), ReadError> {
        let count = if index + 1 == self.root.leaves() { 1 } else { 2 };
        let rows =
            read_rows(self.rows, index, count).map_err(|why| ReadError::Failed { what: "members".to_owned(), why })?;
        Ok((rows[0], rows.get(1).map_or(Token::HIGH, |row| row.token)))
    }
}

/// The first 64 bits.
fn head(token: &Token) -> u64 {
    let (head, _) = token.0.split_first_chunk().expect("a token has 32 bytes");
    u64::from_be_bytes(*head)
}

fn read_rows(rows: ReadRows<'_>, first: u64, count: u64) -> Result<Vec<Member>, String> {
    let bytes = rows(first, count)?;
    let (chunks, rest) = bytes.as_chunks::<ROW_BYTES>();
    if !rest.is_empty() || chunks.len() as u64 != count {
        return Err(format!("{} bytes where {count} rows belong", bytes.len()));
    }
    Ok(chunks.iter().map(Member::from_bytes).collect())
}

/// The bytes of a tile of leaf hashes, made from its rows and the one after them.
fn leaf_tile(rows: ReadRows<'_>, tile: &Tile, leaves: u64) -> Result<Vec<u8>, String> {
    let (first, width) = (tile.index() * 256, u64::from(tile.width()));
    let more = u64::from(first + width < leaves);
    let members = read_rows(rows, first, width + more)?;
    let own = usize::from(tile.width());
    let next = |at: usize| members.get(at + 1).map_or(&Token::HIGH, |row| &row.token);
    let hashes: Vec<Digest> = members[..own].iter().enumerate().map(|(at, row)| row.leaf(next(at))).collect();
    Ok(crate::tiles::tile_bytes(&hashes))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;
    use crate::members::tests::{revision, secret, sorted};
    use crate::members::{MemberSecret, MembersError, Membership, build_members};

    /// A stored tree of the first `n` invented people.
    struct Stored {
        root: MembersRoot,
        rows: Vec<u8>,
        tiles: BTreeMap<String, Vec<u8>>,
    }

    static STORED: std::sync::LazyLock<Stored> = std::sync::LazyLock::new(|| stored(300));

    fn stored(n: u64) -> Stored {
        let members = sorted(n);
        let mut tiles = BTreeMap::new();
        let root = build_members(members.iter().copied(), &mut |tile, hashes| {
            tiles.insert(tile.to_string(), crate::tiles::tile_bytes(hashes));
        });
        let rows = [&[Member::SENTINEL], members.as_slice()].concat();
        Stored { root: root.unwrap(), rows: rows.iter().flat_map(|row| row.to_bytes()).collect(), tiles }
    }

    impl Stored {
        fn prove(&self, token: &Token) -> Result<MemberProof, ReadError> {
            let mut rows = |first: u64, count: u64| {
                let (from, to) = (first as usize * ROW_BYTES, (first + count) as usize * ROW_BYTES);
                self.rows.get(from..to).map(<[u8]>::to_vec).ok_or_else(|| "past the end".to_owned())
            };
            let mut tiles = |tile: &Tile| {
                assert_ne!(tile.shelf(), Shelf::Hashes(0));
                Ok(self.tiles.get(&tile.to_string()).cloned())
            };
            MemberTree::new(self.root, &mut rows, &mut tiles).prove(token)
        }
    }

    fn person(n: u64) -> MemberSecret {
        MemberSecret::of_person(&secret(n), &revision())
    }

    #[test]
    fn everybody_in_is_shown_in_with_their_number_and_everybody_out_out() {
        for n in [0, 1, 2, 255, 256, 600] {
            let stored = stored(n);
            for i in (0..n).step_by(7).chain(n..n + 50) {
                let proof = stored.prove(&person(i).token()).unwrap();
                let bytes = proof.to_bytes(&stored.root);
                let read = MemberProof::parse(&bytes, &stored.root).unwrap();
                assert_eq!(read, proof);
                let expected = if i < n { Membership::Present(i as u32) } else { Membership::Absent };
                assert_eq!(read.verify(&person(i), &stored.root), Ok(expected), "{i} of {n}");
            }
        }
    }

    #[test]
    fn a_proof_about_one_says_nothing_about_another() {
        let stored = stored(100);
        let present = stored.prove(&person(5).token()).unwrap();
        assert_eq!(present.verify(&person(6), &stored.root), Err(MembersError::NotAbout));
        let absent = stored.prove(&person(1000).token()).unwrap();
        assert_eq!(absent.verify(&person(6), &stored.root), Err(MembersError::NotAbout));
        for edge in [Token::LOW, Token::HIGH] {
            assert!(stored.prove(&edge).unwrap().verify_token(&edge, &stored.root).is_err());
        }
    }

    #[test]
    fn a_leaf_that_hides_somebody_cannot_be_shown() {
        let stored = stored(100);
        let token = person(5).token();
        let honest = stored.prove(&token).unwrap();
        // Absence by pretending that the leaf before reaches over the member.
        let before = stored.prove(&Token(sorted(100)[honest.index as usize - 2].token.0)).unwrap();
        let reaching = MemberProof { next: honest.next, ..before };
        assert!(reaching.verify_token(&token, &stored.root).is_err());
        // Absence by pretending that the tree ends before the member.
        let ended = MembersRoot { members: honest.index - 1, ..stored.root };
        assert!(honest.verify_token(&token, &ended).is_err());
        // Another number.
        let member = Member { value: honest.member.value ^ 1, ..honest.member };
        assert!(MemberProof { member, ..honest }.verify_token(&token, &stored.root).is_err());
    }

    #[test]
    fn damaged_rows_and_tiles_are_refused_by_the_prover() {
        let mut bad = stored(600);
        let token = person(5).token();
        let index = bad.prove(&token).unwrap().index as usize;
        bad.rows[(index ^ 1) * ROW_BYTES + 35] ^= 1;
        assert!(matches!(bad.prove(&token), Err(ReadError::Damaged { .. })));
        let mut bad = stored(600);
        bad.tiles.values_mut().for_each(|bytes| bytes[if index / 256 == 1 { 0 } else { 32 }] ^= 1);
        assert!(matches!(bad.prove(&token), Err(ReadError::Damaged { .. })));
        let mut bad = stored(600);
        bad.tiles.clear();
        assert!(matches!(bad.prove(&token), Err(ReadError::Absent { .. })));
        let mut bad = stored(600);
        bad.rows.truncate(10);
        assert!(matches!(bad.prove(&token), Err(ReadError::Failed { .. })));
    }

    proptest! {
        #[test]
        fn a_proof_verifies_if_and_only_if_it_is_untouched(who in 0_u64..600, at in 0_usize..2000, bit in 0_u8..8) {
            let stored = &*STORED;
            let proof = stored.prove(&person(who).token()).unwrap();
            let expected = if who < 300 { Membership::Present(who as u32) } else { Membership::Absent };
            prop_assert_eq!(proof.verify(&person(who), &stored.root), Ok(expected));
            let mut bytes = proof.to_bytes(&stored.root);
            let at = at % bytes.len();
            bytes[at] ^= 1 << bit;
            let shown = MemberProof::parse(&bytes, &stored.root).and_then(|p| p.verify(&person(who), &stored.root));
            prop_assert!(shown.is_err(), "byte {} still shows {:?}", at, shown);
            bytes.push(0);
            prop_assert!(MemberProof::parse(&bytes, &stored.root).is_err());
            prop_assert!(MemberProof::parse(&bytes[..at], &stored.root).is_err());
        }
    }
}

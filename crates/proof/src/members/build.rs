//! Building the tree of members from sorted rows, in blocks that can be hashed on any thread.

use crate::digest::Digest;
use crate::members::{Member, MembersError, MembersRoot, Token};
use crate::merkle::complete_root;
use crate::tiles::{Tile, TileEdge};

/// Rows of a full tile.
const TILE_ROWS: usize = 256;

/// Rows that were checked and hashed apart from the others.
#[derive(Debug, Clone)]
#[must_use]
pub struct MemberBlock {
    first: Token,
    next: Token,
    tiles: Vec<Digest>,
    rest: Vec<Digest>,
}

impl MemberBlock {
    /// Hashes consecutive rows, of which the next after them is `next` ([`Token::HIGH`] behind the last).
    ///
    /// The rows of a tree begin with [`Member::SENTINEL`]; every block but the last has a multiple of 256 of them.
    ///
    /// # Errors
    /// [`MembersError::Order`] with the place within the block when tokens do not rise strictly.
    pub fn hash(rows: &[Member], next: Token) -> Result<Self, MembersError> {
        let first = rows.first().ok_or(MembersError::Block)?.token;
        let mut leaves = Vec::with_capacity(TILE_ROWS);
        let mut tiles = Vec::with_capacity(rows.len() / TILE_ROWS);
        for (place, row) in rows.iter().enumerate() {
            let after = rows.get(place + 1).map_or(&next, |row| &row.token);
            if row.token >= *after {
                return Err(MembersError::Order(place as u64 + 1));
            }
            leaves.push(row.leaf(after));
            if leaves.len() == TILE_ROWS {
                tiles.push(complete_root(&mut leaves));
                leaves.clear();
            }
        }
        Ok(Self { first, next, tiles, rest: leaves })
    }
}

/// Puts blocks together; keeps 64 KiB whatever the number of members.
#[derive(Debug, Clone)]
pub struct MembersBuilder {
    edge: TileEdge,
    next: Token,
}

impl Default for MembersBuilder {
    fn default() -> Self {
        Self::new()
    }
}

impl MembersBuilder {
    /// A builder that waits for the block with the sentinel.
    #[must_use]
    pub fn new() -> Self {
        Self { edge: TileEdge::new(), next: Token::LOW }
    }

    /// Appends a block, and hands on each tile of hashes above the leaves that this fills.
    ///
    /// # Errors
    /// [`MembersError::Block`] when it does not begin where the last one ended.
    pub fn push(&mut self, block: &MemberBlock, full: &mut dyn FnMut(Tile, &[Digest])) -> Result<(), MembersError> {
        let ended = self.next == Token::HIGH || !self.edge.size().is_multiple_of(TILE_ROWS as u64);
        if ended || block.first != self.next {
            return Err(MembersError::Block);
        }
        for tile in &block.tiles {
            self.edge.push_tile(*tile, full);
        }
        for leaf in &block.rest {
            self.edge.push(*leaf, full);
        }
        self.next = block.next;
        Ok(())
    }

    /// The root, once the block that ends in [`Token::HIGH`] is in, and the partial tiles above the leaves.
    ///
    /// # Errors
    /// [`MembersError::Block`] when it is not.
    pub fn finish(self, partial: &mut dyn FnMut(Tile, &[Digest])) -> Result<MembersRoot, MembersError> {
        if self.next != Token::HIGH {
            return Err(MembersError::Block);
        }
        for (tile, hashes) in self.edge.partial() {
            if !tile.is_leaves() {
                partial(tile, hashes);
            }
        }
        Ok(MembersRoot { members: self.edge.size() - 1, root: self.edge.root() })
    }
}

/// Builds a tree in one go from sorted members (without the sentinel), and hands on the tiles above the leaves.
///
/// An auditor calls it too: it is what shows that the stored rows rise and lead to the root.
///
/// # Errors
/// [`MembersError::Order`] with the place of the member that does not rise.
pub fn build_members(
    members: impl IntoIterator<Item = Member>,
    tiles: &mut dyn FnMut(Tile, &[Digest]),
) -> Result<MembersRoot, MembersError> {
    let mut builder = MembersBuilder::new();
    let mut rows = Vec::with_capacity(TILE_ROWS);
    rows.push(Member::SENTINEL);
    let mut place = 0;
    for member in members {
        if rows.len() == TILE_ROWS {
            builder.push(&hashed(&rows, member.token, place)?, tiles)?;
            place += rows.len() as u64;
            rows.clear();
        }
        rows.push(member);
    }
    builder.push(&hashed(&rows, Token::HIGH, place)?, tiles)?;
    builder.finish(tiles)
}

/// Hashes a block that begins at row `place`; a row counts one more than the member in it.
fn hashed(rows: &[Member], next: Token, place: u64) -> Result<MemberBlock, MembersError> {
    MemberBlock::hash(rows, next).map_err(|err| match err {
        MembersError::Order(at) => MembersError::Order((place + at).saturating_sub(1)),
        other => other,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::members::tests::sorted;
    use crate::merkle::tests::reference_root;

    fn reference(members: &[Member]) -> Digest {
        let rows = [&[Member::SENTINEL], members].concat();
        let next = |i: usize| rows.get(i + 1).map_or(Token::HIGH, |r| r.token);
        reference_root(&rows.iter().enumerate().map(|(i, row)| row.leaf(&next(i))).collect::<Vec<_>>())
    }

    fn build(members: &[Member]) -> Result<MembersRoot, MembersError> {
        build_members(members.iter().copied(), &mut |tile, _| assert!(!tile.is_leaves()))
    }

    #[test]
    fn the_root_is_that_of_the_definition() {
        for n in [0, 1, 2, 254, 255, 256, 257, 511, 512, 1000] {
            let members = sorted(n);
            assert_eq!(build(&members).unwrap(), MembersRoot { members: n, root: reference(&members) }, "{n}");
        }
    }

    #[test]
    fn blocks_hashed_apart_give_the_same_root() {
        let members = sorted(1500);
        let rows = [&[Member::SENTINEL], members.as_slice()].concat();
        let mut builder = MembersBuilder::new();
        let mut chunks = rows.chunks(512).peekable();
        while let Some(chunk) = chunks.next() {
            let next = chunks.peek().map_or(Token::HIGH, |rows| rows[0].token);
            builder.push(&MemberBlock::hash(chunk, next).unwrap(), &mut |_, _| {}).unwrap();
        }
        assert_eq!(builder.finish(&mut |_, _| {}), build(&members));
    }

    #[test]
    fn disorder_and_doubles_are_refused_where_they_are() {
        let members = sorted(600);
        for at in [1, 255, 256, 599] {
            let mut swapped = members.clone();
            swapped.swap(at - 1, at);
            assert!(matches!(build(&swapped), Err(MembersError::Order(_))), "{at}");
            let mut double = members.clone();
            double[at] = double[at - 1];
            assert_eq!(build(&double), Err(MembersError::Order(at as u64)), "{at}");
        }
        for token in [Token::LOW, Token::HIGH] {
            assert!(build(&[Member { token, value: 0 }]).is_err());
        }
    }

    #[test]
    fn blocks_that_do_not_join_are_refused() {
        let members = sorted(600);
        let rows = [&[Member::SENTINEL], members.as_slice()].concat();
        let push = |builder: &mut MembersBuilder, from: usize, to: usize, next: Token| {
            builder.push(&MemberBlock::hash(&rows[from..to], next).unwrap(), &mut |_, _| {})
        };
        let mut builder = MembersBuilder::new();
        assert_eq!(push(&mut builder, 1, 257, rows[257].token), Err(MembersError::Block), "without the sentinel");
        push(&mut builder, 0, 256, rows[256].token).unwrap();
        assert_eq!(push(&mut builder, 257, 601, Token::HIGH), Err(MembersError::Block), "one left out");
        assert_eq!(push(&mut builder, 0, 256, rows[256].token), Err(MembersError::Block), "one twice");
        assert_eq!(builder.clone().finish(&mut |_, _| {}), Err(MembersError::Block), "not at the end");
        push(&mut builder, 256, 300, rows[300].token).unwrap();
        assert_eq!(push(&mut builder, 300, 601, Token::HIGH), Err(MembersError::Block), "behind a ragged block");
        assert!(MemberBlock::hash(&[], Token::HIGH).is_err());
    }
}

//! Proofs from stored tiles: read few, believe none, check every answer against the root.

use std::collections::BTreeMap;

use crate::digest::Digest;
use crate::merkle::{
    MerkleError, ReadError, complete_root, prove_consistency, prove_inclusion, root_of, verify_consistency,
    verify_inclusion,
};
use crate::tiles::{ReadTile, Shelf, Tile};

/// A tree of which the head is trusted and the tiles are stored somewhere.
pub struct StoredTree<'a> {
    size: u64,
    root: Digest,
    read: ReadTile<'a>,
    tiles: BTreeMap<(u8, u64), Vec<Digest>>,
}

impl std::fmt::Debug for StoredTree<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("StoredTree").field("size", &self.size).field("root", &self.root).finish_non_exhaustive()
    }
}

impl<'a> StoredTree<'a> {
    /// The tree of a checkpoint; `read` gives the bytes of tiles. Tiles that were read are kept.
    #[must_use]
    pub fn new(size: u64, root: Digest, read: ReadTile<'a>) -> Self {
        Self { size, root, read, tiles: BTreeMap::new() }
    }

    /// The inclusion proof of an entry, and its leaf hash.
    ///
    /// # Errors
    /// When tiles cannot be read or do not lead to the root.
    pub fn inclusion(&mut self, index: u64) -> Result<(Digest, Vec<Digest>), ReadError> {
        let (size, root) = (self.size, self.root);
        let path = prove_inclusion(index, size, &mut |level, at| self.node(level, at))?;
        let leaf = self.node(0, index)?;
        verify_inclusion(&leaf, index, size, &path, &root).map_err(|err| Self::damaged(&err))?;
        Ok((leaf, path))
    }

    /// The root of the tree when it had `old` entries, and the proof that it is a prefix of this one.
    ///
    /// # Errors
    /// When tiles cannot be read or do not lead to the root.
    pub fn consistency(&mut self, old: u64) -> Result<(Digest, Vec<Digest>), ReadError> {
        let (size, root) = (self.size, self.root);
        let path = prove_consistency(old, size, &mut |level, at| self.node(level, at))?;
        let old_root = root_of(old, &mut |level, at| self.node(level, at))?;
        verify_consistency(old, size, &path, &old_root, &root).map_err(|err| Self::damaged(&err))?;
        Ok((old_root, path))
    }

    fn damaged(err: &MerkleError) -> ReadError {
        ReadError::Damaged { what: "tiles".to_owned(), why: err.to_string() }
    }

    /// Hash of a complete subtree, from the one tile that covers it.
    pub(crate) fn node(&mut self, level: u32, index: u64) -> Result<Digest, ReadError> {
        let outside = MerkleError::Outside { index, size: self.size };
        let shelf = u8::try_from(level / 8).map_err(|_| outside)?;
        let covered = 1_usize << (level % 8);
        let first = index << (level % 8);
        let at = usize::try_from(first % 256).expect("a remainder of 256");
        let hashes = self.tile(shelf, first / 256)?;
        let under = hashes.get(at..at + covered).ok_or(outside)?;
        Ok(complete_root(&mut under.to_vec()))
    }

    fn tile(&mut self, level: u8, index: u64) -> Result<&[Digest], ReadError> {
        if !self.tiles.contains_key(&(level, index)) {
            let outside = MerkleError::Outside { index, size: self.size };
            let tile = Tile::in_tree(self.size, Shelf::Hashes(level), index).ok_or(outside)?;
            let hashes = self.fetch(&tile)?;
            self.tiles.insert((level, index), hashes);
        }
        Ok(&self.tiles[&(level, index)])
    }

    /// A partial tile may have been removed once the full one is there.
    fn fetch(&mut self, tile: &Tile) -> Result<Vec<Digest>, ReadError> {
        let what = || tile.to_string();
        let mut ask = |tile: &Tile| (self.read)(tile).map_err(|why| ReadError::Failed { what: what(), why });
        if let Some(bytes) = ask(tile)? {
            return parse_hashes(tile, &bytes);
        }
        let full = tile.when_full().filter(|full| full != tile).ok_or(ReadError::Absent { what: what() })?;
        let bytes = ask(&full)?.ok_or(ReadError::Absent { what: what() })?;
        let mut hashes = parse_hashes(&full, &bytes)?;
        hashes.truncate(usize::from(tile.width()));
        Ok(hashes)
    }
}

/// The hashes of a tile.
pub(crate) fn parse_hashes(tile: &Tile, bytes: &[u8]) -> Result<Vec<Digest>, ReadError> {
    let (hashes, rest) = bytes.as_chunks::<32>();
    if !rest.is_empty() || hashes.len() != usize::from(tile.width()) {
        let why = format!("{} bytes where {} hashes belong", bytes.len(), tile.width());
        return Err(ReadError::Damaged { what: tile.to_string(), why });
    }
    Ok(hashes.iter().copied().map(Digest).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::merkle::tests::leaves;
    use crate::merkle::{Frontier, verify_consistency};
    use crate::tiles::TileEdge;
    use crate::tiles::edge::tile_bytes;

    type Files = BTreeMap<String, Vec<u8>>;

    /// A log of `sizes.last()` entries that was published at each of the sizes.
    fn published(sizes: &[u64]) -> (Files, Vec<Digest>) {
        let all = leaves(*sizes.last().unwrap());
        let (mut files, mut edge) = (Files::new(), TileEdge::new());
        let mut plain = Frontier::new();
        for size in sizes {
            for leaf in &all[edge.size() as usize..*size as usize] {
                plain.push(*leaf);
                edge.push(*leaf, &mut |tile, hashes| {
                    assert!(files.insert(tile.to_string(), tile_bytes(hashes)).is_none());
                });
            }
            files.extend(edge.partial().iter().map(|(tile, hashes)| (tile.to_string(), tile_bytes(hashes))));
            assert_eq!(edge.frontier(), plain);
        }
        (files, all)
    }

    fn root(all: &[Digest]) -> Digest {
        let mut tree = Frontier::new();
        all.iter().for_each(|leaf| tree.push(*leaf));
        tree.root()
    }

    #[test]
    fn a_publisher_writes_exactly_the_tiles_of_the_specification() {
        let (files, _) = published(&[255, 256, 257, 66_000]);
        let mut expected: Vec<_> = [(0, 255), (255, 256), (256, 257), (257, 66_000)]
            .into_iter()
            .flat_map(|(old, new)| Tile::between(old, new))
            .filter(|tile| tile.shelf() != Shelf::Entries)
            .map(|tile| tile.to_string())
            .collect();
        expected.sort();
        expected.dedup();
        assert_eq!(files.keys().cloned().collect::<Vec<_>>(), expected);
    }

    #[test]
    fn every_proof_can_be_made_from_tiles_alone() {
        for size in [1, 2, 255, 256, 257, 511, 512, 700, 65_536, 65_793] {
            let (files, all) = published(&[size]);
            let head = root(&all);
            let mut read = |tile: &Tile| Ok(files.get(&tile.to_string()).cloned());
            let mut tree = StoredTree::new(size, head, &mut read);
            for index in [0, 1, 254, 255, 256, 510, 511, 600, 65_535, 65_536, size - 1] {
                if index < size {
                    assert_eq!(tree.inclusion(index).unwrap().0, all[index as usize]);
                    let (old_root, path) = tree.consistency(index).unwrap();
                    assert_eq!(old_root, root(&all[..index as usize]));
                    assert_eq!(verify_consistency(index, size, &path, &old_root, &head), Ok(()));
                }
            }
            assert!(tree.inclusion(size).is_err());
            assert!(tree.consistency(size + 1).is_err());
            assert_eq!(TileEdge::read(size, &mut read).unwrap().root(), head);
        }
    }

    #[test]
    fn a_partial_tile_may_be_gone_once_the_full_one_is_there() {
        let (mut files, all) = published(&[700, 750]);
        files.retain(|path, _| !path.ends_with(".p/188"));
        let head = root(&all[..700]);
        let mut read = |tile: &Tile| Ok(files.get(&tile.to_string()).cloned());
        assert!(matches!(StoredTree::new(700, head, &mut read).inclusion(699), Err(ReadError::Absent { .. })));
        let (mut files, all) = published(&[700, 1024]);
        files.retain(|path, _| !path.ends_with(".p/188"));
        let head = root(&all[..700]);
        let mut read = |tile: &Tile| Ok(files.get(&tile.to_string()).cloned());
        assert_eq!(StoredTree::new(700, head, &mut read).inclusion(699).unwrap().0, all[699]);
    }

    #[test]
    fn damage_is_found_and_not_taken_for_absence() {
        let (files, all) = published(&[700]);
        let head = root(&all);
        for broken in files.keys().filter(|path| !path.contains("/001")) {
            let index = if broken.contains("0/000") { 1 } else { 600 };
            for at in [0, 31, files[broken].len() - 1] {
                let mut bad = files.clone();
                bad.get_mut(broken).unwrap()[at] ^= 1;
                let mut read = |tile: &Tile| Ok(bad.get(&tile.to_string()).cloned());
                let mut tree = StoredTree::new(700, head, &mut read);
                assert!(matches!(tree.inclusion(index), Err(ReadError::Damaged { .. })), "{broken} {at}");
                assert!(matches!(tree.consistency(index), Err(ReadError::Damaged { .. })), "{broken} {at}");
            }
            let mut bad = files.clone();
            bad.get_mut(broken).unwrap().pop();
            let mut read = |tile: &Tile| Ok(bad.get(&tile.to_string()).cloned());
            assert!(matches!(StoredTree::new(700, head, &mut read).inclusion(index), Err(ReadError::Damaged { .. })));
        }
        let mut absent = |_: &Tile| Ok(None);
        assert!(matches!(StoredTree::new(700, head, &mut absent).inclusion(1), Err(ReadError::Absent { .. })));
        assert!(matches!(TileEdge::read(700, &mut absent), Err(ReadError::Absent { .. })));
        let mut failing = |_: &Tile| Err("timeout".to_owned());
        assert!(matches!(StoredTree::new(700, head, &mut failing).inclusion(1), Err(ReadError::Failed { .. })));
        assert!(matches!(TileEdge::read(700, &mut failing), Err(ReadError::Failed { .. })));
    }
}

//! The right edge of a tree of tiles: what must be in memory to append to it.

use crate::digest::Digest;
use crate::merkle::{Frontier, ReadError, complete_root};
use crate::tiles::stored::parse_hashes;
use crate::tiles::{LEVELS, ReadTile, Shelf, TILE_WIDTH, Tile};

/// The unfinished tile of each level: at most 64 KiB, however large the tree.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TileEdge {
    size: u64,
    levels: Vec<Vec<Digest>>,
}

impl TileEdge {
    /// The edge of a tree without entries.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The edge of a stored tree, from its partial tiles.
    ///
    /// # Errors
    /// When a tile cannot be read. Hold [`Self::root`] against the ledger's head before going on.
    pub fn read(size: u64, read: ReadTile<'_>) -> Result<Self, ReadError> {
        let mut edge = Self { size, levels: Vec::new() };
        for level in 0..LEVELS {
            let count = size >> (8 * u32::from(level));
            if count == 0 {
                break;
            }
            let tile = Tile::in_tree(size, Shelf::Hashes(level), count / 256);
            let hashes = tile.map_or(Ok(Vec::new()), |tile| {
                let what = tile.to_string();
                match read(&tile) {
                    Ok(Some(bytes)) => parse_hashes(&tile, &bytes),
                    Ok(None) => Err(ReadError::Absent { what }),
                    Err(why) => Err(ReadError::Failed { what, why }),
                }
            })?;
            edge.levels.push(hashes);
        }
        Ok(edge)
    }

    /// Entries in the tree.
    #[must_use]
    pub const fn size(&self) -> u64 {
        self.size
    }

    /// Appends one entry by its leaf hash, and hands on every tile that this fills.
    pub fn push(&mut self, leaf: Digest, full: &mut dyn FnMut(Tile, &[Digest])) {
        self.size += 1;
        self.push_at(0, leaf, full);
    }

    /// Appends 256 entries by the root of their tile, which is then not handed on; no tile of entries may be begun.
    pub(crate) fn push_tile(&mut self, root: Digest, full: &mut dyn FnMut(Tile, &[Digest])) {
        assert!(self.size.is_multiple_of(u64::from(TILE_WIDTH)), "bug: a tile behind a partial one");
        if self.levels.is_empty() {
            self.levels.push(Vec::new());
        }
        self.size += u64::from(TILE_WIDTH);
        self.push_at(1, root, full);
    }

    fn push_at(&mut self, first: u8, mut hash: Digest, full: &mut dyn FnMut(Tile, &[Digest])) {
        for level in first..LEVELS {
            let slot = usize::from(level);
            if self.levels.len() == slot {
                self.levels.push(Vec::with_capacity(usize::from(TILE_WIDTH)));
            }
            let hashes = &mut self.levels[slot];
            hashes.push(hash);
            if hashes.len() < usize::from(TILE_WIDTH) {
                return;
            }
            let index = (self.size >> (8 * u32::from(level))) / 256 - 1;
            let tile = Tile::new(Shelf::Hashes(level), index, TILE_WIDTH).expect("bug: the tree is full");
            full(tile, hashes);
            hash = complete_root(hashes);
            hashes.clear();
        }
    }

    /// The partial tiles that a checkpoint of this size needs.
    #[must_use]
    pub fn partial(&self) -> Vec<(Tile, &[Digest])> {
        let of = |(level, hashes): (u8, &'_ Vec<Digest>)| {
            let index = (self.size >> (8 * u32::from(level))) / 256;
            Tile::new(Shelf::Hashes(level), index, u16::try_from(hashes.len()).ok()?)
        };
        let levels = (0..LEVELS).zip(&self.levels);
        levels.filter_map(|(level, hashes)| of((level, hashes)).map(|tile| (tile, hashes.as_slice()))).collect()
    }

    /// The same tree by the roots of its complete subtrees.
    #[must_use]
    pub fn frontier(&self) -> Frontier {
        let mut parts = Vec::new();
        for hashes in self.levels.iter().rev() {
            let mut rest = hashes.as_slice();
            while !rest.is_empty() {
                let (head, tail) = rest.split_at(1 << rest.len().ilog2());
                parts.push(complete_root(&mut head.to_vec()));
                rest = tail;
            }
        }
        Frontier::from_parts(self.size, parts).expect("bug: an edge holds a hash for each bit of its size")
    }

    /// Root of the tree.
    #[must_use]
    pub fn root(&self) -> Digest {
        self.frontier().root()
    }
}

/// The bytes of a tile of hashes.
pub(crate) fn tile_bytes(hashes: &[Digest]) -> Vec<u8> {
    hashes.iter().flat_map(|hash| hash.0).collect()
}

//! The log as static files (C2SP tlog-tiles): hashes in tiles of 256, entries in bundles of 256.
//!
//! A full tile never changes; a partial one is a file of its own for each width, and is not hashed into the level
//! above. Whoever has a checkpoint can make every proof from these files.

mod bundle;
mod edge;
mod fsck;
mod stored;

use std::fmt;
use std::str::FromStr;

pub use bundle::{BundleError, ENTRY_LIMIT, read_bundle, write_bundle};
pub use edge::TileEdge;
pub(crate) use edge::tile_bytes;
pub use fsck::{Fsck, check_tiles};
pub use stored::StoredTree;

use crate::checkpoint::decimal;
use crate::merkle::MAX_TREE_SIZE;

/// Hashes, or entries, in a full tile.
pub const TILE_WIDTH: u16 = 256;
/// Levels of tiles: 2⁶⁴ entries need eight.
const LEVELS: u8 = 8;

/// How tiles are read: `None` for one that is not there, an error in words where the store cannot say.
pub type ReadTile<'a> = &'a mut dyn FnMut(&Tile) -> Result<Option<Vec<u8>>, String>;

/// What a tile holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Shelf {
    /// Entries, each behind its length.
    Entries,
    /// Hashes of level n: of entries at 0, of whole tiles of the level below from there on.
    Hashes(u8),
}

/// A tile: what it holds, its place on its level, and how much of it is filled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Tile {
    shelf: Shelf,
    index: u64,
    width: u16,
}

/// A path that names no tile.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not the path of a tile; expected `tile/LEVEL/INDEX` or `tile/entries/INDEX`")]
pub struct TilePathError;

impl Tile {
    /// A tile; `None` where no tree has such a one.
    #[must_use]
    pub fn new(shelf: Shelf, index: u64, width: u16) -> Option<Self> {
        let level = shelf.level();
        let fits = (1..=TILE_WIDTH).contains(&width) && level < LEVELS;
        let end = u128::from(index).checked_mul(256)? + u128::from(width);
        (fits && end << (8 * u32::from(level)) <= u128::from(MAX_TREE_SIZE)).then_some(Self { shelf, index, width })
    }

    /// The tile at a place in a tree of `size` entries, as wide as it is there; `None` if it is empty.
    #[must_use]
    pub fn in_tree(size: u64, shelf: Shelf, index: u64) -> Option<Self> {
        let on_level = size.checked_shr(8 * u32::from(shelf.level()))?;
        let left = on_level.checked_sub(index.checked_mul(256)?)?;
        Self::new(shelf, index, u16::try_from(left.min(256)).ok()?)
    }

    /// What it holds.
    #[must_use]
    pub const fn shelf(&self) -> Shelf {
        self.shelf
    }

    /// Its place on its level.
    #[must_use]
    pub const fn index(&self) -> u64 {
        self.index
    }

    /// How many hashes or entries it holds: 1 to 256.
    #[must_use]
    pub const fn width(&self) -> u16 {
        self.width
    }

    /// Whether it will not change any more.
    #[must_use]
    pub const fn is_full(&self) -> bool {
        self.width == TILE_WIDTH
    }

    /// Whether it holds hashes of entries.
    pub(crate) const fn is_leaves(&self) -> bool {
        matches!(self.shelf, Shelf::Hashes(0))
    }

    /// The same tile once it is full; `None` at the very end of the largest tree.
    #[must_use]
    pub fn when_full(&self) -> Option<Self> {
        Self::new(self.shelf, self.index, TILE_WIDTH)
    }

    /// Every tile of hashes and bundle of entries that a log of `new` entries has and one of `old` entries had not,
    /// partial ones included: what a publisher writes, entries first and the top of the tree last.
    #[must_use]
    pub fn between(old: u64, new: u64) -> Vec<Self> {
        let mut tiles = Vec::new();
        for shelf in [Shelf::Entries].into_iter().chain((0..LEVELS).map(Shelf::Hashes)) {
            let shift = 8 * u32::from(shelf.level());
            let (from, to) = (old >> shift, new >> shift);
            if from < to {
                tiles.extend((from / 256..to.div_ceil(256)).filter_map(|index| Self::in_tree(new, shelf, index)));
            }
        }
        tiles
    }
}

impl Shelf {
    const fn level(self) -> u8 {
        match self {
            Self::Entries => 0,
            Self::Hashes(level) => level,
        }
    }
}

impl fmt::Display for Tile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.shelf {
            Shelf::Entries => f.write_str("tile/entries/")?,
            Shelf::Hashes(level) => write!(f, "tile/{level}/")?,
        }
        let mut groups = vec![self.index % 1000];
        let mut left = self.index / 1000;
        while left > 0 {
            groups.push(left % 1000);
            left /= 1000;
        }
        for group in groups[1..].iter().rev() {
            write!(f, "x{group:03}/")?;
        }
        write!(f, "{:03}", groups[0])?;
        if self.is_full() { Ok(()) } else { write!(f, ".p/{}", self.width) }
    }
}

impl FromStr for Tile {
    type Err = TilePathError;

    /// Reads a path, also one that came in a request: only the spelling that [`Tile`] writes is one.
    fn from_str(path: &str) -> Result<Self, TilePathError> {
        let tile = parse(path).ok_or(TilePathError)?;
        if tile.to_string() == path { Ok(tile) } else { Err(TilePathError) }
    }
}

fn parse(path: &str) -> Option<Tile> {
    let (shelf, rest) = path.strip_prefix("tile/")?.split_once('/')?;
    let shelf = match shelf {
        "entries" => Shelf::Entries,
        level => Shelf::Hashes(u8::try_from(decimal(level)?).ok()?),
    };
    let (rest, width) = match rest.split_once(".p/") {
        Some((rest, width)) => (rest, u16::try_from(decimal(width)?).ok().filter(|w| *w < TILE_WIDTH)?),
        None => (rest, TILE_WIDTH),
    };
    let mut index: u64 = 0;
    for group in rest.split('/') {
        let digits = group.strip_prefix('x').unwrap_or(group);
        if digits.len() != 3 || !digits.bytes().all(|b| b.is_ascii_digit()) {
            return None;
        }
        index = index.checked_mul(1000)?.checked_add(digits.parse().ok()?)?;
    }
    Tile::new(shelf, index, width)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tile(shelf: Shelf, index: u64, width: u16) -> Tile {
        Tile::new(shelf, index, width).unwrap()
    }

    #[test]
    fn paths_of_the_specification() {
        for (tile, path) in [
            (tile(Shelf::Hashes(0), 1_234_067, 256), "tile/0/x001/x234/067"),
            (tile(Shelf::Hashes(3), 0, 1), "tile/3/000.p/1"),
            (tile(Shelf::Entries, 1000, 255), "tile/entries/x001/000.p/255"),
            (tile(Shelf::Entries, 999, 256), "tile/entries/999"),
        ] {
            assert_eq!(tile.to_string(), path);
            assert_eq!(path.parse::<Tile>().unwrap(), tile);
        }
    }

    #[test]
    fn other_spellings_are_refused() {
        for path in [
            "",
            "tile/",
            "tile/0",
            "tile/0/",
            "tile/0/0",
            "tile/0/00",
            "tile/0/0000",
            "tile/0/x000/000",
            "tile/0/001/000",
            "tile/0/x001",
            "tile/0/x001/x000",
            "tile/00/000",
            "tile/+0/000",
            "tile/-1/000",
            "tile/8/000",
            "tile/64/000",
            "tile/256/000",
            "tile/0/000.p/0",
            "tile/0/000.p/00",
            "tile/0/000.p/01",
            "tile/0/000.p/256",
            "tile/0/000.p/",
            "tile/0/000.p",
            "tile/0/000.p/1/",
            "tile/0/000.p/1.p/1",
            "tile/data/000",
            "tile/0/../000",
            "tile/0//000",
            "/tile/0/000",
            "tile/0/000 ",
            "tile/0/x018/x446/x744/x073/x709/x551/615",
            "tile/0/x999/x999/x999/x999/x999/x999/x999/x999/999",
            "tile/0/\u{661}\u{661}\u{661}",
        ] {
            assert_eq!(path.parse::<Tile>(), Err(TilePathError), "{path:?}");
        }
    }

    #[test]
    fn the_tree_of_70_000_entries_of_the_specification() {
        let tiles = Tile::between(0, 70_000);
        let of = |level| tiles.iter().filter(|t| t.shelf() == Shelf::Hashes(level)).collect::<Vec<_>>();
        assert_eq!((of(0).len(), of(0)[273].width()), (274, 112));
        assert_eq!((of(1).len(), of(1)[1].width()), (2, 17));
        assert_eq!((of(2).len(), of(2)[0].width()), (1, 1));
        assert!(of(3).is_empty());
        let of_256: Vec<_> = Tile::between(0, 256).iter().map(ToString::to_string).collect();
        assert_eq!(of_256, ["tile/entries/000", "tile/0/000", "tile/1/000.p/1"]);
    }

    #[test]
    fn growing_writes_what_is_new() {
        assert!(Tile::between(70_000, 70_000).is_empty());
        let grown: Vec<_> = Tile::between(255, 257).iter().map(ToString::to_string).collect();
        let expected = ["tile/entries/000", "tile/entries/001.p/1", "tile/0/000", "tile/0/001.p/1", "tile/1/000.p/1"];
        assert_eq!(grown, expected);
        assert_eq!(Tile::between(256, 257).len(), 2);
    }

    #[test]
    fn no_tree_is_so_large() {
        assert!(Tile::new(Shelf::Hashes(7), 0, 128).is_none());
        assert!(Tile::new(Shelf::Hashes(7), 0, 127).is_some());
        assert!(Tile::new(Shelf::Entries, u64::MAX, 1).is_none());
        assert!(Tile::new(Shelf::Hashes(0), 0, 0).is_none());
        assert!(Tile::new(Shelf::Hashes(0), 0, 257).is_none());
        assert!(Tile::in_tree(256, Shelf::Hashes(0), 1).is_none());
        assert!(Tile::in_tree(0, Shelf::Entries, 0).is_none());
    }
}

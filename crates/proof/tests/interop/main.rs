//! The formats against other people's implementations of them, in both directions: what we make, they accept; what
//! they make, we accept; and what is broken, both refuse.

#![expect(clippy::unwrap_used, reason = "helpers of tests")]

mod browser;
mod golang;
mod hostile;
mod published;
mod python;
mod tool;
mod vectors;

use std::collections::BTreeMap;

use mandat_proof::{Digest, Shelf, StoredTree, Tile, TileEdge, leaf_hash};

/// Sizes at which trees change shape.
const SIZES: [u64; 14] = [1, 2, 3, 4, 5, 7, 8, 9, 255, 256, 257, 511, 700, 1023];

/// Entry number `index` of the logs that all implementations build.
fn entry(index: u64) -> Vec<u8> {
    format!("entry {index}\n").into_bytes()
}

/// A log of ours, published at every size it ever had.
struct Log {
    roots: Vec<Digest>,
    tiles: BTreeMap<String, Vec<u8>>,
}

impl Log {
    fn new(size: u64) -> Self {
        let mut edge = TileEdge::new();
        let (mut roots, mut tiles) = (vec![edge.root()], BTreeMap::new());
        let bytes = |hashes: &[Digest]| hashes.iter().flat_map(|hash| hash.0).collect::<Vec<u8>>();
        for index in 0..size {
            edge.push(leaf_hash(&entry(index)), &mut |tile, hashes| {
                tiles.insert(tile.to_string(), bytes(hashes));
            });
            tiles.extend(edge.partial().iter().map(|(tile, hashes)| (tile.to_string(), bytes(hashes))));
            roots.push(edge.root());
        }
        Self { roots, tiles }
    }

    fn root(&self, size: u64) -> Digest {
        self.roots[size as usize]
    }

    fn inclusion(&self, index: u64, size: u64) -> Vec<Digest> {
        let mut read = |tile: &Tile| Ok(self.tiles.get(&tile.to_string()).cloned());
        StoredTree::new(size, self.root(size), &mut read).inclusion(index).unwrap().1
    }

    fn consistency(&self, old: u64, size: u64) -> Vec<Digest> {
        let mut read = |tile: &Tile| Ok(self.tiles.get(&tile.to_string()).cloned());
        StoredTree::new(size, self.root(size), &mut read).consistency(old).unwrap().1
    }
}

/// Paths of the tiles of hashes that a log must write when it grows.
fn new_tiles(old: u64, new: u64) -> Vec<String> {
    let tiles = Tile::between(old, new).into_iter().filter(|tile| tile.shelf() != Shelf::Entries);
    tiles.map(|tile| tile.to_string()).collect()
}

/// Indexes to try in a tree: its ends, and where tiles meet.
fn probes(size: u64) -> Vec<u64> {
    let mut probes = vec![0, 1, size / 2, size.saturating_sub(2), size - 1, 255, 256, 257];
    probes.retain(|index| *index < size);
    probes.sort_unstable();
    probes.dedup();
    probes
}

fn flipped(path: &[Digest], at: usize) -> Vec<Digest> {
    let mut path = path.to_vec();
    path[at].0[at % 32] ^= 1;
    path
}

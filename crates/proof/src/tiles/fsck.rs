//! Reading a whole log and holding everything against everything: entries, tiles, root.

use crate::digest::Digest;
use crate::merkle::{ReadError, leaf_hash};
use crate::tiles::edge::tile_bytes;
use crate::tiles::{ReadTile, Shelf, Tile, TileEdge, read_bundle};

/// What a whole log was found to hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub struct Fsck {
    /// Entries that were hashed.
    pub entries: u64,
    /// Tiles and bundles that were read.
    pub tiles: u64,
}

/// Hashes every entry of a log anew and compares all tiles and the root with the result.
///
/// `entry` is handed each entry with its index, once its bundle agrees with its tile.
///
/// # Errors
/// [`ReadError`] names the first file that is missing, cannot be read, or does not agree.
pub fn check_tiles(
    size: u64,
    root: &Digest,
    read: ReadTile<'_>,
    entry: &mut dyn FnMut(u64, &[u8]),
) -> Result<Fsck, ReadError> {
    let mut edge = TileEdge::new();
    let mut found = Fsck { entries: 0, tiles: 0 };
    for index in 0..size.div_ceil(256) {
        let bundle = Tile::in_tree(size, Shelf::Entries, index).expect("bug: a bundle inside the tree");
        let bytes = fetch(&bundle, read)?;
        let damaged = |why: &dyn std::fmt::Display| damaged(&bundle, why);
        let entries = read_bundle(&bytes, bundle.width()).map_err(|err| damaged(&err))?;
        let mut full = Vec::new();
        for bytes in &entries {
            edge.push(leaf_hash(bytes), &mut |tile, hashes| full.push((tile, tile_bytes(hashes))));
        }
        found.tiles += 1;
        for (tile, expected) in full {
            compare(&tile, &expected, read, &mut found)?;
        }
        for (bytes, at) in entries.iter().zip(found.entries..) {
            entry(at, bytes);
        }
        found.entries += entries.len() as u64;
    }
    for (tile, hashes) in edge.partial() {
        compare(&tile, &tile_bytes(hashes), read, &mut found)?;
    }
    if edge.root() != *root {
        let why = "the entries lead to another root than the checkpoint's".to_owned();
        return Err(ReadError::Damaged { what: "checkpoint".to_owned(), why });
    }
    Ok(found)
}

fn compare(tile: &Tile, expected: &[u8], read: ReadTile<'_>, found: &mut Fsck) -> Result<(), ReadError> {
    found.tiles += 1;
    if fetch(tile, read)? == expected { Ok(()) } else { Err(damaged(tile, &"it does not follow from the entries")) }
}

fn fetch(tile: &Tile, read: ReadTile<'_>) -> Result<Vec<u8>, ReadError> {
    let what = || tile.to_string();
    let bytes = read(tile).map_err(|why| ReadError::Failed { what: what(), why })?;
    bytes.ok_or_else(|| ReadError::Absent { what: what() })
}

fn damaged(tile: &Tile, why: &dyn std::fmt::Display) -> ReadError {
    ReadError::Damaged { what: tile.to_string(), why: why.to_string() }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::tiles::write_bundle;

    fn log(size: u64) -> (BTreeMap<String, Vec<u8>>, Digest) {
        let entries: Vec<_> = (0..size).map(u64::to_be_bytes).collect();
        let (mut files, mut edge) = (BTreeMap::new(), TileEdge::new());
        for entry in &entries {
            edge.push(leaf_hash(entry), &mut |tile, hashes| {
                files.insert(tile.to_string(), tile_bytes(hashes));
            });
        }
        files.extend(edge.partial().iter().map(|(tile, hashes)| (tile.to_string(), tile_bytes(hashes))));
        for (index, chunk) in entries.chunks(256).enumerate() {
            let tile = Tile::in_tree(size, Shelf::Entries, index as u64).unwrap();
            let refs: Vec<_> = chunk.iter().map(<[u8; 8]>::as_slice).collect();
            files.insert(tile.to_string(), write_bundle(&refs).unwrap());
        }
        (files, edge.root())
    }

    #[test]
    fn a_whole_log_is_read_once_and_agrees() {
        for size in [0, 1, 256, 700] {
            let (files, root) = log(size);
            let mut seen = 0;
            let mut read = |tile: &Tile| Ok(files.get(&tile.to_string()).cloned());
            let found = check_tiles(size, &root, &mut read, &mut |at, entry| {
                assert_eq!(entry, at.to_be_bytes());
                seen += 1;
            });
            assert_eq!(found.unwrap(), Fsck { entries: size, tiles: files.len() as u64 });
            assert_eq!(seen, size);
        }
    }

    #[test]
    fn every_flipped_byte_of_every_file_is_found() {
        let (files, root) = log(300);
        for (path, bytes) in &files {
            for at in (0..bytes.len()).step_by(37).chain([bytes.len() - 1]) {
                let mut bad = files.clone();
                bad.get_mut(path).unwrap()[at] ^= 0x10;
                let mut read = |tile: &Tile| Ok(bad.get(&tile.to_string()).cloned());
                let found = check_tiles(300, &root, &mut read, &mut |_, _| {});
                assert!(matches!(found, Err(ReadError::Damaged { .. })), "{path} {at}");
            }
            let mut gone =
                |tile: &Tile| Ok(files.get(&tile.to_string()).filter(|_| tile.to_string() != *path).cloned());
            assert!(matches!(check_tiles(300, &root, &mut gone, &mut |_, _| {}), Err(ReadError::Absent { .. })));
        }
        let mut read = |tile: &Tile| Ok(files.get(&tile.to_string()).cloned());
        assert!(check_tiles(300, &leaf_hash(b""), &mut read, &mut |_, _| {}).is_err());
    }
}

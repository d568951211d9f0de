//! A tree on disk: `KIND.rows` and `KIND.tiles`, where KIND is `persons` or `records`.
//!
//! Rows: the sentinel, then the members in order, 36 bytes each. Tiles: in the order in which they fill, each behind
//! its level (u8), its place (u64) and its width (u16), big-endian; leaf hashes are made anew from rows. Neither file
//! has to be believed: what they give is held against the root in `content.json`.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufReader, BufWriter, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use mandat_proof::{
    Digest, Hasher, Member, MemberBlock, MemberKind, MemberProof, MemberTree, MembersBuilder, MembersError,
    MembersRoot, ROW_BYTES, ReadError, Shelf, Tile, Token, build_members,
};
use rayon::prelude::*;

use crate::build::{BuildError, Store};
use crate::durable;
use crate::input::digest_file;
use crate::members::sort::Sorter;

/// Rows that are hashed as one piece of work: whole tiles.
const BLOCK: usize = 1 << 12;
/// Bytes in front of a tile.
const HEAD: usize = 11;

/// What was written.
pub(super) struct Written {
    pub(super) root: MembersRoot,
    pub(super) files: Vec<(PathBuf, String)>,
}

/// The word of a kind in file names.
const fn word(kind: MemberKind) -> &'static str {
    match kind {
        MemberKind::Person => "persons",
        MemberKind::Record => "records",
    }
}

/// Writes the tree of sorted members, a part at a time.
///
/// # Errors
/// [`MembersError::Order`] when two members have one token, or when files cannot be written.
pub(super) fn write(store: &Store, sorter: Sorter, kind: MemberKind) -> Result<Written, BuildError> {
    let names = ["rows", "tiles"].map(|what| format!("{}.{what}", word(kind)));
    let mut rows = Out::create(store, &names[0])?;
    let mut tiles = Out::create(store, &names[1])?;
    let mut builder = MembersBuilder::new();
    let mut waiting = vec![Member::SENTINEL];
    for part in sorter.sorted() {
        waiting.extend(part?);
        // The last block waits for the row after it.
        let ready = waiting.len().saturating_sub(1) / BLOCK * BLOCK;
        hash(&waiting[..ready], waiting[ready].token, &mut builder, &mut rows, &mut tiles)?;
        waiting.drain(..ready);
    }
    hash(&waiting, Token::HIGH, &mut builder, &mut rows, &mut tiles)?;
    let mut tail = Vec::new();
    let root = builder.finish(&mut |tile, hashes| tail.extend(tile_record(&tile, hashes)))?;
    tiles.write(&tail)?;
    let [first, second] = names;
    Ok(Written { root, files: vec![(rows.finish()?, first), (tiles.finish()?, second)] })
}

fn hash(
    rows: &[Member],
    next: Token,
    builder: &mut MembersBuilder,
    out: &mut Out,
    tiles: &mut Out,
) -> Result<(), BuildError> {
    let after = |block: usize| rows.get((block + 1) * BLOCK).map_or(next, |row| row.token);
    let blocks: Vec<MemberBlock> = rows
        .par_chunks(BLOCK)
        .enumerate()
        .map(|(at, rows)| MemberBlock::hash(rows, after(at)))
        .collect::<Result<_, MembersError>>()?;
    let mut filled = Vec::new();
    for block in &blocks {
        builder.push(block, &mut |tile, hashes| filled.extend(tile_record(&tile, hashes)))?;
    }
    tiles.write(&filled)?;
    rows.iter().try_for_each(|row| out.write(&row.to_bytes()))
}

fn tile_record(tile: &Tile, hashes: &[Digest]) -> Vec<u8> {
    let Shelf::Hashes(level) = tile.shelf() else { unreachable!("bug: a tree of members has no entries") };
    let mut out = vec![level];
    out.extend(tile.index().to_be_bytes());
    out.extend(tile.width().to_be_bytes());
    hashes.iter().for_each(|hash| out.extend(hash.0));
    out
}

/// A scratch file being written.
struct Out {
    path: PathBuf,
    file: BufWriter<File>,
}

impl Out {
    fn create(store: &Store, name: &str) -> Result<Self, BuildError> {
        let path = store.scratch(name)?;
        let file = durable::private().write(true).create_new(true).open(&path);
        let file = file.map_err(|source| BuildError::io("create", &path, source))?;
        Ok(Self { file: BufWriter::with_capacity(1 << 18, file), path })
    }

    fn write(&mut self, bytes: &[u8]) -> Result<(), BuildError> {
        self.file.write_all(bytes).map_err(|source| BuildError::io("write", &self.path, source))
    }

    fn finish(self) -> Result<PathBuf, BuildError> {
        let synced = self.file.into_inner().map_err(std::io::IntoInnerError::into_error).and_then(|f| f.sync_all());
        synced.map_err(|source| BuildError::io("sync", &self.path, source))?;
        Ok(self.path)
    }
}

/// Why a stored tree is not the one that a revision commits to.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TreeFault {
    /// A file cannot be read.
    #[error("cannot read `{path}`; restore it from a backup")]
    Unread {
        /// Which one.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// Its length is not that of so many members.
    #[error("`{path}` does not hold {members} members; restore it from a backup")]
    Length {
        /// Which one.
        path: PathBuf,
        /// Members that `content.json` counts.
        members: u64,
    },
    /// A token that does not rise.
    #[error("`{path}`: {why}")]
    Order {
        /// Which file.
        path: PathBuf,
        /// What is wrong with it.
        why: MembersError,
    },
    /// Another tree.
    #[error("`{path}` leads to another root than the revision's; restore it from a backup")]
    Root {
        /// Which file.
        path: PathBuf,
    },
    /// A proof could not be made.
    #[error("cannot make a proof from `{path}`")]
    Proof {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: ReadError,
    },
}

/// The files of one tree of a revision.
#[derive(Debug, Clone)]
pub struct MemberFiles {
    rows: PathBuf,
    tiles: PathBuf,
    root: MembersRoot,
}

impl MemberFiles {
    /// The tree of a kind in a revision's folder of members, and the root it must lead to.
    #[must_use]
    pub fn new(folder: &Path, kind: MemberKind, root: MembersRoot) -> Self {
        let path = |what: &str| folder.join(format!("{}.{what}", word(kind)));
        Self { rows: path("rows"), tiles: path("tiles"), root }
    }

    /// Proves that a token is in the tree, or that it is not.
    ///
    /// # Errors
    /// [`TreeFault`] when the files are gone or do not lead to the root.
    pub fn prove(&self, token: &Token) -> Result<MemberProof, TreeFault> {
        let places = self.places()?;
        let mut file = self.open(&self.rows)?;
        let mut hashes = self.open(&self.tiles)?;
        let mut rows = |first: u64, count: u64| read_at(&mut file, bytes(first), bytes(count));
        let mut tiles = |tile: &Tile| {
            let Some(at) = places.get(tile) else { return Ok(None) };
            read_at(&mut hashes, *at, u64::from(tile.width()) * 32).map(Some)
        };
        let made = MemberTree::new(self.root, &mut rows, &mut tiles).prove(token);
        made.map_err(|source| TreeFault::Proof { path: self.rows.clone(), source })
    }

    /// Walks over all rows: whether they are as many as counted, rise strictly, and lead to the root; what an auditor does.
    ///
    /// # Errors
    /// [`TreeFault`] at the first thing that is wrong.
    pub fn walk(&self) -> Result<(), TreeFault> {
        let file = self.check_length()?;
        let unread = |source| TreeFault::Unread { path: self.rows.clone(), source };
        let mut reader = BufReader::with_capacity(1 << 18, file);
        let mut failed = None;
        let mut next = || {
            let mut row = [0; ROW_BYTES];
            match reader.read_exact(&mut row) {
                Ok(()) => Some(Member::from_bytes(&row)),
                Err(error) => {
                    failed = Some(error);
                    None
                }
            }
        };
        let sentinel = next();
        let members = (0..self.root.members).map_while(|_| next());
        let mut made = Hasher::new();
        let built = build_members(members, &mut |tile, hashes| made.update(&tile_record(&tile, hashes)));
        if let Some(source) = failed {
            return Err(unread(source));
        }
        let built = built.map_err(|why| TreeFault::Order { path: self.rows.clone(), why })?;
        if sentinel != Some(Member::SENTINEL) || built != self.root {
            return Err(TreeFault::Root { path: self.rows.clone() });
        }
        let stored =
            digest_file(&self.tiles).map_err(|source| TreeFault::Unread { path: self.tiles.clone(), source })?;
        if stored.0 == made.finish() { Ok(()) } else { Err(TreeFault::Root { path: self.tiles.clone() }) }
    }

    /// Whether there are as many rows as counted; gives the file.
    ///
    /// # Errors
    /// [`TreeFault`] when there are not.
    pub fn check_length(&self) -> Result<File, TreeFault> {
        let file = self.open(&self.rows)?;
        let length = file.metadata().map_err(|source| TreeFault::Unread { path: self.rows.clone(), source })?.len();
        if length == bytes(self.root.leaves()) {
            Ok(file)
        } else {
            Err(TreeFault::Length { path: self.rows.clone(), members: self.root.members })
        }
    }

    /// The root that they must lead to.
    #[must_use]
    pub const fn root(&self) -> &MembersRoot {
        &self.root
    }

    /// Name of the file with the rows.
    #[must_use]
    pub fn name(&self) -> PathBuf {
        self.rows.file_name().map(PathBuf::from).unwrap_or_default()
    }

    /// Where each tile's hashes begin.
    fn places(&self) -> Result<BTreeMap<Tile, u64>, TreeFault> {
        let file = self.open(&self.tiles)?;
        let unread = |source| TreeFault::Unread { path: self.tiles.clone(), source };
        let length = file.metadata().map_err(unread)?.len();
        let mut reader = BufReader::with_capacity(64, file);
        let (mut places, mut at) = (BTreeMap::new(), 0);
        while at < length {
            let mut head = [0; HEAD];
            reader.read_exact(&mut head).map_err(unread)?;
            let index = u64::from_be_bytes(head[1..9].try_into().expect("8 of 11 bytes"));
            let width = u16::from_be_bytes([head[9], head[10]]);
            at += HEAD as u64;
            if let Some(tile) = Tile::new(Shelf::Hashes(head[0]), index, width) {
                places.insert(tile, at);
            }
            at += u64::from(width) * 32;
            reader.seek_relative(i64::from(width) * 32).map_err(unread)?;
        }
        Ok(places)
    }

    fn open(&self, path: &Path) -> Result<File, TreeFault> {
        File::open(path).map_err(|source| TreeFault::Unread { path: path.to_owned(), source })
    }
}

/// Bytes of so many rows; a number that no file can have where there is no such number.
const fn bytes(rows: u64) -> u64 {
    rows.saturating_mul(ROW_BYTES as u64)
}

fn read_at(file: &mut File, at: u64, count: u64) -> Result<Vec<u8>, String> {
    let count = usize::try_from(count).map_err(|_| "too much at once".to_owned())?;
    let mut bytes = vec![0; count];
    let read = file.seek(SeekFrom::Start(at)).and_then(|_| file.read_exact(&mut bytes));
    read.map(|()| bytes).map_err(|error| error.to_string())
}

//! External sort of encoded rows by (person, created_at, id, version).
//!
//! Rows are kept encoded in arenas, beside a key of 32 bytes each. When they outgrow the limit they
//! are sorted and spilled to a file; in the end all files are merged. Nothing is copied while
//! everything fits.

use std::cmp::Ordering;
use std::collections::BinaryHeap;
use std::collections::binary_heap::PeekMut;
use std::fs::{self, File};
use std::io::{self, BufReader, BufWriter, Read, Write};
use std::path::{Path, PathBuf};

use mandat_core::proof::PersonKey;
use rayon::slice::ParallelSliceMut;

use super::row::{self, Row};
use crate::durable;

/// Files merged at a time; more are first merged into one.
const FAN_IN: usize = 64;

/// Where a row lies, and what it sorts by first.
#[derive(Debug, Clone, Copy)]
pub struct Key {
    person: u128,
    created_at: i64,
    arena: u32,
    at: u32,
}

/// Rows of one piece of input.
#[derive(Debug, Default)]
pub struct Rows {
    arena: Vec<u8>,
    keys: Vec<Key>,
    /// Bytes of text in them.
    pub text: u64,
}

impl Rows {
    /// Adds a row.
    pub fn push(&mut self, row: &Row<'_>) {
        let at = self.arena.len();
        self.text += row.text.map_or(0, str::len) as u64;
        self.arena.extend([0; 4]);
        row.encode(&mut self.arena);
        let size = u32::try_from(self.arena.len() - at - 4).expect("a piece is below 4 GiB");
        self.arena[at..at + 4].copy_from_slice(&size.to_le_bytes());
        let at = u32::try_from(at).expect("a piece is below 4 GiB");
        self.keys.push(Key { person: row.person.0, created_at: row.created_at, arena: 0, at });
    }

    /// How many there are.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.keys.len()
    }

    /// Whether there are none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }
}

/// Takes pieces in any order and gives their rows in run order.
pub struct RowSorter {
    dir: PathBuf,
    limit: usize,
    held: usize,
    arenas: Vec<Vec<u8>>,
    keys: Vec<Key>,
    spills: Vec<PathBuf>,
    count: usize,
}

impl RowSorter {
    /// A sorter that holds about `limit` bytes and spills to files in `dir`.
    #[must_use]
    pub fn new(dir: &Path, limit: usize) -> Self {
        let dir = dir.to_owned();
        Self { dir, limit, held: 0, arenas: Vec::new(), keys: Vec::new(), spills: Vec::new(), count: 0 }
    }

    /// Adds a piece.
    ///
    /// # Errors
    /// If a spill cannot be written.
    pub fn add(&mut self, mut rows: Rows) -> io::Result<()> {
        if rows.is_empty() {
            return Ok(());
        }
        rows.arena.shrink_to_fit();
        let size = rows.arena.capacity() + rows.keys.len() * size_of::<Key>() * 2;
        if self.held > 0 && self.held + size > self.limit {
            self.spill()?;
        }
        let arena = u32::try_from(self.arenas.len()).expect("fewer than u32 pieces in memory");
        self.keys.extend(rows.keys.iter().map(|k| Key { arena, ..*k }));
        self.arenas.push(rows.arena);
        self.held += size;
        Ok(())
    }

    fn sort(&mut self) {
        let arenas = &self.arenas;
        self.keys.par_sort_unstable_by(|a, b| {
            (a.person, a.created_at)
                .cmp(&(b.person, b.created_at))
                .then_with(|| row::compare(a.created_at, blob(arenas, a), blob(arenas, b)))
        });
    }

    fn spill(&mut self) -> io::Result<()> {
        self.sort();
        let mut out = self.new_spill()?;
        for key in &self.keys {
            write_entry(&mut out, key.person, key.created_at, blob(&self.arenas, key))?;
        }
        out.flush()?;
        self.keys = Vec::new();
        self.arenas = Vec::new();
        self.held = 0;
        if self.spills.len() == FAN_IN { self.fold() } else { Ok(()) }
    }

    fn new_spill(&mut self) -> io::Result<BufWriter<File>> {
        let path = self.dir.join(format!("rows-{:06}", self.count));
        self.count += 1;
        self.spills.push(path.clone());
        Ok(BufWriter::with_capacity(1 << 19, durable::private().write(true).create_new(true).open(path)?))
    }

    /// Merges all spills into one.
    fn fold(&mut self) -> io::Result<()> {
        let old = std::mem::take(&mut self.spills);
        let mut out = self.new_spill()?;
        let mut heap = open_all(&old)?;
        while let Some(mut head) = heap.peek_mut() {
            write_entry(&mut out, head.person, head.created_at, &head.blob)?;
            if !head.advance()? {
                PeekMut::pop(head);
            }
        }
        out.flush()?;
        old.iter().try_for_each(fs::remove_file)
    }

    /// Sorts what is left; rows are then taken one by one.
    ///
    /// # Errors
    /// If a spill cannot be written or read.
    pub fn sorted(mut self) -> io::Result<Sorted> {
        if self.spills.is_empty() {
            self.sort();
            return Ok(Sorted::Held { arenas: self.arenas, keys: self.keys.into_iter() });
        }
        self.spill()?;
        Ok(Sorted::Spilled { heap: open_all(&self.spills)?, begun: false })
    }
}

/// Rows in run order.
pub enum Sorted {
    /// All in memory.
    Held {
        /// Their bytes.
        arenas: Vec<Vec<u8>>,
        /// Their places, in order.
        keys: std::vec::IntoIter<Key>,
    },
    /// In files that are merged.
    Spilled {
        /// The next row of each file.
        heap: BinaryHeap<Head>,
        /// Whether the greatest of the heap was handed over.
        begun: bool,
    },
}

impl Sorted {
    /// The next row.
    ///
    /// # Errors
    /// If a spill cannot be read.
    #[expect(clippy::should_implement_trait, reason = "the row borrows from what holds it")]
    pub fn next(&mut self) -> io::Result<Option<Row<'_>>> {
        match self {
            Self::Held { arenas, keys } => {
                Ok(keys.next().map(|k| row::decode(PersonKey(k.person), k.created_at, blob(arenas, &k))))
            }
            Self::Spilled { heap, begun } => {
                if std::mem::replace(begun, true)
                    && let Some(mut head) = heap.peek_mut()
                    && !head.advance()?
                {
                    PeekMut::pop(head);
                }
                Ok(heap.peek().map(|h| row::decode(PersonKey(h.person), h.created_at, &h.blob)))
            }
        }
    }
}

fn blob<'a>(arenas: &'a [Vec<u8>], key: &Key) -> &'a [u8] {
    let arena = &arenas[key.arena as usize][key.at as usize..];
    let size = u32::from_le_bytes(arena[..4].try_into().expect("four bytes")) as usize;
    &arena[4..4 + size]
}

fn write_entry(out: &mut impl Write, person: u128, created_at: i64, blob: &[u8]) -> io::Result<()> {
    out.write_all(&person.to_be_bytes())?;
    out.write_all(&created_at.to_be_bytes())?;
    out.write_all(&u32::try_from(blob.len()).expect("a row is below 4 GiB").to_be_bytes())?;
    out.write_all(blob)
}

fn open_all(paths: &[PathBuf]) -> io::Result<BinaryHeap<Head>> {
    let mut heap = BinaryHeap::with_capacity(paths.len());
    for path in paths {
        let file = BufReader::with_capacity(1 << 17, File::open(path)?);
        let mut head = Head { person: 0, created_at: 0, blob: Vec::new(), file };
        if head.advance()? {
            heap.push(head);
        }
    }
    Ok(heap)
}

/// The next row of a spill; the heap's greatest is the row that comes first.
pub struct Head {
    person: u128,
    created_at: i64,
    blob: Vec<u8>,
    file: BufReader<File>,
}

impl Head {
    fn advance(&mut self) -> io::Result<bool> {
        let mut fixed = [0; 28];
        match self.file.read_exact(&mut fixed) {
            Err(e) if e.kind() == io::ErrorKind::UnexpectedEof => return Ok(false),
            other => other?,
        }
        self.person = u128::from_be_bytes(fixed[..16].try_into().expect("sixteen bytes"));
        self.created_at = i64::from_be_bytes(fixed[16..24].try_into().expect("eight bytes"));
        let size = u32::from_be_bytes(fixed[24..].try_into().expect("four bytes"));
        self.blob.resize(size as usize, 0);
        self.file.read_exact(&mut self.blob)?;
        Ok(true)
    }
}

impl Ord for Head {
    fn cmp(&self, other: &Self) -> Ordering {
        (other.person, other.created_at)
            .cmp(&(self.person, self.created_at))
            .then_with(|| row::compare(self.created_at, &other.blob, &self.blob))
    }
}

impl PartialOrd for Head {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Head {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Head {}

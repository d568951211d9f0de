//! Files of entries of one width, sorted by their bytes: the indexes of the vault.
//!
//! Keys in them are keyed hashes, spread evenly; a cursor walks forward and leaps by bisection, so
//! that a small batch looks up its keys in a large index without reading it all.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::fs::File;
use std::io::{self, BufWriter, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use crate::durable::{HashedFile, Written};

/// Bytes that a cursor reads at a time.
const BUFFER: usize = 1 << 16;

/// Sorts entries within a memory limit.
pub struct Sorter<const W: usize> {
    dir: PathBuf,
    limit: usize,
    buffer: Vec<[u8; W]>,
    spills: Vec<PathBuf>,
}

impl<const W: usize> Sorter<W> {
    /// A sorter that holds about `memory` bytes and spills to files in `dir`.
    #[must_use]
    pub fn new(dir: &Path, memory: usize) -> Self {
        Self { dir: dir.to_owned(), limit: (memory / W).max(1024), buffer: Vec::new(), spills: Vec::new() }
    }

    /// Adds an entry.
    ///
    /// # Errors
    /// If a spill cannot be written.
    pub fn push(&mut self, entry: [u8; W]) -> io::Result<()> {
        if self.buffer.len() == self.limit {
            self.spill()?;
        }
        if self.buffer.len() == self.buffer.capacity() {
            // Doubling would overshoot the limit.
            let more = self.buffer.len().max(1024).min(self.limit - self.buffer.len());
            self.buffer.reserve_exact(more);
        }
        self.buffer.push(entry);
        Ok(())
    }

    fn spill(&mut self) -> io::Result<()> {
        self.buffer.sort_unstable();
        let (file, path) = tempfile::Builder::new().prefix("sort-").tempfile_in(&self.dir)?.keep()?;
        let mut out = BufWriter::with_capacity(1 << 18, file);
        for entry in self.buffer.drain(..) {
            out.write_all(&entry)?;
        }
        out.flush()?;
        self.spills.push(path);
        Ok(())
    }

    /// Writes all entries in order to a new file, each one once, and flushes it to the disk.
    ///
    /// # Errors
    /// If a file cannot be read or written.
    pub fn finish(mut self, path: &Path) -> io::Result<Written> {
        let mut out = HashedFile::create_private(path)?;
        let mut last = None;
        let mut write = |entry: [u8; W]| {
            if last.replace(entry) == Some(entry) { Ok(()) } else { out.write_all(&entry) }
        };
        if self.spills.is_empty() {
            self.buffer.sort_unstable();
            self.buffer.into_iter().try_for_each(&mut write)?;
        } else {
            self.spill()?;
            drop(self.buffer);
            let cursors = self.spills.iter().map(|p| Cursor::open(p)).collect::<io::Result<Vec<_>>>()?;
            merge(cursors, |_, entry| write(entry))?;
            for spill in &self.spills {
                std::fs::remove_file(spill)?;
            }
        }
        out.finish()
    }
}

/// Walks sorted files together; `each` is told which file an entry comes from.
///
/// # Errors
/// What reading gives, or `each`.
pub fn merge<const W: usize>(
    mut cursors: Vec<Cursor<W>>,
    mut each: impl FnMut(usize, [u8; W]) -> io::Result<()>,
) -> io::Result<()> {
    let mut heap = BinaryHeap::new();
    for (i, cursor) in cursors.iter_mut().enumerate() {
        heap.extend(cursor.next()?.map(|e| Reverse((e, i))));
    }
    while let Some(Reverse((entry, i))) = heap.pop() {
        each(i, entry)?;
        heap.extend(cursors[i].next()?.map(|e| Reverse((e, i))));
    }
    Ok(())
}

/// A place in a sorted file; only moves forward.
pub struct Cursor<const W: usize> {
    file: File,
    /// Entries in the file.
    len: u64,
    /// Entry that `buffer` begins with.
    start: u64,
    buffer: Vec<u8>,
    /// Entries of `buffer` already passed.
    at: usize,
}

impl<const W: usize> Cursor<W> {
    /// Opens a file at its first entry.
    ///
    /// # Errors
    /// If it cannot be read, or its length is not a multiple of the width.
    pub fn open(path: &Path) -> io::Result<Self> {
        let file = File::open(path)?;
        let bytes = file.metadata()?.len();
        if bytes % W as u64 != 0 {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "the length is not a multiple of the entry width"));
        }
        Ok(Self { file, len: bytes / W as u64, start: 0, buffer: Vec::new(), at: 0 })
    }

    /// The next entry without moving.
    ///
    /// # Errors
    /// If the file cannot be read.
    pub fn peek(&mut self) -> io::Result<Option<[u8; W]>> {
        if self.at == self.buffer.len() / W && !self.fill(self.start + self.at as u64)? {
            return Ok(None);
        }
        Ok(Some(self.entry(self.at)))
    }

    /// The next entry.
    ///
    /// # Errors
    /// If the file cannot be read.
    #[expect(clippy::should_implement_trait, reason = "fallible: `Result<Option>` reads better than `Option<Result>`")]
    pub fn next(&mut self) -> io::Result<Option<[u8; W]>> {
        let entry = self.peek()?;
        self.at += usize::from(entry.is_some());
        Ok(entry)
    }

    /// The next entry if it begins with `key`.
    ///
    /// # Errors
    /// If the file cannot be read.
    pub fn next_if(&mut self, key: &[u8]) -> io::Result<Option<[u8; W]>> {
        let entry = self.peek()?.filter(|e| e.starts_with(key));
        self.at += usize::from(entry.is_some());
        Ok(entry)
    }

    /// Moves forward to the first entry whose head is not below `key`.
    ///
    /// # Errors
    /// If the file cannot be read.
    pub fn seek(&mut self, key: &[u8]) -> io::Result<()> {
        loop {
            let held = self.buffer.len() / W;
            if self.at < held && self.head(self.at, key.len()) >= key {
                return Ok(());
            }
            if held > 0 && self.head(held - 1, key.len()) >= key {
                let (mut low, mut high) = (self.at, held - 1);
                while low < high {
                    let mid = usize::midpoint(low, high);
                    if self.head(mid, key.len()) < key { low = mid + 1 } else { high = mid }
                }
                self.at = low;
                return Ok(());
            }
            if self.start + held as u64 == self.len {
                self.at = held;
                return Ok(());
            }
            let from = self.bisect(self.start + held as u64, key)?;
            if !self.fill(from)? {
                return Ok(());
            }
        }
    }

    /// Where to read next: the block after the current one, or the entry found by bisection beyond it.
    fn bisect(&mut self, from: u64, key: &[u8]) -> io::Result<u64> {
        let block = (BUFFER / W) as u64;
        let mut low = from;
        let mut high = self.len;
        if low + block >= high || self.read_head(low + block - 1, key.len())?.as_slice() >= key {
            return Ok(low);
        }
        low += block;
        while low < high {
            let mid = u64::midpoint(low, high);
            if self.read_head(mid, key.len())?.as_slice() < key { low = mid + 1 } else { high = mid }
        }
        Ok(low)
    }

    fn read_head(&mut self, entry: u64, bytes: usize) -> io::Result<Vec<u8>> {
        let mut head = vec![0; bytes];
        self.file.seek(SeekFrom::Start(entry * W as u64))?;
        self.file.read_exact(&mut head)?;
        Ok(head)
    }

    fn head(&self, at: usize, bytes: usize) -> &[u8] {
        &self.buffer[at * W..at * W + bytes]
    }

    fn entry(&self, at: usize) -> [u8; W] {
        self.buffer[at * W..(at + 1) * W].try_into().expect("an entry has its width")
    }

    /// Fills the buffer from an entry on; `false` at the end, where the buffer is left empty.
    fn fill(&mut self, from: u64) -> io::Result<bool> {
        let count = (self.len - from).min((BUFFER / W) as u64);
        if count == 0 && self.buffer.is_empty() {
            return Ok(false);
        }
        self.buffer.resize(usize::try_from(count).expect("a buffer fits") * W, 0);
        (self.start, self.at) = (from, 0);
        self.file.seek(SeekFrom::Start(from * W as u64))?;
        self.file.read_exact(&mut self.buffer)?;
        Ok(count > 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(n: u32) -> [u8; 8] {
        let mut e = [0; 8];
        e[..4].copy_from_slice(&n.to_be_bytes());
        e
    }

    #[test]
    fn sorts_beyond_memory_and_leaps_to_any_key() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("sorted");
        let mut sorter = Sorter::<8>::new(dir.path(), 1);
        for n in 0..50_000_u32 {
            sorter.push(entry(n.wrapping_mul(7919) % 50_000 * 2)).unwrap();
        }
        assert!(sorter.spills.len() > 10);
        sorter.finish(&path).unwrap();
        let mut all = Cursor::<8>::open(&path).unwrap();
        for n in 0..50_000 {
            assert_eq!(all.next().unwrap(), Some(entry(n * 2)));
        }
        assert_eq!(all.next().unwrap(), None);
        for step in [1, 3, 1000, 9000, 40_001] {
            let mut leaping = Cursor::<8>::open(&path).unwrap();
            for key in (0..99_999_u32).step_by(step) {
                leaping.seek(&key.to_be_bytes()).unwrap();
                assert_eq!(leaping.peek().unwrap(), Some(entry(key.next_multiple_of(2))).filter(|_| key <= 99_998));
            }
            leaping.seek(&100_000_u32.to_be_bytes()).unwrap();
            assert_eq!(leaping.next().unwrap(), None);
        }
    }
}

//! Brings entries with equal keys together: the exchange between the pass and the comparison.
//!
//! Entries are cut by the top bits of their key into partitions, in memory as long as they fit and
//! into files otherwise; then one partition at a time is sorted and handed over. Keys are hashes, so
//! partitions are even; one key that is very frequent makes one partition larger, and nothing else.

use std::fs::File;
use std::io::{self, BufWriter, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use rayon::prelude::*;

/// Partitions that threads can share when all of it fits into memory.
const IN_MEMORY_BITS: u32 = 6;
/// As many files as are open at once, at most.
const MOST_BITS: u32 = 9;

/// Entries of `W` bytes on their way to others that begin with the same key.
pub(super) struct Shuffle<const W: usize> {
    bits: u32,
    parts: Vec<Mutex<Part<W>>>,
}

enum Part<const W: usize> {
    Memory(Vec<[u8; W]>),
    File(PathBuf, BufWriter<File>),
}

impl<const W: usize> Shuffle<W> {
    /// A shuffle of about `entries` entries. Partitions that `threads` work on at once take about
    /// `memory` bytes; files are called `name` and a number, in `dir`.
    ///
    /// # Errors
    /// When files cannot be made.
    pub(super) fn new(dir: &Path, name: &str, entries: u64, memory: u64, threads: usize) -> io::Result<Self> {
        let bytes = entries * W as u64;
        if bytes <= memory {
            let part = || Mutex::new(Part::Memory(Vec::new()));
            return Ok(Self { bits: IN_MEMORY_BITS, parts: (0..1 << IN_MEMORY_BITS).map(|_| part()).collect() });
        }
        let wanted = bytes.saturating_mul(threads as u64) / memory.max(1) + 1;
        let bits = wanted.next_power_of_two().ilog2().clamp(1, MOST_BITS);
        let part = |n: usize| {
            let path = dir.join(format!("{name}-{n:03x}"));
            let file = crate::durable::private().write(true).create(true).truncate(true).open(&path)?;
            Ok(Mutex::new(Part::File(path, BufWriter::with_capacity(1 << 16, file))))
        };
        Ok(Self { bits, parts: (0..1 << bits).map(part).collect::<io::Result<_>>()? })
    }

    /// Adds entries, in any order, from any thread.
    ///
    /// # Errors
    /// When a file cannot be written.
    pub(super) fn add(&self, mut entries: Vec<[u8; W]>) -> io::Result<()> {
        entries.sort_unstable();
        for run in entries.chunk_by(|a, b| self.part_of(a) == self.part_of(b)) {
            let mut part = self.parts[self.part_of(&run[0])].lock().expect("no thread panicked");
            match &mut *part {
                Part::Memory(all) => all.extend_from_slice(run),
                Part::File(_, out) => out.write_all(run.as_flattened())?,
            }
        }
        Ok(())
    }

    fn part_of(&self, entry: &[u8; W]) -> usize {
        usize::from(u16::from_be_bytes([entry[0], entry[1]]) >> (16 - self.bits))
    }

    /// Sorts each partition and hands it over; results come in key order, whatever thread made them.
    ///
    /// # Errors
    /// When a file cannot be read.
    pub(super) fn each<R: Send>(self, visit: impl Fn(&[[u8; W]]) -> R + Sync) -> io::Result<Vec<R>> {
        let parts: Vec<Part<W>> = self.parts.into_iter().map(|p| p.into_inner().expect("no thread panicked")).collect();
        parts
            .into_par_iter()
            .map(|part| {
                let mut entries = part.load()?;
                entries.sort_unstable();
                Ok(visit(&entries))
            })
            .collect()
    }
}

impl<const W: usize> Part<W> {
    fn load(self) -> io::Result<Vec<[u8; W]>> {
        let (path, out) = match self {
            Self::Memory(entries) => return Ok(entries),
            Self::File(path, out) => (path, out),
        };
        drop(out.into_inner().map_err(io::IntoInnerError::into_error)?);
        let entries = read_entries(&path)?;
        std::fs::remove_file(&path)?;
        Ok(entries)
    }
}

/// Reads a file of entries.
///
/// # Errors
/// When it cannot be read, or ends within an entry.
pub(super) fn read_entries<const W: usize>(path: &Path) -> io::Result<Vec<[u8; W]>> {
    let mut file = File::open(path)?;
    let length = usize::try_from(file.metadata()?.len()).unwrap_or(usize::MAX);
    let mut entries = vec![[0; W]; length / W];
    file.read_exact(entries.as_flattened_mut())?;
    if length % W == 0 { Ok(entries) } else { Err(io::Error::from(io::ErrorKind::UnexpectedEof)) }
}

/// Writes a file of entries that only its owner may read.
///
/// # Errors
/// When it cannot be written.
pub(crate) fn write_entries<const W: usize>(path: &Path, entries: &[[u8; W]]) -> io::Result<()> {
    let mut file = crate::durable::private().write(true).create(true).truncate(true).open(path)?;
    file.write_all(entries.as_flattened())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_and_files_bring_the_same_entries_together() {
        let dir = tempfile::tempdir().unwrap();
        let entries: Vec<[u8; 4]> = (0..5_000_u32).map(|i| (i.wrapping_mul(2_654_435_761) / 3).to_be_bytes()).collect();
        let mut sorted = entries.clone();
        sorted.sort_unstable();
        for memory in [1 << 20, 600] {
            let shuffle = Shuffle::new(dir.path(), "s", 5_000, memory, 2).unwrap();
            entries.chunks(77).for_each(|c| shuffle.add(c.to_vec()).unwrap());
            let files = std::fs::read_dir(dir.path()).unwrap().count();
            assert_eq!(files > 1, memory == 600, "only what does not fit goes to files");
            let got: Vec<[u8; 4]> = shuffle.each(<[_]>::to_vec).unwrap().concat();
            assert_eq!(got, sorted);
            assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0);
        }
    }
}

//! One compiled file: histories of the people of one bucket, sorted by key, read in blocks.
//!
//! Format 1, numbers little-endian:
//!
//! ```text
//! file   = block* index footer
//! block  = entry*                               about 16 KiB
//! entry  = key 16 (big-endian), length u32, history (postcard)
//! index  = record*, one for each block
//! record = first key 16, offset u64, length u32, entries u32, SHA-256 of the block 32
//! footer = magic 8, format u32, bits u32, bucket u64, position u64, layout 16, key fingerprint 16,
//!          index offset u64, records u64, entries u64, SHA-256 of the index 32, SHA-256 of the footer so far 32
//! ```
//!
//! `layout` says how histories are encoded; a file of another layout is made again, never read.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use mandat_core::history::PersonHistory;
use mandat_proof::{PersonKey, sha256};

use crate::error::LedgerError;
use crate::error::file_error;

pub(super) const MAGIC: &[u8; 8] = b"MNDTSNAP";
pub(super) const FORMAT: u32 = 1;
pub(super) const RECORD: usize = 64;
pub(super) const FOOTER: usize = 152;

/// What a file says of itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Stamp {
    pub(crate) bits: u32,
    pub(crate) bucket: u64,
    pub(crate) position: u64,
    pub(crate) layout: [u8; 16],
    pub(crate) keys: u128,
}

/// A file open for reading; it may have been replaced under its name since.
#[derive(Debug)]
pub(crate) struct BucketFile {
    file: File,
    path: PathBuf,
    stamp: Stamp,
    blocks: Vec<BlockRecord>,
    entries: u64,
}

#[derive(Debug, Clone, Copy)]
struct BlockRecord {
    first: PersonKey,
    offset: u64,
    length: u32,
    entries: u32,
    digest: [u8; 32],
}

/// Takes an encoded history.
type Visit<'a> = &'a mut dyn FnMut(PersonKey, &[u8]) -> Result<(), LedgerError>;

impl BucketFile {
    /// Opens a file and checks its footer and index; blocks are checked as they are read.
    pub(crate) fn open(path: &Path) -> Result<Self, LedgerError> {
        let file = File::open(path).map_err(|e| file_error("open", path, e))?;
        let length = file.metadata().map_err(|e| file_error("read", path, e))?.len();
        let damaged = |what| LedgerError::Snapshot { path: path.to_owned(), what };
        let end = length.checked_sub(FOOTER as u64).ok_or_else(|| damaged("cut short"))?;
        let mut footer = [0; FOOTER];
        file.read_exact_at(&mut footer, end).map_err(|e| file_error("read", path, e))?;
        let parsed = Footer::parse(&footer).ok_or_else(|| damaged("footer"))?;
        let index_length =
            parsed.records.checked_mul(RECORD as u64).filter(|l| parsed.index.checked_add(*l) == Some(end));
        let index_length = index_length.and_then(|l| usize::try_from(l).ok()).ok_or_else(|| damaged("index"))?;
        let mut index = vec![0; index_length];
        file.read_exact_at(&mut index, parsed.index).map_err(|e| file_error("read", path, e))?;
        if sha256(&index).0 != parsed.digest {
            return Err(damaged("index"));
        }
        let blocks = index.chunks_exact(RECORD).map(BlockRecord::parse).collect();
        Ok(Self { file, path: path.to_owned(), stamp: parsed.stamp, blocks, entries: parsed.entries })
    }

    pub(crate) const fn stamp(&self) -> &Stamp {
        &self.stamp
    }

    pub(crate) const fn entries(&self) -> u64 {
        self.entries
    }

    /// Hands over the encoded histories of keys from `first` to `last`, in order.
    pub(crate) fn each(&self, first: PersonKey, last: PersonKey, visit: Visit<'_>) -> Result<(), LedgerError> {
        let start = self.blocks.partition_point(|b| b.first <= first).saturating_sub(1);
        let mut bytes = Vec::new();
        for block in self.blocks[start..].iter().take_while(|b| b.first <= last) {
            self.read(block, &mut bytes)?;
            let mut rest = bytes.as_slice();
            for _ in 0..block.entries {
                let (key, history, next) = split_entry(rest).ok_or_else(|| self.damaged("entry"))?;
                rest = next;
                if (first..=last).contains(&key) {
                    visit(key, history)?;
                }
            }
        }
        Ok(())
    }

    /// One history.
    pub(crate) fn get(&self, key: PersonKey) -> Result<Option<PersonHistory>, LedgerError> {
        let mut found = None;
        self.each(key, key, &mut |_, bytes| {
            found = Some(self.decode(bytes)?);
            Ok(())
        })?;
        Ok(found)
    }

    /// The histories of some people, whose keys come in order; each block is read at most once.
    pub(crate) fn get_all(
        &self,
        mut wanted: &[PersonKey],
        found: &mut dyn FnMut(PersonKey, PersonHistory),
    ) -> Result<(), LedgerError> {
        while let Some(first) = wanted.first() {
            let at = self.blocks.partition_point(|b| b.first <= *first);
            let end = self.blocks.get(at).map_or(PersonKey(u128::MAX), |next| PersonKey(next.first.0 - 1));
            let (here, rest) = wanted.split_at(wanted.partition_point(|key| *key <= end));
            self.each(*first, here[here.len() - 1], &mut |key, bytes| {
                if here.binary_search(&key).is_ok() {
                    found(key, self.decode(bytes)?);
                }
                Ok(())
            })?;
            wanted = rest;
        }
        Ok(())
    }

    /// Decodes a history of this file.
    pub(crate) fn decode(&self, bytes: &[u8]) -> Result<PersonHistory, LedgerError> {
        postcard::from_bytes(bytes).map_err(|_| self.damaged("history"))
    }

    fn read(&self, block: &BlockRecord, bytes: &mut Vec<u8>) -> Result<(), LedgerError> {
        bytes.resize(block.length as usize, 0);
        self.file.read_exact_at(bytes, block.offset).map_err(|e| file_error("read", &self.path, e))?;
        if sha256(bytes).0 == block.digest { Ok(()) } else { Err(self.damaged("block")) }
    }

    fn damaged(&self, what: &'static str) -> LedgerError {
        LedgerError::Snapshot { path: self.path.clone(), what }
    }
}

struct Footer {
    stamp: Stamp,
    index: u64,
    records: u64,
    entries: u64,
    digest: [u8; 32],
}

impl Footer {
    fn parse(bytes: &[u8; FOOTER]) -> Option<Self> {
        let (body, digest) = bytes.split_last_chunk::<32>()?;
        if sha256(body).0 != *digest || !body.starts_with(MAGIC) || number32(body, 8) != FORMAT {
            return None;
        }
        Some(Self {
            stamp: Stamp {
                bits: number32(body, 12),
                bucket: number64(body, 16),
                position: number64(body, 24),
                layout: array(body, 32),
                keys: u128::from_be_bytes(array(body, 48)),
            },
            index: number64(body, 64),
            records: number64(body, 72),
            entries: number64(body, 80),
            digest: array(body, 88),
        })
    }
}

impl BlockRecord {
    fn parse(bytes: &[u8]) -> Self {
        Self {
            first: PersonKey::from_bytes(array(bytes, 0)),
            offset: number64(bytes, 16),
            length: number32(bytes, 24),
            entries: number32(bytes, 28),
            digest: array(bytes, 32),
        }
    }
}

fn split_entry(bytes: &[u8]) -> Option<(PersonKey, &[u8], &[u8])> {
    let (key, rest) = bytes.split_first_chunk::<16>()?;
    let (length, rest) = rest.split_first_chunk::<4>()?;
    let (history, rest) = rest.split_at_checked(u32::from_le_bytes(*length) as usize)?;
    Some((PersonKey::from_bytes(*key), history, rest))
}

fn array<const N: usize>(bytes: &[u8], at: usize) -> [u8; N] {
    bytes[at..at + N].try_into().expect("the slice has N bytes")
}

fn number32(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(array(bytes, at))
}

fn number64(bytes: &[u8], at: usize) -> u64 {
    u64::from_le_bytes(array(bytes, at))
}

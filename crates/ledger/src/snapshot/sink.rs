//! Writing a compiled file; its format stands in [`crate::snapshot::file`].

use std::io::{self, Write};
use std::path::Path;

use mandat_core::history::PersonHistory;
use mandat_proof::{PersonKey, sha256};

use crate::durable;
use crate::error::LedgerError;
use crate::error::file_error;
use crate::snapshot::file::{FOOTER, FORMAT, MAGIC, RECORD, Stamp};

/// Size from which a block ends.
const BLOCK: usize = 16 << 10;

/// Histories, in key order, from wherever.
pub(crate) type Entries<'a> = &'a mut dyn FnMut(&mut Sink<'_>) -> Result<(), LedgerError>;

/// Where the entries of a file go while it is written.
pub(crate) struct Sink<'a> {
    out: &'a mut dyn Write,
    block: Vec<u8>,
    block_first: PersonKey,
    block_entries: u32,
    last: Option<PersonKey>,
    offset: u64,
    index: Vec<u8>,
    entries: u64,
    failed: Option<io::Error>,
}

impl Sink<'_> {
    /// Adds a history.
    pub(crate) fn add(&mut self, key: PersonKey, history: &PersonHistory) {
        let bytes = postcard::to_allocvec(history).expect("bug: a history has a wire form");
        self.add_encoded(key, &bytes);
    }

    /// Adds a history as another file encoded it.
    pub(crate) fn add_encoded(&mut self, key: PersonKey, bytes: &[u8]) {
        assert!(self.last.is_none_or(|last| last < key), "bug: snapshot entries come in key order");
        self.last = Some(key);
        if self.block.is_empty() {
            self.block_first = key;
        }
        self.block.extend_from_slice(&key.to_bytes());
        let length = u32::try_from(bytes.len()).expect("bug: one person's history is below 4 GiB");
        self.block.extend_from_slice(&length.to_le_bytes());
        self.block.extend_from_slice(bytes);
        self.block_entries += 1;
        self.entries += 1;
        if self.block.len() >= BLOCK {
            self.end_block();
        }
    }

    fn end_block(&mut self) {
        if self.block.is_empty() || self.failed.is_some() {
            return;
        }
        if let Err(error) = self.out.write_all(&self.block) {
            self.failed = Some(error);
            return;
        }
        let length = u32::try_from(self.block.len()).expect("bug: a block is below 4 GiB");
        self.index.extend_from_slice(&self.block_first.to_bytes());
        self.index.extend_from_slice(&self.offset.to_le_bytes());
        self.index.extend_from_slice(&length.to_le_bytes());
        self.index.extend_from_slice(&self.block_entries.to_le_bytes());
        self.index.extend_from_slice(&sha256(&self.block).0);
        self.offset += u64::from(length);
        self.block.clear();
        self.block_entries = 0;
    }

    fn finish(mut self, stamp: &Stamp) -> io::Result<u64> {
        self.end_block();
        if let Some(error) = self.failed {
            return Err(error);
        }
        let mut footer = Vec::with_capacity(FOOTER);
        footer.extend_from_slice(MAGIC);
        footer.extend_from_slice(&FORMAT.to_le_bytes());
        footer.extend_from_slice(&stamp.bits.to_le_bytes());
        footer.extend_from_slice(&stamp.bucket.to_le_bytes());
        footer.extend_from_slice(&stamp.position.to_le_bytes());
        footer.extend_from_slice(&stamp.layout);
        footer.extend_from_slice(&stamp.keys.to_be_bytes());
        footer.extend_from_slice(&self.offset.to_le_bytes());
        footer.extend_from_slice(&((self.index.len() / RECORD) as u64).to_le_bytes());
        footer.extend_from_slice(&self.entries.to_le_bytes());
        footer.extend_from_slice(&sha256(&self.index).0);
        let digest = sha256(&footer);
        footer.extend_from_slice(&digest.0);
        assert_eq!(footer.len(), FOOTER, "bug: the footer has a fixed length");
        self.out.write_all(&self.index)?;
        self.out.write_all(&footer)?;
        Ok(self.entries)
    }
}

/// Writes a file in place; returns the number of its entries.
pub(crate) fn write(path: &Path, stamp: &Stamp, entries: Entries<'_>) -> Result<u64, LedgerError> {
    let mut failed = None;
    let mut count = 0;
    let written = durable::replace(path, &mut |out| {
        let mut sink = Sink {
            out,
            block: Vec::with_capacity(2 * BLOCK),
            block_first: PersonKey(0),
            block_entries: 0,
            last: None,
            offset: 0,
            index: Vec::new(),
            entries: 0,
            failed: None,
        };
        if let Err(error) = entries(&mut sink) {
            failed = Some(error);
            return Err(io::ErrorKind::Interrupted.into());
        }
        count = sink.finish(stamp)?;
        Ok(())
    });
    match (failed, written) {
        (Some(error), _) => Err(error),
        (None, Err(error)) => Err(file_error("write", path, error)),
        (None, Ok(())) => Ok(count),
    }
}

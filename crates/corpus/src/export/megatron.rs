//! Token ids behind each other, as Megatron's indexed dataset: memory-mapped by a training loop.
//!
//! `corpus.bin` holds the ids, uint16, little-endian. `corpus.idx` holds: `MMIDIDX\0\0`, version 1
//! (u64), type 8 (u8: uint16), number of sequences (u64), number of document ends and one (u64), the
//! length of each sequence (i32), its place in bytes (i64), and where documents begin, counted in
//! sequences, and the end (i64). A document is one sequence.
//! Source: `megatron/core/datasets/indexed_dataset.py` of Megatron-LM.
//!
//! Ids are bytes of UTF-8, 0 to 255, and [`END`] after each document.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use serde_json::json;

use super::Sink;
use super::rows::Row;

/// The id behind the last byte of a document.
const END: u16 = 256;
/// Number of different ids.
const VOCABULARY: u16 = 257;
/// Megatron's number of uint16.
const UINT16: u8 = 8;

/// Files `corpus.bin`, `corpus.idx`, `tokens.json`.
pub(super) struct Megatron {
    dir: PathBuf,
    out: BufWriter<File>,
    lengths: Vec<u32>,
}

impl Megatron {
    pub(super) fn new(dir: &Path) -> io::Result<Self> {
        let out = BufWriter::with_capacity(1 << 18, File::create(dir.join("corpus.bin"))?);
        Ok(Self { dir: dir.to_owned(), out, lengths: Vec::new() })
    }

    fn index(&self) -> io::Result<u64> {
        let mut out = BufWriter::new(File::create(self.dir.join("corpus.idx"))?);
        let documents = self.lengths.len() as u64;
        out.write_all(b"MMIDIDX\0\0")?;
        out.write_all(&1_u64.to_le_bytes())?;
        out.write_all(&[UINT16])?;
        out.write_all(&documents.to_le_bytes())?;
        out.write_all(&(documents + 1).to_le_bytes())?;
        for length in &self.lengths {
            out.write_all(&length.to_le_bytes())?;
        }
        let mut tokens = 0_u64;
        for length in &self.lengths {
            out.write_all(&(tokens * 2).to_le_bytes())?;
            tokens += u64::from(*length);
        }
        for document in 0..=documents {
            out.write_all(&document.to_le_bytes())?;
        }
        out.flush().map(|()| tokens)
    }
}

impl Sink for Megatron {
    fn push(&mut self, row: &Row) -> io::Result<()> {
        let length = i32::try_from(row.text.len() + 1);
        let length = length.map_err(|_| io::Error::new(io::ErrorKind::InvalidInput, "a text is longer than 2 GB"))?;
        for id in row.text.bytes().map(u16::from).chain([END]) {
            self.out.write_all(&id.to_le_bytes())?;
        }
        self.lengths.push(length.unsigned_abs());
        Ok(())
    }

    fn finish(mut self: Box<Self>) -> io::Result<u64> {
        self.out.flush()?;
        let tokens = self.index()?;
        let about = json!({"tokenizer": "bytes", "dtype": "uint16", "vocabulary": VOCABULARY, "end_of_document": END,
            "documents": self.lengths.len(), "tokens": tokens});
        fs::write(self.dir.join("tokens.json"), serde_json::to_vec_pretty(&about)?)?;
        Ok(tokens)
    }
}

//! JSON Lines under zstd: one object a row, with the columns of a shard.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use mandat_core::time::Micros;
use serde_json::json;

use super::rows::Row;
use super::{SHARD_BYTES, Sink};

/// zstd level.
const LEVEL: i32 = 3;

/// Files `train-00000.jsonl.zst`, ….
pub(super) struct Jsonl {
    dir: PathBuf,
    files: u32,
    written: u64,
    out: Option<zstd::Encoder<'static, BufWriter<File>>>,
}

impl Jsonl {
    pub(super) fn new(dir: &Path) -> Self {
        Self { dir: dir.to_owned(), files: 0, written: 0, out: None }
    }

    fn end(&mut self) -> io::Result<()> {
        self.written = 0;
        self.out.take().map_or(Ok(()), |out| out.finish()?.flush())
    }
}

/// A row as JSON, the token in hexadecimal.
pub(super) fn object(row: &Row) -> serde_json::Value {
    json!({"record": row.token(), "text": row.text, "lang": row.lang, "category": row.category,
        "created_at": Micros(row.created).to_string()})
}

impl Sink for Jsonl {
    fn push(&mut self, row: &Row) -> io::Result<()> {
        let mut line = serde_json::to_vec(&object(row))?;
        line.push(b'\n');
        if self.written + line.len() as u64 > SHARD_BYTES * 4 {
            self.end()?;
        }
        if self.out.is_none() {
            let path = self.dir.join(format!("train-{:05}.jsonl.zst", self.files));
            self.files += 1;
            self.out = Some(zstd::Encoder::new(BufWriter::new(File::create(path)?), LEVEL)?);
        }
        self.written += line.len() as u64;
        self.out.as_mut().map_or(Ok(()), |out| out.write_all(&line))
    }

    fn finish(mut self: Box<Self>) -> io::Result<u64> {
        self.end().map(|()| 0)
    }
}

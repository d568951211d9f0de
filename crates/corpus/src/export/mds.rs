//! MosaicML streaming shards, version 2, uncompressed.
//!
//! A shard is the number of samples (u32), their offsets from the start of the file and the end
//! (u32 each), the configuration as JSON, the samples; a sample is the length of each column of
//! variable size (u32) and the columns, in the order of their names. Everything is little-endian.
//! `index.json` lists the shards. Source: `streaming/base/format/mds/writer.py` of version 0.13.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use mandat_core::time::Micros;
use serde_json::{Value, json};

use super::rows::Row;
use super::{SHARD_BYTES, Sink};

/// Columns in the order of their names; all are strings.
const NAMES: [&str; 5] = ["category", "created_at", "lang", "record", "text"];

/// Files `shard.00000.mds`, …, and `index.json`.
pub(super) struct Mds {
    dir: PathBuf,
    samples: Vec<u8>,
    ends: Vec<u32>,
    shards: Vec<Value>,
}

impl Mds {
    pub(super) fn new(dir: &Path) -> Self {
        Self { dir: dir.to_owned(), samples: Vec::new(), ends: Vec::new(), shards: Vec::new() }
    }

    fn end(&mut self) -> io::Result<()> {
        if self.ends.is_empty() {
            return Ok(());
        }
        let about = serde_json::to_vec(&config())?;
        let count = length(self.ends.len())?;
        let head = length(4 + 4 * (self.ends.len() + 1) + about.len())?;
        let mut bytes = count.to_le_bytes().to_vec();
        for end in std::iter::once(0).chain(self.ends.drain(..)) {
            bytes.extend((head + end).to_le_bytes());
        }
        bytes.extend(about);
        bytes.append(&mut self.samples);
        let name = format!("shard.{:05}.mds", self.shards.len());
        fs::write(self.dir.join(&name), &bytes)?;
        let mut shard = config();
        shard["hashes"] = json!([]);
        shard["raw_data"] = json!({"basename": name, "bytes": bytes.len(), "hashes": {}});
        shard["samples"] = json!(count);
        shard["version"] = json!(2);
        shard["zip_data"] = Value::Null;
        self.shards.push(shard);
        Ok(())
    }
}

fn length(bytes: usize) -> io::Result<u32> {
    u32::try_from(bytes)
        .map_err(|_| io::Error::new(io::ErrorKind::InvalidInput, "a text is longer than a shard may be"))
}

fn config() -> Value {
    json!({"column_encodings": NAMES.map(|_| "str"), "column_names": NAMES, "column_sizes": NAMES.map(|_| Value::Null),
        "compression": null, "format": "mds", "hashes": [], "size_limit": SHARD_BYTES})
}

impl Sink for Mds {
    fn push(&mut self, row: &Row) -> io::Result<()> {
        let (created, token) = (Micros(row.created).to_string(), row.token());
        let columns = [&row.category, &created, row.lang.as_deref().unwrap_or("und"), &token, &row.text];
        let bytes: usize = columns.iter().map(|c| c.len() + 4).sum();
        if (self.samples.len() + bytes) as u64 > SHARD_BYTES {
            self.end()?;
        }
        for column in columns {
            self.samples.extend(length(column.len())?.to_le_bytes());
        }
        columns.iter().for_each(|column| self.samples.extend(column.as_bytes()));
        self.ends.push(length(self.samples.len())?);
        Ok(())
    }

    fn finish(mut self: Box<Self>) -> io::Result<u64> {
        self.end()?;
        fs::write(self.dir.join("index.json"), serde_json::to_vec(&json!({"shards": self.shards, "version": 2}))?)?;
        Ok(0)
    }
}

//! Parquet, as the revision itself: copied, or written anew in shuffled order.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow_array::{ArrayRef, BinaryArray, RecordBatch, StringArray, TimestampMicrosecondArray};
use mandat_core::manifest::Content;
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::WriterProperties;

use super::rows::Row;
use super::{SHARD_BYTES, Sink};
use crate::build::schema;

/// Rows of a row group.
const GROUP: usize = 8192;

/// Copies the shards of a revision.
pub(super) fn copy(from: &Path, content: &Content, to: &Path) -> io::Result<()> {
    fs::create_dir(to.join("data"))?;
    for shard in &content.shards {
        fs::copy(from.join(&shard.path), to.join(&shard.path))?;
    }
    Ok(())
}

/// Files `data/train-00000.parquet`, ….
pub(super) struct Hf {
    dir: PathBuf,
    files: u32,
    text: u64,
    rows: Vec<Row>,
    writer: Option<ArrowWriter<File>>,
}

impl Hf {
    pub(super) fn new(dir: &Path) -> io::Result<Self> {
        let dir = dir.join("data");
        fs::create_dir(&dir)?;
        Ok(Self { dir, files: 0, text: 0, rows: Vec::new(), writer: None })
    }

    fn group(&mut self) -> io::Result<()> {
        if self.rows.is_empty() {
            return Ok(());
        }
        let mut writer = match self.writer.take() {
            Some(writer) => writer,
            None => {
                let path = self.dir.join(format!("train-{:05}.parquet", self.files));
                self.files += 1;
                let zstd = Compression::ZSTD(ZstdLevel::try_new(3).expect("3 is a zstd level"));
                let properties = WriterProperties::builder().set_compression(zstd).build();
                ArrowWriter::try_new(File::create(path)?, schema(), Some(properties))?
            }
        };
        writer.write(&batch(&self.rows)?)?;
        writer.flush()?;
        self.rows.clear();
        self.writer = Some(writer);
        Ok(())
    }

    fn end(&mut self) -> io::Result<()> {
        self.group()?;
        self.text = 0;
        if let Some(writer) = self.writer.take() {
            writer.close()?;
        }
        Ok(())
    }
}

fn batch(rows: &[Row]) -> io::Result<RecordBatch> {
    let created = TimestampMicrosecondArray::from_iter_values(rows.iter().map(|r| r.created)).with_timezone("UTC");
    let columns: Vec<ArrayRef> = vec![
        Arc::new(rows.iter().map(|r| Some(r.record)).collect::<BinaryArray>()),
        Arc::new(rows.iter().map(|r| Some(r.text.as_str())).collect::<StringArray>()),
        Arc::new(rows.iter().map(|r| r.lang.as_deref()).collect::<StringArray>()),
        Arc::new(rows.iter().map(|r| Some(r.category.as_str())).collect::<StringArray>()),
        Arc::new(created),
    ];
    RecordBatch::try_new(schema(), columns).map_err(io::Error::other)
}

impl Sink for Hf {
    fn push(&mut self, row: &Row) -> io::Result<()> {
        if self.text + row.text.len() as u64 > SHARD_BYTES * 2 {
            self.end()?;
        }
        self.text += row.text.len() as u64;
        self.rows.push(row.clone());
        if self.rows.len() >= GROUP { self.group() } else { Ok(()) }
    }

    fn finish(mut self: Box<Self>) -> io::Result<u64> {
        self.end().map(|()| 0)
    }
}

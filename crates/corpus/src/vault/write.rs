//! Writes one run: three Parquet files with the same rows in the same order.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread::{self, JoinHandle};

use arrow_array::{ArrayRef, RecordBatch};
use arrow_schema::SchemaRef;
use parquet::arrow::ArrowWriter;

use super::columns::{DecideRows, OtherRows, TextRows};
use super::manifest::{FileEntry, RunEntry};
use super::{VaultError, format};
use crate::durable::HashedFile;
use crate::ingest::row::Row;

/// Writes rows that come in run order into the three files of one bucket.
pub struct RunWriter {
    bucket: u64,
    group_bits: u32,
    decide: Part,
    text: Background,
    others: Part,
    rows: u32,
    other_rows: u32,
    group: GroupFill,
    decide_rows: DecideRows,
    text_rows: TextRows,
    other_buffer: OtherRows,
}

/// How far the row group in work is filled.
#[derive(Default)]
struct GroupFill {
    prefix: Option<u64>,
    rows: usize,
    text: usize,
}

impl RunWriter {
    /// Opens the files `NAME-decide.parquet`, `NAME-text.parquet`, `NAME-others.parquet` in a folder.
    ///
    /// # Errors
    /// If a file cannot be made.
    pub fn create(dir: &Path, bucket: u64, group_bits: u32) -> Result<Self, VaultError> {
        let part = |name: &str, schema| Part::create(dir.join(format!("{bucket:05x}-{name}.parquet")), schema);
        Ok(Self {
            bucket,
            group_bits,
            decide: part("decide", format::decide_schema())?,
            text: Background::start(part("text", format::text_schema())?),
            others: part("others", format::others_schema())?,
            rows: 0,
            other_rows: 0,
            group: GroupFill::default(),
            decide_rows: DecideRows::default(),
            text_rows: TextRows::default(),
            other_buffer: OtherRows::default(),
        })
    }

    /// Which bucket it is for.
    #[must_use]
    pub const fn bucket(&self) -> u64 {
        self.bucket
    }

    /// Rows of `decide` so far: the number of the next row.
    #[must_use]
    pub const fn rows(&self) -> u32 {
        self.rows
    }

    /// Rows of `others` so far: the number of the next such row.
    #[must_use]
    pub const fn other_rows(&self) -> u32 {
        self.other_rows
    }

    /// Adds the next row.
    ///
    /// # Errors
    /// If the disk refuses.
    pub fn push(&mut self, row: &Row<'_>) -> Result<(), VaultError> {
        assert!(self.rows < u32::MAX, "a run holds at most 2^32 - 1 rows; the vault was laid out for far less");
        self.cut_before(row)?;
        self.decide_rows.push(row);
        self.text_rows.push(row);
        for named in row.named() {
            self.other_buffer.push(self.rows, &named);
            self.other_rows += 1;
        }
        self.rows += 1;
        self.group.rows += 1;
        self.group.text += row.text.map_or(0, str::len);
        if self.group.rows.is_multiple_of(format::CHUNK_ROWS) { self.encode() } else { Ok(()) }
    }

    /// Ends the row group where it is full and a new group of people begins, or where it is overfull.
    fn cut_before(&mut self, row: &Row<'_>) -> Result<(), VaultError> {
        let prefix = row.person.prefix(self.group_bits);
        let full = |rows: usize, text: usize| self.group.rows >= rows || self.group.text >= text;
        let at_cut = self.group.prefix != Some(prefix) && full(format::GROUP_ROWS, format::GROUP_TEXT);
        let stretched = format::GROUP_STRETCH;
        if at_cut || full(format::GROUP_ROWS * stretched, format::GROUP_TEXT * stretched) {
            self.encode()?;
            self.decide.flush()?;
            self.text.flush();
            self.others.flush()?;
            self.group = GroupFill::default();
        }
        self.group.prefix = Some(prefix);
        Ok(())
    }

    fn encode(&mut self) -> Result<(), VaultError> {
        self.decide.write(self.decide_rows.finish())?;
        self.text.write(self.text_rows.finish());
        self.others.write(self.other_buffer.finish())
    }

    /// Ends the files and flushes them to the disk; paths in the entry begin with `prefix`.
    ///
    /// # Errors
    /// If the disk refuses.
    pub fn finish(mut self, prefix: &str) -> Result<RunEntry, VaultError> {
        self.encode()?;
        Ok(RunEntry {
            bucket: self.bucket,
            rows: self.rows,
            other_rows: self.other_rows,
            decide: self.decide.finish(prefix)?,
            text: self.text.finish(prefix)?,
            others: self.others.finish(prefix)?,
            overlay: None,
        })
    }
}

/// A file that is encoded on a thread of its own: text takes longer than all else.
struct Background {
    work: SyncSender<Step>,
    thread: JoinHandle<Result<Part, VaultError>>,
}

enum Step {
    Write(Vec<ArrayRef>),
    Flush,
}

impl Background {
    fn start(mut part: Part) -> Self {
        let (work, steps) = sync_channel(2);
        let thread = thread::spawn(move || {
            for step in steps {
                match step {
                    Step::Write(columns) => part.write(columns)?,
                    Step::Flush => part.flush()?,
                }
            }
            Ok(part)
        });
        Self { work, thread }
    }

    fn write(&self, columns: Vec<ArrayRef>) {
        // The thread is gone only after an error, which `finish` gives.
        let _ = self.work.send(Step::Write(columns));
    }

    fn flush(&self) {
        // As above.
        let _ = self.work.send(Step::Flush);
    }

    fn finish(self, prefix: &str) -> Result<FileEntry, VaultError> {
        drop(self.work);
        let part = self.thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        part?.finish(prefix)
    }
}

/// One Parquet file being written.
struct Part {
    path: PathBuf,
    schema: SchemaRef,
    writer: ArrowWriter<HashedFile>,
}

impl Part {
    fn create(path: PathBuf, schema: SchemaRef) -> Result<Self, VaultError> {
        let file = HashedFile::create_private(&path).map_err(|e| VaultError::io(&path, e))?;
        let writer = ArrowWriter::try_new(file, Arc::clone(&schema), Some(format::properties()))
            .map_err(|e| VaultError::parquet(&path, e))?;
        Ok(Self { path, schema, writer })
    }

    fn write(&mut self, columns: Vec<ArrayRef>) -> Result<(), VaultError> {
        if columns[0].is_empty() {
            return Ok(());
        }
        let batch = RecordBatch::try_new(Arc::clone(&self.schema), columns).expect("bug: builders follow the schema");
        self.writer.write(&batch).map_err(|e| VaultError::parquet(&self.path, e))
    }

    fn flush(&mut self) -> Result<(), VaultError> {
        self.writer.flush().map_err(|e| VaultError::parquet(&self.path, e))
    }

    fn finish(self, prefix: &str) -> Result<FileEntry, VaultError> {
        let file = self.writer.into_inner().map_err(|e| VaultError::parquet(&self.path, e))?;
        let written = file.finish().map_err(|e| VaultError::io(&self.path, e))?;
        debug_assert_eq!(fs::metadata(&self.path).map(|m| m.len()).ok(), Some(written.bytes));
        let name = self.path.file_name().and_then(|n| n.to_str()).expect("our own names are text");
        let (bytes, sha256) = (written.bytes, written.sha256.to_string());
        Ok(FileEntry { path: format!("{prefix}/{name}"), bytes, sha256 })
    }
}

//! Writes one run: three Parquet files with the same rows in the same order.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow_array::builder::{
    BooleanBuilder, FixedSizeBinaryBuilder, Int64Builder, StringBuilder, UInt8Builder, UInt32Builder, UInt64Builder,
};
use arrow_array::{ArrayRef, RecordBatch};
use arrow_schema::SchemaRef;
use mandat_core::proof::KEY_BYTES;
use parquet::arrow::ArrowWriter;

use super::manifest::{FileEntry, RunEntry};
use super::{VaultError, format};
use crate::durable::HashedFile;
use crate::ingest::row::Row;

/// Writes rows that come in run order into the three files of one bucket.
pub struct RunWriter {
    bucket: u64,
    group_bits: u32,
    decide: Part,
    text: Part,
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
            text: part("text", format::text_schema())?,
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
            self.text.flush()?;
            self.others.flush()?;
            self.group = GroupFill::default();
        }
        self.group.prefix = Some(prefix);
        Ok(())
    }

    fn encode(&mut self) -> Result<(), VaultError> {
        self.decide.write(self.decide_rows.finish())?;
        self.text.write(self.text_rows.finish())?;
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

/// One Parquet file being written.
struct Part {
    path: PathBuf,
    schema: SchemaRef,
    writer: ArrowWriter<HashedFile>,
}

impl Part {
    fn create(path: PathBuf, schema: SchemaRef) -> Result<Self, VaultError> {
        let file = HashedFile::create(&path).map_err(|e| VaultError::io(&path, e))?;
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

fn keys() -> FixedSizeBinaryBuilder {
    FixedSizeBinaryBuilder::new(KEY_BYTES as i32)
}

fn push_key(builder: &mut FixedSizeBinaryBuilder, key: Option<u128>) {
    match key {
        Some(key) => builder.append_value(key.to_be_bytes()).expect("bug: a key has its width"),
        None => builder.append_null(),
    }
}

struct DecideRows {
    person: FixedSizeBinaryBuilder,
    created_at: Int64Builder,
    traits: UInt64Builder,
    collected_at: Int64Builder,
    id: StringBuilder,
    record: FixedSizeBinaryBuilder,
    version: FixedSizeBinaryBuilder,
    edited_at: Int64Builder,
    retain_until: Int64Builder,
    org: FixedSizeBinaryBuilder,
    lang: StringBuilder,
}

impl Default for DecideRows {
    fn default() -> Self {
        Self {
            person: keys(),
            created_at: Int64Builder::new(),
            traits: UInt64Builder::new(),
            collected_at: Int64Builder::new(),
            id: StringBuilder::new(),
            record: keys(),
            version: FixedSizeBinaryBuilder::new(format::VERSION_BYTES as i32),
            edited_at: Int64Builder::new(),
            retain_until: Int64Builder::new(),
            org: keys(),
            lang: StringBuilder::new(),
        }
    }
}

impl DecideRows {
    fn push(&mut self, row: &Row<'_>) {
        push_key(&mut self.person, Some(row.person.0));
        self.created_at.append_value(row.created_at);
        self.traits.append_value(row.traits.0);
        self.collected_at.append_value(row.collected_at);
        self.id.append_value(row.id);
        push_key(&mut self.record, Some(row.record.0));
        self.version.append_value(row.version).expect("bug: a version has its width");
        self.edited_at.append_option(row.edited_at);
        self.retain_until.append_option(row.retain_until);
        push_key(&mut self.org, row.org);
        self.lang.append_option(row.lang);
    }

    fn finish(&mut self) -> Vec<ArrayRef> {
        vec![
            Arc::new(self.person.finish()),
            Arc::new(self.created_at.finish()),
            Arc::new(self.traits.finish()),
            Arc::new(self.collected_at.finish()),
            Arc::new(self.id.finish()),
            Arc::new(self.record.finish()),
            Arc::new(self.version.finish()),
            Arc::new(self.edited_at.finish()),
            Arc::new(self.retain_until.finish()),
            Arc::new(self.org.finish()),
            Arc::new(self.lang.finish()),
        ]
    }
}

#[derive(Default)]
struct TextRows {
    text: StringBuilder,
    extra: StringBuilder,
}

impl TextRows {
    fn push(&mut self, row: &Row<'_>) {
        self.text.append_option(row.text);
        self.extra.append_option(row.extra);
    }

    fn finish(&mut self) -> Vec<ArrayRef> {
        vec![Arc::new(self.text.finish()), Arc::new(self.extra.finish())]
    }
}

struct OtherRows {
    row: UInt32Builder,
    role: UInt8Builder,
    person: FixedSizeBinaryBuilder,
    record: FixedSizeBinaryBuilder,
    handle: FixedSizeBinaryBuilder,
    start: UInt32Builder,
    end: UInt32Builder,
    redactable: BooleanBuilder,
}

impl Default for OtherRows {
    fn default() -> Self {
        Self {
            row: UInt32Builder::new(),
            role: UInt8Builder::new(),
            person: keys(),
            record: keys(),
            handle: keys(),
            start: UInt32Builder::new(),
            end: UInt32Builder::new(),
            redactable: BooleanBuilder::new(),
        }
    }
}

impl OtherRows {
    fn push(&mut self, row: u32, named: &crate::ingest::row::Named) {
        self.row.append_value(row);
        self.role.append_value(u8::try_from(named.role.index()).expect("few roles"));
        push_key(&mut self.person, named.person.map(|k| k.0));
        push_key(&mut self.record, named.record.map(|k| k.0));
        push_key(&mut self.handle, named.handle);
        self.start.append_option(named.span.map(|s| s.0));
        self.end.append_option(named.span.map(|s| s.1));
        self.redactable.append_value(named.redactable);
    }

    fn finish(&mut self) -> Vec<ArrayRef> {
        vec![
            Arc::new(self.row.finish()),
            Arc::new(self.role.finish()),
            Arc::new(self.person.finish()),
            Arc::new(self.record.finish()),
            Arc::new(self.handle.finish()),
            Arc::new(self.start.finish()),
            Arc::new(self.end.finish()),
            Arc::new(self.redactable.finish()),
        ]
    }
}

//! Writes one shard of a corpus: a Parquet file whose bytes depend on its rows alone.
//!
//! Row groups are cut by person-key prefix, never by row count, so that one row less moves no later
//! boundary; each row group is handed to the encoder as one batch, so that upstream batch sizes
//! cannot show. Columns: `record` (binary, 16 bytes: keyed token of the record), `text` (UTF-8),
//! `lang` (BCP 47, may be null), `category` (word), `created_at` (µs, UTC). Keys and packed times are
//! not compressed: there is nothing to gain.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow_array::RecordBatch;
use arrow_schema::{DataType, Field, Schema, SchemaRef, TimeUnit};
use mandat_core::manifest::Group;
use mandat_core::proof::{Digest, sha256};
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, Encoding, ZstdLevel};
use parquet::file::properties::{EnabledStatistics, WriterProperties, WriterVersion};
use parquet::schema::types::ColumnPath;

use crate::build::BuildError;
use crate::durable::HashedFile;

/// Name of the writer in the Parquet footer; part of the tool hash.
pub(super) const CREATED_BY: &str = "mandat corpus 1";
/// zstd level of every column; part of the tool hash.
pub(super) const ZSTD_LEVEL: i32 = 3;
/// Bytes of a data page before compression; part of the tool hash.
pub(super) const PAGE_BYTES: usize = 1 << 20;
/// Rows of a data page; part of the tool hash.
pub(super) const PAGE_ROWS: usize = 20_000;

/// The columns of a corpus shard.
#[must_use]
pub fn schema() -> SchemaRef {
    Arc::new(Schema::new(vec![
        Field::new("record", DataType::Binary, false),
        Field::new("text", DataType::Utf8, false),
        Field::new("lang", DataType::Utf8, true),
        Field::new("category", DataType::Utf8, false),
        Field::new("created_at", DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())), false),
    ]))
}

/// Digest over every constant that decides a shard's bytes.
#[must_use]
pub fn writer_digest() -> Digest {
    let schema = schema();
    let text = format!(
        "{CREATED_BY} zstd={ZSTD_LEVEL} text,lang,category page={PAGE_BYTES}/{PAGE_ROWS} parquet=60.1 {schema:?}"
    );
    sha256(text.as_bytes())
}

fn properties() -> WriterProperties {
    let column = |name: &str| ColumnPath::from(name);
    WriterProperties::builder()
        .set_writer_version(WriterVersion::PARQUET_1_0)
        .set_created_by(CREATED_BY.into())
        .set_compression(Compression::ZSTD(ZstdLevel::try_new(ZSTD_LEVEL).expect("3 is a zstd level")))
        .set_data_page_size_limit(PAGE_BYTES)
        .set_data_page_row_count_limit(PAGE_ROWS)
        .set_max_row_group_row_count(None)
        .set_statistics_enabled(EnabledStatistics::None)
        .set_dictionary_enabled(false)
        .set_column_dictionary_enabled(column("lang"), true)
        .set_column_dictionary_enabled(column("category"), true)
        .set_column_encoding(column("created_at"), Encoding::DELTA_BINARY_PACKED)
        .set_column_compression(column("record"), Compression::UNCOMPRESSED)
        .set_column_compression(column("created_at"), Compression::UNCOMPRESSED)
        .set_column_encoding(column("record"), Encoding::DELTA_LENGTH_BYTE_ARRAY)
        .build()
}

/// Digest, size and row groups of a written shard.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WrittenShard {
    /// SHA-256 of the file.
    pub digest: Digest,
    /// Its size.
    pub bytes: u64,
    /// Its rows.
    pub rows: u64,
    /// Its row groups in order.
    pub groups: Vec<Group>,
}

/// A shard being written.
pub(super) struct ShardWriter {
    writer: ArrowWriter<HashedFile>,
    groups: Vec<Group>,
    rows: u64,
    path: PathBuf,
}

impl ShardWriter {
    /// Starts a shard in a new file.
    ///
    /// # Errors
    /// When the file exists or cannot be created.
    pub(super) fn create(path: &Path) -> Result<Self, BuildError> {
        let sink = HashedFile::create(path).map_err(|source| BuildError::io("create", path, source))?;
        let writer = ArrowWriter::try_new(sink, schema(), Some(properties()))?;
        Ok(Self { writer, groups: Vec::new(), rows: 0, path: path.to_owned() })
    }

    /// Writes one row group; an empty batch writes nothing.
    ///
    /// # Errors
    /// When encoding or writing fails.
    pub(super) fn group(&mut self, cut: String, batch: &RecordBatch) -> Result<(), BuildError> {
        if batch.num_rows() == 0 {
            return Ok(());
        }
        self.writer.write(batch)?;
        self.writer.flush()?;
        self.groups.push(Group { cut, rows: batch.num_rows() as u64 });
        self.rows += batch.num_rows() as u64;
        Ok(())
    }

    /// Ends the file and makes it durable; `None` if it holds no rows (the file is then useless).
    ///
    /// # Errors
    /// When writing or syncing fails.
    pub(super) fn finish(self) -> Result<Option<WrittenShard>, BuildError> {
        let rows = self.rows;
        let groups = self.groups;
        let written =
            self.writer.into_inner()?.finish().map_err(|source| BuildError::io("sync", &self.path, source))?;
        Ok((rows > 0).then_some(WrittenShard { digest: written.sha256, bytes: written.bytes, rows, groups }))
    }
}

//! The vault's file formats: versions, schemas, writer properties. Everything here is a constant.

use std::sync::Arc;

use arrow_schema::{DataType, Field, Schema, SchemaRef};
use mandat_core::proof::KEY_BYTES;
use parquet::basic::{Compression, Encoding, ZstdLevel};
use parquet::file::properties::{EnabledStatistics, WriterProperties, WriterVersion};
use parquet::schema::types::ColumnPath;

/// Version of the vault's layout; a reader refuses any other.
pub const FORMAT: u32 = 1;
/// Name of the writer in the Parquet footer.
pub const CREATED_BY: &str = "mandat vault 1";
/// zstd level of every compressed column.
pub const ZSTD_LEVEL: i32 = 3;
/// Bytes of a data page before compression.
pub const PAGE_BYTES: usize = 1 << 20;
/// Rows of a data page: what is read to get at a single row of a column.
pub const PAGE_ROWS: usize = 4096;
/// Rows handed to the encoder at a time; counted from the start of a row group.
pub const CHUNK_ROWS: usize = 8192;
/// Rows after which a row group ends at the next group of people.
pub const GROUP_ROWS: usize = 1 << 17;
/// Text bytes after which a row group ends at the next group of people.
pub const GROUP_TEXT: usize = 32 << 20;
/// How far beyond those limits one group of people may stretch a row group.
pub const GROUP_STRETCH: usize = 4;
/// Bytes of a content hash kept per version.
pub const VERSION_BYTES: usize = 16;
/// Runs of a bucket beyond which they are merged.
pub const MAX_UNITS: usize = 8;

const KEY: DataType = DataType::FixedSizeBinary(KEY_BYTES as i32);

/// Columns of `decide`: all that a decision needs of the records themselves, and nothing to read.
#[must_use]
pub fn decide_schema() -> SchemaRef {
    Arc::new(Schema::new(vec![
        Field::new("person", KEY, false),
        Field::new("created_at", DataType::Int64, false),
        Field::new("traits", DataType::UInt64, false),
        Field::new("collected_at", DataType::Int64, false),
        Field::new("id", DataType::Utf8, false),
        Field::new("record", KEY, false),
        Field::new("version", DataType::FixedSizeBinary(VERSION_BYTES as i32), false),
        Field::new("edited_at", DataType::Int64, true),
        Field::new("retain_until", DataType::Int64, true),
        Field::new("org", KEY, true),
        Field::new("lang", DataType::Utf8, true),
    ]))
}

/// Columns of `text`.
#[must_use]
pub fn text_schema() -> SchemaRef {
    Arc::new(Schema::new(vec![Field::new("text", DataType::Utf8, true), Field::new("extra", DataType::Utf8, true)]))
}

/// Columns of `others`: the other people in a record, in row order.
#[must_use]
pub fn others_schema() -> SchemaRef {
    Arc::new(Schema::new(vec![
        Field::new("row", DataType::UInt32, false),
        Field::new("role", DataType::UInt8, false),
        Field::new("person", KEY, true),
        Field::new("record", KEY, true),
        Field::new("handle", KEY, true),
        Field::new("start", DataType::UInt32, true),
        Field::new("end", DataType::UInt32, true),
        Field::new("redactable", DataType::Boolean, false),
    ]))
}

/// Writer properties of all three files: a smallest and a greatest person per row group are the only statistics.
#[must_use]
pub fn properties() -> WriterProperties {
    let zstd = Compression::ZSTD(ZstdLevel::try_new(ZSTD_LEVEL).expect("a constant level is valid"));
    let mut builder = WriterProperties::builder()
        .set_writer_version(WriterVersion::PARQUET_1_0)
        .set_created_by(CREATED_BY.into())
        .set_compression(zstd)
        .set_data_page_size_limit(PAGE_BYTES)
        .set_data_page_row_count_limit(PAGE_ROWS)
        .set_max_row_group_row_count(None)
        .set_statistics_enabled(EnabledStatistics::None)
        .set_dictionary_enabled(false)
        .set_offset_index_disabled(true);
    for name in ["person", "traits", "lang", "org", "role"] {
        builder = builder.set_column_dictionary_enabled(ColumnPath::from(name), true);
    }
    for name in ["created_at", "collected_at", "edited_at", "retain_until", "row"] {
        builder = builder.set_column_encoding(ColumnPath::from(name), Encoding::DELTA_BINARY_PACKED);
    }
    for name in ["record", "version"] {
        builder = builder.set_column_compression(ColumnPath::from(name), Compression::UNCOMPRESSED);
    }
    builder.set_column_statistics_enabled(ColumnPath::from("person"), EnabledStatistics::Chunk).build()
}

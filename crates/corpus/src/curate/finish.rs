//! From settled shards to what is written: the rows that stay, the reason of each that does not.

use std::path::Path;
use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::UInt8Type;
use arrow_array::{Array, BinaryArray, BooleanArray, RecordBatch, StringArray};
use arrow_schema::{DataType, Field, Schema};
use arrow_select::filter::filter_record_batch;
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::{EnabledStatistics, WriterProperties};

use super::count::count;
use super::settle::Drop;
use super::spill::Spilled;
use super::summary::Summary;
use super::why::Why;
use crate::admit::AdmitError;
use crate::admit::columns::Columns;
use crate::build::gather::Gathered;
use crate::build::verdicts::Staged;
use crate::build::{BuildError, Store};
use crate::durable::HashedFile;

/// A shard with everything decided.
pub(crate) struct Finished {
    /// Rows that stay, in order; `None` if none do.
    pub(crate) kept: Option<Gathered>,
    /// Record and reason of each row that does not.
    dropped: RecordBatch,
    /// Counts.
    pub(crate) summary: Summary,
}

/// Joins the pass of a shard with the drops among its rows.
///
/// # Errors
/// When its files cannot be read.
pub(crate) fn finish(spilled: &Spilled, drops: &[Drop], kinds: &[&str]) -> Result<Finished, BuildError> {
    let rows = spilled.rows()?;
    let why = rows.column_by_name("why").and_then(|c| c.as_primitive_opt::<UInt8Type>());
    let why = why.ok_or(BuildError::Layout("why"))?;
    let mut fates: Vec<Why> =
        why.values().iter().map(|w| Why::from_index(*w)).collect::<Option<_>>().ok_or(BuildError::Layout("why"))?;
    for drop in drops {
        fates[drop.place.row as usize] = drop.why;
    }
    let kept: BooleanArray = fates.iter().map(|why| Some(*why == Why::KEPT)).collect();
    let dropped = dropped(&rows, &fates)?;
    let summary = count(&rows, &fates, kinds)?;
    let kept = filter_record_batch(&rows, &kept)?;
    Ok(Finished { kept: (kept.num_rows() > 0).then(|| Gathered::unpack(&kept)).transpose()?, dropped, summary })
}

fn dropped(rows: &RecordBatch, fates: &[Why]) -> Result<RecordBatch, BuildError> {
    let records = rows.column_by_name("record").and_then(|c| c.as_binary_opt::<i32>());
    let records = records.ok_or(BuildError::Layout("record"))?;
    let out = || fates.iter().enumerate().filter(|(_, why)| **why != Why::KEPT);
    let record: BinaryArray = out().map(|(row, _)| Some(records.value(row))).collect();
    let reason: StringArray = out().map(|(_, why)| Some(why.as_str())).collect();
    let fields = vec![Field::new("record", DataType::Binary, false), Field::new("reason", DataType::Utf8, false)];
    Ok(RecordBatch::try_new(Arc::new(Schema::new(fields)), vec![Arc::new(record), Arc::new(reason)])?)
}

impl Finished {
    /// Writes the reason of every drop, to lie beside the verdicts; nothing if nothing was dropped.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub(crate) fn write_dropped(&self, store: &Store, shard: &str) -> Result<Option<Staged>, BuildError> {
        if self.dropped.num_rows() == 0 {
            return Ok(None);
        }
        let name = file_name(shard);
        let scratch = store.scratch(&name)?;
        let zstd = Compression::ZSTD(ZstdLevel::try_new(1).expect("1 is a zstd level"));
        let properties =
            WriterProperties::builder().set_compression(zstd).set_statistics_enabled(EnabledStatistics::None).build();
        let file = HashedFile::create(&scratch).map_err(|source| BuildError::io("create", &scratch, source))?;
        let mut writer = ArrowWriter::try_new(file, self.dropped.schema(), Some(properties))?;
        writer.write(&self.dropped)?;
        let written = writer.into_inner()?.finish().map_err(|source| BuildError::io("sync", &scratch, source))?;
        Ok(Some(Staged { scratch, name, written }))
    }
}

/// Name of the file with the drops of a shard, among the verdicts of a revision.
fn file_name(shard: &str) -> String {
    format!("curation-{shard}.parquet")
}

/// Why curation dropped a record from a revision; `None` if it did not.
///
/// # Errors
/// When a file cannot be read.
pub fn dropped_for(store: &Store, corpus: &str, revision: u64, record: u128) -> Result<Option<String>, BuildError> {
    let dir = store.verdict_dir(corpus, revision);
    let listed = std::fs::read_dir(&dir).map_err(|source| BuildError::io("read", &dir, source))?;
    for file in listed {
        let path = file.map_err(|source| BuildError::io("read", &dir, source))?.path();
        let drops = path.file_name().and_then(|n| n.to_str()).is_some_and(|n| n.starts_with("curation-"));
        if drops && let Some(reason) = reason_in(&path, record)? {
            return Ok(Some(reason));
        }
    }
    Ok(None)
}

fn reason_in(path: &Path, record: u128) -> Result<Option<String>, BuildError> {
    let columns = Columns::open(path).map_err(|source| AdmitError::parquet(path, source))?;
    let all = (0..columns.groups()).collect();
    for batch in columns.read(all, &["record", "reason"], crate::admit::columns::BATCH_ROWS)? {
        let batch = batch?;
        let records = batch.column(0).as_binary_opt::<i32>().ok_or(BuildError::Layout("record"))?;
        let reasons = batch.column(1).as_string_opt::<i32>().ok_or(BuildError::Layout("reason"))?;
        if let Some(row) = records.iter().position(|r| r == Some(&record.to_be_bytes()[..])) {
            return Ok(reasons.is_valid(row).then(|| reasons.value(row).to_owned()));
        }
    }
    Ok(None)
}

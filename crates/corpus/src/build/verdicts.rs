//! The verdict sidecar of a revision: one small Parquet file per run, row for row.
//!
//! Columns: `verdict` (index of [`mandat_core::vocab::Verdict`]; null = no candidate) and `reasons`
//! (one bit per [`mandat_core::vocab::Reason`]). It stays in the home and is never delivered.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::{UInt8Type, UInt64Type};
use arrow_array::{Array, ArrayRef, RecordBatch, UInt8Array, UInt64Array};
use arrow_schema::{DataType, Field, Schema};
use mandat_core::table::{Outcome, Reasons};
use mandat_core::vocab::Verdict;
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use serde::{Deserialize, Serialize};

use crate::admit::columns::Columns;
use crate::admit::{AdmitError, BucketDecision, NO_CANDIDATE};
use crate::build::BuildError;
use crate::build::publish::Store;
use crate::build::stage::StagedBucket;
use crate::durable::{HashedFile, Written};

/// A written verdict file, waiting to be moved into its revision's folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Staged {
    pub(crate) scratch: PathBuf,
    pub(crate) name: String,
    pub(crate) written: Written,
}

/// Name of the list of a revision's verdict files.
pub(crate) const LIST: &str = "verdicts.json";

/// What a listed file holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Sum {
    /// Its length.
    pub(crate) bytes: u64,
    /// SHA-256 as 64 hexadecimal digits.
    pub(crate) sha256: String,
}

/// The verdict files of a revision, by name.
pub(crate) fn list(staged: &BTreeMap<u64, StagedBucket>) -> BTreeMap<String, Sum> {
    let entry = |file: &Staged| {
        let Written { sha256, bytes } = file.written;
        (file.name.clone(), Sum { bytes, sha256: sha256.to_string() })
    };
    staged.values().flat_map(|b| b.verdicts.iter().chain(&b.dropped)).map(entry).collect()
}

/// Name of the verdict file of a run.
#[must_use]
pub fn file_name(bucket: u64, unit: u64) -> String {
    format!("b{bucket:04x}-u{unit:08}.parquet")
}

/// Writes the verdict files of a bucket.
pub(crate) fn write(store: &Store, bucket: u64, decision: &BucketDecision) -> Result<Vec<Staged>, BuildError> {
    let schema = Arc::new(Schema::new(vec![
        Field::new("verdict", DataType::UInt8, true),
        Field::new("reasons", DataType::UInt64, false),
    ]));
    let properties = WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::try_new(1).expect("1 is a zstd level")))
        .set_statistics_enabled(EnabledStatistics::None)
        .build();
    let mut staged = Vec::new();
    for (run, rows) in decision.runs.iter().zip(&decision.rows) {
        let name = file_name(bucket, run.unit);
        let scratch = store.scratch(&name)?;
        let file = HashedFile::create(&scratch).map_err(|source| BuildError::io("create", &scratch, source))?;
        let mut writer = ArrowWriter::try_new(file, Arc::clone(&schema), Some(properties.clone()))?;
        for ids in rows.ids.chunks(1 << 16) {
            let outcome = |id: u16| (id != NO_CANDIDATE).then(|| decision.outcomes[id as usize]);
            let verdict: UInt8Array = ids.iter().map(|id| outcome(*id).map(|o| o.verdict as u8)).collect();
            let reasons: UInt64Array = ids.iter().map(|id| Some(outcome(*id).map_or(0, |o| o.reasons.0))).collect();
            let columns: Vec<ArrayRef> = vec![Arc::new(verdict), Arc::new(reasons)];
            writer.write(&RecordBatch::try_new(Arc::clone(&schema), columns)?)?;
        }
        let written = writer.into_inner()?.finish().map_err(|source| BuildError::io("sync", &scratch, source))?;
        staged.push(Staged { scratch, name, written });
    }
    Ok(staged)
}

/// What a revision decided about one row; `None` if it was no candidate or its run is gone.
///
/// # Errors
/// When the file cannot be read.
pub fn read(
    store: &Store,
    corpus: &str,
    revision: u64,
    bucket: u64,
    unit: u64,
    row: u32,
) -> Result<Option<Outcome>, BuildError> {
    let path = store.verdict_dir(corpus, revision).join(file_name(bucket, unit));
    if !path.is_file() {
        return Ok(None);
    }
    let columns = Columns::open(&path).map_err(|source| AdmitError::parquet(&path, source))?;
    for batch in columns.rows(&[row], &["verdict", "reasons"])? {
        let batch = batch?;
        let verdict = batch.column(0).as_primitive_opt::<UInt8Type>().ok_or(BuildError::Layout("verdict"))?;
        let reasons = batch.column(1).as_primitive_opt::<UInt64Type>().ok_or(BuildError::Layout("reasons"))?;
        if batch.num_rows() == 1 && verdict.is_valid(0) {
            let verdict = Verdict::from_index(verdict.value(0).into()).ok_or(BuildError::Layout("verdict"))?;
            return Ok(Some(Outcome { verdict, reasons: Reasons(reasons.value(0)) }));
        }
    }
    Ok(None)
}

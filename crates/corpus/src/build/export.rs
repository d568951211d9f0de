//! The verdict of every candidate as one Parquet file, for the operator's own tools.
//!
//! Columns: `id`, `category`, `verdict`, `reasons` (reason codes, separated by blanks); rows in the
//! order of buckets, runs and rows. It names records: it stays in the home.

use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::{ArrayRef, RecordBatch, StringArray};
use arrow_schema::{DataType, Field, Schema};
use mandat_core::derive::Context;
use mandat_core::snapshot::Snapshot;
use mandat_core::traits::Traits;
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::WriterProperties;

use crate::admit::columns::{BATCH_ROWS, Columns};
use crate::admit::{AdmitError, BucketDecision, Question, SnapshotPeople, decide_bucket};
use crate::build::{BuildError, Order};
use crate::vault::Vault;

/// Decides every bucket and writes what was decided; gives the number of rows.
///
/// # Errors
/// When the vault cannot be read or the file not be written.
pub fn export_verdicts(vault: &Vault, snapshot: &dyn Snapshot, order: &Order, path: &Path) -> Result<u64, BuildError> {
    let schema = Arc::new(Schema::new(
        ["id", "category", "verdict", "reasons"].map(|name| Field::new(name, DataType::Utf8, false)).to_vec(),
    ));
    let file = File::create(path).map_err(|source| BuildError::io("create", path, source))?;
    let zstd = Compression::ZSTD(ZstdLevel::try_new(3).expect("3 is a zstd level"));
    let properties = WriterProperties::builder().set_compression(zstd).build();
    let mut writer = ArrowWriter::try_new(file, Arc::clone(&schema), Some(properties))?;
    let ask = order.ask(snapshot);
    let context = Context::new(&ask, snapshot.shared(), order.rules.settings);
    let mut rows = 0;
    for bucket in 0..vault.buckets() {
        let people = SnapshotPeople::new(snapshot, &context);
        let question = Question::new(order, &context, &people);
        rows += write_bucket(&decide_bucket(vault, &question, bucket)?, &schema, &mut writer)?;
    }
    writer.into_inner()?.sync_all().map_err(|source| BuildError::io("sync", path, source))?;
    Ok(rows)
}

fn write_bucket(
    decision: &BucketDecision,
    schema: &Arc<Schema>,
    writer: &mut ArrowWriter<File>,
) -> Result<u64, BuildError> {
    let mut written = 0;
    for (index, run) in decision.runs.iter().enumerate() {
        let failed = |source| AdmitError::parquet(&run.decide_path, source);
        let columns = Columns::open(&run.decide_path).map_err(failed)?;
        let mut row = 0;
        for batch in columns.read((0..columns.groups()).collect(), &["id"], BATCH_ROWS).map_err(failed)? {
            let batch = batch?;
            let ids = batch.column(0).as_string_opt::<i32>().ok_or(BuildError::Layout("id"))?;
            let decided = Decided::of(decision, index, row, ids);
            row += batch.num_rows();
            written += decided.ids.len() as u64;
            writer.write(&decided.batch(schema)?)?;
        }
    }
    Ok(written)
}

/// The candidates of one batch.
#[derive(Default)]
struct Decided<'a> {
    ids: Vec<&'a str>,
    categories: Vec<&'static str>,
    verdicts: Vec<&'static str>,
    reasons: Vec<String>,
}

impl<'a> Decided<'a> {
    fn of(decision: &BucketDecision, run: usize, first: usize, ids: &'a StringArray) -> Self {
        let mut decided = Self::default();
        for (at, id) in ids.iter().enumerate() {
            let Some(outcome) = decision.outcome(run, first + at) else { continue };
            let traits = Traits(decision.rows[run].traits[first + at]);
            decided.ids.push(id.unwrap_or_default());
            decided.categories.push(traits.category().map_or("", |c| c.as_str()));
            decided.verdicts.push(outcome.verdict.as_str());
            decided.reasons.push(outcome.reasons.iter().map(|r| r.as_str()).collect::<Vec<_>>().join(" "));
        }
        decided
    }

    fn batch(self, schema: &Arc<Schema>) -> Result<RecordBatch, BuildError> {
        let columns: Vec<ArrayRef> = vec![
            Arc::new(StringArray::from(self.ids)),
            Arc::new(StringArray::from(self.categories)),
            Arc::new(StringArray::from(self.verdicts)),
            Arc::new(StringArray::from(self.reasons)),
        ];
        Ok(RecordBatch::try_new(Arc::clone(schema), columns)?)
    }
}

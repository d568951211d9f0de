//! Looking into a plan: records that have a reason, and all verdicts as a table.

use std::path::Path;
use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::{ArrayRef, RecordBatch, StringArray};
use arrow_schema::{DataType, Field, Schema};
use mandat_core::proof::PersonKey;
use mandat_core::table::Outcome;
use mandat_core::traits::Traits;
use mandat_core::vocab::{Category, Reason};
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::WriterProperties;

use crate::admit::columns::{BATCH_ROWS, Columns};
use crate::admit::{AdmitError, BucketDecision};
use crate::durable::HashedFile;

/// One record of a plan, for the operator's eyes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Example {
    /// The platform's id of the record.
    pub id: String,
    /// Its author.
    pub person: PersonKey,
    /// What kind of record.
    pub category: Option<Category>,
    /// What was decided.
    pub outcome: Outcome,
}

/// The first records of a bucket, in vault order, that have a reason.
///
/// # Errors
/// When the vault cannot be read.
pub fn examples(decision: &BucketDecision, reason: Reason, limit: usize) -> Result<Vec<Example>, AdmitError> {
    let mut found = Vec::new();
    for index in 0..decision.runs.len() {
        let has = |row: &u32| decision.outcome(index, *row as usize).is_some_and(|o| o.reasons.has(reason));
        let rows: Vec<u32> = (0..decision.runs[index].rows).filter(has).take(limit - found.len()).collect();
        found.extend(read(decision, index, &rows)?);
    }
    Ok(found)
}

fn read(decision: &BucketDecision, index: usize, rows: &[u32]) -> Result<Vec<Example>, AdmitError> {
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let run = &decision.runs[index];
    let at = |source| AdmitError::parquet(&run.decide_path, source);
    let columns = Columns::open(&run.decide_path).map_err(at)?;
    let mut found = Vec::new();
    for batch in columns.rows(rows, &["id", "person"]).map_err(at)? {
        let batch = batch.map_err(|e| at(e.into()))?;
        let layout = || AdmitError::Layout(run.decide_path.clone());
        let ids = batch.column_by_name("id").and_then(|c| c.as_string_opt::<i32>()).ok_or_else(layout)?;
        let persons = batch.column_by_name("person").and_then(|c| c.as_fixed_size_binary_opt()).ok_or_else(layout)?;
        for i in 0..batch.num_rows() {
            let row = rows[found.len()] as usize;
            let person = persons.value(i).try_into().map(PersonKey::from_bytes).map_err(|_| layout())?;
            let Some(outcome) = decision.outcome(index, row) else { continue };
            let category = Traits(decision.rows[index].traits[row]).category();
            found.push(Example { id: ids.value(i).to_owned(), person, category, outcome });
        }
    }
    Ok(found)
}

/// A Parquet file of verdicts: `id`, `verdict`, `reasons` (codes, separated by blanks).
pub struct VerdictTable {
    schema: Arc<Schema>,
    writer: ArrowWriter<HashedFile>,
}

impl VerdictTable {
    /// Starts a new file.
    ///
    /// # Errors
    /// When the file exists already or cannot be created.
    pub fn create(path: &Path) -> Result<Self, AdmitError> {
        let schema =
            Arc::new(Schema::new(["id", "verdict", "reasons"].map(|n| Field::new(n, DataType::Utf8, false)).to_vec()));
        let zstd = Compression::ZSTD(ZstdLevel::try_new(3).expect("3 is a zstd level"));
        let properties = WriterProperties::builder().set_compression(zstd).build();
        let at = |source| AdmitError::parquet(path, source);
        let file = HashedFile::create(path).map_err(|e| at(e.into()))?;
        let writer = ArrowWriter::try_new(file, Arc::clone(&schema), Some(properties)).map_err(at)?;
        Ok(Self { schema, writer })
    }

    /// Adds every candidate of a bucket.
    ///
    /// # Errors
    /// When reading or writing fails.
    pub fn add(&mut self, decision: &BucketDecision) -> Result<(), AdmitError> {
        let words: Vec<(String, String)> = decision.outcomes.iter().map(words).collect();
        for (index, run) in decision.runs.iter().enumerate() {
            let at = |source| AdmitError::parquet(&run.decide_path, source);
            let columns = Columns::open(&run.decide_path).map_err(at)?;
            let mut base = 0;
            for batch in columns.read((0..columns.groups()).collect(), &["id"], BATCH_ROWS).map_err(at)? {
                let batch = batch.map_err(|e| at(e.into()))?;
                let ids = batch
                    .column(0)
                    .as_string_opt::<i32>()
                    .ok_or_else(|| AdmitError::Layout(run.decide_path.clone()))?;
                let chosen: Vec<(usize, &(String, String))> = (0..batch.num_rows())
                    .filter_map(|i| words.get(decision.rows[index].ids[base + i] as usize).map(|w| (i, w)))
                    .collect();
                base += batch.num_rows();
                let id: StringArray = chosen.iter().map(|(i, _)| Some(ids.value(*i))).collect();
                let verdict: StringArray = chosen.iter().map(|(_, w)| Some(w.0.as_str())).collect();
                let reasons: StringArray = chosen.iter().map(|(_, w)| Some(w.1.as_str())).collect();
                let columns: Vec<ArrayRef> = vec![Arc::new(id), Arc::new(verdict), Arc::new(reasons)];
                let batch = RecordBatch::try_new(Arc::clone(&self.schema), columns).map_err(|e| at(e.into()))?;
                self.writer.write(&batch).map_err(at)?;
            }
        }
        Ok(())
    }

    /// Ends the file.
    ///
    /// # Errors
    /// When writing fails.
    pub fn finish(self) -> Result<(), AdmitError> {
        let file = self.writer.into_inner().map_err(|source| AdmitError::parquet(Path::new("verdicts"), source))?;
        file.finish().map(drop).map_err(|e| AdmitError::parquet(Path::new("verdicts"), e.into()))
    }
}

fn words(outcome: &Outcome) -> (String, String) {
    let reasons: Vec<&str> = outcome.reasons.iter().map(Reason::as_str).collect();
    (outcome.verdict.as_str().to_owned(), reasons.join(" "))
}

//! Rows of the vault as records to decide: for explanations, and for holding both evaluators equal.

use mandat_core::derive::RecordView;
use mandat_core::proof::{PersonKey, RecordKey};
use mandat_core::traits::Traits;

use crate::admit::AdmitError;
use crate::admit::columns::Columns;
use crate::admit::lookup::{NAMES, SlowRows, named_in};
use crate::vault::{Run, Vault};

/// Hands over every row of a run, in order: its number, the record, whether it is the current version.
///
/// # Errors
/// When the run cannot be read.
pub fn each_record(run: &Run, visit: &mut dyn FnMut(u32, &RecordView, bool)) -> Result<(), AdmitError> {
    let all: Vec<u32> = (0..run.rows).collect();
    some_records(run, &all, visit)
}

/// Hands over chosen rows of a run, ascending.
///
/// # Errors
/// When the run cannot be read.
pub fn some_records(run: &Run, rows: &[u32], visit: &mut dyn FnMut(u32, &RecordView, bool)) -> Result<(), AdmitError> {
    let at = |source| AdmitError::parquet(&run.decide_path, source);
    let columns = Columns::open(&run.decide_path).map_err(at)?;
    let mut others = run.others()?.peekable();
    let mut done = 0;
    let names: Vec<&str> = NAMES.iter().copied().chain(["traits"]).collect();
    for batch in columns.rows(rows, &names).map_err(at)? {
        let batch = batch.map_err(|e| at(e.into()))?;
        let slow = SlowRows::of(&batch).ok_or_else(|| AdmitError::Layout(run.decide_path.clone()))?;
        for i in 0..batch.num_rows() {
            let row = rows[done];
            let named = named_in(&mut others, row)?;
            let traits = run.overlay.patch(row).apply(Traits(slow.traits(i)));
            visit(row, &slow.view(i, traits, &named), !run.overlay.is_superseded(row));
            done += 1;
        }
    }
    Ok(())
}

/// Where rows lie: bucket, place of the run in its bucket, row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Found {
    /// Which bucket.
    pub bucket: u64,
    /// Which of its runs, oldest first.
    pub run: usize,
    /// Which row of the run.
    pub row: u32,
    /// Whose record.
    pub person: PersonKey,
}

/// Finds every version of a record, whoever wrote it, by reading the key column alone.
///
/// # Errors
/// When the vault cannot be read.
pub fn find_record(vault: &Vault, key: RecordKey) -> Result<Vec<Found>, AdmitError> {
    find(vault, 0..vault.buckets(), "record", key.to_bytes())
}

/// Finds every row of a person.
///
/// # Errors
/// When the vault cannot be read.
pub fn find_person(vault: &Vault, key: PersonKey) -> Result<Vec<Found>, AdmitError> {
    let bucket = key.prefix(vault.layout().bucket_bits);
    find(vault, bucket..bucket + 1, "person", key.to_bytes())
}

fn find(
    vault: &Vault,
    buckets: std::ops::Range<u64>,
    column: &'static str,
    key: [u8; 16],
) -> Result<Vec<Found>, AdmitError> {
    use arrow_array::cast::AsArray;
    let mut found = Vec::new();
    for bucket in buckets {
        for (index, run) in vault.runs(bucket)?.iter().enumerate() {
            let at = |source| AdmitError::parquet(&run.decide_path, source);
            let columns = Columns::open(&run.decide_path).map_err(at)?;
            let names: &[&str] = if column == "person" { &["person"] } else { &["person", "record"] };
            let mut base = 0_u32;
            for batch in columns.read((0..columns.groups()).collect(), names, super::columns::BATCH_ROWS).map_err(at)? {
                let batch = batch.map_err(|e| at(e.into()))?;
                let layout = || AdmitError::Layout(run.decide_path.clone());
                let of = |name: &str| {
                    batch.column_by_name(name).and_then(|c| c.as_fixed_size_binary_opt()).ok_or_else(layout)
                };
                let (persons, keys) = (of("person")?, of(column)?);
                for i in (0..batch.num_rows()).filter(|i| keys.value(*i) == key) {
                    let person = persons.value(i).try_into().map(PersonKey::from_bytes).map_err(|_| layout())?;
                    let row = base + u32::try_from(i).expect("a batch is small");
                    found.push(Found { bucket, run: index, row, person });
                }
                base += u32::try_from(batch.num_rows()).expect("a batch is small");
            }
        }
    }
    Ok(found)
}

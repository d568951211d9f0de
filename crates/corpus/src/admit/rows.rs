//! Rows of the vault as records to decide: for explanations, and for holding both evaluators equal.

use mandat_core::derive::RecordView;
use mandat_core::traits::Traits;

use crate::admit::AdmitError;
use crate::admit::columns::Columns;
use crate::admit::lookup::{NAMES, SlowRows, named_in};
use crate::vault::Run;

/// Hands over every row of a run, in order: its number, the record, whether it is the current version.
///
/// # Errors
/// When the run cannot be read.
pub fn each_record(run: &Run, visit: &mut dyn FnMut(u32, &RecordView, bool)) -> Result<(), AdmitError> {
    let all: Vec<u32> = (0..run.rows).collect();
    some_records(run, &all, visit)
}

fn some_records(run: &Run, rows: &[u32], visit: &mut dyn FnMut(u32, &RecordView, bool)) -> Result<(), AdmitError> {
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

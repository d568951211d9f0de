//! Judges chosen rows of a run one by one, with everything looked up.

use mandat_core::admission::Evaluator;
use mandat_core::derive::{Other, RecordView, full_facts};
use mandat_core::proof::{PersonKey, RecordKey};
use mandat_core::table::Outcome;
use mandat_core::traits::{Mark, Traits};

use crate::admit::columns::Columns;
use crate::admit::lookup::{Author, SlowRows};
use crate::admit::{AdmitError, Question};
use crate::vault::Run;

const NAMES: [&str; 7] = ["person", "created_at", "traits", "collected_at", "record", "retain_until", "org"];

/// A row and what is decided about it; no outcome if it is no candidate.
pub(crate) struct Judged {
    pub(crate) person: PersonKey,
    pub(crate) record: RecordKey,
    pub(crate) outcome: Option<Outcome>,
}

/// Judges rows, ascending by number; people who name others are looked up.
pub(crate) fn judge(
    run: &Run,
    rows: &[u32],
    question: &Question,
    evaluator: &mut Evaluator,
) -> Result<Vec<Judged>, AdmitError> {
    let others = run.others_of(&with_others(run, rows)?)?;
    let mut author = Author::new(question.snapshot);
    let mut judged = Vec::with_capacity(rows.len());
    each(run, rows, &NAMES, &mut |row, view| {
        let start = others.partition_point(|o| o.row < row);
        let end = others.partition_point(|o| o.row <= row);
        let named: Vec<Other> = others[start..end]
            .iter()
            .map(|o| Other { role: o.role, person: o.person, record: o.record, redactable: o.redactable })
            .collect();
        let traits = run.overlay.patch(row).apply(view.traits);
        let asked = question.categories.0 >> traits.category_index() & 1 == 1;
        let candidate = asked && view.created <= question.context.ask.at && !run.overlay.is_superseded(row);
        let outcome = candidate.then(|| {
            let view = RecordView { traits, others: &named, ..*view };
            let facts = full_facts(&view, author.turn_to(view.person), question.context, question.people);
            let id = evaluator.judge(facts);
            evaluator.outcome(id)
        });
        judged.push(Judged { person: view.person, record: view.key, outcome });
    })?;
    Ok(judged)
}

/// Author and record of some rows, ascending by number.
pub(crate) fn identify(run: &Run, rows: &[u32]) -> Result<Vec<(PersonKey, RecordKey)>, AdmitError> {
    let mut found = Vec::with_capacity(rows.len());
    each(run, rows, &["person", "created_at", "collected_at", "record"], &mut |_, view| {
        found.push((view.person, view.key));
    })?;
    Ok(found)
}

/// Those of the rows that name somebody.
fn with_others(run: &Run, rows: &[u32]) -> Result<Vec<u32>, AdmitError> {
    let mut named = Vec::new();
    each(run, rows, &["person", "created_at", "traits", "collected_at", "record"], &mut |row, view| {
        if run.overlay.patch(row).apply(view.traits).has(Mark::Others) || view.traits.has(Mark::Others) {
            named.push(row);
        }
    })?;
    Ok(named)
}

fn each(run: &Run, rows: &[u32], names: &[&str], visit: &mut dyn FnMut(u32, &RecordView)) -> Result<(), AdmitError> {
    let failed = |source| AdmitError::parquet(&run.decide_path, source);
    if rows.is_empty() {
        return Ok(());
    }
    let columns = Columns::open(&run.decide_path).map_err(failed)?;
    let mut done = 0;
    for batch in columns.rows(rows, names).map_err(failed)? {
        let batch = batch.map_err(|source| failed(source.into()))?;
        let slow = SlowRows::of(&batch).ok_or_else(|| AdmitError::Layout(run.decide_path.clone()))?;
        for at in 0..batch.num_rows() {
            visit(rows[done], &slow.view(at, Traits(slow.traits(at)), &[]));
            done += 1;
        }
    }
    Ok(())
}
